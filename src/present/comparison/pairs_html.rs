//! The answers to many pairs as one self-contained page: a row per pair, and below a section for each with its options, costs as ranges
//! and what stands behind them. No script, and no address is fetched; every text from outside is escaped.

use crate::escape::html;
use crate::model::unit::decimal_text;
use crate::present::comparison::cost_html::{cost_of, ranges};
use crate::present::comparison::figure::shown;
use crate::present::comparison::html::{
    STYLE, asked, before_and_after, days, ghg, mode_key, mode_words, name_of, place_names,
    places_of, scenario,
};
use crate::present::comparison::sheet::{OptionSheet, ScenarioSheet, Sheet};
use crate::present::scale::Axis;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What the page says of one pair.
#[derive(Clone, Debug)]
pub struct PairPart {
    title: String,
    codes: String,
    asked: String,
    scenario: Option<ScenarioSheet>,
    /// CO2e of its options, least and most, as far as they are known in full.
    ghg: Option<(Decimal, Decimal)>,
    /// Cells of the row behind those of the bar, and the section below.
    cells: String,
    body: String,
    assumptions: Vec<String>,
    sources: Vec<String>,
}

impl PairPart {
    /// Of an answer.
    pub fn new(sheet: &Sheet) -> PairPart {
        let names = place_names(sheet);
        let request = &sheet.request;
        let end = |code| html(name_of(&names, code));
        let totals = || {
            sheet
                .options
                .iter()
                .filter(|o| o.ghg_is_complete)
                .map(|o| o.ghg_total_kg)
        };
        let source = |s: &crate::present::comparison::sheet::SourceSheet| {
            format!(
                "{}: {}, {}. {}. {}",
                s.edition, s.title, s.publisher, s.licence, s.url
            )
        };
        PairPart {
            title: format!("{} → {}", end(&request.from), end(&request.to)),
            codes: format!("{} – {}", html(&request.from), html(&request.to)),
            asked: asked(request),
            scenario: sheet.scenario.clone(),
            ghg: totals().min().zip(totals().max()),
            cells: cells(sheet),
            body: body(sheet, &names),
            assumptions: sheet.assumptions.clone(),
            sources: sheet.sources.iter().map(source).collect(),
        }
    }

    /// Of a pair without an answer.
    pub fn no_answer(from: &str, to: &str, why: &str) -> PairPart {
        PairPart {
            title: format!("{} → {}", html(from), html(to)),
            codes: String::new(),
            asked: String::new(),
            scenario: None,
            ghg: None,
            cells: format!(
                "<td class=\"left wrap\" colspan=\"4\">no answer: {}</td>",
                html(why)
            ),
            body: String::new(),
            assumptions: Vec::new(),
            sources: Vec::new(),
        }
    }
}

