//! `init DIR`: the factor library, reference data, sample and run file that ship inside the program, written to start from.
//! Never overwrites a file and never follows a link to one.

use super::Console;
use super::args::path;
use crate::error::Result;
use crate::store::disk::RealDisk;
use crate::store::files::write_new_tree;
use crate::store::shipped::{Shipped, all};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to write to; made if it does not exist
    #[arg(value_name = "DIR", value_parser = path())]
    dir: PathBuf,
}

/// Writes the starting point.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let files = written();
    write(&args.dir, &files)?;
    console.print(&summary(&args.dir, &files))?;
    Ok(ExitCode::SUCCESS)
}

/// What is written: the list of places stays in the program, where a change to it would have no effect.
fn written() -> Vec<Shipped> {
    let mut files = all();
    files.retain(|file| !file.path.starts_with("data/world/"));
    files
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
    use crate::store::shipped::shipped;

    #[test]
    fn what_init_writes_is_what_ships_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("start here");
        let files = written();
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
