//! Whole files through the module: what goes in as records, what comes out as rows and rejections.

use super::mapping::{DistanceUnit, Mapping, MassUnit, UNREADABLE_INSTANT};
use super::test_files::source;
use super::*;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, EnergyUnit, LoadStatus, Mode, RecordStatus, Temperature};
use crate::model::time::{NO_INSTANT, instant_text};

pub(super) fn vocabulary() -> Vocabulary {
    let place = |code: &str| LocationCode::parse(code.as_bytes()).unwrap();
    Vocabulary {
        modes: Mode::ALL
            .iter()
            .map(|m| (m.code().to_owned(), *m))
            .chain([("truck".to_owned(), Mode::Road)])
            .collect(),
        operations: [
            ("road.articulated".to_owned(), (0, Mode::Road)),
            ("sea.feeder".to_owned(), (1, Mode::Sea)),
            ("hub.terminal".to_owned(), (2, Mode::Hub)),
        ]
        .into_iter()
        .collect(),
        default_operation: [Some(0), None, Some(1), None, None, Some(2)],
        default_basis: Basis::Actual,
        strict_container_id: false,
        places: ["CNCKG", "CNQZH", "SGSIN"].map(place).into_iter().collect(),
        further_places: None,
    }
}

/// All units of a file in one.
pub(super) fn read_with(
    name: &str,
    content: &[u8],
    mapping: Mapping,
    vocabulary: Vocabulary,
) -> Result<(FileInfo, Parsed), FileFault> {
    let mut reader = open(
        source(name, content),
        Arc::new(mapping),
        Arc::new(vocabulary),
    )?;
    let mut all = Parsed::default();
    while let Some(unit) = reader.next_unit()? {
        for mut parsed in unit.parse()? {
            assert_eq!(
                parsed.rows,
                (parsed.batch.len() + parsed.unplaced.len()) as u64
            );
            let map = all.symbols.absorb(&parsed.symbols);
            parsed.batch.remap_symbols(&map);
            all.batch.extend(&parsed.batch, 0..parsed.batch.len());
            all.unplaced.extend(parsed.unplaced);
            all.rows += parsed.rows;
            all.blank += parsed.blank;
        }
    }
    Ok((reader.info(), all))
}

fn read(name: &str, content: &[u8], mapping: Mapping) -> Parsed {
    read_with(name, content, mapping, vocabulary()).unwrap().1
}

const GOOD: [(&str, &str); 6] = [
    ("movement_id", "M1"),
    ("shipment_id", "S1"),
    ("mode", "sea"),
    ("origin", "CNQZH"),
    ("destination", "SGSIN"),
    ("departed_at", "2024-03-05T08:00:00Z"),
];

/// A CSV file of one good record with some cells changed or added.
fn one(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut cells = GOOD.to_vec();
    for change in changes {
        cells.retain(|(name, _)| *name != change.0);
        cells.push(*change);
    }
    let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
    let line = |pick: fn(&(&str, &str)) -> String| {
        cells
            .iter()
            .map(pick)
            .map(|s| quoted(&s))
            .collect::<Vec<_>>()
            .join(",")
    };
    format!(
        "{}\n{}\n",
        line(|c| c.0.to_owned()),
        line(|c| c.1.to_owned())
    )
    .into_bytes()
}

/// What became of the record: `ok` with its flags, or the code, column, value found and what was wanted.
fn fate_of(parsed: &Parsed) -> String {
    let reject = match (parsed.batch.rejects.first(), parsed.unplaced.first()) {
        (Some(reject), _) => reject,
        (None, Some(rejected)) => &rejected.reject,
        (None, None) => {
            return format!("ok {}", parsed.batch.flags[0].text())
                .trim_end()
                .to_owned();
        }
    };
    format!(
        "{} {} {:?}: {}",
        reject.reason.code(),
        reject.column,
        reject.value,
        reject.wanted
    )
}

fn fate_with(changes: &[(&str, &str)], mapping: Mapping, vocabulary: Vocabulary) -> String {
    fate_of(
        &read_with("a.csv", &one(changes), mapping, vocabulary)
            .unwrap()
            .1,
    )
}

