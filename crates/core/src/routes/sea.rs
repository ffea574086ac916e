//! Sea links that no service and no distance file has, over the sea graph: from the origin, to the destination, and to the
//! ports next to an inland destination. Published distances win: a lane that is in the network already stays as it is.

use super::network::{Estimates, Link, LinkIndex, Network, Wait, at_speed, default_operation};
use super::request::Request;
use crate::geo::sea::{Closures, FAR_M, Lengths, Passages, Reach, SeaGraph};
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, Mode};
use crate::model::movement::OperationIndex;
use crate::model::time::{Day, NO_END, day_of};
use crate::reference::{Reference, Voyages};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most ports beside an inland destination that computed links lead to: more than any place of the shipped network has, roads from door
/// to door included.
const MOST_GATEWAYS: usize = 16;

/// How the source of a computed link begins.
const COMPUTED: &str = "distance: computed over ";

/// Says of computed links which passages are on their way, and how long they would be with the passages in their other state, where that
/// makes more than 5 %.
pub fn tell_passages(
    links: &mut [Arc<Link>],
    wanted: &[LinkIndex],
    voyages: &Voyages,
    reference: &Reference,
    request: &Request,
) {
    // One search from a port finds all ways from there.
    let mut by_origin: BTreeMap<(LocationCode, OperationIndex), Vec<LinkIndex>> = BTreeMap::new();
    for index in wanted {
        let link = &links[*index as usize];
        if link.source_ref.starts_with(COMPUTED) {
            let start = (link.origin, link.operation);
            by_origin.entry(start).or_default().push(*index);
        }
    }
    for ((origin, operation), indices) in by_origin {
        let around = closures(reference, request, operation);
        let ends: Vec<LocationCode> = indices
            .iter()
            .map(|index| links[*index as usize].destination)
            .collect();
        let paths = voyages.sea().paths(origin, &ends, around);
        for (index, path) in indices.into_iter().zip(paths) {
            let passages = path.map_or(Passages::NONE, |path| path.passages);
            tell(
                Arc::make_mut(&mut links[index as usize]),
                passages,
                voyages,
                reference,
                request,
            );
        }
    }
}

fn tell(
    link: &mut Link,
    passages: Passages,
    voyages: &Voyages,
    reference: &Reference,
    request: &Request,
) {
    link.passages = passages;
    let day = day_of(request.depart);
    let way = reference.passages.sea_way(day, link.operation, |around| {
        let closed = around.closed.with(request.avoid.passages);
        let around = Closures { closed, ..around };
        voyages
            .metres(link.origin, link.destination, around)
            .map(u64::from)
    });
    let depends = way.filter(|w| w.depends_on_passages());
    if let Some(other) = depends.and_then(|w| w.other_m) {
        let km = (other + 500) / 1000;
        let state = reference.passages.other_state(day, link.operation);
        link.source_ref.push_str(&format!("; {km} km {state}"));
    }
}

/// The network without the sea links whose way on the day of departure meets a passage that the request closes. What goes round it anyway
/// stays as it is.
pub fn without_closed(
    network: &Network,
    sea: &SeaGraph,
    reference: &Reference,
    request: &Request,
) -> Network {
    let closed = request.avoid.passages;
    let day = day_of(request.depart);
    let mut reaches: FxHashMap<(LocationCode, Closures), Option<Reach>> = FxHashMap::default();
    let mut is_shut = |link: &Link| {
        let around = reference.passages.closures(day, link.operation);
        let reach = reaches
            .entry((link.origin, around))
            .or_insert_with(|| Some(sea.reach(sea.port(link.origin)?, around)));
        let path = (reach.as_ref()).and_then(|reach| reach.path(sea.port(link.destination)?));
        path.is_some_and(|path| path.passages.meets(closed))
    };
    network.retaining(|link| link.mode != Mode::Sea || !is_shut(link))
}

/// What vessels of an operation go round on the day of departure, and what the request closes.
pub fn closures(reference: &Reference, request: &Request, operation: OperationIndex) -> Closures {
    let of_day = reference
        .passages
        .closures(day_of(request.depart), operation);
    Closures {
        closed: of_day.closed.with(request.avoid.passages),
        ..of_day
    }
}

