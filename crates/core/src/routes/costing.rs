//! Footprints of links, hubs and whole chains, from the kernel of the batch run: an option is a shipment like any other.

use super::network::{Link, LinkIndex, Network};
use super::request::Cargo;
use super::scenario::EDITION;
use super::timing::Step;
use crate::calc::Kernel;
use crate::calc::hub::Place;
use crate::calc::load::Load;
use crate::model::element::{FactorIndex, Footprints, NO_ROW};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::index::index16;
use crate::model::mode::{Basis, EnergyUnit, LoadStatus, Mode, RecordStatus};
use crate::model::movement::{MovementBatch, NO_REJECT, OperationIndex};
use crate::model::symbol::{ABSENT, Symbols};
use crate::model::time::{Instant, NO_INSTANT, day_of};
use crate::reference::{HubEnd, Reference};
use rustc_hash::FxHashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

/// Emissions of a part of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emission {
    /// Operation and provision, micrograms CO2e, as far as known.
    pub micrograms: i128,
    /// Whether nothing is missing.
    pub is_complete: bool,
}

impl Emission {
    /// Nothing emitted, nothing missing.
    pub const NONE: Emission = Emission {
        micrograms: 0,
        is_complete: true,
    };

    /// Both together.
    pub fn plus(self, other: Emission) -> Emission {
        Emission {
            micrograms: self.micrograms + other.micrograms,
            is_complete: self.is_complete && other.is_complete,
        }
    }
}

/// What all boxes together are, for what is paid by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Cargo, g.
    pub mass_g: i64,
    /// TEU, millionths; `None`: not known.
    pub teu: Option<i64>,
    /// Containers, millionths.
    pub containers: i64,
}

/// Footprints of the links of a network, shared by all questions about one cargo: those of many pairs. They speed an answer up and never
/// change it.
#[derive(Debug, Default)]
pub struct SharedLinks {
    /// That of the first question.
    cargo: OnceLock<Cargo>,
    made: RwLock<FxHashMap<(LinkIndex, u32), Emission>>,
}

impl SharedLinks {
    fn get(&self, key: (LinkIndex, u32)) -> Option<Emission> {
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        made.get(&key).copied()
    }

    fn put(&self, key: (LinkIndex, u32), emission: Emission) {
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        made.insert(key, emission);
    }
}

/// Asks the kernel, and remembers the answers: a link has one footprint in each interval of factor validity.
pub struct Costing<'r> {
    reference: &'r Reference,
    network: &'r Network,
    cargo: &'r Cargo,
    kernel: Kernel<'r>,
    symbols: Symbols,
    links: FxHashMap<(LinkIndex, u32), Emission>,
    hubs: FxHashMap<(OperationIndex, LocationCode, u32), Emission>,
    /// Boxes that are alike: how many, how much cargo each has in g, and what the kernel makes of one.
    alike: Vec<(u32, u32, Load)>,
    /// What other questions found, and for how many of the first links.
    shared: Option<(&'r SharedLinks, usize)>,
}

