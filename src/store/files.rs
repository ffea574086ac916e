//! Single files outside a run: run files and value lists to read, reports and exports to write.
//!
//! Publication does not come through here.

use super::aside::{Aside, clear_dead, make_held};
use super::commit::{Syncs, make_dirs, rename};
use super::disk::{Disk, remove_tree};
use super::layout::STAGE;
use super::lock::Output;
use super::path::{self, below, is_plain, kind, make_below, parent, read_regular};
use super::{input, storage};
use crate::error::{Error, Result};
use std::collections::BTreeSet;
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

/// Writes a folder of new files (path below `dir`, content), each of them whole or not at all. Nothing is written if one of them
/// exists with another content, or if all of them exist; what a killed attempt has placed is completed. After a failure what
/// was placed is taken back.
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
    clear_dead(disk, dir);
    let missing = missing(dir, files)?;
    make_dirs(disk, dir)?;
    let made = make_held(dir, "new", |path| disk.create_dir(path));
    let ((), aside) = made.map_err(|e| storage(dir, "create folder in", e))?;
    let mut placed = Vec::new();
    let outcome = stage_new(disk, &aside.path, &missing)
        .and_then(|()| place_new(disk, dir, &aside.path, &missing, &mut placed));
    if outcome.is_err() {
        for path in &placed {
            // Best effort: the fault that is told is the one that came first.
            let _ = disk.remove_file(path);
        }
    }
    let removed = remove_tree(disk, &aside.path).map_err(|e| storage(&aside.path, "remove", e));
    outcome.and(removed)
}

/// The files that are not there, if those that are there are what a killed attempt has placed.
fn missing<'f>(dir: &Path, files: &[(&'f str, &'f [u8])]) -> Result<Vec<(&'f str, &'f [u8])>> {
    let (mut missing, mut existing, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    for (relative, bytes) in files {
        let path = below(dir, relative);
        match fs::symlink_metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => missing.push((*relative, *bytes)),
            Err(e) => return Err(storage(&path, "read", e)),
            Ok(seen) => {
                let is_same = seen.is_file()
                    && seen.len() == bytes.len() as u64
                    && read_regular(&path).is_ok_and(|there| there == *bytes);
                existing.push(path.display().to_string());
                if !is_same {
                    foreign.push(path.display().to_string());
                }
            }
        }
    }
    match () {
        () if !foreign.is_empty() => Err(existing_error(&foreign)),
        () if missing.is_empty() => Err(existing_error(&existing)),
        () => Ok(missing),
    }
}

fn existing_error(existing: &[String]) -> Error {
    let more = existing.len().saturating_sub(NAMED);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let named = existing[..existing.len() - more].join(", ");
    Error::Usage(format!(
        "nothing written, because these files exist: {named}{rest}; name an empty or new folder"
    ))
}

/// Writes the files into the folder aside, under their numbers.
fn stage_new(disk: &dyn Disk, aside: &Path, files: &[(&str, &[u8])]) -> Result<()> {
    for (number, (_, bytes)) in files.iter().enumerate() {
        let path = aside.join(number.to_string());
        let created = disk.create_new(&path);
        let mut file = created.map_err(|e| storage(&path, "create", e))?;
        file.write_all(bytes)
            .and_then(|()| file.flush())
            .map_err(|e| storage(&path, "write", e))?;
        drop(file);
        disk.sync_file(&path)
            .map_err(|e| storage(&path, "sync", e))?;
    }
    Ok(())
}

fn place_new(
    disk: &dyn Disk,
    dir: &Path,
    aside: &Path,
    files: &[(&str, &[u8])],
    placed: &mut Vec<PathBuf>,
) -> Result<()> {
    for (number, (relative, _)) in files.iter().enumerate() {
        if let Some((folder, _)) = relative.rsplit_once('/') {
            make_below(disk, dir, folder)?;
        }
        let path = below(dir, relative);
        if exists(&path).map_err(|e| storage(&path, "read", e))? {
            return Err(existing_error(&[path.display().to_string()]));
        }
        rename(disk, &aside.join(number.to_string()), &path)?;
        placed.push(path);
    }
    sync_folders(placed, &mut Syncs::new(disk))
}

/// Makes the names of files durable, each folder once.
fn sync_folders(paths: &[PathBuf], syncs: &mut Syncs) -> Result<()> {
    let folders: BTreeSet<&Path> = paths.iter().map(|path| parent(path)).collect();
    folders.into_iter().try_for_each(|folder| syncs.dir(folder))
}

