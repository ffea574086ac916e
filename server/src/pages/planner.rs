//! The planner: a form, and the answers of the code behind `compare` as a page, JSON and CSV.

use super::question::{self, Change, question};
use super::said::{self, refusal};
use super::texts::{Language, Texts};
use super::{HTML, Viewer, engine_page, page};
use crate::answer::{Answer, error, json, with};
use crate::app::{App, Places};
use crate::front::Asked;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue};
use green_corridor::places::Atlas;
use green_corridor::process::Console;
use green_corridor::routing::{Changes, Comparison, Routes, Sources};
use green_corridor::text::html;
use green_corridor::{Engine, Level, Result};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest text that places are looked for by.
const MOST_TEXT: usize = 100;
/// Suggestions for a place.
const SUGGESTED: usize = 8;
/// Questions that wait for a free core.
const MOST_WAITING: usize = 64;
/// Worlds of what-ifs that are kept, those of the last ones.
const MOST_CHANGED: usize = 6;

/// What questions are asked of, loaded once.
pub(crate) struct Planner {
    routes: Routes,
    atlas: Atlas,
    places: Places,
    changed: Mutex<Vec<(Change, Arc<Changes>)>>,
}

impl Planner {
    pub(crate) fn open(sources: Sources, console: &Console) -> Result<Planner> {
        let warn = |what: &str| console.message(Level::Warning, what);
        let atlas = Atlas::read(sources.reference.as_deref(), &sources.locations)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Planner {
            routes: Engine::compare(sources, &warn)?,
            atlas,
            places: Places::new(cores, MOST_WAITING),
            changed: Mutex::default(),
        })
    }

    /// The options, after the changes that are asked for if there are any.
    fn answer(&self, asked: &question::Asked, with_map: bool) -> Result<Comparison> {
        let places = (asked.from.as_str(), asked.to.as_str());
        match self.changes(&asked.change)? {
            None => self.routes.compare(&asked.question, places, with_map),
            Some(changes) => {
                let question = &asked.question;
                self.routes
                    .compare_under(&changes, question, places, with_map)
            }
        }
    }

    /// The world of a what-if, made if it is none of the last ones.
    fn changes(&self, change: &Change) -> Result<Option<Arc<Changes>>> {
        let Some(file) = change.scenario() else {
            return Ok(None);
        };
        let mut held = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = held.iter().position(|(known, _)| known == change) {
            let found = held.remove(at);
            held.push(found);
            return Ok(held.last().map(|(_, changes)| Arc::clone(changes)));
        }
        drop(held);
        let made = Arc::new(self.routes.changes_in(&file)?);
        let mut held = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST_CHANGED {
            held.remove(0);
        }
        held.push((change.clone(), Arc::clone(&made)));
        Ok(Some(made))
    }
}

/// In which form an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Page,
    Json,
    Csv,
}

/// `GET /compare.html`, `/compare.json`, `/compare.csv`.
pub(crate) async fn compare(app: Arc<App>, asked: Arc<Asked>, form: Form) -> Answer {
    let refused = |status: StatusCode, what: &str| match form {
        Form::Page => refused_page(&asked, status, what),
        Form::Json | Form::Csv => error(status, "BadRequest", what),
    };
    let question = match question(&asked.query) {
        Ok(question) => question,
        Err(what) => return refused(StatusCode::BAD_REQUEST, &what),
    };
    let work = {
        let app = Arc::clone(&app);
        move || -> Result<Answer> {
            let found = app.planner.answer(&question, form == Form::Page)?;
            let mut answer = match form {
                Form::Page => return Ok(engine_page(found.page())),
                Form::Json => json(StatusCode::OK, found.json(true)? + "\n"),
                Form::Csv => {
                    let text = found.csv_header() + &found.csv_rows();
                    with(StatusCode::OK, "text/csv; charset=utf-8", text)
                }
            };
            let name = HeaderValue::from_static(match form {
                Form::Csv => "attachment; filename=\"options.csv\"",
                Form::Page | Form::Json => "inline",
            });
            answer.headers_mut().insert(CONTENT_DISPOSITION, name);
            Ok(answer)
        }
    };
    match app.beside(&app.planner.places, work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(fault)) => {
            let (status, what) = refusal(&app, &fault);
            refused(status, &what)
        }
        Err(busy) => {
            let what = busy.extensions().get::<crate::answer::Said>();
            let what = what.map(|said| said.0.clone()).unwrap_or_default();
            refused(busy.status(), &what)
        }
    }
}

