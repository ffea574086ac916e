//! The folder in which a dry run works: private, under a name that nobody can foresee, gone with it. What a killed one left
//! goes at the next run, if it is certain that it is a folder of ours and that nobody works there.

use super::disk::{RealDisk, SIGNATURE, remove_tree, sorted_entries};
use super::layout::Layout;
use super::path::open_below;
use super::storage;
use crate::error::Result;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PREFIX: &str = "green-corridor-dry-run-";

/// Makes the folder in the system's folder for temporary files; it goes when it is dropped.
pub(crate) fn private_folder() -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let place = std::env::temp_dir();
    builder
        .tempdir_in(&place)
        .map_err(|e| storage(&place, "create folder in", e))
}

/// Removes the folders of killed dry runs in `place`; those that went. What cannot be read or removed is left to the next run.
pub(crate) fn remove_dead(place: &Path) -> Vec<PathBuf> {
    let mut folders = sorted_entries(place).unwrap_or_default();
    folders.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
            && dead(path).is_some_and(|lock| remove(path, lock).is_ok())
    });
    folders
}

/// The lock of a folder that was a dry run's of this user, which is ours now. A run that works holds it; one that has just made
/// the folder has not signed it yet; one that ended well takes its name back.
fn dead(folder: &Path) -> Option<File> {
    let seen = fs::symlink_metadata(folder).ok()?;
    if !seen.is_dir() || !is_own(&seen, folder) {
        return None;
    }
    let mut lock = open_below(folder, "lock").ok()?;
    lock.try_lock().ok()?;
    let mut head = vec![0; SIGNATURE.len()];
    lock.read_exact(&mut head).ok()?;
    (head == SIGNATURE.as_bytes()).then_some(lock)
}

/// The lock goes last: a removal that is cut off is taken up by the next run.
fn remove(folder: &Path, _held: File) -> io::Result<()> {
    let lock = Layout::new(folder).lock();
    for path in sorted_entries(folder)?.iter().filter(|path| **path != lock) {
        remove_tree(&RealDisk, path)?;
    }
    remove_tree(&RealDisk, folder)
}

/// Whether a folder belongs to this user, and nobody else may write there.
#[cfg(unix)]
fn is_own(seen: &Metadata, folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // What we make is owned by whom we are.
    let place = folder.parent().unwrap_or(Path::new("."));
    let made = tempfile::tempfile_in(place).and_then(|file| file.metadata());
    seen.mode() & 0o022 == 0 && made.is_ok_and(|made| made.uid() == seen.uid())
}

/// The folder for temporary files is the user's own.
#[cfg(not(unix))]
fn is_own(_: &Metadata, _: &Path) -> bool {
    true
}
