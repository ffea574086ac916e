//! The operations through which everything is written, as a trait so that a test can make any one of them fail.
//!
//! Reading is not here: a reader needs no order of operations, and a failed read changes nothing on disk.

use super::path::same_file;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What came of an attempt to lock a file.
pub enum Claim {
    /// The lock is ours for as long as this handle is open.
    Taken(File),
    /// Somebody else has it; what they wrote about themselves, which may be empty.
    Held(String),
}

/// One operation each, so that "fail the n-th" means the same thing for every caller.
pub trait Disk: Send + Sync {
    /// Creates a file that must not exist yet.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Write + Send>>;
    /// Makes the content of a closed file durable.
    fn sync_file(&self, path: &Path) -> io::Result<()>;
    /// Tells the system that the durable part of a file is not read again soon, so that its memory can go to what comes next.
    /// Advice: nothing depends on whether it is taken.
    fn release(&self, _path: &Path) {}
    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Renames a file over a file, or a folder to a free name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Lets two names change places in one step, so that neither is free at any time; `Unsupported` where that cannot be done.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;
    /// Removes a file or link.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Creates one folder whose parent exists.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Creates a symbolic link to a folder.
    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()>;
    /// Takes the advisory lock on a file without waiting and writes `holder` into it.
    fn lock(&self, path: &Path, holder: &str) -> io::Result<Claim>;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Write + Send>> {
        Ok(Box::new(File::create_new(path)?))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        // Windows flushes only through a handle that may write.
        OpenOptions::new()
            .read(true)
            .write(cfg!(windows))
            .open(path)?
            .sync_all()
    }

    #[cfg(target_os = "linux")]
    fn release(&self, path: &Path) {
        if let Ok(file) = File::open(path) {
            let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if cfg!(windows) {
            return Ok(()); // a folder cannot be opened as a file there
        }
        match File::open(path)?.sync_all() {
            // Some network file systems have no such operation for folders: names are as durable as they get.
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            other => other,
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    #[cfg(target_os = "linux")]
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            // An old kernel, or a file system that has no such operation.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                Err(io::ErrorKind::Unsupported.into())
            }
            other => Ok(other?),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn exchange(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    #[cfg(unix)]
    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(target, link)
    }

    #[cfg(not(unix))]
    fn symlink(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Claim> {
        let mut file = open_lock(path)?;
        match file.try_lock() {
            Ok(()) => {
                if !is_signed_or_blank(&mut file)? {
                    return Err(refused("is not a lock of this program"));
                }
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                file.write_all(holder.as_bytes())?;
                Ok(Claim::Taken(file))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                // Where locks are mandatory the text cannot be read; the caller then says "unknown".
                let _ = file.take(4096).read_to_end(&mut text);
                Ok(Claim::Held(String::from_utf8_lossy(&text).into_owned()))
            }
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

/// What a holder's text begins with.
pub(crate) const SIGNATURE: &str = "process ";

/// Opens the file of a lock, and no other: nothing is written through a link or into a pipe. It is not emptied: until the lock
/// is ours the text in it belongs to the holder.
fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => options.create_new(true).open(path),
        Err(e) => Err(e),
        Ok(seen) if !seen.is_file() => Err(refused("is not a regular file")),
        Ok(seen) => {
            let file = options.open(path)?;
            if same_file(&seen, &file.metadata()?) {
                Ok(file)
            } else {
                Err(refused("replaced while it was being opened"))
            }
        }
    }
}

/// Whether a locked file holds what this program writes there (cut off, perhaps), so that nobody else's is emptied.
fn is_signed_or_blank(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(SIGNATURE.len() as u64).read_to_end(&mut head)?;
    Ok(SIGNATURE.as_bytes().starts_with(&head))
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

/// Creates a folder and its missing parents, one operation each; returns those that were created, outermost first.
pub(crate) fn create_dirs<'a>(disk: &dyn Disk, path: &'a Path) -> io::Result<Vec<&'a Path>> {
    let mut missing = Vec::new();
    for dir in path.ancestors().take_while(|d| !d.as_os_str().is_empty()) {
        match fs::metadata(dir) {
            Ok(m) if m.is_dir() => break,
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => missing.push(dir),
            Err(e) => return Err(e),
        }
    }
    missing.reverse();
    for dir in &missing {
        match disk.create_dir(dir) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {} // another writer needed the same parent
            other => other?,
        }
    }
    Ok(missing)
}

/// Removes a file or a folder with all it holds, one operation per entry; links are removed, not followed.
pub(crate) fn remove_tree(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
        Ok(m) if !m.is_dir() => return disk.remove_file(path),
        Ok(_) => {}
    }
    for entry in sorted_entries(path)? {
        remove_tree(disk, &entry)?;
    }
    disk.remove_dir(path)
}

/// Paths in a folder in byte order of their names, so that operations come in the same order on every machine.
pub(crate) fn sorted_entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(dir)?
        .map(|e| Ok(e?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort_by(|a, b| {
        a.as_os_str()
            .as_encoded_bytes()
            .cmp(b.as_os_str().as_encoded_bytes())
    });
    Ok(paths)
}
