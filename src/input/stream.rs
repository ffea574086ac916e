//! Text files as blocks of whole records in UTF-8: decompression, byte order mark, character encoding, line ends.
//!
//! Knows no format: the caller says where the last whole record of a block ends.

use super::encoding::has_foreign_mark;
use super::unpack::{SMALL, is_packed, unpacked};
use super::{FileFault, SourceFile};
use crate::claims::most_rows;
use encoding_rs::{Decoder, DecoderResult};
use std::io::{self, Read, Seek};

/// Bytes of a block.
pub(super) const BLOCK: usize = 4 << 20;

/// Most records of a block: short ones take far more memory once they are read than their bytes.
pub(super) const MOST_RECORDS: u64 = 32_768;

/// Longest record in bytes, without its line end (docs/formats.md, R023).
pub(super) const LONGEST_RECORD: usize = 64 << 10;

// Stands for a malformed byte sequence of another encoding; no UTF-8 text holds it, so the cell becomes R016.
const MALFORMED: u8 = 0xff;

/// A text file as a stream of blocks.
pub(super) struct Blocks {
    label: String,
    bytes: Box<dyn Read + Send>,
    /// Records that may still come of a packed file.
    records_left: u64,
    decoder: Option<Decoder>,
    // Undecoded bytes of the last read, for encodings other than UTF-8.
    pending: Vec<u8>,
    carry: Vec<u8>,
    started: bool,
    ended: bool,
    // Lines end with CR alone, as old spreadsheets of the Macintosh write them: every CR becomes a line feed.
    has_cr_ends: bool,
}

/// A block of whole records.
pub(super) struct Block {
    /// UTF-8, or cells that will be refused.
    pub bytes: Vec<u8>,
    /// What the caller's cut counted in it.
    pub records: u64,
}

impl Blocks {
    /// Opens a stream at the start of the file.
    pub(super) fn open(
        source: &SourceFile,
        encoding: &'static encoding_rs::Encoding,
    ) -> Result<Blocks, FileFault> {
        let label = source.label.clone();
        let fault = |e: io::Error| FileFault::unread(&label, &e);
        let mut file = source.file.try_clone().map_err(fault)?;
        file.rewind().map_err(fault)?;
        let decoder =
            (encoding != encoding_rs::UTF_8).then(|| encoding.new_decoder_with_bom_removal());
        let records_left = match is_packed(&label) {
            true => most_rows(file.metadata().map_err(fault)?.len()),
            false => u64::MAX,
        };
        let bytes = unpacked(file, &label, SMALL).map_err(fault)?;
        Ok(Blocks {
            label,
            bytes,
            records_left,
            decoder,
            pending: Vec::new(),
            carry: Vec::new(),
            started: false,
            ended: false,
            has_cr_ends: false,
        })
    }

    /// What comes first, unless it is in two bytes a letter and nobody said so.
    pub(super) fn beginning(&mut self) -> Result<&[u8], FileFault> {
        let said = self.decoder.as_ref().map(Decoder::encoding);
        let is_said = said.is_some();
        let bytes = self.peek()?;
        if said.is_some_and(|encoding| has_foreign_mark(encoding, bytes)) {
            return Err(FileFault::new(
                &self.label,
                "is in UTF-8, by the mark that it begins with; without [formats] encoding it is read as it is",
            ));
        }
        match wide(bytes) {
            Some(found) if !is_said => Err(FileFault::new(
                &self.label,
                format!("is in UTF-16; [formats] encoding = {found:?} reads it"),
            )),
            _ => Ok(&self.carry),
        }
    }

    /// The next block, cut by `cut`: given the bytes and whether the file ends with them, it returns the end of the last whole
    /// record, or of as many as a block may have, and the number of records up to there.
    pub(super) fn next(
        &mut self,
        cut: impl Fn(&[u8], bool) -> (usize, u64),
    ) -> Result<Option<Block>, FileFault> {
        let mut bytes = std::mem::take(&mut self.carry);
        // What a block of short records left may well hold the next one.
        let mut wanted = match bytes.len() {
            left if left < BLOCK / 2 => BLOCK,
            left => left,
        };
        loop {
            self.fill(&mut bytes, wanted)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let (end, records) = cut(&bytes, self.ended);
            if end > 0 || self.ended {
                self.count(records)?;
                return Ok(self.split(bytes, end).map(|bytes| Block { bytes, records }));
            }
            wanted = bytes.len() + BLOCK / 2;
            if bytes.len() > 2 * LONGEST_RECORD {
                self.shorten_line(&mut bytes)?;
            }
        }
    }

    fn count(&mut self, records: u64) -> Result<(), FileFault> {
        self.records_left = self.records_left.checked_sub(records).ok_or_else(|| {
            FileFault::new(
                &self.label,
                "cannot be read: it has more records than a packed file of its size can have; unpack it first, if that is right",
            )
        })?;
        Ok(())
    }

