//! What is being written stands beside its place, hidden, under a name that nobody can foresee, and locked while its writer lives.
//!
//! A killed writer leaves it behind unlocked, which is how the next one knows that it may go. Where files cannot be locked (some
//! network file systems; Windows, where a lock is more than advice) nothing is certain, and it stays.

use super::disk::{Disk, remove_tree};
use super::reading::{kept, unread};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How often a name is made anew when somebody else took what stood there for a dead writer's, before it could be locked.
const ATTEMPTS: usize = 20;

/// Whether locks are advice, as on every system but Windows, where a lock would keep the writer itself from writing.
const ADVISES: bool = !cfg!(windows);

/// What the names end with.
const ASIDE: &str = ".green-corridor.tmp";

/// Something that this process is writing.
pub(crate) struct Aside {
    pub(crate) path: PathBuf,
    _held: Option<File>,
}

/// Makes something new in `dir` under a hidden name that nothing has and nobody can foresee, for what is going to be `name`.
/// `make` must fail where something stands, as everything does here that creates.
pub(crate) fn make_aside<T>(
    dir: &Path,
    name: &str,
    mut make: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<(T, PathBuf)> {
    // Names have a limit, which the name itself may have reached.
    let name: String = name.chars().take(40).collect();
    let mut path = PathBuf::new();
    let made = tempfile::Builder::new()
        .prefix(".")
        .suffix(&format!(".{name}{ASIDE}"))
        // What becomes of it goes through `Disk` as well.
        .disable_cleanup(true)
        .make_in(dir, |absolute| {
            path = dir.join(absolute.file_name().unwrap_or_default());
            make(&path)
        })?;
    Ok((made.into_parts().0, path))
}

/// Whether a name is one that [`make_aside`] gives.
pub(crate) fn is_aside(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") && name.ends_with(ASIDE.as_bytes())
}

/// The same, locked for as long as the result lives.
pub(crate) fn make_held<T>(
    dir: &Path,
    name: &str,
    mut make: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<(T, Aside)> {
    for _ in 0..ATTEMPTS {
        let (made, path) = make_aside(dir, name, &mut make)?;
        let held = if ADVISES { kept(&path) } else { Some(None) };
        if let Some(held) = held {
            return Ok((made, Aside { path, _held: held }));
        }
    }
    Err(io::Error::other("another process removes what is written"))
}

/// Removes what killed writers left in `dir`. A courtesy: what cannot be looked at or removed is left to the next one.
pub(crate) fn clear_dead(disk: &dyn Disk, dir: &Path) {
    if !ADVISES {
        return;
    }
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_ours = is_aside(&entry.file_name())
            && fs::symlink_metadata(&path).is_ok_and(|seen| seen.is_file() || seen.is_dir());
        if is_ours && let Some(Some(_lock)) = unread(&path) {
            let _ = remove_tree(disk, &path);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::store::disk::RealDisk;

    #[test]
    fn the_dead_go_and_the_living_and_strangers_stay() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let (_, living) = make_held(dir.path(), "a", |path| fs::create_dir(path)).unwrap();
        fs::create_dir(living.path.join("new")).unwrap();
        fs::create_dir_all(at(".x1y2z3.a.green-corridor.tmp/new")).unwrap();
        fs::write(at(".x1y2z3.b.green-corridor.tmp"), "dead").unwrap();
        fs::write(at(".config.json.tmp"), "somebody's").unwrap();
        fs::write(at("b.green-corridor.tmp"), "not hidden").unwrap();
        std::os::unix::fs::symlink("b.green-corridor.tmp", at(".l.green-corridor.tmp")).unwrap();
        clear_dead(&RealDisk, dir.path());
        let left = |name: &str| fs::symlink_metadata(at(name)).is_ok();
        assert!(living.path.join("new").is_dir());
        assert!(left(".config.json.tmp") && left("b.green-corridor.tmp"));
        assert!(
            left(".l.green-corridor.tmp"),
            "links are nobody's leftovers"
        );
        assert!(!left(".x1y2z3.a.green-corridor.tmp") && !left(".x1y2z3.b.green-corridor.tmp"));
        let path = living.path.clone();
        drop(living);
        clear_dead(&RealDisk, dir.path());
        assert!(!path.exists(), "its writer is gone");
    }
}
