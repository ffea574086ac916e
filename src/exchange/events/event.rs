//! One event of a container or its vehicle, as what pairing needs of it, in whatever format it came.

use super::mass::Masses;
use super::vehicle::Passage;
use crate::exchange::documents::Place;
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::Instant;

/// What an equipment event does to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// `DISC`.
    Discharged,
    /// `GTIN`.
    GatedIn,
    /// `DROP`.
    DroppedOff,
    /// `LOAD`.
    Loaded,
    /// `PICK`.
    PickedUp,
    /// `GTOT`.
    GatedOut,
}

impl Step {
    const ALL: [Step; 6] = [
        Step::Discharged,
        Step::GatedIn,
        Step::DroppedOff,
        Step::Loaded,
        Step::PickedUp,
        Step::GatedOut,
    ];

    /// DCSA's code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Step::Discharged => "DISC",
            Step::GatedIn => "GTIN",
            Step::DroppedOff => "DROP",
            Step::Loaded => "LOAD",
            Step::PickedUp => "PICK",
            Step::GatedOut => "GTOT",
        }
    }

    /// The step of a code of DCSA.
    pub(crate) fn from_code(code: &str) -> Option<Step> {
        Step::ALL.into_iter().find(|step| step.code() == code)
    }

    /// Whether the container is in the place after it; else it has left.
    pub(crate) const fn arrives(self) -> bool {
        matches!(self, Step::Discharged | Step::GatedIn | Step::DroppedOff)
    }

    /// Whether it is a passage of a gate, which ships do not go through.
    pub(crate) const fn is_gate(self) -> bool {
        !matches!(self, Step::Discharged | Step::Loaded)
    }
}

/// Documents that name a shipment, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DocumentKind {
    /// `TRD`, bill of lading or sea waybill.
    TransportDocument,
    /// `BKG`.
    Booking,
    /// `SHI`.
    ShippingInstruction,
    /// A number of the carrier's own, for want of anything better.
    CarrierReference,
}

impl DocumentKind {
    /// The kind of a code of DCSA.
    pub(crate) fn from_code(code: &str) -> Option<DocumentKind> {
        match code {
            "TRD" => Some(DocumentKind::TransportDocument),
            "BKG" => Some(DocumentKind::Booking),
            "SHI" => Some(DocumentKind::ShippingInstruction),
            _ => None,
        }
    }
}

/// A document that an event refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Document {
    /// Kind.
    pub kind: DocumentKind,
    /// Number.
    pub reference: String,
}

/// A document in whose place another stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    /// What it was.
    pub old: Document,
    /// What stands for it.
    pub new: Document,
}

/// A container that came to a place or left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handling {
    /// What happened.
    pub step: Step,
    /// When, UTC.
    pub at: Instant,
    /// When, as the sender wrote it, with its offset.
    pub at_text: String,
    /// How much later it may have been, us: a day where only the date is stated.
    pub within: Instant,
    /// Where.
    pub place: LocationCode,
    /// Terminal or depot, `provider:code`; empty: not stated.
    pub facility: String,
    /// Container number.
    pub container: String,
    /// ISO size-type; empty: not stated.
    pub container_type: String,
    /// Whether it was laden, if stated.
    pub load_status: Option<LoadStatus>,
    /// What carries it on or brought it, if stated.
    pub mode: Option<Mode>,
    /// Whether the mode was given as `MULTIMODAL`, which is none.
    pub is_multimodal: bool,
    /// Operator of the vessel; empty: not stated.
    pub carrier: String,
    /// Transport call of the vehicle; empty: not stated.
    pub call: String,
    /// Whether the container is the shipper's own.
    pub is_shippers: bool,
    /// What the container weighs.
    pub masses: Masses,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    /// The event with this id is withdrawn.
    Retracted,
    /// Not used, with the reason.
    Ignored(&'static str),
    /// A container moved.
    Handling(Box<Handling>),
    /// A vehicle left or came.
    Vehicle(Box<Passage>),
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Where it stands.
    pub place: Place,
    /// Party that it comes from; empty: not stated.
    pub sender: String,
    /// Id, unique for the sender.
    pub id: String,
    /// When the sender last changed it; `None`: not stated.
    pub updated: Option<Instant>,
    /// That time as written.
    pub updated_text: String,
    /// Documents, in the order given.
    pub documents: Vec<Document>,
    /// Documents that others replaced.
    pub replacements: Vec<Replacement>,
    /// What it says.
    pub statement: Statement,
}

impl Handling {
    /// Whether two can be of one arrival or one departure: neither mode nor load status contradicts.
    pub(crate) fn agrees(&self, other: &Handling) -> bool {
        fn same<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
            a.is_none() || b.is_none() || a == b
        }
        same(self.mode, other.mode) && same(self.load_status, other.load_status)
    }

    /// Takes from another statement of the same handling what this one does not say.
    pub(crate) fn complete(&mut self, other: &Handling) {
        self.mode = self.mode.or(other.mode);
        self.load_status = self.load_status.or(other.load_status);
        self.is_shippers |= other.is_shippers;
        self.masses = self.masses.or(other.masses);
        for (mine, others) in [
            (&mut self.facility, &other.facility),
            (&mut self.container_type, &other.container_type),
            (&mut self.carrier, &other.carrier),
            (&mut self.call, &other.call),
        ] {
            if mine.is_empty() {
                mine.clone_from(others);
            }
        }
    }
}
