//! The rows of a sheet, one after the other. Numbers of rows and cells say where something stands, never how much there is.

use super::Fault;
use super::archive::{Archive, Source};
use super::book::Run;
use super::xml::{Xml, attribute, is_true, number, text_of};
use crate::model::sheet::column_of;
use quick_xml::events::{BytesStart, Event};
use std::ops::Range;

/// Rows of a sheet.
pub(super) const MOST_ROWS: u32 = 1_048_576;
/// Joined ranges and spans of columns beyond this are no table.
const MOST_RANGES: usize = 100_000;

/// How a cell is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// A number in digits.
    Number,
    /// A text of its own.
    Text,
    /// The number of a shared text.
    Shared,
    /// 1 or 0.
    Truth,
    /// A fault of a formula.
    Error,
    /// A date as ISO 8601 writes it.
    IsoDate,
}

/// A cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// From 0.
    pub column: u32,
    /// How it is stored.
    pub stored: Stored,
    /// Number of its style.
    pub style: u32,
    /// Whether letters of its own text are raised or lowered.
    pub is_raised: bool,
    /// Whether there is a value.
    pub has_value: bool,
    value: Range<usize>,
    formula: Option<Range<usize>>,
}

/// A row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// From 1.
    pub number: u32,
    /// Whether it is hidden or has no height.
    pub is_hidden: bool,
    /// Its cells, from left to right.
    pub cells: Vec<Cell>,
    texts: String,
}

impl Row {
    /// The stored text of a cell of this row.
    pub(crate) fn value(&self, cell: &Cell) -> &str {
        &self.texts[cell.value.clone()]
    }

    /// The formula of a cell of this row.
    pub(crate) fn formula(&self, cell: &Cell) -> Option<&str> {
        Some(&self.texts[cell.formula.clone()?])
    }
}

/// First and last cell (row, column, from 0) of a range that is shown as one cell.
pub(crate) type Merged = [(u32, u32); 2];

/// A sheet under way.
pub(crate) struct Rows {
    xml: Xml,
    row: u32,
    is_over: bool,
    /// First and last of hidden columns, from 0; complete before the first row.
    pub hidden_columns: Vec<(u32, u32)>,
    /// Complete behind the last row.
    pub merged: Vec<Merged>,
}

impl Rows {
    /// Opens a sheet.
    pub(crate) fn open<S: Source>(archive: &mut Archive<S>, path: &str) -> Result<Rows, Fault> {
        let part = archive.part(path)?;
        let part = part.ok_or_else(|| Fault::new(format!("the part {path} is missing")))?;
        Ok(Rows {
            xml: Xml::new(part),
            row: 0,
            is_over: false,
            hidden_columns: Vec::new(),
            merged: Vec::new(),
        })
    }

    /// Reads the next row; `false` at the end of the sheet, when all of the part has been read.
    pub(crate) fn next(&mut self, row: &mut Row) -> Result<bool, Fault> {
        row.cells.clear();
        row.texts.clear();
        while !self.is_over {
            self.xml.done();
            match self.xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "row" => {
                        let number = row_number(&tag, self.row)?;
                        row.is_hidden = is_true(&tag, "hidden") || is_nothing(&tag, "ht");
                        drop(tag);
                        (row.number, self.row) = (number, number);
                        cells(&mut self.xml, row)?;
                        return Ok(true);
                    }
                    "col" if is_true(&tag, "hidden") || is_nothing(&tag, "width") => {
                        let span = number(&tag, "min").zip(number(&tag, "max"));
                        if let Some((min @ 1.., max @ 1..)) = span
                            && self.hidden_columns.len() < MOST_RANGES
                        {
                            self.hidden_columns.push((min - 1, max - 1));
                        }
                    }
                    "mergeCell" => {
                        let range = attribute(&tag, "ref").and_then(|text| range_of(&text));
                        self.merged.extend(range);
                        if self.merged.len() > MOST_RANGES {
                            return Err(Fault::new(format!(
                                "it has more than {MOST_RANGES} joined ranges"
                            )));
                        }
                    }
                    _ => {}
                },
                Event::Eof => self.is_over = true,
                _ => {}
            }
        }
        Ok(false)
    }
}

/// The number of a row: its own, else the next one. Rows ascend.
fn row_number(tag: &BytesStart, before: u32) -> Result<u32, Fault> {
    let number = match attribute(tag, "r") {
        None => before.saturating_add(1),
        Some(text) => text.parse().unwrap_or(u32::MAX),
    };
    if number > MOST_ROWS {
        let said = attribute(tag, "r").unwrap_or_default();
        return Err(Fault::new(format!(
            "row {said:?}: expected a number up to {MOST_ROWS}"
        )));
    }
    if number <= before {
        return Err(Fault::new(format!(
            "row {number} stands behind row {before}; expected rows in ascending order"
        )));
    }
    Ok(number)
}

