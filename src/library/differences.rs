//! Two editions, or two profiles, side by side.

use super::{FactorLibrary, editions};
use crate::error::{Error, Result};
use crate::factors::Zones;
use crate::factors::diff;
use crate::factors::diff::Difference;
use crate::model::time::Day;
use std::path::Path;

/// What is compared.
pub struct Compared<'a> {
    /// An edition (source/edition) or a profile.
    pub first: &'a str,
    /// Another one of the same kind.
    pub second: &'a str,
    /// Factor library.
    pub factors: &'a Path,
    /// Folder of zones and places that regions may name.
    pub reference: &'a Path,
    /// Day on which profiles are asked.
    pub on: Day,
}

impl FactorLibrary {
    /// Every factor of either side with what became of it, those that are the same too.
    pub fn diff(compared: &Compared) -> Result<Vec<Difference>> {
        match (compared.first.contains('/'), compared.second.contains('/')) {
            (true, true) => between_editions(compared),
            (false, false) => between_profiles(compared),
            _ => Err(Error::Usage(
                "expected two editions (source/edition) or two profiles".to_owned(),
            )),
        }
    }
}

fn between_editions(compared: &Compared) -> Result<Vec<Difference>> {
    let library = editions(compared.factors)?;
    for edition in [compared.first, compared.second] {
        if !library.sources.iter().any(|s| *s.folder == *edition) {
            let there: Vec<&str> = library.sources.iter().map(|s| &*s.folder).collect();
            return Err(Error::Usage(format!(
                "\"{edition}\": expected one of {}",
                there.join(", ")
            )));
        }
    }
    Ok(diff::editions(&library, compared.first, compared.second))
}

fn between_profiles(compared: &Compared) -> Result<Vec<Difference>> {
    let files = FactorLibrary::read(compared.factors, compared.reference)?;
    let (first, second) = (
        files.factors(compared.first)?,
        files.factors(compared.second)?,
    );
    let zones = files
        .data
        .first()
        .map(|file| Zones::parse(file).0)
        .unwrap_or_default();
    Ok(diff::profiles(&first, &second, &zones, compared.on))
}
