//! A folder of files that appears whole, by one rename, or not at all: what a settlement is published as.
//!
//! It is written beside its place under a hidden name, like a single file; what a killed writer left there goes.

use super::aside::{Aside, clear_dead, make_held};
use super::commit::{Syncs, make_dirs, rename};
use super::digest::hex;
use super::disk::{Disk, remove_tree};
use super::lock::{Holder, claim};
use super::path::{below, is_folder, is_plain, make_below, parent};
use super::storage;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file of a folder that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// Path below the folder, with `/`.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
}

/// Holds the lock of a folder while it lives; the system drops it with the process.
pub(crate) fn lock_folder(disk: &dyn Disk, dir: &Path) -> Result<File> {
    make_dirs(disk, dir)?;
    claim(disk, &dir.join("lock"), &Holder::this_process())
}

/// A folder that is being written.
pub(crate) struct NewFolder<'d> {
    disk: &'d dyn Disk,
    aside: Aside,
    is_placed: bool,
}

impl<'d> NewFolder<'d> {
    /// Begins one below `root`, whose lock the caller holds.
    pub(crate) fn begin(disk: &'d dyn Disk, root: &Path) -> Result<NewFolder<'d>> {
        clear_dead(disk, root);
        let made = make_held(root, "settlement", |path| disk.create_dir(path));
        let ((), aside) = made.map_err(|e| storage(root, "create folder in", e))?;
        Ok(NewFolder {
            disk,
            aside,
            is_placed: false,
        })
    }

    /// Where it is written.
    pub(crate) fn dir(&self) -> &Path {
        &self.aside.path
    }

    /// Creates a file of it.
    pub(crate) fn create(&self, relative: &str) -> Result<NewFile> {
        if !is_plain(relative) {
            return Err(Error::Internal(format!(
                "{relative:?} is not a path below a folder"
            )));
        }
        if let Some((folder, _)) = relative.rsplit_once('/') {
            make_below(self.disk, self.dir(), folder)?;
        }
        let path = below(self.dir(), relative);
        let made = self.disk.create_new(&path);
        let inner = made.map_err(|e| storage(&path, "create", e))?;
        Ok(NewFile {
            relative: relative.to_owned(),
            inner: BufWriter::with_capacity(
                1 << 20,
                Hashing {
                    inner,
                    hash: Sha256::new(),
                    bytes: 0,
                },
            ),
        })
    }

    /// Writes a whole file of it.
    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) -> Result<Written> {
        let mut file = self.create(relative)?;
        file.write_all(bytes)
            .map_err(|e| storage(&below(self.dir(), relative), "write", e))?;
        file.finish()
    }

    /// Makes it durable and lets it appear as `relative` below `root`.
    pub(crate) fn place(mut self, root: &Path, relative: &str) -> Result<PathBuf> {
        let target = below(root, relative);
        if let Some((above, _)) = relative.rsplit_once('/') {
            make_below(self.disk, root, above)?;
        }
        if is_folder(&target)? {
            return Err(Error::Internal(format!(
                "{}: is there already",
                target.display()
            )));
        }
        let mut syncs = Syncs::new(self.disk);
        syncs.tree(self.dir())?;
        rename(self.disk, self.dir(), &target)?;
        self.is_placed = true;
        syncs.dir(parent(&target))?;
        Ok(target)
    }
}

impl Drop for NewFolder<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            let _ = remove_tree(self.disk, &self.aside.path);
        }
    }
}

struct Hashing {
    inner: Box<dyn Write + Send>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A file that is being written, with its digest.
pub(crate) struct NewFile {
    relative: String,
    inner: BufWriter<Hashing>,
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl NewFile {
    /// Writes out what is left.
    pub(crate) fn finish(self) -> Result<Written> {
        let path = PathBuf::from(&self.relative);
        let mut inner = self
            .inner
            .into_inner()
            .map_err(|e| storage(&path, "write", e.into_error()))?;
        inner.flush().map_err(|e| storage(&path, "write", e))?;
        Ok(Written {
            path: self.relative,
            bytes: inner.bytes,
            sha256: hex(inner.hash.finalize()),
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::store::disk::RealDisk;
    use std::fs;

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let folder = NewFolder::begin(&RealDisk, root).unwrap();
        folder.write("a.csv", b"x").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(root).unwrap().count(), 0);
        let folder = NewFolder::begin(&RealDisk, root).unwrap();
        let written = folder.write("b/a.csv", b"abc").unwrap();
        assert!(written.sha256.starts_with("ba7816bf") && written.bytes == 3);
        assert!(folder.write("../a", b"").is_err());
        let placed = folder.place(root, "2025-03/id").unwrap();
        assert_eq!(fs::read(placed.join("b/a.csv")).unwrap(), b"abc");
        assert_eq!(fs::read_dir(root).unwrap().count(), 1);
    }
}
