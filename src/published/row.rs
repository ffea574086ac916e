//! Rows of a published table as structs. A struct names the columns that it is read from ([`row`]); that they are columns of the
//! table, and that each field can be what its column holds, is checked when the program is compiled. Only those columns are
//! decoded.

use crate::factors::GwpSet;
use crate::model::element::BasisSet;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{
    Basis, DataCategory, DistanceSource, EnergyUnit, LoadStatus, Mode, Per, Temperature,
};
use crate::output::columns::{
    ArrayOf, ColumnKind, ColumnType, Date, Decimal, Flag, Instant, Int, Long, Optional,
    PublishedColumn, Required, SmallDecimal, Sum, Text,
};
use arrow::array::{Array, BooleanArray, RecordBatch, StringArray};
use parquet::errors::{ParquetError, Result};
use std::marker::PhantomData;

/// A struct whose fields are columns of the table `T`, read from a batch that lives for `'b`.
pub(crate) trait Row<'b, T>: Sized {
    /// The columns.
    fn columns() -> Vec<&'static str>;
    /// What gives the row of each number.
    fn reader(batch: &'b RecordBatch) -> Result<impl Fn(usize) -> Result<Self>>;
}

/// Rows that are read side by side.
impl<'b, T, A: Row<'b, T>, B: Row<'b, T>> Row<'b, T> for (A, B) {
    fn columns() -> Vec<&'static str> {
        [A::columns(), B::columns()].concat()
    }

    fn reader(batch: &'b RecordBatch) -> Result<impl Fn(usize) -> Result<Self>> {
        let (a, b) = (A::reader(batch)?, B::reader(batch)?);
        Ok(move |row| Ok((a(row)?, b(row)?)))
    }
}

/// A batch of the table `T`, of which the columns that were asked for are there.
#[derive(Debug)]
pub(crate) struct Batch<'b, T>(&'b RecordBatch, PhantomData<T>);

impl<'b, T> Batch<'b, T> {
    pub(crate) fn new(batch: &'b RecordBatch) -> Batch<'b, T> {
        Batch(batch, PhantomData)
    }

    /// Number of rows.
    pub(crate) fn count(&self) -> usize {
        self.0.num_rows()
    }

    /// The batch itself, for longer than it is read.
    pub(crate) fn kept(&self) -> RecordBatch {
        self.0.clone()
    }

    /// What gives the row of each number.
    pub(crate) fn reader<R: Row<'b, T>>(
        &self,
    ) -> Result<impl Fn(usize) -> Result<R> + use<'b, T, R>> {
        R::reader(self.0)
    }

    /// Its rows in order.
    pub(crate) fn rows<R: Row<'b, T>>(
        &self,
    ) -> Result<impl Iterator<Item = Result<R>> + use<'b, T, R>> {
        Ok((0..self.count()).map(self.reader()?))
    }
}

/// A value that a column of the type `C` can be.
pub(crate) trait Cell<'b, C: ColumnType>: Sized {
    /// The value of a row, or what is wrong with it.
    fn cell(
        array: &'b <C::Kind as ColumnKind>::Array,
        row: usize,
    ) -> std::result::Result<Self, String>;
}

/// A value that is written as a text; an absent one as the empty text.
pub(crate) trait FromText<'b>: Sized {
    /// The value; `None`: the text is none of this kind.
    fn from_text(text: &'b str) -> Option<Self>;
}

fn text<'b, T: FromText<'b>>(array: &'b StringArray, row: usize) -> std::result::Result<T, String> {
    let text = if array.is_null(row) {
        ""
    } else {
        array.value(row)
    };
    T::from_text(text).ok_or_else(|| format!("{text:?} is no value of this column"))
}

impl<'b, T: FromText<'b>> Cell<'b, Required<Text>> for T {
    fn cell(array: &'b StringArray, row: usize) -> std::result::Result<T, String> {
        text(array, row)
    }
}

impl<'b, T: FromText<'b>> Cell<'b, Optional<Text>> for T {
    fn cell(array: &'b StringArray, row: usize) -> std::result::Result<T, String> {
        text(array, row)
    }
}

impl<'b, K: ColumnKind, T: Cell<'b, Required<K>>> Cell<'b, Optional<K>> for Option<T> {
    fn cell(array: &'b K::Array, row: usize) -> std::result::Result<Option<T>, String> {
        if array.is_null(row) {
            Ok(None)
        } else {
            T::cell(array, row).map(Some)
        }
    }
}

impl<'b> Cell<'b, Required<Flag>> for bool {
    fn cell(array: &'b BooleanArray, row: usize) -> std::result::Result<bool, String> {
        Ok(array.value(row))
    }
}

/// A file can hold more digits than the type of its column says, so that not every value fits.
macro_rules! numbers {
    ($($kind:ty $([$($n:ident),+])? => $($number:ty),+;)+) => {
        $(numbers!(@ $kind, [$($($n),+)?], $($number),+);)+
    };
    (@ $kind:ty, $n:tt, $($number:ty),+) => { $(numbers!(@@ $kind, $n, $number);)+ };
    (@@ $kind:ty, [$($n:ident),*], $number:ty) => {
        impl<'b, $(const $n: i32),*> Cell<'b, Required<$kind>> for $number {
            fn cell(
                array: &'b <$kind as ColumnKind>::Array,
                row: usize,
            ) -> std::result::Result<$number, String> {
                let value = array.value(row);
                value.try_into().map_err(|_| {
                    format!("found {value}, expected {} bits", <$number>::BITS)
                })
            }
        }
    };
}

