//! Parquet: names, and the cells of the columns that a movement record could have.

use super::{Cell, Held};
use crate::claims;
use crate::input::{FileFault, SourceFile};
use arrow::array::{Array, ArrayRef, AsArray, make_array};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::{ParquetError, Result};
use std::sync::Arc;

/// Calls `name` with the name of every column, then `each` with the cells of every row, until it says no.
pub(crate) fn columns(
    source: &SourceFile,
    name: &mut dyn FnMut(&str),
    each: &mut dyn FnMut(Vec<Cell>) -> bool,
) -> std::result::Result<(), FileFault> {
    claims::guarded(|| read(source, name, each)).map_err(|e| match claims::io_cause(&e) {
        Some(cause) => FileFault::unread(&source.label, cause),
        None => FileFault::new(&source.label, format!("is no readable Parquet file: {e}")),
    })
}

fn read(
    source: &SourceFile,
    name: &mut dyn FnMut(&str),
    each: &mut dyn FnMut(Vec<Cell>) -> bool,
) -> Result<()> {
    let metadata = Arc::new(claims::metadata(&source.file)?);
    let file = source.file.try_clone()?;
    for group in metadata.row_groups() {
        for chunk in group.columns() {
            claims::check_pages_of(&file, chunk)?;
        }
    }
    let metadata = ArrowReaderMetadata::try_new(metadata, ArrowReaderOptions::new())?;
    let roots = metadata.schema().fields().clone();
    roots.iter().for_each(|field| name(field.name()));
    let flat = |(at, field): (usize, &Arc<arrow::datatypes::Field>)| {
        (!field.data_type().is_nested()).then_some(at)
    };
    let read: Vec<usize> = roots.iter().enumerate().filter_map(flat).collect();
    let mask = ProjectionMask::roots(metadata.parquet_schema(), read.iter().copied());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    for batch in builder.with_projection(mask).build()? {
        let batch = batch?;
        let arrays: Vec<ArrayRef> = (batch.columns().iter())
            .map(in_utc)
            .collect::<Result<_>>()?;
        let columns: Vec<Column> = (arrays.iter()).map(Column::new).collect::<Result<_>>()?;
        for row in 0..batch.num_rows() {
            let mut cells = vec![
                Cell {
                    text: String::new(),
                    held: Held::Other,
                };
                roots.len()
            ];
            for (column, &at) in columns.iter().zip(&read) {
                cells[at] = column.cell(row)?;
            }
            if !each(cells) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Instants are counted from 1970 in UTC whatever zone they are to be shown in, and zones by name cannot be shown.
fn in_utc(array: &ArrayRef) -> Result<ArrayRef> {
    let DataType::Timestamp(unit, Some(_)) = array.data_type() else {
        return Ok(array.clone());
    };
    let utc = DataType::Timestamp(*unit, Some("+00:00".into()));
    let data = array.to_data().into_builder().data_type(utc).build();
    data.map(make_array)
        .map_err(|e| ParquetError::General(e.to_string()))
}

/// A column of a batch.
struct Column<'a> {
    array: &'a ArrayRef,
    held: Held,
    shown: ArrayFormatter<'a>,
}

const EMPTY_NULLS: FormatOptions<'static> = FormatOptions::new().with_null("");

impl<'a> Column<'a> {
    fn new(array: &'a ArrayRef) -> Result<Column<'a>> {
        let held = match array.data_type() {
            DataType::Dictionary(_, values) => held(values),
            other => held(other),
        };
        let shown = ArrayFormatter::try_new(array.as_ref(), &EMPTY_NULLS)
            .map_err(|e| ParquetError::General(e.to_string()))?;
        Ok(Column { array, held, shown })
    }

    fn cell(&self, row: usize) -> Result<Cell> {
        if self.array.is_null(row) {
            return Ok(Cell::text(b""));
        }
        // A text is taken as it is: it may be no UTF-8.
        let text = match self.array.data_type() {
            DataType::Utf8 => self.array.as_string::<i32>().value(row).trim().to_owned(),
            _ => self
                .shown
                .value(row)
                .try_to_string()
                .map_err(|e| ParquetError::General(e.to_string()))?
                .trim()
                .to_owned(),
        };
        Ok(Cell {
            text,
            held: self.held,
        })
    }
}

fn held(kind: &DataType) -> Held {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Held::Text,
        DataType::Timestamp(_, Some(_)) => Held::Instant,
        DataType::Timestamp(_, None) | DataType::Date32 => Held::Local,
        DataType::Decimal128(..) | DataType::Float32 | DataType::Float64 => Held::Number,
        other if other.is_integer() => Held::Number,
        _ => Held::Other,
    }
}
