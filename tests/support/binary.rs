//! Runs the built binary and sees how it ended: never by hanging, never by a signal that nobody sent.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Far more than any command on a small input needs, also on a machine that is busy with other tests.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(120);

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit code; `None`: ended by a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ended {
    /// Panics with everything the command said unless it ended with `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Ended {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// The binary, without terminal, colours or standard input; the caller adds arguments.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_green-corridor"));
    command
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the binary with these arguments to its end.
#[track_caller]
pub(crate) fn green_corridor<I>(arguments: I) -> Ended
where
    I: IntoIterator,
    I::Item: AsRef<OsStr>,
{
    let mut command = command();
    command.args(arguments);
    wait(command.spawn().expect("the binary starts"), TIMEOUT)
}

/// Waits for a process whose outputs are pipes; one that is still there after `timeout` is ended and fails the test.
#[track_caller]
pub(crate) fn wait(mut child: Child, timeout: Duration) -> Ended {
    let stdout = drain(child.stdout.take().expect("stdout is a pipe"));
    let stderr = drain(child.stderr.take().expect("stderr is a pipe"));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the process can be waited for") {
            break status;
        }
        if begun.elapsed() > timeout {
            child.kill().expect("the process can be ended");
            child.wait().expect("the process can be waited for");
            let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
            panic!("still running after {timeout:?}\nstdout: {stdout}\nstderr: {stderr}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    Ended {
        code: status.code(),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}

/// Reads on a thread of its own, so that a full pipe never blocks the process.
fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
