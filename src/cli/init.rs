//! `init DIR`: the factor library, reference data, sample and run file that ship inside the program, written to start from; with `--from`
//! a run file for somebody's own export. Never overwrites a file and never follows a link to one.

mod export;

use super::Console;
use super::args::path;
use crate::error::Result;
use crate::store::disk::RealDisk;
use crate::store::files::write_new_tree;
use include_dir::{Dir, DirEntry, include_dir};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

static FACTORS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/emission_factors");
static DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/data");
static TABLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/factor-tables");

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to write to; made if it does not exist [default with --from: this folder]
    #[arg(value_name = "DIR", value_parser = path(), required_unless_present = "from")]
    dir: Option<PathBuf>,
    /// Your own export: a file, folder or glob (CSV, NDJSON, JSON, Parquet, XLSX). Proposes run.toml and files of codes to fill in
    #[arg(long, value_name = "FILE")]
    from: Vec<String>,
}

/// A file inside the program.
struct Shipped {
    path: String,
    bytes: &'static [u8],
}

/// Writes the starting point.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let dir = args.dir.as_deref().unwrap_or(Path::new("."));
    if !args.from.is_empty() {
        return export::run(dir, &args.from, console);
    }
    let files = all();
    write(dir, &files)?;
    console.print(&summary(dir, &files))?;
    Ok(ExitCode::SUCCESS)
}

/// The text of a file inside the program, by its path as `init` writes it.
pub(super) fn shipped(path: &str) -> Option<&'static str> {
    let found = all().into_iter().find(|file| file.path == path)?;
    std::str::from_utf8(found.bytes).ok()
}

/// The files inside the program below one of the folders that `init` writes, by path below it.
pub(super) fn shipped_below(folder: &str) -> Vec<(String, &'static [u8])> {
    let below = |file: Shipped| {
        Some((
            file.path
                .strip_prefix(folder)?
                .strip_prefix('/')?
                .to_owned(),
            file.bytes,
        ))
    };
    all().into_iter().filter_map(below).collect()
}

/// Every file, in order of path.
fn all() -> Vec<Shipped> {
    let mut files = Vec::new();
    collect(&FACTORS, "emission_factors", &mut files);
    collect(&DATA, "data", &mut files);
    collect(&TABLES, "factor-tables", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(dir: &'static Dir<'static>, root: &str, files: &mut Vec<Shipped>) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(below) => collect(below, root, files),
            DirEntry::File(file) => {
                let parts: Vec<_> = file
                    .path()
                    .components()
                    .map(|c| c.as_os_str().to_string_lossy())
                    .collect();
                files.push(Shipped {
                    path: format!("{root}/{}", parts.join("/")),
                    bytes: file.contents(),
                });
            }
        }
    }
}

fn write(dir: &Path, files: &[Shipped]) -> Result<()> {
    let tree: Vec<(&str, &[u8])> = files.iter().map(|f| (f.path.as_str(), f.bytes)).collect();
    write_new_tree(&RealDisk, dir, &tree)
}

fn summary(dir: &Path, files: &[Shipped]) -> String {
    let mut text = format!("Written to {}:\n", dir.display());
    for (folder, what) in [
        (
            "emission_factors",
            "the factor library: sources, operations, factors, profiles",
        ),
        (
            "data",
            "places, distances, containers, zones, corridors, and the run file data/run.toml",
        ),
        (
            "factor-tables",
            "mapping templates for your own GLEC, Clean Cargo and carrier tables",
        ),
        (
            "data/movements",
            "a generated month of Chongqing - Singapore traffic; no real shipment is in it",
        ),
    ] {
        let inside = files.iter().filter(|f| {
            f.path
                .strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        });
        let (count, bytes) = inside.fold((0, 0), |(n, sum), f| (n + 1, sum + f.bytes.len()));
        text.push_str(&format!(
            "  {folder:<18}{count:>4} files {:>7} kB  {what}\n",
            bytes / 1000
        ));
    }
    let step = if dir == Path::new(".") {
        String::new()
    } else {
        format!("cd {} && ", shell_word(&dir.display().to_string()))
    };
    text.push_str(&format!("Next: {step}green-corridor run\n"));
    text
}

fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_init_writes_is_what_ships_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("start here");
        let files = all();
        write(&dir, &files).unwrap();
        let run_file = std::fs::read_to_string(dir.join("data/run.toml")).unwrap();
        assert_eq!(shipped("data/run.toml"), Some(run_file.as_str()));
        let refused = write(&dir, &files).unwrap_err();
        assert!(
            refused.exit_code() == 2 && refused.to_string().contains("more"),
            "{refused}"
        );
        assert!(
            dir.join("data/run.toml").exists(),
            "a refused second call takes nothing away"
        );
        assert!(summary(&dir, &files).contains("start here' && green-corridor run"));
    }
}
