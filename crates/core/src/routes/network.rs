//! What runs between places: services, and distances without a known service, as directed links.

use super::{Millihours, WEEK};
use crate::geo::sea::Passages;
use crate::model::id::LocationCode;
use crate::model::index::index32;
use crate::model::mode::{Basis, Mode, Per};
use crate::model::money::Currency;
use crate::model::movement::OperationIndex;
use crate::model::time::{Day, NO_END};
use crate::model::unit::div_half_even;
use crate::reference::{Dwells, Gateways, Leg, Reference, Service, Speeds};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Number of a link in its network.
pub type LinkIndex = u32;

/// Number of a place in its network.
pub type PlaceIndex = u32;

/// A duration with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Thousandths of an hour.
    pub value: Millihours,
    /// Whether it is an estimate and not a published time.
    pub is_estimate: bool,
    /// Where it is from.
    pub source: String,
}

/// How long a container that is ready waits for the next departure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Departures on these weekdays, bit 0 for Monday, each at the start of the day (UTC).
    Weekdays(u8),
    /// Half the mean interval between departures: how often it runs is known, on which days is not.
    Mean(Millihours),
    /// Not known. The dwell at the hub is all the time that is counted.
    #[default]
    Unknown,
}

/// What a link costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Millionths of the currency unit.
    pub price: i64,
    /// Currency.
    pub currency: Currency,
    /// TEU, tonne or container.
    pub per: Per,
}

/// A way from one place to the next by one mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Name of the service; empty: no service is known, only a distance.
    pub service: String,
    /// Mode.
    pub mode: Mode,
    /// Operation.
    pub operation: OperationIndex,
    /// Carrier; empty: none.
    pub carrier: String,
    /// Energy carrier that differs from the usual one of the operation; empty: none.
    pub energy_carrier: String,
    /// Origin.
    pub origin: LocationCode,
    /// Destination.
    pub destination: LocationCode,
    /// Distance in metres that goes into the movement; `None`: the kernel looks it up.
    pub distance: Option<(u32, Basis)>,
    /// Time under way; `None`: not known.
    pub transit: Option<Hours>,
    /// Whether that is the distance that the kernel finds on the day, at the mean speed.
    pub is_at_speed: bool,
    /// Waiting before departure.
    pub wait: Wait,
    /// How long before departure the box must be there; 0: nothing is known of it.
    pub cut_off: Millihours,
    /// Price; `None`: not known.
    pub price: Option<Price>,
    /// First day of validity.
    pub valid_from: Day,
    /// First day after validity.
    pub valid_to: Day,
    /// Where distance, time and price are from.
    pub source_ref: String,
    /// Note.
    pub note: String,
    /// Passages on the way, where the way is known.
    pub passages: Passages,
}

/// What stands in for times that nobody published.
#[derive(Clone, Debug, Default)]
pub struct Estimates {
    /// Speeds by operation and mode.
    pub speeds: Speeds,
    /// Dwell times by place and modes.
    pub dwells: Dwells,
    /// Where a box from a door changes to another mode.
    pub gateways: Gateways,
    /// Dwell times of a what-if, before all others.
    pub own_dwells: FxHashMap<LocationCode, Millihours>,
}

impl Estimates {
    /// Time in a hub between two modes, without waiting for a known departure, and whether it is an estimate; `None`: not known.
    pub fn dwell(
        &self,
        place: LocationCode,
        before: Mode,
        after: Mode,
    ) -> Option<(Millihours, bool)> {
        let own = self.own_dwells.get(&place).map(|hours| (*hours, true));
        own.or_else(|| {
            self.dwells
                .get(place, before, after)
                .map(|d| (d.hours, d.is_estimate))
        })
    }
}

