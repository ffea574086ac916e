//! Exchange rates with their dates: the only way from one currency to another.

use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::table::{self, layout};
use crate::model::money::{Amount, Currency, RATE_SCALE};
use crate::model::time::{Day, parse_date};
use crate::model::unit::parse_decimal;

/// A rate: one unit of `from` is `rate` of `to` on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Currency that is given.
    pub from: Currency,
    /// Currency that is got.
    pub to: Currency,
    /// 10^-9 of `to` for one of `from`; positive.
    pub rate: i64,
    /// Day of the rate.
    pub day: Day,
    /// Where it is from.
    pub source_ref: String,
}

/// The rates at hand.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    list: Vec<Rate>,
}

layout! {
    /// Columns of `rates.csv`.
    Cell { From = "from" must, To = "to" must, Rate = "rate" must, Date = "date" must, SourceRef = "source_ref" }
}

const WANTED: &str = "a rate above 0 with at most 9 decimals";
const CODE: &str = "an ISO 4217 code";

impl Rates {
    /// Reads `rates.csv`.
    pub fn parse(file: &DataFile) -> (Rates, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut list = Vec::new();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let from = row.value(Cell::From, Currency::parse, CODE);
            let to = row.value(Cell::To, Currency::parse, CODE);
            let rate = row.decimal(Cell::Rate, RATE_SCALE, 1..=i64::MAX, WANTED);
            let day = row.value(Cell::Date, parse_date, "a date as YYYY-MM-DD");
            let (Some(from), Some(to), Some(rate), Some(day)) = (from, to, rate, day) else {
                return;
            };
            list.push(Rate {
                from,
                to,
                rate,
                day,
                source_ref: row.text(Cell::SourceRef).to_owned(),
            });
        });
        (Rates { list }, faults.list)
    }

    /// A rate as the command line writes it: `USD/SGD=1.295@2025-06-13`.
    ///
    /// ```
    /// use green_corridor::reference::rates::Rates;
    /// assert_eq!(Rates::parse_one("USD/SGD=1.295@2025-06-13").unwrap().rate, 1_295_000_000);
    /// assert!(Rates::parse_one("USD/SGD=1.295").is_none(), "a rate without its day is none");
    /// ```
    pub fn parse_one(text: &str) -> Option<Rate> {
        let (pair, rest) = text.split_once('=')?;
        let (from, to) = pair.split_once('/')?;
        let (rate, date) = rest.split_once('@')?;
        let rate = parse_decimal(rate, RATE_SCALE)
            .and_then(|r| i64::try_from(r).ok())
            .filter(|r| *r > 0)?;
        Some(Rate {
            from: Currency::parse(from)?,
            to: Currency::parse(to)?,
            rate,
            day: parse_date(date)?,
            source_ref: "command line".to_owned(),
        })
    }

    /// Puts a rate before those that are here: of two of one day the earlier wins.
    pub fn put_first(&mut self, rate: Rate) {
        self.list.insert(0, rate);
    }

    /// The latest rate between two currencies that is not of a later day, in either direction; the direction asked for wins on one day.
    pub fn find(&self, from: Currency, to: Currency, day: Day) -> Option<&Rate> {
        let way = |r: &Rate| (r.from == from && r.to == to, r.from == to && r.to == from);
        let fits = self
            .list
            .iter()
            .enumerate()
            .filter(|(_, r)| r.day <= day && (way(r).0 || way(r).1));
        fits.max_by_key(|(i, r)| (r.day, way(r).0, std::cmp::Reverse(*i)))
            .map(|(_, r)| r)
    }
}

impl Rate {
    /// `amount` of `from` in the rate's other currency; `None` when it cannot be held.
    pub fn convert(&self, from: Currency, amount: Amount) -> Option<Amount> {
        let one = 10i64.pow(RATE_SCALE);
        if from == self.from {
            amount.converted(self.rate, one)
        } else {
            amount.converted(one, self.rate)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::day;

    #[test]
    fn the_latest_rate_that_is_not_of_a_later_day_applies() {
        let text = "from,to,rate,date,source_ref\nUSD,SGD,1.35,2025-01-01,a\nSGD,USD,0.77,2025-06-01,b\nUSD,SGD,1.28,2025-06-01,c\nUSD,SGD,9,2026-01-01,d\n";
        let (rates, faults) = Rates::parse(&DataFile::new("rates.csv", text));
        assert!(faults.is_empty(), "{faults:?}");
        let [usd, sgd, eur] = ["USD", "SGD", "EUR"].map(|c| Currency::parse(c).unwrap());
        let found = |from, to, d| rates.find(from, to, d).map(|r| r.source_ref.as_str());
        assert_eq!(found(usd, sgd, day(2025, 5, 31).unwrap()), Some("a"));
        assert_eq!(found(usd, sgd, day(2025, 6, 1).unwrap()), Some("c"));
        assert_eq!(found(sgd, usd, day(2025, 6, 2).unwrap()), Some("b"));
        assert_eq!(
            found(usd, sgd, day(2024, 12, 31).unwrap()),
            None,
            "a rate of a later day is not used"
        );
        assert_eq!(
            found(usd, eur, day(2025, 6, 1).unwrap()),
            None,
            "no detour over a third currency"
        );
    }

    #[test]
    fn all_faults_are_found() {
        let text = "from,to,rate,date\nusd,SGD,0,2025-13-01\n";
        let (_, faults) = Rates::parse(&DataFile::new("rates.csv", text));
        assert_eq!(
            faults.iter().map(|f| f.column.as_str()).collect::<Vec<_>>(),
            ["from", "rate", "date"]
        );
    }
}
