//! Corridors, sections and factors of a slice: what a run publishes of them, summed again from the slice's shipments and elements.
//!
//! Of a whole run they are the published rows; `tests/figures/slices.rs` holds the two against each other.

use super::{CorridorRow, CorridorSums, FactorRow, SectionRow, biogenic};
use crate::error::{Error, Result};
use crate::model::element::{BasisSet, GhgTotals};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{ByMode, DataCategory, LoadStatus, Mode};
use crate::model::symbol::{Symbol, Symbols};
use crate::model::time::Day;
use crate::output::elements::{Elements, element};
use crate::output::ratio::{intensity_g_per_tkm, primary_share};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::Kept;
use crate::published::row::{Row, row};
use crate::published::run::{Chunks, stray};
use crate::published::sums::fold::{Counted, Sums};
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use rustc_hash::FxHashMap;
use std::path::Path;

row! {
    /// What corridors sum of a shipment.
    struct Head<'b> of shipment {
        shipment_id: &'b str,
        corridor_id: &'b str,
        period: Day,
        load_status: LoadStatus,
        is_complete: bool,
        activity_basis: BasisSet,
        teu: i128,
        mass from cargo_mass_kg: i128,
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
        road from ghg_road_kg: i128,
        rail from ghg_rail_kg: i128,
        sea from ghg_sea_kg: i128,
        inland_waterway from ghg_inland_waterway_kg: i128,
        air from ghg_air_kg: i128,
        hub from ghg_hub_kg: i128,
        biogenic_co2_kg: Option<i128>,
        biogenic_co2_elements: i64,
    }
}

row! {
    /// What sections and factors sum of an element.
    struct Member<'b> of element {
        shipment_id: &'b str,
        mode: Mode,
        origin: LocationCode,
        destination: LocationCode,
        load_status: LoadStatus,
        factor_id: &'b str,
        data_category: DataCategory,
        flags from quality_flags: &'b str,
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
    }
}

/// Corridor, month, load status.
type CorridorKey = (Symbol, Day, LoadStatus);
/// The corridor and month of a shipment; load status, mode and places of an element.
type SectionKey = ((Symbol, Day), LoadStatus, Mode, LocationCode, LocationCode);

/// Sums of a corridor, and what they are told with.
#[derive(Default)]
struct Corridor {
    sums: CorridorSums,
    primary: i128,
    basis: BasisSet,
}

#[derive(Default)]
struct Derived {
    symbols: Symbols,
    corridors: FxHashMap<CorridorKey, Corridor>,
    sections: FxHashMap<SectionKey, Counted>,
    factors: FxHashMap<Symbol, Counted>,
}

/// What a run publishes beside shipments and elements.
type Rows = (Vec<CorridorRow>, Vec<SectionRow>, Vec<FactorRow>);

/// Sums the shipments and elements in `dir`; `factors` are those of the run.
pub(in crate::published::sums) fn derived(
    dir: &Path,
    manifest: &Manifest,
    factors: &[FactorRow],
    interrupt: &Interrupt,
) -> Result<Rows> {
    let mut derived = Derived::default();
    let mut chunks = Chunks::new(dir, manifest, Head::columns(), Member::columns());
    while let Some(chunk) = chunks.next_chunk()? {
        interrupt.check()?;
        let (heads, elements) = chunk.parts();
        derived.add(dir, heads, elements)?;
    }
    let factors = derived.factors(dir, factors)?;
    Ok((derived.corridors(), derived.sections(), factors))
}

fn beyond(dir: &Path) -> Error {
    Error::Verification(format!("{}: a sum has more than 128 bits", dir.display()))
}

impl Derived {
    fn add(
        &mut self,
        dir: &Path,
        heads: &Kept<ShipmentsTable>,
        elements: &[Kept<Elements>],
    ) -> Result<()> {
        let mut heads = heads.rows::<Head>()?;
        let mut of: Option<(&str, CorridorKey)> = None;
        for batch in elements {
            for row in batch.rows::<Member>()? {
                let row = row?;
                while of.is_none_or(|(id, _)| id < row.shipment_id) {
                    let head = heads.next().transpose()?;
                    let head = head.ok_or_else(|| stray(dir, row.shipment_id))?;
                    of = Some((
                        head.shipment_id,
                        self.head(&head).ok_or_else(|| beyond(dir))?,
                    ));
                }
                let (_, key) = of
                    .filter(|(id, _)| *id == row.shipment_id)
                    .ok_or_else(|| stray(dir, row.shipment_id))?;
                self.member(key, &row).ok_or_else(|| beyond(dir))?;
            }
        }
        Ok(())
    }

