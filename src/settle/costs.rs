//! What a unit costs that a charge meets, by its rate or by a price, and why it cannot be said.

use crate::exact::Exact;
use crate::model::mode::Mode;
use crate::model::time::Day;
use crate::model::unit::short_decimal_text;
use crate::settle::bills::{Bill, Section, date};
use crate::settle::charges::{Charge, Cost};
use crate::settle::money::{MOST_MINOR, short};
use crate::settle::refusal::{Code, Refusal};
use crate::settle::rules::{Hit, Rules};
use crate::settle::tables::{Call, Calls, EU_ETS, Price, Prices};
use crate::settle::words::{Adoption, Class, Emissions, Per, PriceUnit};
use std::borrow::Cow;
use std::sync::Arc;

/// What a unit costs, and how that came.
pub(super) struct Costed {
    pub exact: Exact,
    pub quantity: Cow<'static, str>,
    pub rate: Arc<str>,
    pub share: String,
    pub voyage_share: String,
    pub upper_bound: bool,
    /// Whether a row of `calls.csv` said the voyage share.
    pub is_called: bool,
}

impl Rules {
    /// What a unit costs, but for a flat charge; or why it cannot be said.
    pub(super) fn costed(
        &self,
        hit: Hit,
        bill: &Bill<'_>,
        sections: &[Section<'_>],
    ) -> Result<Costed, Box<Refusal>> {
        let charge = &self.charges[hit.charge];
        let section = sections.get(hit.unit);
        let per_unit = &self.per_unit[hit.charge];
        if let Cost::Price(id) = &charge.cost {
            let Some(section) = section else {
                return Err(refused(
                    charge,
                    bill,
                    section,
                    Code::Price,
                    id,
                    "an element",
                ));
            };
            return self.priced(charge, id, per_unit, bill, section);
        }
        if charge.per == Per::Flat {
            return Ok(Costed {
                exact: Exact::ZERO,
                quantity: "1".into(),
                rate: self.rates[hit.charge].clone(),
                share: String::new(),
                voyage_share: String::new(),
                upper_bound: false,
                is_called: false,
            });
        }
        let Some((quantity, scale)) = quantity(charge, bill, section, sections) else {
            let wanted = "TEU of every transport element";
            return Err(refused(charge, bill, section, Code::Teu, "none", wanted));
        };
        Ok(Costed {
            exact: per_unit.times(&Exact::scaled(quantity, scale)),
            quantity: short_decimal_text(quantity, scale).into(),
            rate: self.rates[hit.charge].clone(),
            share: String::new(),
            voyage_share: String::new(),
            upper_bound: false,
            is_called: false,
        })
    }

    /// The same, unless it is more than can be paid.
    pub(super) fn payable(
        &self,
        hit: Hit,
        costed: Costed,
        bill: &Bill<'_>,
        sections: &[Section<'_>],
    ) -> Result<Costed, Box<Refusal>> {
        if costed.exact.compared(&Exact::whole(MOST_MINOR)).is_lt() {
            return Ok(costed);
        }
        let charge = &self.charges[hit.charge];
        let found = format!("{} of {}", charge.rate_text(), costed.quantity);
        let section = sections.get(hit.unit);
        Err(refused(
            charge,
            bill,
            section,
            Code::Amount,
            &found,
            "below 10^18 minor units",
        ))
    }

    fn priced(
        &self,
        charge: &Charge,
        id: &str,
        conversion: &Exact,
        bill: &Bill<'_>,
        section: &Section<'_>,
    ) -> Result<Costed, Box<Refusal>> {
        let day = date(section.departed_at);
        let set = self.set(charge);
        let may_be_used = |price: &Price| {
            charge.terms.class == Some(Class::Shadow)
                || (price.adoption == Adoption::Adopted
                    && price.in_force.is_none_or(|from| from <= day))
        };
        let price = match price_on(&set.prices, id, day) {
            Ok(price) if may_be_used(price) => Ok(price),
            Ok(_) => Err(PRICE_WANTED.to_owned()),
            Err(wanted) => Err(wanted),
        };
        let price = price.map_err(|wanted| {
            let found = format!("{id} on {}", crate::model::time::date_text(day));
            refused(charge, bill, Some(section), Code::Price, &found, &wanted)
        })?;
        let kg = match price.emissions {
            Emissions::Operation => section.ghg_operation,
            Emissions::Total => section.ghg_total,
        };
        let per = match price.per {
            PriceUnit::Kg => Exact::whole(1),
            PriceUnit::T => Exact::Small(1, 1000),
        };
        let call = (price.jurisdiction == EU_ETS).then(|| call_of(&set.calls, bill.id, section));
        let voyage = call.flatten().map(|call| call.share);
        let upper_bound = matches!(call, Some(None));
        let mut exact = Exact::scaled(kg, 9)
            .times(&Exact::of(price.share))
            .times(&Exact::of(price.price))
            .times(&per)
            .times(conversion);
        if let Some(share) = voyage {
            exact = exact.times(&Exact::of(share));
        }
        let voyage_share = match (upper_bound, voyage) {
            (true, _) => "1".to_owned(),
            (_, Some(share)) => short(share),
            _ => String::new(),
        };
        Ok(Costed {
            exact,
            quantity: short_decimal_text(kg, 9).into(),
            rate: short(price.price).into(),
            share: short(price.share),
            voyage_share,
            upper_bound,
            is_called: voyage.is_some(),
        })
    }

    /// The exact amount of a flat charge in minor units, before it is rounded once.
    pub(super) fn flat_amount(&self, charge: usize) -> &Exact {
        &self.per_unit[charge]
    }
}

/// The row of a price on a day; otherwise what was wanted.
fn price_on<'p>(prices: &'p Prices, id: &str, day: Day) -> Result<&'p Price, String> {
    let rows = prices.get(id).into_iter().flatten();
    let mut valid = rows.filter(|price| price.valid.holds(day));
    match (valid.next(), valid.next()) {
        (Some(price), None) => Ok(price),
        (Some(one), Some(other)) => Err(format!(
            "one row of prices.csv that is valid on the day of departure, not lines {} and {}",
            one.line, other.line
        )),
        (None, _) => Err(PRICE_WANTED.to_owned()),
    }
}

