//! The charts of the page: CO2e by element as bars, days against CO2e with the front.

use crate::escape::html;
use crate::model::unit::{decimal_text, grouped, short_decimal_text};
use crate::present::comparison::figure::{rounded, shown};
use crate::present::comparison::html::{days, ghg, mode_key};
use crate::present::comparison::labels::placed;
use crate::present::comparison::sheet::{ElementSheet, OptionSheet, Sheet};
use crate::present::scale::Axis;
use rust_decimal::Decimal;
use std::fmt::Write;

/// An option that emits more than this many times the least one does not set the scale of the bars: by its side the others
/// would have no length. Its bar runs out of the frame, and says so.
const FAR: Decimal = Decimal::TEN;

/// CO2e of each option by element, to one scale.
pub(crate) fn bars(sheet: &Sheet) -> String {
    let totals = || sheet.options.iter().map(|o| o.ghg_total_kg);
    let least = totals().filter(|t| *t > Decimal::ZERO).min();
    let least = least.unwrap_or_default();
    let is_near = |t: &Decimal| least.checked_mul(FAR).is_none_or(|far| *t <= far);
    let full = totals().filter(is_near).max().unwrap_or(least);
    let mut options: Vec<&OptionSheet> = sheet.options.iter().collect();
    options.sort_by_key(|o| std::cmp::Reverse(o.ghg_total_kg));
    let mut out = String::from("<h2>CO2e by element</h2>\n");
    out.push_str(
        "<p class=\"screen\"><label for=\"scale\">Full width is </label><select id=\"scale\">",
    );
    for option in options {
        let value = option.ghg_total_kg;
        let chosen = if value == full { " selected" } else { "" };
        let kg = shown(value, 1);
        let _ = write!(
            out,
            "<option value=\"{value}\"{chosen}>option {}, {kg} kg</option>",
            html(&option.id)
        );
    }
    let _ = write!(
        out,
        "</select> <span class=\"quiet\">» runs beyond it</span></p>\n{}<ul class=\"bars\">\n",
        mode_key(true)
    );
    for option in &sheet.options {
        let (id, total) = (html(&option.id), option.ghg_total_kg);
        let _ = write!(
            out,
            "<li data-option=\"{id}\" data-total=\"{total}\"{}><button type=\"button\" class=\"pick\" value=\"{id}\" aria-pressed=\"false\" aria-label=\"Choose \
             option {id}\">{id}</button><span class=\"by\">{}</span><span class=\"track\"><span class=\"bar\" style=\"width:{}%\">",
            if total > full { " class=\"over\"" } else { "" },
            html(&option.modes.replace('_', " ").replace('>', " › ")),
            share(total.min(full), full)
        );
        for element in &option.elements {
            let _ = write!(
                out,
                "<i class=\"mode-{}\" style=\"width:{}%\" title=\"{}\"></i>",
                element.mode,
                share(element.ghg_total_kg.unwrap_or_default(), total),
                html(&element_title(element))
            );
        }
        let _ = writeln!(
            out,
            "</span></span><span class=\"value\">{} kg</span></li>",
            ghg(option)
        );
    }
    out.push_str("</ul>\n");
    out
}

fn element_title(element: &ElementSheet) -> String {
    let kg = element
        .ghg_total_kg
        .map_or("not known".to_owned(), |kg| shown(kg, 1));
    match element.kind {
        "hub" => format!("{} {}: {kg} kg", element.operation, element.origin),
        _ => format!(
            "{} {} - {}: {kg} kg",
            element.mode, element.origin, element.destination
        ),
    }
}

/// Part of a whole in percent with three decimals, cut.
fn share(part: Decimal, whole: Decimal) -> String {
    // Both have the same decimals.
    match (part.mantissa().max(0), whole.mantissa()) {
        (_, ..=0) => "0".to_owned(),
        (part, whole) => decimal_text(part * 100_000 / whole, 3),
    }
}

const WIDTH: i64 = 640;
const HEIGHT: i64 = 440;
const LEFT: i64 = 96;
const RIGHT: i64 = 20;
const TOP: i64 = 36;
const BOTTOM: i64 = 52;
/// Letters of the names beside the points, as in the style sheet, and the points.
const LETTERS: i64 = 14;
const RADIUS: i64 = 7;

/// Thousandths of days and of kilograms of an option, for its place in the drawing.
type Point = (i128, i128);

