//! Parquet files of many types.

use super::mapping::Mapping;
use super::tests::{read_with, vocabulary};
use super::*;
use crate::model::flag::Flags;
use crate::model::movement::MovementBatch;
use crate::model::time::instant_text;
use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::array::*;
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema};

pub(super) fn write_with(columns: Vec<(&str, ArrayRef)>, properties: WriterProperties) -> Vec<u8> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(
        schema.clone(),
        columns.into_iter().map(|(_, array)| array).collect(),
    )
    .unwrap();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

pub(super) fn write(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    write_with(columns, WriterProperties::default())
}

pub(super) fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Good records with some columns replaced or added.
pub(super) fn records(
    rows: usize,
    changes: Vec<(&'static str, ArrayRef)>,
) -> Vec<(&'static str, ArrayRef)> {
    let ids: Vec<String> = (1..=rows).map(|i| format!("M{i}")).collect();
    let same = |value: &str| text(&vec![value; rows]);
    let mut columns = vec![
        ("movement_id", Arc::new(StringArray::from(ids)) as ArrayRef),
        ("shipment_id", same("S1")),
        ("mode", same("sea")),
        ("operation", same("sea.feeder")),
        ("origin", same("CNQZH")),
        ("destination", same("SGSIN")),
        ("departed_at", same("2024-03-05T08:00:00Z")),
    ];
    for (name, array) in changes {
        columns.retain(|(other, _)| *other != name);
        columns.push((name, array));
    }
    columns
}

pub(super) fn parse_with(
    content: &[u8],
    mapping: Mapping,
) -> Result<(FileInfo, Parsed), FileFault> {
    read_with("a.parquet", content, mapping, vocabulary())
}

pub(super) fn parse(changes: Vec<(&'static str, ArrayRef)>) -> Parsed {
    let rows = changes.first().map_or(1, |(_, array)| array.len());
    parse_with(&write(records(rows, changes)), Mapping::default())
        .unwrap()
        .1
}

/// Codes of the rejected rows in a batch, `ok` for the others.
pub(super) fn fates(batch: &MovementBatch) -> Vec<String> {
    (0..batch.len())
        .map(|i| {
            batch
                .reject_of(i)
                .map_or("ok".into(), |r| format!("{} {}", r.reason.code(), r.value))
        })
        .collect()
}

#[test]
fn number_types() {
    let sequences: Vec<(ArrayRef, &[&str])> = vec![
        (
            Arc::new(Int8Array::from(vec![1, 0, -1])),
            &["ok", "R003 0", "R003 -1"],
        ),
        (
            Arc::new(Int16Array::from(vec![Some(1), None, Some(10_001)])),
            &["ok", "R001 ", "R003 10001"],
        ),
        (
            Arc::new(Int32Array::from(vec![1, i32::MIN, i32::MAX])),
            &["ok", "R003 -2147483648", "R003 2147483647"],
        ),
        (
            Arc::new(Int64Array::from(vec![10_000, i64::MIN, i64::MAX])),
            &[
                "ok",
                "R003 -9223372036854775808",
                "R003 9223372036854775807",
            ],
        ),
        (
            Arc::new(UInt8Array::from(vec![1, 2, 255])),
            &["ok", "ok", "ok"],
        ),
        (
            Arc::new(UInt16Array::from(vec![1, 0, 65_535])),
            &["ok", "R003 0", "R003 65535"],
        ),
        (
            Arc::new(UInt32Array::from(vec![1, 2, u32::MAX])),
            &["ok", "ok", "R003 4294967295"],
        ),
        (
            Arc::new(UInt64Array::from(vec![1, 2, u64::MAX])),
            &["ok", "ok", "R003 18446744073709551615"],
        ),
        (
            Arc::new(Float64Array::from(vec![3.0, 3.5, f64::NAN])),
            &["ok", "R002 3.5", "R002 NaN"],
        ),
        (
            Arc::new(
                Decimal128Array::from(vec![300, 350, -100])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
            &["ok", "R002 3.5", "R003 -1"],
        ),
        (text(&["1", " 3.0 ", "x"]), &["ok", "ok", "R002 x"]),
    ];
    for (array, want) in sequences {
        let found = array.data_type().clone();
        assert_eq!(
            fates(&parse(vec![("sequence", array)]).batch),
            want,
            "{found}"
        );
    }
    let doubles = [
        1234.5,
        0.1,
        12.3456,
        1e-5,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        1e300,
        1_000_000.0,
        0.0015,
        0.0025,
        1.1 * 1.1,
    ];
    let parsed = parse(vec![(
        "cargo_mass_kg",
        Arc::new(Float64Array::from(doubles.to_vec())),
    )]);
    let codes: Vec<String> = fates(&parsed.batch)
        .iter()
        .map(|f| f[..f.len().min(4)].to_owned())
        .collect();
    assert_eq!(
        codes,
        [
            "ok", "ok", "ok", "R003", "R002", "R002", "R003", "R003", "ok", "ok", "ok", "ok"
        ]
    );
    assert_eq!(parsed.batch.mass_g[..3], [1_234_500, 100, 12_346]);
    assert_eq!(
        parsed.batch.mass_g[8..],
        [1_000_000_000, 2, 2, 1_210],
        "half to even of the shortest decimal"
    );
    let rounded: Vec<bool> = parsed
        .batch
        .flags
        .iter()
        .map(|f| f.has(Flags::DECIMALS_ROUNDED))
        .collect();
    assert_eq!(rounded[..3], [false, false, true]);
    assert_eq!(rounded[8..], [false, true, true, true]);
    let singles = parse(vec![(
        "distance_km",
        Arc::new(Float32Array::from(vec![Some(0.1f32), Some(1234.5), None])),
    )]);
    assert_eq!(singles.batch.distance_m, [100, 1_234_500, 0]);
    assert!(!singles.batch.flags[0].has(Flags::DECIMALS_ROUNDED));
    let decimals = Decimal128Array::from(vec![15_000_005, 15_000_000, 10i128.pow(30)])
        .with_precision_and_scale(38, 4)
        .unwrap();
    let decimals = parse(vec![("cargo_mass_kg", Arc::new(decimals))]);
    assert_eq!(decimals.batch.mass_g, [1_500_000, 1_500_000, 0]);
    assert_eq!(
        fates(&decimals.batch)[2],
        format!("R003 1{}", "0".repeat(26))
    );
}

#[test]
fn text_types_and_dictionaries() {
    let dictionary: DictionaryArray<Int32Type> =
        vec![Some("road"), None, Some("sea"), Some("ship"), Some("SEA")]
            .into_iter()
            .collect();
    let parsed = parse(vec![
        ("mode", Arc::new(dictionary)),
        ("operation", text(&["", "", "", "", ""])),
    ]);
    assert_eq!(
        fates(&parsed.batch),
        ["ok", "R001 ", "ok", "R006 ship", "ok"]
    );
    for array in [
        Arc::new(LargeStringArray::from(vec!["MAEU", " a "])) as ArrayRef,
        Arc::new(StringViewArray::from(vec!["MAEU", " a "])),
        text(&["MAEU", " a "]),
    ] {
        let parsed = parse(vec![("carrier", array)]);
        assert_eq!(
            [0, 1].map(|i| parsed.symbols.text(parsed.batch.carrier[i])),
            ["MAEU", "a"]
        );
    }
    let numbers = parse(vec![
        ("movement_id", Arc::new(Int64Array::from(vec![7, -8]))),
        (
            "shipment_id",
            Arc::new(Float64Array::from(vec![123.0, 0.5])),
        ),
    ]);
    assert_eq!(
        [0, 1].map(|i| (
            numbers.batch.movement_id.str(i),
            numbers.batch.shipment_id.str(i)
        )),
        [("7", "123"), ("-8", "0.5")]
    );
    let nothing = parse(vec![
        ("teu", Arc::new(NullArray::new(1))),
        ("carrier", Arc::new(NullArray::new(1))),
    ]);
    assert_eq!(
        (nothing.batch.teu[0], fates(&nothing.batch)[0].as_str()),
        (0, "ok")
    );
    let nothing = parse(vec![("sequence", Arc::new(NullArray::new(1)))]);
    assert_eq!(fates(&nothing.batch), ["R001 "]);
    let unplaced = parse(vec![(
        "shipment_id",
        Arc::new(StringArray::from(vec![
            Some("S"),
            None,
            Some("a\0"),
            Some("T"),
        ])),
    )]);
    assert_eq!((unplaced.batch.row.clone(), unplaced.rows), (vec![1, 4], 4));
    let rows: Vec<_> = unplaced
        .unplaced
        .iter()
        .map(|r| (r.row, r.reject.reason.code(), r.movement_id.as_str()))
        .collect();
    assert_eq!(rows, [(2, "R001".into(), "M2"), (3, "R016".into(), "M3")]);
}

#[test]
fn text_that_is_not_utf8_is_the_fault_of_its_row() {
    let good = write(records(
        3,
        vec![("carrier", text(&["AAAA", "QQQQ", "CCCC"]))],
    ));
    let mut bad = good.clone();
    while let Some(at) = bad.windows(4).position(|w| w == b"QQQQ") {
        bad[at] = 0xff;
    }
    assert_ne!(good, bad, "the page is not compressed");
    assert_eq!(
        fates(&parse_with(&bad, Mapping::default()).unwrap().1.batch),
        ["ok", "R016 \u{fffd}QQQ", "ok"]
    );
}

#[test]
fn timestamp_types() {
    let second = 1_709_625_600i64;
    let utc = Some("UTC");
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(TimestampSecondArray::from(vec![second]).with_timezone_opt(utc)),
        Arc::new(TimestampMillisecondArray::from(vec![second * 1000]).with_timezone_opt(utc)),
        Arc::new(TimestampMicrosecondArray::from(vec![second * 1_000_000]).with_timezone_opt(utc)),
        Arc::new(
            TimestampNanosecondArray::from(vec![second * 1_000_000_000 + 999])
                .with_timezone_opt(Some("Asia/Shanghai")),
        ),
        Arc::new(TimestampSecondArray::from(vec![second])),
        Arc::new(TimestampMicrosecondArray::from(vec![second * 1_000_000])),
    ];
    for array in arrays {
        let found = array.data_type().clone();
        let parsed = parse(vec![("departed_at", array)]);
        assert_eq!(
            instant_text(parsed.batch.departed_at[0]),
            "2024-03-05T08:00:00Z",
            "{found}"
        );
    }
    let berlin = || Mapping {
        zone: jiff::tz::TimeZone::get("Europe/Berlin").ok(),
        ..Mapping::default()
    };
    // 2024-03-31 01:30, 02:30 (skipped), 2024-10-27 02:30 (twice), 04:30, all local.
    let local: Vec<i64> = [
        1_711_848_600i64,
        1_711_852_200,
        1_729_996_200,
        1_730_003_400,
    ]
    .iter()
    .map(|s| s * 1000)
    .collect();
    let content = write(records(
        4,
        vec![(
            "departed_at",
            Arc::new(TimestampMillisecondArray::from(local)),
        )],
    ));
    let batch = parse_with(&content, berlin()).unwrap().1.batch;
    assert_eq!(
        fates(&batch),
        [
            "ok",
            "R004 2024-03-31T02:30:00",
            "R004 2024-10-27T02:30:00",
            "ok"
        ]
    );
    assert_eq!(instant_text(batch.departed_at[3]), "2024-10-27T03:30:00Z");
    let days = write(records(
        2,
        vec![(
            "departed_at",
            Arc::new(Date32Array::from(vec![19_787, i32::MAX])),
        )],
    ));
    let batch = parse_with(&days, berlin()).unwrap().1.batch;
    assert_eq!(instant_text(batch.departed_at[0]), "2024-03-04T23:00:00Z");
    assert!(fates(&batch)[1].starts_with("R004"));
    let odd = TimestampMicrosecondArray::from(vec![
        i64::MIN,
        i64::MIN + 1,
        -62_135_596_800_000_001,
        253_402_300_800_000_000,
        253_402_300_799_999_999,
        -1,
    ]);
    let batch = parse(vec![("departed_at", Arc::new(odd.with_timezone_opt(utc)))]).batch;
    let codes: Vec<String> = fates(&batch)
        .iter()
        .map(|f| f[..f.len().min(4)].to_owned())
        .collect();
    assert_eq!(codes, ["R004", "R004", "R004", "R004", "ok", "ok"]);
}

#[test]
fn unusable_types_are_named() {
    let fault = |changes| {
        parse_with(&write(records(1, changes)), Mapping::default())
            .unwrap_err()
            .to_string()
    };
    let boolean: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
    assert_eq!(
        fault(vec![("mode", boolean.clone())]),
        "a.parquet: column \"mode\" is BOOLEAN, wanted text or a number for mode"
    );
    assert!(fault(vec![("teu", boolean.clone())]).contains("wanted a number or text for teu"));
    assert!(
        fault(vec![(
            "origin",
            Arc::new(BinaryArray::from(vec![&b"CNCKG"[..]]))
        )])
        .contains("\"origin\" is BYTE_ARRAY, wanted")
    );
    assert!(
        fault(vec![("arrived_at", Arc::new(Int64Array::from(vec![1])))])
            .contains("\"arrived_at\" is INT64, wanted a timestamp, date or text")
    );
    assert!(
        fault(vec![(
            "teu",
            Arc::new(TimestampMillisecondArray::from(vec![1]))
        )])
        .contains("\"teu\" is INT64 (Timestamp")
    );
    let nested: ArrayRef = Arc::new(StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Boolean, true)),
        boolean.clone(),
    )]));
    assert!(fault(vec![("carrier", nested.clone())]).contains("\"carrier\" is a nested column"));
    // Columns that we do not read may be anything, and those that we read are still found behind them.
    let mut columns = records(1, vec![("zz", boolean)]);
    columns.insert(
        0,
        (
            "nested",
            Arc::new(StructArray::from(vec![
                (
                    Arc::new(Field::new("mode", DataType::Utf8, true)),
                    text(&["road"]),
                ),
                (
                    Arc::new(Field::new("y", DataType::Utf8, true)),
                    text(&["y"]),
                ),
            ])),
        ),
    );
    let (info, parsed) = parse_with(&write(columns), Mapping::default()).unwrap();
    assert_eq!(
        info,
        FileInfo {
            format: "parquet",
            unknown_columns: vec!["nested".into(), "zz".into()],
            lacks_sequence: true,
            warnings: Vec::new()
        }
    );
    assert_eq!(fates(&parsed.batch), ["ok"]);
    let required = write(
        records(1, vec![])
            .into_iter()
            .filter(|(name, _)| *name != "origin")
            .collect(),
    );
    assert!(
        parse_with(&required, Mapping::default())
            .unwrap_err()
            .message
            .starts_with("required column \"origin\" is missing")
    );
    assert!(Fields::empty().is_empty());
}
