//! iLEAP documents of a carrier: TOCs and HOCs as carrier-specific factors in the layout of a library, the elements of
//! ShipmentFootprints and TADs as movements.
//!
//! Units are converted (kg to g), nothing else: what a factor needs and the document lacks is refused, with its place.

mod activity;
mod assign;
mod category;
mod shipment;
#[cfg(test)]
mod tests;

use super::documents::{self, Fault, Place, objects, required};
use super::left_out::{LeftOut, Outcome};
use super::movements::{self, Form};
use crate::error::{Error, Result};
use crate::escape::csv_text;
use crate::factors::{DataFile, Library, Profile};
use crate::model::mode::{Basis, Mode};
use crate::store::reference::read_library;
use activity::{MOVEMENT_COLUMNS, Movement, movement};
use assign::{Candidate, FACTOR_COLUMNS, Scope, key, named, settle};
use category::Category;
use serde_json::Value;
use shipment::{CHAIN_COLUMNS, Chained, Shipment, chained};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Whose documents these are, and what they do not say.
#[derive(Clone, Debug)]
pub(crate) struct Carrier {
    /// Code in movement records.
    pub code: String,
    /// Source of the factors.
    pub source: String,
    /// Edition of the factors.
    pub edition: String,
    /// Operation of each mode.
    pub by_mode: BTreeMap<Mode, String>,
    /// Operations that the library has.
    pub operations: BTreeSet<String>,
    /// What single categories stand for, by id.
    pub by_id: BTreeMap<String, Assignment>,
    /// Distance basis of the intensities, if told.
    pub distance_basis: Option<Basis>,
}

/// What a category stands for, as far as somebody said it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// Operation; empty: as without a line.
    pub operation: String,
    /// Region.
    pub region: Option<String>,
    /// Energy carrier; empty: all that the carrier runs.
    pub energy_carrier: String,
    /// Distance basis.
    pub distance_basis: Option<Basis>,
}

