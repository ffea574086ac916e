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
/// Rows that are held before they are written.
const BATCH_ROWS: u64 = 16_384;

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

/// Rows of a table on their way into its files.
pub(super) struct Rows {
    csv: Vec<u8>,
    builders: Vec<Builder>,
    rows: u64,
}

impl Rows {
    /// No rows of a table with these columns.
    pub(super) fn new(columns: &[Name]) -> Rows {
        let builder = |column: &Name| {
            if is_whole(column) {
                Builder::Whole(Int64Builder::new())
            } else {
                Builder::Text(StringBuilder::new())
            }
        };
        Rows {
            csv: Vec::new(),
            builders: columns.iter().map(builder).collect(),
            rows: 0,
        }
    }

    /// Adds a row, one cell per column.
    pub(super) fn push(&mut self, cells: &[Cell<'_>]) {
        debug_assert_eq!(cells.len(), self.builders.len());
        for (at, (cell, builder)) in cells.iter().zip(&mut self.builders).enumerate() {
            if at > 0 {
                self.csv.push(b',');
            }
            match (cell, builder) {
                (Cell::Text(text), Builder::Text(column)) => {
                    push_text(&mut self.csv, text);
                    column.append_value(text);
                }
                (Cell::Whole(number), Builder::Whole(column)) => {
                    // Writing into memory does not fail.
                    let _ = write!(self.csv, "{number}");
                    column.append_value(*number);
                }
                (_, Builder::Text(column)) => column.append_null(),
                (_, Builder::Whole(column)) => column.append_null(),
            }
        }
        self.csv.push(b'\n');
        self.rows += 1;
    }

    /// As CSV, and as columns.
    fn parts(mut self) -> (Vec<u8>, Vec<ArrayRef>) {
        let columns = self.builders.iter_mut().map(|builder| match builder {
            Builder::Text(column) => Arc::new(column.finish()) as ArrayRef,
            Builder::Whole(column) => Arc::new(column.finish()) as ArrayRef,
        });
        let columns = columns.collect();
        (self.csv, columns)
    }
}

fn is_whole(column: Name) -> bool {
    column.starts_with('#')
}

/// A table that is being written.
pub(super) struct Table {
    name: &'static str,
    columns: &'static [Name],
    csv: NewFile,
    parquet: ArrowWriter<NewFile>,
    schema: Arc<Schema>,
    waiting: Rows,
}

fn fault(name: &str, what: impl std::fmt::Display) -> Error {
    Error::Storage(format!("{name}: cannot write: {what}"))
}

impl Table {
    /// An empty table.
    pub(super) fn new(
        folder: &NewFolder<'_>,
        name: &'static str,
        columns: &'static [Name],
    ) -> Result<Table> {
        let mut csv = folder.create(&format!("{name}.csv"))?;
        let plain: Vec<&str> = columns.iter().map(|c| c.trim_start_matches('#')).collect();
        csv.write_all(format!("{}\n", plain.join(",")).as_bytes())
            .map_err(|e| fault(name, e))?;
        let field = |(column, name): (&Name, &&str)| {
            let kind = if is_whole(column) {
                DataType::Int64
            } else {
                DataType::Utf8
            };
            Field::new(*name, kind, true)
        };
        let fields: Vec<Field> = columns.iter().zip(&plain).map(field).collect();
        let schema = Arc::new(Schema::new(fields));
        let level = ZstdLevel::try_new(1).map_err(|e| fault(name, e))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by(CREATED_BY.to_owned())
            .build();
        let file = folder.create(&format!("{name}.parquet"))?;
        let parquet = ArrowWriter::try_new(file, schema.clone(), Some(properties));
        Ok(Table {
            name,
            columns,
            csv,
            parquet: parquet.map_err(|e| fault(name, e))?,
            schema,
            waiting: Rows::new(columns),
        })
    }

    /// Adds a row, one cell per column.
    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        self.waiting.push(cells);
        if self.waiting.rows == BATCH_ROWS {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::replace(&mut self.waiting, Rows::new(self.columns));
        self.append(rows)
    }

    /// Adds rows after those that were appended before. Of one table rows come by [`Table::row`] or so, not both.
    pub(super) fn append(&mut self, rows: Rows) -> Result<()> {
        let (name, text) = (self.name, &mut self.csv);
        let (csv, columns) = rows.parts();
        let batch = RecordBatch::try_new(self.schema.clone(), columns);
        let batch = batch.map_err(|e| fault(name, e))?;
        let parquet = &mut self.parquet;
        let (one, other) = rayon::join(
            || text.write_all(&csv).map_err(|e| fault(name, e)),
            || parquet.write(&batch).map_err(|e| fault(name, e)),
        );
        one.and(other)
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
