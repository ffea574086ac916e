//! What a cell of a sheet gives to a column of ours: its text, or why it cannot be taken as it is read.

use crate::input::column::Kind;
use crate::input::timestamp::{LocalTimes, parse_rfc3339};
use crate::input::workbook::{Shown, Stored, digits, zeros};
use crate::model::sheet::{Held, Seen};
use crate::model::time::instant_text;
use std::borrow::Cow;

/// What a cell gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given<'c> {
    /// The text.
    pub text: Cow<'c, str>,
    /// Whether it is a number with a point, whatever the marks of the run file.
    pub literal: bool,
    /// What a person does not see, though nothing is read wrongly.
    pub note: Option<Note>,
}

/// What is told once of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Note {
    /// Numbers with more digits than are shown.
    Digits,
    /// Numbers that are shown with a word behind them.
    Words,
    /// Times of which only the day is shown, or only the time of day.
    Clock,
}

/// Digits of a whole number that a spreadsheet keeps.
const KEPT_DIGITS: usize = 15;

/// What a cell gives to a column of this kind.
pub(super) fn given<'c>(
    shown: &'c Shown,
    stored: Stored,
    code: &str,
    kind: Kind,
    local: &mut LocalTimes,
) -> Result<Given<'c>, String> {
    let text = Cow::Borrowed(&*shown.text);
    if let Seen::Otherwise(why) = &shown.seen {
        return Err(why.strip_prefix("expected ").unwrap_or(why).to_owned());
    }
    if stored == Stored::Error {
        return Err("a value; this is what a formula without a result shows".to_owned());
    }
    match (kind, shown.held) {
        (Kind::Text | Kind::Place, Held::Number) => number_as_text(shown, code).map(plain),
        (Kind::Text | Kind::Place, Held::Date) => Err(
            "a text; the cell holds a date, as spreadsheets make of texts that look like one"
                .to_owned(),
        ),
        (Kind::Number, Held::Text) if shown.seen == Seen::Decorated => {
            Err("a number whose digits are all of one height".to_owned())
        }
        (Kind::Number, Held::Number) if shown.seen == Seen::Percentage => {
            Err(format!("a number; the cell shows a percentage ({code})"))
        }
        (Kind::Number, Held::Number) => Ok(Given {
            text,
            literal: true,
            note: match shown.seen {
                Seen::Rounded => Some(Note::Digits),
                Seen::Worded => Some(Note::Words),
                _ => None,
            },
        }),
        (Kind::Number, Held::Date) => Err("a number; the cell holds a date".to_owned()),
        (Kind::Timestamp, Held::Number) => Ok(Given {
            text,
            literal: true,
            note: None,
        }),
        (Kind::Timestamp, Held::Date) => Ok(Given {
            text: instant(&shown.text, local),
            literal: false,
            note: (shown.seen == Seen::Rounded).then_some(Note::Clock),
        }),
        (_, Held::Text) => Ok(plain(text)),
    }
}

fn plain(text: Cow<'_, str>) -> Given<'_> {
    Given {
        text,
        literal: false,
        note: None,
    }
}

/// A number in a column of text is a code or name that happens to have digits only.
fn number_as_text<'c>(shown: &'c Shown, code: &str) -> Result<Cow<'c, str>, String> {
    let text = &*shown.text;
    let is_whole = text.bytes().all(|b| b.is_ascii_digit());
    if is_whole && (digits(text) > KEPT_DIGITS || text.len() > KEPT_DIGITS + 1) {
        return Err(format!(
            "a text; the cell holds a number of {} digits, of which spreadsheets keep {KEPT_DIGITS}",
            text.len()
        ));
    }
    match (&shown.seen, zeros(code)) {
        (_, Some(width)) if is_whole => Ok(Cow::Owned(format!("{text:0>width$}"))),
        (Seen::Text, _) => Ok(Cow::Borrowed(text)),
        _ => Err(format!(
            "a text; the cell holds a number that is shown otherwise ({code})"
        )),
    }
}

/// A local time as an instant; one that does not exist or exists twice stays as it is, and is none.
fn instant<'c>(text: &'c str, local: &mut LocalTimes) -> Cow<'c, str> {
    if parse_rfc3339(text.as_bytes()).is_some() {
        return Cow::Borrowed(text);
    }
    let clock = if text.len() == 10 { "T00:00:00Z" } else { "Z" };
    let at = parse_rfc3339(format!("{text}{clock}").as_bytes());
    let at = at.and_then(|as_utc| local.instant(as_utc));
    at.map_or(Cow::Borrowed(text), |at| Cow::Owned(instant_text(at)))
}
