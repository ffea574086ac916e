//! Rows in order of shipment id when the inputs are not: in memory while they fit the limit, else as sorted runs on disk.
//!
//! Runs are merged by `merge`, like files. Within a shipment the order of rows does not matter: the kernel decides it.

use super::merge::{Cursor, Flow, Merge, ascends};
use super::spill;
use crate::error::Result;
use crate::model::movement::{MovementBatch, Packed, RowOf};
use crate::model::text::prefix;
use rayon::ThreadPool;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::VecDeque;

/// Rows per block of a spilled run: small, because a merge holds one block of each run.
const BLOCK_ROWS: usize = 1_024;

/// Runs that are merged at a time: more are first merged into fewer, so that the blocks held stay within bounds.
const FAN_IN: usize = 128;

/// Where runs go and come from; the store implements it on files of the stage.
pub trait RunStore: Send + Sync {
    /// Starts run `n`; blocks are appended to it in order.
    fn create(&self, n: usize) -> Result<Box<dyn RunWriter>>;
    /// Reads run `n` from its start.
    fn open(&self, n: usize) -> Result<Box<dyn RunReader>>;
    /// Run `n` is not needed any more.
    fn remove(&self, n: usize) -> Result<()>;
}

/// Appends blocks to a run.
pub trait RunWriter: Send {
    /// Appends one block.
    fn append(&mut self, block: &[u8]) -> Result<()>;
    /// The run is complete.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Reads the blocks of a run.
pub trait RunReader: Send {
    /// The next block, or `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<u8>>>;
}

/// Collects rows in any order.
pub struct Sorter<'s> {
    store: &'s dyn RunStore,
    pool: &'s ThreadPool,
    limit: usize,
    batch_rows: usize,
    held: Vec<Packed>,
    held_bytes: usize,
    runs: Vec<usize>,
    created: usize,
}

impl<'s> Sorter<'s> {
    /// A sorter that holds at most `limit` bytes of rows in memory and gives back about `batch_rows` at a time.
    pub fn new(store: &'s dyn RunStore, pool: &'s ThreadPool, limit: usize, batch_rows: usize) -> Sorter<'s> {
        Sorter { store, pool, limit, batch_rows, held: Vec::new(), held_bytes: 0, runs: Vec::new(), created: 0 }
    }

    /// Adds rows.
    pub fn push(&mut self, batch: MovementBatch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let batch = batch.pack();
        self.held_bytes += batch.heap_bytes() + batch.len() * size_of::<Entry>();
        self.held.push(batch);
        if self.held_bytes > self.limit { self.spill() } else { Ok(()) }
    }

    /// Runs on disk now.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The rows as sorted inputs of a merge.
    pub fn finish(mut self) -> Flow<Vec<Box<dyn Cursor + 's>>> {
        if self.runs.is_empty() {
            let held = std::mem::take(&mut self.held);
            let sorted = SortedHeld::new(held, self.pool, self.batch_rows);
            return Ok(if sorted.order.is_empty() { Vec::new() } else { vec![Box::new(sorted)] });
        }
        if !self.held.is_empty() {
            self.spill()?;
        }
        while self.runs.len() > FAN_IN {
            self.merge_runs()?;
        }
        let open = |&n: &usize| Ok(Box::new(Run { reader: self.store.open(n)? }) as Box<dyn Cursor + 's>);
        self.runs.iter().map(open).collect()
    }

    fn create(&mut self) -> Result<Box<dyn RunWriter>> {
        self.runs.push(self.created);
        self.created += 1;
        self.store.create(self.created - 1)
    }

    fn spill(&mut self) -> Result<()> {
        let sorted = SortedHeld::new(std::mem::take(&mut self.held), self.pool, self.batch_rows);
        self.held_bytes = 0;
        let mut writer = self.create()?;
        let encode = |entries: &[Entry]| {
            let mut block = Vec::new();
            spill::encode(&sorted.rows(entries), &mut block);
            block
        };
        for entries in sorted.order.chunks(BLOCK_ROWS * 8 * self.pool.current_num_threads()) {
            let blocks: Vec<Vec<u8>> = self.pool.install(|| entries.par_chunks(BLOCK_ROWS).map(encode).collect());
            blocks.iter().try_for_each(|block| writer.append(block))?;
        }
        writer.finish()
    }

    /// Merges the oldest runs into one.
    fn merge_runs(&mut self) -> Flow<()> {
        let oldest: Vec<usize> = self.runs.drain(..FAN_IN).collect();
        let open = |&n: &usize| Ok(Box::new(Run { reader: self.store.open(n)? }) as Box<dyn Cursor>);
        let mut merge = Merge::new(oldest.iter().map(open).collect::<Result<_>>()?, self.batch_rows);
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

/// A batch in order of shipment id. Rows of batches that are in order themselves stand close together when they are gathered
/// from many, which is what a cache wants.
pub fn in_order(batch: MovementBatch) -> MovementBatch {
    if ascends(&batch) {
        return batch;
    }
    let id = |row: usize| batch.shipment_id.get(row);
    let mut order: Vec<Entry> = (0..batch.len()).map(|row| Entry::new(id(row), 0, row as u32)).collect();
    order.sort_unstable_by(|a, b| a.order(b, |e| id(e.row as usize)));
    let batch = batch.pack();
    let mut sorted = MovementBatch::default();
    sorted.gather(&[&batch], &order.iter().map(Entry::place).collect::<Vec<_>>());
    sorted
}

/// A row by the first bytes of its shipment id, and where it stands.
#[derive(Clone, Copy, Debug)]
struct Entry {
    prefix: [u64; 2],
    /// With [`LONG`] when the id goes on behind the prefix.
    batch: u32,
    row: u32,
}

/// Nearly no id is so long; where none is, the order of two rows is known without looking up either.
const LONG: u32 = 1 << 31;

impl Entry {
    fn new(id: &[u8], batch: u32, row: u32) -> Entry {
        let is_long = id.len() > size_of::<[u64; 2]>();
        Entry { prefix: prefix(id), batch: batch | if is_long { LONG } else { 0 }, row }
    }

    fn place(&self) -> RowOf {
        RowOf { batch: self.batch & !LONG, row: self.row }
    }

    /// By shipment id, then by place. No id holds a zero byte, so an id that ends within the prefix equals its like alone.
    fn order<'b>(&self, other: &Entry, id: impl Fn(&Entry) -> &'b [u8]) -> Ordering {
        let is_long = |e: &Entry| e.batch & LONG != 0;
        let rest = || if is_long(self) && is_long(other) { id(self).cmp(id(other)) } else { is_long(self).cmp(&is_long(other)) };
        let by_place = || (self.batch, self.row).cmp(&(other.batch, other.row));
        self.prefix.cmp(&other.prefix).then_with(rest).then_with(by_place)
    }
}

