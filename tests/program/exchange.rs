//! Exchange documents through the built program: exports of published runs, and partners' files on their way to a run.
//!
//! `tests/exchange/validate.py` validates the same documents against the published schemas.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small

use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
use green_corridor::text::original;
use green_corridor_core::model::unit::{div_half_even, parse_decimal};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A working folder with a run file for these movements.
fn folder(movements: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let run = dir.path().join("run.toml");
    let lines = format!(
        "movements = [{movements:?}]\nfactors = \"{ROOT}/emission_factors\"\nreference = \"{ROOT}/data\"\nprofile = \"open\"\nout = \"out\"\n"
    );
    fs::write(&run, lines).unwrap();
    (dir, run)
}

/// The sample's first shipments, published.
fn published() -> (tempfile::TempDir, PathBuf) {
    let (dir, run) = folder("movements.csv");
    let sample = fs::read_to_string(format!("{ROOT}/data/movements/2025-03.csv")).unwrap();
    let rows: Vec<&str> = sample.lines().take(400).collect();
    fs::write(dir.path().join("movements.csv"), rows.join("\n") + "\n").unwrap();
    green_corridor(["run", text(&run)]).expect(0);
    let out = dir.path().join("out");
    (dir, out)
}

/// Exports and reads the documents of a file.
fn export(out: &Path, kind: &[&str], name: &str) -> Vec<Value> {
    let words: Vec<&str> = ["export"]
        .into_iter()
        .chain(kind.iter().copied())
        .chain([text(out)])
        .collect();
    green_corridor(words).expect(0);
    let run = current_run(out);
    let folder = if kind[0] == "pact" { "pact-3" } else { kind[0] };
    let path = out
        .join("export")
        .join(folder)
        .join(run.file_name().unwrap())
        .join(format!("{name}.json"));
    let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The mantissa of a decimal text with this many places.
fn number(value: &Value, places: u32) -> i128 {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"));
    parse_decimal(text, places).unwrap_or_else(|| panic!("{text} is no decimal of {places} places"))
}

#[test]
fn footprints_are_the_published_figures_and_refer_to_what_is_there() {
    let (_dir, out) = published();
    let shipments = export(&out, &["ileap"], "shipments");
    let ids = |name: &str, key: &str| -> BTreeSet<String> {
        let documents = export(&out, &["ileap"], name);
        documents
            .iter()
            .map(|d| d["extensions"][0]["data"][key].as_str().unwrap().to_owned())
            .collect()
    };
    let (tocs, hocs) = (ids("tocs", "tocId"), ids("hocs", "hocId"));
    let table = Table::read(&current_run(&out), "shipments");
    let totals: BTreeMap<&str, &str> = table
        .column("shipment_id")
        .into_iter()
        .zip(table.column("ghg_total_kg"))
        .collect();
    assert_eq!(shipments.len(), totals.len());
    let mut referenced = BTreeSet::new();
    for document in &shipments {
        let (pcf, data) = (&document["pcf"], &document["extensions"][0]["data"]);
        let id = data["shipmentId"].as_str().unwrap();
        assert_eq!(pcf["pCfExcludingBiogenic"], totals[id]);
        let (mut activity, mut total) = (0, 0);
        let mut seen = BTreeSet::new();
        for tce in data["tces"].as_array().unwrap() {
            let distance = tce["distance"]
                .as_object()
                .unwrap()
                .values()
                .next()
                .unwrap();
            assert_eq!(
                number(&tce["transportActivity"], 9),
                number(&tce["mass"], 3) * number(distance, 3)
            );
            activity += number(&tce["transportActivity"], 9);
            total += number(&tce["co2eWTW"], 9);
            assert!(number(&tce["co2eWTW"], 9) >= number(&tce["co2eTTW"], 9));
            let (toc, hoc) = (tce.get("tocId"), tce.get("hocId"));
            assert!(toc.is_some() != hoc.is_some(), "{tce}");
            toc.into_iter()
                .for_each(|t| assert!(tocs.contains(t.as_str().unwrap()), "{t}"));
            hoc.into_iter()
                .for_each(|h| assert!(hocs.contains(h.as_str().unwrap()), "{h}"));
            referenced.extend(
                [toc, hoc]
                    .into_iter()
                    .flatten()
                    .map(|v| v.as_str().unwrap().to_owned()),
            );
            // Only what came before can be referred to, so the chain cannot turn back.
            tce["prevTceIds"]
                .as_array()
                .unwrap()
                .iter()
                .for_each(|p| assert!(seen.contains(p.as_str().unwrap()), "{p}"));
            assert!(seen.insert(tce["tceId"].as_str().unwrap()));
        }
        assert_eq!(
            (
                number(&pcf["unitaryProductAmount"], 9),
                number(&pcf["pCfExcludingBiogenic"], 9)
            ),
            (activity, total)
        );
    }
    assert_eq!(referenced, tocs.union(&hocs).cloned().collect());
}

/// Intensity x amount of an element is its figure: to the microgram, with a distance adjustment within the half metre to which
/// the run rounds a distance. Whole numbers only; `validate.py` does the same for all of the shipped sample with decimals.
#[test]
fn toc_times_activity_is_tce() {
    let (_dir, out) = published();
    let mut categories = BTreeMap::new();
    for (file, key) in [("tocs", "tocId"), ("hocs", "hocId")] {
        for document in export(&out, &["ileap"], file) {
            let data = document["extensions"][0]["data"].clone();
            categories.insert(data[key].as_str().unwrap().to_owned(), data);
        }
    }
    let (mut equal, mut adjusted, mut averaged) = (0, 0, 0);
    for document in export(&out, &["ileap"], "shipments") {
        for tce in document["extensions"][0]["data"]["tces"]
            .as_array()
            .unwrap()
        {
            let id = tce.get("tocId").or_else(|| tce.get("hocId")).unwrap();
            let data = &categories[id.as_str().unwrap()];
            let description = data["description"].as_str().unwrap();
            if description.contains("emissions over activity of the run") {
                averaged += 1;
                continue;
            }
            let (basis, km) = tce["distance"].as_object().unwrap().iter().next().unwrap();
            let unit = data
                .get("transportActivityUnit")
                .or_else(|| data.get("hubActivityUnit"));
            // t or TEU with 6 decimals, km with 3.
            let (load, metres) = match unit.unwrap().as_str().unwrap() {
                "tkm" => (number(&tce["mass"], 3), number(km, 3)),
                "TEUkm" => (number(&tce["packagingOrTrEqAmount"], 6), number(km, 3)),
                "tonnes" => (number(&tce["mass"], 3), 1_000),
                _ => (number(&tce["packagingOrTrEqAmount"], 6), 1_000),
            };
            let is_adjusted = description.contains("distance adjustment");
            if tce.get("tocId").is_some() {
                assert!(
                    description.contains(&format!(" on {basis} distance")),
                    "{tce}: {description}"
                );
            }
            let parts = |wtw: i128, ttw: i128| [ttw, wtw - ttw];
            let intensities = parts(
                number(&data["co2eIntensityWTW"], 18),
                number(&data["co2eIntensityTTW"], 18),
            );
            let found = parts(number(&tce["co2eWTW"], 9), number(&tce["co2eTTW"], 9));
            for (intensity, found) in intensities.into_iter().zip(found) {
                // 27 decimals; a microgram has 9.
                let microgram = 10i128.pow(18);
                let wanted = load * metres * intensity;
                if is_adjusted {
                    let apart = (wanted - found * microgram).abs();
                    assert!(
                        apart * 2 <= load * intensity + 2 * microgram,
                        "{tce}: {apart} from {data}"
                    );
                } else {
                    assert_eq!(div_half_even(wanted, microgram), found, "{tce}: {data}");
                }
            }
            *(if is_adjusted {
                &mut adjusted
            } else {
                &mut equal
            }) += 1;
        }
    }
    assert!(
        equal > 0 && adjusted > 0 && averaged > 0,
        "{equal} {adjusted} {averaged}"
    );
    let sea = "corridor-open/2026:sea-container-feeder-mrv2023-marine-fuel;sfd;";
    let ids: Vec<&str> = categories
        .keys()
        .filter_map(|id| id.strip_prefix(sea))
        .collect();
    assert_eq!(ids.len(), 2, "found as sfd and as actual: {ids:?}");
    assert!(
        ids[0].ends_with("-per-tkm-actual;/0.869565") && ids[1].ends_with("-per-tkm-actual;x1.15"),
        "{ids:?}"
    );
}

#[test]
fn all_kinds_and_forms_hold_the_same_documents() {
    let (dir, out) = published();
    let json = export(&out, &["ileap"], "shipments");
    let to = dir.path().join("elsewhere");
    green_corridor([
        "export",
        "ileap",
        text(&out),
        "--to",
        text(&to),
        "--format",
        "ndjson",
    ])
    .expect(0);
    let ndjson = fs::read_to_string(to.join("shipments.ndjson")).unwrap();
    let lines: Vec<Value> = ndjson
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines, json);
    let third = export(&out, &["pact"], "shipments");
    for (two, three) in json.iter().zip(&third) {
        assert_eq!(
            two["pcf"]["pCfExcludingBiogenic"],
            three["pcf"]["pcfExcludingBiogenicUptake"]
        );
        assert_eq!(
            (&two["id"], &two["extensions"]),
            (&three["id"], &three["extensions"])
        );
        assert!(three.get("version").is_none() && three["specVersion"] == "3.0.3");
    }
    let activities = export(&out, &["ileap-tad"], "tad");
    let elements = Table::read(&current_run(&out), "elements");
    let moves = elements
        .column("mode")
        .iter()
        .zip(elements.column("arrived_at"))
        .filter(|(m, a)| **m != "hub" && !a.is_empty())
        .count();
    assert_eq!(activities.len(), moves);
}

