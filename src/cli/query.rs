//! `query OUT SQL`: starts `green-corridor-query`, a program of its own, because the data frame library that answers is larger
//! than everything else here together.

use super::Console;
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Name of the program that answers.
const PROGRAM: &str = "green-corridor-query";

/// Arguments of `query`, and of the program that answers.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output root
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
    /// Question; tables: elements, shipments, corridors, corridor_sections, factors, rejected
    #[arg(value_name = "SQL", allow_hyphen_values = true)]
    pub sql: String,
    /// Run that is asked [default: the current one]
    #[arg(long, value_name = "ID", conflicts_with = "all_runs")]
    pub run: Option<String>,
    /// Ask all runs together; every table then begins with the column run_id
    #[arg(long)]
    pub all_runs: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: QueryFormat,
    /// File for the answer [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum QueryFormat {
    /// Aligned columns for people
    #[default]
    Table,
    /// Comma-separated values
    Csv,
    /// An array of objects; decimals are texts
    Json,
    /// A Parquet file
    Parquet,
}

impl Args {
    /// The same command line again.
    fn words(&self, console: &Console) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        let mut say = |option: &str, value: &dyn AsRef<std::ffi::OsStr>| {
            let mut word = OsString::from(format!("--{option}="));
            word.push(value);
            words.push(word);
        };
        if let Some(log) = console.log_said {
            say("log", &log.code());
        }
        if let Some(run) = &self.run {
            say("run", run);
        }
        if let Some(format) = clap::ValueEnum::to_possible_value(&self.format) {
            say("format", &format.get_name());
        }
        if let Some(to) = &self.to {
            say("to", to);
        }
        if self.all_runs {
            words.push("--all-runs".into());
        }
        words.push("--".into());
        words.extend([self.out.clone().into_os_string(), self.sql.clone().into()]);
        words
    }
}

/// Hands the question on; the answer's exit code is that of the command.
///
/// Only the folder of this program is looked into, not PATH: what lies beside it was built with it and reads the same tables,
/// and no stranger's program of that name is started.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let here = std::env::current_exe();
    let here = here.map_err(|e| Error::Internal(format!("where this program lies: {e}")))?;
    let beside = here.with_file_name(format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX));
    if !beside.is_file() {
        return Err(Error::Usage(format!(
            "{} is not there; build it with: cargo build --release --locked -p {PROGRAM}",
            beside.display()
        )));
    }
    start(Command::new(&beside).args(args.words(console)), &beside)
}

/// Becomes the other program, so that signals and exit codes are its own.
#[cfg(unix)]
fn start(command: &mut Command, program: &Path) -> Result<ExitCode> {
    let fault = std::os::unix::process::CommandExt::exec(command);
    Err(not_started(program, &fault))
}

#[cfg(not(unix))]
fn start(command: &mut Command, program: &Path) -> Result<ExitCode> {
    let ended = command.status().map_err(|e| not_started(program, &e))?;
    let code = ended.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(70)))
}

fn not_started(program: &Path, fault: &std::io::Error) -> Error {
    Error::Storage(format!("{}: cannot start: {fault}", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_other_program_is_asked_the_same() {
        let said = [
            "x",
            "--run=ab",
            "--format=csv",
            "--to=-f.csv",
            "--",
            "-out",
            "-- why\nSELECT 1",
        ];
        let args = Line::parse_from(said).args;
        let words = args.words(&Console::default());
        let again = Line::parse_from([OsString::from("x")].into_iter().chain(words)).args;
        assert_eq!(format!("{args:?}"), format!("{again:?}"));
        assert_eq!(again.sql, "-- why\nSELECT 1");
    }
}
