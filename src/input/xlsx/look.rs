//! What is known of a workbook before its rows are handed on: which sheet is read, its columns, where its rows begin and end, and what
//! a person does not see of it. The whole sheet is looked at, because joined cells are named at its end.

use super::cell::{self, Note};
use crate::input::column;
use crate::input::mapping::Mapping;
use crate::input::rules::{Layout, Origin, Rules};
use crate::input::timestamp::LocalTimes;
use crate::input::workbook::{
    Archive, Book, Fault, Merged, Row, Rows, SheetEntry, Source, Texts, shown,
};
use crate::model::index::index32;
use crate::model::sheet::{cell_name, column_letters};
use crate::model::unit::counted;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are looked at for the head that is missing.
const LOOKED_AT: u32 = 50;

/// A sheet that is to be read.
pub(super) struct Look {
    /// Its name.
    pub name: String,
    /// Its part.
    pub path: String,
    /// How its columns meet ours.
    pub layout: Layout,
    /// The first data row, from 1.
    pub first_row: u32,
    /// The last data row that holds something and is no footer.
    pub last_row: u32,
    /// Ranges of several cells that reach into columns that are read.
    pub merged: Vec<Merged>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// By column of the sheet: columns of ours that it fills.
    read: Vec<Vec<usize>>,
    /// The columns of the sheet that fill any.
    columns: Vec<u32>,
}

impl Look {
    /// The columns of ours that a column of the sheet fills.
    pub(super) fn read(&self, column: u32) -> &[usize] {
        self.read.get(column as usize).map_or(&[], Vec::as_slice)
    }

    /// The columns of the sheet among these that fill one of ours.
    pub(super) fn columns(&self, first: u32, last: u32) -> impl Iterator<Item = u32> {
        let within = self.columns.iter().copied();
        within.filter(move |column| (first..=last).contains(column))
    }

    /// The range that begins with this cell.
    pub(super) fn merged_from(&self, row: u32, column: u32) -> Option<usize> {
        // They are in order of their first cells.
        let found = self
            .merged
            .binary_search_by_key(&(row, column), |[first, _]| *first);
        found.ok()
    }
}

/// Finds the sheet that is to be read.
pub(super) fn look<S: Source>(
    archive: &mut Archive<S>,
    book: &Book,
    texts: &Texts,
    label: &str,
    rules: &Rules,
) -> Result<Look, Fault> {
    let form = &rules.mapping.xlsx;
    let names = || {
        let names = book.sheets.iter().map(|sheet| format!("{:?}", sheet.name));
        names.collect::<Vec<_>>().join(", ")
    };
    let wanted: Vec<&SheetEntry> = match &form.sheet {
        Some(name) => book.sheets.iter().filter(|s| s.name == *name).collect(),
        None => book.sheets.iter().filter(|s| !s.is_hidden).collect(),
    };
    if let (Some(name), true) = (&form.sheet, wanted.is_empty()) {
        return Err(Fault::new(format!(
            "there is no sheet {name:?}, which [xlsx] sheet names; found sheets: {}",
            names()
        )));
    }
    let (mut fitting, mut faults) = (Vec::new(), Vec::new());
    for sheet in wanted {
        let mut view = View {
            archive,
            book,
            texts,
            sheet,
            label,
            rules,
        };
        match view.look()? {
            Ok(look) => fitting.push(look),
            Err(why) => faults.push((sheet.name.as_str(), why)),
        }
    }
    let mut fitting = fitting.into_iter();
    let Some(mut look) = fitting.next() else {
        return Err(Fault::new(match faults.as_slice() {
            [] => "it shows no sheet with rows".to_owned(),
            [(_, why)] => why.clone(),
            several => several
                .iter()
                .map(|(name, why)| format!("sheet {name:?}: {why}"))
                .collect::<Vec<_>>()
                .join("; "),
        }));
    };
    if let Some(other) = fitting.next() {
        return Err(Fault::new(format!(
            "the sheets {:?} and {:?} both have the columns; [xlsx] sheet = {:?} says which one is read, and the rows of others must be in files of their own",
            look.name, other.name, look.name
        )));
    }
    let others = book.sheets.iter().filter(|sheet| sheet.name != look.name);
    let others: Vec<String> = others
        .map(|sheet| match sheet.is_hidden {
            true => format!("{:?} (hidden)", sheet.name),
            false => format!("{:?}", sheet.name),
        })
        .collect();
    if !others.is_empty() {
        look.warnings.insert(
            0,
            format!(
                "sheet {:?} is read, not {}",
                look.name,
                others.join(" and ")
            ),
        );
    }
    Ok(look)
}