#[test]
fn the_same_result_keeps_its_id_and_a_changed_one_continues_the_chain() {
    let (dir, out) = published();
    let first = export(&out, &["ileap"], "shipments");
    assert_eq!(
        export(&out, &["ileap"], "shipments"),
        first,
        "exported again"
    );
    let path = dir.path().join("movements.csv");
    let rows = fs::read_to_string(&path).unwrap();
    let changed: Vec<String> = rows
        .lines()
        .map(|row| {
            if row.contains(",SAMPLE-0000000001,") {
                row.replace(",23803,", ",11111,")
            } else {
                row.to_owned()
            }
        })
        .collect();
    fs::write(&path, changed.join("\n") + "\n").unwrap();
    green_corridor(["run", text(&dir.path().join("run.toml"))]).expect(0);
    let second = export(&out, &["ileap"], "shipments");
    for (before, after) in first.iter().zip(&second) {
        if before["extensions"][0]["data"]["shipmentId"] == "SAMPLE-0000000001" {
            assert_ne!(before["pcf"], after["pcf"]);
            assert_eq!(
                (&after["version"], &after["precedingPfIds"]),
                (&1.into(), &Value::from(vec![before["id"].clone()]))
            );
            assert_ne!(before["id"], after["id"]);
        } else {
            assert_eq!(before, after);
        }
    }
    // The first run again: a third version, which names both.
    let old = first[0]["id"].clone();
    fs::write(&path, rows).unwrap();
    green_corridor(["run", text(&dir.path().join("run.toml"))]).expect(0);
    let third = export(&out, &["ileap"], "shipments");
    assert_eq!(
        third[0]["precedingPfIds"],
        Value::from(vec![old, second[0]["id"].clone()])
    );
    assert_eq!(third[0]["pcf"], first[0]["pcf"]);
    // Both are published again, as they were but for their status.
    let deprecated = export(&out, &["ileap"], "deprecated");
    let of_shipment: Vec<&Value> = deprecated
        .iter()
        .filter(|d| d["extensions"][0]["data"]["shipmentId"] == "SAMPLE-0000000001")
        .collect();
    assert_eq!(of_shipment.len(), 2);
    for (now, before) in of_shipment.into_iter().zip([&first[0], &second[0]]) {
        let mut wanted = before.clone();
        wanted["status"] = "Deprecated".into();
        assert_eq!(now, &wanted);
    }
    for document in export(&out, &["ileap"], "tocs").iter().chain(&third) {
        assert_eq!(document["status"], "Active");
    }
}

