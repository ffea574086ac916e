//! The run file as it is written: TOML with the line of every value. Unknown keys are faults. Nothing is defaulted here.

use super::organisation::OrganisationKeys;
use crate::error::Error;
use crate::error::Place;
use crate::error::Result;
use crate::input::mapping::OPEN;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Text = Spanned<String>;
type Texts = Spanned<Vec<String>>;

/// Keys of a run file (reference data, "Run file"); `None`: not written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunFile {
    pub movements: Option<Texts>,
    pub exclude: Option<Texts>,
    pub factors: Option<Text>,
    pub profile: Option<Text>,
    pub reference: Option<Text>,
    pub locations: Option<Texts>,
    pub distances: Option<Texts>,
    pub passages: Option<Texts>,
    pub out: Option<Text>,
    #[serde(default)]
    pub limits: LimitKeys,
    #[serde(default)]
    pub output: OutputKeys,
    #[serde(default)]
    pub duplicates: DuplicateKeys,
    #[serde(default)]
    pub columns: BTreeMap<String, Text>,
    #[serde(default)]
    pub values: BTreeMap<String, ValueKeys>,
    #[serde(default)]
    pub formats: FormatKeys,
    #[serde(default)]
    pub csv: CsvKeys,
    #[serde(default)]
    pub xlsx: XlsxKeys,
    #[serde(default)]
    pub constants: BTreeMap<String, Text>,
    #[serde(default)]
    pub carry: BTreeMap<String, Text>,
    /// Only looked at: a run says nothing of who reports it.
    #[serde(rename = "organisation")]
    _organisation: Option<OrganisationKeys>,
}

/// `[limits]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitKeys {
    pub max_reject_share: Option<Text>,
    pub min_rows: Option<Spanned<u64>>,
    pub max_change: Option<Text>,
    pub max_estimated_share: Option<Text>,
    pub max_primary_age_months: Option<Spanned<u32>>,
    pub memory: Option<Text>,
    #[serde(default)]
    pub codes: BTreeMap<String, Spanned<CodeLimitKey>>,
}

/// A value of `[limits.codes]`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum CodeLimitKey {
    Rows(u64),
    Share(String),
    Other(toml::Value),
}

/// `[output]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputKeys {
    pub encodings: Option<Text>,
}

/// `[duplicates]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicateKeys {
    pub later_file_wins: Option<Text>,
}

/// `[values.<column>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueKeys {
    pub file: Text,
}

/// `[formats]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormatKeys {
    pub encoding: Option<Text>,
    pub delimiter: Option<Text>,
    pub decimal: Option<Text>,
    pub thousands: Option<Text>,
    pub timestamp: Option<Texts>,
    #[serde(default)]
    pub timestamp_by_column: BTreeMap<String, Texts>,
    pub zone: Option<Text>,
    pub excess_decimals: Option<Text>,
    pub exponents: Option<Text>,
    pub mass_unit: Option<Text>,
    pub distance_unit: Option<Text>,
}

/// `[csv]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CsvKeys {
    pub head_row: Option<Spanned<u64>>,
    pub skip_footer: Option<Spanned<u64>>,
}

/// `[xlsx]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct XlsxKeys {
    pub sheet: Option<Text>,
    pub head_row: Option<Spanned<u64>>,
    pub first_row: Option<Spanned<u64>>,
    pub skip_footer: Option<Spanned<u64>>,
}

/// A run file's name and text, to turn places in it into lines.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// Line (from 1) of a byte offset.
    pub(super) fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset.min(self.text.len())]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
    }

    /// The value that begins at a byte offset, as it is written there.
    pub(super) fn value(&self, offset: usize) -> &str {
        let rest = self.text.get(offset..).unwrap_or_default();
        let end = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map(|end| end + 2),
            _ => rest.find(|c: char| c.is_whitespace() || c == ','),
        };
        &rest[..end.unwrap_or(rest.len())]
    }

    /// Reads the keys, or says what is wrong and where.
    pub(super) fn parse(&self) -> Result<RunFile> {
        self.read()
    }

    /// Reads keys of any kind.
    pub(super) fn read<K: DeserializeOwned>(&self) -> Result<K> {
        let open = self.open();
        if !open.is_empty() {
            return Err(Error::Usage(format!(
                "{}; {OPEN:?} is a question that nobody has answered: the comment above the key says what is asked",
                open.join("; ")
            )));
        }
        toml::from_str(self.text).map_err(|fault| {
            let line = fault.span().map_or(1, |span| self.line(span.start));
            let what = fault.message().replace('\n', " ");
            let place = Place::file(self.name).line(line as u64).wanted(&what);
            Error::Usage(format!("{}:{line}: {what}", self.name))
                .at(place)
                .because(fault)
        })
    }

    /// Keys with a question in the place of a value. A text that cannot be parsed has none; its fault is told by [`Source::parse`].
    fn open(&self) -> Vec<String> {
        let mut open = Vec::new();
        if let Ok(table) = DeTable::parse(self.text) {
            let entries = table.get_ref().iter();
            entries.for_each(|(key, value)| questions(key.get_ref(), value, &mut open));
        }
        // In the order of the file, not of the keys.
        open.sort_unstable();
        let told = |(at, key): (usize, String)| {
            format!("{}:{}: {key} is still open", self.name, self.line(at))
        };
        open.into_iter().map(told).collect()
    }
}

fn questions(key: &str, value: &Spanned<DeValue>, open: &mut Vec<(usize, String)>) {
    match value.get_ref() {
        DeValue::String(text) if text == OPEN => open.push((value.span().start, key.to_owned())),
        DeValue::Array(list) => list.iter().for_each(|entry| questions(key, entry, open)),
        DeValue::Table(table) => {
            for (name, value) in table {
                questions(&format!("{key}.{}", name.get_ref()), value, open);
            }
        }
        _ => {}
    }
}
