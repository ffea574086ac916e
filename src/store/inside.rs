//! The file system of one folder: nothing is created where that folder is gone.
//!
//! Who writes for a run on another machine may outlive it; when the run removes the folder, what is left of the writer must not make it
//! anew.

use super::disk::{Claim, Disk, RealDisk};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// [`RealDisk`], which makes folders below one folder only.
pub(crate) struct Inside(PathBuf);

impl Inside {
    /// Below `dir`, which is there.
    pub(crate) fn new(dir: &Path) -> Inside {
        Inside(dir.to_owned())
    }
}

impl Disk for Inside {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        if path == self.0 || !path.starts_with(&self.0) {
            let gone = format!("{} is gone, and with it the run", self.0.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, gone));
        }
        RealDisk.create_dir(path)
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Write + Send>> {
        RealDisk.create_new(path)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_file(path)
    }

    fn release(&self, path: &Path) {
        RealDisk.release(path);
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_dir(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        RealDisk.exchange(one, other)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)
    }

    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        RealDisk.symlink(target, link)
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Claim> {
        RealDisk.lock(path, holder)
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::create_dirs;
    use super::*;

    #[test]
    fn a_folder_that_is_gone_is_not_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("stretches-1/00000-a");
        std::fs::create_dir_all(&home).unwrap();
        let disk = Inside::new(&home);
        create_dirs(&disk, &home.join("parts/elements")).unwrap();
        std::fs::remove_dir_all(dir.path().join("stretches-1")).unwrap();
        for below in ["", "parts"] {
            let error = create_dirs(&disk, &home.join(below)).unwrap_err();
            assert!(error.to_string().contains("with it the run"), "{error}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
