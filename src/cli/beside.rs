//! Commands that are programs of their own, because what they stand on is larger than everything else here together: started from
//! where this program lies. Their command lines are their own too.

use super::Console;
use green_corridor::{Error, Result};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Hands the words on to `program`; the exit code is that of the command.
///
/// Only the folder of this program is looked into, not PATH: what lies beside it was built with it and reads the same tables,
/// and no stranger's program of that name is started.
pub(super) fn run(program: &str, words: &[OsString], console: &Console) -> Result<ExitCode> {
    let here = std::env::current_exe();
    let here = here.map_err(|e| Error::Internal(format!("where this program lies: {e}")))?;
    let beside = here.with_file_name(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    if !beside.is_file() {
        return Err(Error::Usage(format!(
            "{} is not there; build it with: cargo build --release --locked -p {program}",
            beside.display()
        )));
    }
    let log = console.log_said.map(|log| format!("--log={}", log.code()));
    start(Command::new(&beside).args(log).args(words), &beside)
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
