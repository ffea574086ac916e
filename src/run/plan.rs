//! A fully resolved run: run file, command-line flags and defaults merged, with no default left to guess.
//!
//! Opens no file: the caller hands over the run file's bytes and a way to read value files. Finds no input file either;
//! patterns are resolved to a base folder and left to the store.

mod carry;
mod file;
mod later_file;
mod mapping;
mod organisation;
mod path_order;
mod paths;
pub(crate) mod print;
mod quantity;
mod resolve;

pub(crate) use carry::free_name;
pub(crate) use later_file::LaterFile;
pub(crate) use mapping::encoding;
pub(crate) use organisation::OrganisationFile;
pub(crate) use paths::{Pattern, PlanPath};
pub(crate) use quantity::CodeLimit;
pub use quantity::{Change, MemoryLimit, Share};

use crate::error::{Error, Result};
use crate::input::mapping::Mapping;
use crate::output::encode::Encodings;
use crate::progress::{LogMode, ProgressMode};
use file::Source;
use resolve::Resolver;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A checked text: its value, or what was found and what was wanted.
type Checked<T> = std::result::Result<T, String>;

/// The run file that `run` uses when none is named.
pub(crate) const DEFAULT_RUN_FILE: &str = "data/run.toml";

/// What the command line says; `None` and `false`: not said.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `RUN.toml`.
    pub run_file: Option<PathBuf>,
    /// `--movements`, relative to the working directory.
    pub movements: Vec<String>,
    /// `--factors`.
    pub factors: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--reference`.
    pub reference: Option<PathBuf>,
    /// `--out`.
    pub out: Option<PathBuf>,
    /// `--max-reject-share`.
    pub max_reject_share: Option<Share>,
    /// `--max-change`; `Some(None)`: `off`.
    pub max_change: Option<Option<Change>>,
    /// `--memory-limit`.
    pub memory: Option<MemoryLimit>,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--keep`.
    pub keep: Option<u32>,
    /// `--allow-missing-files`.
    pub allow_missing_files: bool,
    /// `--allow-empty`.
    pub allow_empty: bool,
    /// `--dry-run`.
    pub dry_run: bool,
    /// `--rebuild`.
    pub rebuild: bool,
    /// `--progress`.
    pub progress: Option<ProgressMode>,
    /// `--quiet`.
    pub quiet: bool,
    /// `--log`.
    pub log: Option<LogMode>,
}

/// What the machine says: facts that a plan is resolved against.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Working directory, absolute.
    pub working_directory: PathBuf,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory that this process may use, bytes.
    pub memory_bytes: u64,
    /// A path as people read it: the same place without detours, of which the caller knows whether they lead over links.
    pub plain: fn(&Path) -> PathBuf,
}

/// Where a resolved value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The run file, at this line.
    File(usize),
    /// This command-line flag.
    Flag(&'static str),
}

/// Bounds of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest share of rejected rows (R008 and R024 left out) with which a run is published.
    pub max_reject_share: Share,
    /// Most rows of single rejection codes, in order of code.
    pub codes: BTreeMap<String, CodeLimit>,
    /// Largest change of rows and totals against the current run; `None`: any.
    pub max_change: Option<Change>,
    /// Largest share of transport elements with an estimated distance with which a run is published; `None`: any.
    pub max_estimated_share: Option<Share>,
    /// Months after its reference period from which a carrier's figure is refused (R025); `None`: it is flagged only.
    pub max_primary_age_months: Option<u32>,
    /// Fewest input rows with which a run is published.
    pub min_rows: u64,
    /// Memory limit as written.
    pub memory: MemoryLimit,
    /// Memory limit on this machine, bytes.
    pub memory_bytes: u64,
}

/// A file of `[values.<column>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueFile {
    /// Column of ours.
    pub column: String,
    /// The file.
    pub file: PlanPath,
}

/// A run with every value resolved.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The run file, if there is one.
    pub run_file: Option<PathBuf>,
    /// Folder of the run file, else `.`: what `source_file` and written paths are relative to.
    pub folder: PathBuf,
    /// Movement records: files, folders and globs.
    pub movements: Vec<Pattern>,
    /// Files and folders among them that are not read.
    pub exclude: Vec<Pattern>,
    /// The factor library.
    pub factors: PlanPath,
    /// Name of the profile: `<factors>/profiles/<profile>.toml`.
    pub profile: String,
    /// Folder of places, distances, containers, zones, aliases and corridors.
    pub reference: PlanPath,
    /// Further location files; they win over the reference folder's.
    pub locations: Vec<PlanPath>,
    /// Own distance files; they win over the reference folder's, the first over those after it.
    pub distances: Vec<PlanPath>,
    /// Own states of sea passages; they win over the reference folder's, the first over those after it.
    pub passages: Vec<PlanPath>,
    /// Output root.
    pub out: PlanPath,
    /// Bounds.
    pub limits: Limits,
    /// How the published tables are written.
    pub encodings: Encodings,
    /// Which of two files is the later one, where records of one movement differ; `None`: neither.
    pub later_file: Option<LaterFile>,
    /// How foreign columns and values map to ours.
    pub mapping: Mapping,
    /// The files behind `mapping.values`, in order of column.
    pub value_files: Vec<ValueFile>,
    /// Worker threads, at least 1.
    pub threads: usize,
    /// Runs to keep; `None`: all.
    pub keep: Option<u32>,
    /// Whether broken or missing files are left out (exit 10) instead of ending the run (exit 3).
    pub allow_missing_files: bool,
    /// Whether a run without rows may be published.
    pub allow_empty: bool,
    /// Ids from which stretches of the run begin, after the first: a run whose rows somebody else brings is cut there. Empty: none is.
    pub stretches: Vec<String>,
    /// Compute, publish nothing.
    pub dry_run: bool,
    /// Compute again even if the run exists.
    pub rebuild: bool,
    /// Say one line about the run, and warnings.
    pub quiet: bool,
    /// When progress is shown.
    pub progress: ProgressMode,
    /// Form of log lines.
    pub log: LogMode,
    origins: BTreeMap<String, Origin>,
}

