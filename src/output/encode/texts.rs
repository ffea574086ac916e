//! Columns of texts that hardly repeat: ids that are unique, free texts. Each is written as its difference from the one before, or in
//! full for readers that know no differences.

use super::array;
use super::bloom;
use super::bound::{Bound, Range};
use super::chunk::{Chunk, DataPage};
use super::delta::Texts;
use super::frames::Repeats;
use super::rows::Rows;
use super::{Column, Encoded, Encodings, page_count, page_rows};
use crate::model::index::index32;
use parquet::basic::Encoding;
use parquet::errors::Result;

/// Takes the texts of one page, in order.
pub(crate) struct TextPage<'a> {
    rows: usize,
    nulls: usize,
    present: Vec<u8>,
    texts: Body<'a>,
    hashes: Option<Vec<u64>>,
    min: Extreme<'a>,
    max: Extreme<'a>,
}

/// The texts of a page, as they will be written.
enum Body<'a> {
    Differences(Texts<'a>),
    Full(Vec<u8>),
    Array(array::Texts),
}

impl<'a> Body<'a> {
    fn new(encodings: Encodings) -> Body<'a> {
        match encodings {
            Encodings::Default => Body::Differences(Texts::default()),
            Encodings::Plain => Body::Full(Vec::new()),
        }
    }

    fn clear(&mut self) {
        match self {
            Body::Differences(texts) => texts.clear(),
            Body::Full(bytes) => bytes.clear(),
            Body::Array(_) => (),
        }
    }

    #[inline]
    fn push(&mut self, text: &'a [u8]) {
        match self {
            Body::Differences(texts) => texts.push(text),
            Body::Full(bytes) => {
                bytes.extend_from_slice(&index32(text.len()).to_le_bytes());
                bytes.extend_from_slice(text);
            }
            Body::Array(texts) => texts.push(Some(text), 1),
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> Encoding {
        match self {
            Body::Differences(texts) => {
                texts.write(out);
                Encoding::DELTA_BYTE_ARRAY
            }
            Body::Full(bytes) => {
                out.extend_from_slice(bytes);
                Encoding::PLAIN
            }
            Body::Array(_) => unreachable!("an array has no pages"),
        }
    }
}

/// The smallest or largest text so far. Its first 16 bytes as a number decide nearly every comparison.
#[derive(Clone, Copy, Default)]
struct Extreme<'a> {
    head: u128,
    text: &'a [u8],
}

impl Extreme<'_> {
    fn is_below(&self, other: &Self) -> bool {
        self.head < other.head || (self.head == other.head && self.text < other.text)
    }
}

// The first 16 bytes, zeros beyond the end, as a number that compares like them.
fn head(text: &[u8]) -> u128 {
    match (
        text.first_chunk::<16>(),
        text.first_chunk::<8>(),
        text.last_chunk::<8>(),
    ) {
        (Some(head), _, _) => u128::from_be_bytes(*head),
        // 8 to 15 bytes: the first word, and of the last one what lies behind the first.
        (None, Some(first), Some(last)) => {
            let behind = u64::from_be_bytes(*last)
                .checked_shl(8 * (16 - index32(text.len())))
                .unwrap_or(0);
            (u64::from_be_bytes(*first) as u128) << 64 | behind as u128
        }
        _ => {
            let mut head = [0; 16];
            head[..text.len()].copy_from_slice(text);
            u128::from_be_bytes(head)
        }
    }
}