#[test]
fn predecessors_are_found_in_the_folder_that_is_written_again() {
    let (dir, out) = published();
    let to = dir.path().join("partner");
    let export = |form: &str, company: &str| {
        let words = [
            "export",
            "ileap",
            text(&out),
            "--to",
            text(&to),
            "--format",
            form,
        ];
        let company = [
            "--company",
            company,
            "--company-id",
            "urn:lei:5493001KJTIIGC8Y1R12",
        ];
        green_corridor(words.into_iter().chain(company)).expect(0)
    };
    export("json", "A");
    let second = export("ndjson", "B");
    assert!(
        !second.stderr.contains("earlier versions"),
        "{}",
        second.stderr
    );
    let count = |name: &str| fs::read_to_string(to.join(name)).unwrap().lines().count();
    let documents = count("shipments.ndjson") + count("tocs.ndjson") + count("hocs.ndjson");
    assert_eq!(count("deprecated.ndjson"), documents);
    // What is nowhere any more is told.
    for name in fs::read_dir(&to).unwrap() {
        fs::remove_file(name.unwrap().path()).unwrap();
    }
    let third = export("ndjson", "C");
    let told = format!("{} earlier versions are in no export", 2 * documents);
    assert!(third.stderr.contains(&told), "{}", third.stderr);
}

