//! `factors document`: the reference document of a library, `docs/factors.md` for the shipped one.

use super::super::args::path;
use crate::cli::Console;
use green_corridor::{Result, factor};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `factors document`.
#[derive(Debug, clap::Args)]
pub(crate) struct Document {
    /// Factor library
    #[arg(long, value_name = "DIR", default_value = "emission_factors", value_parser = path())]
    pub factors: PathBuf,
}

/// Prints the document.
pub(super) fn document(args: &Document, console: &Console) -> Result<ExitCode> {
    console.print(&factor::document(&args.factors)?)?;
    Ok(ExitCode::SUCCESS)
}
