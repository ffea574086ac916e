//! Bytes to movement batches or rejected rows; one file per format.
//!
//! A [`Reader`] cuts a file into [`Unit`]s in order, which is cheap; units parse on any thread, which is the work. Nothing
//! here opens a path: files come in open.

pub(crate) mod arrow_batch;
mod carry;
mod cells;
mod column;
mod csv;
mod csv_head;
mod encoding;
#[cfg(test)]
mod file_tests;
mod heads;
#[cfg(test)]
mod intake_tests;
mod json;
mod json_array;
mod judge;
mod judge_number;
mod judge_text;
pub(crate) mod mapping;
#[cfg(test)]
mod memory_tests;
mod ndjson;
mod number;
mod parquet;
mod parquet_cells;
#[cfg(test)]
mod parquet_groups_tests;
#[cfg(test)]
mod parquet_tests;
#[cfg(test)]
mod row_tests;
mod rules;
mod schema;
#[cfg(test)]
mod size_tests;
mod split;
mod stream;
pub(crate) mod survey;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod timestamp;
pub(crate) mod unpack;
mod wanted;
pub(crate) mod words;
pub(crate) mod workbook;
mod xlsx;

use crate::error::{Error, Place, is_shortage};
use crate::model::movement::MovementBatch;
use crate::model::reject::{Reject, RejectReason, Rejected};
use crate::model::symbol::{Symbol, Symbols};
use crate::model::vocabulary::Vocabulary;
pub(crate) use column::empty_has_meaning;
pub(crate) use heads::normal as normal_head;
use mapping::Mapping;
use rules::{Layout, Rules};
use std::fmt;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
pub(crate) use text::trim_text;

/// An input file, already open.
pub(crate) struct SourceFile {
    /// The file, from its start.
    pub file: File,
    /// Its name in messages and in lineage (`source_file`); the extension decides the format.
    pub label: String,
    /// Index in the run's sorted list.
    pub index: u32,
}

/// What is known of a file once it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileInfo {
    /// Name of the format.
    pub format: &'static str,
    /// Columns of the file that mean nothing to us.
    pub unknown_columns: Vec<String>,
    /// Whether nothing fills `sequence`: chains with rows of this file are ordered by time (Q21).
    pub lacks_sequence: bool,
    /// What a reader of the figures should know of its columns.
    pub warnings: Vec<String>,
}

impl FileInfo {
    fn new(format: &'static str, layout: &Layout) -> FileInfo {
        FileInfo {
            format,
            unknown_columns: layout.unknown.clone(),
            lacks_sequence: layout.lacks_sequence(),
            warnings: layout.warnings.clone(),
        }
    }
}

/// Cuts a file into units, in the order of its rows.
pub(crate) trait Reader: Send {
    /// What is known of the file.
    fn info(&self) -> FileInfo;
    /// The next unit, or `None` at the end. Cheap: the work is in [`Unit::parse`].
    fn next_unit(&mut self) -> Result<Option<Box<dyn Unit>>, FileFault>;
}

/// A run of rows of a file, not yet parsed.
pub(crate) trait Unit: Send {
    /// Parses the rows, in batches in the order of the file; any thread may do it.
    fn parse(self: Box<Self>) -> Result<Vec<Parsed>, FileFault>;
}

/// A batch of rows of a unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parsed {
    /// Accepted rows and tombstones, in the order of the file.
    pub batch: MovementBatch,
    /// Texts of the batch's symbols; the codes mean nothing outside this batch.
    pub symbols: Symbols,
    /// Rejected rows whose shipment could not be read.
    pub unplaced: Vec<Rejected>,
    /// Rows read: batch and unplaced together.
    pub rows: u64,
    /// Records without any value, which are no rows.
    pub blank: u64,
}

impl Parsed {
    /// Replaces each symbol by `map[symbol]`: from the batch's own table to the run's.
    pub(crate) fn remap_symbols(&mut self, map: &[Symbol]) {
        self.batch.remap_symbols(map);
        for rejected in &mut self.unplaced {
            rejected.carried = map[rejected.carried as usize];
        }
    }

    /// Tells a record at the very end that lacks what is required that it may be a footer: of this row, with the key that helps.
    fn hint_at_footer(&mut self, last: u64, hint: &str) {
        let is_footer =
            |row: u64, reject: &Reject| row == last && reject.reason == RejectReason::RequiredEmpty;
        if let Some(rejected) = self.unplaced.last_mut()
            && is_footer(rejected.row, &rejected.reject)
        {
            rejected.reject.wanted.push_str(hint);
        }
        // A row that names a movement is none.
        let names_movement = (self.batch.len().checked_sub(1))
            .is_some_and(|i| !self.batch.movement_id.get(i).is_empty());
        if let (Some(&row), Some(reject)) = (self.batch.row.last(), self.batch.rejects.last_mut())
            && !names_movement
            && is_footer(row, reject)
        {
            reject.wanted.push_str(hint);
        }
    }
}

/// A broken file: it contributes no row (exit 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// Name of the file.
    pub label: String,
    /// What was found and what was wanted.
    pub message: String,
    /// The system was [short of something](crate::error::is_shortage): the file may well be whole.
    pub is_shortage: bool,
}

