//! Foreign words for modes.
use super::{DataFile, Fault};
use crate::model::mode::Mode;
use rustc_hash::FxHashMap;

/// Aliases of modes in lower case.
#[derive(Clone, Debug, Default)]
pub struct ModeAliases {
    /// Mode by alias in lower case.
    pub modes: FxHashMap<String, Mode>,
}

impl ModeAliases {
    /// Reads `mode_aliases.csv`.
    pub fn parse(_file: &DataFile) -> (ModeAliases, Vec<Fault>) {
        todo!()
    }
}
