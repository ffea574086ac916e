//! The big tables: rows are cut into row groups, encoded on the pool, and written to the stage by a thread of their own, so
//! that no core waits for a disk or a digest.

use crate::error::{Error, Result};
use crate::output::encode::Encodings;
use crate::output::part::{Part, RowGroup, TableWriter, io_error};
use crate::output::schema::Schema;
use crate::output::slices::{Cut, Cutter, PART_ROWS, Rows};
use crate::output::table::{RowRefused, Table};
use crate::run::compute::{FixedNames, GrowingNames};
use crate::run::feed::Shared;
use crate::run::jobs::Job;
use crate::store::stage::{DigestWriter, Stage};
use parquet::errors::ParquetError;
use rayon::Scope;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, ScopedJoinHandle};

/// Opens part `n` of a table in the stage.
pub(crate) type OpenPart<'s> = Box<dyn FnMut(usize) -> io::Result<DigestWriter> + Send + 's>;

/// The parts of a table, `<table>/part-NNNNN.parquet`.
pub(crate) fn parts_of<'s>(stage: &'s Stage, table: &'static str) -> OpenPart<'s> {
    Box::new(move |n| {
        stage
            .create(&format!("{table}/part-{n:05}.parquet"))
            .map_err(io::Error::other)
    })
}

/// Closes parts: their digests and rows go to the stage's list.
pub(crate) fn close(
    stage: &Stage,
    table: &str,
    parts: io::Result<Vec<Part<DigestWriter>>>,
) -> Result<u64> {
    let parts = parts.map_err(|e| failure(stage, table, &e))?;
    let mut rows = 0;
    for part in parts {
        rows += part.rows;
        part.writer.finish_rows(part.rows)?;
    }
    Ok(rows)
}

/// What a failed write came from: the stage knows the file, the encoder's error only wraps it. A row that does not fit the form that
/// was asked for is no fault of the disk.
pub(crate) fn failure(stage: &Stage, table: &str, error: &io::Error) -> Error {
    let inner = error.get_ref();
    if let Some(refused) = inner.and_then(|inner| inner.downcast_ref::<RowRefused>()) {
        return Error::Limit(format!("{table}: {refused}; nothing was published"));
    }
    stage
        .failure()
        .unwrap_or_else(|| Error::Storage(error.to_string()))
}

/// What a thread came to; a panic goes on in this one.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Gives the key-value metadata of a footer, as soon as they are known.
pub(crate) type Footer<'a> = &'a (dyn Fn() -> Result<Vec<(String, String)>> + Sync);

/// A table of the stage that is written from a stream of chunks.
pub(crate) struct BigTable<'a, C: 'static> {
    /// Its columns.
    pub table: &'static Table<C>,
    /// Its folder.
    pub name: &'static str,
    /// How its columns are written.
    pub encodings: Encodings,
    /// The stage.
    pub stage: &'a Stage,
    /// Row groups that wait behind the one that is written next, beside the newest one: while the last columns of one are under
    /// way, the others have work for the other threads.
    pub groups_queued: usize,
    /// Texts behind codes.
    pub names: &'a FixedNames,
    /// Key-value metadata of every footer; waits until they are known.
    pub metadata: Footer<'a>,
}

/// A row group that is ready or under way, or the end of a part.
enum Next {
    Group(Job<std::result::Result<RowGroup, ParquetError>>),
    EndOfPart,
}

impl<C: Send + Sync> BigTable<'_, C> {
    /// Writes whole shipments in order of id, until the stream ends; gives the number of rows.
    pub(crate) fn write(&self, chunks: Receiver<Arc<C>>, shared: &Shared) -> Result<u64> {
        let schema = Arc::new(self.table.schema(&self.names.carried, self.encodings));
        // One request waits while a file is synced.
        let ((to_file, groups), (ahead, due)) = (sync_channel(self.groups_queued), sync_channel(1));
        let mut open = parts_of(self.stage, self.name);
        let open: OpenPart =
            Box::new(move |n| open(n).map(|part| part.syncing_ahead(ahead.clone())));
        let writer = TableWriter::new(schema.clone(), open);
        thread::scope(|threads| {
            let synced = threads.spawn(move || self.stage.sync_ahead(due));
            let written = threads.spawn(move || {
                append(self.stage, self.name, self.metadata, writer, groups, shared)
            });
            shared
                .pool
                .in_place_scope(|scope| self.encode(chunks, &schema, shared, scope, to_file));
            let written = joined(written);
            joined(synced).and(written)
        })
    }

    /// Cuts chunks into row groups and starts to encode them, until the stream ends or nobody writes them any more.
    fn encode<'scope>(
        &'scope self,
        chunks: Receiver<Arc<C>>,
        schema: &'scope Schema,
        shared: &'scope Shared<'_>,
        scope: &Scope<'scope>,
        to_file: SyncSender<Next>,
    ) {
        let names = GrowingNames {
            fixed: self.names,
            symbols: &shared.symbols,
        };
        let start = |rows: Rows<C>| {
            Next::Group(Job::start(scope, move || {
                self.table.encode(schema, &rows, &names)
            }))
        };
        let mut cutter = Cutter::new(self.table.group_rows, PART_ROWS);
        for chunk in chunks {
            let shipments = (self.table.rows_per_shipment)(&chunk);
            for cut in cutter.push(&chunk, shipments.into_iter()) {
                let next = match cut {
                    Cut::Group(rows) => start(rows),
                    Cut::EndOfPart => Next::EndOfPart,
                };
                if to_file.send(next).is_err() {
                    return;
                }
            }
        }
        if let Some(rows) = cutter.finish() {
            // The thread that is gone says why.
            let _ = to_file.send(start(rows));
        }
    }
}

/// Writes row groups in order and closes parts, until the stream ends.
fn append(
    stage: &Stage,
    table: &str,
    metadata: Footer,
    mut writer: TableWriter<DigestWriter, OpenPart>,
    groups: Receiver<Next>,
    shared: &Shared,
) -> Result<u64> {
    let failed = |e: io::Error| failure(stage, table, &e);
    let mut rows = 0;
    for next in groups {
        match next {
            Next::Group(group) => {
                // A panic goes on where the job was started.
                let group = group
                    .wait()
                    .ok_or_else(|| Error::Internal("a worker failed".into()))?;
                writer
                    .append(group.map_err(io_error).map_err(failed)?)
                    .map_err(failed)?;
            }
            Next::EndOfPart => {
                writer.end_part(&metadata()?).map_err(failed)?;
                rows += close(stage, table, Ok(writer.take_parts()))?;
            }
        }
    }
    // A table that nobody wants needs no footer, for which the digests of the inputs would have to be waited for.
    if shared.has_stopped.load(Ordering::Acquire) {
        return Ok(rows);
    }
    Ok(rows + close(stage, table, writer.finish(&metadata()?))?)
}
