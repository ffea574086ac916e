//! The rules of single columns: raw cells in, a typed column out, faults noted by row.
//!
//! Rules that look at two columns of a row, and the choice among several faults, stand in `schema`.

use super::cells::{Cell, Cells};
use super::column;
use super::mapping::UNREADABLE_INSTANT;
use super::number::{Marks, Scaled, exact_double, parse, pounds_to_grams, rescale};
use super::rules::Rules;
use super::text;
use super::timestamp::{LocalTimes, in_range, parse_rfc3339};
use crate::model::flag::Flags;
use crate::model::id::is_iso6346;
use crate::model::reject::RejectReason;
use crate::model::text::TextColumn;
use crate::model::time::{Instant, NO_INSTANT};
use rustc_hash::FxHashMap;

/// What is wrong with a row in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Row of the unit, from 0.
    pub row: u32,
    /// Place of the reason in the order of rejections, lower counts first.
    pub rank: u8,
    /// Column of ours.
    pub column: u8,
    /// The reason.
    pub reason: RejectReason,
}

/// The reasons of parsing in the order in which they count (design 7).
pub const PRECEDENCE: [RejectReason; 13] = [
    RejectReason::UnreadableRecord,
    RejectReason::BadText,
    RejectReason::RequiredEmpty,
    RejectReason::MalformedNumber,
    RejectReason::NumberOutOfRange,
    RejectReason::MalformedTimestamp,
    RejectReason::ArrivalBeforeDeparture,
    RejectReason::UnknownCodeWord,
    RejectReason::MalformedLocation,
    RejectReason::HubMoves,
    RejectReason::OperationOfOtherMode,
    RejectReason::UnknownOperation,
    RejectReason::CheckDigit,
];

/// A number column: decimals, unit, range.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Column of ours.
    pub column: usize,
    /// Decimals that are kept of the number as written.
    pub scale: u32,
    /// Whether the number is in pounds (then 3 decimals) and becomes grams.
    pub pounds: bool,
    /// Largest value in the unit of the column.
    pub max: u64,
    /// What a zero means.
    pub zero: Zero,
}

/// What an explicit zero means in a number column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zero {
    /// Out of range.
    Refused,
    /// Absent.
    Absent,
    /// Another column decides: the rows are handed back.
    Open,
}

/// Judges the columns of one unit.
pub struct Judge<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// Flags by row.
    pub flags: Vec<Flags>,
    /// By row, a bit per column that has a fault.
    pub bad: Vec<u32>,
    /// All faults.
    pub faults: Vec<Fault>,
    rows: usize,
}

type Judged<T> = Result<T, RejectReason>;

