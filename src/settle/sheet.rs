//! A CSV file as records with their lines: UTF-8 with or without a byte order mark, RFC 4180, spaces around a cell removed.

use crate::model::time::{Day, parse_date};
use crate::settle::money::{Money, number};
use crate::settle::refusal::{Code, Refusal};
use crate::settle::words::Word;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::cell::Cell;

/// A file as it was read.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Name for people: the last part of its path.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Refusals of a file as they are found.
pub(super) type Refusals = Vec<Refusal>;

/// A record: cells in the order of the columns asked for.
pub(super) struct Record<'f> {
    file: &'f str,
    /// Line where it begins.
    pub line: u64,
    columns: &'f [Column],
    cells: Vec<Cow<'f, str>>,
    /// The column asked for last: rows are read in the order of their columns, more or less.
    last: Cell<usize>,
}

/// A column that a file may have, and whether it must.
pub(super) type Column = (&'static str, bool);

const QUOTE: char = '"';

/// Hands each record that lacks nothing to `each`. What is wrong with the file as a whole ends the reading of it.
pub(super) fn records(
    file: &File,
    columns: &[Column],
    refusals: &mut Refusals,
    mut each: impl FnMut(&Record<'_>, &mut Refusals),
) {
    all_records(file, columns, refusals, |row, lacks_nothing, refusals| {
        if lacks_nothing {
            each(row, refusals);
        }
    });
}

/// The same with every record, and whether it lacks nothing; what it lacks is refused already.
pub(super) fn all_records(
    file: &File,
    columns: &[Column],
    refusals: &mut Refusals,
    mut each: impl FnMut(&Record<'_>, bool, &mut Refusals),
) {
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        let wanted = "UTF-8";
        refusals.push(Refusal::at(
            &file.name,
            0,
            Code::File,
            "other bytes",
            wanted,
        ));
        return;
    };
    let mut reader = Reader {
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        line: 1,
    };
    let Some(places) = head(file, columns, &mut reader, refusals) else {
        return;
    };
    loop {
        let line = reader.line;
        let cells = match reader.record() {
            None => return,
            Some(Ok(cells)) => cells,
            Some(Err(found)) => {
                let wanted = "a record of RFC 4180";
                refusals.push(Refusal::at(&file.name, line, Code::File, found, wanted));
                return;
            }
        };
        let Some(cells) = cells else { continue };
        if cells.len() != places.count {
            let found = format!("{} cells", cells.len());
            let wanted = format!("{} cells, as the header has", places.count);
            refusals.push(Refusal::at(&file.name, line, Code::File, &found, &wanted));
            continue;
        }
        let mut cells = cells;
        let mut of = |at: &Option<usize>| at.map(|at| std::mem::take(&mut cells[at]));
        let cells = places.at.iter().map(|at| of(at).unwrap_or_default());
        let record = Record {
            file: &file.name,
            line,
            columns,
            cells: cells.collect(),
            last: Cell::new(0),
        };
        let lacks_nothing = record.lacks_nothing(refusals);
        each(&record, lacks_nothing, refusals);
    }
}

/// Which cell of a record is which column.
struct Places {
    count: usize,
    at: Vec<Option<usize>>,
}

fn head(
    file: &File,
    columns: &[Column],
    reader: &mut Reader<'_>,
    refusals: &mut Refusals,
) -> Option<Places> {
    let mut refuse = |found: &str, wanted: &str| {
        refusals.push(Refusal::at(&file.name, 1, Code::Columns, found, wanted));
        None
    };
    let names = match reader.record() {
        Some(Ok(Some(names))) => names,
        Some(Err(found)) => return refuse(found, "a header"),
        _ => return refuse("nothing", "a header"),
    };
    let known: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    for (at, name) in names.iter().enumerate() {
        if !known.contains(&&**name) || names[..at].contains(name) {
            return refuse(name, &format!("each once of: {}", known.join(", ")));
        }
    }
    let place = |name: &str| names.iter().position(|there| there == name);
    for (name, must) in columns {
        if *must && place(name).is_none() {
            return refuse(&names.join(","), &format!("the column {name}"));
        }
    }
    Some(Places {
        count: names.len(),
        at: known.into_iter().map(place).collect(),
    })
}

struct Reader<'t> {
    rest: &'t str,
    line: u64,
}

/// The cells of a record; `None`: a blank line.
type Cells<'t> = Option<Vec<Cow<'t, str>>>;

impl<'t> Reader<'t> {
    /// The next record; `None` at the end of the file.
    fn record(&mut self) -> Option<Result<Cells<'t>, &'static str>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut cells = Vec::new();
        loop {
            let (cell, ends) = match self.cell() {
                Ok(cell) => cell,
                Err(fault) => return Some(Err(fault)),
            };
            cells.push(cell);
            if ends {
                break;
            }
        }
        let is_blank = cells.len() == 1 && cells[0].is_empty();
        Some(Ok((!is_blank).then_some(cells)))
    }

    /// The next cell, and whether its record ends with it.
    fn cell(&mut self) -> Result<(Cow<'t, str>, bool), &'static str> {
        let start = self.rest.trim_start_matches([' ', '\t']);
        if let Some(quoted) = start.strip_prefix(QUOTE) {
            return self.quoted(quoted);
        }
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        let text = &self.rest[..end];
        if text.contains(QUOTE) {
            return Err("a quote inside a cell without quotes");
        }
        let text = text.trim();
        let ends = self.pass(end);
        Ok((text.into(), ends))
    }

    fn quoted(&mut self, inside: &str) -> Result<(Cow<'t, str>, bool), &'static str> {
        let mut text = String::new();
        let mut from = self.rest.len() - inside.len();
        loop {
            let rest = &self.rest[from..];
            let Some(at) = rest.find(QUOTE) else {
                return Err("a quote that is never closed");
            };
            text.push_str(&rest[..at]);
            from += at + 1;
            if !self.rest[from..].starts_with(QUOTE) {
                break;
            }
            text.push(QUOTE);
            from += 1;
        }
        let rest = &self.rest[from..];
        let end = rest.find([',', '\n']).unwrap_or(rest.len());
        if !rest[..end].trim().is_empty() {
            return Err("text behind a closing quote");
        }
        self.line += text.matches('\n').count() as u64;
        let ends = self.pass(from + end);
        Ok((text.trim().to_owned().into(), ends))
    }

    /// Goes behind the mark at `end`; whether it ends the record.
    fn pass(&mut self, end: usize) -> bool {
        let is_comma = self.rest[end..].starts_with(',');
        if self.rest[end..].starts_with('\n') {
            self.line += 1;
        }
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        // A comma at the very end of the file is followed by one more cell, which is empty.
        if is_comma && self.rest.is_empty() {
            self.rest = "\n";
        }
        !is_comma
    }
}

impl Record<'_> {
    fn lacks_nothing(&self, refusals: &mut Refusals) -> bool {
        let count = refusals.len();
        for ((name, must), cell) in self.columns.iter().zip(&self.cells) {
            if *must && cell.is_empty() {
                self.refuse(refusals, Code::Missing, "nothing", name);
            }
        }
        refusals.len() == count
    }

    /// A cell; empty when its column is not there.
    pub(super) fn text(&self, column: &str) -> &str {
        let (count, last) = (self.columns.len(), self.last.get());
        let mut places = (last..count).chain(0..last);
        let at = places.find(|at| self.columns[*at].0 == column);
        at.map_or("", |at| {
            self.last.set(at);
            &self.cells[at]
        })
    }

    /// The same when it is not empty.
    pub(super) fn given(&self, column: &str) -> Option<&str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    pub(super) fn refuse(&self, refusals: &mut Refusals, code: Code, found: &str, wanted: &str) {
        refusals.push(Refusal::at(self.file, self.line, code, found, wanted));
    }

    /// What `read` makes of a cell that is not empty.
    pub(super) fn read<T>(
        &self,
        column: &str,
        refusals: &mut Refusals,
        (code, wanted): (Code, &str),
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.given(column)?;
        let value = read(text);
        if value.is_none() {
            self.refuse(refusals, code, text, &format!("{column}: {wanted}"));
        }
        value
    }

    /// A word of a closed list; when it is none, the list is told.
    pub(super) fn word<T: Word>(&self, column: &str, refusals: &mut Refusals) -> Option<T> {
        let text = self.given(column)?;
        let word = T::parse(text);
        if word.is_none() {
            let texts: Vec<&str> = T::ALL.iter().map(|word| word.text()).collect();
            let wanted = format!("{column}: one of {}", texts.join(", "));
            self.refuse(refusals, Code::Word, text, &wanted);
        }
        word
    }

    pub(super) fn number(&self, column: &str, refusals: &mut Refusals) -> Option<Decimal> {
        let wanted = "digits with a point, at most 12 decimals and 28 digits, not negative";
        self.read(column, refusals, (Code::Number, wanted), number)
    }

    pub(super) fn date(&self, column: &str, refusals: &mut Refusals) -> Option<Day> {
        self.read(column, refusals, (Code::Date, "YYYY-MM-DD"), parse_date)
    }

    pub(super) fn currency(&self, column: &str, refusals: &mut Refusals) -> Option<Money> {
        let wanted = "a code of ISO 4217 (digital RMB is CNY)";
        self.read(column, refusals, (Code::Currency, wanted), Money::parse)
    }

    /// The half-open interval of two cells; an open end is far away.
    pub(super) fn interval(&self, refusals: &mut Refusals) -> Interval {
        let interval = Interval {
            from: self.date("valid_from", refusals),
            to: self.date("valid_to", refusals),
        };
        if let (Some(from), Some(to)) = (interval.from, interval.to)
            && to <= from
        {
            let found = format!("{} to {}", self.text("valid_from"), self.text("valid_to"));
            self.refuse(refusals, Code::Date, &found, "valid_to behind valid_from");
        }
        interval
    }
}

/// Days from the first to the one before the last; an end that is not given is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Interval {
    pub from: Option<Day>,
    pub to: Option<Day>,
}

