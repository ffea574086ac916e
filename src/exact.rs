//! Exact ratios of whole numbers: what an amount is before it is rounded once, and how a rounded amount is parted again.

use crate::model::unit::decimal_text;
use num_bigint::BigInt;
use num_integer::Integer;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::fmt;

/// A ratio. Nearly all of them fit machine numbers; the others are as exact and slower.
#[derive(Clone, Debug)]
pub(crate) enum Exact {
    /// Numerator and a denominator above 0, not always in lowest terms.
    Small(i128, i128),
    /// The same.
    Big(Box<(BigInt, BigInt)>),
}

/// How the one rounding goes where a value lies in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// To the even neighbour.
    #[default]
    HalfEven,
    /// Away from zero.
    HalfUp,
}

impl Rounding {
    /// The word in `agreements.csv` and in `taxes`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Rounding::HalfEven => "half_even",
            Rounding::HalfUp => "half_up",
        }
    }
}

impl Default for Exact {
    fn default() -> Exact {
        Exact::ZERO
    }
}

impl Exact {
    pub(crate) const ZERO: Exact = Exact::Small(0, 1);

    pub(crate) fn is_zero(&self) -> bool {
        self.compared(&Exact::ZERO) == Ordering::Equal
    }

    /// What [`fmt::Display`] wrote.
    pub(crate) fn parse(text: &str) -> Option<Exact> {
        let (n, d) = text.split_once('/')?;
        let (n, d): (BigInt, BigInt) = (n.parse().ok()?, d.parse().ok()?);
        (d > BigInt::from(0)).then(|| Exact::reduced(n, d))
    }

    pub(crate) fn whole(n: i128) -> Exact {
        Exact::Small(n, 1)
    }

    /// One whole number by another, which must be above 0.
    pub(crate) fn ratio(n: i128, d: i128) -> Exact {
        Exact::Small(n, d)
    }

    /// `mantissa` of so many decimals.
    pub(crate) fn scaled(mantissa: i128, scale: u32) -> Exact {
        Exact::Small(mantissa, 10i128.pow(scale))
    }

    pub(crate) fn of(decimal: Decimal) -> Exact {
        Exact::scaled(decimal.mantissa(), decimal.scale())
    }

    fn parts(&self) -> (BigInt, BigInt) {
        match self {
            Exact::Small(n, d) => (BigInt::from(*n), BigInt::from(*d)),
            Exact::Big(big) => (big.0.clone(), big.1.clone()),
        }
    }

    /// In lowest terms, in machine numbers where they suffice.
    fn reduced(n: BigInt, d: BigInt) -> Exact {
        let by = n.gcd(&d);
        let (n, d) = (n / &by, d / by);
        match (i128::try_from(&n), i128::try_from(&d)) {
            (Ok(n), Ok(d)) => Exact::Small(n, d),
            _ => Exact::Big(Box::new((n, d))),
        }
    }

    pub(crate) fn times(&self, other: &Exact) -> Exact {
        if let (Exact::Small(n, d), Exact::Small(m, e)) = (self, other)
            && let (Some(n), Some(d)) = (n.checked_mul(*m), d.checked_mul(*e))
        {
            return Exact::Small(n, d);
        }
        let ((n, d), (m, e)) = (self.parts(), other.parts());
        Exact::reduced(n * m, d * e)
    }

    pub(crate) fn plus(&self, other: &Exact) -> Exact {
        if let (Exact::Small(n, d), Exact::Small(m, e)) = (self, other)
            && let Some(sum) = small_sum((*n, *d), (*m, *e))
        {
            return sum;
        }
        let ((n, d), (m, e)) = (self.parts(), other.parts());
        Exact::reduced(n * &e + m * &d, d * e)
    }

    pub(crate) fn minus(&self, other: &Exact) -> Exact {
        self.plus(&other.times(&Exact::whole(-1)))
    }

    /// 1 divided by it; it must be above 0.
    pub(crate) fn inverse(&self) -> Exact {
        match self {
            Exact::Small(n, d) => Exact::Small(*d, *n),
            Exact::Big(big) => Exact::Big(Box::new((big.1.clone(), big.0.clone()))),
        }
    }

