//! DCSA Track & Trace events, versions 2.0 to 3.0 and the spellings of carriers (`spellings.toml`), as events of the chain.

#[cfg(test)]
mod carrier_tests;
mod references;
#[cfg(test)]
mod ship_tests;
pub(crate) mod spellings;
#[cfg(test)]
mod tests;

use super::documents::{self, Fault, Place};
use super::events::event::{Event, Handling, Statement, Step};
use super::events::mass::Masses;
use super::events::vehicle::Passage;
use super::left_out::{LeftOut, Outcome};
use super::local_time::{self, Zones};
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use references::References;
use serde_json::Value;
use sha2::{Digest, Sha256};
use spellings::{Fields, SPELLINGS, is_among};
use std::collections::BTreeMap;

/// Places of facilities that an event names without a UN/LOCODE, by `provider:code`.
pub(crate) type Facilities = BTreeMap<String, LocationCode>;

/// What is known beside the events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Places of facilities.
    pub facilities: Facilities,
    /// Zones of times without an offset.
    pub zones: Zones,
}

/// Takes an event, or what was wrong with the text in its place.
pub(crate) type Take<'t> = dyn FnMut(Result<Event, Box<LeftOut>>) + 't;

/// Hands the events of a file to `take`.
pub(crate) fn read(file: &str, bytes: &[u8], reading: &Reading, take: &mut Take) {
    let lists: Vec<&str> = SPELLINGS.lists.iter().map(String::as_str).collect();
    documents::read(file, bytes, &lists, &mut |place, entry| match entry {
        Ok(entry) => unfold(place, entry, 0, reading, take),
        Err(fault) => {
            let fault = LeftOut::faulty(Outcome::Malformed, &place, "", fault);
            take(Err(Box::new(fault)));
        }
    });
}

/// Deepest nesting of lists of events.
const DEEPEST: u32 = 4;

/// An entry is an event, or holds events below keys of its own.
fn unfold(place: Place, entry: Value, depth: u32, reading: &Reading, take: &mut Take) {
    let is_event = {
        let fields = Fields::of(&entry);
        ["type", "time", "classifier", "retracted"]
            .iter()
            .any(|field| fields.get(field).is_some())
    };
    let below: Vec<(String, &Value)> = entry
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, value)| {
            (value.is_array() || value.is_object())
                && (is_among(key, &SPELLINGS.lists) || is_among(key, &SPELLINGS.holders))
        })
        .map(|(key, value)| (format!("/{key}"), value))
        .collect();
    if is_event || below.is_empty() || depth == DEEPEST {
        return take(event(place, &entry, reading));
    }
    for (pointer, value) in below {
        let list = value.as_array().map_or(std::slice::from_ref(value), |l| l);
        for (index, entry) in list.iter().enumerate() {
            let pointer = match value {
                Value::Array(_) => format!("{pointer}/{index}"),
                _ => pointer.clone(),
            };
            unfold(
                place.below(&pointer),
                entry.clone(),
                depth + 1,
                reading,
                take,
            );
        }
    }
}

/// Reads an event, or says what is wrong with it.
fn event(place: Place, entry: &Value, reading: &Reading) -> Result<Event, Box<LeftOut>> {
    let fields = Fields::of(entry);
    let malformed =
        |id: &str, fault| Box::new(LeftOut::faulty(Outcome::Malformed, &place, id, fault));
    let id = fields.text("id").map_err(|fault| malformed("", fault))?;
    let known = id.clone().unwrap_or_default();
    let mut event = facts(&place, entry, &fields, reading).map_err(|f| malformed(&known, f))?;
    event.id = match id {
        Some(id) => id,
        None if event.statement == Statement::Retracted => {
            let fault = fields.fault("id", "the id of the retracted event");
            return Err(malformed("", fault));
        }
        None => content_id(&event, entry),
    };
    Ok(event)
}

