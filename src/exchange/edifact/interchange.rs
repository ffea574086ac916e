//! Interchanges: `UNB` to `UNZ`, groups (`UNG` to `UNE`) and messages (`UNH` to `UNT`) in them, their counts and references.
//!
//! A message whose trailer does not agree with it is refused as a whole, and so is an interchange: what is missing in it may be a
//! correction of what is there. The next one is read all the same.

use super::draft::Draft;
use super::group::Hand;
use super::message::{Found, Kind, Message};
use super::profile::{Profile, Profiles};
use super::syntax::{Charset, Segment, Segments, Service};
use super::tell::{Frame, pointer};
use super::time::{self, Stated};
use crate::exchange::dcsa::Reading;
use crate::exchange::documents::{Fault, Place};
use crate::exchange::left_out::{LeftOut, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What came of an interchange.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Its messages.
    pub messages: Vec<Message>,
    /// What is of no message that tells movements.
    pub others: Vec<LeftOut>,
    /// Segments that nothing is taken from, by tag.
    pub unread: BTreeMap<String, u64>,
}

/// Reads the next interchange of a file.
pub(crate) fn read(
    file: &Arc<str>,
    segments: &mut Segments,
    reading: &Reading,
    profiles: &Profiles,
) -> Contents {
    let mut interchange = Interchange {
        file: file.clone(),
        reading,
        profiles,
        service: Segments::usual(),
        contents: Contents::default(),
        header: None,
        draft: None,
        group: None,
        messages: 0,
        groups: 0,
    };
    let start = segments.position();
    let outcome = interchange.read(segments);
    if let Err(fault) = outcome {
        let is_next = fault.pointer == NEXT;
        let number = segments.next_number();
        let at = match fault.pointer.as_str() {
            "" | NEXT => pointer(number, ""),
            named => named.to_owned(),
        };
        let fault = Fault {
            pointer: at.trim_end().to_owned(),
            ..fault
        };
        interchange.refuse(number, fault);
        if !is_next {
            segments.seek_interchange(interchange.service, start);
        }
    }
    interchange.contents
}

/// Marks a fault behind which the next interchange has begun already.
const NEXT: &str = "next";

/// What `UNB` says.
#[derive(Clone, Debug)]
struct Header {
    charset: Charset,
    sender: String,
    reference: String,
    prepared: Option<Stated>,
    is_test: bool,
}

/// A message that has begun.
struct Begun<'r> {
    /// `None`: of a type that tells no movement.
    draft: Option<Draft<'r>>,
    kind: String,
    reference: String,
    first: u64,
}

struct Interchange<'r> {
    file: Arc<str>,
    reading: &'r Reading,
    profiles: &'r Profiles,
    service: Service,
    contents: Contents,
    header: Option<Header>,
    draft: Option<Begun<'r>>,
    /// Reference of the group, and messages in it.
    group: Option<(String, u64)>,
    messages: u64,
    groups: u64,
}

impl<'r> Interchange<'r> {
    /// An error is of the whole interchange.
    fn read(&mut self, segments: &mut Segments) -> Result<(), Fault> {
        self.service = segments.service()?;
        let first = segments.next(self.service)?;
        let header = header(&first).map_err(|fault| at(&first, fault))?;
        let charset = header.charset;
        self.header = Some(header);
        loop {
            let before = segments.clone();
            let segment = segments.next(self.service)?;
            match segment.tag() {
                "UNH" => self.begin(&segment, segments, charset)?,
                "UNT" => self.end(&segment, charset)?,
                "UNG" => {
                    self.groups += 1;
                    self.group = Some((segment.text(4, 0, charset)?, 0));
                }
                "UNE" => {
                    let (reference, messages) = self.group.take().unwrap_or_default();
                    check(
                        &segment,
                        charset,
                        messages,
                        "messages of the group",
                        &reference,
                    )?;
                }
                "UNZ" => return self.close(&segment, charset),
                "UNB" | "UNA" => {
                    *segments = before;
                    let found = segment.shown();
                    return Err(Fault::new(NEXT, &found, "UNZ of the interchange before"));
                }
                _ => self.take(&segment)?,
            }
        }
    }

