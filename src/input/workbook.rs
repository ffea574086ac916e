//! Workbooks (XLSX), and factor tables of others as sheets of text. What the cells mean is not looked at.
//!
//! A number keeps the digits that are stored, but for those that name the same double without being typed (`shown`). A date cell
//! becomes `YYYY-MM-DD`. Of a formula the value that the workbook was saved with counts. Where a person sees something else than this
//! text, the cell says so.

mod archive;
mod book;
mod kind;
mod number_format;
mod rows;
mod shown;
mod xml;

use crate::model::index::index32;
use crate::model::sheet::{Hidden, Sheet, empty_lines};
pub(super) use archive::{Archive, Source};
pub(super) use book::{Book, SheetEntry, Texts};
use encoding_rs::Encoding;
pub(super) use kind::refusal;
use kind::{Kind, kind};
pub(super) use number_format::zeros;
pub(super) use rows::{Merged, Row, Rows, Stored};
pub(super) use shown::{Shown, digits, shown};
use std::io::{self, Cursor};
use std::sync::Arc;

/// Cells of one workbook beyond this point to a wrong file.
const MAX_CELLS: usize = 5_000_000;
/// So do cells times joined ranges.
const MAX_LOOKS: usize = 1 << 30;
/// So do bytes of their texts.
const MAX_BYTES: usize = 512 << 20;

/// Why a workbook cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What was found, without the name of the file.
    pub message: String,
    /// There was no room for it; the file may well be whole.
    pub is_shortage: bool,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Fault {
        Fault {
            message: message.into(),
            is_shortage: false,
        }
    }

    fn short(message: impl Into<String>) -> Fault {
        Fault {
            is_shortage: true,
            ..Fault::new(message)
        }
    }

    fn unread(cause: impl std::fmt::Display) -> Fault {
        Fault::new(format!("cannot be read as XLSX: {cause}"))
    }
}

impl From<io::Error> for Fault {
    fn from(cause: io::Error) -> Fault {
        Fault {
            is_shortage: crate::error::is_shortage(&cause),
            ..Fault::unread(cause)
        }
    }
}

impl From<quick_xml::Error> for Fault {
    fn from(cause: quick_xml::Error) -> Fault {
        Fault::unread(cause)
    }
}

impl From<zip::result::ZipError> for Fault {
    fn from(cause: zip::result::ZipError) -> Fault {
        match cause {
            zip::result::ZipError::Io(cause) => cause.into(),
            other => Fault::unread(other),
        }
    }
}

/// How a CSV file is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CsvForm {
    /// Between cells.
    pub delimiter: u8,
    /// Character encoding.
    pub encoding: &'static Encoding,
}

/// The sheets of a file: those of a workbook, else the one table of a CSV file.
/// The error says what was found; it does not name the file.
pub(crate) fn sheets(file: &str, bytes: &[u8], form: CsvForm) -> Result<Vec<Sheet>, String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    match kind(name, bytes)? {
        // A decoder's panic on a broken file is that file's fault, not this program's.
        Kind::Workbook => std::panic::catch_unwind(|| xlsx(name, bytes))
            .unwrap_or_else(|_| Err(Fault::new("cannot be read as XLSX")))
            .map_err(|fault| fault.message),
        Kind::Text => csv_sheet(name, bytes, form).map(|sheet| vec![sheet]),
    }
}

fn xlsx(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>, Fault> {
    let mut archive = Archive::open(Cursor::new(Arc::<[u8]>::from(bytes)))?;
    let book = Book::read(&mut archive)?;
    let texts = Texts::read(&mut archive, MAX_BYTES)?;
    let mut list = Vec::new();
    let mut size = Size::default();
    for entry in &book.sheets {
        let mut sheet = Sheet::new(file, &entry.name);
        sheet.hidden.sheet = entry.is_hidden;
        let mut rows = Rows::open(&mut archive, &entry.path)?;
        let mut row = Row::default();
        while rows.next(&mut row)? {
            if row.is_hidden {
                sheet.hidden.rows.push(row.number - 1);
            }
            fill(&mut sheet, &book, &texts, &row, &mut size)?;
        }
        // Each cell is looked for in each of them.
        if size.cells.saturating_mul(rows.merged.len()) > MAX_LOOKS {
            return Err(Fault::new(format!(
                "sheet {:?} has {} joined ranges, too many for its cells",
                entry.name,
                rows.merged.len()
            )));
        }
        for [first, last] in rows.merged {
            sheet.merge(first, last);
        }
        sheet.hidden = Hidden {
            columns: rows.hidden_columns,
            ..sheet.hidden
        };
        list.push(sheet);
    }
    Ok(list)
}

/// How much of a workbook has been read.
#[derive(Default)]
struct Size {
    cells: usize,
    bytes: usize,
}

fn fill(
    sheet: &mut Sheet,
    book: &Book,
    texts: &Texts,
    row: &Row,
    size: &mut Size,
) -> Result<(), Fault> {
    for cell in &row.cells {
        let shown = shown(book, texts, row, cell)?;
        let text = shown.text.trim().to_owned();
        size.cells += 1;
        size.bytes += text.len();
        if size.cells > MAX_CELLS || size.bytes > MAX_BYTES {
            return Err(Fault::new(format!(
                "has more than {MAX_CELLS} cells or {} MiB of text",
                MAX_BYTES >> 20
            )));
        }
        sheet.set_as(row.number - 1, cell.column, text, shown.held, shown.seen);
    }
    Ok(())
}

/// The text of a CSV file; a byte order mark goes.
fn decoded(bytes: &[u8], encoding: &'static Encoding) -> Result<String, String> {
    let (text, is_broken) = encoding.decode_with_bom_removal(bytes);
    if !is_broken {
        return Ok(text.into_owned());
    }
    let place = match std::str::from_utf8(bytes) {
        Err(e) if encoding == encoding_rs::UTF_8 => {
            format!(", found another byte at offset {}", e.valid_up_to())
        }
        _ => String::new(),
    };
    Err(format!(
        "expected {}{place}; the mapping's key encoding names another one",
        encoding.name()
    ))
}

fn csv_sheet(file: &str, bytes: &[u8], form: CsvForm) -> Result<Sheet, String> {
    let text = decoded(bytes, form.encoding)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(form.delimiter)
        .from_reader(text.as_bytes());
    let mut sheet = Sheet::new(file, file.rsplit_once('.').map_or(file, |(stem, _)| stem));
    let mut record = csv::StringRecord::new();
    // Lines without a cell are no records, so a row is counted by its line and not by its number.
    while reader
        .read_record(&mut record)
        .map_err(|e| format!("expected CSV: {e}"))?
    {
        let start = |p: &csv::Position| {
            let at = usize::try_from(p.byte()).unwrap_or(usize::MAX);
            p.line().saturating_sub(1) + empty_lines(text.as_bytes(), at)
        };
        let row = u32::try_from(record.position().map_or(0, start))
            .map_err(|_| "expected at most 4,294,967,295 lines".to_owned())?;
        for (column, cell) in record.iter().enumerate() {
            sheet.set(row, index32(column), cell.to_owned());
        }
        sheet.set_width(row, index32(record.len()));
    }
    Ok(sheet)
}

#[cfg(test)]
mod tests;
