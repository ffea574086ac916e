//! One JSON object (RFC 8259), strictly: its members, with values as they stand in the text.
//!
//! Numbers keep their literal text; nothing is converted. Whether the bytes of a string are UTF-8 is judged with the cell.

/// A value of a member, by its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// `null`.
    Null,
    /// A string without its quotes; the flag says whether it holds escapes.
    Text(usize, usize, bool),
    /// A number.
    Number(usize, usize),
    /// `true`, `false`, an object or an array.
    Other(usize, usize),
}

/// Deepest nesting.
const DEEPEST: usize = 64;

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

/// Calls `member` for each member of the object that is all of `text`, with the place of its key. Says what was wanted
/// where the text is no object.
pub(super) fn object(
    text: &[u8],
    mut member: impl FnMut(Value, Value),
) -> Result<(), &'static str> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.expect(b'{', "a JSON object")?;
    if !scanner.take(b'}') {
        loop {
            let key = scanner.string("a quoted key")?;
            scanner.expect(b':', "a colon after the key")?;
            let value = scanner.value()?;
            member(key, value);
            if !scanner.take(b',') {
                break;
            }
        }
        scanner.expect(b'}', "a comma or closing brace")?;
    }
    scanner.space();
    if scanner.at == text.len() {
        Ok(())
    } else {
        Err("one JSON object on the line")
    }
}

impl Scanner<'_> {
    fn space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.text.get(self.at) == Some(&byte);
        self.at += found as usize;
        found
    }

    fn expect(&mut self, byte: u8, wanted: &'static str) -> Result<(), &'static str> {
        if self.take(byte) { Ok(()) } else { Err(wanted) }
    }

    fn string(&mut self, wanted: &'static str) -> Result<Value, &'static str> {
        self.expect(b'"', wanted)?;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0x20..) => self.at += 1,
                Some(_) => return Err("no control characters in a JSON string"),
                None => return Err("a closing quote"),
            }
        }
        self.at += 1;
        Ok(Value::Text(start, self.at - 1, escaped))
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        let length = match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if hex(self.text, self.at + 2).is_some() => 6,
            _ => return Err("an escape that JSON knows"),
        };
        self.at += length;
        Ok(())
    }

    fn value(&mut self) -> Result<Value, &'static str> {
        self.space();
        let start = self.at;
        match self.text.get(start) {
            Some(b'"') => self.string("a string"),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Value::Number(start, self.at)),
            Some(b'{' | b'[') => self.nested().map(|()| Value::Other(start, self.at)),
            _ => self.word().map(|null| {
                if null {
                    Value::Null
                } else {
                    Value::Other(start, self.at)
                }
            }),
        }
    }

    /// `null` (true), `true` or `false` (false).
    fn word(&mut self) -> Result<bool, &'static str> {
        let rest = &self.text[self.at..];
        for word in [&b"null"[..], b"true", b"false"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(word == b"null");
            }
        }
        Err("a JSON value")
    }

    fn number(&mut self) -> Result<(), &'static str> {
        self.at += (self.text[self.at] == b'-') as usize;
        match self.text.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err("digits after the minus sign"),
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += matches!(self.text.get(self.at), Some(b'+' | b'-')) as usize;
            self.some_digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) {
        while matches!(self.text.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), &'static str> {
        let start = self.at;
        self.digits();
        if self.at > start {
            Ok(())
        } else {
            Err("digits in a number")
        }
    }

    /// An object or array, checked and passed over; without recursion, so that no nesting can exhaust the stack.
    fn nested(&mut self) -> Result<(), &'static str> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            match self.text.get(self.at) {
                Some(&b) if b == b'{' || b == b'[' => {
                    if open.len() == DEEPEST {
                        return Err("at most 64 levels of nesting");
                    }
                    self.at += 1;
                    let close = if b == b'{' { b'}' } else { b']' };
                    if !self.take(close) {
                        open.push(close);
                        self.key_in(close)?;
                        continue;
                    }
                }
                _ => {
                    self.value()?;
                }
            }
            // After a value: the next one, or the ends of what is open.
            loop {
                let Some(&close) = open.last() else {
                    return Ok(());
                };
                if self.take(b',') {
                    self.key_in(close)?;
                    break;
                }
                self.expect(close, "a comma or closing bracket")?;
                open.pop();
            }
        }
    }

    fn key_in(&mut self, close: u8) -> Result<(), &'static str> {
        if close == b'}' {
            self.string("a quoted key")?;
            self.expect(b':', "a colon after the key")?;
        }
        Ok(())
    }
}

