//! `rollback OUT [RUN]`: an earlier published run becomes the current one again.

use super::args::path;
use super::{Console, engine_at, progress};
use green_corridor::{Level, ProgressMode, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Run to make current [default: the one that was published before the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
}

/// Checks the run and makes it current; exit 7 when it is damaged.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let progress = progress::for_run(ProgressMode::Auto, *console);
    let outcome = engine_at(&args.out, &progress)?.rollback(args.run.as_deref());
    progress.end();
    let done = outcome?;
    for warning in &done.published.warnings {
        console.message(Level::Warning, warning);
    }
    let (id, dir) = (&done.published.run_id, done.published.dir.display());
    console.print(&match &done.from {
        Some(from) if from == id => {
            format!("run {id} is sound and was current already, files in {dir}\n")
        }
        Some(from) => {
            format!("run {id} is sound and current again, in place of {from}, files in {dir}\n")
        }
        None => format!("run {id} is sound and current, files in {dir}\n"),
    })?;
    Ok(ExitCode::SUCCESS)
}
