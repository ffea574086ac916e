//! What may be concluded from costs of which only a range is known: sums, the front, an order, the carbon price that turns it round.
//!
//! Nothing is concluded that does not hold for every pair of amounts within the two ranges. A cost that is known is a range of one
//! amount, and of such the rules are the usual ones.

use super::compare::Criteria;
use crate::model::money::{Amount, AmountRange, Currency};
use crate::model::unit::div_half_even;

/// Costs of several things as far as something is known of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostRanges {
    /// Things of which something is known.
    pub known: usize,
    /// Things.
    pub of: usize,
    /// Sums by currency, ascending.
    pub sums: Vec<(Currency, AmountRange)>,
}

impl CostRanges {
    /// With one more thing; `None` when a sum cannot be held.
    pub fn then(mut self, price: Option<(Currency, AmountRange)>) -> Option<CostRanges> {
        self.of += 1;
        let Some((currency, range)) = price else {
            return Some(self);
        };
        self.known += 1;
        match self.sums.binary_search_by_key(&currency, |(c, _)| *c) {
            Ok(at) => self.sums[at].1 = self.sums[at].1.plus(range)?,
            Err(at) => self.sums.insert(at, (currency, range)),
        }
        Some(self)
    }

    /// The range of the whole, when something is known of each thing and all are in one currency.
    pub fn complete(&self) -> Option<(Currency, AmountRange)> {
        match self.sums.as_slice() {
            [one] if self.known == self.of => Some(*one),
            _ => None,
        }
    }
}

/// For each option whether it is on the Pareto front over CO2e, time and cost. It is not where another surely costs no more, and it is open
/// (`None`) where its own cost is not known, or where one whose cost is not known is as clean and as fast. Costs in several currencies
/// leave all of it open.
pub fn front_with_cost(
    options: &[(&Criteria, Option<(Currency, AmountRange)>)],
) -> Vec<Option<bool>> {
    let known = options.iter().filter(|o| o.1.is_some());
    if common_currency(known.map(|o| o.1)).is_none() {
        return vec![None; options.len()];
    }
    type Point = ((i128, i64), Option<AmountRange>);
    let point = |(criteria, cost): &(&Criteria, Option<(Currency, AmountRange)>)| {
        let place = (criteria.micrograms?, criteria.arrived_at?);
        Some((place, (*cost).map(|c| c.1)))
    };
    let points: Vec<Option<Point>> = options.iter().map(point).collect();
    let standing = |p: &Point| {
        let own = p.1?;
        let others = points.iter().flatten();
        let others = others.filter(|q| *q != p && q.0.0 <= p.0.0 && q.0.1 <= p.0.1);
        let mut is_open = false;
        for (_, cost) in others {
            match cost {
                Some(cost) if cost.high <= own.low => return Some(false),
                Some(_) => {}
                None => is_open = true,
            }
        }
        (!is_open).then_some(true)
    };
    points
        .iter()
        .map(|p| p.as_ref().and_then(standing))
        .collect()
}

/// The currency of all costs; `None`: one is not known, or they are in several.
pub fn common_currency(
    costs: impl IntoIterator<Item = Option<(Currency, AmountRange)>>,
) -> Option<Currency> {
    let mut currencies = costs.into_iter().map(|cost| cost.map(|c| c.0));
    let first = currencies.next()??;
    currencies.all(|c| c == Some(first)).then_some(first)
}

/// The places of costs in an order in which none stands before one that is surely cheaper. Where ranges overlap, as given.
pub fn surely_cheaper_first(costs: &[AmountRange]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..costs.len()).collect();
    let mut order = Vec::with_capacity(costs.len());
    while let Some(least) = left.iter().map(|i| costs[*i].high).min() {
        // The one with the least upper end is there at the latest.
        let next = left.iter().position(|i| costs[*i].low <= least);
        order.push(left.remove(next.unwrap_or(0)));
    }
    order
}

