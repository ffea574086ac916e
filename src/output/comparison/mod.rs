//! Route options as table, JSON, CSV and HTML. `sheet` turns an answer into texts once; the forms only arrange them.

pub mod csv;
pub mod html;
pub mod map;
pub mod scale;
pub mod sentences;
pub mod sheet;