#[test]
fn two_companies_are_never_each_others_versions() {
    let (dir, out) = published();
    let export = |company: &str| -> (PathBuf, Vec<Value>) {
        let words = [
            "export",
            "ileap",
            text(&out),
            "--company",
            "X",
            "--company-id",
            company,
        ];
        let ended = green_corridor(words).expect(0);
        let to = ended
            .stdout
            .lines()
            .find_map(|l| l.strip_prefix("written to "));
        let to = PathBuf::from(to.unwrap());
        let bytes = fs::read(to.join("shipments.json")).unwrap();
        (to, serde_json::from_slice(&bytes).unwrap())
    };
    let first = export("urn:lei:A");
    let other = export("urn:lei:B");
    assert_ne!(first.0, other.0, "neither replaces the other's documents");
    for (a, b) in first.1.iter().zip(&other.1) {
        assert_ne!(a["id"], b["id"]);
        assert_eq!((&b["version"], b.get("precedingPfIds")), (&0.into(), None));
        assert_eq!(a["pcf"], b["pcf"]);
    }
    // Each goes on with its own.
    assert_eq!((export("urn:lei:A"), export("urn:lei:B")), (first, other));
    drop(dir);
}

#[test]
fn documents_say_standard_place_validity_and_fuel() {
    let (_dir, out) = published();
    for name in ["tocs", "hocs", "shipments"] {
        for two in export(&out, &["ileap"], name) {
            assert_eq!(
                two["pcf"]["crossSectoralStandards"],
                serde_json::json!(["ISO14083"])
            );
            assert!(two.get("validityPeriodEnd").is_none());
            assert_ne!(
                two["pcf"]["ipccCharacterizationFactorsSources"][0], "AR4",
                "{two}"
            );
        }
        for three in export(&out, &["pact"], name) {
            let start = three["pcf"]["referencePeriodStart"].as_str();
            assert!(
                start < three["pcf"]["referencePeriodEnd"].as_str(),
                "{three}"
            );
            let end = three["pcf"]["referencePeriodEnd"].as_str().unwrap();
            assert_eq!(three["validityPeriodStart"], end);
            let valid = three["validityPeriodEnd"].as_str().unwrap();
            let year = |text: &str| text[..4].parse::<u32>().unwrap();
            assert_eq!((year(valid), &valid[10..]), (year(end) + 3, &end[10..]));
            let class = "urn:pact:productclassification:un-cpc:83117";
            assert_eq!(three["productClassifications"], serde_json::json!([class]));
        }
    }
    let tocs = export(&out, &["pact"], "tocs");
    let fuels = tocs.iter().map(|d| &d["extensions"][0]["data"]);
    let without: Vec<&str> = fuels
        .filter(|data| data["energyCarriers"].as_array().unwrap().is_empty())
        .map(|data| data["tocId"].as_str().unwrap())
        .collect();
    // Trains of an unknown traction.
    assert!(
        without.iter().all(|id| id.contains("rail-freight-train")),
        "{without:?}"
    );
    let countries: BTreeSet<&str> = tocs
        .iter()
        .filter_map(|d| d["pcf"]["geographyCountry"].as_str())
        .collect();
    assert!(countries.contains("CN"), "{countries:?}");
}

#[test]
fn a_declaration_is_what_the_manifest_says() {
    let (dir, out) = published();
    let to = dir.path().join("declared");
    let words = [
        "export",
        "declaration",
        text(&out),
        "--to",
        text(&to),
        "--company",
        "<A&B>",
    ];
    green_corridor(words).expect(0);
    let told: Value =
        serde_json::from_slice(&fs::read(to.join("declaration.json")).unwrap()).unwrap();
    let run = current_run(&out);
    let manifest: Value =
        serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap();
    let (totals, wanted) = (&told["totals"], &manifest["totals"]["elements"]);
    for figure in wanted.as_object().unwrap().keys() {
        assert_eq!(totals[figure], wanted[figure]);
        for part in [
            "by_mode",
            "by_distance_basis",
            "by_data_category",
            "by_gwp_set",
            "by_source",
        ] {
            let lines = told[part].as_array().unwrap().iter();
            let sum: i128 = lines.map(|line| number(&line[figure], 9)).sum();
            assert_eq!(sum, number(&wanted[figure], 9), "{part}: {figure}");
        }
    }
    for line in told["by_gwp_set"].as_array().unwrap() {
        let set = line["name"].as_str().unwrap();
        assert_eq!(
            line["ghg_total_kg"],
            manifest["totals_by_gwp_set"][set]["ghg_total_kg"]
        );
    }
    assert_eq!(
        told["method"]["exclusions"],
        manifest["statement"]["exclusions"]
    );
    let page = fs::read_to_string(to.join("declaration.html")).unwrap();
    assert!(page.contains("&lt;A&amp;B&gt;") && !page.contains("<script"));
    // The sums by GWP set are checked like every other.
    green_corridor(["verify", text(&out)]).expect(0);
}

