//! What the parts of a workbook say about showing its cells, which `calamine` does not tell: hidden rows and columns, raised letters.

use crate::model::sheet::Hidden;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::collections::{HashMap, HashSet};
use std::io::{BufReader, Cursor, Read};
use zip::ZipArchive;

/// The parts of a workbook.
pub struct Parts<'b>(ZipArchive<Cursor<&'b [u8]>>);

type Fault = String;

fn fault(e: impl std::fmt::Display) -> Fault {
    format!("cannot be read as XLSX: {e}")
}

impl<'b> Parts<'b> {
    /// Opens the archive.
    pub fn open(bytes: &'b [u8]) -> Result<Parts<'b>, Fault> {
        ZipArchive::new(Cursor::new(bytes))
            .map(Parts)
            .map_err(fault)
    }

    /// Calls `each` with every start tag and every text of a part; a part that is not there has none.
    fn walk(&mut self, path: &str, mut each: impl FnMut(Node)) -> Result<(), Fault> {
        // Names of parts are compared without regard to case.
        let mut names = self.0.file_names().flatten();
        let wanted = names
            .find(|n| n.eq_ignore_ascii_case(path))
            .map(|n| n.into_owned());
        drop(names);
        let Some(name) = wanted else {
            return Ok(());
        };
        let part = self.0.by_name(&name).map_err(fault)?;
        let mut xml = Reader::from_reader(BufReader::new(part.take(LARGEST_PART)));
        xml.config_mut().check_end_names = false;
        xml.config_mut().expand_empty_elements = true;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(fault)? {
                Event::Start(tag) => each(Node::Start(&tag)),
                Event::End(tag) => each(Node::End(tag.local_name().as_ref())),
                Event::Text(text) => each(Node::Text(&text.xml10_content())),
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// Part of each sheet, by its name.
    fn paths(&mut self) -> Result<HashMap<String, String>, Fault> {
        let mut targets = HashMap::new();
        self.walk("xl/_rels/workbook.xml.rels", |node| {
            if let Node::Start(tag) = node
                && let (Some(id), Some(target)) = (attribute(tag, "Id"), attribute(tag, "Target"))
            {
                let path = match target.strip_prefix('/') {
                    Some(whole) => whole.to_owned(),
                    None => format!("xl/{target}"),
                };
                targets.insert(id, path);
            }
        })?;
        let mut paths = HashMap::new();
        self.walk("xl/workbook.xml", |node| {
            if let Node::Start(tag) = node
                && tag.local_name().as_ref() == "sheet"
                && let (Some(name), Some(id)) = (attribute(tag, "name"), attribute(tag, "r:id"))
                && let Some(path) = targets.get(&id)
            {
                paths.insert(name, path.clone());
            }
        })?;
        Ok(paths)
    }

    /// Hidden rows and columns of each sheet, by its name.
    pub fn hidden(&mut self) -> Result<HashMap<String, Hidden>, Fault> {
        let mut all = HashMap::new();
        for (name, path) in self.paths()? {
            let mut hidden = Hidden::default();
            let mut row = 0u32;
            self.walk(&path, |node| {
                let Node::Start(tag) = node else { return };
                let number = |name| attribute(tag, name)?.parse::<u32>().ok()?.checked_sub(1);
                match tag.local_name().as_ref() {
                    "row" => {
                        let at = number("r").unwrap_or(row);
                        row = at.saturating_add(1);
                        if is_true(tag, "hidden") || is_nothing(tag, "ht") {
                            hidden.rows.push(at);
                        }
                    }
                    "col" if is_true(tag, "hidden") || is_nothing(tag, "width") => {
                        hidden.columns.extend(number("min").zip(number("max")));
                    }
                    _ => {}
                }
            })?;
            hidden.rows.sort_unstable();
            all.insert(name, hidden);
        }
        Ok(all)
    }

    /// Shared texts of which some letters are raised or lowered: `85.3` with a raised 1 is the text `85.31`.
    pub fn raised(&mut self) -> Result<HashSet<String>, Fault> {
        let mut texts = HashSet::new();
        let (mut text, mut is_raised, mut inside) = (String::new(), false, false);
        self.walk("xl/sharedStrings.xml", |node| match node {
            Node::Start(tag) => match tag.local_name().as_ref() {
                "si" => (text, is_raised) = (String::new(), false),
                "t" => inside = true,
                "vertAlign" => is_raised |= attribute(tag, "val").is_some_and(|v| v != "baseline"),
                _ => {}
            },
            Node::Text(part) if inside => text.push_str(part),
            Node::Text(_) => {}
            Node::End("t") => inside = false,
            Node::End("si") if is_raised => drop(texts.insert(text.trim().to_owned())),
            Node::End(_) => {}
        })?;
        Ok(texts)
    }
}

/// Bytes of a part beyond this are not looked at.
const LARGEST_PART: u64 = 1 << 30;

enum Node<'n> {
    Start(&'n BytesStart<'n>),
    End(&'n str),
    Text(&'n str),
}

fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok().flatten()?;
    found
        .normalized_value(XmlVersion::Implicit1_0)
        .ok()
        .map(|v| v.into_owned())
}

fn is_true(tag: &BytesStart, name: &str) -> bool {
    attribute(tag, name).is_some_and(|v| v == "1" || v == "true")
}

/// A row or column without height or width is not seen either.
fn is_nothing(tag: &BytesStart, name: &str) -> bool {
    attribute(tag, name).is_some_and(|v| v.parse() == Ok(0.0))
}
