//! Where a run says that it comes from, made out again from what lies beside the manifest: nothing in it is taken at its word.
//!
//! Digests, id, statement and warnings follow from the reference copies and the list of inputs; every footer repeats them.

use crate::claims;
use crate::error::{Error, Result};
use crate::reference::Reference;
use crate::run::factors_used::before_first_day;
use crate::run::plan::print::canonical_of_manifest;
use crate::run::prepare::{id_of, makes_id, reference_with_warnings};
use crate::run::tables::{footer, gwp_sets, statement};
use crate::store::manifest::Manifest;
use crate::store::path::open_part;
use crate::store::reference::{library_digest, read_reference_copy, reference_entries};
use std::collections::BTreeMap;
use std::path::Path;

/// Keys of a footer that are ours.
const OURS: &str = "green_corridor.";

/// Revision since which the id of a run is a digest of all that the manifest repeats.
const IDS_SINCE: u32 = 2;

/// The confirmed origin of a run.
pub(super) struct Origin {
    /// What the run was computed with.
    pub reference: Reference,
}

impl Origin {
    /// Confirms what the manifest of the run in `dir` says (exit 7 where it does not follow).
    pub(super) fn confirm(dir: &Path, manifest: &Manifest) -> Result<Origin> {
        let fault = |what: String| Error::Verification(format!("{}: {what}", dir.display()));
        let files = read_reference_copy(dir)?;
        if reference_entries(&files) != manifest.reference {
            return Err(fault(
                "reference: the copies are not the files that the manifest lists".into(),
            ));
        }
        let counted: Vec<_> = files.iter().filter(|f| makes_id(f)).cloned().collect();
        let digest = library_digest(&counted);
        same(dir, "library_digest", &manifest.library_digest, &digest)?;
        if let Some(id) = id(manifest, &digest).map_err(fault)? {
            same(dir, "run_id", &manifest.run_id, &id)?;
        }
        let (reference, warnings) = reference_with_warnings(&files, &manifest.profile)?;
        let profile = &reference.profile;
        same(dir, "method", &manifest.method, &profile.method)?;
        same(dir, "gwp_sets", &manifest.gwp_sets, &gwp_sets(profile))?;
        same(dir, "statement", &manifest.statement, &statement(profile))?;
        confirm_warnings(manifest, &warnings, &reference).map_err(fault)?;
        let wanted = footer(
            &manifest.run_id,
            &manifest.version,
            manifest.method_revision,
            &digest,
            profile,
        );
        for part in manifest
            .files
            .iter()
            .filter(|f| f.path.ends_with(".parquet"))
        {
            confirm_footer(dir, &part.path, part.rows, &wanted)?;
        }
        Ok(Origin { reference })
    }
}

fn same<T: PartialEq + std::fmt::Debug>(dir: &Path, what: &str, told: &T, found: &T) -> Result<()> {
    if told == found {
        return Ok(());
    }
    Err(Error::Verification(format!(
        "{}: {what} of the manifest is {told:?}, what lies beside it makes {found:?}",
        dir.display()
    )))
}

/// The id that the manifest's plan, inputs and digests make; none when another version wrote it, in whose way it cannot be made.
fn id(manifest: &Manifest, digest: &str) -> std::result::Result<Option<String>, String> {
    let is_ours = manifest.version == env!("CARGO_PKG_VERSION");
    if manifest.method_revision < IDS_SINCE {
        return Ok(None);
    }
    let Some(plan) = canonical_of_manifest(&manifest.plan) else {
        return match is_ours {
            true => Err("the manifest's plan is none of this version".into()),
            false => Ok(None),
        };
    };
    let inputs: Vec<(&str, &str)> = (manifest.inputs.iter())
        .map(|input| (input.file.as_str(), input.sha256.as_str()))
        .collect();
    let revision = manifest.method_revision.to_string();
    Ok(Some(id_of(
        [&manifest.version, &revision, &plan, digest],
        &inputs,
    )))
}

/// Warnings of the library are those that it gives now; what follows them is about an input file that is listed, or about a factor
/// that stood in before its first day.
fn confirm_warnings(
    manifest: &Manifest,
    library: &[String],
    reference: &Reference,
) -> std::result::Result<(), String> {
    if !has_own_warnings(manifest) {
        return Ok(());
    }
    let Some(of_inputs) = manifest.warnings.strip_prefix(library) else {
        return Err("warnings of the manifest are not those of the library".into());
    };
    let is_about = |warning: &str| {
        let about = |file: &str| {
            let rest = warning.strip_prefix(file);
            rest.is_some_and(|rest| rest.starts_with(": ") || rest.starts_with(" and "))
        };
        manifest.inputs.iter().any(|input| about(&input.file))
    };
    let is_known = |warning: &&String| is_about(warning) || stood_in(warning, reference);
    match of_inputs.iter().find(|warning| !is_known(warning)) {
        None => Ok(()),
        Some(warning) => Err(format!("the warning {warning:?} is about no input file")),
    }
}

/// Whether the warnings of a manifest are those of this version; another one may warn of other things.
pub(super) fn has_own_warnings(manifest: &Manifest) -> bool {
    manifest.version == env!("CARGO_PKG_VERSION")
}

/// Whether a warning is about a factor that stood in before its first day; how many rows it names is not looked at.
pub(super) fn stood_in(warning: &str, reference: &Reference) -> bool {
    let mut factors = reference.factors.factors.iter();
    factors.any(|f| {
        let rest = warning.strip_prefix(&*f.id);
        rest.is_some_and(|rest| rest.starts_with(": ") && rest.ends_with(&before_first_day(f)))
    })
}

/// The footer of a table file says of its origin what the manifest says, and has as many rows.
fn confirm_footer(
    dir: &Path,
    path: &str,
    rows: Option<u64>,
    wanted: &[(String, String)],
) -> Result<()> {
    let full = dir.join(path);
    let metadata = claims::metadata(&open_part(dir, path)?)
        .map_err(|e| crate::published::columns::fault(&full, &e))?;
    let fault = |what: String| Err(Error::Verification(format!("{}: {what}", full.display())));
    let metadata = metadata.file_metadata();
    let found: BTreeMap<&str, &str> = (metadata.key_value_metadata().into_iter().flatten())
        .filter(|pair| pair.key.starts_with(OURS))
        .map(|pair| (pair.key.as_str(), pair.value.as_deref().unwrap_or_default()))
        .collect();
    for (key, told) in wanted {
        let there = found.get(key.as_str()).copied().unwrap_or_default();
        if there != told {
            return fault(format!(
                "its footer says {key} = {there:?}, the manifest {told:?}"
            ));
        }
    }
    if u64::try_from(metadata.num_rows()).ok() != rows {
        return fault(format!(
            "has {} rows, the manifest says {}",
            metadata.num_rows(),
            rows.map_or("nothing".to_owned(), |rows| rows.to_string())
        ));
    }
    Ok(())
}
