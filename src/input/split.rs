//! CSV records (RFC 4180) in a block of bytes: where fields and records end, and which records cannot be read.
//!
//! Looks at delimiters, quotes and line ends only. The same scan counts records when a file is cut into blocks and
//! collects fields when a block is parsed, so that both see the same records.

use super::stream::{LONGEST_RECORD, MOST_RECORDS};

/// Most line breaks in a record.
const MOST_BREAKS: usize = 16;

/// What a scan hands over, in the order of the file.
pub(super) trait Sink {
    /// A field of the record under way: these bytes of the block.
    fn field(&mut self, start: usize, end: usize);
    /// A quoted field with quotes in it, here without the doubling.
    fn unescaped(&mut self, text: &[u8]);
    /// The record under way is complete and stands in these bytes; `false` ends the scan behind it.
    fn record(&mut self, record: &[u8]) -> bool;
    /// The record under way cannot be read; `line` is its first line. `false` ends the scan behind it.
    fn unreadable(&mut self, line: &[u8], why: &'static str) -> bool;
}

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The high bit of every byte of `word` that equals the byte repeated in `pattern`.
#[inline(always)]
fn matches(word: u64, pattern: u64) -> u64 {
    let x = word ^ pattern;
    !(((x & LOW) + LOW) | x | LOW)
}

/// Positions of delimiters, quotes and line feeds, eight bytes at a time.
struct Specials<'a> {
    bytes: &'a [u8],
    patterns: [u64; 3],
    word_at: usize,
    found: u64,
}

impl<'a> Specials<'a> {
    fn new(bytes: &'a [u8], delimiter: u8) -> Specials<'a> {
        let patterns = [
            ONES * delimiter as u64,
            ONES * b'\n' as u64,
            ONES * b'"' as u64,
        ];
        let mut specials = Specials {
            bytes,
            patterns,
            word_at: 0,
            found: 0,
        };
        specials.seek(0);
        specials
    }

    /// Continues at a position.
    fn seek(&mut self, at: usize) {
        self.word_at = at & !7;
        self.found = self.look() & (u64::MAX << ((at & 7) * 8));
    }

    #[inline(always)]
    fn look(&self) -> u64 {
        let rest = &self.bytes[self.word_at.min(self.bytes.len())..];
        let word = match rest.first_chunk::<8>() {
            Some(word) => *word,
            None => {
                // Zeros behind the end: no special byte is zero.
                let mut word = [0; 8];
                word[..rest.len()].copy_from_slice(rest);
                word
            }
        };
        let word = u64::from_le_bytes(word);
        matches(word, self.patterns[0])
            | matches(word, self.patterns[1])
            | matches(word, self.patterns[2])
    }

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.word_at += 8;
            if self.word_at >= self.bytes.len() {
                return None;
            }
            self.found = self.look();
        }
        let at = self.word_at + (self.found.trailing_zeros() / 8) as usize;
        self.found &= self.found - 1;
        Some(at)
    }
}

const TOO_LONG: &str = "a record of at most 64 KiB";
// One text for all of these: which of them is met first depends on how much of the file follows.
const BAD_QUOTES: &str =
    "quotes that close before a delimiter or line end, within 64 KiB and 16 line breaks";

/// What a quote inside a quoted field is.
enum Quote {
    Doubled,
    Closing,
    /// More bytes decide.
    Unknown,
    Stray,
}

fn quote(bytes: &[u8], at: usize, delimiter: u8, last: bool) -> Quote {
    match (bytes.get(at + 1), bytes.get(at + 2)) {
        (Some(b'"'), _) => Quote::Doubled,
        (Some(b'\n'), _) | (Some(b'\r'), Some(b'\n')) => Quote::Closing,
        (Some(&b), _) if b == delimiter => Quote::Closing,
        (None, _) | (Some(b'\r'), None) => {
            if last {
                Quote::Closing
            } else {
                Quote::Unknown
            }
        }
        _ => Quote::Stray,
    }
}

