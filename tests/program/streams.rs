//! Standard output and standard error that are closed, full, or whose reader went away: the exit code says how the work
//! ended, nothing panics, nothing hangs.
#![cfg(target_os = "linux")]

use crate::support::binary::{command, green_corridor};
use crate::support::layout::Layout;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUN_FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/golden/three_modes/run.toml"
);

/// What a stream leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// Not open when the process begins.
    Closed,
    /// A device without space.
    Full,
    /// A pipe whose reader has gone.
    Broken,
    /// Somewhere.
    Null,
}

const BAD: [Stream; 3] = [Stream::Closed, Stream::Full, Stream::Broken];

fn stdio(stream: Stream) -> Stdio {
    match stream {
        Stream::Closed | Stream::Null => Stdio::null(),
        Stream::Full => File::options()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full")
            .into(),
        Stream::Broken => std::io::pipe().expect("a pipe").1.into(),
    }
}

/// The exit code of the binary with these streams.
#[track_caller]
fn code(arguments: &[&str], stdout: Stream, stderr: Stream) -> i32 {
    let plain = command();
    // Only a shell can start a process whose streams are closed.
    let closed = |number, stream| {
        if stream == Stream::Closed {
            format!(" {number}>&-")
        } else {
            String::new()
        }
    };
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        &format!(
            "exec \"$0\" \"$@\"{}{}",
            closed(1, stdout),
            closed(2, stderr)
        ),
    ]);
    shell.arg(plain.get_program()).args(arguments);
    let mut child = shell
        .stdin(Stdio::null())
        .stdout(stdio(stdout))
        .stderr(stdio(stderr))
        .spawn()
        .expect("sh starts");
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("the process can be waited for") {
            return status
                .code()
                .unwrap_or_else(|| panic!("{arguments:?} ended by {status}"));
        }
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().expect("the process can be ended");
            panic!("{arguments:?} hangs with stdout {stdout:?}, stderr {stderr:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn published(home: &Path) -> String {
    let out = home.join("out");
    green_corridor(["run", RUN_FILE, "--out", out.to_str().expect("UTF-8")]).expect(0);
    out.to_str().expect("UTF-8").to_owned()
}

#[test]
fn an_answer_that_cannot_be_written_is_a_storage_error_unless_its_reader_left() {
    let home = tempfile::tempdir().expect("a folder");
    let out = published(home.path());
    let commands: &[&[&str]] = &[
        &["--help"],
        &["--version"],
        &["run", RUN_FILE, "--print-plan"],
        &["run", RUN_FILE, "--dry-run"],
        &["verify", &out],
        &["rejects", &out],
        &["rejects", &out, "--format", "json"],
        &["factors", "check"],
        &["factors", "list"],
        &["completions", "bash"],
        &["man"],
    ];
    for arguments in commands {
        assert_eq!(
            code(arguments, Stream::Null, Stream::Null),
            0,
            "{arguments:?}"
        );
        for (stdout, wanted) in [(Stream::Closed, 0), (Stream::Broken, 0), (Stream::Full, 6)] {
            for stderr in [Stream::Null, stdout] {
                assert_eq!(
                    code(arguments, stdout, stderr),
                    wanted,
                    "{arguments:?} with stdout {stdout:?}, stderr {stderr:?}"
                );
            }
        }
    }
}

#[test]
fn a_published_run_is_a_success_whoever_can_read_about_it() {
    let home = tempfile::tempdir().expect("a folder");
    let out = published(home.path());
    let first = Layout::new(&out).current_run().expect("a readable CURRENT");
    for (number, stdout) in BAD.into_iter().enumerate() {
        for stderr in BAD {
            // Another limit for rejects is another run.
            let share = format!("{}.{}%", number + 1, stderr as usize);
            let arguments = [
                "run",
                RUN_FILE,
                "--out",
                &out,
                "--max-reject-share",
                &share,
                "--progress",
                "always",
            ];
            assert_eq!(
                code(&arguments, stdout, stderr),
                0,
                "stdout {stdout:?}, stderr {stderr:?}"
            );
            assert_eq!(
                code(&["--log", "json", "verify", &out], Stream::Null, stderr),
                0
            );
        }
    }
    assert_ne!(
        Layout::new(&out).current_run().expect("a readable CURRENT"),
        first
    );
    assert_eq!(Layout::new(&out).list_runs().expect("a list").len(), 10);
}

#[test]
fn a_lost_summary_is_told_on_standard_error() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("out");
    let mut run = command();
    run.args(["run", RUN_FILE, "--out"])
        .arg(&out)
        .stdout(stdio(Stream::Full));
    let ended = run.output().expect("the binary starts");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(0), "{told}");
    assert!(
        told.starts_with("warning: standard output: No space left on device"),
        "{told}"
    );
    assert!(
        Layout::new(&out)
            .current_run()
            .expect("a readable CURRENT")
            .is_some()
    );
}

#[test]
fn failures_keep_their_exit_code_without_standard_error() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let failures: &[(&[&str], i32)] = &[
        (&["--no-such-flag"], 2),
        (&["run", "no-such-file.toml"], 2),
        (&["run", RUN_FILE, "--profile", "no-such-profile"], 2),
        (&["run", RUN_FILE, "--movements", "no-such-file.csv"], 3),
        (&["run", RUN_FILE, "--out", file], 6),
        (
            &["run", RUN_FILE, "--factors", "no-such-folder", "--dry-run"],
            9,
        ),
    ];
    for (arguments, wanted) in failures {
        for stderr in BAD {
            assert_eq!(
                code(arguments, stderr, stderr),
                *wanted,
                "{arguments:?} with {stderr:?}"
            );
        }
    }
}
