//! `explain OUT SHIPMENT [RUN]`: the calculation sheet of one shipment, from the kernel that made the figures.

use super::Console;
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output root
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
    /// Through bill of lading number
    #[arg(value_name = "SHIPMENT")]
    pub shipment: String,
    /// Run [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
}

/// Prints the sheet.
pub fn run(_args: &Args, _console: &Console) -> Result<ExitCode> {
    Err(Error::Usage("explain is not available yet; verify --recalculate checks every element of a run".to_owned()))
}