    /// The largest whole number that is not above it, and what is left.
    fn cut(&self) -> (BigInt, Exact) {
        let (n, d) = self.parts();
        let (whole, left) = n.div_mod_floor(&d);
        (whole, Exact::reduced(left, d))
    }

    fn small_cut(&self) -> Option<(i128, Exact)> {
        match self {
            Exact::Small(n, d) => Some((n.div_euclid(*d), Exact::Small(n.rem_euclid(*d), *d))),
            Exact::Big(_) => {
                let (whole, left) = self.cut();
                Some((i128::try_from(whole).ok()?, left))
            }
        }
    }

    /// The nearest whole number; `None` when it cannot be held.
    pub(crate) fn rounded(&self, rounding: Rounding) -> Option<i128> {
        let (whole, left) = self.small_cut()?;
        let up = match left.compared(&Exact::Small(1, 2)) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => match rounding {
                Rounding::HalfEven => whole % 2 != 0,
                Rounding::HalfUp => whole >= 0,
            },
        };
        whole.checked_add(i128::from(up))
    }

    /// As a decimal for people: at most 12 decimals, at least so many.
    pub(crate) fn decimal(&self, least: u32) -> String {
        const MOST: u32 = 12;
        let scaled = self.times(&Exact::whole(10i128.pow(MOST)));
        let Some(mantissa) = scaled.rounded(Rounding::HalfEven) else {
            return self.to_string();
        };
        let mut text = decimal_text(mantissa, MOST);
        let point = text.len() - MOST as usize;
        while text.ends_with('0') && text.len() > point + least as usize {
            text.pop();
        }
        text.trim_end_matches('.').to_owned()
    }

    pub(crate) fn compared(&self, other: &Exact) -> Ordering {
        if let (Exact::Small(n, d), Exact::Small(m, e)) = (self, other) {
            if d == e {
                return n.cmp(m);
            }
            if let (Some(left), Some(right)) = (n.checked_mul(*e), m.checked_mul(*d)) {
                return left.cmp(&right);
            }
        }
        let ((n, d), (m, e)) = (self.parts(), other.parts());
        (n * e).cmp(&(m * d))
    }
}

fn small_sum((n, d): (i128, i128), (m, e): (i128, i128)) -> Option<Exact> {
    if d == e {
        return Some(Exact::Small(n.checked_add(m)?, d));
    }
    let by = d.gcd(&e);
    let left = n.checked_mul(e / by)?;
    let right = m.checked_mul(d / by)?;
    Some(Exact::Small(
        left.checked_add(right)?,
        d.checked_mul(e / by)?,
    ))
}

/// `n/d` in lowest terms.
impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exact::Small(n, d) => {
                let by = n.gcd(d);
                write!(f, "{}/{}", n / by, d / by)
            }
            Exact::Big(big) => {
                let by = big.0.gcd(&big.1);
                write!(f, "{}/{}", &big.0 / &by, &big.1 / &by)
            }
        }
    }
}

/// Parts a total over exact amounts that add up to about it: floors, the missing units to the largest fractions, one too many taken from the
/// smallest; of equal fractions the first gets one and the last loses one. `None` when a part cannot be held.
pub(crate) fn parted(total: i128, exact: &[Exact]) -> Option<Vec<i128>> {
    let cut: Option<Vec<(i128, Exact)>> = exact.iter().map(Exact::small_cut).collect();
    let (mut parts, left): (Vec<i128>, Vec<Exact>) = cut?.into_iter().unzip();
    let floors = parts
        .iter()
        .try_fold(0i128, |sum, part| sum.checked_add(*part))?;
    let mut missing = total.checked_sub(floors)?;
    if missing == 0 || parts.is_empty() {
        return (missing == 0).then_some(parts);
    }
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| left[*b].compared(&left[*a]).then(a.cmp(b)));
    if missing < 0 {
        order.reverse();
    }
    for at in order.iter().cycle() {
        if missing == 0 {
            break;
        }
        parts[*at] += missing.signum();
        missing -= missing.signum();
    }
    Some(parts)
}

