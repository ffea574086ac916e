//! From which day on each factor of a profile may be used: its validity, or any day before it where the profile lets the
//! earliest figure of a series stand in (Q29).

use super::factor::EmissionFactor;
use super::set::FactorSet;
use crate::model::mode::{Per, Temperature};
use crate::model::time::{Day, NO_START};
use rustc_hash::FxHashMap;

/// What the editions of one source have a series of figures for. Of a composed factor both rows are of a series, and its own
/// begins when the first of both are valid together.
type Series<'s> = (
    &'s str,
    Option<u16>,
    [&'s str; 3],
    Temperature,
    Option<Per>,
    Option<(&'s str, &'s str, Per)>,
);

fn series<'s>(set: &'s FactorSet, f: &'s EmissionFactor) -> Series<'s> {
    let source = |f: &EmissionFactor| &*set.source_of(f).source;
    let composed = f.composed.as_ref();
    let region = composed.map_or(&*f.region, |c| &*c.row_region);
    (
        source(f),
        f.operation,
        [&f.energy_carrier, region, &f.carrier],
        f.temperature,
        f.operation.is_none().then_some(f.per),
        composed.map(|c| {
            let energy = &set.factors[c.energy as usize];
            (source(energy), &*c.energy_region, energy.per)
        }),
    )
}

impl FactorSet {
    /// Lets the earliest factor of each series apply on every day before it begins too.
    pub(super) fn apply_before_first(&mut self) {
        let mut first: FxHashMap<Series, Day> = FxHashMap::default();
        for factor in &self.factors {
            let begins = first
                .entry(series(self, factor))
                .or_insert(factor.valid_from);
            *begins = factor.valid_from.min(*begins);
        }
        // A carrier's figure says nothing of the years before its reference period.
        let is_first = |f: &EmissionFactor| {
            f.reference.is_none() && first.get(&series(self, f)) == Some(&f.valid_from)
        };
        let earliest: Vec<bool> = self.factors.iter().map(is_first).collect();
        for (rank, _) in (self.ranks.iter_mut().zip(earliest)).filter(|(_, is_first)| *is_first) {
            rank.applies_from = NO_START;
        }
    }
}
