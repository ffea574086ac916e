//! The commands that are tried, what stands before each of them, and when its result is whole.

use crate::world::good;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A command, and what it is to change.
pub(crate) struct Case {
    pub name: &'static str,
    pub arguments: &'static [&'static str],
    /// Makes what stands before it.
    pub before: fn(&Path),
    /// The files that are its result: those below one of these paths.
    pub results: &'static [&'static str],
    /// Whether a mixture of old and new files is whole.
    pub is_whole: fn(&State, &Ages) -> bool,
    /// Exits of a second attempt after one that had everything in place.
    pub again: &'static [i32],
}

/// Contents of files by path.
pub(crate) type State = BTreeMap<String, Vec<u8>>;

/// How old each file of a result is; new is what does not differ.
pub(crate) type Ages = BTreeMap<String, Age>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    None,
    Old,
    New,
    /// Old and new are the same.
    Either,
}

const RUN: &[&str] = &["run", "run.toml", "--threads", "1"];

pub(crate) static CASES: &[Case] = &[
    Case {
        name: "run",
        arguments: &["run", "run.toml", "--threads", "1", "--keep", "1"],
        before: one_run,
        results: &["out/CURRENT", "out/runs"],
        is_whole: runs_are_whole,
        again: &[0],
    },
    Case {
        name: "first run",
        arguments: RUN,
        before: no_run,
        results: &["out/CURRENT", "out/runs"],
        is_whole: runs_are_whole,
        again: &[0],
    },
    Case {
        name: "run that is there",
        arguments: RUN,
        before: the_same_run,
        results: &["out/CURRENT", "out/runs"],
        is_whole: runs_are_whole,
        again: &[0],
    },
    Case {
        name: "rollback",
        arguments: &["rollback", "out"],
        before: two_runs,
        results: &["out/CURRENT", "out/runs"],
        is_whole: runs_are_whole,
        again: &[0, 2],
    },
    Case {
        name: "verify",
        arguments: &["verify", "out"],
        before: the_same_run,
        results: &["out"],
        is_whole: any,
        again: &[0],
    },
    Case {
        name: "export",
        arguments: &[
            "export",
            "ileap",
            "out",
            "--company",
            "B",
            "--company-id",
            "urn:b",
        ],
        before: exported,
        results: &["out/export"],
        is_whole: documents_have_their_index,
        again: &[0],
    },
    Case {
        name: "export tad",
        arguments: &["export", "ileap-tad", "out", "--format", "ndjson"],
        before: the_same_run,
        results: &["out/export"],
        is_whole: documents_have_their_index,
        again: &[0],
    },
    Case {
        name: "report",
        arguments: &["report", "out"],
        before: with_old_report,
        results: &["out/report"],
        is_whole: any,
        again: &[0],
    },
    Case {
        name: "diff",
        arguments: &["diff", "out", "FIRST", "--to", "changes"],
        before: with_old_diff,
        results: &["changes"],
        is_whole: any,
        again: &[0],
    },
    Case {
        name: "convert dcsa",
        arguments: &[
            "convert",
            "dcsa",
            "events",
            "--out",
            "converted/movements.csv",
        ],
        before: with_old_records,
        results: &["converted"],
        is_whole: lists_are_as_new_as_records,
        again: &[0],
    },
    Case {
        name: "convert ileap",
        arguments: &[
            "convert",
            "ileap",
            "documents",
            "--carrier",
            "ACME",
            "--source",
            "acme/2025",
            "--factors",
            "library/emission_factors",
            "--profile",
            "golden",
            "--out",
            "converted",
        ],
        before: with_documents,
        results: &["converted"],
        is_whole: any,
        again: &[0],
    },
    Case {
        name: "factors import",
        arguments: IMPORT,
        before: with_table,
        results: &["library"],
        is_whole: any,
        again: &[0, 2],
    },
    Case {
        name: "factors import --replace",
        arguments: REPLACE,
        before: with_edition,
        results: &["library"],
        is_whole: any,
        again: &[0],
    },
    Case {
        name: "settle",
        arguments: SETTLE,
        before: with_an_older_settlement,
        results: &["out/settlement/CURRENT", "out/settlement/2025-06"],
        is_whole: settlements_are_whole,
        again: &[0],
    },
    Case {
        name: "settle order",
        arguments: ORDER,
        before: with_a_settlement,
        results: &[
            "out/settlement/state.ndjson",
            "out/settlement/orders",
            "out/settlement/clearing",
        ],
        is_whole: messages_follow_their_events,
        again: &[0],
    },
    Case {
        name: "settle pay",
        arguments: &["settle", "pay", "out", "--camt", "camt.xml"],
        before: with_an_answer,
        results: &["out/settlement/state.ndjson", "out/settlement/clearing"],
        is_whole: messages_follow_their_events,
        again: &[0],
    },
    Case {
        name: "sample",
        arguments: &["sample", "--shipments", "3", "--out", "samples/s.csv"],
        before: with_old_sample,
        results: &["samples"],
        is_whole: any,
        again: &[0],
    },
    Case {
        name: "init",
        arguments: &["init", "start"],
        before: nothing,
        results: &["start"],
        is_whole: any,
        again: &[0, 2],
    },
];

