//! Single files outside a run: run files and value lists to read, reports and exports to write.
//!
//! Publication does not come through here.

use super::commit::{Syncs, make_dirs, rename};
use super::disk::{Disk, make_aside};
use super::layout::STAGE;
use super::lock::Output;
use super::path::{self, below, is_plain, kind, make_below};
use super::{input, storage};
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Opens a file that a user names, or that a link leads to.
pub(crate) fn open_file(path: &Path) -> Result<File> {
    let seen = fs::metadata(path).map_err(|e| input(path, "read", e))?;
    if !seen.is_file() {
        // Reading a pipe could wait for ever.
        return Err(Error::Input(format!(
            "{}: is {}, expected a file",
            path.display(),
            kind(&seen)
        )));
    }
    File::open(path).map_err(|e| input(path, "open", e))
}

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| input(path, "read", e))?;
    if bytes.len() as u64 > limit {
        return Err(Error::Input(format!(
            "{}: larger than {limit} bytes",
            path.display()
        )));
    }
    Ok(bytes)
}

/// Whether something stands at `path`, be it a dangling link. Only what the system says is not there is not there: a path that
/// cannot be looked at is an error.
pub(crate) fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// Whether there is a file at `path`, links followed, with [`exists`]'s notion of what is not there.
pub(crate) fn is_file(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(seen) => Ok(seen.is_file()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// A folder for what a command writes of its own accord below a folder that its user named. A link or file on the way is
/// refused: only what a user names is followed.
pub fn folder_below(disk: &dyn Disk, root: &Path, relative: &str) -> Result<PathBuf> {
    make_below(disk, root, relative)
}

/// Opens a file that need not exist; a link to one is refused.
pub(crate) fn open_if_there(path: &Path) -> Result<Option<File>> {
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(storage(path, "read", e)),
        Ok(seen) if !seen.is_file() => Err(Error::Storage(format!(
            "{}: is {}, expected a file",
            path.display(),
            kind(&seen)
        ))),
        Ok(_) => File::open(path)
            .map(Some)
            .map_err(|e| storage(path, "open", e)),
    }
}

/// Existing files that a refusal names; beyond it only counts.
const NAMED: usize = 10;

/// Writes a folder of new files (path below `dir`, content). Nothing is written if any of them exists already, and after a
/// failure what was written is taken back.
pub(crate) fn write_new_tree(disk: &dyn Disk, dir: &Path, files: &[(&str, &[u8])]) -> Result<()> {
    let is_there = exists(dir).map_err(|e| storage(dir, "read", e))?;
    if is_there && !dir.is_dir() {
        return Err(Error::Usage(format!(
            "{}: exists and is not a folder",
            dir.display()
        )));
    }
    if let Some((relative, _)) = files.iter().find(|(relative, _)| !is_plain(relative)) {
        return Err(Error::Internal(format!(
            "{relative:?} is not a path below a folder"
        )));
    }
    refuse_existing(files.iter().map(|(relative, _)| below(dir, relative)))?;
    let mut written: Vec<PathBuf> = Vec::new();
    for (relative, bytes) in files {
        let path = below(dir, relative);
        let made = match relative.rsplit_once('/') {
            Some((folder, _)) => make_below(disk, dir, folder).map(drop),
            None => make_dirs(disk, dir),
        };
        let outcome = made.and_then(|()| write_new(disk, &path, bytes, &mut written));
        if let Err(fault) = outcome {
            for path in &written {
                // Best effort: the fault that is told is the one that came first.
                let _ = disk.remove_file(path);
            }
            return Err(fault);
        }
    }
    Ok(())
}

fn refuse_existing(paths: impl Iterator<Item = PathBuf>) -> Result<()> {
    let mut existing = Vec::new();
    for path in paths {
        if exists(&path).map_err(|e| storage(&path, "read", e))? {
            existing.push(path.display().to_string());
        }
    }
    if existing.is_empty() {
        return Ok(());
    }
    let more = existing.len().saturating_sub(NAMED);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let named = existing[..existing.len() - more].join(", ");
    Err(Error::Usage(format!(
        "nothing written, because these files exist: {named}{rest}; name an empty or new folder"
    )))
}

fn write_new(disk: &dyn Disk, path: &Path, bytes: &[u8], written: &mut Vec<PathBuf>) -> Result<()> {
    let mut file = disk
        .create_new(path)
        .map_err(|e| storage(path, "create", e))?;
    written.push(path.to_owned());
    file.write_all(bytes)
        .and_then(|()| file.flush())
        .map_err(|e| storage(path, "write", e))?;
    drop(file);
    disk.sync_file(path).map_err(|e| storage(path, "write", e))
}

/// Writes a whole file beside its place and renames it there, creating the folders that it needs.
pub fn write_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut writer = FileWriter::create(disk, path)?;
    writer.take(bytes)?;
    writer.finish()
}

