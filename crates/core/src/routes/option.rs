//! An option: a chain with everything that a planner compares, from the kernel's elements.

use super::costing::{Carried, Costing};
use super::network::{LinkIndex, Network, Price};
use super::search::Chain;
use super::timing::Step;
use super::{MILLIHOUR_US, Millihours};
use crate::calc::compare::{Criteria, Share};
use crate::calc::load::UNKNOWN_TEU;
use crate::model::element::{Element, FactorIndex, Footprints, NO_ROW, NOT_STATED};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{ByMode, Mode, Per};
use crate::model::money::{Amount, Currency};
use crate::model::time::Instant;

/// One element of an option: transport, or a hub that the profile infers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The link and its times; `None`: a hub.
    pub link: Option<(LinkIndex, Step)>,
    /// The kernel's element; `None`: it was refused.
    pub element: Option<Element>,
    /// Why the kernel refused it: code and what was wanted.
    pub refused: Option<String>,
    /// Price of the element for this cargo; `None`: not known, or a hub.
    pub price: Option<(Currency, Amount)>,
}

/// Times of a chain, thousandths of an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// From the start of the request to the arrival, as far as known.
    pub total: Millihours,
    /// Under way.
    pub moving: Millihours,
    /// In hubs.
    pub dwell: Millihours,
    /// Waiting for departures.
    pub waiting: Millihours,
    /// Whether a part is an estimate.
    pub has_estimate: bool,
    /// Whether a part under way or in a hub is not known, so that the total is not known either.
    pub is_partial: bool,
    /// Elements of which nobody knows how often they depart.
    pub unknown_waits: usize,
}

/// How much of a chain has a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Transport elements with a price.
    pub priced: usize,
    /// Transport elements.
    pub elements: usize,
    /// Metres of the elements with a price.
    pub priced_m: i64,
    /// Metres.
    pub metres: i64,
}

/// A factor as applied: its number and what it is per.
pub type FactorKey = (FactorIndex, Per, i64);

/// A chain with its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteOption {
    /// The chain.
    pub chain: Chain,
    /// Elements in order, hubs in their places.
    pub parts: Vec<Part>,
    /// Times.
    pub times: Times,
    /// Distance of the transport elements as found, m.
    pub distance_m: i64,
    /// Operation, micrograms, as far as known.
    pub operation: i128,
    /// Provision, micrograms, as far as known.
    pub provision: i128,
    /// Operation and provision by mode and hub, in the order of [`Mode::ALL`].
    pub by_mode: ByMode<i128>,
    /// TEU of the cargo, millionths; `None`: not known.
    pub teu: Option<i64>,
    /// Cargo, g.
    pub mass_g: i64,
    /// Containers, millionths.
    pub containers: i64,
    /// How much has a price.
    pub coverage: Coverage,
    /// Cost of the emissions at the carbon price; `None`: no price was given, or the emissions are not known in full.
    pub carbon_cost: Option<Amount>,
    /// Union of the elements' flags.
    pub flags: Flags,
}

impl RouteOption {
    /// Total, micrograms, as far as known.
    pub fn micrograms(&self) -> i128 {
        self.operation + self.provision
    }

    /// Whether no emission is missing.
    pub fn is_complete(&self) -> bool {
        self.chain.emission.is_complete
    }

    /// When the cargo must be ready.
    pub fn ready(&self) -> Instant {
        let ready = |s: &Step| s.departed_at - (s.wait + s.dwell) * MILLIHOUR_US;
        self.chain.steps.first().map_or(0, ready)
    }

    /// What it is compared by.
    pub fn criteria(&self) -> &Criteria {
        &self.chain.criteria
    }

    /// Emissions by factor, each factor once.
    pub fn shares(&self) -> Vec<Share<FactorKey>> {
        let mut shares: Vec<Share<FactorKey>> = Vec::new();
        for element in self.parts.iter().filter_map(|p| p.element.as_ref()) {
            let intensity = element.intensity_operation + element.intensity_provision;
            let factor = (element.factor, element.per, intensity);
            let micrograms = element.ghg_operation as i128 + element.ghg_provision as i128;
            match shares.iter_mut().find(|s| s.factor == factor) {
                Some(share) => share.micrograms += micrograms,
                None => shares.push(Share {
                    factor,
                    intensity,
                    micrograms,
                }),
            }
        }
        shares
    }

    /// Places called at, ends included.
    pub fn places(&self, network: &Network) -> Vec<LocationCode> {
        let links = || self.chain.links.iter().map(|l| network.link(*l));
        links()
            .take(1)
            .map(|l| l.origin)
            .chain(links().map(|l| l.destination))
            .collect()
    }
}

