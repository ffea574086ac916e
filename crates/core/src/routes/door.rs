//! From door to door where neither a service nor a distance file leads: roads to ports, airports and rail terminals within reach, and
//! the main leg between them. Every such link is an estimate and says so; what really runs between two places wins.

use super::network::{Link, LinkIndex, Network, Wait, at_speed, default_operation};
use super::request::Request;
use super::search::Chain;
use crate::geo::sea::SeaGraph;
use crate::geo::{Point, great_circle_m};
use crate::model::id::LocationCode;
use crate::model::mode::Mode;
use crate::model::time::{Day, NO_END, day_of};
use crate::reference::{Gateways, Leg, Reference};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// How the source of such a link begins.
pub const FROM_DOOR_TO_DOOR: &str = "distance: estimate: ";

/// Below this great circle a way over land alone will do.
const SHORT_M: i64 = 500_000;
/// Gateways nearest to a door that are tried, and those that are taken.
const TRIED: usize = 12;
const TAKEN: usize = 2;
/// A larger gateway may be twice as far as the nearest, and this much at least, metres.
const WITHIN_M: i64 = 400_000;
/// Farthest terminal of a railway, and farthest place of the network that a road joins, metres.
const NEARBY_M: i64 = 200_000;

/// Which kinds of way an answer lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    land: bool,
    sea: bool,
    air: bool,
}

impl Lacking {
    /// All of them.
    pub const EVERYTHING: Lacking = Lacking {
        land: true,
        sea: true,
        air: true,
    };

    /// What the chains found for a request leave open. A flight for a part of the way only counts for
    /// none, and so does one, or a way over land, that goes far out of its way.
    pub fn after(
        chains: &[Chain],
        network: &Network,
        reference: &Reference,
        request: &Request,
    ) -> Lacking {
        if !request.via.is_empty() {
            return match chains.is_empty() {
                true => Lacking::EVERYTHING,
                false => Lacking::default(),
            };
        }
        let mut lacking = Lacking::EVERYTHING;
        let Some(direct) = reference.great_circle(request.origin, request.destination) else {
            return Lacking::default();
        };
        for chain in chains {
            let modes = chain.modes.modes();
            let metres = length(chain, network, reference, |_| true);
            if modes.contains(&Mode::Air) {
                let flown = length(chain, network, reference, |mode| mode == Mode::Air);
                lacking.air &= metres > direct + direct / 2 || flown < 2 * direct / 3;
            } else if modes.contains(&Mode::Sea) {
                lacking.sea = false;
            } else {
                lacking.land &= metres > 2 * direct;
            }
        }
        if direct < SHORT_M && !lacking.land {
            return Lacking::default();
        }
        lacking
    }

    /// Whether anything is lacking.
    pub fn is_any(self) -> bool {
        self.land || self.sea || self.air
    }
}

/// Great circles between the ends of a chain's links by some modes, as far as they are known.
pub fn length(
    chain: &Chain,
    network: &Network,
    reference: &Reference,
    counts: impl Fn(Mode) -> bool,
) -> i64 {
    let links = chain.links.iter().map(|index| network.link(*index));
    links
        .filter(|link| counts(link.mode))
        .filter_map(|link| reference.great_circle(link.origin, link.destination))
        .sum()
}

/// Links that make up for what is lacking, between each two places of the request that follow each other. Sea links are not among
/// them: they are computed for all ports of a network, those at the ends of these roads included.
pub fn links(
    network: &Network,
    sea: Option<&SeaGraph>,
    reference: &Reference,
    request: &Request,
    lacking: Lacking,
) -> Vec<Link> {
    let served = |link: &Arc<Link>| (link.mode, link.origin, link.destination);
    let mut maker = Maker {
        network,
        sea,
        reference,
        day: day_of(request.depart),
        served: network.links.iter().map(served).collect(),
        links: Vec::new(),
    };
    let places = std::iter::once(request.origin).chain(request.via.iter().copied());
    let next = request.via.iter().copied().chain([request.destination]);
    for (from, to) in places.zip(next) {
        maker.between(from, to, lacking);
    }
    maker.links
}

