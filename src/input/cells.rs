//! One column of one unit as it came from the file, before any rule was applied.
//!
//! Every format brings its columns into these shapes; the rules see nothing else of a format.

use crate::model::time::instant_text;
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use std::borrow::Cow;

/// Where a text cell stands in the bytes of its block; the top bit marks a number literal (JSON).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    length: u32,
}

const LITERAL: u32 = 1 << 31;

impl Span {
    /// An absent cell.
    pub(super) const ABSENT: Span = Span {
        start: 0,
        length: 0,
    };

    /// A cell of the file's own text. Blocks are far below 2 GiB, so that positions fit.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "blocks are far below 2 GiB"
    )]
    pub(super) fn text(start: usize, end: usize) -> Span {
        Span {
            start: start as u32,
            length: (end - start) as u32,
        }
    }

    /// A number literal, written with a point whatever the marks of the file.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "blocks are far below 2 GiB"
    )]
    pub(super) fn literal(start: usize, end: usize) -> Span {
        Span {
            start: start as u32,
            length: (end - start) as u32 | LITERAL,
        }
    }

    /// The bytes of the cell.
    #[inline]
    pub(super) fn bytes(self, block: &[u8]) -> &[u8] {
        &block[self.start as usize..self.start as usize + (self.length & !LITERAL) as usize]
    }

    /// The cell.
    #[inline]
    pub(super) fn cell(self, block: &[u8]) -> Cell<'_> {
        let text = self.bytes(block);
        if self.length & LITERAL != 0 {
            Cell::Literal(text)
        } else {
            Cell::Text(text)
        }
    }
}

/// A column of raw cells.
#[derive(Clone)]
pub(super) enum Cells<'a> {
    /// The file lacks the column and no constant fills it.
    Lacking,
    /// The file has the column, without a value in any row.
    Empty,
    /// The file lacks the column; every row has this text of ours.
    Constant(&'a str),
    /// The file lacks the column; the name of a folder that it is in gives this text of theirs to every row.
    Folder(&'a str),
    /// Cells of a text file.
    Spans(&'a [u8], &'a [Span]),
    /// Texts back to back; text `i` lies between offsets `i` and `i + 1`.
    Texts(Buffer, ScalarBuffer<i32>, Option<NullBuffer>),
    /// Codes into distinct values.
    Coded(ScalarBuffer<i32>, Option<NullBuffer>, Box<Cells<'a>>),
    /// Whole numbers.
    Ints(Vec<i64>, Option<NullBuffer>),
    /// Decimals: mantissas and the number of decimals.
    Decimals(ScalarBuffer<i128>, i32, Option<NullBuffer>),
    /// Doubles.
    Doubles(ScalarBuffer<f64>, Option<NullBuffer>),
    /// Microseconds since 1970; in local time when the flag is set.
    Times(ScalarBuffer<i64>, bool, Option<NullBuffer>),
}

/// One raw cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing there.
    Absent,
    /// Text of the file: its marks and `[values]` apply.
    Text(&'a [u8]),
    /// A number literal: `[values]` apply, numbers have a point.
    Literal(&'a [u8]),
    /// Text of ours, from `[constants]`.
    Ours(&'a str),
    /// A mantissa with a number of decimals.
    Decimal(i128, i32),
    /// A double.
    Double(f64),
    /// Microseconds in UTC.
    Time(i64),
    /// Microseconds in local time.
    LocalTime(i64),
}

fn is_null(nulls: &Option<NullBuffer>, i: usize) -> bool {
    nulls.as_ref().is_some_and(|n| n.is_null(i))
}

impl Cells<'_> {
    /// The cell of a row.
    #[inline]
    pub(super) fn cell(&self, i: usize) -> Cell<'_> {
        match self {
            Cells::Lacking | Cells::Empty => Cell::Absent,
            Cells::Constant(text) => Cell::Ours(text),
            Cells::Folder(text) => Cell::Text(text.as_bytes()),
            Cells::Spans(bytes, spans) => spans[i].cell(bytes),
            Cells::Texts(_, _, nulls)
            | Cells::Coded(_, nulls, _)
            | Cells::Ints(_, nulls)
            | Cells::Decimals(_, _, nulls)
            | Cells::Doubles(_, nulls)
            | Cells::Times(_, _, nulls)
                if is_null(nulls, i) =>
            {
                Cell::Absent
            }
            Cells::Texts(bytes, offsets, _) => {
                Cell::Text(&bytes[offsets[i] as usize..offsets[i + 1] as usize])
            }
            Cells::Coded(codes, _, values) => values.cell(codes[i] as usize),
            Cells::Ints(values, _) => Cell::Decimal(values[i] as i128, 0),
            Cells::Decimals(values, scale, _) => Cell::Decimal(values[i], *scale),
            Cells::Doubles(values, _) => Cell::Double(values[i]),
            Cells::Times(values, false, _) => Cell::Time(values[i]),
            Cells::Times(values, true, _) => Cell::LocalTime(values[i]),
        }
    }

    /// Number of cells where the shape knows it.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Cells::Lacking | Cells::Empty | Cells::Constant(_) | Cells::Folder(_) => None,
            Cells::Spans(_, spans) => Some(spans.len()),
            Cells::Texts(_, offsets, _) => Some(offsets.len() - 1),
            Cells::Coded(codes, ..) => Some(codes.len()),
            Cells::Ints(values, _) => Some(values.len()),
            Cells::Decimals(values, ..) => Some(values.len()),
            Cells::Doubles(values, _) => Some(values.len()),
            Cells::Times(values, ..) => Some(values.len()),
        }
    }
}

