//! The chain of one container in one shipment: stays in hubs and movements between them, from its events in order of time.
//!
//! A visit is what is known of the container in one place: how it came, how it left. A stay needs both; a movement needs a
//! departure and, next in time, an arrival elsewhere. What lacks its counterpart is told, never completed.

use super::event::{Event, Handling, Statement, Step};
use super::settle::gone;
use crate::exchange::documents::Place;
use crate::exchange::left_out::{LeftOut, Outcome};
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A transport or hub element that two events bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<'e> {
    /// Mode; `Hub`: a stay.
    pub mode: Mode,
    /// The event that begins it.
    pub start: &'e Event,
    /// The event that ends it.
    pub end: &'e Event,
    /// Load status, if stated.
    pub load_status: Option<LoadStatus>,
}

impl Link<'_> {
    /// Made of the ids of both events, so that it is the same in every later conversion.
    pub fn movement_id(&self) -> String {
        let name = [self.start, self.end]
            .map(|e| format!("{}\n{}", e.sender, e.id))
            .join("\n");
        Uuid::new_v5(
            &Uuid::new_v5(
                &Uuid::NAMESPACE_URL,
                b"https://dcsa.org/standards/track-and-trace",
            ),
            name.as_bytes(),
        )
        .to_string()
    }
}

/// A chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain<'e> {
    /// Its elements in order.
    pub links: Vec<Link<'e>>,
    /// Events that confirm one that was used: another sender's report, the gate beside the load.
    pub confirming: Vec<&'e Event>,
    /// Events and gaps without a counterpart.
    pub left_out: Vec<LeftOut>,
    /// Movements that must have been and that nobody reported.
    pub gaps: Vec<Gap>,
}

/// A movement that must have been: before which event it is missing, and why it could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where the container is found again.
    pub place: LocationCode,
    /// When, as its sender wrote it.
    pub at_text: String,
    /// Why there is no movement.
    pub reason: String,
}

/// The handling of an event that has one.
pub fn handling(event: &Event) -> Option<&Handling> {
    match &event.statement {
        Statement::Handling(handling) => Some(handling),
        Statement::Vehicle(_) | Statement::Retracted | Statement::Ignored(_) => None,
    }
}

type Handled<'e> = (&'e Event, &'e Handling);

/// One place, and what came and went there.
struct Visit<'e> {
    place: LocationCode,
    arrivals: Vec<Handled<'e>>,
    departures: Vec<Handled<'e>>,
}

/// Joins events in order of time. `gate_mode` is the mode of movements between two gates that state none.
pub fn chain<'e>(events: &[Handled<'e>], gate_mode: Option<Mode>) -> Chain<'e> {
    let mut chain = Chain::default();
    let visits = visits(events, &mut chain);
    // Why an event has no counterpart, by its place in the files.
    let mut reasons: BTreeMap<&Place, String> = BTreeMap::new();
    let mut used = BTreeSet::new();
    for (i, visit) in visits.iter().enumerate() {
        if let (Some(&(start, _)), Some(&(end, h))) =
            (visit.arrivals.first(), visit.departures.first())
        {
            // What leaves a hub counts, so the box is as it left.
            chain.links.push(Link {
                mode: Mode::Hub,
                start,
                end,
                load_status: h.load_status,
            });
            used.extend(
                visit
                    .arrivals
                    .iter()
                    .chain(&visit.departures[..1])
                    .map(|(e, _)| &e.place),
            );
        }
        let Some(next) = visits.get(i + 1) else { break };
        match movement(visit, next, gate_mode) {
            Ok(link) => {
                chain.links.push(link);
                used.extend(
                    visit
                        .departures
                        .iter()
                        .chain(&next.arrivals)
                        .map(|(e, _)| &e.place),
                );
            }
            Err(reason) => {
                for (event, _) in visit
                    .departures
                    .iter()
                    .chain(&next.arrivals)
                    .chain(&visit.arrivals)
                    .chain(&next.departures)
                {
                    reasons
                        .entry(&event.place)
                        .or_insert_with(|| reason.clone());
                }
                let beside = next.arrivals.first().or(next.departures.first());
                chain.gaps.extend(beside.map(|(_, h)| Gap {
                    place: h.place,
                    at_text: h.at_text.clone(),
                    reason: reason.clone(),
                }));
                chain.left_out.extend(beside.map(|(event, h)| LeftOut {
                    outcome: Outcome::Gap,
                    place: event.place.clone(),
                    id: event.id.clone(),
                    subject: h.container.clone(),
                    found: format!("{} to {}", visit.place, next.place),
                    reason,
                }));
            }
        }
    }
    let ends: BTreeSet<&Place> = chain
        .links
        .iter()
        .flat_map(|l| [&l.start.place, &l.end.place])
        .collect();
    for (event, _) in visits
        .iter()
        .flat_map(|v| v.arrivals.iter().chain(&v.departures))
    {
        if ends.contains(&event.place) {
            continue;
        }
        if used.contains(&event.place) {
            chain.confirming.push(event);
        } else {
            let reason = reasons.get(&event.place).map_or(
                "the only event of its kind: nothing before or after it",
                |r| r,
            );
            chain
                .left_out
                .push(gone((*event).clone(), Outcome::Unpaired, reason));
        }
    }
    chain
}

