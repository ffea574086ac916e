//! DELTA_BINARY_PACKED for integers and DELTA_BYTE_ARRAY for texts.
//!
//! Blocks of 128 values in four miniblocks of 32: what every writer uses, so what every reader is tested with.

use super::bits::{pack, varint, width_of, zigzag};

const BLOCK: usize = 128;
const MINIBLOCK: usize = 32;

/// An integer that can be delta-encoded; differences wrap in its own width, as the format wants.
pub(super) trait Delta: Copy {
    /// `self - other`, wrapping.
    fn minus(self, other: Self) -> Self;
    /// Sign-extended.
    fn wide(self) -> i64;
    /// `self - smallest` as an unsigned number, wrapping.
    fn above(self, smallest: Self) -> u64;
    /// The smaller one.
    fn least(self, other: Self) -> Self;
}

macro_rules! delta {
    ($int:ty, $unsigned:ty) => {
        impl Delta for $int {
            #[inline(always)]
            fn minus(self, other: $int) -> $int {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn wide(self) -> i64 {
                self as i64
            }
            #[inline(always)]
            fn above(self, smallest: $int) -> u64 {
                self.wrapping_sub(smallest) as $unsigned as u64
            }
            #[inline(always)]
            fn least(self, other: $int) -> $int {
                self.min(other)
            }
        }
    };
}

delta!(i32, u32);
delta!(i64, u64);

/// Appends `values` as DELTA_BINARY_PACKED.
pub(super) fn integers<T: Delta>(values: &[T], out: &mut Vec<u8>) {
    varint(BLOCK as u64, out);
    varint((BLOCK / MINIBLOCK) as u64, out);
    varint(values.len() as u64, out);
    zigzag(values.first().map_or(0, |v| v.wide()), out);
    for (number, block) in values.get(1..).unwrap_or(&[]).chunks(BLOCK).enumerate() {
        let before = &values[number * BLOCK..][..block.len()];
        let mut deltas = [block[0]; BLOCK];
        let mut smallest = block[0].minus(before[0]);
        for ((delta, &value), &previous) in deltas.iter_mut().zip(block).zip(before) {
            *delta = value.minus(previous);
            smallest = smallest.least(*delta);
        }
        zigzag(smallest.wide(), out);
        let mut offsets = [0u64; BLOCK];
        for (offset, &delta) in offsets.iter_mut().zip(&deltas[..block.len()]) {
            *offset = delta.above(smallest);
        }
        let widths_at = out.len();
        out.extend_from_slice(&[0; BLOCK / MINIBLOCK]);
        for (i, miniblock) in offsets
            .chunks_exact(MINIBLOCK)
            .take(block.len().div_ceil(MINIBLOCK))
            .enumerate()
        {
            let width = width_of(miniblock.iter().fold(0, |all, &v| all | v));
            #[expect(clippy::cast_possible_truncation, reason = "a width is at most 64")]
            let byte = width as u8;
            out[widths_at + i] = byte;
            pack(miniblock, width, out);
        }
    }
}

/// Collects the texts of one page for DELTA_BYTE_ARRAY: each text is the length it shares with the one before, and the rest.
#[derive(Default)]
pub(super) struct Texts<'a> {
    shared: Vec<i32>,
    rest: Vec<i32>,
    bytes: Vec<u8>,
    last: &'a [u8],
}

impl<'a> Texts<'a> {
    /// Forgets the page.
    pub(super) fn clear(&mut self) {
        self.shared.clear();
        self.rest.clear();
        self.bytes.clear();
        self.last = &[];
    }

    /// Adds a text.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the header of a page refuses more than 31 bits, and a text is part of one"
    )]
    pub(super) fn push(&mut self, text: &'a [u8]) {
        let shared = shared_prefix(self.last, text);
        let rest = &text[shared..];
        self.shared.push(shared as i32);
        self.rest.push(rest.len() as i32);
        self.bytes.extend_from_slice(rest);
        self.last = text;
    }

    /// Appends the page body.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        integers(&self.shared, out);
        integers(&self.rest, out);
        out.extend_from_slice(&self.bytes);
    }
}

fn shared_prefix(a: &[u8], b: &[u8]) -> usize {
    let len = a.len().min(b.len());
    let (a, b) = (&a[..len], &b[..len]);
    let mut at = 0;
    for (x, y) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differ != 0 {
            return at + differ.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < len && a[at] == b[at] {
        at += 1;
    }
    at
}