impl<'a> Judge<'a> {
    /// A judge of `rows` rows.
    pub fn new(rules: &'a Rules, rows: usize) -> Judge<'a> {
        Judge { rules, flags: vec![Flags::NONE; rows], bad: vec![0; rows], faults: Vec::new(), rows }
    }

    /// Notes a fault.
    pub fn fault(&mut self, row: usize, column: usize, reason: RejectReason) {
        let rank = PRECEDENCE.iter().position(|&r| r == reason).unwrap_or(PRECEDENCE.len()) as u8;
        self.bad[row] |= 1 << column;
        self.faults.push(Fault { row: row as u32, rank, column: column as u8, reason });
    }

    /// Whether a row has a fault in a column.
    pub fn is_bad(&self, row: usize, column: usize) -> bool {
        self.bad[row] >> column & 1 == 1
    }

    /// A column of code words: each distinct text is judged once. `None` stands for an empty cell.
    pub fn words<T: Copy>(
        &mut self,
        column: usize,
        cells: &Cells,
        filler: T,
        mut judge: impl FnMut(Option<&str>) -> Judged<T>,
    ) -> Vec<T> {
        let (values, rows) = (self.rules.values(column), self.rows);
        let mut one = |cell: Cell| {
            let raw = cell.text().unwrap_or_default();
            let reading = text::read(&raw, values).map_err(|_| RejectReason::BadText)?;
            judge(Some(reading.text).filter(|t| !t.is_empty()))
        };
        let mut out = Vec::with_capacity(rows);
        let mut put = |row: usize, judged: Judged<T>| match judged {
            Ok(value) => out.push(value),
            Err(reason) => {
                out.push(filler);
                self.fault(row, column, reason);
            }
        };
        match cells {
            Cells::Spans(..) => {
                // The same few words over and over: look the raw text up before judging it.
                let mut seen: FxHashMap<&[u8], Judged<T>> = FxHashMap::default();
                let mut last: (&[u8], Judged<T>) = (b"", one(Cell::Absent));
                for row in 0..rows {
                    let cell = cells.cell(row);
                    let raw = match cell {
                        Cell::Text(raw) | Cell::Literal(raw) => raw,
                        _ => b"",
                    };
                    if raw != last.0 {
                        last = (raw, *seen.entry(raw).or_insert_with(|| one(cell)));
                    }
                    put(row, last.1);
                }
            }
            _ => each(cells, rows, one, put),
        }
        out
    }

    /// A text column; faulty cells become empty.
    pub fn texts(&mut self, column: usize, cells: &Cells, required: bool) -> TextColumn {
        if self.rules.values(column).is_none()
            && let Some(whole) = whole_column(cells, required)
        {
            return whole;
        }
        self.each_text(column, cells, required, |text, buffer| {
            buffer.extend_from_slice(text);
            false
        })
    }

    /// Container numbers: upper case, without spaces and hyphens; one that is not ISO 6346 is flagged Q10 or refused.
    pub fn container_ids(&mut self, cells: &Cells) -> TextColumn {
        self.each_text(column::CONTAINER_ID, cells, false, |text, buffer| {
            let start = buffer.len();
            buffer.extend(text.iter().filter(|b| !matches!(b, b' ' | b'-')).map(u8::to_ascii_uppercase));
            buffer.len() > start && !is_iso6346(&buffer[start..])
        })
    }

    /// Texts through `normal`, which appends the text to keep and says whether it is a wrong container number.
    fn each_text(
        &mut self,
        column: usize,
        cells: &Cells,
        required: bool,
        normal: impl Fn(&[u8], &mut Vec<u8>) -> bool,
    ) -> TextColumn {
        let rules = self.rules;
        let (values, strict) = (rules.values(column), rules.vocabulary.strict_container_id);
        // The text goes to the end of the buffer; the flag is returned.
        let one = |cell: Cell, buffer: &mut Vec<u8>| -> Judged<bool> {
            let start = buffer.len();
            let mut judged = |raw: &[u8]| {
                let trimmed = text::trim(raw);
                let wrong = if values.is_none() && trimmed.len() <= text::LONGEST && text::is_plain(trimmed) {
                    normal(trimmed, buffer)
                } else {
                    normal(text::read(raw, values).map_err(|_| RejectReason::BadText)?.text.as_bytes(), buffer)
                };
                match () {
                    _ if required && buffer.len() == start => Err(RejectReason::RequiredEmpty),
                    _ if wrong && strict => Err(RejectReason::CheckDigit),
                    _ => Ok(wrong),
                }
            };
            let result = match cell {
                Cell::Text(raw) | Cell::Literal(raw) => judged(raw),
                other => judged(&other.text().unwrap_or_default()),
            };
            if result.is_err() {
                buffer.truncate(start);
            }
            result
        };
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(self.rows));
        let flagged = |judge: &mut Self, row: usize, judged: Judged<bool>| match judged {
            Ok(false) => {}
            Ok(true) => judge.flags[row] |= Flags::CHECK_DIGIT,
            Err(reason) => judge.fault(row, column, reason),
        };
        if let Cells::Coded(codes, nulls, values) = cells {
            let mut distinct = Vec::new();
            let mut table: Vec<(u32, u32, Judged<bool>)> = Vec::new();
            for k in 0..=values.len().unwrap_or(0) {
                let cell = if k < values.len().unwrap_or(0) { values.cell(k) } else { Cell::Absent };
                let start = distinct.len() as u32;
                let judged = one(cell, &mut distinct);
                table.push((start, distinct.len() as u32, judged));
            }
            let absent = table.len() - 1;
            bytes.reserve(self.rows * 12);
            for row in 0..self.rows {
                let code = if nulls.as_ref().is_some_and(|n| n.is_null(row)) { absent } else { codes[row] as usize };
                let (start, end, judged) = table[code];
                bytes.extend_from_slice(&distinct[start as usize..end as usize]);
                ends.push(bytes.len() as u32);
                if judged != Ok(false) {
                    flagged(self, row, judged);
                }
            }
        } else {
            for row in 0..self.rows {
                let judged = one(cells.cell(row), &mut bytes);
                ends.push(bytes.len() as u32);
                if judged != Ok(false) {
                    flagged(self, row, judged);
                }
            }
        }
        TextColumn::from_parts(bytes, ends).expect("ends were pushed in order up to the last byte")
    }

