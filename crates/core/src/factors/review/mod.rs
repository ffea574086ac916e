//! What is odd about the factors of a profile without being wrong: warnings for whoever keeps the library.
//!
//! The day comes from the caller; there is no clock here. Nothing is decided by a warning, figures are defined with or without.

mod ended;
mod neighbours;
mod plausible;
#[cfg(test)]
mod tests;

use super::factor::EmissionFactor;
use super::fault::{Fault, Faults};
use super::library::Library;
use super::set::FactorSet;
use rustc_hash::FxHashSet;

/// Warnings about the factors of a profile: editions that ended before `today`, figures far from their neighbours, figures whose unit
/// looks wrong.
pub fn review(set: &FactorSet, today: crate::model::time::Day) -> Vec<Fault> {
    let mut faults = Faults::default();
    if !set.ignore_validity {
        ended::ended(set, today, &mut faults);
    }
    neighbours::far_off(set, &mut faults);
    let figures: Vec<&EmissionFactor> = set.factors.iter().collect();
    plausible::odd_units(&figures, &set.operations, &mut faults);
    once(faults)
}

/// Warnings about the rows of every edition as they stand, whether or not a profile names it: figures that cannot be, or are of another
/// kind than all others of their mode. Rows that take their figures from energy have none to look at here.
pub fn review_rows(library: &Library) -> Vec<Fault> {
    let mut faults = Faults::default();
    let own = library.rows.iter().filter(|row| row.energy.is_none());
    let figures: Vec<&EmissionFactor> = own.map(|row| &row.factor).collect();
    plausible::odd_units(&figures, &library.operations, &mut faults);
    plausible::odd_shares(&figures, &library.operations, &mut faults);
    plausible::last_days(&figures, &mut faults);
    neighbours::of_another_kind(&figures, &library.operations, &mut faults);
    once(faults)
}

/// One row makes many composed factors; it is named once.
fn once(mut faults: Faults) -> Vec<Fault> {
    let mut seen = FxHashSet::default();
    faults
        .list
        .retain(|f| seen.insert((f.file.clone(), f.line, f.column.clone(), f.wanted.clone())));
    faults.list
}

/// Operation and provision together, 10^-9 g per unit.
fn total(factor: &EmissionFactor) -> i64 {
    // Both are below 10^18.
    factor.intensity.total()
}
