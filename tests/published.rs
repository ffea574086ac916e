//! What a run leaves beside its figures: tables whose columns are those of docs/formats.md, and a manifest that warns of
//! nothing where nothing is wrong.

mod support;

use arrow::datatypes::{DataType, Field, TimeUnit};
use green_corridor::store::manifest::Manifest;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::{Path, PathBuf};
use support::binary::green_corridor;
use support::tables::{TABLES, current_run, parts};

/// The shipped sample, published.
fn sample() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let run_file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");
    green_corridor([
        "run",
        run_file,
        "--out",
        home.path().to_str().expect("a plain path"),
    ])
    .expect(0);
    let run = current_run(home.path());
    (home, run)
}

const FORMATS: &str = include_str!("../docs/formats.md");

/// Name and type of the columns that the documentation gives a table.
fn documented(table: &str) -> Vec<(String, String)> {
    let is_head = |line: &str| {
        line.starts_with(&format!("### {table}.parquet"))
            || line.starts_with(&format!("### {table}/"))
    };
    let section = FORMATS
        .lines()
        .skip_while(|line| !is_head(line))
        .skip(1)
        .take_while(|line| !line.starts_with('#'));
    let mut columns = Vec::new();
    for row in section.filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        columns.extend(
            cells[1]
                .split(", ")
                .map(|name| (name.trim_matches('`').to_owned(), cells[2].to_owned())),
        );
    }
    columns
}

/// A type as the documentation says it.
fn said(field: &Field) -> String {
    let kind = match field.data_type() {
        DataType::Utf8 => "text".to_owned(),
        DataType::Int32 | DataType::Int64 => "integer".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => {
            "timestamp".to_owned()
        }
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => panic!("{}: no published column is of type {other}", field.name()),
    };
    if field.is_nullable() {
        format!("{kind}, may be null")
    } else {
        kind
    }
}

fn published(run: &Path, table: &str) -> Vec<(String, String)> {
    let file = File::open(&parts(run, table)[0]).expect("a table");
    let schema = ParquetRecordBatchReaderBuilder::try_new(file)
        .expect("a Parquet file")
        .schema()
        .clone();
    schema
        .fields()
        .iter()
        .map(|field| (field.name().clone(), said(field)))
        .collect()
}

#[test]
fn every_published_column_is_documented_with_its_type_and_in_its_place() {
    let (_home, run) = sample();
    for table in TABLES {
        assert_eq!(
            published(&run, table),
            documented(table),
            "docs/formats.md, {table}"
        );
    }
}

#[test]
fn every_key_of_the_manifest_is_documented() {
    let (_home, run) = sample();
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(run.join("manifest.json")).expect("a manifest"))
            .expect("JSON");
    let (_, list) = FORMATS
        .split_once("- `manifest.json` knows")
        .expect("a list of keys");
    let named = |key: &str, places: &str| {
        assert!(
            places.contains(&format!("`{key}`")),
            "docs/formats.md lacks {key} of the manifest"
        )
    };
    let keys = |value: &serde_json::Value| {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let rows = list.split("\n\n- ").next().unwrap_or_default();
    keys(&manifest).iter().for_each(|key| named(key, rows));
    for of in ["inputs", "files"] {
        let row = rows
            .lines()
            .find(|line| line.starts_with(&format!("  | `{of}` |")))
            .expect("a row");
        keys(&manifest[of][0])
            .iter()
            .filter(|key| !["file", "path"].contains(&key.as_str()))
            .for_each(|key| named(key, row));
    }
}

#[test]
fn every_key_of_the_parquet_files_is_documented() {
    let (_home, run) = sample();
    for table in TABLES {
        let file = File::open(&parts(&run, table)[0]).expect("a table");
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
        let list = builder
            .metadata()
            .file_metadata()
            .key_value_metadata()
            .expect("key-value metadata");
        let keys: Vec<&str> = list
            .iter()
            .map(|entry| entry.key.as_str())
            .filter(|key| *key != "ARROW:schema")
            .collect();
        assert!(keys.len() >= 8, "{table}: {keys:?}");
        for key in keys {
            assert!(
                FORMATS.contains(&format!("`{key}`")),
                "docs/formats.md lacks {key}"
            );
        }
    }
}

/// `services.csv` is for route options; a run does not read it, and once claimed in each manifest that it was missing.
#[test]
fn a_run_does_not_warn_of_files_that_it_does_not_read() {
    let (_home, run) = sample();
    assert_eq!(
        Manifest::load(&run).expect("a manifest").warnings,
        Vec::<String>::new()
    );
}
