//! JSON as bytes. Documents are many and mostly figures: a tree or a text for each of these would cost more than the rest.
//!
//! What is written is what [`write_json`] writes: markup and hidden characters are escapes.

use crate::escape::inert::write_json;
use crate::model::time::{DAY_US, Instant, civil, day_of, instant_text};
use crate::model::unit::decimal_text;

/// A text in quotes.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(is_plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        value(out, &text);
    }
}

/// A text without the quotes around it.
pub(crate) fn unquoted(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(is_plain) {
        out.extend_from_slice(text.as_bytes());
    } else {
        let mut quoted = Vec::with_capacity(text.len() + 16);
        value(&mut quoted, &text);
        out.extend_from_slice(&quoted[1..quoted.len() - 1]);
    }
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&')
}

/// A value as serde has it.
pub(crate) fn value(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    // Memory does not fail to be written to, and what is written here has texts for keys.
    let written = write_json(out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}

/// A mantissa with `scale` decimals, in quotes.
pub(crate) fn decimal(out: &mut Vec<u8>, mantissa: i128, scale: u32) {
    out.push(b'"');
    match (u64::try_from(mantissa), 10u64.checked_pow(scale)) {
        (Ok(mantissa), Some(unit)) => {
            digits(out, mantissa / unit, 1);
            if scale > 0 {
                out.push(b'.');
                digits(out, mantissa % unit, scale as usize);
            }
        }
        _ => out.extend_from_slice(decimal_text(mantissa, scale).as_bytes()),
    }
    out.push(b'"');
}

/// Digits of a number, at least so many.
pub(crate) fn digits(out: &mut Vec<u8>, mut number: u64, least: usize) {
    const MOST: usize = 20;
    let mut text = [b'0'; MOST];
    let mut from = MOST;
    while number >= 10 {
        from -= 2;
        text[from..from + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if number > 0 {
        from -= 1;
        text[from] = PAIRS[(number % 10) as usize][1];
    }
    out.extend_from_slice(&text[from.min(MOST - least)..]);
}

const PAIRS: [[u8; 2]; 100] = pairs();

#[expect(clippy::cast_possible_truncation, reason = "below 100")]
const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[b'0'; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
}

/// An instant, in quotes.
pub(crate) fn instant(out: &mut Vec<u8>, at: Instant) {
    out.push(b'"');
    let (us, (year, month, date)) = (at.rem_euclid(DAY_US), civil(day_of(at)));
    match (u64::try_from(year), us % 1_000_000) {
        (Ok(year), 0) if year < 10_000 => {
            let second = us.unsigned_abs() / 1_000_000;
            digits(out, year, 4);
            for (mark, part) in [
                (b'-', month.into()),
                (b'-', date.into()),
                (b'T', second / 3_600),
                (b':', second / 60 % 60),
                (b':', second % 60),
            ] {
                out.push(mark);
                digits(out, part, 2);
            }
            out.push(b'Z');
        }
        _ => out.extend_from_slice(instant_text(at).as_bytes()),
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn figures_are_those_of_the_slow_way() {
        let mut mantissa: i128 = 1;
        for step in 0..200u64 {
            for scale in [0, 3, 6, 9, 12, 18] {
                for n in [
                    mantissa,
                    -mantissa,
                    mantissa - 1,
                    10i128.pow((step % 38) as u32),
                ] {
                    let wanted = format!("\"{}\"", decimal_text(n, scale));
                    assert_eq!(written(|out| decimal(out, n, scale)), wanted, "{n} {scale}");
                }
            }
            mantissa = (mantissa * 7 + i128::from(step)) % 10i128.pow(30);
        }
        for at in [
            0,
            -1,
            1_741_936_800_000_000,
            1_741_936_800_000_001,
            DAY_US - 1_000_000,
        ] {
            let wanted = format!("\"{}\"", instant_text(at));
            assert_eq!(written(|out| instant(out, at)), wanted);
        }
    }

    #[test]
    fn texts_are_inert_and_the_same_to_read() {
        for shown in [
            "MAEU-1",
            "a\"b\\c",
            "<b>&",
            "x\u{202e}y",
            "\u{1}",
            "\u{e0041}",
            "重庆",
            "",
        ] {
            let json = written(|out| text(out, shown));
            assert_eq!(
                serde_json::from_str::<String>(&json).unwrap(),
                shown,
                "{json}"
            );
            assert!(!json.contains(['<', '>', '&']) && !json.chars().any(crate::escape::is_hidden));
            assert_eq!(written(|out| unquoted(out, shown)), json[1..json.len() - 1]);
        }
    }
}
