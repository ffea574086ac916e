//! Scratch files: of a stage, or in a folder of their own where nothing is published.

use super::disk::RealDisk;
use super::stage::{NamedWriter, Stage};
use super::storage;
use crate::error::Result;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::TempDir;

/// Buffer of a file that is written.
const BUFFER_BYTES: usize = 1 << 20;
/// Buffer of a file that is read: a merge has many of these open.
const READ_BYTES: usize = 64 << 10;

/// Where scratch files are.
pub(crate) trait ScratchFiles: Send + Sync {
    /// Creates a file: neither hashed nor synced.
    fn create(&self, name: &str) -> Result<BufWriter<NamedWriter>>;
    /// Opens a file for reading.
    fn open(&self, name: &str) -> Result<BufReader<File>>;
    /// Removes a file, to give its space back.
    fn remove(&self, name: &str) -> Result<()>;
}

impl ScratchFiles for Stage {
    fn create(&self, name: &str) -> Result<BufWriter<NamedWriter>> {
        self.create_scratch(name)
    }

    fn open(&self, name: &str) -> Result<BufReader<File>> {
        self.open_scratch(name)
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.remove_scratch(name)
    }
}

/// A folder in the system's folder for temporary files, made when something is written and gone when it is dropped.
#[derive(Default)]
pub(crate) struct ScratchFolder(Mutex<Option<TempDir>>);

impl ScratchFolder {
    fn path(&self, name: &str) -> Result<PathBuf> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &*made {
            return Ok(folder.path().join(name));
        }
        let place = std::env::temp_dir();
        let folder = tempfile::Builder::new()
            .prefix("green-corridor-rows-")
            .tempdir_in(&place)
            .map_err(|e| storage(&place, "create folder in", e))?;
        Ok(made.insert(folder).path().join(name))
    }
}

impl ScratchFiles for ScratchFolder {
    fn create(&self, name: &str) -> Result<BufWriter<NamedWriter>> {
        let file = NamedWriter::create(&RealDisk, self.path(name)?)?;
        Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
    }

    fn open(&self, name: &str) -> Result<BufReader<File>> {
        let path = self.path(name)?;
        let file = File::open(&path).map_err(|e| storage(&path, "read", e))?;
        Ok(BufReader::with_capacity(READ_BYTES, file))
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.path(name)?;
        fs::remove_file(&path).map_err(|e| storage(&path, "remove", e))
    }
}

/// A folder of tables in the system's folder for temporary files, gone when it is dropped. Files grow by pieces and are open only
/// while one is added, so any number of them grows at a time.
pub(crate) struct ScratchTables(TempDir);

impl ScratchTables {
    /// An empty one.
    pub(crate) fn begin() -> Result<ScratchTables> {
        let place = std::env::temp_dir();
        tempfile::Builder::new()
            .prefix("green-corridor-slice-")
            .tempdir_in(&place)
            .map(ScratchTables)
            .map_err(|e| storage(&place, "create folder in", e))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Adds bytes to the file of this name.
    pub(crate) fn append(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.0.path().join(name);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(bytes))
            .map_err(|e| storage(&path, "write", e))
    }
}
