//! The rejected rows of a run in order of (file, row), however many: in memory while they fit, else as sorted runs on disk.

use crate::error::Result;
use crate::model::reject::Rejected;
use crate::run::sort::{RunReader, RunStore, RunWriter};
use crate::run::spill::{decode_rejected, encode_rejected};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec::IntoIter;

/// Rows per block of a run: a merge holds one block of each.
const BLOCK_ROWS: usize = 512;

/// Rows per chunk given back.
const CHUNK_ROWS: usize = 8_192;

/// Collects rejected rows in any order.
pub(crate) struct Rejects<'s> {
    store: &'s dyn RunStore,
    limit: usize,
    held: Vec<Rejected>,
    held_bytes: usize,
    /// Runs on disk now.
    runs: Vec<usize>,
    created: usize,
    fan_in: usize,
}

impl<'s> Rejects<'s> {
    /// Holds at most about `limit` bytes in memory, and reads at most `fan_in` runs at a time.
    pub(crate) fn new(store: &'s dyn RunStore, limit: usize, fan_in: usize) -> Rejects<'s> {
        Rejects {
            store,
            limit,
            held: Vec::new(),
            held_bytes: 0,
            runs: Vec::new(),
            created: 0,
            fan_in,
        }
    }

    /// Adds rows.
    pub(crate) fn push(&mut self, rows: Vec<Rejected>) -> Result<()> {
        self.held_bytes += rows.iter().map(heap_bytes).sum::<usize>();
        self.held.extend(rows);
        if self.held_bytes > self.limit {
            self.spill()
        } else {
            Ok(())
        }
    }

    /// The rows in order of (file, row), chunk by chunk.
    pub(crate) fn into_chunks(mut self) -> Result<Chunks> {
        if self.runs.is_empty() {
            self.held.sort_unstable_by_key(place);
            return Ok(Chunks {
                runs: vec![Run {
                    reader: None,
                    block: self.held.into_iter(),
                }],
                heads: BinaryHeap::new(),
                begun: false,
            });
        }
        self.spill()?;
        while self.runs.len() > self.fan_in {
            let oldest: Vec<usize> = self.runs.drain(..self.fan_in).collect();
            let merged = self.merged(&oldest)?;
            let mut writer = self.create()?;
            for rows in merged {
                append(writer.as_mut(), &rows?)?;
            }
            writer.finish()?;
            oldest.iter().try_for_each(|&n| self.store.remove(n))?;
        }
        self.merged(&self.runs)
    }

    fn merged(&self, runs: &[usize]) -> Result<Chunks> {
        let open = |&n: &usize| {
            Ok(Run {
                reader: Some(self.store.open(n)?),
                block: Vec::new().into_iter(),
            })
        };
        Ok(Chunks {
            runs: runs.iter().map(open).collect::<Result<_>>()?,
            heads: BinaryHeap::new(),
            begun: false,
        })
    }

    fn create(&mut self) -> Result<Box<dyn RunWriter>> {
        self.runs.push(self.created);
        self.created += 1;
        self.store.create(self.created - 1)
    }

    fn spill(&mut self) -> Result<()> {
        let mut rows = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        rows.sort_unstable_by_key(place);
        let mut writer = self.create()?;
        append(writer.as_mut(), &rows)?;
        writer.finish()
    }
}

fn append(writer: &mut dyn RunWriter, rows: &[Rejected]) -> Result<()> {
    let mut block = Vec::new();
    for rows in rows.chunks(BLOCK_ROWS) {
        block.clear();
        encode_rejected(rows, &mut block);
        writer.append(&block)?;
    }
    Ok(())
}

fn place(row: &Rejected) -> (u32, u64) {
    (row.file, row.row)
}

fn heap_bytes(row: &Rejected) -> usize {
    // An allocation costs its size and some more.
    let texts = [
        &row.reject.value,
        &row.reject.wanted,
        &row.shipment_id,
        &row.movement_id,
    ];
    size_of::<Rejected>() + texts.iter().map(|t| t.capacity() + 16).sum::<usize>()
}

/// Sorted rows, as an iterator of chunks.
pub(crate) struct Chunks {
    runs: Vec<Run>,
    /// The next row of each run.
    heads: BinaryHeap<Reverse<Head>>,
    begun: bool,
}

struct Run {
    /// `None`: everything is in `block`.
    reader: Option<Box<dyn RunReader>>,
    block: IntoIter<Rejected>,
}

/// The next row of a run; ordered by its place, which no other row has.
struct Head(Rejected, usize);

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        place(&self.0) == place(&other.0)
    }
}
impl Eq for Head {}
impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Head {
    fn cmp(&self, other: &Head) -> std::cmp::Ordering {
        place(&self.0).cmp(&place(&other.0))
    }
}

impl Run {
    fn next(&mut self) -> Result<Option<Rejected>> {
        loop {
            if let Some(row) = self.block.next() {
                return Ok(Some(row));
            }
            match self
                .reader
                .as_mut()
                .map(|reader| reader.next())
                .transpose()?
                .flatten()
            {
                Some(block) => self.block = decode_rejected(&block)?.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

impl Chunks {
    fn refill(&mut self, run: usize) -> Result<()> {
        let next = self.runs[run].next()?;
        self.heads.extend(next.map(|row| Reverse(Head(row, run))));
        Ok(())
    }

    fn chunk(&mut self) -> Result<Vec<Rejected>> {
        if !self.begun {
            self.begun = true;
            (0..self.runs.len()).try_for_each(|run| self.refill(run))?;
        }
        let mut rows = Vec::new();
        while rows.len() < CHUNK_ROWS
            && let Some(Reverse(Head(row, run))) = self.heads.pop()
        {
            rows.push(row);
            self.refill(run)?;
        }
        Ok(rows)
    }
}

impl Iterator for Chunks {
    type Item = Result<Vec<Rejected>>;

    fn next(&mut self) -> Option<Result<Vec<Rejected>>> {
        self.chunk()
            .map(|rows| (!rows.is_empty()).then_some(rows))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reject::{Reject, RejectReason};
    use crate::run::sort::test_store::InMemory;

    fn rows(limit: usize, fan_in: usize) -> (Vec<Rejected>, usize) {
        let store = InMemory::default();
        let mut rejects = Rejects::new(&store, limit, fan_in);
        for part in 0..40u64 {
            let one = |i: u64| {
                // Every (file, row) once, in an order far from sorted.
                let place = (part * 1_000 + i) * 7_919 % 40_000;
                let reject = Reject::new(
                    RejectReason::NoMass,
                    "cargo_mass_kg",
                    &place.to_string(),
                    "a mass",
                );
                let (file, row) = ((place % 3) as u32, place);
                Rejected {
                    file,
                    row,
                    reject,
                    shipment_id: format!("S{place}"),
                    movement_id: String::new(),
                    carried: 0,
                }
            };
            rejects.push((0..1_000).map(one).collect()).unwrap();
        }
        let runs = rejects.runs.len();
        (
            rejects
                .into_chunks()
                .unwrap()
                .flat_map(|chunk| chunk.unwrap())
                .collect(),
            runs,
        )
    }

    #[test]
    fn spilled_and_held_rows_are_the_same_and_in_order() {
        let ((held, none), (spilled, runs)) = (rows(usize::MAX, 128), rows(1 << 20, 128));
        assert!(none == 0 && runs > 3, "{runs}");
        assert_eq!(held.len(), 40_000);
        assert!(held.is_sorted_by_key(place) && held == spilled);
        assert!(held == rows(1 << 20, 2).0, "runs merged into fewer first");
    }
}
