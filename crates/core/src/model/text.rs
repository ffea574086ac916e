//! A column of short texts in one allocation.

use super::movement::RowOf;
use std::cmp::Ordering;
use std::ops::Range;

/// A single short text is copied as so many bytes, of which the ones behind its end are dropped: a copy of fixed length needs
/// no call.
const WORD: usize = 16;

/// Texts back to back in one buffer; `ends[i]` is where text `i` ends. An empty text means "absent".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextColumn {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl TextColumn {
    /// An empty column.
    pub fn new() -> TextColumn {
        TextColumn::default()
    }

    /// Number of texts.
    #[inline]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the column has no text.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Room for `rows` more texts of `bytes` bytes in all.
    pub fn reserve(&mut self, rows: usize, bytes: usize) {
        self.ends.reserve(rows);
        self.bytes.reserve(bytes);
    }

    /// Appends one text. A column holds at most 4 GiB; batches are cut far below that.
    #[inline]
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends
            .push(u32::try_from(self.bytes.len()).expect("a text column is cut below 4 GiB"));
    }

    /// Appends this many texts without a byte.
    pub fn push_empty(&mut self, count: usize) {
        let end = self.ends.last().copied().unwrap_or(0);
        self.ends.resize(self.ends.len() + count, end);
    }

    /// Whether all texts are empty.
    pub fn has_no_bytes(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Text `i` as bytes (always UTF-8).
    #[inline]
    pub fn get(&self, i: usize) -> &[u8] {
        &self.bytes[self.bounds(i)]
    }

    /// Text `i` as a string.
    #[inline]
    pub fn str(&self, i: usize) -> &str {
        std::str::from_utf8(self.get(i)).unwrap_or("")
    }

    /// Reads texts `range` once, see `MovementBatch::warm`.
    pub fn warm(&self, range: Range<usize>) {
        let start = if range.start == 0 {
            0
        } else {
            self.ends[range.start - 1] as usize
        };
        let ends = &self.ends[range];
        warm(ends);
        warm(&self.bytes[start..ends.last().map_or(start, |&end| end as usize)]);
    }

    /// Appends texts `range` of another column.
    pub fn extend(&mut self, other: &TextColumn, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let start = if range.start == 0 {
            0
        } else {
            other.ends[range.start - 1]
        };
        let end = other.ends[range.end - 1];
        let word: Option<&[u8; WORD]> = other.bytes[start as usize..].first_chunk();
        if range.len() == 1
            && let Some(word) = word
            && (end - start) as usize <= WORD
            && self.bytes.len() + WORD < u32::MAX as usize
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a word more is below 2^32, as asked above"
            )]
            let to = self.bytes.len() as u32 + (end - start);
            self.bytes.extend_from_slice(word);
            self.bytes.truncate(to as usize);
            self.ends.push(to);
            return;
        }
        let base = u32::try_from(self.bytes.len()).expect("a text column is cut below 4 GiB");
        self.bytes
            .extend_from_slice(&other.bytes[start as usize..end as usize]);
        base.checked_add(end - start)
            .expect("a text column is cut below 4 GiB");
        self.ends
            .extend(other.ends[range].iter().map(|&e| e - start + base));
    }

    /// Appends single texts of columns in the order of `rows`.
    pub fn gather(&mut self, columns: &[&TextColumn], rows: &[RowOf]) {
        // So many that what is looked up for their lengths is still near when they are copied.
        for rows in rows.chunks(1_024) {
            let from = self.bytes.len();
            let place = |r: &RowOf| {
                (
                    &columns[r.batch as usize].bytes,
                    columns[r.batch as usize].bounds(r.row as usize),
                )
            };
            let mut at = from;
            self.ends.extend(rows.iter().map(|r| {
                at += place(r).1.len();
                u32::try_from(at).expect("a text column is cut below 4 GiB")
            }));
            self.bytes.resize(at + WORD, 0);
            let mut to = from;
            for r in rows {
                let (bytes, bounds) = place(r);
                let length = bounds.len();
                match bytes[bounds.start..].first_chunk::<WORD>() {
                    Some(word) if length <= WORD => self.bytes[to..to + WORD].copy_from_slice(word),
                    _ => self.bytes[to..to + length].copy_from_slice(&bytes[bounds]),
                }
                to += length;
            }
            self.bytes.truncate(at);
        }
    }

    #[inline]
    fn bounds(&self, i: usize) -> Range<usize> {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        start..self.ends[i] as usize
    }

    /// The column with the texts of `rows` (ascending) emptied.
    pub fn blanked(&self, rows: &[u32]) -> TextColumn {
        let mut out = TextColumn::new();
        out.reserve(self.len(), self.bytes.len());
        let mut from = 0;
        for &row in rows {
            out.extend(self, from..row as usize);
            out.push(b"");
            from = row as usize + 1;
        }
        out.extend(self, from..self.len());
        out
    }

    /// The buffers: all bytes, and the end of each text.
    pub fn parts(&self) -> (&[u8], &[u32]) {
        (&self.bytes, &self.ends)
    }

    /// A column from its buffers, or `None` when they do not fit each other.
    pub fn from_parts(bytes: Vec<u8>, ends: Vec<u32>) -> Option<TextColumn> {
        let ordered = ends.windows(2).all(|w| w[0] <= w[1]);
        let closed = ends
            .last()
            .map_or(bytes.is_empty(), |&e| e as usize == bytes.len());
        (ordered && closed).then_some(TextColumn { bytes, ends })
    }

    /// Bytes held, for memory accounting.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4
    }
}

