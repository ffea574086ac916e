//! DCSA Track & Trace events, versions 2.2 and 3.0, as movement records.
//!
//! `event` reads one event, `settle` picks the version of it that counts, `shipments` finds the shipment, `chain` pairs
//! arrivals with departures, `vehicle` finds when the vehicle left and came. Every event ends in exactly one of the counts of [`Report`].

pub mod chain;
pub mod event;
pub mod settle;
pub mod shipments;
#[cfg(test)]
mod tests;
pub mod vehicle;

use super::documents;
use super::left_out::{LeftOut, Outcome, count};
use crate::error::{Error, Result};
use crate::model::mode::Mode;
use crate::reference::gaps;
use chain::{Link, chain, handling};
use event::{Event, Facilities, Statement};
use settle::{gone, settle};
use shipments::{Bookings, assign};
use std::collections::BTreeMap;
use vehicle::{Passages, Times, passage};

/// Columns of the records; the last six are for people, and `run` lists them as unknown.
pub const COLUMNS: [&str; 19] = [
    "movement_id",
    "shipment_id",
    "container_id",
    "container_type",
    "sequence",
    "mode",
    "carrier",
    "origin",
    "destination",
    "departed_at",
    "arrived_at",
    "load_status",
    "recorded_at",
    "origin_facility",
    "destination_facility",
    "start_event",
    "end_event",
    "vehicle_departure_event",
    "vehicle_arrival_event",
];

/// A movement record: a value per column.
pub type Record = [String; COLUMNS.len()];

/// What came of the events.
#[derive(Debug, Default)]
pub struct Report {
    /// Movement records in order of (shipment, container, sequence).
    pub records: Vec<Record>,
    /// Gaps in the chains, a value per column of [`gaps::COLUMNS`].
    pub gaps: Vec<[String; gaps::COLUMNS.len()]>,
    /// What was not used.
    pub left_out: Vec<LeftOut>,
    /// Events found, malformed ones included.
    pub events: u64,
    /// Events that bound or confirm a record.
    pub used: u64,
}

/// Reads files and pairs their events.
#[derive(Debug, Default)]
pub struct Converter {
    facilities: Facilities,
    gate_mode: Option<Mode>,
    events: Vec<Event>,
    bookings: Bookings,
    report: Report,
}

impl Converter {
    /// Nothing read yet. `gate_mode` is the mode of movements from gate to gate that state none.
    pub fn new(facilities: Facilities, gate_mode: Option<Mode>) -> Converter {
        Converter {
            facilities,
            gate_mode,
            ..Converter::default()
        }
    }

    /// Takes the events of a file.
    pub fn read(&mut self, file: &str, bytes: &[u8]) {
        documents::read(file, bytes, &["events"], &mut |place, entry| {
            self.report.events += 1;
            let parsed = match entry {
                Ok(entry) => Event::parse(place, &entry, &self.facilities),
                Err(fault) => Err(Box::new(LeftOut::faulty(
                    Outcome::Malformed,
                    &place,
                    "",
                    fault,
                ))),
            };
            match parsed {
                Ok(event) => {
                    self.bookings.learn(&event.documents);
                    self.events.push(event);
                }
                Err(fault) => self.report.left_out.push(*fault),
            }
        });
    }

