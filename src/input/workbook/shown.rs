//! A cell as a person sees it: its text, how the file holds it, and what of it is shown otherwise.

use super::Fault;
use super::book::{Book, Texts};
use super::number_format::{Shape, seen};
use super::rows::{Cell, Row, Stored};
use crate::input::number::Marks;
use crate::input::timestamp::DateSystem;
use crate::model::sheet::{Held, Seen};
use crate::model::time::instant_text;
use std::borrow::Cow;

/// What is shown of a cell.
pub(crate) struct Shown<'c> {
    /// The text; of a number its plain decimal, of a date `YYYY-MM-DD` with `THH:MM:SS` unless that is midnight.
    pub text: Cow<'c, str>,
    /// How the file holds it.
    pub held: Held,
    /// What a person sees in its place.
    pub seen: Seen,
}

const WITHOUT_VALUE: &str = "expected a formula with its value, which this workbook was saved without; open it in a spreadsheet program and save it";

/// What is shown of a cell.
pub(crate) fn shown<'c>(
    book: &Book,
    texts: &'c Texts,
    row: &'c Row,
    cell: &Cell,
) -> Result<Shown<'c>, Fault> {
    let value = row.value(cell);
    if !cell.has_value {
        let formula = row.formula(cell).unwrap_or_default();
        return Ok(Shown {
            text: Cow::Owned(format!("={formula}")),
            held: Held::Text,
            seen: Seen::Otherwise(WITHOUT_VALUE.to_owned()),
        });
    }
    let as_text = |text: Cow<'c, str>, seen| Shown {
        text,
        held: Held::Text,
        seen,
    };
    let letters = |is_raised| {
        if is_raised {
            Seen::Decorated
        } else {
            Seen::Text
        }
    };
    Ok(match cell.stored {
        Stored::Text => as_text(unescaped(value), letters(cell.is_raised)),
        Stored::Shared => {
            let lacking = || {
                Fault::new(format!(
                    "row {}: there is no shared text {value:?}",
                    row.number
                ))
            };
            let number = value.trim().parse().map_err(|_| lacking())?;
            let text = texts.get(number)?.ok_or_else(lacking)?;
            let is_raised = texts.is_raised(number);
            as_text(unescaped(text), letters(is_raised))
        }
        Stored::Truth => {
            let is_true = matches!(value.trim(), "1" | "true");
            as_text(
                Cow::Borrowed(if is_true { "TRUE" } else { "FALSE" }),
                Seen::Text,
            )
        }
        Stored::Error => as_text(Cow::Borrowed(value), Seen::Text),
        Stored::IsoDate => Shown {
            text: Cow::Borrowed(value.trim_end_matches('Z').trim_end_matches("T00:00:00")),
            held: Held::Date,
            seen: Seen::Text,
        },
        Stored::Number => number(book, cell.style, value),
    })
}

fn number<'c>(book: &Book, style: u32, stored: &'c str) -> Shown<'c> {
    let text = decimal(stored.trim());
    let code = book.style(style).map_or("", |style| style.code.as_str());
    let otherwise = |why: &str| Seen::Otherwise(format!("{why}; the cell's format is {code}"));
    let shape = book.style(style).map_or(Shape::Number, |style| style.shape);
    let (held, seen) = match (shape, text.parse::<f64>()) {
        (Shape::Number, Ok(value)) => (Held::Number, seen(code, value)),
        (Shape::Number, Err(_)) => (Held::Number, Seen::Text),
        (Shape::Duration, _) => (Held::Number, otherwise("expected no duration")),
        (Shape::Clock, Ok(value)) if value < 1.0 => {
            let why = "expected a time with its day, found a time of day alone";
            (Held::Number, otherwise(why))
        }
        (Shape::Clock | Shape::Date(_), _) => match date(book, &text) {
            Some(date) => {
                let hides_clock = shape == Shape::Date(false) && date.len() > 10;
                let hides_day = shape == Shape::Clock;
                return Shown {
                    text: Cow::Owned(date),
                    held: Held::Date,
                    seen: if hides_clock || hides_day {
                        Seen::Rounded
                    } else {
                        Seen::Text
                    },
                };
            }
            None => (Held::Number, otherwise("expected a day that there is")),
        },
    };
    Shown { text, held, seen }
}

