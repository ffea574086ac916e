//! Which chains are shown, and in what order. Nothing is left out without a rule that the answer states.

use super::request::Objective;
use super::search::{Chain, ModeSequence};
use crate::calc::compare::{beats, front};
use std::collections::BTreeMap;

/// A beaten way this many times as long as the one that beats it is no alternative.
pub const DETOUR: i64 = 3;

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
/// A chain is left out when another beats it whose modes are some of its own, in the same order, or whose way is shorter by more than
/// [`DETOUR`]: changing modes once more to be worse in everything is no alternative, and going round the world for it is none either.
/// `length` tells how long the way of a chain is.
pub fn choose(
    chains: Vec<Chain>,
    objective: Objective,
    most: usize,
    length: impl Fn(&Chain) -> i64,
) -> Choice {
    let found = chains.len();
    let criteria: Vec<_> = chains.iter().map(|c| c.criteria.clone()).collect();
    let fronts = front(&criteria);
    let lengths: Vec<i64> = chains.iter().map(length).collect();
    let is_beaten = |(c, metres): (&Chain, &i64)| {
        chains.iter().zip(&lengths).any(|(d, shorter)| {
            (d.modes.is_within(c.modes) || *metres > DETOUR * shorter)
                && beats(&d.criteria, &c.criteria, false)
        })
    };
    let keep: Vec<bool> = chains.iter().zip(&lengths).map(|c| !is_beaten(c)).collect();
    let mut list: Vec<Chosen> = chains
        .into_iter()
        .zip(fronts)
        .zip(keep)
        .filter(|(_, keep)| *keep)
        .map(|((chain, pareto), _)| Chosen {
            chain,
            pareto,
            is_best_of_modes: false,
        })
        .collect();
    let beaten = found - list.len();
    let mut currencies: Vec<_> = list
        .iter()
        .filter_map(|c| c.chain.criteria.costs.complete())
        .map(|c| c.0)
        .collect();
    currencies.dedup();
    // Amounts in different currencies have no order.
    let is_one_currency = currencies.len() < 2;
    list.sort_by_cached_key(|c| order(&c.chain, objective, is_one_currency));
    let mut seen: BTreeMap<ModeSequence, usize> = BTreeMap::new();
    let mut ranked: Vec<(Precedence, Chosen)> = Vec::with_capacity(list.len());
    for (place, mut chosen) in list.into_iter().enumerate() {
        let rank = seen.entry(chosen.chain.modes).or_insert(0);
        chosen.is_best_of_modes = *rank == 0;
        // However few are shown, the best by the objective is among them.
        let key = (
            place != 0,
            chosen.pareto != Some(true),
            *rank,
            chosen.chain.modes.modes().len(),
            place,
        );
        *rank += 1;
        ranked.push((key, chosen));
    }
    ranked.sort_by_key(|(key, _)| *key);
    let cut = ranked.len().saturating_sub(most);
    ranked.truncate(most);
    ranked.sort_by_key(|(key, _)| key.4);
    Choice {
        shown: ranked.into_iter().map(|(_, chosen)| chosen).collect(),
        found,
        beaten,
        cut,
    }
}

/// What is shown first: the best, the front, few of each sequence of modes, few modes, and the order.
type Precedence = (bool, bool, usize, usize, usize);

