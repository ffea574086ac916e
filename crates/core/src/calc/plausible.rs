//! What is odd about a row (docs/methodology.md, section 5; flags Q25, Q27, Q28, Q30, Q31). Q26 hangs on the lane and is set with the distance.

use super::load::{BoxType, Load, UNKNOWN_TEU};
use super::tce::{Figures, MOST_TEU_OF_A_CONTAINER};
use crate::model::flag::Flags;
use crate::model::mode::{EnergyUnit, LoadStatus};
use crate::model::movement::MovementBatch;
use crate::model::quantity::Metres;
use crate::model::time::{DAY_US, Instant, NO_INSTANT};
use crate::model::unit::ONE;
use crate::reference::Plausibility;
use crate::reference::plausibility::{Bounds, ModeBounds};

/// What the bounds of a mode say of time, in the units of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// m/h.
    speed: Bounds,
    /// Time that a departure may be late or an arrival early, ms.
    early_ms: i64,
    /// Time that may be spent without moving, us; `i64::MAX`: any.
    resting_us: i64,
}

impl Pace {
    /// Of one mode.
    pub(super) fn new(of: &ModeBounds) -> Pace {
        let [early, resting] = [of.leeway_time.min, of.leeway_time.max];
        Pace {
            speed: of.speed,
            early_ms: early.max(0).saturating_mul(UNIT_US) / 1000,
            resting_us: resting.saturating_mul(UNIT_US),
        }
    }
}

/// Flags of row `i` with its figures, whose container type resolved to `kind`.
#[inline]
pub(super) fn flags(
    bounds: &Plausibility,
    pace: &Pace,
    batch: &MovementBatch,
    i: usize,
    load: &Load,
    kind: Option<BoxType>,
    figures: &Figures,
) -> Flags {
    let of = bounds.of(batch.mode[i]);
    let (departed, arrived) = (batch.departed_at[i], batch.arrived_at[i]);
    let is_odd = |at: Instant| at != NO_INSTANT && !bounds.dates.hold(at);
    Flags::MASS_IMPLAUSIBLE.when(!mass_is_plausible(bounds, of, batch, i, load, kind))
        | Flags::TEU_IMPLAUSIBLE.when(!teu_is_plausible(
            batch.teu[i] as i64,
            kind,
            !batch.container_id.get(i).is_empty(),
        ))
        | Flags::ENERGY_IMPLAUSIBLE.when(
            batch.energy_quantity[i] != 0
                && !energy_is_plausible(of, batch.energy_unit[i], load.teu, figures),
        )
        | Flags::TIME_IMPLAUSIBLE.when(
            arrived != NO_INSTANT && !time_is_plausible(pace, arrived - departed, figures.distance),
        )
        | Flags::DATE_FAR_OUTSIDE
            .when(is_odd(departed) || is_odd(arrived) || is_odd(batch.recorded_at[i]))
}

/// Whether the TEU of a record are those of its box, or of several boxes of its type where no number says that it is one. Half a TEU more or
/// less is a matter of who counts: a box of 45 ft is 2, 2.25 or 2.5.
fn teu_is_plausible(reported: i64, kind: Option<BoxType>, is_numbered: bool) -> bool {
    /// Half of the smallest box that there is.
    const LEAST: i64 = ONE / 4;
    match kind {
        _ if reported == 0 => true,
        Some(kind) => {
            let boxes = if is_numbered {
                1
            } else {
                ((reported + kind.teu / 2) / kind.teu).max(1)
            };
            2 * (reported - boxes * kind.teu).abs() < ONE
        }
        None => reported >= LEAST && !(is_numbered && reported > MOST_TEU_OF_A_CONTAINER),
    }
}

/// Whether reported energy is what a mode can need over a distance. Of a row whose TEU nobody knows the upper end is that of one TEU. Fuels
/// alone have a lower end: current may come without any emission.
fn energy_is_plausible(of: &ModeBounds, unit: EnergyUnit, teu: i64, figures: &Figures) -> bool {
    let known = if teu == UNKNOWN_TEU { ONE } else { teu };
    // Micrograms, thousandths of a kilogram, millionths of a TEU, metres.
    let emitted = 1000 * i128::from(figures.ghg.total().0);
    let bound = |end: i64| i128::from(end) * i128::from(known) * i128::from(figures.distance.0);
    let is_fuel = matches!(unit, EnergyUnit::Kg | EnergyUnit::Litre) && teu != UNKNOWN_TEU;
    figures.distance == Metres(0)
        || (emitted <= bound(of.energy.max) && (!is_fuel || emitted >= bound(of.energy.min)))
}

