//! The ledger beside the exports: which id and version each product went out under, and with which content.
//!
//! One line of JSON per product, in order of key, read and written at once: a ledger of any size passes through. The same
//! content keeps its version, id and time of creation; another content gets the next version with an id of its own, and the
//! ids before it stay on record. A product that an export does not have keeps its line.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use uuid::Uuid;

/// A version of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    /// Id of the footprint document.
    pub id: Uuid,
    /// Number, from 0.
    pub version: u32,
    /// When this version was first exported, RFC 3339.
    pub created: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Run that it was first exported from.
    pub run_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    versions: Vec<Version>,
}

/// What a product goes out under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Its version.
    pub version: Version,
    /// The versions before it, oldest first.
    pub former: Vec<Version>,
    /// Whether this version is new.
    pub is_new: bool,
}

/// The first id of a product: UUID version 5 of its key, in the name space of the company.
pub(crate) fn first_id(company_id: &str, key: &str) -> Uuid {
    Uuid::new_v5(
        &Uuid::new_v5(&Uuid::NAMESPACE_URL, company_id.as_bytes()),
        key.as_bytes(),
    )
}

/// Whether a ledger that begins with this line is of a company; `None`: the line is none of a ledger.
pub(crate) fn is_of(line: &str, company_id: &str) -> Option<bool> {
    let line: Line = serde_json::from_str(line).ok()?;
    let first = line.versions.first()?;
    Some(first.id == first_id(company_id, &line.key))
}

fn hex(digest: &[u8]) -> String {
    let mut text = String::with_capacity(2 * digest.len());
    for byte in digest {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    text
}

/// A pass over a ledger: keys are asked for in ascending order, and the new ledger is written beside the old one.
pub(crate) struct Pass<'l, W: Write> {
    name: String,
    old: Option<Box<dyn BufRead + Send + 'l>>,
    next: Option<Line>,
    last_key: String,
    line_number: u64,
    out: W,
    /// Time of creation of new versions.
    pub now: String,
    /// The run.
    pub run_id: String,
    /// URN of the company.
    pub company_id: String,
}

impl<'l, W: Write> Pass<'l, W> {
    /// Begins a pass; `old` is the ledger so far, `name` what to call it in errors.
    pub(crate) fn begin(
        name: &str,
        old: Option<Box<dyn BufRead + Send + 'l>>,
        out: W,
        now: &str,
        run_id: &str,
        company_id: &str,
    ) -> Result<Self> {
        let mut pass = Pass {
            name: name.to_owned(),
            old,
            next: None,
            last_key: String::new(),
            line_number: 0,
            out,
            now: now.to_owned(),
            run_id: run_id.to_owned(),
            company_id: company_id.to_owned(),
        };
        pass.read()?;
        Ok(pass)
    }

    /// What the product `key` goes out under with a content of this digest.
    pub(crate) fn identify(&mut self, key: &str, sha256: &[u8; 32]) -> Result<Identity> {
        while self
            .next
            .as_ref()
            .is_some_and(|line| line.key.as_str() < key)
        {
            let line = self.next.take();
            self.write(line.as_ref())?;
            self.read()?;
        }
        let known = self.next.take_if(|line| line.key == key);
        if known.is_some() {
            self.read()?;
        }
        let first = first_id(&self.company_id, key);
        // A line of another company says nothing of this one's versions.
        let known = known.filter(|line| line.versions.first().is_some_and(|v| v.id == first));
        let mut line = known.unwrap_or_else(|| Line {
            key: key.to_owned(),
            versions: Vec::new(),
        });
        let sha256 = hex(sha256);
        let is_new = line
            .versions
            .last()
            .is_none_or(|last| last.sha256 != sha256);
        if is_new {
            let number = line.versions.last().map_or(0, |last| last.version + 1);
            let id = match number {
                0 => first,
                _ => Uuid::new_v5(&first, format!("version {number}").as_bytes()),
            };
            line.versions.push(Version {
                id,
                version: number,
                created: self.now.clone(),
                sha256,
                run_id: self.run_id.clone(),
            });
        }
        self.write(Some(&line))?;
        let mut former = line.versions;
        let fault = || Error::Internal(format!("{key:?} has no version"));
        let version = former.pop().ok_or_else(fault)?;
        Ok(Identity {
            version,
            former,
            is_new,
        })
    }

    /// Writes what is left and gives the writer back.
    pub(crate) fn finish(mut self) -> Result<W> {
        while let Some(line) = self.next.take() {
            self.write(Some(&line))?;
            self.read()?;
        }
        Ok(self.out)
    }

    fn write(&mut self, line: Option<&Line>) -> Result<()> {
        let Some(line) = line else { return Ok(()) };
        let written = crate::escape::inert::write_json(&mut self.out, line)
            .and_then(|()| self.out.write_all(b"\n"));
        written.map_err(|e| Error::Storage(e.to_string()))
    }

