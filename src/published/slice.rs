//! Which shipments of a published run are meant: those with these carried values, of these months.
//!
//! A run is cut by shipment. An element counts where its shipment counts, whatever it carries itself, and the month is that of the
//! shipment's first departure, as in the corridor tables. So the slices of a column, or of all months, add up to the run.

use crate::error::{Error, Result};
use crate::model::carried::column_name;
use crate::model::time::{Day, date_text, parse_date};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::Batches;
use crate::published::carried::carried;
use crate::published::row::{Row, row};
use crate::routes::spelling::edits;
use crate::store::manifest::Manifest;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Months, from the first day of one to the first day of another.
///
/// A period is a year, a month, or two of these with `..` between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Months {
    first: Day,
    last: Day,
}

impl Months {
    /// `2025`, `2025-03`, `2025-01..2025-06`.
    pub fn parse(text: &str) -> std::result::Result<Months, String> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let months = || {
            let (from, to) = (Months::one(from)?, Months::one(to)?);
            (from.first <= to.last).then_some(Months {
                first: from.first,
                last: to.last,
            })
        };
        months().ok_or_else(|| {
            "expected a year, a month, or from one to another: 2025, 2025-03, 2025-01..2025-06"
                .to_owned()
        })
    }

    fn one(text: &str) -> Option<Months> {
        let month = |text: &str| parse_date(&format!("{text}-01"));
        Some(match text.len() {
            4 => Months {
                first: month(&format!("{text}-01"))?,
                last: month(&format!("{text}-12"))?,
            },
            _ => Months {
                first: month(text)?,
                last: month(text)?,
            },
        })
    }

    fn has(self, month: Day) -> bool {
        self.first <= month && month <= self.last
    }

    /// All from the first to the last of these first days.
    pub(crate) fn spanned(there: &BTreeSet<Day>) -> Option<Months> {
        let (first, last) = (*there.first()?, *there.last()?);
        Some(Months { first, last })
    }

    /// Those that are not in a set of first days.
    pub(crate) fn without(self, there: &BTreeSet<Day>) -> Vec<String> {
        let mut missing = Vec::new();
        let mut month = self.first;
        while month <= self.last {
            if !there.contains(&month) {
                missing.push(month_text(month));
            }
            month = next_month(month);
        }
        missing
    }

    fn text(self) -> String {
        match month_text(self.first) {
            one if self.first == self.last => one,
            from => format!("{from} to {}", month_text(self.last)),
        }
    }
}

/// The first day of the month after that of a first day.
pub(crate) fn next_month(first: Day) -> Day {
    // No month has 32 days, and none fewer than 28.
    let text = month_text(first + 31);
    parse_date(&format!("{text}-01")).unwrap_or(first + 31)
}

fn month_text(day: Day) -> String {
    let mut text = date_text(day);
    text.truncate(7);
    text
}

/// Shipments of a run; all of them where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// By carried column: any of these values.
    values: BTreeMap<String, BTreeSet<String>>,
    months: Option<Months>,
}

impl Slice {
    /// Shipments that have in each of these columns one of the values named for it, and whose month is one of these. An empty value
    /// is that of a shipment without one.
    pub fn new(values: &[(String, String)], months: Option<Months>) -> Slice {
        let mut slice = Slice {
            values: BTreeMap::new(),
            months,
        };
        for (column, value) in values {
            let of_column = slice.values.entry(column.clone()).or_default();
            of_column.insert(value.clone());
        }
        slice
    }

    /// `customer=ACME` as column and value.
    pub fn parse(text: &str) -> std::result::Result<(String, String), String> {
        match text.split_once('=') {
            Some((column, value)) if !column.trim().is_empty() => {
                Ok((column.trim().to_owned(), value.trim().to_owned()))
            }
            _ => Err("expected a carried column and a value, e.g. customer=ACME".to_owned()),
        }
    }

    /// The same within these months, where it is within none yet.
    pub(crate) fn or_within(mut self, months: Option<Months>) -> Slice {
        self.months = self.months.or(months);
        self
    }

    /// Whether it is the whole run.
    pub fn is_whole(&self) -> bool {
        self.values.is_empty() && self.months.is_none()
    }

