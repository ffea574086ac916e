//! What is wrong with a reference file: file, line, column, found, wanted.
//!
//! Faults are collected, never thrown: whoever maintains a library sees all of them in one go.

use std::fmt;

/// A reference file as bytes with a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Path relative to the library or data folder, with `/`.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl DataFile {
    /// A file from its label and content.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> DataFile {
        DataFile {
            path: path.into(),
            bytes: bytes.into(),
        }
    }
}

/// Whether a fault forbids using the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The library is not used.
    Error,
    /// Worth knowing; figures are defined.
    Warning,
}

/// One fault of a reference file.
///
/// ```
/// use green_corridor::factors::{Fault, Severity};
/// let fault = Fault { severity: Severity::Error, file: "zones.csv".into(), line: 3, column: "member".into(), found: "China".into(), wanted: "expected a country or UN/LOCODE".into() };
/// assert_eq!(fault.to_string(), r#"zones.csv:3: member "China": expected a country or UN/LOCODE"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Error or warning.
    pub severity: Severity,
    /// Label of the file.
    pub file: String,
    /// Line from 1; 0: the whole file.
    pub line: u64,
    /// Column or key; empty: the whole line.
    pub column: String,
    /// What was found, cut at 120 characters.
    pub found: String,
    /// What was wanted.
    pub wanted: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        f.write_str(":")?;
        if !self.column.is_empty() {
            write!(f, " {} \"{}\":", self.column, self.found)?;
        } else if !self.found.is_empty() {
            write!(f, " \"{}\":", self.found)?;
        }
        write!(f, " {}", self.wanted)
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults {
    /// In the order in which they were found.
    pub list: Vec<Fault>,
}

impl Faults {
    /// Adds an error.
    pub fn error(
        &mut self,
        file: &str,
        line: u64,
        column: &str,
        found: &str,
        wanted: impl Into<String>,
    ) {
        self.push(Severity::Error, file, line, column, found, wanted.into());
    }

    /// Adds a warning.
    pub fn warning(
        &mut self,
        file: &str,
        line: u64,
        column: &str,
        found: &str,
        wanted: impl Into<String>,
    ) {
        self.push(Severity::Warning, file, line, column, found, wanted.into());
    }

    /// Whether a fault so far is an error.
    pub fn has_error(&self) -> bool {
        self.list.iter().any(|f| f.severity == Severity::Error)
    }

    fn push(
        &mut self,
        severity: Severity,
        file: &str,
        line: u64,
        column: &str,
        found: &str,
        wanted: String,
    ) {
        let cut = found
            .char_indices()
            .nth(crate::model::reject::VALUE_SHOWN)
            .map_or(found.len(), |(i, _)| i);
        self.list.push(Fault {
            severity,
            file: file.to_owned(),
            line,
            column: column.to_owned(),
            found: found[..cut].to_owned(),
            wanted,
        });
    }
}
