//! A place in which a command is struck, and what is looked at afterwards.

use crate::binary::{Ended, TIMEOUT, command, wait};
use crate::cases::{Age, Ages, Case, State, copy};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn in_folder(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = command();
    command.current_dir(dir).args(arguments);
    command
}

/// The command of a case; `FIRST` stands for the run that is not the current one.
fn attempt_in(dir: &Path, case: &Case) -> Command {
    let first = || {
        let current = fs::read_to_string(dir.join("out/CURRENT")).expect("a current run");
        let runs = fs::read_dir(dir.join("out/runs")).expect("runs");
        let ids = runs.map(|run| run.expect("a run").file_name().display().to_string());
        ids.into_iter()
            .find(|id| *id != current.trim())
            .expect("another run")
    };
    let arguments: Vec<String> = case
        .arguments
        .iter()
        .map(|word| {
            if *word == "FIRST" {
                first()
            } else {
                (*word).to_owned()
            }
        })
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    in_folder(dir, &arguments)
}

pub(crate) fn good(dir: &Path, arguments: &[&str]) -> Ended {
    wait(
        in_folder(dir, arguments)
            .spawn()
            .expect("the binary starts"),
        TIMEOUT,
    )
    .expect(0)
}

/// A folder in memory where there is one: what is tried is the order of operations, not the disk.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    // Not hidden, so that what is hidden is so on purpose.
    let builder = builder.prefix("faults-");
    let made = if memory.is_dir() {
        builder.tempdir_in(memory)
    } else {
        builder.tempdir()
    };
    made.or_else(|_| builder.tempdir()).expect("a folder")
}

/// The library to be loaded before all others.
pub(crate) struct Shim {
    dir: TempDir,
}

/// Compiles the shim.
pub(crate) fn shim() -> Shim {
    let shim = Shim {
        dir: tempfile::tempdir().expect("a folder"),
    };
    let compiled = Command::new("cc")
        .args([
            "-O1",
            "-shared",
            "-fPIC",
            "-fno-delete-null-pointer-checks",
            "-w",
            "-o",
        ])
        .arg(shim.path())
        .args(["tests/walks/shim.c", "-ldl"])
        .output()
        .expect("a C compiler");
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    shim
}

impl Shim {
    fn path(&self) -> PathBuf {
        self.dir.path().join("shim.so")
    }
}

/// A command with what it finds and what it makes.
pub(crate) struct Prepared<'s> {
    pub case: &'static Case,
    shim: &'s Shim,
    template: TempDir,
    old: State,
    new: State,
    /// Everything that is there after the command, and after a second one.
    listings: [Vec<String>; 2],
    /// What the shim noted, in order, with absolute paths.
    pub log: Vec<String>,
    /// Operations of the command.
    pub operations: usize,
}

impl Prepared<'_> {
    pub(crate) fn new<'s>(case: &'static Case, shim: &'s Shim) -> Prepared<'s> {
        let template = folder();
        (case.before)(template.path());
        let done = folder();
        copy(template.path(), done.path());
        let log = shim.dir.path().join("log");
        let _ = fs::remove_file(&log);
        let mut command = attempt_in(done.path(), case);
        command
            .env("LD_PRELOAD", shim.path())
            .env("FAULT_LOG", &log);
        wait(command.spawn().expect("the binary starts"), TIMEOUT).expect(0);
        let noted = fs::read_to_string(&log).expect("a log");
        let log: Vec<String> = noted
            .lines()
            .map(|line| absolute(line, done.path()))
            .collect();
        let (old, new) = (state(template.path(), case), state(done.path(), case));
        let first = listing(done.path());
        let again = wait(
            attempt_in(done.path(), case)
                .spawn()
                .expect("the binary starts"),
            TIMEOUT,
        );
        assert!(
            again.code.is_some_and(|c| case.again.contains(&c)),
            "{}: {again:?}",
            case.name
        );
        let listings = [first, listing(done.path())];
        let operations = log.len();
        Prepared {
            case,
            shim,
            template,
            old,
            new,
            listings,
            log,
            operations,
        }
    }
}

