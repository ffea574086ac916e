//! A table as a sequence of files `part-NNNNN`: opened when needed, filled with finished row groups, closed with a footer.
//!
//! Opens nothing itself: the caller hands out a writer per part and gets it back, to sync it and to take its digest. What a
//! footer says of the run is asked for when a part is closed; it need not be known before.
//! Nothing of clock, host or user goes into a file.

use super::encode::Pages;
use super::schema::Schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

/// What wrote the file; the same for every build, since the run's own metadata names the version.
pub(crate) const CREATED_BY: &str = "green-corridor";

/// Writes reach the caller in pieces of this size.
const BUFFER: usize = 1 << 20;

/// A finished row group: its columns in schema order.
pub(crate) type RowGroup = Vec<Pages>;

/// A finished part.
#[derive(Debug)]
pub(crate) struct Part<W> {
    /// Rows in it.
    pub rows: u64,
    /// The writer that the caller gave, with everything written.
    pub writer: W,
}

/// Writes a table of parts.
pub(crate) struct TableWriter<W: Write + Send, F> {
    schema: Arc<Schema>,
    properties: WriterPropertiesPtr,
    open: F,
    current: Option<(SerializedFileWriter<BufWriter<W>>, u64)>,
    opened: usize,
    done: Vec<Part<W>>,
}

/// The error of this module and the ones above as one of `std::io`: what a writer of files is asked about.
pub(crate) fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(io) => *io,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

impl<W: Write + Send, F: FnMut(usize) -> io::Result<W>> TableWriter<W, F> {
    /// A table of `schema`; `open` gives the writer of a part by its number.
    pub(crate) fn new(schema: Arc<Schema>, open: F) -> TableWriter<W, F> {
        let sorted_by = schema.sorted_by.iter();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a table has a few dozen columns"
        )]
        let sorting = sorted_by.map(|&i| SortingColumn {
            column_idx: i as i32,
            descending: false,
            nulls_first: true,
        });
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_created_by(CREATED_BY.to_owned())
            .set_sorting_columns(Some(sorting.collect()))
            .build();
        TableWriter {
            schema,
            properties: Arc::new(properties),
            open,
            current: None,
            opened: 0,
            done: Vec::new(),
        }
    }

    /// Appends a row group to the current part, opening one if there is none.
    pub(crate) fn append(&mut self, group: RowGroup) -> io::Result<()> {
        let rows = group.first().map_or(0, Pages::rows);
        let schema = self.schema.clone();
        let (writer, part_rows) = self.part()?;
        let mut row_group = writer.next_row_group().map_err(io_error)?;
        for (encoded, column) in group.into_iter().zip(&schema.columns) {
            encoded.append(column, &mut row_group).map_err(io_error)?;
        }
        row_group.close().map_err(io_error)?;
        *part_rows += rows;
        Ok(())
    }

    /// Closes the current part, if there is one; `metadata` goes into its footer.
    pub(crate) fn end_part(&mut self, metadata: &[(String, String)]) -> io::Result<()> {
        if let Some((mut writer, rows)) = self.current.take() {
            for (key, value) in metadata {
                writer.append_key_value_metadata(KeyValue::new(key.clone(), value.clone()));
            }
            let buffer = writer.into_inner().map_err(io_error)?;
            let writer = buffer.into_inner().map_err(|e| e.into_error())?;
            self.done.push(Part { rows, writer });
        }
        Ok(())
    }

    /// Takes the parts closed so far, so that they can be synced while the next one is written.
    pub(crate) fn take_parts(&mut self) -> Vec<Part<W>> {
        std::mem::take(&mut self.done)
    }

    /// Closes the table and gives the parts that were not taken. An empty table is one part that holds the schema.
    pub(crate) fn finish(mut self, metadata: &[(String, String)]) -> io::Result<Vec<Part<W>>> {
        if self.opened == 0 {
            self.part()?;
        }
        self.end_part(metadata)?;
        Ok(self.done)
    }

    fn part(&mut self) -> io::Result<&mut (SerializedFileWriter<BufWriter<W>>, u64)> {
        if self.current.is_none() {
            let buffer = BufWriter::with_capacity(BUFFER, (self.open)(self.opened)?);
            self.opened += 1;
            let root = self.schema.root.clone();
            let writer = SerializedFileWriter::new(buffer, root, self.properties.clone())
                .map_err(io_error)?;
            self.current = Some((writer, 0));
        }
        Ok(self.current.as_mut().expect("opened above"))
    }
}
