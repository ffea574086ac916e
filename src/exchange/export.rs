//! The exports of a run: files of documents, written shipment by shipment, and the ledger beside them.

use super::category::{categories, energy};
use super::ileap::{CategoryData, Tad};
use super::ledger::{Identity, Pass};
use super::pact::{Content, Pact};
use crate::error::{Error, Result};
use crate::escape::inert::write_json;
use crate::published::run::Published;
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, folder_below, open_if_there, write_file};
use crate::store::layout::Layout;
use crate::store::lock::{Holder, Output};
use crate::store::signal::Interrupt;
use crate::store::status::now;
use serde::Serialize;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Who the footprints are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Name.
    pub name: String,
    /// URN.
    pub id: String,
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Shipments, TOCs and HOCs in PACT footprints of this version.
    Footprints(Pact),
    /// Transport activity data.
    Tad,
}

impl Kind {
    /// Name of its folder.
    pub const fn folder(self) -> &'static str {
        match self {
            Kind::Footprints(Pact::V2) => "ileap",
            Kind::Footprints(Pact::V3) => "pact-3",
            Kind::Tad => "ileap-tad",
        }
    }
}

/// Form of the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One array per file.
    #[default]
    Json,
    /// One document per line.
    Ndjson,
}

/// An export to make.
#[derive(Clone, Debug)]
pub struct Order {
    /// What.
    pub kind: Kind,
    /// In which form.
    pub form: Form,
    /// Whose.
    pub company: Company,
    /// Where to, instead of `<OUT>/export/<kind>/<run_id>`.
    pub to: Option<PathBuf>,
}

/// What was exported; also written beside the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The run.
    pub run_id: String,
    /// Folder name of the kind.
    pub kind: String,
    /// Shipment documents.
    pub shipments: u64,
    /// TOC documents.
    pub tocs: u64,
    /// HOC documents.
    pub hocs: u64,
    /// Activity data.
    pub activities: u64,
    /// Elements of which there can be no activity data: hubs, and transports without an arrival.
    pub elements_left_out: u64,
    /// Documents that are new, or whose content differs from the last export.
    pub new_versions: u64,
    /// Of these, documents with versions before them.
    pub changed: u64,
    /// Categories whose energy carrier the library or the format does not know.
    pub without_energy_carrier: u64,
    /// Where the documents are.
    #[serde(skip)]
    pub dir: PathBuf,
}

/// Exports a published run.
pub(crate) fn export(
    out: &Path,
    run: Option<&str>,
    order: &Order,
    interrupt: &Interrupt,
) -> Result<Summary> {
    let reading = Layout::new(out).read_run(run)?;
    let run_id = reading.id.clone();
    let published = Published::open(&reading.dir)?;
    let place = format!("export/{}", order.kind.folder());
    let root = folder_below(&RealDisk, out, &place)?;
    let target = match &order.to {
        Some(to) => to.clone(),
        None => folder_below(&RealDisk, out, &format!("{place}/{run_id}"))?,
    };
    let summary = Summary {
        run_id,
        kind: order.kind.folder().to_owned(),
        dir: target,
        ..Summary::default()
    };
    // One export of a kind at a time: two would each write a ledger that lacks the other's versions.
    let output = Output::lock(Arc::new(RealDisk), &root, &Holder::this_process())?;
    let export = Export {
        run: &published,
        order,
        root: &root,
        interrupt,
        summary,
    };
    let summary = match order.kind {
        Kind::Footprints(pact) => export.footprints(pact)?,
        Kind::Tad => export.activity_data()?,
    };
    drop(output);
    Ok(summary)
}

struct Export<'e> {
    run: &'e Published,
    order: &'e Order,
    root: &'e Path,
    interrupt: &'e Interrupt,
    summary: Summary,
}

type Ledger<'e> = Pass<'e, FileWriter<'e>>;