#[test]
fn an_export_beside_another_is_refused_and_a_damaged_ledger_is_not_overwritten() {
    let (_dir, out) = published();
    export(&out, &["ileap"], "shipments");
    let ledger = out.join("export/ileap/shipments.ledger.ndjson");
    let damaged = fs::read_to_string(&ledger)
        .unwrap()
        .replacen("\"versions\"", "\"versjons\"", 1);
    fs::write(&ledger, &damaged).unwrap();
    let ended = green_corridor(["export", "ileap", text(&out)]).expect(7);
    assert!(
        ended.stderr.contains("shipments.ledger.ndjson:1: "),
        "{}",
        ended.stderr
    );
    assert_eq!(fs::read_to_string(&ledger).unwrap(), damaged);
    fs::remove_file(&ledger).unwrap();
    let held = fs::File::create(out.join("export/ileap/lock")).unwrap();
    held.lock().unwrap();
    green_corridor(["export", "ileap", text(&out)]).expect(5);
}

/// Events of three senders as movement records in this form, then as a run.
fn from_events(name: &str) -> (tempfile::TempDir, PathBuf, String) {
    let (dir, run) = folder(name);
    let events = format!("{ROOT}/tests/exchange/dcsa");
    let ended = green_corridor([
        "convert",
        "dcsa",
        &events,
        "--out",
        text(&dir.path().join(name)),
    ])
    .expect(0);
    green_corridor(["run", text(&run)]).expect(0);
    let out = dir.path().join("out");
    (dir, out, ended.stdout)
}

/// A bill of lading number that a spreadsheet would run.
const HOSTILE: &str = "=HYPERLINK(\"http://example.com\",\"\u{202e}gnp\")";

#[test]
fn events_of_three_senders_become_footprints() {
    let (dir, out, summary) = from_events("movements.csv");
    for (what, count) in [
        ("files", 3),
        ("events", 21),
        ("used", 14),
        ("ignored", 1),
        ("duplicate", 2),
        ("retracted", 2),
        ("malformed", 2),
    ] {
        let line = summary
            .lines()
            .find(|l| l.trim_start().starts_with(what))
            .unwrap_or_else(|| panic!("{what}: {summary}"));
        assert_eq!(
            line.split_whitespace().nth(1),
            Some(count.to_string().as_str()),
            "{summary}"
        );
    }
    let left_out = fs::read_to_string(dir.path().join("movements.left-out.csv")).unwrap();
    assert!(
        left_out.contains(
            "carrier.json,,/6/eventLocation/UNLocationCode,sea-bad,,Qinzhou,expected a UN/LOCODE"
        ),
        "{left_out}"
    );
    assert!(
        left_out.contains("railway.ndjson,5,,,,the end (EOF while parsing a value at line 1 column 35),expected JSON"),
        "{left_out}"
    );
    let csv = fs::read_to_string(dir.path().join("movements.csv")).unwrap();
    assert!(
        !csv.contains('\u{202e}') && csv.contains(",\"%3DHYPERLINK("),
        "{csv}"
    );
    // Both containers sail with the vessel, not when they are loaded.
    assert_eq!(
        csv.matches(",2025-03-07T03:30:00+08:00,2025-03-12T14:05:00+08:00,")
            .count(),
        2,
        "{csv}"
    );
    let documents = export(&out, &["ileap"], "shipments");
    let chains: Vec<(String, Vec<String>)> = documents
        .iter()
        .map(|d| {
            let data = &d["extensions"][0]["data"];
            let tces = data["tces"].as_array().unwrap();
            let places = |t: &Value| {
                format!(
                    "{}-{}",
                    t["origin"]["locode"].as_str().unwrap(),
                    t["destination"]["locode"].as_str().unwrap()
                )
            };
            (
                data["shipmentId"].as_str().unwrap().to_owned(),
                tces.iter().map(places).collect(),
            )
        })
        .collect();
    assert_eq!(chains.len(), 2);
    assert_eq!(original(&chains[0].0).as_deref(), Some(HOSTILE));
    assert_eq!(chains[1].0, "HHL71800000");
    for (id, places) in &chains {
        let travelled: Vec<&str> = places
            .iter()
            .map(String::as_str)
            .filter(|p| p[..5] != p[6..])
            .collect();
        assert_eq!(
            travelled,
            ["CNCKG-CNQZH", "CNQZH-SGSIN", "SGSIN-MYTPP"],
            "{id}"
        );
    }
}

