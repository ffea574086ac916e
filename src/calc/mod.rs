pub mod activity;
pub mod emissions;