const IMPORT: &[&str] = &[
    "factors",
    "import",
    "own.csv",
    "--mapping",
    "map.toml",
    "--factors",
    "library/emission_factors",
    "--reference",
    "library/data",
];
const REPLACE: &[&str] = &[
    "factors",
    "import",
    "own.csv",
    "--mapping",
    "map.toml",
    "--factors",
    "library/emission_factors",
    "--reference",
    "library/data",
    "--replace",
];

const SETTLE: &[&str] = &[
    "settle",
    "out",
    "--period",
    "2025-06",
    "--charges",
    "charges.csv",
    "--parties",
    "parties.csv",
];
const ORDER: &[&str] = &["settle", "order", "out", "--value-date", "2999-01-04"];
const PARTIES: &str = "party,name,kind,country,town,account,account_scheme\nA,Shipper,company,CN,Chongqing,1,CN-ACCOUNT\nB,Carrier,company,CN,Qinzhou,2,CN-ACCOUNT\n";
const CHARGES: &str = "charge_id,payer,payee,kind,scope,basis,rate,currency\nF,A,B,FREIGHT,element,t,RATE,CNY\nO,B,A,OTHER,shipment,unit,2,CNY\n";

const HEAD: &str = "shipment_id,movement_id,container_id,container_type,sequence,mode,operation,origin,destination,departed_at,distance_km,distance_basis,cargo_mass_kg\n";
const RUN_FILE: &str = "movements = [\"m.csv\"]\nfactors = \"library/emission_factors\"\nprofile = \"golden\"\nreference = \"library/data\"\nout = \"out\"\n[limits]\nmax_reject_share = \"100%\"\n";
const MAPPING: &str = r#"
[edition]
source = "own"
edition = "1"
title = "TITLE"
licence = "own copy"
redistributable = false
gwp_set = "AR5"

[[table]]
sheet = "own"
section = "transport"
header_row = 1
id_prefix = "o-"

[table.columns]
region = "Lane"
ghg_operation = "TTW"
ghg_total = "WTW"

[table.constants]
operation = "road.truck_driven"
energy_carrier = "diesel"
temperature = "ambient"
ghg_unit = "g"
per = "t.km"
data_category = "primary"
distance_adjustment_inside = "no"
distance_basis = "actual"
basis_note = "made up"
source_ref = "made up"
valid_from = "2025-01-01"
"#;

fn nothing(_: &Path) {}

fn movements(dir: &Path, masses: &[&str]) {
    let line = |(i, mass): (usize, &&str)| {
        format!(
            "B{i},M1,,42G1,1,road,road.truck_driven,CNCKG,CNQZH,2025-06-01T08:00:00Z,1000,actual,{mass}\n"
        )
    };
    let lines: String = masses.iter().enumerate().map(line).collect();
    write(dir, "m.csv", &(HEAD.to_owned() + &lines));
}

fn no_run(dir: &Path) {
    copy(Path::new("tests/golden/library"), &dir.join("library"));
    write(dir, "run.toml", RUN_FILE);
    movements(dir, &["10000", "none"]);
}

fn one_run(dir: &Path) {
    no_run(dir);
    good(dir, RUN);
    movements(dir, &["10000", "5000", "none"]);
}

fn the_same_run(dir: &Path) {
    no_run(dir);
    good(dir, RUN);
}

fn two_runs(dir: &Path) {
    one_run(dir);
    good(dir, RUN);
}

fn exported(dir: &Path) {
    one_run(dir);
    good(
        dir,
        &[
            "export",
            "ileap",
            "out",
            "--company",
            "A",
            "--company-id",
            "urn:b",
        ],
    );
    good(dir, RUN);
    // As if an earlier version had written other documents on this run.
    good(
        dir,
        &[
            "export",
            "ileap",
            "out",
            "--company",
            "A",
            "--company-id",
            "urn:b",
        ],
    );
}

fn with_old_report(dir: &Path) {
    the_same_run(dir);
    let run = fs::read_to_string(dir.join("out/CURRENT")).expect("a run");
    for ending in ["html", "xlsx"] {
        write(dir, &format!("out/report/{}.{ending}", run.trim()), "old");
    }
}

fn with_old_diff(dir: &Path) {
    two_runs(dir);
    for table in ["shipments", "corridors"] {
        write(dir, &format!("changes/{table}.parquet"), "old");
    }
}

fn with_old_records(dir: &Path) {
    copy(Path::new("tests/exchange/dcsa"), &dir.join("events"));
    for name in ["csv", "left-out.csv", "gaps.csv"] {
        write(dir, &format!("converted/movements.{name}"), "old");
    }
}

fn with_documents(dir: &Path) {
    the_same_run(dir);
    good(
        dir,
        &[
            "export",
            "ileap",
            "out",
            "--company",
            "A",
            "--company-id",
            "urn:a",
            "--to",
            "documents",
        ],
    );
    fs::remove_file(dir.join("documents/summary.json")).expect("a summary");
    for name in ["sources.csv", "left-out.csv", "acme/2025/transport.csv"] {
        write(dir, &format!("converted/{name}"), "old");
    }
}

