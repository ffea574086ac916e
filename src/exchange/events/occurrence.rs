//! What happened to a container, with every report of it: several senders tell of one handling, each by a clock of its own, and
//! some of them late.

use super::event::{Document, Event, Handling, Statement, Step};
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::Instant;
use std::collections::HashMap;

const MINUTE_US: i64 = 60_000_000;

/// How far a clock may be off, either way.
pub(crate) const CLOCK_US: i64 = 60 * MINUTE_US;

/// How much later than it was a load or discharge may be reported as its time; also how much later a second report of a
/// passage of a gate may come.
pub(crate) const LATE_US: i64 = 24 * 60 * MINUTE_US;

/// An event with its handling.
pub(crate) type Report<'e> = (&'e Event, &'e Handling);

/// A handling, and all reports of it in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence<'e> {
    /// Never empty.
    reports: Vec<Report<'e>>,
}

impl<'e> Occurrence<'e> {
    /// Its earliest report.
    pub(crate) fn first(&self) -> Report<'e> {
        self.reports[0]
    }

    /// All reports in order of time.
    pub(crate) fn reports(&self) -> &[Report<'e>] {
        &self.reports
    }

    /// What happened.
    pub(crate) fn step(&self) -> Step {
        self.first().1.step
    }

    /// Where.
    pub(crate) fn place(&self) -> LocationCode {
        self.first().1.place
    }

    /// When: what was reported late was earlier, so the earliest report counts.
    pub(crate) fn at(&self) -> Instant {
        self.first().1.at
    }

    /// The earliest that it can have been.
    pub(crate) fn earliest(&self) -> Instant {
        let last = self.reports.iter().map(|(_, h)| h.at).max();
        let late = if self.step().is_gate() { 0 } else { LATE_US };
        (last.unwrap_or(self.at()) - CLOCK_US - late).min(self.latest())
    }

    /// The latest that it can have been.
    pub(crate) fn latest(&self) -> Instant {
        self.at() + CLOCK_US + self.within()
    }

    /// How much later than its time it may have been, because that is only a date.
    pub(crate) fn within(&self) -> Instant {
        self.first().1.within
    }

    /// Mode, if a report states one.
    pub(crate) fn mode(&self) -> Option<Mode> {
        self.reports.iter().find_map(|(_, h)| h.mode)
    }

    /// Load status, if a report states one.
    pub(crate) fn load_status(&self) -> Option<LoadStatus> {
        self.reports.iter().find_map(|(_, h)| h.load_status)
    }

    /// Whether a report gave `MULTIMODAL` as mode.
    pub(crate) fn is_multimodal(&self) -> bool {
        self.reports.iter().any(|(_, h)| h.is_multimodal)
    }

    /// The first text that a report states.
    pub(crate) fn text(&self, of: impl Fn(&'e Handling) -> &'e str) -> &'e str {
        let mut texts = self.reports.iter().map(|(_, h)| of(h));
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Documents of all reports.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &'e Document> {
        self.reports.iter().flat_map(|(event, _)| &event.documents)
    }

    /// Whether it is of an empty container of the carrier under no document: the carrier's own affair, unless it ends what a purchaser
    /// ordered.
    pub(crate) fn is_bare_empty(&self) -> bool {
        self.load_status() == Some(LoadStatus::Empty)
            && self.documents().next().is_none()
            && !self.reports.iter().any(|(_, h)| h.is_shippers)
    }

    /// Whether both can be of one arrival or one departure.
    pub(crate) fn agrees(&self, other: &Occurrence) -> bool {
        let mut others = other.reports.iter();
        others.all(|(_, other)| self.agrees_with(other))
    }

    fn agrees_with(&self, handling: &Handling) -> bool {
        self.reports.iter().all(|(_, h)| h.agrees(handling))
    }
}

/// The handling of an event that has one.
pub(crate) fn handling(event: &Event) -> Option<&Handling> {
    match &event.statement {
        Statement::Handling(handling) => Some(handling),
        Statement::Vehicle(_) | Statement::Retracted | Statement::Ignored(_) => None,
    }
}

/// The occurrences that the events of one container tell of, in order of time.
pub(crate) fn occurrences<'e>(events: &[&'e Event]) -> Vec<Occurrence<'e>> {
    let mut reports: Vec<Report> = events
        .iter()
        .filter_map(|event| Some((*event, handling(event)?)))
        .collect();
    reports.sort_by(|(a, x), (b, y)| {
        (x.at, x.step as u8, &a.place).cmp(&(y.at, y.step as u8, &b.place))
    });
    let mut found: Vec<Occurrence> = Vec::new();
    let mut latest: HashMap<(LocationCode, Step), usize> = HashMap::new();
    for (event, h) in reports {
        let key = (h.place, h.step);
        let same = latest
            .get(&key)
            .copied()
            .filter(|&at| is_report_of(&found, at, h));
        match same {
            Some(at) => found[at].reports.push((event, h)),
            None => {
                latest.insert(key, found.len());
                found.push(Occurrence {
                    reports: vec![(event, h)],
                });
            }
        }
    }
    found
}

/// Whether a handling is another report of the occurrence `at`, of the same step in the same place.
fn is_report_of(found: &[Occurrence], at: usize, h: &Handling) -> bool {
    let known = &found[at];
    let apart = h.at - known.at();
    if !known.agrees_with(h) || apart > LATE_US + 2 * CLOCK_US {
        return false;
    }
    if !h.step.is_gate() || apart <= 2 * CLOCK_US {
        return true;
    }
    // A container goes through a gate the same way twice in a day, if it came back in between.
    let facility = known.text(|h| &h.facility);
    let is_other_gate = !facility.is_empty() && !h.facility.is_empty() && facility != h.facility;
    let came_back = found[at + 1..].iter().any(|other| {
        let step = other.step();
        let turned = step.is_gate() && step.arrives() != h.step.arrives();
        (other.place() == h.place && turned) || (other.place() != h.place && !step.arrives())
    });
    !is_other_gate && !came_back
}
