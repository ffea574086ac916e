//! Messages in, records and reasons out.

use super::*;
use crate::exchange::events::{COLUMNS, Record, Report, Settings};
use crate::exchange::local_time::Zones;
use crate::reference::{ContainerTypes, DataFile};
use jiff::tz::TimeZone;

/// An interchange of one sender around messages without their envelopes: `TYPE` and the segments between `UNH` and `UNT`.
pub(super) fn interchange(sender: &str, messages: &[(&str, String)]) -> String {
    let mut text = format!("UNB+UNOC:3+{sender}+ME+250310:1200+R1'");
    for (n, (kind, body)) in messages.iter().enumerate() {
        let count = body.matches('\'').count() + 2;
        text += &format!("UNH+{n}+{kind}:D:95B:UN:SMDG20'{body}UNT+{count}+{n}'");
    }
    text + &format!("UNZ+{}+R1'", messages.len())
}

/// With the counts of segments as they are now.
pub(super) fn counted(text: &str) -> String {
    let mut count = 0;
    let segments = text.split_inclusive('\'').map(|segment| {
        count = if segment.starts_with("UNH") {
            1
        } else {
            count + 1
        };
        match segment.strip_prefix("UNT+") {
            Some(rest) => format!("UNT+{count}+{}", rest.split_once('+').unwrap().1),
            None => segment.to_owned(),
        }
    });
    segments.collect()
}

fn reading() -> Reading {
    Reading {
        zones: Zones {
            other: Some(TimeZone::get("Asia/Shanghai").unwrap()),
            ..Zones::default()
        },
        facilities: [(
            "SMDG:XYZ".to_owned(),
            crate::model::id::LocationCode::parse(b"CNQZH").unwrap(),
        )]
        .into(),
    }
}

pub(super) fn convert_with(profiles: &str, files: &[&str]) -> Report {
    let types = "code,teu,tare_kg,refrigerated,title\n45G1,2,4000,no,\n22G1,1,,no,\n";
    let mut converter = Converter::new(Settings {
        types: ContainerTypes::parse(&DataFile::new("containers.csv", types)).0,
        ..Settings::default()
    });
    let (reading, profiles) = (reading(), Profiles::with(profiles).unwrap());
    let mut reader = Reader::new(&reading, &profiles);
    for (n, text) in files.iter().enumerate() {
        let file = format!("{n}.edi");
        converter.begin(&file);
        reader.read(&file, text.as_bytes());
    }
    reader.finish(&mut converter);
    converter.finish().unwrap()
}

pub(super) fn convert(files: &[&str]) -> Report {
    convert_with("", files)
}

/// `mode origin-destination departed arrived status mass` of a record.
pub(super) fn rows(report: &Report) -> Vec<String> {
    let at = |name: &str| COLUMNS.iter().position(|c| *c == name).unwrap();
    let text = |r: &Record| {
        let of = |name: &str| r[at(name)].as_str();
        format!(
            "{} {}-{} {} {} {} {}",
            of("mode"),
            of("origin"),
            of("destination"),
            &of("departed_at")[8..16],
            &of("arrived_at")[8..16],
            of("load_status"),
            of("cargo_mass_kg")
        )
    };
    report.records.iter().map(text).collect()
}

/// `outcome path found / reason` of what was left out.
pub(super) fn reasons(report: &Report) -> Vec<String> {
    let all = report
        .left_out
        .iter()
        .filter(|l| l.outcome != Outcome::Unread);
    all.map(|l| {
        format!(
            "{} {} {} / {}",
            l.outcome.code(),
            l.place.pointer,
            l.found,
            l.reason
        )
    })
    .collect()
}

/// A gate report of one container.
fn gate(
    step: &str,
    number: &str,
    function: &str,
    place: &str,
    time: &str,
    more: &str,
) -> (&'static str, String) {
    let code = if step == "in" { "34" } else { "36" };
    (
        "CODECO",
        format!(
            "BGM+{code}+{number}+{function}'TDT+20+012W+1++MAEU:172:166+++9321483:146:11:EXAMPLE'NAD+CF+MAEU:160:166'\
             EQD+CN+CSQU3054383+45G1:102:5++2+5'RFF+BN:BK1'DTM+7:{time}:203'LOC+165+{place}:139:6+T1:TER:ZZZ'{more}CNT+16:1'"
        ),
    )
}

