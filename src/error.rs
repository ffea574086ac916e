//! One kind of error per failure that a caller can act on (docs/reliability.md), with the place it speaks of and what caused it.

use std::fmt;
use std::io;
use std::path::Path;

/// What stopped a call. Rejected rows are not errors: they are part of the result.
///
/// The text of an error names its place already; [`Error::place`] says it once more for programs.
///
/// ```
/// use green_corridor::{Engine, ErrorKind};
/// let error = Engine::open("no/run.toml".as_ref()).err().unwrap();
/// assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Usage, 2));
/// assert!(error.to_string().starts_with("no/run.toml: "), "{error}");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure it is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Wrong use: arguments, run file, profile name. Exit 2.
    Usage,
    /// An input file is unreadable, truncated, has the wrong schema, or there is none. Exit 3.
    Input,
    /// More rows rejected than the run allows. Exit 4.
    TooManyRejects,
    /// Rows or totals changed by more than the run allows since the last run. Exit 4.
    TooMuchChange,
    /// Another run holds the output. Exit 5.
    Locked,
    /// Reading or writing the output failed. Exit 6.
    Storage,
    /// Published files are not what they should be. Exit 7.
    Verification,
    /// Memory or another limit does not suffice. Exit 8.
    Limit,
    /// The factor library or reference data are invalid. Exit 9.
    Library,
    /// Published, but without the files named. Exit 10.
    FilesMissing,
    /// A fault of this program. Exit 70.
    Internal,
    /// Stopped by a signal (its number). Exit 128 + number.
    Interrupted(i32),
}

impl ErrorKind {
    /// The exit code of a program that ends with such an error.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Usage => 2,
            ErrorKind::Input => 3,
            ErrorKind::TooManyRejects | ErrorKind::TooMuchChange => 4,
            ErrorKind::Locked => 5,
            ErrorKind::Storage => 6,
            ErrorKind::Verification => 7,
            ErrorKind::Limit => 8,
            ErrorKind::Library => 9,
            ErrorKind::FilesMissing => 10,
            ErrorKind::Internal => 70,
            // As a shell counts: the two signals that are caught are far below 127.
            ErrorKind::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }

    /// A short word for machines: `status.json`, logs.
    pub fn code(self) -> &'static str {
        match self {
            ErrorKind::Usage => "usage",
            ErrorKind::Input => "input",
            ErrorKind::TooManyRejects => "too_many_rejects",
            ErrorKind::TooMuchChange => "too_much_change",
            ErrorKind::Locked => "locked",
            ErrorKind::Storage => "storage",
            ErrorKind::Verification => "verification",
            ErrorKind::Limit => "limit",
            ErrorKind::Library => "library",
            ErrorKind::FilesMissing => "files_missing",
            ErrorKind::Internal => "internal",
            ErrorKind::Interrupted(_) => "interrupted",
        }
    }
}

/// Where something is wrong, and what: as far as it is known.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// File, as the message names it.
    pub file: String,
    /// Line from 1, of a file of lines.
    pub line: Option<u64>,
    /// Row from 1, of a table.
    pub row: Option<u64>,
    /// Column or key.
    pub column: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// What was wanted.
    pub wanted: Option<String>,
}

impl Place {
    /// A file as a whole.
    pub(crate) fn file(file: impl Into<String>) -> Place {
        Place {
            file: file.into(),
            ..Place::default()
        }
    }

    /// A file as a whole.
    pub(crate) fn path(path: &Path) -> Place {
        Place::file(path.display().to_string())
    }

    pub(crate) fn line(mut self, line: u64) -> Place {
        self.line = Some(line).filter(|line| *line > 0);
        self
    }

    pub(crate) fn row(mut self, row: u64) -> Place {
        self.row = Some(row);
        self
    }

    pub(crate) fn column(mut self, column: impl Into<String>) -> Place {
        self.column = Some(column.into()).filter(|text| !text.is_empty());
        self
    }

    pub(crate) fn found(mut self, found: impl Into<String>) -> Place {
        self.found = Some(found.into()).filter(|text| !text.is_empty());
        self
    }

    pub(crate) fn wanted(mut self, wanted: impl Into<String>) -> Place {
        self.wanted = Some(wanted.into()).filter(|text| !text.is_empty());
        self
    }
}

/// Declares an error of each kind that has a message.
macro_rules! kinds {
    ($($kind:ident,)+) => {
        #[expect(non_snake_case, reason = "an error is named as its kind")]
        impl Error {
            $(
                #[doc = concat!("An error of [`ErrorKind::", stringify!($kind), "`] with this message.")]
                pub fn $kind(message: String) -> Error {
                    Error::new(ErrorKind::$kind, message)
                }
            )+
        }
    };
}

kinds! {
    Usage, Input, TooManyRejects, TooMuchChange, Locked, Storage, Verification, Limit, Library, FilesMissing, Internal,
}

impl Error {
    fn new(kind: ErrorKind, message: String) -> Error {
        Error(Box::new(Inner {
            kind,
            message,
            place: None,
            source: None,
        }))
    }

    /// Stopped by the signal of this number.
    pub fn interrupted(signal: i32) -> Error {
        let message = format!("interrupted by signal {signal}; nothing was published");
        Error::new(ErrorKind::Interrupted(signal), message)
    }

    /// The same with the place that the message speaks of.
    pub(crate) fn at(mut self, place: Place) -> Error {
        self.0.place = Some(place);
        self
    }

    /// The same with what caused it.
    pub(crate) fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        self.0.source = Some(source.into());
        self
    }

    /// The same as an error of another kind.
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was said of it.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The place that the message speaks of, where it speaks of one.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The exit code of a program that ends with this error.
    pub fn exit_code(&self) -> u8 {
        self.kind().exit_code()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("place", &self.0.place)
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Result of everything that can stop a command.
pub type Result<T> = std::result::Result<T, Error>;

/// Whether the system refused for want of something of its own (descriptors, memory, a moment's peace): nothing is known of the
/// file then, so it is neither broken nor missing.
pub(crate) fn is_shortage(cause: &io::Error) -> bool {
    // The same numbers on every Unix; there is no kind for them.
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    let kinds = [
        io::ErrorKind::OutOfMemory,
        io::ErrorKind::WouldBlock,
        io::ErrorKind::Interrupted,
    ];
    kinds.contains(&cause.kind())
        || (cfg!(unix) && matches!(cause.raw_os_error(), Some(ENFILE | EMFILE)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn an_error_keeps_its_place_and_its_cause() {
        let cause = io::Error::from_raw_os_error(5);
        let place = Place::path(Path::new("a.csv"));
        let error = Error::Input("a.csv: cannot read".to_owned())
            .at(place)
            .because(cause);
        assert_eq!(error.kind(), ErrorKind::Input);
        assert_eq!(error.place(), Some(&Place::file("a.csv")));
        let cause = error.source().and_then(|e| e.downcast_ref::<io::Error>());
        assert_eq!(cause.and_then(io::Error::raw_os_error), Some(5));
    }

    #[test]
    fn what_the_system_lacks_is_no_fault_of_a_file() {
        // ENOMEM, EAGAIN of Linux, EINTR, ENFILE, EMFILE; then ENOENT, EIO, EACCES, ENOTDIR, ELOOP.
        let is = |number| is_shortage(&io::Error::from_raw_os_error(number));
        assert!([12, 4, 23, 24].into_iter().all(is));
        assert!(!cfg!(target_os = "linux") || is(11));
        assert!(![2, 5, 13, 20, 40].into_iter().any(is));
    }
}
