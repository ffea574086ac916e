//! Questions about a factor library, before a run depends on it; one file per kind of question.

mod check;
mod differences;
mod import;
mod why;

pub use check::{Findings, ProfileCount};
pub use differences::Compared;
pub use import::{ImportOrder, ImportReport, import};
pub use why::{Chosen, EnergyQuestion, Explained, Question, ask, ask_energy};

use crate::error::{Error, Result};
use crate::factors::{DataFile, EmissionFactor, FactorSet, Fault, Library, Severity, handbook};
use crate::reference::Reference;
use crate::routes::spelling::edits;
use crate::run::prepare::{known_profile, library_error, profiles};
use crate::store::reference::{ReferenceFile, read_data, read_library};
use std::path::Path;

/// Profile unless another is named.
pub const DEFAULT_PROFILE: &str = "open";
/// What regions may name; the other data have no part in a question about factors, so they are not read for one.
const ZONES: [&str; 1] = ["zones.csv"];

/// The folders of a factor library, read.
pub struct FactorLibrary {
    library: Vec<DataFile>,
    data: Vec<DataFile>,
}

impl FactorLibrary {
    /// Reads a library and the folder of zones that its regions may name.
    pub fn read(factors: &Path, reference: &Path) -> Result<FactorLibrary> {
        FactorLibrary::read_with(factors, reference, &ZONES)
    }

    fn read_with(factors: &Path, reference: &Path, names: &[&str]) -> Result<FactorLibrary> {
        Ok(FactorLibrary {
            library: as_data(read_library(factors)?),
            data: as_data(read_data(reference, names)?),
        })
    }

    /// Names of the profiles, ascending.
    pub fn profiles(&self) -> Vec<&str> {
        profiles(self.library.iter().map(|f| f.path.as_str()))
    }

    /// Refuses a profile that is not there.
    fn known(&self, profile: &str) -> Result<()> {
        known_profile(&self.profiles(), profile)
    }

    /// Factors of a profile; faults are one error.
    pub fn factors(&self, profile: &str) -> Result<FactorSet> {
        self.known(profile)?;
        self.load(profile)
            .map(|(reference, _)| reference.factors)
            .map_err(|faults| library_error(&faults))
    }

    fn load(&self, profile: &str) -> std::result::Result<(Reference, Vec<Fault>), Vec<Fault>> {
        Reference::load(&self.library, profile, &self.data, &[])
    }
}

fn as_data(files: Vec<ReferenceFile>) -> Vec<DataFile> {
    files
        .into_iter()
        .map(|f| DataFile::new(f.path, f.bytes))
        .collect()
}

/// The library without a profile: for questions about editions as they are.
fn editions(factors: &Path) -> Result<Library> {
    let (library, faults) = Library::parse(&as_data(read_library(factors)?));
    let errors: Vec<Fault> = faults
        .into_iter()
        .filter(|f| f.severity == Severity::Error)
        .collect();
    if errors.is_empty() {
        Ok(library)
    } else {
        Err(library_error(&errors))
    }
}

/// The reference document of a library, as Markdown.
pub fn document(factors: &Path) -> Result<String> {
    Ok(handbook(&editions(factors)?))
}

/// How many factors are named when one is not found.
const NEAREST: usize = 5;

/// The factor of this id; one that is not there is refused with those that are most like it.
pub fn factor_of<'s>(set: &'s FactorSet, id: &str) -> Result<&'s EmissionFactor> {
    let found = set.factors.iter().find(|f| *f.id == *id);
    found.ok_or_else(|| {
        let near = nearest(id, set.factors.iter().map(|f| &*f.id));
        Error::Usage(format!(
            "\"{id}\": no such factor in the profile; nearest: {}",
            near.join(", ")
        ))
    })
}

/// The ids that are most like `wanted`: first those that contain it, then by the number of characters to change.
fn nearest<'i>(wanted: &str, ids: impl Iterator<Item = &'i str>) -> Vec<&'i str> {
    let mut ranked: Vec<(bool, usize, &str)> = ids
        .map(|id| (!id.contains(wanted), edits(wanted, id), id))
        .collect();
    ranked.sort_unstable();
    ranked
        .into_iter()
        .take(NEAREST)
        .map(|(.., id)| id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_id_comes_first() {
        let ids = [
            "one/1:rail-cn",
            "one/1:road-cn",
            "one/1:road-cn-diesel@one/1:diesel-kg",
        ];
        assert_eq!(nearest("road-cn-diesel", ids.into_iter())[0], ids[2]);
        assert_eq!(nearest("one/1:raid-cn", ids.into_iter())[..2], ids[..2]);
    }
}