/// A ship's report of one container.
pub(super) fn ship(
    step: &str,
    number: &str,
    place: &str,
    time: &str,
    more: &str,
) -> (&'static str, String) {
    let (code, port) = if step == "load" {
        ("270", "9")
    } else {
        ("98", "11")
    };
    (
        "COARRI",
        format!(
            "BGM+{code}+{number}+9'TDT+20+012W+1++MAEU:172:166+++9321483:146:11:EXAMPLE'LOC+{port}+{place}:139:6'\
             EQD+CN+CSQU3054383+45G1:102:5++2+5'RFF+BM:BL1'RFF+BN:BK1'DTM+203:{time}:203'{more}CNT+16:1'"
        ),
    )
}

const RAIL: &str = "TDT+1++2+25+CR:172'";
const ROAD: &str = "MEA+AAE+G+KGM:24500'TDT+1++3+31+HAUL:172'";

pub(super) fn voyage() -> Vec<(&'static str, String)> {
    vec![
        gate("out", "G1", "9", "CNCKG", "202503010800", RAIL),
        gate("in", "G2", "9", "CNQZH", "202503030800", RAIL),
        ship(
            "load",
            "L1",
            "CNQZH",
            "202503040800",
            "MEA+AAE+VGM+KGM:24120'MEA+AAE+T+KGM:3900'",
        ),
        ship("disc", "D1", "SGSIN", "202503110800", ""),
        gate("out", "G3", "9", "SGSIN", "202503120800", ROAD),
        gate("in", "G4", "9", "MYPKG", "202503130800", ROAD),
    ]
}

pub(super) const WANTED: [&str; 5] = [
    "rail CNCKG-CNQZH 01T08:00 03T08:00 laden 20220.000",
    "hub CNQZH-CNQZH 03T08:00 04T08:00 laden 20220.000",
    "sea CNQZH-SGSIN 04T08:00 11T08:00 laden 20220.000",
    "hub SGSIN-SGSIN 11T08:00 12T08:00 laden 20220.000",
    "road SGSIN-MYPKG 12T08:00 13T08:00 laden 20220.000",
];

#[test]
fn a_voyage_has_its_modes_and_its_mass() {
    let report = convert(&[&interchange("T", &voyage())]);
    assert_eq!(rows(&report), WANTED);
    assert_eq!(reasons(&report), Vec::<String>::new());
    assert_eq!((report.events, report.used), (6, 6));
    let sea = &report.records[2];
    let at = |name: &str| COLUMNS.iter().position(|c| *c == name).unwrap();
    assert_eq!(
        (sea[at("shipment_id")].as_str(), sea[at("carrier")].as_str()),
        ("BL1", "MAEU")
    );
    assert_eq!(sea[at("cargo_mass_source")], "VGM less tare");
    assert_eq!(report.records[0][at("origin_facility")], "ZZZ:T1");
    assert_eq!(report.records[4][at("carrier")], "HAUL");
    // The same in files of their own, each with line breaks, sent twice.
    let files: Vec<String> = voyage()
        .into_iter()
        .map(|message| interchange("T", &[message]).replace('\'', "'\r\n"))
        .collect();
    let twice: Vec<&str> = files.iter().chain(&files).map(String::as_str).collect();
    let report = convert(&twice);
    assert_eq!(rows(&report), WANTED);
    assert_eq!((report.events, report.used), (12, 6));
    assert!(
        report
            .left_out
            .iter()
            .all(|l| l.outcome == Outcome::Duplicate),
        "{report:?}"
    );
    assert!(report.idle.is_empty());
}

