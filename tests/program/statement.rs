//! `statement`: the example of docs/statement.md, and what is wrong with an organisation or its certificates.

use crate::support::binary::green_corridor;
use crate::support::excerpt::{assert_shown, blocks};
use std::fs;
use std::path::Path;

const DOCUMENT: &str = include_str!("../../docs/statement.md");
const ORGANISATION: &str = "examples/statement/organisation.toml";

#[test]
fn the_documentation_shows_the_statement_of_the_sample() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().to_str().expect("a plain path");
    green_corridor(["run", "data/run.toml", "--out", out]).expect(0);
    let certificates = "examples/statement/certificates.csv";
    let words = [
        "statement",
        out,
        "--organisation",
        ORGANISATION,
        "--certificates",
        certificates,
    ];
    let printed = green_corridor(words).expect(0).stdout;
    let shown = blocks(DOCUMENT)
        .find(|block| block.contains("not determined,"))
        .expect("the sums");
    // Where the files lie differs.
    let (sums, _) = shown.split_once("\nout/").expect("files");
    assert_shown(sums, &printed, "statement");

    // The same statement in the other language, beside the first, and the same bytes once more.
    let folder = home.path().join("statement");
    let folder = fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let folder = folder.join("slices");
    let folder = fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let page = |language: &str| {
        let mut files = fs::read_dir(&folder).unwrap();
        let ending = format!(".{language}.html");
        let file = files.find_map(|file| {
            let path = file.unwrap().path();
            path.to_str().unwrap().ends_with(&ending).then_some(path)
        });
        fs::read_to_string(file.expect("a page")).unwrap()
    };
    let english = page("en");
    green_corridor(words.into_iter().chain(["--lang", "zh"])).expect(0);
    green_corridor(words).expect(0);
    assert_eq!(page("en"), english);
    let chinese = page("zh");
    assert!(chinese.contains("<html lang=\"zh-Hans\">") && chinese.contains("范围三类别 4"));
    for page in [&english, &chinese] {
        assert!(page.contains("MADE-UP-0001"));
        assert!(!page.contains("<script"), "a statement needs no script");
    }
    // A statement is prepared for a report and claims nothing.
    assert!(english.contains("Prepared for a report") && english.contains("has not been verified"));
}

fn refused(folder: &Path, organisation: &str, wanted: &str) {
    let file = folder.join("organisation.toml");
    fs::write(&file, organisation).unwrap();
    let (out, file) = (folder.join("out"), file.to_str().unwrap().to_owned());
    let out = out.to_str().unwrap();
    let said = green_corridor(["statement", out, "--organisation", &file])
        .expect(2)
        .stderr;
    assert!(said.contains(wanted), "{organisation}\n{said}");
}

#[test]
fn what_is_wrong_with_an_organisation_is_told_with_its_line() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("out");
    green_corridor([
        "run",
        "examples/years/run.toml",
        "--out",
        out.to_str().unwrap(),
    ])
    .expect(0);
    for (organisation, wanted) in [
        ("[other]\n", "has no [organisation]"),
        ("[organisation]\nname = \"A\"\n", "missing field `role`"),
        (
            "[organisation]\nname = \"A\"\nrole = \"broker\"\n",
            "organisation.toml:3: [organisation] role \"broker\": expected one of seller, buyer, carrier, forwarder",
        ),
        (
            "[organisation]\nname = \"A\"\nrole = \"seller\"\nadress = \"x\"\n",
            "organisation.toml:4: unknown field `adress`",
        ),
        (
            "[organisation]\nname = \"A\"\nrole = \"seller\"\nreporting_period = \"FY25\"\n",
            ":4: [organisation] reporting_period \"FY25\": expected a year, a month",
        ),
        (
            "[organisation]\nname = \"A\"\nrole = \"seller\"\n[organisation.columns]\nincoterm = \"terms\"\n",
            "carries no column \"terms\"",
        ),
        (
            "[organisation]\nname = \"A\"\nrole = \"seller\"\n[organisation.columns]\nincoterms = \"terms\"\n",
            ":5: [organisation] columns \"incoterms\": expected one of direction, tier, incoterm",
        ),
        (
            "[organisation]\nname = \"A\"\nrole = \"seller\"\n[organisation.constants]\nincoterm = \"FREE\"\n",
            ":5: [organisation] constants.incoterm \"FREE\": expected one of EXW, FCA",
        ),
        (
            "[organisation]\nname = \"A\"\nrole = \"seller\"\n[organisation.values.direction]\nExport = \"out\"\n",
            "\"out\": expected inbound, outbound or internal (for \"Export\")",
        ),
        (
            "[organisation]\nname = \"A\"\nrole = \"carrier\"\n[organisation.electricity]\ngrid = \"120\"\n",
            ":5: [organisation] electricity.grid \"120\": expected percent",
        ),
    ] {
        refused(home.path(), organisation, wanted);
    }
    assert!(!out.join("statement").exists(), "a refusal writes nothing");
}
