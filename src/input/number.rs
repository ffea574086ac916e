//! Exact decimal numbers from bytes and from doubles, rounded half to even to a fixed number of decimals.
//!
//! The grammar is ours (docs/methodology.md, section 3): digits, optional leading `-`, optional mark with digits. No exponent, no `+`, no `_`,
//! no NaN, no infinity. Ranges are the caller's business.

use crate::model::unit::div_half_even;

/// Marks of a number in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Decimal mark.
    pub decimal: u8,
    /// Thousands mark, in groups of exactly three digits.
    pub thousands: Option<char>,
    /// Whether a power of ten may follow: `1.9746E4`.
    pub exponents: bool,
}

impl Marks {
    /// How typed numbers and constants are written.
    pub(crate) const POINT: Marks = Marks {
        decimal: b'.',
        thousands: None,
        exponents: false,
    };
}

/// A number scaled to the wanted decimals; saturated when it is beyond `u128`, which is beyond every range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scaled {
    /// Absolute value in units of the last decimal.
    pub magnitude: u128,
    /// Whether it is below zero.
    pub negative: bool,
    /// Whether digits other than zero were rounded away.
    pub inexact: bool,
}

const POW10: [u64; 20] = {
    let mut table = [1u64; 20];
    let mut i = 1;
    while i < 20 {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
};

/// A number in text with `scale` decimals; `None` when it is not of the grammar.
pub(super) fn parse(text: &[u8], marks: Marks, scale: u32) -> Option<Scaled> {
    if marks.exponents
        && let Some(at) = memchr::memchr2(b'e', b'E', text)
    {
        return with_exponent(&text[..at], &text[at + 1..], marks, scale);
    }
    if let Some(mark) = marks.thousands {
        let mut buffer = [0; 4];
        let mark = mark.encode_utf8(&mut buffer).as_bytes();
        if memchr::memmem::find(text, mark).is_some() {
            let plain = without_groups(text, mark, marks.decimal)?;
            return plain_number(&plain, marks.decimal, scale);
        }
    }
    plain_number(text, marks.decimal, scale)
}

fn plain_number(text: &[u8], decimal: u8, scale: u32) -> Option<Scaled> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    // 19 digits always fit into 64 bits; longer texts are rare and take the careful way.
    if digits.len() > 19 {
        return long_number(digits, decimal, scale).map(|(magnitude, inexact)| Scaled {
            magnitude,
            negative,
            inexact,
        });
    }
    let mut value = 0u64;
    let mut at = 0;
    while at < digits.len() {
        let digit = digits[at].wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value * 10 + digit as u64;
        at += 1;
    }
    if at == 0 {
        return None;
    }
    if at == digits.len() {
        return Some(Scaled {
            magnitude: value as u128 * POW10[scale as usize] as u128,
            negative,
            inexact: false,
        });
    }
    let fraction = &digits[at + 1..];
    if digits[at] != decimal || fraction.is_empty() {
        return None;
    }
    let kept = fraction.len().min(scale as usize);
    for byte in &fraction[..kept] {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + digit as u64;
    }
    let magnitude = value as u128 * POW10[scale as usize - kept] as u128;
    let (magnitude, inexact) = round(magnitude, &fraction[kept..])?;
    Some(Scaled {
        magnitude,
        negative,
        inexact,
    })
}

/// Rounds half to even by the digits that are dropped.
fn round(magnitude: u128, dropped: &[u8]) -> Option<(u128, bool)> {
    if !dropped.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let Some((&first, rest)) = dropped.split_first() else {
        return Some((magnitude, false));
    };
    let sticky = rest.iter().any(|&b| b != b'0');
    let up = match first {
        b'6'..=b'9' => true,
        b'5' => sticky || magnitude & 1 == 1,
        _ => false,
    };
    Some((
        magnitude.saturating_add(up as u128),
        first != b'0' || sticky,
    ))
}

