//! Elements on their way into their columns: filled where they stand, in slots that are used again. An element has 144 bytes, which
//! would be moved several times otherwise.

use super::lane::LaneFactor;
use super::load::Load;
use super::tce::Figures;
use crate::model::element::{Element, NO_ROW, NOT_STATED};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DataCategory, DistanceSource, LoadStatus, Mode, Per, Temperature};
use crate::model::movement::OperationIndex;
use crate::model::time::Instant;
use std::ops::{Deref, DerefMut};

/// Elements of the last few shipments. A slice of those that are in it.
#[derive(Debug, Default)]
pub(super) struct Block {
    slots: Vec<Element>,
    used: usize,
}

impl Block {
    /// One more element; it holds whatever stood in its slot before, until it is filled.
    #[inline]
    pub(super) fn next(&mut self) -> &mut Element {
        if self.used == self.slots.len() {
            self.slots.push(BLANK);
        }
        self.used += 1;
        &mut self.slots[self.used - 1]
    }

    /// Keeps the first `count` elements.
    pub(super) fn truncate(&mut self, count: usize) {
        self.used = self.used.min(count);
    }

    /// Takes element `at` out.
    pub(super) fn remove(&mut self, at: usize) {
        self[at..].rotate_left(1);
        self.used -= 1;
    }
}

impl Deref for Block {
    type Target = [Element];

    fn deref(&self) -> &[Element] {
        &self.slots[..self.used]
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [Element] {
        &mut self.slots[..self.used]
    }
}

/// What an element is, where and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Row of the batch; [`NO_ROW`]: an inferred hub.
    pub row: u32,
    /// Row of the batch that names shipment and container.
    pub anchor: u32,
    /// Mode.
    pub mode: Mode,
    /// Operation.
    pub operation: OperationIndex,
    /// Origin.
    pub origin: LocationCode,
    /// Destination.
    pub destination: LocationCode,
    /// Departure.
    pub departed_at: Instant,
}

/// Everything of an element but its number within the container. A field that is new to elements does not compile before it is
/// filled here.
#[inline]
pub(super) fn fill(
    e: &mut Element,
    head: Head,
    load: &Load,
    figures: &Figures,
    factor: &LaneFactor,
    flags: Flags,
) {
    *e = Element {
        row: head.row,
        anchor: head.anchor,
        element: 0,
        mode: head.mode,
        operation: head.operation,
        origin: head.origin,
        destination: head.destination,
        departed_at: head.departed_at,
        load_status: load.load_status,
        temperature: load.temperature,
        mass_g: load.mass.0,
        teu: load.teu,
        containers: load.containers,
        distance_m: figures.distance.0,
        distance_basis: figures.distance_basis,
        distance_source: figures.distance_source,
        activity_distance_m: figures.activity_distance.0,
        activity_basis: figures.activity_basis,
        emission_distance_m: figures.emission_distance.0,
        activity: figures.activity.0,
        factor: factor.factor,
        intensity_operation: factor.intensity.operation,
        intensity_provision: factor.intensity.provision,
        per: factor.per,
        data_category: factor.data_category.over(figures.distance_source),
        ghg_operation: figures.ghg.operation.0,
        ghg_provision: figures.ghg.provision.0,
        biogenic_co2: figures.biogenic_co2,
        flags,
    };
}

/// A slot that was never used.
pub(super) const BLANK: Element = Element {
    row: NO_ROW,
    anchor: 0,
    element: 0,
    mode: Mode::Hub,
    operation: 0,
    origin: LocationCode(0),
    destination: LocationCode(0),
    departed_at: 0,
    load_status: LoadStatus::Laden,
    temperature: Temperature::Absent,
    mass_g: 0,
    teu: 0,
    containers: 0,
    distance_m: 0,
    distance_basis: Basis::Absent,
    distance_source: DistanceSource::Absent,
    activity_distance_m: 0,
    activity_basis: Basis::Absent,
    emission_distance_m: 0,
    activity: 0,
    factor: 0,
    intensity_operation: 0,
    intensity_provision: 0,
    per: Per::Tkm,
    data_category: DataCategory::Default,
    ghg_operation: 0,
    ghg_provision: 0,
    biogenic_co2: NOT_STATED,
    flags: Flags::NONE,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again_and_only_what_is_in_use_is_seen() {
        let mut block = Block::default();
        for number in 1..=4 {
            block.next().element = number;
        }
        let numbers = |block: &Block| block.iter().map(|e| e.element).collect::<Vec<_>>();
        block.remove(1);
        assert_eq!(numbers(&block), [1, 3, 4]);
        block.remove(2);
        assert_eq!(numbers(&block), [1, 3]);
        block.truncate(5);
        block.truncate(1);
        assert_eq!(numbers(&block), [1]);
        block.next().element = 9;
        assert_eq!(numbers(&block), [1, 9]);
        block.truncate(0);
        assert!(block.is_empty());
    }
}
