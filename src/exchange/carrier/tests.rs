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
        operations: BTreeSet::from(["hub.warehouse".into()]),
        by_id: BTreeMap::from([("toc-2".into(), told("sea.container_feeder", None))]),
        distance_basis: None,
    }
}

fn told(operation: &str, region: Option<&str>) -> Assignment {
    Assignment {
        operation: operation.into(),
        region: region.map(str::to_owned),
        ..Assignment::default()
    }
}

fn toc(id: &str) -> Value {
    json!({"tocId": id, "mode": "Sea", "energyCarriers": [], "co2eIntensityWTW": "0.0123456789012345", "co2eIntensityTTW": "0.01",
        "transportActivityUnit": "TEUkm", "loadFactor": "0.7", "emptyDistanceFactor": "0.25"})
}

fn hoc(id: &str) -> Value {
    json!({"hocId": id, "hubType": "MaritimeContainerTerminal", "energyCarriers": [], "co2eIntensityWTW": "5", "co2eIntensityTTW": "2.5",
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
    convert_as(carrier(), documents)
}

fn convert_as(carrier: Carrier, documents: &[Value]) -> Report {
    let mut converter = Converter::new(carrier).unwrap();
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
    let begin = "toc%3A1,sea.container,,GLOBAL,MAEU,ambient,teukm,10.000000000,2.345678901,sfd,0.700000,0.250000,2025-01-01,2029-01-01,primary,AR5,";
    assert!(rows[0].starts_with(begin), "{}", rows[0]);
    assert!(
        rows[0].ends_with(",2025-01-01,2026-01-01,yes"),
        "{}",
        rows[0]
    );
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
            "h-{t},hub.container_terminal,,GLOBAL,MAEU,{t},t,2500.000000000,2500.000000000,2025-01-01,2029-01-01,primary,AR5,"
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
        (json!({"tces": []}), "malformed", "", "an empty id"),
        (
            json!({"shipmentId": "S", "tces": []}),
            "malformed",
            "/tces",
            "an array",
        ),
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
    let mut toc_again = toc("t");
    toc_again["co2eIntensityWTW"] = "0.02".into();
    let report = convert(&[
        tad("a"),
        tad("a"),
        other,
        footprint(hoc("h")),
        footprint(hoc("h")),
        footprint(toc("t")),
        footprint(toc_again),
    ]);
    let found: Vec<(&str, &str)> = (report.left_out.iter())
        .map(|l| (l.outcome.code(), l.id.as_str()))
        .collect();
    // Nobody can say which of the two figures of `t` is right, so neither counts.
    let wanted = [
        ("duplicate", "a"),
        ("refused", "a"),
        ("duplicate", "h"),
        ("refused", "t"),
        ("refused", "t"),
    ];
    assert_eq!((found.as_slice(), report.used), (wanted.as_slice(), 2));
}

fn of_period(mut data: Value, id: &str, from: i32, to: i32) -> Value {
    if data.get("tocId").is_some() {
        data["tocId"] = id.into();
    }
    let mut document = footprint(data);
    document["pcf"]["referencePeriodStart"] = format!("{from}-01-01T00:00:00Z").into();
    document["pcf"]["referencePeriodEnd"] = format!("{to}-01-01T00:00:00Z").into();
    document
}

/// Columns by name, one row after the other.
fn cells<'r>(rows: &'r [String], names: &[&str]) -> Vec<Vec<&'r str>> {
    let at = |name: &&str| FACTOR_COLUMNS.iter().position(|(c, _)| c == name).unwrap();
    let places: Vec<usize> = names.iter().map(at).collect();
    (rows.iter())
        .map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            places.iter().map(|at| cells[*at]).collect()
        })
        .collect()
}

