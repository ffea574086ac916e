//! Container types: TEU, tare, refrigerated.
use super::{DataFile, Fault};

/// What a container type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerType {
    /// TEU, millionths.
    pub teu: i64,
    /// Tare, g; `None`: not known.
    pub tare_g: Option<i64>,
    /// Whether boxes of this type are refrigerated.
    pub refrigerated: bool,
}

/// The types of `containers.csv`.
#[derive(Clone, Debug, Default)]
pub struct ContainerTypes {}

impl ContainerTypes {
    /// Reads `containers.csv`.
    pub fn parse(_file: &DataFile) -> (ContainerTypes, Vec<Fault>) {
        todo!()
    }

    /// The type of a code as reported, compared in upper case; the row with the fewest `?` wins, then file order.
    pub fn lookup(&self, _code: &str) -> Option<ContainerType> {
        todo!()
    }
}
