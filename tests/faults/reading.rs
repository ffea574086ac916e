//! Reading under adverse conditions, through the built program: few descriptors, footers that claim more than there is, reference
//! files that cannot be looked at. A run ends with the reason or is as it always is, and never goes without in silence.
#![cfg(target_os = "linux")]

use crate::support::binary::{Ended, TIMEOUT, green_corridor, wait};
use crate::support::skip::skip;
use crate::support::tables::current_run;
use green_corridor::runs::Manifest;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/library");
const HEADER: &str = "shipment_id,movement_id,sequence,mode,operation,origin,destination,departed_at,distance_km,\
                      distance_basis,cargo_mass_kg";

fn row(shipment: u32) -> String {
    format!("B{shipment:04},M1,1,road,road.truck,CNCKG,CNQZH,2025-06-01T08:00:00Z,1000,sfd,10000\n")
}

/// A folder with a run file over `in/`, and this many files there.
fn world(files: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path();
    fs::create_dir(folder.join("in")).expect("a folder");
    for n in 0..files {
        let text = format!("{HEADER}\n{}", row(n));
        fs::write(folder.join(format!("in/{n:04}.csv")), text).expect("written");
    }
    let run_file = format!(
        "movements = [\"in\"]\nfactors = \"{LIBRARY}/emission_factors\"\nprofile = \"golden\"\n\
         reference = \"{LIBRARY}/data\"\nout = \"out\"\n"
    );
    fs::write(folder.join("run.toml"), run_file).expect("written");
    dir
}

/// The program after a line of shell, with arguments for `run`.
fn run_after(shell: &str, folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new("sh");
    let line = format!("{shell}; exec \"$0\" run run.toml --threads 2 \"$@\"");
    command
        .args(["-c", &line, env!("CARGO_BIN_EXE_green-corridor")])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    wait(command.spawn().expect("a shell starts"), TIMEOUT)
}

fn manifest(folder: &Path, out: &str) -> Manifest {
    Manifest::load(&current_run(&folder.join(out))).expect("a manifest")
}

#[test]
fn no_file_is_lost_for_want_of_descriptors() {
    let dir = world(300);
    let folder = dir.path();
    let limits = [
        ("all", "true"),
        ("soft", "ulimit -S -n 40"),
        ("hard", "ulimit -n 64"),
        ("spilling", "ulimit -n 64"),
    ];
    for (out, shell) in limits {
        let memory = if out == "spilling" { "1MiB" } else { "1GiB" };
        let arguments = [
            "--out",
            out,
            "--allow-missing-files",
            "--memory-limit",
            memory,
        ];
        run_after(shell, folder, &arguments).expect(0);
        let published = manifest(folder, out);
        assert_eq!(
            (published.inputs.len(), published.missing_files.len()),
            (300, 0),
            "{out}"
        );
        assert_eq!(published.files, manifest(folder, "all").files, "{out}");
    }
}

#[test]
fn too_few_descriptors_end_the_run_whatever_may_be_left_out() {
    let dir = world(3);
    for limit in 4..24 {
        let ended = run_after(
            &format!("ulimit -n {limit}"),
            dir.path(),
            &["--allow-missing-files", "--allow-empty"],
        );
        match ended.code {
            Some(0) => {
                let published = manifest(dir.path(), "out");
                assert_eq!(
                    (published.inputs.len(), published.missing_files.len()),
                    (3, 0)
                );
            }
            // The program does not start at all with the least.
            Some(6 | 8 | 9 | 126 | 127) => {}
            Some(2) => assert!(
                ended.stderr.contains("Too many open files"),
                "{}",
                ended.stderr
            ),
            code => panic!("{limit}: {code:?}: {}", ended.stderr),
        }
    }
}

/// 58 bytes whose footer claims 2,147,483,647 row groups.
const GROUPS: &[u8] = b"PAR1\x15\x04\x19\x2c\x35\x00\x18\x06schema\x15\x02\x00\x15\x0c\x25\x00\x18\x0bshipment_id\x00\
    \x16\x00\x19\xfc\xff\xff\xff\xff\x07\x00\x00\x2e\x00\x00\x00PAR1";

