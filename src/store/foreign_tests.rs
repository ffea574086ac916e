//! What is somebody else's stays as it is: links, and files and folders that this program did not make.
#![cfg(unix)]

use super::commit_tests::{lock, lock_on, publish};
use super::disk::RealDisk;
use super::dry_run::{private_folder, remove_dead};
use super::files::{FileWriter, folder_below, write_file, write_new_tree};
use super::library::write_edition;
use super::lock::{Holder, Output};
use super::prune::prune;
use super::stage::{Stage, clear, clear_if_free};
use super::status::{Execution, write_log};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A folder with a file in it that must stay, and what leads to it.
fn precious(home: &Path) -> std::path::PathBuf {
    let victim = home.join("victim");
    fs::create_dir_all(victim.join("new/run")).unwrap();
    fs::write(victim.join("new/run/file"), "kept").unwrap();
    victim
}

#[track_caller]
fn is_untouched(victim: &Path) {
    assert_eq!(names(victim), ["new"]);
    assert_eq!(names(&victim.join("new/run")), ["file"]);
    assert_eq!(
        fs::read_to_string(victim.join("new/run/file")).unwrap(),
        "kept"
    );
}

#[test]
fn a_root_with_a_link_in_it_is_refused_before_anything_is_written() {
    for name in [
        "stage",
        "runs",
        "failed",
        "damaged",
        "log",
        "CURRENT",
        "status.json",
        "metrics.prom",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let victim = precious(dir.path());
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        for target in [victim.clone(), victim.join("new/run/file")] {
            symlink(&target, out.join(name)).unwrap();
            let error = lock_on(Arc::new(RealDisk), &out).err().unwrap();
            assert!(
                error.exit_code() == 6
                    && error.to_string().starts_with(&format!(
                        "{}: is a link, expected a f",
                        out.join(name).display()
                    )),
                "{error}"
            );
            is_untouched(&victim);
            assert_eq!(names(&out), [name]);
            fs::remove_file(out.join(name)).unwrap();
        }
    }
}

#[test]
fn a_root_that_is_a_link_is_its_users_choice() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("disk")).unwrap();
    symlink("disk", dir.path().join("out")).unwrap();
    publish(&lock(&dir.path().join("out")), "r1", "1").unwrap();
    assert!(dir.path().join("disk/runs/r1").is_dir());
}

#[test]
fn a_stage_gives_up_what_is_ours_and_links_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let victim = precious(dir.path());
    let output = lock(&dir.path().join("out"));
    let stage = dir.path().join("out/stage");
    let begun = Stage::begin(&output).unwrap();
    drop(begun);
    fs::create_dir_all(stage.join("notes")).unwrap();
    fs::write(stage.join("notes/mine"), "x").unwrap();
    fs::write(stage.join("mine.tmp"), "x").unwrap();
    fs::write(stage.join(".Ab12Cd.CURRENT.green-corridor.tmp"), "x").unwrap();
    fs::create_dir_all(stage.join("removed-r0/runs")).unwrap();
    symlink(&victim, stage.join("removed-r0/runs/link")).unwrap();
    symlink(&victim, stage.join("new")).unwrap();
    assert_eq!(clear(&output).unwrap(), 1);
    assert_eq!(names(&stage), ["mine.tmp", "notes"]);
    publish(&output, "r1", "1").unwrap();
    assert_eq!(names(&stage), ["mine.tmp", "notes"]);
    is_untouched(&victim);
}

#[test]
fn a_run_that_works_elsewhere_clears_a_stage_that_nobody_uses() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let holder = Holder::this_process();
    let clear = || clear_if_free(Arc::new(RealDisk), &out, &holder).unwrap();
    assert_eq!(clear(), 0);
    assert!(!out.exists(), "it makes nothing");
    fs::create_dir_all(out.join("stage/new/run")).unwrap();
    let working = Output::lock(Arc::new(RealDisk), &out, &holder).unwrap();
    assert_eq!(clear(), 0);
    assert_eq!(names(&out.join("stage")), ["new"]);
    drop(working);
    assert_eq!(clear(), 1);
    assert_eq!(names(&out.join("stage")), [""; 0]);
}

#[test]
fn only_runs_are_pruned_and_only_what_their_manifests_list() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock(dir.path());
    let runs = output.layout().runs();
    for id in ["r1", "r2", "r3", "r4"] {
        publish(&output, id, id).unwrap();
    }
    let put = |name: &str, file: &str, text: &str| {
        fs::create_dir_all(runs.join(name)).unwrap();
        fs::write(runs.join(name).join(file), text).unwrap();
    };
    put("archive-2024", "signed.pdf", "x");
    put("empty-manifest", "manifest.json", "{}");
    put(
        "another",
        "manifest.json",
        r#"{"run_id": "r1", "files": []}"#,
    );
    put("r2", "signed.pdf", "x");
    symlink("../elsewhere", runs.join("r3/link")).unwrap();
    let pruned = prune(&output, Some(1), "r4").unwrap();
    assert_eq!(pruned.removed, ["r1"]);
    assert_eq!(pruned.warnings.len(), 2, "{:?}", pruned.warnings);
    for (warning, what) in pruned
        .warnings
        .iter()
        .zip(["r2: stays, because signed.pdf", "r3: stays, because link"])
    {
        assert!(warning.contains(what), "{warning}");
    }
    assert_eq!(
        names(&runs),
        [
            "another",
            "archive-2024",
            "empty-manifest",
            "r2",
            "r3",
            "r4"
        ]
    );
}

