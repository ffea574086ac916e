//! Batches in memory and the order of their rows by shipment id.
//!
//! Each batch is in order itself when it comes. A sample of their ids cuts all of them into stretches of ids, few enough rows each to
//! be sorted within a core's own cache, and sorted when they are due: by then others are computed already, and the order
//! of all rows is never held.

use crate::model::index::index32;
use crate::model::movement::{MovementBatch, Packed, RowOf};
use crate::model::text::{order, prefix};
use crate::run::jobs::Window;
use crate::run::merge::{Cursor, Flow, ascends};
use rayon::Scope;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

/// Stretches at most: each batch has that many bounds. With more rows than go into so many, stretches become longer.
const STRETCHES: usize = 1_024;
/// Ids looked at for each stretch, so that most are about equally long.
const SAMPLES: usize = 16;

/// A batch in order of shipment id.
pub(crate) fn in_order(batch: MovementBatch) -> MovementBatch {
    if ascends(&batch) {
        return batch;
    }
    let batches = [batch.pack()];
    let mut rows: Vec<RowOfId> = (0..index32(batches[0].len()))
        .map(|row| RowOfId::new(&batches, 0, row))
        .collect();
    rows.sort_unstable_by(|a, b| a.order(b, &batches));
    gather(&batches, &rows)
}

/// A row by the first bytes of its shipment id, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowOfId {
    prefix: [u64; 2],
    /// With [`LONG`] when the id goes on behind the prefix.
    batch: u32,
    row: u32,
}

/// Nearly no id is so long; where none is, the order of two rows is known without looking up either.
const LONG: u32 = 1 << 31;

impl RowOfId {
    fn new(batches: &[Packed], batch: u32, row: u32) -> RowOfId {
        let id = batches[batch as usize].shipment_id().get(row as usize);
        let is_long = id.len() > size_of::<[u64; 2]>();
        RowOfId {
            prefix: prefix(id),
            batch: batch | if is_long { LONG } else { 0 },
            row,
        }
    }

    fn place(&self) -> RowOf {
        RowOf {
            batch: self.batch & !LONG,
            row: self.row,
        }
    }

    fn id<'b>(&self, batches: &'b [Packed]) -> &'b [u8] {
        batches[self.place().batch as usize]
            .shipment_id()
            .get(self.row as usize)
    }

    /// By shipment id, then by place. No id holds a zero byte, so an id that ends within the prefix equals its like alone.
    fn order(&self, other: &RowOfId, batches: &[Packed]) -> Ordering {
        let is_long = |row: &RowOfId| row.batch & LONG != 0;
        let rest = || match (is_long(self), is_long(other)) {
            (true, true) => self.id(batches).cmp(other.id(batches)),
            (this, that) => this.cmp(&that),
        };
        let by_place = || (self.batch, self.row).cmp(&(other.batch, other.row));
        self.prefix
            .cmp(&other.prefix)
            .then_with(rest)
            .then_with(by_place)
    }
}

fn gather(batches: &[Packed], rows: &[RowOfId]) -> MovementBatch {
    let batches: Vec<&Packed> = batches.iter().collect();
    let mut out = MovementBatch::default();
    out.gather(
        &batches,
        &rows.iter().map(RowOfId::place).collect::<Vec<_>>(),
    );
    out
}

/// Batches that are each in order, cut into stretches of ids.
pub(crate) struct Held {
    batches: Vec<Packed>,
    /// By batch: the end of each stretch in it.
    ends: Vec<Vec<u32>>,
    stretches: usize,
}

impl Held {
    /// What a batch takes here beside its rows.
    pub(crate) const EXTRA_BYTES: usize = STRETCHES * size_of::<u32>();