    /// What it is cut by, in words; empty for the whole run.
    pub fn text(&self) -> String {
        let of_column = |(column, values): (&String, &BTreeSet<String>)| {
            let values: Vec<&str> = values.iter().map(|value| shown(value)).collect();
            format!("{column} = {}", values.join(" or "))
        };
        let values = self.values.iter().map(of_column);
        let all: Vec<String> = values.chain(self.months.map(Months::text)).collect();
        all.join("; ")
    }

    /// Where files of a slice stand beside those of a run: `slices/<name>/`, and nothing for the whole run.
    pub fn folder(&self) -> String {
        match self.text() {
            whole if whole.is_empty() => whole,
            text => format!("slices/{}/", folder_name(&text, &text)),
        }
    }

    /// The same slice with one value of a column.
    pub(crate) fn with(&self, column: &str, value: &str) -> Slice {
        let mut slice = self.clone();
        let only = BTreeSet::from([value.to_owned()]);
        slice.values.insert(column.to_owned(), only);
        slice
    }

    /// How shipments of a run are told; `by`: a column that is read besides.
    ///
    /// Errors: exit 2 when the run carries no such column.
    pub(crate) fn picker(&self, manifest: &Manifest, by: Option<&str>) -> Result<Picker> {
        let there = carried(manifest);
        let known = |option: &str, column: &str| match there.contains(&column) {
            true => Ok(column_name(column)),
            false => Err(unknown(option, column, manifest, &there)),
        };
        let mut columns = Vec::new();
        for column in self.values.keys() {
            columns.push(known("--where", column)?);
        }
        let by = by.map(|by| known("--by", by)).transpose()?;
        let by = by.map(|by| {
            let at = columns.iter().position(|column| *column == by);
            at.unwrap_or_else(|| {
                columns.push(by);
                columns.len() - 1
            })
        });
        let wanted = columns.iter().map(|column| self.values.get(*column));
        Ok(Picker {
            wanted: wanted.map(Option::<&_>::cloned).collect(),
            columns,
            by,
            months: self.months,
            text: self.text(),
        })
    }
}

/// A value as it stands in a sentence.
pub(crate) fn shown(value: &str) -> &str {
    match value {
        "" => "(no value)",
        value => value,
    }
}

/// Characters of a text in the name of its folder.
const MOST_NAMED: usize = 60;
/// Bytes of a text in the name of its folder.
const MOST_BYTES: usize = 150;

