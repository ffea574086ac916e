//! Distance adjustment, transport activity, and a consignment's part of a box.

use crate::factors::profile::Adjustment;
use crate::model::unit::{DECIMAL18_MAX, div_half_even};

/// A limit of the published decimals was passed (R020).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded;

/// The adjusted distance in whole metres, rounded half to even once; may be zero or negative, which is the caller's to judge.
///
/// ```
/// use green_corridor::calc::activity::adjusted;
/// use green_corridor::factors::profile::Adjustment;
/// assert_eq!(adjusted(2_500_001, Adjustment::Ratio(1_150_000)), 2_875_001);
/// ```
#[inline]
pub fn adjusted(distance_m: i64, adjustment: Adjustment) -> i128 {
    match adjustment {
        Adjustment::Ratio(millionths) => div_half_even(distance_m as i128 * millionths as i128, 1_000_000),
        Adjustment::AddMetres(metres) => distance_m as i128 + metres as i128,
    }
}

/// Transport activity in g.m (10^-9 t.km) of a mass in grams over whole metres.
///
/// ```
/// use green_corridor::calc::activity::transport_activity;
/// assert_eq!(transport_activity(10_000_000, 1_000_000), Ok(10_000_000_000_000)); // 10 t x 1000 km = 10 000 t.km
/// ```
#[inline]
pub fn transport_activity(mass_g: i64, distance_m: i64) -> Result<i64, LimitExceeded> {
    match mass_g.checked_mul(distance_m) {
        Some(activity) if activity <= DECIMAL18_MAX => Ok(activity),
        _ => Err(LimitExceeded),
    }
}

/// A consignment's part of a box: `whole` (millionths of TEU or of a container) x `mass` / `box mass`, half to even to a millionth.
///
/// ```
/// use green_corridor::calc::activity::share;
/// assert_eq!(share(2_000_000, 5_000, 15_000), 666_667);
/// ```
#[inline]
pub fn share(whole: i64, mass_g: i64, box_mass_g: i64) -> i64 {
    // mass <= box mass is a fact of parsing, so the part never exceeds the whole.
    div_half_even(whole as i128 * mass_g as i128, box_mass_g as i128) as i64
}
