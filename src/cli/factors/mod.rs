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
use green_corridor::Result;
use green_corridor::factor::{DEFAULT_PROFILE, FactorLibrary, FactorSet};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `factors`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `factors` can do.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
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
pub(super) struct Library {
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
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
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

/// Factors of the profile that the arguments name.
fn factors_of(args: &Library) -> Result<FactorSet> {
    let library = FactorLibrary::read(&args.factors, &args.reference)?;
    library.factors(args.profile.as_deref().unwrap_or(DEFAULT_PROFILE))
}
