//! Envelopes that do not agree, files that are cut, damaged or hostile.

use super::tests::*;
use crate::exchange::left_out::Outcome;

#[test]
fn envelopes_that_do_not_agree_are_refused() {
    for (from, to, wanted) in [
        (
            "UNZ+6+R1",
            "UNZ+7+R1",
            "7 messages / expected 6, as there are",
        ),
        (
            "UNZ+6+R1",
            "UNZ+6+R2",
            "reference R2 / expected R1, as at its beginning",
        ),
        ("UNZ+6+R1'", "", "the end / expected a segment that ends"),
        (
            "UNZ+6+R1'",
            "UNZ+6+R",
            "UNZ+6+R and the end / expected a segment that ends",
        ),
        (
            "UNOC:3",
            "UNOX:3",
            "UNOX / expected a syntax identifier of UNOA",
        ),
        (
            "UNZ+6+R1'",
            "UNB+UNOA:1+A+B+250101:0000+7'UNZ+0+7'",
            "UNB+UNOA:1+A+B+250101:0000+7 / expected UNZ",
        ),
    ] {
        let report = faulty(from, to);
        assert_eq!(rows(&report), Vec::<String>::new(), "{to}");
        let fault = reasons(&report)
            .into_iter()
            .find(|r| r.starts_with("malformed"))
            .unwrap();
        assert!(
            fault.contains(wanted) && fault.contains("segment "),
            "{fault}"
        );
        assert_eq!(report.used, 0);
        assert_eq!(report.idle.len(), 1, "{to}");
    }
}

#[test]
fn a_message_that_does_not_agree_is_refused_alone() {
    for (from, to, wanted) in [
        (
            "UNT+12+2'",
            "UNT+13+2'",
            "UNT 13 segments / expected 12, as there are",
        ),
        (
            "UNT+12+2'",
            "UNT+12+3'",
            "UNT reference 3 / expected 2, as at its beginning",
        ),
        (
            "CNT+16:1'UNT+12+2'",
            "CNT+16:2'UNT+12+2'",
            "CNT total 16 of 2 / expected 1 as the message has EQD segments",
        ),
        (
            "UNH+2+COARRI:D",
            "UNH+2+COARRI:1",
            "/ expected version D of the message",
        ),
        (
            "UNT+12+2'UNH+3",
            "UNH+3",
            "/ expected UNT of the message before",
        ),
        (
            "270+L1+9",
            "270+L1+8",
            "8 / expected a message function of 1, 2, 3",
        ),
    ] {
        let report = faulty(from, to);
        let faults: Vec<String> = reasons(&report)
            .into_iter()
            .filter(|r| r.starts_with("malformed"))
            .collect();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(wanted), "{faults:?}");
        assert_eq!(
            report.records.len(),
            3,
            "{to}: all but what the load is part of"
        );
        assert!(
            report.left_out.iter().any(|l| l.outcome == Outcome::Gap),
            "{to}"
        );
    }
}

#[test]
fn hostile_files_end_soon_and_are_told() {
    let good = interchange("T", &voyage());
    for (name, bytes) in [
        ("nothing", String::new()),
        ("blanks", " \r\n".repeat(1 << 20)),
        ("no segment", "A".repeat(1 << 22)),
        (
            "a long segment",
            good.replacen("EXAMPLE", &"x".repeat(1 << 22), 1),
        ),
        (
            "a million components",
            good.replacen("EXAMPLE", &":".repeat(1 << 20), 1),
        ),
        (
            "a million elements",
            good.replacen("EXAMPLE", &"+".repeat(1 << 20), 1),
        ),
        ("released to the end", "UNB?".repeat(1 << 20)),
        ("beginnings", "UNB+".repeat(1 << 20)),
        ("beginnings that end", "UNB+'".repeat(1 << 16)),
        ("advice", "UNA:+.? '".repeat(1 << 16)),
        ("headers", "UNH+1+COARRI:D'".repeat(1 << 16)),
        ("half a file", good[..good.len() / 2].to_owned()),
    ] {
        let report = convert(&[&bytes]);
        assert!(report.records.is_empty(), "{name}");
        assert_eq!(report.idle.len(), 1, "{name}");
        let blank = bytes.trim().is_empty();
        assert!(
            blank
                || report
                    .left_out
                    .iter()
                    .any(|l| l.outcome == Outcome::Malformed),
            "{name}"
        );
    }
    // The interchange behind a broken one is read.
    let cut = format!("{}\r\n{}", &good[..good.rfind("UNT").unwrap()], good);
    let report = convert(&[&cut]);
    assert_eq!(rows(&report), WANTED);
    assert!(
        report
            .left_out
            .iter()
            .any(|l| l.outcome == Outcome::Malformed)
    );
}

/// Every cut and every flipped byte of a file ends in counts that agree.
#[test]
fn cut_and_damaged_files_are_counted() {
    let good = interchange("T", &voyage());
    let bytes = good.as_bytes();
    for end in (0..bytes.len()).step_by(7) {
        let report = convert(&[&good[..end]]);
        assert!(report.records.is_empty(), "cut at {end}");
    }
    for at in (0..bytes.len()).step_by(5) {
        let mut damaged = bytes.to_vec();
        damaged[at] = b"'+:?X9\n"[at % 7];
        convert(&[&String::from_utf8(damaged).unwrap()]);
    }
}
