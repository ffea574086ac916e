//! Files of partners to files of ours: reads what was sent, converts it, writes the records and beside them what was left out.

use super::carrier::{self, Carrier};
use super::dcsa::{self, Reading};
use super::events::{self, Settings};
use super::left_out::{self, LeftOut};
use super::local_time::Zones;
use super::movements::{self, Form};
use super::received::{Received, ZONE, facilities, operations, receive, shares, zone, zones};
use crate::error::{Error, Result};
use crate::model::mode::{Basis, Mode};
use crate::reference::gaps;
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, folder_below, write_file};
use crate::store::signal::Interrupt;
use std::path::{Path, PathBuf};

/// What is to be converted.
#[derive(Clone, Debug)]
pub enum Conversion {
    /// DCSA Track & Trace events to movement records.
    Dcsa(DcsaOrder),
    /// iLEAP documents of a carrier to factors and movement records.
    Ileap(IleapOrder),
}

/// DCSA events and what they do not say.
#[derive(Clone, Debug, Default)]
pub struct DcsaOrder {
    /// Files, folders or patterns.
    pub files: Vec<String>,
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
    Dcsa {
        /// Movement records and gaps.
        report: events::Report,
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
        Conversion::Dcsa(order) => dcsa(order, interrupt),
        Conversion::Ileap(order) => ileap(order, interrupt),
    }
}

fn dcsa(order: &DcsaOrder, interrupt: &Interrupt) -> Result<Converted> {
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
    let other = match &order.zone {
        None => None,
        Some(name) => Some(
            zone(name).ok_or_else(|| Error::Usage(format!("--zone {name:?}: expected {ZONE}")))?,
        ),
    };
    let reading = Reading {
        facilities: optional(order.facilities.as_deref(), facilities)?,
        zones: Zones {
            by_place: optional(order.zones.as_deref(), zones)?,
            other,
        },
    };
    let mut converter = events::Converter::new(Settings {
        gate_mode: order.gate_mode,
        shares: optional(order.shares.as_deref(), shares)?,
    });
    let received = receive(&order.files, interrupt, &mut |file, bytes| {
        converter.begin(file);
        dcsa::read(file, bytes, &reading, &mut |event| converter.take(event));
    })?;
    let mut report = converter.finish()?;
    let mut out = FileWriter::create(&RealDisk, &order.out)?;
    movements::write(&mut out, form, events::COLUMNS, &report.records)?;
    let left_out = order.out.with_extension("left-out.csv");
    list(&left_out, &report.left_out, order.list_ignored)?;
    // Also without a gap: a list of an earlier conversion must not speak for this one.
    let gaps_list = order.out.with_extension("gaps.csv");
    let mut gaps_out = FileWriter::create(&RealDisk, &gaps_list)?;
    movements::write(&mut gaps_out, Form::Csv, gaps::COLUMNS, &report.gaps)?;
    gaps_out.finish()?;
    out.finish()?;
    Ok(Converted {
        received,
        left_out: std::mem::take(&mut report.left_out),
        of: ConvertedOf::Dcsa {
            report,
            left_out,
            gaps: gaps_list,
        },
    })
}

/// What a list says, if there is one.
fn optional<T: Default>(path: Option<&Path>, read: fn(&Path) -> Result<T>) -> Result<T> {
    path.map(read).transpose().map(Option::unwrap_or_default)
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
    let received = receive(&order.files, interrupt, &mut |file, bytes| {
        converter.read(file, bytes)
    })?;
    let mut report = converter.finish()?;
    for (path, bytes) in &report.files {
        if let Some((folder, _)) = path.rsplit_once('/') {
            folder_below(&RealDisk, &order.out, folder)?;
        }
        write_file(&RealDisk, &order.out.join(path), bytes)?;
    }
    list(&order.out.join("left-out.csv"), &report.left_out, false)?;
    Ok(Converted {
        received,
        left_out: std::mem::take(&mut report.left_out),
        of: ConvertedOf::Ileap(report),
    })
}

fn list(path: &Path, entries: &[LeftOut], with_ignored: bool) -> Result<()> {
    let mut out = FileWriter::create(&RealDisk, path)?;
    left_out::write(&mut out, entries, with_ignored)?;
    out.finish()
}
