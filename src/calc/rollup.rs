//! Elements to shipments to corridors and sections: exact sums only (design 6.10, 6.11, 7).

use crate::model::element::{BasisSet, CorridorKey, Element, Elements, FactorUse, GhgTotals, Rollup, Shipments};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{DataCategory, LoadStatus, Mode};
use crate::model::time::{Day, Instant};
use std::ops::Range;

/// What a shipment is before its elements are summed: from the assembled chains, whatever is rejected later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentHead {
    /// Corridor.
    pub corridor: CorridorKey,
    /// First day of the month of the first departure.
    pub period: Day,
    /// Origin of the speaking chain.
    pub origin: LocationCode,
    /// Destination of the speaking chain.
    pub destination: LocationCode,
    /// Earliest departure.
    pub first_departed_at: Instant,
    /// Latest arrival.
    pub last_arrived_at: Instant,
}

/// Sum of the first accepted transport TCE of each container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boxes {
    /// Containers, millionths.
    pub containers: i128,
    /// TEU, millionths.
    pub teu: i128,
    /// Cargo mass, g.
    pub mass_g: i128,
}

/// Activity and emissions of one element.
pub fn totals(e: &Element) -> GhgTotals {
    GhgTotals { activity: e.activity as i128, operation: e.ghg_operation as i128, provision: e.ghg_provision as i128 }
}

/// Sums elements `range` into one shipment, its corridor and its sections.
#[allow(clippy::too_many_arguments)]
pub fn add_shipment(
    shipment_id: &[u8],
    head: &ShipmentHead,
    modes: &str,
    boxes: Boxes,
    rejected_rows: u32,
    is_complete: bool,
    elements: &Elements,
    range: Range<usize>,
    shipments: &mut Shipments,
    rollup: &mut Rollup,
) {
    let mut sum = GhgTotals::default();
    let mut by_mode = [0i128; 6];
    let mut primary = 0i128;
    let mut basis = BasisSet::default();
    let mut flags = Flags::NONE;
    let mut load_status = LoadStatus::Empty;
    for i in range.clone() {
        let e = elements.get(i);
        let element = totals(&e);
        sum.add(&element);
        by_mode[e.mode as usize] += element.total();
        if e.data_category == DataCategory::Primary {
            primary += element.total();
        }
        basis.add(e.activity_basis);
        flags |= e.flags;
        if e.load_status == LoadStatus::Laden {
            load_status = LoadStatus::Laden;
        }
        let key = (head.corridor, head.period, e.load_status, e.mode, e.origin, e.destination);
        let section = rollup.sections.entry(key).or_default();
        section.movements += 1;
        section.teu += e.teu.max(0) as i128;
        section.mass_g += e.mass_g as i128;
        section.totals.add(&element);
        let used: &mut FactorUse = rollup.factors.entry(e.factor).or_default();
        used.rows += 1;
        used.totals.add(&element);
    }
    let corridor = rollup.corridors.entry((head.corridor, head.period, load_status)).or_default();
    corridor.shipments += 1;
    corridor.incomplete_shipments += !is_complete as u64;
    corridor.containers += boxes.containers;
    corridor.teu += boxes.teu;
    corridor.mass_g += boxes.mass_g;
    corridor.totals.add(&sum);
    for mode in Mode::ALL {
        corridor.by_mode[mode as usize] += by_mode[mode as usize];
    }
    corridor.primary += primary;
    corridor.activity_basis.0 |= basis.0;

    shipments.shipment_id.push(shipment_id);
    shipments.corridor.push(head.corridor);
    shipments.period.push(head.period);
    shipments.origin.push(head.origin);
    shipments.destination.push(head.destination);
    shipments.first_departed_at.push(head.first_departed_at);
    shipments.last_arrived_at.push(head.last_arrived_at);
    shipments.modes.push(modes.as_bytes());
    shipments.load_status.push(load_status);
    shipments.containers.push(boxes.containers);
    shipments.teu.push(boxes.teu);
    shipments.mass_g.push(boxes.mass_g);
    shipments.elements.push(range.len() as u32);
    shipments.rejected_rows.push(rejected_rows);
    shipments.is_complete.push(is_complete);
    shipments.totals.push(sum);
    shipments.by_mode.push(by_mode);
    shipments.primary.push(primary);
    shipments.activity_basis.push(basis);
    shipments.flags.push(flags);
}

/// Adds the sums of another batch.
pub fn merge(into: &mut Rollup, from: &Rollup) {
    for (key, other) in &from.corridors {
        let sum = into.corridors.entry(*key).or_default();
        sum.shipments += other.shipments;
        sum.incomplete_shipments += other.incomplete_shipments;
        sum.containers += other.containers;
        sum.teu += other.teu;
        sum.mass_g += other.mass_g;
        sum.totals.add(&other.totals);
        for mode in Mode::ALL {
            sum.by_mode[mode as usize] += other.by_mode[mode as usize];
        }
        sum.primary += other.primary;
        sum.activity_basis.0 |= other.activity_basis.0;
    }
    for (key, other) in &from.sections {
        let sum = into.sections.entry(*key).or_default();
        sum.movements += other.movements;
        sum.teu += other.teu;
        sum.mass_g += other.mass_g;
        sum.totals.add(&other.totals);
    }
    for (factor, other) in &from.factors {
        let sum = into.factors.entry(*factor).or_default();
        sum.rows += other.rows;
        sum.totals.add(&other.totals);
    }
}
