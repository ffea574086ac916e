//! Bytes to movement batches or rejected rows; one file per format.
pub mod mapping;
