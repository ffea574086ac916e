//! Charts as markup of our own: bars are rows of a list with a small SVG each, so that their words stay text at any width;
//! lines over months are one SVG.
//!
//! Lengths are per mille with two decimals of the longest bar, cut; the value beside a bar is the figure.

use crate::escape::html;
use crate::model::unit::{decimal_text, div_half_even, grouped, short_decimal_text};
use crate::present::form::{Bar, Bars, BarsForm, Lines};
use crate::present::scale::Axis;
use std::fmt::Write;

/// Width of a bar's own coordinates.
const FULL: i128 = 1000;

/// A decimal with its whole digits in groups of three and its decimals in small; read as text it is the decimal itself.
pub(crate) fn figure(decimal: &str) -> String {
    let (sign, digits) = decimal
        .strip_prefix('-')
        .map_or(("", decimal), |digits| ("-", digits));
    let (whole, decimals) = digits
        .split_once('.')
        .map_or((digits, None), |(whole, decimals)| (whole, Some(decimals)));
    if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return html(decimal);
    }
    let first = (whole.len() - 1) % 3 + 1;
    let mut out = format!("<span class=\"n\">{sign}{}", &whole[..first]);
    for group in whole.as_bytes()[first..].chunks(3) {
        let _ = write!(out, "<i>{}</i>", String::from_utf8_lossy(group));
    }
    if let Some(decimals) = decimals {
        let _ = write!(out, "<small>.{}</small>", html(decimals));
    }
    out + "</span>"
}

fn length(part: i128, most: i128) -> String {
    if most <= 0 {
        "0".to_owned()
    } else {
        decimal_text(part.max(0) * FULL * 100 / most, 2)
    }
}

/// A bar chart.
pub(crate) fn bars(chart: &Bars) -> String {
    let end = |bar: &Bar| {
        bar.from
            + bar
                .parts
                .iter()
                .map(|(_, amount)| amount.max(&0))
                .sum::<i128>()
    };
    let most = chart.rows.iter().map(end).max().unwrap_or(0);
    let form = match chart.form {
        BarsForm::Stacked => "stacked",
        BarsForm::Waterfall => "waterfall",
        BarsForm::Strip => "strip",
    };
    let mut out = format!(
        "<figure class=\"chart {form}\"><figcaption>{}, {}</figcaption>\n",
        html(&chart.title),
        html(chart.unit)
    );
    if !chart.key.is_empty() {
        out.push_str("<ul class=\"key\">");
        for (class, word) in &chart.key {
            let _ = write!(out, "<li><b class=\"{class}\"></b>{}</li>", html(word));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("<ol>\n");
    for bar in &chart.rows {
        let label = match bar.opens {
            None => html(&bar.label),
            Some(at) => format!(
                "<button type=\"button\" class=\"open\" data-at=\"{at}\">{}</button>",
                html(&bar.label)
            ),
        };
        let class = bar.parts.first().map_or("", |(class, _)| class);
        let detail = if bar.detail.is_empty() {
            String::new()
        } else {
            format!("<small>{}</small>", html(&bar.detail))
        };
        let _ = write!(
            out,
            "<li class=\"{class}\"><span class=\"label\">{label}{detail}</span><svg viewBox=\"0 0 {FULL} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
        );
        let mut from = bar.from;
        for (class, amount) in bar.parts.iter().filter(|(_, amount)| *amount > 0) {
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{}\" width=\"{}\" height=\"10\"/>",
                length(from, most),
                length(*amount, most)
            );
            from += amount;
        }
        let _ = writeln!(
            out,
            "</svg><span class=\"value\">{}</span></li>",
            figure(&bar.value)
        );
    }
    out.push_str("</ol>\n");
    out.push_str(&note(&chart.note));
    out + "</figure>\n"
}

fn note(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("<p class=\"quiet\">{}</p>\n", html(text))
    }
}

const WIDTH: i128 = 720;
const HEIGHT: i128 = 260;
const LEFT: i128 = 64;
const RIGHT: i128 = 16;
const TOP: i128 = 14;
const BOTTOM: i128 = 34;

/// Greatest over least value from which on the lines stand on a logarithmic scale: below it they would lie on each other.
const WIDE: i128 = 15;

/// The scale of values: its marks with their texts, and where a value stands, from 0 at the bottom to `HEIGHT` of the drawing.
struct Scale {
    marks: Vec<i128>,
    logarithmic: Option<Axis>,
    top: i128,
}

