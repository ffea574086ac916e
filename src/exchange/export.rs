//! The exports of a run: files of documents, written shipment by shipment, and the ledger beside them.

use super::abreast::in_order;
use super::category::{Met, Sources, categories, energy};
use super::elements::Spelling;
use super::former::{DEPRECATED, Former};
use super::ileap::{CategoryData, Tad};
use super::json;
use super::ledger::{self, Pass};
use super::order::{Form, Kind, Order, Summary};
use super::pact::{Maker, Pact};
use crate::error::{Error, Result};
use crate::model::unit::{NANO_SCALE, decimal_text};
use crate::published::cut::Cut;
use crate::published::run::{Chunk, Published};
use crate::published::slice::{Slice, folder_name};
use crate::store::disk::RealDisk;
use crate::store::files::{
    FileWriter, finish_groups, folder_below, open_if_there, remove_lasting, seal, whole,
};
use crate::store::layout::Layout;
use crate::store::lock::{Holder, Output};
use crate::store::signal::Interrupt;
use crate::store::status::now;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// Exports a published run, or a slice of it.
pub(crate) fn export(
    out: &Path,
    run: Option<&str>,
    order: &Order,
    (slice, memory): (&Slice, u64),
    interrupt: &Interrupt,
) -> Result<Summary> {
    let reading = Layout::new(out).read_run(run)?;
    let published = Published::open(&reading.dir)?;
    let exporter = Exporter::begin(out, order.kind)?;
    if slice.is_whole() {
        return exporter.export(&published, order, None, interrupt);
    }
    let of = (slice, None);
    let mut cut = Cut::of(&reading.dir, &published.manifest, of, memory, interrupt)?;
    let part = cut.next_part()?;
    let part = part.ok_or_else(|| Error::Internal("a slice was lost".to_owned()))?;
    let reference = Arc::clone(&published.reference);
    let published = Published::of(part.dir(), part.manifest.clone(), reference);
    exporter.export(&published, order, Some(&slice.text()), interrupt)
}

/// The exports of a kind, which nobody else writes meanwhile: two would each write a ledger that lacks the other's versions.
pub(crate) struct Exporter {
    out: PathBuf,
    all: PathBuf,
    kind: String,
    _lock: Output,
}

impl Exporter {
    /// Begins exports of a kind.
    pub(crate) fn begin(out: &Path, kind: Kind) -> Result<Exporter> {
        let kind = format!("export/{}", kind.folder());
        let all = folder_below(&RealDisk, out, &kind)?;
        let lock = Output::lock(Arc::new(RealDisk), &all, &Holder::this_process())?;
        Ok(Exporter {
            out: out.to_owned(),
            all,
            kind,
            _lock: lock,
        })
    }

    /// Exports a run, or the slice of one that is cut by what `slice` says.
    pub(crate) fn export(
        &self,
        published: &Published,
        order: &Order,
        slice: Option<&str>,
        interrupt: &Interrupt,
    ) -> Result<Summary> {
        let run_id = published.manifest.run_id.clone();
        let company = &order.company.id;
        // Categories of a slice have other sums: its documents are a series of their own, with ids and versions of their own.
        let (place, series) = match (order.kind, slice) {
            (Kind::Tad, None) => (self.kind.clone(), company.clone()),
            (Kind::Footprints(_), None) => {
                (place_of(&self.all, &self.kind, company)?, company.clone())
            }
            (_, Some(slice)) => {
                let series = format!("{company}#{slice}");
                let folder = folder_name(slice, &series);
                (format!("{}/slice-{folder}", self.kind), series)
            }
        };
        let root = folder_below(&RealDisk, &self.out, &place)?;
        let target = match &order.to {
            Some(to) => to.clone(),
            None => folder_below(&RealDisk, &self.out, &format!("{place}/{run_id}"))?,
        };
        let export = Export {
            run: published,
            order,
            series: &series,
            root: &root,
            interrupt,
            summary: Summary {
                run_id,
                kind: order.kind.folder().to_owned(),
                slice: slice.map(str::to_owned),
                dir: target,
                ..Summary::default()
            },
        };
        match order.kind {
            Kind::Footprints(pact) => export.footprints(pact),
            Kind::Tad => export.activity_data(),
        }
    }
}

