//! Which chains are shown, and in what order. Nothing is left out without a rule that the answer states.

use super::request::Objective;
use super::search::{Chain, ModeSequence};
use crate::calc::compare::{beats, front};
use std::collections::BTreeMap;

/// A chain to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The chain.
    pub chain: Chain,
    /// On the front over CO2e and time among all chains found; `None`: one of them is not known.
    pub pareto: Option<bool>,
    /// Whether it is the best of its sequence of modes by the objective.
    pub is_best_of_modes: bool,
}

/// Chains to show, in order, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// In order of the objective.
    pub shown: Vec<Chosen>,
    /// Chains found.
    pub found: usize,
    /// Chains left out because one with the same modes or fewer of them beats them.
    pub beaten: usize,
    /// Chains left out because no more were asked for.
    pub cut: usize,
}

/// At most `most` of `chains`: first the front, then the best of each further sequence of modes, then the rest.
///
/// A chain is left out when another whose modes are some of its own, in the same order, beats it: changing modes once more to be
/// worse in everything is no alternative.
pub fn choose(chains: Vec<Chain>, objective: Objective, most: usize) -> Choice {
    let found = chains.len();
    let criteria: Vec<_> = chains.iter().map(|c| c.criteria.clone()).collect();
    let fronts = front(&criteria);
    let is_beaten = |c: &Chain| chains.iter().any(|d| d.modes.is_within(c.modes) && beats(&d.criteria, &c.criteria, false));
    let keep: Vec<bool> = chains.iter().map(|c| !is_beaten(c)).collect();
    let mut list: Vec<Chosen> = chains
        .into_iter()
        .zip(fronts)
        .zip(keep)
        .filter(|(_, keep)| *keep)
        .map(|((chain, pareto), _)| Chosen { chain, pareto, is_best_of_modes: false })
        .collect();
    let beaten = found - list.len();
    let mut currencies: Vec<_> = list.iter().filter_map(|c| c.chain.criteria.costs.complete()).map(|c| c.0).collect();
    currencies.dedup();
    // Amounts in different currencies have no order.
    let is_one_currency = currencies.len() < 2;
    list.sort_by_cached_key(|c| order(&c.chain, objective, is_one_currency));
    let mut seen: BTreeMap<ModeSequence, usize> = BTreeMap::new();
    let mut ranked: Vec<((bool, usize, usize, usize), Chosen)> = Vec::with_capacity(list.len());
    for (place, mut chosen) in list.into_iter().enumerate() {
        let rank = seen.entry(chosen.chain.modes).or_insert(0);
        chosen.is_best_of_modes = *rank == 0;
        let key = (chosen.pareto != Some(true), *rank, chosen.chain.modes.modes().len(), place);
        *rank += 1;
        ranked.push((key, chosen));
    }
    ranked.sort_by_key(|(key, _)| *key);
    let cut = ranked.len().saturating_sub(most);
    ranked.truncate(most);
    ranked.sort_by_key(|(key, _)| key.3);
    Choice { shown: ranked.into_iter().map(|(_, chosen)| chosen).collect(), found, beaten, cut }
}

/// By the objective, then the other criteria, then the links: unknown last, never equal for two chains.
fn order(chain: &Chain, objective: Objective, is_one_currency: bool) -> (Vec<(bool, i128)>, Vec<u32>) {
    let known = |value: Option<i128>| (value.is_none(), value.unwrap_or(0));
    let ghg = known(chain.criteria.micrograms);
    let time = known(chain.criteria.arrived_at.map(i128::from));
    let cost = known(chain.criteria.costs.complete().filter(|_| is_one_currency).map(|c| c.1.0));
    let keys = match objective {
        Objective::Co2e => vec![ghg, time, cost],
        Objective::Days => vec![time, ghg, cost],
        Objective::Cost => vec![cost, ghg, time],
    };
    (keys, chain.links.clone())
}
