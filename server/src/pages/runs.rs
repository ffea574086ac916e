//! Published runs: the list with totals and what they differ by, a run with its report, its calculation sheets and its files.

use super::{HTML, Viewer, engine_page, html, page, refusal};
use crate::answer::{Answer, error, json, with};
use crate::app::App;
use crate::exports::read_at;
use crate::front::Asked;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, HeaderValue};
use green_corridor::quantity::{Decimal, grouped};
use green_corridor::sheet::{Fact, Sheet};
use green_corridor::{Engine, Error, Result};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use serde_json::Value;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;
use tokio::sync::Mutex as AsyncMutex;
use tokio::sync::mpsc::{Receiver, channel};

/// Largest manifest that is shown.
const MOST_MANIFEST: u64 = 64 << 20;
/// Bytes of a file that are under way at once.
const PIECE: usize = 256 << 10;

/// A page and a workbook.
type Report = Arc<(String, Vec<u8>)>;

/// The report that was made last: it takes as long as its run is large.
#[derive(Default)]
pub(crate) struct Reports {
    last: Mutex<Option<(String, Report)>>,
    making: AsyncMutex<()>,
}

/// A run, from its manifest.
struct Run {
    id: String,
    manifest: Value,
    published: Option<SystemTime>,
}

impl Run {
    fn open(out: &Path, id: &str) -> Option<Run> {
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
    let current = fs::read_to_string(app.out.join("CURRENT")).unwrap_or_default();
    let all = Run::all(&app.out);
    let mut rows = String::new();
    for (place, run) in all.iter().enumerate() {
        let before = all
            .get(place + 1)
            .and_then(|before| change(run.total(), before.total()));
        let state = if run.id == current.trim() {
            "current"
        } else {
            "kept"
        };
        let _ = write!(
            rows,
            "<tr><td class=\"left\"><a href=\"{}/runs/{1}\">{1}</a></td><td class=\"left\">{state}</td><td class=\"left\">{2}</td><td>{3}</td><td>{4}</td><td>{5}</td><td>{6}</td></tr>",
            html(asked.prefix()),
            html(&run.id),
            html(&run.published_at()),
            run.count("shipments"),
            run.count("rejected"),
            html(&grouped(run.total())),
            html(&before.unwrap_or_default())
        );
    }
    let status = fs::read(app.out.join("status.json")).ok();
    let status: Value = status
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let word = |name: &str| html(status[name].as_str().unwrap_or_default());
    // Its message may name places of this machine.
    let last = format!(
        "<p>Last attempt: {} {}, ended {}.</p>",
        word("state"),
        word("kind"),
        word("ended")
    );
    let table = match rows.is_empty() {
        true => "<p>No run is published here yet.</p>".to_owned(),
        false => format!(
            "<div class=\"scroll\"><table><caption>Published runs, the newest first</caption><thead><tr><th scope=\"col\" class=\"left\">Run</th><th scope=\"col\" class=\"left\">State</th>\
             <th scope=\"col\" class=\"left\">Published</th><th scope=\"col\">Shipments</th><th scope=\"col\">Rejected rows</th><th scope=\"col\">kg CO2e</th><th scope=\"col\">Change to the one before</th></tr></thead><tbody>{rows}</tbody></table></div>"
        ),
    };
    page(
        asked,
        Some((app, viewer)),
        "Runs",
        &format!("<h1>Runs</h1>{last}{table}"),
    )
}

fn no_run() -> Answer {
    error(StatusCode::NOT_FOUND, "NotFound", "there is no such run")
}

/// The id in `/runs/{id}/...`.
fn id_of(asked: &Asked) -> &str {
    asked.path.split('/').nth(2).unwrap_or_default()
}

/// `GET /runs/{id}`.
pub(crate) fn run(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let base = format!("{}/runs/{}", html(asked.prefix()), html(&run.id));
    let manifest = &run.manifest;
    let totals = &manifest["totals"]["shipments"];
    let mut facts = String::new();
    let total = |name: &str| grouped(totals[name].as_str().unwrap_or_default());
    for (name, value) in [
        ("kg CO2e, well to wheel", total("ghg_total_kg")),
        ("of it operation", total("ghg_operation_kg")),
        ("of it energy provision", total("ghg_provision_kg")),
        ("tonne-kilometres", total("transport_activity_tkm")),
        ("shipments", run.count("shipments")),
        ("elements", run.count("elements")),
        ("rows read", run.count("rows_in")),
        ("rows rejected", run.count("rejected")),
        (
            "profile",
            manifest["profile"].as_str().unwrap_or_default().to_owned(),
        ),
        (
            "method",
            format!(
                "{}, revision {}",
                manifest["method"].as_str().unwrap_or_default(),
                manifest["method_revision"]
            ),
        ),
    ] {
        let _ = write!(
            facts,
            "<tr><th scope=\"row\" class=\"left\">{name}</th><td>{}</td></tr>",
            html(&value)
        );
    }
    let codes = manifest["counts"]["rejected_by_code"].as_object();
    let codes: Vec<String> = codes
        .into_iter()
        .flatten()
        .map(|(code, n)| format!("{} {n}", html(code)))
        .collect();
    let mut files = String::new();
    for (path, bytes) in listed(manifest) {
        let _ = write!(
            files,
            "<li><a href=\"{base}/files/{0}\" download>{0}</a> <span class=\"quiet\">{1} bytes</span></li>",
            html(path),
            grouped(&bytes.to_string())
        );
    }
    let body = format!(
        "<h1>Run {id}</h1><p class=\"quiet\">{at}</p><div class=\"scroll\"><table><caption>Totals</caption><tbody>{facts}</tbody></table></div><p>Rejected by code: {codes}</p>\
         <h2>Report</h2><p><a href=\"{base}/report.html\">Report as a page</a>, <a href=\"{base}/report.xlsx\" download>as a workbook</a></p>\
         <h2>Calculation sheet of a shipment</h2><form method=\"get\" action=\"{base}/shipment\"><label>Shipment <input name=\"id\" required></label> <button>Show</button></form>\
         <h2>Tables</h2><ul>{files}</ul>",
        id = html(&run.id),
        at = html(&run.published_at()),
        codes = if codes.is_empty() {
            "none".to_owned()
        } else {
            codes.join(", ")
        },
    );
    page(
        asked,
        Some((app, viewer)),
        &format!("Run {}", run.id),
        &body,
    )
}

/// Tables among the files of a manifest, with their sizes.
fn listed(manifest: &Value) -> impl Iterator<Item = (&str, u64)> {
    let files = manifest["files"].as_array().into_iter().flatten();
    let files = files.filter_map(|file| Some((file["path"].as_str()?, file["bytes"].as_u64()?)));
    files.filter(|(path, _)| path.ends_with(".parquet") && !path.contains(".."))
}

/// `GET /runs/{id}/files/...`: a table, piece by piece.
pub(crate) fn file(app: &App, asked: &Asked) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let wanted = asked
        .path
        .split_once("/files/")
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    let found = listed(&run.manifest).find(|(path, _)| *path == wanted);
    let file = found.and_then(|(path, bytes)| {
        let file = File::open(app.out.join("runs").join(&run.id).join(path)).ok()?;
        (file.metadata().ok()?.len() == bytes).then_some((path, bytes, file))
    });
    let Some((path, bytes, file)) = file else {
        return error(StatusCode::NOT_FOUND, "NotFound", "there is no such table");
    };
    let mut answer = with(
        StatusCode::OK,
        "application/vnd.apache.parquet",
        Body::new(StreamBody::new(pieces(file, bytes))),
    );
    let headers = answer.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    let name = format!(
        "attachment; filename=\"{}-{}\"",
        run.id,
        path.replace('/', "-")
    );
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    answer
}

