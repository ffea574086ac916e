//! A few bytes that stand for very many: long texts that rows share, records that nobody wrote one by one.

use super::column;
use super::mapping::{COLUMNS, Mapping};
use super::tests::{read_with, vocabulary};
use super::*;
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, Encoding};
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
use std::time::{Duration, Instant};

/// Longer than any of these files takes by far, on a machine that does other things too.
const A_HANG: Duration = Duration::from_secs(8);

// The writer looks at every text in full, for which more would take longest.
const ROWS: usize = 1_000;

/// The same text for every row, in a column of each kind.
fn shared(text: &str, properties: WriterProperties) -> Vec<u8> {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let column: ArrayRef = Arc::new(DictionaryArray::new(Int32Array::from(vec![0; ROWS]), texts));
    let texts = ["shipment_id", "carrier", "departed_at", "cargo_mass_kg"];
    let short: ArrayRef = Arc::new(StringArray::from(vec!["1"; ROWS]));
    let columns = COLUMNS.iter().map(|name| match texts.contains(name) {
        true => (*name, column.clone(), true),
        false => (*name, short.clone(), true),
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

fn rejected(parsed: &Parsed) -> usize {
    parsed.unplaced.len() + parsed.batch.rejects.len()
}

#[test]
fn a_text_that_rows_share_is_judged_and_shown_once() {
    let long = "7".repeat(100_000);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(Default::default()))
        .set_dictionary_page_size_limit(4 << 20)
        .build();
    let content = shared(&long, properties);
    assert!(content.len() < 20_000, "{}", content.len());
    let began = Instant::now();
    let (_, parsed) = read_with("a.parquet", &content, Mapping::default(), vocabulary()).unwrap();
    assert_eq!((parsed.rows, rejected(&parsed)), (ROWS as u64, ROWS));
    let reject = &parsed.unplaced[0].reject;
    assert_eq!(reject.reason.code(), "R016");
    assert_eq!(reject.value.len(), 120);
    assert_eq!(reject.wanted, "a cell of at most 64 KiB");
    assert!(began.elapsed() < A_HANG, "{:?}", began.elapsed());
}

#[test]
fn a_text_that_is_the_beginning_of_the_next_is_not_written_out_for_ever() {
    let long = "7".repeat(1 << 20);
    let builder = WriterProperties::builder().set_dictionary_enabled(false);
    let properties = (0..column::COUNT).fold(builder, |builder, at| {
        builder.set_column_encoding(COLUMNS[at].into(), Encoding::DELTA_BYTE_ARRAY)
    });
    // The writer's own page limit counts what it is given, not what it packs.
    let properties = properties
        .set_data_page_row_count_limit(ROWS)
        .set_data_page_size_limit(usize::MAX)
        .set_write_batch_size(64)
        .build();
    let few: ArrayRef = Arc::new(StringArray::from(vec![long.as_str(); 64]));
    let batch = RecordBatch::try_from_iter([("shipment_id", few)]).unwrap();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert!(out.len() < 8 << 20, "{}", out.len());
    let mapping = Mapping {
        constants: COLUMNS[..]
            .iter()
            .filter(|name| **name != "shipment_id")
            .filter(|name| {
                [
                    "movement_id",
                    "mode",
                    "origin",
                    "destination",
                    "departed_at",
                ]
                .contains(name)
            })
            .map(|name| ((*name).to_owned(), "x".to_owned()))
            .collect(),
        ..Mapping::default()
    };
    let fault = read_with("a.parquet", &out, mapping, vocabulary()).unwrap_err();
    assert!(fault.message.contains("which it does not hold"), "{fault}");
}

#[test]
fn a_packed_file_has_as_many_records_as_its_size_allows() {
    let lines = |count: usize| {
        let text = [COLUMNS.join(",").as_bytes(), b"\n", &b"A\n".repeat(count)].concat();
        zstd::encode_all(text.as_slice(), 1).unwrap()
    };
    let read = |content: &[u8]| {
        let mut reader = open(
            super::test_files::source("a.csv.zst", content),
            Arc::new(Mapping::default()),
            Arc::new(vocabulary()),
        )?;
        let mut rows = 0;
        while let Some(unit) = reader.next_unit()? {
            rows += unit.parse()?.iter().map(|parsed| parsed.rows).sum::<u64>();
        }
        Ok::<u64, FileFault>(rows)
    };
    assert_eq!(read(&lines(100_000)).unwrap(), 100_000);
    let fault = read(&lines(1_200_000)).unwrap_err();
    assert!(
        fault.message.contains("more records than a packed file"),
        "{fault}"
    );
}
