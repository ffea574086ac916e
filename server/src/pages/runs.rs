//! Published runs: the list with totals and what they differ by, a run with the ways to its report, its calculation sheets and its files.

use super::files::{exported, listed};
use super::texts::{Texts, fill};
use super::{Viewer, page};
use crate::answer::{Answer, error};
use crate::app::App;
use crate::front::Asked;
use axum::http::StatusCode;
use green_corridor::quantity::{Decimal, grouped};
use green_corridor::text::html;
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Largest manifest that is shown.
const MOST_MANIFEST: u64 = 64 << 20;
/// Largest note of the last attempt.
const MOST_STATUS: u64 = 1 << 20;

/// A run, from its manifest.
pub(super) struct Run {
    pub(super) id: String,
    pub(super) manifest: Value,
    published: Option<SystemTime>,
}

impl Run {
    pub(super) fn open(out: &Path, id: &str) -> Option<Run> {
        let is_id = id.len() == 20 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let path = out.join("runs").join(id).join("manifest.json");
        let data = fs::metadata(&path)
            .ok()
            .filter(|data| is_id && data.len() <= MOST_MANIFEST)?;
        Some(Run {
            id: id.to_owned(),
            manifest: serde_json::from_slice(&fs::read(&path).ok()?).ok()?,
            published: data.modified().ok(),
        })
    }

    /// All of an output root, the newest first.
    fn all(out: &Path) -> Vec<Run> {
        let folders = fs::read_dir(out.join("runs"))
            .into_iter()
            .flatten()
            .flatten();
        let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
        let mut runs: Vec<Run> = names.filter_map(|id| Run::open(out, &id)).collect();
        runs.sort_by(|a, b| (b.published, &b.id).cmp(&(a.published, &a.id)));
        runs
    }

    /// Columns that it carries.
    pub(super) fn carried(&self) -> Vec<&str> {
        let carried = self.manifest["plan"]["carry"].as_object();
        let mut all: Vec<&str> = carried
            .into_iter()
            .flatten()
            .map(|(name, _)| &**name)
            .collect();
        all.sort_unstable();
        all
    }

    fn total(&self) -> &str {
        self.manifest["totals"]["shipments"]["ghg_total_kg"]
            .as_str()
            .unwrap_or_default()
    }

    fn count(&self, name: &str) -> String {
        grouped(&self.manifest["counts"][name].to_string())
    }

    fn published_at(&self) -> String {
        let since = self
            .published
            .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let seconds = since.and_then(|since| i64::try_from(since.as_secs()).ok());
        let at = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        at.map_or(String::new(), |at| at.to_string())
    }
}

/// What a total differs by from the one before, exactly.
fn change(now: &str, before: &str) -> Option<String> {
    let (now, before): (Decimal, Decimal) = (now.parse().ok()?, before.parse().ok()?);
    let difference = now.checked_sub(before)?;
    let text = grouped(&difference.abs().to_string());
    Some(match difference {
        d if d.is_zero() => "0".to_owned(),
        d if d.is_sign_negative() => format!("−{text}"),
        _ => format!("+{text}"),
    })
}

