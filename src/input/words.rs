//! The words by which exports name columns and codes (`export_words.csv`), and the normal form by which they are known.

use super::heads;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Columns that only say how another one is to be read, and the words that stand for no value.
pub(crate) const MASS_UNIT: &str = "mass_unit";
/// Of distances.
pub(crate) const DISTANCE_UNIT: &str = "distance_unit";
/// The zone of times.
pub(crate) const ZONE: &str = "zone";
const NO_VALUE: &str = "no_value";

/// The file of words.
pub(crate) const FILE: &str = "export_words.csv";

/// The words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// By normal form of a head: the columns that it may stand for.
    heads: HashMap<String, Vec<String>>,
    /// By column and normal form of a word: its code.
    codes: HashMap<(String, String), String>,
}

/// Columns that have a unit.
const MEASURES: [&str; 3] = ["cargo_mass_kg", "container_cargo_mass_kg", "distance_km"];
/// Columns of names, whose heads say so in many ways.
const IDS: [&str; 4] = ["movement_id", "shipment_id", "container_id", "carrier"];
const NUMBERED: [&str; 12] = [
    "reference",
    "number",
    "nummer",
    "code",
    "ref",
    "num",
    "nbr",
    "id",
    "no",
    "nr",
    "号码",
    "编号",
];

/// A head that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownHead {
    /// The columns that it may stand for.
    pub columns: Vec<String>,
    /// The unit that it names, as a word.
    pub unit: Option<String>,
}

static SHIPPED: LazyLock<Words> = LazyLock::new(|| {
    // A test reads the file, so that it is one.
    Words::parse(include_bytes!("../../data/export_words.csv"), FILE).unwrap_or_default()
});

impl Words {
    /// Those that ship with the program.
    pub(crate) fn shipped() -> &'static Words {
        &SHIPPED
    }

    /// Reads `column,code,language,word`; a row without a code is a head.
    pub(crate) fn parse(bytes: &[u8], file: &str) -> Result<Words> {
        let mut reader = csv::Reader::from_reader(bytes);
        let mut words = Words::default();
        let fault = |line: u64, what: &str| Error::Library(format!("{file}:{line}: {what}"));
        let heads = reader.headers().map_err(|e| fault(1, &e.to_string()))?;
        if heads != vec!["column", "code", "language", "word"] {
            return Err(fault(1, "expected the header column,code,language,word"));
        }
        for record in reader.records() {
            let record = record.map_err(|e| fault(0, &e.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let (column, code, word) = (record[0].to_owned(), &record[1], normal(&record[3]));
            if column.is_empty() || word.is_empty() {
                return Err(fault(line, "expected a column and a word"));
            }
            if code.is_empty() {
                let columns = words.heads.entry(word).or_default();
                if !columns.contains(&column) {
                    columns.push(column);
                }
            } else if let Some(other) = words.codes.insert((column, word), code.to_owned())
                && other != code
            {
                return Err(fault(line, "expected one code for each word of a column"));
            }
        }
        Ok(words)
    }

    /// What a head stands for: by its whole, else without the unit that it names.
    pub(crate) fn head(&self, head: &str) -> Option<KnownHead> {
        let columns = |name: &str| self.heads.get(&normal(name)).cloned();
        let (bare, unit) = without_unit(head, |word| self.is_unit(word));
        if let Some(columns) = columns(head) {
            // `km` alone is a head and its own unit; in `Ship to` there is none.
            let is_measure = columns
                .iter()
                .any(|column| MEASURES.contains(&column.as_str()));
            let unit = unit.or_else(|| self.is_unit(head).then(|| normal(head)));
            let unit = unit.filter(|_| is_measure);
            return Some(KnownHead { columns, unit });
        }
        if let Some(columns) = columns(&bare) {
            return Some(KnownHead { columns, unit });
        }
        if let Some(columns) = self.named(&normal(head)) {
            return Some(KnownHead {
                columns,
                unit: None,
            });
        }
        // Written together: `WEIGHTKG`.
        let whole = normal(head);
        ["kgs", "kg", "lbs", "lb", "km", "公斤", "千克", "吨", "公里"]
            .into_iter()
            .find_map(|unit| {
                let columns = self.heads.get(whole.strip_suffix(unit)?)?.clone();
                let unit = Some(unit.to_owned());
                Some(KnownHead { columns, unit })
            })
    }

    /// The columns of a head that says `No` or `Ref` or nothing where the word says another of these.
    fn named(&self, head: &str) -> Option<Vec<String>> {
        let bare = NUMBERED.iter().find_map(|end| head.strip_suffix(end))?;
        let ends = NUMBERED.iter().copied().chain([""]);
        ends.filter_map(|end| self.heads.get(&format!("{bare}{end}")))
            .find(|columns| columns.iter().all(|c| IDS.contains(&c.as_str())))
            .cloned()
    }

    /// The code that a word of a column stands for.
    pub(crate) fn code(&self, column: &str, word: &str) -> Option<&str> {
        let key = (column.to_owned(), normal(word));
        self.codes.get(&key).map(String::as_str)
    }

    /// Whether a word says that there is no value.
    pub(crate) fn is_nothing(&self, word: &str) -> bool {
        // Signs have no normal form of their own.
        (!word.is_empty() && word.chars().all(|c| matches!(c, '-' | '–' | '—' | '/')))
            || self.code(NO_VALUE, word).is_some()
    }

    fn is_unit(&self, word: &str) -> bool {
        self.code(MASS_UNIT, word).is_some() || self.code(DISTANCE_UNIT, word).is_some()
    }
}

/// The normal form of a word: as for heads, and without punctuation and accents of European languages.
pub(crate) fn normal(word: &str) -> String {
    let kept: String = (word.chars())
        .filter(|c| c.is_alphanumeric() || matches!(c, '_' | ' '))
        .collect();
    heads::normal(&kept).chars().map(plain_letter).collect()
}

/// A letter without its accent, as exports of old systems write it.
fn plain_letter(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'º' => 'o',
        'ё' => 'е',
        other => other,
    }
}

