//! The chain of one container in one shipment: stays in hubs and movements between them, from its occurrences in their order.
//!
//! A visit is what is known of the container in one place: how it came, how it left. A stay needs both; a movement needs a
//! departure and, next, an arrival elsewhere. What lacks its counterpart is told, never completed.

use super::event::Event;
use super::occurrence::Occurrence;
use super::settle::gone;
use crate::exchange::documents::Place;
use crate::exchange::left_out::{LeftOut, Outcome};
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A transport or hub element that two occurrences bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link<'e> {
    /// Mode; `Hub`: a stay.
    pub mode: Mode,
    /// What begins it.
    pub start: Occurrence<'e>,
    /// What ends it.
    pub end: Occurrence<'e>,
    /// When it begins, and the text of that.
    pub departed: Instant,
    /// Text of `departed`.
    pub departed_text: &'e str,
    /// When it ends.
    pub arrived: Instant,
    /// Text of `arrived`.
    pub arrived_text: &'e str,
    /// Load status, if stated.
    pub load_status: Option<LoadStatus>,
}

impl Link<'_> {
    /// Made of the ids of both events, so that it is the same in every later conversion.
    pub(crate) fn movement_id(&self) -> String {
        let name = [&self.start, &self.end]
            .map(|o| format!("{}\n{}", o.first().0.sender, o.first().0.id))
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
pub(crate) struct Chain<'e> {
    /// Its elements in order.
    pub links: Vec<Link<'e>>,
    /// Events that confirm one that was used: the gate beside the load.
    pub confirming: Vec<&'e Event>,
    /// Events and gaps without a counterpart.
    pub left_out: Vec<LeftOut>,
    /// Movements that must have been and that nobody reported.
    pub gaps: Vec<Gap>,
}

/// A movement that must have been: before which event it is missing, and why it could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Where the container is found again.
    pub place: LocationCode,
    /// When, as its sender wrote it.
    pub at_text: String,
    /// Why there is no movement.
    pub reason: String,
}

/// Why a report of a handling that another report tells of is not used.
const AGAIN: &str = "the same handling, reported again";

/// An occurrence with the time that counts for it.
#[derive(Clone, Debug)]
struct Timed<'e> {
    what: Occurrence<'e>,
    at: Instant,
    at_text: &'e str,
}

/// One place, and what came and went there.
struct Visit<'e> {
    place: LocationCode,
    arrivals: Vec<Timed<'e>>,
    departures: Vec<Timed<'e>>,
}

/// Joins occurrences in their order. `gate_mode` is the mode of movements between two gates that state none.
pub(crate) fn chain<'e>(occurrences: Vec<Occurrence<'e>>, gate_mode: Option<Mode>) -> Chain<'e> {
    let mut chain = Chain::default();
    let timed = timed(occurrences, &mut chain);
    let visits = visits(timed, &mut chain);
    // Why an event has no counterpart, by its place in the files.
    let mut reasons: BTreeMap<&Place, String> = BTreeMap::new();
    let mut used = BTreeSet::new();
    for (i, visit) in visits.iter().enumerate() {
        if let (Some(start), Some(end)) = (visit.arrivals.first(), visit.departures.first()) {
            // What leaves a hub counts, so the box is as it left.
            chain
                .links
                .push(link(Mode::Hub, start, end, end.what.load_status()));
            used.extend(places(&visit.arrivals).chain(places(&visit.departures[..1])));
        }
        let Some(next) = visits.get(i + 1) else { break };
        match movement(visit, next, gate_mode) {
            Ok(link) => {
                chain.links.push(link);
                used.extend(places(&visit.departures).chain(places(&next.arrivals)));
            }
            Err(reason) => {
                for place in places(&visit.departures)
                    .chain(places(&next.arrivals))
                    .chain(places(&visit.arrivals))
                    .chain(places(&next.departures))
                {
                    reasons.entry(place).or_insert_with(|| reason.clone());
                }
                chain.gap(visit.place, next, reason);
            }
        }
    }
    let ends: BTreeSet<&Place> = chain
        .links
        .iter()
        .flat_map(|l| [&l.start.first().0.place, &l.end.first().0.place])
        .collect();
    let all = visits
        .iter()
        .flat_map(|v| v.arrivals.iter().chain(&v.departures));
    for timed in all {
        let (event, _) = timed.what.first();
        if ends.contains(&event.place) {
            chain.left_out.extend(again(&timed.what.reports()[1..]));
        } else if used.contains(&event.place) {
            chain.confirming.push(event);
            chain.left_out.extend(again(&timed.what.reports()[1..]));
        } else {
            let reason = reasons.get(&event.place).map_or(
                "the only event of its kind: nothing before or after it",
                |r| r,
            );
            let reports = timed.what.reports().iter();
            let gone = reports.map(|(event, _)| gone((*event).clone(), Outcome::Unpaired, reason));
            chain.left_out.extend(gone);
        }
    }
    chain
}

