//! `query` starts the program that lies beside this one, and no other. What that one answers is tested where it is: `query/tests`.

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

#[test]
fn without_the_other_program_it_says_how_to_build_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = alone(folder.path());
    // One of that name elsewhere on the way is not the one that was built with this.
    let elsewhere = tempfile::tempdir().expect("a folder");
    script(&elsewhere.path().join("green-corridor-query"), "echo found");
    let ended = Command::new(program)
        .args(["query", "out", "SELECT 1"])
        .env("PATH", elsewhere.path())
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    let command = "cargo build --release --locked -p green-corridor-query";
    assert!(said.contains(command), "{said}");
}

#[test]
fn the_question_and_the_exit_code_are_passed_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = alone(folder.path());
    let answers = "for word in \"$@\"; do echo \"<$word>\"; done; exit 7";
    script(&folder.path().join("green-corridor-query"), answers);
    let words = [
        "a b",
        "SELECT 'x'\n",
        "--format=csv",
        "--help",
        "--log=json",
    ];
    let asked = |before: &[&str]| {
        let mut command = Command::new(&program);
        let ended = command.args(before).arg("query").args(words).output();
        let ended = ended.expect("the program starts");
        assert_eq!(ended.status.code(), Some(7));
        String::from_utf8(ended.stdout).expect("UTF-8")
    };
    let heard = "<a b>\n<SELECT 'x'\n>\n<--format=csv>\n<--help>\n<--log=json>\n";
    assert_eq!(asked(&[]), heard);
    assert_eq!(asked(&["--log", "text"]), format!("<--log=text>\n{heard}"));
}
