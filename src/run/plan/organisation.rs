//! `[organisation]` of a run file: who reports, and where the carried columns say what a report needs. No figure depends on it and no run
//! publishes it; a run file may hold it so that one file serves `run` and `statement`.

use super::file::Source;
use crate::error::{Error, Place, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Keys of `[organisation]`; `None`: not written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationKeys {
    pub name: Spanned<String>,
    pub address: Option<String>,
    pub contact: Option<String>,
    pub role: Spanned<String>,
    pub reporting_period: Option<Spanned<String>>,
    pub intended_use: Option<String>,
    pub consolidation: Option<String>,
    pub assurance: Option<String>,
    pub own_names: Option<Vec<String>>,
    #[serde(default)]
    pub columns: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub values: BTreeMap<String, Spanned<BTreeMap<String, String>>>,
    #[serde(default)]
    pub constants: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub electricity: BTreeMap<String, Spanned<String>>,
}

/// A file with `[organisation]`, whatever else stands in it.
#[derive(Deserialize)]
struct Holder {
    organisation: Option<OrganisationKeys>,
}

/// A file with its keys, to tell where one of them stands.
pub(crate) struct OrganisationFile {
    name: String,
    text: String,
    pub keys: OrganisationKeys,
}

impl OrganisationFile {
    /// Reads the table out of a run file or a file of its own.
    ///
    /// Errors: exit 2 when it is not there or has a key that nobody knows.
    pub(crate) fn parse(name: String, bytes: Vec<u8>) -> Result<OrganisationFile> {
        let text = String::from_utf8(bytes).map_err(|e| {
            Error::Usage(format!("{name}: expected text in UTF-8")).because(e.utf8_error())
        })?;
        let source = Source {
            name: &name,
            text: &text,
        };
        let holder: Holder = source.read()?;
        match holder.organisation {
            Some(keys) => Ok(OrganisationFile { name, text, keys }),
            None => Err(Error::Usage(format!(
                "{name}: has no [organisation]; expected one with name and role (docs/statement.md)"
            ))),
        }
    }

    /// What is wrong with the value of a key, with its line.
    pub(crate) fn fault<T>(&self, key: &str, at: &Spanned<T>, found: &str, wanted: &str) -> Error {
        let source = Source {
            name: &self.name,
            text: &self.text,
        };
        let line = source.line(at.span().start);
        let place = Place::file(&self.name).line(line as u64).column(key);
        Error::Usage(format!(
            "{}:{line}: [organisation] {key} {found:?}: expected {wanted}",
            self.name
        ))
        .at(place.found(found).wanted(wanted))
    }
}
