//! The smallest pieces of the Parquet encodings: variable-length integers and bit-packing, least significant bit first.
//!
//! Knows no column and no page. Packing is compiled once per width, because a shift by a constant is what makes it fast.

/// Appends an unsigned LEB128 integer.
#[expect(
    clippy::cast_possible_truncation,
    reason = "seven bits at a time are taken off on purpose"
)]
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed integer as zigzag LEB128.
pub(super) fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint((value << 1 ^ value >> 63) as u64, out);
}

/// Bits needed to write `value`.
pub(super) const fn width_of(value: u64) -> usize {
    64 - value.leading_zeros() as usize
}

/// An integer that can be packed.
pub(super) trait Packable: Copy + Default {
    /// The bits to pack.
    fn bits(self) -> u64;
}

impl Packable for u32 {
    #[inline(always)]
    fn bits(self) -> u64 {
        self as u64
    }
}

impl Packable for u64 {
    #[inline(always)]
    fn bits(self) -> u64 {
        self
    }
}

/// Packs 32 values of `W` bits into `4 * W` bytes of `out`.
#[inline(always)]
fn pack32<const W: usize, T: Packable>(values: &[T; 32], out: &mut [u8]) {
    let mut words = [0u64; 33];
    macro_rules! put {
        ($($i:literal)+) => {$(
            let (word, shift) = ($i * W / 64, $i * W % 64);
            words[word] |= values[$i].bits() << shift;
            if shift + W > 64 {
                words[word + 1] = values[$i].bits() >> (64 - shift);
            }
        )+};
    }
    put!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    for (bytes, word) in out[..W / 2 * 8].chunks_exact_mut(8).zip(&words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    if W % 2 == 1 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "32 values of an odd width end in the low half of a word"
        )]
        out[W / 2 * 8..W * 4].copy_from_slice(&(words[W / 2] as u32).to_le_bytes());
    }
}

fn pack_all<const W: usize, T: Packable>(values: &[T], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + values.len().div_ceil(32) * W * 4, 0);
    let blocks = values.as_chunks::<32>();
    for (block, bytes) in blocks
        .0
        .iter()
        .zip(out[start..].chunks_exact_mut((W * 4).max(1)))
    {
        pack32::<W, T>(block, bytes);
    }
    if !blocks.1.is_empty() {
        let mut last = [T::default(); 32];
        last[..blocks.1.len()].copy_from_slice(blocks.1);
        let at = start + blocks.0.len() * W * 4;
        pack32::<W, T>(&last, &mut out[at..]);
    }
}

/// Appends `values` packed with `width` bits each (0 to 64), the last 32 padded with zeros.
///
/// A value with more bits than `width` would spill into its neighbours; callers derive the width from the maximum.
pub(super) fn pack<T: Packable>(values: &[T], width: usize, out: &mut Vec<u8>) {
    macro_rules! by_width {
        ($($w:literal)+) => { match width { $($w => pack_all::<$w, T>(values, out),)+ _ => unreachable!("64 bits at most") } };
    }
    by_width!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
        41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_like_a_bit_by_bit_twin() {
        let mut state = 1u64;
        for width in 0..=64usize {
            for len in [0usize, 1, 31, 32, 33, 100] {
                let mask = if width == 64 {
                    u64::MAX
                } else {
                    (1 << width) - 1
                };
                let values: Vec<u64> = (0..len)
                    .map(|_| {
                        state = state
                            .wrapping_mul(6364136223846793005)
                            .wrapping_add(1442695040888963407);
                        (state ^ state >> 29) & mask
                    })
                    .collect();
                let mut want = vec![0u8; len.div_ceil(32) * width * 4];
                for (i, v) in values.iter().enumerate() {
                    for b in 0..width {
                        want[(i * width + b) / 8] |= ((v >> b & 1) as u8) << ((i * width + b) % 8);
                    }
                }
                let mut got = Vec::new();
                pack(&values, width, &mut got);
                assert_eq!(got, want, "width {width} len {len}");
                if width <= 32 {
                    let small: Vec<u32> = values.iter().map(|&v| v as u32).collect();
                    got.clear();
                    pack(&small, width, &mut got);
                    assert_eq!(got, want, "u32, width {width} len {len}");
                }
            }
        }
    }
}
