//! What a person sees of a number through a spreadsheet's number format. Only asks whether it is the number; formats nothing.

use crate::model::sheet::Seen;

/// What one section of a format does to a number.
#[derive(Debug, Default)]
struct Section {
    digits: bool,
    decimals: usize,
    whole_zeros: usize,
    percent: bool,
    /// Commas behind the last digit: each divides by a thousand.
    thousands: usize,
    /// Something else than digits: a text, a currency, a separator.
    decorated: bool,
    /// Exponent or fraction: decimals are not counted.
    free: bool,
}

/// What is seen of `value` under a format code such as `0.00;-0.00;"n/a"`.
pub fn seen(code: &str, value: f64) -> Seen {
    let sections = sections(code);
    let text = match sections.len() {
        0 | 1 => sections.first().copied().unwrap_or_default(),
        _ if value < 0.0 => sections[1],
        n if n > 2 && value == 0.0 => sections[2],
        _ => sections[0],
    };
    let is_whole_code = sections.len() <= 1;
    if (text.is_empty() && is_whole_code) || text.eq_ignore_ascii_case("general") || text == "@" {
        return Seen::Text;
    }
    let section = read(text);
    if !section.digits && !text.to_ascii_lowercase().contains("general") {
        return Seen::Otherwise(format!(
            "expected a number that is shown as one; the cell's format {code} shows none"
        ));
    }
    if section.thousands > 0 {
        return Seen::Otherwise(format!(
            "expected a number that is shown in full; the cell's format {code} shows thousandths of it"
        ));
    }
    let rounded = || {
        let shown = format!("{value:.*}", section.decimals).parse::<f64>();
        shown != Ok(value)
    };
    if section.percent {
        Seen::Percentage
    } else if section.digits && !section.free && rounded() {
        Seen::Rounded
    } else if section.decorated || section.whole_zeros > 1 {
        Seen::Decorated
    } else {
        Seen::Text
    }
}

/// The parts between semicolons that stand in no quotes, brackets or escapes.
fn sections(code: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut bracket) = (Vec::new(), 0, false, false);
    let mut chars = code.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => drop(chars.next()),
            '[' => bracket = true,
            ']' => bracket = false,
            ';' if !bracket => {
                parts.push(&code[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&code[start..]);
    parts
}

fn read(text: &str) -> Section {
    let mut section = Section::default();
    let (mut behind_point, mut commas) = (false, 0);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => section.decorated |= chars.by_ref().take_while(|c| *c != '"').count() > 0,
            '[' => section.decorated |= chars.by_ref().take_while(|c| *c != ']').any(|c| c == '$'),
            '\\' => section.decorated |= chars.next().is_some_and(|c| c != ' '),
            '_' | '*' => drop(chars.next()),
            '0' | '#' | '?' => {
                section.digits = true;
                // A comma between digits separates; only behind the last one does it divide.
                section.decorated |= commas > 0;
                commas = 0;
                if behind_point {
                    section.decimals += 1;
                } else if c == '0' {
                    section.whole_zeros += 1;
                }
            }
            ',' if section.digits => commas += 1,
            '.' => {
                section.thousands += std::mem::take(&mut commas);
                behind_point = true;
            }
            '%' => section.percent = true,
            'E' | 'e' | '/' => section.free = true,
            ' ' | '+' | '-' | '(' | ')' => {}
            _ => section.decorated = true,
        }
    }
    section.thousands += commas;
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_show_the_number_or_something_else() {
        for (code, value, want) in [
            ("General", 85.25, "text"),
            ("", 85.25, "text"),
            ("@", 7.0, "text"),
            ("0", 7.0, "text"),
            ("0.00", 85.25, "text"),
            ("0.0##", 85.25, "text"),
            ("0.00E+00", 0.00123, "text"),
            ("0", 85.25, "rounded"),
            ("0.0", 0.012, "rounded"),
            ("#,##0.00", 1234.56, "decorated"),
            ("#,##0", 1234.56, "rounded"),
            ("000", 7.0, "decorated"),
            ("0\" kg\"", 7.0, "decorated"),
            ("[$€-407] 0.00", 7.5, "decorated"),
            ("_-* #,##0.00_-;-* #,##0.00_-", 7.5, "decorated"),
            ("0%", 0.85, "percentage"),
            ("0.0%", 0.8512, "percentage"),
            ("0,", 70500.0, "otherwise"),
            ("#,##0.0,,\" M\"", 7e7, "otherwise"),
            (";;;", 7.0, "otherwise"),
            ("0.00;-0.00;\"n/a\"", 0.0, "otherwise"),
            ("0.00;-0.00;\"n/a\"", 1.5, "text"),
            ("\"see; note\"", 1.5, "otherwise"),
            ("[Red]0.0;[Blue]-0.0", 1.5, "text"),
        ] {
            let found = match seen(code, value) {
                Seen::Text => "text",
                Seen::Decorated => "decorated",
                Seen::Rounded => "rounded",
                Seen::Percentage => "percentage",
                Seen::Otherwise(_) => "otherwise",
            };
            assert_eq!(found, want, "{code} {value}");
        }
    }
}
