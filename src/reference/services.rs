//! Services: what runs between two places, how often, how long, for how much. Kept for route options.
use super::{DataFile, Fault};

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Name.
    pub service: String,
}

/// The services of `services.csv`.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// In file order.
    pub list: Vec<Service>,
}

impl Services {
    /// Reads `services.csv`.
    pub fn parse(_file: &DataFile) -> (Services, Vec<Fault>) {
        todo!()
    }
}
