//! Bytes of a file in the page cache into checked, typed columns: bytes and rows per second of one core.

use crate::movements::{input_file, ndjson, sample};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use green_corridor::made_up::Format;

/// About 31 000 rows: short enough to find a quiet moment on a busy machine.
const SHIPMENTS: u64 = 5_000;

#[divan::bench]
fn csv(bencher: Bencher) {
    measure(bencher, "movements.csv", &sample(SHIPMENTS, Format::Csv));
}

#[divan::bench]
fn newline_delimited_json(bencher: Bencher) {
    measure(
        bencher,
        "movements.ndjson",
        &ndjson(&sample(SHIPMENTS, Format::Csv)),
    );
}

#[divan::bench]
fn parquet(bencher: Bencher) {
    measure(
        bencher,
        "movements.parquet",
        &sample(SHIPMENTS, Format::Parquet),
    );
}

fn measure(bencher: Bencher, label: &'static str, content: &[u8]) {
    let (file, rows) = input_file(label, content);
    bencher
        .counter(BytesCount::new(content.len()))
        .counter(ItemsCount::new(rows))
        .bench_local(|| file.parse(&mut |rows| drop(black_box(rows))).unwrap());
}
