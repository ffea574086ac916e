//! The same inputs give the same bytes, whatever the machine does; the same rows give the same figures, however they are laid out.
//!
//! Each test runs the built program on the shipped sample, which holds clean and damaged rows, or on a generated one that spans
//! several blocks of its file.

use crate::support::binary::{TIMEOUT, command, green_corridor, wait};
use crate::support::folders::files_below;
use crate::support::tables::{TABLES, Table, current_run};
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/movements/2025-03.csv");
const RUN_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");

/// Runs the shipped run file on `movements`, into a folder beside them, and gives the folder of the run.
#[track_caller]
fn run(movements: &Path, out: &str, more: &[&str]) -> PathBuf {
    let out = movements.with_extension("").with_file_name(out);
    let mut command = command();
    command
        .args(["run", RUN_FILE, "--max-reject-share", "50%", "--movements"])
        .arg(movements)
        .arg("--out")
        .arg(&out)
        .args(more);
    wait(command.spawn().expect("the binary starts"), TIMEOUT).expect(0);
    current_run(&out)
}

/// Every file of a run, by its path in the run.
fn bytes(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = files_below(run);
    assert!(files.len() > 20, "{files:?}");
    files
        .into_iter()
        .map(|path| (path.clone(), fs::read(run.join(&path)).expect("a file")))
        .collect()
}

#[track_caller]
fn assert_same_bytes(one: &Path, other: &Path, what: &str) {
    let (one, other) = (bytes(one), bytes(other));
    let differing: Vec<&String> = one
        .keys()
        .chain(other.keys())
        .filter(|path| one.get(*path) != other.get(*path))
        .collect();
    assert_eq!(differing, Vec::<&String>::new(), "{what}");
}

/// Whether rows name the file and row that they came from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lineage {
    Kept,
    /// Left out, and the rejected rows, whose order it is, sorted by their other columns.
    Ignored,
}

/// Every table of a run as text.
fn figures(run: &Path, lineage: Lineage) -> BTreeMap<&'static str, String> {
    let of = |name: &'static str| {
        let mut table = Table::read(run, name);
        if lineage == Lineage::Ignored {
            let kept = |column: &String| {
                !["source_file", "source_row", "file", "row"].contains(&column.as_str())
            };
            let places: Vec<usize> = (0..table.columns.len())
                .filter(|&i| kept(&table.columns[i]))
                .collect();
            table.columns = places.iter().map(|&i| table.columns[i].clone()).collect();
            table.rows = table
                .rows
                .iter()
                .map(|row| places.iter().map(|&i| row[i].clone()).collect())
                .collect();
            if name == "rejected" {
                table.rows.sort();
            }
        }
        let line = |row: &Vec<Option<String>>| {
            row.iter()
                .map(|cell| cell.as_deref().unwrap_or("null"))
                .collect::<Vec<_>>()
                .join(",")
        };
        let lines: Vec<String> = table.rows.iter().map(line).collect();
        (
            name,
            format!("{}\n{}", table.columns.join(","), lines.join("\n")),
        )
    };
    TABLES.into_iter().map(of).collect()
}

#[track_caller]
fn assert_same_figures(one: &BTreeMap<&str, String>, other: &BTreeMap<&str, String>, what: &str) {
    for (name, text) in one {
        let other = &other[name];
        let first = text.lines().zip(other.lines()).find(|(a, b)| a != b);
        assert!(
            text == other,
            "{what}: {name} has {} and {} lines; first difference: {first:?}",
            text.lines().count(),
            other.lines().count()
        );
    }
}

/// Header and rows of a CSV file without quotes.
fn rows_of(path: &Path) -> (String, Vec<String>) {
    let text = fs::read_to_string(path).expect("a CSV file");
    assert!(!text.contains('"'), "rows are handled as lines here");
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().expect("a header"), lines.collect())
}

/// The rows in an order that keeps none of them beside its neighbour.
fn shuffled(rows: &[String]) -> Vec<String> {
    // A prime that does not divide their number meets every row once.
    let stride = [7919, 7927]
        .into_iter()
        .find(|&prime| !rows.len().is_multiple_of(prime))
        .expect("a stride");
    (0..rows.len())
        .map(|i| rows[i * stride % rows.len()].clone())
        .collect()
}

