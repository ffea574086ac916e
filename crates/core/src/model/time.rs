//! Instants in UTC microseconds and calendar days; the little calendar arithmetic the core needs.

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Instant = i64;

/// Stands for an absent instant in a column.
pub const NO_INSTANT: Instant = i64::MIN;

/// Stands for an instant that was given but could not be read; no record can have it.
pub const UNREADABLE_INSTANT: Instant = i64::MIN + 1;

/// Days since 1970-01-01.
pub type Day = i32;

/// Start of an interval that has no start.
pub const NO_START: Day = i32::MIN;

/// End of an interval that has no end.
pub const NO_END: Day = i32::MAX;

/// Microseconds in a day.
pub const DAY_US: i64 = 86_400_000_000;

/// First instant of year 1 and first instant after year 9999: what a timestamp may hold.
pub const INSTANT_RANGE: (Instant, Instant) = (-62_135_596_800_000_000, 253_402_300_800_000_000);

/// The UTC day of an instant.
#[expect(
    clippy::cast_possible_truncation,
    reason = "64 bits of microseconds are 107 million days"
)]
pub const fn day_of(at: Instant) -> Day {
    at.div_euclid(DAY_US) as Day
}

/// Civil date of a day (proleptic Gregorian).
///
/// ```
/// use green_corridor_core::model::time::{civil, day};
/// assert_eq!(civil(0), (1970, 1, 1));
/// assert_eq!(day(2024, 2, 29).map(civil), Some((2024, 2, 29)));
/// ```
#[expect(
    clippy::cast_possible_truncation,
    reason = "a day of 32 bits lies in a year below 6 million; months and days are what they are"
)]
pub const fn civil(day: Day) -> (i32, u32, u32) {
    // Days are counted from 0000-03-01 in 400-year eras, so that the leap day is the last of its year.
    let z = day as i64 + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let m = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    let y = yoe + era * 400 + (m <= 2) as i64;
    (y as i32, m, d)
}

/// The day of a civil date, or `None` when there is no such date (years 1 to 9999).
#[expect(
    clippy::cast_possible_truncation,
    reason = "years 1 to 9999 are below 4 million days"
)]
pub const fn day(year: i32, month: u32, day: u32) -> Option<Day> {
    if year < 1
        || year > 9999
        || month < 1
        || month > 12
        || day < 1
        || day > days_in_month(year, month)
    {
        return None;
    }
    let y = year as i64 - (month <= 2) as i64;
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (month as i64 + 9) % 12;
    let doy = (153 * mp + 2) / 5 + day as i64 - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    Some((era * 146_097 + doe - 719_468) as Day)
}

/// Days in a month of a proleptic Gregorian year.
pub const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// First day of the month of a day.
pub const fn month_start(day: Day) -> Day {
    day - civil(day).2 as Day + 1
}

/// The same day of the month so many months later, or the last one of that month; the end of time where there is none.
///
/// ```
/// use green_corridor_core::model::time::{date_text, months_after, parse_date};
/// let after = |text: &str, months| date_text(months_after(parse_date(text).unwrap(), months));
/// assert_eq!((after("2025-01-01", 36), after("2024-02-29", 12)), ("2028-01-01".into(), "2025-02-28".into()));
/// ```
pub fn months_after(from: Day, months: u32) -> Day {
    let (year, month, date) = civil(from);
    let ahead = i64::from(months) + i64::from(month) - 1;
    let later = i32::try_from(ahead / 12)
        .ok()
        .and_then(|years| year.checked_add(years));
    let month = u32::try_from(ahead % 12 + 1).unwrap_or(1);
    later
        .and_then(|year| self::day(year, month, date.min(days_in_month(year, month))))
        .unwrap_or(NO_END)
}

/// `YYYY-MM-DD`.
pub fn date_text(day: Day) -> String {
    let (y, m, d) = civil(day);
    format!("{y:04}-{m:02}-{d:02}")
}

/// `YYYY-MM-DD` of a CSV or TOML cell as a day; nothing else is a date.
pub fn parse_date(text: &str) -> Option<Day> {
    let b = text.as_bytes();
    if b.len() != 10
        || b[4] != b'-'
        || b[7] != b'-'
        || !b
            .iter()
            .enumerate()
            .all(|(i, c)| i == 4 || i == 7 || c.is_ascii_digit())
    {
        return None;
    }
    let number = |digits: &[u8]| {
        digits
            .iter()
            .fold(0u32, |n, d| n * 10 + u32::from(d - b'0'))
    };
    day(number(&b[..4]) as i32, number(&b[5..7]), number(&b[8..]))
}

/// RFC 3339 in UTC, with microseconds only when there are any.
pub fn instant_text(at: Instant) -> String {
    let us = at.rem_euclid(DAY_US);
    let (s, frac) = (us / 1_000_000, us % 1_000_000);
    let clock = format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    let date = date_text(day_of(at));
    if frac == 0 {
        format!("{date}T{clock}Z")
    } else {
        format!("{date}T{clock}.{frac:06}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_and_day_are_inverse() {
        for d in (-719_162..2_932_896).step_by(97) {
            let (y, m, dd) = civil(d);
            assert_eq!(day(y, m, dd), Some(d));
        }
        assert_eq!(day(2023, 2, 29), None);
        assert_eq!(day(0, 1, 1), None);
        assert_eq!(
            date_text(month_start(day(2024, 2, 29).unwrap())),
            "2024-02-01"
        );
        assert_eq!(instant_text(-1), "1969-12-31T23:59:59.999999Z");
    }
}
