//! Whether the files of a published run are, byte for byte, those that its manifest lists.
//!
//! Digests, sizes and names only. What is in the tables (counts, sums, elements) is checked by whoever decodes them.

use super::digest::{Progress, digest_reader, sha256_hex};
use super::manifest::{FileEntry, MANIFEST, MANIFEST_DIGEST, Manifest, read_small};
use super::path::{below, is_plain, list_below, open_below};
use super::storage;
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Faults named in one message; the rest are counted.
const SHOWN: usize = 10;

/// Checks a run and returns its manifest. All faults are named in one [`Error::Verification`].
///
/// Detected: a file changed, missing, added, or replaced by a link; the manifest changed; a run under another's name.
pub(crate) fn verify_files(run_dir: &Path, progress: Progress) -> Result<Manifest> {
    verify_folder(run_dir)?;
    let manifest = verify_manifest(run_dir)?;
    let mut faults = compare_names(run_dir, &manifest)?;
    let digests: Vec<Option<String>> = manifest
        .files
        .par_iter()
        .map(|entry| check_content(run_dir, entry, progress))
        .collect::<Result<_>>()?;
    faults.extend(digests.into_iter().flatten());
    if faults.is_empty() {
        return Ok(manifest);
    }
    faults.sort();
    faults.dedup();
    Err(Error::Verification(format!(
        "{}: {}",
        run_dir.display(),
        sentence(&faults)
    )))
}

/// A run is a folder: a link in its place is not followed.
pub(crate) fn verify_folder(run_dir: &Path) -> Result<()> {
    let seen = fs::symlink_metadata(run_dir).map_err(|e| storage(run_dir, "read", e))?;
    if !seen.is_dir() {
        return Err(Error::Verification(format!(
            "{}: is {}, expected a folder",
            run_dir.display(),
            super::path::kind(&seen)
        )));
    }
    Ok(())
}

/// The manifest, after comparing it with the digest beside it and with the name of the folder.
pub(crate) fn verify_manifest(run_dir: &Path) -> Result<Manifest> {
    let bytes = read_small(run_dir, MANIFEST)?;
    let wanted = read_small(run_dir, MANIFEST_DIGEST)?;
    if wanted != manifest_digest_line(&bytes) {
        let path = run_dir.join(MANIFEST);
        return Err(Error::Verification(format!(
            "{}: differs from the digest in {MANIFEST_DIGEST}",
            path.display()
        )));
    }
    let manifest = Manifest::parse(run_dir, &bytes)?;
    let name = run_dir
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    if name != manifest.run_id {
        let shown = run_dir.display();
        return Err(Error::Verification(format!(
            "{shown}: its manifest is that of run {:?}",
            manifest.run_id
        )));
    }
    Ok(manifest)
}

/// The content of `manifest.json.sha256`, which `sha256sum --check` reads.
pub(crate) fn manifest_digest_line(manifest: &[u8]) -> Vec<u8> {
    format!("{}  {MANIFEST}\n", sha256_hex(manifest)).into_bytes()
}

/// Files missing, unlisted, or of another size; folders that no listed file needs are no fault.
fn compare_names(run_dir: &Path, manifest: &Manifest) -> Result<Vec<String>> {
    let listing = list_below(run_dir).map_err(|e| storage(run_dir, "read", e))?;
    let mut present: BTreeMap<&str, u64> = listing
        .files
        .iter()
        .map(|(path, bytes)| (path.as_str(), *bytes))
        .collect();
    let mut faults: Vec<String> = listing
        .others
        .iter()
        .map(|(path, kind)| format!("{path} is {kind}"))
        .collect();
    present.remove(MANIFEST);
    present.remove(MANIFEST_DIGEST);
    for entry in &manifest.files {
        match present.remove(entry.path.as_str()) {
            _ if !is_plain(&entry.path) => faults.push(format!(
                "{:?} is listed and not a path below the run",
                entry.path
            )),
            Some(bytes) if bytes == entry.bytes => {}
            Some(bytes) => faults.push(format!(
                "{} has {bytes} bytes, expected {}",
                entry.path, entry.bytes
            )),
            None => faults.push(format!("{} is missing", entry.path)),
        }
    }
    faults.extend(
        present
            .keys()
            .map(|path| format!("{path} is not listed in the manifest")),
    );
    Ok(faults)
}

