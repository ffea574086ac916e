//! `convert dcsa|ileap FILES`: what partners send, as movement records and factors.

use super::Console;
use super::args::{memory, path};
use crate::error::{Error, Result};
use crate::escape::visible;
use crate::exchange::carrier::{self, Carrier};
use crate::exchange::dcsa::{self, Reading};
use crate::exchange::events::{self, Converter, Settings};
use crate::exchange::left_out::{self, LeftOut, Outcome};
use crate::exchange::local_time::Zones;
use crate::exchange::movements::{self, Form};
use crate::exchange::received::{
    Received, ZONE, facilities, operations, receive, shares, zone, zones,
};
use crate::model::mode::{Basis, Mode};
use crate::model::unit::grouped;
use crate::progress::Level;
use crate::reference::gaps;
use crate::run::plan::MemoryLimit;
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, folder_below, write_file};
use crate::store::signal::Interrupt;
use crate::store::{machine, memory as process_memory};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to convert.
    #[command(subcommand)]
    pub what: What,
    /// Memory to use, such as 2GiB or 50%; what takes more ends with exit 8 and writes nothing
    #[arg(long, global = true, value_name = "SIZE", default_value = "50%", value_parser = memory)]
    pub memory_limit: MemoryLimit,
}

/// What `convert` can read.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// DCSA Track & Trace events, 2.0 to 3.0, to movement records
    Dcsa(Dcsa),
    /// iLEAP TOCs and HOCs of a carrier to factors, its shipment footprints and TADs to movement records
    Ileap(Ileap),
}

/// Arguments of `convert dcsa`.
#[derive(Debug, clap::Args)]
pub struct Dcsa {
    /// Files, folders or patterns: .json, .ndjson, .jsonl, also .gz and .zst
    #[arg(value_name = "FILES", required = true)]
    pub files: Vec<String>,
    /// Movement records to write: .csv or .ndjson; what was left out goes beside it, into <name>.left-out.csv, gaps in chains into <name>.gaps.csv
    #[arg(long, value_name = "FILE", default_value = "movements.csv", value_parser = path())]
    pub out: PathBuf,
    /// Places of facilities that events name without a UN/LOCODE: CSV with columns facility (provider:code) and locode
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub facilities: Option<PathBuf>,
    /// Mode of movements from gate to gate that state none [default: they are left out]
    #[arg(long, value_name = "MODE", value_parser = ["road", "rail"])]
    pub gate_mode: Option<String>,
    /// Time zone of times without an offset, e.g. Asia/Shanghai [default: such events are malformed]
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Time zones of single places, before --zone: CSV with columns place (UN/LOCODE or country code) and zone
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub zones: Option<PathBuf>,
    /// Parts of shipments in containers that they share: CSV with columns shipment_id, container_id, share (any unit) [default: equal parts, flagged]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub shares: Option<PathBuf>,
    /// List ignored events too: planned and estimated ones, events of documents and devices, the carrier's own repositioning
    #[arg(long)]
    pub list_ignored: bool,
}

/// Arguments of `convert ileap`.
#[derive(Debug, clap::Args)]
pub struct Ileap {
    /// Files, folders or patterns: .json, .ndjson, .jsonl, also .gz and .zst
    #[arg(value_name = "FILES", required = true)]
    pub files: Vec<String>,
    /// Carrier that the documents are of, as movement records name it
    #[arg(long, value_name = "CODE")]
    pub carrier: String,
    /// Folder to write to: <source>/<edition>/transport.csv and hub.csv, sources.csv, operations.csv, movements.csv, movements-of-shipments.csv, left-out.csv
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub out: PathBuf,
    /// Source and edition of the factors, as a profile names them
    #[arg(long, value_name = "SOURCE/EDITION", value_parser = source)]
    pub source: (String, String),
    /// Library whose profile gives the operation of each mode
    #[arg(long, value_name = "DIR", default_value = "emission_factors", value_parser = path())]
    pub factors: PathBuf,
    /// That profile
    #[arg(long, value_name = "NAME", default_value = "open")]
    pub profile: String,
    /// What single categories stand for: CSV with columns id (tocId or hocId) and operation, and where needed region, energy_carrier, distance_basis
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub operations: Option<PathBuf>,
    /// Distance basis of the intensities, which iLEAP does not state [default: that of the elements that name the category, else assumed and flagged Q40: gcd for air, else sfd]
    #[arg(long, value_name = "BASIS", value_parser = ["sfd", "gcd", "actual"])]
    pub distance_basis: Option<String>,
}

