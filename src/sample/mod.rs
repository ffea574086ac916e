//! Generated movement records: made up from route templates and a seed, to try the engine at any size.
//!
//! Whole numbers only and a generator of its own, so that a seed gives the same bytes on every machine. A shipment depends on
//! the seed and its number alone: a longer sample begins with the shorter one. Nothing here is a record of a real shipment.

mod dirt;
mod random;
mod row;
mod shipment;
mod templates;
mod write;

pub(crate) use row::Row;
pub use templates::Templates;
pub use write::{Format, write};

use crate::model::time::{self, Day};
use crate::run::plan::Share;

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Number of shipments.
    pub shipments: u64,
    /// Seed.
    pub seed: u64,
    /// Month over which first departures are spread.
    pub month: Month,
    /// Share of rows that are damaged the way real exports are.
    pub dirt: Share,
}

/// Most shipments of one sample: ids keep their order as text up to here.
pub const MOST_SHIPMENTS: u64 = 9_999_999_999;

/// A calendar month, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    /// First day.
    pub first: Day,
    /// Number of days.
    pub days: u32,
}

impl Month {
    /// Reads `2025-03`.
    ///
    /// ```
    /// use green_corridor::made_up::Month;
    /// assert_eq!(Month::parse("2024-02").map(|m| m.days), Ok(29));
    /// assert!(Month::parse("2024-13").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Month, String> {
        let first = time::parse_date(&format!("{text}-01"));
        let Some(first) = first.filter(|_| text.len() == 7) else {
            return Err(format!("{text:?}: expected a month, e.g. \"2025-03\""));
        };
        let (year, month, _) = time::civil(first);
        Ok(Month {
            first,
            days: time::days_in_month(year, month),
        })
    }
}

/// The rows of shipment `index` (from 0) in order of container and sequence, damaged ones included.
pub(crate) fn shipment<'a>(order: &Order, templates: &'a Templates, index: u64) -> Vec<Row<'a>> {
    let mut rows = shipment::rows(order, templates, index);
    if order.dirt.0 > 0 {
        dirt::spoil(order, index, &mut rows);
    }
    rows
}

#[cfg(test)]
mod tests;
