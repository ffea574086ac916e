//! `[columns]`, `[values]`, `[formats]` and `[constants]` of a run file to a [`Mapping`], each word checked.

use crate::error::{Error, ErrorKind, Result};
use crate::input::empty_has_meaning;
use crate::input::mapping::{
    COLUMNS, DistanceUnit, Mapping, MassUnit, OPEN, SheetForm, is_delimiter,
};
use crate::input::timestamp::{contradiction, is_excel};
use crate::input::trim_text;
use crate::run::plan::file::{FormatKeys, RunFile, XlsxKeys};
use crate::run::plan::paths::Bases;
use crate::run::plan::resolve::Resolver;
use crate::run::plan::{Checked, ValueFile};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use toml::Spanned;

/// More lines than this above the head or below the records are a mistake.
const MOST_LINES: u64 = 1000;

/// Patterns of one list.
const MOST_PATTERNS: usize = 100;

/// Columns that hold a timestamp.
const TIMESTAMP_COLUMNS: [&str; 3] = ["departed_at", "arrived_at", "recorded_at"];

impl Resolver<'_> {
    pub(crate) fn mapping(
        &mut self,
        keys: &RunFile,
        bases: &Bases,
        read: &dyn Fn(&Path) -> Result<Vec<u8>>,
    ) -> Result<(Mapping, Vec<ValueFile>)> {
        let formats = &keys.formats;
        let mut mapping = Mapping {
            columns: self.words("columns", &keys.columns),
            constants: self.words("constants", &keys.constants),
            encoding: self.pick(
                "formats.encoding",
                None,
                &formats.encoding,
                "utf-8",
                encoding,
            ),
            delimiter: self.pick(
                "formats.delimiter",
                None,
                &formats.delimiter,
                ",",
                delimiter,
            ),
            decimal: self.pick("formats.decimal", None, &formats.decimal, ".", decimal),
            thousands: self.pick("formats.thousands", None, &formats.thousands, "", thousands),
            timestamp: self.each(&formats.timestamp, "formats.timestamp", pattern),
            timestamp_by_column: self.patterns_by_column(formats),
            reject_excess_decimals: self.pick(
                "formats.excess_decimals",
                None,
                &formats.excess_decimals,
                "round",
                excess_decimals,
            ),
            mass_unit: self.pick(
                "formats.mass_unit",
                None,
                &formats.mass_unit,
                "kg",
                mass_unit,
            ),
            distance_unit: self.pick(
                "formats.distance_unit",
                None,
                &formats.distance_unit,
                "km",
                distance_unit,
            ),
            reads_exponents: self.pick(
                "formats.exponents",
                None,
                &formats.exponents,
                "reject",
                exponents,
            ),
            head_row: self.lines("csv.head_row", &keys.csv.head_row, 1),
            skip_footer: self
                .lines("csv.skip_footer", &keys.csv.skip_footer, 0)
                .unwrap_or(0),
            xlsx: self.sheet_form(&keys.xlsx),
            carried: self.carried(&keys.carry),
            ..Mapping::default()
        };
        if formats.zone.is_some() {
            mapping.zone = Some(self.pick("formats.zone", None, &formats.zone, "UTC", zone));
        }
        if mapping.thousands == Some(mapping.decimal as char) {
            let at = formats.thousands.as_ref().map_or(0, |t| t.span().start);
            self.fault("formats.thousands", at, "the same as the decimal mark");
        }
        self.contradictions(formats, &mapping);
        let value_files = self.value_files(keys, bases, read, &mut mapping)?;
        Ok((mapping, value_files))
    }

    /// A table from our columns to a text that is not empty.
    fn words(
        &mut self,
        table: &str,
        written: &BTreeMap<String, Spanned<String>>,
    ) -> BTreeMap<String, String> {
        for (column, text) in written {
            let (key, at) = (format!("{table}.{column}"), text.span().start);
            if let Err(fault) = one_of(column, &COLUMNS) {
                self.fault(&key, at, &fault);
            } else if text.get_ref().is_empty() {
                self.fault(&key, at, "\"\": expected a text");
            }
            self.note_line(&key, at);
        }
        written
            .iter()
            .map(|(column, text)| (column.clone(), text.get_ref().clone()))
            .collect()
    }

    /// A number of lines.
    fn lines(&mut self, key: &str, written: &Option<Spanned<u64>>, least: u64) -> Option<u64> {
        let written = written.as_ref()?;
        let (number, at) = (*written.get_ref(), written.span().start);
        self.note_line(key, at);
        if !(least..=MOST_LINES).contains(&number) {
            self.fault(
                key,
                at,
                &format!("{number}: expected {least} to {MOST_LINES} lines"),
            );
        }
        Some(number)
    }

    /// Where the rows of a workbook are.
    fn sheet_form(&mut self, keys: &XlsxKeys) -> SheetForm {
        let name = |text: &str| match text {
            "" => Err("\"\": expected the name of a sheet".to_owned()),
            name => Ok(name.to_owned()),
        };
        let mut row = |key: &str, written: &Option<Spanned<u64>>, least: u64| {
            let number = self.lines(key, written, least)?;
            u32::try_from(number).ok()
        };
        let form = SheetForm {
            head_row: row("xlsx.head_row", &keys.head_row, 1),
            first_row: row("xlsx.first_row", &keys.first_row, 2),
            skip_footer: row("xlsx.skip_footer", &keys.skip_footer, 0).unwrap_or(0),
            sheet: self.optional("xlsx.sheet", &keys.sheet, name),
        };
        if let (Some(head), Some(first), Some(written)) =
            (form.head_row, form.first_row, &keys.first_row)
            && first <= head
        {
            let what = format!("{first}: expected a row below head_row, which is {head}");
            self.fault("xlsx.first_row", written.span().start, &what);
        }
        form
    }

    /// Two patterns of one list that read a text as different times: which of them is meant, no row can say.
    fn contradictions(&mut self, formats: &FormatKeys, mapping: &Mapping) {
        let own = (formats.timestamp_by_column.iter()).map(|(column, list)| {
            let key = format!("formats.timestamp_by_column.{column}");
            (key, list)
        });
        let has_own = |column: &&str| formats.timestamp_by_column.contains_key(*column);
        // Where every column has patterns of its own, nothing is read by the common ones.
        let common = formats
            .timestamp
            .as_ref()
            .filter(|_| !TIMESTAMP_COLUMNS.iter().all(has_own))
            .map(|list| ("formats.timestamp".to_owned(), list));
        let found: Vec<(String, usize, String)> = common
            .into_iter()
            .chain(own)
            .filter_map(|(key, list)| {
                let what = match list.get_ref().len() {
                    // Each is tried against each.
                    count if count > MOST_PATTERNS => {
                        format!("{count} patterns, expected at most {MOST_PATTERNS}")
                    }
                    _ => contradiction(list.get_ref(), mapping.zone.as_ref())?,
                };
                Some((key, list.span().start, what))
            })
            .collect();
        for (key, at, what) in found {
            self.fault(&key, at, &what);
        }
    }

    fn patterns_by_column(&mut self, formats: &FormatKeys) -> BTreeMap<String, Vec<String>> {
        let mut patterns = BTreeMap::new();
        for (column, list) in &formats.timestamp_by_column {
            let key = format!("formats.timestamp_by_column.{column}");
            if let Err(fault) = one_of(column, &TIMESTAMP_COLUMNS) {
                self.fault(&key, list.span().start, &fault);
            }
            // `each` takes an optional list; this one is there.
            patterns.insert(
                column.clone(),
                self.each(&Some(list.clone()), &key, pattern),
            );
        }
        patterns
    }

    fn value_files(
        &mut self,
        keys: &RunFile,
        bases: &Bases,
        read: &dyn Fn(&Path) -> Result<Vec<u8>>,
        mapping: &mut Mapping,
    ) -> Result<Vec<ValueFile>> {
        let mut files = Vec::new();
        for (column, written) in &keys.values {
            let (key, at) = (format!("values.{column}.file"), written.file.span().start);
            self.note_line(&key, at);
            if let Err(fault) = one_of(column, &COLUMNS) {
                self.fault(&key, at, &fault);
                continue;
            }
            match bases.written(written.file.get_ref()) {
                Err(fault) => self.fault(&key, at, &fault),
                Ok(file) => {
                    match translations(&file.path, &read(&file.path)?, column) {
                        Ok(codes) => drop(mapping.values.insert(column.clone(), codes)),
                        Err(fault) if fault.kind() == ErrorKind::Usage => {
                            self.faults.push(fault.to_string());
                        }
                        Err(other) => return Err(other),
                    }
                    files.push(ValueFile {
                        column: column.clone(),
                        file,
                    });
                }
            }
        }
        Ok(files)
    }
}

