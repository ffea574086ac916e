//! Rows of the `rejected` table read back for people, from a run that is published or one that failed.

use crate::output::columns::PublishedTable;
use crate::output::rejected::{RejectedTable, rejected};
use crate::published::columns::checked;
use crate::published::row::{Batch, Row, row};
use std::fs::File;
use std::ops::ControlFlow;

row! {
    /// One row of the `rejected` table; what may be null is empty text.
    #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
    pub struct RejectedRow of rejected {
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
}

/// Calls `each` with every row of one file of the table until it breaks off.
pub(crate) fn rejected_rows(
    file: File,
    each: &mut dyn FnMut(RejectedRow) -> ControlFlow<()>,
) -> parquet::errors::Result<ControlFlow<()>> {
    for batch in checked(file, RejectedTable::FIELDS, &RejectedRow::columns())? {
        let batch = batch?;
        for row in Batch::<RejectedTable>::new(&batch).rows()? {
            if each(row?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
