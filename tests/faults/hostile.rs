//! Inputs that nobody should send, through the built program: each ends in time with a documented exit code, and of each file
//! that was read every row is accounted for.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small

mod formats;
mod paths;

use crate::support::binary::{Ended, TIMEOUT, command, wait};
use crate::support::tables::current_run;
use green_corridor::runs::Manifest;
use std::path::Path;

/// Made-up factors and places.
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/library");
/// `docs/reliability.md`, without 70: no input is a fault of the program.
const DOCUMENTED: [i32; 9] = [0, 3, 4, 5, 6, 7, 8, 9, 10];

const HEADER: &str = "shipment_id,movement_id,sequence,mode,operation,carrier,origin,destination,departed_at,arrived_at,\
                      distance_km,distance_basis,cargo_mass_kg,teu\n";

/// A row of movement `n` with one cell changed; without a column, one that is accepted.
fn row(n: u32, column: &str, cell: &str) -> String {
    let number = n.to_string();
    let cells = HEADER.trim_end().split(',').map(|name| match name {
        _ if name == column => cell,
        "shipment_id" => "BL-1",
        "movement_id" | "sequence" => &number,
        "mode" => "road",
        "operation" => "road.truck",
        "origin" => "CNCKG",
        "destination" => "CNQZH",
        "departed_at" => "2025-06-01T08:00:00Z",
        "distance_km" => "1000",
        "distance_basis" => "sfd",
        "cargo_mass_kg" => "10000",
        _ => "",
    });
    cells.collect::<Vec<_>>().join(",") + "\n"
}

fn good(n: u32) -> String {
    row(n, "", "")
}

/// A CSV of one hostile row between two good ones.
fn csv(column: &str, cell: &str) -> Vec<u8> {
    [HEADER, &good(1), &row(2, column, cell), &good(3)]
        .concat()
        .into_bytes()
}

/// Runs over files of a folder, made-up factors, any share of rejects.
fn run(folder: &Path, movements: &[&str], flags: &[&str]) -> Ended {
    let mut command = command();
    command
        .current_dir(folder)
        .arg("run")
        .arg("--movements")
        .args(movements);
    command.args([
        "--factors",
        &format!("{LIBRARY}/emission_factors"),
        "--profile",
        "golden",
    ]);
    command
        .args([
            "--reference",
            &format!("{LIBRARY}/data"),
            "--out",
            "out",
            "--max-reject-share",
            "100%",
        ])
        .args(flags);
    wait(command.spawn().expect("the binary starts"), TIMEOUT)
}

/// The exit code is a documented one; rows add up per file and in total; nothing half done is current.
#[track_caller]
fn accounted(folder: &Path, ended: &Ended, what: &str) -> Option<Manifest> {
    let code = ended
        .code
        .unwrap_or_else(|| panic!("{what}: ended by a signal\n{}", ended.stderr));
    assert!(
        DOCUMENTED.contains(&code),
        "{what}: exit {code}\n{}",
        ended.stderr
    );
    if !matches!(code, 0 | 10) {
        assert!(
            !folder.join("out/CURRENT").exists(),
            "{what}: exit {code}, but a run is current"
        );
        assert!(
            !ended.stderr.trim().is_empty(),
            "{what}: exit {code} without a word"
        );
        return None;
    }
    let manifest = Manifest::load(&current_run(&folder.join("out"))).expect("a manifest");
    let (mut rows, mut accepted, mut rejected) = (0, 0, 0);
    for input in &manifest.inputs {
        assert_eq!(
            input.rows_in,
            input.accepted + input.rejected,
            "{what}: {}",
            input.file
        );
        rows += input.rows_in;
        accepted += input.accepted;
        rejected += input.rejected;
    }
    let counts = &manifest.counts;
    assert_eq!(
        (counts.rows_in, counts.accepted, counts.rejected),
        (rows, accepted, rejected),
        "{what}"
    );
    assert_eq!(
        counts.rejected_by_code.values().sum::<u64>(),
        rejected,
        "{what}"
    );
    Some(manifest)
}

/// Exit code, then accepted rows, then rejected ones by code: `0: 2, R016 1`.
fn text(code: Option<i32>, manifest: Option<&Manifest>) -> String {
    let code = code.map_or("signal".to_owned(), |c| c.to_string());
    let Some(manifest) = manifest else {
        return code;
    };
    let codes = manifest
        .counts
        .rejected_by_code
        .iter()
        .map(|(code, n)| format!(", {code} {n}"));
    format!(
        "{code}: {}{}",
        manifest.counts.accepted,
        codes.collect::<String>()
    )
}