#[track_caller]
fn check(changes: &[(&str, &str)], want: &str) {
    let fate = fate_with(changes, Mapping::default(), vocabulary());
    assert!(
        fate == want || (want != "ok" && fate.starts_with(want)),
        "{changes:?}\n got {fate}\nwant {want}"
    );
}

#[test]
fn a_good_record_and_its_flags() {
    check(&[], "ok Q12");
    check(&[("operation", "sea.feeder")], "ok");
    check(
        &[
            ("operation", "sea.feeder"),
            ("mode", " SEA "),
            ("origin", "cnqzh"),
        ],
        "ok",
    );
    check(
        &[("operation", "sea.feeder"), ("origin", "VNHPH")],
        "ok Q23",
    );
    check(
        &[("operation", "sea.feeder"), ("distance_km", "10")],
        "ok Q04",
    );
    check(
        &[
            ("operation", "sea.feeder"),
            ("distance_km", "10"),
            ("distance_basis", "sfd"),
        ],
        "ok",
    );
    check(
        &[
            ("operation", "sea.feeder"),
            ("container_id", "csqu 305438-3"),
        ],
        "ok",
    );
    check(
        &[("operation", "sea.feeder"), ("container_id", "CSQU3054384")],
        "ok Q10",
    );
    check(
        &[("operation", "sea.feeder"), ("teu", "1.0000005")],
        "ok Q20",
    );
    check(&[("operation", "sea.feeder"), ("teu", "1.000000000")], "ok");
}

#[test]
fn required_cells() {
    for column in [
        "movement_id",
        "shipment_id",
        "mode",
        "origin",
        "destination",
        "departed_at",
    ] {
        check(
            &[(column, "  ")],
            &format!("R001 {column} \"\": a value; {column} is required"),
        );
    }
    check(&[("sequence", "")], "R001 sequence");
}

#[test]
fn texts() {
    check(&[("evidence_ref", &"x".repeat(64))], "ok Q12");
    check(
        &[("evidence_ref", &"x".repeat(65))],
        "R016 evidence_ref \"xxx",
    );
    check(
        &[("movement_id", "a\0b")],
        "R016 movement_id \"a\\0b\": at most 64 characters",
    );
    check(&[("carrier", "a\tb")], "R016 carrier");
    check(&[("carrier", "a\nb")], "R016 carrier");
    check(&[("mode", "a\u{85}b")], "R016 mode");
    check(&[("origin", "CN\0KG")], "R007 origin");
    check(&[("origin", &"x".repeat(65))], "R007 origin");
    check(&[("distance_km", "1\0")], "R002 distance_km");
    check(
        &[("distance_km", &format!("{}1", "0".repeat(70)))],
        "ok Q04|Q12",
    );
    check(&[("departed_at", "x\0")], "R004 departed_at");
    let mut bad = one(&[("carrier", "XYZ")]);
    let at = bad.windows(3).position(|w| w == b"XYZ").unwrap();
    bad[at] = 0xff;
    assert!(
        fate_of(&read("a.csv", &bad, Mapping::default()))
            .starts_with("R016 carrier \"\u{fffd}YZ\"")
    );
    let long = fate_with(
        &[("movement_id", &"é".repeat(300))],
        Mapping::default(),
        vocabulary(),
    );
    assert!(long.contains(&format!("\"{}\"", "é".repeat(120))), "{long}");
}

