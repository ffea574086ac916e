//! What stands above the records of a CSV file: a `sep=` line, lines that `[csv] head_row` passes over, the column names.

use super::encoding::mistaken;
use super::mapping::{Mapping, is_delimiter};
use super::rules::{Layout, Rules};
use super::split::{Sink, cut, is_blank, scan};
use super::stream::{Block, Blocks};
use super::{FileFault, SourceFile, text};

/// The head of a file and what follows it in its block.
pub(super) struct Head {
    /// Of the `sep=` line, else of `[formats]`.
    pub delimiter: u8,
    /// Number of columns.
    pub width: usize,
    /// How they meet ours.
    pub layout: Layout,
    /// The rest of the block.
    pub rest: Block,
}

/// Reads the head.
pub(super) fn read(
    source: &SourceFile,
    blocks: &mut Blocks,
    rules: &Rules,
) -> Result<Head, FileFault> {
    let fault = |message: String| FileFault::new(&source.label, message);
    let mapping = &rules.mapping;
    let mut line = 1;
    let said = said_delimiter(blocks.beginning()?);
    if said.is_some() {
        blocks.pass_line()?;
        line += 1;
    }
    let delimiter = said.unwrap_or(mapping.delimiter);
    let head_row = mapping.head_row.unwrap_or(line);
    while line < head_row {
        if !blocks.pass_line()? {
            return Err(fault(format!(
                "there is no line {head_row}, which [csv] head_row names"
            )));
        }
        line += 1;
    }
    loop {
        let Some(block) = blocks.next(|bytes, last| cut(bytes, delimiter, last))? else {
            return Err(fault("there is no header line".into()));
        };
        let mut names = Names::new(&block.bytes, delimiter);
        let end = scan(&block.bytes, delimiter, true, &mut names);
        if let Some(why) = names.unreadable {
            return Err(fault(format!(
                "the header line cannot be read: wanted {why}"
            )));
        }
        if !names.is_complete {
            line += block.bytes.iter().filter(|&&b| b == b'\n').count() as u64;
            continue;
        }
        let (names, above) = (names.names, names.records);
        let mut layout = Layout::new(&names, &source.label, mapping).map_err(|why| {
            let hint = elsewhere(&block.bytes, line, delimiter, source, mapping);
            fault(format!("{why}{}", hint.unwrap_or_default()))
        })?;
        layout
            .warnings
            .extend(mistaken(mapping.encoding, &block.bytes));
        return Ok(Head {
            delimiter,
            width: names.len(),
            layout,
            rest: Block {
                bytes: block.bytes[end..].to_vec(),
                records: block.records - above,
            },
        });
    }
}

/// The delimiter that the first line of a file says (`sep=;`), as spreadsheets write and read it.
fn said_delimiter(bytes: &[u8]) -> Option<u8> {
    let line = bytes.split(|&b| b == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
        .unwrap_or(line);
    match line {
        [s, e, p, b'=', delimiter]
            if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep"
                && is_delimiter(*delimiter as char) =>
        {
            Some(*delimiter)
        }
        _ => None,
    }
}

/// Lines that are looked at for the head that is missing.
const LOOKED_AT: usize = 50;

/// The key that would find the head, where a line of the file has every column that is needed.
fn elsewhere(
    bytes: &[u8],
    first: u64,
    delimiter: u8,
    source: &SourceFile,
    mapping: &Mapping,
) -> Option<String> {
    let lines = (first..).zip(bytes.split(|&b| b == b'\n').take(LOOKED_AT));
    lines.into_iter().find_map(|(number, line)| {
        let delimiters = [delimiter, b',', b';', b'\t', b'|'];
        let found = delimiters.into_iter().find(|&delimiter| {
            let mut names = Names::new(line, delimiter);
            scan(line, delimiter, true, &mut names);
            names.is_complete && Layout::new(&names.names, &source.label, mapping).is_ok()
        })?;
        let row = (number > first).then(|| format!("[csv] head_row = {number}"));
        let mark = (found != delimiter)
            .then(|| format!("[formats] delimiter = {:?}", (found as char).to_string()));
        let keys: Vec<String> = row.into_iter().chain(mark).collect();
        Some(format!(
            "; line {number} has the columns with {}",
            keys.join(" and ")
        ))
    })
}

/// The fields of the first record that is not blank.
struct Names<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    names: Vec<String>,
    records: u64,
    is_complete: bool,
    unreadable: Option<&'static str>,
}

impl<'a> Names<'a> {
    fn new(bytes: &'a [u8], delimiter: u8) -> Names<'a> {
        Names {
            bytes,
            delimiter,
            names: Vec::new(),
            records: 0,
            is_complete: false,
            unreadable: None,
        }
    }
}

impl Sink for Names<'_> {
    fn field(&mut self, start: usize, end: usize) {
        self.unescaped(&self.bytes[start..end]);
    }

    fn unescaped(&mut self, text: &[u8]) {
        self.names
            .push(String::from_utf8_lossy(text::trim(text)).into_owned());
    }

    fn record(&mut self, record: &[u8]) -> bool {
        self.records += 1;
        self.is_complete = !is_blank(record, self.delimiter);
        if !self.is_complete {
            self.names.clear();
        }
        !self.is_complete
    }

    fn unreadable(&mut self, _: &[u8], why: &'static str) -> bool {
        self.unreadable.get_or_insert(why);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_the_delimiter() {
        for (line, delimiter) in [
            ("sep=;\nx", b';'),
            ("SEP=,\r\nx", b','),
            ("\"sep=|\"\n", b'|'),
            ("sep=\t", b'\t'),
        ] {
            assert_eq!(said_delimiter(line.as_bytes()), Some(delimiter), "{line:?}");
        }
        for line in [
            "",
            "sep=",
            "sep=;;\n",
            "sep=a\n",
            "sep=\"\n",
            "mode;sep=;\n",
            "sep;x\n",
        ] {
            assert_eq!(said_delimiter(line.as_bytes()), None, "{line:?}");
        }
    }
}
