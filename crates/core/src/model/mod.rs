//! The words of the domain: quantities, identifiers, time, movement records, elements, rejections.
//!
//! Depends on nothing but the standard library and a hash map. No files, no threads, no clock, no
//! floats, no columnar library.

pub mod carried;
pub mod element;
pub mod flag;
pub mod id;
pub mod index;
pub mod mode;
pub mod money;
pub mod movement;
pub mod quantity;
pub mod reject;
pub mod sheet;
pub mod symbol;
pub mod text;
pub mod time;
pub mod unit;
pub mod vocabulary;
