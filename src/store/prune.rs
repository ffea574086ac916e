//! `--keep`: removes the oldest runs.
//!
//! Never the current run, never one named in `pins`, never one of the N latest executed, never what is not a run or holds what
//! its manifest does not list. What runs leave elsewhere goes in `prune_traces`.

use super::commit::retire;
use super::layout::Layout;
use super::lock::Output;
use super::manifest::{MANIFEST, MANIFEST_DIGEST, read_small};
use super::path::{list_below, read_regular};
use super::prune_traces::prune_traces;
use super::reading::unread;
use super::storage;
use crate::error::Result;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// What pruning came to.
#[derive(Debug, Default)]
pub(crate) struct Pruned {
    /// Ids of the runs that were removed, oldest first.
    pub removed: Vec<String>,
    /// Failed runs, log records and reports that were removed with them.
    pub traces: usize,
    /// Why others stayed.
    pub warnings: Vec<String>,
}

/// Removes all but the `keep` latest executed runs, the current one, the pinned ones and `just_published`. `None` keeps all.
pub(crate) fn prune(output: &Output, keep: Option<usize>, just_published: &str) -> Result<Pruned> {
    let mut pruned = Pruned::default();
    let Some(keep) = keep else {
        return Ok(pruned);
    };
    let layout = output.layout();
    let runs = by_age(layout, just_published)?;
    let current = layout.current_run()?;
    let pins = pins(layout)?;
    let is_kept =
        |id: &str| current.as_deref() == Some(id) || id == just_published || is_pinned(&pins, id);
    let surplus = runs.len().saturating_sub(keep);
    for id in runs.into_iter().take(surplus).filter(|id| !is_kept(id)) {
        let run = layout.run(&id);
        match stranger(&run)? {
            Some(path) => pruned.warnings.push(format!(
                "{}: stays, because {path} in it is not listed in its manifest",
                run.display()
            )),
            None => match unread(&run) {
                None => pruned.warnings.push(format!(
                    "{}: stays, because it is being read",
                    run.display()
                )),
                Some(_lock) => {
                    retire(output, &run)?;
                    pruned.removed.push(id);
                }
            },
        }
    }
    prune_traces(output, keep, &pins, &mut pruned)?;
    Ok(pruned)
}

/// Whether a folder of `runs/` holds a run of this program.
pub(crate) fn is_ours(run: &Path) -> bool {
    listed(run).is_some()
}

/// The files that the manifest in a folder of `runs/` lists, if the manifest is that of a run of this name, whichever version
/// wrote it. Any other folder is somebody else's.
fn listed(run: &Path) -> Option<BTreeSet<String>> {
    let manifest: Value = serde_json::from_slice(&read_small(run, MANIFEST).ok()?).ok()?;
    let id = manifest.get("run_id")?.as_str()?;
    let files = manifest.get("files")?.as_array()?.iter();
    let path = |file: &Value| Some(file.get("path")?.as_str()?.to_owned());
    (run.file_name()? == id).then(|| files.filter_map(path).collect())
}

/// A file in a run's folder that somebody else put there.
fn stranger(run: &Path) -> Result<Option<String>> {
    let mut ours = listed(run).unwrap_or_default();
    ours.extend([MANIFEST, MANIFEST_DIGEST].map(str::to_owned));
    let listing = list_below(run).map_err(|e| storage(run, "read", e))?;
    let files = listing.files.into_iter().map(|(path, _)| path);
    let others = listing.others.into_iter().map(|(path, _)| path);
    Ok(files.chain(others).find(|path| !ours.contains(path)))
}

