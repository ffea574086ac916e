//! Nights of a scheduler: rolling exports, limits that stop a broken night, what the log and the status say, the way back.

use crate::support::binary::{Ended, green_corridor};
use crate::support::layout::Layout;
use crate::support::tables::{Table, current_run};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const HEAD: &str =
    "movement_id,shipment_id,mode,origin,destination,departed_at,cargo_mass_kg,distance_km,teu";

/// A folder with run files and movements.
struct Nights(tempfile::TempDir);

impl Nights {
    fn new() -> Nights {
        Nights(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("out")
    }

    fn layout(&self) -> Layout {
        Layout::new(self.out())
    }

    fn current(&self) -> Option<String> {
        self.layout().current_run().expect("CURRENT")
    }

    /// Movement records: id, shipment and mass of each.
    fn movements(&self, name: &str, rows: &[(&str, &str, &str)]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let mut text = format!("{HEAD}\n");
        for (id, shipment, mass) in rows {
            text +=
                &format!("{id},{shipment},road,DEHAM,PLWAW,2025-03-07T08:00:00Z,{mass},860,1\n");
        }
        fs::write(path, text).expect("movements");
    }

    fn run(&self, keys: &str, more: &[&str]) -> Ended {
        let text = format!(
            "movements = ['in']\nfactors = '{ROOT}/emission_factors'\nreference = '{ROOT}/data'\nout = 'out'\n{keys}\n"
        );
        fs::write(self.path("run.toml"), text).expect("a run file");
        let file = self.path("run.toml").display().to_string();
        green_corridor(["run", &file].into_iter().chain(more.iter().copied()))
    }

    fn status(&self) -> serde_json::Value {
        let text = fs::read(self.layout().status()).expect("a status");
        serde_json::from_slice(&text).expect("JSON")
    }

    fn rejected(&self) -> Vec<(String, String)> {
        let table = Table::read(&current_run(&self.out()), "rejected");
        let column = |name| table.column(name).into_iter().map(str::to_owned);
        column("code").zip(column("wanted")).collect()
    }
}

const ALL: &str = "[limits]\nmax_reject_share = '100%'";

#[test]
fn the_later_of_two_nights_counts_where_the_run_file_says_so() {
    for (rule, earlier, later) in [
        ("path", "night1.csv", "night2.csv"),
        ("%Y-%m-%d", "b_2025-03-07.csv", "a_2025-03-08.csv"),
        ("/%Y/%m/%d/", "2025/03/07/b.csv", "2025/03/08/a.csv"),
    ] {
        let nights = Nights::new();
        nights.movements(&format!("in/{earlier}"), &[("1", "S1", "12000")]);
        nights.movements(&format!("in/{later}"), &[("1", "S1", "12500")]);
        nights.run(ALL, &[]).expect(0);
        let without = nights.current();
        let rejected = nights.rejected();
        assert_eq!(rejected.len(), 2);
        for (code, wanted) in rejected {
            assert!(
                code == "R009" && wanted.contains("[duplicates] later_file_wins"),
                "{wanted}"
            );
        }
        let keys = format!("{ALL}\n[duplicates]\nlater_file_wins = '{rule}'");
        nights.run(&keys, &[]).expect(0);
        assert_ne!(nights.current(), without, "the rule is part of the run id");
        let rejected = nights.rejected();
        assert_eq!(rejected.len(), 1, "{rule}: {rejected:?}");
        assert!(rejected[0].0 == "R008" && rejected[0].1.contains("later_file_wins"));
        let run = current_run(&nights.out());
        let elements = Table::read(&run, "elements");
        let masses = elements.column("cargo_mass_kg");
        assert!(
            masses.iter().all(|mass| *mass == "12500.000"),
            "{rule}: {masses:?}"
        );
        let shipments = Table::read(&run, "shipments");
        assert_eq!(shipments.column("is_complete"), ["true"]);
    }
}

#[test]
fn what_is_implausible_is_told_at_the_end_of_a_run() {
    let nights = Nights::new();
    let rows = [
        ("1", "S1", "12000"),
        ("2", "S2", "99000"),
        ("3", "S3", "19.7"),
    ];
    nights.movements("in/a.csv", &rows);
    let told = nights.run("", &[]).expect(0).stdout;
    assert!(
        told.contains("  Q25                    2  mass implausible\n"),
        "{told}"
    );
    assert!(told.contains(", implausible elements Q25 2, "), "{told}");
    let out = nights.out().display().to_string();
    green_corridor(["verify", &out]).expect(0);
}

#[test]
fn a_name_without_the_date_is_refused_with_the_file() {
    let nights = Nights::new();
    nights.movements("in/2025-03-07.csv", &[("1", "S1", "12000")]);
    nights.movements("in/latest.csv", &[("1", "S1", "12500")]);
    let keys = "[duplicates]\nlater_file_wins = '%Y-%m-%d'";
    let ended = nights.run(keys, &[]).expect(3);
    for wanted in ["in/latest.csv", "%Y-%m-%d", "later_file_wins"] {
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
}

#[test]
fn the_order_of_paths_warns_of_numbers_without_zeros() {
    let nights = Nights::new();
    nights.movements("in/night9.csv", &[("1", "S1", "12000")]);
    nights.movements("in/night10.csv", &[("2", "S1", "12500")]);
    let ended = nights
        .run("[duplicates]\nlater_file_wins = 'path'", &[])
        .expect(0);
    let wanted = "takes in/night9.csv for later than in/night10.csv";
    assert!(ended.stderr.contains(wanted), "{}", ended.stderr);
}

#[test]
fn exit_4_says_what_is_wrong_with_the_night() {
    let nights = Nights::new();
    nights.movements(
        "in/a.csv",
        &[
            ("1", "S1", "\"a \"\"lot\"\" o'it\""),
            ("2", "S1", "many"),
            ("3", "S1", "0"),
            ("4", "S1", "5"),
        ],
    );
    let ended = nights.run("", &[]).expect(4);
    let out = nights.out().display().to_string();
    for wanted in [
        "3 of 4 rows rejected, more than max_reject_share = 5%",
        "2 R002 malformed number",
        "1 R003 number out of range",
        "first R002: in/a.csv:1 cargo_mass_kg: found \"a \"lot\" o'it\"",
        &format!("green-corridor rejects {out}"),
    ] {
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
    let shown = green_corridor(["rejects", &out]).expect(0).stdout;
    assert!(!shown.contains("\\\"") && !shown.contains("\\'"), "{shown}");
}

#[test]
fn a_limit_of_one_code_stops_the_night() {
    let nights = Nights::new();
    nights.movements(
        "in/a.csv",
        &[
            ("1", "S1", "many"),
            ("2", "S1", "5"),
            ("3", "S1", "5"),
            ("4", "S1", "5"),
        ],
    );
    let limit = |value: &str| format!("{ALL}\n[limits.codes]\nR002 = {value}");
    for sound in ["1", "'25%'", "'100%'"] {
        nights.run(&limit(sound), &[]).expect(0);
    }
    let before = nights.current();
    for (broken, shown) in [("0", "R002 = 0"), ("'24.9999%'", "R002 = 24.9999%")] {
        let ended = nights.run(&limit(broken), &[]).expect(4);
        assert!(ended.stderr.contains(shown), "{}", ended.stderr);
        assert_eq!(nights.current(), before);
        let failed = nights.status()["run_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        assert!(
            nights
                .layout()
                .failed()
                .join(failed)
                .join("rejected")
                .is_dir()
        );
    }
}

#[test]
fn a_night_that_is_plainly_broken_does_not_replace_a_good_one() {
    let nights = Nights::new();
    let keys = "[limits]\nmax_change = '50%'";
    let rows: Vec<(String, &str)> = (0..10).map(|n| (n.to_string(), "10000")).collect();
    let export = |count: usize, mass: &str| {
        let rows: Vec<_> = rows[..count]
            .iter()
            .map(|(id, _)| (id.as_str(), id.as_str(), mass))
            .collect();
        nights.movements("in/a.csv", &rows);
    };
    export(10, "10000");
    nights.run(keys, &[]).expect(0);
    let good = nights.current().expect("a run");
    export(5, "10000");
    nights.run(keys, &[]).expect(0);
    let half = nights.current().expect("a run");
    assert_ne!(good, half);
    // Grams for kilograms, and then an export that is cut short.
    export(5, "90000");
    let ended = nights.run(keys, &[]).expect(4);
    for wanted in [
        "ghg_total_kg ",
        "transport_activity_tkm 368571.6 after 40952.4",
        "[limits] max_change = 50%",
        &half,
    ] {
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
    export(2, "10000");
    let ended = nights.run(keys, &[]).expect(4);
    assert!(
        ended.stderr.contains("rows_in 2 after 5"),
        "{}",
        ended.stderr
    );
    nights.run(keys, &["--dry-run"]).expect(4);
    assert_eq!(nights.current().as_deref(), Some(&*half));
    let status = nights.status();
    assert_eq!(
        (&status["exit_code"], &status["kind"]),
        (&4.into(), &"too_much_change".into())
    );
    // The very run of the first night is too different as well, though it is published already.
    export(10, "10000");
    nights.run(keys, &[]).expect(4);
    export(2, "10000");
    nights.run(keys, &["--max-change", "off"]).expect(0);
    assert_ne!(nights.current().as_deref(), Some(&*half));
}

#[test]
fn what_is_refused_reaches_the_status_where_the_root_is_known() {
    let nights = Nights::new();
    nights.movements("in/a.csv", &[("1", "S1", "5")]);
    nights.run("", &[]).expect(0);
    let current = nights.current();
    let metrics = || fs::read_to_string(nights.layout().metrics()).expect("metrics");
    for (keys, code, kind) in [
        ("moovements = 1", 2, "usage"),
        ("profile = 'nobody'", 2, "usage"),
        ("locations = ['bad.csv']", 9, "library"),
    ] {
        fs::write(nights.path("bad.csv"), "locode\nnowhere\n").expect("a file");
        let ended = nights.run(keys, &[]).expect(code);
        let status = nights.status();
        assert_eq!(
            (&status["exit_code"], &status["kind"]),
            (&code.into(), &kind.into()),
            "{keys}"
        );
        assert!(
            ended
                .stderr
                .contains(status["message"].as_str().expect("a message"))
        );
        assert!(
            metrics().contains(&format!("last_run_exit_code {code}\n")),
            "{keys}"
        );
        assert!(status["last_success"].is_string() && nights.current() == current);
    }
    let nowhere = nights.path("elsewhere");
    green_corridor([
        "run",
        "no.toml",
        "--dry-run",
        "--out",
        &nowhere.display().to_string(),
    ])
    .expect(2);
    assert!(!nowhere.exists(), "a dry run leaves nothing behind");
}

#[test]
fn a_quiet_run_is_one_line() {
    let nights = Nights::new();
    nights.movements("in/a.csv", &[("1", "S1", "5000"), ("2", "S1", "many")]);
    let ended = nights.run(ALL, &["--quiet"]).expect(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    let id = nights.current().expect("a run");
    assert!(ended.stdout.starts_with(&format!("run {id} published in ")));
    let wanted = "2 rows in, 1 accepted, 1 rejected (R002 1), 1 shipment, ";
    assert!(ended.stdout.contains(wanted), "{}", ended.stdout);
    let last = nights.run(ALL, &[]).expect(0).stdout;
    assert!(
        last.lines()
            .next_back()
            .is_some_and(|line| line.starts_with(&format!("run {id} was")))
    );
}

/// Publishes runs with these masses, one after the other; gives their ids.
fn publish(nights: &Nights, masses: &[&str], more: &[&str]) -> Vec<String> {
    let run = |mass: &&str| {
        nights.movements("in/a.csv", &[("1", "S1", mass)]);
        nights.run("", more).expect(0);
        nights.current().expect("a run")
    };
    masses.iter().map(run).collect()
}

#[test]
fn the_way_back_leads_to_the_run_before() {
    let nights = Nights::new();
    let out = nights.out().display().to_string();
    let back =
        |more: &[&str]| green_corridor(["rollback", &out].into_iter().chain(more.iter().copied()));
    back(&[]).expect(6);
    assert!(!nights.out().exists());
    let ids = publish(&nights, &["1", "2", "3"], &[]);
    let now = || nights.current().expect("a run");
    for before in [&ids[1], &ids[0]] {
        let said = back(&[]).expect(0).stdout;
        assert!(said.contains(before.as_str()) && now() == *before, "{said}");
    }
    back(&[]).expect(2);
    // A night after it: the way back does not lead to what was left.
    let next = publish(&nights, &["4"], &[]);
    back(&[]).expect(0);
    assert_eq!(now(), ids[0]);
    back(&[&ids[2]]).expect(0);
    assert_eq!(now(), ids[2]);
    back(&["nothing"]).expect(2);
    assert_eq!(
        fs::read_link(nights.layout().latest()).expect("a link"),
        Path::new("runs").join(&ids[2])
    );
    let log = fs::read_to_string(nights.layout().log().join(format!("{}-2.json", ids[2])))
        .expect("a record");
    assert!(
        log.contains("\"rolled_back_from\"") && log.contains(&ids[0]),
        "{log}"
    );
    // What is damaged does not come back.
    let broken = nights.layout().run(&next[0]).join("factors.parquet");
    fs::write(&broken, "x").expect("a file");
    back(&[&next[0]]).expect(7);
    assert_eq!(now(), ids[2]);
}

#[test]
fn keep_removes_what_old_nights_left_and_nothing_else() {
    let nights = Nights::new();
    let out = nights.out().display().to_string();
    let layout = nights.layout();
    let first = publish(&nights, &["1"], &[]).remove(0);
    green_corridor(["report", &out]).expect(0);
    for mass in ["many", "lots", "heaps"] {
        nights.movements("in/a.csv", &[("1", "S1", mass)]);
        nights.run("", &[]).expect(4);
    }
    let failed = || {
        let names = fs::read_dir(layout.failed())
            .expect("a folder")
            .map(|e| e.expect("an entry").file_name());
        names
            .map(|n| n.into_string().expect("a name"))
            .collect::<Vec<_>>()
    };
    let noted = &failed()[0];
    fs::write(layout.failed().join(noted).join("note.txt"), "seen").expect("a note");
    fs::write(layout.log().join("notes-1.json"), "{}").expect("a note");
    fs::write(layout.report().join("cover.html"), "mine").expect("a page");
    fs::write(layout.report().join("deadbeef.html"), "mine").expect("a page");
    let ids = publish(&nights, &["2", "3"], &["--keep", "1"]);
    assert_eq!(layout.list_runs().expect("runs"), [ids[1].clone()]);
    let left = failed();
    assert!(left.len() <= 2 && left.contains(noted), "{left:?}");
    for (path, stays) in [
        (layout.report().join(format!("{first}.html")), false),
        (layout.report().join(format!("{first}.xlsx")), false),
        (layout.report().join("cover.html"), true),
        (layout.report().join("deadbeef.html"), true),
        (layout.log().join(format!("{first}-1.json")), false),
        (layout.log().join(format!("{}-1.json", ids[1])), true),
        (layout.log().join("notes-1.json"), true),
    ] {
        assert_eq!(path.exists(), stays, "{}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn keep_follows_no_link() {
    let nights = Nights::new();
    let first = publish(&nights, &["1"], &[]).remove(0);
    let elsewhere = nights.path("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    let page = elsewhere.join(format!("{first}.html"));
    fs::write(&page, "mine").expect("a page");
    std::os::unix::fs::symlink(&elsewhere, nights.layout().report()).expect("a link");
    publish(&nights, &["2"], &["--keep", "1"]);
    assert!(page.is_file() && !nights.layout().run(&first).exists());
}
