//! The only module that touches the file system: inputs, the output root, reference data, status, signals.
//!
//! It knows files, digests and renames. It does not know what a movement, a factor or a table is, and it
//! neither parses nor encodes: readers are handed out, writers are handed out, bytes go in and come back.
//!
//! Every write goes through [`disk::Disk`], so that each step of a publication can be made to fail in a test.
//! Only this program's writers use it; readers of a published run need nothing but the rename of `CURRENT`.

pub mod commit;
pub mod descriptors;
pub mod digest;
pub mod disk;
pub mod dry_run;
mod exclude;
pub mod files;
pub mod find;
pub mod layout;
pub mod library;
pub mod lock;
pub mod machine;
pub mod manifest;
pub mod memory;
mod mend;
pub mod metrics;
pub mod path;
pub mod plain;
pub mod prune;
mod prune_traces;
pub mod reading;
pub mod reference;
pub mod rollback;
pub mod shipped;
pub mod signal;
pub mod stage;
pub mod status;
pub mod verify;

#[cfg(test)]
mod commit_tests;
#[cfg(test)]
pub(crate) mod fault;
#[cfg(test)]
mod find_tests;
#[cfg(test)]
mod foreign_tests;
#[cfg(test)]
mod mend_tests;

use crate::error::{Error, is_shortage};
use std::io;
use std::path::Path;

/// `<path>: cannot <verb>: <cause>` for the output side.
pub(crate) fn storage(path: &Path, verb: &str, cause: io::Error) -> Error {
    Error::Storage(format!("{}: cannot {verb}: {cause}", path.display()))
}

/// The same for an input file. What the system could not do for want of descriptors or memory is no fault of the file.
pub(crate) fn input(path: &Path, verb: &str, cause: io::Error) -> Error {
    let message = format!("{}: cannot {verb}: {cause}", path.display());
    if is_shortage(&cause) {
        Error::Limit(message)
    } else {
        Error::Input(message)
    }
}
