//! Why a published element changed between two runs: its difference as a sum of effects.
//!
//! Causes are replaced one after the other, always in the order of [`Effects::NAMES`], and each state is computed at full
//! rounding by the kernel of the earlier run. An effect is the difference between two neighbouring states, so the effects add
//! up to the difference exactly, whatever the figures. A state that the earlier run could not have computed (no factor, no
//! adjustment) takes over the value before it, and its effect shows in the next step that can be computed.
//!
//! Deliberately not here: which element belongs to which (a question of ids), and the sums over shipments.

use super::Kernel;
use super::lane::{Lane, LaneFactor};
use super::load::Load;
use super::recalculate::Facts;
use super::tce::{Energy, Figures, Inputs, figures};
use crate::factors::{EmissionFactor, conversion, uplifted};
use crate::model::element::{Element, FactorIndex};
use crate::model::flag::Flags;
use crate::model::mode::{Basis, DistanceSource, EnergyUnit, Mode};
use crate::model::movement::OperationIndex;
use crate::model::quantity::{Grams, Metres};
use crate::model::symbol::Symbols;
use crate::reference::Reference;
use crate::reference::plausibility::Bounds;

/// Differences of GHG emissions by cause, micrograms CO2e.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects(pub [i128; Effects::COUNT]);

/// A cause of a difference; the number is its place in [`Effects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A movement that only the later run has.
    RecordsNew,
    /// A movement that only the earlier run has.
    RecordsRemoved,
    /// Another mode, operation, place, day, carrier, energy carrier, temperature or load status.
    RecordsCorrected,
    /// Another mass, TEU, distance or energy quantity.
    Activity,
    /// Another factor applies.
    FactorChoice,
    /// The factor has another value, or another edition of it applies.
    FactorValue,
    /// Another method: distance adjustment, uplift, defaults, hub rules.
    Method,
    /// A movement or hub that one of the runs had to leave out.
    Completeness,
}

impl Effects {
    /// Number of causes.
    pub const COUNT: usize = 8;
    /// The causes in the order in which they are replaced.
    pub const NAMES: [&str; Effects::COUNT] = [
        "records_new",
        "records_removed",
        "records_corrected",
        "activity",
        "factor_choice",
        "factor_value",
        "method",
        "completeness",
    ];

    /// A single effect.
    pub fn of(effect: Effect, micrograms: i128) -> Effects {
        let mut effects = Effects::default();
        effects.0[effect as usize] = micrograms;
        effects
    }

    /// Sum of all effects: the difference.
    pub fn total(&self) -> i128 {
        self.0.iter().sum()
    }

    /// Adds other effects.
    pub fn add(&mut self, other: &Effects) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(sum, part)| *sum += part);
    }
}

/// An element and what it took over from its record, in the terms of one run.
#[derive(Clone, Copy, Debug)]
pub struct Side<'e> {
    /// The published element.
    pub element: &'e Element,
    /// What it took over.
    pub facts: &'e Facts,
}

/// The later run in the terms of the earlier one.
#[derive(Debug)]
pub struct Later<'r> {
    /// Reference of the later run.
    pub reference: &'r Reference,
    /// Its operations by index, in the earlier run; `None`: not there.
    pub operations: Vec<Option<OperationIndex>>,
    /// Its factors by index, in the earlier run; `None`: not there.
    pub factors: Vec<Option<FactorIndex>>,
}

