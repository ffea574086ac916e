//! The files that partners sent: found, opened, decompressed, one at a time; and the small lists that say how to read them.

use crate::error::{Error, Result};
use crate::model::id::LocationCode;
use crate::store::files::read_file;
use crate::store::find::{Unmatched, discover_among, open_input};
use crate::store::signal::Interrupt;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Endings of files that are taken from a folder; also with `.gz` and `.zst`.
const EXTENSIONS: [&str; 3] = ["json", "ndjson", "jsonl"];

/// Largest file, decompressed: it is held while its entries are read.
const LARGEST: u64 = 1 << 30;

/// Largest list of facilities or operations.
const LARGEST_LIST: u64 = 64 << 20;

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Files read.
    pub files: u64,
    /// Files that cannot be read, with path and cause.
    pub unreadable: Vec<String>,
}

/// Hands the bytes of every file to `take`, in order of path. [`Error::Input`] when a pattern matches nothing.
pub fn receive(
    patterns: &[String],
    interrupt: &Interrupt,
    take: &mut dyn FnMut(&str, &[u8]),
) -> Result<Received> {
    let found = discover_among(patterns, Path::new("."), None, &EXTENSIONS)?;
    if let [Unmatched { pattern, .. }, ..] = found.unmatched.as_slice() {
        return Err(Error::Input(format!(
            "{pattern}: no such file, or no .json, .ndjson or .jsonl file in it"
        )));
    }
    let mut received = Received {
        files: 0,
        unreadable: found.unreadable.into_iter().map(|u| u.reason).collect(),
    };
    for file in &found.files {
        interrupt.check()?;
        let bytes = open_input(file)
            .map_err(|e| e.to_string())
            .and_then(|opened| {
                decompressed(&file.name, opened)
                    .map_err(|e| format!("{}: {e}", file.path.display()))
            });
        match bytes {
            Ok(bytes) => {
                received.files += 1;
                take(&file.name, &bytes);
            }
            Err(reason) => received.unreadable.push(reason),
        }
    }
    Ok(received)
}

fn decompressed(name: &str, file: impl Read) -> std::io::Result<Vec<u8>> {
    let name = name.to_ascii_lowercase();
    let mut reader: Box<dyn Read> = if name.ends_with(".gz") {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else if name.ends_with(".zst") {
        Box::new(zstd::Decoder::new(file)?)
    } else {
        Box::new(file)
    };
    let mut bytes = Vec::new();
    reader.by_ref().take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!(
            "larger than {LARGEST} bytes; split it, or send one event per line in several files"
        )));
    }
    Ok(bytes)
}

/// `facility,locode`: places of facilities, by `provider:code`.
pub fn facilities(path: &Path) -> Result<BTreeMap<String, LocationCode>> {
    pairs(path, ["facility", "locode"], |code| {
        LocationCode::parse(code.as_bytes()).ok_or("a UN/LOCODE")
    })
}

/// `id,operation`: operations of categories.
pub fn operations(path: &Path) -> Result<BTreeMap<String, String>> {
    pairs(path, ["id", "operation"], |code| {
        if code.is_empty() {
            Err("an operation code")
        } else {
            Ok(code.to_owned())
        }
    })
}

/// A CSV of two columns as a map. Every fault names file, line, what was found and what was wanted.
fn pairs<T>(
    path: &Path,
    heads: [&str; 2],
    parse: impl Fn(&str) -> std::result::Result<T, &'static str>,
) -> Result<BTreeMap<String, T>> {
    let bytes = read_file(path, LARGEST_LIST)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let fault =
        |line: u64, what: String| Error::Usage(format!("{}:{line}: {what}", path.display()));
    let broken = |e: csv::Error| fault(e.position().map_or(1, csv::Position::line), e.to_string());
    if reader.headers().map_err(broken)?.iter().ne(heads) {
        return Err(fault(
            1,
            format!("expected the columns {} and {}", heads[0], heads[1]),
        ));
    }
    let mut map = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let (key, text) = (
            record.get(0).unwrap_or_default(),
            record.get(1).unwrap_or_default(),
        );
        let value = parse(text)
            .map_err(|wanted| fault(line, format!("{} {text:?}: expected {wanted}", heads[1])))?;
        if map.insert(key.to_owned(), value).is_some() {
            return Err(fault(
                line,
                format!("{key:?} stands in an earlier line already"),
            ));
        }
    }
    Ok(map)
}
