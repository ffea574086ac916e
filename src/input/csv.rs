//! CSV files: blocks of records, records to raw columns.
//!
//! What stands above the records is the business of `csv_head`, where records end that of `split`, what cells mean that of
//! `schema`.

use super::cells::{Cells, Span};
use super::rules::{Layout, Origin, Rules};
use super::schema::{self, RawUnit, RowNumbers};
use super::split::{Sink, cut, end_of, is_blank, scan};
use super::stream::{Block, Blocks};
use super::{FileFault, FileInfo, Input, Parsed, Reader, SourceFile, Unit, csv_head};
use crate::model::index::index16;
use crate::model::reject::{Reject, RejectReason, Rejected};
use crate::model::symbol::ABSENT;
use std::collections::VecDeque;
use std::sync::Arc;

/// CSV with the delimiter of `[formats]`.
pub(super) const INPUT: Input = Input {
    name: "csv",
    extensions: &["csv", "tsv", "txt"],
    is_text: true,
    open,
};

fn open(source: SourceFile, rules: Arc<Rules>) -> Result<Box<dyn Reader>, FileFault> {
    let mut blocks = Blocks::open(&source, rules.mapping.encoding)?;
    let head = csv_head::read(&source, &mut blocks, &rules)?;
    let footer = rules.mapping.skip_footer;
    Ok(Box::new(CsvReader {
        held: VecDeque::from([head.rest]),
        shape: Arc::new(Shape::new(
            &source,
            head.delimiter,
            head.width,
            head.layout,
            rules,
        )),
        blocks,
        footer,
        is_over: false,
        row: 1,
    }))
}

/// What all units of a file share.
struct Shape {
    label: String,
    file: u32,
    delimiter: u8,
    layout: Layout,
    rules: Arc<Rules>,
    /// By field of a record: the column of spans it goes to, or `SKIP`.
    slots: Vec<u16>,
    slot_count: usize,
}

const SKIP: u16 = u16::MAX;

impl Shape {
    fn new(
        source: &SourceFile,
        delimiter: u8,
        width: usize,
        layout: Layout,
        rules: Arc<Rules>,
    ) -> Shape {
        let mut slots = vec![SKIP; width];
        let mut slot_count = 0;
        for &origin in &layout.origins {
            if let Origin::File(field) = origin
                && slots[field] == SKIP
            {
                slots[field] = index16(slot_count);
                slot_count += 1;
            }
        }
        Shape {
            label: source.label.clone(),
            file: source.index,
            delimiter,
            layout,
            rules,
            slots,
            slot_count,
        }
    }
}

struct CsvReader {
    shape: Arc<Shape>,
    blocks: Blocks,
    /// Blocks that are read and not handed out: as many as it takes to know where the footer begins.
    held: VecDeque<Block>,
    /// Records at the end of the file that are none.
    footer: u64,
    is_over: bool,
    row: u64,
}

impl CsvReader {
    /// The next block, without records of the footer.
    fn next_block(&mut self) -> Result<Option<Block>, FileFault> {
        let delimiter = self.shape.delimiter;
        loop {
            let behind: u64 = self.held.iter().skip(1).map(|block| block.records).sum();
            if behind >= self.footer || self.is_over {
                match self.held.pop_front() {
                    Some(block) => {
                        return Ok(Some(shortened(
                            block,
                            delimiter,
                            self.footer.saturating_sub(behind),
                        )));
                    }
                    None if self.is_over => return Ok(None),
                    None => {}
                }
            }
            match self
                .blocks
                .next(|bytes, last| cut(bytes, delimiter, last))?
            {
                Some(block) => self.held.push_back(block),
                None => self.is_over = true,
            }
        }
    }
}

/// A block without its last records.
fn shortened(mut block: Block, delimiter: u8, by: u64) -> Block {
    if by > 0 {
        block.records = block.records.saturating_sub(by);
        let end = end_of(&block.bytes, delimiter, block.records);
        block.bytes.truncate(end);
    }
    block
}

impl Reader for CsvReader {
    fn info(&self) -> FileInfo {
        FileInfo::new(INPUT.name, &self.shape.layout)
    }

    fn next_unit(&mut self) -> Result<Option<Box<dyn Unit>>, FileFault> {
        while let Some(block) = self.next_block()? {
            if block.records == 0 {
                continue;
            }
            let first = self.row;
            self.row += block.records;
            return Ok(Some(Box::new(CsvUnit {
                shape: self.shape.clone(),
                block,
                first,
                is_last: self.held.is_empty() && self.blocks.is_at_end()?,
            })));
        }
        Ok(None)
    }
}

struct CsvUnit {
    shape: Arc<Shape>,
    block: Block,
    first: u64,
    /// Whether the file is known to end with it.
    is_last: bool,
}

