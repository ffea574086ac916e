//! `diff`: why the figures of two runs differ, by shipment and by corridor.
//!
//! Both runs are read side by side in order of shipment id; each run brings its own reference copy, so that the earlier
//! kernel can compute every substituted state (`calc::restate`).
//!
//! Invariant: the effects of a shipment add up to the difference of its published totals, those of a corridor to the
//! difference of its published totals; asserted for every row before anything is shown.

mod pair;
pub(crate) mod tables;

pub use crate::published::pairs::CorridorOf;

use crate::calc::restate::{Effects, Later};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::published::pairs::{Shipment, Shipments, rejected};
use crate::published::slice::Slice;
use crate::reference::Reference;
use crate::run::prepare::reference_of_run;
use crate::store::manifest::Manifest;
use crate::store::reference::read_reference_copy;
use crate::store::signal::Interrupt;
use pair::{Pairing, RejectedMovements};
use std::collections::BTreeMap;
use std::path::Path;

/// A shipment whose figures may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentChange {
    /// Through bill of lading number.
    pub id: String,
    /// Where it counts in the earlier run; `None`: not there.
    pub corridor_before: Option<CorridorOf>,
    /// Where it counts in the later run; `None`: not there.
    pub corridor_after: Option<CorridorOf>,
    /// Total in the earlier run, micrograms.
    pub before: i128,
    /// Total in the later run, micrograms.
    pub after: i128,
    /// The difference by cause.
    pub effects: Effects,
    /// Carried columns of both runs that say something else now.
    pub carried: Vec<CarriedChange>,
}

/// Another value in a carried column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedChange {
    /// The column.
    pub column: &'static str,
    /// Value in the earlier run; empty: none.
    pub before: String,
    /// Value in the later run; empty: none.
    pub after: String,
}

/// A corridor, month and load status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorridorChange {
    /// Total in the earlier run, micrograms.
    pub before: i128,
    /// Total in the later run, micrograms.
    pub after: i128,
    /// Shipments that came from another corridor or month, less those that went to one, micrograms.
    pub moved: i128,
    /// The difference by cause, of the shipments that count here in the later run.
    pub effects: Effects,
}

/// What changed between two runs.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Shipments of either run.
    pub shipments: u64,
    /// Of those, shipments with a difference or an effect.
    pub changed: u64,
    /// Total of the earlier run, micrograms.
    pub before: i128,
    /// Total of the later run, micrograms.
    pub after: i128,
    /// The difference by cause.
    pub effects: Effects,
    /// Shipments of both runs with another value, by carried column of both.
    pub carried: BTreeMap<&'static str, u64>,
    /// By corridor, month and load status.
    pub corridors: BTreeMap<CorridorOf, CorridorChange>,
}

/// A run of the comparison.
pub(crate) struct Run<'d> {
    /// Its folder.
    pub dir: &'d Path,
    /// Its manifest.
    pub manifest: Manifest,
    reference: Reference,
}

impl Run<'_> {
    /// Opens a published run with the reference it carries.
    pub(crate) fn open(dir: &Path) -> Result<Run<'_>> {
        let manifest = Manifest::load(dir)?;
        let reference = reference_of_run(&read_reference_copy(dir)?, &manifest.profile)?;
        Ok(Run {
            dir,
            manifest,
            reference,
        })
    }
}

