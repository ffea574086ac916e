//! Text from anywhere made inert: in an HTML page, in a spreadsheet cell, and in a CSV file that a spreadsheet may open.

pub(crate) mod inert;

use crate::model::unit::parse_decimal;
use std::borrow::Cow;

/// More decimals than any published figure has.
const MOST_DECIMALS: u32 = 18;

/// Text without what would be obeyed instead of shown, [`is_hidden`]: a name could make its neighbours read backwards, or look
/// like another. Each such character becomes U+FFFD, so that the reader sees that something was there.
pub(crate) fn inert(text: &str) -> String {
    text.replace(is_obeyed, "\u{fffd}")
}

/// Whether a character is obeyed instead of shown, or not seen at all: controls, marks of direction, spaces without width, tags,
/// selectors and fillers (what Unicode calls ignorable by default).
pub fn is_hidden(c: char) -> bool {
    let hides = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    c.is_control() || hides
}

fn is_obeyed(c: char) -> bool {
    is_hidden(c) && c != '\n' && c != '\t'
}

/// Text for an HTML page, in content and in quoted attributes.
///
/// ```
/// use green_corridor::text::html;
/// assert_eq!(html("<a href='x'>&\u{202e}"), "&lt;a href=&#39;x&#39;&gt;&amp;\u{fffd}");
/// ```
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if is_obeyed(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Whether a spreadsheet would take this text, typed or read from CSV, for a formula.
pub(crate) fn begins_formula(text: &str) -> bool {
    text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ])
}

/// Text for people on a line of a terminal or a log: hidden characters spelled out, quotes and letters as they are.
///
/// ```
/// use green_corridor::text::visible;
/// assert_eq!(visible("\"L'Isle\"\u{202e}\n"), "\"L'Isle\"\\u{202e}\\u{a}");
/// ```
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            out.push_str(&format!("\\u{{{:x}}}", c as u32))
        } else {
            out.push(c)
        }
    }
    out
}

/// Lines for people on a terminal: [`visible`] but for the ends of lines.
///
/// ```
/// use green_corridor::text::visible_lines;
/// assert_eq!(visible_lines("a\u{1b}[2J\nb\r\n"), "a\\u{1b}[2J\nb\\u{d}\n");
/// ```
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    let hides = |c| is_hidden(c) && c != '\n';
    if !text.contains(hides) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<String> = text.split('\n').map(visible).collect();
    Cow::Owned(lines.join("\n"))
}

/// A JSON text with its hidden characters as JSON spells them, so that it means the same and obeys nothing on a terminal. They stand
/// in its strings only, but for the ends of lines.
///
/// ```
/// use green_corridor::text::visible_json;
/// assert_eq!(visible_json("{\"a\": \"\u{202e}\u{e0001}\"}\n"), "{\"a\": \"\\u202e\\udb40\\udc01\"}\n");
/// ```
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let hides = |c| is_hidden(c) && c != '\n';
    if !json.contains(hides) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if hides(c) {
            let units = &mut [0; 2];
            for unit in c.encode_utf16(units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c)
        }
    }
    Cow::Owned(out)
}

/// Text for people in a CSV file: an apostrophe in front where a spreadsheet would take it for a formula, hidden characters
/// spelled out. A number is no formula. The quotes of RFC 4180 are left to the writer of the file, or to [`csv_cell`].
pub(crate) fn csv_text(text: &str) -> String {
    let is_formula = begins_formula(text) && parse_decimal(text, MOST_DECIMALS).is_none();
    format!("{}{}", if is_formula { "'" } else { "" }, visible(text))
}

/// [`csv_text`] as a cell of RFC 4180, in quotes where it needs them.
///
/// ```
/// use green_corridor::text::csv_cell;
/// assert_eq!(["a", "a,b", "@\"x"].map(csv_cell), ["a", "\"a,b\"", "\"'@\"\"x\""]);
/// ```
pub fn csv_cell(text: &str) -> String {
    let text = csv_text(text);
    if text.contains(['"', ',']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_hides_nothing() {
        assert_eq!(inert("a\u{202e}b\u{7}c"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(inert("重庆 > سنغافورة"), "重庆 > سنغافورة");
    }

    #[test]
    fn html_is_text() {
        assert_eq!(
            html("<b title='x'>&\"</b>"),
            "&lt;b title=&#39;x&#39;&gt;&amp;&quot;&lt;/b&gt;"
        );
    }

    #[test]
    fn what_a_workbook_takes_for_a_formula() {
        assert!(
            ["=1", "-1", "+1", "@x", "\tx", "\u{ff1d}1"]
                .into_iter()
                .all(begins_formula)
        );
        assert!(
            ["1", "", "a=1"]
                .into_iter()
                .all(|text| !begins_formula(text))
        );
    }

    #[test]
    fn a_csv_text_is_no_formula() {
        assert_eq!(
            ["=1", "-1", "-a", "a\u{202e}b", "\r="].map(csv_text),
            ["'=1", "-1", "'-a", "a\\u{202e}b", "'\\u{d}="]
        );
    }

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        let cases = [
            ("=1+1", "'=1+1"),
            ("-1.5", "-1.5"),
            ("-a", "'-a"),
            ("+1", "'+1"),
            ("@x", "'@x"),
            ("\tx", "'\\u{9}x"),
        ];
        for (text, want) in cases.into_iter().chain([
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("", ""),
        ]) {
            assert_eq!(csv_cell(text), want);
        }
    }

    #[test]
    fn no_cell_turns_its_line_around_or_breaks_it() {
        let cases = [
            "a\u{202e}gpj.exe",
            "x\u{2066}y",
            "\u{feff}=1",
            "a\nb",
            "a\r\nb",
            "\u{200b}-1",
            "\u{7}",
            "\u{e0041}\u{e007f}",
            "a\u{ad}b\u{3164}",
        ];
        for text in cases {
            let cell = csv_cell(text);
            assert!(
                !cell.chars().any(is_hidden) && !begins_formula(&cell),
                "{cell:?}"
            );
        }
    }
}
