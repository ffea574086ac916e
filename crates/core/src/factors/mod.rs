//! Versioned emission factors: the library as parsed tables, a profile as the method, and the set that answers
//! "which factor, exactly".
//!
//! Everything takes bytes with a label; nothing here opens a file, knows a clock or a float.

mod candidates;
mod compose;
mod countries;
pub mod diff;
mod displace;
pub mod document;
pub mod factor;
pub mod fault;
mod first;
mod handbook;
pub mod import;
mod intervals;
pub mod library;
pub mod profile;
mod region;
mod review;
mod rows;
mod select;
pub mod set;
pub mod table;
mod zones;

#[cfg(test)]
pub mod testkit;
#[cfg(test)]
mod tests;

pub use candidates::{Candidate, Verdict};
pub use compose::conversion;
pub use countries::{country, is_country};
pub use factor::{Composed, EmissionFactor, GwpSet, Operation, Section, Source, Text};
pub use fault::{DataFile, Fault, Severity};
pub use handbook::handbook;
pub use library::Library;
pub use profile::Profile;
pub use region::{Region, RegionName};
pub use review::{review, review_rows};
pub use rows::QUANTITY_SCALE;
pub use select::uplifted;
pub use select::{Choice, EnergyChoice, EnergyQuery, FactorQuery, NoFactor, NoFactorReason};
pub use set::FactorSet;
pub(crate) use zones::COLUMNS as ZONE_COLUMNS;
pub use zones::{PlaceSet, Zones};
