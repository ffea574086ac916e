//! iLEAP documents of a carrier: TOCs and HOCs as carrier-specific factors in the layout of a library, TADs as movements.
//!
//! Units are converted (kg to g), nothing else: what a factor needs and the document lacks is refused, with its place.

mod activity;
mod category;
#[cfg(test)]
mod tests;

use super::documents::{self, Fault, Place, objects, required};
use super::left_out::{LeftOut, Outcome};
use super::movements::{self, Form};
use crate::error::{Error, Result};
use crate::escape::csv_text;
use crate::factors::{DataFile, Profile};
use crate::model::mode::{Basis, Mode};
use crate::store::reference::read_library;
use activity::{MOVEMENT_COLUMNS, Movement, movement};
use category::{FACTOR_COLUMNS, Factor, Factors, factors};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Whose documents these are, and what they do not say.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// Code in movement records.
    pub code: String,
    /// Source of the factors.
    pub source: String,
    /// Edition of the factors.
    pub edition: String,
    /// Operation of each mode.
    pub by_mode: BTreeMap<Mode, String>,
    /// Operation of single categories, by id.
    pub by_id: BTreeMap<String, String>,
    /// Distance basis of the intensities, if told.
    pub distance_basis: Option<Basis>,
}

/// The operations that a profile gives to modes.
pub fn default_operations(factors: &Path, profile: &str) -> Result<BTreeMap<Mode, String>> {
    let name = format!("profiles/{profile}.toml");
    let files = read_library(factors)?;
    let file = files.into_iter().find(|f| f.path == name);
    let file = file.ok_or_else(|| {
        Error::Usage(format!(
            "{}: no {name}; name another with --profile",
            factors.display()
        ))
    })?;
    match Profile::parse(
        profile,
        &DataFile {
            path: file.path,
            bytes: file.bytes,
        },
    ) {
        (Some(profile), _) => Ok(profile
            .default_operation
            .into_iter()
            .map(|(mode, code, _)| (mode, code))
            .collect()),
        (None, faults) => Err(Error::Library(
            faults
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        )),
    }
}

/// What came of the documents.
#[derive(Debug, Default)]
pub struct Report {
    /// Files to write, by path below the output folder.
    pub files: Vec<(String, Vec<u8>)>,
    /// What was not used.
    pub left_out: Vec<LeftOut>,
    /// Documents found.
    pub documents: u64,
    /// Documents that became factors or movements.
    pub used: u64,
    /// Rows of `transport.csv`.
    pub transport: usize,
    /// Rows of `hub.csv`.
    pub hub: usize,
    /// Movement records.
    pub movements: usize,
}

/// Reads documents and gathers what they become.
pub struct Converter {
    carrier: Carrier,
    publisher: String,
    factors: Factors,
    movements: Vec<Movement>,
    /// What was taken under an id.
    seen: BTreeMap<String, Value>,
    report: Report,
}

/// A document inside its footprint.
struct Document<'d> {
    place: Place,
    footprint: Option<&'d Value>,
    data: &'d Value,
}

type Refusal = (Outcome, Fault);

fn refused(fault: Fault) -> Refusal {
    (Outcome::Refused, fault)
}

fn malformed(fault: Fault) -> Refusal {
    (Outcome::Malformed, fault)
}

impl Converter {
    /// Nothing read yet.
    pub fn new(carrier: Carrier) -> Result<Converter> {
        let is_code = |t: &str| {
            !t.is_empty()
                && t.chars().count() <= 64
                && t.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
        };
        if !is_code(&carrier.code) || carrier.code.starts_with('-') {
            return Err(Error::Usage(format!(
                "--carrier {:?}: expected a carrier code, e.g. MAEU",
                carrier.code
            )));
        }
        let publisher = carrier.code.clone();
        let (factors, movements, seen) = (Factors::default(), Vec::new(), BTreeMap::new());
        Ok(Converter {
            carrier,
            publisher,
            factors,
            movements,
            seen,
            report: Report::default(),
        })
    }

    /// Takes the documents of a file.
    pub fn read(&mut self, file: &str, bytes: &[u8]) {
        documents::read(file, bytes, &["data"], &mut |place, entry| match entry {
            Ok(entry) => self.entry(place, &entry),
            Err(fault) => {
                self.report.documents += 1;
                self.report
                    .left_out
                    .push(LeftOut::faulty(Outcome::Malformed, &place, "", fault));
            }
        });
    }

    /// A footprint holds its documents as extensions; anything else is a document itself.
    fn entry(&mut self, place: Place, entry: &Value) {
        if entry.get("extensions").is_none() {
            return self.document(&Document {
                place,
                footprint: None,
                data: entry,
            });
        }
        let list = match objects(entry, "/extensions") {
            Ok(list) => list,
            Err(fault) => {
                self.report.documents += 1;
                return self.report.left_out.push(LeftOut::faulty(
                    Outcome::Malformed,
                    &place,
                    "",
                    fault,
                ));
            }
        };
        for (at, extension) in list.iter().enumerate() {
            let place = place.below(&format!("/extensions/{at}/data"));
            let data = extension.get("data").unwrap_or(&Value::Null);
            self.document(&Document {
                place,
                footprint: Some(entry),
                data,
            });
        }
    }

