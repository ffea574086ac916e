//! Interruption: a signal sets a flag, the work looks at the flag between its steps.
//!
//! Nothing happens in a signal handler beyond that. A broken pipe on stdout is the command line's affair.

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A flag shared by whoever may have to stop; 0, or the signal's number.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// A flag that no signal sets: for tests, and for use as a library inside somebody else's process.
    pub fn never() -> Interrupt {
        Interrupt::default()
    }

    /// A flag set by SIGINT, SIGTERM and SIGHUP, as far as they were not ignored when the process began (`nohup`,
    /// background jobs of a script). A second SIGINT ends the process at once; the next run cleans up.
    pub fn install() -> Result<Interrupt> {
        let interrupt = Interrupt::default();
        for &signal in SIGNALS.iter().filter(|&&signal| !is_ignored(signal)) {
            interrupt
                .watch(signal)
                .map_err(|e| Error::Internal(format!("cannot watch signal {signal}: {e}")))?;
        }
        Ok(interrupt)
    }

    /// Sets the flag as this signal would: for a process that handles signals itself.
    pub fn raise(&self, signal: i32) {
        let signal = usize::try_from(signal).unwrap_or(usize::MAX);
        self.signal.store(signal, Ordering::Relaxed);
    }

    /// [`Interrupted`](crate::error::ErrorKind::Interrupted) once a signal has come.
    pub fn check(&self) -> Result<()> {
        match self.signal.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Error::interrupted(
                i32::try_from(signal).unwrap_or(i32::MAX - 128),
            )),
        }
    }

    fn watch(&self, signal: i32) -> std::io::Result<()> {
        if signal == signal_hook::consts::SIGINT {
            let second = Arc::new(std::sync::atomic::AtomicBool::new(false));
            // In this order, so that the first one finds the switch still off.
            signal_hook::flag::register_conditional_shutdown(
                signal,
                128 + signal,
                Arc::clone(&second),
            )?;
            signal_hook::flag::register(signal, second)?;
        }
        signal_hook::flag::register_usize(signal, Arc::clone(&self.signal), signal as usize)
            .map(drop)
    }
}

#[cfg(unix)]
const SIGNALS: [i32; 3] = [
    signal_hook::consts::SIGINT,
    signal_hook::consts::SIGTERM,
    signal_hook::consts::SIGHUP,
];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];

/// Whether the parent asked for this signal to be ignored; known only where the kernel tells it as text.
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_mask(&status).is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

fn ignored_mask(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_seen_at_the_next_check() {
        let interrupt = Interrupt::never();
        interrupt.check().unwrap();
        interrupt.raise(15);
        let error = interrupt.clone().check().unwrap_err();
        assert_eq!(error.exit_code(), 143);
    }

    #[test]
    fn the_mask_of_ignored_signals_is_hexadecimal() {
        assert_eq!(
            ignored_mask("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0"),
            Some(0x1001)
        );
        assert_eq!(ignored_mask("Name:\tx\n"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_raised_signal_sets_the_flag() {
        // SIGHUP, which the test harness itself is not sent.
        let was_ignored = is_ignored(signal_hook::consts::SIGHUP);
        let interrupt = Interrupt::install().unwrap();
        if was_ignored {
            interrupt.check().unwrap();
        } else {
            signal_hook::low_level::raise(signal_hook::consts::SIGHUP).unwrap();
            assert_eq!(interrupt.check().unwrap_err().exit_code(), 129);
        }
    }
}
