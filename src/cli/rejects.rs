//! `rejects OUT [RUN]`: why rows were rejected, with counts and an example per code.

use super::Console;
use super::args::TableFormat;
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `rejects`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output root
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
    /// Run, published or failed [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
}

/// Prints the codes.
pub fn run(_args: &Args, _console: &Console) -> Result<ExitCode> {
    Err(Error::Internal("rejects is not connected yet".to_owned()))
}
