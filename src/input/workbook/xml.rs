//! The XML of a part as a stream of tags and texts, in bounded memory whatever the part holds.

use super::Fault;
use super::archive::Part;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes that may be read before the caller says that it is done with them. A row of 16,384 cells takes 1 MiB.
const MOST_AT_ONCE: usize = 4 << 20;

/// A part under way.
pub(super) struct Xml {
    reader: Reader<Metered>,
    buffer: Vec<u8>,
}

impl Xml {
    /// Reads a part from its beginning.
    pub(super) fn new(part: Part) -> Xml {
        let mut reader = Reader::from_reader(Metered {
            bytes: BufReader::with_capacity(64 << 10, part),
            taken: 0,
        });
        reader.config_mut().check_end_names = false;
        reader.config_mut().expand_empty_elements = true;
        Xml {
            reader,
            buffer: Vec::new(),
        }
    }

    /// The next tag or text. An empty element has an end as well.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Fault> {
        self.buffer.clear();
        Ok(self.reader.read_event_into(&mut self.buffer)?)
    }

    /// The caller is done with what it has: as much may be read again.
    pub(super) fn done(&mut self) {
        self.reader.get_mut().taken = 0;
    }
}

/// The text of an event; `None` for tags and what says nothing.
pub(super) fn text_of<'e>(event: &Event<'e>) -> Option<Cow<'e, str>> {
    match event {
        Event::Text(text) => Some(text.xml10_content()),
        Event::CData(text) => Some(text.xml10_content()),
        Event::GeneralRef(of) => match of.resolve_char_ref() {
            Ok(Some(c)) => Some(Cow::Owned(c.to_string())),
            _ => resolve_predefined_entity(of).map(Cow::Borrowed),
        },
        _ => None,
    }
}

/// An attribute.
pub(super) fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok().flatten()?;
    let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

/// A number in an attribute.
pub(super) fn number(tag: &BytesStart, name: &str) -> Option<u32> {
    attribute(tag, name)?.parse().ok()
}

/// Whether an attribute says yes.
pub(super) fn is_true(tag: &BytesStart, name: &str) -> bool {
    attribute(tag, name).is_some_and(|v| v == "1" || v == "true")
}

/// The bytes of a part, of which no tag, text or row may take more than there is room for.
struct Metered {
    bytes: BufReader<Part>,
    taken: usize,
}

impl Read for Metered {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(to)
    }
}

impl BufRead for Metered {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > MOST_AT_ONCE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a row or text of it takes more than 4 MiB",
            ));
        }
        self.bytes.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
        self.bytes.consume(count);
    }
}
