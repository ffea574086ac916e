//! `factors import` with the shipped templates and with a workbook: what comes out passes `factors check`, what is wrong is refused with its
//! cell, and nothing is written then.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small

use crate::support::binary::{Ended, green_corridor};
use crate::support::folders::copy_tree;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::fs;
use std::path::{Path, PathBuf};

const TABLES: &str = "examples/factor-tables";

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A copy of the shipped library, to import into.
fn library() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let library = root.path().join("emission_factors");
    copy_tree(Path::new("emission_factors"), &library);
    (root, library)
}

fn import(library: &Path, arguments: &[&str]) -> Ended {
    let library = text(library);
    green_corridor(
        ["factors", "import", "--factors", &library]
            .iter()
            .chain(arguments),
    )
}

fn template(name: &str) -> String {
    format!("{TABLES}/{name}")
}

#[test]
fn every_template_imports_its_fictitious_tables_and_the_library_stays_sound() {
    let (_root, library) = library();
    let (sea, road, hubs) = (
        template("fictitious/sea_lanes.csv"),
        template("fictitious/road.csv"),
        template("fictitious/hubs.csv"),
    );
    let (glec, profile) = (template("glec.toml"), template("glec-user.toml"));
    let said = import(
        &library,
        &[
            &sea,
            &road,
            &hubs,
            "--mapping",
            &glec,
            "--profile",
            &profile,
        ],
    )
    .expect(0)
    .stdout;
    assert!(
        said.contains("road: 2 rows imported, 0 blank, 1 passed over"),
        "{said}"
    );
    import(
        &library,
        &[
            &template("fictitious/trade_lanes.csv"),
            "--mapping",
            &template("clean_cargo.toml"),
        ],
    )
    .expect(0);
    import(
        &library,
        &[
            &template("fictitious/carrier.csv"),
            "--mapping",
            &template("carrier.toml"),
        ],
    )
    .expect(0);
    let check = green_corridor([
        "factors",
        "check",
        "--factors",
        &text(&library),
        "--on",
        "2025-06-01",
    ])
    .expect(0)
    .stdout;
    assert!(
        check.contains("glec-user: 10 factors, 0 errors, 0 warnings"),
        "{check}"
    );
    let rows = fs::read_to_string(library.join("exmp/2025/transport.csv")).unwrap();
    // 0.1777 lb per short ton-mile: 0.1777 x 453.59237 / (0.90718474 x 1.609344) = 55.208830430... g/t.km
    assert!(
        rows.contains(
            "tl-3,road.articulated,diesel,CN<>VN,EXMP,ambient,tkm,55.20883043,13.825509027,"
        ),
        "{rows}"
    );
    // A second import of the same edition must be meant.
    import(
        &library,
        &[
            &template("fictitious/carrier.csv"),
            "--mapping",
            &template("carrier.toml"),
        ],
    )
    .expect(2);
    import(
        &library,
        &[
            &template("fictitious/carrier.csv"),
            "--mapping",
            &template("carrier.toml"),
            "--replace",
        ],
    )
    .expect(0);
}

#[test]
fn the_profile_for_a_users_own_table_prefers_it() {
    let (_root, library) = library();
    let (sea, road, hubs) = (
        template("fictitious/sea_lanes.csv"),
        template("fictitious/road.csv"),
        template("fictitious/hubs.csv"),
    );
    import(
        &library,
        &[
            &sea,
            &road,
            &hubs,
            "--mapping",
            &template("glec.toml"),
            "--profile",
            &template("glec-user.toml"),
        ],
    )
    .expect(0);
    let question = "factors why --operation sea.container --from THLCH --to SGSIN --on 2026-01-15 --temperature refrigerated --profile glec-user --format json --factors";
    let answer = green_corridor(question.split(' ').chain([text(&library).as_str()]))
        .expect(0)
        .stdout;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["answer"]["factor"], "glec/3.2:lane-reefer-3");
    assert_eq!(
        (
            answer["answer"]["operation_g"].as_str(),
            answer["answer"]["provision_g"].as_str()
        ),
        (Some("155.500000000"), Some("22.200000000"))
    );
}