/// Reads the cells of a row up to its end.
fn cells(xml: &mut Xml, row: &mut Row) -> Result<(), Fault> {
    let mut next = 0;
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "c" => {
                let column = column_of_cell(&tag, row.number, next)?;
                next = column + 1;
                let stored = match attribute(&tag, "t").as_deref() {
                    None | Some("n") => Stored::Number,
                    Some("s") => Stored::Shared,
                    Some("b") => Stored::Truth,
                    Some("e") => Stored::Error,
                    Some("d") => Stored::IsoDate,
                    Some("str" | "inlineStr") => Stored::Text,
                    Some(other) => {
                        return Err(Fault::new(format!(
                            "row {}: cells of type {other:?} are not known",
                            row.number
                        )));
                    }
                };
                let style = number(&tag, "s").unwrap_or(0);
                drop(tag);
                let start = Start {
                    column,
                    stored,
                    style,
                };
                cell(xml, row, start)?;
            }
            Event::End(tag) if tag.local_name().as_ref() == "row" => return Ok(()),
            Event::Eof => {
                return Err(Fault::new(format!("it ends within row {}", row.number)));
            }
            _ => {}
        }
    }
}

/// The column of a cell: its own, else the next one. Cells ascend and stand in their row.
fn column_of_cell(tag: &BytesStart, row: u32, next: u32) -> Result<u32, Fault> {
    let Some(name) = attribute(tag, "r") else {
        return Ok(next);
    };
    let place = cell_of(&name).filter(|&(at, column)| at + 1 == row && column >= next);
    place.map(|(_, column)| column).ok_or_else(|| {
        Fault::new(format!(
            "row {row}: the cell {name:?} is no cell of it, or behind a later one"
        ))
    })
}

/// What a text of a cell belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Neither,
    Value,
    Formula,
    Own,
}

/// Reads a cell up to its end; one without value and formula is none.
fn cell(xml: &mut Xml, row: &mut Row, start: Start) -> Result<(), Fault> {
    let mut own = Run::default();
    let mut inside = Inside::Neither;
    let (mut value, mut formula) = (None::<Range<usize>>, None::<Range<usize>>);
    let mut has_own = false;
    loop {
        let event = xml.next()?;
        match (&event, inside) {
            (Event::Start(tag), Inside::Neither) => {
                let at = row.texts.len();
                match tag.local_name().as_ref() {
                    "v" => (inside, value) = (Inside::Value, Some(at..at)),
                    "f" => (inside, formula) = (Inside::Formula, Some(at..at)),
                    "is" => (inside, has_own) = (Inside::Own, true),
                    _ => {}
                }
            }
            (Event::End(tag), _) if tag.local_name().as_ref() == "c" => break,
            (Event::End(tag), _) if matches!(tag.local_name().as_ref(), "v" | "f" | "is") => {
                inside = Inside::Neither;
            }
            (Event::Eof, _) => {
                return Err(Fault::new(format!("it ends within row {}", row.number)));
            }
            (_, Inside::Own) => own.take(&event),
            (_, Inside::Value | Inside::Formula) => {
                if let Some(text) = text_of(&event) {
                    row.texts.push_str(&text);
                    let range = match inside {
                        Inside::Value => &mut value,
                        _ => &mut formula,
                    };
                    if let Some(range) = range {
                        range.end = row.texts.len();
                    }
                }
            }
            _ => {}
        }
    }
    if has_own {
        let at = row.texts.len();
        row.texts.push_str(&own.text);
        value = Some(at..row.texts.len());
    }
    // A formula may well give an empty text; any other empty value is none.
    let has_value = (value.as_ref()).is_some_and(|v| start.stored == Stored::Text || !v.is_empty());
    if has_value || formula.is_some() {
        row.cells.push(Cell {
            column: start.column,
            stored: start.stored,
            style: start.style,
            is_raised: own.is_raised,
            has_value,
            value: value.unwrap_or(0..0),
            formula,
        });
    }
    Ok(())
}

/// What the start tag of a cell says.
struct Start {
    column: u32,
    stored: Stored,
    style: u32,
}

/// Row and column (from 0) of a cell such as `B7`.
fn cell_of(name: &str) -> Option<(u32, u32)> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = name.split_at(letters);
    let row: u32 = digits.parse().ok()?;
    Some((
        row.checked_sub(1)?,
        column_of(&letters.to_ascii_uppercase())?,
    ))
}

/// The range of `B7:C9`, or of one cell.
fn range_of(text: &str) -> Option<Merged> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    Some([cell_of(first)?, cell_of(last)?])
}

/// A row or column without height or width is not seen either.
fn is_nothing(tag: &BytesStart, name: &str) -> bool {
    attribute(tag, name).is_some_and(|v| v.parse() == Ok(0.0))
}