#[test]
fn several_interchanges_with_service_characters_of_their_own() {
    let first = interchange("T", &voyage()[..3]);
    let second = interchange("T", &voyage()[3..])
        .replace('+', "\u{1d}")
        .replace(':', "\u{1f}")
        .replace('\'', "\u{1c}");
    let third = interchange(
        "T",
        &[gate("out", "G9", "9", "MYPKG", "202503140800", ROAD)],
    )
    .replace('+', "|")
    .replace('\'', "~");
    let third = format!("UNA:|.? ~\n{third}\n\u{1a}");
    let report = convert(&[&format!("{first}{second}\r\n{third}")]);
    assert_eq!(rows(&report)[..5], WANTED);
    assert_eq!(report.events, 7);
}

/// What a file without faults becomes with one.
pub(super) fn faulty(from: &str, to: &str) -> Report {
    let text = interchange("T", &voyage());
    assert!(text.contains(from), "{from}");
    convert(&[&text.replacen(from, to, 1)])
}

#[test]
fn what_a_container_lacks_is_told_with_its_segment() {
    for (from, to, wanted) in [
        (
            "DTM+203:202503040800:203",
            "DTM+137:202503040800:203",
            "EQD DTM 137 / expected a time of what happened: DTM 203, 7, 334",
        ),
        (
            "DTM+203:202503040800:203",
            "DTM+203:20250304:203",
            "DTM 20250304 in format 203 / expected a time in format 203",
        ),
        (
            "DTM+203:202503040800:203",
            "DTM+203:202502300800:203",
            "DTM 2025-02-30T08:00:00 in CNQZH / expected a date and time with offset",
        ),
        (
            "LOC+9+CNQZH:139:6",
            "LOC+9+2704:139:112",
            "LOC 9 2704:139:112 / expected a UN/LOCODE",
        ),
        (
            "LOC+9+CNQZH:139:6",
            "LOC+9+CNQZH:72:87",
            "LOC 9 CNQZH:72:87 / expected a UN/LOCODE",
        ),
        (
            "LOC+9+CNQZH:139:6",
            "LOC+7+CNQZH:139:6",
            "LOC 7 CNQZH / expected the place of the LOAD: LOC 165, 175, 14, 9",
        ),
        (
            "BGM+270+L1",
            "BGM+45+L1",
            "UNH BGM 45 / expected a document code of reports.COARRI",
        ),
        (
            "BL1'RFF+BN:BK1'DTM+203:202503040800:203",
            "BL1'RFF+BN:BK1'DTM+133:202503040800:203",
            "ignored segment 28 EQD",
        ),
        (
            "EQD+CN+CSQU3054383+45G1:102:5++2+5'RFF+BM",
            "EQD+CN++45G1:102:5++2+5'RFF+BM",
            "EQD nothing / expected a container number",
        ),
        (
            "EQD+CN+CSQU3054383+45G1:102:5++2+5'RFF+BM",
            "EQD+CN+CSQU3054383+45G1:102:5++2+9'RFF+BM",
            "EQD 9 / expected full or empty as one of 1, 2",
        ),
        (
            "EQD+CN+CSQU3054383+45G1:102:5++2+5'RFF+BM",
            "EQD+CN+CSQU3054383+45G1:102:5++4+5'RFF+BM",
            "/ remains on board",
        ),
        (
            "EQD+CN+CSQU3054383+45G1:102:5++2+5'RFF+BM",
            "EQD+CH+CSQU3054383+45G1:102:5++2+5'RFF+BM",
            "/ equipment that is no container",
        ),
    ] {
        let report = faulty(from, to);
        let found = reasons(&report);
        assert!(found.iter().any(|r| r.contains(wanted)), "{to}: {found:?}");
        assert_eq!(report.records.len(), 3, "{to}");
    }
}

#[test]
fn places_by_list_terminal_and_bic() {
    for place in [
        "CNQZH:139:6",
        "CNQZH:139:ZZZ",
        "CNQZH:139:87",
        "CNQZH",
        "cnqzh::6",
        "CN QZH:139",
        "CNQZHAAAA:ZZZ:20",
        "XYZ:72:306",
        ":::QINZHOU+XYZ:72:306",
    ] {
        let report = faulty("LOC+9+CNQZH:139:6", &format!("LOC+9+{place}"));
        assert_eq!(rows(&report), WANTED, "{place}: {:?}", reasons(&report));
    }
}