#[test]
fn ids_survive_both_forms_and_no_figure_depends_on_the_form() {
    let (csv_dir, csv, _) = from_events("movements.csv");
    let (_ndjson_dir, ndjson, _) = from_events("movements.ndjson");
    let table = |out: &Path| Table::read(&current_run(out), "shipments");
    let (csv, ndjson) = (table(&csv), table(&ndjson));
    let decoded: BTreeMap<String, &str> = csv
        .column("shipment_id")
        .into_iter()
        .map(|id| original(id).unwrap())
        .zip(csv.column("ghg_total_kg"))
        .collect();
    let exact: BTreeMap<String, &str> = ndjson
        .column("shipment_id")
        .into_iter()
        .map(str::to_owned)
        .zip(ndjson.column("ghg_total_kg"))
        .collect();
    assert_eq!(decoded, exact);
    assert!(exact.contains_key(HOSTILE));
    for row in fs::read_to_string(csv_dir.path().join("movements.left-out.csv"))
        .unwrap()
        .lines()
    {
        assert!(
            !row.split(',').any(|cell| cell
                .trim_start_matches('"')
                .starts_with(['=', '+', '-', '@'])),
            "{row}"
        );
    }
}

/// A library with the carrier's factors in it, as docs/exchange.md says to put them there.
fn library_with(dir: &Path, to: &Path) -> PathBuf {
    let library = dir.join("library");
    copy(Path::new(ROOT).join("emission_factors").as_path(), &library);
    copy(&to.join("maeu"), &library.join("maeu"));
    for name in ["sources.csv", "operations.csv"] {
        let Ok(rows) = fs::read_to_string(to.join(name)) else {
            continue;
        };
        let before = fs::read_to_string(library.join(name)).unwrap();
        let (_, rows) = rows.split_once('\n').unwrap();
        fs::write(library.join(name), before + rows).unwrap();
    }
    let profile = library.join("profiles/open.toml");
    let lines = fs::read_to_string(&profile).unwrap().replacen(
        "sources = [",
        "sources = [\"maeu/2025\", ",
        1,
    );
    fs::write(&profile, lines).unwrap();
    green_corridor([
        "factors",
        "check",
        "--factors",
        text(&library),
        "--reference",
        &format!("{ROOT}/data"),
    ])
    .expect(0);
    library
}

/// Converts the export of the sample's first shipments and runs what comes out; gives the folder, what was converted and the run.
fn there_and_back(kinds: &[&str]) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (dir, out) = published();
    let exported = dir.path().join("exported");
    for kind in ["ileap", "ileap-tad"] {
        let to = text(&exported);
        green_corridor(["export", kind, text(&out), "--to", to]).expect(0);
    }
    let files: Vec<PathBuf> = kinds
        .iter()
        .map(|kind| exported.join(format!("{kind}.json")))
        .collect();
    let to = dir.path().join("carrier");
    let factors = format!("{ROOT}/emission_factors");
    let mut words = vec!["convert", "ileap"];
    words.extend(files.iter().map(|f| text(f)));
    words.extend([
        "--carrier",
        "MAEU",
        "--source",
        "maeu/2025",
        "--out",
        text(&to),
        "--factors",
        &factors,
    ]);
    green_corridor(words).expect(0);
    let library = library_with(dir.path(), &to);
    let again = dir.path().join("again");
    let movements = to.join("movements*.csv");
    let run_file = dir.path().join("run.toml");
    let words = [
        "run",
        text(&run_file),
        "--movements",
        text(&movements),
        "--factors",
        text(&library),
        "--out",
        text(&again),
    ];
    green_corridor(words).expect(0);
    (dir, exported, current_run(&again))
}

#[test]
fn a_carriers_categories_become_factors_that_its_movements_use() {
    let (_dir, _, again) = there_and_back(&["tocs", "hocs", "tad"]);
    let elements = Table::read(&again, "elements");
    let used: Vec<(&str, &str)> = elements
        .column("factor_id")
        .into_iter()
        .zip(elements.column("quality_flags"))
        .filter(|(f, _)| f.starts_with("maeu/2025:"))
        .collect();
    assert!(!used.is_empty(), "{:?}", elements.column("factor_id"));
    // Activity data name no category, and nobody said the basis.
    for (factor, flags) in used {
        assert!(flags.contains("Q40"), "{factor} {flags}");
    }
}