fn write_csv<'a>(path: &Path, header: &str, rows: impl Iterator<Item = &'a String>) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(
        path,
        rows.fold(header.to_owned() + "\n", |text, row| text + row + "\n"),
    )
    .expect("a file");
}

/// A sample of 5,000 shipments as CSV: more than one block of a text file.
fn larger_sample(home: &Path) -> PathBuf {
    let path = home.join("movements.csv");
    let arguments = [
        "sample",
        "--shipments",
        "5000",
        "--seed",
        "11",
        "--dirt",
        "2%",
        "--out",
        path.to_str().expect("UTF-8"),
    ];
    green_corridor(arguments).expect(0);
    assert!(fs::metadata(&path).expect("a file").len() > 4 << 20);
    path
}

#[test]
fn threads_and_memory_change_no_byte_of_sorted_input() {
    let home = tempfile::tempdir().expect("a folder");
    let movements = larger_sample(home.path());
    let one = run(&movements, "one", &["--threads", "1"]);
    for threads in ["2", "4", "8"] {
        let other = run(
            &movements,
            &format!("{threads} threads"),
            &["--threads", threads, "--memory-limit", "64MiB"],
        );
        assert_same_bytes(&one, &other, &format!("{threads} threads"));
    }
}

#[test]
fn threads_and_spilling_change_no_byte_of_shuffled_input_and_the_order_of_rows_no_figure() {
    let home = tempfile::tempdir().expect("a folder");
    let sorted = larger_sample(home.path());
    let (header, rows) = rows_of(&sorted);
    let movements = home.path().join("shuffled.csv");
    write_csv(&movements, &header, shuffled(&rows).iter());
    let in_memory = run(
        &movements,
        "one",
        &["--threads", "1", "--memory-limit", "4GiB"],
    );
    // Rows held for sorting may take a sixteenth: there are about 10 MB of them.
    for (threads, memory) in [("1", "8MiB"), ("2", "4GiB"), ("4", "16MiB"), ("8", "8MiB")] {
        let other = run(
            &movements,
            &format!("{threads}-{memory}"),
            &["--threads", threads, "--memory-limit", memory],
        );
        assert_same_bytes(&in_memory, &other, &format!("{threads} threads, {memory}"));
    }
    let wanted = figures(&run(&sorted, "sorted", &[]), Lineage::Ignored);
    assert_same_figures(
        &wanted,
        &figures(&in_memory, Lineage::Ignored),
        "shuffled rows",
    );
    assert_ne!(
        figures(&in_memory, Lineage::Kept)["elements"],
        figures(&current_run(&home.path().join("sorted")), Lineage::Kept)["elements"]
    );
}

#[test]
fn rows_spread_over_files_give_the_same_figures() {
    let home = tempfile::tempdir().expect("a folder");
    let (header, rows) = rows_of(Path::new(SAMPLE));
    let whole = home.path().join("whole.csv");
    write_csv(&whole, &header, rows.iter());
    let wanted = figures(&run(&whole, "out", &[]), Lineage::Ignored);
    let mixed = shuffled(&rows);
    // Dealt out in turn: every shipment is in all files, and each file is sorted. Then in two piles, and not sorted at all.
    let dealt = |n: usize| move |(i, _): &(usize, &String)| i % 3 == n;
    let piles: [(&str, Vec<Vec<&String>>); 3] = [
        (
            "dealt",
            (0..3)
                .map(|n| {
                    rows.iter()
                        .enumerate()
                        .filter(dealt(n))
                        .map(|(_, row)| row)
                        .collect()
                })
                .collect(),
        ),
        (
            "cut",
            rows.chunks(rows.len() / 2 + 1)
                .map(|pile| pile.iter().collect())
                .collect(),
        ),
        (
            "mixed",
            mixed
                .chunks(5_000)
                .map(|pile| pile.iter().collect())
                .collect(),
        ),
    ];
    for (name, files) in piles {
        let folder = home.path().join(name).join("movements");
        for (n, file) in files.iter().enumerate() {
            write_csv(
                &folder.join(format!("{n}.csv")),
                &header,
                file.iter().copied(),
            );
        }
        assert_same_figures(
            &wanted,
            &figures(&run(&folder, "out", &[]), Lineage::Ignored),
            name,
        );
    }
}

