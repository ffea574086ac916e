//! Timestamps: RFC 3339 first, then the patterns of `[formats]`, local times through a time zone.
//!
//! A local time that does not exist, or exists twice, is no timestamp (docs/formats.md, R004). Nothing here reads a clock.

mod contradiction;
mod excel;

use super::number::Marks;
use crate::model::time::{DAY_US, INSTANT_RANGE, Instant, civil, day, day_of};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

pub(crate) use contradiction::contradiction;
pub(super) use excel::DateSystem;

const HOUR_US: i64 = 3_600_000_000;

/// An instant within the years that a record may name.
pub(crate) fn in_range(at: i64) -> Option<Instant> {
    (INSTANT_RANGE.0..INSTANT_RANGE.1)
        .contains(&at)
        .then_some(at)
}

/// RFC 3339 with zone: `T`, `t` or a space between date and time, up to 9 fraction digits cut to microseconds, no
/// second 60.
pub(crate) fn parse_rfc3339(text: &[u8]) -> Option<Instant> {
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
        [sign @ (b'+' | b'-'), a, b, b':', c, d] => offset_minutes(*sign, [*a, *b, *c, *d])?,
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

/// Whether this word stands for the dates of a spreadsheet instead of a strftime pattern.
pub(crate) fn is_excel(pattern: &str) -> bool {
    DateSystem::of(pattern).is_some()
}

/// What a pattern makes of texts, local times as if they were UTC; the empty pattern stands for RFC 3339. For whoever looks for the patterns
/// of an export.
pub(crate) fn reader(pattern: &str) -> impl Fn(&str) -> Option<Instant> + use<> {
    let patterns = (!pattern.is_empty()).then(|| Patterns::new(&[pattern], None));
    move |text| match &patterns {
        Some(patterns) => patterns.parse_written(text, Marks::POINT),
        None => parse_rfc3339(text.as_bytes()),
    }
}

/// How texts of one column are read after RFC 3339.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns {
    /// In order; the first that parses decides.
    patterns: Vec<Pattern>,
    /// Zone of patterns without one.
    pub zone: Option<TimeZone>,
}

impl Patterns {
    /// strftime patterns in order, and the zone of those that name none.
    pub(crate) fn new<S: AsRef<str>>(patterns: &[S], zone: Option<TimeZone>) -> Patterns {
        Patterns {
            patterns: patterns.iter().map(|p| Pattern::new(p.as_ref())).collect(),
            zone,
        }
    }

    /// The patterns as written.
    pub(crate) fn written(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|p| p.written.as_str())
    }

    /// A timestamp in text; a number of days has these marks.
    pub(crate) fn parse(&self, text: &str, marks: Marks) -> Option<Instant> {
        parse_rfc3339(text.as_bytes()).or_else(|| self.parse_written(text, marks))
    }

    /// The same without RFC 3339.
    fn parse_written(&self, text: &str, marks: Marks) -> Option<Instant> {
        let zone = self.zone.as_ref();
        let read = |pattern: &Pattern| match pattern.excel {
            Some(system) => {
                let local = system.local_us(text, marks)?;
                Some(LocalTimes::new(zone).instant(local))
            }
            None => Some(pattern.parse(text)?.and_then(|read| instant(&read, zone))),
        };
        self.patterns.iter().find_map(read)?
    }
}

/// What was read by a strftime pattern as an instant.
fn instant((time, offset_seconds): &Read, zone: Option<&TimeZone>) -> Option<Instant> {
    if let Some(at) = time.timestamp() {
        let micros = at.as_nanosecond().div_euclid(1000);
        return in_range(i64::try_from(micros).ok()?);
    }
    let local = time.to_datetime().ok()?;
    let offset = match (offset_seconds, time.iana_time_zone()) {
        (Some(seconds), _) => seconds * 1_000_000,
        (None, Some(name)) => offset_us(&TimeZone::get(name).ok()?, local)?,
        // Without a zone in the text, the pattern or `[formats]`: UTC, as for a Parquet timestamp.
        (None, None) => match zone {
            Some(zone) => offset_us(zone, local)?,
            None => 0,
        },
    };
    in_range(micros(local)? - offset)
}

/// A time as far as its text says it, and its offset in seconds.
type Read = (BrokenDownTime, Option<i64>);

