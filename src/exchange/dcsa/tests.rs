//! Events of both versions in, records and reasons out.

use super::*;
use crate::exchange::events::{Converter, Record, Report, Settings};
use serde_json::{Value, json};

/// An equipment event of version 2.2: `id step place time mode status`, `-` for what is not stated.
pub(super) fn v2(line: &str, bill: &str) -> Value {
    let w: Vec<&str> = line.split(' ').collect();
    let mut event = json!({
        "eventID": w[0], "eventType": "EQUIPMENT", "eventClassifierCode": "ACT", "equipmentEventTypeCode": w[1],
        "eventCreatedDateTime": "2025-01-01T00:00:00Z", "eventDateTime": format!("2025-03-{}", w[3]),
        "equipmentReference": "CSQU3054383", "ISOEquipmentCode": "45G1",
        "eventLocation": {"UNLocationCode": w[2], "facilityCode": "T1", "facilityCodeListProvider": "SMDG"},
        "transportCall": {"transportCallID": "c", "modeOfTransport": w[4], "vessel": {"vesselOperatorCarrierCode": "MAEU"}},
        "emptyIndicatorCode": w[5],
        "documentReferences": [{"documentReferenceType": "TRD", "documentReferenceValue": bill}]
    });
    if w[4] == "-" {
        event.as_object_mut().unwrap().remove("transportCall");
    }
    if w[5] == "-" {
        event.as_object_mut().unwrap().remove("emptyIndicatorCode");
    }
    if bill.is_empty() {
        event.as_object_mut().unwrap().remove("documentReferences");
    }
    event
}

/// The same in version 3.0.
pub(super) fn v3(line: &str, bill: &str) -> Value {
    let w: Vec<&str> = line.split(' ').collect();
    let mut event = json!({
        "eventRouting": {"originatingParty": {"partyCode": "PSA", "codeListProvider": "SMDG", "codeListName": "TCL"}},
        "eventID": w[0], "eventDateTime": format!("2025-03-{}", w[3]), "eventUpdatedDateTime": "2025-01-01T00:00:00Z",
        "eventClassification": {"eventTypeCode": "EQUIPMENT", "eventClassifierCode": "ACT", "equipmentEventTypeCode": w[1]},
        "eventLocation": {"UNLocationCode": w[2]},
        "equipmentDetails": {"equipmentReference": "CSQU 305438-3", "ISOEquipmentCode": "45G1", "emptyIndicatorCode": w[5]},
    });
    let object = event.as_object_mut().unwrap();
    if w[4] != "-" {
        object.insert(
            "transportDetails".into(),
            json!({"transportCall": {"modeOfTransport": w[4]}}),
        );
    }
    if !bill.is_empty() {
        object.insert(
            "shipmentDetails".into(),
            json!({"documentReference": {"typeCode": "TRD", "reference": bill}}),
        );
    }
    event
}

pub(super) fn convert(events: &[Value]) -> Report {
    convert_with(Converter::default(), events)
}

pub(super) fn convert_with(converter: Converter, events: &[Value]) -> Report {
    convert_text(converter, &Reading::default(), &json!(events).to_string())
}

pub(super) fn take(converter: &mut Converter, reading: &Reading, file: &str, text: &str) {
    converter.begin(file);
    read(file, text.as_bytes(), reading, &mut |event| {
        converter.take(event)
    });
}

pub(super) fn convert_text(mut converter: Converter, reading: &Reading, text: &str) -> Report {
    take(&mut converter, reading, "a.json", text);
    converter.finish().unwrap()
}

/// `sequence mode origin-destination departed arrived status`.
pub(super) fn rows(report: &Report) -> Vec<String> {
    let text = |r: &Record| {
        format!(
            "{} {} {}-{} {} {} {}",
            r[4],
            r[5],
            r[7],
            r[8],
            &r[9][8..],
            &r[10][8..],
            r[11]
        )
    };
    report.records.iter().map(text).collect()
}

pub(super) fn reasons(report: &Report) -> Vec<(&'static str, &str, &str)> {
    report
        .left_out
        .iter()
        .map(|l| (l.outcome.code(), l.id.as_str(), l.reason.as_str()))
        .collect()
}