const SHIPMENTS_LEDGER: &str = "shipments.ledger.ndjson";
const CATEGORIES_LEDGER: &str = "categories.ledger.ndjson";
/// Longest end of a URN in the name of a folder.
const MOST_NAMED: usize = 40;

/// Where the ledger and the documents of a company stand: a ledger belongs to one company, so that two are never each other's versions.
/// The first company of an output has the folder of the kind, every other one a folder of its own in it.
fn place_of(all: &Path, kind: &str, company_id: &str) -> Result<String> {
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_URL, company_id.as_bytes());
    let end = company_id.rsplit(':').next().unwrap_or_default();
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let named: String = end.chars().filter(is_plain).take(MOST_NAMED).collect();
    let own = format!("company-{named}-{}", &digest.simple().to_string()[..12]);
    for folder in [&all.join(&own), all] {
        for ledger in [SHIPMENTS_LEDGER, CATEGORIES_LEDGER] {
            let path = folder.join(ledger);
            let Some(file) = open_if_there(&path)? else {
                continue;
            };
            let mut line = String::new();
            let read = BufReader::new(file).take(MOST_LINE).read_line(&mut line);
            read.map_err(|e| Error::Storage(format!("{}: cannot read: {e}", path.display())))?;
            // A damaged one is told where it is read.
            let is_ours = line.is_empty() || ledger::is_of(&line, company_id).unwrap_or(true);
            let is_own = folder != all;
            return Ok(match is_ours && !is_own {
                true => kind.to_owned(),
                false => format!("{kind}/{own}"),
            });
        }
    }
    Ok(kind.to_owned())
}

/// A line of a ledger is not longer.
const MOST_LINE: u64 = 64 << 20;

struct Export<'e> {
    run: &'e Published,
    order: &'e Order,
    /// Whose versions these are: a company, and what a slice is cut by.
    series: &'e str,
    root: &'e Path,
    interrupt: &'e Interrupt,
    summary: Summary,
}

/// What a thread makes of a chunk of shipments, in its own memory.
struct Thread<'e> {
    met: Met<'e>,
    spelling: Spelling<'e>,
    bytes: Vec<u8>,
    made: Vec<Made>,
    /// Places of the categories of a shipment's elements.
    places: Vec<usize>,
}

/// A document without its opening.
struct Made {
    key: String,
    content: Range<usize>,
    sha256: [u8; 32],
}

/// Files and ledger of a kind of documents.
struct Sink<'s> {
    ledger: Pass<'static, FileWriter<'static>>,
    former: &'s mut Former,
    deprecated: &'s mut Documents,
    summary: &'s mut Summary,
    opening: Vec<u8>,
}

impl Sink<'_> {
    /// Puts a document into its file under the identity that the ledger gives it.
    fn put(
        &mut self,
        maker: &Maker,
        key: &str,
        content: &[u8],
        sha256: &[u8; 32],
        file: (&str, &mut Documents),
    ) -> Result<()> {
        let identity = self.ledger.identify(key, sha256)?;
        self.summary.count(&identity);
        for version in &identity.former {
            match self.former.document(key, file.0, version)? {
                Some(document) => {
                    self.deprecated.push([&document, b""])?;
                    self.summary.deprecated += 1;
                }
                None => self.summary.deprecated_not_found += 1,
            }
        }
        self.opening.clear();
        maker.opening(&mut self.opening, &identity);
        // The content is an object of its own but for its first brace.
        file.1.push([&self.opening, &content[1..]])
    }
}

