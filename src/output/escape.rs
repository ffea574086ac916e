//! Text from anywhere made inert: in an HTML page, and in a CSV file that a spreadsheet may open.

use crate::model::unit::parse_decimal;

/// More decimals than any published figure has.
const MOST_DECIMALS: u32 = 18;

/// Text for an HTML page, in content and in quoted attributes.
///
/// ```
/// use green_corridor::output::escape::html;
/// assert_eq!(html("<b title='x'>&\"</b>"), "&lt;b title=&#39;x&#39;&gt;&amp;&quot;&lt;/b&gt;");
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
            // Not allowed in a page, and of no use to a reader.
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A CSV cell (RFC 4180), with an apostrophe in front where a spreadsheet would take it for a formula. A number is none.
///
/// ```
/// use green_corridor::output::escape::csv_cell;
/// assert_eq!(["=1", "-1", "-a", "a,b", "@\"x"].map(csv_cell), ["'=1", "-1", "'-a", "\"a,b\"", "\"'@\"\"x\""]);
/// ```
pub fn csv_cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && parse_decimal(text, MOST_DECIMALS).is_none();
    let guard = if is_formula { "'" } else { "" };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
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