pub(super) const VOYAGE: [&str; 8] = [
    "e1 GTOT CNCKG 01T08:00:00+08:00 RAIL LADEN",
    "e2 GTIN CNQZH 03T08:00:00+08:00 RAIL LADEN",
    "e3 LOAD CNQZH 04T08:00:00+08:00 VESSEL LADEN",
    "e4 DISC SGSIN 11T08:00:00+08:00 VESSEL LADEN",
    "e5 GTOT SGSIN 12T08:00:00+08:00 TRUCK LADEN",
    "e6 GTIN MYPKG 13T08:00:00+08:00 TRUCK LADEN",
    "e7 GTOT MYPKG 14T08:00:00+08:00 TRUCK EMPTY",
    "e8 GTIN SGSIN 15T08:00:00+08:00 TRUCK EMPTY",
];

pub(super) const WANTED: [&str; 7] = [
    "1 rail CNCKG-CNQZH 01T08:00:00+08:00 03T08:00:00+08:00 laden",
    "2 hub CNQZH-CNQZH 03T08:00:00+08:00 04T08:00:00+08:00 laden",
    "3 sea CNQZH-SGSIN 04T08:00:00+08:00 11T08:00:00+08:00 laden",
    "4 hub SGSIN-SGSIN 11T08:00:00+08:00 12T08:00:00+08:00 laden",
    "5 road SGSIN-MYPKG 12T08:00:00+08:00 13T08:00:00+08:00 laden",
    "6 hub MYPKG-MYPKG 13T08:00:00+08:00 14T08:00:00+08:00 empty",
    "7 road MYPKG-SGSIN 14T08:00:00+08:00 15T08:00:00+08:00 empty",
];

#[test]
fn a_chain_of_either_version_is_paired() {
    for make in [v2, v3] {
        let report = convert(&VOYAGE.map(|line| make(line, "BL1")));
        assert_eq!(rows(&report), WANTED);
        assert_eq!(
            (report.events, report.used, report.left_out.len()),
            (8, 8, 0)
        );
        let first = &report.records[0];
        assert_eq!(
            (first[1].as_str(), first[2].as_str(), first[3].as_str()),
            ("BL1", "CSQU3054383", "45G1")
        );
    }
    let report = convert(&VOYAGE.map(|line| v2(line, "BL1")));
    assert_eq!(
        (report.records[2][6].as_str(), report.records[1][6].as_str()),
        ("MAEU", "")
    );
    assert_eq!(
        (
            report.records[2][15].as_str(),
            report.records[2][17].as_str()
        ),
        ("SMDG:T1", "e3")
    );
}

#[test]
fn files_of_several_senders_in_any_order_make_one_chain() {
    let mut converter = Converter::default();
    let carrier: Vec<Value> = VOYAGE
        .iter()
        .rev()
        .step_by(2)
        .map(|line| v2(line, "BL1"))
        .collect();
    let port: Vec<Value> = VOYAGE.iter().step_by(2).map(|line| v3(line, "")).collect();
    let port: String = port.iter().map(|e| format!("{e}\n")).collect();
    let carrier = json!({"events": carrier}).to_string();
    take(&mut converter, &Reading::default(), "port.ndjson", &port);
    take(
        &mut converter,
        &Reading::default(),
        "carrier.json",
        &carrier,
    );
    let report = converter.finish().unwrap();
    assert_eq!(rows(&report), WANTED);
    assert!(report.records.iter().all(|r| r[1] == "BL1"));
}

#[test]
fn another_report_of_the_same_handling_is_a_duplicate() {
    let mut events = VOYAGE.map(|line| v2(line, "BL1")).to_vec();
    events.push(v3("x1 DISC SGSIN 11T08:20:00+08:00 VESSEL LADEN", "BL1"));
    events.push(v3("x2 GTIN CNQZH 03T09:00:00+08:00 - LADEN", ""));
    let report = convert(&events);
    assert_eq!(rows(&report), WANTED);
    let why = "the same handling, reported again";
    assert_eq!(
        reasons(&report),
        [("duplicate", "x1", why), ("duplicate", "x2", why)]
    );
}

