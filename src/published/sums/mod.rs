//! Sums over published runs: of groups, the largest shipments, a drawn sample of shipments.
//!
//! Invariant: reads published files and makes nothing but sums of their figures. Figures are 128-bit whole numbers from the
//! file to the answer; every table must add up to the manifest before it is asked anything.

mod fold;
mod rows;

pub(crate) use fold::{Counted, Group, Summed, Sums, by};
pub(crate) use rows::{
    CorridorRow, CorridorSums, ElementKey, FactorRow, SectionRow, ShipmentKey, ShipmentRow,
};

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::symbol::Symbols;
use crate::model::unit::{NANO_SCALE, decimal_text, parse_decimal};
use crate::output::columns::PublishedTable;
use crate::output::corridors::{CorridorSections, Corridors};
use crate::output::elements::Elements;
use crate::output::factors::Factors;
use crate::output::rejected::RejectedTable;
use crate::output::shipments::ShipmentsTable;
use crate::published::batches::{Batches, Rows};
use crate::published::row::{Batch, Row};
use crate::store::manifest::{Manifest, Totals};
use crate::store::signal::Interrupt;
use fold::{First, Fold};
use rows::{ElementLine, RejectedLine, ShipmentLine, derived};
use std::collections::BTreeMap;
use std::path::Path;
use twox_hash::XxHash64;

/// How many shipments are kept one by one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// Largest ones that are listed.
    pub searchable: usize,
    /// Largest ones whose calculation is shown.
    pub largest: usize,
    /// Drawn ones whose calculation is shown too.
    pub drawn: usize,
    /// Seed of the draw.
    pub seed: u64,
}

/// A published run, read and checked against its manifest.
pub(crate) struct Run {
    /// Elements, reduced to their modes, operations, categories, distance sources, bases and flags.
    pub elements: Vec<Group<ElementKey>>,
    /// Corridors by month and load status, as published.
    pub corridors: Vec<CorridorRow>,
    /// Their sections, as published.
    pub sections: Vec<SectionRow>,
    /// Factors used, as published.
    pub factors: Vec<FactorRow>,
    /// Number of rejected rows by code and column.
    pub rejected: BTreeMap<(String, String), i128>,
    /// Shipments, reduced to their corridor, origin, destination, completeness and flags.
    pub shipments: Vec<Group<ShipmentKey>>,
    /// The shipments with the largest totals, largest first, of equal ones the lower id.
    pub largest: Vec<ShipmentRow>,
    /// Shipments drawn by a hash of their id.
    pub drawn: Vec<ShipmentRow>,
}

impl Run {
    /// Reads the tables of the run in `dir`.
    ///
    /// Errors: exit 7 when a file cannot be read or a table does not add up to the manifest.
    pub(crate) fn open(
        dir: &Path,
        manifest: &Manifest,
        shown: Shown,
        interrupt: &Interrupt,
    ) -> Result<Run> {
        let others = (
            Rows::<Corridors, _>::of_run(dir, manifest).collect::<Result<_>>()?,
            Rows::<CorridorSections, _>::of_run(dir, manifest).collect::<Result<_>>()?,
            Rows::<Factors, _>::of_run(dir, manifest).collect::<Result<_>>()?,
        );
        Run::read(dir, manifest, others, shown, interrupt)
    }

    /// The same of a slice, of which there are no tables but those of its shipments, elements and rejected rows; `factors` are those of
    /// the run.
    pub(crate) fn open_slice(
        dir: &Path,
        manifest: &Manifest,
        factors: &[FactorRow],
        shown: Shown,
        interrupt: &Interrupt,
    ) -> Result<Run> {
        let others = derived(dir, manifest, factors, interrupt)?;
        Run::read(dir, manifest, others, shown, interrupt)
    }

    fn read(
        dir: &Path,
        manifest: &Manifest,
        (corridors, sections, factors): (Vec<CorridorRow>, Vec<SectionRow>, Vec<FactorRow>),
        shown: Shown,
        interrupt: &Interrupt,
    ) -> Result<Run> {
        let read = Reading {
            dir,
            manifest,
            interrupt,
        };
        let mut rejected = BTreeMap::new();
        for row in Rows::<RejectedTable, RejectedLine>::of_run(dir, manifest) {
            let row = row?;
            *rejected.entry((row.code, row.column)).or_default() += 1;
        }
        let elements = read.elements()?;
        let (shipments, largest, drawn) = read.shipments(shown)?;
        let run = Run {
            elements,
            corridors,
            sections,
            factors,
            rejected,
            shipments,
            largest,
            drawn,
        };
        run.check(manifest)?;
        Ok(run)
    }

