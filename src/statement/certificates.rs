//! `certificates.csv`: what a reporter holds of fuels that were not in the tank (SAF, HVO, book and claim). A table of its own: nothing of it
//! is taken off a figure.

use crate::error::{Error, Place, Result};
use crate::model::time::{Day, parse_date};
use crate::model::unit::{NANO_SCALE, parse_decimal};
use crate::store::files::read_file;
use std::collections::BTreeSet;
use std::path::Path;

/// No list of certificates is larger.
const MOST_BYTES: u64 = 1 << 24;

const COLUMNS: [&str; 9] = [
    "certificate",
    "registry",
    "kind",
    "quantity",
    "unit",
    "claimed_kg",
    "issued_on",
    "expires_on",
    "note",
];

/// A certificate; figures are as they were written.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub id: String,
    pub registry: String,
    pub kind: String,
    pub quantity: String,
    pub unit: String,
    /// kg CO2e that it claims, micrograms.
    pub claimed: i128,
    pub issued_on: Day,
    pub expires_on: Option<Day>,
    pub note: String,
}

/// Reads a list; the first fault ends it.
pub(super) fn certificates(path: &Path) -> Result<Vec<Certificate>> {
    let bytes = read_file(path, MOST_BYTES)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let broken = |e: csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        fault(path, line, "", "", &e.to_string())
    };
    let heads: Vec<String> = reader
        .headers()
        .map_err(broken)?
        .iter()
        .map(str::to_owned)
        .collect();
    if heads.iter().map(String::as_str).ne(COLUMNS) {
        let wanted = COLUMNS.join(",");
        return Err(fault(path, 1, "", &heads.join(","), &wanted));
    }
    let (mut list, mut seen) = (Vec::new(), BTreeSet::new());
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |at: usize, wanted: &str| fault(path, line, COLUMNS[at], &record[at], wanted);
        let must = |at: usize| match &record[at] {
            "" => Err(wrong(at, "a text")),
            text => Ok(text.to_owned()),
        };
        let day = |at: usize| match &record[at] {
            "" => Ok(None),
            text => parse_date(text)
                .map(Some)
                .ok_or_else(|| wrong(at, "a date, YYYY-MM-DD")),
        };
        let amount = |at: usize| {
            let amount = parse_decimal(&record[at], NANO_SCALE).filter(|amount| *amount >= 0);
            amount.ok_or_else(|| wrong(at, "a number of 0 or more with at most nine decimals"))
        };
        amount(3)?;
        let certificate = Certificate {
            id: must(0)?,
            registry: must(1)?,
            kind: must(2)?,
            quantity: record[3].to_owned(),
            unit: must(4)?,
            claimed: amount(5)?,
            issued_on: day(6)?.ok_or_else(|| wrong(6, "a date, YYYY-MM-DD"))?,
            expires_on: day(7)?,
            note: record[8].to_owned(),
        };
        if certificate
            .expires_on
            .is_some_and(|day| day < certificate.issued_on)
        {
            return Err(wrong(7, "a day after it was issued"));
        }
        // The same in two registries may be two; in one it is counted twice.
        if !seen.insert((certificate.registry.clone(), certificate.id.clone())) {
            return Err(wrong(0, "each certificate of a registry once"));
        }
        list.push(certificate);
    }
    Ok(list)
}

fn fault(path: &Path, line: u64, column: &str, found: &str, wanted: &str) -> Error {
    let what = format!(
        "{}:{line}: {column}{}{found:?}: expected {wanted}",
        path.display(),
        if column.is_empty() { "" } else { " " }
    );
    let place = Place::path(path).line(line).column(column);
    Error::Usage(what).at(place.found(found).wanted(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> Result<Vec<Certificate>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("certificates.csv");
        std::fs::write(&path, format!("{}\n{rows}", COLUMNS.join(","))).unwrap();
        certificates(&path)
    }

    #[test]
    fn certificates_are_read_or_refused_with_their_line() {
        let list = read(
            "A-1,RSB,saf,12.5,t,31250.125,2025-03-01,2026-03-01,\nA-1,ISCC,hvo,1,t,0,2025-03-01,,x",
        )
        .unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].claimed, 31_250_125_000_000);
        for (rows, wanted) in [
            ("A-1,RSB,saf,12.5,t,-1,2025-03-01,,", "claimed_kg \"-1\""),
            ("A-1,RSB,saf,many,t,1,2025-03-01,,", "quantity \"many\""),
            ("A-1,RSB,saf,1,t,1,01.03.2025,,", "issued_on"),
            ("A-1,RSB,saf,1,t,1,2025-03-01,2025-01-01,", "expires_on"),
            ("A-1,,saf,1,t,1,2025-03-01,,", "registry"),
            (
                "A-1,RSB,saf,1,t,1,2025-03-01,,\nA-1,RSB,saf,1,t,1,2025-03-01,,",
                ":3: certificate \"A-1\"",
            ),
        ] {
            let error = read(rows).unwrap_err().to_string();
            assert!(error.contains(wanted), "{rows}: {error}");
        }
    }
}
