//! A sheet of somebody else's table: cells as text, by row and column. Knows no file format.

use std::collections::BTreeMap;

/// How the file holds a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// As text.
    Text,
    /// As a number, so that its text has a point for a decimal mark.
    Number,
    /// As a date, `YYYY-MM-DD` here however the file shows it.
    Date,
}

/// What a person sees in the place of a cell's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// The text, or the same number.
    #[default]
    Text,
    /// The number with something about it: zeros in front, a currency, separators.
    Decorated,
    /// The number with a word about it, which may be a unit.
    Worded,
    /// The number with fewer decimals than it has.
    Rounded,
    /// A hundred times the number, with a percent sign.
    Percentage,
    /// Something else; why, and what would help.
    Otherwise(String),
}

/// What spreadsheets show, and export, where a formula has no result; in English, German, French, Spanish, Italian and Portuguese.
const ERROR_VALUES: [&str; 27] = [
    "#N/A",
    "#NA",
    "#REF!",
    "#DIV/0!",
    "#VALUE!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#GETTING_DATA",
    "#NV",
    "#BEZUG!",
    "#WERT!",
    "#ZAHL!",
    "#ÜBERLAUF!",
    "#VALEUR!",
    "#NOM?",
    "#NOMBRE!",
    "#N/D",
    "#¡REF!",
    "#¡VALOR!",
    "#¡DIV/0!",
    "#VALORE!",
    "#VALOR!",
];

/// Whether a text is what a spreadsheet shows for a formula without a result.
pub fn is_error_value(text: &str) -> bool {
    text.starts_with('#') && ERROR_VALUES.iter().any(|e| e.eq_ignore_ascii_case(text))
}

/// A sheet. Only cells that hold something are kept, since a workbook may name any cell of a million rows.
///
/// ```
/// use green_corridor_core::model::sheet::Sheet;
/// let mut sheet = Sheet::new("table.csv", "table");
/// sheet.set(1, 2, "12.5".into());
/// assert_eq!((sheet.text(1, 2), sheet.text(0, 0), sheet.row_count()), ("12.5", "", 2));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Name of the file.
    pub file: String,
    /// Name of the sheet; of a CSV file, the file name without its ending.
    pub name: String,
    /// Whether the file hides the sheet, and which of its rows and columns.
    pub hidden: Hidden,
    cells: BTreeMap<(u32, u32), Cell>,
    /// First and last cell of ranges that are shown as one cell.
    merged: Vec<[(u32, u32); 2]>,
    /// Cells that a text file has in a row, empty ones too; a workbook has as many in each.
    widths: BTreeMap<u32, u32>,
}

/// What a file does not show of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// All of it.
    pub sheet: bool,
    /// Rows, from 0.
    pub rows: Vec<u32>,
    /// First and last columns of spans, from 0.
    pub columns: Vec<(u32, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    text: String,
    held: Held,
    seen: Seen,
}

impl Sheet {
    /// A sheet without cells.
    pub fn new(file: impl Into<String>, name: impl Into<String>) -> Sheet {
        Sheet {
            file: file.into(),
            name: name.into(),
            ..Sheet::default()
        }
    }

    /// Fills a cell with a text; row and column from 0. Spaces around the text go, an empty text is no cell.
    pub fn set(&mut self, row: u32, column: u32, text: String) {
        self.set_as(row, column, text.trim().to_owned(), Held::Text, Seen::Text);
    }

    /// Fills a cell that the file holds, or shows, in another way than as a text.
    pub fn set_as(&mut self, row: u32, column: u32, text: String, held: Held, seen: Seen) {
        if !text.is_empty() {
            self.cells.insert((row, column), Cell { text, held, seen });
        }
    }

    /// Joins the cells from `first` to `last`: what the first one holds is shown in the place of all.
    pub fn merge(&mut self, first: (u32, u32), last: (u32, u32)) {
        self.merged.push([first, last]);
    }

    /// Says how many cells a text file has in a row.
    pub fn set_width(&mut self, row: u32, cells: u32) {
        self.widths.insert(row, cells);
    }

    /// How many cells a row of a text file has, empty ones too.
    pub fn width(&self, row: u32) -> Option<u32> {
        self.widths.get(&row).copied()
    }

    /// The first cell of the range in which the file shows this one, where that is another cell.
    pub fn merged_into(&self, row: u32, column: u32) -> Option<(u32, u32)> {
        let covers = |&&[first, last]: &&[(u32, u32); 2]| {
            (first.0..=last.0).contains(&row) && (first.1..=last.1).contains(&column)
        };
        let [first, _] = self.merged.iter().find(covers)?;
        (*first != (row, column)).then_some(*first)
    }

    /// How the file holds a cell; a text when there is none.
    pub fn held(&self, row: u32, column: u32) -> Held {
        self.cells
            .get(&(row, column))
            .map_or(Held::Text, |c| c.held)
    }

    /// What a person sees in a cell's place.
    pub fn seen(&self, row: u32, column: u32) -> &Seen {
        self.cells
            .get(&(row, column))
            .map_or(&Seen::Text, |c| &c.seen)
    }

    /// Text of a cell; empty when there is none.
    pub fn text(&self, row: u32, column: u32) -> &str {
        self.cells
            .get(&(row, column))
            .map_or("", |c| c.text.as_str())
    }

    /// Number of rows up to the last one that holds something.
    pub fn row_count(&self) -> u32 {
        self.cells
            .last_key_value()
            .map_or(0, |((row, _), _)| row + 1)
    }

    /// Cells of a row that hold something, by column.
    pub fn row(&self, row: u32) -> impl Iterator<Item = (u32, &str)> {
        self.cells
            .range((row, 0)..=(row, u32::MAX))
            .map(|((_, column), cell)| (*column, cell.text.as_str()))
    }
}

/// Letters of a column (from 0), as spreadsheets name it.
pub fn column_letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column as u64 + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(b'A' + (rest % 26) as u8);
        rest /= 26;
    }
    letters.iter().rev().map(|&b| char::from(b)).collect()
}

/// The column (from 0) of letters `A` to `XFD`; `None` for anything else.
pub fn column_of(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let number = letters
        .bytes()
        .fold(0u32, |n, b| n * 26 + u32::from(b - b'A') + 1);
    Some(number - 1).filter(|column| *column < 16_384)
}

/// Name of a cell (row and column from 0), such as `B7`.
///
/// ```
/// assert_eq!(green_corridor_core::model::sheet::cell_name(6, 1), "B7");
/// ```
pub fn cell_name(row: u32, column: u32) -> String {
    format!("{}{}", column_letters(column), row as u64 + 1)
}

/// Line ends between an offset and the first other byte behind it. A CSV reader passes over empty lines but gives the place before
/// them, so a record stands this many lines further down.
///
/// ```
/// assert_eq!(green_corridor_core::model::sheet::empty_lines(b"a\r\n\r\n\nb\n", 3), 2);
/// ```
pub fn empty_lines(bytes: &[u8], offset: usize) -> u64 {
    let behind = bytes.get(offset..).unwrap_or_default();
    behind
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .filter(|b| **b == b'\n')
        .count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_columns_are_inverse() {
        for column in 0..16_384 {
            assert_eq!(column_of(&column_letters(column)), Some(column));
        }
        assert_eq!(
            (
                column_letters(0),
                column_letters(27),
                column_letters(16_383)
            ),
            ("A".into(), "AB".into(), "XFD".into())
        );
        for bad in ["", "a", "XFE", "AAAA", "A1", "É"] {
            assert_eq!(column_of(bad), None, "{bad}");
        }
    }
}
