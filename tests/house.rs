//! The house rules of `docs/architecture.md` that a compiler does not keep: which module may name which, where floats, files, clock
//! and threads may stand, and words that have no place in shipped code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

/// Modules of a package and what each may name of the others.
type Arrows = &'static [(&'static str, &'static [&'static str])];

const CORE: Arrows = &[
    ("model", &[]),
    ("factors", &["model"]),
    ("geo", &["model"]),
    ("reference", &["model", "factors", "geo"]),
    ("calc", &["model", "factors", "reference"]),
    ("routes", &["model", "factors", "geo", "reference", "calc"]),
];

/// The modules of the core, which every module around it may name.
const OF_THE_CORE: [&str; 6] = ["model", "factors", "geo", "reference", "calc", "routes"];

const ROOT: Arrows = &[
    ("error", &[]),
    ("escape", &[]),
    ("exact", &[]),
    ("progress", &[]),
    ("console", &["error", "escape", "progress"]),
    ("claims", &[]),
    ("input", &["error", "claims"]),
    ("atlas", &["error", "escape", "run", "shipped", "store"]),
    ("shipped", &["error", "store"]),
    ("output", &[]),
    ("store", &["error", "escape"]),
    // `run` here: the reference of a run is loaded as that of a plan is.
    ("published", &["error", "claims", "output", "store", "run"]),
    // `audit` here: the corridor lines of the summary are read back as `verify` reads them.
    (
        "run",
        &[
            "error", "escape", "progress", "input", "output", "store", "audit", "shipped",
        ],
    ),
    (
        "audit",
        &[
            "error",
            "claims",
            "progress",
            "published",
            "store",
            "run",
            "output",
        ],
    ),
    // `run` in both: what is wrong with a library is told as a run tells it.
    ("compare", &["error", "present", "run", "shipped", "store"]),
    ("library", &["error", "input", "run", "store"]),
    (
        "exchange",
        &[
            "error",
            "escape",
            "progress",
            "input",
            "published",
            "store",
            "shipped",
        ],
    ),
    (
        "present",
        &[
            "error",
            "escape",
            "progress",
            "output",
            "published",
            "store",
            "audit",
        ],
    ),
    (
        "settle",
        &[
            "error",
            "escape",
            "exact",
            "progress",
            "published",
            "output",
            "store",
            "present",
        ],
    ),
    // Reports and documents of one slice after the other.
    (
        "slices",
        &[
            "error",
            "escape",
            "progress",
            "published",
            "store",
            "audit",
            "present",
            "exchange",
        ],
    ),
    // `run` here: `[organisation]` may stand in a run file, which reads it as well.
    (
        "statement",
        &[
            "error",
            "escape",
            "exact",
            "progress",
            "published",
            "output",
            "run",
            "store",
            "present",
        ],
    ),
    // `run` here: the reference of a run says which editions are method breaks.
    (
        "years",
        &[
            "error",
            "escape",
            "exact",
            "progress",
            "published",
            "present",
            "output",
            "run",
            "store",
        ],
    ),
    // Built for tests and for `fuzz/` only.
    ("fuzzing", &["exchange", "input", "run", "store"]),
    // `run` here: a share of rows is the same quantity in a run file.
    ("sample", &["error", "run"]),
    (
        "engine",
        &[
            "error",
            "progress",
            "input",
            "output",
            "published",
            "store",
            "run",
            "audit",
            "exchange",
            "present",
            "compare",
            "library",
            "settle",
            "slices",
            "statement",
            "shipped",
            "years",
        ],
    ),
];

/// Code of a file that ships: line number and text, without comments and without what is for tests.
fn shipped(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = Vec::new();
    let mut pending = false;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        // Tests stand at the end of a file.
        if pending && trimmed.starts_with("mod ") && trimmed.ends_with('{') {
            break;
        }
        if trimmed.starts_with("#[cfg(test)]") {
            pending = true;
            continue;
        }
        if !trimmed.starts_with("#[") {
            pending = false;
        }
        if !trimmed.starts_with("//") {
            lines.push((number + 1, line.to_owned()));
        }
    }
    lines
}

