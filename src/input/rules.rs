//! The rules of one run in the form that cell parsing wants them, and how a file's columns meet ours.
//!
//! Decides before any row is read: what is missing, what a constant fills, what is unknown.

use super::Grain;
use super::column;
use super::mapping::{COLUMNS, Mapping, MassUnit};
use super::number::Marks;
use super::text::Values;
use super::timestamp::Patterns;
use crate::model::vocabulary::Vocabulary;
use std::sync::Arc;

/// Mapping and vocabulary with what can be prepared once per file.
pub struct Rules {
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// The code words.
    pub vocabulary: Arc<Vocabulary>,
    /// Marks of numbers in text.
    pub marks: Marks,
    /// Sizes of the pieces in which rows are handed on.
    pub grain: Grain,
    patterns: [Patterns; 3],
}

impl Rules {
    /// Prepares the rules.
    pub fn new(mapping: Arc<Mapping>, vocabulary: Arc<Vocabulary>, grain: Grain) -> Rules {
        let patterns = |column: usize| {
            let own = mapping.timestamp_by_column.get(COLUMNS[column]);
            Patterns::new(own.unwrap_or(&mapping.timestamp), mapping.zone.clone())
        };
        Rules {
            marks: Marks {
                decimal: mapping.decimal,
                thousands: mapping.thousands,
            },
            patterns: [
                patterns(column::DEPARTED_AT),
                patterns(column::ARRIVED_AT),
                patterns(column::RECORDED_AT),
            ],
            mapping,
            vocabulary,
            grain,
        }
    }

    /// The `[values]` of a column.
    pub fn values(&self, column: usize) -> Option<&Values> {
        self.mapping.values.get(COLUMNS[column])
    }

    /// The timestamp patterns of a column.
    pub fn patterns(&self, column: usize) -> &Patterns {
        match column {
            column::DEPARTED_AT => &self.patterns[0],
            column::ARRIVED_AT => &self.patterns[1],
            _ => &self.patterns[2],
        }
    }

    /// Decimals of a mass in the unit of the file.
    pub fn mass_scale(&self) -> u32 {
        if self.mapping.mass_unit == MassUnit::Tonne {
            6
        } else {
            3
        }
    }
}

/// Where a column of ours comes from in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The file's column at this position.
    File(usize),
    /// `[constants]`.
    Constant,
    /// Nowhere.
    Lacking,
}

/// How the columns of one file meet ours.
#[derive(Clone, Debug)]
pub struct Layout {
    /// By column of ours.
    pub origins: [Origin; column::COUNT],
    /// Names that mean nothing to us, in the order of the file.
    pub unknown: Vec<String>,
}

impl Layout {
    /// Meets the names of a file's columns with ours, or says everything that is wrong with them.
    pub fn new<S: AsRef<str>>(names: &[S], mapping: &Mapping) -> Result<Layout, String> {
        let layout = Layout::of_keys(names, mapping);
        let mut faults = Vec::new();
        for (i, ours) in COLUMNS.iter().enumerate() {
            let theirs = mapping.theirs(ours);
            match names.iter().filter(|name| name.as_ref() == theirs).count() {
                0 if mapping.columns.contains_key(*ours) => faults.push(format!(
                    "column {theirs:?} is missing, which [columns] names for {ours}"
                )),
                0 if layout.origins[i] == Origin::Lacking && column::REQUIRED.contains(&i) => {
                    faults.push(format!("required column {ours:?} is missing"))
                }
                0 | 1 => {}
                _ => faults.push(format!("column {theirs:?} stands in it more than once")),
            }
        }
        if faults.is_empty() {
            return Ok(layout);
        }
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        Err(format!(
            "{}; found columns: {}",
            faults.join("; "),
            names.join(", ")
        ))
    }

    /// The same for keys of records, of which none has to be in the file: a record without one that is required is at fault,
    /// not the file.
    pub fn of_keys<S: AsRef<str>>(names: &[S], mapping: &Mapping) -> Layout {
        let mut known = vec![false; names.len()];
        let origins = COLUMNS.map(|ours| {
            let theirs = mapping.theirs(ours);
            match names.iter().position(|name| name.as_ref() == theirs) {
                Some(i) => {
                    known[i] = true;
                    Origin::File(i)
                }
                None if mapping.constants.contains_key(ours) => Origin::Constant,
                None => Origin::Lacking,
            }
        });
        let unknown = names
            .iter()
            .zip(known)
            .filter(|(_, known)| !known)
            .map(|(name, _)| name.as_ref().to_owned())
            .collect();
        Layout { origins, unknown }
    }

    /// Whether rows of the file are ordered by time (Q21).
    pub fn lacks_sequence(&self) -> bool {
        self.origins[column::SEQUENCE] == Origin::Lacking
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [&str; 6] = [
        "movement_id",
        "shipment_id",
        "mode",
        "origin",
        "destination",
        "departed_at",
    ];

    #[test]
    fn known_unknown_and_constant_columns() {
        let mut mapping = Mapping::default();
        mapping.columns.insert("origin".into(), "POL".into());
        mapping.constants.insert("mode".into(), "sea".into());
        mapping.constants.insert("carrier".into(), "X".into());
        let layout = Layout::new(
            &[
                "movement_id",
                "shipment_id",
                "POL",
                "origin",
                "destination",
                "departed_at",
                "carrier",
            ],
            &mapping,
        )
        .unwrap();
        assert_eq!(layout.origins[column::ORIGIN], Origin::File(2));
        assert_eq!(layout.origins[column::MODE], Origin::Constant);
        assert_eq!(
            layout.origins[column::CARRIER],
            Origin::File(6),
            "constants fill only what the file lacks"
        );
        assert_eq!(layout.origins[column::TEU], Origin::Lacking);
        assert_eq!(layout.unknown, ["origin"]);
        assert!(layout.lacks_sequence());
    }

    #[test]
    fn faults_are_named_all_at_once() {
        let mut mapping = Mapping::default();
        mapping.columns.insert("origin".into(), "POL".into());
        let fault = Layout::new(
            &["movement_id", "mode", "mode", "destination", "departed_at"],
            &mapping,
        )
        .unwrap_err();
        for part in [
            "\"mode\" stands in it more than once",
            "\"POL\" is missing",
            "required column \"shipment_id\" is missing",
        ] {
            assert!(fault.contains(part), "{fault}");
        }
        let twice = [&NEEDED[..], &["remark", "remark"]].concat();
        assert!(
            Layout::new(&twice, &Mapping::default()).is_ok(),
            "a column that is not read may stand there twice"
        );
    }
}