#[test]
fn categories_of_one_kind_and_period_are_refused_together_until_somebody_says_which_is_which() {
    let documents = [footprint(toc("cn")), footprint(toc("th"))];
    let mut other = documents.clone();
    other[1]["extensions"][0]["data"]["co2eIntensityWTW"] = "0.02".into();
    let report = convert(&other);
    assert_eq!((report.used, report.left_out.len()), (0, 2));
    for (left, ids) in report.left_out.iter().zip([["cn", "th"], ["th", "cn"]]) {
        assert_eq!(
            (left.outcome, left.found.as_str()),
            (Outcome::Refused, ids[0])
        );
        assert!(
            left.reason.contains(ids[1]) && left.reason.contains("--operations"),
            "{}",
            left.reason
        );
    }
    let mut with_regions = carrier();
    with_regions.by_id = BTreeMap::from([
        ("cn".into(), told("sea.container", Some("CN"))),
        ("th".into(), told("", Some("TH"))),
    ]);
    let report = convert_as(with_regions, &other);
    let rows = lines(&report, "maeu/2025/transport.csv");
    assert_eq!(
        cells(&rows, &["factor_id", "operation", "region"]),
        [["cn", "sea.container", "CN"], ["th", "sea.container", "TH"]]
    );
    // Documents that say a country need nobody.
    other[0]["pcf"]["geographyCountry"] = "CN".into();
    other[1]["pcf"]["geographyCountrySubdivision"] = "TH-10".into();
    let rows = lines(&convert(&other), "maeu/2025/transport.csv");
    assert_eq!(cells(&rows, &["region"]), [["CN"], ["TH-10"]]);
    // What differs by rounding only is one figure, the higher one.
    let mut close = documents;
    close[1]["extensions"][0]["data"]["co2eIntensityWTW"] = "0.0123456799".into();
    let report = convert(&close);
    assert_eq!(
        (
            report.used,
            report.left_out[0].outcome,
            &*report.left_out[0].id
        ),
        (1, Outcome::Duplicate, "cn")
    );
}

#[test]
fn a_figure_applies_for_three_years_and_until_a_newer_one() {
    let mut ends = of_period(toc(""), "e", 2020, 2021);
    ends["validityPeriodEnd"] = "2022-07-01T00:00:00Z".into();
    let report = convert(&[
        of_period(toc(""), "t", 2025, 2026),
        of_period(toc(""), "t", 2024, 2025),
        ends,
    ]);
    assert_eq!(report.left_out, []);
    let rows = lines(&report, "maeu/2025/transport.csv");
    let columns = [
        "factor_id",
        "valid_from",
        "valid_to",
        "reference_from",
        "reference_to",
    ];
    assert_eq!(
        cells(&rows, &columns),
        [
            [
                "t-from-2025-01-01",
                "2025-01-01",
                "2029-01-01",
                "2025-01-01",
                "2026-01-01"
            ],
            [
                "t-from-2024-01-01",
                "2024-01-01",
                "2025-01-01",
                "2024-01-01",
                "2025-01-01"
            ],
            ["e", "2020-01-01", "2022-07-01", "2020-01-01", "2021-01-01"],
        ]
    );
    // A document that a later one replaces is not used, whatever its status.
    let (mut old, mut new) = (footprint(toc("t")), footprint(toc("t")));
    old["id"] = "old".into();
    (new["id"], new["precedingPfIds"]) = ("new".into(), json!(["old"]));
    new["extensions"][0]["data"]["co2eIntensityWTW"] = "0.02".into();
    let report = convert(&[old, new]);
    let rows = lines(&report, "maeu/2025/transport.csv");
    assert_eq!(cells(&rows, &["provision_g"]), [["10.000000000"]]);
    assert_eq!(report.left_out[0].outcome, Outcome::Duplicate);
}

#[test]
fn a_warehouse_is_no_terminal() {
    let hub = |id: &str, hub_type: &str| {
        let mut data = hoc(id);
        data["hubType"] = hub_type.into();
        footprint(data)
    };
    let report = convert(&[
        hub("w", "Warehouse"),
        hub("t", "MaritimeContainerTerminal"),
        hub("x", "Transshipment"),
    ]);
    let rows = lines(&report, "maeu/2025/hub.csv");
    let operations: Vec<&str> = rows.iter().filter_map(|r| r.split(',').nth(1)).collect();
    assert_eq!(
        operations,
        [
            "hub.warehouse",
            "hub.warehouse",
            "hub.container_terminal",
            "hub.container_terminal"
        ]
    );
    let [left] = report.left_out.as_slice() else {
        panic!("{:?}", report.left_out)
    };
    assert_eq!(
        (left.outcome, left.found.as_str()),
        (Outcome::Refused, "hubType Transshipment")
    );
    let mut without = carrier();
    without.operations.clear();
    let report = convert_as(without, &[hub("w", "Warehouse")]);
    assert_eq!(report.left_out[0].outcome, Outcome::Refused);
}

fn tce(id: &str, category: (&str, &str), before: &[&str]) -> Value {
    let mut tce = json!({"tceId": id, "prevTceIds": before, "shipmentId": "S", "mass": "10000", "packagingOrTrEqType": "Container-TEU",
        "packagingOrTrEqAmount": "2.0", "distance": {"sfd": "900", "actual": "1000"}, "transportActivity": "10000",
        "origin": {"city": "Qinzhou", "country": "CN", "locode": "CNQZH"}, "destination": {"city": "Singapore", "country": "SG", "locode": "SGSIN"},
        "departureAt": "2025-03-01T08:00:00Z", "co2eWTW": "1", "co2eTTW": "1"});
    tce[category.0] = category.1.into();
    tce
}