#[test]
fn planned_estimated_and_other_events_are_counted_only() {
    let mut planned = v2("p1 LOAD CNQZH 04T08:00:00+08:00 VESSEL LADEN", "BL1");
    planned["eventClassifierCode"] = "PLN".into();
    let mut estimated = v3("p2 DISC SGSIN 11T08:00:00+08:00 VESSEL LADEN", "BL1");
    estimated["eventClassification"]["eventClassifierCode"] = "EST".into();
    let mut transport = v2("p3 LOAD CNQZH 04T08:00:00+08:00 VESSEL LADEN", "BL1");
    transport["eventType"] = "TRANSPORT".into();
    transport["transportEventTypeCode"] = "DEPA".into();
    let stuffed = v2("p4 STUF CNCKG 01T00:00:00+08:00 - LADEN", "BL1");
    let report = convert(&[planned, estimated, transport, stuffed]);
    assert_eq!(
        reasons(&report)
            .iter()
            .map(|r| (r.0, r.2))
            .collect::<Vec<_>>(),
        [
            ("ignored", "planned"),
            ("ignored", "estimated"),
            (
                "ignored",
                "event of a vehicle whose transport call no movement names"
            ),
            ("ignored", "event in a place, no movement")
        ]
    );
    assert!(report.records.is_empty());
}

#[test]
fn the_latest_version_of_an_event_counts_and_retractions_take_it_back() {
    let mut events = VOYAGE.map(|line| v3(line, "BL1")).to_vec();
    let mut later = v3("e4 DISC SGSIN 11T10:00:00+08:00 VESSEL LADEN", "BL1");
    later["eventUpdatedDateTime"] = "2025-01-02T00:00:00Z".into();
    events.push(later);
    events.push(events[0].clone());
    events.push(json!({"eventID": "e8", "isRetracted": true}));
    let report = convert(&events);
    assert_eq!(
        rows(&report)[2..4],
        [
            "3 sea CNQZH-SGSIN 04T08:00:00+08:00 11T10:00:00+08:00 laden",
            "4 hub SGSIN-SGSIN 11T10:00:00+08:00 12T08:00:00+08:00 laden"
        ]
    );
    assert_eq!(report.records.len(), 6);
    assert_eq!(
        reasons(&report),
        [
            (
                "duplicate",
                "e4",
                "a later version of the event replaces it"
            ),
            ("retracted", "e8", "retracted by its sender"),
            ("duplicate", "e1", "a copy of the same event"),
            ("retracted", "e8", "the retraction itself"),
        ]
    );
    assert_eq!(report.events, report.used + 4);
    // A version after the retraction counts again, and a retraction of another sender's event is not ours.
    let mut retraction = v3("e8 GTIN SGSIN 15T08:00:00+08:00 TRUCK EMPTY", "BL1");
    retraction["isRetracted"] = true.into();
    let mut events = VOYAGE.map(|line| v3(line, "BL1")).to_vec();
    events.push(retraction.clone());
    assert_eq!(
        convert(&events).records.len(),
        6,
        "a retraction of the same moment"
    );
    let mut again = v3("e8 GTIN SGSIN 15T09:00:00+08:00 TRUCK EMPTY", "BL1");
    again["eventUpdatedDateTime"] = "2025-01-03T00:00:00Z".into();
    let mut foreign = retraction.clone();
    foreign["eventRouting"]["originatingParty"]["partyCode"] = "OTHER".into();
    foreign["eventUpdatedDateTime"] = "2026-01-03T00:00:00Z".into();
    let mut events = VOYAGE.map(|line| v3(line, "BL1")).to_vec();
    events.extend([retraction, again, foreign]);
    let report = convert(&events);
    assert_eq!(
        rows(&report)[6],
        "7 road MYPKG-SGSIN 14T08:00:00+08:00 15T09:00:00+08:00 empty"
    );
}

#[test]
fn contradictions_are_believed_by_nobody() {
    let mut events = VOYAGE.map(|line| v2(line, "BL1")).to_vec();
    events.push(v2("e8 GTIN SGSIN 15T11:00:00+08:00 TRUCK EMPTY", "BL1"));
    let report = convert(&events);
    assert_eq!(report.records.len(), 6);
    assert_eq!(
        report
            .left_out
            .iter()
            .filter(|l| l.outcome == Outcome::Unpaired && l.id == "e8")
            .count(),
        2
    );
}

