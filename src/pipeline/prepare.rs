//! Everything a run needs before the first row: reference data, input files, digests, the run id.

use super::plan::Plan;
use super::progress::{Level, Progress};
use crate::error::{Error, Result};
use crate::factors::{DataFile, Fault};
use crate::reference::Reference;
use crate::store::digest::{ContentDigest, digest_files, sha256_hex};
use crate::store::find::{InputFile, Unmatched, discover};
use crate::store::manifest::MissingFile;
use crate::store::reference::{RUN_DATA, ReferenceFile, library_digest, read_data, read_library, read_named, under};
use crate::store::signal::Interrupt;
use std::path::Path;

/// Folder of the factor library in a run's `reference/`.
pub const LIBRARY: &str = "emission_factors";
/// Folder of the data files in a run's `reference/`.
pub const DATA: &str = "data";
/// Folder of further location files in a run's `reference/`.
pub const LOCATIONS: &str = "locations";
/// Folder of value files in a run's `reference/`.
pub const VALUES: &str = "values";

/// Reference data, loaded and checked, and the bytes they came from.
pub struct Loaded {
    /// The reference.
    pub reference: Reference,
    /// Everything read, as it goes into the run's `reference/`.
    pub files: Vec<ReferenceFile>,
    /// Digest of all of `files` but the run file, which the plan stands for.
    pub digest: String,
    /// Warnings of the library.
    pub warnings: Vec<String>,
}

/// Reads and checks library, profile, data files.
pub fn load_reference(plan: &Plan) -> Result<Loaded> {
    let library = read_library(&plan.factors.path)?;
    known_profile(&profiles(library.iter().map(|f| f.path.as_str())), &plan.profile)?;
    let data = read_data(&plan.reference.path, &RUN_DATA)?;
    let named = |group: &str, number: usize, path: &Path| {
        let name = path.file_name().map_or_else(|| "file".to_owned(), |n| n.to_string_lossy().into_owned());
        read_named(path, &format!("{group}/{number:02}-{name}"))
    };
    let locations = plan.locations.iter().enumerate().map(|(i, p)| named(LOCATIONS, i, &p.path)).collect::<Result<Vec<_>>>()?;
    let values = plan.value_files.iter().enumerate().map(|(i, v)| named(VALUES, i, &v.file.path)).collect::<Result<Vec<_>>>()?;
    let (reference, warnings) = check(&library, &plan.profile, &data, &locations)?;
    let mut files = under(LIBRARY, library);
    files.extend(under(DATA, data));
    files.extend(locations);
    files.extend(values);
    let digest = library_digest(&files);
    if let Some(path) = &plan.run_file {
        files.push(read_named(path, "run.toml")?);
    }
    Ok(Loaded { reference, files, digest, warnings })
}

/// Names of the profiles among the files of a library, ascending.
pub fn profiles<'f>(paths: impl Iterator<Item = &'f str>) -> Vec<&'f str> {
    let mut names: Vec<&str> = paths.filter_map(|path| path.strip_prefix("profiles/")?.strip_suffix(".toml")).collect();
    names.sort_unstable();
    names
}

/// Refuses a profile that the library does not have (exit 2); that a library has none at all is a fault of its own.
pub fn known_profile(names: &[&str], profile: &str) -> Result<()> {
    if names.contains(&profile) || names.is_empty() {
        return Ok(());
    }
    Err(Error::Usage(format!("profile \"{profile}\": expected one of {}", names.join(", "))))
}

/// Loads the reference from the copies in a published run.
pub fn reference_of_run(files: &[ReferenceFile], profile: &str) -> Result<Reference> {
    let group = |name: &str| -> Vec<ReferenceFile> {
        let inside = |f: &ReferenceFile| {
            let path = f.path.strip_prefix(name)?.strip_prefix('/')?.to_owned();
            Some(ReferenceFile { path, bytes: f.bytes.clone() })
        };
        files.iter().filter_map(inside).collect()
    };
    check(&group(LIBRARY), profile, &group(DATA), &group(LOCATIONS)).map(|(reference, _)| reference)
}

