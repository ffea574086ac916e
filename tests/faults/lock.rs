//! Two runs at once on one output root: one works, the other ends at once and says who is working.
#![cfg(unix)]

use crate::support::binary::{TIMEOUT, command, green_corridor, wait};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

fn start(movements: &Path, out: &Path) -> Child {
    let mut command = command();
    command
        .arg("run")
        .arg("--movements")
        .arg(movements)
        .arg("--out")
        .arg(out);
    // The process that is stopped below is to be the one that holds the lock.
    command.args([
        "--isolate=never",
        "--factors",
        &format!("{PROJECT}/emission_factors"),
        "--reference",
        &format!("{PROJECT}/data"),
    ]);
    command.spawn().expect("the binary starts")
}

/// A run that a failing test does not leave behind, stopped as it may be.
struct Working(Option<Child>);

impl Working {
    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it was not waited for yet")
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {}", child.id())])
        .status();
    assert!(status.expect("a shell").success(), "the first run is gone");
}

/// Stops the process once it holds the lock and has begun to write, so that it holds it as long as the test wants.
fn stop_at_work(child: &Child, out: &Path) {
    let begun = Instant::now();
    let at_work = || {
        out.join("stage")
            .read_dir()
            .is_ok_and(|mut entries| entries.next().is_some())
    };
    while !at_work() {
        assert!(begun.elapsed() < TIMEOUT, "the first run never began");
        std::thread::sleep(Duration::from_millis(1));
    }
    signal(child, "STOP");
}

#[test]
fn of_two_runs_on_one_output_the_second_ends_at_once_and_names_the_first() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let movements = folder.path().join("sample.csv");
    let out = folder.path().join("out");
    let path = movements.to_str().expect("a plain path");
    green_corridor([
        "sample",
        "--shipments",
        "20000",
        "--seed",
        "1",
        "--out",
        path,
    ])
    .expect(0);

    let mut first = Working(Some(start(&movements, &out)));
    stop_at_work(first.child(), &out);
    assert!(
        first
            .child()
            .try_wait()
            .expect("a process of ours")
            .is_none(),
        "the first run ended before it was stopped"
    );
    let begun = Instant::now();
    let second = wait(start(&movements, &out), TIMEOUT).expect(5);
    let took = begun.elapsed();
    assert!(
        took < Duration::from_secs(10),
        "the second run waited {took:?}"
    );
    assert!(
        second
            .stderr
            .contains(&format!("in use by process {} of ", first.child().id())),
        "{}",
        second.stderr
    );
    assert_eq!(second.stdout, "");
    assert!(!out.join("CURRENT").exists());

    signal(first.child(), "CONT");
    wait(first.0.take().expect("it was not waited for yet"), TIMEOUT).expect(0);
    green_corridor(["verify", out.to_str().expect("a plain path")]).expect(0);
    // The lock went with the process: the same run again finds its result.
    wait(start(&movements, &out), TIMEOUT).expect(0);
}
