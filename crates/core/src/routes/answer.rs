//! One question, one answer: the chains, their figures, the front, and where orders turn round.

use super::choose::{Choice, choose};
use super::costing::Costing;
use super::door::{self, Lacking};
use super::network::{Link, LinkIndex, Network};
use super::option::{FactorKey, RouteOption, options, price_of};
use super::request::Request;
use super::scenario::Scenario;
use super::search::{Chain, MOST_LABELS, Search, Stopped};
use super::{sea, why};
use crate::calc::compare::{
    FactorBreakEven, PriceBreakEven, factor_break_evens, front_with_cost, price_break_even,
};
use crate::geo::sea::SeaGraph;
use crate::model::id::LocationCode;
use crate::model::index::index32;
use crate::model::mode::Mode;
use crate::model::money::{Amount, Currency};
use crate::model::symbol::Symbols;
use crate::model::time::day_of;
use crate::reference::{Rate, Rates, Reference};
use std::borrow::Cow;
use std::fmt;

/// Options between whose pairs break-evens are told.
pub const LEADING: usize = 5;

/// What questions are asked of.
#[derive(Clone, Copy)]
pub struct World<'w> {
    /// Factors, places, profile.
    pub reference: &'w Reference,
    /// Links.
    pub network: &'w Network,
    /// Sea graph for port pairs that the network lacks.
    pub sea: Option<&'w SeaGraph>,
    /// Exchange rates.
    pub rates: &'w Rates,
    /// What is changed in the network; the reference holds what it changes in factors.
    pub scenario: Option<&'w Scenario>,
}

/// An option with its standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The option.
    pub option: RouteOption,
    /// On the front over CO2e and time among all chains found; `None`: one of them is not known.
    pub pareto: Option<bool>,
    /// On the front over CO2e, time and cost among the options shown; `None`: not every cost is known in one currency.
    pub pareto_with_cost: Option<bool>,
    /// Best of its sequence of modes by the objective.
    pub is_best_of_modes: bool,
}

/// Where the order of two options turns round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakEven {
    /// Place of the first in the list of options.
    pub first: usize,
    /// Place of the second.
    pub second: usize,
    /// Carbon price at which both cost the same; `None`: a cost is not known in full in one currency.
    pub carbon_price: Option<(Currency, PriceBreakEven)>,
    /// Factors that can turn the order by CO2e round, the deciding one first.
    pub factors: Vec<FactorBreakEven<FactorKey>>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Answer<'w> {
    /// The network searched, computed sea links included.
    pub network: Cow<'w, Network>,
    /// In order of the objective.
    pub options: Vec<Shown>,
    /// Chains found, left out as beaten, and cut.
    pub found: (usize, usize, usize),
    /// For each pair of leading options.
    pub break_even: Vec<BreakEven>,
    /// Rates that converted prices of options shown.
    pub rates: Vec<Rate>,
    /// Texts behind symbols.
    pub symbols: Symbols,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// No chain, and why.
    NoChain(String),
    /// Too many chains to be sure of the best.
    TooMany,
    /// Money beyond what can be held.
    Money,
    /// The scenario cannot be computed.
    Scenario(String),
    /// The parts of a chain do not add up to the whole: a fault of this program.
    Disagreement(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAnswer::NoChain(why) => f.write_str(why),
            NoAnswer::TooMany => write!(
                f,
                "more than {MOST_LABELS} partial chains; narrow the question with --modes, --via, --avoid or --max-days"
            ),
            NoAnswer::Money => {
                f.write_str("an amount of money is beyond what can be held; check prices and rates")
            }
            NoAnswer::Scenario(what) | NoAnswer::Disagreement(what) => f.write_str(what),
        }
    }
}

impl From<Stopped> for NoAnswer {
    fn from(stopped: Stopped) -> NoAnswer {
        match stopped {
            Stopped::TooMany => NoAnswer::TooMany,
            Stopped::Money => NoAnswer::Money,
        }
    }
}

