//! Columns of numbers: dates, instants, decimals.
//!
//! How a chunk is written is decided once and from its values alone: a dictionary when there are few distinct values or
//! long runs; else delta or plain, whichever makes some values in its middle smaller.

use super::array;
use super::bound::{Bound, Range};
use super::chunk::{Chunk, DataPage};
use super::codes::write_positions;
use super::delta;
use super::frames::{Repeats, frame};
use super::keys::{Key, KeyTable};
use super::rle::run_count;
use super::rows::Rows;
use super::{Column, Encoded, Encodings, SumTooLong, gathered, page_count, page_rows};
use arrow::datatypes::ArrowNativeType;
use parquet::basic::Encoding;
use parquet::errors::Result;

/// A physical number type.
pub(crate) trait Number: Key + Ord + Sized + ArrowNativeType {
    /// Stands for null in a column's values.
    const NULL: Self;
    /// Appends PLAIN values.
    fn plain(values: &[Self], out: &mut Vec<u8>);
    /// Appends DELTA_BINARY_PACKED values; `false` if the format has none for this type.
    fn delta(values: &[Self], out: &mut Vec<u8>) -> bool;
    /// As a statistics bound.
    fn bound(self) -> Bound;
    /// As the widest one.
    fn wide(self) -> i128;
}

macro_rules! number {
    ($int:ty, $bound:ident, $bytes:ident, $delta:expr) => {
        impl Number for $int {
            const NULL: $int = <$int>::MIN;
            fn plain(values: &[$int], out: &mut Vec<u8>) {
                const SIZE: usize = size_of::<$int>();
                let start = out.len();
                out.resize(start + values.len() * SIZE, 0);
                for (bytes, value) in out[start..].chunks_exact_mut(SIZE).zip(values) {
                    bytes.copy_from_slice(&value.$bytes());
                }
            }
            fn delta(values: &[$int], out: &mut Vec<u8>) -> bool {
                let write: Option<fn(&[$int], &mut Vec<u8>)> = $delta;
                write.map(|write| write(values, out)).is_some()
            }
            fn bound(self) -> Bound {
                Bound::$bound(self)
            }
            fn wide(self) -> i128 {
                i128::from(self)
            }
        }
    };
}

number!(i32, Int, to_le_bytes, Some(delta::integers::<i32>));
number!(i64, Long, to_le_bytes, Some(delta::integers::<i64>));
number!(i128, Wide, to_be_bytes, None);

/// Fewer rows per distinct value than this, and a dictionary does not pay.
const ROWS_PER_ENTRY: usize = 6;
/// Values looked at for a first impression.
const SAMPLE: usize = 8192;
/// Values that the other encodings are tried on.
const TRIED: usize = 2048;
/// A dictionary with no more entries has positions of a byte at most.
const FEW: usize = 256;
/// Fewer rows per run than this, and every value is looked at for a dictionary.
const ROWS_PER_RUN: usize = 4;

/// Encodes a column of numbers; `fill` appends the values of a page ([`Number::NULL`]: null).
pub(crate) fn encode_numbers<T: Number>(
    column: &Column,
    rows: usize,
    mut fill: impl FnMut(usize, &mut Vec<T>),
) -> Result<Encoded> {
    if let Some(to) = &column.array {
        return array::numbers(to, column.is_nullable(), gathered(rows, fill));
    }
    let mut values = Vec::with_capacity(rows);
    let mut pages = Vec::new();
    for page in 0..page_count(rows) {
        let from = values.len();
        fill(page, &mut values);
        assert_eq!(
            values.len() - from,
            page_rows(page, rows).len(),
            "rows of a page"
        );
        check_sums(column, page_rows(page, rows).start, &values[from..])?;
        let present = match column.is_nullable() {
            true => Rows::compact(&mut values, from, T::NULL, true),
            false => Rows::all(values.len() - from),
        };
        pages.push((from, present));
    }
    match Dictionary::of(&values) {
        Some(dictionary) => dictionary.encode(&values, &pages),
        None => encode_values(column, &values, &pages),
    }
}

/// Refuses sums that the encodings of the column cannot hold; `first` is the row of the first value.
fn check_sums<T: Number>(column: &Column, first: usize, values: &[T]) -> Result<()> {
    let Some(limit) = column.sum_limit() else {
        return Ok(());
    };
    let is_long = |v: &T| *v != T::NULL && v.wide().unsigned_abs() >= limit;
    match values.iter().position(is_long) {
        None => Ok(()),
        Some(at) => Err(SumTooLong {
            column: column.descr.name().to_owned(),
            row: first + at,
            value: values[at].wide(),
            scale: u32::try_from(column.descr.type_scale()).unwrap_or(0),
        }
        .into()),
    }
}

fn range_of<T: Number>(values: &[T]) -> Option<Range> {
    let (&first, rest) = values.split_first()?;
    let (min, max) = rest
        .iter()
        .fold((first, first), |(min, max), &v| (min.min(v), max.max(v)));
    assert!(min != T::NULL, "a required column holds a null");
    Some(Range::new(min.bound(), max.bound()))
}

// A sample may repeat less than the whole does.
fn limit_of_sample(values: usize) -> usize {
    (values / 2).max(64)
}