/// A name for a folder that is told from that of every other `key` on every file system, however it folds capitals or composes letters:
/// letters and digits of the text for people, and a digest of the key.
pub(crate) fn folder_name(text: &str, key: &str) -> String {
    let mut name = String::new();
    for c in text.chars().take(MOST_NAMED) {
        match c {
            c if c.is_alphanumeric() && name.len() + c.len_utf8() <= MOST_BYTES => name.push(c),
            // One for all that stands between two words.
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    if !name.is_empty() && !name.ends_with('-') {
        name.push('-');
    }
    for byte in &Sha256::digest(key.as_bytes())[..6] {
        name += &format!("{byte:02x}");
    }
    name
}

fn unknown(option: &str, column: &str, manifest: &Manifest, there: &[&str]) -> Error {
    let carries = match there {
        [] => {
            "it carries none; [carry] of the run file says which columns of an export a run keeps"
                .to_owned()
        }
        there => format!("it carries {}", there.join(", ")),
    };
    Error::Usage(format!(
        "{option}: run {} carries no column {column:?}; {carries}",
        manifest.run_id
    ))
}

/// Tells the shipments of a slice from the others.
pub(crate) struct Picker {
    columns: Vec<&'static str>,
    /// Per column: the values; none: any.
    wanted: Vec<Option<BTreeSet<String>>>,
    by: Option<usize>,
    months: Option<Months>,
    text: String,
}

row! {
    /// The month of a shipment.
    struct Month of shipment {
        period: Day,
    }
}

impl Picker {
    /// Carried columns that are looked at.
    pub(crate) fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// Whether a shipment of this month with these values is in the slice; values in the order of the columns.
    pub(crate) fn picks<'v>(&self, month: Day, values: impl Iterator<Item = &'v str>) -> bool {
        self.months.is_none_or(|months| months.has(month)) && self.picks_values(values)
    }

    /// Whether a row that belongs to no published shipment, and so to no month, is in the slice.
    pub(crate) fn picks_row<'v>(&self, values: impl Iterator<Item = &'v str>) -> bool {
        self.months.is_none() && self.picks_values(values)
    }

    fn picks_values<'v>(&self, mut values: impl Iterator<Item = &'v str>) -> bool {
        self.wanted.iter().all(|wanted| {
            let value = values.next().unwrap_or("");
            wanted.as_ref().is_none_or(|wanted| wanted.contains(value))
        })
    }

    /// The value of the column that is cut by; empty where it is cut by none.
    pub(crate) fn value<'v>(&self, mut values: impl Iterator<Item = &'v str>) -> &'v str {
        let value = self.by.and_then(|at| values.nth(at));
        value.unwrap_or("")
    }

    /// That each value that is asked for beside others is there at all: what the others have would hide it.
    ///
    /// Errors: exit 2 with what the last of the runs has near it.
    pub(crate) fn check(&self, runs: &[(&Path, &Manifest)]) -> Result<()> {
        let mut missing = self.wanted.clone();
        // A single value that is nowhere leaves nothing, and is told then.
        for wanted in &mut missing {
            *wanted = wanted.take().filter(|wanted| wanted.len() > 1);
        }
        for (dir, manifest) in runs {
            if missing.iter().flatten().all(BTreeSet::is_empty) {
                return Ok(());
            }
            let mut shipments = Batches::<ShipmentsTable>::of_run(dir, manifest, Month::columns())
                .carrying(&self.columns);
            while let Some(batch) = shipments.next_kept()? {
                let values = batch.carried(&self.columns)?;
                for at in 0..batch.rows::<Month>()?.count() {
                    for (missing, (_, value)) in missing.iter_mut().zip(values.row(at)) {
                        if let Some(missing) = missing {
                            missing.remove(value);
                        }
                    }
                }
            }
        }
        match (
            runs.last(),
            missing.iter().flatten().all(BTreeSet::is_empty),
        ) {
            (Some((dir, manifest)), false) => {
                let what = format!("run {} has not all of {}", manifest.run_id, self.text);
                Err(self.lacking(what, dir, manifest)?)
            }
            _ => Ok(()),
        }
    }

    /// Why no shipment of a run was found: what it has near the values that were asked for, and its months.
    pub(crate) fn nothing(&self, dir: &Path, manifest: &Manifest) -> Result<Error> {
        let run = &manifest.run_id;
        let what = format!("no shipment of run {run} is in {}", self.text);
        self.lacking(what, dir, manifest)
    }

    fn lacking(&self, mut text: String, dir: &Path, manifest: &Manifest) -> Result<Error> {
        let mut there: Vec<BTreeSet<String>> = vec![BTreeSet::new(); self.columns.len()];
        let mut months: Option<(Day, Day)> = None;
        let mut shipments = Batches::<ShipmentsTable>::of_run(dir, manifest, Month::columns())
            .carrying(&self.columns);
        while let Some(batch) = shipments.next_kept()? {
            let values = batch.carried(&self.columns)?;
            for (at, row) in batch.rows::<Month>()?.enumerate() {
                let month = row?.period;
                let (first, last) = months.unwrap_or((month, month));
                months = Some((first.min(month), last.max(month)));
                for (known, (_, value)) in there.iter_mut().zip(values.row(at)) {
                    if known.len() < MOST_LOOKED_AT && !known.contains(value) {
                        known.insert(value.to_owned());
                    }
                }
            }
        }
        for ((column, wanted), there) in self.columns.iter().zip(&self.wanted).zip(&there) {
            for value in wanted.iter().flatten().filter(|v| !there.contains(*v)) {
                let near: Vec<String> = near(value, there);
                text += &format!(
                    "; {column} is never {:?}, near it: {}",
                    shown(value),
                    near.join(", ")
                );
            }
        }
        if let Some(((first, last), _)) = months.zip(self.months) {
            let (first, last) = (month_text(first), month_text(last));
            text += &format!("; its first departures are of {first} to {last}");
        }
        Ok(Error::Usage(text))
    }
}

/// Values of a column that one which is not there is compared with.
const MOST_LOOKED_AT: usize = 10_000;
/// Values that are offered instead.
const MOST_OFFERED: usize = 5;

