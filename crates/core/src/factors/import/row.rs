//! One row of a foreign sheet as a row of our layout: figures in our units, texts translated, refusals with their cells.

use super::field::Field;
use super::figure::Figure;
use super::mapping::{Mapping, Origin, Table};
use super::rows::{Columns, Refusal, refusal};
use super::units::{self, Ratio};
use crate::factors::factor::Section;
use crate::factors::rows::{QUANTITY_SCALE, layout};
use crate::model::mode::Per;
use crate::model::sheet::{Held, Sheet, cell_name};
use crate::model::unit::{NANO_SCALE, short_decimal_text};

/// Reads one row.
pub(super) struct RowReader<'a> {
    pub mapping: &'a Mapping,
    pub table: &'a Table,
    pub sheet: &'a Sheet,
    pub columns: &'a Columns,
    /// Row, from 0.
    pub row: u32,
    /// Where refusals go.
    pub refusals: &'a mut Vec<Refusal>,
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
    pub(super) fn cells(&mut self) -> Vec<String> {
        let figures = self.figures();
        if self.table.section == Section::Transport {
            self.check_distance();
        }
        let names = layout(self.table.section).iter().map(|c| c.0);
        names
            .map(|name| one_line(&self.cell(name, &figures)))
            .collect()
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
                format!(
                    "{said}; {} {}!{}",
                    self.sheet.file,
                    self.sheet.name,
                    self.figure_cells().join(",")
                )
            }
            "note" => {
                let said = self.text(Field::Note).filter(|t| !t.is_empty());
                said.into_iter()
                    .chain(figures.how.iter().cloned())
                    .collect::<Vec<_>>()
                    .join("; ")
            }
            name => Field::from_code(name)
                .filter(|f| f.is_copied())
                .and_then(|f| self.text(f))
                .unwrap_or_default(),
        }
    }

    /// Text of the cell or the constant, before translation.
    fn raw(&self, field: Field) -> Option<&str> {
        match self.table.fields.get(&field)? {
            Origin::Constant(text) => Some(text),
            Origin::Head(..) | Origin::Column(_) => self
                .columns
                .get(&field)
                .map(|c| self.sheet.text(self.row, *c)),
        }
    }

    /// Value of a field in our words; `None` when the mapping has no such field. An untranslated value is refused.
    fn text(&mut self, field: Field) -> Option<String> {
        let raw = self.raw(field)?.to_owned();
        let Some(values) = self.table.values.get(&field) else {
            if field == Field::Carrier && is_nobody(&raw) {
                let wanted = format!(
                    "expected a carrier, or nothing where the figure holds for every carrier; in [table.values.carrier], \"{raw}\" = \"\" says that it does"
                );
                self.refuse(field, &raw, wanted);
            }
            return Some(raw);
        };
        let ours = values.get(&raw).map(|v| v.to_string());
        if ours.is_none() {
            self.refuse(
                field,
                &raw,
                format!("expected an entry of table.values.{}", field.code()),
            );
        }
        Some(ours.unwrap_or_default())
    }

    fn refuse(&mut self, field: Field, found: &str, wanted: impl Into<String>) {
        let cell = self
            .columns
            .get(&field)
            .map_or(String::new(), |c| cell_name(self.row, *c));
        self.refusals.push(Refusal {
            cell,
            ..refusal(self.sheet, field.code(), found, wanted.into())
        });
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
            None => self.refuse(
                Field::Per,
                &unit,
                format!("expected {}", units::activity_units(self.table.section)),
            ),
        }
        if self.refusals.len() == before {
            made
        } else {
            self.stand_in()
        }
    }

    /// Figures of a row whose own ones were refused: the checks of its other cells shall not stumble over them. Nothing is
    /// written when anything was refused.
    fn stand_in(&self) -> Figures {
        let per = match self.table.section {
            Section::Transport => Per::Tkm,
            Section::Hub => Per::T,
            Section::Energy => Per::Kg,
        };
        Figures {
            operation: "0".to_owned(),
            provision: "0".to_owned(),
            per: per.code().to_owned(),
            ..Figures::default()
        }
    }

    fn energy(&mut self, per: Per, in_theirs: Ratio, activity: &str, made: &mut Figures) {
        let unit = self.text(Field::EnergyUnit).unwrap_or_default();
        let quantity = self.figure(Field::EnergyQuantity);
        let Some((ours, ratio)) = units::energy(&unit) else {
            return self.refuse(
                Field::EnergyUnit,
                &unit,
                format!("expected {}", units::ENERGY_UNITS),
            );
        };
        made.unit = ours.code().to_owned();
        if let Some((quantity, text)) = quantity {
            match quantity.converted(ratio, in_theirs, QUANTITY_SCALE) {
                Some(value) => made.quantity = short_decimal_text(value.into(), QUANTITY_SCALE),
                None => self.refuse(
                    Field::EnergyQuantity,
                    &text,
                    "expected a quantity that fits 18 digits",
                ),
            }
        }
        if (ours.code(), per.code()) != (unit.as_str(), plain_unit(activity)) {
            made.how
                .push(format!("converted from {unit} per {activity}"));
        }
    }

    fn emissions(&mut self, per: Per, in_theirs: Ratio, activity: &str, made: &mut Figures) {
        let unit = self.text(Field::GhgUnit).unwrap_or_default();
        let [operation, provision, total] =
            [Field::GhgOperation, Field::GhgProvision, Field::GhgTotal]
                .map(|field| self.figure(field).map(|(figure, _)| figure));
        let Some(grams) = units::grams(&unit) else {
            return self.refuse(
                Field::GhgUnit,
                &unit,
                format!("expected {}", units::GHG_UNITS),
            );
        };
        let Some((operation, provision)) = self.split(operation, provision, total, made) else {
            return;
        };
        for (field, figure, place) in [
            (Field::GhgOperation, operation, &mut made.operation),
            (Field::GhgProvision, provision, &mut made.provision),
        ] {
            match figure.converted(grams, in_theirs, NANO_SCALE) {
                Some(value) => *place = short_decimal_text(value.into(), NANO_SCALE),
                None => self.refuse(
                    field,
                    "",
                    "expected grams below 10^9 per unit after conversion",
                ),
            }
        }
        if unit != "g" || per.code() != plain_unit(activity) {
            made.how
                .push(format!("converted from {unit} per {activity}"));
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
        let difference = total
            .minus(operation)
            .and_then(|rest| rest.minus(provision));
        let fits = difference.is_some_and(|d| {
            // At the finest scale of the three the last decimal is one unit.
            let units = d
                .mantissa
                .abs()
                .saturating_mul(10i128.saturating_pow(scale.saturating_sub(d.scale)));
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
        let is_text = self
            .columns
            .get(&field)
            .is_some_and(|c| self.sheet.held(self.row, *c) != Held::Number);
        if is_text {
            self.mapping.decimal_mark
        } else {
            '.'
        }
    }

    /// The statement about the adjustment and the basis must say the same, so that a slip in one of them shows.
    fn check_distance(&mut self) {
        let inside = self
            .text(Field::DistanceAdjustmentInside)
            .unwrap_or_default();
        let basis = self.text(Field::DistanceBasis).unwrap_or_default();
        let wanted = match inside.as_str() {
            "yes" if basis == "actual" => {
                "expected sfd or gcd, since the figure holds the distance adjustment already (distance_adjustment_inside = \"yes\")"
            }
            "no" if matches!(basis.as_str(), "sfd" | "gcd") => {
                "expected actual, since the figure does not hold the distance adjustment (distance_adjustment_inside = \"no\")"
            }
            "yes" | "no" => return,
            _ => {
                return self.refuse(
                    Field::DistanceAdjustmentInside,
                    &inside,
                    "expected yes or no",
                );
            }
        };
        self.refuse(Field::DistanceBasis, &basis, wanted);
    }

    /// Cells that the figures stand in.
    fn figure_cells(&self) -> Vec<String> {
        let fields = [
            Field::GhgOperation,
            Field::GhgProvision,
            Field::GhgTotal,
            Field::EnergyQuantity,
        ];
        fields
            .iter()
            .filter_map(|f| self.columns.get(f))
            .map(|c| cell_name(self.row, *c))
            .collect()
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
    text.split(char::is_control)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What people write where no one carrier is meant, as letters and digits alone in lower case.
const NOBODY: [&str; 44] = [
    "0",
    "all",
    "allcarrier",
    "allcarriers",
    "alle",
    "allecarrier",
    "alles",
    "andere",
    "any",
    "anycarrier",
    "average",
    "blank",
    "default",
    "divers",
    "diverse",
    "diversi",
    "each",
    "every",
    "everybody",
    "fleet",
    "generic",
    "inconnu",
    "industry",
    "industryaverage",
    "marketaverage",
    "multi",
    "multiple",
    "na",
    "none",
    "notapplicable",
    "notavailable",
    "null",
    "other",
    "others",
    "tba",
    "tbd",
    "todos",
    "tous",
    "tutti",
    "unbekannt",
    "undefined",
    "unknown",
    "varios",
    "various",
];

/// Whether a text is what people write for no carrier, or for all: as a code it would be the name of one that nobody is.
fn is_nobody(text: &str) -> bool {
    let word: String = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    // Two letters with marks between them (`n.v.`, `k.A.`, `s/o`) are an abbreviation; without marks they may be a code.
    let is_short = word.chars().count() <= 2 && text.contains(['.', '/']);
    !text.is_empty() && (word.is_empty() || is_short || NOBODY.binary_search(&&*word).is_ok())
}
