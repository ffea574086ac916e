//! One error per failure that a caller can act on, each with its exit code (docs/reliability.md).

use std::fmt;
use std::io;

/// What stopped a command. Rejected rows are not errors: they are part of the result.
#[derive(Debug)]
pub enum Error {
    /// Wrong use: arguments, run file, profile name. Exit 2.
    Usage(String),
    /// An input file is unreadable, truncated, has the wrong schema, or there is none. Exit 3.
    Input(String),
    /// More rows rejected than the run allows. Exit 4.
    TooManyRejects(String),
    /// Rows or totals changed by more than the run allows since the last run. Exit 4.
    TooMuchChange(String),
    /// Another run holds the output. Exit 5.
    Locked(String),
    /// Reading or writing the output failed. Exit 6.
    Storage(String),
    /// Published files are not what they should be. Exit 7.
    Verification(String),
    /// Memory or another limit does not suffice. Exit 8.
    Limit(String),
    /// The factor library or reference data are invalid. Exit 9.
    Library(String),
    /// Published, but without the files named. Exit 10.
    FilesMissing(String),
    /// A fault of this program. Exit 70.
    Internal(String),
    /// Stopped by a signal (its number). Exit 128 + number.
    Interrupted(i32),
}

impl Error {
    /// The process exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => 2,
            Error::Input(_) => 3,
            Error::TooManyRejects(_) | Error::TooMuchChange(_) => 4,
            Error::Locked(_) => 5,
            Error::Storage(_) => 6,
            Error::Verification(_) => 7,
            Error::Limit(_) => 8,
            Error::Library(_) => 9,
            Error::FilesMissing(_) => 10,
            Error::Internal(_) => 70,
            // As a shell counts: the two signals that are caught are far below 127.
            Error::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }

    /// A short word for machines: `status.json`, logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Usage(_) => "usage",
            Error::Input(_) => "input",
            Error::TooManyRejects(_) => "too_many_rejects",
            Error::TooMuchChange(_) => "too_much_change",
            Error::Locked(_) => "locked",
            Error::Storage(_) => "storage",
            Error::Verification(_) => "verification",
            Error::Limit(_) => "limit",
            Error::Library(_) => "library",
            Error::FilesMissing(_) => "files_missing",
            Error::Internal(_) => "internal",
            Error::Interrupted(_) => "interrupted",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(m)
            | Error::Input(m)
            | Error::TooManyRejects(m)
            | Error::TooMuchChange(m)
            | Error::Locked(m)
            | Error::Storage(m)
            | Error::Verification(m)
            | Error::Limit(m)
            | Error::Library(m)
            | Error::FilesMissing(m)
            | Error::Internal(m) => f.write_str(m),
            Error::Interrupted(signal) => {
                write!(f, "interrupted by signal {signal}; nothing was published")
            }
        }
    }
}

impl std::error::Error for Error {}

/// Result of everything that can stop a command.
pub type Result<T> = std::result::Result<T, Error>;

/// Whether the system refused for want of something of its own (descriptors, memory, a moment's peace): nothing is known of the
/// file then, so it is neither broken nor missing.
pub fn is_shortage(cause: &io::Error) -> bool {
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

    #[test]
    fn what_the_system_lacks_is_no_fault_of_a_file() {
        // ENOMEM, EAGAIN of Linux, EINTR, ENFILE, EMFILE; then ENOENT, EIO, EACCES, ENOTDIR, ELOOP.
        let is = |number| is_shortage(&io::Error::from_raw_os_error(number));
        assert!([12, 4, 23, 24].into_iter().all(is));
        assert!(!cfg!(target_os = "linux") || is(11));
        assert!(![2, 5, 13, 20, 40].into_iter().any(is));
    }
}
