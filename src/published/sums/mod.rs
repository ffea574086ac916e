//! Sums over published runs: of groups, the largest shipments, a drawn sample of shipments.
//!
//! Invariant: reads published files and makes nothing but sums of their figures. Figures are 128-bit whole numbers from the
//! file to the answer; every table must add up to the manifest before it is asked anything.

mod batch;
mod fold;

pub use fold::Row;

use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::unit::{NANO_SCALE, decimal_text, parse_decimal};
use crate::published::columns::rows;
use crate::store::manifest::{Manifest, Totals};
use crate::store::path::open_below;
use crate::store::signal::Interrupt;
use batch::{Batch, ROWS, Wanted};
use fold::{First, Groups, Reduced, as_they_stand};
use parquet::errors::ParquetError;
use std::collections::BTreeMap;
use std::path::Path;
use twox_hash::XxHash64;

/// Figures that every table of emissions has.
const GHG: [&str; 3] = [
    "transport_activity_tkm",
    "ghg_operation_kg",
    "ghg_provision_kg",
];

/// Tables whose sums the manifest states.
const SUMMED: [&str; 5] = [
    "elements",
    "shipments",
    "corridors",
    "corridor_sections",
    "factors",
];

/// Columns of the emissions by mode, in the order of the modes; hubs last.
pub const GHG_BY_MODE: [&str; 6] = [
    "ghg_road_kg",
    "ghg_rail_kg",
    "ghg_sea_kg",
    "ghg_inland_waterway_kg",
    "ghg_air_kg",
    "ghg_hub_kg",
];

const ELEMENTS: Wanted<'static> = Wanted {
    texts: &[
        "mode",
        "operation",
        "load_status",
        "distance_basis",
        "distance_source",
        "activity_basis",
        "data_category",
        "quality_flags",
    ],
    figures: &GHG,
};

const CORRIDORS: Wanted<'static> = Wanted {
    texts: &["corridor_id", "period", "load_status", "activity_basis"],
    figures: &[
        "shipments",
        "incomplete_shipments",
        "containers",
        "teu",
        "cargo_mass_kg",
        "transport_activity_tkm",
        "ghg_operation_kg",
        "ghg_provision_kg",
        "ghg_road_kg",
        "ghg_rail_kg",
        "ghg_sea_kg",
        "ghg_inland_waterway_kg",
        "ghg_air_kg",
        "ghg_hub_kg",
        "intensity_g_per_tkm",
        "ghg_kg_per_teu",
        "primary_share",
    ],
};

const SECTIONS: Wanted<'static> = Wanted {
    texts: &[
        "corridor_id",
        "period",
        "load_status",
        "kind",
        "mode",
        "origin",
        "destination",
        "country_pair",
    ],
    figures: &[
        "movements",
        "teu",
        "cargo_mass_kg",
        "transport_activity_tkm",
        "ghg_operation_kg",
        "ghg_provision_kg",
    ],
};

const FACTORS: Wanted<'static> = Wanted {
    texts: &[
        "factor_id",
        "table",
        "operation",
        "energy_carrier",
        "region",
        "carrier",
        "temperature",
        "per",
        "distance_basis",
        "valid_from",
        "data_category",
        "gwp_set",
        "licence",
        "source",
        "edition",
        "source_title",
        "source_publisher",
        "source_url",
        "source_ref",
    ],
    figures: &[
        "operation_g",
        "provision_g",
        "rows",
        "transport_activity_tkm",
        "ghg_operation_kg",
        "ghg_provision_kg",
    ],
};

const REJECTED: Wanted<'static> = Wanted {
    texts: &["file", "code", "column"],
    figures: &[],
};

const SHIPMENTS: Wanted<'static> = Wanted {
    texts: &[
        "shipment_id",
        "corridor_id",
        "period",
        "origin",
        "destination",
        "modes",
        "load_status",
        "is_complete",
        "activity_basis",
        "quality_flags",
    ],
    figures: &[
        "elements",
        "transport_activity_tkm",
        "ghg_operation_kg",
        "ghg_provision_kg",
        "ghg_total_kg",
        "ghg_road_kg",
        "ghg_rail_kg",
        "ghg_sea_kg",
        "ghg_inland_waterway_kg",
        "ghg_air_kg",
        "ghg_hub_kg",
        "intensity_g_per_tkm",
    ],
};