/// Answers one question.
pub fn answer<'w>(world: World<'w>, request: &Request) -> Result<Answer<'w>, NoAnswer> {
    let mut network = network_for(&world, request, Lacking::default())?;
    let mut chains = {
        let mut costing = Costing::new(world.reference, &network, &request.cargo);
        let (prices, _) = prices(&world, &network, &costing, request)?;
        Search::run(world.reference, &network, request, &mut costing, &prices)?
    };
    let lacking = Lacking::after(&chains, &network, world.reference, request);
    if lacking.is_any() {
        network = network_for(&world, request, lacking)?;
    }
    let mut costing = Costing::new(world.reference, &network, &request.cargo);
    let (prices, used) = prices(&world, &network, &costing, request)?;
    if lacking.is_any() {
        chains = Search::run(world.reference, &network, request, &mut costing, &prices)?;
    }
    if chains.is_empty() {
        let mut has_chain = |r: &Request| {
            Search::run(world.reference, &network, r, &mut costing, &prices)
                .is_ok_and(|c| !c.is_empty())
        };
        return Err(NoAnswer::NoChain(why::no_chain(
            &network,
            world.reference,
            request,
            &mut has_chain,
        )));
    }
    let Choice {
        shown,
        found,
        beaten,
        cut,
    } = choose(chains, request.objective, request.options, |chain| {
        door::length(chain, &network, world.reference, |_| true)
    });
    let standing: Vec<_> = shown
        .iter()
        .map(|c| (c.pareto, c.is_best_of_modes))
        .collect();
    let chains: Vec<Chain> = shown.into_iter().map(|c| c.chain).collect();
    let list = options(
        chains,
        &network,
        &mut costing,
        &prices,
        request.carbon_price,
    )
    .ok_or(NoAnswer::Money)?;
    list.iter().try_for_each(adds_up)?;
    let criteria: Vec<_> = list.iter().map(|o| o.criteria().clone()).collect();
    let with_cost = front_with_cost(&criteria);
    let break_even = break_evens(&list);
    let symbols = costing.symbols().clone();
    drop(costing);
    let on_the_way = |link: &LinkIndex| list.iter().any(|o| o.chain.links.contains(link));
    let mut rates: Vec<Rate> = Vec::new();
    for (link, rate) in used {
        if on_the_way(&link) && !rates.contains(&rate) {
            rates.push(rate);
        }
    }
    if let Some(graph) = world.sea {
        let mut shown: Vec<LinkIndex> = list.iter().flat_map(|o| o.chain.links.clone()).collect();
        shown.sort_unstable();
        shown.dedup();
        let links = &mut network.to_mut().links;
        sea::tell_passages(links, &shown, graph, world.reference, request);
    }
    let options = list.into_iter().zip(standing).zip(with_cost).map(
        |((option, (pareto, is_best_of_modes)), with_cost)| Shown {
            option,
            pareto,
            pareto_with_cost: with_cost,
            is_best_of_modes,
        },
    );
    let options = options.collect();
    Ok(Answer {
        network,
        options,
        found: (found, beaten, cut),
        break_even,
        rates,
        symbols,
    })
}

/// The network of one question: what is lacking from door to door and computed sea links added, the scenario applied.
fn network_for<'w>(
    world: &World<'w>,
    request: &Request,
    lacking: Lacking,
) -> Result<Cow<'w, Network>, NoAnswer> {
    let mut network = Cow::Borrowed(world.network);
    if lacking.is_any() {
        let doors = door::links(&network, world.sea, world.reference, request, lacking);
        let links = network.links.iter().cloned().chain(doors).collect();
        network = Cow::Owned(Network::of(links, network.estimates.clone()));
    }
    if let Some(voyages) = &world.reference.voyages {
        let computed = sea::with_computed(&network, voyages, world.reference, request);
        network = Cow::Owned(computed);
    }
    if let Some(scenario) = world.scenario {
        scenario
            .change(network.to_mut(), &world.reference.factors)
            .map_err(NoAnswer::Scenario)?;
    }
    Ok(network)
}

/// A link by what it is, in whatever network.
pub type LinkKey = (String, Mode, LocationCode, LocationCode);

/// The links of an option by what they are.
pub fn keys(option: &RouteOption, network: &Network) -> Vec<LinkKey> {
    let links = option.chain.links.iter().map(|l| network.link(*l));
    links
        .map(|l| (l.service.clone(), l.mode, l.origin, l.destination))
        .collect()
}

