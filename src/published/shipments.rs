//! The published shipments one after the other, so that their sums can be compared with the elements without holding either.

use crate::error::Result;
use crate::model::element::GhgTotals;
use crate::published::batches::Batches;
use crate::published::columns::Columns;
use std::path::Path;

/// What a shipment's row says of its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShipmentRow {
    /// Through bill of lading number.
    pub id: String,
    /// Number of elements.
    pub elements: u64,
    /// Their sums.
    pub totals: GhgTotals,
}

/// The rows of the `shipments` table in order of its parts.
pub(crate) struct ShipmentRows<'d> {
    batches: Batches<'d>,
    waiting: std::vec::IntoIter<ShipmentRow>,
}

const COLUMNS: [&str; 5] = [
    "shipment_id",
    "elements",
    "transport_activity_tkm",
    "ghg_operation_kg",
    "ghg_provision_kg",
];

impl<'d> ShipmentRows<'d> {
    /// Nothing read yet; `parts` are the table's files below `dir`, in order.
    pub fn new(dir: &'d Path, parts: Vec<String>) -> ShipmentRows<'d> {
        ShipmentRows {
            batches: Batches::new(dir, parts, &COLUMNS),
            waiting: Vec::new().into_iter(),
        }
    }

    #[cfg(test)]
    pub fn of(rows: Vec<ShipmentRow>) -> ShipmentRows<'static> {
        ShipmentRows {
            waiting: rows.into_iter(),
            ..ShipmentRows::new(Path::new(""), Vec::new())
        }
    }

    /// The next row; `None` after the last.
    pub fn next(&mut self) -> Result<Option<ShipmentRow>> {
        loop {
            if let Some(row) = self.waiting.next() {
                return Ok(Some(row));
            }
            let Some(rows) = self.batches.next_as(read)? else {
                return Ok(None);
            };
            self.waiting = rows.into_iter();
        }
    }
}

fn read(c: &Columns) -> parquet::errors::Result<Vec<ShipmentRow>> {
    let [elements, activity, operation, provision] = [
        c.present(COLUMNS[1])?,
        c.present(COLUMNS[2])?,
        c.present(COLUMNS[3])?,
        c.present(COLUMNS[4])?,
    ];
    let row = |(i, id): (usize, String)| ShipmentRow {
        id,
        elements: elements[i] as u64,
        totals: GhgTotals {
            activity: activity[i],
            operation: operation[i],
            provision: provision[i],
        },
    };
    Ok(c.texts(COLUMNS[0])?
        .into_iter()
        .enumerate()
        .map(row)
        .collect())
}
