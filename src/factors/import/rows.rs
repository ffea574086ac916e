//! Rows of foreign sheets to rows of our tables, every refusal with its cell.

use super::field::Field;
use super::figure::Figure;
use super::mapping::{Mapping, Origin, Table};
use super::units::{self, Ratio};
use crate::factors::factor::Section;
use crate::factors::fault::{DataFile, Fault};
use crate::factors::rows::{QUANTITY_SCALE, layout};
use crate::model::mode::Per;
use crate::model::sheet::{Sheet, cell_name};
use crate::model::unit::{NANO_SCALE, short_decimal_text};
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
        let place: Vec<&str> =
            [&self.file, &self.sheet, &self.cell].into_iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
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
    let mut imported =
        Imported { tables: Vec::new(), refusals: Vec::new(), counts: Vec::new(), mapping, sheets, lines: BTreeMap::new() };
    let mut texts: BTreeMap<Section, csv::Writer<Vec<u8>>> = BTreeMap::new();
    for (number, table) in mapping.tables.iter().enumerate() {
        let Some(sheet) = imported.sheet(table) else { continue };
        let Some(columns) = imported.columns(table, sheet) else { continue };
        let writer = texts.entry(table.section).or_insert_with(|| csv::Writer::from_writer(Vec::new()));
        imported.convert(number, sheet, &columns, writer);
    }
    for (section, writer) in texts {
        let path = format!("{}/{}", mapping.folder(), section.file_name());
        let names = layout(section).iter().map(|c| c.0).collect::<Vec<_>>().join(",") + "\n";
        // Writing to memory cannot fail.
        let rows = writer.into_inner().unwrap_or_default();
        imported.tables.push(DataFile::new(path, [names.into_bytes(), rows].concat()));
    }
    let mut seen = FxHashSet::default();
    imported.refusals.retain(|r| seen.insert(r.clone()));
    imported
}

/// Where each field of a table stands in the sheet; a constant stands nowhere.
type Columns = BTreeMap<Field, u32>;

