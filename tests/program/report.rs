//! `report` through the built program. What a browser makes of the page is checked by `tests/browser/report.py`.

use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Ids that a page, a spreadsheet or a reader could take for something else.
const HOSTILE: [&str; 6] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "=HYPERLINK(1)",
    "-2+3",
    "A\u{202e}B\u{2066}C",
    "it's 'quoted' \\ & \"double\"",
];

/// A run with one shipment per hostile id, two elements each.
fn hostile_run() -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut rows = String::from(
        "movement_id,shipment_id,sequence,mode,carrier,origin,destination,departed_at,cargo_mass_kg,teu,evidence_ref\n",
    );
    for id in HOSTILE {
        let cell = format!("\"{}\"", id.replace('"', "\"\""));
        rows += &format!(
            "{cell},{cell},1,rail,{cell},CNCKG,CNQZH,2025-03-01T00:00:00Z,20000,2,{cell}\n"
        );
        rows += &format!("2,{cell},2,sea,{cell},CNQZH,SGSIN,2025-03-05T00:00:00Z,20000,2,{cell}\n");
    }
    let movements = dir.path().join("movements.csv");
    fs::write(&movements, rows).expect("the movements are written");
    let run_file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");
    let [movements, out] =
        [movements, dir.path().join("out")].map(|p| p.to_str().expect("a plain path").to_owned());
    green_corridor(["run", run_file, "--movements", &movements, "--out", &out]).expect(0);
    dir
}

fn report(dir: &Path, more: &[&str]) -> (String, Vec<PathBuf>) {
    let out = dir.join("out");
    let said = green_corridor(
        ["report", out.to_str().expect("a plain path")]
            .iter()
            .chain(more),
    )
    .expect(0);
    let names = said
        .stdout
        .lines()
        .filter_map(|line| line.split_once(", "))
        .map(|(path, _)| PathBuf::from(path));
    let names: Vec<PathBuf> = names.collect();
    let page = names
        .iter()
        .find(|p| p.extension().is_some_and(|e| e == "html"));
    (
        page.map_or(String::new(), |p| {
            fs::read_to_string(p).expect("the page is read")
        }),
        names,
    )
}

#[test]
fn ids_are_shown_and_never_obeyed() {
    let dir = hostile_run();
    let (page, written) = report(dir.path(), &[]);
    let run_id = current_run(&dir.path().join("out"))
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let wanted = ["html", "xlsx"].map(|ending| {
        dir.path()
            .join("out/report")
            .join(format!("{run_id}.{ending}"))
    });
    assert_eq!(written, wanted);
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;")
            && page.contains("=HYPERLINK(1)")
            && page.contains("A\u{fffd}B\u{fffd}C")
    );
    assert!(
        !page.contains("<img")
            && !page.contains("alert(2)</script>")
            && !page.contains(['\u{202e}', '\u{2066}'])
    );
    assert_eq!(page.matches("<script").count(), 3);
    assert!(
        !page.contains("http://") && !page.contains("src=\""),
        "the page names an address to fetch"
    );
}

#[test]
fn totals_are_the_published_decimals() {
    let dir = hostile_run();
    let (page, _) = report(dir.path(), &["--format", "html"]);
    let mut text = String::new();
    let mut is_tag = false;
    for c in page.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    let run = current_run(&dir.path().join("out"));
    for (table, column) in [
        ("corridors", "ghg_total_kg"),
        ("corridor_sections", "ghg_operation_kg"),
        ("factors", "ghg_total_kg"),
    ] {
        for decimal in Table::read(&run, table).column(column) {
            assert!(
                text.contains(decimal),
                "{table}.{column} {decimal} is not on the page"
            );
        }
    }
}

