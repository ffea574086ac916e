//! Activity x intensity, and the single rounding step.
//!
//! Operation and provision are rounded apart, so that their sum equals the total column to the last digit.

use crate::model::quantity::{Ghg, Intensity, Metres, Micrograms};
use crate::model::unit::{DECIMAL18_MAX, div_half_even};

/// Divides a 128-bit number by one constant, half to even, without a 128-bit division.
///
/// The divisor is normalised and a reciprocal prepared once (Moeller and Granlund, "Improved division by invariant
/// integers", 2011, algorithm 4); [`div_half_even`] is its plain twin, and a test compares the two.
#[derive(Clone, Copy, Debug)]
pub struct HalfEvenDivisor {
    divisor: u64,
    shift: u32,
    reciprocal: u64,
}

impl HalfEvenDivisor {
    /// A divisor from 2 to 2^63.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the reciprocal of a normalised divisor is below 2^64"
    )]
    pub const fn new(divisor: u64) -> HalfEvenDivisor {
        assert!(divisor >= 2 && divisor <= 1 << 63);
        let shift = divisor.leading_zeros();
        let normal = divisor << shift;
        let reciprocal = (u128::MAX / normal as u128 - (1u128 << 64)) as u64;
        HalfEvenDivisor {
            divisor,
            shift,
            reciprocal,
        }
    }

    /// `n / divisor` rounded half to even, or `None` when the quotient is beyond [`DECIMAL18_MAX`].
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the words of a 128-bit number are taken apart on purpose"
    )]
    #[inline]
    pub fn divide(&self, n: u128) -> Option<i64> {
        // A quotient within the limit needs n < divisor * 10^18; then the high word of the normalised
        // numerator is below the normalised divisor, which the algorithm asks for.
        if n >> 64 >= self.divisor as u128 {
            return None;
        }
        let normal = self.divisor << self.shift;
        let shifted = n << self.shift;
        let (high, low) = ((shifted >> 64) as u64, shifted as u64);
        let q = (self.reciprocal as u128 * high as u128)
            .wrapping_add((high as u128) << 64 | low as u128);
        let mut quotient = ((q >> 64) as u64).wrapping_add(1);
        let mut rest = low.wrapping_sub(quotient.wrapping_mul(normal));
        if rest > q as u64 {
            quotient = quotient.wrapping_sub(1);
            rest = rest.wrapping_add(normal);
        }
        if rest >= normal {
            quotient = quotient.wrapping_add(1);
            rest -= normal;
        }
        let rest = rest >> self.shift;
        let half = self.divisor - rest;
        let up = rest > half || (rest == half && quotient & 1 == 1);
        let rounded = quotient.checked_add(up as u64)?;
        if rounded > DECIMAL18_MAX as u64 {
            None
        } else {
            Some(rounded as i64)
        }
    }
}

// g.m x 10^-9 g/t.km = 10^-18 g, and TEU.m x 10^-9 g/TEU.km likewise; a microgram is 10^-6 g.
const PER_KM: HalfEvenDivisor = HalfEvenDivisor::new(1_000_000_000_000);
// g x 10^-9 g/t = 10^-15 g, and millionths x 10^-9 g likewise.
const PER_UNIT: HalfEvenDivisor = HalfEvenDivisor::new(1_000_000_000);

/// What an intensity is applied to; all of its parts are applied to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// g.m or millionths of a TEU times metres, for an intensity per t.km or TEU.km.
    OverDistance(u128),
    /// g, or millionths of a TEU or of a container.
    Handled(u64),
    /// Millionths of the unit of a quantity of energy, and the units of the energy row that one such unit is.
    Energy(i64, (i64, i64)),
}

