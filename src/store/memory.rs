//! A bound on the memory of this process: the last of the means by which a memory limit holds, for what no count foresees.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a process has beside what it was asked to stay within: its own data, slack of the allocator. With its code and the part of the stacks
/// that is touched it comes to less than the 64 MiB that are promised.
#[cfg(target_os = "linux")]
const OWN: u64 = 36 << 20;
/// Room for the stacks of a thread, most of which is never touched.
#[cfg(target_os = "linux")]
const STACK: u64 = 2 << 20;
/// Threads beside the workers.
#[cfg(target_os = "linux")]
const MORE_THREADS: u64 = 8;

/// From now on the system refuses this process more than `limit` bytes of memory and some for itself. A refused allocation ends the
/// process ([`end_in_order`]).
#[cfg(target_os = "linux")]
pub fn bound(limit: u64, threads: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut data = getrlimit(Resource::Data);
    let own = OWN + STACK * (threads as u64 + MORE_THREADS);
    let most = limit.saturating_add(own);
    data.current = Some(data.current.map_or(most, |current| current.min(most)));
    // What cannot be bounded is as it was before.
    let _ = setrlimit(Resource::Data, data);
}

/// The same where the system is not asked.
#[cfg(not(target_os = "linux"))]
pub fn bound(_: u64, _: usize) {}

/// Whether somebody bounds the memory of this process already (`ulimit`).
#[cfg(target_os = "linux")]
pub fn is_bounded() -> bool {
    use rustix::process::{Resource, getrlimit};
    let is_finite = |resource| getrlimit(resource).current.is_some();
    is_finite(Resource::As) || is_finite(Resource::Data)
}

/// The same where the system is not asked.
#[cfg(not(target_os = "linux"))]
pub fn is_bounded() -> bool {
    false
}

/// A process that the system gives no more memory ends with exit 8 instead of by a signal, unless somebody watches how it ends; a
/// write beyond the largest size of a file is an error like any other (exit 6) instead of a signal.
#[cfg(unix)]
pub fn end_in_order(is_watched: bool) {
    use signal_hook::consts::{SIGABRT, SIGXFSZ};
    use signal_hook::flag::{register, register_conditional_shutdown};
    // Where a handler cannot be set, the process ends as it did before.
    let _ = register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    if !is_watched {
        let always = Arc::new(AtomicBool::new(true));
        let _ = register_conditional_shutdown(SIGABRT, SHORT_OF_MEMORY, always);
    }
}

/// The same where there are no such signals.
#[cfg(not(unix))]
pub fn end_in_order(_: bool) {}

/// Exit code of [`crate::error::Error::Limit`].
#[cfg(unix)]
const SHORT_OF_MEMORY: i32 = 8;
