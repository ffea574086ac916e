//! Documents of versions that went before: taken from the exports that they went out with, and published again as deprecated.
//!
//! Files of documents are in order of product, as the versions are asked for, so each is read once and a line of it is held.

use super::ledger::Version;
use super::order::Form;
use crate::error::{Error, Result};
use crate::escape::inert::original;
use crate::store::files::open_if_there;
use memchr::memmem;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Name of the file that has them, without its ending.
pub(crate) const DEPRECATED: &str = "deprecated";

/// A document is not larger.
const MOST_BYTES: u64 = 1 << 30;

/// Exports that may hold former versions.
pub(crate) struct Former {
    /// Has a folder for each run.
    root: PathBuf,
    /// Folder that is being written.
    target: PathBuf,
    /// Kind of its products, as keys begin: a file of deprecated documents has several.
    kind: &'static str,
    open: BTreeMap<PathBuf, Option<Cursor>>,
}

impl Former {
    /// Exports of products of a kind (`shipment`, `category`) below `root`, and what was in `target` before.
    pub(crate) fn new(root: &Path, target: &Path, kind: &'static str) -> Former {
        Former {
            root: root.to_owned(),
            target: target.to_owned(),
            kind,
            open: BTreeMap::new(),
        }
    }

    /// The document of a version of the product `key`, which went out in a file of this name; `None` where no export has it any
    /// more. Products are asked for in ascending order, the versions of each from the oldest on.
    pub(crate) fn document(
        &mut self,
        key: &str,
        file: &str,
        version: &Version,
    ) -> Result<Option<Vec<u8>>> {
        let opening = format!("{{\"id\":\"{}\",", version.id);
        for folder in [self.root.join(&version.run_id), self.target.clone()] {
            for name in [file, DEPRECATED] {
                for form in Form::ALL {
                    let path = folder.join(format!("{name}.{}", form.extension()));
                    if let Some(cursor) = self.cursor(path)?
                        && let Some(document) = cursor.find(key, &opening)?
                    {
                        return Ok(Some(deprecated(document)));
                    }
                }
            }
        }
        Ok(None)
    }

    fn cursor(&mut self, path: PathBuf) -> Result<Option<&mut Cursor>> {
        let kind = self.kind;
        use std::collections::btree_map::Entry;
        Ok(match self.open.entry(path) {
            Entry::Occupied(there) => there.into_mut().as_mut(),
            Entry::Vacant(place) => {
                let file = open_if_there(place.key())?;
                let cursor = file
                    .map(|file| Cursor::new(place.key(), file, kind))
                    .transpose()?;
                place.insert(cursor).as_mut()
            }
        })
    }
}

/// A file of documents, up to the product that was asked for.
struct Cursor {
    name: String,
    lines: BufReader<File>,
    kind: &'static str,
    /// A product and its documents, and what follows them.
    key: String,
    documents: Vec<Vec<u8>>,
    next: Option<(String, Vec<u8>)>,
}

impl Cursor {
    fn new(path: &Path, file: File, kind: &'static str) -> Result<Cursor> {
        let mut cursor = Cursor {
            name: path.display().to_string(),
            lines: BufReader::with_capacity(16 << 10, file),
            kind,
            key: String::new(),
            documents: Vec::new(),
            next: None,
        };
        cursor.next = cursor.read()?;
        Ok(cursor)
    }

    /// The document of `key` that begins so.
    fn find(&mut self, key: &str, opening: &str) -> Result<Option<&[u8]>> {
        while self.key.as_str() < key {
            self.documents.clear();
            let Some((next, document)) = self.next.take() else {
                return Ok(None);
            };
            self.key = next;
            self.documents.push(document);
            self.next = self.read()?;
            while let Some((_, document)) = self.next.take_if(|(next, _)| *next == self.key) {
                self.documents.push(document);
                self.next = self.read()?;
            }
        }
        if self.key != key {
            return Ok(None);
        }
        let mut documents = self.documents.iter();
        let found = documents.find(|document| document.starts_with(opening.as_bytes()));
        Ok(found.map(Vec::as_slice))
    }

