//! Rows in order of shipment id when the inputs are not: in memory while they fit the limit, else as sorted runs on disk.
//!
//! Runs are merged by `merge`, like files. Within a shipment the order of rows does not matter: the kernel decides it.

use super::merge::{Cursor, Flow};
use super::spill;
use crate::error::Result;
use crate::model::movement::MovementBatch;

/// Rows per block of a spilled run: small, because a merge holds one block of each run.
const BLOCK_ROWS: usize = 8_192;

/// Rows per batch that a sorted run in memory gives.
const BATCH_ROWS: usize = 65_536;

/// Where runs go and come from; the store implements it on files of the stage.
pub trait RunStore: Send + Sync {
    /// Starts run `n`; blocks are appended to it in order.
    fn create(&self, n: usize) -> Result<Box<dyn RunWriter>>;
    /// Reads run `n` from its start.
    fn open(&self, n: usize) -> Result<Box<dyn RunReader>>;
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
    limit: usize,
    held: Vec<MovementBatch>,
    held_bytes: usize,
    runs: usize,
}

impl<'s> Sorter<'s> {
    /// A sorter that holds at most `limit` bytes of rows in memory.
    pub fn new(store: &'s dyn RunStore, limit: usize) -> Sorter<'s> {
        Sorter { store, limit, held: Vec::new(), held_bytes: 0, runs: 0 }
    }

    /// Adds rows.
    pub fn push(&mut self, batch: MovementBatch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        // Sorting copies the rows block by block and keeps 24 bytes a row of order.
        self.held_bytes += batch.heap_bytes() + batch.len() * size_of::<Entry>();
        self.held.push(batch);
        if self.held_bytes > self.limit { self.spill() } else { Ok(()) }
    }

    /// Runs written to disk so far.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// The rows as sorted inputs of a merge.
    pub fn finish(mut self) -> Result<Vec<Box<dyn Cursor>>> {
        let mut cursors: Vec<Box<dyn Cursor>> = Vec::new();
        if self.runs > 0 {
            if !self.held.is_empty() {
                self.spill()?;
            }
            for n in 0..self.runs {
                cursors.push(Box::new(Run { reader: self.store.open(n)? }));
            }
        } else if !self.held.is_empty() {
            cursors.push(Box::new(SortedHeld::new(std::mem::take(&mut self.held))));
        }
        Ok(cursors)
    }

    fn spill(&mut self) -> Result<()> {
        let sorted = SortedHeld::new(std::mem::take(&mut self.held));
        self.held_bytes = 0;
        let mut writer = self.store.create(self.runs)?;
        let mut block = Vec::new();
        for entries in sorted.order.chunks(BLOCK_ROWS) {
            block.clear();
            spill::encode(&sorted.rows(entries), &mut block);
            writer.append(&block)?;
        }
        self.runs += 1;
        writer.finish()
    }
}

/// A row by the first bytes of its shipment id, and where it stands.
#[derive(Clone, Copy, Debug)]
struct Entry {
    prefix: u128,
    batch: u32,
    row: u32,
}

/// Batches in memory and the order of their rows.
struct SortedHeld {
    batches: Vec<MovementBatch>,
    order: Vec<Entry>,
    at: usize,
}

impl SortedHeld {
    fn new(batches: Vec<MovementBatch>) -> SortedHeld {
        let mut order = Vec::with_capacity(batches.iter().map(MovementBatch::len).sum());
        for (b, batch) in batches.iter().enumerate() {
            order.extend((0..batch.len()).map(|r| Entry {
                prefix: prefix(batch.shipment_id.get(r)),
                batch: b as u32,
                row: r as u32,
            }));
        }
        let id = |e: &Entry| batches[e.batch as usize].shipment_id.get(e.row as usize);
        order.sort_unstable_by(|a, b| {
            a.prefix.cmp(&b.prefix).then_with(|| id(a).cmp(id(b))).then_with(|| (a.batch, a.row).cmp(&(b.batch, b.row)))
        });
        SortedHeld { batches, order, at: 0 }
    }

    /// Rows in the order of `entries`, from many batches.
    fn rows(&self, entries: &[Entry]) -> MovementBatch {
        let mut out = MovementBatch::default();
        for e in entries {
            out.extend(&self.batches[e.batch as usize], e.row as usize..e.row as usize + 1);
        }
        out
    }
}

impl Cursor for SortedHeld {
    fn next(&mut self) -> Flow<Option<MovementBatch>> {
        let end = self.order.len().min(self.at + BATCH_ROWS);
        let batch = self.rows(&self.order[self.at..end]);
        self.at = end;
        Ok((!batch.is_empty()).then_some(batch))
    }
}

/// The first sixteen bytes, padded with zeros, as a number that compares like them.
fn prefix(id: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let len = id.len().min(16);
    bytes[..len].copy_from_slice(&id[..len]);
    u128::from_be_bytes(bytes)
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
mod tests {
    use super::super::merge::Merge;
    use super::*;
    use crate::model::reject::{Reject, RejectReason};
    use std::sync::{Arc, Mutex};

    type Held = Arc<Mutex<Vec<Vec<u8>>>>;
    #[derive(Default)]
    struct InMemory(Mutex<Vec<Held>>);
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
        let mut sorter = Sorter::new(&store, limit);
        let mut seed = 7u64;
        for _ in 0..20 {
            let ids: Vec<u64> = (0..2_000)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    seed >> 54
                })
                .collect();
            sorter.push(batch(&ids)).unwrap();
        }
        let runs = sorter.runs();
        let mut merge = Merge::new(sorter.finish().unwrap());
        let mut out = Vec::new();
        while let Some(batch) = merge.next_batch().unwrap() {
            out.extend_from_slice(&batch.row);
        }
        (out, runs)
    }

    #[test]
    fn spilled_and_held_rows_come_in_the_same_order() {
        let (held, none) = sorted(usize::MAX);
        let (spilled, runs) = sorted(1 << 20);
        assert!(none == 0 && runs > 3, "{runs}");
        assert_eq!(held.len(), 40_000);
        assert!(held.is_sorted() && held == spilled);
    }
}
