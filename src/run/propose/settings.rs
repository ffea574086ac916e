//! The keys of `[formats]`, `[csv]` and `[xlsx]` that an export needs: each with its value, or with the question that it leaves.

use super::assign::{Assigned, Choice};
use super::form::{Form, Kind};
use super::numbers::{Mark, Marks};
use super::table::{Column, Table, quoted};
use super::times::{self, Times};
use super::values::{self, ValueFile};
use crate::input::SourceFile;
use crate::input::mapping::OPEN;
use crate::input::survey::Held;
use crate::input::words::{DISTANCE_UNIT, MASS_UNIT, Words};
use std::collections::BTreeMap;

/// A key of the run file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// Table and key.
    pub table: &'static str,
    pub key: String,
    /// The value as TOML writes it; `None`: it is left open.
    pub value: Option<String>,
    /// What stands above it.
    pub comment: Option<String>,
}

/// What an export needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub keys: Vec<Setting>,
    /// Words in columns of numbers and times.
    pub words: Vec<ValueFile>,
}

/// Different words beyond which a column is not one of numbers or times.
const MOST_WORDS: usize = 50;

const NUMBERS: [&str; 7] = [
    "distance_km",
    "cargo_mass_kg",
    "teu",
    "container_cargo_mass_kg",
    "energy_quantity",
    "box_share",
    "sequence",
];
const TIMES: [&str; 3] = ["departed_at", "arrived_at", "recorded_at"];

