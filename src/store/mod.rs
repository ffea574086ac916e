//! The only module that touches the file system: inputs, the output root, reference data, status, signals.
//!
//! It knows files, digests and renames. It does not know what a movement, a factor or a table is, and it
//! neither parses nor encodes: readers are handed out, writers are handed out, bytes go in and come back.
//!
//! Every write goes through [`disk::Disk`], so that each step of a publication can be made to fail in a test.
//! Only this program's writers use it; readers of a published run need nothing but the rename of `CURRENT`.

mod aside;
pub(crate) mod commit;
pub(crate) mod descriptors;
pub(crate) mod digest;
pub(crate) mod disk;
pub(crate) mod dry_run;
mod exclude;
mod extension;
pub(crate) mod files;
pub(crate) mod find;
mod input_name;
pub(crate) mod inside;
pub(crate) mod layout;
pub(crate) mod library;
pub(crate) mod lock;
pub(crate) mod machine;
pub(crate) mod manifest;
pub(crate) mod memory;
mod mend;
pub(crate) mod metrics;
pub(crate) mod new_folder;
pub(crate) mod path;
pub(crate) mod plain;
pub(crate) mod prune;
mod prune_traces;
pub(crate) mod reading;
pub(crate) mod reference;
pub(crate) mod rollback;
pub(crate) mod scratch;
pub(crate) mod signal;
pub(crate) mod stage;
pub(crate) mod status;
pub(crate) mod verify;

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
#[cfg(test)]
mod power;
#[cfg(all(test, unix))]
mod power_tests;

use crate::error::{Error, Place, is_shortage};
use std::io;
use std::path::Path;

/// `<path>: cannot <verb>: <cause>` for the output side.
pub(crate) fn storage(path: &Path, verb: &str, cause: io::Error) -> Error {
    Error::Storage(format!("{}: cannot {verb}: {cause}", path.display()))
        .at(Place::path(path))
        .because(cause)
}

/// The same for an input file. What the system could not do for want of descriptors or memory is no fault of the file.
pub(crate) fn input(path: &Path, verb: &str, cause: io::Error) -> Error {
    let message = format!("{}: cannot {verb}: {cause}", path.display());
    let error = if is_shortage(&cause) {
        Error::Limit(message)
    } else {
        Error::Input(message)
    };
    error.at(Place::path(path)).because(cause)
}