    /// Adds a shipment; gives its corridor.
    fn head(&mut self, head: &Head) -> Option<CorridorKey> {
        let key = (
            self.symbols.intern(head.corridor_id),
            head.period,
            head.load_status,
        );
        let corridor = self.corridors.entry(key).or_default();
        corridor.basis.0 |= head.activity_basis.0;
        corridor.sums.add(&CorridorSums {
            shipments: 1,
            incomplete: i128::from(!head.is_complete),
            teu: head.teu,
            mass: head.mass,
            totals: GhgTotals {
                activity: head.activity,
                operation: head.operation,
                provision: head.provision,
            },
            by_mode: ByMode([
                head.road,
                head.rail,
                head.sea,
                head.inland_waterway,
                head.air,
                head.hub,
            ]),
            biogenic: biogenic(head.biogenic_co2_kg, head.biogenic_co2_elements),
        })?;
        Some(key)
    }

    fn member(&mut self, key: CorridorKey, row: &Member) -> Option<()> {
        let counted = Counted {
            count: 1,
            totals: GhgTotals {
                activity: row.activity,
                operation: row.operation,
                provision: row.provision,
            },
        };
        if row.data_category == DataCategory::Primary {
            let flags = Flags::from_text(row.flags).unwrap_or_default();
            // Beyond the period that it was measured in, a figure is no primary data of this activity.
            if !flags.has(Flags::OUTSIDE_REFERENCE_PERIOD) {
                self.corridors.entry(key).or_default().primary += counted.totals.total();
            }
        }
        let (corridor, period, _) = key;
        let section = (
            (corridor, period),
            row.load_status,
            row.mode,
            row.origin,
            row.destination,
        );
        self.sections.entry(section).or_default().add(&counted)?;
        let factor = self.symbols.intern(row.factor_id);
        self.factors.entry(factor).or_default().add(&counted)
    }

    /// Rows in the order of the published table.
    fn corridors(&self) -> Vec<CorridorRow> {
        let row = |((corridor, period, load_status), of): (&CorridorKey, &Corridor)| {
            let sums = &of.sums;
            let [road, rail, sea, inland_waterway, air, hub] = sums.by_mode.0;
            CorridorRow {
                corridor_id: self.symbols.text(*corridor).to_owned(),
                period: *period,
                load_status: *load_status,
                activity_basis: of.basis,
                shipments: sums.shipments,
                incomplete: sums.incomplete,
                teu: sums.teu,
                mass: sums.mass,
                activity: sums.totals.activity,
                operation: sums.totals.operation,
                provision: sums.totals.provision,
                road,
                rail,
                sea,
                inland_waterway,
                air,
                hub,
                biogenic_co2_kg: sums.biogenic.stated(),
                biogenic_co2_elements: i64::try_from(sums.biogenic.elements).unwrap_or(i64::MAX),
                intensity: intensity_g_per_tkm(&sums.totals),
                primary_share: primary_share(of.primary, &sums.totals),
            }
        };
        let mut rows: Vec<CorridorRow> = self.corridors.iter().map(row).collect();
        rows.sort_by(|a, b| {
            let key = |r: &CorridorRow| (r.period, r.load_status.code());
            (&a.corridor_id, key(a)).cmp(&(&b.corridor_id, key(b)))
        });
        rows
    }

    /// Rows in the order of the published table: hubs stand before transports.
    fn sections(&self) -> Vec<SectionRow> {
        let row = |(key, sums): (&SectionKey, &Counted)| {
            let ((corridor, period), load_status, mode, origin, destination) = *key;
            SectionRow {
                corridor_id: self.symbols.text(corridor).to_owned(),
                period,
                load_status,
                mode,
                origin,
                destination,
                country_pair: format!("{}-{}", origin.country(), destination.country()),
                movements: sums.count,
                activity: sums.totals.activity,
                ghg_operation: sums.totals.operation,
                ghg_provision: sums.totals.provision,
            }
        };
        let mut rows: Vec<SectionRow> = self.sections.iter().map(row).collect();
        rows.sort_by(|a, b| {
            let key = |r: &SectionRow| {
                let is_transport = r.mode != Mode::Hub;
                let of_row = (r.period, r.load_status.code(), is_transport, r.mode.code());
                (of_row, r.origin, r.destination)
            };
            (&a.corridor_id, key(a)).cmp(&(&b.corridor_id, key(b)))
        });
        rows
    }

    /// Those of the run's factors that are used, with their use.
    fn factors(&mut self, dir: &Path, all: &[FactorRow]) -> Result<Vec<FactorRow>> {
        let mut rows = Vec::new();
        for factor in all {
            let name = self.symbols.intern(&factor.factor_id);
            let Some(used) = self.factors.remove(&name) else {
                continue;
            };
            rows.push(FactorRow {
                rows: used.count,
                activity: used.totals.activity,
                ghg_operation: used.totals.operation,
                ghg_provision: used.totals.provision,
                ..factor.clone()
            });
        }
        match self.factors.keys().next() {
            None => Ok(rows),
            Some(left) => Err(Error::Verification(format!(
                "{}: factor {:?} is used and not among those of the run",
                dir.display(),
                self.symbols.text(*left)
            ))),
        }
    }
}
