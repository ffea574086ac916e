//! Results to bytes: the published tables as Parquet, and those tables read back.
//!
//! Takes models and a writer; opens no file and knows no folder.

pub mod encode;
pub mod part;
pub mod schema;
