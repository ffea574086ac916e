//! UN/EDIFACT container messages as events of the chain: COARRI, CODECO and IFTSTA of version D, as partners spell them (`profiles.toml`).
//!
//! `syntax` finds segments and values, `interchange` checks envelopes, `draft`, `message` and `group` collect what belongs together, `tell` makes events of
//! it, `versions` withdraws what later messages replace or cancel. They say what DCSA events lack: masses, and the mode of inland transport.

pub(crate) mod draft;
#[cfg(test)]
mod envelope_tests;
pub(crate) mod group;
pub(crate) mod interchange;
pub(crate) mod message;
pub(crate) mod profile;
#[cfg(test)]
mod simulation;
pub(crate) mod syntax;
pub(crate) mod tell;
#[cfg(test)]
mod tests;
pub(crate) mod time;
#[cfg(test)]
mod version_tests;
pub(crate) mod versions;

use super::dcsa::Reading;
use super::documents::Place;
use super::events::Converter;
use super::left_out::{LeftOut, Outcome};
use message::{Found, Message};
use profile::Profiles;
use std::collections::BTreeMap;
use std::sync::Arc;
use syntax::Segments;

/// Endings of files that are taken from a folder: of messages, and of DCSA events beside them.
pub(crate) const EXTENSIONS: [&str; 6] = ["edi", "edifact", "edf", "json", "ndjson", "jsonl"];

/// Reads files; what they tell is complete when all are read, since one may replace what another says.
#[derive(Debug)]
pub(crate) struct Reader<'r> {
    reading: &'r Reading,
    profiles: &'r Profiles,
    messages: Vec<Message>,
    others: Vec<LeftOut>,
    unread: BTreeMap<(Arc<str>, String), u64>,
}

impl<'r> Reader<'r> {
    /// Nothing read yet.
    pub(crate) fn new(reading: &'r Reading, profiles: &'r Profiles) -> Reader<'r> {
        Reader {
            reading,
            profiles,
            messages: Vec::new(),
            others: Vec::new(),
            unread: BTreeMap::new(),
        }
    }

    /// Reads the interchanges of a file.
    pub(crate) fn read(&mut self, file: &str, bytes: &[u8]) {
        let file: Arc<str> = file.into();
        let mut segments = Segments::of(bytes);
        while !segments.is_at_end() {
            let contents = interchange::read(&file, &mut segments, self.reading, self.profiles);
            self.messages.extend(contents.messages);
            self.others.extend(contents.others);
            for (tag, count) in contents.unread {
                *self.unread.entry((file.clone(), tag)).or_default() += count;
            }
        }
    }

    /// Hands everything on; how many segments of which tag nothing is taken from.
    pub(crate) fn finish(self, converter: &mut Converter) -> BTreeMap<String, u64> {
        for other in self.others {
            converter.take(Err(Box::new(other)));
        }
        for found in versions::standing(self.messages) {
            match found {
                Found::Event(event) => converter.take(Ok(*event)),
                Found::Fault(fault) => converter.take(Err(fault)),
                Found::Note(note) => converter.note(*note),
            }
        }
        let mut unread: BTreeMap<String, u64> = BTreeMap::new();
        for ((file, tag), count) in self.unread {
            *unread.entry(tag.clone()).or_default() += count;
            let (line, entry) = (None, 0);
            converter.note(LeftOut {
                outcome: Outcome::Unread,
                place: Place {
                    file,
                    line,
                    entry,
                    pointer: String::new(),
                },
                id: String::new(),
                subject: String::new(),
                found: format!("{count} segments"),
                reason: format!("nothing is taken from {tag}"),
            });
        }
        unread
    }
}

/// Whether a file is of interchanges; else it is of JSON.
pub(crate) fn is_one(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    !matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
}