fn with_table(dir: &Path) {
    copy(Path::new("tests/golden/library"), &dir.join("library"));
    write(dir, "own.csv", "Lane,TTW,WTW\nCN,70,85\n");
    write(dir, "map.toml", &MAPPING.replace("TITLE", "First"));
}

fn with_edition(dir: &Path) {
    with_table(dir);
    good(dir, IMPORT);
    write(dir, "own.csv", "Lane,TTW,WTW\nCN,71,86\nVN,71,86\n");
    write(dir, "map.toml", &MAPPING.replace("TITLE", "Second"));
}

fn with_charges(dir: &Path) {
    the_same_run(dir);
    write(dir, "parties.csv", PARTIES);
    write(dir, "charges.csv", &CHARGES.replace("RATE", "30.005"));
}

fn with_an_older_settlement(dir: &Path) {
    with_charges(dir);
    good(dir, SETTLE);
    write(dir, "charges.csv", &CHARGES.replace("RATE", "31"));
}

fn with_a_settlement(dir: &Path) {
    with_charges(dir);
    good(dir, SETTLE);
}

fn with_an_answer(dir: &Path) {
    with_a_settlement(dir);
    good(dir, ORDER);
    let state = fs::read_to_string(dir.join("out/settlement/state.ndjson")).expect("a state");
    let (_, rest) = state.split_once("\"order\":\"").expect("an order");
    let (_, amount) = rest.split_once("\"amount_minor\":").expect("its amount");
    let minor: i64 = amount
        .split(',')
        .next()
        .and_then(|text| text.parse().ok())
        .expect("a number");
    let (order, amount) = (&rest[..32], format!("{}.{:02}", minor / 100, minor % 100));
    let camt = format!(
        "<Document><BkToCstmrStmt><Stmt><Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2999-01-04</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>{order}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    );
    write(dir, "camt.xml", &camt);
}

fn with_old_sample(dir: &Path) {
    write(dir, "samples/s.csv", "old");
}

fn any(_: &State, _: &Ages) -> bool {
    true
}

/// Each run is there as a whole or not at all, and `CURRENT` names one that is there.
fn runs_are_whole(state: &State, ages: &Ages) -> bool {
    let is_there = |path: &String| state.contains_key(path);
    let run_of = |path: &str| {
        path.strip_prefix("out/runs/")
            .and_then(|p| p.split_once('/'))
            .map(|(id, _)| id.to_owned())
    };
    let found: Vec<String> = state.keys().filter_map(|p| run_of(p)).collect();
    let all = ages
        .keys()
        .filter(|p| run_of(p).is_some_and(|id| found.contains(&id)))
        .all(is_there);
    let current = state
        .get("out/CURRENT")
        .map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
    all && current.is_none_or(|id| found.contains(&id))
}

/// Each settlement is there as a whole or not at all, and `CURRENT` names one that is there.
fn settlements_are_whole(state: &State, ages: &Ages) -> bool {
    const FOLDER: &str = "out/settlement/";
    let of = |path: &str| {
        let parts: Vec<&str> = path.strip_prefix(FOLDER)?.splitn(3, '/').collect();
        (parts.len() == 3).then(|| parts[..2].join("/"))
    };
    let found: Vec<String> = state.keys().filter_map(|path| of(path)).collect();
    let is_whole = |path: &&String| of(path).is_some_and(|id| found.contains(&id));
    let all = ages
        .keys()
        .filter(is_whole)
        .all(|path| state.contains_key(path));
    let current = state.get("out/settlement/CURRENT");
    let current = current.map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
    all && current.is_some_and(|id| found.contains(&id))
}

/// No message without the events that it follows from, nor a posting.
fn messages_follow_their_events(_: &State, ages: &Ages) -> bool {
    let state = ages.get("out/settlement/state.ndjson");
    state.is_some_and(|age| age.is_like(Age::New)) || !ages.values().any(|age| *age == Age::New)
}

/// Where the summary stands, the documents are those that it sums up.
fn documents_have_their_index(state: &State, ages: &Ages) -> bool {
    let mut indexes = ages
        .iter()
        .filter(|(path, _)| path.ends_with("summary.json"));
    indexes.all(|(path, _)| {
        let folder = path.trim_end_matches("summary.json");
        let all = |one: Age| {
            let mut beside = ages.iter().filter(|(p, _)| p.starts_with(folder));
            beside.all(|(_, a)| a.is_like(one))
        };
        !state.contains_key(path) || all(Age::Old) || all(Age::New)
    })
}

/// New records stand beside their own lists.
fn lists_are_as_new_as_records(_: &State, ages: &Ages) -> bool {
    let mut all = ages.values();
    ages["converted/movements.csv"] == Age::Old || all.all(|age| age.is_like(Age::New))
}

impl Age {
    fn is_like(self, other: Age) -> bool {
        self == other || self == Age::Either
    }
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
    fs::write(path, text).expect("a file can be written");
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        let seen = fs::symlink_metadata(&path).expect("an entry");
        if seen.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).expect("a link"), target)
                .expect("a link");
        } else if seen.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}
