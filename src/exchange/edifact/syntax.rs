//! The syntax of ISO 9735, versions 1 to 4: service characters, segments, elements, components, character sets.
//!
//! A segment is a piece of the file; nothing is copied before a value is asked for. Line breaks between segments, and inside values (files
//! folded at a fixed width), belong to no value: no character set of the syntax has them.

use crate::exchange::documents::Fault;
use std::borrow::Cow;

/// Longest segment: three times what the longest of the directories can come to.
pub(crate) const LONGEST: usize = 64 << 10;

/// Characters that structure an interchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    component: u8,
    element: u8,
    release: Option<u8>,
    terminator: u8,
}

impl Service {
    /// What counts without a `UNA`.
    const LEVEL_A: Service = Service {
        component: b':',
        element: b'+',
        release: Some(b'?'),
        terminator: b'\'',
    };
    /// The control characters of level B, by which a partner may structure without a `UNA`.
    const LEVEL_B: Service = Service {
        component: 0x1f,
        element: 0x1d,
        release: None,
        terminator: 0x1c,
    };

    /// Those of an interchange that begins here, and how many bytes its `UNA` takes.
    pub(crate) fn of(bytes: &[u8]) -> Result<(Service, usize), Fault> {
        if bytes.starts_with(b"UNB") {
            let is_b = bytes.get(3) == Some(&Service::LEVEL_B.element);
            return Ok((
                if is_b {
                    Service::LEVEL_B
                } else {
                    Service::LEVEL_A
                },
                0,
            ));
        }
        let advised = match bytes {
            [b'U', b'N', b'A', c, e, _, r, _, t, ..] => Service {
                component: *c,
                element: *e,
                release: (*r != b' ').then_some(*r),
                terminator: *t,
            },
            [b'U', b'N', b'A', ..] => {
                let found = shown(bytes);
                return Err(Fault::new("", &found, "six characters behind UNA"));
            }
            _ => return Err(Fault::new("", &shown(bytes), "UNA or UNB")),
        };
        if advised.is_possible() {
            return Ok((advised, 9));
        }
        let wanted = "UNA with six service characters, such as UNA:+.? '";
        Err(Fault::new("", &shown(&bytes[..9]), wanted))
    }

    fn is_possible(&self) -> bool {
        let all = [self.component, self.element, self.terminator];
        let all: Vec<u8> = all.into_iter().chain(self.release).collect();
        let is_mark = |c: &u8| !c.is_ascii_alphanumeric() && c.is_ascii() && *c != b' ';
        let are_different = (1..all.len()).all(|n| !all[..n].contains(&all[n]));
        all.iter().all(is_mark) && are_different
    }
}

/// The first characters of bytes, for a message.
fn shown(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "the end".to_owned();
    }
    String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned()
}

/// What stands between segments.
fn is_between(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0 | 0x1a)
}

/// The segments of a file, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
}

impl<'a> Segments<'a> {
    /// Of this file.
    pub(crate) fn of(bytes: &'a [u8]) -> Segments<'a> {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        Segments {
            bytes,
            at,
            number: 0,
        }
    }

    fn pass_between(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let blank = rest.iter().take_while(|b| is_between(**b)).count();
        self.at += blank;
        &rest[blank..]
    }

    /// Number of the next segment, counted from the first of the file.
    pub(crate) fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// Whether nothing is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.pass_between().is_empty()
    }

    /// Service characters of the interchange that begins here.
    pub(crate) fn service(&mut self) -> Result<Service, Fault> {
        let (service, una) = Service::of(self.pass_between())?;
        self.at += una;
        Ok(service)
    }

