//! Publication under every fault at every operation.

use super::commit::publish_existing;
use super::digest::no_progress;
use super::disk::{Disk, RealDisk};
use super::fault::{Done, EIO, ENOSPC, Fault, FaultyDisk};
use super::layout::Layout;
use super::lock::{Holder, Output};
use super::manifest::{Counts, Manifest, SCHEMA_VERSION};
use super::prune::prune;
use super::stage::{Stage, clear};
use super::status::{Status, find_rejects, write_status};
use super::verify::verify_files;
use crate::error::{Error, ErrorKind, Result};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) fn manifest(run_id: &str) -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        method_revision: 2,
        run_id: run_id.into(),
        package: "green-corridor".into(),
        version: "0.0.0".into(),
        profile: "open".into(),
        method: "ISO 14083:2023".into(),
        gwp_sets: vec!["AR5".into()],
        statement: serde_json::json!({"cut_off": "month", "allocation": "mass x distance"}),
        plan: serde_json::json!({"z": 1, "a": {"y": [2, {"c": 0, "b": 0}]}}),
        inputs: vec![],
        missing_files: vec![],
        library_digest: "0".repeat(64),
        reference: vec![],
        counts: Counts {
            rows_in: 3,
            accepted: 2,
            rejected: 1,
            ..Counts::default()
        },
        totals: [("elements".to_owned(), Default::default())].into(),
        totals_by_gwp_set: Default::default(),
        files: vec![],
        warnings: vec![],
    }
}

pub(crate) fn lock(out: &Path) -> Output {
    lock_on(Arc::new(FaultyDisk::sound()), out).unwrap()
}

pub(crate) fn lock_on(disk: Arc<dyn Disk>, out: &Path) -> Result<Output> {
    let holder = Holder {
        pid: 1,
        host: "h".into(),
        user: "u".into(),
        started: "t".into(),
        command: "c".into(),
    };
    Output::lock(disk, out, &holder)
}

pub(crate) fn publish(
    output: &Output,
    run_id: &str,
    elements: &str,
) -> Result<super::commit::Published> {
    staged(output, elements)?.publish(manifest(run_id))
}

pub(super) fn staged(output: &Output, elements: &str) -> Result<Stage> {
    let stage = Stage::begin(output)?;
    let mut writer = stage.create("elements/part-00000.parquet")?;
    writer
        .write_all(elements.as_bytes())
        .map_err(|e| stage.failure().unwrap_or(Error::Internal(e.to_string())))?;
    writer.finish_rows(1)?;
    stage.put_bytes("corridors.parquet", b"corridors")?;
    stage.put_bytes("rejected/part-00000.parquet", b"rejected")?;
    stage
        .create_scratch("spill-0")?
        .write_all(b"scratch")
        .map_err(|e| Error::Storage(e.to_string()))?;
    Ok(stage)
}

/// A published run `r1` and the folder that keeps it alive.
pub(crate) fn published_run() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let run = publish(&lock(dir.path()), "r1", "elements").unwrap().dir;
    (dir, run)
}

/// What a reader sees: the current run, which must be sound, and nothing in `runs/` that is not.
pub(crate) fn reader_sees(out: &Path) -> Option<String> {
    let layout = Layout::new(out);
    for run in layout.list_runs().unwrap() {
        verify_files(&layout.run(&run), &no_progress).unwrap();
    }
    let current = layout.current_run().unwrap()?;
    assert!(layout.run(&current).is_dir());
    Some(current)
}

pub(crate) fn is_clean(out: &Path) {
    let layout = Layout::new(out);
    let left: Vec<_> = fs::read_dir(layout.stage()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    for entry in fs::read_dir(out).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".tmp"), "{name}");
    }
}

/// Runs `night` on a disk that fails at operation 0, 1, 2, ... until it gets through unharmed; `before` prepares the
/// output root, `after` looks at the result of each attempt.
fn at_every_operation(
    fault: Fault,
    before: impl Fn(&Path),
    night: impl Fn(Arc<dyn Disk>, &Path) -> Result<()>,
    after: impl Fn(&Path, usize, &Result<()>),
) {
    for at in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        before(&out);
        let disk = FaultyDisk::new(at, fault);
        let result = night(Arc::new(disk.clone()), &out);
        after(&out, at, &result);
        if !disk.has_struck() {
            assert!(result.is_ok(), "{result:?}");
            assert!(at > 8, "{at} operations are too few to be all");
            return;
        }
    }
}

