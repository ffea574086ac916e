//! The pure part of green-corridor: values in, values out.
//!
//! Whole numbers and slices only. No file, thread, clock, environment variable or columnar library is known here, and no float
//! outside [`geo`]; `clippy.toml` beside this crate's manifest and `tests/house.rs` of the workspace keep it so.
//!
//! Read [`model`] for the words, then [`calc`] for the arithmetic. The modules are public for the workspace; what a user of the
//! library may rely on is what the crate `green_corridor` re-exports.
// Tests read the shipped library from its files, and their numbers are small.
#![cfg_attr(
    test,
    allow(clippy::cast_possible_truncation, clippy::disallowed_methods)
)]

pub mod calc;
pub mod factors;
pub mod geo;
pub mod model;
pub mod reference;
pub mod routes;
