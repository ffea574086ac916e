//! `factors`: questions about a factor library, before a run depends on it. One file per verb.

mod check;
mod diff;
mod document;
mod import;
mod list;
mod listing;
mod show;
mod text;
mod why;

use super::Console;
use super::args::path;
use green_corridor::error::Result;
use green_corridor::factors::{DataFile, FactorSet, Fault, Severity};
use green_corridor::reference::Reference;
use green_corridor::run::prepare::{known_profile, library_error, profiles};
use green_corridor::store::reference::{ReferenceFile, read_data, read_library};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `factors`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `factors` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Report every fault of a library with file, line and column, warnings apart from errors
    Check(check::Check),
    /// List the factors of a profile
    List(list::List),
    /// Show one factor with its source, edition and licence
    Show(show::Show),
    /// Explain which factor applies to a movement, and why not another
    Why(why::Why),
    /// Compare two editions, or two profiles
    Diff(diff::Diff),
    /// Bring a table of your own (GLEC, Clean Cargo, a carrier) into the library through a mapping file
    Import(import::Import),
    /// Print the reference document of the library, as Markdown
    Document(document::Document),
}

/// Which library and profile.
#[derive(Debug, clap::Args)]
pub struct Library {
    /// Factor library
    #[arg(long, value_name = "DIR", default_value = "emission_factors", value_parser = path())]
    pub factors: PathBuf,
    /// Folder of zones and places that regions may name
    #[arg(long, value_name = "DIR", default_value = "data", value_parser = path())]
    pub reference: PathBuf,
    /// Profile [default: open; check takes all of them]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Answers the question; exit 9 when the library has faults.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    match &args.action {
        Action::Check(args) => check::check(args, console),
        Action::List(args) => list::list(args, console),
        Action::Show(args) => show::show(args, console),
        Action::Why(args) => why::why(args, console),
        Action::Diff(args) => diff::diff(args, console),
        Action::Import(args) => import::import(args, console),
        Action::Document(args) => document::document(args, console),
    }
}

/// Profile unless another is named.
const DEFAULT_PROFILE: &str = "open";
/// What regions may name; the other data have no part in a question about factors, so they are not read for one.
const ZONES: [&str; 1] = ["zones.csv"];

/// The folders of a library, read.
struct Files {
    library: Vec<DataFile>,
    data: Vec<DataFile>,
}

impl Files {
    fn read(factors: &Path, reference: &Path, names: &[&str]) -> Result<Files> {
        let as_data = |files: Vec<ReferenceFile>| {
            files
                .into_iter()
                .map(|f| DataFile::new(f.path, f.bytes))
                .collect()
        };
        Ok(Files {
            library: as_data(read_library(factors)?),
            data: as_data(read_data(reference, names)?),
        })
    }

    /// Names of the profiles, ascending.
    fn profiles(&self) -> Vec<&str> {
        profiles(self.library.iter().map(|f| f.path.as_str()))
    }

    /// Refuses a profile that is not there.
    fn known(&self, profile: &str) -> Result<()> {
        known_profile(&self.profiles(), profile)
    }

    /// Factors of a profile; faults are one error.
    fn factors(&self, profile: &str) -> Result<FactorSet> {
        self.known(profile)?;
        self.load(profile)
            .map(|(reference, _)| reference.factors)
            .map_err(|faults| library_error(&faults))
    }

    fn load(&self, profile: &str) -> std::result::Result<(Reference, Vec<Fault>), Vec<Fault>> {
        Reference::load(&self.library, profile, &self.data, &[])
    }
}

/// Factors of the profile that the arguments name.
fn factors_of(args: &Library) -> Result<FactorSet> {
    let files = Files::read(&args.factors, &args.reference, &ZONES)?;
    files.factors(args.profile.as_deref().unwrap_or(DEFAULT_PROFILE))
}

/// The library without a profile: for questions about editions as they are.
fn edition_library(factors: &Path) -> Result<green_corridor::factors::Library> {
    let files: Vec<DataFile> = read_library(factors)?
        .into_iter()
        .map(|f| DataFile::new(f.path, f.bytes))
        .collect();
    let (library, faults) = green_corridor::factors::Library::parse(&files);
    let errors: Vec<Fault> = faults
        .into_iter()
        .filter(|f| f.severity == Severity::Error)
        .collect();
    if errors.is_empty() {
        Ok(library)
    } else {
        Err(library_error(&errors))
    }
}
