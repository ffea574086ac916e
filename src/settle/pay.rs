//! Confirmations matched with orders, and disputes of claims.

use crate::error::{Error, Result};
use crate::settle::SETTLEMENT;
use crate::settle::book::Book;
use crate::settle::camt::{Transaction, transactions};
use crate::settle::clearing;
use crate::settle::show::all;
use crate::settle::state::{Event, Happened, Standing, State};
use crate::store::digest::sha256_hex;
use crate::store::disk::RealDisk;
use crate::store::files::read_file;
use crate::store::layout::Layout;
use crate::store::new_folder::lock_folder;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What came of confirmations.
#[derive(Clone, Debug, Default)]
pub struct Confirmed {
    /// Order, state, currency and amount of each transaction that is new.
    pub matched: Vec<[String; 4]>,
    /// Transactions that were known already.
    pub known: usize,
    /// End-to-end id, currency, amount and why it does not match.
    pub unmatched: Vec<[String; 4]>,
    /// Orders that are not paid: id, currency, ordered, paid.
    pub open: Vec<[String; 4]>,
    /// Claims that are paid: every order that lists them is.
    pub paid_claims: usize,
}

/// No confirmation is larger.
const MOST_BYTES: u64 = 1 << 30;

/// Reads confirmations and writes down what they say.
pub(crate) fn pay(layout: &Layout, files: &[PathBuf]) -> Result<Confirmed> {
    let root = layout.root().join(SETTLEMENT);
    let _lock = lock_folder(&RealDisk, &root)?;
    let mut state = State::load(&root)?;
    let mut confirmed = Confirmed::default();
    let mut events: Vec<Event> = Vec::new();
    let orders = state.orders();
    let mut known: BTreeSet<String> = state
        .events
        .iter()
        .map(|e| identity(&e.evidence).to_owned())
        .collect();
    // What both banks tell is one payment: an order is confirmed from the side that told of it first.
    let mut paid: std::collections::BTreeMap<String, i64> = orders
        .iter()
        .map(|(id, order)| (id.clone(), order.paid))
        .collect();
    for path in files {
        let bytes = read_file(path, MOST_BYTES)?;
        let (name, file) = (path.display().to_string(), sha256_hex(&bytes));
        let mut told = BTreeSet::new();
        for one in transactions(&name, &bytes)? {
            if one.end_to_end.is_empty() {
                continue;
            }
            let identity = one.identity();
            // Two payments, or one told twice: nobody but the bank can say.
            if !told.insert(identity.clone()) {
                let why = format!("stands twice in {name}, with one reference and day");
                let not = [one.end_to_end, one.currency, one.amount, why];
                confirmed.unmatched.push(not);
                continue;
            }
            if known.contains(&identity) {
                confirmed.known += 1;
                continue;
            }
            match judged(
                &one,
                orders.get(&one.end_to_end),
                &paid,
                &state.events,
                &events,
            ) {
                Ok((happened, amount)) => {
                    known.insert(identity.clone());
                    let order = &orders[&one.end_to_end];
                    let sign = if happened == Happened::Returned {
                        -1
                    } else {
                        1
                    };
                    *paid.entry(one.end_to_end.clone()).or_default() += sign * amount;
                    confirmed.matched.push([
                        one.end_to_end.clone(),
                        word(happened).to_owned(),
                        one.currency.clone(),
                        one.amount.clone(),
                    ]);
                    events.push(Event {
                        event: happened,
                        settlement: order.settlement.clone(),
                        claim: String::new(),
                        obligation: String::new(),
                        order: one.end_to_end.clone(),
                        amount_minor: amount,
                        currency: one.currency.clone(),
                        evidence: format!("{} {} {file}", one.side, identity),
                        issued: None,
                        time: String::new(),
                        before: String::new(),
                    });
                }
                Err(why) => {
                    confirmed
                        .unmatched
                        .push([one.end_to_end, one.currency, one.amount, why]);
                }
            }
        }
    }
    state.add(events)?;
    finish(layout, &state, &mut confirmed)?;
    Ok(confirmed)
}

/// The identity in the evidence of an event.
fn identity(evidence: &str) -> &str {
    evidence.split(' ').nth(1).unwrap_or_default()
}

fn word(happened: Happened) -> &'static str {
    match happened {
        Happened::Short => "short",
        Happened::Excess => "excess",
        Happened::Returned => "returned",
        _ => "paid",
    }
}

