//! A batch of a published table: texts as they are, every figure as the whole number that it is in the file.

use crate::model::time::date_text;
use crate::published::columns::Columns;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use parquet::errors::{ParquetError, Result};
use std::borrow::Cow;

/// Columns of a table that a question needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'w> {
    /// Texts, days and yes-or-no columns: what rows are grouped by. An absent value is the empty text.
    pub texts: &'w [&'static str],
    /// Figures, in the unit of their last decimal.
    pub figures: &'w [&'static str],
}

impl Wanted<'_> {
    /// Every column.
    pub fn all(&self) -> Vec<&'static str> {
        self.texts.iter().chain(self.figures).copied().collect()
    }
}

/// Name of the column that counts: 1 in every row, so that its sum is the number of rows.
pub(crate) const ROWS: &str = "rows";

/// The wanted columns of some rows.
pub(crate) struct Batch<'b> {
    /// How many rows.
    pub len: usize,
    texts: Vec<(&'static str, Texts<'b>)>,
    figures: Vec<(&'static str, Vec<Option<i128>>)>,
}

impl<'b> Batch<'b> {
    /// The wanted columns, and [`ROWS`] unless the table has a column of that name.
    pub fn new(rows: &'b RecordBatch, wanted: Wanted) -> Result<Batch<'b>> {
        let mut batch = Batch {
            len: rows.num_rows(),
            texts: Vec::with_capacity(wanted.texts.len()),
            figures: Vec::with_capacity(wanted.figures.len() + 1),
        };
        for name in wanted.texts {
            batch.texts.push((name, Texts::new(rows, name)?));
        }
        for name in wanted.figures {
            batch.figures.push((name, Columns(rows).numbers(name)?));
        }
        if !wanted.figures.contains(&ROWS) {
            batch.figures.push((ROWS, vec![Some(1); batch.len]));
        }
        Ok(batch)
    }

    /// A column of texts.
    pub fn texts(&self, name: &str) -> Result<&Texts<'b>> {
        find(&self.texts, name)
    }

    /// A column of figures.
    pub fn figures(&self, name: &str) -> Result<&[Option<i128>]> {
        find(&self.figures, name).map(Vec::as_slice)
    }
}

fn find<'c, C>(columns: &'c [(&'static str, C)], name: &str) -> Result<&'c C> {
    let found = columns.iter().find(|(known, _)| *known == name);
    let missing = || ParquetError::General(format!("column {name} was not read"));
    found.map(|(_, column)| column).ok_or_else(missing)
}

/// A column of texts.
pub(crate) enum Texts<'b> {
    /// As in the file.
    Text(&'b StringArray),
    /// Yes or no.
    Flag(&'b BooleanArray),
    /// Days since 1970-01-01.
    Day(Vec<i32>),
}

impl<'b> Texts<'b> {
    fn new(rows: &'b RecordBatch, name: &str) -> Result<Texts<'b>> {
        let array = rows
            .column_by_name(name)
            .ok_or_else(|| ParquetError::General(format!("column {name} is missing")))?;
        Ok(match array.data_type() {
            DataType::Utf8 => Texts::Text(array.as_string()),
            DataType::Boolean => Texts::Flag(array.as_boolean()),
            DataType::Date32 => Texts::Day(Columns(rows).dates(name)?),
            other => {
                let what = format!("column {name} is {other}, expected text, a day or yes and no");
                return Err(ParquetError::General(what));
            }
        })
    }

    /// The text of a row; an absent value is the empty text.
    pub fn at(&self, row: usize) -> Cow<'_, str> {
        match self {
            Texts::Text(texts) if texts.is_valid(row) => texts.value(row).into(),
            Texts::Flag(flags) if flags.is_valid(row) && flags.value(row) => "yes".into(),
            Texts::Flag(flags) if flags.is_valid(row) => "no".into(),
            Texts::Day(days) => date_text(days[row]).into(),
            Texts::Text(_) | Texts::Flag(_) => "".into(),
        }
    }
}