/// Figures of chains; the kernel sees each as a shipment. `None` when a sum of money cannot be held.
pub fn options(
    chains: Vec<Chain>,
    network: &Network,
    costing: &mut Costing,
    prices: &[Option<(Currency, Amount)>],
    carbon_price: Option<i64>,
) -> Option<Vec<RouteOption>> {
    let shipments: Vec<_> = chains
        .iter()
        .map(|c| (c.links.as_slice(), c.steps.as_slice()))
        .collect();
    let mut parts: Vec<Vec<Part>> = Vec::new();
    for (count, mass_g) in costing.alike() {
        let footprints = costing.footprint(&shipments, mass_g);
        let of_one = sorted_parts(&footprints, &chains, prices, network, costing);
        parts = match parts.is_empty() {
            true => of_one
                .into_iter()
                .map(|list| times_all(list, count))
                .collect(),
            false => {
                let both = parts.into_iter().zip(of_one);
                both.map(|(sum, list)| together(sum, times_all(list, count)))
                    .collect()
            }
        };
    }
    let mut list = Vec::with_capacity(chains.len());
    for (chain, parts) in chains.into_iter().zip(parts.drain(..)) {
        list.push(option(chain, parts, network, carbon_price)?);
    }
    Some(list)
}

/// The parts of a chain for as many boxes that are alike.
fn times_all(mut parts: Vec<Part>, boxes: u32) -> Vec<Part> {
    let boxes = i64::from(boxes);
    for element in parts.iter_mut().filter_map(|p| p.element.as_mut()) {
        for figure in figures(element) {
            *figure = figure.saturating_mul(boxes);
        }
        // -1 is no quantity.
        element.teu = match element.teu {
            UNKNOWN_TEU => UNKNOWN_TEU,
            teu => teu.saturating_mul(boxes),
        };
    }
    parts
}

/// Boxes of two kinds that go the same way.
fn together(mut sum: Vec<Part>, other: Vec<Part>) -> Vec<Part> {
    for (part, more) in sum.iter_mut().zip(other) {
        part.refused = part.refused.take().or(more.refused);
        part.element = part.element.zip(more.element).map(|(mut one, mut two)| {
            for (figure, more) in figures(&mut one).into_iter().zip(figures(&mut two)) {
                *figure = figure.saturating_add(*more);
            }
            one.teu = match (one.teu, two.teu) {
                (UNKNOWN_TEU, _) | (_, UNKNOWN_TEU) => UNKNOWN_TEU,
                (a, b) => a.saturating_add(b),
            };
            one.biogenic_co2 = match (one.biogenic_co2, two.biogenic_co2) {
                (NOT_STATED, _) | (_, NOT_STATED) => NOT_STATED,
                (a, b) => a.saturating_add(b),
            };
            one.flags |= two.flags;
            one
        });
    }
    sum
}

/// What adds up over boxes, TEU left aside. A sum that cannot be held is found out: it is not what the search came to.
fn figures(element: &mut Element) -> [&mut i64; 5] {
    [
        &mut element.mass_g,
        &mut element.containers,
        &mut element.activity,
        &mut element.ghg_operation,
        &mut element.ghg_provision,
    ]
}

/// Elements and refusals of each chain, in the order of the chain.
fn sorted_parts(
    footprints: &Footprints,
    chains: &[Chain],
    prices: &[Option<(Currency, Amount)>],
    network: &Network,
    costing: &Costing,
) -> Vec<Vec<Part>> {
    let batch = &footprints.batch;
    // By shipment; a hub before its neighbour sorts before it, one after the last element behind it.
    let mut keyed: Vec<Vec<((usize, u8), Part)>> = vec![Vec::new(); chains.len()];
    let place = |row: usize| {
        let number = batch.shipment_id.str(row).parse::<usize>().unwrap_or(0);
        (number, batch.sequence[row] as usize - 1)
    };
    let link = |number: usize, at: usize| (chains[number].links[at], chains[number].steps[at]);
    for i in 0..footprints.elements.len() {
        let element = footprints.elements.get(i);
        let (number, at) = place(element.anchor as usize);
        let is_hub = element.row == NO_ROW;
        let is_behind = is_hub && element.origin != batch.origin[element.anchor as usize];
        let own = (!is_hub).then(|| link(number, at));
        let price = own.and_then(|(link, _)| prices[link as usize]);
        let refused =
            own.and_then(|(link, _)| costing.unfuelled(network.link(link), element.factor));
        let part = Part {
            link: own,
            element: refused.is_none().then_some(element),
            refused,
            price,
        };
        keyed[number].push(((at, if is_behind { 2 } else { !is_hub as u8 }), part));
    }
    for rejected in &footprints.rejected {
        // Rows of a batch made here are numbered from 1.
        let (number, at) = place(usize::try_from(rejected.row - 1).unwrap_or(usize::MAX));
        let own = link(number, at);
        let carrier = &network.link(own.0).energy_carrier;
        let fuel = if carrier.is_empty() {
            String::new()
        } else {
            format!("energy carrier {carrier}: ")
        };
        let why = format!(
            "{fuel}{}: expected {}",
            rejected.reject.reason.code(),
            rejected.reject.wanted
        );
        let part = Part {
            link: Some(own),
            element: None,
            refused: Some(why),
            price: prices[own.0 as usize],
        };
        keyed[number].push(((at, 1), part));
    }
    keyed
        .into_iter()
        .map(|mut list| {
            list.sort_by_key(|(key, _)| *key);
            list.into_iter().map(|(_, part)| part).collect()
        })
        .collect()
}

