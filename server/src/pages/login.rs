//! Logging in: a file of users with salted hashes, a cookie that no other site sends along, a token in every form that changes something.

use super::{html, page, redirect};
use crate::answer::{Answer, error};
use crate::app::App;
use crate::front::Asked;
use crate::secret;
use axum::http::StatusCode;
use axum::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use ring::digest;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SESSION: &str = "green_corridor_session";
const LOGIN: &str = "green_corridor_login";
/// How long a session lasts, and a form.
const LASTS: Duration = Duration::from_secs(12 * 3600);
const FORM_LASTS: u64 = 3600;
const MOST: usize = 1000;
/// Longest name and password that are looked at.
const MOST_TEXT: usize = 256;

/// Who is logged in, in memory alone: a restart logs everybody out.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Session>>);

struct Session {
    name: String,
    /// Hash of the password that it began with: with another one it ends.
    hash: String,
    since: Instant,
}

impl Sessions {
    fn begin(&self, session: &str, name: &str, hash: String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, held| held.since.elapsed() < LASTS);
        if all.len() >= MOST {
            let oldest = all
                .iter()
                .min_by_key(|(_, held)| held.since)
                .map(|(key, _)| key.clone());
            oldest.map(|key| all.remove(&key));
        }
        let held = Session {
            name: name.to_owned(),
            hash,
            since: Instant::now(),
        };
        all.insert(digest_of(session), held);
    }

    /// Whose session it is, and the hash of the password that it began with.
    fn find(&self, session: &str) -> Option<(String, String)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all
            .get(&digest_of(session))
            .filter(|held| held.since.elapsed() < LASTS);
        found.map(|held| (held.name.clone(), held.hash.clone()))
    }

    fn end(&self, session: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&digest_of(session));
    }
}

/// Looked up by digest, so that the time of a look-up tells nothing of a session.
fn digest_of(session: &str) -> String {
    let digest = digest::digest(&digest::SHA256, session.as_bytes());
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn cookie<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let all = asked
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = all
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The user of a request and its session.
pub(super) fn session(app: &App, asked: &Asked) -> Option<(String, String)> {
    let session = cookie(asked, SESSION)?;
    let (name, hash) = app.sessions.find(session)?;
    // A file that cannot be read shows nothing, and ends nothing.
    let now = app.users.as_ref()?.hash_of(&name).ok()?;
    if now.as_ref() != Some(&hash) {
        app.sessions.end(session);
        return None;
    }
    Some((name, session.to_owned()))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// What a form has that was made for this cookie.
pub(super) fn csrf(app: &App, bound: &str) -> String {
    app.tokens.sign("form", bound, now() + FORM_LASTS)
}

fn is_own_form(app: &App, token: &str, bound: &str) -> bool {
    let proof = |id: &str| (id == "form").then(|| bound.to_owned());
    app.tokens.read(token, now(), proof).is_ok()
}

fn set_cookie(answer: &mut Answer, asked: &Asked, name: &str, value: &str, seconds: u64) {
    let secure = if asked.is_secure() { "; Secure" } else { "" };
    let path = if asked.prefix().is_empty() {
        "/"
    } else {
        asked.prefix()
    };
    let text = format!(
        "{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    if let Ok(text) = HeaderValue::from_str(&text) {
        answer.headers_mut().append(SET_COOKIE, text);
    }
}

/// `GET /login`.
pub(crate) fn login_page(app: &App, asked: &Asked) -> Answer {
    form(app, asked, "", StatusCode::OK)
}

fn form(app: &App, asked: &Asked, said: &str, status: StatusCode) -> Answer {
    let Ok(bound) = secret::new_secret() else {
        return error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "internal fault",
        );
    };
    let said = match said {
        "" => String::new(),
        said => format!("<p role=\"alert\" class=\"alert\">{}</p>", html(said)),
    };
    let body = format!(
        "<h1>green-corridor</h1>{said}<form method=\"post\" action=\"{}/login\" class=\"login\"><label>Name <input name=\"name\" autocomplete=\"username\" required autofocus></label>\
         <label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label>\
         <input type=\"hidden\" name=\"csrf\" value=\"{}\"><button>Log in</button></form>",
        html(asked.prefix()),
        html(&csrf(app, &bound))
    );
    let mut answer = page(asked, None, "Log in", &body);
    *answer.status_mut() = status;
    set_cookie(&mut answer, asked, LOGIN, &bound, FORM_LASTS);
    answer
}

/// `POST /login`.
pub(crate) async fn log_in(app: &App, asked: &Asked) -> Answer {
    let Some(users) = &app.users else {
        return error(StatusCode::NOT_FOUND, "NotFound", "there is nothing here");
    };
    let field = |name: &str| {
        let mut all = form_urlencoded::parse(&asked.body);
        all.find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let (name, password) = (field("name"), field("password"));
    let is_own = cookie(asked, LOGIN).is_some_and(|bound| is_own_form(app, &field("csrf"), bound));
    if !is_own {
        return form(
            app,
            asked,
            "This form has grown old: please try again.",
            StatusCode::BAD_REQUEST,
        );
    }
    if name.len() > MOST_TEXT || password.len() > MOST_TEXT {
        return form(
            app,
            asked,
            "Name or password is wrong.",
            StatusCode::FORBIDDEN,
        );
    }
    let who = [format!("user {name}"), format!("from {}", asked.ip)];
    let hash = users.hash_of(&name).unwrap_or_else(|fault| {
        app.console.error(&fault);
        None
    });
    let passed = match app.prove(&who, hash.clone(), password).await {
        Ok(passed) => passed,
        Err(busy) => return busy,
    };
    let session = passed.then(secret::new_secret).and_then(Result::ok);
    let Some((session, hash)) = session.zip(hash) else {
        return form(
            app,
            asked,
            "Name or password is wrong.",
            StatusCode::FORBIDDEN,
        );
    };
    asked.is_by(&name);
    app.sessions.begin(&session, &name, hash);
    let mut answer = redirect(&format!("{}/", asked.prefix()));
    set_cookie(&mut answer, asked, SESSION, &session, LASTS.as_secs());
    set_cookie(&mut answer, asked, LOGIN, "", 0);
    answer
}

/// `POST /logout`.
pub(crate) fn log_out(app: &App, asked: &Asked) -> Answer {
    let Some((_, session)) = session(app, asked) else {
        return redirect(&format!("{}/login", asked.prefix()));
    };
    let mut all = form_urlencoded::parse(&asked.body);
    let token = all
        .find(|(key, _)| key == "csrf")
        .map(|(_, value)| value.into_owned());
    if !is_own_form(app, &token.unwrap_or_default(), &session) {
        return error(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "this form is not one of this session",
        );
    }
    app.sessions.end(&session);
    let mut answer = redirect(&format!("{}/login", asked.prefix()));
    set_cookie(&mut answer, asked, SESSION, "", 0);
    answer
}
