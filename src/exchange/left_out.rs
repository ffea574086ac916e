//! What a conversion did not use, and why: a line for each, and the counts.

use super::documents::{Fault, Place};
use crate::error::{Error, Result};
use crate::escape::csv_text;
use std::collections::BTreeMap;
use std::io::Write;

/// What became of an entry that is not in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Not meant to be in the result: planned, estimated, another kind of entry.
    Ignored,
    /// Stands there already, or a later entry replaces it.
    Duplicate,
    /// Withdrawn by its sender.
    Retracted,
    /// Has no counterpart with which it would make a movement.
    Unpaired,
    /// Cannot be read.
    Malformed,
    /// Reads well, but says something that the result cannot hold.
    Refused,
    /// No entry: a movement that must have been, and that nobody reported.
    Gap,
    /// No entry: a time that cannot be, for which another counts.
    Retimed,
    /// No entry: a mass that does not count, or that nothing says how to read.
    Mass,
    /// No entry: parts of messages that nothing is taken from.
    Unread,
}

impl Outcome {
    /// The word in the list.
    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Ignored => "ignored",
            Outcome::Duplicate => "duplicate",
            Outcome::Retracted => "retracted",
            Outcome::Unpaired => "unpaired",
            Outcome::Malformed => "malformed",
            Outcome::Refused => "refused",
            Outcome::Gap => "gap",
            Outcome::Retimed => "retimed",
            Outcome::Mass => "mass",
            Outcome::Unread => "unread",
        }
    }

    /// Whether it tells what became of an entry, and not of something else.
    pub const fn is_of_an_entry(self) -> bool {
        !matches!(
            self,
            Outcome::Gap | Outcome::Retimed | Outcome::Mass | Outcome::Unread
        )
    }
}

/// An entry that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What became of it.
    pub outcome: Outcome,
    /// Where it stands.
    pub place: Place,
    /// Its id, if it could be read.
    pub id: String,
    /// Container or other subject, if it could be read.
    pub subject: String,
    /// What was found.
    pub found: String,
    /// Why, or what was wanted.
    pub reason: String,
}

impl LeftOut {
    /// An entry with a fault.
    pub fn faulty(outcome: Outcome, place: &Place, id: &str, fault: Fault) -> LeftOut {
        LeftOut {
            outcome,
            place: place.below(&fault.pointer),
            id: id.to_owned(),
            subject: String::new(),
            found: fault.found,
            reason: format!("expected {}", fault.wanted),
        }
    }
}

/// Columns of the list.
const COLUMNS: [&str; 8] = [
    "outcome", "file", "line", "path", "id", "subject", "found", "reason",
];

/// Writes the list as CSV that no spreadsheet takes for formulas. Ignored entries and unread parts are only counted, unless
/// they are asked for.
pub(crate) fn write(out: impl Write, list: &[LeftOut], with_ignored: bool) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let storage = |e: csv::Error| Error::Storage(e.to_string());
    csv.write_record(COLUMNS).map_err(storage)?;
    for entry in list
        .iter()
        .filter(|e| with_ignored || !matches!(e.outcome, Outcome::Ignored | Outcome::Unread))
    {
        let line = entry.place.line.map_or(String::new(), |n| n.to_string());
        let cells = [
            &*entry.place.file,
            &line,
            &entry.place.pointer,
            &entry.id,
            &entry.subject,
            &entry.found,
            &entry.reason,
        ];
        let cells = std::iter::once(entry.outcome.code().to_owned()).chain(cells.map(csv_text));
        csv.write_record(cells).map_err(storage)?;
    }
    csv.flush().map_err(|e| Error::Storage(e.to_string()))
}

/// How many entries had which outcome, and for which reason.
pub fn counts(list: &[LeftOut]) -> BTreeMap<Outcome, BTreeMap<&str, u64>> {
    let mut counts: BTreeMap<Outcome, BTreeMap<&str, u64>> = BTreeMap::new();
    for entry in list {
        *counts
            .entry(entry.outcome)
            .or_default()
            .entry(&entry.reason)
            .or_default() += 1;
    }
    counts
}

/// Entries with this outcome.
pub fn count(list: &[LeftOut], outcome: Outcome) -> u64 {
    list.iter().filter(|e| e.outcome == outcome).count() as u64
}
