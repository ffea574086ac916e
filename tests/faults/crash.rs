//! `kill -9` at random moments of a run over an existing output: whatever the moment, the current run is whole, no lock is
//! left, and the next run removes what the dead one was writing.
//!
//! `cargo test` kills a few times. `tests/crash/kill_nine` does it 200 times, and says how the moments fell.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small
#![cfg(unix)]

use crate::support::binary::{Ended, TIMEOUT, command, green_corridor, wait};
use crate::support::layout::Layout;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Kills in `cargo test`.
const FEW: u64 = 20;

/// Shipments of the input: enough that a run works on each of its stages for some milliseconds.
const SHIPMENTS: &str = "300";

/// Runs that are kept, so that every run removes one as well.
const KEPT: &str = "2";

/// Where a moment is counted from, and how far it can be from there. The last two stretches are short and matter most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// The start of the process; anywhere in a run.
    Start,
    /// The manifest stands in the stage; sync and two renames follow.
    Manifest,
    /// `CURRENT` names the new run; link, removal of old runs, log and status follow.
    Commit,
}

/// How long the stretches of a run take.
#[derive(Clone, Copy, Debug, Default)]
struct Stretches {
    whole: Duration,
    manifest_to_commit: Duration,
    commit_to_end: Duration,
}

/// What a kill met.
#[derive(Debug, Default)]
struct Tally {
    /// `CURRENT` names the old run.
    before_commit: u64,
    /// `CURRENT` names the new run, and the process was at work.
    after_commit: u64,
    /// The process had ended.
    too_late: u64,
    /// Kills that left something in the stage.
    with_leftovers: u64,
    /// Kills that found the run in `runs/` while `CURRENT` named the old one.
    between_renames: u64,
}

impl Tally {
    fn kills(&self) -> u64 {
        self.before_commit + self.after_commit
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kills = self.kills();
        write!(
            f,
            "{kills} kills: {} before the commit ({} between the two renames), {} after it; {} left a stage behind; {} runs ended before their moment",
            self.before_commit,
            self.between_renames,
            self.after_commit,
            self.with_leftovers,
            self.too_late
        )
    }
}

/// An output root with a published run, and runs over it that are different every time.
struct Nights {
    home: tempfile::TempDir,
    random: TestRng,
    begun: u32,
}

impl Nights {
    fn new(seed: u64) -> Nights {
        let home = tempfile::tempdir().expect("a folder");
        let movements = home.path().join("movements.csv");
        green_corridor([
            "sample",
            "--seed",
            "7",
            "--shipments",
            SHIPMENTS,
            "--out",
            path_text(&movements),
        ])
        .expect(0);
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Nights {
            home,
            random: TestRng::from_seed(RngAlgorithm::ChaCha, &key),
            begun: 0,
        }
    }

    fn layout(&self) -> Layout {
        Layout::new(self.home.path().join("out"))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound.max(1)
    }

    /// Starts a run whose id was never there before: the limit for rejects is part of it.
    fn start(&mut self) -> Child {
        self.begun += 1;
        let share = format!("50.{:04}%", self.begun);
        // Enough for everything, or so little that rows are sorted on disk; a limit is no part of the run's id.
        let memory = ["1GiB", "2MiB"][self.below(2) as usize];
        let mut run = command();
        run.args([
            "run",
            concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml"),
            "--movements",
        ]);
        run.arg(self.home.path().join("movements.csv"))
            .arg("--out")
            .arg(self.layout().root());
        run.args([
            "--max-reject-share",
            &share,
            "--memory-limit",
            memory,
            "--keep",
            KEPT,
        ]);
        run.spawn().expect("the binary starts")
    }

    /// Runs that nobody kills: the middle one of each stretch.
    fn undisturbed(&mut self) -> Stretches {
        let mut seen = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            let old = self.current();
            let mut child = self.start();
            self.wait_for(From::Manifest, &old, &mut child);
            let manifest = begun.elapsed();
            self.wait_for(From::Commit, &old, &mut child);
            let commit = begun.elapsed();
            wait(child, TIMEOUT).expect(0);
            let whole = begun.elapsed();
            seen.push(Stretches {
                whole,
                manifest_to_commit: commit - manifest,
                commit_to_end: whole - commit,
            });
        }
        let middle = |stretch: fn(&Stretches) -> Duration| {
            let mut sorted: Vec<Duration> = seen.iter().map(stretch).collect();
            sorted.sort();
            sorted[sorted.len() / 2]
        };
        Stretches {
            whole: middle(|s| s.whole),
            manifest_to_commit: middle(|s| s.manifest_to_commit),
            commit_to_end: middle(|s| s.commit_to_end),
        }
    }

    fn current(&self) -> Option<String> {
        self.layout().current_run().expect("a readable CURRENT")
    }

    /// Waits until a run over `old` has come so far, or has ended.
    fn wait_for(&self, from: From, old: &Option<String>, child: &mut Child) {
        let stage = self.layout().stage();
        let has_come = || match from {
            From::Start => true,
            From::Manifest => names(&stage)
                .iter()
                .any(|run| stage.join(run).join("run/manifest.json").exists()),
            From::Commit => self.current() != *old,
        };
        while !has_come()
            && child
                .try_wait()
                .expect("the process can be waited for")
                .is_none()
        {}
    }

    /// Kills a run at a random moment; whether it was still at work.
    fn kill(&mut self, from: From, within: Duration) -> bool {
        let delay = Duration::from_nanos(self.below(within.as_nanos() as u64));
        let old = self.current();
        let mut child = self.start();
        self.wait_for(from, &old, &mut child);
        std::thread::sleep(delay);
        child.kill().expect("the process can be killed");
        let Ended { code, stderr, .. } = wait(child, TIMEOUT);
        assert!(
            matches!(code, None | Some(0)),
            "neither killed nor done: {code:?} {stderr}"
        );
        code.is_none()
    }
}