/// The id of an event without one: a digest of what it says, so that it is the same in every later answer of the sender.
fn content_id(event: &Event, entry: &Value) -> String {
    let documents: Vec<String> = event
        .documents
        .iter()
        .map(|d| format!("{:?} {}", d.kind, d.reference))
        .collect();
    let content = match &event.statement {
        Statement::Handling(h) => format!(
            "{}\n{}\n{}\n{}\n{}\n{:?}\n{:?}\n{}",
            h.step.code(),
            h.container,
            h.place,
            h.at,
            h.facility,
            h.mode,
            h.load_status,
            documents.join("\n")
        ),
        Statement::Vehicle(v) => format!("{}\n{}\n{}", v.departs, v.call, v.at),
        Statement::Retracted | Statement::Ignored(_) => entry.to_string(),
    };
    let digest = Sha256::digest(content.as_bytes());
    let hex: String = digest[..16].iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex}")
}

fn facts(place: &Place, entry: &Value, fields: &Fields, reading: &Reading) -> Result<Event, Fault> {
    let text = |field| fields.text(field).map(Option::unwrap_or_default);
    let sender = match text("party")? {
        code if code.is_empty() => code,
        code => format!("{}:{}:{code}", text("party_provider")?, text("party_list")?),
    };
    let mut event = Event {
        place: place.clone(),
        sender,
        id: String::new(),
        updated: None,
        updated_text: String::new(),
        documents: Vec::new(),
        replacements: Vec::new(),
        statement: Statement::Retracted,
    };
    let at = location(fields, reading);
    if let Some(text) = fields.text("updated")? {
        let here = at.as_ref().ok().copied();
        let read = local_time::read(&text, here, &reading.zones);
        let (at, text) = read.ok_or_else(|| fields.fault("updated", local_time::WANTED))?;
        (event.updated, event.updated_text) = (Some(at), text);
    }
    // Of a retracted event, everything but its id is irrelevant.
    if !is_retracted(fields)? {
        let references = References::of(entry)?;
        event.documents = references.documents;
        event.replacements = references.replacements;
        event.statement = statement(fields, at, reading)?;
    }
    Ok(event)
}

fn is_retracted(fields: &Fields) -> Result<bool, Fault> {
    match fields.get("retracted") {
        None => Ok(false),
        Some((_, Value::Bool(is_retracted))) => Ok(*is_retracted),
        Some(_) => Err(fields.fault("retracted", "true or false")),
    }
}

/// The type of an event: as it says, or as its code does.
fn kind(fields: &Fields) -> Result<&'static str, Fault> {
    if let Some(kind) = fields.word("type")? {
        return Ok(kind);
    }
    let has = |field: &str| {
        let text = fields.text(field).ok().flatten()?;
        let is_known = SPELLINGS.code(field, &text).is_some() || is_among(&text, &SPELLINGS.still);
        Some(is_known)
    };
    if has("step") == Some(true) {
        return Ok("EQUIPMENT");
    }
    if has("vehicle_step") == Some(true) {
        return Ok("TRANSPORT");
    }
    if fields.get("shipment_step").is_some() {
        return Ok("SHIPMENT");
    }
    Err(fields.fault("type", &format!("one of {}", SPELLINGS.codes("type"))))
}

fn statement(
    fields: &Fields,
    place: Result<LocationCode, Fault>,
    reading: &Reading,
) -> Result<Statement, Fault> {
    let kind = kind(fields)?;
    match fields.word("classifier")? {
        Some("PLN") => return Ok(Statement::Ignored("planned")),
        Some("EST") => return Ok(Statement::Ignored("estimated")),
        Some(_) => {}
        None => return Err(fields.fault("classifier", "PLN, EST or ACT")),
    }
    match kind {
        "SHIPMENT" => return Ok(Statement::Ignored("event of a document")),
        "TRANSPORT" => {
            let passage = passage(fields, place.ok(), reading)?;
            return Ok(Statement::Vehicle(Box::new(passage)));
        }
        "IOT" => return Ok(Statement::Ignored("reading of a device")),
        "REEFER" => return Ok(Statement::Ignored("reading of a reefer")),
        _ => {}
    }
    let code = fields.required("step", "an equipment event type")?;
    if is_among(&code, &SPELLINGS.still) {
        return Ok(Statement::Ignored("event in a place, no movement"));
    }
    let step = SPELLINGS.code("step", &code).and_then(Step::from_code);
    let step = step.ok_or_else(|| fields.fault("step", "an equipment event type of DCSA"))?;
    handling(fields, step, place, reading).map(|h| Statement::Handling(Box::new(h)))
}