impl Imported<'_> {
    /// The refusal behind a fault that the library's checks found in a row made here; `None` for any other fault.
    pub fn refusal(&self, fault: &Fault) -> Option<Refusal> {
        let name = fault.file.strip_prefix(&format!("{}/", self.mapping.folder()))?;
        let (section, lines) = self.lines.iter().find(|(section, _)| section.file_name() == name)?;
        let &(number, sheet, row) = lines.get(usize::try_from(fault.line).ok()?.checked_sub(2)?)?;
        let table = &self.mapping.tables[number];
        let field = source_field(table, &fault.column);
        let place = field.and_then(|f| self.find_column(table, sheet, f).ok().flatten());
        let found = match (&place, field.and_then(|f| table.fields.get(&f))) {
            (Some(column), _) => self.sheets[sheet].text(row, *column).to_owned(),
            (None, Some(Origin::Constant(text))) => text.clone(),
            (None, _) => fault.found.clone(),
        };
        let is_constant = matches!(field.and_then(|f| table.fields.get(&f)), Some(Origin::Constant(_)));
        // The lines of our table mean nothing to whoever holds the sheet.
        let wanted = self.with_cells(&fault.wanted, *section);
        Some(Refusal {
            cell: match place {
                Some(column) => cell_name(row, column),
                None if is_constant => String::new(),
                None => format!("row {}", row + 1),
            },
            ..refusal(&self.sheets[sheet], field.map_or("", Field::code), &found, wanted)
        })
    }

    /// A message with places in our tables replaced by places in the sheets.
    fn with_cells(&self, text: &str, section: Section) -> String {
        let path = format!("{}/{}:", self.mapping.folder(), section.file_name());
        let Some((before, rest)) = text.split_once(&path) else { return text.to_owned() };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let line = digits.parse::<usize>().ok().and_then(|line| self.lines.get(&section)?.get(line.checked_sub(2)?));
        match line {
            Some(&(_, sheet, row)) => {
                format!("{before}sheet {} row {}{}", self.sheets[sheet].name, row + 1, &rest[digits.len()..])
            }
            None => text.to_owned(),
        }
    }

    fn sheet(&mut self, table: &Table) -> Option<usize> {
        let named: Vec<usize> = (0..self.sheets.len()).filter(|i| self.sheets[*i].name == table.sheet).collect();
        if let [one] = named.as_slice() {
            return Some(*one);
        }
        let there: Vec<String> = self.sheets.iter().map(|s| format!("{} ({})", s.name, s.file)).collect();
        let wanted = format!("expected exactly one sheet of this name among {}", there.join(", "));
        self.refusals.push(Refusal { sheet: table.sheet.clone(), ..refusal(&Sheet::default(), "", "", wanted) });
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
                    self.refusals.push(fault);
                    sound = false;
                }
            }
        }
        sound.then_some(columns)
    }

    fn find_column(&self, table: &Table, sheet: usize, field: Field) -> Result<Option<u32>, Refusal> {
        let sheet = &self.sheets[sheet];
        let head = match table.fields.get(&field) {
            Some(Origin::Head(head, _)) => head,
            Some(Origin::Column(column)) => return Ok(Some(*column)),
            Some(Origin::Constant(_)) | None => return Ok(None),
        };
        let found: Vec<u32> = sheet.row(table.header_row).filter(|(_, text)| text == head).map(|(column, _)| column).collect();
        let wanted = match found.as_slice() {
            [one] => return Ok(Some(*one)),
            [] => {
                let heads: Vec<&str> = sheet.row(table.header_row).map(|(_, text)| text).collect();
                format!("expected the head of a column in this row; heads there: {}", heads.join(", "))
            }
            several => {
                let cells: Vec<String> = several.iter().map(|c| cell_name(table.header_row, *c)).collect();
                format!(
                    "expected a head that stands once, found it in {}; {{ column = \"..\" }} names a column by its letters",
                    cells.join(", ")
                )
            }
        };
        Err(Refusal { cell: format!("row {}", table.header_row + 1), ..refusal(sheet, field.code(), head, wanted) })
    }

    fn convert(&mut self, number: usize, sheet_index: usize, columns: &Columns, writer: &mut csv::Writer<Vec<u8>>) {
        let (table, sheet) = (&self.mapping.tables[number], &self.sheets[sheet_index]);
        let mut count = TableCount { sheet: sheet.name.clone(), rows: 0, blank: 0, skipped: 0 };
        for row in table.first_row..table.end_row.unwrap_or(u32::MAX).min(sheet.row_count()) {
            if table.skip_rows.contains(&row) {
                count.skipped += 1;
            } else if columns.values().all(|c| sheet.text(row, *c).is_empty()) {
                count.blank += 1;
            } else {
                count.rows += 1;
                let mut reader = RowReader { mapping: self.mapping, table, sheet, columns, row, refusals: &mut self.refusals };
                // Writing to memory cannot fail.
                let _ = writer.write_record(reader.cells());
                self.lines.entry(table.section).or_default().push((number, sheet_index, row));
            }
        }
        if count.rows == 0 {
            let wanted = "expected at least one row with figures".to_owned();
            self.refusals.push(Refusal { cell: format!("row {}", table.first_row + 1), ..refusal(sheet, "", "", wanted) });
        }
        self.counts.push(count);
    }
}

fn refusal(sheet: &Sheet, field: &'static str, found: &str, wanted: String) -> Refusal {
    let found = found.chars().take(crate::model::reject::VALUE_SHOWN).collect();
    Refusal { file: sheet.file.clone(), sheet: sheet.name.clone(), cell: String::new(), field, found, wanted }
}