    fn take(&mut self, segment: &Segment) -> Result<(), Fault> {
        let Some(begun) = &mut self.draft else {
            let fault = Fault::new("", &segment.shown(), "UNH or UNZ");
            return Err(at(segment, fault));
        };
        let taken = match &mut begun.draft {
            Some(draft) => draft.take(segment),
            None => Ok(()),
        };
        if let Err(fault) = taken {
            self.refuse_message(segment.number, fault);
        }
        Ok(())
    }

    fn begin(
        &mut self,
        segment: &Segment,
        behind: &Segments,
        charset: Charset,
    ) -> Result<(), Fault> {
        if self.draft.is_some() {
            let fault = Fault::new("", &segment.shown(), "UNT of the message before");
            self.refuse_message(segment.number, at(segment, fault));
        }
        self.messages += 1;
        if let Some((_, messages)) = &mut self.group {
            *messages += 1;
        }
        let text = |element, component| {
            let text = segment.text(element, component, charset);
            text.map_err(|fault| at(segment, fault))
        };
        let (reference, kind, version) = (text(0, 0)?, text(1, 0)?, text(1, 1)?);
        self.draft = Some(Begun {
            draft: None,
            reference,
            kind: kind.clone(),
            first: segment.number,
        });
        let Some(kind) = Kind::of(&kind) else {
            return Ok(());
        };
        if version != "D" {
            let fault = Fault::new("", &segment.shown(), "version D of the message");
            self.refuse_message(segment.number, at(segment, fault));
            return Ok(());
        }
        let frame = self.frame(behind.clone(), charset);
        if let (Some(begun), Some(frame)) = (&mut self.draft, frame) {
            begun.draft = Some(Draft::new(frame, kind, segment.number));
        }
        Ok(())
    }

    /// What the message that begins has from its interchange. Its own sender (`NAD+MS`) stands behind much that must be read by its profile,
    /// so that is looked up first.
    fn frame(&self, mut behind: Segments, charset: Charset) -> Option<Frame<'r>> {
        let header = self.header.as_ref()?;
        let mut own = String::new();
        for _ in 0..HEAD {
            let Ok(segment) = behind.next(self.service) else {
                break;
            };
            match segment.tag() {
                "NAD" if segment.text(0, 0, charset).is_ok_and(|q| q == "MS") => {
                    own = segment.text(1, 0, charset).unwrap_or_default();
                    break;
                }
                "EQD" | "CNI" | "STS" | "UNT" | "UNH" | "UNZ" => break,
                _ => {}
            }
        }
        let profile: &Profile = self.profiles.of(&[&own, &header.sender]);
        let sender = match own.is_empty() {
            true => header.sender.clone(),
            false => format!("{}/{own}", header.sender),
        };
        Some(Frame {
            file: self.file.clone(),
            hand: Hand { charset, profile },
            reading: self.reading,
            sender: format!("EDIFACT:{sender}"),
            prepared: header.prepared.clone(),
        })
    }

    fn end(&mut self, segment: &Segment, charset: Charset) -> Result<(), Fault> {
        let Some(begun) = self.draft.take() else {
            let fault = Fault::new("", &segment.shown(), "UNH before UNT");
            return Err(at(segment, fault));
        };
        let count = segment.number - begun.first + 1;
        let checked = check(segment, charset, count, "segments", &begun.reference);
        let place = self.place(segment.number, "UNT");
        let Some(draft) = begun.draft else {
            if !begun.kind.is_empty() {
                let reason = "message of a type that tells no movement";
                let (place, found) = (self.place(begun.first, "UNH"), begun.kind);
                self.other(Outcome::Ignored, place, found, reason.to_owned());
            }
            return Ok(());
        };
        let (mut message, unread) = draft.end();
        for (tag, count) in unread {
            *self.contents.unread.entry(tag).or_default() += count;
        }
        if let Err(fault) = checked {
            let fault = frameless(Outcome::Malformed, place, fault);
            message.refuse(&fault);
            message.found.push(Found::Fault(Box::new(fault)));
        }
        if self.header.as_ref().is_some_and(|h| h.is_test) {
            message.ignore_test();
        }
        self.contents.messages.push(message);
        Ok(())
    }

    fn close(&mut self, segment: &Segment, charset: Charset) -> Result<(), Fault> {
        if self.draft.is_some() {
            let fault = Fault::new("", &segment.shown(), "UNT of the message before");
            self.refuse_message(segment.number, at(segment, fault));
        }
        let (count, what) = match self.groups {
            0 => (self.messages, "messages"),
            groups => (groups, "groups"),
        };
        if let Some((reference, _)) = &self.group {
            let wanted = format!("UNE of the group {reference}");
            return Err(at(segment, Fault::new("", &segment.shown(), &wanted)));
        }
        let reference = self.header.as_ref().map(|h| h.reference.clone());
        check(
            segment,
            charset,
            count,
            what,
            &reference.unwrap_or_default(),
        )
    }

    /// The message that is being read cannot be believed.
    fn refuse_message(&mut self, number: u64, fault: Fault) {
        let Some(begun) = self.draft.take() else {
            return;
        };
        let place = Place {
            pointer: fault.pointer.clone(),
            ..self.place(number, "")
        };
        let entry = frameless(Outcome::Malformed, place, fault);
        match begun.draft {
            Some(draft) => {
                let (mut message, _) = draft.end();
                message.refuse(&entry);
                message.found.push(Found::Fault(Box::new(entry)));
                self.contents.messages.push(message);
            }
            None => self.contents.others.push(entry),
        }
        // Its other segments are passed over; its trailer belongs to it.
        self.draft = Some(Begun {
            draft: None,
            kind: String::new(),
            ..begun
        });
    }

    /// Nothing of the interchange is used.
    fn refuse(&mut self, number: u64, fault: Fault) {
        if let Some(Begun {
            draft: Some(draft), ..
        }) = self.draft.take()
        {
            self.contents.messages.push(draft.end().0);
        }
        let place = Place {
            pointer: fault.pointer.clone(),
            ..self.place(number, "")
        };
        let entry = frameless(Outcome::Malformed, place, fault);
        for message in &mut self.contents.messages {
            message.refuse(&entry);
        }
        self.contents.others.push(entry);
    }

    fn place(&self, segment: u64, tag: &str) -> Place {
        Place {
            file: self.file.clone(),
            line: None,
            entry: segment,
            pointer: pointer(segment, tag),
        }
    }

    fn other(&mut self, outcome: Outcome, place: Place, found: String, reason: String) {
        self.contents.others.push(LeftOut {
            outcome,
            place,
            id: String::new(),
            subject: String::new(),
            found,
            reason,
        });
    }
}

