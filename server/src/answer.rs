//! Answers: JSON or nothing, with the headers that every one has.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};

/// An answer of this server.
pub(crate) type Answer = Response<Body>;

/// Codes of the footprint exchange, each with its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    BadRequest,
    AccessDenied,
    NoSuchFootprint,
    TokenExpired,
    NotImplemented,
    InternalError,
}

impl Code {
    fn status(self) -> StatusCode {
        match self {
            Code::BadRequest | Code::NotImplemented => StatusCode::BAD_REQUEST,
            Code::AccessDenied => StatusCode::FORBIDDEN,
            Code::NoSuchFootprint => StatusCode::NOT_FOUND,
            Code::TokenExpired => StatusCode::UNAUTHORIZED,
            Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// As it is written.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Code::BadRequest => "BadRequest",
            Code::AccessDenied => "AccessDenied",
            Code::NoSuchFootprint => "NoSuchFootprint",
            Code::TokenExpired => "TokenExpired",
            Code::NotImplemented => "NotImplemented",
            Code::InternalError => "InternalError",
        }
    }
}

/// A refusal.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Code, pub(crate) String);

impl Refused {
    pub(crate) fn bad(message: impl Into<String>) -> Refused {
        Refused(Code::BadRequest, message.into())
    }

    pub(crate) fn answer(&self) -> Answer {
        error(self.0.status(), self.0.word(), &self.1)
    }
}

/// The message of a refusal, kept beside its JSON for a page that says the same.
#[derive(Clone, Debug)]
pub(crate) struct Said(pub(crate) String);

/// `{"code":…,"message":…}`.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = serde_json::json!({ "code": code, "message": message });
    let mut answer = json(status, body.to_string());
    answer.extensions_mut().insert(Said(message.to_owned()));
    answer
}

/// A JSON body.
pub(crate) fn json(status: StatusCode, body: impl Into<Body>) -> Answer {
    with(status, "application/json", body)
}

/// A body of a type. Nothing that is answered here may lie in a cache of others.
pub(crate) fn with(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Nothing but a status.
pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

/// What every answer has: nothing in it is guessed to be a script, framed, or tells others where one was.
pub(crate) fn finish(answer: &mut Answer) {
    const ALWAYS: [(&str, &str); 4] = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in ALWAYS {
        let name = HeaderName::from_static(name);
        let headers = answer.headers_mut();
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}
