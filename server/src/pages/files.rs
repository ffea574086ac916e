//! Files of a run, as they are or as CSV, and of its finished exports.

use super::Viewer;
use super::runs::{Run, id_of, no_run};
use super::said::refusal;
use crate::answer::{Answer, error, with};
use crate::app::App;
use crate::exports::{Which, read_at};
use crate::front::Asked;
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, HeaderValue};
use green_corridor::quantity::instant_text;
use green_corridor::runs::PublishedRun;
use green_corridor::text::csv_cell;
use green_corridor::{Engine, Error, Result};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use serde_json::Value;
use std::fs::{self, File};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, channel};

/// Bytes of a file that are under way at once.
const PIECE: usize = 256 << 10;
/// Tables that are written as CSV, and their rows at most: longer ones are there as Parquet.
pub(super) const CSV_TABLES: [&str; 4] = ["corridors", "corridor_sections", "factors", "shipments"];
const MOST_ROWS: usize = 100_000;

/// Tables among the files of a manifest, with their sizes.
pub(super) fn listed(manifest: &Value) -> impl Iterator<Item = (&str, u64)> {
    let files = manifest["files"].as_array().into_iter().flatten();
    let files = files.filter_map(|file| Some((file["path"].as_str()?, file["bytes"].as_u64()?)));
    files.filter(|(path, _)| path.ends_with(".parquet") && !path.contains(".."))
}

fn no_file() -> Answer {
    error(StatusCode::NOT_FOUND, "NotFound", "there is no such file")
}

/// `GET /runs/{id}/files/...`: a table, piece by piece.
pub(crate) fn file(app: &App, asked: &Asked, _: &Viewer) -> Answer {
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
        return no_file();
    };
    let name = format!("{}-{}", run.id, path.replace('/', "-"));
    sent(app, (file, bytes), "application/vnd.apache.parquet", &name)
}

/// A file as it is.
fn sent(app: &App, (file, bytes): (File, u64), kind: &'static str, name: &str) -> Answer {
    let reading = app.files.working();
    let body = Body::new(StreamBody::new(pieces(file, bytes, reading)));
    let mut answer = with(StatusCode::OK, kind, body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    attached(&mut answer, name);
    answer
}

/// Has a browser keep an answer under a name.
pub(super) fn attached(answer: &mut Answer, name: &str) {
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
}

/// A finished export of a run.
pub(super) struct Exported {
    pub(super) which: Which,
    /// Names and sizes of its files.
    pub(super) files: Vec<(String, u64)>,
}

/// The finished exports of a run.
pub(super) fn exported(app: &App, id: &str) -> Vec<Exported> {
    let one = |which: Which| {
        let folder = app.exports.finished(which, id)?;
        let entries = fs::read_dir(folder).ok()?.flatten();
        let mut files: Vec<(String, u64)> = entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                let is_document = name.ends_with(".json") || name.ends_with(".ndjson");
                let data = entry.metadata().ok()?;
                (data.is_file() && is_document && name.chars().all(is_plain))
                    .then_some((name, data.len()))
            })
            .collect();
        files.sort();
        Some(Exported { which, files })
    };
    Which::ALL.into_iter().filter_map(one).collect()
}

/// `GET /runs/{id}/exports/{kind}/{file}`.
pub(crate) fn export(app: &App, asked: &Asked, _: &Viewer) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let mut parts = asked.path.split('/').skip(4);
    let (kind, wanted) = (parts.next().unwrap_or_default(), parts.next());
    let export = exported(app, &run.id);
    let export = export.iter().find(|one| one.which.folder() == kind);
    let found = export.and_then(|export| {
        let (name, _) = (export.files.iter()).find(|(name, _)| Some(&**name) == wanted)?;
        let folder = app.exports.finished(export.which, &run.id)?;
        let file = File::open(folder.join(name)).ok()?;
        let bytes = file.metadata().ok()?.len();
        Some((name, bytes, file))
    });
    let Some((name, bytes, file)) = found else {
        return no_file();
    };
    let is_lines = name.ends_with(".ndjson");
    let form = if is_lines {
        "application/x-ndjson"
    } else {
        "application/json"
    };
    let name = format!("{}-{kind}-{name}", run.id);
    sent(app, (file, bytes), form, &name)
}

