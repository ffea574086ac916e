//! A factor library: every table parsed and checked, all faults in one go.
use super::fault::{DataFile, Fault};

/// A parsed library.
#[derive(Clone, Debug, Default)]
pub struct Library {}

impl Library {
    /// Reads `sources.csv`, `operations.csv` and the tables of every edition; other files are left alone.
    pub fn parse(_files: &[DataFile]) -> (Library, Vec<Fault>) {
        todo!()
    }
}
