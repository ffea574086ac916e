//! The stage: a folder beside the published runs in which a run is written, and from which it is renamed or dropped.
//!
//! Writers hash what passes through them, so no byte is read again to be digested. What becomes of the stage is
//! decided in `commit`; nothing here touches a published run.

use super::aside::is_aside;
use super::commit::{Syncs, rename};
use super::digest::hex;
use super::disk::{Disk, create_dirs, remove_tree, sorted_entries};
use super::layout::{Layout, RUNS, STAGE};
use super::lock::{Holder, Output, Turn};
use super::manifest::FileEntry;
use super::path::{below, is_folder, is_plain, parent};
use super::storage;
use crate::error::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Folders below `stage/` that are on their way out begin like this; they are no stages of dead runs.
pub(crate) const REMOVED: &str = "removed-";

/// Folders below `stage/` in which others write parts of a run begin like this.
const STRETCHES: &str = "stretches-";

/// The folder below `stage/` in which a run is written; its id may not be known yet.
const NEW: &str = "new";

/// Bytes gathered before they are hashed and written.
const BUFFER_BYTES: usize = 256 << 10;

/// Bytes of a file that the disk is given at a time while the file is still written.
const AHEAD_BYTES: u64 = 32 << 20;

/// Finished bytes of a run that stay in the system's memory for whoever reads them next. What a large run writes beyond them would
/// push out everything else.
const CACHED_BYTES: u64 = 1 << 30;

/// Bytes read ahead in a scratch file.
const SCRATCH_BUFFER_BYTES: usize = 32 << 10;

/// A run being written. Dropped without a publication, it takes everything with it.
pub(crate) struct Stage {
    pub(crate) output: Output,
    /// `stage/new`: the run, and scratch files that are never published.
    pub(crate) home: PathBuf,
    register: Arc<Mutex<Register>>,
    _turn: Turn,
}

/// What has been written so far, shared with the writers.
#[derive(Default)]
struct Register {
    open: BTreeSet<String>,
    finished: BTreeMap<String, FileEntry>,
    failure: Option<String>,
}

/// Removes what killed runs left in the stage, and gives the number of runs; whoever holds the lock is alone. What has another
/// name than this program gives is not its own, and stays.
pub(crate) fn clear(output: &Output) -> Result<u64> {
    let stages = output.folder(STAGE)?;
    let mut runs = 0;
    for path in leftovers(&stages)? {
        let is_apart = begins_with(&path, STRETCHES);
        if is_apart {
            Apart::remove(output, &path)?;
        } else {
            remove_tree(output.disk(), &path).map_err(|e| storage(&path, "remove", e))?;
        }
        runs += u64::from(path.ends_with(NEW));
    }
    Ok(runs)
}

fn begins_with(path: &Path, start: &str) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(start.as_bytes())
}

/// A folder of the stage in which others write parts of a run, for whoever holds the lock. Gone when it is dropped.
pub(crate) struct Apart {
    output: Output,
    path: PathBuf,
}