/// A line of the log with paths as the program could have given them in full, so that one thing has one name.
fn absolute(line: &str, dir: &Path) -> String {
    let mut words = line.splitn(4, ' ');
    let head: Vec<&str> = words.by_ref().take(3).collect();
    let rest = words.next().unwrap_or_default();
    let full = |path: &str| {
        let joined = dir.join(path);
        let clean: PathBuf = joined.components().collect();
        clean.display().to_string()
    };
    let rest: Vec<String> = rest.split(" -> ").map(full).collect();
    format!("{} {}", head.join(" "), rest.join(" -> "))
}

/// A place in which one attempt after the other is made.
pub(crate) struct Stage<'p> {
    prepared: &'p Prepared<'p>,
    dir: TempDir,
}

impl<'p> Stage<'p> {
    pub(crate) fn new(prepared: &'p Prepared<'p>) -> Stage<'p> {
        Stage {
            prepared,
            dir: folder(),
        }
    }

    /// Strikes once. `None`: the operation was not reached; else how the command ended. The error says what was not as it must be.
    pub(crate) fn attempt(
        &mut self,
        at: usize,
        errno: Option<i32>,
        forever: bool,
    ) -> Result<Option<String>, String> {
        let (case, world) = (self.prepared.case, self.dir.path().join("world"));
        if world.exists() {
            fs::remove_dir_all(&world).expect("the last world can be removed");
        }
        copy(self.prepared.template.path(), &world);
        let struck = self.dir.path().join("struck");
        let _ = fs::remove_file(&struck);
        let mut command = attempt_in(&world, case);
        command
            .env("LD_PRELOAD", self.prepared.shim.path())
            .env("FAULT_AT", at.to_string())
            .env("FAULT_STRUCK", &struck);
        if let Some(errno) = errno {
            command.env("FAULT_ERRNO", errno.to_string());
        }
        if forever {
            command.env("FAULT_FOREVER", "1");
        }
        let ended = wait(command.spawn().expect("the binary starts"), TIMEOUT);
        if !struck.exists() {
            return Ok(None);
        }
        let told = format!("exit {:?}, {}", ended.code, ended.stderr.trim());
        let code = match ended.code {
            None if errno.is_none() => "killed".to_owned(),
            Some(code @ (0 | 2 | 3 | 6 | 8 | 9 | 10)) if errno.is_some() => code.to_string(),
            _ => {
                return Err(format!(
                    "an exit that no fault of the system may have: {told}"
                ));
            }
        };
        self.judge(&world, ended.code)
            .map_err(|fault| format!("{fault}; {told}"))?;
        self.again(&world)
            .map_err(|fault| format!("the next attempt: {fault}; the first: {told}"))?;
        Ok(Some(code))
    }

    fn judge(&self, world: &Path, code: Option<i32>) -> Result<(), String> {
        let (old, new) = (&self.prepared.old, &self.prepared.new);
        let state = state(world, self.prepared.case);
        if code == Some(10) {
            return Ok(()); // a result of its own: without the input that could not be read, which it says
        }
        let mut ages = Ages::new();
        for path in old.keys().chain(new.keys()).chain(state.keys()) {
            let age = match state.get(path) {
                found if found == new.get(path) && found == old.get(path) => Age::Either,
                found if found == new.get(path) => Age::New,
                found if found == old.get(path) => Age::Old,
                None => Age::None,
                Some(_) => return Err(format!("{path} is neither old nor new")),
            };
            ages.insert(path.clone(), age);
        }
        if code == Some(0) && !is_done(&state, self.prepared) {
            let late = ages
                .iter()
                .filter(|(_, age)| !matches!(age, Age::New | Age::Either))
                .map(|(path, _)| path);
            return Err(format!(
                "reported as done, and is not: {late:?}",
                late = late.collect::<Vec<_>>()
            ));
        }
        if !(self.prepared.case.is_whole)(&state, &ages) {
            return Err(format!("is torn: {ages:?}"));
        }
        Ok(())
    }

    /// The same command without a fault: it succeeds, its result is the new one, and nothing is there that it does not leave otherwise.
    fn again(&self, world: &Path) -> Result<(), String> {
        let case = self.prepared.case;
        let ended = wait(
            attempt_in(world, case).spawn().expect("the binary starts"),
            TIMEOUT,
        );
        let is_good = ended
            .code
            .is_some_and(|code| code == 0 || case.again.contains(&code));
        if !is_good {
            return Err(format!("exit {:?}, {}", ended.code, ended.stderr.trim()));
        }
        let state = state(world, case);
        if !is_done(&state, self.prepared) {
            return Err("its result is not the new one".to_owned());
        }
        let listing = listing(world);
        let known = |path: &&String| self.prepared.listings.iter().any(|l| l.contains(path));
        match listing.iter().find(|path| !known(path)) {
            Some(path) => Err(format!("{path} was left")),
            None => Ok(()),
        }
    }
}

