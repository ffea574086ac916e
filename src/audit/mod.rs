//! What is asked of published runs: are they what they say (`verify`), how did a figure come about (`explain`), why do two runs
//! differ (`diff`). Each leads published rows through the kernel again; a figure that the kernel does not confirm is an error.

mod carried;
pub(crate) mod diff;
pub(crate) mod explain;
mod inputs;
mod origin;
pub(crate) mod rejects;
pub(crate) mod verify;