fn check(
    library: &[ReferenceFile],
    profile: &str,
    data: &[ReferenceFile],
    locations: &[ReferenceFile],
) -> Result<(Reference, Vec<String>)> {
    let as_data = |files: &[ReferenceFile]| -> Vec<DataFile> {
        files.iter().map(|f| DataFile { path: f.path.clone(), bytes: f.bytes.clone() }).collect()
    };
    let loaded = Reference::load(&as_data(library), profile, &as_data(data), &as_data(locations));
    let (reference, warnings) = loaded.map_err(|faults| library_error(&faults))?;
    Ok((reference, warnings.iter().map(Fault::to_string).collect()))
}

/// Every fault of a library in one error, one line each.
pub fn library_error(faults: &[Fault]) -> Error {
    let errors: Vec<String> =
        faults.iter().filter(|f| f.severity == crate::factors::Severity::Error).map(Fault::to_string).collect();
    Error::Library(match errors.as_slice() {
        [one] => one.clone(),
        many => format!("{} faults: {}", many.len(), many.join("; ")),
    })
}

/// Input files with their digests, and what is missing.
#[derive(Default)]
pub struct Inputs {
    /// Files to read, by name.
    pub files: Vec<(InputFile, ContentDigest)>,
    /// Files that cannot be read.
    pub missing: Vec<MissingFile>,
}

/// Finds the input files and digests them.
pub fn find_inputs(plan: &Plan, progress: &dyn Progress, interrupt: &Interrupt) -> Result<Inputs> {
    let patterns: Vec<String> = plan.movements.iter().map(|p| p.search.clone()).collect();
    let folder = if plan.folder.as_os_str().is_empty() { Path::new(".") } else { &plan.folder };
    let found = discover(&patterns, folder, Some(&plan.out.path))?;
    let mut inputs = Inputs::default();
    for Unmatched { pattern, absent } in found.unmatched {
        match absent {
            Some(absent) if plan.allow_missing_files => {
                inputs.missing.push(MissingFile { file: absent.name, reason: absent.reason });
            }
            Some(_) | None if plan.allow_empty => progress.message(Level::Warning, &format!("{pattern}: matches no file")),
            Some(_) => {
                return Err(Error::Input(format!(
                    "{pattern}: there is no such file; --allow-missing-files publishes without it"
                )));
            }
            None => return Err(Error::Input(format!("{pattern}: matches no file; --allow-empty publishes without it"))),
        }
    }
    for unreadable in found.unreadable {
        inputs.missing.push(MissingFile { file: unreadable.name, reason: unreadable.reason });
    }
    progress.stage("digest", Some(found.files.iter().map(|f| f.bytes).sum()));
    let digests = digest_files(&found.files, &|bytes| {
        progress.advance(0, bytes);
        interrupt.check()
    })?;
    for (file, digest) in found.files.into_iter().zip(digests) {
        match digest {
            Ok(digest) => inputs.files.push((file, digest)),
            Err(error) => inputs.missing.push(MissingFile { file: file.name, reason: error.to_string() }),
        }
    }
    match inputs.missing.first() {
        Some(first) if !plan.allow_missing_files => Err(Error::Input(first.reason.clone())),
        _ => Ok(inputs),
    }
}

/// The run id: a digest of the plan, the inputs, the reference data and the version of this program.
pub fn run_id(plan: &Plan, inputs: &Inputs, reference_digest: &str) -> String {
    let mut parts = vec![
        env!("CARGO_PKG_VERSION").to_owned(),
        plan.canonical_json(),
        reference_digest.to_owned(),
        inputs.files.len().to_string(),
    ];
    for (file, digest) in &inputs.files {
        parts.push(file.name.clone());
        parts.push(digest.sha256.clone());
    }
    // A length before each part, so that no two lists of parts read the same.
    let text: String = parts.iter().map(|p| format!("{}:{p}", p.len())).collect();
    sha256_hex(text.as_bytes())[..20].to_owned()
}
