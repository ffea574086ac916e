//! What every request goes through: over what way it came, what may be asked over it, the limits of its body and time, its line in the log.

use crate::answer::{self, Answer, error, json};
use crate::args::Args;
use crate::clients::Clients;
use crate::door::{self, Callbacks};
use crate::exports::{Exports, Which};
use crate::failures::Failures;
use crate::pages::{self, Planner, Reports, Sessions, Viewer};
use crate::secret;
use crate::tls::Tls;
use crate::token::Tokens;
use crate::users;
use crate::watch::{Counted, Line};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::{get, post};
use green_corridor::process::Console;
use green_corridor::routing::Sources;
use green_corridor::{Error, Result};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_service::Service;

/// Largest body of a request.
const MOST_BODY: usize = 1 << 20;
/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// What is read of the body of a request that is refused, and for how long.
const MOST_DRAINED: usize = 4 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// Secrets that are hashed at once, and that wait for it.
const HASHES: usize = 2;
const HASHES_WAITING: usize = 64;
const LONGEST_HOST: usize = 255;

/// What all requests share.
pub(crate) struct App {
    pub(crate) console: Console,
    pub(crate) out: PathBuf,
    pub(crate) clients: Option<Clients>,
    pub(crate) exports: Exports,
    pub(crate) tokens: Tokens,
    pub(crate) token_seconds: u32,
    pub(crate) failures: Failures,
    hashing: Semaphore,
    hashing_queue: Semaphore,
    /// File of those who may look at pages.
    pub(crate) users: Option<PathBuf>,
    pub(crate) sessions: Sessions,
    pub(crate) planner: Planner,
    pub(crate) reports: Reports,
    /// Whether nothing but this machine can reach this.
    pub(crate) is_local_only: bool,
    pub(crate) callbacks: Callbacks,
    pub(crate) counted: Counted,
    pub(crate) most_documents: usize,
    pub(crate) hide_foreign: bool,
    pub(crate) tls: Option<Tls>,
    behind: Vec<IpAddr>,
}

impl App {
    pub(crate) fn open(args: &Args, console: Console) -> Result<Arc<App>> {
        let out = args.out.as_deref().unwrap_or(Path::new("."));
        if !out.is_dir() {
            return Err(Error::Usage(format!(
                "{}: expected an output root",
                out.display()
            )));
        }
        let tls = match (&args.tls_cert, &args.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::open(certificate, key)?),
            _ => None,
        };
        if !args.listen.ip().is_loopback() && tls.is_none() && args.behind.is_empty() {
            return Err(Error::Usage(format!(
                "--listen {}: others would have to send their secrets unencrypted; expected --tls-cert and --tls-key, or --behind",
                args.listen
            )));
        }
        if let Some(users) = &args.users {
            users::check(users)?;
        }
        let planner = Planner::open(
            Sources {
                profile: args.profile.clone(),
                factors: args.factors.clone(),
                reference: args.reference.clone(),
                services: args.services.clone(),
                rate_cards: args.rate_card.clone(),
                rates: args.rates.clone(),
                ..Sources::default()
            },
            &console,
        )?;
        let clients = args.clients.as_deref().map(Clients::open).transpose()?;
        let exports = Exports::new(out, args.company.as_deref());
        if clients.is_some() {
            exports.refresh(&console);
        }
        Ok(Arc::new(App {
            console,
            out: out.to_owned(),
            users: args.users.clone(),
            sessions: Sessions::default(),
            planner,
            reports: Reports::default(),
            is_local_only: args.listen.ip().is_loopback() && args.behind.is_empty(),
            clients,
            exports,
            tokens: Tokens::new()?,
            token_seconds: args.token_seconds,
            failures: Failures::default(),
            hashing: Semaphore::new(HASHES),
            hashing_queue: Semaphore::new(HASHES_WAITING),
            callbacks: Callbacks::new(),
            counted: Counted::default(),
            most_documents: args.page.into(),
            hide_foreign: args.hide_foreign,
            tls,
            behind: args.behind.clone(),
        }))
    }

    /// Whether a secret is that of a hash; without a hash it is none, after the same time. Failures of `who` make it slower; the first of
    /// them is who is asked about, and forgotten when it proved itself.
    pub(crate) async fn prove(
        &self,
        who: &[String],
        hash: Option<String>,
        said: String,
    ) -> std::result::Result<bool, Answer> {
        tokio::time::sleep(self.failures.pause(who)).await;
        // Hashes take memory and time on purpose: a few at once, and a queue that ends.
        let Ok(_queued) = self.hashing_queue.try_acquire() else {
            let what = "try again later";
            return Err(error(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequests",
                what,
            ));
        };
        let Ok(_permit) = self.hashing.acquire().await else {
            return Ok(false);
        };
        let is_known = hash.is_some();
        let checked = tokio::task::spawn_blocking(move || {
            secret::is_secret_of(&said, hash.as_deref().unwrap_or(secret::NOBODY))
        });
        let passed = is_known && checked.await.unwrap_or(false);
        match passed {
            true => self.failures.passed(who.first().map_or("", String::as_str)),
            false => self.failures.failed(who),
        }
        Ok(passed)
    }

    /// What may have changed on the disk.
    pub(crate) fn refresh(&self) {
        if let Some(clients) = &self.clients {
            clients.refresh(&self.console);
            self.exports.refresh(&self.console);
        }
    }
}

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
    is_secure: bool,
    /// Whether it came from this machine, through nothing.
    is_direct: bool,
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

    fn is_for(&self, route: &'static str) {
        *self.route.lock().unwrap_or_else(PoisonError::into_inner) = route;
    }
}

