//! What went wrong, in words for people: the engine names options of a command line, where pages have fields.

use super::page;
use super::texts::Texts;
use crate::answer::{Answer, Said};
use crate::app::App;
use crate::front::Asked;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, ALLOW, RETRY_AFTER};
use green_corridor::text::html;
use green_corridor::{Error, ErrorKind};

/// What went wrong, for who asked. What they could not help is told to the log alone: it may name places of this machine.
pub(super) fn refusal(app: &App, error: &Error) -> (StatusCode, String) {
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

/// A message of the engine with the names of the form's fields, and without commands.
pub(super) fn for_people(texts: &Texts, message: &str) -> String {
    let parts = message.split("; ").filter(|part| !part.contains('`'));
    let parts: Vec<String> = parts.map(|part| with_fields(texts, part)).collect();
    parts.join("; ")
}

fn with_fields(texts: &Texts, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("--") {
        out.push_str(before);
        let is_of_name = |c: char| c.is_ascii_lowercase() || c == '-';
        let end = behind.find(|c| !is_of_name(c)).unwrap_or(behind.len());
        let (name, after) = behind.split_at(end);
        match field(texts, &name.replace('-', "_")) {
            Some(label) => out.push_str(label),
            None => out.push_str(name),
        }
        rest = after;
    }
    out.push_str(rest);
    // A field of the address that stands in front.
    let named = out.split_once(':');
    let named = named.and_then(|(name, rest)| Some(format!("{}:{rest}", field(texts, name)?)));
    named.unwrap_or(out)
}

pub(super) fn field<'t>(texts: &'t Texts, name: &str) -> Option<&'t str> {
    let is_name = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_name
        .then(|| texts.find(&format!("field_{name}")))
        .flatten()
}

/// Whether somebody looks at the answer, and not a program.
fn is_for_people(asked: &Asked) -> bool {
    let is_of_partners = ["/auth/", "/.well-known/", "/2/", "/3/"]
        .iter()
        .any(|door| asked.path.starts_with(door));
    let accepts = asked.headers.get_all(ACCEPT).iter();
    let mut accepts = accepts.filter_map(|value| value.to_str().ok());
    !is_of_partners && accepts.any(|kinds| kinds.contains("text/html"))
}

/// A refusal as a page, if somebody looks at it.
pub(crate) fn for_who_asks(asked: &Asked, answer: Answer) -> Answer {
    let said = answer.extensions().get::<Said>();
    let Some(Said(message)) = said.filter(|_| is_for_people(asked)) else {
        return answer;
    };
    let texts = Texts::for_(asked);
    let status = answer.status();
    let key = format!("error_{}", status.as_u16());
    let title = texts.find(&key).unwrap_or(texts.say("error_other"));
    let body = format!(
        "<h1>{}</h1><p class=\"alert\" role=\"alert\">{}</p><p><a href=\"{}/\">{}</a></p>",
        html(title),
        html(&for_people(texts, message)),
        html(asked.prefix()),
        html(texts.say("error_back"))
    );
    let mut shown = page(asked, None, title, &body);
    *shown.status_mut() = status;
    for name in [ALLOW, RETRY_AFTER] {
        if let Some(value) = answer.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::texts::Language;
    use super::*;

    #[test]
    fn no_word_of_a_terminal_is_shown() {
        let english = Texts::of(Language::English);
        for (message, wanted) in [
            (
                "x: unknown place; nearest: A, B; `green-corridor places` finds others",
                "x: unknown place; nearest: A, B",
            ),
            (
                "--cargo-kg x: expected kilograms above 0",
                "Kilograms x: expected kilograms above 0",
            ),
            (
                "--cargo-kg: 9 kg is more than 1 22G1 carry, 8 kg; --boxes 2 carry it, and so does no --boxes at all",
                "Kilograms: 9 kg is more than 1 22G1 carry, 8 kg; Boxes 2 carry it, and so does no Boxes at all",
            ),
            (
                "carbon_price: expected a currency beside it",
                "Carbon price: expected a currency beside it",
            ),
            ("there is no field x", "there is no field x"),
            ("a -- b", "a  b"),
        ] {
            assert_eq!(for_people(english, message), wanted);
        }
        let chinese = Texts::of(Language::Chinese);
        assert_eq!(for_people(chinese, "--via x: y"), "途经 x: y");
    }
}
