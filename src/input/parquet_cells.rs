//! Parquet types to raw cells: which types a column of ours may have, and how decoded arrays become [`Cells`].

use super::cells::Cells;
use super::column::Kind;
use crate::model::time::DAY_US;
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::schema::types::{Type, TypePtr};
use std::sync::Arc;

/// How a Parquet column is decoded.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The type in the schema that the decoder sees.
    pub parquet_type: TypePtr,
    /// Whether it holds text, which the decoder sees as bytes: a cell that is not UTF-8 is the row's fault, not the file's.
    pub is_text: bool,
}

/// How a column of the file is decoded for one of ours, or what it is instead of a usable one. `arrow` is the type that the
/// writer noted, if any.
pub(super) fn plan(found: &TypePtr, kind: Kind, arrow: Option<&DataType>) -> Result<Plan, String> {
    if !found.is_primitive() || found.get_basic_info().repetition() == Repetition::REPEATED {
        return Err("a nested column".into());
    }
    let info = found.get_basic_info();
    let (logical, converted) = (info.logical_type_ref(), info.converted_type());
    let physical = found.get_physical_type();
    let described = match (logical, converted) {
        (Some(logical), _) => format!("{physical} ({logical:?})"),
        (None, ConvertedType::NONE) => format!("{physical}"),
        (None, converted) => format!("{physical} ({converted})"),
    };
    let is_text = physical == Physical::BYTE_ARRAY
        && (matches!(
            logical,
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
        ) || (logical.is_none()
            && matches!(
                converted,
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
            )));
    if is_text {
        let bytes = Type::primitive_type_builder(info.name(), Physical::BYTE_ARRAY)
            .with_repetition(info.repetition());
        return Ok(Plan {
            parquet_type: Arc::new(bytes.build().map_err(|e| e.to_string())?),
            is_text,
        });
    }
    if matches!(logical, Some(LogicalType::Unknown)) {
        return Ok(Plan {
            parquet_type: found.clone(),
            is_text,
        });
    }
    let decoded = parquet::arrow::parquet_to_arrow_schema(&single(found)?, None)
        .map_err(|e| e.to_string())?;
    let noted_seconds = matches!(arrow, Some(DataType::Timestamp(TimeUnit::Second, _)));
    let usable = match decoded.field(0).data_type() {
        DataType::Int64 if kind == Kind::Timestamp => noted_seconds,
        other => holds(other, kind),
    };
    if usable {
        Ok(Plan {
            parquet_type: found.clone(),
            is_text,
        })
    } else {
        Err(described)
    }
}

/// Whether values of this type, which is none of texts, can be those of a column of ours.
pub(super) fn holds(data_type: &DataType, kind: Kind) -> bool {
    match data_type {
        DataType::Timestamp(..) | DataType::Date32 => kind == Kind::Timestamp,
        DataType::Decimal128(..) | DataType::Float32 | DataType::Float64 => kind != Kind::Timestamp,
        DataType::Null => true,
        other => other.is_integer() && kind != Kind::Timestamp,
    }
}

/// A schema of one column.
fn single(column: &TypePtr) -> Result<parquet::schema::types::SchemaDescriptor, String> {
    let root = Type::group_type_builder("schema")
        .with_fields(vec![column.clone()])
        .build()
        .map_err(|e| e.to_string())?;
    Ok(parquet::schema::types::SchemaDescriptor::new(Arc::new(
        root,
    )))
}

/// What a column of a kind may be, for messages.
pub(super) fn usable_types(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Place => "text or a number",
        Kind::Number => "a number or text",
        Kind::Timestamp => "a timestamp, date or text",
    }
}

fn nulls(array: &dyn Array) -> Option<NullBuffer> {
    array.nulls().filter(|n| n.null_count() > 0).cloned()
}