    /// A timestamp column. An absent one is [`NO_INSTANT`], an unreadable one [`UNREADABLE_INSTANT`].
    pub fn times(&mut self, column: usize, cells: &Cells, required: bool) -> Vec<Instant> {
        if let Cells::Times(values, false, None) = cells
            && let (Some(low), Some(high)) = (values.iter().min(), values.iter().max())
            && in_range(*low).is_some()
            && in_range(*high).is_some()
        {
            return values.to_vec();
        }
        let rules = self.rules;
        let (values, patterns) = (rules.values(column), rules.patterns(column));
        let mut local = LocalTimes::new(rules.mapping.zone.as_ref());
        let one = |cell: Cell| -> Judged<Instant> {
            let at = match cell {
                Cell::Time(at) => in_range(at),
                Cell::LocalTime(at) => local.instant(at),
                other => {
                    let raw = other.text().unwrap_or_default();
                    if values.is_none()
                        && let Some(at) = parse_rfc3339(text::trim(&raw))
                    {
                        return Ok(at);
                    }
                    let reading = text::read(&raw, values).map_err(|_| RejectReason::BadText)?;
                    if reading.text.is_empty() {
                        return if required { Err(RejectReason::RequiredEmpty) } else { Ok(NO_INSTANT) };
                    }
                    patterns.parse(reading.text)
                }
            };
            at.ok_or(RejectReason::MalformedTimestamp)
        };
        let mut out = Vec::with_capacity(self.rows);
        each(cells, self.rows, one, |row, judged| match judged {
            Ok(at) => out.push(at),
            Err(reason) => {
                out.push(UNREADABLE_INSTANT);
                self.fault(row, column, reason);
            }
        });
        out
    }

    /// The order in the chain: a whole number 1..=10000, written or not with decimals that are zero.
    pub fn sequences(&mut self, cells: &Cells) -> Vec<u16> {
        let rules = self.rules;
        if matches!(cells, Cells::Lacking) {
            return vec![0; self.rows];
        }
        let one = |cell: Cell| -> Judged<u16> {
            if let Cell::Decimal(value @ 1..=10_000, 0) = cell
                && rules.values(column::SEQUENCE).is_none()
            {
                return Ok(value as u16);
            }
            let found = number(rules, column::SEQUENCE, 0, cell)?.ok_or(RejectReason::RequiredEmpty)?;
            match found {
                Scaled { inexact: true, .. } => Err(RejectReason::MalformedNumber),
                Scaled { magnitude: 1..=10_000, negative: false, .. } => Ok(found.magnitude as u16),
                _ => Err(RejectReason::NumberOutOfRange),
            }
        };
        let mut out = Vec::with_capacity(self.rows);
        each(cells, self.rows, one, |row, judged| match judged {
            Ok(value) => out.push(value),
            Err(reason) => {
                out.push(0);
                self.fault(row, column::SEQUENCE, reason);
            }
        });
        out
    }

    /// A number column, zero where absent; and the rows with an explicit zero that another column decides about.
    pub fn measures<T: TryFrom<u64> + Default + PartialEq + Copy>(
        &mut self,
        measure: &Measure,
        cells: &Cells,
    ) -> (Vec<T>, Vec<u32>) {
        let (rules, rows) = (self.rules, self.rows);
        let mut zeros = Vec::new();
        if let Cells::Doubles(values, _) = cells
            && rules.values(measure.column).is_none()
            && !measure.pounds
        {
            // Nearly every double takes the short way; absent, zero and odd ones are zero after it and are looked at again.
            let power = 10f64.powi(measure.scale as i32);
            let short = |&value: &f64| {
                let exact = exact_double(value, power);
                T::try_from(if exact <= measure.max { exact } else { 0 }).unwrap_or_default()
            };
            let mut out: Vec<T> = values.iter().map(short).collect();
            for (row, value) in out.iter_mut().enumerate() {
                if *value == T::default() {
                    *value = self.settle(measure, row, judge_number(rules, measure, cells.cell(row)), &mut zeros);
                }
            }
            return (out, zeros);
        }
        let mut out = Vec::with_capacity(rows);
        let one = |cell: Cell| judge_number(rules, measure, cell);
        each(cells, rows, one, |row, judged| out.push(self.settle(measure, row, judged, &mut zeros)));
        (out, zeros)
    }

