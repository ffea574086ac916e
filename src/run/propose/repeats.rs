//! Movements that stand in an export more than once: whether a run would find their records equal, replaced or in conflict.

use super::assign::Assigned;
use super::form::Form;
use super::table::Table;
use crate::error::Result;
use crate::input::SourceFile;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// Rows that name a movement which an earlier row names, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Repeats {
    /// With other cells, in the same file.
    pub in_one_file: u64,
    /// With other cells, in another file.
    pub across_files: u64,
}

/// Counts them. Without both ids there is nothing to count.
pub(super) fn count(
    sources: &[SourceFile],
    forms: &[Form],
    table: &Table,
    assigned: &Assigned,
) -> Result<Repeats> {
    let mut repeats = Repeats::default();
    let (Some((movement, _)), Some((shipment, _))) =
        (assigned.one("movement_id"), assigned.one("shipment_id"))
    else {
        return Ok(repeats);
    };
    let name = |at: usize| table.columns[at].name.as_str();
    let (movement, shipment) = (name(movement), name(shipment));
    let read: Vec<&str> = (assigned.choices.iter())
        .filter_map(|(ours, _)| Some(name(assigned.one(ours)?.0)))
        .collect();
    let mut seen: FxHashMap<u64, (usize, u64)> = FxHashMap::default();
    for (file, (source, form)) in sources.iter().zip(forms).enumerate() {
        super::table::each_row(source, form, &mut |cells| {
            let cell = |wanted: &str| {
                let found = cells.iter().find(|(name, _)| name == wanted);
                found.map_or("", |(_, cell)| cell.text.as_str())
            };
            let (movement, shipment) = (cell(movement), cell(shipment));
            if movement.is_empty() || shipment.is_empty() {
                return true;
            }
            let hash = |texts: &[&str]| {
                let mut hasher = FxHasher::default();
                texts.hash(&mut hasher);
                hasher.finish()
            };
            let all: Vec<&str> = read.iter().map(|name| cell(name)).collect();
            let (key, row) = (hash(&[movement, shipment]), hash(&all));
            match seen.get(&key) {
                None => drop(seen.insert(key, (file, row))),
                Some((_, other)) if *other == row => {}
                Some((other, _)) if *other == file => repeats.in_one_file += 1,
                Some(_) => repeats.across_files += 1,
            }
            (seen.len() as u64) < super::table::MOST_ROWS
        })?;
    }
    Ok(repeats)
}
