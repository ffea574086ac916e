//! Joins input, factors, calculation, output and store into one run. `run` is the story, from top to bottom.
pub mod batches;
pub mod budget;
pub mod compute;
pub mod diff;
mod ending;
pub mod explain;
pub mod factors_used;
pub mod feed;
pub mod held;
pub mod identity;
pub mod jobs;
pub mod ledger;
pub mod merge;
pub mod plan;
pub mod prepare;
pub mod progress;
mod published;
mod published_shipments;
pub mod rejects;
#[cfg(feature = "query")]
pub mod report;
pub mod run;
#[cfg(test)]
mod run_tests;
pub mod scratch;
pub mod sort;
pub mod spill;
pub mod summary;
pub mod tables;
pub mod verify;
pub mod write;
