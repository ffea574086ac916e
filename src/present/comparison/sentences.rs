//! Why options stand where they stand, in words. No order is given without its reason.

use crate::calc::compare::beats;
use crate::calc::cost_range::PriceBreakEven;
use crate::model::element::{Element, FactorIndex};
use crate::model::mode::Mode;
use crate::model::movement::OperationIndex;
use crate::model::time::{date_text, day_of};
use crate::model::unit::{MASS_SCALE, decimal_text, div_half_even};
use crate::present::comparison::cost::amounts;
use crate::present::comparison::figure::{decimal, rounded};
use crate::present::comparison::fill::Names;
use crate::present::comparison::sheet::{FactorBreakEvenSheet, OptionSheet};
use crate::reference::PriceBasis;
use crate::routes::DAY;
use crate::routes::answer::{Answer, BreakEven, Shown};
use crate::routes::door::FROM_DOOR_TO_DOOR;
use crate::routes::option::RouteOption;
use crate::routes::request::{Cargo, Objective, Request};
use crate::routes::search::{HORIZON, MOST_ELEMENTS};
use rust_decimal::Decimal;

/// By what options are in order.
pub(crate) const fn order(objective: Objective) -> &'static str {
    match objective {
        Objective::Co2e => "CO2e, least first; then days, then cost; what is not known comes last",
        Objective::Days => {
            "days, fastest first; then CO2e, then cost; what is not known comes last"
        }
        Objective::Cost => {
            "cost, cheapest first, where all are in one currency and the ranges do not overlap; then CO2e, then days; \
             what is not known comes last"
        }
    }
}

/// Why an option is shown.
pub(crate) fn standing(place: usize, options: &[Shown], names: &Names) -> String {
    let own = &options[place];
    let better = |o: &&(usize, &Shown)| is_cleaner_and_faster(&o.1.option, &own.option);
    let numbered: Vec<(usize, &Shown)> = options.iter().enumerate().collect();
    let by = match numbered.iter().find(better) {
        Some((i, _)) => format!("option {} has no more CO2e and takes no longer", i + 1),
        None => "a chain that is not shown has no more CO2e and takes no longer".to_owned(),
    };
    let modes = if own.is_best_of_modes {
        "; first of its modes"
    } else {
        ""
    };
    let standing = match own.pareto {
        Some(true) => "on the front: nothing found is as clean and as fast".to_owned(),
        Some(false) => format!("not on the front: {by}{modes}"),
        None => format!(
            "cannot be placed: {} not known in full",
            unknown(&own.option)
        ),
    };
    match cleaner_by_factors(place, options) {
        Some(other) => format!(
            "{standing}; {}",
            by_factors(&own.option, other, options, names)
        ),
        None => standing,
    }
}

/// The shortest option that is no longer by any mode and no slower than this one, and yet not as clean: the factors alone make that.
fn cleaner_by_factors(place: usize, options: &[Shown]) -> Option<usize> {
    let own = &options[place].option;
    let is_known = |o: &RouteOption| o.is_complete() && !o.times.is_partial;
    let is_better = |other: &RouteOption| {
        is_known(own)
            && is_known(other)
            && own.micrograms() < other.micrograms()
            && own.times.total >= other.times.total
            && own.distance_m > other.distance_m
            && Mode::ALL
                .iter()
                .all(|mode| of_mode(own, *mode).metres >= of_mode(other, *mode).metres)
    };
    let others = options
        .iter()
        .enumerate()
        .map(|(at, shown)| (at, &shown.option));
    let better = others.filter(|(_, other)| is_better(other));
    better
        .min_by_key(|(_, other)| other.distance_m)
        .map(|(at, _)| at)
}

/// What an option does by one mode.
struct OfMode {
    metres: i64,
    /// g.m.
    activity: i128,
    micrograms: i128,
    operations: Vec<OperationIndex>,
    factors: Vec<FactorIndex>,
}

