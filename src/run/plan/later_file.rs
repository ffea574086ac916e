//! `[duplicates] later_file_wins`: which of two input files is the later one, told by their names and nothing else. A time of
//! change would do for nobody who copies, restores or clones files, and stands in no digest.

use super::path_order;
use crate::run::plan::Checked;
use jiff::civil::Date;

/// The months of `%b`, as `strftime` writes them in English.
pub(super) const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What tells the later of two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaterFile {
    /// Byte order of their paths.
    ByPath,
    /// The date that this pattern finds in their names.
    ByDate(DatePattern),
}

impl LaterFile {
    /// Reads `path`, or a pattern such as `%Y-%m-%d`.
    pub fn parse(text: &str) -> Checked<LaterFile> {
        if text == "path" {
            return Ok(LaterFile::ByPath);
        }
        DatePattern::parse(text).map(LaterFile::ByDate)
    }

    /// As a run file writes it.
    pub fn text(&self) -> &str {
        match self {
            LaterFile::ByPath => "path",
            LaterFile::ByDate(pattern) => &pattern.text,
        }
    }

    /// A rank for each file name (relative, with `/`): the higher, the later. A name that does not tell is a fault: a guess would
    /// let the wrong record count.
    pub fn ranks(&self, names: &[&str]) -> Checked<Vec<u32>> {
        match self {
            LaterFile::ByPath => Ok(ranked(names)),
            LaterFile::ByDate(pattern) => {
                let moments = names.iter().map(|name| pattern.find(name));
                Ok(ranked(&moments.collect::<Checked<Vec<_>>>()?))
            }
        }
    }

    /// Two names, the earlier first, that the order of paths puts the other way round, as far as their numbers and dates tell.
    pub fn misleading<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &'n str)> {
        match self {
            LaterFile::ByPath => path_order::misleading(names),
            LaterFile::ByDate(_) => None,
        }
    }
}

/// The place of each value among the different ones.
fn ranked<T: Ord + Clone>(values: &[T]) -> Vec<u32> {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted.dedup();
    let place = |value: &T| sorted.partition_point(|other| other < value);
    let rank = |value| u32::try_from(place(value)).unwrap_or(u32::MAX);
    values.iter().map(rank).collect()
}

/// A pattern with fields of fixed width, looked for anywhere in a file's name, or in its path if the pattern has a `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatePattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Literal(char),
    /// A number of so many digits, for a field.
    Digits(Field, usize),
    /// A month by its English name.
    MonthName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Year,
    YearOfCentury,
    Month,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Second,
}

/// A date and a time of day.
type Moment = (Date, [i16; 3]);