/// Compares two runs; `each` sees every shipment that changed, in order of id.
pub(crate) fn diff(
    before: &Run,
    after: &Run,
    slice: &Slice,
    progress: &dyn Progress,
    interrupt: &Interrupt,
    each: &mut dyn FnMut(&ShipmentChange) -> Result<()>,
) -> Result<Difference> {
    progress.stage(
        "diff",
        Some(
            before
                .manifest
                .counts
                .shipments
                .max(after.manifest.counts.shipments),
        ),
    );
    let later = Later::new(&before.reference, &after.reference);
    let rejected = RejectedMovements {
        before: rejected(before.dir, &before.manifest)?,
        after: rejected(after.dir, &after.manifest)?,
    };
    let mut old = Shipments::new(before.dir, &before.manifest, &before.reference, slice)?;
    let mut new = Shipments::new(after.dir, &after.manifest, &after.reference, slice)?;
    // Columns of both, and where each stands.
    let common = old.carried.iter().enumerate().filter_map(|(at, column)| {
        let there = new.carried.iter().position(|known| known == column)?;
        Some((*column, at, there))
    });
    let common: Vec<(&'static str, usize, usize)> = common.collect();
    let mut difference = Difference {
        carried: common.iter().map(|(column, ..)| (*column, 0)).collect(),
        ..Difference::default()
    };
    let (mut left, mut right) = (old.next_shipment()?, new.next_shipment()?);
    while let Some((in_old, in_new)) = sides(&left, &right) {
        let (was, is) = (
            in_old.then(|| left.take()).flatten(),
            in_new.then(|| right.take()).flatten(),
        );
        let change = {
            let mut pairing = Pairing {
                kernel: &mut old.again.kernel,
                symbols: &mut old.again.symbols,
                later: &later,
                later_symbols: &new.again.symbols,
                rejected: &rejected,
            };
            change(&mut pairing, was, is, &common)?
        };
        difference.add(&change);
        if change.before != change.after
            || change.effects != Effects::default()
            || change.corridor_before != change.corridor_after
            || !change.carried.is_empty()
        {
            difference.changed += 1;
            each(&change)?;
        }
        progress.advance(1, 0);
        interrupt.check()?;
        if in_old {
            left = old.next_shipment()?;
        }
        if in_new {
            right = new.next_shipment()?;
        }
    }
    difference.check()?;
    Ok(difference)
}

/// Which of the two runs has the next shipment; `None`: neither.
fn sides(left: &Option<Shipment>, right: &Option<Shipment>) -> Option<(bool, bool)> {
    match (left, right) {
        (None, None) => None,
        (Some(_), None) => Some((true, false)),
        (None, Some(_)) => Some((false, true)),
        (Some(a), Some(b)) => Some((a.id <= b.id, b.id <= a.id)),
    }
}

fn change(
    pairing: &mut Pairing,
    was: Option<Shipment>,
    is: Option<Shipment>,
    common: &[(&'static str, usize, usize)],
) -> Result<ShipmentChange> {
    let id = was
        .as_ref()
        .or(is.as_ref())
        .map_or(String::new(), |s| s.id.clone());
    let total = |s: &Option<Shipment>| s.as_ref().map_or(0, |s| s.total);
    let (before, after) = (total(&was), total(&is));
    let effects = pairing.effects(&id, was.as_ref(), is.as_ref());
    if before + effects.total() != after {
        let what = format!(
            "shipment {id}: {before} and effects of {} make not {after} micrograms",
            effects.total()
        );
        return Err(Error::Verification(format!("{what}; verify both runs")));
    }
    let mut carried = Vec::new();
    if let (Some(was), Some(is)) = (&was, &is) {
        for (column, at, there) in common {
            let (before, after) = (&was.carried[*at], &is.carried[*there]);
            if before != after {
                carried.push(CarriedChange {
                    column,
                    before: before.clone(),
                    after: after.clone(),
                });
            }
        }
    }
    let corridor = |s: Option<Shipment>| s.map(|s| s.corridor);
    Ok(ShipmentChange {
        id,
        corridor_before: corridor(was),
        corridor_after: corridor(is),
        before,
        after,
        effects,
        carried,
    })
}

impl Difference {
    fn add(&mut self, change: &ShipmentChange) {
        self.shipments += 1;
        self.before += change.before;
        self.after += change.after;
        self.effects.add(&change.effects);
        for carried in &change.carried {
            *self.carried.entry(carried.column).or_default() += 1;
        }
        let moves = matches!((&change.corridor_before, &change.corridor_after), (Some(a), Some(b)) if a != b);
        if let Some(corridor) = &change.corridor_before {
            let row = self.corridors.entry(corridor.clone()).or_default();
            row.before += change.before;
            if moves {
                row.moved -= change.before;
            }
        }
        if let Some(corridor) = &change.corridor_after {
            let row = self.corridors.entry(corridor.clone()).or_default();
            row.after += change.after;
            if moves {
                row.moved += change.before;
            }
        }
        // The effects count where the shipment is now; one that is gone, where it was.
        if let Some(corridor) = change
            .corridor_after
            .as_ref()
            .or(change.corridor_before.as_ref())
        {
            self.corridors
                .entry(corridor.clone())
                .or_default()
                .effects
                .add(&change.effects);
        }
    }

    fn check(&self) -> Result<()> {
        let fits = |before: i128, moved: i128, effects: &Effects, after: i128| {
            before + moved + effects.total() == after
        };
        let whole = fits(self.before, 0, &self.effects, self.after);
        let wrong = self
            .corridors
            .iter()
            .find(|(_, c)| !fits(c.before, c.moved, &c.effects, c.after));
        match (whole, wrong) {
            (true, None) => Ok(()),
            (false, _) => Err(Error::Internal(
                "the effects do not add up to the difference".to_owned(),
            )),
            (true, Some((corridor, _))) => Err(Error::Internal(format!(
                "the effects of {} do not add up to its difference",
                corridor.corridor
            ))),
        }
    }
}
