//! What became of claims and orders: an append-only file whose every line holds the digest of the one before it.
//!
//! Each command adds its lines in one piece (the file is replaced by itself and more, synced): all of them stand, or none.

use crate::error::{Error, Result};
use crate::store::digest::sha256_hex;
use crate::store::disk::RealDisk;
use crate::store::files::{open_if_there, write_file};
use crate::store::status::now;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Name of the file.
const STATE: &str = "state.ndjson";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Happened {
    /// An order that lists the claim was issued.
    Ordered,
    /// The claim cancelled out with others.
    Netted,
    /// A payment of an order, as much as it or a part.
    Paid,
    /// Less came than ordered.
    Short,
    /// More came than ordered.
    Excess,
    /// The money went back.
    Returned,
    /// The claim is disputed.
    Disputed,
    /// The dispute is over.
    Reopened,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Event {
    pub event: Happened,
    pub settlement: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub claim: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub obligation: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub order: String,
    pub amount_minor: i64,
    pub currency: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// Of an order: what it is, so that it can be written again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Issued>,
    pub time: String,
    pub before: String,
}

/// An order as it was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Issued {
    /// The call that issued it.
    pub batch: String,
    pub form: String,
    pub agreement: String,
    pub payer: String,
    pub payee: String,
    pub value_date: String,
    pub amount_minor: i64,
}

/// The state of all settlements below an output root.
pub(super) struct State {
    path: PathBuf,
    text: String,
    last: String,
    pub events: Vec<Event>,
}

impl State {
    /// Reads the file and checks its chain.
    pub(super) fn load(root: &Path) -> Result<State> {
        let path = root.join(STATE);
        let mut text = String::new();
        if let Some(mut file) = open_if_there(&path)? {
            let read = file.read_to_string(&mut text);
            read.map_err(|e| Error::Storage(format!("{}: cannot read: {e}", path.display())))?;
        }
        let (mut events, mut last): (Vec<Event>, String) = (Vec::new(), String::new());
        for (at, line) in text.lines().enumerate() {
            let fault =
                |what: &str| Error::Verification(format!("{}:{}: {what}", path.display(), at + 1));
            let event: Event = serde_json::from_str(line).map_err(|e| fault(&e.to_string()))?;
            if event.before != last {
                return Err(fault("does not follow from the line before it"));
            }
            last = sha256_hex(line.as_bytes());
            events.push(event);
        }
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(Error::Verification(format!(
                "{}: is cut off",
                path.display()
            )));
        }
        Ok(State {
            path,
            text,
            last,
            events,
        })
    }

    /// Adds events, all of them or none.
    pub(super) fn add(&mut self, events: Vec<Event>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let time = now();
        for mut event in events {
            event.time.clone_from(&time);
            event.before = std::mem::take(&mut self.last);
            let line = serde_json::to_string(&event);
            let line = line.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
            self.last = sha256_hex(line.as_bytes());
            self.text += &line;
            self.text.push('\n');
            self.events.push(event);
        }
        write_file(&RealDisk, &self.path, self.text.as_bytes())
    }

    /// Obligations that were ordered or netted, each with the claim that was.
    pub(super) fn taken(&self) -> FxHashMap<&str, &str> {
        let is_taking = |e: &&Event| matches!(e.event, Happened::Ordered | Happened::Netted);
        let taking = self.events.iter().filter(is_taking);
        taking
            .map(|e| (e.obligation.as_str(), e.claim.as_str()))
            .collect()
    }

    /// Claims that were ordered or netted.
    pub(super) fn done(&self) -> FxHashSet<&str> {
        let is_taking = |e: &&Event| matches!(e.event, Happened::Ordered | Happened::Netted);
        self.events
            .iter()
            .filter(is_taking)
            .map(|e| e.claim.as_str())
            .collect()
    }

    /// Claims that are disputed now.
    pub(super) fn disputed(&self) -> FxHashSet<&str> {
        let mut set = FxHashSet::default();
        for event in &self.events {
            match event.event {
                Happened::Disputed => drop(set.insert(event.claim.as_str())),
                Happened::Reopened => drop(set.remove(event.claim.as_str())),
                _ => {}
            }
        }
        set
    }

    /// Issued orders with their claims, in order of their ids.
    pub(super) fn orders(&self) -> BTreeMap<String, Standing> {
        let mut orders: BTreeMap<String, Standing> = BTreeMap::new();
        for event in &self.events {
            match (&event.issued, event.event) {
                (Some(issued), Happened::Ordered) => {
                    let order = orders
                        .entry(event.order.clone())
                        .or_insert_with(|| Standing {
                            settlement: event.settlement.clone(),
                            currency: event.currency.clone(),
                            issued: issued.clone(),
                            claims: Vec::new(),
                            paid: 0,
                        });
                    order.claims.push(event.claim.clone());
                }
                (_, Happened::Paid | Happened::Short | Happened::Excess) => {
                    if let Some(order) = orders.get_mut(&event.order) {
                        order.paid += event.amount_minor;
                    }
                }
                (_, Happened::Returned) => {
                    if let Some(order) = orders.get_mut(&event.order) {
                        order.paid -= event.amount_minor;
                    }
                }
                _ => {}
            }
        }
        orders
    }
}

/// An issued order, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub settlement: String,
    pub currency: String,
    pub issued: Issued,
    pub claims: Vec<String>,
    pub paid: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn event(event: Happened, claim: &str) -> Event {
        Event {
            event,
            settlement: "s".to_owned(),
            claim: claim.to_owned(),
            obligation: format!("o{claim}"),
            order: String::new(),
            amount_minor: 1,
            currency: "CNY".to_owned(),
            evidence: String::new(),
            issued: None,
            time: String::new(),
            before: String::new(),
        }
    }

    #[test]
    fn a_line_follows_from_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = State::load(dir.path()).unwrap();
        state
            .add(vec![
                event(Happened::Ordered, "1"),
                event(Happened::Disputed, "2"),
            ])
            .unwrap();
        state.add(vec![event(Happened::Netted, "3")]).unwrap();
        let again = State::load(dir.path()).unwrap();
        assert_eq!(again.events, state.events);
        assert_eq!(again.taken().get("o3"), Some(&"3"));
        assert!(again.disputed().contains("2"));
        let path = dir.path().join(STATE);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for broken in [
            format!("{}\n{}\n", lines[0], lines[2]),
            text.replace("\"amount_minor\":1", "\"amount_minor\":2"),
            text.trim_end().to_owned(),
        ] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(State::load(dir.path()).err().unwrap().exit_code(), 7);
        }
    }
}
