//! What an answer says, put into the texts and decimals of its sheet.

use crate::calc::cost_range::PriceBreakEven;
use crate::model::element::{Element, FactorIndex, GhgTotals};
use crate::model::mode::{Mode, Per};
use crate::model::money::{Amount, RATE_SCALE};
use crate::model::time::{date_text, day_of, instant_text};
use crate::model::unit::{DISTANCE_SCALE, NANO_SCALE};
use crate::output::ratio::ghg_kg_per_teu;
use crate::present::comparison::asked::request_sheet;
use crate::present::comparison::cost::{CostSheet, PriceSheet};
use crate::present::comparison::days::{DaySheet, days_of, frequency};
use crate::present::comparison::figure::{days, decimal, hours_of, kg, money, percent};
use crate::present::comparison::sentences;
use crate::present::comparison::sheet::*;
use crate::reference::Reference;
use crate::routes::MILLIHOUR_US;
use crate::routes::answer::{Answer, BreakEven, Shown};
use crate::routes::network::{Link, Network};
use crate::routes::option::{FactorKey, Part, RouteOption};
use crate::routes::request::Request;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What texts are looked up in.
pub(crate) struct Names<'a> {
    pub reference: &'a Reference,
    pub network: &'a Network,
}

impl Names<'_> {
    /// Name of a place; empty: none.
    pub(crate) fn place(&self, code: crate::model::id::LocationCode) -> String {
        match self.reference.places.get(code) {
            Some(place) => place.name.to_string(),
            None => {
                let entry = self.reference.gazetteer.get(code);
                entry.map_or(String::new(), |e| e.name.into())
            }
        }
    }

    /// Id of a factor.
    pub(crate) fn factor(&self, index: FactorIndex) -> String {
        self.reference.factors.factors[index as usize]
            .id
            .to_string()
    }

    /// Code of an operation.
    pub(crate) fn operation(&self, index: u16) -> String {
        self.reference.factors.operations[index as usize]
            .code
            .to_string()
    }
}

impl Sheet {
    /// The texts of an answer.
    pub fn new(answer: &Answer, request: &Request, reference: &Reference, profile: &str) -> Sheet {
        let names = Names {
            reference,
            network: &answer.network,
        };
        let (found, beaten, cut) = answer.found;
        let ids: Vec<String> = (1..=answer.options.len()).map(|n| n.to_string()).collect();
        let mut options: Vec<OptionSheet> = answer
            .options
            .iter()
            .zip(&ids)
            .map(|(shown, id)| option(shown, id, request, &names))
            .collect();
        for (place, sheet) in options.iter_mut().enumerate() {
            sheet.standing = sentences::standing(place, &answer.options, &names);
        }
        let break_even = answer
            .break_even
            .iter()
            .map(|b| break_even(b, answer, &options, &names))
            .collect();
        let statement = &reference.profile.statement;
        let rate = |r: &crate::reference::Rate| RateSheet {
            from: r.from.to_string(),
            to: r.to.to_string(),
            rate: decimal(r.rate as i128, RATE_SCALE).normalize(),
            date: date_text(r.day),
            source_ref: r.source_ref.clone(),
        };
        Sheet {
            request: request_sheet(request, answer, &names, profile),
            method: MethodSheet {
                title: reference.profile.title.clone(),
                method: reference.profile.method.clone(),
                boundary: statement.boundary.clone(),
                exclusions: statement.exclusions.clone(),
            },
            order: sentences::order(request.objective).to_owned(),
            chains: BTreeMap::from([("found", found), ("beaten", beaten), ("not_shown", cut)]),
            assumptions: sentences::assumptions(answer, request),
            sources: sources(answer, reference),
            options,
            break_even,
            rates: answer.rates.iter().map(rate).collect(),
            scenario: None,
        }
    }
}