#[test]
fn a_kill_at_any_moment_leaves_a_sound_current_run() {
    let kills = from_environment("GREEN_CORRIDOR_KILLS").unwrap_or(FEW);
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock past 1970");
    let seed = from_environment("GREEN_CORRIDOR_SEED").unwrap_or(clock.as_micros() as u64);
    println!("seed {seed}");
    let mut nights = Nights::new(seed);
    let stretches = nights.undisturbed();
    println!("undisturbed: {stretches:?}");
    let mut tally = Tally::default();
    for attempt in 0.. {
        let (from, within) = match attempt % 3 {
            0 => (From::Start, stretches.whole),
            1 => (From::Manifest, stretches.manifest_to_commit),
            _ => (From::Commit, stretches.commit_to_end),
        };
        check_kill(&mut nights, from, within, &mut tally);
        let is_last = tally.kills() >= kills;
        // Some nights are followed by another killed one: leftovers upon leftovers.
        if nights.below(3) > 0 || is_last {
            check_next_run(&mut nights);
        }
        if is_last {
            break;
        }
        assert!(
            attempt < 5 * kills,
            "most runs end before they are killed: {tally}"
        );
    }
    println!("{tally}");
    // A few moments may miss the short stretches, many must not.
    assert!(
        kills < 100 || tally.before_commit.min(tally.after_commit) > 9,
        "the moments missed a side of the commit: {tally}"
    );
}

/// Kills a run and looks at what is left with the eyes of a reader.
fn check_kill(nights: &mut Nights, from: From, within: Duration, tally: &mut Tally) {
    let layout = nights.layout();
    let old = nights.current().expect("a current run");
    let runs = layout.list_runs().expect("a list of runs");
    let was_at_work = nights.kill(from, within);
    let now = nights.current().expect("a current run");
    let new: Vec<String> = layout
        .list_runs()
        .expect("a list of runs")
        .into_iter()
        .filter(|id| !runs.contains(id))
        .collect();
    assert!(
        now == old || new == [now.clone()],
        "CURRENT names {now}; it was {old}, new is {new:?}"
    );
    tally.before_commit += u64::from(now == old && was_at_work);
    tally.after_commit += u64::from(now != old && was_at_work);
    tally.too_late += u64::from(!was_at_work);
    tally.between_renames += u64::from(now == old && !new.is_empty());
    tally.with_leftovers += u64::from(!names(&layout.stage()).is_empty());
    // Every run in `runs/` is whole, the current one among them, and so are the files for machines.
    for id in layout
        .list_runs()
        .expect("a list of runs")
        .iter()
        .filter(|id| **id != now)
    {
        green_corridor(["verify", path_text(layout.root()), id]).expect(0);
    }
    green_corridor(["verify", path_text(layout.root())]).expect(0);
    status(&layout);
    assert!(
        layout.latest().join("manifest.json").is_file(),
        "latest names no run"
    );
}

/// The next run takes the lock at once, publishes, and leaves nothing of the dead ones.
fn check_next_run(nights: &mut Nights) {
    let layout = nights.layout();
    // Beside runs the dead leave files on their way and folders on their way out, which are not counted.
    let leftovers = names(&layout.stage())
        .iter()
        .filter(|name| *name == "new")
        .count();
    let old = nights.current().expect("a current run");
    wait(nights.start(), TIMEOUT).expect(0);
    assert_ne!(nights.current().expect("a current run"), old);
    assert_eq!(
        names(&layout.stage()),
        Vec::<String>::new(),
        "the stage is empty after a run"
    );
    let temporary: Vec<PathBuf> = [layout.root().to_owned(), layout.log()]
        .iter()
        .flat_map(|dir| names(dir).into_iter().map(|name| dir.join(name)))
        .filter(|path| path.extension().is_some_and(|e| e == "tmp"))
        .collect();
    assert_eq!(
        temporary,
        Vec::<PathBuf>::new(),
        "a file on its way was left"
    );
    let status = status(&layout);
    assert_eq!(
        (
            &status["state"],
            &status["exit_code"],
            &status["stale_stages_removed"]
        ),
        (&"done".into(), &0.into(), &leftovers.into())
    );
    assert!(
        layout.list_runs().expect("a list of runs").len() <= 2,
        "runs beyond --keep {KEPT} are removed"
    );
    green_corridor(["verify", path_text(layout.root())]).expect(0);
}

/// What `status.json` says.
fn status(layout: &Layout) -> serde_json::Value {
    let text = fs::read(layout.status()).expect("a status");
    serde_json::from_slice(&text).expect("a readable status")
}

/// Names in a folder, ascending; none when it is not there, or goes while it is read.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text}: expected a whole number"))
    })
}
