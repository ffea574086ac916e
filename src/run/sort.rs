//! Rows in order of shipment id when the inputs are not: in memory while they fit the limit, else as sorted runs on disk.
//!
//! Runs are merged by `merge`, like files. Within a shipment the order of rows does not matter: the kernel decides it.

use crate::error::Result;
use crate::model::movement::{MovementBatch, Packed};
use crate::run::held::{Held, RowOfId, Sorted};
use crate::run::merge::{Cursor, Flow, Merge, ascends};
use crate::run::spill;
use rayon::{Scope, ThreadPool};

/// Rows per block of a spilled run: small, because a merge holds one block of each run.
const BLOCK_ROWS: usize = 1_024;

/// Where runs go and come from; the store implements it on files of the stage.
pub(crate) trait RunStore: Send + Sync {
    /// Starts run `n`; blocks are appended to it in order.
    fn create(&self, n: usize) -> Result<Box<dyn RunWriter>>;
    /// Reads run `n` from its start.
    fn open(&self, n: usize) -> Result<Box<dyn RunReader>>;
    /// Run `n` is not needed any more.
    fn remove(&self, n: usize) -> Result<()>;
}

/// Appends blocks to a run.
pub(crate) trait RunWriter: Send {
    /// Appends one block.
    fn append(&mut self, block: &[u8]) -> Result<()>;
    /// The run is complete.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Reads the blocks of a run.
pub(crate) trait RunReader: Send {
    /// The next block, or `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<u8>>>;
}

/// Collects batches in any order.
pub(crate) struct Sorter<'s, 'scope> {
    store: &'s dyn RunStore,
    pool: &'s ThreadPool,
    scope: &'s Scope<'scope>,
    limit: usize,
    batch_rows: usize,
    /// Runs that are merged at a time: more are first merged into fewer, so that the blocks held stay within bounds.
    fan_in: usize,
    held: Vec<Packed>,
    held_bytes: usize,
    runs: Vec<usize>,
    created: usize,
}

impl<'s, 'scope: 's> Sorter<'s, 'scope> {
    /// A sorter that holds at most `limit` bytes of rows in memory, gives back about `batch_rows` at a time, and reads at most
    /// `fan_in` runs at a time.
    pub(crate) fn new(
        store: &'s dyn RunStore,
        pool: &'s ThreadPool,
        scope: &'s Scope<'scope>,
        limit: usize,
        batch_rows: usize,
        fan_in: usize,
    ) -> Sorter<'s, 'scope> {
        Sorter {
            store,
            pool,
            scope,
            limit,
            batch_rows,
            fan_in,
            held: Vec::new(),
            held_bytes: 0,
            runs: Vec::new(),
            created: 0,
        }
    }

    /// Adds the rows of a batch that is [in order](super::held::in_order) itself.
    pub(crate) fn push(&mut self, batch: MovementBatch) -> Result<()> {
        debug_assert!(ascends(&batch), "a batch is sorted where it is parsed");
        if batch.is_empty() {
            return Ok(());
        }
        let batch = batch.pack();
        self.held_bytes += batch.heap_bytes() + Held::EXTRA_BYTES;
        self.held.push(batch);
        if self.held_bytes > self.limit {
            self.spill()
        } else {
            Ok(())
        }
    }

    /// Runs on disk now.
    #[cfg(test)]
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The rows as sorted inputs of a merge.
    pub(crate) fn finish(mut self) -> Flow<Vec<Box<dyn Cursor + 's>>> {
        if self.runs.is_empty() {
            let sorted = self.take_held(Held::rows);
            return Ok(vec![Box::new(sorted)]);
        }
        if !self.held.is_empty() {
            self.spill()?;
        }
        while self.runs.len() > self.fan_in {
            self.merge_runs()?;
        }
        let open = |&n: &usize| {
            Ok(Box::new(Run {
                reader: self.store.open(n)?,
            }) as Box<dyn Cursor + 's>)
        };
        self.runs.iter().map(open).collect()
    }

    fn create(&mut self) -> Result<Box<dyn RunWriter>> {
        self.runs.push(self.created);
        self.created += 1;
        self.store.create(self.created - 1)
    }