/// The field that a column of our layout was made from.
fn source_field(table: &Table, column: &str) -> Option<Field> {
    let first_there = |fields: &[Field]| fields.iter().copied().find(|f| table.fields.contains_key(f));
    match column {
        "operation_g" => first_there(&[Field::GhgOperation, Field::GhgTotal]),
        "provision_g" => first_there(&[Field::GhgProvision, Field::GhgTotal]),
        "energy_id" => first_there(&[Field::FactorId]),
        name => Field::from_code(name).filter(|f| table.fields.contains_key(f)),
    }
}

/// Reads one row.
struct RowReader<'a> {
    mapping: &'a Mapping,
    table: &'a Table,
    sheet: &'a Sheet,
    columns: &'a Columns,
    row: u32,
    refusals: &'a mut Vec<Refusal>,
}

/// Figures of a row in our units, as texts; empty: absent.
#[derive(Default)]
struct Figures {
    operation: String,
    provision: String,
    quantity: String,
    unit: String,
    per: String,
    /// How they were made, for the note.
    how: Vec<String>,
}

impl RowReader<'_> {
    /// The row in our layout.
    fn cells(&mut self) -> Vec<String> {
        let figures = self.figures();
        if self.table.section == Section::Transport {
            self.check_distance();
        }
        let names = layout(self.table.section).iter().map(|c| c.0);
        names.map(|name| one_line(&self.cell(name, &figures))).collect()
    }

    fn cell(&mut self, column: &str, figures: &Figures) -> String {
        match column {
            "factor_id" | "energy_id" => match self.text(Field::FactorId) {
                Some(id) => id,
                None => format!("{}{}", self.table.id_prefix, self.row + 1),
            },
            "per" => figures.per.clone(),
            "operation_g" => figures.operation.clone(),
            "provision_g" => figures.provision.clone(),
            "energy_quantity" => figures.quantity.clone(),
            "energy_unit" => figures.unit.clone(),
            "source_ref" => {
                let said = self.text(Field::SourceRef).unwrap_or_default();
                format!("{said}; {} {}!{}", self.sheet.file, self.sheet.name, self.figure_cells().join(","))
            }
            "note" => {
                let said = self.text(Field::Note).filter(|t| !t.is_empty());
                said.into_iter().chain(figures.how.iter().cloned()).collect::<Vec<_>>().join("; ")
            }
            name => Field::from_code(name).filter(|f| f.is_copied()).and_then(|f| self.text(f)).unwrap_or_default(),
        }
    }

    /// Text of the cell or the constant, before translation.
    fn raw(&self, field: Field) -> Option<&str> {
        match self.table.fields.get(&field)? {
            Origin::Constant(text) => Some(text),
            Origin::Head(..) | Origin::Column(_) => self.columns.get(&field).map(|c| self.sheet.text(self.row, *c)),
        }
    }

    /// Value of a field in our words; `None` when the mapping has no such field. An untranslated value is refused.
    fn text(&mut self, field: Field) -> Option<String> {
        let raw = self.raw(field)?.to_owned();
        let Some(values) = self.table.values.get(&field) else { return Some(raw) };
        let ours = values.get(&raw).map(|v| v.to_string());
        if ours.is_none() {
            self.refuse(field, &raw, format!("expected an entry of table.values.{}", field.code()));
        }
        Some(ours.unwrap_or_default())
    }

    fn refuse(&mut self, field: Field, found: &str, wanted: impl Into<String>) {
        let cell = self.columns.get(&field).map_or(String::new(), |c| cell_name(self.row, *c));
        self.refusals.push(Refusal { cell, ..refusal(self.sheet, field.code(), found, wanted.into()) });
    }

    fn figures(&mut self) -> Figures {
        let before = self.refusals.len();
        let mut made = Figures::default();
        let unit = self.text(Field::Per).unwrap_or_default();
        match units::activity(self.table.section, &unit) {
            Some((per, in_theirs)) => {
                made.per = per.code().to_owned();
                if self.table.fields.contains_key(&Field::EnergyQuantity) {
                    self.energy(per, in_theirs, &unit, &mut made);
                } else {
                    self.emissions(per, in_theirs, &unit, &mut made);
                }
            }
            None => self.refuse(Field::Per, &unit, format!("expected {}", units::activity_units(self.table.section))),
        }
        if self.refusals.len() == before { made } else { self.stand_in() }
    }

    /// Figures of a row whose own ones were refused: the checks of its other cells shall not stumble over them. Nothing is
    /// written when anything was refused.
    fn stand_in(&self) -> Figures {
        let per = match self.table.section {
            Section::Transport => Per::Tkm,
            Section::Hub => Per::T,
            Section::Energy => Per::Kg,
        };
        Figures { operation: "0".to_owned(), provision: "0".to_owned(), per: per.code().to_owned(), ..Figures::default() }
    }

    fn energy(&mut self, per: Per, in_theirs: Ratio, activity: &str, made: &mut Figures) {
        let unit = self.text(Field::EnergyUnit).unwrap_or_default();
        let quantity = self.figure(Field::EnergyQuantity);
        let Some((ours, ratio)) = units::energy(&unit) else {
            return self.refuse(Field::EnergyUnit, &unit, format!("expected {}", units::ENERGY_UNITS));
        };
        made.unit = ours.code().to_owned();
        if let Some((quantity, text)) = quantity {
            match quantity.converted(ratio, in_theirs, QUANTITY_SCALE) {
                Some(value) => made.quantity = short_decimal_text(value.into(), QUANTITY_SCALE),
                None => self.refuse(Field::EnergyQuantity, &text, "expected a quantity that fits 18 digits"),
            }
        }
        if (ours.code(), per.code()) != (unit.as_str(), plain_unit(activity)) {
            made.how.push(format!("converted from {unit} per {activity}"));
        }
    }

    fn emissions(&mut self, per: Per, in_theirs: Ratio, activity: &str, made: &mut Figures) {
        let unit = self.text(Field::GhgUnit).unwrap_or_default();
        let [operation, provision, total] =
            [Field::GhgOperation, Field::GhgProvision, Field::GhgTotal].map(|field| self.figure(field).map(|(figure, _)| figure));
        let Some(grams) = units::grams(&unit) else {
            return self.refuse(Field::GhgUnit, &unit, format!("expected {}", units::GHG_UNITS));
        };
        let Some((operation, provision)) = self.split(operation, provision, total, made) else { return };
        for (field, figure, place) in
            [(Field::GhgOperation, operation, &mut made.operation), (Field::GhgProvision, provision, &mut made.provision)]
        {
            match figure.converted(grams, in_theirs, NANO_SCALE) {
                Some(value) => *place = short_decimal_text(value.into(), NANO_SCALE),
                None => self.refuse(field, "", "expected grams below 10^9 per unit after conversion"),
            }
        }
        if unit != "g" || per.code() != plain_unit(activity) {
            made.how.push(format!("converted from {unit} per {activity}"));
        }
    }

    /// Operation and provision from the two or three figures there are.
    fn split(
        &mut self,
        operation: Option<Figure>,
        provision: Option<Figure>,
        total: Option<Figure>,
        made: &mut Figures,
    ) -> Option<(Figure, Figure)> {
        match (operation, provision, total) {
            (Some(operation), Some(provision), None) => Some((operation, provision)),
            (Some(operation), Some(provision), Some(total)) => {
                self.check_sum(operation, provision, total);
                Some((operation, provision))
            }
            (Some(operation), None, Some(total)) => {
                made.how.push("provision = total - operation".to_owned());
                Some((operation, self.rest(total, operation, "ghg_operation")?))
            }
            (None, Some(provision), Some(total)) => {
                made.how.push("operation = total - provision".to_owned());
                Some((self.rest(total, provision, "ghg_provision")?, provision))
            }
            // A cell that is no figure was refused already.
            _ => None,
        }
    }

    /// The total less one part; a negative rest means that columns were taken for each other.
    fn rest(&mut self, total: Figure, part: Figure, name: &str) -> Option<Figure> {
        let rest = total.minus(part).filter(|r| r.mantissa >= 0);
        if rest.is_none() {
            let found = self.raw(Field::GhgTotal).unwrap_or_default().to_owned();
            self.refuse(
                Field::GhgTotal,
                &found,
                format!("expected at least {name}, which is a part of it: are the columns right?"),
            );
        }
        rest
    }

    /// Three printed figures may differ by what each was rounded by: half a unit of the last decimal, three times.
    fn check_sum(&mut self, operation: Figure, provision: Figure, total: Figure) {
        let scale = operation.scale.max(provision.scale).max(total.scale);
        let difference = total.minus(operation).and_then(|rest| rest.minus(provision));
        let fits = difference.is_some_and(|d| {
            // At the finest scale of the three the last decimal is one unit.
            let units = d.mantissa.abs().saturating_mul(10i128.saturating_pow(scale.saturating_sub(d.scale)));
            2 * units <= 3
        });
        if !fits {
            let found = self.raw(Field::GhgTotal).unwrap_or_default().to_owned();
            self.refuse(
                Field::GhgTotal,
                &found,
                "expected ghg_operation + ghg_provision, up to the rounding of the last decimal",
            );
        }
    }

    /// The figure of a field with its text; `None` when the mapping has no such field, or, refused, when the cell holds none.
    fn figure(&mut self, field: Field) -> Option<(Figure, String)> {
        let text = self.text(field)?;
        let figure = Figure::parse(&text, self.decimal_mark(field)).filter(|f| f.mantissa >= 0);
        if figure.is_none() {
            let mark = self.mapping.decimal_mark;
            self.refuse(
                field,
                &text,
                format!("expected a figure of at most 18 digits, not negative, with \"{mark}\" as decimal mark"),
            );
        }
        figure.map(|f| (f, text))
    }

    /// A number cell of a workbook and a constant read with a point; only a text may hold another mark.
    fn decimal_mark(&self, field: Field) -> char {
        let is_text = self.columns.get(&field).is_some_and(|c| !self.sheet.is_number(self.row, *c));
        if is_text { self.mapping.decimal_mark } else { '.' }
    }

    /// The statement about the adjustment and the basis must say the same, so that a slip in one of them shows.
    fn check_distance(&mut self) {
        let inside = self.text(Field::DistanceAdjustmentInside).unwrap_or_default();
        let basis = self.text(Field::DistanceBasis).unwrap_or_default();
        let wanted = match inside.as_str() {
            "yes" if basis == "actual" => {
                "expected sfd or gcd, since the figure holds the distance adjustment already (distance_adjustment_inside = \"yes\")"
            }
            "no" if matches!(basis.as_str(), "sfd" | "gcd") => {
                "expected actual, since the figure does not hold the distance adjustment (distance_adjustment_inside = \"no\")"
            }
            "yes" | "no" => return,
            _ => return self.refuse(Field::DistanceAdjustmentInside, &inside, "expected yes or no"),
        };
        self.refuse(Field::DistanceBasis, &basis, wanted);
    }

    /// Cells that the figures stand in.
    fn figure_cells(&self) -> Vec<String> {
        let fields = [Field::GhgOperation, Field::GhgProvision, Field::GhgTotal, Field::EnergyQuantity];
        fields.iter().filter_map(|f| self.columns.get(f)).map(|c| cell_name(self.row, *c)).collect()
    }
}

/// How our code word for a unit of activity is written in a mapping.
fn plain_unit(activity: &str) -> &str {
    match activity {
        "t.km" => "tkm",
        "teu.km" => "teukm",
        other => other,
    }
}

/// A line break inside a cell would shift the lines of our table.
fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
