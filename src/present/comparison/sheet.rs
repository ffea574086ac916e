//! An answer as words and decimals: every figure once, exact and with the decimals that it is written with, so that all forms say the
//! same. The names are those of the JSON form, in which a decimal is a text.

use crate::present::comparison::asked::RequestSheet;
use crate::present::comparison::cost::{CostSheet, PriceSheet};
use crate::present::comparison::days::DaySheet;
use crate::present::comparison::figure::{days, kg, percent};
use crate::routes::option::RouteOption;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// The question.
    pub request: RequestSheet,
    /// The method behind the emissions.
    pub method: MethodSheet,
    /// By what options are in order.
    pub order: String,
    /// Chains found, left out as beaten, and not shown because no more were asked for.
    pub chains: BTreeMap<&'static str, usize>,
    /// Options in order.
    pub options: Vec<OptionSheet>,
    /// Pairs of leading options.
    pub break_even: Vec<BreakEvenSheet>,
    /// Rates that converted prices.
    pub rates: Vec<RateSheet>,
    /// What the figures rest on.
    pub assumptions: Vec<String>,
    /// Editions of the factors used.
    pub sources: Vec<SourceSheet>,
    /// What a scenario changes; the options are those under the scenario.
    pub scenario: Option<ScenarioSheet>,
}

/// Before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct ScenarioSheet {
    pub title: String,
    pub changes: Vec<String>,
    pub rows: Vec<ScenarioRow>,
}

/// A chain before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct ScenarioRow {
    /// The option that it is under the scenario; absent: it is not among them.
    pub option: Option<String>,
    pub modes: String,
    pub places: Vec<String>,
    pub before: Option<Standing>,
    pub after: Option<Standing>,
    pub change_percent: Option<Decimal>,
}

/// Figures of a chain in one world; a chain that is closed there has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Standing {
    pub days: Option<Decimal>,
    pub ghg_operation_kg: Decimal,
    pub ghg_provision_kg: Decimal,
    pub ghg_total_kg: Decimal,
    pub ghg_is_complete: bool,
}

impl ScenarioRow {
    /// The row of a chain whose places and modes are `places` and `modes`.
    pub fn new(
        option: Option<String>,
        modes: String,
        places: Vec<String>,
        before: Option<&RouteOption>,
        after: Option<&RouteOption>,
    ) -> ScenarioRow {
        let standing = |o: &RouteOption| Standing {
            days: (!o.times.is_partial).then(|| days(o.times.total)),
            ghg_operation_kg: kg(o.operation),
            ghg_provision_kg: kg(o.provision),
            ghg_total_kg: kg(o.micrograms()),
            ghg_is_complete: o.is_complete(),
        };
        let both = before
            .zip(after)
            .filter(|(b, a)| b.is_complete() && a.is_complete());
        let change =
            both.and_then(|(b, a)| percent(a.micrograms() - b.micrograms(), b.micrograms()));
        ScenarioRow {
            option,
            modes,
            places,
            before: before.map(standing),
            after: after.map(standing),
            change_percent: change,
        }
    }
}

/// The method behind the emissions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct MethodSheet {
    pub title: String,
    pub method: String,
    pub boundary: String,
    pub exclusions: Vec<String>,
}

