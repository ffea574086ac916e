//! Columns of texts that come in runs of equal neighbours: ids that all elements of a shipment or container share, texts that
//! repeat. Looked up once per run, never per row.

use super::array;
use super::bloom;
use super::bound::{Bound, Range};
use super::chunk::{Chunk, DataPage};
use super::frames::Repeats;
use super::rle;
use super::rows::Rows;
use super::texts::encode_texts;
use super::{Column, Encoded, page_count, page_rows};
use crate::model::index::index32;
use crate::model::text::{order, same};
use parquet::basic::Encoding;
use parquet::errors::Result;
use std::cmp::Ordering;

/// Distinct texts with their positions, in order of first occurrence. The hash kept per text also feeds the bloom filter.
struct TextTable {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hashes: Vec<u64>,
    slots: Vec<u32>,
}

const FREE: u32 = u32::MAX;

impl TextTable {
    fn new() -> TextTable {
        TextTable {
            bytes: Vec::new(),
            ends: vec![0],
            hashes: Vec::new(),
            slots: vec![FREE; 1024],
        }
    }

    fn len(&self) -> usize {
        self.hashes.len()
    }

    fn get(&self, position: u32) -> &[u8] {
        &self.bytes[self.ends[position as usize]..self.ends[position as usize + 1]]
    }

    fn intern(&mut self, text: &[u8]) -> u32 {
        let hash = bloom::hash(text);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "masked to the number of slots"
        )]
        let mut at = hash as usize & (self.slots.len() - 1);
        while self.slots[at] != FREE {
            let position = self.slots[at];
            if self.hashes[position as usize] == hash && self.get(position) == text {
                return position;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        let position = index32(self.len());
        self.slots[at] = position;
        self.hashes.push(hash);
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        if self.len() * 2 > self.slots.len() {
            self.grow();
        }
        position
    }

    fn grow(&mut self) {
        self.slots = vec![FREE; self.slots.len() * 4];
        for (position, &hash) in self.hashes.iter().enumerate() {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "masked to the number of slots"
            )]
            let mut at = hash as usize & (self.slots.len() - 1);
            while self.slots[at] != FREE {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = index32(position);
        }
    }

    fn plain(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + 4 * self.len());
        for position in 0..index32(self.len()) {
            let text = self.get(position);
            out.extend_from_slice(&index32(text.len()).to_le_bytes());
            out.extend_from_slice(text);
        }
        out
    }
}

/// Takes the texts of one page as runs of equal neighbours.
pub(crate) struct RunPage<'a> {
    table: &'a mut TextTable,
    // Position, or FREE for null, and number of rows.
    runs: Vec<(u32, u32)>,
}

impl RunPage<'_> {
    /// The next `count` rows have this text; `None`: null. Runs may be pushed in pieces.
    pub(crate) fn push(&mut self, text: Option<&[u8]>, count: usize) {
        let last = self.runs.last_mut();
        let position = match (text, &last) {
            (None, _) => FREE,
            (Some(text), Some(run)) if run.0 != FREE && same(self.table.get(run.0), text) => run.0,
            (Some(text), _) => self.table.intern(text),
        };
        match last {
            Some(run) if run.0 == position => run.1 += index32(count),
            _ if count > 0 => self.runs.push((position, index32(count))),
            _ => (),
        }
    }
}

/// Fewer rows per text than this, and a dictionary does not pay.
const ROWS_PER_TEXT: usize = 3;

