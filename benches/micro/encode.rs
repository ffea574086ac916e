//! Elements into the bytes of their Parquet table: rows and bytes per second by number of threads.

use crate::movements::{REFERENCE, batch};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use green_corridor::inside::encoded_bytes;
use green_corridor_core::calc::Kernel;
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
    let encode = || encoded_bytes(&footprints, &REFERENCE, &symbols).unwrap();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let (rows, bytes) = (footprints.elements.len(), pool.install(encode));
    bencher
        .counter(ItemsCount::new(rows))
        .counter(BytesCount::new(bytes))
        .bench_local(|| pool.install(encode));
}