#[test]
fn numbers() {
    for (value, want) in [
        ("1e5", "R002"),
        ("NaN", "R002"),
        ("inf", "R002"),
        ("+5", "R002"),
        ("1,000.5", "R002"),
        ("1_000", "R002"),
        (".5", "R002"),
        ("5.", "R002"),
        ("12,5 t", "R002"),
        ("-5", "R003"),
        ("0", "R003"),
        ("0.0004", "R003"),
        ("1000000.001", "R003"),
        ("9999999999999999999999999999999999999999", "R003"),
        ("9223372036854775808", "R003"),
        ("18446744073709551616", "R003"),
        ("1000000.0004", "ok Q12|Q20"),
        ("0.001", "ok Q12"),
        ("0000000000000000000000000000000000000012.5", "ok Q12"),
        (" 12.5 ", "ok Q12"),
        ("", "ok Q12"),
    ] {
        check(&[("cargo_mass_kg", value)], want);
    }
    check(
        &[("cargo_mass_kg", "12,5 t")],
        "R002 cargo_mass_kg \"12,5 t\": a number of kilograms as digits, e.g. 1250.5",
    );
    check(&[("distance_km", "50000")], "ok Q04|Q12");
    check(
        &[("distance_km", "50000.001")],
        "R003 distance_km \"50000.001\": more than 0 and at most 50000 km",
    );
    check(&[("teu", "1000.000001")], "R003 teu");
    check(&[("teu", "0")], "R003 teu");
    check(&[("energy_quantity", "0")], "R003 energy_quantity");
    check(
        &[("energy_quantity", "1000000000000")],
        "R003 energy_quantity \"1000000000000\": more than 0 and less than 1000000000000",
    );
    check(&[("energy_quantity", "999999999999.999999")], "ok Q12");
    for (value, want) in [
        ("3.0", "ok"),
        ("3.5", "R002"),
        ("0", "R003"),
        ("10001", "R003"),
        ("-1", "R003"),
        ("10000", "ok"),
        ("x", "R002"),
    ] {
        check(&[("sequence", value), ("operation", "sea.feeder")], want);
    }
    let strict = Mapping {
        reject_excess_decimals: true,
        ..Mapping::default()
    };
    assert!(
        fate_with(&[("teu", "1.0000001")], strict.clone(), vocabulary()).starts_with("R002 teu")
    );
    assert_eq!(
        fate_with(&[("teu", "1.0000000")], strict, vocabulary()),
        "ok Q12"
    );
}

#[test]
fn marks_and_units() {
    let german = Mapping {
        decimal: b',',
        thousands: Some('.'),
        delimiter: b',',
        ..Mapping::default()
    };
    let grams = |mapping: &Mapping, value: &str| {
        let parsed = read("a.csv", &one(&[("cargo_mass_kg", value)]), mapping.clone());
        if parsed.batch.rejects.is_empty() {
            format!("{}", parsed.batch.mass_g[0])
        } else {
            fate_of(&parsed)[..4].to_owned()
        }
    };
    assert_eq!(grams(&german, "12.345,6785"), "12345678");
    assert_eq!(grams(&german, "12.34"), "R002");
    let tonnes = Mapping {
        mass_unit: MassUnit::Tonne,
        ..Mapping::default()
    };
    assert_eq!(grams(&tonnes, "12.3456785"), "12345678");
    assert_eq!(grams(&tonnes, "1000"), "1000000000");
    assert_eq!(grams(&tonnes, "1000.000001"), "R003");
    let pounds = Mapping {
        mass_unit: MassUnit::Pound,
        ..Mapping::default()
    };
    assert_eq!(grams(&pounds, "1"), "454");
    assert_eq!(grams(&pounds, "1000.0005"), "453592");
    assert_eq!(grams(&pounds, "2204622.622"), "1000000000");
    assert_eq!(grams(&pounds, "2204622.63"), "R003");
    assert_eq!(
        grams(&pounds, "0.001"),
        "R003",
        "less than half a gram is nothing"
    );
}

#[test]
fn units_of_distances() {
    let metres = |unit, text: &str| {
        let mapping = Mapping {
            distance_unit: unit,
            ..Mapping::default()
        };
        let head = "movement_id,shipment_id,mode,origin,destination,departed_at,distance_km";
        let row = format!("1,S,road,CNQZH,SGSIN,2025-03-10T08:00:00Z,{text}");
        let content = format!("{head}\n{row}\n");
        let (_, parsed) = read_with("a.csv", content.as_bytes(), mapping, vocabulary()).unwrap();
        match parsed.batch.rejects.as_slice() {
            [] => Ok(parsed.batch.distance_m[0]),
            [reject, ..] => Err((reject.reason.code(), reject.wanted.clone())),
        }
    };
    assert_eq!(metres(DistanceUnit::Kilometre, "534.4"), Ok(534_400));
    assert_eq!(metres(DistanceUnit::Mile, "534.4"), Ok(860_033));
    assert_eq!(metres(DistanceUnit::NauticalMile, "1000.5"), Ok(1_852_926));
    assert_eq!(metres(DistanceUnit::Metre, "534400"), Ok(534_400));
    let far = metres(DistanceUnit::Mile, "31069").unwrap_err();
    assert_eq!(far.0, "R003", "more than 50,000 km: {}", far.1);
    let (code, wanted) = metres(DistanceUnit::NauticalMile, "far").unwrap_err();
    assert!(
        code == "R002" && wanted.contains("nautical miles"),
        "{wanted}"
    );
}