struct Dictionary<T> {
    entries: Vec<T>,
    positions: Vec<u32>,
    in_runs: bool,
}

impl<T: Number> Dictionary<T> {
    // `None` when a dictionary does not pay.
    fn of(values: &[T]) -> Option<Dictionary<T>> {
        let in_runs = run_count(values) * ROWS_PER_RUN <= values.len();
        // Each run may bring an entry of its own; single values must repeat, and 64 entries are always worth it.
        let limit = if in_runs {
            values.len()
        } else {
            (values.len() / ROWS_PER_ENTRY).max(64)
        };
        let mut table = KeyTable::new();
        let mut dictionary = Dictionary {
            entries: Vec::new(),
            positions: Vec::with_capacity(values.len()),
            in_runs,
        };
        let mut last = (T::NULL, 0);
        for (number, part) in values.chunks(SAMPLE).enumerate() {
            dictionary.positions.extend(part.iter().map(|&value| {
                if value != last.0 {
                    last = (value, table.intern(value, &mut dictionary.entries));
                }
                last.1
            }));
            // Values that hardly repeat show it at once.
            let distinct = dictionary.entries.len();
            if distinct > limit
                || (number == 0 && !in_runs && distinct > limit_of_sample(part.len()))
            {
                return None;
            }
        }
        Some(dictionary)
    }

    fn encode(&self, values: &[T], pages: &[(usize, Rows)]) -> Result<Encoded> {
        let mut chunk = Chunk::new(pages.len());
        let of_entries = if self.entries.len() <= FEW {
            Repeats::Anywhere
        } else {
            Repeats::Numbers
        };
        // Positions of few entries come in patterns, those of many are numbers themselves.
        let repeats = if self.in_runs {
            Repeats::Anywhere
        } else {
            of_entries
        };
        let mut body = Vec::new();
        for (from, present) in pages {
            let of_page = *from..from + present.values();
            present.start_body(&mut body);
            let encoding = write_positions(
                &self.positions[of_page.clone()],
                self.entries.len(),
                &mut body,
            );
            let range = range_of(&values[of_page]);
            chunk.page(DataPage {
                rows: present.rows,
                nulls: present.nulls,
                body: &body,
                encoding,
                repeats,
                range,
            })?;
        }
        let mut plain = Vec::new();
        T::plain(&self.entries, &mut plain);
        chunk.finish(
            (!self.entries.is_empty()).then_some((&plain, self.entries.len(), of_entries)),
            None,
        )
    }
}

fn encode_values<T: Number>(
    column: &Column,
    values: &[T],
    pages: &[(usize, Rows)],
) -> Result<Encoded> {
    let Choice { is_delta, repeats } = match column.encodings {
        Encodings::Default => choose(values)?,
        Encodings::Plain => Choice::PLAIN,
    };
    let mut chunk = Chunk::new(pages.len());
    let mut body = Vec::new();
    for (from, present) in pages {
        let of_page = &values[*from..from + present.values()];
        present.start_body(&mut body);
        let encoding = if is_delta && !of_page.is_empty() {
            T::delta(of_page, &mut body);
            Encoding::DELTA_BINARY_PACKED
        } else {
            T::plain(of_page, &mut body);
            Encoding::PLAIN
        };
        let range = range_of(of_page);
        chunk.page(DataPage {
            rows: present.rows,
            nulls: present.nulls,
            body: &body,
            encoding,
            repeats,
            range,
        })?;
    }
    chunk.finish(None, None)
}

struct Choice {
    is_delta: bool,
    repeats: Repeats,
}

impl Choice {
    const PLAIN: Choice = Choice {
        is_delta: false,
        repeats: Repeats::Numbers,
    };
}

// Tried on values in the middle of the chunk.
fn choose<T: Number>(values: &[T]) -> Result<Choice> {
    let from = values.len().saturating_sub(TRIED) / 2;
    let sample = &values[from..(from + TRIED).min(values.len())];
    let (mut as_delta, mut as_plain) = (Vec::new(), Vec::new());
    if !T::delta(sample, &mut as_delta) {
        return Ok(Choice::PLAIN);
    }
    T::plain(sample, &mut as_plain);
    let size = |body: &[u8], repeats| frame(body, repeats).map(|frame| frame.len());
    let (delta, plain) = (
        size(&as_delta, Repeats::Anywhere)?,
        size(&as_plain, Repeats::Numbers)?,
    );
    // Differences are packed already; often little is left to take out, and that is not worth a reader's time either.
    let is_packed_well = delta * 20 > as_delta.len() * 19;
    // Delta is the faster one to write and to read, by far when it stays as it is: plain has to win by a tenth, or by a quarter.
    let is_delta = delta * 9 <= plain * 10 || (is_packed_well && delta * 3 <= plain * 4);
    let repeats = if !is_delta {
        Repeats::Numbers
    } else if is_packed_well {
        Repeats::Nowhere
    } else if size(&as_delta, Repeats::Packed)? * 49 <= delta * 50 {
        Repeats::Packed
    } else {
        Repeats::Anywhere
    };
    Ok(Choice { is_delta, repeats })
}
