//! Editions to the day, past the last edition, epochs.

use crate::factors::testkit::*;
use crate::factors::*;
use crate::model::mode::EnergyUnit;
use crate::model::time::{Day, parse_date};

fn parse_day(text: &str) -> Day {
    parse_date(text).unwrap()
}

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

const EARLIEST: &str = "before_first_edition = \"use_earliest\"";

#[test]
fn before_the_first_edition_its_earliest_figure_is_used_and_flagged() {
    let tables = || {
        vec![
            transport(
                "one/1",
                &[
                    "factor_id=a region=CN valid_from=2024-01-01 valid_to=2025-01-01",
                    "factor_id=g valid_from=2020-01-01",
                ],
            ),
            transport("one/2", &["factor_id=b region=CN valid_from=2025-01-01"]),
        ]
    };
    let stands_in = set(tables(), &[EARLIEST]);
    for (day, want) in [
        ("1999-12-31", "one/1:a 10/2 Q29"),
        ("2023-12-31", "one/1:a 10/2 Q29"),
        ("2024-01-01", "one/1:a 10/2"),
        ("2024-12-31", "one/1:a 10/2"),
        ("2025-01-01", "one/2:b 10/2"),
    ] {
        assert_eq!(
            ask(&stands_in, &format!("CNCKG CNQZH {day}")),
            want,
            "{day}"
        );
    }
    let validity = |day: &str| {
        let question = format!("CNCKG CNQZH {day}");
        stands_in.candidates(&query(&stands_in, &question))[0].rank[1]
            .1
            .clone()
    };
    assert_eq!(
        validity("2023-12-31"),
        "from 2024-01-01 to 2025-01-01; first of its series, so it stands in before"
    );
    assert_eq!(validity("2024-01-01"), "from 2024-01-01 to 2025-01-01");
    let waits = set(tables(), &[]);
    assert_eq!(ask(&waits, "CNCKG CNQZH 2023-12-31"), "one/1:g 10/2 Q05");
    assert_eq!(ask(&waits, "CNCKG CNQZH 1999-12-31"), "NotValid");
    assert_ne!(
        stands_in.epoch(parse_day("2023-12-31")),
        stands_in.epoch(parse_day("2024-01-01")),
        "the flag ends within the time of one factor"
    );
}

#[test]
fn what_stands_in_before_its_time_keeps_its_place_among_sources() {
    let tables = vec![
        transport("one/1", &["factor_id=good valid_from=2025-01-01"]),
        transport(
            "two/1",
            &[
                "factor_id=worse valid_from=2020-01-01",
                "factor_id=narrow region=CN valid_from=2020-01-01",
            ],
        ),
    ];
    let set = set(tables, &[EARLIEST]);
    assert_eq!(
        ask(&set, "SGSIN USLAX 2022-01-01"),
        "one/1:good 10/2 Q05|Q29"
    );
    assert_eq!(ask(&set, "CNCKG CNQZH 2022-01-01"), "two/1:narrow 10/2");
}

#[test]
fn an_edition_that_begins_later_than_another_of_its_source_waits() {
    let tables = vec![
        transport(
            "one/1",
            &["factor_id=a valid_from=2023-01-01 valid_to=2024-01-01"],
        ),
        transport("one/2", &["factor_id=a valid_from=2025-01-01"]),
    ];
    let (set, faults) = build(tables, &[EARLIEST]);
    assert_eq!(places(&faults), ["one/2/transport.csv:2 valid_from"]);
    assert_eq!(ask(&set, "SGSIN USLAX 2022-01-01"), "one/1:a 10/2 Q05|Q29");
    assert_eq!(
        ask(&set, "SGSIN USLAX 2024-06-01"),
        "one/1:a 10/2 Q05|Q17",
        "in a gap the ended edition is used"
    );
}

#[test]
fn composed_factors_and_energy_rows_stand_in_too() {
    let tables = vec![
        transport(
            "one/1",
            &[
                "factor_id=train operation=rail.electric energy_carrier=electricity energy_quantity=0.02 energy_unit=kWh valid_from=2023-01-01",
            ],
        ),
        energy(
            "two/1",
            &[
                "energy_id=e24 region=CN valid_from=2024-01-01 valid_to=2025-01-01",
                "energy_id=e25 region=CN valid_from=2025-01-01 provision_g=400",
            ],
        ),
    ];
    let set = set(tables, &[EARLIEST]);
    let answer = |day| ask(&set, &format!("CNCKG CNQZH {day} op:rail.electric"));
    assert_eq!(answer("2022-06-01"), "one/1:train@two/1:e24 0/10 Q05|Q29");
    assert_eq!(answer("2023-12-31"), "one/1:train@two/1:e24 0/10 Q05|Q29");
    assert_eq!(answer("2024-01-01"), "one/1:train@two/1:e24 0/10 Q05");
    assert_eq!(answer("2025-01-01"), "one/1:train@two/1:e25 0/8 Q05");
    let energy = |day| {
        ask_energy(
            &set,
            "electricity",
            EnergyUnit::KWh,
            &format!("CNCKG CNQZH {day}"),
        )
    };
    assert_eq!(energy("2023-12-31").as_deref(), Some("two/1:e24 1/1 Q29"));
    assert_eq!(energy("2024-01-01").as_deref(), Some("two/1:e24 1/1"));
}

#[test]
fn validity_may_be_ignored_without_a_flag() {
    let set = set(editions(), &["ignore_validity = true", EARLIEST]);
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
