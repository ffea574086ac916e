//! The cases of iLEAP's conformance test, from its specification, and that documents are served as they were exported.

use crate::started::{add_client, next, sample, start};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn ileap() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "partner", &["--all"]);
    let server = start(sample(), folder, &[]);
    let token = server.token(&client);
    let all = |path: &str| server.all(path, &token);
    // TC001 to TC003: shipment footprints, and every TOC and HOC that they name.
    let documents = all("/2/footprints?limit=1000");
    let of = |kind: &str| {
        let key = format!("{kind}Id");
        let data = documents
            .iter()
            .filter_map(move |d| d.pointer("/extensions/0/data").cloned());
        data.filter(move |data| data.get(&key).is_some())
            .collect::<Vec<_>>()
    };
    let (tocs, hocs) = (of("toc"), of("hoc"));
    let shipments: Vec<_> = of("shipment")
        .into_iter()
        .filter(|data| data.get("tces").is_some())
        .collect();
    assert_eq!(
        (shipments.len(), tocs.len() + hocs.len() + shipments.len()),
        (2500, documents.len())
    );
    for (known, key) in [(&tocs, "tocId"), (&hocs, "hocId")] {
        let ids: BTreeSet<&str> = known.iter().filter_map(|data| data[key].as_str()).collect();
        let tces = shipments
            .iter()
            .flat_map(|data| data["tces"].as_array().expect("a list"));
        let named: BTreeSet<&str> = tces.filter_map(|tce| tce[key].as_str()).collect();
        assert_eq!(ids, named, "{key}");
    }
    // The first of each has its energy carriers: suites look at no other.
    for known in [&tocs[0], &hocs[0]] {
        assert!(
            known["energyCarriers"]
                .as_array()
                .is_some_and(|list| !list.is_empty()),
            "{known}"
        );
    }
    // TC004: transport activity data.
    let activities = all("/2/ileap/tad?limit=1000");
    assert_eq!(activities.len(), 14_692);
    // TC005: by mode.
    let mut count = 0;
    for mode in ["Road", "Rail", "Air", "Sea", "InlandWaterway"] {
        let found = all(&format!(
            "/2/ileap/tad?mode={}&limit=1000",
            mode.to_lowercase()
        ));
        assert!(
            !found.is_empty() && found.iter().all(|tad| tad["mode"] == mode),
            "{mode}"
        );
        count += found.len();
    }
    assert_eq!(count, 14_692);
    // TC006: a page of one and its link.
    let answer = server.get("/2/ileap/tad?limit=1", &token);
    assert_eq!(answer.json()["data"], json!([activities[0]]));
    let link = next(&answer, &format!("https://{}", server.at)).expect("a link");
    assert_eq!(
        server.get(&link, &token).json()["data"],
        json!([activities[1]])
    );
    // TC007: a token that is none.
    let answer = server.get("/2/ileap/tad", "x");
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (403, &json!("AccessDenied"))
    );
    // TC008: one that has expired.
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "partner", &["--all"]);
    let server = start(sample(), folder, &["--token-seconds", "1"]);
    let old = server.token(&client);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    for path in ["/2/ileap/tad", "/2/footprints", "/3/footprints"] {
        let answer = server.get(path, &old);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (401, &json!("TokenExpired")),
            "{path}"
        );
    }
}

/// What is served is what was exported, to the byte.
#[test]
fn documents_are_those_of_the_export() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "partner", &["--all"]);
    let server = start(sample(), folder, &["--page", "300"]);
    let token = server.token(&client);
    for (path, kind) in [
        ("/2/footprints", "ileap"),
        ("/3/footprints", "pact-3"),
        ("/2/ileap/tad", "ileap-tad"),
    ] {
        let served: BTreeSet<String> = server
            .all(path, &token)
            .iter()
            .map(Value::to_string)
            .collect();
        assert_eq!(
            served,
            exported(&sample().join("export").join(kind)),
            "{path}"
        );
    }
}

fn exported(kind: &Path) -> BTreeSet<String> {
    let run = std::fs::read_dir(kind)
        .expect("a folder")
        .flatten()
        .find(|entry| entry.path().is_dir());
    let run = run.expect("an export").path();
    let mut all = BTreeSet::new();
    for name in ["tocs", "hocs", "shipments", "deprecated", "tad"] {
        if let Ok(text) = std::fs::read(run.join(format!("{name}.json"))) {
            let list: Vec<Value> = serde_json::from_slice(&text).expect("JSON");
            all.extend(list.iter().map(Value::to_string));
        }
    }
    all
}