impl Apart {
    /// A new one, with a name that nobody can foresee: who still writes for a dead run finds its own gone.
    pub(crate) fn begin(output: &Output) -> Result<Apart> {
        let stages = output.folder(STAGE)?;
        let path = new_folder(output.disk(), &stages, STRETCHES)?;
        Ok(Apart {
            output: output.clone(),
            path,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it away first, so that those who still write there cannot while it is removed.
    fn remove(output: &Output, path: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = path.with_file_name(format!("{REMOVED}{name}"));
        let moved = output.disk().rename(path, &aside);
        moved.map_err(|e| storage(path, "rename", e))?;
        remove_tree(output.disk(), &aside).map_err(|e| storage(&aside, "remove", e))
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the next run removes what stays.
        let _ = Apart::remove(&self.output, &self.path);
    }
}

/// Makes a folder in `dir`, which must be there, with a name that nothing has.
pub(crate) fn new_folder(disk: &dyn Disk, dir: &Path, start: &str) -> Result<PathBuf> {
    let mut path = PathBuf::new();
    tempfile::Builder::new()
        .prefix(start)
        .rand_bytes(12)
        .disable_cleanup(true)
        .make_in(dir, |absolute| {
            path = dir.join(absolute.file_name().unwrap_or_default());
            disk.create_dir(&path)
        })
        .map_err(|e| storage(dir, "create folder in", e))?;
    Ok(path)
}

/// The same for a run that works elsewhere: nothing is done where another run is at work, or where nothing is left.
pub(crate) fn clear_if_free(disk: Arc<dyn Disk>, out: &Path, holder: &Holder) -> Result<u64> {
    let stages = Layout::new(out).stage();
    if !is_folder(&stages)? || leftovers(&stages)?.is_empty() {
        return Ok(0);
    }
    match Output::lock(disk, out, holder) {
        Err(error) if error.kind() == ErrorKind::Locked => Ok(0),
        locked => clear(&locked?),
    }
}

fn leftovers(stages: &Path) -> Result<Vec<PathBuf>> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        let is_file = || fs::symlink_metadata(path).is_ok_and(|seen| !seen.is_dir());
        name == NEW
            || begins_with(path, REMOVED)
            || begins_with(path, STRETCHES)
            || (is_aside(name) && is_file())
    };
    let entries = sorted_entries(stages).map_err(|e| storage(stages, "read", e))?;
    Ok(entries.into_iter().filter(is_ours).collect())
}

impl Stage {
    /// Opens a stage, after removing what dead runs left behind: whoever holds the lock is alone.
    ///
    /// One stage at a time: a second one would take the first for a leftover.
    pub(crate) fn begin(output: &Output) -> Result<Stage> {
        let turn = output.take_turn()?;
        let layout = output.layout();
        let is_new = !is_folder(&layout.runs())?;
        clear(output)?;
        output.folder(RUNS)?;
        if is_new {
            output
                .disk()
                .sync_dir(layout.root())
                .map_err(|e| storage(layout.root(), "sync", e))?;
        }
        let stage = Stage {
            output: output.clone(),
            home: layout.stage().join(NEW),
            register: Arc::default(),
            _turn: turn,
        };
        for dir in [&stage.home, &stage.run_dir()] {
            output
                .disk()
                .create_dir(dir)
                .map_err(|e| storage(dir, "create folder", e))?;
        }
        Ok(stage)
    }

    /// Creates a file of the run; parallel callers welcome. The path is relative, with `/`.
    pub(crate) fn create(&self, relative: &str) -> Result<DigestWriter> {
        if !is_plain(relative) {
            return Err(Error::Internal(format!(
                "{relative:?} is not a path below a run"
            )));
        }
        {
            let mut register = self.register();
            if register.finished.contains_key(relative)
                || !register.open.insert(relative.to_owned())
            {
                return Err(Error::Internal(format!("{relative} is written twice")));
            }
        }
        let path = below(&self.run_dir(), relative);
        Ok(DigestWriter {
            inner: NamedWriter::create(self.output.disk(), path)?,
            relative: relative.to_owned(),
            buffer: Vec::with_capacity(BUFFER_BYTES),
            hasher: Sha256::new(),
            bytes: 0,
            has_failed: false,
            register: Arc::clone(&self.register),
            ahead: None,
        })
    }

    /// Makes files durable while they are still written, as their writers ask for it, until the last of them is gone: the
    /// disk works beside the processors, and a publication, which syncs everything itself, finds little left to wait for.
    pub(crate) fn sync_ahead(&self, due: Receiver<PathBuf>) -> Result<()> {
        let disk = self.output.disk();
        due.iter().try_for_each(|path| {
            // The system tells a failed write to one sync only, so this one must not be forgotten.
            disk.sync_file(&path)
                .map_err(|e| storage(&path, "sync", e))?;
            if self
                .register()
                .finished
                .values()
                .map(|file| file.bytes)
                .sum::<u64>()
                > CACHED_BYTES
            {
                disk.release(&path);
            }
            Ok(())
        })
    }