#[test]
fn zeros_that_mean_absent() {
    check(
        &[("cargo_mass_kg", "0"), ("load_status", "empty")],
        "ok Q12",
    );
    check(
        &[("cargo_mass_kg", "0"), ("load_status", "laden")],
        "R003 cargo_mass_kg",
    );
    check(
        &[("cargo_mass_kg", "0"), ("load_status", "full")],
        "R006 load_status \"full\": laden or empty",
    );
    check(
        &[("container_cargo_mass_kg", "0"), ("cargo_mass_kg", "5")],
        "ok Q12",
    );
    check(
        &[("container_cargo_mass_kg", "5"), ("cargo_mass_kg", "5")],
        "ok Q12",
    );
    check(
        &[("container_cargo_mass_kg", "4.999"), ("cargo_mass_kg", "5")],
        "R003 container_cargo_mass_kg \"4.999\": more than 0 and at most 1000000 kg, not below cargo_mass_kg (5)",
    );
    let hub = |distance| {
        vec![
            ("mode", "hub"),
            ("origin", "SGSIN"),
            ("distance_km", distance),
        ]
    };
    check(&hub("0"), "ok Q12");
    check(&hub(""), "ok Q12");
    check(&hub("7"), "R015 distance_km \"7\": no distance or 0");
    check(&hub("60000"), "R003 distance_km");
    check(
        &[("mode", "hub")],
        "R015 destination \"SGSIN\": the origin, because the row is a hub operation (CNQZH)",
    );
}

#[test]
fn times() {
    check(
        &[("departed_at", "2024-03-05")],
        "R004 departed_at \"2024-03-05\": RFC 3339 with zone",
    );
    check(&[("departed_at", "2024-03-05T23:59:60Z")], "R004");
    check(&[("departed_at", "0000-03-05T23:59:00Z")], "R004");
    check(&[("departed_at", "10000-01-01T00:00:00Z")], "R004");
    check(&[("arrived_at", "2024-03-05T08:00:00Z")], "ok Q12");
    check(
        &[("arrived_at", "2024-03-05T15:59:59+08:00")],
        "R005 arrived_at \"2024-03-05T15:59:59+08:00\": an arrival not before departed_at (2024-03-05T08:00:00Z)",
    );
    check(&[("arrived_at", "soon")], "R004 arrived_at");
    let mut mapping = Mapping {
        timestamp: vec!["%d/%m/%Y".into()],
        zone: jiff::tz::TimeZone::get("Asia/Shanghai").ok(),
        ..Mapping::default()
    };
    mapping
        .timestamp_by_column
        .insert("arrived_at".into(), vec!["%Y%m%d".into()]);
    let parsed = read(
        "a.csv",
        &one(&[("departed_at", "05/03/2024"), ("arrived_at", "20240306")]),
        mapping,
    );
    assert_eq!(
        instant_text(parsed.batch.departed_at[0]),
        "2024-03-04T16:00:00Z"
    );
    assert_eq!(
        instant_text(parsed.batch.arrived_at[0]),
        "2024-03-05T16:00:00Z"
    );
}

