//! Importing: what is converted, what is refused, and where.

use super::*;
use crate::factors::DataFile;
use crate::model::sheet::{Held, Seen, Sheet};

const EDITION: &str = "[edition]\nsource = \"own\"\nedition = \"1\"\ntitle = \"T\"\nlicence = \"own copy\"\nredistributable = false\ngwp_set = \"AR6\"\n";
const TABLE: &str =
    "[[table]]\nsheet = \"lanes\"\nsection = \"transport\"\nid_prefix = \"r\"\nheader_row = 1\n";
const COLUMNS: &str =
    "[table.columns]\nregion = \"Lane\"\nghg_operation = \"TTW\"\nghg_total = \"WTW\"\n";
const CONSTANTS: &str = "[table.constants]\noperation = \"sea.container\"\ntemperature = \"ambient\"\nghg_unit = \"g\"\nper = \"teu.km\"\n\
    valid_from = \"2025-01-01\"\ndata_category = \"default\"\ndistance_adjustment_inside = \"yes\"\ndistance_basis = \"sfd\"\n\
    basis_note = \"p. 1\"\nsource_ref = \"Table 1\"\n";

fn mapping(text: &str) -> Mapping {
    let (mapping, faults) = Mapping::parse(&DataFile::new("m.toml", text));
    assert!(faults.is_empty(), "{faults:#?}");
    mapping.unwrap()
}

fn faults(text: &str) -> Vec<String> {
    Mapping::parse(&DataFile::new("m.toml", text))
        .1
        .iter()
        .map(|f| format!("{} {}", f.line, f.column))
        .collect()
}

fn sheet(rows: &str) -> Sheet {
    let mut sheet = Sheet::new("lanes.csv", "lanes");
    for (row, line) in rows.split('\n').enumerate() {
        for (column, cell) in line.split('|').enumerate() {
            sheet.set(row as u32, column as u32, cell.to_owned());
        }
    }
    sheet
}

/// Cells of the made rows by name, or the refusals as text.
fn made(mapping: &Mapping, rows: &str, names: &[&str]) -> Result<Vec<String>, Vec<String>> {
    let sheets = [sheet(rows)];
    let imported = import(mapping, &sheets);
    if !imported.refusals.is_empty() {
        return Err(imported.refusals.iter().map(Refusal::to_string).collect());
    }
    let mut reader = csv::Reader::from_reader(imported.tables[0].bytes.as_slice());
    let heads = reader.headers().unwrap().clone();
    let at = |name: &str| heads.iter().position(|h| h == name).unwrap();
    Ok(reader
        .records()
        .map(|r| r.unwrap())
        .map(|r| {
            names
                .iter()
                .map(|n| &r[at(n)])
                .collect::<Vec<_>>()
                .join(" | ")
        })
        .collect())
}

#[test]
fn provision_is_what_is_left_of_the_total() {
    let text = [EDITION, TABLE, COLUMNS, CONSTANTS].concat();
    let names = [
        "factor_id",
        "region",
        "per",
        "operation_g",
        "provision_g",
        "distance_basis",
        "source_ref",
        "note",
    ];
    let rows = made(
        &mapping(&text),
        "Lane|TTW|WTW\nCN<>SG|50.1|62.25\n\nASEAN|40|40\n",
        &names,
    )
    .unwrap();
    assert_eq!(
        rows,
        [
            "r2 | CN<>SG | teukm | 50.1 | 12.15 | sfd | Table 1; lanes.csv lanes!B2,C2 | provision = total - operation",
            "r4 | ASEAN | teukm | 40 | 0 | sfd | Table 1; lanes.csv lanes!B4,C4 | provision = total - operation",
        ]
    );
}

