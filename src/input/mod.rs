//! Bytes to movement batches or rejected rows; one file per format.
pub mod mapping;

use crate::model::movement::MovementBatch;
use crate::model::reject::Rejected;
use crate::model::symbol::Symbols;

/// A broken file.
#[derive(Clone, Debug)]
pub struct FileFault {
    /// source_file
    pub label: String,
    /// what
    pub message: String,
}
/// Unit result
pub struct Parsed {
    /// rows
    pub batch: MovementBatch,
    /// codes
    pub symbols: Symbols,
    /// rows whose shipment id cannot be read
    pub unplaced: Vec<Rejected>,
    /// rows
    pub rows: u64,
}
/// A reader
pub trait Reader: Send {
    /// next
    fn next_unit(&mut self) -> Result<Option<Box<dyn Unit>>, FileFault>;
}
/// A unit
pub trait Unit: Send {
    /// parse
    fn parse(self: Box<Self>) -> Result<Parsed, FileFault>;
}
