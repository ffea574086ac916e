//! Corridors of a run, and one of them month by month: the table `corridors` as it is published.

use super::files::each_row;
use super::runs::{Run, id_of, no_run};
use super::said::refusal;
use super::texts::{Texts, fill};
use super::{Viewer, page};
use crate::answer::{Answer, error};
use crate::app::App;
use crate::front::Asked;
use axum::http::StatusCode;
use green_corridor::quantity::{Decimal, grouped};
use green_corridor::text::html;
use green_corridor::{Engine, Error, Result};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const COLUMNS: [&str; 9] = [
    "corridor_id",
    "period",
    "load_status",
    "shipments",
    "teu",
    "transport_activity_tkm",
    "ghg_total_kg",
    "intensity_g_per_tkm",
    "ghg_kg_per_teu",
];
/// Rows that are shown.
const MOST_ROWS: usize = 5_000;

/// A row of the table: its columns as texts.
type Row = Vec<String>;

/// The rows of a run, those of one corridor or all.
fn rows(out: &Path, id: &str, only: Option<&str>) -> Result<Vec<Row>> {
    let run = Engine::at(out).published(Some(id))?;
    let mut rows = Vec::new();
    each_row(&run, ("corridors", &COLUMNS), |row| {
        if only.is_none_or(|only| row[0] == only) {
            rows.push(row);
        }
        Ok(())
    })?;
    Ok(rows)
}

fn wrong(app: &App, fault: &Error) -> Answer {
    let (status, what) = refusal(app, fault);
    error(status, "InternalError", &what)
}

/// What is shown of a corridor in the list: exact sums over its rows.
#[derive(Default)]
struct Sum {
    months: Vec<String>,
    shipments: Decimal,
    activity: Decimal,
    kg: Decimal,
}

fn sums(rows: &[Row]) -> Result<BTreeMap<&str, Sum>> {
    let mut all: BTreeMap<&str, Sum> = BTreeMap::new();
    for row in rows {
        let number = |at: usize| {
            let number: std::result::Result<Decimal, _> = row[at].parse();
            number.map_err(|_| Error::Internal(format!("corridors: {} is no number", row[at])))
        };
        let too_large = || Error::Limit("corridors: a sum is too large".to_owned());
        let sum = all.entry(&row[0]).or_default();
        if !sum.months.contains(&row[1]) {
            sum.months.push(row[1].clone());
        }
        for (held, at) in [
            (&mut sum.shipments, 3),
            (&mut sum.activity, 5),
            (&mut sum.kg, 6),
        ] {
            *held = held.checked_add(number(at)?).ok_or_else(too_large)?;
        }
    }
    Ok(all)
}

/// `GET /runs/{id}/corridors`.
pub(crate) fn corridors(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let found = match rows(&app.out, &run.id, None) {
        Ok(found) => found,
        Err(fault) => return wrong(app, &fault),
    };
    let sums = match sums(&found) {
        Ok(sums) => sums,
        Err(fault) => return wrong(app, &fault),
    };
    let texts = Texts::for_(asked);
    let say = |key: &str| html(texts.say(key));
    let base = format!("{}/runs/{}", html(asked.prefix()), html(&run.id));
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|(a, x), (b, y)| (y.kg, a).cmp(&(x.kg, b)));
    let mut body = String::new();
    for (id, sum) in sums.iter().take(MOST_ROWS) {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("id", id)
            .finish();
        let _ = write!(
            body,
            "<tr><td class=\"left\"><a href=\"{base}/corridor?{}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            html(&query),
            html(id),
            sum.months.len(),
            grouped(&sum.shipments.to_string()),
            grouped(&sum.activity.to_string()),
            grouped(&sum.kg.to_string())
        );
    }
    let head = |key: &str| format!("<th scope=\"col\">{}</th>", say(key));
    let body = format!(
        "<h1>{0}</h1><p><a href=\"{base}\">{1}</a></p><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{2}</caption><thead><tr><th scope=\"col\" class=\"left\">{3}</th>{4}{5}{6}{7}</tr></thead><tbody>{body}</tbody></table></div>",
        say("corridors"),
        html(&fill(texts.say("run_title"), &[("id", &run.id)])),
        say("corridors_caption"),
        say("head_corridor"),
        head("head_months"),
        head("head_shipments"),
        head("head_activity"),
        head("head_kg")
    );
    page(asked, Some((app, viewer)), texts.say("corridors"), &body)
}

/// `GET /runs/{id}/corridor?id=`: a corridor month by month.
pub(crate) fn corridor(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let mut all = form_urlencoded::parse(asked.query.as_bytes());
    let wanted = all.find(|(key, _)| key == "id").map(|(_, value)| value);
    let wanted = wanted.unwrap_or_default();
    let found = match rows(&app.out, &run.id, Some(&wanted)) {
        Ok(found) => found,
        Err(fault) => return wrong(app, &fault),
    };
    if found.is_empty() {
        let what = "there is no such corridor in this run";
        return error(StatusCode::NOT_FOUND, "NotFound", what);
    }
    let texts = Texts::for_(asked);
    let say = |key: &str| html(texts.say(key));
    let most = found.iter().filter_map(|row| row[6].parse().ok()).max();
    let most: Decimal = most.unwrap_or_default();
    let mut body = String::new();
    for row in found.iter().take(MOST_ROWS) {
        let month = row[1].get(..7).unwrap_or(&row[1]);
        let load = texts.find(&format!("load_{}", row[2])).unwrap_or(&row[2]);
        let _ = write!(
            body,
            "<tr><td class=\"left\">{}</td><td class=\"left\">{}</td>",
            html(month),
            html(load)
        );
        for cell in &row[3..] {
            let _ = write!(body, "<td>{}</td>", html(&grouped(cell)));
        }
        let _ = write!(
            body,
            "<td><meter min=\"0\" max=\"{}\" value=\"{}\" aria-hidden=\"true\"></meter></td></tr>",
            html(&most.to_string()),
            html(&row[6])
        );
    }
    let mut head = String::new();
    for (key, class) in [
        ("head_month", " class=\"left\""),
        ("head_load", " class=\"left\""),
        ("head_shipments", ""),
        ("head_teu", ""),
        ("head_activity", ""),
        ("head_kg", ""),
        ("head_intensity", ""),
        ("head_per_teu", ""),
    ] {
        let _ = write!(head, "<th scope=\"col\"{class}>{}</th>", say(key));
    }
    let title = fill(texts.say("corridor_title"), &[("id", &wanted)]);
    let body = format!(
        "<h1>{0}</h1><p><a href=\"{1}/runs/{2}/corridors\">{3}</a></p><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{4}\"><table><caption>{4}</caption><thead><tr>{head}<td></td></tr></thead><tbody>{body}</tbody></table></div>",
        html(&title),
        html(asked.prefix()),
        html(&run.id),
        say("corridors"),
        say("corridor_caption")
    );
    page(asked, Some((app, viewer)), &title, &body)
}
