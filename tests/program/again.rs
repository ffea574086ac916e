//! The same night again: a run that is published already is checked and made current, not computed to its end, whatever ran in
//! between.

use crate::support::binary::{Ended, TIMEOUT, command, green_corridor, wait};
use crate::support::layout::Layout;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

const RUN_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");

fn run(movements: &Path, out: &Path, more: &[&str]) -> Ended {
    let mut command = command();
    command
        .args(["run", RUN_FILE, "--movements"])
        .arg(movements)
        .arg("--out")
        .arg(out)
        .args(more);
    wait(command.spawn().expect("the binary starts"), TIMEOUT)
}

fn written_at(run: &Path) -> SystemTime {
    fs::metadata(run.join("manifest.json"))
        .and_then(|file| file.modified())
        .expect("a manifest")
}

#[test]
fn a_run_from_before_becomes_current_again_as_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let (out, layout) = (dir.path().join("out"), Layout::new(dir.path().join("out")));
    let movements = ["one.csv", "other.csv"].map(|name| dir.path().join(name));
    // So many that their digest comes while they are computed.
    for (file, seed) in movements.iter().zip(["1", "2"]) {
        let sample = ["sample", "--shipments", "8000", "--seed", seed, "--out"].map(Path::new);
        green_corridor(sample.into_iter().chain([file.as_path()])).expect(0);
    }
    let ids = movements.each_ref().map(|file| {
        assert!(
            run(file, &out, &[])
                .expect(0)
                .stdout
                .contains("published in")
        );
        layout.current_run().expect("CURRENT").expect("a run")
    });
    let written = ids.each_ref().map(|id| written_at(&layout.run(id)));
    for threads in ["1", "2", "4"] {
        // In turn, so that the run asked for is never the current one, and then once more, when it is.
        for at in [0, 0, 1, 1] {
            let told = run(&movements[at], &out, &["--threads", threads])
                .expect(0)
                .stdout;
            assert!(
                told.contains(&format!("run {} was there already and is current", ids[at])),
                "{told}"
            );
            assert_eq!(
                layout.current_run().expect("CURRENT").as_ref(),
                Some(&ids[at])
            );
        }
    }
    assert_eq!(
        ids.each_ref().map(|id| written_at(&layout.run(id))),
        written
    );
    assert_eq!(fs::read_dir(layout.stage()).expect("a stage").count(), 0);
    assert!(
        run(&movements[0], &out, &["--rebuild"])
            .expect(0)
            .stdout
            .contains(&ids[0])
    );
}