    /// Writes a whole file of the run.
    pub(crate) fn put_bytes(&self, relative: &str, bytes: &[u8]) -> Result<FileEntry> {
        let mut writer = self.create(relative)?;
        writer
            .write_all(bytes)
            .map_err(|e| Error::Storage(e.to_string()))?;
        writer.finish()
    }

    /// Takes over a finished file that lies on the same file system, by a rename; what it holds is not looked at.
    pub(crate) fn adopt(&self, from: &Path, entry: FileEntry) -> Result<()> {
        if !is_plain(&entry.path) {
            return Err(Error::Internal(format!(
                "{:?} is not a path below a run",
                entry.path
            )));
        }
        let to = below(&self.run_dir(), &entry.path);
        let disk = self.output.disk();
        if let Some(dir) = to.parent() {
            create_dirs(disk, dir).map_err(|e| storage(dir, "create folder", e))?;
        }
        disk.rename(from, &to)
            .map_err(|e| storage(from, "take over", e))?;
        let path = entry.path.clone();
        if self.register().finished.insert(path, entry).is_some() {
            return Err(Error::Internal(format!(
                "{} is written twice",
                to.display()
            )));
        }
        Ok(())
    }

    /// Leaves the finished files, synced, in a new folder instead of publishing them; by one rename, so that all are there or none.
    pub(crate) fn leave_in(self, dir: &Path) -> Result<Vec<FileEntry>> {
        if let Some(first) = self.unfinished().first() {
            return Err(self.failure().unwrap_or_else(|| {
                Error::Internal(format!("{first} was begun and not finished"))
            }));
        }
        let disk = self.output.disk();
        let mut syncs = Syncs::new(disk);
        syncs.tree(&self.run_dir())?;
        rename(disk, &self.run_dir(), dir)?;
        syncs.dir(parent(dir))?;
        Ok(self.files())
    }

    /// Creates a scratch file: kept out of the run, gone with the stage, neither hashed nor synced.
    pub(crate) fn create_scratch(&self, name: &str) -> Result<BufWriter<NamedWriter>> {
        let path = self.scratch(name)?;
        Ok(BufWriter::with_capacity(
            BUFFER_BYTES,
            NamedWriter::create(self.output.disk(), path)?,
        ))
    }

    /// Opens a scratch file for reading.
    pub(crate) fn open_scratch(&self, name: &str) -> Result<BufReader<File>> {
        let path = self.scratch(name)?;
        let file = File::open(&path).map_err(|e| storage(&path, "read", e))?;
        // A merge has many of these open.
        Ok(BufReader::with_capacity(SCRATCH_BUFFER_BYTES, file))
    }

    /// Removes a scratch file before the stage ends, to give its space back.
    pub(crate) fn remove_scratch(&self, name: &str) -> Result<()> {
        let path = self.scratch(name)?;
        self.output
            .disk()
            .remove_file(&path)
            .map_err(|e| storage(&path, "remove", e))
    }

    /// The first failed write. Encoders wrap the errors of their writers in their own; this is the plain cause.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.register().failure.clone().map(Error::Storage)
    }

    /// Finished files, by path.
    pub(crate) fn files(&self) -> Vec<FileEntry> {
        self.register().finished.values().cloned().collect()
    }

    /// Files begun and not finished, by path.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        self.register().open.iter().cloned().collect()
    }

    /// Where the files of the run stand until they are published.
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.home.join("run")
    }

    fn scratch(&self, name: &str) -> Result<PathBuf> {
        if !is_plain(name) {
            return Err(Error::Internal(format!(
                "{name:?} is not a name for a scratch file"
            )));
        }
        Ok(below(&self.home.join("scratch"), name))
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        lock(&self.register)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the next run removes what stays.
        let _ = remove_tree(self.output.disk(), &self.home);
    }
}

fn lock(register: &Mutex<Register>) -> MutexGuard<'_, Register> {
    // A panic elsewhere cannot leave these sets half changed.
    register.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A writer whose errors name the file.
