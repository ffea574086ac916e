//! Foreign sheets to our tables: which rows and columns, and the way back from a row of ours to its cell. One row is read in `row`.

use super::field::Field;
use super::mapping::{Mapping, Origin, Table};
use super::row::RowReader;
use super::seen::{Unseen, doubtful};
use crate::factors::factor::Section;
use crate::factors::fault::{DataFile, Fault};
use crate::factors::rows::layout;
use crate::model::sheet::{Sheet, cell_name};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::fmt;

/// Why a cell, or a statement of the mapping, gives no factor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// File of the sheet; empty when there is no such sheet.
    pub file: String,
    /// Sheet.
    pub sheet: String,
    /// Cell, such as `B7`; `row 7` where the row as a whole is meant, empty for what the mapping states for the table.
    pub cell: String,
    /// Field of the mapping.
    pub field: &'static str,
    /// What was found.
    pub found: String,
    /// What was wanted.
    pub wanted: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place: Vec<&str> = [&self.file, &self.sheet, &self.cell]
            .into_iter()
            .map(String::as_str)
            .filter(|p| !p.is_empty())
            .collect();
        write!(f, "{}:", place.join(" "))?;
        if !self.field.is_empty() {
            write!(f, " {}", self.field)?;
        }
        if !self.found.is_empty() || !self.field.is_empty() {
            write!(f, " \"{}\":", self.found)?;
        }
        write!(f, " {}", self.wanted)
    }
}

/// What became of the rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCount {
    /// Sheet.
    pub sheet: String,
    /// Rows that became factors, or were refused.
    pub rows: usize,
    /// Rows without any cell that the mapping names.
    pub blank: usize,
    /// Rows that the mapping passes over.
    pub skipped: usize,
    /// What was read although nobody sees it.
    pub unseen: Unseen,
}

/// Tables in our layout, with the way back to the cells.
pub struct Imported<'m> {
    /// `transport.csv`, `hub.csv`, `energy.csv` as far as there are rows, below the folder of the edition.
    pub tables: Vec<DataFile>,
    /// Refusals found in converting; nothing may be used when there is one.
    pub refusals: Vec<Refusal>,
    /// By table of the mapping.
    pub counts: Vec<TableCount>,
    mapping: &'m Mapping,
    sheets: &'m [Sheet],
    /// By section, then line of the table from 2: index of the mapping's table, of the sheet, and row.
    lines: BTreeMap<Section, Vec<(usize, usize, u32)>>,
}

/// Converts every row of every table of the mapping.
pub fn import<'m>(mapping: &'m Mapping, sheets: &'m [Sheet]) -> Imported<'m> {
    let mut imported = Imported {
        tables: Vec::new(),
        refusals: Vec::new(),
        counts: Vec::new(),
        mapping,
        sheets,
        lines: BTreeMap::new(),
    };
    let mut texts: BTreeMap<Section, csv::Writer<Vec<u8>>> = BTreeMap::new();
    for (number, table) in mapping.tables.iter().enumerate() {
        let Some(sheet) = imported.sheet(table) else {
            continue;
        };
        let Some(columns) = imported.columns(table, sheet) else {
            continue;
        };
        let writer = texts
            .entry(table.section)
            .or_insert_with(|| csv::Writer::from_writer(Vec::new()));
        imported.convert(number, sheet, &columns, writer);
    }
    for (section, writer) in texts {
        let path = format!("{}/{}", mapping.folder(), section.file_name());
        let names = layout(section)
            .iter()
            .map(|c| c.0)
            .collect::<Vec<_>>()
            .join(",")
            + "\n";
        // Writing to memory cannot fail.
        let rows = writer.into_inner().unwrap_or_default();
        imported
            .tables
            .push(DataFile::new(path, [names.into_bytes(), rows].concat()));
    }
    let mut seen = FxHashSet::default();
    imported.refusals.retain(|r| seen.insert(r.clone()));
    imported
}

/// Where each field of a table stands in the sheet; a constant stands nowhere.
pub(super) type Columns = BTreeMap<Field, u32>;