/// At which carbon price two options cost the same, freight and carbon together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceBreakEven {
    /// Between these prices, in 10^-12 of the currency unit per tonne, half to even: above them the one with less CO2e is surely cheaper,
    /// below them the other. A lower end of 0 says that the one with less CO2e may be no dearer at all.
    Between(AmountRange),
    /// The one with less CO2e is surely not dearer at any price from 0.
    Never,
    /// Both emit the same.
    SameEmissions,
    /// Beyond what can be held.
    Unbounded,
}

/// The break-even carbon price of two options: (freight in one currency, micrograms CO2e) each.
///
/// What both have in common is in both ranges; that it is the same for both does not make the result narrower.
pub fn price_break_even(a: (AmountRange, i128), b: (AmountRange, i128)) -> PriceBreakEven {
    let ((clean, least), (dirty, most)) = if a.1 <= b.1 { (a, b) } else { (b, a) };
    if least == most {
        return PriceBreakEven::SameEmissions;
    }
    if clean.high <= dirty.low {
        return PriceBreakEven::Never;
    }
    // 10^12 micrograms are a tonne.
    let price = |dearer: Option<i128>| {
        let scaled = dearer?.max(0).checked_mul(1_000_000_000_000)?;
        Some(Amount(div_half_even(scaled, most - least)))
    };
    let low = price(clean.low.0.checked_sub(dirty.high.0));
    let high = price(clean.high.0.checked_sub(dirty.low.0));
    match (low, high) {
        (Some(low), Some(high)) => PriceBreakEven::Between(AmountRange { low, high }),
        _ => PriceBreakEven::Unbounded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: i128 = 1_000_000_000_000;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn range(low: i128, high: i128) -> AmountRange {
        AmountRange {
            low: Amount(low * UNIT),
            high: Amount(high * UNIT),
        }
    }

    #[test]
    fn sums_keep_both_ends_and_count_what_is_not_known() {
        let (usd, eur) = (currency("USD"), currency("EUR"));
        let one = CostRanges::default()
            .then(Some((usd, range(100, 200))))
            .unwrap();
        let two = one.clone().then(Some((usd, range(5, 5)))).unwrap();
        assert_eq!(two.complete(), Some((usd, range(105, 205))));
        let partial = two.clone().then(None).unwrap();
        assert_eq!(
            (partial.complete(), partial.known, partial.of),
            (None, 2, 3)
        );
        let mixed = two.then(Some((eur, range(1, 2)))).unwrap();
        assert_eq!(mixed.complete(), None, "two currencies are no sum");
        assert_eq!(mixed.sums, [(eur, range(1, 2)), (usd, range(105, 205))]);
        let most = AmountRange::exactly(Amount(i128::MAX));
        assert_eq!(one.then(Some((usd, most))), None);
        assert_eq!(CostRanges::default().complete(), None);
    }

    fn front_of(options: &[(i128, i64, Option<AmountRange>)]) -> Vec<Option<bool>> {
        let criteria = |o: &(i128, i64, Option<AmountRange>)| Criteria {
            micrograms: Some(o.0),
            arrived_at: Some(o.1),
            ..Criteria::default()
        };
        let criteria: Vec<Criteria> = options.iter().map(criteria).collect();
        let costs = options.iter().map(|o| o.2.map(|r| (currency("USD"), r)));
        let pairs: Vec<_> = criteria.iter().zip(costs).collect();
        front_with_cost(&pairs)
    }

    #[test]
    fn the_front_leaves_out_only_what_is_surely_beaten() {
        let exactly = |amount| Some(range(amount, amount));
        // Known costs: the usual front.
        assert_eq!(
            front_of(&[
                (1, 9, exactly(9)),
                (9, 1, exactly(9)),
                (9, 9, exactly(1)),
                (9, 9, exactly(9))
            ]),
            [Some(true), Some(true), Some(true), Some(false)]
        );
        assert_eq!(
            front_of(&[(1, 1, exactly(3)), (1, 1, exactly(3))]),
            [Some(true), Some(true)],
            "equal ones share the front"
        );
        // Cleaner and faster, but perhaps dearer: the other stays.
        assert_eq!(
            front_of(&[(1, 1, Some(range(5, 20))), (9, 9, Some(range(10, 30)))]),
            [Some(true), Some(true)]
        );
        assert_eq!(
            front_of(&[(1, 1, Some(range(5, 10))), (9, 9, Some(range(10, 30)))]),
            [Some(true), Some(false)]
        );
        assert_eq!(
            front_of(&[(5, 5, exactly(9)), (9, 1, None), (7, 7, exactly(9))]),
            [Some(true), None, Some(false)],
            "one of which nothing is known has no standing"
        );
        assert_eq!(
            front_of(&[(5, 5, exactly(9)), (4, 4, None), (7, 7, exactly(9))]),
            [None, None, Some(false)],
            "and leaves that of those open which it may beat"
        );
        assert_eq!(front_of(&[(1, 1, None), (2, 2, None)]), [None, None]);
        let two = [
            Some((currency("USD"), range(1, 2))),
            Some((currency("EUR"), range(1, 2))),
        ];
        assert_eq!(common_currency(two), None);
        let criteria = Criteria {
            micrograms: Some(1),
            arrived_at: Some(1),
            ..Criteria::default()
        };
        assert_eq!(
            front_with_cost(&two.map(|cost| (&criteria, cost))),
            [None, None]
        );
    }

    #[test]
    fn an_order_keeps_what_is_sure_and_nothing_else() {
        let order = |ranges: &[(i128, i128)]| {
            let costs: Vec<_> = ranges.iter().map(|(a, b)| range(*a, *b)).collect();
            surely_cheaper_first(&costs)
        };
        assert_eq!(
            order(&[(3, 3), (1, 1), (2, 2), (1, 1)]),
            [1, 3, 2, 0],
            "known costs are sorted"
        );
        assert_eq!(
            order(&[(1, 100), (2, 3), (50, 60)]),
            [0, 1, 2],
            "overlapping ones stay"
        );
        assert_eq!(
            order(&[(10, 20), (1, 9), (5, 15)]),
            [1, 0, 2],
            "only the first is surely dearer"
        );
        assert_eq!(order(&[]), [0usize; 0]);
        // Whatever is given, nobody stands before one that is surely cheaper.
        let costs: Vec<AmountRange> = (0i128..40)
            .map(|i| range(i * 37 % 23, i * 37 % 23 + i % 7))
            .collect();
        let places = surely_cheaper_first(&costs);
        for (at, first) in places.iter().enumerate() {
            assert!(
                !places[at..]
                    .iter()
                    .any(|later| costs[*later].is_surely_below(costs[*first]))
            );
        }
    }

    #[test]
    fn the_break_even_price_is_a_range_where_the_costs_are() {
        let tonne = UNIT;
        let exactly = |amount| range(amount, amount);
        // 60 dearer for 1.5 t less: 40 a tonne.
        let (clean, dirty) = ((exactly(160), tonne), (exactly(100), tonne * 5 / 2));
        assert_eq!(
            price_break_even(clean, dirty),
            PriceBreakEven::Between(exactly(40))
        );
        assert_eq!(
            price_break_even(dirty, clean),
            PriceBreakEven::Between(exactly(40))
        );
        // 30 to 90 dearer.
        let dear = (range(150, 170), tonne);
        let cheap = (range(80, 120), tonne * 5 / 2);
        assert_eq!(
            price_break_even(dear, cheap),
            PriceBreakEven::Between(range(20, 60))
        );
        // Perhaps no dearer at all.
        let perhaps = (range(100, 145), tonne);
        assert_eq!(
            price_break_even(perhaps, dirty),
            PriceBreakEven::Between(range(0, 30))
        );
        assert_eq!(
            price_break_even((range(50, 80), tonne), cheap),
            PriceBreakEven::Never
        );
        assert_eq!(
            price_break_even((exactly(1), 2), (exactly(5), 2)),
            PriceBreakEven::SameEmissions
        );
        let beyond = AmountRange::exactly(Amount(i128::MAX));
        assert_eq!(
            price_break_even((beyond, 1), (exactly(1), 2)),
            PriceBreakEven::Unbounded
        );
    }
}
