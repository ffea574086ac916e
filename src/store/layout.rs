//! Where things stand below an output root, and how a reader finds a run there.
//!
//! Paths and names only; nothing here writes, and nothing here needs the lock.

use super::path::{is_file, is_folder, read_regular};
use super::storage;
use crate::error::{Error, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Names of the folders below an output root that a run writes to.
pub(crate) const RUNS: &str = "runs";
pub(crate) const STAGE: &str = "stage";
pub(crate) const FAILED: &str = "failed";
pub(crate) const DAMAGED: &str = "damaged";
pub(crate) const LOG: &str = "log";

/// An output root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Layout {
        Layout { root: root.into() }
    }

    /// The output root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Published runs.
    pub fn runs(&self) -> PathBuf {
        self.root.join(RUNS)
    }

    /// One published run.
    pub fn run(&self, run_id: &str) -> PathBuf {
        self.runs().join(run_id)
    }

    /// What is being written or removed; empty unless a run is working or was killed.
    pub fn stage(&self) -> PathBuf {
        self.root.join(STAGE)
    }

    /// Text file with the id of the current run: replacing it is the commit.
    pub fn current(&self) -> PathBuf {
        self.root.join("CURRENT")
    }

    /// Convenience link to the current run's folder.
    pub fn latest(&self) -> PathBuf {
        self.root.join("latest")
    }

    /// Rejects and status of runs that ended without a publication.
    pub fn failed(&self) -> PathBuf {
        self.root.join(FAILED)
    }

    /// Published runs that were found damaged, set aside when they were replaced.
    pub fn damaged(&self) -> PathBuf {
        self.root.join(DAMAGED)
    }

    /// One record per execution.
    pub fn log(&self) -> PathBuf {
        self.root.join(LOG)
    }

    /// State of the last execution, for machines.
    pub fn status(&self) -> PathBuf {
        self.root.join("status.json")
    }

    /// The same for Prometheus.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.prom")
    }

    /// Comparisons of runs.
    pub fn diff(&self) -> PathBuf {
        self.root.join("diff")
    }

    /// Folders of comparisons whose later run is `run_id`, with the id of the earlier one, ascending by it.
    pub fn differences_to(&self, run_id: &str) -> Result<Vec<(String, PathBuf)>> {
        let ending = format!("-{run_id}");
        let earlier = |name: &String| {
            name.strip_suffix(&ending)
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
        };
        let names = folder_names(&self.diff())?;
        Ok(names
            .iter()
            .filter_map(|name| Some((earlier(name)?, self.diff().join(name))))
            .collect())
    }

    /// Reports on runs.
    pub fn report(&self) -> PathBuf {
        self.root.join("report")
    }

    /// Runs that are never pruned.
    pub fn pins(&self) -> PathBuf {
        self.root.join("pins")
    }

    /// The file that a writer locks.
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Refuses a root where something else stands in the place of what is written there: a link leads to what is somebody else's.
    pub(crate) fn check(&self) -> Result<()> {
        for name in [RUNS, STAGE, FAILED, DAMAGED, LOG] {
            is_folder(&self.root.join(name))?;
        }
        for path in [self.current(), self.status(), self.metrics()] {
            is_file(&path)?;
        }
        Ok(())
    }

    /// The id in `CURRENT`; `None` when nothing has been published yet.
    pub fn current_run(&self) -> Result<Option<String>> {
        let path = self.current();
        let bytes = match read_regular(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(storage(&path, "read", e)),
        };
        let text = String::from_utf8_lossy(&bytes);
        let id = text.trim_end_matches(['\n', '\r']);
        if !is_run_id(id) {
            let shown: String = id.chars().take(80).collect();
            return Err(Error::Verification(format!(
                "{}: holds {shown:?}, expected a run id",
                path.display()
            )));
        }
        Ok(Some(id.to_owned()))
    }

    /// Ids of all published runs, ascending.
    pub fn list_runs(&self) -> Result<Vec<String>> {
        folder_names(&self.runs())
    }

    /// The folder of a run: the one named (in full, or by a beginning that no other run shares), else the current one.
    pub fn find_run(&self, wanted: Option<&str>) -> Result<(String, PathBuf)> {
        let id = match wanted {
            Some(wanted) => match_name(&self.runs(), &self.list_runs()?, wanted)?,
            None => match self.current_run()? {
                Some(id) => id,
                None => return Err(self.nothing_published()),
            },
        };
        let dir = self.run(&id);
        let is_folder = match fs::symlink_metadata(&dir) {
            Ok(seen) => seen.is_dir(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => false,
            Err(e) => return Err(storage(&dir, "read", e)),
        };
        if !is_folder {
            let current = self.current();
            return Err(Error::Verification(format!(
                "{}: names {id}, but {} is missing",
                current.display(),
                dir.display()
            )));
        }
        Ok((id, dir))
    }

    fn nothing_published(&self) -> Error {
        let root = self.root.display();
        match fs::metadata(&self.root) {
            Ok(seen) if seen.is_dir() => Error::Verification(format!(
                "{root}: nothing is published here: there is no CURRENT"
            )),
            Err(e) if e.kind() != io::ErrorKind::NotFound => storage(&self.root, "read", e),
            _ => Error::Storage(format!(
                "{root}: no such folder, expected the output folder of a run"
            )),
        }
    }
}

/// The one of `names` that `wanted` is, or that alone begins with it.
pub(crate) fn match_name(place: &Path, names: &[String], wanted: &str) -> Result<String> {
    if names.iter().any(|name| name == wanted) {
        return Ok(wanted.to_owned());
    }
    let matching: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !wanted.is_empty() && name.starts_with(wanted))
        .collect();
    let place = place.display();
    match matching.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            Err(Error::Usage(format!(
                "{place}: no run {wanted:?}, expected one of: {}",
                list(&known)
            )))
        }
        many => Err(Error::Usage(format!(
            "{place}: run {wanted:?} is ambiguous: {}",
            list(many)
        ))),
    }
}

/// Whether a text can name a run: it becomes a folder, a file name and a metric label.
pub(crate) fn is_run_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !text.is_empty() && text.len() <= 128 && text.bytes().all(plain)
}

/// A run id that is about to become a path; anything else is a fault of this program.
pub(crate) fn checked_run_id(text: &str) -> Result<&str> {
    if is_run_id(text) {
        Ok(text)
    } else {
        Err(Error::Internal(format!("{text:?} is not a run id")))
    }
}

/// Names of the folders in a folder that can be run ids, ascending; empty when it does not exist.
pub(crate) fn folder_names(dir: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(storage(dir, "read", e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| storage(dir, "read", e))?;
        let is_dir = entry
            .file_type()
            .map_err(|e| storage(&entry.path(), "read", e))?
            .is_dir();
        match entry.file_name().into_string() {
            Ok(name) if is_dir && is_run_id(&name) => names.push(name),
            _ => {} // not ours
        }
    }
    names.sort();
    Ok(names)
}

fn list(ids: &[&str]) -> String {
    const SHOWN: usize = 8;
    match ids.len() {
        0 => "(none)".to_owned(),
        n if n <= SHOWN => ids.join(", "),
        n => format!("{}, and {} more", ids[..SHOWN].join(", "), n - SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_lies_in_runs() {
        assert!(Layout::new("out").run("ab12").ends_with("runs/ab12"));
    }
}
