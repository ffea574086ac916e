//! Movement files as a stream of work in order of shipment id: parsed in parallel, handed on in order.

use super::budget::Budget;
use super::ledger::Ledger;
use super::merge::{Cursor, Cutter, Flow, Merge, Stop, Work};
use super::progress::Progress;
use super::sort::{RunStore, Sorter, in_order};
use crate::input::{Parsed, Reader, Unit};
use crate::model::movement::MovementBatch;
use crate::model::symbol::{Symbol, Symbols};
use rayon::ThreadPool;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// What all files of a run share while they are read.
pub struct Shared<'a> {
    /// The worker threads.
    pub pool: &'a ThreadPool,
    /// Code words of the run.
    pub symbols: RwLock<Symbols>,
    /// Rows accounted for.
    pub ledger: Mutex<Ledger<'a>>,
    /// Where progress goes.
    pub progress: &'a dyn Progress,
    /// Asks whether a signal arrived.
    pub check: &'a (dyn Fn() -> crate::error::Result<()> + Sync),
}

impl<'a> Shared<'a> {
    /// The ledger; a panic elsewhere ends the run anyway.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger<'a>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run's codes for the codes of a unit. Units after the first ones rarely have a word that is new, so nobody who
    /// reads the table has to wait for this.
    fn translate(&self, symbols: &Symbols) -> Vec<Symbol> {
        let known = self.symbols.read().unwrap_or_else(PoisonError::into_inner).translate(symbols);
        known.unwrap_or_else(|| self.symbols.write().unwrap_or_else(PoisonError::into_inner).absorb(symbols))
    }
}

/// One movement file.
struct FileCursor<'f, 'a> {
    reader: Box<dyn Reader>,
    file: u32,
    ahead: usize,
    /// Whether batches are put in order as soon as they are parsed, for a sort.
    in_order: bool,
    ready: VecDeque<MovementBatch>,
    shared: &'f Shared<'a>,
}

impl FileCursor<'_, '_> {
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
        let sorts = self.in_order;
        let parse = |unit: Box<dyn Unit>| {
            let mut parsed = unit.parse()?;
            for parsed in parsed.iter_mut().filter(|_| sorts) {
                parsed.batch = in_order(std::mem::take(&mut parsed.batch));
            }
            Ok(parsed)
        };
        let parsed: Vec<_> = self.shared.pool.install(|| units.into_par_iter().with_max_len(1).map(parse).collect());
        for unit in parsed {
            for parsed in unit.map_err(Stop::Broken)? {
                self.take(parsed)?;
            }
        }
        Ok(more)
    }

    /// Takes a batch over into the run's codes and counts.
    fn take(&mut self, mut parsed: Parsed) -> Flow<()> {
        parsed.batch.remap_symbols(&self.shared.translate(&parsed.symbols));
        let mut ledger = self.shared.ledger();
        ledger.read(self.file, parsed.rows);
        ledger.reject(parsed.unplaced)?;
        drop(ledger);
        self.shared.progress.advance(parsed.rows, 0);
        if !parsed.batch.is_empty() {
            self.ready.push_back(parsed.batch);
        }
        Ok(())
    }
}

impl Cursor for FileCursor<'_, '_> {
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
    /// Sort, with runs in this store beyond what the budget holds in memory.
    Sort(&'s dyn RunStore),
}

/// Batches of whole shipments in ascending order.
pub struct Feed<'a> {
    merge: Merge<'a>,
    cutter: Cutter,
}

impl<'a> Feed<'a> {
    /// Opens the stream over `readers` (with their file index).
    fn open(
        readers: Vec<(u32, Box<dyn Reader>)>,
        order: Order<'a>,
        threads: usize,
        budget: &Budget,
        shared: &'a Shared<'_>,
    ) -> Flow<Feed<'a>> {
        let ahead = match order {
            Order::Sorted => (threads / readers.len().max(1)).max(1),
            Order::Sort(_) => threads,
        };
        let in_order = matches!(order, Order::Sort(_));
        let files = readers.into_iter().map(|(file, reader)| FileCursor {
            reader,
            file,
            ahead,
            in_order,
            ready: VecDeque::new(),
            shared,
        });
        let cursors = match order {
            Order::Sorted => files.map(|f| Box::new(f) as Box<dyn Cursor + 'a>).collect(),
            Order::Sort(store) => {
                let mut sorter = Sorter::new(store, shared.pool, budget.sort_bytes, budget.grain.batch_rows as usize);
                for mut file in files {
                    while let Some(batch) = file.next()? {
                        sorter.push(batch)?;
                    }
                }
                sorter.finish()?.into_iter().map(|c| c as Box<dyn Cursor + 'a>).collect()
            }
        };
        Ok(Feed { merge: Merge::new(cursors, budget.grain.batch_rows as usize), cutter: Cutter::new(budget.shipment_bytes) })
    }

    /// Hands on all work in order, until the input ends or nobody takes it any more.
    pub fn run(
        readers: Vec<(u32, Box<dyn Reader>)>,
        order: Order<'a>,
        threads: usize,
        budget: &Budget,
        shared: &'a Shared<'_>,
        to: SyncSender<Work>,
    ) -> Flow<()> {
        let mut feed = Feed::open(readers, order, threads, budget, shared)?;
        let mut work = Vec::new();
        loop {
            let more = match feed.merge.next_batch()? {
                Some(batch) => feed.cutter.push(batch, &mut work).map(|()| true)?,
                None => {
                    feed.cutter.flush(&mut work);
                    false
                }
            };
            if !work.drain(..).all(|work| to.send(work).is_ok()) || !more {
                return Ok(());
            }
        }
    }
}
