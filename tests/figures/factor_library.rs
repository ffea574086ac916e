//! The shipped factor library: rights and provenance of every row, figures against the source tables, and what depends on its bytes.

use crate::support::binary::green_corridor;
use crate::support::folders::copy_tree;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

const LIBRARY: &str = "emission_factors";
/// The rows of the source tables that the library uses.
const SOURCES: &str = "tests/library/sources";
/// Sources whose figures may not be passed on.
const FORBIDDEN: [&str; 6] = [
    "glec",
    "smart freight",
    "clean cargo",
    "ecotransit",
    "gb/t 51366",
    "rail-eti-",
];
/// Terms under which rows are shipped; a row under any other is new ground and must be thought about.
const PERMITTING: [&str; 9] = [
    "Open Government Licence v3.0",
    "CC BY 4.0",
    "US Government work, public domain",
    "European Union, reuse with acknowledgement",
    "Singapore Open Data Licence v1.0",
    "Government announcement, figures with attribution",
    "Government figure quoted in the press, with attribution",
    "Own derivation (Apache-2.0)",
    "EU public register",
];

type Row = HashMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    reader
        .deserialize()
        .map(|row| row.unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        .collect()
}

/// Every row of every table with its place and the row of its edition.
fn every_row() -> Vec<(String, Row, Row)> {
    let mut list = Vec::new();
    for edition in rows(&Path::new(LIBRARY).join("sources.csv")) {
        let folder = Path::new(LIBRARY)
            .join(&edition["source"])
            .join(&edition["edition"]);
        for name in ["transport.csv", "hub.csv", "energy.csv"] {
            let path = folder.join(name);
            if path.exists() {
                let placed = rows(&path).into_iter().enumerate();
                list.extend(placed.map(|(i, row)| {
                    (
                        format!("{}, row {}", path.display(), i + 1),
                        row,
                        edition.clone(),
                    )
                }));
            }
        }
    }
    list
}

#[test]
fn every_row_has_source_edition_cell_and_a_licence_that_lets_it_be_passed_on() {
    let all = every_row();
    assert!(all.len() > 800, "{} rows", all.len());
    for (place, row, edition) in &all {
        assert_eq!(
            edition["redistributable"], "yes",
            "{place}: the edition may not be redistributed"
        );
        for column in ["source", "edition", "title", "publisher", "licence"] {
            assert!(
                !edition[column].is_empty(),
                "{place}: the edition has no {column}"
            );
        }
        let licence = if row["licence"].is_empty() {
            &edition["licence"]
        } else {
            &row["licence"]
        };
        assert!(
            PERMITTING.iter().any(|p| licence.starts_with(p)),
            "{place}: licence {licence:?} is not known to permit redistribution"
        );
        // The table or document, and what in it: a row, a page, a place.
        assert!(
            row["source_ref"]
                .split([';', ':', ','])
                .filter(|part| !part.trim().is_empty())
                .count()
                >= 2,
            "{place}: {:?}",
            row["source_ref"]
        );
    }
}

#[test]
fn no_figure_is_from_a_source_that_may_not_be_passed_on() {
    for (place, row, edition) in every_row() {
        for text in row.values().chain(edition.values()) {
            let text = text.to_lowercase();
            let found = FORBIDDEN.iter().find(|word| text.contains(**word));
            assert!(found.is_none(), "{place}: {found:?} in {text:?}");
        }
    }
}

/// Whether the figures of a row are those of a source, without arithmetic.
fn is_taken_over(row: &Row) -> bool {
    !row["operation_g"].is_empty() && !row["note"].contains("_g = ")
}