/// Bytes that memory comes in.
const CACHE_LINE: usize = 64;

/// Reads one value of every cache line.
#[inline]
pub fn warm<T: Copy>(values: &[T]) {
    for value in values.iter().step_by((CACHE_LINE / size_of::<T>()).max(1)) {
        std::hint::black_box(*value);
    }
}

/// Order of two texts. Ids have 8 to 16 bytes: two overlapping words, no call.
#[inline]
pub fn order(a: &[u8], b: &[u8]) -> Ordering {
    match (
        a.first_chunk(),
        a.last_chunk(),
        b.first_chunk(),
        b.last_chunk(),
    ) {
        (Some(a_head), Some(a_tail), Some(b_head), Some(b_tail))
            if a.len() == b.len() && a.len() <= 16 =>
        {
            let word = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes);
            word(a_head)
                .cmp(&word(b_head))
                .then_with(|| word(a_tail).cmp(&word(b_tail)))
        }
        _ => a.cmp(b),
    }
}

/// The first sixteen bytes of a text, padded with zeros, as two numbers that compare like them.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the two words of the number"
)]
pub fn prefix(id: &[u8]) -> [u64; 2] {
    let mut bytes = [0; 16];
    let len = id.len().min(16);
    bytes[..len].copy_from_slice(&id[..len]);
    let whole = u128::from_be_bytes(bytes);
    [(whole >> 64) as u64, whole as u64]
}

/// Whether two texts are equal. Ids have 8 to 16 bytes: two overlapping words, no call.
#[inline]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    match (
        a.first_chunk::<8>(),
        a.last_chunk::<8>(),
        b.first_chunk::<8>(),
        b.last_chunk::<8>(),
    ) {
        (Some(a_head), Some(a_tail), Some(b_head), Some(b_tail)) if a.len() <= 16 => {
            a.len() == b.len() && a_head == b_head && a_tail == b_tail
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_compared_whole() {
        for len in 0..40 {
            let text: Vec<u8> = (0..len).collect();
            assert!(same(&text, &text.clone()));
            for at in 0..text.len() {
                let mut other = text.clone();
                other[at] ^= 1;
                assert!(!same(&text, &other) && !same(&text, &text[..at]));
                for (a, b) in [
                    (&text[..], &other[..]),
                    (&other, &text),
                    (&text, &text[..at]),
                    (&other[..at], &text),
                    (&text, &text),
                ] {
                    assert_eq!(order(a, b), a.cmp(b), "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn texts_taken_one_by_one_equal_texts_taken_together() {
        let mut texts = TextColumn::new();
        (0..40usize).for_each(|len| texts.push(&vec![b'a' + (len % 26) as u8; len * 7 % 23]));
        let (mut each, mut all) = (TextColumn::new(), TextColumn::new());
        (0..texts.len()).for_each(|i| each.extend(&texts, i..i + 1));
        all.extend(&texts, 0..texts.len());
        let mut gathered = TextColumn::new();
        let rows: Vec<RowOf> = (0..texts.len() as u32)
            .map(|row| RowOf {
                batch: row % 2,
                row,
            })
            .collect();
        gathered.gather(&[&each, &all], &rows);
        assert_eq!((&each, &all, &gathered), (&texts, &texts, &texts));
    }
}
