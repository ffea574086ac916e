//! Library, reference data, sample and table templates as they ship inside the program.

use crate::error::Result;
use crate::factors::DataFile;
use crate::reference::Gazetteer;
use crate::store::disk::RealDisk;
use crate::store::files::write_new_tree;
use include_dir::{Dir, DirEntry, include_dir};
use std::path::Path;

static FACTORS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/emission_factors");
static DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/data");
static TABLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/factor-tables");

/// Folder of the factor library.
pub(crate) const LIBRARY_FOLDER: &str = "emission_factors";
/// Folder of the reference data.
pub(crate) const DATA_FOLDER: &str = "data";

/// A file inside the program.
pub struct Shipped {
    /// Its path below the folder that it is written to.
    pub path: String,
    /// Its content.
    pub bytes: &'static [u8],
}

/// The text of a file inside the program, by its path.
pub fn text_of(path: &str) -> Option<&'static str> {
    let found = all().into_iter().find(|file| file.path == path)?;
    std::str::from_utf8(found.bytes).ok()
}

/// The files inside the program below one of its folders, by path below it.
pub(crate) fn below(folder: &str) -> Vec<(String, &'static [u8])> {
    let below = |file: Shipped| {
        Some((
            file.path
                .strip_prefix(folder)?
                .strip_prefix('/')?
                .to_owned(),
            file.bytes,
        ))
    };
    all().into_iter().filter_map(below).collect()
}

/// Those of them that are wanted, as data.
pub(crate) fn data_below(folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<DataFile> {
    below(folder)
        .into_iter()
        .filter(|(path, _)| wanted(path))
        .map(|(path, bytes)| DataFile::new(path, bytes))
        .collect()
}

/// Every file, in order of path.
pub fn all() -> Vec<Shipped> {
    let mut files = Vec::new();
    collect(&FACTORS, LIBRARY_FOLDER, &mut files);
    collect(&DATA, DATA_FOLDER, &mut files);
    collect(&TABLES, "factor-tables", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(dir: &'static Dir<'static>, root: &str, files: &mut Vec<Shipped>) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(below) => collect(below, root, files),
            DirEntry::File(file) => {
                let parts: Vec<_> = file
                    .path()
                    .components()
                    .map(|c| c.as_os_str().to_string_lossy())
                    .collect();
                files.push(Shipped {
                    path: format!("{root}/{}", parts.join("/")),
                    bytes: file.contents(),
                });
            }
        }
    }
}

/// What `init` writes: the list of places stays in the program, where a change to it would have no effect.
pub fn written() -> Vec<Shipped> {
    let mut files = all();
    files.retain(|file| !file.path.starts_with("data/world/"));
    files
}

/// Parts of the list of places, in order of code.
const PLACES: [&str; 2] = ["world/places-1.csv", "world/places-2.csv"];
/// Other names of places, names of countries.
const NAMES: &str = "world/names.csv";
/// What identifies the list.
const PLACES_DIGEST: &str = "world/places.toml";

/// The places of the world. Their other names are no part of its digest: nothing is computed from them.
pub(crate) fn places() -> Gazetteer {
    let text = |path: &str| DATA.get_file(path).and_then(|file| file.contents_utf8());
    Gazetteer::new(PLACES.iter().filter_map(|path| text(path)).collect())
        .with_names(text(NAMES).unwrap_or_default())
}

/// Edition and digest of the list of places.
pub(crate) fn places_digest() -> &'static [u8] {
    DATA.get_file(PLACES_DIGEST)
        .map_or(&[], |file| file.contents())
}

/// Writes the files below a folder. Never overwrites a file and never follows a link to one.
pub fn write(dir: &Path, files: &[Shipped]) -> Result<()> {
    let tree: Vec<(&str, &[u8])> = files.iter().map(|f| (f.path.as_str(), f.bytes)).collect();
    write_new_tree(&RealDisk, dir, &tree)
}
