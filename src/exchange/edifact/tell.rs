//! From what the groups of a message say to what an event is: when, where, by what, under which documents.

use super::group::{Code, Group, Hand, Spot, Transport, has};
use super::message::{Head, Kind};
use super::profile::{Profile, Status, Told};
use super::time::Stated;
use crate::exchange::dcsa::Reading;
use crate::exchange::documents::{Fault, Place};
use crate::exchange::events::event::{Event, Handling, Statement, Step};
use crate::exchange::events::vehicle::Passage;
use crate::exchange::left_out::{LeftOut, Outcome};
use crate::exchange::local_time;
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::Instant;
use std::sync::Arc;

/// Longest text that a movement record can hold, in characters.
const LONGEST: usize = 64;

/// What an interchange says of all its messages.
#[derive(Clone, Debug)]
pub(crate) struct Frame<'r> {
    /// File.
    pub file: Arc<str>,
    /// How it is read.
    pub hand: Hand<'r>,
    /// What is known beside it.
    pub reading: &'r Reading,
    /// Who sent it.
    pub sender: String,
    /// When it was prepared.
    pub prepared: Option<Stated>,
}

impl Frame<'_> {
    /// The place of a segment.
    pub(crate) fn place(&self, segment: u64, tag: &str) -> Place {
        Place {
            file: self.file.clone(),
            line: None,
            entry: segment,
            pointer: pointer(segment, tag),
        }
    }

    /// Something that is wrong, in a segment that the fault names or in this one.
    pub(crate) fn fault(&self, outcome: Outcome, place: &Place, id: &str, fault: Fault) -> LeftOut {
        let pointer = match fault.pointer {
            pointer if pointer.is_empty() => place.pointer.clone(),
            pointer => pointer,
        };
        LeftOut {
            outcome,
            place: Place {
                pointer,
                ..place.clone()
            },
            id: id.to_owned(),
            subject: String::new(),
            found: fault.found,
            reason: format!("expected {}", fault.wanted),
        }
    }
}

/// A segment as the lists name it.
pub(crate) fn pointer(segment: u64, tag: &str) -> String {
    format!("segment {segment} {tag}")
}

/// A container of a report or status.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    /// Its number.
    pub number: String,
    /// Size-type.
    pub kind: String,
    /// Laden or empty, if stated.
    pub load_status: Option<LoadStatus>,
    /// Whether it is the shipper's own.
    pub is_shippers: bool,
}

/// What an event is made of: the groups from the inner to the outer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'m> {
    /// What happened.
    pub told: Told,
    /// What its code says beside.
    pub status: Option<&'m Status>,
    /// The container.
    pub unit: &'m Unit,
    /// The group of the container, or of its status.
    pub own: &'m Group,
    /// The message.
    pub head: &'m Head,
    /// Documents of the consignment.
    pub consignment: Option<&'m Group>,
    /// The group of the container, where `own` is that of its status.
    pub container: Option<&'m Group>,
}

