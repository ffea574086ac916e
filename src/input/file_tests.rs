//! Whole files through the module: forms, encodings, blocks, what is broken and what is hostile.

use super::mapping::Mapping;
use super::tests::{fate_of, one, read, read_with, vocabulary};
use super::*;
use crate::model::flag::Flags;
use crate::model::mode::{Basis, EnergyUnit, Temperature};

#[test]
fn broken_files() {
    let fault = |name: &str, content: &[u8]| {
        read_with(name, content, Mapping::default(), vocabulary())
            .map(|(_, p)| p.rows)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(fault("a.csv", b""), "a.csv: there is no header line");
    assert_eq!(fault("a.csv", b"\n\r\n"), "a.csv: there is no header line");
    assert!(
        fault("a.csv", b"a,b\n").starts_with("a.csv: required column \"movement_id\" is missing;")
    );
    assert!(fault("a.csv", b"mode,mode\n").contains("\"mode\" stands in it more than once"));
    assert!(fault("a.csv", b"\"mode\n").starts_with("a.csv: the header line cannot be read"));
    assert!(fault("a.doc", b"").starts_with(
        "a.doc: the extension is none of csv, tsv, txt, ndjson, jsonl, json, parquet"
    ));
    assert!(fault("a.parquet.gz", b"").contains("the extension is none of"));
    assert!(fault("a.parquet", b"").starts_with("a.parquet: is no readable Parquet file"));
    assert!(
        fault("a.parquet", b"PAR1xxxxPAR1").starts_with("a.parquet: is no readable Parquet file")
    );
    assert!(fault("a.csv.gz", b"not gzip").starts_with("a.csv.gz: cannot be read"));
    assert!(fault("a.csv.zst", b"not zstd").starts_with("a.csv.zst: cannot be read"));
    let rows = |name: &str, content: &[u8]| read(name, content, Mapping::default()).rows;
    assert_eq!(
        rows(
            "a.csv",
            b"movement_id,shipment_id,mode,origin,destination,departed_at\n"
        ),
        0
    );
    assert_eq!(
        rows(
            "a.csv",
            b"movement_id,shipment_id,mode,origin,destination,departed_at"
        ),
        0
    );
    assert_eq!(rows("a.ndjson", b""), 0);
    assert_eq!(rows("a.ndjson", b"\n \r\n"), 0);
    assert_eq!(rows("a.ndjson", b"garbage\n{}\n"), 2);
    assert_eq!(
        fault("a.ndjson", b"garbage\n\n[]"),
        "a.ndjson: none of its 2 lines is a record: a JSON object with every key once, on a line of its own (or all records in one array, which is all of the file)"
    );
}

const GOOD_LINE: &str = r#"{"movement_id":"M1","shipment_id":"S1","mode":"sea","origin":"CNQZH","destination":"SGSIN","departed_at":"2024-03-05T08:00:00Z""#;

#[test]
fn json_records() {
    let line = |extra: &str| {
        let text = format!(
            r#"{GOOD_LINE}{extra}}}
{GOOD_LINE}}}"#
        );
        fate_of(&read(
            "a.ndjson",
            text.as_bytes(),
            Mapping {
                decimal: b',',
                ..Mapping::default()
            },
        ))
    };
    assert_eq!(line(""), "ok Q12");
    assert_eq!(
        line(r#","cargo_mass_kg":12.5,"teu":"1,5","carrier":null,"x":{"y":[true]}"#),
        "ok Q12",
        "literals have a point, strings the marks of the file"
    );
    assert!(line(r#","cargo_mass_kg":1e3"#).starts_with("R002 cargo_mass_kg \"1e3\""));
    assert!(line(r#","teu":"1.5""#).starts_with("R002 teu"));
    assert!(
        line(r#","mode":"sea""#).starts_with("R023  "),
        "a key twice"
    );
    assert!(
        line(r#","x":1,"x":2"#).starts_with("R023  "),
        "also one that is not read"
    );
    assert!(
        line(r#","x":1,"\u0078":2"#).starts_with("R023  "),
        "also in another spelling"
    );
    assert!(line(r#","teu":true"#).starts_with("R023 teu \"true\": a string, a number or null"));
    assert!(line(r#","carrier":"a\u0000""#).starts_with("R016 carrier"));
    assert!(line(r#","carrier":"\ud800""#).starts_with("R016 carrier"));
    assert!(line("} x").starts_with("R023"));
    assert!(line(&format!(r#","x":"{}""#, "y".repeat(65_536))).starts_with("R023"));
}

#[test]
fn a_json_file_lacks_a_key_only_if_no_record_has_it() {
    let record = |id: u32, extra: &str| {
        format!(
            r#"{{"movement_id":{id},"shipment_id":"S","origin":"CNQZH","destination":"SGSIN","departed_at":"2024-03-05T08:00:00Z"{extra}}}"#
        ) + "\n"
    };
    let mut mapping = Mapping::default();
    mapping.constants.insert("mode".into(), "sea".into());
    mapping.constants.insert("carrier".into(), "X".into());
    let text = record(1, "") + &record(2, r#","carrier":"Y","sequence":2,"note":1"#);
    let (info, parsed) =
        read_with("a.jsonl", text.as_bytes(), mapping.clone(), vocabulary()).unwrap();
    assert_eq!(
        info,
        FileInfo {
            format: "ndjson",
            unknown_columns: vec!["note".into()],
            lacks_sequence: false,
            warnings: Vec::new(),
        }
    );
    assert_eq!(
        fate_of(&parsed),
        "R001 sequence \"\": a value; sequence is required"
    );
    assert_eq!(parsed.batch.movement_id.str(1), "2");
    assert_eq!(parsed.symbols.text(parsed.batch.carrier[1]), "Y");
    // A key that [columns] names and no record has is absent, a required one in each record.
    mapping.columns.insert("teu".into(), "TEU".into());
    mapping
        .columns
        .insert("carrier".into(), "Frachtführer".into());
    let (_, parsed) = read_with("a.jsonl", text.as_bytes(), mapping.clone(), vocabulary()).unwrap();
    assert_eq!((parsed.batch.teu[1], parsed.batch.rejects.len()), (0, 1));
    assert_eq!(parsed.symbols.text(parsed.batch.carrier[1]), "X");
    mapping.columns.insert("destination".into(), "POD".into());
    let (info, parsed) = read_with("a.jsonl", text.as_bytes(), mapping, vocabulary()).unwrap();
    assert_eq!(info.unknown_columns, ["destination", "carrier", "note"]);
    let told = |r: &crate::model::reject::Reject| format!("{} {}", r.reason.code(), r.column);
    let told: Vec<String> = parsed.batch.rejects.iter().map(told).collect();
    assert_eq!(told, ["R001 sequence", "R001 destination"]);
}

#[test]
fn foreign_encodings() {
    let mapping = || Mapping {
        encoding: encoding_rs::GB18030,
        ..Mapping::default()
    };
    let text = String::from_utf8(one(&[("carrier", "中远"), ("evidence_ref", "甲乙")])).unwrap();
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    let parsed = read("a.csv", &bytes, mapping());
    assert_eq!(parsed.symbols.text(parsed.batch.carrier[0]), "中远");
    let mut bad = bytes.to_vec();
    let at = bad.iter().position(|b| *b > 0x80).unwrap();
    bad[at + 1] = 0xff;
    assert!(fate_of(&read("a.csv", &bad, mapping())).starts_with("R016 carrier"));
}

#[test]
fn blocks_do_not_change_rows() {
    let mut csv = "movement_id,shipment_id,mode,origin,destination,departed_at,note\n".to_owned();
    for i in 1..=120_000 {
        let note = if i % 7 == 0 {
            "\"a, \"\"b\"\"\nc\""
        } else {
            "plain"
        };
        let ragged = if i % 1000 == 0 { ",x" } else { "" };
        csv.push_str(&format!(
            "M{i},S{},sea,CNQZH,SGSIN,2024-03-05T08:00:00Z,{note}{ragged}\r\n",
            i / 3
        ));
    }
    assert!(csv.len() > 2 * stream::BLOCK - stream::BLOCK / 2);
    let parsed = read("a.csv", csv.as_bytes(), Mapping::default());
    // Some ragged records hold a line break; they are one record each, and the numbers run on.
    assert_eq!(parsed.rows, 120_000);
    assert_eq!(parsed.unplaced.len(), 120);
    let last = parsed.batch.len() - 1;
    assert_eq!(
        (parsed.batch.row[last], parsed.batch.movement_id.str(last)),
        (119_999, "M119999")
    );
}

#[test]
fn every_column_arrives() {
    let parsed = read(
        "a.csv",
        &one(&[
            ("container_id", "CSQU3054383"),
            ("container_type", "45R1"),
            ("sequence", "3"),
            ("operation", "sea.feeder"),
            ("carrier", "MAEU"),
            ("arrived_at", "2024-03-06T08:00:00Z"),
            ("distance_km", "2500.125"),
            ("distance_basis", "gcd"),
            ("cargo_mass_kg", "12000"),
            ("teu", "2"),
            ("container_cargo_mass_kg", "24000"),
            ("load_status", "laden"),
            ("temperature", "refrigerated"),
            ("energy_carrier", "hfo"),
            ("energy_quantity", "12.345678"),
            ("energy_unit", "kg"),
            ("evidence_ref", "BDN 7"),
            ("recorded_at", "2024-03-07T08:00:00Z"),
            ("record_status", "active"),
        ]),
        Mapping::default(),
    );
    let b = &parsed.batch;
    assert_eq!(
        (
            b.movement_id.str(0),
            b.shipment_id.str(0),
            b.container_id.str(0),
            b.evidence_ref.str(0)
        ),
        ("M1", "S1", "CSQU3054383", "BDN 7")
    );
    let symbols =
        [b.container_type[0], b.carrier[0], b.energy_carrier[0]].map(|s| parsed.symbols.text(s));
    assert_eq!(symbols, ["45R1", "MAEU", "hfo"]);
    assert_eq!(
        (
            b.sequence[0],
            b.operation[0],
            b.distance_m[0],
            b.mass_g[0],
            b.teu[0]
        ),
        (3, 1, 2_500_125, 12_000_000, 2_000_000)
    );
    assert_eq!(
        (b.container_mass_g[0], b.energy_quantity[0]),
        (24_000_000, 12_345_678)
    );
    assert_eq!(
        (b.distance_basis[0], b.temperature[0], b.energy_unit[0]),
        (Basis::Gcd, Temperature::Refrigerated, EnergyUnit::Kg)
    );
    assert_eq!((b.file[0], b.row[0], b.flags[0]), (0, 1, Flags::NONE));
}

#[test]
fn hostile_bytes_are_rows_or_faults_and_never_panics() {
    let csv = one(&[
        ("teu", "1.5"),
        ("arrived_at", "2024-03-06T08:00:00Z"),
        ("container_id", "CSQU3054383"),
        ("sequence", "1"),
    ]);
    let csv = [&csv[..], csv.splitn(2, |b| *b == b'\n').nth(1).unwrap()].concat();
    let json = br#"{"movement_id":"M1","shipment_id":"S\u00e9","mode":"sea","origin":"CNQZH","destination":"SGSIN","departed_at":"01/02/2024","teu":1.5,"x":[{}]}
{"movement_id":"M2","shipment_id":"S1","mode":"hub","origin":"SGSIN","destination":"SGSIN","departed_at":"2024-03-05T08:00:00Z","distance_km":0}
"#;
    let mapping = Mapping {
        timestamp: vec!["%d/%m/%Y".into()],
        zone: jiff::tz::TimeZone::get("Asia/Shanghai").ok(),
        thousands: Some(','),
        ..Mapping::default()
    };
    let mut seed = 99u64;
    let mut next = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let spice = b"\"\n\r,{}[]:\\\0\xff\xc3 -.e0199+Tz";
    for (name, good) in [("a.csv", &csv[..]), ("a.ndjson", &json[..])] {
        for _ in 0..4000 {
            let mut bad = good.to_vec();
            for _ in 0..1 + next(6) {
                let at = next(bad.len());
                match next(3) {
                    0 => bad[at] = spice[next(spice.len())],
                    1 => bad.insert(at, spice[next(spice.len())]),
                    _ => drop(bad.remove(at)),
                }
            }
            if let Ok((_, parsed)) = read_with(name, &bad, mapping.clone(), vocabulary()) {
                assert!(parsed.rows <= bad.len() as u64);
            }
        }
    }
}

#[test]
fn the_extension_says_the_format() {
    assert_eq!(format_of("2024/May.CSV.gz").map(|f| f.name), Some("csv"));
    assert!(format_of("readme.md").is_none());
}
