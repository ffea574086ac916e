//! What carriers and terminals make of the standard: spellings, ids, references, several senders, late reports.

use super::tests::{convert, convert_text, reasons, rows, v2, v3};
use super::*;
use crate::exchange::events::shares::Shares;
use crate::exchange::events::{Converter, Record, Report, Settings};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

const VOYAGE: [&str; 2] = [
    "e1 LOAD CNQZH 05T00:00:00Z VESSEL LADEN",
    "e2 DISC SGSIN 10T00:00:00Z VESSEL LADEN",
];

const SEA: &str = "1 sea CNQZH-SGSIN 05T00:00:00Z 10T00:00:00Z laden";

fn voyage() -> Vec<Value> {
    VOYAGE.map(|line| v2(line, "BL1")).to_vec()
}

fn text(text: &str) -> Report {
    convert_text(Converter::default(), &Reading::default(), text)
}

/// Every key of a value in another spelling.
fn spelled(value: &Value, spell: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Array(list) => list.iter().map(|v| spelled(v, spell)).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (spell(key), spelled(value, spell)))
            .collect(),
        other => other.clone(),
    }
}

fn snake(key: &str) -> String {
    let letters = key.chars().map(|c| match c.is_ascii_uppercase() {
        true => format!("_{}", c.to_ascii_lowercase()),
        false => c.to_string(),
    });
    letters.collect()
}

#[test]
fn the_table_is_whole() {
    for group in [
        "type",
        "classifier",
        "step",
        "vehicle_step",
        "empty",
        "mode",
        "document",
    ] {
        assert!(!SPELLINGS.codes(group).is_empty(), "{group}");
    }
    assert_eq!(SPELLINGS.code("step", "Gate-Out"), Some("GTOT"));
    assert_eq!(SPELLINGS.code("mode", "MARITIME_TRANSPORT"), Some("VESSEL"));
    assert_eq!(SPELLINGS.code("mode", "ROCKET"), None);
}

#[test]
fn keys_in_every_spelling_are_read() {
    let spellings: [&dyn Fn(&str) -> String; 4] =
        [&|k| k.to_lowercase(), &|k| k.to_uppercase(), &snake, &|k| {
            k.replace("ID", "Id")
                .replace("UNL", "unL")
                .replace("ISO", "iso")
        }];
    for spell in spellings {
        for make in [v2, v3] {
            let events: Vec<Value> = VOYAGE
                .map(|line| spelled(&make(line, "BL1"), spell))
                .to_vec();
            assert_eq!(rows(&convert(&events)), [SEA], "{}", events[0]);
            let report = convert(&events);
            assert_eq!((report.used, report.records[0][3].as_str()), (2, "45G1"));
        }
    }
}

#[test]
fn words_in_every_spelling_are_read() {
    let mut events = voyage();
    for event in &mut events {
        event["eventType"] = "Equipment".into();
        event["eventClassifierCode"] = "Actual".into();
        event["emptyIndicatorCode"] = "Full".into();
        event["transportCall"]["modeOfTransport"] = json!(1);
        event["documentReferences"][0]["documentReferenceType"] = "Bill of Lading".into();
    }
    events[0]["equipmentEventTypeCode"] = "Loaded".into();
    events[1]["equipmentEventTypeCode"] = "discharge".into();
    events[1].as_object_mut().unwrap().remove("eventType");
    assert_eq!(rows(&convert(&events)), [SEA]);
}

#[test]
fn wrappers_and_lists_are_opened() {
    let all = voyage();
    let (a, b) = (&all[0], &all[1]);
    let beta = |event: &Value| {
        let mut payload = event.clone();
        let mut metadata = json!({});
        for key in ["eventID", "eventCreatedDateTime", "eventType"] {
            metadata[key] = payload.as_object_mut().unwrap().remove(key).unwrap();
        }
        json!({"metadata": metadata, "payload": payload})
    };
    for document in [
        json!({"events": [a, b]}),
        json!({"shipmentEvent": [], "transportEvent": null, "equipmentEvent": [a, b]}),
        json!({"EquipmentEvents": [a], "equipment_events": [b]}),
        json!({"data": {"events": [a, b]}}),
        json!({"data": [{"event": a}, {"event": b}]}),
        json!({"response": {"items": [a, beta(b)]}}),
        json!([beta(a), beta(b)]),
        json!([{"events": [a]}, {"events": b}]),
    ] {
        let report = text(&document.to_string());
        assert_eq!(rows(&report), [SEA], "{document}");
        assert_eq!(report.events, 2, "{document}");
    }
    let lines = format!("{}\n{}\n", beta(a), json!({"data": [b]}));
    assert_eq!(rows(&text(&lines)), [SEA]);
}

