//! Results to bytes: the published tables as Parquet.
//!
//! Takes models and a writer; opens no file and knows no folder. Reading order: `elements` (a table is a list of columns),
//! `table` (a stream of chunks becomes row groups), `slices` (where they are cut), `encode` (how a column becomes bytes),
//! `part` (how files are filled).

pub(crate) mod columns;
pub(crate) mod corridors;
pub(crate) mod differences;
pub(crate) mod elements;
pub(crate) mod encode;
pub(crate) mod factors;
pub(crate) mod part;
pub(crate) mod ratio;
pub(crate) mod rejected;
pub(crate) mod schema;
pub(crate) mod shipments;
pub(crate) mod slices;
pub(crate) mod table;
pub(crate) mod years;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
pub(crate) mod tests;
