//! Figures and texts of factors as the verbs of `factors` print them.

use green_corridor::quantity::{Day, NO_END, date_text};

/// Text of a file on one line of a terminal, without anything the terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// First day after the validity; empty: until further notice.
pub(super) fn end(day: Day) -> String {
    if day == NO_END {
        String::new()
    } else {
        date_text(day)
    }
}
