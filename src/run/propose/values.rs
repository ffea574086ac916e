//! Words of an export that a run does not know, as files of `[values]` to fill in.

use super::assign::Assigned;
use super::table::{Column, Table};
use crate::input::mapping::OPEN;
use crate::input::survey::Held;
use crate::input::words::{Words, normal};
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, EnergyUnit, LoadStatus, Mode, RecordStatus, Temperature};
use crate::reference::{ContainerTypes, ModeAliases, Places};
use std::collections::HashMap;

/// Different words that a file lists; more are no code words.
pub(super) const MOST: usize = 2_000;

/// What a run would know.
pub(super) struct Known<'k> {
    pub modes: ModeAliases,
    pub containers: ContainerTypes,
    pub words: &'k Words,
    /// By normal form of a name: its place, if there is one only.
    names: HashMap<String, Option<LocationCode>>,
    places: Places,
}

impl<'k> Known<'k> {
    pub(super) fn new(
        modes: ModeAliases,
        containers: ContainerTypes,
        places: Places,
        words: &'k Words,
    ) -> Known<'k> {
        let mut names: HashMap<String, Option<LocationCode>> = HashMap::new();
        for code in places.codes() {
            let name = places.get(code).map_or("", |place| &place.name);
            // `Shanghai (Waigaoqiao)` is in Shanghai as well as the port that has no other name.
            let town = name.split(['(', ',']).next().unwrap_or_default();
            for name in [normal(name), normal(town)] {
                let place = names.entry(name).or_insert(Some(code));
                if *place != Some(code) {
                    *place = None;
                }
            }
        }
        Known {
            modes,
            containers,
            words,
            names,
            places,
        }
    }

    /// The place that a text may mean: a code within it, else a name that one place has.
    fn place(&self, text: &str) -> Option<LocationCode> {
        let joined: String = text.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        let code = parts
            .chain([joined.as_str()])
            .filter_map(|part| LocationCode::parse(part.to_uppercase().as_bytes()))
            .find(|code| self.places.get(*code).is_some());
        // `Hamburg, Germany`, `Hamburg (DE)`
        let name = text.split([',', '(', '/']).next().unwrap_or_default();
        let names = [text, name].map(normal).into_iter();
        let known = names
            .filter(|name| !name.is_empty())
            .find_map(|name| self.names.get(&name));
        code.or(known.copied().flatten())
    }
}

/// A file of `[values]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ValueFile {
    pub column: &'static str,
    /// Their value and our code; a code that begins with [`OPEN`] is to be filled in.
    pub rows: Vec<(String, String)>,
    pub open: usize,
    /// What is said above the key.
    pub note: Option<String>,
}

impl ValueFile {
    /// Its name below the folder of the run file.
    pub(super) fn name(&self) -> String {
        format!("values/{}.csv", self.column)
    }

    /// Its content.
    pub(super) fn text(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let heads = std::iter::once(("value", "code"));
        let rows = self
            .rows
            .iter()
            .map(|(value, code)| (value.as_str(), code.as_str()));
        for (value, code) in heads.chain(rows) {
            // Into memory, where nothing fails.
            let _ = writer.write_record([value, code]);
        }
        String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned()
    }
}

/// What a word is to a column.
enum Word {
    /// Read as it stands.
    Known,
    /// This code.
    Code(String),
    /// Perhaps this code.
    Perhaps(String),
    Open,
}

/// The words of all columns of code words and places.
pub(super) fn propose(table: &Table, assigned: &Assigned, known: &Known) -> Vec<ValueFile> {
    let of = |ours: &'static str| of_column(ours, &table.together(&assigned.all(ours))?, known);
    [
        "container_type",
        "mode",
        "carrier",
        "origin",
        "destination",
        "distance_basis",
        "load_status",
        "temperature",
        "energy_unit",
        "record_status",
    ]
    .into_iter()
    .filter_map(of)
    .collect()
}