#[test]
fn refusals_come_all_at_once_with_their_cells() {
    let text = [
        EDITION,
        TABLE,
        COLUMNS,
        CONSTANTS,
        "[table.values.region]\n\"Asia\" = \"ASEAN\"\n",
    ]
    .concat();
    let rows = "Lane|TTW|WTW\nAsia|50.1|49\nEurope|x|62\nAsia|1,5|\n";
    assert_eq!(
        made(&mapping(&text), rows, &[]).unwrap_err(),
        [
            "lanes.csv lanes C2: ghg_total \"49\": expected at least ghg_operation, which is a part of it: are the columns right?",
            "lanes.csv lanes B3: ghg_operation \"x\": expected a figure of at most 18 digits, not negative, with \".\" as decimal mark",
            "lanes.csv lanes A3: region \"Europe\": expected an entry of table.values.region",
            "lanes.csv lanes B4: ghg_operation \"1,5\": expected a figure of at most 18 digits, not negative, with \".\" as decimal mark",
            "lanes.csv lanes C4: ghg_total \"\": expected a figure of at most 18 digits, not negative, with \".\" as decimal mark",
        ]
    );
}

#[test]
fn three_figures_must_add_up_to_the_last_decimal() {
    let columns = format!("{COLUMNS}ghg_provision = \"WTT\"\n");
    let text = mapping(&[EDITION, TABLE, &columns, CONSTANTS].concat());
    assert_eq!(
        made(&text, "Lane|TTW|WTT|WTW\nCN|4.1|6.4|10.6", &["provision_g"]).unwrap(),
        ["6.4"]
    );
    assert!(
        made(&text, "Lane|TTW|WTT|WTW\nCN|4.1|6.4|10.7", &[]).unwrap_err()[0]
            .contains("D2: ghg_total \"10.7\"")
    );
}

#[test]
fn the_statement_about_the_distance_adjustment_and_the_basis_must_agree() {
    for (inside, basis, fine) in [
        ("yes", "sfd", true),
        ("yes", "gcd", true),
        ("no", "actual", true),
        ("yes", "actual", false),
        ("no", "sfd", false),
        ("no", "gcd", false),
        ("perhaps", "sfd", false),
    ] {
        let constants = CONSTANTS
            .replace("inside = \"yes\"", &format!("inside = \"{inside}\""))
            .replace("\"sfd\"", &format!("\"{basis}\""));
        let text = mapping(&[EDITION, TABLE, COLUMNS, &constants].concat());
        assert_eq!(
            made(&text, "Lane|TTW|WTW\nCN|1|2", &[]).is_ok(),
            fine,
            "{inside} {basis}"
        );
    }
    let silent = CONSTANTS.replace("distance_adjustment_inside = \"yes\"\n", "");
    assert_eq!(
        faults(&[EDITION, TABLE, COLUMNS, &silent].concat()),
        ["8 table.distance_adjustment_inside"],
        "never guessed"
    );
}

#[test]
fn a_total_alone_is_refused_and_so_is_what_the_mapping_does_not_know() {
    let total = COLUMNS.replace("ghg_operation = \"TTW\"\n", "");
    assert_eq!(
        faults(&[EDITION, TABLE, &total, CONSTANTS].concat()),
        ["8 table.columns"]
    );
    let text = [
        EDITION,
        TABLE,
        COLUMNS,
        &CONSTANTS.replace("ghg_unit = \"g\"\n", "colour = \"red\"\nregion = \"CN\"\n"),
    ]
    .concat();
    assert_eq!(
        faults(&text),
        [
            "21 table.constants.region",
            "20 table.constants.colour",
            "8 table.ghg_unit"
        ]
    );
    assert_eq!(
        faults("[edition]\nsource = \"../x\"\n"),
        [
            "2 edition.source",
            "1 edition.edition",
            "1 edition.title",
            "1 edition.licence",
            "1 edition.redistributable",
            "1 edition.gwp_set"
        ]
    );
}

