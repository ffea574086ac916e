//! From what the command line says to a plan: the run file and the files that it names are read, the machine is asked.

use crate::error::{Error, ErrorKind, Result};
use crate::run::plan::{Flags, Origin, Plan, Surroundings};
use crate::run::prepare::find_inputs;
use crate::run::record_refusal;
use crate::store::files::{is_file, read_file};
use crate::store::machine::memory;
use crate::store::plain::plain;
use std::path::Path;

/// A run file beyond this is a mistake (a movement file named in the wrong place), and so is a value file beyond the other.
const LARGEST_RUN_FILE: u64 = 4 << 20;
const LARGEST_CONFIGURATION: u64 = 64 << 20;

/// A plan that is not worth a process of its own is smaller: starting one takes two milliseconds; a run of so many bytes takes more than
/// thirty times as long.
const LARGE: u64 = 8 << 20;

impl Plan {
    /// The plan of a run file and of what was said beside it. One that cannot be resolved is told to those who watch the output root,
    /// where it is known and `is_to_run`.
    pub fn open(flags: &Flags, is_to_run: bool) -> Result<Plan> {
        let here = surroundings()?;
        let mut read = None;
        let plan = Plan::run_file(flags, &|path| {
            is_file(path).map_err(|e| Error::Usage(format!("{}: cannot read: {e}", path.display())))
        })
        .and_then(|run_file| {
            let bytes = run_file.as_deref().map(written).transpose()?;
            let (run_file, bytes) = read.insert((run_file, bytes));
            let named = run_file.as_deref().zip(bytes.as_deref());
            Plan::resolve(named, flags, &here, &configuration)
        });
        plan.inspect_err(|error| {
            let named = read
                .as_ref()
                .and_then(|(path, bytes)| path.as_deref().zip(bytes.as_deref()));
            if let Some(out) = Plan::stated_out(named, flags, &here)
                && !flags.dry_run
                && is_to_run
            {
                record_refusal(&out, error);
            }
        })
    }

    /// Whether the run is so large, or its input so likely to claim more memory than it is given, that it should be watched from outside.
    pub fn is_worth_watching(&self) -> bool {
        // What is wrong with the inputs is told by the run itself.
        find_inputs(self, &crate::progress::Silent).is_ok_and(|inputs| {
            let is_bound = self.origin("limits.memory") != Origin::Default;
            let unpacks = |name: &str| {
                let name = name.to_ascii_lowercase();
                [".parquet", ".gz", ".zst"]
                    .iter()
                    .any(|end| name.ends_with(end))
            };
            inputs.bytes() >= LARGE || is_bound && inputs.files.iter().any(|f| unpacks(&f.name))
        })
    }
}

fn written(run_file: &Path) -> Result<Vec<u8>> {
    read_file(run_file, LARGEST_RUN_FILE).map_err(|e| e.of_kind(ErrorKind::Usage))
}

fn configuration(path: &Path) -> Result<Vec<u8>> {
    read_file(path, LARGEST_CONFIGURATION).map_err(|e| e.of_kind(ErrorKind::Usage))
}

/// Facts of the machine that a plan is resolved against.
fn surroundings() -> Result<Surroundings> {
    let working_directory = std::env::current_dir()
        .map_err(|e| Error::Usage(format!("the working directory cannot be found: {e}")))?;
    Ok(Surroundings {
        working_directory,
        cores: std::thread::available_parallelism().map_or(1, |n| n.get()),
        memory_bytes: memory(),
        plain,
    })
}