impl Scale {
    fn new(values: &[i128]) -> Scale {
        let most = values.iter().copied().max().unwrap_or(0).max(1);
        let least = values
            .iter()
            .copied()
            .filter(|v| *v > 0)
            .min()
            .unwrap_or(most);
        if most / least >= WIDE
            && values.iter().all(|v| *v > 0)
            && let Some(axis) = Axis::new(values)
        {
            return Scale {
                marks: axis.ticks.clone(),
                logarithmic: Some(axis),
                top: most,
            };
        }
        let step = step(most);
        let top = (most + step - 1) / step * step;
        Scale {
            marks: (0..=top / step).map(|mark| mark * step).collect(),
            logarithmic: None,
            top,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a length within the page")]
    fn y(&self, value: i128) -> i128 {
        let length = HEIGHT - TOP - BOTTOM;
        HEIGHT
            - BOTTOM
            - match &self.logarithmic {
                Some(axis) => i128::from(axis.at(value, length as i64)),
                None => div_half_even(value * length, self.top),
            }
    }
}

/// Lines over months: from 0 up, or on a logarithmic scale where they are far apart.
pub(crate) fn lines(chart: &Lines) -> String {
    let values: Vec<i128> = chart
        .series
        .iter()
        .flat_map(|s| &s.points)
        .flatten()
        .copied()
        .collect();
    let scale = Scale::new(&values);
    let gaps = (chart.months.len() as i128 - 1).max(1);
    // A single month stands in the middle.
    let inset = if chart.months.len() == 1 {
        (WIDTH - LEFT - RIGHT) / 2
    } else {
        0
    };
    let x = |at: usize| LEFT + inset + (at as i128 * (WIDTH - LEFT - RIGHT)) / gaps;
    let logarithmic = if scale.logarithmic.is_some() {
        ", logarithmic scale"
    } else {
        ""
    };
    let mut out = format!(
        "<figure class=\"chart lines\"><figcaption>{0}, {1}{logarithmic}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}; the values stand in the table below\">\n",
        html(&chart.title),
        html(chart.unit)
    );
    for mark in &scale.marks {
        let at = scale.y(*mark);
        let text = grouped(&short_decimal_text(*mark, 6));
        let _ = writeln!(
            out,
            "<path class=\"grid\" d=\"M{LEFT} {at}H{}\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{text}</text>",
            WIDTH - RIGHT,
            LEFT - 8,
            at + 5
        );
    }
    let every = chart.months.len().div_ceil(8).max(1);
    for (at, month) in chart
        .months
        .iter()
        .enumerate()
        .filter(|(at, _)| at % every == 0)
    {
        // The first has room on its left, beside the marks; the last would be cut off.
        let anchor = if at + 1 == chart.months.len() && inset == 0 {
            "end"
        } else {
            "middle"
        };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            x(at),
            HEIGHT - 10,
            html(month)
        );
    }
    for (number, series) in chart.series.iter().enumerate() {
        let points: Vec<(usize, i128)> = series
            .points
            .iter()
            .enumerate()
            .filter_map(|(at, v)| v.map(|v| (at, v)))
            .collect();
        // A month without data is a gap: the line begins again behind it.
        let mut way = String::new();
        let mut before = None;
        for (at, value) in &points {
            let is_next = before.is_some_and(|before: usize| before + 1 == *at);
            let step = if is_next { 'L' } else { 'M' };
            let _ = write!(way, "{step}{} {}", x(*at), scale.y(*value));
            before = Some(*at);
        }
        let _ = write!(out, "<g class=\"line s{number}\"><path d=\"{way}\"/>");
        for (at, value) in points {
            let title = html(&format!(
                "{}, {}: {} {}",
                series.name, chart.months[at], series.values[at], chart.unit
            ));
            let _ = write!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"4\"><title>{title}</title></circle>",
                x(at),
                scale.y(value)
            );
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n<ul class=\"key\">");
    for (number, series) in chart.series.iter().enumerate() {
        let _ = write!(
            out,
            "<li><b class=\"s{number}\"></b>{}</li>",
            html(&series.name)
        );
    }
    out.push_str("</ul>\n");
    out.push_str(&note(&chart.note));
    out + "</figure>\n"
}

/// Distance of the marks of an axis that ends near `most` millionths: 1, 2 or 5 times a power of ten.
fn step(most: i128) -> i128 {
    let mut steps = (0..30).flat_map(|power| [1, 2, 5].map(|n| n * 10i128.pow(power)));
    steps.find(|step| most / step <= 5).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_reads_as_the_decimal_that_it_shows() {
        let text = |html: &str| {
            let mut is_tag = false;
            html.chars()
                .filter(|c| {
                    is_tag = *c == '<' || is_tag && *c != '>';
                    !is_tag && *c != '>'
                })
                .collect::<String>()
        };
        for decimal in [
            "0.000000000",
            "1234567.890",
            "-12345",
            "999",
            "1000",
            "",
            "n/a",
            "100000000000000000000.5",
        ] {
            assert_eq!(text(&figure(decimal)), decimal);
        }
        assert_eq!(
            figure("1234.5"),
            "<span class=\"n\">1<i>234</i><small>.5</small></span>"
        );
        assert_eq!(figure("<b>"), "&lt;b&gt;");
    }

    #[test]
    fn marks_of_an_axis_are_round_and_few() {
        for (most, wanted) in [
            (19_466_163, 5_000_000),
            (1, 1),
            (640_000, 200_000),
            (1_105_966_079, 200_000_000),
        ] {
            assert_eq!(step(most), wanted, "{most}");
        }
    }

    #[test]
    fn values_far_apart_stand_on_a_logarithmic_scale() {
        let near = Scale::new(&[20_000_000, 50_000_000]);
        assert_eq!((near.marks.first(), near.y(0)), (Some(&0), HEIGHT - BOTTOM));
        let far = Scale::new(&[20_000_000, 1_100_000_000]);
        assert_eq!(
            (far.marks.first(), far.y(20_000_000)),
            (Some(&20_000_000), HEIGHT - BOTTOM)
        );
        assert!(far.y(200_000_000) < far.y(50_000_000) && far.y(1_100_000_000) >= TOP);
        // Of nothing there is no logarithm.
        assert!(Scale::new(&[0, 1_000_000_000]).logarithmic.is_none());
    }

    #[test]
    fn bars_of_one_chart_share_one_scale() {
        let bar = |from, amount| Bar {
            from,
            parts: vec![("road", amount)],
            value: "1".to_owned(),
            ..Bar::default()
        };
        let rows = vec![bar(0, 30), bar(30, 10)];
        let chart = Bars {
            title: "<t>".to_owned(),
            unit: "kg",
            form: BarsForm::Waterfall,
            rows,
            key: Vec::new(),
            note: String::new(),
        };
        let out = bars(&chart);
        assert!(
            out.contains("x=\"0.00\" width=\"750.00\"")
                && out.contains("x=\"750.00\" width=\"250.00\""),
            "{out}"
        );
        assert!(out.contains("&lt;t&gt;") && !out.contains("<t>"));
    }
}