/// Days against CO2e, both axes logarithmic, the front as a dashed staircase. An option of which one is not known is named below.
pub(crate) fn scatter(sheet: &Sheet) -> String {
    let point = |o: &OptionSheet| {
        let days = o.hours? / Decimal::from(24);
        let kg = Some(o.ghg_total_kg).filter(|_| o.ghg_is_complete)?;
        Some((rounded(days, 3).mantissa(), rounded(kg, 3).mantissa()))
    };
    let points: Vec<(&OptionSheet, Point)> = sheet
        .options
        .iter()
        .filter_map(|o| Some((o, point(o)?)))
        .collect();
    let axis =
        |of: fn(&Point) -> i128| Axis::new(&points.iter().map(|(_, p)| of(p)).collect::<Vec<_>>());
    let (Some(across), Some(up)) = (axis(|p| p.0), axis(|p| p.1)) else {
        return String::new();
    };
    let at = |p: &Point| {
        (
            LEFT + across.at(p.0, WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up.at(p.1, HEIGHT - TOP - BOTTOM),
        )
    };
    let mut out = format!(
        "<h2>Days and CO2e</h2>\n<svg class=\"scatter\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"group\" aria-label=\"Days across, kilograms of CO2e up, both \
         on logarithmic scales\">\n"
    );
    out.push_str(&axes(&across, &up));
    out.push_str(&front(&points, &at));
    out.push_str(&dots(&points, &at));
    out.push_str(
        "</svg>\n<p class=\"quiet\">Filled: on the front, the dashed line. Left and below is better. Logarithmic scales.",
    );
    let unplaced: Vec<&str> = sheet
        .options
        .iter()
        .filter(|o| point(o).is_none())
        .map(|o| o.id.as_str())
        .collect();
    if !unplaced.is_empty() {
        let _ = write!(
            out,
            " Without a place, since days or CO2e are not known in full: {}.",
            html(&unplaced.join(", "))
        );
    }
    out.push_str("</p>\n");
    out
}

fn axes(across: &Axis, up: &Axis) -> String {
    let mut out = String::new();
    for tick in &across.ticks {
        let x = LEFT + across.at(*tick, WIDTH - LEFT - RIGHT);
        let text = grouped(&short_decimal_text(*tick, 3));
        let (top, bottom, base) = (TOP, HEIGHT - BOTTOM, HEIGHT - BOTTOM + 20);
        let _ = writeln!(
            out,
            "<path class=\"grid\" d=\"M{x} {top}V{bottom}\"/><text x=\"{x}\" y=\"{base}\" text-anchor=\"middle\">{text}</text>"
        );
    }
    for tick in &up.ticks {
        let y = HEIGHT - BOTTOM - up.at(*tick, HEIGHT - TOP - BOTTOM);
        let text = grouped(&short_decimal_text(*tick, 3));
        let (right, side, base) = (WIDTH - RIGHT, LEFT - 8, y + 5);
        let _ = writeln!(
            out,
            "<path class=\"grid\" d=\"M{LEFT} {y}H{right}\"/><text x=\"{side}\" y=\"{base}\" text-anchor=\"end\">{text}</text>"
        );
    }
    let (right, bottom, low) = (WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - 8);
    let _ = writeln!(
        out,
        "<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\
         <text x=\"{right}\" y=\"{low}\" text-anchor=\"end\">days</text><text x=\"6\" y=\"20\">kg CO2e</text>"
    );
    out
}

fn front(points: &[(&OptionSheet, Point)], at: &dyn Fn(&Point) -> (i64, i64)) -> String {
    let mut front: Vec<Point> = points
        .iter()
        .filter(|(o, _)| o.pareto == Some(true))
        .map(|(_, p)| *p)
        .collect();
    front.sort_unstable();
    let stair = |(i, p): (usize, &Point)| {
        let (x, y) = at(p);
        if i == 0 {
            format!("M{x} {y}")
        } else {
            format!("H{x}V{y}")
        }
    };
    format!(
        "<path class=\"frontline\" d=\"{}\"/>\n",
        front.iter().enumerate().map(stair).collect::<String>()
    )
}

fn dots(points: &[(&OptionSheet, Point)], at: &dyn Fn(&Point) -> (i64, i64)) -> String {
    let name =
        |o: &OptionSheet| format!("{} {}", o.id, o.modes.replace('_', " ").replace('>', " › "));
    let names: Vec<String> = points.iter().map(|(o, _)| name(o)).collect();
    let asked: Vec<((i64, i64), &str)> = points
        .iter()
        .zip(&names)
        .map(|((_, p), n)| (at(p), n.as_str()))
        .collect();
    let spots = placed(&asked, LETTERS, RADIUS, (WIDTH, HEIGHT));
    let mut out = String::new();
    for ((option, p), spot) in points.iter().zip(spots) {
        let (id, on) = (
            html(&option.id),
            if option.pareto == Some(true) {
                " on"
            } else {
                ""
            },
        );
        let (modes, days, kg) = (
            html(&option.modes.replace('_', " ").replace('>', " › ")),
            days(option),
            ghg(option),
        );
        let (x, y) = at(p);
        let _ = writeln!(
            out,
            "<g class=\"dot{on}\" data-option=\"{id}\" tabindex=\"0\" role=\"button\" aria-label=\"Option {id}, {modes}: {days} days, {kg} kg\">\
             <title>Option {id}, {modes}: {days} days, {kg} kg</title><circle cx=\"{x}\" cy=\"{y}\" r=\"{RADIUS}\"/>\
             <text class=\"name\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{id}<tspan> {modes}</tspan></text></g>",
            spot.x, spot.y, spot.anchor
        );
    }
    out
}