/// Where a scan stands in a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// In a field without quotes, or before its first byte.
    Plain,
    /// Behind an opening quote; whether a doubled quote was met.
    Quoted(bool),
    /// Behind a closing quote: the field has been handed over.
    Closed,
}

/// Scans whole records into `sink`; returns the end of the last one. `last`: nothing follows these bytes, so that an
/// unfinished record is all there is of it. An empty line is no record.
pub(super) fn scan(bytes: &[u8], delimiter: u8, last: bool, sink: &mut impl Sink) -> usize {
    let mut specials = Specials::new(bytes, delimiter);
    let (mut record, mut field, mut breaks, mut state) = (0, 0, 0, State::Plain);
    loop {
        let at = specials.next().unwrap_or(bytes.len());
        let byte = bytes.get(at).copied();
        let mut fault = None;
        match (state, byte) {
            (State::Plain, Some(b)) if b == delimiter => {
                sink.field(field, at);
                field = at + 1;
                continue;
            }
            (State::Closed, Some(b)) if b == delimiter => {
                (field, state) = (at + 1, State::Plain);
                continue;
            }
            (State::Plain, Some(b'"')) => {
                if at == field {
                    (field, state) = (at + 1, State::Quoted(false));
                    continue;
                }
                // An inch mark (`40" HC`). Behind spaces alone it may as well begin a quoted field, and nobody knows which.
                if bytes[field..at].iter().any(|&b| b != b' ') {
                    continue;
                }
                fault = Some(BAD_QUOTES);
            }
            (State::Quoted(_), _) if at > record + LONGEST_RECORD => fault = Some(BAD_QUOTES),
            (State::Quoted(doubled), Some(b'"')) => match quote(bytes, at, delimiter, last) {
                Quote::Doubled => {
                    specials.next();
                    state = State::Quoted(true);
                    continue;
                }
                Quote::Closing => {
                    if doubled {
                        sink.unescaped(&unescape(&bytes[field..at]));
                    } else {
                        sink.field(field, at);
                    }
                    state = State::Closed;
                    continue;
                }
                Quote::Unknown => return record,
                Quote::Stray => fault = Some(BAD_QUOTES),
            },
            (State::Quoted(_), Some(b'\n')) => {
                breaks += 1;
                if breaks <= MOST_BREAKS {
                    continue;
                }
                fault = Some(BAD_QUOTES);
            }
            (State::Quoted(_), Some(_)) => continue,
            (_, None) if !last => return record,
            (State::Quoted(_), None) => fault = Some(BAD_QUOTES),
            (State::Plain | State::Closed, _) => {}
        }
        // The record ends here: at its line feed, at the end of the bytes, or because it cannot be read.
        let end = if at > record && bytes[at - 1] == b'\r' {
            at - 1
        } else {
            at
        };
        let mut next = at + 1;
        if fault.is_none() && end > record + LONGEST_RECORD {
            fault = Some(TOO_LONG);
        }
        if let Some(why) = fault {
            // Reading resumes at the line after the record's first.
            let line = memchr::memchr(b'\n', &bytes[record..]);
            if line.is_none() && !last {
                return record;
            }
            let line_end = line.map_or(bytes.len(), |at| record + at);
            next = line_end + 1;
            if !sink.unreadable(without_cr(&bytes[record..line_end]), why) {
                return next.min(bytes.len());
            }
            specials.seek(next);
        } else if end > record {
            if state == State::Plain {
                sink.field(field, end);
            }
            if !sink.record(&bytes[record..end]) {
                return next.min(bytes.len());
            }
        }
        if next >= bytes.len() {
            return bytes.len();
        }
        (record, field, breaks, state) = (next, next, 0, State::Plain);
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The end of the last whole record, or of the last one that a block may have, and the number of records up to there. Without a quote every line is a record, which
/// is counted much faster.
pub(super) fn cut(bytes: &[u8], delimiter: u8, last: bool) -> (usize, u64) {
    if memchr::memchr(b'"', bytes).is_some() {
        let mut count = Count(0);
        let end = scan(bytes, delimiter, last, &mut count);
        return (end, count.0);
    }
    let (mut start, mut records) = (0, 0);
    for at in memchr::memchr_iter(b'\n', bytes) {
        records += !without_cr(&bytes[start..at]).is_empty() as u64;
        start = at + 1;
        if records == MOST_RECORDS {
            return (start, records);
        }
    }
    if !last {
        return (start, records);
    }
    (
        bytes.len(),
        records + !without_cr(&bytes[start..]).is_empty() as u64,
    )
}

struct Count(u64);

impl Sink for Count {
    fn field(&mut self, _: usize, _: usize) {}

    fn unescaped(&mut self, _: &[u8]) {}

    fn record(&mut self, _: &[u8]) -> bool {
        self.0 += 1;
        self.0 < MOST_RECORDS
    }

    fn unreadable(&mut self, _: &[u8], _: &'static str) -> bool {
        self.0 += 1;
        self.0 < MOST_RECORDS
    }
}

/// The first `count` records of whole ones: where they end.
pub(super) fn end_of(bytes: &[u8], delimiter: u8, count: u64) -> usize {
    if count == 0 {
        return 0;
    }
    scan(bytes, delimiter, true, &mut First(count))
}

struct First(u64);

impl Sink for First {
    fn field(&mut self, _: usize, _: usize) {}

    fn unescaped(&mut self, _: &[u8]) {}

    fn record(&mut self, _: &[u8]) -> bool {
        self.0 -= 1;
        self.0 > 0
    }

    fn unreadable(&mut self, line: &[u8], _: &'static str) -> bool {
        self.record(line)
    }
}

/// Whether every field of a record is empty but for spaces, wide and no-break ones too: what a spreadsheet writes for a row that nobody filled in.
pub(super) fn is_blank(record: &[u8], delimiter: u8) -> bool {
    if !record.is_ascii() {
        let seen = |c: &char| !(c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}'));
        return match std::str::from_utf8(record) {
            Ok(text) => {
                let rest: String = text.chars().filter(|c| c.is_ascii() || seen(c)).collect();
                rest.is_ascii() && is_blank(rest.as_bytes(), delimiter)
            }
            Err(_) => false,
        };
    }
    let mut quoted = false;
    let blank = record.iter().all(|&b| match b {
        b'"' => {
            quoted = !quoted;
            true
        }
        b' ' | b'\t' if b != delimiter => true,
        _ => b == delimiter && !quoted,
    });
    // Three in a row are the text of one.
    blank && memchr::memmem::find(record, b"\"\"\"").is_none()
}

fn unescape(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=at]);
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Collect {
        block: Vec<u8>,
        under_way: Vec<String>,
        out: Vec<String>,
    }

    impl Sink for Collect {
        fn field(&mut self, start: usize, end: usize) {
            self.under_way
                .push(String::from_utf8_lossy(&self.block[start..end]).into_owned());
        }

        fn unescaped(&mut self, text: &[u8]) {
            self.under_way
                .push(String::from_utf8_lossy(text).into_owned());
        }

        fn record(&mut self, _: &[u8]) -> bool {
            self.out.push(std::mem::take(&mut self.under_way).join("|"));
            true
        }

        fn unreadable(&mut self, line: &[u8], why: &'static str) -> bool {
            self.under_way.clear();
            self.out.push(format!(
                "!{} ({why})",
                String::from_utf8_lossy(&line[..line.len().min(20)])
            ));
            true
        }
    }

    fn records(text: &str) -> Vec<String> {
        let mut sink = Collect {
            block: text.as_bytes().to_vec(),
            ..Collect::default()
        };
        assert_eq!(scan(text.as_bytes(), b',', true, &mut sink), text.len());
        assert_eq!(
            cut(text.as_bytes(), b',', true),
            (text.len(), sink.out.len() as u64),
            "{text:?}"
        );
        sink.out
    }

    #[test]
    fn records_and_fields() {
        assert_eq!(
            records("a,b\r\n1,2\n\n\r\n,\n3,4"),
            ["a|b", "1|2", "|", "3|4"]
        );
        assert_eq!(
            records("\"a,\"\"b\"\"\nc\",\"\"\r\nx,y\r"),
            ["a,\"b\"\nc|", "x|y"]
        );
        assert_eq!(
            records("20\" box,5\",5'10\"\"\nz\n"),
            ["20\" box|5\"|5'10\"\"", "z"],
            "a quote inside an unquoted field is text"
        );
        assert_eq!(
            records("a, \"b\"\nz\n"),
            [format!("!a, \"b\" ({BAD_QUOTES})"), "z".into()],
            "behind spaces alone it may be meant to open the field"
        );
        assert_eq!(records(""), [""; 0]);
        assert_eq!(records("\"a\""), ["a"]);
        assert_eq!(records("a,\n,b"), ["a|", "|b"]);
    }

    #[test]
    fn faults_resume_at_the_line_after_the_first() {
        let refused = |line: &str| format!("!{line} ({BAD_QUOTES})");
        assert_eq!(
            records("\"a\"x,1\nb,2\n"),
            [refused("\"a\"x,1"), "b|2".into()]
        );
        assert_eq!(
            records("1,\"a\nb,2\nc,3"),
            [refused("1,\"a"), "b|2".into(), "c|3".into()]
        );
        let breaks = |n: usize| format!("\"{}\",1\nz,2\n", "\n".repeat(n));
        assert_eq!(records(&breaks(16)).len(), 2);
        // The first line is refused, the empty lines are none, the quote of the last opens a field that nothing closes.
        assert_eq!(
            records(&breaks(17)),
            [refused("\""), refused("\",1"), "z|2".into()]
        );
        let long = |n: usize| format!("{},1\nz,2\n", "x".repeat(n));
        assert_eq!(records(&long(65_534)).len(), 2);
        assert!(records(&long(65_534))[0].ends_with("x|1"));
        assert_eq!(
            records(&long(65_535)),
            [format!("!xxxxxxxxxxxxxxxxxxxx ({TOO_LONG})"), "z|2".into()]
        );
        let quoted = format!("\"{}\n{}\",1\nz,2\n", "x".repeat(65_000), "y".repeat(600));
        assert_eq!(records(&quoted)[0], refused("\"xxxxxxxxxxxxxxxxxxx"));
        assert_eq!(records(&quoted).last().map(String::as_str), Some("z|2"));
    }

    #[test]
    fn blank_records_and_first_records() {
        for blank in [",,,,", "", "  ", " , ,", "\"\",\" \",", ",\t,"] {
            assert!(is_blank(blank.as_bytes(), b','), "{blank:?}");
        }
        for text in [",,0,", "\",\"", "\"\"\"\"", ";;", ",a"] {
            assert!(!is_blank(text.as_bytes(), b','), "{text:?}");
        }
        let text = b"a,b\n\n\"x\"y\n\"c\nd\",e\nf";
        assert_eq!(
            [0, 1, 2, 3, 4, 9].map(|n| end_of(text, b',', n)),
            [0, 4, 10, 18, 19, 19]
        );
    }

    /// Any cut into blocks sees the records that the whole text has.
    #[test]
    fn cutting_does_not_change_records() {
        let pieces = [
            "a,b", "\"", "\n", "\r\n", ",", "\"\"", "x", "\"q\"", "\n\n", "\"a\nb\"", "4\"", " ",
        ];
        let mut seed = 42u64;
        for round in 0..3000 {
            let mut text = String::new();
            for _ in 0..(round % 40) {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
            }
            let whole = records(&text);
            let (mut parts, mut counted, mut from, mut have) = (Vec::new(), 0, 0, 0);
            while from < text.len() {
                have = (have + 7).min(text.len());
                let (end, count) = cut(&text.as_bytes()[from..have], b',', have == text.len());
                counted += count;
                parts.extend(records(&text[from..from + end]));
                from += end;
            }
            assert_eq!(
                (parts, counted),
                (whole.clone(), whole.len() as u64),
                "{text:?}"
            );
        }
    }
}