/// `GET /runs`.
pub(crate) fn runs(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let texts = Texts::for_(asked);
    let say = |key: &str| html(texts.say(key));
    let current = fs::read_to_string(app.out.join("CURRENT")).unwrap_or_default();
    let all = Run::all(&app.out);
    let mut rows = String::new();
    for (place, run) in all.iter().enumerate() {
        let before = all
            .get(place + 1)
            .and_then(|before| change(run.total(), before.total()));
        let state = match run.id == current.trim() {
            true => "state_current",
            false => "state_kept",
        };
        let _ = write!(
            rows,
            "<tr><td class=\"left\"><a href=\"{}/runs/{1}\">{1}</a></td><td class=\"left\">{6}</td><td class=\"left\">{2}</td><td>{3}</td><td>{4}</td><td>{5}</td><td>{7}</td></tr>",
            html(asked.prefix()),
            html(&run.id),
            html(&run.published_at()),
            run.count("shipments"),
            run.count("rejected"),
            html(&grouped(run.total())),
            say(state),
            html(&before.unwrap_or_default())
        );
    }
    let path = app.out.join("status.json");
    let is_small = fs::metadata(&path).is_ok_and(|data| data.len() <= MOST_STATUS);
    let status = is_small.then(|| fs::read(&path).ok()).flatten();
    let status: Value = status
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let word = |name: &str| status[name].as_str().unwrap_or_default();
    // Its message may name places of this machine.
    let filled = ["state", "kind", "ended"].map(|name| (name, word(name)));
    let last = format!("<p>{}</p>", html(&fill(texts.say("runs_last"), &filled)));
    let head = |key: &str, class: &str| format!("<th scope=\"col\"{class}>{}</th>", say(key));
    let left = " class=\"left\"";
    let table = match rows.is_empty() {
        true => format!("<p>{}</p>", say("runs_none")),
        false => format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption><thead><tr>{1}{2}{3}{4}{5}{6}{7}</tr></thead><tbody>{rows}</tbody></table></div>",
            say("runs_caption"),
            head("head_run", left),
            head("head_state", left),
            head("head_published", left),
            head("head_shipments", ""),
            head("head_rejected", ""),
            head("head_kg", ""),
            head("head_change", "")
        ),
    };
    let title = texts.say("runs_title");
    let body = format!("<h1>{}</h1>{last}{table}", html(title));
    page(asked, Some((app, viewer)), title, &body)
}

pub(super) fn no_run() -> Answer {
    error(StatusCode::NOT_FOUND, "NotFound", "there is no such run")
}

/// The id in `/runs/{id}/...`.
pub(super) fn id_of(asked: &Asked) -> &str {
    asked.path.split('/').nth(2).unwrap_or_default()
}

/// `GET /runs/{id}`.
pub(crate) fn run(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let texts = Texts::for_(asked);
    let say = |key: &str| html(texts.say(key));
    let base = format!("{}/runs/{}", html(asked.prefix()), html(&run.id));
    let heading = fill(texts.say("run_title"), &[("id", &run.id)]);
    let body = format!(
        "<h1>{heading}</h1><p class=\"quiet\">{at}</p>{totals}\
         <h2>{report}</h2><p><a href=\"{base}/report.html\">{report_page}</a>, <a href=\"{base}/report.xlsx\" download>{report_workbook}</a></p>{slices}\
         <h2>{corridors}</h2><p><a href=\"{base}/corridors\">{corridors_link}</a></p>\
         <h2>{sheet}</h2><form method=\"get\" action=\"{base}/shipment\" class=\"line\"><label>{shipment} <input name=\"id\" required></label> <button>{show}</button></form>\
         <h2>{exports}</h2>{exported}<h2>{tables}</h2><ul>{files}</ul>",
        heading = html(&heading),
        at = html(&run.published_at()),
        totals = totals(&run, texts),
        report = say("report"),
        report_page = say("report_page"),
        report_workbook = say("report_workbook"),
        slices = slices(&run, texts, &base),
        corridors = say("corridors"),
        corridors_link = say("corridors_link"),
        sheet = say("sheet_title"),
        shipment = say("shipment"),
        show = say("show"),
        exports = say("exports"),
        exported = exports(app, &run, texts, &base),
        tables = say("tables"),
        files = tables(&run, texts, &base),
    );
    page(asked, Some((app, viewer)), &heading, &body)
}

