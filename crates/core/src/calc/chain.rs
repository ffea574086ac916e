//! Transport chains of a shipment: order, equal sequences, continuity (docs/methodology.md, section 4).

use crate::model::flag::Flags;
use crate::model::mode::Mode;
use crate::model::movement::MovementBatch;
use crate::model::text::{self, same};
use crate::model::time::NO_INSTANT;
use std::cmp::Ordering;
use std::ops::Range;

/// One transport chain: a range of the shipment's ordered rows that belong to one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Range of the order.
    pub span: Range<usize>,
    /// Whether the order is by time (Q21) because a file has no `sequence`.
    pub by_time: bool,
}

/// Puts the surviving rows of a shipment in chain order (container id, then sequence or time) and finds the chains.
/// Rows of one container with the same sequence are taken out of `order` and put in `clashing` (R017). `spare` is room to
/// work in.
pub fn assemble(
    batch: &MovementBatch,
    order: &mut Vec<u32>,
    spare: &mut Vec<u32>,
    clashing: &mut Vec<u32>,
    chains: &mut Vec<Chain>,
) {
    by_container(batch, order, spare, chains);
    let (mut kept, mut found) = (0, 0);
    for c in 0..chains.len() {
        let Range { start, end } = chains[c].span;
        let by_time = order[start..end]
            .iter()
            .any(|&r| batch.sequence[r as usize] == 0);
        if by_time {
            order[start..end].sort_unstable_by(|&a, &b| by_departure(batch, a, b));
        }
        let (first, clashes) = (kept, clashing.len());
        if !by_time {
            let same = |a: u32, b: u32| batch.sequence[a as usize] == batch.sequence[b as usize];
            for group in order[start..end]
                .chunk_by(|&a, &b| same(a, b))
                .filter(|g| g.len() > 1)
            {
                clashing.extend_from_slice(group);
            }
        }
        for i in start..end {
            if !clashing[clashes..].contains(&order[i]) {
                order[kept] = order[i];
                kept += 1;
            }
        }
        if kept > first {
            chains[found] = Chain {
                span: first..kept,
                by_time,
            };
            found += 1;
        }
    }
    chains.truncate(found);
    order.truncate(kept);
}

/// Orders rows by container id, then sequence; gives the span of each container. Records mostly come container by container
/// and in sequence, so whole spans are moved where that is enough.
fn by_container(
    batch: &MovementBatch,
    order: &mut Vec<u32>,
    spare: &mut Vec<u32>,
    chains: &mut Vec<Chain>,
) {
    let id = |row: u32| batch.container_id.get(row as usize);
    let in_sequence = |a: u32, b: u32| {
        batch.sequence[a as usize]
            .cmp(&batch.sequence[b as usize])
            .then_with(|| by_id(batch, a, b))
            != Ordering::Greater
    };
    spans(
        order,
        |a, b| same(id(a), id(b)) && in_sequence(a, b),
        chains,
    );
    let first = |chain: &Chain| id(order[chain.span.start]);
    chains.sort_unstable_by(|a, b| text::order(first(a), first(b)));
    if chains
        .windows(2)
        .any(|pair| same(first(&pair[0]), first(&pair[1])))
    {
        order.sort_unstable_by(|&a, &b| {
            let sequences = || batch.sequence[a as usize].cmp(&batch.sequence[b as usize]);
            text::order(id(a), id(b))
                .then_with(sequences)
                .then_with(|| by_id(batch, a, b))
        });
        return spans(order, |a, b| same(id(a), id(b)), chains);
    }
    if chains
        .windows(2)
        .all(|pair| pair[0].span.end == pair[1].span.start)
    {
        return;
    }
    spare.clear();
    for chain in chains.iter_mut() {
        let start = spare.len();
        spare.extend_from_slice(&order[chain.span.clone()]);
        chain.span = start..spare.len();
    }
    std::mem::swap(order, spare);
}

/// The spans of rows of which each follows the one before it.
fn spans(order: &[u32], follows: impl Fn(u32, u32) -> bool, chains: &mut Vec<Chain>) {
    chains.clear();
    let mut start = 0;
    for rows in order.chunk_by(|&a, &b| follows(a, b)) {
        chains.push(Chain {
            span: start..start + rows.len(),
            by_time: false,
        });
        start += rows.len();
    }
}

fn by_id(batch: &MovementBatch, a: u32, b: u32) -> Ordering {
    text::order(
        batch.movement_id.get(a as usize),
        batch.movement_id.get(b as usize),
    )
}

/// (departed_at, arrived_at, movement_id); an absent arrival is the smallest instant and so sorts first.
fn by_departure(batch: &MovementBatch, a: u32, b: u32) -> Ordering {
    let time = |r: u32| (batch.departed_at[r as usize], batch.arrived_at[r as usize]);
    time(a).cmp(&time(b)).then_with(|| by_id(batch, a, b))
}

/// Flags of row `order[i]` that come from its place in the chain: Q09, Q13, Q21.
pub fn continuity(batch: &MovementBatch, order: &[u32], chain: &Chain, i: usize) -> Flags {
    let mut flags = Flags::ORDER_BY_TIME.when(chain.by_time);
    if i > chain.span.start {
        let (before, after) = (order[i - 1] as usize, order[i] as usize);
        flags |= Flags::CHAIN_GAP.when(batch.destination[before] != batch.origin[after]);
        let early = batch.arrived_at[before] != NO_INSTANT
            && batch.departed_at[after] < batch.arrived_at[before];
        flags |= Flags::DEPARTS_EARLY.when(early);
    }
    flags
}

/// Transport TCEs of a chain (hub rows left out).
pub fn transport_count(batch: &MovementBatch, order: &[u32], chain: &Chain) -> usize {
    order[chain.span.clone()]
        .iter()
        .filter(|&&r| batch.mode[r as usize] != Mode::Hub)
        .count()
}

/// The chain of the container with the most transport TCEs, then the lowest id, rows without id last ("the speaking chain").
pub fn speaking<'c>(
    batch: &MovementBatch,
    order: &[u32],
    chains: &'c [Chain],
) -> Option<&'c Chain> {
    let id = |c: &Chain| batch.container_id.get(order[c.span.start] as usize);
    let (first, rest) = chains.split_first()?;
    let most = |c| transport_count(batch, order, c);
    let speaks = rest.iter().fold((first, None), |(best, count), c| {
        let (count, other) = (count.unwrap_or_else(|| most(best)), most(c));
        let by_id = || {
            id(best)
                .is_empty()
                .cmp(&id(c).is_empty())
                .then_with(|| text::order(id(best), id(c)))
        };
        if other.cmp(&count).then_with(by_id) == Ordering::Greater {
            (c, Some(other))
        } else {
            (best, Some(count))
        }
    });
    Some(speaks.0)
}
