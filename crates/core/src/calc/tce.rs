//! One transport chain element: distance, factor, adjustment, activity, emissions; or why it cannot be computed.

use super::activity::adjusted;
use super::emissions::Amount;
use super::lane::{Lane, LaneFactor};
use super::load::{Load, UNKNOWN_TEU};
use crate::factors::profile::Adjustment;
use crate::model::element::NOT_STATED;
use crate::model::flag::Flags;
use crate::model::mode::{Basis, DistanceSource, LoadStatus, Per};
use crate::model::quantity::{Ghg, GramMetres, Grams, Metres};
use crate::model::reject::RejectReason;
use crate::model::unit::{DECIMAL12_MAX, DECIMAL15_MAX, ONE};
use crate::reference::BasisTable;

/// More than this many TEU on one row are not one container, so a figure per container says nothing about it (R014).
pub const MOST_TEU_OF_A_CONTAINER: i64 = 4 * ONE;

/// Why an element cannot be computed, and the column to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The code.
    pub reason: RejectReason,
    /// The column.
    pub column: &'static str,
}

const fn unusable(reason: RejectReason, column: &'static str) -> Unusable {
    Unusable { reason, column }
}

/// Distances and figures of one element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Distance as found.
    pub distance: Metres,
    /// Its basis.
    pub distance_basis: Basis,
    /// Where it was found.
    pub distance_source: DistanceSource,
    /// Activity distance.
    pub activity_distance: Metres,
    /// Its basis.
    pub activity_basis: Basis,
    /// Emission distance.
    pub emission_distance: Metres,
    /// Transport activity.
    pub activity: GramMetres,
    /// Emissions.
    pub ghg: Ghg,
    /// Biogenic CO2, micrograms, in no total; [`NOT_STATED`]: the factor does not say.
    pub biogenic_co2: i64,
    /// Flags found on the way.
    pub flags: Flags,
}

/// Energy that the record reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Energy {
    /// None, or a carrier alone: the intensity decides.
    None,
    /// Quantity in millionths of its unit: primary data.
    Used(i64),
    /// A quantity without this column (R022).
    Incomplete(&'static str),
}

/// What one element is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a, 'l> {
    /// Whether it is a hub operation: no distance, no transport activity.
    pub is_hub: bool,
    /// Reported distance and its basis; 0: none.
    pub reported: (Metres, Basis),
    /// Whether the basis is the profile's default (Q04).
    pub basis_assumed: bool,
    /// Mass, TEU, containers.
    pub load: &'a Load,
    /// Energy reported.
    pub energy: Energy,
    /// Resolved factor and distance.
    pub lane: &'l Lane,
    /// What the profile makes of a distance of the mode, by the basis at hand and the basis wanted.
    pub adjustments: &'a BasisTable,
    /// What turns an actual distance into an activity distance for the mode, and the basis it then has.
    pub to_activity: Option<(Adjustment, Basis)>,
}

/// Computes an element; gives the factor applied. Reasons come in this order: R013, R012, R011/R022, R025, R014, R021, R020.
#[inline]
pub fn figures<'l>(inputs: &Inputs<'_, 'l>, out: &mut Figures) -> Result<&'l LaneFactor, Unusable> {
    let load = inputs.load;
    if load.mass.is_none() {
        return Err(unusable(RejectReason::NoMass, "cargo_mass_kg"));
    }
    *out = Figures::default();
    if !inputs.is_hub {
        find_distance(inputs, out)?;
        find_activity_distance(inputs, out);
    }
    let factor = match (inputs.energy, &inputs.lane.factor) {
        (Energy::Incomplete(column), _) => {
            return Err(unusable(RejectReason::EnergyIncomplete, column));
        }
        (Energy::Used(_), None) => {
            return Err(unusable(RejectReason::EnergyIncomplete, "energy_carrier"));
        }
        (Energy::None, None) => return Err(unusable(RejectReason::NoFactor, "operation")),
        (_, Some(factor)) => factor,
    };
    if factor.is_too_old {
        return Err(unusable(RejectReason::FigureTooOld, "departed_at"));
    }
    out.flags |= factor.flags;
    if load.load_status == LoadStatus::Empty && factor.holds_empty_running {
        out.flags |= Flags::EMPTY_COUNTED_TWICE;
    }
    check_box(load, factor.per)?;
    out.emission_distance = out.distance;
    if matches!(factor.per, Per::Tkm | Per::TeuKm) {
        adjust_distance(inputs.adjustments, factor.basis, out)?;
    }
    emissions(inputs, factor, out)?;
    Ok(factor)
}