#[test]
fn what_has_no_counterpart_is_told_and_nothing_is_invented() {
    for (lines, wanted) in [
        (
            &[
                "a GTOT CNCKG 01T08:00:00Z RAIL LADEN",
                "b LOAD CNQZH 04T08:00:00Z VESSEL LADEN",
            ][..],
            "no arrival after CNCKG before the next event in CNQZH",
        ),
        (
            &[
                "a GTIN CNCKG 01T08:00:00Z RAIL LADEN",
                "b GTIN CNQZH 04T08:00:00Z RAIL LADEN",
            ],
            "no departure from CNCKG before the next event in CNQZH",
        ),
        (
            &[
                "a GTOT CNCKG 01T08:00:00Z RAIL LADEN",
                "b GTIN CNQZH 04T08:00:00Z TRUCK LADEN",
            ],
            "left by rail and arrived by road",
        ),
        (
            &[
                "a GTOT CNCKG 01T08:00:00Z - LADEN",
                "b GTIN CNQZH 04T08:00:00Z - LADEN",
            ],
            "no event states the mode of transport",
        ),
        (
            &[
                "a GTOT CNCKG 01T08:00:00Z MULTIMODAL LADEN",
                "b GTIN CNQZH 04T08:00:00Z - LADEN",
            ],
            "MULTIMODAL is no mode of one movement",
        ),
        (
            &[
                "a GTOT CNCKG 01T08:00:00Z TRUCK LADEN",
                "b GTIN CNQZH 04T08:00:00Z TRUCK EMPTY",
            ],
            "left CNCKG laden and arrived in CNQZH empty",
        ),
        (
            &[
                "a GTOT SGSIN 01T08:00:00Z TRUCK LADEN",
                "b GTIN SGSIN 01T09:00:00Z TRUCK LADEN",
            ],
            "left SGSIN and came back to it: a movement inside one place has no distance",
        ),
    ] {
        let events: Vec<Value> = lines.iter().map(|line| v2(line, "BL1")).collect();
        let report = convert(&events);
        assert!(report.records.is_empty(), "{wanted}");
        let found: Vec<_> = reasons(&report).iter().map(|r| (r.0, r.2)).collect();
        assert_eq!(
            found,
            [("unpaired", wanted), ("unpaired", wanted), ("gap", wanted)]
        );
    }
    let alone = convert(&[v2("a LOAD CNQZH 04T08:00:00Z VESSEL LADEN", "BL1")]);
    assert_eq!(
        reasons(&alone)[0].2,
        "the only event of its kind: nothing before or after it"
    );
    let gates = [
        v2("a GTOT CNCKG 01T08:00:00Z - LADEN", "BL1"),
        v2("b GTIN CNQZH 04T08:00:00Z - LADEN", "BL1"),
    ];
    let told = convert_with(
        Converter::new(Settings {
            gate_mode: Some(Mode::Road),
            ..Settings::default()
        }),
        &gates,
    );
    assert_eq!(
        rows(&told),
        ["1 road CNCKG-CNQZH 01T08:00:00Z 04T08:00:00Z laden"]
    );
}

#[test]
fn events_find_their_shipment_by_documents_and_by_time() {
    // The container carries BL1 out and BL2 back; the terminal names no document.
    let mut events: Vec<Value> = VOYAGE[..6].iter().map(|line| v2(line, "BL1")).collect();
    events.push(v2("r1 LOAD MYPKG 20T08:00:00Z VESSEL LADEN", "BL2"));
    events.push(v2("r2 DISC SGSIN 21T08:00:00Z VESSEL LADEN", ""));
    events.push(v2("r3 GTOT SGSIN 22T08:00:00Z TRUCK LADEN", "BL2"));
    events.push(v2("t1 GTIN MYPKG 18T08:00:00Z TRUCK LADEN", ""));
    let report = convert(&events);
    let of = |bill: &str| report.records.iter().filter(|r| r[1] == bill).count();
    assert_eq!((of("BL1"), of("BL2")), (5, 2));
    let between = "names no document and lies between two shipments of the container";
    assert!(
        reasons(&report).contains(&("unpaired", "t1", between)),
        "{:?}",
        reasons(&report)
    );
    let nobody = convert(&[v2(VOYAGE[0], ""), v2(VOYAGE[1], "")]);
    assert!(
        nobody
            .left_out
            .iter()
            .all(|l| l.reason.starts_with("no event of the container names"))
    );
}

#[test]
fn a_booking_leads_to_its_only_transport_document() {
    let booked = |line: &str| {
        let mut event = v2(line, "BKG1");
        event["documentReferences"][0]["documentReferenceType"] = "BKG".into();
        event
    };
    let mut issued = v2("s1 LOAD CNQZH 04T08:00:00Z VESSEL LADEN", "BL1");
    issued["eventType"] = "SHIPMENT".into();
    issued["documentReferences"]
        .as_array_mut()
        .unwrap()
        .push(json!({"documentReferenceType": "BKG", "documentReferenceValue": "BKG1"}));
    let events = [booked(VOYAGE[0]), booked(VOYAGE[1]), issued.clone()];
    assert_eq!(convert(&events).records[0][1], "BL1");
    assert_eq!(convert(&events[..2]).records[0][1], "BKG1");
    let mut other = issued;
    other["eventID"] = "s2".into();
    other["documentReferences"][0]["documentReferenceValue"] = "BL2".into();
    let events = [
        booked(VOYAGE[0]),
        booked(VOYAGE[1]),
        events[2].clone(),
        other,
    ];
    assert_eq!(
        convert(&events).records[0][1],
        "BKG1",
        "two bills of lading under one booking"
    );
}