impl<'e> Chain<'e> {
    /// A movement to the next visit that must have been.
    fn gap(&mut self, from: LocationCode, next: &Visit<'e>, reason: String) {
        let Some(beside) = next.arrivals.first().or(next.departures.first()) else {
            return;
        };
        let (event, h) = beside.what.first();
        self.gaps.push(Gap {
            place: h.place,
            at_text: h.at_text.clone(),
            reason: reason.clone(),
        });
        self.left_out.push(LeftOut {
            outcome: Outcome::Gap,
            place: event.place.clone(),
            id: event.id.clone(),
            subject: h.container.clone(),
            found: format!("{from} to {}", next.place),
            reason,
        });
    }
}

/// The times that count. What is told to be later than what came after it, was not later than that.
fn timed<'e>(occurrences: Vec<Occurrence<'e>>, chain: &mut Chain<'e>) -> Vec<Timed<'e>> {
    let mut timed: Vec<Timed> = occurrences
        .into_iter()
        .map(|what| {
            let (_, h) = what.first();
            Timed {
                at: h.at,
                at_text: &h.at_text,
                what,
            }
        })
        .collect();
    // A date without a time is not before what came first on that day.
    for i in 1..timed.len() {
        let (before, before_text) = (timed[i - 1].at, timed[i - 1].at_text);
        let one = &mut timed[i];
        if one.at < before && before <= one.at + one.what.within() {
            (one.at, one.at_text) = (before, before_text);
        }
    }
    for i in (1..timed.len()).rev() {
        let (next, next_text) = (timed[i].at, timed[i].at_text);
        let one = &mut timed[i - 1];
        if one.at > next {
            (one.at, one.at_text) = (next, next_text);
            let (event, _) = one.what.first();
            let reason = "told as later than what came after it: counted at the time of that";
            chain
                .left_out
                .push(gone(event.clone(), Outcome::Retimed, reason));
        }
    }
    timed
}

fn again<'e>(
    reports: &'e [super::occurrence::Report<'e>],
) -> impl Iterator<Item = LeftOut> + use<'e> {
    reports
        .iter()
        .map(|(event, _)| gone((*event).clone(), Outcome::Duplicate, AGAIN))
}

fn places<'v, 'e>(list: &'v [Timed<'e>]) -> impl Iterator<Item = &'e Place> + use<'v, 'e> {
    list.iter().map(|timed| &timed.what.first().0.place)
}

fn link<'e>(
    mode: Mode,
    start: &Timed<'e>,
    end: &Timed<'e>,
    load_status: Option<LoadStatus>,
) -> Link<'e> {
    Link {
        mode,
        start: start.what.clone(),
        end: end.what.clone(),
        departed: start.at,
        departed_text: start.at_text,
        arrived: end.at,
        arrived_text: end.at_text,
        load_status,
    }
}

/// Groups occurrences by place and direction. The same step again in one place, with nothing in between, is another report.
fn visits<'e>(occurrences: Vec<Timed<'e>>, chain: &mut Chain<'e>) -> Vec<Visit<'e>> {
    let mut visits: Vec<Visit> = Vec::new();
    for one in occurrences {
        let (place, arrives) = (one.what.place(), one.what.step().arrives());
        let open = visits
            .last_mut()
            .filter(|v| v.place == place && (!arrives || v.departures.is_empty()));
        let same = open.map(|v| {
            if arrives {
                &mut v.arrivals
            } else {
                &mut v.departures
            }
        });
        match same {
            Some(list) if list.iter().all(|other| other.what.agrees(&one.what)) => {
                if list
                    .iter()
                    .any(|other| other.what.step() == one.what.step())
                {
                    chain.left_out.extend(again(one.what.reports()));
                } else {
                    list.push(one);
                }
            }
            _ => {
                let mut visit = Visit {
                    place,
                    arrivals: Vec::new(),
                    departures: Vec::new(),
                };
                if arrives {
                    visit.arrivals.push(one)
                } else {
                    visit.departures.push(one)
                }
                visits.push(visit);
            }
        }
    }
    visits
}

fn movement<'e>(
    from: &Visit<'e>,
    to: &Visit<'e>,
    gate_mode: Option<Mode>,
) -> Result<Link<'e>, String> {
    let (Some(start), Some(end)) = (from.departures.last(), to.arrivals.first()) else {
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
    let (left, came) = (start.what.load_status(), end.what.load_status());
    if let (Some(a), Some(b)) = (left, came)
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
    let both = || from.departures.iter().chain(&to.arrivals).map(|t| &t.what);
    let mut modes: Vec<Mode> = both().filter_map(Occurrence::mode).collect();
    modes.dedup();
    let mode = match modes.as_slice() {
        [mode] => *mode,
        [] if both().any(Occurrence::is_multimodal) => {
            return Err("MULTIMODAL is no mode of one movement".to_owned());
        }
        [] => match gate_mode.filter(|_| both().all(|o| o.step().is_gate())) {
            Some(mode) => mode,
            None => return Err("no event states the mode of transport".to_owned()),
        },
        [a, b, ..] => return Err(format!("left by {} and arrived by {}", a.code(), b.code())),
    };
    Ok(link(mode, start, end, left.or(came)))
}
