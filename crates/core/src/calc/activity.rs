//! Distance adjustment, and a consignment's part of a box.

use super::emissions::HalfEvenDivisor;
use crate::factors::profile::Adjustment;
use crate::model::quantity::Metres;
use crate::model::unit::div_half_even;

// A distance times millionths.
const PER_MILLION: HalfEvenDivisor = HalfEvenDivisor::new(1_000_000);

/// The adjusted distance in whole metres, rounded half to even once; may be zero or negative, which is the caller's to judge.
///
/// ```
/// use green_corridor_core::calc::activity::adjusted;
/// use green_corridor_core::factors::profile::Adjustment;
/// use green_corridor_core::model::quantity::Metres;
/// assert_eq!(adjusted(Metres(2_500_001), Adjustment::Ratio(1_150_000)), 2_875_001);
/// ```
#[inline]
pub fn adjusted(distance: Metres, adjustment: Adjustment) -> i128 {
    match adjustment {
        Adjustment::Ratio(millionths) => {
            let product = distance.0 as i128 * millionths as i128;
            let quick = u128::try_from(product)
                .ok()
                .and_then(|p| PER_MILLION.divide(p));
            quick.map_or_else(|| div_half_even(product, 1_000_000), i128::from)
        }
        Adjustment::AddMetres(metres) => distance.0 as i128 + metres as i128,
    }
}

/// A consignment's part of a box: `whole` (millionths of TEU or of a container) x `mass` / `box mass`, half to even to a millionth.
///
/// ```
/// use green_corridor_core::calc::activity::share;
/// assert_eq!(share(2_000_000, 5_000, 15_000), 666_667);
/// ```
#[expect(
    clippy::cast_possible_truncation,
    reason = "mass <= box mass is a fact of parsing, so the part never exceeds the whole"
)]
#[inline]
pub fn share(whole: i64, mass_g: i64, box_mass_g: i64) -> i64 {
    div_half_even(whole as i128 * mass_g as i128, box_mass_g as i128) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ratios_by_reciprocal_equal_plain_division(distance in 0i64.., ratio in any::<i64>(), bits in 0u32..63) {
            for (distance, ratio) in [(distance >> bits, ratio >> bits), (distance, ratio), (distance >> bits, 1_050_000)] {
                let plain = div_half_even(distance as i128 * ratio as i128, 1_000_000);
                prop_assert_eq!(adjusted(Metres(distance), Adjustment::Ratio(ratio)), plain);
            }
        }
    }
}