#[test]
fn an_event_without_an_id_has_one_of_its_content() {
    let mut events = voyage();
    for event in &mut events {
        event.as_object_mut().unwrap().remove("eventID");
    }
    let report = convert(&events);
    assert_eq!(rows(&report), [SEA]);
    let (first, movement) = (report.records[0][17].clone(), report.records[0][0].clone());
    assert!(first.starts_with("sha256:"), "{first}");
    // A later answer says the same with another time of creation: no new event, no new movement.
    let mut later = events.clone();
    for event in &mut later {
        event["eventCreatedDateTime"] = "2025-04-01T00:00:00Z".into();
    }
    let again = convert(&[events.clone(), later].concat());
    assert_eq!(
        (rows(&again), &again.records[0][0]),
        (vec![SEA.to_owned()], &movement)
    );
    events[1]["equipmentReference"] = "TSTU1000024".into();
    assert_ne!(
        convert(&events).records.first().map(|r| r[17].clone()),
        Some(first)
    );
}

#[test]
fn one_id_of_several_events_is_no_contradiction() {
    let with = |line: &str, container: &str, bill: &str| {
        let mut event = v2(line, bill);
        event["equipmentReference"] = container.into();
        event
    };
    let boxes = [
        with(
            "1 LOAD CNSHA 05T00:00:00Z VESSEL LADEN",
            "TSTU1000024",
            "BL2",
        ),
        with(
            "2 DISC DEHAM 25T00:00:00Z VESSEL LADEN",
            "TSTU1000024",
            "BL2",
        ),
        with(
            "1 LOAD CNQZH 05T00:00:00Z VESSEL LADEN",
            "TSTU1000019",
            "BL1",
        ),
        with(
            "2 DISC SGSIN 10T00:00:00Z VESSEL LADEN",
            "TSTU1000019",
            "BL1",
        ),
    ];
    assert_eq!(convert(&boxes).records.len(), 2);
    let one_box = [
        v2("1 LOAD CNQZH 05T00:00:00Z VESSEL LADEN", "BL1"),
        v2("1 DISC SGSIN 10T00:00:00Z VESSEL LADEN", "BL1"),
    ];
    assert_eq!(rows(&convert(&one_box)), [SEA]);
    let mut ship = json!({
        "eventID": "e1", "eventType": "TRANSPORT", "eventClassifierCode": "ACT", "transportEventTypeCode": "DEPA",
        "eventCreatedDateTime": "2025-01-01T00:00:00Z", "eventDateTime": "2025-03-05T06:00:00Z",
        "transportCall": {"transportCallID": "c"}
    });
    let departed = [voyage(), vec![ship.clone()]].concat();
    assert_eq!(
        rows(&convert(&departed)),
        ["1 sea CNQZH-SGSIN 05T06:00:00Z 10T00:00:00Z laden"]
    );
    // An estimate is another statement, whatever its id and its time of creation.
    for classifier in ["EST", "PLN"] {
        let mut estimate = voyage()[1].clone();
        estimate["eventClassifierCode"] = classifier.into();
        estimate["eventCreatedDateTime"] = "2025-05-01T00:00:00Z".into();
        estimate["eventDateTime"] = "2025-03-10T09:00:00Z".into();
        assert_eq!(rows(&convert(&[voyage(), vec![estimate]].concat())), [SEA]);
    }
    ship["eventClassifierCode"] = "EST".into();
    assert_eq!(rows(&convert(&[voyage(), vec![ship]].concat())), [SEA]);
}

#[test]
fn places_are_found_in_facilities_of_bic_and_in_plain_texts() {
    for place in [
        json!({"eventLocation": {"facilityCode": "CNQZHTEST", "facilityCodeListProvider": "BIC"}}),
        json!({"eventLocation": {"facility": {"facilityCode": "CNQZHTEST", "facilityCodeListProvider": "bic"}}}),
        json!({"transportCall": {"modeOfTransport": "VESSEL", "facilityCode": "CNQZHTEST", "facilityCodeListProvider": "BIC"}}),
        json!({"eventLocation": "CNQZH"}),
        json!({"eventLocation": {"unLocationCode": "CN QZH"}}),
        json!({"eventLocation": {"locationName": "Qinzhou"}, "transportCall": {"modeOfTransport": "VESSEL", "location": {"UNLocationCode": "CNQZH"}}}),
    ] {
        let mut events = voyage();
        let event = events[0].as_object_mut().unwrap();
        event.remove("eventLocation");
        for (key, value) in place.as_object().unwrap() {
            event.insert(key.clone(), value.clone());
        }
        assert_eq!(rows(&convert(&events)), [SEA], "{place}");
    }
    let mut events = voyage();
    events[0]["eventLocation"] = json!({"facilityCode": "QZT", "facilityCodeListProvider": "SMDG"});
    assert_eq!(convert(&events).left_out[0].found, "SMDG:QZT");
}