/// A table that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Elements, reduced to their modes, operations, categories, distance sources, bases and flags.
    Elements,
    /// Corridors by month and load status, as published.
    Corridors,
    /// Their sections, as published.
    Sections,
    /// Factors used, as published.
    Factors,
    /// Rejected rows, reduced to file, code and column.
    Rejected,
    /// Shipments, reduced to their corridor, origin, destination, completeness and flags.
    Shipments,
    /// The shipments with the largest totals, largest first, of equal ones the lower id.
    Largest,
    /// Shipments drawn by a hash of their id.
    Drawn,
}

/// How many shipments are kept one by one.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Largest ones.
    pub largest: usize,
    /// Drawn ones.
    pub drawn: usize,
    /// Seed of the draw.
    pub seed: u64,
}

/// A published run, read and checked against its manifest.
pub struct Run {
    tables: BTreeMap<Table, Reduced>,
}

impl Run {
    /// Reads the tables of the run in `dir`.
    ///
    /// Errors: exit 7 when a file cannot be read or a table does not add up to the manifest.
    pub fn open(
        dir: &Path,
        manifest: &Manifest,
        shown: Shown,
        interrupt: &Interrupt,
    ) -> Result<Run> {
        let read = Reading {
            dir,
            manifest,
            interrupt,
        };
        let mut tables = BTreeMap::new();
        tables.insert(
            Table::Elements,
            read.groups("elements", ELEMENTS, ELEMENTS.texts)?,
        );
        tables.insert(
            Table::Corridors,
            read.groups("corridors", CORRIDORS, CORRIDORS.texts)?,
        );
        tables.insert(
            Table::Sections,
            read.groups("corridor_sections", SECTIONS, SECTIONS.texts)?,
        );
        tables.insert(
            Table::Factors,
            read.groups("factors", FACTORS, FACTORS.texts)?,
        );
        tables.insert(
            Table::Rejected,
            read.groups("rejected", REJECTED, REJECTED.texts)?,
        );
        let by = [
            "corridor_id",
            "origin",
            "destination",
            "load_status",
            "is_complete",
            "quality_flags",
        ];
        let mut shipments = Groups::new(&by, &GHG);
        let (texts, figures) = (SHIPMENTS.texts, SHIPMENTS.figures);
        let mut largest = First::new(shown.largest, texts, figures);
        let mut drawn = First::new(shown.drawn, texts, figures);
        read.each("shipments", SHIPMENTS, &mut |rows| {
            shipments.add(rows)?;
            let totals = rows.figures("ghg_total_kg")?;
            largest.add(rows, |at| -totals[at].unwrap_or(0))?;
            let ids = rows.texts("shipment_id")?;
            let draw = |at| XxHash64::oneshot(shown.seed, ids.at(at).as_bytes());
            drawn.add(rows, |at| draw(at).into())
        })?;
        tables.insert(Table::Shipments, shipments.finish());
        tables.insert(Table::Largest, largest.finish());
        tables.insert(Table::Drawn, drawn.finish());
        let run = Run { tables };
        run.check(manifest)?;
        Ok(run)
    }

    /// The sums of `figures` for each combination of `keys`, ascending by key. `rows` counts the rows of the table.
    pub fn by(&self, table: Table, keys: &[&str], figures: &[&str]) -> Result<Vec<Row>> {
        self.tables[&table].by(keys, figures).map_err(fault)
    }

    /// Rows as they stand.
    pub fn rows(&self, table: Table, keys: &[&str], figures: &[&str]) -> Result<Vec<Row>> {
        self.tables[&table].rows(keys, figures).map_err(fault)
    }

    fn check(&self, manifest: &Manifest) -> Result<()> {
        for (table, name) in [
            (Table::Elements, "elements"),
            (Table::Shipments, "shipments"),
            (Table::Corridors, "corridors"),
            (Table::Sections, "corridor_sections"),
            (Table::Factors, "factors"),
            (Table::Rejected, "rejected"),
        ] {
            agree(manifest, name, &self.tables[&table])?;
        }
        Ok(())
    }
}

/// Folds the sums and counts the rows of every table of the run in `dir`.
///
/// Errors: exit 7 when a file cannot be read or a table does not add up to the manifest.
pub fn prove(dir: &Path, manifest: &Manifest, interrupt: &Interrupt) -> Result<()> {
    let read = Reading {
        dir,
        manifest,
        interrupt,
    };
    let sums = Wanted {
        texts: &[],
        figures: &GHG,
    };
    for name in SUMMED {
        agree(manifest, name, &read.groups(name, sums, &[])?)?;
    }
    agree(
        manifest,
        "rejected",
        &read.groups("rejected", REJECTED, &[])?,
    )
}

