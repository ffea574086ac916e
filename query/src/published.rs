//! The tables of published runs for Polars, read with the readers of this project, which prove them against the manifest first.
//!
//! Polars' own Parquet reader is not used: it needs the streaming engine and with it an HTTP client, and what is asked would not
//! be what was proven.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{self as arrow_types, ArrowPrimitiveType};
use green_corridor::runs::PublishedRun;
use green_corridor::{Error, Result};
use polars::prelude::{
    AnonymousScan, AnonymousScanArgs, BooleanChunked, ChunkFull, ChunkedArray, Column, DataFrame,
    DataType, Int32Chunked, Int64Chunked, Int128Chunked, IntoSeries, LazyFrame, NewChunkedArray,
    PlSmallStr, PolarsError, PolarsNumericType, PolarsResult, ScanArgsAnonymous, Schema, SchemaRef,
    StringChunked, TimeUnit,
};
use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// The column that tells runs apart.
const RUN_ID: &str = "run_id";

/// The first thing that went wrong while Polars was at work: it hands on texts only, and the exit code would be lost.
#[derive(Default)]
pub(crate) struct Fault(Mutex<Option<Error>>);

impl Fault {
    /// Keeps it, and gives Polars something to stop with.
    pub(crate) fn keep(&self, error: Error) -> PolarsError {
        let what = PolarsError::ComputeError(error.to_string().into());
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(error);
        what
    }

    /// What was kept.
    pub(crate) fn take(&self) -> Option<Error> {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.take()
    }
}

/// The tables by name, nothing of them read yet.
pub(crate) fn tables(
    runs: Vec<PublishedRun>,
    fault: &Arc<Fault>,
) -> Result<Vec<(&'static str, LazyFrame)>> {
    let runs = Arc::new(runs);
    let table = |name: &'static str| {
        let source = Source {
            runs: runs.clone(),
            table: name,
            fault: fault.clone(),
        };
        let schema = source.columns()?;
        let args = ScanArgsAnonymous {
            schema: Some(Arc::new(schema)),
            name,
            ..ScanArgsAnonymous::default()
        };
        let table = LazyFrame::anonymous_scan(Arc::new(source), args);
        let fault = |e: PolarsError| Error::Internal(format!("table {name}: {e}"));
        Ok((name, table.map_err(fault)?))
    };
    PublishedRun::tables().map(table).collect()
}

/// One table of one or more runs.
struct Source {
    runs: Arc<Vec<PublishedRun>>,
    table: &'static str,
    fault: Arc<Fault>,
}

impl Source {
    /// Names and types.
    fn columns(&self) -> Result<Schema> {
        let mut schema = Schema::default();
        schema.with_column(RUN_ID.into(), DataType::String);
        let own = PublishedRun::schema(self.table)?;
        // What some runs carry and others do not is null in those.
        let all = self.runs.iter().map(|run| run.columns(self.table));
        let all = all.collect::<Result<Vec<_>>>()?;
        for field in own
            .fields()
            .iter()
            .chain(all.iter().flat_map(|s| s.fields()))
        {
            let kind = kind(field.data_type());
            let kind = kind.ok_or_else(|| self.other(field.name(), field.data_type()))?;
            schema.with_column(field.name().as_str().into(), kind);
        }
        Ok(schema)
    }

    fn other(&self, column: &str, kind: &impl std::fmt::Display) -> Error {
        Error::Internal(format!("table {}: column {column} is {kind}", self.table))
    }

    fn read(&self, wanted: &[(PlSmallStr, DataType)], most: usize) -> Result<DataFrame> {
        let published: Vec<&str> = wanted
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| *name != RUN_ID)
            .collect();
        let mut columns: Vec<Column> = wanted
            .iter()
            .map(|(name, kind)| Column::new_empty(name.clone(), kind))
            .collect();
        let mut len = 0;
        let fault = |e: PolarsError| Error::Internal(format!("table {}: {e}", self.table));
        for run in self.runs.iter() {
            let there = run.columns(self.table)?;
            let has = |name: &str| there.column_with_name(name).is_some();
            let read: Vec<&str> = published.iter().copied().filter(|name| has(name)).collect();
            for batch in run.batches(self.table, &read)? {
                if len >= most {
                    break;
                }
                let batch = batch?;
                let batch = batch.slice(0, batch.num_rows().min(most - len));
                for (column, (name, kind)) in columns.iter_mut().zip(wanted) {
                    let more = match batch.column_by_name(name) {
                        Some(array) => values(name, kind, array),
                        None if name == RUN_ID => Some(run_ids(run.id(), batch.num_rows())),
                        None => Some(Column::full_null(name.clone(), batch.num_rows(), kind)),
                    };
                    let more = more.ok_or_else(|| self.other(name, kind))?;
                    column.append(&more).map_err(fault)?;
                }
                len += batch.num_rows();
            }
        }
        DataFrame::new(len, columns).map_err(fault)
    }
}

