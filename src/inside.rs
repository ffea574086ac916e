//! Steps of a run for the benchmarks of this package, by its feature `inside`; no promise to anybody else.

use crate::input::mapping::Mapping;
use crate::input::{self, SourceFile};
use crate::model::element::Footprints;
use crate::model::movement::MovementBatch;
use crate::model::symbol::Symbols;
use crate::output::elements::ELEMENTS;
use crate::output::encode::Encodings;
use crate::output::table::ChunkWriter;
use crate::reference::Reference;
use crate::run::compute::FixedNames;
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

/// Rows of a batch, and how many of them were rejected before they had a shipment.
pub struct Rows {
    /// Accepted rows and tombstones.
    pub batch: MovementBatch,
    /// Texts of the batch's symbols.
    pub symbols: Symbols,
    /// Rejected rows whose shipment could not be read.
    pub unplaced: usize,
    /// Rows read.
    pub rows: u64,
}

/// An input file with its vocabulary, to be parsed again and again.
pub struct InputFile {
    file: File,
    label: &'static str,
    vocabulary: Arc<crate::model::vocabulary::Vocabulary>,
}

impl InputFile {
    /// A file of this content; the extension of the label decides about its format.
    pub fn new(
        label: &'static str,
        content: &[u8],
        reference: &Reference,
    ) -> std::io::Result<InputFile> {
        let mut file = tempfile::tempfile()?;
        file.write_all(content)?;
        Ok(InputFile {
            file,
            label,
            vocabulary: Arc::new(reference.vocabulary()),
        })
    }

    /// Parses the file on this thread and hands on the rows of each unit.
    pub fn parse(&self, each: &mut dyn FnMut(Rows)) -> Result<(), Box<dyn std::error::Error>> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        let source = SourceFile {
            file,
            label: self.label.to_owned(),
            index: 0,
        };
        let mapping = Arc::new(Mapping::default());
        let mut reader = input::open(source, mapping, Arc::clone(&self.vocabulary))?;
        while let Some(unit) = reader.next_unit()? {
            for parsed in unit.parse()? {
                each(Rows {
                    unplaced: parsed.unplaced.len(),
                    rows: parsed.rows,
                    batch: parsed.batch,
                    symbols: parsed.symbols,
                });
            }
        }
        Ok(())
    }
}

/// Length of the `elements` table of some footprints in bytes; they come from the rows of one file.
pub fn encoded_bytes(
    footprints: &Arc<Footprints>,
    reference: &Reference,
    symbols: &Symbols,
) -> std::io::Result<usize> {
    let fixed = FixedNames::new(reference, vec!["movements.csv".to_owned()], Vec::new());
    let names = fixed.with(symbols);
    let mut writer = ChunkWriter::new(&ELEMENTS, &[], Encodings::Default, &[], |_| Ok(Vec::new()));
    writer.push(Arc::clone(footprints), &names)?;
    let parts = writer.finish(&names)?;
    Ok(parts.iter().map(|part| part.writer.len()).sum())
}
