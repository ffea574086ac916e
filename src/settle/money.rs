//! Currencies of ISO 4217 with their minor units, amounts as text, and the grammar of numbers in the files.

use crate::model::unit::decimal_text;
use rust_decimal::Decimal;
use std::sync::LazyLock;

/// Codes of ISO 4217 that money is paid in, with the digits of their minor unit (not those of CLDR, which are of display).
static LIST: LazyLock<Vec<(&str, u32)>> = LazyLock::new(|| {
    let rows = include_str!("currencies.csv").lines().skip(1);
    rows.filter_map(|row| row.split_once(','))
        .filter_map(|(code, digits)| Some((code, digits.parse().ok()?)))
        .collect()
});

/// Most decimals of a number.
const MOST_DECIMALS: usize = 12;
/// Most digits of a number.
const MOST_DIGITS: usize = 28;
/// An amount in minor units stays below this: what a payment order can say.
pub(super) const MOST_MINOR: i128 = 1_000_000_000_000_000_000;

/// A currency of the list with the digits of its minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Money {
    code: &'static str,
    digits: u32,
}

impl Money {
    pub(super) fn parse(text: &str) -> Option<Money> {
        let at = LIST.binary_search_by_key(&text, |(code, _)| code).ok()?;
        let (code, digits) = LIST[at];
        Some(Money { code, digits })
    }

    pub(super) fn digits(self) -> u32 {
        self.digits
    }

    /// An amount with exactly the minor units.
    pub(super) fn text(self, minor: i128) -> String {
        decimal_text(minor, self.digits)
    }

    pub(super) fn code(self) -> &'static str {
        self.code
    }
}

/// A number of a file: digits, at most one point with digits on both sides, at most 12 decimals and 28 digits, no sign.
pub(super) fn number(text: &str) -> Option<Decimal> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fits = fraction.len() <= MOST_DECIMALS && whole.len() + fraction.len() <= MOST_DIGITS;
    if whole.is_empty() || !plain(whole) || !plain(fraction) || !fits {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// The shortest decimal.
pub(super) fn short(number: Decimal) -> String {
    number.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_are_those_of_iso_4217() {
        let digits = |code| Money::parse(code).map(Money::digits);
        let codes = [
            "CNY", "JPY", "KWD", "LAK", "IDR", "VND", "CNH", "e-CNY", "XXX", "cny",
        ];
        let want = [
            Some(2),
            Some(0),
            Some(3),
            Some(2),
            Some(2),
            Some(0),
            None,
            None,
            None,
            None,
        ];
        assert_eq!(codes.map(digits), want);
        assert!(
            LIST.is_sorted_by(|a, b| a.0 < b.0),
            "the list is searched by halves"
        );
        assert_eq!(Money::parse("CNY").unwrap().text(-5), "-0.05");
        assert_eq!(Money::parse("JPY").unwrap().text(12), "12");
    }

    #[test]
    fn numbers_have_one_form() {
        for bad in [
            "",
            "-1",
            "+1",
            "1.",
            ".5",
            "1e3",
            "1,5",
            " 1",
            "1.0000000000001",
            "12345678901234567890123456789",
            "٣",
        ] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
        let read = |text| number(text).map(short);
        assert_eq!(read("187.1200").as_deref(), Some("187.12"));
        assert_eq!(read("0.000000000001").as_deref(), Some("0.000000000001"));
        assert_eq!(
            read("9999999999999999999999999999").as_deref(),
            Some("9999999999999999999999999999")
        );
        assert_eq!(read("100").as_deref(), Some("100"));
    }
}