#[allow(clippy::useless_conversion, reason = "i64 from i64")]
mod of_numbers {
    use super::*;
    numbers! {
        Int => u32, i64;
        Long => i64, i128;
        Date => i32;
        Instant => i64;
        SmallDecimal<P, S> [P, S] => i64, i128;
        Decimal<P, S> [P, S] => i64, i128;
        Sum<S> [S] => i128;
    }
}

impl<'b> FromText<'b> for &'b str {
    fn from_text(text: &'b str) -> Option<&'b str> {
        Some(text)
    }
}

impl FromText<'_> for String {
    fn from_text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }
}

impl FromText<'_> for LocationCode {
    fn from_text(text: &str) -> Option<LocationCode> {
        LocationCode::parse(text.as_bytes())
    }
}

impl FromText<'_> for Flags {
    fn from_text(text: &str) -> Option<Flags> {
        Flags::from_text(text)
    }
}

impl FromText<'_> for BasisSet {
    fn from_text(text: &str) -> Option<BasisSet> {
        let sets = [0, 1, 2, 4, 7].into_iter().map(BasisSet);
        sets.into_iter().find(|set| set.code() == text)
    }
}

macro_rules! words {
    ($($list:ty),+) => {$(
        impl FromText<'_> for $list {
            fn from_text(text: &str) -> Option<$list> {
                <$list>::ALL.iter().copied().find(|word| word.code() == text)
            }
        }
    )+};
}
words!(
    Basis,
    DataCategory,
    DistanceSource,
    EnergyUnit,
    GwpSet,
    LoadStatus,
    Mode,
    Per,
    Temperature
);

/// The values of a column of a batch.
pub(crate) fn array<C: PublishedColumn>(batch: &RecordBatch) -> Result<&ArrayOf<C>> {
    let found = batch.column_by_name(C::NAME);
    let found = found.and_then(|array| array.as_any().downcast_ref());
    found.ok_or_else(|| ParquetError::General(format!("column {} was not read", C::NAME)))
}

/// A value of a column.
pub(crate) fn cell<'b, C: PublishedColumn, T: Cell<'b, C::Type>>(
    array: &'b ArrayOf<C>,
    row: usize,
) -> Result<T> {
    T::cell(array, row).map_err(|what| ParquetError::General(format!("column {}: {what}", C::NAME)))
}

/// Declares a struct that is a [`Row`] of each of the tables whose columns the modules are; a field has the name of its column,
/// or says `from` which column it is.
macro_rules! row {
    ($(#[$doc:meta])* $vis:vis struct $name:ident<$life:lifetime> of $module:ident $body:tt) => {
        $crate::published::row::row!(@struct [$(#[$doc])* $vis struct $name<$life>] $body);
        $crate::published::row::row!(@impl $name [$name<$life>] $life $module $body);
    };
    ($(#[$doc:meta])* $vis:vis struct $name:ident of $module:ident $body:tt) => {
        $crate::published::row::row!($(#[$doc])* $vis struct $name of ($module) $body);
    };
    ($(#[$doc:meta])* $vis:vis struct $name:ident of ($($module:ident),+) $body:tt) => {
        $crate::published::row::row!(@struct [$(#[$doc])* $vis struct $name] $body);
        $($crate::published::row::row!(@impl $name [$name] 'b $module $body);)+
    };
    (@struct [$($head:tt)*] { $($(#[$doc:meta])* $vis:vis $field:ident $(from $column:ident)?: $type:ty),+ $(,)? }) => {
        $($head)* { $($(#[$doc])* $vis $field: $type),+ }
    };
    (@impl $name:ident [$self:ty] $life:lifetime $module:ident
        { $($(#[$doc:meta])* $vis:vis $field:ident $(from $column:ident)?: $type:ty),+ $(,)? }
    ) => {
        impl<$life> $crate::published::row::Row<$life, $module::Table> for $self {
            fn columns() -> Vec<&'static str> {
                use $crate::output::columns::PublishedColumn;
                vec![$(<$crate::published::row::column!($module $field $($column)?)>::NAME),+]
            }

            fn reader(
                batch: &$life arrow::array::RecordBatch,
            ) -> parquet::errors::Result<impl Fn(usize) -> parquet::errors::Result<Self>> {
                use $crate::published::row::{array, cell, column};
                $(let $field = array::<column!($module $field $($column)?)>(batch)?;)+
                Ok(move |row| {
                    Ok($name {
                        $($field: cell::<column!($module $field $($column)?), _>($field, row)?),+
                    })
                })
            }
        }
    };
}

/// The column of a field.
macro_rules! column {
    ($module:ident $field:ident) => {
        $module::$field
    };
    ($module:ident $field:ident $column:ident) => {
        $module::$column
    };
}

pub(crate) use {column, row};