/// The time of the event, and its text.
fn time(
    fields: &Fields,
    place: Option<LocationCode>,
    reading: &Reading,
) -> Result<(i64, String), Fault> {
    let text = fields.required("time", "the time of the event")?;
    local_time::read(&text, place, &reading.zones)
        .ok_or_else(|| fields.fault("time", local_time::WANTED))
}

fn passage(
    fields: &Fields,
    place: Option<LocationCode>,
    reading: &Reading,
) -> Result<Passage, Fault> {
    let step = fields.word("vehicle_step")?;
    let step = step.ok_or_else(|| fields.fault("vehicle_step", "ARRI or DEPA"))?;
    let (at, at_text) = time(fields, place, reading)?;
    Ok(Passage {
        departs: step == "DEPA",
        at,
        at_text,
        call: fields.text("call")?.unwrap_or_default(),
    })
}

/// Longest text that a movement record can hold, in characters.
const LONGEST: usize = 64;

fn handling(
    fields: &Fields,
    step: Step,
    place: Result<LocationCode, Fault>,
    reading: &Reading,
) -> Result<Handling, Fault> {
    let (at, at_text) = time(fields, place.as_ref().ok().copied(), reading)?;
    let container = fields.required("container", "a container number")?;
    let container = container.to_ascii_uppercase().replace([' ', '-'], "");
    if container.is_empty() || container.chars().count() > LONGEST {
        let wanted = "a container number of at most 64 characters";
        return Err(fields.fault("container", wanted));
    }
    let load_status = fields.word("empty")?.map(|word| match word {
        "EMPTY" => LoadStatus::Empty,
        _ => LoadStatus::Laden,
    });
    let word = fields.word("mode")?;
    Ok(Handling {
        step,
        at,
        at_text,
        within: 0,
        place: place?,
        facility: match fields.facility()? {
            Some((code, provider)) => format!("{provider}:{code}"),
            None => String::new(),
        },
        container,
        container_type: short(fields, "container_type")?,
        load_status,
        mode: mode(fields, word, step),
        is_multimodal: word == Some("MULTIMODAL"),
        carrier: short(fields, "carrier")?,
        call: fields.text("call")?.unwrap_or_default(),
        is_shippers: false,
        masses: Masses::default(),
    })
}

/// The mode that brought or takes the container. A gate names the ship that is waited for, and no ship goes through it;
/// of a load without a mode, the vessel says it.
fn mode(fields: &Fields, word: Option<&str>, step: Step) -> Option<Mode> {
    match word {
        Some("VESSEL") if step.is_gate() => None,
        Some("VESSEL") => Some(Mode::Sea),
        Some("RAIL") => Some(Mode::Rail),
        Some("TRUCK") => Some(Mode::Road),
        Some("BARGE") => Some(Mode::InlandWaterway),
        None if !step.is_gate() && fields.get("vessel").is_some() => Some(Mode::Sea),
        _ => None,
    }
}

fn short(fields: &Fields, field: &str) -> Result<String, Fault> {
    match fields.text(field)?.unwrap_or_default() {
        text if text.chars().count() > LONGEST => {
            Err(fields.fault(field, "a text of at most 64 characters"))
        }
        text => Ok(text),
    }
}

/// The UN/LOCODE of the event, else that of its facility. Codes of BIC begin with it.
fn location(fields: &Fields, reading: &Reading) -> Result<LocationCode, Fault> {
    let code = |text: &str| {
        let text = text.replace([' ', '-'], "");
        LocationCode::parse(text.as_bytes())
    };
    if let Some((pointer, text)) = fields.first_text("place") {
        return code(&text).ok_or_else(|| Fault::new(&pointer, &text, "a UN/LOCODE"));
    }
    let Some((facility, provider)) = fields.facility()? else {
        return Err(fields.fault("place", "a UN/LOCODE"));
    };
    let name = format!("{provider}:{facility}");
    let listed = reading.facilities.get(&name).copied();
    let of_bic = || {
        let is_bic = provider.eq_ignore_ascii_case("BIC") && facility.len() == 9;
        is_bic.then(|| code(facility.get(..5)?)).flatten()
    };
    let wanted = "a UN/LOCODE, or a facility of the facility list";
    listed
        .or_else(of_bic)
        .ok_or_else(|| Fault::new("/eventLocation/UNLocationCode", &name, wanted))
}
