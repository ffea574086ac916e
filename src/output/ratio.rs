//! Published ratios: intensities and shares, exact, rounded once, half to even.

use crate::model::element::GhgTotals;

/// `numerator x 10^places / denominator` rounded half to even; `None` when the denominator is not positive.
///
/// Sums stay below 10^28 (10^10 elements of at most 10^18 each), so the product below 10^37 fits; should it ever not, the
/// digits are divided out one by one instead. A result beyond `i128` gives `None` too; it would need 10^38.
pub(crate) fn ratio(numerator: i128, places: u32, denominator: i128) -> Option<i128> {
    if denominator <= 0 {
        return None;
    }
    match 10i128
        .checked_pow(places)
        .and_then(|scale| numerator.checked_mul(scale))
    {
        Some(product) => Some(half_even(
            product.div_euclid(denominator),
            product.rem_euclid(denominator),
            denominator,
        )),
        None => {
            let (mut quotient, mut rest) = (
                numerator.div_euclid(denominator),
                numerator.rem_euclid(denominator),
            );
            for _ in 0..places {
                let (digit, left) = ten_times(rest, denominator);
                quotient = quotient.checked_mul(10)?.checked_add(digit)?;
                rest = left;
            }
            Some(half_even(quotient, rest, denominator))
        }
    }
}

// Quotient and rest of `10 x rest / denominator` for `rest` below `denominator`, by additions that cannot overflow.
fn ten_times(rest: i128, denominator: i128) -> (i128, i128) {
    (0..10).fold((0, 0), |(digit, sum), _| match sum >= denominator - rest {
        true => (digit + 1, sum - (denominator - rest)),
        false => (digit, sum + rest),
    })
}

// `rest` against the half of `denominator`, without doubling either.
fn half_even(quotient: i128, rest: i128, denominator: i128) -> i128 {
    let up = match rest.cmp(&(denominator - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient & 1 == 1,
        std::cmp::Ordering::Greater => true,
    };
    quotient + up as i128
}

/// Millionths of g CO2e per t.km: micrograms over g.m, i.e. 10^-6 g over 10^-9 t.km.
pub(crate) fn intensity_g_per_tkm(totals: &GhgTotals) -> Option<i128> {
    ratio(totals.total(), 9, totals.activity)
}

/// Millionths of kg CO2e per TEU: micrograms over millionths.
pub(crate) fn ghg_kg_per_teu(totals: &GhgTotals, teu: i128) -> Option<i128> {
    ratio(totals.total(), 3, teu)
}

/// Millionths: the part of the emissions that rests on primary data.
pub(crate) fn primary_share(primary: i128, totals: &GhgTotals) -> Option<i128> {
    ratio(primary, 6, totals.total())
}

/// A share as the 32 bits of its column.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a part of a whole is at most 1,000,000 millionths"
)]
pub(crate) fn millionths(share: i128) -> i32 {
    share as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unit::div_half_even;

    #[test]
    fn ratios_round_half_to_even() {
        assert_eq!(
            (
                ratio(1, 6, 8),
                ratio(1, 6, 3),
                ratio(5, 0, 2),
                ratio(1, 6, 0)
            ),
            (Some(125_000), Some(333_333), Some(2), None)
        );
    }

    #[test]
    fn agrees_with_the_model_and_with_itself_where_the_product_does_not_fit() {
        for n in (-50..50).chain([999_999_999_999]) {
            for d in 1..30 {
                assert_eq!(ratio(n, 3, d), Some(div_half_even(n * 1000, d)), "{n}/{d}");
            }
        }
        let big = 10i128.pow(33);
        // A third, and two ties, of numbers whose product with 10^6 does not fit.
        assert_eq!(ratio(2 * big, 6, 3 * big), Some(666_667));
        assert_eq!(ratio(big / 4, 6, big * 100_000), Some(2));
        assert_eq!(ratio(big / 20 * 7, 6, big * 100_000), Some(4));
        assert_eq!(ratio(i128::MAX, 6, i128::MAX), Some(1_000_000));
    }

    #[test]
    fn units_are_grams_per_tonne_kilometre_and_kilograms_per_teu() {
        // 1,000 t.km at 62 g: 62 kg.
        let totals = GhgTotals {
            activity: 1_000 * 1_000_000_000,
            operation: 50_000_000_000,
            provision: 12_000_000_000,
        };
        assert_eq!(intensity_g_per_tkm(&totals), Some(62_000_000));
        assert_eq!(ghg_kg_per_teu(&totals, 2_000_000), Some(31_000_000));
        assert_eq!(primary_share(31_000_000_000, &totals), Some(500_000));
        assert_eq!(intensity_g_per_tkm(&GhgTotals::default()), None);
    }
}