/// Replaces a file of an output root by one rename: readers have the old bytes or the new ones.
pub(crate) fn replace_file(
    output: &Output,
    path: &Path,
    bytes: &[u8],
    syncs: &mut Syncs,
) -> Result<()> {
    let mut writer = FileWriter::of_root(output, path)?;
    writer.take(bytes)?;
    writer.place(syncs)
}

/// A file written beside its place, under a name that nobody can foresee: it appears there, whole, when it is finished, and not at all otherwise.
pub struct FileWriter<'a> {
    disk: &'a dyn Disk,
    path: PathBuf,
    beside: PathBuf,
    inner: Option<BufWriter<Box<dyn Write + Send>>>,
}

impl<'a> FileWriter<'a> {
    /// Begins the file that shall stand at `path`, in the place of one that does. Anything else there (folder, link, pipe,
    /// device) is refused: it would be gone, and nothing would have been written to what it leads to.
    pub fn create(disk: &'a dyn Disk, path: &Path) -> Result<FileWriter<'a>> {
        path::is_file(path)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        make_dirs(disk, parent)?;
        FileWriter::begin(disk, path, parent)
    }

    /// The same for a file of an output root: it is written in the stage, where a killed run's attempts are removed.
    pub(crate) fn of_root(output: &'a Output, path: &Path) -> Result<FileWriter<'a>> {
        path::is_file(path)?;
        FileWriter::begin(output.disk(), path, &output.folder(STAGE)?)
    }

    fn begin(disk: &'a dyn Disk, path: &Path, aside: &Path) -> Result<FileWriter<'a>> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let made = make_aside(aside, &name, |beside| disk.create_new(beside));
        let (file, beside) = made.map_err(|e| storage(path, "create", e))?;
        Ok(FileWriter {
            disk,
            path: path.to_owned(),
            beside,
            inner: Some(BufWriter::with_capacity(256 << 10, file)),
        })
    }

    /// Puts the file in its place.
    pub fn finish(self) -> Result<()> {
        let mut syncs = Syncs::new(self.disk);
        self.place(&mut syncs)
    }

    /// The same, with the time that the disk takes added to `syncs`. Its last step is the rename.
    pub(crate) fn place(mut self, syncs: &mut Syncs) -> Result<()> {
        if let Some(mut inner) = self.inner.take() {
            let ended = inner.flush();
            drop(inner); // Windows renames closed files only
            let placed = ended
                .map_err(|e| storage(&self.path, "write", e))
                .and_then(|()| syncs.file(&self.beside))
                .and_then(|()| rename(self.disk, &self.beside, &self.path));
            if placed.is_err() {
                let _ = self.disk.remove_file(&self.beside);
            }
            return placed;
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes)
            .map_err(|e| Error::Storage(e.to_string()))
    }

    fn named(&self, cause: io::Error) -> io::Error {
        io::Error::new(
            cause.kind(),
            format!("{}: cannot write: {cause}", self.path.display()),
        )
    }
}

impl Write for FileWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self
            .inner
            .as_mut()
            .map_or(Ok(bytes.len()), |inner| inner.write(bytes));
        result.map_err(|e| self.named(e))
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.as_mut().map_or(Ok(()), |inner| inner.flush());
        result.map_err(|e| self.named(e))
    }
}

impl Drop for FileWriter<'_> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            drop(inner.into_parts()); // without a last attempt to write
            let _ = self.disk.remove_file(&self.beside);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        assert_eq!(
            (exists(&file).unwrap(), is_file(&file).unwrap()),
            (false, false)
        );
        fs::write(&file, "x").unwrap();
        assert_eq!(
            (exists(&file).unwrap(), is_file(&file).unwrap()),
            (true, true)
        );
        let looped = dir.path().join("loop");
        std::os::unix::fs::symlink("loop", &looped).unwrap();
        assert!(exists(&looped).unwrap() && is_file(&looped).is_err());
        for unreadable in [
            file.join("below a file"),
            looped.join("below a loop"),
            dir.path().join("x".repeat(300)),
        ] {
            assert!(exists(&unreadable).is_err() && is_file(&unreadable).is_err());
        }
    }
}
