//! A run that is published already when the same run has been computed again: as good as this one, another one, or damaged.
//!
//! Only what is damaged is replaced, and nothing is deleted: what stood there goes to `damaged/`, for somebody to look at.

use super::commit::{Syncs, rename};
use super::digest::no_progress;
use super::layout::DAMAGED;
use super::lock::Output;
use super::manifest::{MANIFEST, Manifest};
use super::storage;
use super::verify::{verify_files, verify_folder, verify_manifest};
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What stands in the place of a run that is about to be published.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Nothing,
    /// The same run, sound.
    Same,
    /// Not what its manifest says, or without a manifest that can be believed; why.
    Damaged(String),
}

/// Compares what stands at `target` with the run that `manifest` describes. A published run whose manifest is sound and lists
/// other files is an error: two computations differ, and neither is thrown away.
pub(super) fn standing(target: &Path, manifest: &Manifest) -> Result<Standing> {
    match fs::symlink_metadata(target) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Standing::Nothing),
        Err(e) => return Err(storage(target, "read", e)),
        Ok(_) => {}
    }
    let old = match verify_folder(target).and_then(|()| verify_manifest(target)) {
        Ok(old) => old,
        Err(error) if error.kind() == ErrorKind::Verification => {
            return Ok(Standing::Damaged(error.to_string()));
        }
        Err(other) => return Err(other),
    };
    if old.to_bytes()? != manifest.to_bytes()? {
        return Err(Error::Verification(format!(
            "{}: rebuilt, and these differ: {}",
            target.display(),
            differing(manifest, &old).join(", ")
        )));
    }
    match verify_files(target, &no_progress) {
        Ok(_) => Ok(Standing::Same),
        // A file that the disk no longer gives back is as good as a changed one, since its digest is that of the new one.
        Err(error) => match error.kind() {
            ErrorKind::Verification | ErrorKind::Storage => {
                Ok(Standing::Damaged(error.to_string()))
            }
            _ => Err(error),
        },
    }
}

fn differing(new: &Manifest, old: &Manifest) -> Vec<String> {
    let lacks = |a: &Manifest, b: &Manifest| -> Vec<String> {
        a.files
            .iter()
            .filter(|file| !b.files.contains(file))
            .map(|file| file.path.clone())
            .collect()
    };
    let names: BTreeSet<String> = lacks(new, old).into_iter().chain(lacks(old, new)).collect();
    if names.is_empty() {
        return vec![MANIFEST.to_owned()];
    }
    names.into_iter().collect()
}

/// Lets the run at `new` and the damaged one change places, in one step where the system can; says where the damaged one is
/// now. Killed in between, both are there: readers find the old one, or the next run finds none and computes it.
pub(super) fn replace_run(
    output: &Output,
    new: &Path,
    run_id: &str,
    syncs: &mut Syncs,
) -> Result<PathBuf> {
    let (disk, target) = (output.disk(), output.layout().run(run_id));
    let folder = output.folder(DAMAGED)?;
    let mut free = (1..u32::MAX)
        .map(|n| folder.join(format!("{run_id}-{n}")))
        .filter(|path| fs::symlink_metadata(path).is_err());
    let full = || Error::Storage(format!("{}: is full", folder.display()));
    let (kept, other) = (free.next().ok_or_else(full)?, free.next().ok_or_else(full)?);
    // Out of the stage first, which the next run would empty: after the exchange the damaged one has this name.
    rename(disk, new, &kept)?;
    let outcome = match disk.exchange(&kept, &target) {
        Err(e) if e.kind() == io::ErrorKind::Unsupported => rename(disk, &target, &other)
            .and_then(|()| {
                rename(disk, &kept, &target).inspect_err(|_| drop(disk.rename(&other, &target)))
            })
            .map(|()| other),
        exchanged => exchanged
            .map(|()| kept.clone())
            .map_err(|e| storage(&target, &format!("exchange with {}", kept.display()), e)),
    };
    let damaged = outcome.inspect_err(|_| drop(disk.rename(&kept, new)))?;
    // The run is in its place; that the other one is kept is a courtesy.
    let _ = syncs.dir(&folder);
    Ok(damaged)
}
