//! Which record of a movement counts: duplicates, replacements, conflicts, cancellations (docs/methodology.md, section 4).

use crate::model::flag::Flags;
use crate::model::index::index32;
use crate::model::mode::RecordStatus;
use crate::model::movement::MovementBatch;
use crate::model::reject::RejectReason;
use crate::model::text::order;
use crate::model::time::{Instant, UNREADABLE_INSTANT};
use std::cmp::Ordering;
use std::ops::Range;

/// Why a row of a group does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It failed in parsing, and nothing replaces it.
    Unparsed,
    /// A record of a later time counts, or one that is identical.
    Replaced,
    /// The record of a later file counts.
    ByLaterFile,
    /// The latest records differ, and no rule says which of their files is the later one.
    Conflict {
        /// They stand in different files, so such a rule would help.
        across_files: bool,
    },
    /// The latest records differ within one file, or within files that the rule takes for equally late.
    ConflictOfOneRank,
    /// Its latest record withdraws the movement.
    Cancelled,
}

impl Loss {
    /// The code, and what was wanted.
    pub fn told(self) -> (RejectReason, &'static str) {
        match self {
            Loss::Unparsed | Loss::Replaced => (
                RejectReason::Duplicate,
                "one record per movement: a later or an earlier identical one counts",
            ),
            Loss::ByLaterFile => (
                RejectReason::Duplicate,
                "one record per movement: that of a later file counts ([duplicates] later_file_wins)",
            ),
            Loss::Conflict { across_files: true } => (
                RejectReason::ConflictingDuplicates,
                "one latest record per movement, or identical ones; [duplicates] later_file_wins lets a later file replace an \
                 earlier one",
            ),
            Loss::Conflict {
                across_files: false,
            } => (
                RejectReason::ConflictingDuplicates,
                "one latest record per movement, or identical ones",
            ),
            Loss::ConflictOfOneRank => (
                RejectReason::ConflictingDuplicates,
                "one latest record per movement, or identical ones; of one file, or of files of one date, recorded_at says which \
                 is the latest, [duplicates] later_file_wins does not",
            ),
            Loss::Cancelled => (RejectReason::Cancelled, "a latest record that is active"),
        }
    }
}

/// Which of two files is the later one: a rank for each file of the run. Without ranks no file is later than another.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileRanks<'a>(pub &'a [u32]);

impl FileRanks<'_> {
    fn of(self, file: u32) -> u32 {
        self.0.get(file as usize).copied().unwrap_or(0)
    }
}

