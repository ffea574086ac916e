//! `init DIR`: the factor library, reference data, sample and run file that ship inside the program, written to start from; with `--from`
//! a run file for somebody's own export. Never overwrites a file and never follows a link to one.

mod export;

use super::Console;
use super::args::path;
use green_corridor::Result;
use green_corridor::shipped_files::{Shipped, write, written};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder to write to; made if it does not exist [default with --from: this folder]
    #[arg(value_name = "DIR", value_parser = path(), required_unless_present = "from")]
    dir: Option<PathBuf>,
    /// Your own export: a file, folder or glob (CSV, NDJSON, JSON, Parquet, XLSX). Proposes run.toml and files of codes to fill in
    #[arg(long, value_name = "FILE")]
    from: Vec<String>,
}

/// Writes the starting point.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let dir = args.dir.as_deref().unwrap_or(Path::new("."));
    if !args.from.is_empty() {
        return export::run(dir, &args.from, console);
    }
    let files = written();
    write(dir, &files)?;
    console.print(&summary(dir, &files))?;
    Ok(ExitCode::SUCCESS)
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
        (
            "data/settlement",
            "who owes whom what for that month; all parties are invented",
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
    use green_corridor::shipped_files::text_of;

    #[test]
    fn what_init_writes_is_what_ships_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("start here");
        let files = written();
        write(&dir, &files).unwrap();
        let run_file = std::fs::read_to_string(dir.join("data/run.toml")).unwrap();
        assert_eq!(text_of("data/run.toml"), Some(run_file.as_str()));
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
