//! The big tables: rows are cut into row groups, encoded on the pool, and written to the stage by a thread of their own, so
//! that no core waits for a disk or a digest.

use super::compute::FixedNames;
use super::feed::Shared;
use crate::error::{Error, Result};
use crate::output::part::{Part, RowGroup, TableWriter, io_error};
use crate::output::slices::{Cut, Cutter, PART_ROWS};
use crate::output::table::Table;
use crate::store::stage::{DigestWriter, Stage};
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread;

/// Opens part `n` of a table in the stage.
pub type OpenPart<'s> = Box<dyn FnMut(usize) -> io::Result<DigestWriter> + Send + 's>;

/// The parts of a table, `<table>/part-NNNNN.parquet`.
pub fn parts_of<'s>(stage: &'s Stage, table: &'static str) -> OpenPart<'s> {
    Box::new(move |n| stage.create(&format!("{table}/part-{n:05}.parquet")).map_err(io::Error::other))
}

/// Closes parts: their digests and rows go to the stage's list.
pub fn close(stage: &Stage, parts: io::Result<Vec<Part<DigestWriter>>>) -> Result<u64> {
    let parts = parts.map_err(|e| failure(stage, &e))?;
    let mut rows = 0;
    for part in parts {
        rows += part.rows;
        part.writer.finish_rows(part.rows)?;
    }
    Ok(rows)
}

/// What a failed write came from: the stage knows the file, the encoder's error only wraps it.
pub fn failure(stage: &Stage, error: &io::Error) -> Error {
    stage.failure().unwrap_or_else(|| Error::Storage(error.to_string()))
}

/// A table of the stage that is written from a stream of chunks.
pub struct BigTable<'a, C: 'static> {
    /// Its columns.
    pub table: &'static Table<C>,
    /// Its folder.
    pub name: &'static str,
    /// The stage.
    pub stage: &'a Stage,
    /// Texts behind codes.
    pub names: &'a FixedNames,
    /// Key-value metadata of every footer.
    pub metadata: &'a [(String, String)],
}

/// A row group that is ready, or the end of a part.
enum Ready {
    Group(RowGroup),
    EndOfPart,
}

impl<C: Send + Sync> BigTable<'_, C> {
    /// Writes whole shipments in order of id, until the stream ends; gives the number of rows.
    pub fn write(&self, chunks: Receiver<Arc<C>>, shared: &Shared) -> Result<u64> {
        let schema = Arc::new(self.table.schema());
        let writer = TableWriter::new(schema.clone(), self.metadata, parts_of(self.stage, self.name));
        // One row group waits while the one before it is written.
        let (ready, groups) = sync_channel(1);
        thread::scope(|scope| {
            let written = scope.spawn(move || append(self.stage, writer, groups));
            let mut cutter = Cutter::new(self.table.group_rows, PART_ROWS);
            let encode = |rows| {
                let symbols = shared.symbols.read().unwrap_or_else(PoisonError::into_inner);
                let group = shared.pool.install(|| self.table.encode(&schema, &rows, &self.names.with(&symbols)));
                group.map_err(|e| failure(self.stage, &io_error(e)))
            };
            let encoded = (|| {
                for chunk in chunks {
                    let shipments = (self.table.rows_per_shipment)(&chunk);
                    for cut in cutter.push(&chunk, shipments.into_iter()) {
                        let next = match cut {
                            Cut::Group(rows) => Ready::Group(encode(rows)?),
                            Cut::EndOfPart => Ready::EndOfPart,
                        };
                        if ready.send(next).is_err() {
                            return Ok(());
                        }
                    }
                }
                if let Some(rows) = cutter.finish() {
                    // Whoever does not take it has failed, and says so below.
                    let _ = ready.send(Ready::Group(encode(rows)?));
                }
                Ok(())
            })();
            drop(ready);
            let written = written.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            encoded.and(written)
        })
    }
}

/// Writes row groups in order and closes parts, until the stream ends.
fn append(stage: &Stage, mut writer: TableWriter<DigestWriter, OpenPart>, groups: Receiver<Ready>) -> Result<u64> {
    let failed = |e: io::Error| failure(stage, &e);
    let mut rows = 0;
    for ready in groups {
        match ready {
            Ready::Group(group) => writer.append(group).map_err(failed)?,
            Ready::EndOfPart => {
                writer.end_part().map_err(failed)?;
                rows += close(stage, Ok(writer.take_parts()))?;
            }
        }
    }
    Ok(rows + close(stage, writer.finish())?)
}
