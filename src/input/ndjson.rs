//! JSON files, one object a line or all in one array; keys to columns, a first pass that finds which keys there are.
//!
//! A file lacks a column when no record has the key (docs/formats.md, Movement records), so the whole file is looked at before any row is parsed.

use super::cells::{Cells, Span};
use super::csv::unreadable;
use super::encoding::mistaken;
use super::heads;
use super::json::{Value, object, unescape};
use super::json_array::{Between, Framing};
use super::rules::{Layout, Origin, Rules, close_inner_keys};
use super::schema::{self, RawUnit, RowNumbers};
use super::stream::{Block, Blocks, LONGEST_RECORD};
use super::{FileFault, FileInfo, Input, Parsed, Reader, SourceFile, Unit};
use crate::model::reject::Rejected;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// NDJSON, also called JSON Lines.
pub(super) const INPUT: Input = Input {
    name: "ndjson",
    extensions: &["ndjson", "jsonl", "json"],
    is_text: true,
    open,
};

// More names than this are a broken export; the manifest need not hold them all.
const MOST_UNKNOWN: usize = 1000;

fn open(source: SourceFile, rules: Arc<Rules>) -> Result<Box<dyn Reader>, FileFault> {
    let fault = |message: String| FileFault::new(&source.label, message);
    let mut names = Names::new(&rules);
    let mut blocks = Blocks::open(&source, rules.mapping.encoding)?;
    let framing = Framing::of(blocks.beginning()?);
    let mut between = Between::default();
    let mut foreign = None;
    while let Some(block) = blocks.next(|bytes, last| framing.cut(bytes, last))? {
        foreign = foreign.or_else(|| mistaken(rules.mapping.encoding, &block.bytes));
        names.look(framing, &block.bytes);
        if framing == Framing::Array {
            between.look(&block.bytes);
        }
    }
    if framing == Framing::Array
        && let Some(why) = between.fault()
    {
        return Err(fault(why.into()));
    }
    if names.records > 0 && names.readable == 0 {
        return Err(fault(match framing {
            Framing::Lines => format!(
                "none of its {} lines is a record: a JSON object with every key once, on a line of its own (or all records in one array, which is all of the file)",
                names.records
            ),
            Framing::Array => format!(
                "none of its {} elements is a record: a JSON object with every key once",
                names.records
            ),
        }));
    }
    let mut layout = Layout::of_keys(&names.found, &source.label, &rules.mapping).map_err(fault)?;
    let warnings: Vec<String> = close_inner_keys(&names.inner, &layout, &rules.mapping).collect();
    layout.warnings.extend(warnings.into_iter().chain(foreign));
    let mut slots: FxHashMap<Box<[u8]>, usize> = FxHashMap::default();
    let mut slot_of = vec![None; layout.origins.len()];
    for (ours, origin) in layout.origins.iter().enumerate() {
        if let Origin::File(position) = origin {
            let next = slots.len();
            slot_of[ours] = Some(
                *slots
                    .entry(names.found[*position].as_bytes().into())
                    .or_insert(next),
            );
        }
    }
    let shape = Arc::new(Shape {
        label: source.label.clone(),
        file: source.index,
        framing,
        layout,
        rules: rules.clone(),
        slots,
        slot_of,
    });
    let blocks = Blocks::open(&source, rules.mapping.encoding)?;
    Ok(Box::new(NdjsonReader {
        shape,
        blocks,
        row: 1,
    }))
}

/// Keys of objects that are looked at.
const MOST_INNER: usize = 100;

/// The members of a line, or what was wanted.
fn members(line: &[u8], member: impl FnMut(Value, Value)) -> Result<(), &'static str> {
    if line.len() > LONGEST_RECORD {
        return Err("a record of at most 64 KiB");
    }
    object(line, member)
}

/// A key as written, and without escapes.
struct Key {
    written: Box<[u8]>,
    plain: Box<[u8]>,
}

/// The keys of the record before: the next record mostly has the same ones in the same order.
#[derive(Default)]
struct Keys {
    expected: Vec<Key>,
    count: usize,
    changed: bool,
}

impl Keys {
    fn start(&mut self) {
        self.count = 0;
        self.changed = false;
    }

