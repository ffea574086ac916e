//! Messages of partners: CloudEvents 1.0 in structured form. All are accepted and noted; a request for footprints is answered later,
//! where the operator has listed the client's host.

use super::callback::{Answering, Outcome, known};
use super::filters::Filter3;
use super::identity::client;
use crate::answer::{Answer, Code, Refused, empty, error};
use crate::app::App;
use crate::clients::Client;
use crate::exports::{Documents, Which};
use crate::front::Asked;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use green_corridor::Level;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Documents of an answer, and their bytes.
const MOST_DOCUMENTS: usize = 100;
const MOST_BYTES: usize = 1 << 20;
/// Conditions of a request.
const MOST_CONDITIONS: usize = 256;
/// Longest id and source.
const MOST_TEXT: usize = 1024;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    specversion: String,
    id: String,
    source: String,
    data: Map<String, Value>,
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Request,
    Fulfilled,
    Rejected,
    Published,
}

fn about(kind: &str, which: Which) -> Option<About> {
    let words = match which {
        Which::V2 | Which::Tad => [
            "org.wbcsd.pathfinder.ProductFootprintRequest.Created.v1",
            "org.wbcsd.pathfinder.ProductFootprintRequest.Fulfilled.v1",
            "org.wbcsd.pathfinder.ProductFootprintRequest.Rejected.v1",
            "org.wbcsd.pathfinder.ProductFootprint.Published.v1",
        ],
        Which::V3 => [
            "org.wbcsd.pact.ProductFootprint.RequestCreatedEvent.3",
            "org.wbcsd.pact.ProductFootprint.RequestFulfilledEvent.3",
            "org.wbcsd.pact.ProductFootprint.RequestRejectedEvent.3",
            "org.wbcsd.pact.ProductFootprint.PublishedEvent.3",
        ],
    };
    let all = [
        About::Request,
        About::Fulfilled,
        About::Rejected,
        About::Published,
    ];
    words
        .iter()
        .zip(all)
        .find(|(word, _)| **word == kind)
        .map(|(_, about)| about)
}

/// `POST /2/events`, `POST /3/events`.
pub(crate) async fn event(app: Arc<App>, asked: Arc<Asked>, which: Which) -> Answer {
    let client = match client(&app, &asked, which) {
        Ok(client) => client,
        Err(refused) => return refused.answer(),
    };
    asked.is_by(&client.id);
    let event = match read(&asked) {
        Ok(event) => event,
        Err(refused) => return refused.answer(),
    };
    let Some(about) = about(&event.kind, which) else {
        return Refused::bad("type: no event of this version").answer();
    };
    let is_answered = about == About::Request && client.callback.is_some();
    let answered = if is_answered {
        "to be answered"
    } else {
        "noted"
    };
    let what = format!("client {}: event {about:?}, {answered}", client.id);
    app.console.message(Level::Info, &what);
    let words = [
        &event.source,
        &event.id,
        &event.kind,
        &Value::from(event.data.clone()).to_string(),
    ];
    let request = known(words.map(String::as_str));
    if is_answered {
        let Some(place) = app.callbacks.place(&client.id) else {
            let what = "too many requests wait for their answer";
            return error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", what);
        };
        if !app.callbacks.take(&client.id, request) {
            let what = format!("client {}: the event was there before", client.id);
            app.console.message(Level::Info, &what);
            return accepted();
        }
        let answering = Answering {
            which,
            request: event.id.clone(),
            source: event.source.clone(),
            own: asked.base(),
            client,
        };
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            let (held, data) = (Arc::clone(&app), Arc::new(event.data));
            let find = move |client: &Arc<Client>| outcome(&held, client, which, &data);
            answering.deliver(&app, find).await;
            drop(place);
        });
    }
    accepted()
}

fn accepted() -> Answer {
    let mut answer = empty(StatusCode::OK);
    answer
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    answer
}

fn read(asked: &Asked) -> Result<Event, Refused> {
    let kind = asked
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default();
    if !kind
        .trim()
        .eq_ignore_ascii_case("application/cloudevents+json")
    {
        return Err(Refused::bad(
            "content-type: expected application/cloudevents+json",
        ));
    }
    let event: Event = serde_json::from_slice(&asked.body).map_err(|_| {
        Refused::bad("expected a CloudEvent with type, specversion, id, source and data")
    })?;
    if event.specversion != "1.0" {
        return Err(Refused::bad("specversion: expected 1.0"));
    }
    let is_text = |text: &str| (1..=MOST_TEXT).contains(&text.len());
    match is_text(&event.id) && is_text(&event.source) {
        true => Ok(event),
        false => Err(Refused::bad("id, source: expected text")),
    }
}