impl Amount {
    /// The mass at a part of an intensity (10^-9 g per unit); `None` beyond `Decimal(18,9)` kg.
    ///
    /// ```
    /// use green_corridor_core::calc::emissions::Amount;
    /// use green_corridor_core::model::quantity::{Metres, Micrograms};
    /// // 10 t over 1000 km at 10 g/t.km: 100 kg
    /// let amount = Amount::over_distance(10_000_000, Metres(1_000_000));
    /// assert_eq!(amount.at(10_000_000_000), Some(Micrograms(100_000_000_000)));
    /// ```
    #[inline]
    pub fn at(self, intensity: i64) -> Option<Micrograms> {
        let micrograms = match self {
            // Only the product with the intensity can pass 128 bits, and then the result is far beyond the limit.
            Amount::OverDistance(amount) => match u64::try_from(amount) {
                Ok(amount) => PER_KM.divide(amount as u128 * intensity as u128),
                Err(_) => amount
                    .checked_mul(intensity as u128)
                    .and_then(|product| PER_KM.divide(product)),
            },
            Amount::Handled(amount) => PER_UNIT.divide(amount as u128 * intensity as u128),
            Amount::Energy(quantity, (numerator, denominator)) => {
                per_energy(quantity, intensity, numerator, denominator)
            }
        };
        micrograms.map(Micrograms)
    }

    /// Both parts of the emissions; `None`: one of them, or both together, are beyond `Decimal(18,9)` kg.
    #[inline]
    pub fn ghg(self, intensity: Intensity) -> Option<Ghg> {
        let ghg = Ghg {
            operation: self.at(intensity.operation)?,
            provision: self.at(intensity.provision)?,
        };
        (ghg.total().0 <= DECIMAL18_MAX).then_some(ghg)
    }

    /// `amount` (g or millionths of a TEU) moved over `distance`.
    #[inline]
    pub fn over_distance(amount: i64, distance: Metres) -> Amount {
        Amount::OverDistance(amount as u128 * distance.0 as u128)
    }
}

// Micrograms CO2e of an energy `quantity` (millionths of its unit) at `intensity` (10^-9 g per unit of the energy row),
// one unit of the quantity being `numerator / denominator` units of the energy row; `None` beyond the limit.
fn per_energy(quantity: i64, intensity: i64, numerator: i64, denominator: i64) -> Option<i64> {
    let product = (quantity as i128 * intensity as i128).checked_mul(numerator as i128)?;
    let micrograms = div_half_even(product, 1_000_000_000 * denominator as i128);
    i64::try_from(micrograms)
        .ok()
        .filter(|&g| g <= DECIMAL18_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(n: u128, divisor: u64) -> Option<i64> {
        let q = n / divisor as u128;
        let twice = n % divisor as u128 * 2;
        let up = twice > divisor as u128 || (twice == divisor as u128 && q & 1 == 1);
        i64::try_from(q + up as u128)
            .ok()
            .filter(|&v| v <= DECIMAL18_MAX)
    }

    proptest! {
        #[test]
        fn reciprocal_equals_plain_division(high in any::<u64>(), low in any::<u64>(), bits in 0u32..128, divisor in 2u64..(1 << 63)) {
            let n = ((high as u128) << 64 | low as u128) >> bits;
            for d in [divisor, 1_000_000_000_000, 1_000_000_000, 2, 3, 1 << 63] {
                prop_assert_eq!(HalfEvenDivisor::new(d).divide(n), plain(n, d));
            }
        }

        #[test]
        fn halves_go_to_even(q in 0u64..1_000_000_000_000_000, d in 1u64..1_000_000_000) {
            let divisor = HalfEvenDivisor::new(2 * d);
            let n = q as u128 * 2 * d as u128 + d as u128;
            prop_assert_eq!(divisor.divide(n), Some((q + (q & 1)) as i64));
        }
    }

    #[test]
    fn beyond_the_limit_is_none() {
        let per_distance =
            |amount, metres, intensity| Amount::over_distance(amount, Metres(metres)).at(intensity);
        let per_amount = |amount, intensity| Amount::Handled(amount).at(intensity);
        assert_eq!(per_distance(1_000_000_000, 50_000_000, DECIMAL18_MAX), None);
        assert_eq!(per_distance(i64::MAX, i64::MAX, i64::MAX), None);
        assert_eq!(per_amount(1_000_000_000, 1_000_000_000_000_000_000), None);
        assert_eq!(per_energy(i64::MAX, i64::MAX, 36, 10), None);
        assert_eq!(
            per_energy(1_000_000, 100_000_000_000, 36, 10),
            Some(360_000_000)
        );
    }
}
