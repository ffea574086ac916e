//! Messages that replace, change or cancel earlier ones of the same sender and number.
//!
//! The order is that of writing; of messages written in the same minute that in their file, and where they are in several files, originals
//! come first. Some senders give one number to many messages: what is withdrawn by such a number is only what is said of the same containers.

use super::message::{Found, Kind, Message};
use super::profile::Function;
use crate::exchange::events::event::{Event, Statement};
use crate::exchange::events::settle::gone;
use crate::exchange::left_out::{LeftOut, Outcome};
use crate::model::time::Instant;
use std::collections::HashMap;

/// A document: sender, type, number.
type Document = (String, Kind, String);

/// A container in a document, and what happened to it.
type Step = (Document, String, &'static str);

/// Message and entry in it.
type At = (usize, usize);

/// What stands under the numbers so far.
#[derive(Default)]
struct Standing {
    /// Entries of a document, and how many different originals they are of.
    of_document: HashMap<Document, (Vec<At>, Vec<Content>)>,
    of_step: HashMap<Step, Vec<At>>,
}

/// What an original says, to tell a copy of it from another message of the same number.
type Content = Vec<(String, Instant)>;

/// What all messages tell, those that others withdrew among it, in the order of the files.
pub(crate) fn standing(mut messages: Vec<Message>) -> Vec<Found> {
    let order = order(&messages);
    let mut standing = Standing::default();
    for i in order {
        let withdrawn = standing.withdrawn(&messages[i], &messages);
        let (outcome, reason) = match messages[i].function {
            Function::Cancel | Function::Delete => (
                Outcome::Retracted,
                "withdrawn by a later message of its sender",
            ),
            _ => (
                Outcome::Duplicate,
                "a later message of the same number stands for it",
            ),
        };
        let mut hits = 0;
        for (m, f) in withdrawn {
            hits += u64::from(withdraw(&mut messages[m].found[f], outcome, reason));
        }
        match messages[i].function {
            Function::Cancel | Function::Delete => withdrawal(&mut messages[i], hits),
            _ => standing.add(i, &messages[i]),
        }
    }
    let mut found: Vec<Found> = messages.into_iter().flat_map(|m| m.found).collect();
    tell_apart(&mut found);
    found
}

/// The order in which messages came, as far as they say it.
fn order(messages: &[Message]) -> Vec<usize> {
    type Minute<'m> = (&'m str, Kind, &'m str, Option<&'m str>);
    fn minute(m: &Message) -> Minute<'_> {
        let written = m.written.as_ref().map(|s| s.text.as_str());
        (&m.sender, m.kind, &m.about, written)
    }
    // The file of what was written of one document in one minute; `None`: several.
    let mut files: HashMap<Minute, Option<&str>> = HashMap::new();
    for message in messages {
        let file = Some(&*message.place.file);
        let known = files.entry(minute(message)).or_insert(file);
        if *known != file {
            *known = None;
        }
    }
    let is_later = |m: &Message| {
        m.function != Function::Original && files.get(&minute(m)).is_none_or(Option::is_none)
    };
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |m: &Message| (m.written.as_ref().map(|s| s.text.clone()), is_later(m));
        let (a, b) = (&messages[a], &messages[b]);
        key(a).cmp(&key(b)).then_with(|| a.place.cmp(&b.place))
    });
    order
}

impl Standing {
    fn add(&mut self, i: usize, message: &Message) {
        let document = document(message, &message.number);
        let content = content(message);
        if document.2.is_empty() || content.is_empty() {
            return;
        }
        let (entries, originals) = self.of_document.entry(document.clone()).or_default();
        for (f, event) in events(message) {
            entries.push((i, f));
            if let Some((container, step)) = subject(event) {
                let key = (document.clone(), container.to_owned(), step);
                self.of_step.entry(key).or_default().push((i, f));
            }
        }
        // Two are as good as any number, so that a number of thousands of messages costs nothing.
        let is_new = originals.len() < 2 && !originals.contains(&content);
        if message.function == Function::Original && is_new {
            originals.push(content);
        }
    }

