//! Nothing. What this crate is for stands in its `Cargo.toml`: the features of crates that members share.