/// A head without the unit that it names last or in brackets, and that unit.
fn without_unit(head: &str, is_unit: impl Fn(&str) -> bool) -> (String, Option<String>) {
    let words: Vec<&str> = head
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let at = (1..words.len()).rev().find(|&at| is_unit(words[at]));
    let Some(at) = at else {
        return (head.to_owned(), None);
    };
    let mut rest = words.clone();
    let unit = rest.remove(at);
    // `in kg`, `per t`
    if at > 1 && matches!(normal(rest[at - 1]).as_str(), "in" | "en" | "em" | "w") {
        rest.remove(at - 1);
    }
    (rest.join(" "), Some(normal(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let bytes = include_bytes!("../../data/export_words.csv");
        Words::parse(bytes, FILE).unwrap()
    }

    #[test]
    fn heads_in_several_languages_and_with_units() {
        let words = words();
        for (head, column, unit) in [
            ("Bruttogewicht (kg)", "cargo_mass_kg", Some("kg")),
            ("GROSS_WEIGHT_LBS", "cargo_mass_kg", Some("lbs")),
            ("WEIGHTKG", "cargo_mass_kg", Some("kg")),
            ("毛重(吨)", "cargo_mass_kg", Some("吨")),
            ("重量公斤", "cargo_mass_kg", Some("公斤")),
            ("Gewicht in t", "cargo_mass_kg", Some("t")),
            ("Ship to", "destination", None),
            ("To", "destination", None),
            ("Puerto de carga", "origin", None),
            ("numéro d'expédition", "shipment_id", None),
            ("NUMERO D EXPEDITION", "shipment_id", None),
            ("Distance (mi)", "distance_km", Some("mi")),
            ("km", "distance_km", Some("km")),
            ("B/L No.", "shipment_id", None),
            ("起运港", "origin", None),
            ("Fecha de salida", "departed_at", None),
            ("transportDocumentReference", "shipment_id", None),
            ("equipmentReference", "container_id", None),
            ("cargoGrossWeight", "cargo_mass_kg", None),
        ] {
            let known = words.head(head).unwrap_or_else(|| panic!("{head}"));
            assert_eq!(known.columns, [column], "{head}");
            assert_eq!(known.unit.as_deref(), unit, "{head}");
        }
        // What is none of these, or could be something else.
        for head in [
            "Remarks",
            "Chargeable weight",
            "VGM",
            "Event time",
            "Unit",
            "Start",
        ] {
            assert_eq!(words.head(head), None, "{head}");
        }
        assert_eq!(words.head(""), None);
        let leg = words.head("Leg No").unwrap().columns;
        assert_eq!(leg, ["movement_id", "sequence"], "either, so a question");
    }

    #[test]
    fn words_for_codes() {
        let words = words();
        assert_eq!(words.code("mode", "LKW"), Some("road"));
        assert_eq!(words.code("mode", "海运"), Some("sea"));
        assert_eq!(words.code("mode", "Container"), None);
        // L is loaded in English and empty in German; a mile may be a nautical one.
        assert_eq!(words.code("load_status", "L"), None);
        assert_eq!(words.code("distance_unit", "miles"), Some("?"));
        assert_eq!(words.code("load_status", "MTY"), Some("empty"));
        assert_eq!(words.code("load_status", "LKW"), None);
        assert!(words.is_nothing("--") && words.is_nothing("N/A") && !words.is_nothing("0"));
    }
}
