//! Power cuts at every moment of everything that is published: readers find the old or the new, whole, and what was reported as
//! done is done.
//!
//! `GREEN_CORRIDOR_IMAGES` states per moment are looked at; `tests/walks/long` asks for many.

use super::commit::publish_existing;
use super::commit_tests::{is_clean, lock, lock_on, publish, staged};
use super::digest::no_progress;
use super::files::{finish_groups, remove_lasting, seal, whole, write_file, write_new_tree};
use super::layout::Layout;
use super::library::write_edition;
use super::power::{Count, Image, RecordingDisk, Standing, cut_power, place};
use super::prune::prune;
use super::reference::read_library;
use super::status::{Status, read_status, write_status};
use super::verify::verify_files;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

fn most() -> u64 {
    let asked = std::env::var("GREEN_CORRIDOR_IMAGES").ok();
    asked.map_or(150, |n| n.parse().expect("a number of images"))
}

/// A folder on whose state after a power cut something is tried.
fn placed(image: &Image) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    place(image, dir.path());
    let out = dir.path().join("out");
    (dir, out)
}

/// What a reader of an output root finds: the current run. Every run that is there must be whole, and so must the status.
fn seen(out: &Path) -> Result<Option<String>, String> {
    if !out.exists() {
        return Ok(None);
    }
    let layout = Layout::new(out);
    let told = |e: crate::error::Error| e.to_string();
    if layout.runs().exists() {
        for run in layout.list_runs().map_err(told)? {
            verify_files(&layout.run(&run), &no_progress).map_err(told)?;
        }
    }
    read_status(&layout).map_err(told)?;
    let current = layout.current_run().map_err(told)?;
    match &current {
        Some(id) if !layout.run(id).is_dir() => {
            Err(format!("CURRENT names {id}, which is not there"))
        }
        _ => Ok(current),
    }
}

/// Readers look at neither.
fn is_read(path: &str) -> bool {
    !path.starts_with("out/stage") && path != "out/lock"
}

fn tell(what: &str, count: Count) {
    println!(
        "power cut, {what}: {} images at {} moments, {} of them different to a reader",
        count.images, count.moments, count.distinct
    );
    assert!(count.moments > 5 && count.images > 10, "{what}: {count:?}");
}

/// A publication over `before`, with the removal of old runs and the status.
fn night(disk: RecordingDisk, out: &Path) {
    let output = lock_on(Arc::new(disk), out).unwrap();
    let published = publish(&output, "new", "new elements").unwrap();
    assert!(published.is_durable);
    prune(&output, Some(1), "new").unwrap();
    write_status(&output, &Status::default().done()).unwrap();
}

#[test]
fn a_power_cut_leaves_the_old_run_or_the_new_one() {
    for before in [&[][..], &["older", "old"]] {
        let base = tempfile::tempdir().unwrap();
        let out = base.path().join("out");
        for run in before {
            publish(&lock(&out), run, run).unwrap();
        }
        let old = before.last().map(|id| (*id).to_owned());
        let act = |disk| night(disk, &out);
        let count = cut_power(base.path(), most(), is_read, act, |image, has_ended, at| {
            let (_dir, out) = placed(image);
            let found = seen(&out).unwrap_or_else(|fault| panic!("{at}: {fault}"));
            let is_new = found.as_deref() == Some("new");
            assert!(is_new || (found == old && !has_ended), "{at}: {found:?}");
        });
        tell("publication", count);
    }
}

#[test]
fn after_a_power_cut_the_next_run_publishes_and_leaves_nothing() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    publish(&lock(&out), "old", "old").unwrap();
    let act = |disk| night(disk, &out);
    let count = cut_power(
        base.path(),
        most() / 10,
        |_| true,
        act,
        |image, _, at| {
            let (_dir, out) = placed(image);
            let output = lock(&out);
            publish(&output, "new", "new elements").unwrap_or_else(|e| panic!("{at}: {e}"));
            drop(output);
            assert_eq!(seen(&out).unwrap().as_deref(), Some("new"), "{at}");
            is_clean(&out);
        },
    );
    tell("and the next run", count);
}