    fn check(&self, manifest: &Manifest) -> Result<()> {
        fn whole<R: Summed>(rows: &[R]) -> Result<R::Sums> {
            let all = by(rows, |_| ())?.into_iter().next();
            Ok(all.map_or_else(R::Sums::default, |all| all.sums))
        }
        let elements = whole(&self.elements)?;
        let shipments = whole(&self.shipments)?;
        for (name, found) in [
            (Elements::NAME, elements.totals),
            (ShipmentsTable::NAME, shipments.totals),
            (Corridors::NAME, whole(&self.corridors)?.totals),
            (CorridorSections::NAME, whole(&self.sections)?.totals),
            (Factors::NAME, whole(&self.factors)?.totals),
        ] {
            let wanted = manifest_totals(manifest, name)?;
            if found != wanted {
                let kg = |t: &GhgTotals| decimal_text(t.total(), NANO_SCALE);
                return Err(Error::Verification(format!(
                    "run {}: {name}: its rows add up to {} kg CO2e, the manifest says {}; verify the run",
                    manifest.run_id,
                    kg(&found),
                    kg(&wanted)
                )));
            }
        }
        let counts = &manifest.counts;
        for (name, found, wanted) in [
            (Elements::NAME, elements.count, counts.elements),
            (ShipmentsTable::NAME, shipments.count, counts.shipments),
            (
                RejectedTable::NAME,
                self.rejected.values().sum(),
                counts.rejected,
            ),
        ] {
            if found != wanted as i128 {
                return Err(Error::Verification(format!(
                    "run {}: {name}: {found} rows, the manifest says {wanted}; verify the run",
                    manifest.run_id
                )));
            }
        }
        Ok(())
    }
}

/// The sums that the manifest states for a table.
pub(crate) fn manifest_totals(manifest: &Manifest, table: &str) -> Result<GhgTotals> {
    let broken = || {
        Error::Verification(format!(
            "run {}: the manifest has no totals of {table}",
            manifest.run_id
        ))
    };
    let totals: &Totals = manifest.totals.get(table).ok_or_else(broken)?;
    let number = |text: &str| parse_decimal(text, NANO_SCALE).ok_or_else(broken);
    Ok(GhgTotals {
        activity: number(&totals.transport_activity_tkm)?,
        operation: number(&totals.ghg_operation_kg)?,
        provision: number(&totals.ghg_provision_kg)?,
    })
}

/// Reads the tables of one run that are reduced while they are read.
struct Reading<'r> {
    dir: &'r Path,
    manifest: &'r Manifest,
    interrupt: &'r Interrupt,
}

impl Reading<'_> {
    fn each<T: PublishedTable>(
        &self,
        columns: Vec<&'static str>,
        each: &mut dyn FnMut(Batch<'_, T>) -> parquet::errors::Result<()>,
    ) -> Result<()> {
        let mut batches = Batches::of_run(self.dir, self.manifest, columns);
        while batches.next_as(&mut *each)?.is_some() {
            self.interrupt.check()?;
        }
        Ok(())
    }

    fn elements(&self) -> Result<Vec<Group<ElementKey>>> {
        let mut symbols = Symbols::default();
        let mut fold = Fold::default();
        self.each::<Elements>(ElementLine::columns(), &mut |batch| {
            for row in batch.rows::<ElementLine>()? {
                let row = row?;
                fold.add(row.key(&mut symbols), &row.sums())?;
            }
            Ok(())
        })?;
        let groups = fold.groups();
        Ok(groups
            .map(|(key, sums)| Group {
                key: ElementKey::new(key, &symbols),
                sums,
            })
            .collect())
    }

    #[expect(clippy::type_complexity, reason = "three reductions of one pass")]
    fn shipments(
        &self,
        shown: Shown,
    ) -> Result<(Vec<Group<ShipmentKey>>, Vec<ShipmentRow>, Vec<ShipmentRow>)> {
        let mut symbols = Symbols::default();
        let mut fold = Fold::default();
        let mut largest = First::new(shown.searchable);
        let mut drawn = First::new(shown.drawn);
        let mut columns = ShipmentRow::columns();
        columns.extend(ShipmentLine::columns());
        columns.sort_unstable();
        columns.dedup();
        self.each::<ShipmentsTable>(columns, &mut |batch| {
            let whole = batch.reader::<ShipmentRow>()?;
            for (at, row) in batch.rows::<ShipmentLine>()?.enumerate() {
                let row = row?;
                fold.add(row.key(&mut symbols), &row.sums())?;
                largest.add(-row.total, row.shipment_id, || whole(at))?;
                let draw = XxHash64::oneshot(shown.seed, row.shipment_id.as_bytes());
                drawn.add(draw.into(), row.shipment_id, || whole(at))?;
            }
            Ok(())
        })?;
        let groups = fold.groups();
        let groups = groups.map(|(key, sums)| Group {
            key: ShipmentKey::new(key, &symbols),
            sums,
        });
        Ok((groups.collect(), largest.finish(), drawn.finish()))
    }
}
