//! Money: whole numbers with a currency, never converted without a dated rate.

use super::unit::{decimal_text, div_half_even};
use std::fmt;

/// Decimals of a price in a file or on the command line (millionths of the currency unit).
pub const PRICE_SCALE: u32 = 6;
/// Decimals of an amount in memory. A price times TEU, tonnes or containers (millionths each) is exact at this scale.
pub const MONEY_SCALE: u32 = 12;
/// Decimals of a published amount, whatever the currency.
pub const PUBLISHED_SCALE: u32 = 2;
/// Decimals of an exchange rate.
pub const RATE_SCALE: u32 = 9;

/// An ISO 4217 code by its form: three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of a code.
    ///
    /// ```
    /// use green_corridor_core::model::money::Currency;
    /// assert_eq!(Currency::parse("SGD").unwrap().to_string(), "SGD");
    /// assert_eq!(Currency::parse("S$"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Currency> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Currency(code))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or("???"))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An amount in 10^-12 of its currency unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub i128);

impl Amount {
    /// What `quantity` (millionths) costs at `price` (millionths of the currency unit per one): exact.
    pub fn of(price: i64, quantity: i64) -> Amount {
        Amount(price as i128 * quantity as i128)
    }

    /// What GHG emissions cost: micrograms at a price in millionths of the currency unit per tonne, half to even.
    /// `None` when it cannot be held.
    ///
    /// ```
    /// use green_corridor_core::model::money::Amount;
    /// let two_tonnes = 2_000_000_000_000;
    /// assert_eq!(Amount::of_ghg(two_tonnes, 50_000_000).unwrap().text(), "100.00");
    /// ```
    pub fn of_ghg(micrograms: i128, price: i64) -> Option<Amount> {
        Some(Amount(div_half_even(
            micrograms.checked_mul(price as i128)?,
            1_000_000,
        )))
    }

    /// Sum; `None` when it cannot be held.
    pub fn plus(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount)
    }

    /// The amount in another currency at `numerator / denominator`, half to even; `None` when it cannot be held.
    pub fn converted(self, numerator: i64, denominator: i64) -> Option<Amount> {
        Some(Amount(div_half_even(
            self.0.checked_mul(numerator as i128)?,
            denominator as i128,
        )))
    }

    /// The amount with two decimals, half to even.
    pub fn text(self) -> String {
        decimal_text(
            div_half_even(self.0, 10i128.pow(MONEY_SCALE - PUBLISHED_SCALE)),
            PUBLISHED_SCALE,
        )
    }
}

/// An amount that is somewhere between two, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AmountRange {
    /// The least that it can be.
    pub low: Amount,
    /// The most.
    pub high: Amount,
}

impl AmountRange {
    /// An amount that is known.
    pub fn exactly(amount: Amount) -> AmountRange {
        AmountRange {
            low: amount,
            high: amount,
        }
    }

    /// The sum of both, whatever the two amounts are; `None` when it cannot be held.
    pub fn plus(self, other: AmountRange) -> Option<AmountRange> {
        Some(AmountRange {
            low: self.low.plus(other.low)?,
            high: self.high.plus(other.high)?,
        })
    }

    /// Whether this is less than the other wherever in their ranges the two amounts are.
    ///
    /// ```
    /// use green_corridor_core::model::money::{Amount, AmountRange};
    /// let range = |low, high| AmountRange { low: Amount(low), high: Amount(high) };
    /// assert!(range(1, 4).is_surely_below(range(5, 9)));
    /// assert!(!range(1, 5).is_surely_below(range(5, 9)), "they may be the same");
    /// ```
    pub fn is_surely_below(self, other: AmountRange) -> bool {
        self.high < other.low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_times_quantities_are_exact_until_they_are_published() {
        // 455.000001 a TEU for 2.25 TEU.
        assert_eq!(
            Amount::of(455_000_001, 2_250_000),
            Amount(1_023_750_002_250_000)
        );
        assert_eq!(Amount::of(455_000_001, 2_250_000).text(), "1023.75");
        assert_eq!(Amount(-5_000_000_000).text(), "0.00");
        assert_eq!(Amount(15_000_000_000).text(), "0.02");
        assert_eq!(Amount(i128::MAX).plus(Amount(1)), None);
    }

    #[test]
    fn a_rate_is_a_ratio() {
        let hundred = Amount(100 * 10i128.pow(12));
        assert_eq!(
            hundred
                .converted(1_295_000_000, 1_000_000_000)
                .unwrap()
                .text(),
            "129.50"
        );
        assert_eq!(
            hundred
                .converted(1_000_000_000, 1_295_000_000)
                .unwrap()
                .text(),
            "77.22"
        );
        assert_eq!(Amount(i128::MAX).converted(2, 1), None);
    }
}
