//! When a ship leaves and arrives, told by its own events.

use super::tests::*;
use serde_json::{Value, json};

/// An event of a vehicle in version 2.2: `id step time call`.
fn vehicle(line: &str) -> Value {
    let w: Vec<&str> = line.split(' ').collect();
    json!({
        "eventID": w[0], "eventType": "TRANSPORT", "eventClassifierCode": "ACT", "transportEventTypeCode": w[1],
        "eventCreatedDateTime": "2025-01-02T00:00:00Z", "eventDateTime": format!("2025-03-{}", w[2]),
        "transportCall": {"transportCallID": w[3], "modeOfTransport": "VESSEL"}
    })
}

/// The voyage with a transport call of its own for the load and the discharge.
fn voyage_with_calls() -> Vec<Value> {
    let mut events = VOYAGE.map(|line| v2(line, "BL1")).to_vec();
    events[2]["transportCall"]["transportCallID"] = json!("qzh");
    events[3]["transportCall"]["transportCallID"] = json!("sin");
    events
}

#[test]
fn a_ship_leaves_when_it_departs_and_not_when_it_is_loaded() {
    let mut events = voyage_with_calls();
    let ship = [
        "v1 ARRI 03T20:00:00+08:00 qzh",
        "v2 DEPA 05T06:00:00+08:00 qzh",
        "v3 ARRI 10T22:00:00+08:00 sin",
        "v4 DEPA 12T22:00:00+08:00 sin",
    ];
    events.extend(ship.map(vehicle));
    let report = convert(&events);
    assert_eq!(
        rows(&report)[2],
        "3 sea CNQZH-SGSIN 05T06:00:00+08:00 10T22:00:00+08:00 laden"
    );
    // The stays in the ports are the container's own.
    assert_eq!(
        (rows(&report)[1].as_str(), rows(&report)[3].as_str()),
        (WANTED[1], WANTED[3])
    );
    let sea = &report.records[2];
    assert_eq!(
        (sea[17].as_str(), sea[19].as_str(), sea[20].as_str()),
        ("e3", "v2", "v3")
    );
    assert_eq!(
        sea[12], "2025-01-02T00:00:00Z",
        "recorded when its latest event was"
    );
    let plain = convert(&voyage_with_calls());
    assert_eq!(
        sea[0], plain.records[2][0],
        "a later conversion with the ship's times replaces the record"
    );
    assert_eq!((report.events, report.used), (12, 10));
    let why = "event of a vehicle whose transport call no movement names";
    assert_eq!(
        reasons(&report),
        [("ignored", "v1", why), ("ignored", "v4", why)]
    );
}

#[test]
fn a_time_of_a_ship_that_contradicts_the_container_is_not_taken() {
    let before = convert(
        &[
            voyage_with_calls(),
            vec![vehicle("v1 DEPA 03T06:00:00+08:00 qzh")],
        ]
        .concat(),
    );
    assert_eq!(rows(&before), WANTED);
    let why = "not between the load and the discharge of a container that names the transport call";
    assert_eq!(reasons(&before), [("unpaired", "v1", why)]);
    let two = [
        "v1 DEPA 05T06:00:00+08:00 qzh",
        "v2 DEPA 06T06:00:00+08:00 qzh",
    ]
    .map(vehicle)
    .to_vec();
    let two = convert(&[voyage_with_calls(), two].concat());
    assert_eq!(rows(&two), WANTED);
    let why = "other events tell another time of the same transport call";
    assert_eq!(
        reasons(&two),
        [("unpaired", "v1", why), ("unpaired", "v2", why)]
    );
    // Another sender's call of the same name is another call.
    let mut other = vehicle("v1 DEPA 05T06:00:00+08:00 qzh");
    other["eventRouting"] = json!({"originatingParty": {"partyCode": "X", "codeListProvider": "SMDG", "codeListName": "TCL"}});
    assert_eq!(
        rows(&convert(&[voyage_with_calls(), vec![other]].concat())),
        WANTED
    );
}