/// Pieces of a file, of which a few are in memory.
struct Pieces(Receiver<std::result::Result<Frame<Bytes>, std::io::Error>>);

fn pieces(file: File, bytes: u64) -> Pieces {
    let (send, receive) = channel(2);
    let file = Arc::new(file);
    // Whoever reads slowly keeps no thread: each piece is read when there is room for it.
    tokio::spawn(async move {
        let mut at = 0;
        while at < bytes {
            let Ok(room) = send.reserve().await else {
                return;
            };
            let length = usize::try_from(bytes - at).unwrap_or(PIECE).min(PIECE);
            let file = Arc::clone(&file);
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; length];
                read_at(&file, at, &mut piece).map(|()| Frame::data(Bytes::from(piece)))
            });
            let read = read
                .await
                .unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into()));
            at += length as u64;
            let is_over = read.is_err();
            room.send(read);
            if is_over {
                return;
            }
        }
    });
    Pieces(receive)
}

impl futures_core::Stream for Pieces {
    type Item = std::result::Result<Frame<Bytes>, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// The report of a run, made if it is not the one that was made last.
async fn report(app: &Arc<App>, id: &str) -> std::result::Result<Report, Answer> {
    let held = |app: &App| {
        let last = app
            .reports
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .filter(|(of, _)| of == id)
            .map(|(_, report)| Arc::clone(report))
    };
    // One is made at a time; who waits for the same one finds it then.
    let _making = app.reports.making.lock().await;
    if let Some(report) = held(app) {
        return Ok(report);
    }
    let made = tokio::task::spawn_blocking({
        let (out, id) = (app.out.clone(), id.to_owned());
        move || -> Result<Report> {
            let report = Engine::at(&out).report(Some(&id))?;
            let text = green_corridor::runs::page(&report);
            let text = text.map_err(|e| Error::Internal(format!("cannot make the page: {e}")))?;
            let book = green_corridor::runs::workbook(&report);
            let book =
                book.map_err(|e| Error::Internal(format!("cannot make the workbook: {e}")))?;
            Ok(Arc::new((text, book)))
        }
    });
    match made.await {
        Ok(Ok(report)) => {
            let mut last = app
                .reports
                .last
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *last = Some((id.to_owned(), Arc::clone(&report)));
            Ok(report)
        }
        Ok(Err(fault)) => {
            let (status, what) = refusal(app, &fault);
            Err(error(status, "InternalError", &what))
        }
        Err(_) => Err(error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "internal fault",
        )),
    }
}