/// A fault if the content differs; a missing file or another size is already known.
fn check_content(run_dir: &Path, entry: &FileEntry, progress: Progress) -> Result<Option<String>> {
    let file = match open_below(run_dir, &entry.path) {
        Ok(file) => file,
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::InvalidInput
            ) =>
        {
            return Ok(None);
        }
        Err(e) => return Err(storage(&below(run_dir, &entry.path), "read", e)),
    };
    match digest_reader(file, progress)? {
        Ok(found) if found.bytes != entry.bytes || found.sha256 == entry.sha256 => Ok(None),
        Ok(found) => Ok(Some(format!(
            "{} has digest {}, expected {}",
            entry.path, found.sha256, entry.sha256
        ))),
        Err(e) => Err(storage(&below(run_dir, &entry.path), "read", e)),
    }
}

fn sentence(faults: &[String]) -> String {
    let shown = faults[..faults.len().min(SHOWN)].join("; ");
    match faults.len() {
        1 => shown,
        n if n <= SHOWN => format!("{n} faults: {shown}"),
        n => format!("{n} faults: {shown}; and {} more", n - SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::super::commit_tests::published_run;
    use super::super::digest::no_progress;
    use super::*;

    fn fault_after(change: impl FnOnce(&Path)) -> String {
        let (_keep, dir) = published_run();
        assert!(verify_files(&dir, &no_progress).is_ok());
        change(&dir);
        let error = verify_files(&dir, &no_progress).unwrap_err();
        assert_eq!(error.exit_code(), 7);
        error.to_string().replace(&dir.display().to_string(), "RUN")
    }

    #[test]
    fn a_changed_byte_is_found() {
        let fault = fault_after(|run| {
            fs::write(run.join("elements/part-00000.parquet"), "Elements").unwrap()
        });
        assert!(
            fault.starts_with("RUN: elements/part-00000.parquet has digest "),
            "{fault}"
        );
    }

    #[test]
    fn missing_added_and_shortened_files_are_named_together() {
        let fault = fault_after(|run| {
            fs::remove_file(run.join("corridors.parquet")).unwrap();
            fs::write(run.join("elements/part-00000.parquet"), "e").unwrap();
            fs::write(run.join("elements/extra.parquet"), "x").unwrap();
        });
        assert_eq!(
            fault,
            "RUN: 3 faults: corridors.parquet is missing; elements/extra.parquet is not listed in the manifest; \
             elements/part-00000.parquet has 1 bytes, expected 8"
        );
    }

    #[test]
    fn a_changed_manifest_is_found() {
        let fault = fault_after(|run| {
            let path = run.join(MANIFEST);
            let text = fs::read_to_string(&path)
                .unwrap()
                .replace("\"rows_in\": 3", "\"rows_in\": 4");
            fs::write(path, text).unwrap();
        });
        assert_eq!(
            fault,
            "RUN/manifest.json: differs from the digest in manifest.json.sha256"
        );
        let fault = fault_after(|run| fs::remove_file(run.join(MANIFEST_DIGEST)).unwrap());
        assert!(
            fault.starts_with("RUN/manifest.json.sha256: cannot read: "),
            "{fault}"
        );
    }

    #[test]
    fn a_run_under_another_name_is_found() {
        let (_keep, dir) = published_run();
        let other = dir.with_file_name("other");
        fs::rename(&dir, &other).unwrap();
        let error = verify_files(&other, &no_progress).unwrap_err();
        assert!(
            error.to_string().contains("its manifest is that of run"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_a_file_is_found() {
        let fault = fault_after(|run| {
            let file = run.join("corridors.parquet");
            fs::rename(&file, run.with_file_name("elsewhere")).unwrap();
            std::os::unix::fs::symlink("../elsewhere", file).unwrap();
        });
        assert_eq!(
            fault,
            "RUN: 2 faults: corridors.parquet is a link; corridors.parquet is missing"
        );
    }

    #[test]
    fn a_manifest_that_points_outside_is_refused() {
        let (_keep, dir) = published_run();
        let mut manifest = Manifest::load(&dir).unwrap();
        manifest.files[0].path = "../../pins".into();
        let bytes = manifest.to_bytes().unwrap();
        fs::write(dir.join(MANIFEST_DIGEST), manifest_digest_line(&bytes)).unwrap();
        fs::write(dir.join(MANIFEST), bytes).unwrap();
        let error = verify_files(&dir, &no_progress).unwrap_err().to_string();
        assert!(
            error.contains("\"../../pins\" is listed and not a path below the run"),
            "{error}"
        );
    }
}
