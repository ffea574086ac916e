//! Reference data as bytes: read from the factor library and the data folder, digested, copied into a run, read back.
//!
//! What the files say is not looked at. The copy lets a run be explained and recalculated years later.

use super::digest::{hex, sha256_hex};
use super::disk::sorted_entries;
use super::manifest::ReferenceEntry;
use super::path::{list_below, open_below};
use super::stage::Stage;
use super::storage;
use crate::error::{Error, ErrorKind, Place, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Folder of the copies in a run.
pub(crate) const REFERENCE: &str = "reference";
/// Largest reference file, and largest copy when read back.
pub(crate) const MAX_FILE_BYTES: u64 = 256 << 20;
/// `<source>/<edition>/<file>` is three deep; one more finds what somebody nested by mistake.
const MAX_DEPTH: usize = 4;
/// Files of the data folder that decide what a run computes. `services.csv` does not: it is for route options.
pub(crate) const RUN_DATA: [&str; 19] = [
    "containers.csv",
    "corridors.toml",
    "distances.csv",
    "estimates/barriers.csv",
    "estimates/crossings.csv",
    "estimates/cut_off.csv",
    "estimates/detours.csv",
    "estimates/rail_countries.csv",
    "estimates/rail_links.csv",
    "estimates/waterway_links.csv",
    "estimates/waterway_ports.csv",
    "locations.csv",
    "mode_aliases.csv",
    "passages.csv",
    "place_aliases.csv",
    "plausibility.csv",
    "sea/land.bin",
    "sea/marnet.bin",
    "zones.csv",
];
/// Fixed, since the bytes of a run depend on it.
const ZSTD_LEVEL: i32 = 9;

/// A reference file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReferenceFile {
    /// Path with `/`, below the folder it was read from or below `reference/` of a run.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Reads the factor library: every `.csv` and `.toml` file below `dir`, by path as bytes.
///
/// Files of a name that the layout does not know are read too, so that a misspelt table is a fault for whoever parses
/// the library and not a table silently left out. Hidden files and other endings are passed over.
pub(crate) fn read_library(dir: &Path) -> Result<Vec<ReferenceFile>> {
    let mut files = Vec::new();
    let mut pending = vec![(dir.to_path_buf(), String::new(), 1)];
    while let Some((folder, prefix, depth)) = pending.pop() {
        for path in sorted_entries(&folder).map_err(|e| unreadable(&folder, e))? {
            let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
                return Err(library(&path, "its name is not UTF-8"));
            };
            if name.starts_with('.') {
                continue;
            }
            let relative = format!("{prefix}{name}");
            // Followed if it is a link: a licensed table may well be kept elsewhere.
            let is_dir = fs::metadata(&path)
                .map_err(|e| unreadable(&path, e))?
                .is_dir();
            if is_dir && depth < MAX_DEPTH {
                pending.push((path.clone(), format!("{relative}/"), depth + 1));
            } else if !is_dir && (name.ends_with(".csv") || name.ends_with(".toml")) {
                files.push(ReferenceFile {
                    path: relative,
                    bytes: read(&path)?,
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Reads those of `names` that the data folder has, by path as bytes; a run wants [`RUN_DATA`].
///
/// Only files of known names: the folder may be the user's own, with any amount of other tables in it.
pub(crate) fn read_data(dir: &Path, names: &[&str]) -> Result<Vec<ReferenceFile>> {
    fs::read_dir(dir).map_err(|e| unreadable(dir, e))?;
    let mut names = names.to_vec();
    names.sort_unstable();
    let mut files = Vec::new();
    for name in names {
        let path = dir.join(name);
        if super::files::exists(&path).map_err(|e| unreadable(&path, e))? {
            files.push(read_named(&path, name)?);
        }
    }
    Ok(files)
}

/// Reads one file that the run file names, under the path that it shall have in the copy.
pub(crate) fn read_named(file: &Path, path: &str) -> Result<ReferenceFile> {
    Ok(ReferenceFile {
        path: path.to_owned(),
        bytes: read(file)?,
    })
}

/// The files of `group` moved below a folder of that name.
pub(crate) fn under(group: &str, files: Vec<ReferenceFile>) -> Vec<ReferenceFile> {
    files
        .into_iter()
        .map(|f| ReferenceFile {
            path: format!("{group}/{}", f.path),
            bytes: f.bytes,
        })
        .collect()
}

/// One digest over paths and contents, whatever the order given. Lengths go in before the bytes, so that no content can
/// pass for another file's path.
pub(crate) fn library_digest(files: &[ReferenceFile]) -> String {
    let mut sorted: Vec<&ReferenceFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let mut hasher = Sha256::new();
    for file in sorted {
        for part in [file.path.as_bytes(), &file.bytes] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hex(hasher.finalize())
}

/// The list for the manifest, by path.
pub(crate) fn reference_entries(files: &[ReferenceFile]) -> Vec<ReferenceEntry> {
    let entry = |f: &ReferenceFile| ReferenceEntry {
        path: f.path.clone(),
        sha256: sha256_hex(&f.bytes),
    };
    let mut entries: Vec<ReferenceEntry> = files.iter().map(entry).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    entries
}

/// Writes compressed copies into the stage: the same bytes for the same files.
pub(crate) fn write_reference_copy(stage: &Stage, files: &[ReferenceFile]) -> Result<()> {
    for file in files {
        let packed = zstd::bulk::compress(&file.bytes, ZSTD_LEVEL)
            .map_err(|e| Error::Internal(format!("{}: cannot compress: {e}", file.path)))?;
        stage.put_bytes(&format!("{REFERENCE}/{}.zst", file.path), &packed)?;
    }
    Ok(())
}

/// Reads the copies of a published run, by path.
pub(crate) fn read_reference_copy(run_dir: &Path) -> Result<Vec<ReferenceFile>> {
    let dir = run_dir.join(REFERENCE);
    let listing = list_below(&dir).map_err(|e| storage(&dir, "read", e))?;
    let mut files = Vec::new();
    for (name, _) in &listing.files {
        let path = name
            .strip_suffix(".zst")
            .ok_or_else(|| broken(&dir, name, "is not a compressed copy"))?;
        let packed = open_below(&dir, name).map_err(|e| storage(&dir.join(name), "read", e))?;
        let mut bytes = Vec::new();
        let unpacked = zstd::Decoder::new(packed)
            .and_then(|d| d.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
        unpacked.map_err(|e| match e.raw_os_error() {
            // The system's word, not that of the decoder: nothing is known of the bytes.
            Some(_) => storage(&dir.join(name), "read", e),
            None => broken(&dir, name, &format!("cannot decompress: {e}")),
        })?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(broken(&dir, name, "is too large"));
        }
        files.push(ReferenceFile {
            path: path.to_owned(),
            bytes,
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    super::files::read_file(path, MAX_FILE_BYTES).map_err(of_library)
}

fn unreadable(path: &Path, cause: io::Error) -> Error {
    of_library(super::input(path, "read", cause))
}

/// A reference file that cannot be read is a fault of the library (exit 9), unless the system is short of something.
fn of_library(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Input => error.of_kind(ErrorKind::Library),
        _ => error,
    }
}

fn library(path: &Path, what: &str) -> Error {
    Error::Library(format!("{}: {what}", path.display())).at(Place::path(path).wanted(what))
}

fn broken(dir: &Path, name: &str, what: &str) -> Error {
    Error::Verification(format!("{}: {what}", dir.join(name).display()))
}

#[cfg(test)]
mod tests {
    use super::super::commit_tests::{lock, manifest};
    use super::super::digest::no_progress;
    use super::super::verify::verify_files;
    use super::*;

    fn write(dir: &Path, files: &[&str]) {
        for file in files {
            let path = dir.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("content of {file}\n").repeat(50)).unwrap();
        }
    }

    fn paths(files: &[ReferenceFile]) -> Vec<&str> {
        files.iter().map(|f| f.path.as_str()).collect()
    }

    #[test]
    fn the_library_is_read_with_misspelt_tables_and_without_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        write(
            dir.path(),
            &[
                "sources.csv",
                "profiles/open.toml",
                "desnz/2025/transprot.csv",
                "desnz/2024/hub.csv",
            ],
        );
        write(dir.path(), &["README.md", ".git/x.csv", ".#sources.csv"]);
        let files = read_library(dir.path()).unwrap();
        assert_eq!(
            paths(&files),
            [
                "desnz/2024/hub.csv",
                "desnz/2025/transprot.csv",
                "profiles/open.toml",
                "sources.csv"
            ]
        );
        let error = read_library(&dir.path().join("none")).unwrap_err();
        assert_eq!(error.exit_code(), 9);
    }

    #[test]
    fn of_the_data_folder_only_what_is_known_is_read() {
        let dir = tempfile::tempdir().unwrap();
        write(
            dir.path(),
            &[
                "zones.csv",
                "corridors.toml",
                "export.csv",
                "movements/a.csv",
                "services.csv",
            ],
        );
        assert_eq!(
            paths(&read_data(dir.path(), &RUN_DATA).unwrap()),
            ["corridors.toml", "zones.csv"]
        );
        assert_eq!(
            read_data(&dir.path().join("none"), &RUN_DATA)
                .unwrap_err()
                .exit_code(),
            9
        );
    }

    #[test]
    fn the_digest_tells_paths_from_contents() {
        let file = |path: &str, bytes: &str| ReferenceFile {
            path: path.into(),
            bytes: bytes.into(),
        };
        assert_ne!(
            library_digest(&[file("ab", "c")]),
            library_digest(&[file("a", "bc")])
        );
        assert_ne!(
            library_digest(&[file("a", ""), file("b", "")]),
            library_digest(&[file("a", "b")])
        );
    }

    #[test]
    fn a_copy_reads_back_as_it_was_and_is_the_same_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let output = lock(dir.path());
        let mut files = vec![
            ReferenceFile {
                path: "factors/sources.csv".into(),
                bytes: b"a,b\n1,2\n".repeat(1000),
            },
            ReferenceFile {
                path: "data/zönen.csv".into(),
                bytes: vec![],
            },
            ReferenceFile {
                path: "run.toml".into(),
                bytes: b"x = 1\n".to_vec(),
            },
        ];
        let mut digests = Vec::new();
        for _ in 0..2 {
            let stage = Stage::begin(&output).unwrap();
            write_reference_copy(&stage, &files).unwrap();
            let published = stage.publish(manifest("r1")).unwrap();
            digests.push(published.manifest.files);
            files.sort_by(|a, b| a.path.cmp(&b.path));
            assert_eq!(read_reference_copy(&published.dir).unwrap(), files);
            verify_files(&published.dir, &no_progress).unwrap();
        }
        assert_eq!(digests[0], digests[1]);
        assert_eq!(reference_entries(&files)[2].sha256, sha256_hex(b"x = 1\n"));
    }

    #[test]
    fn the_digest_does_not_depend_on_the_order() {
        let file = |path: &str, bytes: &[u8]| ReferenceFile {
            path: path.into(),
            bytes: bytes.into(),
        };
        let (a, b) = (file("a.csv", b"1"), file("b.csv", b"2"));
        assert_eq!(
            library_digest(&[a.clone(), b.clone()]),
            library_digest(&[b, a])
        );
    }
}
