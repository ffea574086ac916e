//! Where things stand below an output root, as docs/formats.md and docs/reliability.md say it, read without the library.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// An output root.
#[derive(Clone, Debug)]
pub(crate) struct Layout(PathBuf);

impl Layout {
    /// The layout below `root`.
    pub(crate) fn new(root: impl Into<PathBuf>) -> Layout {
        Layout(root.into())
    }

    /// The output root itself.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// One published run.
    pub(crate) fn run(&self, id: &str) -> PathBuf {
        self.0.join("runs").join(id)
    }

    /// What is being written or removed.
    pub(crate) fn stage(&self) -> PathBuf {
        self.0.join("stage")
    }

    /// Link to the current run.
    pub(crate) fn latest(&self) -> PathBuf {
        self.0.join("latest")
    }

    /// Runs that ended without a publication.
    pub(crate) fn failed(&self) -> PathBuf {
        self.0.join("failed")
    }

    /// One record per execution.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Reports on runs.
    pub(crate) fn report(&self) -> PathBuf {
        self.0.join("report")
    }

    /// State of the last execution.
    pub(crate) fn status(&self) -> PathBuf {
        self.0.join("status.json")
    }

    /// The same for Prometheus.
    pub(crate) fn metrics(&self) -> PathBuf {
        self.0.join("metrics.prom")
    }

    /// The id in `CURRENT`; `None` when nothing has been published yet.
    pub(crate) fn current_run(&self) -> io::Result<Option<String>> {
        let path = self.0.join("CURRENT");
        // A pipe would be waited for.
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::other("CURRENT is no file"));
        }
        match fs::read_to_string(path) {
            Ok(id) => Ok(Some(id.trim_end().to_owned())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Ids of all published runs, ascending.
    pub(crate) fn list_runs(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.0.join("runs")) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e),
        };
        let mut ids = Vec::new();
        for entry in entries {
            ids.push(entry?.file_name().to_string_lossy().into_owned());
        }
        ids.sort();
        Ok(ids)
    }
}
