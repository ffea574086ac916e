//! A run in stretches is the run: every value of every table, however its rows came; and what is not whole is not published.

use crate::in_memory::{MOVEMENTS, RUN_FILE, rows};
use crate::support::binary::green_corridor;
use crate::support::layout::Layout;
use crate::support::tables::{TABLES, Table, current_run};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use green_corridor::plan::{Flags, Plan};
use green_corridor::stretches::{StretchInput, StretchOrder, StretchTask, Stretched};
use green_corridor::{Engine, ErrorKind, Result, Summary};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::sync::Arc;

const BOUNDS: [&str; 3] = [
    "SAMPLE-0000000700",
    "SAMPLE-0000001200",
    "SAMPLE-0000002400",
];

fn engine(run_file: &Path, out: &Path) -> Engine {
    let flags = Flags {
        run_file: Some(run_file.to_owned()),
        out: Some(out.to_owned()),
        ..Flags::default()
    };
    Engine::of(Plan::open(&flags, false).expect("a plan"))
}

fn inputs() -> Vec<StretchInput> {
    let path = Path::new(RUN_FILE).with_file_name(MOVEMENTS);
    let bytes = fs::read(path).expect("the sample");
    let hash = Sha256::digest(&bytes);
    vec![StretchInput {
        name: MOVEMENTS.to_owned(),
        bytes: bytes.len() as u64,
        sha256: hash.iter().map(|b| format!("{b:02x}")).collect(),
        rows: rows(1).num_rows() as u64,
        format: "csv".to_owned(),
        path: None,
    }]
}

/// The rows of each stretch.
fn cut(batch: &RecordBatch) -> Vec<RecordBatch> {
    let ids = batch.column_by_name("shipment_id").expect("ids");
    let ids = ids.as_string::<i32>();
    let of = |row: usize| {
        let id = if ids.is_null(row) {
            ""
        } else {
            ids.value(row).trim_matches(' ')
        };
        BOUNDS.iter().filter(|bound| **bound <= id).count()
    };
    let rows_of = |stretch: usize| {
        let rows = (0..batch.num_rows()).filter(|row| of(*row) == stretch);
        UInt32Array::from_iter_values(rows.map(|row| u32::try_from(row).expect("few rows")))
    };
    let one = |stretch| take_record_batch(batch, &rows_of(stretch)).expect("rows");
    (0..=BOUNDS.len()).map(one).collect()
}

fn begin(engine: &Engine) -> Stretched {
    let bounds = BOUNDS.iter().map(|b| (*b).to_owned()).collect();
    engine.begin(inputs(), bounds).expect("a run in stretches")
}

/// The receipt of a stretch, whose rows come in batches of some.
fn receipt(
    run: &Stretched,
    stretch: usize,
    rows: &RecordBatch,
    at_a_time: usize,
) -> Result<String> {
    // As a task that lies somewhere else.
    let task = Arc::new(StretchTask::unpack(&run.pack()?)?);
    assert_eq!(task.run_id(), run.run_id());
    let mut open = task.stretch(StretchOrder {
        stretch,
        folder: run.folder().expect("a folder").to_owned(),
        memory: 256 << 20,
        threads: 1,
    })?;
    for from in (0..rows.num_rows()).step_by(at_a_time) {
        open.push(&rows.slice(from, at_a_time.min(rows.num_rows() - from)))?;
    }
    open.finish()
}

fn receipts(run: &Stretched, pieces: &[RecordBatch], at_a_time: usize) -> Vec<String> {
    let one = |(stretch, rows)| receipt(run, stretch, rows, at_a_time).expect("a receipt");
    pieces.iter().enumerate().map(one).collect()
}

/// Nothing is published, and nothing is left in the stage.
#[track_caller]
fn assert_nothing(out: &Path) {
    let layout = Layout::new(out);
    assert_eq!(layout.current_run().expect("no CURRENT"), None);
    let left = fs::read_dir(layout.stage()).expect("a stage").count();
    assert_eq!(left, 0, "the stage is empty");
}

