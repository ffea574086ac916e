//! `serve ..`: starts `green-corridor-server`, which has the only async runtime.

use super::{Console, beside};
use green_corridor::Result;
use std::ffi::OsString;
use std::process::ExitCode;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(
    disable_help_flag = true,
    override_usage = "green-corridor serve OUT [OPTIONS]\n       green-corridor serve clients add ID --file FILE [OPTIONS]"
)]
pub(super) struct Args {
    /// Output root and options; `serve --help` tells them
    #[arg(
        value_name = "ARGUMENTS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<OsString>,
}

/// Hands everything on.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    beside::run("green-corridor-server", &args.words, console)
}
