//! Micro-benchmarks of the stages of a run, each on one thread unless it says otherwise: `cargo bench --locked --features inside --bench micro -- parse`.
//!
//! How to read them: benches/README.md. They use the face of the library and, by its feature `inside`, the few parts of a run that they measure.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small

mod encode;
mod factors;
mod kernel;
mod made_up_library;
mod movements;
mod parse;

fn main() {
    divan::main();
}
