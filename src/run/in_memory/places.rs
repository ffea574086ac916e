//! Where rows that somebody hands over come from: the columns `_file` and `_row`, or the order in which they come.

use crate::error::{Error, Place, Result};
use crate::input::arrow_batch::{FILE, IN_MEMORY, ROW};
use crate::model::index::index32;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use std::collections::HashMap;

/// Files that rows name, by the number that stands for each.
pub(in crate::run) struct Files {
    pub names: Vec<String>,
    numbers: HashMap<String, u32>,
    /// No other name may come.
    are_named: bool,
}

impl Files {
    /// Files that the caller names, in order of their names; none: each is known when a row names it.
    pub(in crate::run) fn new(named: &[String]) -> Files {
        let mut files = Files {
            names: Vec::new(),
            numbers: HashMap::new(),
            are_named: false,
        };
        let mut named: Vec<&String> = named.iter().collect();
        named.sort();
        for name in named {
            // None is refused before any is named.
            let _ = files.number(name);
        }
        files.are_named = !files.names.is_empty();
        files
    }

    fn number(&mut self, name: &str) -> std::result::Result<u32, &'static str> {
        if let Some(&number) = self.numbers.get(name) {
            return Ok(number);
        }
        if self.are_named {
            return Err("one of the files named");
        }
        let number = index32(self.names.len());
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    /// The names in order, and for each number the place of its name among them.
    pub(in crate::run) fn in_order(&self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by(|a, b| self.names[*a].cmp(&self.names[*b]));
        let mut places = vec![0; order.len()];
        for (place, &number) in order.iter().enumerate() {
            places[number] = index32(place);
        }
        let names = order.iter().map(|&number| self.names[number].clone());
        (names.collect(), places)
    }
}

/// Where the rows of a batch come from.
pub(in crate::run) struct Places {
    /// By row; empty: all from the same file.
    files: Vec<u32>,
    file: u32,
    /// By row; `None`: in the order in which they come.
    rows: Option<Vec<u64>>,
    first: u64,
}

impl Places {
    /// The places of a batch whose first row is the `first`th that comes, from 1.
    pub(in crate::run) fn of(batch: &RecordBatch, files: &mut Files, first: u64) -> Result<Places> {
        let rows = match whole(batch, ROW, &DataType::Int64, first)? {
            None => None,
            Some(array) => {
                let numbers = array.as_primitive::<Int64Type>().values();
                if let Some(row) = numbers.iter().position(|&number| number < 1) {
                    let found = Some(numbers[row].to_string());
                    return Err(fault(ROW, Some(first + row as u64), found));
                }
                Some(numbers.iter().map(|number| number.unsigned_abs()).collect())
            }
        };
        let mut places = Places {
            files: Vec::new(),
            file: 0,
            rows,
            first,
        };
        let Some(array) = whole(batch, FILE, &DataType::Utf8, first)? else {
            let refused =
                |wanted| fault(FILE, None, None).at(Place::file(IN_MEMORY).wanted(wanted));
            places.file = files.number(IN_MEMORY).map_err(refused)?;
            return Ok(places);
        };
        let texts = array.as_string::<i32>();
        let mut last: Option<(&str, u32)> = None;
        for (row, text) in texts.iter().flatten().enumerate() {
            let number = match last {
                Some((same, number)) if same == text => number,
                _ => files.number(text).map_err(|wanted| {
                    let message = format!("column \"{FILE}\": found {text:?}, wanted {wanted}");
                    let place = Place::file(IN_MEMORY).column(FILE).found(text);
                    Error::Input(message).at(place.wanted(wanted).row(first + row as u64))
                })?,
            };
            last = Some((text, number));
            places.files.push(number);
        }
        Ok(places)
    }

    /// File and row of a row of the batch.
    pub(in crate::run) fn of_row(&self, row: usize) -> (u32, u64) {
        let file = self.files.get(row).copied().unwrap_or(self.file);
        let number = self.rows.as_ref().map(|rows| rows[row]);
        (file, number.unwrap_or(self.first + row as u64))
    }
}

/// A column without a null, of a batch whose first row is the `first`th that comes.
fn whole(batch: &RecordBatch, name: &str, to: &DataType, first: u64) -> Result<Option<ArrayRef>> {
    let Some(found) = batch.column_by_name(name) else {
        return Ok(None);
    };
    let of_type = || Some(found.data_type().to_string());
    let array = cast(found, to).map_err(|e| fault(name, None, of_type()).because(e))?;
    match (0..array.len()).find(|&row| array.is_null(row)) {
        Some(row) => Err(fault(name, Some(first + row as u64), None)),
        None => Ok(Some(array)),
    }
}

fn fault(name: &str, row: Option<u64>, found: Option<String>) -> Error {
    let what = match name {
        FILE => "the name of a file",
        _ => "a number from 1",
    };
    let place = Place::file(IN_MEMORY).column(name).wanted(what);
    let place = place.found(found.unwrap_or_default());
    Error::Input(format!("column \"{name}\": wanted {what} in every row"))
        .at(row.map_or(place.clone(), |row| place.row(row)))
}
