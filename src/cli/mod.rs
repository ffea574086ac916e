//! The command line: parses, calls the library, turns the outcome into text and an exit code. No figure is made here.

mod args;
mod beside;
mod compare;
mod completions;
mod convert;
mod diff;
mod explain;
mod export;
mod factors;
mod init;
mod man;
mod places;
mod progress;
mod query;
mod rejects;
mod report;
mod rollback;
mod run;
mod sample;
mod serve;
mod settle;
mod statement;
mod summary;
mod supervise;
mod track;
mod verify;
mod year_over_year;

use args::CommandLine;
pub(crate) use args::command;
use clap::Parser;
use green_corridor::process::Console;
use green_corridor::text::visible_lines;
use green_corridor::{Engine, Error, Interrupt, LogMode, Progress, Result};
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};

/// The last panic, for the one line that a fault of this program ends with. Whoever catches a panic on purpose (a decoder's,
/// on a broken file) leaves no trace on standard error.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// What the command line said about the form of log lines, for the line after a panic.
static LOG_SAID: OnceLock<Option<LogMode>> = OnceLock::new();

/// Runs a command line and returns the process exit code. Never panics.
pub(crate) fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        let what = info.payload_as_str().unwrap_or("no message");
        let place = info.location().map_or(String::new(), |at| {
            format!(" at {}:{}", at.file(), at.line())
        });
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = format!("{what}{place}");
        }
    }));
    green_corridor::process::end_in_order(supervise::is_child());
    green_corridor::process::raise_limit();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    guarded(|| parse_and_run(&arguments))
}

/// The engine of an output root, which signals interrupt.
fn engine_at(out: &Path, progress: &Arc<dyn Progress>) -> Result<Engine> {
    Ok(Engine::at(out).watched(Arc::clone(progress), Interrupt::install()?))
}

/// How the standard library says that the system refuses a thread.
const NO_THREAD: &str = "failed to spawn thread";

/// Turns a panic into exit 70 and one line.
fn guarded(body: impl FnOnce() -> ExitCode + std::panic::UnwindSafe) -> ExitCode {
    std::panic::catch_unwind(body).unwrap_or_else(|_| {
        let what = LAST_PANIC.lock().map_or(String::new(), |last| last.clone());
        let fault = match what.contains(NO_THREAD) {
            true => Error::Limit(format!(
                "the system gives no more threads or memory: {what}"
            )),
            false => Error::Internal(format!("internal fault: {what}")),
        };
        Console::new(LOG_SAID.get().copied().flatten()).error(&fault);
        ExitCode::from(fault.exit_code())
    })
}

fn parse_and_run(arguments: &[OsString]) -> ExitCode {
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(answer) => {
            // Help and version are answers on standard output, everything else is wrong use. A closed pipe is no fault.
            let code = match print_answer(&answer) {
                _ if answer.use_stderr() => 2,
                Err(fault) if fault.kind() != std::io::ErrorKind::BrokenPipe => {
                    let fault = Error::Storage(format!("standard output: {fault}"));
                    Console::default().error(&fault);
                    fault.exit_code()
                }
                _ => 0,
            };
            return ExitCode::from(code);
        }
    };
    let _ = LOG_SAID.set(line.log);
    let console = Console::new(line.log);
    line.command.run(&console).unwrap_or_else(|error| {
        console.error(&error);
        ExitCode::from(error.exit_code())
    })
}

/// Prints help, version or what is wrong with a command line, whose words may hold anything.
fn print_answer(answer: &clap::Error) -> std::io::Result<()> {
    let text = answer.render().to_string();
    match visible_lines(&text) {
        Cow::Borrowed(_) => answer.print(),
        Cow::Owned(text) => std::io::stderr().lock().write_all(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_in_exit_70() {
        let code = guarded(|| panic!("a fault made for this test"));
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(70)));
    }
}