const EDITION: &str = "[edition]\nsource = \"own\"\nedition = \"1\"\ntitle = \"Own\"\nlicence = \"own copy\"\nredistributable = false\ngwp_set = \"AR5\"\n";
const MAPPING: &str = "[[table]]\nsheet = \"Lanes 2025\"\nsection = \"transport\"\nid_prefix = \"r\"\nheader_row = 3\n[table.columns]\nregion = \"Lane\"\n\
    ghg_operation = \"TTW\"\nghg_total = \"WTW\"\nvalid_from = \"From\"\n[table.constants]\noperation = \"sea.container\"\ntemperature = \"ambient\"\n\
    ghg_unit = \"kg\"\nper = \"t.km\"\ndata_category = \"default\"\ndistance_adjustment_inside = \"no\"\ndistance_basis = \"actual\"\nbasis_note = \"n\"\n\
    source_ref = \"Table 1\"\n";

/// A lane: name, tank-to-wheel, well-to-wheel, first day.
type Lane = (&'static str, Cell, Cell, (u16, u8, u8));

/// A workbook with a title, two more rows above the heads, and lanes from B4 on; a lane is its name, two figures and a date.
fn workbook(path: &Path, lanes: &[Lane]) {
    let mut workbook = Workbook::new();
    workbook
        .add_worksheet()
        .set_name("Notes")
        .unwrap()
        .write(0, 0, "Fictitious numbers")
        .unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Lanes 2025").unwrap();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for (column, head) in ["Lane", "TTW", "WTW", "From"].into_iter().enumerate() {
        sheet.write(2, column as u16 + 1, head).unwrap();
    }
    for (i, (lane, ttw, wtw, (year, month, day))) in lanes.iter().enumerate() {
        let row = i as u32 + 3;
        sheet.write(row, 1, *lane).unwrap();
        for (column, cell) in [(2, ttw), (3, wtw)] {
            match cell {
                Cell::Number(n) => sheet.write(row, column, *n).unwrap(),
                Cell::Text(t) => sheet.write(row, column, *t).unwrap(),
                Cell::None => continue,
            };
        }
        sheet
            .write_with_format(
                row,
                4,
                ExcelDateTime::from_ymd(*year, *month, *day).unwrap(),
                &date,
            )
            .unwrap();
    }
    workbook.save(path).unwrap();
}

