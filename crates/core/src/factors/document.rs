//! Reading our own TOML files key by key: unknown keys, wrong types and missing keys all become faults with a line.
//!
//! Deserialising into structs would stop at the first fault and lose the lines.

use super::fault::{DataFile, Faults};
use super::table::{line_of, utf8};
use crate::model::unit::parse_decimal;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// A value with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Line from 1.
    pub line: u64,
}

/// A table of a TOML file with the faults found in it.
pub struct Keys<'d> {
    file: &'d str,
    text: &'d str,
    /// Dotted name in front of each key, empty at the root.
    path: String,
    /// Line of the table.
    pub line: u64,
    entries: BTreeMap<String, (&'d DeValue<'d>, u64)>,
}

/// Parses a file and hands its root table over; syntax faults leave nothing to hand over.
pub fn read<T>(
    file: &DataFile,
    faults: &mut Faults,
    with: impl FnOnce(&mut Keys, &mut Faults) -> T,
) -> Option<T> {
    let text = utf8(file, faults)?;
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error
            .span()
            .map_or(0, |s| line_of(text.as_bytes(), s.start));
        faults.error(
            &file.path,
            line,
            "",
            "",
            format!("expected TOML: {}", error.message()),
        );
    }
    if !errors.is_empty() {
        return None;
    }
    Some(with(
        &mut Keys::new(&file.path, text, String::new(), 1, root.get_ref()),
        faults,
    ))
}

impl<'d> Keys<'d> {
    fn new(
        file: &'d str,
        text: &'d str,
        path: String,
        line: u64,
        table: &'d DeTable<'d>,
    ) -> Keys<'d> {
        let line_at = |offset: usize| line_of(text.as_bytes(), offset);
        let entries = table
            .iter()
            .map(|(k, v)| {
                (
                    k.get_ref().to_string(),
                    (v.get_ref(), line_at(k.span().start)),
                )
            })
            .collect();
        Keys {
            file,
            text,
            path,
            line,
            entries,
        }
    }

    /// Reports every key that was not taken.
    pub fn finish(&mut self, known: &[&str], faults: &mut Faults) {
        for (key, (_, line)) in std::mem::take(&mut self.entries) {
            faults.error(
                self.file,
                line,
                &self.name(&key),
                "",
                format!("unknown key; expected {}", known.join(", ")),
            );
        }
    }

    /// Reports a fault of a key.
    pub fn error(
        &self,
        line: u64,
        key: &str,
        found: &str,
        wanted: impl Into<String>,
        faults: &mut Faults,
    ) {
        faults.error(self.file, line, &self.name(key), found, wanted);
    }

    /// Reports a key that must be there.
    pub fn missing(&self, key: &str, wanted: &str, faults: &mut Faults) {
        faults.error(
            self.file,
            self.line,
            &self.name(key),
            "",
            format!("key is missing; expected {wanted}"),
        );
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn take(&mut self, key: &str) -> Option<(&'d DeValue<'d>, u64)> {
        self.entries.remove(key)
    }

    /// A value through `parse`.
    pub fn get<T>(
        &mut self,
        key: &str,
        wanted: &str,
        faults: &mut Faults,
        parse: impl FnOnce(&DeValue) -> Option<T>,
    ) -> Option<At<T>> {
        let (value, line) = self.take(key)?;
        let parsed = parse(value);
        if parsed.is_none() {
            self.error(
                line,
                key,
                &shown(value),
                format!("expected {wanted}"),
                faults,
            );
        }
        parsed.map(|value| At { value, line })
    }

    /// As [`Keys::get`], and the key must be there.
    pub fn need<T>(
        &mut self,
        key: &str,
        wanted: &str,
        faults: &mut Faults,
        parse: impl FnOnce(&DeValue) -> Option<T>,
    ) -> Option<At<T>> {
        if !self.entries.contains_key(key) {
            self.missing(key, wanted, faults);
        }
        self.get(key, wanted, faults, parse)
    }

    /// A list, each item through `parse` with its own line.
    pub fn list<T>(
        &mut self,
        key: &str,
        wanted: &str,
        faults: &mut Faults,
        parse: impl Fn(&DeValue) -> Option<T>,
    ) -> Option<Vec<At<T>>> {
        let (value, line) = self.take(key)?;
        let Some(items) = value.as_array() else {
            self.error(
                line,
                key,
                &shown(value),
                format!("expected a list of {wanted}"),
                faults,
            );
            return None;
        };
        let mut list = Vec::with_capacity(items.len());
        for item in items.iter() {
            let line = line_of(self.text.as_bytes(), item.span().start);
            match parse(item.get_ref()) {
                Some(value) => list.push(At { value, line }),
                None => self.error(
                    line,
                    key,
                    &shown(item.get_ref()),
                    format!("expected {wanted}"),
                    faults,
                ),
            }
        }
        Some(list)
    }

    /// A table.
    pub fn table(&mut self, key: &str, faults: &mut Faults) -> Option<Keys<'d>> {
        let (value, line) = self.take(key)?;
        match value.as_table() {
            Some(table) => Some(Keys::new(self.file, self.text, self.name(key), line, table)),
            None => {
                self.error(line, key, &shown(value), "expected a table", faults);
                None
            }
        }
    }

    /// The tables of a `[[key]]`; empty when there is none.
    pub fn tables(&mut self, key: &str, faults: &mut Faults) -> Vec<Keys<'d>> {
        let Some((value, line)) = self.take(key) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.error(
                line,
                key,
                &shown(value),
                format!("expected [[{key}]] tables"),
                faults,
            );
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for item in items.iter() {
            let line = line_of(self.text.as_bytes(), item.span().start);
            match item.get_ref().as_table() {
                Some(table) => {
                    tables.push(Keys::new(self.file, self.text, self.name(key), line, table))
                }
                None => self.error(
                    line,
                    key,
                    &shown(item.get_ref()),
                    format!("expected [[{key}]] tables"),
                    faults,
                ),
            }
        }
        tables
    }

    /// Line of a key, while it was not taken.
    pub fn line_of(&self, key: &str) -> Option<u64> {
        self.entries.get(key).map(|(_, line)| *line)
    }

    /// Every key of the table, for tables whose keys are code words.
    pub fn names(&self) -> Vec<(String, u64)> {
        self.entries
            .iter()
            .map(|(k, (_, line))| (k.clone(), *line))
            .collect()
    }
}

/// A text that is not empty.
pub fn text(value: &DeValue) -> Option<String> {
    value.as_str().filter(|s| !s.is_empty()).map(str::to_owned)
}

/// A plain decimal as a mantissa: quoted, or a bare number by its literal text, so that no float is made of it.
pub fn decimal(value: &DeValue, scale: u32) -> Option<i64> {
    let literal = match value {
        DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
        DeValue::Float(f) => f.as_str(),
        other => other.as_str()?,
    };
    parse_decimal(literal, scale).and_then(|m| i64::try_from(m).ok())
}

/// A value as a fault shows it.
pub fn shown(value: &DeValue) -> String {
    match value {
        DeValue::String(s) => s.to_string(),
        DeValue::Integer(i) => i.as_str().to_owned(),
        DeValue::Float(f) => f.as_str().to_owned(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Datetime(d) => d.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => value.type_str().to_owned(),
    }
}