/// The values nearest to one that is not there.
fn near(wanted: &str, there: &BTreeSet<String>) -> Vec<String> {
    let folded = wanted.to_lowercase();
    let distance = |value: &String| {
        let value = value.to_lowercase();
        // Who types the beginning of a name means it more than another of the same length.
        let is_part = !folded.is_empty() && value.contains(&folded);
        (!is_part, edits(&folded, &value))
    };
    let mut ranked: Vec<_> = there.iter().map(|value| (distance(value), value)).collect();
    ranked.sort_unstable();
    let offered = ranked.into_iter().take(MOST_OFFERED);
    offered
        .map(|(_, value)| format!("{:?}", shown(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Months::parse(text).ok().map(Months::text)
    }

    #[test]
    fn periods_are_years_months_and_what_lies_between() {
        let is =
            |typed: &str, read: &str| assert_eq!(text(typed).as_deref(), Some(read), "{typed}");
        is("2025", "2025-01 to 2025-12");
        is("2025-03", "2025-03");
        is("2025-01..2025-06", "2025-01 to 2025-06");
        is("2024..2025-06", "2024-01 to 2025-06");
        is("2025-02..2025", "2025-02 to 2025-12");
        for wrong in [
            "",
            "25",
            "2025-13",
            "2025-3",
            "2025-06..2025-01",
            "2025-01-01",
            "..",
            "2025..",
            "1e3",
        ] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
        let there: BTreeSet<Day> = [parse_date("2025-02-01").unwrap()].into();
        let months = Months::parse("2024-12..2025-03").unwrap();
        assert_eq!(months.without(&there), ["2024-12", "2025-01", "2025-03"]);
        let there = ["2024-11-01", "2025-02-01"].map(|day| parse_date(day).unwrap());
        let there = BTreeSet::from(there);
        let spanned = Months::spanned(&there).unwrap();
        assert_eq!(spanned.without(&there), ["2024-12", "2025-01"]);
        let months = Months::parse("2025-02..2025-03").unwrap();
        let has = |day: &str| months.has(parse_date(day).unwrap());
        assert_eq!(
            ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"].map(has),
            [false, true, true, false]
        );
    }

    #[test]
    fn a_slice_says_what_it_is_cut_by() {
        let pair = |text: &str| Slice::parse(text).unwrap();
        let slice = Slice::new(
            &[pair("customer=B = C"), pair("customer=A"), pair("order=")],
            Months::parse("2025-03").ok(),
        );
        assert_eq!(
            slice.text(),
            "customer = A or B = C; order = (no value); 2025-03"
        );
        assert!(!slice.is_whole() && Slice::default().is_whole());
        assert!(Slice::parse("customer").is_err() && Slice::parse("=x").is_err());
    }

    #[test]
    fn folders_of_values_are_plain_names_and_never_the_same() {
        let long = "x".repeat(500);
        let values = [
            "",
            ".",
            "..",
            "../../etc",
            "a/b",
            "a\\b",
            "A",
            "a",
            "CON",
            "nul",
            "C:",
            "a\u{0}b",
            "~",
            "é",
            "e\u{301}",
            "重庆 长安",
            "\u{202e}gpj",
            &long,
            &long[1..],
            "-rf",
            "straße",
            "STRASSE",
            "a b",
            "a-b",
        ];
        let names: Vec<String> = values
            .iter()
            .map(|value| folder_name(value, value))
            .collect();
        let folded: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(folded.len(), values.len(), "{names:?}");
        for name in &names {
            assert!(
                name.chars().all(|c| c.is_alphanumeric() || c == '-'),
                "{name}"
            );
            assert!(
                !name.starts_with('-') && name.len() <= 200 && name.len() >= 12,
                "{name}"
            );
        }
        assert!(folder_name("重庆 长安", "x").starts_with("重庆-长安-"));
        assert_eq!(folder_name("ACME", "ACME"), folder_name("ACME", "ACME"));
    }

    #[test]
    fn near_values_begin_with_what_holds_the_word() {
        let there: BTreeSet<String> = ["ACME Trading", "ACMA", "Globex", ""]
            .map(str::to_owned)
            .into();
        assert_eq!(near("acme", &there)[..2], ["\"ACME Trading\"", "\"ACMA\""]);
    }
}
