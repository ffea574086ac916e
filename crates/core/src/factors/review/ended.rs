//! Editions whose last figures have ended.

use crate::factors::factor::EmissionFactor;
use crate::factors::fault::Faults;
use crate::factors::set::FactorSet;
use crate::model::mode::{Per, Temperature};
use crate::model::time::{Day, date_text};
use rustc_hash::FxHashMap;

/// What editions of one source have a series of figures for.
type Series<'s> = (
    &'s str,
    Option<u16>,
    &'s str,
    &'s str,
    &'s str,
    Temperature,
    Option<Per>,
);

fn series<'s>(set: &'s FactorSet, f: &'s EmissionFactor) -> Series<'s> {
    let source = &*set.source_of(f).source;
    (
        source,
        f.operation,
        &f.energy_carrier,
        &f.region,
        &f.carrier,
        f.temperature,
        f.operation.is_none().then_some(f.per),
    )
}

/// One warning for each edition that holds the last row of some series which ended on or before `today`.
pub(super) fn ended(set: &FactorSet, today: Day, faults: &mut Faults) {
    let mut last: FxHashMap<Series, &EmissionFactor> = FxHashMap::default();
    for factor in set.factors.iter().filter(|f| f.composed.is_none()) {
        let there = last.entry(series(set, factor)).or_insert(factor);
        if factor.valid_to > there.valid_to {
            *there = factor;
        }
    }
    // By edition: rows, the earliest of them, the first end.
    let mut editions: FxHashMap<u32, (usize, &EmissionFactor)> = FxHashMap::default();
    for factor in last.into_values().filter(|f| f.valid_to <= today) {
        let (count, first) = editions.entry(factor.source).or_insert((0, factor));
        *count += 1;
        if (&factor.file, factor.line) < (&first.file, first.line) {
            *first = factor;
        }
    }
    let mut editions: Vec<_> = editions.into_iter().collect();
    editions.sort_unstable_by_key(|(source, _)| *source);
    for (source, (count, first)) in editions {
        let wanted = format!(
            "{count} of the rows of {} ended before {} and no later edition follows; a profile that allows it uses them past their end (Q17)",
            set.sources[source as usize].folder,
            date_text(today)
        );
        faults.warning(
            &first.file,
            first.line,
            "valid_to",
            &date_text(first.valid_to),
            wanted,
        );
    }
}
