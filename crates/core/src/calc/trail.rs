//! A table that is searched for every element. The containers of a shipment travel alike, so keys come in the sequence in
//! which they came before: the one that followed last time is tried before anything is hashed.

use crate::model::index::index32;
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// Numbers keys from 0 in the order in which they are first seen.
#[derive(Debug)]
pub(super) struct Trail<K> {
    places: FxHashMap<K, u32>,
    steps: Vec<Step<K>>,
    last: u32,
}

#[derive(Debug)]
struct Step<K> {
    key: K,
    /// What came after this key last time.
    next: u32,
}

impl<K> Default for Trail<K> {
    fn default() -> Self {
        Trail {
            places: FxHashMap::default(),
            steps: Vec::new(),
            last: 0,
        }
    }
}

impl<K: Copy + Eq + Hash> Trail<K> {
    /// Place of a key; `Err` with its place when it is new.
    #[inline]
    pub(super) fn place(&mut self, key: K) -> Result<usize, usize> {
        if let Some(last) = self.steps.get(self.last as usize) {
            let next = last.next;
            if self.steps[next as usize].key == key {
                self.last = next;
                return Ok(next as usize);
            }
        }
        self.search(key)
    }

    #[inline(never)]
    fn search(&mut self, key: K) -> Result<usize, usize> {
        let new = index32(self.steps.len());
        let at = *self.places.entry(key).or_insert(new);
        if at == new {
            self.steps.push(Step { key, next: 0 });
        }
        self.steps[self.last as usize].next = at;
        self.last = at;
        if at == new {
            Err(at as usize)
        } else {
            Ok(at as usize)
        }
    }

    /// Bytes of memory that a key takes.
    pub(super) const fn key_bytes() -> usize {
        // The table of places is half empty after it has grown.
        size_of::<Step<K>>() + 2 * (size_of::<(K, u32)>() + 1)
    }

    /// Forgets all keys.
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.steps.clear();
        self.last = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_places_in_whatever_sequence_they_come() {
        let mut trail = Trail::default();
        let (mut seen, mut state): (Vec<u64>, u64) = (Vec::new(), 1);
        for n in 0..10_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            // Sequences that repeat, and leaps out of them.
            let key = if state >> 60 == 0 {
                state >> 32 & 31
            } else {
                n % 7
            };
            match seen.iter().position(|&k| k == key) {
                Some(place) => assert_eq!(trail.place(key), Ok(place)),
                None => {
                    assert_eq!(trail.place(key), Err(seen.len()));
                    seen.push(key);
                }
            }
        }
        assert_eq!(seen.len(), 32);
        trail.clear();
        assert_eq!((trail.place(5), trail.place(5)), (Err(0), Ok(0)));
    }
}
