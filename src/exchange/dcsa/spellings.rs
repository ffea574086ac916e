//! The table of spellings, and fields of an event found by it.

use crate::exchange::documents::Fault;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A group of words: code of the standard, and what stands for it.
type Words = BTreeMap<String, Vec<String>>;

/// Code of a facility and the list it is from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FacilityPaths {
    code: String,
    provider: String,
}

/// References that others replaced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replacements {
    /// Key of the list.
    pub list: Vec<String>,
    /// Key of what was replaced.
    pub old: Vec<String>,
    /// Key of what replaced it.
    pub new: Vec<String>,
}

/// How references to documents are spelled.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentKeys {
    /// Keys of kind and number in one object.
    pub pairs: Vec<(String, String)>,
    /// Keys that are of a kind.
    pub keys: Words,
    /// References that others replaced.
    pub replacements: Replacements,
}

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spellings {
    /// Keys whose array at the top of a document holds events.
    pub lists: Vec<String>,
    /// Further keys that may hold events.
    pub holders: Vec<String>,
    envelopes: Vec<String>,
    /// Equipment events that move nothing.
    pub still: Vec<String>,
    paths: BTreeMap<String, Vec<String>>,
    facilities: Vec<FacilityPaths>,
    words: BTreeMap<String, Words>,
    /// How references are spelled.
    pub documents: DocumentKeys,
}

/// The table that is compiled in.
pub(crate) static SPELLINGS: LazyLock<Spellings> = LazyLock::new(|| {
    toml::from_str(include_str!("spellings.toml")).expect("a test reads the table")
});

/// Whether two spellings are one: capitals, `_`, `-` and spaces do not count.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    let normal = |text: &str| {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    a == b || normal(a) == normal(b)
}

/// Whether this is one of the spellings.
pub(crate) fn is_among(text: &str, spellings: &[String]) -> bool {
    spellings.iter().any(|s| is_same(s, text))
}

impl Spellings {
    /// The code of the standard that a word of this group stands for.
    pub(crate) fn code(&self, group: &str, word: &str) -> Option<&str> {
        let words = self.words.get(group)?;
        let found = words
            .iter()
            .find(|(code, others)| is_same(code, word) || is_among(word, others));
        found.map(|(code, _)| code.as_str())
    }

    /// The codes of a group, for messages.
    pub(crate) fn codes(&self, group: &str) -> String {
        let codes = self.words.get(group).into_iter().flatten();
        let codes: Vec<&str> = codes.map(|(code, _)| code.as_str()).collect();
        codes.join(", ")
    }
}

/// A field as it stands: where, and what.
pub(crate) type Found<'v> = (String, &'v Value);

/// An event, whose fields are found by the table.
pub(crate) struct Fields<'v> {
    /// The event and its envelopes, each with its pointer.
    roots: Vec<Found<'v>>,
}

impl<'v> Fields<'v> {
    /// Of this entry.
    pub(crate) fn of(entry: &'v Value) -> Fields<'v> {
        let mut roots = vec![(String::new(), entry)];
        let mut at = 0;
        while at < roots.len() && roots.len() < 16 {
            let (pointer, root) = roots[at].clone();
            for (key, value) in root.as_object().into_iter().flatten() {
                if value.is_object() && is_among(key, &SPELLINGS.envelopes) {
                    roots.push((format!("{pointer}/{key}"), value));
                }
            }
            at += 1;
        }
        Fields { roots }
    }

    fn at(&self, path: &str) -> Option<Found<'v>> {
        self.roots.iter().find_map(|(pointer, root)| {
            let mut found = (pointer.clone(), *root);
            for key in path.split('.') {
                let object = found.1.as_object()?;
                let (name, value) = match object.get_key_value(key) {
                    Some(exact) => exact,
                    None => object.iter().find(|(name, _)| is_same(name, key))?,
                };
                found = (format!("{}/{name}", found.0), value);
            }
            (!is_nothing(found.1)).then_some(found)
        })
    }

    /// What stands at the first of the paths of a field that has something.
    pub(crate) fn get(&self, field: &str) -> Option<Found<'v>> {
        let paths = SPELLINGS.paths.get(field).into_iter().flatten();
        paths.into_iter().find_map(|path| self.at(path))
    }

    /// The first text among the paths of a field, where other things may stand at the same keys.
    pub(crate) fn first_text(&self, field: &str) -> Option<(String, String)> {
        let paths = SPELLINGS.paths.get(field).into_iter().flatten();
        paths
            .into_iter()
            .filter_map(|path| self.at(path))
            .find(|(_, value)| !value.is_object() && !value.is_array())
            .and_then(|(pointer, value)| Some((pointer.clone(), plain(&pointer, value).ok()?)))
    }

    /// The text of a field; a whole number counts as its digits.
    pub(crate) fn text(&self, field: &str) -> Result<Option<String>, Fault> {
        self.get(field)
            .map(|(pointer, value)| plain(&pointer, value))
            .transpose()
    }

    /// The text of a field that must be there.
    pub(crate) fn required(&self, field: &str, wanted: &str) -> Result<String, Fault> {
        self.text(field)?.ok_or_else(|| self.fault(field, wanted))
    }

    /// A word of the group of the same name as the code of the standard.
    pub(crate) fn word(&self, field: &str) -> Result<Option<&'static str>, Fault> {
        let Some(word) = self.text(field)? else {
            return Ok(None);
        };
        let code = SPELLINGS.code(field, &word);
        code.map(Some)
            .ok_or_else(|| self.fault(field, &format!("one of {}", SPELLINGS.codes(field))))
    }

    /// A fault of a field: of what stands there, or that nothing does.
    pub(crate) fn fault(&self, field: &str, wanted: &str) -> Fault {
        let (pointer, found) = match self.get(field) {
            Some((pointer, value)) => (pointer, shown(value)),
            None => {
                let paths = SPELLINGS.paths.get(field);
                // The last root is the innermost envelope; the first path, what the newest version of the standard has.
                let path = paths.and_then(|p| p.first()).map_or("", String::as_str);
                (format!("/{}", path.replace('.', "/")), "nothing".to_owned())
            }
        };
        Fault::new(&pointer, &found, wanted)
    }

    /// The first facility that is named, as its code and the list that it is from.
    pub(crate) fn facility(&self) -> Result<Option<(String, String)>, Fault> {
        for paths in &SPELLINGS.facilities {
            if let Some((pointer, code)) = self.at(&paths.code) {
                let provider = self.at(&paths.provider);
                let provider = provider.map(|(pointer, value)| plain(&pointer, value));
                let provider = provider.transpose()?.unwrap_or_default();
                return Ok(Some((plain(&pointer, code)?, provider)));
            }
        }
        Ok(None)
    }
}

/// `null` and the empty text.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// A text, or a whole number as its digits.
pub(crate) fn plain(pointer: &str, value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) if number.is_u64() => Ok(number.to_string()),
        other => Err(Fault::new(pointer, &shown(other), "a text")),
    }
}

/// A value as a fault shows it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}
