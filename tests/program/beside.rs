//! `query` and `serve` start the program that lies beside this one, and no other. What those answer is tested where they are.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// This program in a folder of its own.
fn alone(folder: &Path) -> PathBuf {
    let program = folder.join("green-corridor");
    fs::copy(env!("CARGO_BIN_EXE_green-corridor"), &program).expect("a copy");
    program
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it may run");
}

/// Commands and the programs that they start.
const BESIDE: [(&str, &str); 2] = [
    ("query", "green-corridor-query"),
    ("serve", "green-corridor-server"),
];

#[test]
fn without_the_other_program_it_says_how_to_build_it() {
    for (command, other) in BESIDE {
        let folder = tempfile::tempdir().expect("a folder");
        let program = alone(folder.path());
        // One of that name elsewhere on the way is not the one that was built with this.
        let elsewhere = tempfile::tempdir().expect("a folder");
        script(&elsewhere.path().join(other), "echo found");
        let ended = Command::new(program)
            .args([command, "out", "SELECT 1"])
            .env("PATH", elsewhere.path())
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{said}");
        let build = format!("cargo build --release --locked -p {other}");
        assert!(said.contains(&build), "{said}");
    }
}

#[test]
fn the_words_and_the_exit_code_are_passed_through() {
    for (command, other) in BESIDE {
        let folder = tempfile::tempdir().expect("a folder");
        let program = alone(folder.path());
        let answers = "for word in \"$@\"; do echo \"<$word>\"; done; exit 7";
        script(&folder.path().join(other), answers);
        let words = [
            "a b",
            "SELECT 'x'\n",
            "--format=csv",
            "--help",
            "--log=json",
        ];
        let asked = |before: &[&str]| {
            let mut started = Command::new(&program);
            let ended = started.args(before).arg(command).args(words).output();
            let ended = ended.expect("the program starts");
            assert_eq!(ended.status.code(), Some(7));
            String::from_utf8(ended.stdout).expect("UTF-8")
        };
        let heard = "<a b>\n<SELECT 'x'\n>\n<--format=csv>\n<--help>\n<--log=json>\n";
        assert_eq!(asked(&[]), heard);
        assert_eq!(asked(&["--log", "text"]), format!("<--log=text>\n{heard}"));
    }
}