impl<'r> Later<'r> {
    /// Compares operation codes and factor ids.
    pub fn new(earlier: &Reference, later: &'r Reference) -> Later<'r> {
        let ids: rustc_hash::FxHashMap<&str, FactorIndex> = earlier
            .factors
            .factors
            .iter()
            .zip(0..)
            .map(|(f, index)| (&*f.id, index))
            .collect();
        Later {
            operations: later
                .factors
                .operations
                .iter()
                .map(|o| earlier.factors.operation(&o.code))
                .collect(),
            factors: later
                .factors
                .factors
                .iter()
                .map(|f| ids.get(&*f.id).copied())
                .collect(),
            reference: later,
        }
    }
}

/// Micrograms of an element.
pub fn micrograms(element: &Element) -> i128 {
    element.ghg_operation as i128 + element.ghg_provision as i128
}

/// The effects that lead from `before` to `after`, one and the same movement or hub in two runs. `facts` of both sides hold
/// symbols of `symbols`; the operation and factor of `after` are indices of the later run.
pub fn restate(
    kernel: &mut Kernel,
    later: &Later,
    before: Side,
    after: Side,
    symbols: &Symbols,
) -> Effects {
    let mut effects = Effects::default();
    let mut value = micrograms(before.element);
    let mut step = |effect: Effect, state: Option<i128>| {
        let state = state.unwrap_or(value);
        effects.0[effect as usize] += state - value;
        value = state;
    };
    let mut state = State::of(before);
    if state.take_identity(later, after) {
        step(
            Effect::RecordsCorrected,
            state.computed(kernel, symbols).map(|e| micrograms(&e)),
        );
    }
    if state.take_activity(after) {
        step(
            Effect::Activity,
            state.computed(kernel, symbols).map(|e| micrograms(&e)),
        );
    }
    // A hub whose operation the hub table decides changes with the method, not with the choice of its factor.
    let is_inferred = after.element.flags.has(Flags::HUB_INFERRED);
    if !is_inferred
        || later.operations[after.element.operation as usize] == Some(before.element.operation)
    {
        let row = &later.reference.factors.factors[after.element.factor as usize];
        let own = later.factors[after.element.factor as usize];
        let uplift = after.element.flags.has(Flags::REFRIGERATED_UPLIFT);
        let earlier_rows = &kernel.reference.factors.factors;
        let chosen = own.map_or(row, |index| &earlier_rows[index as usize]);
        let earlier = state.computed(kernel, symbols);
        let other_edition = earlier.is_some_and(|e| {
            e.flags.has(Flags::REFRIGERATED_UPLIFT) == uplift
                && is_other_edition(&earlier_rows[e.factor as usize].id, &row.id)
        });
        if !other_edition {
            step(
                Effect::FactorChoice,
                state.with_factor(kernel, chosen, uplift),
            );
        }
        step(Effect::FactorValue, state.with_factor(kernel, row, uplift));
    }
    step(Effect::Method, Some(micrograms(after.element)));
    effects
}

/// An element between the two runs.
struct State {
    element: Element,
    facts: Facts,
}

impl State {
    fn of(side: Side) -> State {
        let mut element = *side.element;
        as_found(&mut element);
        State {
            element,
            facts: *side.facts,
        }
    }

    /// Takes what identifies the movement from the later record; whether anything differs. What the profile decided on both
    /// sides is no property of the record.
    fn take_identity(&mut self, later: &Later, after: Side) -> bool {
        let (old, facts) = (self.element, self.facts);
        let (e, a) = (&mut self.element, after.element);
        (e.mode, e.origin, e.destination, e.departed_at) =
            (a.mode, a.origin, a.destination, a.departed_at);
        (e.load_status, e.temperature) = (a.load_status, a.temperature);
        let defaulted = Flags::OPERATION_DEFAULTED;
        let by_profile = old.flags.has(Flags::HUB_INFERRED)
            || (old.flags.has(defaulted) && a.flags.has(defaulted));
        if let (Some(operation), false) = (
            later.operations[a.operation as usize],
            by_profile && old.mode == a.mode,
        ) {
            e.operation = operation;
        }
        (self.facts.carrier, self.facts.energy_carrier) =
            (after.facts.carrier, after.facts.energy_carrier);
        *e != old || self.facts != facts
    }

    /// Takes mass, TEU, distance and energy from the later record; whether anything differs. A default that both profiles
    /// lent, and a basis that both assumed, are the method's.
    fn take_activity(&mut self, after: Side) -> bool {
        let (old, facts) = (self.element, self.facts);
        let (e, a) = (&mut self.element, after.element);
        let both = |flag: Flags| old.flags.has(flag) && a.flags.has(flag);
        (e.teu, e.containers) = (a.teu, a.containers);
        let lent = both(Flags::MASS_DEFAULTED) || both(Flags::EMPTY_DEFAULT_MASS);
        if !(lent && old.teu == a.teu) {
            e.mass_g = a.mass_g;
        }
        e.distance_m = a.distance_m;
        e.distance_source = a.distance_source;
        if !both(Flags::BASIS_ASSUMED) {
            e.distance_basis = a.distance_basis;
        }
        as_found(e);
        (self.facts.energy_quantity, self.facts.energy_unit) =
            (after.facts.energy_quantity, after.facts.energy_unit);
        *e != old || self.facts != facts
    }

