//! The report of a run, and of those of its shipments that carry a value, as a page and as a workbook.

use super::engine_page;
use super::files::attached;
use super::runs::{Run, id_of, no_run};
use super::said::refusal;
use crate::answer::{Answer, error, with};
use crate::app::App;
use crate::front::Asked;
use axum::http::StatusCode;
use green_corridor::runs::Slice;
use green_corridor::{Engine, Error, Result};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Mutex as Turn;

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Longest value of a slice.
const MOST_TEXT: usize = 256;

/// A page and a workbook.
type Report = Arc<(String, Vec<u8>)>;

/// The report that was made last: it takes as long as its run is large.
#[derive(Default)]
pub(crate) struct Reports {
    last: Mutex<Option<((String, String), Report)>>,
    making: Turn<()>,
}

/// The report of a run or a slice of it, made if it is not the one that was made last.
async fn report(app: &App, id: &str, slice: Slice) -> std::result::Result<Report, Answer> {
    let key = (id.to_owned(), slice.text());
    let held = || {
        let last = app.reports.last.lock();
        let last = last.unwrap_or_else(PoisonError::into_inner);
        let found = last.as_ref().filter(|(of, _)| *of == key);
        found.map(|(_, report)| Arc::clone(report))
    };
    // One is made at a time; who waits for the same one finds it then.
    let _making = app.reports.making.lock().await;
    if let Some(report) = held() {
        return Ok(report);
    }
    let made = app.beside(&app.runs, {
        let (out, id) = (app.out.clone(), id.to_owned());
        move || -> Result<Report> {
            let engine = Engine::at(&out).sliced(slice, None);
            let report = engine.report(Some(&id))?;
            let text = green_corridor::runs::page(&report);
            let text = text.map_err(|e| Error::Internal(format!("cannot make the page: {e}")))?;
            let book = green_corridor::runs::workbook(&report);
            let book =
                book.map_err(|e| Error::Internal(format!("cannot make the workbook: {e}")))?;
            Ok(Arc::new((text, book)))
        }
    });
    match made.await? {
        Ok(report) => {
            let last = app.reports.last.lock();
            *last.unwrap_or_else(PoisonError::into_inner) = Some((key, Arc::clone(&report)));
            Ok(report)
        }
        Err(fault) => {
            let (status, what) = refusal(app, &fault);
            let code = if status.is_client_error() {
                "BadRequest"
            } else {
                "InternalError"
            };
            Err(error(status, code, &what))
        }
    }
}

/// The run of an address, read beside the connections.
async fn run_of(app: &Arc<App>, asked: &Asked) -> std::result::Result<Run, Answer> {
    let (held, id) = (Arc::clone(app), id_of(asked).to_owned());
    let found = app.beside(&app.runs, move || Run::open(&held.out, &id));
    found.await?.ok_or_else(no_run)
}

async fn shown(
    app: Arc<App>,
    asked: Arc<Asked>,
    as_workbook: bool,
    slice: Slice,
) -> std::result::Result<Answer, Answer> {
    let run = run_of(&app, &asked).await?;
    let report = report(&app, &run.id, slice).await?;
    if !as_workbook {
        return Ok(engine_page(report.0.clone()));
    }
    let mut answer = with(StatusCode::OK, WORKBOOK, report.1.clone());
    attached(&mut answer, &format!("{}.xlsx", run.id));
    Ok(answer)
}

/// `GET /runs/{id}/report.html`.
pub(crate) async fn report_page(app: Arc<App>, asked: Arc<Asked>) -> Answer {
    let shown = shown(app, asked, false, Slice::default()).await;
    shown.unwrap_or_else(|refused| refused)
}

/// `GET /runs/{id}/report.xlsx`.
pub(crate) async fn report_workbook(app: Arc<App>, asked: Arc<Asked>) -> Answer {
    let shown = shown(app, asked, true, Slice::default()).await;
    shown.unwrap_or_else(|refused| refused)
}

/// `GET /runs/{id}/slice?column=&value=`: the report of the shipments that carry a value; with `format=xlsx` as a workbook.
pub(crate) async fn slice(app: Arc<App>, asked: Arc<Asked>) -> Answer {
    let field = |name: &str| {
        let mut all = form_urlencoded::parse(asked.query.as_bytes());
        all.find(|(key, _)| key == name)
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let (column, value, format) = (field("column"), field("value"), field("format"));
    if column.is_empty() || column.len() > MOST_TEXT || value.len() > MOST_TEXT {
        let what = "expected a column that the run carries, and a value";
        return error(StatusCode::BAD_REQUEST, "BadRequest", what);
    }
    let slice = Slice::new(&[(column, value)], None);
    let shown = shown(app, asked, format == "xlsx", slice).await;
    shown.unwrap_or_else(|refused| refused)
}
