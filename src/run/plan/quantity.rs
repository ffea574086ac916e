//! Shares and memory sizes as people write them: `5%`, `0.25%`, `2GiB`, `512MiB`, `50%`. Whole numbers only, no floats.

use crate::model::unit::{parse_decimal, short_decimal_text};

/// A share of rows in parts per million, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub u32);

impl Share {
    /// Reads `5%` or `0.0125%`: 0 to 100 with at most four decimals.
    ///
    /// ```
    /// use green_corridor::plan::Share;
    /// assert_eq!(Share::parse("0.5%"), Ok(Share(5_000)));
    /// assert!(Share::parse("101%").is_err() && Share::parse("0.05").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Share, String> {
        let wanted = || {
            format!(
                "{text:?}: expected a percentage from 0% to 100% with at most 4 decimals, e.g. \"5%\""
            )
        };
        let ppm = text
            .strip_suffix('%')
            .and_then(|p| parse_decimal(p.trim_end_matches(' '), 4))
            .ok_or_else(wanted)?;
        u32::try_from(ppm)
            .ok()
            .filter(|&p| p <= 1_000_000)
            .map(Share)
            .ok_or_else(wanted)
    }

    /// `5%`; no more decimals than needed.
    pub fn text(self) -> String {
        format!("{}%", short_decimal_text(self.0.into(), 4))
    }

    /// Whether `part` of `whole` is more than this share.
    ///
    /// ```
    /// use green_corridor::plan::Share;
    /// assert!(!Share(50_000).is_exceeded(5, 100) && Share(50_000).is_exceeded(6, 100));
    /// assert!(!Share(0).is_exceeded(0, 0));
    /// ```
    pub fn is_exceeded(self, part: u64, whole: u64) -> bool {
        part as u128 * 1_000_000 > whole as u128 * self.0 as u128
    }
}

/// By how much a figure may differ from that of the run before, in parts per million of the latter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change(pub u64);

impl Change {
    /// Reads `50%` or `250%`: up to 1,000,000 % with at most four decimals.
    ///
    /// ```
    /// use green_corridor::plan::Change;
    /// let half = Change::parse("50%").unwrap();
    /// assert!(!half.is_exceeded(50, 100) && half.is_exceeded(49, 100) && !half.is_exceeded(150, 100) && half.is_exceeded(151, 100));
    /// assert!(Change::parse("0.5").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Change, String> {
        let ppm = text
            .strip_suffix('%')
            .and_then(|p| parse_decimal(p.trim_end_matches(' '), 4))
            .and_then(|ppm| u64::try_from(ppm).ok())
            .filter(|&ppm| ppm <= 10_000_000_000);
        ppm.map(Change).ok_or_else(|| {
            format!("{text:?}: expected a percentage with at most 4 decimals, e.g. \"50%\"")
        })
    }

    /// `50%`; no more decimals than needed.
    pub fn text(self) -> String {
        format!("{}%", short_decimal_text(self.0.into(), 4))
    }

    /// Whether `now` differs from `before` by more than this. What was nothing before gives no measure.
    pub fn is_exceeded(self, now: i128, before: i128) -> bool {
        let difference = now.abs_diff(before).saturating_mul(1_000_000);
        before != 0 && difference > before.unsigned_abs().saturating_mul(self.0.into())
    }
}

/// How many rows of one rejection code there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeLimit {
    /// A share of the rows read.
    Share(Share),
    /// A number of rows.
    Rows(u64),
}

impl CodeLimit {
    /// `1%` or `20`.
    pub fn text(self) -> String {
        match self {
            CodeLimit::Share(share) => share.text(),
            CodeLimit::Rows(rows) => rows.to_string(),
        }
    }

    /// Whether `part` of `whole` rows are more.
    pub fn is_exceeded(self, part: u64, whole: u64) -> bool {
        match self {
            CodeLimit::Share(share) => share.is_exceeded(part, whole),
            CodeLimit::Rows(rows) => part > rows,
        }
    }
}

/// A memory limit as written, before it is resolved on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// Part of the machine's memory.
    OfMachine(Share),
    /// A number of bytes.
    Bytes(u64),
}

const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl MemoryLimit {
    /// Reads `50%`, `2GiB`, `512MiB`, `1.5GB`, `1000000B`.
    ///
    /// ```
    /// use green_corridor::plan::MemoryLimit;
    /// assert_eq!(MemoryLimit::parse("2GiB"), Ok(MemoryLimit::Bytes(2 << 30)));
    /// assert!(MemoryLimit::parse("2").is_err() && MemoryLimit::parse("0MB").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<MemoryLimit, String> {
        let wanted = || {
            format!(
                "{text:?}: expected part of the memory or a size, e.g. \"50%\", \"2GiB\", \"512MiB\", \"1GB\""
            )
        };
        if text.ends_with('%') {
            return match Share::parse(text) {
                Ok(share) if share.0 > 0 => Ok(MemoryLimit::OfMachine(share)),
                _ => Err(wanted()),
            };
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&text[digits.len()..]))
            .ok_or_else(wanted)?
            .1;
        let thousandths = parse_decimal(digits.trim_end_matches(' '), 3)
            .filter(|&t| t > 0)
            .ok_or_else(wanted)?;
        let bytes = thousandths.checked_mul(unit as i128).ok_or_else(wanted)? / 1000;
        u64::try_from(bytes)
            .ok()
            .filter(|&b| b > 0)
            .map(MemoryLimit::Bytes)
            .ok_or_else(wanted)
    }

    /// The limit as text that `parse` reads.
    pub fn text(self) -> String {
        match self {
            MemoryLimit::OfMachine(share) => share.text(),
            MemoryLimit::Bytes(bytes) => {
                let (name, unit) = UNITS[..4]
                    .iter()
                    .rev()
                    .find(|(_, unit)| bytes % unit == 0)
                    .unwrap_or(&UNITS[8]);
                format!("{}{name}", bytes / unit)
            }
        }
    }

    /// The limit in bytes on a machine with this much memory; at least one byte.
    pub fn bytes(self, machine: u64) -> u64 {
        match self {
            MemoryLimit::OfMachine(share) => {
                let part = u128::from(machine) * share.0 as u128 / 1_000_000;
                u64::try_from(part).unwrap_or(u64::MAX).max(1)
            }
            MemoryLimit::Bytes(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_sizes_read_back_as_written() {
        for text in ["5%", "0%", "100%", "0.25%", "12.5%", "0.0001%"] {
            assert_eq!(Share::parse(text).unwrap().text(), text);
        }
        for text in ["50%", "2GiB", "512MiB", "3KiB", "1001B"] {
            assert_eq!(MemoryLimit::parse(text).unwrap().text(), text);
        }
        assert_eq!(MemoryLimit::parse("1.5GB").unwrap().bytes(0), 1_500_000_000);
        assert_eq!(MemoryLimit::parse("50%").unwrap().bytes(16 << 30), 8 << 30);
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "%",
            "-1%",
            "5",
            "5 percent",
            "100.1%",
            "0.00001%",
            "1e1%",
            "५%",
        ] {
            assert!(Share::parse(bad).is_err(), "{bad:?}");
        }
        for bad in [
            "",
            "0%",
            "GiB",
            "1",
            "-1GiB",
            "1XB",
            "0B",
            "99999999999TiB",
            "1.2345GB",
            "½GiB",
        ] {
            assert!(MemoryLimit::parse(bad).is_err(), "{bad:?}");
        }
    }
}