#[test]
fn code_words_and_places() {
    check(&[("mode", "Truck"), ("origin", "CNCKG")], "ok Q12");
    check(&[("mode", "ship")], "R006 mode \"ship\": road, rail,");
    check(&[("origin", "China")], "R007 origin \"China\"");
    check(&[("origin", "CN1KG")], "R007");
    check(
        &[("operation", "road.articulated")],
        "R018 operation \"road.articulated\": an operation of mode sea",
    );
    check(
        &[("operation", "sea.barge")],
        "R010 operation \"sea.barge\"",
    );
    check(
        &[("mode", "rail")],
        "R010 operation \"\": a code of operations.csv, or empty where the profile has a default for rail",
    );
    check(&[("distance_basis", "road")], "R006 distance_basis");
    check(&[("temperature", "cold")], "R006 temperature");
    check(&[("energy_unit", "gal")], "R006 energy_unit");
    check(&[("record_status", "gone")], "R006 record_status");
    check(
        &[("energy_unit", "kWh"), ("energy_quantity", "1")],
        "ok Q12",
    );
    let strict = Vocabulary {
        strict_container_id: true,
        ..vocabulary()
    };
    let fate = fate_with(
        &[("container_id", "ABC")],
        Mapping::default(),
        strict.clone(),
    );
    assert!(fate.starts_with("R019 container_id \"ABC\""), "{fate}");
    assert_eq!(
        fate_with(&[("container_id", " - ")], Mapping::default(), strict),
        "ok Q12",
        "nothing is left of it"
    );
}

#[test]
fn the_first_reason_counts() {
    check(
        &[
            ("mode", "ship"),
            ("origin", "x"),
            ("departed_at", "y"),
            ("teu", "-1"),
            ("cargo_mass_kg", "z"),
            ("carrier", "\0"),
        ],
        "R016 carrier",
    );
    check(
        &[
            ("mode", "ship"),
            ("origin", "x"),
            ("departed_at", "y"),
            ("teu", "-1"),
            ("cargo_mass_kg", "z"),
        ],
        "R002 cargo_mass_kg",
    );
    check(
        &[
            ("mode", "ship"),
            ("origin", "x"),
            ("departed_at", "y"),
            ("teu", "-1"),
        ],
        "R003 teu",
    );
    check(
        &[("mode", "ship"), ("origin", "x"), ("departed_at", "y")],
        "R004 departed_at",
    );
    check(&[("mode", "ship"), ("origin", "x")], "R006 mode");
    check(&[("destination", "x"), ("origin", "x")], "R007 origin");
    check(&[("mode", "hub"), ("operation", "sea.feeder")], "R015");
    check(&[("teu", "-1"), ("distance_km", "-1")], "R003 distance_km");
}

#[test]
fn tombstones_and_unplaced_rows() {
    let csv =
        b"movement_id,shipment_id,mode,origin,destination,departed_at,recorded_at,container_id\n\
        M1,S1,sea,CNQZH,SGSIN,2024-03-05T08:00:00Z,,A\n\
        M2,S1,sea,CNQZH,SGSIN,never,2024-03-05T09:00:00Z,B\n\
        M3,S2,sea,CNQZH,SGSIN,2024-03-05T08:00:00Z,never,C\n\
        M4,,sea,CNQZH,SGSIN,2024-03-05T08:00:00Z,,D\n\
        ragged,S2\n\
        ,S3,sea,CNQZH,SGSIN,2024-03-05T08:00:00Z,,E\n\
        M7,S3,sea,CNQZH,SGSIN,2024-03-05T08:00:00Z,,F";
    let (info, parsed) = read_with("x/a.csv", csv, Mapping::default(), vocabulary()).unwrap();
    assert!(info.lacks_sequence);
    assert_eq!(parsed.rows, 7);
    let batch = &parsed.batch;
    let ids: Vec<_> = (0..batch.len())
        .map(|i| {
            (
                batch.row[i],
                batch.shipment_id.str(i),
                batch.movement_id.str(i),
                batch.container_id.str(i),
            )
        })
        .collect();
    assert_eq!(
        ids,
        [
            (1, "S1", "M1", "A"),
            (2, "S1", "M2", ""),
            (3, "S2", "M3", ""),
            (6, "S3", "", ""),
            (7, "S3", "M7", "F")
        ]
    );
    let recorded: Vec<_> = (0..3).map(|i| batch.recorded_at[i]).collect();
    assert_eq!(
        recorded,
        [NO_INSTANT, 1_709_629_200_000_000, UNREADABLE_INSTANT]
    );
    let codes: Vec<_> = (0..batch.len())
        .map(|i| batch.reject_of(i).map(|r| r.reason.code()))
        .collect();
    assert_eq!(
        codes,
        [
            None,
            Some("R004".into()),
            Some("R004".into()),
            Some("R001".into()),
            None
        ]
    );
    let unplaced: Vec<_> = parsed
        .unplaced
        .iter()
        .map(|r| (r.row, r.reject.reason.code(), r.movement_id.as_str()))
        .collect();
    assert_eq!(unplaced, [(4, "R001".into(), "M4"), (5, "R023".into(), "")]);
    assert_eq!(
        parsed.unplaced[1].reject.wanted,
        "8 fields as in the header, not 2"
    );
    // A tombstone made in place is the one that the model makes.
    let mut wanted = crate::model::movement::MovementBatch::default();
    wanted.push_tombstone(
        b"S1",
        b"M2",
        batch.recorded_at[1],
        0,
        2,
        batch.rejects[0].clone(),
    );
    let mut found = crate::model::movement::MovementBatch::default();
    found.extend(batch, 1..2);
    assert_eq!(found, wanted);
}

