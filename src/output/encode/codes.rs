//! Columns whose values are codes already: small integers, or integer keys that stand for a text or number.
//!
//! Always dictionary-encoded, page by page, so that a page stays in the cache between gathering and packing.

use super::bound::{Bound, Range};
use super::chunk::{Chunk, DataPage};
use super::rows::Rows;
use super::{Column, Encoded, NO_CODE, NO_KEY, page_count, page_rows, rle};
use parquet::basic::Encoding;
use parquet::errors::Result;

/// Position by code: a table that grows to the largest code seen.
#[derive(Default)]
struct CodeTable {
    positions: Vec<u32>,
}

/// Gives codes a dictionary position, in order of first occurrence.
trait Positions<K> {
    /// The position of `key`; `next` if it is new.
    fn position(&mut self, key: K, next: u32) -> u32;
}

impl Positions<u32> for CodeTable {
    #[inline(always)]
    fn position(&mut self, key: u32, next: u32) -> u32 {
        let at = key as usize;
        if at >= self.positions.len() {
            self.positions.resize((at + 1).next_power_of_two(), NO_CODE);
        }
        let position = &mut self.positions[at];
        if *position == NO_CODE {
            *position = next;
        }
        *position
    }
}

/// Position by key: open addressing with a fixed multiplier, so that nothing depends on a random seed. Positions do not
/// depend on the table at all, only on the order of keys.
pub struct KeyTable<K> {
    slots: Vec<(K, u32)>,
    used: usize,
}

/// A key that can be hashed into a slot.
pub trait Key: Copy + Eq + Default {
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
    fn mixed(self) -> u64 {
        ((self as u64).wrapping_mul(MULTIPLIER) ^ (self >> 64) as u64).wrapping_mul(MULTIPLIER)
    }
}

impl<K: Key> KeyTable<K> {
    /// An empty table.
    pub fn new() -> KeyTable<K> {
        KeyTable { slots: vec![(K::default(), NO_CODE); 1024], used: 0 }
    }

    /// Keys seen.
    pub fn len(&self) -> usize {
        self.used
    }

