//! Published tables read back: whole, by id, in pairs, and in sums.
//!
//! Everything here checks what it reads; a table that is not what the writer writes is an error that names the file.

pub(crate) mod batches;
pub(crate) mod carried;
pub(crate) mod columns;
pub(crate) mod cut;
pub(crate) mod elements;
pub(crate) mod expected;
pub(crate) mod find;
pub(crate) mod pairs;
pub(crate) mod proven;
pub(crate) mod rejected;
pub(crate) mod row;
pub(crate) mod run;
pub(crate) mod slice;
pub(crate) mod sums;
pub(crate) mod totals;