fn of_mode(option: &RouteOption, mode: Mode) -> OfMode {
    let elements = option.parts.iter().filter_map(|p| p.element.as_ref());
    let own: Vec<&Element> = elements
        .filter(|e| e.mode == mode && mode != Mode::Hub)
        .collect();
    let mut operations: Vec<OperationIndex> = own.iter().map(|e| e.operation).collect();
    let mut factors: Vec<FactorIndex> = own.iter().map(|e| e.factor).collect();
    operations.dedup();
    factors.dedup();
    OfMode {
        metres: own.iter().map(|e| e.distance_m).sum(),
        activity: own.iter().map(|e| i128::from(e.activity)).sum(),
        micrograms: own
            .iter()
            .map(|e| i128::from(e.ghg_operation) + i128::from(e.ghg_provision))
            .sum(),
        operations,
        factors,
    }
}

/// By which mode it is cleaner, with the mean factors of both and what they are for.
fn by_factors(own: &RouteOption, other: usize, options: &[Shown], names: &Names) -> String {
    let id = other + 1;
    let other = &options[other].option;
    // g/t.km with two decimals: a microgram and a gram of cargo over a metre are 1,000 of them apart.
    let rate = |part: &OfMode| match part.activity {
        0 => decimal(0, 2),
        activity => decimal(div_half_even(part.micrograms * 100_000, activity), 2),
    };
    let pairs = Mode::ALL
        .iter()
        .map(|mode| (mode, of_mode(own, *mode), of_mode(other, *mode)));
    let cleaner = pairs.filter(|(_, a, b)| b.activity > 0 && rate(a) < rate(b));
    let most = cleaner.max_by_key(|(_, a, b)| (rate(b) - rate(a)) * Decimal::from(b.metres));
    let Some((mode, a, b)) = most else {
        return format!(
            "less CO2e than option {id} by its hubs alone: its way is no shorter by any mode, and no faster"
        );
    };
    let words = |part: &OfMode| {
        let named: Vec<String> = match a.operations == b.operations {
            true => part.factors.iter().map(|f| names.factor(*f)).collect(),
            false => part
                .operations
                .iter()
                .map(|o| names.operation(*o))
                .collect(),
        };
        named.join(", ")
    };
    format!(
        "less CO2e than option {id} by its factors alone: its way is no shorter by any mode, and no faster; by {} it has {} g/t.km ({}), \
         option {id} {} ({})",
        mode.code().replace('_', " "),
        rate(&a),
        words(&a),
        rate(&b),
        words(&b)
    )
}

fn is_cleaner_and_faster(a: &RouteOption, b: &RouteOption) -> bool {
    let without_cost = |o: &RouteOption| {
        let mut criteria = o.criteria().clone();
        criteria.costs = Default::default();
        criteria
    };
    beats(&without_cost(a), &without_cost(b), false)
}

fn unknown(option: &RouteOption) -> &'static str {
    match (option.is_complete(), option.times.is_partial) {
        (false, true) => "CO2e and time are",
        (false, false) => "CO2e is",
        (true, _) => "time is",
    }
}

/// What the carbon price does to a pair.
pub(crate) fn carbon_price(
    pair: &BreakEven,
    first: &OptionSheet,
    second: &OptionSheet,
    options: (&RouteOption, &RouteOption),
) -> String {
    let (low, high) = if options.0.micrograms() <= options.1.micrograms() {
        (first, second)
    } else {
        (second, first)
    };
    match &pair.carbon_price {
        Some((currency, PriceBreakEven::Between(range))) if range.low == range.high => format!(
            "above {} {currency} per tonne option {} is cheaper, carbon included; below it option {}",
            range.low.text(),
            low.id,
            high.id
        ),
        Some((currency, PriceBreakEven::Between(range))) => {
            let below = match range.low.0 {
                0 => "below it, it is open".to_owned(),
                _ => format!(
                    "below {} option {}; between, it is open",
                    range.low.text(),
                    high.id
                ),
            };
            format!(
                "above {} {currency} per tonne option {} is cheaper wherever in the ranges both are, carbon included; {below}; {}",
                range.high.text(),
                low.id,
                uncertain(first, second)
            )
        }
        Some((_, PriceBreakEven::Never)) => {
            format!(
                "option {} emits less and is not dearer, whatever the carbon price",
                low.id
            )
        }
        Some((_, PriceBreakEven::SameEmissions)) => {
            "both emit the same: the carbon price decides nothing".to_owned()
        }
        Some((_, PriceBreakEven::Unbounded)) => "beyond every price".to_owned(),
        None if !(options.0.is_complete() && options.1.is_complete()) => {
            "no break-even: CO2e is not known in full".to_owned()
        }
        None => format!(
            "no break-even carbon price: {}; {}",
            covered(first),
            covered(second)
        ),
    }
}

