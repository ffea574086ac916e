//! Joins input, factors, calculation, output and store into one run.
pub mod plan;
pub mod progress;
