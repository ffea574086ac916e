//! `--keep`, beyond `runs/`: rejects of failed runs, records of the log, reports on runs that are gone.
//!
//! Only what this program writes there under the names it gives: nothing is removed through a link, and nothing beside a file
//! that somebody else put there.

use super::commit::retire;
use super::layout::{folder_names, is_run_id};
use super::lock::Output;
use super::path::{is_folder, list_below};
use super::prune::{Pruned, is_pinned};
use super::reading::unread;
use super::status::{execution, last_executions, log_files, millis_of};
use super::storage;
use crate::error::Result;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Endings of the files that `report` writes.
const REPORTS: [&str; 2] = ["html", "xlsx"];

/// Removes all but the `keep` latest failed runs and log records, and what reports there are on runs that are gone. What belongs to
/// a run that stays, or that is pinned, stays.
pub(super) fn prune_traces(
    output: &Output,
    keep: usize,
    pins: &[String],
    pruned: &mut Pruned,
) -> Result<()> {
    let layout = output.layout();
    failed(output, keep, pins, pruned)?;
    let mut known: BTreeSet<String> = layout.list_runs()?.into_iter().collect();
    reports(output, &known, pins, pruned)?;
    known.extend(folder_names(&layout.failed())?);
    log(output, keep, &known, pins, pruned)
}

fn failed(output: &Output, keep: usize, pins: &[String], pruned: &mut Pruned) -> Result<()> {
    let layout = output.layout();
    if !is_folder(&layout.failed())? {
        return Ok(());
    }
    let executions = last_executions(layout)?;
    let mut runs: Vec<(i64, String)> = folder_names(&layout.failed())?
        .into_iter()
        .map(|id| (executions.get(&id).copied().unwrap_or(0), id))
        .collect();
    runs.sort();
    let surplus = runs.len().saturating_sub(keep);
    for (_, id) in runs.into_iter().take(surplus) {
        let dir = layout.failed().join(&id);
        if is_pinned(pins, &id) {
            continue;
        }
        match stranger(&dir)? {
            Some(path) => pruned.warnings.push(format!(
                "{}: stays, because {path} in it was not written by a run",
                dir.display()
            )),
            None => match unread(&dir) {
                None => pruned.warnings.push(format!(
                    "{}: stays, because it is being read",
                    dir.display()
                )),
                Some(_lock) => {
                    retire(output, &dir)?;
                    pruned.traces += 1;
                }
            },
        }
    }
    Ok(())
}

/// What somebody else put into the folder of a failed run; also a folder without the status of one.
fn stranger(dir: &Path) -> Result<Option<String>> {
    let listing = list_below(dir).map_err(|e| storage(dir, "read", e))?;
    let is_ours = |path: &str| {
        let part = path
            .strip_prefix("rejected/part-")
            .and_then(|name| name.strip_suffix(".parquet"));
        path == "status.json" || part.is_some_and(|number| !number.contains('/'))
    };
    let others = listing.others.iter().map(|(path, _)| path.as_str());
    let files = listing.files.iter().map(|(path, _)| path.as_str());
    let strange = files.clone().filter(|path| !is_ours(path)).chain(others);
    let folders = listing.dirs.iter().map(String::as_str);
    let strange = strange.chain(folders.filter(|name| *name != "rejected"));
    if let Some(path) = strange.min() {
        return Ok(Some(path.to_owned()));
    }
    let has_status = files.into_iter().any(|path| path == "status.json");
    Ok((!has_status).then(|| "what is".to_owned()))
}

/// Reports on runs that are published no more. Their names are run ids; one that no record of the log knows is left alone.
fn reports(
    output: &Output,
    published: &BTreeSet<String>,
    pins: &[String],
    pruned: &mut Pruned,
) -> Result<()> {
    let layout = output.layout();
    let folder = layout.report();
    // A link there, or a file, is somebody else's wish.
    if !fs::symlink_metadata(&folder).is_ok_and(|seen| seen.is_dir()) {
        return Ok(());
    }
    let mut known: BTreeSet<String> = last_executions(layout)?.into_keys().collect();
    known.extend(pruned.removed.iter().cloned());
    let gone = known
        .iter()
        .filter(|id| !published.contains(*id) && is_run_id(id) && !is_pinned(pins, id));
    for path in gone.flat_map(|id| REPORTS.map(|ending| folder.join(format!("{id}.{ending}")))) {
        remove_file(output, &path, pruned)?;
    }
    Ok(())
}

fn log(
    output: &Output,
    keep: usize,
    known: &BTreeSet<String>,
    pins: &[String],
    pruned: &mut Pruned,
) -> Result<()> {
    let layout = output.layout();
    if !is_folder(&layout.log())? {
        return Ok(());
    }
    // What is no record of the run that its name names is somebody else's.
    let mut records: Vec<_> = log_files(layout)?
        .into_iter()
        .filter_map(|(id, number, path)| {
            let record = execution(&path).filter(|record| record.run_id == id)?;
            Some((millis_of(&record)?, id, number, path))
        })
        .collect();
    records.sort();
    let surplus = records.len().saturating_sub(keep);
    for (_, id, _, path) in records.into_iter().take(surplus) {
        if !known.contains(&id) && !is_pinned(pins, &id) {
            remove_file(output, &path, pruned)?;
        }
    }
    Ok(())
}

/// Removes a file that is one and no link.
fn remove_file(output: &Output, path: &Path, pruned: &mut Pruned) -> Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|seen| seen.is_file()) {
        output
            .disk()
            .remove_file(path)
            .map_err(|e| storage(path, "remove", e))?;
        pruned.traces += 1;
    }
    Ok(())
}
