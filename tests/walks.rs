//! Every file operation of every command that writes or checks, failing in every way: the exit is one of the documented ones, what was
//! there before or what was to come is there whole, and the next attempt leaves nothing of the failed one.
//!
//! `cargo test` tries some points of each command, chosen by a seed; `tests/walks/long` tries them all. Another command is a
//! line of `tests/walks/cases.rs`.

#![cfg(target_os = "linux")]

#[path = "walks/audit.rs"]
mod audit;
#[path = "support/binary.rs"]
#[allow(dead_code)]
mod binary;
#[path = "walks/cases.rs"]
mod cases;
#[path = "walks/world.rs"]
mod world;

use cases::CASES;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use world::{Prepared, Stage, shim};

/// Points of each command and way of failing in `cargo test`.
const FEW: usize = 9;
const SEED: u64 = 16;

/// What happens at the chosen operation: its error number, or none for a kill; and whether it happens from there on.
const WAYS: [(&str, Option<i32>, bool); 9] = [
    ("kill", None, false),
    ("EIO", Some(5), false),
    ("EIO for ever", Some(5), true),
    ("ENOSPC", Some(28), false),
    ("ENOSPC for ever", Some(28), true),
    ("EACCES", Some(13), false),
    ("EACCES for ever", Some(13), true),
    ("EMFILE", Some(24), false),
    ("EMFILE for ever", Some(24), true),
];

#[test]
fn a_fault_at_any_file_operation_leaves_the_old_or_the_new() {
    let (all, only) = (
        from_environment("GREEN_CORRIDOR_FAULTS"),
        from_environment("GREEN_CORRIDOR_COMMAND"),
    );
    let most = match all.as_deref() {
        Some("all") => usize::MAX,
        Some(number) => number.parse().expect("all, or points per command and way"),
        None => FEW,
    };
    let shim = shim();
    let mut faults = Vec::new();
    for case in CASES
        .iter()
        .filter(|c| only.as_deref().is_none_or(|o| c.name.contains(o)))
    {
        let prepared = Prepared::new(case, &shim);
        let walk = walk(&prepared, most);
        let codes: Vec<String> = walk
            .codes
            .iter()
            .map(|(code, n)| format!("{code}: {n}"))
            .collect();
        println!(
            "{}: covered {} of {} points ({} operations, {} ways), {} faults; exits {}",
            case.name,
            walk.struck,
            prepared.operations * WAYS.len(),
            prepared.operations,
            WAYS.len(),
            walk.faults.len(),
            codes.join(", ")
        );
        faults.extend(walk.faults);
    }
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[derive(Default)]
struct Walk {
    struck: usize,
    codes: BTreeMap<String, usize>,
    faults: Vec<String>,
}

/// Tries the points on all processors.
fn walk(prepared: &Prepared, most: usize) -> Walk {
    let points: Vec<(usize, usize)> = (0..WAYS.len())
        .flat_map(|way| {
            chosen(prepared.operations, most, way)
                .into_iter()
                .map(move |at| (way, at))
        })
        .collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Walk::default()));
    let work = || {
        let mut stage = Stage::new(prepared);
        while let Some(&(way, at)) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (name, errno, forever) = WAYS[way];
            let outcome = stage.attempt(at, errno, forever);
            let mut found = found.lock().expect("no panic while locked");
            match outcome {
                // Threads do not end in the same order every time: the last operations of a run may not be reached.
                Ok(None) => {}
                Ok(Some(code)) => {
                    found.struck += 1;
                    *found.codes.entry(code).or_default() += 1;
                }
                Err(fault) => {
                    let line = prepared.log.get(at - 1).map_or("", String::as_str);
                    found.faults.push(format!(
                        "{}, {name} at {at} ({line}): {fault}",
                        prepared.case.name
                    ));
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    found.into_inner().expect("no panic while locked")
}

/// Operations to strike at, from 1: all, or some of each stretch.
fn chosen(operations: usize, most: usize, way: usize) -> Vec<usize> {
    if most >= operations {
        return (1..=operations).collect();
    }
    let mut state = SEED + way as u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    // One in each stretch of equal length.
    let (first, last) = (
        |i: usize| i * operations / most,
        |i: usize| (i + 1) * operations / most,
    );
    (0..most)
        .map(|i| 1 + first(i) + random() % (last(i) - first(i)).max(1))
        .collect()
}

fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The order of syncs, as each command really asks for it.
#[test]
fn every_rename_is_between_the_syncs_of_content_and_folder() {
    let shim = shim();
    let mut renames = 0;
    for case in CASES {
        let prepared = Prepared::new(case, &shim);
        let audited =
            audit::audit(&prepared.log).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        println!(
            "{}: {audited} renames, each synced before and after",
            case.name
        );
        renames += audited;
    }
    assert!(renames > 20, "{renames} renames are too few to be all");
}

/// A command that forgets its syncs is found out by the audit.
#[test]
fn the_audit_knows_a_missing_sync() {
    let sound = [
        "O open /x/.t",
        "w write /x/.t",
        "s fsync /x/.t",
        "m rename /x/.t -> /x/t",
        "s fsync /x",
    ];
    let numbered = |lines: &[&str]| -> Vec<String> {
        lines
            .iter()
            .enumerate()
            .map(|(i, l)| format!("{} {l}", i + 1))
            .collect()
    };
    assert_eq!(audit::audit(&numbered(&sound)), Ok(1));
    for left_out in [2, 4] {
        let lines: Vec<&str> = sound
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != left_out)
            .map(|(_, l)| *l)
            .collect();
        assert!(
            audit::audit(&numbered(&lines)).is_err(),
            "without line {left_out}"
        );
    }
    let late = [
        "O open /x/.t",
        "s fsync /x/.t",
        "w write /x/.t",
        "m rename /x/.t -> /x/t",
        "s fsync /x",
    ];
    assert!(audit::audit(&numbered(&late)).is_err());
    assert!(Path::new("tests/walks/shim.c").is_file());
}
