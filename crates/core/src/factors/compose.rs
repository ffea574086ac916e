//! Composed factors: energy per unit of activity times every energy row that fits.

use super::factor::{Composed, EmissionFactor, Text};
use super::library::LibraryRow;
use super::rows::QUANTITY_SCALE;
use crate::model::mode::{EnergyUnit, Per};
use crate::model::unit::{DECIMAL18_MAX, div_half_even};

/// Numerator and denominator that turn a quantity in `unit` into one in `per`; `None` when they measure different things.
///
/// kWh and MJ convert exactly: 1 kWh = 3.6 MJ = 18/5 MJ.
pub fn conversion(unit: EnergyUnit, per: Per) -> Option<(i64, i64)> {
    match (unit, per) {
        (EnergyUnit::Kg, Per::Kg)
        | (EnergyUnit::Litre, Per::Litre)
        | (EnergyUnit::KWh, Per::KWh)
        | (EnergyUnit::Mj, Per::Mj) => Some((1, 1)),
        (EnergyUnit::KWh, Per::Mj) => Some((18, 5)),
        (EnergyUnit::Mj, Per::KWh) => Some((5, 18)),
        (
            EnergyUnit::Absent
            | EnergyUnit::Kg
            | EnergyUnit::Litre
            | EnergyUnit::KWh
            | EnergyUnit::Mj,
            _,
        ) => None,
    }
}

/// The factor of a row and an energy row of the same carrier; `Ok(None)` when unit or validity do not fit. `contained` is
/// the narrower of the two regions. The error is a value beyond `Decimal(18,9)`.
pub(super) fn compose(
    row: &LibraryRow,
    energy: &LibraryRow,
    index: u32,
    contained: &Text,
) -> Result<Option<EmissionFactor>, ()> {
    let Some((quantity, unit)) = row.energy else {
        return Ok(None);
    };
    let Some((numerator, denominator)) = conversion(unit, energy.factor.per) else {
        return Ok(None);
    };
    let valid_from = row.factor.valid_from.max(energy.factor.valid_from);
    let valid_to = row.factor.valid_to.min(energy.factor.valid_to);
    if valid_from >= valid_to {
        return Ok(None);
    }
    // Below 10^18 x 10^18 x 18: fits 127 bits.
    let product = |intensity: i64| {
        let exact = quantity as i128 * intensity as i128 * numerator as i128;
        let rounded = div_half_even(exact, 10i128.pow(QUANTITY_SCALE) * denominator as i128);
        i64::try_from(rounded).ok().filter(|v| *v <= DECIMAL18_MAX)
    };
    Ok(Some(EmissionFactor {
        id: [&*row.factor.id, "@", &*energy.factor.id].concat().into(),
        region: contained.clone(),
        intensity: energy.factor.intensity.each(product).ok_or(())?,
        valid_from,
        valid_to,
        composed: Some(Composed {
            energy: index,
            quantity,
            unit,
            row_region: row.factor.region.clone(),
            energy_region: energy.factor.region.clone(),
            energy_gwp_set: energy.factor.gwp_set,
        }),
        ..row.factor.clone()
    }))
}
