//! A run under a parent that may lose it: the program starts itself again, waits, and puts in order what a child leaves that was ended
//! by a signal: the stage is removed, status and log say why.
//!
//! Unix only; elsewhere a run is its own process.

use green_corridor::plan::{self, Plan};
use green_corridor::process::is_bounded;
use green_corridor::{Error, Result};
use std::process::ExitCode;

/// Whether a run is supervised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Isolate {
    /// Where it costs little beside the run, or memory is short: a limit is set for compressed input, or by the system
    #[default]
    Auto,
    /// In any case
    Always,
    /// Never
    Never,
}

/// Tells a child that it is one.
const CHILD: &str = "GREEN_CORRIDOR_SUPERVISED";

/// Whether this process is the child.
pub(super) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Whether the run of this plan is to be supervised by this process.
pub(super) fn is_wanted(isolate: Isolate, plan: &Plan) -> bool {
    match isolate {
        _ if is_child() || cfg!(not(unix)) => false,
        Isolate::Always => true,
        Isolate::Never => false,
        Isolate::Auto if is_bounded() => true,
        Isolate::Auto => plan.is_worth_watching(),
    }
}

/// How often a child looks whether its parent was stopped.
#[cfg(target_os = "linux")]
const GLANCE: std::time::Duration = std::time::Duration::from_millis(200);

/// In the child: it ends with its parent, and stops with it (Ctrl-Z, SIGSTOP), of which the system tells it nothing.
#[cfg(target_os = "linux")]
pub(super) fn follow_parent() {
    use rustix::process::{Signal, getpid, getppid, kill_process, set_parent_process_death_signal};
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let Some(parent) = getppid() else { return };
    let state = format!("/proc/{}/stat", parent.as_raw_nonzero());
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(GLANCE);
            if std::fs::read_to_string(&state).is_ok_and(|text| is_stopped(&text)) {
                // The parent continues it, once it goes on itself.
                let _ = kill_process(getpid(), Signal::STOP);
            }
        }
    });
}

/// The state stands behind the name, which may hold anything.
#[cfg(target_os = "linux")]
fn is_stopped(stat: &str) -> bool {
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| rest.starts_with('T'))
}

/// The same where the system cannot be asked for it.
#[cfg(not(target_os = "linux"))]
pub(super) fn follow_parent() {}

/// Runs the same command line in a child and gives its exit code.
#[cfg(unix)]
pub(super) fn supervise(plan: &Plan) -> Result<ExitCode> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use std::os::unix::process::CommandExt;
    let internal = |what: &str, e: std::io::Error| Error::Internal(format!("{what}: {e}"));
    // What began ignored (`nohup`) stays so, here and in the child.
    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter();
    let heard: Vec<i32> = heard
        .filter(|&s| !green_corridor::process::is_ignored(s))
        .collect();
    let mut signals = signal_hook::iterator::Signals::new(heard)
        .map_err(|e| internal("cannot watch signals", e))?;
    let program = std::env::current_exe().map_err(|e| internal("cannot find this program", e))?;
    let mut child = std::process::Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(CHILD, "1")
        // A terminal's signals reach the child once, by way of this process.
        .process_group(0)
        .spawn()
        .map_err(|e| Error::Limit(format!("cannot start the run's process: {e}")))?;
    let id = child.id();
    std::thread::spawn(move || signals.forever().for_each(|signal| send(id, signal)));
    match ending(&mut child).map_err(|e| internal("cannot wait for the run", e))? {
        (Some(code), _) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))),
        (None, signal) => {
            let error = lost(signal.unwrap_or_default());
            plan::record_loss(plan, &error);
            Err(error)
        }
    }
}

/// Waits for the child: its exit code, or the signal that ended it. One that has stopped is continued, for who waits here does work.
#[cfg(target_os = "linux")]
fn ending(child: &mut std::process::Child) -> std::io::Result<(Option<i32>, Option<i32>)> {
    use rustix::io::Errno;
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    loop {
        match waitpid(process, WaitOptions::UNTRACED) {
            Ok(Some((stopped, status))) if status.stopped() => {
                let _ = kill_process(stopped, Signal::CONT);
            }
            Ok(Some((_, status))) => {
                return Ok((status.exit_status(), status.terminating_signal()));
            }
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The same where a child is not stopped with its parent.
#[cfg(all(unix, not(target_os = "linux")))]
fn ending(child: &mut std::process::Child) -> std::io::Result<(Option<i32>, Option<i32>)> {
    use std::os::unix::process::ExitStatusExt;
    child.wait().map(|ended| (ended.code(), ended.signal()))
}

#[cfg(not(unix))]
pub(super) fn supervise(_: &Plan) -> Result<ExitCode> {
    Err(Error::Internal("a run is never supervised here".into()))
}

#[cfg(target_os = "linux")]
fn send(process: u32, signal: i32) {
    use rustix::process::{Pid, Signal, kill_process};
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    if let (Some(process), Some(signal)) = (process, Signal::from_named_raw(signal)) {
        let _ = kill_process(process, signal);
    }
}

#[cfg(not(target_os = "linux"))]
fn send(_: u32, _: i32) {}

/// Why a run was ended by a signal.
#[cfg(unix)]
fn lost(signal: i32) -> Error {
    use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGXFSZ};
    let ended = |by: &str| format!("the run's process was ended by {by}; nothing was published");
    match signal {
        SIGABRT => Error::Limit(ended(
            "the system, which had no more memory for it within its limit (SIGABRT); raise --memory-limit, or see what is wrong with the input",
        )),
        SIGKILL => Error::Limit(ended(
            "SIGKILL, as a system ends one that is short of memory",
        )),
        SIGXFSZ => Error::Storage(ended("a file that may not become larger (SIGXFSZ)")),
        SIGINT | SIGTERM | SIGHUP => Error::interrupted(signal),
        other => Error::Internal(ended(&format!("signal {other}"))),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_stopped_process_is_told_by_its_state() {
        assert!(is_stopped("7 (a) T 1 2"));
        assert!(!is_stopped("7 (a) S 1 2") && !is_stopped("7 (x) T y) R 1") && !is_stopped(""));
    }

    #[test]
    fn what_ended_a_child_has_an_exit_code() {
        let codes = [6, 9, 25, 15, 11].map(|signal| lost(signal).exit_code());
        assert_eq!(codes, [8, 8, 6, 143, 70]);
    }
}
