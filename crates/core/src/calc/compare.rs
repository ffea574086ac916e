//! Route options side by side: which one beats which, the Pareto front, and where an order turns round.
//!
//! Whole numbers only. What is not known is compared with nothing: it is neither zero nor a reason to drop an option.

use crate::model::money::{Amount, Currency};
use crate::model::time::Instant;
use crate::model::unit::div_half_even;

/// What options are compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    /// Operation and provision, micrograms CO2e; `None`: not known in full.
    pub micrograms: Option<i128>,
    /// Arrival; `None`: not known.
    pub arrived_at: Option<Instant>,
    /// Cost.
    pub costs: Costs,
}

/// Costs of a chain as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Whether an element has no price.
    pub is_partial: bool,
    /// Sums by currency, ascending.
    pub amounts: Vec<(Currency, Amount)>,
}

impl Costs {
    /// With one more element; `None` when a sum cannot be held.
    pub fn then(&self, price: Option<(Currency, Amount)>) -> Option<Costs> {
        let mut costs = self.clone();
        match price {
            None => costs.is_partial = true,
            Some((currency, amount)) => {
                match costs.amounts.binary_search_by_key(&currency, |(c, _)| *c) {
                    Ok(at) => costs.amounts[at].1 = costs.amounts[at].1.plus(amount)?,
                    Err(at) => costs.amounts.insert(at, (currency, amount)),
                }
            }
        }
        Some(costs)
    }

    /// The cost, when every element has a price and all are in one currency.
    pub fn complete(&self) -> Option<(Currency, Amount)> {
        match (self.is_partial, self.amounts.as_slice()) {
            (false, [one]) => Some(*one),
            _ => None,
        }
    }

    /// Whether cost joins when two chains are compared, and how: not dearer in any currency, cheaper in one.
    /// `None`: not comparable.
    fn against(&self, other: &Costs) -> Option<(bool, bool)> {
        let pairs = || self.amounts.iter().zip(&other.amounts);
        let same_currencies =
            self.amounts.len() == other.amounts.len() && pairs().all(|(a, b)| a.0 == b.0);
        match (self.is_partial, other.is_partial) {
            (true, true) => Some((true, false)),
            (false, false) if same_currencies => Some((
                pairs().all(|(a, b)| a.1 <= b.1),
                pairs().any(|(a, b)| a.1 < b.1),
            )),
            (false, false) | (true, false) | (false, true) => None,
        }
    }
}

/// Whether `a` is nowhere worse than `b` and somewhere better in CO2e, time and cost. `must_meet`: an earlier arrival is no
/// advantage that can be relied on, both must arrive at one instant.
///
/// Cost joins between costs known in full in the same currencies. Between two that are not known in full it does not join, and
/// between one of each kind nothing is beaten.
pub fn beats(a: &Criteria, b: &Criteria, must_meet: bool) -> bool {
    let Some((not_dearer, is_cheaper)) = a.costs.against(&b.costs) else {
        return false;
    };
    let (Some(ghg_a), Some(ghg_b)) = (a.micrograms, b.micrograms) else {
        return false;
    };
    let (Some(at_a), Some(at_b)) = (a.arrived_at, b.arrived_at) else {
        return false;
    };
    let in_time = if must_meet {
        at_a == at_b
    } else {
        at_a <= at_b
    };
    ghg_a <= ghg_b && in_time && not_dearer && (ghg_a < ghg_b || at_a < at_b || is_cheaper)
}

/// For each option whether it is on the Pareto front over CO2e and time; `None` where one of them is not known.
///
/// ```
/// use green_corridor_core::calc::compare::{Criteria, front};
/// let option = |micrograms, arrived_at| Criteria { micrograms, arrived_at: Some(arrived_at), ..Criteria::default() };
/// let options = [option(Some(5), 9), option(Some(9), 5), option(Some(9), 9), option(None, 1)];
/// assert_eq!(front(&options), [Some(true), Some(true), Some(false), None]);
/// ```
pub fn front(options: &[Criteria]) -> Vec<Option<bool>> {
    let point = |o: &Criteria| Some([o.micrograms?, o.arrived_at? as i128]);
    let points: Vec<Option<[i128; 2]>> = options.iter().map(point).collect();
    let beaten = |p: &[i128; 2]| {
        points
            .iter()
            .flatten()
            .any(|q| q != p && q.iter().zip(p).all(|(a, b)| a <= b))
    };
    points
        .iter()
        .map(|p| p.as_ref().map(|p| !beaten(p)))
        .collect()
}

/// What one factor contributes to an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share<K> {
    /// The factor as applied.
    pub factor: K,
    /// Its intensity as applied, operation and provision, 10^-9 g per unit.
    pub intensity: i64,
    /// Emissions by it, micrograms.
    pub micrograms: i128,
}

/// The value of a factor at which the order of two options turns round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorBreakEven<K> {
    /// The factor.
    pub factor: K,
    /// Its intensity now, 10^-9 g per unit.
    pub intensity: i64,
    /// Its intensity at which both options emit the same, everything else as it is; half to even.
    pub break_even: i128,
    /// Change of the intensity from now to there, millionths; half to even.
    pub change: i128,
    /// Whether the second option emits less above it; else below it.
    pub second_wins_above: bool,
}