impl Frame<'_> {
    /// The event that this is, or what is wrong with it.
    pub(crate) fn event(&self, subject: Subject, place: Place) -> Result<Event, Box<LeftOut>> {
        let head = subject.head;
        let statement = self.statement(&subject).map_err(|fault| {
            let fault = self.fault(Outcome::Malformed, &place, &head.number, fault);
            let subject = subject.unit.number.clone();
            Box::new(LeftOut { subject, ..fault })
        })?;
        let here = match &statement {
            Statement::Handling(h) => Some(h.place),
            _ => None,
        };
        let (updated, updated_text) = self.written(head, here);
        let groups = [
            subject.container,
            Some(subject.own),
            subject.consignment,
            Some(&subject.head.group),
        ];
        let mut groups = groups.into_iter().flatten();
        let documents = groups.find(|group| !group.documents.is_empty());
        Ok(Event {
            id: self.id(&subject, here),
            place,
            sender: self.sender.clone(),
            updated,
            updated_text,
            documents: documents.map_or(Vec::new(), |group| group.documents.clone()),
            replacements: Vec::new(),
            statement,
        })
    }

    /// Which event it is, the same in a later message of the same number.
    fn id(&self, subject: &Subject, place: Option<LocationCode>) -> String {
        let place = place.map_or(String::new(), |place| place.to_string());
        let (told, unit) = (subject.told.code(), &subject.unit.number);
        let head = subject.head;
        format!("{}/{}/{told}/{place}/{unit}", head.kind.code(), head.number)
    }

    /// When the message was written.
    fn written(&self, head: &Head, place: Option<LocationCode>) -> (Option<Instant>, String) {
        let stated = head.written(self.hand.profile).or(self.prepared.clone());
        let read = stated.and_then(|s| local_time::read(&s.text, place, &self.reading.zones));
        read.map_or((None, String::new()), |(at, text)| (Some(at), text))
    }

    fn statement(&self, subject: &Subject) -> Result<Statement, Fault> {
        let carriage = carriage(subject, self.hand.profile);
        // A train, truck or barge that left took the container along; of a ship this is told by loading.
        let told = match (subject.told, carriage.mode) {
            (Told::Vehicle { departs }, Some(mode)) if mode != Mode::Sea => {
                Told::Step(match departs {
                    true => Step::GatedOut,
                    false => Step::GatedIn,
                })
            }
            (told, _) => told,
        };
        let Some((at, at_text, within, place)) = self.when_and_where(subject)? else {
            return Ok(Statement::Ignored("estimated"));
        };
        let (location, facility) = place;
        let call = carriage
            .transport
            .map_or(String::new(), |t| call(t, location));
        let step = match told {
            Told::Vehicle { departs } => {
                let passage = Passage {
                    departs,
                    at,
                    at_text,
                    call,
                };
                return Ok(Statement::Vehicle(Box::new(passage)));
            }
            Told::Step(step) => step,
        };
        let container = container(&subject.unit.number)?;
        let carrier = carriage.transport.map_or("", |t| t.carrier.as_str());
        let masses = subject.container.unwrap_or(subject.own);
        let by_code = subject.status.and_then(|s| s.load).map(|word| word.0);
        Ok(Statement::Handling(Box::new(Handling {
            step,
            at,
            at_text,
            within,
            place: location,
            facility: short(facility, "a terminal")?,
            container,
            container_type: short(subject.unit.kind.clone(), "a size-type")?,
            load_status: subject.unit.load_status.or(by_code),
            mode: carriage.mode.filter(|m| !step.is_gate() || *m != Mode::Sea),
            is_multimodal: carriage.is_multimodal,
            carrier: short(carrier.to_owned(), "a carrier")?,
            call: if step.is_gate() { String::new() } else { call },
            is_shippers: subject.unit.is_shippers,
            masses: masses.masses,
        })))
    }

    /// Time, its text, how much later it may have been, place and facility. `None`: only an estimate is stated.
    #[expect(clippy::type_complexity, reason = "taken apart at once")]
    fn when_and_where(
        &self,
        subject: &Subject,
    ) -> Result<Option<(Instant, String, Instant, (LocationCode, String))>, Fault> {
        let profile = self.hand.profile;
        let Some((segment, stated)) = time(subject, profile)? else {
            return Ok(None);
        };
        let spot = spot(subject, profile)?;
        let place = self.locate(spot)?;
        let read = local_time::read(&stated.text, Some(place), &self.reading.zones);
        let (at, at_text) = read.ok_or_else(|| {
            let pointer = pointer(segment, "DTM");
            Fault::new(
                &pointer,
                &format!("{} in {place}", stated.text),
                local_time::WANTED,
            )
        })?;
        Ok(Some((
            at,
            at_text,
            stated.within,
            (place, self.facility(spot)),
        )))
    }

    /// The UN/LOCODE of a place: its code, else that of its facility.
    fn locate(&self, spot: &Spot) -> Result<LocationCode, Fault> {
        let places = &self.hand.profile.places;
        let Code { code, list, agency } = &spot.place;
        let is_locode = [&format!("{list}:{agency}"), &format!("{list}:*")];
        let is_locode = is_locode.iter().any(|name| has(&places.locodes, name));
        if !code.is_empty() && is_locode {
            let code = code.replace([' ', '-'], "");
            if let Some(place) = LocationCode::parse(code.as_bytes()) {
                return Ok(place);
            }
        }
        if has(&places.bic, agency)
            && code.len() == 9
            && let Some(place) = code
                .get(..5)
                .and_then(|c| LocationCode::parse(c.as_bytes()))
        {
            return Ok(place);
        }
        let listed = [&spot.place, &spot.facility].into_iter();
        let mut listed = listed.filter(|code| !code.code.is_empty());
        let known = listed.find_map(|code| self.reading.facilities.get(&self.named(code)));
        known.copied().ok_or_else(|| {
            let found = format!("{} {code}:{list}:{agency}", spot.qualifier);
            let wanted = format!(
                "a UN/LOCODE (list and agency {}), or {} in --facilities",
                places.locodes.join(", "),
                self.named(&spot.place)
            );
            Fault::new(&pointer(spot.segment, "LOC"), &found, &wanted)
        })
    }

    /// The terminal or depot, `provider:code`; empty: not stated.
    fn facility(&self, spot: &Spot) -> String {
        let is_bic = has(&self.hand.profile.places.bic, &spot.place.agency);
        if !spot.facility.code.is_empty() {
            self.named(&spot.facility)
        } else if is_bic {
            self.named(&spot.place)
        } else {
            String::new()
        }
    }

    fn named(&self, code: &Code) -> String {
        let providers = &self.hand.profile.providers;
        let provider = providers.get(&code.agency).unwrap_or(&code.agency);
        format!("{provider}:{}", code.code)
    }
}

