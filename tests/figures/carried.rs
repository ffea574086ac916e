//! Carried columns (`[carry]`): the same values from every form of a file, in every order and within every bound of memory, and figures that know
//! nothing of them.

use crate::support::binary::green_corridor;
use crate::support::folders::files_below;
use crate::support::tables::{Table, current_run, explain};
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use green_corridor::Engine;
use parquet::arrow::ArrowWriter;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const CARRIED: [&str; 3] = ["cost_centre", "customer", "order"];
const CARRY: &str =
    "[carry]\ncustomer = \"Customer name\"\norder = \"Order\"\ncost_centre = \"KOSTL\"\n";

/// Records of the shipped sample with columns of a customer's own: name of the column, and its cells.
fn records(count: usize) -> Vec<Column> {
    let mut reader =
        csv::Reader::from_path(format!("{ROOT}/data/movements/2025-03.csv")).expect("the sample");
    let heads: Vec<String> = reader
        .headers()
        .expect("heads")
        .iter()
        .map(str::to_owned)
        .collect();
    let rows: Vec<csv::StringRecord> = reader
        .records()
        .take(count)
        .map(|r| r.expect("a record"))
        .collect();
    let column = |at: usize| rows.iter().map(|row| row[at].to_owned()).collect();
    let mut columns: Vec<Column> = heads
        .iter()
        .enumerate()
        .map(|(at, head)| (head.clone(), column(at)))
        .collect();
    // One record that is rejected for something else.
    let mass = columns.iter_mut().find(|(head, _)| head == "cargo_mass_kg");
    "many".clone_into(&mut mass.expect("a column of masses").1[5]);
    let own = |value: &dyn Fn(usize, &str) -> String| {
        rows.iter()
            .enumerate()
            .map(|(at, row)| value(at, &row[1]))
            .collect::<Vec<_>>()
    };
    // By the last digit of the shipment's number; of 8 not every record says it, of 9 two customers are said.
    let digit = |id: &str| id.bytes().last().map_or(0, |b| usize::from(b % 16));
    let customers = [
        "ACME",
        "Müller, Söhne",
        "重庆长安",
        "ACME",
        "\"Q\" Ltd",
        "",
        "B",
        "C",
        "D",
        "E",
    ];
    let customer = own(&|at, id| match (digit(id), at % 3) {
        (8, 0) => String::new(),
        (9, 0) => "somebody else".to_owned(),
        (digit, _) => customers[digit].to_owned(),
    });
    columns.push(("Customer name".to_owned(), customer));
    columns.push(("Order".to_owned(), own(&|_, id| format!("PO-{id}"))));
    columns.push((
        "KOSTL".to_owned(),
        own(&|_, id| format!(" 00{} ", digit(id) / 4)),
    ));
    columns
}

/// Its head and its cells.
type Column = (String, Vec<String>);
/// Writes columns as a file.
type Write = fn(&[Column], &Path);

fn rows(columns: &[Column]) -> impl Iterator<Item = Vec<&str>> {
    (0..columns[0].1.len()).map(|at| {
        columns
            .iter()
            .map(|(_, cells)| cells[at].as_str())
            .collect()
    })
}

fn csv_file(columns: &[Column], path: &Path) {
    let mut out = csv::Writer::from_path(path).expect("a file");
    out.write_record(columns.iter().map(|(head, _)| head))
        .expect("a head");
    rows(columns).for_each(|row| out.write_record(row).expect("a row"));
    out.flush().expect("a file");
}

fn ndjson_file(columns: &[Column], path: &Path) {
    let line = |row: Vec<&str>| {
        let members = columns
            .iter()
            .map(|(head, _)| head.clone())
            .zip(row.into_iter().map(Into::into));
        serde_json::Value::Object(members.collect()).to_string() + "\n"
    };
    fs::write(path, rows(columns).map(line).collect::<String>()).expect("a file");
}

fn batch(columns: &[Column]) -> RecordBatch {
    let array = |cells: &[String]| {
        let cells = cells
            .iter()
            .map(|cell| Some(cell.as_str()).filter(|c| !c.is_empty()));
        Arc::new(StringArray::from_iter(cells)) as ArrayRef
    };
    RecordBatch::try_from_iter(columns.iter().map(|(head, cells)| (head, array(cells))))
        .expect("a batch")
}

fn parquet_file(columns: &[Column], path: &Path) {
    let batch = batch(columns);
    let mut out = ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), None)
        .expect("a writer");
    out.write(&batch).expect("rows");
    out.close().expect("a file");
}

fn xlsx_file(columns: &[Column], path: &Path) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (at, (head, cells)) in (0u16..).zip(columns) {
        for (row, cell) in (0u32..).zip(std::iter::once(head).chain(cells)) {
            sheet.write_string(row, at, cell).expect("a cell");
        }
    }
    book.save(path).expect("a file");
}

