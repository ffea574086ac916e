//! Workbooks (XLSX): the rows of one sheet, read like those of a CSV file. What is known of a sheet before its rows is the business of
//! `look`, what a cell gives to a column that of `cell`.
//!
//! A cell that a person sees otherwise than it would be read rejects its row (R016), with the name of the cell and what would help.

mod cell;
mod look;
#[cfg(test)]
mod tests;

use super::cells::{Cells, Span};
use super::column;
use super::mapping::Mapping;
use super::rules::{Origin, Rules};
use super::schema::{self, RawUnit, RowNumbers};
use super::stream::BLOCK;
use super::text;
use super::timestamp::LocalTimes;
use super::workbook::{self, Archive, Book, Fault, Row, Rows, Texts, shown};
use super::{FileFault, FileInfo, Input, Parsed, Reader, SourceFile, Unit};
use crate::model::movement::NO_REJECT;
use crate::model::reject::{Reject, RejectReason};
use crate::model::sheet::cell_name;
use cell::Given;
use look::Look;
use memchr::memmem;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;

/// Workbooks, also those that are refused as what they are.
pub(super) const INPUT: Input = Input {
    name: "xlsx",
    extensions: &["xlsx", "xlsm", "xls", "xlsb", "ods"],
    is_text: false,
    open,
};

fn open(source: SourceFile, rules: Arc<Rules>) -> Result<Box<dyn Reader>, FileFault> {
    let label = source.label.clone();
    let fault = |fault: Fault| told(&label, fault);
    let mut archive = archive(&source)?;
    let book = Book::read(&mut archive).map_err(fault)?;
    other_days(&book, &rules).map_err(|why| FileFault::new(&label, why))?;
    let texts = texts(&mut archive, &rules).map_err(fault)?;
    let look = look::look(&mut archive, &book, &texts, &label, &rules).map_err(fault)?;
    drop(texts);
    Ok(Box::new(XlsxReader {
        archive,
        next_row: look.first_row,
        shape: Arc::new(Shape {
            label,
            file: source.index,
            book,
            look,
            rules,
        }),
        rows: None,
        joined: Vec::new(),
    }))
}

/// Days that a run file counts from another year than the workbook does would be four years off.
fn other_days(book: &Book, rules: &Rules) -> Result<(), String> {
    let (ours, theirs, year) = match book.from_1904 {
        true => ("excel-1904", "excel", 1904),
        false => ("excel", "excel-1904", 1900),
    };
    let is_other = |column| rules.patterns(column).written().any(|word| word == theirs);
    match [column::DEPARTED_AT, column::ARRIVED_AT, column::RECORDED_AT]
        .into_iter()
        .find(|&c| is_other(c))
    {
        None => Ok(()),
        Some(column) => Err(format!(
            "the workbook counts days from {year}, and the run file reads {} as {theirs:?}; {ours:?} in [formats] timestamp or timestamp_by_column does as the workbook",
            rules.mapping.name(column)
        )),
    }
}

fn told(label: &str, fault: Fault) -> FileFault {
    FileFault {
        is_shortage: fault.is_shortage,
        ..FileFault::new(label, fault.message)
    }
}

/// The workbook of a file, or what else it is.
pub(super) fn archive(source: &SourceFile) -> Result<Archive<File>, FileFault> {
    let unread = |e: io::Error| FileFault::unread(&source.label, &e);
    let mut file = source.file.try_clone().map_err(unread)?;
    file.rewind().map_err(unread)?;
    let mut start = Vec::new();
    Read::by_ref(&mut file)
        .take(8 << 10)
        .read_to_end(&mut start)
        .map_err(unread)?;
    let name = source.label.rsplit(['/', '\\']).next().unwrap_or_default();
    let open = || Archive::open(source.file.try_clone()?);
    if start.starts_with(b"PK\x03\x04") {
        let archive = open().map_err(|fault| told(&source.label, fault))?;
        let has = |needle: &[u8]| {
            let named = std::str::from_utf8(needle).is_ok_and(|name| archive.has_name(name));
            named || memmem::find(&start, needle).is_some()
        };
        return match workbook::refusal(name, &start, has) {
            None => Ok(archive),
            Some(why) => Err(FileFault::new(&source.label, why)),
        };
    }
    let has = |needle: &[u8]| contains(&source.file, needle).unwrap_or(false);
    let why = workbook::refusal(name, &start, has);
    let why = why.unwrap_or_else(|| "is no workbook".to_owned());
    Err(FileFault::new(&source.label, why))
}

/// Whether a file holds these bytes somewhere.
fn contains(file: &File, needle: &[u8]) -> io::Result<bool> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    let mut bytes = Vec::new();
    loop {
        let kept = bytes.len().min(needle.len());
        bytes.drain(..bytes.len() - kept);
        let read = Read::by_ref(&mut file)
            .take(1 << 20)
            .read_to_end(&mut bytes)?;
        if memmem::find(&bytes, needle).is_some() {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
    }
}

