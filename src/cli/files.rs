//! The files that commands touch outside an output root: run file and value files in, starting point and sample out.

use crate::error::{Error, Result};
use std::path::Path;

/// Run files and value files beyond this are a mistake (a movement file named in the wrong place).
const LARGEST: u64 = 64 << 20;

/// Reads a small configuration file. Anything but a regular file is refused before it can block.
pub(super) fn read_configuration(path: &Path) -> Result<Vec<u8>> {
    let fault = |what: String| Error::Usage(format!("{}: {what}", path.display()));
    let about = std::fs::metadata(path).map_err(|e| fault(format!("cannot be read: {e}")))?;
    if !about.is_file() {
        return Err(fault("expected a file".to_owned()));
    }
    if about.len() > LARGEST {
        return Err(fault(format!("{} bytes; a configuration file has at most {LARGEST}", about.len())));
    }
    std::fs::read(path).map_err(|e| fault(format!("cannot be read: {e}")))
}

/// Fails with the path named.
pub(super) fn storage(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |fault| Error::Storage(format!("{}: {fault}", path.display()))
}

/// Writes a file beside its place and renames it there, so that a reader sees the old one or the new one. Links are replaced,
/// not followed.
pub(super) fn replace<T>(path: &Path, body: impl FnOnce(&mut (dyn std::io::Write + Send)) -> std::io::Result<T>) -> Result<T> {
    let Some(name) = path.file_name() else {
        return Err(Error::Usage(format!("{}: expected the name of a file", path.display())));
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(beside);
    let outcome = write_and_rename(&beside, path, body);
    if outcome.is_err() {
        // Best effort: the fault that is told is the one that came first.
        let _ = std::fs::remove_file(&beside);
    }
    outcome.map_err(storage(path))
}

fn write_and_rename<T>(
    beside: &Path,
    path: &Path,
    body: impl FnOnce(&mut (dyn std::io::Write + Send)) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(beside)?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    let value = body(&mut out)?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(beside, path)?;
    Ok(value)
}