    fn settle<T: TryFrom<u64> + Default>(
        &mut self,
        measure: &Measure,
        row: usize,
        judged: Judged<Option<Number>>,
        zeros: &mut Vec<u32>,
    ) -> T {
        let number = match judged {
            Ok(Some(number)) => number,
            Ok(None) => return T::default(),
            Err(reason) => {
                self.fault(row, measure.column, reason);
                return T::default();
            }
        };
        if number.rounded {
            self.flags[row] |= Flags::DECIMALS_ROUNDED;
        }
        if number.value == 0 {
            match measure.zero {
                Zero::Refused => self.fault(row, measure.column, RejectReason::NumberOutOfRange),
                Zero::Absent => {}
                Zero::Open => zeros.push(row as u32),
            }
        }
        T::try_from(number.value).unwrap_or_default()
    }
}

/// A number in the unit of its column.
#[derive(Clone, Copy, Debug)]
struct Number {
    value: u64,
    rounded: bool,
}

/// A number cell against the range of its column; `None`: absent.
fn judge_number(rules: &Rules, measure: &Measure, cell: Cell) -> Judged<Option<Number>> {
    let Some(found) = number(rules, measure.column, measure.scale, cell)? else { return Ok(None) };
    if found.inexact && rules.mapping.reject_excess_decimals {
        return Err(RejectReason::MalformedNumber);
    }
    let magnitude = if measure.pounds { pounds_to_grams(found.magnitude) } else { found.magnitude };
    if magnitude > measure.max as u128 || (found.negative && magnitude != 0) {
        return Err(RejectReason::NumberOutOfRange);
    }
    Ok(Some(Number { value: magnitude as u64, rounded: found.inexact }))
}

/// A number cell scaled to `scale` decimals; `None`: absent.
fn number(rules: &Rules, column: usize, scale: u32, cell: Cell) -> Judged<Option<Scaled>> {
    let values = rules.values(column);
    if values.is_none() {
        match cell {
            Cell::Absent => return Ok(None),
            Cell::Decimal(mantissa, from) => return Ok(Some(rescale(mantissa, from, scale))),
            Cell::Double(value) => {
                let text = format!("{value}");
                return parse(text.as_bytes(), Marks::POINT, scale).map(Some).ok_or(RejectReason::MalformedNumber);
            }
            _ => {}
        }
    }
    let raw = cell.text().unwrap_or_default();
    let reading = text::read(&raw, values).map_err(|_| RejectReason::BadText)?;
    if reading.text.is_empty() {
        return Ok(None);
    }
    let theirs = matches!(cell, Cell::Text(_)) && !reading.translated;
    let marks = if theirs { rules.marks } else { Marks::POINT };
    parse(reading.text.as_bytes(), marks, scale).map(Some).ok_or(RejectReason::MalformedNumber)
}

/// Judges every cell, those that stand for many rows once.
fn each<R: Copy>(cells: &Cells, rows: usize, mut judge: impl FnMut(Cell) -> R, mut put: impl FnMut(usize, R)) {
    match cells {
        Cells::Lacking | Cells::Constant(_) => {
            let judged = judge(cells.cell(0));
            (0..rows).for_each(|row| put(row, judged));
        }
        Cells::Coded(codes, nulls, values) => {
            let table: Vec<R> = (0..values.len().unwrap_or(0)).map(|k| judge(values.cell(k))).collect();
            match nulls {
                None => codes.iter().enumerate().for_each(|(row, &code)| put(row, table[code as usize])),
                Some(nulls) => {
                    let absent = judge(Cell::Absent);
                    for (row, &code) in codes.iter().enumerate() {
                        put(row, if nulls.is_null(row) { absent } else { table[code as usize] });
                    }
                }
            }
        }
        _ => (0..rows).for_each(|row| put(row, judge(cells.cell(row)))),
    }
}

/// A column of texts that are all in order as they stand: printable ASCII without a space, 1 to 64 bytes (0 if not
/// required). `None` sends the column the careful way.
fn whole_column(cells: &Cells, required: bool) -> Option<TextColumn> {
    let Cells::Texts(bytes, offsets, None) = cells else { return None };
    let (first, ends) = offsets.split_first()?;
    let bytes = bytes.get(..*ends.last().unwrap_or(&0) as usize)?;
    let printable = bytes.iter().fold(true, |all, b| all & (0x21..0x7f).contains(b));
    let shortest = if required { 1 } else { 0 };
    let lengths = offsets.windows(2).fold(true, |all, w| all & (shortest..=text::LONGEST as i32).contains(&(w[1] - w[0])));
    if *first != 0 || !printable || !lengths {
        return None;
    }
    TextColumn::from_parts(bytes.to_vec(), ends.iter().map(|&e| e as u32).collect())
}
