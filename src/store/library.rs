//! Writing an edition into a factor library: the folder by one rename, then `sources.csv` by another.
//!
//! A library between the two renames has a folder without a row, which every load refuses with that reason; the same import with
//! `--replace` mends it.

use super::disk::{Disk, sorted_entries};
use super::files::{exists, write_file};
use super::storage;
use crate::error::Result;
use std::path::{Path, PathBuf};

/// Puts an edition into the library at `dir`: `tables` are names and contents of the files of `folder` (`source/edition`),
/// `sources` is the whole new `sources.csv`. An edition of this name gives way, with everything in its folder.
pub fn write_edition(
    disk: &dyn Disk,
    dir: &Path,
    folder: &str,
    tables: &[(&str, &[u8])],
    sources: &[u8],
) -> Result<()> {
    let target = dir.join(folder);
    let new = beside(&target, "new");
    let written = tables
        .iter()
        .try_for_each(|(name, bytes)| write_file(disk, &new.join(name), bytes));
    if let Err(fault) = written.and_then(|()| exchange(disk, &new, &target)) {
        // Best effort: the fault that is told is the one that came first.
        let _ = remove_folder(disk, &new);
        return Err(fault);
    }
    write_file(disk, &dir.join("sources.csv"), sources)
}

/// A hidden neighbour, which reading a library passes over.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    path.with_file_name(format!(".{name}.{}.{ending}", std::process::id()))
}

/// The new folder in the place of the old one; the old one is put back when that fails.
fn exchange(disk: &dyn Disk, new: &Path, target: &Path) -> Result<()> {
    let old = beside(target, "old");
    let had_one = exists(target).map_err(|e| storage(target, "read", e))?;
    if had_one {
        disk.rename(target, &old)
            .map_err(|e| storage(target, "move aside", e))?;
    }
    if let Err(fault) = disk.rename(new, target) {
        if had_one {
            let _ = disk.rename(&old, target);
        }
        return Err(storage(target, "write", fault));
    }
    if had_one {
        remove_folder(disk, &old)
    } else {
        Ok(())
    }
}

/// Removes a folder with what is in it; links are removed, not followed.
fn remove_folder(disk: &dyn Disk, folder: &Path) -> Result<()> {
    for path in sorted_entries(folder).map_err(|e| storage(folder, "read", e))? {
        let is_folder = path.symlink_metadata().is_ok_and(|m| m.is_dir());
        if is_folder {
            remove_folder(disk, &path)?;
        } else {
            disk.remove_file(&path)
                .map_err(|e| storage(&path, "remove", e))?;
        }
    }
    disk.remove_dir(folder)
        .map_err(|e| storage(folder, "remove", e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::RealDisk;
    use crate::store::fault::{ENOSPC, Fault, FaultyDisk};
    use crate::store::reference::read_library;

    #[test]
    fn an_edition_is_there_as_a_whole_and_gives_way_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        write_edition(
            &RealDisk,
            dir.path(),
            "own/1",
            &[("transport.csv", b"a"), ("hub.csv", b"b")],
            b"s1",
        )
        .unwrap();
        write_edition(&RealDisk, dir.path(), "own/1", &[("hub.csv", b"c")], b"s2").unwrap();
        let files = read_library(dir.path()).unwrap();
        let found: Vec<(&str, &[u8])> = files
            .iter()
            .map(|f| (f.path.as_str(), f.bytes.as_slice()))
            .collect();
        assert_eq!(
            found,
            [("own/1/hub.csv", &b"c"[..]), ("sources.csv", &b"s2"[..])]
        );
        let names: Vec<_> = std::fs::read_dir(dir.path().join("own"))
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names, ["1"], "nothing is left beside it");
    }

    #[test]
    fn a_failing_disk_leaves_the_old_edition_or_the_new_one() {
        for at in 0.. {
            let dir = tempfile::tempdir().unwrap();
            write_edition(
                &RealDisk,
                dir.path(),
                "own/1",
                &[("hub.csv", b"old")],
                b"s1",
            )
            .unwrap();
            let disk = FaultyDisk::new(at, Fault::Errno(ENOSPC));
            let outcome = write_edition(
                &disk,
                dir.path(),
                "own/1",
                &[("hub.csv", b"new"), ("energy.csv", b"new")],
                b"s2",
            );
            let files = read_library(dir.path()).unwrap();
            let edition: Vec<&[u8]> = files
                .iter()
                .filter(|f| f.path.starts_with("own/"))
                .map(|f| f.bytes.as_slice())
                .collect();
            assert!(
                edition == [&b"old"[..]] || edition == [b"new", b"new"],
                "operation {at}: {edition:?}"
            );
            if outcome.is_ok() && !disk.has_struck() {
                assert!(at > 5, "the disk never failed");
                return;
            }
        }
    }
}
