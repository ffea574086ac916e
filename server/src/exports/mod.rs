//! Finished exports: which of them is served, and those that are kept for lists that somebody is in the middle of.
//!
//! Only `export/` and the name in `CURRENT` are read, never a run folder. What is served is a set of open files: a later export that
//! replaces them changes nothing of it.

mod names;
mod table;
mod tad;

pub(crate) use table::{Row, Table, micros, product_number};
pub(crate) use tad::Activities;

use crate::clients::Client;
use green_corridor::process::Console;
use green_corridor::{Error, Level, Result};
use ring::digest;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long an export is kept that is not the newest any more: links to the next page last 180 s at least.
const KEPT: Duration = Duration::from_secs(600);
/// Such exports of a kind at once.
const MOST_KEPT: usize = 2;
/// How long a link holds whatever comes after, and of how many exports at most.
const PROMISED: Duration = Duration::from_secs(180);
const MOST_YOUNG: usize = 16;
/// Largest summary.
const MOST_SUMMARY: u64 = 1 << 20;

/// What is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Footprints of PACT 2 with iLEAP's extension.
    V2,
    /// Footprints of PACT 3.
    V3,
    /// Transport activity data.
    Tad,
}

impl Which {
    pub(crate) const ALL: [Which; 3] = [Which::V2, Which::V3, Which::Tad];

    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Which::V2 => "ileap",
            Which::V3 => "pact-3",
            Which::Tad => "ileap-tad",
        }
    }
}

/// Documents of an export.
pub(crate) enum Documents {
    Footprints(Box<Table>),
    Activities(Activities),
}

/// What clients see, by their ids; a client that was read again is another.
type SeenBy = HashMap<String, (Arc<Client>, Arc<Seen>)>;

/// An export with its files open.
pub(crate) struct Export {
    /// Stands in links: the same for the same files, after a restart too.
    pub(crate) id: String,
    pub(crate) run_id: String,
    pub(crate) documents: Documents,
    seen: Mutex<SeenBy>,
}

/// What a client sees of an export, in the order of lists.
pub(crate) struct Seen {
    pub(crate) order: Vec<u32>,
    bits: Vec<u64>,
}

impl Seen {
    fn new(order: Vec<u32>, rows: usize) -> Seen {
        let mut bits = vec![0; rows.div_ceil(64)];
        for row in &order {
            bits[*row as usize / 64] |= 1 << (row % 64);
        }
        Seen { order, bits }
    }

    pub(crate) fn has(&self, row: u32) -> bool {
        self.bits[row as usize / 64] & (1 << (row % 64)) != 0
    }
}

impl Export {
    pub(crate) fn count(&self) -> u64 {
        match &self.documents {
            Documents::Footprints(table) => table.count() as u64,
            Documents::Activities(activities) => activities.count(),
        }
    }

    /// What a client sees; made when it asks first.
    pub(crate) fn seen(&self, client: &Arc<Client>, console: &Console) -> Arc<Seen> {
        let held = |seen: &SeenBy| {
            let found = seen
                .get(&client.id)
                .filter(|(of, _)| Arc::ptr_eq(of, client));
            found.map(|(_, seen)| Arc::clone(seen))
        };
        if let Some(seen) = held(&self.seen.lock().unwrap_or_else(PoisonError::into_inner)) {
            return seen;
        }
        let (order, rows) = match &self.documents {
            Documents::Footprints(table) => {
                let order = table.order_for(client);
                if order.shared > 0 {
                    let what = format!(
                        "client {}: {} averages that it sees are also of shipments of others",
                        client.id, order.shared
                    );
                    console.message(Level::Warning, &what);
                }
                (order.rows, table.count())
            }
            Documents::Activities(activities) => (activities.order_for(client), activities.runs()),
        };
        let made = Arc::new(Seen::new(order, rows));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(client.id.clone(), (Arc::clone(client), Arc::clone(&made)));
        made
    }
}

#[derive(Default)]
struct State {
    current: Option<Arc<Export>>,
    former: Vec<(Arc<Export>, Instant)>,
    /// One that was found wanting, so that it is told once.
    refused: String,
}

