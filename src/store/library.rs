//! Writing an edition into a factor library: the folder by one rename, then `sources.csv` by another.
//!
//! A library between the two renames has a folder without a row, which every load refuses with that reason; the same import with
//! `--replace` mends it.

use super::storage;
use crate::error::Result;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Puts an edition into the library at `dir`: `tables` are names and contents of the files of `folder` (`source/edition`),
/// `sources` is the whole new `sources.csv`. An edition of this name gives way.
pub fn write_edition(dir: &Path, folder: &str, tables: &[(&str, &[u8])], sources: &[u8]) -> Result<()> {
    let target = dir.join(folder);
    let parent = target.parent().unwrap_or(dir);
    fs::create_dir_all(parent).map_err(|e| storage(parent, "make", e))?;
    let new = beside(&target, "new");
    let outcome = write_folder(&new, tables).and_then(|()| exchange(&new, &target));
    if outcome.is_err() {
        // Best effort: the fault that is told is the one that came first.
        let _ = fs::remove_dir_all(&new);
    }
    outcome?;
    let (path, new) = (dir.join("sources.csv"), beside(&dir.join("sources.csv"), "new"));
    write_file(&new, sources)?;
    fs::rename(&new, &path).map_err(|e| storage(&path, "replace", e))
}

/// A hidden neighbour, which reading a library passes over.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    path.with_file_name(format!(".{name}.{}.{ending}", std::process::id()))
}

fn write_folder(folder: &Path, tables: &[(&str, &[u8])]) -> Result<()> {
    fs::create_dir(folder).map_err(|e| storage(folder, "make", e))?;
    tables.iter().try_for_each(|(name, bytes)| write_file(&folder.join(name), bytes))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| storage(path, "write", e))
}

/// The new folder in the place of the old one; the old one is put back when that fails.
fn exchange(new: &Path, target: &Path) -> Result<()> {
    let old = beside(target, "old");
    let had_one = target.symlink_metadata().is_ok();
    if had_one {
        fs::rename(target, &old).map_err(|e| storage(target, "move aside", e))?;
    }
    if let Err(fault) = fs::rename(new, target) {
        if had_one {
            let _ = fs::rename(&old, target);
        }
        return Err(storage(target, "write", fault));
    }
    if had_one { fs::remove_dir_all(&old).map_err(|e| storage(&old, "remove", e)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::reference::read_library;

    #[test]
    fn an_edition_is_there_as_a_whole_and_gives_way_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        write_edition(dir.path(), "own/1", &[("transport.csv", b"a"), ("hub.csv", b"b")], b"s1").unwrap();
        write_edition(dir.path(), "own/1", &[("hub.csv", b"c")], b"s2").unwrap();
        let files = read_library(dir.path()).unwrap();
        let found: Vec<(&str, &[u8])> = files.iter().map(|f| (f.path.as_str(), f.bytes.as_slice())).collect();
        assert_eq!(found, [("own/1/hub.csv", &b"c"[..]), ("sources.csv", &b"s2"[..])]);
        let names: Vec<_> = fs::read_dir(dir.path().join("own")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["1"], "nothing is left beside it");
    }
}