impl Unit for CsvUnit {
    fn parse(self: Box<Self>) -> Result<Vec<Parsed>, FileFault> {
        let CsvUnit {
            shape,
            block,
            first,
            is_last,
        } = *self;
        let mut bytes = block.bytes;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a block holds at most 32,768 records"
        )]
        let most = block.records as usize;
        let last_row = is_last.then(|| first + block.records - 1);
        let mut fields = Fields {
            shape: &shape,
            base: bytes.len(),
            row: first,
            field: 0,
            spans: vec![Span::ABSENT; most * shape.slot_count],
            most,
            extra: Vec::new(),
            numbers: Vec::with_capacity(most),
            unreadable: Vec::new(),
            blank: 0,
            last_row,
        };
        scan(&bytes, shape.delimiter, true, &mut fields);
        // Two views of one file must agree, or a row would be counted without being read.
        assert_eq!(
            fields.row - first,
            block.records,
            "{}: records of a block",
            shape.label
        );
        let Fields {
            spans,
            extra,
            numbers,
            unreadable,
            blank,
            ..
        } = fields;
        bytes.extend_from_slice(&extra);
        let rows = numbers.len();
        let cells = |(ours, origin): (usize, &Origin)| match *origin {
            Origin::File(field) => {
                let from = shape.slots[field] as usize * most;
                Cells::Spans(&bytes, &spans[from..from + rows])
            }
            _ => shape.layout.outside(ours, &shape.rules.mapping),
        };
        let cells = shape.layout.origins.iter().enumerate().map(cells).collect();
        let unit = RawUnit {
            cells,
            rows,
            numbers: RowNumbers::List(numbers),
            file: shape.file,
            unreadable,
        };
        let mut parsed = schema::parse(unit, &shape.rules);
        parsed.blank = blank;
        if let Some(last) = last_row {
            parsed.hint_at_footer(last, FOOTER_HINT);
        }
        Ok(vec![parsed])
    }
}

/// Fields of a block. A record that cannot be read leaves spans behind, which the next record overwrites.
struct Fields<'a> {
    shape: &'a Shape,
    base: usize,
    row: u64,
    field: usize,
    // Column after column, room for `most` records in each.
    spans: Vec<Span>,
    most: usize,
    extra: Vec<u8>,
    numbers: Vec<u64>,
    unreadable: Vec<Rejected>,
    blank: u64,
    /// Of the file, where it is known.
    last_row: Option<u64>,
}

/// What a footer is told that is not taken for one.
pub(super) const FOOTER_HINT: &str = "; [csv] skip_footer leaves out lines at the end of the file";

impl Fields<'_> {
    #[inline(always)]
    fn put(&mut self, span: Span) {
        let slot = self.shape.slots.get(self.field).copied().unwrap_or(SKIP);
        self.field += 1;
        if slot != SKIP {
            self.spans[slot as usize * self.most + self.numbers.len()] = span;
        }
    }

    fn refuse(&mut self, found: &[u8], wanted: String) {
        self.unreadable
            .push(unreadable(self.shape.file, self.row, found, wanted));
    }
}

/// The rejection of a record that cannot be read.
pub(super) fn unreadable(file: u32, row: u64, found: &[u8], wanted: String) -> Rejected {
    // 120 characters have at most 480 bytes.
    let found = String::from_utf8_lossy(&found[..found.len().min(480)]);
    let reject = Reject::new(RejectReason::UnreadableRecord, "", &found, wanted);
    Rejected {
        file,
        row,
        reject,
        shipment_id: String::new(),
        movement_id: String::new(),
        carried: ABSENT,
    }
}

impl Sink for Fields<'_> {
    #[inline(always)]
    fn field(&mut self, start: usize, end: usize) {
        self.put(Span::text(start, end));
    }

    fn unescaped(&mut self, text: &[u8]) {
        let start = self.base + self.extra.len();
        self.extra.extend_from_slice(text);
        self.put(Span::text(start, start + text.len()));
    }

    #[inline]
    fn record(&mut self, record: &[u8]) -> bool {
        let (found, wanted) = (self.field, self.shape.slots.len());
        let delimiter = self.shape.delimiter;
        // Few records begin with an empty field, so that the others are not looked at. The last three begin spaces that are not ASCII.
        let may_be_blank = matches!(record, [b' ' | b'\t' | b'"' | 0xc2 | 0xe2 | 0xe3, ..])
            || record.first() == Some(&delimiter);
        if may_be_blank && is_blank(record, delimiter) {
            self.blank += 1;
        } else if found == wanted {
            self.numbers.push(self.row);
        } else {
            let hint = if Some(self.row) == self.last_row {
                FOOTER_HINT
            } else {
                ""
            };
            self.refuse(
                record,
                format!("{wanted} fields as in the header, not {found}{hint}"),
            );
        }
        self.field = 0;
        self.row += 1;
        true
    }

    fn unreadable(&mut self, line: &[u8], why: &'static str) -> bool {
        self.refuse(line, why.into());
        self.field = 0;
        self.row += 1;
        true
    }
}
