//! Which files of a folder are movement records, by the ending of their names.

/// Endings of files that are taken from a folder; text formats also with `.gz` and `.zst`. Case does not matter.
pub(crate) const EXTENSIONS: [&str; 9] = [
    "csv", "ndjson", "jsonl", "parquet", "xlsx", "xlsm", "xls", "xlsb", "ods",
];

/// Those among them that are not compressed as a whole.
const PACKED: [&str; 6] = ["parquet", "xlsx", "xlsm", "xls", "xlsb", "ods"];

/// Endings of files that may well be movement records, though a folder does not give them: text that may be anything, and archives.
pub(super) const LEFT: [&str; 9] = ["txt", "tsv", "tab", "json", "zip", "7z", "rar", "bz2", "xz"];

/// Whether a file of this name is taken from a folder.
#[cfg(test)]
pub(crate) fn has_known_extension(name: &str) -> bool {
    has_extension(name, &EXTENSIONS)
}

/// Whether a name ends so; `.gz` and `.zst` behind the ending of a text do not count.
pub(super) fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    let (plain, is_compressed) = match name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
    {
        Some(plain) => (plain, true),
        None => (name.as_str(), false),
    };
    match plain.rsplit_once('.') {
        Some((stem, extension)) => {
            !stem.is_empty()
                && extensions.contains(&extension)
                && !(is_compressed && PACKED.contains(&extension))
        }
        None => false,
    }
}