    /// Cuts batches into stretches of about `stretch_rows` rows, on the threads of the current pool.
    pub(crate) fn new(batches: Vec<Packed>, stretch_rows: usize) -> Held {
        let rows: usize = batches.iter().map(Packed::len).sum();
        let stretches = rows.div_ceil(stretch_rows).clamp(1, STRETCHES);
        let every = (rows / (stretches * SAMPLES)).max(1);
        let mut sample = Vec::new();
        let mut next = every / 2;
        for (number, batch) in batches.iter().enumerate() {
            while next < batch.len() {
                sample.push(RowOfId::new(&batches, index32(number), index32(next)));
                next += every;
            }
            next -= batch.len();
        }
        sample.sort_unstable_by(|a, b| a.order(b, &batches));
        let bounds: Vec<&[u8]> = (1..stretches)
            .map(|n| sample[n * sample.len() / stretches].id(&batches))
            .collect();
        let ends = batches
            .par_iter()
            .map(|batch| ends(batch, &bounds))
            .collect();
        Held {
            batches,
            ends,
            stretches,
        }
    }

    /// The rows of a stretch in order.
    fn stretch(&self, number: usize) -> Vec<RowOfId> {
        let mut rows = Vec::new();
        for (batch, ends) in self.ends.iter().enumerate() {
            let start = number.checked_sub(1).map_or(0, |before| ends[before]);
            rows.extend(
                (start..ends[number]).map(|row| RowOfId::new(&self.batches, index32(batch), row)),
            );
        }
        rows.sort_unstable_by(|a, b| a.order(b, &self.batches));
        rows
    }

    /// These rows as one batch.
    pub(crate) fn rows(&self, rows: &[RowOfId]) -> MovementBatch {
        gather(&self.batches, rows)
    }
}

/// How far the ids before each bound reach, and how far the last ones do. Rows of one id are never apart.
fn ends(batch: &Packed, bounds: &[&[u8]]) -> Vec<u32> {
    let mut at = 0;
    let ends = bounds.iter().map(|bound| {
        while at < batch.len() && order(batch.shipment_id().get(at), bound) == Ordering::Less {
            at += 1;
        }
        index32(at)
    });
    ends.chain([index32(batch.len())]).collect()
}

/// The rows of [`Held`] in order, piece by piece. Pieces and the stretches behind them are made on the pool, ahead of
/// who takes them.
pub(crate) struct Sorted<'s, 'scope, T> {
    held: Arc<Held>,
    stretches: Window<'s, 'scope, Vec<RowOfId>>,
    started: usize,
    /// Rows in order that are in no piece yet.
    rows: VecDeque<RowOfId>,
    piece_rows: usize,
    make: fn(&Held, &[RowOfId]) -> T,
    pieces: Window<'s, 'scope, T>,
}

impl<'s, 'scope, T: Send + 'scope> Sorted<'s, 'scope, T> {
    /// Makes something of each `piece_rows` rows, up to `threads` of them at the same time.
    pub(crate) fn new(
        held: Held,
        scope: &'s Scope<'scope>,
        threads: usize,
        piece_rows: usize,
        make: fn(&Held, &[RowOfId]) -> T,
    ) -> Sorted<'s, 'scope, T> {
        let (stretches, pieces) = (Window::new(scope, threads), Window::new(scope, threads));
        Sorted {
            held: Arc::new(held),
            stretches,
            started: 0,
            rows: VecDeque::new(),
            piece_rows,
            make,
            pieces,
        }
    }

    /// Waits for as many stretches as a piece takes.
    fn collect(&mut self) {
        loop {
            while self.started < self.held.stretches && !self.stretches.is_full() {
                let (held, number) = (self.held.clone(), self.started);
                self.stretches.start(move || held.stretch(number));
                self.started += 1;
            }
            if self.rows.len() >= self.piece_rows {
                return;
            }
            let Some(rows) = self.stretches.oldest() else {
                return;
            };
            self.rows.extend(rows);
        }
    }
}

impl<'scope, T: Send + 'scope> Iterator for Sorted<'_, 'scope, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        while !self.pieces.is_full() {
            self.collect();
            let piece: Vec<RowOfId> = self
                .rows
                .drain(..self.piece_rows.min(self.rows.len()))
                .collect();
            if piece.is_empty() {
                break;
            }
            let (held, make) = (self.held.clone(), self.make);
            self.pieces.start(move || make(&held, &piece));
        }
        self.pieces.oldest()
    }
}