fn long_number(digits: &[u8], decimal: u8, scale: u32) -> Option<(u128, bool)> {
    let (whole, fraction) = match digits.iter().position(|&b| b == decimal) {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &b""[..]),
    };
    let has_mark = whole.len() < digits.len();
    if whole.is_empty() || (has_mark && fraction.is_empty()) {
        return None;
    }
    let kept = fraction.len().min(scale as usize);
    let padding = std::iter::repeat_n(b'0', scale as usize - kept);
    let mut magnitude = 0u128;
    for byte in whole
        .iter()
        .copied()
        .chain(fraction[..kept].iter().copied())
        .chain(padding)
    {
        if !byte.is_ascii_digit() {
            return None;
        }
        magnitude = magnitude
            .saturating_mul(10)
            .saturating_add((byte - b'0') as u128);
    }
    round(magnitude, &fraction[kept..])
}

/// A number times a power of ten. The number itself is read in full, so that nothing is rounded twice.
fn with_exponent(number: &[u8], power: &[u8], marks: Marks, scale: u32) -> Option<Scaled> {
    let (is_small, digits) = match power {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, power),
    };
    if !(1..=3).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let power = digits
        .iter()
        .fold(0, |n, digit| n * 10 + (digit - b'0') as i32);
    let power = if is_small { -power } else { power };
    let decimals = match number.iter().position(|&b| b == marks.decimal) {
        Some(at) => number.len() - at - 1,
        None => 0,
    };
    // A double has 17 digits; more than these are no number of a machine.
    let decimals = u32::try_from(decimals).ok().filter(|&n| n <= 30)?;
    let plain = Marks {
        exponents: false,
        ..marks
    };
    let whole = parse(number, plain, decimals)?;
    let mantissa = i128::try_from(whole.magnitude).unwrap_or(i128::MAX);
    let scaled = rescale(mantissa, decimals as i32 - power, scale);
    Some(Scaled {
        negative: whole.negative,
        ..scaled
    })
}

/// The number without its thousands marks, or `None` when a group has not exactly three digits.
fn without_groups(text: &[u8], mark: &[u8], decimal: u8) -> Option<Vec<u8>> {
    let end = text
        .iter()
        .position(|&b| b == decimal)
        .unwrap_or(text.len());
    let (whole, fraction) = text.split_at(end);
    let (sign, whole) = if whole.first() == Some(&b'-') {
        whole.split_at(1)
    } else {
        whole.split_at(0)
    };
    let mut plain = sign.to_vec();
    let mut rest = whole;
    let mut first = true;
    loop {
        let cut = memchr::memmem::find(rest, mark);
        let group = &rest[..cut.unwrap_or(rest.len())];
        let fits = if first && cut.is_some() {
            (1..=3).contains(&group.len())
        } else {
            group.len() == 3
        };
        // A whole part without a mark is judged by the grammar of plain numbers: then the mark stands in the fraction.
        if !fits || !group.iter().all(u8::is_ascii_digit) {
            return None;
        }
        plain.extend_from_slice(group);
        first = false;
        match cut {
            Some(at) => rest = &rest[at + mark.len()..],
            None => break,
        }
    }
    plain.extend_from_slice(fraction);
    Some(plain)
}

/// A mantissa with `from` decimals (negative: zeros to append) scaled to `to` decimals.
pub(super) fn rescale(mantissa: i128, from: i32, to: u32) -> Scaled {
    let (magnitude, negative) = (mantissa.unsigned_abs(), mantissa < 0);
    let shift = to as i32 - from;
    if shift >= 0 {
        let factor = 10u128.checked_pow(shift as u32).unwrap_or(u128::MAX);
        return Scaled {
            magnitude: magnitude.saturating_mul(factor),
            negative,
            inexact: false,
        };
    }
    let Some(unit) = 10u128.checked_pow(shift.unsigned_abs()) else {
        return Scaled {
            magnitude: 0,
            negative,
            inexact: magnitude != 0,
        };
    };
    let (quotient, rest) = (magnitude / unit, magnitude % unit);
    let up = rest > unit - rest || (rest == unit - rest && quotient & 1 == 1);
    Scaled {
        magnitude: quotient + (up && rest != 0) as u128,
        negative,
        inexact: rest != 0,
    }
}

