//! Texts that are timestamps and texts that are none; local times against the zone library.

use super::*;
use crate::model::time::instant_text;

fn read(text: &str) -> Option<String> {
    parse_rfc3339(text.as_bytes()).map(instant_text)
}

#[test]
fn rfc3339() {
    for (text, want) in [
        ("2024-03-05T08:00:00Z", "2024-03-05T08:00:00Z"),
        ("2024-03-05t08:00:00z", "2024-03-05T08:00:00Z"),
        ("2024-03-05 08:00:00+08:00", "2024-03-05T00:00:00Z"),
        (
            "2024-03-05T08:00:00.123456789-00:30",
            "2024-03-05T08:30:00.123456Z",
        ),
        ("2024-03-05T08:00:00.5Z", "2024-03-05T08:00:00.500000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        (
            "9999-12-31T23:59:59.999999999Z",
            "9999-12-31T23:59:59.999999Z",
        ),
        (
            "1969-12-31T23:59:59.9999999Z",
            "1969-12-31T23:59:59.999999Z",
        ),
    ] {
        assert_eq!(read(text).as_deref(), Some(want), "{text}");
    }
}

#[test]
fn other_texts_are_no_rfc3339() {
    for bad in [
        "",
        "2024-03-05",
        "2024-03-05T08:00:00",
        "2024-03-05T08:00Z",
        "2024-03-05T24:00:00Z",
        "2024-03-05T23:59:60Z",
        "2024-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2024-03-05T08:00:00.Z",
        "2024-03-05T08:00:00.1234567890Z",
        "2024-03-05T08:00:00,5Z",
        "2024-03-05T08:00:00+0800",
        "2024-03-05T08:00:00+24:00",
        "2024-03-05T08:00:00Z ",
        "2024-03-05T08:00:00ZZ",
        "2O24-03-05T08:00:00Z",
        "2024-03-05T08:00:00Zé",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

#[test]
fn a_year_of_two_digits_is_none_of_four() {
    let patterns = |written: &[&str]| Patterns::new(written, None);
    let read = |patterns: &Patterns| patterns.parse("05.03.25", Marks::POINT).map(instant_text);
    assert_eq!(read(&patterns(&["%d.%m.%Y"])), None);
    let both = patterns(&["%d.%m.%Y", "%d.%m.%y"]);
    assert_eq!(read(&both).as_deref(), Some("2025-03-05T00:00:00Z"));
}

#[test]
fn patterns_in_a_zone() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let patterns = Patterns::new(&["%d.%m.%Y %H:%M:%S", "%d-%b-%y"], Some(zone));
    let read = |text: &str| patterns.parse(text, Marks::POINT).map(instant_text);
    assert_eq!(
        read("05.03.2024 08:00:00").as_deref(),
        Some("2024-03-05T07:00:00Z")
    );
    assert_eq!(read("05-Mar-24").as_deref(), Some("2024-03-04T23:00:00Z"));
    assert_eq!(
        read("2024-03-05T08:00:00Z").as_deref(),
        Some("2024-03-05T08:00:00Z")
    );
    assert_eq!(read("31.03.2024 02:30:00"), None, "skipped by summer time");
    assert_eq!(read("27.10.2024 02:30:00"), None, "exists twice");
    assert_eq!(read("05.03.2024 08:00:60"), None, "leap second");
    assert_eq!(
        read("05.03.1960 08:00:59").as_deref(),
        Some("1960-03-05T07:00:59Z")
    );
    assert_eq!(read("01.01.0000 08:00:00"), None);
    assert_eq!(
        read("01.01.0001 00:00:00"),
        None,
        "in year 0 by then in UTC"
    );
    assert_eq!(
        read("31.12.9999 23:59:59").as_deref(),
        Some("9999-12-31T22:59:59Z")
    );
    let without = Patterns {
        zone: None,
        ..patterns.clone()
    };
    assert_eq!(
        without
            .parse("05-Mar-24", Marks::POINT)
            .map(instant_text)
            .as_deref(),
        Some("2024-03-05T00:00:00Z")
    );
}

#[test]
fn offsets_in_text() {
    let read = |pattern: &str, text: &str| {
        Patterns::new(&[pattern], TimeZone::get("Europe/Berlin").ok())
            .parse(text, Marks::POINT)
            .map(instant_text)
    };
    for (text, want) in [
        ("2024/03/05 08:00+0800", Some("2024-03-05T00:00:00Z")),
        ("2024/03/05 08:00+08:00", Some("2024-03-05T00:00:00Z")),
        ("2024/03/05 08:00Z", Some("2024-03-05T08:00:00Z")),
        ("2024/03/05 08:00z", Some("2024-03-05T08:00:00Z")),
        ("2024/03/05 08:00-0030", Some("2024-03-05T08:30:00Z")),
        ("2024/03/05 08:00-23:59", Some("2024-03-06T07:59:00Z")),
        ("2024/03/05 08:00+080000", None),
        ("2024/03/05 08:00+08:00:00", None),
        ("2024/03/05 08:00+08", None),
        ("2024/03/05 08:00+24:00", None),
        ("2024/03/05 08:00+0060", None),
        ("2024/03/05 08:00", None),
        ("2024/03/05 08:00\u{1}", None),
        ("2024/03/05 08:00ZZ", None),
    ] {
        assert_eq!(read("%Y/%m/%d %H:%M%z", text).as_deref(), want, "{text}");
    }
    for (pattern, text, want) in [
        ("%d-%m-%Y%z", "05-03-2024-01:30", "2024-03-05T01:30:00Z"),
        ("%z %Y-%m-%d", "-1000 2024-03-05", "2024-03-05T10:00:00Z"),
        ("[%z] %d %b %Y", "[Z] 05 Mar 2024", "2024-03-05T00:00:00Z"),
        ("%d%%z%m %Y %z", "05%z03 2024 +0100", "2024-03-04T23:00:00Z"),
        (
            "%Y/%m/%d %Q",
            "2024/07/05 Asia/Tokyo",
            "2024-07-04T15:00:00Z",
        ),
        ("%Y/%m/%d %:z", "2024/07/05 +09:00", "2024-07-04T15:00:00Z"),
        ("%s", "1709596800", "2024-03-05T00:00:00Z"),
    ] {
        assert_eq!(read(pattern, text).as_deref(), Some(want), "{pattern}");
    }
    assert_eq!(read("%H:%M:%S%z %Y%m%d", "10:00:60Z 20240305"), None);
    assert_eq!(read("%Y/%m/%d %Q", "2024/07/05 Mars/Base"), None);
}

#[test]
fn a_pattern_without_a_time_is_midnight_where_there_is_one() {
    let read = |zone: &str, text: &str| {
        Patterns::new(&["%Y/%m/%d"], TimeZone::get(zone).ok())
            .parse(text, Marks::POINT)
            .map(instant_text)
    };
    let midnight = read("America/Sao_Paulo", "2018/11/03");
    assert_eq!(midnight.as_deref(), Some("2018-11-03T03:00:00Z"));
    assert_eq!(read("America/Sao_Paulo", "2018/11/04"), None, "skipped");
}

/// Forty zones: both hemispheres, half and quarter hours, days left out, no summer time, summer time below winter time.
const ZONES: [&str; 40] = [
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Europe/Kyiv",
    "Europe/Volgograd",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Asia/Gaza",
    "Asia/Dhaka",
    "Asia/Manila",
    "Asia/Pyongyang",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Africa/Juba",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Caracas",
    "America/Nuuk",
    "America/Havana",
    "Antarctica/Troll",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "Pacific/Chatham",
    "UTC",
];

/// Local times around every transition up to the year 2040, before, at and after it by either clock, and as far from it
/// as what is remembered reaches.
fn around_transitions(zone: &TimeZone) -> Vec<i64> {
    let end: Timestamp = "2040-01-01T00:00:00Z".parse().unwrap();
    let mut times = vec![0, INSTANT_RANGE.0, INSTANT_RANGE.1 - 1];
    let transitions = zone.following(Timestamp::MIN);
    for change in transitions.take_while(|t| t.timestamp() < end) {
        let at = change.timestamp();
        let before = at.checked_sub(jiff::Span::new().nanoseconds(1)).unwrap();
        for offset in [zone.to_offset(before), change.offset()] {
            let local = at.as_microsecond() + offset.seconds() as i64 * 1_000_000;
            for apart in [0, 1, 1_000_000, HOUR_US, 27 * HOUR_US, 70 * DAY_US] {
                times.extend(
                    [-apart - 1, -apart, -apart + 1, apart - 1, apart, apart + 1]
                        .map(|apart| local + apart),
                );
            }
        }
    }
    times
}

/// What the zone library says of a local time, without a memory.
fn looked_up(zone: &TimeZone, local: i64) -> Option<Instant> {
    let found = zone.to_ambiguous_timestamp(civil_time(in_range(local)?)?);
    let AmbiguousOffset::Unambiguous { offset } = found.offset() else {
        return None;
    };
    in_range(local - offset.seconds() as i64 * 1_000_000)
}

#[test]
fn remembered_offsets_are_those_of_the_zone_in_any_order() {
    let mut seed = 7u64;
    for name in ZONES {
        let zone = TimeZone::get(name).unwrap();
        let mut locals = around_transitions(&zone);
        let check = |locals: &[i64], order: &str| {
            let mut times = LocalTimes::new(Some(&zone));
            for &local in locals {
                let found = times.instant(local);
                assert_eq!(found, looked_up(&zone, local), "{name} {local} {order}");
            }
        };
        locals.sort_unstable();
        check(&locals, "ascending");
        locals.reverse();
        check(&locals, "descending");
        for _ in 0..4 {
            for i in (1..locals.len()).rev() {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                locals.swap(i, (seed >> 33) as usize % (i + 1));
            }
            check(&locals, "shuffled");
        }
    }
}

/// A row at the very instant of a change, then a winter's night of the year before: an hour decides about the year.
#[test]
fn the_first_instant_of_summer_time_says_nothing_of_the_winter_before() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let mut times = LocalTimes::new(Some(&zone));
    let local = |text: &str| parse_rfc3339(text.as_bytes()).unwrap();
    let first = times.instant(local("2026-03-29T03:00:00Z"));
    assert_eq!(
        first.map(instant_text).as_deref(),
        Some("2026-03-29T01:00:00Z")
    );
    let winter = times.instant(local("2026-01-01T01:30:00Z"));
    assert_eq!(
        winter.map(instant_text).as_deref(),
        Some("2026-01-01T00:30:00Z")
    );
}
