//! How much memory the machine, or the container group, leaves this process.

use std::path::Path;

/// Taken where the operating system does not say how much memory there is.
const ASSUMED_MEMORY: u64 = 4 << 30;

/// The machine's memory in bytes, or the smaller share that a container group leaves this process.
pub(crate) fn memory() -> u64 {
    if cfg!(target_os = "macos") {
        return macos_memory().unwrap_or(ASSUMED_MEMORY);
    }
    let machine = text("/proc/meminfo")
        .and_then(|t| meminfo_total(&t))
        .unwrap_or(ASSUMED_MEMORY);
    let group = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let limits = group
        .iter()
        .filter_map(|path| text(path)?.trim().parse::<u64>().ok())
        .filter(|&bytes| bytes > 0);
    limits.fold(machine, u64::min)
}

fn text(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(path)).ok()
}

fn meminfo_total(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

fn macos_memory() -> Option<u64> {
    let answer = std::process::Command::new("/usr/sbin/sysctl")
        .args(["-n", "hw.memsize"])
        .output()
        .ok()?;
    std::str::from_utf8(&answer.stdout)
        .ok()?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_total_is_read_in_bytes() {
        assert_eq!(
            meminfo_total("MemTotal:       16384 kB\nMemFree: 1 kB\n"),
            Some(16 << 20)
        );
        assert_eq!(meminfo_total("MemTotal: many\n"), None);
        assert!(memory() > 0);
    }
}
