//! Every chain that is not beaten, by labels: exact within the bounds below.
//!
//! A label is a chain from the origin to a place. Two links of one mode by sea or air without a known service do not follow each other.
//! A label is dropped only for another one at the same place with the same sequence of modes, the same `--via` places behind it, no more elements, and no place that the dropped one has not called at, so
//! that whatever continues the one continues the other; and only if that other is nowhere worse and somewhere better:
//!
//! - CO2e: not more. Time: not later. Where either is not known in full so far, nothing is dropped.
//! - Cost joins between chains whose cost is known in full, in the same currencies. Between chains whose cost is not known in
//!   full it does not join, and between one of each kind nothing is dropped: an unknown cost is neither zero nor a reason.
//! - While a validity limit of factors or services lies ahead, an earlier arrival may meet other factors than a later one, so
//!   "not later" becomes "at the same instant".
//!
//! Departures are first come, first served: who is ready earlier departs no later and arrives no later. Equal labels all stay; of
//! chains that only come to the same in the end, because both wait for one departure, one may be left out.

use super::costing::{Costing, Emission};
use super::network::{Link, LinkIndex, Network, PlaceIndex};
use super::request::Request;
use super::timing::{Step, step};
use super::{DAY, MILLIHOUR_US, Millihours};
use crate::calc::compare::{Costs, Criteria, beats};
use crate::model::index::index32;
use crate::model::mode::Mode;
use crate::model::money::{Amount, Currency};
use crate::model::time::{Day, Instant, NO_END, day_of};
use crate::reference::Reference;
use rustc_hash::FxHashMap;

/// Most transport elements in a chain.
pub const MOST_ELEMENTS: usize = 6;

/// Longest time of a chain when the request sets none.
pub const HORIZON: Millihours = 90 * DAY;

/// Labels beyond which a search gives up instead of answering in part.
pub const MOST_LABELS: usize = 1_000_000;

/// Transport modes in the order of a chain, repeats next to each other collapsed: base 8, the first mode in the highest place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModeSequence(u32);

impl ModeSequence {
    /// With one more element.
    pub fn then(self, mode: Mode) -> ModeSequence {
        let digit = mode as u32 + 1;
        if self.0 & 7 == digit {
            self
        } else {
            ModeSequence(self.0 << 3 | digit)
        }
    }

    /// The modes.
    pub fn modes(self) -> Vec<Mode> {
        let digits = (0..10)
            .rev()
            .map(|i| self.0 >> (3 * i) & 7)
            .filter(|d| *d > 0);
        digits.map(|d| Mode::ALL[d as usize - 1]).collect()
    }

    /// Whether these modes occur in `other` in this order.
    pub fn is_within(self, other: ModeSequence) -> bool {
        let mut rest = other.modes().into_iter();
        self.modes().into_iter().all(|mode| rest.any(|m| m == mode))
    }
}

/// A chain that no other beats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Links in order.
    pub links: Vec<LinkIndex>,
    /// Their times.
    pub steps: Vec<Step>,
    /// Its modes.
    pub modes: ModeSequence,
    /// Emissions as far as they are known.
    pub emission: Emission,
    /// What it is compared by.
    pub criteria: Criteria,
}

