//! Editions to the day, past the last edition, epochs.

use crate::factors::testkit::*;
use crate::factors::*;

fn editions() -> Vec<DataFile> {
    vec![
        transport(
            "one/1",
            &["factor_id=a region=CN valid_from=2023-01-01 valid_to=2024-01-01"],
        ),
        transport(
            "one/2",
            &[
                "factor_id=a region=CN valid_from=2024-01-01 valid_to=2025-01-01",
                "factor_id=g valid_from=2020-01-01 valid_to=2023-06-01",
            ],
        ),
    ]
}

#[test]
fn editions_are_half_open_to_the_day() {
    let set = set(editions(), &["after_last_edition = \"reject\""]);
    for (day, want) in [
        ("2022-12-31", "one/2:g"),
        ("2023-01-01", "one/1:a"),
        ("2023-12-31", "one/1:a"),
        ("2024-01-01", "one/2:a"),
        ("2024-12-31", "one/2:a"),
        ("2025-01-01", "NotValid"),
        ("2019-12-31", "NotValid"),
    ] {
        assert_eq!(id(&set, &format!("CNCKG CNQZH {day}")), want, "{day}");
    }
}

#[test]
fn past_the_last_edition_the_latest_is_used_and_flagged() {
    let set = set(editions(), &[]);
    assert_eq!(
        ask(&set, "CNCKG CNQZH 2025-01-01"),
        "one/1:a 10/2 Q17",
        "source order comes before the later end"
    );
    assert_eq!(ask(&set, "CNCKG SGSIN 2024-01-01"), "one/2:g 10/2 Q05|Q17");
    assert_eq!(
        ask(&set, "CNCKG CNQZH 2019-01-01"),
        "NotValid",
        "a factor that has not begun is not past its edition"
    );
}

#[test]
fn among_ended_ones_of_a_source_the_later_end_wins_before_or_after_region_by_preference() {
    let rows = [
        "factor_id=cn region=CN valid_to=2023-03-01",
        "factor_id=home region=HOME valid_from=2023-03-01 valid_to=2023-09-01",
        "factor_id=asia region=ASIA valid_to=2024-01-01",
    ];
    let narrow = set(vec![transport("one/1", &rows)], &[]);
    assert_eq!(id(&narrow, "CNCKG CNQZH 2025-01-01"), "one/1:home");
    let source = set(vec![transport("one/1", &rows)], &["prefer = \"source\""]);
    assert_eq!(id(&source, "CNCKG CNQZH 2025-01-01"), "one/1:asia");
    assert_eq!(id(&source, "CNCKG CNQZH 2023-02-01"), "one/1:cn");
}

#[test]
fn validity_may_be_ignored_without_a_flag() {
    let set = set(editions(), &["ignore_validity = true"]);
    assert_eq!(ask(&set, "CNCKG CNQZH 1999-01-01"), "one/1:a 10/2");
    assert_eq!((set.epoch(0), set.epoch(30_000)), (0, 0));
}

#[test]
fn answers_are_alike_on_all_days_of_an_epoch() {
    let set = set(editions(), &[]);
    let day = |t| crate::model::time::parse_date(t).unwrap();
    let (first, last) = (day("2019-06-01"), day("2026-06-01"));
    let answer = |d| {
        ask(
            &set,
            &format!("CNCKG CNQZH {}", crate::model::time::date_text(d)),
        )
    };
    for d in first..last {
        if set.epoch(d) == set.epoch(d + 1) {
            assert_eq!(answer(d), answer(d + 1));
        }
    }
    assert_eq!(set.epoch(last) - set.epoch(first), 5);
}
