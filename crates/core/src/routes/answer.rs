//! One question, one answer: the chains, their figures, the front, and where orders turn round.

use super::choose::{Choice, choose};
use super::costing::{Costing, SharedLinks};
use super::door::{self, Lacking};
use super::network::{Link, LinkIndex, Network};
use super::option::{FactorKey, RouteOption, options, price_of};
use super::priced::{OptionCosts, Pricing};
use super::request::{Objective, Request};
use super::scenario::Scenario;
use super::search::{Chain, MOST_LABELS, Stopped};
use super::{arrival, sea, why};
use crate::calc::compare::{FactorBreakEven, factor_break_evens};
use crate::calc::cost_range::{
    PriceBreakEven, common_currency, front_with_cost, price_break_even, surely_cheaper_first,
};
use crate::geo::sea::SeaGraph;
use crate::model::id::LocationCode;
use crate::model::index::index32;
use crate::model::mode::Mode;
use crate::model::money::{Amount, Currency};
use crate::model::symbol::Symbols;
use crate::model::time::day_of;
use crate::reference::{PriceRows, Rate, Rates, Reference};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

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
    /// Rate cards and price levels, for what no service has a price.
    pub price_rows: &'w PriceRows,
    /// What is changed in the network; the reference holds what it changes in factors.
    pub scenario: Option<&'w Scenario>,
    /// Footprints of the links that other questions found; only where the network is the same for all, whatever is asked.
    pub shared: Option<&'w SharedLinks>,
}

/// An option with its standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The option.
    pub option: RouteOption,
    /// What it costs, with rate cards and price levels.
    pub costs: OptionCosts,
    /// On the front over CO2e and time among all chains found; `None`: one of them is not known.
    pub pareto: Option<bool>,
    /// On the front over CO2e, time and cost among the options shown: none of them surely beats it. `None`: it is open, as of its own cost
    /// nothing is known, or of that of one that may beat it, or as costs are in several currencies.
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
    /// Carbon price at which both cost the same; `None`: of a part of a cost nothing is known, or they are in several currencies.
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
        let mut costing = Costing::new(world.reference, &network, &request.cargo)
            .sharing(world.shared, world.network.links.len());
        let (prices, _) = prices(&world, &network, &costing, request)?;
        arrival::chains(world.reference, &network, request, &mut costing, &prices)?
    };
    let lacking = Lacking::after(&chains, &network, world.reference, request);
    if lacking.is_any() {
        network = network_for(&world, request, lacking)?;
    }
    let mut costing = Costing::new(world.reference, &network, &request.cargo)
        .sharing(world.shared, world.network.links.len());
    let (prices, used) = prices(&world, &network, &costing, request)?;
    if lacking.is_any() {
        chains = arrival::chains(world.reference, &network, request, &mut costing, &prices)?;
    }
    if chains.is_empty() {
        let mut has_chain = |r: &Request| {
            arrival::chains(world.reference, &network, r, &mut costing, &prices)
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
    let pricing = Pricing::new(&world, request);
    let (costs, converted) = pricing.of_all(&list).ok_or(NoAnswer::Money)?;
    let mut priced: Vec<Priced> = list.into_iter().zip(costs).zip(standing).collect();
    if request.objective == Objective::Cost {
        priced = cheapest_first(priced);
    }
    let with_cost = {
        let pairs = priced
            .iter()
            .map(|((o, c), _)| (o.criteria(), c.freight.complete()));
        front_with_cost(&pairs.collect::<Vec<_>>())
    };
    let break_even = break_evens(&priced);
    let symbols = costing.symbols().clone();
    drop(costing);
    let on_the_way = |link: &LinkIndex| {
        let mut options = priced.iter().map(|((option, _), _)| option);
        options.any(|o| o.chain.links.contains(link))
    };
    let mut rates: Vec<Rate> = Vec::new();
    let used = used.into_iter().filter(|(link, _)| on_the_way(link));
    for rate in used.map(|(_, rate)| rate).chain(converted) {
        if !rates.contains(&rate) {
            rates.push(rate);
        }
    }
    {
        let links = priced.iter().flat_map(|((o, _), _)| o.chain.links.clone());
        let mut shown: Vec<LinkIndex> = links.collect();
        shown.sort_unstable();
        shown.dedup();
        let links = &mut network.to_mut().links;
        if let Some(voyages) = &world.reference.voyages {
            sea::tell_passages(links, &shown, voyages, world.reference, request);
        }
        door::tell_estimates(links, &shown, world.reference, day_of(request.depart));
    }
    let options = priced.into_iter().zip(with_cost).map(
        |(((option, costs), (pareto, is_best_of_modes)), with_cost)| Shown {
            option,
            costs,
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
        network = Cow::Owned(network.with(doors));
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
        let is_it = |l: &Arc<Link>| {
            l.service == key.0 && (l.mode, l.origin, l.destination) == (key.1, key.2, key.3)
        };
        network.links.iter().position(is_it).map(index32)
    };
    let mut list = Vec::with_capacity(chains.len());
    for chain in chains {
        let links: Option<Vec<LinkIndex>> = chain.iter().map(find).collect();
        let chain = links
            .and_then(|links| Chain::of(links, &network, request.depart, &mut costing, &prices));
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
    let carried = costing.carried();
    let day = request.money_day();
    let mut used = Vec::new();
    let mut list = Vec::with_capacity(network.links.len());
    for (index, link) in network.links.iter().enumerate() {
        let own = link
            .price
            .as_ref()
            .and_then(|p| Some((p.currency, price_of(p, &carried)?)));
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

/// An option, what it costs, whether it is on the front, and whether it is the first of its modes.
type Priced = ((RouteOption, OptionCosts), (Option<bool>, bool));

/// The options in an order that puts none before one that is surely cheaper; what is not known in full, and what of the cost nothing is
/// known of, stays behind. Costs in several currencies have no order.
fn cheapest_first(list: Vec<Priced>) -> Vec<Priced> {
    let is_known = |((option, costs), (pareto, _)): &Priced| {
        let is_complete = option.is_complete() && pareto.is_some();
        is_complete && costs.freight.complete().is_some()
    };
    let (known, unknown): (Vec<Priced>, Vec<Priced>) = list.into_iter().partition(is_known);
    let costs: Vec<_> = known
        .iter()
        .map(|((_, c), _)| c.freight.complete())
        .collect();
    let order = match common_currency(costs.iter().copied()) {
        Some(_) => surely_cheaper_first(&costs.iter().flatten().map(|c| c.1).collect::<Vec<_>>()),
        None => (0..known.len()).collect(),
    };
    let mut known: Vec<Option<Priced>> = known.into_iter().map(Some).collect();
    let sorted = order.into_iter().filter_map(|at| known[at].take());
    let mut list: Vec<Priced> = sorted.chain(unknown).collect();
    let mut seen = Vec::new();
    for ((option, _), (_, is_best_of_modes)) in &mut list {
        *is_best_of_modes = !seen.contains(&option.chain.modes);
        seen.push(option.chain.modes);
    }
    list
}

fn break_evens(list: &[Priced]) -> Vec<BreakEven> {
    let leading = &list[..list.len().min(LEADING)];
    let shares: Vec<_> = leading.iter().map(|((o, _), _)| o.shares()).collect();
    let leading = leading.len();
    let mut pairs = Vec::new();
    for first in 0..leading {
        for second in first + 1..leading {
            let (((a, cost_a), _), ((b, cost_b), _)) = (&list[first], &list[second]);
            let costs = (cost_a.freight.complete(), cost_b.freight.complete());
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
