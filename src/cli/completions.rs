//! `completions SHELL`: a completion script, generated from the grammar.

use super::{Console, command};
use green_corridor::Result;
use std::process::ExitCode;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Shell to write the script for
    shell: clap_complete::Shell,
}

/// Prints the script.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "green-corridor", &mut script);
    console.write(|out| out.write_all(&script))?;
    Ok(ExitCode::SUCCESS)
}