/// Only what a record states is judged: a default is flagged as one.
fn mass_is_plausible(
    bounds: &Plausibility,
    of: &ModeBounds,
    batch: &MovementBatch,
    i: usize,
    load: &Load,
    kind: Option<BoxType>,
) -> bool {
    let reported = batch.mass_g[i] as i64;
    if reported == 0 {
        return true;
    }
    let is_one_box =
        !batch.container_id.get(i).is_empty() && load.whole_teu <= MOST_TEU_OF_A_CONTAINER;
    let is_within_a_box = !is_one_box || reported <= bounds.any_gross || kind.is_some();
    // Of a shared box the whole cargo counts.
    let cargo = reported.max(batch.container_mass_g[i] as i64);
    // A box that nothing is known of is taken for the smallest when it is light. Without a number it may be a consignment, which is in one box.
    let teu = match load.whole_teu {
        UNKNOWN_TEU if is_one_box => ONE,
        UNKNOWN_TEU if load.load_status == LoadStatus::Empty => {
            return reported <= bounds.any_gross;
        }
        UNKNOWN_TEU => return cargo <= bounds.any_gross,
        known => known,
    };
    let is_known = load.whole_teu != UNKNOWN_TEU;
    // A consignment has to weigh no more than its part of what the box must hold; it may weigh all that the box can.
    let has_enough = |mass: i64, least: i64| {
        let least = least.saturating_mul(teu);
        match batch.box_share[i] {
            0 => mass.saturating_mul(ONE) >= least,
            part => {
                let whole = i128::from(ONE) * i128::from(ONE);
                i128::from(mass) * whole >= i128::from(least) * i128::from(part)
            }
        }
    };
    if load.load_status == LoadStatus::Empty {
        let max = if is_known {
            of.empty_per_teu.max
        } else {
            i64::MAX
        };
        return is_within_a_box
            && has_enough(reported, of.empty_per_teu.min)
            && reported.saturating_mul(ONE) <= max.saturating_mul(teu);
    }
    let mass = cargo;
    let fits = match kind {
        // A row may stand for several boxes of one type.
        Some(kind) => {
            mass.saturating_mul(kind.teu) <= kind.most_cargo_g.saturating_mul(teu.max(kind.teu))
        }
        None if is_known => {
            mass.saturating_mul(ONE) <= of.cargo_per_teu.max.saturating_mul(teu.max(ONE))
        }
        None => true,
    };
    has_enough(mass, of.cargo_per_teu.min) && fits && (is_within_a_box || mass <= bounds.any_gross)
}

/// Thousandths of an hour in microseconds.
const UNIT_US: i64 = 3_600_000;
/// Metres times this are speed (m/h) times milliseconds.
const HOUR_MS: i64 = 3_600_000;