#[test]
fn offsets_and_zones() {
    let mut events = voyage();
    events[0]["eventDateTime"] = "2025-03-05T08:00:00+0800".into();
    events[1]["eventDateTime"] = "2025-03-10 08:00:00".into();
    let report = convert(&events);
    assert!(report.records.is_empty());
    assert!(
        report.left_out[0].reason.contains("--zone")
            || report.left_out[1].reason.contains("--zone")
    );
    let mut reading = Reading::default();
    reading.zones.other = TimeZone::get("Asia/Singapore").ok();
    let report = convert_text(Converter::default(), &reading, &json!(events).to_string());
    assert_eq!(
        rows(&report),
        ["1 sea CNQZH-SGSIN 05T08:00:00+08:00 10T08:00:00+08:00 laden"]
    );
}

#[test]
fn references_are_found_at_every_level() {
    for references in [
        json!({"transportDocumentReference": "BL9", "carrierBookingReference": "BK9"}),
        json!({"references": [{"referenceType": "BKG", "referenceValue": "BK9"}, {"referenceType": "TRD", "referenceValue": "BL9"}]}),
        json!({"documentReferences": {"documentReferenceType": "TRD", "documentReferenceValue": "BL9"}}),
        json!({"shipment": {"transportDocumentReference": "BL9"}}),
        json!({"shipmentDetails": {"documentReferences": [{"typeCode": "TRD", "reference": "BL9"}]}}),
        json!({"transportCall": {"modeOfTransport": "VESSEL", "documentReferences": [{"documentReferenceType": "TRD", "documentReferenceValue": "BL9"}]}}),
        json!({"transportDocumentReferences": ["BL9"]}),
    ] {
        let mut events = VOYAGE.map(|line| v2(line, "")).to_vec();
        for event in &mut events {
            for (key, value) in references.as_object().unwrap() {
                event[key] = value.clone();
            }
        }
        let report = convert(&events);
        assert_eq!(
            report.records.first().map(|r| r[1].as_str()),
            Some("BL9"),
            "{references}"
        );
    }
}

#[test]
fn a_replaced_booking_leads_to_what_replaced_it() {
    let booked = |line: &str, booking: &str, replaced: Value| {
        let mut event = v3(line, booking);
        event["shipmentDetails"]["documentReference"]["typeCode"] = "BKG".into();
        if !replaced.is_null() {
            event["shipmentDetails"]["documentReferenceReplacements"] = replaced;
        }
        event
    };
    let reference = |number: &str| json!([{"typeCode": "BKG", "reference": number}]);
    let replaced =
        |old, new| json!([{"oldReferences": reference(old), "newReferences": reference(new)}]);
    let events = [
        booked(VOYAGE[0], "OLD", Value::Null),
        booked(VOYAGE[1], "NEW", replaced("OLD", "NEW")),
    ];
    let report = convert(&events);
    assert_eq!(
        (rows(&report), report.records[0][1].as_str()),
        (vec![SEA.to_owned()], "NEW")
    );
    // Twice, told by another event, and no event names the last one.
    let events = [
        booked(VOYAGE[0], "OLD", replaced("OLD", "MID")),
        booked(VOYAGE[1], "MID", replaced("MID", "NEW")),
    ];
    assert_eq!(convert(&events).records[0][1], "NEW");
    // Replacements in a circle end.
    let events = [
        booked(VOYAGE[0], "A", replaced("A", "B")),
        booked(VOYAGE[1], "B", replaced("B", "A")),
    ];
    assert_eq!(convert(&events).records.len(), 1);
}

fn shares_of(report: &Report) -> Vec<[&str; 3]> {
    let share = |r: &'_ Record| -> [usize; 3] {
        let _ = r;
        [1, 13, 14]
    };
    report
        .records
        .iter()
        .map(|r| share(r).map(|i| r[i].as_str()))
        .collect()
}

