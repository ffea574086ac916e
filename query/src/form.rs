//! The forms of an answer: a table for people, CSV, JSON, Parquet. No text in it is obeyed by a terminal or a spreadsheet.

use crate::args::{Args, QueryFormat};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use green_corridor::files::{RealDisk, write_file};
use green_corridor::process::Console;
use green_corridor::quantity::{date_text, decimal_text, instant_text};
use green_corridor::text::{Table, csv_cell, visible, write_json};
use green_corridor::{Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io::{self, Write};

/// Refuses what could not be written, before anything is read.
pub(crate) fn check(args: &Args) -> Result<()> {
    if args.format == QueryFormat::Parquet && args.to.is_none() {
        let what = "--format parquet needs --to FILE: it is not for a terminal";
        return Err(Error::Usage(what.to_owned()));
    }
    Ok(())
}

/// Writes the answer where it is wanted.
pub(crate) fn write(answer: &RecordBatch, args: &Args, console: &Console) -> Result<()> {
    let body = |out: &mut dyn Write| match args.format {
        QueryFormat::Table => out.write_all(table(answer).as_bytes()),
        QueryFormat::Csv => csv(answer, out),
        QueryFormat::Json => json(answer, out),
        QueryFormat::Parquet => parquet(answer, out),
    };
    let Some(path) = &args.to else {
        return console.write(body);
    };
    let mut bytes = Vec::new();
    body(&mut bytes).map_err(|e| Error::Internal(format!("the answer: {e}")))?;
    write_file(&RealDisk, path, &bytes)
}

fn table(answer: &RecordBatch) -> String {
    let schema = answer.schema();
    let head = |field: &arrow::datatypes::FieldRef| {
        let mark = if is_number(field.data_type()) {
            ">"
        } else {
            ""
        };
        format!("{mark}{}", visible(field.name()))
    };
    let heads: Vec<String> = schema.fields().iter().map(head).collect();
    let mut table = Table::new(&heads);
    for row in 0..answer.num_rows() {
        let cells = answer.columns().iter().map(|column| cell(column, row));
        table.row(
            cells
                .map(|cell| visible(&cell.unwrap_or_default()))
                .collect(),
        );
    }
    table.text()
}

fn csv(answer: &RecordBatch, out: &mut dyn Write) -> io::Result<()> {
    let schema = answer.schema();
    let heads: Vec<String> = schema.fields().iter().map(|f| csv_cell(f.name())).collect();
    writeln!(out, "{}", heads.join(","))?;
    for row in 0..answer.num_rows() {
        let cells = answer.columns().iter().map(|column| cell(column, row));
        let cells: Vec<String> = cells.map(|c| csv_cell(&c.unwrap_or_default())).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(())
}

/// An array of objects, one a line. Decimals are texts: most readers of JSON make floats of its numbers.
fn json(answer: &RecordBatch, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for row in 0..answer.num_rows() {
        out.write_all(if row == 0 { b"\n" } else { b",\n" })?;
        write_json(out, &Object { answer, row })?;
    }
    out.write_all(b"\n]\n")
}

struct Object<'a> {
    answer: &'a RecordBatch,
    row: usize,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.answer.num_columns()))?;
        for (field, column) in self
            .answer
            .schema()
            .fields()
            .iter()
            .zip(self.answer.columns())
        {
            map.serialize_key(field.name())?;
            match column.data_type() {
                _ if column.is_null(self.row) => map.serialize_value(&())?,
                DataType::Boolean => map.serialize_value(&column.as_boolean().value(self.row))?,
                DataType::Int64 => {
                    map.serialize_value(&column.as_primitive::<Int64Type>().value(self.row))?
                }
                _ => map.serialize_value(&cell(column, self.row))?,
            }
        }
        map.end()
    }
}

fn parquet(answer: &RecordBatch, out: &mut dyn Write) -> io::Result<()> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("green-corridor-query".to_owned())
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, answer.schema(), Some(properties))?;
    writer.write(answer)?;
    writer.close()?;
    out.write_all(&bytes)
}

fn is_number(kind: &DataType) -> bool {
    matches!(kind, DataType::Int64 | DataType::Decimal128(_, _))
}

/// A value as text: decimals with all their places, times in UTC; `None`: null.
fn cell(column: &dyn Array, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Date32 => date_text(column.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(_, _) => {
            instant_text(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Decimal128(_, scale) => {
            let figure = column.as_primitive::<Decimal128Type>().value(row);
            decimal_text(figure, u32::from(scale.unsigned_abs()))
        }
        // `answer` makes no others.
        _ => return None,
    })
}
