//! Route options as table, JSON, CSV and HTML. `sheet` turns an answer into texts once; the forms only arrange them.

mod charts;
pub mod csv;
pub mod html;
mod labels;
pub mod map;
pub mod sentences;
pub mod sheet;
