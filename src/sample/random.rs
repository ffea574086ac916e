//! SplitMix64 (Steele, Lea, Flood 2014): a small, fast, well-known generator; the same numbers on every platform.

/// A stream of pseudo-random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

/// What a stream is for, so that one shipment's draws do not depend on how many another purpose takes.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// A shipment of its own.
    Shipment = 1,
    /// Two shipments that may share a box.
    Pair = 2,
    /// Damage to a shipment's rows.
    Dirt = 3,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    /// The stream of a seed, a purpose and a number.
    pub(super) fn new(seed: u64, purpose: Purpose, index: u64) -> Random {
        let keyed = mix(seed.wrapping_add(STEP)) ^ mix((purpose as u64).wrapping_mul(STEP));
        Random(mix(keyed.wrapping_add(mix(index.wrapping_add(STEP)))))
    }

    /// 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A whole number from 0 to `bound - 1` (0 when the bound is 0). The bias of the multiplication is below 2^-32 for the
    /// bounds used here.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((self.next() as u128 * bound as u128) >> 64) as u64
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low).max(0) as u64 + 1) as i64
    }

    /// True in `ppm` of a million draws.
    pub(super) fn chance(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < ppm as u64
    }

    /// One of a list that is not empty.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below the length of the list"
    )]
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }

    /// A place of the list, each as often as its weight says; the sum is not 0.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let total: u64 = weights.clone().map(u64::from).sum();
        let mut left = self.below(total);
        for (i, weight) in weights.enumerate() {
            match left.checked_sub(weight as u64) {
                Some(rest) => left = rest,
                None => return i,
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference_implementation() {
        let mut random = Random(1_234_567);
        let found: Vec<u64> = (0..5).map(|_| random.next()).collect();
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(found, published);
    }

    #[test]
    fn draws_keep_their_bounds_and_weights() {
        let mut random = Random::new(7, Purpose::Shipment, 0);
        let mut seen = [0u32; 3];
        for _ in 0..10_000 {
            assert!((-3..=3).contains(&random.between(-3, 3)));
            seen[random.weighted([1, 0, 3].into_iter())] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((2_300..2_700).contains(&seen[0]), "{seen:?}");
    }
}