impl<'a> Cell<'a> {
    /// The cell as text, as far as it is there; typed numbers in their plain decimal form.
    pub(super) fn text(self) -> Option<Cow<'a, [u8]>> {
        Some(match self {
            Cell::Absent => return None,
            Cell::Text(bytes) | Cell::Literal(bytes) => Cow::Borrowed(bytes),
            Cell::Ours(text) => Cow::Borrowed(text.as_bytes()),
            Cell::Decimal(mantissa, scale) => {
                Cow::Owned(plain_decimal(mantissa, scale).into_bytes())
            }
            // The shortest form that reads back as the same double, without an exponent.
            Cell::Double(value) => Cow::Owned(format!("{value}").into_bytes()),
            Cell::Time(at) => Cow::Owned(time_text(at, "Z").into_bytes()),
            Cell::LocalTime(at) => Cow::Owned(time_text(at, "").into_bytes()),
        })
    }
}

fn time_text(at: i64, zone: &str) -> String {
    match super::timestamp::in_range(at) {
        Some(at) => instant_text(at).trim_end_matches('Z').to_owned() + zone,
        None => format!("{at} microseconds since 1970"),
    }
}

/// A decimal without trailing zeros after the point, so that equal values have equal texts in every format.
fn plain_decimal(mantissa: i128, scale: i32) -> String {
    if scale <= 0 {
        return format!(
            "{mantissa}{}",
            "0".repeat(if mantissa == 0 {
                0
            } else {
                scale.unsigned_abs() as usize
            })
        );
    }
    let digits = format!(
        "{:0width$}",
        mantissa.unsigned_abs(),
        width = scale as usize + 1
    );
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    let fraction = fraction.trim_end_matches('0');
    let sign = if mantissa < 0 { "-" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_cells_as_text() {
        let text = |cell: Cell| String::from_utf8(cell.text().unwrap().into_owned()).unwrap();
        assert_eq!(text(Cell::Decimal(-12_500, 3)), "-12.5");
        assert_eq!(text(Cell::Decimal(7, 0)), "7");
        assert_eq!(text(Cell::Decimal(5, 3)), "0.005");
        assert_eq!(text(Cell::Decimal(5, -2)), "500");
        assert_eq!(text(Cell::Double(123.0)), "123");
        assert_eq!(text(Cell::Double(1e-5)), "0.00001");
        assert_eq!(text(Cell::Double(f64::NAN)), "NaN");
        assert_eq!(text(Cell::Time(0)), "1970-01-01T00:00:00Z");
        assert_eq!(text(Cell::LocalTime(0)), "1970-01-01T00:00:00");
        assert_eq!(
            text(Cell::Time(i64::MAX)),
            format!("{} microseconds since 1970", i64::MAX)
        );
        assert_eq!(Cell::Absent.text(), None);
    }
}
