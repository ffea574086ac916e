//! Files of partners to files of ours: reads what was sent, converts it, writes the records and beside them what was left out.

use super::carrier::{self, Carrier};
use super::dcsa::{self, Reading};
use super::edifact::{self, profile::Profiles};
use super::events::{self, Settings};
use super::left_out::{self, LeftOut};
use super::local_time::Zones;
use super::movements::{self, Form};
use super::received::{
    EXTENSIONS as JSON, Received, ZONE, facilities, operations, receive, shares, zone, zones,
};
use crate::error::{Error, Result};
use crate::factors::DataFile;
use crate::model::mode::{Basis, Mode};
use crate::reference::{ContainerTypes, gaps};
use crate::shipped::{DATA_FOLDER, text_of};
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, finish_groups, folder_below, read_file, whole};
use crate::store::reference::MAX_FILE_BYTES;
use crate::store::signal::Interrupt;
use std::path::{Path, PathBuf};

/// What is to be converted.
#[derive(Clone, Debug)]
pub enum Conversion {
    /// Events of partners to movement records.
    Events(EventsOrder),
    /// iLEAP documents of a carrier to factors and movement records.
    Ileap(IleapOrder),
}

/// Events of partners and what they do not say.
#[derive(Clone, Debug, Default)]
pub struct EventsOrder {
    /// Files, folders or patterns.
    pub files: Vec<String>,
    /// EDIFACT messages are among them; `None`: DCSA Track & Trace events alone.
    pub edifact: Option<EdifactTables>,
    /// Movement records to write: .csv or .ndjson.
    pub out: PathBuf,
    /// Places of facilities that events name without a UN/LOCODE.
    pub facilities: Option<PathBuf>,
    /// Mode of movements from gate to gate that state none.
    pub gate_mode: Option<Mode>,
    /// Time zone of times without an offset.
    pub zone: Option<String>,
    /// Time zones of single places, before `zone`.
    pub zones: Option<PathBuf>,
    /// Parts of shipments in containers that they share.
    pub shares: Option<PathBuf>,
    /// List ignored events too.
    pub list_ignored: bool,
    /// Bytes that one file may take in memory.
    pub memory: u64,
}

/// What EDIFACT messages mean.
#[derive(Clone, Debug, Default)]
pub struct EdifactTables {
    /// What codes and qualifiers of partners mean, on top of the tables inside the program.
    pub profiles: Option<PathBuf>,
    /// Folder whose containers.csv gives the tare that a message does not state; `None`: `data`, else the one inside the program.
    pub reference: Option<PathBuf>,
}

/// Documents of a carrier and what they do not say.
#[derive(Clone, Debug, Default)]
pub struct IleapOrder {
    /// Files, folders or patterns.
    pub files: Vec<String>,
    /// The carrier, as movement records name it.
    pub carrier: String,
    /// Folder to write to.
    pub out: PathBuf,
    /// Source and edition of the factors.
    pub source: (String, String),
    /// Library whose profile gives the operation of each mode.
    pub factors: PathBuf,
    /// That profile.
    pub profile: String,
    /// What single categories stand for.
    pub operations: Option<PathBuf>,
    /// Distance basis of the intensities.
    pub distance_basis: Option<Basis>,
    /// Bytes that one file may take in memory.
    pub memory: u64,
}

/// What was written.
pub struct Converted {
    /// Files read, and those that cannot be.
    pub received: Received,
    /// Entries that were not used.
    pub left_out: Vec<LeftOut>,
    /// The rest, by kind.
    pub of: ConvertedOf,
}

/// What came of the entries of one kind.
pub enum ConvertedOf {
    /// Events.
    Events {
        /// Movement records and gaps.
        report: events::Report,
        /// Tags of EDIFACT segments that are not read, with their number.
        unread: Vec<(String, u64)>,
        /// List of what was left out.
        left_out: PathBuf,
        /// List of gaps.
        gaps: PathBuf,
    },
    /// Documents.
    Ileap(carrier::Report),
}

/// Converts and writes.
pub(crate) fn convert(conversion: &Conversion, interrupt: &Interrupt) -> Result<Converted> {
    match conversion {
        Conversion::Events(order) => events(order, interrupt),
        Conversion::Ileap(order) => ileap(order, interrupt),
    }
}

