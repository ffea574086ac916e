//! What a person sees of a number through a spreadsheet's number format: a number, a date, a duration, and whether it is the one
//! that is stored. Formats nothing.

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
pub(super) fn seen(code: &str, value: f64) -> Seen {
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
    } else if has_words(text) {
        Seen::Worded
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

/// What a format makes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A number.
    Number,
    /// A day, and the time of day where the flag is set.
    Date(bool),
    /// A time of day alone.
    Clock,
    /// Hours, minutes or seconds that go on counting.
    Duration,
}

/// What a format code makes of a number, by its first section.
pub(super) fn shape(code: &str) -> Shape {
    let section = sections(code).first().copied().unwrap_or_default();
    if section.to_ascii_lowercase().contains("general") || section == "@" {
        return Shape::Number;
    }
    let (mut day, mut clock, mut month) = (false, false, false);
    let mut chars = section.chars();
    while let Some(c) = chars.next() {
        match c.to_ascii_lowercase() {
            '"' => drop(chars.by_ref().take_while(|c| *c != '"').count()),
            '\\' | '_' | '*' => drop(chars.next()),
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let inside = inside.to_ascii_lowercase();
                let counts = |unit| !inside.is_empty() && inside.chars().all(|c| c == unit);
                if ['h', 'm', 's'].into_iter().any(counts) {
                    return Shape::Duration;
                }
            }
            'd' | 'y' => day = true,
            'h' | 's' => clock = true,
            'm' => month = true,
            _ => {}
        }
    }
    match (day, clock, month) {
        (true, ..) => Shape::Date(clock),
        // Minutes beside hours or seconds, else a month.
        (false, true, _) => Shape::Clock,
        (false, false, true) => Shape::Date(false),
        (false, false, false) => Shape::Number,
    }
}

/// The code of a format that every workbook has (ECMA-376, 18.8.30). Those of East Asia, which differ by language, are dates.
pub(super) fn built_in(id: u32) -> &'static str {
    match id {
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        12 => "# ?/?",
        13 => "# ??/??",
        14 => "mm-dd-yy",
        15 => "d-mmm-yy",
        16 => "d-mmm",
        17 => "mmm-yy",
        18 => "h:mm AM/PM",
        19 => "h:mm:ss AM/PM",
        20 => "h:mm",
        21 => "h:mm:ss",
        22 => "m/d/yy h:mm",
        27..=31 | 36 | 50..=54 | 57 | 58 => "yyyy/m/d",
        32..=35 | 55 | 56 => "h:mm:ss",
        37 => "#,##0 ;(#,##0)",
        38 => "#,##0 ;[Red](#,##0)",
        39 => "#,##0.00;(#,##0.00)",
        40 => "#,##0.00;[Red](#,##0.00)",
        41 => "_(* #,##0_);_(* (#,##0);_(* \"-\"_);_(@_)",
        42 => "_($* #,##0_);_($* (#,##0);_($* \"-\"_);_(@_)",
        43 => "_(* #,##0.00_);_(* (#,##0.00);_(* \"-\"??_);_(@_)",
        44 => "_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)",
        45 => "mm:ss",
        46 => "[h]:mm:ss",
        47 => "mmss.0",
        48 => "##0.0E+0",
        49 => "@",
        _ => "General",
    }
}

/// The width to which zeros fill a whole number up: `00000` is five.
pub(crate) fn zeros(code: &str) -> Option<usize> {
    (code.len() > 1 && code.bytes().all(|b| b == b'0')).then_some(code.len())
}

/// Whether a section has words: `0.0" t"` shows one that may be a unit.
fn has_words(section: &str) -> bool {
    let mut quoted = false;
    let mut chars = section.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted && c.is_alphabetic() => return true,
            _ if quoted => {}
            '\\' if chars.next().is_some_and(char::is_alphabetic) => return true,
            '_' | '*' => drop(chars.next()),
            _ => {}
        }
    }
    false
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
            ("0\" kg\"", 7.0, "worded"),
            ("0\" kg\"", 7.5, "worded"),
            ("0.0;-0.0\" t\"", 7.5, "text"),
            ("0.0;-0.0\" t\"", -7.5, "worded"),
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
                Seen::Worded => "worded",
                Seen::Rounded => "rounded",
                Seen::Percentage => "percentage",
                Seen::Otherwise(_) => "otherwise",
            };
            assert_eq!(found, want, "{code} {value}");
        }
    }

    #[test]
    fn formats_of_dates_and_durations() {
        for (code, want) in [
            ("General", Shape::Number),
            ("0.00E+00", Shape::Number),
            ("[Red]0.0", Shape::Number),
            ("0\" days\"", Shape::Number),
            ("@", Shape::Number),
            ("mm-dd-yy", Shape::Date(false)),
            ("mmm", Shape::Date(false)),
            ("[$-409]d\\ mmm\\ yyyy;@", Shape::Date(false)),
            ("dd/mm/yyyy\\ hh:mm", Shape::Date(true)),
            ("h:mm AM/PM", Shape::Clock),
            ("mm:ss", Shape::Clock),
            ("[h]:mm:ss", Shape::Duration),
            ("[mm]", Shape::Duration),
        ] {
            assert_eq!(shape(code), want, "{code}");
        }
        assert_eq!(
            (zeros("00000"), zeros("0"), zeros("0.0")),
            (Some(5), None, None)
        );
        assert!(has_words("0.0\" t\"") && has_words("0\\k\\g") && !has_words("#,##0.00"));
    }
}
