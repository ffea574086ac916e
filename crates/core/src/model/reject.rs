//! Why a row was rejected: a closed list with stable codes, and what the `rejected` table holds.

use super::symbol::Symbol;

/// A rejection reason; the number is the stable code `R<n>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RejectReason {
    /// Required field empty.
    RequiredEmpty = 1,
    /// Malformed number.
    MalformedNumber = 2,
    /// Number out of range.
    NumberOutOfRange = 3,
    /// Malformed timestamp.
    MalformedTimestamp = 4,
    /// Arrival before departure.
    ArrivalBeforeDeparture = 5,
    /// Unknown mode or code word.
    UnknownCodeWord = 6,
    /// Malformed location code.
    MalformedLocation = 7,
    /// Duplicate, replaced or identical.
    Duplicate = 8,
    /// Conflicting duplicates.
    ConflictingDuplicates = 9,
    /// Unknown operation.
    UnknownOperation = 10,
    /// No emission factor valid on the date.
    NoFactor = 11,
    /// No distance can be found.
    NoDistance = 12,
    /// No mass can be found.
    NoMass = 13,
    /// Intensity is per TEU(.km) or container, no TEU can be found.
    NoTeu = 14,
    /// Hub row whose origin and destination differ, or with a distance.
    HubMoves = 15,
    /// Text too long, control characters, or not UTF-8.
    BadText = 16,
    /// Two movements of one container with the same sequence.
    SameSequence = 17,
    /// Operation does not belong to the mode.
    OperationOfOtherMode = 18,
    /// Container check digit (strict only).
    CheckDigit = 19,
    /// Arithmetic limit exceeded.
    LimitExceeded = 20,
    /// No distance adjustment for this basis pair.
    NoDistanceAdjustment = 21,
    /// Energy given without carrier, unit or factor.
    EnergyIncomplete = 22,
    /// Unreadable record (field count, quoting, JSON).
    UnreadableRecord = 23,
    /// Cancelled by its latest record.
    Cancelled = 24,
    /// A carrier's figure whose reference period ended too long ago.
    FigureTooOld = 25,
}

impl RejectReason {
    /// Every reason with its title, by code; `LIST[n - 1]` has code `n`.
    pub const LIST: [(RejectReason, &'static str); 25] = [
        (RejectReason::RequiredEmpty, "required field empty"),
        (RejectReason::MalformedNumber, "malformed number"),
        (RejectReason::NumberOutOfRange, "number out of range"),
        (RejectReason::MalformedTimestamp, "malformed timestamp"),
        (
            RejectReason::ArrivalBeforeDeparture,
            "arrival before departure",
        ),
        (RejectReason::UnknownCodeWord, "unknown mode or code word"),
        (RejectReason::MalformedLocation, "malformed location code"),
        (RejectReason::Duplicate, "duplicate, replaced or identical"),
        (
            RejectReason::ConflictingDuplicates,
            "conflicting duplicates",
        ),
        (RejectReason::UnknownOperation, "unknown operation"),
        (
            RejectReason::NoFactor,
            "no emission factor valid on the date",
        ),
        (RejectReason::NoDistance, "no distance can be found"),
        (RejectReason::NoMass, "no mass can be found"),
        (
            RejectReason::NoTeu,
            "intensity is per TEU(.km) or container, no TEU can be found",
        ),
        (
            RejectReason::HubMoves,
            "hub row whose origin and destination differ, or with a distance",
        ),
        (
            RejectReason::BadText,
            "text too long, control characters, or not UTF-8",
        ),
        (
            RejectReason::SameSequence,
            "two movements of one container with the same sequence",
        ),
        (
            RejectReason::OperationOfOtherMode,
            "operation does not belong to the mode",
        ),
        (RejectReason::CheckDigit, "container check digit"),
        (RejectReason::LimitExceeded, "arithmetic limit exceeded"),
        (
            RejectReason::NoDistanceAdjustment,
            "no distance adjustment for this basis pair",
        ),
        (
            RejectReason::EnergyIncomplete,
            "energy given without carrier, unit or factor",
        ),
        (RejectReason::UnreadableRecord, "unreadable record"),
        (RejectReason::Cancelled, "cancelled by its latest record"),
        (
            RejectReason::FigureTooOld,
            "carrier's figure older than the run admits",
        ),
    ];

    /// The stable code, e.g. `R007`.
    pub fn code(self) -> String {
        format!("R{:03}", self as u8)
    }

    /// One line saying what the code means.
    pub fn title(self) -> &'static str {
        RejectReason::LIST[self as usize - 1].1
    }

    /// Whether the shipment lacks a part because of this: R008 and R024 take nothing away (docs/formats.md, Rejections).
    pub const fn leaves_gap(self) -> bool {
        !matches!(self, RejectReason::Duplicate | RejectReason::Cancelled)
    }
}

/// Longest value that the `rejected` table shows, in characters.
pub const VALUE_SHOWN: usize = 120;

/// What was wrong with a row; the row number and ids stand beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The code.
    pub reason: RejectReason,
    /// Column in our naming; empty when the whole record is meant.
    pub column: &'static str,
    /// What was found, cut at [`VALUE_SHOWN`] characters.
    pub value: String,
    /// What was wanted.
    pub wanted: String,
}

impl Reject {
    /// A rejection; the value is cut at 120 characters.
    pub fn new(
        reason: RejectReason,
        column: &'static str,
        value: &str,
        wanted: impl Into<String>,
    ) -> Reject {
        let value = match value.char_indices().nth(VALUE_SHOWN) {
            Some((cut, _)) => &value[..cut],
            None => value,
        };
        Reject {
            reason,
            column,
            value: value.to_owned(),
            wanted: wanted.into(),
        }
    }
}

/// One row of the `rejected` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Index of the input file in the run's sorted list.
    pub file: u32,
    /// Row number in the file, from 1.
    pub row: u64,
    /// What was wrong.
    pub reject: Reject,
    /// Shipment id if it could be read, else empty.
    pub shipment_id: String,
    /// Movement id if it could be read, else empty.
    pub movement_id: String,
    /// What the row has in the carried columns, as one text; `0`: nothing, or nothing that could be read.
    pub carried: Symbol,
}
