//! Number columns: decimals, units and ranges of docs/formats.md. The grammar and the rounding stand in `number`.

use super::cells::{Cell, Cells};
use super::column;
use super::judge::{Judge, Judged};
use super::number::{Marks, Ratio, Scaled, exact_double, parse, rescale};
use super::rules::Rules;
use super::text;
use crate::model::flag::Flags;
use crate::model::index::index32;
use crate::model::reject::RejectReason;
use arrow::buffer::NullBuffer;

/// A number column: decimals, unit, range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    /// Column of ours.
    pub column: usize,
    /// Decimals that are kept of the number as written.
    pub scale: u32,
    /// What a thousandth of its unit is in that of the column, where it is not the same but for a power of ten.
    pub ratio: Option<Ratio>,
    /// Largest value in the unit of the column.
    pub max: u64,
    /// What a zero means.
    pub zero: Zero,
}

/// What an explicit zero means in a number column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    /// Out of range.
    Refused,
    /// Absent.
    Absent,
    /// Another column decides: the rows are handed back.
    Open,
}

/// What a number column is made of; values are in range before they become one.
pub(super) trait Unsigned: Copy + Default + PartialEq {
    /// The value.
    fn of(value: u64) -> Self;
}

impl Unsigned for u32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a value is within the limit of its column, which 32 bits hold"
    )]
    fn of(value: u64) -> u32 {
        value as u32
    }
}

impl Unsigned for i64 {
    fn of(value: u64) -> i64 {
        value as i64
    }
}

/// A number in the unit of its column; `ABSENT` for an empty cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    value: u64,
    rounded: bool,
}

const ABSENT: Number = Number {
    value: u64::MAX,
    rounded: false,
};

impl Judge<'_> {
    /// A number column, zero where absent; and the rows with an explicit zero that another column decides about.
    pub(super) fn measures<T: Unsigned>(
        &mut self,
        measure: &Measure,
        cells: &Cells,
    ) -> (Vec<T>, Vec<u32>) {
        let rules = self.rules;
        let mut zeros = Vec::new();
        let mut out = match cells {
            Cells::Lacking => return (vec![T::default(); self.rows], zeros),
            Cells::Doubles(values, nulls)
                if rules.values(measure.column).is_none() && measure.ratio.is_none() =>
            {
                short_doubles(measure, values, nulls.as_ref())
            }
            _ => Vec::new(),
        };
        if !out.is_empty() {
            // Absent, zero and odd doubles are zero now and are looked at again.
            for (row, value) in out
                .iter_mut()
                .enumerate()
                .filter(|(_, value)| **value == T::default())
            {
                let cell = cells.cell(row);
                if cell != Cell::Absent {
                    let judged = judge_number(rules, measure, cell);
                    *value = self.settle(measure, row, judged, &mut zeros);
                }
            }
            return (out, zeros);
        }
        // Faults are noted by the column, flags and zeros after it.
        let numbers = self.column(measure.column, cells, ABSENT, |cell| {
            judge_number(rules, measure, cell)
        });
        let settled = numbers
            .into_iter()
            .enumerate()
            .map(|(row, number)| self.settle(measure, row, Ok(number), &mut zeros))
            .collect();
        (settled, zeros)
    }

    #[inline]
    fn settle<T: Unsigned>(
        &mut self,
        measure: &Measure,
        row: usize,
        judged: Judged<Number>,
        zeros: &mut Vec<u32>,
    ) -> T {
        match judged {
            Ok(ABSENT) => return T::default(),
            Ok(Number {
                value: 1..,
                rounded: false,
            }) => {}
            Ok(number) => {
                self.flags[row] |= Flags::DECIMALS_ROUNDED.when(number.rounded);
                match measure.zero {
                    _ if number.value != 0 => {}
                    Zero::Refused => {
                        self.fault(row, measure.column, RejectReason::NumberOutOfRange)
                    }
                    Zero::Absent => {}
                    Zero::Open => zeros.push(index32(row)),
                }
            }
            Err(reason) => self.fault(row, measure.column, reason),
        }
        judged.map_or(T::default(), |number| T::of(number.value))
    }

    /// The order in the chain: a whole number 1..=10000, written or not with decimals that are zero.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "both ways ask for 1 to 10,000 before"
    )]
    pub(super) fn sequences(&mut self, cells: &Cells) -> Vec<u16> {
        let rules = self.rules;
        if matches!(cells, Cells::Lacking) {
            return vec![0; self.rows];
        }
        if let Cells::Ints(values, None) = cells
            && rules.values(column::SEQUENCE).is_none()
            && values
                .iter()
                .fold(true, |all, value| all & (1..=10_000).contains(value))
        {
            return values.iter().map(|&value| value as u16).collect();
        }
        self.column(column::SEQUENCE, cells, 0, |cell| {
            let found =
                number(rules, column::SEQUENCE, 0, cell)?.ok_or(RejectReason::RequiredEmpty)?;
            match found {
                Scaled { inexact: true, .. } => Err(RejectReason::MalformedNumber),
                Scaled {
                    magnitude: 1..=10_000,
                    negative: false,
                    ..
                } => Ok(found.magnitude as u16),
                _ => Err(RejectReason::NumberOutOfRange),
            }
        })
    }
}

