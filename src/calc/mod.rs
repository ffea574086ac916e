//! The kernel: batches of whole shipments in, elements, shipments, sums and rejections out.
//!
//! Pure and single-threaded; the pipeline runs one [`Kernel`] per core. Nothing here knows files, threads, the clock,
//! floats or a columnar library. Read on in `duplicates`, `chain`, `load`, `lane`, `tce`, `emissions`, `rollup`.

pub mod activity;
pub mod chain;
pub mod duplicates;
pub mod emissions;
pub mod hub;
pub mod lane;
pub mod load;
pub mod recalculate;
pub mod restate;
pub mod rollup;
pub mod tce;

use crate::factors::profile::Adjustment;
use crate::model::element::{CorridorKey, Element, Footprints};
use crate::model::flag::Flags;
use crate::model::mode::{Basis, EnergyUnit, LoadStatus, Mode};
use crate::model::movement::MovementBatch;
use crate::model::reject::{Reject, RejectReason, Rejected};
use crate::model::symbol::{ABSENT, Symbol, Symbols};
use crate::model::time::{NO_INSTANT, day_of, month_start};
use crate::model::unit::{DISTANCE_SCALE, MASS_SCALE, SHARE_SCALE, short_decimal_text};
use crate::reference::Reference;
use chain::Chain;
use lane::{LaneFactor, LaneKey, Lanes};
use load::{BoxType, DefaultMass, Load};
use rollup::{Boxes, ShipmentHead};
use std::ops::Range;
use tce::{Energy, Figures, Inputs, Unusable};

/// Computes footprints; remembers what it resolved from one batch to the next.
#[derive(Debug)]
pub struct Kernel<'r> {
    reference: &'r Reference,
    lanes: Lanes<'r>,
    /// Container types by symbol, resolved up to the length of the list.
    types: Vec<Option<BoxType>>,
    to_activity: [Option<(Adjustment, Basis)>; 6],
    defaults: DefaultMass,
    hubs: hub::HubTable,
    scratch: Scratch,
}

/// Buffers of one shipment, kept to save allocations.
#[derive(Debug, Default)]
struct Scratch {
    order: Vec<u32>,
    clashing: Vec<u32>,
    chains: Vec<Chain>,
    rows: Vec<Computed>,
}

/// One row of a chain after its own calculation.
#[derive(Clone, Copy, Debug)]
struct Computed {
    load: Load,
    flags: Flags,
    result: Result<(Figures, LaneFactor), Unusable>,
}