#[test]
fn figures_drawn_from_the_library_stand_in_the_source_tables() {
    let mut sources: HashMap<String, Row> = HashMap::new();
    for table in ["transport_intensity", "energy_carrier", "electricity_grid"] {
        sources.extend(
            rows(&Path::new(SOURCES).join(format!("{table}.csv")))
                .into_iter()
                .map(|r| (r["id"].clone(), r)),
        );
    }
    let plain = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            text
        }
        .to_owned()
    };
    let mut drawn = 0;
    // Rows taken over as they are; derived ones are computed again by tests/library/check_sources.py, with every other row.
    for (place, row, _) in every_row()
        .into_iter()
        .filter(|(_, row, _)| is_taken_over(row))
        .step_by(5)
    {
        let Some(source) = sources.get(
            row["source_ref"]
                .split(';')
                .next()
                .unwrap_or_default()
                .trim(),
        ) else {
            continue;
        };
        let wanted = match (
            source.get("ttw_gco2e"),
            source.get("gco2e_per_kwh"),
            row["per"].as_str(),
        ) {
            (Some(ttw), ..) => (ttw.clone(), source["wtt_gco2e"].clone()),
            (_, Some(grid), _) => ("0".to_owned(), grid.clone()),
            (_, _, "MJ") => (
                source["ttw_gco2e_per_MJ"].clone(),
                source["wtt_gco2e_per_MJ"].clone(),
            ),
            _ => continue,
        };
        let found = (plain(&row["operation_g"]), plain(&row["provision_g"]));
        assert_eq!(found, (plain(&wanted.0), plain(&wanted.1)), "{place}");
        drawn += 1;
    }
    assert!(drawn >= 80, "only {drawn} figures were drawn");
}

#[test]
fn a_changed_figure_changes_the_library_digest_and_the_run_id() {
    let root = tempfile::tempdir().unwrap();
    let case = root.path().join("case");
    copy_tree(Path::new("tests/golden/three_modes"), &case);
    let run = || {
        let out = root.path().join("out");
        green_corridor([
            "run",
            &case.join("run.toml").display().to_string(),
            "--out",
            &out.display().to_string(),
        ])
        .expect(0);
        let run = crate::support::tables::current_run(&out);
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap();
        (
            manifest["run_id"].to_string(),
            manifest["library_digest"].to_string(),
            run,
        )
    };
    let first = run();
    assert_eq!(run(), first, "the same library is the same run");
    let table = case.join("emission_factors/example/1/transport.csv");
    let text = fs::read_to_string(&table).unwrap();
    assert!(text.contains(",62.5,"));
    fs::write(&table, text.replace(",62.5,", ",62.500000001,")).unwrap();
    let second = run();
    assert!(
        first.0 != second.0 && first.1 != second.1 && first.2 != second.2,
        "{first:?} {second:?}"
    );
    assert!(first.0.len() > 10 && first.1 != "null", "{first:?}");
}

/// Objects that a verb prints with `--format json`.
fn answered(question: &str) -> Vec<serde_json::Value> {
    let words = question.split(' ').chain(["--format", "json"]);
    serde_json::from_str(&green_corridor(words).expect(0).stdout).expect("an array")
}

#[test]
fn two_editions_side_by_side_show_what_changed_by_how_much_and_why() {
    let list = answered("factors diff desnz/2024 desnz/2025 --operation air.freight");
    let row = list
        .iter()
        .find(|d| d["operation"] == "air.freight")
        .expect("air freight changed");
    let cells = [
        "change",
        "unit",
        "before",
        "after",
        "difference",
        "percent",
        "after_operation",
        "after_provision",
        "reasons",
    ];
    let shown = cells.map(|c| row[c].as_str().unwrap_or("-"));
    let reasons = "edition: desnz/2024, then desnz/2025";
    assert_eq!(
        shown,
        [
            "changed",
            "g/tkm",
            "783.910000000",
            "666.460000000",
            "-117.450000000",
            "-14.98",
            "531.300000000",
            "135.160000000",
            reasons
        ]
    );
    assert!(list.iter().all(|d| d["change"] != "same"));
    green_corridor(["factors", "diff", "desnz/2024", "desnz/2031"]).expect(2);
    green_corridor(["factors", "diff", "desnz/2024", "open"]).expect(2);
}

