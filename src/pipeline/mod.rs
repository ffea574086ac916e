//! Joins input, kernel, output and store.
pub mod merge;
pub mod sort;
pub mod spill;