#[test]
fn a_container_under_two_bills_belongs_to_both() {
    let both = |line: &str| {
        let mut event = v2(line, "BL-A");
        let other = json!({"documentReferenceType": "TRD", "documentReferenceValue": "BL-B"});
        event["documentReferences"]
            .as_array_mut()
            .unwrap()
            .push(other);
        event
    };
    let events = VOYAGE.map(both);
    let report = convert(&events);
    assert_eq!(rows(&report), [SEA, SEA]);
    assert_eq!(
        shares_of(&report),
        [["BL-A", "0.500000", "equal"], ["BL-B", "0.500000", "equal"]]
    );
    assert_eq!((report.used, report.equal_shares), (2, 1));
    let key = |bill: &str| [bill.to_owned(), "CSQU3054383".to_owned()];
    let shares = Shares::from([(key("BL-A"), 12_000_000), (key("BL-B"), 36_000_000)]);
    let settings = Settings {
        shares,
        ..Settings::default()
    };
    let text = json!(events).to_string();
    let report = convert_text(Converter::new(settings), &Reading::default(), &text);
    assert_eq!(
        shares_of(&report),
        [
            ["BL-A", "0.250000", "stated"],
            ["BL-B", "0.750000", "stated"]
        ]
    );
    // The answers for single bills name one of them each: a copy by id, and another report.
    let a = VOYAGE.map(|line| v2(line, "BL-A"));
    let b = VOYAGE.map(|line| v2(line, "BL-B"));
    let c = VOYAGE.map(|line| v2(&line.replacen('e', "other-", 1), "BL-B"));
    for others in [b, c] {
        let report = convert(&[a.clone(), others].concat());
        assert_eq!(shares_of(&report).len(), 2);
        assert_eq!(shares_of(&report)[1], ["BL-B", "0.500000", "equal"]);
    }
    let alone = convert(&voyage());
    assert_eq!(shares_of(&alone), [["BL1", "", ""]]);
}

#[test]
fn a_late_report_of_a_discharge_does_not_break_the_chain() {
    let events = [
        v2(VOYAGE[0], "BL1"),
        v2(VOYAGE[1], "BL1"),
        v2("e3 GTOT SGSIN 10T06:00:00Z TRUCK LADEN", "BL1"),
        v3("t1 DISC SGSIN 10T06:05:00Z VESSEL LADEN", ""),
        v2("e4 GTIN MYPGU 10T12:00:00Z TRUCK LADEN", "BL1"),
    ];
    let wanted = [
        SEA,
        "2 hub SGSIN-SGSIN 10T00:00:00Z 10T06:00:00Z laden",
        "3 road SGSIN-MYPGU 10T06:00:00Z 10T12:00:00Z laden",
    ];
    let report = convert(&events);
    assert_eq!(rows(&report), wanted);
    assert_eq!(
        reasons(&report),
        [("duplicate", "t1", "the same handling, reported again")]
    );
    // Only the late report there is: the container was discharged before it left by the gate.
    let late = [&events[..1], &events[2..]].concat();
    let report = convert(&late);
    assert_eq!(
        rows(&report),
        [
            "1 sea CNQZH-SGSIN 05T00:00:00Z 10T06:00:00Z laden",
            "2 hub SGSIN-SGSIN 10T06:00:00Z 10T06:00:00Z laden",
            "3 road SGSIN-MYPGU 10T06:00:00Z 10T12:00:00Z laden",
        ]
    );
    assert_eq!(reasons(&report)[0].0, "retimed");
    // Later than the stated tolerance it is a contradiction, which is told.
    let mut too_late = late;
    too_late[2] = v3("t1 DISC SGSIN 12T06:05:00Z VESSEL LADEN", "");
    let report = convert(&too_late);
    assert!(!report.gaps.is_empty());
}

#[test]
fn a_gate_that_is_told_after_the_load_is_before_it() {
    let events = [
        v2("k0 GTOT CNCKG 01T00:00:00Z TRUCK LADEN", "BL1"),
        v2(VOYAGE[0], "BL1"),
        v3("k2 GTIN CNQZH 05T00:03:00Z TRUCK LADEN", ""),
        v2(VOYAGE[1], "BL1"),
    ];
    assert_eq!(
        rows(&convert(&events)),
        [
            "1 road CNCKG-CNQZH 01T00:00:00Z 05T00:00:00Z laden",
            "2 hub CNQZH-CNQZH 05T00:00:00Z 05T00:00:00Z laden",
            "3 sea CNQZH-SGSIN 05T00:00:00Z 10T00:00:00Z laden",
        ]
    );
    // The second sender's gate, hours after the load.
    let mut again = events.to_vec();
    again[2] = v3("k2 GTIN CNQZH 04T23:00:00Z TRUCK LADEN", "");
    again.push(v3("k4 GTIN CNQZH 05T08:00:00Z TRUCK LADEN", ""));
    let report = convert(&again);
    assert_eq!(
        (report.records.len(), report.gaps.len()),
        (3, 0),
        "{:?}",
        reasons(&report)
    );
    // A gate names the ship that is waited for.
    let mut waiting = events.to_vec();
    waiting[2] = v3("k2 GTIN CNQZH 04T23:00:00Z VESSEL LADEN", "");
    assert_eq!(convert(&waiting).records[0][5], "road");
}

