//! A ShipmentFootprint as movement records: each of its transport chain elements is one, of the category that it names.

use super::activity::{decimal, place, time};
use super::assign::Candidate;
use super::{Carrier, Refusal, malformed, refused};
use crate::exchange::documents::{Fault, Place, objects, required, text};
use crate::model::mode::Basis;
use crate::model::unit::parse_decimal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A shipment and its elements.
#[derive(Clone, Debug)]
pub(super) struct Shipment {
    /// Where it stands.
    pub place: Place,
    /// Its id.
    pub id: String,
    /// In the order of the document.
    pub elements: Vec<Tce>,
}

/// A transport chain element.
#[derive(Clone, Debug)]
pub(super) struct Tce {
    /// Its id.
    pub id: String,
    /// tocId or hocId.
    pub category: String,
    /// Whether it names a hocId.
    pub is_hub: bool,
    /// The container of its chain, or a number where several chains have none; empty: one chain.
    pub container: String,
    /// Place in the chain, from 1.
    pub sequence: u32,
    /// UN/LOCODEs.
    pub between: [String; 2],
    /// Departure, and arrival or nothing.
    pub times: [String; 2],
    /// km and basis; a hub has none.
    pub distance: Option<(String, Basis)>,
    /// kg.
    pub mass: String,
    /// TEU; empty: not stated.
    pub teu: String,
}

impl Shipment {
    /// Reads it; refused as a whole, since a chain without one of its elements would pass for complete.
    pub(super) fn read(place: &Place, data: &Value) -> Result<Shipment, Refusal> {
        let id = required(data, "/shipmentId", "a shipment id").map_err(malformed)?;
        let list = objects(data, "/tces").map_err(malformed)?;
        if list.is_empty() {
            return Err(malformed(Fault::of(data, "/tces", "an element")));
        }
        let mut elements = Vec::with_capacity(list.len());
        let mut before = Vec::with_capacity(list.len());
        for (at, tce) in list.iter().enumerate() {
            let below = |(outcome, fault): Refusal| {
                let pointer = format!("/tces/{at}{}", fault.pointer);
                (outcome, Fault { pointer, ..fault })
            };
            elements.push(Tce::read(tce).map_err(below)?);
            before.push(previous(tce).map_err(|fault| below(malformed(fault)))?);
        }
        chain(id, &mut elements, &before)?;
        Ok(Shipment {
            place: place.clone(),
            id: short("/shipmentId", id)?,
            elements,
        })
    }
}

/// Ids of the elements immediately before.
fn previous(tce: &Value) -> Result<Vec<&str>, Fault> {
    let pointer = "/prevTceIds";
    match tce.get("prevTceIds") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list
            .iter()
            .map(|id| {
                id.as_str()
                    .ok_or_else(|| Fault::of(tce, pointer, "ids as text"))
            })
            .collect(),
        Some(_) => Err(Fault::of(tce, pointer, "a list of ids")),
    }
}

fn short(pointer: &str, text: &str) -> Result<String, Refusal> {
    match text.chars().count() {
        0..=64 => Ok(text.to_owned()),
        _ => Err(refused(Fault::new(pointer, text, "at most 64 characters"))),
    }
}

impl Tce {
    fn read(tce: &Value) -> Result<Tce, Refusal> {
        let (toc, hoc) = (
            text(tce, "/tocId").map_err(malformed)?,
            text(tce, "/hocId").map_err(malformed)?,
        );
        let (category, is_hub) = match (toc, hoc) {
            (Some(toc), None) => (toc, false),
            (None, Some(hoc)) => (hoc, true),
            _ => return Err(malformed(Fault::of(tce, "", "a tocId or a hocId"))),
        };
        let id = required(tce, "/tceId", "an id").map_err(malformed)?;
        let mass = decimal(tce, "/mass").map_err(malformed)?;
        let teu = match text(tce, "/packagingOrTrEqType").map_err(malformed)? {
            Some("Container-TEU") => decimal(tce, "/packagingOrTrEqAmount").map_err(malformed)?,
            _ => None,
        };
        let arrival = match text(tce, "/arrivalAt").map_err(malformed)? {
            Some(_) => time(tce, "/arrivalAt")?,
            None => String::new(),
        };
        Ok(Tce {
            id: short("/tceId", id)?,
            category: category.to_owned(),
            is_hub,
            container: String::new(),
            sequence: 0,
            between: [
                place(tce, "/origin/locode")?,
                place(tce, "/destination/locode")?,
            ],
            times: [time(tce, "/departureAt")?, arrival],
            distance: if is_hub {
                None
            } else {
                Some(distance(tce).map_err(malformed)?)
            },
            mass: mass.unwrap_or_default(),
            teu: teu.unwrap_or_default(),
        })
    }
}

