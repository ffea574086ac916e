//! What a planner asks.

use super::Millihours;
use super::network::Link;
use crate::geo::sea::Passages;
use crate::model::id::{CountryCode, LocationCode};
use crate::model::mode::{Mode, Temperature};
use crate::model::money::Currency;
use crate::model::time::{Day, Instant, day_of};

/// What is shipped: containers of one type that go the same way, a part of one, or loose cargo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cargo {
    /// Goods and packaging of all of it, g; 0: the profile's mass per TEU.
    pub mass_g: u64,
    /// Size-type of the container; empty: none.
    pub container_type: String,
    /// `Absent`: that of the container type.
    pub temperature: Temperature,
    /// Containers, at least 1.
    pub boxes: u32,
    /// Whether there are as many of them because one carries less.
    pub is_split: bool,
    /// The part of its container that the cargo has, millionths; 0: all of it.
    pub box_share: u32,
}

impl Default for Cargo {
    fn default() -> Cargo {
        Cargo {
            mass_g: 0,
            container_type: String::new(),
            temperature: Temperature::Absent,
            boxes: 1,
            is_split: false,
            box_share: 0,
        }
    }
}

impl Cargo {
    /// How many boxes have how much cargo each, g: as even as whole grams allow, so of two kinds at most.
    pub fn alike(&self) -> Vec<(u32, u32)> {
        let boxes = self.boxes.max(1);
        let grams = |g: u64| u32::try_from(g).unwrap_or(u32::MAX);
        let (each, more) = (
            grams(self.mass_g / u64::from(boxes)),
            grams(self.mass_g % u64::from(boxes)),
        );
        let kinds = [(more, each.saturating_add(1)), (boxes - more, each)];
        kinds.into_iter().filter(|(count, _)| *count > 0).collect()
    }
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
    /// When the cargo is ready at the origin; the earliest that it may be asked to be, where that is open.
    pub depart: Instant,
    /// The last instant at which it may arrive; `None`: any.
    pub arrive_by: Option<Instant>,
    /// Whether each option says itself when the cargo must be ready: as late as it still arrives in time.
    pub is_ready_open: bool,
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
    /// The day whose exchange rates count: that of departure, or of arrival where the departure is open.
    pub fn money_day(&self) -> Day {
        let arrival = self.arrive_by.filter(|_| self.is_ready_open);
        day_of(arrival.unwrap_or(self.depart))
    }

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
