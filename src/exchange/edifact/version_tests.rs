//! Messages that replace and cancel others, and what boxes weigh.

use super::tests::*;
use crate::exchange::events::COLUMNS;
use crate::exchange::left_out::Outcome;
use std::collections::BTreeMap;

#[test]
fn replaced_changed_and_cancelled_messages() {
    let with = |later: Vec<(&'static str, String)>| {
        let first = interchange("T", &voyage());
        let later = interchange("T", &later).replace("250310:1200", "250310:1300");
        convert(&[&first, &later])
    };
    let later = |function: &str, time: &str| {
        let (kind, body) = ship(
            "load",
            "L1",
            "CNQZH",
            time,
            "MEA+AAE+VGM+KGM:24120'MEA+AAE+T+KGM:3900'",
        );
        (kind, body.replacen("L1+9", &format!("L1+{function}"), 1))
    };
    let report = with(vec![later("5", "202503042000")]);
    assert_eq!(rows(&report)[2], WANTED[2].replace("04T08", "04T20"));
    assert_eq!(report.left_out.len(), 1);
    assert_eq!(report.left_out[0].outcome, Outcome::Duplicate);
    let id = report.records[2][0].clone();
    assert_eq!(
        id,
        convert(&[&interchange("T", &voyage())]).records[2][0],
        "the same movement"
    );
    assert_eq!(
        rows(&with(vec![later("4", "202503042000")]))[2],
        WANTED[2].replace("04T08", "04T20")
    );
    for function in ["1", "3"] {
        let report = with(vec![later(function, "202503040800")]);
        let withdrawn = report
            .left_out
            .iter()
            .filter(|l| l.outcome == Outcome::Retracted);
        assert_eq!(withdrawn.count(), 2, "{:?}", reasons(&report));
        assert!(!rows(&report).iter().any(|r| r.starts_with("sea")));
    }
    // A cancellation of nothing but its number, and one of another number by a reference.
    let bare = ("COARRI", "BGM+270+L1+1'".to_owned());
    assert!(!rows(&with(vec![bare])).iter().any(|r| r.starts_with("sea")));
    let named = ("COARRI", "BGM+270+L7+1'RFF+ACW:L1'".to_owned());
    assert!(
        !rows(&with(vec![named]))
            .iter()
            .any(|r| r.starts_with("sea"))
    );
    let unknown = ("COARRI", "BGM+270+L8+1'".to_owned());
    let report = with(vec![unknown]);
    assert_eq!(rows(&report), WANTED);
    assert!(reasons(&report)[0].contains("withdraws what is in none of the files"));
    // A cancellation that is refused, or in a test, cancels nothing.
    let first = interchange("T", &voyage());
    for (from, to) in [
        ("UNT+12+", "UNT+13+"),
        ("R1'UNH", "R1++++++1'UNH"),
        ("UNZ+1", "UNZ+2"),
    ] {
        let cancel = interchange("T", &[later("1", "202503040800")]).replacen(from, to, 1);
        assert_eq!(rows(&convert(&[&first, &cancel])), WANTED, "{to}");
    }
    // Cancelled, then sent again.
    let report = with(vec![later("1", "202503040800"), later("9", "202503040900")]);
    assert_eq!(rows(&report)[2], WANTED[2].replace("04T08", "04T09"));
    // Written in one minute, in files whose names say nothing of their order.
    let (kind, body) = later("5", "202503042000");
    let (first, second) = (
        interchange("T", &[(kind, body)]),
        interchange("T", &voyage()),
    );
    let report = convert(&[&first, &second]);
    assert_eq!(rows(&report)[2], WANTED[2].replace("04T08", "04T20"));
}

/// A number that many messages bear is none: each stands, and a cancellation is of its containers.
#[test]
fn numbers_that_repeat_or_lack() {
    for number in ["", "1"] {
        let renumber = |(kind, body): (&'static str, String)| {
            let rest = body.splitn(3, '+').nth(2).unwrap();
            let rest = &rest[rest.find('+').unwrap()..];
            let code = body.split('+').nth(1).unwrap().to_owned();
            (kind, format!("BGM+{code}+{number}{rest}"))
        };
        let messages: Vec<_> = voyage().into_iter().map(renumber).collect();
        let report = convert(&[&interchange("T", &messages)]);
        assert_eq!(rows(&report), WANTED, "{number}: {:?}", reasons(&report));
        let ids: BTreeMap<&str, ()> = report.records.iter().map(|r| (r[0].as_str(), ())).collect();
        assert_eq!(ids.len(), 5);
    }
}

