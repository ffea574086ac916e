//! Published tables as rows of text, for comparison with what a person can read and check.

use super::layout::Layout;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use green_corridor::Engine;
use green_corridor::quantity::decimal_text;
use green_corridor::sheet::Sheet;
use jiff::{ToSpan, civil};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Every table of a run.
pub(crate) const TABLES: [&str; 6] = [
    "elements",
    "shipments",
    "corridors",
    "corridor_sections",
    "rejected",
    "factors",
];

/// A table as text: decimals with all their places, times in UTC, `None` for null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows in the order of the file.
    pub rows: Vec<Vec<Option<String>>>,
}

/// The folder of the current run below an output root.
#[track_caller]
pub(crate) fn current_run(out: &Path) -> PathBuf {
    let layout = Layout::new(out);
    let id = layout.current_run().expect("a readable CURRENT");
    layout.run(&id.expect("a run is published"))
}

/// The calculation sheet of a shipment of a run.
pub(crate) fn explain(run: &Path, shipment: &str) -> green_corridor::Result<Sheet> {
    let out = run.ancestors().nth(2).expect("a run lies in runs/");
    let id = run
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Engine::at(out).explain(shipment, id.as_deref())
}

impl Table {
    /// Table `name` of a run, all parts together.
    #[track_caller]
    pub(crate) fn read(run: &Path, name: &str) -> Table {
        let mut table = Table {
            columns: Vec::new(),
            rows: Vec::new(),
        };
        for path in parts(run, name) {
            let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
            table.columns = reader
                .schema()
                .fields()
                .iter()
                .map(|f| f.name().clone())
                .collect();
            for batch in reader.build().expect("a readable table") {
                table.append(&batch.expect("a readable batch"));
            }
        }
        table
    }

    /// A table that is in memory.
    pub(crate) fn of(batch: &RecordBatch) -> Table {
        let schema = batch.schema();
        let mut table = Table {
            columns: schema.fields().iter().map(|f| f.name().clone()).collect(),
            rows: Vec::new(),
        };
        table.append(batch);
        table
    }

    fn append(&mut self, batch: &RecordBatch) {
        let columns: Vec<Vec<Option<String>>> = batch.columns().iter().map(|a| texts(a)).collect();
        self.rows.extend(
            (0..batch.num_rows()).map(|row| columns.iter().map(|c| c[row].clone()).collect()),
        );
    }

    /// The values of a column; null is empty text.
    #[track_caller]
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let at = self
            .columns
            .iter()
            .position(|c| c == name)
            .unwrap_or_else(|| panic!("no column {name}"));
        self.rows
            .iter()
            .map(|row| row[at].as_deref().unwrap_or(""))
            .collect()
    }

    /// One block of lines per row, one line per value; a null is left out, an empty text is a pair of quotes.
    pub(crate) fn records(&self) -> String {
        let width = self.columns.iter().map(String::len).max().unwrap_or(0);
        let line = |(name, cell): (&String, &Option<String>)| match cell.as_deref()? {
            "" => Some(format!("{name:<width$}  \"\"\n")),
            text => Some(format!("{name:<width$}  {}\n", text.escape_debug())),
        };
        let block = |row: &Vec<Option<String>>| {
            self.columns
                .iter()
                .zip(row)
                .filter_map(line)
                .collect::<String>()
        };
        self.rows.iter().map(block).collect::<Vec<_>>().join("\n")
    }
}

/// The files of a table, in order: one file, or the parts of a folder.
pub(crate) fn parts(run: &Path, name: &str) -> Vec<PathBuf> {
    let folder = run.join(name);
    if !folder.is_dir() {
        return vec![run.join(format!("{name}.parquet"))];
    }
    let mut paths: Vec<PathBuf> = folder
        .read_dir()
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

/// The values of a column of one of the types that the tables have.
fn texts(array: &dyn Array) -> Vec<Option<String>> {
    match array.data_type() {
        DataType::Utf8 => array
            .as_string::<i32>()
            .iter()
            .map(|v| v.map(str::to_owned))
            .collect(),
        DataType::Boolean => array
            .as_boolean()
            .iter()
            .map(|v| v.map(|v| v.to_string()))
            .collect(),
        DataType::Int32 => array
            .as_primitive::<Int32Type>()
            .iter()
            .map(|v| v.map(|v| v.to_string()))
            .collect(),
        DataType::Int64 => array
            .as_primitive::<Int64Type>()
            .iter()
            .map(|v| v.map(|v| v.to_string()))
            .collect(),
        DataType::Decimal128(_, scale) => array
            .as_primitive::<Decimal128Type>()
            .iter()
            .map(|v| v.map(|v| decimal_text(v, *scale as u32)))
            .collect(),
        DataType::Date32 => array
            .as_primitive::<Date32Type>()
            .iter()
            .map(|v| v.map(day))
            .collect(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            // A civil time, since an instant of the last day of the year 9999 is beyond a `Timestamp`.
            let epoch = civil::date(1970, 1, 1).at(0, 0, 0, 0);
            let instant = |v: i64| format!("{}Z", epoch + v.microseconds());
            array
                .as_primitive::<TimestampMicrosecondType>()
                .iter()
                .map(|v| v.map(instant))
                .collect()
        }
        other => panic!("no published table has a column of type {other}"),
    }
}

fn day(days: i32) -> String {
    (civil::date(1970, 1, 1) + days.days()).to_string()
}