    /// The element as the earlier run would have computed it.
    fn computed(&self, kernel: &mut Kernel, symbols: &Symbols) -> Option<Element> {
        kernel.recalculate(&self.element, &self.facts, symbols).ok()
    }

    /// Micrograms with this factor and the earlier run's adjustment and uplift.
    fn with_factor(&self, kernel: &Kernel, row: &EmissionFactor, uplift: bool) -> Option<i128> {
        let e = &self.element;
        let reference = kernel.reference;
        let used = self.facts.energy_quantity > 0;
        let unit = if used {
            self.facts.energy_unit
        } else {
            EnergyUnit::Absent
        };
        let mut intensity = row.intensity;
        if uplift {
            let ratio = reference.profile.refrigerated_uplift[e.mode]?;
            intensity = intensity.each(|v| uplifted(v, ratio))?;
        }
        let ratio = if used {
            conversion(unit, row.per)?
        } else {
            (1, 1)
        };
        let factor = LaneFactor::applied(0, row, intensity, Flags::NONE, ratio);
        let lane = Lane {
            factor: Some(factor),
            distance: None,
            is_distance_sought: false,
            plausible_m: Bounds::NONE,
        };
        let load = Load {
            mass: Grams(e.mass_g),
            teu: e.teu,
            whole_teu: e.teu,
            containers: e.containers,
            load_status: e.load_status,
            temperature: e.temperature,
        };
        let inputs = Inputs {
            is_hub: e.mode == Mode::Hub,
            reported: (Metres(e.distance_m), e.distance_basis),
            basis_assumed: false,
            load: &load,
            energy: if used {
                Energy::Used(self.facts.energy_quantity)
            } else {
                Energy::None
            },
            lane: &lane,
            adjustments: reference.adjustments(e.mode),
            to_activity: None,
        };
        let mut found = Figures::default();
        figures(&inputs, &mut found).ok()?;
        Some(i128::from(found.ghg.total().0))
    }
}

/// Source and row of each part of a factor id (`source/edition:row`, composed ones joined by `@`): what its editions have in common.
pub fn series(id: &str) -> impl Iterator<Item = (&str, &str)> {
    id.split('@').map(|part| {
        let (folder, row) = part.split_once(':').unwrap_or(("", part));
        (
            folder.split_once('/').map_or(folder, |(source, _)| source),
            row,
        )
    })
}

/// Whether two factor ids differ in nothing but editions.
fn is_other_edition(a: &str, b: &str) -> bool {
    a != b && series(a).eq(series(b))
}

/// A distance counts as it was found, wherever that was: the earlier run's distance file has no say in a substituted state.
fn as_found(element: &mut Element) {
    match element.distance_source {
        DistanceSource::Absent => element.distance_basis = Basis::Absent,
        DistanceSource::Reported
        | DistanceSource::Network
        | DistanceSource::GreatCircle
        | DistanceSource::OwnFile
        | DistanceSource::SeaGraph
        | DistanceSource::Estimate => element.distance_source = DistanceSource::Reported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_of_one_row() {
        assert!(is_other_edition("desnz/2024:truck", "desnz/2025:truck"));
        assert!(is_other_edition(
            "a/1:rail@mee/2023:cn",
            "a/1:rail@mee/2024:cn"
        ));
        for (a, b) in [
            ("desnz/2024:truck", "desnz/2024:truck"),
            ("desnz/2024:truck", "epa/2024:truck"),
            ("a/1:x@m/1:y", "a/1:x"),
        ] {
            assert!(!is_other_edition(a, b), "{a} {b}");
        }
    }

    #[test]
    fn effects_add_up() {
        let mut sum = Effects::of(Effect::Activity, 7);
        sum.add(&Effects::of(Effect::Method, -10));
        assert_eq!(
            (
                sum.total(),
                sum.0[Effect::Method as usize],
                Effects::NAMES[Effect::Activity as usize]
            ),
            (-3, -10, "activity")
        );
    }
}
