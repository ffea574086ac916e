//! Cells in which a person sees something else than is read: refused where the meaning could differ, told where only the rounding does.

use super::field::Field;
use super::rows::{Columns, Refusal, refusal};
use crate::model::sheet::{Held, Hidden, Seen, Sheet, cell_name, column_letters, is_error_value};
use crate::model::unit::counted;
use std::fmt::Write as _;

/// Whether a field is a figure, so that a number reads the same with any decoration.
fn is_figure(field: Field) -> bool {
    matches!(
        field,
        Field::GhgOperation
            | Field::GhgProvision
            | Field::GhgTotal
            | Field::EnergyQuantity
            | Field::LoadFactor
            | Field::EmptyShare
    )
}

/// Why a mapped cell cannot be taken as it is read.
fn reason(sheet: &Sheet, field: Field, row: u32, column: u32) -> Option<String> {
    let text = sheet.text(row, column);
    if let Some((first_row, first_column)) = sheet.merged_into(row, column)
        && !sheet.text(first_row, first_column).is_empty()
    {
        let first = cell_name(first_row, first_column);
        return Some(format!(
            "expected a cell of its own; it is merged with {first}, whose \"{}\" is shown in its place",
            sheet.text(first_row, first_column)
        ));
    }
    if is_error_value(text) {
        return Some(
            "expected a value; this is what a spreadsheet shows for a formula without a result"
                .to_owned(),
        );
    }
    if text.starts_with('=') && *sheet.seen(row, column) == Seen::Text && field != Field::Note {
        return Some("expected a value, found a formula".to_owned());
    }
    match (sheet.held(row, column), sheet.seen(row, column)) {
        (_, Seen::Otherwise(why)) => Some(why.clone()),
        (Held::Date, _) if !matches!(field, Field::ValidFrom | Field::ValidTo | Field::Note) => {
            Some("expected no date, which is what the cell holds, however it is shown".to_owned())
        }
        (_, Seen::Percentage) if !matches!(field, Field::LoadFactor | Field::EmptyShare) => {
            Some("expected a number that is not shown as a percentage".to_owned())
        }
        (Held::Text, Seen::Decorated) if is_figure(field) => Some(
            "expected a figure without raised or lowered characters, which may be a mark of a footnote".to_owned(),
        ),
        (Held::Number, Seen::Decorated | Seen::Worded | Seen::Rounded) if !is_figure(field) => Some(
            "expected a text; the cell holds this number and shows it in another form, such as with zeros in front".to_owned(),
        ),
        _ => None,
    }
}

/// Refusals of the mapped cells of a row.
pub(super) fn doubtful(sheet: &Sheet, columns: &Columns, row: u32) -> Vec<Refusal> {
    let of = |(field, column): (&Field, &u32)| {
        let wanted = reason(sheet, *field, row, *column)?;
        let found = sheet.text(row, *column);
        Some(Refusal {
            cell: cell_name(row, *column),
            ..refusal(sheet, field.code(), found, wanted)
        })
    };
    columns.iter().filter_map(of).collect()
}

/// What was read of a table although a person does not see it, or not all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// Figures with more decimals than are shown: how many, and the first cell.
    rounded: Option<(usize, String)>,
    /// Figures that are shown with a word: how many, and the first cell.
    worded: Option<(usize, String)>,
    /// Hidden rows with figures, from 0.
    rows: Vec<u32>,
    /// Hidden columns that the mapping names.
    columns: Vec<u32>,
    /// Whether the sheet is hidden.
    sheet: bool,
}

impl Unseen {
    /// Of a table with these columns, before its rows.
    pub(super) fn of(hidden: &Hidden, columns: &Columns) -> Unseen {
        let is_hidden = |c: &&u32| {
            hidden
                .columns
                .iter()
                .any(|(first, last)| (first..=last).contains(c))
        };
        Unseen {
            columns: columns.values().filter(is_hidden).copied().collect(),
            sheet: hidden.sheet,
            ..Unseen::default()
        }
    }

    /// Adds a row that became a factor.
    pub(super) fn add(&mut self, sheet: &Sheet, columns: &Columns, row: u32) {
        if sheet.hidden.rows.binary_search(&row).is_ok() {
            self.rows.push(row);
        }
        for column in columns.values() {
            let told = match sheet.seen(row, *column) {
                Seen::Rounded => &mut self.rounded,
                Seen::Worded => &mut self.worded,
                _ => continue,
            };
            told.get_or_insert_with(|| (0, cell_name(row, *column))).0 += 1;
        }
    }

    /// In words, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.sheet {
            lines.push("the sheet is hidden in the workbook".to_owned());
        }
        if let Some(first) = self.columns.first() {
            let mut line = format!("hidden columns were read: {}", column_letters(*first));
            for column in &self.columns[1..] {
                let _ = write!(line, ", {}", column_letters(*column));
            }
            lines.push(line);
        }
        if let Some(first) = self.rows.first() {
            lines.push(format!(
                "{} read, the first is row {}; skip_rows passes over rows",
                counted(self.rows.len() as u64, "hidden row"),
                first + 1
            ));
        }
        if let Some((count, first)) = &self.rounded {
            lines.push(format!(
                "{} with more decimals than the workbook shows, the first is {first}; all of them count",
                counted(*count as u64, "figure")
            ));
        }
        if let Some((count, first)) = &self.worded {
            lines.push(format!(
                "{} shown with a word, which is not read as a unit, the first is {first}",
                counted(*count as u64, "figure")
            ));
        }
        lines
    }
}
