//! Figures that lie far from those of their neighbours: most often a slip of the decimal point.

use super::total;
use crate::factors::factor::{EmissionFactor, Operation};
use crate::factors::fault::Faults;
use crate::factors::set::FactorSet;
use crate::model::mode::{Mode, Per, Temperature};
use crate::model::unit::{NANO_SCALE, decimal_text};
use rustc_hash::FxHashMap;

/// A figure further off than this many times from the median of its neighbours is named.
const FAR: i128 = 3;
/// Fewer rows than this have no median to speak of.
const ENOUGH: usize = 3;

/// Rows that should lie near each other: one operation and energy carrier over regions and editions; for electricity, whose
/// figure is a matter of the place, one region over the years. Rows that are composed from energy have no figure of their own.
type Neighbourhood<'s> = (Option<u16>, &'s str, &'s str, Temperature, Per);

fn neighbourhood(f: &EmissionFactor) -> Neighbourhood<'_> {
    let region = if f.operation.is_none() && &*f.energy_carrier == "electricity" {
        &*f.region
    } else {
        ""
    };
    (f.operation, &f.energy_carrier, region, f.temperature, f.per)
}

/// Of one mode and unit everything lies within this many times of the median, from a half-empty feeder to the largest ship; a slip of
/// a thousand (grams for kilograms, per tonne for per kilogram) does not.
const OTHER_KIND: i128 = 100;

/// A warning for each row more than a hundred times above or below the median of its mode and unit, whatever its operation.
pub(super) fn of_another_kind(
    figures: &[&EmissionFactor],
    operations: &[Operation],
    faults: &mut Faults,
) {
    let mut families: FxHashMap<(Mode, Per), Vec<i64>> = FxHashMap::default();
    let family = |f: &EmissionFactor| {
        let mode = operations[f.operation? as usize].mode;
        (total(f) != 0).then_some((mode, f.per))
    };
    for factor in figures {
        if let Some(key) = family(factor) {
            families.entry(key).or_default().push(total(factor));
        }
    }
    families
        .values_mut()
        .for_each(|totals| totals.sort_unstable());
    for factor in figures {
        let Some((key, totals)) = family(factor).and_then(|key| families.get_key_value(&key))
        else {
            continue;
        };
        let (value, median) = (
            i128::from(total(factor)),
            i128::from(totals[totals.len() / 2]),
        );
        if totals.len() < ENOUGH || (value <= OTHER_KIND * median && value * OTHER_KIND >= median) {
            continue;
        }
        let grams = |mantissa: i128| decimal_text(mantissa, NANO_SCALE);
        let wanted = format!(
            "operation and provision are more than {OTHER_KIND} times off the median of the {} rows of {} per {}, {} g: is the unit right?",
            totals.len(),
            key.0.code(),
            key.1.code(),
            grams(median)
        );
        faults.warning(
            &factor.file,
            factor.line,
            "operation_g",
            &grams(value),
            wanted,
        );
    }
}

/// A warning for each row more than three times above or below the median of its neighbourhood.
pub(super) fn far_off(set: &FactorSet, faults: &mut Faults) {
    let mut groups: FxHashMap<Neighbourhood, Vec<&EmissionFactor>> = FxHashMap::default();
    for factor in set.factors.iter().filter(|f| f.composed.is_none()) {
        groups
            .entry(neighbourhood(factor))
            .or_default()
            .push(factor);
    }
    let mut far: Vec<(&EmissionFactor, i64, usize)> = Vec::new();
    for group in groups.values().filter(|g| g.len() >= ENOUGH) {
        let mut totals: Vec<i64> = group.iter().map(|f| total(f)).collect();
        totals.sort_unstable();
        let median = totals[totals.len() / 2];
        let is_far = |value: i64| {
            let (value, median) = (i128::from(value), i128::from(median));
            value > FAR * median || value * FAR < median
        };
        far.extend(
            group
                .iter()
                .filter(|f| is_far(total(f)))
                .map(|f| (*f, median, group.len())),
        );
    }
    far.sort_unstable_by(|a, b| (&a.0.file, a.0.line).cmp(&(&b.0.file, b.0.line)));
    for (factor, median, count) in far {
        let grams = |mantissa: i64| decimal_text(mantissa.into(), NANO_SCALE);
        let wanted = format!(
            "operation and provision are more than {FAR} times off the median of {count} rows of the same operation, energy carrier and unit, {} g per {}",
            grams(median),
            factor.per.code()
        );
        faults.warning(
            &factor.file,
            factor.line,
            "operation_g",
            &grams(total(factor)),
            wanted,
        );
    }
}
