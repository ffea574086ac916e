//! How a file is written: encoding, delimiter, sheet, where its head is. What the file itself does not decide stays open.

use super::table::quoted;
use crate::error::{Error, Result};
use crate::input::mapping::COLUMNS;
use crate::input::survey::{self, Held};
use crate::input::words::Words;
use crate::input::{FileFault, SourceFile, format_of, normal_head};
use encoding_rs::{
    BIG5, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_8, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
};

/// What kind of file it is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text {
        encoding: &'static Encoding,
        delimiter: u8,
    },
    Json {
        encoding: &'static Encoding,
    },
    Sheet {
        name: String,
        first: u32,
    },
    Parquet,
}

/// How a file is written.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub kind: Kind,
    /// Names of its columns; none for JSON and Parquet, which name them otherwise.
    pub heads: Vec<String>,
    /// The line or row of the head, where it is not the first that holds something.
    pub head_row: Option<u64>,
    /// The first data row of a sheet, where it is not the one below the head.
    pub first_row: Option<u64>,
    /// Records at the end that are none.
    pub footer: u64,
    /// Settings that the file leaves open: key, and why with what is to choose from.
    pub open: Vec<(&'static str, String)>,
    /// Sheets that a workbook has besides.
    pub has_other_sheets: bool,
}

impl Form {
    /// Columns of the head.
    pub(super) fn width(&self) -> usize {
        self.heads.len()
    }

    fn new(kind: Kind) -> Form {
        Form {
            kind,
            heads: Vec::new(),
            head_row: None,
            first_row: None,
            footer: 0,
            open: Vec::new(),
            has_other_sheets: false,
        }
    }

    /// Looks at a file.
    pub(super) fn of(source: &SourceFile, words: &Words) -> Result<Form> {
        let fault = |fault: FileFault| Error::Input(fault.to_string());
        match format_of(&source.label).map(|format| format.name) {
            Some("csv") => text(source, words).map_err(fault),
            Some("ndjson") => json(source, words).map_err(fault),
            Some("xlsx") => sheet(source, words),
            Some("parquet") => Ok(Form::new(Kind::Parquet)),
            _ => Err(Error::Input(format!(
                "{}: expected a file of movement records: .csv, .tsv, .txt, .ndjson, .jsonl, .json, .parquet, .xlsx, .xlsm; text also as .gz and .zst",
                source.label
            ))),
        }
    }
}

/// Lines among which the head is looked for.
const LOOKED_AT: usize = 60;
/// Bytes of a file that are looked at for its encoding.
const ENOUGH: usize = 64 << 20;

/// How many of these heads are known.
fn known(heads: &[String], words: &Words) -> usize {
    let is_known = |head: &&String| {
        let normal = normal_head(head);
        COLUMNS.iter().any(|ours| normal_head(ours) == normal) || words.head(head).is_some()
    };
    let mut columns: Vec<&String> = heads.iter().filter(is_known).collect();
    columns.sort_unstable();
    columns.dedup();
    columns.len()
}

/// Encodings in which a file that is no UTF-8 may be.
const ENCODINGS: [&Encoding; 7] = [
    GB18030,
    BIG5,
    SHIFT_JIS,
    EUC_KR,
    WINDOWS_1252,
    WINDOWS_1250,
    WINDOWS_1251,
];