/// A decoded array as raw cells; `None` for a type that [`plan`] does not let through.
pub(super) fn cells(array: &ArrayRef) -> Option<Cells<'static>> {
    let nulls = nulls(array);
    Some(match array.data_type() {
        DataType::Null => Cells::Empty,
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary_opt::<Int32Type>()?;
            Cells::Coded(
                dictionary.keys().values().clone(),
                nulls,
                Box::new(cells(dictionary.values())?),
            )
        }
        DataType::Binary => {
            let texts = array.as_binary_opt::<i32>()?;
            Cells::Texts(
                texts.values().clone(),
                texts.offsets().inner().clone(),
                nulls,
            )
        }
        DataType::Int8 => ints::<Int8Type>(array, nulls)?,
        DataType::Int16 => ints::<Int16Type>(array, nulls)?,
        DataType::Int32 => ints::<Int32Type>(array, nulls)?,
        DataType::Int64 => ints::<Int64Type>(array, nulls)?,
        DataType::UInt8 => ints::<UInt8Type>(array, nulls)?,
        DataType::UInt16 => ints::<UInt16Type>(array, nulls)?,
        DataType::UInt32 => ints::<UInt32Type>(array, nulls)?,
        DataType::UInt64 => {
            let values: Vec<i128> = array
                .as_primitive_opt::<UInt64Type>()?
                .values()
                .iter()
                .map(|&v| v as i128)
                .collect();
            Cells::Decimals(values.into(), 0, nulls)
        }
        DataType::Decimal128(_, scale) => Cells::Decimals(
            array.as_primitive_opt::<Decimal128Type>()?.values().clone(),
            *scale as i32,
            nulls,
        ),
        DataType::Float32 => {
            let values: Vec<f64> = array
                .as_primitive_opt::<Float32Type>()?
                .values()
                .iter()
                .map(|&v| widened(v))
                .collect();
            Cells::Doubles(values.into(), nulls)
        }
        DataType::Float64 => Cells::Doubles(
            array.as_primitive_opt::<Float64Type>()?.values().clone(),
            nulls,
        ),
        DataType::Date32 => {
            let values: Vec<i64> = array
                .as_primitive_opt::<Date32Type>()?
                .values()
                .iter()
                .map(|&day| (day as i64).saturating_mul(DAY_US))
                .collect();
            Cells::Times(values.into(), true, nulls)
        }
        DataType::Timestamp(unit, zone) => {
            let local = zone.is_none();
            match unit {
                TimeUnit::Second => times::<TimestampSecondType>(array, nulls, local, |v| {
                    v.saturating_mul(1_000_000)
                })?,
                TimeUnit::Millisecond => {
                    times::<TimestampMillisecondType>(array, nulls, local, |v| {
                        v.saturating_mul(1000)
                    })?
                }
                TimeUnit::Microsecond => Cells::Times(
                    array
                        .as_primitive_opt::<TimestampMicrosecondType>()?
                        .values()
                        .clone(),
                    local,
                    nulls,
                ),
                // Cut to microseconds like the digits of a text, also before 1970.
                TimeUnit::Nanosecond => {
                    times::<TimestampNanosecondType>(array, nulls, local, |v| v.div_euclid(1000))?
                }
            }
        }
        _ => return None,
    })
}

fn ints<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
) -> Option<Cells<'static>>
where
    T::Native: Into<i64>,
{
    let typed: &PrimitiveArray<T> = array.as_primitive_opt()?;
    Some(Cells::Ints(
        typed.values().iter().map(|&v| v.into()).collect(),
        nulls,
    ))
}

fn times<T: ArrowPrimitiveType<Native = i64>>(
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
    local: bool,
    micros: impl Fn(i64) -> i64,
) -> Option<Cells<'static>> {
    let typed: &PrimitiveArray<T> = array.as_primitive_opt()?;
    let values: Vec<i64> = typed.values().iter().map(|&v| micros(v)).collect();
    Some(Cells::Times(values.into(), local, nulls))
}

/// The double whose shortest decimal form is that of the single.
#[expect(
    clippy::cast_possible_truncation,
    reason = "cutting to a single is the test"
)]
fn widened(value: f32) -> f64 {
    // A decimal of at most six digits that reads back as the same single is the shortest one.
    let candidate = (value as f64 * 1000.0).round();
    if candidate.abs() < 1e6 && (candidate / 1000.0) as f32 == value {
        return candidate / 1000.0;
    }
    if !value.is_finite() {
        return value as f64;
    }
    format!("{value}").parse().unwrap_or(value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singles_keep_their_shortest_form() {
        for value in [
            0.1f32,
            1234.5,
            16_777_216.0,
            0.001,
            3.4e38,
            1e-10,
            -2.7,
            12_345.678,
            0.3333333,
        ] {
            assert_eq!(format!("{}", widened(value)), format!("{value}"));
        }
        assert!(widened(f32::NAN).is_nan() && widened(f32::INFINITY).is_infinite());
    }
}