fn option(shown: &Shown, id: &str, request: &Request, names: &Names) -> OptionSheet {
    let option = &shown.option;
    let (times, coverage) = (&option.times, &option.coverage);
    let cost = option.criteria().costs.complete();
    let carbon = option.carbon_cost.zip(request.currency);
    let with_carbon = cost
        .zip(carbon)
        .filter(|((own, _), (_, other))| own == other);
    let with_carbon = with_carbon.and_then(|((_, cost), (carbon, _))| cost.plus(carbon));
    let totals = GhgTotals {
        activity: 0,
        operation: option.operation,
        provision: option.provision,
    };
    let by_mode = Mode::ALL
        .iter()
        .zip(option.by_mode.0)
        .filter(|(_, ghg)| *ghg != 0);
    let hours = (!times.is_partial).then_some(times.total);
    let last = option.chain.steps.last();
    let days_of = days_of(option, names.network);
    let mut days_left = days_of.iter();
    OptionSheet {
        id: id.to_owned(),
        pareto: shown.pareto,
        pareto_with_cost: shown.pareto_with_cost,
        best_of_modes: shown.is_best_of_modes,
        standing: String::new(),
        modes: modes(option),
        places: option
            .places(names.network)
            .iter()
            .map(|p| p.to_string())
            .collect(),
        distance_km: decimal(option.distance_m as i128, DISTANCE_SCALE),
        days: hours.map(days),
        hours: hours.map(hours_of),
        hours_known: hours_of(times.total),
        moving_hours: hours_of(times.moving),
        dwell_hours: hours_of(times.dwell),
        waiting_hours: hours_of(times.waiting),
        has_estimated_time: times.has_estimate,
        elements_without_timetable: times.unknown_waits,
        ready: date_text(day_of(option.ready())),
        departs: days_of.first().map_or(DaySheet::default(), |d| d.0.clone()),
        arrives: days_of.last().map_or(DaySheet::default(), |d| d.1.clone()),
        departs_at: option
            .chain
            .steps
            .first()
            .map_or(String::new(), |s| instant_text(s.departed_at)),
        arrives_at: last
            .filter(|_| !times.is_partial)
            .map(|s| instant_text(s.arrived_at)),
        cost: cost.map(|(_, amount)| money(amount)),
        currency: cost.map(|(currency, _)| currency.to_string()),
        known_costs: option
            .criteria()
            .costs
            .amounts
            .iter()
            .map(money_sheet)
            .collect(),
        cost_covers_elements: format!("{}/{}", coverage.priced, coverage.elements),
        cost_covers_distance_percent: percent(coverage.priced_m as i128, coverage.metres as i128),
        carbon_cost: option.carbon_cost.map(money),
        cost_with_carbon: with_carbon.map(money),
        cost_range: CostSheet::new(&shown.costs, carbon),
        ghg_is_complete: option.is_complete(),
        ghg_operation_kg: kg(option.operation),
        ghg_provision_kg: kg(option.provision),
        ghg_total_kg: kg(option.micrograms()),
        ghg_kg_per_teu: option
            .teu
            .and_then(|teu| ghg_kg_per_teu(&totals, teu as i128))
            .map(|v| decimal(v, 6)),
        ghg_by_mode_kg: by_mode.map(|(mode, ghg)| (mode.code(), kg(ghg))).collect(),
        quality_flags: option.flags.text(),
        elements: option
            .parts
            .iter()
            .zip(&shown.costs.parts)
            .map(|(part, price)| {
                let days = part.link.and_then(|_| days_left.next().cloned());
                let (departs, arrives) = days.unwrap_or_default();
                ElementSheet {
                    price: price.as_ref().map(PriceSheet::new),
                    departs,
                    arrives,
                    ..element(part, names)
                }
            })
            .collect(),
    }
}

/// `rail>sea`.
pub(crate) fn modes(option: &RouteOption) -> String {
    option
        .chain
        .modes
        .modes()
        .iter()
        .map(|m| m.code())
        .collect::<Vec<_>>()
        .join(">")
}

fn element(part: &Part, names: &Names) -> ElementSheet {
    let mut sheet = match &part.link {
        Some((index, step)) => {
            let link = names.network.link(*index);
            let transit = link.transit.as_ref();
            ElementSheet {
                departed_at: instant_text(step.departed_at),
                arrived_at: transit.map(|_| instant_text(step.arrived_at)),
                dwell_hours: (!step.unknown.dwell).then(|| hours_of(step.dwell)),
                dwell_is_estimate: step.dwell_is_estimate,
                waiting_hours: (!step.unknown.wait).then(|| hours_of(step.wait)),
                waiting_is_estimate: step.wait_is_estimate,
                transit_hours: transit.map(|t| hours_of(t.value)),
                transit_is_estimate: transit.is_some_and(|t| t.is_estimate),
                frequency: frequency(link.wait),
                cut_off_at: (link.cut_off > 0)
                    .then(|| instant_text(step.departed_at - link.cut_off * MILLIHOUR_US)),
                ..of_link(link, names)
            }
        }
        None => ElementSheet {
            kind: "hub",
            mode: Mode::Hub.code(),
            ..ElementSheet::default()
        },
    };
    if let Some(e) = &part.element {
        of_element(&mut sheet, e, names);
    }
    sheet.cost = part.price.map(|(_, amount)| money(amount));
    sheet.currency = part.price.map(|(currency, _)| currency.to_string());
    sheet.refused = part.refused.clone();
    sheet
}

fn of_link(link: &Link, names: &Names) -> ElementSheet {
    ElementSheet {
        kind: "transport",
        mode: link.mode.code(),
        operation: names.operation(link.operation),
        service: link.service.clone(),
        carrier: link.carrier.clone(),
        energy_carrier: link.energy_carrier.clone(),
        origin: link.origin.to_string(),
        origin_name: names.place(link.origin),
        destination: link.destination.to_string(),
        destination_name: names.place(link.destination),
        reported_distance_km: link
            .distance
            .map(|(m, _)| decimal(m as i128, DISTANCE_SCALE)),
        distance_basis: link.distance.map_or("", |(_, basis)| basis.code()),
        passages: link.passages.codes().collect(),
        source_ref: link.source_ref.clone(),
        note: link.note.clone(),
        ..ElementSheet::default()
    }
}

