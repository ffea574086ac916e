//! Corridors: origin, places on the way, destination.
use super::{DataFile, Fault, Zones};
use crate::model::id::LocationCode;

/// A corridor.
#[derive(Clone, Debug, Default)]
pub struct Corridor {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
}

/// The corridors of `corridors.toml` in file order.
#[derive(Clone, Debug, Default)]
pub struct Corridors {
    /// In file order; the index is that of `CorridorKey::Listed`.
    pub list: Vec<Corridor>,
}

impl Corridors {
    /// Reads `corridors.toml`.
    pub fn parse(_file: &DataFile, _zones: &Zones) -> (Corridors, Vec<Fault>) {
        todo!()
    }

    /// The first corridor that covers the ends and whose `via` places occur in order among the places visited.
    pub fn assign(&self, _origin: LocationCode, _destination: LocationCode, _visited: &[LocationCode]) -> Option<u16> {
        todo!()
    }
}
