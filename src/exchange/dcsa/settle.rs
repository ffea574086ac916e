//! Which of several events with one id counts: copies, later versions, contradictions, retractions.

use super::event::{Event, Statement};
use crate::exchange::left_out::{LeftOut, Outcome};
use std::collections::BTreeMap;

/// The events that count, in order of file and place; the others are added to `left_out`.
pub fn settle(events: Vec<Event>, left_out: &mut Vec<LeftOut>) -> Vec<Event> {
    let mut groups: BTreeMap<(String, String), Vec<Event>> = BTreeMap::new();
    let (retractions, events): (Vec<Event>, Vec<Event>) = events
        .into_iter()
        .partition(|e| e.statement == Statement::Retracted);
    let mut by_id: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for retraction in &retractions {
        by_id.entry(&retraction.id).or_default().push(retraction);
    }
    for event in events {
        groups
            .entry((event.id.clone(), event.sender.clone()))
            .or_default()
            .push(event);
    }
    let mut kept = Vec::new();
    for ((id, sender), mut group) in groups {
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
    if group.iter().any(|e| e.digest != group[0].digest) {
        let why = "another event with the same id and time of change says something else";
        left_out.extend(group.into_iter().map(|e| gone(e, Outcome::Unpaired, why)));
        return None;
    }
    group.sort_by(|a, b| a.place.cmp(&b.place));
    let mut copies = group.into_iter();
    let first = copies.next();
    left_out.extend(copies.map(|e| gone(e, Outcome::Duplicate, "a copy of the same event")));
    first
}

/// An event that was left out.
pub fn gone(event: Event, outcome: Outcome, reason: &str) -> LeftOut {
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
