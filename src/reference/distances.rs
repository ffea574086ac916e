//! Network distances.
use super::{DataFile, Fault};
use crate::factors::Text;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, Mode};

/// A distance between two places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distance {
    /// Metres.
    pub metres: u32,
    /// Basis.
    pub basis: Basis,
    /// Where it is from.
    pub source_ref: Text,
}

/// The distances of `distances.csv`.
#[derive(Clone, Debug, Default)]
pub struct Distances {}

impl Distances {
    /// Reads `distances.csv`.
    pub fn parse(_file: &DataFile) -> (Distances, Vec<Fault>) {
        todo!()
    }

    /// The distance in the exact direction, else in reverse; 0 counts as none.
    pub fn get(&self, _mode: Mode, _origin: LocationCode, _destination: LocationCode) -> Option<&Distance> {
        todo!()
    }
}