/// The date of a number of days, to the millisecond.
fn date(book: &Book, text: &str) -> Option<String> {
    let system = if book.from_1904 {
        DateSystem::From1904
    } else {
        DateSystem::From1900
    };
    let local = instant_text(system.local_us(text, Marks::POINT)?);
    let local = local.trim_end_matches('Z');
    Some(local.trim_end_matches("T00:00:00").to_owned())
}

/// Digits that a double keeps of every decimal.
const EXACT_DIGITS: usize = 15;

/// The stored text of a number as a plain decimal. Spreadsheets store doubles, and many of them write 17 digits where fewer were typed
/// (`1.1000000000000001`), programs that make workbooks 16 (`9.108000000000001`): the shorter decimal that names the same double is what a person sees. No other digit changes.
pub(super) fn decimal(stored: &str) -> Cow<'_, str> {
    if digits(stored) > EXACT_DIGITS
        && let Ok(double) = stored.parse::<f64>()
        && double.is_finite()
    {
        let short = format!("{double}");
        let written = [format!("{double:.16e}"), format!("{double:.15e}")];
        let is_written = written.iter().any(|all| same_digits(stored, all));
        if digits(&short) <= EXACT_DIGITS && is_written {
            return Cow::Owned(short);
        }
    }
    match stored.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            plain(mantissa, exponent).map_or(Cow::Borrowed(stored), Cow::Owned)
        }
        None => Cow::Borrowed(stored),
    }
}

/// Significant digits.
pub(crate) fn digits(number: &str) -> usize {
    significant(number).len()
}

/// Digits of the mantissa from the first to the last that is not zero.
fn significant(number: &str) -> String {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits
        .trim_start_matches('0')
        .trim_end_matches('0')
        .to_owned()
}

/// Whether two numbers that are nearly equal are written with the same digits.
fn same_digits(a: &str, b: &str) -> bool {
    significant(a) == significant(b)
}

/// Without the power of ten, whose size is that of a double.
fn plain(mantissa: &str, exponent: &str) -> Option<String> {
    let exponent: i32 = exponent.parse().ok()?;
    if exponent.abs() > 400 {
        return None;
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let length = i32::try_from(all.len()).ok()?;
    let text = match point {
        ..=0 => format!("0.{}{all}", zeros(-point)),
        _ if point >= length => format!("{all}{}", zeros(point - length)),
        _ => {
            let (whole, fraction) = all.split_at(usize::try_from(point).ok()?);
            format!("{whole}.{fraction}")
        }
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        kept => kept,
    };
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Without the `_x000D_` of characters that XML cannot hold.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 7).and_then(|code| {
            let code = code.strip_suffix('_')?;
            char::from_u32(u32::from_str_radix(code, 16).ok()?)
        });
        let end = at + if code.is_some() { 7 } else { 2 };
        out.push_str(&rest[..if code.is_some() { at } else { end }]);
        out.extend(code);
        rest = &rest[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_were_typed() {
        for (stored, want) in [
            ("12.5", "12.5"),
            ("1.1000000000000001", "1.1"),
            ("0.10000000000000001", "0.1"),
            ("19746.349999999999", "19746.35"),
            ("9.108000000000001", "9.108"),
            ("14.65999999999999", "14.65999999999999"),
            ("1E-3", "0.001"),
            ("1.0000000000000001E-5", "0.00001"),
            ("1.9746E4", "19746"),
            ("-1.5e+2", "-150"),
            ("1E16", "10000000000000000"),
            // Results of a calculation and decimals of other programs stay, digit by digit.
            ("0.30000000000000004", "0.30000000000000004"),
            ("12345678.123456789012", "12345678.123456789012"),
            ("19746.1234567890123", "19746.1234567890123"),
            ("0", "0"),
            ("1E999", "1E999"),
            ("x", "x"),
            ("", ""),
        ] {
            assert_eq!(decimal(stored), want, "{stored}");
        }
    }

    #[test]
    fn characters_that_xml_cannot_hold() {
        assert_eq!(unescaped("a_x000D_b_x41_"), "a\rb_x41_");
        assert_eq!(unescaped("_x005F_x000D_"), "_x000D_");
        assert_eq!(unescaped("plain_x"), "plain_x");
    }
}