/// The page of these pairs, in their order.
pub fn pairs_page(parts: &[PairPart]) -> String {
    let answered = parts.iter().filter(|p| !p.body.is_empty());
    let title = match parts.len() {
        1 => "Route options of one pair".to_owned(),
        count => format!("Route options of {count} pairs"),
    };
    let first = answered.clone().next();
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1 id=\"top\">{title}</h1>\n{}{}</header>\n",
        first.map_or("", |part| &part.asked),
        scenario(first.and_then(|part| part.scenario.as_ref()))
    );
    out.push_str(&index(parts));
    for (number, part) in parts
        .iter()
        .enumerate()
        .filter(|(_, part)| !part.body.is_empty())
    {
        let _ = write!(
            out,
            "<section id=\"pair-{0}\">\n<h2>{0}. {1}</h2>\n<p class=\"quiet\">{2} · <a href=\"#top\">all pairs</a></p>\n{3}</section>\n",
            number + 1,
            part.title,
            part.codes,
            part.body
        );
    }
    let lists = [
        (
            "Assumptions",
            answered
                .clone()
                .flat_map(|p| &p.assumptions)
                .collect::<Vec<_>>(),
        ),
        ("Sources", answered.flat_map(|p| &p.sources).collect()),
    ];
    for (name, lines) in lists {
        let _ = write!(out, "<h2>{name}</h2>\n<ul>\n");
        let mut told: Vec<&String> = Vec::new();
        for line in lines {
            if !told.contains(&line) {
                told.push(line);
                let _ = writeln!(out, "<li>{}</li>", html(line));
            }
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// A row for each pair, CO2e of its options as a bar from the least to the most on one logarithmic scale.
fn index(parts: &[PairPart]) -> String {
    let ends = parts
        .iter()
        .filter_map(|p| p.ghg)
        .flat_map(|(low, high)| [low, high]);
    let ends: Vec<i128> = ends.map(|kg| kg.mantissa()).filter(|kg| *kg > 0).collect();
    let axis = Axis::new(&ends);
    let mut out = format!(
        "{}<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Pairs\"><table id=\"pairs\"><thead><tr><th></th><th class=\"left\">pair</th>\
         <th class=\"left\">first option</th><th>days</th><th>kg CO2e</th><th>cost</th><th class=\"left bar-of\">kg CO2e of all options</th></tr></thead><tbody>\n",
        mode_key(false)
    );
    for (number, part) in parts.iter().enumerate() {
        let pair = match part.body.is_empty() {
            true => format!("<b>{}</b>", part.title),
            false => format!(
                "<a href=\"#pair-{}\"><b>{}</b></a><br><span class=\"quiet\">{}</span>",
                number + 1,
                part.title,
                part.codes
            ),
        };
        let bar = part.ghg.zip(axis.as_ref()).map_or(String::new(), |((low, high), axis)| {
            let at = |kg: Decimal| axis.at(kg.mantissa().max(1), 100_000).clamp(0, 100_000);
            let percent = |thousandths: i64| decimal_text(thousandths.into(), 3);
            format!(
                "<span class=\"track\"><i class=\"span\" style=\"margin-left:{}%;width:{}%\"></i></span><small>{} to {}</small>",
                percent(at(low)),
                percent(at(high) - at(low)),
                shown(low, 1),
                shown(high, 1)
            )
        });
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"left wrap\">{pair}</td>{}<td class=\"left bar-of\">{bar}</td></tr>",
            number + 1,
            part.cells
        );
    }
    out.push_str(
        "</tbody></table></div>\n<p class=\"quiet\">The bars run from the least to the most CO2e of the options shown, on one logarithmic scale; ~ holds estimated times; \
         + or later, as nobody publishes when or how often it departs; level: a range of what such freight cost, no offer.</p>\n",
    );
    out
}

/// The cells of the first option.
fn cells(sheet: &Sheet) -> String {
    let Some(first) = sheet.options.first() else {
        return "<td colspan=\"4\"></td>".to_owned();
    };
    format!(
        "<td class=\"left wrap\">{}<br><small>of {}</small></td><td class=\"key-figure\">{}</td><td class=\"key-figure\">{}</td><td>{}</td>",
        mode_words(&first.modes),
        match sheet.options.len() {
            1 => "one option".to_owned(),
            count => format!("{count} options"),
        },
        days(first),
        ghg(first),
        cost_of(first)
    )
}

fn body(sheet: &Sheet, names: &BTreeMap<&str, &str>) -> String {
    let mut out = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Options\"><table><thead><tr><th></th><th class=\"left\">modes and places</th>\
         <th>days</th><th class=\"left\">ready</th><th class=\"left\">there</th><th>kg CO2e</th><th>km</th><th>cost</th></tr></thead><tbody>\n",
    );
    for option in &sheet.options {
        out.push_str(&option_row(option, names));
    }
    let _ = write!(
        out,
        "</tbody></table></div>\n<p class=\"quiet\">In order of {}.</p>\n",
        html(&sheet.order)
    );
    let ranges = ranges(sheet);
    if !ranges.is_empty() {
        let _ = write!(out, "<h3>Cost</h3>\n{ranges}");
    }
    out.push_str(
        &before_and_after(sheet, names)
            .replace("<h2>", "<h3>")
            .replace("</h2>", "</h3>"),
    );
    out.push_str("<details><summary>Elements and sources</summary>\n<ul>\n");
    for option in &sheet.options {
        let legs = option
            .elements
            .iter()
            .filter(|e| e.kind == "transport")
            .map(|e| {
                let service = match e.service.as_str() {
                    "" => "no service known",
                    service => service,
                };
                format!(
                    "{} {} – {}, {} to {}, {service}; {}",
                    e.mode.replace('_', " "),
                    e.origin,
                    e.destination,
                    e.departs.text(),
                    e.arrives.text(),
                    e.source_ref
                )
            });
        let legs: Vec<String> = legs.collect();
        let _ = writeln!(
            out,
            "<li><b>{}</b> {}</li>",
            html(&option.id),
            html(&legs.join(" | "))
        );
    }
    out.push_str("</ul>\n</details>\n");
    out
}

fn option_row(option: &OptionSheet, names: &BTreeMap<&str, &str>) -> String {
    let is_front = option.pareto == Some(true);
    format!(
        "<tr{}><td>{}</td><td class=\"left wrap\"><b>{}</b> {}<br>{}<br><span class=\"quiet\">{}</span></td><td class=\"key-figure\">{}</td>\
         <td class=\"left\">{}</td><td class=\"left\">{}</td><td class=\"key-figure\">{}</td><td>{}</td><td>{}</td></tr>\n",
        if is_front { " class=\"front\"" } else { "" },
        html(&option.id),
        mode_words(&option.modes),
        if is_front {
            "<span class=\"badge\">front</span>"
        } else {
            ""
        },
        places_of(&option.places, names),
        html(&option.standing),
        days(option),
        html(&option.ready),
        html(&option.arrives.text()),
        ghg(option),
        shown(option.distance_km, 0),
        cost_of(option)
    )
}
