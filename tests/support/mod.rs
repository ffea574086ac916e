//! What the tests of the built program share: running it, and reading what it published.

// Each test binary uses its own part of this module.
#![allow(dead_code)]

pub mod binary;
pub mod excerpt;
pub mod folders;
pub mod layout;
pub mod skip;
pub mod tables;