/// The network with computed sea links for this request.
pub fn with_computed(
    network: &Network,
    voyages: &Voyages,
    reference: &Reference,
    request: &Request,
) -> Network {
    let Some(operation) = default_operation(reference, Mode::Sea) else {
        return network.clone();
    };
    let sea = voyages.sea();
    let around = closures(reference, request, operation);
    let ends = [request.origin, request.destination];
    let mut ports: Vec<LocationCode> = network.places.iter().chain(&ends).copied().collect();
    ports.retain(|place| sea.port(*place).is_some());
    ports.sort_unstable();
    ports.dedup();
    let firsts: FxHashSet<LocationCode> = first_ports(network, request.origin).collect();
    let sea_links = network.links.iter().filter(|l| l.mode == Mode::Sea);
    let mut maker = Maker {
        sea,
        operation,
        estimates: &network.estimates,
        is_restricted: !request.avoid.passages.is_empty(),
        served: sea_links.map(|l| (l.origin, l.destination)).collect(),
        links: Vec::new(),
    };
    voyages.from_port(request.origin, around, |lengths| {
        let is_enclosed = lengths.is_enclosed();
        for to in &ports {
            let may_enter = is_enclosed || *to == request.destination;
            maker.link(request.origin, *to, *to, lengths, may_enter);
        }
    });
    for end in last_ports(network, sea, reference, request.destination) {
        // Lanes run both ways, so one search from the end serves all ports before it.
        voyages.from_port(end, around, |lengths| {
            let is_enclosed = lengths.is_enclosed();
            for from in &ports {
                let may_enter = is_enclosed || firsts.contains(from);
                maker.link(*from, end, *from, lengths, may_enter);
            }
        });
    }
    let mut network = network.with(maker.links);
    network.set_day(day_of(request.depart), reference);
    network
}

/// The destination if it is a port, else the ports from which a link of another mode leads to it, the nearest to it first.
fn last_ports(
    network: &Network,
    sea: &SeaGraph,
    reference: &Reference,
    destination: LocationCode,
) -> Vec<LocationCode> {
    if sea.port(destination).is_some() {
        return vec![destination];
    }
    let into = network
        .links
        .iter()
        .filter(|l| l.destination == destination && l.mode != Mode::Sea);
    let mut ports: Vec<LocationCode> = into
        .map(|l| l.origin)
        .filter(|p| sea.port(*p).is_some())
        .collect();
    let far = |port: &LocationCode| {
        reference
            .great_circle(*port, destination)
            .unwrap_or(i64::MAX)
    };
    ports.sort_unstable_by_key(|port| (far(port), *port));
    ports.dedup();
    ports.truncate(MOST_GATEWAYS);
    ports
}

/// Where a voyage can begin: the origin, and where a link of another mode leads to from there.
fn first_ports(network: &Network, origin: LocationCode) -> impl Iterator<Item = LocationCode> {
    let from_there = network
        .links
        .iter()
        .filter(move |l| l.origin == origin && l.mode != Mode::Sea);
    std::iter::once(origin).chain(from_there.map(|l| l.destination))
}

struct Maker<'m> {
    sea: &'m SeaGraph,
    operation: OperationIndex,
    estimates: &'m Estimates,
    /// Whether the question keeps out of passages that are open.
    is_restricted: bool,
    served: FxHashSet<(LocationCode, LocationCode)>,
    links: Vec<Link>,
}

impl Maker<'_> {
    /// The link from `origin` to `destination`, whose length is that of the way to `far`, unless there is one already. A port between
    /// avoided passages is entered where a question begins or ends there: a call on the way would lead through all of them.
    fn link(
        &mut self,
        origin: LocationCode,
        destination: LocationCode,
        far: LocationCode,
        lengths: &Lengths,
        may_enter: bool,
    ) {
        let (Some(port), Some(number)) = (self.sea.port(far), self.sea.port_number(far)) else {
            return;
        };
        if origin == destination || self.served.contains(&(origin, destination)) {
            return;
        }
        if !may_enter && lengths.passes_avoided(number) {
            return;
        }
        let Some(metres) = lengths.metres(number).filter(|metres| *metres > 0) else {
            return;
        };
        self.served.insert((origin, destination));
        let approach = port.approach_m();
        let far_off = if approach > FAR_M {
            format!("; {far} lies {} km off the lanes", approach / 1000)
        } else {
            String::new()
        };
        self.links.push(Link {
            service: String::new(),
            mode: Mode::Sea,
            operation: self.operation,
            carrier: String::new(),
            energy_carrier: String::new(),
            origin,
            destination,
            // The kernel finds the same way, and says where it is from; but it knows nothing of what a question keeps out of.
            distance: self.is_restricted.then_some((metres, Basis::Sfd)),
            transit: at_speed(
                metres as i64,
                Mode::Sea,
                self.operation,
                (origin, destination),
                self.estimates,
            ),
            is_at_speed: false,
            wait: Wait::Unknown,
            cut_off: 0,
            price: None,
            valid_from: Day::MIN,
            valid_to: NO_END,
            source_ref: format!("{COMPUTED}{}{far_off}", self.sea.network()),
            note: String::new(),
            passages: Passages::NONE,
        });
    }
}
