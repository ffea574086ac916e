//! JSON, Parquet and compressed files that nobody should send, and noise under a known name.

use super::{HEADER, accounted, check, good, run};
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampSecondArray,
};
use arrow::datatypes::Int32Type;
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use std::io::Write;
use std::sync::Arc;

#[test]
fn json_of_all_kinds() {
    let good = |n: u32| {
        let pairs = HEADER.trim_end().split(',').zip(
            good(n)
                .trim_end()
                .split(',')
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        );
        let fields: Vec<String> = pairs
            .map(|(name, cell)| format!("\"{name}\":\"{cell}\""))
            .collect();
        format!("{{{}}}\n", fields.join(","))
    };
    let line = |line: &str, wanted: &str| {
        check(
            "x.ndjson",
            [&good(1), line, "\n", &good(2)].concat().as_bytes(),
            wanted,
        )
    };
    let with = |name: &str, value: &str| good(3).replace("{", &format!("{{\"{name}\":{value},"));
    for deep in [1_000, 60_000] {
        line(&"[".repeat(deep), "0: 2, R023 1");
        line(
            &with("carrier", &("[".repeat(deep / 2) + &"]".repeat(deep / 2))),
            "0: 2, R023 1",
        );
        line(&"{\"a\":".repeat(deep / 5), "0: 2, R023 1");
    }
    for text in [
        "[]",
        "1",
        "null",
        "\"x\"",
        "{",
        "}",
        "{}{}",
        "{\"a\"}",
        "not json",
        "{\"a\":NaN}",
        "{'a':1}",
    ] {
        line(text, "0: 2, R023 1");
    }
    line(
        &good(3).replace("\"carrier\":\"\"", "\"carrier\":\"\\ud800\""),
        "0: 2, R016 1",
    );
    line("{}", "0: 2, R001 1");
    line(&with("unknown", "[[[{}]]]"), "0: 3");
    line(&with("x", "\"\\u0000\""), "0: 3");
    line(&good(3).replace("\"10000\"", "1e5"), "0: 2, R002 1");
    line(&good(3).replace("\"10000\"", "true"), "0: 2, R023 1");
    line(
        &good(3).replace("\"10000\"", "9223372036854775808"),
        "0: 2, R003 1",
    );
    line(
        &good(3).replace("\"carrier\":\"\"", "\"carrier\":\"\\u0000\""),
        "0: 2, R016 1",
    );
    check(
        "open.ndjson",
        [&good(1), good(2).trim_end().trim_end_matches('}')]
            .concat()
            .as_bytes(),
        "0: 1, R023 1",
    );
}

/// Columns of three accepted rows as Parquet; a column of the same name takes the place of ours.
fn parquet(other: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let rows: Vec<String> = (1..=3).map(good).collect();
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for (at, name) in HEADER.trim_end().split(',').enumerate() {
        let cells = rows.iter().map(|row| {
            row.trim_end()
                .split(',')
                .nth(at)
                .filter(|cell| !cell.is_empty())
        });
        columns.push((name, Arc::new(cells.collect::<StringArray>())));
    }
    columns.retain(|(name, _)| !other.iter().any(|(o, _)| o == name));
    columns.extend(other);
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
            .expect("a batch");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a file");
    bytes
}

