//! What options cost with rate cards and price levels in the places of prices that no service has. It comes after the search: a range
//! neither finds a chain nor drops one, and what a service asks goes before both.

use super::answer::World;
use super::option::{Part, RouteOption};
use super::request::Request;
use crate::calc::cost_range::CostRanges;
use crate::model::id::LocationCode;
use crate::model::mode::{Mode, Temperature};
use crate::model::money::{AmountRange, Currency};
use crate::model::time::day_of;
use crate::reference::price_rows::{Load, Sought};
use crate::reference::{PriceBasis, PriceRow, Rate};
use std::sync::Arc;

/// A price with how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPrice {
    /// Currency, that asked for where a rate leads there.
    pub currency: Currency,
    /// From where to where.
    pub range: AmountRange,
    /// How it is known.
    pub basis: PriceBasis,
    /// The row of a rate card or of the levels; `None`: the price of a service.
    pub row: Option<Arc<PriceRow>>,
}

/// What a terminal asks for the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// Where.
    pub place: LocationCode,
    /// Mode of the terminal.
    pub mode: Mode,
    /// Price; `None`: nothing is known.
    pub price: Option<KnownPrice>,
}

/// What an option costs, as far as something is known. Waiting has no price here: nobody publishes levels of storage and demurrage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionCosts {
    /// By part, in the order of the option; `None`: nothing is known, or a hub.
    pub parts: Vec<Option<KnownPrice>>,
    /// Freight.
    pub freight: CostRanges,
    /// The weakest basis of its parts; `None`: nothing is known.
    pub basis: Option<PriceBasis>,
    /// Terminals in order of the way. They are not in the freight.
    pub handling: Vec<Handling>,
    /// Sums of them.
    pub handling_sums: CostRanges,
}

/// Terminals in the order in which one stands for all modes that meet at a place.
const TERMINALS: [Mode; 4] = [Mode::Air, Mode::Sea, Mode::InlandWaterway, Mode::Rail];

/// Looks prices up for one question.
pub struct Pricing<'w> {
    world: &'w World<'w>,
    request: &'w Request,
    is_refrigerated: bool,
}

impl<'w> Pricing<'w> {
    /// For one question.
    pub fn new(world: &'w World<'w>, request: &'w Request) -> Pricing<'w> {
        let cargo = &request.cargo;
        let of_type = world.reference.containers.lookup(&cargo.container_type);
        Pricing {
            world,
            request,
            is_refrigerated: match cargo.temperature {
                Temperature::Refrigerated => true,
                Temperature::Ambient => false,
                Temperature::Absent => of_type.is_some_and(|t| t.refrigerated),
            },
        }
    }

    /// Costs of options, and the rates that converted rows; `None` when a sum cannot be held.
    pub fn of_all(&self, options: &[RouteOption]) -> Option<(Vec<OptionCosts>, Vec<Rate>)> {
        let mut rates = Vec::new();
        let costs = options.iter().map(|option| self.of(option, &mut rates));
        Some((costs.collect::<Option<Vec<_>>>()?, rates))
    }

    fn of(&self, option: &RouteOption, rates: &mut Vec<Rate>) -> Option<OptionCosts> {
        let mut costs = OptionCosts::default();
        for part in &option.parts {
            let price = self.of_part(part, option, rates)?;
            if part.link.is_some() {
                let amount = price.as_ref().map(|p| (p.currency, p.range));
                costs.freight = costs.freight.then(amount)?;
            }
            costs.basis = costs.basis.max(price.as_ref().map(|p| p.basis));
            costs.parts.push(price);
        }
        for (place, mode) in terminals(option) {
            let sought = self.sought(option, mode, place, None);
            let price = self.row(sought, &self.load(option, None), rates)?;
            let amount = price.as_ref().map(|p| (p.currency, p.range));
            costs.handling_sums = costs.handling_sums.then(amount)?;
            costs.handling.push(Handling { place, mode, price });
        }
        Some(costs)
    }

    /// The price of the service, else a rate card, else a level; the outer `None`: it cannot be held.
    fn of_part(
        &self,
        part: &Part,
        option: &RouteOption,
        rates: &mut Vec<Rate>,
    ) -> Option<Option<KnownPrice>> {
        if let Some((currency, amount)) = part.price {
            return Some(Some(KnownPrice {
                currency,
                range: AmountRange::exactly(amount),
                basis: PriceBasis::Service,
                row: None,
            }));
        }
        let Some(element) = part.element.as_ref().filter(|_| part.link.is_some()) else {
            return Some(None);
        };
        let sought = self.sought(
            option,
            element.mode,
            element.origin,
            Some(element.destination),
        );
        let load = self.load(option, Some(element.distance_m));
        self.row(sought, &load, rates)
    }

    fn sought(
        &self,
        option: &RouteOption,
        mode: Mode,
        from: LocationCode,
        to: Option<LocationCode>,
    ) -> Sought {
        Sought {
            mode,
            from,
            to,
            day: day_of(option.ready()),
        }
    }

    fn load(&self, option: &RouteOption, metres: Option<i64>) -> Load {
        Load {
            mass_g: option.mass_g,
            teu: option.teu,
            containers: option.containers,
            metres,
            is_refrigerated: self.is_refrigerated,
        }
    }

    fn row(
        &self,
        sought: Sought,
        load: &Load,
        rates: &mut Vec<Rate>,
    ) -> Option<Option<KnownPrice>> {
        let Some((row, range)) = self.world.price_rows.find(sought, load) else {
            return Some(None);
        };
        let wanted = self.request.currency.filter(|c| *c != row.currency);
        let rate = wanted.and_then(|c| {
            self.world
                .rates
                .find(row.currency, c, self.request.money_day())
        });
        let (currency, range) = match (wanted, rate) {
            (Some(wanted), Some(rate)) => {
                rates.push(rate.clone());
                let converted = |amount| rate.convert(row.currency, amount);
                let (low, high) = (converted(range.low)?, converted(range.high)?);
                (wanted, AmountRange { low, high })
            }
            _ => (row.currency, range),
        };
        Some(Some(KnownPrice {
            currency,
            range,
            basis: row.basis,
            row: Some(row.clone()),
        }))
    }
}

/// Where the box goes through a terminal: both ends of every way that is not by road, each place once.
fn terminals(option: &RouteOption) -> Vec<(LocationCode, Mode)> {
    let transport = option.parts.iter().filter(|p| p.link.is_some());
    let elements: Vec<_> = transport.filter_map(|p| p.element.as_ref()).collect();
    let first = elements.first().map(|e| e.origin);
    let places = first
        .into_iter()
        .chain(elements.iter().map(|e| e.destination));
    let modes_at = |place: LocationCode| {
        let near = elements
            .iter()
            .filter(move |e| e.origin == place || e.destination == place);
        near.map(|e| e.mode)
    };
    let terminal = |place: LocationCode| {
        TERMINALS
            .into_iter()
            .find(|t| modes_at(place).any(|m| m == *t))
    };
    places
        .filter_map(|place| Some((place, terminal(place)?)))
        .collect()
}
