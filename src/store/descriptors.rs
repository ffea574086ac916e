//! How many files this process may have open: the limit raised as far as the system lets it, and what is left of it.

/// Taken where the system does not say how many more files may be opened: less than any system's usual limit.
const ASSUMED: usize = 128;

/// Raises the limit of open files to the highest that this process may ask for. That it cannot be raised is no fault: what needs
/// many files asks how many are [left](free).
#[cfg(target_os = "linux")]
pub fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let highest = Rlimit {
        current: maximum,
        maximum,
    };
    let _ = setrlimit(Resource::Nofile, highest);
}

/// The same where the system is not asked.
#[cfg(not(target_os = "linux"))]
pub fn raise_limit() {}

/// How many more files this process can open now.
#[cfg(target_os = "linux")]
pub(crate) fn free() -> usize {
    use rustix::process::{Resource, getrlimit};
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // The folder that is listed is open itself meanwhile.
    let open = std::fs::read_dir("/proc/self/fd").map(|entries| entries.count().saturating_sub(1));
    match (usize::try_from(limit), open) {
        (limit, Ok(open)) => limit.unwrap_or(usize::MAX).saturating_sub(open),
        (Ok(limit), Err(_)) => limit.min(ASSUMED),
        (Err(_), Err(_)) => ASSUMED,
    }
}

/// The same where the system is not asked.
#[cfg(not(target_os = "linux"))]
pub fn free() -> usize {
    ASSUMED
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_is_one_less() {
        raise_limit();
        // Other tests open files at the same time, but not a thousand.
        let before = free();
        let held: Vec<_> = (0..1_000)
            .map_while(|_| std::fs::File::open("/dev/null").ok())
            .collect();
        assert!(before > free() + held.len() / 2, "{before} before");
    }
}
