//! The end of a run, after it is decided what `CURRENT` names: the summary, old runs, log and status. Nothing here fails a run:
//! what cannot be read, written or removed is a warning.

use crate::audit::verify::corridor_lines;
use crate::error::{Error, Result};
use crate::progress::{Level, Progress, milliseconds};
use crate::run::plan::Plan;
use crate::run::summary::Summary;
use crate::run::tables;
use crate::store::commit::Published;
use crate::store::lock::{Holder, Output};
use crate::store::prune::prune;
use crate::store::status::{Execution, Status, write_log, write_status};
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    match prune(output, plan.keep.map(|n| n as usize), &summary.run_id) {
        Ok(pruned) => {
            for id in pruned.removed {
                progress.message(Level::Info, &format!("removed run {id}"));
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
    let unnamed = "unnamed".to_owned();
    let name = status.run_id.clone().unwrap_or(unnamed);
    let mut execution = Execution::ending_now(holder, &name, &status);
    execution.settings = settings(plan);
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

/// Settings that cannot change a byte of the run, for the execution log.
fn settings(plan: &Plan) -> BTreeMap<String, String> {
    [
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