#[test]
fn folders_that_are_not_runs_do_not_count_among_those_that_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock(dir.path());
    publish(&output, "r1", "1").unwrap();
    publish(&output, "r2", "2").unwrap();
    fs::create_dir(output.layout().run("zzz")).unwrap();
    assert!(prune(&output, Some(2), "r2").unwrap().removed.is_empty());
}

#[test]
fn a_lock_that_is_somebody_elses_file_is_not_emptied() {
    for link in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mine = dir.path().join("Cargo.lock");
        fs::write(&mine, "version = 4\n").unwrap();
        let lock = dir.path().join("lock");
        match link {
            true => fs::hard_link(&mine, &lock).unwrap(),
            false => fs::rename(&mine, &lock).unwrap(),
        }
        let error = lock_on(Arc::new(RealDisk), dir.path()).err().unwrap();
        assert!(
            error.to_string().ends_with("is not a lock of this program"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(lock).unwrap(), "version = 4\n");
    }
}

#[test]
fn latest_replaces_links_only() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock_on(Arc::new(RealDisk), dir.path()).unwrap();
    let latest = output.layout().latest();
    fs::create_dir(dir.path().join("latest.tmp")).unwrap();
    fs::write(&latest, "mine").unwrap();
    let published = publish(&output, "r1", "1").unwrap();
    assert!(
        published.warnings[0].contains("latest: is a file, expected a link"),
        "{:?}",
        published.warnings
    );
    assert_eq!(fs::read_to_string(&latest).unwrap(), "mine");
    assert!(dir.path().join("latest.tmp").is_dir());
}

#[test]
fn the_log_has_a_number_for_every_record() {
    let dir = tempfile::tempdir().unwrap();
    let output = lock(dir.path());
    let record = Execution::default();
    let log = output.folder("log").unwrap();
    for taken in [u64::MAX, 1, 2, u64::MAX - 1] {
        fs::write(log.join(format!("ab-{taken}.json")), "{}").unwrap();
    }
    fs::write(log.join("ab-99999999999999999999.json"), "{}").unwrap();
    for free in [3, 4] {
        let path = write_log(&output, "ab", &record).unwrap();
        assert!(path.ends_with(format!("ab-{free}.json")), "{path:?}");
    }
}

#[test]
fn no_name_beside_a_file_can_be_foreseen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report.html");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let mut writer = FileWriter::create(&RealDisk, &path).unwrap();
        writer.write_all(b"x").unwrap();
        seen.extend(names(dir.path()));
        writer.finish().unwrap();
    }
    assert_eq!(seen.len(), 21, "{seen:?}");
    assert_eq!(names(dir.path()), ["report.html"]);
    let long = "x".repeat(255);
    write_file(&RealDisk, &dir.path().join(&long), b"x").unwrap();
}

#[test]
fn no_command_goes_through_a_link_below_what_its_user_named() {
    let dir = tempfile::tempdir().unwrap();
    let victim = precious(dir.path());
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("real")).unwrap();
    symlink(&victim, root.join("link")).unwrap();
    symlink(&victim, root.join("real/link")).unwrap();
    for relative in ["link", "link/new", "real/link", "real/link/more"] {
        let error = folder_below(&RealDisk, &root, relative).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("link: is a link, expected a folder"),
            "{error}"
        );
        let file = format!("{relative}/file");
        assert!(write_new_tree(&RealDisk, &root, &[(&file, b"x")]).is_err());
        assert!(
            write_edition(
                &RealDisk,
                &root,
                &format!("{relative}/1"),
                &[("a.csv", b"x")],
                b"s"
            )
            .is_err()
        );
    }
    // An edition that is a link itself.
    assert!(write_edition(&RealDisk, &root, "real/link", &[("a.csv", b"x")], b"s").is_err());
    is_untouched(&victim);
    assert_eq!(names(&root), ["link", "real"]);
    assert_eq!(names(&root.join("real")), ["link"]);
}

#[test]
fn a_dry_run_has_a_folder_of_its_own_and_only_dead_ones_are_removed() {
    let place = tempfile::tempdir().unwrap();
    let victim = precious(place.path());
    let own = private_folder().unwrap();
    assert_eq!(
        fs::metadata(own.path()).unwrap().permissions().mode() & 0o777,
        0o700
    );

    let folder = |name: &str, mode: u32, lock: Option<&str>| {
        let path = place.path().join(format!("green-corridor-dry-run-{name}"));
        fs::create_dir(&path).unwrap();
        symlink(&victim, path.join("stage")).unwrap();
        if let Some(text) = lock {
            fs::write(path.join("lock"), text).unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let signed = format!("{}\n", Holder::this_process());
    let dead = folder("dead", 0o700, Some(&signed));
    folder("begun", 0o700, Some(""));
    folder("not-a-run", 0o700, Some("notes"));
    folder("unlocked", 0o700, None);
    folder("open-to-all", 0o777, Some(&signed));
    let live = folder("live", 0o700, None);
    fs::remove_file(live.join("stage")).unwrap();
    let _working = Output::lock(Arc::new(RealDisk), &live, &Holder::this_process()).unwrap();
    symlink(&live, place.path().join("green-corridor-dry-run-link")).unwrap();
    assert_eq!(remove_dead(place.path()), [dead.as_path()]);
    assert!(!dead.exists());
    assert_eq!(names(place.path()).len(), 1 + 6);
    assert!(remove_dead(place.path()).is_empty());
    is_untouched(&victim);
}
