//! What a run leaves beside its figures: tables whose columns are those of docs/formats.md, and a manifest that warns of
//! nothing where nothing is wrong.

use crate::support::binary::green_corridor;
use crate::support::tables::{TABLES, current_run, parts};
use arrow::array::{ArrayRef, AsArray, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Decimal128Type, Field, Schema, TimeUnit};
use green_corridor::runs::Manifest;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

const FORMATS: &str = include_str!("../../docs/formats.md");

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
    let warnings = Manifest::load(&run).expect("a manifest").warnings;
    // What is said is of factors that stand in before their first edition: the reefer plugs of Thailand.
    assert!(
        warnings.len() == 1 && warnings[0].ends_with("becomes valid on 2026-01-01 (Q29)"),
        "{warnings:?}"
    );
}

/// Writes the first file of a table again with another column `name`.
fn rewritten(run: &Path, table: &str, name: &str, change: impl Fn(&ArrayRef) -> ArrayRef) {
    let path = &parts(run, table)[0];
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("a table"))
        .expect("a Parquet file");
    let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).expect("a count");
    let mut reader = builder.with_batch_size(rows).build().expect("readable");
    let batch = reader.next().expect("rows").expect("a batch");
    drop(reader);
    let at = batch.schema().index_of(name).expect("a column");
    let mut columns = batch.columns().to_vec();
    columns[at] = change(&columns[at]);
    let mut fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|f| (**f).clone())
        .collect();
    fields[at] = Field::new(
        name,
        columns[at].data_type().clone(),
        columns[at].null_count() > 0,
    );
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a batch");
    let file = File::create(path).expect("a new file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

/// The texts of a column with another one in row `row`, counted from 1.
fn with_text(column: &ArrayRef, row: usize, text: Option<&str>) -> ArrayRef {
    let texts = column.as_string::<i32>().iter().enumerate();
    Arc::new(StringArray::from_iter(
        texts.map(|(i, old)| if i + 1 == row { text } else { old }),
    ))
}

/// What stands in for an unknown word, a missing one, or digits of another scale is an error, whoever reads the table.
#[test]
fn words_and_scales_that_no_table_of_ours_has_are_errors() {
    let readers: [&[&str]; 3] = [&["export", "ileap"], &["report"], &["export", "pact"]];
    let words = [
        ("elements", "mode", Some("hyperloop"), 7),
        ("elements", "mode", Some("Rail"), 1),
        ("elements", "distance_basis", Some("as the crow flies"), 3),
        ("elements", "activity_basis", Some("sfd "), 2),
        ("elements", "temperature", Some("warm"), 9),
        ("elements", "data_category", None, 4),
        ("elements", "data_category", Some("guess"), 5),
        ("shipments", "quality_flags", Some("Q44"), 2),
        ("shipments", "quality_flags", Some("Q2"), 1),
    ];
    let (home, _) = sample();
    let out = home.path().to_str().expect("a plain path");
    let run = current_run(home.path());
    for (table, column, word, row) in words {
        let path = parts(&run, table)[0].clone();
        let kept = std::fs::read(&path).expect("a table");
        rewritten(&run, table, column, |old| with_text(old, row, word));
        for reader in readers {
            // A report asks the elements for no temperature, and a column that nobody asks for is not read.
            if reader == ["report"] && (table, column) == ("elements", "temperature") {
                continue;
            }
            let to = home.path().join("to");
            let arguments = reader.iter().copied();
            let ended = green_corridor(arguments.chain([out, "--to", to.to_str().expect("plain")]));
            let said = ended.expect(7).stderr;
            let found = word.map_or("found no value".to_owned(), |w| format!("found {w:?}"));
            let place = format!("{table}/part-00000.parquet: ");
            for part in [&place, &format!("row {row}: column {column}: "), &found] {
                assert!(
                    said.contains(part.as_str()),
                    "{reader:?}: {said:?} lacks {part:?}"
                );
            }
        }
        std::fs::write(&path, kept).expect("put back");
    }
    rewritten(&run, "elements", "ghg_total_kg", |old| {
        let values = old.as_primitive::<Decimal128Type>().clone();
        let narrower = Decimal128Array::from_iter_values(values.values().iter().copied());
        Arc::new(narrower.with_precision_and_scale(18, 6).expect("a decimal"))
    });
    // A report takes the totals of shipments, and does not ask the elements for theirs.
    for reader in readers.iter().filter(|reader| ***reader != ["report"]) {
        let said = green_corridor(reader.iter().copied().chain([out]))
            .expect(7)
            .stderr;
        let wanted = "column ghg_total_kg is decimal(18,6), expected decimal(18,9)";
        assert!(said.contains(wanted), "{reader:?}: {said}");
    }
}