/// A file of these bytes gives this; a file that cannot be read is left out of a run over two files when that is allowed.
#[track_caller]
fn check(name: &str, bytes: &[u8], wanted: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(name), bytes).expect("the input can be written");
    check_there(folder.path(), name, wanted);
}

#[track_caller]
fn check_there(folder: &Path, name: &str, wanted: &str) {
    let ended = run(folder, &[name], &[]);
    let manifest = accounted(folder, &ended, name);
    assert_eq!(
        text(ended.code, manifest.as_ref()),
        wanted,
        "{name}\n{}",
        ended.stderr
    );
    if ended.code == Some(3) {
        assert!(
            ended.stderr.contains(name),
            "the message does not name {name}: {}",
            ended.stderr
        );
        std::fs::write(folder.join("a-good.csv"), [HEADER, &good(1)].concat())
            .expect("the input can be written");
        let ended = run(folder, &["a-good.csv", name], &["--allow-missing-files"]);
        let manifest =
            accounted(folder, &ended, name).unwrap_or_else(|| panic!("{name}: {}", ended.stderr));
        let missing: Vec<&str> = manifest
            .missing_files
            .iter()
            .map(|m| m.file.as_str())
            .collect();
        assert_eq!(
            (ended.code, manifest.counts.accepted, missing),
            (Some(10), 1, vec![name])
        );
    }
}

/// A file without a row ends a run that has no other, unless that is allowed.
#[track_caller]
fn check_rowless(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(name), bytes).expect("the input can be written");
    let ended = run(folder.path(), &[name], &[]);
    assert!(accounted(folder.path(), &ended, name).is_none());
    assert_eq!(ended.code, Some(3), "{name}: {}", ended.stderr);
    let ended = run(folder.path(), &[name], &["--allow-empty"]);
    let manifest = accounted(folder.path(), &ended, name);
    assert_eq!(
        text(ended.code, manifest.as_ref()),
        "0: 0",
        "{name}: {}",
        ended.stderr
    );
}

#[test]
fn bytes_that_are_no_text() {
    let with = |bytes: &[u8]| {
        [
            HEADER.as_bytes(),
            good(1).replace(",,", ",\x01,").as_bytes(),
            good(2).as_bytes(),
        ]
        .concat()
        .iter()
        .flat_map(|b| if *b == 1 { bytes.to_vec() } else { vec![*b] })
        .collect::<Vec<u8>>()
    };
    check("invalid.csv", &with(b"\xff\xfe"), "0: 1, R016 1");
    check("half.csv", &with(b"\xe4\xb8"), "0: 1, R016 1");
    check("surrogate.csv", &with(b"\xed\xa0\x80"), "0: 1, R016 1");
    check("nul.csv", &with(b"\0"), "0: 1, R016 1");
    check("zeros.csv", &[0; 4096], "3");
    check("header.csv", b"shipment_id,\xff\xff\n1,2\n", "3");
    check(
        "utf16.csv",
        &[
            b"\xff\xfe".to_vec(),
            HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ]
        .concat(),
        "3",
    );
}

#[test]
fn line_ends_and_marks() {
    let text = [HEADER, &good(1), &good(2)].concat();
    check("bom.csv", format!("\u{feff}{text}").as_bytes(), "0: 2");
    check("crlf.csv", text.replace('\n', "\r\n").as_bytes(), "0: 2");
    check(
        "bom-crlf.csv",
        format!("\u{feff}{text}").replace('\n', "\r\n").as_bytes(),
        "0: 2",
    );
    check("no-last-line-end.csv", text.trim_end().as_bytes(), "0: 2");
    check(
        "empty-lines.csv",
        text.replace('\n', "\n\n\r\n").as_bytes(),
        "0: 2",
    );
    check("cr.csv", text.replace('\n', "\r").as_bytes(), "0: 2");
}

#[test]
fn lines_without_measure() {
    for bytes in [70 << 10, 20 << 20] {
        let long = "x".repeat(bytes);
        check("long-cell.csv", &csv("carrier", &long), "0: 2, R023 1");
        check(
            "long-last.csv",
            [HEADER, &good(1), &long].concat().as_bytes(),
            "0: 1, R023 1",
        );
        check(
            "long-quoted.csv",
            [HEADER, &good(1), "\"", &long].concat().as_bytes(),
            "0: 1, R023 1",
        );
        check(
            "long.ndjson",
            format!("{{}}\n{{\"shipment_id\":\"{long}\"}}\n").as_bytes(),
            "0: 0, R001 1, R023 1",
        );
    }
    check("long-header.csv", "x,".repeat(10 << 20).as_bytes(), "3");
    check(
        "commas.csv",
        [HEADER, &",".repeat(60_000), "\n", &good(1)]
            .concat()
            .as_bytes(),
        "0: 1",
    );
    let lines = "\n".repeat(17);
    check(
        "line-breaks.csv",
        [
            HEADER,
            &row(1, "carrier", &format!("\"{lines}\"")),
            &good(2),
        ]
        .concat()
        .as_bytes(),
        "0: 1, R023 2",
    );
}