type Held = State<Arc<App>>;

/// The request as it was read, behind the router.
fn asked_of(request: &Request, route: &'static str) -> Option<Arc<Asked>> {
    let asked = request.extensions().get::<Arc<Asked>>().cloned();
    asked.inspect(|asked| asked.is_for(route))
}

/// The routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    let lists = |which: Which, route: &'static str| {
        get(door_to(route, move |app, asked| {
            door::list(app, asked, which)
        }))
    };
    let ones = |which: Which, route: &'static str| {
        get(door_to(route, move |app, asked| {
            door::one(app, asked, which)
        }))
    };
    let events = |which: Which, route: &'static str| {
        post(door_to(route, move |app, asked| {
            door::event(app, asked, which)
        }))
    };
    let openid = door_to("openid", async |_, asked: Arc<Asked>| door::openid(&asked));
    let keys = door_to("openid", async |_, _| door::openid_keys());
    let compare = |form: pages::Form| {
        get(page_to("compare", move |app, asked, _| {
            pages::compare(app, asked, form)
        }))
    };
    Router::new()
        .route("/auth/token", post(door_to("token", door::token)))
        .route("/.well-known/openid-configuration", get(openid))
        .route("/.well-known/jwks.json", get(keys))
        .route("/2/footprints", lists(Which::V2, "footprints 2"))
        .route("/2/footprints/{id}", ones(Which::V2, "footprint 2"))
        .route("/2/events", events(Which::V2, "events 2"))
        .route("/2/ileap/tad", lists(Which::Tad, "tad"))
        .route("/3/footprints", lists(Which::V3, "footprints 3"))
        .route("/3/footprints/{id}", ones(Which::V3, "footprint 3"))
        .route("/3/events", events(Which::V3, "events 3"))
        .route(
            "/",
            get(page_to("planner", async |app, asked, viewer| {
                pages::planner_page(&app, &asked, &viewer)
            })),
        )
        .route(
            "/places.json",
            get(page_to("places", async |app, asked, _| {
                pages::places(&app, &asked)
            })),
        )
        .route("/compare.html", compare(pages::Form::Page))
        .route("/compare.json", compare(pages::Form::Json))
        .route("/compare.csv", compare(pages::Form::Csv))
        .route(
            "/runs",
            get(page_to("runs", async |app, asked, viewer| {
                pages::runs(&app, &asked, &viewer)
            })),
        )
        .route(
            "/runs/{id}",
            get(page_to("run", async |app, asked, viewer| {
                pages::run(&app, &asked, &viewer)
            })),
        )
        .route(
            "/runs/{id}/report.html",
            get(page_to("report", |app, asked, _| {
                pages::report_page(app, asked)
            })),
        )
        .route(
            "/runs/{id}/report.xlsx",
            get(page_to("report", |app, asked, _| {
                pages::report_workbook(app, asked)
            })),
        )
        .route(
            "/runs/{id}/shipment",
            get(page_to("shipment", blocking(pages::shipment))),
        )
        .route(
            "/runs/{id}/files/{*path}",
            get(page_to("file", async |app, asked, _| {
                pages::file(&app, &asked)
            })),
        )
        .route("/assets/{name}", get(asset))
        .route("/login", get(login_page).post(log_in))
        .route("/logout", post(log_out))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .fallback(async || nothing_there())
        .method_not_allowed_fallback(async || {
            error(
                StatusCode::METHOD_NOT_ALLOWED,
                "BadRequest",
                "another method is expected here",
            )
        })
        .with_state(app)
}

type Later = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A handler behind the door: it is there if there are clients, and opens to what came encrypted alone.
fn door_to<A: Future<Output = Answer> + Send + 'static>(
    route: &'static str,
    answered: impl Fn(Arc<App>, Arc<Asked>) -> A + Clone + Send + Sync + 'static,
) -> impl Fn(Held, Request) -> Later + Clone + Send + Sync + 'static {
    move |State(app), request| {
        let answered = answered.clone();
        Box::pin(async move {
            match asked_of(&request, route) {
                Some(asked) if app.clients.is_some() => match asked.is_secure {
                    true => answered(app, asked).await,
                    false => refused(ONLY_HTTPS),
                },
                _ => nothing_there(),
            }
        })
    }
}

