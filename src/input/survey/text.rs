//! Text files with delimiters: how a file begins, whether an encoding fits it, and its records.

use super::Cell;
use crate::input::split::{Sink, cut, scan};
use crate::input::stream::Blocks;
use crate::input::{FileFault, SourceFile};
use encoding_rs::{Encoding, UTF_8};

/// How a text file begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginning {
    /// Its first bytes without a byte order mark of UTF-8; whole lines, if they are not endless.
    pub bytes: Vec<u8>,
}

/// As much of the beginning as shows how a file is written.
const BEGINNING: usize = 256 << 10;

/// The first two bytes of a file that is not compressed, or of what is compressed in it.
pub(crate) fn mark(source: &SourceFile) -> Result<Option<&'static Encoding>, FileFault> {
    // An encoding of single bytes shows any two of them.
    let mut blocks = Blocks::open(source, encoding_rs::WINDOWS_1252)?;
    let start: String = String::from_utf8_lossy(blocks.peek()?)
        .chars()
        .take(4)
        .collect();
    let chars: Vec<char> = start.chars().collect();
    Ok(match chars[..] {
        ['ÿ', 'þ', ..] => Some(encoding_rs::UTF_16LE),
        ['þ', 'ÿ', ..] => Some(encoding_rs::UTF_16BE),
        ['\u{1}'..='\u{7f}', '\0', ..] => Some(encoding_rs::UTF_16LE),
        ['\0', '\u{1}'..='\u{7f}', ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    })
}

/// Reads the beginning in this encoding; in UTF-8 the bytes are those of the file.
pub(crate) fn beginning(
    source: &SourceFile,
    encoding: &'static Encoding,
) -> Result<Beginning, FileFault> {
    let mut blocks = Blocks::open(source, encoding)?;
    let bytes = blocks.peek()?;
    let mut end = bytes.len().min(BEGINNING);
    if end < bytes.len() {
        end = memchr::memrchr(b'\n', &bytes[..end]).map_or(end, |at| at + 1);
    }
    Ok(Beginning {
        bytes: bytes[..end].to_vec(),
    })
}

/// Whether all of a file, as far as `most` bytes, is text of this encoding; else the first line that is not, in bytes.
pub(crate) fn is_encoded(
    source: &SourceFile,
    encoding: &'static Encoding,
    most: usize,
) -> Result<Result<(), Vec<u8>>, FileFault> {
    let mut blocks = Blocks::open(source, UTF_8)?;
    let mut seen = 0;
    while let Some(block) = blocks.next(whole_lines)? {
        if encoding
            .decode_without_bom_handling_and_without_replacement(&block.bytes)
            .is_none()
        {
            let is_bad = |line: &&[u8]| {
                encoding
                    .decode_without_bom_handling_and_without_replacement(line)
                    .is_none()
            };
            let bad = block.bytes.split(|&b| b == b'\n').find(is_bad);
            return Ok(Err(bad.unwrap_or(&block.bytes).to_vec()));
        }
        seen += block.bytes.len();
        if seen > most {
            break;
        }
    }
    Ok(Ok(()))
}

fn whole_lines(bytes: &[u8], last: bool) -> (usize, u64) {
    let end = match last {
        true => bytes.len(),
        false => memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1),
    };
    (end, 1)
}

/// Calls `each` with the cells of every record, blank ones too, until it says no.
pub(crate) fn rows(
    source: &SourceFile,
    encoding: &'static Encoding,
    delimiter: u8,
    each: &mut dyn FnMut(Record) -> bool,
) -> Result<(), FileFault> {
    let mut blocks = Blocks::open(source, encoding)?;
    while let Some(block) = blocks.next(|bytes, last| cut(bytes, delimiter, last))? {
        let mut fields = Fields {
            bytes: &block.bytes,
            cells: Vec::new(),
            each,
            is_over: false,
        };
        scan(&block.bytes, delimiter, true, &mut fields);
        if fields.is_over {
            break;
        }
    }
    Ok(())
}

/// A record of a file, or the first line of one that cannot be read.
pub(super) type Record = Result<Vec<Cell>, Vec<u8>>;

struct Fields<'a, 'e> {
    bytes: &'a [u8],
    cells: Vec<Cell>,
    each: &'e mut dyn FnMut(Record) -> bool,
    is_over: bool,
}

impl Sink for Fields<'_, '_> {
    fn field(&mut self, start: usize, end: usize) {
        self.cells.push(Cell::text(&self.bytes[start..end]));
    }

    fn unescaped(&mut self, text: &[u8]) {
        self.cells.push(Cell::text(text));
    }

    fn record(&mut self, _: &[u8]) -> bool {
        let cells = std::mem::take(&mut self.cells);
        self.is_over = !(self.each)(Ok(cells));
        !self.is_over
    }

    fn unreadable(&mut self, line: &[u8], _: &'static str) -> bool {
        self.cells.clear();
        self.is_over = !(self.each)(Err(line.to_vec()));
        !self.is_over
    }
}
