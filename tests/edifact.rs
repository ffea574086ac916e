//! UN/EDIFACT messages of partners through the built program, on their way to a run.

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use support::binary::{Ended, green_corridor};
use support::tables::{Table, current_run};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exchange/edifact");

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().join("movements.csv");
    (dir, out)
}

/// Converts files in the samples' time zones.
fn convert(files: &[&str], out: &Path, more: &[&str], code: i32) -> Ended {
    let zones = format!("{SAMPLES}/zones.csv");
    let mut words = vec!["convert", "edifact"];
    words.extend(files);
    words.extend(["--out", text(out), "--zones", &zones]);
    words.extend(more);
    green_corridor(words).expect(code)
}

/// Columns of a CSV by name.
fn columns(path: &Path, names: &[&str]) -> Vec<String> {
    let all = fs::read_to_string(path).unwrap();
    let mut reader = csv::Reader::from_reader(all.as_bytes());
    let head = reader.headers().unwrap().clone();
    let at: Vec<usize> = names
        .iter()
        .map(|name| head.iter().position(|h| h == *name).unwrap())
        .collect();
    let row = |record: csv::StringRecord| {
        let cells: Vec<&str> = at.iter().map(|at| &record[*at]).collect();
        cells.join(" ")
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

const ROW: [&str; 8] = [
    "shipment_id",
    "mode",
    "origin",
    "destination",
    "departed_at",
    "arrived_at",
    "cargo_mass_kg",
    "cargo_mass_source",
];

const MOVEMENTS: [&str; 15] = [
    "EXBL9001 rail CNCKG CNQZH 2025-03-01T08:00:00+08:00 2025-03-03T09:10:00+08:00 21000.000 VGM less tare",
    "EXBL9001 hub CNQZH CNQZH 2025-03-03T09:10:00+08:00 2025-03-05T14:30:00+08:00 21000.000 VGM less tare",
    "EXBL9001 sea CNQZH SGSIN 2025-03-06T03:30:00+08:00 2025-03-12T16:40:00+08:00 21000.000 VGM less tare",
    "EXBL9001 hub SGSIN SGSIN 2025-03-12T16:40:00+08:00 2025-03-14T10:10:00+08:00 21000.000 VGM less tare",
    "EXBL9001 sea SGSIN MYPKG 2025-03-14T14:00:00+08:00 2025-03-15T11:20:00+08:00 21000.000 VGM less tare",
    "EXBL9001 hub MYPKG MYPKG 2025-03-15T11:20:00+08:00 2025-03-16T11:00:00+08:00 21000.000 VGM less tare",
    "EXBL9001 road MYPKG MYKUL 2025-03-16T11:00:00+08:00 2025-03-16T15:00:00+08:00 21000.000 VGM less tare",
    "EXBL9002 rail CNCKG CNQZH 2025-03-01T08:15:00+08:00 2025-03-03T09:15:00+08:00 8050.010 VGM less tare of the type",
    "EXBL9002 hub CNQZH CNQZH 2025-03-03T09:15:00+08:00 2025-03-05T14:40:00+08:00 8050.010 VGM less tare of the type",
    "EXBL9002 sea CNQZH SGSIN 2025-03-06T03:30:00+08:00 2025-03-12T16:55:00+08:00 8050.010 VGM less tare of the type",
    "EXBL9002 hub SGSIN SGSIN 2025-03-12T16:55:00+08:00 2025-03-13T09:00:00+08:00 8050.010 VGM less tare of the type",
    "EXBL9002 road SGSIN SGKEP 2025-03-13T09:00:00+08:00 2025-03-13T10:30:00+08:00 8050.010 VGM less tare of the type",
    "EXBL9003 rail CNCKG CNQZH 2025-03-01T08:15:00+08:00 2025-03-03T09:15:00+08:00 8050.010 VGM less tare of the type",
    "EXBL9003 hub CNQZH CNQZH 2025-03-03T09:15:00+08:00 2025-03-05T14:40:00+08:00 8050.010 VGM less tare of the type",
    "EXBL9003 sea CNQZH SGSIN 2025-03-06T03:30:00+08:00 2025-03-12T16:55:00+08:00 8050.010 VGM less tare of the type",
];

/// What the samples' README promises.
#[test]
fn messages_of_three_partners_become_movements_and_footprints() {
    let (dir, out) = folder();
    let ended = convert(&[SAMPLES], &out, &["--list-ignored"], 0);
    let rows = columns(&out, &ROW);
    assert_eq!(rows[..15], MOVEMENTS);
    assert_eq!(rows.len(), 17);
    let counted = "segments not read: DGS 2, FTX 2, SEL 1\n";
    assert!(ended.stdout.contains(counted), "{}", ended.stdout);
    let left_out = columns(
        &dir.path().join("movements.left-out.csv"),
        &["outcome", "path", "subject", "found", "reason"],
    );
    for wanted in [
        "retracted segment 39 EQD GCXU1000040 LOAD CNQZH 2025-03-05T15:00:00+08:00 withdrawn by a later message of its sender",
        "retracted segment 52 EQD GCXU1000040 LOAD CNQZH 2025-03-05T15:00:00+08:00 the withdrawal itself",
        "unread   2 segments nothing is taken from FTX",
    ] {
        assert!(
            left_out.contains(&wanted.to_owned()),
            "{wanted}: {left_out:#?}"
        );
    }
    let run = dir.path().join("run.toml");
    let lines = format!(
        "movements = [\"movements.csv\"]\nfactors = \"{ROOT}/emission_factors\"\nreference = \"{ROOT}/data\"\nprofile = \"open\"\nout = \"out\"\n"
    );
    fs::write(&run, lines).unwrap();
    green_corridor(["run", text(&run)]).expect(0);
    let elements = Table::read(&current_run(&dir.path().join("out")), "elements");
    let modes = elements.column("mode");
    let masses = elements.column("cargo_mass_kg");
    let flags = elements.column("quality_flags");
    assert_eq!(modes.len(), 17);
    let of = |mode: &str| modes.iter().filter(|m| **m == mode).count();
    assert_eq!([of("rail"), of("sea"), of("road"), of("hub")], [3, 4, 3, 7]);
    assert_eq!(masses.iter().filter(|m| **m == "21000.000").count(), 7);
    assert_eq!(masses.iter().filter(|m| **m == "8050.010").count(), 10);
    assert!(
        flags.iter().all(|f| !f.contains("Q01")),
        "no mass is a default: {flags:?}"
    );
    assert_eq!(flags.iter().filter(|f| f.contains("Q42")).count(), 10);
}

/// A carrier's DCSA events and a terminal's messages are one chain, compressed or not.
#[test]
fn messages_and_events_of_dcsa_are_one_chain() {
    let (dir, out) = folder();
    let event = |step: &str, place: &str, time: &str| {
        serde_json::json!({
            "eventType": "EQUIPMENT", "eventClassifierCode": "ACT", "equipmentEventTypeCode": step,
            "eventDateTime": time, "eventLocation": {"UNLocationCode": place}, "equipmentReference": "GCXU1000013",
            "ISOEquipmentCode": "45G1", "emptyIndicatorCode": "LADEN",
            "transportCall": {"modeOfTransport": "VESSEL"}, "transportDocumentReferences": ["EXBL9001"]
        })
    };
    let events = serde_json::json!([
        event("LOAD", "CNQZH", "2025-03-05T14:20:00+08:00"),
        event("DISC", "SGSIN", "2025-03-12T16:40:00+08:00")
    ]);
    fs::write(dir.path().join("carrier.json"), events.to_string()).unwrap();
    for name in ["rail-terminal.edi", "port-terminal.edi"] {
        let file = fs::File::create(dir.path().join(format!("{name}.gz"))).unwrap();
        let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gz.write_all(&fs::read(format!("{SAMPLES}/{name}")).unwrap())
            .unwrap();
        gz.finish().unwrap();
    }
    convert(&[text(dir.path())], &out, &[], 0);
    let rows = columns(
        &out,
        &["shipment_id", "mode", "departed_at", "cargo_mass_kg"],
    );
    let of_bill: Vec<&String> = rows.iter().filter(|r| r.starts_with("EXBL9001")).collect();
    assert_eq!(
        of_bill,
        [
            "EXBL9001 rail 2025-03-01T08:00:00+08:00 21000.000",
            "EXBL9001 hub 2025-03-03T09:10:00+08:00 21000.000",
            "EXBL9001 sea 2025-03-06T03:30:00+08:00 21000.000"
        ]
    );
}

/// A file that is cut gives nothing, says where, and ends with 10; so does one without a time zone.
#[test]
fn files_that_give_nothing_end_with_10() {
    let (dir, out) = folder();
    let good = fs::read(format!("{SAMPLES}/port-terminal.edi")).unwrap();
    let cut = dir.path().join("cut.edi");
    fs::write(&cut, &good[..good.len() - 13]).unwrap();
    let ended = convert(&[text(&cut)], &out, &[], 10);
    assert!(
        ended
            .stderr
            .contains("cut.edi: nothing in it is in a movement"),
        "{}",
        ended.stderr
    );
    let list = dir.path().join("movements.left-out.csv");
    let left_out = columns(&list, &["outcome", "path", "found", "reason"]);
    let wanted = "malformed segment 57 the end expected a segment that ends";
    assert!(left_out.contains(&wanted.to_owned()), "{left_out:#?}");
    let words = ["convert", "edifact", SAMPLES, "--out", text(&out)];
    green_corridor(words).expect(10);
    let left_out = columns(&list, &["reason"]);
    assert!(
        left_out.iter().any(|r| r.contains("--zone")),
        "{left_out:?}"
    );
    let profiles = dir.path().join("profiles.toml");
    fs::write(&profiles, "[modes]\n1 = \"ship\"\n").unwrap();
    let ended = convert(&[SAMPLES], &out, &["--profiles", text(&profiles)], 2);
    assert!(
        ended.stderr.contains("expected sea, rail"),
        "{}",
        ended.stderr
    );
}

/// What expands to much more than the limit is refused, in every form of conversion.
#[cfg(target_os = "linux")]
#[test]
fn a_conversion_keeps_to_its_memory_limit() {
    let (dir, out) = folder();
    let pack = |name: &str, piece: &str, times: usize| {
        let path = dir.path().join(name);
        let file = fs::File::create(&path).unwrap();
        let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        let block = piece.repeat(1000);
        (0..times).for_each(|_| gz.write_all(block.as_bytes()).unwrap());
        gz.finish().unwrap();
        path
    };
    let events = pack("many.json.gz", "{}\n", 100_000);
    let segments = pack("many.edi.gz", "UNH+1+COARRI:D'\nEQD+CN+'\n", 12_000);
    // Not larger than the limit, but what comes of it is.
    let entries = pack("few.ndjson.gz", "{}\n", 10_000);
    let limit = ["--memory-limit", "128MiB"];
    for (kind, file) in [
        ("dcsa", &events),
        ("dcsa", &entries),
        ("edifact", &segments),
        ("edifact", &events),
    ] {
        let words = ["convert", kind, text(file), "--out", text(&out)];
        let ended = green_corridor(words.into_iter().chain(limit)).expect(8);
        assert!(!out.exists(), "{ended:?}");
    }
    let to = dir.path().join("carrier");
    let factors = format!("{ROOT}/emission_factors");
    let words = [
        "convert",
        "ileap",
        text(&events),
        "--carrier",
        "X",
        "--source",
        "x/1",
        "--out",
        text(&to),
        "--factors",
        &factors,
    ];
    green_corridor(words.into_iter().chain(limit)).expect(8);
}