impl DatePattern {
    fn parse(text: &str) -> Checked<DatePattern> {
        let wanted = |what: &str| {
            format!(
                "{text:?}: {what}; expected \"path\", or a pattern of the date in the file name, such as \"%Y-%m-%d\", of \
                 %Y %y %m %b %d %j %H %M %S and %%"
            )
        };
        let mut parts = Vec::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            if c != '%' {
                parts.push(Part::Literal(c));
                continue;
            }
            let two = |field| Part::Digits(field, 2);
            parts.push(match rest.next() {
                Some('%') => Part::Literal('%'),
                Some('Y') => Part::Digits(Field::Year, 4),
                Some('y') => two(Field::YearOfCentury),
                Some('m') => two(Field::Month),
                Some('b') => Part::MonthName,
                Some('d') => two(Field::Day),
                Some('j') => Part::Digits(Field::DayOfYear, 3),
                Some('H') => two(Field::Hour),
                Some('M') => two(Field::Minute),
                Some('S') => two(Field::Second),
                Some(other) => return Err(wanted(&format!("%{other} is not known here"))),
                None => return Err(wanted("ends with %")),
            });
        }
        let count = |wanted: &[Field]| {
            let is_one = |part: &&Part| match part {
                Part::Digits(field, _) => wanted.contains(field),
                Part::MonthName => wanted.contains(&Field::Month),
                Part::Literal(_) => false,
            };
            parts.iter().filter(is_one).count()
        };
        let day = [Field::Month, Field::Day].map(|field| count(&[field]));
        let is_date = match count(&[Field::DayOfYear]) {
            0 => day == [1, 1],
            1 => day == [0, 0],
            _ => false,
        };
        let time = [Field::Hour, Field::Minute, Field::Second].map(|field| count(&[field]));
        if !is_date || count(&[Field::Year, Field::YearOfCentury]) != 1 {
            return Err(wanted(
                "names no year with month and day, or names one twice",
            ));
        }
        if ![[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]].contains(&time) {
            return Err(wanted(
                "names minutes without hours, or a part of the time twice",
            ));
        }
        Ok(DatePattern {
            text: text.to_owned(),
            parts,
        })
    }

    /// The one moment that the pattern finds in a name.
    fn find(&self, name: &str) -> Checked<Moment> {
        let within = match self.text.contains('/') {
            true => name,
            false => name.rsplit('/').next().unwrap_or(name),
        };
        let mut found: Vec<Moment> = within
            .char_indices()
            .filter_map(|(at, _)| self.read(&within[..at], &within[at..]))
            .collect();
        found.sort();
        found.dedup();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(format!("{name}: no date of the form {:?} in it", self.text)),
            _ => Err(format!(
                "{name}: more than one date of the form {:?} in it; write more of the name into the pattern",
                self.text
            )),
        }
    }

    /// The moment with which `text` begins; a number that goes on before or behind it is another one.
    fn read(&self, before: &str, text: &str) -> Option<Moment> {
        let is_digit = |c: char| c.is_ascii_digit();
        let (mut rest, mut month_name) = (text, None);
        let mut fields: Vec<(Field, i16)> = Vec::new();
        for part in &self.parts {
            let taken = match *part {
                Part::Literal(c) => rest.starts_with(c).then_some(c.len_utf8())?,
                Part::MonthName => {
                    let word = rest.get(..3)?;
                    let is_word = |month: &&str| month.eq_ignore_ascii_case(word);
                    month_name = Some(MONTHS.iter().position(is_word)? + 1);
                    3
                }
                Part::Digits(field, width) => {
                    let digits = rest.get(..width).filter(|d| d.chars().all(is_digit))?;
                    fields.push((field, digits.parse().ok()?));
                    width
                }
            };
            rest = &rest[taken..];
        }
        let matched = &text[..text.len() - rest.len()];
        let goes_on = (before.ends_with(is_digit) && matched.starts_with(is_digit))
            || (rest.starts_with(is_digit) && matched.ends_with(is_digit));
        if goes_on {
            return None;
        }
        let value = |field| {
            let named = fields.iter().find(|(named, _)| *named == field);
            named.map(|(_, value)| *value)
        };
        let year = value(Field::Year).or(value(Field::YearOfCentury).map(|y| 2000 + y))?;
        let small = |value: i16| i8::try_from(value).ok();
        let date = match value(Field::DayOfYear) {
            Some(day) => Date::new(year, 1, 1)
                .ok()?
                .with()
                .day_of_year(day)
                .build()
                .ok()?,
            None => {
                let month = match month_name {
                    Some(month) => i8::try_from(month).ok()?,
                    None => small(value(Field::Month)?)?,
                };
                Date::new(year, month, small(value(Field::Day)?)?).ok()?
            }
        };
        let time = [Field::Hour, Field::Minute, Field::Second].map(|f| value(f).unwrap_or(0));
        (time[0] < 24 && time[1] < 60 && time[2] < 60).then_some((date, time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_names_rank_files() {
        let by_date = LaterFile::parse("moves_%Y%m%d").unwrap();
        assert_eq!(
            by_date.ranks(&[
                "moves_20250308.csv",
                "moves_20250307.csv",
                "b/moves_20250308.csv"
            ]),
            Ok(vec![1, 0, 1])
        );
        assert!(by_date.ranks(&["moves.csv"]).is_err() && LaterFile::parse("%m-%d").is_err());
    }

    fn ranks(rule: &str, names: &[&str]) -> Checked<Vec<u32>> {
        LaterFile::parse(rule).unwrap().ranks(names)
    }

    #[test]
    fn paths_rank_in_byte_order() {
        let names = ["b/1.csv", "a/2.csv", "a/10.csv", "a-b/3.csv"];
        assert_eq!(ranks("path", &names), Ok(vec![3, 2, 1, 0]));
    }

    #[test]
    fn dates_rank_by_time_however_they_are_written() {
        for (rule, earlier, later) in [
            ("%Y-%m-%d", "z_2024-12-31.csv", "a_2025-01-01.csv"),
            ("%d.%m.%Y", "31.12.2024.csv", "01.01.2025.csv"),
            ("%d%b%Y", "31Dec2024.csv", "01JAN2025.csv"),
            ("%Y%m%d%H%M%S", "x20250101235959.csv", "x20250102000000.csv"),
            ("%y%m%d_%H", "250101_09.csv", "250101_10.csv"),
            ("%Y-%j", "2024-366.csv", "2025-001.csv"),
            ("/%Y/%m/%d/", "in/2024/12/31/b.csv", "in/2025/01/01/a.csv"),
            (
                "to_%Y-%m-%d",
                "2025-01-02_to_2025-01-08.csv",
                "2025-01-01_to_2025-01-09.csv",
            ),
            ("100%%_%Y%m%d", "100%_20250101.csv", "100%_20250102.csv"),
            ("%Y年%m月%d日", "2024年12月31日.csv", "2025年01月01日.csv"),
        ] {
            assert_eq!(ranks(rule, &[later, earlier]), Ok(vec![1, 0]), "{rule}");
        }
        let parts = ["2025-01-01_a.csv", "2025-01-01_b.csv", "2025-01-02_a.csv"];
        assert_eq!(ranks("%Y-%m-%d", &parts), Ok(vec![0, 0, 1]));
    }

    #[test]
    fn a_name_that_does_not_tell_is_refused() {
        for (rule, name) in [
            ("%Y-%m-%d", "moves.csv"),
            ("%Y-%m-%d", "2025-02-30.csv"),
            ("%Y-%m-%d", "2025-3-7.csv"),
            ("%Y-%m-%d", "2025-01-01_2025-01-07.csv"),
            ("%Y%m%d", "20250101120000.csv"),
            ("%Y%m%d", "120250101.csv"),
            ("%Y-%m-%d", "2025-01-01/moves.csv"),
            ("%Y-%j", "2025-366.csv"),
            ("%Y-%m-%dT%H", "2025-01-01T24.csv"),
        ] {
            let fault = ranks(rule, &[name]).unwrap_err();
            assert!(fault.contains(name) && fault.contains(rule), "{fault}");
        }
    }

    #[test]
    fn a_rule_that_tells_no_day_is_refused() {
        for rule in [
            "",
            "Path",
            "mtime",
            "%Y",
            "%Y-%m",
            "%m-%d",
            "%Y-%Y-%m-%d",
            "%Y-%m-%d %M",
            "%Y-%m-%j",
            "%Y-%m-%d%",
            "%Y-%q-%d",
            "%Y-%m-%b-%d",
            "%Y-%y-%m-%d",
        ] {
            let fault = LaterFile::parse(rule).unwrap_err();
            assert!(fault.contains("%Y-%m-%d"), "{rule:?}: {fault}");
        }
    }
}