/// Links between places. What a question adds or changes is its own, the rest is shared with the network that it was made of.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Services in order of their file, then distances by mode and places.
    pub links: Vec<Arc<Link>>,
    /// Places, ascending.
    pub places: Vec<LocationCode>,
    /// Links by the place that they leave, ascending, and where those of each place begin.
    out: (Vec<LinkIndex>, Vec<u32>),
    /// Both ends of each link.
    pub ends: Vec<(PlaceIndex, PlaceIndex)>,
    /// What stands in for unpublished times.
    pub estimates: Arc<Estimates>,
}

/// Words in `source_ref` that mark a time of `services.csv` as an estimate.
const ESTIMATED_TRANSIT: &str = "transit: estimate";

impl Network {
    /// The network of a reference: services, then the distances of lanes and directions that no service of the mode covers.
    pub fn new(reference: &Reference, estimates: Estimates) -> Network {
        let mut links: Vec<Link> = reference
            .services
            .list
            .iter()
            .map(|s| of_service(s, reference, &estimates))
            .collect();
        let mut served: FxHashSet<_> = links
            .iter()
            .map(|l| (l.mode, l.origin, l.destination))
            .collect();
        for (mode, a, b, distance) in reference.distances.rows() {
            for (origin, destination) in [(a, b), (b, a)] {
                // The other direction is looked at again when it has a row of its own; it has the same link then.
                if distance.metres > 0
                    && origin != destination
                    && served.insert((mode, origin, destination))
                {
                    links.extend(of_distance(
                        mode,
                        origin,
                        destination,
                        reference,
                        &estimates,
                    ));
                }
            }
        }
        Network::of(links, Arc::new(estimates))
    }

    /// A network of given links.
    pub fn of(links: Vec<Link>, estimates: Arc<Estimates>) -> Network {
        let empty = Network {
            estimates,
            ..Network::default()
        };
        empty.with(links)
    }

    /// This network with more links behind its own.
    pub fn with(&self, more: Vec<Link>) -> Network {
        let mut fresh: Vec<LocationCode> = more
            .iter()
            .flat_map(|l| [l.origin, l.destination])
            .filter(|place| self.place(*place).is_none())
            .collect();
        fresh.sort_unstable();
        fresh.dedup();
        let mut network = Network {
            links: Vec::with_capacity(self.links.len() + more.len()),
            ends: Vec::with_capacity(self.links.len() + more.len()),
            estimates: Arc::clone(&self.estimates),
            ..Network::default()
        };
        network.links.extend_from_slice(&self.links);
        if fresh.is_empty() {
            network.places.clone_from(&self.places);
            network.ends.extend_from_slice(&self.ends);
        } else {
            // A place moves on by as many as are new before it.
            let moved: Vec<PlaceIndex> = (self.places.iter().enumerate())
                .map(|(at, place)| index32(at + fresh.partition_point(|new| new < place)))
                .collect();
            let moved = |at: PlaceIndex| moved[at as usize];
            let ends = self.ends.iter().map(|(a, b)| (moved(*a), moved(*b)));
            network.ends.extend(ends);
            network.places.reserve(self.places.len() + fresh.len());
            network.places.extend_from_slice(&self.places);
            network.places.append(&mut fresh);
            network.places.sort_unstable();
        }
        for link in more {
            let end = |place| network.place(place).unwrap_or(0);
            let ends = (end(link.origin), end(link.destination));
            network.ends.push(ends);
            network.links.push(Arc::new(link));
        }
        network.sort_out();
        network
    }

    /// This network with those of its links that `is_kept` admits.
    pub fn retaining(&self, mut is_kept: impl FnMut(&Link) -> bool) -> Network {
        let links = self.links.iter().filter(|link| is_kept(link));
        let links = links.map(|link| Link::clone(link)).collect();
        Network::of(links, Arc::clone(&self.estimates))
    }

    /// Counts the links of each place, and puts them there in their order.
    fn sort_out(&mut self) {
        let mut first = vec![0u32; self.places.len() + 1];
        for (from, _) in &self.ends {
            first[*from as usize + 1] += 1;
        }
        for place in 1..first.len() {
            first[place] += first[place - 1];
        }
        let mut next = first.clone();
        let mut links = vec![0; self.ends.len()];
        for (link, (from, _)) in self.ends.iter().enumerate() {
            let at = &mut next[*from as usize];
            links[*at as usize] = index32(link);
            *at += 1;
        }
        self.out = (links, first);
    }