impl Export<'_> {
    fn footprints(mut self, pact: Pact) -> Result<Summary> {
        let ledger = self.category_ledger(pact)?;
        let mut shipments = self.documents("shipments")?;
        let mut pass = self.ledger("shipments.ledger.ndjson")?;
        for shipment in self.run.shipments() {
            self.interrupt.check()?;
            let shipment = shipment?;
            let content = Content::shipment(pact, &self.order.company, self.run, &shipment)?;
            let identity =
                pass.identify(&format!("shipment:{}", shipment.id), &content.bytes()?)?;
            self.summary.count(&identity);
            shipments.push(&content.document(pact, identity))?;
            self.summary.shipments += 1;
        }
        // The ledger first: documents without a line in it would be exported again under another time.
        pass.finish()?.finish()?;
        let (ledger, files) = ledger;
        ledger.finish()?.finish()?;
        for file in files.into_iter().chain([shipments]) {
            file.finish()?;
        }
        self.finish()
    }

    /// TOCs and HOCs: few, so they are made before the shipments that refer to them.
    fn category_ledger(&mut self, pact: Pact) -> Result<(Ledger<'static>, [Documents; 2])> {
        let mut pass = self.ledger("categories.ledger.ndjson")?;
        let (mut tocs, mut hocs) = (self.documents("tocs")?, self.documents("hocs")?);
        for category in categories(self.run, &|| self.interrupt.check())?.values() {
            let data = CategoryData::new(self.run, category, energy(self.run, category)?)?;
            self.summary.without_energy_carrier += u64::from(data.lacks_energy_carrier());
            let is_toc = matches!(data, CategoryData::Toc(_));
            let content = Content::category(pact, &self.order.company, self.run, category, data)?;
            // One id is never both: it names a factor or an operation of one mode.
            let identity =
                pass.identify(&format!("category:{}", category.id), &content.bytes()?)?;
            self.summary.count(&identity);
            let document = content.document(pact, identity);
            if is_toc {
                self.summary.tocs += 1;
                tocs.push(&document)?;
            } else {
                self.summary.hocs += 1;
                hocs.push(&document)?;
            }
        }
        Ok((pass, [tocs, hocs]))
    }

    fn activity_data(mut self) -> Result<Summary> {
        let mut documents = self.documents("tad")?;
        for (count, element) in self.run.elements().enumerate() {
            if count.is_multiple_of(4_096) {
                self.interrupt.check()?;
            }
            match Tad::new(self.run, &element?)? {
                Some(tad) => {
                    documents.push(&tad)?;
                    self.summary.activities += 1;
                }
                None => self.summary.elements_left_out += 1,
            }
        }
        documents.finish()?;
        self.finish()
    }

    fn documents(&self, name: &str) -> Result<Documents> {
        Documents::create(&self.summary.dir, name, self.order.form)
    }

    fn ledger(&self, name: &str) -> Result<Ledger<'static>> {
        let path = self.root.join(name);
        let old =
            open_if_there(&path)?.map(|file| Box::new(BufReader::new(file)) as Box<dyn BufRead>);
        let new = FileWriter::create(&RealDisk, &path)?;
        Pass::begin(
            &path.display().to_string(),
            old,
            new,
            &now(),
            &self.summary.run_id,
            &self.order.company.id,
        )
    }

    fn finish(self) -> Result<Summary> {
        let text = serde_json::to_vec_pretty(&self.summary);
        let text = text.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
        write_file(&RealDisk, &self.summary.dir.join("summary.json"), &text)?;
        Ok(self.summary)
    }
}

impl Summary {
    fn count(&mut self, identity: &Identity) {
        self.new_versions += u64::from(identity.is_new);
        self.changed += u64::from(identity.is_new && !identity.preceding.is_empty());
    }
}

/// A file of documents, one after the other.
struct Documents {
    out: FileWriter<'static>,
    form: Form,
    count: u64,
}

impl Documents {
    fn create(dir: &Path, name: &str, form: Form) -> Result<Documents> {
        let extension = match form {
            Form::Json => "json",
            Form::Ndjson => "ndjson",
        };
        let out = FileWriter::create(&RealDisk, &dir.join(format!("{name}.{extension}")))?;
        Ok(Documents {
            out,
            form,
            count: 0,
        })
    }

    fn push(&mut self, document: &impl Serialize) -> Result<()> {
        let before: &[u8] = match (self.form, self.count) {
            (Form::Ndjson, 0) => b"",
            (Form::Ndjson, _) => b"\n",
            (Form::Json, 0) => b"[\n",
            (Form::Json, _) => b",\n",
        };
        self.count += 1;
        let written = self
            .out
            .write_all(before)
            .and_then(|()| write_json(&mut self.out, document));
        written.map_err(|e| Error::Storage(e.to_string()))
    }

    fn finish(mut self) -> Result<()> {
        let after: &[u8] = match (self.form, self.count) {
            (Form::Ndjson, 0) => b"",
            (Form::Ndjson, _) => b"\n",
            (Form::Json, 0) => b"[]\n",
            (Form::Json, _) => b"\n]\n",
        };
        self.out
            .write_all(after)
            .map_err(|e| Error::Storage(e.to_string()))?;
        self.out.finish()
    }
}
