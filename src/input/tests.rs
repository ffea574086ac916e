//! Whole files through the module: what goes in as records, what comes out as rows and rejections.

use super::mapping::{DistanceUnit, Mapping, MassUnit};
use super::test_files::source;
use super::*;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, ByMode, Mode};
use crate::model::time::instant_text;

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
        default_operation: ByMode([Some(0), None, Some(1), None, None, Some(2)]),
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

pub(super) fn read(name: &str, content: &[u8], mapping: Mapping) -> Parsed {
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
pub(super) fn one(changes: &[(&str, &str)]) -> Vec<u8> {
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
pub(super) fn fate_of(parsed: &Parsed) -> String {
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
pub(super) fn check(changes: &[(&str, &str)], want: &str) {
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
    for (pattern, text, wanted) in [
        (
            "%d/%m/%Y",
            "05/03/24",
            "; \"%d/%m/%y\" reads it: %y is a year of two digits",
        ),
        (
            "%d/%m/%y",
            "05/03/2024",
            "; \"%d/%m/%Y\" reads it: %Y is a year of four",
        ),
    ] {
        let mapping = Mapping {
            timestamp: vec![pattern.into()],
            ..Mapping::default()
        };
        let fate = fate_with(&[("departed_at", text)], mapping, vocabulary());
        assert!(fate.starts_with("R004") && fate.contains(wanted), "{fate}");
    }
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