impl Chain {
    /// The chain of these links for cargo that is ready then; `None` when a service has no departure then, or a sum of money cannot be held.
    pub fn of(
        links: Vec<LinkIndex>,
        network: &Network,
        ready: Instant,
        costing: &mut Costing,
        prices: &[Option<(Currency, Amount)>],
    ) -> Option<Chain> {
        let (mut steps, mut at, mut before) = (Vec::with_capacity(links.len()), ready, None);
        let (mut modes, mut costs) = (ModeSequence::default(), Costs::default());
        for index in &links {
            let link = network.link(*index);
            let next = step(link, &network.estimates, before, at)?;
            costs = costs.then(prices[*index as usize])?;
            (at, before, modes) = (next.arrived_at, Some(link.mode), modes.then(link.mode));
            steps.push(next);
        }
        let mut emission = Emission::NONE;
        for (i, (index, step)) in links.iter().zip(&steps).enumerate() {
            let hub = match i.checked_sub(1) {
                Some(j) => costing.hub((links[j], &steps[j]), (*index, step)),
                None => costing.edge(*index, step, false),
            };
            emission = emission.plus(hub).plus(costing.transport(*index, step));
        }
        let (index, last) = (links.last()?, steps.last()?);
        emission = emission.plus(costing.edge(*index, last, true));
        let criteria = Criteria {
            micrograms: emission.is_complete.then_some(emission.micrograms),
            arrived_at: steps.iter().all(Step::is_timed).then_some(last.arrived_at),
            costs,
        };
        Some(Chain {
            links,
            steps,
            modes,
            emission,
            criteria,
        })
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// [`MOST_LABELS`] would be exceeded.
    TooMany,
    /// A sum of money is beyond what can be held.
    Money,
}

#[derive(Clone, Debug)]
struct Label {
    place: PlaceIndex,
    count: u8,
    via: u8,
    is_dropped: bool,
    visited: [PlaceIndex; MOST_ELEMENTS + 1],
    /// A bit for each place visited; two places may share one.
    seen: u64,
    modes: ModeSequence,
    at: Instant,
    emission: Emission,
    criteria: Criteria,
    parent: u32,
    link: LinkIndex,
    step: Step,
}

impl Label {
    fn visited(&self) -> &[PlaceIndex] {
        &self.visited[..self.count as usize + 1]
    }

    /// Whether every continuation of `other` continues this label as well.
    fn can_stand_for(&self, other: &Label) -> bool {
        self.count <= other.count
            && self.seen & !other.seen == 0
            && self.visited().iter().all(|p| other.visited().contains(p))
    }
}

/// A label in its bucket, beside it what most comparisons end by.
#[derive(Clone, Copy, Debug)]
struct Placed {
    number: u32,
    micrograms: Option<i128>,
    arrived_at: Option<Instant>,
}

impl Placed {
    fn of(label: &Label, number: u32) -> Placed {
        Placed {
            number,
            micrograms: label.criteria.micrograms,
            arrived_at: label.criteria.arrived_at,
        }
    }

    /// Whether nothing that is known here keeps this label from beating another: what is not known does.
    fn may_beat(&self, other: &Placed) -> bool {
        let known = self.micrograms.zip(other.micrograms);
        let in_time = self.arrived_at.zip(other.arrived_at);
        known.is_some_and(|(a, b)| a <= b) && in_time.is_some_and(|(a, b)| a <= b)
    }
}

/// The search for one request.
pub struct Search<'s, 'r> {
    network: &'r Network,
    request: &'s Request,
    costing: &'s mut Costing<'r>,
    /// What each link costs for this cargo, converted where it can be.
    prices: &'s [Option<(Currency, Amount)>],
    /// Fewest elements from each place to the destination.
    hops: Vec<u8>,
    via: Vec<PlaceIndex>,
    latest: Instant,
    /// Last day within the horizon on which a validity begins or ends; `Day::MIN`: none.
    last_limit: Day,
    labels: Vec<Label>,
    /// Labels by place, modes, places called at on request, and whether the last link is one that another may not follow.
    buckets: FxHashMap<(PlaceIndex, ModeSequence, u8, bool), Vec<Placed>>,
}

impl<'s, 'r> Search<'s, 'r> {
    /// Every unbeaten chain, in order of modes, then CO2e, time and links; empty when there is none.
    pub fn run(
        reference: &'r Reference,
        network: &'r Network,
        request: &'s Request,
        costing: &'s mut Costing<'r>,
        prices: &'s [Option<(Currency, Amount)>],
    ) -> Result<Vec<Chain>, Stopped> {
        let ends = (
            network.place(request.origin),
            network.place(request.destination),
        );
        let via: Option<Vec<PlaceIndex>> = request.via.iter().map(|v| network.place(*v)).collect();
        let ((Some(origin), Some(destination)), Some(via)) = (ends, via) else {
            return Ok(Vec::new());
        };
        let longest = request.depart + request.most_hours.unwrap_or(HORIZON) * MILLIHOUR_US;
        let latest = request.arrive_by.map_or(longest, |by| longest.min(by));
        let hops = fewest_elements(network, request, destination);
        let last_limit = last_limit(reference, network, day_of(request.depart), day_of(latest));
        let (labels, buckets) = Default::default();
        let mut search = Search {
            network,
            request,
            costing,
            prices,
            hops,
            via,
            latest,
            last_limit,
            labels,
            buckets,
        };
        search.explore(origin, destination)?;
        Ok(search.chains(destination))
    }