/// Holds a table against the sums and the number of rows that the manifest states for it.
fn agree(manifest: &Manifest, name: &str, table: &Reduced) -> Result<()> {
    let broken = |found: &str, wanted: &str| {
        Error::Verification(format!(
            "run {}: {name}: {found}, the manifest says {wanted}; verify the run",
            manifest.run_id
        ))
    };
    if SUMMED.contains(&name) {
        let (found, wanted) = (totals(table)?, manifest_totals(manifest, name)?);
        if found != wanted {
            let kg = |t: &GhgTotals| format!("{} kg CO2e", decimal_text(t.total(), NANO_SCALE));
            let found = format!("its rows add up to {}", kg(&found));
            return Err(broken(&found, &kg(&wanted)));
        }
    }
    let counts = &manifest.counts;
    let wanted = match name {
        "elements" => counts.elements,
        "shipments" => counts.shipments,
        "rejected" => counts.rejected,
        // Rows of the others stand for many; `factors` has a column of that name.
        _ => return Ok(()),
    };
    let found = count(table)?;
    if found != i128::from(wanted) {
        return Err(broken(&format!("{found} rows"), &wanted.to_string()));
    }
    Ok(())
}

fn totals(table: &Reduced) -> Result<GhgTotals> {
    let sums = table.by(&[], &GHG).map_err(fault)?.into_iter().next();
    let sum = |at: usize| sums.as_ref().and_then(|row| row.figures[at]).unwrap_or(0);
    Ok(GhgTotals {
        activity: sum(0),
        operation: sum(1),
        provision: sum(2),
    })
}

fn count(table: &Reduced) -> Result<i128> {
    let sums = table.by(&[], &[ROWS]).map_err(fault)?.into_iter().next();
    Ok(sums.and_then(|row| row.figures[0]).unwrap_or(0))
}

/// The sums that the manifest states for a table.
pub fn manifest_totals(manifest: &Manifest, table: &str) -> Result<GhgTotals> {
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

/// Rows of a table that `diff` left in `folder`, as they stand.
///
/// Errors: exit 7 when it cannot be read.
pub fn differences(
    folder: &Path,
    table: &str,
    keys: &[&'static str],
    figures: &[&'static str],
) -> Result<Vec<Row>> {
    let broken =
        |what: String| Error::Verification(format!("{}: {what}", folder.join(table).display()));
    let wanted = Wanted {
        texts: keys,
        figures,
    };
    let mut out = Vec::new();
    let file = open_below(folder, table).map_err(|e| broken(e.to_string()))?;
    for batch in rows(file, &wanted.all()).map_err(|e| broken(e.to_string()))? {
        let batch = batch.map_err(|e| broken(e.to_string()))?;
        let batch = Batch::new(&batch, wanted).map_err(|e| broken(e.to_string()))?;
        out.extend(as_they_stand(&batch, keys, figures).map_err(|e| broken(e.to_string()))?);
    }
    Ok(out)
}

fn fault(error: ParquetError) -> Error {
    Error::Internal(format!("a sum failed: {error}"))
}

/// Reads the tables of one run.
struct Reading<'r> {
    dir: &'r Path,
    manifest: &'r Manifest,
    interrupt: &'r Interrupt,
}

type Each<'e> = dyn FnMut(&Batch) -> parquet::errors::Result<()> + 'e;

impl Reading<'_> {
    fn each(&self, table: &str, wanted: Wanted, each: &mut Each) -> Result<()> {
        for part in self.manifest.parts(table) {
            let broken = |what: String| {
                Error::Verification(format!("{}: {what}", self.dir.join(part).display()))
            };
            let file = open_below(self.dir, part).map_err(|e| broken(e.to_string()))?;
            for batch in rows(file, &wanted.all()).map_err(|e| broken(e.to_string()))? {
                let batch = batch.map_err(|e| broken(e.to_string()))?;
                let rows = Batch::new(&batch, wanted).map_err(|e| broken(e.to_string()))?;
                each(&rows).map_err(|e| broken(e.to_string()))?;
                self.interrupt.check()?;
            }
        }
        Ok(())
    }

    fn groups(&self, table: &str, wanted: Wanted, keys: &[&'static str]) -> Result<Reduced> {
        let mut groups = Groups::new(keys, wanted.figures);
        self.each(table, wanted, &mut |rows| groups.add(rows))?;
        Ok(groups.finish())
    }
}