#[test]
fn malformed_events_are_told_with_their_path_and_the_rest_goes_on() {
    let base = v2(VOYAGE[0], "BL1");
    let with = |pointer: &str, value: Value| {
        let mut event = base.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    for (event, path, found) in [
        (with("/eventID", json!([7])), "/eventID", "an array"),
        (with("/eventID", json!(7.5)), "/eventID", "7.5"),
        (with("/eventType", "X".into()), "/eventType", "X"),
        (
            with("/eventClassifierCode", "done".into()),
            "/eventClassifierCode",
            "done",
        ),
        (
            with("/equipmentEventTypeCode", "FLY".into()),
            "/equipmentEventTypeCode",
            "FLY",
        ),
        (
            with("/eventDateTime", "2025-03-01T08:00:00".into()),
            "/eventDateTime",
            "2025-03-01T08:00:00",
        ),
        (
            with("/eventCreatedDateTime", "yesterday".into()),
            "/eventCreatedDateTime",
            "yesterday",
        ),
        (
            with("/equipmentReference", json!(["x"])),
            "/equipmentReference",
            "an array",
        ),
        (
            with("/emptyIndicatorCode", "HALF".into()),
            "/emptyIndicatorCode",
            "HALF",
        ),
        (
            with("/eventLocation/UNLocationCode", "China".into()),
            "/eventLocation/UNLocationCode",
            "China",
        ),
        (
            with("/transportCall/modeOfTransport", "ROCKET".into()),
            "/transportCall/modeOfTransport",
            "ROCKET",
        ),
        (
            with("/documentReferences/0/documentReferenceValue", json!(1.5)),
            "/documentReferences/0/documentReferenceValue",
            "1.5",
        ),
        (
            json!({"eventID": "x"}),
            "/eventClassification/eventTypeCode",
            "nothing",
        ),
        (json!({"isRetracted": true}), "/eventID", "nothing"),
        (
            json!({"eventID": "x", "isRetracted": "yes"}),
            "/isRetracted",
            "yes",
        ),
    ] {
        let mut events = vec![event];
        events.extend(VOYAGE[1..3].iter().map(|line| v2(line, "BL1")));
        let report = convert(&events);
        let fault = report
            .left_out
            .iter()
            .find(|l| l.outcome == Outcome::Malformed)
            .expect("a fault");
        assert_eq!(
            (fault.place.pointer.as_str(), fault.found.as_str()),
            (format!("/0{path}").as_str(), found)
        );
        assert!(fault.reason.starts_with("expected "), "{fault:?}");
        assert_eq!(rows(&report).len(), 1);
    }
}

#[test]
fn a_facility_of_the_list_gives_the_place() {
    let mut event = v3(VOYAGE[1], "BL1");
    event["eventLocation"] =
        json!({"facility": {"facilityCode": "QZT", "facilityCodeListProvider": "SMDG"}});
    let events = [v3(VOYAGE[0], "BL1"), event];
    assert_eq!(convert(&events).left_out[1].found, "SMDG:QZT");
    let facilities = Facilities::from([(
        "SMDG:QZT".to_owned(),
        crate::model::id::LocationCode::parse(b"CNQZH").unwrap(),
    )]);
    let reading = Reading {
        facilities,
        ..Reading::default()
    };
    let report = convert_text(Converter::default(), &reading, &json!(events).to_string());
    assert_eq!(rows(&report)[0], WANTED[0]);
}

#[test]
fn movement_ids_do_not_change_when_more_events_come() {
    let ids = |count: usize| -> Vec<String> {
        convert(
            &VOYAGE[..count]
                .iter()
                .map(|l| v2(l, "BL1"))
                .collect::<Vec<_>>(),
        )
        .records
        .iter()
        .map(|r| r[0].clone())
        .collect()
    };
    assert_eq!(ids(8)[..3], ids(4)[..]);
}