#[test]
fn a_footer_that_claims_too_much_is_a_broken_file() {
    assert_eq!(GROUPS.len(), 58);
    let dir = world(1);
    fs::write(dir.path().join("in/claims.parquet"), GROUPS).expect("written");
    let ended = run_after("true", dir.path(), &[]).expect(3);
    assert!(
        ended.stderr.contains("in/claims.parquet"),
        "{}",
        ended.stderr
    );
    run_after("true", dir.path(), &["--allow-missing-files"]).expect(10);
    assert_eq!(manifest(dir.path(), "out").missing_files.len(), 1);
}

#[test]
fn a_published_table_that_claims_too_much_is_a_failed_verification() {
    let dir = world(2);
    let folder = dir.path();
    fs::write(
        folder.join("in/9.csv"),
        format!("{HEADER}\n{}", row(9).replace("10000", "-1")),
    )
    .expect("written");
    run_after("true", folder, &["--max-reject-share", "100%"]).expect(0);
    let out = folder.join("out");
    let run = current_run(&out);
    for file in manifest(folder, "out").files {
        if file.path.ends_with(".parquet") {
            fs::write(run.join(&file.path), GROUPS).expect("written");
        }
    }
    let out = out.to_str().expect("UTF-8");
    let export = folder.join("export");
    let export = export.to_str().expect("UTF-8");
    for arguments in [
        vec!["verify", out],
        vec!["explain", out, "B0000"],
        vec!["rejects", out],
        vec!["export", "ileap", out, "--to", export],
    ] {
        let ended = green_corridor(&arguments);
        assert!(
            matches!(ended.code, Some(2 | 7)),
            "{arguments:?}: {:?}: {}",
            ended.code,
            ended.stderr
        );
    }
    green_corridor(["verify", out]).expect(7);
    green_corridor(["explain", out, "B0000"]).expect(7);
    green_corridor(["rejects", out]).expect(7);
}

/// Runs as somebody whom permissions hold back, which root is not.
fn run_as_nobody(folder: &Path) -> Option<Ended> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|m| {
        use std::os::unix::fs::MetadataExt;
        m.uid() == 0
    });
    let mut command = Command::new(if is_root { "setpriv" } else { "env" });
    if is_root {
        command.args(["--reuid", "65534", "--clear-groups"]);
    }
    command
        .args([env!("CARGO_BIN_EXE_green-corridor"), "run", "run.toml"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some(wait(command.spawn().ok()?, TIMEOUT))
}

#[test]
fn reference_files_that_cannot_be_looked_at_are_not_missing() {
    use std::os::unix::fs::PermissionsExt;
    let dir = world(1);
    let folder = dir.path();
    let copied = Command::new("cp")
        .arg("-r")
        .arg(format!("{LIBRARY}/data"))
        .arg(folder)
        .status();
    assert!(copied.expect("cp starts").success());
    let run_file = fs::read_to_string(folder.join("run.toml")).expect("a run file");
    let run_file = run_file.replace(&format!("{LIBRARY}/data"), "data");
    fs::write(folder.join("run.toml"), run_file).expect("written");
    let opened = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions")
    };
    opened(folder, 0o777);
    let ended = match run_as_nobody(folder) {
        Some(ended) if ended.code == Some(0) => {
            opened(&folder.join("data"), 0o644);
            run_as_nobody(folder).expect("it has started before")
        }
        _ => {
            return skip(
                "reference_files_that_cannot_be_looked_at_are_not_missing",
                "another user who can run the program",
            );
        }
    };
    opened(&folder.join("data"), 0o755);
    let ended = ended.expect(9);
    assert!(
        ended.stderr.contains("data/containers.csv: cannot read: "),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("denied"), "{}", ended.stderr);
}
