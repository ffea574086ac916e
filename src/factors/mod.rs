//! Versioned emission factors: the library as parsed tables, a profile as the method, and the set that answers
//! "which factor, exactly".
//!
//! Everything takes bytes with a label; nothing here opens a file, knows a clock or a float.

pub mod factor;
pub mod fault;
pub mod library;
pub mod profile;
pub mod set;
pub mod zones;

pub use factor::{Composed, EmissionFactor, GwpSet, Operation, Section, Source, Text};
pub use fault::{DataFile, Fault, Severity};
pub use library::Library;
pub use profile::Profile;
pub use set::{Candidate, Choice, EnergyChoice, EnergyQuery, FactorQuery, FactorSet, NoFactor, NoFactorReason, Verdict};
pub use zones::Zones;
