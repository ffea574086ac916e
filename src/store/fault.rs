//! A disk on which a chosen operation fails, for tests; it also notes what was done, in order.
//!
//! It only notes syncs: nobody pulls the plug, and a thousand publications would wait for the real disk.

use super::disk::{Claim, Disk, RealDisk};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// No space left on device.
pub(crate) const ENOSPC: i32 = 28;
/// Input/output error.
pub(crate) const EIO: i32 = 5;

/// What happens at the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails with this error number, and the disk works again afterwards.
    Errno(i32),
    /// It fails and so does everything after it: as if the process had been killed before it.
    Killed,
    /// As `Killed`, but the operation itself is carried out; a write, half of it.
    KilledAfter,
    /// Half of a write is carried out, the rest and all further writes fail for want of space; other operations work.
    ShortWrite,
}

/// An operation and what it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub operation: &'static str,
    pub path: PathBuf,
    pub to: PathBuf,
}

#[derive(Default)]
struct State {
    done: Vec<Done>,
    has_struck: bool,
}

/// A disk with a plan to fail.
#[derive(Clone)]
pub(crate) struct FaultyDisk {
    at: usize,
    fault: Fault,
    state: Arc<Mutex<State>>,
    after_commit: Option<Arc<dyn Fn() + Send + Sync>>,
}

enum Fate {
    Works,
    WorksHalf,
    Fails(i32),
}

impl FaultyDisk {
    /// Fails the operation with index `at`, counted from 0.
    pub(crate) fn new(at: usize, fault: Fault) -> FaultyDisk {
        FaultyDisk {
            at,
            fault,
            state: Arc::default(),
            after_commit: None,
        }
    }

    /// Never fails.
    pub(crate) fn sound() -> FaultyDisk {
        FaultyDisk::new(usize::MAX, Fault::Killed)
    }

    /// Never fails, but something happens right after `CURRENT` was replaced.
    pub(crate) fn disturbed(after_commit: impl Fn() + Send + Sync + 'static) -> FaultyDisk {
        FaultyDisk {
            after_commit: Some(Arc::new(after_commit)),
            ..FaultyDisk::sound()
        }
    }

    /// Whether the chosen operation was reached.
    pub(crate) fn has_struck(&self) -> bool {
        self.state.lock().unwrap().has_struck
    }

    /// Every operation so far.
    pub(crate) fn done(&self) -> Vec<Done> {
        self.state.lock().unwrap().done.clone()
    }

    fn fate(&self, operation: &'static str, path: &Path, to: &Path) -> Fate {
        let mut state = self.state.lock().unwrap();
        let index = state.done.len();
        state.done.push(Done {
            operation,
            path: path.to_owned(),
            to: to.to_owned(),
        });
        let is_write = operation == "write";
        if index >= self.at {
            state.has_struck = true;
        }
        match self.fault {
            _ if index < self.at => Fate::Works,
            Fault::Errno(errno) if index == self.at => Fate::Fails(errno),
            Fault::Errno(_) => Fate::Works,
            Fault::KilledAfter if index == self.at && is_write => Fate::WorksHalf,
            Fault::KilledAfter if index == self.at => Fate::Works,
            Fault::Killed | Fault::KilledAfter => Fate::Fails(EIO),
            Fault::ShortWrite if index == self.at && is_write => Fate::WorksHalf,
            Fault::ShortWrite if is_write => Fate::Fails(ENOSPC),
            Fault::ShortWrite => Fate::Works,
        }
    }

    fn act<T>(
        &self,
        operation: &'static str,
        path: &Path,
        act: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        self.act_to(operation, path, Path::new(""), act)
    }

    fn act_to<T>(
        &self,
        operation: &'static str,
        path: &Path,
        to: &Path,
        act: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        match self.fate(operation, path, to) {
            Fate::Works | Fate::WorksHalf => act(),
            Fate::Fails(errno) => Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

impl Disk for FaultyDisk {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Write + Send>> {
        let inner = self.act("create", path, || RealDisk.create_new(path))?;
        Ok(Box::new(FaultyFile {
            disk: self.clone(),
            path: path.to_owned(),
            inner,
        }))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.act("sync", path, || std::fs::metadata(path).map(drop))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.act("sync", path, || std::fs::metadata(path).map(drop))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.act_to("rename", from, to, || RealDisk.rename(from, to))?;
        if let Some(act) = self
            .after_commit
            .as_ref()
            .filter(|_| to.ends_with("CURRENT"))
        {
            act();
        }
        Ok(())
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.act_to("exchange", one, other, || RealDisk.exchange(one, other))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.act("remove", path, || RealDisk.remove_file(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.act("remove", path, || RealDisk.remove_dir(path))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.act("create_dir", path, || RealDisk.create_dir(path))
    }

    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.act("symlink", link, || RealDisk.symlink(target, link))
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Claim> {
        self.act("lock", path, || RealDisk.lock(path, holder))
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    path: PathBuf,
    inner: Box<dyn Write + Send>,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.disk.fate("write", &self.path, Path::new("")) {
            Fate::Works => self.inner.write(bytes),
            Fate::WorksHalf => self.inner.write(&bytes[..bytes.len().div_ceil(2)]),
            Fate::Fails(errno) => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
