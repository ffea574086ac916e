//! `[carry]` of a run file: columns of the export that go to the published tables as they are.

use crate::input::mapping::{COLUMNS, Carried};
use crate::model::carried::{MOST_COLUMNS, column_name};
use crate::output::columns::PublishedTable;
use crate::output::elements::Elements;
use crate::output::rejected::RejectedTable;
use crate::output::shipments::ShipmentsTable;
use crate::run::plan::Checked;
use crate::run::plan::resolve::Resolver;
use std::collections::BTreeMap;
use toml::Spanned;

/// Longest name of a carried column.
const LONGEST_NAME: usize = 40;

/// What tells runs apart where several are read as one table.
const RUN_ID: &str = "run_id";

impl Resolver<'_> {
    /// The carried columns in the order of the tables, which is that of their names.
    pub(super) fn carried(&mut self, written: &BTreeMap<String, Spanned<String>>) -> Vec<Carried> {
        let mut carried = Vec::new();
        for (number, (name, theirs)) in written.iter().enumerate() {
            let (key, at) = (format!("carry.{name}"), theirs.span().start);
            self.note_line(&key, at);
            let theirs = theirs.get_ref();
            if number == MOST_COLUMNS {
                let what = format!("expected at most {MOST_COLUMNS} columns");
                self.fault(&key, at, &what);
            } else if let Err(fault) = free_name(name) {
                self.fault(&key, at, &fault);
            } else if theirs.is_empty() {
                self.fault(&key, at, "\"\": expected the name of a column of the files");
            } else {
                carried.push(Carried {
                    name: column_name(name),
                    theirs: theirs.clone(),
                });
            }
        }
        carried
    }
}

/// A name that a column of the tables can have beside those that are there.
pub(crate) fn free_name(name: &str) -> Checked<()> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts || name.len() > LONGEST_NAME || !name.chars().all(is_word) {
        return Err(format!(
            "expected a name of a column for it: a lower-case letter, then lower-case letters, digits and _, at most {LONGEST_NAME}"
        ));
    }
    let tables = [
        (Elements::NAME, Elements::FIELDS),
        (ShipmentsTable::NAME, ShipmentsTable::FIELDS),
        (RejectedTable::NAME, RejectedTable::FIELDS),
    ];
    let of_table = tables
        .iter()
        .find(|(_, fields)| fields.iter().any(|field| field.name == name))
        .map(|(table, _)| format!("the table {table} has a column of this name"));
    let of_records = (COLUMNS.contains(&name))
        .then(|| "records have a column of this name, which [columns] is for".to_owned());
    let of_runs = (name == RUN_ID).then(|| "the id of a run has this name".to_owned());
    match of_table.or(of_records).or(of_runs) {
        Some(taken) => Err(format!("{taken}; expected another one")),
        None => Ok(()),
    }
}