/// Whether the result is there. A run before it may still be kept.
fn is_done(state: &State, prepared: &Prepared) -> bool {
    prepared
        .new
        .iter()
        .all(|(path, bytes)| state.get(path) == Some(bytes))
}

/// The files that are the result of a case.
fn state(dir: &Path, case: &Case) -> State {
    let mut state = State::new();
    for path in listing(dir) {
        let is_result = case.results.iter().any(|r| {
            path.strip_prefix(r)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let is_hidden = path.split('/').any(|part| part.starts_with('.'));
        let full = dir.join(&path);
        if is_result
            && !is_hidden
            && !path.ends_with("/lock")
            && fs::symlink_metadata(&full).is_ok_and(|m| m.is_file())
        {
            let bytes = fs::read(&full).expect("a file can be read");
            let bytes = timeless(bytes);
            let bytes = match path.rsplit('/').next() {
                Some("summary.json") => without_counts_of_versions(&bytes),
                Some("state.ndjson") => without_digests(&bytes),
                _ => bytes,
            };
            state.insert(path, bytes);
        }
    }
    state
}

/// A second attempt finds the versions in the ledger that the first one noted.
fn without_counts_of_versions(summary: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(summary).into_owned();
    let is_count = |line: &&str| line.contains("\"new_versions\"") || line.contains("\"changed\"");
    let lines: Vec<&str> = text.lines().filter(|line| !is_count(line)).collect();
    lines.join("\n").into_bytes()
}

/// Each event holds the digest of the one before, which has its time.
fn without_digests(state: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(state).into_owned();
    let before = |line: &str| line.split(",\"before\":").next().map(str::to_owned);
    let lines: Vec<String> = text.lines().filter_map(before).collect();
    lines.join("\n").into_bytes()
}

/// The times at which documents were first exported differ.
fn timeless(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return bytes;
    };
    let year = "\"2";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(year) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let is_time =
            tail.as_bytes().get(11) == Some(&b'T') && tail.as_bytes().get(14) == Some(&b':');
        let end = tail[1..].find('"').map_or(tail.len(), |end| end + 2);
        // Times of movements are whole seconds; the clock's are not.
        if is_time && tail[..end].contains('.') {
            out.push_str("\"now\"");
            rest = &tail[end..];
        } else {
            out.push_str(&tail[..2]);
            rest = &tail[2..];
        }
    }
    out.push_str(rest);
    out.into_bytes()
}

/// Every path below a folder. Records of the log are one, however many there are.
fn listing(dir: &Path) -> Vec<String> {
    let (mut paths, mut pending) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let relative = path.strip_prefix(dir).expect("below").display().to_string();
            if fs::symlink_metadata(&path).is_ok_and(|m| m.is_dir()) {
                pending.push(path);
            }
            if !relative.contains("/log/") {
                paths.push(relative);
            }
        }
    }
    paths.sort();
    paths
}
