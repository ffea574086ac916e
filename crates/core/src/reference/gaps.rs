//! Shipments of which it is known that a part was never reported: lists that a conversion leaves beside its movements.

use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::table::{self, layout};
use rustc_hash::FxHashSet;

/// The columns of a list of gaps, for those who write one.
pub const COLUMNS: [&str; 5] = ["shipment_id", "container_id", "place", "time", "reason"];

layout! {
    /// Columns of `<name>.gaps.csv`.
    Cell {
        ShipmentId = "shipment_id" must, ContainerId = "container_id", Place = "place", Time = "time", Reason = "reason" must,
    }
}

/// Shipments with a listed gap.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    shipments: FxHashSet<Vec<u8>>,
}

impl Gaps {
    /// Reads one list more. `id` gives the shipment id as the movements beside the list have it; `None`: it is none.
    pub fn read(&mut self, file: &DataFile, id: impl Fn(&str) -> Option<String>) -> Vec<Fault> {
        let mut faults = Faults::default();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let shipment = row.value(Cell::ShipmentId, &id, "a shipment id");
            if let (Some(shipment), false) = (shipment, row.failed) {
                self.shipments.insert(shipment.into_bytes());
            }
        });
        faults.list
    }

    /// Whether a gap is listed for a shipment.
    #[inline]
    pub fn has(&self, shipment_id: &[u8]) -> bool {
        !self.shipments.is_empty() && self.shipments.contains(shipment_id)
    }

    /// Number of shipments with a listed gap.
    pub fn len(&self) -> u64 {
        self.shipments.len() as u64
    }

    /// Whether no gap is listed.
    pub fn is_empty(&self) -> bool {
        self.shipments.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_add_up_and_faults_name_file_and_row() {
        let head = COLUMNS.join(",");
        let mut gaps = Gaps::default();
        let mut read = |rows: &str| {
            let file = DataFile::new("m.gaps.csv", format!("{head}\n{rows}"));
            let faults = gaps.read(&file, |t| (t != "%").then(|| t.to_owned()));
            let named = faults.into_iter().map(|f| (f.file, f.line, f.column));
            named.collect::<Vec<_>>()
        };
        let fault = |line, column: &str| ("m.gaps.csv".to_owned(), line, column.to_owned());
        assert_eq!(read("BL1,,CNCKG,,lost\nBL1,,CNQZH,,lost\n"), []);
        assert_eq!(read("BL2,,,,lost\n"), []);
        assert_eq!(
            read("BL3,,,,\n,,,,lost\n%,,,,lost\nBL4\n"),
            [
                fault(2, "reason"),
                fault(3, "shipment_id"),
                fault(4, "shipment_id"),
                fault(5, "")
            ]
        );
        assert_eq!(gaps.len(), 2);
        assert!(gaps.has(b"BL1") && gaps.has(b"BL2") && !gaps.has(b"BL3"));
    }
}
