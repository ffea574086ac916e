//! `rates.csv`: dated exchange rates with their sources.

use crate::exact::Exact;
use crate::model::time::{Day, date_text};
use crate::settle::money::{Money, number};
use crate::settle::refusal::Code;
use crate::settle::sheet::{Column, File, Refusals, records};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A row of `rates.csv`.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    pub from: Money,
    pub to: Money,
    pub rate: Decimal,
    pub day: Day,
    pub source: String,
}

impl Rate {
    /// The factor from `from` into the other currency.
    pub(super) fn factor(&self, from: Money) -> Exact {
        let rate = Exact::of(self.rate);
        if from == self.from {
            rate
        } else {
            rate.inverse()
        }
    }
}

/// The rates at hand.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates(Vec<Rate>);

const RATE: &[Column] = &[
    ("from", true),
    ("to", true),
    ("rate", true),
    ("date", true),
    ("source_ref", true),
];

pub(super) fn rates(file: &File, refusals: &mut Refusals) -> Rates {
    let mut rates = Rates::default();
    let mut known = BTreeMap::new();
    let mut twice = Vec::new();
    records(file, RATE, refusals, |row, refusals| {
        let (from, to) = (row.currency("from", refusals), row.currency("to", refusals));
        let wanted = (Code::Number, "a rate above 0 with at most 12 decimals");
        let rate = row.read("rate", refusals, wanted, |text| {
            number(text).filter(|rate| !rate.is_zero())
        });
        let day = row.date("date", refusals);
        let (Some(from), Some(to), Some(rate), Some(day)) = (from, to, rate, day) else {
            return;
        };
        if let Some(line) = known.insert((from, to, day), row.line) {
            let found = format!("{} {} {}", from.code(), to.code(), date_text(day));
            row.refuse(
                refusals,
                Code::Rate,
                &found,
                &format!("one rate a day (line {line})"),
            );
            twice.push((from, to, day));
        }
        rates.0.push(Rate {
            from,
            to,
            rate,
            day,
            source: row.text("source_ref").to_owned(),
        });
    });
    rates.0.retain(|r| !twice.contains(&(r.from, r.to, r.day)));
    rates
}

impl Rates {
    /// The latest rate not after the day and not older than so many days; direct before inverse on one day.
    pub(super) fn find(&self, from: Money, to: Money, day: Day, most_days: i32) -> Option<&Rate> {
        let fits = |r: &&Rate| {
            let is_way = (r.from == from && r.to == to) || (r.from == to && r.to == from);
            is_way && r.day <= day && day - r.day <= most_days
        };
        let found = self.0.iter().filter(fits);
        found.max_by_key(|r| (r.day, r.from == from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::day;

    fn file(text: &str) -> File {
        File {
            name: "f.csv".to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_rate_is_the_latest_that_is_not_too_old_and_direct_before_inverse() {
        let text = "from,to,rate,date,source_ref\nUSD,CNY,7.1,2025-03-20,a\nCNY,USD,0.14,2025-03-25,b\nUSD,CNY,7.2,2025-03-25,c\n";
        let mut refusals = Vec::new();
        let rates = rates(&file(text), &mut refusals);
        assert!(refusals.is_empty());
        let money = |code| Money::parse(code).unwrap();
        let find = |d: u32, most| {
            let found = rates.find(money("USD"), money("CNY"), day(2025, 3, d).unwrap(), most);
            found.map(|r| r.source.as_str())
        };
        assert_eq!(find(24, 7), Some("a"));
        assert_eq!(find(25, 7), Some("c"));
        assert_eq!(find(19, 7), None);
        assert_eq!(find(31, 5), None);
        let back = rates
            .find(money("CNY"), money("USD"), day(2025, 3, 24).unwrap(), 7)
            .unwrap();
        assert_eq!(back.factor(money("CNY")).to_string(), "10/71");
    }
}