#[test]
fn heads_that_stand_twice_or_nowhere_are_refused() {
    let text = mapping(&[EDITION, TABLE, COLUMNS, CONSTANTS].concat());
    let refusals = made(&text, "Lane|TTW|TTW\nCN|1|2", &[]).unwrap_err();
    assert!(
        refusals[0].contains("row 1: ghg_operation \"TTW\"") && refusals[0].contains("B1, C1"),
        "{refusals:?}"
    );
    assert!(
        refusals[1].contains("ghg_total \"WTW\"")
            && refusals[1].contains("heads there: Lane, TTW, TTW"),
        "{refusals:?}"
    );
    let by_letters = COLUMNS
        .replace("\"TTW\"", "{ column = \"B\" }")
        .replace("\"WTW\"", "{ column = \"C\" }");
    let text = mapping(&[EDITION, TABLE, &by_letters, CONSTANTS].concat());
    assert_eq!(
        made(&text, "Lane|TTW|TTW\nCN|1|2", &["provision_g"]).unwrap(),
        ["1"]
    );
}

#[test]
fn faults_of_the_library_lead_back_to_the_cell() {
    let text = mapping(&[EDITION, TABLE, COLUMNS, CONSTANTS].concat());
    let sheets = [sheet("Lane|TTW|WTW\n\nCN<SG|1|2\nCN|1|2\nCN|3|4")];
    let imported = import(&text, &sheets);
    let library = crate::factors::testkit::files(Vec::new());
    let files = with_edition(&library, &text, &imported.tables, false).unwrap();
    let (_, faults) = crate::factors::Library::parse(&files);
    let places: Vec<String> = faults
        .iter()
        .map(|f| imported.refusal(f).unwrap().to_string())
        .collect();
    // The little library has no operation sea.container: a statement for the whole table, so no cell.
    assert_eq!(
        places[0],
        "lanes.csv lanes A3: region \"CN<SG\": expected GLOBAL, a zone, a country, or a lane A>B or A<>B of these"
    );
    assert!(
        places.contains(&"lanes.csv lanes: operation \"sea.container\": expected an operation of operations.csv".to_owned()),
        "{places:#?}"
    );
}

#[test]
fn an_edition_takes_the_place_of_its_namesake_only_when_told() {
    let text = mapping(&[EDITION, TABLE, COLUMNS, CONSTANTS].concat());
    let sheets = [sheet("Lane|TTW|WTW\nCN|1|2")];
    let imported = import(&text, &sheets);
    let library = crate::factors::testkit::files(Vec::new());
    let once = with_edition(&library, &text, &imported.tables, false).unwrap();
    assert!(
        with_edition(&once, &text, &imported.tables, false)
            .unwrap_err()
            .contains("own/1 is in the library already")
    );
    assert_eq!(
        with_edition(&once, &text, &imported.tables, true).unwrap(),
        once
    );
    // Its folder came, its row did not: cut off in between. Other tables in the folder are somebody's.
    let mut cut_off: Vec<_> = library.iter().chain(&imported.tables).cloned().collect();
    assert_eq!(
        with_edition(&cut_off, &text, &imported.tables, false).unwrap(),
        once
    );
    cut_off.push(DataFile::new("own/1/energy.csv", "somebody's"));
    assert!(with_edition(&cut_off, &text, &imported.tables, false).is_err());
    let row = b"own,1,T,,,,own copy,no,AR6\n";
    assert!(
        once.iter()
            .any(|f| f.path == "sources.csv" && f.bytes.ends_with(row))
    );
}

/// Refusals and told lines of a sheet with the columns Lane, TTW, WTW, Carrier, To and Load.
fn seen(change: impl Fn(&mut Sheet)) -> (Vec<String>, Vec<String>) {
    let columns =
        format!("{COLUMNS}carrier = \"Carrier\"\nvalid_to = \"To\"\nload_factor = \"Load\"\n");
    let mapping = mapping(&[EDITION, TABLE, &columns, CONSTANTS].concat());
    let mut sheet = sheet(
        "Lane|TTW|WTW|Carrier|To|Load\nCN|70|85|MAEU|2026-01-01|0.8\nVN|71|86|||\nSG|72|87|||",
    );
    change(&mut sheet);
    let sheets = [sheet];
    let imported = import(&mapping, &sheets);
    let refusals = imported
        .refusals
        .iter()
        .map(|r| format!("{} {}", r.cell, r.field));
    (refusals.collect(), imported.counts[0].unseen.lines())
}