    /// The position of the next key among those of the record; `true` when it was expected there.
    fn next(&mut self, line: &[u8], key: Value) -> (usize, bool) {
        let (raw, escaped) = match key {
            Value::Text(start, end, escaped) => (&line[start..end], escaped),
            _ => (&line[..0], false),
        };
        let at = self.count;
        self.count += 1;
        if self
            .expected
            .get(at)
            .is_some_and(|expected| *expected.written == *raw)
        {
            return (at, true);
        }
        self.changed = true;
        let plain = if escaped { unescape(raw) } else { raw.to_vec() };
        let entry = Key {
            written: raw.into(),
            plain: plain.into(),
        };
        if at < self.expected.len() {
            self.expected[at] = entry;
        } else {
            self.expected.push(entry);
        }
        (at, false)
    }

    /// Whether the record had a key twice; then nothing is expected of the next one.
    fn has_duplicate(&mut self) -> bool {
        if !self.changed && self.count == self.expected.len() {
            return false;
        }
        self.expected.truncate(self.count);
        let mut keys: Vec<&[u8]> = self.expected.iter().map(|key| &*key.plain).collect();
        keys.sort_unstable();
        let duplicate = keys.windows(2).any(|pair| pair[0] == pair[1]);
        if duplicate {
            self.expected.clear();
        }
        duplicate
    }

    fn forget(&mut self) {
        self.expected.clear();
    }
}

/// The names found in the first pass, in order of appearance.
struct Names {
    wanted: FxHashSet<String>,
    seen: FxHashSet<Box<[u8]>>,
    found: Vec<String>,
    /// Keys of objects that are values: `cargo.mass_kg`.
    inner: Vec<String>,
    unknown: usize,
    records: u64,
    readable: u64,
    keys: Keys,
}

impl Names {
    fn new(rules: &Rules) -> Names {
        let wanted = (rules.mapping.names())
            .map(|ours| heads::normal(rules.mapping.theirs(ours)))
            .collect();
        Names {
            wanted,
            seen: FxHashSet::default(),
            found: Vec::new(),
            inner: Vec::new(),
            unknown: 0,
            records: 0,
            readable: 0,
            keys: Keys::default(),
        }
    }

    fn look(&mut self, framing: Framing, bytes: &[u8]) {
        framing.each(bytes, |_, record| {
            self.records += 1;
            self.keys.start();
            let mut news = false;
            let read = members(record, |key, _| news |= !self.keys.next(record, key).1);
            if read.is_err() || self.keys.has_duplicate() {
                self.keys.forget();
                return;
            }
            self.readable += 1;
            if news {
                self.note();
                self.note_inner(record);
            }
        });
    }

    fn note(&mut self) {
        for Key { plain, .. } in &self.keys.expected {
            if self.seen.contains(plain) {
                continue;
            }
            let name = String::from_utf8_lossy(plain).into_owned();
            let known = self.wanted.contains(&heads::normal(&name));
            if known || self.unknown < MOST_UNKNOWN {
                self.unknown += !known as usize;
                self.seen.insert(plain.clone());
                self.found.push(name);
            }
        }
    }
}

impl Names {
    /// Of records with news; nothing is read from there, but what looks like a column is told.
    fn note_inner(&mut self, record: &[u8]) {
        let text = |value: Value| match value {
            Value::Text(start, end, _) => String::from_utf8_lossy(&record[start..end]).into_owned(),
            _ => String::new(),
        };
        let mut inner = Vec::new();
        // The record was read before.
        let _ = members(record, |key, value| {
            if let Value::Other(start, end) = value
                && record[start] == b'{'
            {
                let of = text(key);
                let object = &record[start..end];
                let name = |value: Value| match value {
                    Value::Text(start, end, _) => String::from_utf8_lossy(&object[start..end]),
                    _ => String::new().into(),
                };
                let _ =
                    super::json::object(object, |key, _| inner.push(format!("{of}.{}", name(key))));
            }
        });
        inner.retain(|name| !self.inner.contains(name));
        inner.truncate(MOST_INNER.saturating_sub(self.inner.len()));
        self.inner.append(&mut inner);
    }
}

struct Shape {
    label: String,
    file: u32,
    framing: Framing,
    layout: Layout,
    rules: Arc<Rules>,
    /// Keys that we read, to the column of spans they go to.
    slots: FxHashMap<Box<[u8]>, usize>,
    /// By column of ours.
    slot_of: Vec<Option<usize>>,
}

struct NdjsonReader {
    shape: Arc<Shape>,
    blocks: Blocks,
    row: u64,
}

impl Reader for NdjsonReader {
    fn info(&self) -> FileInfo {
        FileInfo::new(INPUT.name, &self.shape.layout)
    }

