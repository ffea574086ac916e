//! Issuing what may be paid: the events first, all of them or none, then the messages, which follow from the events alone.

use crate::error::{Error, Result};
use crate::model::time::{Day, date_text, parse_date};
use crate::settle::SETTLEMENT;
use crate::settle::book::Book;
use crate::settle::ledger::Claim;
use crate::settle::messages;
use crate::settle::pain::lacks;
use crate::settle::settling::{Order, Under, settle};
use crate::settle::show::find;
use crate::settle::state::{Event, Happened, Issued, State};
use crate::settle::terms::{Terms, digest};
use crate::settle::verify::verify_folder;
use crate::store::disk::RealDisk;
use crate::store::layout::Layout;
use crate::store::new_folder::lock_folder;
use crate::store::status::now;
use rustc_hash::FxHashSet;
use std::path::{Path, PathBuf};

/// What came of a call.
#[derive(Clone, Debug, Default)]
pub struct Ordered {
    /// The settlement.
    pub settlement: String,
    /// Orders of this call: id, payer, payee, value date, currency, amount, claims.
    pub orders: Vec<[String; 7]>,
    /// Claims that cancelled out.
    pub netted: usize,
    /// Claims that were ordered by an earlier call.
    pub before: usize,
    /// Claims and orders that were not ordered, and why.
    pub refused: Vec<[String; 2]>,
    /// Messages that were written.
    pub files: Vec<PathBuf>,
}

/// Today in UTC, by the clock of the state.
fn today() -> Result<Day> {
    let now = now();
    let day = now.get(..10).and_then(parse_date);
    day.ok_or_else(|| Error::Internal(format!("no date: {now:?}")))
}

/// Issues what may be paid of a settlement.
pub(crate) fn order(
    layout: &Layout,
    wanted: Option<&str>,
    value_date: Option<Day>,
    further: &[String],
) -> Result<Ordered> {
    let root = layout.root().join(SETTLEMENT);
    let dir = find(layout, wanted)?;
    let _lock = lock_folder(&RealDisk, &root)?;
    verify_folder(&dir)?;
    let mut state = State::load(&root)?;
    messages::check(layout, &state)?;
    let mut book = Book::open(&dir)?;
    let mut ordered = Ordered {
        settlement: book.id.clone(),
        ..Ordered::default()
    };
    let today = today()?;
    if value_date.is_some_and(|day| day < today) {
        let wanted = date_text(today);
        return Err(Error::Usage(format!(
            "--value-date is past, expected {wanted} or later"
        )));
    }
    let unknown = further
        .iter()
        .find(|id| !book.claims.iter().any(|c| c.named.as_deref() == Some(id)));
    if let Some(id) = unknown {
        return Err(Error::Usage(format!(
            "--allow-further {id}: no claim of {}",
            dir.display()
        )));
    }
    select(
        &mut book,
        &state,
        (value_date, today),
        further,
        &mut ordered,
    )?;
    let (events, refused) = issue(&book, &mut ordered)?;
    ordered.refused.extend(refused);
    state.add(events)?;
    ordered.files = messages::write(&root, &book_of(&dir)?, &state)?;
    super::clearing::write(&root, &book_of(&dir)?, &state)?;
    Ok(ordered)
}

/// The book once more, with every claim in it.
fn book_of(dir: &Path) -> Result<Book> {
    Book::open(dir)
}

/// Leaves the claims that this call orders, with their value dates.
fn select(
    book: &mut Book,
    state: &State,
    (value_date, today): (Option<Day>, Day),
    further: &[String],
    ordered: &mut Ordered,
) -> Result<()> {
    let (taken, done, disputed) = (state.taken(), state.done(), state.disputed());
    let mut lacks_date = 0;
    let mut kept = Vec::new();
    for claim in &book.claims {
        let id = claim.id(&book.terms);
        if !claim.may_be_paid(&book.terms) || claim.gross() == 0 {
            continue;
        }
        if done.contains(id.as_str()) {
            ordered.before += 1;
            continue;
        }
        let mut refuse = |why: String| ordered.refused.push([id.clone(), why]);
        if disputed.contains(id.as_str()) {
            refuse("disputed".to_owned());
            continue;
        }
        let is_free = claim.corrects.is_some() || further.contains(&id);
        if let Some(other) = taken
            .get(book.obligation(claim).as_str())
            .filter(|_| !is_free)
        {
            refuse(format!(
                "already_ordered: claim {other} is of the same obligation"
            ));
            continue;
        }
        match claim.of(&book.terms).value_date.or(value_date) {
            None => lacks_date += 1,
            Some(day) if day < today => refuse(format!("value date {} is past", date_text(day))),
            Some(_) => kept.push(claim.clone()),
        }
    }
    if lacks_date > 0 {
        return Err(Error::Usage(format!(
            "{} without a value date; --value-date DATE gives it to them",
            crate::model::unit::counted(i128::from(lacks_date), "claim")
        )));
    }
    book.claims = kept;
    let fill = |t: &mut Terms| t.value_date = t.value_date.or(value_date);
    book.terms.iter_mut().for_each(fill);
    Ok(())
}

