//! The report as one self-contained page. No address is fetched; every text from outside is escaped; the script searches,
//! opens and prints, and computes no figure.

use crate::escape::html;
use crate::present::content_policy;
use crate::present::form::charts::{bars, figure, lines};
use crate::present::form::pack::packed;
use crate::present::form::{Cells, PageWords, Part, Report, Section, Table, Tile};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Characters of a text from which on its column must not be narrow.
const LONG: usize = 24;

/// Columns that fit on a sheet of paper side by side.
const ON_PAPER: usize = 13;

/// The page.
pub fn page(report: &Report) -> Result<String, std::io::Error> {
    let mut out = head(report, SCRIPT);
    nav(&mut out, report);
    main(&mut out, report);
    for (id, data) in [
        ("shipments-data", packed(&report.shipments)?),
        ("sheets-data", packed(&report.sheets)?),
    ] {
        let _ = writeln!(
            out,
            "<script type=\"application/octet-stream\" id=\"{id}\">{data}</script>"
        );
    }
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    Ok(out)
}

/// The page of a report without anything to search, open or choose: no script is in it.
pub(crate) fn still_page(report: &Report) -> String {
    let mut out = head(report, "");
    main(&mut out, report);
    out + "</body>\n</html>\n"
}

/// The same with a list of its sections.
pub(crate) fn still_page_with_contents(report: &Report) -> String {
    let mut out = head(report, "");
    nav(&mut out, report);
    main(&mut out, report);
    out + "</body>\n</html>\n"
}

fn nav(out: &mut String, report: &Report) {
    let _ = write!(
        out,
        "<nav aria-label=\"{}\"><ul>",
        html(report.words.contents)
    );
    for section in &report.sections {
        let _ = write!(
            out,
            "<li><a href=\"#{}\">{}</a></li>",
            section.id,
            html(section.title)
        );
    }
    out.push_str("</ul></nav>\n");
}

/// Up to the title and the line below it.
fn head(report: &Report, script: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{4}\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{3}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body data-run=\"{1}\">\n<a class=\"skip\" href=\"#totals\">{5}</a>\n<header>\n<h1>{0}</h1>\n<p>{2}</p>\n",
        html(&report.title),
        html(&report.run_id),
        html(&report.subtitle),
        content_policy(script),
        html(report.words.lang),
        html(report.words.skip)
    )
}

/// From the end of the head to the last section.
fn main(out: &mut String, report: &Report) {
    out.push_str("</header>\n<main>\n<ul class=\"tiles\">\n");
    report
        .tiles
        .iter()
        .for_each(|tile| out.push_str(&key_figure(tile)));
    out.push_str("</ul>\n");
    report
        .sections
        .iter()
        .for_each(|part| out.push_str(&section(part, &report.words)));
    out.push_str("</main>\n");
}

fn key_figure(tile: &Tile) -> String {
    let note = if tile.note.is_empty() {
        String::new()
    } else {
        format!("<small>{}</small>", html(&tile.note))
    };
    let (name, value, unit) = (html(tile.name), figure(&tile.value), html(tile.unit));
    format!("<li><span>{name}</span><strong>{value} <em>{unit}</em></strong>{note}</li>\n")
}

fn section(section: &Section, words: &PageWords) -> String {
    let mut out = format!(
        "<section id=\"{}\">\n<h2>{}</h2>\n",
        section.id,
        html(section.title)
    );
    section
        .parts
        .iter()
        .for_each(|p| out.push_str(&part(p, words)));
    out + "</section>\n"
}

fn part(part: &Part, words: &PageWords) -> String {
    match part {
        Part::Text(text) => format!("<p>{}</p>\n", html(text)),
        Part::List(lines) => {
            let items: Vec<String> = lines
                .iter()
                .map(|line| format!("<li>{}</li>\n", html(line)))
                .collect();
            format!("<ul>\n{}</ul>\n", items.concat())
        }
        Part::Table(t) => table(t, words),
        Part::Bars(chart) => bars(chart),
        Part::Lines(chart) => lines(chart),
        Part::Search => search(),
        Part::Details {
            summary,
            value,
            unit,
            is_open,
            parts,
        } => {
            let open = if *is_open { " open" } else { "" };
            let inner: String = parts.iter().map(|p| self::part(p, words)).collect();
            let value = if value.is_empty() {
                String::new()
            } else {
                format!(" <span>{} {}</span>", figure(value), html(unit))
            };
            format!(
                "<details{open}>\n<summary><b>{}</b>{value}</summary>\n{inner}</details>\n",
                html(summary)
            )
        }
    }
}