    /// The first `end` bytes as a block; the others are carried on. The larger part stays where it is.
    fn split(&mut self, mut bytes: Vec<u8>, end: usize) -> Option<Vec<u8>> {
        if end < bytes.len() / 2 {
            let block = bytes[..end].to_vec();
            bytes.drain(..end);
            self.carry = bytes;
            return (end > 0).then_some(block);
        }
        self.carry = bytes.split_off(end);
        (end > 0).then_some(bytes)
    }

    /// What comes next, at least a whole line of it unless the file ends or the line is endless.
    pub(super) fn peek(&mut self) -> Result<&[u8], FileFault> {
        let mut bytes = std::mem::take(&mut self.carry);
        while !self.ended
            && bytes.len() <= 2 * LONGEST_RECORD
            && memchr::memchr(b'\n', &bytes).is_none()
        {
            let grown = bytes.len() + BLOCK / 2;
            self.fill(&mut bytes, grown)?;
        }
        self.carry = bytes;
        Ok(&self.carry)
    }

    /// Passes over the next line; `false` when there is none.
    pub(super) fn pass_line(&mut self) -> Result<bool, FileFault> {
        let mut is_there = false;
        loop {
            let bytes = self.peek()?;
            is_there |= !bytes.is_empty();
            if let Some(at) = memchr::memchr(b'\n', bytes) {
                self.carry.drain(..=at);
                return Ok(true);
            }
            self.carry.clear();
            if self.ended {
                return Ok(is_there);
            }
        }
    }

    /// Whether nothing follows.
    pub(super) fn is_at_end(&mut self) -> Result<bool, FileFault> {
        if self.carry.is_empty() && !self.ended {
            let mut next = Vec::new();
            self.fill(&mut next, 1)?;
            self.carry = next;
        }
        Ok(self.carry.is_empty())
    }

    /// The first line is endless: keeps as much as shows that it is too long, and passes over the rest of it.
    fn shorten_line(&mut self, bytes: &mut Vec<u8>) -> Result<(), FileFault> {
        let kept = 2 * LONGEST_RECORD;
        let mut rest = bytes.split_off(kept);
        loop {
            if let Some(at) = memchr::memchr(b'\n', &rest) {
                bytes.extend_from_slice(&rest[at..]);
                return Ok(());
            }
            if self.ended {
                return Ok(());
            }
            rest.clear();
            self.fill(&mut rest, BLOCK)?;
        }
    }

    /// Reads until there are `wanted` bytes or the file ends.
    fn fill(&mut self, out: &mut Vec<u8>, wanted: usize) -> Result<(), FileFault> {
        while !self.ended && out.len() < wanted {
            let fault = |e: io::Error| FileFault::unread(&self.label, &e);
            let missing = (wanted - out.len()) as u64;
            let before = out.len();
            match &mut self.decoder {
                None => {
                    let read = self
                        .bytes
                        .by_ref()
                        .take(missing)
                        .read_to_end(out)
                        .map_err(fault)?;
                    self.ended = (read as u64) < missing;
                    if !self.started && out[before..].starts_with(b"\xef\xbb\xbf") {
                        out.drain(before..before + 3);
                    }
                }
                Some(decoder) => {
                    let read = self
                        .bytes
                        .by_ref()
                        .take(missing)
                        .read_to_end(&mut self.pending)
                        .map_err(fault)?;
                    self.ended = (read as u64) < missing;
                    decode(decoder, &self.pending, out, self.ended);
                    self.pending.clear();
                }
            }
            if !self.started && out.len() > before {
                self.started = true;
                self.has_cr_ends = ends_with_cr(&out[before..]);
            }
            if self.has_cr_ends {
                let new = out[before..].iter_mut().filter(|b| **b == b'\r');
                new.for_each(|b| *b = b'\n');
            }
        }
        Ok(())
    }
}

/// The encoding of two bytes a letter that a file begins in: by its mark, or by zeros beside letters.
fn wide(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xff, 0xfe, ..] => Some("utf-16le"),
        [0xfe, 0xff, ..] => Some("utf-16be"),
        [1..=0x7f, 0, 1..=0x7f, 0, ..] => Some("utf-16le"),
        [0, 1..=0x7f, 0, 1..=0x7f, ..] => Some("utf-16be"),
        _ => None,
    }
}

/// Whether the first line of a text ends with CR and no line feed behind it. A line end inside quotes ends no line.
fn ends_with_cr(text: &[u8]) -> bool {
    let mut quoted = false;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => return false,
            b'\r' if !quoted => return text.get(at + 1) != Some(&b'\n'),
            _ => {}
        }
    }
    // A quote was no quote.
    memchr::memchr(b'\n', text).is_none() && memchr::memchr(b'\r', text).is_some()
}

