//! The big tables: rows are cut into row groups, encoded on the pool, and written to the stage by a thread of their own, so
//! that no core waits for a disk or a digest.

use super::compute::{FixedNames, GrowingNames};
use super::feed::Shared;
use super::window::Window;
use crate::error::{Error, Result};
use crate::output::part::{Part, RowGroup, TableWriter, io_error};
use crate::output::schema::Schema;
use crate::output::slices::{Cut, Cutter, PART_ROWS, Rows};
use crate::output::table::Table;
use crate::store::stage::{DigestWriter, Stage};
use parquet::errors::ParquetError;
use rayon::Scope;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, ScopedJoinHandle};

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

/// What a thread came to; a panic goes on in this one.
pub fn joined<T>(thread: ScopedJoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Gives the key-value metadata of a footer, as soon as they are known.
pub type Footer<'a> = &'a (dyn Fn() -> Result<Vec<(String, String)>> + Sync);

/// A table of the stage that is written from a stream of chunks.
pub struct BigTable<'a, C: 'static> {
    /// Its columns.
    pub table: &'static Table<C>,
    /// Its folder.
    pub name: &'static str,
    /// The stage.
    pub stage: &'a Stage,
    /// Row groups that are encoded at the same time: while the last columns of one are under way, the next one has work for
    /// the other threads.
    pub groups_under_way: usize,
    /// Texts behind codes.
    pub names: &'a FixedNames,
    /// Key-value metadata of every footer; waits until they are known.
    pub metadata: Footer<'a>,
}

type Encoding = std::result::Result<RowGroup, ParquetError>;

/// A row group that is ready, or the end of a part.
enum Ready {
    Group(RowGroup),
    EndOfPart,
}

/// Why no more row groups are encoded.
enum Halt {
    Failed(Error),
    /// The thread that writes them has stopped, and says why.
    NobodyWrites,
}

impl<C: Send + Sync> BigTable<'_, C> {
    /// Writes whole shipments in order of id, until the stream ends; gives the number of rows.
    pub fn write(&self, chunks: Receiver<Arc<C>>, shared: &Shared) -> Result<u64> {
        let schema = Arc::new(self.table.schema());
        // One row group waits while the one before it is written, and one request while a file is synced.
        let ((ready, groups), (ahead, due)) = (sync_channel(1), sync_channel(1));
        let mut open = parts_of(self.stage, self.name);
        let open: OpenPart = Box::new(move |n| open(n).map(|part| part.syncing_ahead(ahead.clone())));
        let writer = TableWriter::new(schema.clone(), open);
        thread::scope(|threads| {
            let synced = threads.spawn(move || self.stage.sync_ahead(due));
            let written = threads.spawn(move || append(self.stage, self.metadata, writer, groups));
            let encoded = shared.pool.in_place_scope(|scope| self.encode(chunks, &schema, shared, scope, &ready));
            drop(ready);
            let written = joined(written);
            let synced = joined(synced);
            match encoded {
                Err(Halt::Failed(error)) => Err(error),
                Ok(()) | Err(Halt::NobodyWrites) => synced.and(written),
            }
        })
    }

    /// Cuts chunks into row groups, encodes them side by side, and hands them on in order.
    fn encode<'scope>(
        &'scope self,
        chunks: Receiver<Arc<C>>,
        schema: &'scope Schema,
        shared: &'scope Shared<'_>,
        scope: &Scope<'scope>,
        ready: &SyncSender<Ready>,
    ) -> std::result::Result<(), Halt> {
        let names = GrowingNames { fixed: self.names, symbols: &shared.symbols };
        let mut window = Window::new(scope, self.groups_under_way);
        let encode = |rows: Rows<C>| move || self.table.encode(schema, &rows, &names);
        let mut cutter = Cutter::new(self.table.group_rows, PART_ROWS);
        for chunk in chunks {
            let shipments = (self.table.rows_per_shipment)(&chunk);
            for cut in cutter.push(&chunk, shipments.into_iter()) {
                match cut {
                    Cut::Group(rows) => {
                        if window.is_full() {
                            self.hand_on(&mut window, ready)?;
                        }
                        window.start(encode(rows));
                    }
                    Cut::EndOfPart => {
                        while !window.is_empty() {
                            self.hand_on(&mut window, ready)?;
                        }
                        ready.send(Ready::EndOfPart).map_err(|_| Halt::NobodyWrites)?;
                    }
                }
            }
        }
        while !window.is_empty() {
            self.hand_on(&mut window, ready)?;
        }
        if let Some(rows) = cutter.finish() {
            window.start(encode(rows));
            self.hand_on(&mut window, ready)?;
        }
        Ok(())
    }

    /// Passes the oldest row group on to the file.
    fn hand_on(&self, window: &mut Window<Encoding>, ready: &SyncSender<Ready>) -> std::result::Result<(), Halt> {
        let Some(group) = window.oldest() else { return Ok(()) };
        let group = group.map_err(|e| Halt::Failed(failure(self.stage, &io_error(e))))?;
        ready.send(Ready::Group(group)).map_err(|_| Halt::NobodyWrites)
    }
}

/// Writes row groups in order and closes parts, until the stream ends.
fn append(
    stage: &Stage,
    metadata: Footer,
    mut writer: TableWriter<DigestWriter, OpenPart>,
    groups: Receiver<Ready>,
) -> Result<u64> {
    let failed = |e: io::Error| failure(stage, &e);
    let mut rows = 0;
    for ready in groups {
        match ready {
            Ready::Group(group) => writer.append(group).map_err(failed)?,
            Ready::EndOfPart => {
                writer.end_part(&metadata()?).map_err(failed)?;
                rows += close(stage, Ok(writer.take_parts()))?;
            }
        }
    }
    Ok(rows + close(stage, writer.finish(&metadata()?))?)
}
