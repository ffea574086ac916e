//! Runs that are damaged, and the same runs computed again.

use super::commit_tests::{is_clean, lock, lock_on, publish, published_run, reader_sees};
use super::digest::no_progress;
use super::fault::{EIO, ENOSPC, Fault, FaultyDisk};
use super::layout::Layout;
use super::manifest::{MANIFEST, MANIFEST_DIGEST};
use super::verify::{manifest_digest_line, verify_files};
use std::fs;
use std::path::Path;
use std::sync::Arc;

const PART: &str = "elements/part-00000.parquet";

type Damage = fn(&Path);

/// Every way in which a run can be damaged, by name.
fn damages() -> Vec<(&'static str, Damage)> {
    vec![
        ("a changed byte", |run| {
            fs::write(run.join(PART), "Elements").unwrap()
        }),
        ("a file cut off", |run| {
            fs::write(run.join(PART), "elem").unwrap()
        }),
        ("a missing file", |run| {
            fs::remove_file(run.join(PART)).unwrap()
        }),
        ("a missing folder", |run| {
            fs::remove_dir_all(run.join("elements")).unwrap()
        }),
        ("a file that is a folder", |run| {
            fs::remove_file(run.join(PART)).unwrap();
            fs::create_dir(run.join(PART)).unwrap();
        }),
        ("a file too many", |run| {
            fs::write(run.join("signed.pdf"), "x").unwrap()
        }),
        ("no manifest", |run| {
            fs::remove_file(run.join(MANIFEST)).unwrap()
        }),
        ("an empty manifest", |run| {
            fs::write(run.join(MANIFEST), "").unwrap()
        }),
        ("no digest of the manifest", |run| {
            fs::remove_file(run.join(MANIFEST_DIGEST)).unwrap()
        }),
        ("an empty folder", |run| {
            fs::remove_dir_all(run).unwrap();
            fs::create_dir(run).unwrap();
        }),
        ("a file in its place", |run| {
            fs::remove_dir_all(run).unwrap();
            fs::write(run, "x").unwrap();
        }),
        #[cfg(unix)]
        ("a link in its place", |run| {
            let elsewhere = run.parent().unwrap().with_file_name("elsewhere");
            fs::rename(run, &elsewhere).unwrap();
            std::os::unix::fs::symlink("../elsewhere", run).unwrap();
        }),
    ]
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .map(|entries| {
            entries
                .map(|e| e.unwrap().file_name().into_string().unwrap())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn a_rebuilt_run_of_equal_bytes_stays_as_it_was() {
    let (dir, run) = published_run();
    let before = fs::metadata(run.join("manifest.json"))
        .unwrap()
        .modified()
        .unwrap();
    let output = lock(dir.path());
    publish(&output, "r2", "2").unwrap();
    let again = publish(&output, "r1", "elements").unwrap();
    assert!(again.is_old);
    assert_eq!(
        fs::metadata(run.join("manifest.json"))
            .unwrap()
            .modified()
            .unwrap(),
        before
    );
    assert_eq!(
        output.layout().current_run().unwrap().as_deref(),
        Some("r1")
    );
    is_clean(dir.path());
}

#[test]
fn a_damaged_run_gives_way_to_the_same_run_and_is_kept() {
    for (what, damage) in damages() {
        let (dir, run) = published_run();
        let output = lock(dir.path());
        damage(&run);
        assert!(verify_files(&run, &no_progress).is_err(), "{what}");
        let published = publish(&output, "r1", "elements").unwrap();
        assert!(!published.is_old, "{what}");
        assert_eq!(reader_sees(dir.path()).as_deref(), Some("r1"), "{what}");
        let layout = output.layout();
        assert_eq!(names(&layout.damaged()), ["r1-1"], "{what}");
        let kept = layout.damaged().join("r1-1");
        assert!(verify_files(&kept, &no_progress).is_err(), "{what}");
        assert!(
            published.warnings.len() == 1
                && published.warnings[0].contains(&kept.display().to_string()),
            "{what}: {:?}",
            published.warnings
        );
        assert_eq!(names(&layout.stage()), [""; 0], "{what}");
        // And again: nothing that was kept is lost.
        fs::write(run.join(PART), "again").unwrap();
        publish(&output, "r1", "elements").unwrap();
        assert_eq!(names(&layout.damaged()), ["r1-1", "r1-2"], "{what}");
        assert!(publish(&output, "r1", "elements").unwrap().is_old, "{what}");
    }
}

#[test]
fn what_another_computation_published_is_no_damage() {
    let (dir, run) = published_run();
    let output = lock(dir.path());
    // Damaged besides: the manifest still says what was published, and it was not this.
    fs::write(run.join("corridors.parquet"), "Corridors").unwrap();
    let error = publish(&output, "r1", "other").unwrap_err();
    assert!(
        error.exit_code() == 7 && error.to_string().contains("these differ: elements"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(run.join(PART)).unwrap(), "elements");
    assert!(!output.layout().damaged().exists());
    // A manifest that was changed together with its digest is believed.
    let text = fs::read_to_string(run.join(MANIFEST)).unwrap();
    let forged = text.replace("\"rows_in\": 3", "\"rows_in\": 4");
    fs::write(
        run.join(MANIFEST_DIGEST),
        manifest_digest_line(forged.as_bytes()),
    )
    .unwrap();
    fs::write(run.join(MANIFEST), forged).unwrap();
    assert_eq!(
        publish(&output, "r1", "elements").unwrap_err().exit_code(),
        7
    );
}

#[test]
fn a_fault_at_any_operation_of_mending_loses_nothing() {
    for fault in [
        Fault::Errno(ENOSPC),
        Fault::Errno(EIO),
        Fault::Killed,
        Fault::KilledAfter,
        Fault::ShortWrite,
    ] {
        for at in 0.. {
            let (dir, run) = published_run();
            fs::write(run.join(PART), "Elements").unwrap();
            let disk = FaultyDisk::new(at, fault);
            let result = lock_on(Arc::new(disk.clone()), dir.path())
                .and_then(|output| publish(&output, "r1", "elements"));
            let layout = Layout::new(dir.path());
            assert_eq!(layout.current_run().unwrap().as_deref(), Some("r1"));
            let is_sound = verify_files(&run, &no_progress).is_ok();
            assert_eq!(result.is_ok(), is_sound, "{fault:?} at {at}: {result:?}");
            let kept = names(&layout.damaged());
            let holds = |text: &str| {
                kept.iter().any(|name| {
                    fs::read_to_string(layout.damaged().join(name).join(PART))
                        .is_ok_and(|found| found == text)
                })
            };
            // The damaged run is in its place or set aside, at any time.
            assert!(
                !is_sound || holds("Elements"),
                "{fault:?} at {at}: {kept:?}"
            );
            publish(&lock(dir.path()), "r1", "elements").unwrap();
            assert_eq!(reader_sees(dir.path()).as_deref(), Some("r1"));
            if !disk.has_struck() {
                assert!(at > 8, "{at} operations are too few to be all");
                break;
            }
        }
    }
}