fn decode(decoder: &mut Decoder, mut from: &[u8], out: &mut Vec<u8>, last: bool) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(from, &mut buffer, last);
        out.extend_from_slice(&buffer[..written]);
        from = &from[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => out.push(MALFORMED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::test_files::source;

    fn lines(bytes: &[u8], last: bool) -> (usize, u64) {
        if last {
            return (bytes.len(), 1);
        }
        (memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1), 1)
    }

    fn all(
        name: &str,
        content: &[u8],
        encoding: &'static encoding_rs::Encoding,
    ) -> Result<Vec<u8>, FileFault> {
        let mut blocks = Blocks::open(&source(name, content), encoding)?;
        let mut out = Vec::new();
        while let Some(block) = blocks.next(lines)? {
            out.extend(block.bytes);
        }
        Ok(out)
    }

    #[test]
    fn marks_and_encodings() {
        assert_eq!(
            all("a.csv", b"\xef\xbb\xbfa\n\xef\xbb\xbfb", encoding_rs::UTF_8).unwrap(),
            b"a\n\xef\xbb\xbfb"
        );
        assert_eq!(all("a.csv", b"", encoding_rs::UTF_8).unwrap(), b"");
        assert_eq!(
            all("a.csv", b"\xd6\xd8\xc7\xec\n", encoding_rs::GB18030).unwrap(),
            "重庆\n".as_bytes()
        );
        assert_eq!(
            all("a.csv", b"\xff\xfea\0\n\0", encoding_rs::UTF_16LE).unwrap(),
            b"a\n"
        );
        assert_eq!(
            all("a.csv", b"a\xff\xffb\n", encoding_rs::GB18030).unwrap(),
            b"a\xff\xffb\n"
        );
    }

    #[test]
    fn line_ends_of_the_macintosh() {
        let read = |text: &[u8]| all("a.csv", text, encoding_rs::UTF_8).unwrap();
        assert_eq!(read(b"a,b\r1,2\r3,4"), b"a,b\n1,2\n3,4");
        assert_eq!(read(b"\"a\nb\"\r1\r"), b"\"a\nb\"\n1\n");
        assert_eq!(read(b"a,b\r\r\n1,2\r\r\n"), b"a,b\n\n\n1,2\n\n\n");
        assert_eq!(read(b"size 40\"\r1\r"), b"size 40\"\n1\n");
        for kept in [&b"a,b\r\n1,2\r\n"[..], b"a\n1\r2\n", b"\"a\rb\"\n1\r\n"] {
            assert_eq!(read(kept), kept);
        }
        let utf16: Vec<u8> = "a\rb\r".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(
            all("a.csv", &utf16, encoding_rs::UTF_16LE).unwrap(),
            b"a\nb\n"
        );
        let long = [b"h\r".repeat(BLOCK), b"x\r".to_vec()].concat();
        assert!(!read(&long).contains(&b'\r'), "in every block");
    }

    #[test]
    fn lines_above_the_records() {
        let mut content = b"first\r\n\n".to_vec();
        content.extend(vec![b'x'; 3 * BLOCK]);
        content.extend(b"\nlast\n");
        let mut blocks = Blocks::open(&source("a.csv", &content), encoding_rs::UTF_8).unwrap();
        assert!(blocks.peek().unwrap().starts_with(b"first\r\n"));
        for _ in 0..3 {
            assert!(blocks.pass_line().unwrap());
        }
        assert_eq!(blocks.next(lines).unwrap().unwrap().bytes, b"last\n");
        assert!(!blocks.pass_line().unwrap());
        assert!(blocks.is_at_end().unwrap());
    }

    #[test]
    fn compressed_files_and_truncated_ones() {
        let text = "movement\n".repeat(100_000);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gz, text.as_bytes()).unwrap();
        let gz = gz.finish().unwrap();
        let zst = zstd::encode_all(text.as_bytes(), 1).unwrap();
        for (name, packed) in [("a.csv.gz", &gz), ("a.CSV.ZST", &zst)] {
            assert_eq!(
                all(name, packed, encoding_rs::UTF_8).unwrap(),
                text.as_bytes()
            );
            let fault = all(name, &packed[..packed.len() / 2], encoding_rs::UTF_8).unwrap_err();
            assert!(fault.message.starts_with("cannot be read"), "{fault}");
        }
        let two = [gz.clone(), gz].concat();
        assert_eq!(
            all("a.csv.gz", &two, encoding_rs::UTF_8).unwrap().len(),
            2 * text.len()
        );
    }

    #[test]
    fn an_endless_line_does_not_fill_the_memory() {
        let mut content = vec![b'x'; 3 * BLOCK + 17];
        content.extend(b"\nnext\n");
        let got = all("a.csv", &content, encoding_rs::UTF_8).unwrap();
        assert_eq!(got.len(), 2 * LONGEST_RECORD + "\nnext\n".len());
        assert!(got.ends_with(b"x\nnext\n"));
    }
}