/// By what a range of two options is one.
fn uncertain(first: &OptionSheet, second: &OptionSheet) -> String {
    let has_level = |o: &OptionSheet| o.cost_range.basis == Some("level");
    match (has_level(first), has_level(second)) {
        (true, true) => "both costs are levels".to_owned(),
        (true, false) => format!("the cost of option {} is a level", first.id),
        (false, true) => format!("the cost of option {} is a level", second.id),
        (false, false) => "a rate card has a range".to_owned(),
    }
}

fn covered(option: &OptionSheet) -> String {
    let range = &option.cost_range.freight;
    match (&option.cost, &option.currency, &range.complete) {
        (Some(cost), Some(currency), _) => format!("option {} costs {cost} {currency}", option.id),
        (_, _, Some(range)) => format!("option {} costs {}", option.id, amounts(range)),
        _ if !range.sums.is_empty() && range.covers_all => {
            format!("the cost of option {} is in several currencies", option.id)
        }
        // With a level or a rate card for some of them.
        _ => format!(
            "the cost of option {} is known for {} of its elements",
            option.id, range.covers
        ),
    }
}

/// What the deciding factor does to a pair.
pub(crate) fn factor(
    deciding: Option<&FactorBreakEvenSheet>,
    first: &OptionSheet,
    second: &OptionSheet,
) -> String {
    match deciding {
        Some(f) => format!(
            "option {} has less CO2e than option {} above {} g/{} of {}, option {} below; it is {} ({:+} %, {})",
            f.less_above,
            f.less_below,
            rounded(f.break_even_g, 2),
            f.per,
            f.operation,
            f.less_below,
            rounded(f.intensity_g, 2),
            rounded(f.change_percent, 1),
            f.factor_id
        ),
        None if !(first.ghg_is_complete && second.ghg_is_complete) => {
            "no break-even of a factor: CO2e is not known in full".to_owned()
        }
        None => "no single factor can turn the order round".to_owned(),
    }
}

/// What the figures of an answer rest on.
pub(crate) fn assumptions(answer: &Answer, request: &Request) -> Vec<String> {
    let options = || answer.options.iter().map(|s| &s.option);
    let mut list = vec![format!(
        "Searched: every chain of at most {MOST_ELEMENTS} transport elements within {} days that calls at no place twice and changes from ship to \
         ship, or aircraft to aircraft, only where a service is known; left out are only those that another with the same modes, or fewer \
         of them, or with less than a third of the way, equals or beats in CO2e, time and known cost.",
        request.most_hours.unwrap_or(HORIZON) / DAY
    )];
    let (_, _, not_shown) = answer.found;
    if not_shown > 0 {
        list.push(format!(
            "Found and not shown: {} (--options shows more).",
            crate::model::unit::counted(not_shown as i128, "option")
        ));
    }
    let links = || options().flat_map(|o| o.chain.links.iter().map(|l| answer.network.link(*l)));
    if links().any(|link| link.source_ref.starts_with(FROM_DOOR_TO_DOOR)) {
        list.push(
            "Nothing is known to run on links whose distance is an estimate: roads to the ports, airports and terminals next to a place, \
             and the main leg between them. Whether a carrier offers them was not looked up."
                .to_owned(),
        );
    }
    if (0..answer.options.len()).any(|place| cleaner_by_factors(place, &answer.options).is_some()) {
        list.push(
            "An option that is cleaner by its factors alone has vehicles of another class, or in another region: a service names its class, a way without a known \
             service has the mean of the profile. Nobody showed that no such vehicle goes the other way."
                .to_owned(),
        );
    }
    if options().any(|o| o.times.has_estimate) {
        list.push(
            "Times marked ~ hold estimates: a distance at the mean speed of the operation, or a mean dwell in a hub.".to_owned(),
        );
    }
    if options().any(|o| o.times.unknown_waits > 0) {
        list.push(
            "Where nobody publishes how often a service departs, the dwell in the hub is all the time before departure, and days from there on \
             are marked +: that day or later."
                .to_owned(),
        );
    }
    list.extend(costs(answer).into_iter().map(str::to_owned));
    list.extend(arrival(request));
    list.extend(boxes(&request.cargo));
    if request.cargo.mass_g == 0 {
        list.push("No cargo mass was given: that of the profile per TEU stands in.".to_owned());
    }
    list.push(
        "A break-even of a factor changes that one alone. Emissions count as proportional to it, the rounding of elements to the \
         microgram left aside."
            .to_owned(),
    );
    if options().any(|o| !o.is_complete()) {
        list.push(
            "An option whose CO2e is not known in full shows the part that is known; it is compared with nothing.".to_owned(),
        );
    }
    list
}