/// What is asked for: conditions of the list, as a fragment of a footprint or as lists by name.
fn conditions(which: Which, data: &Map<String, Value>) -> Result<Filter3, Refused> {
    let mut filter = Filter3::default();
    let mut count = 0;
    let mut take = |name: &str, value: &Value| -> Result<(), Refused> {
        let one = std::slice::from_ref(value);
        let values = value.as_array().map_or(one, Vec::as_slice);
        for value in values {
            let text = value
                .as_str()
                .ok_or_else(|| Refused::bad(format!("{name}: expected text")))?;
            count += 1;
            if count > MOST_CONDITIONS {
                return Err(Refused::bad("too many conditions"));
            }
            if !filter.take(name, text)? {
                let what = format!("{} cannot be asked for", super::filters::clipped(name));
                return Err(Refused(Code::NotImplemented, what));
            }
        }
        Ok(())
    };
    if let Some(fragment) = data.get("pf").and_then(Value::as_object) {
        for (key, value) in fragment {
            let name = match key.as_str() {
                "productIds" => "productId",
                "companyIds" => "companyId",
                other => other,
            };
            take(name, value)?;
        }
    } else if which == Which::V3 {
        for (key, value) in data.iter().filter(|(key, _)| *key != "comment") {
            take(key, value)?;
        }
    }
    match count {
        0 => Err(Refused::bad("expected product ids")),
        _ => Ok(filter),
    }
}

/// The documents that a request asks for, or why there are none.
fn outcome(app: &App, client: &Arc<Client>, which: Which, data: &Map<String, Value>) -> Outcome {
    let filter = match conditions(which, data) {
        Ok(filter) => filter,
        Err(Refused(code, message)) => return Outcome::Rejected(code, message),
    };
    let none = || {
        let what = "there is no such footprint for this client".to_owned();
        Outcome::Rejected(Code::NoSuchFootprint, what)
    };
    let Some(export) = app.exports.current(which) else {
        return none();
    };
    let Documents::Footprints(table) = &export.documents else {
        return none();
    };
    let mut documents = Vec::new();
    let order = &export.seen(client, &app.console).order;
    let matching = order.iter().filter(|row| filter.matches(&table.row(**row)));
    for (count, row) in matching.take(MOST_DOCUMENTS).enumerate() {
        if count > 0 {
            if documents.len() + table.length(*row) > MOST_BYTES {
                break;
            }
            documents.push(b',');
        }
        if table.append(*row, &mut documents).is_err() {
            return Outcome::Rejected(Code::InternalError, "a document cannot be read".to_owned());
        }
    }
    match documents.is_empty() {
        true => none(),
        false => Outcome::Fulfilled(documents),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exports::product_number;

    #[test]
    fn each_version_has_its_own_types() {
        let v2 = "org.wbcsd.pathfinder.ProductFootprint.Published.v1";
        assert_eq!(about(v2, Which::V2), Some(About::Published));
        assert_eq!(about(v2, Which::V3), None);
        let v3 = "org.wbcsd.pact.ProductFootprint.RequestRejectedEvent.3";
        assert_eq!(about(v3, Which::V3), Some(About::Rejected));
        assert_eq!(about(v3, Which::V2), None);
    }

    #[test]
    fn a_request_names_what_it_wants_in_either_form() {
        let ask = |which, data: &str| {
            let data: Map<String, Value> = serde_json::from_str(data).expect("JSON");
            conditions(which, &data)
                .map(drop)
                .map_err(|refused| refused.0)
        };
        assert_eq!(
            ask(
                Which::V2,
                r#"{"pf":{"productIds":["urn:a"]},"comment":"x"}"#
            ),
            Ok(())
        );
        assert_eq!(ask(Which::V3, r#"{"pf":{"productIds":["urn:a"]}}"#), Ok(()));
        assert_eq!(
            ask(
                Which::V3,
                r#"{"productId":["urn:a"],"geography":["CN"],"comment":"x"}"#
            ),
            Ok(())
        );
        assert_eq!(
            ask(Which::V2, r#"{"productId":["urn:a"]}"#),
            Err(Code::BadRequest)
        );
        assert_eq!(
            ask(Which::V2, r#"{"pf":{"productIds":[1]}}"#),
            Err(Code::BadRequest)
        );
        assert_eq!(
            ask(Which::V2, r#"{"pf":{"pcf":"x"}}"#),
            Err(Code::NotImplemented)
        );
        assert_eq!(ask(Which::V3, "{}"), Err(Code::BadRequest));
        // The number of a product does not depend on how it is spelled.
        assert_eq!(product_number("urn:a%2Fb"), product_number("URN:a/b"));
    }
}
