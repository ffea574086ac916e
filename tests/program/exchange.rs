//! Exchange documents through the built program: exports of published runs, and partners' files on their way to a run.
//!
//! `tests/exchange/validate.py` validates the same documents against the published schemas.

#![allow(clippy::cast_possible_truncation)] // numbers made up here are small

mod back;
mod check_digits;
mod editions;
mod events;

use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
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
