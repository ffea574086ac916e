//! Figures outside what any vehicle, terminal or fuel of its kind emits: the unit is probably another one.
//!
//! The limits are this program's own and wide on purpose: about a third of the least and three times the most that published tables
//! show. Zero is always plausible (electric drive, fuels counted as zero).

use super::total;
use crate::factors::factor::EmissionFactor;
use crate::factors::fault::Faults;
use crate::factors::set::FactorSet;
use crate::model::mode::{Mode, Per};
use crate::model::unit::{NANO_SCALE, decimal_text};

/// Least and most grams CO2e (operation and provision) per unit.
fn limits(mode: Option<Mode>, per: Per) -> (i64, i64) {
    use Mode::{Air, Hub, InlandWaterway, Rail, Road, Sea};
    match (mode, per) {
        (Some(Road), Per::Tkm) => (8, 6_000),
        (Some(Rail), Per::Tkm) => (1, 300),
        (Some(Sea), Per::Tkm) => (1, 1_500),
        (Some(InlandWaterway), Per::Tkm) => (2, 400),
        (Some(Air), Per::Tkm) => (100, 15_000),
        // Ten tonnes in a TEU, more or less by a factor of 2.
        (Some(Road), Per::TeuKm) => (40, 12_000),
        (Some(Rail | Sea), Per::TeuKm) => (5, 5_000),
        (Some(InlandWaterway), Per::TeuKm) => (10, 8_000),
        (Some(Air), Per::TeuKm) => (500, 300_000),
        (_, Per::T) => (50, 500_000),
        (_, Per::Teu | Per::Container) => (100, 500_000),
        (_, Per::Kg) => (20, 30_000),
        (_, Per::Litre) => (20, 20_000),
        (_, Per::KWh) => (5, 2_500),
        (_, Per::Mj) => (1, 700),
        (None | Some(Hub), Per::Tkm | Per::TeuKm) => (0, 1_000_000_000),
    }
}

/// Whether the total lies outside the limits, and which other unit it would fit.
fn odd(mode: Option<Mode>, factor: &EmissionFactor) -> Option<String> {
    let (least, most) = limits(mode, factor.per);
    // What is composed may be next to nothing, on hydropower or fuel counted as zero: its energy is checked with the other carriers.
    let least = if factor.composed.is_some() { 0 } else { least };
    let value = i128::from(total(factor));
    let within = |v: i128, (least, most): (i64, i64)| {
        v >= i128::from(least) * NANO && v <= i128::from(most) * NANO
    };
    if value == 0 || within(value, (least, most)) {
        return None;
    }
    let other = match factor.per {
        Per::Tkm => Some(Per::TeuKm),
        Per::TeuKm => Some(Per::Tkm),
        Per::T => Some(Per::Container),
        Per::Teu | Per::Container => Some(Per::T),
        Per::KWh => Some(Per::Mj),
        Per::Mj => Some(Per::KWh),
        Per::Kg | Per::Litre => None,
    };
    let in_kilograms = within(value * 1_000, (least, most)).then(|| "in kilograms".to_owned());
    let per_other = other
        .filter(|per| within(value, limits(mode, *per)))
        .map(|per| format!("per {}", per.code()));
    let fitting: Vec<String> = in_kilograms.into_iter().chain(per_other).collect();
    let hint = if fitting.is_empty() {
        String::new()
    } else {
        format!("; it would be plausible {}", fitting.join(" or "))
    };
    Some(format!(
        "the unit looks wrong: {least} to {most} g per {} is usual for this kind{hint}",
        factor.per.code()
    ))
}

const NANO: i128 = 10i128.pow(NANO_SCALE);

/// A warning for each figure outside its limits.
pub(super) fn odd_units(set: &FactorSet, faults: &mut Faults) {
    for factor in &set.factors {
        let mode = factor.operation.map(|o| set.operations[o as usize].mode);
        let Some(wanted) = odd(mode, factor) else {
            continue;
        };
        let found = decimal_text(total(factor).into(), NANO_SCALE);
        let column = if factor.composed.is_some() {
            "energy_quantity"
        } else {
            "per"
        };
        faults.warning(&factor.file, factor.line, column, &found, wanted);
    }
}
