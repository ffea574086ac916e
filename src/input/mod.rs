//! Bytes to movement batches or rejected rows; one file per format.
pub mod mapping;

use crate::model::movement::MovementBatch;
use crate::model::reject::Rejected;
use crate::model::symbol::Symbols;
use crate::model::vocabulary::Vocabulary;
use mapping::Mapping;
use std::sync::Arc;

pub struct SourceFile {
    pub file: std::fs::File,
    pub label: String,
    pub index: u32,
}
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileInfo {
    pub format: &'static str,
    pub unknown_columns: Vec<String>,
    pub lacks_sequence: bool,
}
#[derive(Clone, Debug)]
pub struct FileFault {
    pub label: String,
    pub message: String,
}
impl std::fmt::Display for FileFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.label, self.message)
    }
}
pub struct Parsed {
    pub batch: MovementBatch,
    pub symbols: Symbols,
    pub unplaced: Vec<Rejected>,
    pub rows: u64,
}
pub trait Reader: Send {
    fn info(&self) -> FileInfo;
    fn next_unit(&mut self) -> Result<Option<Box<dyn Unit>>, FileFault>;
}
pub trait Unit: Send {
    fn parse(self: Box<Self>) -> Result<Parsed, FileFault>;
}
pub fn open(_: SourceFile, _: Arc<Mapping>, _: Arc<Vocabulary>) -> Result<Box<dyn Reader>, FileFault> {
    todo!()
}
