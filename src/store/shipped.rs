//! Files inside the program: the factor library, reference data and table templates that ship with it.

use include_dir::{Dir, DirEntry, include_dir};

static FACTORS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/emission_factors");
static DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/data");
static TABLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/factor-tables");

/// A file inside the program.
pub struct Shipped {
    /// Path as `init` writes it.
    pub path: String,
    /// Content.
    pub bytes: &'static [u8],
}

/// The text of a file inside the program, by its path as `init` writes it.
pub fn shipped(path: &str) -> Option<&'static str> {
    let found = all().into_iter().find(|file| file.path == path)?;
    std::str::from_utf8(found.bytes).ok()
}

/// The files inside the program below one of the folders that `init` writes, by path below it.
pub fn shipped_below(folder: &str) -> Vec<(String, &'static [u8])> {
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

/// Every file, in order of path.
pub fn all() -> Vec<Shipped> {
    let mut files = Vec::new();
    collect(&FACTORS, "emission_factors", &mut files);
    collect(&DATA, "data", &mut files);
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

/// Parts of the list of places, in order of code.
const PLACES: [&str; 2] = ["world/places-1.csv", "world/places-2.csv"];
/// What identifies the list.
const PLACES_DIGEST: &str = "world/places.toml";

/// The places of the world, as text in order of code.
pub fn places() -> Vec<&'static str> {
    let text = |path: &str| DATA.get_file(path).and_then(|file| file.contents_utf8());
    PLACES.iter().filter_map(|path| text(path)).collect()
}

/// Edition and digest of the list of places.
pub fn places_digest() -> &'static [u8] {
    DATA.get_file(PLACES_DIGEST)
        .map_or(&[], |file| file.contents())
}
