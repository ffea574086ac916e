//! `run [RUN.toml]`: from arguments to a plan, from the plan to a published run, from the run to a summary.

use super::args::path;
use super::args::{Keep, MaxChange, change, keep, memory, progress_mode, share};
use super::supervise::{self, Isolate};
use super::{Console, progress};
use green_corridor::plan::{Flags, MemoryLimit, Plan, Share, least_memory};
use green_corridor::{Engine, Error, Interrupt, Level, Progress, ProgressMode, Result, process};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Run file [default: data/run.toml]
    #[arg(value_name = "RUN.toml", value_parser = path())]
    pub run_file: Option<PathBuf>,
    /// Movement records instead of those in the run file: files, folders, globs
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub movements: Vec<String>,
    /// Factor library instead of the one in the run file
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub factors: Option<PathBuf>,
    /// Profile instead of the one in the run file
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Folder of places, distances, zones and corridors instead of the one in the run file
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub reference: Option<PathBuf>,
    /// Output root instead of the one in the run file
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub out: Option<PathBuf>,
    /// Worker threads; figures and bytes do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Memory to use, such as 2GiB or 50%; beyond it the run sorts on disk
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory_limit: Option<MemoryLimit>,
    /// Largest share of rejected rows with which the run is published, such as 5%
    #[arg(long, value_name = "PERCENT", value_parser = share)]
    pub max_reject_share: Option<Share>,
    /// Largest change of rows and totals against the current run with which the run is published, such as 50%; or off
    #[arg(long, value_name = "PERCENT", value_parser = change)]
    pub(super) max_change: Option<MaxChange>,
    /// Runs to keep in the output root; the current one and pinned ones stay in any case [default: all]
    #[arg(long, value_name = "N", value_parser = keep)]
    pub(super) keep: Option<Keep>,
    /// Leave out broken and missing files, publish the rest, and exit 10
    #[arg(long)]
    pub allow_missing_files: bool,
    /// Publish even if there is no input row
    #[arg(long)]
    pub allow_empty: bool,
    /// Compute and summarise, publish nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Compute a run again that exists already; replace it if it is damaged, exit 7 if another computation made it
    #[arg(long)]
    pub rebuild: bool,
    /// Whether a process of its own computes, so that one that is ended leaves nothing behind
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_value = "auto", default_missing_value = "always")]
    pub(super) isolate: Isolate,
    /// Print one line about the run, and warnings
    #[arg(long, conflicts_with = "progress")]
    pub quiet: bool,
    /// When to show progress on standard error
    #[arg(long, value_name = "WHEN", value_parser = progress_mode())]
    pub progress: Option<ProgressMode>,
    /// Print every resolved value and where it came from, and stop
    #[arg(long)]
    pub print_plan: bool,
}

impl Args {
    fn flags(&self, console: &Console) -> Flags {
        Flags {
            run_file: self.run_file.clone(),
            movements: self.movements.clone(),
            factors: self.factors.clone(),
            profile: self.profile.clone(),
            reference: self.reference.clone(),
            out: self.out.clone(),
            max_reject_share: self.max_reject_share,
            max_change: self.max_change.map(|MaxChange(change)| change),
            memory: self.memory_limit,
            threads: self.threads.map(usize::from),
            keep: match self.keep {
                Some(Keep::Last(count)) => Some(count),
                Some(Keep::All) | None => None,
            },
            allow_missing_files: self.allow_missing_files,
            allow_empty: self.allow_empty,
            dry_run: self.dry_run,
            rebuild: self.rebuild,
            quiet: self.quiet,
            progress: self.progress,
            log: console.log_said,
        }
    }
}

/// Resolves the plan, prints it or runs it.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    // `--movements` takes several paths, so it swallows a run file that follows it.
    if let Some(swallowed) = args.movements.iter().find(|path| path.ends_with(".toml")) {
        return Err(Error::Usage(format!(
            "--movements {swallowed}: expected movement records; a run file comes before --movements"
        )));
    }
    let plan = Plan::open(&args.flags(console), !args.print_plan)?;
    if args.print_plan {
        console.print(&plan.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    if supervise::is_wanted(args.isolate, &plan) {
        return supervise::supervise(&plan);
    }
    if supervise::is_child() {
        supervise::follow_parent();
    }
    // A small input may be computed within less than the least limit; what a thread takes at its start is not less for that.
    let limit = plan
        .limits
        .memory_bytes
        .max(least_memory(plan.threads) as u64);
    process::bound(limit, plan.threads);
    let progress = match plan.quiet {
        true => progress::quiet(*console),
        false => progress::for_run(plan.progress, *console),
    };
    let outcome = execute(plan, &progress, console);
    progress.end();
    outcome
}

/// Runs the plan and prints the summary.
fn execute(plan: Plan, progress: &Arc<dyn Progress>, console: &Console) -> Result<ExitCode> {
    let (is_quiet, is_dry) = (plan.quiet, plan.dry_run);
    let engine = Engine::of(plan).watched(Arc::clone(progress), Interrupt::install()?);
    let summary = engine.run()?;
    progress.end();
    match console.print(&super::summary::text(&summary, is_quiet)) {
        // The run is published all the same, and its status says so; only the summary is lost.
        Err(error) if !is_dry => console.message(Level::Warning, &error.to_string()),
        printed => printed?,
    }
    if summary.missing.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let missing = Error::FilesMissing(format!("published without {}", summary.missing.join(", ")));
    console.error(&missing);
    Ok(ExitCode::from(missing.exit_code()))
}
