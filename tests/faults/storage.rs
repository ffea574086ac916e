//! An output that cannot be written: full, read-only, obstructed. The exit code and one line on standard error say so, what was
//! published stays readable and whole, and nothing hangs.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small
#![cfg(target_os = "linux")]

use crate::support::binary::{Ended, TIMEOUT, command, green_corridor, wait};
use crate::support::layout::Layout;
use crate::support::skip::skip;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const RUN_FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/golden/three_modes/run.toml"
);
const BLOCK: u64 = 4096;

/// A file system mounted for a test, and gone with it.
struct Mount(PathBuf);

impl Mount {
    /// `None` for anybody but root, and where a container forbids it.
    fn new(at: &Path, arguments: &[&str]) -> Option<Mount> {
        let done = Command::new("mount")
            .args(arguments)
            .arg(at)
            .output()
            .is_ok_and(|done| done.status.success());
        done.then(|| Mount(at.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Who may not mount is root in a namespace of his own, where the system lets him have one: `test` again, in there.
fn in_a_namespace(test: &str, missing: &str) {
    const INSIDE: &str = "GREEN_CORRIDOR_IN_NAMESPACE";
    let unshare = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount"]);
        let done = command
            .arg(program)
            .args(arguments)
            .env(INSIDE, "1")
            .status();
        done.is_ok_and(|done| done.success())
    };
    if std::env::var_os(INSIDE).is_some() || !unshare(Path::new("true"), &[]) {
        return skip(test, missing);
    }
    let this = std::env::current_exe().expect("the test program");
    assert!(
        unshare(&this, &["--exact", test, "--nocapture"]),
        "{test}, in a namespace"
    );
}

/// A run into `out`; every `variant` is a run of its own.
fn run(out: &Path, variant: u64, more: &[&str]) -> Ended {
    let share = format!("50.{variant:04}%");
    let mut command = command();
    command
        .args(["run", RUN_FILE, "--max-reject-share", &share, "--out"])
        .arg(out)
        .args(more);
    wait(command.spawn().expect("the binary starts"), TIMEOUT)
}

fn current(out: &Path) -> Option<String> {
    Layout::new(out).current_run().expect("a readable CURRENT")
}

/// What a reader finds: the current run, whole.
#[track_caller]
fn sound(out: &Path) {
    green_corridor([Path::new("verify"), out]).expect(0);
}

/// Fills a file system until `left` bytes of it are free.
fn fill(at: &Path, left: u64) {
    let path = at.join("fill");
    let _ = fs::remove_file(&path);
    let mut file = File::create(&path).expect("a file");
    let mut length = 0;
    while let Ok(written @ 1..) = file.write(&[1; BLOCK as usize]) {
        length += written as u64;
    }
    file.set_len(length.saturating_sub(left))
        .expect("a shorter file");
}

/// One run with `left` bytes free; whether it was published. The exit code must say what `CURRENT` says.
fn run_with_free(at: &Path, left: u64, more: &[&str]) -> bool {
    let out = at.join("out");
    let _ = fs::remove_file(at.join("fill"));
    // A base that is always the same: one published run, nothing else.
    run(&out, 0, &["--keep", "1"]).expect(0);
    let old = current(&out);
    fill(at, left);
    let Ended { code, stderr, .. } = run(&out, 1, more);
    sound(&out);
    let is_new = current(&out) != old;
    assert_eq!(
        code,
        Some(if is_new { 0 } else { 6 }),
        "{left} bytes free: {stderr}"
    );
    if !is_new {
        let named = stderr.lines().any(|l| {
            l.starts_with(&format!("error: {}", out.display()))
                && l.contains("No space left on device")
        });
        assert!(named, "{left} bytes free: {stderr}");
    }
    assert_eq!(
        fs::read_dir(out.join("stage")).expect("a stage").count(),
        0,
        "{left} bytes free: the stage is not empty"
    );
    is_new
}

#[test]
fn a_full_disk_keeps_the_old_run_and_the_exit_code_says_which_one_is_current() {
    let home = tempfile::tempdir().expect("a folder");
    let Some(_mount) = Mount::new(home.path(), &["-t", "tmpfs", "-o", "size=4m", "tmpfs"]) else {
        return in_a_namespace(
            "a_full_disk_keeps_the_old_run_and_the_exit_code_says_which_one_is_current",
            "a tmpfs cannot be mounted",
        );
    };
    // The least free space with which a run is published, by bisection; then every block below it, where publication,
    // log and status fail one after the other.
    let (mut fails, mut works) = (0, 3 << 20);
    assert!(run_with_free(home.path(), works, &[]) && !run_with_free(home.path(), fails, &[]));
    while works - fails > BLOCK {
        let middle = (fails + works) / 2 / BLOCK * BLOCK;
        if run_with_free(home.path(), middle, &[]) {
            works = middle
        } else {
            fails = middle
        }
    }
    for blocks in 1..=12 {
        run_with_free(home.path(), works.saturating_sub(blocks * BLOCK), &[]);
    }
    for blocks in 1..=4 {
        run_with_free(home.path(), blocks * BLOCK, &[]);
    }
}

#[test]
fn a_disk_that_fills_up_while_rows_are_sorted_on_it_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    let at = home.path().join("disk");
    fs::create_dir(&at).expect("a folder");
    let Some(_mount) = Mount::new(&at, &["-t", "tmpfs", "-o", "size=4m", "tmpfs"]) else {
        return in_a_namespace(
            "a_disk_that_fills_up_while_rows_are_sorted_on_it_is_named",
            "a tmpfs cannot be mounted",
        );
    };
    let out = at.join("out");
    run(&out, 0, &[]).expect(0);
    let old = current(&out);
    let sorted = home.path().join("sorted.csv");
    green_corridor([
        Path::new("sample"),
        "--shipments=4000".as_ref(),
        "--out".as_ref(),
        &sorted,
    ])
    .expect(0);
    let text = fs::read_to_string(&sorted).expect("a sample");
    let (header, rows) = text.split_once('\n').expect("a header");
    let reversed: Vec<&str> = rows.lines().rev().collect();
    let movements = home.path().join("reversed.csv");
    fs::write(&movements, format!("{header}\n{}\n", reversed.join("\n"))).expect("a file");
    fill(&at, 64 * BLOCK);
    let mut command = command();
    command.args([
        "run",
        concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml"),
        "--memory-limit",
        "1MiB",
        "--movements",
    ]);
    command.arg(&movements).arg("--out").arg(&out);
    let ended = wait(command.spawn().expect("the binary starts"), TIMEOUT).expect(6);
    assert!(
        ended.stderr.contains("/scratch/run-") && ended.stderr.contains("No space left on device"),
        "{}",
        ended.stderr
    );
    assert_eq!(current(&out), old);
    sound(&out);
    assert_eq!(fs::read_dir(out.join("stage")).expect("a stage").count(), 0);
}

#[test]
fn a_read_only_output_is_named_and_can_be_read() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("night");
    let out = root.join("out");
    run(&out, 0, &[]).expect(0);
    let bound = root.to_str().expect("UTF-8");
    let Some(_mount) = Mount::new(&root, &["--bind", bound]) else {
        return in_a_namespace(
            "a_read_only_output_is_named_and_can_be_read",
            "a folder cannot be mounted read-only",
        );
    };
    assert!(
        Mount::new(&root, &["-o", "remount,ro,bind"])
            .map(std::mem::forget)
            .is_some()
    );
    let old = current(&out);
    for (place, message) in [
        (out.clone(), "out/lock: cannot lock"),
        (root.join("new/out"), "new/out: cannot create folder"),
    ] {
        let ended = run(&place, 1, &[]).expect(6);
        assert!(
            ended
                .stderr
                .contains(&format!("{message}: Read-only file system")),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
    assert_eq!(current(&out), old);
    sound(&out);
    green_corridor([Path::new("rejects"), &out]).expect(0);
}

#[test]
fn a_missing_parent_is_created_and_one_that_is_no_folder_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    let deep = home.path().join("not/there/yet/out");
    run(&deep, 0, &[]).expect(0);
    sound(&deep);
    let file = home.path().join("file");
    fs::write(&file, "kept").expect("a file");
    for place in [
        file.clone(),
        file.join("out"),
        PathBuf::from("/dev/null"),
        PathBuf::from("/proc/nowhere/out"),
    ] {
        let ended = run(&place, 0, &[]).expect(6);
        assert!(
            ended.stderr.starts_with(&format!(
                "error: {}: cannot create folder: ",
                place.display()
            )),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(fs::read(&file).expect("the file"), b"kept");
    std::os::unix::fs::symlink("/nowhere/at/all", home.path().join("link")).expect("a link");
    let ended = run(&home.path().join("link"), 0, &[]).expect(6);
    assert!(ended.stderr.contains("link"), "{}", ended.stderr);
}

/// What stands where the store wants to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    File,
    Folder,
    Pipe,
    Link,
}

fn put(obstacle: Obstacle, path: &Path, outside: &Path) {
    let _ = fs::remove_file(path);
    match obstacle {
        Obstacle::File => fs::write(path, "in the way").expect("a file"),
        Obstacle::Folder => fs::create_dir_all(path.join("in the way")).expect("a folder"),
        Obstacle::Pipe => assert!(
            Command::new("mkfifo")
                .arg(path)
                .status()
                .expect("mkfifo")
                .success()
        ),
        Obstacle::Link => std::os::unix::fs::symlink(outside, path).expect("a link"),
    }
}

#[test]
fn nothing_that_stands_in_the_way_makes_a_run_hang_or_write_elsewhere() {
    let home = tempfile::tempdir().expect("a folder");
    let outside = home.path().join("outside");
    fs::write(&outside, "somebody else's").expect("a file");
    let names = [
        "CURRENT",
        "CURRENT.tmp",
        "latest",
        "latest.tmp",
        "stage",
        "runs",
        "failed",
        "log",
        "log/record.tmp",
        "status.json",
        "status.json.tmp",
        "metrics.prom",
        "metrics.prom.tmp",
        "pins",
    ];
    for (number, name) in names.iter().enumerate() {
        for obstacle in [
            Obstacle::File,
            Obstacle::Folder,
            Obstacle::Pipe,
            Obstacle::Link,
        ] {
            let out = home.path().join(format!("{number}-{obstacle:?}"));
            fs::create_dir_all(out.join(name).parent().expect("a parent")).expect("a folder");
            put(obstacle, &out.join(name), &outside);
            let Ended { code, stderr, .. } = run(&out, 0, &["--keep", "1"]);
            assert!(
                matches!(code, Some(0 | 6)),
                "{name} is a {obstacle:?}: exit {code:?}, {stderr}"
            );
            if code == Some(6) {
                assert!(
                    stderr.starts_with("error: ") && stderr.contains(name.trim_end_matches(".tmp")),
                    "{name}, {obstacle:?}: {stderr}"
                );
                let published = Layout::new(&out).current_run().ok().flatten();
                assert_eq!(
                    published, None,
                    "{name} is a {obstacle:?}: exit 6 and published"
                );
            } else {
                sound(&out);
            }
            assert_eq!(
                fs::read(&outside).expect("the file"),
                b"somebody else's",
                "{name} is a {obstacle:?}"
            );
        }
    }
}