const FAULTS: [Fault; 5] = [
    Fault::Errno(ENOSPC),
    Fault::Errno(EIO),
    Fault::Killed,
    Fault::KilledAfter,
    Fault::ShortWrite,
];

#[test]
fn a_fault_at_any_operation_leaves_the_old_run_or_the_new_one() {
    for fault in FAULTS {
        for has_old in [false, true] {
            let old = has_old.then(|| "old".to_owned());
            at_every_operation(
                fault,
                |out| {
                    if has_old {
                        publish(&lock(out), "old", "old elements").unwrap();
                    }
                },
                |disk, out| publish(&lock_on(disk, out)?, "new", "new elements").map(drop),
                |out, at, result| {
                    let seen = reader_sees(out);
                    let is_new = seen.as_deref() == Some("new");
                    assert!(is_new || seen == old, "{fault:?} at {at}: {seen:?}");
                    // Once it is published nothing makes it look like a failure.
                    assert_eq!(result.is_ok(), is_new, "{fault:?} at {at}: {result:?}");
                    if let Err(error) = result {
                        assert_eq!(error.exit_code(), 6, "{fault:?} at {at}: {error}");
                        let text = error.to_string();
                        assert!(
                            text.starts_with(&out.display().to_string())
                                || text.starts_with(&out.parent().unwrap().display().to_string()),
                            "{text}"
                        );
                        assert!(text.contains("(os error "), "{text}");
                    }
                    // The next run succeeds, cleans up, and may find its own earlier publication.
                    let output = lock(out);
                    publish(&output, "new", "new elements").unwrap();
                    drop(output);
                    assert_eq!(reader_sees(out).as_deref(), Some("new"));
                    is_clean(out);
                },
            );
        }
    }
}

#[test]
fn a_fault_at_any_operation_of_pruning_harms_no_run_that_stays() {
    for fault in FAULTS {
        at_every_operation(
            fault,
            |out| {
                let output = lock(out);
                for id in ["r1", "r2", "r3"] {
                    publish(&output, id, id).unwrap();
                }
                fs::write(output.layout().pins(), "r1\n").unwrap();
            },
            |disk, out| prune(&lock_on(disk, out)?, Some(1), "r3").map(drop),
            |out, at, _| {
                assert_eq!(reader_sees(out).as_deref(), Some("r3"), "{fault:?} at {at}");
                assert!(Layout::new(out).run("r1").is_dir());
                let output = lock(out);
                assert_eq!(clear(&output).unwrap(), 0);
                prune(&output, Some(1), "r3").unwrap();
                assert_eq!(output.layout().list_runs().unwrap(), ["r1", "r3"]);
                is_clean(out);
            },
        );
    }
}

#[test]
fn a_fault_at_any_operation_of_a_failed_run_leaves_current_alone() {
    for fault in FAULTS {
        at_every_operation(
            fault,
            |out| {
                let output = lock(out);
                publish(&output, "old", "old").unwrap();
                staged(&output, "x").unwrap().fail("bad", b"{}\n").unwrap();
            },
            |disk, out| {
                staged(&lock_on(disk, out)?, "x")?
                    .fail("bad", b"{\"again\":1}\n")
                    .map(drop)
            },
            |out, at, result| {
                assert_eq!(
                    reader_sees(out).as_deref(),
                    Some("old"),
                    "{fault:?} at {at}"
                );
                assert_eq!(Layout::new(out).list_runs().unwrap(), ["old"]);
                let kept = Layout::new(out).failed().join("bad");
                if result.is_ok() || kept.exists() {
                    assert_eq!(
                        fs::read(kept.join("rejected/part-00000.parquet")).unwrap(),
                        b"rejected"
                    );
                    assert!(kept.join("status.json").is_file() && !kept.join("elements").exists());
                }
                drop(Stage::begin(&lock(out)).unwrap());
                is_clean(out);
            },
        );
    }
}

