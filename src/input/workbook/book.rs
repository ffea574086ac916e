//! What a workbook says of itself beside its rows: sheets, number formats, day one, and the texts that its sheets share.

use super::Fault;
use super::archive::{Allowance, Archive, Source};
use super::number_format::{Shape, built_in, shape};
use super::xml::{Xml, attribute, is_true, number, text_of};
use quick_xml::events::Event;
use std::collections::{HashMap, HashSet};
use std::io;

/// More sheets or formats than this are no workbook of a person.
const MOST: usize = 100_000;
/// Longest format of numbers that spreadsheets take, in characters.
const LONGEST_FORMAT: usize = 255;

/// A sheet with rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SheetEntry {
    /// Its name.
    pub name: String,
    /// Its part.
    pub path: String,
    /// Whether the workbook hides it.
    pub is_hidden: bool,
}

/// How the number of a cell is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// The format code, such as `#,##0.00`.
    pub code: String,
    /// What it shows.
    pub shape: Shape,
}

/// The workbook.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    /// Sheets in their order; chart sheets are none.
    pub sheets: Vec<SheetEntry>,
    /// Whether days are counted from 1904.
    pub from_1904: bool,
    styles: Vec<Style>,
}

impl Book {
    /// Reads it.
    pub(crate) fn read<S: Source>(archive: &mut Archive<S>) -> Result<Book, Fault> {
        let mut book = Book {
            styles: styles(archive)?,
            ..Book::default()
        };
        let paths = paths(archive)?;
        let Some(part) = archive.part("xl/workbook.xml")? else {
            return Err(Fault::new("it has no part xl/workbook.xml"));
        };
        let mut xml = Xml::new(part);
        loop {
            xml.done();
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "workbookPr" => book.from_1904 = is_true(&tag, "date1904"),
                    "sheet" => {
                        let id = attribute(&tag, "r:id").or_else(|| relation(&tag));
                        if let (Some(name), Some(path)) =
                            (attribute(&tag, "name"), id.and_then(|id| paths.get(&id)))
                            && book.sheets.len() < MOST
                        {
                            book.sheets.push(SheetEntry {
                                name,
                                path: path.clone(),
                                is_hidden: attribute(&tag, "state").is_some_and(|s| s != "visible"),
                            });
                        }
                    }
                    _ => {}
                },
                Event::Eof => return Ok(book),
                _ => {}
            }
        }
    }

    /// How a cell of this style is shown; `None`: as it stands.
    pub(crate) fn style(&self, style: u32) -> Option<&Style> {
        self.styles.get(style as usize)
    }
}

/// The id of a relation under another prefix than the usual one.
fn relation(tag: &quick_xml::events::BytesStart) -> Option<String> {
    let attributes = &mut tag.attributes().flatten();
    let found = attributes.find(|a| a.key.as_ref().ends_with(":id"))?;
    Some(found.value.into_owned())
}

/// Parts of the sheets with rows, by the id of their relation.
fn paths<S: Source>(archive: &mut Archive<S>) -> Result<HashMap<String, String>, Fault> {
    let mut paths = HashMap::new();
    let Some(part) = archive.part("xl/_rels/workbook.xml.rels")? else {
        return Err(Fault::new("it has no part xl/_rels/workbook.xml.rels"));
    };
    let mut xml = Xml::new(part);
    loop {
        xml.done();
        match xml.next()? {
            Event::Start(tag) => {
                let is_sheet = attribute(&tag, "Type").is_some_and(|t| t.ends_with("/worksheet"));
                if let (true, Some(id), Some(target)) =
                    (is_sheet, attribute(&tag, "Id"), attribute(&tag, "Target"))
                    && paths.len() < MOST
                {
                    let path = match target.strip_prefix('/') {
                        Some(whole) => whole.to_owned(),
                        None => format!("xl/{}", target.trim_start_matches("./")),
                    };
                    paths.insert(id, path);
                }
            }
            Event::Eof => return Ok(paths),
            _ => {}
        }
    }
}