impl Export<'_> {
    fn footprints(mut self, pact: Pact) -> Result<Summary> {
        let sources = Sources::new(self.run);
        let maker = Maker::new(pact, &self.order.company, self.run, &sources);
        let mut shipments = self.documents("shipments")?;
        let (mut tocs, mut hocs) = (self.documents("tocs")?, self.documents("hocs")?);
        let mut deprecated = self.documents(DEPRECATED)?;
        let mut former = Former::new(self.root, &self.summary.dir, "shipment");
        let ledger = self.ledger(SHIPMENTS_LEDGER)?;
        let of_categories = self.ledger(CATEGORIES_LEDGER)?;
        let mut summary = std::mem::take(&mut self.summary);
        let mut sink = Sink {
            ledger,
            former: &mut former,
            deprecated: &mut deprecated,
            summary: &mut summary,
            opening: Vec::new(),
        };
        let met = self.shipments(&maker, &sources, &mut sink, &mut shipments)?;
        let ledger = sink.ledger;
        let mut sink = Sink {
            ledger: of_categories,
            former: &mut Former::new(self.root, &summary.dir, "category"),
            deprecated: &mut deprecated,
            summary: &mut summary,
            opening: Vec::new(),
        };
        self.categories(&maker, met, &mut sink, [&mut tocs, &mut hocs])?;
        let of_categories = sink.ledger;
        self.summary = summary;
        let files = vec![tocs, hocs, deprecated, shipments];
        self.finish(vec![ledger.finish()?, of_categories.finish()?], files)
    }

    /// Writes the documents of shipments; gives the categories that their elements have.
    fn shipments<'s>(
        &'s self,
        maker: &Maker,
        sources: &'s Sources<'s>,
        sink: &mut Sink,
        shipments: &mut Documents,
    ) -> Result<Vec<Met<'s>>> {
        let mut chunks = self.run.chunks();
        let begin = || Thread {
            met: Met::new(self.run, sources),
            spelling: Spelling::new(self.run),
            bytes: Vec::new(),
            made: Vec::new(),
            places: Vec::new(),
        };
        let put = |thread: &mut Thread| {
            for made in &thread.made {
                let content = &thread.bytes[made.content.clone()];
                sink.put(
                    maker,
                    &made.key,
                    content,
                    &made.sha256,
                    ("shipments", shipments),
                )?;
                sink.summary.shipments += 1;
            }
            Ok(())
        };
        let next = || {
            self.interrupt.check()?;
            chunks.next_chunk()
        };
        let work = |thread: &mut Thread, chunk: Chunk| thread.make(maker, self.run, &chunk);
        let threads = in_order(next, begin, work, put)?;
        Ok(threads.into_iter().map(|thread| thread.met).collect())
    }

    /// TOCs and HOCs, which are known when all elements are.
    fn categories(
        &self,
        maker: &Maker,
        met: Vec<Met>,
        sink: &mut Sink,
        [tocs, hocs]: [&mut Documents; 2],
    ) -> Result<()> {
        let mut by_set = BTreeMap::new();
        for category in categories(met).values() {
            let set = self.run.factor(&category.factor_id)?.emissions_gwp_set();
            *by_set.entry(set.code()).or_insert(0) += category.total();
            let data = CategoryData::new(self.run, category, energy(self.run, category)?)?;
            sink.summary.without_energy_carrier += u64::from(data.lacks_energy_carrier());
            let mut content = Vec::new();
            maker.category(&mut content, category, &data)?;
            let sha256 = Sha256::digest(&content).into();
            // One id is never both: it names a factor or an operation of one mode.
            let key = format!("category:{}", category.id);
            let (file, count) = match data {
                CategoryData::Toc(_) => (("tocs", &mut *tocs), &mut sink.summary.tocs),
                CategoryData::Hoc(_) => (("hocs", &mut *hocs), &mut sink.summary.hocs),
            };
            *count += 1;
            sink.put(maker, &key, &content, &sha256, file)?;
        }
        let text = |(set, kg)| (set, decimal_text(kg, NANO_SCALE));
        sink.summary.ghg_kg_by_gwp_set = by_set.into_iter().map(text).collect();
        Ok(())
    }

    fn activity_data(mut self) -> Result<Summary> {
        let mut documents = self.documents("tad")?;
        let mut chunks = self.run.chunks();
        let (mut activities, mut left_out) = (0, 0);
        let next = || {
            self.interrupt.check()?;
            chunks.next_chunk()
        };
        // Documents of a chunk, where each ends, and what became none.
        type Activities = (Vec<u8>, Vec<usize>, u64);
        let work = |(bytes, ends, without): &mut Activities, chunk: Chunk| {
            bytes.clear();
            ends.clear();
            *without = 0;
            chunk.each(self.run, |_, elements| {
                for element in elements {
                    match Tad::new(self.run, element)? {
                        Some(tad) => {
                            json::value(bytes, &tad);
                            ends.push(bytes.len());
                        }
                        None => *without += 1,
                    }
                }
                Ok(())
            })
        };
        let put = |(bytes, ends, without): &mut Activities| {
            let mut from = 0;
            for end in ends {
                documents.push([&bytes[from..*end], b""])?;
                from = *end;
                activities += 1;
            }
            left_out += *without;
            Ok(())
        };
        in_order(next, Activities::default, work, put)?;
        (self.summary.activities, self.summary.elements_left_out) = (activities, left_out);
        self.finish(Vec::new(), vec![documents])
    }

    fn documents(&self, name: &str) -> Result<Documents> {
        Documents::create(&self.summary.dir, name, self.order.form)
    }

    fn ledger(&self, name: &str) -> Result<Pass<'static, FileWriter<'static>>> {
        let path = self.root.join(name);
        let old = open_if_there(&path)?
            .map(|file| Box::new(BufReader::new(file)) as Box<dyn BufRead + Send>);
        let new = FileWriter::create(&RealDisk, &path)?;
        Pass::begin(
            &path.display().to_string(),
            old,
            new,
            &now(),
            &self.summary.run_id,
            self.series,
        )
    }

    /// Ledgers first: documents without a line in them would be exported again under another time. The summary last, and an
    /// earlier one goes before the first document changes: where it stands, all documents beside it are of one export.
    fn finish(
        self,
        mut ledgers: Vec<FileWriter<'static>>,
        documents: Vec<Documents>,
    ) -> Result<Summary> {
        let text = serde_json::to_vec_pretty(&self.summary);
        let text = text.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
        let path = self.summary.dir.join("summary.json");
        let mut index = [whole(&RealDisk, &path, &text)?];
        let mut files = documents
            .into_iter()
            .map(Documents::finish)
            .collect::<Result<Vec<_>>>()?;
        seal(ledgers.iter_mut().chain(&mut files).chain(&mut index))?;
        remove_lasting(&RealDisk, &path)?;
        finish_groups(&RealDisk, [ledgers, files, Vec::from(index)])?;
        Ok(self.summary)
    }
}