/// Exports below an output root.
pub(crate) struct Exports {
    out: PathBuf,
    company: Option<String>,
    states: [Mutex<State>; 3],
}

impl Exports {
    pub(crate) fn new(out: &Path, company: Option<&str>) -> Exports {
        Exports {
            out: out.to_owned(),
            company: company.map(str::to_owned),
            states: Default::default(),
        }
    }

    fn state(&self, which: Which) -> std::sync::MutexGuard<'_, State> {
        self.states[which as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What is served now.
    pub(crate) fn current(&self, which: Which) -> Option<Arc<Export>> {
        self.state(which).current.clone()
    }

    /// The export of a link.
    pub(crate) fn of_link(&self, which: Which, id: &str) -> Option<Arc<Export>> {
        self.all(which).into_iter().find(|export| export.id == id)
    }

    /// Everything that is served, the newest first.
    pub(crate) fn all(&self, which: Which) -> Vec<Arc<Export>> {
        let state = self.state(which);
        let former = state.former.iter().map(|(export, _)| export);
        state.current.iter().chain(former).cloned().collect()
    }

    /// Kind, run and documents of what is served.
    pub(crate) fn told(&self) -> Vec<(&'static str, String, u64)> {
        let one = |which: Which| {
            let export = self.current(which)?;
            Some((which.folder(), export.run_id.clone(), export.count()))
        };
        Which::ALL.into_iter().filter_map(one).collect()
    }

    /// Looks for a newer export of each kind, and forgets what nobody can be in the middle of any more.
    pub(crate) fn refresh(&self, console: &Console) {
        for which in Which::ALL {
            self.state(which)
                .former
                .retain(|(_, since)| since.elapsed() < KEPT);
            let Some(folder) = self.wanted(which) else {
                continue;
            };
            let Some((id, run_id)) = identity(&folder) else {
                continue;
            };
            {
                let state = self.state(which);
                let is_served = state.current.as_ref().is_some_and(|now| now.id == id);
                if is_served || state.refused == id {
                    continue;
                }
            }
            let opened = open(which, &folder, &id, &run_id);
            let mut state = self.state(which);
            match opened {
                Ok(export) => {
                    let what = format!(
                        "{}: run {run_id}, {} documents",
                        which.folder(),
                        export.count()
                    );
                    console.message(Level::Info, &what);
                    if let Some(old) = state.current.replace(Arc::new(export)) {
                        state.former.insert(0, (old, Instant::now()));
                        let young = |(_, since): &(_, Instant)| since.elapsed() < PROMISED;
                        let count = state.former.iter().filter(|former| young(former)).count();
                        state.former.truncate(count.clamp(MOST_KEPT, MOST_YOUNG));
                    }
                }
                Err(error) => {
                    state.refused = id;
                    console.message(
                        Level::Warning,
                        &format!("{}: not served: {error}", which.folder()),
                    );
                }
            }
        }
    }

    /// The folder of the finished export of a run.
    pub(crate) fn finished(&self, which: Which, run: &str) -> Option<PathBuf> {
        let is_id = !run.is_empty() && run.bytes().all(|b| b.is_ascii_hexdigit());
        let folder = self.home(which).join(run);
        (is_id && folder.join(SUMMARY).is_file()).then_some(folder)
    }

    /// Where exports of a kind are.
    fn home(&self, which: Which) -> PathBuf {
        let mut home = self.out.join("export").join(which.folder());
        if let (Some(company), Which::V2 | Which::V3) = (&self.company, which) {
            home.push(company);
        }
        home
    }

    /// The folder of the export of the current run, else the one that is served, else the newest.
    fn wanted(&self, which: Which) -> Option<PathBuf> {
        let all = self.home(which);
        let current = fs::read_to_string(self.out.join("CURRENT")).unwrap_or_default();
        let served = self.current(which).map(|export| export.run_id.clone());
        let named = [Some(current.trim().to_owned()), served];
        let finished = |id: &str| self.finished(which, id);
        if let Some(found) = named.iter().flatten().find_map(|id| finished(id)) {
            return Some(found);
        }
        let folders = fs::read_dir(&all).ok()?.flatten();
        let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
        let dated = names.filter_map(|name| {
            let folder = finished(&name)?;
            let at = fs::metadata(folder.join(SUMMARY))
                .and_then(|data| data.modified())
                .ok()?;
            Some((at, folder))
        });
        dated.max().map(|(_, folder)| folder)
    }
}

const SUMMARY: &str = "summary.json";

/// What tells an export from others, and its run; `None`: it is not finished.
fn identity(folder: &Path) -> Option<(String, String)> {
    let path = folder.join(SUMMARY);
    let data = fs::metadata(&path)
        .ok()
        .filter(|data| data.len() <= MOST_SUMMARY)?;
    let text = fs::read(&path).ok()?;
    let since = data
        .modified()
        .ok()?
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    let mut all = digest::Context::new(&digest::SHA256);
    all.update(&text);
    all.update(&since.as_nanos().to_be_bytes());
    let digest = all.finish();
    let id: String = digest
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let summary: serde_json::Value = serde_json::from_slice(&text).ok()?;
    Some((id, summary["run_id"].as_str()?.to_owned()))
}

/// Opens the files of an export and reads once through them.
fn open(which: Which, folder: &Path, id: &str, run_id: &str) -> Result<Export> {
    let names: &[&str] = match which {
        Which::V2 | Which::V3 => &["tocs", "hocs", "shipments", "deprecated"],
        Which::Tad => &["tad"],
    };
    let files = names
        .iter()
        .map(|name| document_file(folder, name))
        .collect::<Result<Vec<_>>>()?;
    // An export takes the summary away before it changes a document: with the same one still there, the files are of one export.
    if identity(folder).is_none_or(|(now, _)| now != id) {
        return Err(Error::Storage(
            "the export is being written again".to_owned(),
        ));
    }
    let summary: serde_json::Value = std::fs::read(folder.join(SUMMARY))
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let counted = |keys: &[&str]| {
        keys.iter()
            .filter_map(|key| summary[*key].as_u64())
            .sum::<u64>()
    };
    let (documents, wanted) = match which {
        Which::V2 | Which::V3 => {
            let table = Table::read(files)?;
            (
                Documents::Footprints(Box::new(table)),
                counted(&["shipments", "tocs", "hocs", "deprecated"]),
            )
        }
        Which::Tad => {
            let file = files.into_iter().next();
            let file = file.ok_or_else(|| Error::Internal("no file of activities".to_owned()))?;
            (
                Documents::Activities(Activities::read(file)?),
                counted(&["activities"]),
            )
        }
    };
    let export = Export {
        id: id.to_owned(),
        run_id: run_id.to_owned(),
        documents,
        seen: Mutex::default(),
    };
    if export.count() != wanted {
        return Err(Error::Verification(format!(
            "{} documents, the summary counts {wanted}",
            export.count()
        )));
    }
    Ok(export)
}

/// The file of documents of a name, in either form.
fn document_file(folder: &Path, name: &str) -> Result<File> {
    let open = |form: &str| File::open(folder.join(format!("{name}.{form}")));
    let file = open("json").or_else(|_| open("ndjson"));
    file.map_err(|e| Error::Storage(format!("{name}: cannot open: {e}")))
}

/// Bytes of a file from a place on.
pub(crate) fn read_at(file: &File, offset: u64, bytes: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Walks the documents of a file, one on each line: place and bytes of each.
fn each_document(file: &File, mut take: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
    use std::io::{BufRead, BufReader, Seek};
    let fault = |e: std::io::Error| Error::Storage(format!("cannot read documents: {e}"));
    let mut reader = BufReader::with_capacity(1 << 18, file);
    reader.rewind().map_err(fault)?;
    let (mut line, mut offset) = (Vec::new(), 0u64);
    loop {
        line.clear();
        let count = reader.read_until(b'\n', &mut line).map_err(fault)?;
        if count == 0 {
            return Ok(());
        }
        let mut document = line.trim_ascii_end();
        document = document.strip_suffix(b",").unwrap_or(document);
        if document.starts_with(b"{") {
            take(offset, document)?;
        }
        offset += count as u64;
    }
}
