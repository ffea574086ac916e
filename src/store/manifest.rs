//! `manifest.json`: what went into a run, what came out, sizes, digests and counts.
//!
//! Nothing of clock, host or user: the same run gives the same bytes. Who ran it and when stands in the
//! execution log. The manifest does not list itself; its digest stands beside it in `manifest.json.sha256`.

use super::path::open_below;
use super::storage;
use crate::error::{Error, Result};
use crate::model::unit::grouped;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

/// File name of the manifest in a run.
pub(crate) const MANIFEST: &str = "manifest.json";
/// File name of its digest, in the format of `sha256sum`.
pub(crate) const MANIFEST_DIGEST: &str = "manifest.json.sha256";
/// Version of this layout and of the published tables.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// No manifest is near this size; a larger one is not ours.
const MAX_BYTES: u64 = 1 << 30;

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// Id of the run; its folder has the same name.
    pub run_id: String,
    /// Name of the program.
    pub package: String,
    /// Version of the program.
    pub version: String,
    /// Method revision of the program; 1 where the manifest is older than this field.
    #[serde(default = "first_revision")]
    pub method_revision: u32,
    /// Name of the profile.
    pub profile: String,
    /// Method of the profile, e.g. `ISO 14083:2023`.
    pub method: String,
    /// GWP sets that the profile admits.
    pub gwp_sets: Vec<String>,
    /// The profile's `[statement]`.
    pub statement: Value,
    /// The resolved plan, without what cannot change a byte (out, threads, memory, keep, log).
    pub plan: Value,
    /// Every input file, by name.
    pub inputs: Vec<InputEntry>,
    /// Input files that the run went without.
    pub missing_files: Vec<MissingFile>,
    /// Digest of the factor library.
    pub library_digest: String,
    /// Library, profile, run file and data files as read; compressed copies stand in `reference/`.
    pub reference: Vec<ReferenceEntry>,
    /// Rows and results.
    pub counts: Counts,
    /// Sums per table: `elements`, `shipments`, `corridors`, `corridor_sections`.
    pub totals: BTreeMap<String, Totals>,
    /// Sums of the elements by the GWP set behind their emissions; a manifest older than this field has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub totals_by_gwp_set: BTreeMap<String, Totals>,
    /// Every file of the run but the manifest and its digest, by path; filled in by the stage.
    pub files: Vec<FileEntry>,
    /// What a reader of the figures should know.
    pub warnings: Vec<String>,
}

const fn first_revision() -> u32 {
    1
}

/// An input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEntry {
    /// Name relative to the run file's folder, with `/`.
    pub file: String,
    /// Size as read, before decompression.
    pub bytes: u64,
    /// Digest of these bytes.
    pub sha256: String,
    /// Name of the input format.
    pub format: String,
    /// Records found.
    pub rows_in: u64,
    /// Records that became elements.
    pub accepted: u64,
    /// Records that did not.
    pub rejected: u64,
    /// Records without any value, which are none of these.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub blank_rows: u64,
    /// Columns that nothing was read from.
    pub unknown_columns: Vec<String>,
    /// Whether the file has no `sequence` (its chains are in order of time, Q21).
    pub lacks_sequence: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to the field"
)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// An input file that could not be read, and that the run was told to go without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingFile {
    /// Name as in [`InputEntry::file`].
    pub file: String,
    /// What was wrong with it.
    pub reason: String,
}

/// A reference file, by digest of its uncompressed content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceEntry {
    /// Path below `reference/`, without the ending of the compression.
    pub path: String,
    /// Digest of the content.
    pub sha256: String,
}

/// A file of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path below the run's folder, with `/`.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// Digest.
    pub sha256: String,
    /// Rows, when it is (part of) a table.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rows: Option<u64>,
}

/// Rows and results; `rows_in = accepted + rejected`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read.
    pub rows_in: u64,
    /// Records that became elements.
    pub accepted: u64,
    /// Records that did not.
    pub rejected: u64,
    /// The latter by code, e.g. `R007`.
    pub rejected_by_code: BTreeMap<String, u64>,
    /// Published elements, inferred hubs included.
    pub elements: u64,
    /// Published shipments.
    pub shipments: u64,
    /// Shipments of the input; a manifest older than this field has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_input: Option<InputShipments>,
    /// Rows of `corridors`.
    pub corridors: u64,
    /// Rows of `corridor_sections`.
    pub sections: u64,
    /// Elements with an estimated distance.
    #[serde(skip_serializing_if = "is_none", default)]
    pub estimated_distances: u64,
    /// Elements flagged as implausible, by flag, e.g. `Q25`; a manifest older than this field has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub implausible: Option<BTreeMap<String, u64>>,
}