#[test]
fn a_power_cut_while_a_damaged_run_is_replaced_loses_neither() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    let file = publish(&lock(&out), "r", "x")
        .unwrap()
        .dir
        .join("corridors.parquet");
    fs::write(&file, "damaged").unwrap();
    let act = |disk: RecordingDisk| {
        publish(&lock_on(Arc::new(disk), &out).unwrap(), "r", "x").unwrap();
    };
    let count = cut_power(base.path(), most(), is_read, act, |image, has_ended, at| {
        let (_dir, out) = placed(image);
        let layout = Layout::new(&out);
        assert_eq!(layout.current_run().unwrap().as_deref(), Some("r"), "{at}");
        let is_old =
            fs::read(layout.run("r").join("corridors.parquet")).is_ok_and(|b| b == b"damaged");
        let is_new = verify_files(&layout.run("r"), &no_progress).is_ok();
        assert!(is_new || (is_old && !has_ended), "{at}");
    });
    tell("mending", count);
}

#[test]
fn a_power_cut_leaves_a_rollback_done_or_not() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    for run in ["old", "new"] {
        publish(&lock(&out), run, run).unwrap();
    }
    let act = |disk: RecordingDisk| {
        let output = lock_on(Arc::new(disk), &out).unwrap();
        publish_existing(&output, "old", &no_progress).unwrap();
    };
    let count = cut_power(base.path(), most(), is_read, act, |image, has_ended, at| {
        let (_dir, out) = placed(image);
        let found = seen(&out).unwrap_or_else(|fault| panic!("{at}: {fault}"));
        let is_back = found.as_deref() == Some("old");
        assert!(
            is_back || (found.as_deref() == Some("new") && !has_ended),
            "{at}: {found:?}"
        );
    });
    tell("rollback", count);
}

#[test]
fn a_power_cut_of_a_failed_run_leaves_its_rejects_whole_or_not_at_all() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    publish(&lock(&out), "old", "old").unwrap();
    staged(&lock(&out), "x")
        .unwrap()
        .fail("bad", b"{}\n")
        .unwrap();
    let act = |disk: RecordingDisk| {
        let output = lock_on(Arc::new(disk), &out).unwrap();
        staged(&output, "x")
            .unwrap()
            .fail("bad", b"{\"again\":1}\n")
            .unwrap();
    };
    let count = cut_power(base.path(), most(), is_read, act, |image, has_ended, at| {
        let (_dir, out) = placed(image);
        assert_eq!(seen(&out).unwrap().as_deref(), Some("old"), "{at}");
        let kept = Layout::new(&out).failed().join("bad");
        assert!(kept.exists() || !has_ended, "{at}");
        if kept.exists() {
            let rejected = fs::read(kept.join("rejected/part-00000.parquet")).unwrap();
            let status = fs::read_to_string(kept.join("status.json")).unwrap();
            assert_eq!(rejected, b"rejected", "{at}");
            assert!(
                status == "{\"again\":1}\n" || (status == "{}\n" && !has_ended),
                "{at}: {status}"
            );
        }
    });
    tell("a failed run", count);
}

#[test]
fn a_power_cut_leaves_files_of_one_command_with_the_index_they_belong_to() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("documents");
    let names = ["ledger", "a.json", "b.json", "summary.json"];
    for name in names {
        write_file(&super::disk::RealDisk, &dir.join(name), b"old").unwrap();
    }
    // The order of `export`.
    let act = |disk: RecordingDisk| {
        let file = |name: &str| whole(&disk, &dir.join(name), b"new and longer").unwrap();
        let mut ledger = vec![file("ledger")];
        let mut documents = vec![file("a.json"), file("b.json")];
        let mut index = vec![file("summary.json")];
        seal(ledger.iter_mut().chain(&mut documents).chain(&mut index)).unwrap();
        remove_lasting(&disk, &dir.join("summary.json")).unwrap();
        finish_groups(&disk, [ledger, documents, index]).unwrap();
    };
    let count = cut_power(
        base.path(),
        most(),
        |_| true,
        act,
        |image, has_ended, at| {
            let age = |name: &str| match image.get(&format!("documents/{name}")) {
                None => "none",
                Some(Standing::File(bytes)) if bytes == b"old" => "old",
                Some(Standing::File(bytes)) if bytes == b"new and longer" => "new",
                other => panic!("{at}: {name} is torn: {other:?}"),
            };
            let [ledger, a, b, index] = names.map(age);
            assert!(
                index == "none" || (a == index && b == index),
                "{at}: {a} {b} {index}"
            );
            assert!(
                ledger == "new" || (a == "old" && b == "old"),
                "{at}: documents before their ledger"
            );
            assert!(![ledger, a, b].contains(&"none"), "{at}");
            assert!(!has_ended || index == "new", "{at}");
        },
    );
    tell("files of one command", count);
}

