//! One shipment: a route, a timetable, its containers, and the rows they give.

use super::random::{Purpose, Random};
use super::row::Row;
use super::templates::{Container, Element, Route, Templates};
use super::{Month, Order};
use crate::model::id::is_iso6346;
use crate::model::index::index16;
use crate::model::mode::Mode;

/// Pairs of shipments that share one box, in a million.
const SHARED_PAIRS_PPM: u32 = 40_000;
/// Junctions with a hub row of their own, where the profile would infer one.
const HUB_ROWS_PPM: u32 = 80_000;
/// Shipments whose hauliers report the fuel they used.
const FUEL_REPORTED_PPM: u32 = 60_000;
/// Shipments whose Chinese road hauls are declared to run on HVO, without a quantity.
const HVO_PPM: u32 = 20_000;
/// Refrigerated boxes that travel switched off, with dry cargo.
const REEFER_OFF_PPM: u32 = 100_000;
/// Prefixes of container numbers; codes without an owner here, the check digits are right.
const OWNERS: [&str; 4] = ["SMPU", "SMQU", "SMXU", "SMZU"];

/// What all boxes of a shipment have in common: they travel together.
struct Journey<'a> {
    route: &'a Route,
    legs: Vec<Leg<'a>>,
    is_fuel_reported: bool,
    is_hvo: bool,
}

/// An element of the route on the way: when, by whom, how far.
struct Leg<'a> {
    departed_at: i64,
    arrived_at: i64,
    carrier: &'a str,
    distance_m: Option<i64>,
    /// Distance that fuel was burnt over, in thousandths of a litre for a full box.
    fuel: i64,
    /// Whether a hub row follows.
    has_hub_row: bool,
}

/// A box and the part of it that is this shipment's.
struct Load<'a> {
    container_id: String,
    container_type: &'a str,
    is_refrigerated: bool,
    is_empty: bool,
    mass_g: i64,
    /// Cargo of all consignments when there are others.
    box_mass_g: Option<i64>,
}

pub(super) fn rows<'a>(order: &Order, templates: &'a Templates, index: u64) -> Vec<Row<'a>> {
    let mut pair = Random::new(order.seed, Purpose::Pair, index / 2);
    if pair.chance(SHARED_PAIRS_PPM) {
        return shared(order, templates, index, pair);
    }
    let random = &mut Random::new(order.seed, Purpose::Shipment, index);
    let journey = journey(random, templates, &order.month);
    let count = *random.pick(&templates.containers_per_shipment);
    let mut loads: Vec<Load> = Vec::new();
    while loads.len() < count as usize {
        let load = load(random, templates, journey.route);
        if loads
            .iter()
            .all(|other| other.container_id != load.container_id)
        {
            loads.push(load);
        }
    }
    // Rows of a shipment stand in order of container.
    loads.sort_by(|a, b| a.container_id.cmp(&b.container_id));
    assemble(templates, index, &journey, &loads)
}

/// Both shipments of the pair draw the same box and journey; each takes its part of the cargo.
fn shared<'a>(
    order: &Order,
    templates: &'a Templates,
    index: u64,
    mut pair: Random,
) -> Vec<Row<'a>> {
    let random = &mut pair;
    let journey = journey(random, templates, &order.month);
    let kind = container(random, templates, false);
    let total_kg = random.between(kind.cargo_min_kg, kind.cargo_max_kg);
    let first_kg = total_kg * random.between(15, 85) / 100;
    let mass_kg = if index.is_multiple_of(2) {
        first_kg
    } else {
        total_kg - first_kg
    };
    let load = Load {
        container_id: container_id(random),
        container_type: &kind.code,
        is_refrigerated: false,
        is_empty: false,
        mass_g: mass_kg * 1000,
        box_mass_g: Some(total_kg * 1000),
    };
    assemble(templates, index, &journey, &[load])
}