/// The shared texts, as far as the memory limit has room for them.
fn texts(archive: &mut Archive<File>, rules: &Rules) -> Result<Texts, Fault> {
    Texts::read(archive, rules.grain.text_bytes).map_err(|fault| match fault.is_shortage {
        true => Fault {
            message: format!(
                "{}, which is what the memory limit leaves for them; raise it ([limits] memory, --memory-limit), or save the sheet as CSV",
                fault.message
            ),
            ..fault
        },
        false => fault,
    })
}

/// What all units of a file share.
struct Shape {
    label: String,
    file: u32,
    book: Book,
    look: Look,
    rules: Arc<Rules>,
}

impl Shape {
    /// Where a row stands among the data rows, from 1.
    fn row_number(&self, row: u32) -> u64 {
        u64::from(row - self.look.first_row) + 1
    }
}

struct XlsxReader {
    shape: Arc<Shape>,
    archive: Archive<File>,
    /// The sheet and its texts, once a row was asked for.
    rows: Option<(Rows, Texts)>,
    next_row: u32,
    /// Joined ranges that the row under way is part of, with the text of their first cell.
    joined: Vec<(usize, String)>,
}

impl Reader for XlsxReader {
    fn info(&self) -> FileInfo {
        let look = &self.shape.look;
        let mut info = FileInfo::new(INPUT.name, &look.layout);
        info.unknown_columns.retain(|name| !name.is_empty());
        info.warnings.extend(look.warnings.iter().cloned());
        info
    }

    fn next_unit(&mut self) -> Result<Option<Box<dyn Unit>>, FileFault> {
        let shape = Arc::clone(&self.shape);
        let unit = self.read(&shape);
        let unit = unit.map_err(|fault| told(&shape.label, fault))?;
        if unit.numbers.is_empty() && unit.blank == 0 {
            // Whatever comes later, the texts are wanted no more.
            self.rows = None;
            return Ok(None);
        }
        Ok(Some(Box::new(unit)))
    }
}

impl XlsxReader {
    fn read(&mut self, shape: &Arc<Shape>) -> Result<XlsxUnit, Fault> {
        let (look, rules) = (&shape.look, &shape.rules);
        let mut unit = XlsxUnit::new(shape);
        if self.next_row > look.last_row {
            return Ok(unit);
        }
        if self.rows.is_none() {
            let texts = texts(&mut self.archive, rules)?;
            let rows = Rows::open(&mut self.archive, &look.path)?;
            self.rows = Some((rows, texts));
        }
        let Some((rows, texts)) = &mut self.rows else {
            return Ok(unit);
        };
        let mut local = LocalTimes::new(rules.mapping.zone.as_ref());
        let mut row = Row::default();
        let most = rules.grain.unit_rows;
        while (unit.numbers.len() as u64) < most && unit.bytes.len() < BLOCK {
            if self.next_row > look.last_row || !rows.next(&mut row)? {
                break;
            }
            if row.number < look.first_row {
                continue;
            }
            if row.number > look.last_row {
                unit.blank += u64::from(look.last_row + 1 - self.next_row);
                self.next_row = look.last_row + 1;
                break;
            }
            unit.blank += u64::from(row.number - self.next_row);
            self.next_row = row.number + 1;
            self.joined
                .retain(|(at, _)| look.merged[*at][1].0 >= row.number - 1);
            unit.take(&row, texts, &mut local, &mut self.joined)?;
        }
        Ok(unit)
    }
}

struct XlsxUnit {
    shape: Arc<Shape>,
    bytes: Vec<u8>,
    /// By column of ours.
    spans: Vec<Vec<Span>>,
    numbers: Vec<u64>,
    blank: u64,
    /// Cells that are seen otherwise, by row and column of ours: what is seen, and what was wanted.
    odd: HashMap<(u64, usize), (String, String)>,
}

/// Stands before the text of a cell that is not to be read; no UTF-8 text holds it.
const ODD: u8 = 0xff;

impl XlsxUnit {
    fn new(shape: &Arc<Shape>) -> XlsxUnit {
        XlsxUnit {
            shape: Arc::clone(shape),
            bytes: Vec::new(),
            spans: vec![Vec::new(); shape.look.layout.origins.len()],
            numbers: Vec::new(),
            blank: 0,
            odd: HashMap::new(),
        }
    }

