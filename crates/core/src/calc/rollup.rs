//! Elements to shipments to corridors and sections: exact sums only (docs/methodology.md, section 11).

use super::trail::Trail;
use crate::model::element::{
    BasisSet, Biogenic, CorridorKey, CorridorTotals, Element, FactorIndex, FactorUse, GhgTotals,
    Rollup, SectionKey, SectionTotals, Shipments,
};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::index::index32;
use crate::model::mode::{ByMode, DataCategory, LoadStatus};
use crate::model::time::{Day, Instant};
use rustc_hash::FxHashMap;

/// What a shipment is before its elements are summed: from the assembled chains, whatever is rejected later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Everything about a shipment but its elements.
#[derive(Clone, Copy, Debug)]
pub struct ShipmentFacts<'a> {
    /// Through bill of lading number.
    pub id: &'a [u8],
    /// What it is before its elements are summed.
    pub head: ShipmentHead,
    /// Modes of the speaking chain.
    pub modes: &'a str,
    /// Containers, TEU and mass.
    pub boxes: Boxes,
    /// Rejected rows that name it.
    pub rejected_rows: u32,
    /// Whether no part is missing.
    pub is_complete: bool,
}

/// Sums so far. Corridor and month of a shipment are looked up once; what they and an element have in common
/// then fits into two words, so that a section is found fast.
#[derive(Debug, Default)]
pub struct Sums {
    /// Place in `groups` of a corridor and month.
    group_at: FxHashMap<(CorridorKey, Day), u32>,
    /// Laden and empty shipments of each corridor and month.
    groups: Vec<(CorridorKey, Day, [CorridorTotals; 2])>,
    /// Place in `sections`.
    section_at: Trail<(u64, u64)>,
    sections: Vec<(SectionKey, SectionTotals)>,
    /// By factor.
    factors: Vec<FactorUse>,
}

impl Sums {
    fn group(&mut self, corridor: CorridorKey, period: Day) -> u32 {
        *self.group_at.entry((corridor, period)).or_insert_with(|| {
            self.groups.push((corridor, period, Default::default()));
            index32(self.groups.len()) - 1
        })
    }

    #[inline]
    fn section(&mut self, group: u32, e: &Element) -> &mut SectionTotals {
        let kind = (e.load_status as u64) << 8 | e.mode as u64;
        let key = (
            (group as u64) << 32 | kind,
            (e.origin.0 as u64) << 32 | e.destination.0 as u64,
        );
        let at = self.section_at.place(key).unwrap_or_else(|new| {
            let (corridor, period, _) = self.groups[group as usize];
            let key = (
                corridor,
                period,
                e.load_status,
                e.mode,
                e.origin,
                e.destination,
            );
            self.sections.push((key, SectionTotals::default()));
            new
        });
        &mut self.sections[at].1
    }

    #[inline]
    fn factor(&mut self, factor: FactorIndex) -> &mut FactorUse {
        let at = factor as usize;
        if at >= self.factors.len() {
            self.factors.resize(at + 1, FactorUse::default());
        }
        &mut self.factors[at]
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        let of_a_group = size_of::<(CorridorKey, Day, [CorridorTotals; 2])>()
            + 2 * (size_of::<((CorridorKey, Day), u32)>() + 1);
        let of_a_section =
            size_of::<(SectionKey, SectionTotals)>() + Trail::<(u64, u64)>::key_bytes();
        self.groups.capacity() * of_a_group
            + self.sections.capacity() * of_a_section
            + self.factors.capacity() * size_of::<FactorUse>()
    }

    /// The sums so far; the next ones start from zero.
    pub fn take(&mut self) -> Rollup {
        let mut rollup = Rollup::default();
        self.group_at.clear();
        self.section_at.clear();
        for (corridor, period, by_status) in self.groups.drain(..) {
            for (status, totals) in LoadStatus::ALL
                .iter()
                .copied()
                .zip(by_status)
                .filter(|(_, totals)| totals.shipments > 0)
            {
                rollup.corridors.insert((corridor, period, status), totals);
            }
        }
        rollup.sections.extend(self.sections.drain(..));
        let used = self
            .factors
            .iter()
            .enumerate()
            .filter(|(_, used)| used.rows > 0);
        rollup
            .factors
            .extend(used.map(|(factor, used)| (index32(factor), *used)));
        self.factors.clear();
        rollup
    }
}

