//! Rows in memory come to the figures that a run publishes of the same rows: every column of every row, in every order of the rows.

use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use green_corridor::{Engine, Session, SessionOrder, Sums, Tables};
use std::path::Path;
use std::sync::Arc;

pub(crate) const RUN_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");
pub(crate) const MOVEMENTS: &str = "movements/2025-03.csv";

/// The rows of the shipped sample as text, in an order of their own, with the places where they stand.
pub(crate) fn rows(step: usize) -> RecordBatch {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(MOVEMENTS);
    let mut reader = csv::Reader::from_path(path).expect("the sample");
    let heads = reader.headers().expect("heads").clone();
    let records: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a record")).collect();
    let order: Vec<usize> = (0..step)
        .flat_map(|from| (from..records.len()).step_by(step))
        .collect();
    let column = |at: usize| {
        let cells = order
            .iter()
            .map(|&i| Some(&records[i][at]).filter(|cell| !cell.is_empty()));
        Arc::new(StringArray::from_iter(cells)) as ArrayRef
    };
    let mut columns: Vec<(String, ArrayRef)> = (heads.iter().enumerate())
        .map(|(at, head)| (head.to_owned(), column(at)))
        .collect();
    let files = StringArray::from_iter_values(order.iter().map(|_| MOVEMENTS));
    let numbers = Int64Array::from_iter_values(order.iter().map(|&i| i as i64 + 1));
    columns.push(("_file".to_owned(), Arc::new(files)));
    columns.push(("_row".to_owned(), Arc::new(numbers)));
    RecordBatch::try_from_iter(columns).expect("a batch")
}

#[test]
fn rows_in_memory_have_the_figures_of_a_run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().to_str().expect("a plain path");
    green_corridor(["run", RUN_FILE, "--out", out]).expect(0);
    let run = current_run(dir.path());
    let engine = Engine::open(Path::new(RUN_FILE)).expect("the run file");
    for step in [1, 7] {
        let computed = engine.compute(&[rows(step)]).expect("figures");
        for (name, batch) in [
            ("elements", &computed.elements),
            ("shipments", &computed.shipments),
            ("rejected", &computed.rejected),
        ] {
            let (published, computed) = (Table::read(&run, name), Table::of(batch));
            assert_eq!(published.columns, computed.columns);
            assert_eq!(published.rows.len(), computed.rows.len(), "{name}");
            for (row, other) in published.rows.iter().zip(&computed.rows) {
                assert_eq!(row, other, "{name}, every {step}th row first");
            }
        }
    }
}

/// Everything that a session gives, as rows of text by table.
fn taken(mut session: Session, batch: &RecordBatch) -> green_corridor::Result<([Table; 3], Sums)> {
    let mut pieces = session.push(batch)?;
    let mut rest = session.finish()?;
    for tables in rest.by_ref() {
        pieces.push(tables?);
    }
    let whole = |of: fn(&Tables) -> &RecordBatch| {
        let schema = of(&Tables::empty()).schema();
        let batches = pieces.iter().map(of);
        Table::of(&arrow::compute::concat_batches(&schema, batches).expect("one table"))
    };
    let tables = [
        whole(|tables| &tables.elements),
        whole(|tables| &tables.shipments),
        whole(|tables| &tables.rejected),
    ];
    Ok((tables, rest.sums().expect("sums at the end").clone()))
}

#[test]
fn a_session_gives_the_same_however_little_it_holds() {
    let engine = Engine::open(Path::new(RUN_FILE)).expect("the run file");
    let session = |order| engine.session(order).expect("a session");
    let (wanted, sums) = taken(session(SessionOrder::default()), &rows(1)).expect("figures");
    assert!(wanted.iter().all(|table| !table.rows.is_empty()));
    let spilling = SessionOrder {
        memory: 1 << 20,
        threads: 2,
        ..SessionOrder::default()
    };
    let sorted = SessionOrder {
        is_sorted: true,
        ..SessionOrder::default()
    };
    for (order, step) in [(spilling, 7), (sorted.clone(), 1)] {
        let (found, found_sums) = taken(session(order), &rows(step)).expect("figures");
        assert_eq!(found_sums, sums);
        for (found, wanted) in found.iter().zip(&wanted) {
            assert!(found.columns == wanted.columns && found.rows == wanted.rows);
        }
    }
    let error = match taken(session(sorted), &rows(7)) {
        Ok(_) => panic!("rows out of order were computed"),
        Err(error) => error,
    };
    let place = error.place().expect("a place");
    assert_eq!(place.file, MOVEMENTS);
    assert_eq!(place.column.as_deref(), Some("shipment_id"));
    assert!(place.row.is_some() && place.found.is_some(), "{error}");
}

#[test]
fn a_column_of_a_type_that_it_cannot_have_is_refused_once() {
    let engine = Engine::shipped("open").expect("the shipped library");
    let batch = rows(1).slice(0, 3);
    let mut columns: Vec<(String, ArrayRef)> = (batch.schema().fields().iter())
        .zip(batch.columns())
        .map(|(field, column)| (field.name().clone(), Arc::clone(column)))
        .collect();
    let numbers = || Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef;
    let at = |columns: &[(String, ArrayRef)], name: &str| {
        columns
            .iter()
            .position(|(column, _)| column == name)
            .expect(name)
    };
    let departed_at = at(&columns, "departed_at");
    columns[departed_at].1 = numbers();
    let wrong = RecordBatch::try_from_iter(columns.clone()).expect("a batch");
    let error = engine.compute(&[wrong]).expect_err("numbers are no times");
    assert_eq!(
        error.to_string(),
        "column \"departed_at\" is Int64, wanted a timestamp, date or text for departed_at"
    );
    columns[departed_at].1 = batch.column(departed_at).clone();
    let row = at(&columns, "_row");
    columns[row].1 = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let wrong = RecordBatch::try_from_iter(columns).expect("a batch");
    let error = engine
        .compute(&[wrong])
        .expect_err("a row without a number");
    assert_eq!(
        error.to_string(),
        "column \"_row\": wanted a number from 1 in every row"
    );
    let place = error.place().expect("a place");
    assert_eq!(
        (place.column.as_deref(), place.row),
        (Some("_row"), Some(2))
    );
}
