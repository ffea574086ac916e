//! What a run has to say at its end.

use crate::audit::verify::CorridorLine;
use crate::progress::milliseconds;
use crate::store::commit::Published;
use crate::store::manifest::{Counts, Totals};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Outcome of a run that was published, or would have been.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The run.
    pub run_id: String,
    /// Its folder; empty after a dry run.
    pub dir: PathBuf,
    /// Whether the run was there already.
    pub is_old: bool,
    /// Rows and results.
    pub counts: Counts,
    /// Sums over the elements.
    pub totals: Totals,
    /// Rows of `corridors`.
    pub corridors: Vec<CorridorLine>,
    /// Input files that the run went without.
    pub missing: Vec<String>,
    /// Folders that the names of input files begin from which lie outside the run file's.
    pub outside: BTreeSet<PathBuf>,
    /// Records without any value, which are no rows.
    pub blank_rows: u64,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// Part of it spent waiting for the disk, milliseconds.
    pub sync_ms: u64,
}

impl Summary {
    /// The summary of a publication; corridors are filled in from the published table.
    pub fn new(published: &Published) -> Summary {
        let manifest = &published.manifest;
        Summary {
            run_id: published.run_id.clone(),
            dir: published.dir.clone(),
            is_old: published.is_old,
            counts: manifest.counts.clone(),
            totals: manifest.totals.get("elements").cloned().unwrap_or_default(),
            corridors: Vec::new(),
            missing: manifest
                .missing_files
                .iter()
                .map(|m| m.file.clone())
                .collect(),
            outside: BTreeSet::new(),
            blank_rows: manifest.inputs.iter().map(|entry| entry.blank_rows).sum(),
            duration_ms: 0,
            sync_ms: milliseconds(published.sync),
        }
    }
}
