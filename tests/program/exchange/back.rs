//! Documents read back: a carrier's factors, our own exports, files that cannot be read, bills that share a container.

use super::{ROOT, folder, number, published, text};
use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
use green_corridor_core::model::unit::parse_decimal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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