/// Groups events by place and direction. The same step again in one place, with nothing in between, is another sender's report.
fn visits<'e>(events: &[Handled<'e>], chain: &mut Chain<'e>) -> Vec<Visit<'e>> {
    let mut visits: Vec<Visit> = Vec::new();
    for &(event, h) in events {
        let arrives = h.step.arrives();
        let open = visits
            .last_mut()
            .filter(|v| v.place == h.place && (!arrives || v.departures.is_empty()));
        let same = open.map(|v| {
            if arrives {
                &mut v.arrivals
            } else {
                &mut v.departures
            }
        });
        match same {
            Some(list) if list.iter().all(|(_, other)| agree(other, h)) => {
                if list.iter().any(|(_, other)| other.step == h.step) {
                    let why = "the same handling, reported again";
                    chain
                        .left_out
                        .push(gone(event.clone(), Outcome::Duplicate, why));
                } else {
                    list.push((event, h));
                }
            }
            _ => {
                let mut visit = Visit {
                    place: h.place,
                    arrivals: Vec::new(),
                    departures: Vec::new(),
                };
                if arrives {
                    visit.arrivals.push((event, h))
                } else {
                    visit.departures.push((event, h))
                }
                visits.push(visit);
            }
        }
    }
    visits
}

/// Whether two events can be of one arrival or one departure.
fn agree(a: &Handling, b: &Handling) -> bool {
    let same = |a: Option<Mode>, b: Option<Mode>| a.is_none() || b.is_none() || a == b;
    same(a.mode, b.mode)
        && (a.load_status.is_none() || b.load_status.is_none() || a.load_status == b.load_status)
}

fn movement<'e>(
    from: &Visit<'e>,
    to: &Visit<'e>,
    gate_mode: Option<Mode>,
) -> Result<Link<'e>, String> {
    let (Some(&(start, left)), Some(&(end, came))) = (from.departures.last(), to.arrivals.first())
    else {
        let what = if from.departures.is_empty() {
            "departure from"
        } else {
            "arrival after"
        };
        return Err(format!(
            "no {what} {} before the next event in {}",
            from.place, to.place
        ));
    };
    if from.place == to.place {
        return Err(format!(
            "left {} and came back to it: a movement inside one place has no distance",
            from.place
        ));
    }
    if let (Some(a), Some(b)) = (left.load_status, came.load_status)
        && a != b
    {
        return Err(format!(
            "left {} {} and arrived in {} {}",
            from.place,
            a.code(),
            to.place,
            b.code()
        ));
    }
    let both = || from.departures.iter().chain(&to.arrivals).map(|(_, h)| *h);
    let mut modes: Vec<Mode> = both().filter_map(|h| h.mode).collect();
    modes.dedup();
    let mode = match modes.as_slice() {
        [mode] => *mode,
        [] if both().any(|h| h.is_multimodal) => {
            return Err("MULTIMODAL is no mode of one movement".to_owned());
        }
        [] => match gate_mode.filter(|_| both().all(|h| h.step.is_gate())) {
            Some(mode) => mode,
            None => return Err("no event states the mode of transport".to_owned()),
        },
        [a, b, ..] => return Err(format!("left by {} and arrived by {}", a.code(), b.code())),
    };
    Ok(Link {
        mode,
        start,
        end,
        load_status: left.load_status.or(came.load_status),
    })
}

/// Order of events at one instant: what arrives before what leaves.
pub fn order(a: &Handling, b: &Handling) -> std::cmp::Ordering {
    let rank = |step: Step| step as u8;
    (a.at, rank(a.step)).cmp(&(b.at, rank(b.step)))
}
