//! The messages of issued orders: what the state says they are, and whether those that are there are these.

use crate::error::{Error, Result};
use crate::model::time::date_text;
use crate::settle::SETTLEMENT;
use crate::settle::book::Book;
use crate::settle::ledger::Claim;
use crate::settle::money::Money;
use crate::settle::pain::{Instruction, RemittanceLine, message};
use crate::settle::show::all;
use crate::settle::state::{Standing, State};
use crate::settle::terms::Terms;
use crate::store::disk::RealDisk;
use crate::store::files::{exists, read_file, write_file};
use crate::store::layout::Layout;
use crate::store::path::list_below;
use crate::store::storage;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Folder of the messages, below that of the settlements.
const ORDERS: &str = "orders";
/// A message is no larger.
const MOST_BYTES: u64 = 1 << 30;

/// Writes the messages of a settlement's orders that are not there: those of this call, and those that a killed call left out.
pub(super) fn write(root: &Path, book: &Book, state: &State) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (path, text) in due(root, book, state) {
        if !exists(&path).map_err(|e| storage(&path, "read", e))? {
            write_file(&RealDisk, &path, text.as_bytes())?;
            written.push(path);
        }
    }
    Ok(written)
}

/// Errors (exit 7): a settlement has gone that the state speaks of; a message is there that the state does not know, or one says
/// something else than was issued. Whoever lost lines of the state must not order a second time.
pub(super) fn check(layout: &Layout, state: &State) -> Result<()> {
    let root = layout.root().join(SETTLEMENT);
    let folders: BTreeMap<String, PathBuf> = all(layout)?
        .into_iter()
        .map(|(_, id, dir)| (id, dir))
        .collect();
    let mut issued = BTreeMap::new();
    let spoken_of: BTreeSet<&str> = state.events.iter().map(|e| e.settlement.as_str()).collect();
    for id in spoken_of {
        let Some(dir) = folders.get(id) else {
            return Err(Error::Verification(format!(
                "{}: settlement {id} is not there, of which state.ndjson speaks",
                root.display()
            )));
        };
        issued.extend(due(&root, &Book::open(dir)?, state));
    }
    let orders = root.join(ORDERS);
    if !exists(&orders).map_err(|e| storage(&orders, "read", e))? {
        return Ok(());
    }
    let there = list_below(&orders).map_err(|e| storage(&orders, "read", e))?;
    for (relative, _) in &there.files {
        let path = crate::store::path::below(&orders, relative);
        let is_message = path.extension().is_some_and(|e| e == "xml");
        let why = match issued.get(&path) {
            _ if !is_message => continue,
            None => {
                "state.ndjson does not know this order; it has lost lines, or somebody else put the file there"
            }
            Some(text) if read_file(&path, MOST_BYTES)? != text.as_bytes() => {
                "is not the message that was issued"
            }
            Some(_) => continue,
        };
        return Err(Error::Verification(format!("{}: {why}", path.display())));
    }
    Ok(())
}

/// The messages of a settlement's orders, by their place.
fn due(root: &Path, book: &Book, state: &State) -> BTreeMap<PathBuf, String> {
    let orders = state.orders();
    let mut files: BTreeMap<(&str, &str), Vec<(&String, &Standing)>> = BTreeMap::new();
    for (id, order) in orders
        .iter()
        .filter(|(_, order)| order.settlement == book.id)
    {
        let key = (order.issued.batch.as_str(), order.issued.payer.as_str());
        files.entry(key).or_default().push((id, order));
    }
    let places: FxHashMap<&str, &Claim> = book
        .claims
        .iter()
        .filter_map(|c| Some((c.named.as_deref()?, c)))
        .collect();
    let mut due = BTreeMap::new();
    for ((batch, payer), some) in files {
        let instructions = some
            .iter()
            .filter_map(|(id, order)| instruction(book, &places, id, order));
        let instructions: Vec<Instruction<'_>> = instructions.collect();
        let Some(party) = book.parties.get(payer) else {
            continue;
        };
        let text = message(
            &book.period,
            &date_text(book.last_day),
            (payer, party),
            &instructions,
        );
        let folder = root.join(ORDERS).join(&book.id);
        due.insert(folder.join(format!("{batch}-{payer}.xml")), text);
    }
    due
}

fn instruction<'a>(
    book: &'a Book,
    places: &FxHashMap<&str, &Claim>,
    id: &'a str,
    order: &'a Standing,
) -> Option<Instruction<'a>> {
    let issued = &order.issued;
    // To an office the payer pays what it owes less what it is owed; from an office the payee gets the opposite.
    let from_office = book.agreements.iter().any(|a| {
        issued.form == "multilateral" && a.id == issued.agreement && a.office == issued.payer
    });
    let mut claims: Vec<&Claim> = order
        .claims
        .iter()
        .filter_map(|c| places.get(c.as_str()).copied())
        .collect();
    claims.sort_by(|a, b| (&a.bill, a.terms).cmp(&(&b.bill, b.terms)));
    let line = |claim: &Claim| {
        let t = claim.of(&book.terms);
        let is_due = if from_office {
            *t.payee == *issued.payee
        } else {
            *t.payer == *issued.payer
        };
        RemittanceLine {
            bill: claim.bill.to_string(),
            kind: t.kind.code().to_owned(),
            claim: claim.id(&book.terms),
            description: description(t),
            gross: claim.gross(),
            is_credit: !is_due,
        }
    };
    Some(Instruction {
        order: id,
        payee: book.parties.get(issued.payee.as_str())?,
        currency: Money::parse(&order.currency)?,
        amount: issued.amount_minor,
        value_date: &issued.value_date,
        lines: claims.into_iter().map(line).collect(),
        statement: book.statement(&issued.payer),
    })
}

fn description(t: &Terms) -> String {
    let mut text = format!("{} to {}", t.payer, t.payee);
    if let Some(class) = t.class {
        text += &format!(", {}", class.code());
    }
    if !t.invoice_no.is_empty() {
        text += &format!(", invoice {}", t.invoice_no);
    }
    text
}