/// Writes a whole file beside its place and renames it there, creating the folders that it needs.
pub fn write_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    whole(disk, path, bytes)?.finish()
}

/// A file with all its content, ready to appear.
pub fn whole<'a>(disk: &'a dyn Disk, path: &Path, bytes: &[u8]) -> Result<FileWriter<'a>> {
    let mut writer = FileWriter::create(disk, path)?;
    writer.take(bytes)?;
    Ok(writer)
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

/// Writes out what is left of the files and makes them durable, before anything that they replace is touched.
pub(crate) fn seal<'a: 'f, 'f>(
    files: impl IntoIterator<Item = &'f mut FileWriter<'a>>,
) -> Result<()> {
    files
        .into_iter()
        .try_for_each(|file| file.seal(&mut Syncs::new(file.disk)))
}

/// Puts files of one command in their places, group by group. None of them appears before all are written and durable, so that
/// only the renames are left to fail; and none of a group before those of the groups before it are there to stay. What tells
/// of others, an index say, belongs into the last group.
pub fn finish_groups<'a>(
    disk: &'a dyn Disk,
    groups: impl IntoIterator<Item = Vec<FileWriter<'a>>>,
) -> Result<()> {
    let mut groups: Vec<Vec<FileWriter>> = groups.into_iter().collect();
    seal(groups.iter_mut().flatten())?;
    let mut syncs = Syncs::new(disk);
    for group in groups {
        let paths: Vec<PathBuf> = group.iter().map(|file| file.path.clone()).collect();
        for file in group {
            file.place(&mut syncs)?;
        }
        sync_folders(&paths, &mut syncs)?;
    }
    Ok(())
}

/// Removes a file for good, if it is there.
pub(crate) fn remove_lasting(disk: &dyn Disk, path: &Path) -> Result<()> {
    match disk.remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed.map_err(|e| storage(path, "remove", e))?,
    }
    Syncs::new(disk).dir(parent(path))
}

/// A file written beside its place, under a name that nobody can foresee: it appears there, whole, when it is finished, and not at all otherwise.
pub struct FileWriter<'a> {
    disk: &'a dyn Disk,
    path: PathBuf,
    beside: Aside,
    inner: Option<BufWriter<Box<dyn Write + Send>>>,
    is_placed: bool,
}

impl<'a> FileWriter<'a> {
    /// Begins the file that shall stand at `path`, in the place of one that does. Anything else there (folder, link, pipe,
    /// device) is refused: it would be gone, and nothing would have been written to what it leads to. What killed writers
    /// left in its folder goes.
    pub fn create(disk: &'a dyn Disk, path: &Path) -> Result<FileWriter<'a>> {
        path::is_file(path)?;
        let folder = parent(path);
        make_dirs(disk, folder)?;
        clear_dead(disk, folder);
        FileWriter::begin(disk, path, folder)
    }

    /// The same for a file of an output root: it is written in the stage, where a killed run's attempts are removed.
    pub(crate) fn of_root(output: &'a Output, path: &Path) -> Result<FileWriter<'a>> {
        path::is_file(path)?;
        FileWriter::begin(output.disk(), path, &output.folder(STAGE)?)
    }

    fn begin(disk: &'a dyn Disk, path: &Path, aside: &Path) -> Result<FileWriter<'a>> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let made = make_held(aside, &name, |beside| disk.create_new(beside));
        let (file, beside) = made.map_err(|e| storage(path, "create", e))?;
        Ok(FileWriter {
            disk,
            path: path.to_owned(),
            beside,
            inner: Some(BufWriter::with_capacity(256 << 10, file)),
            is_placed: false,
        })
    }

    /// Puts the file in its place, for good.
    pub fn finish(self) -> Result<()> {
        let disk = self.disk;
        finish_groups(disk, [vec![self]])
    }

    /// Writes out what is left and makes the content durable, once.
    fn seal(&mut self, syncs: &mut Syncs) -> Result<()> {
        let Some(mut inner) = self.inner.take() else {
            return Ok(());
        };
        let ended = inner.flush();
        drop(inner.into_parts()); // Windows renames closed files only
        ended.map_err(|e| storage(&self.path, "write", e))?;
        syncs.file(&self.beside.path)
    }

    /// Puts the file in its place, with the time that the disk takes added to `syncs`. Its last step is the rename.
    pub(crate) fn place(mut self, syncs: &mut Syncs) -> Result<()> {
        self.seal(syncs)?;
        rename(self.disk, &self.beside.path, &self.path)?;
        self.is_placed = true;
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
        }
        if !self.is_placed {
            let _ = self.disk.remove_file(&self.beside.path);
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
