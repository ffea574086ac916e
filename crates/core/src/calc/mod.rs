//! The kernel: batches of whole shipments in, elements, shipments, sums and rejections out.
//!
//! Pure and single-threaded; the pipeline runs one [`Kernel`] per core. Nothing here knows files, threads, the clock,
//! floats or a columnar library. Read on in `duplicates`, `chain`, `load`, `lane`, `tce`, `emissions`, `rollup`.

pub mod activity;
mod block;
mod carry;
pub mod chain;
pub mod compare;
pub mod cost_range;
pub mod duplicates;
pub mod emissions;
pub mod hub;
pub mod lane;
pub mod load;
mod plausible;
pub mod recalculate;
mod rejections;
pub mod restate;
pub mod rollup;
pub mod tce;
mod trail;

use crate::factors::profile::Adjustment;
use crate::model::carried;
use crate::model::element::{CorridorKey, Element, Footprints, Rollup};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::index::index32;
use crate::model::mode::{Basis, ByMode, EnergyUnit, Mode};
use crate::model::movement::MovementBatch;
use crate::model::quantity::Metres;
use crate::model::reject::RejectReason;
use crate::model::symbol::{ABSENT, Symbols};
use crate::model::text::same;
use crate::model::time::{NO_INSTANT, day_of, month_start};
use crate::reference::{HubTable, Reference};
use block::{Block, Head};
use chain::Chain;
use duplicates::FileRanks;
use lane::{LaneFactor, LaneKey, Lanes};
use load::{BoxType, DefaultMass, Load};
use plausible::Pace;
use rejections::{late, settled};
use rollup::{Boxes, ShipmentFacts, ShipmentHead, Sums};
use std::ops::Range;
use tce::{Energy, Figures, Inputs, Unusable};

/// Computes footprints; remembers what it resolved from one batch to the next.
#[derive(Debug)]
pub struct Kernel<'r> {
    reference: &'r Reference,
    /// Which input file is later than which.
    file_ranks: FileRanks<'r>,
    lanes: Lanes<'r>,
    /// Container types by symbol, resolved up to the length of the list.
    types: Vec<Option<BoxType>>,
    to_activity: ByMode<Option<(Adjustment, Basis)>>,
    paces: ByMode<Pace>,
    defaults: DefaultMass,
    hubs: HubTable,
    sums: Sums,
    scratch: Scratch,
}

/// Buffers that are kept to save allocations.
#[derive(Debug, Default)]
struct Scratch {
    order: Vec<u32>,
    spare: Vec<u32>,
    clashing: Vec<u32>,
    /// Rows that stand for others too, with the flags of all of them.
    merged: Vec<(u32, Flags)>,
    chains: Vec<Chain>,
    places: Vec<LocationCode>,
    modes: String,
    /// Elements of the last few shipments, on their way into their columns.
    block: Block,
}

/// Elements that are gathered before they are spread over their columns: few enough to stay in the nearest cache.
const GATHERED: usize = 128;

/// Rows that are brought near at a time, see [`MovementBatch::warm`]: they fit the nearest caches, and most shipments fit them.
const WARM: usize = 256;