    #[inline(always)]
    fn slot(&self, key: K) -> usize {
        let shift = 64 - self.slots.len().trailing_zeros();
        let mut at = (key.mixed() >> shift) as usize;
        loop {
            let (found, position) = self.slots[at];
            if position == NO_CODE || found == key {
                return at;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    #[cold]
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![(K::default(), NO_CODE); old.len() * 4];
        for (key, position) in old.into_iter().filter(|s| s.1 != NO_CODE) {
            let at = self.slot(key);
            self.slots[at] = (key, position);
        }
    }

    /// The position of `key`: the number of distinct keys before it.
    #[inline(always)]
    pub fn intern(&mut self, key: K) -> u32 {
        let at = self.slot(key);
        let (_, position) = self.slots[at];
        if position != NO_CODE { position } else { self.insert(key, at) }
    }

    #[cold]
    fn insert(&mut self, key: K, at: usize) -> u32 {
        let position = self.used as u32;
        self.slots[at] = (key, position);
        self.used += 1;
        if self.used * 2 > self.slots.len() {
            self.grow();
        }
        position
    }
}

impl Positions<i64> for KeyTable<i64> {
    #[inline(always)]
    fn position(&mut self, key: i64, _next: u32) -> u32 {
        self.intern(key)
    }
}

/// Encodes a column of codes. `fill` appends the codes of a page ([`NO_CODE`]: null), `value` spells a code.
///
/// Codes should be dense: the look-up table is as long as the largest code.
pub fn encode_codes(
    column: &Column,
    rows: usize,
    fill: impl FnMut(usize, &mut Vec<u32>),
    value: impl Fn(u32) -> Bound,
) -> Result<Encoded> {
    encode(column, rows, NO_CODE, CodeTable::default(), fill, value)
}

/// Encodes a column of sparse keys ([`NO_KEY`]: null), e.g. packed place codes; otherwise like [`encode_codes`].
pub fn encode_keys(
    column: &Column,
    rows: usize,
    fill: impl FnMut(usize, &mut Vec<i64>),
    value: impl Fn(i64) -> Bound,
) -> Result<Encoded> {
    encode(column, rows, NO_KEY, KeyTable::new(), fill, value)
}

fn encode<K: Copy + PartialEq>(
    column: &Column,
    rows: usize,
    null: K,
    mut table: impl Positions<K>,
    mut fill: impl FnMut(usize, &mut Vec<K>),
    value: impl Fn(K) -> Bound,
) -> Result<Encoded> {
    let mut chunk = Chunk::new(column);
    let mut dictionary: Vec<Bound> = Vec::new();
    // Page number + 1 in which an entry was last seen: which entries a page holds, without comparing values per row.
    let mut seen: Vec<u32> = Vec::new();
    let (mut keys, mut positions, mut body) = (Vec::new(), Vec::new(), Vec::new());
    for page in 0..page_count(rows) {
        keys.clear();
        fill(page, &mut keys);
        assert_eq!(keys.len(), page_rows(page, rows).len(), "rows of a page");
        let present = Rows::compact(&mut keys, 0, null, column.is_nullable());
        positions.clear();
        let stamp = page as u32 + 1;
        positions.extend(keys.iter().map(|&key| {
            let position = table.position(key, dictionary.len() as u32);
            if position as usize == dictionary.len() {
                dictionary.push(value(key));
                seen.push(0);
            }
            seen[position as usize] = stamp;
            position
        }));
        let range = seen_range(&dictionary, &seen, stamp);
        present.start_body(&mut body);
        let encoding = write_positions(&positions, dictionary.len(), &mut body);
        chunk.page(DataPage { rows: present.rows, nulls: present.nulls, body: &body, encoding, range })?;
    }
    finish(chunk, &dictionary)
}

/// Appends dictionary positions; a chunk without a value so far has no dictionary to point into.
pub fn write_positions(positions: &[u32], entries: usize, body: &mut Vec<u8>) -> Encoding {
    if entries == 0 {
        return Encoding::PLAIN;
    }
    rle::positions(positions, rle::position_width(entries), body);
    Encoding::RLE_DICTIONARY
}

fn finish(chunk: Chunk<'_>, dictionary: &[Bound]) -> Result<Encoded> {
    let mut plain = Vec::new();
    for entry in dictionary {
        entry.plain(&mut plain);
    }
    chunk.finish((!dictionary.is_empty()).then_some((&plain, dictionary.len())), None)
}

fn seen_range(dictionary: &[Bound], seen: &[u32], stamp: u32) -> Option<Range> {
    let mut entries = dictionary.iter().zip(seen).filter(|(_, s)| **s == stamp).map(|(entry, _)| entry);
    let first = entries.next()?;
    let (min, max) = entries.fold((first, first), |(min, max), entry| (min.min(entry), max.max(entry)));
    Some(Range::new(min.clone(), max.clone()))
}

/// Encodes a required BOOLEAN column; `fill` appends the flags of a page.
pub fn encode_flags(column: &Column, rows: usize, mut fill: impl FnMut(usize, &mut Vec<bool>)) -> Result<Encoded> {
    assert!(!column.is_nullable(), "flags are never null");
    let mut chunk = Chunk::new(column);
    let mut flags = Vec::new();
    for page in 0..page_count(rows) {
        flags.clear();
        fill(page, &mut flags);
        let body: Vec<u8> = flags.chunks(8).map(|c| c.iter().enumerate().fold(0, |b, (i, &f)| b | (f as u8) << i)).collect();
        let (all, any) = (flags.iter().all(|&f| f), flags.iter().any(|&f| f));
        let range = Some(Range::new(Bound::Flag(all), Bound::Flag(any)));
        chunk.page(DataPage { rows: flags.len(), nulls: 0, body: &body, encoding: Encoding::PLAIN, range })?;
    }
    chunk.finish(None, None)
}
