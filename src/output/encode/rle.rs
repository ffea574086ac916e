//! The hybrid of run lengths and bit-packing: dictionary positions and definition levels.
//!
//! A page is written either as runs or as one packed stretch, whichever is smaller. Mixing the two gains little after
//! zstd and costs a branch per value.

use super::bits::{pack, varint, width_of};
use crate::model::index::index32;

/// Number of runs of equal neighbours.
pub(super) fn run_count<T: PartialEq>(values: &[T]) -> usize {
    let Some((_, rest)) = values.split_first() else {
        return 0;
    };
    // Wrapping, because a check for overflow would keep the loop from being vectorised; a page has far fewer rows.
    let changes = rest
        .iter()
        .zip(values)
        .fold(0u32, |n, (a, b)| n.wrapping_add((a != b) as u32));
    1 + changes as usize
}

/// Bits per dictionary position for a dictionary of `entries`. Never 0: some readers stumble over that.
pub(super) fn position_width(entries: usize) -> usize {
    width_of(entries.saturating_sub(1) as u64).max(1)
}

/// Appends one run.
pub(super) fn run(value: u32, count: usize, width: usize, out: &mut Vec<u8>) {
    varint((count as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8)]);
}

/// Appends the body of a dictionary-encoded page: the width, then the positions.
pub(super) fn positions(values: &[u32], width: usize, out: &mut Vec<u8>) {
    #[expect(clippy::cast_possible_truncation, reason = "a width is at most 64")]
    out.push(width as u8);
    if values.is_empty() {
        return;
    }
    if runs_are_smaller(run_count(values), values.len(), width) {
        for equal in values.chunk_by(|a, b| a == b) {
            run(equal[0], equal.len(), width, out);
        }
    } else {
        packed(values, width, out);
    }
}

/// Whether runs take less room than packing. A run costs its value and, below 64 rows, one byte of header.
pub(super) fn runs_are_smaller(runs: usize, values: usize, width: usize) -> bool {
    runs * (1 + width.div_ceil(8)) * 8 <= values * width
}

fn packed(values: &[u32], width: usize, out: &mut Vec<u8>) {
    let groups = values.len().div_ceil(8);
    varint((groups as u64) << 1 | 1, out);
    let start = out.len();
    pack(values, width, out);
    out.truncate(start + groups * width);
}

/// Appends the definition levels of a page of a nullable column: their length, then one bit per row.
///
/// `present` has one bit per row, least significant first, zeros beyond the last row.
pub(super) fn levels(rows: usize, nulls: usize, present: &[u8], out: &mut Vec<u8>) {
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    if nulls == 0 || nulls == rows {
        run((nulls == 0) as u32, rows, 1, out);
    } else {
        let groups = rows.div_ceil(8);
        varint((groups as u64) << 1 | 1, out);
        out.extend_from_slice(&present[..groups]);
    }
    let length = index32(out.len() - length_at - 4);
    out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
}
