//! Editions of a document: which one it continues, what it says of itself, and ledgers that are not what they were.

use super::{export, number, published, text};
use crate::support::binary::green_corridor;
use crate::support::tables::current_run;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

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
