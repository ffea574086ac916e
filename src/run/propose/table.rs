//! An export as a table of columns, each with the different cells that it holds: what a proposal is made from.

use super::form::{Form, Kind};
use crate::error::{Error, Result};
use crate::input::SourceFile;
use crate::input::survey::{self, Cell, Held};
use crate::model::unit::counted;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Rows that are looked at.
pub(super) const MOST_ROWS: u64 = 1_000_000;
/// Different cells of a column that are kept.
const MOST_VALUES: usize = 20_000;
/// Names beyond this are no columns.
const MOST_COLUMNS: usize = 2_000;
/// Records at the end of a file among which a footer is looked for.
const MOST_FOOTER: usize = 20;

/// A column of an export.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// Its head.
    pub name: String,
    /// Rows that hold something in it.
    pub filled: u64,
    /// Files that have it.
    pub files: u64,
    /// Different cells with how often each stands there.
    pub values: FxHashMap<Cell, u64>,
    /// Whether there are more than are kept.
    pub is_cut: bool,
}

impl Column {
    fn put(&mut self, cell: Cell) {
        if cell.text.is_empty() {
            return;
        }
        self.filled += 1;
        if let Some(count) = self.values.get_mut(&cell) {
            *count += 1;
        } else if self.values.len() < MOST_VALUES {
            self.values.insert(cell, 1);
        } else {
            self.is_cut = true;
        }
    }

    /// Its texts, the most frequent first.
    pub(super) fn texts(&self) -> Vec<(&str, u64)> {
        self.held(&[Held::Text])
    }

    /// Its cells of these kinds, the most frequent first.
    pub(super) fn held(&self, kinds: &[Held]) -> Vec<(&str, u64)> {
        let of_kind = self
            .values
            .iter()
            .filter(|(cell, _)| kinds.contains(&cell.held));
        let mut texts: Vec<(&str, u64)> = of_kind.map(|(c, n)| (c.text.as_str(), *n)).collect();
        texts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        texts
    }

    /// A few of its cells for a comment.
    pub(super) fn examples(&self) -> String {
        let all = self.held(&[Held::Text, Held::Number, Held::Instant, Held::Local]);
        let shown: Vec<String> = all.iter().take(3).map(|(text, _)| quoted(text)).collect();
        match (shown.is_empty(), self.filled) {
            (true, 0) => "empty".to_owned(),
            (true, _) => "lists, objects or errors".to_owned(),
            _ => shown.join(", "),
        }
    }
}

/// A text in quotes, on one line, not longer than a person reads.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    let more = if short.len() < text.len() { ".." } else { "" };
    format!("{:?}{more}", short)
}

/// The columns of all files.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// In order of appearance.
    pub columns: Vec<Column>,
    /// Rows that were looked at.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Whether there are more rows.
    pub is_cut: bool,
    /// What a person should know of the files.
    pub notes: Vec<String>,
    places: FxHashMap<String, usize>,
}

impl Table {
    /// Takes the rows of a file, and finds how many records at its end are none.
    pub(super) fn take(&mut self, source: &SourceFile, form: &mut Form) -> Result<()> {
        self.files += 1;
        let mut seen: Vec<usize> = Vec::new();
        let mut tail: VecDeque<Vec<(usize, Cell)>> = VecDeque::new();
        let (mut filled, mut taken) = (0u64, 0u64);
        let mut of_other_width = 0u64;
        let width = form.width();
        let mut heads: Vec<&String> = form.heads.iter().filter(|head| !head.is_empty()).collect();
        heads.sort_unstable();
        if let Some(pair) = heads.windows(2).find(|pair| pair[0] == pair[1]) {
            self.notes.push(format!(
                "{}: {} stands in the head more than once; a run refuses that of a column which it reads",
                source.label,
                quoted(pair[0])
            ));
        }
        let before = self.rows;
        let mut row = |table: &mut Table, row: Row| {
            let cells = match row {
                Row::Named(cells) => (cells.into_iter())
                    .filter_map(|(name, cell)| Some((table.place(&name)?, cell)))
                    .collect(),
                Row::Unreadable => Vec::new(),
            };
            tail.push_back(cells);
            if tail.len() > MOST_FOOTER
                && let Some(cells) = tail.pop_front()
            {
                let some = cells.iter().filter(|(_, cell)| !cell.text.is_empty());
                filled += some.count() as u64;
                taken += 1;
                table.absorb(cells, &mut seen);
            }
            table.rows + MOST_FOOTER as u64 <= MOST_ROWS
        };
        let is_whole = read(source, form, self, &mut row, &mut of_other_width)?;
        if of_other_width > 0 {
            self.notes.push(format!(
                "{}: {} cannot be read, or with another number of fields than the {width} of the head; a run rejects them (R023)",
                source.label,
                counted(of_other_width, "record")
            ));
        }
        let footer = match is_whole {
            true => footer(&tail, filled, taken),
            false => 0,
        };
        self.is_cut |= !is_whole;
        let kept = tail.len() - footer;
        for cells in tail.drain(..).take(kept) {
            self.absorb(cells, &mut seen);
        }
        form.footer = footer as u64;
        if self.rows == before {
            self.notes.push(format!("{}: no row", source.label));
        }
        Ok(())
    }

    /// These columns as one: what is said of it holds whichever of them is meant.
    pub(super) fn together(&self, columns: &[(usize, Option<&str>)]) -> Option<Column> {
        let (first, rest) = columns.split_first()?;
        let mut all = self.columns[first.0].clone();
        for (at, _) in rest {
            let column = &self.columns[*at];
            all.filled += column.filled;
            all.is_cut |= column.is_cut;
            for (cell, count) in &column.values {
                *all.values.entry(cell.clone()).or_default() += count;
            }
        }
        Some(all)
    }

