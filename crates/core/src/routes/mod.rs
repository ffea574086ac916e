//! Route options: every transport chain worth choosing between two places, with CO2e, time and cost side by side.
//!
//! Pure: whole numbers, no files, no clock. `network` holds what runs between places, `door` leads to it where it does not reach, `search`
//! finds chains, `arrival` those that arrive by a day, `costing` asks the kernel of the batch run for their footprints, `option` puts an answer together, `choose` decides which
//! options are shown; `priced` tells what an option costs where no service has a price.

pub mod answer;
pub mod arrival;
pub mod choose;
pub mod costing;
pub mod door;
pub mod geometry;
pub mod network;
pub mod option;
pub mod pairs;
pub mod priced;
pub mod request;
pub mod scenario;
pub mod sea;
pub mod search;
pub mod spelling;
pub mod timing;
pub mod why;

/// Hours in files have three decimals; times are counted in thousandths of an hour, 3.6 seconds.
pub type Millihours = i64;

/// Microseconds in a thousandth of an hour.
pub const MILLIHOUR_US: i64 = 3_600_000;

/// A week in thousandths of an hour.
pub const WEEK: Millihours = 168_000;

/// A day in thousandths of an hour.
pub const DAY: Millihours = 24_000;
