//! A user's own table (GLEC, Clean Cargo, a carrier's) brought into the library's layout through a mapping file.
//!
//! Units are converted exactly and rounded once, half to even, to the decimals of the layout. What a table does not print is
//! stated in the mapping or refused; nothing is guessed. What a converted row must be is not decided here: the library's own
//! checks are, and [`Imported::refusal`] leads their faults back to the cell.

mod edition;
mod field;
mod figure;
mod mapping;
mod row;
mod rows;
mod seen;
#[cfg(test)]
mod tests;
mod units;

pub use edition::with_edition;
pub use field::Field;
pub use mapping::Mapping;
pub use rows::{Imported, Refusal, TableCount, import};
pub use seen::Unseen;
