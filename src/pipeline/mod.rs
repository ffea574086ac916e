//! Joins input, factors, calculation, output and store into one run.
pub mod feed;
pub mod ledger;
pub mod merge;
pub mod plan;
pub mod progress;
pub mod sort;
pub mod spill;