fn journey<'a>(random: &mut Random, templates: &'a Templates, month: &Month) -> Journey<'a> {
    let route = &templates.routes[random.weighted(templates.routes.iter().map(|r| r.weight))];
    let is_fuel_reported = random.chance(FUEL_REPORTED_PPM);
    let is_hvo = random.chance(HVO_PPM);
    // Five-minute steps, as timetables have them.
    let mut clock =
        month.first as i64 * 86_400 + random.below(month.days as u64 * 288) as i64 * 300;
    let mut legs = Vec::with_capacity(route.elements.len());
    for (i, element) in route.elements.iter().enumerate() {
        let under_way = spread(random, element.hours * 3600, 60_000).max(1800) / 60 * 60;
        let dwell = spread(random, element.dwell_hours * 3600, 200_000) / 300 * 300;
        let carrier = if element.carriers.is_empty() {
            ""
        } else {
            random.pick(&element.carriers)
        };
        let run_m = spread(random, element.actual_m, templates.spread_ppm) / 100 * 100;
        let is_reported = random.chance(templates.reported_ppm);
        let next = route.elements.get(i + 1);
        let has_hub = next.is_some_and(|next| templates.hub(element.mode, next.mode).is_some());
        legs.push(Leg {
            departed_at: clock,
            arrived_at: clock + under_way,
            carrier,
            distance_m: (is_reported && run_m > 0).then_some(run_m),
            // 0.33 to 0.41 l/km.
            fuel: run_m * random.between(330, 410) / 1000,
            has_hub_row: random.chance(HUB_ROWS_PPM) && has_hub,
        });
        clock += under_way + dwell;
    }
    Journey {
        route,
        legs,
        is_fuel_reported,
        is_hvo,
    }
}

/// `middle` give or take up to `ppm` millionths of it.
fn spread(random: &mut Random, middle: i64, ppm: u32) -> i64 {
    middle + middle * random.between(-(ppm as i64), ppm as i64) / 1_000_000
}

fn container<'a>(random: &mut Random, templates: &'a Templates, reefers: bool) -> &'a Container {
    let weights = templates.containers.iter().map(|c| {
        if c.refrigerated && !reefers {
            0
        } else {
            c.weight
        }
    });
    &templates.containers[random.weighted(weights)]
}

fn load<'a>(random: &mut Random, templates: &'a Templates, route: &Route) -> Load<'a> {
    let kind = container(random, templates, route.reefers);
    let container_id = container_id(random);
    let is_empty = random.chance(templates.empty_ppm);
    let is_off = random.chance(REEFER_OFF_PPM);
    let mass_kg = random.between(kind.cargo_min_kg, kind.cargo_max_kg);
    Load {
        container_id,
        container_type: &kind.code,
        is_refrigerated: kind.refrigerated && !is_off && !is_empty,
        is_empty,
        mass_g: mass_kg * 1000,
        box_mass_g: None,
    }
}

/// A container number with the check digit of ISO 6346.
fn container_id(random: &mut Random) -> String {
    let mut id = format!("{}{:06}0", random.pick(&OWNERS), random.below(1_000_000)).into_bytes();
    let mut digits = b'0'..=b'9';
    let right = digits.find(|&digit| {
        id[10] = digit;
        is_iso6346(&id)
    });
    match (right, String::from_utf8(id)) {
        (Some(_), Ok(id)) => id,
        (_, id) => unreachable!("one of ten digits is the check digit of {id:?}"),
    }
}

