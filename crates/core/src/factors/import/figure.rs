//! Figures of foreign tables: exact decimals, converted with one rounding.

use super::units::{Ratio, gcd};
use crate::model::index::index32;
use crate::model::unit::{DECIMAL18_MAX, div_half_even};

/// Digits of a figure: all that an exact product with a unit has room for. A double has 17.
const MAX_DIGITS: usize = 18;

/// An exact decimal: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    pub mantissa: i128,
    pub scale: u32,
}

impl Figure {
    /// Reads digits with an optional leading `-` and an optional decimal mark with digits behind it; nothing else is a number. Zeros
    /// at the end of the decimals do not count.
    pub(super) fn parse(text: &str, mark: char) -> Option<Figure> {
        let (negative, digits) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let (whole, decimals) = digits.split_once(mark).unwrap_or((digits, "0"));
        let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(decimals) {
            return None;
        }
        let decimals = decimals.trim_end_matches('0');
        let all = format!("{}{decimals}", whole.trim_start_matches('0'));
        let significant = all.trim_start_matches('0').len();
        if significant > MAX_DIGITS || decimals.len() > 30 {
            return None;
        }
        let mantissa: i128 = if all.is_empty() { 0 } else { all.parse().ok()? };
        Some(Figure {
            mantissa: if negative { -mantissa } else { mantissa },
            scale: index32(decimals.len()),
        })
    }

    /// Another figure taken away.
    pub(super) fn minus(self, other: Figure) -> Option<Figure> {
        let scale = self.scale.max(other.scale);
        let aligned = |f: Figure| f.mantissa.checked_mul(10i128.checked_pow(scale - f.scale)?);
        Some(Figure {
            mantissa: aligned(self)?.checked_sub(aligned(other)?)?,
            scale,
        })
    }

    /// The figure in `one` of ours each `per` of ours, half to even at `scale` decimals; `None` beyond the layout's 18 digits.
    pub(super) fn converted(self, one: Ratio, per: Ratio, scale: u32) -> Option<i64> {
        if self.mantissa == 0 {
            return Some(0);
        }
        let mut numerator = one
            .numerator
            .checked_mul(per.denominator)?
            .checked_mul(10i128.checked_pow(scale)?)?;
        let mut denominator = one
            .denominator
            .checked_mul(per.numerator)?
            .checked_mul(10i128.checked_pow(self.scale)?)?;
        let common = gcd(numerator, denominator);
        (numerator, denominator) = (numerator / common, denominator / common);
        // What is left in common with the mantissa would only make the product larger than it needs to be.
        let common = gcd(self.mantissa.abs(), denominator);
        let (mantissa, denominator) = (self.mantissa / common, denominator / common);
        let rounded = div_half_even(mantissa.checked_mul(numerator)?, denominator);
        i64::try_from(rounded)
            .ok()
            .filter(|v| v.abs() <= DECIMAL18_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::units::{activity, energy, grams};
    use super::*;
    use crate::factors::factor::Section;
    use proptest::prelude::*;

    fn converted(text: &str, ghg: &str, per: &str) -> Option<String> {
        let (_, per) = activity(Section::Transport, per).unwrap();
        let value = Figure::parse(text, '.')?.converted(grams(ghg).unwrap(), per, 9)?;
        Some(crate::model::unit::decimal_text(value.into(), 9))
    }

    #[test]
    fn units_are_converted_exactly_and_rounded_once() {
        for (text, ghg, per, want) in [
            ("0.0123", "kg", "t.km", "12.300000000"),
            ("12.3", "g", "t.km", "12.300000000"),
            // 200 / (0.90718474 x 1.609344) = 136.98889869715...
            ("0.2", "kg", "short_ton.mile", "136.988898697"),
            ("1.852", "g", "t.nautical_mile", "1.000000000"),
            ("100", "g", "feu.km", "50.000000000"),
            ("0.0000000005", "g", "t.km", "0.000000000"),
            ("0.0000000015", "g", "t.km", "0.000000002"),
            ("0.30000000000000004", "g", "t.km", "0.300000000"),
            ("-1.5", "g", "t.km", "-1.500000000"),
        ] {
            assert_eq!(
                converted(text, ghg, per).as_deref(),
                Some(want),
                "{text} {ghg} per {per}"
            );
        }
        let (_, kwh) = energy("MWh").unwrap();
        assert_eq!(
            Figure::parse("500", '.')
                .unwrap()
                .converted(grams("kg").unwrap(), kwh, 9),
            Some(500_000_000_000)
        );
        assert_eq!(
            converted("999999999999", "t", "kg.km"),
            None,
            "beyond 18 digits"
        );
    }

    #[test]
    fn only_plain_decimals_are_figures() {
        for bad in [
            "",
            "-",
            "1.",
            ".5",
            "1e3",
            "1,5",
            "+1",
            "1 000",
            "<5",
            "n/a",
            "1234567890123456789",
            "#DIV/0!",
        ] {
            assert_eq!(Figure::parse(bad, '.'), None, "{bad}");
        }
        assert_eq!(
            Figure::parse("12,50", ','),
            Some(Figure {
                mantissa: 125,
                scale: 1
            })
        );
        assert_eq!(
            Figure::parse("0.000", '.'),
            Some(Figure {
                mantissa: 0,
                scale: 0
            })
        );
    }

    proptest! {
        #[test]
        fn a_conversion_is_off_by_half_a_unit_at_most(mantissa in 1i128..1_000_000, scale in 0u32..9) {
            let per = activity(Section::Transport, "short_ton.mile").unwrap().1;
            let got = Figure { mantissa, scale }.converted(grams("kg").unwrap(), per, 9).unwrap() as i128;
            // |got - exact| <= 1/2, in whole numbers: exact = mantissa x 10^(9+3) x d / (n x 10^scale).
            let below = per.numerator * 10i128.pow(scale);
            let exact_times_below = mantissa * 10i128.pow(12) * per.denominator;
            prop_assert!((2 * (got * below - exact_times_below)).abs() <= below);
        }
    }
}
