//! What a Parquet file says about itself, compared with the bytes that are there before the decoder believes it.
//!
//! The decoder asks for memory as large as a footer or a page says, and follows nesting as deep as it goes; neither can be taken
//! back once it fails. Everything that reads Parquet, inputs and published tables, gets its metadata and the pages of its columns
//! past this module. It decodes nothing, and what it lets pass may still be wrong: only not out of all proportion.

mod delta;
mod format;
mod pages;
mod source;
#[cfg(test)]
mod tests;
mod thrift;
mod unpack;

pub(crate) use pages::{Page, check_pages};
pub(crate) use source::Source;

use format::{CHILDREN, COLUMN_INDEX, FILE_METADATA, OFFSET_INDEX, SCHEMA, SCHEMA_ELEMENT};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use thrift::{Met, Shape, Walk};

/// Before and after the content of every file.
const MAGIC: &[u8; 4] = b"PAR1";
/// Length of the footer and the magic number.
const TAIL: u64 = 8;
/// Larger footers are refused: what they become in memory is twenty times as much.
const LARGEST_FOOTER: u64 = 32 << 20;
/// Columns and groups of columns.
const MOST_ELEMENTS: usize = 65_536;
/// Groups of columns inside each other.
const MOST_NESTED: usize = 32;
/// Movements differ at least in their ids, so that no more of them fit into a byte; smaller files may.
const ROWS_OF_A_BYTE: u64 = 4;
const ROWS_OF_A_SMALL_FILE: u64 = 1_000_000;
/// Longest text that many rows of a published table may share.
const LONGEST_PUBLISHED: u64 = 16 << 10;

/// The rows that a packed file of so many bytes can have.
pub(crate) fn most_rows(length: u64) -> u64 {
    ROWS_OF_A_SMALL_FILE + ROWS_OF_A_BYTE.saturating_mul(length)
}

/// The metadata of a file.
///
/// Errors: the file cannot be read, has no footer, or one that claims what the file cannot hold.
pub(crate) fn metadata(file: &File) -> Result<ParquetMetaData> {
    let length = file.metadata()?.len();
    let (footer, body) = footer(file, length)?;
    check_footer(&footer).map_err(ParquetError::General)?;
    let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))?;
    check_chunks(&metadata, body, length).map_err(ParquetError::General)?;
    Ok(metadata)
}

/// The bytes of the footer and where they begin.
fn footer(file: &File, length: u64) -> Result<(Vec<u8>, u64)> {
    let no = |what: String| Err(ParquetError::General(what));
    if length < TAIL + MAGIC.len() as u64 {
        return no(format!("a file of {length} bytes has no footer"));
    }
    let tail = bytes(file, length - TAIL, usize::try_from(TAIL)?)?;
    let (size, magic) = tail.split_at(4);
    if magic != MAGIC {
        return no("it does not end as a Parquet file does".to_owned());
    }
    let size = u64::from(u32::from_le_bytes([size[0], size[1], size[2], size[3]]));
    let Some(body) = (length - TAIL).checked_sub(size) else {
        return no(format!(
            "its footer claims {size} bytes where {} are there",
            length - TAIL
        ));
    };
    if size > LARGEST_FOOTER {
        return no(format!(
            "its footer has {size} bytes, more than {LARGEST_FOOTER}; fewer or larger row groups would do"
        ));
    }
    Ok((bytes(file, body, usize::try_from(size)?)?, body))
}

/// Counts, nesting and types of a footer.
fn check_footer(footer: &[u8]) -> std::result::Result<(), String> {
    let mut tree = Tree::default();
    let mut children = 0;
    Walk::new(footer).structure(&FILE_METADATA, &mut |shape, met| {
        match met {
            Met::List(SCHEMA, count) if shape.is(&FILE_METADATA) && count > MOST_ELEMENTS => {
                return Err(format!("it has more than {MOST_ELEMENTS} columns"));
            }
            Met::Number(CHILDREN, number) if shape.is(&SCHEMA_ELEMENT) => children = number,
            Met::End if shape.is(&SCHEMA_ELEMENT) => {
                tree.add(std::mem::take(&mut children))?;
            }
            _ => {}
        }
        Ok(())
    })?;
    tree.is_complete()
}

/// The groups of columns that are not complete yet: how many children each still lacks.
#[derive(Default)]
struct Tree {
    lacking: [i64; MOST_NESTED],
    depth: usize,
    elements: usize,
}

impl Tree {
    fn add(&mut self, children: i64) -> std::result::Result<(), String> {
        if !(0..=MOST_ELEMENTS as i64).contains(&children) {
            return Err(format!("its schema claims a group of {children} columns"));
        }
        if self.elements > 0 {
            let Some(parent) = self.depth.checked_sub(1) else {
                return Err("it has more columns than its schema claims".to_owned());
            };
            self.lacking[parent] -= 1;
        }
        self.elements += 1;
        if children > 0 {
            let Some(own) = self.lacking.get_mut(self.depth) else {
                return Err(format!(
                    "its columns are nested more than {MOST_NESTED} deep"
                ));
            };
            *own = children;
            self.depth += 1;
        }
        while self.depth > 0 && self.lacking[self.depth - 1] == 0 {
            self.depth -= 1;
        }
        Ok(())
    }

    fn is_complete(&self) -> std::result::Result<(), String> {
        if self.depth > 0 {
            return Err("it has fewer columns than its schema claims".to_owned());
        }
        Ok(())
    }
}