#[inline]
fn time_is_plausible(pace: &Pace, duration_us: i64, distance: Metres) -> bool {
    // Who states days alone means any time of them.
    let spare = if duration_us % DAY_US == 0 { DAY_US } else { 0 };
    let most_ms = (duration_us + spare) / 1000 + pace.early_ms;
    let way = distance.0.saturating_mul(HOUR_MS);
    if most_ms.saturating_mul(pace.speed.max) < way {
        return false;
    }
    let slowest = pace.speed.min;
    let moving_us = match pace.resting_us {
        i64::MAX if slowest > 0 => duration_us,
        i64::MAX => return true,
        resting => duration_us - resting,
    };
    match slowest {
        ..=0 => moving_us <= 0,
        // A rest that is longer than the time is the usual case.
        _ if moving_us <= 0 => true,
        slowest => (moving_us / 1000).saturating_mul(slowest) <= way,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::quantity::{Ghg, Micrograms};
    use crate::reference::plausibility::Bounds;

    const HOUR_US: i64 = 3_600_000_000;

    #[test]
    fn teu_are_those_of_the_box_or_of_several() {
        let of = |teu: i64| BoxType {
            teu,
            tare_g: 0,
            refrigerated: false,
            most_cargo_g: i64::MAX,
        };
        let (dry40, long45) = (Some(of(2 * ONE)), Some(of(9 * ONE / 4)));
        for (reported, kind, is_numbered, want) in [
            (0, dry40, true, true),
            (2 * ONE, dry40, true, true),
            (ONE, dry40, true, false),
            (9 * ONE / 4, dry40, true, true),
            (5 * ONE / 2, dry40, true, false),
            (2 * ONE, long45, true, true),
            (4 * ONE, dry40, true, false),
            (6 * ONE, dry40, false, true),
            (5 * ONE, dry40, false, false),
            (ONE / 100, dry40, false, false),
            (ONE / 2, None, true, true),
            (ONE / 100, None, false, false),
            (4 * ONE, None, true, true),
            (40 * ONE, None, true, false),
            (40 * ONE, None, false, true),
        ] {
            let is = teu_is_plausible(reported, kind, is_numbered);
            assert_eq!(is, want, "{reported} {kind:?} {is_numbered}");
        }
    }

    #[test]
    fn energy_is_what_a_mode_can_need() {
        let of = ModeBounds {
            energy: Bounds { min: 5, max: 5_000 },
            ..ModeBounds::NONE
        };
        let is = |grams: i64, km: i64, teu: i64, unit: EnergyUnit| {
            let figures = Figures {
                distance: Metres(km * 1000),
                ghg: Ghg {
                    operation: Micrograms(grams * 1_000_000),
                    ..Ghg::default()
                },
                ..Figures::default()
            };
            energy_is_plausible(&of, unit, teu, &figures)
        };
        let fuel = EnergyUnit::Litre;
        // 300 l of diesel over 1,000 km for two TEU, and the same in millilitres and in cubic metres.
        assert!(is(960_000, 1_000, 2 * ONE, fuel));
        assert!(!is(960_000_000, 1_000, 2 * ONE, fuel) && !is(960, 1_000, 2 * ONE, fuel));
        assert!(is(10_000_000, 1_000, 2 * ONE, fuel) && !is(10_000_001, 1_000, 2 * ONE, fuel));
        assert!(is(10_000, 1_000, 2 * ONE, fuel) && !is(9_999, 1_000, 2 * ONE, fuel));
        assert!(
            is(0, 1_000, 2 * ONE, EnergyUnit::KWh),
            "current without emissions"
        );
        assert!(is(0, 1_000, UNKNOWN_TEU, fuel) && !is(5_000_001, 1_000, UNKNOWN_TEU, fuel));
        assert!(
            is(i64::MAX / 1_000_000, 0, ONE, fuel),
            "a stay has no distance"
        );
    }

    #[test]
    fn speed_has_a_leeway_and_days_without_a_clock_are_taken_as_days() {
        let of = ModeBounds {
            speed: Bounds {
                min: 5_000,
                max: 100_000,
            },
            leeway_time: Bounds {
                min: 250,
                max: 240_000,
            },
            ..ModeBounds::NONE
        };
        let is = |hours_us: i64, km: i64| {
            time_is_plausible(&Pace::new(&of), hours_us, Metres(km * 1000))
        };
        assert!(is(HOUR_US, 100) && is(HOUR_US, 125) && !is(HOUR_US, 126));
        assert!(
            is(0, 2_425) && !is(0, 2_426),
            "the same day, without a clock"
        );
        assert!(!is(HOUR_US / 60, 300));
        assert!(is(240 * HOUR_US, 0) && !is(241 * HOUR_US, 0));
        assert!(is(300 * HOUR_US, 300) && !is(301 * HOUR_US, 300));
        assert!(!is(8_000 * 365 * 24 * HOUR_US, 50_000));
        let hub = ModeBounds {
            leeway_time: Bounds {
                min: i64::MIN,
                max: 1_000,
            },
            ..ModeBounds::NONE
        };
        let hub = Pace::new(&hub);
        assert!(
            time_is_plausible(&hub, HOUR_US, Metres(0))
                && !time_is_plausible(&hub, 2 * HOUR_US, Metres(0))
        );
        assert!(time_is_plausible(
            &Pace::new(&ModeBounds::NONE),
            i64::MAX / 4,
            Metres(1)
        ));
    }
}