#[test]
fn a_cell_that_a_person_sees_otherwise_is_refused() {
    let number = |column: u32, text: &str, seen: Seen| {
        let text = text.to_owned();
        move |s: &mut Sheet| s.set_as(2, column, text.clone(), Held::Number, seen.clone())
    };
    let date = |column: u32| {
        move |s: &mut Sheet| s.set_as(2, column, "2026-01-01".to_owned(), Held::Date, Seen::Text)
    };
    let formula = |column: u32| {
        let why = Seen::Otherwise("expected a value".to_owned());
        move |s: &mut Sheet| s.set_as(2, column, "=A1".to_owned(), Held::Text, why.clone())
    };
    assert_eq!(seen(|_| {}), (vec![], vec![]));
    for (column, field) in [(0, "A3 region"), (3, "D3 carrier"), (4, "E3 valid_to")] {
        assert_eq!(seen(formula(column)).0, [field]);
        assert_eq!(seen(|s| s.set(2, column, "#N/A".to_owned())).0, [field]);
        assert_eq!(seen(|s| s.merge((1, column), (2, column))).0, [field]);
    }
    assert_eq!(seen(date(3)).0, ["D3 carrier"]);
    for nobody in [
        "-",
        "n/a",
        "All",
        "*",
        "(all carriers)",
        "k.A.",
        "Industry average",
        "—",
        "TBD",
        "0",
    ] {
        let refused = seen(|s| s.set(2, 3, nobody.to_owned())).0;
        assert_eq!(refused, ["D3 carrier"], "{nobody}");
    }
    assert_eq!(seen(|s| s.set(2, 3, "=A1".to_owned())).0, ["D3 carrier"]);
    for cells in [5, 7] {
        let widths = |s: &mut Sheet| {
            [6, 6, cells, 6]
                .iter()
                .zip(0..)
                .for_each(|(n, row)| s.set_width(row, *n))
        };
        assert_eq!(seen(widths).0, ["row 3 cells"], "{cells}");
    }
    assert_eq!(seen(date(1)).0, ["B3 ghg_operation"]);
    assert_eq!(seen(date(4)).0, [""; 0]);
    assert_eq!(
        seen(number(1, "0.7", Seen::Percentage)).0,
        ["B3 ghg_operation"]
    );
    assert_eq!(seen(number(5, "0.7", Seen::Percentage)).0, [""; 0]);
    assert_eq!(seen(number(3, "7", Seen::Decorated)).0, ["D3 carrier"]);
    assert_eq!(seen(number(1, "7", Seen::Decorated)).0, [""; 0]);
    let raised = |s: &mut Sheet| s.set_as(2, 1, "71".to_owned(), Held::Text, Seen::Decorated);
    assert_eq!(seen(raised).0, ["B3 ghg_operation"]);
}

#[test]
fn what_nobody_sees_is_told() {
    let (refusals, told) = seen(|s| {
        s.hidden.sheet = true;
        s.hidden.rows = vec![2, 9];
        s.hidden.columns = vec![(2, 3)];
        s.set_as(2, 1, "71.25".to_owned(), Held::Number, Seen::Rounded);
        s.set_as(2, 2, "86".to_owned(), Held::Number, Seen::Worded);
    });
    assert_eq!(refusals, [""; 0]);
    assert_eq!(
        told,
        [
            "the sheet is hidden in the workbook",
            "hidden columns were read: D, C",
            "1 hidden row read, the first is row 3; skip_rows passes over rows",
            "1 figure with more decimals than the workbook shows, the first is B3; all of them count",
            "1 figure shown with a word, which is not read as a unit, the first is C3",
        ]
    );
}
