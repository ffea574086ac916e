//! Text from anywhere made inert: in an HTML page, in a spreadsheet cell, and in a CSV file that a spreadsheet may open.

/// Text without what would be obeyed instead of shown, [`is_hidden`]: a name could make its neighbours read backwards, or look
/// like another. Each such character becomes U+FFFD, so that the reader sees that something was there.
///
/// ```
/// use green_corridor::output::escape::inert;
/// assert_eq!(inert("a\u{202e}b\u{7}c"), "a\u{fffd}b\u{fffd}c");
/// assert_eq!(inert("重庆 > سنغافورة"), "重庆 > سنغافورة");
/// ```
pub fn inert(text: &str) -> String {
    text.replace(is_obeyed, "\u{fffd}")
}

/// Whether a character is obeyed instead of shown, or not seen at all: controls, marks of direction, spaces without width.
pub fn is_hidden(c: char) -> bool {
    let hides = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    c.is_control() || hides
}

fn is_obeyed(c: char) -> bool {
    is_hidden(c) && c != '\n' && c != '\t'
}

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
            c if is_obeyed(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Whether a spreadsheet would take this text, typed or read from CSV, for a formula.
///
/// ```
/// use green_corridor::output::escape::begins_formula;
/// assert!(["=1", "-1", "+1", "@x", "\tx", "\u{ff1d}1"].into_iter().all(begins_formula));
/// assert!(["1", "", "a=1"].into_iter().all(|text| !begins_formula(text)));
/// ```
pub fn begins_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}