/// Encodes texts that come in runs: looked up once per run, never per row. `bloom` adds a filter over the distinct texts.
pub(crate) fn encode_runs(
    column: &Column,
    rows: usize,
    bloom: bool,
    mut fill: impl FnMut(usize, &mut RunPage),
) -> Result<Encoded> {
    let mut table = TextTable::new();
    let mut pages: Vec<Vec<(u32, u32)>> = Vec::new();
    for page in 0..page_count(rows) {
        let mut runs = RunPage {
            table: &mut table,
            runs: Vec::new(),
        };
        fill(page, &mut runs);
        assert_eq!(
            row_count(&runs.runs),
            page_rows(page, rows).len(),
            "rows of a page"
        );
        pages.push(runs.runs);
    }
    if column.array.is_some() {
        let mut texts = array::Texts::new(rows);
        for &(position, count) in pages.iter().flatten() {
            texts.push(
                (position != FREE).then(|| table.get(position)),
                count as usize,
            );
        }
        return texts.checked(column.is_nullable());
    }
    if table.len() * ROWS_PER_TEXT > rows {
        return encode_texts(column, rows, bloom, |page, out| {
            for &(position, count) in &pages[page] {
                for _ in 0..count {
                    out.push((position != FREE).then(|| table.get(position)));
                }
            }
        });
    }
    let mut chunk = Chunk::new(page_count(rows));
    let mut body = Vec::new();
    for runs in &pages {
        let present = presence(runs, column.is_nullable());
        present.start_body(&mut body);
        let encoding = write_runs(runs, table.len(), &mut body);
        let range = range_of(runs, &table);
        chunk.page(DataPage {
            rows: present.rows,
            nulls: present.nulls,
            body: &body,
            encoding,
            repeats: Repeats::Anywhere,
            range,
        })?;
    }
    let plain = table.plain();
    // Ids in no order, which a filter is for, share little with those before; ids that ascend share nearly everything.
    let repeats = if bloom {
        Repeats::Numbers
    } else {
        Repeats::Anywhere
    };
    let dictionary = (table.len() > 0).then_some((plain.as_slice(), table.len(), repeats));
    chunk.finish(dictionary, bloom.then(|| bloom::filter(&table.hashes)))
}

fn row_count(runs: &[(u32, u32)]) -> usize {
    runs.iter().map(|r| r.1 as usize).sum()
}

fn presence(runs: &[(u32, u32)], nullable: bool) -> Rows {
    let rows = row_count(runs);
    let nulls = runs
        .iter()
        .filter(|r| r.0 == FREE)
        .map(|r| r.1 as usize)
        .sum();
    let mut present = Vec::new();
    if nulls > 0 && nulls < rows {
        present.resize(rows.div_ceil(8), 0u8);
        let mut row = 0;
        for &(position, count) in runs {
            if position != FREE {
                (row..row + count as usize).for_each(|r| present[r / 8] |= 1 << (r % 8));
            }
            row += count as usize;
        }
    }
    Rows::from_bits(rows, nulls, present, nullable)
}

fn write_runs(runs: &[(u32, u32)], entries: usize, body: &mut Vec<u8>) -> Encoding {
    if entries == 0 {
        return Encoding::PLAIN;
    }
    let width = rle::position_width(entries);
    let values = runs.iter().filter(|r| r.0 != FREE);
    let count: usize = values.clone().map(|r| r.1 as usize).sum();
    if rle::runs_are_smaller(values.clone().count(), count, width) {
        #[expect(clippy::cast_possible_truncation, reason = "a width is at most 64")]
        body.push(width as u8);
        values.for_each(|r| rle::run(r.0, r.1 as usize, width, body));
    } else {
        let positions: Vec<u32> = values
            .flat_map(|r| std::iter::repeat_n(r.0, r.1 as usize))
            .collect();
        rle::positions(&positions, width, body);
    }
    Encoding::RLE_DICTIONARY
}

fn range_of(runs: &[(u32, u32)], table: &TextTable) -> Option<Range> {
    let mut texts = runs.iter().filter(|r| r.0 != FREE).map(|r| table.get(r.0));
    let first = texts.next()?;
    let (min, max) = texts.fold((first, first), |(min, max), text| {
        // Ids ascend: a text above the largest is not below the smallest.
        if order(text, max) == Ordering::Greater {
            (min, text)
        } else {
            (min.min(text), max)
        }
    });
    Some(Range::new(
        Bound::Text(min.to_vec()),
        Bound::Text(max.to_vec()),
    ))
}
