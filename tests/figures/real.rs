//! The run file of `examples/real` over the export beside it: the count of every rejection code, and what its README shows.

use crate::support::binary::green_corridor;
use crate::support::excerpt::{assert_shown, blocks};
use crate::support::tables::{Table, current_run};
use green_corridor::METHOD_REVISION;
use green_corridor::runs::Manifest;
use std::collections::BTreeMap;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/real");

#[test]
fn every_line_of_a_real_export_is_computed_or_rejected_with_its_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().to_str().expect("a plain path");
    let printed = green_corridor(["run", &format!("{EXAMPLE}/run.toml"), "--out", out])
        .expect(0)
        .stdout;
    let readme = std::fs::read_to_string(format!("{EXAMPLE}/README.md")).expect("a README");
    let shown = blocks(&readme).next().expect("what the run prints");
    assert_shown(shown, &printed, "run");
    green_corridor(["verify", out, "--recalculate"]).expect(0);

    let run = current_run(folder.path());
    let manifest = Manifest::load(&run).expect("a manifest");
    assert_eq!(manifest.method_revision, METHOD_REVISION);
    let counts = manifest.counts;
    assert_eq!(
        (counts.rows_in, counts.accepted, counts.rejected),
        (10_324, 5_144, 5_180)
    );
    // No mode; weights that are text; a weight of 0; sites without a code; no way over the sea or on land between
    // two places.
    let wanted = [
        ("R001", 360),
        ("R002", 3_805),
        ("R003", 1),
        ("R007", 747),
        ("R012", 267),
    ];
    let wanted: BTreeMap<String, u64> = wanted
        .into_iter()
        .map(|(code, n)| (code.to_owned(), n))
        .collect();
    assert_eq!(counts.rejected_by_code, wanted);

    let mut published = BTreeMap::new();
    for code in Table::read(&run, "rejected").column("code") {
        *published.entry(code.to_owned()).or_insert(0) += 1;
    }
    assert_eq!(published, wanted, "the table says what the manifest says");
}