/// `GET /runs/{id}/tables/{name}.csv`.
pub(crate) fn table_csv(app: &App, asked: &Asked, _: &Viewer) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let wanted = asked.path.rsplit('/').next().unwrap_or_default();
    let table = wanted.strip_suffix(".csv").unwrap_or_default();
    let Some(table) = CSV_TABLES.into_iter().find(|known| *known == table) else {
        return no_file();
    };
    let published = Engine::at(&app.out).published(Some(&run.id));
    match published.and_then(|published| csv(&published, table)) {
        Ok(text) => {
            let mut answer = with(StatusCode::OK, "text/csv; charset=utf-8", text);
            attached(&mut answer, &format!("{}-{wanted}", run.id));
            answer
        }
        Err(fault) => {
            let (status, what) = refusal(app, &fault);
            error(status, "BadRequest", &what)
        }
    }
}

/// A column of a batch as texts.
enum Column<'b> {
    /// Arrow tells no time of a named zone.
    Times(&'b PrimitiveArray<TimestampMicrosecondType>),
    Others(ArrayFormatter<'b>),
}

impl<'b> Column<'b> {
    fn of(
        column: &'b ArrayRef,
        options: &FormatOptions<'b>,
    ) -> std::result::Result<Column<'b>, ArrowError> {
        match column.as_primitive_opt::<TimestampMicrosecondType>() {
            Some(times) => Ok(Column::Times(times)),
            None => ArrayFormatter::try_new(column, options).map(Column::Others),
        }
    }

    fn text(&self, row: usize) -> std::result::Result<String, ArrowError> {
        match self {
            Column::Times(times) if times.is_null(row) => Ok(String::new()),
            Column::Times(times) => Ok(instant_text(times.value(row))),
            Column::Others(others) => others.value(row).try_to_string(),
        }
    }
}

/// Hands over the rows of a table, their columns as texts.
pub(super) fn each_row(
    run: &PublishedRun,
    (table, columns): (&str, &[&str]),
    mut take: impl FnMut(Vec<String>) -> Result<()>,
) -> Result<()> {
    let options = FormatOptions::default();
    let fault = |e: ArrowError| Error::Internal(format!("{table}: {e}"));
    for batch in run.batches(table, columns)? {
        let batch = batch?;
        let columns = batch.columns().iter();
        let columns = columns.map(|column| Column::of(column, &options));
        let columns: std::result::Result<Vec<_>, _> = columns.collect();
        let columns = columns.map_err(fault)?;
        for at in 0..batch.num_rows() {
            let row = columns.iter().map(|column| column.text(at));
            let row: std::result::Result<Vec<_>, _> = row.collect();
            take(row.map_err(fault)?)?;
        }
    }
    Ok(())
}

fn csv(run: &PublishedRun, table: &str) -> Result<String> {
    let schema = run.columns(table)?;
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let names: Vec<&str> = names.collect();
    let mut out = names.join(",") + "\n";
    let mut rows = 0;
    each_row(run, (table, &names), |row| {
        rows += 1;
        if rows > MOST_ROWS {
            let what = "rows: take the Parquet file";
            return Err(Error::Limit(format!(
                "{table}: more than {MOST_ROWS} {what}"
            )));
        }
        let cells: Vec<String> = row.iter().map(|text| csv_cell(text)).collect();
        out += &cells.join(",");
        out.push('\n');
        Ok(())
    })?;
    Ok(out)
}

/// Pieces of a file, of which a few are in memory.
struct Pieces(Receiver<std::result::Result<Frame<Bytes>, std::io::Error>>);

fn pieces(file: File, bytes: u64, reading: Arc<Semaphore>) -> Pieces {
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
            // A disk that hangs keeps no thread from others.
            let Ok(place) = Arc::clone(&reading).acquire_owned().await else {
                return;
            };
            let file = Arc::clone(&file);
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; length];
                let read = read_at(&file, at, &mut piece);
                drop(place);
                read.map(|()| Frame::data(Bytes::from(piece)))
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
