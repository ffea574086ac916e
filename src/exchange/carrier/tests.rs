//! iLEAP documents of a carrier in, factor rows, movement records and refusals out.

use super::*;
use serde_json::json;

fn carrier() -> Carrier {
    Carrier {
        code: "MAEU".into(),
        source: "maeu".into(),
        edition: "2025".into(),
        by_mode: BTreeMap::from([
            (Mode::Sea, "sea.container".into()),
            (Mode::Hub, "hub.container_terminal".into()),
        ]),
        by_id: BTreeMap::from([("toc-2".into(), "sea.container_feeder".into())]),
        distance_basis: None,
    }
}

fn toc(id: &str) -> Value {
    json!({"tocId": id, "mode": "Sea", "energyCarriers": [], "co2eIntensityWTW": "0.0123456789012345", "co2eIntensityTTW": "0.01",
        "transportActivityUnit": "TEUkm", "loadFactor": "0.7", "emptyDistanceFactor": "0.25"})
}

fn hoc(id: &str) -> Value {
    json!({"hocId": id, "hubType": "Transshipment", "energyCarriers": [], "co2eIntensityWTW": "5", "co2eIntensityTTW": "2.5",
        "hubActivityUnit": "tonnes", "temperatureControl": "mixed"})
}

fn tad(id: &str) -> Value {
    json!({"activityId": id, "consignmentIds": ["BL1"], "distance": {"actual": "130.5", "sfd": "120"}, "mass": "20000",
        "origin": {"city": "Qinzhou", "country": "CN", "locode": "CNQZH"},
        "destination": {"city": "Singapore", "country": "SG", "locode": "SGSIN"}, "departureAt": "2025-03-01T08:00:00+08:00",
        "arrivalAt": "2025-03-08T08:00:00Z", "mode": "Sea", "packagingOrTrEqType": "Container-TEU", "packagingOrTrEqAmount": 2,
        "energyCarriers": [{"energyCarrier": "MGO"}], "temperatureControl": "refrigerated"})
}

fn footprint(data: Value) -> Value {
    json!({"id": "f", "version": 3, "companyName": "=Carrier", "status": "Active", "extensions": [{"data": data}],
        "pcf": {"referencePeriodStart": "2025-01-01T00:00:00Z", "referencePeriodEnd": "2026-01-01T00:00:00Z",
            "ipccCharacterizationFactorsSources": ["AR6", "AR5"], "primaryDataShare": 100.0}})
}

fn convert(documents: &[Value]) -> Report {
    let mut converter = Converter::new(carrier()).unwrap();
    converter.read("a.json", json!({"data": documents}).to_string().as_bytes());
    converter.finish().unwrap()
}

