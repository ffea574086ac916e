//! A fully resolved run: run file, command-line flags and defaults merged, with no default left to guess.
//!
//! Opens no file: the caller hands over the run file's bytes and a way to read value files. Finds no input file either;
//! patterns are resolved to a base folder and left to the store.

mod file;
mod mapping;
mod paths;
mod print;
mod quantity;

pub use paths::{Pattern, PlanPath};
pub use quantity::{MemoryLimit, Share};

use crate::error::{Error, Result};
use crate::input::mapping::Mapping;
use crate::pipeline::progress::{LogMode, ProgressMode};
use file::{RunFile, Source};
use paths::Bases;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A checked text: its value, or what was found and what was wanted.
type Checked<T> = std::result::Result<T, String>;

/// The run file that `run` uses when none is named.
pub const DEFAULT_RUN_FILE: &str = "data/run.toml";

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
    /// The factor library.
    pub factors: PlanPath,
    /// Name of the profile: `<factors>/profiles/<profile>.toml`.
    pub profile: String,
    /// Folder of places, distances, containers, zones, aliases and corridors.
    pub reference: PlanPath,
    /// Further location files; they win over the reference folder's.
    pub locations: Vec<PlanPath>,
    /// Output root.
    pub out: PlanPath,
    /// Bounds.
    pub limits: Limits,
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
    /// Compute, publish nothing.
    pub dry_run: bool,
    /// Compute again even if the run exists.
    pub rebuild: bool,
    /// When progress is shown.
    pub progress: ProgressMode,
    /// Form of log lines.
    pub log: LogMode,
    origins: BTreeMap<String, Origin>,
}

impl Plan {
    /// The run file to read: the one named, else `data/run.toml` if it exists, else none when `--movements` are named.
    pub fn run_file(flags: &Flags, is_file: &dyn Fn(&Path) -> bool) -> Result<Option<PathBuf>> {
        let fallback = Path::new(DEFAULT_RUN_FILE);
        match &flags.run_file {
            Some(named) => Ok(Some(named.clone())),
            None if is_file(fallback) => Ok(Some(fallback.to_owned())),
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
                let text = std::str::from_utf8(bytes).map_err(|_| Error::Usage(format!("{name}: not UTF-8")))?;
                text.strip_prefix('\u{feff}').unwrap_or(text)
            }
        };
        let source = Source { name: &name, text };
        let keys = source.parse()?;
        let mut resolver = Resolver { source, origins: BTreeMap::new(), faults: Vec::new() };
        let plan = resolver.plan(run_file.map(|(path, _)| path), &keys, flags, here, read)?;
        resolver.finish(plan)
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

/// Picks values, remembers where each came from, and collects faults so that all are told at once.
struct Resolver<'a> {
    source: Source<'a>,
    origins: BTreeMap<String, Origin>,
    faults: Vec<String>,
}

