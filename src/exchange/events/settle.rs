//! Which of several events with one id counts: copies, later versions, contradictions, retractions.
//!
//! An id is unique for its sender at best. Carriers give one id to an event of the container and one of its ship, number their
//! events from 1, and many state no sender. So versions of one event have more in common than the id.

use super::event::{Event, Statement};
use crate::exchange::left_out::{LeftOut, Outcome};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What versions of one event have in common.
type Key = (String, String, String);

/// The events that count, in order of file and place; the others are added to `left_out`.
pub(crate) fn settle(events: Vec<Event>, left_out: &mut Vec<LeftOut>) -> Vec<Event> {
    let mut groups: BTreeMap<Key, Vec<Event>> = BTreeMap::new();
    let (retractions, events): (Vec<Event>, Vec<Event>) = events
        .into_iter()
        .partition(|e| e.statement == Statement::Retracted);
    let mut by_id: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for retraction in &retractions {
        by_id.entry(&retraction.id).or_default().push(retraction);
    }
    for event in events {
        let key = (event.id.clone(), event.sender.clone(), subject(&event));
        groups.entry(key).or_default().push(event);
    }
    let mut kept = Vec::new();
    for ((id, sender, _), mut group) in groups {
        // A retraction without its sender speaks of every event with the id: its id is all that it must carry.
        let of_it = |r: &&&Event| r.sender.is_empty() || r.sender == sender;
        for retraction in by_id.get(id.as_str()).into_iter().flatten().filter(of_it) {
            let is_hit =
                |e: &mut Event| retraction.updated.is_none() || e.updated <= retraction.updated;
            let hit = group.extract_if(.., is_hit);
            left_out.extend(hit.map(|e| gone(e, Outcome::Retracted, "retracted by its sender")));
        }
        kept.extend(latest(group, left_out));
    }
    left_out.extend(
        retractions
            .into_iter()
            .map(|r| gone(r, Outcome::Retracted, "the retraction itself")),
    );
    kept.sort_by(|a, b| a.place.cmp(&b.place));
    kept
}

/// What an event is about. A later estimate is about something else than an actual. Where nobody says who sent it and the id is
/// no UUID, step and place belong to it: two carriers may both have an event 1.
fn subject(event: &Event) -> String {
    let is_own = !event.sender.is_empty();
    let is_unique = is_own || Uuid::parse_str(&event.id).is_ok();
    match &event.statement {
        Statement::Handling(h) if is_own => format!("equipment {}", h.container),
        Statement::Handling(h) if is_unique => {
            format!("equipment {} {}", h.container, h.step.code())
        }
        Statement::Handling(h) => {
            format!("equipment {} {} {}", h.container, h.step.code(), h.place)
        }
        Statement::Vehicle(_) if is_unique => "transport".to_owned(),
        Statement::Vehicle(v) => format!("transport {} {}", v.call, v.departs),
        Statement::Ignored(reason) => format!("ignored {reason}"),
        Statement::Retracted => String::new(),
    }
}

/// The latest version. If the latest differ, none of them can be believed.
fn latest(mut group: Vec<Event>, left_out: &mut Vec<LeftOut>) -> Option<Event> {
    let last = group.iter().map(|e| e.updated).max()?;
    let earlier: Vec<Event> = group.extract_if(.., |e| e.updated < last).collect();
    left_out.extend(earlier.into_iter().map(|e| {
        gone(
            e,
            Outcome::Duplicate,
            "a later version of the event replaces it",
        )
    }));
    if group.iter().any(|e| !says_the_same(e, &group[0])) {
        let why = "another event with the same id and time of change says something else";
        left_out.extend(group.into_iter().map(|e| gone(e, Outcome::Unpaired, why)));
        return None;
    }
    group.sort_by(|a, b| a.place.cmp(&b.place));
    let mut copies = group.into_iter();
    let mut first = copies.next()?;
    for copy in copies {
        // The answer for one bill of lading names that one only, the answer for another the other.
        let missing = |d: &&_| !first.documents.contains(d);
        let documents: Vec<_> = copy.documents.iter().filter(missing).cloned().collect();
        first.documents.extend(documents);
        if let (Statement::Handling(mine), Statement::Handling(others)) =
            (&mut first.statement, &copy.statement)
        {
            mine.complete(others);
        }
        left_out.push(gone(copy, Outcome::Duplicate, "a copy of the same event"));
    }
    Some(first)
}

/// Whether two events of one id say the same, one perhaps more than the other.
fn says_the_same(a: &Event, b: &Event) -> bool {
    match (&a.statement, &b.statement) {
        (Statement::Handling(a), Statement::Handling(b)) => {
            (a.step, a.at, a.place) == (b.step, b.at, b.place) && a.agrees(b)
        }
        (Statement::Vehicle(a), Statement::Vehicle(b)) => {
            (a.departs, a.at, &a.call) == (b.departs, b.at, &b.call)
        }
        // It is not used, so what it says does not matter.
        (Statement::Ignored(_), Statement::Ignored(_)) => true,
        (a, b) => a == b,
    }
}

/// An event that was left out.
pub(crate) fn gone(event: Event, outcome: Outcome, reason: &str) -> LeftOut {
    let (subject, found) = match &event.statement {
        Statement::Handling(h) => (
            h.container.clone(),
            format!("{} {} {}", h.step.code(), h.place, h.at_text),
        ),
        Statement::Vehicle(v) => (
            v.call.clone(),
            format!("{} {}", if v.departs { "DEPA" } else { "ARRI" }, v.at_text),
        ),
        Statement::Retracted | Statement::Ignored(_) => (String::new(), String::new()),
    };
    LeftOut {
        outcome,
        place: event.place,
        id: event.id,
        subject,
        found,
        reason: reason.to_owned(),
    }
}