#[test]
fn a_power_cut_never_leaves_tables_under_the_row_of_others() {
    // What is there before: tables and sources; what the sources are then.
    for (before, sources) in [(None, "s2"), (Some("old"), "s2"), (Some("old"), "s1")] {
        let base = tempfile::tempdir().unwrap();
        let library = base.path().join("library");
        fs::create_dir(&library).unwrap();
        fs::write(library.join("sources.csv"), "s1").unwrap();
        if before.is_some() {
            fs::create_dir_all(library.join("own/1")).unwrap();
            fs::write(library.join("own/1/hub.csv"), "old").unwrap();
        }
        let tables: &[(&str, &[u8])] = &[("hub.csv", b"new"), ("energy.csv", b"new")];
        let act = |disk: RecordingDisk| {
            write_edition(&disk, &library, "own/1", tables, sources.as_bytes()).unwrap();
        };
        let count = cut_power(
            base.path(),
            most(),
            |_| true,
            act,
            |image, has_ended, at| {
                let (dir, _) = placed(image);
                let library = dir.path().join("library");
                let files = read_library(&library).unwrap();
                let texts = |of: &str| -> Vec<String> {
                    let wanted = files.iter().filter(|f| f.path.starts_with(of));
                    wanted
                        .map(|f| String::from_utf8_lossy(&f.bytes).into_owned())
                        .collect()
                };
                let (found, row) = (texts("own/"), texts("sources.csv").concat());
                let is_new = found == ["new", "new"] && row == sources;
                let is_old = found == before.as_slice() && row == "s1";
                // Both are refused by every load.
                let is_refused = match before {
                    None => found == ["new", "new"] && row == "s1",
                    Some(_) => sources != "s1" && found.is_empty(),
                };
                assert!(
                    is_new || (!has_ended && (is_old || is_refused)),
                    "{at}: {found:?} {row}"
                );
                write_edition(
                    &super::disk::RealDisk,
                    &library,
                    "own/1",
                    tables,
                    sources.as_bytes(),
                )
                .unwrap();
                let left: Vec<_> = fs::read_dir(library.join("own")).unwrap().collect();
                assert_eq!(left.len(), 1, "{at}: {left:?}");
            },
        );
        tell("an edition", count);
    }
}

#[test]
fn a_power_cut_leaves_new_files_whole_and_the_next_attempt_completes_them() {
    let base = tempfile::tempdir().unwrap();
    let files: &[(&str, &[u8])] = &[("a", b"first"), ("b/c", b"second"), ("b/d/e", b"third")];
    let act = |disk: RecordingDisk| write_new_tree(&disk, &base.path().join("out"), files).unwrap();
    let count = cut_power(
        base.path(),
        most(),
        |_| true,
        act,
        |image, has_ended, at| {
            let (_dir, out) = placed(image);
            let there = |path: &str| image.get(&format!("out/{path}"));
            let whole = |bytes: &[u8]| Standing::File(bytes.to_vec());
            let count = files.iter().filter(|(path, bytes)| match there(path) {
                None => false,
                Some(found) => *found == whole(bytes) || panic!("{at}: {path}: {found:?}"),
            });
            let count = count.count();
            assert!(!has_ended || count == files.len(), "{at}");
            let again = write_new_tree(&super::disk::RealDisk, &out, files);
            assert_eq!(again.is_ok(), count < files.len(), "{at}: {again:?}");
            if again.is_ok() {
                let hidden = |e: &fs::DirEntry| e.file_name().to_string_lossy().starts_with('.');
                let left = fs::read_dir(&out)
                    .unwrap()
                    .map(|e| e.unwrap())
                    .filter(hidden)
                    .count();
                assert_eq!(left, 0, "{at}");
            }
        },
    );
    tell("new files", count);
}
