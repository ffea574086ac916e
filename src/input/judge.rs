//! The rules of single columns: raw cells in, a typed column out, faults noted by row. Code words and timestamps stand
//! here, texts in `judge_text`, numbers in `judge_number`.
//!
//! Rules that look at two columns of a row, and the choice among several faults, stand in `schema`.

use super::cells::{Cell, Cells};
use super::column;
use super::judge_text::used_values;
use super::mapping::UNREADABLE_INSTANT;
use super::number::Marks;
use super::rules::Rules;
use super::text;
use super::timestamp::{LocalTimes, in_range, parse_rfc3339};
use crate::model::flag::Flags;
use crate::model::reject::RejectReason;
use crate::model::time::{Instant, NO_INSTANT};
use rustc_hash::FxHashMap;

/// What is wrong with a row in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fault {
    /// Row of the unit, from 0.
    pub row: u32,
    /// Place of the reason in the order of rejections, lower counts first.
    pub rank: u8,
    /// Column of ours.
    pub column: u8,
    /// The reason.
    pub reason: RejectReason,
}

/// The reasons of parsing in the order in which they count (docs/formats.md, Published tables).
const PRECEDENCE: [RejectReason; 13] = [
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

/// A value, or why the cell has none.
pub(super) type Judged<T> = Result<T, RejectReason>;

/// Judges the columns of one unit.
pub(super) struct Judge<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// Number of rows.
    pub rows: usize,
    /// Flags by row.
    pub flags: Vec<Flags>,
    /// All faults.
    pub faults: Vec<Fault>,
    // By row, a bit per column that has a fault; empty while there is none.
    bad: Vec<u64>,
}