/// The distance that the transport activity is on, where one of several gives it; else the first.
fn distance(tce: &Value) -> Result<(String, Basis), Fault> {
    // Six decimals times six are those of kg.km; of t.km, three more.
    let exact = |pointer: &str, scale| parse_decimal(text(tce, pointer).ok()??, scale);
    let activity = exact("/transportActivity", 15);
    let mass = exact("/mass", 6);
    let mut found: Option<(String, Basis)> = None;
    for basis in [Basis::Sfd, Basis::Gcd, Basis::Actual] {
        let pointer = format!("/distance/{}", basis.code());
        let Some(km) = decimal(tce, &pointer)? else {
            continue;
        };
        let product = parse_decimal(&km, 6)
            .zip(mass)
            .and_then(|(km, mass)| km.checked_mul(mass));
        if product.is_some() && product == activity {
            return Ok((km, basis));
        }
        found = found.or(Some((km, basis)));
    }
    found.ok_or_else(|| Fault::of(tce, "/distance", "an sfd, gcd or actual distance"))
}

/// Gives each element its chain and its place there: what follows an element is next in its chain, and what follows nothing, or
/// an element that another one follows already, begins one.
fn chain(shipment: &str, elements: &mut [Tce], before: &[Vec<&str>]) -> Result<(), Refusal> {
    let mut places = BTreeMap::new();
    for (at, tce) in elements.iter().enumerate() {
        if places.insert(tce.id.clone(), at).is_some() {
            let pointer = format!("/tces/{at}/tceId");
            return Err(refused(Fault::new(&pointer, &tce.id, "an id once")));
        }
    }
    let refuse = |at: usize| {
        let pointer = format!("/tces/{at}/prevTceIds");
        let wanted = "elements of this shipment, none of which comes after this one";
        refused(Fault::new(&pointer, &before[at].join(", "), wanted))
    };
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); elements.len()];
    let mut waits_for: Vec<usize> = before.iter().map(Vec::len).collect();
    for (at, ids) in before.iter().enumerate() {
        for id in ids {
            after[*places.get(*id).ok_or_else(|| refuse(at))?].push(at);
        }
    }
    // In the order of the document, as soon as all that comes before is placed.
    let mut ready: BTreeSet<usize> = (0..elements.len())
        .filter(|at| waits_for[*at] == 0)
        .collect();
    let mut chain_of = vec![0; elements.len()];
    let mut is_followed = vec![false; elements.len()];
    let mut chains = 0;
    while let Some(at) = ready.pop_first() {
        let previous = before[at].iter().map(|id| places[*id]);
        match { previous }.find(|previous| !is_followed[*previous]) {
            Some(previous) => {
                is_followed[previous] = true;
                chain_of[at] = chain_of[previous];
                elements[at].sequence = elements[previous].sequence + 1;
            }
            None => {
                chains += 1;
                (chain_of[at], elements[at].sequence) = (chains, 1);
            }
        }
        for next in &after[at] {
            waits_for[*next] -= 1;
            if waits_for[*next] == 0 {
                ready.insert(*next);
            }
        }
    }
    if let Some(at) = waits_for.iter().position(|waits| *waits > 0) {
        return Err(refuse(at));
    }
    let containers: Option<Vec<String>> = elements
        .iter()
        .map(|tce| container(shipment, &tce.id))
        .collect();
    for (at, tce) in elements.iter_mut().enumerate() {
        tce.container = match &containers {
            Some(containers) => containers[at].clone(),
            None if chains > 1 => chain_of[at].to_string(),
            None => String::new(),
        };
    }
    Ok(())
}

/// The container in an id as our own export writes it: shipment/container/number, `-` for none.
fn container(shipment: &str, id: &str) -> Option<String> {
    let (container, number) = id
        .strip_prefix(shipment)?
        .strip_prefix('/')?
        .rsplit_once('/')?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let is_container = container == "-" || container.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_number && is_container && !container.is_empty())
        .then(|| container.trim_matches('-').to_owned())
}

/// Columns of the movement records of shipments.
pub(super) const CHAIN_COLUMNS: [&str; 16] = [
    "movement_id",
    "shipment_id",
    "container_id",
    "sequence",
    "mode",
    "operation",
    "carrier",
    "origin",
    "destination",
    "departed_at",
    "arrived_at",
    "distance_km",
    "distance_basis",
    "cargo_mass_kg",
    "teu",
    "temperature",
];

/// A value per column.
pub(super) type Chained = [String; CHAIN_COLUMNS.len()];

/// The record of an element.
pub(super) fn chained(
    carrier: &Carrier,
    shipment: &Shipment,
    tce: &Tce,
    candidate: &Candidate,
) -> Chained {
    let (category, scope) = (&candidate.category, &candidate.scope);
    let [origin, destination] = tce.between.clone();
    let [departed_at, arrived_at] = tce.times.clone();
    let (km, basis) = match &tce.distance {
        Some((km, basis)) => (km.clone(), basis.code().to_owned()),
        None => Default::default(),
    };
    let temperature = match category.temperatures {
        [one] => (*one).to_owned(),
        // Both rows have the same figures.
        _ => String::new(),
    };
    [
        tce.id.clone(),
        shipment.id.clone(),
        tce.container.clone(),
        tce.sequence.to_string(),
        category.mode.code().to_owned(),
        scope.operation.clone(),
        carrier.code.clone(),
        origin,
        destination,
        departed_at,
        arrived_at,
        km,
        basis,
        tce.mass.clone(),
        tce.teu.clone(),
        temperature,
    ]
}