impl Imported<'_> {
    /// The refusal behind a fault that the library's checks found in a row made here; `None` for any other fault.
    pub fn refusal(&self, fault: &Fault) -> Option<Refusal> {
        let name = fault
            .file
            .strip_prefix(&format!("{}/", self.mapping.folder()))?;
        let (section, lines) = self
            .lines
            .iter()
            .find(|(section, _)| section.file_name() == name)?;
        let &(number, sheet, row) = lines.get(usize::try_from(fault.line).ok()?.checked_sub(2)?)?;
        let table = &self.mapping.tables[number];
        let field = source_field(table, &fault.column);
        let place = field.and_then(|f| self.find_column(table, sheet, f).ok().flatten());
        let found = match (&place, field.and_then(|f| table.fields.get(&f))) {
            (Some(column), _) => self.sheets[sheet].text(row, *column).to_owned(),
            (None, Some(Origin::Constant(text))) => text.clone(),
            (None, _) => fault.found.clone(),
        };
        let is_constant = matches!(
            field.and_then(|f| table.fields.get(&f)),
            Some(Origin::Constant(_))
        );
        // The lines of our table mean nothing to whoever holds the sheet.
        let wanted = self.with_cells(&fault.wanted, *section);
        Some(Refusal {
            cell: match place {
                Some(column) => cell_name(row, column),
                None if is_constant => String::new(),
                None => format!("row {}", row + 1),
            },
            ..refusal(
                &self.sheets[sheet],
                field.map_or("", Field::code),
                &found,
                wanted,
            )
        })
    }

    /// A message with places in our tables replaced by places in the sheets.
    fn with_cells(&self, text: &str, section: Section) -> String {
        let path = format!("{}/{}:", self.mapping.folder(), section.file_name());
        let Some((before, rest)) = text.split_once(&path) else {
            return text.to_owned();
        };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let line = digits
            .parse::<usize>()
            .ok()
            .and_then(|line| self.lines.get(&section)?.get(line.checked_sub(2)?));
        match line {
            Some(&(_, sheet, row)) => {
                format!(
                    "{before}sheet {} row {}{}",
                    self.sheets[sheet].name,
                    row + 1,
                    &rest[digits.len()..]
                )
            }
            None => text.to_owned(),
        }
    }

    fn sheet(&mut self, table: &Table) -> Option<usize> {
        let named: Vec<usize> = (0..self.sheets.len())
            .filter(|i| self.sheets[*i].name == table.sheet)
            .collect();
        if let [one] = named.as_slice() {
            return Some(*one);
        }
        let there: Vec<String> = self
            .sheets
            .iter()
            .map(|s| format!("{} ({})", s.name, s.file))
            .collect();
        let wanted = format!(
            "expected exactly one sheet of this name among {}",
            there.join(", ")
        );
        self.refusals.push(Refusal {
            sheet: table.sheet.clone(),
            ..refusal(&Sheet::default(), "", "", wanted)
        });
        None
    }

    /// Columns of the fields; `None`, with refusals, when a head is not there or not alone.
    fn columns(&mut self, table: &Table, sheet: usize) -> Option<Columns> {
        let mut columns = Columns::new();
        let mut sound = true;
        for &field in table.fields.keys() {
            match self.find_column(table, sheet, field) {
                Ok(None) => {}
                Ok(Some(column)) => drop(columns.insert(field, column)),
                Err(fault) => {
                    self.refusals.push(*fault);
                    sound = false;
                }
            }
        }
        sound.then_some(columns)
    }

    fn find_column(
        &self,
        table: &Table,
        sheet: usize,
        field: Field,
    ) -> Result<Option<u32>, Box<Refusal>> {
        let sheet = &self.sheets[sheet];
        let head = match table.fields.get(&field) {
            Some(Origin::Head(head, _)) => head,
            Some(Origin::Column(column)) => return Ok(Some(*column)),
            Some(Origin::Constant(_)) | None => return Ok(None),
        };
        let found: Vec<u32> = sheet
            .row(table.header_row)
            .filter(|(_, text)| text == head)
            .map(|(column, _)| column)
            .collect();
        let wanted = match found.as_slice() {
            [one] => return Ok(Some(*one)),
            [] => {
                let heads: Vec<&str> = sheet.row(table.header_row).map(|(_, text)| text).collect();
                format!(
                    "expected the head of a column in this row; heads there: {}",
                    heads.join(", ")
                )
            }
            several => {
                let cells: Vec<String> = several
                    .iter()
                    .map(|c| cell_name(table.header_row, *c))
                    .collect();
                format!(
                    "expected a head that stands once, found it in {}; {{ column = \"..\" }} names a column by its letters",
                    cells.join(", ")
                )
            }
        };
        Err(Box::new(Refusal {
            cell: format!("row {}", table.header_row + 1),
            ..refusal(sheet, field.code(), head, wanted)
        }))
    }

    fn convert(
        &mut self,
        number: usize,
        sheet_index: usize,
        columns: &Columns,
        writer: &mut csv::Writer<Vec<u8>>,
    ) {
        let (table, sheet) = (&self.mapping.tables[number], &self.sheets[sheet_index]);
        let mut count = TableCount {
            sheet: sheet.name.clone(),
            rows: 0,
            blank: 0,
            skipped: 0,
            unseen: Unseen::of(&sheet.hidden, columns),
        };
        let has_heads = table.fields.values().any(|o| matches!(o, Origin::Head(..)));
        let heads = sheet.width(table.header_row).filter(|_| has_heads);
        for row in table.first_row..table.end_row.unwrap_or(u32::MAX).min(sheet.row_count()) {
            if table.skip_rows.contains(&row) {
                count.skipped += 1;
            } else if columns.values().all(|c| sheet.text(row, *c).is_empty()) {
                count.blank += 1;
            } else {
                count.rows += 1;
                if let (Some(heads), Some(cells)) = (heads, sheet.width(row))
                    && heads != cells
                {
                    // One too few and what is behind reads as empty; one too many and all behind it stands under another head.
                    let wanted = format!("expected as many as in the head row, {heads}");
                    self.refusals.push(Refusal {
                        cell: format!("row {}", row + 1),
                        ..refusal(sheet, "cells", &cells.to_string(), wanted)
                    });
                    continue;
                }
                let doubtful = doubtful(sheet, columns, row);
                if !doubtful.is_empty() {
                    self.refusals.extend(doubtful);
                    continue;
                }
                count.unseen.add(sheet, columns, row);
                let mut reader = RowReader {
                    mapping: self.mapping,
                    table,
                    sheet,
                    columns,
                    row,
                    refusals: &mut self.refusals,
                };
                // Writing to memory cannot fail.
                let _ = writer.write_record(reader.cells());
                self.lines
                    .entry(table.section)
                    .or_default()
                    .push((number, sheet_index, row));
            }
        }
        if count.rows == 0 {
            let wanted = "expected at least one row with figures".to_owned();
            self.refusals.push(Refusal {
                cell: format!("row {}", table.first_row + 1),
                ..refusal(sheet, "", "", wanted)
            });
        }
        self.counts.push(count);
    }
}

/// A refusal of what the mapping states for the table; the caller adds the cell.
pub(super) fn refusal(sheet: &Sheet, field: &'static str, found: &str, wanted: String) -> Refusal {
    let found = found
        .chars()
        .take(crate::model::reject::VALUE_SHOWN)
        .collect();
    Refusal {
        file: sheet.file.clone(),
        sheet: sheet.name.clone(),
        cell: String::new(),
        field,
        found,
        wanted,
    }
}

/// The field that a column of our layout was made from.
fn source_field(table: &Table, column: &str) -> Option<Field> {
    let first_there = |fields: &[Field]| {
        fields
            .iter()
            .copied()
            .find(|f| table.fields.contains_key(f))
    };
    match column {
        "operation_g" => first_there(&[Field::GhgOperation, Field::GhgTotal]),
        "provision_g" => first_there(&[Field::GhgProvision, Field::GhgTotal]),
        "energy_id" => first_there(&[Field::FactorId]),
        name => Field::from_code(name).filter(|f| table.fields.contains_key(f)),
    }
}