/// Doubles that are exact at the scale of their column and in range; zero where they are not, or absent.
fn short_doubles<T: Unsigned>(
    measure: &Measure,
    values: &[f64],
    nulls: Option<&NullBuffer>,
) -> Vec<T> {
    let (power, max) = (10f64.powi(measure.scale as i32), measure.max);
    let short = |&value: &f64| {
        let exact = exact_double(value, power);
        T::of(if exact <= max { exact } else { 0 })
    };
    let mut out: Vec<T> = values.iter().map(short).collect();
    if let Some(nulls) = nulls {
        // The decoder leaves any value in the place of an absent one.
        for (value, present) in out.iter_mut().zip(nulls.iter()) {
            *value = if present { *value } else { T::default() };
        }
    }
    out
}

/// A number cell against the range of its column.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the magnitude is within the limit of its column, as asked before"
)]
fn judge_number(rules: &Rules, measure: &Measure, cell: Cell) -> Judged<Number> {
    let Some(found) = number(rules, measure.column, measure.scale, cell)? else {
        return Ok(ABSENT);
    };
    if found.inexact && rules.mapping.reject_excess_decimals {
        return Err(RejectReason::MalformedNumber);
    }
    let magnitude = match measure.ratio {
        Some(ratio) => ratio.of(found.magnitude),
        None => found.magnitude,
    };
    if magnitude > measure.max as u128 || (found.negative && magnitude != 0) {
        return Err(RejectReason::NumberOutOfRange);
    }
    Ok(Number {
        value: magnitude as u64,
        rounded: found.inexact,
    })
}

/// A number cell scaled to `scale` decimals; `None`: absent.
fn number(rules: &Rules, column: usize, scale: u32, cell: Cell) -> Judged<Option<Scaled>> {
    let values = rules.values(column);
    match (cell, values) {
        (Cell::Absent, None) => return Ok(None),
        (Cell::Decimal(mantissa, from), None) => return Ok(Some(rescale(mantissa, from, scale))),
        (Cell::Double(value), None) => {
            let text = format!("{value}");
            return parse(text.as_bytes(), Marks::POINT, scale)
                .map(Some)
                .ok_or(RejectReason::MalformedNumber);
        }
        (Cell::Text(raw) | Cell::Literal(raw), None) if raw.len() <= text::LONGEST_CELL => {
            let trimmed = text::trim(raw);
            if trimmed.is_empty() {
                return Ok(None);
            }
            let marks = if matches!(cell, Cell::Text(_)) {
                rules.marks
            } else {
                rules.literal_marks
            };
            if let Some(found) = parse(trimmed, marks, scale) {
                return Ok(Some(found));
            }
        }
        _ => {}
    }
    let raw = cell.text().unwrap_or_default();
    let reading = text::read_untyped(&raw, values).map_err(|_| RejectReason::BadText)?;
    if reading.text.is_empty() {
        return Ok(None);
    }
    let marks = match cell {
        _ if reading.translated => Marks::POINT,
        Cell::Text(_) => rules.marks,
        Cell::Literal(_) => rules.literal_marks,
        _ => Marks::POINT,
    };
    parse(reading.text.as_bytes(), marks, scale)
        .map(Some)
        .ok_or(RejectReason::MalformedNumber)
}
