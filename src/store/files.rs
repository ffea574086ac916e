//! Single files outside a run: run files and value lists to read, reports and exports to write.
//!
//! Publication does not come through here.

use super::disk::Disk;
use super::path::{below, is_plain, kind};
use super::{input, storage};
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Reads a whole file of at most `limit` bytes.
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let seen = fs::metadata(path).map_err(|e| input(path, "read", e))?;
    if !seen.is_file() {
        // Reading a pipe could wait for ever.
        return Err(Error::Input(format!("{}: is {}, expected a file", path.display(), kind(&seen))));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| input(path, "open", e))?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| input(path, "read", e))?;
    if bytes.len() as u64 > limit {
        return Err(Error::Input(format!("{}: larger than {limit} bytes", path.display())));
    }
    Ok(bytes)
}

/// Reads a whole UTF-8 file of at most `limit` bytes, without its byte order mark.
pub fn read_text(path: &Path, limit: u64) -> Result<String> {
    let text = String::from_utf8(read_file(path, limit)?)
        .map_err(|e| Error::Input(format!("{}: not UTF-8 at byte {}", path.display(), e.utf8_error().valid_up_to())))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Whether something stands at `path`, be it a dangling link.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Writes a folder of new files (path below `dir`, content). Nothing is written if any of them exists already.
pub fn write_new_tree(disk: &dyn Disk, dir: &Path, files: &[(String, &[u8])]) -> Result<()> {
    for (relative, _) in files {
        let path = below(dir, relative);
        if !is_plain(relative) {
            return Err(Error::Internal(format!("{relative:?} is not a path below a folder")));
        }
        if exists(&path) {
            return Err(Error::Usage(format!("{}: exists already, nothing was written", path.display())));
        }
    }
    for (relative, bytes) in files {
        let path = below(dir, relative);
        if let Some(parent) = path.parent() {
            super::commit::make_dirs(disk, parent)?;
        }
        let mut file = disk.create_new(&path).map_err(|e| storage(&path, "create", e))?;
        file.write_all(bytes).and_then(|()| file.flush()).map_err(|e| storage(&path, "write", e))?;
    }
    Ok(())
}

/// Writes a whole file beside its place and renames it there, creating the folders that it needs.
pub fn write_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut writer = FileWriter::create(disk, path)?;
    writer.write_all(bytes).map_err(|e| Error::Storage(e.to_string()))?;
    writer.finish()
}

/// A file written beside its place: it appears there, whole, when it is finished, and not at all otherwise.
pub struct FileWriter<'a> {
    disk: &'a dyn Disk,
    path: PathBuf,
    beside: PathBuf,
    inner: Option<BufWriter<Box<dyn Write + Send>>>,
}

impl<'a> FileWriter<'a> {
    /// Begins the file that shall stand at `path`.
    pub fn create(disk: &'a dyn Disk, path: &Path) -> Result<FileWriter<'a>> {
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            super::commit::make_dirs(disk, parent)?;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let beside = PathBuf::from(name);
        let file = disk.create(&beside).map_err(|e| storage(&beside, "create", e))?;
        Ok(FileWriter { disk, path: path.to_owned(), beside, inner: Some(BufWriter::with_capacity(256 << 10, file)) })
    }

    /// Puts the file in its place.
    pub fn finish(mut self) -> Result<()> {
        if let Some(mut inner) = self.inner.take() {
            let ended = inner.flush();
            drop(inner); // Windows renames closed files only
            let placed = ended.and_then(|()| self.disk.sync_file(&self.beside)).and_then(|()| {
                self.disk.rename(&self.beside, &self.path) //
            });
            if let Err(e) = placed {
                let _ = self.disk.remove_file(&self.beside);
                return Err(storage(&self.path, "write", e));
            }
        }
        Ok(())
    }

    fn named(&self, cause: io::Error) -> io::Error {
        io::Error::new(cause.kind(), format!("{}: cannot write: {cause}", self.path.display()))
    }
}

impl Write for FileWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.as_mut().map_or(Ok(bytes.len()), |inner| inner.write(bytes));
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