impl Thread<'_> {
    /// Makes the documents of a chunk.
    fn make(&mut self, maker: &Maker, run: &Published, chunk: &Chunk) -> Result<()> {
        let Thread {
            met,
            spelling,
            bytes,
            made,
            places,
        } = self;
        bytes.clear();
        made.clear();
        let mut number = chunk.before;
        chunk.each(run, |head, elements| {
            places.clear();
            for element in elements {
                places.push(met.meet(element, number)?);
                number += 1;
            }
            let from = bytes.len();
            maker.shipment(bytes, spelling, head, elements, met, places)?;
            made.push(Made {
                key: format!("shipment:{}", head.id),
                sha256: Sha256::digest(&bytes[from..]).into(),
                content: from..bytes.len(),
            });
            Ok(())
        })
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
        let name = format!("{name}.{}", form.extension());
        let out = FileWriter::create(&RealDisk, &dir.join(name))?;
        Ok(Documents {
            out,
            form,
            count: 0,
        })
    }

    /// The parts of a document, in their order.
    fn push(&mut self, document: [&[u8]; 2]) -> Result<()> {
        let before: &[u8] = match (self.form, self.count) {
            (Form::Ndjson, 0) => b"",
            (Form::Ndjson, _) => b"\n",
            (Form::Json, 0) => b"[\n",
            (Form::Json, _) => b",\n",
        };
        self.count += 1;
        for bytes in [&[before], &document[..]].concat() {
            let written = self.out.write_all(bytes);
            written.map_err(|e| Error::Storage(e.to_string()))?;
        }
        Ok(())
    }

    /// The file, ready to appear.
    fn finish(mut self) -> Result<FileWriter<'static>> {
        let after: &[u8] = match (self.form, self.count) {
            (Form::Ndjson, 0) => b"",
            (Form::Ndjson, _) => b"\n",
            (Form::Json, 0) => b"[]\n",
            (Form::Json, _) => b"\n]\n",
        };
        self.out
            .write_all(after)
            .map_err(|e| Error::Storage(e.to_string()))?;
        Ok(self.out)
    }
}
