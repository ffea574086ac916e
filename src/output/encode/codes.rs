//! Columns whose values are codes already: small integers, or integer keys that stand for a text or number.
//!
//! Always dictionary-encoded, page by page, so that a page stays in the cache between gathering and packing.

use super::array;
use super::bound::{Bound, Range};
use super::chunk::{Chunk, DataPage};
use super::frames::Repeats;
use super::keys::KeyTable;
use super::rows::Rows;
use super::{Column, Encoded, NO_CODE, NO_KEY, gathered, page_count, page_rows, rle};
use crate::model::index::index32;
use parquet::basic::Encoding;
use parquet::errors::Result;

/// Gives keys a dictionary position, in order of first occurrence.
pub(super) trait Positions<K> {
    /// Replaces keys by positions; appends keys that are new to `dictionary`.
    fn map(&mut self, keys: &[K], dictionary: &mut Vec<K>, positions: &mut Vec<u32>);
}

/// Position by code: a table that grows to the largest code seen.
#[derive(Default)]
struct CodeTable {
    positions: Vec<u32>,
}

impl Positions<u32> for CodeTable {
    fn map(&mut self, keys: &[u32], dictionary: &mut Vec<u32>, positions: &mut Vec<u32>) {
        positions.clear();
        positions.resize(keys.len(), 0);
        // Nearly every page holds known codes only.
        let mut all_known = true;
        for (position, &key) in positions.iter_mut().zip(keys) {
            *position = self.positions.get(key as usize).copied().unwrap_or(NO_CODE);
            all_known &= *position != NO_CODE;
        }
        if all_known {
            return;
        }
        for (position, &key) in positions.iter_mut().zip(keys) {
            assert!(key != NO_CODE, "a required column holds a null");
            let at = key as usize;
            if at >= self.positions.len() {
                self.positions.resize((at + 1).next_power_of_two(), NO_CODE);
            }
            if self.positions[at] == NO_CODE {
                self.positions[at] = index32(dictionary.len());
                dictionary.push(key);
            }
            *position = self.positions[at];
        }
    }
}

impl Positions<i64> for KeyTable {
    fn map(&mut self, keys: &[i64], dictionary: &mut Vec<i64>, positions: &mut Vec<u32>) {
        positions.clear();
        positions.extend(keys.iter().map(|&key| self.intern(key, dictionary)));
    }
}

/// Encodes a column of codes. `fill` appends the codes of a page ([`NO_CODE`]: null), `value` spells a code.
///
/// Codes should be dense: the look-up table is as long as the largest code.
pub(crate) fn encode_codes(
    column: &Column,
    rows: usize,
    fill: impl FnMut(usize, &mut Vec<u32>),
    value: impl Fn(u32) -> Bound,
) -> Result<Encoded> {
    encode(column, rows, NO_CODE, CodeTable::default(), fill, value)
}

/// Encodes a column of sparse keys ([`NO_KEY`]: null), e.g. packed place codes; otherwise like [`encode_codes`].
pub(crate) fn encode_keys(
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
    if let Some(to) = &column.array {
        let keys = gathered(rows, fill);
        return array::spelled(to, column.is_nullable(), keys, null, table, value);
    }
    let mut chunk = Chunk::new(page_count(rows));
    let mut dictionary: Vec<Bound> = Vec::new();
    let mut distinct = Vec::new();
    // Page number + 1 in which an entry was last seen: which entries a page holds, without comparing values per row.
    let mut seen: Vec<u32> = Vec::new();
    let (mut keys, mut positions, mut body) = (
        Vec::with_capacity(page_rows(0, rows).len()),
        Vec::new(),
        Vec::new(),
    );
    for page in 0..page_count(rows) {
        keys.clear();
        fill(page, &mut keys);
        assert_eq!(keys.len(), page_rows(page, rows).len(), "rows of a page");
        let rows = keys.len();
        // A page that holds one value, as many do, is one run whatever the value.
        let is_one_run = rows > 0 && keys[0] != null && keys[1..] == keys[..rows - 1];
        let present = if is_one_run {
            keys.truncate(1);
            Rows::from_bits(rows, 0, Vec::new(), column.is_nullable())
        } else if column.is_nullable() {
            Rows::compact(&mut keys, 0, null, true)
        } else {
            Rows::all(rows)
        };
        let stamp = index32(page) + 1;
        table.map(&keys, &mut distinct, &mut positions);
        for &key in &distinct[dictionary.len()..] {
            assert!(key != null, "a required column holds a null");
            dictionary.push(value(key));
        }
        seen.resize(dictionary.len(), 0);
        for &position in &positions {
            seen[position as usize] = stamp;
        }
        let range = seen_range(&dictionary, &seen, stamp);
        present.start_body(&mut body);
        let encoding = if is_one_run {
            write_run(positions[0], rows, dictionary.len(), &mut body)
        } else {
            write_positions(&positions, dictionary.len(), &mut body)
        };
        chunk.page(DataPage {
            rows: present.rows,
            nulls: present.nulls,
            body: &body,
            encoding,
            repeats: Repeats::Anywhere,
            range,
        })?;
    }
    finish(chunk, &dictionary)
}