#[test]
fn a_terminal_that_reports_first_does_not_hide_the_call_of_the_carrier() {
    let mut load = v2("c1 LOAD CNQZH 04T20:10:00Z VESSEL LADEN", "BL1");
    load["transportCall"]["transportCallID"] = "Q1".into();
    let departed = json!({
        "eventID": "c2", "eventType": "TRANSPORT", "eventClassifierCode": "ACT", "transportEventTypeCode": "DEPA",
        "eventCreatedDateTime": "2025-01-01T00:00:00Z", "eventDateTime": "2025-03-05T09:00:00Z",
        "transportCall": {"transportCallID": "Q1"}
    });
    let terminal = v3("t1 LOAD CNQZH 04T20:00:00Z VESSEL LADEN", "");
    let events = [terminal, load, departed, v2(VOYAGE[1], "BL1")];
    let report = convert(&events);
    assert_eq!(
        rows(&report),
        ["1 sea CNQZH-SGSIN 05T09:00:00Z 10T00:00:00Z laden"]
    );
    // The terminal reports the load when the ship is at sea: the stay ended before.
    let mut late = events.to_vec();
    late[0] = v2("g1 GTIN CNQZH 04T10:00:00Z TRUCK LADEN", "BL1");
    late[1]["eventDateTime"] = "2025-03-05T15:00:00Z".into();
    assert_eq!(
        rows(&convert(&late)),
        [
            "1 hub CNQZH-CNQZH 04T10:00:00Z 05T09:00:00Z laden",
            "2 sea CNQZH-SGSIN 05T09:00:00Z 10T00:00:00Z laden",
        ]
    );
}

#[test]
fn an_empty_container_is_moved_for_who_ordered_it_or_for_the_carrier() {
    let back = [
        "e3 GTOT SGSIN 12T00:00:00Z TRUCK EMPTY",
        "e4 GTIN MYPKG 13T00:00:00Z TRUCK EMPTY",
    ];
    let ordered = [voyage(), back.map(|line| v2(line, "BL1")).to_vec()].concat();
    assert_eq!(
        rows(&convert(&ordered))[2],
        "3 road SGSIN-MYPKG 12T00:00:00Z 13T00:00:00Z empty"
    );
    let own = [voyage(), back.map(|line| v2(line, "")).to_vec()].concat();
    let report = convert(&own);
    assert_eq!(rows(&report), [SEA]);
    assert!(report.gaps.is_empty());
    let why = crate::exchange::events::empty::REPOSITIONED;
    assert_eq!(
        reasons(&report),
        [("ignored", "e3", why), ("ignored", "e4", why)]
    );
    // One end names the document: it was ordered.
    let half = [voyage(), vec![v2(back[0], ""), v2(back[1], "BL1")]].concat();
    assert_eq!(convert(&half).records.len(), 3);
    let nobody = convert(&back.map(|line| v2(line, "")));
    assert_eq!(
        reasons(&nobody),
        [("ignored", "e3", why), ("ignored", "e4", why)]
    );
    let empties = convert(&back.map(|line| v2(line, "BK-EMPTIES")));
    assert_eq!(empties.records[0][1], "BK-EMPTIES");
}

#[test]
fn a_file_that_gives_nothing_is_told() {
    let mut converter = Converter::default();
    let mut planned = voyage()[0].clone();
    planned["eventClassifierCode"] = "PLN".into();
    for (file, content) in [
        ("good.json", json!(voyage())),
        ("again.json", json!(voyage())),
        ("planned.json", json!([planned])),
        ("empty.json", json!([])),
        ("other.json", json!({"invoice": 7})),
    ] {
        converter.begin(file);
        let content = content.to_string();
        let reading = Reading::default();
        read(file, content.as_bytes(), &reading, &mut |event| {
            converter.take(event)
        });
    }
    let report = converter.finish().unwrap();
    let idle: Vec<(&str, &str)> = report
        .idle
        .iter()
        .map(|(f, w)| (&**f, w.as_str()))
        .collect();
    assert_eq!(
        idle,
        [
            ("planned.json", "1 event, 1 ignored"),
            ("empty.json", "0 events"),
            ("other.json", "1 event, 1 malformed"),
        ]
    );
}
