//! A published table as a Polars frame: texts as they are, every figure as the whole number that it is in the file.
//!
//! Polars' decimals are left alone: their sums can wrap. Sums are taken over 128-bit whole numbers.

use crate::model::time::date_text;
use crate::published::columns::Columns;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::DataType;
use parquet::errors::{ParquetError, Result};
use polars_core::prelude::{
    Column, DataFrame, IntoSeries, NamedFrom, NewChunkedArray, Series, StringChunked,
};

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

/// The wanted columns of a batch, and [`ROWS`] unless the table has a column of that name.
pub(crate) fn frame(batch: &RecordBatch, wanted: Wanted) -> Result<DataFrame> {
    let mut columns = Vec::with_capacity(wanted.texts.len() + wanted.figures.len() + 1);
    for name in wanted.texts {
        columns.push(texts(batch, name)?);
    }
    for name in wanted.figures {
        let figures = Columns(batch).numbers(name)?;
        columns.push(Column::from(Series::new(
            (*name).into(),
            figures.as_slice(),
        )));
    }
    if !wanted.figures.contains(&ROWS) {
        columns.push(Column::from(Series::new(
            ROWS.into(),
            vec![1i128; batch.num_rows()],
        )));
    }
    DataFrame::new(batch.num_rows(), columns).map_err(|e| ParquetError::General(e.to_string()))
}

fn texts(batch: &RecordBatch, name: &str) -> Result<Column> {
    let array = batch
        .column_by_name(name)
        .ok_or_else(|| ParquetError::General(format!("column {name} is missing")))?;
    let texts = match array.data_type() {
        DataType::Utf8 => {
            let texts = array
                .as_string::<i32>()
                .iter()
                .map(|text| Some(text.unwrap_or("")));
            StringChunked::from_iter_options(name.into(), texts)
        }
        DataType::Boolean => {
            let words = array
                .as_boolean()
                .iter()
                .map(|is| is.map(|is| if is { "yes" } else { "no" }));
            StringChunked::from_iter_options(name.into(), words)
        }
        DataType::Date32 => {
            let days = Columns(batch).dates(name)?;
            StringChunked::from_iter_values(name.into(), days.into_iter().map(date_text))
        }
        other => {
            return Err(ParquetError::General(format!(
                "column {name} is {other}, expected text, a day or yes and no"
            )));
        }
    };
    Ok(Column::from(texts.into_series()))
}
