//! The code words that a run accepts in movement records: what parsing must know of the reference data.

use super::id::LocationCode;
use super::mode::{Basis, ByMode, Mode};
use super::movement::OperationIndex;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Code words and defaults for parsing, resolved from library, profile and data files.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Mode by code word or alias, in lower case.
    pub modes: FxHashMap<String, Mode>,
    /// Operation code (exact) to its index and mode.
    pub operations: FxHashMap<String, (OperationIndex, Mode)>,
    /// Default operation, if the profile has one.
    pub default_operation: ByMode<Option<OperationIndex>>,
    /// Basis of a reported distance that states none.
    pub default_basis: Basis,
    /// Whether a wrong container number rejects the row (R019) instead of flagging it (Q10).
    pub strict_container_id: bool,
    /// Places of the location and distance files.
    pub places: FxHashSet<LocationCode>,
    /// A longer list, asked where `places` lacks a code; a place of neither is flagged Q23.
    pub further_places: Option<Arc<dyn PlaceList>>,
}

/// A list of places that is too long to be copied.
pub trait PlaceList: std::fmt::Debug + Send + Sync {
    /// Whether the list has a code.
    fn has(&self, code: LocationCode) -> bool;
}

impl Vocabulary {
    /// Whether a place is known. Slower where only the longer list has it.
    pub fn knows(&self, place: LocationCode) -> bool {
        let further = || {
            self.further_places
                .as_ref()
                .is_some_and(|list| list.has(place))
        };
        self.places.contains(&place) || further()
    }
}
