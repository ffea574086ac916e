//! green-corridor: exact greenhouse-gas footprints of container movements to ISO 14083:2023.
pub mod calc;
pub mod cli;
pub mod error;
pub mod exchange;
pub mod factors;
pub mod geo;
pub mod input;
pub mod model;
pub mod output;
pub mod pipeline;
#[cfg(feature = "query")]
pub mod query;
pub mod reference;
pub mod routes;
pub mod sample;
pub mod store;
