//! `explain` through the built program: every sheet's figures are those of the published tables, and a run whose files were
//! changed has no sheet.

use crate::support::binary::green_corridor;
use crate::support::tables::explain;
use crate::support::tables::{Table, current_run};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Every how many shipments of the sample one is explained.
const STEP: usize = 40;

/// The shipped sample, published once for all tests.
fn sample() -> &'static Path {
    static OUT: OnceLock<TempDir> = OnceLock::new();
    OUT.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let run_file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");
        green_corridor([
            "run",
            run_file,
            "--out",
            dir.path().to_str().expect("a plain path"),
        ])
        .expect(0);
        dir
    })
    .path()
}

#[test]
fn the_sheet_has_every_element_and_the_published_figures() {
    let run = current_run(sample());
    let (elements, shipments) = (
        Table::read(&run, "elements"),
        Table::read(&run, "shipments"),
    );
    let owners = elements.column("shipment_id");
    for (at, id) in shipments
        .column("shipment_id")
        .into_iter()
        .enumerate()
        .step_by(STEP)
    {
        let sheet = explain(&run, id).unwrap_or_else(|e| panic!("{id}: {e}"));
        let rows: Vec<usize> = (0..owners.len()).filter(|&i| owners[i] == id).collect();
        assert_eq!(sheet.elements.len(), rows.len(), "{id}");
        for (element, row) in sheet.elements.iter().zip(rows) {
            let published = |name| elements.column(name)[row];
            assert_eq!(element.factor.id, published("factor_id"), "{id}");
            assert_eq!(
                element.ghg_operation_kg,
                published("ghg_operation_kg"),
                "{id}"
            );
            assert_eq!(
                element.ghg_provision_kg,
                published("ghg_provision_kg"),
                "{id}"
            );
            assert_eq!(element.ghg_total_kg, published("ghg_total_kg"), "{id}");
            let codes: Vec<&str> = element.flags.iter().map(|f| f.code.as_str()).collect();
            assert_eq!(codes.join("|"), published("quality_flags"), "{id}");
        }
        let total = sheet
            .sums
            .iter()
            .find(|s| s.name == "total")
            .expect("a total");
        assert_eq!(
            total.value,
            format!("{} kg CO2e", shipments.column("ghg_total_kg")[at])
        );
        let rejected = shipments.column("rejected_rows")[at]
            .parse::<usize>()
            .expect("a count");
        assert_eq!(sheet.rejected.len(), rejected, "{id}");
    }
}

#[test]
fn text_and_json_say_the_same() {
    let out = sample().to_str().expect("a plain path");
    let id = Table::read(&current_run(sample()), "shipments").column("shipment_id")[12].to_owned();
    let text = green_corridor(["explain", out, &id]).expect(0).stdout;
    let json = green_corridor(["explain", out, &id, "--format", "json"])
        .expect(0)
        .stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let elements = json["elements"].as_array().expect("elements");
    assert!(!elements.is_empty());
    for element in elements {
        for step in element["steps"].as_array().expect("steps") {
            for part in [&step["formula"], &step["result"]] {
                let part = part.as_str().expect("text");
                assert!(text.contains(part), "{part} is missing in:\n{text}");
            }
        }
        for row in element["factor"]["rows"].as_array().expect("rows") {
            for fact in row["provenance"].as_array().expect("provenance") {
                let value = fact["value"].as_str().expect("text");
                assert!(text.contains(value), "{value} is missing in:\n{text}");
            }
        }
    }
}

#[test]
fn a_shipment_that_the_run_lacks_is_wrong_use() {
    let ended = green_corridor([
        "explain",
        sample().to_str().expect("a plain path"),
        "NO-SUCH-BILL",
    ])
    .expect(2);
    assert!(
        ended.stderr.contains("\"NO-SUCH-BILL\""),
        "{}",
        ended.stderr
    );
}

/// A factor changed in the run's own copy of the library no longer gives the published figures, and the sheet says so.
#[test]
fn a_changed_reference_has_no_sheet() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let run_file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");
    green_corridor([
        "run",
        run_file,
        "--out",
        dir.path().to_str().expect("a plain path"),
    ])
    .expect(0);
    let run = current_run(dir.path());
    let id = Table::read(&run, "shipments").column("shipment_id")[12].to_owned();
    explain(&run, &id).expect("a sheet");
    let profile = run.join("reference/emission_factors/profiles/open.toml.zst");
    let text = String::from_utf8(
        zstd::decode_all(fs::File::open(&profile).expect("the copy")).expect("zstd"),
    )
    .expect("text");
    let changed = text.replace("ratio = \"1.15\"", "ratio = \"1.16\"");
    assert_ne!(
        text, changed,
        "the profile has a distance adjustment of 1.15"
    );
    fs::write(
        &profile,
        zstd::encode_all(changed.as_bytes(), 3).expect("zstd"),
    )
    .expect("the copy can be written");
    let error = explain(&run, &id).expect_err("the figures differ");
    assert_eq!(error.exit_code(), 7, "{error}");
}
