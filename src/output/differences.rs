//! The tables of a comparison of two runs: one row per changed shipment, one per corridor, month and load status.
//!
//! Small beside the tables of a run and written once, so the library's Arrow writer does it; the figures come as micrograms
//! and leave as exact decimals.

use super::schema::{Field as PublishedField, Kind};
use crate::model::time::Day;
use arrow::array::{ArrayRef, Date32Builder, Decimal128Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::sync::Arc;

/// Rows per batch handed to the writer.
const BATCH_ROWS: usize = 65_536;

/// A table of differences: texts and dates of the key, then figures in kg CO2e as `Decimal(38,9)`.
pub struct DifferencesWriter<W: Write + Send> {
    schema: Arc<Schema>,
    writer: ArrowWriter<W>,
    texts: Vec<StringBuilder>,
    dates: Vec<Date32Builder>,
    figures: Vec<Decimal128Builder>,
    rows: usize,
}

/// The columns of such a table, to read it back: the key, of which the period is a day, and the figures.
pub fn fields(keys: &[&'static str], figures: &[&'static str]) -> Vec<PublishedField> {
    let key = |name: &&'static str| {
        let kind = if *name == "period" {
            Kind::Date
        } else {
            Kind::Text
        };
        PublishedField::optional(name, kind)
    };
    let figure = |name: &&'static str| PublishedField::required(name, Kind::Sum(9));
    let figures = figures.iter().map(figure);
    keys.iter().map(key).chain(figures).collect()
}

impl<W: Write + Send> DifferencesWriter<W> {
    /// A table with these columns, in the order texts, dates, figures; `metadata` goes into the footer.
    pub fn new(
        out: W,
        texts: &[&str],
        dates: &[&str],
        figures: &[&str],
        metadata: &[(String, String)],
    ) -> Result<DifferencesWriter<W>> {
        let text = texts
            .iter()
            .map(|name| Field::new(*name, DataType::Utf8, true));
        let date = dates
            .iter()
            .map(|name| Field::new(*name, DataType::Date32, true));
        let figure = figures
            .iter()
            .map(|name| Field::new(*name, DataType::Decimal128(38, 9), false));
        let schema = Arc::new(Schema::new(
            text.chain(date).chain(figure).collect::<Vec<_>>(),
        ));
        let pairs = metadata
            .iter()
            .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
            .collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_created_by(super::part::CREATED_BY.to_owned())
            .set_key_value_metadata(Some(pairs))
            .build();
        let decimal = || Decimal128Builder::new().with_precision_and_scale(38, 9);
        let figures = figures
            .iter()
            .map(|_| decimal())
            .collect::<std::result::Result<_, _>>();
        Ok(DifferencesWriter {
            writer: ArrowWriter::try_new(out, schema.clone(), Some(properties))?,
            schema,
            texts: texts.iter().map(|_| StringBuilder::new()).collect(),
            dates: dates.iter().map(|_| Date32Builder::new()).collect(),
            figures: figures.map_err(|e| ParquetError::ArrowError(e.to_string()))?,
            rows: 0,
        })
    }

    /// Appends a row; figures in micrograms.
    pub fn row(
        &mut self,
        texts: &[Option<&str>],
        dates: &[Option<Day>],
        figures: &[i128],
    ) -> Result<()> {
        self.texts
            .iter_mut()
            .zip(texts)
            .for_each(|(column, text)| column.append_option(*text));
        self.dates
            .iter_mut()
            .zip(dates)
            .for_each(|(column, day)| column.append_option(*day));
        self.figures
            .iter_mut()
            .zip(figures)
            .for_each(|(column, figure)| column.append_value(*figure));
        self.rows += 1;
        if self.rows == BATCH_ROWS {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<()> {
        let texts = self
            .texts
            .iter_mut()
            .map(|b| Arc::new(b.finish()) as ArrayRef);
        let dates = self
            .dates
            .iter_mut()
            .map(|b| Arc::new(b.finish()) as ArrayRef);
        let figures = self
            .figures
            .iter_mut()
            .map(|b| Arc::new(b.finish()) as ArrayRef);
        let columns = texts.chain(dates).chain(figures).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(|e| ParquetError::ArrowError(e.to_string()))?;
        self.rows = 0;
        self.writer.write(&batch)
    }

    /// Writes what is left and the footer; gives the writer back.
    pub fn finish(mut self) -> Result<W> {
        self.flush()?;
        self.writer.into_inner()
    }
}
