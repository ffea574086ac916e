//! What a planner asks.

use super::Millihours;
use super::network::Link;
use crate::geo::sea::Passages;
use crate::model::id::{CountryCode, LocationCode};
use crate::model::mode::{Mode, Temperature};
use crate::model::money::Currency;
use crate::model::time::Instant;

/// What is shipped: one container, or loose cargo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cargo {
    /// Goods and packaging, g; 0: the profile's mass per TEU.
    pub mass_g: u32,
    /// Size-type of the container; empty: none.
    pub container_type: String,
    /// `Absent`: that of the container type.
    pub temperature: Temperature,
}

/// By what options are put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// Least emissions first.
    #[default]
    Co2e,
    /// Fastest first.
    Days,
    /// Cheapest first; unknown costs last.
    Cost,
}

impl Objective {
    /// Every objective, in the order of the help.
    pub const LIST: [Objective; 3] = [Objective::Co2e, Objective::Days, Objective::Cost];

    /// The word on the command line and in files.
    pub const fn code(self) -> &'static str {
        match self {
            Objective::Co2e => "co2e",
            Objective::Days => "days",
            Objective::Cost => "cost",
        }
    }
}

/// What a chain must not use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Avoid {
    /// Places.
    pub places: Vec<LocationCode>,
    /// Countries.
    pub countries: Vec<CountryCode>,
    /// Modes.
    pub modes: Vec<Mode>,
    /// Passages of the sea.
    pub passages: Passages,
}

/// A question: from where to where, with what, when, under which conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// First origin.
    pub origin: LocationCode,
    /// Last destination.
    pub destination: LocationCode,
    /// Cargo.
    pub cargo: Cargo,
    /// When the cargo is ready at the origin.
    pub depart: Instant,
    /// Places to call at, in this order.
    pub via: Vec<LocationCode>,
    /// What not to use.
    pub avoid: Avoid,
    /// Modes allowed; empty: all.
    pub modes: Vec<Mode>,
    /// Longest time; `None`: [`super::search::HORIZON`].
    pub most_hours: Option<Millihours>,
    /// Options to show.
    pub options: usize,
    /// Order.
    pub objective: Objective,
    /// Price of a tonne of CO2e, millionths of the currency unit.
    pub carbon_price: Option<i64>,
    /// Currency that money is shown in; `None`: each amount in its own.
    pub currency: Option<Currency>,
}

impl Request {
    /// Whether the conditions admit a link. The ends of the request itself are not avoided.
    pub fn admits(&self, link: &Link) -> bool {
        let ends = [link.origin, link.destination];
        let is_end = |place: &LocationCode| *place == self.origin || *place == self.destination;
        let avoided = |place: &LocationCode| {
            self.avoid.places.contains(place) || self.avoid.countries.contains(&place.country())
        };
        (self.modes.is_empty() || self.modes.contains(&link.mode))
            && !self.avoid.modes.contains(&link.mode)
            && !ends.iter().any(|place| !is_end(place) && avoided(place))
    }
}
