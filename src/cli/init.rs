//! `init DIR`: the factor library, reference data, sample and run file that ship inside the program, written to start from.
//! Never overwrites a file and never follows a link to one.

use super::{Console, files};
use crate::error::{Error, Result};
use include_dir::{Dir, DirEntry, include_dir};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

static FACTORS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/emission_factors");
static DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/data");

/// Existing files that a refusal names; beyond it only counts.
const NAMED: usize = 10;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to write to; made if it does not exist
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// A file inside the program.
struct Shipped {
    path: PathBuf,
    bytes: &'static [u8],
}

/// Writes the starting point.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let files = all();
    refuse_existing(&args.dir, &files)?;
    write_all(&args.dir, &files)?;
    console.print(&summary(&args.dir, &files))?;
    Ok(ExitCode::SUCCESS)
}

/// The text of a file inside the program, by its path as `init` writes it.
pub(super) fn shipped(path: &str) -> Option<&'static str> {
    let found = all().into_iter().find(|file| file.path == Path::new(path))?;
    std::str::from_utf8(found.bytes).ok()
}

/// Every file, in order of path.
fn all() -> Vec<Shipped> {
    let mut files = Vec::new();
    collect(&FACTORS, Path::new("emission_factors"), &mut files);
    collect(&DATA, Path::new("data"), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(dir: &'static Dir<'static>, root: &Path, files: &mut Vec<Shipped>) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(below) => collect(below, root, files),
            DirEntry::File(file) => files.push(Shipped { path: root.join(file.path()), bytes: file.contents() }),
        }
    }
}

fn refuse_existing(dir: &Path, files: &[Shipped]) -> Result<()> {
    if dir.exists() && !dir.is_dir() {
        return Err(Error::Usage(format!("{}: exists and is not a folder", dir.display())));
    }
    // A dangling link is there, too.
    let existing: Vec<String> = files
        .iter()
        .map(|file| dir.join(&file.path))
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if existing.is_empty() {
        return Ok(());
    }
    let more = existing.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = existing[..existing.len() - more].join(", ");
    Err(Error::Usage(format!("nothing written, because these files exist: {named}{rest}; name an empty or new folder")))
}

/// Writes every file anew; after a failure takes back what it wrote.
fn write_all(dir: &Path, files: &[Shipped]) -> Result<()> {
    let mut written: Vec<PathBuf> = Vec::new();
    for file in files {
        let path = dir.join(&file.path);
        if let Err(fault) = write_new(&path, file.bytes, &mut written) {
            for path in &written {
                // Best effort: the fault that is told is the one that came first.
                let _ = std::fs::remove_file(path);
            }
            return Err(fault);
        }
    }
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8], written: &mut Vec<PathBuf>) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(files::storage(folder))?;
    }
    let mut out = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(files::storage(path))?;
    written.push(path.to_owned());
    out.write_all(bytes).and_then(|()| out.sync_all()).map_err(files::storage(path))
}

fn summary(dir: &Path, files: &[Shipped]) -> String {
    let mut text = format!("Written to {}:\n", dir.display());
    for (folder, what) in [
        ("emission_factors", "the factor library: sources, operations, factors, profiles"),
        ("data", "places, distances, containers, zones, corridors, and the run file data/run.toml"),
        ("data/movements", "a generated month of Chongqing - Singapore traffic; no real shipment is in it"),
    ] {
        let inside = files.iter().filter(|f| f.path.starts_with(folder));
        let (count, bytes) = inside.fold((0, 0), |(n, sum), f| (n + 1, sum + f.bytes.len()));
        text.push_str(&format!("  {folder:<18}{count:>4} files {:>7} kB  {what}\n", bytes / 1000));
    }
    let step = if dir == Path::new(".") { String::new() } else { format!("cd {} && ", shell_word(&dir.display().to_string())) };
    text.push_str(&format!("Next: {step}green-corridor run\n"));
    text
}

fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_init_writes_is_what_ships_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("start here");
        let files = all();
        refuse_existing(&dir, &files).unwrap();
        write_all(&dir, &files).unwrap();
        let run_file = std::fs::read_to_string(dir.join("data/run.toml")).unwrap();
        assert_eq!(shipped("data/run.toml"), Some(run_file.as_str()));
        assert!(matches!(refuse_existing(&dir, &files), Err(Error::Usage(text)) if text.contains("more")));
        assert!(write_all(&dir, &files).is_err());
        assert!(dir.join("data/run.toml").exists(), "a refused second call takes nothing away");
        assert!(summary(&dir, &files).contains("start here' && green-corridor run"));
    }
}
