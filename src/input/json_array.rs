//! How the records of a JSON file follow each other: one on each line, or as the elements of one array.
//!
//! Finds where records begin and end and judges what stands between them; what a record is, is the business of `json`.

use super::stream::MOST_RECORDS;

/// How the records of a file follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// One a line (NDJSON).
    Lines,
    /// One array that holds them all.
    Array,
}

impl Framing {
    /// The framing of a file that begins so: an array begins with its bracket, and no record does.
    pub(super) fn of(beginning: &[u8]) -> Framing {
        match beginning.iter().find(|b| !b.is_ascii_whitespace()) {
            Some(b'[') => Framing::Array,
            _ => Framing::Lines,
        }
    }

    /// The end of the last whole record of a block, or of the last one that a block may have, and the number of records up to there.
    pub(super) fn cut(self, bytes: &[u8], last: bool) -> (usize, u64) {
        let (mut end, mut records) = (0, 0);
        match self {
            Framing::Lines => {
                while records < MOST_RECORDS && end < bytes.len() {
                    let line = memchr::memchr(b'\n', &bytes[end..]);
                    if line.is_none() && !last {
                        break;
                    }
                    let stop = line.map_or(bytes.len(), |n| end + n);
                    records += !is_blank(&bytes[end..stop]) as u64;
                    end = (stop + 1).min(bytes.len());
                }
            }
            Framing::Array => {
                while records < MOST_RECORDS {
                    let Some((_, stop)) = element(bytes, end) else {
                        // What closes the array is of no block but the last.
                        if last {
                            end = bytes.len();
                        }
                        break;
                    };
                    // Without the byte behind it, nobody knows whether more of it follows.
                    if stop == bytes.len() && !last {
                        break;
                    }
                    end = stop;
                    records += 1;
                }
            }
        }
        (end, records)
    }

    /// Calls `record` with each record of a block and its place.
    pub(super) fn each<'a>(self, bytes: &'a [u8], mut record: impl FnMut(usize, &'a [u8])) {
        let mut at = 0;
        match self {
            Framing::Lines => {
                while at < bytes.len() {
                    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                    let line = &bytes[at..end];
                    if !is_blank(line) {
                        record(at, line.strip_suffix(b"\r").unwrap_or(line));
                    }
                    at = end + 1;
                }
            }
            Framing::Array => {
                while let Some((start, stop)) = element(bytes, at) {
                    record(start, &bytes[start..stop]);
                    at = stop;
                }
            }
        }
    }
}

/// A blank line is no record.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r'))
}

/// Whether a byte stands between elements. Brackets within an element are passed over with it.
fn is_between(b: u8) -> bool {
    b.is_ascii_whitespace() || matches!(b, b',' | b'[' | b']')
}

/// The next element from `at` on: an object to its closing brace, anything else to what stands between elements. An element that
/// does not end ends with the bytes.
fn element(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = at + bytes[at..].iter().position(|&b| !is_between(b))?;
    if bytes[start] != b'{' {
        let length = bytes[start..].iter().position(|&b| is_between(b));
        return Some((start, length.map_or(bytes.len(), |n| start + n)));
    }
    let (mut depth, mut at) = (0usize, start);
    while at < bytes.len() {
        match bytes[at] {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some((start, at + 1));
                }
            }
            b'"' => {
                let Some(close) = closing_quote(bytes, at + 1) else {
                    break;
                };
                at = close;
            }
            _ => {}
        }
        at += 1;
    }
    Some((start, bytes.len()))
}

fn closing_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// What stands between the elements of an array, judged as the blocks of a file go by: an array that was cut off must not be
/// taken for a shorter one.
#[derive(Default)]
pub(super) struct Between {
    elements: u64,
    /// Marks since the last element.
    marks: Vec<u8>,
    is_broken: bool,
}

impl Between {
    /// Looks at a block.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while let Some((start, stop)) = element(bytes, at) {
            self.pass(&bytes[at..start]);
            let wanted: &[u8] = if self.elements == 0 { b"[" } else { b"," };
            self.is_broken |= self.marks != wanted;
            self.marks.clear();
            self.elements += 1;
            at = stop;
        }
        self.pass(&bytes[at..]);
    }

    fn pass(&mut self, bytes: &[u8]) {
        // Three marks are too many wherever they stand.
        let marks = bytes.iter().filter(|b| !b.is_ascii_whitespace());
        self.marks.extend(marks.take(3));
        self.marks.truncate(3);
    }

    /// What was wanted, if this is no array.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let end: &[u8] = if self.elements == 0 { b"[]" } else { b"]" };
        (self.is_broken || self.marks != end).then_some(
            "the file begins as a JSON array and is none: wanted records with a comma between them, and a closing bracket behind the last",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        Framing::Array.each(text.as_bytes(), |_, e| {
            out.push(std::str::from_utf8(e).unwrap())
        });
        out
    }

    fn fault(text: &str) -> bool {
        let mut between = Between::default();
        between.look(text.as_bytes());
        between.fault().is_some()
    }

    #[test]
    fn elements_of_an_array() {
        let text = "[ {\"a\":\"}\\\"{\"} ,\n {\"b\":{\"c\":[1,{}]}},7, null ]\n";
        assert_eq!(
            elements(text),
            ["{\"a\":\"}\\\"{\"}", "{\"b\":{\"c\":[1,{}]}}", "7", "null"]
        );
        assert!(!fault(text) && !fault("[]") && !fault(" [\n] "));
        assert_eq!(elements("[{\"a\":\"x"), ["{\"a\":\"x"]);
        assert_eq!(elements("[{\"a\":\"x\\"), ["{\"a\":\"x\\"]);
    }

    #[test]
    fn what_is_no_array_is_refused() {
        for text in [
            "[{}",
            "[{},",
            "[{},]",
            "[{} {}]",
            "[,{}]",
            "[{}]]",
            "[[{}]]",
            "[{}],{}",
            "[",
            "[{},,{}]",
            "[{\"a\":1",
        ] {
            assert!(fault(text), "{text}");
        }
    }

    #[test]
    fn cutting_does_not_change_elements() {
        let text = "[{\"a\":\"}]\\\"\"},{\"b\":{\"c\":[1]}},\n77 , {}, nul,{\"d\":\"\\\\\"}]\n";
        let whole = elements(text);
        for size in 1..text.len() {
            let (mut parts, mut counted, mut from, mut have) = (Vec::new(), 0, 0, 0);
            let mut between = Between::default();
            while from < text.len() {
                have = (have + size).min(text.len());
                let block = &text.as_bytes()[from..have];
                let (end, count) = Framing::Array.cut(block, have == text.len());
                counted += count;
                parts.extend(elements(&text[from..from + end]));
                between.look(&block[..end]);
                from += end;
            }
            assert_eq!((&parts, counted), (&whole, whole.len() as u64), "{size}");
            assert!(between.fault().is_none());
        }
    }
}
