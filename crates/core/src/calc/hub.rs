//! Hubs that no record reports but the chain implies (docs/methodology.md, section 9): between two transport TCEs, at the start, at the end.

use super::block::{self, Head};
use super::chain::Chain;
use super::lane::{LaneKey, Lanes};
use super::load::Load;
use super::tce::{Energy, Figures, Inputs, figures};
use crate::model::element::{Element, NO_ROW};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, EnergyUnit, Mode};
use crate::model::movement::{MovementBatch, OperationIndex};
use crate::model::quantity::Metres;
use crate::model::symbol::{ABSENT, Symbols};
use crate::model::time::{Instant, NO_INSTANT, day_of};
use crate::reference::{EDGE, HubTable, Reference};

/// Where, when and what an inferred hub is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Hub operation category.
    pub operation: OperationIndex,
    /// The place.
    pub location: LocationCode,
    /// Its time.
    pub at: Instant,
}

/// The table of a profile; empty when hubs are not inferred.
pub fn table(reference: &Reference) -> HubTable {
    if reference.profile.infer_hubs {
        *reference.hubs()
    } else {
        HubTable::default()
    }
}

/// The hubs that row `order[i]` lends its load to: the one before it, and at the end of the chain the one after it.
#[inline]
pub fn around(
    table: &HubTable,
    batch: &MovementBatch,
    order: &[u32],
    chain: &Chain,
    i: usize,
) -> [Option<Place>; 2] {
    let row = order[i] as usize;
    let mode = batch.mode[row];
    if mode == Mode::Hub {
        return [None, None];
    }
    let place = |operation: Option<OperationIndex>, location, at| {
        operation.map(|operation| Place {
            operation,
            location,
            at,
        })
    };
    let before = if i == chain.span.start {
        place(table[EDGE][mode], batch.origin[row], batch.departed_at[row])
    } else {
        let previous = order[i - 1] as usize;
        let meets =
            batch.mode[previous] != Mode::Hub && batch.destination[previous] == batch.origin[row];
        let operation = if meets {
            table[batch.mode[previous]][mode]
        } else {
            None
        };
        place(
            operation,
            batch.origin[row],
            arrival(batch, previous, batch.departed_at[row]),
        )
    };
    let after = if i + 1 == chain.span.end {
        place(
            table[mode][EDGE],
            batch.destination[row],
            arrival(batch, row, batch.departed_at[row]),
        )
    } else {
        None
    };
    [before, after]
}

fn arrival(batch: &MovementBatch, row: usize, otherwise: Instant) -> Instant {
    if batch.arrived_at[row] == NO_INSTANT {
        otherwise
    } else {
        batch.arrived_at[row]
    }
}

/// Makes an element the hub, with the load of its neighbour in row `anchor`; `false` without a valid and applicable factor.
pub fn fill(
    e: &mut Element,
    lanes: &mut Lanes,
    place: &Place,
    load: &Load,
    anchor: u32,
    symbols: &Symbols,
) -> bool {
    let day = day_of(place.at);
    let key = LaneKey {
        operation: place.operation,
        temperature: load.temperature,
        carrier: ABSENT,
        energy_carrier: ABSENT,
        energy_unit: EnergyUnit::Absent,
        origin: place.location,
        destination: place.location,
        epoch: lanes.epoch(day),
    };
    let adjustments = lanes.adjustments(Mode::Hub);
    let lane = lanes.lane(key, false, Mode::Hub, day, symbols);
    let inputs = Inputs {
        is_hub: true,
        reported: (Metres(0), Basis::Absent),
        basis_assumed: false,
        load,
        energy: Energy::None,
        lane,
        adjustments,
        to_activity: None,
    };
    let mut found = Figures::default();
    let Ok(factor) = figures(&inputs, &mut found) else {
        return false;
    };
    let head = Head {
        row: NO_ROW,
        anchor,
        mode: Mode::Hub,
        operation: place.operation,
        origin: place.location,
        destination: place.location,
        departed_at: place.at,
    };
    block::fill(
        e,
        head,
        load,
        &found,
        factor,
        Flags::HUB_INFERRED | found.flags,
    );
    true
}
