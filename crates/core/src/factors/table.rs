//! Reading our own CSV tables: header against a layout, cells as checked values, every fault with its place.
//!
//! Not for movement records: those come from others and have rules of their own in `input`.

use super::fault::{DataFile, Faults};
use crate::model::sheet::empty_lines;
use crate::model::time::{Day, NO_END, parse_date};
use crate::model::unit::parse_decimal;

/// A column of a layout: its name, and whether every row must fill it.
pub type Column = (&'static str, bool);

/// Declares the columns of a table once: an enum to address cells by, and the layout. `must` marks a column that must be filled.
macro_rules! layout {
    ($(#[$doc:meta])* $name:ident { $($column:ident = $text:literal $($must:ident)?),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        // A layout names every column of its file, also those that only people read.
        #[allow(dead_code, clippy::enum_variant_names)]
        enum $name { $($column),+ }
        impl $name {
            const LAYOUT: &'static [$crate::factors::table::Column] = &[$(($text, layout!(@ $($must)?))),+];
        }
        impl From<$name> for usize {
            fn from(column: $name) -> usize { column as usize }
        }
    };
    (@ must) => { true };
    (@) => { false };
}
pub(crate) use layout;

/// The text of a file without a byte order mark, or a fault that names the line where UTF-8 ends.
pub fn utf8<'a>(file: &'a DataFile, faults: &mut Faults) -> Option<&'a str> {
    let bytes = file
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&file.bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(e) => {
            let line = line_of(bytes, e.valid_up_to());
            faults.error(&file.path, line, "", "", "expected UTF-8");
            None
        }
    }
}

/// Line of a byte offset, from 1.
pub fn line_of(bytes: &[u8], offset: usize) -> u64 {
    memchr::memchr_iter(b'\n', &bytes[..offset.min(bytes.len())]).count() as u64 + 1
}

/// Calls `each` for every row that has the right number of fields and fills what it must.
pub fn read(
    file: &DataFile,
    layout: &'static [Column],
    faults: &mut Faults,
    mut each: impl FnMut(&mut Row),
) {
    let Some(text) = utf8(file, faults) else {
        return;
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => {}
        Ok(false) => return faults.error(&file.path, 0, "", "", "expected a header line"),
        Err(e) => {
            return faults.error(&file.path, 1, "", "", format!("expected a CSV header: {e}"));
        }
    }
    let header_line = record.position().map_or(1, |p| p.line());
    let Some(places) = header(&record, layout, &file.path, header_line, faults) else {
        return;
    };
    let width = record.len();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                return faults.error(
                    &file.path,
                    e.position().map_or(0, |p| p.line()),
                    "",
                    "",
                    format!("expected CSV: {e}"),
                );
            }
        }
        let line = record.position().map_or(0, |p| {
            p.line() + empty_lines(text.as_bytes(), p.byte() as usize)
        });
        if record.len() != width {
            faults.error(
                &file.path,
                line,
                "",
                "",
                format!("expected {width} fields, found {}", record.len()),
            );
            continue;
        }
        let mut row = Row {
            file: &file.path,
            line,
            record: &record,
            places: &places,
            layout,
            faults,
            failed: false,
        };
        for (column, &(_, must)) in layout.iter().enumerate() {
            if must && row.text(column).is_empty() {
                row.error(column, "expected a value");
            }
        }
        each(&mut row);
    }
}

/// Where each column of the layout stands; `usize::MAX` for an optional column that the file lacks.
fn header(
    record: &csv::StringRecord,
    layout: &[Column],
    file: &str,
    line: u64,
    faults: &mut Faults,
) -> Option<Vec<usize>> {
    let mut places = vec![usize::MAX; layout.len()];
    let mut sound = true;
    for (i, name) in record.iter().enumerate() {
        let name = name.trim_matches(' ');
        match layout.iter().position(|c| c.0 == name) {
            None => {
                let known: Vec<_> = layout.iter().map(|c| c.0).collect();
                faults.error(
                    file,
                    line,
                    name,
                    name,
                    format!("unknown column; expected {}", known.join(", ")),
                );
                sound = false;
            }
            Some(c) if places[c] != usize::MAX => {
                faults.error(file, line, name, name, "expected each column once");
                sound = false;
            }
            Some(c) => places[c] = i,
        }
    }
    for (c, &(name, must)) in layout.iter().enumerate() {
        if must && places[c] == usize::MAX {
            faults.error(file, line, name, "", "column is missing");
            sound = false;
        }
    }
    // Faults in single cells are still wanted when only a foreign column is there, but a table whose columns are not
    // certain would only repeat one fault on every line.
    (sound
        || layout
            .iter()
            .enumerate()
            .all(|(c, l)| !l.1 || places[c] != usize::MAX))
    .then_some(places)
}

