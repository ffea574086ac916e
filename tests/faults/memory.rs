//! `--memory-limit` against inputs that ask for more, through the built program: the peak stays near the limit, or the run ends with
//! exit 8 and leaves nothing.

#![cfg(target_os = "linux")]

use crate::support::binary::{Ended, TIMEOUT, command, wait};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/library");

const HEADER: &str = "shipment_id,movement_id,container_id,container_type,sequence,mode,operation,carrier,origin,destination,\
    departed_at,distance_km,distance_basis,cargo_mass_kg\n";

/// What a run may take beyond its limit (`docs/reliability.md`).
const BEYOND_MIB: u64 = 64;

fn row(n: usize, container_type: &str, carrier: &str, origin: &str) -> String {
    format!(
        "S{n:08},M1,,{container_type},1,road,road.truck_driven,{carrier},{origin},CNQZH,2025-06-01T08:00:00Z,1000,actual,10000\n"
    )
}

/// The most memory that a process has had so far, in KiB.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Runs a file of this name and content; how it ended, within its memory and with an empty stage.
fn run(name: &str, content: &[u8], limit_mib: u64) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    let mut file = fs::File::create(dir.path().join(name)).unwrap();
    file.write_all(content).unwrap();
    drop(file);
    run_in(dir.path(), name, limit_mib)
}

fn run_in(dir: &Path, name: &str, limit_mib: u64) -> Ended {
    let plan = dir.join("run.toml");
    let text = format!(
        "movements = [{name:?}]\nfactors = \"{LIBRARY}/emission_factors\"\nprofile = \"golden\"\nreference = \"{LIBRARY}/data\"\n\
         out = \"out\"\n[limits]\nmax_reject_share = \"100%\"\n"
    );
    fs::write(&plan, text).unwrap();
    let limit = format!("{limit_mib}MiB");
    let mut child = command()
        .arg("run")
        .arg(&plan)
        .args(["--threads", "2", "--quiet", "--memory-limit", &limit])
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = peak(&child).unwrap_or(0).max(most);
        sleep(Duration::from_millis(2));
    }
    let ended = wait(child, TIMEOUT);
    let most_mib = most >> 10;
    assert!(
        most_mib <= limit_mib + BEYOND_MIB,
        "{name}: {most_mib} MiB: {ended:?}"
    );
    let stage = fs::read_dir(dir.join("out/stage"));
    assert_eq!(
        stage.map_or(0, |entries| entries.count()),
        0,
        "{name}: a stage stays"
    );
    ended
}

#[test]
fn short_records_take_no_more_memory_than_long_ones() {
    const MANY: usize = 1_500_000;
    for (name, head, record, tail) in [
        ("a.csv", HEADER, "A\n", ""),
        ("q.csv", HEADER, "\"A\"\n", ""),
        ("a.ndjson", "", "{}\n", ""),
        ("a.json", "[", "{},", "{}]"),
    ] {
        let content = [head, &record.repeat(MANY), tail].concat();
        let ended = run(name, content.as_bytes(), 64).expect(0);
        assert!(ended.stdout.contains("150000"), "{name}: {}", ended.stdout);
    }
}

#[test]
fn words_and_sums_that_do_not_repeat_end_a_run_before_they_fill_the_memory() {
    const MANY: usize = 300_000;
    let place = |n: usize| -> String {
        let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap());
        ["C", "N"].concat()
            + &[letter(n), letter(n / 26), letter(n / 676)]
                .iter()
                .collect::<String>()
    };
    type Make<'m> = &'m dyn Fn(usize) -> String;
    let makes: [(&str, Make); 3] = [
        ("carriers", &|n| {
            row(n, "42G1", &format!("carrier {n}"), "CNCKG")
        }),
        ("types", &|n| row(n, &format!("T{n}"), "", "CNCKG")),
        ("sections", &|n| {
            row(n, "42G1", "", &place(n)).replace("CNQZH", &place(n * 7 + n / 17_576))
        }),
    ];
    for (name, make) in makes {
        let content: String = std::iter::once(HEADER.to_owned())
            .chain((0..MANY).map(make))
            .collect();
        let ended = run(&format!("{name}.csv"), content.as_bytes(), 256).expect(8);
        assert!(
            ended.stderr.contains("memory limit"),
            "{name}: {}",
            ended.stderr
        );
    }
}