/// `GET /scenario.toml`: what a question changes, for `compare --scenario`.
pub(crate) fn scenario(asked: &Asked) -> Answer {
    let refused = |status, what: &str| error(status, "BadRequest", what);
    let file = match question(&asked.query) {
        Ok(question) => question.change.scenario(),
        Err(what) => return refused(StatusCode::BAD_REQUEST, &what),
    };
    let Some(file) = file else {
        return refused(StatusCode::NOT_FOUND, "this question changes nothing");
    };
    let mut answer = with(
        StatusCode::OK,
        "application/toml; charset=utf-8",
        file.bytes,
    );
    let name = HeaderValue::from_static("attachment; filename=\"what-if.toml\"");
    answer.headers_mut().insert(CONTENT_DISPOSITION, name);
    answer
}

/// What stands in the place of options, for a person and for the script of the planner.
fn refused_page(asked: &Asked, status: StatusCode, what: &str) -> Answer {
    let texts = Texts::for_(asked);
    let text = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">\n\
         <title>{}</title>\n<p data-refused role=\"alert\">{}</p>\n</html>\n",
        html(texts.say("lang")),
        html(texts.say("error_400")),
        html(&said::for_people(texts, what))
    );
    let mut answer = engine_page(text);
    *answer.status_mut() = status;
    answer
}

/// `GET /places.json?q=`.
pub(crate) async fn places(app: Arc<App>, asked: Arc<Asked>) -> Answer {
    let mut all = form_urlencoded::parse(asked.query.as_bytes());
    let text = all
        .find(|(key, _)| key == "q")
        .map(|(_, value)| value.trim().to_owned());
    let text = text
        .filter(|text| text.len() <= MOST_TEXT)
        .unwrap_or_default();
    if text.is_empty() {
        return json(StatusCode::OK, "[]");
    }
    let work = {
        let app = Arc::clone(&app);
        move || {
            let found = app.planner.atlas.find(&text, SUGGESTED);
            let one = |place: &green_corridor::places::FoundPlace| {
                serde_json::json!({
                    "code": place.code.to_string(),
                    "name": place.name,
                    "country": place.code.country().to_string(),
                    "subdivision": place.subdivision,
                    "kinds": place.kinds,
                })
            };
            Value::from(found.iter().map(one).collect::<Vec<_>>()).to_string()
        }
    };
    match app.beside(&app.planner.places, work).await {
        Ok(found) => json(StatusCode::OK, found),
        Err(busy) => busy,
    }
}

/// `GET /`.
pub(crate) fn planner_page(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let texts = Texts::of(Language::of(asked));
    let words = serde_json::json!(texts.of_the_script()).to_string();
    // Each place once: what is filled in is not looked through.
    let mut body = String::new();
    let mut rest = include_str!("planner.html");
    while let Some((before, behind)) = rest.split_once('{') {
        body += before;
        let (key, after) = behind.split_once('}').unwrap_or((behind, ""));
        body += &match key {
            "prefix" => html(asked.prefix()),
            "words" => html(&words),
            key => html(texts.say(key)),
        };
        rest = after;
    }
    body += rest;
    let mut answer = page(
        asked,
        Some((app, viewer)),
        texts.say("planner_title"),
        &body,
    );
    answer.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        HeaderValue::from_static(HTML),
    );
    answer
}
