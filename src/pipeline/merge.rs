//! Brings the rows of each shipment together from inputs that are each in order of shipment id.
//!
//! Movement files and spilled runs look alike here: a [`Cursor`] gives batches of ascending rows. A batch that comes back
//! out of order ends the attempt with [`Disorder`]; sorting is `sort`'s business.

use crate::error::{Error, Result};
use crate::model::movement::MovementBatch;
use std::ops::Range;

/// Gives the next batch of a sorted input, or `None` at its end.
pub trait Cursor: Send {
    /// The next batch; never empty.
    fn next(&mut self) -> Result<Option<MovementBatch>>;
}

/// Rows of whole shipments, ready for the kernel.
#[derive(Debug)]
pub struct Work {
    /// The batch.
    pub batch: MovementBatch,
    /// The rows to compute.
    pub range: Range<usize>,
}

/// A shipment id came back out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disorder;

/// Whether the shipment ids of a batch ascend.
pub fn ascends(batch: &MovementBatch) -> bool {
    (1..batch.len()).all(|i| batch.shipment_id.get(i - 1) <= batch.shipment_id.get(i))
}

/// Cuts a stream of ascending batches into work at shipment boundaries without copying the batches: the last shipment of
/// a batch waits, as a small batch of its own, for its rows in the next one.
#[derive(Debug, Default)]
pub struct Cutter {
    carry: MovementBatch,
    /// Largest size that the waiting shipment may reach, bytes.
    limit: usize,
}

impl Cutter {
    /// A cutter that refuses a single shipment of more than `limit` bytes (exit 8).
    pub fn new(limit: usize) -> Cutter {
        Cutter { carry: MovementBatch::default(), limit }
    }

    /// Takes the next batch; gives the work that is complete.
    pub fn push(&mut self, batch: MovementBatch, out: &mut Vec<Work>) -> Result<std::result::Result<(), Disorder>> {
        if batch.is_empty() {
            return Ok(Ok(()));
        }
        if !ascends(&batch) || (!self.carry.is_empty() && self.carry.shipment_id.get(0) > batch.shipment_id.get(0)) {
            return Ok(Err(Disorder));
        }
        let mut start = 0;
        if !self.carry.is_empty() {
            let waiting = self.carry.shipment_id.get(0);
            while start < batch.len() && batch.shipment_id.get(start) == waiting {
                start += 1;
            }
            self.carry.extend(&batch, 0..start);
            if start == batch.len() {
                return self.check().map(Ok);
            }
            self.flush(out);
        }
        let last = batch.shipment_id.get(batch.len() - 1);
        let mut end = batch.len();
        while end > start && batch.shipment_id.get(end - 1) == last {
            end -= 1;
        }
        self.carry.extend(&batch, end..batch.len());
        if end > start {
            out.push(Work { batch, range: start..end });
        }
        self.check().map(Ok)
    }

    /// The shipment that still waits is complete.
    pub fn flush(&mut self, out: &mut Vec<Work>) {
        let batch = std::mem::take(&mut self.carry);
        if !batch.is_empty() {
            out.push(Work { range: 0..batch.len(), batch });
        }
    }

    fn check(&self) -> Result<()> {
        let bytes = self.carry.heap_bytes();
        if bytes > self.limit {
            let id = self.carry.shipment_id.str(0);
            return Err(Error::Limit(format!(
                "shipment {id}: its rows alone take more than {} MiB; a memory limit of {} MiB would do so far",
                self.limit >> 20,
                (bytes >> 20) * 8 + 1
            )));
        }
        Ok(())
    }
}

/// Rows per batch that a merge gives.
const MERGED_ROWS: usize = 65_536;

/// Merges several sorted inputs into one ascending stream of batches.
pub struct Merge {
    heads: Vec<Head>,
}

struct Head {
    cursor: Box<dyn Cursor>,
    batch: MovementBatch,
    at: usize,
}

impl Head {
    fn id(&self) -> &[u8] {
        self.batch.shipment_id.get(self.at)
    }

    /// Loads the next batch when this one is used up; `false` at the end.
    fn refill(&mut self) -> Result<std::result::Result<bool, Disorder>> {
        if self.at < self.batch.len() {
            return Ok(Ok(true));
        }
        let last = (!self.batch.is_empty()).then(|| self.batch.shipment_id.get(self.batch.len() - 1).to_vec());
        match self.cursor.next()? {
            None => Ok(Ok(false)),
            Some(batch) => {
                if !ascends(&batch) || last.is_some_and(|l| l.as_slice() > batch.shipment_id.get(0)) {
                    return Ok(Err(Disorder));
                }
                (self.batch, self.at) = (batch, 0);
                Ok(Ok(true))
            }
        }
    }
}

impl Merge {
    /// A merge of these inputs; equal ids come in the order of the inputs.
    pub fn new(cursors: Vec<Box<dyn Cursor>>) -> Merge {
        let heads = cursors.into_iter().map(|cursor| Head { cursor, batch: MovementBatch::default(), at: 0 }).collect();
        Merge { heads }
    }

    /// The next batch of ascending rows, or `None` at the end of all inputs.
    pub fn next(&mut self) -> Result<std::result::Result<Option<MovementBatch>, Disorder>> {
        let mut out = MovementBatch::default();
        while out.len() < MERGED_ROWS {
            let mut i = 0;
            while i < self.heads.len() {
                match self.heads[i].refill()? {
                    Err(disorder) => return Ok(Err(disorder)),
                    Ok(true) => i += 1,
                    Ok(false) => {
                        self.heads.remove(i);
                    }
                }
            }
            let Some(first) = (0..self.heads.len()).min_by_key(|&i| (self.heads[i].id(), i)) else { break };
            // All rows before the smallest id of the other inputs can go at once.
            let bound = self.heads.iter().enumerate().filter(|&(i, _)| i != first).map(|(_, h)| h.id()).min();
            let head = &self.heads[first];
            let most = head.batch.len().min(head.at + MERGED_ROWS);
            let mut end = head.at + 1;
            while end < most && bound.is_none_or(|b| head.batch.shipment_id.get(end) < b) {
                end += 1;
            }
            let range = head.at..end;
            out.extend(&self.heads[first].batch, range);
            self.heads[first].at = end;
        }
        Ok(Ok((!out.is_empty()).then_some(out)))
    }
}
