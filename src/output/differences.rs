//! The tables of a comparison of two runs: one row per changed shipment, one per corridor, month and load status.
//!
//! Small beside the tables of a run and written once, so the library's Arrow writer does it; the figures come as micrograms
//! and leave as exact decimals.

use super::columns::{Date, Optional, PublishedTable, Required, Sum, Text, published_table};
use super::schema::{Field as PublishedField, Kind};
use crate::model::time::Day;
use crate::output::encode::Encodings;
use arrow::array::{ArrayRef, Date32Builder, Decimal128Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{Field, Schema};
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
pub(crate) struct DifferencesWriter<W: Write + Send> {
    schema: Arc<Schema>,
    writer: ArrowWriter<W>,
    texts: Vec<StringBuilder>,
    dates: Vec<Date32Builder>,
    figures: Vec<Decimal128Builder>,
    rows: usize,
}

published_table! {
    /// Changed shipments.
    ChangedShipments = "shipments", columns of changed_shipment;
    shipment_id: Optional<Text>;
    corridor_before: Optional<Text>;
    corridor_after: Optional<Text>;
    load_status_before: Optional<Text>;
    load_status_after: Optional<Text>;
    carried_changed: Optional<Text>;
    period_before: Optional<Date>;
    period_after: Optional<Date>;
    ghg_before_kg: Required<Sum<9>>;
    ghg_after_kg: Required<Sum<9>>;
    difference_kg: Required<Sum<9>>;
    records_new: Required<Sum<9>>;
    records_removed: Required<Sum<9>>;
    records_corrected: Required<Sum<9>>;
    activity: Required<Sum<9>>;
    factor_choice: Required<Sum<9>>;
    factor_value: Required<Sum<9>>;
    method: Required<Sum<9>>;
    completeness: Required<Sum<9>>;
}

published_table! {
    /// Corridors, months and load statuses.
    ChangedCorridors = "corridors", columns of changed_corridor;
    corridor_id: Optional<Text>;
    load_status: Optional<Text>;
    period: Optional<Date>;
    ghg_before_kg: Required<Sum<9>>;
    ghg_after_kg: Required<Sum<9>>;
    difference_kg: Required<Sum<9>>;
    moved: Required<Sum<9>>;
    records_new: Required<Sum<9>>;
    records_removed: Required<Sum<9>>;
    records_corrected: Required<Sum<9>>;
    activity: Required<Sum<9>>;
    factor_choice: Required<Sum<9>>;
    factor_value: Required<Sum<9>>;
    method: Required<Sum<9>>;
    completeness: Required<Sum<9>>;
}

impl<W: Write + Send> DifferencesWriter<W> {
    /// The table `T`, whose texts come before its dates and its dates before its figures; `metadata` goes into the footer.
    pub(crate) fn new<T: PublishedTable>(
        out: W,
        metadata: &[(String, String)],
    ) -> Result<DifferencesWriter<W>> {
        let column = |f: &PublishedField| {
            Field::new(f.name, f.kind.arrow_type(Encodings::Default), f.nullable)
        };
        let columns: Vec<Field> = T::FIELDS.iter().map(column).collect();
        let schema = Arc::new(Schema::new(columns));
        let of = |kind: fn(Kind) -> bool| T::FIELDS.iter().filter(move |f| kind(f.kind));
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
        let figures = of(|kind| matches!(kind, Kind::Sum(_))).map(|_| decimal());
        let figures: std::result::Result<_, _> = figures.collect();
        Ok(DifferencesWriter {
            writer: ArrowWriter::try_new(out, schema.clone(), Some(properties))?,
            schema,
            texts: of(|kind| kind == Kind::Text)
                .map(|_| StringBuilder::new())
                .collect(),
            dates: of(|kind| kind == Kind::Date)
                .map(|_| Date32Builder::new())
                .collect(),
            figures: figures.map_err(|e| ParquetError::ArrowError(e.to_string()))?,
            rows: 0,
        })
    }

    /// Appends a row; figures in micrograms.
    pub(crate) fn row(
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
    pub(crate) fn finish(mut self) -> Result<W> {
        self.flush()?;
        self.writer.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calc::restate::Effects;

    #[test]
    fn the_effects_are_the_last_columns_in_their_order() {
        for fields in [ChangedShipments::FIELDS, ChangedCorridors::FIELDS] {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            assert_eq!(names[names.len() - Effects::COUNT..], Effects::NAMES);
        }
    }
}
