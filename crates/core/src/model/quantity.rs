//! Quantities of one element, each a whole number that carries its unit in its type. Columns of a batch are slices of plain numbers
//! with the unit in their name; a figure has its type from where it is taken out of one to where it is put into one.

use super::element::NOT_STATED;
use super::unit::DECIMAL18_MAX;
use std::ops::{Add, Mul};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub i64);
    };
}

quantity! {
    /// A mass, g.
    Grams
}
quantity! {
    /// A distance, m.
    Metres
}
quantity! {
    /// A transport activity, g.m = 10^-9 t.km.
    GramMetres
}
quantity! {
    /// A mass of CO2e, micrograms.
    Micrograms
}

impl Grams {
    /// Whether there is a mass at all.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Mass times distance; `None`: beyond what `Decimal(18,9)` holds.
///
/// ```
/// use green_corridor_core::model::quantity::{GramMetres, Grams, Metres};
/// // 10 t x 1000 km = 10 000 t.km
/// assert_eq!(Grams(10_000_000) * Metres(1_000_000), Some(GramMetres(10_000_000_000_000)));
/// ```
impl Mul<Metres> for Grams {
    type Output = Option<GramMetres>;

    #[inline]
    fn mul(self, distance: Metres) -> Option<GramMetres> {
        let product = self.0.checked_mul(distance.0)?;
        (product <= DECIMAL18_MAX).then_some(GramMetres(product))
    }
}

impl Add for Micrograms {
    type Output = Micrograms;

    #[inline]
    fn add(self, other: Micrograms) -> Micrograms {
        Micrograms(self.0 + other.0)
    }
}

/// An emission intensity, 10^-9 g per unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// Vehicle or hub operation.
    pub operation: i64,
    /// Energy provision.
    pub provision: i64,
    /// Biogenic CO2, which is in neither of the two; [`NOT_STATED`]: the source does not say.
    pub biogenic: i64,
}

impl Intensity {
    /// What every part becomes; `None`: of one of them there is nothing.
    pub fn each(self, mut of: impl FnMut(i64) -> Option<i64>) -> Option<Intensity> {
        Some(Intensity {
            operation: of(self.operation)?,
            provision: of(self.provision)?,
            biogenic: match self.biogenic {
                NOT_STATED => NOT_STATED,
                stated => of(stated)?,
            },
        })
    }

    /// Operation and provision.
    pub const fn total(self) -> i64 {
        self.operation + self.provision
    }
}

impl Default for Intensity {
    fn default() -> Intensity {
        Intensity {
            operation: 0,
            provision: 0,
            biogenic: NOT_STATED,
        }
    }
}

/// The two parts of an emission; each was rounded by itself, so that their sum is the total to the last digit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ghg {
    /// Vehicle or hub operation.
    pub operation: Micrograms,
    /// Energy provision.
    pub provision: Micrograms,
}

impl Ghg {
    /// Both parts.
    #[inline]
    pub fn total(self) -> Micrograms {
        self.operation + self.provision
    }
}