#[test]
fn two_profiles_side_by_side_answer_the_same_questions() {
    let list = answered("factors diff open desnz --on 2025-03-01 --operation road.articulated");
    let china = list
        .iter()
        .find(|d| {
            d["region"] == "CN" && d["temperature"] == "ambient" && d["energy_carrier"] == "diesel"
        })
        .expect("a row");
    assert_eq!(
        (china["before"].as_str(), china["after"].as_str()),
        (Some("82.593144000"), Some("95.020000000"))
    );
    assert!(
        china["reasons"].as_str().unwrap().contains(
            "empty share: 0.25, then not stated; region: CN, then GLOBAL; edition: corridor-open/2026, then desnz/2025"
        ),
        "{china}"
    );
}

#[test]
fn check_names_editions_that_have_ended_by_the_day_it_is_told() {
    let said = |day: &str| {
        green_corridor(["factors", "check", "--profile", "desnz", "--on", day])
            .expect(0)
            .stdout
    };
    assert!(
        said("2026-12-31").contains("desnz: 552 factors, 0 errors, 0 warnings"),
        "{}",
        said("2026-12-31")
    );
    let ended = said("2027-01-01");
    assert!(
        ended.contains("of the rows of desnz/2026 ended before 2027-01-01")
            && ended.contains("0 errors, 2 warnings"),
        "{ended}"
    );
}

#[test]
fn no_figure_jumps_on_the_day_on_which_its_source_came_out() {
    let why = |profile: &str, day: &str| {
        let words = format!(
            "factors why --operation rail.freight_train --from USLAX --to USCHI --on {day} --profile {profile}"
        );
        green_corridor(words.split(' ')).stdout
    };
    let figures = "operation 14.505 + provision 3.404651 g CO2e/tkm";
    for day in ["2022-01-01", "2025-01-14", "2025-01-15"] {
        let told = why("open", day);
        assert!(told.contains(figures) && !told.contains("Q29"), "{told}");
    }
    let told = why("open", "2021-12-31");
    assert!(told.contains(&format!("{figures}; Q29")), "{told}");
    // The publisher has an edition for that year, which is not here.
    let told = why("desnz", "2022-12-31");
    assert!(told.contains("no factor: "), "{told}");
}

#[test]
fn each_year_of_a_publisher_has_its_own_figures() {
    let why = |question: &str, day: &str| {
        let words =
            format!("factors why {question} --from GBFXT --to GBLON --on {day} --profile desnz");
        green_corridor(words.split(' ')).expect(0).stdout
    };
    let train = "--operation rail.freight_train";
    let grid = "--energy-carrier electricity --energy-unit kWh";
    let gas_oil = "--energy-carrier gas_oil --energy-unit l";
    for (question, day, told) in [
        (
            train,
            "2025-12-31",
            "operation 27.79 + provision 6.91 g CO2e/tkm",
        ),
        (
            train,
            "2026-01-01",
            "operation 25.83 + provision 6.91 g CO2e/tkm",
        ),
        (
            grid,
            "2025-12-31",
            "operation 0 + provision 245.4 g CO2e/kWh",
        ),
        (
            grid,
            "2026-01-01",
            "operation 0 + provision 184.36 g CO2e/kWh",
        ),
        // The upstream part as printed per litre, in each year in which the figure per tonne is the same.
        (gas_oil, "2023-06-01", "+ provision 626.65 g CO2e/l"),
        (gas_oil, "2026-06-01", "+ provision 626.65 g CO2e/l"),
    ] {
        let found = why(question, day);
        assert!(found.contains(told), "{question} {day}: {found}");
    }
}

