//! Named groups of countries and places.
use super::fault::{DataFile, Fault};

/// The zones of `zones.csv`.
#[derive(Clone, Debug, Default)]
pub struct Zones {}

impl Zones {
    /// Reads `zones.csv`.
    pub fn parse(_file: &DataFile) -> (Zones, Vec<Fault>) {
        todo!()
    }
}