/// A sheet and what it takes to read it.
struct View<'v, S> {
    archive: &'v mut Archive<S>,
    book: &'v Book,
    texts: &'v Texts,
    sheet: &'v SheetEntry,
    label: &'v str,
    rules: &'v Rules,
}

/// Where the head of a sheet is, and what it says.
struct Head {
    row: u32,
    names: Vec<String>,
    layout: Layout,
}

impl<S: Source> View<'_, S> {
    /// Looks at all of the sheet; the inner error is a head that does not fit.
    fn look(&mut self) -> Result<Result<Look, String>, Fault> {
        let mut rows = Rows::open(self.archive, &self.sheet.path)?;
        let mut row = Row::default();
        let head = match self.head(&mut rows, &mut row)? {
            Ok(head) => head,
            Err(why) => return Ok(Err(why)),
        };
        let form = &self.rules.mapping.xlsx;
        let read = fills(&head.layout, head.names.len());
        let mut look = Look {
            name: self.sheet.name.clone(),
            path: self.sheet.path.clone(),
            first_row: form.first_row.unwrap_or(head.row + 1),
            last_row: 0,
            merged: Vec::new(),
            warnings: Vec::new(),
            columns: (0..index32(read.len()))
                .filter(|&column| !read[column as usize].is_empty())
                .collect(),
            read,
            layout: head.layout,
        };
        let mut notes = Notes::default();
        let mut local = LocalTimes::new(self.rules.mapping.zone.as_ref());
        while rows.next(&mut row)? {
            if row.number >= look.first_row
                && self.note(&row, &head.names, &look, &mut notes, &mut local)?
            {
                look.last_row = row.number;
            }
        }
        look.last_row = look.last_row.saturating_sub(form.skip_footer);
        let reads = |(first, last): (u32, u32)| look.columns(first, last).next();
        let (hidden_columns, merged) = (rows.hidden_columns, rows.merged);
        notes.hidden_column = hidden_columns.into_iter().find_map(reads);
        let mut merged: Vec<Merged> = (merged.into_iter())
            .filter(|[first, last]| first != last && reads((first.1, last.1)).is_some())
            .filter(|[_, last]| last.0 + 1 >= look.first_row)
            .collect();
        merged.sort_unstable();
        look.merged = merged;
        look.warnings = notes.told(&look, &self.rules.mapping);
        Ok(Ok(look))
    }

    /// Reads up to the head; the inner error says what is wrong with it, and which row would do.
    fn head(&mut self, rows: &mut Rows, row: &mut Row) -> Result<Result<Head, String>, Fault> {
        let head_row = self.rules.mapping.xlsx.head_row;
        let mut fault = None;
        while rows.next(row)? {
            let names = self.names(row)?;
            let is_before = head_row.is_some_and(|head| row.number < head);
            if names.is_empty() || is_before {
                continue;
            }
            let is_behind = head_row.is_some_and(|head| row.number > head);
            if is_behind && fault.is_none() {
                break;
            }
            match (Layout::new(&names, self.label, &self.rules.mapping), &fault) {
                (Ok(layout), None) => {
                    return Ok(Ok(Head {
                        row: row.number,
                        names,
                        layout,
                    }));
                }
                (Ok(_), Some((first, why))) => {
                    return Ok(Err(format!(
                        "{why} (row {first}); row {0} has the columns with [xlsx] head_row = {0}",
                        row.number
                    )));
                }
                (Err(why), None) => fault = Some((row.number, why)),
                (Err(_), Some((first, _))) if row.number > first + LOOKED_AT => break,
                (Err(_), Some(_)) => {}
            }
        }
        Ok(Err(match (fault, head_row) {
            (Some((_, why)), _) => why,
            (None, Some(head)) => {
                format!("row {head}, which [xlsx] head_row names, holds nothing")
            }
            (None, None) => "there is no row with column names".to_owned(),
        }))
    }

    /// The texts of a row up to the last one.
    fn names(&self, row: &Row) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        for cell in &row.cells {
            let shown = shown(self.book, self.texts, row, cell)?;
            let name = shown.text.trim();
            if !name.is_empty() {
                names.resize(cell.column as usize, String::new());
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Notes what a person does not see of a data row; whether it holds anything.
    fn note(
        &self,
        row: &Row,
        heads: &[String],
        look: &Look,
        notes: &mut Notes,
        local: &mut LocalTimes,
    ) -> Result<bool, Fault> {
        let mut holds_something = false;
        for cell in &row.cells {
            let shown = shown(self.book, self.texts, row, cell)?;
            if shown.text.trim().is_empty() {
                continue;
            }
            holds_something = true;
            let place = (row.number - 1, cell.column);
            if (heads.get(cell.column as usize)).is_none_or(String::is_empty) {
                notes.headless.entry(cell.column).or_insert(place);
            }
            let style = self.book.style(cell.style);
            let code = style.map_or("", |style| &style.code);
            for &ours in look.read(cell.column) {
                let given = cell::given(&shown, cell.stored, code, column::kind(ours), local);
                if let Ok(given) = given
                    && let Some(note) = given.note
                {
                    let entry = notes.cells.entry((ours, note));
                    entry.or_insert((place, code.to_owned(), 0)).2 += 1;
                }
            }
        }
        if holds_something && row.is_hidden {
            notes.hidden_rows += 1;
            notes.first_hidden.get_or_insert(row.number);
        }
        Ok(holds_something)
    }
}

/// By column of the sheet, the columns of ours that it fills.
fn fills(layout: &Layout, width: usize) -> Vec<Vec<usize>> {
    let mut read = vec![Vec::new(); width];
    for (ours, origin) in layout.origins.iter().enumerate() {
        if let Origin::File(at) = origin {
            read[*at].push(ours);
        }
    }
    read
}

/// What a person does not see of a sheet.
#[derive(Default)]
struct Notes {
    hidden_rows: u64,
    first_hidden: Option<u32>,
    hidden_column: Option<u32>,
    /// By column: the first cell below no head.
    headless: BTreeMap<u32, (u32, u32)>,
    /// By column of ours: the first cell, its format, and how many.
    cells: BTreeMap<(usize, Note), Noted>,
}

/// Where the first of such cells is, its format, and how many there are.
type Noted = ((u32, u32), String, u64);

impl Notes {
    fn told(self, look: &Look, mapping: &Mapping) -> Vec<String> {
        let mut told = Vec::new();
        if let Some(first) = self.first_hidden {
            told.push(format!(
                "{}, from row {first} on; what is hidden is read",
                counted(self.hidden_rows, "hidden row")
            ));
        }
        if let Some(column) = self.hidden_column {
            told.push(format!(
                "column {} is hidden; it is read",
                column_letters(column)
            ));
        }
        let columns: BTreeSet<String> = self.headless.keys().map(|&c| column_letters(c)).collect();
        if let Some((row, column)) = self.headless.values().next() {
            told.push(format!(
                "columns without a name hold something and are not read: {} (first in {})",
                columns.into_iter().collect::<Vec<_>>().join(", "),
                cell_name(*row, *column)
            ));
        }
        for ((ours, note), ((row, column), code, count)) in self.cells {
            let what = match note {
                Note::Digits => (
                    "number",
                    "with more digits than are shown, all of which count",
                ),
                Note::Words => ("number", "shown with a word, which is not read as a unit"),
                Note::Clock => ("time", "shown in part, counting with day and time of day"),
            };
            told.push(format!(
                "{}: {} {} (first in {}!{}, format {code})",
                mapping.name(ours),
                counted(count, what.0),
                what.1,
                look.name,
                cell_name(row, column)
            ));
        }
        told
    }
}
