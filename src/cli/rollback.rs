//! `rollback OUT [RUN]`: an earlier published run becomes the current one again.

use super::args::path;
use super::{Console, progress};
use green_corridor::error::Result;
use green_corridor::progress::{Level, ProgressMode};
use green_corridor::store::disk::RealDisk;
use green_corridor::store::layout::Layout;
use green_corridor::store::lock::{Holder, Output};
use green_corridor::store::rollback::rollback;
use green_corridor::store::signal::Interrupt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Run to make current [default: the one that was published before the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
}

/// Checks the run and makes it current; exit 7 when it is damaged.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    // A root that is none is told before a lock would make it one.
    Layout::new(&args.out).find_run(args.run.as_deref())?;
    let holder = Holder::this_process();
    let output = Output::lock(Arc::new(RealDisk), &args.out, &holder)?;
    let interrupt = Interrupt::install()?;
    let progress = progress::for_run(ProgressMode::Auto, *console);
    progress.stage("verify", None);
    let check = |bytes| {
        progress.advance(0, bytes);
        interrupt.check()
    };
    let outcome = rollback(&output, &holder, args.run.as_deref(), &check);
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
