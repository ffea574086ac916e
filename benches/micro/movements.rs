//! The movements that the benchmarks work on: the shipped reference data, and a generated sample in every input format.

use green_corridor::DataFile;
use green_corridor::inside::{InputFile, Rows};
use green_corridor::made_up::{Format, Month, Order, Templates, write};
use green_corridor::plan::Share;
use green_corridor::shipped_files::{Shipped, all};
use green_corridor_core::model::movement::MovementBatch;
use green_corridor_core::model::symbol::Symbols;
use green_corridor_core::reference::Reference;
use std::fs::read_to_string;
use std::path::Path;
use std::sync::LazyLock;

/// The shipped library, profile and data.
pub(crate) static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
    let below = |folder: &str| -> Vec<DataFile> {
        let below = |file: Shipped| {
            let path = file.path.strip_prefix(folder)?.strip_prefix('/')?;
            Some(DataFile::new(path, file.bytes))
        };
        all().into_iter().filter_map(below).collect()
    };
    let (library, data) = (below("emission_factors"), below("data"));
    Reference::load(&library, "open", &data, &[]).unwrap().0
});

fn shipped(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Generated movements as a CSV or Parquet file; undamaged, in order of shipment.
pub(crate) fn sample(shipments: u64, format: Format) -> Vec<u8> {
    let text = |path: &str| read_to_string(shipped(path)).unwrap();
    let (routes, distances) = (text("data/sample_routes.toml"), text("data/distances.csv"));
    let templates = Templates::parse(
        &routes,
        &distances,
        &text("emission_factors/profiles/open.toml"),
    )
    .unwrap();
    let order = Order {
        shipments,
        seed: 1,
        month: Month::parse("2025-03").unwrap(),
        dirt: Share(0),
    };
    let mut bytes = Vec::new();
    write(&order, &templates, format, &mut bytes, &|_| {}).unwrap();
    bytes
}

/// The same rows as newline-delimited JSON: every cell that is not empty, as text.
pub(crate) fn ndjson(csv: &[u8]) -> Vec<u8> {
    let mut reader = csv::Reader::from_reader(csv);
    let header = reader.headers().unwrap().clone();
    let mut bytes = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let cells = header
            .iter()
            .zip(&record)
            .filter(|(_, cell)| !cell.is_empty());
        let object: serde_json::Map<_, _> = cells
            .map(|(name, cell)| (name.to_owned(), cell.into()))
            .collect();
        serde_json::to_writer(&mut bytes, &object).unwrap();
        bytes.push(b'\n');
    }
    bytes
}

/// An input file of this content, of which the parser accepts every row, or the benchmark would measure rejections; and how many they are.
pub(crate) fn input_file(label: &'static str, content: &[u8]) -> (InputFile, u64) {
    let file = InputFile::new(label, content, &REFERENCE).unwrap();
    let mut count = 0;
    let mut check = |rows: Rows| {
        let is_whole = rows.unplaced == 0 && rows.batch.rejects.is_empty();
        assert!(is_whole, "{label}: a row is rejected");
        count += rows.rows;
    };
    file.parse(&mut check).unwrap();
    (file, count)
}

/// Parsed movements of this many shipments as one batch, and the texts of its symbols.
pub(crate) fn batch(shipments: u64) -> (MovementBatch, Symbols) {
    let (file, _) = input_file("movements.csv", &sample(shipments, Format::Csv));
    let (mut batch, mut symbols) = (MovementBatch::default(), Symbols::default());
    let mut add = |mut rows: Rows| {
        let map = symbols.absorb(&rows.symbols);
        rows.batch.remap_symbols(&map);
        batch.extend(&rows.batch, 0..rows.batch.len());
    };
    file.parse(&mut add).unwrap();
    (batch, symbols)
}
