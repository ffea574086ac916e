//! Which record of a movement counts: duplicates, replacements, conflicts, cancellations (docs/methodology.md, section 4).

use crate::model::flag::Flags;
use crate::model::mode::RecordStatus;
use crate::model::movement::MovementBatch;
use crate::model::reject::RejectReason;
use crate::model::text::order;
use crate::model::time::{Instant, UNREADABLE_INSTANT};
use std::cmp::Ordering;
use std::ops::Range;

/// Splits the rows of one shipment into survivors (in row order) and rejections. Tombstones are rejected here too: either
/// for the reason found in parsing, or as replaced by a later record (R008).
pub fn settle(
    batch: &MovementBatch,
    rows: Range<usize>,
    survivors: &mut Vec<u32>,
    mut reject: impl FnMut(u32, Option<RejectReason>),
) {
    if distinct_and_plain(batch, rows.clone()) {
        survivors.extend(rows.map(|r| r as u32));
        return;
    }
    let mut order: Vec<u32> = rows.map(|r| r as u32).collect();
    order.sort_unstable_by(|&a, &b| key(batch, a).cmp(&key(batch, b)));
    for group in order
        .chunk_by(|&a, &b| batch.movement_id.get(a as usize) == batch.movement_id.get(b as usize))
    {
        settle_group(batch, group, survivors, &mut reject);
    }
    survivors.sort_unstable();
}

fn key(batch: &MovementBatch, row: u32) -> (&[u8], u32, u64) {
    let i = row as usize;
    (batch.movement_id.get(i), batch.file[i], batch.row[i])
}

/// The common case: movement ids ascend, nothing is cancelled, nothing was rejected in parsing.
fn distinct_and_plain(batch: &MovementBatch, rows: Range<usize>) -> bool {
    let plain =
        |i: usize| batch.reject_of(i).is_none() && batch.record_status[i] == RecordStatus::Active;
    let id = |i| batch.movement_id.get(i);
    rows.clone().all(plain)
        && rows
            .skip(1)
            .all(|i| order(id(i - 1), id(i)) == Ordering::Less)
}

/// One movement id: the rows in order of (file, row).
fn settle_group(
    batch: &MovementBatch,
    group: &[u32],
    survivors: &mut Vec<u32>,
    reject: &mut impl FnMut(u32, Option<RejectReason>),
) {
    let recorded = |r: u32| batch.recorded_at[r as usize];
    let is_tombstone = |r: u32| batch.reject_of(r as usize).is_some();
    let latest: Option<Instant> = group
        .iter()
        .copied()
        .filter(|&r| !is_tombstone(r))
        .map(recorded)
        .max();
    let has_id = group
        .first()
        .is_some_and(|&r| !batch.movement_id.get(r as usize).is_empty());
    let verdict = latest.map(|at| {
        verdict(
            batch,
            group
                .iter()
                .copied()
                .filter(|&r| !is_tombstone(r) && recorded(r) == at),
        )
    });
    for &row in group {
        if is_tombstone(row) {
            // An absent time is the earliest and readable; only a strictly later parsed row replaces a rejected one.
            let replaced = has_id
                && recorded(row) != UNREADABLE_INSTANT
                && latest.is_some_and(|at| at > recorded(row));
            reject(row, replaced.then_some(RejectReason::Duplicate));
            continue;
        }
        match verdict {
            Some(Verdict::Keep(winner)) if winner == row => survivors.push(row),
            Some(Verdict::Keep(_)) | None => reject(row, Some(RejectReason::Duplicate)),
            Some(Verdict::Cancelled) => reject(row, Some(RejectReason::Cancelled)),
            Some(Verdict::Conflict) => reject(row, Some(RejectReason::ConflictingDuplicates)),
        }
    }
}

#[derive(Clone, Copy)]
enum Verdict {
    Keep(u32),
    Cancelled,
    Conflict,
}

fn verdict(batch: &MovementBatch, mut latest: impl Iterator<Item = u32> + Clone) -> Verdict {
    if latest
        .clone()
        .all(|r| batch.record_status[r as usize] == RecordStatus::Cancelled)
    {
        return Verdict::Cancelled;
    }
    let Some(first) = latest.next() else {
        return Verdict::Conflict;
    };
    if latest.all(|r| identical(batch, first as usize, r as usize)) {
        Verdict::Keep(first)
    } else {
        Verdict::Conflict
    }
}

/// Equal in every known column by value; a default filled in parsing (Q04, Q12) is not the same as the value written out.
fn identical(batch: &MovementBatch, a: usize, b: usize) -> bool {
    let filled =
        |i: usize| batch.flags[i].0 & (Flags::BASIS_ASSUMED | Flags::OPERATION_DEFAULTED).0;
    // Every field is named, so that a column that is new in the batch cannot be left out of the comparison.
    macro_rules! all_same {
        ($($column:ident),+) => {{
            let MovementBatch { container_id, evidence_ref, $($column,)+
                shipment_id: _, movement_id: _, flags: _, file: _, row: _, reject: _, rejects: _ } = batch;
            container_id.get(a) == container_id.get(b) && evidence_ref.get(a) == evidence_ref.get(b) $(&& $column[a] == $column[b])+
        }};
    }
    filled(a) == filled(b)
        && all_same!(
            container_type,
            sequence,
            mode,
            operation,
            carrier,
            origin,
            destination,
            departed_at,
            arrived_at,
            distance_m,
            distance_basis,
            mass_g,
            teu,
            container_mass_g,
            load_status,
            temperature,
            energy_carrier,
            energy_quantity,
            energy_unit,
            recorded_at,
            record_status
        )
}
