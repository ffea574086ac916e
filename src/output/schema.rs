//! The column types of the published tables (docs/formats.md, Published tables) and how a list of columns becomes a Parquet schema.

use super::encode::{Column, Encodings};
use arrow::datatypes::DataType;
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::Result;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use std::sync::Arc;

/// Type of a published column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// UTF-8 text.
    Text,
    /// Whole number, 32 bits.
    Int,
    /// Whole number, 64 bits.
    Long,
    /// `Decimal(precision, scale)` of at most 9 digits, INT32.
    SmallDecimal(i32, i32),
    /// `Decimal(precision, scale)` of at most 18 digits, INT64.
    Decimal(i32, i32),
    /// `Decimal(38, scale)`, 16 bytes: every sum. With plain encodings of 28 digits.
    Sum(i32),
    /// Calendar day.
    Date,
    /// Instant in UTC, microseconds.
    Instant,
    /// Yes or no.
    Flag,
}

impl Kind {
    /// The type that a column of this kind has for a reader.
    pub(crate) fn arrow_type(self, encodings: Encodings) -> DataType {
        // Precision is at most 38 and scale at most 12: constants of this module's tables, which the tests write and read.
        let decimal = |precision: i32, scale: i32| {
            let narrow = (u8::try_from(precision), i8::try_from(scale));
            let (Ok(precision), Ok(scale)) = narrow else {
                unreachable!("a decimal of ours has at most 38 digits")
            };
            DataType::Decimal128(precision, scale)
        };
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Int => DataType::Int32,
            Kind::Long => DataType::Int64,
            Kind::SmallDecimal(precision, scale) | Kind::Decimal(precision, scale) => {
                decimal(precision, scale)
            }
            Kind::Sum(scale) => decimal(encodings.sum_digits().into(), scale),
            Kind::Date => DataType::Date32,
            Kind::Instant => {
                DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()))
            }
            Kind::Flag => DataType::Boolean,
        }
    }
}

/// A published column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Name.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Whether a row may lack a value; a column that never does is REQUIRED in the file.
    pub nullable: bool,
}

impl Field {
    /// A column that always has a value.
    #[cfg(test)]
    pub(crate) const fn required(name: &'static str, kind: Kind) -> Field {
        Field {
            name,
            kind,
            nullable: false,
        }
    }

    /// A column that may lack a value.
    #[cfg(test)]
    pub(crate) const fn optional(name: &'static str, kind: Kind) -> Field {
        Field {
            name,
            kind,
            nullable: true,
        }
    }

    /// A carried column.
    pub(crate) const fn carried(name: &'static str) -> Field {
        Field {
            name,
            kind: Kind::Text,
            nullable: true,
        }
    }

    fn parquet_type(&self, encodings: Encodings) -> Result<TypePtr> {
        let sum_digits = i32::from(encodings.sum_digits());
        let (physical, logical) = match self.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Int => (Physical::INT32, None),
            Kind::Long => (Physical::INT64, None),
            Kind::SmallDecimal(precision, scale) => (
                Physical::INT32,
                Some(LogicalType::decimal(scale, precision)),
            ),
            Kind::Decimal(precision, scale) => (
                Physical::INT64,
                Some(LogicalType::decimal(scale, precision)),
            ),
            Kind::Sum(scale) => (
                Physical::FIXED_LEN_BYTE_ARRAY,
                Some(LogicalType::decimal(scale, sum_digits)),
            ),
            Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
            Kind::Instant => (
                Physical::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
            ),
            Kind::Flag => (Physical::BOOLEAN, None),
        };
        let (precision, scale) = match self.kind {
            Kind::SmallDecimal(precision, scale) | Kind::Decimal(precision, scale) => {
                (precision, scale)
            }
            Kind::Sum(scale) => (sum_digits, scale),
            Kind::Text | Kind::Int | Kind::Long | Kind::Date | Kind::Instant | Kind::Flag => {
                (-1, -1)
            }
        };
        let builder = Type::primitive_type_builder(self.name, physical)
            .with_repetition(if self.nullable {
                Repetition::OPTIONAL
            } else {
                Repetition::REQUIRED
            })
            .with_logical_type(logical)
            .with_length(if matches!(self.kind, Kind::Sum(_)) {
                16
            } else {
                -1
            })
            .with_precision(precision)
            .with_scale(scale);
        Ok(Arc::new(builder.build()?))
    }
}

/// A table's schema, ready for writing.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    /// The crate's root type.
    pub root: TypePtr,
    /// One handle per column, in order.
    pub columns: Vec<Column>,
    /// Columns that every file of the table is sorted by, most significant first.
    pub sorted_by: Vec<usize>,
}

impl Schema {
    /// The schema of these fields, sorted by the named ones (ascending, nulls first).
    ///
    /// # Panics
    /// When the fields do not form a schema or a name is unknown: the lists are constants of this module.
    pub(crate) fn new(fields: &[Field], sorted_by: &[&str], encodings: Encodings) -> Schema {
        let types = fields
            .iter()
            .map(|f| {
                f.parquet_type(encodings)
                    .expect("a column type of ours is well formed")
            })
            .collect();
        let root = Type::group_type_builder("schema")
            .with_fields(types)
            .build()
            .expect("a schema of ours is well formed");
        let root = Arc::new(root);
        let columns = SchemaDescriptor::new(root.clone())
            .columns()
            .iter()
            .map(|d| Column {
                descr: d.clone(),
                encodings,
                array: None,
            })
            .collect();
        let place = |name: &&str| {
            fields
                .iter()
                .position(|f| f.name == *name)
                .expect("a table is sorted by its own columns")
        };
        Schema {
            root,
            columns,
            sorted_by: sorted_by.iter().map(place).collect(),
        }
    }

    /// The same for a table in memory: each column becomes an array.
    pub(crate) fn in_memory(mut self, fields: &[Field]) -> Schema {
        for (column, field) in self.columns.iter_mut().zip(fields) {
            column.array = Some(field.kind.arrow_type(column.encodings));
        }
        self
    }
}