fn judged(
    one: &Transaction,
    order: Option<&Standing>,
    paid: &std::collections::BTreeMap<String, i64>,
    old: &[Event],
    new: &[Event],
) -> std::result::Result<(Happened, i64), String> {
    let order = order.ok_or("no order of this end-to-end id")?;
    let (currency, amount) = one
        .minor()
        .ok_or("no amount in minor units of its currency")?;
    if currency.code() != order.currency {
        return Err(format!("ordered in {}", order.currency));
    }
    if one.status != "BOOK" {
        return Err(format!("pending: status {:?}, not booked", one.status));
    }
    if one.is_reversal || one.is_return {
        return Ok((Happened::Returned, amount));
    }
    let others = old
        .iter()
        .chain(new)
        .filter(|e| e.order == one.end_to_end && !e.evidence.is_empty());
    let other_side = |e: &Event| !e.evidence.starts_with(&one.side);
    if others.clone().any(other_side) {
        return Err("the other party's bank told of this order already".to_owned());
    }
    let before = paid.get(&one.end_to_end).copied().unwrap_or(0);
    let sum = before + amount;
    Ok(match sum.cmp(&order.issued.amount_minor) {
        std::cmp::Ordering::Equal => (Happened::Paid, amount),
        std::cmp::Ordering::Less => (Happened::Short, amount),
        std::cmp::Ordering::Greater => (Happened::Excess, amount),
    })
}

/// What is open, and the clearing postings of every settlement that has orders.
fn finish(layout: &Layout, state: &State, confirmed: &mut Confirmed) -> Result<()> {
    let orders = state.orders();
    let is_open = |order: &Standing| order.paid != order.issued.amount_minor;
    let (mut listed, mut open) = (BTreeSet::new(), BTreeSet::new());
    for (id, order) in &orders {
        listed.extend(order.claims.iter());
        if is_open(order) {
            open.extend(order.claims.iter());
            let sums = [order.issued.amount_minor, order.paid].map(|minor| {
                let money = crate::settle::money::Money::parse(&order.currency);
                money.map_or(minor.to_string(), |money| money.text(minor.into()))
            });
            let [ordered, paid] = sums;
            confirmed
                .open
                .push([id.clone(), order.currency.clone(), ordered, paid]);
        }
    }
    confirmed.paid_claims = listed.difference(&open).count();
    let root = layout.root().join(SETTLEMENT);
    for (_, id, dir) in all(layout)? {
        if orders.values().any(|order| order.settlement == id) {
            clearing::write(&root, &Book::open(&dir)?, state)?;
        }
    }
    Ok(())
}

/// Disputes a claim, or ends its dispute.
pub(crate) fn dispute(layout: &Layout, claim: &str, reason: Option<&str>) -> Result<String> {
    let root = layout.root().join(SETTLEMENT);
    let _lock = lock_folder(&RealDisk, &root)?;
    let mut state = State::load(&root)?;
    let Some((book, at)) = found(layout, claim)? else {
        return Err(Error::Usage(format!(
            "{claim}: no settlement here has this claim"
        )));
    };
    let of = &book.claims[at];
    let (is_disputed, is_done) = (
        state.disputed().contains(claim),
        state.done().contains(claim),
    );
    let event = match (reason, is_disputed) {
        (Some(_), true) => return Err(Error::Usage(format!("{claim}: is disputed already"))),
        (None, false) => return Err(Error::Usage(format!("{claim}: is not disputed"))),
        (Some(_), false) => Happened::Disputed,
        (None, true) => Happened::Reopened,
    };
    let mut said = format!(
        "claim {claim} of settlement {}: {}",
        book.id,
        reason.unwrap_or("reopened")
    );
    if is_done && reason.is_some() {
        said += "; it was ordered already, which this does not undo";
    }
    let event = Event {
        event,
        settlement: book.id.clone(),
        claim: claim.to_owned(),
        obligation: book.obligation(of),
        order: String::new(),
        amount_minor: of.gross(),
        currency: of.of(&book.terms).currency.code().to_owned(),
        evidence: reason.unwrap_or_default().to_owned(),
        issued: None,
        time: String::new(),
        before: String::new(),
    };
    state.add(vec![event])?;
    Ok(said)
}

fn found(layout: &Layout, claim: &str) -> Result<Option<(Book, usize)>> {
    for (_, _, dir) in all(layout)? {
        let book = Book::open(&dir)?;
        if let Some(at) = book
            .claims
            .iter()
            .position(|c| c.named.as_deref() == Some(claim))
        {
            return Ok(Some((book, at)));
        }
    }
    Ok(None)
}