/// `GET /runs/{id}/report.html`.
pub(crate) async fn report_page(app: Arc<App>, asked: Arc<Asked>) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(&asked)) else {
        return no_run();
    };
    match report(&app, &run.id).await {
        Ok(report) => engine_page(report.0.clone()),
        Err(answer) => answer,
    }
}

/// `GET /runs/{id}/report.xlsx`.
pub(crate) async fn report_workbook(app: Arc<App>, asked: Arc<Asked>) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(&asked)) else {
        return no_run();
    };
    match report(&app, &run.id).await {
        Ok(report) => {
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            let mut answer = with(StatusCode::OK, kind, report.1.clone());
            let name = HeaderValue::from_str(&format!("attachment; filename=\"{}.xlsx\"", run.id));
            if let Ok(name) = name {
                answer.headers_mut().insert(CONTENT_DISPOSITION, name);
            }
            answer
        }
        Err(answer) => answer,
    }
}

/// `GET /runs/{id}/shipment?id=`: the calculation sheet, as a page or with `format=json` as data.
pub(crate) fn shipment(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let field = |name: &str| {
        let mut all = form_urlencoded::parse(asked.query.as_bytes());
        all.find(|(key, _)| key == name)
            .map(|(_, value)| value.trim().to_owned())
    };
    let wanted = field("id").unwrap_or_default();
    let sheet = match Engine::at(&app.out).explain(&wanted, Some(&run.id)) {
        Ok(sheet) => sheet,
        // The message names the folder of the run.
        Err(fault) if fault.kind() == green_corridor::ErrorKind::Usage => {
            return error(
                StatusCode::NOT_FOUND,
                "NotFound",
                "there is no such shipment in this run",
            );
        }
        Err(fault) => {
            let (status, what) = refusal(app, &fault);
            return error(status, "InternalError", &what);
        }
    };
    if field("format").as_deref() == Some("json") {
        return match serde_json::to_string_pretty(&sheet) {
            Ok(text) => json(StatusCode::OK, text + "\n"),
            Err(_) => error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "internal fault",
            ),
        };
    }
    let title = format!("Shipment {}", sheet.shipment_id);
    let mut answer = page(
        asked,
        Some((app, viewer)),
        &title,
        &sheet_body(asked, &sheet),
    );
    answer.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        HeaderValue::from_static(HTML),
    );
    answer
}

fn sheet_body(asked: &Asked, sheet: &Sheet) -> String {
    let mut out = format!(
        "<h1>Shipment {}</h1><p><a href=\"{}/runs/{2}\">Run {2}</a>, profile {3}, {4}</p>",
        html(&sheet.shipment_id),
        html(asked.prefix()),
        html(&sheet.run_id),
        html(&sheet.profile),
        html(&sheet.method)
    );
    out += &facts("Shipment", &sheet.shipment);
    out += &facts("Sums of the elements", &sheet.sums);
    for element in &sheet.elements {
        let place = match element.kind {
            "hub" => html(&element.origin),
            _ => format!("{} – {}", html(&element.origin), html(&element.destination)),
        };
        let _ = write!(
            out,
            "<h2>{} {} {place}: {} kg CO2e</h2><p class=\"quiet\">{} {}</p>",
            element.element,
            html(element.mode),
            grouped(&element.ghg_total_kg),
            html(&element.container_id),
            html(&element.operation)
        );
        out += &facts("Record", &element.record);
        out += &facts("Inputs", &element.inputs);
        let mut rows = String::new();
        for step in &element.steps {
            let _ = write!(
                rows,
                "<tr><th scope=\"row\" class=\"left\">{}</th><td class=\"left wrap\">{}</td><td>{}</td><td class=\"left wrap\">{}</td></tr>",
                html(step.name),
                html(&step.formula),
                html(&step.result),
                html(&step.rule)
            );
        }
        let _ = write!(
            out,
            "<div class=\"scroll\"><table><caption>Calculation with factor {}</caption><tbody>{rows}</tbody></table></div>",
            html(&element.factor.id)
        );
        for flag in &element.flags {
            let _ = write!(
                out,
                "<p><b>{}</b> {}</p>",
                html(&flag.code),
                html(flag.title)
            );
        }
    }
    for row in &sheet.rejected {
        let _ = write!(
            out,
            "<p>Rejected: {} {}:{} {}</p>",
            html(&row.code),
            html(&row.file),
            row.row,
            html(&row.column)
        );
    }
    out
}

fn facts(caption: &str, facts: &[Fact]) -> String {
    let mut rows = String::new();
    for fact in facts {
        let _ = write!(
            rows,
            "<tr><th scope=\"row\" class=\"left\">{}</th><td>{}</td><td class=\"left wrap\">{}</td></tr>",
            html(fact.name),
            html(&fact.value),
            html(&fact.how)
        );
    }
    format!(
        "<div class=\"scroll\"><table><caption>{caption}</caption><tbody>{rows}</tbody></table></div>"
    )
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