/// A strftime pattern. The library reads `%z` without a colon only, and seconds behind it; exports write `+0800`, `+08:00`
/// and `Z` side by side. So `%z` is read here, and the library sees a mark in its place.
#[derive(Clone, Debug)]
struct Pattern {
    written: String,
    /// With [`OFFSET_MARK`] for `%z`.
    marked: Option<String>,
    /// Not strftime, but days as a spreadsheet counts them.
    excel: Option<DateSystem>,
}

/// Stands for an offset; no timestamp holds a control character.
const OFFSET_MARK: char = '\u{1}';

impl Pattern {
    fn new(written: &str) -> Pattern {
        let mut rest = written;
        let mut marked = None;
        while let Some(at) = rest.find('%') {
            let directive = &rest[at + 1..];
            if let Some(behind) = directive.strip_prefix('z') {
                let before = &written[..written.len() - directive.len() - 1];
                marked = Some(format!("{before}{OFFSET_MARK}{behind}"));
                break;
            }
            // The second of two per cent signs begins no directive.
            let skipped = directive.chars().next().map_or(0, char::len_utf8);
            rest = &directive[skipped..];
        }
        Pattern {
            written: written.to_owned(),
            marked,
            excel: DateSystem::of(written),
        }
    }

    /// `None`: the text does not have this shape; `Some(None)`: it has, and is no time all the same.
    fn parse(&self, text: &str) -> Option<Option<Read>> {
        let Some(marked) = &self.marked else {
            let time = read(&self.written, text)?;
            if is_leap_second(&self.written, text, &time) {
                return Some(None);
            }
            let seconds = time.offset().map(|offset| offset.seconds() as i64);
            return Some(Some((time, seconds)));
        };
        if text.contains(OFFSET_MARK) {
            return None;
        }
        offsets(text).find_map(|(at, length, seconds)| {
            let text = format!("{}{OFFSET_MARK}{}", &text[..at], &text[at + length..]);
            let time = read(marked, &text)?;
            if is_leap_second(marked, &text, &time) {
                return Some(None);
            }
            Some(Some((time, Some(seconds))))
        })
    }
}

/// What a pattern of the library reads. It takes `25` for the year 25 where four digits are wanted; another pattern may well read that.
fn read(pattern: &str, text: &str) -> Option<BrokenDownTime> {
    let time = BrokenDownTime::parse(pattern, text).ok()?;
    time.year().is_none_or(|year| year >= 1000).then_some(time)
}

/// Everything in a text that could be an offset: place, length, seconds.
fn offsets(text: &str) -> impl Iterator<Item = (usize, usize, i64)> {
    let bytes = text.as_bytes();
    (0..bytes.len()).filter_map(move |at| {
        let (sign, length, [a, b, c, d]) = match bytes[at..] {
            [b'Z' | b'z', ..] => return Some((at, 1, 0)),
            [sign @ (b'+' | b'-'), a, b, b':', c, d, ..] => (sign, 6, [a, b, c, d]),
            [sign @ (b'+' | b'-'), a, b, c, d, ..] => (sign, 5, [a, b, c, d]),
            _ => return None,
        };
        let seconds = offset_minutes(sign, [a, b, c, d])? * 60;
        Some((at, length, seconds))
    })
}

/// Minutes of an offset up to 23:59 whose four digits these are.
fn offset_minutes(sign: u8, digits: [u8; 4]) -> Option<i64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let [a, b, c, d] = digits.map(|digit| (digit - b'0') as i64);
    let (hours, minutes) = (a * 10 + b, c * 10 + d);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let total = hours * 60 + minutes;
    Some(if sign == b'-' { -total } else { total })
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
pub(crate) struct LocalTimes<'a> {
    zone: Option<&'a TimeZone>,
    // Local times in `from..to` have this offset and are neither skipped nor repeated.
    from: i64,
    to: i64,
    offset_us: i64,
}

impl<'a> LocalTimes<'a> {
    /// Times of a zone; `None`: UTC.
    pub(crate) fn new(zone: Option<&'a TimeZone>) -> LocalTimes<'a> {
        LocalTimes {
            zone,
            from: 0,
            to: 0,
            offset_us: 0,
        }
    }

    /// The instant of a local time, or `None` when it does not exist, exists twice or is out of range.
    pub(crate) fn instant(&mut self, local: i64) -> Option<Instant> {
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
        // What precedes an instant does not include the instant itself, at which this offset may begin.
        let behind = Timestamp::from_microsecond(at.as_microsecond() + 1).unwrap_or(at);
        let before = zone
            .preceding(behind)
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
mod tests;