    fn explore(&mut self, origin: PlaceIndex, destination: PlaceIndex) -> Result<(), Stopped> {
        debug_assert!(self.network.links.len() < LinkIndex::MAX as usize);
        let admitted: Vec<bool> = self
            .network
            .links
            .iter()
            .map(|l| self.request.admits(l))
            .collect();
        let network = self.network;
        // Links of the first layer leave the origin, those of the next the labels of the layer before.
        let mut layer: Vec<Option<u32>> = vec![None];
        for depth in 0..MOST_ELEMENTS {
            let mut next = Vec::new();
            for parent in layer {
                let place = match parent {
                    Some(p) if self.labels[p as usize].is_dropped => continue,
                    Some(p) => self.labels[p as usize].place,
                    None => origin,
                };
                for &link in network.out(place).iter().filter(|l| admitted[**l as usize]) {
                    let end = network.ends[link as usize].1;
                    if depth + 1 + self.hops[end as usize] as usize > MOST_ELEMENTS {
                        continue;
                    }
                    let Some(label) = self.extend(parent, place, link, end == destination)? else {
                        continue;
                    };
                    next.extend(self.keep(label, end == destination)?.map(Some));
                }
            }
            layer = next;
        }
        Ok(())
    }

    /// The label one link further; `None` when that is no chain within the bounds.
    fn extend(
        &mut self,
        parent: Option<u32>,
        place: PlaceIndex,
        index: LinkIndex,
        is_last: bool,
    ) -> Result<Option<Label>, Stopped> {
        let (network, link, end) = (
            self.network,
            self.network.link(index),
            self.network.ends[index as usize].1,
        );
        let before = parent.map(|p| &self.labels[p as usize]);
        let (count, mut visited) =
            before.map_or((0, [place; MOST_ELEMENTS + 1]), |b| (b.count, b.visited));
        let is_made_up = !self.via.contains(&place)
            && before.is_some_and(|b| is_made_up_call(network.link(b.link), link));
        if visited[..count as usize + 1].contains(&end) || is_made_up {
            return Ok(None);
        }
        let last_mode = before.map(|b| network.link(b.link).mode);
        let at = before.map_or(self.request.depart, |b| b.at);
        let Some(step) =
            step(link, &network.estimates, last_mode, at).filter(|s| s.arrived_at <= self.latest)
        else {
            return Ok(None);
        };
        let mut via = before.map_or(0, |b| b.via);
        if self.via.get(via as usize) == Some(&end) {
            via += 1;
        }
        if is_last && (via as usize) < self.via.len() {
            return Ok(None);
        }
        let hub = match before {
            Some(b) => self.costing.hub((b.link, &b.step), (index, &step)),
            None => self.costing.edge(index, &step, false),
        };
        let mut emission = before.map_or(Emission::NONE, |b| b.emission);
        emission = emission
            .plus(hub)
            .plus(self.costing.transport(index, &step));
        if is_last {
            emission = emission.plus(self.costing.edge(index, &step, true));
        }
        visited[count as usize + 1] = end;
        let none = Costs::default();
        let costs = before
            .map_or(&none, |b| &b.criteria.costs)
            .then(self.prices[index as usize]);
        let is_timed = before.is_none_or(|b| b.criteria.arrived_at.is_some()) && step.is_timed();
        let criteria = Criteria {
            micrograms: emission.is_complete.then_some(emission.micrograms),
            arrived_at: is_timed.then_some(step.arrived_at),
            costs: costs.ok_or(Stopped::Money)?,
        };
        Ok(Some(Label {
            place: end,
            count: count + 1,
            via,
            is_dropped: false,
            visited,
            seen: before.map_or(bit(place), |b| b.seen) | bit(end),
            modes: before
                .map_or(ModeSequence::default(), |b| b.modes)
                .then(link.mode),
            at: step.arrived_at,
            emission,
            criteria,
            parent: parent.unwrap_or(u32::MAX),
            link: index,
            step,
        }))
    }

