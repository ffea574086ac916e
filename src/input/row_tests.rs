//! What becomes of a row as a whole: the reason that counts, tombstones, cancelled records, values and constants of a mapping.

use super::mapping::{Mapping, UNREADABLE_INSTANT};
use super::tests::{check, fate_of, one, read, read_with, vocabulary};
use super::*;
use crate::model::mode::{LoadStatus, Mode, RecordStatus};
use crate::model::time::NO_INSTANT;

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