/// What a day of arrival means.
fn arrival(request: &Request) -> Option<String> {
    let by = date_text(day_of(request.arrive_by?));
    let left_out = "An option of whose time a part is not known is left out";
    Some(match request.is_ready_open {
        true => format!(
            "Each option is as late as it still arrives by {by}: its cargo must be ready at the start of the day that it names. Chains are those for cargo that is ready on \
             {} or on the last day after it on which factors, services or passages change; figures are those of the days of the voyage. {left_out}; \
             a day marked + may be later, and then the arrival is.",
            date_text(day_of(request.depart))
        ),
        false => format!("Every option arrives by {by}, as far as its days are known. {left_out}."),
    })
}

/// How the cargo is spread over boxes.
fn boxes(cargo: &Cargo) -> Option<String> {
    let kg = |g: u32| decimal_text(i128::from(g), MASS_SCALE);
    if cargo.box_share > 0 {
        return Some(
            "The cargo has its part of the box: of TEU, container and their prices. Nobody was asked whether others fill the rest."
                .to_owned(),
        );
    }
    if cargo.boxes == 1 {
        return None;
    }
    let each: Vec<String> = cargo
        .alike()
        .into_iter()
        .map(|(count, g)| match g {
            0 => format!("{count} with the mass of the profile"),
            g => format!("{count} with {} kg each", kg(g)),
        })
        .collect();
    let why = match cargo.is_split {
        true => {
            "One box carries less than this cargo, so it is spread evenly over as few as carry it"
        }
        false => "The cargo is spread evenly over the boxes",
    };
    Some(format!(
        "{why}: {}. All go the same way; figures and costs are those of all of them.",
        each.join(", ")
    ))
}

/// What the costs of an answer rest on.
fn costs(answer: &Answer) -> Vec<&'static str> {
    let has_row = |wanted: PriceBasis| {
        let freight = answer.options.iter().flat_map(|s| &s.costs.parts).flatten();
        let handling = answer.options.iter().flat_map(|s| &s.costs.handling);
        let mut prices = freight.chain(handling.filter_map(|h| h.price.as_ref()));
        prices.any(|price| price.basis == wanted)
    };
    let mut list = vec![
        "Costs are freight prices with a source, as far as there are any. Terminal handling stands apart; customs, waiting (storage, \
         demurrage) and stock are not in them.",
    ];
    if has_row(PriceBasis::RateCard) {
        list.push(
            "A cost marked rate card holds prices of --rate-card where no service has one. They find no chains and drop none; a price that \
             should belongs to a service (--services).",
        );
    }
    if has_row(PriceBasis::Level) {
        list.push(
            "A cost marked level is a range of what such freight cost somewhere, some time: nobody offers it. Each row has its dates and its \
             source, own estimates are marked; --no-levels leaves them out.",
        );
        list.push(
            "Levels find no chains and drop none. They order options by cost, and take one from the front with cost, only where the ranges do \
             not overlap; what two options have in common widens both ranges.",
        );
    }
    list
}