/// The encoding of a file. One that only letters could tell stays open, with a line as each encoding reads it.
fn encoding(
    source: &SourceFile,
    score: &dyn Fn(&'static Encoding) -> usize,
    open: &mut Vec<(&'static str, String)>,
) -> std::result::Result<&'static Encoding, FileFault> {
    if let Some(value) = survey::mark(source)? {
        return Ok(value);
    }
    let Err(line) = survey::is_encoded(source, UTF_8, ENOUGH)? else {
        return Ok(UTF_8);
    };
    let mut fitting = Vec::new();
    for encoding in ENCODINGS {
        if survey::is_encoded(source, encoding, ENOUGH)?.is_ok() {
            fitting.push(encoding);
        }
    }
    let best = fitting.iter().copied().max_by_key(|e| score(e));
    let shown: Vec<String> = (fitting.iter())
        .map(|e| {
            let text = e.decode_without_bom_handling(&line).0;
            format!(
                "{:?} reads {}",
                e.name().to_lowercase(),
                quoted(&around_odd(&text))
            )
        })
        .collect();
    open.push((
        "encoding",
        format!(
            "{}: not UTF-8, and nothing in the file says which encoding it is: {}",
            source.label,
            shown.join("; ")
        ),
    ));
    Ok(best.unwrap_or(WINDOWS_1252))
}

/// The part of a line that begins shortly before its first letter beyond ASCII.
fn around_odd(line: &str) -> String {
    let at = line.chars().position(|c| !c.is_ascii()).unwrap_or(0);
    line.trim_end()
        .chars()
        .skip(at.saturating_sub(8))
        .take(30)
        .collect()
}

/// A head that was found.
struct Head {
    delimiter: u8,
    line: u64,
    heads: Vec<String>,
    known: usize,
    is_first: bool,
}

/// The line that has the most known heads, under the delimiter that shows the most of them.
fn head(bytes: &[u8], words: &Words) -> Option<Head> {
    let first = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let said = said_delimiter(first);
    let skipped = usize::from(said.is_some());
    let starts = || {
        [0].into_iter()
            .chain(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1))
    };
    let lines = || starts().enumerate().skip(skipped).take(LOOKED_AT);
    let delimiters = said.map_or_else(|| vec![b',', b';', b'\t', b'|'], |said| vec![said]);
    let mut best: Option<(usize, usize, Head)> = None;
    for delimiter in delimiters {
        let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
        for (at, start) in lines() {
            // A head in quotes may go on in the next line.
            let cells = split(&bytes[start..], delimiter);
            if cells.iter().any(|cell| !cell.is_empty()) {
                rows.push((at as u64 + 1, cells));
            }
        }
        let mut widths: Vec<usize> = rows.iter().map(|(_, cells)| cells.len()).collect();
        widths.sort_unstable();
        let usual = widths.get(widths.len() / 2).copied().unwrap_or(0);
        let of_width = widths.iter().filter(|w| **w == usual && usual > 1).count();
        let first_line = rows.first().map_or(0, |row| row.0);
        let scored = rows.into_iter().map(|(line, heads)| {
            let is_first = line == first_line;
            let known = known(&heads, words);
            (
                known,
                heads.len() == usual,
                Head {
                    delimiter,
                    line,
                    heads,
                    known,
                    is_first,
                },
            )
        });
        // The first of the best lines.
        let top = scored.reduce(|a, b| if (b.0, b.1) > (a.0, a.1) { b } else { a });
        if let Some((_, _, head)) = top {
            let score = (head.known, of_width);
            if best.as_ref().is_none_or(|(k, w, _)| score > (*k, *w)) {
                best = Some((score.0, score.1, head));
            }
        }
    }
    best.map(|(_, _, head)| head)
}

fn said_delimiter(line: &[u8]) -> Option<u8> {
    let line = String::from_utf8_lossy(line).to_lowercase();
    match line
        .trim()
        .trim_matches('"')
        .strip_prefix("sep=")?
        .as_bytes()
    {
        [delimiter] => Some(*delimiter),
        [] => Some(b'\t'),
        _ => None,
    }
}