#[test]
fn everything_is_synced_before_the_commit() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let disk = FaultyDisk::sound();
    publish(
        &lock_on(Arc::new(disk.clone()), &out).unwrap(),
        "r1",
        "elements",
    )
    .unwrap();
    let done = disk.done();
    let last = |wanted: &dyn Fn(&Done) -> bool| done.iter().rposition(wanted);
    let into_runs = last(&|d| d.operation == "rename" && d.to == out.join("runs/r1")).unwrap();
    let commit = last(&|d| d.operation == "rename" && d.to == out.join("CURRENT")).unwrap();
    assert!(into_runs < commit);

    let run = out.join("stage/new/run");
    let staged = |d: &&Done| {
        d.path.starts_with(&run) && ["write", "create", "create_dir"].contains(&d.operation)
    };
    let touched: Vec<&PathBuf> = done.iter().filter(staged).map(|d| &d.path).collect();
    assert!(touched.len() > 8);
    for path in touched {
        let changed =
            last(&|d| d.path == *path && d.operation != "sync" && d.operation != "rename").unwrap();
        let synced = last(&|d| d.path == *path && d.operation == "sync")
            .unwrap_or_else(|| panic!("{} never", path.display()));
        assert!(changed < synced && synced < into_runs, "{}", path.display());
    }
    let between = |path: PathBuf, after: usize, before: usize| {
        assert!(
            done[after..before]
                .iter()
                .any(|d| d.operation == "sync" && d.path == path),
            "{}",
            path.display()
        );
    };
    between(out.join("runs"), into_runs, commit);
    let written = &done[commit].path;
    assert!(written.starts_with(out.join("stage")), "{written:?}");
    between(written.clone(), into_runs, commit);
    between(out.clone(), commit, done.len());
    between(out.clone(), 0, commit); // `runs` itself is a new name in the root
    between(dir.path().to_owned(), 0, commit); // and so is the root
}

