//! The input files of a published run, where they still lie, against the digests in its manifest.

use crate::error::{Error, ErrorKind, Result};
use crate::store::digest::{Progress, digest_reader};
use crate::store::files::{is_file, open_file};
use crate::store::layout::Layout;
use crate::store::manifest::{InputEntry, Manifest};
use crate::store::status::folder_of;
use std::path::{Path, PathBuf};

/// What became of the input files of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Files that are, byte for byte, what the run read.
    pub same: usize,
    /// Files that are not any more; files of these names are there.
    pub others: Vec<String>,
    /// Files that were not found.
    pub absent: usize,
}

/// Where input files are looked for.
pub(crate) enum Place<'a> {
    /// The folder that their names begin from. A file that is not there, or another one by now, is an error (exit 7).
    Named(&'a Path),
    /// Where the execution log says that they were. Nights overwrite their inputs, so what is not as it was is told, and no error.
    Logged(&'a Layout),
}

/// Compares the inputs of a run with what its manifest says of them.
pub(super) fn compare(place: &Place, manifest: &Manifest, progress: Progress) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    let (folder, is_named): (PathBuf, bool) = match place {
        Place::Named(folder) => ((*folder).to_owned(), true),
        Place::Logged(layout) => match folder_of(layout, &manifest.run_id)? {
            Some(folder) => (folder, false),
            None => {
                inputs.absent = manifest.inputs.len();
                return Ok(inputs);
            }
        },
    };
    for entry in &manifest.inputs {
        let path = folder.join(&entry.file);
        if !is_named && !is_file(&path).unwrap_or(false) {
            inputs.absent += 1;
            continue;
        }
        match difference(&path, entry, progress)? {
            None => inputs.same += 1,
            Some(what) if is_named => {
                return Err(Error::Verification(format!("{}: {what}", path.display())));
            }
            Some(what) => inputs.others.push(format!("{}: {what}", path.display())),
        }
    }
    Ok(inputs)
}

fn difference(path: &Path, entry: &InputEntry, progress: Progress) -> Result<Option<String>> {
    let file = match open_file(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::Input => return Ok(Some(error.to_string())),
        Err(error) => return Err(error),
    };
    let found = match digest_reader(file, progress)? {
        Ok(found) => found,
        Err(e) => return Ok(Some(format!("cannot read: {e}"))),
    };
    let is_same = (found.bytes, &found.sha256) == (entry.bytes, &entry.sha256);
    Ok((!is_same).then(|| {
        format!(
            "has {} bytes with digest {}, the run read {} bytes with digest {}",
            found.bytes, found.sha256, entry.bytes, entry.sha256
        )
    }))
}