/// A handler of a page, for who may see it.
fn page_to<A: Future<Output = Answer> + Send + 'static>(
    route: &'static str,
    answered: impl Fn(Arc<App>, Arc<Asked>, Viewer) -> A + Clone + Send + Sync + 'static,
) -> impl Fn(Held, Request) -> Later + Clone + Send + Sync + 'static {
    move |State(app), request| {
        let answered = answered.clone();
        Box::pin(async move {
            let Some(asked) = asked_of(&request, route) else {
                return nothing_there();
            };
            match pages::viewer(&app, &asked) {
                Ok(viewer) => {
                    if let Viewer::User { name, .. } = &viewer {
                        asked.is_by(name);
                    }
                    answered(app, asked, viewer).await
                }
                Err(answer) => *answer,
            }
        })
    }
}

/// A page that reads tables, beside the connections.
fn blocking(
    answered: fn(&App, &Asked, &Viewer) -> Answer,
) -> impl Fn(Arc<App>, Arc<Asked>, Viewer) -> Later + Clone + Send + Sync + 'static {
    move |app, asked, viewer| {
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || answered(&app, &asked, &viewer)).await;
            done.unwrap_or_else(|_| {
                error(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "InternalError",
                    "internal fault",
                )
            })
        })
    }
}

/// What pages load. There is nothing in it that is anybody's.
async fn asset(request: Request) -> Answer {
    let asked = asked_of(&request, "asset");
    let name = asked
        .as_ref()
        .and_then(|asked| asked.path.rsplit('/').next());
    name.and_then(pages::asset).unwrap_or_else(nothing_there)
}

async fn login_page(State(app): Held, request: Request) -> Answer {
    match asked_of(&request, "login") {
        Some(asked) if app.users.is_some() => pages::login_page(&app, &asked),
        _ => nothing_there(),
    }
}

async fn log_in(State(app): Held, request: Request) -> Answer {
    match asked_of(&request, "login") {
        Some(asked) if app.users.is_some() => pages::log_in(&app, &asked).await,
        _ => nothing_there(),
    }
}

async fn log_out(State(app): Held, request: Request) -> Answer {
    match asked_of(&request, "login") {
        Some(asked) if app.users.is_some() => pages::log_out(&app, &asked),
        _ => nothing_there(),
    }
}

fn refused((status, code, what): Wrong) -> Answer {
    error(status, code, what)
}

fn nothing_there() -> Answer {
    error(StatusCode::NOT_FOUND, "NotFound", "there is nothing here")
}

/// Status, code and words of a refusal.
type Wrong = (StatusCode, &'static str, &'static str);

/// Nothing else, and no way on: what was sent with it should not have been sent at all.
const ONLY_HTTPS: Wrong = (
    StatusCode::FORBIDDEN,
    "AccessDenied",
    "this is answered over https alone",
);

async fn health(request: Request) -> Answer {
    asked_of(&request, "health");
    json(StatusCode::OK, r#"{"status":"ok"}"#)
}

/// For who looks after this machine: not for those who come through a proxy or from elsewhere.
async fn metrics(State(app): Held, request: Request) -> Answer {
    match asked_of(&request, "metrics") {
        Some(asked) if asked.is_direct => {
            let text = app.counted.text(&app.exports.told());
            answer::with(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                text,
            )
        }
        _ => error(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "metrics are told to this machine alone",
        ),
    }
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
    let is_head = head.method == Method::HEAD;
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
            (answer, Some(asked))
        }
    };
    answer::finish(&mut answer);
    let bytes = match is_head {
        true => 0,
        false => answer.body().size_hint().exact().unwrap_or(0),
    };
    if is_head && !answer.headers().contains_key(CONTENT_LENGTH) {
        *answer.body_mut() = Body::empty();
    }
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
    let is_direct =
        peer.ip.is_loopback() && !is_believed && !head.headers.contains_key("x-forwarded-for");
    if !is_secure && (app.tls.is_some() || !is_direct) && head.uri.path() != "/health" {
        return Err(ONLY_HTTPS);
    }
    let own = header(HOST.as_str())?.or_else(|| head.uri.authority().map(|a| a.as_str()));
    let host = forwarded("x-forwarded-host")?.or(own);
    let host = host
        .filter(|host| is_host(host))
        .ok_or_else(|| bad("host: expected one, as a name or an address"))?;
    let prefix = forwarded("x-forwarded-prefix")?
        .unwrap_or_default()
        .trim_end_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    let is_path = prefix.is_empty() || (prefix.starts_with('/') && !prefix.contains("//"));
    if !is_path || !prefix.chars().all(is_plain) {
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

/// A connection that is open, for as long as this lives.
pub(crate) struct Open(pub(crate) Arc<App>);

impl Open {
    pub(crate) fn new(app: &Arc<App>) -> Open {
        app.counted.connections.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(app))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.counted.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