fn source(text: &str) -> std::result::Result<(String, String), String> {
    let plain = |t: &str| {
        !t.is_empty()
            && t.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && !t.starts_with('.')
    };
    match text.split_once('/') {
        Some((a, b)) if plain(a) && plain(b) => Ok((a.to_owned(), b.to_owned())),
        _ => Err("expected source/edition, e.g. maeu/2025".to_owned()),
    }
}

/// Converts the files. Exit 10 when some of them could not be read.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    process_memory::bound(args.memory_limit.bytes(machine::memory()), 1);
    match &args.what {
        What::Dcsa(args) => dcsa(args, console),
        What::Ileap(args) => ileap(args, console),
    }
}

fn dcsa(args: &Dcsa, console: &Console) -> Result<ExitCode> {
    let form = match args.out.extension().and_then(|e| e.to_str()) {
        Some("csv") => Form::Csv,
        Some("ndjson" | "jsonl") => Form::Ndjson,
        _ => {
            return Err(Error::Usage(format!(
                "--out {}: expected a name that ends in .csv or .ndjson",
                args.out.display()
            )));
        }
    };
    let other = match &args.zone {
        None => None,
        Some(name) => Some(
            zone(name).ok_or_else(|| Error::Usage(format!("--zone {name:?}: expected {ZONE}")))?,
        ),
    };
    let reading = Reading {
        facilities: optional(args.facilities.as_deref(), facilities)?,
        zones: Zones {
            by_place: optional(args.zones.as_deref(), zones)?,
            other,
        },
    };
    let mut converter = Converter::new(Settings {
        gate_mode: args.gate_mode.as_deref().and_then(Mode::from_code),
        shares: optional(args.shares.as_deref(), shares)?,
    });
    let received = receive(&args.files, &Interrupt::install()?, &mut |file, bytes| {
        converter.begin(file);
        dcsa::read(file, bytes, &reading, &mut |event| converter.take(event));
    })?;
    let report = converter.finish()?;
    let mut out = FileWriter::create(&RealDisk, &args.out)?;
    movements::write(&mut out, form, events::COLUMNS, &report.records)?;
    let beside = args.out.with_extension("left-out.csv");
    list(&beside, &report.left_out, args.list_ignored)?;
    // Also without a gap: a list of an earlier conversion must not speak for this one.
    let gaps_beside = args.out.with_extension("gaps.csv");
    let mut gaps_out = FileWriter::create(&RealDisk, &gaps_beside)?;
    movements::write(&mut gaps_out, Form::Csv, gaps::COLUMNS, &report.gaps)?;
    gaps_out.finish()?;
    out.finish()?;
    let mut text = summary(
        received.files,
        "events",
        report.events,
        report.used,
        &report.left_out,
    );
    let _ = writeln!(
        text,
        "{:<24}{:>12}",
        "movements",
        grouped(&report.records.len().to_string())
    );
    let _ = writeln!(
        text,
        "written to {}, left out: {}, gaps ({}): {}",
        args.out.display(),
        beside.display(),
        grouped(&report.gaps.len().to_string()),
        gaps_beside.display()
    );
    if report.equal_shares > 0 {
        let what = format!(
            "{} containers under several documents were shared in equal parts (flagged Q42); --shares gives others",
            grouped(&report.equal_shares.to_string())
        );
        console.message(Level::Warning, &what);
    }
    let ended = ended(console, &text, &received, &report.left_out);
    for (file, what) in &report.idle {
        let what = format!("{}: nothing in it is in a movement: {what}", visible(file));
        console.message(Level::Warning, &what);
    }
    match ended {
        Ok(_) if !report.idle.is_empty() => Err(Error::FilesMissing(format!(
            "{} of {} files gave nothing",
            report.idle.len(),
            received.files
        ))),
        other => other,
    }
}

