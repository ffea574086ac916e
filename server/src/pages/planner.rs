//! The planner: a form, and the answers of the code behind `compare` as a page, JSON and CSV.

use super::{HTML, Viewer, engine_page, html, page, refusal};
use crate::answer::{Answer, error, json, with};
use crate::app::App;
use crate::front::Asked;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue};
use green_corridor::places::Atlas;
use green_corridor::process::Console;
use green_corridor::routing::{Objective, Question, Routes, Sources};
use green_corridor::{Engine, Level, Result};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Longest text of a field, and places of a list.
const MOST_TEXT: usize = 100;
const MOST_LISTED: usize = 16;
const MOST_OPTIONS: usize = 100;
/// Suggestions for a place.
const SUGGESTED: usize = 8;
/// Questions that wait for a free core.
const MOST_WAITING: usize = 64;

/// What questions are asked of, loaded once.
pub(crate) struct Planner {
    routes: Routes,
    atlas: Atlas,
    cores: Semaphore,
    queue: Semaphore,
}

impl Planner {
    pub(crate) fn open(sources: Sources, console: &Console) -> Result<Planner> {
        let warn = |what: &str| console.message(Level::Warning, what);
        let atlas = Atlas::read(sources.reference.as_deref(), &sources.locations)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Planner {
            routes: Engine::compare(sources, &warn)?,
            atlas,
            cores: Semaphore::new(cores),
            queue: Semaphore::new(MOST_WAITING),
        })
    }
}

/// In which form an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Page,
    Json,
    Csv,
}

/// A question in the words of a query, and the places that it is about.
fn question(query: &str) -> std::result::Result<(Question, String, String), String> {
    let mut asked = Question {
        container: "45G1".to_owned(),
        options: 10,
        ..Question::default()
    };
    let (mut from, mut to) = (String::new(), String::new());
    let list = |value: &str| -> std::result::Result<Vec<String>, String> {
        let all: Vec<String> = value
            .split(',')
            .map(|one| one.trim().to_owned())
            .filter(|one| !one.is_empty())
            .collect();
        match all.len() > MOST_LISTED {
            true => Err(format!("at most {MOST_LISTED} of a kind")),
            false => Ok(all),
        }
    };
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.trim().to_owned();
        // An empty field of the form is one that was not filled in.
        if value.is_empty() {
            continue;
        }
        if value.len()
            > MOST_TEXT
                * if matches!(&*key, "via" | "avoid") {
                    MOST_LISTED
                } else {
                    1
                }
        {
            return Err(format!("{}: too long", key.escape_debug()));
        }
        match &*key {
            "from" => from = value,
            "to" => to = value,
            "cargo_kg" => asked.cargo_kg = Some(value),
            "container" => asked.container = value,
            "refrigerated" => asked.refrigerated = value == "1",
            "depart" => asked.depart = Some(value),
            "via" => asked.via = list(&value)?,
            "avoid" => asked.avoid = list(&value)?,
            "modes" => asked.modes = list(&value)?,
            "max_days" => asked.max_days = Some(value),
            "carbon_price" => asked.carbon_price = Some(value),
            "currency" => asked.currency = Some(value),
            "options" => {
                let number = value
                    .parse()
                    .ok()
                    .filter(|n| (1..=MOST_OPTIONS).contains(n));
                asked.options = number
                    .ok_or_else(|| format!("options: expected a number up to {MOST_OPTIONS}"))?;
            }
            "objective" => {
                let known = Objective::LIST.into_iter().find(|o| o.code() == value);
                asked.objective = known.ok_or("objective: expected co2e, days or cost")?;
            }
            other => {
                return Err(format!(
                    "there is no field {}",
                    other.chars().take(30).collect::<String>().escape_debug()
                ));
            }
        }
    }
    if asked.carbon_price.is_some() && asked.currency.is_none() {
        return Err("carbon_price: expected a currency beside it".to_owned());
    }
    match from.is_empty() || to.is_empty() {
        true => Err("expected from and to".to_owned()),
        false => Ok((asked, from, to)),
    }
}

