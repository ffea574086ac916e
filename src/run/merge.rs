//! Brings the rows of each shipment together from inputs that are each in order of shipment id.
//!
//! Movement files and spilled runs look alike here: a [`Cursor`] gives batches of ascending rows. A batch that comes back
//! out of order ends the attempt with [`Stop::Disorder`]; sorting is `sort`'s business.

use crate::error::Error;
use crate::input::FileFault;
use crate::model::index::index32;
use crate::model::movement::{MovementBatch, Packed, Piece};
use crate::model::text::{order, prefix, same};
use std::cmp::Ordering;
use std::ops::Range;

/// Why an attempt to read everything in order ends.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A shipment id came back out of order: start over, sorted.
    Disorder,
    /// A file is broken: exit 3, or start over without it.
    Broken(FileFault),
    /// The run cannot go on.
    Failed(Error),
}

impl From<FileFault> for Stop {
    /// A file that could not be read for want of something else than the file says nothing about it, and ends the run.
    fn from(fault: FileFault) -> Stop {
        if fault.is_shortage {
            Stop::Failed(fault.into())
        } else {
            Stop::Broken(fault)
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// Result of everything that reads in order.
pub(crate) type Flow<T> = Result<T, Stop>;

/// Gives the next batch of a sorted input, or `None` at its end.
pub(crate) trait Cursor: Send {
    /// The next batch; never empty.
    fn next(&mut self) -> Flow<Option<MovementBatch>>;
}

/// Rows of whole shipments, ready for the kernel.
#[derive(Debug)]
pub(crate) struct Work {
    /// The batch.
    pub batch: MovementBatch,
    /// The rows to compute.
    pub range: Range<usize>,
}

/// Whether the shipment ids of a batch ascend.
pub(crate) fn ascends(batch: &MovementBatch) -> bool {
    let id = |i| batch.shipment_id.get(i);
    (1..batch.len()).all(|i| order(id(i - 1), id(i)) != Ordering::Greater)
}

/// Cuts a stream of ascending batches into work at shipment boundaries without copying the batches: the last shipment of
/// a batch waits, as a small batch of its own, for its rows in the next one.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    carry: MovementBatch,
    /// Largest size that the waiting shipment may reach, bytes.
    limit: usize,
    /// Rows of the waiting shipment when its size was last looked at.
    looked_at: usize,
}

/// A shipment is measured again when this share of its rows has come.
const MOST_GROWTH: usize = 32;

impl Cutter {
    /// A cutter that refuses a single shipment of more than `limit` bytes (exit 8).
    pub(crate) fn new(limit: usize) -> Cutter {
        Cutter {
            carry: MovementBatch::default(),
            limit,
            looked_at: 0,
        }
    }

    /// Takes the next batch; gives the work that is complete.
    pub(crate) fn push(&mut self, batch: MovementBatch, out: &mut Vec<Work>) -> Flow<()> {
        if batch.is_empty() {
            return Ok(());
        }
        if !ascends(&batch)
            || (!self.carry.is_empty() && self.carry.shipment_id.get(0) > batch.shipment_id.get(0))
        {
            return Err(Stop::Disorder);
        }
        let mut start = 0;
        if !self.carry.is_empty() {
            let waiting = self.carry.shipment_id.get(0);
            while start < batch.len() && same(batch.shipment_id.get(start), waiting) {
                start += 1;
            }
            self.carry.extend(&batch, 0..start);
            if start == batch.len() {
                return self.check();
            }
            self.flush(out);
        }
        let last = batch.shipment_id.get(batch.len() - 1);
        let mut end = batch.len();
        while end > start && same(batch.shipment_id.get(end - 1), last) {
            end -= 1;
        }
        self.carry.extend(&batch, end..batch.len());
        if end > start {
            out.push(Work {
                batch,
                range: start..end,
            });
        }
        self.check()
    }

    /// The shipment that still waits is complete.
    pub(crate) fn flush(&mut self, out: &mut Vec<Work>) {
        let batch = std::mem::take(&mut self.carry);
        self.looked_at = 0;
        if !batch.is_empty() {
            out.push(Work {
                range: 0..batch.len(),
                batch,
            });
        }
    }

    fn check(&mut self) -> Flow<()> {
        // A look goes over all rejected rows: with each of many small batches that would be the square of the shipment.
        if self.carry.len() - self.looked_at <= self.looked_at / MOST_GROWTH {
            return Ok(());
        }
        self.looked_at = self.carry.len();
        let bytes = self.carry.heap_bytes();
        if bytes > self.limit {
            let id = self.carry.shipment_id.str(0);
            return Err(Stop::Failed(Error::Limit(format!(
                "shipment {id}: its rows alone take more than {} MiB; a memory limit of {} MiB would do so far",
                self.limit >> 20,
                (bytes >> 20) * 8 + 1
            ))));
        }
        Ok(())
    }
}

/// Merges several sorted inputs into one ascending stream of batches.
pub(crate) struct Merge<'a> {
    heads: Vec<Head<'a>>,
    /// Places of the heads that have rows, the one with the smallest id last; equal ids in the order of the inputs.
    queue: Vec<Queued>,
    batch_rows: usize,
    begun: bool,
}

/// A head that has rows, by the first bytes of its next id: mostly they decide without a look at the id.
#[derive(Clone, Copy)]
struct Queued {
    prefix: [u64; 2],
    head: usize,
}

struct Head<'a> {
    cursor: Box<dyn Cursor + 'a>,
    batch: Packed,
    at: usize,
    /// The last id that the input has given; empty: none yet.
    last: Vec<u8>,
}

