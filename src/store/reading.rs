//! Published runs while somebody reads them: a shared lock on the run's folder, which `--keep` respects.
//!
//! The system drops the lock with the process. Where folders cannot be locked (some network file systems, Windows) nothing is
//! locked, and a reader whose run is removed is told which file is gone.

use super::layout::Layout;
use super::path::same_file;
use super::status::find_rejects;
use crate::error::{Error, ErrorKind, Result};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// How often a reader looks for a run that was removed between the look and the lock. Each time a new one has been published.
const ATTEMPTS: usize = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// A run that stays as long as this value.
#[derive(Debug)]
pub struct Reading {
    /// The run.
    pub id: String,
    /// Its folder.
    pub dir: PathBuf,
    _lock: Option<File>,
}

impl Layout {
    /// The run of [`Layout::find_run`], kept while it is read.
    pub fn read_run(&self, wanted: Option<&str>) -> Result<Reading> {
        self.read(&|| self.find_run(wanted))
    }

    /// The rejects of [`find_rejects`], kept while they are read.
    pub fn read_rejects(&self, wanted: Option<&str>) -> Result<Reading> {
        self.read(&|| find_rejects(self, wanted))
    }

    fn read(&self, find: &dyn Fn() -> Result<(String, PathBuf)>) -> Result<Reading> {
        let mut before = None;
        for _ in 0..ATTEMPTS {
            match find() {
                Ok((id, dir)) => {
                    if let Some(lock) = kept(&dir) {
                        return Ok(Reading {
                            id,
                            dir,
                            _lock: lock,
                        });
                    }
                }
                // A run that its name was read of may be gone by now, and another one named.
                Err(error) if error.kind() == ErrorKind::Verification => {
                    let current = self.current_run()?;
                    if before == Some(current.clone()) {
                        return Err(error);
                    }
                    before = Some(current);
                }
                Err(error) => return Err(error),
            }
            sleep(PAUSE);
        }
        Err(Error::Verification(format!(
            "{}: its runs are removed faster than they can be read",
            self.root().display()
        )))
    }
}

/// A lock on a folder or file that is still there; `None` when it is not, or about to be removed.
pub(super) fn kept(dir: &Path) -> Option<Option<File>> {
    let Ok(folder) = File::open(dir) else {
        return fs::symlink_metadata(dir).is_ok().then_some(None);
    };
    match folder.try_lock_shared() {
        Err(TryLockError::WouldBlock) => return None,
        Err(TryLockError::Error(_)) => return Some(None),
        Ok(()) => {}
    }
    let is_gone = match (fs::symlink_metadata(dir), folder.metadata()) {
        (Ok(there), Ok(locked)) => !same_file(&there, &locked),
        (Err(e), _) => e.kind() == io::ErrorKind::NotFound,
        (_, Err(_)) => false,
    };
    (!is_gone).then_some(Some(folder))
}

/// A lock on a folder or file that nobody has [`kept`], so that nobody begins to; `None` when somebody has.
pub(crate) fn unread(dir: &Path) -> Option<Option<File>> {
    let Ok(folder) = File::open(dir) else {
        return Some(None);
    };
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(_)) => Some(None),
        Ok(()) => Some(Some(folder)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::commit_tests::{lock, publish};
    use super::super::prune::prune;

    #[test]
    fn a_run_that_is_read_stays_until_it_is_not() {
        let root = tempfile::tempdir().unwrap();
        let output = lock(root.path());
        publish(&output, "old", "elements").unwrap();
        let layout = output.layout();
        let reading = layout.read_run(None).unwrap();
        publish(&output, "new", "elements").unwrap();
        let pruned = prune(&output, Some(1), "new").unwrap();
        assert!(pruned.removed.is_empty() && reading.dir.is_dir());
        assert!(
            pruned.warnings[0].ends_with("old: stays, because it is being read"),
            "{:?}",
            pruned.warnings
        );
        drop(reading);
        assert_eq!(prune(&output, Some(1), "new").unwrap().removed, ["old"]);
        assert_eq!(layout.read_run(None).unwrap().id, "new");
        assert_eq!(layout.read_run(Some("old")).unwrap_err().exit_code(), 2);
    }
}