impl<'a> TextPage<'a> {
    fn new(encodings: Encodings, bloom: bool) -> TextPage<'a> {
        TextPage {
            rows: 0,
            nulls: 0,
            present: Vec::new(),
            texts: Body::new(encodings),
            hashes: bloom.then(Vec::new),
            min: Extreme::default(),
            max: Extreme::default(),
        }
    }

    fn clear(&mut self) {
        (self.rows, self.nulls) = (0, 0);
        self.present.clear();
        self.texts.clear();
    }

    /// A row with this text; `None`: null.
    #[inline]
    pub(crate) fn push(&mut self, text: Option<&'a [u8]>) {
        if let Body::Array(texts) = &mut self.texts {
            self.rows += 1;
            return texts.push(text, 1);
        }
        if self.rows.is_multiple_of(8) {
            self.present.push(0);
        }
        match text {
            Some(text) => {
                self.present[self.rows / 8] |= 1 << (self.rows % 8);
                let this = Extreme {
                    head: head(text),
                    text,
                };
                if self.is_without_text() {
                    (self.min, self.max) = (this, this);
                } else if this.is_below(&self.min) {
                    self.min = this;
                } else if self.max.is_below(&this) {
                    self.max = this;
                }
                if let Some(hashes) = &mut self.hashes {
                    hashes.push(bloom::hash(text));
                }
                self.texts.push(text);
            }
            None => self.nulls += 1,
        }
        self.rows += 1;
    }

    /// `count` rows without a text.
    pub(crate) fn push_nulls(&mut self, count: usize) {
        if let Body::Array(texts) = &mut self.texts {
            self.rows += count;
            return texts.repeat(None, count);
        }
        self.rows += count;
        self.nulls += count;
        self.present.resize(self.rows.div_ceil(8), 0);
    }

    fn is_without_text(&self) -> bool {
        self.rows == self.nulls
    }

    fn range(&self) -> Option<Range> {
        let bound = |extreme: Extreme<'_>| Bound::Text(extreme.text.to_vec());
        (!self.is_without_text()).then(|| Range::new(bound(self.min), bound(self.max)))
    }
}

/// Encodes texts that hardly repeat; `bloom` adds a filter.
pub(crate) fn encode_texts<'a>(
    column: &Column,
    rows: usize,
    bloom: bool,
    mut fill: impl FnMut(usize, &mut TextPage<'a>),
) -> Result<Encoded> {
    if column.array.is_some() {
        let mut texts = TextPage::new(column.encodings, false);
        texts.texts = Body::Array(array::Texts::new(rows));
        (0..page_count(rows)).for_each(|page| fill(page, &mut texts));
        assert_eq!(texts.rows, rows, "rows of all pages");
        let Body::Array(texts) = texts.texts else {
            unreachable!("set above")
        };
        return texts.checked(column.is_nullable());
    }
    let mut chunk = Chunk::new(page_count(rows));
    let mut texts = TextPage::new(column.encodings, bloom);
    let mut body = Vec::new();
    for page in 0..page_count(rows) {
        texts.clear();
        fill(page, &mut texts);
        assert_eq!(texts.rows, page_rows(page, rows).len(), "rows of a page");
        let present = std::mem::take(&mut texts.present);
        let present = Rows::from_bits(texts.rows, texts.nulls, present, column.is_nullable());
        present.start_body(&mut body);
        // A page without a text is plain: not every reader takes an empty delta stream.
        let mut encoding = Encoding::PLAIN;
        if !texts.is_without_text() {
            encoding = texts.texts.write(&mut body);
        }
        let range = texts.range();
        chunk.page(DataPage {
            rows: present.rows,
            nulls: present.nulls,
            body: &body,
            encoding,
            repeats: Repeats::Anywhere,
            range,
        })?;
    }
    chunk.finish(None, texts.hashes.as_deref().map(bloom::filter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_compare_like_texts() {
        let texts: Vec<Vec<u8>> = (0..40)
            .flat_map(|len| [(len, b'a'), (len, b'b'), (len, 0)])
            .map(|(len, last)| {
                let mut text: Vec<u8> = (0..len).map(|i| b'A' + i as u8).collect();
                text.push(last);
                text
            })
            .chain([Vec::new()])
            .collect();
        for a in &texts {
            for b in &texts {
                assert!(head(a) <= head(b) || a > b, "{a:?} {b:?}");
            }
        }
    }
}