    fn read(&mut self) -> Result<()> {
        let Some(old) = &mut self.old else {
            return Ok(());
        };
        let mut text = String::new();
        let count = old
            .read_line(&mut text)
            .map_err(|e| Error::Storage(format!("{}: cannot read: {e}", self.name)))?;
        if count == 0 {
            return Ok(());
        }
        self.line_number += 1;
        let fault = |what: String| {
            Error::Verification(format!("{}:{}: {what}", self.name, self.line_number))
        };
        let line: Line = serde_json::from_str(&text)
            .map_err(|e| fault(format!("not a line of a ledger: {e}")))?;
        if line.versions.is_empty() {
            return Err(fault(format!("{:?} has no version", line.key)));
        }
        if self.line_number > 1 && self.last_key >= line.key {
            return Err(fault(format!("{:?} is out of order", line.key)));
        }
        self.last_key.clone_from(&line.key);
        self.next = Some(line);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn pass(old: &str, now: &str, products: &[(&str, &str)]) -> (String, Vec<Identity>) {
        let old: Box<dyn BufRead + Send> = Box::new(old.as_bytes());
        let mut pass = Pass::begin("ledger", Some(old), Vec::new(), now, "run", "urn:x").unwrap();
        let found = products
            .iter()
            .map(|(key, content)| {
                let digest = Sha256::digest(content).into();
                pass.identify(key, &digest).unwrap()
            })
            .collect();
        (String::from_utf8(pass.finish().unwrap()).unwrap(), found)
    }

    #[test]
    fn the_same_content_keeps_its_id_and_another_one_continues_the_chain() {
        let (first, a) = pass("", "t1", &[("s:1", "x"), ("s:2", "y")]);
        let (second, b) = pass(&first, "t2", &[("s:1", "x"), ("s:2", "y")]);
        assert_eq!(first, second);
        assert_eq!(
            (a[0].version.clone(), b[0].is_new),
            (b[0].version.clone(), false)
        );
        assert_eq!(a[0].version.id, first_id("urn:x", "s:1"));
        let (third, c) = pass(&second, "t3", &[("s:1", "x"), ("s:2", "z")]);
        assert_eq!(
            (c[1].version.version, c[1].former.clone()),
            (1, vec![a[1].version.clone()])
        );
        assert_ne!(c[1].version.id, a[1].version.id);
        // A return to an earlier content is a new statement.
        let (_, d) = pass(&third, "t4", &[("s:2", "y")]);
        assert_eq!((d[0].version.version, d[0].former.len()), (2, 2));
    }

    #[test]
    fn products_of_other_exports_keep_their_lines() {
        let (ledger, _) = pass("", "t1", &[("s:1", "x"), ("s:3", "y"), ("s:5", "z")]);
        let (ledger, _) = pass(&ledger, "t2", &[("s:2", "x"), ("s:3", "y")]);
        let keys: Vec<String> = ledger
            .lines()
            .map(|l| serde_json::from_str::<Line>(l).unwrap().key)
            .collect();
        assert_eq!(keys, ["s:1", "s:2", "s:3", "s:5"]);
    }

    #[test]
    fn two_companies_are_never_each_others_versions() {
        let (ledger, a) = pass("", "t1", &[("s:1", "x")]);
        let first = ledger.lines().next().unwrap();
        assert_eq!(
            (is_of(first, "urn:x"), is_of(first, "urn:y")),
            (Some(true), Some(false))
        );
        assert_eq!(is_of("{}", "urn:x"), None);
        let old: Box<dyn BufRead + Send> = Box::new(ledger.as_bytes());
        let mut other = Pass::begin("l", Some(old), Vec::new(), "t2", "run", "urn:y").unwrap();
        let b = other.identify("s:1", &[7; 32]).unwrap();
        assert_eq!((b.version.version, b.former.len(), b.is_new), (0, 0, true));
        assert_ne!(b.version.id, a[0].version.id);
    }

    #[test]
    fn a_damaged_ledger_is_refused_with_its_line() {
        let (ledger, _) = pass("", "t1", &[("s:1", "x"), ("s:3", "y")]);
        let swapped: Vec<&str> = ledger.lines().rev().collect();
        for (text, wanted) in [
            (swapped.join("\n"), "ledger:2: "),
            ("{}\n".into(), "ledger:1: "),
            (ledger + "no\n", "ledger:3: "),
        ] {
            let old: Box<dyn BufRead + Send> = Box::new(text.as_bytes());
            let mut pass = Pass::begin("ledger", Some(old), Vec::new(), "t", "r", "urn:x");
            let fault = match &mut pass {
                Ok(pass) => pass.identify("s:9", &[0; 32]).unwrap_err(),
                Err(error) => Error::Verification(error.to_string()),
            };
            assert!(fault.to_string().starts_with(wanted), "{fault}");
        }
    }
}