/// The same rows as NDJSON: numbers as JSON numbers where JSON can write them, everything else as text.
fn write_ndjson(path: &Path, header: &str, rows: &[String]) {
    let numbers = [
        "sequence",
        "distance_km",
        "cargo_mass_kg",
        "container_cargo_mass_kg",
        "energy_quantity",
    ];
    let line = |row: &String| {
        let fields = header.split(',').zip(row.split(',')).map(|(name, cell)| {
            let number = numbers
                .contains(&name)
                .then(|| serde_json::from_str::<serde_json::Number>(cell).ok())
                .flatten();
            let value = if number.is_some() {
                cell.to_owned()
            } else {
                serde_json::Value::from(cell).to_string()
            };
            format!("{}:{value}", serde_json::Value::from(name))
        });
        format!("{{{}}}\n", fields.collect::<Vec<_>>().join(","))
    };
    fs::write(path, rows.iter().map(line).collect::<String>()).expect("a file");
}

/// The same rows as Parquet columns of text.
fn write_text_parquet(path: &Path, header: &str, rows: &[String]) {
    let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.split(',').collect()).collect();
    let column = |i: usize| {
        Arc::new(StringArray::from_iter_values(
            cells.iter().map(|row| row[i]),
        )) as ArrayRef
    };
    let columns = header
        .split(',')
        .enumerate()
        .map(|(i, name)| (name, column(i)));
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let mut writer =
        ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), None)
            .expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
}

#[test]
fn the_same_rows_in_another_format_give_the_same_figures() {
    let home = tempfile::tempdir().expect("a folder");
    let (header, rows) = rows_of(Path::new(SAMPLE));
    let csv = home.path().join("rows.csv");
    write_csv(&csv, &header, rows.iter());
    let wanted = figures(&run(&csv, "csv", &[]), Lineage::Ignored);
    let ndjson = home.path().join("rows.ndjson");
    write_ndjson(&ndjson, &header, &rows);
    assert_same_figures(
        &wanted,
        &figures(&run(&ndjson, "ndjson", &[]), Lineage::Ignored),
        "NDJSON",
    );
    let parquet = home.path().join("rows.parquet");
    write_text_parquet(&parquet, &header, &rows);
    assert_same_figures(
        &wanted,
        &figures(&run(&parquet, "parquet", &[]), Lineage::Ignored),
        "Parquet of texts",
    );
}

#[test]
fn typed_columns_and_row_groups_of_three_sizes_give_the_same_figures() {
    let home = tempfile::tempdir().expect("a folder");
    let typed = home.path().join("movements.parquet");
    for path in [&typed, &home.path().join("movements.csv")] {
        green_corridor([
            "sample",
            "--shipments",
            "2500",
            "--seed",
            "5",
            "--out",
            path.to_str().expect("UTF-8"),
        ])
        .expect(0);
    }
    let wanted = figures(
        &run(&home.path().join("movements.csv"), "csv", &[]),
        Lineage::Ignored,
    );
    let whole = run(&typed, "typed", &[]);
    assert_same_figures(&wanted, &figures(&whole, Lineage::Ignored), "typed Parquet");
    // A row group is read as one chunk; its size is no property of the rows, so that lineage is the same too.
    let wanted = figures(&whole, Lineage::Kept);
    for rows in [97, 1_000, 7_500] {
        let folder = home.path().join(rows.to_string());
        fs::create_dir(&folder).expect("a folder");
        let path = folder.join("movements.parquet");
        let groups = in_row_groups(&typed, &path, rows);
        assert!(groups > 1, "{groups} row groups of {rows}");
        let found = figures(&run(&path, "out", &["--threads", "4"]), Lineage::Kept);
        // However the run file's folder lies, the name of the file ends like this.
        let plain = |text: String| {
            text.replace(&format!("/{rows}/movements.parquet"), "/movements.parquet")
        };
        let found = found
            .into_iter()
            .map(|(name, text)| (name, plain(text)))
            .collect();
        assert_same_figures(&wanted, &found, &format!("row groups of {rows}"));
    }
}

