//! green-corridor: exact greenhouse-gas footprints of container movements to ISO 14083:2023.
pub mod cli;
pub mod error;
pub mod input;
pub mod model;
pub mod pipeline;
pub mod sample;
