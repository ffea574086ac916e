//! Departures and arrivals of vehicles (`DEPA`, `ARRI`): the times of a movement between a load and a discharge.
//!
//! A load is work of the terminal; the ship sails later. Both name their transport call, and an event of the vehicle that
//! names the same call of the same sender says when it left or came. Nothing else joins them: neither the vessel nor the place
//! is enough, because a vessel comes back.

use super::chain::Link;
use super::event::{Event, Statement, Step};
use super::occurrence::{CLOCK_US, Occurrence};
use super::settle::gone;
use crate::exchange::documents::Place;
use crate::exchange::left_out::{LeftOut, Outcome};
use crate::model::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// An actual departure or arrival of a vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    /// Whether it left; else it came.
    pub departs: bool,
    /// When, UTC.
    pub at: Instant,
    /// When, as the sender wrote it, with its offset.
    pub at_text: String,
    /// Transport call; empty: not stated.
    pub call: String,
}

/// Sender, transport call, whether the vehicle left.
type Key<'e> = (&'e str, &'e str, bool);

/// Events of vehicles by their call, and what became of them.
#[derive(Debug, Default)]
pub(crate) struct Passages<'e> {
    by_call: BTreeMap<Key<'e>, Vec<(&'e Event, &'e Passage)>>,
    /// Those that gave a time, and those that a movement named without taking it, with the reason.
    used: BTreeSet<&'e Place>,
    refused: BTreeMap<&'e Place, &'static str>,
}

/// The events that a movement takes its times from; `None`: the container's own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times<'e> {
    /// Departure of the vehicle.
    pub departure: Option<&'e Event>,
    /// Its arrival.
    pub arrival: Option<&'e Event>,
}

/// The passage of an event that has one.
pub(crate) fn passage(event: &Event) -> Option<&Passage> {
    match &event.statement {
        Statement::Vehicle(passage) => Some(passage),
        Statement::Handling(_) | Statement::Retracted | Statement::Ignored(_) => None,
    }
}

impl<'e> Passages<'e> {
    /// The passages among events that count.
    pub(crate) fn of(events: &'e [Event]) -> Passages<'e> {
        let mut passages = Passages::default();
        for event in events {
            if let Some(passage) = passage(event).filter(|p| !p.call.is_empty()) {
                let key = (
                    event.sender.as_str(),
                    passage.call.as_str(),
                    passage.departs,
                );
                passages
                    .by_call
                    .entry(key)
                    .or_default()
                    .push((event, passage));
            }
        }
        passages
    }

    /// When the vehicle of a movement left and came, as far as it lies between load and discharge. `from` is when the container
    /// came to the place that it left.
    pub(crate) fn times(&mut self, link: &Link<'e>, from: Instant) -> Times<'e> {
        if link.start.step() != Step::Loaded || link.end.step() != Step::Discharged {
            return Times::default();
        }
        let within = (link.start.earliest().max(from), link.arrived);
        let departure = self.of_call(&link.start, true, within);
        let left = departure.and_then(passage).map_or(link.departed, |p| p.at);
        let arrival = self.of_call(&link.end, false, (left, link.arrived));
        Times { departure, arrival }
    }

    /// The passage of a call that a report of a handling names.
    fn of_call(
        &mut self,
        handling: &Occurrence<'e>,
        departs: bool,
        within: (Instant, Instant),
    ) -> Option<&'e Event> {
        let keys = handling
            .reports()
            .iter()
            .map(|(event, h)| (event.sender.as_str(), h.call.as_str(), departs));
        let keys: Vec<Key> = keys.filter(|(_, call, _)| !call.is_empty()).collect();
        keys.into_iter().find_map(|key| self.one(key, within))
    }

    /// The passage of a call, if all that tell of it agree and it lies within these times.
    fn one(&mut self, key: Key<'e>, within: (Instant, Instant)) -> Option<&'e Event> {
        let list = self.by_call.get(&key)?;
        let (event, passage) = list.iter().min_by_key(|(_, p)| p.at)?;
        let reason = if list
            .iter()
            .any(|(_, other)| other.at - passage.at > CLOCK_US)
        {
            Some("other events tell another time of the same transport call")
        } else if passage.at < within.0 || passage.at > within.1 {
            Some(
                "not between the load and the discharge of a container that names the transport call",
            )
        } else {
            None
        };
        let places = list.iter().map(|(e, _)| &e.place);
        match reason {
            Some(reason) => {
                self.refused.extend(places.map(|place| (place, reason)));
                None
            }
            None => {
                self.used.extend(places);
                Some(event)
            }
        }
    }

    /// The events that gave a time.
    pub(crate) fn used_places(&self) -> impl Iterator<Item = &'e Place> {
        self.used.iter().copied()
    }

    /// How many events gave a time.
    pub(crate) fn used(&self) -> u64 {
        self.used.len() as u64
    }

    /// Those of `events` that gave none, each with its reason.
    pub(crate) fn left_out(&self, events: &'e [Event]) -> Vec<LeftOut> {
        let unused = events
            .iter()
            .filter(|e| passage(e).is_some() && !self.used.contains(&e.place));
        unused
            .map(|event| match self.refused.get(&event.place) {
                Some(reason) => gone(event.clone(), Outcome::Unpaired, reason),
                None => gone(
                    event.clone(),
                    Outcome::Ignored,
                    "event of a vehicle whose transport call no movement names",
                ),
            })
            .collect()
    }
}