fn events(order: &EventsOrder, interrupt: &Interrupt) -> Result<Converted> {
    let form = match order.out.extension().and_then(|e| e.to_str()) {
        Some("csv") => Form::Csv,
        Some("ndjson" | "jsonl") => Form::Ndjson,
        _ => {
            return Err(Error::Usage(format!(
                "--out {}: expected a name that ends in .csv or .ndjson",
                order.out.display()
            )));
        }
    };
    let other = order.zone.as_ref().map(|name| {
        zone(name).ok_or_else(|| Error::Usage(format!("--zone {name:?}: expected {ZONE}")))
    });
    let reading = Reading {
        facilities: optional(order.facilities.as_deref(), facilities)?,
        zones: Zones {
            other: other.transpose()?,
            by_place: optional(order.zones.as_deref(), zones)?,
        },
    };
    let profiles = match order.edifact.as_ref().and_then(|of| of.profiles.as_ref()) {
        None => Profiles::default(),
        Some(path) => profiles(path)?,
    };
    let mut converter = events::Converter::new(Settings {
        gate_mode: order.gate_mode,
        shares: optional(order.shares.as_deref(), shares)?,
        types: match &order.edifact {
            None => ContainerTypes::default(),
            Some(of) => types(of.reference.as_deref())?,
        },
    });
    let mut messages = edifact::Reader::new(&reading, &profiles);
    let endings: &[&str] = match order.edifact {
        None => &JSON,
        Some(_) => &edifact::EXTENSIONS,
    };
    let mut read = |file: &str, bytes: &[u8]| {
        converter.begin(file);
        if order.edifact.is_some() && edifact::is_one(bytes) {
            messages.read(file, bytes);
        } else {
            dcsa::read(file, bytes, &reading, &mut |event| converter.take(event));
        }
    };
    let received = receive(&order.files, endings, order.memory, interrupt, &mut read)?;
    let unread = messages.finish(&mut converter).into_iter();
    let unread = unread
        .map(|(tag, count)| (tag.to_string(), count))
        .collect();
    let mut report = converter.finish()?;
    let mut out = FileWriter::create(&RealDisk, &order.out)?;
    movements::write(&mut out, form, events::COLUMNS, &report.records)?;
    let left_out = order.out.with_extension("left-out.csv");
    let left_out_list = list(&left_out, &report.left_out, order.list_ignored)?;
    // Also without a gap: a list of an earlier conversion must not speak for this one.
    let gaps_list = order.out.with_extension("gaps.csv");
    let mut gaps_out = FileWriter::create(&RealDisk, &gaps_list)?;
    movements::write(&mut gaps_out, Form::Csv, gaps::COLUMNS, &report.gaps)?;
    // The records last: they stand beside the lists of their own conversion, or of a later one that was cut off.
    finish_groups(&RealDisk, [vec![left_out_list, gaps_out], vec![out]])?;
    Ok(Converted {
        received,
        left_out: std::mem::take(&mut report.left_out),
        of: ConvertedOf::Events {
            report,
            unread,
            left_out,
            gaps: gaps_list,
        },
    })
}

/// What a list says, if there is one.
fn optional<T: Default>(path: Option<&Path>, read: fn(&Path) -> Result<T>) -> Result<T> {
    path.map(read).transpose().map(Option::unwrap_or_default)
}

/// Largest file of profiles.
const LARGEST_PROFILES: u64 = 1 << 20;

fn profiles(path: &Path) -> Result<Profiles> {
    let fault = |what: String| Error::Usage(format!("--profiles {}: {what}", path.display()));
    let bytes = read_file(path, LARGEST_PROFILES).map_err(|e| fault(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| fault("expected UTF-8".to_owned()))?;
    Profiles::with(&text).map_err(fault)
}

const TYPES: &str = "containers.csv";

/// Types of containers, for their tare: of the folder, else of the one inside the program.
fn types(reference: Option<&Path>) -> Result<ContainerTypes> {
    let usual = Path::new(DATA_FOLDER);
    let folder = match reference {
        Some(folder) => Some(folder),
        None => Some(usual).filter(|folder| folder.join(TYPES).is_file()),
    };
    let bytes = match folder {
        Some(folder) => read_file(&folder.join(TYPES), MAX_FILE_BYTES)
            .map_err(|e| Error::Usage(format!("--reference {}: {e}", folder.display())))?,
        None => {
            let inside = text_of(&format!("{DATA_FOLDER}/{TYPES}"));
            inside.unwrap_or_default().as_bytes().to_vec()
        }
    };
    // What is wrong with a row is for `factors check`; it has no tare here.
    Ok(ContainerTypes::parse(&DataFile::new(TYPES, bytes)).0)
}

fn ileap(order: &IleapOrder, interrupt: &Interrupt) -> Result<Converted> {
    let (by_mode, operations_known) = carrier::known_operations(&order.factors, &order.profile)?;
    let carrier = Carrier {
        code: order.carrier.clone(),
        source: order.source.0.clone(),
        edition: order.source.1.clone(),
        by_mode,
        operations: operations_known,
        by_id: optional(order.operations.as_deref(), operations)?,
        distance_basis: order.distance_basis,
    };
    let mut converter = carrier::Converter::new(carrier)?;
    let mut read = |file: &str, bytes: &[u8]| converter.read(file, bytes);
    let received = receive(&order.files, &JSON, order.memory, interrupt, &mut read)?;
    let mut report = converter.finish()?;
    let list = list(&order.out.join("left-out.csv"), &report.left_out, false)?;
    let (mut files, mut index) = (vec![list], Vec::new());
    for (path, bytes) in &report.files {
        if let Some((folder, _)) = path.rsplit_once('/') {
            folder_below(&RealDisk, &order.out, folder)?;
        }
        let file = whole(&RealDisk, &order.out.join(path), bytes)?;
        if path == "sources.csv" {
            index.push(file);
        } else {
            files.push(file);
        }
    }
    finish_groups(&RealDisk, [files, index])?;
    Ok(Converted {
        received,
        left_out: std::mem::take(&mut report.left_out),
        of: ConvertedOf::Ileap(report),
    })
}

/// The list of what was left out, ready to appear.
fn list(path: &Path, entries: &[LeftOut], with_ignored: bool) -> Result<FileWriter<'static>> {
    let mut out = FileWriter::create(&RealDisk, path)?;
    left_out::write(&mut out, entries, with_ignored)?;
    Ok(out)
}
