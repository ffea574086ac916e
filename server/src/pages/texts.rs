//! What the pages say, in one file for each language, and which of them somebody is answered in.

use crate::front::Asked;
use axum::http::header::ACCEPT_LANGUAGE;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The cookie of who has chosen a language.
pub(super) const COOKIE: &str = "green_corridor_language";

/// A language that pages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    const ALL: [Language; 2] = [Language::English, Language::Chinese];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Language::English => include_str!("texts.en.toml"),
            Language::Chinese => include_str!("texts.zh.toml"),
        }
    }

    /// The language that an address names.
    pub(super) fn named(query: &str) -> Option<Language> {
        let mut all = form_urlencoded::parse(query.as_bytes());
        let (_, code) = all.find(|(key, _)| key == "lang")?;
        Language::ALL.into_iter().find(|one| one.code() == code)
    }

    /// That of the address, else the one that was chosen before, else the first of the browser's that there is.
    pub(super) fn of(asked: &Asked) -> Language {
        let chosen = || {
            let code = super::login::cookie(asked, COOKIE)?;
            Language::ALL.into_iter().find(|one| one.code() == code)
        };
        let wished = || {
            let text = asked.headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
            let mut codes = text.split(',').map(|one| one.trim().to_ascii_lowercase());
            codes.find_map(|wish| {
                let is = |one: &Language| wish.get(..2) == Some(one.code());
                Language::ALL.into_iter().find(is)
            })
        };
        Language::named(&asked.query)
            .or_else(chosen)
            .or_else(wished)
            .unwrap_or(Language::English)
    }
}

/// The texts of a language.
pub(super) struct Texts(BTreeMap<String, String>);

impl Texts {
    pub(super) fn of(language: Language) -> &'static Texts {
        static ALL: LazyLock<[Texts; 2]> = LazyLock::new(|| {
            Language::ALL.map(|language| Texts(toml::from_str(language.file()).unwrap_or_default()))
        });
        &ALL[language as usize]
    }

    /// Those for who asks.
    pub(super) fn for_(asked: &Asked) -> &'static Texts {
        Texts::of(Language::of(asked))
    }

    /// The text of a key; the key itself where there is none.
    pub(super) fn say<'t>(&'t self, key: &'t str) -> &'t str {
        self.find(key).unwrap_or(key)
    }

    pub(super) fn find(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Those that the script fills in itself.
    pub(super) fn of_the_script(&self) -> BTreeMap<&str, &str> {
        let is_of_it = |key: &str| {
            ["say_", "field_", "beside_", "unknown", "lang"]
                .iter()
                .any(|begin| key.starts_with(begin))
        };
        let all = self.0.iter().filter(|(key, _)| is_of_it(key));
        all.map(|(key, text)| (key.as_str(), text.as_str()))
            .collect()
    }
}

/// A text with its places filled: `{run}` by what stands beside `run`. What is filled in is not filled again.
pub(super) fn fill(text: &str, filled: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = behind.split_once('}') else {
            out.push('{');
            rest = behind;
            continue;
        };
        let found = filled.iter().find(|(known, _)| *known == name);
        out.push_str(found.map_or("", |(_, text)| text));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn places(text: &str) -> BTreeSet<&str> {
        let places = text.split('{').skip(1);
        places
            .filter_map(|rest| Some(rest.split_once('}')?.0))
            .collect()
    }

    #[test]
    fn the_languages_say_the_same() {
        let [english, chinese] = Language::ALL.map(|language| {
            let all: BTreeMap<String, String> = toml::from_str(language.file()).expect("texts");
            all
        });
        let keys = |all: &BTreeMap<String, String>| all.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&english), keys(&chinese));
        for (key, text) in &english {
            let other = &chinese[key];
            assert_eq!(places(text), places(other), "{key}");
            assert!(!text.trim().is_empty() && !other.trim().is_empty(), "{key}");
        }
    }

    /// Every key that a page or the script names is there, and every one that is there is named.
    #[test]
    fn every_text_is_said_somewhere() {
        let sources = [
            include_str!("mod.rs"),
            include_str!("login.rs"),
            include_str!("planner.rs"),
            include_str!("said.rs"),
            include_str!("runs.rs"),
            include_str!("corridors.rs"),
            include_str!("shipment.rs"),
            include_str!("planner.js"),
        ]
        .concat();
        let page = include_str!("planner.html");
        let english = &Texts::of(Language::English).0;
        for key in english.keys() {
            let begins = ["field_", "error_", "state_", "export_", "load_"];
            let is_made = begins.iter().any(|begin| key.starts_with(begin));
            let is_named = sources.contains(&format!("\"{key}\""))
                || sources.contains(&format!("words.{key}"));
            assert!(
                is_made || is_named || page.contains(&format!("{{{key}}}")),
                "{key}"
            );
        }
        for key in places(page) {
            assert!(
                english.contains_key(key) || key == "prefix" || key == "words",
                "{key}"
            );
        }
        for said in sources.split("say(\"").skip(1) {
            let key = said.split('"').next().expect("a key");
            assert!(english.contains_key(key), "{key}");
        }
    }

    #[test]
    fn places_are_filled_once() {
        let filled = fill("{a}: {b}{a} {", &[("a", "{b}"), ("b", "2")]);
        assert_eq!(filled, "{b}: 2{b} {");
    }
}