#[test]
fn a_run_in_stretches_is_the_run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (single, out) = (dir.path().join("single"), dir.path().join("out"));
    green_corridor(["run", RUN_FILE, "--out", single.to_str().expect("a path")]).expect(0);
    let engine = engine(Path::new(RUN_FILE), &out);
    let run = begin(&engine);
    // Rows far from their order, the stretches from last to first, one of them twice: somebody has lost the first receipt.
    let pieces = cut(&rows(7));
    assert!(pieces.iter().all(|piece| piece.num_rows() > 100));
    receipt(&run, 2, &pieces[2], 999).expect("a receipt that is lost");
    let mut receipts = receipts(&run, &pieces, 777);
    receipts.reverse();
    let second = engine.begin(inputs(), Vec::new());
    assert_eq!(
        second.err().expect("it is locked").kind(),
        ErrorKind::Locked
    );
    let summary = engine.seal(run, &receipts).expect("a published run");
    let (wanted, found) = (current_run(&single), current_run(&out));
    assert_eq!(summary.dir, found);
    for table in TABLES {
        let (wanted, found) = (Table::read(&wanted, table), Table::read(&found, table));
        assert!(!wanted.rows.is_empty() || table == "rejected", "{table}");
        assert!(wanted == found, "{table}");
    }
    let (wanted, found) = (manifest(&wanted), manifest(&found));
    for key in [
        "counts",
        "totals",
        "totals_by_gwp_set",
        "inputs",
        "warnings",
        "reference",
    ] {
        assert_eq!(wanted[key], found[key], "{key}");
    }
    assert_eq!(found["plan"]["stretches"], serde_json::json!(BOUNDS));
    let verified = Engine::at(&out)
        .verify(None, true, None)
        .expect("a whole run");
    assert_eq!(verified.recalculated, summary.counts.elements);
    assert_eq!(verified.inputs.same, 1);
    // The same once more is there already.
    let run = begin(&engine);
    assert!(run.is_published() && run.folder().is_none());
    assert!(engine.seal(run, &[]).expect("the same run").is_old);
    let stages = fs::read_dir(Layout::new(&out).stage()).expect("a stage");
    assert_eq!(stages.count(), 0);
}

fn manifest(run: &Path) -> serde_json::Value {
    let bytes = fs::read(run.join("manifest.json")).expect("a manifest");
    serde_json::from_slice(&bytes).expect("a manifest")
}

/// The batch with other numbers of rows.
fn renumbered(batch: &RecordBatch, of: impl Fn(i64) -> i64) -> RecordBatch {
    let at = batch.schema().index_of("_row").expect("_row");
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let numbers = columns[at].as_primitive::<arrow::datatypes::Int64Type>();
    let numbers = Int64Array::from_iter_values(numbers.values().iter().map(|n| of(*n)));
    columns[at] = Arc::new(numbers);
    RecordBatch::try_new(batch.schema(), columns).expect("a batch")
}

