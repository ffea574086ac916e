//! Figures outside what any vehicle, terminal or fuel of its kind emits: the unit is probably another one.
//!
//! The limits are this program's own and wide on purpose: about a third of the least and three times the most that published tables
//! show. Zero is always plausible (electric drive, fuels counted as zero).

use super::total;
use crate::factors::factor::{EmissionFactor, Operation};
use crate::factors::fault::Faults;
use crate::model::mode::{Mode, Per};
use crate::model::time::{civil, date_text, days_in_month};
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

/// Fuels of fossil carbon that are burnt in use: what is emitted before is part of what is emitted then. In FuelEU Annex II, the GLEC
/// fuel tables and DESNZ provision is 10 to 45 % of operation; the limit of 100 % is this program's own.
fn is_fossil(energy_carrier: &str) -> bool {
    const FOSSIL: [&str; 17] = [
        "diesel",
        "diesel_blend",
        "petrol",
        "hfo",
        "lfo",
        "lsfo",
        "ulsfo",
        "vlsfo",
        "mgo",
        "marine_fuel",
        "gas_oil",
        "fuel_oil",
        "jet",
        "cng",
        "lpg",
        "lpg_butane",
        "lpg_propane",
    ];
    FOSSIL.contains(&energy_carrier) || energy_carrier.starts_with("lng")
}

/// A warning for each fossil fuel, or transport on one, with more emissions before its use than in it: columns taken for each other, or a
/// part that is missing.
pub(super) fn odd_shares(
    figures: &[&EmissionFactor],
    operations: &[Operation],
    faults: &mut Faults,
) {
    for factor in figures {
        let usual = factor
            .operation
            .map_or("", |o| &*operations[o as usize].energy_carrier);
        let energy_carrier = if factor.energy_carrier.is_empty() {
            usual
        } else {
            &factor.energy_carrier
        };
        let (operation, provision) = (factor.intensity.operation, factor.intensity.provision);
        if !is_fossil(energy_carrier) || (provision <= operation && operation != 0) {
            continue;
        }
        if total(factor) == 0 {
            let wanted = format!(
                "more than 0 g in all, which no fossil fuel such as {energy_carrier} has: does an empty cell stand for a figure that nobody knows?"
            );
            faults.warning(&factor.file, factor.line, "operation_g", "0", wanted);
            continue;
        }
        let grams = |mantissa: i64| decimal_text(mantissa.into(), NANO_SCALE);
        let wanted = format!(
            "more than the operation of {} g, which no fossil fuel such as {energy_carrier} has: are operation and provision the right columns?",
            grams(operation)
        );
        faults.warning(
            &factor.file,
            factor.line,
            "provision_g",
            &grams(provision),
            wanted,
        );
    }
}

/// A warning for each interval that ends on the last day of a month: `valid_to` is the first day after, so that day has no figure.
pub(super) fn last_days(figures: &[&EmissionFactor], faults: &mut Faults) {
    for factor in figures {
        let (year, month, day) = civil(factor.valid_to);
        // What is written for no end is far off.
        if year >= 2100 || day != days_in_month(year, month) {
            continue;
        }
        let end = date_text(factor.valid_to);
        let wanted = format!(
            "the first day after: no movement of {end} gets this figure; was the last day meant, then write {}",
            date_text(factor.valid_to + 1)
        );
        faults.warning(&factor.file, factor.line, "valid_to", &end, wanted);
    }
}

const NANO: i128 = 10i128.pow(NANO_SCALE);

/// A warning for each figure outside its limits.
pub(super) fn odd_units(
    figures: &[&EmissionFactor],
    operations: &[Operation],
    faults: &mut Faults,
) {
    for factor in figures {
        let mode = factor.operation.map(|o| operations[o as usize].mode);
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