/// An option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct OptionSheet {
    pub id: String,
    pub pareto: Option<bool>,
    pub pareto_with_cost: Option<bool>,
    pub best_of_modes: bool,
    pub standing: String,
    pub modes: String,
    pub places: Vec<String>,
    pub distance_km: Decimal,
    pub days: Option<Decimal>,
    pub hours: Option<Decimal>,
    pub hours_known: Decimal,
    pub moving_hours: Decimal,
    pub dwell_hours: Decimal,
    pub waiting_hours: Decimal,
    pub has_estimated_time: bool,
    pub elements_without_timetable: usize,
    /// The day on which the cargo must be ready.
    pub ready: String,
    pub departs_at: String,
    pub departs: DaySheet,
    pub arrives_at: Option<String>,
    pub arrives: DaySheet,
    pub cost: Option<Decimal>,
    pub currency: Option<String>,
    pub known_costs: Vec<MoneySheet>,
    pub cost_covers_elements: String,
    pub cost_covers_distance_percent: Option<Decimal>,
    pub carbon_cost: Option<Decimal>,
    pub cost_with_carbon: Option<Decimal>,
    /// The cost as a range, with rate cards and price levels in the places of prices that are not known.
    pub cost_range: CostSheet,
    pub ghg_is_complete: bool,
    pub ghg_operation_kg: Decimal,
    pub ghg_provision_kg: Decimal,
    pub ghg_total_kg: Decimal,
    pub ghg_kg_per_teu: Option<Decimal>,
    pub ghg_by_mode_kg: BTreeMap<&'static str, Decimal>,
    pub quality_flags: String,
    pub elements: Vec<ElementSheet>,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct MoneySheet {
    pub amount: Decimal,
    pub currency: String,
}

/// An element of an option.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct ElementSheet {
    pub kind: &'static str,
    pub mode: &'static str,
    pub operation: String,
    pub service: String,
    pub carrier: String,
    pub energy_carrier: String,
    pub origin: String,
    pub origin_name: String,
    pub destination: String,
    pub destination_name: String,
    pub departed_at: String,
    pub departs: DaySheet,
    pub arrived_at: Option<String>,
    pub arrives: DaySheet,
    /// Days of departure, or the mean interval between departures; empty: nobody publishes it.
    pub frequency: String,
    /// By when the box must be there for the departure.
    pub cut_off_at: Option<String>,
    pub dwell_hours: Option<Decimal>,
    pub dwell_is_estimate: bool,
    pub waiting_hours: Option<Decimal>,
    pub waiting_is_estimate: bool,
    pub transit_hours: Option<Decimal>,
    pub transit_is_estimate: bool,
    pub distance_km: Option<Decimal>,
    pub distance_basis: &'static str,
    pub distance_source: &'static str,
    /// The distance as it stands in the movement record; absent: the engine looks it up.
    pub reported_distance_km: Option<Decimal>,
    pub passages: Vec<&'static str>,
    pub cost: Option<Decimal>,
    pub currency: Option<String>,
    /// The price as a range with how it is known.
    pub price: Option<PriceSheet>,
    pub factor_id: String,
    pub intensity_operation_g: Option<Decimal>,
    pub intensity_provision_g: Option<Decimal>,
    pub intensity_per: &'static str,
    pub ghg_operation_kg: Option<Decimal>,
    pub ghg_provision_kg: Option<Decimal>,
    pub ghg_total_kg: Option<Decimal>,
    pub quality_flags: String,
    pub refused: Option<String>,
    pub source_ref: String,
    pub note: String,
}

/// Where the order of two options turns round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct BreakEvenSheet {
    pub first: String,
    pub second: String,
    /// The carbon price, where both costs are known.
    pub carbon_price: Option<Decimal>,
    /// The ends of its range; absent: no carbon price turns the order round, or of a cost nothing is known.
    pub carbon_price_low: Option<Decimal>,
    pub carbon_price_high: Option<Decimal>,
    pub currency: Option<String>,
    pub carbon_price_reason: String,
    pub factors: Vec<FactorBreakEvenSheet>,
    pub factor_reason: String,
}

/// A factor that can turn the order of two options round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct FactorBreakEvenSheet {
    pub factor_id: String,
    pub operation: String,
    pub per: &'static str,
    pub intensity_g: Decimal,
    pub break_even_g: Decimal,
    pub change_percent: Decimal,
    pub less_above: String,
    pub less_below: String,
}

/// A rate that converted prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct RateSheet {
    pub from: String,
    pub to: String,
    pub rate: Decimal,
    pub date: String,
    pub source_ref: String,
}

/// An edition that factors are from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct SourceSheet {
    pub edition: String,
    pub title: String,
    pub publisher: String,
    pub licence: String,
    pub url: String,
}
