//! A published element through the kernel again: from its own inputs and the reference, as an auditor would.
//!
//! `verify --recalculate` and `explain` use it, so neither can disagree with the run.

use super::Kernel;
use super::block::{self, Head};
use super::lane::LaneKey;
use super::load::Load;
use super::tce::{Energy, Figures, Inputs, Unusable, figures};
use crate::model::element::Element;
use crate::model::flag::Flags;
use crate::model::mode::{Basis, DistanceSource, EnergyUnit, Mode};
use crate::model::quantity::{Grams, Metres};
use crate::model::symbol::{Symbol, Symbols};
use crate::model::time::day_of;

/// What a published element took over from its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Carrier.
    pub carrier: Symbol,
    /// Energy carrier.
    pub energy_carrier: Symbol,
    /// Energy used, millionths; 0: none.
    pub energy_quantity: i64,
    /// Its unit.
    pub energy_unit: EnergyUnit,
}

/// Flags that the calculation of a single element gives; the others come from parsing, the chain, or the load.
const OWN_FLAGS: Flags = Flags(
    Flags::DISTANCE_NETWORK.0
        | Flags::DISTANCE_GREAT_CIRCLE.0
        | Flags::DISTANCE_SEA_GRAPH.0
        | Flags::DISTANCE_ESTIMATED.0
        | Flags::DETOUR_ASSUMED.0
        | Flags::DISTANCE_RIVER.0
        | Flags::DISTANCE_OWN_FILE.0
        | Flags::DEPENDS_ON_PASSAGES.0
        | Flags::GAUGE_BREAK.0
        | Flags::PLACE_ALIAS.0
        | Flags::WIDER_REGION.0
        | Flags::DISTANCE_ADJUSTED.0
        | Flags::REFRIGERATED_UPLIFT.0
        | Flags::PAST_LAST_EDITION.0
        | Flags::ACTIVITY_ON_ACTUAL.0
        | Flags::WEAK_GWP_SET.0
        | Flags::EMPTY_COUNTED_TWICE.0
        | Flags::DISTANCE_IMPLAUSIBLE.0
        | Flags::CARRIER_BASIS_ASSUMED.0
        | Flags::OUTSIDE_REFERENCE_PERIOD.0,
);

impl Kernel<'_> {
    /// The element as the kernel computes it from `published`'s inputs. Equal to `published` unless the files were changed or
    /// the reference is another one.
    pub fn recalculate(
        &mut self,
        published: &Element,
        facts: &Facts,
        symbols: &Symbols,
    ) -> Result<Element, Unusable> {
        let load = Load {
            mass: Grams(published.mass_g),
            teu: published.teu,
            whole_teu: published.teu,
            containers: published.containers,
            load_status: published.load_status,
            temperature: published.temperature,
        };
        let used = facts.energy_quantity > 0;
        let day = day_of(published.departed_at);
        let key = LaneKey {
            operation: published.operation,
            temperature: published.temperature,
            carrier: facts.carrier,
            energy_carrier: facts.energy_carrier,
            energy_unit: if used {
                facts.energy_unit
            } else {
                EnergyUnit::Absent
            },
            origin: published.origin,
            destination: published.destination,
            epoch: self.lanes.epoch(day),
        };
        let lacks_distance =
            published.mode != Mode::Hub && published.distance_source != DistanceSource::Reported;
        let lane = self
            .lanes
            .lane(key, lacks_distance, published.mode, day, symbols);
        let reported = match published.distance_source {
            DistanceSource::Reported => (Metres(published.distance_m), published.distance_basis),
            DistanceSource::Absent
            | DistanceSource::Network
            | DistanceSource::GreatCircle
            | DistanceSource::OwnFile
            | DistanceSource::SeaGraph
            | DistanceSource::Estimate => (Metres(0), Basis::Absent),
        };
        let inputs = Inputs {
            is_hub: published.mode == Mode::Hub,
            reported,
            basis_assumed: false,
            load: &load,
            energy: if used {
                Energy::Used(facts.energy_quantity)
            } else {
                Energy::None
            },
            lane,
            adjustments: self.reference.adjustments(published.mode),
            to_activity: self.to_activity[published.mode],
        };
        let mut found = Figures::default();
        let factor = figures(&inputs, &mut found)?;
        let flags = published.flags.without(OWN_FLAGS) | found.flags;
        let Element {
            row,
            anchor,
            mode,
            operation,
            origin,
            destination,
            departed_at,
            ..
        } = *published;
        let head = Head {
            row,
            anchor,
            mode,
            operation,
            origin,
            destination,
            departed_at,
        };
        let mut element = *published;
        block::fill(&mut element, head, &load, &found, factor, flags);
        element.element = published.element;
        Ok(element)
    }
}