#[test]
fn a_growing_file_is_synced_and_a_disk_that_fails_then_says_so() {
    let write = |disk: &FaultyDisk| {
        let dir = tempfile::tempdir().unwrap();
        let stage = Stage::begin(&lock_on(Arc::new(disk.clone()), dir.path()).unwrap()).unwrap();
        let (to, due) = std::sync::mpsc::sync_channel(1);
        let mut writer = stage.create("big").unwrap().syncing_ahead(to);
        let chunk = vec![7; 1 << 20];
        for _ in 0..33 {
            writer.write_all(&chunk).unwrap();
        }
        writer.finish().unwrap();
        stage.sync_ahead(due)
    };
    let sound = FaultyDisk::sound();
    write(&sound).unwrap();
    let is_sync = |done: &Done| done.operation == "sync" && done.path.ends_with("run/big");
    let at = sound.done().iter().position(is_sync).expect("a sync");
    let error = write(&FaultyDisk::new(at, Fault::Errno(EIO))).unwrap_err();
    assert!(
        error.exit_code() == 6 && error.to_string().contains("run/big: cannot sync"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn latest_follows_and_its_failure_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock_on(Arc::new(RealDisk), dir.path()).unwrap();
    assert!(publish(&output, "r1", "1").unwrap().warnings.is_empty());
    assert_eq!(
        fs::read_to_string(dir.path().join("latest/corridors.parquet")).unwrap(),
        "corridors"
    );
    publish(&output, "r2", "2").unwrap();
    assert_eq!(
        fs::read_link(dir.path().join("latest")).unwrap(),
        Path::new("runs/r2")
    );
    fs::remove_file(dir.path().join("latest")).unwrap();
    fs::create_dir(dir.path().join("latest")).unwrap();
    let published = publish(&output, "r3", "3").unwrap();
    assert_eq!(published.warnings.len(), 1, "{:?}", published.warnings);
    assert_eq!(
        output.layout().current_run().unwrap().as_deref(),
        Some("r3")
    );
}

#[test]
fn a_rebuilt_run_of_other_bytes_is_refused() {
    let (dir, run) = published_run();
    let output = lock(dir.path());
    publish(&output, "r2", "2").unwrap();
    let error = publish(&output, "r1", "Elements").unwrap_err();
    assert_eq!(error.exit_code(), 7);
    assert!(
        error
            .to_string()
            .ends_with("runs/r1: rebuilt, and these differ: elements/part-00000.parquet"),
        "{error}"
    );
    assert_eq!(
        output.layout().current_run().unwrap().as_deref(),
        Some("r2")
    );
    assert_eq!(
        fs::read_to_string(run.join("elements/part-00000.parquet")).unwrap(),
        "elements"
    );

    let mut other = manifest("r1");
    other.warnings.push("new".into());
    let error = staged(&output, "elements")
        .unwrap()
        .publish(other)
        .unwrap_err();
    assert!(
        error.to_string().ends_with("these differ: manifest.json"),
        "{error}"
    );
    is_clean(dir.path());
}

#[test]
fn an_existing_run_is_checked_before_it_becomes_current() {
    let (dir, run) = published_run();
    let output = lock(dir.path());
    publish(&output, "r2", "2").unwrap();
    assert!(
        publish_existing(&output, "r1", &no_progress)
            .unwrap()
            .is_old
    );
    assert_eq!(
        output.layout().current_run().unwrap().as_deref(),
        Some("r1")
    );
    publish_existing(&output, "r2", &no_progress).unwrap();
    fs::write(run.join("corridors.parquet"), "Corridors").unwrap();
    assert_eq!(
        publish_existing(&output, "r1", &no_progress)
            .unwrap_err()
            .exit_code(),
        7
    );
    assert_eq!(
        output.layout().current_run().unwrap().as_deref(),
        Some("r2")
    );
}

#[test]
fn rejects_are_those_of_the_last_execution() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock(dir.path());
    publish(&output, "good", "1").unwrap();
    let status = |id: &str| Status {
        run_id: Some(id.into()),
        ..Status::default()
    };
    write_status(&output, &status("good").done()).unwrap();
    let layout = output.layout();
    assert_eq!(find_rejects(layout, None).unwrap().1, layout.run("good"));
    let failed = status("bad").failed(&Error::TooManyRejects("9%".into()));
    let kept = staged(&output, "x")
        .unwrap()
        .fail("bad", &failed.to_bytes().unwrap())
        .unwrap();
    write_status(&output, &failed).unwrap();
    assert_eq!(
        find_rejects(layout, None).unwrap(),
        ("bad".to_owned(), kept.clone())
    );
    assert_eq!(find_rejects(layout, Some("ba")).unwrap().1, kept);
    assert_eq!(
        find_rejects(layout, Some("go")).unwrap().1,
        layout.run("good")
    );
    assert_eq!(find_rejects(layout, Some("x")).unwrap_err().exit_code(), 2);
    // Published after all: what was kept of the failure is of no more use.
    publish(&output, "bad", "x").unwrap();
    assert!(!kept.exists() && !layout.failed().exists());
    assert_eq!(
        find_rejects(layout, Some("bad")).unwrap().1,
        layout.run("bad")
    );
    assert_eq!(find_rejects(layout, None).unwrap().1, layout.run("bad"));
}

#[test]
fn an_unfinished_file_is_never_published() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock(dir.path());
    let stage = staged(&output, "x").unwrap();
    let mut writer = stage.create("rejected/part-00001.parquet").unwrap();
    writer.write_all(&vec![7; 1 << 20]).unwrap();
    drop(writer);
    let error = stage.publish(manifest("r1")).err().unwrap();
    assert!(
        error.kind() == ErrorKind::Internal
            && error.message().contains("rejected/part-00001.parquet"),
        "{error}"
    );

    let stage = staged(&output, "x").unwrap();
    let _unfinished = stage.create("rejected/part-00001.parquet").unwrap();
    let kept = stage.fail("r1", b"{}").unwrap();
    assert!(kept.join("rejected/part-00000.parquet").is_file());
    assert!(!kept.join("rejected/part-00001.parquet").exists());
}

