//! What holds for every cell that is text: what nobody sees around it goes, `[values]` translate it, it is valid UTF-8 (else R016). Columns
//! of type text, code words among them, also hold at most 64 characters and no control characters; in a number, a timestamp
//! or a place such a character is a fault of that grammar. What a spreadsheet shows for a formula without a result is no value in any
//! column, however it came into a file.

use super::heads;
use crate::model::sheet::is_error_value;
use std::borrow::Cow;
use std::collections::HashMap;

/// Longest text in characters.
pub(super) const LONGEST: usize = 64;

/// Longest cell of any kind in bytes; a longer one is R016 and is not looked at, for many rows may share it. Records of text files end here
/// anyway (R023).
pub(super) const LONGEST_CELL: usize = 64 << 10;

/// Bytes that are shown of a cell at most: enough for the 120 characters that a rejection keeps.
const SHOWN: usize = 512;

/// A table of `[values]`: theirs to ours.
pub(super) type Values = HashMap<String, String>;

/// A text cell that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading<'a> {
    /// The text; empty: absent.
    pub text: &'a str,
    /// Whether `[values]` gave it: then it is in our notation.
    pub translated: bool,
}

/// A text that breaks the rules above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadText;

/// Applies the rules of a text column to a raw cell.
pub(super) fn read<'a>(raw: &'a [u8], values: Option<&'a Values>) -> Result<Reading<'a>, BadText> {
    let (found, translated) = translate(raw, values)?;
    check(found).map(|text| Reading { text, translated })
}

/// Applies the rules of a number, a timestamp or a place to a raw cell: their own grammar judges the characters.
pub(super) fn read_untyped<'a>(
    raw: &'a [u8],
    values: Option<&'a Values>,
) -> Result<Reading<'a>, BadText> {
    let (found, translated) = translate(raw, values)?;
    match std::str::from_utf8(found) {
        Ok(text) if !is_error_value(text) => Ok(Reading { text, translated }),
        _ => Err(BadText),
    }
}

/// The cell without spaces around it, or what `[values]` has for it.
fn translate<'a>(raw: &'a [u8], values: Option<&'a Values>) -> Result<(&'a [u8], bool), BadText> {
    if raw.len() > LONGEST_CELL {
        return Err(BadText);
    }
    let trimmed = trim(raw);
    Ok(
        match values.and_then(|v| v.get(std::str::from_utf8(trimmed).ok()?)) {
            Some(ours) => (trim(ours.as_bytes()), true),
            None => (trimmed, false),
        },
    )
}

/// The beginning of a cell, as it is shown to people.
pub(super) fn shown(raw: &[u8]) -> Cow<'_, str> {
    let raw = &raw[..raw.len().min(LONGEST_CELL)];
    let trimmed = trim(raw);
    String::from_utf8_lossy(&trimmed[..trimmed.len().min(SHOWN)])
}

fn check(text: &[u8]) -> Result<&str, BadText> {
    // 64 characters have at most 256 bytes: a longer cell is not looked at.
    if text.len() > LONGEST * 4 {
        return Err(BadText);
    }
    let text = std::str::from_utf8(text).map_err(|_| BadText)?;
    if is_error_value(text) {
        return Err(BadText);
    }
    if is_plain(text.as_bytes()) && text.len() <= LONGEST {
        return Ok(text);
    }
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        Err(BadText)
    } else {
        Ok(text)
    }
}

/// Without the spaces and the characters that nobody sees around it; control characters stay.
#[inline]
pub(super) fn trim(mut raw: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = raw {
        raw = rest;
    }
    while let [rest @ .., b' '] = raw {
        raw = rest;
    }
    let is_wide = |end: Option<&u8>| end.is_some_and(|byte| !byte.is_ascii());
    if is_wide(raw.first()) || is_wide(raw.last()) {
        return trim_wide(raw);
    }
    match raw {
        // How programs write a text that a spreadsheet is to keep as one: `="0012"`.
        [b'=', b'"', inner @ .., b'"'] if !inner.contains(&b'"') => trim(inner),
        _ => raw,
    }
}

/// The same where an end is no ASCII: no-break and wide spaces, zero-width spaces, marks of direction. Web pages and mails put them there, and
/// an id or a carrier with one would be another.
fn trim_wide(raw: &[u8]) -> &[u8] {
    std::str::from_utf8(raw).map_or(raw, |text| trim_text(text).as_bytes())
}