/// The cells of one line.
fn split(line: &[u8], delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(line);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => (record.iter())
            .map(|cell| {
                String::from_utf8_lossy(cell)
                    .trim_matches([' ', '\r'])
                    .to_owned()
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn text(source: &SourceFile, words: &Words) -> std::result::Result<Form, FileFault> {
    let mut open = Vec::new();
    let look = |encoding| {
        let bytes = survey::beginning(source, encoding).map(|start| start.bytes);
        bytes.ok().and_then(|bytes| head(&bytes, words))
    };
    let score = |encoding| look(encoding).map_or(0, |head| head.known);
    let encoding = encoding(source, &score, &mut open)?;
    let Some(head) = look(encoding) else {
        return Err(FileFault::new(
            &source.label,
            "there is no line with column names",
        ));
    };
    let kind = Kind::Text {
        encoding,
        delimiter: head.delimiter,
    };
    Ok(Form {
        heads: head.heads,
        head_row: (!head.is_first).then_some(head.line),
        open,
        ..Form::new(kind)
    })
}

fn json(source: &SourceFile, words: &Words) -> std::result::Result<Form, FileFault> {
    let mut open = Vec::new();
    let score = |encoding| {
        let mut heads = Vec::new();
        let read = survey::records(source, encoding, &mut |record| {
            heads = record.into_iter().flatten().map(|(name, _)| name).collect();
            false
        });
        read.map_or(0, |()| known(&heads, words))
    };
    let encoding = encoding(source, &score, &mut open)?;
    Ok(Form {
        open,
        ..Form::new(Kind::Json { encoding })
    })
}

/// What the head of a sheet looks like.
struct SheetHead {
    name: String,
    row: u32,
    is_first: bool,
    heads: Vec<String>,
    known: usize,
    first_data: u32,
}

fn sheet(source: &SourceFile, words: &Words) -> Result<Form> {
    let fault = |fault: FileFault| Error::Input(fault.to_string());
    let names = survey::sheet_names(source).map_err(fault)?;
    let mut found: Vec<SheetHead> = Vec::new();
    for (name, _) in names.iter().filter(|(_, is_hidden)| !is_hidden) {
        found.extend(sheet_head(source, name, words).map_err(fault)?);
    }
    let most = found.iter().map(|head| head.known).max().unwrap_or(0);
    let fitting: Vec<&SheetHead> = found
        .iter()
        .filter(|head| head.known == most || (head.known >= 3 && head.known * 2 > most))
        .collect();
    let Some(head) = fitting.iter().max_by_key(|head| head.known) else {
        return Err(Error::Input(format!(
            "{}: it shows no sheet with rows",
            source.label
        )));
    };
    let mut open = Vec::new();
    if fitting.len() > 1 {
        let list: Vec<String> = fitting
            .iter()
            .map(|head| format!("{:?}", head.name))
            .collect();
        open.push((
            "sheet",
            format!(
                "{}: several sheets look like movement records: {}; the columns below are of {:?}",
                source.label,
                list.join(", "),
                head.name
            ),
        ));
    }
    let below = head.row + 1;
    Ok(Form {
        heads: head.heads.clone(),
        head_row: (!head.is_first).then_some(head.row.into()),
        first_row: (head.first_data != below).then_some(head.first_data.into()),
        open,
        has_other_sheets: names.len() > 1,
        ..Form::new(Kind::Sheet {
            name: head.name.clone(),
            first: head.first_data,
        })
    })
}

/// The row of a sheet with the most known heads, and the first row below it that holds a figure or a date.
fn sheet_head(
    source: &SourceFile,
    name: &str,
    words: &Words,
) -> std::result::Result<Option<SheetHead>, FileFault> {
    let mut first = None;
    let mut best: Option<SheetHead> = None;
    let mut with_figures: Vec<u32> = Vec::new();
    let mut seen = 0;
    survey::sheet_rows(source, name, &mut |row, cells| {
        first.get_or_insert(row);
        let is_figure = |cell: &survey::Cell| {
            cell.held != Held::Text || cell.text.bytes().any(|b| b.is_ascii_digit())
        };
        if cells.iter().any(is_figure) {
            with_figures.push(row);
        }
        let heads: Vec<String> = cells.into_iter().map(|cell| cell.text).collect();
        let known = known(&heads, words);
        if best.as_ref().is_none_or(|best| known > best.known) {
            best = Some(SheetHead {
                name: name.to_owned(),
                row,
                is_first: first == Some(row),
                heads,
                known,
                first_data: row + 1,
            });
        }
        seen += 1;
        seen < LOOKED_AT
    })?;
    Ok(best.map(|mut head| {
        if let Some(row) = with_figures.into_iter().find(|row| *row > head.row) {
            // An empty row between head and rows is passed over anyway.
            head.first_data = row;
        }
        head
    }))
}
