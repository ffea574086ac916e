//! Pages for people: the planner, published runs, the login. Who may see them stands here; what is on them in the files beside.
//!
//! Figures come from the engine as texts and are shown as they came.

mod login;
mod planner;
mod runs;

pub(crate) use login::{Sessions, log_in, log_out, login_page};
pub(crate) use planner::{Form, Planner, compare, places, planner_page};
pub(crate) use runs::{Reports, file, report_page, report_workbook, run, runs, shipment};

use crate::answer::{Answer, error, with};
use crate::app::App;
use crate::front::Asked;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LOCATION};
use green_corridor::{Error, ErrorKind};
use std::fmt::Write;

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
pub(crate) fn viewer(app: &App, asked: &Asked) -> Result<Viewer, Box<Answer>> {
    if app.users.is_some() {
        return match login::session(app, asked) {
            Some((name, session)) => Ok(Viewer::User { name, session }),
            None => Err(Box::new(redirect(&format!("{}/login", asked.prefix())))),
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

/// Text of a stranger in a page.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if green_corridor::text::is_hidden(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// A page with the head and the navigation that all have.
fn page(asked: &Asked, viewer: Option<(&App, &Viewer)>, title: &str, body: &str) -> Answer {
    let prefix = html(asked.prefix());
    let user = match viewer {
        Some((app, Viewer::User { name, session })) => format!(
            "<form method=\"post\" action=\"{prefix}/logout\"><span class=\"quiet\">{}</span> <input type=\"hidden\" name=\"csrf\" value=\"{}\"><button>Log out</button></form>",
            html(name),
            html(&login::csrf(app, session))
        ),
        _ => String::new(),
    };
    let navigation = match viewer {
        Some(_) => format!(
            "<nav aria-label=\"Pages\"><a href=\"{prefix}/\">Planner</a> <a href=\"{prefix}/runs\">Runs</a> {user}</nav>"
        ),
        None => String::new(),
    };
    let text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<link rel=\"stylesheet\" href=\"{prefix}/assets/pages.css\">\n<link rel=\"icon\" href=\"data:,\">\n</head>\n<body>\n{navigation}\n<main>\n{body}\n</main>\n</body>\n</html>\n",
        html(title)
    );
    with(StatusCode::OK, HTML, text)
}

/// What went wrong, in words for who asked. What they could not help is told to the log alone: it may name places of this machine.
fn refusal(app: &App, error: &Error) -> (StatusCode, String) {
    match error.kind() {
        ErrorKind::Usage | ErrorKind::Limit => {
            (StatusCode::BAD_REQUEST, error.message().to_owned())
        }
        _ => {
            app.console.error(error);
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "this cannot be shown; the log of the server says why".to_owned(),
            )
        }
    }
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

    #[test]
    fn no_text_is_markup() {
        assert_eq!(
            html("<a href='x'>&\u{202e}"),
            "&lt;a href=&#39;x&#39;&gt;&amp;\\u{202e}"
        );
    }
}
