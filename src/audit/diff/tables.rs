//! The comparison of two runs as it stands beside them: Parquet tables of every change, and the largest ones at hand.

use super::{CorridorOf, Difference, Run, ShipmentChange, diff};
use crate::error::{Error, Result};
use crate::output::columns::PublishedTable;
use crate::output::differences::{ChangedCorridors, ChangedShipments, DifferencesWriter};
use crate::progress::Progress;
use crate::published::slice::{Slice, shown};
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, finish_groups, folder_below};
use crate::store::layout::Layout;
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use std::path::{Path, PathBuf};

/// What is compared, and where to.
#[derive(Clone, Debug, Default)]
pub struct DiffOrder {
    /// Earlier run.
    pub before: String,
    /// Later run; `None`: the current one.
    pub after: Option<String>,
    /// Folder for the tables; `None`: `<OUT>/diff/<before>-<after>`.
    pub to: Option<PathBuf>,
    /// Only these shipments of both runs.
    pub slice: Slice,
    /// Changed shipments to give back, those with the largest difference.
    pub top: usize,
}

/// Two runs compared.
pub struct Differences {
    /// Manifest of the earlier run.
    pub before: Manifest,
    /// Manifest of the later run.
    pub after: Manifest,
    /// What changed.
    pub difference: Difference,
    /// The changed shipments with the largest difference, largest first.
    pub top: Vec<ShipmentChange>,
    /// Folder of the tables.
    pub to: PathBuf,
}

/// Compares two runs of an output root and writes the tables.
pub(crate) fn differences(
    layout: &Layout,
    order: &DiffOrder,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Differences> {
    let before_run = layout.read_run(Some(&order.before))?;
    let after_run = layout.read_run(order.after.as_deref())?;
    let (before_id, after_id) = (before_run.id.clone(), after_run.id.clone());
    let (before, after) = (Run::open(&before_run.dir)?, Run::open(&after_run.dir)?);
    let to = match &order.to {
        Some(to) => to.clone(),
        None => {
            // The report on a run takes what stands in `diff` itself for comparisons of whole runs.
            let place = format!("diff/{}{before_id}-{after_id}", order.slice.folder());
            folder_below(&RealDisk, layout.root(), &place)?
        }
    };
    let mut metadata = vec![
        ("run_before".to_owned(), before_id),
        ("run_after".to_owned(), after_id),
    ];
    if !order.slice.is_whole() {
        metadata.push(("slice".to_owned(), order.slice.text()));
    }

    let picker = order.slice.picker(&after.manifest, None)?;
    picker.check(&[(before.dir, &before.manifest), (after.dir, &after.manifest)])?;
    let path = to.join("shipments.parquet");
    let mut table = create_table::<ChangedShipments>(&path, &metadata)?;
    let mut top = Top::new(order.top);
    let difference = diff(
        &before,
        &after,
        &order.slice,
        progress,
        interrupt,
        &mut |change| {
            top.add(change);
            write_shipment(&mut table, change).map_err(|e| storage(&path, &e))
        },
    )?;
    if difference.shipments == 0 && !order.slice.is_whole() {
        return Err(picker.nothing(after.dir, &after.manifest)?);
    }
    let shipments = table.finish().map_err(|e| storage(&path, &e))?;
    let corridors = write_corridors(&to.join("corridors.parquet"), &metadata, &difference)?;
    finish_groups(&RealDisk, [vec![shipments, corridors]])?;
    let (before, after) = (before.manifest, after.manifest);
    Ok(Differences {
        before,
        after,
        difference,
        top: top.rows,
        to,
    })
}

fn storage(path: &Path, error: &parquet::errors::ParquetError) -> Error {
    Error::Storage(format!("{}: cannot write: {error}", path.display()))
}

/// The changed shipments with the largest difference, largest first; of equal ones the lower id.
struct Top {
    most: usize,
    rows: Vec<ShipmentChange>,
}

impl Top {
    fn new(most: usize) -> Top {
        Top {
            most,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, change: &ShipmentChange) {
        let size = |c: &ShipmentChange| (c.after - c.before).unsigned_abs();
        let at = self.rows.partition_point(|row| size(row) >= size(change));
        if at < self.most {
            self.rows.insert(at, change.clone());
            self.rows.truncate(self.most);
        }
    }
}

type Out = DifferencesWriter<FileWriter<'static>>;

fn create_table<T: PublishedTable>(path: &Path, metadata: &[(String, String)]) -> Result<Out> {
    let out = FileWriter::create(&RealDisk, path)?;
    DifferencesWriter::new::<T>(out, metadata).map_err(|e| storage(path, &e))
}

fn write_shipment(table: &mut Out, change: &ShipmentChange) -> parquet::errors::Result<()> {
    let (was, is) = (
        change.corridor_before.as_ref(),
        change.corridor_after.as_ref(),
    );
    let corridor = |c: Option<&'_ CorridorOf>| c.map(|c| c.corridor.clone());
    let status = |c: Option<&'_ CorridorOf>| c.map(|c| c.load_status.clone());
    let changes = change.carried.iter().map(|c| {
        let (before, after) = (shown(&c.before), shown(&c.after));
        format!("{}: {before} > {after}", c.column)
    });
    let changes = changes.collect::<Vec<_>>().join("; ");
    let texts = [
        Some(change.id.clone()),
        corridor(was),
        corridor(is),
        status(was),
        status(is),
        Some(changes).filter(|text| !text.is_empty()),
    ];
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    let figures: Vec<i128> = [change.before, change.after, change.after - change.before]
        .into_iter()
        .chain(change.effects.0)
        .collect();
    table.row(
        &texts,
        &[was.map(|c| c.period), is.map(|c| c.period)],
        &figures,
    )
}

fn write_corridors(
    path: &Path,
    metadata: &[(String, String)],
    difference: &Difference,
) -> Result<FileWriter<'static>> {
    let fault = |e| storage(path, &e);
    let mut table = create_table::<ChangedCorridors>(path, metadata)?;
    for (of, change) in &difference.corridors {
        let figures: Vec<i128> = [
            change.before,
            change.after,
            change.after - change.before,
            change.moved,
        ]
        .into_iter()
        .chain(change.effects.0)
        .collect();
        table
            .row(
                &[Some(&of.corridor), Some(&of.load_status)],
                &[Some(of.period)],
                &figures,
            )
            .map_err(fault)?;
    }
    table.finish().map_err(fault)
}