fn totals(run: &Run, texts: &Texts) -> String {
    let manifest = &run.manifest;
    let totals = &manifest["totals"]["shipments"];
    let mut facts = String::new();
    let total = |name: &str| grouped(totals[name].as_str().unwrap_or_default());
    let text = |name: &str| manifest[name].as_str().unwrap_or_default();
    let revision = manifest["method_revision"].to_string();
    let method = [("method", text("method")), ("revision", &revision)];
    for (key, value) in [
        ("total_ghg", total("ghg_total_kg")),
        ("total_operation", total("ghg_operation_kg")),
        ("total_provision", total("ghg_provision_kg")),
        ("total_activity", total("transport_activity_tkm")),
        ("total_shipments", run.count("shipments")),
        ("total_elements", run.count("elements")),
        ("total_rows", run.count("rows_in")),
        ("total_rejected", run.count("rejected")),
        ("total_profile", text("profile").to_owned()),
        ("total_method", fill(texts.say("method"), &method)),
    ] {
        let _ = write!(
            facts,
            "<tr><th scope=\"row\" class=\"left\">{}</th><td>{}</td></tr>",
            html(texts.say(key)),
            html(&value)
        );
    }
    let codes = manifest["counts"]["rejected_by_code"].as_object();
    let codes: Vec<String> = codes
        .into_iter()
        .flatten()
        .map(|(code, n)| format!("{code} {n}"))
        .collect();
    let codes = match codes.is_empty() {
        true => texts.say("none").to_owned(),
        false => codes.join(", "),
    };
    format!(
        "<div class=\"scroll\"><table><caption>{}</caption><tbody>{facts}</tbody></table></div><p>{}</p>",
        html(texts.say("run_totals")),
        html(&fill(texts.say("rejected_codes"), &[("codes", &codes)]))
    )
}

/// The form for a slice of a run that carries columns.
fn slices(run: &Run, texts: &Texts, base: &str) -> String {
    let carried = run.carried();
    if carried.is_empty() {
        return String::new();
    }
    let one = |name: &&str| format!("<option>{}</option>", html(name));
    let options: String = carried.iter().map(one).collect();
    format!(
        "<h3>{}</h3><form method=\"get\" action=\"{base}/slice\" class=\"line\"><label>{} <select name=\"column\">{options}</select></label> \
         <label>{} <input name=\"value\"></label> <button>{}</button> <button name=\"format\" value=\"xlsx\">XLSX</button></form>",
        html(texts.say("slices")),
        html(texts.say("slice_form")),
        html(texts.say("slice_value")),
        html(texts.say("show"))
    )
}

fn size(texts: &Texts, bytes: u64) -> String {
    let bytes = grouped(&bytes.to_string());
    let told = fill(texts.say("bytes"), &[("bytes", &bytes)]);
    format!("<span class=\"quiet\">{}</span>", html(&told))
}

fn exports(app: &App, run: &Run, texts: &Texts, base: &str) -> String {
    let mut out = String::new();
    for export in exported(app, &run.id) {
        let kind = export.which.folder();
        let key = format!("export_{}", kind.replace('-', "_"));
        let key = if kind == "pact-3" {
            "export_pact"
        } else {
            key.as_str()
        };
        let _ = write!(out, "<h3>{}</h3><ul>", html(texts.say(key)));
        for (name, bytes) in &export.files {
            let _ = write!(
                out,
                "<li><a href=\"{base}/exports/{kind}/{0}\" download>{0}</a> {1}</li>",
                html(name),
                size(texts, *bytes)
            );
        }
        out += "</ul>";
    }
    match out.is_empty() {
        true => format!("<p>{}</p>", html(texts.say("exports_none"))),
        false => out,
    }
}

fn tables(run: &Run, texts: &Texts, base: &str) -> String {
    let mut out = String::new();
    for name in super::files::CSV_TABLES {
        let _ = write!(
            out,
            "<li><a href=\"{base}/tables/{name}.csv\" download>{name}.csv</a> <span class=\"quiet\">{}</span></li>",
            html(texts.say("table_csv"))
        );
    }
    for (path, bytes) in listed(&run.manifest) {
        let _ = write!(
            out,
            "<li><a href=\"{base}/files/{0}\" download>{0}</a> {1}</li>",
            html(path),
            size(texts, bytes)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_exact() {
        let told = |now, before| change(now, before).expect("a change");
        assert_eq!(
            told("15570056.442712594", "15570056.442712593"),
            "+0.000000001"
        );
        assert_eq!(told("1000.0", "12345.5"), "−11 345.5");
        assert_eq!(told("2.50", "2.5"), "0");
        assert_eq!(change("", "1"), None);
    }
}