/// Rows and places of row groups: everything inside the file, no byte taken twice.
fn check_chunks(
    metadata: &ParquetMetaData,
    body: u64,
    length: u64,
) -> std::result::Result<(), String> {
    let (mut rows, mut taken) = (0u64, 0u64);
    let most = most_rows(length);
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let told = |what: String| format!("row group {}: {what}", number + 1);
        let of_group = u64::try_from(group.num_rows())
            .map_err(|_| told("its number of rows is negative".to_owned()))?;
        rows = rows.saturating_add(of_group);
        if rows > most {
            return Err(told(format!(
                "it claims {of_group} rows in a file of {length} bytes, which has room for {most}"
            )));
        }
        taken = taken.saturating_add(check_group(group, body, length).map_err(told)?);
        if taken > body {
            return Err(told("its columns share bytes with others".to_owned()));
        }
    }
    Ok(())
}

/// Bytes that the columns of a row group take.
fn check_group(
    group: &RowGroupMetaData,
    body: u64,
    length: u64,
) -> std::result::Result<u64, String> {
    let mut taken = 0u64;
    for chunk in group.columns() {
        let told = |what: &str| format!("column {:?} {what}", chunk.column_path().string());
        let place = place(chunk).ok_or_else(|| told("has no place"))?;
        if place.end > body {
            return Err(told("ends behind the end of the file"));
        }
        if chunk.num_values() < 0 || chunk.uncompressed_size() < 0 {
            return Err(told("claims a negative size"));
        }
        if chunk.column_descr().max_rep_level() == 0 && chunk.num_values() > group.num_rows() {
            return Err(told("claims more values than there are rows"));
        }
        let indexes = [
            (chunk.offset_index_offset(), chunk.offset_index_length()),
            (chunk.column_index_offset(), chunk.column_index_length()),
            (chunk.bloom_filter_offset(), chunk.bloom_filter_length()),
        ];
        for (offset, size) in indexes {
            if offset.is_some() && range(offset, size.or(Some(0))).is_none_or(|r| r.end > length) {
                return Err(told("has an index behind the end of the file"));
            }
        }
        taken = taken.saturating_add(place.end - place.start);
    }
    Ok(taken)
}

/// Where the pages of a column are.
fn place(chunk: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = chunk
        .dictionary_page_offset()
        .unwrap_or(chunk.data_page_offset());
    let start = u64::try_from(start).ok()?;
    let size = u64::try_from(chunk.compressed_size()).ok()?;
    u64::try_from(chunk.data_page_offset()).ok()?;
    Some(start..start.checked_add(size)?)
}

fn range(offset: Option<i64>, size: Option<i32>) -> Option<Range<u64>> {
    let start = u64::try_from(offset?).ok()?;
    let size = u64::try_from(size?).ok()?;
    Some(start..start.checked_add(size)?)
}

/// Checks the index of pages of every column, as far as there is one.
pub(crate) fn check_page_index(file: &File, metadata: &ParquetMetaData) -> Result<()> {
    for chunk in metadata.row_groups().iter().flat_map(|g| g.columns()) {
        let indexes: [(&'static Shape, _, _); 2] = [
            (
                &OFFSET_INDEX,
                chunk.offset_index_offset(),
                chunk.offset_index_length(),
            ),
            (
                &COLUMN_INDEX,
                chunk.column_index_offset(),
                chunk.column_index_length(),
            ),
        ];
        for (shape, offset, size) in indexes {
            if let Some(place) = range(offset, size) {
                walk(file, place, shape)?;
            }
        }
    }
    Ok(())
}

/// Checks the head of a bloom filter, which must say how long it is.
pub(crate) fn check_bloom_filter(file: &File, chunk: &ColumnChunkMetaData) -> Result<()> {
    if chunk.bloom_filter_offset().is_none() {
        return Ok(());
    }
    match range(chunk.bloom_filter_offset(), chunk.bloom_filter_length()) {
        Some(place) => walk(file, place, &format::BLOOM_FILTER),
        None => Err(ParquetError::General(
            "a bloom filter does not say how long it is".to_owned(),
        )),
    }
}

fn walk(file: &File, place: Range<u64>, shape: &'static Shape) -> Result<()> {
    let size = usize::try_from(place.end - place.start)?;
    let found = bytes(file, place.start, size)?;
    Walk::new(&found)
        .structure(shape, &mut |_, _| Ok(()))
        .map_err(ParquetError::General)
}

/// Checks the pages of a column of a file; gives their places.
pub(crate) fn check_pages_of(file: &File, chunk: &ColumnChunkMetaData) -> Result<Vec<Page>> {
    let place = place(chunk).ok_or_else(|| {
        ParquetError::General(format!(
            "column {:?} has no place",
            chunk.column_path().string()
        ))
    })?;
    let mut read = |at: u64, most: usize| Ok(bytes(file, place.start + at, most)?);
    let pages = check_pages(chunk, place.end - place.start, true, &mut read)?;
    if pages.longest_text > LONGEST_PUBLISHED {
        return Err(ParquetError::General(format!(
            "column {:?} has a text of {} bytes for several rows",
            chunk.column_path().string(),
            pages.longest_text
        )));
    }
    Ok(pages.of_values)
}

/// Runs the decoder: where it panics over a broken file, that is a fault of the file.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or(panic.downcast_ref::<&str>().copied());
        let what = what.unwrap_or("no reason given");
        Err(ParquetError::General(format!(
            "the decoder gave up: {what}"
        )))
    })
}

/// The system's reason, if it was reading that failed.
pub(crate) fn io_cause(error: &ParquetError) -> Option<&io::Error> {
    match error {
        ParquetError::External(cause) => cause.downcast_ref(),
        _ => None,
    }
}

/// Bytes at a place of a file, whatever its position is; that they are there has been checked, so that fewer mean that the file
/// became shorter meanwhile.
fn bytes(file: &File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    #[cfg(unix)]
    std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, at)?;
    #[cfg(not(unix))]
    {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = file;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes)?;
    }
    Ok(bytes)
}
