//! What every request goes through: over what way it came, the limits of its body and time, its line in the log.

use crate::answer::{self, Answer, error};
use crate::app::App;
use crate::pages;
use crate::watch::Line;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST, HeaderValue, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tower_service::Service;

/// Largest body of a request.
const MOST_BODY: usize = 1 << 20;
/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// What is read of the body of a request that is refused, and for how long.
const MOST_DRAINED: usize = 4 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);
const LONGEST_HOST: usize = 255;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    pub(crate) is_tls: bool,
}

/// A request, read.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Who asks, seen through proxies that are believed.
    pub(crate) ip: IpAddr,
    /// Whether it came encrypted.
    pub(crate) is_secure: bool,
    /// Whether it came from this machine, through nothing.
    pub(crate) is_direct: bool,
    host: String,
    prefix: String,
    who: Mutex<String>,
    route: Mutex<&'static str>,
}

impl Asked {
    /// The address that this host was asked under.
    pub(crate) fn base(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.host, self.prefix)
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    pub(crate) fn is_direct(&self) -> bool {
        self.is_direct
    }

    /// Notes the client, for the log.
    pub(crate) fn is_by(&self, client: &str) {
        client.clone_into(&mut self.who.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn is_for(&self, route: &'static str) {
        *self.route.lock().unwrap_or_else(PoisonError::into_inner) = route;
    }
}

/// Status, code and words of a refusal.
pub(crate) type Wrong = (StatusCode, &'static str, &'static str);

/// Nothing else, and no way on: what was sent with it should not have been sent at all.
pub(crate) const ONLY_HTTPS: Wrong = (
    StatusCode::FORBIDDEN,
    "AccessDenied",
    "this is answered over https alone",
);

pub(crate) fn refused((status, code, what): Wrong) -> Answer {
    error(status, code, what)
}

/// Answers a request.
pub(crate) async fn answered(
    app: Arc<App>,
    mut router: Router,
    peer: Peer,
    request: hyper::Request<Incoming>,
) -> Answer {
    let begun = Instant::now();
    let (head, mut body) = request.into_parts();
    let (mut answer, asked) = match read(&app, peer, &head, &mut body).await {
        Err(wrong) => {
            let mut answer = refused(wrong);
            // A connection that ends with bytes unread takes the answer along; more than a little is not waited for.
            let _ = timeout(DRAIN_TIME, drain(&mut body)).await;
            let headers = answer.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
            (answer, None)
        }
        Ok(asked) => {
            let asked = Arc::new(asked);
            let mut request = Request::new(Body::empty());
            *request.method_mut() = head.method.clone();
            *request.uri_mut() = head.uri.clone();
            request.extensions_mut().insert(Arc::clone(&asked));
            let Ok(answer) = router.call(request).await;
            (pages::for_who_asks(&asked, answer), Some(asked))
        }
    };
    answer::finish(&mut answer);
    // A proxy that ends TLS says this itself, of what else its host has.
    if peer.is_tls && app.tls.is_some() {
        let year = HeaderValue::from_static("max-age=31536000");
        answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, year);
    }
    let bytes = match head.method {
        Method::HEAD => 0,
        _ => answer.body().size_hint().exact().unwrap_or(0),
    };
    let held = |asked: &Asked| {
        asked
            .who
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    };
    let route = |asked: &Asked| *asked.route.lock().unwrap_or_else(PoisonError::into_inner);
    let line = Line {
        ip: asked.as_ref().map_or(peer.ip, |asked| asked.ip),
        who: &asked.as_ref().map(|asked| held(asked)).unwrap_or_default(),
        method: head.method.as_str(),
        path: head.uri.path(),
        route: asked.as_ref().map_or("refused", |asked| route(asked)),
        status: answer.status().as_u16(),
        bytes,
        took: begun.elapsed(),
    };
    app.counted.note(&line, &app.console);
    answer
}

/// Reads a request within its limits, and refuses what came over the wrong way.
async fn read(
    app: &App,
    peer: Peer,
    head: &hyper::http::request::Parts,
    body: &mut Incoming,
) -> std::result::Result<Asked, Wrong> {
    let bad = |what: &'static str| (StatusCode::BAD_REQUEST, "BadRequest", what);
    let header = |name: &str| {
        let mut all = head.headers.get_all(name).iter();
        match (all.next(), all.next()) {
            (None, _) => Ok(None),
            (Some(only), None) => only
                .to_str()
                .map(Some)
                .map_err(|_| bad("a header is no text")),
            _ => Err(bad("a header stands twice")),
        }
    };
    let is_believed = app.behind.contains(&peer.ip);
    let forwarded = |name: &str| if is_believed { header(name) } else { Ok(None) };
    let is_secure = peer.is_tls || forwarded("x-forwarded-proto")? == Some("https");
    // Any of these tells of a proxy, also of one that nobody named.
    let is_of_proxy = |name: &str| {
        ["forwarded", "via", "x-real-ip"].contains(&name) || name.starts_with("x-forwarded-")
    };
    let is_passed_on = head.headers.keys().any(|name| is_of_proxy(name.as_str()));
    let is_direct = peer.ip.is_loopback() && !is_believed && !is_passed_on;
    if !is_secure && (app.tls.is_some() || !is_direct) && head.uri.path() != "/health" {
        return Err(ONLY_HTTPS);
    }
    let own = header(HOST.as_str())?.or_else(|| head.uri.authority().map(|a| a.as_str()));
    let host = forwarded("x-forwarded-host")?.or(own);
    // Whoever asks after the health alone may speak HTTP/1.0, which has no host.
    let is_health = head.uri.path() == "/health";
    let host = match (host, is_health) {
        (None, true) => "",
        (host, _) => host
            .filter(|host| is_host(host))
            .ok_or_else(|| bad("host: expected one, as a name or an address"))?,
    };
    // A browser says so when a page of somebody else sends a form here.
    let from = header("sec-fetch-site")?.unwrap_or("none");
    let changes = !matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !["same-origin", "none"].contains(&from) {
        return Err((
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "this was sent by a page of another site",
        ));
    }
    let prefix = forwarded("x-forwarded-prefix")?
        .unwrap_or_default()
        .trim_end_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    let is_path = prefix.is_empty() || (prefix.starts_with('/') && !prefix.contains("//"));
    let goes_up = prefix.split('/').any(|part| part == "..");
    if !is_path || goes_up || !prefix.chars().all(is_plain) {
        return Err(bad("x-forwarded-prefix: expected a path"));
    }
    // The last address is what the proxy saw; those before it anybody may have written.
    let seen = forwarded("x-forwarded-for")?.and_then(|list| list.rsplit(',').next());
    let ip = seen
        .and_then(|ip| ip.trim().parse().ok())
        .unwrap_or(peer.ip);
    let body = match head.method {
        Method::POST => {
            let what = "the body is too large";
            let too_large = (StatusCode::PAYLOAD_TOO_LARGE, "BadRequest", what);
            if body.size_hint().lower() > MOST_BODY as u64 {
                return Err(too_large);
            }
            match timeout(BODY_TIME, Limited::new(body, MOST_BODY).collect()).await {
                Ok(Ok(body)) => body.to_bytes(),
                Ok(Err(fault)) if fault.is::<http_body_util::LengthLimitError>() => {
                    return Err(too_large);
                }
                Ok(Err(_)) => return Err(bad("the body ends before its end")),
                Err(_) => {
                    let what = "the body did not come in time";
                    return Err((StatusCode::REQUEST_TIMEOUT, "BadRequest", what));
                }
            }
        }
        _ => Bytes::new(),
    };
    Ok(Asked {
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.clone(),
        body,
        ip,
        is_secure,
        is_direct,
        host: host.to_owned(),
        prefix: prefix.to_owned(),
        who: Mutex::default(),
        route: Mutex::new("none"),
    })
}

/// Reads what is left of a body, up to a bound, and forgets it.
async fn drain(body: &mut Incoming) {
    let mut count = 0;
    while let Some(Ok(frame)) = body.frame().await {
        count += frame.data_ref().map_or(0, Bytes::len);
        if count > MOST_DRAINED {
            return;
        }
    }
}

/// Whether a text may stand for this host in a link.
fn is_host(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    (1..=LONGEST_HOST).contains(&text.len()) && text.chars().all(is_plain)
}
