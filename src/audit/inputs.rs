//! The input files of a published run, where they still lie, against the digests in its manifest.

use crate::error::{Error, ErrorKind, Result};
use crate::store::digest::{Progress, digest_reader};
use crate::store::files::{is_file, open_file};
use crate::store::layout::Layout;
use crate::store::manifest::{InputEntry, Manifest};
use crate::store::status::folders_of;
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
    /// The folder that their names begin from; what lay outside the run file's is also looked for where the log says. A file that is not
    /// there, or another one by now, is an error (exit 7).
    Named(&'a Path, &'a Layout),
    /// Where the execution log says that they were. Nights overwrite their inputs, so what is not as it was is told, and no error.
    Logged(&'a Layout),
}

/// Compares the inputs of a run with what its manifest says of them.
pub(super) fn compare(place: &Place, manifest: &Manifest, progress: Progress) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    let (folders, is_named): (Vec<PathBuf>, bool) = match place {
        Place::Named(folder, layout) => {
            let logged = folders_of(layout, &manifest.run_id)?.into_iter().skip(1);
            (
                std::iter::once((*folder).to_owned())
                    .chain(logged)
                    .collect(),
                true,
            )
        }
        Place::Logged(layout) => (folders_of(layout, &manifest.run_id)?, false),
    };
    for entry in &manifest.inputs {
        let places = || folders.iter().map(|folder| folder.join(&entry.file));
        let found = places().find(|path| is_file(path).unwrap_or(false));
        let path = match (found, is_named) {
            (Some(path), _) => path,
            (None, true) => places().next().unwrap_or_default(),
            (None, false) => {
                inputs.absent += 1;
                continue;
            }
        };
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