#[test]
fn only_what_was_asked_for_is_written_where_it_was_asked_for() {
    let dir = hostile_run();
    let to = dir.path().join("elsewhere/deep");
    let to_text = to.to_str().expect("a plain path");
    for (format, endings) in [("xlsx", vec!["xlsx"]), ("html", vec!["html", "xlsx"])] {
        report(dir.path(), &["--format", format, "--to", to_text]);
        let mut found: Vec<String> = fs::read_dir(&to)
            .expect("the folder is there")
            .map(|e| {
                e.expect("an entry")
                    .path()
                    .extension()
                    .expect("an ending")
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        found.sort();
        assert_eq!(found, endings, "after --format {format}");
    }
    assert!(!dir.path().join("out/report").exists());
}

#[test]
fn tables_that_do_not_add_up_to_the_manifest_give_no_report() {
    let dir = hostile_run();
    let out = dir.path().join("out");
    let path = current_run(&out).join("manifest.json");
    let manifest = fs::read_to_string(&path).expect("the manifest is read");
    let mut value: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    for table in [
        "elements",
        "shipments",
        "corridors",
        "corridor_sections",
        "factors",
    ] {
        let mut changed = value.clone();
        let kg = changed["totals"][table]["ghg_operation_kg"]
            .as_str()
            .expect("a decimal")
            .to_owned();
        let last = if kg.ends_with('0') { "1" } else { "0" };
        changed["totals"][table]["ghg_operation_kg"] =
            format!("{}{last}", &kg[..kg.len() - 1]).into();
        fs::write(&path, changed.to_string()).expect("the manifest is written");
        let ended = green_corridor(["report", out.to_str().expect("a plain path")]).expect(7);
        assert!(
            ended
                .stderr
                .contains(&format!("{table}: its rows add up to")),
            "{}",
            ended.stderr
        );
    }
    value["counts"]["rejected"] = 1.into();
    fs::write(&path, value.to_string()).expect("the manifest is written");
    let ended = green_corridor(["report", out.to_str().expect("a plain path")]).expect(7);
    assert!(
        ended
            .stderr
            .contains("rejected: 0 rows, the manifest says 1"),
        "{}",
        ended.stderr
    );
    assert!(!out.join("report").exists());
}

#[test]
fn a_comparison_with_an_earlier_run_is_part_of_the_report() {
    let dir = hostile_run();
    let out = dir.path().join("out");
    let earlier = current_run(&out)
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let (before, _) = report(dir.path(), &["--format", "html"]);
    assert!(!before.contains("id=\"restatement\""));
    let [movements, out] = [dir.path().join("movements.csv"), out]
        .map(|p| p.to_str().expect("a plain path").to_owned());
    let rows = fs::read_to_string(&movements).expect("the movements are read");
    fs::write(&movements, rows.replace(",20000,", ",21000,")).expect("the movements are written");
    let run_file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");
    green_corridor(["run", run_file, "--movements", &movements, "--out", &out]).expect(0);
    let said = green_corridor(["diff", &out, &earlier, "--format", "json"])
        .expect(0)
        .stdout;
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let (page, _) = report(dir.path(), &["--format", "html"]);
    let section = page
        .split("id=\"restatement\"")
        .nth(1)
        .expect("a section")
        .to_owned();
    let plain = section
        .replace("<i>", "")
        .replace("</i>", "")
        .replace("<small>", "");
    for decimal in [
        &said["total"]["ghg_before_kg"],
        &said["total"]["ghg_after_kg"],
        &said["total"]["effects"]["activity"],
    ] {
        assert!(
            plain.contains(decimal.as_str().expect("a decimal")),
            "{decimal} is not in the section"
        );
    }
    // A comparison that leads somewhere else gives no report.
    let folder = fs::read_dir(dir.path().join("out/diff"))
        .expect("a folder")
        .next()
        .expect("a comparison")
        .expect("an entry")
        .path();
    let later = current_run(Path::new(&out))
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    fs::rename(&folder, folder.with_file_name(format!("{later}-{earlier}")))
        .expect("the folder is renamed");
    let ended = green_corridor(["report", &out, &earlier]).expect(7);
    assert!(
        ended.stderr.contains("make the comparison again"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_run_that_is_not_there_is_wrong_use() {
    let dir = hostile_run();
    let out = dir.path().join("out");
    let ended = green_corridor(["report", out.to_str().expect("a plain path"), "nope"]).expect(2);
    assert!(ended.stderr.contains("no run \"nope\""), "{}", ended.stderr);
}
