//! One DCSA Track & Trace event, of version 2.2 or 3.0, as what pairing needs of it.

use super::vehicle::Passage;
use crate::exchange::documents::{Fault, Place, objects, required, text};
use crate::exchange::left_out::{LeftOut, Outcome};
use crate::input::timestamp::parse_rfc3339;
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::Instant;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Places of facilities that an event names without a UN/LOCODE, by `provider:code`.
pub type Facilities = BTreeMap<String, LocationCode>;

/// What an equipment event does to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
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
    pub const fn code(self) -> &'static str {
        match self {
            Step::Discharged => "DISC",
            Step::GatedIn => "GTIN",
            Step::DroppedOff => "DROP",
            Step::Loaded => "LOAD",
            Step::PickedUp => "PICK",
            Step::GatedOut => "GTOT",
        }
    }

    /// Whether the container is in the place after it; else it has left.
    pub const fn arrives(self) -> bool {
        matches!(self, Step::Discharged | Step::GatedIn | Step::DroppedOff)
    }

    /// Whether it is a passage of a gate, which ships do not go through.
    pub const fn is_gate(self) -> bool {
        !matches!(self, Step::Discharged | Step::Loaded)
    }
}

/// Equipment events that move nothing.
const STILL: [&str; 11] = [
    "STUF", "STRP", "INSP", "RSEA", "RMVD", "CUSI", "CUSR", "CUSS", "AVDO", "AVPU", "CROS",
];

/// Documents that name a shipment, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// `TRD`, bill of lading or sea waybill.
    TransportDocument,
    /// `BKG`.
    Booking,
    /// `SHI`.
    ShippingInstruction,
}

impl DocumentKind {
    fn from_code(code: &str) -> Option<DocumentKind> {
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
pub struct Document {
    /// Kind.
    pub kind: DocumentKind,
    /// Number.
    pub reference: String,
}

/// A container that came to a place or left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// What happened.
    pub step: Step,
    /// When, UTC.
    pub at: Instant,
    /// When, as the sender wrote it, with its offset.
    pub at_text: String,
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
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
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
pub struct Event {
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
    /// Digest of all it says, to tell copies from contradictions.
    pub digest: [u8; 32],
    /// Documents, in the order given.
    pub documents: Vec<Document>,
    /// What it says.
    pub statement: Statement,
}

/// Fields of one version of the standard, as JSON pointers.
struct Layout {
    event_type: &'static str,
    classifier: &'static str,
    step: &'static str,
    updated: &'static str,
    container: &'static str,
    container_type: &'static str,
    empty: &'static str,
    /// Where a UN/LOCODE may stand, the best first.
    places: &'static [&'static str],
    /// Where code and provider of a facility may stand.
    facilities: &'static [(&'static str, &'static str)],
    mode: &'static str,
    carrier: &'static str,
    call: &'static str,
    vehicle_step: &'static str,
}

const V2: Layout = Layout {
    event_type: "/eventType",
    classifier: "/eventClassifierCode",
    step: "/equipmentEventTypeCode",
    updated: "/eventCreatedDateTime",
    container: "/equipmentReference",
    container_type: "/ISOEquipmentCode",
    empty: "/emptyIndicatorCode",
    places: &[
        "/eventLocation/UNLocationCode",
        "/transportCall/UNLocationCode",
        "/transportCall/location/UNLocationCode",
    ],
    facilities: &[
        (
            "/eventLocation/facilityCode",
            "/eventLocation/facilityCodeListProvider",
        ),
        (
            "/transportCall/facilityCode",
            "/transportCall/facilityCodeListProvider",
        ),
    ],
    mode: "/transportCall/modeOfTransport",
    carrier: "/transportCall/vessel/vesselOperatorCarrierCode",
    call: "/transportCall/transportCallID",
    vehicle_step: "/transportEventTypeCode",
};

const V3: Layout = Layout {
    event_type: "/eventClassification/eventTypeCode",
    classifier: "/eventClassification/eventClassifierCode",
    step: "/eventClassification/equipmentEventTypeCode",
    updated: "/eventUpdatedDateTime",
    container: "/equipmentDetails/equipmentReference",
    container_type: "/equipmentDetails/ISOEquipmentCode",
    empty: "/equipmentDetails/emptyIndicatorCode",
    places: &["/eventLocation/UNLocationCode"],
    facilities: &[(
        "/eventLocation/facility/facilityCode",
        "/eventLocation/facility/facilityCodeListProvider",
    )],
    mode: "/transportDetails/transportCall/modeOfTransport",
    carrier: "/transportDetails/transportCall/vesselTransport/operatorCarrierCode",
    call: "/transportDetails/transportCall/transportCallReference",
    vehicle_step: "/eventClassification/transportEventTypeCode",
};

/// Longest text that a movement record can hold, in characters.
const LONGEST: usize = 64;

impl Event {
    /// Reads an event, or says what is wrong with it.
    pub fn parse(
        place: Place,
        entry: &Value,
        facilities: &Facilities,
    ) -> Result<Event, Box<LeftOut>> {
        let malformed =
            |id: &str, fault| Box::new(LeftOut::faulty(Outcome::Malformed, &place, id, fault));
        let id = required(entry, "/eventID", "an event id")
            .map_err(|fault| malformed("", fault))?
            .to_owned();
        let digest = Sha256::digest(serde_json::to_vec(entry).unwrap_or_default()).into();
        let read = read(entry, facilities).map_err(|fault| malformed(&id, fault))?;
        let Read {
            sender,
            updated,
            updated_text,
            documents,
            statement,
        } = read;
        Ok(Event {
            place,
            sender,
            id,
            updated,
            updated_text,
            digest,
            documents,
            statement,
        })
    }
}

struct Read {
    sender: String,
    updated: Option<Instant>,
    updated_text: String,
    documents: Vec<Document>,
    statement: Statement,
}

fn read(entry: &Value, facilities: &Facilities) -> Result<Read, Fault> {
    let layout = match (entry.get("eventClassification"), entry.get("eventType")) {
        (Some(_), _) => &V3,
        (None, Some(_)) => &V2,
        (None, None) if is_retracted(entry)? => &V3,
        (None, None) => {
            return Err(Fault::new(
                "",
                "neither",
                "eventClassification (3.0) or eventType (2.2)",
            ));
        }
    };
    let party = "/eventRouting/originatingParty";
    let part = |name: &str| {
        text(entry, &format!("{party}/{name}")).map(|t| t.unwrap_or_default().to_owned())
    };
    let sender = match part("partyCode")? {
        code if code.is_empty() => code,
        code => format!(
            "{}:{}:{code}",
            part("codeListProvider")?,
            part("codeListName")?
        ),
    };
    let mut read = Read {
        sender,
        updated: None,
        updated_text: String::new(),
        documents: Vec::new(),
        statement: Statement::Retracted,
    };
    if let Some(text) = text(entry, layout.updated)? {
        read.updated = Some(instant(entry, layout.updated, text)?);
        read.updated_text = text.to_owned();
    }
    // Of a retracted event, everything but its id is irrelevant.
    if !is_retracted(entry)? {
        read.documents = documents(entry)?;
        read.statement = statement(entry, layout, facilities)?;
    }
    Ok(read)
}

fn is_retracted(entry: &Value) -> Result<bool, Fault> {
    match entry.get("isRetracted") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(is_retracted)) => Ok(*is_retracted),
        Some(_) => Err(Fault::of(entry, "/isRetracted", "true or false")),
    }
}

