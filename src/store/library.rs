//! Writing an edition into a factor library: the folder by one rename, then `sources.csv` by another.
//!
//! A library between the two renames has a folder without a row, which every load refuses with that reason; the same import with
//! `--replace` mends it.

use super::disk::{Disk, make_aside, remove_tree};
use super::files::{exists, write_file};
use super::path::{is_folder, make_below};
use super::storage;
use crate::error::Result;
use std::path::Path;

/// Puts an edition into the library at `dir`: `tables` are names and contents of the files of `folder` (`source/edition`),
/// `sources` is the whole new `sources.csv`. An edition of this name gives way, with everything in its folder.
pub(crate) fn write_edition(
    disk: &dyn Disk,
    dir: &Path,
    folder: &str,
    tables: &[(&str, &[u8])],
    sources: &[u8],
) -> Result<()> {
    let target = dir.join(folder);
    let parent = match folder.rsplit_once('/') {
        Some((source, _)) => make_below(disk, dir, source)?,
        None => dir.to_path_buf(),
    };
    is_folder(&target)?;
    // A hidden neighbour, which reading a library passes over; nobody can foresee its name.
    let made = make_aside(&parent, "edition", |aside| disk.create_dir(aside));
    let ((), aside) = made.map_err(|e| storage(&target, "write", e))?;
    let (new, old) = (aside.join("new"), aside.join("old"));
    let written = tables
        .iter()
        .try_for_each(|(name, bytes)| write_file(disk, &new.join(name), bytes))
        .and_then(|()| exchange(disk, &new, &target, &old))
        .and_then(|()| write_file(disk, &dir.join("sources.csv"), sources));
    let stands = |path: &Path| exists(path).map_err(|e| storage(path, "read", e));
    if stands(&old)? && !stands(&target)? {
        // It could not be put back, and is all there is.
        return written;
    }
    let removed = remove_tree(disk, &aside).map_err(|e| storage(&aside, "remove", e));
    // Of two faults the one that came first is told.
    written.and(removed)
}

/// The new folder in the place of the old one; the old one is put back when that fails.
fn exchange(disk: &dyn Disk, new: &Path, target: &Path, old: &Path) -> Result<()> {
    let had_one = exists(target).map_err(|e| storage(target, "read", e))?;
    if had_one {
        disk.rename(target, old)
            .map_err(|e| storage(target, "move aside", e))?;
    }
    disk.rename(new, target).map_err(|fault| {
        if had_one {
            let _ = disk.rename(old, target);
        }
        storage(target, "write", fault)
    })
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
