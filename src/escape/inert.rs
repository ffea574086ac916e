//! Text of strangers made inert: no cell is a formula, no control character turns a line around, no markup comes alive.
//!
//! JSON keeps every text as it is and only spells its dangerous characters as `\u` escapes: a reader gets the same text back.
//! A CSV cell has no escapes, so there are two ways: [`id`] for what a program reads back, and
//! [`csv_text`](crate::escape::csv_text) for people.

use super::{begins_formula, is_hidden};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use std::io::{self, Write};

/// An id as a CSV cell. What could be a formula, turn text around or be trimmed is percent-encoded as UTF-8, and so is `%`
/// itself: different ids stay different, [`original`] gives the id back, and ids as they occur in practice are unchanged.
pub(crate) fn id(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    // Spreadsheets also look behind a leading quote.
    let is_formula = begins_formula(text) || text.starts_with(['\'', '"']);
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.chars().enumerate() {
        // A space at an end would not survive the reading of a cell.
        let is_edge = c == ' ' && (i == 0 || i == last);
        let opens = i == 0 && is_formula;
        if c == '%' || is_edge || opens || is_hidden(c) {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes)
                .bytes()
                .for_each(|b| out.push_str(&format!("%{b:02X}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// The id that [`id`] encoded; `None` when the text does not come from there.
pub fn original(cell: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(cell.len());
    let mut rest = cell.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let (code, tail) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A part of a URN: letters, digits and `-._` as they are, everything else percent-encoded.
pub(crate) fn urn_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(b as char),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// Writes a value as one line of inert JSON, without a line end.
pub fn write_json(out: &mut dyn Write, value: &impl serde::Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, InertJson(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Compact JSON in which markup and hidden characters are escapes.
struct InertJson(CompactFormatter);

impl Formatter for InertJson {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Nearly every text is of such bytes alone, and none of them needs a second look.
        if fragment
            .bytes()
            .all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'<' | b'>' | b'&'))
        {
            return out.write_all(fragment.as_bytes());
        }
        let mut from = 0;
        for (at, c) in fragment
            .char_indices()
            .filter(|(_, c)| is_hidden(*c) || matches!(c, '<' | '>' | '&'))
        {
            out.write_all(&fragment.as_bytes()[from..at])?;
            // JSON escapes are of 16 bits: a character beyond them is two.
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            from = at + c.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[from..])
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.0.write_char_escape(out, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_ids_are_encoded() {
        assert_eq!(
            (
                id("MAEU-1@x").as_str(),
                id("=1+1").as_str(),
                id("50%").as_str()
            ),
            ("MAEU-1@x", "%3D1+1", "50%25")
        );
    }

    const HOSTILE: [&str; 12] = [
        "=HYPERLINK(\"x\")",
        "+1",
        "-2",
        "@SUM(A1)",
        "\tx",
        "\rx",
        " =1",
        "a\u{202e}gpj.exe",
        "x\u{2066}y",
        "%3D1",
        "'=1",
        "</script><b>",
    ];

    #[test]
    fn no_id_is_a_formula_and_every_id_comes_back() {
        let mut seen = std::collections::BTreeSet::new();
        for text in HOSTILE {
            let cell = id(text);
            assert!(
                !begins_formula(&cell) && !cell.starts_with(['\'', ' ']),
                "{cell}"
            );
            assert!(!cell.chars().any(is_hidden), "{cell:?}");
            assert_eq!(original(&cell).as_deref(), Some(text));
            assert!(seen.insert(cell));
        }
        for plain in ["MSKU1234565", "HHL71800000", "BL/2025-03 (a)", "北京-1"] {
            assert_eq!(id(plain), plain);
        }
    }

    #[test]
    fn json_is_plain_to_look_at_and_the_same_to_read() {
        for text in HOSTILE.into_iter().chain(["a\u{e0041}b\u{1d173}"]) {
            let mut bytes = Vec::new();
            write_json(&mut bytes, &text).unwrap();
            let json = String::from_utf8(bytes).unwrap();
            assert!(!json.chars().any(|c| is_hidden(c) || c == '<'), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
