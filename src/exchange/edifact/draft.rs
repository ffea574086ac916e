//! One message, segment by segment: its head, then containers (COARRI, CODECO) or statuses (IFTSTA), each told when the next begins.

use super::group::{Group, has};
use super::message::{Found, Head, Kind, Message};
use super::profile::{Function, Status, Told};
use super::syntax::Segment;
use super::tell::{Frame, Subject, Unit, pointer};
use crate::exchange::documents::{Fault, Place};
use crate::exchange::events::event::Step;
use crate::exchange::left_out::{LeftOut, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// Why equipment is not told.
const NO_CONTAINER: &str = "equipment that is no container";

/// A container or a status with what is known of it so far.
#[derive(Debug, Default)]
struct Part {
    segment: u64,
    tag: &'static str,
    unit: Unit,
    /// Not told: no container, or not moved.
    ignored: Option<&'static str>,
    status: Option<Status>,
    group: Group,
    fault: Option<Fault>,
}

/// A message of which some segments are read.
#[derive(Debug)]
pub(crate) struct Draft<'r> {
    frame: Frame<'r>,
    place: Place,
    head: Head,
    head_fault: Option<Fault>,
    /// The consignment of a status report.
    consignment: Group,
    status: Option<Part>,
    /// Containers of the message, of the consignment (of a report: the one that is being read), and of the status.
    head_boxes: Vec<Part>,
    boxes: Vec<Part>,
    status_boxes: Vec<Part>,
    /// Goods come before containers, and their segments are of no container.
    is_in_goods: bool,
    equipment: u64,
    containers: u64,
    found: Vec<Found>,
    /// Parts that nothing is taken from.
    pub unread: BTreeMap<String, u64>,
}

