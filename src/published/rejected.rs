//! Rows of the `rejected` table read back for people, from a run that is published or one that failed.

use crate::claims;
use crate::model::carried::{MOST_COLUMNS, column_name};
use crate::output::columns::PublishedTable;
use crate::output::rejected::{RejectedTable, rejected};
use crate::published::carried::{Values, with_carried};
use crate::published::columns::checked;
use crate::published::row::{Batch, Row, row};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;

row! {
    struct Own of rejected {
        file: String,
        row: i64,
        code: String,
        column: String,
        value: String,
        wanted: String,
        shipment_id: String,
        movement_id: String,
    }
}

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
    /// Carried columns, by name.
    #[serde(flatten)]
    pub carried: BTreeMap<&'static str, String>,
}

impl<'b> Row<'b, RejectedTable> for RejectedRow {
    fn columns() -> Vec<&'static str> {
        Own::columns()
    }

    /// With all carried columns that the batch was read with.
    fn reader(
        batch: &'b RecordBatch,
    ) -> parquet::errors::Result<impl Fn(usize) -> parquet::errors::Result<Self>> {
        let own = Own::reader(batch)?;
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let values = Values::of(batch, &beyond(names))?;
        Ok(move |at| {
            let own: Own = own(at)?;
            let carried = values.row(at).map(|(name, value)| (name, value.to_owned()));
            Ok(RejectedRow {
                file: own.file,
                row: own.row,
                code: own.code,
                column: own.column,
                value: own.value,
                wanted: own.wanted,
                shipment_id: own.shipment_id,
                movement_id: own.movement_id,
                carried: carried.collect(),
            })
        })
    }
}

/// The columns that are carried, which stand beside those of every run.
fn beyond<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'static str> {
    let is_ours = |name: &&str| !RejectedTable::FIELDS.iter().any(|f| f.name == *name);
    names
        .filter(is_ours)
        .take(MOST_COLUMNS)
        .map(column_name)
        .collect()
}

/// The columns that a file of the table carries: a run that failed has no manifest to say so.
pub(crate) fn carried_in(file: &File) -> parquet::errors::Result<Vec<&'static str>> {
    let metadata = claims::metadata(file)?;
    let columns = metadata.file_metadata().schema_descr().columns();
    Ok(beyond(columns.iter().map(|column| column.name())))
}

/// Calls `each` with every row of one file of the table until it breaks off.
pub(crate) fn rejected_rows(
    file: File,
    each: &mut dyn FnMut(RejectedRow) -> ControlFlow<()>,
) -> parquet::errors::Result<ControlFlow<()>> {
    let carried = carried_in(&file)?;
    let fields = with_carried(RejectedTable::FIELDS, &carried);
    let columns = [RejectedRow::columns(), carried].concat();
    for batch in checked(file, &fields, &columns)? {
        let batch = batch?;
        for row in Batch::<RejectedTable>::new(&batch).rows()? {
            if each(row?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