    /// Puts a label into its bucket unless one there beats it, and drops those it beats; its number if it goes on from here.
    fn keep(&mut self, label: Label, is_last: bool) -> Result<Option<u32>, Stopped> {
        // At the destination nothing follows.
        let is_anybodys = !is_last
            && !self.via.contains(&label.place)
            && is_anybodys(self.network.link(label.link));
        let bucket = self
            .buckets
            .entry((label.place, label.modes, label.via, is_anybodys))
            .or_default();
        let last_limit = self.last_limit;
        // At the destination nothing continues, so neither limits ahead nor places behind matter.
        let replaces = |a: &Label, b: &Label| {
            let must_meet = !is_last && day_of(a.at.min(b.at)) < last_limit;
            (is_last || a.can_stand_for(b)) && beats(&a.criteria, &b.criteria, must_meet)
        };
        let number = index32(self.labels.len());
        let own = Placed::of(&label, number);
        if bucket
            .iter()
            .any(|p| p.may_beat(&own) && replaces(&self.labels[p.number as usize], &label))
        {
            return Ok(None);
        }
        bucket.retain(|p| {
            let other = &mut self.labels[p.number as usize];
            other.is_dropped = own.may_beat(p) && replaces(&label, other);
            !other.is_dropped
        });
        if self.labels.len() >= MOST_LABELS {
            return Err(Stopped::TooMany);
        }
        bucket.push(own);
        self.labels.push(label);
        Ok((!is_last).then_some(number))
    }

    fn chains(&self, destination: PlaceIndex) -> Vec<Chain> {
        let ended = self
            .buckets
            .iter()
            .filter(|((place, ..), _)| *place == destination)
            .flat_map(|(_, labels)| labels);
        let mut chains: Vec<(Instant, Chain)> = ended
            .map(|p| (self.labels[p.number as usize].at, self.chain(p.number)))
            .collect();
        chains.sort_by(|(at_a, a), (at_b, b)| {
            let key = |at: Instant, c: &Chain| (c.modes, c.emission.micrograms, at);
            key(*at_a, a)
                .cmp(&key(*at_b, b))
                .then_with(|| a.links.cmp(&b.links))
        });
        chains.into_iter().map(|(_, chain)| chain).collect()
    }

    fn chain(&self, label: u32) -> Chain {
        let last = &self.labels[label as usize];
        let (mut links, mut steps) = (Vec::new(), Vec::new());
        let mut at = label;
        while at != u32::MAX {
            let label = &self.labels[at as usize];
            links.push(label.link);
            steps.push(label.step);
            at = label.parent;
        }
        links.reverse();
        steps.reverse();
        Chain {
            links,
            steps,
            modes: last.modes,
            emission: last.emission,
            criteria: last.criteria.clone(),
        }
    }
}

/// The bit of a place.
fn bit(place: PlaceIndex) -> u64 {
    1 << (place % u64::BITS)
}

/// Whether a call between two links is nobody's: ships and aircraft of which no service is known go the whole way, and a port in
/// between would be there for its factor only.
fn is_made_up_call(before: &Link, after: &Link) -> bool {
    is_anybodys(before) && is_anybodys(after) && before.mode == after.mode
}

fn is_anybodys(link: &Link) -> bool {
    link.service.is_empty() && matches!(link.mode, Mode::Sea | Mode::Air)
}

/// Fewest admitted links from each place to the destination; more than any chain has where there is no way.
fn fewest_elements(network: &Network, request: &Request, destination: PlaceIndex) -> Vec<u8> {
    let mut hops = vec![u8::MAX; network.places.len()];
    hops[destination as usize] = 0;
    for depth in (1u8..).take(MOST_ELEMENTS) {
        for (link, ends) in network.links.iter().zip(&network.ends) {
            if hops[ends.1 as usize] == depth - 1
                && hops[ends.0 as usize] > depth
                && request.admits(link)
            {
                hops[ends.0 as usize] = depth;
            }
        }
    }
    hops
}

/// The last day after `first`, up to `last`, on which factors or services change; `Day::MIN`: none.
pub(super) fn last_limit(reference: &Reference, network: &Network, first: Day, last: Day) -> Day {
    let inside = |day: &Day| *day > first && *day <= last;
    let services = network
        .links
        .iter()
        .flat_map(|l| [l.valid_from, l.valid_to])
        .filter(|d| *d != NO_END)
        .filter(inside)
        .max();
    let factors = reference.factors.last_boundary(first, last);
    services.max(factors).unwrap_or(Day::MIN)
}

#[cfg(test)]
mod tests;
