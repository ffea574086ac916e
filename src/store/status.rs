//! What became of an execution: `status.json` and `metrics.prom` (replaced), and the execution log (added to).
//!
//! These, and nothing in a run, hold clock, host and user. Only whoever holds the lock writes them: a run that was
//! turned away must not overwrite the state of the one that is working.

use super::commit::Syncs;
use super::files::replace_file;
use super::layout::{LOG, Layout, checked_run_id, folder_names, match_name};
use super::lock::{Holder, Output};
use super::manifest::canonical_json;
use super::metrics::metrics_text;
use super::path::read_regular;
use super::storage;
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How far an execution has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It works, or was killed while it did.
    #[default]
    Running,
    /// It ended and a run is published.
    Done,
    /// It ended without a publication.
    Failed,
}

/// The last execution, for machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// How far it has come.
    pub state: State,
    /// The exit code; none while it runs.
    pub exit_code: Option<u8>,
    /// The kind of failure in a word ([`Error::kind`]), or `ok`.
    pub kind: String,
    /// The failure in a sentence; empty when there is none.
    pub message: String,
    /// The run, once its id is known.
    pub run_id: Option<String>,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC; none while it runs.
    pub ended: Option<String>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// Part of it spent waiting for the disk.
    pub sync_ms: u64,
    /// Records read.
    pub rows_in: u64,
    /// Records that became elements.
    pub accepted: u64,
    /// Records that did not.
    pub rejected: u64,
    /// The latter by code.
    pub rejected_by_code: BTreeMap<String, u64>,
    /// Published elements.
    pub elements: u64,
    /// Published shipments.
    pub shipments: u64,
    /// Rows of `corridors`.
    pub corridors: u64,
    /// kg CO2e as decimal text; none when nothing was computed.
    pub ghg_total_kg: Option<String>,
    /// Input files that the run went without.
    pub missing_files: Vec<String>,
    /// Stages of dead runs that were removed.
    pub stale_stages_removed: u64,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// End of the last execution that published; carried over from the status that this one replaces.
    pub last_success: Option<String>,
    /// Version of the program.
    pub version: String,
}

impl Status {
    /// The status of an execution that ended with `error`: exit code, kind and message are taken from it.
    pub(crate) fn failed(mut self, error: &Error) -> Status {
        // Exit 10 says that something is published, and that something is missing.
        let published = error.kind() == ErrorKind::FilesMissing;
        self.state = if published {
            State::Done
        } else {
            State::Failed
        };
        self.exit_code = Some(error.exit_code());
        self.kind = error.kind().code().to_owned();
        self.message = error.to_string();
        self
    }

    /// The status of an execution that ended well.
    pub(crate) fn done(mut self) -> Status {
        self.state = State::Done;
        self.exit_code = Some(0);
        self.kind = "ok".to_owned();
        self
    }

    /// `status.json`.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        canonical_json(self)
    }
}

/// One record of the execution log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Execution {
    /// The run.
    pub run_id: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub ended: String,
    /// Host name.
    pub host: String,
    /// User name.
    pub user: String,
    /// Process id.
    pub pid: u32,
    /// The command line.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// Target and profile that it was built for.
    pub build: String,
    /// Exit code.
    pub exit_code: u8,
    /// Failure, if any.
    pub message: String,
    /// Settings that cannot change a byte of the run: threads, memory limit, and so on.
    pub settings: BTreeMap<String, String>,
}

impl Execution {
    /// A record of the execution that `holder` began, ending now.
    pub(crate) fn ending_now(holder: &Holder, run_id: &str, status: &Status) -> Execution {
        Execution {
            run_id: run_id.to_owned(),
            started: holder.started.clone(),
            ended: status.ended.clone().unwrap_or_else(now),
            host: holder.host.clone(),
            user: holder.user.clone(),
            pid: holder.pid,
            command: holder.command.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: build(),
            exit_code: status.exit_code.unwrap_or_default(),
            message: status.message.clone(),
            settings: BTreeMap::new(),
        }
    }
}

/// The time now as RFC 3339 in UTC, cut to milliseconds.
pub(crate) fn now() -> String {
    let millis = Timestamp::now().as_millisecond();
    Timestamp::from_millisecond(millis)
        .map(|t| format!("{t:.3}"))
        .unwrap_or_default()
}

