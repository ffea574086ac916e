//! The report as a workbook: one sheet per table, figures as numbers that a spreadsheet can go on with.
//!
//! The only number of a workbook is a double, exact to 15 digits. A column with a longer figure is written twice: as text, which
//! is the published decimal, and as a number rounded half to even to 15 digits. No formula is ever written.

use crate::escape::{begins_formula, inert};
use crate::model::index::{index16, index32};
use crate::model::unit::div_half_even;
use crate::present::form::{Cells, PageWords, Report, Table};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

/// Digits that a double holds whatever they are.
const DIGITS: usize = 15;
/// Rows of a sheet, less the lines above the table and its closing row.
const MAX_ROWS: usize = 1_048_576 - 8;
/// Characters of a cell.
const MAX_TEXT: usize = 32_767;

/// The bytes of the workbook.
///
/// The same report gives the same bytes: the date of creation is a constant.
pub fn workbook(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let title = inert(&report.title);
    book.set_properties(
        &DocProperties::new()
            .set_title(title)
            .set_creation_datetime(&created),
    );
    let styles = Styles::new();
    for table in &report.workbook {
        write(book.add_worksheet(), table, &styles, &report.words)?;
    }
    book.save_to_buffer()
}

struct Styles {
    title: Format,
    note: Format,
    head: Format,
    head_number: Format,
    text: Format,
    // Text that a spreadsheet would take for a formula when it is edited or exported is marked as text.
    quoted: Format,
    exact: Format,
    number: Format,
    total_text: Format,
    total_exact: Format,
    total_number: Format,
}

impl Styles {
    fn new() -> Styles {
        let bold = Format::new().set_bold();
        let right = Format::new().set_align(FormatAlign::Right);
        Styles {
            title: Format::new().set_bold().set_font_size(14),
            note: Format::new().set_italic(),
            head: bold.clone().set_text_wrap().set_align(FormatAlign::Top),
            head_number: bold
                .clone()
                .set_text_wrap()
                .set_align(FormatAlign::Right)
                .set_align(FormatAlign::Top),
            text: Format::new(),
            quoted: Format::new().set_quote_prefix(),
            exact: right.clone().set_num_format("@"),
            number: right.clone(),
            total_text: bold.clone(),
            total_exact: right.clone().set_bold().set_num_format("@"),
            total_number: right.set_bold(),
        }
    }
}

/// A column of the sheet: which column of the table, and whether it is the rounded twin of one.
struct Laid {
    of: usize,
    name: String,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Number,
    /// Too many digits for a number: the decimal as text.
    Exact,
    /// Its twin.
    Rounded,
}

fn laid(table: &Table, words: &PageWords) -> Vec<Laid> {
    let mut out = Vec::new();
    for (of, head) in table.heads.iter().enumerate() {
        let name = head.name;
        let cells = table
            .rows
            .iter()
            .chain(&table.total)
            .map(|row| row[of].as_str());
        match head.cells {
            Cells::Text => out.push(Laid {
                of,
                name: name.to_owned(),
                form: Form::Text,
            }),
            Cells::Number if cells.clone().all(|cell| digits(cell) <= DIGITS) => {
                out.push(Laid {
                    of,
                    name: name.to_owned(),
                    form: Form::Number,
                });
            }
            Cells::Number => {
                out.push(Laid {
                    of,
                    name: words.exact.replace("{name}", name),
                    form: Form::Exact,
                });
                out.push(Laid {
                    of,
                    name: words.fifteen_digits.replace("{name}", name),
                    form: Form::Rounded,
                });
            }
        }
    }
    out
}

/// Digits from the first that counts.
fn digits(decimal: &str) -> usize {
    let mut digits = decimal
        .bytes()
        .filter(u8::is_ascii_digit)
        .skip_while(|b| *b == b'0')
        .collect::<Vec<u8>>();
    if decimal.contains('.') {
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
    }
    digits.len()
}

fn write(
    sheet: &mut Worksheet,
    table: &Table,
    styles: &Styles,
    words: &PageWords,
) -> Result<(), XlsxError> {
    sheet.set_name(table.name)?;
    sheet.write_string_with_format(0, 0, table.name, &styles.title)?;
    let columns = laid(table, words);
    let cut = table.rows.len() > MAX_ROWS;
    let mut note = inert(&table.note);
    if cut {
        let said = words.rows_cut.replace("{most}", &MAX_ROWS.to_string());
        note = note + " " + &said.replace("{rows}", &table.rows.len().to_string());
    }
    if columns.iter().any(|c| c.form == Form::Exact) {
        note = note + " " + words.exact_note;
    }
    sheet.write_string_with_format(1, 0, note.trim(), &styles.note)?;
    const HEAD: u32 = 3;
    for (at, column) in (0u16..).zip(&columns) {
        let is_text = column.form == Form::Text;
        sheet.write_string_with_format(
            HEAD,
            at,
            &column.name,
            if is_text {
                &styles.head
            } else {
                &styles.head_number
            },
        )?;
        sheet.set_column_width(at, width(table, column))?;
    }
    let shown = &table.rows[..table.rows.len().min(MAX_ROWS)];
    for (row, cells) in (HEAD + 1..).zip(shown) {
        for (at, column) in (0u16..).zip(&columns) {
            cell(
                sheet,
                (row, at),
                &cells[column.of],
                column.form,
                [&styles.text, &styles.exact, &styles.number],
                styles,
            )?;
        }
    }
    let last = HEAD + index32(shown.len());
    if let Some(total) = &table.total {
        for (at, column) in (0u16..).zip(&columns) {
            let set = [
                &styles.total_text,
                &styles.total_exact,
                &styles.total_number,
            ];
            cell(
                sheet,
                (last + 1, at),
                &total[column.of],
                column.form,
                set,
                styles,
            )?;
        }
    }
    if !columns.is_empty() && !shown.is_empty() {
        sheet.autofilter(HEAD, 0, last, index16(columns.len()) - 1)?;
    }
    sheet.set_freeze_panes(HEAD + 1, 1)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(HEAD, HEAD)?;
    Ok(())
}