impl<'r> Draft<'r> {
    /// A message of this type that begins here.
    pub(crate) fn new(frame: Frame<'r>, kind: Kind, segment: u64) -> Draft<'r> {
        Draft {
            place: frame.place(segment, "UNH"),
            frame,
            head: Head {
                kind,
                number: String::new(),
                code: String::new(),
                function: String::new(),
                group: Group::head(),
                remark: None,
            },
            head_fault: None,
            consignment: Group::head(),
            status: None,
            head_boxes: Vec::new(),
            boxes: Vec::new(),
            status_boxes: Vec::new(),
            is_in_goods: false,
            equipment: 0,
            containers: 0,
            found: Vec::new(),
            unread: BTreeMap::new(),
        }
    }

    /// Takes the next segment. A fault is of the message as a whole.
    pub(crate) fn take(&mut self, segment: &Segment) -> Result<(), Fault> {
        let is_read = match (segment.tag(), self.head.kind) {
            ("BGM", _) => self.begin(segment).map(|()| true),
            ("CNT", Kind::Coarri | Kind::Codeco) => {
                self.total(segment)?;
                Ok(true)
            }
            ("EQD", _) => self.equipment(segment).map(|()| true),
            ("CNI", Kind::Iftsta) => self.consignment(segment).map(|()| true),
            ("STS", Kind::Iftsta) => self.status(segment).map(|()| true),
            ("GID", _) => {
                self.is_in_goods = true;
                Ok(false)
            }
            ("FTX", _) if !self.has_parts() => self.remark(segment),
            // Their sender and operator are those of the interchange and the transport.
            ("NAD" | "TMD", _) => Ok(true),
            _ if self.is_in_goods => Ok(false),
            _ => {
                let hand = self.frame.hand;
                self.group().take(segment, hand)
            }
        };
        match is_read {
            Ok(true) => {}
            Ok(false) => *self.unread.entry(segment.tag().to_owned()).or_default() += 1,
            Err(fault) => self.fail(Fault {
                pointer: pointer(segment.number, segment.tag()),
                ..fault
            }),
        }
        Ok(())
    }

    fn has_parts(&self) -> bool {
        self.status.is_some() || !self.boxes.is_empty()
    }

    /// The group that a segment belongs to.
    fn group(&mut self) -> &mut Group {
        match (&mut self.status, self.head.kind) {
            (Some(status), _) => {
                let part = self.status_boxes.last_mut().unwrap_or(status);
                &mut part.group
            }
            (None, Kind::Coarri | Kind::Codeco) => match self.boxes.last_mut() {
                Some(part) => &mut part.group,
                None => &mut self.head.group,
            },
            (None, Kind::Iftsta) => match self.boxes.last_mut() {
                Some(part) => &mut part.group,
                None if self.consignment.is_open => &mut self.consignment,
                None => &mut self.head.group,
            },
        }
    }

    /// What cannot be read makes its container or status unreadable; in the head, all of them.
    fn fail(&mut self, fault: Fault) {
        let part = match &mut self.status {
            Some(status) => Some(self.status_boxes.last_mut().unwrap_or(status)),
            None => self.boxes.last_mut(),
        };
        let place = match part {
            Some(part) => &mut part.fault,
            None => &mut self.head_fault,
        };
        place.get_or_insert(fault);
    }

    fn text(&self, segment: &Segment, element: usize, component: usize) -> Result<String, Fault> {
        segment.text(element, component, self.frame.hand.charset)
    }

    fn begin(&mut self, segment: &Segment) -> Result<(), Fault> {
        self.head.code = self.text(segment, 0, 0)?;
        self.head.number = self.text(segment, 1, 0)?;
        self.head.function = self.text(segment, 2, 0)?;
        Ok(())
    }

    fn remark(&mut self, segment: &Segment) -> Result<bool, Fault> {
        let remarks = &self.frame.hand.profile.remarks;
        if self.text(segment, 0, 0)? != "OSI" {
            return Ok(false);
        }
        // The code is in C107; some put it into the text behind it.
        for element in [2, 3] {
            if let Some(told) = remarks.get(&self.text(segment, element, 0)?) {
                self.head.remark = Some(*told);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A control total that counts equipment.
    fn total(&mut self, segment: &Segment) -> Result<(), Fault> {
        let totals = &self.frame.hand.profile.totals.equipment;
        let at = pointer(segment.number, "CNT");
        let (kind, value) = (self.text(segment, 0, 0)?, self.text(segment, 0, 1)?);
        if !has(totals, &kind) {
            return Ok(());
        }
        let is_right = value
            .parse()
            .is_ok_and(|n: u64| n == self.equipment || n == self.containers);
        if is_right {
            return Ok(());
        }
        let wanted = format!("{} as the message has EQD segments", self.equipment);
        Err(Fault::new(
            &at,
            &format!("total {kind} of {value}"),
            &wanted,
        ))
    }

    fn equipment(&mut self, segment: &Segment) -> Result<(), Fault> {
        self.is_in_goods = false;
        if self.head.kind != Kind::Iftsta {
            self.tell_reported();
        }
        self.equipment += 1;
        let mut part = Part {
            segment: segment.number,
            tag: "EQD",
            ..Part::default()
        };
        let read = self.unit(segment, &mut part);
        self.containers += u64::from(part.ignored != Some(NO_CONTAINER));
        let boxes = match self.status {
            Some(_) => &mut self.status_boxes,
            None => &mut self.boxes,
        };
        boxes.push(part);
        read
    }

    fn unit(&self, segment: &Segment, part: &mut Part) -> Result<(), Fault> {
        let profile = self.frame.hand.profile;
        let text = |element| self.text(segment, element, 0);
        if !has(&profile.equipment.containers, &text(0)?) {
            part.ignored = Some(NO_CONTAINER);
        } else if has(&profile.equipment.unmoved, &text(4)?) {
            part.ignored = Some("remains on board");
        }
        part.unit.number = text(1)?;
        part.unit.kind = text(2)?;
        part.unit.is_shippers = has(&profile.equipment.shippers, &text(3)?);
        let fullness = text(5)?;
        part.unit.load_status = match profile.fullness.get(&fullness) {
            Some(word) => Some(word.0),
            None if fullness.is_empty() => None,
            None => {
                let codes: Vec<&str> = profile.fullness.keys().map(String::as_str).collect();
                let wanted = format!("full or empty as one of {}", codes.join(", "));
                return Err(Fault::new("", &fullness, &wanted));
            }
        };
        Ok(())
    }

    fn consignment(&mut self, segment: &Segment) -> Result<(), Fault> {
        self.tell_status();
        self.is_in_goods = false;
        let before = std::mem::take(&mut self.boxes);
        if !self.consignment.is_open {
            self.head_boxes = before;
        }
        self.consignment = Group::consignment();
        let number = self.text(segment, 1, 0)?;
        if !number.is_empty() {
            let kind = self.frame.hand.profile.links.consignment.0;
            self.consignment.document(kind, number);
        }
        Ok(())
    }

    fn status(&mut self, segment: &Segment) -> Result<(), Fault> {
        self.tell_status();
        self.is_in_goods = false;
        let profile = self.frame.hand.profile;
        let code = self.text(segment, 1, 0);
        let mut part = Part {
            segment: segment.number,
            tag: "STS",
            ..Part::default()
        };
        let read = match code {
            Ok(code) => match profile.statuses.get(&code) {
                Some(status) => {
                    part.status = Some(*status);
                    Ok(())
                }
                None if has(&profile.idle.statuses, &code) => {
                    part.ignored = Some("status that moves nothing");
                    Ok(())
                }
                None => {
                    let found = if code.is_empty() { "nothing" } else { &code };
                    let wanted = "a status code of the tables: statuses or idle in --profiles";
                    Err(Fault::new("", found, wanted))
                }
            },
            Err(fault) => Err(fault),
        };
        self.status = Some(part);
        read
    }

    /// Tells the container of a report, when the next one begins.
    fn tell_reported(&mut self) {
        let Some(part) = self.boxes.pop() else { return };
        self.note_masses(&part);
        let told = self.told(&part.group);
        let found = match (told, part.ignored) {
            (_, Some(reason)) => self.ignored(&part, &part.unit.number, reason),
            (Err(fault), None) => self.broken(&part, &part.unit.number, fault),
            (Ok(told), None) => {
                let subject = Subject {
                    told,
                    status: None,
                    unit: &part.unit,
                    own: &part.group,
                    head: &self.head,
                    consignment: None,
                    container: None,
                };
                self.event(&part, subject, String::new())
            }
        };
        self.found.push(found);
    }

    /// Tells a status of each of its containers, when the next one begins.
    fn tell_status(&mut self) {
        let boxes = std::mem::take(&mut self.status_boxes);
        let Some(part) = self.status.take() else {
            return;
        };
        boxes.iter().for_each(|one| self.note_masses(one));
        let referred = |group: &Group| -> Vec<Part> {
            let numbers: BTreeSet<&String> = group.containers.iter().collect();
            let part = |number: &String| Part {
                unit: Unit {
                    number: number.clone(),
                    ..Unit::default()
                },
                ..Part::default()
            };
            numbers.into_iter().map(part).collect()
        };
        // From the inner to the outer: what names a container here speaks of no other.
        let numbers = [&part.group, &self.consignment, &self.head.group];
        let named = |n: usize| Some(referred(numbers[n])).filter(|list| !list.is_empty());
        let listed = |list: &[Part]| !list.is_empty();
        let of_references;
        let units: &[Part] = if listed(&boxes) {
            &boxes
        } else if let Some(list) = named(0) {
            of_references = list;
            &of_references
        } else if listed(&self.boxes) {
            &self.boxes
        } else if let Some(list) = named(1) {
            of_references = list;
            &of_references
        } else if listed(&self.head_boxes) {
            &self.head_boxes
        } else {
            of_references = named(2).unwrap_or_else(|| vec![Part::default()]);
            &of_references
        };
        let found = units.iter().map(|one| self.status_of(&part, one));
        let found: Vec<Found> = found.collect();
        self.found.extend(found);
    }

    fn status_of(&self, part: &Part, one: &Part) -> Found {
        let number = &one.unit.number;
        let ignored = part.ignored.or(one.ignored);
        match (ignored, &part.status, &one.fault) {
            (Some(reason), ..) => self.ignored(part, number, reason),
            (None, None, _) => {
                let unknown = Fault::new("", "nothing", "a status code");
                self.broken(part, number, part.fault.clone().unwrap_or(unknown))
            }
            (None, Some(_), Some(fault)) => self.broken(part, number, fault.clone()),
            (None, Some(status), None) => {
                let subject = Subject {
                    told: status.step,
                    status: Some(status),
                    unit: &one.unit,
                    own: &part.group,
                    head: &self.head,
                    consignment: Some(&self.consignment),
                    container: Some(&one.group),
                };
                let of = match one.segment {
                    0 => format!(" of {number}"),
                    segment => format!(" of {}", pointer(segment, one.tag)),
                };
                self.event(part, subject, of)
            }
        }
    }

    /// What a report tells: by its code, else by a remark, else by the one port that its head names, else by a code that partners use in two
    /// ways.
    fn told(&self, own: &Group) -> Result<Told, Fault> {
        let (head, profile) = (&self.head, self.frame.hand.profile);
        let of = |tables: &BTreeMap<String, BTreeMap<String, Told>>| {
            let table = tables.get(head.kind.code());
            table.and_then(|t| t.get(&head.code).copied())
        };
        if let Some(told) = of(&profile.reports).or(head.remark) {
            return Ok(told);
        }
        let presumed = of(&profile.presumed).ok_or_else(|| {
            let kind = head.kind.code();
            let wanted = format!("a document code of reports.{kind} in --profiles");
            let found = format!("BGM {}", head.code);
            Fault::new(&self.place.pointer, &found, &wanted)
        })?;
        let names = |step| {
            let qualifiers = profile.places.of(Told::Step(step));
            let mut places = head.group.places.iter();
            places.any(|spot| has(qualifiers, &spot.qualifier))
        };
        let is_of = |step: Step| {
            // A head that names the terminal only: the container's own port is that of the terminal.
            let at = head.group.places.iter().chain(&own.places);
            let mut at = at.filter(|s| has(&profile.places.activity, &s.qualifier));
            let here = at.next().map(|spot| &spot.place.code);
            let qualifiers = profile.places.of(Told::Step(step));
            let mut places = own.places.iter();
            places.any(|s| has(qualifiers, &s.qualifier) && Some(&s.place.code) == here)
        };
        let by = |is: &dyn Fn(Step) -> bool| match (is(Step::Loaded), is(Step::Discharged)) {
            (true, false) => Some(Told::Step(Step::Loaded)),
            (false, true) => Some(Told::Step(Step::Discharged)),
            _ => None,
        };
        Ok(by(&names).or(by(&is_of)).unwrap_or(presumed))
    }

    fn event(&self, part: &Part, subject: Subject, beside: String) -> Found {
        if let Some(fault) = part.fault.as_ref().or(self.head_fault.as_ref()) {
            return self.broken(part, &subject.unit.number, fault.clone());
        }
        let place = self
            .frame
            .place(part.segment, &format!("{}{beside}", part.tag));
        match self.frame.event(subject, place) {
            Ok(event) => Found::Event(Box::new(event)),
            Err(fault) => Found::Fault(fault),
        }
    }

    fn left_out(&self, outcome: Outcome, part: &Part, number: &str, fault: Fault) -> LeftOut {
        let place = self.frame.place(part.segment, part.tag);
        LeftOut {
            subject: number.to_owned(),
            ..self.frame.fault(outcome, &place, &self.head.number, fault)
        }
    }

    fn broken(&self, part: &Part, number: &str, fault: Fault) -> Found {
        Found::Fault(Box::new(self.left_out(
            Outcome::Malformed,
            part,
            number,
            fault,
        )))
    }

    fn ignored(&self, part: &Part, number: &str, reason: &str) -> Found {
        let nothing = Fault::new("", "", "");
        Found::Fault(Box::new(LeftOut {
            reason: reason.to_owned(),
            ..self.left_out(Outcome::Ignored, part, number, nothing)
        }))
    }

    fn note_masses(&mut self, part: &Part) {
        for odd in &part.group.odd_masses {
            let note = self.left_out(Outcome::Mass, part, &part.unit.number, odd.clone());
            self.found.push(Found::Note(Box::new(note)));
        }
    }

    /// When the ship of a report came or left, if its head says that it did.
    fn tell_ship(&mut self) {
        if self.head.kind != Kind::Coarri || self.head_fault.is_some() {
            return;
        }
        let times = &self.frame.hand.profile.times;
        let Ok(Told::Step(step)) = self.told(&Group::default()) else {
            return;
        };
        let qualifiers = match step.arrives() {
            true => &times.arrival,
            false => &times.departure,
        };
        let mut stated = self.head.group.times.iter();
        let Some(time) = stated.find(|t| has(qualifiers, &t.qualifier)) else {
            return;
        };
        let subject = Subject {
            told: Told::Vehicle {
                departs: !step.arrives(),
            },
            status: None,
            unit: &Unit::default(),
            own: &self.head.group,
            head: &self.head,
            consignment: None,
            container: None,
        };
        let part = Part {
            segment: time.segment,
            tag: "DTM",
            ..Part::default()
        };
        let found = self.event(&part, subject, String::new());
        self.found.push(found);
    }

    /// The message, of which all segments are read.
    pub(crate) fn end(mut self) -> (Message, BTreeMap<String, u64>) {
        match self.head.kind {
            Kind::Iftsta => self.tell_status(),
            Kind::Coarri | Kind::Codeco => {
                self.tell_reported();
                self.tell_ship();
            }
        }
        let profile = self.frame.hand.profile;
        let known = profile.functions.get(&self.head.function).copied();
        let stated = Some(Function::Original).filter(|_| self.head.function.is_empty());
        let function = known.or(stated);
        if self.found.is_empty() {
            let nothing = Fault::new("", "", "");
            let place = &self.place;
            let entry = self
                .frame
                .fault(Outcome::Ignored, place, &self.head.number, nothing);
            let reason = "message without a container or status".to_owned();
            self.found
                .push(Found::Fault(Box::new(LeftOut { reason, ..entry })));
        }
        let written = self.head.written(profile).or(self.frame.prepared);
        let about = match self.head.group.previous.is_empty() {
            true => self.head.number.clone(),
            false => self.head.group.previous,
        };
        let mut message = Message {
            place: self.place,
            sender: self.frame.sender,
            kind: self.head.kind,
            number: self.head.number,
            about,
            function: function.unwrap_or(Function::Original),
            written,
            found: self.found,
        };
        if function.is_none() {
            let codes: Vec<&str> = profile.functions.keys().map(String::as_str).collect();
            let wanted = format!("a message function of {}", codes.join(", "));
            let fault = LeftOut {
                outcome: Outcome::Malformed,
                place: message.place.clone(),
                id: message.number.clone(),
                subject: String::new(),
                found: self.head.function,
                reason: format!("expected {wanted}"),
            };
            message.refuse(&fault);
            message.found.push(Found::Fault(Box::new(fault)));
        }
        (message, self.unread)
    }
}
