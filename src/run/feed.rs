//! Movement files as a stream of work in order of shipment id: parsed in parallel, handed on in order.

use crate::input::{FileFault, Parsed, Reader};
use crate::model::movement::MovementBatch;
use crate::model::symbol::{Symbol, Symbols};
use crate::progress::Progress;
use crate::run::budget::Budget;
use crate::run::held::in_order;
use crate::run::jobs::{Job, Window};
use crate::run::ledger::Ledger;
use crate::run::merge::{Cursor, Cutter, Flow, Merge, Work};
use crate::run::sort::{RunStore, Sorter};
use rayon::{Scope, ThreadPool};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// What all files of a run share while they are read.
pub(crate) struct Shared<'a> {
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
    /// The feed has stopped before the end of its input.
    pub has_stopped: AtomicBool,
}

impl<'a> Shared<'a> {
    /// The ledger; a panic elsewhere ends the run anyway.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger<'a>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run's codes for the codes of a unit. Units after the first ones rarely have a word that is new, so nobody who
    /// reads the table has to wait for this.
    fn translate(&self, symbols: &Symbols) -> Vec<Symbol> {
        let known = self
            .symbols
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .translate(symbols);
        known.unwrap_or_else(|| {
            self.symbols
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .absorb(symbols)
        })
    }
}

/// What parsing a unit comes to.
type UnitParsed = std::result::Result<Vec<Parsed>, FileFault>;

/// One movement file.
struct FileCursor<'s, 'scope, 'a> {
    reader: Box<dyn Reader>,
    file: u32,
    units: Window<'s, 'scope, UnitParsed>,
    /// Whether units are parsed before anybody asks for their rows.
    ahead: bool,
    /// Whether batches are put in order as soon as they are parsed, for a sort.
    in_order: bool,
    ready: VecDeque<MovementBatch>,
    shared: &'scope Shared<'a>,
}

impl FileCursor<'_, '_, '_> {
    /// Gets the batches of the next unit ready; `false` at the end of the file.
    fn fill(&mut self) -> Flow<bool> {
        (self.shared.check)()?;
        self.start_units()?;
        let Some(parsed) = self.units.oldest() else {
            return Ok(false);
        };
        for parsed in parsed? {
            self.take(parsed)?;
        }
        if self.ahead {
            self.start_units()?;
        }
        Ok(true)
    }

    /// Starts to parse as many units as may be under way.
    fn start_units(&mut self) -> Flow<()> {
        let sorts = self.in_order;
        while !self.units.is_full()
            && let Some(unit) = self.reader.next_unit()?
        {
            self.units.start(move || {
                let mut parsed = unit.parse()?;
                for parsed in parsed.iter_mut().filter(|_| sorts) {
                    parsed.batch = in_order(std::mem::take(&mut parsed.batch));
                }
                Ok(parsed)
            });
        }
        Ok(())
    }

    /// Takes a batch over into the run's codes and counts.
    fn take(&mut self, mut parsed: Parsed) -> Flow<()> {
        parsed.remap_symbols(&self.shared.translate(&parsed.symbols));
        let mut ledger = self.shared.ledger();
        ledger.read(self.file, parsed.rows, parsed.blank);
        ledger.reject(parsed.unplaced)?;
        drop(ledger);
        self.shared.progress.advance(parsed.rows, 0);
        if !parsed.batch.is_empty() {
            self.ready.push_back(parsed.batch);
        }
        Ok(())
    }
}

impl Cursor for FileCursor<'_, '_, '_> {
    fn next(&mut self) -> Flow<Option<MovementBatch>> {
        while self.ready.is_empty() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(self.ready.pop_front())
    }
}

/// Opens a movement file when its turn comes, or gives the one that is open already.
pub(crate) type Opener<'o> = Box<dyn FnOnce() -> Flow<Box<dyn Reader>> + Send + 'o>;

/// How the files are brought in order.
pub(crate) enum Order<'s> {
    /// They are sorted, or so it seems; a row out of order ends the attempt.
    Sorted,
    /// Sort, with runs in this store beyond what the budget holds in memory.
    Sort(&'s dyn RunStore),
}

/// Batches of whole shipments in ascending order.
pub(crate) struct Feed<'a> {
    merge: Merge<'a>,
    cutter: Cutter,
}

impl<'a> Feed<'a> {
    /// Opens the stream over `readers` (with their file index).
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a batch is at most 16,384 rows"
    )]
    fn open<'scope: 'a>(
        readers: Vec<(u32, Opener)>,
        order: Order<'a>,
        threads: usize,
        budget: &Budget,
        shared: &'scope Shared<'_>,
        scope: &'a Scope<'scope>,
    ) -> Flow<Feed<'a>> {
        let in_order = matches!(order, Order::Sort(_));
        // In a stream the units of all files together are one for each thread: one of a file gives out its batches while
        // others are parsed. A sort takes one file after the other.
        let under_way = if in_order {
            threads
        } else {
            (threads / readers.len().max(1)).saturating_sub(1)
        };
        let files = readers.into_iter().map(|(file, open)| {
            Flow::Ok(FileCursor {
                reader: open()?,
                file,
                units: Window::new(scope, under_way.max(1)),
                ahead: under_way > 0,
                in_order,
                ready: VecDeque::new(),
                shared,
            })
        });
        let cursors = match order {
            Order::Sorted => files
                .map(|file| Ok(Box::new(file?) as Box<dyn Cursor + 'a>))
                .collect::<Flow<_>>()?,
            Order::Sort(store) => {
                let mut sorter = Sorter::new(
                    store,
                    shared.pool,
                    scope,
                    budget.sort_bytes,
                    budget.grain.batch_rows as usize,
                    budget.fan_in,
                );
                for file in files {
                    let mut file = file?;
                    while let Some(batch) = file.next()? {
                        sorter.push(batch)?;
                    }
                }
                sorter
                    .finish()?
                    .into_iter()
                    .map(|c| c as Box<dyn Cursor + 'a>)
                    .collect()
            }
        };
        Ok(Feed {
            merge: Merge::new(cursors, budget.grain.batch_rows as usize),
            cutter: Cutter::new(budget.shipment_bytes),
        })
    }

    /// Starts to compute all work, in order, until the input ends or nobody takes the results any more. What is computed or waits
    /// to be taken is as much as the channel holds and two more.
    pub(crate) fn run<T: Send>(
        readers: Vec<(u32, Opener)>,
        order: Order<'_>,
        threads: usize,
        budget: &Budget,
        shared: &Shared<'_>,
        compute: &(impl Fn(Vec<Work>) -> T + Sync),
        to: SyncSender<Job<T>>,
    ) -> Flow<()> {
        let fed = shared.pool.in_place_scope(|scope| {
            let mut feed = Feed::open(readers, order, threads, budget, shared, scope)?;
            loop {
                let mut work = Vec::new();
                let more = match feed.merge.next_batch()? {
                    Some(batch) => feed.cutter.push(batch, &mut work).map(|()| true)?,
                    None => {
                        feed.cutter.flush(&mut work);
                        false
                    }
                };
                let is_taken =
                    work.is_empty() || to.send(Job::start(scope, move || compute(work))).is_ok();
                if !is_taken || !more {
                    return Ok(());
                }
            }
        });
        // Known before the channel closes, which those who take the results take for the end of the input.
        shared.has_stopped.store(fed.is_err(), Ordering::Release);
        drop(to);
        fed
    }
}
