//! Pages for people: the planner, published runs, the login. Who may see them stands here; what is on them in the files beside.
//!
//! Figures come from the engine as texts and are shown as they came.

mod corridors;
mod files;
mod login;
mod planner;
mod question;
mod reports;
mod runs;
mod said;
mod shipment;
mod texts;

pub(crate) use corridors::{corridor, corridors};
pub(crate) use files::{export, file, table_csv};
pub(crate) use login::{Sessions, log_in, log_out, login_page};
pub(crate) use planner::{Form, Planner, compare, places, planner_page, scenario};
pub(crate) use reports::{Reports, report_page, report_workbook, slice};
pub(crate) use runs::{run, runs};
pub(crate) use said::for_who_asks;
pub(crate) use shipment::shipment;

use crate::answer::{Answer, error, with};
use crate::app::App;
use crate::front::Asked;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LOCATION};
use green_corridor::text::html;
use std::sync::Arc;
use texts::{Language, Texts};

const HTML: &str = "text/html; charset=utf-8";

/// Files that pages load, by name.
pub(crate) fn asset(name: &str) -> Option<Answer> {
    let (kind, text) = match name {
        "planner.js" => ("text/javascript; charset=utf-8", include_str!("planner.js")),
        "pages.css" => ("text/css; charset=utf-8", include_str!("pages.css")),
        _ => return None,
    };
    Some(with(StatusCode::OK, kind, text))
}

/// Who looks at a page.
pub(crate) enum Viewer {
    /// Somebody at this machine, of whom no login is asked.
    Local,
    /// Somebody who has logged in, and under which session.
    User { name: String, session: String },
}

/// Whether a page may be shown; else what is shown instead.
pub(crate) async fn viewer(app: &Arc<App>, asked: &Arc<Asked>) -> Result<Viewer, Box<Answer>> {
    if app.users.is_some() {
        let work = {
            let (app, asked) = (Arc::clone(app), Arc::clone(asked));
            move || login::session(&app, &asked)
        };
        return match app.beside(&app.logins, work).await {
            Ok(Some((name, session))) => Ok(Viewer::User { name, session }),
            Ok(None) => Err(Box::new(login::asked_for(asked))),
            Err(answer) => Err(Box::new(answer)),
        };
    }
    // Without a login pages are this machine's own: not for what came through a proxy, nor for a stranger's page in a
    // browser here that has the name of its own host point at this address.
    match app.is_local_only && asked.is_direct() && is_this_machine(asked.host()) {
        true => Ok(Viewer::Local),
        false => {
            let what = "pages are shown elsewhere with a login alone: start with --users";
            Err(Box::new(error(StatusCode::FORBIDDEN, "AccessDenied", what)))
        }
    }
}

pub(crate) fn is_this_machine(host: &str) -> bool {
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

fn redirect(to: &str) -> Answer {
    let mut answer = with(StatusCode::SEE_OTHER, HTML, "");
    if let Ok(to) = HeaderValue::from_str(to) {
        answer.headers_mut().insert(LOCATION, to);
    }
    answer
}

/// A page with the head and the navigation that all have.
fn page(asked: &Asked, viewer: Option<(&App, &Viewer)>, title: &str, body: &str) -> Answer {
    let prefix = html(asked.prefix());
    let language = Language::of(asked);
    let texts = Texts::of(language);
    let say = |key: &str| html(texts.say(key));
    let user = match viewer {
        Some((app, Viewer::User { name, session })) => format!(
            "<form method=\"post\" action=\"{prefix}/logout\"><span class=\"quiet\">{}</span> <input type=\"hidden\" name=\"csrf\" value=\"{}\"><button>{}</button></form>",
            html(name),
            html(&login::csrf(app, session)),
            say("log_out")
        ),
        _ => String::new(),
    };
    let other = format!(
        "<a id=\"language\" lang=\"{0}\" hreflang=\"{0}\" href=\"{1}\">{2}</a>",
        say("other_code"),
        html(&in_language(asked, texts.say("other_code"))),
        say("other")
    );
    let links = match viewer {
        Some(_) => format!(
            "<a href=\"{prefix}/\">{}</a> <a href=\"{prefix}/runs\">{}</a> ",
            say("planner"),
            say("runs")
        ),
        None => String::new(),
    };
    let text = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<link rel=\"stylesheet\" href=\"{prefix}/assets/pages.css\">\n<link rel=\"icon\" href=\"data:,\">\n</head>\n<body>\n\
         <nav aria-label=\"{}\">{links}{other} {user}</nav>\n<main>\n{body}\n</main>\n</body>\n</html>\n",
        say("lang"),
        html(title),
        say("pages")
    );
    let mut answer = with(StatusCode::OK, HTML, text);
    if let Some(chosen) = Language::named(&asked.query) {
        login::set_cookie(&mut answer, asked, texts::COOKIE, chosen.code(), YEAR);
    }
    answer
}

/// How long a chosen language is remembered, seconds.
const YEAR: u64 = 365 * 24 * 3600;

/// The address of this page in another language.
fn in_language(asked: &Asked, code: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let all = form_urlencoded::parse(asked.query.as_bytes());
    query.extend_pairs(all.filter(|(key, _)| key != "lang"));
    query.append_pair("lang", code);
    format!("{}{}?{}", asked.prefix(), asked.path, query.finish())
}

/// A self-contained page of the engine. Its own policy, which admits its one script, goes into the header, where nothing weakens it.
fn engine_page(text: String) -> Answer {
    let mark = "http-equiv=\"Content-Security-Policy\" content=\"";
    let policy = text
        .split_once(mark)
        .and_then(|(_, rest)| rest.split('"').next());
    let policy = policy.map(|policy| format!("{policy}; frame-ancestors 'self'"));
    let policy = policy.and_then(|policy| HeaderValue::from_str(&policy).ok());
    let mut answer = with(StatusCode::OK, HTML, text);
    if let Some(policy) = policy {
        let headers = answer.headers_mut();
        headers.insert("content-security-policy", policy);
        headers.insert("x-frame-options", HeaderValue::from_static("SAMEORIGIN"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_hosts_are_not_this_machine() {
        for own in ["localhost", "127.0.0.1:8787", "[::1]:8787", "[::1]"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil:80",
            "evil:127.0.0.1",
            "",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
