//! Tables of a settlement: the same rows as Parquet and as CSV, written as they come.

use crate::error::{Error, Result};
use crate::escape::csv_cell;
use crate::store::new_folder::{NewFile, NewFolder, Written};
use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::Write as _;
use std::sync::Arc;

/// What wrote the files.
const CREATED_BY: &str = "green-corridor";
/// Rows per batch handed to the writer.
const BATCH_ROWS: usize = 32_768;

/// A column: a name, with `#` in front of whole numbers.
pub(super) type Name = &'static str;

/// A cell; an absent one is null in Parquet and empty in CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Whole(i64),
    None,
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Cell<'a> {
        if text.is_empty() {
            Cell::None
        } else {
            Cell::Text(text)
        }
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Cell<'a> {
        Cell::from(text.as_str())
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Cell::Whole(number)
    }
}

enum Builder {
    Text(StringBuilder),
    Whole(Int64Builder),
}

/// A table that is being written.
pub(super) struct Table {
    name: &'static str,
    csv: NewFile,
    line: Vec<u8>,
    parquet: ArrowWriter<NewFile>,
    schema: Arc<Schema>,
    builders: Vec<Builder>,
    waiting: usize,
    pub rows: u64,
}

fn fault(name: &str, what: impl std::fmt::Display) -> Error {
    Error::Storage(format!("{name}: cannot write: {what}"))
}

impl Table {
    /// An empty table.
    pub(super) fn new(
        folder: &NewFolder<'_>,
        name: &'static str,
        columns: &[Name],
    ) -> Result<Table> {
        let mut csv = folder.create(&format!("{name}.csv"))?;
        let plain: Vec<&str> = columns.iter().map(|c| c.trim_start_matches('#')).collect();
        csv.write_all(format!("{}\n", plain.join(",")).as_bytes())
            .map_err(|e| fault(name, e))?;
        let kind = |c: &Name| {
            if c.starts_with('#') {
                DataType::Int64
            } else {
                DataType::Utf8
            }
        };
        let fields: Vec<Field> = columns
            .iter()
            .zip(&plain)
            .map(|(column, name)| Field::new(*name, kind(column), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let level = ZstdLevel::try_new(1).map_err(|e| fault(name, e))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by(CREATED_BY.to_owned())
            .build();
        let file = folder.create(&format!("{name}.parquet"))?;
        let parquet = ArrowWriter::try_new(file, schema.clone(), Some(properties));
        let builders = columns.iter().map(|c| match kind(c) {
            DataType::Int64 => Builder::Whole(Int64Builder::new()),
            _ => Builder::Text(StringBuilder::new()),
        });
        Ok(Table {
            name,
            csv,
            line: Vec::new(),
            parquet: parquet.map_err(|e| fault(name, e))?,
            schema,
            builders: builders.collect(),
            waiting: 0,
            rows: 0,
        })
    }

    /// Adds a row, one cell per column.
    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        debug_assert_eq!(cells.len(), self.builders.len(), "{}", self.name);
        self.line.clear();
        for (at, (cell, builder)) in cells.iter().zip(&mut self.builders).enumerate() {
            if at > 0 {
                self.line.push(b',');
            }
            match (cell, builder) {
                (Cell::Text(text), Builder::Text(column)) => {
                    push_text(&mut self.line, text);
                    column.append_value(text);
                }
                (Cell::Whole(number), Builder::Whole(column)) => {
                    write!(self.line, "{number}").map_err(|e| fault(self.name, e))?;
                    column.append_value(*number);
                }
                (_, Builder::Text(column)) => column.append_null(),
                (_, Builder::Whole(column)) => column.append_null(),
            }
        }
        self.line.push(b'\n');
        self.csv
            .write_all(&self.line)
            .map_err(|e| fault(self.name, e))?;
        (self.waiting, self.rows) = (self.waiting + 1, self.rows + 1);
        if self.waiting == BATCH_ROWS {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<()> {
        let columns = self.builders.iter_mut().map(|builder| match builder {
            Builder::Text(column) => Arc::new(column.finish()) as ArrayRef,
            Builder::Whole(column) => Arc::new(column.finish()) as ArrayRef,
        });
        let batch = RecordBatch::try_new(self.schema.clone(), columns.collect());
        let batch = batch.map_err(|e| fault(self.name, e))?;
        self.waiting = 0;
        self.parquet.write(&batch).map_err(|e| fault(self.name, e))
    }

    /// Writes what is left; gives the files.
    pub(super) fn finish(mut self) -> Result<[Written; 2]> {
        self.flush()?;
        let parquet = self.parquet.into_inner().map_err(|e| fault(self.name, e))?;
        Ok([self.csv.finish()?, parquet.finish()?])
    }
}

/// A text as a cell of CSV that obeys nothing; nearly all texts are so already.
fn push_text(line: &mut Vec<u8>, text: &str) {
    let is_plain = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b'|' | b':' | b' ')
    };
    let bytes = text.as_bytes();
    if bytes.iter().all(|b| is_plain(*b)) && bytes.first().is_none_or(|b| *b != b'-') {
        line.extend_from_slice(bytes);
    } else {
        line.extend_from_slice(csv_cell(text).as_bytes());
    }
}