/// The time of what happened: `None` if only an estimate is stated.
fn time<'m>(subject: &'m Subject, profile: &Profile) -> Result<Option<(u64, &'m Stated)>, Fault> {
    let (own, head) = (subject.own, subject.head);
    let named = profile.times.of(head.kind);
    let of_step = match subject.told.arrives() {
        true => &profile.times.arrival,
        false => &profile.times.departure,
    };
    // Where a head speaks of a ship, the times of handling are of its containers, and its arrival is no time of a container.
    let of_ship = [(&own.times, of_step.as_slice())];
    let of_box = [
        (&own.times, named),
        (&own.times, of_step),
        (&own.later_times, named),
        (&head.group.times, named),
    ];
    let tried = if own.is_head {
        &of_ship[..]
    } else {
        &of_box[..]
    };
    for (times, qualifiers) in tried {
        for qualifier in qualifiers.iter() {
            if let Some(time) = times.iter().find(|t| t.qualifier == *qualifier) {
                let at = pointer(time.segment, "DTM");
                let stated = time.stated.as_ref();
                let stated = stated.map_err(|f| Fault::new(&at, &f.found, &f.wanted))?;
                return Ok(Some((time.segment, stated)));
            }
        }
    }
    let all = || own.times.iter().chain(&own.later_times);
    if all().any(|t| has(&profile.times.estimated, &t.qualifier)) {
        return Ok(None);
    }
    let found: Vec<String> = all().map(|t| format!("DTM {}", t.qualifier)).collect();
    let found = match found.is_empty() {
        true => "no DTM".to_owned(),
        false => found.join(", "),
    };
    let wanted = format!("a time of what happened: DTM {}", named.join(", "));
    Err(Fault::new("", &found, &wanted))
}

