//! Answers for people: the report of a run and the comparison of route options, as pages, workbooks and tables.

pub mod comparison;
pub mod form;
pub mod report;
pub mod scale;