impl Head<'_> {
    fn id(&self) -> &[u8] {
        self.batch.shipment_id().get(self.at)
    }

    /// The next batch of the input, which must not go back.
    fn next(&mut self) -> Flow<Option<MovementBatch>> {
        let Some(batch) = self.cursor.next()? else {
            return Ok(None);
        };
        let ids = &batch.shipment_id;
        if !ascends(&batch) || self.last.as_slice() > ids.get(0) {
            return Err(Stop::Disorder);
        }
        self.last.clear();
        self.last.extend_from_slice(ids.get(ids.len() - 1));
        Ok(Some(batch))
    }

    /// Loads the next batch when this one is used up; `false` at the end.
    fn refill(&mut self) -> Flow<bool> {
        if self.at < self.batch.len() {
            return Ok(true);
        }
        let next = self.next()?;
        let has_more = next.is_some();
        (self.batch, self.at) = (next.unwrap_or_default().pack(), 0);
        Ok(has_more)
    }
}

impl<'a> Merge<'a> {
    /// A merge of these inputs in batches of so many rows; equal ids come in the order of the inputs.
    pub(crate) fn new(cursors: Vec<Box<dyn Cursor + 'a>>, batch_rows: usize) -> Merge<'a> {
        let head = |cursor| Head {
            cursor,
            batch: Packed::default(),
            at: 0,
            last: Vec::new(),
        };
        Merge {
            heads: cursors.into_iter().map(head).collect(),
            queue: Vec::new(),
            batch_rows,
            begun: false,
        }
    }

    /// The next batch of ascending rows, or `None` at the end of all inputs.
    pub(crate) fn next_batch(&mut self) -> Flow<Option<MovementBatch>> {
        if let [only] = self.heads.as_mut_slice() {
            // One input needs no merging: its batches pass through as they are.
            return only.next();
        }
        if !self.begun {
            self.begun = true;
            (0..self.heads.len()).try_for_each(|head| self.enqueue(head))?;
        }
        let mut out = MovementBatch::default();
        let mut pieces: Vec<Piece> = Vec::new();
        let mut rows = 0;
        while rows < self.batch_rows
            && let Some(Queued { head: first, .. }) = self.queue.pop()
        {
            let piece = self.leading_rows(first, self.batch_rows - rows);
            rows += (piece.end - piece.start) as usize;
            pieces.push(piece);
            let head = &mut self.heads[first];
            head.at = piece.end as usize;
            if head.at == head.batch.len() {
                // Its batch is about to be replaced.
                self.take(&mut out, &mut pieces);
            }
            self.enqueue(first)?;
        }
        self.take(&mut out, &mut pieces);
        Ok((!out.is_empty()).then_some(out))
    }

    /// The rows of `head` that come before the smallest id of the others: at least one, at most `most`.
    fn leading_rows(&self, first: usize, most: usize) -> Piece {
        let head = &self.heads[first];
        let bound = self.queue.last().map(|next| self.heads[next.head].id());
        let last = head.batch.len().min(head.at + most);
        let mut end = head.at + 1;
        while end < last
            && bound.is_none_or(|b| order(head.batch.shipment_id().get(end), b) == Ordering::Less)
        {
            end += 1;
        }
        Piece {
            batch: index32(first),
            start: index32(head.at),
            end: index32(end),
        }
    }

    fn take(&self, out: &mut MovementBatch, pieces: &mut Vec<Piece>) {
        let batches: Vec<&Packed> = self.heads.iter().map(|head| &head.batch).collect();
        out.append(&batches, pieces);
        pieces.clear();
    }

    /// Puts a head in its place in the queue, unless its input has ended.
    fn enqueue(&mut self, head: usize) -> Flow<()> {
        if self.heads[head].refill()? {
            let id = self.heads[head].id();
            let this = Queued {
                prefix: prefix(id),
                head,
            };
            let is_behind = |other: &Queued| {
                let rest = || order(self.heads[other.head].id(), id);
                other
                    .prefix
                    .cmp(&this.prefix)
                    .then_with(rest)
                    .then(other.head.cmp(&head))
                    == Ordering::Greater
            };
            let at = self.queue.partition_point(is_behind);
            self.queue.insert(at, this);
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_file_that_could_not_be_opened_for_want_of_descriptors_is_not_left_out() {
        let stop = |errno| {
            let cause = std::io::Error::from_raw_os_error(errno);
            Stop::from(FileFault::unread("a.csv", &cause))
        };
        assert!(matches!(
            stop(24),
            Stop::Failed(why) if why.kind() == ErrorKind::Limit && why.message().starts_with("a.csv: ")
        ));
        assert!(matches!(stop(5), Stop::Broken(_)));
    }
}
