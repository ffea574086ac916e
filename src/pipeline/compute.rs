//! Feed to kernel to tables: one attempt to compute a whole run into a stage.

use super::feed::{Feed, Order, Shared};
use super::merge::{Flow, Stop};
use crate::calc::Kernel;
use crate::calc::rollup::merge as merge_rollup;
use crate::error::{Error, Result};
use crate::input::Reader;
use crate::model::element::{GhgTotals, Names, Rollup};
use crate::model::symbol::Symbols;
use crate::output::elements::{ELEMENTS, ElementsWriter};
use crate::output::part::Part;
use crate::output::shipments::{SHIPMENTS, ShipmentsWriter};
use crate::reference::Reference;
use crate::store::stage::{DigestWriter, Stage};
use rayon::prelude::*;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Opens part `n` of a table in the stage.
pub type OpenPart<'s> = Box<dyn FnMut(usize) -> io::Result<DigestWriter> + Send + 's>;

/// The parts of a table, `<table>/part-NNNNN.parquet`.
pub fn parts_of<'s>(stage: &'s Stage, table: &'static str) -> OpenPart<'s> {
    Box::new(move |n| stage.create(&format!("{table}/part-{n:05}.parquet")).map_err(io::Error::other))
}

/// Closes parts: their digests and rows go to the stage's list.
pub fn close(stage: &Stage, parts: io::Result<Vec<Part<DigestWriter>>>) -> Result<u64> {
    let parts = parts.map_err(|e| failure(stage, &e))?;
    let mut rows = 0;
    for part in parts {
        rows += part.rows;
        part.writer.finish_rows(part.rows)?;
    }
    Ok(rows)
}

/// What a failed write came from: the stage knows the file, the encoder's error only wraps it.
pub fn failure(stage: &Stage, error: &io::Error) -> Error {
    stage.failure().unwrap_or_else(|| Error::Storage(error.to_string()))
}

/// Texts that stay the same for a whole run; with the symbols they make [`Names`].
pub struct FixedNames {
    /// Operation codes.
    pub operations: Vec<String>,
    /// Full factor ids.
    pub factors: Vec<String>,
    /// Corridor ids.
    pub corridors: Vec<String>,
    /// Input files.
    pub files: Vec<String>,
}

impl FixedNames {
    /// The names of a reference and a list of input files.
    pub fn new(reference: &Reference, files: Vec<String>) -> FixedNames {
        FixedNames {
            operations: reference.factors.operations.iter().map(|o| o.code.to_string()).collect(),
            factors: reference.factors.factors.iter().map(|f| f.id.to_string()).collect(),
            corridors: reference.corridors.list.iter().map(|c| c.id.clone()).collect(),
            files,
        }
    }

    /// All names, with the symbols known now.
    pub fn with<'n>(&'n self, symbols: &'n Symbols) -> Names<'n> {
        Names { operations: &self.operations, factors: &self.factors, symbols, corridors: &self.corridors, files: &self.files }
    }
}

/// Counts and sums of what was written; each table on its own, so that they can be compared.
#[derive(Debug, Default)]
pub struct Written {
    /// Rows of `elements`.
    pub elements: u64,
    /// Rows of `shipments`.
    pub shipments: u64,
    /// Sum over `elements`.
    pub element_totals: GhgTotals,
    /// Sum over `shipments`.
    pub shipment_totals: GhgTotals,
    /// Sums by corridor, section, factor.
    pub rollup: Rollup,
}

/// What an attempt works with.
pub struct Attempt<'a> {
    /// Factors, distances, corridors.
    pub reference: &'a Reference,
    /// Where the tables go.
    pub stage: &'a Stage,
    /// Texts behind codes.
    pub names: &'a FixedNames,
    /// Key-value metadata of every footer.
    pub metadata: &'a [(String, String)],
    /// Worker threads.
    pub threads: usize,
    /// Bytes that one shipment, or the rows held for sorting, may take.
    pub limit: usize,
}

/// Computes and writes `elements` and `shipments`.
pub fn compute(attempt: &Attempt, readers: Vec<(u32, Box<dyn Reader>)>, order: Order, shared: &Shared) -> Flow<Written> {
    let stage = attempt.stage;
    let mut feed = Feed::open(readers, order, attempt.threads, attempt.limit, shared)?;
    let kernels: Vec<_> = (0..attempt.threads).map(|_| Mutex::new(Kernel::new(attempt.reference))).collect();
    let mut elements = ElementsWriter::new(&ELEMENTS, attempt.metadata, parts_of(stage, "elements"));
    let mut shipments = ShipmentsWriter::new(&SHIPMENTS, attempt.metadata, parts_of(stage, "shipments"));
    let mut written = Written::default();
    let write_failed = |e: io::Error| Stop::Failed(failure(stage, &e));
    loop {
        let work = feed.next(attempt.threads)?;
        if work.is_empty() {
            break;
        }
        let symbols = shared.symbols.read().unwrap_or_else(PoisonError::into_inner);
        let kernel = || &kernels[rayon::current_thread_index().unwrap_or(0) % kernels.len()];
        let done: Vec<_> = work
            .into_par_iter()
            .with_max_len(1)
            .map(|work| kernel().lock().unwrap_or_else(PoisonError::into_inner).footprint(work.batch, work.range, &symbols))
            .collect();
        let names = attempt.names.with(&symbols);
        for mut footprints in done {
            shared.ledger().computed(&mut footprints);
            merge_rollup(&mut written.rollup, &std::mem::take(&mut footprints.rollup));
            let chunk = std::mem::take(&mut footprints.shipments);
            for totals in &chunk.totals {
                written.shipment_totals.add(totals);
            }
            let sum = &mut written.element_totals;
            sum.activity += footprints.elements.activity.iter().map(|&v| v as i128).sum::<i128>();
            sum.operation += footprints.elements.ghg_operation.iter().map(|&v| v as i128).sum::<i128>();
            sum.provision += footprints.elements.ghg_provision.iter().map(|&v| v as i128).sum::<i128>();
            shipments.push(Arc::new(chunk), &names).map_err(write_failed)?;
            elements.push(Arc::new(footprints), &names).map_err(write_failed)?;
        }
        written.elements += close(stage, Ok(elements.take_parts()))?;
        written.shipments += close(stage, Ok(shipments.take_parts()))?;
    }
    let symbols = shared.symbols.read().unwrap_or_else(PoisonError::into_inner);
    let names = attempt.names.with(&symbols);
    written.elements += close(stage, elements.finish(&names))?;
    written.shipments += close(stage, shipments.finish(&names))?;
    Ok(written)
}