impl<'r> Kernel<'r> {
    /// A kernel for one reference.
    pub fn new(reference: &'r Reference) -> Kernel<'r> {
        let to_activity = Mode::ALL.map(|mode| {
            [Basis::Sfd, Basis::Gcd]
                .into_iter()
                .find_map(|b| reference.adjustment(mode, Basis::Actual, b).map(|entry| (entry, b)))
        });
        let profile = &reference.profile;
        let defaults = DefaultMass { laden_g: profile.default_mass_per_teu_g, empty_g: profile.empty_mass_per_teu_g };
        Kernel {
            reference,
            lanes: Lanes::new(reference),
            types: Vec::new(),
            to_activity,
            defaults,
            hubs: hub::table(reference),
            scratch: Scratch::default(),
        }
    }

    /// Footprints of rows `range` of a batch: whole shipments in ascending order of shipment id.
    ///
    /// Every row of the range leaves either as accepted or in `rejected`: `range.len() == accepted + rejected.len()`.
    pub fn footprint(&mut self, batch: MovementBatch, range: Range<usize>, symbols: &Symbols) -> Footprints {
        self.resolve_types(symbols);
        let mut out = Footprints::default();
        out.elements.reserve(range.len() * 2);
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut start = range.start;
        while start < range.end {
            let id = batch.shipment_id.get(start);
            let mut end = start + 1;
            while end < range.end && batch.shipment_id.get(end) == id {
                end += 1;
            }
            self.shipment(&batch, start..end, symbols, &mut scratch, &mut out);
            start = end;
        }
        self.scratch = scratch;
        assert_eq!(range.len() as u64, out.accepted + out.rejected.len() as u64);
        out.batch = batch;
        out
    }

    fn resolve_types(&mut self, symbols: &Symbols) {
        for code in self.types.len()..symbols.len() {
            let found = self.reference.containers.lookup(symbols.text(code as Symbol));
            self.types.push(found.map(|t| BoxType { teu: t.teu, tare_g: t.tare_g.unwrap_or(0), refrigerated: t.refrigerated }));
        }
    }

    fn shipment(&mut self, batch: &MovementBatch, rows: Range<usize>, symbols: &Symbols, s: &mut Scratch, out: &mut Footprints) {
        s.order.clear();
        s.clashing.clear();
        let first_reject = out.rejected.len();
        duplicates::settle(batch, rows.clone(), &mut s.order, |row, reason| out.rejected.push(settled(batch, row, reason)));
        chain::assemble(batch, &mut s.order, &mut s.clashing, &mut s.chains);
        out.rejected
            .extend(s.clashing.iter().map(|&row| late(batch, row, RejectReason::SameSequence, "sequence", symbols, self)));
        if s.order.is_empty() {
            return;
        }
        let head = self.head(batch, s);
        let first_element = out.elements.len();
        let mut boxes = Boxes::default();
        let mut accepted = 0;
        let mut lost_hub = false;
        let any_id = s.order.iter().any(|&r| !batch.container_id.get(r as usize).is_empty());
        for c in 0..s.chains.len() {
            let chain = s.chains[c].clone();
            self.compute(batch, symbols, &chain, s);
            let counts = !any_id || !batch.container_id.get(s.order[chain.span.start] as usize).is_empty();
            let published = self.publish(batch, symbols, &chain, s, out);
            lost_hub |= published.lost_hub;
            accepted += published.accepted;
            if let (true, Some(load)) = (counts, published.first_load) {
                boxes.containers += load.containers as i128;
                boxes.teu += load.teu.max(0) as i128;
                boxes.mass_g += load.mass_g as i128;
            }
        }
        out.accepted += accepted;
        if accepted == 0 {
            // A shipment that keeps no row appears only in `rejected`; its inferred hubs go too.
            out.elements.truncate(first_element);
            return;
        }
        let rejects = &out.rejected[first_reject..];
        let is_complete = !lost_hub && !rejects.iter().any(|r| r.reject.reason.leaves_gap());
        let range = first_element..out.elements.len();
        out.elements_per_shipment.push(range.len() as u32);
        rollup::add_shipment(
            batch.shipment_id.get(rows.start),
            &head,
            &self.modes(batch, s),
            boxes,
            rejects.len() as u32,
            is_complete,
            &out.elements,
            range,
            &mut out.shipments,
            &mut out.rollup,
        );
    }

    /// Corridor, period, ends and times, from the assembled chains.
    fn head(&self, batch: &MovementBatch, s: &Scratch) -> ShipmentHead {
        let rows = || s.order.iter().map(|&r| r as usize);
        let first_departed_at = rows().map(|r| batch.departed_at[r]).min().unwrap_or(NO_INSTANT);
        let last_arrived_at = rows().map(|r| batch.arrived_at[r]).max().unwrap_or(NO_INSTANT);
        let speaking = speaking_rows(batch, s);
        let origin = batch.origin[speaking[0] as usize];
        let destination = batch.destination[speaking[speaking.len() - 1] as usize];
        let mut places = Vec::with_capacity(speaking.len() * 2);
        for &r in speaking {
            // Arriving at a place and leaving it is one visit.
            for place in [batch.origin[r as usize], batch.destination[r as usize]] {
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        let corridor = match self.reference.corridors.assign(origin, destination, &places) {
            Some(index) => CorridorKey::Listed(index),
            None => CorridorKey::Lane(origin.country(), destination.country()),
        };
        let period = month_start(day_of(first_departed_at));
        ShipmentHead { corridor, period, origin, destination, first_departed_at, last_arrived_at }
    }

    /// Modes of the speaking chain, repeats next to each other collapsed, hubs left out.
    fn modes(&self, batch: &MovementBatch, s: &Scratch) -> String {
        let mut modes = String::new();
        let mut last = Mode::Hub;
        for &r in speaking_rows(batch, s) {
            let mode = batch.mode[r as usize];
            if mode != Mode::Hub && mode != last {
                if !modes.is_empty() {
                    modes.push('>');
                }
                modes.push_str(mode.code());
                last = mode;
            }
        }
        modes
    }

    fn compute(&mut self, batch: &MovementBatch, symbols: &Symbols, chain: &Chain, s: &mut Scratch) {
        s.rows.clear();
        for i in chain.span.clone() {
            let row = s.order[i] as usize;
            let kind = self.types[batch.container_type[row] as usize];
            let (load, load_flags) = load::load(batch, row, kind, self.defaults);
            let mut flags = load_flags | chain::continuity(batch, &s.order, chain, i);
            flags |= batch.flags[row].without(Flags::BASIS_ASSUMED);
            let result = self.element(batch, symbols, row, &load);
            if let Ok((figures, _)) = &result {
                flags |= figures.flags;
            }
            s.rows.push(Computed { load, flags, result });
        }
    }

    fn element(
        &mut self,
        batch: &MovementBatch,
        symbols: &Symbols,
        row: usize,
        load: &Load,
    ) -> Result<(Figures, LaneFactor), Unusable> {
        let mode = batch.mode[row];
        let energy = match (batch.energy_quantity[row], batch.energy_carrier[row], batch.energy_unit[row]) {
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
            energy_unit: if matches!(energy, Energy::Used(_)) { batch.energy_unit[row] } else { EnergyUnit::Absent },
            origin: batch.origin[row],
            destination: batch.destination[row],
            epoch: self.lanes.epoch(day),
        };
        let lane = self.lanes.lane(key, mode, day, symbols);
        tce::figures(&Inputs {
            is_hub: mode == Mode::Hub,
            reported: (batch.distance_m[row] as i64, batch.distance_basis[row]),
            basis_assumed: batch.flags[row].has(Flags::BASIS_ASSUMED),
            load,
            energy,
            lane: &lane,
            to_activity: self.to_activity[mode as usize],
        })
    }

    /// Writes the elements of one chain, inferred hubs in their places, and the late rejections.
    fn publish(
        &mut self,
        batch: &MovementBatch,
        symbols: &Symbols,
        chain: &Chain,
        s: &mut Scratch,
        out: &mut Footprints,
    ) -> Published {
        let mut published = Published::default();
        let mut number = 0;
        for i in chain.span.clone() {
            let row = s.order[i];
            let at = i - chain.span.start;
            let hubs = hub::around(&self.hubs, batch, &s.order, chain, i);
            let [before, after] = hubs.map(|place| place.and_then(|p| self.infer(&p, &s.rows[at].load, row, symbols)));
            for hub in [&before, &after].into_iter().flatten() {
                if hub.is_none() {
                    s.rows[at].flags |= Flags::HUB_WITHOUT_FACTOR;
                    published.lost_hub = true;
                }
            }
            let computed = &s.rows[at];
            let mut push = |mut e: Element| {
                number += 1;
                e.element = number;
                out.elements.push(&e);
            };
            before.flatten().into_iter().for_each(&mut push);
            match &computed.result {
                Ok((figures, factor)) => {
                    published.accepted += 1;
                    if batch.mode[row as usize] != Mode::Hub && published.first_load.is_none() {
                        published.first_load = Some(computed.load);
                    }
                    push(transport_or_hub(batch, row, computed, figures, factor));
                }
                Err(refused) => out.rejected.push(late(batch, row, refused.reason, refused.column, symbols, self)),
            }
            after.flatten().into_iter().for_each(&mut push);
        }
        published
    }

    /// An inferred hub: `None`: the neighbour has no mass to lend; `Some(None)`: no valid and applicable factor.
    fn infer(&mut self, place: &hub::Place, lender: &Load, anchor: u32, symbols: &Symbols) -> Option<Option<Element>> {
        (lender.mass_g > 0).then(|| hub::element(&mut self.lanes, place, lender, anchor, symbols))
    }
}

/// What publishing a chain found.
#[derive(Debug, Default)]
struct Published {
    accepted: u64,
    lost_hub: bool,
    first_load: Option<Load>,
}

fn speaking_rows<'s>(batch: &MovementBatch, s: &'s Scratch) -> &'s [u32] {
    match chain::speaking(batch, &s.order, &s.chains) {
        Some(chain) => &s.order[chain.span.clone()],
        None => &s.order,
    }
}

fn transport_or_hub(batch: &MovementBatch, row: u32, computed: &Computed, figures: &Figures, factor: &LaneFactor) -> Element {
    let i = row as usize;
    element(
        Element { row, anchor: row, mode: batch.mode[i], operation: batch.operation[i], ..blank(batch, i) },
        &computed.load,
        figures,
        factor,
        computed.flags,
    )
}

fn blank(batch: &MovementBatch, i: usize) -> Element {
    place_at(i as u32, batch.origin[i], batch.destination[i], batch.departed_at[i])
}

/// An element that has only its place and time.
fn place_at(
    anchor: u32,
    origin: crate::model::id::LocationCode,
    destination: crate::model::id::LocationCode,
    departed_at: crate::model::time::Instant,
) -> Element {
    Element {
        row: crate::model::element::NO_ROW,
        anchor,
        element: 0,
        mode: Mode::Hub,
        operation: 0,
        origin,
        destination,
        departed_at,
        load_status: LoadStatus::Laden,
        temperature: Default::default(),
        mass_g: 0,
        teu: 0,
        containers: 0,
        distance_m: 0,
        distance_basis: Default::default(),
        distance_source: Default::default(),
        activity_distance_m: 0,
        activity_basis: Default::default(),
        emission_distance_m: 0,
        activity: 0,
        factor: 0,
        intensity_operation: 0,
        intensity_provision: 0,
        per: Default::default(),
        data_category: Default::default(),
        ghg_operation: 0,
        ghg_provision: 0,
        flags: Flags::NONE,
    }
}

fn element(base: Element, load: &Load, figures: &Figures, factor: &LaneFactor, flags: Flags) -> Element {
    Element {
        load_status: load.load_status,
        temperature: load.temperature,
        mass_g: load.mass_g,
        teu: load.teu,
        containers: load.containers,
        distance_m: figures.distance_m,
        distance_basis: figures.distance_basis,
        distance_source: figures.distance_source,
        activity_distance_m: figures.activity_distance_m,
        activity_basis: figures.activity_basis,
        emission_distance_m: figures.emission_distance_m,
        activity: figures.activity,
        factor: factor.factor,
        intensity_operation: factor.operation,
        intensity_provision: factor.provision,
        per: factor.per,
        data_category: factor.data_category,
        ghg_operation: figures.ghg_operation,
        ghg_provision: figures.ghg_provision,
        flags,
        ..base
    }
}

/// A row rejected among its duplicates; without a reason: for what parsing found.
fn settled(batch: &MovementBatch, row: u32, reason: Option<RejectReason>) -> Rejected {
    let i = row as usize;
    let reject = match (reason, batch.reject_of(i)) {
        (None, Some(found)) => found.clone(),
        (reason, _) => {
            let reason = reason.unwrap_or(RejectReason::Duplicate);
            let wanted = match reason {
                RejectReason::ConflictingDuplicates => "one latest record per movement, or identical ones",
                RejectReason::Cancelled => "a latest record that is active",
                _ => "one record per movement: a later or an earlier identical one counts",
            };
            Reject::new(reason, "movement_id", batch.movement_id.str(i), wanted)
        }
    };
    rejected(batch, i, reject)
}

/// A row rejected after its chain was assembled.
fn late(
    batch: &MovementBatch,
    row: u32,
    reason: RejectReason,
    column: &'static str,
    symbols: &Symbols,
    kernel: &Kernel,
) -> Rejected {
    let i = row as usize;
    let operation = &*kernel.reference.factors.operations[batch.operation[i] as usize].code;
    let date = || crate::model::time::date_text(day_of(batch.departed_at[i]));
    let lane = || format!("{} to {}", batch.origin[i], batch.destination[i]);
    let wanted = match reason {
        RejectReason::NoFactor => format!("a factor for {operation} valid on {} from {}", date(), lane()),
        RejectReason::NoDistance => format!("a distance by {} from {}", batch.mode[i].code(), lane()),
        RejectReason::NoMass => "a mass in the record, or TEU and a default mass in the profile".into(),
        RejectReason::NoTeu => "a TEU count of at most 4 where the figure is per container".into(),
        RejectReason::NoDistanceAdjustment => format!("an adjustment to the basis of the intensity of {operation}"),
        RejectReason::EnergyIncomplete => {
            format!("an energy carrier and unit with an energy factor valid on {} from {}", date(), lane())
        }
        RejectReason::SameSequence => "a sequence of its own for each movement of a container".into(),
        RejectReason::LimitExceeded => "figures within Decimal(18,9) and Decimal(15,3)".into(),
        _ => reason.title().into(),
    };
    rejected(batch, i, Reject::new(reason, column, &found(batch, i, column, symbols, operation), wanted))
}

/// What the record says in a column that a late rejection blames; empty when it says nothing and a default stood in.
fn found(batch: &MovementBatch, i: usize, column: &str, symbols: &Symbols, operation: &str) -> String {
    let reported = |mantissa: u32, scale| if mantissa == 0 { String::new() } else { short_decimal_text(mantissa.into(), scale) };
    let defaulted = |flag: Flags, text: &str| if batch.flags[i].has(flag) { String::new() } else { text.to_owned() };
    match column {
        "sequence" => batch.sequence[i].to_string(),
        "operation" => defaulted(Flags::OPERATION_DEFAULTED, operation),
        "distance_km" => reported(batch.distance_m[i], DISTANCE_SCALE),
        "distance_basis" => defaulted(Flags::BASIS_ASSUMED, batch.distance_basis[i].code()),
        "cargo_mass_kg" => reported(batch.mass_g[i], MASS_SCALE),
        "teu" => reported(batch.teu[i], SHARE_SCALE),
        "energy_carrier" => symbols.text(batch.energy_carrier[i]).to_owned(),
        _ => String::new(),
    }
}

fn rejected(batch: &MovementBatch, i: usize, reject: Reject) -> Rejected {
    Rejected {
        file: batch.file[i],
        row: batch.row[i],
        reject,
        shipment_id: batch.shipment_id.str(i).to_owned(),
        movement_id: batch.movement_id.str(i).to_owned(),
    }
}