/// The events of new orders, and those that cannot be issued.
fn issue(book: &Book, ordered: &mut Ordered) -> Result<(Vec<Event>, Vec<[String; 2]>)> {
    let under = Under {
        terms: &book.terms,
        agreements: &book.agreements,
        last_day: book.last_day,
    };
    let settled = settle(&book.claims, under)?;
    let mut refused = Vec::new();
    let mut orders: Vec<&Order> = Vec::new();
    for order in &settled.orders {
        let faults = [&order.payer, &order.payee].into_iter().filter_map(|code| {
            let why = book
                .parties
                .get(code.as_str())
                .map_or(Some("unknown".to_owned()), lacks)?;
            Some(format!("{code} has {why}"))
        });
        match faults.reduce(|a, b| format!("{a}; {b}")) {
            None => orders.push(order),
            Some(why) => refused.push([format!("order {} to {}", order.payer, order.payee), why]),
        }
    }
    // Under an agreement all orders stand or fall together, or the office would be left with money of others.
    let issued: FxHashSet<&str> = orders.iter().map(|order| order.id.as_str()).collect();
    let left: FxHashSet<&str> = settled
        .orders
        .iter()
        .filter(|order| !order.agreement.is_empty() && !issued.contains(order.id.as_str()))
        .map(|order| order.agreement.as_str())
        .collect();
    let falls = |order: &Order| left.contains(order.agreement.as_str());
    let whole: Vec<&Order> = orders.iter().copied().filter(|o| !falls(o)).collect();
    for order in orders.iter().filter(|o| falls(o)) {
        let why = format!("another order under {} cannot be issued", order.agreement);
        refused.push([format!("order {} to {}", order.payer, order.payee), why]);
    }
    let batch = digest(std::iter::once("batch").chain(whole.iter().map(|o| o.id.as_str())));
    let mut events = Vec::new();
    for order in whole {
        let issued = Issued {
            batch: batch[..16].to_owned(),
            form: order.form.to_owned(),
            agreement: order.agreement.clone(),
            payer: order.payer.clone(),
            payee: order.payee.clone(),
            value_date: order.value_date.map_or(String::new(), date_text),
            amount_minor: order.amount,
        };
        let claims = order.claims.iter().map(|at| &book.claims[*at]);
        events.extend(claims.map(|claim| event(book, claim, Some((&order.id, &issued)))));
        ordered.orders.push([
            order.id.clone(),
            issued.payer,
            issued.payee,
            issued.value_date,
            order.currency.code().to_owned(),
            order.currency.text(order.amount.into()),
            order.claims.len().to_string(),
        ]);
    }
    let netted = settled
        .netted
        .iter()
        .map(|at| event(book, &book.claims[*at], None));
    ordered.netted = settled.netted.len();
    events.extend(netted);
    Ok((events, refused))
}

fn event(book: &Book, claim: &Claim, order: Option<(&str, &Issued)>) -> Event {
    Event {
        event: if order.is_some() {
            Happened::Ordered
        } else {
            Happened::Netted
        },
        settlement: book.id.clone(),
        claim: claim.id(&book.terms),
        obligation: book.obligation(claim),
        order: order.map_or(String::new(), |(id, _)| id.to_owned()),
        amount_minor: claim.gross(),
        currency: claim.of(&book.terms).currency.code().to_owned(),
        evidence: String::new(),
        issued: order.map(|(_, issued)| issued.clone()),
        time: String::new(),
        before: String::new(),
    }
}
