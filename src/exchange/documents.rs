//! JSON documents of partners, entry by entry: arrays, objects that hold one, single objects, and one document per line.
//!
//! Every entry is handed on with its place; what is no JSON is handed on as such, and the next line goes on. An entry is held
//! at a time, and nesting is limited by the parser.

use serde::de::{Deserialize, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Map, Value};
use std::fmt;
use std::sync::Arc;

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// File.
    pub file: Arc<str>,
    /// Line of a file with a document per line.
    pub line: Option<u64>,
    /// Number of the entry in its array.
    pub entry: u64,
    /// JSON pointer in the document; empty: the document.
    pub pointer: String,
}

impl Place {
    fn document(file: Arc<str>, line: Option<u64>) -> Place {
        Place {
            file,
            line,
            entry: 0,
            pointer: String::new(),
        }
    }

    /// The place of a field of this entry.
    pub fn below(&self, pointer: &str) -> Place {
        Place {
            pointer: format!("{}{pointer}", self.pointer),
            ..self.clone()
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))?;
        if self.pointer.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.pointer)
        }
    }
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer below the entry.
    pub pointer: String,
    /// What stands there, cut.
    pub found: String,
    /// What was wanted.
    pub wanted: String,
}

/// Longest value shown in a fault, in characters.
const SHOWN: usize = 120;

impl Fault {
    /// A fault of the field at `pointer`.
    pub fn new(pointer: &str, found: &str, wanted: &str) -> Fault {
        Fault {
            pointer: pointer.to_owned(),
            found: found.chars().take(SHOWN).collect(),
            wanted: wanted.to_owned(),
        }
    }

    /// A fault of this value; nothing there: `nothing`.
    pub fn of(entry: &Value, pointer: &str, wanted: &str) -> Fault {
        let found = match entry.pointer(pointer) {
            None | Some(Value::Null) => "nothing".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(_)) => "an array".to_owned(),
            Some(Value::Object(_)) => "an object".to_owned(),
            Some(other) => other.to_string(),
        };
        Fault::new(pointer, &found, wanted)
    }
}

/// The text at `pointer`; `null` and the empty text count as absent.
pub(crate) fn text<'v>(entry: &'v Value, pointer: &str) -> Result<Option<&'v str>, Fault> {
    match entry.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim())),
        Some(_) => Err(Fault::of(entry, pointer, "a text")),
    }
}

/// The text at `pointer`, which must be there.
pub(crate) fn required<'v>(
    entry: &'v Value,
    pointer: &str,
    wanted: &str,
) -> Result<&'v str, Fault> {
    text(entry, pointer)?.ok_or_else(|| Fault::of(entry, pointer, wanted))
}

/// The objects of the array at `pointer`; absent counts as empty.
pub(crate) fn objects<'v>(entry: &'v Value, pointer: &str) -> Result<&'v [Value], Fault> {
    match entry.pointer(pointer) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(Fault::of(entry, pointer, "an array")),
    }
}

/// Takes an entry, or what was wrong with the text in its place.
pub(crate) type Take<'t> = dyn FnMut(Place, Result<Value, Fault>) + 't;

/// Hands the entries of a file to `take`. `holders` are the keys whose array holds the entries.
pub(crate) fn read(file: &str, bytes: &[u8], holders: &[&str], take: &mut Take) {
    let file: Arc<str> = file.into();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if !is_by_line(&file, bytes) {
        return document(Place::document(file, None), bytes, holders, take);
    }
    for (number, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if !line.trim_ascii().is_empty() {
            let place = Place::document(file.clone(), Some(number as u64 + 1));
            document(place, line, holders, take);
        }
    }
}

/// By its name, or because its first line is a document and not the only one.
fn is_by_line(file: &str, bytes: &[u8]) -> bool {
    let name = file.to_ascii_lowercase();
    let name = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(&name);
    if name.ends_with(".ndjson") || name.ends_with(".jsonl") {
        return true;
    }
    let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
        return false;
    };
    let (first, rest) = bytes.split_at(end);
    !rest.trim_ascii().is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok()
}

fn document(place: Place, bytes: &[u8], holders: &[&str], take: &mut Take) {
    let mut deserializer = Deserializer::from_slice(bytes);
    let read = Document {
        place: &place,
        holders,
        take,
    }
    .deserialize(&mut deserializer)
    .and_then(|()| deserializer.end());
    if let Err(error) = read {
        let line = bytes
            .split(|b| *b == b'\n')
            .nth(error.line().saturating_sub(1))
            .unwrap_or_default();
        let rest = &line[error.column().saturating_sub(1).min(line.len())..];
        let found = if error.is_eof() {
            "the end".into()
        } else {
            String::from_utf8_lossy(rest)
        };
        let found: String = found.chars().take(SHOWN / 3).collect();
        take(
            place,
            Err(Fault::new("", &format!("{found} ({error})"), "JSON")),
        );
    }
}