#[test]
fn masses_of_a_box() {
    let with = |load: &str, size: &str| {
        let text = interchange("T", &voyage())
            .replace("MEA+AAE+VGM+KGM:24120'MEA+AAE+T+KGM:3900'", load)
            .replace("MEA+AAE+G+KGM:24500'", "")
            .replace("45G1", size);
        let report = convert(&[&counted(&text)]);
        let at = |name: &str| COLUMNS.iter().position(|c| *c == name).unwrap();
        let sea = report
            .records
            .iter()
            .find(|r| r[at("mode")] == "sea")
            .unwrap();
        let notes = report
            .left_out
            .iter()
            .filter(|l| l.outcome == Outcome::Mass);
        (
            sea[at("cargo_mass_kg")].clone(),
            sea[at("cargo_mass_source")].clone(),
            notes
                .map(|l| format!("{} / {}", l.found, l.reason))
                .collect::<Vec<_>>(),
        )
    };
    let (kg, source, notes) = with("MEA+AAE+G+TNE:24.5'", "45G1");
    assert_eq!(
        (kg.as_str(), source.as_str(), notes.len()),
        ("20500.000", "gross less tare of the type", 1)
    );
    let (kg, source, _) = with("MEA+AAE+AAL+KGM:19000'MEA+AAE+VGM+KGM:24120'", "45G1");
    assert_eq!((kg.as_str(), source.as_str()), ("19000.000", "goods"));
    let (kg, _, notes) = with("MEA+AAE+G+KGM:24120'", "9999");
    assert!(
        kg.is_empty() && notes[0].contains("without a tare"),
        "{notes:?}"
    );
    let (kg, _, notes) = with("MEA+AAE+G+KGM:3000'", "45G1");
    assert!(
        kg.is_empty() && notes[0].contains("not above the tare of 4000 kg"),
        "{notes:?}"
    );
    let (kg, _, notes) = with("MEA+AAE+G+XXX:3000'", "45G1");
    assert!(
        kg.is_empty() && notes[0].contains("G 3000 XXX / expected one of the units"),
        "{notes:?}"
    );
    let (kg, source, _) = with(
        "DGS+IMD+3+1993'MEA+AAE+G+KGM:900'MEA+AAE+AAL+KGM:800'",
        "45G1",
    );
    assert_eq!((kg.as_str(), source.as_str()), ("", ""));
}

/// Gross masses of two messages that differ: the first counts, the other is listed.
#[test]
fn a_mass_that_does_not_count_is_listed() {
    let mut messages = voyage();
    messages[5].1 = messages[5].1.replace("24500", "24700");
    messages[2].1 = messages[2]
        .1
        .replace("MEA+AAE+VGM+KGM:24120'MEA+AAE+T+KGM:3900'", "");
    let report = convert(&[&interchange("T", &messages)]);
    assert_eq!(rows(&report)[4], WANTED[4].replace("20220", "20500"));
    assert_eq!(
        reasons(&report),
        [
            "mass segment 48 EQD 24500 kg / no tare is stated: counted less that of the type, 4000 kg",
            "mass segment 60 EQD 24700 kg / another message says 24500 kg, which counts"
        ]
    );
    assert_eq!((report.events, report.used), (6, 6));
}

#[test]
fn empty_boxes_and_whose_they_are() {
    let empty = |supplier: &str, references: &str| {
        let of = |(kind, body): (&'static str, String)| {
            let body = body.replace("45G1:102:5++2+5'", &format!("45G1:102:5+{supplier}+2+4'"));
            (
                kind,
                body.replace("RFF+BN:BK1'", references)
                    .replace("RFF+BM:BL1'", ""),
            )
        };
        let messages: Vec<_> = voyage().into_iter().map(of).collect();
        convert(&[&interchange("T", &messages)])
    };
    let report = empty("2", "");
    assert_eq!(report.records.len(), 0);
    assert!(
        report
            .left_out
            .iter()
            .all(|l| l.outcome == Outcome::Ignored),
        "{:?}",
        reasons(&report)
    );
    let report = empty("1", "");
    assert!(
        report
            .left_out
            .iter()
            .all(|l| l.outcome == Outcome::Unpaired),
        "the shipper's own"
    );
    let report = empty("2", "RFF+BN:BK1'");
    assert_eq!(
        rows(&report)[2],
        "sea CNQZH-SGSIN 04T08:00 11T08:00 empty 3900.000"
    );
}
