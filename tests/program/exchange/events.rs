//! Partners' events on their way to a run.

use super::{ROOT, export, folder, text};
use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
use green_corridor::text::original;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Events of three senders as movement records in this form, then as a run.
fn from_events(name: &str) -> (tempfile::TempDir, PathBuf, String) {
    let (dir, run) = folder(name);
    let events = format!("{ROOT}/tests/exchange/dcsa");
    let ended = green_corridor([
        "convert",
        "dcsa",
        &events,
        "--out",
        text(&dir.path().join(name)),
    ])
    .expect(0);
    green_corridor(["run", text(&run)]).expect(0);
    let out = dir.path().join("out");
    (dir, out, ended.stdout)
}

/// A bill of lading number that a spreadsheet would run.
const HOSTILE: &str = "=HYPERLINK(\"http://example.com\",\"\u{202e}gnp\")";

#[test]
fn events_of_three_senders_become_footprints() {
    let (dir, out, summary) = from_events("movements.csv");
    for (what, count) in [
        ("files", 3),
        ("events", 21),
        ("used", 14),
        ("ignored", 1),
        ("duplicate", 2),
        ("retracted", 2),
        ("malformed", 2),
    ] {
        let line = summary
            .lines()
            .find(|l| l.trim_start().starts_with(what))
            .unwrap_or_else(|| panic!("{what}: {summary}"));
        assert_eq!(
            line.split_whitespace().nth(1),
            Some(count.to_string().as_str()),
            "{summary}"
        );
    }
    let left_out = fs::read_to_string(dir.path().join("movements.left-out.csv")).unwrap();
    assert!(
        left_out.contains(
            "carrier.json,,/6/eventLocation/UNLocationCode,sea-bad,,Qinzhou,expected a UN/LOCODE"
        ),
        "{left_out}"
    );
    assert!(
        left_out.contains("railway.ndjson,5,,,,the end (EOF while parsing a value at line 1 column 35),expected JSON"),
        "{left_out}"
    );
    let csv = fs::read_to_string(dir.path().join("movements.csv")).unwrap();
    assert!(
        !csv.contains('\u{202e}') && csv.contains(",\"%3DHYPERLINK("),
        "{csv}"
    );
    // Both containers sail with the vessel, not when they are loaded.
    assert_eq!(
        csv.matches(",2025-03-07T03:30:00+08:00,2025-03-12T14:05:00+08:00,")
            .count(),
        2,
        "{csv}"
    );
    let documents = export(&out, &["ileap"], "shipments");
    let chains: Vec<(String, Vec<String>)> = documents
        .iter()
        .map(|d| {
            let data = &d["extensions"][0]["data"];
            let tces = data["tces"].as_array().unwrap();
            let places = |t: &Value| {
                format!(
                    "{}-{}",
                    t["origin"]["locode"].as_str().unwrap(),
                    t["destination"]["locode"].as_str().unwrap()
                )
            };
            (
                data["shipmentId"].as_str().unwrap().to_owned(),
                tces.iter().map(places).collect(),
            )
        })
        .collect();
    assert_eq!(chains.len(), 2);
    assert_eq!(original(&chains[0].0).as_deref(), Some(HOSTILE));
    assert_eq!(chains[1].0, "HHL71800000");
    for (id, places) in &chains {
        let travelled: Vec<&str> = places
            .iter()
            .map(String::as_str)
            .filter(|p| p[..5] != p[6..])
            .collect();
        assert_eq!(
            travelled,
            ["CNCKG-CNQZH", "CNQZH-SGSIN", "SGSIN-MYTPP"],
            "{id}"
        );
    }
}

#[test]
fn ids_survive_both_forms_and_no_figure_depends_on_the_form() {
    let (csv_dir, csv, _) = from_events("movements.csv");
    let (_ndjson_dir, ndjson, _) = from_events("movements.ndjson");
    let table = |out: &Path| Table::read(&current_run(out), "shipments");
    let (csv, ndjson) = (table(&csv), table(&ndjson));
    let decoded: BTreeMap<String, &str> = csv
        .column("shipment_id")
        .into_iter()
        .map(|id| original(id).unwrap())
        .zip(csv.column("ghg_total_kg"))
        .collect();
    let exact: BTreeMap<String, &str> = ndjson
        .column("shipment_id")
        .into_iter()
        .map(str::to_owned)
        .zip(ndjson.column("ghg_total_kg"))
        .collect();
    assert_eq!(decoded, exact);
    assert!(exact.contains_key(HOSTILE));
    for row in fs::read_to_string(csv_dir.path().join("movements.left-out.csv"))
        .unwrap()
        .lines()
    {
        assert!(
            !row.split(',').any(|cell| cell
                .trim_start_matches('"')
                .starts_with(['=', '+', '-', '@'])),
            "{row}"
        );
    }
}
