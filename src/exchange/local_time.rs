//! Times of partners: RFC 3339 and what comes close to it, and local times through a zone.

use crate::input::timestamp::{LocalTimes, parse_rfc3339};
use crate::model::id::LocationCode;
use crate::model::time::Instant;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Zones of times without an offset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zones {
    /// By UN/LOCODE or country.
    pub by_place: BTreeMap<String, TimeZone>,
    /// Everywhere else.
    pub other: Option<TimeZone>,
}

impl Zones {
    /// The zone of a place.
    fn of(&self, place: Option<LocationCode>) -> Option<&TimeZone> {
        let code = place.map(|place| place.to_string()).unwrap_or_default();
        let by_place = self.by_place.get(&code);
        by_place
            .or_else(|| self.by_place.get(code.get(..2)?))
            .or(self.other.as_ref())
    }
}

/// What was wanted of a time.
pub(crate) const WANTED: &str = "a date and time with offset, RFC 3339, or without one and --zone";

/// A time, and its text as RFC 3339. Seconds may lack; the offset may be `Z`, `+08:00`, `+0800`, `+08` or, with a zone, none.
pub(crate) fn read(
    text: &str,
    place: Option<LocationCode>,
    zones: &Zones,
) -> Option<(Instant, String)> {
    if let Some(at) = parse_rfc3339(text.as_bytes()) {
        return Some((at, text.to_owned()));
    }
    let (date, clock) = text.split_once(['T', 't', ' '])?;
    let clock = clock.trim();
    let (clock, offset) = match clock.find(['Z', 'z', '+', '-']) {
        Some(at) => (clock[..at].trim_end(), &clock[at..]),
        None => (clock, ""),
    };
    let clock = if clock.len() == 5 {
        format!("{clock}:00")
    } else {
        clock.to_owned()
    };
    let digits: String = offset.chars().filter(|c| *c != ':').collect();
    let offset = match (offset, digits.len()) {
        ("", _) => return local(date, &clock, zones.of(place)?),
        ("Z" | "z", _) => "Z".to_owned(),
        (_, 3) => format!("{digits}:00"),
        (_, 5) => format!("{}:{}", &digits[..3], &digits[3..]),
        _ => return None,
    };
    let text = format!("{date}T{clock}{offset}");
    Some((parse_rfc3339(text.as_bytes())?, text))
}

/// A local time that exists once in its zone.
fn local(date: &str, clock: &str, zone: &TimeZone) -> Option<(Instant, String)> {
    let as_utc = parse_rfc3339(format!("{date}T{clock}Z").as_bytes())?;
    let at = LocalTimes::new(Some(zone)).instant(as_utc)?;
    let minutes = (as_utc - at) / 60_000_000;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    Some((at, format!("{date}T{clock}{sign}{hours:02}:{minutes:02}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_of_every_spelling_and_local_times_that_exist_once() {
        let at = |text: &str, zone: Option<&str>| {
            let other = zone.map(|name| TimeZone::get(name).unwrap());
            let zones = Zones {
                other,
                ..Zones::default()
            };
            read(text, None, &zones).map(|(at, text)| {
                assert_eq!(parse_rfc3339(text.as_bytes()), Some(at), "{text}");
                text
            })
        };
        for (text, wanted) in [
            ("2025-03-05T00:00:00+0800", "2025-03-05T00:00:00+08:00"),
            ("2025-03-05T00:00:00+08", "2025-03-05T00:00:00+08:00"),
            ("2025-03-05 00:00 +08:00", "2025-03-05T00:00:00+08:00"),
            ("2025-03-05T00:00Z", "2025-03-05T00:00:00Z"),
            ("2025-03-05T00:00:00.5-0330", "2025-03-05T00:00:00.5-03:30"),
        ] {
            assert_eq!(at(text, None).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(at("2025-03-05T00:00:00", None), None);
        let zoned = at("2025-07-05T00:00:00", Some("Europe/Berlin"));
        assert_eq!(zoned.as_deref(), Some("2025-07-05T00:00:00+02:00"));
        assert_eq!(
            at("2025-03-30T02:30:00", Some("Europe/Berlin")),
            None,
            "a gap"
        );
        assert_eq!(
            at("2025-10-26T02:30:00", Some("Europe/Berlin")),
            None,
            "twice"
        );
        assert_eq!(at("2025-03-05T00:00:00+080", None), None);
        assert_eq!(at("yesterday", None), None);
        let by_place = BTreeMap::from([
            ("SG".to_owned(), TimeZone::get("Asia/Singapore").unwrap()),
            ("SGJUR".to_owned(), TimeZone::UTC),
        ]);
        let zones = Zones {
            by_place,
            other: None,
        };
        let of = |code: &str| {
            read(
                "2025-03-05T00:00",
                LocationCode::parse(code.as_bytes()),
                &zones,
            )
        };
        assert!(of("SGSIN").unwrap().1.ends_with("+08:00"));
        assert!(of("SGJUR").unwrap().1.ends_with("+00:00"));
        assert_eq!(of("MYPKG"), None);
    }
}