/// How far the sender of a message is looked for.
const HEAD: usize = 64;

fn frameless(outcome: Outcome, place: Place, fault: Fault) -> LeftOut {
    LeftOut {
        outcome,
        place,
        id: String::new(),
        subject: String::new(),
        found: fault.found,
        reason: format!("expected {}", fault.wanted),
    }
}

/// The fault at a segment, if it names no other.
fn at(segment: &Segment, fault: Fault) -> Fault {
    if fault.pointer.is_empty() {
        let pointer = pointer(segment.number, segment.tag());
        return Fault { pointer, ..fault };
    }
    fault
}

fn header(segment: &Segment) -> Result<Header, Fault> {
    if segment.tag() != "UNB" {
        return Err(Fault::new("", &segment.shown(), "UNB"));
    }
    let identifier = segment.text(0, 0, Charset::Latin1)?;
    let charset =
        Charset::of(&identifier).ok_or_else(|| Fault::new("", &identifier, Charset::WANTED))?;
    let text = |element, component| segment.text(element, component, charset);
    let (date, clock) = (text(3, 0)?, text(3, 1)?);
    let format = match date.len() {
        6 => "201",
        _ => "203",
    };
    Ok(Header {
        charset,
        sender: text(1, 0)?,
        reference: text(4, 0)?,
        prepared: time::stated(&format!("{date}{clock}"), format).ok(),
        is_test: text(10, 0)? == "1",
    })
}

/// A trailer: the count and the reference that it repeats.
fn check(
    segment: &Segment,
    charset: Charset,
    count: u64,
    of: &str,
    reference: &str,
) -> Result<(), Fault> {
    let (stated, repeated) = (segment.text(0, 0, charset)?, segment.text(1, 0, charset)?);
    let fault = |found: String, wanted: String| Err(at(segment, Fault::new("", &found, &wanted)));
    if stated.parse() != Ok(count) {
        return fault(format!("{stated} {of}"), format!("{count}, as there are"));
    }
    if repeated != reference {
        return fault(
            format!("reference {repeated}"),
            format!("{reference}, as at its beginning"),
        );
    }
    Ok(())
}