/// Our own shipments with their categories, read back: every figure again, but for averages over the run.
#[test]
fn an_export_read_back_gives_the_exported_figures() {
    let (_dir, exported, again) = there_and_back(&["shipments", "tocs", "hocs"]);
    let read = |name: &str| -> Vec<Value> {
        let bytes = fs::read(exported.join(format!("{name}.json"))).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let mut categories = BTreeMap::new();
    for (file, key) in [("tocs", "tocId"), ("hocs", "hocId")] {
        for document in read(file) {
            let data = document["extensions"][0]["data"].clone();
            categories.insert(data[key].as_str().unwrap().to_owned(), data);
        }
    }
    let elements = Table::read(&again, "elements");
    let figures: BTreeMap<&str, [i128; 2]> = elements
        .column("movement_id")
        .into_iter()
        .zip(elements.column("ghg_operation_kg"))
        .zip(elements.column("ghg_provision_kg"))
        .map(|((id, ttw), wtt)| (id, [ttw, wtt].map(|t| parse_decimal(t, 9).unwrap())))
        .collect();
    let (mut compared, mut averaged) = (0, 0);
    for document in read("shipments") {
        for tce in document["extensions"][0]["data"]["tces"]
            .as_array()
            .unwrap()
        {
            let found = figures[tce["tceId"].as_str().unwrap()];
            let id = tce.get("tocId").or_else(|| tce.get("hocId")).unwrap();
            let data = &categories[id.as_str().unwrap()];
            let description = data["description"].as_str().unwrap();
            if description.contains("emissions over activity of the run") {
                averaged += 1;
                continue;
            }
            let (wtw, ttw) = (number(&tce["co2eWTW"], 9), number(&tce["co2eTTW"], 9));
            let (wtw_of, ttw_of) = (
                number(&data["co2eIntensityWTW"], 18),
                number(&data["co2eIntensityTTW"], 18),
            );
            let load = if data["transportActivityUnit"] == "TEUkm" {
                number(&tce["packagingOrTrEqAmount"], 6)
            } else {
                number(&tce["mass"], 3)
            };
            for ((intensity, wanted), found) in [(ttw_of, ttw), (wtw_of - ttw_of, wtw - ttw)]
                .into_iter()
                .zip(found)
            {
                let apart = (wanted - found).abs();
                if description.contains("distance adjustment") {
                    // t x kg/t.km x half a metre, and a microgram.
                    let bound = load * intensity / (2 * 10i128.pow(18)) + 1;
                    assert!(apart <= bound, "{tce}: {found}, {apart} apart of {bound}");
                } else {
                    assert_eq!(wanted, found, "{tce}");
                }
            }
            compared += 1;
        }
    }
    assert!(compared > 500 && averaged > 0, "{compared} {averaged}");
    assert_eq!(compared + averaged, figures.len());
    let flags = elements.column("quality_flags");
    assert!(
        flags
            .iter()
            .all(|f| !f.contains("Q40") && !f.contains("Q41"))
    );
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target)
        } else {
            fs::copy(&path, &target).map(|_| ()).unwrap()
        }
    }
}

#[test]
fn files_that_cannot_be_read_are_told_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let events = format!("{ROOT}/tests/exchange/dcsa/terminal.json");
    fs::copy(&events, dir.path().join("good.json")).unwrap();
    fs::write(dir.path().join("broken.json.gz"), b"not gzip").unwrap();
    fs::write(dir.path().join("deep.json"), "[".repeat(1_000_000)).unwrap();
    fs::write(dir.path().join("binary.json"), [0xff, 0xfe, 0, 1]).unwrap();
    let out = dir.path().join("out.csv");
    let ended =
        green_corridor(["convert", "dcsa", text(dir.path()), "--out", text(&out)]).expect(10);
    assert!(ended.stderr.contains("broken.json.gz"), "{}", ended.stderr);
    assert!(ended.stdout.contains("malformed"), "{}", ended.stdout);
    assert!(out.is_file());
    // Nothing at all must not stand in the place of what was converted before.
    let before = fs::read(&out).unwrap();
    let broken = dir.path().join("broken.json.gz");
    green_corridor(["convert", "dcsa", text(&broken), "--out", text(&out)]).expect(3);
    assert_eq!(fs::read(&out).unwrap(), before);
    green_corridor([
        "convert",
        "dcsa",
        text(&dir.path().join("nowhere.json")),
        "--out",
        text(&out),
    ])
    .expect(3);
    green_corridor([
        "convert",
        "dcsa",
        &events,
        "--out",
        text(&dir.path().join("out.xlsx")),
    ])
    .expect(2);
}

