//! Facts of the machine that a plan is resolved against: working directory, cores, memory.

use green_corridor::error::{Error, Result};
use green_corridor::run::plan::Surroundings;
use green_corridor::store::machine::memory;
use green_corridor::store::plain::plain;

/// Asks the operating system.
pub(super) fn surroundings() -> Result<Surroundings> {
    let working_directory = std::env::current_dir()
        .map_err(|e| Error::Usage(format!("the working directory cannot be found: {e}")))?;
    Ok(Surroundings {
        working_directory,
        cores: cores(),
        memory_bytes: memory(),
        plain,
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