/// The port of the container's voyage is not the port of the ship's call.
#[test]
fn a_transshipment_is_where_the_ship_is() {
    let mut messages = voyage();
    messages.truncate(4);
    let at = |m: &mut (&str, String), from: &str, to: &str| m.1 = m.1.replacen(from, to, 1);
    messages.push(ship(
        "load",
        "L2",
        "SGSIN",
        "202503130800",
        "LOC+9+CNQZH:139:6'LOC+11+IDJKT:139:6'LOC+7+IDJKT:139:6'",
    ));
    messages.push(ship(
        "disc",
        "D2",
        "IDJKT",
        "202503150800",
        "LOC+9+CNQZH:139:6'LOC+11+IDJKT:139:6'LOC+147+0120382::5'",
    ));
    // A head with the port before and the port behind.
    at(
        &mut messages[4],
        "LOC+9+SGSIN:139:6'",
        "LOC+9+SGSIN:139:6'LOC+11+MYPKG:139:6'",
    );
    let report = convert(&[&interchange("T", &messages)]);
    assert_eq!(
        rows(&report)[3..],
        [
            "hub SGSIN-SGSIN 11T08:00 13T08:00 laden 20220.000",
            "sea SGSIN-IDJKT 13T08:00 15T08:00 laden 20220.000"
        ]
    );
}

/// Codes that partners use in two ways follow the port, a remark, or the partner's own table.
#[test]
fn ambiguous_codes_follow_what_else_is_said() {
    let with = |profiles: &str, from: &str, to: &str| {
        let text = interchange("T", &voyage());
        assert!(text.contains(from), "{from}");
        convert_with(profiles, &[&counted(&text.replacen(from, to, 1))])
    };
    for (code, remark) in [
        ("44", ""),
        ("46", ""),
        ("45", "FTX+OSI+++L'"),
        ("45", "FTX+OSI++L'"),
    ] {
        let report = with("", "BGM+270+L1+9'", &format!("BGM+{code}+L1+9'{remark}"));
        assert_eq!(
            rows(&report),
            WANTED,
            "{code} {remark}: {:?}",
            reasons(&report)
        );
    }
    let own = "[partner.p]\nsenders = [\"T\"]\nreports.COARRI = { 44 = \"LOAD\" }\n";
    let text = interchange("T", &voyage()).replacen("BGM+270+L1+9'", "BGM+44+L1+9'", 1);
    let terminal = text.replace("LOC+9+CNQZH:139:6'EQD", "LOC+165+CNQZH:139:6'EQD");
    let presumed = rows(&convert(&[&terminal]));
    assert_eq!(
        presumed.len(),
        3,
        "44 is a discharge, unless the partner says otherwise"
    );
    assert_eq!(rows(&convert_with(own, &[&terminal])), WANTED);
    // Where the container's own port is that of the terminal.
    let port = terminal.replacen("DTM+203:", "LOC+9+CNQZH:139:6'DTM+203:", 1);
    assert_eq!(rows(&convert(&[&counted(&port)])), WANTED);
    // A partner behind a hub.
    let hub = terminal.replace("UNOC:3+T+", "UNOC:3+HUB+");
    let hub = hub.replace("BGM+44+L1+9'", "BGM+44+L1+9'NAD+MS+T:160:ZZZ'");
    assert_eq!(rows(&convert_with(own, &[&counted(&hub)])), WANTED);
}