/// Given chains as they are in this world, each with its network's figures; `None`: a link is closed, or has no departure.
pub fn evaluate(
    world: World,
    request: &Request,
    chains: &[Vec<LinkKey>],
) -> Result<Vec<Option<RouteOption>>, NoAnswer> {
    // What one world lacks the other may have, and the chains of both must be found.
    let network = network_for(&world, request, Lacking::EVERYTHING)?;
    let mut costing = Costing::new(world.reference, &network, &request.cargo);
    let (prices, _) = prices(&world, &network, &costing, request)?;
    let find = |key: &LinkKey| {
        let is_it = |l: &Link| {
            l.service == key.0 && (l.mode, l.origin, l.destination) == (key.1, key.2, key.3)
        };
        network.links.iter().position(is_it).map(index32)
    };
    let mut list = Vec::with_capacity(chains.len());
    for chain in chains {
        let links: Option<Vec<LinkIndex>> = chain.iter().map(find).collect();
        let chain =
            links.and_then(|links| Chain::of(links, &network, request, &mut costing, &prices));
        list.push(match chain {
            Some(chain) => {
                let found = options(
                    vec![chain],
                    &network,
                    &mut costing,
                    &prices,
                    request.carbon_price,
                );
                found.ok_or(NoAnswer::Money)?.pop()
            }
            None => None,
        });
    }
    Ok(list)
}

/// The search adds links and hubs one by one, the kernel computes the whole chain: both must say the same.
fn adds_up(option: &RouteOption) -> Result<(), NoAnswer> {
    let (whole, parts) = (option.micrograms(), option.chain.emission.micrograms);
    // A shipment of which every record is refused has no hubs either.
    let is_refused = option.parts.iter().all(|p| p.element.is_none());
    if whole == parts || is_refused {
        return Ok(());
    }
    Err(NoAnswer::Disagreement(format!(
        "a chain of {whole} micrograms was searched with {parts}"
    )))
}

/// The price of a link for a cargo.
type LinkPrice = Option<(Currency, Amount)>;

/// By link, and the rates of those that were converted.
type Prices = (Vec<LinkPrice>, Vec<(LinkIndex, Rate)>);

/// What each link costs for the cargo, in the currency asked for where a rate leads there; and the rate of each converted one.
fn prices(
    world: &World,
    network: &Network,
    costing: &Costing,
    request: &Request,
) -> Result<Prices, NoAnswer> {
    let (mass_g, teu) = costing.mass_and_teu();
    let day = day_of(request.depart);
    let mut used = Vec::new();
    let mut list = Vec::with_capacity(network.links.len());
    for (index, link) in network.links.iter().enumerate() {
        let own = link
            .price
            .as_ref()
            .and_then(|p| Some((p.currency, price_of(p, mass_g, teu)?)));
        let wanted = own
            .zip(request.currency)
            .filter(|((currency, _), wanted)| currency != wanted);
        let rate =
            wanted.and_then(|((currency, _), wanted)| world.rates.find(currency, wanted, day));
        list.push(match (own, request.currency, rate) {
            (Some((currency, amount)), Some(wanted), Some(rate)) => {
                used.push((index32(index), rate.clone()));
                Some((
                    wanted,
                    rate.convert(currency, amount).ok_or(NoAnswer::Money)?,
                ))
            }
            (own, ..) => own,
        });
    }
    Ok((list, used))
}

fn break_evens(list: &[RouteOption]) -> Vec<BreakEven> {
    let leading = list.len().min(LEADING);
    let shares: Vec<_> = list.iter().take(leading).map(RouteOption::shares).collect();
    let mut pairs = Vec::new();
    for first in 0..leading {
        for second in first + 1..leading {
            let (a, b) = (&list[first], &list[second]);
            let costs = (a.criteria().costs.complete(), b.criteria().costs.complete());
            let is_known = a.is_complete() && b.is_complete();
            let carbon_price = match costs {
                (Some((currency, cost_a)), Some((other, cost_b)))
                    if currency == other && is_known =>
                {
                    Some((
                        currency,
                        price_break_even((cost_a, a.micrograms()), (cost_b, b.micrograms())),
                    ))
                }
                _ => None,
            };
            let factors = match is_known {
                true => factor_break_evens(
                    (a.micrograms(), &shares[first]),
                    (b.micrograms(), &shares[second]),
                ),
                false => Vec::new(),
            };
            pairs.push(BreakEven {
                first,
                second,
                carbon_price,
                factors,
            });
        }
    }
    pairs
}
