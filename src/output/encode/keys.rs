//! Dictionary positions of numbers that are no dense codes.
//!
//! A hash table of our own, because it must not depend on a seed and because a slot should take four bytes: the table of a
//! column with thousands of distinct values then stays in the cache.

use super::NO_CODE;
use crate::model::index::index32;

/// Position by key: open addressing with a fixed multiplier, so that nothing depends on a random seed. Positions do not
/// depend on the table at all, only on the order of keys.
pub(super) struct KeyTable {
    slots: Vec<u32>,
}

/// A key that can be hashed into a slot.
pub(crate) trait Key: Copy + Eq + Default {
    /// 64 well-mixed bits.
    fn mixed(self) -> u64;
}

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

impl Key for i64 {
    #[inline(always)]
    fn mixed(self) -> u64 {
        (self as u64 ^ (self as u64 >> 32)).wrapping_mul(MULTIPLIER)
    }
}

impl Key for i32 {
    #[inline(always)]
    fn mixed(self) -> u64 {
        (self as i64).mixed()
    }
}

impl Key for i128 {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "both words are mixed")]
    fn mixed(self) -> u64 {
        ((self as u64).wrapping_mul(MULTIPLIER) ^ (self >> 64) as u64).wrapping_mul(MULTIPLIER)
    }
}

impl KeyTable {
    /// An empty table.
    pub(super) fn new() -> KeyTable {
        KeyTable {
            slots: vec![NO_CODE; 1024],
        }
    }

    #[inline(always)]
    fn slot<K: Key>(&self, key: K, keys: &[K]) -> usize {
        let shift = 64 - self.slots.len().trailing_zeros();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "no more bits than the number of slots has"
        )]
        let mut at = (key.mixed() >> shift) as usize;
        loop {
            let position = self.slots[at];
            if position == NO_CODE || keys[position as usize] == key {
                return at;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    #[cold]
    fn grow<K: Key>(&mut self, keys: &[K]) {
        self.slots = vec![NO_CODE; self.slots.len() * 4];
        for (position, &key) in keys.iter().enumerate() {
            let at = self.slot(key, keys);
            self.slots[at] = index32(position);
        }
    }

    /// The position of `key` in `keys`, the distinct keys so far; it is appended if new.
    #[inline(always)]
    pub(super) fn intern<K: Key>(&mut self, key: K, keys: &mut Vec<K>) -> u32 {
        let at = self.slot(key, keys);
        let position = self.slots[at];
        if position != NO_CODE {
            position
        } else {
            self.insert(key, at, keys)
        }
    }

    #[cold]
    fn insert<K: Key>(&mut self, key: K, at: usize, keys: &mut Vec<K>) -> u32 {
        let position = index32(keys.len());
        self.slots[at] = position;
        keys.push(key);
        if keys.len() * 2 > self.slots.len() {
            self.grow(keys);
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_first_occurrences() {
        let mut table = KeyTable::new();
        let mut keys: Vec<i64> = Vec::new();
        let values: Vec<i64> = (0..30_000).map(|i| ((i % 9_000) << 40) + i % 2).collect();
        let positions: Vec<u32> = values.iter().map(|&v| table.intern(v, &mut keys)).collect();
        let mut first_seen = std::collections::HashMap::new();
        for (value, position) in values.iter().zip(positions) {
            let next = first_seen.len() as u32;
            assert_eq!(position, *first_seen.entry(value).or_insert(next));
            assert_eq!(keys[position as usize], *value);
        }
    }
}
