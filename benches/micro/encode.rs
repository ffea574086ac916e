//! Elements into the bytes of their Parquet table: rows and bytes per second by number of threads.

use crate::movements::{REFERENCE, batch};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use green_corridor::inside::{ELEMENTS, ElementsWriter, Encodings, FixedNames};
use green_corridor_core::calc::Kernel;
use green_corridor_core::model::element::{Footprints, Names};
use std::sync::Arc;
use std::thread::available_parallelism;

/// A little more than one full row group.
const SHIPMENTS: u64 = 27_000;

/// One, and as many as there are.
fn threads() -> Vec<usize> {
    let mut counts = vec![1, available_parallelism().map_or(1, |n| n.get())];
    counts.dedup();
    counts
}

#[divan::bench(args = threads(), sample_count = 10)]
fn elements(bencher: Bencher, threads: usize) {
    let (batch, symbols) = batch(SHIPMENTS);
    let rows = batch.len();
    let footprints = Arc::new(Kernel::new(&REFERENCE).footprint(batch, 0..rows, &symbols));
    let fixed = FixedNames::new(&REFERENCE, vec!["movements.csv".to_owned()]);
    let names = fixed.with(&symbols);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let (rows, bytes) = (
        footprints.elements.len(),
        pool.install(|| encode(&footprints, &names)),
    );
    bencher
        .counter(ItemsCount::new(rows))
        .counter(BytesCount::new(bytes))
        .bench_local(|| pool.install(|| encode(&footprints, &names)));
}

/// Length of the table in bytes.
fn encode(footprints: &Arc<Footprints>, names: &Names) -> usize {
    let mut writer = ElementsWriter::new(&ELEMENTS, Encodings::Default, &[], |_| Ok(Vec::new()));
    writer.push(footprints.clone(), names).unwrap();
    writer
        .finish(names)
        .unwrap()
        .iter()
        .map(|part| part.writer.len())
        .sum()
}