    /// The entries that a message withdraws; those withdrawn before may be among them.
    fn withdrawn(&mut self, message: &Message, messages: &[Message]) -> Vec<At> {
        let document = document(message, &message.about);
        let whole = match message.function {
            Function::Original => return Vec::new(),
            Function::Replace | Function::Cancel => true,
            Function::Change | Function::Delete => false,
        };
        let is_one = |(_, originals): &(Vec<At>, Vec<Content>)| originals.len() < 2;
        if whole && self.of_document.get(&document).is_some_and(is_one) {
            let (entries, _) = self.of_document.remove(&document).unwrap_or_default();
            return entries;
        }
        let mut hit = Vec::new();
        for (_, event) in events(message) {
            let Some((container, step)) = subject(event) else {
                continue;
            };
            let key = (document.clone(), container.to_owned(), step);
            hit.extend(self.of_step.remove(&key).unwrap_or_default());
        }
        debug_assert!(hit.iter().all(|(m, _)| *m < messages.len()));
        hit
    }
}

fn document(message: &Message, number: &str) -> Document {
    (message.sender.clone(), message.kind, number.to_owned())
}

fn events(message: &Message) -> impl Iterator<Item = (usize, &Event)> {
    let entries = message.found.iter().enumerate();
    entries.filter_map(|(f, found)| match found {
        Found::Event(event) => Some((f, &**event)),
        Found::Fault(_) | Found::Note(_) => None,
    })
}

fn subject(event: &Event) -> Option<(&str, &'static str)> {
    match &event.statement {
        Statement::Handling(h) => Some((&h.container, h.step.code())),
        _ => None,
    }
}

fn content(message: &Message) -> Content {
    let entries = events(message);
    entries
        .map(|(_, e)| (e.id.clone(), at(e).unwrap_or_default()))
        .collect()
}

/// When something happened.
fn at(event: &Event) -> Option<Instant> {
    match &event.statement {
        Statement::Handling(h) => Some(h.at),
        Statement::Vehicle(v) => Some(v.at),
        Statement::Retracted | Statement::Ignored(_) => None,
    }
}

/// Makes an event one that was withdrawn; whether it was one that stood.
fn withdraw(found: &mut Found, outcome: Outcome, reason: &str) -> bool {
    let Found::Event(event) = found else {
        return false;
    };
    *found = Found::Fault(Box::new(gone((**event).clone(), outcome, reason)));
    true
}

/// Makes of the entries of a withdrawal what they are.
fn withdrawal(message: &mut Message, hits: u64) {
    let reason = match hits {
        0 => "withdraws what is in none of the files",
        _ => "the withdrawal itself",
    };
    for found in &mut message.found {
        withdraw(found, Outcome::Retracted, reason);
        if let Found::Fault(entry) = found
            && entry.outcome == Outcome::Ignored
        {
            **entry = LeftOut {
                outcome: Outcome::Retracted,
                reason: reason.to_owned(),
                ..(**entry).clone()
            };
        }
    }
}

/// Gives a time to the ids of events that would be versions of one another, but are of messages that stand side by side.
fn tell_apart(found: &mut [Found]) {
    let mut times: HashMap<(String, String), Option<Instant>> = HashMap::new();
    for event in standing_events(found) {
        let key = (event.sender.clone(), event.id.clone());
        let time = at(event);
        let known = times.entry(key).or_insert(time);
        if *known != time {
            *known = None;
        }
    }
    for event in standing_events(found) {
        let key = (event.sender.clone(), event.id.clone());
        let is_numbered = !event.id.contains("//");
        if is_numbered && times.get(&key).is_none_or(Option::is_some) {
            continue;
        }
        if let Some(time) = at(event) {
            event.id = format!("{}/{}", event.id, crate::model::time::instant_text(time));
        }
    }
}

fn standing_events(found: &mut [Found]) -> impl Iterator<Item = &mut Event> {
    found.iter_mut().filter_map(|one| match one {
        Found::Event(event) => Some(&mut **event),
        Found::Fault(_) | Found::Note(_) => None,
    })
}