fn table(table: &Table, words: &PageWords) -> String {
    let is_wide = table.heads.len() > ON_PAPER;
    let wide = if is_wide { " wide" } else { "" };
    // Two columns of words fit a phone when they wrap.
    let is_pair = table.heads.len() == 2 && table.heads.iter().all(|h| h.cells == Cells::Text);
    let pair = if is_pair { " class=\"pair\"" } else { "" };
    let mut out = format!(
        "<div class=\"scroll{wide}\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table{pair}>\n<caption>{0}</caption>\n<thead><tr>",
        html(table.name)
    );
    for head in &table.heads {
        let class = if head.cells == Cells::Number {
            " class=\"number\""
        } else {
            ""
        };
        let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", html(head.name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    table
        .rows
        .iter()
        .for_each(|row| out.push_str(&table_row(table, row)));
    out.push_str("</tbody>\n");
    if let Some(total) = &table.total {
        let _ = writeln!(out, "<tfoot>\n{}</tfoot>", table_row(table, total));
    }
    out.push_str("</table></div>\n");
    if is_wide {
        let said = words.too_wide.replace("{name}", table.name);
        let said = said.replace("{columns}", &table.heads.len().to_string());
        let _ = writeln!(out, "<p class=\"paper\">{}</p>", html(&said));
    }
    if !table.note.is_empty() {
        let _ = writeln!(out, "<p class=\"quiet\">{}</p>", html(&table.note));
    }
    out
}

fn table_row(table: &Table, row: &[String]) -> String {
    let mut out = String::from("<tr>");
    for (head, cell) in table.heads.iter().zip(row) {
        let _ = match head.cells {
            Cells::Number => write!(out, "<td class=\"number\">{}</td>", figure(cell)),
            Cells::Text if cell.chars().count() > LONG => {
                write!(out, "<td class=\"long\">{}</td>", html(cell))
            }
            Cells::Text => write!(out, "<td>{}</td>", html(cell)),
        };
    }
    out + "</tr>\n"
}

fn search() -> String {
    "<form id=\"search\" role=\"search\">\n<label for=\"wanted\">Shipment, corridor, place on the way (code or name) or flag</label>\n\
     <input id=\"wanted\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" aria-controls=\"found\">\n\
     <p id=\"count\" class=\"quiet\" role=\"status\">The list of shipments is being unpacked.</p>\n</form>\n\
     <div class=\"scroll\"><table id=\"found\"><thead></thead><tbody></tbody></table></div>\n\
     <article id=\"sheet\" tabindex=\"-1\" hidden></article>\n\
     <noscript><p>The search needs the script of this page; the rest does not.</p></noscript>\n"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::form::{
        Bar, Bars, BarsForm, Figures, Lines, Series, Sheets, ShipmentList, Words,
    };

    /// Markup, an event handler, the end of a script, a formula, marks that turn the direction of text.
    const HOSTILE: &str = "\"'><img src=x onerror=alert(1)></script><!--=1+1\u{202e}\u{2066}\u{7}";

    fn hostile() -> Report {
        let text = || HOSTILE.to_owned();
        let table = || {
            let mut table = Table::new("t", &["text", ">number"]);
            table.note = text();
            table.row([text(), text()]);
            table.sum([text(), text()]);
            table
        };
        let bar = Bar {
            label: text(),
            detail: text(),
            value: text(),
            from: 0,
            parts: vec![("road", 1)],
            opens: Some(0),
        };
        let bars = Bars {
            title: text(),
            unit: "kg",
            form: BarsForm::Stacked,
            rows: vec![bar],
            key: Vec::new(),
            note: text(),
        };
        let series = Series {
            name: text(),
            points: vec![Some(1)],
            values: vec![text()],
        };
        let lines = Lines {
            title: text(),
            unit: "g",
            months: vec![text()],
            series: vec![series],
            note: text(),
        };
        let parts = vec![
            Part::Text(text()),
            Part::List(vec![text()]),
            Part::Table(table()),
            Part::Bars(bars),
            Part::Lines(lines),
            Part::Search,
            Part::Details {
                summary: text(),
                value: text(),
                unit: "kg",
                is_open: true,
                parts: vec![Part::Text(text())],
            },
        ];
        Report {
            title: text(),
            subtitle: text(),
            run_id: text(),
            tiles: vec![Tile {
                name: "n",
                value: text(),
                unit: "kg",
                note: text(),
            }],
            sections: vec![Section {
                id: "totals",
                title: "t",
                parts,
            }],
            workbook: vec![table()],
            shipments: ShipmentList {
                all: 1,
                id: vec![text()],
                words: vec![Words {
                    name: "w",
                    is_aside: false,
                    list: vec![text()],
                    at: vec![0],
                }],
                figures: vec![Figures {
                    name: "f",
                    unit: "kg",
                    value: vec![text()],
                }],
            },
            sheets: Sheets {
                factors: Vec::new(),
                sheets: [(text(), serde_json::json!({"shipment_id": text()}))].into(),
            },
            words: PageWords::default(),
        }
    }

    #[test]
    fn no_text_can_become_markup() {
        let page = page(&hostile()).unwrap();
        assert!(
            !page.contains("<img") && !page.contains("onerror=alert(1)>"),
            "markup came through"
        );
        assert_eq!(
            page.matches("</script>").count(),
            3,
            "a script was ended by a text"
        );
        assert!(
            page.matches("&lt;img src=x onerror=alert(1)&gt;&lt;/script&gt;")
                .count()
                >= 20
        );
        assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{7}']));
    }
}