    /// Takes a row, or counts it as blank.
    fn take(
        &mut self,
        row: &Row,
        texts: &Texts,
        local: &mut LocalTimes,
        joined: &mut Vec<(usize, String)>,
    ) -> Result<(), Fault> {
        let shape = Arc::clone(&self.shape);
        let look = &shape.look;
        let mut current = vec![Span::ABSENT; self.spans.len()];
        let mut is_blank = true;
        let number = shape.row_number(row.number);
        let mut odd = Vec::new();
        for cell in &row.cells {
            let shown = shown(&shape.book, texts, row, cell)?;
            if shown.text.trim().is_empty() {
                continue;
            }
            is_blank = false;
            if let Some(at) = look.merged_from(row.number - 1, cell.column) {
                joined.push((at, text::shown(shown.text.as_bytes()).into_owned()));
                // Each takes a column of its own, and no more than there are of ours are kept.
                if joined.len() > self.spans.len() {
                    let what = format!("row {}: joined ranges lie on each other", row.number);
                    return Err(Fault::new(what));
                }
            }
            for &ours in look.read(cell.column) {
                let code = shape.book.style(cell.style).map_or("", |s| &s.code);
                match cell::given(&shown, cell.stored, code, column::kind(ours), local) {
                    Ok(Given { text, literal, .. }) => {
                        current[ours] = self.push(None, text.as_bytes(), literal);
                    }
                    Err(why) => {
                        let found = text::shown(shown.text.as_bytes()).into_owned();
                        odd.push((ours, cell.column, found, why));
                    }
                }
            }
        }
        for (at, text) in joined.iter() {
            let [first, last] = look.merged[*at];
            for column in look.columns(first.1, last.1) {
                if (row.number - 1, column) == first {
                    continue;
                }
                let why = format!(
                    "a cell of its own; it is joined with {}, whose text is shown in its place",
                    cell_name(first.0, first.1)
                );
                let ours = look.read(column).iter();
                odd.extend(ours.map(|&ours| (ours, column, text.clone(), why.clone())));
                is_blank = false;
            }
        }
        if is_blank {
            self.blank += 1;
            return Ok(());
        }
        for (ours, column, found, why) in odd {
            current[ours] = self.push(Some(ODD), found.as_bytes(), false);
            let place = format!("{}!{}", look.name, cell_name(row.number - 1, column));
            let wanted = format!("{why} (cell {place})");
            self.odd.insert((number, ours), (found, wanted));
        }
        for (column, span) in self.spans.iter_mut().zip(current) {
            column.push(span);
        }
        self.numbers.push(number);
        Ok(())
    }

    fn push(&mut self, mark: Option<u8>, text: &[u8], literal: bool) -> Span {
        let start = self.bytes.len();
        self.bytes.extend(mark);
        self.bytes.extend_from_slice(text);
        if literal {
            Span::literal(start, self.bytes.len())
        } else {
            Span::text(start, self.bytes.len())
        }
    }
}

/// What a footer is told that is not taken for one.
const FOOTER_HINT: &str = "; [xlsx] skip_footer leaves out rows at the end of the sheet";

impl Unit for XlsxUnit {
    fn parse(self: Box<Self>) -> Result<Vec<Parsed>, FileFault> {
        let XlsxUnit {
            shape,
            bytes,
            spans,
            numbers,
            blank,
            odd,
        } = *self;
        let (look, mapping) = (&shape.look, &shape.rules.mapping);
        let cells = |(ours, origin): (usize, &Origin)| match *origin {
            Origin::File(_) => Cells::Spans(&bytes, &spans[ours]),
            _ => look.layout.outside(ours, mapping),
        };
        let cells = look.layout.origins.iter().enumerate().map(cells).collect();
        let unit = RawUnit {
            cells,
            rows: numbers.len(),
            numbers: RowNumbers::List(numbers),
            file: shape.file,
            unreadable: Vec::new(),
        };
        let mut parsed = schema::parse(unit, &shape.rules);
        parsed.blank = blank;
        explain(&mut parsed, mapping, &odd);
        if look.last_row >= look.first_row {
            parsed.hint_at_footer(shape.row_number(look.last_row), FOOTER_HINT);
        }
        Ok(vec![parsed])
    }
}

/// Says of rows that were rejected for a cell what is wrong with it.
fn explain(parsed: &mut Parsed, mapping: &Mapping, odd: &HashMap<(u64, usize), (String, String)>) {
    if odd.is_empty() {
        return;
    }
    let told = |row: u64, reject: &mut Reject| {
        let column = mapping.names().position(|name| name == reject.column);
        if reject.reason == RejectReason::BadText
            && let Some((found, wanted)) = column.and_then(|column| odd.get(&(row, column)))
        {
            *reject = Reject::new(reject.reason, reject.column, found, wanted.clone());
        }
    };
    let batch = &mut parsed.batch;
    for (&row, &at) in batch.row.iter().zip(&batch.reject) {
        if at != NO_REJECT
            && let Some(reject) = batch.rejects.get_mut(at as usize)
        {
            told(row, reject);
        }
    }
    for rejected in &mut parsed.unplaced {
        told(rejected.row, &mut rejected.reject);
    }
}