fn instant(entry: &Value, pointer: &str, text: &str) -> Result<Instant, Fault> {
    parse_rfc3339(text.as_bytes())
        .ok_or_else(|| Fault::of(entry, pointer, "a date and time with offset, RFC 3339"))
}

fn statement(entry: &Value, layout: &Layout, facilities: &Facilities) -> Result<Statement, Fault> {
    let kind = required(entry, layout.event_type, "an event type")?;
    match required(entry, layout.classifier, "PLN, EST or ACT")? {
        "ACT" => {}
        "PLN" => return Ok(Statement::Ignored("planned")),
        "EST" => return Ok(Statement::Ignored("estimated")),
        _ => return Err(Fault::of(entry, layout.classifier, "PLN, EST or ACT")),
    }
    match kind {
        "EQUIPMENT" => {}
        "SHIPMENT" => return Ok(Statement::Ignored("event of a document")),
        "TRANSPORT" => return passage(entry, layout).map(|p| Statement::Vehicle(Box::new(p))),
        "IOT" => return Ok(Statement::Ignored("reading of a device")),
        "REEFER" => return Ok(Statement::Ignored("reading of a reefer")),
        _ => {
            return Err(Fault::of(
                entry,
                layout.event_type,
                "EQUIPMENT, TRANSPORT, SHIPMENT, IOT or REEFER",
            ));
        }
    }
    let code = required(entry, layout.step, "an equipment event type")?;
    if STILL.contains(&code) {
        return Ok(Statement::Ignored("event in a place, no movement"));
    }
    let step = Step::ALL.into_iter().find(|s| s.code() == code);
    let step =
        step.ok_or_else(|| Fault::of(entry, layout.step, "an equipment event type of DCSA"))?;
    handling(entry, layout, step, facilities).map(|h| Statement::Handling(Box::new(h)))
}

fn passage(entry: &Value, layout: &Layout) -> Result<Passage, Fault> {
    let departs = match required(entry, layout.vehicle_step, "ARRI or DEPA")? {
        "DEPA" => true,
        "ARRI" => false,
        _ => return Err(Fault::of(entry, layout.vehicle_step, "ARRI or DEPA")),
    };
    let at_text = required(entry, "/eventDateTime", "the time of the event")?;
    let at = instant(entry, "/eventDateTime", at_text)?;
    let call = text(entry, layout.call)?.unwrap_or_default().to_owned();
    Ok(Passage {
        departs,
        at,
        at_text: at_text.to_owned(),
        call,
    })
}

