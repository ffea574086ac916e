//! The published shipments one after the other, so that their sums can be compared with the elements without holding either.

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::output::read::{Columns, rows};
use crate::store::path::open_below;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use std::path::Path;

/// What a shipment's row says of its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShipmentRow {
    /// Through bill of lading number.
    pub id: String,
    /// Number of elements.
    pub elements: u64,
    /// Their sums.
    pub totals: GhgTotals,
}

/// The rows of the `shipments` table in order of its parts.
pub(super) struct ShipmentRows<'d> {
    dir: &'d Path,
    parts: std::vec::IntoIter<String>,
    reader: Option<(String, ParquetRecordBatchReader)>,
    batch: std::vec::IntoIter<ShipmentRow>,
}

const COLUMNS: [&str; 5] = ["shipment_id", "elements", "transport_activity_tkm", "ghg_operation_kg", "ghg_provision_kg"];

impl<'d> ShipmentRows<'d> {
    /// Nothing read yet; `parts` are the table's files below `dir`, in order.
    pub fn new(dir: &'d Path, parts: Vec<String>) -> ShipmentRows<'d> {
        ShipmentRows { dir, parts: parts.into_iter(), reader: None, batch: Vec::new().into_iter() }
    }

    #[cfg(test)]
    pub fn of(rows: Vec<ShipmentRow>) -> ShipmentRows<'static> {
        ShipmentRows { batch: rows.into_iter(), ..ShipmentRows::new(Path::new(""), Vec::new()) }
    }

    /// The next row; `None` after the last.
    pub fn next(&mut self) -> Result<Option<ShipmentRow>> {
        loop {
            if let Some(row) = self.batch.next() {
                return Ok(Some(row));
            }
            if let Some((part, reader)) = &mut self.reader
                && let Some(batch) = reader.next()
            {
                let fault = |e: String| Error::Verification(format!("{}: {e}", self.dir.join(&part).display()));
                let batch = batch.map_err(|e| fault(e.to_string()))?;
                self.batch = read(&Columns(&batch)).map_err(|e| fault(e.to_string()))?.into_iter();
                continue;
            }
            let Some(part) = self.parts.next() else { return Ok(None) };
            let fault = |e: String| Error::Verification(format!("{}: {e}", self.dir.join(&part).display()));
            let file = open_below(self.dir, &part).map_err(|e| fault(e.to_string()))?;
            let reader = rows(file, &COLUMNS).map_err(|e| fault(e.to_string()))?;
            self.reader = Some((part, reader));
        }
    }
}

fn read(c: &Columns) -> parquet::errors::Result<Vec<ShipmentRow>> {
    let [elements, activity, operation, provision] =
        [c.present(COLUMNS[1])?, c.present(COLUMNS[2])?, c.present(COLUMNS[3])?, c.present(COLUMNS[4])?];
    let row = |(i, id): (usize, String)| ShipmentRow {
        id,
        elements: elements[i] as u64,
        totals: GhgTotals { activity: activity[i], operation: operation[i], provision: provision[i] },
    };
    Ok(c.texts(COLUMNS[0])?.into_iter().enumerate().map(row).collect())
}
