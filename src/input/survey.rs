//! An export as it is, before a run file says what it means: names and cells as texts, for whoever proposes a run file.
//!
//! Nothing here is part of a run, and nothing is decided: whoever asks names encoding, delimiter and sheet.

mod columnar;
mod records;
mod sheet;
mod text;

pub(crate) use columnar::columns;
pub(crate) use records::records;
pub(crate) use sheet::{sheet_names, sheet_rows};
pub(crate) use text::{beginning, is_encoded, mark, rows};

/// How a file holds a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Held {
    /// As text.
    Text,
    /// As a number with a point, whatever the marks of texts are.
    Number,
    /// As a point in time.
    Instant,
    /// As a local time of no zone.
    Local,
    /// As something that no column reads: a list, an object, a truth value, bytes.
    Other,
    /// As something that a person sees otherwise, so that a run refuses it.
    Otherwise,
}

/// A cell of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    /// Its text.
    pub text: String,
    /// How the file holds it.
    pub held: Held,
}

impl Cell {
    fn text(text: &[u8]) -> Cell {
        Cell {
            text: String::from_utf8_lossy(super::text::trim(text)).into_owned(),
            held: Held::Text,
        }
    }
}