/// What a list says, if there is one.
fn optional<T: Default>(path: Option<&Path>, read: fn(&Path) -> Result<T>) -> Result<T> {
    path.map(read).transpose().map(Option::unwrap_or_default)
}

fn ileap(args: &Ileap, console: &Console) -> Result<ExitCode> {
    let (by_mode, operations_known) = carrier::known_operations(&args.factors, &args.profile)?;
    let carrier = Carrier {
        code: args.carrier.clone(),
        source: args.source.0.clone(),
        edition: args.source.1.clone(),
        by_mode,
        operations: operations_known,
        by_id: args
            .operations
            .as_deref()
            .map(operations)
            .transpose()?
            .unwrap_or_default(),
        distance_basis: args.distance_basis.as_deref().and_then(Basis::from_code),
    };
    let mut converter = carrier::Converter::new(carrier)?;
    let received = receive(&args.files, &Interrupt::install()?, &mut |file, bytes| {
        converter.read(file, bytes)
    })?;
    let report = converter.finish()?;
    for (path, bytes) in &report.files {
        if let Some((folder, _)) = path.rsplit_once('/') {
            folder_below(&RealDisk, &args.out, folder)?;
        }
        write_file(&RealDisk, &args.out.join(path), bytes)?;
    }
    list(&args.out.join("left-out.csv"), &report.left_out, false)?;
    let mut text = summary(
        received.files,
        "documents",
        report.documents,
        report.used,
        &report.left_out,
    );
    for (name, count) in [
        ("transport factors", report.transport),
        ("hub factors", report.hub),
        ("movements", report.movements),
    ] {
        let _ = writeln!(text, "{name:<24}{:>12}", grouped(&count.to_string()));
    }
    let _ = writeln!(text, "written to {}", args.out.display());
    let ended = ended(console, &text, &received, &report.left_out)?;
    if report.used == 0 {
        return Err(Error::FilesMissing(format!(
            "no factor and no movement came of {} documents; {} says why",
            report.documents,
            args.out.join("left-out.csv").display()
        )));
    }
    Ok(ended)
}

fn list(path: &Path, entries: &[LeftOut], with_ignored: bool) -> Result<()> {
    let mut out = FileWriter::create(&RealDisk, path)?;
    left_out::write(&mut out, entries, with_ignored)?;
    out.finish()
}

/// Reasons that a summary shows per outcome; a hostile file can make as many as it has lines.
const REASONS: usize = 12;

/// Counts for people: everything that came in, and what became of it.
fn summary(files: u64, what: &str, found: u64, used: u64, entries: &[LeftOut]) -> String {
    let count = |n: u64| grouped(&n.to_string());
    let mut out = format!("{:<24}{:>12}\n", "files", count(files));
    let _ = writeln!(out, "{what:<24}{:>12}", count(found));
    let _ = writeln!(out, "  {:<22}{:>12}", "used", count(used));
    let counts: BTreeMap<Outcome, BTreeMap<&str, u64>> = left_out::counts(entries);
    for (outcome, reasons) in counts {
        let _ = writeln!(
            out,
            "  {:<22}{:>12}",
            outcome.code(),
            count(reasons.values().sum())
        );
        let more = reasons.len().saturating_sub(REASONS);
        for (reason, n) in reasons.into_iter().take(REASONS) {
            let _ = writeln!(out, "    {:<20}{:>12}  {}", "", count(n), visible(reason));
        }
        if more > 0 {
            let _ = writeln!(
                out,
                "    {:<34}and {} more reasons, see the list",
                "",
                count(more as u64)
            );
        }
    }
    out
}

fn ended(
    console: &Console,
    text: &str,
    received: &Received,
    left_out: &[LeftOut],
) -> Result<ExitCode> {
    console.print(text)?;
    let malformed = left_out::count(left_out, Outcome::Malformed);
    if malformed > 0 {
        let what = format!(
            "{} malformed entries were left out; the list says in which files, where and why",
            grouped(&malformed.to_string())
        );
        console.message(Level::Warning, &what);
    }
    if received.unreadable.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for reason in &received.unreadable {
        console.message(Level::Warning, reason);
    }
    Err(Error::FilesMissing(format!(
        "written without {} files that cannot be read",
        received.unreadable.len()
    )))
}