fn option(
    chain: Chain,
    parts: Vec<Part>,
    network: &Network,
    carbon_price: Option<i64>,
) -> Option<RouteOption> {
    let elements = || parts.iter().filter_map(|p| p.element.as_ref());
    let mut by_mode = ByMode::<i128>::default();
    for e in elements() {
        by_mode[e.mode] += e.ghg_operation as i128 + e.ghg_provision as i128;
    }
    let transport = || elements().filter(|e| e.mode != Mode::Hub);
    let total: i128 = by_mode.0.iter().sum();
    let carbon_cost = match carbon_price.filter(|_| chain.emission.is_complete) {
        Some(price) => Some(Amount::of_ghg(total, price)?),
        None => None,
    };
    Some(RouteOption {
        times: times(&chain, network),
        distance_m: transport().map(|e| e.distance_m).sum(),
        operation: elements().map(|e| e.ghg_operation as i128).sum(),
        provision: elements().map(|e| e.ghg_provision as i128).sum(),
        by_mode,
        teu: transport().map(|e| e.teu).next().filter(|teu| *teu >= 0),
        mass_g: transport().map(|e| e.mass_g).next().unwrap_or(0),
        containers: transport().map(|e| e.containers).next().unwrap_or(0),
        coverage: coverage(&parts),
        carbon_cost,
        flags: elements().fold(Flags::NONE, |flags, e| flags | e.flags),
        chain,
        parts,
    })
}

fn times(chain: &Chain, network: &Network) -> Times {
    let (Some(first), Some(last)) = (chain.steps.first(), chain.steps.last()) else {
        return Times::default();
    };
    let moving = |s: &Step| (s.arrived_at - s.departed_at) / MILLIHOUR_US;
    let links = || chain.links.iter().map(|l| network.link(*l));
    let begun = first.departed_at - (first.wait + first.dwell) * MILLIHOUR_US;
    Times {
        total: (last.arrived_at - begun) / MILLIHOUR_US,
        moving: chain.steps.iter().map(moving).sum(),
        dwell: chain.steps.iter().map(|s| s.dwell).sum(),
        waiting: chain.steps.iter().map(|s| s.wait).sum(),
        has_estimate: links().any(|l| l.transit.as_ref().is_some_and(|t| t.is_estimate))
            || chain
                .steps
                .iter()
                .any(|s| s.dwell_is_estimate || s.wait_is_estimate),
        is_partial: chain.steps.iter().any(|s| !s.is_timed()),
        unknown_waits: chain.steps.iter().filter(|s| s.unknown.wait).count(),
    }
}

fn coverage(parts: &[Part]) -> Coverage {
    let mut coverage = Coverage::default();
    for part in parts.iter().filter(|p| p.link.is_some()) {
        let metres = part.element.as_ref().map_or(0, |e| e.distance_m);
        coverage.elements += 1;
        coverage.metres += metres;
        if part.price.is_some() {
            coverage.priced += 1;
            coverage.priced_m += metres;
        }
    }
    coverage
}

/// What a link costs for all boxes; `None` when it is per TEU or tonne and the cargo has none.
pub fn price_of(price: &Price, carried: &Carried) -> Option<Amount> {
    let quantity = match price.per {
        Per::Teu => carried.teu?,
        // A gram is a millionth of a tonne.
        Per::T if carried.mass_g > 0 => carried.mass_g,
        Per::Container => carried.containers,
        Per::T | Per::Tkm | Per::TeuKm | Per::Kg | Per::Litre | Per::KWh | Per::Mj => return None,
    };
    Some(Amount::of(price.price, quantity))
}
