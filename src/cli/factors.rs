//! `factors check|list|show`: questions about a factor library, before a run depends on it.

use super::Console;
use super::args::TableFormat;
use crate::error::{Error, Result};
use std::path::PathBuf;
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
    /// Report every fault of a library with file, line and column
    Check(Library),
    /// List the factors of a profile
    List(List),
    /// Show one factor with its source, edition and licence
    Show(Show),
}

/// Which library and profile.
#[derive(Debug, clap::Args)]
pub struct Library {
    /// Factor library
    #[arg(long, value_name = "DIR", default_value = "emission_factors")]
    pub factors: PathBuf,
    /// Folder of zones and places that regions may name
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub reference: PathBuf,
    /// Profile [default: check takes all of them, list and show take "open"]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Arguments of `factors list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
    /// Only this operation, or the operations that start so
    #[arg(long, value_name = "CODE")]
    pub operation: Option<String>,
    /// Only factors valid on this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub on: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
}

/// Arguments of `factors show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Full name, source/edition:factor_id
    #[arg(value_name = "FACTOR")]
    pub factor: String,
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
}

/// Answers the question; exit 9 when the library has faults.
pub fn run(args: &Args, _console: &Console) -> Result<ExitCode> {
    match &args.action {
        Action::Check(_) | Action::List(_) | Action::Show(_) => Err(Error::Internal("factors is not connected yet".to_owned())),
    }
}