    fn next_unit(&mut self) -> Result<Option<Box<dyn Unit>>, FileFault> {
        let framing = self.shape.framing;
        while let Some(block) = self.blocks.next(|bytes, last| framing.cut(bytes, last))? {
            if block.records > 0 {
                let first = self.row;
                self.row += block.records;
                return Ok(Some(Box::new(NdjsonUnit {
                    shape: self.shape.clone(),
                    block,
                    first,
                })));
            }
        }
        Ok(None)
    }
}

struct NdjsonUnit {
    shape: Arc<Shape>,
    block: Block,
    first: u64,
}

impl Unit for NdjsonUnit {
    fn parse(self: Box<Self>) -> Result<Vec<Parsed>, FileFault> {
        let NdjsonUnit {
            shape,
            block,
            first,
        } = *self;
        let mut bytes = block.bytes;
        let mut records = Records::new(&shape, bytes.len(), first);
        let framing = shape.framing;
        framing.each(&bytes, |start, record| records.read(start, record));
        assert_eq!(
            records.row - first,
            block.records,
            "{}: records of a block",
            shape.label
        );
        let Records {
            columns,
            extra,
            numbers,
            unreadable,
            ..
        } = records;
        bytes.extend_from_slice(&extra);
        let cells = |(ours, slot): (usize, &Option<usize>)| match *slot {
            Some(slot) => Cells::Spans(&bytes, &columns[slot]),
            None => shape.layout.outside(ours, &shape.rules.mapping),
        };
        let cells = shape.slot_of.iter().enumerate().map(cells).collect();
        let rows = numbers.len();
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

/// Records of a block, by column.
struct Records<'a> {
    shape: &'a Shape,
    base: usize,
    row: u64,
    columns: Vec<Vec<Span>>,
    extra: Vec<u8>,
    numbers: Vec<u64>,
    unreadable: Vec<Rejected>,
    keys: Keys,
    // By position of a key in the record: its column of spans.
    slots: Vec<Option<usize>>,
    current: Vec<Span>,
}

impl<'a> Records<'a> {
    fn new(shape: &'a Shape, base: usize, first: u64) -> Records<'a> {
        Records {
            shape,
            base,
            row: first,
            columns: vec![Vec::new(); shape.slots.len()],
            extra: Vec::new(),
            numbers: Vec::new(),
            unreadable: Vec::new(),
            keys: Keys::default(),
            slots: Vec::new(),
            current: vec![Span::ABSENT; shape.slots.len()],
        }
    }

    fn read(&mut self, start: usize, line: &[u8]) {
        self.keys.start();
        self.current.fill(Span::ABSENT);
        let mut odd = None;
        let (keys, slots, current, extra, shape, base) = (
            &mut self.keys,
            &mut self.slots,
            &mut self.current,
            &mut self.extra,
            self.shape,
            self.base,
        );
        let read = members(line, |key, value| {
            let (position, expected) = keys.next(line, key);
            if !expected {
                slots.resize(slots.len().max(position + 1), None);
                slots[position] = shape.slots.get(&keys.expected[position].plain).copied();
            }
            let Some(slot) = slots[position] else { return };
            current[slot] = match value {
                Value::Null => Span::ABSENT,
                Value::Number(from, to) => Span::literal(start + from, start + to),
                Value::Text(from, to, false) => Span::text(start + from, start + to),
                Value::Text(from, to, true) => {
                    let at = base + extra.len();
                    extra.extend_from_slice(&unescape(&line[from..to]));
                    Span::text(at, base + extra.len())
                }
                Value::Other(from, to) => {
                    odd.get_or_insert((slot, from, to));
                    Span::ABSENT
                }
            };
        });
        let read = read.and_then(|()| {
            if self.keys.has_duplicate() {
                Err("every key once")
            } else {
                Ok(())
            }
        });
        match (read, odd) {
            (Err(why), _) => {
                self.keys.forget();
                self.unreadable
                    .push(unreadable(self.shape.file, self.row, line, why.into()));
            }
            (Ok(()), Some((slot, from, to))) => {
                let mut rejected = unreadable(
                    self.shape.file,
                    self.row,
                    &line[from..to],
                    "a string, a number or null".into(),
                );
                let mut slots = self.shape.slot_of.iter();
                let column = slots.position(|s| *s == Some(slot)).unwrap_or_default();
                rejected.reject.column = self.shape.rules.mapping.name(column);
                self.unreadable.push(rejected);
            }
            (Ok(()), None) => {
                for (column, &span) in self.columns.iter_mut().zip(&self.current) {
                    column.push(span);
                }
                self.numbers.push(self.row);
            }
        }
        self.row += 1;
    }
}
