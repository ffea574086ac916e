//! A published run in columns: its rows add up to the manifest, or none of them is handed out.

use crate::support::binary::green_corridor;
use crate::support::tables::current_run;
use arrow::array::AsArray;
use arrow::datatypes::Decimal128Type;
use green_corridor::Engine;
use green_corridor::quantity::{NANO_SCALE, decimal_text};
use green_corridor::runs::PublishedRun;
use std::fs;
use std::path::Path;

const RUN_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");

/// Emissions of a table, in the order of its rows.
fn total(run: &PublishedRun, table: &str) -> green_corridor::Result<i128> {
    let mut sum = 0;
    for batch in run.batches(table, &["ghg_total_kg"])? {
        let batch = batch?;
        let column = batch.column(0).as_primitive::<Decimal128Type>();
        sum += column.values().iter().sum::<i128>();
    }
    Ok(sum)
}

#[test]
fn a_run_in_columns_adds_up_or_says_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().to_str().expect("a plain path");
    green_corridor(["run", RUN_FILE, "--out", out]).expect(0);
    let engine = Engine::at(Path::new(out));
    let run = engine.published(None).expect("the current run");
    assert_eq!(engine.all_published().expect("all runs")[0].id(), run.id());
    for table in PublishedRun::tables().filter(|table| *table != "rejected") {
        let sum = total(&run, table).expect("a table that adds up");
        assert_eq!(
            decimal_text(sum, NANO_SCALE),
            "15570056.442712594",
            "{table}"
        );
    }
    assert_eq!(
        total(&run, "rejected")
            .expect_err("no such column")
            .exit_code(),
        2
    );
    drop(run);

    // A sum of another table than the one that is asked.
    let path = current_run(dir.path()).join("manifest.json");
    let text = fs::read_to_string(&path).expect("the manifest");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let told = manifest["totals"]["factors"]["ghg_provision_kg"].as_str();
    fs::write(&path, text.replacen(told.expect("a sum"), "1.000000001", 1)).expect("written");
    let run = engine.published(None).expect("the current run");
    let error = total(&run, "elements").expect_err("a table that does not add up");
    assert_eq!(error.exit_code(), 7, "{error}");
    assert!(
        error.to_string().contains("not those of the manifest"),
        "{error}"
    );
}
