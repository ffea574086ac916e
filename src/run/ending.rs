//! The end of a run, after it is decided what `CURRENT` names: the summary, old runs, log and status. Nothing here fails a run:
//! what cannot be read, written or removed is a warning.

use crate::audit::verify::corridor_lines;
use crate::error::{Error, Result};
use crate::progress::{Level, Progress, milliseconds};
use crate::run::plan::Plan;
use crate::run::summary::Summary;
use crate::run::tables;
use crate::store::commit::Published;
use crate::store::disk::RealDisk;
use crate::store::lock::{Holder, Output};
use crate::store::prune::prune;
use crate::store::stage::clear;
use crate::store::status::{Execution, FOLDER, OUTSIDE, Status, now, write_log, write_status};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Stands for the run in the log when an execution ended before it had an id.
const UNNAMED: &str = "unnamed";

/// The summary of a publication. Old runs are removed, and counts and warnings noted in the status.
pub(crate) fn finish(
    plan: &Plan,
    progress: &dyn Progress,
    output: &Output,
    published: Published,
    status: &mut Status,
) -> Summary {
    let mut warn = |warning: String| {
        progress.message(Level::Warning, &warning);
        status.warnings.push(warning);
    };
    let mut summary = Summary::new(&published);
    match corridor_lines(&published.dir) {
        Ok(lines) => summary.corridors = lines,
        Err(error) => warn(format!("the summary lacks corridors: {error}")),
    }
    published.warnings.iter().cloned().for_each(&mut warn);
    // While a power cut could bring the run before back, it stays.
    let keep = plan.keep.filter(|_| published.is_durable);
    match prune(output, keep.map(|n| n as usize), &summary.run_id) {
        Ok(pruned) => {
            for id in pruned.removed {
                progress.message(Level::Info, &format!("removed run {id}"));
            }
            if pruned.traces > 0 {
                let traces = pruned.traces;
                let told = format!("removed {traces} failed runs, log records and reports");
                progress.message(Level::Info, &told);
            }
            pruned.warnings.into_iter().for_each(&mut warn);
        }
        // What stays takes space, and the next run tries again.
        Err(error) => warn(error.to_string()),
    }
    status.sync_ms = milliseconds(published.sync);
    tables::count_published(status, &published.manifest);
    if plan.dry_run {
        summary.dir = PathBuf::new();
    }
    summary
}

/// Writes log and status of a run that has ended.
pub(crate) fn record(
    plan: &Plan,
    progress: &dyn Progress,
    output: &Output,
    holder: &Holder,
    outcome: &Result<Summary>,
    status: Status,
) {
    let mut status = match outcome {
        Ok(summary) if summary.missing.is_empty() => status.done(),
        Ok(summary) => status.failed(&Error::FilesMissing(format!(
            "published without {}",
            summary.missing.join(", ")
        ))),
        Err(error) => status.failed(error),
    };
    let name = status.run_id.clone().unwrap_or(UNNAMED.to_owned());
    let mut execution = Execution::ending_now(holder, &name, &status);
    execution.settings = settings(plan);
    if let Ok(summary) = outcome
        && !summary.outside.is_empty()
    {
        let folders = summary.outside.iter().map(|folder| absolute(folder));
        let folders: Vec<String> = folders.collect();
        (execution.settings).insert(OUTSIDE.to_owned(), folders.join("\n"));
    }
    if let Err(error) = write_log(output, &name, &execution) {
        status.warnings.push(error.to_string());
        progress.message(Level::Warning, &error.to_string());
    }
    // A status that goes on saying "running" alarms somebody for nothing: worth a second attempt.
    let written = write_status(output, &status).or_else(|_| write_status(output, &status));
    if let Err(error) = written {
        progress.message(Level::Warning, &error.to_string());
    }
}

/// Tells those who watch an output root that a run was refused before it had a plan. Nothing here fails: the refusal is what counts.
/// Who finds the root in use leaves it to the run that works there.
pub(crate) fn refused(out: &Path, error: &Error) -> Result<()> {
    told(out, error, false)
}

/// The same of a run that was ended by a signal, whose stage is removed.
pub(crate) fn lost(out: &Path, error: &Error) -> Result<()> {
    told(out, error, true)
}

fn told(out: &Path, error: &Error, clears: bool) -> Result<()> {
    let holder = Holder::this_process();
    let output = Output::lock(Arc::new(RealDisk), out, &holder)?;
    let status = Status {
        stale_stages_removed: if clears { clear(&output)? } else { 0 },
        started: holder.started.clone(),
        ended: Some(now()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Status::default()
    }
    .failed(error);
    let execution = Execution::ending_now(&holder, UNNAMED, &status);
    let logged = write_log(&output, UNNAMED, &execution).map(drop);
    write_status(&output, &status).and(logged)
}

fn absolute(folder: &Path) -> String {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    full.display().to_string()
}

/// Settings that cannot change a byte of the run, for the execution log.
fn settings(plan: &Plan) -> BTreeMap<String, String> {
    [
        (FOLDER, absolute(&plan.folder)),
        ("threads", plan.threads.to_string()),
        ("memory_bytes", plan.limits.memory_bytes.to_string()),
        ("out", plan.out.path.display().to_string()),
        ("rebuild", plan.rebuild.to_string()),
        ("dry_run", plan.dry_run.to_string()),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_owned(), v))
    .collect()
}