/// A whole document.
struct Document<'d, 't> {
    place: &'d Place,
    holders: &'d [&'d str],
    take: &'d mut Take<'t>,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        Entries {
            place: self.place,
            pointer: "",
            take: self.take,
        }
        .visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut single = Map::new();
        let mut is_holder = false;
        while let Some(key) = map.next_key::<String>()? {
            if self
                .holders
                .iter()
                .any(|holder| is_holder_key(holder, &key))
            {
                is_holder = true;
                map.next_value_seed(Entries {
                    place: self.place,
                    pointer: &format!("/{key}"),
                    take: self.take,
                })?;
            } else if single.contains_key(&key) {
                return Err(A::Error::custom(format!("key {key:?} stands twice")));
            } else {
                single.insert(key, map.next_value()?);
            }
        }
        if !is_holder {
            (self.take)(self.place.clone(), Ok(Value::Object(single)));
        }
        Ok(())
    }
}

/// Whether a key is this one; capitals, `_` and `-` do not count.
fn is_holder_key(holder: &str, key: &str) -> bool {
    let mut letters = key.chars().filter(|c| !matches!(c, '_' | '-'));
    holder == key
        || (holder
            .chars()
            .all(|c| letters.next().is_some_and(|k| k.eq_ignore_ascii_case(&c)))
            && letters.next().is_none())
}

/// An array of entries.
struct Entries<'d, 't> {
    place: &'d Place,
    pointer: &'d str,
    take: &'d mut Take<'t>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array of entries")
    }

    /// Nothing, where others hold a list.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    /// Some answers hold a single entry where others hold a list.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let entry = Value::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        (self.take)(self.place.below(self.pointer), Ok(entry));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0u64;
        while let Some(entry) = list.next_element::<Value>()? {
            let place = Place {
                entry: index,
                ..self.place.below(&format!("{}/{index}", self.pointer))
            };
            match entry {
                Value::Object(_) => (self.take)(place, Ok(entry)),
                other => (self.take)(place, Err(Fault::of(&other, "", "an object"))),
            }
            index += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(file: &str, text: &str) -> Vec<(String, Result<String, String>)> {
        let mut out = Vec::new();
        read(file, text.as_bytes(), &["events"], &mut |place, entry| {
            out.push((
                place.to_string(),
                entry
                    .map(|e| e.to_string())
                    .map_err(|f| format!("{} / {}", f.found, f.wanted)),
            ));
        });
        out
    }

    #[test]
    fn entries_come_with_their_place() {
        assert_eq!(
            entries("a.json", "[{\"a\":1},{}]"),
            [
                ("a.json /0".into(), Ok("{\"a\":1}".into())),
                ("a.json /1".into(), Ok("{}".into()))
            ]
        );
        assert_eq!(
            entries("a.json", "{\"x\":0,\"events\":[{}]}"),
            [("a.json /events/0".into(), Ok("{}".into()))]
        );
        assert_eq!(
            entries("a.json", "\u{feff}{\"x\":0}\n"),
            [("a.json".into(), Ok("{\"x\":0}".into()))]
        );
        let lines = [
            ("b:1".to_owned(), Ok("{}".to_owned())),
            ("b:3 /0".to_owned(), Ok("{}".to_owned())),
        ];
        assert_eq!(entries("b", "{}\n\n[{}]\n"), lines);
    }

    #[test]
    fn what_is_no_json_is_told_and_the_next_line_goes_on() {
        let found = entries("a.ndjson", "{}\n{\"a\":}\n7\n{}");
        assert_eq!(
            found
                .iter()
                .map(|(p, e)| (p.as_str(), e.is_ok()))
                .collect::<Vec<_>>(),
            [
                ("a.ndjson:1", true),
                ("a.ndjson:2", false),
                ("a.ndjson:3", false),
                ("a.ndjson:4", true)
            ]
        );
        let cut = entries("a.json", "[{\"a\":1},{\"a\":");
        assert_eq!((cut.len(), cut[0].1.is_ok()), (2, true));
        assert!(
            cut[1]
                .1
                .as_ref()
                .unwrap_err()
                .starts_with("the end (EOF while"),
            "{cut:?}"
        );
        assert_eq!(
            entries("a.json", "[1]")[0].1,
            Err("nothing / an object".replace("nothing", "1"))
        );
        let deep = "[".repeat(100_000);
        assert!(
            entries("a.json", &deep)[0]
                .1
                .as_ref()
                .unwrap_err()
                .contains("recursion limit")
        );
        assert!(entries("a.json", "{\"a\":1,\"a\":2}")[0].1.is_err());
    }
}