#[test]
fn parquet_of_other_types() {
    let column = |name: &str, array: ArrayRef, wanted: &str| {
        check("x.parquet", &parquet(vec![(name, array)]), wanted)
    };
    check("x.parquet", &parquet(vec![]), "0: 3");
    column(
        "mode",
        Arc::new(StringArray::from(vec![Some("road"), None, Some("")])),
        "0: 1, R001 2",
    );
    column(
        "cargo_mass_kg",
        Arc::new(Float64Array::from(vec![Some(1e4), None, Some(f64::NAN)])),
        "0: 1, R002 1, R013 1",
    );
    column(
        "cargo_mass_kg",
        Arc::new(Float64Array::from(vec![f64::INFINITY, 1e300, -0.0])),
        "0: 0, R002 1, R003 2",
    );
    column(
        "cargo_mass_kg",
        Arc::new(Int64Array::from(vec![i64::MAX, i64::MIN, 7])),
        "0: 1, R003 2",
    );
    let wide = Decimal128Array::from(vec![i128::MAX / 10, -1, 10_000])
        .with_precision_and_scale(38, 0)
        .expect("a decimal");
    column("cargo_mass_kg", Arc::new(wide), "0: 1, R003 2");
    column(
        "departed_at",
        Arc::new(TimestampSecondArray::from(vec![
            i64::MAX,
            i64::MIN,
            1_748_764_800,
        ])),
        "0: 1, R004 2",
    );
    column(
        "departed_at",
        Arc::new(Int64Array::from(vec![1, 2, 3])),
        "3",
    );
    column(
        "carrier",
        Arc::new(BooleanArray::from(vec![true, false, true])),
        "3",
    );
    column(
        "carrier",
        Arc::new(BinaryArray::from(vec![&b"a"[..], b"\xff", b""])),
        "3",
    );
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1)]),
        None,
        Some(vec![]),
    ]);
    column("carrier", Arc::new(lists.clone()), "3");
    column("of_no_meaning", Arc::new(lists), "0: 3");
}

#[test]
fn parquet_that_is_broken() {
    let whole = parquet(vec![]);
    for part in [1, 4, 8, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        check("cut.parquet", &whole[..part], "3");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut random = Random(7);
    for _ in 0..60 {
        let mut bytes = whole.clone();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        std::fs::write(folder.path().join("flipped.parquet"), &bytes)
            .expect("the input can be written");
        let ended = run(folder.path(), &["flipped.parquet"], &["--dry-run"]);
        let code = ended
            .code
            .unwrap_or_else(|| panic!("byte {at}: ended by a signal"));
        assert!(
            matches!(code, 0 | 3),
            "byte {at}: exit {code}\n{}",
            ended.stderr
        );
    }
}

/// A small generator (xorshift): the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}

#[test]
fn noise_under_a_known_name() {
    let mut random = Random(11);
    for name in [
        "x.parquet",
        "x.csv.gz",
        "x.csv.zst",
        "x.ndjson.gz",
        "x.ndjson.zst",
        "x.csv",
    ] {
        check(name, &random.bytes(50_000), "3");
    }
    check("x.ndjson", &random.bytes(50_000), "3");
    // Behind one record each line is one, however odd: only that all are accounted for is certain.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let noise = [b"{}\n", random.bytes(50_000).as_slice()].concat();
    std::fs::write(folder.path().join("x.ndjson"), noise).expect("the input can be written");
    let ended = run(folder.path(), &["x.ndjson"], &[]);
    let manifest =
        accounted(folder.path(), &ended, "x.ndjson").unwrap_or_else(|| panic!("{}", ended.stderr));
    assert!(manifest.counts.accepted == 0 && manifest.counts.rejected > 100);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn compressed_and_cut() {
    let text = [HEADER, &(1..2_000).map(good).collect::<String>()].concat();
    let packed = gzip(text.as_bytes());
    check("whole.csv.gz", &packed, "0: 1999");
    check("cut.csv.gz", &packed[..packed.len() / 2], "3");
    check("no-checksum.csv.gz", &packed[..packed.len() - 8], "3");
    check(
        "then-noise.csv.gz",
        &[packed.as_slice(), b"noise"].concat(),
        "3",
    );
    let packed = zstd::encode_all(text.as_bytes(), 1).expect("memory");
    check("whole.csv.zst", &packed, "0: 1999");
    check("cut.csv.zst", &packed[..packed.len() / 2], "3");
    // 200 MB of one line in 200 kB.
    let line = [HEADER, &good(1), &"x".repeat(200 << 20)].concat();
    check("bomb.csv.gz", &gzip(line.as_bytes()), "0: 1, R023 1");
}
