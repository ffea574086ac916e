//! Cases of known outcome through the built program. A case is a folder of `tests/golden/` with movement records, the run
//! file of its own or the shared one, and `expected/`: the published tables and the summary as text.
//!
//! `UPDATE_GOLDEN=1 cargo test --test golden` rewrites `expected/`; what then counts is the review of the difference.
//! `tests/golden/README.md` says what the cases are and shows the arithmetic of the figures that are literals here.

mod support;

use green_corridor::model::flag::Flags;
use green_corridor::model::mode::{Basis, Mode, Per};
use green_corridor::model::reject::RejectReason;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use support::binary::{Ended, green_corridor};
use support::tables::{TABLES, Table, current_run};

/// The folder of the cases.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
/// File of the printed summary in `expected/`.
const SUMMARY: &str = "summary.txt";

/// What one case published.
struct Outcome {
    tables: BTreeMap<&'static str, Table>,
    summary: String,
}

impl Outcome {
    /// The files of `expected/` by name; a table without a row has none.
    fn files(&self) -> BTreeMap<String, String> {
        let tables = self.tables.iter().filter(|(_, table)| !table.rows.is_empty());
        let mut files: BTreeMap<String, String> = tables.map(|(name, t)| (format!("{name}.txt"), t.records())).collect();
        files.insert(SUMMARY.to_owned(), self.summary.clone());
        files
    }

    /// The different values of a column; of quality flags, the single codes.
    fn values(&self, table: &str, column: &str) -> BTreeSet<String> {
        self.tables[table].column(column).iter().flat_map(|cell| cell.split('|')).map(str::to_owned).collect()
    }
}

/// Names of the cases: folders that hold movement records.
fn names() -> Vec<String> {
    let entries = fs::read_dir(GOLDEN).expect("the folder of the cases").map(|e| e.expect("an entry"));
    let cases = entries.filter(|e| e.path().join("movements.csv").is_file());
    let mut names: Vec<String> = cases.map(|e| e.file_name().into_string().expect("a plain name")).collect();
    names.sort();
    names
}

/// Every case, run once for all tests.
fn outcomes() -> &'static BTreeMap<String, Outcome> {
    static OUTCOMES: OnceLock<BTreeMap<String, Outcome>> = OnceLock::new();
    OUTCOMES.get_or_init(|| {
        let names = Mutex::new(names().into_iter());
        let done = Mutex::new(BTreeMap::new());
        let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let Some(name) = names.lock().unwrap().next() else { break };
                        let outcome = publish(&name);
                        done.lock().unwrap().insert(name, outcome);
                    }
                });
            }
        });
        done.into_inner().unwrap()
    })
}

/// Runs a case into an output root of its own, verifies what it published and reads it.
fn publish(name: &str) -> Outcome {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().to_str().expect("a plain path");
    let ended = run(&Path::new(GOLDEN).join(name), out).expect(0);
    green_corridor(["verify", out, "--recalculate"]).expect(0);
    let run = current_run(dir.path());
    let tables = TABLES.into_iter().map(|table| (table, Table::read(&run, table))).collect();
    // What follows depends on the version, the clock and the place.
    let (summary, _) = ended.stdout.split_once("\nrun ").expect("a summary names its run");
    Outcome { tables, summary: summary.to_owned() }
}

fn run(case: &Path, out: &str) -> Ended {
    let own = case.join("run.toml");
    let (run_file, movements): (PathBuf, Vec<PathBuf>) = if own.is_file() {
        (own, Vec::new())
    } else {
        (Path::new(GOLDEN).join("run.toml"), vec!["--movements".into(), case.join("movements.csv")])
    };
    green_corridor(["run".into(), run_file, "--out".into(), out.into()].into_iter().chain(movements))
}

#[test]
fn every_case_gives_what_is_expected() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut differences = String::new();
    for (name, outcome) in outcomes() {
        let folder = Path::new(GOLDEN).join(name).join("expected");
        if update {
            rewrite(&folder, &outcome.files());
        }
        for difference in compare(&read(&folder), &outcome.files()) {
            differences.push_str(&format!("{name}/expected/{difference}\n"));
        }
    }
    assert!(differences.is_empty(), "UPDATE_GOLDEN=1 accepts what was found:\n{differences}");
}

fn rewrite(folder: &Path, files: &BTreeMap<String, String>) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the old files can be removed");
    }
    fs::create_dir(folder).expect("the folder can be made");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("the file can be written");
    }
}

fn read(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let file = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("text"))
    };
    entries.map(|e| file(e.expect("an entry").path())).collect()
}

/// The first difference of each file: line, wanted, found.
fn compare(expected: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let difference = |name: &String| match (expected.get(name), found.get(name)) {
        (Some(wanted), Some(found)) if wanted == found => None,
        (Some(wanted), Some(found)) => {
            let line = wanted.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
            let text = |t: &str| t.lines().nth(line).unwrap_or("(the end)").to_owned();
            Some(format!("{name}:{}: wanted {:?}, found {:?}", line + 1, text(wanted), text(found)))
        }
        (Some(_), None) => Some(format!("{name}: the table is empty now")),
        (None, _) => Some(format!("{name}: not there")),
    };
    names.into_iter().filter_map(difference).collect()
}

/// Fails for every code without a case that is named after it and in which it occurs.
#[track_caller]
fn each_has_a_case(codes: impl Iterator<Item = (String, String)>, occurs: impl Fn(&Outcome, &str) -> bool) {
    let lacking = |(prefix, code): &(String, String)| {
        let named = |name: &str| name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        !outcomes().iter().any(|(name, outcome)| named(name) && occurs(outcome, code))
    };
    let codes: Vec<_> = codes.collect();
    let lacking: Vec<_> = codes.iter().filter(|code| lacking(code)).map(|(prefix, _)| prefix).collect();
    assert!(!codes.is_empty() && lacking.is_empty(), "no case in tests/golden/ shows: {lacking:?}");
}

#[test]
fn every_rejection_code_has_a_case() {
    let codes = RejectReason::LIST.iter().map(|(reason, _)| (reason.code().to_lowercase(), reason.code()));
    each_has_a_case(codes, |outcome, code| outcome.values("rejected", "code").contains(code));
}

#[test]
fn every_quality_flag_has_a_case() {
    let codes = Flags::LIST.iter().map(|(number, _)| (format!("q{number:02}"), format!("Q{number:02}")));
    each_has_a_case(codes, |outcome, code| outcome.values("elements", "quality_flags").contains(code));
}

#[test]
fn every_mode_has_a_case() {
    let codes = Mode::ALL.iter().map(|mode| (format!("mode_{}", mode.code()), mode.code().to_owned()));
    each_has_a_case(codes, |outcome, code| outcome.values("elements", "mode").contains(code));
}

#[test]
fn every_distance_basis_has_a_case() {
    let codes = Basis::ALL.iter().filter(|b| **b != Basis::Absent).map(|b| (format!("basis_{}", b.code()), b.code().to_owned()));
    each_has_a_case(codes, |outcome, code| outcome.values("elements", "activity_basis").contains(code));
}

#[test]
fn every_activity_unit_has_a_case() {
    let shown_by = |per: &Per| match per {
        Per::Tkm | Per::TeuKm | Per::T | Per::Teu | Per::Container => format!("per_{}", per.code()),
        Per::Kg | Per::Litre | Per::KWh | Per::Mj => "primary_data".to_owned(),
    };
    let codes = Per::ALL.iter().map(|per| (shown_by(per), per.code().to_owned()));
    each_has_a_case(codes, |outcome, code| outcome.values("elements", "intensity_per").contains(code));
}