fn hex(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 4)?;
    digits.iter().try_fold(0u16, |value, b| {
        Some(value << 4 | u16::try_from((*b as char).to_digit(16)?).ok()?)
    })
}

/// A string of a scanned object without its escapes. A lone surrogate becomes a byte that no UTF-8 text holds.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let simple = match text.get(at + 1) {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                at += 6;
                let unit = hex(text, at - 4).unwrap_or(0xdc00);
                let low = if text.get(at..at + 2) == Some(b"\\u") {
                    hex(text, at + 2)
                } else {
                    None
                };
                let pair = low.filter(|low| {
                    (0xd800..0xdc00).contains(&unit) && (0xdc00..0xe000).contains(low)
                });
                let code = match pair {
                    Some(low) => {
                        at += 6;
                        0x10000 + ((unit as u32 - 0xd800) << 10) + (low as u32 - 0xdc00)
                    }
                    None => unit as u32,
                };
                match char::from_u32(code) {
                    Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => out.push(0xff),
                }
                continue;
            }
            Some(&other) => other,
            None => b'\\',
        };
        out.push(simple);
        at += 2;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Result<Vec<(String, Value)>, &'static str> {
        let mut out = Vec::new();
        object(text.as_bytes(), |key, value| {
            let Value::Text(start, end, _) = key else {
                panic!("a key is a string")
            };
            out.push((text[start..end].to_owned(), value));
        })?;
        Ok(out)
    }

    #[test]
    fn members_and_values() {
        let text = r#" { "a" : "x\"y" ,"b":-12.50e+3,"c":null,"d":true,"e":{"f":[1,{"g":[]},"]"],"h":{}} } "#;
        let got = members(text).unwrap();
        let keys: Vec<&str> = got.iter().map(|(k, _)| k.as_str()).collect();
        assert_eq!(keys, ["a", "b", "c", "d", "e"]);
        assert!(matches!(got[0].1, Value::Text(s, e, true) if &text[s..e] == r#"x\"y"#));
        assert!(matches!(got[1].1, Value::Number(s, e) if &text[s..e] == "-12.50e+3"));
        assert_eq!(got[2].1, Value::Null);
        assert!(
            matches!(got[4].1, Value::Other(s, e) if &text[s..e] == r#"{"f":[1,{"g":[]},"]"],"h":{}}"#)
        );
        assert_eq!(members("{}"), Ok(vec![]));
    }

    #[test]
    fn other_texts_are_no_object() {
        for bad in [
            "",
            "[]",
            "1",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":1e}",
            "{\"a\":-}",
            "{\"a\":NaN}",
            "{\"a\":nul}",
            "{\"a\":\"x}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":[1,]}",
            "{\"a\":[1}}",
            "{\"a\":{1:2}}",
            "{} {}",
            "{}x",
            "{\"a\":1}}",
            "{,}",
        ] {
            assert!(members(bad).is_err(), "{bad}");
        }
        let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(members(&deep(64)).is_ok());
        assert!(members(&deep(66)).is_err());
        assert!(members(&deep(30_000)).is_err());
    }

    #[test]
    fn escapes() {
        assert_eq!(
            unescape(br#"a\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\udea2"#),
            "a\"\\/\u{8}\u{c}\n\r\tAé\u{1F6A2}".as_bytes()
        );
        assert_eq!(unescape(br"\ud83dx"), b"\xffx");
        assert_eq!(unescape(br"\udea2\ud83d"), b"\xff\xff");
        assert_eq!(unescape(br"\u0000"), b"\0");
    }
}