/// Reads a value file: `value,code`, UTF-8, one code per value. An empty code makes the value absent; an empty value says what an empty
/// cell means, in columns where it can.
fn translations(path: &Path, bytes: &[u8], column: &str) -> Result<HashMap<String, String>> {
    let takes_empty = COLUMNS
        .iter()
        .position(|c| *c == column)
        .is_some_and(empty_has_meaning);
    let fault =
        |line: u64, what: String| Error::Usage(format!("{}:{line}: {what}", path.display()));
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes);
    let mut codes = HashMap::new();
    let mut open: Vec<(u64, String)> = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut is_first = true;
    loop {
        let more = reader.read_record(&mut record).map_err(|e| {
            let line = e.position().map_or(1, csv::Position::line);
            fault(
                line,
                "expected UTF-8 CSV with two fields, value,code".to_owned(),
            )
        })?;
        let line = record.position().map_or(1, csv::Position::line);
        if is_first && !(more && record.len() == 2 && &record[0] == "value" && &record[1] == "code")
        {
            return Err(fault(1, "expected the header value,code".to_owned()));
        }
        if !more {
            return match open.as_slice() {
                [] => Ok(codes),
                [(line, value), more @ ..] => {
                    let others = match more.len() {
                        0 => String::new(),
                        more => format!("; {more} more in this file"),
                    };
                    let what = format!(
                        "value {value:?}: its code is still open{others}; write the code of {column} in the place of what begins with {OPEN:?}, nothing where the value means nothing, or take the line out to let the value pass as it is"
                    );
                    Err(fault(*line, what))
                }
            };
        }
        if std::mem::take(&mut is_first) {
            continue;
        }
        // Cells of the input lose what nobody sees around them before they are looked up.
        let (value, code) = (trim_text(&record[0]), trim_text(&record[1]));
        if value.is_empty() && !takes_empty {
            return Err(fault(line, "value: empty".to_owned()));
        }
        if code.starts_with(OPEN) {
            open.push((line, value.to_owned()));
        }
        if codes
            .insert(value.to_owned(), code.to_owned())
            .is_some_and(|before| before != code)
        {
            return Err(fault(
                line,
                format!("value {value:?}: a second, different code"),
            ));
        }
    }
}

