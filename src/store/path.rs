//! Paths inside a folder that we own: checked names, opening without ever following a link, a full listing.
//!
//! Input files are not opened here: users may well reach them through links.

use super::commit::make_dirs;
use super::disk::{Disk, sorted_entries};
use super::storage;
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Whether `relative` is a plain path below a root: names joined by `/`, none of them empty, `.` or `..`.
pub(crate) fn is_plain(relative: &str) -> bool {
    let name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
    relative.split('/').all(name)
}

/// Opens a regular file below `root`; a link anywhere on the way below the root is refused.
pub(crate) fn open_below(root: &Path, relative: &str) -> io::Result<File> {
    if !is_plain(relative) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a path below the folder",
        ));
    }
    let mut path = root.to_path_buf();
    let mut parts = relative.split('/').peekable();
    while let Some(part) = parts.next() {
        path.push(part);
        let seen = fs::symlink_metadata(&path)?;
        let wanted = if parts.peek().is_some() {
            seen.is_dir()
        } else {
            seen.is_file()
        };
        if !wanted {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{part} is {}", kind(&seen)),
            ));
        }
        if parts.peek().is_none() {
            let file = File::open(&path)?;
            if !same_file(&seen, &file.metadata()?) {
                return Err(io::Error::other("replaced while it was being opened"));
            }
            return Ok(file);
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// Opens a file of a published run: a missing one, or something else in its place, is a failed verification (exit 7); that it
/// cannot be opened is not (exit 6).
pub(crate) fn open_part(run_dir: &Path, relative: &str) -> Result<File> {
    open_below(run_dir, relative).map_err(|e| {
        let path = below(run_dir, relative);
        match e.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::InvalidInput => {
                Error::Verification(format!("{}: {e}", path.display()))
            }
            _ => super::storage(&path, "open", e),
        }
    })
}

/// Reads a small file of an output root. A pipe that stands in its place is refused before it can block.
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let seen = fs::metadata(path)?;
    if !seen.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("it is {}", kind(&seen)),
        ));
    }
    fs::read(path)
}

/// What a folder holds, all levels.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Regular files, relative, with `/`, and their sizes.
    pub files: Vec<(String, u64)>,
    /// Folders, parents before children.
    pub dirs: Vec<String>,
    /// Links, pipes and the like, with what they are.
    pub others: Vec<(String, &'static str)>,
}

/// Lists a folder without following links.
pub(crate) fn list_below(root: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut pending = vec![(root.to_path_buf(), String::new())];
    while let Some((dir, prefix)) = pending.pop() {
        for path in sorted_entries(&dir)? {
            let name = path
                .file_name()
                .map(|n| n.to_string_lossy().into_owned())
                .unwrap_or_default();
            let relative = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}/{name}")
            };
            let seen = fs::symlink_metadata(&path)?;
            if seen.is_dir() {
                listing.dirs.push(relative.clone());
                pending.push((path, relative));
            } else if seen.is_file() {
                listing.files.push((relative, seen.len()));
            } else {
                listing.others.push((relative, kind(&seen)));
            }
        }
    }
    listing.files.sort();
    listing.dirs.sort();
    listing.others.sort();
    Ok(listing)
}

/// `relative` below `root`, for the current platform.
pub(crate) fn below(root: &Path, relative: &str) -> PathBuf {
    let mut path = root.to_path_buf();
    path.extend(relative.split('/'));
    path
}

/// The folder that a path stands in, in a form that can be opened.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether a folder that we own is there. Anything else in its place is refused, a link above all: what it leads to is
/// somebody else's.
pub(crate) fn is_folder(path: &Path) -> Result<bool> {
    stands(path, "a folder", fs::Metadata::is_dir)
}

/// The same for a file that is going to be replaced.
pub(crate) fn is_file(path: &Path) -> Result<bool> {
    stands(path, "a file", fs::Metadata::is_file)
}

fn stands(path: &Path, wanted: &str, is_wanted: fn(&fs::Metadata) -> bool) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(storage(path, "read", e)),
        Ok(seen) if is_wanted(&seen) => Ok(true),
        Ok(seen) => Err(Error::Storage(format!(
            "{}: is {}, expected {wanted} or nothing there",
            path.display(),
            kind(&seen)
        ))),
    }
}

/// Makes a folder that we own, level by level below `root`, which may be reached through links as its user likes.
pub(crate) fn make_below(disk: &dyn Disk, root: &Path, relative: &str) -> Result<PathBuf> {
    if !is_plain(relative) {
        return Err(Error::Internal(format!(
            "{relative:?} is not a path below a folder"
        )));
    }
    make_dirs(disk, root)?;
    let mut dir = root.to_path_buf();
    for name in relative.split('/') {
        dir.push(name);
        if !is_folder(&dir)? {
            match disk.create_dir(&dir) {
                // Another command needed the same folder, if it is one.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => is_folder(&dir).map(drop)?,
                made => made
                    .and_then(|()| disk.sync_dir(parent(&dir)))
                    .map_err(|e| storage(&dir, "create folder", e))?,
            }
        }
    }
    Ok(dir)
}

/// What kind of thing stands there, for a message.
pub(crate) fn kind(metadata: &fs::Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_dir() {
        return "a folder";
    }
    if kind.is_file() {
        return "a file";
    }
    if kind.is_symlink() {
        return "a link";
    }
    special(kind)
}

#[cfg(unix)]
fn special(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "a device"
    } else {
        "neither file nor folder"
    }
}

#[cfg(not(unix))]
fn special(_: fs::FileType) -> &'static str {
    "neither file nor folder"
}

#[cfg(unix)]
pub(crate) fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
pub(crate) fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    (a.len(), a.created().ok()) == (b.len(), b.created().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths() {
        assert!(is_plain("elements/part-00000.parquet"));
        assert!(!is_plain("../x") && !is_plain("/x") && !is_plain("a//b"));
    }

    #[test]
    fn plain_paths_only() {
        for bad in [
            "", "/", "a/", "/a", "..", "a/../b", "./a", "a\\b", "C:/a", "a\0",
        ] {
            assert!(!is_plain(bad), "{bad:?}");
            assert!(open_below(Path::new("."), bad).is_err(), "{bad:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_refused_at_every_level() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("run");
        fs::create_dir_all(root.join("real")).unwrap();
        fs::write(root.join("real/file"), "x").unwrap();
        symlink("real", root.join("folder")).unwrap();
        symlink("real/file", root.join("file")).unwrap();
        assert!(open_below(&root, "real/file").is_ok());
        assert_eq!(
            open_below(&root, "folder/file").unwrap_err().to_string(),
            "folder is a link"
        );
        assert_eq!(
            open_below(&root, "file").unwrap_err().to_string(),
            "file is a link"
        );
        assert_eq!(
            open_below(&root, "real").unwrap_err().to_string(),
            "real is a folder"
        );
        let listing = list_below(&root).unwrap();
        assert_eq!(listing.files, [("real/file".to_owned(), 1)]);
        assert_eq!(listing.dirs, ["real"]);
        assert_eq!(
            listing.others,
            [
                ("file".to_owned(), "a link"),
                ("folder".to_owned(), "a link")
            ]
        );
    }
}