/// A run file over `movements` in `dir`, with these further tables.
fn run_file(dir: &Path, movements: &str, more: &str) -> String {
    let path = dir.join("run.toml");
    let text = format!(
        "movements = [{movements:?}]\nfactors = \"{ROOT}/emission_factors\"\nreference = \"{ROOT}/data\"\nout = \"out\"\n[limits]\nmax_reject_share = \"100%\"\n{more}"
    );
    fs::write(&path, text).expect("a run file");
    path.to_str().expect("a plain path").to_owned()
}

/// The tables of a run, without where rows are from.
fn tables(table: impl Fn(&str) -> Table) -> BTreeMap<&'static str, Table> {
    let of = |name: &'static str| {
        let mut table = table(name);
        for place in ["source_file", "file"] {
            if let Some(at) = table.columns.iter().position(|c| c == place) {
                table.columns.remove(at);
                table.rows.iter_mut().for_each(|row| drop(row.remove(at)));
            }
        }
        (name, table)
    };
    ["elements", "shipments", "rejected"]
        .into_iter()
        .map(of)
        .collect()
}

#[test]
fn every_form_of_a_file_gives_the_same_values() {
    let columns = records(700);
    let mut first: Option<BTreeMap<&str, Table>> = None;
    let forms: [(&str, Write); 4] = [
        ("rows.csv", csv_file),
        ("rows.ndjson", ndjson_file),
        ("rows.parquet", parquet_file),
        ("rows.xlsx", xlsx_file),
    ];
    for (name, write) in forms {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write(&columns, &dir.path().join(name));
        let run_file = run_file(dir.path(), name, CARRY);
        green_corridor(["run", &run_file]).expect(0);
        let out = dir.path().join("out");
        green_corridor([
            "verify",
            out.to_str().expect("a plain path"),
            "--recalculate",
        ])
        .expect(0);
        let run = current_run(&out);
        let found = tables(|table| Table::read(&run, table));
        let in_memory = Engine::open(Path::new(&run_file)).expect("the run file");
        let computed = in_memory.compute(&[batch(&columns)]).expect("figures");
        let computed = tables(|table| {
            Table::of(match table {
                "elements" => &computed.elements,
                "shipments" => &computed.shipments,
                _ => &computed.rejected,
            })
        });
        assert!(found == computed, "{name} and rows in memory");
        assert!(
            *first.get_or_insert_with(|| found.clone()) == found,
            "{name} and the CSV file"
        );
    }
    let found = first.expect("four forms");
    for table in found.values() {
        assert_eq!(table.columns[table.columns.len() - 3..], CARRIED);
    }
    let elements = &found["elements"];
    assert!(elements.column("customer").contains(&"Müller, Söhne"));
    assert!(
        elements
            .column("cost_centre")
            .iter()
            .all(|c| ["000", "001", "002"].contains(c))
    );
    let shipments = &found["shipments"];
    let (ids, customers, flags) = (
        shipments.column("shipment_id"),
        shipments.column("customer"),
        shipments.column("quality_flags"),
    );
    for ((id, customer), flags) in ids.iter().zip(&customers).zip(&flags) {
        let differs = flags.split('|').any(|flag| flag == "Q43");
        match id.bytes().last() {
            Some(b'8') => assert_eq!((*customer, differs), ("D", false), "{id}"),
            Some(b'9') => assert!(!differs || customer.is_empty(), "{id}"),
            Some(b'2') => assert_eq!(*customer, "重庆长安", "{id}"),
            _ => assert!(!differs, "{id}"),
        }
    }
    assert!(flags.iter().any(|flags| flags.ends_with("Q43")));
    // What an inferred hub has is what the record has that it lends from.
    let hubs = elements.column("movement_id");
    let orders = elements.column("order");
    assert!(hubs.contains(&""), "the sample infers hubs");
    let of_shipments = elements.column("shipment_id");
    assert!(
        orders
            .iter()
            .zip(&of_shipments)
            .all(|(order, id)| *order == format!("PO-{id}"))
    );
    let rejected = &found["rejected"];
    assert!(
        rejected
            .column("order")
            .iter()
            .any(|order| order.starts_with("PO-"))
    );
}

#[test]
fn no_figure_depends_on_what_is_carried() {
    let columns = records(2_000);
    let (mut ids, mut figures) = (BTreeSet::new(), Vec::new());
    for carry in ["", CARRY] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        csv_file(&columns, &dir.path().join("rows.csv"));
        green_corridor(["run", &run_file(dir.path(), "rows.csv", carry)]).expect(0);
        let run = current_run(&dir.path().join("out"));
        ids.insert(run.file_name().expect("an id").to_owned());
        let mut tables = tables(|table| Table::read(&run, table));
        for table in tables.values_mut() {
            let flags = table.columns.iter().position(|c| c == "quality_flags");
            for row in &mut table.rows {
                row.truncate(
                    table.columns.len() - if carry.is_empty() { 0 } else { CARRIED.len() },
                );
                if let Some(Some(flags)) = flags.map(|at| &mut row[at]) {
                    *flags = flags.replace("|Q43", "").replace("Q43", "");
                }
            }
            table
                .columns
                .retain(|column| !CARRIED.contains(&column.as_str()));
        }
        figures.push(tables);
    }
    assert_eq!(ids.len(), 2, "what is carried is part of the id");
    assert!(figures[0] == figures[1]);
}

