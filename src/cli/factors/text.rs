//! Figures and texts of factors as the verbs of `factors` print them.

use crate::factors::QUANTITY_SCALE;
use crate::model::time::{Day, NO_END, date_text};
use crate::model::unit::parse_decimal;

/// Text of a file on one line of a terminal, without anything the terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// First day after the validity; empty: until further notice.
pub(super) fn end(day: Day) -> String {
    if day == NO_END { String::new() } else { date_text(day) }
}

/// A cell as CSV, with an apostrophe in front where a spreadsheet would take it for a formula.
pub(super) fn csv_cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && parse_decimal(text, QUANTITY_SCALE).is_none();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        let cases = [("=1+1", "'=1+1"), ("-1.5", "-1.5"), ("-a", "'-a"), ("+1", "'+1"), ("@x", "'@x"), ("\tx", "'\tx")];
        for (text, want) in cases.into_iter().chain([("a,\"b\"", "\"a,\"\"b\"\"\""), ("\rx", "\"'\rx\""), ("", "")]) {
            assert_eq!(csv_cell(text), want);
        }
    }
}
