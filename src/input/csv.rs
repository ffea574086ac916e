//! CSV files: the header, blocks of records, records to raw columns.
//!
//! Where records end is the business of `split`, what cells mean that of `schema`.

use super::cells::{Cells, Span};
use super::mapping::COLUMNS;
use super::rules::{Layout, Origin, Rules};
use super::schema::{self, RawUnit, RowNumbers};
use super::split::{Sink, cut, scan};
use super::stream::{Block, Blocks};
use super::{FileFault, FileInfo, Input, Parsed, Reader, SourceFile, Unit, text};
use crate::model::index::index16;
use crate::model::reject::{Reject, RejectReason, Rejected};
use std::sync::Arc;

/// CSV with the delimiter of `[formats]`.
pub const INPUT: Input = Input {
    name: "csv",
    extensions: &["csv", "tsv"],
    is_text: true,
    open,
};

fn open(source: SourceFile, rules: Arc<Rules>) -> Result<Box<dyn Reader>, FileFault> {
    let delimiter = rules.mapping.delimiter;
    let fault = |message: String| FileFault::new(&source.label, message);
    let mut blocks = Blocks::open(&source, rules.mapping.encoding)?;
    let first = loop {
        match blocks.next(|bytes, last| cut(bytes, delimiter, last))? {
            Some(block) if block.records == 0 => {}
            Some(block) => break block,
            None => return Err(fault("there is no header line".into())),
        }
    };
    let mut header = Header {
        bytes: &first.bytes,
        names: Vec::new(),
        unreadable: None,
    };
    let end = scan(&first.bytes, delimiter, true, &mut header);
    if let Some(why) = header.unreadable {
        return Err(fault(format!(
            "the header line cannot be read: wanted {why}"
        )));
    }
    let names = header.names;
    let first = Block {
        bytes: first.bytes[end..].to_vec(),
        records: first.records - 1,
    };
    let layout = Layout::new(&names, &rules.mapping).map_err(fault)?;
    let shape = Arc::new(Shape::new(&source, names.len(), layout, rules));
    Ok(Box::new(CsvReader {
        shape,
        blocks,
        first: Some(first),
        row: 1,
    }))
}

struct Header<'a> {
    bytes: &'a [u8],
    names: Vec<String>,
    unreadable: Option<&'static str>,
}

impl Sink for Header<'_> {
    fn field(&mut self, start: usize, end: usize) {
        self.unescaped(&self.bytes[start..end]);
    }

    fn unescaped(&mut self, text: &[u8]) {
        self.names
            .push(String::from_utf8_lossy(text::trim(text)).into_owned());
    }

    fn record(&mut self, _: &[u8]) -> bool {
        false
    }

    fn unreadable(&mut self, _: &[u8], why: &'static str) {
        self.unreadable.get_or_insert(why);
    }
}

/// What all units of a file share.
struct Shape {
    label: String,
    file: u32,
    layout: Layout,
    rules: Arc<Rules>,
    /// By field of a record: the column of spans it goes to, or `SKIP`.
    slots: Vec<u16>,
    slot_count: usize,
}

const SKIP: u16 = u16::MAX;

impl Shape {
    fn new(source: &SourceFile, width: usize, layout: Layout, rules: Arc<Rules>) -> Shape {
        let mut slots = vec![SKIP; width];
        let mut slot_count = 0;
        for origin in layout.origins {
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
    first: Option<Block>,
    row: u64,
}

impl Reader for CsvReader {
    fn info(&self) -> FileInfo {
        let layout = &self.shape.layout;
        FileInfo {
            format: INPUT.name,
            unknown_columns: layout.unknown.clone(),
            lacks_sequence: layout.lacks_sequence(),
        }
    }

    fn next_unit(&mut self) -> Result<Option<Box<dyn Unit>>, FileFault> {
        let delimiter = self.shape.rules.mapping.delimiter;
        loop {
            let block = match self.first.take() {
                Some(block) => block,
                None => match self
                    .blocks
                    .next(|bytes, last| cut(bytes, delimiter, last))?
                {
                    Some(block) => block,
                    None => return Ok(None),
                },
            };
            if block.records == 0 {
                continue;
            }
            let first = self.row;
            self.row += block.records;
            return Ok(Some(Box::new(CsvUnit {
                shape: self.shape.clone(),
                block,
                first,
            })));
        }
    }
}

struct CsvUnit {
    shape: Arc<Shape>,
    block: Block,
    first: u64,
}

impl Unit for CsvUnit {
    fn parse(self: Box<Self>) -> Result<Vec<Parsed>, FileFault> {
        let CsvUnit {
            shape,
            block,
            first,
        } = *self;
        let mut bytes = block.bytes;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a unit holds at most 131,072 rows"
        )]
        let most = block.records as usize;
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
        };
        scan(&bytes, shape.rules.mapping.delimiter, true, &mut fields);
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
            ..
        } = fields;
        bytes.extend_from_slice(&extra);
        let rows = numbers.len();
        let cells = std::array::from_fn(|ours| match shape.layout.origins[ours] {
            Origin::Lacking => Cells::Lacking,
            Origin::Constant => Cells::Constant(&shape.rules.mapping.constants[COLUMNS[ours]]),
            Origin::File(field) => {
                let from = shape.slots[field] as usize * most;
                Cells::Spans(&bytes, &spans[from..from + rows])
            }
        });
        let unit = RawUnit {
            cells,
            rows,
            numbers: RowNumbers::List(numbers),
            file: shape.file,
            unreadable,
        };
        Ok(vec![schema::parse(unit, &shape.rules)])
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
}

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
pub fn unreadable(file: u32, row: u64, found: &[u8], wanted: String) -> Rejected {
    // 120 characters have at most 480 bytes.
    let found = String::from_utf8_lossy(&found[..found.len().min(480)]);
    let reject = Reject::new(RejectReason::UnreadableRecord, "", &found, wanted);
    Rejected {
        file,
        row,
        reject,
        shipment_id: String::new(),
        movement_id: String::new(),
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
        if found == wanted {
            self.numbers.push(self.row);
        } else {
            self.refuse(
                record,
                format!("{wanted} fields as in the header, not {found}"),
            );
        }
        self.field = 0;
        self.row += 1;
        true
    }

    fn unreadable(&mut self, line: &[u8], why: &'static str) {
        self.refuse(line, why.into());
        self.field = 0;
        self.row += 1;
    }
}