#[test]
fn several_bills_share_a_box_and_its_mass() {
    let three = "RFF+BM:BL1'RFF+BM:BL2'RFF+BM:BL3'RFF+CN:X'RFF+ABT'";
    let bills = interchange("T", &voyage()).replace("RFF+BM:BL1'", three);
    let report = convert(&[&counted(&bills)]);
    assert_eq!(report.records.len(), 15, "{:?}", reasons(&report));
    assert_eq!(report.equal_shares, 1);
    let at = |name: &str| COLUMNS.iter().position(|c| *c == name).unwrap();
    let sea: Vec<(&str, &str, &str)> = report
        .records
        .iter()
        .filter(|r| r[at("mode")] == "sea")
        .map(|r| {
            (
                r[1].as_str(),
                r[at("box_share")].as_str(),
                r[at("cargo_mass_kg")].as_str(),
            )
        })
        .collect();
    assert_eq!(
        sea,
        [
            ("BL1", "0.333334", "6740.013"),
            ("BL2", "0.333333", "6739.994"),
            ("BL3", "0.333333", "6739.993")
        ]
    );
}

/// The carrier's own number names a shipment for want of a better one, and never splits a box.
#[test]
fn references_in_their_order() {
    let ids = |from: &str, to: &str| {
        let text = counted(&interchange("T", &voyage()).replace(from, to));
        let report = convert(&[&text]);
        let ids = report.records.iter().map(|r| r[1].clone());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids("RFF+BM:BL1'", "RFF+CN:C1'RFF+FF:Q'"), vec!["BK1"; 5]);
    assert_eq!(ids("RFF+B", "RFF+CN:C1'RFF+XX:"), vec!["C1"; 5]);
    assert_eq!(ids("RFF+BM:BL1'", "RFF+SI:S1'"), vec!["BK1"; 5]);
    assert_eq!(ids("RFF+B", "RFF+XX:"), Vec::<String>::new());
}

#[test]
fn a_date_without_a_time_is_within_its_day() {
    let mut messages = voyage();
    messages[5].1 = messages[5]
        .1
        .replace("DTM+7:202503130800:203'", "DTM+7:20250312:102'");
    let report = convert(&[&interchange("T", &messages)]);
    assert_eq!(
        rows(&report)[4],
        WANTED[4].replace("13T08", "12T08"),
        "{:?}",
        reasons(&report)
    );
}

#[test]
fn test_interchanges_and_other_types_are_ignored() {
    let text = interchange("T", &voyage()).replace("250310:1200+R1'", "250310:1200+R1++++++1'");
    let report = convert(&[&text]);
    assert!(
        report
            .left_out
            .iter()
            .all(|l| l.outcome == Outcome::Ignored && l.reason.contains("test"))
    );
    assert_eq!((report.left_out.len(), report.idle.len()), (6, 1));
    let other = interchange(
        "T",
        &[
            ("BAPLIE", "BGM++1+9'".into()),
            ("COARRI", "BGM+98+2+9'CNT+16:0'".into()),
        ],
    );
    let report = convert(&[&other]);
    let reasons = reasons(&report);
    assert!(
        reasons[0].contains("UNH BAPLIE / message of a type that tells no movement"),
        "{reasons:?}"
    );
    assert!(
        reasons[1].contains("message without a container or status"),
        "{reasons:?}"
    );
}

fn status(code: &str, place: &str, time: &str, transport: &str) -> String {
    format!(
        "STS+1+{code}'RFF+EQ:CSQU3054383'DTM+334:{time}:203'LOC+175+{place}:139:6'{transport}EQD+CN+CSQU3054383+45G1:102:5+++5'MEA+AAE+G+KGM:24000'"
    )
}

