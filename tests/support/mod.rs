//! What the tests of the built program share: running it, and reading what it published.

// Each test binary uses its own part of this module.
#![allow(dead_code)]

pub(crate) mod binary;
pub(crate) mod excerpt;
pub(crate) mod folders;
pub(crate) mod layout;
pub(crate) mod skip;
pub(crate) mod tables;