fn handling(
    entry: &Value,
    layout: &Layout,
    step: Step,
    facilities: &Facilities,
) -> Result<Handling, Fault> {
    let at_text = required(entry, "/eventDateTime", "the time of the event")?;
    let at = instant(entry, "/eventDateTime", at_text)?;
    let container: String =
        required(entry, layout.container, "a container number")?.to_ascii_uppercase();
    let container = container.replace([' ', '-'], "");
    if container.is_empty() || container.chars().count() > LONGEST {
        return Err(Fault::of(
            entry,
            layout.container,
            "a container number of at most 64 characters",
        ));
    }
    let load_status = match text(entry, layout.empty)? {
        None => None,
        Some("EMPTY") => Some(LoadStatus::Empty),
        Some("LADEN") => Some(LoadStatus::Laden),
        Some(_) => return Err(Fault::of(entry, layout.empty, "EMPTY or LADEN")),
    };
    let (mode, is_multimodal) = match text(entry, layout.mode)? {
        None => (None, false),
        Some("VESSEL") => (Some(Mode::Sea), false),
        Some("RAIL") => (Some(Mode::Rail), false),
        Some("TRUCK") => (Some(Mode::Road), false),
        Some("BARGE") => (Some(Mode::InlandWaterway), false),
        Some("MULTIMODAL") => (None, true),
        Some(_) => {
            return Err(Fault::of(
                entry,
                layout.mode,
                "VESSEL, RAIL, TRUCK, BARGE or MULTIMODAL",
            ));
        }
    };
    let facility = facility(entry, layout)?;
    Ok(Handling {
        step,
        at,
        at_text: at_text.to_owned(),
        place: location(entry, layout, &facility, facilities)?,
        facility,
        container,
        container_type: short(entry, layout.container_type)?,
        load_status,
        mode,
        is_multimodal,
        carrier: short(entry, layout.carrier)?,
        call: text(entry, layout.call)?.unwrap_or_default().to_owned(),
    })
}

fn short(entry: &Value, pointer: &str) -> Result<String, Fault> {
    match text(entry, pointer)?.unwrap_or_default() {
        text if text.chars().count() > LONGEST => {
            Err(Fault::of(entry, pointer, "a text of at most 64 characters"))
        }
        text => Ok(text.to_owned()),
    }
}

fn facility(entry: &Value, layout: &Layout) -> Result<String, Fault> {
    for (code, provider) in layout.facilities {
        if let Some(code) = text(entry, code)? {
            return Ok(format!(
                "{}:{code}",
                text(entry, provider)?.unwrap_or_default()
            ));
        }
    }
    Ok(String::new())
}

/// The UN/LOCODE of the event, else that of its facility.
fn location(
    entry: &Value,
    layout: &Layout,
    facility: &str,
    facilities: &Facilities,
) -> Result<LocationCode, Fault> {
    for pointer in layout.places {
        if let Some(code) = text(entry, pointer)? {
            return LocationCode::parse(code.as_bytes())
                .ok_or_else(|| Fault::of(entry, pointer, "a UN/LOCODE"));
        }
    }
    let known = facilities.get(facility).copied();
    known.ok_or_else(|| match facility {
        "" => Fault::of(entry, layout.places[0], "a UN/LOCODE"),
        facility => Fault::new(
            layout.places[0],
            facility,
            "a UN/LOCODE, or a facility of the facility list",
        ),
    })
}

fn documents(entry: &Value) -> Result<Vec<Document>, Fault> {
    let mut documents = Vec::new();
    let mut add =
        |list: &str, index: Option<usize>, kind: &str, reference: &str| -> Result<(), Fault> {
            let base = index.map_or(list.to_owned(), |i| format!("{list}/{i}"));
            let (Some(kind), Some(reference)) = (
                text(entry, &format!("{base}/{kind}"))?,
                text(entry, &format!("{base}/{reference}"))?,
            ) else {
                return Ok(());
            };
            if let Some(kind) = DocumentKind::from_code(kind) {
                documents.push(Document {
                    kind,
                    reference: reference.to_owned(),
                });
            }
            Ok(())
        };
    for index in 0..objects(entry, "/documentReferences")?.len() {
        add(
            "/documentReferences",
            Some(index),
            "documentReferenceType",
            "documentReferenceValue",
        )?;
    }
    add(
        "/shipmentDetails/documentReference",
        None,
        "typeCode",
        "reference",
    )?;
    let more = "/shipmentDetails/additionalDocumentReferences";
    for index in 0..objects(entry, more)?.len() {
        add(more, Some(index), "typeCode", "reference")?;
    }
    Ok(documents)
}
