//! Dates as spreadsheets keep them: a number of days, whose decimals are the time of day.

use crate::input::number::{Marks, parse};
use crate::model::time::{DAY_US, day};
use crate::model::unit::div_half_even;

/// From which day a spreadsheet counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateSystem {
    /// 1 is 1 January 1900, and 60 is 29 February 1900, which never was.
    From1900,
    /// 0 is 1 January 1904 (old Macintosh workbooks).
    From1904,
}

/// 31 December 9999 in the system of 1900.
const LAST: i64 = 2_958_465;
/// Decimals that are kept of a day; a double has 11 of a day of our time.
const SCALE: u32 = 12;

impl DateSystem {
    /// The system of a word in `[formats] timestamp`.
    pub(crate) fn of(word: &str) -> Option<DateSystem> {
        match word {
            "excel" => Some(DateSystem::From1900),
            "excel-1904" => Some(DateSystem::From1904),
            _ => None,
        }
    }

    /// Local microseconds since 1970 of a number of days, to the nearest millisecond, as the spreadsheet shows it.
    pub(crate) fn local_us(self, text: &str, marks: Marks) -> Option<i64> {
        let found = parse(text.as_bytes(), marks, SCALE)?;
        let scaled = i128::try_from(found.magnitude).ok()?;
        let unit = 10i128.pow(SCALE);
        let whole = i64::try_from(scaled / unit).ok()?;
        let epoch = match self {
            _ if found.negative || whole > LAST => return None,
            DateSystem::From1900 => match whole {
                0 | 60 => return None,
                1..60 => day(1899, 12, 31)?,
                _ => day(1899, 12, 30)?,
            },
            DateSystem::From1904 => day(1904, 1, 1)?,
        };
        let ms = div_half_even(scaled % unit * 86_400_000, unit);
        let ms = i64::try_from(ms).ok()?;
        Some((epoch as i64 + whole) * DAY_US + ms * 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::instant_text;

    #[test]
    fn days_of_a_spreadsheet() {
        let read =
            |text: &str, system: DateSystem| system.local_us(text, Marks::POINT).map(instant_text);
        let of_1900 = |text| read(text, DateSystem::From1900);
        for (text, at) in [
            ("45726.4027777778", "2025-03-10T09:40:00Z"),
            ("45726.402777777781", "2025-03-10T09:40:00Z"),
            ("45726", "2025-03-10T00:00:00Z"),
            ("45726.999988", "2025-03-10T23:59:58.963000Z"),
            ("1", "1900-01-01T00:00:00Z"),
            ("59", "1900-02-28T00:00:00Z"),
            ("61", "1900-03-01T00:00:00Z"),
            ("2958465.5", "9999-12-31T12:00:00Z"),
        ] {
            assert_eq!(of_1900(text).as_deref(), Some(at), "{text}");
        }
        for text in ["0.5", "60", "-1", "2958466", "x", "", "1E4", "45726,5"] {
            assert_eq!(of_1900(text), None, "{text}");
        }
        let of_1904 = |text| read(text, DateSystem::From1904);
        assert_eq!(of_1904("0").as_deref(), Some("1904-01-01T00:00:00Z"));
        assert_eq!(of_1904("44264.5").as_deref(), Some("2025-03-10T12:00:00Z"));
    }
}