/// A count that says nothing when there are none.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the serializer hands it a reference"
)]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What came in, by shipment: published ones are those that kept a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputShipments {
    /// Shipments that a row or a list of gaps names.
    pub shipments: u64,
    /// Of which no row was accepted; they are in no table but `rejected`.
    pub without_accepted_row: u64,
    /// Of which a list of gaps names a part that was never reported.
    pub with_listed_gap: u64,
}

impl InputShipments {
    /// The three counts in words.
    pub fn text(&self) -> String {
        let [all, lost, gaps] = [
            self.shipments,
            self.without_accepted_row,
            self.with_listed_gap,
        ]
        .map(|n| grouped(&n.to_string()));
        format!("{all} in the input, {lost} without an accepted row, {gaps} with a listed gap")
    }
}

/// Exact sums over a table, as decimal text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// t.km.
    pub transport_activity_tkm: String,
    /// kg CO2e of vehicle operation.
    pub ghg_operation_kg: String,
    /// kg CO2e of energy provision.
    pub ghg_provision_kg: String,
    /// Both together.
    pub ghg_total_kg: String,
}

impl Manifest {
    /// The published bytes: keys sorted, indented, one newline at the end.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        canonical_json(self)
    }

    /// Reads the manifest of a run as it is; [`super::verify::verify_files`] says whether it can be believed.
    pub fn load(run_dir: &Path) -> Result<Manifest> {
        Manifest::parse(run_dir, &read_small(run_dir, MANIFEST)?)
    }

    /// Files of a table, in order: its parts, or the one file that it is.
    pub fn parts(&self, table: &str) -> Vec<&str> {
        let whole = format!("{table}.parquet");
        let is_of = |path: &&str| {
            *path == whole
                || path
                    .strip_prefix(table)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        self.files
            .iter()
            .map(|f| f.path.as_str())
            .filter(is_of)
            .collect()
    }

    pub(crate) fn parse(run_dir: &Path, bytes: &[u8]) -> Result<Manifest> {
        let path = run_dir.join(MANIFEST);
        let broken = |e: serde_json::Error| {
            Error::Verification(format!("{}: not a manifest: {e}", path.display()))
        };
        let value: Value = serde_json::from_slice(bytes).map_err(broken)?;
        let version = value.get("schema_version").and_then(Value::as_u64);
        if version != Some(u64::from(SCHEMA_VERSION)) {
            let found = version.map_or("none".to_owned(), |v| v.to_string());
            let path = path.display();
            return Err(Error::Verification(format!(
                "{path}: schema version {found}, this program reads {SCHEMA_VERSION}"
            )));
        }
        serde_json::from_value(value).map_err(broken)
    }
}

/// Reads a small file of a run; a missing one is a failed verification.
pub(crate) fn read_small(run_dir: &Path, name: &str) -> Result<Vec<u8>> {
    let path = run_dir.join(name);
    let mut bytes = Vec::new();
    let read =
        open_below(run_dir, name).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::InvalidInput
            ) =>
        {
            Err(Error::Verification(format!(
                "{}: cannot read: {e}",
                path.display()
            )))
        }
        Err(e) => Err(storage(&path, "read", e)),
    }
}

/// Pretty JSON with keys in byte order at every level, and a newline.
///
/// Sorted here, because the order of a JSON map otherwise hangs on a feature that any crate in the tree may turn on.
pub(crate) fn canonical_json(value: &impl Serialize) -> Result<Vec<u8>> {
    let fault = |e: serde_json::Error| Error::Internal(format!("cannot write JSON: {e}"));
    let sorted = sort_keys(serde_json::to_value(value).map_err(fault)?);
    let mut bytes = serde_json::to_vec_pretty(&sorted).map_err(fault)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn sort_keys(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<String, Value> =
                map.into_iter().map(|(k, v)| (k, sort_keys(v))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sort_keys).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::super::commit_tests::manifest;
    use super::*;

    #[test]
    fn a_manifest_older_than_revisions_is_of_revision_1() {
        let bytes = manifest("r1").to_bytes().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let older = text.replace("  \"method_revision\": 2,\n", "");
        assert!(older.len() < text.len());
        let read = Manifest::parse(Path::new("r1"), older.as_bytes()).unwrap();
        assert_eq!(read.method_revision, 1);
    }
}
