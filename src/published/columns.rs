//! Published tables read back: batches of the columns that are wanted, each value checked against the list of the table.

use crate::claims::{self, Source};
use crate::error::{Error, Place};
use crate::output::encode::Encodings;
use crate::output::schema::Field;
use crate::published::expected::Expected;
use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{FieldRef, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::SchemaDescriptor;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Columns that runs of earlier programs lack. There nothing is stated: they read as null, a count as 0.
const LATER: [&str; 3] = ["biogenic_co2_g", "biogenic_co2_kg", "biogenic_co2_elements"];

/// Rows per batch.
const BATCH_ROWS: usize = 65_536;

/// The rows of a table file, only the named columns decoded and each value checked against `fields`, the columns of the
/// table. A column that is missing or of another type or scale, and a word of no list, are errors that name the row.
pub(crate) fn checked(file: File, fields: &[Field], columns: &[&str]) -> Result<Checked> {
    let metadata = claims::metadata(&file)?;
    let schema = metadata.file_metadata().schema_descr();
    let (there, absent) = parted(schema, fields, columns);
    let leaves = there
        .iter()
        .map(|name| leaf(schema, name))
        .collect::<Result<Vec<_>>>()?;
    for group in metadata.row_groups() {
        for &leaf in &leaves {
            claims::check_pages_of(&file, group.column(leaf))?;
        }
    }
    let mask = ProjectionMask::leaves(schema, leaves);
    let source = Source::new(file)?;
    let (reader, expected) = claims::guarded(|| {
        let arrow = ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new())?;
        let expected = Expected::new(fields, &there, arrow.schema())?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), arrow)
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()?;
        Ok((reader, expected))
    })?;
    Ok(Checked {
        reader,
        source,
        expected,
        absent,
        before: 0,
    })
}

/// Those of the wanted columns that the file has, and the later ones that it lacks.
pub(crate) fn parted<'c>(
    schema: &SchemaDescriptor,
    fields: &[Field],
    columns: &[&'c str],
) -> (Vec<&'c str>, Vec<FieldRef>) {
    let lacks = |name: &&str| LATER.contains(name) && leaf(schema, name).is_err();
    let (absent, there): (Vec<_>, Vec<_>) = columns.iter().copied().partition(lacks);
    let absent = absent.into_iter().filter_map(|name| {
        let field = fields.iter().find(|field| field.name == name)?;
        let of = field.kind.arrow_type(Encodings::Default);
        Some(Arc::new(arrow::datatypes::Field::new(name, of, true)))
    });
    (there, absent.collect())
}

/// The batch with columns without a value besides.
pub(crate) fn with_absent(batch: RecordBatch, absent: &[FieldRef]) -> Result<RecordBatch> {
    if absent.is_empty() {
        return Ok(batch);
    }
    let (schema, mut columns, rows) = batch.into_parts();
    let fields = schema.fields().iter().chain(absent).cloned();
    columns.extend(absent.iter().map(|f| new_null_array(f.data_type(), rows)));
    let schema = Schema::new(fields.collect::<Vec<FieldRef>>());
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

/// The place of a column.
pub(crate) fn leaf(schema: &SchemaDescriptor, name: &str) -> Result<usize> {
    let place = schema.columns().iter().position(|c| c.name() == name);
    place.ok_or_else(|| ParquetError::General(format!("column {name} is missing")))
}

/// Checked batches of a table file.
pub(crate) struct Checked {
    reader: ParquetRecordBatchReader,
    source: Source,
    expected: Expected,
    /// Columns that were asked for and are not in the file.
    absent: Vec<FieldRef>,
    /// Rows of the batches before this one.
    before: usize,
}

impl Iterator for Checked {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        let batch = claims::guarded(|| Ok(self.reader.next().transpose()?));
        // The decoder tells the system's reason as a text.
        let batch = batch.map_err(|e| self.source.failed().map_or(e, ParquetError::from));
        let batch = match batch.transpose()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        let before = self.before;
        self.before += batch.num_rows();
        let place = |row: usize| format!("row {}", before + row + 1);
        let checked = self.expected.check(&batch, place);
        Some(checked.and_then(|()| with_absent(batch, &self.absent)))
    }
}

/// A part of a published table that cannot be read: the file is not what it should be (exit 7), or reading failed (exit 6).
pub(crate) fn fault(part: &Path, error: &ParquetError) -> Error {
    let path = part.display();
    match claims::io_cause(error) {
        Some(cause) => Error::Storage(format!("{path}: cannot read: {cause}"))
            .because(std::io::Error::new(cause.kind(), cause.to_string())),
        None => Error::Verification(format!("{path}: {error}"))
            .because(ParquetError::General(error.to_string())),
    }
    .at(Place::path(part))
}
