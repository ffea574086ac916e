//! Workbooks: their sheets, and the rows of one.

use super::{Cell, Held};
use crate::input::workbook::{Book, Fault, Row, Rows, Stored, Texts, shown};
use crate::input::xlsx::archive;
use crate::input::{FileFault, SourceFile};
use crate::model::sheet::{self, Seen};

/// Bytes that the texts of a workbook may take here.
const TEXTS: usize = 1 << 30;

/// The sheets of a workbook in their order, and whether each is hidden.
pub(crate) fn sheet_names(source: &SourceFile) -> Result<Vec<(String, bool)>, FileFault> {
    let mut archive = archive(source)?;
    let book = Book::read(&mut archive).map_err(|fault| told(source, fault))?;
    let names = book.sheets.into_iter();
    Ok(names.map(|sheet| (sheet.name, sheet.is_hidden)).collect())
}

/// Calls `each` with the number (from 1) and the cells of every row of a sheet that holds something, until it says no. Cells that hold nothing
/// stand between others.
pub(crate) fn sheet_rows(
    source: &SourceFile,
    name: &str,
    each: &mut dyn FnMut(u32, Vec<Cell>) -> bool,
) -> Result<(), FileFault> {
    read(source, name, each).map_err(|fault| told(source, fault))
}

fn told(source: &SourceFile, fault: Fault) -> FileFault {
    FileFault {
        is_shortage: fault.is_shortage,
        ..FileFault::new(&source.label, fault.message)
    }
}

fn read(
    source: &SourceFile,
    name: &str,
    each: &mut dyn FnMut(u32, Vec<Cell>) -> bool,
) -> Result<(), Fault> {
    let mut archive = archive(source).map_err(|fault| Fault::new(fault.message))?;
    let book = Book::read(&mut archive)?;
    let texts = Texts::read(&mut archive, TEXTS)?;
    let Some(entry) = book.sheets.iter().find(|sheet| sheet.name == name) else {
        return Ok(());
    };
    let mut rows = Rows::open(&mut archive, &entry.path)?;
    let mut row = Row::default();
    while rows.next(&mut row)? {
        let mut cells: Vec<Cell> = Vec::new();
        for cell in &row.cells {
            let shown = shown(&book, &texts, &row, cell)?;
            let text = shown.text.trim();
            if text.is_empty() {
                continue;
            }
            let held = match (&shown.seen, shown.held) {
                _ if cell.stored == Stored::Error => Held::Otherwise,
                (Seen::Otherwise(_), _) => Held::Otherwise,
                (_, sheet::Held::Text) => Held::Text,
                (_, sheet::Held::Number) => Held::Number,
                (_, sheet::Held::Date) => Held::Local,
            };
            cells.resize(cell.column as usize, Cell::text(b""));
            cells.push(Cell {
                text: text.to_owned(),
                held,
            });
        }
        if !cells.is_empty() && !each(row.number, cells) {
            break;
        }
    }
    Ok(())
}