/// Replaces `status.json`, and `metrics.prom` once there is an exit code to tell.
pub(crate) fn write_status(output: &Output, status: &Status) -> Result<()> {
    let layout = output.layout();
    let mut status = status.clone();
    status.last_success = match status.state {
        State::Done => status.ended.clone(),
        State::Running | State::Failed => last_success(layout),
    };
    let mut syncs = Syncs::new(output.disk());
    let told = status
        .to_bytes()
        .and_then(|bytes| replace_file(output, &layout.status(), &bytes, &mut syncs));
    if status.exit_code.is_none() {
        return told;
    }
    // Where one cannot be written, the other may.
    let text = metrics_text(&status);
    let measured = replace_file(output, &layout.metrics(), text.as_bytes(), &mut syncs);
    let lasting = syncs.dir(layout.root());
    told.and(measured).and(lasting)
}

/// Reads `status.json`; none when nothing has run here.
pub(crate) fn read_status(layout: &Layout) -> Result<Option<Status>> {
    let path = layout.status();
    match read_regular(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| Error::Verification(format!("{}: not a status: {e}", path.display()))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(storage(&path, "read", e)),
    }
}

/// The folder with the rejects that are asked for: of the run named, published or failed; else of the last execution if
/// it failed and left some; else of the current run.
pub(crate) fn find_rejects(layout: &Layout, wanted: Option<&str>) -> Result<(String, PathBuf)> {
    let failed = folder_names(&layout.failed())?;
    let Some(wanted) = wanted else {
        let last = match read_status(layout) {
            // A damaged status tells nothing; one that cannot be read could have told of a failed run.
            Err(error) if error.kind() == ErrorKind::Verification => None,
            read => read?.filter(|status| status.state == State::Failed),
        };
        return match last
            .and_then(|status| status.run_id)
            .filter(|id| failed.contains(id))
        {
            Some(id) => Ok((id.clone(), layout.failed().join(id))),
            None => layout.find_run(None),
        };
    };
    let published = layout.list_runs()?;
    let mut all: Vec<String> = published.iter().chain(&failed).cloned().collect();
    all.sort();
    all.dedup();
    let id = match_name(layout.root(), &all, wanted)?;
    let dir = if published.contains(&id) {
        layout.run(&id)
    } else {
        layout.failed().join(&id)
    };
    Ok((id, dir))
}

/// Adds a record to the log under the next free number; `name` is the run id, or another word of that shape when the
/// execution ended before it had one.
pub(crate) fn write_log(output: &Output, name: &str, execution: &Execution) -> Result<PathBuf> {
    let dir = output.folder(LOG)?;
    let name = checked_run_id(name)?;
    let taken: BTreeSet<u64> = log_files(output.layout())?
        .into_iter()
        .filter(|(id, _, _)| id == name)
        .map(|(_, n, _)| n)
        .collect();
    let next = taken.last().map_or(Some(1), |last| last.checked_add(1));
    // Somebody may have given the last number there is.
    let number = next.or_else(|| (1..).find(|n| !taken.contains(n)));
    let number = number.ok_or_else(|| Error::Storage(format!("{}: is full", dir.display())))?;
    let path = dir.join(format!("{name}-{number}.json"));
    let mut syncs = Syncs::new(output.disk());
    replace_file(output, &path, &canonical_json(execution)?, &mut syncs)?;
    syncs.dir(&dir)?;
    Ok(path)
}

/// When each run was last executed, in milliseconds since 1970.
pub(crate) fn last_executions(layout: &Layout) -> Result<BTreeMap<String, i64>> {
    let mut latest = BTreeMap::new();
    for (id, record) in executions(layout)? {
        if let Some(millis) = millis_of(&record) {
            let entry = latest.entry(id).or_insert(millis);
            *entry = millis.max(*entry);
        }
    }
    Ok(latest)
}

/// Every record of the log with the run that its file name names. Records that cannot be read are passed over: the log is for
/// people, and must not stop a run.
pub(crate) fn executions(layout: &Layout) -> Result<Vec<(String, Execution)>> {
    let records = log_files(layout)?.into_iter();
    Ok(records
        .filter_map(|(id, _, path)| Some((id, execution(&path)?)))
        .collect())
}

/// Setting of a record: the folder that the names of its input files begin from.
pub(crate) const FOLDER: &str = "folder";

/// The same of files that lie outside of it, one a line.
pub(crate) const OUTSIDE: &str = "outside";

