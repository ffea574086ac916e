//! One writer per output root.
//!
//! An advisory lock that the kernel drops with the process: no lock file can be left behind "locked", and no
//! process id is ever trusted. Readers do not lock; they follow `CURRENT`.

use super::commit::make_dirs;
use super::disk::{Claim, Disk, SIGNATURE};
use super::layout::Layout;
use super::path::make_below;
use super::storage;
use crate::error::{Error, Result};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Who is running: written into the lock for whoever comes second, and into the execution log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Process id.
    pub pid: u32,
    /// Host name, or `unknown`.
    pub host: String,
    /// User name, or a numeric id, or `unknown`.
    pub user: String,
    /// RFC 3339, UTC, whole seconds.
    pub started: String,
    /// The command line, arguments joined by spaces.
    pub command: String,
}

impl Holder {
    /// This process, started now.
    pub(crate) fn this_process() -> Holder {
        let arguments: Vec<_> = std::env::args_os()
            .map(|a| a.to_string_lossy().into_owned())
            .collect();
        Holder {
            pid: std::process::id(),
            host: host(),
            user: user(),
            started: super::status::now(),
            command: arguments.join(" "),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line each would survive any command, but a reader wants one sentence; control characters are escaped.
        let command: String = crate::escape::visible(&self.command)
            .chars()
            .take(400)
            .collect();
        write!(
            f,
            "{SIGNATURE}{} of {} on {} since {} ({command})",
            self.pid, self.user, self.host, self.started
        )
    }
}

/// A locked output root: the proof that nobody else writes there, asked for by every function that does.
///
/// Clones share the lock; it goes with the last of them.
#[derive(Clone)]
pub(crate) struct Output {
    held: Arc<Held>,
}

struct Held {
    disk: Arc<dyn Disk>,
    layout: Layout,
    file: File,
    stage_is_open: AtomicBool,
}

/// The right to have a stage; it ends with the stage.
pub(crate) struct Turn(Output);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.held.stage_is_open.store(false, Ordering::Release);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // So that the next holder, in the instant before it has written its name, is not taken for this one.
        let _ = self.file.set_len(0);
    }
}

impl Output {
    /// Locks `out`, creating it if needed; [`Error::Locked`] at once if another process has it.
    pub(crate) fn lock(disk: Arc<dyn Disk>, out: &Path, holder: &Holder) -> Result<Output> {
        let layout = Layout::new(out);
        make_dirs(&*disk, out)?;
        layout.check()?;
        let file = claim(&*disk, &layout.lock(), holder)?;
        Ok(Output {
            held: Arc::new(Held {
                disk,
                layout,
                file,
                stage_is_open: AtomicBool::new(false),
            }),
        })
    }

    /// Where things stand.
    pub(crate) fn layout(&self) -> &Layout {
        &self.held.layout
    }

    /// What to write with.
    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.held.disk
    }

    /// One of its folders, made if it is not there.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        make_below(self.disk(), self.layout().root(), name)
    }

    pub(crate) fn take_turn(&self) -> Result<Turn> {
        if self.held.stage_is_open.swap(true, Ordering::AcqRel) {
            return Err(Error::Internal(format!(
                "{}: a second stage was opened",
                self.layout().root().display()
            )));
        }
        Ok(Turn(self.clone()))
    }
}