fn of_column(ours: &'static str, column: &Column, known: &Known) -> Option<ValueFile> {
    let cells = column.held(&[Held::Text, Held::Number, Held::Local, Held::Instant]);
    if ours == "carrier" {
        return carriers(&cells);
    }
    let judged = cells
        .iter()
        .take(MOST)
        .map(|(text, _)| (*text, judge(ours, text, known)));
    let mut file = ValueFile {
        column: ours,
        rows: Vec::new(),
        open: 0,
        note: None,
    };
    for (text, word) in judged {
        let code = match word {
            Word::Known => continue,
            Word::Code(code) => code,
            Word::Perhaps(code) => format!("{OPEN}{code}"),
            Word::Open => OPEN.to_owned(),
        };
        file.open += usize::from(code.starts_with(OPEN));
        file.rows.push((text.to_owned(), code));
    }
    if cells.len() > MOST || column.is_cut {
        file.note = Some(format!(
            "more than {MOST} different values; the file lists the most frequent"
        ));
    }
    (!file.rows.is_empty()).then_some(file)
}

/// Names of carriers pass as they are; the file gives the place to say their SCAC.
fn carriers(cells: &[(&str, u64)]) -> Option<ValueFile> {
    let is_code = |text: &str| {
        (2..=5).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let names = cells.iter().take(MOST).filter(|(text, _)| !is_code(text));
    let rows: Vec<(String, String)> = names
        .map(|(text, _)| ((*text).to_owned(), text.chars().take(64).collect()))
        .collect();
    (!rows.is_empty()).then(|| ValueFile {
        column: "carrier",
        rows,
        open: 0,
        note: Some("names pass as they are; write the SCAC in their place where factors of that carrier shall apply".to_owned()),
    })
}

fn judge(ours: &str, text: &str, known: &Known) -> Word {
    let is_known = match ours {
        "mode" => {
            known.modes.modes.contains_key(&text.to_lowercase()) || Mode::from_code(text).is_some()
        }
        "container_type" => known.containers.lookup(text).is_some(),
        "origin" | "destination" => LocationCode::parse(text.as_bytes()).is_some(),
        "distance_basis" => Basis::from_code(text).is_some(),
        "load_status" => LoadStatus::from_code(text).is_some(),
        "temperature" => Temperature::from_code(text).is_some(),
        "energy_unit" => EnergyUnit::from_code(text).is_some(),
        _ => RecordStatus::from_code(text).is_some(),
    };
    if is_known {
        return Word::Known;
    }
    if let Some(code) = known.words.code(ours, text) {
        return Word::Code(code.to_owned());
    }
    if matches!(ours, "origin" | "destination") {
        return match known.place(text) {
            Some(code) => Word::Perhaps(code.to_string()),
            None => Word::Open,
        };
    }
    let is_set_point = text.bytes().any(|b| b.is_ascii_digit());
    match ours {
        _ if known.words.is_nothing(text) => Word::Perhaps(String::new()),
        "temperature" if is_set_point => Word::Perhaps("refrigerated".to_owned()),
        _ => Word::Open,
    }
}

/// Words in a column of numbers or times: those that mean no value, and others.
pub(super) fn of_words(ours: &'static str, texts: &[String], words: &Words) -> Option<ValueFile> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for text in texts.iter().filter(|text| !text.is_empty()).take(MOST) {
        let code = if words.is_nothing(text) { "" } else { OPEN };
        rows.push((text.clone(), code.to_owned()));
    }
    rows.sort_unstable_by(|a, b| (!a.1.is_empty(), &a.0).cmp(&(!b.1.is_empty(), &b.0)));
    let open = rows.iter().filter(|(_, code)| !code.is_empty()).count();
    (!rows.is_empty()).then(|| ValueFile {
        column: ours,
        rows,
        open,
        note: Some(
            "words in the place of a value; an empty code means that there is none".to_owned(),
        ),
    })
}
