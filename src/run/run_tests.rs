//! Whole runs on a disk that fails at every operation in turn: what `CURRENT` names, the outcome and the status agree.

use crate::error::{Error, Result};
use crate::progress::Silent;
use crate::run::plan::{Flags, Plan, Share, Surroundings};
use crate::run::run_on;
use crate::store::digest::no_progress;
use crate::store::disk::RealDisk;
use crate::store::fault::{EIO, Fault, FaultyDisk};
use crate::store::layout::Layout;
use crate::store::signal::Interrupt;
use crate::store::status::{State, read_status};
use crate::store::verify::verify_files;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A run of the worked example into `out`; every `variant` is a run of its own.
fn night(out: &Path, variant: u32) -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/three_modes");
    let flags = Flags {
        out: Some(out.to_owned()),
        keep: Some(1),
        threads: Some(1),
        max_reject_share: Some(Share(500_000 + variant)),
        ..Flags::default()
    };
    let surroundings = Surroundings {
        working_directory: folder.clone(),
        cores: 1,
        memory_bytes: 1 << 30,
        plain: |path| path.to_owned(),
    };
    let read = |path: &Path| fs::read(path).map_err(|e| Error::Input(e.to_string()));
    let path = folder.join("run.toml");
    let text = fs::read(&path).unwrap();
    Plan::resolve(Some((&path, &text)), &flags, &surroundings, &read).unwrap()
}

fn ran(disk: FaultyDisk, plan: &Plan) -> Result<()> {
    run_on(Arc::new(disk), plan, &Silent, &Interrupt::never()).map(drop)
}

/// Whether the night's run is published, which outcome and status must say as well, as far as it could be written.
#[track_caller]
fn agrees(out: &Path, old: &Option<String>, outcome: &Result<()>, what: &str) {
    let layout = Layout::new(out);
    let current = layout.current_run().unwrap();
    assert_eq!(outcome.is_ok(), current != *old, "{what}: {outcome:?}");
    if let Some(id) = current {
        verify_files(&layout.run(&id), &no_progress).unwrap();
    }
    let Some(status) = read_status(&layout).ok().flatten() else {
        return;
    };
    match status.state {
        State::Running => {}                       // its end could not be written
        State::Done if status.run_id == *old => {} // nor its beginning
        state => assert_eq!(state == State::Done, outcome.is_ok(), "{what}: {status:?}"),
    }
}

#[test]
fn a_fault_at_any_operation_and_the_outcome_says_what_is_published() {
    at_every_operation(Fault::Errno(EIO));
}

#[test]
fn a_disk_that_fails_for_ever_and_the_outcome_says_what_is_published() {
    at_every_operation(Fault::Killed);
}

/// Every attempt is a new run over the one that stands, so that the commit and the removal of an old run are among its
/// operations.
fn at_every_operation(fault: Fault) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    ran(FaultyDisk::sound(), &night(&out, 0)).unwrap();
    let mut old = Layout::new(&out).current_run().unwrap();
    let mut published_with_fault = 0;
    for at in 0.. {
        let disk = FaultyDisk::new(at, fault);
        let outcome = ran(disk.clone(), &night(&out, at as u32 + 1));
        agrees(&out, &old, &outcome, &format!("{fault:?} at {at}"));
        if !disk.has_struck() {
            outcome.unwrap();
            assert!(at > 100, "{at} operations are too few to be all");
            break;
        }
        published_with_fault += u32::from(outcome.is_ok());
        old = Layout::new(&out).current_run().unwrap();
    }
    assert!(
        published_with_fault > 10,
        "{published_with_fault} after the commit"
    );
}

#[test]
fn whatever_happens_to_the_output_after_the_commit_the_run_is_published() {
    type Disturbance = fn(&Path);
    fn obstruct(path: PathBuf) {
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.join("in the way")).unwrap();
    }
    fn block(path: PathBuf) {
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(&path);
        fs::write(path, "in the way").unwrap();
    }
    let disturbances: [(&str, Disturbance); 9] = [
        ("corridors.parquet", |out| {
            let layout = Layout::new(out);
            let run = layout.run(&layout.current_run().unwrap().unwrap());
            fs::write(run.join("corridors.parquet"), "damaged").unwrap();
        }),
        ("status.json", |out| obstruct(out.join("status.json"))),
        ("metrics.prom", |out| obstruct(out.join("metrics.prom"))),
        ("log", |out| block(out.join("log"))),
        ("latest", |out| obstruct(out.join("latest"))),
        ("pins", |out| obstruct(out.join("pins"))),
        ("stage", |out| block(out.join("stage"))),
        ("failed", |out| block(out.join("failed"))),
        ("log", |out| {
            let id = Layout::new(out).current_run().unwrap().unwrap();
            fs::write(out.join(format!("log/{id}-{}.json", u64::MAX)), "{}").unwrap();
        }),
    ];
    for (what, disturb) in disturbances {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        ran(FaultyDisk::sound(), &night(&out, 0)).unwrap();
        let old = Layout::new(&out).current_run().unwrap();
        let root = out.clone();
        let disk = FaultyDisk::disturbed(move || disturb(&root));
        ran(disk, &night(&out, 1)).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_ne!(Layout::new(&out).current_run().unwrap(), old, "{what}");
        let Ok(Some(status)) = read_status(&Layout::new(&out)) else {
            assert!(["status.json", "stage"].contains(&what), "{what}");
            continue;
        };
        assert!(
            status.state == State::Done || what == "stage",
            "{what}: {status:?}"
        );
        let warns = status.warnings.iter().any(|warning| warning.contains(what));
        // The status that says it is what could not be written.
        let cannot = ["stage", "failed", "metrics.prom"].contains(&what);
        let is_number = status.warnings.is_empty() && what == "log";
        assert!(
            warns || cannot || is_number,
            "{what}: {:?}",
            status.warnings
        );
    }
}

#[test]
fn the_stage_of_a_killed_run_goes_whatever_the_next_start_does() {
    let leave = |out: &Path| {
        let run = out.join("stage/new/run");
        fs::create_dir_all(&run).unwrap();
        fs::write(run.join("left"), "x").unwrap();
    };
    let is_gone = |out: &Path| fs::read_dir(out.join("stage")).unwrap().count() == 0;
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let start = |plan: &Plan| run_on(Arc::new(RealDisk), plan, &Silent, &Interrupt::never());
    let removed = || {
        read_status(&Layout::new(&out))
            .unwrap()
            .unwrap()
            .stale_stages_removed
    };

    leave(&out);
    start(&night(&out, 0)).unwrap();
    assert!(is_gone(&out) && removed() == 1, "a new run");
    leave(&out);
    assert!(start(&night(&out, 0)).unwrap().is_old);
    assert!(
        is_gone(&out) && removed() == 1,
        "one that is published already"
    );
    leave(&out);
    let mut without_input = night(&out, 1);
    without_input.limits.min_rows = 1_000;
    assert_eq!(start(&without_input).unwrap_err().exit_code(), 3);
    assert!(is_gone(&out) && removed() == 1, "one without input");
    leave(&out);
    let mut dry = night(&out, 2);
    dry.dry_run = true;
    start(&dry).unwrap();
    assert!(is_gone(&out), "a dry run");
    leave(&out);
    let mut broken = night(&out, 3);
    broken.factors.path = out.join("nowhere");
    assert_eq!(start(&broken).unwrap_err().exit_code(), 9);
    assert!(is_gone(&out) && removed() == 1, "one without a library");
}