/// Parts a total in units of so many over whole amounts that add up to about it; the unit must be above 0.
///
/// ```
/// use green_corridor::quantity::parted;
/// assert_eq!(parted(2, 1000, &[1_400, 1_400, -500]), Some(vec![1, 1, 0]));
/// ```
pub fn parted_in(total: i128, unit: i128, amounts: &[i128]) -> Option<Vec<i128>> {
    let exact: Vec<Exact> = amounts.iter().map(|a| Exact::ratio(*a, unit)).collect();
    parted(total, &exact)
}

/// Parts a total by weights, equally when all of them are 0.
pub(crate) fn by_weight(total: i128, weights: &[i128]) -> Option<Vec<i128>> {
    let sum = weights
        .iter()
        .try_fold(0i128, |sum, weight| sum.checked_add(*weight))?;
    let count = i128::try_from(weights.len()).ok()?;
    let share = |weight: &i128| match sum {
        0 => Exact::Small(total, count),
        _ => Exact::whole(total).times(&Exact::Small(*weight, sum)),
    };
    let exact: Vec<Exact> = weights.iter().map(share).collect();
    parted(total, &exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    #[test]
    fn the_example_of_a_carbon_charge() {
        // 719.123456789 kg at 187.12 CNY per t = 134.56238123... CNY.
        let kg = Exact::scaled(719_123_456_789, 9);
        let price = Exact::of(Decimal::from_str("187.12").unwrap());
        let fen = kg.times(&price).times(&Exact::Small(100, 1000));
        assert_eq!(fen.rounded(Rounding::HalfEven), Some(13_456));
        assert_eq!(
            by_weight(13_456, &[400, 150, 139, 30]),
            Some(vec![7_486, 2_807, 2_601, 562])
        );
        assert_eq!(
            by_weight(10_000, &[0, 0, 0]),
            Some(vec![3_334, 3_333, 3_333])
        );
    }

    #[test]
    fn halves_go_where_their_rule_says() {
        let half = |n| Exact::Small(n, 2);
        let rounded = |n, rule| half(n).rounded(rule).unwrap();
        assert_eq!([1, 3, 5].map(|n| rounded(n, Rounding::HalfEven)), [0, 2, 2]);
        assert_eq!([1, 3, 5].map(|n| rounded(n, Rounding::HalfUp)), [1, 2, 3]);
        assert_eq!([-1, -3].map(|n| rounded(n, Rounding::HalfUp)), [-1, -2]);
        assert_eq!([-1, -3].map(|n| rounded(n, Rounding::HalfEven)), [0, -2]);
    }

    #[test]
    fn decimals_for_people() {
        let text = |n, d, least| Exact::Small(n, d).decimal(least);
        assert_eq!([text(0, 1, 0), text(0, 1, 2)], ["0", "0.00"]);
        assert_eq!([text(-3, 200, 0), text(1345, 1, 2)], ["-0.015", "1345.00"]);
        assert_eq!([text(1, 3, 2), text(100, 1, 0)], ["0.333333333333", "100"]);
    }

    #[test]
    fn what_machine_numbers_cannot_hold_is_as_exact() {
        let large = Exact::Small(i128::MAX, 3);
        let ratio = large.times(&large).times(&Exact::Small(9, i128::MAX));
        let ratio = ratio.times(&Exact::Small(1, i128::MAX));
        assert_eq!(ratio.to_string(), "1/1");
        let sum = large.plus(&Exact::Small(1, i128::MAX - 1));
        assert_eq!(
            sum.minus(&large).to_string(),
            format!("1/{}", i128::MAX - 1)
        );
        assert_eq!(sum.compared(&large), Ordering::Greater);
    }

    #[test]
    fn one_too_many_is_taken_from_the_smallest_fraction() {
        let exact = [Exact::Small(5, 2), Exact::Small(9, 4), Exact::Small(1, 4)];
        assert_eq!(parted(3, &exact), Some(vec![2, 2, -1]));
        assert_eq!(parted(5, &exact), Some(vec![3, 2, 0]));
        let negative = [Exact::Small(-1, 2), Exact::Small(-5, 4)];
        assert_eq!(parted(-2, &negative), Some(vec![-1, -1]));
    }
}