    /// The next segment.
    pub(crate) fn next(&mut self, service: Service) -> Result<Segment<'a>, Fault> {
        let rest = self.pass_between();
        let window = &rest[..rest.len().min(LONGEST + 1)];
        let Some(end) = end(window, service) else {
            let found = if rest.len() > LONGEST {
                format!("{} ... without an end in {LONGEST} bytes", shown(rest))
            } else if rest.is_empty() {
                "the end".to_owned()
            } else {
                format!("{} and the end", shown(rest))
            };
            return Err(Fault::new("", &found, "a segment that ends"));
        };
        self.at += end + 1;
        self.number += 1;
        Ok(Segment {
            number: self.number,
            text: &rest[..end],
            service,
        })
    }

    /// How far the file is read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// After a fault: goes to where the next interchange begins, right behind the end of a segment or a line, and behind `start`, where
    /// the one with the fault begins.
    pub(crate) fn seek_interchange(&mut self, service: Service, start: usize) {
        let from = self.at.max(start + 1).min(self.bytes.len());
        for found in memchr::memmem::find_iter(&self.bytes[from..], b"UN") {
            let at = from + found;
            let (name, mark) = (self.bytes.get(at + 2), self.bytes.get(at + 3));
            let begins = matches!(name, Some(b'A' | b'B'))
                && mark.is_some_and(|b| !b.is_ascii_alphanumeric());
            let mut before = self.bytes[..at].iter().rev();
            let before = before.find(|b| !matches!(**b, b' ' | b'\t' | b'\r'));
            let is_behind_end = before.is_none_or(|b| *b == service.terminator || *b == b'\n');
            if begins && is_behind_end {
                self.at = at;
                return;
            }
        }
        self.at = self.bytes.len();
    }

    /// The service characters that count where none could be read.
    pub(crate) fn usual() -> Service {
        Service::LEVEL_A
    }
}

/// Where the first terminator is that is not released.
fn end(window: &[u8], service: Service) -> Option<usize> {
    let release = service.release.unwrap_or(service.terminator);
    let mut from = 0;
    loop {
        let found = from + memchr::memchr2(service.terminator, release, window.get(from..)?)?;
        if window[found] == service.terminator {
            return Some(found);
        }
        from = found + 2;
    }
}

/// A segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    /// Its number in the file, from 1.
    pub number: u64,
    text: &'a [u8],
    service: Service,
}

impl<'a> Segment<'a> {
    /// Its name, such as `LOC`.
    pub(crate) fn tag(&self) -> &'a str {
        let marks = |b: &u8| *b == self.service.element || *b == self.service.component;
        let end = self.text.iter().position(marks);
        let tag = &self.text[..end.unwrap_or(self.text.len()).min(6)];
        std::str::from_utf8(tag).unwrap_or("")
    }

    /// The bytes of a component: of the element (0 is the first behind the tag), of the component in it.
    fn raw(&self, element: usize, component: usize) -> Option<&'a [u8]> {
        let element = self.part(self.text, self.service.element, element + 1)?;
        self.part(element, self.service.component, component)
    }

    /// Part `n` of a text between unreleased separators.
    fn part(&self, text: &'a [u8], separator: u8, n: usize) -> Option<&'a [u8]> {
        let release = self.service.release.unwrap_or(separator);
        let (mut begin, mut from, mut passed) = (0, 0, 0);
        while let Some(found) = memchr::memchr2(separator, release, text.get(from..)?) {
            let at = from + found;
            if text[at] != separator {
                from = at + 2;
                continue;
            }
            if passed == n {
                return Some(&text[begin..at]);
            }
            passed += 1;
            (begin, from) = (at + 1, at + 1);
        }
        (passed == n).then(|| &text[begin..])
    }

    /// The text of a component, empty where nothing stands.
    pub(crate) fn text(
        &self,
        element: usize,
        component: usize,
        charset: Charset,
    ) -> Result<String, Fault> {
        let Some(raw) = self.raw(element, component).filter(|raw| !raw.is_empty()) else {
            return Ok(String::new());
        };
        let mut plain = Vec::with_capacity(raw.len());
        let mut bytes = raw.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\r' | b'\n' => {}
                _ if Some(*byte) == self.service.release => plain.extend(bytes.next()),
                _ => plain.push(*byte),
            }
        }
        let text = charset.decode(&plain)?;
        Ok(text.trim().to_owned())
    }

    /// The segment as a message shows it.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.text[..self.text.len().min(100)]).into_owned()
    }
}

/// Characters of the values of an interchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// Levels A and B, and the alphabets of ISO 8859 that no value which counts has letters of.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// ISO 10646 in UTF-8.
    Utf8,
}

impl Charset {
    /// By the syntax identifier.
    pub(crate) fn of(identifier: &str) -> Option<Charset> {
        match identifier {
            "UNOA" | "UNOB" | "UNOD" | "UNOE" | "UNOF" | "UNOG" | "UNOH" | "UNOI" | "UNOJ"
            | "UNOK" => Some(Charset::Ascii),
            "UNOC" => Some(Charset::Latin1),
            "UNOW" | "UNOY" => Some(Charset::Utf8),
            _ => None,
        }
    }