fn find_distance(inputs: &Inputs, out: &mut Figures) -> Result<(), Unusable> {
    (out.distance, out.distance_basis, out.distance_source) =
        match (inputs.reported, inputs.lane.distance) {
            ((Metres(0), _), None) => {
                return Err(unusable(RejectReason::NoDistance, "distance_km"));
            }
            ((Metres(0), _), Some(found)) => {
                out.flags |= found.flags;
                (Metres(found.metres), found.basis, found.source)
            }
            ((reported, basis), _) => {
                out.flags |= Flags::BASIS_ASSUMED.when(inputs.basis_assumed)
                    | Flags::DISTANCE_IMPLAUSIBLE.when(!inputs.lane.plausible_m.hold(reported.0));
                (reported, basis, DistanceSource::Reported)
            }
        };
    Ok(())
}

/// ISO 14083:2023 wants transport activity on the shortest feasible or great-circle distance.
fn find_activity_distance(inputs: &Inputs, out: &mut Figures) {
    (out.activity_distance, out.activity_basis) = (out.distance, out.distance_basis);
    if out.distance_basis != Basis::Actual {
        return;
    }
    let shortened = |(entry, basis)| Some((positive(adjusted(out.distance, entry))?, basis));
    match inputs.to_activity.and_then(shortened) {
        Some(found) => (out.activity_distance, out.activity_basis) = found,
        None => out.flags |= Flags::ACTIVITY_ON_ACTUAL,
    }
}

fn check_box(load: &Load, per: Per) -> Result<(), Unusable> {
    let refused = match per {
        Per::TeuKm | Per::Teu => load.teu == UNKNOWN_TEU,
        Per::Container => load.whole_teu > MOST_TEU_OF_A_CONTAINER,
        Per::Tkm | Per::T | Per::Kg | Per::Litre | Per::KWh | Per::Mj => false,
    };
    if refused {
        Err(unusable(RejectReason::NoTeu, "teu"))
    } else {
        Ok(())
    }
}

fn adjust_distance(
    adjustments: &BasisTable,
    wanted: Basis,
    out: &mut Figures,
) -> Result<(), Unusable> {
    if out.distance_basis == wanted {
        return Ok(());
    }
    let entry = adjustments[out.distance_basis as usize][wanted as usize];
    let adjusted = entry.and_then(|entry| positive(adjusted(out.distance, entry)));
    let reason = RejectReason::NoDistanceAdjustment;
    out.emission_distance = adjusted.ok_or(unusable(reason, "distance_basis"))?;
    out.flags |= Flags::DISTANCE_ADJUSTED;
    Ok(())
}

/// Activity and emissions, and the limits of the published decimals (R020).
fn emissions(inputs: &Inputs, factor: &LaneFactor, out: &mut Figures) -> Result<(), Unusable> {
    let beyond = |column| unusable(RejectReason::LimitExceeded, column);
    let load = inputs.load;
    if load.mass > Grams(DECIMAL15_MAX) {
        return Err(beyond("cargo_mass_kg"));
    }
    if out.emission_distance.max(out.activity_distance) > Metres(DECIMAL12_MAX) {
        return Err(beyond("distance_km"));
    }
    let activity = load.mass * out.activity_distance;
    out.activity = activity.ok_or_else(|| beyond("cargo_mass_kg"))?;
    // What the intensity is applied to is too much of it.
    let limit = || {
        beyond(match factor.per {
            Per::Tkm | Per::T => "cargo_mass_kg",
            Per::TeuKm | Per::Teu | Per::Container => "teu",
            Per::Kg | Per::Litre | Per::KWh | Per::Mj => "energy_quantity",
        })
    };
    let amount = match (factor.per, inputs.energy) {
        (Per::Tkm, _) => Amount::over_distance(load.mass.0, out.emission_distance),
        (Per::TeuKm, _) => Amount::over_distance(load.teu, out.emission_distance),
        (Per::T, _) => Amount::Handled(load.mass.0 as u64),
        (Per::Teu, _) => Amount::Handled(load.teu as u64),
        (Per::Container, _) => Amount::Handled(load.containers as u64),
        (Per::Kg | Per::Litre | Per::KWh | Per::Mj, Energy::Used(quantity)) => {
            Amount::Energy(quantity, factor.ratio)
        }
        // An energy row is chosen only for energy used.
        (Per::Kg | Per::Litre | Per::KWh | Per::Mj, Energy::None | Energy::Incomplete(_)) => {
            return Err(limit());
        }
    };
    out.ghg = amount.ghg(factor.intensity).ok_or_else(limit)?;
    out.biogenic_co2 = match factor.intensity.biogenic {
        NOT_STATED => NOT_STATED,
        stated => amount.at(stated).ok_or_else(limit)?.0,
    };
    Ok(())
}

/// A distance that is one: above 0, and cut to what can be held, which is beyond every limit.
fn positive(metres: i128) -> Option<Metres> {
    (metres > 0).then(|| Metres(i64::try_from(metres).unwrap_or(i64::MAX)))
}