impl Interval {
    pub(super) fn holds(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    pub(super) fn meets(&self, other: &Interval) -> bool {
        let before = |end: Option<Day>, begin: Option<Day>| match (end, begin) {
            (Some(end), Some(begin)) => end <= begin,
            _ => false,
        };
        !before(self.to, other.from) && !before(other.to, self.from)
    }
}

/// Whether a text can be an id: it is shown in pages, messages and cells.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 100 && !text.chars().any(crate::escape::is_hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (u64, String, String);

    fn read(text: &str) -> (Vec<Row>, Vec<(Code, u64)>) {
        let file = File {
            name: "x.csv".to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let (mut rows, mut refusals) = (Vec::new(), Vec::new());
        records(
            &file,
            &[("a", true), ("b", false)],
            &mut refusals,
            |r, _| {
                rows.push((r.line, r.text("a").to_owned(), r.text("b").to_owned()));
            },
        );
        (rows, refusals.iter().map(|r| (r.code, r.line)).collect())
    }

    #[test]
    fn a_record_has_the_line_where_it_begins() {
        let (rows, refusals) = read("\u{feff}b,a\r\n 1 ,\"x\ny\"\r\n\r\n2,\" \"\"q\"\"\" \n,z");
        let row = |line, a: &str, b: &str| (line, a.to_owned(), b.to_owned());
        assert_eq!(
            rows,
            [row(2, "x\ny", "1"), row(5, "\"q\"", "2"), row(6, "z", "")]
        );
        assert!(refusals.is_empty());
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        assert_eq!(read("a,c\n").1, [(Code::Columns, 1)]);
        assert_eq!(read("a,a\n").1, [(Code::Columns, 1)]);
        assert_eq!(read("b\n").1, [(Code::Columns, 1)]);
        assert_eq!(
            read("a,b\n,1\n1,2,3\n").1,
            [(Code::Missing, 2), (Code::File, 3)]
        );
        assert_eq!(read("a\n\"x\n").1, [(Code::File, 2)]);
        assert_eq!(read("a\nx\"y\n").1, [(Code::File, 2)]);
        assert_eq!(read("").1, [(Code::Columns, 1)]);
        assert_eq!(read("a,b\nx,").0.len(), 1);
    }
}