    /// Links that leave a place, ascending.
    pub fn out(&self, place: PlaceIndex) -> &[LinkIndex] {
        let (links, first) = &self.out;
        let place = place as usize;
        &links[first[place] as usize..first[place + 1] as usize]
    }

    /// Gives voyages of services whose times nobody published those of a day: ships may go round a passage from then on.
    pub fn set_day(&mut self, day: Day, reference: &Reference) {
        let (links, estimates) = (&mut self.links, &self.estimates);
        let passages = &reference.passages;
        for link in links
            .iter_mut()
            .filter(|l| l.is_at_speed && l.mode == Mode::Sea)
        {
            let closures = |day| passages.closures(day, link.operation);
            if closures(day) != closures(link.valid_from) {
                let transit = time_on(link, day, reference, estimates);
                if link.transit != transit {
                    Arc::make_mut(link).transit = transit;
                }
            }
        }
    }

    /// Number of a place; `None`: no link touches it.
    pub fn place(&self, code: LocationCode) -> Option<PlaceIndex> {
        self.places.binary_search(&code).ok().map(index32)
    }

    /// A link.
    pub fn link(&self, index: LinkIndex) -> &Link {
        &self.links[index as usize]
    }
}

fn of_service(service: &Service, reference: &Reference, estimates: &Estimates) -> Link {
    let published = service.transit_hours.map(|value| Hours {
        value,
        is_estimate: service.source_ref.contains(ESTIMATED_TRANSIT),
        source: service.source_ref.clone(),
    });
    let wait = match (service.departure_days, service.departures_per_week) {
        (0, None) => Wait::Unknown,
        (0, Some(per_week)) => {
            Wait::Mean(rounded(i128::from(WEEK) * 1000, 2 * i128::from(per_week)))
        }
        (days, _) => Wait::Weekdays(days),
    };
    let price = service.cost.as_ref().and_then(|c| {
        Some(Price {
            price: c.amount,
            currency: Currency::parse(&c.currency)?,
            per: c.per,
        })
    });
    let mut link = Link {
        service: service.service.clone(),
        mode: service.mode,
        operation: service.operation,
        carrier: service.carrier.clone(),
        energy_carrier: String::new(),
        origin: service.origin,
        destination: service.destination,
        distance: service.distance,
        is_at_speed: published.is_none() && service.distance.is_none(),
        transit: published,
        wait,
        cut_off: service.cut_off_hours,
        price,
        valid_from: service.valid_from,
        valid_to: service.valid_to,
        source_ref: sources(service, reference),
        note: service.note.clone(),
        passages: Passages::NONE,
    };
    if link.is_at_speed {
        link.transit = time_on(&link, service.valid_from, reference, estimates);
    } else if let (None, Some((metres, _))) = (&link.transit, link.distance) {
        let ends = (link.origin, link.destination);
        link.transit = at_speed(metres.into(), link.mode, link.operation, ends, estimates);
    }
    link
}

/// Time of a link whose distance the kernel looks up: that of the day, at the mean speed.
fn time_on(link: &Link, day: Day, reference: &Reference, estimates: &Estimates) -> Option<Hours> {
    let leg = Leg {
        mode: link.mode,
        operation: link.operation,
        origin: link.origin,
        destination: link.destination,
        day,
    };
    let metres = reference.distance(leg)?.metres;
    let ends = (link.origin, link.destination);
    at_speed(metres, link.mode, link.operation, ends, estimates)
}