/// A text as a cell is read.
pub(crate) fn trim_text(text: &str) -> &str {
    text.trim_matches(|c: char| (c.is_whitespace() && !c.is_control()) || heads::is_invisible(c))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Whether every byte is printable ASCII or a space; may say no to a few texts that are, never the other way round.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    let mut bad = 0;
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        // High bit set; below 0x20 (borrows only spread into bytes above a bad one); 0x7f (plus one reaches the high bit).
        bad |= word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES);
    }
    for &byte in rest {
        bad |= byte as u64 | (byte as u64).wrapping_sub(0x20) | (byte as u64 + 1);
    }
    bad & HIGH == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_goes_from_the_ends_and_nothing_else() {
        assert_eq!(read(b"  a b ", None).unwrap().text, "a b");
        assert_eq!(read(b"   ", None).unwrap().text, "");
        for unseen in [
            "\u{a0}",
            "\u{202f} ",
            "\u{3000}",
            "\u{200b}",
            "\u{feff}",
            " \u{200e}\u{a0}",
        ] {
            for raw in [
                format!("{unseen}a b"),
                format!("a b{unseen}"),
                format!("{unseen}a b{unseen}"),
            ] {
                assert_eq!(read(raw.as_bytes(), None).unwrap().text, "a b", "{raw:?}");
                assert_eq!(read_untyped(raw.as_bytes(), None).unwrap().text, "a b");
            }
            assert_eq!(read(unseen.as_bytes(), None).unwrap().text, "");
        }
        assert_eq!(read("\u{a0}重 é".as_bytes(), None).unwrap().text, "重 é");
        assert_eq!(read("a\u{a0}b".as_bytes(), None).unwrap().text, "a\u{a0}b");
        assert_eq!(read("\u{a0}a\t".as_bytes(), None), Err(BadText));
    }

    #[test]
    fn a_text_that_is_kept_for_a_spreadsheet_is_what_stands_in_it() {
        for (raw, want) in [
            (r#"="0012""#, "0012"),
            (r#" =" S1 " "#, "S1"),
            (r#"="""#, ""),
            (r#"="a"&"b""#, r#"="a"&"b""#),
            (r#"=HYPERLINK("x")"#, r#"=HYPERLINK("x")"#),
            (r#"=""#, r#"=""#),
        ] {
            assert_eq!(read(raw.as_bytes(), None).unwrap().text, want, "{raw}");
            assert_eq!(read_untyped(raw.as_bytes(), None).unwrap().text, want);
        }
    }

    #[test]
    fn control_characters_and_length() {
        for bad in [
            &b"a\0"[..],
            b"a\tb",
            b"a\nb",
            b"\x7f",
            "\u{85}".as_bytes(),
            b"\xff",
            b"\xc3",
            &[b'a'; 65],
            "é".repeat(65).as_bytes(),
        ] {
            assert_eq!(read(bad, None), Err(BadText), "{bad:?}");
        }
        for good in [
            "a".repeat(64),
            "é".repeat(64),
            "\u{1F6A2}".repeat(64),
            " ".repeat(400) + "a",
        ] {
            assert!(read(good.as_bytes(), None).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_a_formula_without_a_result_shows_is_no_value() {
        for text in ["#N/A", "#n/a", " #REF! ", "#DIV/0!", "#NV", "#¡VALOR!"] {
            assert_eq!(read(text.as_bytes(), None), Err(BadText), "{text}");
            assert_eq!(read_untyped(text.as_bytes(), None), Err(BadText), "{text}");
        }
        for text in ["#1", "#", "N/A", "#N/A-2", "#12/0!"] {
            assert!(read(text.as_bytes(), None).is_ok(), "{text}");
        }
        let values = Values::from([("#N/A".into(), String::new())]);
        assert_eq!(read(b"#N/A", Some(&values)).unwrap().text, "");
        assert_eq!(read_untyped(b"#N/A", Some(&values)).unwrap().text, "");
    }

    #[test]
    fn a_cell_that_many_rows_may_share_is_looked_at_to_its_limit() {
        let just = " ".repeat(LONGEST_CELL - 1) + "a";
        assert_eq!(read(just.as_bytes(), None).unwrap().text, "a");
        assert_eq!(read_untyped(just.as_bytes(), None).unwrap().text, "a");
        let above = just + " ";
        assert_eq!(read(above.as_bytes(), None), Err(BadText));
        assert_eq!(read_untyped(above.as_bytes(), None), Err(BadText));
        assert_eq!(shown("重".repeat(1 << 20).as_bytes()).chars().count(), 171);
        assert_eq!(shown(b"  12.5 "), "12.5");
    }

    #[test]
    fn values_come_before_the_limit() {
        let long = "x".repeat(100);
        let values = Values::from([
            (long.clone(), "CNCKG".into()),
            ("b".into(), long.clone()),
            ("".into(), "none".into()),
        ]);
        assert_eq!(
            read(long.as_bytes(), Some(&values)),
            Ok(Reading {
                text: "CNCKG",
                translated: true
            })
        );
        assert_eq!(read(b"b", Some(&values)), Err(BadText));
        assert_eq!(
            read(b"c", Some(&values)),
            Ok(Reading {
                text: "c",
                translated: false
            })
        );
        assert_eq!(read(b" ", Some(&values)).unwrap().text, "none");
    }

    #[test]
    fn plain_is_never_wrong_in_the_dangerous_direction() {
        for a in 0..=255u8 {
            for b in 0..=255u8 {
                let text = [a, b, b'x', b, a, b'1', b'2', b'3', a];
                if is_plain(&text) {
                    assert!(text.iter().all(|c| (0x20..0x7f).contains(c)), "{text:?}");
                }
            }
        }
        assert!(is_plain(b"CQSG0000000001") && is_plain(b"") && is_plain(b"~ !"));
    }
}
