//! The partner door: PACT 2 and 3 and iLEAP data transactions over finished exports.
//!
//! `identity` tells who asks, `list` pages, `odata` and `filters` choose, `events` takes messages and `callback` answers them.

mod callback;
mod events;
mod filters;
mod identity;
mod list;
mod odata;

pub(crate) use callback::Callbacks;
pub(crate) use events::event;
pub(crate) use identity::{openid, openid_keys, token};

use crate::answer::{Answer, Code, Refused, json};
use crate::app::App;
use crate::exports::{Documents, Export, Table, Which};
use crate::front::Asked;
use axum::http::StatusCode;
use identity::client;
use list::Paging;
use std::sync::Arc;
use uuid::Uuid;

/// `GET /2/footprints`, `GET /3/footprints`, `GET /2/ileap/tad`.
pub(crate) async fn list(app: Arc<App>, asked: Arc<Asked>, which: Which) -> Answer {
    let client = match client(&app, &asked, which) {
        Ok(client) => client,
        Err(refused) => return refused.answer(),
    };
    asked.is_by(&client.id);
    let held = Arc::clone(&app);
    let work = move || -> Result<Answer, Refused> {
        let parameters = filters::parameters(&asked.query)?;
        let paging = Paging::of(&parameters, app.most_documents)?;
        let export = match &paging.list {
            None => app.exports.current(which),
            Some(id) => {
                let gone = || Refused::bad("this list is no longer there: ask for a new one");
                Some(app.exports.of_link(which, id).ok_or_else(gone)?)
            }
        };
        let Some(export) = export else {
            return Ok(json(StatusCode::OK, r#"{"data":[]}"#));
        };
        let seen = export.seen(&client, &app.console);
        let page = match (&export.documents, which) {
            (Documents::Footprints(table), Which::V2) => {
                let filter = filters::of_version_2(&parameters)?;
                list::footprints(table, &seen, &paging, |row| filter.matches(&row))?
            }
            (Documents::Footprints(table), _) => {
                let filter = filters::of_version_3(&parameters)?;
                list::footprints(table, &seen, &paging, |row| filter.matches(&row))?
            }
            (Documents::Activities(activities), _) => {
                let filter = filters::of_activities(&parameters)?;
                list::activities(activities, &seen, &paging, &filter)?
            }
        };
        page.answer(&asked, &parameters, &export.id, &paging)
    };
    blocking(&held, work).await
}

/// `GET /2/footprints/{id}`, `GET /3/footprints/{id}`.
pub(crate) async fn one(app: Arc<App>, asked: Arc<Asked>, which: Which) -> Answer {
    let client = match client(&app, &asked, which) {
        Ok(client) => client,
        Err(refused) => return refused.answer(),
    };
    asked.is_by(&client.id);
    let held = Arc::clone(&app);
    let work = move || -> Result<Answer, Refused> {
        let none = || Refused(Code::NoSuchFootprint, "no footprint has this id".to_owned());
        let id = asked.path.rsplit('/').next().unwrap_or_default();
        // Of the forms in which a UUID can be written, documents have one.
        let id = Some(id).filter(|id| id.len() == 36).ok_or_else(none)?;
        let id: Uuid = id.parse().map_err(|_| none())?;
        for export in app.exports.all(which) {
            let Some((table, row)) = found(&export, &id) else {
                continue;
            };
            if !export.seen(&client, &app.console).has(row) {
                return Err(match app.hide_foreign {
                    true => none(),
                    false => Refused(Code::AccessDenied, "not released to this client".to_owned()),
                });
            }
            let mut body = Vec::with_capacity(table.length(row) + 16);
            body.extend_from_slice(br#"{"data":"#);
            table.append(row, &mut body).map_err(|e| unreadable(&e))?;
            body.push(b'}');
            return Ok(json(StatusCode::OK, body));
        }
        Err(none())
    };
    blocking(&held, work).await
}

fn found<'e>(export: &'e Export, id: &Uuid) -> Option<(&'e Table, u32)> {
    match &export.documents {
        Documents::Footprints(table) => Some((table, table.find(id)?)),
        Documents::Activities(_) => None,
    }
}

/// What the partner need not know of a broken disk.
fn unreadable(_: &std::io::Error) -> Refused {
    Refused(Code::InternalError, "a document cannot be read".to_owned())
}

async fn blocking(
    app: &App,
    work: impl FnOnce() -> Result<Answer, Refused> + Send + 'static,
) -> Answer {
    match app.beside(&app.lists, work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(refused)) => refused.answer(),
        Err(answer) => answer,
    }
}