/// The formats of cells, by number of the style.
fn styles<S: Source>(archive: &mut Archive<S>) -> Result<Vec<Style>, Fault> {
    let (mut own, mut styles) = (HashMap::new(), Vec::new());
    let Some(part) = archive.part("xl/styles.xml")? else {
        return Ok(styles);
    };
    let mut xml = Xml::new(part);
    let mut is_cells = false;
    loop {
        xml.done();
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "numFmt" => {
                    let (id, code) = (number(&tag, "numFmtId"), attribute(&tag, "formatCode"));
                    if let (Some(id), Some(code)) = (id, code)
                        && own.len() < MOST
                    {
                        if code.chars().count() > LONGEST_FORMAT {
                            return Err(Fault::new(format!(
                                "number format {id} has more than {LONGEST_FORMAT} characters"
                            )));
                        }
                        own.insert(id, code);
                    }
                }
                "cellXfs" => is_cells = true,
                "xf" if is_cells && styles.len() < MOST => {
                    let id = number(&tag, "numFmtId").unwrap_or(0);
                    let code = own.get(&id).cloned();
                    let code = code.unwrap_or_else(|| built_in(id).to_owned());
                    styles.push(Style {
                        shape: shape(&code),
                        code,
                    });
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => is_cells = false,
            Event::Eof => return Ok(styles),
            _ => {}
        }
    }
}

/// The texts that cells name by number.
#[derive(Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
    raised: HashSet<u32>,
    allowance: Option<Allowance>,
}

impl Texts {
    /// Reads them, unless they take more than `most` bytes.
    pub(crate) fn read<S: Source>(archive: &mut Archive<S>, most: usize) -> Result<Texts, Fault> {
        let mut texts = Texts {
            allowance: Some(archive.allowance()),
            ..Texts::default()
        };
        let Some(part) = archive.part("xl/sharedStrings.xml")? else {
            return Ok(texts);
        };
        let mut xml = Xml::new(part);
        let mut run = Run::default();
        loop {
            let event = xml.next()?;
            match &event {
                Event::Start(tag) if tag.local_name().as_ref() == "si" => run = Run::default(),
                Event::End(tag) if tag.local_name().as_ref() == "si" => {
                    texts.push(&run)?;
                    if texts.bytes() > most {
                        return Err(Fault::short(format!(
                            "its texts take more than {} MiB",
                            most.div_ceil(1 << 20)
                        )));
                    }
                }
                Event::Eof => return Ok(texts),
                _ => run.take(&event),
            }
            drop(event);
            xml.done();
        }
    }

    fn push(&mut self, run: &Run) -> Result<(), Fault> {
        let number = u32::try_from(self.ends.len());
        let number = number.map_err(|_| Fault::new("it has more than 4,294,967,295 texts"))?;
        if run.is_raised {
            self.raised.insert(number);
        }
        self.text.push_str(&run.text);
        self.ends.push(self.text.len());
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<usize>() + self.raised.len() * 16
    }

    /// A text for a cell that shows it; `None`: there is none of this number.
    pub(crate) fn get(&self, number: u32) -> io::Result<Option<&str>> {
        let at = number as usize;
        let Some(&end) = self.ends.get(at) else {
            return Ok(None);
        };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        if let Some(allowance) = &self.allowance {
            allowance.take(end - start)?;
        }
        Ok(Some(&self.text[start..end]))
    }

    /// Whether letters of it are raised or lowered: `85.3` with a raised 1 is the text `85.31`.
    pub(crate) fn is_raised(&self, number: u32) -> bool {
        self.raised.contains(&number)
    }
}

/// A text in pieces, each with a look of its own; how it is pronounced is no part of it.
#[derive(Default)]
pub(super) struct Run {
    /// What was read so far.
    pub text: String,
    /// Whether some of it is raised or lowered.
    pub is_raised: bool,
    is_text: bool,
    is_sound: bool,
}

impl Run {
    /// Takes the next event.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "t" => self.is_text = true,
                "rPh" => self.is_sound = true,
                "vertAlign" => {
                    self.is_raised |= attribute(tag, "val").is_some_and(|v| v != "baseline");
                }
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => self.is_text = false,
                "rPh" => self.is_sound = false,
                _ => {}
            },
            other if self.is_text && !self.is_sound => {
                if let Some(text) = text_of(other) {
                    self.text.push_str(&text);
                }
            }
            _ => {}
        }
    }
}
