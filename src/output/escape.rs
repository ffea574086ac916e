//! Text from anywhere made inert: in an HTML page, and in a CSV file that a spreadsheet may open.

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

/// A CSV cell (RFC 4180) that no spreadsheet takes for a formula.
///
/// ```
/// use green_corridor::output::escape::csv_cell;
/// assert_eq!(["=1", "-1", "a,b", "@\"x", "1"].map(csv_cell), ["'=1", "'-1", "\"a,b\"", "\"'@\"\"x\"", "1"]);
/// ```
pub fn csv_cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}