#[test]
fn elements_of_a_shipment_become_movements_of_the_category_that_they_name() {
    let shipment = |tces: Value| json!({"shipmentId": "S", "mass": "10000", "tces": tces});
    let elements = json!([
        tce("b", ("hocId", "h"), &["a"]),
        tce("a", ("tocId", "t"), &[]),
        tce("c", ("tocId", "t"), &["b"]),
        tce("d", ("tocId", "t"), &[]),
    ]);
    let mut unlike = tad("a9");
    unlike["consignmentIds"] = json!(["S"]);
    let report = convert(&[
        footprint(shipment(elements)),
        footprint(toc("t")),
        footprint(hoc("h")),
        footprint(toc("t2")),
        unlike,
    ]);
    let rows = lines(&report, "movements-of-shipments.csv");
    let operations = lines(&report, "operations.csv");
    let own = |at: usize| operations[at].split(',').next().unwrap();
    let (hub, sea) = (own(0), own(1));
    assert!(
        hub.starts_with("hub.maeu_") && sea.starts_with("sea.maeu_"),
        "{operations:?}"
    );
    assert_eq!(
        rows,
        [
            format!("b,S,1,2,hub,{hub},MAEU,CNQZH,SGSIN,2025-03-01T08:00:00Z,,,,10000,2.0,"),
            format!(
                "a,S,1,1,sea,{sea},MAEU,CNQZH,SGSIN,2025-03-01T08:00:00Z,,1000,actual,10000,2.0,ambient"
            ),
            format!(
                "c,S,1,3,sea,{sea},MAEU,CNQZH,SGSIN,2025-03-01T08:00:00Z,,1000,actual,10000,2.0,ambient"
            ),
            format!(
                "d,S,2,1,sea,{sea},MAEU,CNQZH,SGSIN,2025-03-01T08:00:00Z,,1000,actual,10000,2.0,ambient"
            ),
        ]
    );
    // The category that the elements name is on their distance, the other one is for whoever names none; neither is in the other's way.
    let factors = lines(&report, "maeu/2025/transport.csv");
    assert_eq!(
        cells(&factors, &["factor_id", "operation", "region"]),
        [["t", sea, "GLOBAL"], ["t2", "sea.container", "GLOBAL"]]
    );
    assert!(
        factors[0].contains(",actual,") && factors[0].ends_with(','),
        "{}",
        factors[0]
    );
    assert!(
        factors[1].contains(",sfd,") && factors[1].ends_with(",yes"),
        "{}",
        factors[1]
    );
    let left = &report.left_out[0];
    assert_eq!((left.outcome, left.id.as_str()), (Outcome::Duplicate, "a9"));

    for (tces, path, found) in [
        (json!([tce("a", ("tocId", "u"), &[])]), "/tces/0/tocId", "u"),
        (
            json!([tce("a", ("tocId", "t"), &["z"])]),
            "/tces/0/prevTceIds",
            "z",
        ),
        (
            json!([
                tce("a", ("tocId", "t"), &["b"]),
                tce("b", ("tocId", "t"), &["a"])
            ]),
            "/tces/0/prevTceIds",
            "b",
        ),
        (
            json!([tce("a", ("tocId", "t"), &[]), tce("a", ("tocId", "t"), &[])]),
            "/tces/1/tceId",
            "a",
        ),
        (
            json!([tce(&"x".repeat(65), ("tocId", "t"), &[])]),
            "/tces/0/tceId",
            &"x".repeat(65),
        ),
    ] {
        let report = convert(&[shipment(tces), footprint(toc("t"))]);
        let [left] = report.left_out.as_slice() else {
            panic!("{:?}", report.left_out)
        };
        let place = (
            left.outcome,
            left.place.pointer.as_str(),
            left.found.as_str(),
        );
        assert_eq!(place, (Outcome::Refused, &*format!("/data/0{path}"), found));
        assert_eq!(report.movements, 0);
    }
}

#[test]
fn containers_of_our_own_ids_come_back() {
    let elements = json!([
        tce("S/CSQU3054383/1", ("tocId", "t"), &[]),
        tce("S/-/1", ("tocId", "t"), &[]),
    ]);
    let shipment = json!({"shipmentId": "S", "tces": elements});
    let rows = lines(
        &convert(&[footprint(toc("t")), shipment]),
        "movements-of-shipments.csv",
    );
    assert!(
        rows[0].starts_with("S/CSQU3054383/1,S,CSQU3054383,1,"),
        "{rows:?}"
    );
    assert!(rows[1].starts_with("S/-/1,S,,1,"), "{rows:?}");
}