impl<'r> Costing<'r> {
    /// For one cargo on one network.
    pub fn new(reference: &'r Reference, network: &'r Network, cargo: &'r Cargo) -> Costing<'r> {
        let mut symbols = Symbols::default();
        symbols.intern(&cargo.container_type);
        for link in &network.links {
            symbols.intern(&link.carrier);
            symbols.intern(&link.energy_carrier);
        }
        let kernel = Kernel::new(reference);
        let alike = cargo.alike().into_iter();
        let alike = alike
            .map(|(count, mass_g)| {
                let load = load_of(&kernel, cargo, mass_g, &symbols);
                (count, mass_g, load)
            })
            .collect();
        let (links, hubs) = Default::default();
        Costing {
            reference,
            network,
            cargo,
            kernel,
            symbols,
            links,
            hubs,
            alike,
            shared: None,
        }
    }

    /// With what other questions found for the first links of the network, where they were about this cargo.
    pub fn sharing(mut self, shared: Option<&'r SharedLinks>, links: usize) -> Costing<'r> {
        let is_same = |s: &&SharedLinks| s.cargo.get_or_init(|| self.cargo.clone()) == self.cargo;
        self.shared = shared.filter(is_same).map(|shared| (shared, links));
        self
    }

    /// Texts behind the symbols of the footprints.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// All boxes together.
    pub fn carried(&self) -> Carried {
        let sum = |of: fn(&Load) -> i64| {
            let parts = self
                .alike
                .iter()
                .map(|(n, _, load)| i64::from(*n) * of(load));
            parts.sum()
        };
        let is_known = self.alike.iter().all(|(.., load)| load.teu >= 0);
        Carried {
            mass_g: sum(|load| load.mass.0),
            teu: is_known.then(|| sum(|load| load.teu)),
            containers: sum(|load| load.containers),
        }
    }

    /// Boxes that are alike: how many, and how much cargo each has in g.
    pub fn alike(&self) -> Vec<(u32, u32)> {
        self.alike
            .iter()
            .map(|(count, g, _)| (*count, *g))
            .collect()
    }

    /// Emissions of a link as a transport element, hubs left out.
    pub fn transport(&mut self, index: LinkIndex, step: &Step) -> Emission {
        let key = (index, self.epoch(step.departed_at));
        if let Some(known) = self.links.get(&key) {
            return *known;
        }
        let shared = self.shared.filter(|(_, links)| (index as usize) < *links);
        if let Some(known) = shared.and_then(|(shared, _)| shared.get(key)) {
            self.links.insert(key, known);
            return known;
        }
        let mut emission = Emission::NONE;
        for (count, mass_g) in self.alike() {
            let footprints = self.footprint(&[(&[index], &[*step])], mass_g);
            let factor = |i| footprints.elements.factor[i];
            let is_known = |row, i| {
                row != NO_ROW
                    && self
                        .unfuelled(self.network.link(index), factor(i))
                        .is_none()
            };
            let is_complete =
                (0..footprints.elements.len()).any(|i| is_known(footprints.elements.row[i], i));
            emission = emission.plus(Emission {
                micrograms: i128::from(count) * sum(&footprints, is_known),
                is_complete,
            });
        }
        self.links.insert(key, emission);
        if let Some((shared, _)) = shared {
            shared.put(key, emission);
        }
        emission
    }

    /// Emissions of the hub between two links that follow each other.
    pub fn hub(&mut self, before: (LinkIndex, &Step), after: (LinkIndex, &Step)) -> Emission {
        let (first, second) = (self.network.link(before.0), self.network.link(after.0));
        // The kernel's own rule: without an arrival the hub has the time of the next departure.
        let at = if first.transit.is_some() {
            before.1.arrived_at
        } else {
            after.1.departed_at
        };
        self.hub_at(
            HubEnd::Mode(first.mode),
            HubEnd::Mode(second.mode),
            second.origin,
            at,
        )
    }

    /// Emissions of the hub at the start of a chain, or at its end.
    pub fn edge(&mut self, index: LinkIndex, step: &Step, at_end: bool) -> Emission {
        let link = self.network.link(index);
        let mode = HubEnd::Mode(link.mode);
        match at_end {
            true => self.hub_at(mode, HubEnd::Edge, link.destination, step.arrived_at),
            false => self.hub_at(HubEnd::Edge, mode, link.origin, step.departed_at),
        }
    }

    /// What the kernel infers; a hub that the profile asks for and that has no factor is missing.
    fn hub_at(
        &mut self,
        before: HubEnd,
        after: HubEnd,
        location: LocationCode,
        at: Instant,
    ) -> Emission {
        let operation = self
            .reference
            .hub(before, after)
            .filter(|_| self.reference.profile.infer_hubs);
        let Some(operation) = operation else {
            return Emission::NONE;
        };
        let key = (operation, location, self.epoch(at));
        if let Some(known) = self.hubs.get(&key) {
            return *known;
        }
        let mut emission = Emission::NONE;
        for (count, _, load) in &self.alike {
            let place = Place {
                operation,
                location,
                at,
            };
            let element = self.kernel.inferred_hub(&place, load, &self.symbols);
            let of_one = element.map_or(0, |e| e.ghg_operation as i128 + e.ghg_provision as i128);
            emission = emission.plus(Emission {
                micrograms: i128::from(*count) * of_one,
                is_complete: element.is_some(),
            });
        }
        self.hubs.insert(key, emission);
        emission
    }

    /// Footprints of one box with this much cargo by whole chains, each a shipment, in the order given.
    pub fn footprint(&mut self, chains: &[(&[LinkIndex], &[Step])], mass_g: u32) -> Footprints {
        let mut batch = MovementBatch::default();
        for (number, (links, steps)) in chains.iter().enumerate() {
            for (i, (link, step)) in links.iter().zip(*steps).enumerate() {
                push(
                    &mut batch,
                    &self.symbols,
                    (number, i),
                    self.network.link(*link),
                    step,
                    (self.cargo, mass_g),
                );
            }
        }
        let rows = batch.len();
        self.kernel.footprint(batch, 0..rows, &self.symbols)
    }

    /// Why a factor is none for the energy carrier that a what-if gives a link: it is another's, or its provision is not known. An
    /// energy carrier whose provision nobody states is never taken for one without emissions.
    pub fn unfuelled(&self, link: &Link, factor: FactorIndex) -> Option<String> {
        let wanted = &link.energy_carrier;
        if wanted.is_empty() {
            return None;
        }
        let factor = &self.reference.factors.factors[factor as usize];
        let energy = factor
            .composed
            .as_ref()
            .map(|c| &self.reference.factors.factors[c.energy as usize]);
        let is_stated =
            energy.is_some_and(|e| &*self.reference.factors.source_of(e).folder == EDITION);
        let operation = &self.reference.factors.operations[link.operation as usize].code;
        if &*factor.energy_carrier != wanted.as_str() {
            Some(format!(
                "no factor of {operation} for energy carrier {wanted}"
            ))
        } else if factor.intensity.provision == 0 && !is_stated {
            Some(format!(
                "the provision of {wanted} is not known ({} has none)",
                factor.id
            ))
        } else {
            None
        }
    }

    fn epoch(&self, at: Instant) -> u32 {
        self.reference.factors.epoch(day_of(at))
    }
}

/// Sum over the elements that `wanted` admits by batch row and number.
fn sum(footprints: &Footprints, wanted: impl Fn(u32, usize) -> bool) -> i128 {
    let elements = &footprints.elements;
    let admitted = (0..elements.len()).filter(|&i| wanted(elements.row[i], i));
    admitted
        .map(|i| elements.ghg_operation[i] as i128 + elements.ghg_provision[i] as i128)
        .sum()
}

/// Load of one box by the kernel's rules for a record of it; which link it goes by does not matter.
fn load_of(kernel: &Kernel, cargo: &Cargo, mass_g: u32, symbols: &Symbols) -> Load {
    let mut batch = MovementBatch::default();
    push(
        &mut batch,
        symbols,
        (0, 0),
        &Link::default(),
        &Step::default(),
        (cargo, mass_g),
    );
    kernel.load_of(&batch, 0, &cargo.container_type)
}

/// Appends a link as a movement record of shipment `number`.
fn push(
    batch: &mut MovementBatch,
    symbols: &Symbols,
    (number, i): (usize, usize),
    link: &Link,
    step: &Step,
    (cargo, mass_g): (&Cargo, u32),
) {
    let symbol = |text: &str| symbols.find(text).unwrap_or_default();
    let has_transit = link.transit.is_some();
    // Ids compare as bytes, and the kernel wants ascending shipments.
    batch.shipment_id.push(format!("{number:06}").as_bytes());
    batch.movement_id.push(format!("{}", i + 1).as_bytes());
    batch.container_id.push(b"");
    batch.evidence_ref.push(b"");
    batch.container_type.push(symbol(&cargo.container_type));
    batch.sequence.push(index16(i) + 1);
    batch.mode.push(link.mode);
    batch.operation.push(link.operation);
    batch.carrier.push(symbol(&link.carrier));
    batch.origin.push(link.origin);
    batch.destination.push(link.destination);
    batch.departed_at.push(step.departed_at);
    batch.arrived_at.push(if has_transit {
        step.arrived_at
    } else {
        NO_INSTANT
    });
    batch.distance_m.push(link.distance.map_or(0, |d| d.0));
    batch
        .distance_basis
        .push(link.distance.map_or(Basis::Absent, |d| d.1));
    batch.mass_g.push(mass_g);
    batch.teu.push(0);
    batch.container_mass_g.push(0);
    batch.box_share.push(cargo.box_share);
    batch.load_status.push(LoadStatus::Laden);
    batch.temperature.push(cargo.temperature);
    batch.energy_carrier.push(symbol(&link.energy_carrier));
    batch.energy_quantity.push(0);
    batch.energy_unit.push(EnergyUnit::Absent);
    batch.recorded_at.push(NO_INSTANT);
    batch.record_status.push(RecordStatus::Active);
    batch.carried.push(ABSENT);
    batch.flags.push(Flags::NONE);
    batch.file.push(0);
    batch.row.push(batch.row.len() as u64 + 1);
    batch.reject.push(NO_REJECT);
    debug_assert_ne!(link.mode, Mode::Hub);
}
