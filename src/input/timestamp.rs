//! Timestamps: RFC 3339 first, then the patterns of `[formats]`, local times through a time zone.
//!
//! A local time that does not exist, or exists twice, is no timestamp (docs/formats.md, R004). Nothing here reads a clock.

use crate::model::time::{DAY_US, INSTANT_RANGE, Instant, civil, day, day_of};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

const HOUR_US: i64 = 3_600_000_000;

/// An instant within the years that a record may name.
pub fn in_range(at: i64) -> Option<Instant> {
    (INSTANT_RANGE.0..INSTANT_RANGE.1)
        .contains(&at)
        .then_some(at)
}

/// RFC 3339 with zone: `T`, `t` or a space between date and time, up to 9 fraction digits cut to microseconds, no
/// second 60.
pub fn parse_rfc3339(text: &[u8]) -> Option<Instant> {
    // 2024-03-05T08:00:00Z is the shortest form.
    let (head, rest) = text.split_first_chunk::<19>()?;
    let mut wrong = 0u8;
    let mut two = |i: usize| {
        let (a, b) = (head[i].wrapping_sub(b'0'), head[i + 1].wrapping_sub(b'0'));
        wrong |= (a > 9) as u8 | (b > 9) as u8;
        (a.wrapping_mul(10).wrapping_add(b)) as u32
    };
    let (century, year, month, dom) = (two(0), two(2), two(5), two(8));
    let (hour, minute, second) = (two(11), two(14), two(17));
    let marks = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b't' | b' ')
        && head[13] == b':'
        && head[16] == b':';
    if wrong != 0 || !marks || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (micros, zone) = match rest {
        [b'.', tail @ ..] => fraction(tail)?,
        _ => (0, rest),
    };
    let offset_minutes = match zone {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), a, b, b':', c, d]
            if [a, b, c, d].iter().all(|x| x.is_ascii_digit()) =>
        {
            let (h, m) = (
                (a - b'0') as i64 * 10 + (b - b'0') as i64,
                (c - b'0') as i64 * 10 + (d - b'0') as i64,
            );
            if h > 23 || m > 59 {
                return None;
            }
            if *sign == b'-' {
                -(h * 60 + m)
            } else {
                h * 60 + m
            }
        }
        _ => return None,
    };
    let date = day((century * 100 + year) as i32, month, dom)?;
    let seconds = hour as i64 * 3600 + minute as i64 * 60 + second as i64 - offset_minutes * 60;
    in_range(date as i64 * DAY_US + seconds * 1_000_000 + micros)
}

/// Up to nine fraction digits as microseconds, and what follows them.
fn fraction(tail: &[u8]) -> Option<(i64, &[u8])> {
    let digits = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let padded = tail[..digits]
        .iter()
        .copied()
        .chain(std::iter::repeat(b'0'))
        .take(6);
    let micros = padded.fold(0, |micros, digit| micros * 10 + (digit - b'0') as i64);
    Some((micros, &tail[digits..]))
}

/// How texts of one column are read after RFC 3339.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// strftime patterns in order; the first that parses decides.
    pub patterns: Vec<String>,
    /// Zone of patterns without one.
    pub zone: Option<TimeZone>,
}

impl Patterns {
    /// A timestamp in text.
    pub fn parse(&self, text: &str) -> Option<Instant> {
        if let Some(at) = parse_rfc3339(text.as_bytes()) {
            return Some(at);
        }
        let parsed = self
            .patterns
            .iter()
            .find_map(|p| BrokenDownTime::parse(p, text).ok().map(|time| (p, time)));
        let (pattern, time) = parsed?;
        if is_leap_second(pattern, text, &time) {
            return None;
        }
        if time.timestamp().is_some() || time.iana_time_zone().is_some() {
            let micros = time.to_timestamp().ok()?.as_nanosecond().div_euclid(1000);
            return in_range(i64::try_from(micros).ok()?);
        }
        let local = time.to_datetime().ok()?;
        match time.offset() {
            Some(offset) => in_range(micros(local)? - offset.seconds() as i64 * 1_000_000),
            // Without a zone in the text, the pattern or `[formats]`: UTC, as for a Parquet timestamp.
            None => in_range(
                micros(local)?
                    - self
                        .zone
                        .as_ref()
                        .map_or(Some(0), |zone| offset_us(zone, local))?,
            ),
        }
    }
}

/// A civil time as microseconds, as if it were UTC. (The library's own instants end a day before year 10000 does.)
fn micros(local: DateTime) -> Option<i64> {
    let date = day(
        local.year() as i32,
        local.month() as u32,
        local.day() as u32,
    )?;
    let seconds = local.hour() as i64 * 3600 + local.minute() as i64 * 60 + local.second() as i64;
    Some(date as i64 * DAY_US + seconds * 1_000_000 + local.subsec_nanosecond() as i64 / 1000)
}

