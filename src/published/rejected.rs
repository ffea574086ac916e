//! Rows of a published table read back for people: what `rejects` shows.
//!
//! Takes an opened file and knows no folder; a fault is a text, since only the caller knows the file's name.

use crate::published::columns::{Columns, rows};
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
pub fn rejected_rows(
    file: File,
    each: &mut dyn FnMut(RejectedRow) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, String> {
    read(file, each).map_err(|e| e.to_string())
}

fn read(
    file: File,
    each: &mut dyn FnMut(RejectedRow) -> ControlFlow<()>,
) -> parquet::errors::Result<ControlFlow<()>> {
    const TEXTS: [&str; 7] = [
        "file",
        "code",
        "column",
        "value",
        "wanted",
        "shipment_id",
        "movement_id",
    ];
    let columns: Vec<&str> = TEXTS.into_iter().chain(["row"]).collect();
    for batch in rows(file, &columns)? {
        let batch = batch?;
        let c = Columns(&batch);
        let numbers = c.present("row")?;
        let texts = TEXTS
            .into_iter()
            .map(|name| c.texts(name))
            .collect::<parquet::errors::Result<Vec<_>>>()?;
        for (i, row) in numbers.into_iter().enumerate() {
            let text = |at: usize| texts[at][i].clone();
            let row = RejectedRow {
                file: text(0),
                row: row as i64,
                code: text(1),
                column: text(2),
                value: text(3),
                wanted: text(4),
                shipment_id: text(5),
                movement_id: text(6),
            };
            if each(row).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
