//! `verify OUT [RUN]`: digests, counts and sums of a published run, from its files alone.

use super::Console;
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output root
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
    /// Run to check [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Also compute every element again from the published inputs and factors
    #[arg(long)]
    pub recalculate: bool,
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// Checks the run; exit 7 when anything differs.
pub fn run(_args: &Args, _console: &Console) -> Result<ExitCode> {
    Err(Error::Internal("verify is not connected yet".to_owned()))
}
