//! Figures through the built program and the data that ship: the same whatever the machine does, explained, compared, and right where it is easy
//! to be wrong.

mod carried;
mod determinism;
mod diff;
mod explain;
mod factor_library;
mod in_columns;
mod in_memory;
mod network_data;
mod plain_encodings;
mod published;
mod real;
mod sea;
mod slices;
mod stretches;
#[path = "../support/mod.rs"]
mod support;
mod traps;
