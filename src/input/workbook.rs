//! Factor tables of others as sheets of text: XLSX through `calamine`, CSV through `csv`. What the cells mean is not looked at.
//!
//! A number of an XLSX cell is a double; it becomes the shortest decimal that names this double, which is what was typed as long
//! as that had at most 15 digits. A date cell becomes `YYYY-MM-DD`. Of a formula the value that the workbook was saved with counts.
//! Where a person sees something else than this text, the sheet says so.

mod kind;
mod number_format;
mod shown;

use crate::model::index::index32;
use crate::model::sheet::{Held, Hidden, Seen, Sheet, empty_lines};
use calamine::{DataRef, Reader, SheetVisible, Style, Xlsx, XlsxError};
use encoding_rs::Encoding;
use kind::Kind;
use shown::Parts;
use std::collections::{HashMap, HashSet};
use std::io::Cursor;

/// Cells of one workbook beyond this point to a wrong file.
const MAX_CELLS: usize = 5_000_000;

/// How a CSV file is written.
#[derive(Clone, Copy, Debug)]
pub struct CsvForm {
    /// Between cells.
    pub delimiter: u8,
    /// Character encoding.
    pub encoding: &'static Encoding,
}

/// The sheets of a file: those of a workbook, else the one table of a CSV file.
/// The error says what was found; it does not name the file.
pub fn sheets(file: &str, bytes: &[u8], form: CsvForm) -> Result<Vec<Sheet>, String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    match kind::kind(name, bytes)? {
        // A decoder's panic on a broken file is that file's fault, not this program's.
        Kind::Workbook => std::panic::catch_unwind(|| xlsx(name, bytes))
            .unwrap_or_else(|_| Err("cannot be read as XLSX".to_owned())),
        Kind::Text => csv_sheet(name, bytes, form).map(|sheet| vec![sheet]),
    }
}

fn fault(e: XlsxError) -> String {
    format!("cannot be read as XLSX: {e}")
}

fn xlsx(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>, String> {
    let mut parts = Parts::open(bytes)?;
    let (mut hidden, raised) = (parts.hidden()?, parts.raised()?);
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(fault)?;
    let of_sheets = workbook.sheets_metadata().to_owned();
    let mut list = Vec::new();
    let mut cells = 0;
    for of_sheet in of_sheets {
        let mut sheet = Sheet::new(file, &of_sheet.name);
        sheet.hidden = Hidden {
            sheet: of_sheet.visible != SheetVisible::Visible,
            ..hidden.remove(&of_sheet.name).unwrap_or_default()
        };
        match fill_sheet(&mut workbook, &mut sheet, &raised, &mut cells) {
            // A chart sheet has no cells to read.
            Err(XlsxError::NotAWorksheet(_)) => continue,
            filled => filled.map_err(fault)?,
        }
        if cells > MAX_CELLS {
            return Err(format!("has more than {MAX_CELLS} cells"));
        }
        list.push(sheet);
    }
    Ok(list)
}

fn fill_sheet(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &mut Sheet,
    raised: &HashSet<String>,
    cells: &mut usize,
) -> Result<(), XlsxError> {
    let formulas = formulas(workbook, &sheet.name)?;
    for range in workbook.merge_cells_by_sheet_name(&sheet.name)? {
        sheet.merge(range.start, range.end);
    }
    let mut reader = workbook.worksheet_cells_reader(&sheet.name)?;
    while let Some((cell, style)) = reader.next_cell_with_style_id()? {
        *cells += 1;
        if *cells > MAX_CELLS {
            return Ok(());
        }
        let (row, column) = cell.get_position();
        let format = reader.styles().get(style).and_then(format_of);
        match (cell.get_value(), formulas.get(&(row, column))) {
            (DataRef::Empty, Some(formula)) => sheet.set_as(
                row,
                column,
                format!("={formula}"),
                Held::Text,
                Seen::Otherwise(WITHOUT_VALUE.to_owned()),
            ),
            (value, _) => fill(sheet, (row, column), value, format, raised),
        }
    }
    Ok(())
}

/// The formulas of a sheet, by row and column.
fn formulas(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
) -> Result<HashMap<(u32, u32), String>, XlsxError> {
    let mut formulas = HashMap::new();
    let mut reader = workbook.worksheet_cells_reader(sheet)?;
    while let Some(cell) = reader.next_formula()? {
        if !cell.get_value().is_empty() {
            formulas.insert(cell.get_position(), cell.get_value().clone());
        }
    }
    Ok(formulas)
}

const WITHOUT_VALUE: &str = "expected a formula with its value, which this workbook was saved without; open it in a spreadsheet program and save it";

fn format_of(style: &Style) -> Option<&str> {
    style.number_format.as_ref().map(|f| f.format_code.as_str())
}

fn fill(
    sheet: &mut Sheet,
    (row, column): (u32, u32),
    value: &DataRef,
    format: Option<&str>,
    raised: &HashSet<String>,
) {
    let number = |f: f64| format.map_or(Seen::Text, |code| number_format::seen(code, f));
    match value {
        DataRef::Empty => {}
        #[expect(
            clippy::cast_precision_loss,
            reason = "only compared with what is shown of it"
        )]
        DataRef::Int(i) => {
            sheet.set_as(row, column, i.to_string(), Held::Number, number(*i as f64))
        }
        // Display of a double is its shortest decimal, without an exponent.
        DataRef::Float(f) => sheet.set_as(row, column, f.to_string(), Held::Number, number(*f)),
        DataRef::String(s) => sheet.set(row, column, s.clone()),
        DataRef::SharedString(s) => {
            let text = s.trim();
            let seen = if raised.contains(text) {
                Seen::Decorated
            } else {
                Seen::Text
            };
            sheet.set_as(row, column, text.to_owned(), Held::Text, seen);
        }
        DataRef::Bool(b) => sheet.set(row, column, if *b { "TRUE" } else { "FALSE" }.to_owned()),
        DataRef::DateTime(at) => {
            let (year, month, day, h, m, s, ms) = at.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let is_day = (h, m, s, ms) == (0, 0, 0, 0);
            let text = if is_day {
                date
            } else {
                format!("{date}T{h:02}:{m:02}:{s:02}")
            };
            sheet.set_as(row, column, text, Held::Date, Seen::Text);
        }
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => {
            sheet.set_as(row, column, s.clone(), Held::Date, Seen::Text);
        }
        DataRef::Error(e) => sheet.set(row, column, e.to_string()),
    }
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
    }
    Ok(sheet)
}

#[cfg(test)]
mod tests;
