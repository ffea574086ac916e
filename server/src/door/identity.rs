//! Who asks: client credentials for a token, and the token in every other request.

use crate::answer::{Answer, Code, Refused, json};
use crate::app::App;
use crate::clients::Client;
use crate::exports::Which;
use crate::front::Asked;
use crate::token::Bad;
use axum::http::header::{AUTHORIZATION, HeaderValue, PRAGMA};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest id and secret that are looked at.
const MOST: usize = 256;

/// `POST /auth/token`.
pub(crate) async fn token(app: Arc<App>, asked: Arc<Asked>) -> Answer {
    let form: Vec<(Cow<str>, Cow<str>)> = form_urlencoded::parse(&asked.body).collect();
    let field = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.to_string())
    };
    match field("grant_type").as_deref() {
        Some("client_credentials") => (),
        None => return refused("invalid_request", "grant_type is missing"),
        Some(_) => return refused("unsupported_grant_type", "expected client_credentials"),
    }
    let of_form = || Some((field("client_id")?, field("client_secret")?));
    let credentials = match asked.headers.contains_key(AUTHORIZATION) {
        true => basic(&asked.headers),
        false => of_form(),
    };
    let Some((id, said)) = credentials.filter(|(id, said)| id.len() <= MOST && said.len() <= MOST)
    else {
        return refused("invalid_client", "client authentication failed");
    };
    let client = app.clients.as_ref().and_then(|clients| clients.get(&id));
    let hash = client.as_ref().map(|client| client.hash.clone());
    let passed = match app.prove(format!("id {id}"), asked.ip, (hash, said)).await {
        Ok(passed) => passed,
        Err(busy) => return busy,
    };
    let Some(client) = client.filter(|_| passed) else {
        return refused("invalid_client", "client authentication failed");
    };
    asked.is_by(&client.id);
    let expires = now() + u64::from(app.token_seconds);
    let body = json!({
        "access_token": app.tokens.sign(&client.id, &client.hash, expires),
        "token_type": "bearer",
        "expires_in": app.token_seconds,
    });
    let mut answer = json(StatusCode::OK, body.to_string());
    answer
        .headers_mut()
        .insert(PRAGMA, HeaderValue::from_static("no-cache"));
    answer
}

/// A refusal in the form of OAuth.
fn refused(code: &str, description: &str) -> Answer {
    let body = json!({ "error": code, "error_description": description });
    json(StatusCode::BAD_REQUEST, body.to_string())
}

/// Id and secret of the header, as far as it has them.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let text = authorization(headers, "basic")?;
    let bytes = STANDARD.decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// What follows the scheme in the only authorization header.
fn authorization<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else {
        return None;
    };
    let (named, rest) = only.to_str().ok()?.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}

/// The client of a request's token.
pub(super) fn client(app: &App, asked: &Asked, which: Which) -> Result<Arc<Client>, Refused> {
    let unknown = || {
        // iLEAP and PACT want different answers to the same thing.
        let code = match which {
            Which::V2 | Which::V3 => Code::BadRequest,
            Which::Tad => Code::AccessDenied,
        };
        Refused(code, "the access token is not one of this host".to_owned())
    };
    let clients = app.clients.as_ref().ok_or_else(unknown)?;
    let token = authorization(&asked.headers, "bearer").ok_or_else(unknown)?;
    let hash_of = |id: &str| clients.get(id).map(|client| client.hash.clone());
    let id = app
        .tokens
        .read(token, now(), hash_of)
        .map_err(|bad| match bad {
            Bad::Unknown => unknown(),
            Bad::Expired => Refused(
                Code::TokenExpired,
                "the access token has expired".to_owned(),
            ),
        })?;
    clients.get(&id).ok_or_else(unknown)
}

/// Seconds of the epoch.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// `GET /.well-known/openid-configuration`.
pub(crate) fn openid(asked: &Asked) -> Answer {
    let base = asked.base();
    let body = json!({
        "issuer": base,
        "token_endpoint": format!("{base}/auth/token"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["none"],
    });
    json(StatusCode::OK, body.to_string())
}

/// Tokens are read by this host alone, so that there is no key that others could check them by.
pub(crate) fn openid_keys() -> Answer {
    json(StatusCode::OK, r#"{"keys":[]}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_authorization_header_counts_and_two_do_not() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("basic YTpiOmM="));
        assert_eq!(basic(&headers), Some(("a".to_owned(), "b:c".to_owned())));
        assert_eq!(authorization(&headers, "bearer"), None);
        headers.append(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        assert_eq!(basic(&headers), None);
    }
}
