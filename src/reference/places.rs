//! Places: names and coordinates.
use super::{DataFile, Fault};
use crate::factors::Text;
use crate::geo::Point;
use crate::model::id::LocationCode;

/// A place.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Name.
    pub name: Text,
    /// Kind, e.g. `port`.
    pub kind: Text,
    /// Where it is, if known.
    pub point: Option<Point>,
}

/// The places of the location files.
#[derive(Clone, Debug, Default)]
pub struct Places {}

impl Places {
    /// Reads location files in order; the first row of a code wins.
    pub fn parse<'a>(_files: impl IntoIterator<Item = &'a DataFile>) -> (Places, Vec<Fault>) {
        todo!()
    }

    /// The place of a code.
    pub fn get(&self, _code: LocationCode) -> Option<&Place> {
        todo!()
    }
}
