//! Costs of an answer as ranges: how each is known, from when and from whom.

use crate::calc::cost_range::CostRanges;
use crate::model::money::{Amount, AmountRange, Currency};
use crate::model::time::{Day, NO_END, date_text};
use crate::present::comparison::figure::{money, shown};
use crate::reference::PriceBasis;
use crate::routes::priced::{Handling, KnownPrice, OptionCosts};
use rust_decimal::Decimal;
use serde::Serialize;

/// A range of an amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct RangeSheet {
    pub low: Decimal,
    pub high: Decimal,
    pub currency: String,
}

/// Sums of ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct SumsSheet {
    /// The whole, where something is known of every part, all in one currency.
    pub complete: Option<RangeSheet>,
    /// By currency, as far as known.
    pub sums: Vec<RangeSheet>,
    /// Of how many parts something is known, such as `2/3`.
    pub covers: String,
    pub covers_all: bool,
}

/// What an option costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct CostSheet {
    /// The weakest of its parts: `service`, `rate_card` or `level`.
    pub basis: Option<&'static str>,
    pub freight: SumsSheet,
    /// Freight and carbon, where both are in one currency.
    pub with_carbon: Option<RangeSheet>,
    /// Terminals on the way; they are not in the freight.
    pub handling: Vec<HandlingSheet>,
    pub handling_sums: SumsSheet,
}

/// A price with how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct PriceSheet {
    pub low: Decimal,
    pub high: Decimal,
    pub currency: String,
    pub basis: &'static str,
    /// The row that it is made of, such as `289 to 531 USD per teu`; empty: the price of a service.
    pub row: String,
    /// Days of the oldest and the newest figure of a level; first day of a rate card and first day after it.
    pub from_day: Option<String>,
    pub to_day: Option<String>,
    pub is_estimate: bool,
    pub source_ref: String,
    pub licence: String,
    pub note: String,
}

/// What a terminal asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct HandlingSheet {
    pub place: String,
    pub mode: &'static str,
    pub price: Option<PriceSheet>,
}

impl CostSheet {
    /// With the cost of the emissions, where a carbon price was given.
    pub(crate) fn new(costs: &OptionCosts, carbon: Option<(Amount, Currency)>) -> CostSheet {
        let both = costs.freight.complete().zip(carbon);
        let with_carbon = both.and_then(|((currency, range), (carbon, other))| {
            let whole = range.plus(AmountRange::exactly(carbon))?;
            (currency == other).then(|| range_sheet(&(currency, whole)))
        });
        CostSheet {
            basis: costs.basis.map(PriceBasis::code),
            freight: sums(&costs.freight),
            with_carbon,
            handling: costs.handling.iter().map(handling).collect(),
            handling_sums: sums(&costs.handling_sums),
        }
    }
}

impl PriceSheet {
    /// The words of a price.
    pub(crate) fn new(price: &KnownPrice) -> PriceSheet {
        let row = price.row.as_deref();
        let day = |day: Day| {
            let has_end = day != Day::MIN && day != NO_END;
            has_end.then(|| date_text(day))
        };
        PriceSheet {
            low: money(price.range.low),
            high: money(price.range.high),
            currency: price.currency.to_string(),
            basis: price.basis.code(),
            row: row.map_or(String::new(), |row| row.words()),
            from_day: row.and_then(|row| day(row.first_day)),
            to_day: row.and_then(|row| day(row.last_day)),
            is_estimate: row.is_some_and(|row| row.is_estimate),
            source_ref: row.map_or(String::new(), |row| row.source_ref.clone()),
            licence: row.map_or(String::new(), |row| row.licence.clone()),
            note: row.map_or(String::new(), |row| row.note.clone()),
        }
    }

    /// The range for people.
    pub fn amounts(&self) -> String {
        between(self.low, self.high, &self.currency)
    }

    /// Where it is from, for people: `level of 2024-01-19 to 2025-11-14, own estimate: source`.
    pub fn told(&self) -> String {
        let (since, until) = match self.basis {
            "level" => ("of", "to"),
            _ => ("from", "before"),
        };
        // The figures of a level may be all of one day.
        let to_day = self
            .to_day
            .as_ref()
            .filter(|_| self.to_day != self.from_day);
        let days = [(since, self.from_day.as_ref()), (until, to_day)];
        let days: String = days
            .iter()
            .filter_map(|(word, day)| Some(format!(" {word} {}", (*day)?)))
            .collect();
        let is_said = self.source_ref.starts_with("own estimate");
        let estimate = match self.is_estimate && !is_said {
            true => ", own estimate",
            false => "",
        };
        let row = match self.row.as_str() {
            "" => String::new(),
            row => format!(", {row}"),
        };
        let source = match self.source_ref.as_str() {
            "" => String::new(),
            source => format!(": {source}"),
        };
        format!("{}{days}{estimate}{row}{source}", word(self.basis))
    }
}

/// The basis as people write it.
pub(crate) fn word(basis: &str) -> &str {
    match basis {
        "rate_card" => "rate card",
        "service" => "price of the service",
        other => other,
    }
}

/// A range for people: whole units of the currency, half to even, as levels are no finer; an amount that is known with its decimals.
pub fn amounts(range: &RangeSheet) -> String {
    between(range.low, range.high, &range.currency)
}

fn between(low: Decimal, high: Decimal, currency: &str) -> String {
    match low == high {
        true => format!("{} {currency}", shown(low, 2)),
        false => format!("{} to {} {currency}", shown(low, 0), shown(high, 0)),
    }
}

fn range_sheet((currency, range): &(Currency, AmountRange)) -> RangeSheet {
    RangeSheet {
        low: money(range.low),
        high: money(range.high),
        currency: currency.to_string(),
    }
}

fn sums(ranges: &CostRanges) -> SumsSheet {
    SumsSheet {
        complete: ranges.complete().as_ref().map(range_sheet),
        sums: ranges.sums.iter().map(range_sheet).collect(),
        covers: format!("{}/{}", ranges.known, ranges.of),
        covers_all: ranges.known == ranges.of,
    }
}

fn handling(handling: &Handling) -> HandlingSheet {
    HandlingSheet {
        place: handling.place.to_string(),
        mode: handling.mode.code(),
        price: handling.price.as_ref().map(PriceSheet::new),
    }
}