#[test]
fn a_cancelled_record_needs_its_ids_and_times_only() {
    let cancelled = |extra: &[(&'static str, &'static str)]| {
        [
            &[
                ("record_status", "cancelled"),
                ("mode", "?"),
                ("departed_at", ""),
                ("teu", "x"),
            ],
            extra,
        ]
        .concat()
    };
    let parsed = read("a.csv", &one(&cancelled(&[])), Mapping::default());
    assert!(parsed.batch.rejects.is_empty());
    assert_eq!(parsed.batch.record_status, [RecordStatus::Cancelled]);
    check(&cancelled(&[("recorded_at", "x")]), "R004 recorded_at");
    check(&cancelled(&[("movement_id", "")]), "R001 movement_id");
}

#[test]
fn values_and_constants() {
    let mut mapping = Mapping::default();
    let table = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(a, b)| (a.to_string(), b.to_string()))
            .collect()
    };
    mapping.columns.insert("origin".into(), "Ladehafen".into());
    mapping.values.insert(
        "origin".into(),
        table(&[("Qinzhou, Guangxi", "cnqzh"), ("Nowhere", "XX")]),
    );
    mapping
        .constants
        .insert("load_status".into(), "empty".into());
    mapping.constants.insert("mode".into(), "SEA".into());
    mapping.constants.insert("sequence".into(), "7".into());
    let head = "movement_id,shipment_id,Ladehafen,destination,departed_at,Bemerkung\n";
    let csv = format!(
        "{head}M1,S1,\"Qinzhou, Guangxi\",SGSIN,2024-03-05T08:00:00Z,x\nM2,S1,Nowhere,SGSIN,2024-03-05T08:00:00Z,y\n"
    );
    let (info, parsed) = read_with("a.csv", csv.as_bytes(), mapping.clone(), vocabulary()).unwrap();
    assert_eq!(
        info,
        FileInfo {
            format: "csv",
            unknown_columns: vec!["Bemerkung".into()],
            lacks_sequence: false,
            warnings: Vec::new(),
        }
    );
    let batch = &parsed.batch;
    assert_eq!(
        (batch.mode[0], batch.load_status[0], batch.sequence[0]),
        (Mode::Sea, LoadStatus::Empty, 7)
    );
    assert_eq!(batch.origin[0].to_string(), "CNQZH");
    assert_eq!(
        fate_of(&parsed),
        "R007 origin \"Nowhere\": a UN/LOCODE such as CNCKG, all upper or all lower case; [values] reads it as \"XX\""
    );
    mapping.constants.insert("mode".into(), "ship".into());
    assert!(
        fate_of(&read("a.csv", csv.as_bytes(), mapping))
            .ends_with("; the value stands in [constants]")
    );
}

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