#[test]
fn statuses_of_a_carrier() {
    let sea = "TDT+20+012W+1++MAEU:172:182+++9321483:146::EXAMPLE'LOC+9+CNQZH:139:6'DTM+133:202503050000:203'";
    let rail = "TDT+1++2+25+CR:172'";
    let road = "TDT+1++3'";
    let statuses = [
        status("AL", "CNCKG", "202503010600", rail),
        status("RL", "CNCKG", "202503010800", rail),
        status("P", "CNKMG", "202503020800", rail),
        status("AR", "CNQZH", "202503030800", rail),
        status("AE", "CNQZH", "202503040800", sea),
        status("VD", "CNQZH", "202503041000", sea),
        status("VA", "SGSIN", "202503110600", sea),
        status("UV", "SGSIN", "202503110800", sea),
        status("OA", "SGSIN", "202503120800", road),
        status("21", "MYPKG", "202503130800", road),
    ];
    let together = format!(
        "BGM+23+S1+9'DTM+137:202503141200:203'NAD+CA+MAEU:160'RFF+BM:BL1'CNI+1'{}",
        statuses.concat()
    );
    let wanted = [
        "rail CNCKG-CNQZH 01T08:00 03T08:00 laden 20000.000",
        "hub CNQZH-CNQZH 03T08:00 04T08:00 laden 20000.000",
        "sea CNQZH-SGSIN 04T10:00 11T06:00 laden 20000.000",
        "hub SGSIN-SGSIN 11T08:00 12T08:00 laden 20000.000",
        "road SGSIN-MYPKG 12T08:00 13T08:00 laden 20000.000",
    ];
    let report = convert(&[&interchange("C", &[("IFTSTA", together.clone())])]);
    assert_eq!(rows(&report), wanted, "{:?}", reasons(&report));
    assert_eq!((report.events, report.used), (10, 9));
    let idle = reasons(&report);
    assert!(idle.iter().any(|r| r.contains("status that moves nothing")));
    // A message for each, with the container in a reference only, and the bill in CNI.
    let single: Vec<(&str, String)> = statuses
        .iter()
        .enumerate()
        .map(|(n, s)| {
            let (status, _) = s.split_once("EQD").unwrap();
            ("IFTSTA", format!("BGM+23+S{n}+9'CNI+1+BL1'{status}"))
        })
        .collect();
    let report = convert(&[&interchange("C", &single)]);
    let bare = wanted.map(|row| row.replace(" laden 20000.000", "  "));
    assert_eq!(rows(&report), bare, "{:?}", reasons(&report));
    let unknown = together.replace("STS+1+AE'", "STS+1+QQ'");
    let found = reasons(&convert(&[&interchange("C", &[("IFTSTA", unknown)])]));
    assert!(
        found
            .iter()
            .any(|r| r.contains("STS QQ / expected a status code of the tables")),
        "{found:?}"
    );
    let estimated = together.replace(
        "STS+1+AE'RFF+EQ:CSQU3054383'DTM+334",
        "STS+1+AE'RFF+EQ:CSQU3054383'DTM+132",
    );
    let found = reasons(&convert(&[&interchange("C", &[("IFTSTA", estimated)])]));
    assert!(found.iter().any(|r| r.contains("/ estimated")), "{found:?}");
}

/// Containers of a whole consignment stand before its statuses.
#[test]
fn containers_before_the_statuses() {
    let body = "BGM+23+S1+9'RFF+BM:BL1'EQD+CN+CSQU3054383+45G1:102:5+++5'EQD+CN+ZCBU7696174+22G1+++5'CNI+1'\
                STS+1+48'DTM+334:202503040800:203'LOC+175+CNQZH:139:6'TDT+20+1+1'STS+1+29'DTM+334:202503110800:203'LOC+175+SGSIN:139:6'TDT+20+1+1'";
    let report = convert(&[&interchange("C", &[("IFTSTA", body.into())])]);
    assert_eq!(report.records.len(), 2, "{:?}", reasons(&report));
    assert_eq!((report.events, report.used), (4, 4));
}

/// Of the head of a ship's report: when the ship came and left.
#[test]
fn a_ship_leaves_when_its_terminal_says() {
    let mut messages = voyage();
    messages[2].1 = messages[2]
        .1
        .replacen("LOC+9", "DTM+186:202503041530:203'LOC+9", 1);
    messages[3].1 = messages[3]
        .1
        .replacen("LOC+11", "DTM+178:202503110100:203'LOC+11", 1);
    let report = convert(&[&interchange("T", &messages)]);
    assert_eq!(
        rows(&report)[2],
        "sea CNQZH-SGSIN 04T15:30 11T01:00 laden 20220.000"
    );
    assert_eq!((report.events, report.used), (8, 8));
}