/// The factors whose value can turn the order of two options round, each with the others as they are: first the one that
/// decides, which needs the smallest relative change. None when both emit the same.
///
/// Emissions of a factor are taken as proportional to its intensity, the rounding of single elements left aside. `a` and
/// `b` are the totals in micrograms with the shares of their factors, each factor once per option.
pub fn factor_break_evens<K: Copy + Ord>(
    a: (i128, &[Share<K>]),
    b: (i128, &[Share<K>]),
) -> Vec<FactorBreakEven<K>> {
    let lead = b.0 - a.0;
    if lead == 0 {
        return Vec::new();
    }
    let mut net: std::collections::BTreeMap<K, (i64, i128)> = std::collections::BTreeMap::new();
    for (shares, sign) in [(a.1, 1), (b.1, -1)] {
        for share in shares {
            net.entry(share.factor).or_insert((share.intensity, 0)).1 += sign * share.micrograms;
        }
    }
    let break_even = |(factor, (intensity, net)): (K, (i64, i128))| {
        // At `1 + lead / net` times its value both are equal; that must not be below zero.
        let is_able = intensity > 0 && net != 0 && (net + lead) * net.signum() >= 0;
        let scaled = |by: i128, value: i128| {
            Some(div_half_even(
                value.checked_mul(by * net.signum())?,
                net.abs(),
            ))
        };
        let found = || {
            let (break_even, change) = (
                scaled(intensity as i128, net + lead)?,
                scaled(1_000_000, lead)?,
            );
            Some(FactorBreakEven {
                factor,
                intensity,
                break_even,
                change,
                second_wins_above: net > 0,
            })
        };
        is_able.then(found).flatten()
    };
    let mut list: Vec<_> = net.into_iter().filter_map(break_even).collect();
    // Stable: equal changes keep the order of the factors.
    list.sort_by_key(|f| f.change.abs());
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd() -> Currency {
        Currency::parse("USD").unwrap()
    }

    fn option(micrograms: i128, arrived_at: Instant, cost: Option<i128>) -> Criteria {
        let costs = Costs::default()
            .then(cost.map(|c| (usd(), Amount(c))))
            .unwrap();
        Criteria {
            micrograms: Some(micrograms),
            arrived_at: Some(arrived_at),
            costs,
        }
    }

    #[test]
    fn cost_joins_only_where_it_is_known_on_both_sides() {
        let cases = [
            (option(1, 1, None), option(2, 2, None), true),
            (option(1, 1, Some(5)), option(2, 2, Some(4)), false),
            (option(1, 1, Some(4)), option(1, 1, Some(5)), true),
            (option(1, 1, None), option(2, 2, Some(4)), false),
            (option(1, 1, Some(4)), option(2, 2, None), false),
            (option(1, 1, Some(4)), option(1, 1, Some(4)), false),
        ];
        for (a, b, want) in cases {
            assert_eq!(beats(&a, &b, false), want, "{a:?} {b:?}");
        }
        assert!(
            !beats(&option(1, 1, None), &option(2, 2, None), true),
            "with limits ahead earlier is not surely better"
        );
        assert!(beats(&option(1, 2, None), &option(2, 2, None), true));
        let unknown = Criteria {
            micrograms: None,
            ..option(0, 0, None)
        };
        assert!(
            !beats(&unknown, &option(9, 9, None), false)
                && !beats(&option(0, 0, None), &unknown, false)
        );
    }

    #[test]
    fn equal_ones_share_the_front() {
        let options = [
            option(1, 9, Some(9)),
            option(9, 1, Some(9)),
            option(9, 9, Some(1)),
        ];
        assert_eq!(front(&options), [Some(true), Some(true), Some(false)]);
        assert_eq!(
            front(&[option(1, 1, None), option(1, 1, None)]),
            [Some(true), Some(true)]
        );
    }

    #[test]
    fn the_deciding_factor_turns_the_order_with_the_smallest_change() {
        let share = |factor, intensity, micrograms| Share {
            factor,
            intensity,
            micrograms,
        };
        // Rail 10 g for 1,000 t.km and sea for both; barge 26 g.
        let rail_sea = [share("rail", 10, 10_000), share("sea", 5, 9_000)];
        let river_sea = [share("barge", 26, 26_000), share("sea", 5, 15_000)];
        let found = factor_break_evens((19_000, &rail_sea), (41_000, &river_sea));
        let short = |f: &FactorBreakEven<&'static str>| {
            (f.factor, f.break_even, f.change, f.second_wins_above)
        };
        // Barge at 26 x 4,000 / 26,000 = 4 g makes 4,000 + 15,000; rail at 10 x 32,000 / 10,000 = 32 g makes 32,000 + 9,000.
        // Sea is on both sides: it would have to be negative.
        assert_eq!(
            found.iter().map(short).collect::<Vec<_>>(),
            [("barge", 4, -846_154, false), ("rail", 32, 2_200_000, true)]
        );
        // The other way round says the same.
        let back = factor_break_evens((41_000, &river_sea), (19_000, &rail_sea));
        assert_eq!(
            back.iter().map(short).collect::<Vec<_>>(),
            [("barge", 4, -846_154, true), ("rail", 32, 2_200_000, false)]
        );
        assert_eq!(factor_break_evens((5, &rail_sea), (5, &river_sea)), []);
        assert_eq!(
            factor_break_evens((5, &rail_sea[1..]), (6, &rail_sea[1..])),
            [],
            "what both share alike decides nothing"
        );
    }
}