// 2^52: adding it to a double below it leaves the nearest whole number in the low bits of the mantissa.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// A double times a power of ten, if that is the whole number of its shortest decimal form; else 0, which sends the value
/// to its text.
///
/// A decimal of at most 15 digits that reads back as the same double is the shortest one, because two such decimals never
/// share a double. So it is enough to find a candidate and divide it back.
#[inline(always)]
pub(super) fn exact_double(value: f64, power: f64) -> u64 {
    let sum = value * power + WHOLE;
    let candidate = sum - WHOLE;
    let fits =
        (candidate / power == value) & (candidate > 0.0) & (candidate < 999_999_999_999_999.0);
    if fits {
        sum.to_bits() & ((1 << 52) - 1)
    } else {
        0
    }
}

/// What a thousandth of a unit is in the unit of a column, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ratio(i128, i128);

impl Ratio {
    /// 1 lb = 0.45359237 kg, to grams.
    pub(super) const POUND: Ratio = Ratio(45_359_237, 100_000_000);
    /// 1 mile = 1.609344 km, to metres.
    pub(super) const MILE: Ratio = Ratio(1_609_344, 1_000_000);
    /// 1 nautical mile = 1.852 km, to metres.
    pub(super) const NAUTICAL_MILE: Ratio = Ratio(1_852, 1_000);

