//! Codes that stand for a port whose distances are listed under another one: an airport's code for the port of its city, two
//! codes of one port. They are for ways by water only.

use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::table::{self, layout};
use crate::model::id::LocationCode;
use rustc_hash::FxHashMap;

/// Other codes of a place, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct PlaceAliases(FxHashMap<LocationCode, Vec<LocationCode>>);

layout! {
    /// Columns of `place_aliases.csv`.
    Cell { Locode = "locode" must, StandsFor = "stands_for" must, Note = "note" }
}

impl PlaceAliases {
    /// Reads `place_aliases.csv`.
    pub fn parse(file: &DataFile) -> (PlaceAliases, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut aliases = PlaceAliases::default();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let place = |t: &str| LocationCode::parse(t.as_bytes());
            let code = row.value(Cell::Locode, place, "a UN/LOCODE");
            let other = row.value(Cell::StandsFor, place, "a UN/LOCODE");
            let (Some(code), Some(other)) = (code, other) else {
                return;
            };
            let others = aliases.0.entry(code).or_default();
            if code == other || others.contains(&other) {
                return row.warning(Cell::StandsFor, "says nothing new");
            }
            others.push(other);
        });
        (aliases, faults.list)
    }

    /// Other codes of a place.
    pub fn of(&self, code: LocationCode) -> &[LocationCode] {
        self.0.get(&code).map_or(&[], |others| others)
    }

    /// Every pair of a code and what it stands for, by code.
    pub fn pairs(&self) -> Vec<(LocationCode, LocationCode)> {
        let mut pairs: Vec<_> = (self.0.iter())
            .flat_map(|(code, others)| others.iter().map(|other| (*code, *other)))
            .collect();
        pairs.sort_unstable();
        pairs
    }
}
