//! Logging in: a file of users with salted hashes, a cookie that no other site sends along, a token in every form that changes something.

use super::texts::Texts;
use super::{html, page, redirect};
use crate::answer::{Answer, error};
use crate::app::App;
use crate::front::Asked;
use crate::secret;
use axum::http::StatusCode;
use axum::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use ring::digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SESSION: &str = "green_corridor_session";
const LOGIN: &str = "green_corridor_login";
/// How long a session lasts, and a form.
const LASTS: Duration = Duration::from_secs(12 * 3600);
const FORM_LASTS: u64 = 3600;
const MOST: usize = 1000;
/// Longest name and password that are looked at.
const MOST_TEXT: usize = 256;
/// Longest address that somebody comes back to.
const MOST_NEXT: usize = 4096;

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

pub(super) fn cookie<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
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

pub(super) fn set_cookie(
    answer: &mut Answer,
    asked: &Asked,
    name: &str,
    value: &str,
    seconds: u64,
) {
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

/// Where somebody goes to who has to log in first, and comes back from.
pub(super) fn asked_for(asked: &Asked) -> Answer {
    let at = match asked.query.as_str() {
        "" => asked.path.clone(),
        query => format!("{}?{query}", asked.path),
    };
    let mut to = format!("{}/login", asked.prefix());
    if at != "/" && is_own(&at) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        to += &format!("?{}", query.append_pair("next", &at).finish());
    }
    redirect(&to)
}

/// Whether an address is a page of this host: a path, in letters that no browser takes for the name of another.
fn is_own(at: &str) -> bool {
    let path = at.split(['?', '#']).next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_graphic() && !"\\\"<>`{}|^".contains(c);
    let goes_up = path.split('/').any(|part| {
        [".", "..", "%2e", "%2e%2e", ".%2e", "%2e."].contains(&&*part.to_ascii_lowercase())
    });
    let is_elsewhere = ["/login", "/logout"].contains(&path);
    at.len() <= MOST_NEXT
        && at.starts_with('/')
        && !path.contains("//")
        && !path.contains(':')
        && at.chars().all(is_plain)
        && !goes_up
        && !is_elsewhere
}

fn field(from: &[u8], name: &str) -> String {
    let mut all = form_urlencoded::parse(from);
    all.find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// `GET /login`.
pub(crate) fn login_page(app: &App, asked: &Asked) -> Answer {
    let next = field(asked.query.as_bytes(), "next");
    form(app, asked, (None, &next), StatusCode::OK)
}

fn form(
    app: &App,
    asked: &Asked,
    (said, next): (Option<&str>, &str),
    status: StatusCode,
) -> Answer {
    let Ok(bound) = secret::new_secret() else {
        return error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "internal fault",
        );
    };
    let texts = Texts::for_(asked);
    let say = |key: &str| html(texts.say(key));
    let said = match said {
        None => String::new(),
        Some(key) => format!("<p role=\"alert\" class=\"alert\">{}</p>", say(key)),
    };
    let next = if is_own(next) { next } else { "" };
    let body = format!(
        "<h1>green-corridor</h1>{said}<form method=\"post\" action=\"{}/login\" class=\"login\"><label>{} <input name=\"name\" autocomplete=\"username\" required autofocus></label>\
         <label>{} <input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label>\
         <input type=\"hidden\" name=\"csrf\" value=\"{}\"><input type=\"hidden\" name=\"next\" value=\"{}\"><button>{}</button></form>",
        html(asked.prefix()),
        say("name"),
        say("password"),
        html(&csrf(app, &bound)),
        html(next),
        say("log_in")
    );
    let mut answer = page(asked, None, texts.say("log_in"), &body);
    *answer.status_mut() = status;
    set_cookie(&mut answer, asked, LOGIN, &bound, FORM_LASTS);
    answer
}

/// `POST /login`.
pub(crate) async fn log_in(app: Arc<App>, asked: Arc<Asked>) -> Answer {
    if app.users.is_none() {
        return error(StatusCode::NOT_FOUND, "NotFound", "there is nothing here");
    }
    let field = |name: &str| field(&asked.body, name);
    let (name, password, next) = (field("name"), field("password"), field("next"));
    let again = |key, status| form(&app, &asked, (Some(key), &next), status);
    let is_own_form =
        cookie(&asked, LOGIN).is_some_and(|bound| is_own_form(&app, &field("csrf"), bound));
    if !is_own_form {
        return again("form_old", StatusCode::BAD_REQUEST);
    }
    if name.len() > MOST_TEXT || password.len() > MOST_TEXT {
        return again("login_wrong", StatusCode::FORBIDDEN);
    }
    let found = app.beside(&app.logins, {
        let (app, name) = (Arc::clone(&app), name.clone());
        move || {
            let users = app.users.as_ref()?;
            users.hash_of(&name).unwrap_or_else(|fault| {
                app.console.error(&fault);
                None
            })
        }
    });
    let hash = match found.await {
        Ok(hash) => hash,
        Err(busy) => return busy,
    };
    let account = format!("user {name}");
    let passed = match app.prove(account, asked.ip, (hash.clone(), password)).await {
        Ok(passed) => passed,
        Err(busy) => return busy,
    };
    let session = passed.then(secret::new_secret).and_then(Result::ok);
    let Some((session, hash)) = session.zip(hash) else {
        return again("login_wrong", StatusCode::FORBIDDEN);
    };
    asked.is_by(&name);
    app.sessions.begin(&session, &name, hash);
    let next = if is_own(&next) { next.as_str() } else { "/" };
    let mut answer = redirect(&format!("{}{next}", asked.prefix()));
    set_cookie(&mut answer, &asked, SESSION, &session, LASTS.as_secs());
    set_cookie(&mut answer, &asked, LOGIN, "", 0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for own in [
            "/",
            "/runs",
            "/?from=CNCKG&to=SGSIN&via=CNQZH%2C+VNHPH",
            "/runs/2a/shipment?id=a//b",
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            "",
            "runs",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "/\t/evil.example",
            "/a//evil.example",
            "/%2e%2e/evil",
            "/../evil",
            "javascript:alert(1)",
            "/javascript:x",
            "/login?next=/login",
            "/logout",
            "/a\nset-cookie: x",
            "/\u{e4}",
        ] {
            assert!(!is_own(other), "{other}");
        }
        assert!(!is_own(&format!("/{}", "a".repeat(MOST_NEXT))));
    }
}