    /// What is held, in order, in pieces of `batch_rows` rows.
    fn take_held<T: Send + 'scope>(
        &mut self,
        make: fn(&Held, &[RowOfId]) -> T,
    ) -> Sorted<'s, 'scope, T> {
        self.held_bytes = 0;
        let held = self
            .pool
            .install(|| Held::new(std::mem::take(&mut self.held), self.batch_rows));
        Sorted::new(
            held,
            self.scope,
            self.pool.current_num_threads(),
            self.batch_rows,
            make,
        )
    }

    fn spill(&mut self) -> Result<()> {
        let sorted = self.take_held(|held, order| {
            let encode = |order| {
                let mut block = Vec::new();
                spill::encode(&held.rows(order), &mut block);
                block
            };
            order.chunks(BLOCK_ROWS).map(encode).collect::<Vec<_>>()
        });
        let mut writer = self.create()?;
        for blocks in sorted {
            blocks.iter().try_for_each(|block| writer.append(block))?;
        }
        writer.finish()
    }

    /// Merges the oldest runs into one.
    fn merge_runs(&mut self) -> Flow<()> {
        let oldest: Vec<usize> = self.runs.drain(..self.fan_in).collect();
        let open = |&n: &usize| {
            Ok(Box::new(Run {
                reader: self.store.open(n)?,
            }) as Box<dyn Cursor>)
        };
        let mut merge = Merge::new(
            oldest.iter().map(open).collect::<Result<_>>()?,
            self.batch_rows,
        );
        let mut writer = self.create()?;
        let mut block = Vec::new();
        while let Some(batch) = merge.next_batch()? {
            for start in (0..batch.len()).step_by(BLOCK_ROWS) {
                let mut rows = MovementBatch::default();
                rows.extend(&batch, start..batch.len().min(start + BLOCK_ROWS));
                block.clear();
                spill::encode(&rows, &mut block);
                writer.append(&block)?;
            }
        }
        writer.finish()?;
        drop(merge);
        oldest.iter().try_for_each(|&n| self.store.remove(n))?;
        Ok(())
    }
}

struct Run {
    reader: Box<dyn RunReader>,
}

impl Cursor for Run {
    fn next(&mut self) -> Flow<Option<MovementBatch>> {
        Ok(self
            .reader
            .next()?
            .map(|block| spill::decode(&block))
            .transpose()?)
    }
}

#[cfg(test)]
pub(crate) mod test_store {
    use super::*;
    use std::sync::{Arc, Mutex};

    type Held = Arc<Mutex<Vec<Vec<u8>>>>;
    /// Runs in memory.
    #[derive(Default)]
    pub(crate) struct InMemory(Mutex<Vec<Held>>);
    struct Blocks(Held, usize);

    impl RunStore for InMemory {
        fn create(&self, _: usize) -> Result<Box<dyn RunWriter>> {
            let run = Arc::new(Mutex::new(Vec::new()));
            self.0.lock().unwrap().push(run.clone());
            Ok(Box::new(Blocks(run, 0)))
        }
        fn open(&self, n: usize) -> Result<Box<dyn RunReader>> {
            Ok(Box::new(Blocks(self.0.lock().unwrap()[n].clone(), 0)))
        }
        fn remove(&self, n: usize) -> Result<()> {
            self.0.lock().unwrap()[n].lock().unwrap().clear();
            Ok(())
        }
    }
    impl RunWriter for Blocks {
        fn append(&mut self, block: &[u8]) -> Result<()> {
            self.0.lock().unwrap().push(block.to_vec());
            Ok(())
        }
        fn finish(self: Box<Self>) -> Result<()> {
            Ok(())
        }
    }
    impl RunReader for Blocks {
        fn next(&mut self) -> Result<Option<Vec<u8>>> {
            self.1 += 1;
            Ok(self.0.lock().unwrap().get(self.1 - 1).cloned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::test_store::InMemory;
    use super::*;
    use crate::model::reject::{Reject, RejectReason};
    use crate::run::held::in_order;

    const FAN_IN: usize = 16;

    fn batch(ids: &[u64]) -> MovementBatch {
        let mut batch = MovementBatch::default();
        for &id in ids {
            let reject = Reject::new(RejectReason::BadText, "mode", "x", "y");
            batch.push_tombstone(format!("S{id:020}").as_bytes(), b"M", 0, 0, id, reject);
        }
        batch
    }

    fn sorted(limit: usize) -> (Vec<u64>, usize) {
        let store = InMemory::default();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .unwrap();
        pool.in_place_scope(|scope| {
            let mut sorter = Sorter::new(&store, &pool, scope, limit, 5_000, FAN_IN);
            let mut seed = 7u64;
            for _ in 0..200 {
                let ids: Vec<u64> = (0..200)
                    .map(|_| {
                        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        seed >> 54
                    })
                    .collect();
                sorter.push(in_order(batch(&ids))).unwrap();
            }
            let runs = sorter.runs();
            let mut merge = Merge::new(sorter.finish().unwrap(), 5_000);
            let mut out = Vec::new();
            while let Some(batch) = merge.next_batch().unwrap() {
                out.extend_from_slice(&batch.row);
            }
            (out, runs)
        })
    }

    #[test]
    fn spilled_and_held_rows_come_in_the_same_order() {
        let (held, none) = sorted(usize::MAX);
        assert_eq!((held.len(), none), (40_000, 0));
        // Some runs, and more than are merged at a time.
        for (limit, least) in [(1 << 20, 3), (1, FAN_IN + 1)] {
            let (spilled, runs) = sorted(limit);
            assert!(runs > least, "{runs}");
            assert!(held.is_sorted() && held == spilled);
        }
    }
}
