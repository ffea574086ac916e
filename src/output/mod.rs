//! Results to bytes: the published tables as Parquet, and those tables read back.
//!
//! Takes models and a writer; opens no file and knows no folder. Reading order: `elements` (a table is a list of columns),
//! `table` (a stream of chunks becomes row groups), `slices` (where they are cut), `encode` (how a column becomes bytes),
//! `part` (how files are filled). `read` and `find` read published files back, whole or by id; `published` says what they hold.

pub mod comparison;
pub mod corridors;
pub mod differences;
pub mod elements;
pub mod encode;
pub mod escape;
pub mod factors;
pub mod find;
pub mod part;
pub mod published;
pub mod ratio;
pub mod read;
pub mod read_rejected;
pub mod rejected;
#[cfg(feature = "query")]
pub mod report;
pub mod scale;
pub mod schema;
pub mod shipments;
pub mod slices;
pub mod table;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
