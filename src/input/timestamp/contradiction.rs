//! Whether two patterns of one list read one text as different times. Found out by trying: dates are written by one pattern
//! and read by the other.

use super::{Marks, Patterns, day_of, is_excel, parse_rfc3339};
use jiff::civil::{DateTime, date};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// Says which patterns contradict each other, and by what text.
pub(crate) fn contradiction(patterns: &[String], zone: Option<&TimeZone>) -> Option<String> {
    let single = |pattern: &String| Patterns::new(&[pattern], zone.cloned());
    for (place, pattern) in patterns.iter().enumerate() {
        for text in samples(pattern) {
            let Some(read) = single(pattern).parse_written(&text, Marks::POINT) else {
                continue;
            };
            // RFC 3339 comes before every pattern. A literal Z in the place of a zone is no contradiction of the day.
            let first = parse_rfc3339(text.as_bytes());
            if let (Some(first), Some(plain)) = (first, without_zone(pattern, &text))
                && day_of(first) != day_of(plain)
            {
                return Some(format!(
                    "{pattern:?} and RFC 3339 read {text:?} as different days"
                ));
            }
            for other in patterns
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != place)
                .map(|(_, p)| p)
            {
                let otherwise = single(other).parse_written(&text, Marks::POINT);
                if otherwise.is_some_and(|otherwise| otherwise != read) {
                    return Some(format!(
                        "{pattern:?} and {other:?} read {text:?} as different times; keep one of them, or give each column its own in [formats.timestamp_by_column]"
                    ));
                }
            }
        }
    }
    None
}

fn without_zone(pattern: &String, text: &str) -> Option<i64> {
    Patterns::new(&[pattern], None).parse_written(text, Marks::POINT)
}

/// Times in whose parts every number that is a day may be a month or a year of two digits too, and some that are none.
fn times() -> impl Iterator<Item = DateTime> {
    let dates = [
        (2001, 2, 3),
        (2003, 2, 1),
        (2004, 5, 6),
        (2010, 11, 12),
        (2011, 12, 10),
        (2012, 10, 11),
        (2009, 8, 7),
        (2025, 3, 10),
        (2024, 12, 31),
        (2026, 1, 25),
    ];
    dates.into_iter().flat_map(|(year, month, day)| {
        [(0, 0, 0), (4, 5, 6), (11, 10, 9), (13, 14, 15)]
            .map(|(hour, minute, second)| date(year, month, day).at(hour, minute, second, 0))
    })
}

/// Texts that a pattern writes.
fn samples(pattern: &str) -> Vec<String> {
    let mut texts: Vec<String> = times()
        .filter_map(|time| {
            if is_excel(pattern) {
                // Whole days do: they are all that other patterns could read.
                let days = time.date().duration_since(date(1899, 12, 30)).as_hours() / 24;
                return Some(days.to_string());
            }
            let zoned = TimeZone::UTC
                .to_ambiguous_zoned_datetime(time)
                .compatible()
                .ok()?;
            strtime::format(pattern, &zoned).ok()
        })
        .collect();
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(patterns: &[&str]) -> Option<String> {
        let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
        contradiction(&patterns, None)
    }

    #[test]
    fn patterns_that_contradict_each_other() {
        for pair in [
            ["%d/%m/%Y", "%m/%d/%Y"],
            ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"],
            ["%d.%m.%y", "%y.%m.%d"],
            ["%Y-%m-%d", "%Y-%d-%m"],
            ["%d%m%Y", "%m%d%Y"],
            ["%y%m%d", "%d%m%y"],
            ["%d/%m/%y", "%m/%d/%y"],
            ["excel", "excel-1904"],
            ["%Y%m%d", "%s"],
            ["%y%m%d", "excel"],
            ["%d/%m/%Y %H:%M", "%d/%m/%Y %M:%H"],
            ["%-d/%-m/%Y", "%m/%d/%Y"],
            ["%e/%m/%y", "%D"],
        ] {
            for pair in [pair, [pair[1], pair[0]]] {
                let fault =
                    fault(&pair).unwrap_or_else(|| panic!("{pair:?} contradict each other"));
                assert!(
                    pair.iter().all(|p| fault.contains(&format!("{p:?}"))),
                    "{fault}"
                );
            }
        }
        assert!(fault(&["%Y-%d-%mT%H:%M:%SZ"]).is_some_and(|fault| fault.contains("RFC 3339")));
    }

    #[test]
    fn patterns_that_agree() {
        for list in [
            &["%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"][..],
            &["%d/%m/%Y", "%m-%d-%Y"],
            &["%d.%m.%Y", "%Y%m%d", "excel"],
            &["%d %b %Y", "%d %B %Y"],
            &["%Y-%m-%d %H:%M %z", "%Y-%m-%d %H:%M"],
            &["%d/%m/%Y", "%-d/%-m/%Y"],
            // A year of four digits is none of two, and the other way round.
            &["%e/%m/%Y", "%D"],
            &["%d.%m.%Y", "%d.%m.%y"],
            &["%Y-%m-%dT%H:%M:%SZ"],
            &["%Y-%m-%d", "%F"],
            &[],
        ] {
            assert_eq!(fault(list), None, "{list:?}");
        }
    }
}