fn assemble<'a>(
    templates: &'a Templates,
    index: u64,
    journey: &Journey<'a>,
    loads: &[Load<'a>],
) -> Vec<Row<'a>> {
    let shipment_id = format!("SAMPLE-{:010}", index + 1);
    let mut rows = Vec::with_capacity(loads.len() * (journey.legs.len() + 1));
    for (box_number, load) in loads.iter().enumerate() {
        let first = rows.len();
        for (i, element) in journey.route.elements.iter().enumerate() {
            let leg = &journey.legs[i];
            rows.push(transport(journey, element, leg, load, index));
            if leg.has_hub_row
                && let Some(next) = journey.route.elements.get(i + 1)
                && let Some(operation) = templates.hub(element.mode, next.mode)
            {
                hub_rows(
                    &mut rows,
                    element,
                    leg,
                    journey.legs[i + 1].departed_at,
                    load,
                    operation,
                );
            }
        }
        for (i, row) in rows[first..].iter_mut().enumerate() {
            row.sequence = index16(i) + 1;
            row.shipment_id = shipment_id.clone();
            row.movement_id = format!("{}-{:02}", box_number + 1, i + 1);
        }
    }
    rows
}

/// What every row of a box repeats.
fn boxed<'a>(load: &Load<'a>) -> Row<'a> {
    Row {
        container_id: load.container_id.clone(),
        container_type: load.container_type,
        cargo_mass_g: (!load.is_empty).then_some(load.mass_g),
        container_cargo_mass_g: load.box_mass_g,
        load_status: if load.is_empty { "empty" } else { "laden" },
        // A reefer that is on follows from its type; only the one that is off must say so.
        temperature: if is_reefer_off(load) { "ambient" } else { "" },
        ..Row::default()
    }
}

fn is_reefer_off(load: &Load) -> bool {
    let is_reefer_type = load.container_type.as_bytes().get(2) == Some(&b'R');
    is_reefer_type && !load.is_refrigerated && !load.is_empty
}

fn transport<'a>(
    journey: &Journey<'a>,
    element: &'a Element,
    leg: &Leg<'a>,
    load: &Load<'a>,
    index: u64,
) -> Row<'a> {
    let mut row = Row {
        mode: element.mode.code(),
        operation: &element.operation,
        carrier: leg.carrier,
        origin: &element.origin,
        destination: &element.destination,
        departed_at: Some(leg.departed_at),
        arrived_at: Some(leg.arrived_at),
        distance_m: leg.distance_m,
        distance_basis: if leg.distance_m.is_some() {
            "actual"
        } else {
            ""
        },
        ..boxed(load)
    };
    let is_road = element.mode == Mode::Road;
    let is_in_china = element.origin.starts_with("CN") && element.destination.starts_with("CN");
    if is_road && journey.is_fuel_reported && leg.fuel > 0 && !load.is_empty {
        // The haulier's receipt is for the truck; a consignment bears its part of the box.
        let fuel = leg.fuel * load.mass_g / load.box_mass_g.unwrap_or(load.mass_g);
        row.energy_carrier = "diesel";
        row.energy_quantity = Some((fuel / 10 * 10).max(10));
        row.energy_unit = "l";
        row.evidence_ref = format!("SAMPLE-RECEIPT-{:010}-{}", index + 1, element.destination);
    } else if is_road && journey.is_hvo && is_in_china {
        row.energy_carrier = "hvo";
    }
    row
}

/// The handling, and for a box under power a day on the plug.
fn hub_rows<'a>(
    rows: &mut Vec<Row<'a>>,
    before: &'a Element,
    leg: &Leg<'a>,
    until: i64,
    load: &Load<'a>,
    operation: &'a str,
) {
    let handling = Row {
        mode: Mode::Hub.code(),
        operation,
        origin: &before.destination,
        destination: &before.destination,
        departed_at: Some(leg.arrived_at),
        arrived_at: Some((leg.arrived_at + 2 * 3600).min(until)),
        ..boxed(load)
    };
    let begins = handling.arrived_at;
    rows.push(handling.clone());
    if load.is_refrigerated && until - leg.arrived_at >= 26 * 3600 {
        rows.push(Row {
            operation: "hub.reefer_plug_day",
            departed_at: begins,
            arrived_at: Some(until),
            ..handling
        });
    }
}