impl Cursor for Sorted<'_, '_, MovementBatch> {
    fn next(&mut self) -> Flow<Option<MovementBatch>> {
        Ok(Iterator::next(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reject::{Reject, RejectReason};

    fn batch(ids: &[String], first: u64) -> MovementBatch {
        let mut batch = MovementBatch::default();
        for (row, id) in (first..).zip(ids) {
            let reject = Reject::new(RejectReason::BadText, "mode", "x", "y");
            batch.push_tombstone(id.as_bytes(), b"M", 0, 0, row, reject);
        }
        batch
    }

    /// Rows in order, and how many stretches that took.
    fn sorted(
        batches: Vec<MovementBatch>,
        stretch_rows: usize,
        piece_rows: usize,
    ) -> (Vec<Vec<(String, u64)>>, usize) {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .expect("a pool");
        let held = pool.install(|| {
            Held::new(
                batches.into_iter().map(MovementBatch::pack).collect(),
                stretch_rows,
            )
        });
        let stretches = held.stretches;
        let pieces: Vec<_> = pool
            .in_place_scope(|scope| Sorted::new(held, scope, 2, piece_rows, Held::rows).collect());
        let rows = |b: MovementBatch| {
            (0..b.len())
                .map(|i| (b.shipment_id.str(i).to_owned(), b.row[i]))
                .collect()
        };
        (pieces.into_iter().map(rows).collect(), stretches)
    }

    #[test]
    fn rows_come_in_order_of_id_then_place_whatever_the_ids_are() {
        let ids: [fn(u64) -> String; 4] = [
            |n| format!("S{}", n % 1_500),
            // Told apart behind the prefix only, some of them by their length.
            |n| format!("NILSTC-SHIPMENT-{}{}", "0".repeat(n as usize % 2), n % 700),
            |n| {
                if n.is_multiple_of(3) {
                    format!("A{n:015}")
                } else {
                    format!("A{n:015}x")
                }
            },
            // One shipment: no stretch can be as short as it is meant to be.
            |_| "S1".to_owned(),
        ];
        for id in ids {
            let (mut batches, mut want, mut state) = (Vec::new(), Vec::new(), 1u64);
            for size in [0, 1, 700, 2, 1_000, 333] {
                let ids: Vec<String> = (0..size)
                    .map(|_| {
                        state = state
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1);
                        id(state >> 40)
                    })
                    .collect();
                let batch = in_order(batch(&ids, want.len() as u64));
                want.extend(
                    (0..batch.len()).map(|i| (batch.shipment_id.str(i).to_owned(), batch.row[i])),
                );
                batches.push(batch);
            }
            // Stable: rows of one id stay in the order of batches, and of rows within one.
            want.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            for (stretch_rows, piece_rows, stretches) in
                [(50, 300, 41), (5_000, 300, 1), (50, 10_000, 41)]
            {
                let (pieces, found) = sorted(batches.clone(), stretch_rows, piece_rows);
                assert_eq!(found, stretches);
                assert!(
                    pieces
                        .iter()
                        .rev()
                        .skip(1)
                        .all(|piece| piece.len() == piece_rows)
                );
                assert!(pieces.concat() == want, "stretches of {stretch_rows}");
            }
        }
        assert_eq!(sorted(Vec::new(), 50, 300), (Vec::new(), 1));
    }

    #[test]
    fn stretches_are_about_as_long_as_asked_for() {
        let ids: Vec<String> = (0..20_000u64)
            .map(|n| format!("S{}", n * 7_919 % 20_011))
            .collect();
        let batches = ids
            .chunks(900)
            .map(|ids| in_order(batch(ids, 0)).pack())
            .collect();
        let held = Held::new(batches, 1_000);
        let lengths: Vec<usize> = (0..held.stretches).map(|n| held.stretch(n).len()).collect();
        assert_eq!((lengths.len(), lengths.iter().sum::<usize>()), (20, 20_000));
        assert!(
            lengths.iter().all(|n| (600..1_500).contains(n)),
            "{lengths:?}"
        );
    }
}
