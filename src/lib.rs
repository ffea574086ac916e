//! green-corridor: exact greenhouse-gas footprints of container movements to ISO 14083:2023.
pub mod error;
pub mod input;
pub mod model;
pub mod output;
