//! What is no file: folders, pipes, devices, and names with nothing behind them.

use super::{HEADER, accounted, check_there, good, run};
use crate::support::binary::green_corridor;
use crate::support::tables::current_run;
use green_corridor::runs::Manifest;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn what_is_no_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("folder.csv")).expect("a folder");
    let ended = run(folder.path(), &["folder.csv"], &[]);
    accounted(folder.path(), &ended, "folder.csv");
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let ended = run(folder.path(), &["missing.csv"], &[]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe: PathBuf = folder.path().join("pipe.csv");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .expect("mkfifo is there")
            .success()
    );
    check_there(folder.path(), "pipe.csv", "3");
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.csv")).expect("a link");
    check_there(folder.path(), "zero.csv", "3");
}

/// A file that a command writes takes the place of a file; a pipe or link would be gone, and what it leads to stay without data.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced_by_an_answer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    assert!(
        Command::new("mkfifo")
            .arg(path("pipe.csv"))
            .status()
            .expect("mkfifo is there")
            .success()
    );
    std::fs::write(path("target"), "kept").expect("a file");
    std::os::unix::fs::symlink(path("target"), path("link.csv")).expect("a link");
    std::fs::create_dir(path("folder.csv")).expect("a folder");
    for (name, what) in [
        ("pipe.csv", "a pipe"),
        ("link.csv", "a link"),
        ("folder.csv", "a folder"),
    ] {
        let file = path(name).display().to_string();
        let kind = || {
            std::fs::symlink_metadata(path(name))
                .expect("it is there")
                .file_type()
        };
        let before = kind();
        let ended =
            green_corridor(["sample", "--shipments", "2", "--seed", "1", "--out", &file]).expect(6);
        assert_eq!(
            ended.stderr,
            format!("error: {file}: is {what}, expected a file or nothing there\n")
        );
        assert_eq!(kind(), before, "{name}");
    }
    assert_eq!(
        std::fs::read_to_string(path("target")).expect("a file"),
        "kept"
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        4,
        "nothing is left beside them"
    );
}

/// A file that is named and not there ends the run, unless it may go without; then every place that should says which.
#[test]
fn a_named_file_that_is_not_there_is_a_missing_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(
        folder.path().join("a-good.csv"),
        format!("{HEADER}{}", good(1)),
    )
    .expect("a file");
    let ended = run(folder.path(), &["a-good.csv", "gone.csv"], &[]).expect(3);
    assert!(
        ended
            .stderr
            .contains("gone.csv: there is no such file; --allow-missing-files"),
        "{}",
        ended.stderr
    );
    let ended = run(
        folder.path(),
        &["a-good.csv", "gone.csv"],
        &["--allow-missing-files"],
    )
    .expect(10);
    let lines: Vec<&str> = ended.stdout.lines().map(str::trim).collect();
    let at = lines
        .iter()
        .position(|line| line.starts_with("missing files"))
        .expect("the summary says so");
    assert_eq!(
        (lines[at], lines[at + 1]),
        ("missing files   1", "gone.csv")
    );
    let out = folder.path().join("out");
    let manifest = Manifest::load(&current_run(&out)).expect("a manifest");
    assert_eq!(
        manifest.missing_files[0].reason,
        "gone.csv: there is no such file"
    );
    let status = std::fs::read_to_string(out.join("status.json")).expect("a status");
    assert!(
        status.contains("\"missing_files\": [\n    \"gone.csv\"\n  ]"),
        "{status}"
    );
    // A pattern is no file: it may match nothing only where an empty night may be published.
    run(
        folder.path(),
        &["a-good.csv", "gone-*.csv"],
        &["--allow-missing-files"],
    )
    .expect(3);
    run(
        folder.path(),
        &["a-good.csv", "gone-*.csv"],
        &["--allow-empty"],
    )
    .expect(0);
}