/// The folders that the names of a run's input files begin from, as its last execution says; that of the run file first.
pub(crate) fn folders_of(layout: &Layout, run_id: &str) -> Result<Vec<PathBuf>> {
    let mut found: Vec<(i64, Vec<PathBuf>)> = executions(layout)?
        .into_iter()
        .filter(|(id, _)| id == run_id)
        .filter_map(|(_, record)| {
            let folder = record.settings.get(FOLDER)?;
            let outside = record.settings.get(OUTSIDE).map_or("", String::as_str);
            let folders = std::iter::once(folder.as_str()).chain(outside.lines());
            Some((millis_of(&record)?, folders.map(PathBuf::from).collect()))
        })
        .collect();
    found.sort();
    Ok(found.pop().map_or_else(Vec::new, |(_, folders)| folders))
}

/// A record of the log.
pub(crate) fn execution(path: &Path) -> Option<Execution> {
    serde_json::from_slice(&read_regular(path).ok()?).ok()
}

/// When an execution began, in milliseconds since 1970.
pub(crate) fn millis_of(record: &Execution) -> Option<i64> {
    let started = record.started.parse::<Timestamp>().ok()?;
    Some(started.as_millisecond())
}

pub(crate) fn log_files(layout: &Layout) -> Result<Vec<(String, u64, PathBuf)>> {
    let dir = layout.log();
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(storage(&dir, "read", e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| storage(&dir, "read", e))?;
        let name = entry.file_name();
        let parts = name
            .to_str()
            .and_then(|n| n.strip_suffix(".json"))
            .and_then(|n| n.rsplit_once('-'));
        if let Some((id, Ok(number))) = parts.map(|(id, number)| (id, number.parse())) {
            files.push((id.to_owned(), number, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// A damaged or foreign file tells nothing, and is about to be replaced.
fn last_success(layout: &Layout) -> Option<String> {
    read_status(layout)
        .ok()
        .flatten()
        .and_then(|old| old.last_success)
}

fn build() -> String {
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    format!(
        "{}-{} {profile}",
        std::env::consts::ARCH,
        std::env::consts::OS
    )
}

#[cfg(test)]
mod tests {
    use super::super::commit_tests::lock;
    use super::*;

    #[test]
    fn the_log_takes_the_next_free_number() {
        let dir = tempfile::tempdir().unwrap();
        let output = lock(dir.path());
        let record = Execution::default();
        let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(
            name(write_log(&output, "ab", &record).unwrap()),
            "ab-1.json"
        );
        assert_eq!(
            name(write_log(&output, "ab", &record).unwrap()),
            "ab-2.json"
        );
        assert_eq!(
            name(write_log(&output, "ab-2", &record).unwrap()),
            "ab-2-1.json"
        );
        fs::write(output.layout().log().join("ab-9.json"), "not JSON").unwrap();
        fs::write(output.layout().log().join("ab-x.json"), "").unwrap();
        assert_eq!(
            name(write_log(&output, "ab", &record).unwrap()),
            "ab-10.json"
        );
        assert!(write_log(&output, "../x", &record).is_err());
    }

    #[test]
    fn the_last_success_outlives_a_failure() {
        let dir = tempfile::tempdir().unwrap();
        let output = lock(dir.path());
        let first = Status {
            ended: Some("2025-01-01T00:00:00Z".into()),
            ..Status::default()
        }
        .done();
        write_status(&output, &first).unwrap();
        write_status(&output, &Status::default()).unwrap();
        let failed = Status {
            ended: Some("2025-01-02T00:00:00Z".into()),
            ..Status::default()
        };
        write_status(
            &output,
            &failed.failed(&Error::Input("x.csv: empty".into())),
        )
        .unwrap();
        let status = read_status(output.layout()).unwrap().unwrap();
        assert_eq!(status.last_success.as_deref(), Some("2025-01-01T00:00:00Z"));
        assert_eq!(
            (status.state, status.exit_code, status.kind.as_str()),
            (State::Failed, Some(3), "input")
        );
        assert_eq!(status.message, "x.csv: empty");
    }

    #[test]
    fn published_with_files_missing_is_done() {
        let status = Status::default().failed(&Error::FilesMissing("a.csv".into()));
        assert_eq!((status.state, status.exit_code), (State::Done, Some(10)));
    }

    #[test]
    fn times_read_back() {
        let text = now();
        assert_eq!(text.len(), "2025-01-02T03:04:05.678Z".len(), "{text}");
        assert!(text.parse::<Timestamp>().is_ok());
    }
}