#[test]
fn records_of_another_shape() {
    check(
        "short.csv",
        [HEADER, "BL-1,1\n", &good(2)].concat().as_bytes(),
        "0: 1, R023 1",
    );
    check(
        "wide.csv",
        [HEADER, good(1).trim_end(), ",\n", &good(2)]
            .concat()
            .as_bytes(),
        "0: 1, R023 1",
    );
    check(
        "spaces.csv",
        [HEADER, "   \n", &good(2)].concat().as_bytes(),
        "0: 1",
    );
    check(
        "open-quote.csv",
        [HEADER, &good(1), "\"BL-1,2"].concat().as_bytes(),
        "0: 1, R023 1",
    );
    check(
        "quote-then-rows.csv",
        [HEADER, "\"", &good(1), &good(2)].concat().as_bytes(),
        "0: 1, R023 1",
    );
    check("stray-quote.csv", &csv("carrier", "a\"b"), "0: 3");
    check("after-quote.csv", &csv("carrier", "\"a\"b"), "0: 2, R023 1");
    check(
        "header-twice.csv",
        [HEADER.trim_end(), ",mode\n"].concat().as_bytes(),
        "3",
    );
    check("no-mode.csv", HEADER.replace(",mode", "").as_bytes(), "3");
    check("open-header.csv", b"\"shipment_id,movement_id\n", "3");
    check("empty.csv", b"", "3");
    check_rowless("empty.ndjson", b"");
    check_rowless("header.csv", HEADER.as_bytes());
    check("empty.parquet", b"", "3");
}

#[test]
fn numbers_of_all_kinds() {
    let mass = |cell: &str, wanted: &str| check("mass.csv", &csv("cargo_mass_kg", cell), wanted);
    for cell in [
        "NaN",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "1e5",
        "1E5",
        "\"1,000.5\"",
        "+1",
        "0x10",
        "1_000",
        "1.",
        ".5",
        "--1",
        "-",
        ".",
        "١٢",
        "1 000",
    ] {
        mass(cell, "0: 2, R002 1");
    }
    for cell in [
        "-1",
        "0",
        "-0",
        "0.0004",
        "1000000.001",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
    ] {
        mass(cell, "0: 2, R003 1");
    }
    for cell in [
        "18446744073709551616",
        "9999999999999999999999999999999999999999",
        "-9999999999999999999999999999999999999999",
    ] {
        mass(cell, "0: 2, R003 1");
    }
    mass("0.0005000000000000000000000000000000000001", "0: 3");
    mass("0000000000000000000000000000000000000001", "0: 3");
    mass(&format!("1.{}", "0".repeat(60)), "0: 3");
    for column in ["distance_km", "teu", "sequence"] {
        for cell in [
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "4294967296",
            "4294967297",
        ] {
            check("edge.csv", &csv(column, cell), "0: 2, R003 1");
        }
    }
}

#[test]
fn times_of_all_kinds() {
    let time = |cell: &str, wanted: &str| check("time.csv", &csv("departed_at", cell), wanted);
    time("0000-12-31T23:59:59Z", "0: 2, R004 1");
    // A time that exists, but before any factor.
    time("0001-01-01T00:00:00Z", "0: 2, R011 1");
    for cell in [
        "10000-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
    ] {
        time(cell, "0: 2, R004 1");
    }
    for cell in [
        "2025-02-29T00:00:00Z",
        "2025-06-01T24:00:00Z",
        "2025-06-01T08:00:00",
        "2025-06-01",
        "1748764800",
        "now",
        "2025-06-01T08:00:00+24:00",
    ] {
        time(cell, "0: 2, R004 1");
    }
    time("2025-06-01T08:00:00.1234567890Z", "0: 2, R004 1");
    time("2025-06-01T08:00:00.123456789Z", "0: 3");
    // The last year, and an offset that leads out of it.
    time("9999-12-31T23:59:59.999999999Z", "0: 3");
    check(
        "late.csv",
        &csv("arrived_at", "9999-12-31T23:59:59-23:59"),
        "0: 2, R004 1",
    );
    check(
        "early.csv",
        &csv("departed_at", "0000-01-01T00:00:00+23:59"),
        "0: 2, R004 1",
    );
}