/// What a unit needs that is priced.
const PRICE_WANTED: &str =
    "a row of prices.csv that is valid, adopted and in force on the day of departure";

fn call_of<'c>(calls: &'c Calls, bill: &str, section: &Section<'_>) -> Option<&'c Call> {
    let key = (section.container.to_owned(), section.number);
    calls.get(bill)?.get(&key)
}

/// Mantissa and decimals of what a rate is for.
fn quantity(
    charge: &Charge,
    bill: &Bill<'_>,
    section: Option<&Section<'_>>,
    sections: &[Section<'_>],
) -> Option<(i128, u32)> {
    let of = |whole: i128, part: fn(&Section<'_>) -> i128| section.map_or(whole, part);
    Some(match charge.per {
        Per::Unit | Per::Flat => (1, 0),
        Per::Container => (of(bill.containers, |s| s.containers), 6),
        Per::T => (of(bill.mass, |s| s.mass), 6),
        Per::Tkm => (of(bill.activity, |s| s.activity), 9),
        Per::KgCo2e => (of(bill.ghg_total, |s| s.ghg_total), 9),
        Per::Teu => match section {
            Some(section) => (section.teu?, 6),
            None => {
                let lacks = |s: &Section<'_>| s.mode != Mode::Hub && s.teu.is_none();
                if sections.iter().any(lacks) {
                    return None;
                }
                (bill.teu, 6)
            }
        },
    })
}

fn refused(
    charge: &Charge,
    bill: &Bill<'_>,
    section: Option<&Section<'_>>,
    code: Code,
    found: &str,
    wanted: &str,
) -> Box<Refusal> {
    let (container, number) = section.map_or(("", 0), |s| (s.container, s.number));
    let refusal = Refusal::at(&charge.file, charge.line, code, found, wanted);
    Box::new(refusal.of_unit(bill.id, container, number))
}
