//! `convert dcsa|edifact|ileap FILES`: what partners send, as movement records and factors.

use super::Console;
use super::args::{memory, path};
use super::init::shipped;
use crate::error::{Error, Result};
use crate::escape::visible;
use crate::exchange::carrier::{self, Carrier};
use crate::exchange::dcsa::{self, Reading};
use crate::exchange::edifact;
use crate::exchange::edifact::profile::Profiles;
use crate::exchange::events::{self, Converter, Settings};
use crate::exchange::left_out::{self, LeftOut, Outcome};
use crate::exchange::local_time::Zones;
use crate::exchange::movements::{self, Form};
use crate::exchange::received::{
    EXTENSIONS as JSON, Received, ZONE, facilities, operations, receive, shares, zone, zones,
};
use crate::factors::DataFile;
use crate::model::mode::{Basis, Mode};
use crate::model::unit::grouped;
use crate::progress::Level;
use crate::reference::{ContainerTypes, gaps};
use crate::run::plan::{MemoryLimit, Share};
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, folder_below, read_file, write_file};
use crate::store::machine::memory as machine_memory;
use crate::store::memory as process_memory;
use crate::store::reference::MAX_FILE_BYTES;
use crate::store::signal::Interrupt;
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
}

/// What `convert` can read.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// DCSA Track & Trace events, 2.0 to 3.0, to movement records
    Dcsa(Dcsa),
    /// UN/EDIFACT container messages (COARRI, CODECO, IFTSTA), and DCSA events among them, to movement records
    Edifact(Edifact),
    /// iLEAP TOCs and HOCs of a carrier to factors, its shipment footprints and TADs to movement records
    Ileap(Ileap),
}

/// Arguments of `convert dcsa`.
#[derive(Debug, clap::Args)]
pub struct Dcsa {
    /// Files, folders or patterns: .json, .ndjson, .jsonl, also .gz and .zst
    #[arg(value_name = "FILES", required = true)]
    pub files: Vec<String>,
    /// How they become movements.
    #[command(flatten)]
    pub chains: Chains,
}

/// Arguments of `convert edifact`.
#[derive(Debug, clap::Args)]
pub struct Edifact {
    /// Files, folders or patterns; of folders .edi, .edifact, .edf, and DCSA events in .json, .ndjson, .jsonl; also .gz and .zst
    #[arg(value_name = "FILES", required = true)]
    pub files: Vec<String>,
    /// What codes and qualifiers of partners mean, on top of the tables inside the program (TOML, docs/exchange.md)
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub profiles: Option<PathBuf>,
    /// Folder whose containers.csv gives the tare that a message does not state [default: data, else the one inside the program]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub reference: Option<PathBuf>,
    /// How they become movements.
    #[command(flatten)]
    pub chains: Chains,
}

/// How events become movement records.
#[derive(Debug, clap::Args)]
pub struct Chains {
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
    /// What the conversion may hold in memory.
    #[command(flatten)]
    pub memory: Memory,
}

/// A bound on memory.
#[derive(Debug, clap::Args)]
pub struct Memory {
    /// Part of the memory that the conversion may use, or a size, e.g. 512MiB; exit 8 beyond it [default: 50%]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory_limit: Option<MemoryLimit>,
}

impl Memory {
    /// Bounds this process; the limit in bytes.
    fn bind(&self) -> u64 {
        let limit = self
            .memory_limit
            .unwrap_or(MemoryLimit::OfMachine(Share(500_000)));
        let bytes = limit.bytes(machine_memory());
        process_memory::bound(bytes, 1);
        bytes
    }
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
    /// What the conversion may hold in memory.
    #[command(flatten)]
    pub memory: Memory,
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
    match &args.what {
        What::Dcsa(args) => dcsa(args, console),
        What::Edifact(args) => edifact(args, console),
        What::Ileap(args) => ileap(args, console),
    }
}

fn dcsa(args: &Dcsa, console: &Console) -> Result<ExitCode> {
    let memory = args.chains.memory.bind();
    let form = args.chains.form()?;
    let reading = args.chains.reading()?;
    let mut converter = args.chains.converter(ContainerTypes::default())?;
    let interrupt = Interrupt::install()?;
    let received = receive(
        &args.files,
        &JSON,
        memory,
        &interrupt,
        &mut |file, bytes| {
            converter.begin(file);
            dcsa::read(file, bytes, &reading, &mut |event| converter.take(event));
        },
    )?;
    write(&args.chains, form, converter, &received, "", console)
}