#[test]
fn what_is_not_whole_is_not_published() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path();
    let engine = engine(Path::new(RUN_FILE), out);
    let pieces = cut(&rows(1));
    let refused = |run: Stretched, receipts: &[String], wanted: &str| {
        let error = engine.seal(run, receipts).expect_err("a refusal");
        assert!(error.to_string().contains(wanted), "{error}");
        assert_eq!(error.kind(), ErrorKind::Verification, "{error}");
        assert_nothing(out);
    };
    let whole = |run: &Stretched| receipts(run, &pieces, 4_000);

    let run = begin(&engine);
    refused(run, &[], "15624 rows lie in it, 0 came through");
    let run = begin(&engine);
    let three = whole(&run)[1..].to_vec();
    refused(run, &three, "came through: nothing is published");
    let run = begin(&engine);
    let mut twice = whole(&run);
    twice.push(twice[0].clone());
    refused(run, &twice, "stretch 0 has two receipts");
    // One row lost and another one doubled; then two of each, so that neither count nor sum tells it.
    for numbers in [[(11, 12)].as_slice(), &[(11, 12), (14, 13)]] {
        let run = begin(&engine);
        let other = |n| {
            numbers
                .iter()
                .find(|(from, _)| *from == n)
                .map_or(n, |(_, to)| *to)
        };
        let pieces: Vec<_> = pieces.iter().map(|p| renumbered(p, other)).collect();
        let receipts = receipts(&run, &pieces, 4_000);
        refused(run, &receipts, "but not each of its rows once");
    }
    let run = begin(&engine);
    let told = whole(&run);
    let other = told[0].replace(run.run_id(), "00000000000000000000");
    refused(
        run,
        &[&[other], &told[1..]].concat(),
        "a receipt of run 00000000000000000000",
    );
    // A part that somebody changed, one that is gone, and sums that somebody changed.
    for (file, wanted) in [
        (
            "elements/part-00000.parquet",
            "is not what its task has written",
        ),
        ("shipments/part-00000.parquet", "take over"),
        ("rest.ndjson.zst", "is not what its task has written"),
    ] {
        let run = begin(&engine);
        let receipts = whole(&run);
        let receipt: serde_json::Value = serde_json::from_str(&receipts[1]).expect("JSON");
        let folder = run
            .folder()
            .expect("a folder")
            .join(receipt["folder"].as_str().expect("a name"));
        let path = folder.join("parts").join(file);
        let mut bytes = fs::read(&path).expect("a part");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        if file.starts_with("shipments") {
            fs::remove_file(&path).expect("it can be removed");
        } else {
            fs::write(&path, bytes).expect("it can be written");
        }
        refused(run, &receipts, wanted);
    }
    // A row in the wrong place is told by the task, with its place.
    let run = begin(&engine);
    let error = receipt(&run, 1, &pieces[0], 4_000).expect_err("a row of another stretch");
    assert!(error.to_string().contains("is not of stretch 1"), "{error}");
    let place = error.place().expect("a place");
    assert_eq!((place.file.as_str(), place.row), (MOVEMENTS, Some(1)));
    engine.give_up(run, "tasks failed");
    assert_nothing(out);
    let status = fs::read_to_string(out.join("status.json")).expect("a status");
    assert!(status.contains("tasks failed"), "{status}");
}

#[test]
fn the_bounds_of_a_run_file_hold_for_a_run_in_stretches() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let data = Path::new(RUN_FILE).parent().expect("a folder");
    let run_with = |limits: &str| -> (Result<Summary>, std::path::PathBuf) {
        let text = fs::read_to_string(RUN_FILE).expect("the run file");
        let text = text
            .replace(
                "\"../emission_factors\"",
                &format!("{:?}", data.join("../emission_factors")),
            )
            .replace("reference = \".\"", &format!("reference = {data:?}"))
            .replace("max_reject_share = \"5%\"", limits);
        let run_file = dir.path().join("run.toml");
        fs::write(&run_file, text).expect("a run file");
        let out = dir.path().join("out");
        let engine = engine(&run_file, &out);
        let run = begin(&engine);
        let batch = rows(1);
        let at = batch.schema().index_of("mode").expect("mode");
        let mut columns = batch.columns().to_vec();
        let modes = columns[at].as_string::<i32>();
        let modes = modes.iter().enumerate().map(|(i, mode)| match i % 9 {
            0 => Some("teleport"),
            _ => mode,
        });
        columns[at] = Arc::new(modes.collect::<arrow::array::StringArray>());
        let batch = RecordBatch::try_new(batch.schema(), columns).expect("a batch");
        let receipts = receipts(&run, &cut(&batch), 4_000);
        (engine.seal(run, &receipts), out)
    };
    let (refused, out) = run_with("max_reject_share = \"1%\"");
    let error = refused.expect_err("too many rejects");
    assert_eq!(error.kind(), ErrorKind::TooManyRejects, "{error}");
    assert!(
        error
            .to_string()
            .contains("rows rejected, more than max_reject_share = 1%"),
        "{error}"
    );
    assert_nothing(&out);
    // As after any failed run, the rejected rows can be looked at.
    let failed = fs::read_dir(out.join("failed"))
        .expect("failed runs")
        .count();
    assert_eq!(failed, 1);
    let (published, _) = run_with("max_reject_share = \"50%\"");
    let rejected = published.expect("a run").counts.rejected;
    assert!(rejected > 500, "{rejected}");
}
