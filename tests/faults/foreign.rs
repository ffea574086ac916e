//! Links, and files that this program did not make, in the way of every command that writes: nothing that they lead to changes.
#![cfg(unix)]

use crate::support::binary::{Ended, TIMEOUT, command, green_corridor, wait};
use crate::support::folders::copy_tree;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const RUN_FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/golden/three_modes/run.toml"
);

/// A folder with a file that is somebody else's, beside an output root.
struct World {
    home: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join("victim")).expect("a folder");
        fs::write(home.path().join("victim/precious"), "kept").expect("a file");
        World { home }
    }

    /// With two runs published.
    fn published() -> World {
        let world = World::new();
        world.run("50.0001%", &[]).expect(0);
        world.run("50.0002%", &[]).expect(0);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, share: &str, more: &[&str]) -> Ended {
        let mut run = command();
        run.args(["run", RUN_FILE, "--max-reject-share", share, "--out"])
            .arg(self.path("out"))
            .args(more);
        self.end(run)
    }

    /// Runs a command whose temporary files would stand in `tmp`.
    fn end(&self, mut command: Command) -> Ended {
        fs::create_dir_all(self.path("tmp")).expect("a folder");
        command.env("TMPDIR", self.path("tmp"));
        wait(command.spawn().expect("the binary starts"), TIMEOUT)
    }

    fn link(&self, at: &str, to: &str) {
        let at = self.path(at);
        fs::create_dir_all(at.parent().expect("a parent")).expect("a folder");
        symlink(self.path(to), at).expect("a link");
    }

    #[track_caller]
    fn is_untouched(&self) {
        assert_eq!(names(&self.path("victim")), ["precious"]);
        let text = fs::read_to_string(self.path("victim/precious")).expect("a file");
        assert_eq!(text, "kept");
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .expect("a folder")
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

fn current(out: &Path) -> String {
    fs::read_to_string(out.join("CURRENT"))
        .expect("a run is published")
        .trim()
        .to_owned()
}

#[test]
fn a_run_refuses_links_in_its_output_before_it_computes() {
    for name in [
        "stage",
        "runs",
        "failed",
        "damaged",
        "log",
        "CURRENT",
        "status.json",
        "metrics.prom",
        "lock",
    ] {
        for target in ["victim", "victim/precious"] {
            let world = World::new();
            world.link(&format!("out/{name}"), target);
            for more in [&[][..], &["--rebuild", "--keep", "1"]] {
                let ended = world.run("50%", more).expect(6);
                assert!(
                    ended.stderr.contains(&format!("out/{name}: ")),
                    "{}",
                    ended.stderr
                );
                assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
                world.is_untouched();
                assert!(!world.path("out").join("runs/x").exists());
            }
        }
    }
}

#[test]
fn what_a_command_writes_below_the_output_goes_through_no_link() {
    let world = World::published();
    let out = world.path("out");
    let out = out.to_str().expect("UTF-8");
    let ids = names(&world.path("out/runs"));
    let commands: Vec<(&str, Vec<&str>)> = vec![
        ("report", vec!["report", out]),
        ("export", vec!["export", "ileap-tad", out]),
        ("export/ileap-tad", vec!["export", "ileap-tad", out]),
        ("diff", vec!["diff", out, &ids[0], &ids[1]]),
    ];
    for (place, arguments) in commands {
        world.link(&format!("out/{place}"), "victim");
        let ended = green_corridor(&arguments).expect(6);
        assert!(
            ended
                .stderr
                .contains(&format!("out/{place}: is a link, expected a folder")),
            "{arguments:?}: {}",
            ended.stderr
        );
        world.is_untouched();
        fs::remove_file(world.path("out").join(place)).expect("the link");
        green_corridor(&arguments).expect(0);
        fs::remove_dir_all(world.path("out").join(place)).expect("a folder");
    }
}

#[test]
fn init_and_import_write_through_no_link() {
    let world = World::new();
    world.link("start/data", "victim");
    let start = world.path("start");
    let ended = green_corridor([Path::new("init"), &start]).expect(6);
    assert!(
        ended.stderr.contains("data: is a link, expected a folder"),
        "{}",
        ended.stderr
    );
    world.is_untouched();
    assert_eq!(names(&start), ["data"]);

    let library = world.path("library");
    copy_tree(&Path::new(ROOT).join("emission_factors"), &library);
    let tables = Path::new(ROOT).join("examples/factor-tables");
    for place in ["exmp", "exmp/2025"] {
        world.link(&format!("library/{place}"), "victim");
        let mut import = command();
        import.args(["factors", "import", "--replace", "--factors"]);
        import.arg(&library);
        import
            .arg(tables.join("fictitious/carrier.csv"))
            .arg("--mapping");
        import.arg(tables.join("carrier.toml"));
        let ended = wait(import.spawn().expect("the binary starts"), TIMEOUT);
        assert!(matches!(ended.code, Some(6 | 9)), "{place}: {ended:?}");
        world.is_untouched();
        fs::remove_file(library.join(place)).expect("the link");
    }
}

#[test]
fn names_that_could_be_foreseen_are_not_written_through() {
    let world = World::new();
    let file = world.path("s.csv");
    let mut sample = command();
    sample.args(["sample", "--shipments", "2000", "--seed", "1", "--out"]);
    sample.arg(&file);
    let child = sample.spawn().expect("the binary starts");
    // The name that this program gave once: beside the file, with the number of the process.
    let _ = symlink(
        world.path("victim/precious"),
        world.path(&format!("s.csv.{}.tmp", child.id())),
    );
    wait(child, TIMEOUT).expect(0);
    world.is_untouched();
    assert!(fs::symlink_metadata(&file).expect("the sample").is_file());

    for name in [
        "CURRENT",
        "latest",
        "status.json",
        "metrics.prom",
        "log/record",
    ] {
        world.link(&format!("out/{name}.tmp"), "victim/precious");
    }
    world.run("50%", &[]).expect(0);
    world.is_untouched();
    for name in [
        "CURRENT",
        "latest",
        "status.json",
        "metrics.prom",
        "log/record",
    ] {
        let beside = world.path(&format!("out/{name}.tmp"));
        assert!(
            fs::symlink_metadata(&beside).is_ok_and(|m| m.is_symlink()),
            "{name}"
        );
    }
}

#[test]
fn keep_removes_runs_and_nothing_else() {
    let world = World::published();
    let runs = world.path("out/runs");
    fs::create_dir(runs.join("archive-2024")).expect("a folder");
    fs::write(runs.join("archive-2024/signed.pdf"), "x").expect("a file");
    world.link("out/runs/linked", "victim");
    let old: Vec<String> = names(&runs);
    let noted = old
        .iter()
        .find(|id| {
            runs.join(id).join("manifest.json").exists() && **id != current(&world.path("out"))
        })
        .expect("an old run");
    fs::write(runs.join(noted).join("note.txt"), "mine").expect("a file");
    let ended = world.run("50.0003%", &["--keep", "1"]).expect(0);
    assert!(
        ended
            .stderr
            .contains("stays, because note.txt in it is not listed"),
        "{}",
        ended.stderr
    );
    let mut left = vec!["archive-2024".to_owned(), "linked".to_owned()];
    left.extend([noted.clone(), current(&world.path("out"))]);
    left.sort();
    assert_eq!(names(&runs), left);
    world.is_untouched();
    fs::remove_file(runs.join(noted).join("note.txt")).expect("the note");
    world.run("50.0003%", &["--keep", "1"]).expect(0);
    assert!(!runs.join(noted).exists());
}

#[test]
fn a_dry_run_leaves_nothing_and_follows_nothing() {
    let world = World::new();
    let dry = |world: &World| world.run("50%", &["--dry-run"]).expect(0);
    dry(&world);
    assert_eq!(names(&world.path("tmp")), [""; 0]);
    assert!(!world.path("out").exists());

    // The name that a dry run had once, for every process to come.
    let last = std::process::id();
    for pid in last..last + 500 {
        world.link(&format!("tmp/green-corridor-dry-run-{pid}/stage"), "victim");
    }
    dry(&world);
    world.is_untouched();
    assert_eq!(names(&world.path("tmp")).len(), 500, "they are not its own");
}

#[test]
fn what_a_killed_dry_run_left_goes_at_the_next_run() {
    let world = World::new();
    let movements = world.path("movements.csv");
    let movements = movements.to_str().expect("UTF-8");
    green_corridor(["sample", "--shipments", "20000", "--out", movements]).expect(0);
    let tmp = world.path("tmp");
    for next in ["--dry-run", "--rebuild"] {
        fs::create_dir_all(&tmp).expect("a folder");
        let mut run = command();
        run.args([
            "run",
            concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml"),
            "--dry-run",
        ]);
        run.args(["--movements", movements, "--out"])
            .arg(world.path("out"));
        let mut child = run.env("TMPDIR", &tmp).spawn().expect("the binary starts");
        let works = || {
            names(&tmp)
                .iter()
                .any(|name| tmp.join(name).join("stage/new/run").is_dir())
        };
        while !works() && child.try_wait().expect("it can be waited for").is_none() {}
        // While it works nobody takes its folder away.
        world.run("50%", &["--dry-run"]).expect(0);
        let is_at_work = child.try_wait().expect("it can be waited for").is_none();
        assert!(!is_at_work || names(&tmp).len() == 1);
        child.kill().expect("it can be killed");
        let ended = wait(child, TIMEOUT);
        assert!(
            ended.code.is_some() || names(&tmp).len() == 1,
            "{:?}",
            names(&tmp)
        );
        world.run("50%", &[next]).expect(0);
        assert_eq!(names(&tmp), [""; 0], "after {next}");
    }
}

#[test]
fn a_damaged_run_is_told_and_mended() {
    let world = World::published();
    let out = world.path("out");
    let id = current(&out);
    let file = out.join("runs").join(&id).join("corridors.parquet");
    let whole = fs::read(&file).expect("a table");
    let mut bytes = whole.clone();
    bytes[100] ^= 1;
    fs::write(&file, &bytes).expect("a file");
    let told = world.run("50.0002%", &[]).expect(7);
    for part in ["corridors.parquet has digest", "--rebuild"] {
        assert!(told.stderr.contains(part), "{}", told.stderr);
    }
    let mended = world.run("50.0002%", &["--rebuild"]).expect(0);
    assert!(
        mended.stderr.contains(&format!("damaged/{id}-1")),
        "{}",
        mended.stderr
    );
    assert_eq!(fs::read(&file).expect("a table"), whole);
    assert_eq!(current(&out), id);
    green_corridor([Path::new("verify"), &out]).expect(0);
    let kept = out.join(format!("damaged/{id}-1/corridors.parquet"));
    assert_eq!(fs::read(kept).expect("what was damaged"), bytes);
    let status = fs::read_to_string(out.join("status.json")).expect("a status");
    assert!(
        status.contains("it is replaced by what was computed anew"),
        "{status}"
    );
    // Nothing is damaged any more.
    world.run("50.0002%", &["--rebuild"]).expect(0);
    assert_eq!(names(&out.join("damaged")), [format!("{id}-1")]);
}