/// Appends one dictionary position that all `rows` of a page have.
fn write_run(position: u32, rows: usize, entries: usize, body: &mut Vec<u8>) -> Encoding {
    let width = rle::position_width(entries);
    #[expect(clippy::cast_possible_truncation, reason = "a width is at most 64")]
    body.push(width as u8);
    rle::run(position, rows, width, body);
    Encoding::RLE_DICTIONARY
}

/// Appends dictionary positions; a chunk without a value so far has no dictionary to point into.
pub(super) fn write_positions(positions: &[u32], entries: usize, body: &mut Vec<u8>) -> Encoding {
    if entries == 0 {
        return Encoding::PLAIN;
    }
    rle::positions(positions, rle::position_width(entries), body);
    Encoding::RLE_DICTIONARY
}

fn finish(chunk: Chunk, dictionary: &[Bound]) -> Result<Encoded> {
    let mut plain = Vec::new();
    for entry in dictionary {
        entry.plain(&mut plain);
    }
    chunk.finish(
        (!dictionary.is_empty()).then_some((&plain, dictionary.len(), Repeats::Anywhere)),
        None,
    )
}

fn seen_range(dictionary: &[Bound], seen: &[u32], stamp: u32) -> Option<Range> {
    let mut entries = dictionary
        .iter()
        .zip(seen)
        .filter(|(_, s)| **s == stamp)
        .map(|(entry, _)| entry);
    let first = entries.next()?;
    let (min, max) = entries.fold((first, first), |(min, max), entry| {
        (min.min(entry), max.max(entry))
    });
    Some(Range::new(min.clone(), max.clone()))
}

/// Encodes a required BOOLEAN column; `fill` appends the flags of a page.
pub(crate) fn encode_flags(
    column: &Column,
    rows: usize,
    mut fill: impl FnMut(usize, &mut Vec<bool>),
) -> Result<Encoded> {
    assert!(!column.is_nullable(), "flags are never null");
    if column.array.is_some() {
        return Ok(array::flags(gathered(rows, fill)));
    }
    let mut chunk = Chunk::new(page_count(rows));
    let mut flags = Vec::new();
    for page in 0..page_count(rows) {
        flags.clear();
        fill(page, &mut flags);
        let body: Vec<u8> = flags
            .chunks(8)
            .map(|c| {
                c.iter()
                    .enumerate()
                    .fold(0, |b, (i, &f)| b | (f as u8) << i)
            })
            .collect();
        let (all, any) = (flags.iter().all(|&f| f), flags.iter().any(|&f| f));
        let range = Some(Range::new(Bound::Flag(all), Bound::Flag(any)));
        chunk.page(DataPage {
            rows: flags.len(),
            nulls: 0,
            body: &body,
            encoding: Encoding::PLAIN,
            repeats: Repeats::Anywhere,
            range,
        })?;
    }
    chunk.finish(None, None)
}