    fn absorb(&mut self, cells: Vec<(usize, Cell)>, seen: &mut Vec<usize>) {
        if cells.iter().all(|(_, cell)| cell.text.is_empty()) {
            return;
        }
        self.rows += 1;
        for (at, cell) in cells {
            if !seen.contains(&at) {
                seen.push(at);
                self.columns[at].files += 1;
            }
            self.columns[at].put(cell);
        }
    }

    fn place(&mut self, name: &str) -> Option<usize> {
        if let Some(at) = self.places.get(name) {
            return Some(*at);
        }
        if self.columns.len() == MOST_COLUMNS {
            return None;
        }
        self.columns.push(Column {
            name: name.to_owned(),
            ..Column::default()
        });
        self.places.insert(name.to_owned(), self.columns.len() - 1);
        Some(self.columns.len() - 1)
    }
}

/// Calls `each` with the named cells of every record of a file, until it says no.
pub(super) fn each_row(
    source: &SourceFile,
    form: &Form,
    each: &mut dyn FnMut(Vec<(String, Cell)>) -> bool,
) -> Result<()> {
    let mut row = |_: &mut Table, row: Row| match row {
        Row::Named(cells) => each(cells),
        Row::Unreadable => true,
    };
    read(source, form, &mut Table::default(), &mut row, &mut 0).map(drop)
}

enum Row {
    Named(Vec<(String, Cell)>),
    Unreadable,
}

/// Reads the rows of a file; `false` when `each` has stopped before its end.
fn read(
    source: &SourceFile,
    form: &Form,
    table: &mut Table,
    each: &mut dyn FnMut(&mut Table, Row) -> bool,
    of_other_width: &mut u64,
) -> Result<bool> {
    let mut is_whole = true;
    let fault = |fault: crate::input::FileFault| Error::Input(fault.to_string());
    let named = |heads: &[String], cells: Vec<Cell>| {
        let cells = heads.iter().cloned().zip(cells);
        Row::Named(cells.filter(|(name, _)| !name.is_empty()).collect())
    };
    match form.kind {
        Kind::Text {
            encoding,
            delimiter,
        } => {
            let mut is_above = true;
            for name in form.heads.iter().filter(|name| !name.is_empty()) {
                table.place(name);
            }
            survey::rows(source, encoding, delimiter, &mut |record| {
                let cells = match record {
                    Ok(cells) => cells,
                    Err(_) if is_above => return true,
                    Err(_) => {
                        *of_other_width += 1;
                        is_whole = each(table, Row::Unreadable);
                        return is_whole;
                    }
                };
                if is_above {
                    is_above = !cells.iter().map(|c| &c.text).eq(&form.heads);
                    return true;
                }
                let is_blank = cells.iter().all(|cell| cell.text.is_empty());
                if !is_blank && cells.len() != form.heads.len() {
                    *of_other_width += 1;
                    let cells = match cells.len() < form.heads.len() {
                        true => named(&form.heads, cells),
                        false => Row::Unreadable,
                    };
                    is_whole = each(table, cells);
                    return is_whole;
                }
                is_whole = each(table, named(&form.heads, cells));
                is_whole
            })
            .map_err(fault)?;
        }
        Kind::Json { encoding } => {
            survey::records(source, encoding, &mut |record| {
                let row = record.map_or(Row::Unreadable, Row::Named);
                *of_other_width += matches!(row, Row::Unreadable) as u64;
                is_whole = each(table, row);
                is_whole
            })
            .map_err(fault)?;
        }
        Kind::Sheet { ref name, first } => {
            for name in form.heads.iter().filter(|name| !name.is_empty()) {
                table.place(name);
            }
            survey::sheet_rows(source, name, &mut |number, cells| {
                if number < first {
                    return true;
                }
                is_whole = each(table, named(&form.heads, cells));
                is_whole
            })
            .map_err(fault)?;
        }
        Kind::Parquet => {
            let mut heads = Vec::new();
            survey::columns(source, &mut |name| heads.push(name.to_owned()), &mut |_| {
                false
            })
            .map_err(fault)?;
            for name in &heads {
                table.place(name);
            }
            survey::columns(source, &mut |_| {}, &mut |cells| {
                is_whole = each(table, named(&heads, cells));
                is_whole
            })
            .map_err(fault)?;
        }
    }
    Ok(is_whole)
}

/// How many records at the end hold so much less than the others that they are no rows of theirs.
fn footer(tail: &VecDeque<Vec<(usize, Cell)>>, filled: u64, taken: u64) -> usize {
    let count = |cells: &Vec<(usize, Cell)>| {
        cells
            .iter()
            .filter(|(_, cell)| !cell.text.is_empty())
            .count() as u64
    };
    let mut counts: Vec<u64> = tail.iter().map(count).collect();
    let usual = match taken {
        0 => {
            let mut sorted = counts.clone();
            sorted.sort_unstable();
            sorted.get(sorted.len() / 2).copied().unwrap_or(0)
        }
        _ => filled / taken,
    };
    // What stands behind the last whole row; blank rows above a footer are part of it, and blank rows alone are none.
    let mut behind = 0;
    while let Some(last) = counts.pop() {
        if last * 3 > usual {
            break;
        }
        behind += 1;
    }
    let is_blank = |cells: &Vec<(usize, Cell)>| cells.iter().all(|(_, c)| c.text.is_empty());
    let last = tail.iter().rev().take(behind);
    let holds_something = last.clone().any(|cells| !is_blank(cells));
    if behind == tail.len() || !holds_something {
        return 0;
    }
    behind
}