/// Says of such links how their distances came about.
pub fn tell_estimates(
    links: &mut [Arc<Link>],
    wanted: &[LinkIndex],
    reference: &Reference,
    day: Day,
) {
    for index in wanted {
        let link = &mut links[*index as usize];
        if link.source_ref != FROM_DOOR_TO_DOOR {
            continue;
        }
        let leg = Leg {
            mode: link.mode,
            operation: link.operation,
            origin: link.origin,
            destination: link.destination,
            day,
        };
        let how = match link.mode {
            Mode::Air => Some("great circle between the airports".to_owned()),
            _ => reference.explain_estimate(leg),
        };
        Arc::make_mut(link)
            .source_ref
            .push_str(&how.unwrap_or_default());
    }
}

struct Maker<'m> {
    network: &'m Network,
    sea: Option<&'m SeaGraph>,
    reference: &'m Reference,
    day: Day,
    served: FxHashSet<(Mode, LocationCode, LocationCode)>,
    links: Vec<Link>,
}

impl Maker<'_> {
    fn between(&mut self, from: LocationCode, to: LocationCode, lacking: Lacking) {
        let is_joined = lacking.land && self.link(Mode::Road, from, to);
        let direct = self.reference.great_circle(from, to);
        self.join(from, true);
        self.join(to, false);
        if is_joined && direct.is_some_and(|metres| metres < SHORT_M) {
            return;
        }
        let mut main_legs = Vec::with_capacity(2);
        if lacking.land {
            main_legs.push(Mode::Rail);
        }
        if lacking.air {
            main_legs.push(Mode::Air);
        }
        for mode in main_legs {
            let ends = (
                self.changes(from, true, mode),
                self.changes(to, false, mode),
            );
            for first in &ends.0 {
                for last in &ends.1 {
                    self.link(mode, *first, *last);
                }
            }
        }
        if lacking.sea {
            self.changes(from, true, Mode::Sea);
            self.changes(to, false, Mode::Sea);
        }
    }

    /// Roads between a door and the places next to it that more than a road leads from, or to: what runs there is in reach. Codes
    /// of one town are joined by it.
    fn join(&mut self, door: LocationCode, is_origin: bool) {
        let Some(here) = self.reference.point(door) else {
            return;
        };
        let network = self.network;
        let end = |link: &Arc<Link>| match is_origin {
            true => link.origin,
            false => link.destination,
        };
        let ends = network.links.iter().filter(|l| l.mode != Mode::Road);
        let places: FxHashSet<LocationCode> = ends.map(end).filter(|p| *p != door).collect();
        let distance = |place: LocationCode| {
            let metres = great_circle_m(here, self.reference.point(place)?);
            (metres <= NEARBY_M).then_some((metres, place))
        };
        let mut nearby: Vec<_> = places.into_iter().filter_map(distance).collect();
        nearby.sort_unstable();
        for (_, place) in nearby.into_iter().take(TAKEN) {
            self.road(door, place, is_origin);
        }
    }

    /// Where a box from a door changes to a mode: at a stop that a road leads to, else behind a flight or a voyage.
    fn changes(&mut self, door: LocationCode, is_origin: bool, mode: Mode) -> Vec<LocationCode> {
        let stops = self.stops(door, is_origin, mode);
        match mode {
            Mode::Sea if stops.is_empty() => self.beyond(door, is_origin, Mode::Air, mode),
            Mode::Air if stops.is_empty() => self.beyond(door, is_origin, Mode::Sea, mode),
            _ => stops,
        }
    }

    /// From the airport or port of a small island, where a box can go on by another mode: near the nearest gateways of the first mode
    /// from which a road leads to one of the second.
    fn beyond(
        &mut self,
        door: LocationCode,
        is_origin: bool,
        first: Mode,
        then: Mode,
    ) -> Vec<LocationCode> {
        let gateways: &Gateways = &self.network.estimates.gateways;
        let is_here = match first {
            Mode::Sea => self.sea.is_some_and(|sea| sea.port(door).is_some()),
            _ => gateways.of(first).iter().any(|g| g.place == door),
        };
        let Some(here) = self.reference.point(door).filter(|_| is_here) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut taken = 0;
        let near = gateways.near(first, here).into_iter();
        for (_, gateway) in near.filter(|(_, g)| g.place != door).take(3 * TRIED) {
            let stops = self.stops(gateway.place, is_origin, then);
            if stops.is_empty() {
                continue;
            }
            // Ways by sea are computed for every port of the network.
            if first == Mode::Sea || self.leads(first, door, gateway.place, is_origin) {
                found.extend(stops);
                taken += 1;
            }
            if taken == TAKEN {
                break;
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Where a box from a door changes to a mode: at the door itself where that can be, else at the nearest gateways that a road
    /// leads to, and at the largest a little farther off.
    fn stops(&mut self, door: LocationCode, is_origin: bool, mode: Mode) -> Vec<LocationCode> {
        let gateways: &Gateways = &self.network.estimates.gateways;
        let is_port = |place| self.sea.is_some_and(|sea| sea.port(place).is_some());
        let is_here = match mode {
            Mode::Sea => is_port(door),
            _ => gateways.of(mode).iter().any(|g| g.place == door),
        };
        if is_here {
            return vec![door];
        }
        let Some(here) = self.reference.point(door) else {
            return Vec::new();
        };
        let mut near = gateways.near(mode, here);
        near.retain(|(metres, g)| match mode {
            Mode::Sea => is_port(g.place),
            Mode::Rail => *metres <= NEARBY_M,
            _ => true,
        });
        let mut stops = Vec::new();
        let (mut size, mut nearest) = (0, None);
        for (metres, gateway) in near.iter().take(TRIED) {
            if self.road(door, gateway.place, is_origin) {
                stops.push(gateway.place);
                size = size.max(gateway.size);
                nearest = nearest.or(Some(*metres));
            }
            if stops.len() == TAKEN {
                break;
            }
        }
        let Some(nearest) = nearest else {
            return match mode {
                Mode::Sea => self.small_ports(door, is_origin, here),
                _ => stops,
            };
        };
        let within = WITHIN_M.max(2 * nearest);
        let largest = near
            .iter()
            .filter(|(metres, g)| *metres <= within && g.size > size)
            .max_by_key(|(metres, g)| (g.size, -metres));
        if let Some((_, largest)) = largest
            && self.road(door, largest.place, is_origin)
        {
            stops.push(largest.place);
        }
        stops
    }

    /// Ports without a known container terminal, where a road leads to no other.
    fn small_ports(
        &mut self,
        door: LocationCode,
        is_origin: bool,
        here: Point,
    ) -> Vec<LocationCode> {
        let ports = self.sea.into_iter().flat_map(|sea| sea.ports());
        let mut near: Vec<_> = ports
            .map(|(code, port)| (great_circle_m(here, port.position.into()), code))
            .filter(|(metres, _)| *metres <= WITHIN_M)
            .collect();
        near.sort_unstable();
        let mut nearest = near.into_iter().take(TRIED).map(|(_, code)| code);
        let found = nearest.find(|code| self.road(door, *code, is_origin));
        found.into_iter().collect()
    }

    fn road(&mut self, door: LocationCode, place: LocationCode, is_origin: bool) -> bool {
        self.leads(Mode::Road, door, place, is_origin)
    }

    /// Whether a mode leads from a door to a place, or from the place to a door that is the destination.
    fn leads(
        &mut self,
        mode: Mode,
        door: LocationCode,
        place: LocationCode,
        is_origin: bool,
    ) -> bool {
        match is_origin {
            true => self.link(mode, door, place),
            false => self.link(mode, place, door),
        }
    }

    /// Whether a mode leads from one place to the other; a link is made where none is there and a distance is found.
    fn link(&mut self, mode: Mode, origin: LocationCode, destination: LocationCode) -> bool {
        if origin == destination || self.served.contains(&(mode, origin, destination)) {
            return true;
        }
        let Some(operation) = default_operation(self.reference, mode) else {
            return false;
        };
        let leg = Leg {
            mode,
            operation,
            origin,
            destination,
            day: self.day,
        };
        let Some(found) = self.reference.distance(leg) else {
            return false;
        };
        self.served.insert((mode, origin, destination));
        self.links.push(Link {
            mode,
            operation,
            origin,
            destination,
            transit: at_speed(
                found.metres,
                mode,
                operation,
                (origin, destination),
                &self.network.estimates,
            ),
            wait: Wait::Unknown,
            valid_from: Day::MIN,
            valid_to: NO_END,
            source_ref: FROM_DOOR_TO_DOOR.to_owned(),
            ..Link::default()
        });
        true
    }
}