fn width(table: &Table, column: &Laid) -> u8 {
    let longest = table
        .rows
        .iter()
        .take(200)
        .map(|row| row[column.of].chars().count())
        .max()
        .unwrap_or(0);
    let width = longest.clamp(column.name.chars().count().min(18), 60) + 2;
    u8::try_from(width).unwrap_or(u8::MAX)
}

fn cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    form: Form,
    [words, exact, number]: [&Format; 3],
    styles: &Styles,
) -> Result<(), XlsxError> {
    if text.is_empty() {
        return Ok(());
    }
    match (form, as_number(text)) {
        (Form::Number | Form::Rounded, Some(value)) => {
            sheet.write_number_with_format(row, column, value, number)?
        }
        (Form::Exact, Some(_)) => sheet.write_string_with_format(row, column, text, exact)?,
        // Words, and what stands in a column of figures without being one.
        (Form::Text, _) | (_, None) => {
            let text: String = inert(text).chars().take(MAX_TEXT).collect();
            let set = if begins_formula(&text) {
                &styles.quoted
            } else {
                words
            };
            sheet.write_string_with_format(row, column, text, set)?
        }
    };
    Ok(())
}

/// A decimal as the double that is nearest to its first 15 digits; `None`: not a decimal.
fn as_number(decimal: &str) -> Option<f64> {
    let digits: String = decimal
        .strip_prefix('-')
        .unwrap_or(decimal)
        .chars()
        .filter(|c| *c != '.')
        .collect();
    let is_decimal = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && decimal.matches('.').count() <= 1;
    let mantissa: i128 = if is_decimal {
        digits.parse().ok()?
    } else {
        return None;
    };
    let decimals = decimal.split_once('.').map_or(0, |(_, after)| after.len());
    let scale = i32::try_from(decimals).ok()?;
    let excess = mantissa
        .checked_ilog10()
        .map_or(0, |log| index32((log as usize + 1).saturating_sub(DIGITS)));
    let kept = div_half_even(mantissa, 10i128.pow(excess));
    let sign = if decimal.starts_with('-') { "-" } else { "" };
    format!("{sign}{kept}e{}", excess as i32 - scale)
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn files(bytes: &[u8]) -> String {
        // The parts of the archive are deflated; each is found by its local header.
        let mut out = String::new();
        let mut at = 0;
        while let Some(found) = bytes[at..].windows(4).position(|w| w == b"PK\x03\x04") {
            let head = at + found;
            let short = |offset: usize| {
                u16::from_le_bytes([bytes[head + offset], bytes[head + offset + 1]]) as usize
            };
            let data = head + 30 + short(26) + short(28);
            match short(8) {
                8 => {
                    let mut text = String::new();
                    let _ =
                        flate2::read::DeflateDecoder::new(&bytes[data..]).read_to_string(&mut text);
                    out.push_str(&text);
                }
                _ => out.push_str(&String::from_utf8_lossy(
                    &bytes[data..(data + short(22)).min(bytes.len())],
                )),
            }
            at = data;
        }
        out
    }

    #[test]
    fn a_number_keeps_fifteen_digits_and_longer_ones_have_an_exact_twin() {
        for (decimal, wanted) in [
            ("0.000000001", Some(1e-9)),
            ("123456.789012345", Some(123_456.789_012_345)),
            ("1234567.890123456", Some(1_234_567.890_123_46)),
            ("1234567.890123455", Some(1_234_567.890_123_46)),
            ("1234567.890123445", Some(1_234_567.890_123_44)),
            ("-5", Some(-5.0)),
            ("0", Some(0.0)),
            ("=1", None),
            ("1.2.3", None),
            ("", None),
            ("+1", None),
        ] {
            assert_eq!(as_number(decimal), wanted, "{decimal}");
        }
        assert_eq!(
            ["100", "1.500", "0.010", "0", "1234567.890123456"].map(digits),
            [3, 2, 1, 0, 16]
        );
        let mut table = Table::new("t", &["id", ">kg"]);
        table.row(["a".to_owned(), "1234567.890123456".to_owned()]);
        let names: Vec<String> = laid(&table, &PageWords::default())
            .into_iter()
            .map(|c| c.name)
            .collect();
        assert_eq!(names, ["id", "kg, exact", "kg, 15 digits"]);
    }

    #[test]
    fn no_text_becomes_a_formula_or_a_link() {
        let mut table = Table::new("t", &["id", ">kg"]);
        for text in [
            "=HYPERLINK(\"http://x\")",
            "+1",
            "-1",
            "@SUM(A1)",
            "https://example.org",
            "a\u{202e}b",
            "<x>&",
            "\u{1}",
        ] {
            table.row([text.to_owned(), text.to_owned()]);
        }
        let report = Report {
            workbook: vec![table],
            ..Report::default()
        };
        let bytes = workbook(&report).unwrap();
        assert_eq!(bytes, workbook(&report).unwrap());
        let xml = files(&bytes);
        assert!(
            xml.contains("=HYPERLINK(")
                && xml.contains("quotePrefix=\"1\"")
                && xml.contains("&lt;x&gt;&amp;")
        );
        assert!(
            !xml.contains("<f>")
                && !xml.contains("<hyperlink")
                && !xml.contains('\u{202e}')
                && !xml.contains('\u{1}')
        );
        // "-1" under a heading of figures is a figure, in a column of words it is words.
        assert_eq!(xml.matches("<v>-1</v>").count(), 1);
    }
}
