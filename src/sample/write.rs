//! A sample as CSV or Parquet, streamed: memory does not grow with the number of shipments.
//!
//! Parquet is written here and not by `output`, which knows the published tables only.

use super::row::{HEADER, Row};
use super::{Order, Templates, shipment};
use crate::model::time::instant_text;
use crate::model::unit::decimal_text;
use arrow::array::{
    ArrayRef, Decimal128Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
    UInt16Builder,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Form of a sample file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// Parquet with typed columns.
    Parquet,
}

impl Format {
    /// By the extension of the file's name.
    pub fn of(path: &Path) -> Result<Format, String> {
        let extension = path.extension().map(|e| e.to_ascii_lowercase());
        match extension.as_ref().and_then(|e| e.to_str()) {
            Some("csv") => Ok(Format::Csv),
            Some("parquet") => Ok(Format::Parquet),
            _ => Err(format!(
                "{}: expected a file name that ends in .csv or .parquet",
                path.display()
            )),
        }
    }
}

/// Rows per Parquet batch, and per row group.
const BATCH: usize = 16_384;
const ROW_GROUP: usize = 262_144;

/// Writes the whole sample; returns the number of rows. `each` is told the rows written since it was last called.
pub fn write(
    order: &Order,
    templates: &Templates,
    format: Format,
    out: &mut (dyn Write + Send),
    each: &dyn Fn(u64),
) -> io::Result<u64> {
    match format {
        Format::Csv => write_csv(order, templates, out, each),
        Format::Parquet => write_parquet(order, templates, out, each),
    }
}

fn write_csv(
    order: &Order,
    templates: &Templates,
    out: &mut (dyn Write + Send),
    each: &dyn Fn(u64),
) -> io::Result<u64> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADER)?;
    let mut count = 0;
    for index in 0..order.shipments {
        let rows = shipment(order, templates, index);
        for row in &rows {
            writer.write_record(cells(row))?;
        }
        count += rows.len() as u64;
        each(rows.len() as u64);
    }
    writer.flush()?;
    Ok(count)
}

/// The cells of a row in the order of the header.
fn cells(row: &Row) -> [String; 22] {
    let time = |at: Option<i64>| at.map_or(String::new(), |s| instant_text(s * 1_000_000));
    let number = |n: Option<i64>| n.map_or(String::new(), |n| short_decimal(n, 3));
    [
        row.movement_id.clone(),
        row.shipment_id.clone(),
        row.container_id.clone(),
        row.container_type.to_owned(),
        row.sequence.to_string(),
        row.mode.to_owned(),
        row.operation.to_owned(),
        row.carrier.to_owned(),
        row.origin.to_owned(),
        row.destination.to_owned(),
        time(row.departed_at),
        time(row.arrived_at),
        number(row.distance_m),
        row.distance_basis.to_owned(),
        number(row.cargo_mass_g),
        number(row.container_cargo_mass_g),
        row.load_status.to_owned(),
        row.temperature.to_owned(),
        row.energy_carrier.to_owned(),
        number(row.energy_quantity),
        row.energy_unit.to_owned(),
        row.evidence_ref.clone(),
    ]
}

/// Without zeros that say nothing.
fn short_decimal(mantissa: i64, scale: u32) -> String {
    let text = decimal_text(mantissa as i128, scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn write_parquet(
    order: &Order,
    templates: &Templates,
    out: &mut (dyn Write + Send),
    each: &dyn Fn(u64),
) -> io::Result<u64> {
    let schema = schema();
    let level = ZstdLevel::try_new(3).map_err(io::Error::other)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a record has a few dozen columns"
    )]
    let shipment_column = HEADER.iter().position(|&c| c == "shipment_id").unwrap_or(1) as i32;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_sorting_columns(Some(vec![SortingColumn {
            column_idx: shipment_column,
            descending: false,
            nulls_first: false,
        }]))
        .set_created_by(format!(
            "green-corridor {} (generated sample)",
            env!("CARGO_PKG_VERSION")
        ))
        .build();
    let mut writer =
        ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(io::Error::other)?;
    let (mut rows, mut count) = (Vec::with_capacity(BATCH + 64), 0);
    for index in 0..order.shipments {
        rows.append(&mut shipment(order, templates, index));
        if rows.len() >= BATCH || index + 1 == order.shipments {
            let batch =
                RecordBatch::try_new(schema.clone(), columns(&rows)).map_err(io::Error::other)?;
            writer.write(&batch).map_err(io::Error::other)?;
            count += rows.len() as u64;
            each(rows.len() as u64);
            rows.clear();
        }
    }
    writer.close().map_err(io::Error::other)?;
    Ok(count)
}

fn schema() -> Arc<Schema> {
    let fields = HEADER.map(|name| {
        let kind = match name {
            "sequence" => DataType::UInt16,
            "departed_at" | "arrived_at" => {
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
            }
            "distance_km" => DataType::Decimal128(12, 3),
            "cargo_mass_kg" | "container_cargo_mass_kg" => DataType::Decimal128(15, 3),
            "energy_quantity" => DataType::Decimal128(18, 3),
            _ => DataType::Utf8,
        };
        Field::new(
            name,
            kind,
            !matches!(name, "movement_id" | "shipment_id" | "sequence"),
        )
    });
    Arc::new(Schema::new(fields.to_vec()))
}

fn columns(rows: &[Row]) -> Vec<ArrayRef> {
    let text = |cell: &dyn for<'r> Fn(&'r Row<'_>) -> &'r str| -> ArrayRef {
        let mut column = StringBuilder::new();
        for row in rows {
            column.append_option(Some(cell(row)).filter(|c| !c.is_empty()));
        }
        Arc::new(column.finish())
    };
    let time = |cell: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        let mut column = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        rows.iter()
            .for_each(|row| column.append_option(cell(row).map(|s| s * 1_000_000)));
        Arc::new(column.finish())
    };
    let decimal = |precision: u8, cell: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        let mut column =
            Decimal128Builder::new().with_data_type(DataType::Decimal128(precision, 3));
        rows.iter()
            .for_each(|row| column.append_option(cell(row).map(i128::from)));
        Arc::new(column.finish())
    };
    let mut sequence = UInt16Builder::new();
    rows.iter()
        .for_each(|row| sequence.append_value(row.sequence));
    vec![
        text(&|r| &r.movement_id),
        text(&|r| &r.shipment_id),
        text(&|r| &r.container_id),
        text(&|r| r.container_type),
        Arc::new(sequence.finish()),
        text(&|r| r.mode),
        text(&|r| r.operation),
        text(&|r| r.carrier),
        text(&|r| r.origin),
        text(&|r| r.destination),
        time(&|r| r.departed_at),
        time(&|r| r.arrived_at),
        decimal(12, &|r| r.distance_m),
        text(&|r| r.distance_basis),
        decimal(15, &|r| r.cargo_mass_g),
        decimal(15, &|r| r.container_cargo_mass_g),
        text(&|r| r.load_status),
        text(&|r| r.temperature),
        text(&|r| r.energy_carrier),
        decimal(18, &|r| r.energy_quantity),
        text(&|r| r.energy_unit),
        text(&|r| &r.evidence_ref),
    ]
}
