//! Which shipment each event of a container belongs to.
//!
//! A container serves one shipment after another, and not every sender knows the bill of lading. Documents that stand in one
//! event belong together; an event without a document lies inside the shipment around it, or it belongs nowhere.

use super::event::{Document, DocumentKind, Event};
use std::collections::{BTreeMap, BTreeSet};

/// Bookings under one transport document, known from events of any kind.
#[derive(Debug, Default)]
pub struct Bookings(BTreeMap<String, BTreeSet<String>>);

impl Bookings {
    /// Notes which booking stands beside which transport document.
    pub fn learn(&mut self, documents: &[Document]) {
        let of = |kind| documents.iter().filter(move |d| d.kind == kind);
        for booking in of(DocumentKind::Booking) {
            let bills = self.0.entry(booking.reference.clone()).or_default();
            bills.extend(of(DocumentKind::TransportDocument).map(|d| d.reference.clone()));
        }
    }

    /// The transport document of a booking that has exactly one.
    fn bill(&self, booking: &str) -> Option<&String> {
        self.0
            .get(booking)
            .filter(|bills| bills.len() == 1)
            .and_then(|bills| bills.first())
    }
}

/// The shipment of each event, in order of time: its number, or why there is none.
pub fn assign(events: &[&Event], bookings: &Bookings) -> Vec<Result<String, String>> {
    let groups = Groups::of(events, bookings);
    let own: Vec<Option<usize>> = events
        .iter()
        .map(|e| e.documents.first().map(|d| groups.find(d)))
        .collect();
    let names = groups.names(bookings);
    let before = carried(own.iter());
    let mut after = carried(own.iter().rev());
    after.reverse();
    let group_of = |i: usize| match (before[i], after[i]) {
        (Some(a), Some(b)) if a != b => {
            Err("names no document and lies between two shipments of the container")
        }
        (Some(group), _) | (None, Some(group)) => Ok(group),
        (None, None) => Err(
            "no event of the container names a transport document, booking or shipping instruction",
        ),
    };
    let name = |i: usize| {
        group_of(i)
            .map_err(str::to_owned)
            .and_then(|group| names[&group].clone())
    };
    (0..events.len()).map(name).collect()
}

/// Each value, or the last one before it.
fn carried<'g>(groups: impl Iterator<Item = &'g Option<usize>>) -> Vec<Option<usize>> {
    groups
        .scan(None, |last, group| {
            *last = group.or(*last);
            Some(*last)
        })
        .collect()
}

/// Documents that belong together, each with the first of its group.
struct Groups<'e> {
    documents: Vec<&'e Document>,
    root: Vec<usize>,
}

impl<'e> Groups<'e> {
    fn of(events: &[&'e Event], bookings: &Bookings) -> Groups<'e> {
        let documents: BTreeSet<&Document> = events.iter().flat_map(|e| &e.documents).collect();
        let documents: Vec<&Document> = documents.into_iter().collect();
        let mut groups = Groups {
            root: (0..documents.len()).collect(),
            documents,
        };
        for event in events {
            for pair in event.documents.windows(2) {
                groups.join(&pair[0], &pair[1]);
            }
        }
        for booking in groups
            .documents
            .clone()
            .into_iter()
            .filter(|d| d.kind == DocumentKind::Booking)
        {
            if let Some(bill) = bookings.bill(&booking.reference) {
                groups.join(
                    booking,
                    &Document {
                        kind: DocumentKind::TransportDocument,
                        reference: bill.clone(),
                    },
                );
            }
        }
        // Roots are the smallest of their group, so one pass in ascending order leads every document to its root.
        for at in 0..groups.root.len() {
            groups.root[at] = groups.root[groups.root[at]];
        }
        groups
    }

    fn at(&self, document: &Document) -> Option<usize> {
        self.documents.binary_search(&document).ok()
    }

    fn find(&self, document: &Document) -> usize {
        self.at(document).map_or(0, |at| self.root[at])
    }

    /// A document that no event of the container names joins nothing.
    fn join(&mut self, a: &Document, b: &Document) {
        if let (Some(a), Some(b)) = (self.at(a), self.at(b)) {
            let (a, b) = (self.climb(a), self.climb(b));
            self.root[a.max(b)] = a.min(b);
        }
    }

    /// The root, halving the way to it for the next time.
    fn climb(&mut self, mut at: usize) -> usize {
        while self.root[at] != at {
            self.root[at] = self.root[self.root[at]];
            at = self.root[at];
        }
        at
    }

    /// The number of each shipment: of its best kind of document, if there is one only.
    fn names(&self, bookings: &Bookings) -> BTreeMap<usize, Result<String, String>> {
        let mut members: BTreeMap<usize, Vec<&Document>> = BTreeMap::new();
        for (document, root) in self.documents.iter().zip(&self.root) {
            members.entry(*root).or_default().push(document);
        }
        members
            .into_iter()
            .map(|(root, documents)| (root, name(&documents, bookings)))
            .collect()
    }
}

/// The number that documents in order of kind give to their shipment.
fn name(documents: &[&Document], bookings: &Bookings) -> Result<String, String> {
    let Some(best) = documents.first().map(|d| d.kind) else {
        return Err("no document".to_owned());
    };
    let mut numbers: Vec<&str> = documents
        .iter()
        .filter(|d| d.kind == best)
        .map(|d| d.reference.as_str())
        .collect();
    if let (DocumentKind::Booking, [booking]) = (best, numbers.as_slice())
        && let Some(bill) = bookings.bill(booking)
    {
        numbers = vec![bill];
    }
    match numbers.as_slice() {
        [one] if one.chars().count() <= 64 => Ok((*one).to_owned()),
        [one] => Err(format!(
            "the document number {one:?} is longer than 64 characters"
        )),
        [a, b] => Err(format!("two documents for one container: {a}, {b}")),
        many => Err(format!(
            "{} documents for one container: {}, {} ...",
            many.len(),
            many[0],
            many[1]
        )),
    }
}
