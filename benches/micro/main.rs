//! Micro-benchmarks of the stages of a run, each on one thread unless it says otherwise: `cargo bench --locked --bench micro -- parse`.
//!
//! How to read them: benches/README.md. Only the public interface of the library is used, so that they measure what a run uses.

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
