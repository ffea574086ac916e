//! Columns as Arrow arrays: the values that a reader of the file gets, in the same types, without the file.

use super::codes::Positions;
use super::{Bound, Encoded, Number};
use arrow::array::{Array, ArrayData, ArrayRef, BooleanArray, StringBuilder, make_array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::{ArrowNativeType, DataType};
use parquet::errors::{ParquetError, Result};
use std::sync::Arc;

fn made<T: ArrowNativeType>(
    to: &DataType,
    values: Vec<T>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let data = ArrayData::builder(to.clone())
        .len(values.len())
        .add_buffer(Buffer::from_vec(values))
        .nulls(nulls);
    Ok(make_array(data.build()?))
}

/// Rows that hold a value; `None`: all of them.
fn present<T: PartialEq>(values: &[T], null: &T, nullable: bool) -> Option<NullBuffer> {
    // Wrapping: a check for overflow would keep the loop from being vectorised.
    let nulls = values
        .iter()
        .fold(0u32, |n, value| n.wrapping_add(u32::from(value == null)));
    assert!(nullable || nulls == 0, "a required column holds a null");
    (nulls > 0).then(|| {
        let present = |i: usize| values[i] != *null;
        NullBuffer::new(BooleanBuffer::collect_bool(values.len(), present))
    })
}

/// A column of numbers ([`Number::NULL`]: null).
pub(super) fn numbers<T: Number + ArrowNativeType>(
    to: &DataType,
    nullable: bool,
    mut values: Vec<T>,
) -> Result<Encoded> {
    let nulls = present(&values, &T::NULL, nullable);
    if nulls.is_some() {
        for value in values.iter_mut().filter(|value| **value == T::NULL) {
            *value = T::default();
        }
    }
    let array = match to {
        DataType::Decimal128(..) => {
            let wide: Vec<i128> = values.into_iter().map(Number::wide).collect();
            made(to, wide, nulls)?
        }
        _ => made(to, values, nulls)?,
    };
    Ok(Encoded::Array(array))
}

/// A column of codes or keys; `value` spells one.
pub(super) fn spelled<K: Copy + PartialEq>(
    to: &DataType,
    nullable: bool,
    keys: Vec<K>,
    null: K,
    mut table: impl Positions<K>,
    value: impl Fn(K) -> Bound,
) -> Result<Encoded> {
    let nulls = present(&keys, &null, nullable);
    let (mut distinct, mut positions) = (Vec::new(), Vec::new());
    match &nulls {
        None => table.map(&keys, &mut distinct, &mut positions),
        Some(nulls) => {
            let known: Vec<K> = nulls.valid_indices().map(|i| keys[i]).collect();
            table.map(&known, &mut distinct, &mut positions);
        }
    }
    let entries: Vec<Bound> = distinct.into_iter().map(value).collect();
    // A null takes the place of no entry.
    let places = || {
        let (mut known, nulls) = (positions.iter(), nulls.as_ref());
        (0..keys.len()).map(move |row| match nulls {
            Some(nulls) if nulls.is_null(row) => None,
            _ => known.next().map(|&position| position as usize),
        })
    };
    if *to == DataType::Utf8 {
        let mut texts = Texts::new(keys.len());
        let entries: Vec<&str> = (entries.iter())
            .map(|entry| match entry {
                Bound::Text(text) => utf8(text),
                _ => unreachable!("a column of texts is spelled in texts"),
            })
            .collect::<Result<_>>()?;
        places().for_each(|place| texts.repeat(place.map(|place| entries[place]), 1));
        return Ok(texts.finish(nullable));
    }
    let entries: Vec<i32> = (entries.iter())
        .map(|entry| match entry {
            Bound::Int(value) => *value,
            _ => unreachable!("the other columns of codes are whole numbers"),
        })
        .collect();
    let values: Vec<i32> = places()
        .map(|place| place.map_or(0, |place| entries[place]))
        .collect();
    Ok(Encoded::Array(made(to, values, nulls)?))
}

/// A column of yes and no.
pub(super) fn flags(values: Vec<bool>) -> Encoded {
    Encoded::Array(Arc::new(BooleanArray::from(values)))
}

/// Texts in the order of their rows.
pub(super) struct Texts {
    texts: StringBuilder,
    /// A text that is none.
    fault: Option<ParquetError>,
}

impl Texts {
    pub(super) fn new(rows: usize) -> Texts {
        const ABOUT: usize = 12;
        Texts {
            texts: StringBuilder::with_capacity(rows, rows * ABOUT),
            fault: None,
        }
    }

    /// The next `count` rows have this text; `None`: null.
    #[inline]
    pub(super) fn repeat(&mut self, text: Option<&str>, count: usize) {
        (0..count).for_each(|_| self.texts.append_option(text));
    }

    /// The same of bytes, which are those of a text.
    #[inline]
    pub(super) fn push(&mut self, text: Option<&[u8]>, count: usize) {
        match text.map(utf8).transpose() {
            Ok(text) => self.repeat(text, count),
            Err(fault) => {
                self.fault.get_or_insert(fault);
            }
        }
    }

    pub(super) fn finish(mut self, nullable: bool) -> Encoded {
        let array = self.texts.finish();
        assert!(
            nullable || array.null_count() == 0,
            "a required column holds a null"
        );
        Encoded::Array(Arc::new(array))
    }

    /// The column, where every text was one.
    pub(super) fn checked(mut self, nullable: bool) -> Result<Encoded> {
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(self.finish(nullable)),
        }
    }
}

fn utf8(text: &[u8]) -> Result<&str> {
    std::str::from_utf8(text).map_err(|e| ParquetError::General(format!("a text in memory: {e}")))
}