enum Cell {
    Number(f64),
    Text(&'static str),
    None,
}

#[test]
fn a_number_of_a_workbook_is_the_decimal_that_was_typed() {
    let (root, library) = library();
    let (table, mapping) = (root.path().join("own.xlsx"), root.path().join("m.toml"));
    fs::write(&mapping, format!("{EDITION}{MAPPING}")).unwrap();
    // 0.1 + 0.2 is no decimal that anybody typed; it is rounded once, like every figure.
    let lanes = [
        (
            "CN<>SG",
            Cell::Number(0.0123),
            Cell::Number(0.0246),
            (2025, 1, 1),
        ),
        (
            "ASEAN",
            Cell::Number(0.1 + 0.2),
            Cell::Number(0.4),
            (2025, 2, 28),
        ),
        (
            "GLOBAL",
            Cell::Text("0.0015"),
            Cell::Number(0.002),
            (2024, 2, 29),
        ),
    ];
    workbook(&table, &lanes);
    let said = import(&library, &[&text(&table), "--mapping", &text(&mapping)])
        .expect(0)
        .stdout;
    assert!(said.starts_with("Lanes 2025: 3 rows imported"), "{said}");
    let rows: Vec<String> = fs::read_to_string(library.join("own/1/transport.csv"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    // Reference period and assumed basis are of carriers' documents.
    let note = "Table 1; own.xlsx Lanes 2025!C4,D4\",n,provision = total - operation; converted from kg per t.km,,,";
    assert!(
        rows[1]
            .starts_with("r4,sea.container,,CN<>SG,,ambient,tkm,12.3,12.3,,,,actual,,,2025-01-01,")
            && rows[1].ends_with(note),
        "{}",
        rows[1]
    );
    assert!(
        rows[2].contains(",300,100,,,,actual,,,2025-02-28,"),
        "{}",
        rows[2]
    );
    assert!(
        rows[3].contains(",1.5,0.5,,,,actual,,,2024-02-29,"),
        "{}",
        rows[3]
    );
}

#[test]
fn everything_wrong_is_refused_at_once_and_nothing_is_written() {
    let (root, library) = library();
    let (table, mapping) = (root.path().join("own.xlsx"), root.path().join("m.toml"));
    fs::write(&mapping, format!("{EDITION}{MAPPING}")).unwrap();
    let lanes = [
        (
            "CN<>SG",
            Cell::Number(0.0246),
            Cell::Number(0.0123),
            (2025, 1, 1),
        ),
        (
            "Narnia",
            Cell::Number(0.01),
            Cell::Number(0.02),
            (2025, 1, 1),
        ),
        ("ASEAN", Cell::Text("n/a"), Cell::None, (2025, 1, 1)),
        (
            "GLOBAL",
            Cell::Number(0.01),
            Cell::Number(0.02),
            (2025, 1, 1),
        ),
        (
            "GLOBAL",
            Cell::Number(0.02),
            Cell::Number(0.03),
            (2025, 6, 1),
        ),
    ];
    workbook(&table, &lanes);
    let before = fs::read(library.join("sources.csv")).unwrap();
    let ended = import(&library, &[&text(&table), "--mapping", &text(&mapping)]).expect(3);
    let figure = "expected a figure of at most 18 digits, not negative, with \".\" as decimal mark";
    let want = [
        "own.xlsx Lanes 2025 D4: ghg_total \"0.0123\": expected at least ghg_operation, which is a part of it: are the columns right?".to_owned(),
        format!("own.xlsx Lanes 2025 C6: ghg_operation \"n/a\": {figure}"),
        format!("own.xlsx Lanes 2025 D6: ghg_total \"\": {figure}"),
        "own.xlsx Lanes 2025 E8: valid_from \"2025-06-01\": overlaps in time with sheet Lanes 2025 row 7 for the same key".to_owned(),
        "own.xlsx Lanes 2025 B5: region \"Narnia\": expected GLOBAL, zones of zones.csv or ISO 3166 alpha-2 countries; Narnia is none".to_owned(),
    ];
    assert_eq!(
        ended.stdout.lines().collect::<Vec<_>>(),
        want,
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("5 refused; nothing was written"),
        "{}",
        ended.stderr
    );
    assert!(
        !library.join("own").exists() && fs::read(library.join("sources.csv")).unwrap() == before
    );
}

#[test]
fn a_gwp_set_that_the_profile_does_not_admit_is_refused() {
    let (root, library) = library();
    let (table, mapping, profile) = (
        root.path().join("own.xlsx"),
        root.path().join("m.toml"),
        root.path().join("mine.toml"),
    );
    fs::write(
        &mapping,
        format!("{}{MAPPING}", EDITION.replace("AR5", "AR6")),
    )
    .unwrap();
    let text_of = fs::read_to_string("emission_factors/profiles/desnz.toml").unwrap();
    let sources = text_of.find("sources = [").unwrap();
    fs::write(
        &profile,
        format!(
            "{}sources = [\n    \"own/1\",{}",
            &text_of[..sources],
            &text_of[sources + 11..]
        ),
    )
    .unwrap();
    workbook(
        &table,
        &[(
            "GLOBAL",
            Cell::Number(0.01),
            Cell::Number(0.02),
            (2025, 1, 1),
        )],
    );
    let ended = import(
        &library,
        &[
            &text(&table),
            "--mapping",
            &text(&mapping),
            "--profile",
            &text(&profile),
        ],
    )
    .expect(3);
    assert!(
        ended.stdout.contains(
            "own.xlsx Lanes 2025 row 4: \"AR6\": expected a GWP set of profile mine: AR5; profiles/mine.toml admits it with the line gwp_sets = [\"AR5\", \"AR6\"]"
        ),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_file_that_is_no_workbook_is_an_error_with_its_name() {
    let (root, library) = library();
    let (table, mapping) = (root.path().join("own.xlsx"), root.path().join("m.toml"));
    fs::write(&mapping, format!("{EDITION}{MAPPING}")).unwrap();
    fs::write(&table, b"PK\x03\x04 not a workbook").unwrap();
    let ended = import(&library, &[&text(&table), "--mapping", &text(&mapping)]).expect(3);
    assert!(
        ended
            .stderr
            .contains("own.xlsx: is a ZIP archive, which is not read"),
        "{}",
        ended.stderr
    );
}