    /// The next line that is a document of ours, with its product.
    fn read(&mut self) -> Result<Option<(String, Vec<u8>)>> {
        loop {
            let mut line = Vec::new();
            let mut rest = self.lines.by_ref().take(MOST_BYTES);
            let read = rest.read_until(b'\n', &mut line);
            let count =
                read.map_err(|e| Error::Storage(format!("{}: cannot read: {e}", self.name)))?;
            if count == 0 {
                return Ok(None);
            }
            let document = line.trim_ascii_end();
            let document = document.strip_suffix(b",").unwrap_or(document);
            if let Some(key) = key_of(document).filter(|key| key.starts_with(self.kind)) {
                let length = document.len();
                line.truncate(length);
                return Ok(Some((key, line)));
            }
        }
    }
}

/// The product of a document of ours, as the ledger has it. Inside a text the quotes of this property would have a backslash.
fn key_of(document: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b",\"productIds\":[\"urn:pathfinder:product:customcode:vendor-assigned:";
    let at = memmem::find(document, BEFORE)? + BEFORE.len();
    let rest = &document[at..];
    let urn = std::str::from_utf8(&rest[..memchr::memchr(b'"', rest)?]).ok()?;
    let (kind, id) = urn.split_once(':')?;
    let kind = match kind {
        "toc" | "hoc" => "category",
        other => other,
    };
    Some(format!("{kind}:{}", original(id)?))
}

/// The document with its status changed; what the ledger says stands before all texts of others.
fn deprecated(document: &[u8]) -> Vec<u8> {
    const STATUS: &[u8] = b",\"status\":\"Active\",";
    let Some(at) = memmem::find(document, STATUS) else {
        return document.to_owned();
    };
    let mut changed = document[..at].to_owned();
    changed.extend_from_slice(b",\"status\":\"Deprecated\",");
    changed.extend_from_slice(&document[at + STATUS.len()..]);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn document(id: u128, kind: &str, product: &str, name: &str) -> String {
        let id = Uuid::from_u128(id);
        format!(
            "{{\"id\":\"{id}\",\"status\":\"Active\",\"companyName\":{name:?},\"productIds\":[\"urn:pathfinder:product:customcode:vendor-assigned:{kind}:{product}\"]}}"
        )
    }

    fn version(id: u128) -> Version {
        Version {
            id: Uuid::from_u128(id),
            version: 0,
            created: String::new(),
            sha256: String::new(),
            run_id: "r1".to_owned(),
        }
    }

    #[test]
    fn documents_are_found_where_they_went_out_and_deprecated() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("r1");
        std::fs::create_dir(&run).unwrap();
        let hostile = ",\"status\":\"Active\",,\"productIds\":[\"urn:x";
        let shipments = [
            document(1, "shipment", "A%20b", hostile),
            document(3, "shipment", "c", "x"),
            document(4, "shipment", "d", "x"),
        ];
        std::fs::write(
            run.join("shipments.json"),
            format!("[\n{}\n]\n", shipments.join(",\n")),
        )
        .unwrap();
        let old = [
            document(2, "shipment", "c", "x"),
            document(7, "toc", "t", "x"),
        ];
        std::fs::write(run.join("deprecated.ndjson"), old.join("\n")).unwrap();
        let to = dir.path().join("to");
        let mut of = ["category", "shipment"].map(|kind| Former::new(dir.path(), &to, kind));
        let mut found = |key: &str, file: &str, id: u128| {
            let former = &mut of[usize::from(key.starts_with("shipment"))];
            let bytes = former.document(key, file, &version(id)).unwrap();
            bytes.map(|bytes| String::from_utf8(bytes).unwrap())
        };
        let wanted = |text: &str| Some(text.replacen("Active", "Deprecated", 1));
        assert_eq!(found("category:t", "tocs", 7), wanted(&old[1]));
        assert_eq!(found("shipment:A b", "shipments", 1), wanted(&shipments[0]));
        assert_eq!(found("shipment:B", "shipments", 9), None);
        assert_eq!(found("shipment:c", "shipments", 2), wanted(&old[0]));
        assert_eq!(found("shipment:c", "shipments", 3), wanted(&shipments[1]));
        assert_eq!(
            found("shipment:d", "shipments", 5),
            None,
            "another version of it"
        );
        assert_eq!(found("shipment:e", "shipments", 5), None);
    }
}