impl<'r> Kernel<'r> {
    /// A kernel for one reference.
    pub fn new(reference: &'r Reference) -> Kernel<'r> {
        let to_activity = ByMode::of(|mode| {
            [Basis::Sfd, Basis::Gcd].into_iter().find_map(|b| {
                reference
                    .adjustment(mode, Basis::Actual, b)
                    .map(|entry| (entry, b))
            })
        });
        let profile = &reference.profile;
        let defaults = DefaultMass {
            laden_g: profile.default_mass_per_teu_g,
            empty_g: profile.empty_mass_per_teu_g,
        };
        Kernel {
            reference,
            file_ranks: FileRanks::default(),
            lanes: Lanes::new(reference),
            types: Vec::new(),
            to_activity,
            paces: ByMode::of(|mode| Pace::new(reference.plausibility.of(mode))),
            defaults,
            hubs: hub::table(reference),
            sums: Sums::default(),
            scratch: Scratch::default(),
        }
    }

    /// The same with a rank for each file of the run, by which a record replaces that of an earlier file; none: no file is later
    /// than another.
    pub fn with_file_ranks(mut self, ranks: &'r [u32]) -> Kernel<'r> {
        self.file_ranks = FileRanks(ranks);
        self
    }

    /// The same with a bound of the memory for factors and distances of lanes that it remembers.
    pub fn with_lane_bytes(mut self, bytes: usize) -> Kernel<'r> {
        self.lanes.keep(bytes);
        self
    }

    /// Bytes of what it remembers for good: sums, and the container type of each symbol.
    pub fn kept_bytes(&self) -> usize {
        self.sums.bytes() + self.types.capacity() * size_of::<Option<BoxType>>()
    }

    /// Footprints of rows `range` of a batch: whole shipments in ascending order of shipment id.
    ///
    /// Every row of the range leaves either as accepted or in `rejected`: `range.len() == accepted + rejected.len()`.
    pub fn footprint(
        &mut self,
        mut batch: MovementBatch,
        range: Range<usize>,
        symbols: &Symbols,
    ) -> Footprints {
        self.resolve_types(symbols);
        self.lanes.trim();
        let mut out = Footprints::default();
        out.elements.reserve(range.len() * 2);
        out.shipments.reserve(range.len() / 4);
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut start = range.start;
        let mut warm = start;
        while start < range.end {
            if warm < (start + WARM / 4).min(range.end) {
                let next = (warm + WARM).min(range.end);
                batch.warm(warm..next);
                warm = next;
            }
            let id = batch.shipment_id.get(start);
            let mut end = start + 1;
            while end < range.end && same(batch.shipment_id.get(end), id) {
                end += 1;
            }
            self.shipment(&mut batch, start..end, symbols, &mut scratch, &mut out);
            start = end;
        }
        out.elements.extend(&scratch.block);
        scratch.block.truncate(0);
        self.scratch = scratch;
        assert_eq!(range.len() as u64, out.accepted + out.rejected.len() as u64);
        out.batch = batch;
        out
    }

    /// Sums by corridor, section and factor over all batches since they were last taken.
    pub fn take_rollup(&mut self) -> Rollup {
        self.sums.take()
    }

    fn resolve_types(&mut self, symbols: &Symbols) {
        for code in self.types.len()..symbols.len() {
            let text = symbols.text(index32(code));
            let is_word = !carried::is_joined(text);
            self.types
                .push(is_word.then(|| self.box_type(text)).flatten());
        }
    }

    fn box_type(&self, code: &str) -> Option<BoxType> {
        let found = self.reference.containers.lookup(code)?;
        Some(BoxType {
            teu: found.teu,
            tare_g: found.tare_g.unwrap_or(0),
            refrigerated: found.refrigerated,
            most_cargo_g: self.reference.most_cargo(code, &found),
        })
    }

    /// The inferred hub at a place and time as an element with this load; `None` without a valid and applicable factor.
    pub fn inferred_hub(
        &mut self,
        place: &hub::Place,
        load: &Load,
        symbols: &Symbols,
    ) -> Option<Element> {
        let mut hub = block::BLANK;
        hub::fill(&mut hub, &mut self.lanes, place, load, 0, symbols).then_some(hub)
    }

    /// Load of one row of a batch whose container type reads `container_type`.
    pub fn load_of(&self, batch: &MovementBatch, row: usize, container_type: &str) -> Load {
        load::load(batch, row, self.box_type(container_type), self.defaults).0
    }

    fn shipment(
        &mut self,
        batch: &mut MovementBatch,
        rows: Range<usize>,
        symbols: &Symbols,
        s: &mut Scratch,
        out: &mut Footprints,
    ) {
        s.order.clear();
        s.clashing.clear();
        let has_listed_gap = self.reference.gaps.has(batch.shipment_id.get(rows.start));
        out.shipments_in += 1;
        out.shipments_with_gaps += u64::from(has_listed_gap);
        let first_reject = out.rejected.len();
        duplicates::settle(
            batch,
            self.file_ranks,
            rows.clone(),
            &mut s.order,
            &mut s.merged,
            |row, loss| out.rejected.push(settled(batch, row, loss)),
        );
        for (row, flags) in s.merged.drain(..) {
            batch.flags[row as usize] = flags;
        }
        let batch = &*batch;
        chain::assemble(
            batch,
            &mut s.order,
            &mut s.spare,
            &mut s.clashing,
            &mut s.chains,
        );
        out.rejected.extend(s.clashing.iter().map(|&row| {
            late(
                batch,
                row,
                RejectReason::SameSequence,
                "sequence",
                symbols,
                self,
            )
        }));
        if s.order.is_empty() {
            return;
        }
        let speaking = chain::speaking(batch, &s.order, &s.chains)
            .map_or(0..s.order.len(), |chain| chain.span.clone());
        let head = self.head(batch, s, speaking.clone());
        let first_element = s.block.len();
        let mut boxes = Boxes::default();
        let mut accepted = 0;
        let mut lacks_part = has_listed_gap;
        let any_id = s
            .order
            .iter()
            .any(|&r| !batch.container_id.get(r as usize).is_empty());
        for c in 0..s.chains.len() {
            let chain = s.chains[c].clone();
            let counts = !any_id
                || !batch
                    .container_id
                    .get(s.order[chain.span.start] as usize)
                    .is_empty();
            let published = self.chain(batch, symbols, &chain, s, out);
            lacks_part |= published.lacks_part;
            accepted += published.accepted;
            if let (true, Some(load)) = (counts, published.first_load) {
                boxes.containers += load.containers as i128;
                boxes.teu += load.teu.max(0) as i128;
                boxes.mass_g += i128::from(load.mass.0);
            }
        }
        out.accepted += accepted;
        if accepted == 0 {
            // A shipment that keeps no row appears only in `rejected`; its inferred hubs go too.
            s.block.truncate(first_element);
            return;
        }
        spell_modes(batch, &s.order[speaking], &mut s.modes);
        let rejects = &out.rejected[first_reject..];
        let facts = ShipmentFacts {
            id: batch.shipment_id.get(rows.start),
            head,
            modes: &s.modes,
            boxes,
            rejected_rows: index32(rejects.len()),
            is_complete: !lacks_part && !rejects.iter().any(|r| r.reject.reason.leaves_gap()),
        };
        let elements = &mut s.block[first_element..];
        let carried = &mut out.shipments.carried;
        carry::carry(batch, rows.clone(), elements, symbols, carried);
        out.elements_per_shipment.push(index32(elements.len()));
        rollup::add_shipment(&facts, elements, &mut out.shipments, &mut self.sums);
        if s.block.len() >= GATHERED {
            out.elements.extend(&s.block);
            s.block.truncate(0);
        }
    }

    /// Corridor, period, ends and times, from the assembled chains; ends and places are those of the speaking chain.
    fn head(&self, batch: &MovementBatch, s: &mut Scratch, speaking: Range<usize>) -> ShipmentHead {
        let rows = || s.order.iter().map(|&r| r as usize);
        let first_departed_at = rows()
            .map(|r| batch.departed_at[r])
            .min()
            .unwrap_or(NO_INSTANT);
        let last_arrived_at = rows()
            .map(|r| batch.arrived_at[r])
            .max()
            .unwrap_or(NO_INSTANT);
        let speaking = &s.order[speaking];
        let origin = batch.origin[speaking[0] as usize];
        let destination = batch.destination[speaking[speaking.len() - 1] as usize];
        s.places.clear();
        for &r in speaking {
            // Arriving at a place and leaving it is one visit.
            for place in [batch.origin[r as usize], batch.destination[r as usize]] {
                if s.places.last() != Some(&place) {
                    s.places.push(place);
                }
            }
        }
        let corridor = match self
            .reference
            .corridors
            .assign(origin, destination, &s.places)
        {
            Some(index) => CorridorKey::Listed(index),
            None => CorridorKey::Lane(origin.country(), destination.country()),
        };
        let period = month_start(day_of(first_departed_at));
        ShipmentHead {
            corridor,
            period,
            origin,
            destination,
            first_departed_at,
            last_arrived_at,
        }
    }

    /// Computes the rows of one chain in order, inferred hubs in their places; writes elements and late rejections.
    fn chain(
        &mut self,
        batch: &MovementBatch,
        symbols: &Symbols,
        chain: &Chain,
        s: &mut Scratch,
        out: &mut Footprints,
    ) -> Published {
        let mut published = Published::default();
        let mut number = 0;
        let mut figures = Figures::default();
        let bounds = &self.reference.plausibility;
        for i in chain.span.clone() {
            let row = s.order[i];
            let r = row as usize;
            let kind = self.types[batch.container_type[r] as usize];
            let (load, mut flags) = load::load(batch, r, kind, self.defaults);
            flags |= chain::continuity(batch, &s.order, chain, i)
                | batch.flags[r].without(Flags::BASIS_ASSUMED);
            published.lacks_part |= flags.has(Flags::CHAIN_GAP);
            let [before, after] = hub::around(&self.hubs, batch, &s.order, chain, i);
            // A neighbour without a mass has none to lend.
            let mut lend = |place: Option<hub::Place>, hub: &mut Element| {
                let Some(place) = place.filter(|_| !load.mass.is_none()) else {
                    return false;
                };
                let found = hub::fill(hub, &mut self.lanes, &place, &load, row, symbols);
                flags |= Flags::HUB_WITHOUT_FACTOR.when(!found);
                published.lacks_part |= !found;
                found
            };
            // An element whose place turns out to be free is taken out again.
            if before.is_some() {
                let at = s.block.len();
                let hub = s.block.next();
                if lend(before, hub) {
                    number += 1;
                    hub.element = number;
                } else {
                    s.block.truncate(at);
                }
            }
            let at = s.block.len();
            s.block.next();
            if after.is_some() && !lend(after, s.block.next()) {
                s.block.truncate(at + 1);
            }
            let has_after = s.block.len() > at + 1;
            let pace = self.paces[batch.mode[r]];
            match self.element(batch, symbols, r, &load, &mut figures) {
                Ok(factor) => {
                    published.accepted += 1;
                    if batch.mode[r] != Mode::Hub && published.first_load.is_none() {
                        published.first_load = Some(load);
                    }
                    number += 1;
                    let head = Head {
                        row,
                        anchor: row,
                        mode: batch.mode[r],
                        operation: batch.operation[r],
                        origin: batch.origin[r],
                        destination: batch.destination[r],
                        departed_at: batch.departed_at[r],
                    };
                    let e = &mut s.block[at];
                    flags |= plausible::flags(bounds, &pace, batch, r, &load, kind, &figures);
                    block::fill(e, head, &load, &figures, factor, flags | figures.flags);
                    e.element = number;
                }
                Err(refused) => {
                    s.block.remove(at);
                    out.rejected.push(late(
                        batch,
                        row,
                        refused.reason,
                        refused.column,
                        symbols,
                        self,
                    ));
                }
            }
            if has_after {
                number += 1;
                s.block.last_mut().expect("pushed above").element = number;
            }
        }
        published
    }

    #[inline]
    fn element<'k>(
        &'k mut self,
        batch: &MovementBatch,
        symbols: &Symbols,
        row: usize,
        load: &Load,
        out: &mut Figures,
    ) -> Result<&'k LaneFactor, Unusable> {
        let mode = batch.mode[row];
        let energy = match (
            batch.energy_quantity[row],
            batch.energy_carrier[row],
            batch.energy_unit[row],
        ) {
            (0, _, _) => Energy::None,
            (_, ABSENT, _) => Energy::Incomplete("energy_carrier"),
            (_, _, EnergyUnit::Absent) => Energy::Incomplete("energy_unit"),
            (quantity, _, _) => Energy::Used(quantity),
        };
        let day = day_of(batch.departed_at[row]);
        let key = LaneKey {
            operation: batch.operation[row],
            temperature: load.temperature,
            carrier: batch.carrier[row],
            energy_carrier: batch.energy_carrier[row],
            energy_unit: if matches!(energy, Energy::Used(_)) {
                batch.energy_unit[row]
            } else {
                EnergyUnit::Absent
            },
            origin: batch.origin[row],
            destination: batch.destination[row],
            epoch: self.lanes.epoch(day),
        };
        let lacks_distance = batch.distance_m[row] == 0 && mode != Mode::Hub;
        let inputs = Inputs {
            is_hub: mode == Mode::Hub,
            reported: (
                Metres(batch.distance_m[row] as i64),
                batch.distance_basis[row],
            ),
            basis_assumed: batch.flags[row].has(Flags::BASIS_ASSUMED),
            load,
            energy,
            lane: self.lanes.lane(key, lacks_distance, mode, day, symbols),
            adjustments: self.reference.adjustments(mode),
            to_activity: self.to_activity[mode],
        };
        tce::figures(&inputs, out)
    }
}

/// What publishing a chain found.
#[derive(Debug, Default)]
struct Published {
    accepted: u64,
    /// A hub without a factor, or a movement that nobody reported.
    lacks_part: bool,
    first_load: Option<Load>,
}

/// Modes of the speaking chain, repeats next to each other collapsed, hubs left out.
fn spell_modes(batch: &MovementBatch, speaking: &[u32], out: &mut String) {
    out.clear();
    let mut last = Mode::Hub;
    for &r in speaking {
        let mode = batch.mode[r as usize];
        if mode != Mode::Hub && mode != last {
            if !out.is_empty() {
                out.push('>');
            }
            out.push_str(mode.code());
            last = mode;
        }
    }
}