pub(crate) struct NamedWriter {
    path: PathBuf,
    inner: Box<dyn Write + Send>,
}

impl NamedWriter {
    pub(super) fn create(disk: &dyn Disk, path: PathBuf) -> Result<NamedWriter> {
        if let Some(dir) = path.parent() {
            create_dirs(disk, dir).map_err(|e| storage(dir, "create folder", e))?;
        }
        let inner = disk
            .create_new(&path)
            .map_err(|e| storage(&path, "create", e))?;
        Ok(NamedWriter { path, inner })
    }

    fn named(path: &Path, cause: io::Error) -> io::Error {
        io::Error::new(
            cause.kind(),
            format!("{}: cannot write: {cause}", path.display()),
        )
    }
}

impl Write for NamedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner
            .write(bytes)
            .map_err(|e| NamedWriter::named(&self.path, e))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner
            .flush()
            .map_err(|e| NamedWriter::named(&self.path, e))
    }
}

/// Writer of one file of a run: buffered, hashing, counting. It belongs to no thread in particular.
///
/// Dropped without [`finish`](DigestWriter::finish), the file counts as unfinished and the run cannot be published.
pub(crate) struct DigestWriter {
    inner: NamedWriter,
    relative: String,
    buffer: Vec<u8>,
    hasher: Sha256,
    pub(super) bytes: u64,
    has_failed: bool,
    register: Arc<Mutex<Register>>,
    ahead: Option<Ahead>,
}

/// Where a writer asks for its file to be synced, and how much of it was there when it last did.
struct Ahead {
    to: SyncSender<PathBuf>,
    asked_at: u64,
}

impl DigestWriter {
    /// Asks for syncs of the growing file; `to` ends at [`Stage::sync_ahead`].
    pub(crate) fn syncing_ahead(mut self, to: SyncSender<PathBuf>) -> DigestWriter {
        self.ahead = Some(Ahead { to, asked_at: 0 });
        self
    }

    /// Ends a file that has no rows.
    pub(crate) fn finish(self) -> Result<FileEntry> {
        self.end(None)
    }

    /// Ends a file of a table.
    pub(crate) fn finish_rows(self, rows: u64) -> Result<FileEntry> {
        self.end(Some(rows))
    }

    fn end(mut self, rows: Option<u64>) -> Result<FileEntry> {
        self.flush().map_err(|e| Error::Storage(e.to_string()))?;
        let entry = FileEntry {
            path: self.relative.clone(),
            bytes: self.bytes,
            sha256: hex(self.hasher.finalize()),
            rows,
        };
        let mut register = lock(&self.register);
        register.open.remove(&self.relative);
        register.finished.insert(self.relative, entry.clone());
        Ok(entry)
    }

    fn write_through(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.noted(|inner| inner.write_all(bytes))?;
        if let Some(ahead) = self
            .ahead
            .as_mut()
            .filter(|ahead| self.bytes >= ahead.asked_at + AHEAD_BYTES)
        {
            ahead.asked_at = self.bytes;
            // The disk may be busy, or have failed and say so itself.
            let _ = ahead.to.try_send(self.inner.path.clone());
        }
        Ok(())
    }

    fn empty_buffer(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.write_through(&buffer);
        buffer.clear();
        self.buffer = buffer;
        result
    }

    /// Keeps the first failure where the stage can tell it.
    fn noted(&mut self, act: impl FnOnce(&mut NamedWriter) -> io::Result<()>) -> io::Result<()> {
        if self.has_failed {
            return Err(NamedWriter::named(
                &self.inner.path,
                io::Error::other("an earlier write failed"),
            ));
        }
        act(&mut self.inner).inspect_err(|e| {
            self.has_failed = true;
            lock(&self.register)
                .failure
                .get_or_insert_with(|| e.to_string());
        })
    }
}

impl Write for DigestWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.empty_buffer()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.write_through(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.empty_buffer()?;
        self.noted(|inner| inner.flush())
    }
}
