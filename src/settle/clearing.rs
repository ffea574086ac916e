//! Postings that close those of a settlement: what netting, orders and payments did, written anew from the state.

use crate::error::Result;
use crate::settle::book::Book;
use crate::settle::state::{Happened, State};
use crate::store::disk::RealDisk;
use crate::store::files::write_file;
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::Path;

/// Writes `clearing/<settlement>.csv`: balanced pairs, in the order of the events.
pub(super) fn write(root: &Path, book: &Book, state: &State) -> Result<()> {
    let claims: FxHashMap<&str, _> = book
        .claims
        .iter()
        .filter_map(|c| Some((c.named.as_deref()?, c)))
        .collect();
    let mut text =
        String::from("event,claim_id,order_id,account,debit_minor,credit_minor,currency\n");
    let (mut closed, mut issued) = (FxHashSet::default(), FxHashSet::default());
    let orders = state.orders();
    for event in state.events.iter().filter(|e| e.settlement == book.id) {
        let mut post = |name: &str, account: String, debit: i64, credit: i64| {
            let (claim, order, currency) = (&event.claim, &event.order, &event.currency);
            text += &format!("{name},{claim},{order},{account},{debit},{credit},{currency}\n");
        };
        let code = &event.currency;
        match (event.event, claims.get(event.claim.as_str())) {
            // A claim that two orders list is closed once.
            (Happened::Ordered | Happened::Netted, Some(claim)) => {
                let t = claim.of(&book.terms);
                if closed.insert(event.claim.as_str()) {
                    post(
                        "close",
                        format!("{}:{code}:payable", t.payer),
                        claim.gross(),
                        0,
                    );
                    post(
                        "close",
                        format!("{}:{code}:receivable", t.payee),
                        0,
                        claim.amount,
                    );
                    if claim.tax != 0 {
                        post("close", format!("{}:{code}:tax", t.payee), 0, claim.tax);
                    }
                }
                if let Some(order) = event
                    .issued
                    .as_ref()
                    .filter(|_| issued.insert(event.order.as_str()))
                {
                    post(
                        "order",
                        format!("{}:{code}:clearing", order.payee),
                        order.amount_minor,
                        0,
                    );
                    post(
                        "order",
                        format!("{}:{code}:clearing", order.payer),
                        0,
                        order.amount_minor,
                    );
                }
            }
            (Happened::Paid | Happened::Short | Happened::Excess | Happened::Returned, _) => {
                let Some(order) = orders.get(&event.order) else {
                    continue;
                };
                let (mut from, mut to) = (&order.issued.payer, &order.issued.payee);
                if event.event == Happened::Returned {
                    std::mem::swap(&mut from, &mut to);
                }
                post(
                    "payment",
                    format!("{from}:{code}:clearing"),
                    event.amount_minor,
                    0,
                );
                post(
                    "payment",
                    format!("{to}:{code}:clearing"),
                    0,
                    event.amount_minor,
                );
            }
            _ => {}
        }
    }
    let path = root.join("clearing").join(format!("{}.csv", book.id));
    write_file(&RealDisk, &path, text.as_bytes())
}