/// A workbook with one row and this many texts, each of its own.
fn workbook(texts: usize) -> Vec<u8> {
    let shared: String = (0..texts)
        .map(|n| format!("<si><t>text number {n:09} of a workbook with many texts</t></si>"))
        .collect();
    let names = HEADER.trim_end().split(',').zip('A'..);
    let values = row(1, "42G1", "", "CNCKG");
    let cells = |list: &mut dyn Iterator<Item = (&str, char)>, row: u32| -> String {
        list.map(|(text, column)| {
            format!(r#"<c r="{column}{row}" t="inlineStr"><is><t>{text}</t></is></c>"#)
        })
        .collect()
    };
    let sheet = format!(
        r#"<worksheet><sheetData><row r="1">{}</row><row r="2">{}</row></sheetData></worksheet>"#,
        cells(&mut names.into_iter(), 1),
        cells(&mut values.trim_end().split(',').zip('A'..), 2)
    );
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, part) in [
        (
            "xl/workbook.xml",
            r#"<workbook xmlns:r="r"><sheets><sheet name="moves" r:id="rId1"/></sheets></workbook>"#.to_owned(),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#.to_owned(),
        ),
        ("xl/sharedStrings.xml", format!("<sst>{shared}</sst>")),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).unwrap();
        zip.write_all(part.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn texts_of_a_workbook_beyond_the_limit_are_exit_8() {
    run("few.xlsx", &workbook(1_000), 256).expect(0);
    let ended = run("many.xlsx", &workbook(1_000_000), 256).expect(8);
    let what = "which is what the memory limit leaves for them; raise it ([limits] memory, --memory-limit), or save the sheet as CSV";
    assert!(ended.stderr.contains(what), "{}", ended.stderr);
}

#[test]
fn a_conversion_stays_within_its_memory_or_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e.ndjson"), "{}\n".repeat(1_500_000)).unwrap();
    let convert = |limit: &str| {
        let mut command = command();
        command.current_dir(dir.path());
        command.args(["convert", "dcsa", "e.ndjson", "--memory-limit", limit]);
        wait(command.spawn().unwrap(), TIMEOUT)
    };
    convert("64MiB").expect(8);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing new");
    // Nothing in it is an event, which is told (exit 10).
    convert("4GiB").expect(10);
}

/// A run with a bound that the shell sets, as `ulimit` takes it; with the messages of the system.
fn under(ulimit: &str, dir: &Path) -> Ended {
    let mut shell = std::process::Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("ulimit {ulimit}; exec \"$0\" run \"$1\" --quiet"))
        .arg(env!("CARGO_BIN_EXE_green-corridor"))
        .arg(dir.join("run.toml"))
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    wait(shell.spawn().unwrap(), TIMEOUT)
}

#[test]
fn what_the_system_refuses_ends_a_run_in_order() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("m.csv"),
        HEADER.to_owned() + &row(1, "42G1", "", "CNCKG"),
    )
    .unwrap();
    run_in(dir.path(), "m.csv", 64).expect(0);
    let out = dir.path().join("out");
    let current = fs::read(out.join("CURRENT")).unwrap();
    fs::write(
        dir.path().join("m.csv"),
        HEADER.to_owned() + &row(2, "42G1", "", "CNCKG"),
    )
    .unwrap();
    // The largest size of a file, in blocks of 512 bytes or of 1,024.
    under("-f 4", dir.path()).expect(6);
    assert_eq!(fs::read(out.join("CURRENT")).unwrap(), current);
    let mut codes = Vec::new();
    for kib in (48_000..76_000).step_by(4_000) {
        let ended = under(&format!("-v {kib}"), dir.path());
        codes.push(ended.code);
        let is_known = matches!(ended.code, Some(0 | 8 | 127));
        assert!(is_known, "{kib} KiB: {ended:?}");
        assert_eq!(
            fs::read_dir(out.join("stage")).unwrap().count(),
            0,
            "{kib} KiB"
        );
    }
    assert!(codes.contains(&Some(8)), "{codes:?}");
}

/// The state of a process, and the process of which it is the only child.
fn state(process: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn child_of(process: u32) -> Option<u32> {
    let children = format!("/proc/{process}/task/{process}/children");
    fs::read_to_string(children).ok()?.trim().parse().ok()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let ends = std::time::Instant::now() + TIMEOUT;
    while !is_so() {
        assert!(std::time::Instant::now() < ends, "{what}");
        sleep(Duration::from_millis(10));
    }
}

fn signal(process: u32, name: &str) {
    let mut kill = std::process::Command::new("kill");
    let ended = kill.args(["-s", name, &process.to_string()]).status();
    assert!(ended.unwrap().success());
}

#[test]
fn a_supervised_run_stops_and_goes_on_with_its_parent() {
    let dir = tempfile::tempdir().unwrap();
    let rows: String = (0..1_000_000)
        .map(|n| row(n, "42G1", "", "CNCKG"))
        .collect();
    fs::write(dir.path().join("m.csv"), HEADER.to_owned() + &rows).unwrap();
    let plan = dir.path().join("run.toml");
    let text = format!(
        "movements = [\"m.csv\"]\nfactors = \"{LIBRARY}/emission_factors\"\nprofile = \"golden\"\nreference = \"{LIBRARY}/data\"\nout = \"out\"\n"
    );
    fs::write(&plan, text).unwrap();
    let mut command = command();
    let parent = command.arg("run").arg(&plan).args(["--isolate", "--quiet"]);
    let parent = parent.spawn().unwrap();
    let id = parent.id();
    until("the child starts", || child_of(id).is_some());
    let child = child_of(id).unwrap();
    // Once it follows its parent.
    until("the child works", || {
        dir.path().join("out/status.json").exists()
    });
    signal(id, "STOP");
    until("the child stops", || state(child) == Some('T'));
    signal(id, "CONT");
    until("the child goes on", || state(child) != Some('T'));
    wait(parent, TIMEOUT).expect(0);
}

#[test]
fn a_supervised_run_ends_as_any_other() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("m.csv"),
        HEADER.to_owned() + &row(1, "42G1", "", "CNCKG"),
    )
    .unwrap();
    run_in(dir.path(), "m.csv", 64).expect(0);
    let plan = dir.path().join("run.toml");
    let run = |more: &[&str]| {
        let mut command = command();
        command.arg("run").arg(&plan).arg("--isolate").args(more);
        wait(command.spawn().unwrap(), TIMEOUT)
    };
    run(&["--quiet"]).expect(0);
    run(&["--profile", "none"]).expect(2);
}
