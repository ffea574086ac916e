//! Chains that arrive by a day. Where nobody said when the cargo is ready, each is put off as far as it still arrives in time.

use super::MILLIHOUR_US;
use super::costing::Costing;
use super::network::{Network, Wait};
use super::request::Request;
use super::search::{Chain, Search, Stopped, last_limit};
use super::timing::step;
use crate::model::mode::Mode;
use crate::model::money::{Amount, Currency};
use crate::model::time::{DAY_US, Instant, day_of};
use crate::reference::Reference;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Prices of the links.
type Prices<'p> = &'p [Option<(Currency, Amount)>];

/// Every unbeaten chain of a request, in order of modes, then CO2e, time and links. With a day of arrival those alone of which it is
/// known that they arrive by it.
pub fn chains<'r>(
    reference: &'r Reference,
    network: &'r Network,
    request: &Request,
    costing: &mut Costing<'r>,
    prices: Prices,
) -> Result<Vec<Chain>, Stopped> {
    if request.arrive_by.is_none() {
        return Search::run(reference, network, request, costing, prices);
    }
    let mut found: Vec<Chain> = Vec::new();
    let mut seen = FxHashSet::default();
    for ready in days_of_readiness(reference, network, request) {
        let asked = Request {
            depart: ready,
            ..request.clone()
        };
        let mut chains = Search::run(reference, network, &asked, costing, prices)?;
        chains.retain(|c| c.criteria.arrived_at.is_some() && seen.insert(c.links.clone()));
        if request.is_ready_open {
            let late = chains
                .into_iter()
                .filter_map(|c| put_off(c, reference, network, request, costing, prices));
            found.extend(late);
        } else {
            found.extend(chains);
        }
    }
    found.sort_by(|a, b| {
        let key = |c: &Chain| (c.modes, c.emission.micrograms, c.criteria.arrived_at);
        key(a).cmp(&key(b)).then_with(|| a.links.cmp(&b.links))
    });
    Ok(found)
}

/// The days for which chains are searched: the first that the request admits and the last on which factors or services change before
/// the arrival; from each a week, where something has a timetable. Between such days nothing but the date differs.
fn days_of_readiness(reference: &Reference, network: &Network, request: &Request) -> Vec<Instant> {
    let by = request.arrive_by.filter(|_| request.is_ready_open);
    let Some(by) = by else {
        return vec![request.depart];
    };
    let first = day_of(request.depart);
    let limit = last_limit(reference, network, first, day_of(by));
    let has_timetable = |l: &Arc<super::network::Link>| matches!(l.wait, Wait::Weekdays(_));
    let days = match network.links.iter().any(has_timetable) {
        true => 7,
        false => 1,
    };
    let starts = [first, limit.max(first)];
    let mut starts: Vec<Instant> = starts
        .into_iter()
        .flat_map(|start| (0..days).map(move |day| (i64::from(start) + day) * DAY_US))
        .filter(|start| *start <= by)
        .collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// The chain on the latest day of readiness with which it still arrives in time; its time counts from there, as if that were the day of
/// the request. `None`: on that day ships go round other passages than the network was made for.
fn put_off(
    chain: Chain,
    reference: &Reference,
    network: &Network,
    request: &Request,
    costing: &mut Costing,
    prices: Prices,
) -> Option<Chain> {
    let by = request.arrive_by?;
    // Without any waiting it takes this long.
    let least = |s: &super::timing::Step| s.arrived_at - s.departed_at + s.dwell * MILLIHOUR_US;
    let least: i64 = chain.steps.iter().map(least).sum();
    let days = i64::from(day_of(request.depart))..=i64::from(day_of(by - least));
    let is_in_time = |ready: &Instant| {
        let mut at = Some((*ready, None));
        for index in &chain.links {
            let link = network.link(*index);
            at = at
                .and_then(|(at, before)| step(link, &network.estimates, before, at))
                .map(|step| (step.arrived_at, Some(link.mode)));
        }
        at.is_some_and(|(arrived, _)| arrived <= by)
    };
    let ready = days.rev().map(|day| day * DAY_US).find(is_in_time)?;
    let mut late = Chain::of(chain.links, network, ready, costing, prices)?;
    let is_other_way = late.links.iter().zip(&late.steps).any(|(index, step)| {
        let link = network.link(*index);
        let closures = |at| reference.passages.closures(day_of(at), link.operation);
        link.mode == Mode::Sea && closures(step.departed_at) != closures(request.depart)
    });
    let arrived = late.criteria.arrived_at;
    late.criteria.arrived_at = arrived.map(|at| at - ready + request.depart);
    (!is_other_way).then_some(late)
}
