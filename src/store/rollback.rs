//! An earlier published run becomes the current one again, by the rename that published it.

use super::commit::{Published, publish_existing};
use super::digest::Progress;
use super::layout::Layout;
use super::lock::{Holder, Output};
use super::prune::{is_ours, published_millis};
use super::stage::clear;
use super::status::{Execution, Status, executions, millis_of, write_log};
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// Setting of a log record: the run that was current before a rollback.
const ROLLED_BACK_FROM: &str = "rolled_back_from";

/// What a rollback came to.
#[derive(Debug)]
pub struct RolledBack {
    /// The run that is current now.
    pub published: Published,
    /// The one that was before; `None`: `CURRENT` named none.
    pub from: Option<String>,
}

/// Checks every byte of the run wanted (by default the one published before the current one) and points `CURRENT` at it. The log
/// says so, or `warnings` why not.
pub(crate) fn rollback(
    output: &Output,
    holder: &Holder,
    wanted: Option<&str>,
    progress: Progress,
) -> Result<RolledBack> {
    // What a killed attempt was writing; whoever holds the lock is alone.
    clear(output)?;
    let layout = output.layout();
    let from = match layout.current_run() {
        // That it names no run is what a rollback to a named one mends.
        Err(error) if error.kind() == ErrorKind::Verification => None,
        named => named?,
    };
    let id = match wanted {
        Some(wanted) => layout.find_run(Some(wanted))?.0,
        None => before_current(layout)?,
    };
    let outcome = publish_existing(output, &id, progress);
    let status = match &outcome {
        Ok(_) => Status::default().done(),
        Err(error) => Status::default().failed(error),
    };
    let mut execution = Execution::ending_now(holder, &id, &status);
    let left = from.clone().filter(|from| *from != id && outcome.is_ok());
    execution
        .settings
        .extend([(ROLLED_BACK_FROM.to_owned(), left.unwrap_or_default())]);
    let logged = write_log(output, &id, &execution);
    let mut published = outcome?;
    published
        .warnings
        .extend(logged.err().map(|e| e.to_string()));
    Ok(RolledBack { published, from })
}

/// The run that was published last before the current one; not one that a rollback has left since.
fn before_current(layout: &Layout) -> Result<String> {
    let (current, _) = layout.find_run(None)?;
    let mut published: BTreeMap<String, i64> = BTreeMap::new();
    let mut left: BTreeMap<String, i64> = BTreeMap::new();
    let note = |times: &mut BTreeMap<String, i64>, id: String, at: i64| {
        let time = times.entry(id).or_insert(at);
        *time = at.max(*time);
    };
    for (id, record) in executions(layout)? {
        let Some(at) = millis_of(&record) else {
            continue;
        };
        match record.settings.get(ROLLED_BACK_FROM) {
            Some(from) => note(&mut left, from.clone(), at),
            None if matches!(record.exit_code, 0 | 10) => note(&mut published, id, at),
            None => {}
        }
    }
    let when = |id: &str| {
        let logged = published.get(id).copied();
        logged.unwrap_or_else(|| published_millis(&layout.run(id)))
    };
    let now = when(&current);
    let ids = layout.list_runs()?.into_iter();
    let candidates = ids.filter(|id| {
        let was_left = left.get(id).is_some_and(|&at| at >= when(id));
        *id != current && !was_left && when(id) <= now && is_ours(&layout.run(id))
    });
    candidates.max_by_key(|id| when(id)).ok_or_else(|| {
        Error::Usage(format!(
            "{}: no run was published before {current}; name the one that is to be current: green-corridor rollback OUT RUN",
            layout.runs().display()
        ))
    })
}
