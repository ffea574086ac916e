//! Writing an edition into a factor library: its folder, and its row in `sources.csv`.
//!
//! Two names cannot change in one step, so the order is chosen for what a reader finds who comes in between, or after a power cut:
//! never tables under the row of other tables. A new edition is a folder without a row for that moment, one that gives way to
//! another row is a row without a folder; every load refuses both with that reason, and the same import again mends them.
//! Where only tables change, the folders change places in one step.

use super::aside::{clear_dead, make_held};
use super::commit::{Syncs, rename};
use super::disk::{Disk, remove_tree};
use super::files::{FileWriter, exists, read_file, whole, write_file};
use super::path::{is_folder, make_below, parent};
use super::reference::MAX_FILE_BYTES;
use super::storage;
use crate::error::Result;
use std::io;
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
    let above = match folder.rsplit_once('/') {
        Some((source, _)) => make_below(disk, dir, source)?,
        None => dir.to_path_buf(),
    };
    let had_one = is_folder(&target)?;
    let list = dir.join("sources.csv");
    let before = match exists(&list).map_err(|e| storage(&list, "read", e))? {
        true => read_file(&list, MAX_FILE_BYTES)?,
        false => Vec::new(),
    };
    // A hidden neighbour, which reading a library passes over; nobody can foresee its name.
    let made = make_held(&above, "edition", |aside| disk.create_dir(aside));
    let ((), aside) = made.map_err(|e| storage(&target, "write", e))?;
    let places = Places {
        disk,
        new: &aside.path.join("new"),
        old: &aside.path.join("old"),
        target: &target,
    };
    let written = tables
        .iter()
        .try_for_each(|(name, bytes)| write_file(disk, &places.new.join(name), bytes))
        .and_then(|()| match (had_one, before == sources) {
            (_, true) => places.swap(had_one),
            (false, false) => places.add(whole(disk, &list, sources)?),
            (true, false) => places.replace(whole(disk, &list, sources)?, &list, &before),
        });
    let stands = |path: &Path| exists(path).map_err(|e| storage(path, "read", e));
    if stands(places.old)? && !stands(&target)? {
        // It could not be put back, and is all there is.
        return written;
    }
    let removed = remove_tree(disk, &aside.path).map_err(|e| storage(&aside.path, "remove", e));
    drop(aside);
    if written.is_ok() {
        // Not before: a killed attempt may hold the only copy of the edition that was to give way.
        clear_dead(disk, &above);
    }
    // Of two faults the one that came first is told.
    written.and(removed)
}

/// Removes what killed imports of this edition left, unless it may be the only copy of the edition that was to give way.
pub(crate) fn clear_attempts(disk: &dyn Disk, dir: &Path, folder: &str) -> Result<()> {
    let target = dir.join(folder);
    if is_folder(&target)? {
        clear_dead(disk, parent(&target));
    }
    Ok(())
}

/// The folders of an edition that is put in its place.
struct Places<'a> {
    disk: &'a dyn Disk,
    new: &'a Path,
    old: &'a Path,
    target: &'a Path,
}

impl Places<'_> {
    fn sync(&self) -> Result<()> {
        Syncs::new(self.disk).dir(parent(self.target))
    }

    /// A new edition: tables, then the row.
    fn add(&self, row: FileWriter) -> Result<()> {
        rename(self.disk, self.new, self.target)?;
        self.sync()?;
        row.finish()
    }

    /// Tables alone, in one step where the system can.
    fn swap(&self, had_one: bool) -> Result<()> {
        if !had_one {
            rename(self.disk, self.new, self.target)?;
            return self.sync();
        }
        match self.disk.exchange(self.new, self.target) {
            Err(e) if e.kind() == io::ErrorKind::Unsupported => {
                rename(self.disk, self.target, self.old)?;
                rename(self.disk, self.new, self.target)
                    .inspect_err(|_| drop(self.disk.rename(self.old, self.target)))?;
            }
            exchanged => exchanged.map_err(|e| storage(self.target, "write", e))?,
        }
        self.sync()
    }

    /// Tables and their row: the old tables go, the row changes, the new ones come. What fails is undone.
    fn replace(&self, row: FileWriter, list: &Path, before: &[u8]) -> Result<()> {
        rename(self.disk, self.target, self.old)?;
        let outcome = self.sync().and_then(|()| row.finish());
        let outcome = outcome.and_then(|()| rename(self.disk, self.new, self.target));
        outcome.inspect_err(|_| {
            let is_unchanged = read_file(list, MAX_FILE_BYTES).is_ok_and(|now| now == before);
            if is_unchanged || write_file(self.disk, list, before).is_ok() {
                let _ = self.disk.rename(self.old, self.target);
            }
        })?;
        self.sync()
    }
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