/// The place of what happened.
fn spot<'m>(subject: &'m Subject, profile: &Profile) -> Result<&'m Spot, Fault> {
    let (own, head) = (subject.own, &subject.head.group);
    let of = |spots: &'m [Spot], qualifiers: &[String]| {
        let mut qualifiers = qualifiers.iter();
        qualifiers.find_map(|q| spots.iter().find(|s| s.qualifier == *q))
    };
    let activity = &profile.places.activity;
    let of_activity = of(&own.places, activity)
        .or_else(|| of(&own.later_places, activity))
        .or_else(|| of(&head.places, activity));
    if let Some(spot) = of_activity {
        return Ok(spot);
    }
    let of_step = profile.places.of(subject.told);
    let (inner, outer) = (of(&own.places, of_step), of(&head.places, of_step));
    // Ports of the container's voyage stand beside those of the ship's call. The report is of a port of the call, the container's
    // own may be where its voyage began.
    let is_port_of_call =
        |spot: &&Spot| head.places.iter().any(|h| h.place.code == spot.place.code);
    let chosen = inner.filter(is_port_of_call).or(outer).or(inner);
    chosen.ok_or_else(|| {
        let all = own.places.iter().chain(&head.places);
        let found: Vec<String> = all
            .map(|s| format!("LOC {} {}", s.qualifier, s.place.code))
            .collect();
        let found = match found.is_empty() {
            true => "no LOC".to_owned(),
            false => found.join(", "),
        };
        let told = subject.told.code();
        let wanted = format!(
            "the place of the {told}: LOC {}, or a qualifier of places.{told} in --profiles",
            [activity.as_slice(), of_step].concat().join(", ")
        );
        Fault::new("", &found, &wanted)
    })
}

/// What carries.
struct Carriage<'m> {
    transport: Option<&'m Transport>,
    mode: Option<Mode>,
    is_multimodal: bool,
}

/// The vehicle of a load or discharge is the one of the message, or of its status; that of a gate is the one of the stage before or
/// behind it, and never a ship.
fn carriage<'m>(subject: &Subject<'m>, profile: &Profile) -> Carriage<'m> {
    let (own, head) = (&subject.own.transports, &subject.head.group.transports);
    let of_stage = |list: &'m [Transport], stages: &[String]| {
        let mut stages = stages.iter();
        stages.find_map(|stage| list.iter().find(|t| t.stage == *stage))
    };
    let is_gate = matches!(subject.told, Told::Step(step) if step.is_gate());
    let transport = if is_gate {
        let stages = match subject.told.arrives() {
            true => &profile.stages.arrival,
            false => &profile.stages.departure,
        };
        let is_inland = |t: &&Transport| t.mode.is_some_and(|mode| mode != Mode::Sea);
        of_stage(own, stages)
            .or_else(|| of_stage(head, stages))
            .or_else(|| own.iter().find(is_inland))
            .or_else(|| head.iter().find(is_inland))
    } else {
        // Behind a container of a report stands what carries it on.
        let own: &[Transport] = match subject.status {
            Some(_) => own,
            None => &[],
        };
        let main = &profile.stages.main;
        of_stage(own, main)
            .or(own.first())
            .or_else(|| of_stage(head, main))
            .or(head.first())
    };
    let by_code = subject.status.and_then(|s| s.mode).map(|word| word.0);
    let is_multimodal = transport.is_some_and(|t| t.is_multimodal);
    // Of a load without a mode, the vessel says it.
    let by_vehicle = transport
        .filter(|t| !is_gate && !t.vehicle.is_empty() && !is_multimodal)
        .filter(|_| subject.head.kind == Kind::Coarri)
        .map(|_| Mode::Sea);
    let stated = transport.and_then(|t| t.mode);
    Carriage {
        transport,
        mode: by_code.or(stated).or(by_vehicle),
        is_multimodal,
    }
}

/// The call of a vehicle: vehicle, voyage and place.
pub(crate) fn call(transport: &Transport, place: LocationCode) -> String {
    if transport.vehicle.is_empty() || transport.voyage.is_empty() {
        return String::new();
    }
    format!("{}/{}/{place}", transport.vehicle, transport.voyage)
}

fn container(number: &str) -> Result<String, Fault> {
    let container = number.to_ascii_uppercase().replace([' ', '-'], "");
    if container.is_empty() || container.chars().count() > LONGEST {
        let found = if number.is_empty() { "nothing" } else { number };
        let wanted = "a container number of at most 64 characters";
        return Err(Fault::new("", found, wanted));
    }
    Ok(container)
}

fn short(text: String, what: &str) -> Result<String, Fault> {
    if text.chars().count() > LONGEST {
        let wanted = format!("{what} of at most 64 characters");
        return Err(Fault::new("", &text, &wanted));
    }
    Ok(text)
}
