//! Results to bytes: the published tables as Parquet.
//!
//! Takes models and a writer; opens no file and knows no folder. Reading order: `elements` (a table is a list of columns),
//! `table` (a stream of chunks becomes row groups), `slices` (where they are cut), `encode` (how a column becomes bytes),
//! `part` (how files are filled).

pub mod columns;
pub mod corridors;
pub mod differences;
pub mod elements;
pub mod encode;
pub mod factors;
pub mod part;
pub mod ratio;
pub mod rejected;
pub mod schema;
pub mod shipments;
pub mod slices;
pub mod table;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
pub(crate) mod tests;