/// Lines of a file without its head.
fn lines(report: &Report, path: &str) -> Vec<String> {
    let file = report.files.iter().find(|(p, _)| p == path);
    let text = file.map_or(String::new(), |(_, bytes)| {
        String::from_utf8(bytes.clone()).unwrap()
    });
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_toc_becomes_a_factor_of_its_carrier() {
    let report = convert(&[footprint(toc("toc:1")), footprint(toc("toc-2"))]);
    let rows = lines(&report, "maeu/2025/transport.csv");
    let begin = "toc%3A1,sea.container,GLOBAL,MAEU,ambient,teukm,10.000000000,2.345678901,sfd,0.700000,0.250000,2025-01-01,2026-01-01,primary,AR5,";
    assert!(rows[0].starts_with(begin), "{}", rows[0]);
    assert!(
        rows[1].starts_with("toc-2,sea.container_feeder,"),
        "{}",
        rows[1]
    );
    assert_eq!(
        lines(&report, "sources.csv"),
        ["maeu,2025,iLEAP categories of MAEU,'=Carrier,,,as agreed with the carrier,no,unstated"]
    );
}

#[test]
fn a_mixed_hoc_serves_both_temperatures() {
    let rows = lines(&convert(&[footprint(hoc("h"))]), "maeu/2025/hub.csv");
    let of = |t: &str| {
        format!(
            "h-{t},hub.container_terminal,GLOBAL,MAEU,{t},t,2500.000000000,2500.000000000,2025-01-01,2026-01-01,primary,AR5,"
        )
    };
    assert!(
        rows[0].starts_with(&of("ambient")) && rows[1].starts_with(&of("refrigerated")),
        "{rows:?}"
    );
}

#[test]
fn a_tad_becomes_a_movement() {
    let rows = lines(&convert(&[tad("a1")]), "movements.csv");
    let wanted = "a1,BL1,sea,MAEU,CNQZH,SGSIN,2025-03-01T08:00:00+08:00,2025-03-08T08:00:00Z,120,sfd,20000,2,refrigerated,mgo";
    assert_eq!(rows, [wanted]);
}

#[test]
fn what_a_result_cannot_hold_is_refused_with_its_place() {
    let with = |mut document: Value, key: &str, value: Value| {
        document[key] = value;
        document
    };
    for (document, outcome, path, found) in [
        (toc("t"), "refused", "", "a category alone"),
        (
            footprint(with(toc("t"), "mode", "Road".into())),
            "refused",
            "/extensions/0/data",
            "road",
        ),
        (
            footprint(with(toc("t"), "mode", "Boat".into())),
            "malformed",
            "/extensions/0/data/mode",
            "Boat",
        ),
        (
            footprint(with(toc("t"), "co2eIntensityWTW", 0.01.into())),
            "malformed",
            "/extensions/0/data/co2eIntensityWTW",
            "0.01",
        ),
        (
            footprint(with(toc("t"), "co2eIntensityWTW", "1e3".into())),
            "malformed",
            "/extensions/0/data/co2eIntensityWTW",
            "1e3",
        ),
        (
            footprint(with(toc("t"), "co2eIntensityWTW", "0.005".into())),
            "refused",
            "/extensions/0/data/co2eIntensityWTW",
            "0.005",
        ),
        (
            footprint(with(toc("t"), "co2eIntensityTTW", "-1".into())),
            "malformed",
            "/extensions/0/data/co2eIntensityTTW",
            "-1",
        ),
        (
            footprint(with(toc("t"), "transportActivityUnit", "km".into())),
            "malformed",
            "/extensions/0/data/transportActivityUnit",
            "km",
        ),
        (
            footprint(with(toc("t"), "loadFactor", "1.5".into())),
            "malformed",
            "/extensions/0/data/loadFactor",
            "1.5",
        ),
        (
            with(footprint(toc("t")), "status", "Deprecated".into()),
            "ignored",
            "/extensions/0/data",
            "Deprecated",
        ),
        (
            with(tad("a"), "consignmentIds", json!(["x", "y"])),
            "refused",
            "/consignmentIds",
            "2 consignments",
        ),
        (
            with(
                tad("a"),
                "origin",
                json!({"city": "Qinzhou", "country": "CN"}),
            ),
            "refused",
            "/origin/locode",
            "nothing",
        ),
        (
            with(tad("a"), "departureAt", "2025-03-01".into()),
            "malformed",
            "/departureAt",
            "2025-03-01",
        ),
        (
            with(tad("a"), "distance", json!({})),
            "malformed",
            "/distance",
            "an object",
        ),
        (
            with(tad("a"), "mass", "20 t".into()),
            "malformed",
            "/mass",
            "20 t",
        ),
        (
            with(tad("a"), "activityId", "x".repeat(65).into()),
            "refused",
            "/activityId",
            &"x".repeat(65),
        ),
        (json!({"tces": []}), "ignored", "", "a ShipmentFootprint"),
        (json!({"x": 1}), "malformed", "", "none of them"),
        (json!({"tocId": 7}), "malformed", "", "an empty id"),
    ] {
        let report = convert(&[document, tad("good")]);
        let [fault] = report.left_out.as_slice() else {
            panic!("{:?}", report.left_out)
        };
        let place = (
            fault.outcome.code(),
            fault.place.pointer.as_str(),
            fault.found.as_str(),
        );
        assert_eq!(place, (outcome, format!("/data/0{path}").as_str(), found));
        assert_eq!((report.documents, report.used), (2, 1));
    }
}

#[test]
fn copies_and_contradictions_of_one_id() {
    let mut other = tad("a");
    other["mass"] = "1".into();
    let report = convert(&[
        tad("a"),
        tad("a"),
        other,
        footprint(toc("t")),
        footprint(toc("u")),
    ]);
    let codes: Vec<&str> = report.left_out.iter().map(|l| l.outcome.code()).collect();
    // The second TOC has the same operation, region and temperature in the same period.
    assert_eq!(
        (codes, report.used),
        (vec!["duplicate", "refused", "refused"], 2)
    );
}