fn is_for_tests(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let in_tests = path.components().any(|part| part.as_os_str() == "tests");
    let of_tests = ["tests", "testkit"].contains(&name.as_str()) || name.ends_with("_tests");
    // A chunk of made-up rows that the tests of `output` and `published` share, and a disk that fails on purpose.
    in_tests || of_tests || path.ends_with("output/sample.rs") || path.ends_with("store/fault.rs")
}

fn files(folder: &Path, list: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, list);
        } else if path.extension().is_some_and(|e| e == "rs") && !is_for_tests(&path) {
            list.push(path);
        }
    }
}

/// The shipped files of a package, each with the module that it belongs to.
fn package(source: &str) -> Vec<(String, PathBuf)> {
    let source = Path::new(HOME).join(source);
    let mut list = Vec::new();
    files(&source, &mut list);
    let module = |path: &PathBuf| {
        let first = path.strip_prefix(&source).unwrap().components().next();
        let first = first.unwrap().as_os_str().to_string_lossy().into_owned();
        first.trim_end_matches(".rs").to_owned()
    };
    list.into_iter().map(|path| (module(&path), path)).collect()
}

/// Modules that a line names as `crate::module`, or the program as `green_corridor::module`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let roots = ["crate::", "green_corridor::"].into_iter();
    let rests = roots.flat_map(move |root| line.split(root).skip(1));
    rests.map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

fn arrows(source: &str, allowed: Arrows, beneath: &[&str]) -> Vec<String> {
    let modules: BTreeSet<&str> = allowed.iter().map(|(module, _)| *module).collect();
    let mut wrong = Vec::new();
    for (module, path) in package(source) {
        let Some((_, may)) = allowed.iter().find(|(name, _)| *name == module) else {
            // What the face names is what it is for; the program is looked at below.
            let is_root = ["lib", "main", "cli", "inside"].contains(&module.as_str());
            assert!(is_root, "{}: a module that no rule names", path.display());
            continue;
        };
        for (number, line) in shipped(&path) {
            for name in named(&line) {
                let is_module = modules.contains(name) && name != module;
                if is_module && !may.contains(&name) && !beneath.contains(&name) {
                    wrong.push(format!(
                        "{}:{number}: {module} names {name}",
                        path.display()
                    ));
                }
            }
        }
    }
    wrong
}

#[track_caller]
fn nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines that hold one of `words` outside the places where they may stand.
fn outside(source: &str, words: &[&str], may: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (_, path) in package(source) {
        let shown = path.to_string_lossy().replace('\\', "/");
        if may.iter().any(|place| shown.contains(place)) {
            continue;
        }
        for (number, line) in shipped(&path) {
            let is_word = |at: usize, word: &str| {
                let sides = [
                    line[..at].chars().next_back(),
                    line[at + word.len()..].chars().next(),
                ];
                let joins = |c: char| c.is_alphanumeric() || c == '_';
                sides.iter().flatten().all(|c| !joins(*c))
            };
            for word in words {
                if line.match_indices(word).any(|(at, _)| is_word(at, word)) {
                    wrong.push(format!("{shown}:{number}: {word}"));
                }
            }
        }
    }
    wrong
}

#[test]
fn modules_name_only_what_stands_below_them() {
    nothing(&arrows("crates/core/src", CORE, &[]));
    nothing(&arrows("src", ROOT, &OF_THE_CORE));
}