/// Batches in memory and the order of their rows.
struct SortedHeld<'p> {
    pool: &'p ThreadPool,
    batch_rows: usize,
    batches: Vec<Packed>,
    order: Vec<Entry>,
    at: usize,
    ready: VecDeque<MovementBatch>,
}

impl<'p> SortedHeld<'p> {
    fn new(batches: Vec<Packed>, pool: &'p ThreadPool, batch_rows: usize) -> SortedHeld<'p> {
        let mut order = Vec::with_capacity(batches.iter().map(Packed::len).sum());
        for (b, batch) in batches.iter().enumerate() {
            order.extend((0..batch.len()).map(|r| Entry::new(batch.shipment_id().get(r), b as u32, r as u32)));
        }
        let id = |e: &Entry| batches[e.place().batch as usize].shipment_id().get(e.row as usize);
        pool.install(|| order.par_sort_unstable_by(|a, b| a.order(b, id)));
        SortedHeld { pool, batch_rows, batches, order, at: 0, ready: VecDeque::new() }
    }

    /// Rows in the order of `entries`, from many batches.
    fn rows(&self, entries: &[Entry]) -> MovementBatch {
        let batches: Vec<&Packed> = self.batches.iter().collect();
        let mut out = MovementBatch::default();
        out.gather(&batches, &entries.iter().map(Entry::place).collect::<Vec<_>>());
        out
    }
}

impl Cursor for SortedHeld<'_> {
    fn next(&mut self) -> Flow<Option<MovementBatch>> {
        if self.ready.is_empty() {
            let end = self.order.len().min(self.at + self.batch_rows * self.pool.current_num_threads());
            let entries = &self.order[self.at..end];
            let rows = |entries| self.rows(entries);
            self.ready = self.pool.install(|| entries.par_chunks(self.batch_rows).map(rows).collect::<Vec<_>>()).into();
            self.at = end;
        }
        Ok(self.ready.pop_front())
    }
}

struct Run {
    reader: Box<dyn RunReader>,
}

impl Cursor for Run {
    fn next(&mut self) -> Flow<Option<MovementBatch>> {
        Ok(self.reader.next()?.map(|block| spill::decode(&block)).transpose()?)
    }
}

#[cfg(test)]
pub(super) mod test_store {
    use super::*;
    use std::sync::{Arc, Mutex};

    type Held = Arc<Mutex<Vec<Vec<u8>>>>;
    /// Runs in memory.
    #[derive(Default)]
    pub struct InMemory(Mutex<Vec<Held>>);
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
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let mut sorter = Sorter::new(&store, &pool, limit, 5_000);
        let mut seed = 7u64;
        for _ in 0..200 {
            let ids: Vec<u64> = (0..200)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    seed >> 54
                })
                .collect();
            // Every other batch in order, as the feed gives them.
            let batch = batch(&ids);
            sorter.push(if seed.is_multiple_of(2) { in_order(batch) } else { batch }).unwrap();
        }
        let runs = sorter.runs();
        let mut merge = Merge::new(sorter.finish().unwrap(), 5_000);
        let mut out = Vec::new();
        while let Some(batch) = merge.next_batch().unwrap() {
            out.extend_from_slice(&batch.row);
        }
        (out, runs)
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
