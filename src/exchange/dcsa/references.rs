//! References to documents, at whatever level of an event they stand.

use super::spellings::{SPELLINGS, is_among, is_same, plain};
use crate::exchange::documents::Fault;
use crate::exchange::events::event::{Document, DocumentKind, Replacement};
use serde_json::Value;

/// What an event says of documents.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Documents, in the order found.
    pub documents: Vec<Document>,
    /// Documents that others replaced.
    pub replacements: Vec<Replacement>,
}

impl References {
    /// Those of an event.
    pub(super) fn of(event: &Value) -> Result<References, Fault> {
        let mut references = References::default();
        references.walk("", event)?;
        Ok(references)
    }

    fn walk(&mut self, pointer: &str, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Array(list) => list
                .iter()
                .enumerate()
                .try_for_each(|(i, entry)| self.walk(&format!("{pointer}/{i}"), entry)),
            Value::Object(object) => {
                self.pair(pointer, value)?;
                for (key, below) in object {
                    let pointer = format!("{pointer}/{key}");
                    if is_among(key, &SPELLINGS.documents.replacements.list) {
                        self.replaced(&pointer, below)?;
                    } else if !self.key(&pointer, key, below)? {
                        self.walk(&pointer, below)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An object with a kind and a number.
    fn pair(&mut self, pointer: &str, object: &Value) -> Result<(), Fault> {
        let get = |key: &str| {
            let found = object
                .as_object()?
                .iter()
                .find(|(name, _)| is_same(name, key));
            found.filter(|(_, value)| !value.is_null())
        };
        for (kind, number) in &SPELLINGS.documents.pairs {
            let (Some((kind_key, kind)), Some((key, number))) = (get(kind), get(number)) else {
                continue;
            };
            if number.is_object() {
                continue;
            }
            let kind = plain(&format!("{pointer}/{kind_key}"), kind)?;
            let number = plain(&format!("{pointer}/{key}"), number)?;
            self.add(SPELLINGS.code("document", &kind), number);
        }
        Ok(())
    }

    /// A key that is of a kind; whether it was one.
    fn key(&mut self, pointer: &str, key: &str, value: &Value) -> Result<bool, Fault> {
        let keys = &SPELLINGS.documents.keys;
        let Some((kind, _)) = keys.iter().find(|(_, keys)| is_among(key, keys)) else {
            return Ok(false);
        };
        match value {
            Value::Null => {}
            Value::Object(_) => return Ok(false),
            Value::Array(list) if list.iter().any(Value::is_object) => return Ok(false),
            Value::Array(list) => {
                for number in list {
                    self.add(Some(kind), plain(pointer, number)?);
                }
            }
            number => self.add(Some(kind), plain(pointer, number)?),
        }
        Ok(true)
    }

    fn add(&mut self, kind: Option<&str>, reference: String) {
        if let Some(kind) = kind
            .and_then(DocumentKind::from_code)
            .filter(|_| !reference.is_empty())
        {
            let document = Document { kind, reference };
            if !self.documents.contains(&document) {
                self.documents.push(document);
            }
        }
    }

    fn replaced(&mut self, pointer: &str, value: &Value) -> Result<(), Fault> {
        let list = value
            .as_array()
            .map_or(std::slice::from_ref(value), |list| list);
        let names = &SPELLINGS.documents.replacements;
        for object in list.iter().filter_map(Value::as_object) {
            let below = |keys: &[String]| -> Result<Vec<Document>, Fault> {
                let mut found = References::default();
                for (key, value) in object.iter().filter(|(key, _)| is_among(key, keys)) {
                    found.walk(&format!("{pointer}/{key}"), value)?;
                }
                Ok(found.documents)
            };
            let (old, new) = (below(&names.old)?, below(&names.new)?);
            for old in old {
                for new in new
                    .iter()
                    .filter(|new| new.kind == old.kind && **new != old)
                {
                    let (old, new) = (old.clone(), new.clone());
                    self.replacements.push(Replacement { old, new });
                }
            }
        }
        Ok(())
    }
}