/// Splits the rows of one shipment into survivors (in row order) and rejections. Tombstones are rejected here too: either
/// for the reason found in parsing, or as replaced by a later record (R008). `merged` takes the survivors that stand for
/// identical records with other flags or carried values, and the flags of all of them: which one comes first must not decide about flags.
pub fn settle(
    batch: &MovementBatch,
    ranks: FileRanks,
    rows: Range<usize>,
    survivors: &mut Vec<u32>,
    merged: &mut Vec<(u32, Flags)>,
    mut reject: impl FnMut(u32, Loss),
) {
    if distinct_and_plain(batch, rows.clone()) {
        survivors.extend(rows.map(index32));
        return;
    }
    let mut order: Vec<u32> = rows.map(index32).collect();
    order.sort_unstable_by(|&a, &b| key(batch, a).cmp(&key(batch, b)));
    for group in order
        .chunk_by(|&a, &b| batch.movement_id.get(a as usize) == batch.movement_id.get(b as usize))
    {
        settle_group(batch, ranks, group, survivors, merged, &mut reject);
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
    ranks: FileRanks,
    group: &[u32],
    survivors: &mut Vec<u32>,
    merged: &mut Vec<(u32, Flags)>,
    reject: &mut impl FnMut(u32, Loss),
) {
    // The time says which record is later; between equal times, or none at all, the file does where the run has a rule for it.
    let age = |r: u32| -> (Instant, u32) {
        let i = r as usize;
        (batch.recorded_at[i], ranks.of(batch.file[i]))
    };
    let is_tombstone = |r: u32| batch.reject_of(r as usize).is_some();
    let parsed = || group.iter().copied().filter(|&r| !is_tombstone(r));
    let latest = parsed().map(age).max();
    let has_id = group
        .first()
        .is_some_and(|&r| !batch.movement_id.get(r as usize).is_empty());
    let verdict = latest.map(|at| verdict(batch, parsed().filter(|&r| age(r) == at)));
    if let Some(Verdict::Keep(winner, flags)) = verdict
        && flags != batch.flags[winner as usize]
    {
        merged.push((winner, flags));
    }
    let replaced = |r: u32| match latest {
        Some((at, rank)) if at == age(r).0 && rank > age(r).1 => Loss::ByLaterFile,
        _ => Loss::Replaced,
    };
    for &row in group {
        if is_tombstone(row) {
            // An absent time is the earliest and readable; only a strictly later parsed row replaces a rejected one.
            let is_replaced = has_id
                && age(row).0 != UNREADABLE_INSTANT
                && latest.is_some_and(|at| at > age(row));
            reject(
                row,
                match is_replaced {
                    true => replaced(row),
                    false => Loss::Unparsed,
                },
            );
            continue;
        }
        match verdict {
            Some(Verdict::Keep(winner, _)) if winner == row => survivors.push(row),
            Some(Verdict::Keep(..)) | None => reject(row, replaced(row)),
            Some(Verdict::Cancelled) => reject(row, Loss::Cancelled),
            Some(Verdict::Conflict { .. }) if !ranks.0.is_empty() => {
                reject(row, Loss::ConflictOfOneRank);
            }
            Some(Verdict::Conflict { across_files }) => {
                reject(row, Loss::Conflict { across_files });
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Verdict {
    /// This row, with the flags of all that are identical to it.
    Keep(u32, Flags),
    Cancelled,
    Conflict {
        across_files: bool,
    },
}

fn verdict(batch: &MovementBatch, mut latest: impl Iterator<Item = u32> + Clone) -> Verdict {
    let file = |r: u32| batch.file[r as usize];
    let all = latest.clone();
    let conflict = || Verdict::Conflict {
        across_files: all.clone().map(file).max() != all.clone().map(file).min(),
    };
    if latest
        .clone()
        .all(|r| batch.record_status[r as usize] == RecordStatus::Cancelled)
    {
        return Verdict::Cancelled;
    }
    let Some(first) = latest.next() else {
        return conflict();
    };
    let mut flags = batch.flags[first as usize];
    for row in latest {
        if !identical(batch, first as usize, row as usize) {
            return conflict();
        }
        flags |= batch.flags[row as usize];
        // No figure depends on what is carried, so that it makes no conflict; but which of them is right, nobody knows.
        let differs = batch.carried[first as usize] != batch.carried[row as usize];
        flags |= Flags::CARRIED_DIFFERS.when(differs);
    }
    Verdict::Keep(first, flags)
}

/// Equal in every column that a figure can depend on, by value; a default filled in parsing (Q04, Q12) is not the same as the value written out.
fn identical(batch: &MovementBatch, a: usize, b: usize) -> bool {
    let filled = |i: usize| {
        batch.flags[i].0
            & (Flags::BASIS_ASSUMED | Flags::OPERATION_DEFAULTED | Flags::SHARE_ASSUMED).0
    };
    // Every field is named, so that a column that is new in the batch cannot be left out of the comparison.
    macro_rules! all_same {
        ($($column:ident),+) => {{
            let MovementBatch { container_id, evidence_ref, $($column,)+
                shipment_id: _, movement_id: _, carried: _, flags: _, file: _, row: _, reject: _, rejects: _ } = batch;
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
            box_share,
            load_status,
            temperature,
            energy_carrier,
            energy_quantity,
            energy_unit,
            recorded_at,
            record_status
        )
}
