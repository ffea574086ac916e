//! `convert dcsa|edifact|ileap FILES`: what partners send, as movement records and factors.

use super::Console;
use super::args::{memory, path};
use green_corridor::code::{Basis, Mode};
use green_corridor::documents::{
    self, Conversion, ConvertedOf, EdifactTables, EventsOrder, IleapOrder, LeftOut, Outcome,
    Received,
};
use green_corridor::plan::{MemoryLimit, Share};
use green_corridor::quantity::{counted, grouped};
use green_corridor::text::visible;
use green_corridor::{Engine, Error, Interrupt, Level, Result, process};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to convert.
    #[command(subcommand)]
    pub what: What,
}

/// What `convert` can read.
#[derive(Debug, clap::Subcommand)]
pub(super) enum What {
    /// DCSA Track & Trace events, 2.0 to 3.0, to movement records
    Dcsa(Dcsa),
    /// UN/EDIFACT container messages (COARRI, CODECO, IFTSTA), and DCSA events among them, to movement records
    Edifact(Edifact),
    /// iLEAP TOCs and HOCs of a carrier to factors, its shipment footprints and TADs to movement records
    Ileap(Ileap),
}

/// Arguments of `convert dcsa`.
#[derive(Debug, clap::Args)]
pub(super) struct Dcsa {
    /// Files, folders or patterns: .json, .ndjson, .jsonl, also .gz and .zst
    #[arg(value_name = "FILES", required = true)]
    pub files: Vec<String>,
    /// How they become movements.
    #[command(flatten)]
    pub chains: Chains,
}

/// Arguments of `convert edifact`.
#[derive(Debug, clap::Args)]
pub(super) struct Edifact {
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
pub(super) struct Chains {
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
pub(super) struct Memory {
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
        let bytes = limit.bytes(process::memory());
        process::bound(bytes, 1);
        bytes
    }
}

/// Arguments of `convert ileap`.
#[derive(Debug, clap::Args)]
pub(super) struct Ileap {
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
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    match &args.what {
        What::Dcsa(args) => events(&args.files, None, &args.chains, console),
        What::Edifact(args) => {
            let tables = EdifactTables {
                profiles: args.profiles.clone(),
                reference: args.reference.clone(),
            };
            events(&args.files, Some(tables), &args.chains, console)
        }
        What::Ileap(args) => ileap(args, console),
    }
}

/// Tags that a summary shows; a hostile file can make as many as it has segments.
const UNREAD: usize = 40;

fn events(
    files: &[String],
    edifact: Option<EdifactTables>,
    args: &Chains,
    console: &Console,
) -> Result<ExitCode> {
    let order = EventsOrder {
        files: files.to_vec(),
        edifact,
        out: args.out.clone(),
        facilities: args.facilities.clone(),
        gate_mode: args.gate_mode.as_deref().and_then(Mode::from_code),
        zone: args.zone.clone(),
        zones: args.zones.clone(),
        shares: args.shares.clone(),
        list_ignored: args.list_ignored,
        memory: args.memory.bind(),
    };
    let converted = Engine::convert(&Conversion::Events(order), &Interrupt::install()?)?;
    let ConvertedOf::Events {
        report,
        unread,
        left_out: beside,
        gaps: gaps_beside,
    } = &converted.of
    else {
        return Err(Error::Internal("events became something else".to_owned()));
    };
    let (received, left_out) = (&converted.received, &converted.left_out);
    let mut text = summary(
        received.files,
        "events",
        report.events,
        report.used,
        left_out,
    );
    let _ = writeln!(
        text,
        "{:<24}{:>12}",
        "movements",
        grouped(&report.records.len().to_string())
    );
    let shown = unread.iter().take(UNREAD);
    let shown: Vec<String> = shown
        .map(|(tag, count)| format!("{} {}", visible(tag), grouped(&count.to_string())))
        .collect();
    if !shown.is_empty() {
        let _ = writeln!(text, "segments not read: {}", shown.join(", "));
    }
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
            "shared in equal parts (flagged Q42): {} under several documents; --shares gives others",
            counted(report.equal_shares, "container")
        );
        console.message(Level::Warning, &what);
    }
    let ended = ended(console, &text, received, left_out);
    for (file, what) in &report.idle {
        let what = format!("{}: nothing in it is in a movement: {what}", visible(file));
        console.message(Level::Warning, &what);
    }
    match ended {
        Ok(_) if !report.idle.is_empty() => Err(Error::FilesMissing(format!(
            "{} of {} gave nothing",
            report.idle.len(),
            counted(received.files, "file")
        ))),
        other => other,
    }
}

fn ileap(args: &Ileap, console: &Console) -> Result<ExitCode> {
    let order = IleapOrder {
        files: args.files.clone(),
        carrier: args.carrier.clone(),
        out: args.out.clone(),
        source: args.source.clone(),
        factors: args.factors.clone(),
        profile: args.profile.clone(),
        operations: args.operations.clone(),
        distance_basis: args.distance_basis.as_deref().and_then(Basis::from_code),
        memory: args.memory.bind(),
    };
    let converted = Engine::convert(&Conversion::Ileap(order), &Interrupt::install()?)?;
    let ConvertedOf::Ileap(report) = &converted.of else {
        return Err(Error::Internal(
            "documents became something else".to_owned(),
        ));
    };
    let (received, left_out) = (&converted.received, &converted.left_out);
    let mut text = summary(
        received.files,
        "documents",
        report.documents,
        report.used,
        left_out,
    );
    for (name, count) in [
        ("transport factors", report.transport),
        ("hub factors", report.hub),
        ("movements", report.movements),
    ] {
        let _ = writeln!(text, "{name:<24}{:>12}", grouped(&count.to_string()));
    }
    let _ = writeln!(text, "written to {}", args.out.display());
    let ended = ended(console, &text, received, left_out)?;
    if report.used == 0 {
        return Err(Error::FilesMissing(format!(
            "no factor and no movement came of {}; {} says why",
            counted(report.documents, "document"),
            args.out.join("left-out.csv").display()
        )));
    }
    Ok(ended)
}

/// Reasons that a summary shows per outcome; a hostile file can make as many as it has lines.
const REASONS: usize = 12;

/// Counts for people: everything that came in, and what became of it.
fn summary(files: u64, what: &str, found: u64, used: u64, entries: &[LeftOut]) -> String {
    let count = |n: u64| grouped(&n.to_string());
    let mut out = format!("{:<24}{:>12}\n", "files", count(files));
    let _ = writeln!(out, "{what:<24}{:>12}", count(found));
    let _ = writeln!(out, "  {:<22}{:>12}", "used", count(used));
    let counts: BTreeMap<Outcome, BTreeMap<&str, u64>> = documents::counts(entries);
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
    let malformed = documents::count(left_out, Outcome::Malformed);
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
        "written without {}",
        counted(received.unreadable.len() as u64, "unreadable file")
    )))
}
