//! Rows in memory to footprints in memory: what a run does between its files, on the thread that calls.

use crate::calc::Kernel;
use crate::calc::rollup::merge;
use crate::error::{Error, Place, Result};
use crate::input::arrow_batch::{ArrowRows, FILE, ROW};
use crate::model::element::{GhgTotals, Rollup};
use crate::model::index::index32;
use crate::model::movement::MovementBatch;
use crate::model::reject::Rejected;
use crate::model::symbol::Symbols;
use crate::output::elements::ELEMENTS;
use crate::output::encode::Encodings;
use crate::output::rejected::REJECTED;
use crate::output::shipments::SHIPMENTS;
use crate::output::table::{ChunkWriter, Table};
use crate::reference::Reference;
use crate::run::compute::FixedNames;
use crate::run::held::in_order;
use crate::run::plan::LaterFile;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Int64Type};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What rows without a column `_file` are read from, in `source_file` and in rejections.
const IN_MEMORY: &str = "memory";

/// Footprints of rows in memory; each table has the columns of the published one.
#[derive(Clone, Debug)]
pub struct Computed {
    /// One row per transport chain element.
    pub elements: RecordBatch,
    /// One row per shipment.
    pub shipments: RecordBatch,
    /// One row per record that did not become part of a figure, and why.
    pub rejected: RecordBatch,
    /// Exact sums, which add up over any number of calls.
    pub sums: Sums,
}

/// Counts and exact sums of computed rows. Adding is associative and commutative, so neither the size nor the order of calls matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Rows in.
    pub rows: u64,
    /// Rows that became an element.
    pub accepted: u64,
    /// Rows that did not, by code.
    pub rejected: BTreeMap<String, u64>,
    /// Elements.
    pub elements: u64,
    /// Shipments.
    pub shipments: u64,
    /// Activity and emissions of all elements, in whole small units.
    pub totals: GhgTotals,
    /// Sums by corridor, section and factor, by their places in the reference.
    pub rollup: Rollup,
}

impl Sums {
    /// Adds the sums of other shipments, computed with the same reference.
    pub fn merge(&mut self, other: &Sums) {
        self.rows += other.rows;
        self.accepted += other.accepted;
        for (code, count) in &other.rejected {
            *self.rejected.entry(code.clone()).or_default() += count;
        }
        self.elements += other.elements;
        self.shipments += other.shipments;
        self.totals.add(&other.totals);
        merge(&mut self.rollup, &other.rollup);
    }
}

/// The rows of some batches in order of shipment id.
struct Rows {
    batch: MovementBatch,
    symbols: Symbols,
    unplaced: Vec<Rejected>,
    files: Vec<String>,
    count: u64,
}

/// Computes whole shipments; the rows come in any order.
pub(super) fn compute(
    batches: &[RecordBatch],
    rows: &ArrowRows,
    reference: &Reference,
    later_file: Option<&LaterFile>,
) -> Result<Computed> {
    let Rows {
        batch,
        symbols,
        unplaced,
        files,
        count,
    } = read(batches, rows)?;
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let ranks = later_file.map_or(Ok(Vec::new()), |rule| rule.ranks(&names));
    let ranks = ranks.map_err(Error::Input)?;
    let mut kernel = Kernel::new(reference).with_file_ranks(&ranks);
    let length = batch.len();
    let mut footprints = kernel.footprint(batch, 0..length, &symbols);
    let mut rejected = std::mem::take(&mut footprints.rejected);
    rejected.extend(unplaced);
    rejected.sort_by_key(|row| (row.file, row.row));
    let sums = sums(count, &footprints, &rejected, kernel.take_rollup())?;
    let fixed = FixedNames::new(reference, files);
    let names = fixed.with(&symbols);
    let shipments = Arc::new(std::mem::take(&mut footprints.shipments));
    Ok(Computed {
        elements: table(&ELEMENTS, Arc::new(footprints), &names)?,
        shipments: table(&SHIPMENTS, shipments, &names)?,
        rejected: table(&REJECTED, Arc::new(rejected), &names)?,
        sums,
    })
}

/// Counts and sums, taken from the elements themselves; the other ways to the same totals must come to the same.
fn sums(
    rows: u64,
    footprints: &crate::model::element::Footprints,
    rejected: &[Rejected],
    rollup: Rollup,
) -> Result<Sums> {
    let e = &footprints.elements;
    let sum = |column: &[i64]| column.iter().map(|&v| i128::from(v)).sum();
    let totals = GhgTotals {
        activity: sum(&e.activity),
        operation: sum(&e.ghg_operation),
        provision: sum(&e.ghg_provision),
    };
    let mut of_shipments = GhgTotals::default();
    (footprints.shipments.totals.iter()).for_each(|t| of_shipments.add(t));
    let mut of_corridors = GhgTotals::default();
    (rollup.corridors.values()).for_each(|c| of_corridors.add(&c.totals));
    if totals != of_shipments || totals != of_corridors {
        return Err(Error::Internal(
            "elements, shipments and corridors have different totals".to_owned(),
        ));
    }
    let accepted = footprints.accepted;
    if rows != accepted + rejected.len() as u64 {
        return Err(Error::Internal(format!(
            "{rows} rows in, but {accepted} accepted and {} rejected",
            rejected.len()
        )));
    }
    let mut by_code = BTreeMap::new();
    for row in rejected {
        *by_code.entry(row.reject.reason.code()).or_default() += 1;
    }
    Ok(Sums {
        rows,
        accepted,
        rejected: by_code,
        elements: e.len() as u64,
        shipments: footprints.shipments.totals.len() as u64,
        totals,
        rollup,
    })
}

