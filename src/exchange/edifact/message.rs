//! A message as a whole: its head, and what came of its parts.

use super::group::{Group, has};
use super::profile::{Function, Profile, Told};
use super::time::Stated;
use crate::exchange::documents::Place;
use crate::exchange::events::event::Event;
use crate::exchange::events::settle::gone;
use crate::exchange::left_out::{LeftOut, Outcome};

/// Messages that tell movements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Container discharge and loading report.
    Coarri,
    /// Container gate-in and gate-out report.
    Codeco,
    /// Multimodal status report.
    Iftsta,
}

impl Kind {
    /// By its type (0065).
    pub(crate) fn of(code: &str) -> Option<Kind> {
        let all = [Kind::Coarri, Kind::Codeco, Kind::Iftsta];
        all.into_iter().find(|kind| kind.code() == code)
    }

    /// Its type.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Kind::Coarri => "COARRI",
            Kind::Codeco => "CODECO",
            Kind::Iftsta => "IFTSTA",
        }
    }
}

/// What came of a part of a message.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// An event.
    Event(Box<Event>),
    /// An event that is none.
    Fault(Box<LeftOut>),
    /// Something beside the events.
    Note(Box<LeftOut>),
}

/// What a message says of all that is in it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Type.
    pub kind: Kind,
    /// Number of the document (1004); empty: none.
    pub number: String,
    /// What kind of document (1001).
    pub code: String,
    /// What it does to earlier ones (1225).
    pub function: String,
    /// Its group.
    pub group: Group,
    /// What a remark says that it tells.
    pub remark: Option<Told>,
}

impl Head {
    /// When the document was written, as its sender wrote it.
    pub(crate) fn written(&self, profile: &Profile) -> Option<Stated> {
        let mut times = self.group.times.iter();
        let time = times.find(|t| has(&profile.times.document, &t.qualifier))?;
        time.stated.clone().ok()
    }
}

/// A message that was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Where it begins.
    pub place: Place,
    /// Who sent it.
    pub sender: String,
    /// Type.
    pub kind: Kind,
    /// Number of its document.
    pub number: String,
    /// Number of the document that it is about; its own, if it names no other.
    pub about: String,
    /// What it does to that.
    pub function: Function,
    /// When it was written.
    pub written: Option<Stated>,
    /// What it tells.
    pub found: Vec<Found>,
}

impl Message {
    /// Nothing of the message is used, for the sake of this fault; it does nothing to earlier ones either.
    pub(crate) fn refuse(&mut self, fault: &LeftOut) {
        self.function = Function::Original;
        let reason = format!(
            "in what cannot be believed: {}: {}, {}",
            fault.place.pointer, fault.found, fault.reason
        );
        self.set_aside(Outcome::Refused, &reason);
    }

    /// The same for a message that says of itself that it is a test.
    pub(crate) fn ignore_test(&mut self) {
        self.function = Function::Original;
        self.set_aside(Outcome::Ignored, "in a test interchange (UNB 0035)");
    }

    fn set_aside(&mut self, outcome: Outcome, reason: &str) {
        for found in &mut self.found {
            if let Found::Event(event) = found {
                *found = Found::Fault(Box::new(gone((**event).clone(), outcome, reason)));
            }
        }
    }
}