/// The offset of a zone at a local time that exists once.
fn offset_us(zone: &TimeZone, local: DateTime) -> Option<i64> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => Some(offset.seconds() as i64 * 1_000_000),
        AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => None,
    }
}

/// Whether the seconds of the text were 60: the library reads them as 59, docs/formats.md refuses them.
fn is_leap_second(pattern: &str, text: &str, time: &BrokenDownTime) -> bool {
    if time.second() != Some(59) {
        return false;
    }
    let same = |other: &BrokenDownTime| {
        other.to_datetime().ok() == time.to_datetime().ok()
            && other.offset() == time.offset()
            && other.timestamp() == time.timestamp()
    };
    // If writing 59 in place of one 60 gives the same time, that 60 was the seconds.
    text.match_indices("60").any(|(at, _)| {
        let other = format!("{}59{}", &text[..at], &text[at + 2..]);
        BrokenDownTime::parse(pattern, &other).is_ok_and(|t| same(&t))
    })
}

/// Local microseconds (as if in UTC) to instants, one after the other; remembers the offset in force, because a zone
/// lookup for every row of a large file costs more than reading the row.
pub struct LocalTimes<'a> {
    zone: Option<&'a TimeZone>,
    // Local times in `from..to` have this offset and are neither skipped nor repeated.
    from: i64,
    to: i64,
    offset_us: i64,
}

impl<'a> LocalTimes<'a> {
    /// Times of a zone; `None`: UTC.
    pub fn new(zone: Option<&'a TimeZone>) -> LocalTimes<'a> {
        LocalTimes {
            zone,
            from: 0,
            to: 0,
            offset_us: 0,
        }
    }

    /// The instant of a local time, or `None` when it does not exist, exists twice or is out of range.
    pub fn instant(&mut self, local: i64) -> Option<Instant> {
        let Some(zone) = self.zone else {
            return in_range(local);
        };
        if !(self.from..self.to).contains(&local) {
            let offset = offset_us(zone, civil_time(in_range(local)?)?)?;
            if let Ok(at) = Timestamp::from_microsecond(local - offset) {
                self.remember(zone, at, offset);
            }
            return in_range(local - offset);
        }
        in_range(local - self.offset_us)
    }

    fn remember(&mut self, zone: &TimeZone, at: Timestamp, offset: i64) {
        // No transition shifts the clock by more than a day and a bit: that far from one, nothing is skipped or repeated.
        let guard = 27 * HOUR_US;
        self.offset_us = offset;
        let before = zone
            .preceding(at)
            .next()
            .map_or(INSTANT_RANGE.0, |t| t.timestamp().as_microsecond());
        let after = zone
            .following(at)
            .next()
            .map_or(INSTANT_RANGE.1, |t| t.timestamp().as_microsecond());
        self.from = before.saturating_add(self.offset_us + guard);
        self.to = after.saturating_add(self.offset_us - guard);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the caller asked for years 1 to 9999; the rest is a time of day"
)]
fn civil_time(local: i64) -> Option<DateTime> {
    let (year, month, dom) = civil(day_of(local));
    let us = local.rem_euclid(DAY_US);
    let (s, ns) = (us / 1_000_000, us % 1_000_000 * 1000);
    DateTime::new(
        year as i16,
        month as i8,
        dom as i8,
        (s / 3600) as i8,
        (s / 60 % 60) as i8,
        (s % 60) as i8,
        ns as i32,
    )
    .ok()
}

#[cfg(test)]
mod tests {
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
    fn patterns_in_a_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let patterns = Patterns {
            patterns: vec!["%d.%m.%Y %H:%M:%S".into(), "%d-%b-%y".into()],
            zone: Some(zone),
        };
        let read = |text: &str| patterns.parse(text).map(instant_text);
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
            without.parse("05-Mar-24").map(instant_text).as_deref(),
            Some("2024-03-05T00:00:00Z")
        );
        let offset = Patterns {
            patterns: vec!["%Y/%m/%d %H:%M%z".into()],
            zone: None,
        };
        assert_eq!(
            offset
                .parse("2024/03/05 08:00+0800")
                .map(instant_text)
                .as_deref(),
            Some("2024-03-05T00:00:00Z")
        );
    }

    #[test]
    fn remembered_offsets_equal_looked_up_ones() {
        for name in [
            "Europe/Berlin",
            "Asia/Shanghai",
            "America/St_Johns",
            "Pacific/Apia",
        ] {
            let zone = TimeZone::get(name).unwrap();
            let mut times = LocalTimes::new(Some(&zone));
            let mut at = -2_000_000_000_000_000;
            while at < 3_000_000_000_000_000 {
                let alone = LocalTimes::new(Some(&zone)).instant(at);
                assert_eq!(times.instant(at), alone, "{name} {}", instant_text(at));
                at += 31 * HOUR_US + 1_234_567;
            }
        }
    }
}