/// Sums elements into one shipment, its corridor and its sections.
pub fn add_shipment(
    facts: &ShipmentFacts,
    elements: &[Element],
    shipments: &mut Shipments,
    sums: &mut Sums,
) {
    let head = &facts.head;
    let group = sums.group(head.corridor, head.period);
    let mut sum = GhgTotals::default();
    let mut biogenic = Biogenic::default();
    let mut by_mode = ByMode::<i128>::default();
    let mut primary = 0i128;
    let mut basis = BasisSet::default();
    let mut flags = Flags::NONE;
    let mut load_status = LoadStatus::Empty;
    for e in elements {
        let element = GhgTotals {
            activity: e.activity as i128,
            operation: e.ghg_operation as i128,
            provision: e.ghg_provision as i128,
        };
        sum.add(&element);
        biogenic.count(e.biogenic_co2);
        by_mode[e.mode] += element.total();
        // Beyond the period that it was measured in, a figure is no primary data of this activity.
        let is_outside = e.flags.has(Flags::OUTSIDE_REFERENCE_PERIOD);
        if e.data_category == DataCategory::Primary && !is_outside {
            primary += element.total();
        }
        basis.add(e.activity_basis);
        flags |= e.flags;
        if e.load_status == LoadStatus::Laden {
            load_status = LoadStatus::Laden;
        }
        let section = sums.section(group, e);
        section.movements += 1;
        section.teu += e.teu.max(0) as i128;
        section.mass_g += e.mass_g as i128;
        section.totals.add(&element);
        section.biogenic.count(e.biogenic_co2);
        let used = sums.factor(e.factor);
        used.rows += 1;
        used.before_first += e.flags.has(Flags::BEFORE_FIRST_EDITION) as u64;
        used.totals.add(&element);
        used.biogenic.count(e.biogenic_co2);
    }
    let boxes = &facts.boxes;
    let corridor = &mut sums.groups[group as usize].2[load_status as usize];
    corridor.shipments += 1;
    corridor.incomplete_shipments += !facts.is_complete as u64;
    corridor.containers += boxes.containers;
    corridor.teu += boxes.teu;
    corridor.mass_g += boxes.mass_g;
    corridor.totals.add(&sum);
    corridor.biogenic.add(&biogenic);
    corridor.by_mode += &by_mode;
    corridor.primary += primary;
    corridor.activity_basis.0 |= basis.0;

    shipments.shipment_id.push(facts.id);
    shipments.corridor.push(head.corridor);
    shipments.period.push(head.period);
    shipments.origin.push(head.origin);
    shipments.destination.push(head.destination);
    shipments.first_departed_at.push(head.first_departed_at);
    shipments.last_arrived_at.push(head.last_arrived_at);
    shipments.modes.push(facts.modes.as_bytes());
    shipments.load_status.push(load_status);
    shipments.containers.push(boxes.containers);
    shipments.teu.push(boxes.teu);
    shipments.mass_g.push(boxes.mass_g);
    shipments.elements.push(index32(elements.len()));
    shipments.rejected_rows.push(facts.rejected_rows);
    shipments.is_complete.push(facts.is_complete);
    shipments.totals.push(sum);
    shipments.biogenic.push(biogenic);
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
        sum.biogenic.add(&other.biogenic);
        sum.by_mode += &other.by_mode;
        sum.primary += other.primary;
        sum.activity_basis.0 |= other.activity_basis.0;
    }
    for (key, other) in &from.sections {
        let sum = into.sections.entry(*key).or_default();
        sum.movements += other.movements;
        sum.teu += other.teu;
        sum.mass_g += other.mass_g;
        sum.totals.add(&other.totals);
        sum.biogenic.add(&other.biogenic);
    }
    for (factor, other) in &from.factors {
        let sum = into.factors.entry(*factor).or_default();
        sum.rows += other.rows;
        sum.before_first += other.before_first;
        sum.totals.add(&other.totals);
        sum.biogenic.add(&other.biogenic);
    }
}