fn edifact(args: &Edifact, console: &Console) -> Result<ExitCode> {
    let memory = args.chains.memory.bind();
    let form = args.chains.form()?;
    let reading = args.chains.reading()?;
    let profiles = match &args.profiles {
        None => Profiles::default(),
        Some(path) => profiles(path)?,
    };
    let mut converter = args.chains.converter(types(args.reference.as_deref())?)?;
    let mut messages = edifact::Reader::new(&reading, &profiles);
    let interrupt = Interrupt::install()?;
    let endings = &edifact::EXTENSIONS;
    let received = receive(
        &args.files,
        endings,
        memory,
        &interrupt,
        &mut |file, bytes| {
            converter.begin(file);
            if edifact::is_one(bytes) {
                messages.read(file, bytes);
            } else {
                dcsa::read(file, bytes, &reading, &mut |event| converter.take(event));
            }
        },
    )?;
    let unread = messages.finish(&mut converter);
    let unread: Vec<String> = unread
        .iter()
        .take(UNREAD)
        .map(|(tag, count)| format!("{} {}", visible(tag), grouped(&count.to_string())))
        .collect();
    let beside = match unread.is_empty() {
        true => String::new(),
        false => format!("segments not read: {}\n", unread.join(", ")),
    };
    write(&args.chains, form, converter, &received, &beside, console)
}

/// Tags that a summary shows; a hostile file can make as many as it has segments.
const UNREAD: usize = 40;

/// Largest file of profiles.
const LARGEST_PROFILES: u64 = 1 << 20;

fn profiles(path: &Path) -> Result<Profiles> {
    let fault = |what: String| Error::Usage(format!("--profiles {}: {what}", path.display()));
    let bytes = read_file(path, LARGEST_PROFILES).map_err(|e| fault(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| fault("expected UTF-8".to_owned()))?;
    Profiles::with(&text).map_err(fault)
}

/// Types of containers, for their tare: of the folder, else of the one inside the program.
fn types(reference: Option<&Path>) -> Result<ContainerTypes> {
    let usual = Path::new(DATA);
    let folder = match reference {
        Some(folder) => Some(folder),
        None => Some(usual).filter(|folder| folder.join(TYPES).is_file()),
    };
    let bytes = match folder {
        Some(folder) => read_file(&folder.join(TYPES), MAX_FILE_BYTES)
            .map_err(|e| Error::Usage(format!("--reference {}: {e}", folder.display())))?,
        None => {
            let shipped = shipped(&format!("{DATA}/{TYPES}"));
            shipped.unwrap_or_default().as_bytes().to_vec()
        }
    };
    // What is wrong with a row is for `factors check`; it has no tare here.
    Ok(ContainerTypes::parse(&DataFile::new(TYPES, bytes)).0)
}

const DATA: &str = "data";
const TYPES: &str = "containers.csv";

impl Chains {
    fn form(&self) -> Result<Form> {
        match self.out.extension().and_then(|e| e.to_str()) {
            Some("csv") => Ok(Form::Csv),
            Some("ndjson" | "jsonl") => Ok(Form::Ndjson),
            _ => Err(Error::Usage(format!(
                "--out {}: expected a name that ends in .csv or .ndjson",
                self.out.display()
            ))),
        }
    }

    fn reading(&self) -> Result<Reading> {
        let other = self.zone.as_ref().map(|name| {
            zone(name).ok_or_else(|| Error::Usage(format!("--zone {name:?}: expected {ZONE}")))
        });
        Ok(Reading {
            facilities: optional(self.facilities.as_deref(), facilities)?,
            zones: Zones {
                other: other.transpose()?,
                by_place: optional(self.zones.as_deref(), zones)?,
            },
        })
    }

    fn converter(&self, types: ContainerTypes) -> Result<Converter> {
        Ok(Converter::new(Settings {
            gate_mode: self.gate_mode.as_deref().and_then(Mode::from_code),
            shares: optional(self.shares.as_deref(), shares)?,
            types,
        }))
    }
}

/// Pairs the events and writes what comes of them.
fn write(
    args: &Chains,
    form: Form,
    converter: Converter,
    received: &Received,
    beside_counts: &str,
    console: &Console,
) -> Result<ExitCode> {
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
    text.push_str(beside_counts);
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
    let ended = ended(console, &text, received, &report.left_out);
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
    let memory = args.memory.bind();
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
    let interrupt = Interrupt::install()?;
    let received = receive(
        &args.files,
        &JSON,
        memory,
        &interrupt,
        &mut |file, bytes| converter.read(file, bytes),
    )?;
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
    // Parts of messages are counted by what they are of, and beside the events.
    let counts = counts.into_iter().filter(|(o, _)| *o != Outcome::Unread);
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