impl FileFault {
    /// A fault of the file.
    pub fn new(label: &str, message: impl Into<String>) -> FileFault {
        FileFault {
            label: label.to_owned(),
            message: message.into(),
            is_shortage: false,
        }
    }

    /// The file cannot be read.
    pub fn unread(label: &str, cause: &io::Error) -> FileFault {
        FileFault {
            is_shortage: is_shortage(cause),
            ..FileFault::new(label, format!("cannot be read: {cause}"))
        }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.label, self.message)
    }
}

impl std::error::Error for FileFault {}

impl From<FileFault> for Error {
    fn from(fault: FileFault) -> Error {
        let place = Place::file(&fault.label).wanted(&fault.message);
        let error = if fault.is_shortage {
            Error::Limit(fault.to_string())
        } else {
            Error::Input(fault.to_string())
        };
        error.at(place).because(fault)
    }
}

type Open = fn(SourceFile, Arc<Rules>) -> Result<Box<dyn Reader>, FileFault>;

/// A format of movement records: one file of this module, one line in [`FORMATS`].
pub(crate) struct Input {
    /// Name in the manifest.
    pub name: &'static str,
    /// Extensions in lower case, without the dot and without `.gz` or `.zst`.
    pub extensions: &'static [&'static str],
    /// Whether files may be compressed as a whole.
    pub is_text: bool,
    open: Open,
}

/// The formats.
pub(crate) const FORMATS: &[Input] = &[csv::INPUT, ndjson::INPUT, parquet::INPUT, xlsx::INPUT];

/// Whether a file is a workbook by its name.
pub(crate) fn is_workbook(label: &str) -> bool {
    format_of(label).is_some_and(|format| format.name == xlsx::INPUT.name)
}

/// The format of a file by its name, or `None` when the extension is not known.
pub(crate) fn format_of(label: &str) -> Option<&'static Input> {
    let name = label
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(label)
        .to_ascii_lowercase();
    let plain = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"));
    let (_, extension) = plain.unwrap_or(&name).rsplit_once('.')?;
    let input = FORMATS.iter().find(|f| f.extensions.contains(&extension))?;
    (input.is_text || plain.is_none()).then_some(input)
}

/// How much is held at a time, at most; formats of text go by bytes instead of rows. What a row becomes does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grain {
    /// Rows of a unit.
    pub unit_rows: u64,
    /// Rows of a batch of a unit.
    pub batch_rows: u64,
    /// Bytes that the shared texts of a workbook may take.
    pub text_bytes: usize,
}

impl Grain {
    /// Where memory does not ask for less: larger pieces take more memory and no less time (docs/performance.md).
    pub(crate) const LARGEST: Grain = Grain {
        unit_rows: 131_072,
        batch_rows: 16_384,
        text_bytes: 1 << 30,
    };
}

/// The same in the largest pieces.
#[cfg(any(test, feature = "inside"))]
pub(crate) fn open(
    source: SourceFile,
    mapping: Arc<Mapping>,
    vocabulary: Arc<Vocabulary>,
) -> Result<Box<dyn Reader>, FileFault> {
    open_in(Grain::LARGEST, source, mapping, vocabulary)
}

/// Opens a file of movement records whose rows are to be handed on in pieces of this size: reads what stands at its head, finds the
/// columns, and nothing more.
pub(crate) fn open_in(
    grain: Grain,
    source: SourceFile,
    mapping: Arc<Mapping>,
    vocabulary: Arc<Vocabulary>,
) -> Result<Box<dyn Reader>, FileFault> {
    let label = source.label.clone();
    let Some(format) = format_of(&label) else {
        let known: Vec<&str> = FORMATS.iter().flat_map(|f| f.extensions).copied().collect();
        let message = format!(
            "the extension is none of {}, text formats with .gz or .zst too",
            known.join(", ")
        );
        return Err(FileFault::new(&label, message));
    };
    guarded(&label, || {
        (format.open)(source, Arc::new(Rules::new(mapping, vocabulary, grain)))
    })
}

/// Rows of a Parquet file, as its footer has them; `None`: the file is of a format that does not say.
pub(crate) fn rows_told(label: &str, file: &File) -> Result<Option<u64>, FileFault> {
    if format_of(label).is_none_or(|format| format.name != parquet::INPUT.name) {
        return Ok(None);
    }
    let broken = |e: ::parquet::errors::ParquetError| FileFault::new(label, e.to_string());
    let footer = crate::claims::metadata(file).map_err(broken)?;
    Ok(Some(footer.file_metadata().num_rows().unsigned_abs()))
}

/// Runs code of decoders: a panic over a broken file is a fault of the file, not of the program.
fn guarded<T>(label: &str, work: impl FnOnce() -> Result<T, FileFault>) -> Result<T, FileFault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or(panic.downcast_ref::<&str>().copied());
        let what = what.unwrap_or("no reason given");
        Err(FileFault::new(
            label,
            format!("the decoder gave up: {what}"),
        ))
    })
}

#[cfg(test)]
mod test_files {
    use super::*;
    use std::io::{Seek, Write};

    /// A file with this content under this name.
    pub(super) fn source(label: &str, content: &[u8]) -> SourceFile {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        SourceFile {
            file,
            label: label.into(),
            index: 0,
        }
    }
}
