//! The answer as Arrow columns of the types that published tables have; anything else is refused.

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch,
    RecordBatchOptions, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Field, Schema};
use green_corridor::{Error, Result};
use polars::prelude::{Column, DataFrame, DataType, PolarsResult, TimeUnit};
use std::sync::Arc;

/// The rows of an answer.
///
/// Errors: exit 2 for a column of floats, or of a type that has no exact form here.
pub(crate) fn batch(found: &DataFrame) -> Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for column in found.columns() {
        let array =
            array(column).map_err(|e| Error::Internal(format!("{}: {e}", column.name())))?;
        let array = array.ok_or_else(|| refused(column))?;
        let name = column.name().as_str();
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let rows = RecordBatchOptions::new().with_row_count(Some(found.height()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &rows)
        .map_err(|e| Error::Internal(format!("the answer: {e}")))
}

fn refused(column: &Column) -> Error {
    let (name, kind) = (column.name(), column.dtype());
    Error::Usage(if kind.is_float() {
        format!(
            "column {name:?} is a float, which is not exact; ask for sum(a) / sum(b) of decimals, for CAST({name} AS DECIMAL(38, 9)), \
             or for the sums, and divide outside"
        )
    } else {
        format!("column {name:?} is {kind}, expected text, a number, a date, a time or yes and no")
    })
}

/// `None`: of a type that has no exact form here.
fn array(column: &Column) -> PolarsResult<Option<ArrayRef>> {
    let series = column.as_materialized_series();
    Ok(Some(match series.dtype() {
        DataType::String => Arc::new(series.str()?.iter().collect::<StringArray>()),
        DataType::Boolean => Arc::new(series.bool()?.iter().collect::<BooleanArray>()),
        DataType::Date => Arc::new(series.date()?.physical().iter().collect::<Date32Array>()),
        DataType::Datetime(TimeUnit::Microseconds, _) => {
            let instants = series.datetime()?.physical().iter();
            Arc::new(
                instants
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            )
        }
        DataType::Decimal(precision, scale) => {
            let figures = series.decimal()?.physical().iter();
            let (Ok(precision), Ok(scale)) = (u8::try_from(*precision), i8::try_from(*scale))
            else {
                return Ok(None);
            };
            let figures = figures.collect::<Decimal128Array>();
            match figures.with_precision_and_scale(precision, scale) {
                Ok(figures) => Arc::new(figures),
                Err(_) => return Ok(None),
            }
        }
        kind if kind.is_integer() => {
            let wide = series.strict_cast(&DataType::Int64)?;
            Arc::new(wide.i64()?.iter().collect::<Int64Array>())
        }
        DataType::Null => Arc::new(StringArray::new_null(series.len())),
        _ => return Ok(None),
    }))
}