fn of_element(sheet: &mut ElementSheet, e: &Element, names: &Names) {
    if e.mode == Mode::Hub {
        sheet.operation = names.operation(e.operation);
        sheet.origin = e.origin.to_string();
        sheet.origin_name = names.place(e.origin);
        sheet.destination = e.destination.to_string();
        sheet.destination_name = names.place(e.destination);
        sheet.departed_at = instant_text(e.departed_at);
    } else {
        sheet.distance_km = Some(decimal(e.distance_m as i128, DISTANCE_SCALE));
        sheet.distance_basis = e.distance_basis.code();
        sheet.distance_source = e.distance_source.code();
    }
    let grams = |g: i64| Some(decimal(g as i128, NANO_SCALE));
    sheet.factor_id = names.reference.factors.factors[e.factor as usize]
        .id
        .to_string();
    sheet.intensity_operation_g = grams(e.intensity_operation);
    sheet.intensity_provision_g = grams(e.intensity_provision);
    sheet.intensity_per = e.per.code();
    sheet.ghg_operation_kg = Some(kg(e.ghg_operation as i128));
    sheet.ghg_provision_kg = Some(kg(e.ghg_provision as i128));
    sheet.ghg_total_kg = Some(kg(e.ghg_operation as i128 + e.ghg_provision as i128));
    sheet.quality_flags = e.flags.text();
}

fn break_even(
    pair: &BreakEven,
    answer: &Answer,
    options: &[OptionSheet],
    names: &Names,
) -> BreakEvenSheet {
    let (first, second) = (&options[pair.first], &options[pair.second]);
    let price = match pair.carbon_price {
        Some((_, PriceBreakEven::Between(range))) => Some(range),
        Some((
            _,
            PriceBreakEven::Never | PriceBreakEven::SameEmissions | PriceBreakEven::Unbounded,
        ))
        | None => None,
    };
    let factors: Vec<FactorBreakEvenSheet> = pair
        .factors
        .iter()
        .filter_map(|f| {
            let (factor, per, _): FactorKey = f.factor;
            // Beyond 28 digits it is nobody's factor.
            let break_even = Decimal::try_from_i128_with_scale(f.break_even, NANO_SCALE).ok()?;
            let change = Decimal::try_from_i128_with_scale(f.change, 4).ok()?;
            let row = &names.reference.factors.factors[factor as usize];
            let (above, below) = if f.second_wins_above {
                (second, first)
            } else {
                (first, second)
            };
            Some(FactorBreakEvenSheet {
                factor_id: row.id.to_string(),
                operation: row.operation.map_or(String::new(), |o| names.operation(o)),
                per: per_text(per),
                intensity_g: decimal(f.intensity as i128, NANO_SCALE),
                break_even_g: break_even,
                change_percent: change,
                less_above: above.id.clone(),
                less_below: below.id.clone(),
            })
        })
        .collect();
    let pair_of = (
        &answer.options[pair.first].option,
        &answer.options[pair.second].option,
    );
    BreakEvenSheet {
        first: first.id.clone(),
        second: second.id.clone(),
        currency: pair.carbon_price.map(|(currency, _)| currency.to_string()),
        carbon_price_reason: sentences::carbon_price(pair, first, second, pair_of),
        carbon_price: price.filter(|p| p.low == p.high).map(|p| money(p.low)),
        carbon_price_low: price.map(|p| money(p.low)),
        carbon_price_high: price.map(|p| money(p.high)),
        factor_reason: sentences::factor(factors.first(), first, second),
        factors,
    }
}

/// `t.km` for `tkm`: as people write it.
pub(crate) fn per_text(per: Per) -> &'static str {
    match per {
        Per::Tkm => "t.km",
        Per::TeuKm => "TEU.km",
        Per::T => "t",
        Per::Teu => "TEU",
        Per::Container | Per::Kg | Per::Litre | Per::KWh | Per::Mj => per.code(),
    }
}

fn sources(answer: &Answer, reference: &Reference) -> Vec<SourceSheet> {
    let mut editions: BTreeMap<&str, SourceSheet> = BTreeMap::new();
    let elements = answer
        .options
        .iter()
        .flat_map(|s| &s.option.parts)
        .filter_map(|p| p.element.as_ref());
    for element in elements {
        let factor = &reference.factors.factors[element.factor as usize];
        let energy = factor
            .composed
            .as_ref()
            .map(|c| &reference.factors.factors[c.energy as usize]);
        for row in [Some(factor), energy].into_iter().flatten() {
            let source = reference.factors.source_of(row);
            editions
                .entry(&source.folder)
                .or_insert_with(|| SourceSheet {
                    edition: source.folder.to_string(),
                    title: source.title.to_string(),
                    publisher: source.publisher.to_string(),
                    licence: source.licence.to_string(),
                    url: source.url.to_string(),
                });
        }
    }
    editions.into_values().collect()
}

fn money_sheet((currency, amount): &(crate::model::money::Currency, Amount)) -> MoneySheet {
    MoneySheet {
        amount: money(*amount),
        currency: currency.to_string(),
    }
}
