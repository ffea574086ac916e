//! The figures of an answer: whole numbers of the calculation as decimals of 28 digits, and how people see them.

use crate::model::money::{Amount, MONEY_SCALE, PUBLISHED_SCALE};
use crate::model::unit::{NANO_SCALE, div_half_even, grouped};
use crate::output::ratio::ratio;
use crate::routes::{DAY, Millihours};
use rust_decimal::{Decimal, RoundingStrategy};

/// Decimals of hours.
const HOURS_SCALE: u32 = 3;
/// Decimals of days.
const DAYS_SCALE: u32 = 2;

/// A figure with its decimals.
pub(super) fn decimal(mantissa: i128, scale: u32) -> Decimal {
    let decimal = Decimal::try_from_i128_with_scale(mantissa, scale);
    decimal.expect("28 digits: a chain has few elements, and each at most 18 digits")
}

/// As `Amount::text` writes it: what is left of 128 bits has 28 digits.
pub(super) fn money(amount: Amount) -> Decimal {
    let unit = 10i128.pow(MONEY_SCALE - PUBLISHED_SCALE);
    decimal(div_half_even(amount.0, unit), PUBLISHED_SCALE)
}

/// Micrograms as kilograms.
pub(super) fn kg(micrograms: i128) -> Decimal {
    decimal(micrograms, NANO_SCALE)
}

pub(super) fn hours_of(hours: Millihours) -> Decimal {
    decimal(hours as i128, HOURS_SCALE)
}

pub(super) fn days(hours: Millihours) -> Decimal {
    let hundredths = hours as i128 * 10i128.pow(DAYS_SCALE);
    decimal(div_half_even(hundredths, DAY as i128), DAYS_SCALE)
}

pub(super) fn percent(part: i128, whole: i128) -> Option<Decimal> {
    ratio(part * 100, 1, whole).map(|p| decimal(p, 1))
}

/// A figure with `places` decimals, half to even. Nothing is less than 0 that is not.
///
/// ```
/// use green_corridor::quantity::Decimal;
/// use green_corridor::routing::rounded;
/// let round = |mantissa| rounded(Decimal::new(mantissa, 2), 1).to_string();
/// assert_eq!([25, 35, -25, -4].map(round), ["0.2", "0.4", "-0.2", "0.0"]);
/// ```
pub fn rounded(figure: Decimal, places: u32) -> Decimal {
    let mut rounded = figure.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
    rounded.rescale(places);
    if rounded.is_zero() {
        rounded.abs()
    } else {
        rounded
    }
}

/// [`rounded`] for people, digits in groups of three.
pub fn shown(figure: Decimal, places: u32) -> String {
    grouped(&rounded(figure, places).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unit::decimal_text;

    #[test]
    fn a_figure_reads_as_the_whole_number_that_it_was() {
        for mantissa in (-2_050..2_050).chain([i128::from(i64::MAX), -10i128.pow(27)]) {
            let figure = decimal(mantissa, 3);
            assert_eq!(figure.to_string(), decimal_text(mantissa, 3));
            let tenths = decimal_text(div_half_even(mantissa, 100), 1);
            assert_eq!(rounded(figure, 1).to_string(), tenths, "{mantissa}");
        }
        assert_eq!(rounded(Decimal::TWO, 1).to_string(), "2.0");
        assert_eq!(money(Amount(i128::MAX)).to_string().len(), 30);
    }
}