/// The lines of `pins` that name runs: `#` begins a comment. An unreadable file is an error, not an empty list.
pub(crate) fn pins(layout: &Layout) -> Result<Vec<String>> {
    let path = layout.pins();
    let text = match read_regular(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(storage(&path, "read", e)),
    };
    let names = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

/// A shortened id pins every run that it could mean: the error that costs least.
pub(crate) fn is_pinned(pins: &[String], id: &str) -> bool {
    pins.iter().any(|pin| id.starts_with(pin.as_str()))
}

/// Runs, longest not executed first. Equal times are settled by id. The log of the execution under way is not written yet, so the
/// run that it published, which may be an old one, is told by name.
fn by_age(layout: &Layout, just_published: &str) -> Result<Vec<String>> {
    let executions = super::status::last_executions(layout)?;
    let mut runs = Vec::new();
    let ids = layout.list_runs()?;
    for id in ids
        .into_iter()
        .filter(|id| listed(&layout.run(id)).is_some())
    {
        let millis = executions
            .get(&id)
            .copied()
            .unwrap_or_else(|| published_millis(&layout.run(&id)));
        runs.push((id == just_published, millis, id));
    }
    runs.sort();
    Ok(runs.into_iter().map(|(_, _, id)| id).collect())
}

/// Without a log record (its run died right after the commit) the time of the manifest must do.
pub(crate) fn published_millis(run: &Path) -> i64 {
    let modified = fs::metadata(run.join(MANIFEST))
        .and_then(|m| m.modified())
        .ok();
    let since_epoch = modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since_epoch
        .and_then(|age| i64::try_from(age.as_millis()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::commit::publish_existing;
    use super::super::commit_tests::{lock, publish};
    use super::super::digest::no_progress;
    use super::super::status::{Execution, write_log};
    use super::*;

    fn run_at(output: &Output, id: &str, started: &str) {
        publish(output, id, "elements").unwrap();
        write_log(
            output,
            id,
            &Execution {
                started: started.into(),
                ..Execution::default()
            },
        )
        .unwrap();
    }

    fn nights(out: &Path) -> Output {
        let output = lock(out);
        // Not in the order of their names.
        for (id, day) in [("c1", 1), ("a2", 2), ("d3", 3), ("b4", 4)] {
            run_at(&output, id, &format!("2025-01-0{day}T02:00:00Z"));
        }
        output
    }

    #[test]
    fn the_oldest_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let output = nights(dir.path());
        assert_eq!(
            prune(&output, None, "b4").unwrap().removed,
            Vec::<String>::new()
        );
        assert_eq!(
            prune(&output, Some(9), "b4").unwrap().removed,
            Vec::<String>::new()
        );
        assert_eq!(prune(&output, Some(2), "b4").unwrap().removed, ["c1", "a2"]);
        assert_eq!(output.layout().list_runs().unwrap(), ["b4", "d3"]);
        assert_eq!(fs::read_dir(output.layout().stage()).unwrap().count(), 0);
    }

    #[test]
    fn a_run_that_was_executed_again_is_young() {
        let dir = tempfile::tempdir().unwrap();
        let output = nights(dir.path());
        let again = Execution {
            started: "2025-01-05T02:00:00Z".into(),
            ..Execution::default()
        };
        write_log(&output, "c1", &again).unwrap();
        assert_eq!(prune(&output, Some(3), "b4").unwrap().removed, ["a2"]);
    }

    #[test]
    fn an_old_run_published_again_counts_among_those_that_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let output = nights(dir.path());
        publish_existing(&output, "c1", &no_progress).unwrap();
        assert_eq!(prune(&output, Some(2), "c1").unwrap().removed, ["a2", "d3"]);
    }

    #[test]
    fn current_and_pinned_runs_stay_whatever_their_age() {
        let dir = tempfile::tempdir().unwrap();
        let output = nights(dir.path());
        fs::write(
            output.layout().pins(),
            "\u{feff}# audited\r\n\r\n  a2  # 2024 report\r\n#d3\r\n",
        )
        .unwrap();
        fs::write(output.layout().current(), "c1\n").unwrap();
        assert_eq!(prune(&output, Some(0), "b4").unwrap().removed, ["d3"]);
        assert_eq!(output.layout().list_runs().unwrap(), ["a2", "b4", "c1"]);
    }

    #[test]
    fn unreadable_pins_remove_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let output = nights(dir.path());
        fs::create_dir(output.layout().pins()).unwrap();
        assert_eq!(prune(&output, Some(1), "b4").unwrap_err().exit_code(), 6);
        assert_eq!(output.layout().list_runs().unwrap().len(), 4);
    }
}