#[test]
fn neither_threads_nor_memory_nor_order_change_a_byte() {
    let mut columns = records(usize::MAX);
    // In no order, so that they are sorted, and in three files.
    let count = columns[0].1.len();
    for (_, cells) in &mut columns {
        *cells = (0..count)
            .map(|at| cells[at * 7_919 % count].clone())
            .collect();
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    for part in 0..3 {
        let of = |cells: &[String]| cells.iter().skip(part).step_by(3).cloned().collect();
        let columns: Vec<_> = columns
            .iter()
            .map(|(head, cells)| (head.clone(), of(cells)))
            .collect();
        csv_file(&columns, &dir.path().join(format!("rows{part}.csv")));
    }
    let run_file = run_file(dir.path(), "rows*.csv", CARRY);
    let mut first: Option<BTreeMap<String, Vec<u8>>> = None;
    for (threads, memory) in [("2", "2GiB"), ("1", "96MiB"), ("3", "128MiB")] {
        let out = dir.path().join(format!("out{threads}"));
        let out = out.to_str().expect("a plain path");
        green_corridor([
            "run",
            &run_file,
            "--out",
            out,
            "--threads",
            threads,
            "--memory-limit",
            memory,
        ])
        .expect(0);
        let run = current_run(Path::new(out));
        let bytes: BTreeMap<String, Vec<u8>> = files_below(&run)
            .into_iter()
            .map(|path| (path.clone(), fs::read(run.join(&path)).expect("a file")))
            .collect();
        let first = first.get_or_insert_with(|| bytes.clone());
        assert!(*first == bytes, "{threads} threads, {memory}");
    }
}

#[test]
fn answers_show_what_is_carried_and_files_without_it_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let columns = records(300);
    csv_file(&columns, &dir.path().join("rows.csv"));
    green_corridor(["run", &run_file(dir.path(), "rows.csv", CARRY)]).expect(0);
    let out = dir.path().join("out");
    let run = current_run(&out);
    let shipments = Table::read(&run, "shipments");
    let sheet = explain(&run, shipments.column("shipment_id")[0]).expect("a sheet");
    let fact = |facts: &[green_corridor::sheet::Fact]| {
        facts
            .iter()
            .find(|fact| fact.name == "order")
            .map(|fact| fact.value.clone())
    };
    let order = Some(format!("PO-{}", sheet.shipment_id));
    assert_eq!(fact(&sheet.shipment), order);
    assert!(
        sheet
            .elements
            .iter()
            .all(|element| fact(&element.record) == order)
    );
    let out = out.to_str().expect("a plain path");
    let told = green_corridor(["rejects", out, "--format", "csv"])
        .expect(0)
        .stdout;
    assert!(told.starts_with(
        "file,row,code,column,value,wanted,shipment_id,movement_id,cost_centre,customer,order\n"
    ));
    let told = green_corridor(["rejects", out, "--format", "json"])
        .expect(0)
        .stdout;
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert!(
        told["rows"]
            .as_array()
            .is_some_and(|rows| rows.iter().all(|row| row.get("order").is_some()))
    );

    let more = "[carry]\nincoterm = \"Incoterm\"\n";
    let ended = green_corridor(["run", &run_file(dir.path(), "rows.csv", more)]).expect(3);
    assert!(
        ended
            .stderr
            .contains("column \"Incoterm\" is missing, which [carry] names for incoterm"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_proposed_run_file_says_how_a_column_is_carried() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut columns = records(40);
    columns.retain(|(head, _)| head != "Order" && head != "KOSTL");
    let mass = columns.iter_mut().find(|(head, _)| head == "cargo_mass_kg");
    "1000".clone_into(&mut mass.expect("a column of masses").1[5]);
    csv_file(&columns, &dir.path().join("rows.csv"));
    let [from, place] =
        ["rows.csv", "."].map(|p| dir.path().join(p).to_str().expect("plain").to_owned());
    green_corridor(["init", &place, "--from", &from]).expect(0);
    let path = dir.path().join("run.toml");
    let text = fs::read_to_string(&path).expect("a run file");
    let hint = "# [carry] # ours = theirs\n# customer_name = \"Customer name\"\n";
    assert!(text.contains(hint), "{text}");
    // Behind everything else, without the marks of a comment.
    let text = text.replace(hint, "") + &hint.replace("# [", "[").replace("# c", "c");
    fs::write(&path, text).expect("a run file");
    green_corridor([
        "run",
        path.to_str().expect("plain"),
        "--max-reject-share",
        "100%",
    ])
    .expect(0);
    let shipments = Table::read(&current_run(&dir.path().join("out")), "shipments");
    assert!(shipments.column("customer_name").contains(&"ACME"));
}
