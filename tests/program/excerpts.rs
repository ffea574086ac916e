//! Output that the documentation shows is what the program prints: a shown line stands in the output, as far as its first `...`.

use crate::support::binary::green_corridor;
use crate::support::excerpt::{assert_shown, blocks};

const README: &str = include_str!("../../README.md");
const FORMATS: &str = include_str!("../../docs/formats.md");
const SETTLEMENT: &str = include_str!("../../docs/settlement.md");
const YEARS: &str = include_str!("../../docs/years.md");
const TARGETS: &str = include_str!("../../docs/targets.md");
const EXCHANGE: &str = include_str!("../../docs/exchange.md");

#[test]
fn the_readme_shows_what_the_sample_comes_to() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().to_str().expect("a plain path");
    let printed = green_corridor(["run", "data/run.toml", "--out", out])
        .expect(0)
        .stdout;
    let summary = blocks(README)
        .find(|block| block.starts_with("rows in"))
        .expect("the summary of a run");
    // Where it lies and how long it took differ; which run it is does not.
    let (figures, end) = summary.split_once("\nrun ").expect("the run");
    assert_shown(figures, &printed, "run");
    let run_id = end.split(' ').next().unwrap_or_default();
    assert!(
        printed.contains(&format!("run {run_id} published")),
        "the README shows run {run_id}\n{printed}"
    );

    let sheet = blocks(README)
        .find(|block| block.contains("chosen by"))
        .expect("a calculation sheet");
    let (_, command) = README
        .split_once("`green-corridor explain out ")
        .expect("the command of the sheet");
    let shipment = command.split('`').next().unwrap_or_default();
    assert_shown(
        sheet,
        &green_corridor(["explain", out, shipment]).expect(0).stdout,
        "explain",
    );
}

#[test]
fn the_readme_shows_a_way_to_stuttgart() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().to_str().expect("a plain path");
    green_corridor(["run", "examples/world/run.toml", "--out", out]).expect(0);
    let sheet = blocks(README)
        .find(|block| block.contains("river kilometres, RHINE"))
        .expect("the sheet of a barge");
    let printed = green_corridor(["explain", out, "BARGE"]).expect(0).stdout;
    assert_shown(sheet, &printed, "explain");
    green_corridor(["verify", out, "--recalculate"]).expect(0);
}

#[test]
fn the_documentation_shows_what_questions_about_factors_are_answered() {
    let mut asked = 0;
    for block in blocks(FORMATS) {
        let Some((command, shown)) = block.split_once('\n') else {
            continue;
        };
        // A table of a user's own is not here.
        let Some(words) = command
            .strip_prefix("$ green-corridor ")
            .filter(|words| !words.contains("own.xlsx"))
        else {
            continue;
        };
        assert_shown(
            shown,
            &green_corridor(words.split(' ')).expect(0).stdout,
            command,
        );
        asked += 1;
    }
    assert!(asked >= 4, "{asked} commands are shown");
}

#[test]
fn the_documentation_shows_what_events_and_messages_come_to() {
    for kind in ["dcsa", "edifact"] {
        let start = format!("$ green-corridor convert {kind} tests/exchange/");
        let mut shown = blocks(EXCHANGE).skip_while(|block| !block.starts_with(&start));
        let (command, summary) = shown
            .next()
            .and_then(|block| block.split_once('\n'))
            .expect("what the command prints");
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("movements.csv");
        let out = out.to_str().expect("a plain path");
        let words = command.trim_start_matches("$ green-corridor ").split(' ');
        let words = words.map(|word| if word == "movements.csv" { out } else { word });
        let printed = green_corridor(words).expect(0).stdout;
        let here = format!("{}/", folder.path().display());
        assert_shown(summary, &printed.replace(&here, ""), command);
        let list = folder.path().join("movements.left-out.csv");
        let list = std::fs::read_to_string(list).expect("what was left out");
        assert_shown(shown.next().expect("the list"), &list, kind);
    }
}

#[test]
fn the_documentation_shows_what_the_example_of_a_settlement_comes_to() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("out");
    let out = out.to_str().expect("a plain path");
    green_corridor(["run", "data/run.toml", "--out", out]).expect(0);
    let (_, command) = SETTLEMENT
        .split_once("    green-corridor settle out ")
        .expect("the command");
    let command = command
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .replace('\\', " ");
    let words = ["settle", out]
        .into_iter()
        .chain(command.split_whitespace());
    let printed = green_corridor(words).expect(0).stdout;
    let here = format!("{}/", home.path().display());
    let shown = blocks(SETTLEMENT).next().expect("what it prints");
    assert_shown(shown, &printed.replace(&here, ""), "settle");
}

#[test]
fn the_documentation_shows_what_the_example_of_two_years_comes_to() {
    for document in [YEARS, TARGETS] {
        let home = tempfile::tempdir().expect("a folder");
        let root = home.path().to_str().expect("a plain path");
        let here = |word: &str| match word.starts_with("out-") {
            true => format!("{root}/{word}"),
            false => word.to_owned(),
        };
        let (_, commands) = document
            .split_once("```sh\n")
            .expect("the commands of the example");
        let commands = commands.split("\n```").next().unwrap_or_default();
        let mut printed = String::new();
        for command in commands.lines() {
            let words = command.trim_start_matches("green-corridor ");
            let words = words.split_whitespace().map(here);
            printed = green_corridor(words).expect(0).stdout;
        }
        let shown = blocks(document).next().expect("what it prints");
        assert_shown(
            shown,
            &printed.replace(&format!("{root}/"), ""),
            command_of(commands),
        );
    }
}

fn command_of(commands: &str) -> &str {
    commands.lines().last().unwrap_or_default()
}