/// A container of 2 TEU under two bills of lading counts once: half of it in each, and flagged.
#[test]
fn two_bills_of_one_container_share_it() {
    let (dir, run) = folder("movements.csv");
    let event = |step: &str, place: &str, day: u32| {
        serde_json::json!({
            "eventType": "EQUIPMENT", "eventClassifierCode": "ACT", "equipmentEventTypeCode": step,
            "eventDateTime": format!("2025-03-{day:02}T00:00:00Z"), "eventLocation": {"UNLocationCode": place},
            "equipmentReference": "CSQU3054383", "ISOEquipmentCode": "45G1", "emptyIndicatorCode": "LADEN",
            "transportCall": {"modeOfTransport": "VESSEL"}, "transportDocumentReferences": ["BL-A", "BL-B"]
        })
    };
    let events = dir.path().join("events.json");
    let list = serde_json::json!([event("LOAD", "CNQZH", 5), event("DISC", "SGSIN", 10)]);
    fs::write(&events, list.to_string()).unwrap();
    let out = dir.path().join("movements.csv");
    let words = ["convert", "dcsa", text(&events), "--out", text(&out)];
    let ended = green_corridor(words).expect(0);
    assert!(ended.stderr.contains("equal parts"), "{}", ended.stderr);
    green_corridor(["run", text(&run)]).expect(0);
    let elements = Table::read(&current_run(&dir.path().join("out")), "elements");
    let shared = elements.column("teu");
    assert_eq!(shared, ["1.000000", "1.000000"]);
    assert_eq!(elements.column("containers"), ["0.500000", "0.500000"]);
    let mass = elements.column("cargo_mass_kg");
    for flags in elements.column("quality_flags") {
        assert!(flags.ends_with("|Q42"), "{flags}");
    }
    // The whole container, by another answer that names one bill.
    let alone = list.to_string().replace(",\"BL-B\"", "");
    fs::write(&events, alone).unwrap();
    green_corridor(words).expect(0);
    green_corridor(["run", text(&run)]).expect(0);
    let whole = Table::read(&current_run(&dir.path().join("out")), "elements");
    let tonnes = |text: &str| text.parse::<f64>().unwrap();
    assert_eq!(whole.column("teu"), ["2.000000"]);
    assert!((tonnes(whole.column("cargo_mass_kg")[0]) - 2.0 * tonnes(mass[0])).abs() < 1e-6);
}

/// Letters of ISO 6346 with their values: from 10 on, 11, 22 and 33 left out. Written out, where the program counts.
const LETTER_VALUES: [(char, u64); 26] = [
    ('A', 10),
    ('B', 12),
    ('C', 13),
    ('D', 14),
    ('E', 15),
    ('F', 16),
    ('G', 17),
    ('H', 18),
    ('I', 19),
    ('J', 20),
    ('K', 21),
    ('L', 23),
    ('M', 24),
    ('N', 25),
    ('O', 26),
    ('P', 27),
    ('Q', 28),
    ('R', 29),
    ('S', 30),
    ('T', 31),
    ('U', 32),
    ('V', 34),
    ('W', 35),
    ('X', 36),
    ('Y', 37),
    ('Z', 38),
];

/// The check digit as the standard describes it: the weighted sum, less 11 times its rounded-down eleventh; 10 counts as 0.
fn check_digit(ten: &str) -> u64 {
    let (mut sum, mut weight) = (0, 1);
    for c in ten.chars() {
        let letter = LETTER_VALUES.iter().find(|(letter, _)| *letter == c);
        let value = letter.map_or_else(|| c.to_digit(10).map(u64::from), |(_, value)| Some(*value));
        sum += value.expect("a letter or a digit") * weight;
        weight *= 2;
    }
    match sum - sum / 11 * 11 {
        10 => 0,
        rest => rest,
    }
}

/// 4,000 container numbers from a fixed seed, each with all ten digits; every letter stands at every place of the owner code.
#[test]
fn check_digits_are_those_of_the_standard() {
    // The example of the standard's own text, and one whose rest is 10.
    assert_eq!(
        (check_digit("CSQU305438"), check_digit("OJKZ472047")),
        (3, 0)
    );
    let letter = |n: u64| LETTER_VALUES[(n % 26) as usize].0;
    let mut state = 6346u64;
    let mut digits = [0; 10];
    for n in 0..4000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let owner: String = [n, n / 26 + state % 7, state >> 40]
            .map(letter)
            .iter()
            .collect();
        let category = ['U', 'J', 'Z'][n as usize % 3];
        let ten = format!("{owner}{category}{:06}", (state >> 20) % 1_000_000);
        let right = check_digit(&ten);
        digits[right as usize] += 1;
        for digit in 0..10 {
            let id = format!("{ten}{digit}");
            let is_right = green_corridor_core::model::id::is_iso6346(id.as_bytes());
            assert_eq!(is_right, digit == right, "{id}");
        }
    }
    assert!(digits.iter().all(|&n| n > 200), "{digits:?}");
}