fn one_of(word: &str, list: &[&str]) -> Checked<()> {
    if list.contains(&word) {
        Ok(())
    } else {
        Err(format!(
            "no such column here; expected one of {}",
            list.join(", ")
        ))
    }
}

/// The encoding of this label.
pub(crate) fn encoding(text: &str) -> Checked<&'static encoding_rs::Encoding> {
    match encoding_rs::Encoding::for_label(text.as_bytes()) {
        // The WHATWG list maps broken encodings to one that decodes nothing.
        Some(found) if found != encoding_rs::REPLACEMENT => Ok(found),
        _ => Err(format!(
            "{text:?}: expected an encoding of the WHATWG list, e.g. \"utf-8\", \"windows-1252\", \"gb18030\""
        )),
    }
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

fn delimiter(text: &str) -> Checked<u8> {
    match single(text) {
        Some(c) if is_delimiter(c) => Ok(c as u8),
        _ => Err(format!(
            "{text:?}: expected one character between fields, e.g. \",\", \";\", \"\\t\", \"|\""
        )),
    }
}

fn decimal(text: &str) -> Checked<u8> {
    match text {
        "." | "," => Ok(text.as_bytes()[0]),
        _ => Err(format!("{text:?}: expected \".\" or \",\"")),
    }
}

fn thousands(text: &str) -> Checked<Option<char>> {
    match single(text) {
        None if text.is_empty() => Ok(None),
        Some(c) if !(c.is_alphanumeric() || c.is_control() || matches!(c, '-' | '+' | '"')) => {
            Ok(Some(c))
        }
        _ => Err(format!(
            "{text:?}: expected nothing or one character between groups of three digits, e.g. \",\", \".\", \" \", \"'\""
        )),
    }
}

/// A strftime pattern that can be read and gives a date: tried on a sample before the run depends on it.
fn pattern(text: &str) -> Checked<String> {
    use jiff::fmt::strtime;
    if is_excel(text) {
        return Ok(text.to_owned());
    }
    let refused = |why: String| {
        format!("{text:?}: not a timestamp pattern, nor \"excel\" or \"excel-1904\": {why}")
    };
    // 2024-02-29T23:58:57Z: every part differs from every other.
    let sample =
        jiff::Timestamp::constant(1_709_251_137, 0).to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let shown = strtime::format(text, &sample).map_err(|e| refused(e.to_string()))?;
    let read = strtime::parse(text, &shown).map_err(|e| refused(e.to_string()))?;
    let dated = read.to_date().is_ok() || read.timestamp().is_some();
    if dated {
        Ok(text.to_owned())
    } else {
        Err(refused("it gives no date".to_owned()))
    }
}

fn zone(text: &str) -> Checked<jiff::tz::TimeZone> {
    jiff::tz::TimeZone::get(text).map_err(|_| {
        format!("{text:?}: expected a time zone name, e.g. \"Asia/Shanghai\", \"UTC\"")
    })
}

fn excess_decimals(text: &str) -> Checked<bool> {
    match text {
        "round" => Ok(false),
        "reject" => Ok(true),
        _ => Err(format!("{text:?}: expected \"round\" or \"reject\"")),
    }
}

fn exponents(text: &str) -> Checked<bool> {
    match text {
        "read" => Ok(true),
        "reject" => Ok(false),
        _ => Err(format!("{text:?}: expected \"read\" or \"reject\"")),
    }
}

fn mass_unit(text: &str) -> Checked<MassUnit> {
    match text {
        "kg" => Ok(MassUnit::Kg),
        "t" => Ok(MassUnit::Tonne),
        "lb" => Ok(MassUnit::Pound),
        _ => Err(format!("{text:?}: expected \"kg\", \"t\" or \"lb\"")),
    }
}

fn distance_unit(text: &str) -> Checked<DistanceUnit> {
    let known = DistanceUnit::WORDS
        .into_iter()
        .find(|(_, word)| *word == text);
    let unit = known.map(|(unit, _)| unit);
    unit.ok_or_else(|| format!("{text:?}: expected \"km\", \"m\", \"mi\" or \"nmi\""))
}
