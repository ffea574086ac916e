//! Movements in typed columns into elements, shipments and sums: elements per second of one core.

use crate::movements::{REFERENCE, batch};
use divan::Bencher;
use divan::counter::ItemsCount;
use green_corridor_core::calc::Kernel;

/// About 16 000 movements, what a run hands to the kernel at a time; 25 000 elements.
const SHIPMENTS: u64 = 2_500;

/// As in the middle of a run: every lane is known already.
#[divan::bench]
fn known_lanes(bencher: Bencher) {
    let (batch, symbols) = batch(SHIPMENTS);
    let rows = batch.len();
    let mut kernel = Kernel::new(&REFERENCE);
    let elements = kernel
        .footprint(batch.clone(), 0..rows, &symbols)
        .elements
        .len();
    bencher
        .counter(ItemsCount::new(elements))
        .with_inputs(|| batch.clone())
        .bench_local_values(|batch| kernel.footprint(batch, 0..rows, &symbols));
}

/// As for the first batch of a run: every lane is resolved on the way.
#[divan::bench]
fn new_lanes(bencher: Bencher) {
    let (batch, symbols) = batch(SHIPMENTS);
    let rows = batch.len();
    let elements = Kernel::new(&REFERENCE)
        .footprint(batch.clone(), 0..rows, &symbols)
        .elements
        .len();
    bencher
        .counter(ItemsCount::new(elements))
        .with_inputs(|| batch.clone())
        .bench_local_values(|batch| Kernel::new(&REFERENCE).footprint(batch, 0..rows, &symbols));
}