    /// Pairs everything that was read.
    pub fn finish(self) -> Result<Report> {
        let Converter {
            events,
            bookings,
            mut report,
            gate_mode,
            ..
        } = self;
        let events = settle(events, &mut report.left_out);
        let mut containers: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in &events {
            match &event.statement {
                Statement::Handling(h) => containers.entry(&h.container).or_default().push(event),
                Statement::Ignored(reason) => {
                    report
                        .left_out
                        .push(gone(event.clone(), Outcome::Ignored, reason))
                }
                Statement::Vehicle(_) | Statement::Retracted => {}
            }
        }
        let mut chains: BTreeMap<(String, &str), Vec<&Event>> = BTreeMap::new();
        for (container, mut events) in containers {
            events.sort_by(|a, b| {
                handling(a)
                    .zip(handling(b))
                    .map_or(a.place.cmp(&b.place), |(x, y)| chain::order(x, y))
            });
            for (event, shipment) in events.iter().zip(assign(&events, &bookings)) {
                match shipment {
                    Ok(shipment) => chains.entry((shipment, container)).or_default().push(event),
                    Err(reason) => {
                        report
                            .left_out
                            .push(gone((*event).clone(), Outcome::Unpaired, &reason))
                    }
                }
            }
        }
        let mut passages = Passages::of(&events);
        for ((shipment, container), events) in chains {
            let handled: Vec<_> = events
                .into_iter()
                .filter_map(|e| Some((e, handling(e)?)))
                .collect();
            let chain = chain(&handled, gate_mode);
            let ends = chain
                .links
                .iter()
                .flat_map(|l| [&l.start.place, &l.end.place]);
            report.used += ends.collect::<std::collections::BTreeSet<_>>().len() as u64
                + chain.confirming.len() as u64;
            for (at, link) in chain.links.iter().enumerate() {
                report.records.push(record(
                    &shipment,
                    container,
                    at + 1,
                    (link, passages.times(link)),
                ));
            }
            report.gaps.extend(chain.gaps.into_iter().map(|gap| {
                let place = gap.place.to_string();
                [
                    shipment.clone(),
                    container.to_owned(),
                    place,
                    gap.at_text,
                    gap.reason,
                ]
            }));
            report.left_out.extend(chain.left_out);
        }
        report.used += passages.used();
        report.left_out.extend(passages.left_out(&events));
        report
            .left_out
            .sort_by(|a, b| (&a.place, a.outcome).cmp(&(&b.place, b.outcome)));
        report.reconcile()?;
        Ok(report)
    }
}

impl Report {
    /// Every event is in exactly one count.
    fn reconcile(&self) -> Result<()> {
        let left_out = self.left_out.len() as u64 - count(&self.left_out, Outcome::Gap);
        if self.events == self.used + left_out {
            return Ok(());
        }
        Err(Error::Internal(format!(
            "{} events, but {} used and {left_out} left out",
            self.events, self.used
        )))
    }
}

fn record(
    shipment: &str,
    container: &str,
    sequence: usize,
    (link, times): (&Link, Times),
) -> Record {
    let sides = handling(link.start).zip(handling(link.end));
    let text = |f: &dyn Fn(&event::Handling, &event::Handling) -> String| {
        sides.map_or(String::new(), |(a, b)| f(a, b))
    };
    let either = |a: &str, b: &str| {
        if a.is_empty() {
            b.to_owned()
        } else {
            a.to_owned()
        }
    };
    let all = [
        Some(link.start),
        Some(link.end),
        times.departure,
        times.arrival,
    ]
    .into_iter()
    .flatten();
    // Of events changed at one time the first, so that the text is the same in every conversion.
    let changed = all
        .reduce(|latest, e| {
            if e.updated > latest.updated {
                e
            } else {
                latest
            }
        })
        .unwrap_or(link.start);
    let vehicle = |event: Option<&Event>| event.and_then(passage).map(|p| p.at_text.clone());
    let id = |event: Option<&Event>| event.map_or(String::new(), |e| e.id.clone());
    [
        link.movement_id(),
        shipment.to_owned(),
        container.to_owned(),
        text(&|a, b| either(&a.container_type, &b.container_type)),
        sequence.to_string(),
        link.mode.code().to_owned(),
        // A hub has an operator, but it is not the one of the vessel.
        text(&|a, b| {
            if link.mode == Mode::Hub {
                String::new()
            } else {
                either(&a.carrier, &b.carrier)
            }
        }),
        text(&|a, _| a.place.to_string()),
        text(&|_, b| b.place.to_string()),
        vehicle(times.departure).unwrap_or_else(|| text(&|a, _| a.at_text.clone())),
        vehicle(times.arrival).unwrap_or_else(|| text(&|_, b| b.at_text.clone())),
        link.load_status
            .map_or(String::new(), |status| status.code().to_owned()),
        changed.updated_text.clone(),
        text(&|a, _| a.facility.clone()),
        text(&|_, b| b.facility.clone()),
        link.start.id.clone(),
        link.end.id.clone(),
        id(times.departure),
        id(times.arrival),
    ]
}