/// Where the figures of a service are from. Its own file names the source of times and prices; that of the distance is the row
/// of the distance table that says the same.
fn sources(service: &Service, reference: &Reference) -> String {
    let row = reference
        .distances
        .get(service.mode, service.origin, service.destination);
    let distance = match (service.distance, row) {
        (Some(own), Some(row)) if own == (row.metres, row.basis) => {
            format!("distance: {}", row.source_ref)
        }
        (None, Some(row)) => format!("distance: {}", row.source_ref),
        (Some(_), _) => "distance: of the service".to_owned(),
        (None, None) => String::new(),
    };
    let parts = [service.source_ref.clone(), distance];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

/// A lane of which only the distance is known, with the mode's default operation; `None` when the profile has none.
fn of_distance(
    mode: Mode,
    origin: LocationCode,
    destination: LocationCode,
    reference: &Reference,
    estimates: &Estimates,
) -> Option<Link> {
    let operation = default_operation(reference, mode)?;
    let distance = reference.distances.get(mode, origin, destination)?;
    Some(Link {
        service: String::new(),
        mode,
        operation,
        carrier: String::new(),
        energy_carrier: String::new(),
        origin,
        destination,
        distance: None,
        transit: at_speed(
            distance.metres as i64,
            mode,
            operation,
            (origin, destination),
            estimates,
        ),
        is_at_speed: false,
        wait: Wait::Unknown,
        cut_off: 0,
        price: None,
        valid_from: Day::MIN,
        valid_to: NO_END,
        source_ref: format!("distance: {}", distance.source_ref),
        note: String::new(),
        passages: Passages::NONE,
    })
}

/// What a mode does where nothing says so; `None`: the profile has no such operation.
pub(super) fn default_operation(reference: &Reference, mode: Mode) -> Option<OperationIndex> {
    let default = reference
        .profile
        .default_operation
        .iter()
        .find(|(m, ..)| *m == mode)?;
    reference.factors.operation(&default.1)
}

/// A quotient in thousandths of an hour, half to even; what is beyond 64 bits is longer than any horizon.
pub(super) fn rounded(numerator: i128, denominator: i128) -> Millihours {
    Millihours::try_from(div_half_even(numerator, denominator)).unwrap_or(Millihours::MAX)
}

/// Time for a distance between two places at the speed of the operation, else of the mode, half to even.
pub fn at_speed(
    metres: i64,
    mode: Mode,
    operation: OperationIndex,
    ends: (LocationCode, LocationCode),
    estimates: &Estimates,
) -> Option<Hours> {
    let speed = estimates.speeds.between(operation, mode, ends)?;
    let value = rounded(i128::from(metres) * 1000, i128::from(speed.metres_per_hour));
    Some(Hours {
        value,
        is_estimate: true,
        source: speed.source_ref.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes in ascending order, as many as asked for: two letters of the country and three of the place.
    fn codes(count: usize) -> Vec<LocationCode> {
        const SIGNS: &[u8] = b"23456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let sign = |n: usize| SIGNS[n % SIGNS.len()];
        let code = |n: usize| {
            let last = [sign(n / 34 / 34), sign(n / 34), sign(n)];
            let country = [b'A', b'A' + u8::try_from(n / 34 / 34 / 34).unwrap()];
            LocationCode::parse(&[&country[..], &last[..]].concat()).unwrap()
        };
        (0..count).map(code).collect()
    }

    /// Beyond 65,536 places the number of a place was once cut to 16 bits, and another place answered.
    #[test]
    fn every_place_of_a_large_network_is_itself() {
        let codes = codes(70_000);
        let pairs = codes.chunks_exact(2).map(|pair| Link {
            origin: pair[0],
            destination: pair[1],
            ..Link::default()
        });
        let network = Network::of(pairs.collect(), Arc::default());
        assert_eq!(network.places.len(), 70_000);
        for (number, code) in codes.iter().enumerate() {
            let place = network.place(*code).unwrap();
            assert_eq!(
                (network.places[place as usize], place as usize),
                (*code, number)
            );
        }
        for (link, (from, to)) in network.links.iter().zip(&network.ends) {
            let ends = [*from, *to].map(|end| network.places[end as usize]);
            assert_eq!(ends, [link.origin, link.destination]);
        }
    }
}