    fn document(&mut self, document: &Document) {
        self.report.documents += 1;
        let data = document.data;
        let named = ["tocId", "hocId", "activityId"]
            .into_iter()
            .find(|key| data.get(*key).is_some());
        let id = named
            .and_then(|key| data[key].as_str())
            .unwrap_or_default()
            .to_owned();
        let outcome = match named {
            _ if document
                .footprint
                .is_some_and(|f| f["status"] == "Deprecated") =>
            {
                Err((
                    Outcome::Ignored,
                    Fault::new("", "Deprecated", "an active footprint"),
                ))
            }
            Some("tocId") => self.category(document, &id, false),
            Some("hocId") => self.category(document, &id, true),
            Some(_) => self.activity(data, &id),
            None if data.get("tces").is_some() => Err((
                Outcome::Ignored,
                Fault::new(
                    "",
                    "a ShipmentFootprint",
                    "activity data or a category, not a result",
                ),
            )),
            None => Err(malformed(Fault::new(
                "",
                "none of them",
                "tocId, hocId or activityId",
            ))),
        };
        match outcome {
            Ok(()) => {
                self.report.used += 1;
                self.seen.insert(id, data.clone());
                if let Some(name) = document.footprint.and_then(|f| f["companyName"].as_str()) {
                    self.publisher = name.to_owned();
                }
            }
            Err((outcome, fault)) => {
                self.report
                    .left_out
                    .push(LeftOut::faulty(outcome, &document.place, &id, fault))
            }
        }
    }

    /// Refuses an id that came before: a copy, or a contradiction that nobody can settle.
    fn is_first(&self, id: &str, data: &Value) -> std::result::Result<(), Refusal> {
        if id.is_empty() {
            return Err(malformed(Fault::new("", "an empty id", "an id as text")));
        }
        match self.seen.get(id) {
            Some(known) if known == data => {
                Err((Outcome::Duplicate, Fault::new("", id, "an id once")))
            }
            Some(_) => Err(refused(Fault::new(
                "",
                id,
                "one document per id, but an earlier one says something else",
            ))),
            None => Ok(()),
        }
    }

    fn category(
        &mut self,
        document: &Document,
        id: &str,
        is_hub: bool,
    ) -> std::result::Result<(), Refusal> {
        self.is_first(id, document.data)?;
        let rows = factors(&self.carrier, document, id, is_hub, &self.factors)?;
        self.factors.extend(rows);
        Ok(())
    }

    fn activity(&mut self, data: &Value, id: &str) -> std::result::Result<(), Refusal> {
        self.is_first(id, data)?;
        self.movements.push(movement(&self.carrier.code, data, id)?);
        Ok(())
    }

    /// Everything that was read, as files.
    pub fn finish(self) -> Result<Report> {
        let Converter {
            carrier,
            publisher,
            factors,
            movements,
            mut report,
            ..
        } = self;
        let folder = format!("{}/{}", carrier.source, carrier.edition);
        for (name, is_hub) in [("transport.csv", false), ("hub.csv", true)] {
            let rows: Vec<&Factor> = factors.rows.iter().filter(|f| f.is_hub == is_hub).collect();
            let columns: Vec<usize> = (0..FACTOR_COLUMNS.len())
                .filter(|i| !is_hub || FACTOR_COLUMNS[*i].1)
                .collect();
            let head = columns
                .iter()
                .map(|i| FACTOR_COLUMNS[*i].0.to_owned())
                .collect();
            let lines = rows
                .iter()
                .map(|f| columns.iter().map(|i| f.cells[*i].clone()).collect());
            if !rows.is_empty() {
                report
                    .files
                    .push((format!("{folder}/{name}"), table(head, lines)?));
            }
            if is_hub {
                report.hub = rows.len()
            } else {
                report.transport = rows.len()
            }
        }
        if !factors.rows.is_empty() {
            let head =
                "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set"
                    .split(',');
            let title = format!("iLEAP categories of {}", carrier.code);
            let row = [
                &*carrier.source,
                &carrier.edition,
                &title,
                &csv_text(&publisher),
                "",
                "",
                "as agreed with the carrier",
                "no",
                "unstated",
            ];
            let bytes = table(
                head.map(str::to_owned).collect(),
                std::iter::once(row.map(str::to_owned).to_vec()),
            )?;
            report.files.push(("sources.csv".to_owned(), bytes));
        }
        if !movements.is_empty() {
            let mut bytes = Vec::new();
            movements::write(&mut bytes, Form::Csv, MOVEMENT_COLUMNS, &movements)?;
            report.files.push(("movements.csv".to_owned(), bytes));
        }
        report.movements = movements.len();
        if report.documents != report.used + report.left_out.len() as u64 {
            let (used, left_out) = (report.used, report.left_out.len());
            return Err(Error::Internal(format!(
                "{} documents, but {used} used and {left_out} left out",
                report.documents
            )));
        }
        Ok(report)
    }
}

fn table(head: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(head).chain(rows) {
        csv.write_record(row)
            .map_err(|e| Error::Storage(e.to_string()))?;
    }
    csv.into_inner().map_err(|e| Error::Storage(e.to_string()))
}

fn mode(data: &Value) -> std::result::Result<Mode, Fault> {
    let wanted = "Road, Rail, Air, Sea or InlandWaterway";
    match required(data, "/mode", wanted)? {
        "Road" => Ok(Mode::Road),
        "Rail" => Ok(Mode::Rail),
        "Air" => Ok(Mode::Air),
        "Sea" => Ok(Mode::Sea),
        "InlandWaterway" => Ok(Mode::InlandWaterway),
        _ => Err(Fault::of(data, "/mode", wanted)),
    }
}
