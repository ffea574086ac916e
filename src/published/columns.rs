//! Published tables read back: batches of named columns, and the few typed views that `verify` needs.
//!
//! Reads what is there; whether it is right is the caller's to judge.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Decimal128Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::{ParquetError, Result};
use std::fs::File;

/// Rows per batch.
const BATCH_ROWS: usize = 65_536;

/// The rows of a table file, only the named columns decoded. A column that is missing is an error.
pub fn rows(file: File, columns: &[&str]) -> Result<ParquetRecordBatchReader> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let schema = builder.parquet_schema();
    for name in columns {
        if !schema.columns().iter().any(|c| c.name() == *name) {
            return Err(ParquetError::General(format!("column {name} is missing")));
        }
    }
    let mask = ProjectionMask::columns(schema, columns.iter().copied());
    builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
}

/// A column of a batch by name.
pub struct Columns<'b>(pub &'b RecordBatch);

impl Columns<'_> {
    fn array(&self, name: &str) -> Result<&ArrayRef> {
        self.0
            .column_by_name(name)
            .ok_or_else(|| ParquetError::General(format!("column {name} is missing")))
    }

    fn wrong(&self, name: &str, wanted: &str) -> ParquetError {
        let found = self
            .0
            .column_by_name(name)
            .map(|a| a.data_type().to_string())
            .unwrap_or_default();
        ParquetError::General(format!("column {name} is {found}, expected {wanted}"))
    }

    /// A decimal, or a whole number, as its mantissa; null: `None`.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<i128>>> {
        let array = self.array(name)?;
        let wide = |v: Option<i64>| v.map(i128::from);
        Ok(match array.data_type() {
            DataType::Decimal128(_, _) => array.as_primitive::<Decimal128Type>().iter().collect(),
            DataType::Int64 => array.as_primitive::<Int64Type>().iter().map(wide).collect(),
            DataType::Int32 => array
                .as_primitive::<Int32Type>()
                .iter()
                .map(|v| v.map(i128::from))
                .collect(),
            DataType::Timestamp(TimeUnit::Microsecond, _) => array
                .as_primitive::<TimestampMicrosecondType>()
                .iter()
                .map(wide)
                .collect(),
            _ => return Err(self.wrong(name, "a decimal, a whole number or a timestamp")),
        })
    }

    /// A number that is never null.
    pub fn present(&self, name: &str) -> Result<Vec<i128>> {
        let missing = || ParquetError::General(format!("column {name} holds a null"));
        self.numbers(name)?
            .into_iter()
            .map(|v| v.ok_or_else(missing))
            .collect()
    }

    /// A text; null: the empty text.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let array = self.array(name)?;
        let text = array
            .as_string_opt::<i32>()
            .ok_or_else(|| self.wrong(name, "text"))?;
        Ok(text.iter().map(|v| v.unwrap_or("").to_owned()).collect())
    }

    /// Whether each value is present.
    pub fn presence(&self, name: &str) -> Result<Vec<bool>> {
        let array = self.array(name)?;
        Ok((0..array.len()).map(|i| array.is_valid(i)).collect())
    }

    /// A flag that is never null.
    pub fn truths(&self, name: &str) -> Result<Vec<bool>> {
        let array = self.array(name)?;
        let truths = array
            .as_boolean_opt()
            .ok_or_else(|| self.wrong(name, "a flag"))?;
        Ok(truths.values().iter().collect())
    }

    /// A date as days since 1970-01-01.
    pub fn dates(&self, name: &str) -> Result<Vec<i32>> {
        let array = self.array(name)?;
        let dates = array
            .as_primitive_opt::<arrow::datatypes::Date32Type>()
            .ok_or_else(|| self.wrong(name, "a date"))?;
        Ok(dates.values().to_vec())
    }
}
