//! Route options as table, JSON, CSV and HTML. `fill` turns an answer into the words and decimals of a `sheet` once; the forms only arrange them.

pub(crate) mod asked;
mod chains_html;
mod charts;
pub(crate) mod cost;
mod cost_html;
pub(crate) mod csv;
pub(crate) mod days;
pub(crate) mod figure;
pub(crate) mod fill;
pub(crate) mod html;
mod labels;
pub(crate) mod map;
pub(crate) mod pairs_html;
pub(crate) mod sentences;
pub(crate) mod sheet;
