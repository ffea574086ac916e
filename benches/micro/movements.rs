//! The movements that the benchmarks work on: the shipped reference data, and a generated sample in every input format.

use green_corridor::DataFile;
use green_corridor::inside::{self, Mapping, Parsed, SourceFile};
use green_corridor::made_up::{Format, Month, Order, Templates, write};
use green_corridor::plan::Share;
use green_corridor::shipped_files::{Shipped, all};
use green_corridor_core::model::movement::MovementBatch;
use green_corridor_core::model::symbol::Symbols;
use green_corridor_core::model::vocabulary::Vocabulary;
use green_corridor_core::reference::Reference;
use std::fs::{File, read_to_string};
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// The shipped library, profile and data.
pub static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
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
pub fn sample(shipments: u64, format: Format) -> Vec<u8> {
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
pub fn ndjson(csv: &[u8]) -> Vec<u8> {
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

/// An input file with its vocabulary, to be parsed again and again.
pub struct InputFile {
    file: File,
    label: &'static str,
    mapping: Arc<Mapping>,
    vocabulary: Arc<Vocabulary>,
}

impl InputFile {
    /// A file of this content; the extension of the label decides about its format.
    pub fn new(label: &'static str, content: &[u8]) -> InputFile {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        InputFile {
            file,
            label,
            mapping: Arc::default(),
            vocabulary: Arc::new(REFERENCE.vocabulary()),
        }
    }

    /// Parses the file on this thread and hands on the rows of each unit.
    pub fn parse(&self, mut each: impl FnMut(Parsed)) {
        let mut file = self.file.try_clone().unwrap();
        file.rewind().unwrap();
        let source = SourceFile {
            file,
            label: self.label.to_owned(),
            index: 0,
        };
        let mut reader =
            inside::open(source, self.mapping.clone(), self.vocabulary.clone()).unwrap();
        while let Some(unit) = reader.next_unit().unwrap() {
            unit.parse().unwrap().into_iter().for_each(&mut each);
        }
    }

    /// Number of rows; every one of them must be accepted by the parser, or the benchmark would measure rejections.
    pub fn rows(&self) -> u64 {
        let mut rows = 0;
        self.parse(|parsed| {
            assert!(
                parsed.unplaced.is_empty() && parsed.batch.rejects.is_empty(),
                "{}: a row is rejected",
                self.label
            );
            rows += parsed.rows;
        });
        rows
    }
}

/// Parsed movements of this many shipments as one batch, and the texts of its symbols.
pub fn batch(shipments: u64) -> (MovementBatch, Symbols) {
    let file = InputFile::new("movements.csv", &sample(shipments, Format::Csv));
    let (mut batch, mut symbols) = (MovementBatch::default(), Symbols::default());
    file.parse(|mut parsed| {
        let map = symbols.absorb(&parsed.symbols);
        parsed.batch.remap_symbols(&map);
        batch.extend(&parsed.batch, 0..parsed.batch.len());
    });
    (batch, symbols)
}