/// Without spaces around it; nearly all cells have none.
fn trim(cell: &str) -> &str {
    let edges = [cell.as_bytes().first(), cell.as_bytes().last()];
    if edges.contains(&Some(&b' ')) {
        cell.trim_matches(' ')
    } else {
        cell
    }
}

/// One row of a table.
pub struct Row<'r> {
    /// File label.
    pub file: &'r str,
    /// Line from 1.
    pub line: u64,
    record: &'r csv::StringRecord,
    places: &'r [usize],
    layout: &'static [Column],
    /// Where faults go.
    pub faults: &'r mut Faults,
    /// Whether an error was found in this row.
    pub failed: bool,
}

impl<'r> Row<'r> {
    /// The cell without spaces around it; empty: absent.
    pub fn text(&self, column: impl Into<usize>) -> &'r str {
        self.record.get(self.places[column.into()]).map_or("", trim)
    }

    /// Reports the cell as an error.
    pub fn error(&mut self, column: impl Into<usize>, wanted: impl Into<String>) {
        let column = column.into();
        self.failed = true;
        self.faults.error(
            self.file,
            self.line,
            self.layout[column].0,
            self.text(column),
            wanted,
        );
    }

    /// Reports the cell as a warning.
    pub fn warning(&mut self, column: impl Into<usize>, wanted: impl Into<String>) {
        let column = column.into();
        self.faults.warning(
            self.file,
            self.line,
            self.layout[column].0,
            self.text(column),
            wanted,
        );
    }

    /// The cell through `parse`; `None` when it is empty or, with a fault, when it does not parse.
    pub fn value<T>(
        &mut self,
        column: impl Into<usize>,
        parse: impl FnOnce(&str) -> Option<T>,
        wanted: &str,
    ) -> Option<T> {
        let column = column.into();
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let value = parse(text);
        if value.is_none() {
            self.error(column, format!("expected {wanted}"));
        }
        value
    }

    /// A plain decimal with at most `scale` decimals as a mantissa within `range`.
    pub fn decimal(
        &mut self,
        column: impl Into<usize>,
        scale: u32,
        range: std::ops::RangeInclusive<i64>,
        wanted: &str,
    ) -> Option<i64> {
        self.value(
            column,
            |t| {
                parse_decimal(t, scale)
                    .and_then(|m| i64::try_from(m).ok())
                    .filter(|m| range.contains(m))
            },
            wanted,
        )
    }

    /// `yes` or `no`.
    pub fn yes_no(&mut self, column: impl Into<usize>) -> Option<bool> {
        let parse = |t: &str| match t {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        self.value(column, parse, "yes or no")
    }

    /// A half-open interval of days; an empty end has no end. `None`, with a fault, when it is malformed or has no start.
    pub fn interval(&mut self, from: impl Into<usize>, to: impl Into<usize>) -> Option<(Day, Day)> {
        self.open_interval(from, to)
            .filter(|(start, _)| *start != Day::MIN)
    }

    /// As [`Row::interval`], where an empty start has no start either: `Day::MIN`.
    pub fn open_interval(
        &mut self,
        from: impl Into<usize>,
        to: impl Into<usize>,
    ) -> Option<(Day, Day)> {
        let (from, to) = (from.into(), to.into());
        let mut end_of = |column: usize, none: Day| match self.text(column) {
            "" => Some(none),
            _ => self.value(column, parse_date, "a date as YYYY-MM-DD"),
        };
        let (start, end) = (end_of(from, Day::MIN), end_of(to, NO_END));
        let (start, end) = (start?, end?);
        if end <= start {
            self.error(
                to,
                "expected a day after the first day: intervals are half-open",
            );
            return None;
        }
        Some((start, end))
    }
}