fn read(batches: &[RecordBatch], rows: &ArrowRows) -> Result<Rows> {
    let places = batches.iter().map(Places::of).collect::<Result<Vec<_>>>()?;
    let files: BTreeSet<&str> = (places.iter())
        .flat_map(|p| p.files.iter().map(String::as_str))
        .collect();
    let files: Vec<String> = files.into_iter().map(str::to_owned).collect();
    let mut all = Rows {
        batch: MovementBatch::default(),
        symbols: Symbols::default(),
        unplaced: Vec::new(),
        files: Vec::new(),
        count: 0,
    };
    for (batch, places) in batches.iter().zip(&places) {
        let begun = all.count;
        let indexes: Vec<u32> = (places.files.iter())
            .map(|file| index32(files.partition_point(|other| other < file)))
            .collect();
        let place = |row: usize| {
            let file = places.file_of_row.get(row).copied().unwrap_or(0) as usize;
            let number = places.rows.as_ref().map(|rows| rows[row]);
            (indexes[file], number.unwrap_or(begun + row as u64 + 1))
        };
        let mut parsed = rows.parse(batch, &place).map_err(Error::Input)?;
        let codes = all.symbols.absorb(&parsed.symbols);
        parsed.batch.remap_symbols(&codes);
        all.batch.extend(&parsed.batch, 0..parsed.batch.len());
        all.unplaced.extend(parsed.unplaced);
        all.count += parsed.rows;
    }
    all.batch = in_order(all.batch);
    all.files = files;
    Ok(all)
}

/// Where the rows of a batch come from.
struct Places {
    /// Files that it names.
    files: Vec<String>,
    /// By row: which of them; empty: the only one.
    file_of_row: Vec<u32>,
    /// By row: its number in the file.
    rows: Option<Vec<u64>>,
}

impl Places {
    fn of(batch: &RecordBatch) -> Result<Places> {
        let fault = |name: &str, row: Option<usize>| {
            let what = match name {
                FILE => "the name of a file",
                _ => "a number from 1",
            };
            let place = Place::file(IN_MEMORY).column(name).wanted(what);
            Error::Input(format!("column \"{name}\": wanted {what} in every row"))
                .at(row.map_or(place.clone(), |row| place.row(row as u64 + 1)))
        };
        let whole = |name: &str, to: &DataType| -> Result<Option<ArrayRef>> {
            let Some(found) = batch.column_by_name(name) else {
                return Ok(None);
            };
            let array = cast(found, to).map_err(|e| fault(name, None).because(e))?;
            match (0..array.len()).find(|&row| array.is_null(row)) {
                Some(row) => Err(fault(name, Some(row))),
                None => Ok(Some(array)),
            }
        };
        let rows = match whole(ROW, &DataType::Int64)? {
            None => None,
            Some(array) => {
                let numbers = array.as_primitive::<Int64Type>().values();
                if let Some(row) = numbers.iter().position(|&number| number < 1) {
                    return Err(fault(ROW, Some(row)));
                }
                Some(numbers.iter().map(|number| number.unsigned_abs()).collect())
            }
        };
        let Some(array) = whole(FILE, &DataType::Utf8)? else {
            return Ok(Places {
                files: vec![IN_MEMORY.to_owned()],
                file_of_row: Vec::new(),
                rows,
            });
        };
        let texts = array.as_string::<i32>();
        let known: BTreeSet<&str> = texts.iter().flatten().collect();
        let files: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let index = |text: &str| index32(files.partition_point(|file| file.as_str() < text));
        Ok(Places {
            file_of_row: texts.iter().flatten().map(index).collect(),
            files,
            rows,
        })
    }
}

/// A chunk as the published table would hold it: written as Parquet and read back, so that there is one way from results to columns.
fn table<C: Send + Sync>(
    table: &'static Table<C>,
    chunk: Arc<C>,
    names: &crate::model::element::Names,
) -> Result<RecordBatch> {
    let failed = |e: &dyn std::fmt::Display| Error::Internal(format!("a table in memory: {e}"));
    let open = |_| Ok(Vec::new());
    let mut writer = ChunkWriter::new(table, Encodings::default(), &[], open);
    writer.push(chunk, names).map_err(|e| failed(&e))?;
    let parts = writer.finish(names).map_err(|e| failed(&e))?;
    let mut batches = Vec::new();
    let mut schema = None;
    for part in parts {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(part.writer))
            .map_err(|e| failed(&e))?;
        schema.get_or_insert_with(|| Arc::clone(reader.schema()));
        for batch in reader.build().map_err(|e| failed(&e))? {
            batches.push(batch.map_err(|e| failed(&e))?);
        }
    }
    let schema = schema.ok_or_else(|| failed(&"it has no part"))?;
    concat_batches(&schema, &batches).map_err(|e| failed(&e))
}
