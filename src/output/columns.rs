//! Columns of the published tables as types. A table lists its columns once ([`published_table`]): the list writes the table,
//! and each of its columns is a type by which the table is read back, so that a reader can name no column that is not there
//! and take none for another type than it has.

use super::schema::{Field, Kind};
use arrow::array::{
    Array, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};

/// The type of a column.
pub(crate) trait ColumnKind {
    /// As a value.
    const KIND: Kind;
    /// What a batch of it is when it is read.
    type Array: Array + 'static;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $(<$($n:ident),+>)? = $kind:expr, $array:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) enum $name $(<$(const $n: i32),+>)? {}
        impl $(<$(const $n: i32),+>)? ColumnKind for $name $(<$($n),+>)? {
            const KIND: Kind = $kind;
            type Array = $array;
        }
    )+};
}

kinds! {
    /// UTF-8 text.
    Text = Kind::Text, StringArray;
    /// Whole number, 32 bits.
    Int = Kind::Int, Int32Array;
    /// Whole number, 64 bits.
    Long = Kind::Long, Int64Array;
    /// Decimal of at most 9 digits.
    SmallDecimal<P, S> = Kind::SmallDecimal(P, S), Decimal128Array;
    /// Decimal of at most 18 digits.
    Decimal<P, S> = Kind::Decimal(P, S), Decimal128Array;
    /// Decimal of 38 digits.
    Sum<S> = Kind::Sum(S), Decimal128Array;
    /// Calendar day.
    Date = Kind::Date, Date32Array;
    /// Instant in UTC.
    Instant = Kind::Instant, TimestampMicrosecondArray;
    /// Yes or no.
    Flag = Kind::Flag, BooleanArray;
}

/// Type of a column, and whether a row may lack a value.
pub(crate) trait ColumnType {
    /// The type of its values.
    type Kind: ColumnKind;
    /// Whether a row may lack a value.
    const NULLABLE: bool;
}

/// A column that always has a value.
#[derive(Debug)]
pub(crate) struct Required<K>(std::marker::PhantomData<K>);

/// A column that may lack a value.
#[derive(Debug)]
pub(crate) struct Optional<K>(std::marker::PhantomData<K>);

impl<K: ColumnKind> ColumnType for Required<K> {
    type Kind = K;
    const NULLABLE: bool = false;
}

impl<K: ColumnKind> ColumnType for Optional<K> {
    type Kind = K;
    const NULLABLE: bool = true;
}

/// A column of a published table.
pub(crate) trait PublishedColumn {
    /// Its type.
    type Type: ColumnType;
    /// Its name.
    const NAME: &'static str;
    /// Name and type as values.
    const FIELD: Field = Field {
        name: Self::NAME,
        kind: <<Self::Type as ColumnType>::Kind as ColumnKind>::KIND,
        nullable: <Self::Type as ColumnType>::NULLABLE,
    };
}

/// What a batch of a column is when it is read.
pub(crate) type ArrayOf<C> =
    <<<C as PublishedColumn>::Type as ColumnType>::Kind as ColumnKind>::Array;

/// A published table.
pub(crate) trait PublishedTable {
    /// Its name: that of its file, or of the folder of its parts.
    const NAME: &'static str;
    /// Its columns in order.
    const FIELDS: &'static [Field];
}

/// Declares the columns of a table by name, type, weight, encoding and twin; only the first two where something else writes it.
macro_rules! published_table {
    (
        $(#[$doc:meta])* $table:ident = $file:literal, columns of $module:ident, written as $columns:ident: $chunk:ty;
        $($name:ident: $type:ty, $weight:expr, $encode:expr $(, twin $twin:expr)?;)+
    ) => {
        $crate::output::columns::published_table! {
            $(#[$doc])* $table = $file, columns of $module;
            $($name: $type;)+
        }
        static $columns: &[$crate::output::table::TableColumn<$chunk>] = &[$(
            $crate::output::table::TableColumn::<$chunk>::new(
                <$module::$name as $crate::output::columns::PublishedColumn>::FIELD,
                $weight,
                $encode,
            )$(.with_twin($twin))?
        ),+];
    };
    (
        $(#[$doc:meta])* $table:ident = $file:literal, columns of $module:ident;
        $($name:ident: $type:ty;)+
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) enum $table {}
        impl $crate::output::columns::PublishedTable for $table {
            const NAME: &'static str = $file;
            const FIELDS: &'static [$crate::output::schema::Field] =
                &[$(<$module::$name as $crate::output::columns::PublishedColumn>::FIELD),+];
        }
        /// Its columns, each as a type.
        #[allow(non_camel_case_types, unused_imports)]
        pub(crate) mod $module {
            use super::*;
            /// The table of these columns.
            #[allow(dead_code, reason = "not every table is read back by a list of its columns")]
            pub(crate) type Table = super::$table;
            $(
                /// The column of this name.
                #[derive(Debug)]
                pub(crate) enum $name {}
                impl $crate::output::columns::PublishedColumn for $name {
                    type Type = $type;
                    const NAME: &'static str = stringify!($name);
                }
            )+
        }
    };
}
pub(crate) use published_table;