pub(super) fn claim(disk: &dyn Disk, path: &Path, holder: &Holder) -> Result<File> {
    let mut attempts_left = 3;
    loop {
        match disk
            .lock(path, &format!("{holder}\n"))
            .map_err(|e| storage(path, "lock", e))?
        {
            Claim::Taken(file) => return Ok(file),
            // Locked but not signed: the other one has just begun, or has just ended.
            Claim::Held(text) if text.trim().is_empty() && attempts_left > 0 => {
                attempts_left -= 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Claim::Held(text) => {
                let who = if text.trim().is_empty() {
                    "another process (it left no name)"
                } else {
                    text.trim()
                };
                return Err(Error::Locked(format!(
                    "{}: in use by {who}",
                    path.display()
                )));
            }
        }
    }
}

fn host() -> String {
    let from_file = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|p| std::fs::read_to_string(p).ok());
    from_file
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(host_from_command)
        .map(|h| h.trim().to_owned())
        .filter(|h| !h.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// macOS has neither file, and a shell seldom exports the name.
fn host_from_command() -> Option<String> {
    let output = std::process::Command::new("hostname")
        .stderr(std::process::Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn user() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|v| std::env::var(v).ok())
        .filter(|u| !u.is_empty());
    named
        .or_else(user_id)
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Schedulers often set no variable; the owner of our own process entry is the user's number.
#[cfg(target_os = "linux")]
fn user_id() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self")
        .ok()
        .map(|m| format!("user id {}", m.uid()))
}

#[cfg(not(target_os = "linux"))]
fn user_id() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::RealDisk;

    fn somebody(pid: u32) -> Holder {
        Holder {
            pid,
            host: "night".into(),
            user: "ops".into(),
            started: "2025-01-02T03:04:05Z".into(),
            command: "run a\nb".into(),
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_the_lock_keeps_its_target() {
        let dir = tempfile::tempdir().unwrap();
        let precious = dir.path().join("precious");
        std::fs::write(&precious, "kept").unwrap();
        let layout = Layout::new(dir.path().join("out"));
        std::fs::create_dir_all(layout.lock().parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&precious, layout.lock()).unwrap();
        let refused = Output::lock(Arc::new(RealDisk), layout.root(), &somebody(11))
            .err()
            .unwrap();
        assert!(
            refused.exit_code() == 6 && refused.to_string().contains("is not a regular file"),
            "{refused}"
        );
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "kept");
    }

    #[test]
    fn a_second_writer_learns_who_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("deep/out");
        let first = Output::lock(Arc::new(RealDisk), &out, &somebody(11)).unwrap();
        let second = Output::lock(Arc::new(RealDisk), &out, &somebody(22))
            .err()
            .unwrap();
        assert_eq!(second.exit_code(), 5);
        let text = second.to_string();
        assert!(
            text.ends_with(
                "lock: in use by process 11 of ops on night since 2025-01-02T03:04:05Z (run a\\u{a}b)"
            ),
            "{text}"
        );
        drop(first);
        Output::lock(Arc::new(RealDisk), &out, &somebody(33)).unwrap();
    }

    #[test]
    fn a_clone_keeps_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let first = Output::lock(Arc::new(RealDisk), dir.path(), &somebody(11)).unwrap();
        let clone = first.clone();
        drop(first);
        assert!(Output::lock(Arc::new(RealDisk), dir.path(), &somebody(22)).is_err());
        drop(clone);
        assert!(Output::lock(Arc::new(RealDisk), dir.path(), &somebody(22)).is_ok());
    }

    #[test]
    fn a_lock_file_left_by_a_dead_process_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("lock"),
            "process 1 of ops on night since ... (a much longer line than the next holder's)\n",
        )
        .unwrap();
        let _held = Output::lock(Arc::new(RealDisk), dir.path(), &somebody(7)).unwrap();
        let text = std::fs::read_to_string(dir.path().join("lock")).unwrap();
        assert_eq!(text, format!("{}\n", somebody(7)));
    }

    /// What the next test starts as a process of its own; by itself it does nothing.
    #[test]
    fn child_holds_the_lock() {
        if let Some(out) = std::env::var_os("GREEN_CORRIDOR_TEST_LOCK") {
            let _held =
                Output::lock(Arc::new(RealDisk), Path::new(&out), &Holder::this_process()).unwrap();
            println!("locked");
            std::thread::sleep(Duration::from_secs(60));
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_lock_of_another_process_goes_when_it_is_killed() {
        use std::io::{BufRead, BufReader};
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::lock::tests::child_holds_the_lock",
                "--nocapture",
            ])
            .env("GREEN_CORRIDOR_TEST_LOCK", dir.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(|l| l.ok()).any(|l| l.ends_with("locked")));
        let begun = std::time::Instant::now();
        let error = Output::lock(Arc::new(RealDisk), dir.path(), &somebody(7))
            .err()
            .unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(
            error
                .to_string()
                .contains(&format!("in use by process {} of ", child.id())),
            "{error}"
        );
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        Output::lock(Arc::new(RealDisk), dir.path(), &somebody(7)).unwrap();
    }

    #[test]
    fn an_output_that_is_a_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        std::fs::write(&path, "").unwrap();
        let error = Output::lock(Arc::new(RealDisk), &path, &somebody(7))
            .err()
            .unwrap();
        assert_eq!(error.exit_code(), 6);
        assert!(
            error
                .to_string()
                .starts_with(&format!("{}: cannot create folder: ", path.display())),
            "{error}"
        );
    }
}