impl Resolver<'_> {
    fn plan(
        &mut self,
        run_file: Option<&Path>,
        keys: &RunFile,
        flags: &Flags,
        here: &Surroundings,
        read: &dyn Fn(&Path) -> Result<Vec<u8>>,
    ) -> Result<Plan> {
        let bases = Bases::new(run_file, &here.working_directory);
        // Without a run file the folder is the working directory, so the defaults lose the step up from `data/`.
        let beside = |in_data: &'static str, here: &'static str| if run_file.is_some() { in_data } else { here };
        let limits = self.limits(keys, flags, here);
        let movements = self.movements(keys, flags, &bases);
        let locations = self.each(&keys.locations, "locations", |text| bases.written(text));
        let (mapping, value_files) = self.mapping(keys, &bases, read)?;
        Ok(Plan {
            run_file: run_file.map(Path::to_owned),
            folder: bases.folder().to_owned(),
            movements,
            factors: self.path(
                "factors",
                "--factors",
                &flags.factors,
                &keys.factors,
                beside("../emission_factors", "emission_factors"),
                &bases,
            ),
            profile: self.pick("profile", flags.profile.as_ref().map(|p| ("--profile", p)), &keys.profile, "open", |p: &str| {
                profile_name(p)
            }),
            reference: self.path("reference", "--reference", &flags.reference, &keys.reference, beside(".", "data"), &bases),
            locations,
            out: self.path("out", "--out", &flags.out, &keys.out, beside("../out", "out"), &bases),
            limits,
            mapping,
            value_files,
            threads: self.flag("threads", "--threads", flags.threads, here.cores.max(1)).max(1),
            keep: self.flag("keep", "--keep", flags.keep.map(Some), None),
            allow_missing_files: self.switch("allow-missing-files", "--allow-missing-files", flags.allow_missing_files),
            allow_empty: self.switch("allow-empty", "--allow-empty", flags.allow_empty),
            dry_run: self.switch("dry-run", "--dry-run", flags.dry_run),
            rebuild: self.switch("rebuild", "--rebuild", flags.rebuild),
            progress: self.flag("progress", "--progress", flags.progress, ProgressMode::Auto),
            log: self.flag("log", "--log", flags.log, LogMode::Text),
            origins: BTreeMap::new(),
        })
    }

    fn finish(self, mut plan: Plan) -> Result<Plan> {
        if !self.faults.is_empty() {
            return Err(Error::Usage(self.faults.join("; ")));
        }
        plan.origins = self.origins;
        Ok(plan)
    }

    fn limits(&mut self, keys: &RunFile, flags: &Flags, here: &Surroundings) -> Limits {
        let share_flag = flags.max_reject_share.map(|s| s.text());
        let memory_flag = flags.memory.map(|m| m.text());
        let share_flag = share_flag.as_ref().map(|s| ("--max-reject-share", s));
        let memory_flag = memory_flag.as_ref().map(|m| ("--memory-limit", m));
        let max_reject_share =
            self.pick("limits.max_reject_share", share_flag, &keys.limits.max_reject_share, "5%", |text| Share::parse(text));
        let memory = self.pick("limits.memory", memory_flag, &keys.limits.memory, "50%", |text| MemoryLimit::parse(text));
        let min_rows = match &keys.limits.min_rows {
            None => 0,
            Some(rows) => {
                self.from_file("limits.min_rows", rows.span().start);
                *rows.get_ref()
            }
        };
        Limits { max_reject_share, min_rows, memory, memory_bytes: memory.bytes(here.memory_bytes) }
    }

    fn movements(&mut self, keys: &RunFile, flags: &Flags, bases: &Bases) -> Vec<Pattern> {
        if !flags.movements.is_empty() {
            self.origins.insert("movements".into(), Origin::Flag("--movements"));
            let patterns = flags.movements.iter().map(|text| bases.pattern_of_flag(text)).collect::<Checked<Vec<_>>>();
            return patterns.unwrap_or_else(|fault| {
                self.faults.push(format!("--movements: {fault}"));
                Vec::new()
            });
        }
        let patterns = self.each(&keys.movements, "movements", |text| bases.pattern_written(text));
        if patterns.is_empty() && self.faults.is_empty() {
            self.faults.push(format!("{}: movements: expected at least one file, folder or glob", self.source.name));
        }
        patterns
    }

    /// Every text of a list, resolved; faults are noted with the key.
    fn each<T>(&mut self, list: &Option<toml::Spanned<Vec<String>>>, key: &str, resolve: impl Fn(&str) -> Checked<T>) -> Vec<T> {
        let Some(list) = list else { return Vec::new() };
        self.from_file(key, list.span().start);
        let mut values = Vec::with_capacity(list.get_ref().len());
        for text in list.get_ref() {
            match resolve(text) {
                Ok(value) => values.push(value),
                Err(fault) => self.fault(key, list.span().start, &fault),
            }
        }
        values
    }

    fn path(
        &mut self,
        key: &str,
        flag: &'static str,
        said: &Option<PathBuf>,
        written: &Option<toml::Spanned<String>>,
        default: &str,
        bases: &Bases,
    ) -> PlanPath {
        if let Some(said) = said {
            self.origins.insert(key.into(), Origin::Flag(flag));
            return bases.said(said).unwrap_or_else(|fault| {
                self.faults.push(format!("{flag}: {fault}"));
                PlanPath::default()
            });
        }
        self.pick(key, None, written, default, |text| bases.written(text))
    }

    /// The flag's text, else the run file's, else the default, parsed. The default is of our own making and always parses.
    fn pick<T>(
        &mut self,
        key: &str,
        flag: Option<(&'static str, &String)>,
        written: &Option<toml::Spanned<String>>,
        default: &str,
        parse: impl Fn(&str) -> Checked<T>,
    ) -> T {
        let parsed = match (flag, written) {
            (Some((flag, text)), _) => {
                self.origins.insert(key.into(), Origin::Flag(flag));
                parse(text).map_err(|fault| self.faults.push(format!("{flag}: {fault}")))
            }
            (None, Some(text)) => {
                let at = text.span().start;
                self.from_file(key, at);
                parse(text.get_ref()).map_err(|fault| self.fault(key, at, &fault))
            }
            (None, None) => Err(()),
        };
        parsed.unwrap_or_else(|()| parse(default).unwrap_or_else(|fault| unreachable!("default of {key}: {fault}")))
    }

    fn flag<T>(&mut self, key: &str, flag: &'static str, said: Option<T>, default: T) -> T {
        if said.is_some() {
            self.origins.insert(key.into(), Origin::Flag(flag));
        }
        said.unwrap_or(default)
    }

    fn switch(&mut self, key: &str, flag: &'static str, said: bool) -> bool {
        self.flag(key, flag, said.then_some(true), false)
    }

    fn from_file(&mut self, key: &str, offset: usize) {
        self.origins.insert(key.into(), Origin::File(self.source.line(offset)));
    }

    fn fault(&mut self, key: &str, offset: usize, what: &str) {
        self.faults.push(format!("{}:{}: {key}: {what}", self.source.name, self.source.line(offset)));
    }
}

/// A profile is a file name without folder and ending.
fn profile_name(text: &str) -> Checked<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.starts_with('.') || !text.chars().all(plain) {
        return Err(format!("{text:?}: expected the name of a file in profiles/ without .toml: letters, digits, - _ ."));
    }
    Ok(text.to_owned())
}

impl fmt::Display for Plan {
    /// Every value and where it came from, in TOML: what `--print-plan` shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print::text(self))
    }
}

#[cfg(test)]
mod tests;