/// `GET /compare.html`, `/compare.json`, `/compare.csv`.
pub(crate) async fn compare(app: Arc<App>, asked: Arc<Asked>, form: Form) -> Answer {
    let refused = |status: StatusCode, what: &str| match form {
        Form::Page => refused_page(status, what),
        Form::Json | Form::Csv => error(status, "BadRequest", what),
    };
    let (question, from, to) = match question(&asked.query) {
        Ok(asked) => asked,
        Err(what) => return refused(StatusCode::BAD_REQUEST, &what),
    };
    let Ok(_queued) = app.planner.queue.try_acquire() else {
        return refused(
            StatusCode::TOO_MANY_REQUESTS,
            "too many questions at once: please try again",
        );
    };
    let Ok(_core) = app.planner.cores.acquire().await else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping");
    };
    let work = {
        let app = Arc::clone(&app);
        move || -> Result<Answer> {
            let places = (from.as_str(), to.as_str());
            let found = app
                .planner
                .routes
                .compare(&question, places, form == Form::Page)?;
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
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(fault)) => {
            let (status, what) = refusal(&app, &fault);
            refused(status, &what)
        }
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, "internal fault"),
    }
}

/// What stands in the place of options, for a person and for the script of the planner.
fn refused_page(status: StatusCode, what: &str) -> Answer {
    let text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">\n\
         <title>No options</title>\n<p data-refused role=\"alert\">{}</p>\n</html>\n",
        html(what)
    );
    let mut answer = engine_page(text);
    *answer.status_mut() = status;
    answer
}

/// `GET /places.json?q=`.
pub(crate) fn places(app: &App, asked: &Asked) -> Answer {
    let mut all = form_urlencoded::parse(asked.query.as_bytes());
    let text = all
        .find(|(key, _)| key == "q")
        .map(|(_, value)| value.trim().to_owned());
    let text = text
        .filter(|text| text.len() <= MOST_TEXT)
        .unwrap_or_default();
    let found = match text.is_empty() {
        true => Vec::new(),
        false => app.planner.atlas.find(&text, SUGGESTED),
    };
    let one = |place: &green_corridor::places::FoundPlace| {
        serde_json::json!({
            "code": place.code.to_string(),
            "name": place.name,
            "country": place.code.country().to_string(),
            "subdivision": place.subdivision,
            "kinds": place.kinds,
        })
    };
    json(
        StatusCode::OK,
        Value::from(found.iter().map(one).collect::<Vec<_>>()).to_string(),
    )
}

/// `GET /`.
pub(crate) fn planner_page(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let body = include_str!("planner.html").replace("{prefix}", &html(asked.prefix()));
    let mut answer = page(asked, Some((app, viewer)), "Route planner", &body);
    answer.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        HeaderValue::from_static(HTML),
    );
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_from_its_words() {
        let (asked, from, to) =
            question("from=CNCKG&to=Singapore&via=CNQZH,+VNHPH&cargo_kg=&options=3&objective=days")
                .expect("a question");
        assert_eq!((from.as_str(), to.as_str()), ("CNCKG", "Singapore"));
        assert_eq!(
            (asked.via, asked.cargo_kg, asked.options),
            (vec!["CNQZH".to_owned(), "VNHPH".to_owned()], None, 3)
        );
        assert_eq!(asked.objective, Objective::Days);
        let long = format!("from={}&to=b", "a".repeat(200));
        let many = format!("from=a&to=b&avoid={}", "x,".repeat(20));
        for bad in [
            "",
            "from=a",
            "from=a&to=b&x=1",
            "from=a&to=b&options=0",
            "from=a&to=b&carbon_price=3",
            "from=a&to=b&objective=x",
            &long,
            &many,
        ] {
            assert!(question(bad).is_err(), "{bad}");
        }
    }
}