/// The operations that a profile gives to modes, and all that the library has.
pub(crate) fn known_operations(
    factors: &Path,
    profile: &str,
) -> Result<(BTreeMap<Mode, String>, BTreeSet<String>)> {
    let name = format!("profiles/{profile}.toml");
    let files: Vec<DataFile> = read_library(factors)?
        .into_iter()
        .filter(|file| file.path == name || file.path == "operations.csv")
        .map(|file| DataFile::new(file.path, file.bytes))
        .collect();
    // Operations alone: that the editions are not there is no fault here.
    let operations = Library::parse(&files).0.operations;
    let codes = operations.iter().map(|o| o.code.to_string()).collect();
    let file = files.iter().find(|f| f.path == name);
    let file = file.ok_or_else(|| {
        Error::Usage(format!(
            "{}: no {name}; name another with --profile",
            factors.display()
        ))
    })?;
    match Profile::parse(profile, file) {
        (Some(profile), _) => Ok((
            (profile.default_operation.into_iter())
                .map(|(mode, code, _)| (mode, code))
                .collect(),
            codes,
        )),
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
pub(crate) struct Converter {
    carrier: Carrier,
    publisher: String,
    categories: Vec<Category>,
    shipments: Vec<Shipment>,
    activities: Vec<(Place, Movement)>,
    /// Digests of what was taken, by kind and id; a category may come with several periods.
    seen: BTreeMap<(&'static str, String), BTreeSet<String>>,
    /// Footprints that a later one names as those before it.
    preceding: BTreeSet<String>,
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
    pub(crate) fn new(carrier: Carrier) -> Result<Converter> {
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
        Ok(Converter {
            publisher: carrier.code.clone(),
            carrier,
            categories: Vec::new(),
            shipments: Vec::new(),
            activities: Vec::new(),
            seen: BTreeMap::new(),
            preceding: BTreeSet::new(),
            report: Report::default(),
        })
    }

    /// Takes the documents of a file.
    pub(crate) fn read(&mut self, file: &str, bytes: &[u8]) {
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
        let before = entry.get("precedingPfIds").and_then(Value::as_array);
        let before = before.into_iter().flatten().filter_map(Value::as_str);
        self.preceding.extend(before.map(str::to_owned));
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
        let keys = [
            ("tocId", "toc"),
            ("hocId", "hoc"),
            ("activityId", "tad"),
            ("tces", "shipment"),
        ];
        let kind = keys.into_iter().find(|(key, _)| data.get(*key).is_some());
        let id_key = match kind {
            Some(("tces", _)) => "shipmentId",
            Some((key, _)) => key,
            None => "",
        };
        let id = data[id_key].as_str().unwrap_or_default().to_owned();
        let is_deprecated = document
            .footprint
            .is_some_and(|f| f["status"] == "Deprecated");
        let outcome = match kind {
            _ if is_deprecated => Err((
                Outcome::Ignored,
                Fault::new("", "Deprecated", "an active footprint"),
            )),
            // What an export writes beside its documents.
            None if ["run_id", "kind", "new_versions"]
                .iter()
                .all(|key| data.get(*key).is_some()) =>
            {
                Err((Outcome::Ignored, Fault::new("", "a summary", "a document")))
            }
            Some((_, kind)) => self
                .is_new(kind, &id, data)
                .and_then(|()| self.take(document, kind, &id)),
            None => Err(malformed(Fault::new(
                "",
                "none of them",
                "tocId, hocId, activityId or tces",
            ))),
        };
        match outcome {
            Ok(()) => {
                let name = document.footprint.and_then(|f| f["companyName"].as_str());
                if let Some(name) = name {
                    self.publisher = name.to_owned();
                }
            }
            Err(refusal) => self.leave_out(&document.place, &id, refusal),
        }
    }

    fn leave_out(&mut self, place: &Place, id: &str, (outcome, fault): Refusal) {
        let entry = LeftOut::faulty(outcome, place, id, fault);
        self.report.left_out.push(entry);
    }

    /// Refuses an id that came before: a copy, or a contradiction that nobody can settle. Categories may come again with another
    /// period; what they contradict is known at the end.
    fn is_new(
        &mut self,
        kind: &'static str,
        id: &str,
        data: &Value,
    ) -> std::result::Result<(), Refusal> {
        if id.is_empty() {
            return Err(malformed(Fault::new("", "an empty id", "an id as text")));
        }
        let is_category = matches!(kind, "toc" | "hoc");
        let known = self.seen.get(&(kind, id.to_owned()));
        match known {
            // The same figures of another period are no copy.
            Some(known) if !is_category && known.contains(&data.to_string()) => {
                Err((Outcome::Duplicate, Fault::new("", id, "an id once")))
            }
            Some(_) if !is_category => Err(refused(Fault::new(
                "",
                id,
                "one document per id, but an earlier one says something else",
            ))),
            _ => Ok(()),
        }
    }

    fn take(
        &mut self,
        document: &Document,
        kind: &'static str,
        id: &str,
    ) -> std::result::Result<(), Refusal> {
        let data = document.data;
        match kind {
            "toc" | "hoc" => {
                let category = Category::read(document, id, kind == "hoc")?;
                let content = format!("{data} {:?}", category.about.reference);
                let seen = self.seen.entry((kind, id.to_owned())).or_default();
                if !seen.insert(content) {
                    return Err((Outcome::Duplicate, Fault::new("", id, "an id once")));
                }
                self.categories.push(category);
                return Ok(());
            }
            "tad" => {
                let movement = movement(&self.carrier.code, data, id)?;
                self.activities.push((document.place.clone(), movement));
            }
            _ => self.shipments.push(Shipment::read(&document.place, data)?),
        }
        let seen = self.seen.entry((kind, id.to_owned())).or_default();
        seen.insert(data.to_string());
        Ok(())
    }

    /// Everything that was read, as files.
    pub(crate) fn finish(mut self) -> Result<Report> {
        let named = named(&self.shipments);
        let mut candidates = Vec::new();
        for category in std::mem::take(&mut self.categories) {
            if self.preceding.contains(&category.about.footprint_id) {
                let fault = Fault::new("", &category.id, "a footprint that none replaces");
                self.leave_out(&category.place, &category.id, (Outcome::Duplicate, fault));
                continue;
            }
            match Scope::of(&self.carrier, &category, &named) {
                Ok(scope) => candidates.push(Candidate::new(category, scope)),
                Err(refusal) => self.leave_out(&category.place, &category.id, refusal),
            }
        }
        settle(&mut candidates);
        for candidate in &candidates {
            if let Some((is_copy, fault)) = candidate.refusal() {
                let outcome = match is_copy {
                    true => Outcome::Duplicate,
                    false => Outcome::Refused,
                };
                let category = &candidate.category;
                self.leave_out(&category.place, &category.id, (outcome, fault));
            }
        }
        // A duplicate's operation is that of its twin.
        let stands = |c: &&Candidate| c.refusal().is_none_or(|(is_copy, _)| is_copy);
        let scopes: BTreeMap<(bool, String), &Candidate> = (candidates.iter().filter(stands))
            .map(|c| ((c.category.mode == Mode::Hub, c.category.id.clone()), c))
            .collect();
        let chains = self.chains(&scopes);
        candidates.retain(|c| c.refusal().is_none());
        self.files(&candidates, &chains)
    }

    /// The elements of the shipments whose categories all stand, as movement records.
    fn chains(&mut self, scopes: &BTreeMap<(bool, String), &Candidate>) -> Vec<Chained> {
        let mut records = Vec::new();
        let mut whole = BTreeSet::new();
        for shipment in std::mem::take(&mut self.shipments) {
            let missing = (shipment.elements.iter().enumerate())
                .find(|(_, tce)| !scopes.contains_key(&key(tce)));
            if let Some((at, tce)) = missing {
                let pointer = match tce.is_hub {
                    true => format!("/tces/{at}/hocId"),
                    false => format!("/tces/{at}/tocId"),
                };
                let wanted = "a TOC or HOC among the documents that became a factor";
                let fault = Fault::new(&pointer, &tce.category, wanted);
                self.leave_out(&shipment.place, &shipment.id, refused(fault));
                continue;
            }
            for tce in &shipment.elements {
                records.push(chained(&self.carrier, &shipment, tce, scopes[&key(tce)]));
            }
            self.report.used += 1;
            whole.insert(shipment.id);
        }
        for (place, movement) in std::mem::take(&mut self.activities) {
            let [id, consignment, ..] = &movement;
            if whole.contains(consignment) {
                let wanted = "a movement once; the footprint of its shipment has it";
                let fault = Fault::new("/consignmentIds/0", consignment, wanted);
                let id = id.clone();
                self.leave_out(&place, &id, (Outcome::Duplicate, fault));
            } else {
                self.report.used += 1;
                self.activities.push((place, movement));
            }
        }
        records
    }

    fn files(self, candidates: &[Candidate], chains: &[Chained]) -> Result<Report> {
        let Converter {
            carrier,
            publisher,
            activities,
            mut report,
            ..
        } = self;
        report.used += candidates.len() as u64;
        let mut of_id: BTreeMap<(bool, &str), u64> = BTreeMap::new();
        let is_hub = |c: &Candidate| c.category.mode == Mode::Hub;
        for c in candidates {
            *of_id.entry((is_hub(c), &c.category.id)).or_default() += 1;
        }
        let folder = format!("{}/{}", carrier.source, carrier.edition);
        for (name, of_hubs) in [("transport.csv", false), ("hub.csv", true)] {
            let rows: Vec<Vec<String>> = (candidates.iter())
                .filter(|c| is_hub(c) == of_hubs)
                .flat_map(|c| c.rows(&carrier, of_id[&(of_hubs, c.category.id.as_str())] > 1))
                .collect();
            let columns: Vec<usize> = (0..FACTOR_COLUMNS.len())
                .filter(|i| !of_hubs || FACTOR_COLUMNS[*i].1)
                .collect();
            let head = columns
                .iter()
                .map(|i| FACTOR_COLUMNS[*i].0.to_owned())
                .collect();
            let lines = rows
                .iter()
                .map(|row| columns.iter().map(|i| row[*i].clone()).collect());
            if !rows.is_empty() {
                report
                    .files
                    .push((format!("{folder}/{name}"), table(head, lines)?));
            }
            if of_hubs {
                report.hub = rows.len()
            } else {
                report.transport = rows.len()
            }
        }
        if !candidates.is_empty() {
            let bytes = sources(&carrier, &publisher)?;
            report.files.push(("sources.csv".to_owned(), bytes));
        }
        if let Some(bytes) = own_operations(&carrier, candidates)? {
            report.files.push(("operations.csv".to_owned(), bytes));
        }
        if !activities.is_empty() {
            let rows: Vec<Movement> = activities.into_iter().map(|(_, row)| row).collect();
            let mut bytes = Vec::new();
            movements::write(&mut bytes, Form::Csv, MOVEMENT_COLUMNS, &rows)?;
            report.files.push(("movements.csv".to_owned(), bytes));
            report.movements += rows.len();
        }
        if !chains.is_empty() {
            let mut bytes = Vec::new();
            movements::write(&mut bytes, Form::Csv, CHAIN_COLUMNS, chains)?;
            report
                .files
                .push(("movements-of-shipments.csv".to_owned(), bytes));
            report.movements += chains.len();
        }
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

/// The row of `sources.csv`.
fn sources(carrier: &Carrier, publisher: &str) -> Result<Vec<u8>> {
    let head = "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set";
    let title = format!("iLEAP categories of {}", carrier.code);
    let row = [
        &*carrier.source,
        &carrier.edition,
        &title,
        &csv_text(publisher),
        "",
        "",
        "as agreed with the carrier",
        "no",
        "unstated",
    ];
    let row = row.map(str::to_owned).to_vec();
    table(
        head.split(',').map(str::to_owned).collect(),
        std::iter::once(row),
    )
}

/// Rows of `operations.csv` for operations that stand for one category, if there are any.
fn own_operations(carrier: &Carrier, candidates: &[Candidate]) -> Result<Option<Vec<u8>>> {
    let own: BTreeMap<&str, &Candidate> = (candidates.iter().filter(|c| c.scope.is_own))
        .map(|c| (c.scope.operation.as_str(), c))
        .collect();
    let row = |(code, c): (&&str, &&Candidate)| {
        let mode = c.category.mode;
        let kind = if mode == Mode::Hub {
            "hub"
        } else {
            "transport"
        };
        let title = format!("{} of {}", c.category.id, carrier.code);
        let row = [code, mode.code(), kind, "", &csv_text(&title), ""];
        row.map(str::to_owned).to_vec()
    };
    if own.is_empty() {
        return Ok(None);
    }
    let head = "operation,mode,kind,energy_carrier,title,description";
    let head = head.split(',').map(str::to_owned).collect();
    table(head, own.iter().map(row)).map(Some)
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