/// By the objective, then the other criteria, then the links: unknown last, never equal for two chains.
fn order(
    chain: &Chain,
    objective: Objective,
    is_one_currency: bool,
) -> (Vec<(bool, i128)>, Vec<u32>) {
    let known = |value: Option<i128>| (value.is_none(), value.unwrap_or(0));
    let ghg = known(chain.criteria.micrograms);
    let time = known(chain.criteria.arrived_at.map(i128::from));
    let cost = known(
        chain
            .criteria
            .costs
            .complete()
            .filter(|_| is_one_currency)
            .map(|c| c.1.0),
    );
    // Nothing is best by a figure while another of its figures is unknown.
    let unknown = (ghg.0 || time.0, 0);
    let keys = match objective {
        Objective::Co2e => vec![unknown, ghg, time, cost],
        Objective::Days => vec![unknown, time, ghg, cost],
        Objective::Cost => vec![unknown, cost, ghg, time],
    };
    (keys, chain.links.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calc::compare::{Costs, Criteria};
    use crate::model::mode::Mode;
    use crate::model::money::{Amount, Currency};
    use crate::routes::costing::Emission;

    /// A chain of these modes with kg, hours and a cost in a currency.
    fn chain(modes: &[Mode], kg: Option<i128>, hours: i64, cost: Option<(&str, i128)>) -> Chain {
        let cost = cost.map(|(code, amount)| (Currency::parse(code).unwrap(), Amount(amount)));
        Chain {
            links: Vec::new(),
            steps: Vec::new(),
            modes: modes
                .iter()
                .fold(ModeSequence::default(), |s, m| s.then(*m)),
            emission: Emission {
                micrograms: kg.unwrap_or(0),
                is_complete: kg.is_some(),
            },
            criteria: Criteria {
                micrograms: kg,
                arrived_at: Some(hours),
                costs: Costs::default().then(cost).unwrap(),
            },
        }
    }

    fn shown(choice: &Choice) -> Vec<(Option<i128>, Option<bool>, bool)> {
        choice
            .shown
            .iter()
            .map(|c| (c.chain.criteria.micrograms, c.pareto, c.is_best_of_modes))
            .collect()
    }

    #[test]
    fn the_front_comes_first_then_the_best_of_each_sequence_of_modes() {
        use Mode::{Air, InlandWaterway, Rail, Road, Sea};
        let chains = vec![
            chain(&[Rail, Sea], Some(10), 200, None),
            chain(&[Rail, Sea], Some(12), 190, None),
            chain(&[InlandWaterway, Sea], Some(20), 500, None),
            chain(&[InlandWaterway, Sea], Some(25), 450, None),
            // Rail to sea beats it, and its modes are rail and sea with a truck between.
            chain(&[Rail, Road, Sea], Some(13), 210, None),
            chain(&[Air], Some(900), 10, None),
            chain(&[Road], None, 50, None),
        ];
        let all = choose(chains.clone(), Objective::Co2e, 99, |_| 1);
        let want = [
            (Some(10), Some(true), true),
            (Some(12), Some(true), false),
            (Some(20), Some(false), true),
            (Some(25), Some(false), false),
            (Some(900), Some(true), true),
            (None, None, true),
        ];
        assert_eq!(shown(&all), want);
        assert_eq!((all.found, all.beaten, all.cut), (7, 1, 0));
        // By days the faster one is the first by river; of five, the slower one goes.
        let five = choose(chains.clone(), Objective::Days, 5, |_| 1);
        let kept: Vec<_> = five
            .shown
            .iter()
            .map(|c| c.chain.criteria.micrograms)
            .collect();
        assert_eq!(
            (kept, five.cut),
            (vec![Some(900), Some(12), Some(10), Some(25), None], 1)
        );
    }

    #[test]
    fn a_way_round_the_world_is_no_alternative_to_one_that_beats_it() {
        let chains = vec![
            chain(&[Mode::Road], Some(900), 18, None),
            chain(&[Mode::Air, Mode::Rail], Some(112_000), 1208, None),
            chain(&[Mode::Sea], Some(800), 400, None),
        ];
        // The way by sea is long too, but nothing beats it.
        let length = |c: &Chain| match c.modes.modes()[0] {
            Mode::Road => 450,
            Mode::Air => 33_718,
            _ => 2_000,
        };
        let chosen = choose(chains, Objective::Co2e, 9, length);
        let kg: Vec<_> = shown(&chosen).into_iter().map(|(kg, ..)| kg).collect();
        assert_eq!((kg, chosen.beaten), (vec![Some(800), Some(900)], 1));
    }

    #[test]
    fn amounts_in_two_currencies_are_in_no_order() {
        let costs = |first, second| {
            let chains = vec![
                chain(&[Mode::Rail], Some(2), 1, Some((first, 5))),
                chain(&[Mode::Road], Some(1), 9, Some((second, 7))),
            ];
            choose(chains, Objective::Cost, 9, |_| 1).shown[0]
                .chain
                .criteria
                .micrograms
        };
        assert_eq!(costs("USD", "USD"), Some(2), "the cheaper one");
        assert_eq!(costs("USD", "SGD"), Some(1), "then by CO2e");
    }
}
