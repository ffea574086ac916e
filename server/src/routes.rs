//! The routes: which path is answered by what, and what is asked before it answers.

use crate::answer::{self, Answer, error, json};
use crate::app::App;
use crate::door;
use crate::exports::Which;
use crate::front::{Asked, ONLY_HTTPS, refused};
use crate::pages::{self, Viewer};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::pin::Pin;
use std::sync::Arc;

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
    let read = |route: &'static str, answered: fn(&App, &Asked, &Viewer) -> Answer| {
        get(page_to(route, blocking(answered)))
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
            get(page_to("places", |app, asked, _| pages::places(app, asked))),
        )
        .route(
            "/scenario.toml",
            get(page_to("scenario", async |_, asked: Arc<Asked>, _| {
                pages::scenario(&asked)
            })),
        )
        .route("/compare.html", compare(pages::Form::Page))
        .route("/compare.json", compare(pages::Form::Json))
        .route("/compare.csv", compare(pages::Form::Csv))
        .route("/runs", read("runs", pages::runs))
        .route("/runs/{id}", read("run", pages::run))
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
            "/runs/{id}/slice",
            get(page_to("slice", |app, asked, _| pages::slice(app, asked))),
        )
        .route("/runs/{id}/corridors", read("corridors", pages::corridors))
        .route("/runs/{id}/corridor", read("corridor", pages::corridor))
        .route("/runs/{id}/shipment", read("shipment", pages::shipment))
        .route("/runs/{id}/tables/{name}", read("table", pages::table_csv))
        .route(
            "/runs/{id}/exports/{kind}/{name}",
            read("export", pages::export),
        )
        .route("/runs/{id}/files/{*path}", read("file", pages::file))
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
            match pages::viewer(&app, &asked).await {
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

/// A page that reads files, beside the connections.
fn blocking(
    answered: fn(&App, &Asked, &Viewer) -> Answer,
) -> impl Fn(Arc<App>, Arc<Asked>, Viewer) -> Later + Clone + Send + Sync + 'static {
    move |app, asked, viewer| {
        Box::pin(async move {
            let held = Arc::clone(&app);
            let work = move || answered(&held, &asked, &viewer);
            app.beside(&app.runs, work)
                .await
                .unwrap_or_else(|busy| busy)
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
        Some(asked) if app.users.is_some() => pages::log_in(app, asked).await,
        _ => nothing_there(),
    }
}

async fn log_out(State(app): Held, request: Request) -> Answer {
    match asked_of(&request, "login") {
        Some(asked) if app.users.is_some() => {
            let held = Arc::clone(&app);
            let work = move || pages::log_out(&held, &asked);
            let done = app.beside(&app.logins, work).await;
            done.unwrap_or_else(|busy| busy)
        }
        _ => nothing_there(),
    }
}

fn nothing_there() -> Answer {
    error(StatusCode::NOT_FOUND, "NotFound", "there is nothing here")
}

async fn health(request: Request) -> Answer {
    asked_of(&request, "health");
    json(StatusCode::OK, r#"{"status":"ok"}"#)
}

/// For who looks after this machine: not for those who come through a proxy or from elsewhere.
async fn metrics(State(app): Held, request: Request) -> Answer {
    match asked_of(&request, "metrics") {
        Some(asked) if asked.is_direct && pages::is_this_machine(asked.host()) => {
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
