//! Published tables read back: batches of named columns, and the few typed views that `verify` needs.
//!
//! Reads what is there; whether it is right is the caller's to judge.

use crate::claims::{self, Source};
use crate::error::Error;
use crate::output::schema::Field;
use crate::published::expected::Expected;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Decimal128Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::SchemaDescriptor;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Rows per batch.
const BATCH_ROWS: usize = 65_536;

/// The rows of a table file, only the named columns decoded and each value checked against `fields`, the columns of the
/// table. A column that is missing or of another type or scale, and a word of no list, are errors that name the row.
pub fn rows(file: File, fields: &[Field], columns: &[&str]) -> Result<Rows> {
    let metadata = claims::metadata(&file)?;
    let schema = metadata.file_metadata().schema_descr();
    let leaves = columns
        .iter()
        .map(|name| leaf(schema, name))
        .collect::<Result<Vec<_>>>()?;
    for group in metadata.row_groups() {
        for &leaf in &leaves {
            claims::check_pages_of(&file, group.column(leaf))?;
        }
    }
    let mask = ProjectionMask::leaves(schema, leaves);
    let source = Source::new(file)?;
    let (reader, expected) = claims::guarded(|| {
        let arrow = ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new())?;
        let expected = Expected::new(fields, columns, arrow.schema())?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), arrow)
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()?;
        Ok((reader, expected))
    })?;
    Ok(Rows {
        reader,
        source,
        expected,
        before: 0,
    })
}

/// The place of a column.
pub(crate) fn leaf(schema: &SchemaDescriptor, name: &str) -> Result<usize> {
    let place = schema.columns().iter().position(|c| c.name() == name);
    place.ok_or_else(|| ParquetError::General(format!("column {name} is missing")))
}

/// Checked batches of a table file.
pub struct Rows {
    reader: ParquetRecordBatchReader,
    source: Source,
    expected: Expected,
    /// Rows of the batches before this one.
    before: usize,
}

impl Iterator for Rows {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        let batch = claims::guarded(|| Ok(self.reader.next().transpose()?));
        // The decoder tells the system's reason as a text.
        let batch = batch.map_err(|e| self.source.failed().map_or(e, ParquetError::from));
        let batch = match batch.transpose()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        let before = self.before;
        self.before += batch.num_rows();
        let place = |row: usize| format!("row {}", before + row + 1);
        Some(self.expected.check(&batch, place).map(|()| batch))
    }
}

/// A part of a published table that cannot be read: the file is not what it should be (exit 7), or reading failed (exit 6).
pub fn fault(part: &Path, error: &ParquetError) -> Error {
    let path = part.display();
    match claims::io_cause(error) {
        Some(cause) => Error::Storage(format!("{path}: cannot read: {cause}")),
        None => Error::Verification(format!("{path}: {error}")),
    }
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

    /// A number of 64 bits; null: `None`.
    pub fn longs(&self, name: &str) -> Result<Vec<Option<i64>>> {
        let narrow = |v: Option<i128>| v.map(|v| self.long(name, v)).transpose();
        self.numbers(name)?.into_iter().map(narrow).collect()
    }

    /// A number of 64 bits that is never null.
    pub fn present_longs(&self, name: &str) -> Result<Vec<i64>> {
        let narrow = |v: i128| self.long(name, v);
        self.present(name)?.into_iter().map(narrow).collect()
    }

    /// A file can hold more digits than the type of its column says.
    fn long(&self, name: &str, value: i128) -> Result<i64> {
        i64::try_from(value).map_err(|_| {
            ParquetError::General(format!("column {name}: found {value}, expected 64 bits"))
        })
    }

    /// A text; null: the empty text.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let array = self.array(name)?;
        let text = array
            .as_string_opt::<i32>()
            .ok_or_else(|| self.wrong(name, "text"))?;
        Ok(text.iter().map(|v| v.unwrap_or("").to_owned()).collect())
    }

    /// Adds to `counts` how often each text occurs; nulls are passed over.
    pub fn count(&self, name: &str, counts: &mut BTreeMap<String, u64>) -> Result<()> {
        let array = self.array(name)?;
        let text = array
            .as_string_opt::<i32>()
            .ok_or_else(|| self.wrong(name, "text"))?;
        // Most rows have the text of the row before.
        let mut same = ("", 0u64);
        let add = |(text, rows): (&str, u64), counts: &mut BTreeMap<String, u64>| {
            if rows > 0 {
                *counts.entry(text.to_owned()).or_default() += rows;
            }
        };
        for text in text.iter().flatten() {
            if text != same.0 {
                add(std::mem::replace(&mut same, (text, 0)), counts);
            }
            same.1 += 1;
        }
        add(same, counts);
        Ok(())
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
