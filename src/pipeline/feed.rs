//! Movement files as a stream of work in order of shipment id: parsed in parallel, handed on in order.

use super::ledger::Ledger;
use super::merge::{Cursor, Cutter, Flow, Merge, Stop, Work};
use super::progress::Progress;
use super::sort::{RunStore, Sorter};
use crate::input::Reader;
use crate::model::movement::MovementBatch;
use crate::model::symbol::Symbols;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// What all files of a run share while they are read.
pub struct Shared<'a> {
    /// Code words of the run.
    pub symbols: RwLock<Symbols>,
    /// Rows accounted for.
    pub ledger: Mutex<Ledger>,
    /// Where progress goes.
    pub progress: &'a dyn Progress,
    /// Asks whether a signal arrived.
    pub check: &'a (dyn Fn() -> crate::error::Result<()> + Sync),
}

impl Shared<'_> {
    /// The ledger; a panic elsewhere ends the run anyway.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One movement file.
struct FileCursor<'a> {
    reader: Box<dyn Reader>,
    file: u32,
    ahead: usize,
    ready: VecDeque<MovementBatch>,
    shared: &'a Shared<'a>,
}

impl FileCursor<'_> {
    /// Parses the next units in parallel; `false` at the end of the file.
    fn fill(&mut self) -> Flow<bool> {
        (self.shared.check)()?;
        let mut units = Vec::with_capacity(self.ahead);
        while units.len() < self.ahead {
            match self.reader.next_unit().map_err(Stop::Broken)? {
                Some(unit) => units.push(unit),
                None => break,
            }
        }
        let more = !units.is_empty();
        let parsed: Vec<_> = units.into_par_iter().map(|unit| unit.parse()).collect();
        for parsed in parsed {
            let mut parsed = parsed.map_err(Stop::Broken)?;
            let map = self.shared.symbols.write().unwrap_or_else(PoisonError::into_inner).absorb(&parsed.symbols);
            parsed.batch.remap_symbols(&map);
            let mut ledger = self.shared.ledger();
            ledger.read(self.file, parsed.rows);
            ledger.reject(parsed.unplaced);
            drop(ledger);
            self.shared.progress.advance(parsed.rows, 0);
            if !parsed.batch.is_empty() {
                self.ready.push_back(parsed.batch);
            }
        }
        Ok(more)
    }
}

impl Cursor for FileCursor<'_> {
    fn next(&mut self) -> Flow<Option<MovementBatch>> {
        while self.ready.is_empty() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(self.ready.pop_front())
    }
}

/// How the files are brought in order.
pub enum Order<'s> {
    /// They are sorted, or so it seems; a row out of order ends the attempt.
    Sorted,
    /// Sort, with runs in this store beyond `limit` bytes.
    Sort {
        /// Where runs go.
        store: &'s dyn RunStore,
        /// Bytes of rows held in memory.
        limit: usize,
    },
}

/// Batches of whole shipments in ascending order.
pub struct Feed<'a> {
    merge: Merge<'a>,
    cutter: Cutter,
    ended: bool,
}

impl<'a> Feed<'a> {
    /// Opens the stream over `readers` (with their file index). `limit` bounds a single shipment, bytes.
    pub fn open(
        readers: Vec<(u32, Box<dyn Reader>)>,
        order: Order,
        threads: usize,
        limit: usize,
        shared: &'a Shared<'a>,
    ) -> Flow<Feed<'a>> {
        let ahead = match order {
            Order::Sorted => (threads / readers.len().max(1)).max(1),
            Order::Sort { .. } => threads,
        };
        let files = readers.into_iter().map(|(file, reader)| FileCursor { reader, file, ahead, ready: VecDeque::new(), shared });
        let cursors = match order {
            Order::Sorted => files.map(|f| Box::new(f) as Box<dyn Cursor + 'a>).collect(),
            Order::Sort { store, limit } => {
                let mut sorter = Sorter::new(store, limit);
                for mut file in files {
                    while let Some(batch) = file.next()? {
                        sorter.push(batch)?;
                    }
                }
                sorter.finish()?.into_iter().map(|c| c as Box<dyn Cursor + 'a>).collect()
            }
        };
        Ok(Feed { merge: Merge::new(cursors), cutter: Cutter::new(limit), ended: false })
    }

    /// The next `pieces` or so of work; empty at the end.
    pub fn next(&mut self, pieces: usize) -> Flow<Vec<Work>> {
        let mut work = Vec::new();
        while work.len() < pieces && !self.ended {
            match self.merge.next_batch()? {
                Some(batch) => self.cutter.push(batch, &mut work)?,
                None => {
                    self.cutter.flush(&mut work);
                    self.ended = true;
                }
            }
        }
        Ok(work)
    }
}
