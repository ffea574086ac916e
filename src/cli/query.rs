//! `query ..`: starts `green-corridor-query`, which has the data frame library that answers.

use super::{Console, beside};
use green_corridor::Result;
use std::ffi::OsString;
use std::process::ExitCode;

/// Arguments of `query`.
#[derive(Debug, clap::Args)]
#[command(
    disable_help_flag = true,
    override_usage = "green-corridor query OUT SQL [OPTIONS]"
)]
pub(super) struct Args {
    /// Output root, SQL question, options; `query --help` tells them
    #[arg(
        value_name = "ARGUMENTS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<OsString>,
}

/// Hands the question on.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    beside::run("green-corridor-query", &args.words, console)
}