#[test]
fn the_program_uses_the_face_only_and_the_face_shows_no_module() {
    let mut wrong = Vec::new();
    for (module, path) in package("src") {
        if !["main", "cli"].contains(&module.as_str()) {
            continue;
        }
        for (number, line) in shipped(&path) {
            let inner = named(&line).any(|name| ROOT.iter().any(|(module, _)| *module == name));
            if inner || line.contains("green_corridor_core") || line.contains("#[path") {
                wrong.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    nothing(&wrong);
    let face = fs::read_to_string(Path::new(HOME).join("src/lib.rs")).unwrap();
    for (module, _) in ROOT {
        assert!(
            // The readers as a fuzzer calls them, behind a feature of their own.
            *module == "fuzzing" || face.contains(&format!("\nmod {module};")),
            "{module} is not private"
        );
    }
}

/// Crates that a package is built with, each with its features.
fn features(package: &str) -> BTreeMap<String, String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(HOME).args(["tree", "--locked"]);
    cargo.args([
        "--edges", "normal", "--prefix", "none", "--format", "{p}\t{f}",
    ]);
    let out = cargo.args(["--package", package]).output().unwrap();
    assert!(out.status.success(), "{package}: {out:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    let crates = text.lines().filter_map(|line| line.split_once('\t'));
    let named = |(name, features): (&str, &str)| {
        let features = features.trim_end_matches(" (*)");
        (name.to_owned(), features.to_owned())
    };
    crates.map(named).collect()
}

#[test]
fn one_build_of_the_library_serves_every_member() {
    let of_the_library = features("green-corridor");
    let mut wrong = Vec::new();
    for member in [
        "green-corridor-query",
        "green-corridor-python",
        "green-corridor-server",
    ] {
        for (name, features) in features(member) {
            let there = of_the_library
                .get(&name)
                .filter(|there| **there != features);
            wrong.extend(there.map(|there| {
                format!("{member} wants {name} with {features:?}, the library has {there:?}: crates/unified/Cargo.toml")
            }));
        }
    }
    nothing(&wrong);
}

#[test]
fn the_core_depends_on_nothing_that_knows_files_threads_or_columns() {
    let manifest = fs::read_to_string(Path::new(HOME).join("crates/core/Cargo.toml")).unwrap();
    let of = manifest
        .split("[dependencies]\n")
        .nth(1)
        .unwrap()
        .split("\n[")
        .next()
        .unwrap();
    let names: Vec<&str> = of
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .collect();
    let known = [
        "",
        "csv",
        "libm",
        "memchr",
        "petgraph",
        "rustc-hash",
        "sha2",
        "toml",
    ];
    let strange: Vec<&&str> = names.iter().filter(|name| !known.contains(name)).collect();
    assert!(
        strange.is_empty(),
        "{strange:?}: say in docs/architecture.md why, then here"
    );
}

#[test]
fn floats_stand_in_geo_and_where_foreign_numbers_are_read_or_written() {
    nothing(&outside("crates/core/src", &["f32", "f64"], &["/geo/"]));
    // Doubles of JSON and Parquet become whole numbers, or are refused, in `input`; how large a filter or a page is guessed to be
    // is no figure; a workbook knows no other number.
    let may = ["/input/", "/output/encode/", "/present/form/xlsx.rs"];
    nothing(&outside("src", &["f32", "f64"], &may));
}

#[test]
fn only_store_opens_files() {
    let words = [
        "File::open",
        "File::create",
        "OpenOptions",
        "fs::read",
        "fs::write",
        "read_dir",
    ];
    nothing(&outside("crates/core/src", &words, &[]));
    nothing(&outside("src", &words, &["/store/"]));
}

#[test]
fn clock_and_threads_stay_where_a_run_is_led() {
    nothing(&outside(
        "crates/core/src",
        &["std::time", "SystemTime", "std::thread", "thread"],
        &[],
    ));
    // A command tells the core which day it is; the core never asks.
    let clock = ["SystemTime", "Instant::now", "Timestamp::now"];
    nothing(&outside(
        "src",
        &clock,
        &[
            "/store/",
            "/run/mod.rs",
            "/run/stretches/mod.rs",
            "/cli/",
            "/console.rs",
            "/compare/question.rs",
        ],
    ));
    nothing(&outside(
        "src",
        &["thread::spawn", "thread::scope"],
        // One that hands on signals to a run in another process.
        &["/run/", "/cli/supervise.rs"],
    ));
}

#[test]
fn nothing_shipped_is_unfinished_or_without_a_subject() {
    for source in ["crates/core/src", "src"] {
        nothing(&outside(
            source,
            &["todo!", "unimplemented!", "dbg!", "FIXME", "XXX"],
            &[],
        ));
        for (_, path) in package(source) {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let nameless = ["utils", "util", "helpers", "helper", "common", "misc"];
            assert!(!nameless.contains(&name.as_str()), "{}", path.display());
        }
    }
}