/// What `factors why` answers about a movement that reports the energy it used is what a run does with it.
#[test]
fn reported_energy_is_explained_as_a_run_uses_it() {
    let why = |carrier: &str, unit: &str, lane: [&str; 2]| {
        let question = [
            "factors",
            "why",
            "--energy-carrier",
            carrier,
            "--energy-unit",
            unit,
            "--on",
            "2025-03-01",
            "--format",
            "json",
        ];
        let lane = ["--from", lane[0], "--to", lane[1]];
        let said = green_corridor(question.into_iter().chain(lane))
            .expect(0)
            .stdout;
        serde_json::from_str::<serde_json::Value>(&said).expect("JSON")
    };
    let root = tempfile::tempdir().unwrap();
    let movements = root.path().join("movements.csv");
    let cases = [
        ("electricity", "kWh", ["CNCKG", "CNQZH"]),
        ("electricity", "MJ", ["CNCKG", "CNQZH"]),
        ("diesel", "l", ["CNCKG", "CNPIN"]),
        ("diesel", "kg", ["CNCKG", "SGSIN"]),
        ("electricity", "l", ["CNCKG", "CNQZH"]),
    ];
    let head = "shipment_id,movement_id,sequence,mode,origin,destination,departed_at,distance_km,cargo_mass_kg,energy_carrier,energy_quantity,energy_unit\n";
    let rows: Vec<String> = (0..cases.len())
        .map(|i| {
            let (carrier, unit, [from, to]) = cases[i];
            format!(
                "S{i},M,1,rail,{from},{to},2025-03-01T00:00:00Z,100,1000,{carrier},1000000,{unit}\n"
            )
        })
        .collect();
    fs::write(&movements, head.to_owned() + &rows.concat()).unwrap();
    let out = root.path().join("out").display().to_string();
    let run = [
        "run",
        "data/run.toml",
        "--movements",
        &movements.display().to_string(),
        "--out",
        &out,
        "--max-reject-share",
        "100%",
    ];
    green_corridor(run).expect(0);
    let run = crate::support::tables::current_run(Path::new(&out));
    let elements = crate::support::tables::Table::read(&run, "elements");
    let published = |shipment: String, column: &str| -> Vec<String> {
        let rows = elements
            .column("shipment_id")
            .into_iter()
            .zip(elements.column("data_category"))
            .zip(elements.column(column));
        rows.filter(|((s, category), _)| *s == shipment && *category == "primary")
            .map(|(_, cell)| cell.to_owned())
            .collect()
    };
    for (i, (carrier, unit, lane)) in cases.into_iter().enumerate() {
        let said = why(carrier, unit, lane);
        let answer = &said["answer"];
        let (factor, total) = (
            published(format!("S{i}"), "factor_id"),
            published(format!("S{i}"), "ghg_total_kg"),
        );
        if unit == "l" && carrier == "electricity" {
            assert!(
                answer["factor"].is_null() && answer["reason"].as_str().unwrap().contains("R022"),
                "{said}"
            );
            assert!(factor.is_empty(), "{factor:?}");
            continue;
        }
        assert_eq!(
            answer["factor"].as_str(),
            factor.first().map(String::as_str),
            "{carrier} {unit}"
        );
        assert_eq!(said["candidates"][0]["decided_by"], "chosen", "{said}");
        // A million units at 10^-9 g each are 1 000 micrograms.
        let grams = |name: &str| {
            green_corridor_core::model::unit::parse_decimal(answer[name].as_str().unwrap(), 9)
                .unwrap()
        };
        let (n, d) = (
            answer["conversion"]["numerator"].as_i64().unwrap(),
            answer["conversion"]["denominator"].as_i64().unwrap(),
        );
        let part = |name: &str| {
            green_corridor_core::model::unit::div_half_even(
                grams(name) * i128::from(n) * 1_000,
                i128::from(d),
            )
        };
        let wanted = part("operation_g") + part("provision_g");
        assert_eq!(
            total,
            [green_corridor_core::model::unit::decimal_text(wanted, 9)],
            "{carrier} {unit}"
        );
    }
    green_corridor([
        "factors",
        "why",
        "--energy-unit",
        "l",
        "--from",
        "CNCKG",
        "--to",
        "CNQZH",
        "--on",
        "2025-03-01",
    ])
    .expect(2);
}