/// Copies a Parquet file into row groups of `rows`; returns their number.
fn in_row_groups(from: &Path, to: &Path, rows: usize) -> usize {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(from).expect("a file"))
        .expect("a Parquet file");
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows))
        .build();
    let file = File::create(to).expect("a file");
    let mut writer =
        ArrowWriter::try_new(file, reader.schema().clone(), Some(properties)).expect("a writer");
    for batch in reader.build().expect("a reader") {
        writer.write(&batch.expect("a batch")).expect("rows");
    }
    writer.close().expect("a footer").num_row_groups()
}

/// A copy of the shipped starting point, run from a folder, zone, locale and umask of its own.
fn night(home: &Path, from: &Path, umask: &str, environment: &[(&str, &str)]) -> PathBuf {
    green_corridor([Path::new("init"), home]).expect(0);
    let run_file = fs::canonicalize(home.join("data/run.toml")).expect("a run file");
    let plain = command();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
        .arg(plain.get_program())
        .arg("run")
        .arg(run_file);
    shell
        .arg("--out")
        .arg(fs::canonicalize(home).expect("a folder").join("out"));
    shell.current_dir(from).envs(environment.iter().copied());
    let done = shell.output().expect("sh starts");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    current_run(&home.join("out"))
}

#[cfg(unix)]
#[test]
fn folder_zone_locale_and_umask_change_no_byte() {
    let home = tempfile::tempdir().expect("a folder");
    let wanted = night(
        &home.path().join("one"),
        Path::new("/"),
        "022",
        &[("TZ", "UTC"), ("LC_ALL", "C")],
    );
    let places = [
        (
            "two",
            "077",
            [("TZ", "Asia/Shanghai"), ("LC_ALL", "de_DE.UTF-8")],
        ),
        (
            "a folder/with spaces/Überseehafen",
            "027",
            [("TZ", "America/St_Johns"), ("LC_ALL", "tr_TR.UTF-8")],
        ),
    ];
    for (name, umask, environment) in places {
        let home = home.path().join(name);
        let run = night(&home, home.parent().expect("a parent"), umask, &environment);
        assert_eq!(
            run.file_name(),
            wanted.file_name(),
            "{name}: another run id"
        );
        assert_same_bytes(&wanted, &run, name);
    }
}

#[test]
fn a_run_computed_again_has_the_same_bytes() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("out");
    let again = |more: &[&str]| {
        let mut command = command();
        command
            .args(["run", RUN_FILE, "--out"])
            .arg(&out)
            .args(more);
        wait(command.spawn().expect("the binary starts"), TIMEOUT).expect(0);
        bytes(&current_run(&out))
    };
    let first = again(&[]);
    assert!(first == again(&["--rebuild", "--threads", "3"]));
}

/// A code word that is new changes the table that rows being computed and columns being encoded read from. Whoever waits for
/// the other must not be waited for.
#[test]
fn code_words_that_keep_coming_neither_stop_a_run_nor_change_a_byte() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("sample.csv");
    green_corridor([
        "sample",
        "--shipments",
        "60000",
        "--seed",
        "5",
        "--out",
        path.to_str().expect("UTF-8"),
    ])
    .expect(0);
    let (header, rows) = rows_of(&path);
    let carrier = header
        .split(',')
        .position(|name| name == "carrier")
        .expect("a column");
    let renamed = rows.iter().enumerate().map(|(number, row)| {
        let mut cells: Vec<&str> = row.split(',').collect();
        let code = format!("C{number}");
        cells[carrier] = &code;
        cells.join(",")
    });
    let rows: Vec<String> = renamed.collect();
    let (texts, movements) = (
        home.path().join("texts.parquet"),
        home.path().join("movements.parquet"),
    );
    write_text_parquet(&texts, &header, &rows);
    assert!(in_row_groups(&texts, &movements, 2048) > 160);
    let one = run(&movements, "one", &["--threads", "1"]);
    for time in 0..5 {
        let two = run(&movements, &format!("two, {time}"), &["--threads", "2"]);
        assert_same_bytes(&one, &two, "two threads");
    }
}
