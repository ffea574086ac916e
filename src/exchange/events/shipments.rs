//! Which shipments each handling of a container belongs to.
//!
//! A container serves one shipment after another, and not every sender knows the bill of lading. Documents that stand in one
//! event, or in reports of one handling, belong together; a handling without a document lies inside the shipment around it, or
//! it belongs nowhere. Several bills of lading that belong together share the container.

use super::event::{Document, DocumentKind, Replacement};
use super::occurrence::Occurrence;
use std::collections::{BTreeMap, BTreeSet};

/// Shipments that share a container, by their numbers; mostly one.
pub(crate) type Numbers = Vec<String>;

/// What events of any kind say of documents: bookings under one transport document, documents that others replaced.
#[derive(Debug, Default)]
pub(crate) struct Bookings {
    bills: BTreeMap<String, BTreeSet<String>>,
    replaced: BTreeMap<Document, BTreeSet<Document>>,
}

/// Longest way of replacements that is followed.
const MOST_REPLACEMENTS: usize = 64;

impl Bookings {
    /// Notes which booking stands beside which transport document.
    pub(crate) fn learn(&mut self, documents: &[Document], replacements: &[Replacement]) {
        let of = |kind| documents.iter().filter(move |d| d.kind == kind);
        for booking in of(DocumentKind::Booking) {
            let bills = self.bills.entry(booking.reference.clone()).or_default();
            // More than one is as good as many.
            for bill in of(DocumentKind::TransportDocument) {
                if bills.len() > 1 {
                    break;
                }
                bills.insert(bill.reference.clone());
            }
        }
        for Replacement { old, new } in replacements {
            let news = self.replaced.entry(old.clone()).or_default();
            news.insert(new.clone());
        }
    }

    /// What stands for a document now: itself, if nothing or more than one thing replaced it.
    fn current<'d>(&'d self, document: &'d Document) -> &'d Document {
        let mut passed = vec![document];
        while let Some(news) = self.replaced.get(passed[passed.len() - 1]) {
            match (news.len(), news.first()) {
                // Documents that replace each other in a circle are one.
                (1, Some(new)) if passed.contains(&new) => {
                    return passed.into_iter().min().unwrap_or(document);
                }
                (1, Some(new)) if passed.len() < MOST_REPLACEMENTS => passed.push(new),
                _ => break,
            }
        }
        passed[passed.len() - 1]
    }

    /// The transport document of a booking that has exactly one.
    fn bill(&self, booking: &str) -> Option<&String> {
        self.bills
            .get(booking)
            .filter(|bills| bills.len() == 1)
            .and_then(|bills| bills.first())
    }
}

/// The shipments of each occurrence, in order of time: their numbers, or why there are none.
pub(crate) fn assign(
    occurrences: &[Occurrence],
    bookings: &Bookings,
) -> Vec<Result<Numbers, String>> {
    let groups = Groups::of(occurrences, bookings);
    let own: Vec<Option<usize>> = occurrences
        .iter()
        .map(|o| o.documents().next().map(|d| groups.find(d)))
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
    (0..occurrences.len()).map(name).collect()
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
    fn of(occurrences: &[Occurrence<'e>], bookings: &Bookings) -> Groups<'e> {
        let documents: BTreeSet<&Document> =
            occurrences.iter().flat_map(Occurrence::documents).collect();
        let documents: Vec<&Document> = documents.into_iter().collect();
        let mut groups = Groups {
            root: (0..documents.len()).collect(),
            documents,
        };
        for occurrence in occurrences {
            let mut documents = occurrence.documents();
            let Some(first) = documents.next() else {
                continue;
            };
            documents.for_each(|document| groups.join(first, document));
        }
        for document in groups.documents.clone() {
            groups.join(document, bookings.current(document));
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
    fn names(&self, bookings: &Bookings) -> BTreeMap<usize, Result<Numbers, String>> {
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

/// The numbers that documents in order of kind give to their shipments.
fn name(documents: &[&Document], bookings: &Bookings) -> Result<Numbers, String> {
    // One that was replaced counts only as what stands for it.
    let current: BTreeSet<&Document> = documents.iter().map(|d| bookings.current(d)).collect();
    let Some(best) = current.first().map(|d| d.kind) else {
        return Err("no document".to_owned());
    };
    let numbers = current.iter().filter(|d| d.kind == best);
    let bill = |number: &str| match best {
        DocumentKind::Booking => bookings.bill(number).cloned(),
        _ => None,
    };
    let numbers: BTreeSet<String> = numbers
        .map(|d| bill(&d.reference).unwrap_or_else(|| d.reference.clone()))
        .collect();
    match numbers.iter().find(|number| number.chars().count() > 64) {
        Some(long) => Err(format!(
            "the document number {long:?} is longer than 64 characters"
        )),
        None => Ok(numbers.into_iter().collect()),
    }
}