impl AnonymousScan for Source {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn scan(&self, asked: AnonymousScanArgs) -> PolarsResult<DataFrame> {
        let schema: &SchemaRef = &asked.schema;
        let wanted: Vec<(PlSmallStr, DataType)> = match &asked.with_columns {
            Some(names) => {
                let column = |name: &PlSmallStr| Ok((name.clone(), schema.try_get(name)?.clone()));
                names.iter().map(column).collect::<PolarsResult<_>>()?
            }
            None => schema
                .iter()
                .map(|(name, kind)| (name.clone(), kind.clone()))
                .collect(),
        };
        let found = self.read(&wanted, asked.n_rows.unwrap_or(usize::MAX));
        found.map_err(|error| self.fault.keep(error))
    }

    fn allows_projection_pushdown(&self) -> bool {
        true
    }
}

/// The type that Polars has for a published one; instants are in UTC everywhere.
fn kind(published: &arrow_types::DataType) -> Option<DataType> {
    Some(match published {
        arrow_types::DataType::Utf8 => DataType::String,
        arrow_types::DataType::Boolean => DataType::Boolean,
        arrow_types::DataType::Int32 => DataType::Int32,
        arrow_types::DataType::Int64 => DataType::Int64,
        arrow_types::DataType::Date32 => DataType::Date,
        arrow_types::DataType::Timestamp(arrow_types::TimeUnit::Microsecond, _) => {
            DataType::Datetime(TimeUnit::Microseconds, None)
        }
        arrow_types::DataType::Decimal128(precision, scale) => {
            DataType::Decimal(usize::from(*precision), usize::try_from(*scale).ok()?)
        }
        _ => return None,
    })
}

/// The values of a column; `None`: they are of another type.
fn values(name: &PlSmallStr, wanted: &DataType, array: &dyn Array) -> Option<Column> {
    if kind(array.data_type())? != *wanted {
        return None;
    }
    let name = name.clone();
    let series = match wanted {
        DataType::String => {
            StringChunked::from_iter_options(name, array.as_string::<i32>().iter()).into_series()
        }
        DataType::Boolean => {
            BooleanChunked::from_iter_options(name, array.as_boolean().iter()).into_series()
        }
        DataType::Int32 => {
            let numbers: Int32Chunked = numbers::<arrow_types::Int32Type, _>(name, array);
            numbers.into_series()
        }
        DataType::Int64 => {
            let numbers: Int64Chunked = numbers::<arrow_types::Int64Type, _>(name, array);
            numbers.into_series()
        }
        DataType::Date => {
            let days: Int32Chunked = numbers::<arrow_types::Date32Type, _>(name, array);
            days.into_date().into_series()
        }
        DataType::Datetime(unit, _) => {
            let instants: Int64Chunked =
                numbers::<arrow_types::TimestampMicrosecondType, _>(name, array);
            instants.into_datetime(*unit, None).into_series()
        }
        DataType::Decimal(precision, scale) => {
            let figures: Int128Chunked = numbers::<arrow_types::Decimal128Type, _>(name, array);
            figures
                .into_decimal_unchecked(*precision, *scale)
                .into_series()
        }
        _ => return None,
    };
    Some(Column::from(series))
}

fn numbers<A, P>(name: PlSmallStr, array: &dyn Array) -> ChunkedArray<P>
where
    A: ArrowPrimitiveType,
    P: PolarsNumericType<Native = A::Native>,
    ChunkedArray<P>: NewChunkedArray<P, A::Native>,
{
    ChunkedArray::from_iter_options(name, array.as_primitive::<A>().iter())
}

fn run_ids(id: &str, len: usize) -> Column {
    Column::from(StringChunked::full(RUN_ID.into(), id, len).into_series())
}