impl<'a> Judge<'a> {
    /// A judge of `rows` rows.
    pub(super) fn new(rules: &'a Rules, rows: usize) -> Judge<'a> {
        Judge {
            rules,
            rows,
            flags: vec![Flags::NONE; rows],
            faults: Vec::new(),
            bad: Vec::new(),
        }
    }

    /// Notes a fault.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rows of a unit, columns of a record and reasons are few"
    )]
    #[cold]
    pub(super) fn fault(&mut self, row: usize, column: usize, reason: RejectReason) {
        let rank = PRECEDENCE
            .iter()
            .position(|&r| r == reason)
            .unwrap_or(PRECEDENCE.len()) as u8;
        self.bad.resize(self.rows, 0);
        self.bad[row] |= 1 << column;
        self.faults.push(Fault {
            row: row as u32,
            rank,
            column: column as u8,
            reason,
        });
    }

    /// Whether a row has a fault in a column.
    pub(super) fn is_bad(&self, row: usize, column: usize) -> bool {
        self.bad
            .get(row)
            .is_some_and(|bits| bits >> column & 1 == 1)
    }

    /// A column of code words: each distinct text is judged once. `None` stands for an empty cell.
    pub(super) fn words<T: Copy>(
        &mut self,
        column: usize,
        cells: &Cells,
        filler: T,
        mut judge: impl FnMut(Option<&str>) -> Judged<T>,
    ) -> Vec<T> {
        // A column that is not there says nothing; only an empty cell of one may have a meaning.
        let values = self
            .rules
            .values(column)
            .filter(|_| !matches!(cells, Cells::Lacking));
        let is_place = column::kind(column) == column::Kind::Place;
        let mut one = |cell: Cell| {
            let raw = cell.text().unwrap_or_default();
            let reading = if is_place {
                text::read_untyped(&raw, values)
            } else {
                text::read(&raw, values)
            };
            let reading = reading.map_err(|_| RejectReason::BadText)?;
            judge(Some(reading.text).filter(|t| !t.is_empty()))
        };
        if !matches!(cells, Cells::Spans(..) | Cells::Texts(..)) {
            return self.column(column, cells, filler, one);
        }
        // The same few words over and over: the raw text is looked up before it is judged, first where a text of its length
        // and ends stood last.
        let mut seen: FxHashMap<&[u8], Judged<T>> = FxHashMap::default();
        let absent = one(Cell::Absent);
        let mut recent: [(&[u8], Judged<T>); 64] = [(b"", absent); 64];
        let mut out = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let raw = match cells.cell(row) {
                Cell::Text(raw) | Cell::Literal(raw) => raw,
                _ => b"",
            };
            // Without this, every empty cell would be compared, and comparing nothing with nothing costs a hundred cycles where the
            // bytes of neither are in memory.
            let judged = if raw.is_empty() {
                absent
            } else {
                let slot = &mut recent[slot_of(raw)];
                if raw != slot.0 {
                    *slot = (
                        raw,
                        *seen.entry(raw).or_insert_with(|| one(Cell::Text(raw))),
                    );
                }
                slot.1
            };
            out.push(match judged {
                Ok(value) => value,
                Err(reason) => {
                    self.fault(row, column, reason);
                    filler
                }
            });
        }
        out
    }

    /// A column by a rule that sees one cell; cells that stand for many rows are judged once.
    pub(super) fn column<T: Copy>(
        &mut self,
        column: usize,
        cells: &Cells,
        filler: T,
        mut judge: impl FnMut(Cell) -> Judged<T>,
    ) -> Vec<T> {
        let settle = |this: &mut Self, row: usize, judged: Judged<T>| match judged {
            Ok(value) => value,
            Err(reason) => {
                this.fault(row, column, reason);
                filler
            }
        };
        match cells {
            Cells::Lacking | Cells::Empty | Cells::Constant(_) | Cells::Folder(_) => {
                match judge(cells.cell(0)) {
                    Ok(value) => vec![value; self.rows],
                    Err(reason) => (0..self.rows)
                        .map(|row| settle(self, row, Err(reason)))
                        .collect(),
                }
            }
            Cells::Coded(codes, nulls, values) => {
                let count = values.len().unwrap_or(0);
                // The dictionary of a whole row group can hold far more values than one batch has use for.
                if count > codes.len() {
                    let (used, codes) = used_values(codes, nulls.as_ref(), count);
                    let mut table: Vec<Judged<T>> =
                        used.iter().map(|&k| judge(values.cell(k))).collect();
                    let absent = table.len();
                    table.push(judge(Cell::Absent));
                    let is_null = |row| nulls.as_ref().is_some_and(|n| n.is_null(row));
                    return (codes.iter().enumerate())
                        .map(|(row, &code)| {
                            let at = if is_null(row) { absent } else { code as usize };
                            settle(self, row, table[at])
                        })
                        .collect();
                }
                let table: Vec<Judged<T>> = (0..count).map(|k| judge(values.cell(k))).collect();
                let good: Option<Vec<T>> = table.iter().map(|judged| judged.ok()).collect();
                match (nulls, good) {
                    (None, Some(good)) => codes.iter().map(|&code| good[code as usize]).collect(),
                    _ => {
                        let absent = judge(Cell::Absent);
                        let is_null = |row| nulls.as_ref().is_some_and(|n| n.is_null(row));
                        let of = |(row, &code): (usize, &i32)| {
                            (
                                row,
                                if is_null(row) {
                                    absent
                                } else {
                                    table[code as usize]
                                },
                            )
                        };
                        codes
                            .iter()
                            .enumerate()
                            .map(of)
                            .map(|(row, judged)| settle(self, row, judged))
                            .collect()
                    }
                }
            }
            Cells::Spans(bytes, spans) => spans
                .iter()
                .enumerate()
                .map(|(row, span)| settle(self, row, judge(span.cell(bytes))))
                .collect(),
            _ => (0..self.rows)
                .map(|row| settle(self, row, judge(cells.cell(row))))
                .collect(),
        }
    }

    /// A timestamp column. An absent one is [`NO_INSTANT`], an unreadable one [`UNREADABLE_INSTANT`].
    pub(super) fn times(&mut self, column: usize, cells: &Cells, required: bool) -> Vec<Instant> {
        if let Cells::Times(values, false, None) = cells
            && values
                .iter()
                .fold(true, |all, &at| all & in_range(at).is_some())
        {
            return values.to_vec();
        }
        let rules = self.rules;
        let (values, patterns) = (rules.values(column), rules.patterns(column));
        let mut local = LocalTimes::new(rules.mapping.zone.as_ref());
        self.column(column, cells, UNREADABLE_INSTANT, |cell| {
            let at = match cell {
                Cell::Time(at) => in_range(at),
                Cell::LocalTime(at) => local.instant(at),
                other => {
                    let raw = other.text().unwrap_or_default();
                    if values.is_none()
                        && raw.len() <= text::LONGEST_CELL
                        && let Some(at) = parse_rfc3339(text::trim(&raw))
                    {
                        return Ok(at);
                    }
                    let reading =
                        text::read_untyped(&raw, values).map_err(|_| RejectReason::BadText)?;
                    if reading.text.is_empty() {
                        return if required {
                            Err(RejectReason::RequiredEmpty)
                        } else {
                            Ok(NO_INSTANT)
                        };
                    }
                    let marks = match cell {
                        _ if reading.translated => Marks::POINT,
                        Cell::Text(_) => rules.marks,
                        Cell::Literal(_) => rules.literal_marks,
                        _ => Marks::POINT,
                    };
                    patterns.parse(reading.text, marks)
                }
            };
            at.ok_or(RejectReason::MalformedTimestamp)
        })
    }
}

/// Where a word is remembered: by its length and its last two bytes, which tell codes apart better than the first ones.
fn slot_of(raw: &[u8]) -> usize {
    let ends = match raw {
        [.., a, b] => *a as usize * 31 + *b as usize,
        _ => 0,
    };
    (ends + raw.len() * 7) % 64
}
