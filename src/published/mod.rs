//! Published tables read back: whole, by id, in pairs, and in sums.
//!
//! Everything here checks what it reads; a table that is not what the writer writes is an error that names the file.

pub mod batches;
pub mod columns;
pub mod elements;
pub mod expected;
pub mod find;
pub mod pairs;
pub mod rejected;
pub mod row;
pub mod run;
pub mod sums;