/// A text as TOML writes it.
pub(super) fn toml(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Settings {
    /// Finds them.
    pub(super) fn of(
        sources: &[SourceFile],
        forms: &[Form],
        table: &Table,
        assigned: &Assigned,
        words: &Words,
    ) -> Settings {
        let mut settings = Settings::default();
        settings.text_forms(sources, forms);
        settings.numbers(table, assigned, words);
        settings.times(forms, table, assigned, words);
        settings.units(table, assigned, words);
        settings.places(sources, forms);
        settings
    }

    fn put(&mut self, table: &'static str, key: &str, value: String, comment: Option<String>) {
        self.keys.push(Setting {
            table,
            key: key.to_owned(),
            value: Some(value),
            comment,
        });
    }

    fn ask(&mut self, table: &'static str, key: &str, why: String) {
        self.keys.push(Setting {
            table,
            key: key.to_owned(),
            value: None,
            comment: Some(why),
        });
    }

    /// One value of all files, or the question which one.
    fn common(
        &mut self,
        table: &'static str,
        key: &str,
        sources: &[SourceFile],
        values: Vec<(usize, String)>,
        default: &str,
    ) {
        let mut by_value: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (at, value) in &values {
            by_value.entry(value).or_default().push(&sources[*at].label);
        }
        match by_value.len() {
            0 => {}
            1 => {
                if let Some((value, _)) = by_value.first_key_value()
                    && *value != default
                {
                    self.put(table, key, (*value).to_owned(), None);
                }
            }
            _ => {
                let list: Vec<String> = (by_value.iter())
                    .map(|(value, files)| format!("{value} for {}", quoted(files[0])))
                    .collect();
                self.ask(
                    table,
                    key,
                    format!(
                        "the files differ: {}; a run reads one, so read them in runs of their own or have them written alike",
                        list.join(", ")
                    ),
                );
            }
        }
    }

    fn text_forms(&mut self, sources: &[SourceFile], forms: &[Form]) {
        let open = |key: &str| {
            let mut open = forms.iter().flat_map(|form| &form.open);
            open.find(|(open, _)| *open == key)
                .map(|(_, why)| why.clone())
        };
        match open("encoding") {
            Some(why) => self.ask("formats", "encoding", why),
            None => {
                let encodings = forms.iter().enumerate().filter_map(|(at, form)| {
                    let encoding = match form.kind {
                        Kind::Text { encoding, .. } | Kind::Json { encoding } => encoding,
                        _ => return None,
                    };
                    Some((at, toml(&encoding.name().to_lowercase())))
                });
                self.common(
                    "formats",
                    "encoding",
                    sources,
                    encodings.collect(),
                    "\"utf-8\"",
                );
            }
        }
        let delimiters = forms
            .iter()
            .enumerate()
            .filter_map(|(at, form)| match form.kind {
                Kind::Text { delimiter, .. } => Some((at, toml(&(delimiter as char).to_string()))),
                _ => None,
            });
        self.common(
            "formats",
            "delimiter",
            sources,
            delimiters.collect(),
            "\",\"",
        );
    }

    fn numbers(&mut self, table: &Table, assigned: &Assigned, words: &Words) {
        let mut marks = Marks::default();
        let mut has_exponents = false;
        for ours in NUMBERS {
            let Some(column) = table.together(&assigned.all(ours)) else {
                continue;
            };
            let texts: Vec<&str> = column.texts().into_iter().map(|(text, _)| text).collect();
            let found = marks.take(&column.name, &texts);
            has_exponents |=
                (column.held(&[Held::Number]).iter()).any(|(text, _)| text.contains(['e', 'E']));
            self.strange(ours, &column, found, words);
        }
        if has_exponents || marks.has_exponents() {
            let why = "numbers are written with a power of ten".to_owned();
            self.put("formats", "exponents", toml("read"), Some(why));
        }
        let (decimal, thousands) = marks.settle();
        for (key, mark) in [("decimal", decimal), ("thousands", thousands)] {
            match mark {
                Mark::Default => {}
                Mark::One('.') if key == "decimal" => {}
                Mark::One(mark) => self.put("formats", key, toml(&mark.to_string()), None),
                Mark::Open(why) => {
                    let none = match key {
                        "thousands" => "; \"\" if there is none",
                        _ => "",
                    };
                    self.ask("formats", key, format!("{why}{none}"));
                }
            }
        }
    }

    /// Words where a number or a time should be.
    fn strange(&mut self, ours: &'static str, column: &Column, found: Vec<String>, words: &Words) {
        if found.len() <= MOST_WORDS {
            self.words.extend(values::of_words(ours, &found, words));
            return;
        }
        let shown: Vec<String> = found.iter().take(3).map(|text| quoted(text)).collect();
        self.keys.push(Setting {
            table: "columns",
            key: ours.to_owned(),
            value: None,
            comment: Some(format!(
                "{} was taken for {ours}, but {} of its different cells cannot be read as such, {} among them; name it all the same if a run may reject such rows (R002, R004), name another column, or take the line out",
                quoted(&column.name),
                found.len(),
                shown.join(", ")
            )),
        });
    }

    fn times(&mut self, forms: &[Form], table: &Table, assigned: &Assigned, words: &Words) {
        let mut local: Option<String> = None;
        let has_parquet = forms.iter().any(|form| matches!(form.kind, Kind::Parquet));
        for ours in TIMES {
            let Some(column) = table.together(&assigned.all(ours)) else {
                continue;
            };
            if has_parquet && !column.held(&[Held::Number]).is_empty() {
                let why = format!(
                    "{} holds numbers ({}), and of a Parquet file a run reads times or texts as times; name another column, or take the line out",
                    quoted(&column.name),
                    column.examples()
                );
                self.ask("columns", ours, why);
                continue;
            }
            let cells = column.held(&[Held::Text, Held::Number]);
            let texts: Vec<&str> = cells.into_iter().map(|(text, _)| text).collect();
            let Times {
                patterns,
                open,
                needs_zone,
                words: strange,
            } = times::propose(&texts, &|text| words.is_nothing(text));
            let is_local = needs_zone || column.values.keys().any(|c| c.held == Held::Local);
            if is_local && local.is_none() {
                local = Some(format!("{} in {}", column.examples(), quoted(&column.name)));
            }
            let key = format!("timestamp_by_column.{ours}");
            match open {
                Some(why) => {
                    let why = format!("{}: {why}", quoted(&column.name));
                    self.ask("formats", &key, why);
                }
                None if patterns.is_empty() => {}
                None => {
                    let list: Vec<String> = patterns.iter().map(|p| toml(p)).collect();
                    self.put("formats", &key, format!("[{}]", list.join(", ")), None);
                }
            }
            self.strange(ours, &column, strange, words);
        }
        if let Some(example) = local {
            let said = assigned.zone.map(|at| &table.columns[at]);
            let said = said.map_or_else(String::new, |column| {
                format!(" ({} has {})", quoted(&column.name), column.examples())
            });
            self.ask(
                "formats",
                "zone",
                format!(
                    "which time zone are times in that name none, such as {example}{said}? \"UTC\", or a name such as \"Europe/Berlin\", \"Asia/Shanghai\""
                ),
            );
        }
    }

    fn units(&mut self, table: &Table, assigned: &Assigned, words: &Words) {
        let mass = ["cargo_mass_kg", "container_cargo_mass_kg"];
        self.unit(
            "mass_unit",
            MASS_UNIT,
            &mass,
            assigned.mass_unit,
            table,
            assigned,
            words,
        );
        let distance = ["distance_km"];
        let column = assigned.distance_unit;
        self.unit(
            "distance_unit",
            DISTANCE_UNIT,
            &distance,
            column,
            table,
            assigned,
            words,
        );
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what is asked, and what it is asked of"
    )]
    fn unit(
        &mut self,
        key: &str,
        list: &str,
        columns: &[&str],
        said: Option<usize>,
        table: &Table,
        assigned: &Assigned,
        words: &Words,
    ) {
        let mut units: Vec<String> = Vec::new();
        let mut unsaid: Option<&Column> = None;
        for (at, unit) in columns.iter().flat_map(|ours| assigned.all(ours)) {
            match unit.map(|unit| words.code(list, unit).unwrap_or(OPEN)) {
                Some(unit) => units.push(unit.to_owned()),
                None => unsaid = Some(&table.columns[at]),
            }
        }
        if let (Some(column), Some(said)) = (unsaid, said) {
            let cells = table.columns[said].held(&[Held::Text]);
            let known = cells
                .iter()
                .map(|(text, _)| words.code(list, text).unwrap_or(OPEN));
            let mut known: Vec<&str> = known.collect();
            known.sort_unstable();
            known.dedup();
            match known[..] {
                [unit] if unit != OPEN => units.push(unit.to_owned()),
                _ => {
                    let name = quoted(&table.columns[said].name);
                    let examples = table.columns[said].examples();
                    let why = format!(
                        "{} is in the units of {name}, which are {examples}; a run reads one unit",
                        quoted(&column.name)
                    );
                    return self.ask("formats", key, why);
                }
            }
            unsaid = None;
        }
        units.sort_unstable();
        units.dedup();
        let choice = match list {
            MASS_UNIT => "\"kg\", \"t\" or \"lb\"",
            _ => "\"km\", \"mi\", \"nmi\" or \"m\"",
        };
        match (unsaid, units.as_slice()) {
            (None, []) => {}
            (None, [unit]) if unit != OPEN => {
                let default = matches!(unit.as_str(), "kg" | "km");
                if !default {
                    self.put("formats", key, toml(unit), None);
                }
            }
            (Some(column), _) => {
                let why = format!(
                    "in which unit is {} ({})? {choice}",
                    quoted(&column.name),
                    column.examples()
                );
                self.ask("formats", key, why);
            }
            (None, _) => {
                let why = format!(
                    "the heads name a unit that a run does not read, that means several things, or several units; a run reads one of {choice}"
                );
                self.ask("formats", key, why);
            }
        }
    }

    fn places(&mut self, sources: &[SourceFile], forms: &[Form]) {
        let of = |is_sheet: bool, value: &dyn Fn(&Form) -> String| -> Vec<(usize, String)> {
            let each = forms.iter().enumerate();
            each.filter(|(_, form)| match form.kind {
                Kind::Text { .. } => !is_sheet,
                Kind::Sheet { .. } => is_sheet,
                _ => false,
            })
            .map(|(at, form)| (at, value(form)))
            .collect()
        };
        let row = |row: Option<u64>| row.map_or_else(String::new, |row| row.to_string());
        let footer = |form: &Form| form.footer.to_string();
        let head = |form: &Form| row(form.head_row);
        self.common("csv", "head_row", sources, of(false, &head), "");
        self.common("csv", "skip_footer", sources, of(false, &footer), "0");
        let open = forms.iter().flat_map(|form| &form.open);
        let sheet = open.into_iter().find(|(key, _)| *key == "sheet");
        match sheet {
            Some((_, why)) => self.ask("xlsx", "sheet", why.clone()),
            None => {
                let name = |form: &Form| match &form.kind {
                    Kind::Sheet { name, .. } if form.has_other_sheets => toml(name),
                    _ => String::new(),
                };
                self.common("xlsx", "sheet", sources, of(true, &name), "");
            }
        }
        self.common("xlsx", "head_row", sources, of(true, &head), "");
        let first = |form: &Form| row(form.first_row);
        self.common("xlsx", "first_row", sources, of(true, &first), "");
        self.common("xlsx", "skip_footer", sources, of(true, &footer), "0");
    }

    /// Whether a column is asked about here in the place of the choice that was made.
    pub(super) fn asks_for(&self, ours: &str, choice: &Choice) -> Option<&str> {
        let asked = self
            .keys
            .iter()
            .find(|s| s.table == "columns" && s.key == ours)?;
        matches!(choice, Choice::One { .. })
            .then_some(asked.comment.as_deref())
            .flatten()
    }
}
