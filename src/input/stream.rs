//! Text files as blocks of whole records in UTF-8: decompression, byte order mark, character encoding.
//!
//! Knows no format: the caller says where the last whole record of a block ends.

use super::{Compression, FileFault, SourceFile, split_name};
use encoding_rs::{Decoder, DecoderResult};
use std::fs::File;
use std::io::{self, Read, Seek};

/// Bytes of a block.
pub const BLOCK: usize = 4 << 20;

/// Longest record in bytes, without its line end (docs/formats.md, R023).
pub const LONGEST_RECORD: usize = 64 << 10;

// Stands for a malformed byte sequence of another encoding; no UTF-8 text holds it, so the cell becomes R016.
const MALFORMED: u8 = 0xff;

/// A text file as a stream of blocks.
pub struct Blocks {
    label: String,
    bytes: Box<dyn Read + Send>,
    decoder: Option<Decoder>,
    // Undecoded bytes of the last read, for encodings other than UTF-8.
    pending: Vec<u8>,
    carry: Vec<u8>,
    started: bool,
    ended: bool,
}

/// A block of whole records.
pub struct Block {
    /// UTF-8, or cells that will be refused.
    pub bytes: Vec<u8>,
    /// What the caller's cut counted in it.
    pub records: u64,
}

impl Blocks {
    /// Opens a stream at the start of the file.
    pub fn open(
        source: &SourceFile,
        encoding: &'static encoding_rs::Encoding,
    ) -> Result<Blocks, FileFault> {
        let label = source.label.clone();
        let fault = |e: io::Error| FileFault::unread(&label, &e);
        let mut file = source.file.try_clone().map_err(fault)?;
        file.rewind().map_err(fault)?;
        let decoder =
            (encoding != encoding_rs::UTF_8).then(|| encoding.new_decoder_with_bom_removal());
        let bytes = decompressed(file, &label).map_err(fault)?;
        Ok(Blocks {
            label,
            bytes,
            decoder,
            pending: Vec::new(),
            carry: Vec::new(),
            started: false,
            ended: false,
        })
    }

    /// The next block, cut by `cut`: given the bytes and whether the file ends with them, it returns the end of the last whole
    /// record and the number of records up to there.
    pub fn next(
        &mut self,
        cut: impl Fn(&[u8], bool) -> (usize, u64),
    ) -> Result<Option<Block>, FileFault> {
        let mut bytes = std::mem::take(&mut self.carry);
        loop {
            let grown = bytes.len().max(BLOCK / 2) + BLOCK / 2;
            self.fill(&mut bytes, grown)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let (end, records) = cut(&bytes, self.ended);
            if end > 0 || self.ended {
                self.carry = bytes[end..].to_vec();
                bytes.truncate(end);
                if end == 0 {
                    return Ok(None);
                }
                return Ok(Some(Block { bytes, records }));
            }
            if bytes.len() > 2 * LONGEST_RECORD {
                self.shorten_line(&mut bytes)?;
            }
        }
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
            match &mut self.decoder {
                None => {
                    let before = out.len();
                    let read = self
                        .bytes
                        .by_ref()
                        .take(missing)
                        .read_to_end(out)
                        .map_err(fault)?;
                    self.ended = (read as u64) < missing;
                    if !self.started && out.len() - before > 0 {
                        self.started = true;
                        if out[before..].starts_with(b"\xef\xbb\xbf") {
                            out.drain(before..before + 3);
                        }
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
        }
        Ok(())
    }
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

fn decompressed(file: File, label: &str) -> io::Result<Box<dyn Read + Send>> {
    Ok(
        match split_name(label).map_or(Compression::None, |(_, compression)| compression) {
            Compression::None => Box::new(file),
            Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(
                io::BufReader::with_capacity(256 << 10, file),
            )),
            Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(file)?),
        },
    )
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
