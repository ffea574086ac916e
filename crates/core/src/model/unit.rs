//! Units, scales, and the one rounding rule (half to even).
//!
//! Inside, every quantity is a whole number: grams, metres, millionths of a TEU, g.m, micrograms,
//! 10^-9 g per unit. The scales below say how many decimals the published decimal has.

use crate::model::index::index32;

/// Decimals of a mass in kg (whole grams).
pub const MASS_SCALE: u32 = 3;
/// Decimals of a distance in km (whole metres).
pub const DISTANCE_SCALE: u32 = 3;
/// Decimals of TEU and container counts (millionths).
pub const SHARE_SCALE: u32 = 6;
/// Decimals of a transport activity in t.km (g.m) and of a GHG mass in kg (micrograms).
pub const NANO_SCALE: u32 = 9;

/// One TEU, or one container, in millionths.
pub const ONE: i64 = 1_000_000;

/// Largest mantissa of `Decimal(18,_)`.
pub const DECIMAL18_MAX: i64 = 999_999_999_999_999_999;
/// Largest mantissa of `Decimal(15,_)`.
pub const DECIMAL15_MAX: i64 = 999_999_999_999_999;
/// Largest mantissa of `Decimal(12,3)`, the published distance.
pub const DECIMAL12_MAX: i64 = 999_999_999_999;

/// `numerator / denominator` rounded half to even; the denominator is positive.
///
/// ```
/// use green_corridor_core::model::unit::div_half_even;
/// assert_eq!((div_half_even(5, 2), div_half_even(7, 2), div_half_even(-5, 2)), (2, 4, -2));
/// ```
pub const fn div_half_even(numerator: i128, denominator: i128) -> i128 {
    let quotient = numerator.div_euclid(denominator);
    let twice = numerator.rem_euclid(denominator) * 2;
    if twice > denominator || (twice == denominator && quotient & 1 == 1) {
        quotient + 1
    } else {
        quotient
    }
}

/// A mantissa with `scale` decimals as plain text, all decimals printed.
///
/// ```
/// use green_corridor_core::model::unit::decimal_text;
/// assert_eq!(decimal_text(-1_500, 3), "-1.500");
/// ```
pub fn decimal_text(mantissa: i128, scale: u32) -> String {
    let magnitude = mantissa.unsigned_abs();
    let sign = if mantissa < 0 { "-" } else { "" };
    if scale == 0 {
        return format!("{sign}{magnitude}");
    }
    let unit = 10u128.pow(scale);
    format!(
        "{sign}{}.{:0width$}",
        magnitude / unit,
        magnitude % unit,
        width = scale as usize
    )
}

/// A mantissa with `scale` decimals as plain text, without the zeros at its end.
///
/// ```
/// use green_corridor_core::model::unit::short_decimal_text;
/// assert_eq!((short_decimal_text(-1_500, 3), short_decimal_text(2_000, 3)), ("-1.5".into(), "2".into()));
/// ```
pub fn short_decimal_text(mantissa: i128, scale: u32) -> String {
    let text = decimal_text(mantissa, scale);
    if scale == 0 {
        text
    } else {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Digits in groups of three, for people.
///
/// ```
/// use green_corridor_core::model::unit::grouped;
/// assert_eq!((grouped("-1234567.25"), grouped("12")), ("-1 234 567.25".into(), "12".into()));
/// ```
pub fn grouped(text: &str) -> String {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, ""), |(w, f)| (w, f));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// What so many things are called: one `row`, else `rows`.
pub fn plural(number: impl Into<i128>, thing: &str) -> String {
    match number.into() {
        1 => thing.to_owned(),
        _ => format!("{thing}s"),
    }
}

/// A number of things, for people.
///
/// ```
/// use green_corridor_core::model::unit::counted;
/// assert_eq!((counted(1, "row"), counted(15_624, "row")), ("1 row".into(), "15 624 rows".into()));
/// ```
pub fn counted(number: impl Into<i128>, thing: &str) -> String {
    let number = number.into();
    format!("{} {}", grouped(&number.to_string()), plural(number, thing))
}

/// Digits that any `u64` has room for.
const U64_DIGITS: usize = 19;

/// A plain decimal (`-`, digits, optional `.` and digits) as a mantissa with exactly `scale` decimals; `None` when
/// the text is not of that grammar, has more decimals, or does not fit.
///
/// ```
/// use green_corridor_core::model::unit::parse_decimal;
/// assert_eq!((parse_decimal("1.15", 6), parse_decimal("1e5", 6), parse_decimal("0.1234567", 6)), (Some(1_150_000), None, None));
/// ```
pub fn parse_decimal(text: &str, scale: u32) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((w, f)) if !f.is_empty() => (w, f),
        Some(_) => return None,
        None => (digits, ""),
    };
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > scale as usize {
        return None;
    }
    if whole.len() + scale as usize <= U64_DIGITS {
        // Nearly every number: the digits fit a machine word, and a word is faster by a multiple.
        let digits = whole
            .bytes()
            .chain(fraction.bytes())
            .fold(0u64, |n, b| n * 10 + u64::from(b - b'0'));
        let mantissa = i128::from(digits * 10u64.pow(scale - index32(fraction.len())));
        return Some(if negative { -mantissa } else { mantissa });
    }
    let mut mantissa: i128 = 0;
    let padding = std::iter::repeat_n(b'0', scale as usize - fraction.len());
    for b in whole.bytes().chain(fraction.bytes()).chain(padding) {
        mantissa = mantissa.checked_mul(10)?.checked_add((b - b'0') as i128)?;
    }
    Some(if negative { -mantissa } else { mantissa })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_to_even_on_both_sides_of_zero() {
        for (n, d, want) in [
            (1, 2, 0),
            (3, 2, 2),
            (-1, 2, 0),
            (-3, 2, -2),
            (4, 3, 1),
            (5, 3, 2),
            (-4, 3, -1),
            (-5, 3, -2),
            (0, 7, 0),
        ] {
            assert_eq!(div_half_even(n, d), want, "{n}/{d}");
        }
    }

    #[test]
    fn long_decimals_are_read_like_short_ones() {
        for (text, scale, want) in [
            ("9999999999", 9, Some(9_999_999_999_000_000_000)),
            ("-9999999999.999999999", 9, Some(-9_999_999_999_999_999_999)),
            ("99999999999", 9, Some(99_999_999_999_000_000_000)),
            ("00000000000000000000000001.5", 1, Some(15)),
            (
                "170141183460469231731687303715884105727",
                0,
                Some(i128::MAX),
            ),
            ("170141183460469231731687303715884105728", 0, None),
        ] {
            assert_eq!(parse_decimal(text, scale), want, "{text}");
        }
    }

    #[test]
    fn decimals_of_other_grammars_are_refused() {
        for bad in [
            "", "-", ".5", "5.", "+1", "1_000", "1,0", "NaN", "inf", " 1", "1e3", "--1", "1.2.3",
            "٣",
        ] {
            assert_eq!(parse_decimal(bad, 6), None, "{bad:?}");
        }
    }
}