#[test]
fn the_stage_takes_plain_paths_once_and_one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock(dir.path());
    let stage = Stage::begin(&output).unwrap();
    assert!(Stage::begin(&output).is_err());
    for bad in ["../x", "/x", "", "a//b"] {
        assert!(stage.create(bad).is_err(), "{bad:?}");
    }
    stage.put_bytes("a", b"1").unwrap();
    assert!(stage.put_bytes("a", b"2").is_err());
    let scratch = stage.run_dir().with_file_name("scratch/s");
    stage.create_scratch("s").unwrap();
    assert!(scratch.is_file());
    stage.remove_scratch("s").unwrap();
    assert!(!scratch.exists());
    drop(stage);
    is_clean(dir.path());
    assert_eq!(clear(&output).unwrap(), 0);
}

#[test]
fn stages_of_dead_runs_are_removed_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock(dir.path());
    fs::create_dir_all(dir.path().join("stage/new/run/elements")).unwrap();
    fs::write(dir.path().join("stage/new/run/elements/x"), "x").unwrap();
    fs::create_dir_all(dir.path().join("stage/removed-r0")).unwrap();
    assert_eq!(clear(&output).unwrap(), 1);
    is_clean(dir.path());
}

#[test]
fn digests_are_those_of_the_bytes_in_any_portions() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock(dir.path());
    let stage = Stage::begin(&output).unwrap();
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n * 7 % 251) as u8).collect();
    for (name, portion) in [
        ("a", 1_000),
        ("b", 262_144),
        ("c", 262_145),
        ("d", 3_000_000),
    ] {
        let mut writer = stage.create(name).unwrap();
        for chunk in bytes.chunks(portion) {
            writer.write_all(chunk).unwrap();
        }
        assert_eq!(writer.bytes, 3_000_000);
        let entry = writer.finish_rows(5).unwrap();
        assert_eq!((entry.bytes, entry.rows), (3_000_000, Some(5)));
        assert_eq!(entry.sha256, super::digest::sha256_hex(&bytes), "{portion}");
        assert_eq!(
            fs::read(stage.run_dir().join(name)).unwrap(),
            bytes,
            "{portion}"
        );
    }
}

#[test]
fn a_run_is_found_by_its_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    assert_eq!(layout.find_run(None).unwrap_err().exit_code(), 7);
    let output = lock(dir.path());
    for id in ["abc1", "abd2", "abc"] {
        publish(&output, id, id).unwrap();
    }
    assert_eq!(layout.find_run(None).unwrap().0, "abc");
    assert_eq!(layout.find_run(Some("abd")).unwrap().0, "abd2");
    assert_eq!(layout.find_run(Some("abc")).unwrap().0, "abc");
    assert!(
        layout
            .find_run(Some("ab"))
            .unwrap_err()
            .to_string()
            .contains("ambiguous: abc, abc1, abd2")
    );
    assert_eq!(
        layout.find_run(Some("../stage")).unwrap_err().exit_code(),
        2
    );
    fs::remove_dir_all(layout.run("abc")).unwrap();
    assert_eq!(layout.find_run(None).unwrap_err().exit_code(), 7);
    fs::write(layout.current(), "../../etc\n").unwrap();
    assert_eq!(layout.find_run(None).unwrap_err().exit_code(), 7);
}

#[test]
fn manifest_bytes_are_sorted_and_read_back() {
    let bytes = manifest("r1").to_bytes().unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(
        text.ends_with("}\n") && text.starts_with("{\n  \"counts\": {\n    \"accepted\": 2,"),
        "{text}"
    );
    let order: Vec<usize> = ["\"a\":", "\"b\": 0", "\"c\": 0", "\"z\": 1"]
        .iter()
        .map(|k| text.find(k).unwrap())
        .collect();
    assert!(order.is_sorted(), "{text}");
    assert_eq!(
        Manifest::parse(Path::new("r1"), &bytes).unwrap(),
        manifest("r1")
    );
    let newer = text.replace("\"schema_version\": 1", "\"schema_version\": 2");
    let error = Manifest::parse(Path::new("r1"), newer.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("schema version 2, this program reads 1"),
        "{error}"
    );
}