    /// What was wanted of a syntax identifier.
    pub(crate) const WANTED: &'static str = "a syntax identifier of UNOA to UNOK, UNOW or UNOY";

    fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
        let wanted = match self {
            Charset::Latin1 => return Ok(bytes.iter().map(|b| char::from(*b)).collect()),
            Charset::Utf8 => "UTF-8, as the syntax identifier says",
            Charset::Ascii if bytes.is_ascii() => "",
            Charset::Ascii => "characters of ASCII, as the syntax identifier says",
        };
        match std::str::from_utf8(bytes) {
            Ok(text) if self == Charset::Utf8 || wanted.is_empty() => Ok(text.into()),
            _ => Err(Fault::new("", &String::from_utf8_lossy(bytes), wanted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &[u8], charset: Charset) -> Vec<Result<String, String>> {
        let mut segments = Segments::of(text);
        let service = segments.service().unwrap();
        let mut all = Vec::new();
        while !segments.is_at_end() {
            let segment = segments.next(service).map_err(|f| f.found).unwrap();
            for (e, c) in [(0, 0), (0, 1), (1, 0)] {
                all.push(segment.text(e, c, charset).map_err(|f| f.wanted));
            }
        }
        all
    }

    #[test]
    fn released_and_other_service_characters() {
        let ok = |texts: &[&str]| {
            texts
                .iter()
                .map(|t| Ok((*t).to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            values(b"UNB+a?+b?:c??:d?'+e'", Charset::Ascii),
            ok(&["a+b:c?", "d'", "e"])
        );
        assert_eq!(
            values(b"UNA|*, \x1e~\r\nUNB*a|b*c?~\n\n", Charset::Ascii),
            ok(&["a", "b", "c?"]),
            "no release character"
        );
        assert_eq!(
            values(
                b"\xef\xbb\xbfUNA:+.? '\nUNB+a\r\nb:c+\nd'\r\n\x1a",
                Charset::Ascii
            ),
            ok(&["ab", "c", "d"]),
            "folded, with a mark in front and an end of CP/M"
        );
        assert_eq!(
            values(b"UNB\x1da\x1fb\x1dc\x1c", Charset::Ascii),
            ok(&["a", "b", "c"])
        );
        assert_eq!(
            values(b"UNB+ a '", Charset::Ascii),
            ok(&["a", "", ""]),
            "spaces at an end, nothing behind"
        );
    }

    #[test]
    fn characters_are_of_the_stated_set() {
        assert_eq!(
            values(b"UNB+\xd6'", Charset::Latin1)[0],
            Ok("\u{d6}".into())
        );
        assert_eq!(
            values(b"UNB+\xc3\x96'", Charset::Utf8)[0],
            Ok("\u{d6}".into())
        );
        assert!(values(b"UNB+\xd6'", Charset::Utf8)[0].is_err());
        assert!(values(b"UNB+\xd6'", Charset::Ascii)[0].is_err());
        assert!(values(b"UNB+\xc3\x96'", Charset::Ascii)[0].is_err());
        assert_eq!(Charset::of("UNOX"), None);
        assert_eq!(Charset::of("KECA"), None);
    }

    #[test]
    fn what_does_not_end_is_told() {
        let fault = |text: &[u8]| {
            let mut segments = Segments::of(text);
            segments
                .service()
                .and_then(|service| segments.next(service))
                .map(|s| s.tag())
                .unwrap_err()
        };
        assert_eq!(fault(b"UNB+a?'").found, "UNB+a?' and the end");
        let long = [b"UNB+".as_slice(), &vec![b':'; 1 << 20]].concat();
        assert!(fault(&long).found.contains("without an end in 65536"));
        assert_eq!(fault(b"UNA:+.").wanted, "six characters behind UNA");
        assert_eq!(fault(b"UNA:+.?'UNB+a'").found, "UNA:+.?'U");
        assert_eq!(fault(b"ISA*00*").wanted, "UNA or UNB");
        assert_eq!(fault(b"").found, "the end");
    }

    #[test]
    fn a_part_is_found_however_many_there_are() {
        let text = [b"UNB".as_slice(), &b"+x:y".repeat(10_000), b"'"].concat();
        let mut segments = Segments::of(&text);
        let service = segments.service().unwrap();
        let segment = segments.next(service).unwrap();
        assert_eq!(segment.text(9_999, 1, Charset::Ascii), Ok("y".into()));
        assert_eq!(segment.text(10_000, 0, Charset::Ascii), Ok(String::new()));
    }
}
