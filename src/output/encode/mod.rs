//! Column chunks, encoded by ourselves: a whole column of one row group to bytes plus the metadata that the `parquet`
//! crate's row-group writer takes.
//!
//! The crate's own column writer looks every value up in a hash table and decides about its dictionary as it goes. Here a
//! value that is a code already stays one: a dictionary position is a table look-up. How a column is encoded is decided
//! once per row group and from its values only, so the bytes are a pure function of the rows.
//!
//! The same columns become Arrow arrays where no file is wanted (`array`): there is one way from results to columns.
//!
//! Files are not opened here, and nothing is known of tables; see `elements`, `shipments` and the others.
//!
//! - Pages end at multiples of [`PAGE_ROWS`] rows in every column alike, so that one page range serves all columns.
//! - Data pages are version 1: every reader in use takes them, and levels of flat tables compress to nothing.
//! - Dictionary positions are numbered by first occurrence; an all-null chunk has no dictionary.

mod array;
mod bits;
mod bloom;
mod bound;
mod chunk;
mod codes;
mod delta;
mod frames;
mod keys;
mod numbers;
mod rle;
mod rows;
mod runs;
mod texts;

#[cfg(test)]
mod tests;

pub(crate) use bound::Bound;
pub(crate) use chunk::{Encoded, Pages};
pub(crate) use codes::{encode_codes, encode_flags, encode_keys};
pub(crate) use numbers::{Number, encode_numbers};
pub(crate) use runs::{RunPage, encode_runs};
pub(crate) use texts::{TextPage, encode_texts};

use crate::model::unit::decimal_text;
use arrow::datatypes::DataType;
use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;
use std::fmt;

/// Rows per data page.
pub(crate) const PAGE_ROWS: usize = 65_536;

/// zstd's fastest regular level; higher ones gain a few per cent at several times the time.
pub(crate) const ZSTD_LEVEL: i32 = 1;

/// Share of false positives that bloom filters are sized for.
pub(crate) const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// The code that stands for null in [`encode_codes`].
pub(crate) const NO_CODE: u32 = u32::MAX;

/// The key that stands for null in [`encode_keys`].
pub(crate) const NO_KEY: i64 = i64::MIN;

/// What the readers of the files must know (`[output] encodings`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encodings {
    /// Whatever makes small files that are fast to read; sums of 38 digits.
    #[default]
    Default,
    /// PLAIN and dictionaries only, sums of 28 digits: for readers that know no delta encodings or no wider decimals.
    Plain,
}

impl Encodings {
    /// Each, in the order in which they are told.
    pub const ALL: [Encodings; 2] = [Encodings::Default, Encodings::Plain];

    /// The word in a run file.
    pub const fn code(self) -> &'static str {
        match self {
            Encodings::Default => "default",
            Encodings::Plain => "plain",
        }
    }

    /// Digits of a sum.
    pub const fn sum_digits(self) -> u8 {
        match self {
            Encodings::Default => 38,
            Encodings::Plain => 28,
        }
    }
}

/// A column of a flat schema: required or optional, never repeated.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The crate's descriptor.
    pub descr: ColumnDescPtr,
    /// How its values may be written.
    pub encodings: Encodings,
    /// The type of the array that it becomes in memory; `None`: pages of a file.
    pub array: Option<DataType>,
}

impl Column {
    /// Whether a row may lack a value.
    pub(crate) fn is_nullable(&self) -> bool {
        self.descr.max_def_level() > 0
    }

    /// The smallest magnitude that its sums cannot have; `None`: they hold whatever is computed.
    fn sum_limit(&self) -> Option<u128> {
        let is_sum = self.descr.physical_type() == Type::FIXED_LEN_BYTE_ARRAY;
        let is_bounded = is_sum && self.encodings != Encodings::Default;
        is_bounded.then(|| 10u128.pow(self.encodings.sum_digits().into()))
    }
}

/// A sum that the chosen encodings cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumTooLong {
    /// Column.
    pub column: String,
    /// Row of the row group, from 0.
    pub row: usize,
    /// The sum, in units of its last decimal.
    pub value: i128,
    /// Decimals of the column.
    pub scale: u32,
}

impl fmt::Display for SumTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: found {}, expected at most {} digits as [output] encodings = \"{}\" writes them; \"{}\" holds {}",
            self.column,
            decimal_text(self.value, self.scale),
            Encodings::Plain.sum_digits(),
            Encodings::Plain.code(),
            Encodings::Default.code(),
            Encodings::Default.sum_digits(),
        )
    }
}

impl std::error::Error for SumTooLong {}

impl From<SumTooLong> for ParquetError {
    fn from(fault: SumTooLong) -> ParquetError {
        ParquetError::External(Box::new(fault))
    }
}

/// Number of pages of `rows` rows.
pub(crate) const fn page_count(rows: usize) -> usize {
    rows.div_ceil(PAGE_ROWS)
}

/// The rows of page `page` of `rows` rows.
pub(crate) fn page_rows(page: usize, rows: usize) -> std::ops::Range<usize> {
    page * PAGE_ROWS..((page + 1) * PAGE_ROWS).min(rows)
}

/// The values of all pages.
fn gathered<T>(rows: usize, mut fill: impl FnMut(usize, &mut Vec<T>)) -> Vec<T> {
    let mut values = Vec::with_capacity(rows);
    (0..page_count(rows)).for_each(|page| fill(page, &mut values));
    assert_eq!(values.len(), rows, "rows of all pages");
    values
}