impl Plan {
    /// The run file to read: the one named, else `data/run.toml` if it exists, else none when `--movements` are named.
    pub fn run_file(
        flags: &Flags,
        is_file: &dyn Fn(&Path) -> Result<bool>,
    ) -> Result<Option<PathBuf>> {
        let fallback = Path::new(DEFAULT_RUN_FILE);
        match &flags.run_file {
            Some(named) => Ok(Some(named.clone())),
            None if is_file(fallback)? => Ok(Some(fallback.to_owned())),
            None if !flags.movements.is_empty() => Ok(None),
            None => Err(Error::Usage(format!(
                "no run file named and {DEFAULT_RUN_FILE} does not exist here: name one (green-corridor run RUN.toml), \
                 name --movements, or write a starting point with green-corridor init DIR"
            ))),
        }
    }

    /// Merges run file (path and bytes), flags and defaults. `read` gives the bytes of a value file.
    pub fn resolve(
        run_file: Option<(&Path, &[u8])>,
        flags: &Flags,
        here: &Surroundings,
        read: &dyn Fn(&Path) -> Result<Vec<u8>>,
    ) -> Result<Plan> {
        let name = run_file.map_or(String::new(), |(path, _)| path.display().to_string());
        let text = match run_file {
            None => "",
            Some((_, bytes)) => {
                let text = std::str::from_utf8(bytes)
                    .map_err(|_| Error::Usage(format!("{name}: not UTF-8")))?;
                text.strip_prefix('\u{feff}').unwrap_or(text)
            }
        };
        let source = Source { name: &name, text };
        let keys = source.parse()?;
        let mut resolver = Resolver {
            source,
            origins: BTreeMap::new(),
            faults: Vec::new(),
            place: None,
            more_faults: 0,
        };
        let plan = resolver.plan(run_file.map(|(path, _)| path), &keys, flags, here, read)?;
        resolver.finish(plan)
    }

    /// The output root, of a plan that could not be resolved: what flags or run file say of it, where that much can be read.
    pub fn stated_out(
        run_file: Option<(&Path, &[u8])>,
        flags: &Flags,
        here: &Surroundings,
    ) -> Option<PathBuf> {
        let bases = paths::Bases::new(run_file.map(|(path, _)| path), here);
        if let Some(said) = &flags.out {
            return Some(bases.said(said).ok()?.path);
        }
        let text = std::str::from_utf8(run_file?.1).ok()?;
        let text = text.trim_start_matches('\u{feff}');
        let keys: toml::Table = match text.parse() {
            Ok(keys) => keys,
            Err(fault) => above(text, &fault)?,
        };
        Some(bases.written(keys.get("out")?.as_str()?).ok()?.path)
    }

    /// Where a value came from; the key as in a run file (`limits.memory`) or, without `--`, on the command line.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).copied().unwrap_or(Origin::Default)
    }

    /// An origin for people.
    fn origin_text(&self, key: &str) -> String {
        match (self.origin(key), &self.run_file) {
            (Origin::Default, _) => "default".to_owned(),
            (Origin::File(line), Some(file)) => format!("{}:{line}", file.display()),
            (Origin::File(line), None) => format!("run file:{line}"),
            (Origin::Flag(flag), _) => flag.to_owned(),
        }
    }
}

impl fmt::Display for Plan {
    /// Every value and where it came from, in TOML: what `--print-plan` shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print::text(self))
    }
}

/// What stands above the line that makes a text no TOML; a fault may be found a line or two behind the one that is broken.
fn above(text: &str, fault: &toml::de::Error) -> Option<toml::Table> {
    let mut rest = text.get(..fault.span()?.start)?;
    for _ in 0..3 {
        rest = &rest[..rest.rfind('\n')?];
        if let Ok(keys) = rest.parse() {
            return Some(keys);
        }
    }
    None
}

#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod tests;