    /// Thousandths of the unit in that of the column, half to even.
    pub(super) fn of(self, thousandths: u128) -> u128 {
        let number = i128::try_from(thousandths).ok();
        match number.and_then(|number| number.checked_mul(self.0)) {
            Some(product) => div_half_even(product, self.1).unsigned_abs(),
            None => u128::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, scale: u32) -> Option<(u128, bool, bool)> {
        parse(text.as_bytes(), Marks::POINT, scale).map(|s| (s.magnitude, s.negative, s.inexact))
    }

    #[test]
    fn plain_numbers() {
        assert_eq!(read("0", 3), Some((0, false, false)));
        assert_eq!(read("12", 3), Some((12_000, false, false)));
        assert_eq!(read("-1.5", 3), Some((1_500, true, false)));
        assert_eq!(read("0.0015", 3), Some((2, false, true)));
        assert_eq!(read("0.0025", 3), Some((2, false, true)));
        assert_eq!(
            read("0.00250000000000000000000000000000000001", 3),
            Some((3, false, true))
        );
        assert_eq!(read("1.5000000", 3), Some((1_500, false, false)));
        assert_eq!(
            read("0000000000000000000000000000000000000012.5", 1),
            Some((125, false, false))
        );
        assert_eq!(read(&"9".repeat(40), 3), Some((u128::MAX, false, false)));
        assert_eq!(
            read("9223372036854775807", 0),
            Some((i64::MAX as u128, false, false))
        );
        assert_eq!(
            read("9223372036854775808", 0),
            Some((1 << 63, false, false))
        );
        assert_eq!(
            read("-9223372036854775809", 0),
            Some(((1 << 63) + 1, true, false))
        );
    }

    #[test]
    fn other_grammars_are_refused() {
        for bad in [
            "", "-", ".5", "5.", "+1", "1e5", "1E5", "NaN", "inf", "1_000", "1,000", "1 000",
            "--1", "1.2.3", "٣", "0x1",
        ] {
            assert_eq!(read(bad, 3), None, "{bad:?}");
            let long = format!("{bad}00000000000000000000000");
            if !matches!(bad, "" | "-" | "5.") {
                assert_eq!(read(&long, 3), None, "{long:?}");
            }
        }
        assert_eq!(read("00000000000000000000000000.", 3), None);
    }

    #[test]
    fn groups_have_exactly_three_digits() {
        let comma = Marks {
            decimal: b'.',
            thousands: Some(','),
            exponents: false,
        };
        let european = Marks {
            decimal: b',',
            thousands: Some('.'),
            exponents: false,
        };
        let narrow = Marks {
            decimal: b',',
            thousands: Some('\u{202f}'),
            exponents: false,
        };
        let read = |text: &str, marks| parse(text.as_bytes(), marks, 3).map(|s| s.magnitude);
        assert_eq!(read("1,000.5", comma), Some(1_000_500));
        assert_eq!(read("1.234.567,25", european), Some(1_234_567_250));
        assert_eq!(read("12\u{202f}000", narrow), Some(12_000_000));
        assert_eq!(read("1000", comma), Some(1_000_000));
        for bad in [
            "1,00.5", "1000,000", ",000", "1,,000", "1,000,", "1.000,5", "1,0000", "12.5,000",
        ] {
            assert_eq!(read(bad, comma), None, "{bad}");
        }
    }

    #[test]
    fn exponents_where_the_run_file_allows_them() {
        let marks = Marks {
            exponents: true,
            ..Marks::POINT
        };
        let read = |text: &str| {
            parse(text.as_bytes(), marks, 3).map(|s| (s.magnitude, s.negative, s.inexact))
        };
        assert_eq!(read("1.9746E4"), Some((19_746_000, false, false)));
        assert_eq!(read("-1.9746e+04"), Some((19_746_000, true, false)));
        assert_eq!(read("19746000E-3"), Some((19_746_000, false, false)));
        assert_eq!(read("2.8216123E3"), Some((2_821_612, false, true)));
        assert_eq!(read("25E-4"), Some((2, false, true)), "half to even");
        assert_eq!(read("12.5"), Some((12_500, false, false)));
        assert_eq!(read("1E999"), Some((u128::MAX, false, false)));
        assert_eq!(read("1E-999"), Some((0, false, true)));
        assert_eq!(read("0E5"), Some((0, false, false)));
        for bad in [
            "E4", "1E", "1E+", "1E4.5", "1.E4", ".5E1", "1E1E1", "1E1000", "1e 4", "1,5E2",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let european = Marks {
            decimal: b',',
            thousands: Some('.'),
            exponents: true,
        };
        assert_eq!(
            parse(b"1,9746E+4", european, 3).map(|s| s.magnitude),
            Some(19_746_000)
        );
    }

    #[test]
    fn doubles_give_their_shortest_decimal() {
        let mut seed = 0x9e37_79b9_7f4a_7c15u64;
        let mut hits = 0;
        for i in 0..200_000u64 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let value = match i % 4 {
                0 => (seed % 50_000_000) as f64 / 1000.0,
                1 => (seed % 1_000_000) as f64,
                2 => f64::from_bits(seed & !(1 << 63)),
                _ => (seed % 50_000_000) as f64 / 1000.0 * 1.1,
            };
            let found = exact_double(value, 1000.0);
            if found != 0 {
                hits += 1;
                let wanted = read(&format!("{value}"), 3).unwrap();
                assert_eq!((found as u128, false, false), wanted, "{value}");
            }
        }
        assert!(hits > 100_000);
        for odd in [f64::NAN, f64::INFINITY, -1.0, 0.0001, 1e300] {
            assert_eq!(exact_double(odd, 1000.0), 0);
        }
    }

    #[test]
    fn decimals_are_rescaled_half_to_even() {
        assert_eq!(
            rescale(12_345, 4, 3),
            Scaled {
                magnitude: 1_234,
                negative: false,
                inexact: true
            }
        );
        assert_eq!(
            rescale(-12_355, 4, 3),
            Scaled {
                magnitude: 1_236,
                negative: true,
                inexact: true
            }
        );
        assert_eq!(rescale(7, -2, 3).magnitude, 700_000);
        assert_eq!(rescale(i128::MAX, -38, 6).magnitude, u128::MAX);
        assert_eq!(
            rescale(1, 60, 3),
            Scaled {
                magnitude: 0,
                negative: false,
                inexact: true
            }
        );
    }

    #[test]
    fn units() {
        assert_eq!(Ratio::POUND.of(1_000), 454);
        assert_eq!(Ratio::POUND.of(2_204_623), 1_000_000);
        assert_eq!(Ratio::POUND.of(u128::MAX), u128::MAX);
        assert_eq!(Ratio::MILE.of(1_000), 1_609);
        assert_eq!(Ratio::MILE.of(534_400), 860_033);
        assert_eq!(Ratio::NAUTICAL_MILE.of(1_000_500), 1_852_926);
        assert_eq!(Ratio::NAUTICAL_MILE.of(1_250), 2_315, "exact");
    }
}
