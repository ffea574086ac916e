//! `query` starts the program that lies beside this one, and no other. What that one answers is tested where it is: `query/tests`.
#![cfg(unix)]

mod support;

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
        "query",
        "a b",
        "SELECT 'x'\n",
        "--format=csv",
        "--all-runs",
        "--log=json",
    ];
    let ended = Command::new(program)
        .args(words)
        .output()
        .expect("the program starts");
    let heard = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(7));
    let wanted = "<--log=json>\n<--format=csv>\n<--all-runs>\n<-->\n<a b>\n<SELECT 'x'\n>\n";
    assert_eq!(heard, wanted);
}
