//! Texts of others on a terminal: whatever a file, a name or an argument holds, no escape and no hidden character is printed.

use crate::support::binary::green_corridor;
use green_corridor::text::is_hidden;
use std::fs;
use std::path::Path;

const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/library");

/// Sets a title, clears the screen, turns a line around, hides a letter.
const EVIL: &str = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\u{e0041}\u{ad}";

fn quiet(words: &[&str]) {
    let ended = green_corridor(words);
    for text in [&ended.stdout, &ended.stderr] {
        let obeyed = text.chars().find(|&c| is_hidden(c) && c != '\n');
        assert_eq!(obeyed, None, "{words:?}: {text:?}");
    }
    assert!(
        !(ended.stdout + &ended.stderr).is_empty(),
        "{words:?} said nothing"
    );
}

fn run_file(dir: &Path, movements: &str) -> String {
    let path = dir.join("run.toml");
    let text = format!(
        "movements = [{movements:?}]\nfactors = \"{LIBRARY}/emission_factors\"\nprofile = \"golden\"\nreference = \"{LIBRARY}/data\"\n\
         out = \"out\"\n[limits]\nmax_reject_share = \"100%\"\n"
    );
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn no_escape_reaches_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let plan = run_file(dir.path(), "m.csv");
    let out = dir.path().join("out").to_str().unwrap().to_owned();
    write("m.csv", &format!("a{EVIL},b\n1,2\n"));
    quiet(&["run", &plan]);
    quiet(&["run", &plan, "--log", "json"]);
    let head = "shipment_id,movement_id,container_id,container_type,sequence,mode,operation,origin,destination,departed_at,distance_km,\
                distance_basis,cargo_mass_kg,carrier";
    let row = |id: &str, mode: &str| {
        format!(
            "{id},M1,,42G1,1,{mode},road.truck_driven,CNCKG,CNQZH,2025-06-01T08:00:00Z,1000,actual,10000,c\u{202e}\n"
        )
    };
    write(
        "m.csv",
        &format!(
            "{head},u{EVIL}\n{}",
            row("B\u{ad}1", "road").replace('\n', ",x\n")
        ),
    );
    quiet(&["run", &plan]);
    write(
        "m.csv",
        &format!(
            "{head}\n{}{}",
            row("B\u{202e}1", "road"),
            row("B2", &format!("\"{}\"", EVIL))
        ),
    );
    for more in [&["--log", "json"][..], &[]] {
        quiet(&[&["run", &plan], more].concat());
    }
    quiet(&["rejects", &out]);
    for format in ["csv", "json"] {
        quiet(&["rejects", &out, "--format", format]);
        quiet(&[
            "explain",
            &out,
            "B\u{202e}1",
            "--format",
            if format == "csv" { "text" } else { format },
        ]);
    }
    quiet(&["verify", &out]);
    quiet(&["verify", &out, EVIL]);
    quiet(&["explain", &out, EVIL]);
    quiet(&[EVIL]);
    quiet(&["run", &plan, &format!("--{EVIL}")]);
    quiet(&["run", &plan, "--profile", EVIL]);
    quiet(&["run", &plan, "--movements", EVIL]);
    write(&format!("n{EVIL}.csv"), "x\n");
    quiet(&["run", &run_file(dir.path(), "n*.csv")]);
}

#[test]
fn json_for_programs_keeps_every_character() {
    let dir = tempfile::tempdir().unwrap();
    let plan = run_file(dir.path(), "m.csv");
    let said = green_corridor(["run", &plan, "--log", "json", "--movements", EVIL])
        .expect(3)
        .stderr;
    let line: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert!(
        line["message"].as_str().unwrap().contains("\u{202e}"),
        "{said}"
    );
}
