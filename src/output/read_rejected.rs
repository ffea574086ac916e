//! Rows of a published table read back for people: what `rejects` shows.
//!
//! Takes an opened file and knows no folder; a fault is a text, since only the caller knows the file's name.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::ops::ControlFlow;

/// One row of the `rejected` table; what may be null is empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RejectedRow {
    /// Input file.
    pub file: String,
    /// Row in it, from 1.
    pub row: i64,
    /// Stable code, e.g. `R007`.
    pub code: String,
    /// Column in our naming.
    pub column: String,
    /// What was found.
    pub value: String,
    /// What was wanted.
    pub wanted: String,
    /// Shipment.
    pub shipment_id: String,
    /// Movement.
    pub movement_id: String,
}

/// Calls `each` with every row of one file of the `rejected` table until it breaks off.
pub fn rejected_rows(file: File, each: &mut dyn FnMut(RejectedRow) -> ControlFlow<()>) -> Result<ControlFlow<()>, String> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| e.to_string())?;
    for batch in builder.build().map_err(|e| e.to_string())? {
        let batch = batch.map_err(|e| e.to_string())?;
        for i in 0..batch.num_rows() {
            let text = |name: &str| text(&batch, name, i);
            let row = RejectedRow {
                file: text("file")?,
                row: whole(&batch, "row", i)?,
                code: text("code")?,
                column: text("column")?,
                value: text("value")?,
                wanted: text("wanted")?,
                shipment_id: text("shipment_id")?,
                movement_id: text("movement_id")?,
            };
            if each(row).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// A text; empty when null.
fn text(batch: &RecordBatch, name: &str, row: usize) -> Result<String, String> {
    let column = batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
    let column = column.ok_or_else(|| format!("no text column {name}"))?;
    Ok(if column.is_null(row) { String::new() } else { column.value(row).to_owned() })
}

/// A whole number that is never null.
fn whole(batch: &RecordBatch, name: &str, row: usize) -> Result<i64, String> {
    let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>());
    column.map(|c| c.value(row)).ok_or_else(|| format!("no 64-bit column {name}"))
}
