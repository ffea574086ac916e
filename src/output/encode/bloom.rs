//! Split block Bloom filter as in the Parquet specification, filled from hashes that were taken along the way.
//!
//! The crate's own filter wants its size before its first value; ours is sized when the number of values is known.

use super::BLOOM_FALSE_POSITIVES;
use parquet::bloom_filter::Sbbf;
use twox_hash::XxHash64;

// The constants of the specification: one odd multiplier per word of a block.
const SALT: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// Hash of a value as the specification wants it: xxHash64 of its PLAIN bytes without a length, seed 0.
#[inline]
pub(super) fn hash(value: &[u8]) -> u64 {
    XxHash64::oneshot(0, value)
}

/// A filter over these hashes, sized for one per cent of false positives if all are distinct.
pub(super) fn filter(hashes: &[u64]) -> Sbbf {
    let mut blocks = vec![[0u32; 8]; block_count(hashes.len())];
    for &hash in hashes {
        let at = ((hash >> 32) * blocks.len() as u64) >> 32;
        let block = &mut blocks[at as usize];
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low word of a hash, as the format says"
        )]
        let low = hash as u32;
        for (word, salt) in block.iter_mut().zip(SALT) {
            *word |= 1 << (low.wrapping_mul(salt) >> 27);
        }
    }
    let bytes: Vec<u8> = blocks
        .iter()
        .flatten()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    Sbbf::new(&bytes)
}

// A power of two, which some readers insist on. 256 bits a block, eight bits set per value.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from a float saturates, and the result is cut to 2^22"
)]
fn block_count(values: usize) -> usize {
    let bits = -8.0 * values as f64 / (1.0 - BLOOM_FALSE_POSITIVES.powf(1.0 / 8.0)).ln();
    ((bits / 256.0).ceil() as usize)
        .clamp(1, 1 << 22)
        .next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_filter_finds_every_value_and_few_others() {
        for count in [0usize, 1, 10, 5000, 100_000] {
            let texts: Vec<String> = (0..count)
                .map(|i| format!("MSKU{:07}", i * 7919 % 10_000_000))
                .collect();
            let hashes: Vec<u64> = texts.iter().map(|t| hash(t.as_bytes())).collect();
            let filter = filter(&hashes);
            assert!(texts.iter().all(|t| filter.check(t.as_str())));
            let wrong = (0..10_000)
                .filter(|i| filter.check(format!("TCLU{i:07}").as_str()))
                .count();
            assert!(
                wrong <= 150,
                "{wrong} false positives of 10,000 with {count} values"
            );
        }
    }
}
