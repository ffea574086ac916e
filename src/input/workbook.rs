//! Factor tables of others as sheets of text: XLSX through `calamine`, CSV through `csv`. What the cells mean is not looked at.
//!
//! A number of an XLSX cell is a double; it becomes the shortest decimal that names this double, which is what was typed as long
//! as that had at most 15 digits. A date cell becomes `YYYY-MM-DD`. Of a formula the value that the workbook was saved with counts.

use crate::model::index::index32;
use crate::model::sheet::{Sheet, empty_lines};
use calamine::{DataRef, Reader, Xlsx};
use std::io::Cursor;

/// Cells of one workbook beyond this point to a wrong file.
const MAX_CELLS: usize = 5_000_000;

/// The sheets of a file: those of a workbook when its name ends in `.xlsx`, else the one table of a CSV file. `delimiter` is for CSV.
/// The error says what was found; it does not name the file.
pub fn sheets(file: &str, bytes: &[u8], delimiter: u8) -> Result<Vec<Sheet>, String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    if name.to_ascii_lowercase().ends_with(".xlsx") {
        // A decoder's panic on a broken file is that file's fault, not this program's.
        std::panic::catch_unwind(|| xlsx(name, bytes))
            .unwrap_or_else(|_| Err("cannot be read as XLSX".to_owned()))
    } else {
        csv_sheet(name, bytes, delimiter).map(|sheet| vec![sheet])
    }
}

fn xlsx(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>, String> {
    let fault = |e: calamine::XlsxError| format!("cannot be read as XLSX: {e}");
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(fault)?;
    let names = workbook.sheet_names().to_owned();
    let mut list = Vec::new();
    let mut cells = 0;
    for name in names {
        // A chart sheet has no cells to read.
        let mut reader = match workbook.worksheet_cells_reader(&name) {
            Ok(reader) => reader,
            Err(calamine::XlsxError::NotAWorksheet(_)) => continue,
            Err(e) => return Err(fault(e)),
        };
        let mut sheet = Sheet::new(file, &name);
        while let Some(cell) = reader.next_cell().map_err(fault)? {
            cells += 1;
            if cells > MAX_CELLS {
                return Err(format!("has more than {MAX_CELLS} cells"));
            }
            let (row, column) = cell.get_position();
            fill(&mut sheet, row, column, cell.get_value());
        }
        list.push(sheet);
    }
    Ok(list)
}

fn fill(sheet: &mut Sheet, row: u32, column: u32, value: &DataRef) {
    match value {
        DataRef::Empty => {}
        DataRef::Int(i) => sheet.set_number(row, column, i.to_string()),
        // Display of a double is its shortest decimal, without an exponent.
        DataRef::Float(f) => sheet.set_number(row, column, f.to_string()),
        DataRef::String(s) => sheet.set(row, column, s.clone()),
        DataRef::SharedString(s) => sheet.set(row, column, (*s).to_owned()),
        DataRef::Bool(b) => sheet.set(row, column, if *b { "TRUE" } else { "FALSE" }.to_owned()),
        DataRef::DateTime(at) => {
            let (year, month, day, h, m, s, ms) = at.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let is_day = (h, m, s, ms) == (0, 0, 0, 0);
            sheet.set(
                row,
                column,
                if is_day {
                    date
                } else {
                    format!("{date}T{h:02}:{m:02}:{s:02}")
                },
            );
        }
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => sheet.set(row, column, s.clone()),
        DataRef::Error(e) => sheet.set(row, column, e.to_string()),
    }
}

fn csv_sheet(file: &str, bytes: &[u8], delimiter: u8) -> Result<Sheet, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        format!(
            "expected UTF-8, found another byte at offset {}",
            e.valid_up_to()
        )
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
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
mod tests {
    use super::*;

    #[test]
    fn doubles_become_their_shortest_decimal() {
        for (value, want) in [
            (0.1, "0.1"),
            (7.0, "7"),
            (1e-7, "0.0000001"),
            (1e16, "10000000000000000"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            let mut sheet = Sheet::default();
            fill(&mut sheet, 0, 0, &DataRef::Float(value));
            assert_eq!((sheet.text(0, 0), sheet.is_number(0, 0)), (want, true));
        }
    }

    #[test]
    fn rows_of_csv_are_lines() {
        let list = sheets(
            "a/lanes.csv",
            "\u{feff}Lane;WTW\n\n Asia ;\"1\n2\"\nx;3\n".as_bytes(),
            b';',
        )
        .unwrap();
        let sheet = &list[0];
        assert_eq!(
            (sheet.file.as_str(), sheet.name.as_str()),
            ("lanes.csv", "lanes")
        );
        assert_eq!(
            [
                sheet.text(0, 1),
                sheet.text(1, 0),
                sheet.text(2, 0),
                sheet.text(2, 1),
                sheet.text(4, 1)
            ],
            ["WTW", "", "Asia", "1\n2", "3"]
        );
    }

    #[test]
    fn files_that_are_no_tables_are_refused() {
        assert!(
            sheets("a.xlsx", b"not a zip", b',')
                .unwrap_err()
                .contains("XLSX")
        );
        assert!(
            sheets("a.csv", b"a\xff", b',')
                .unwrap_err()
                .contains("UTF-8")
        );
    }
}
