//! What must hold among charges: invoices that are one, ids that are not shared, replacing that ends somewhere.

use crate::settle::charges::{Charge, RefusedRows, key_of};
use crate::settle::refusal::{Code, Refusal};
use crate::settle::sheet::Refusals;
use rustc_hash::FxHashMap;

/// Invoices that have two payers, payees or dates: every charge of them is refused.
pub(super) fn check_invoices(
    list: &mut Vec<Charge>,
    refused: &mut RefusedRows,
    refusals: &mut Refusals,
) {
    let mut invoices: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, charge) in list.iter().enumerate() {
        if !charge.terms.invoice_no.is_empty() {
            let of = invoices.entry(&charge.terms.invoice_no).or_default();
            of.push(at);
        }
    }
    let of = |at: &usize| {
        let c = &list[*at];
        (&c.terms.payer, &c.terms.payee, c.invoice_date)
    };
    let is_one = |charges: &[usize]| charges.windows(2).all(|two| of(&two[0]) == of(&two[1]));
    let mut out: Vec<usize> = invoices
        .into_values()
        .filter(|charges| !is_one(charges))
        .flatten()
        .collect();
    out.sort_unstable();
    for at in &out {
        let c = &list[*at];
        let date = c
            .invoice_date
            .map_or(String::new(), crate::model::time::date_text);
        let found = format!(
            "{}: {} to {} {date}",
            c.terms.invoice_no, c.terms.payer, c.terms.payee
        );
        let wanted = "one payer, payee and date for an invoice";
        let refusal = Refusal::at(&c.file, c.line, Code::Invoice, &found, wanted);
        refusals.push(refusal);
        refused.push(key_of(c));
    }
    let mut at = 0;
    list.retain(|_| {
        at += 1;
        out.binary_search(&(at - 1)).is_err()
    });
}

/// Checks whom each charge replaces; gives for each charge the charges whose units it takes over.
pub(super) fn replaced(
    list: &[Charge],
    refused: &mut RefusedRows,
    refusals: &mut Refusals,
) -> Vec<Vec<usize>> {
    let place = |id: &str| list.binary_search_by(|c| c.id.as_str().cmp(id)).ok();
    let last = list.iter().map(|charge| charge.set).max().unwrap_or(0);
    let mut over: Vec<Vec<usize>> = Vec::new();
    for (at, charge) in list.iter().enumerate() {
        let mut mine = Vec::new();
        for id in &charge.replaces {
            match place(id) {
                Some(other)
                    if other != at
                        && list[other].scope == charge.scope
                        && list[other].set == charge.set =>
                {
                    mine.push(other);
                }
                // A charge of the chain may name one that was refused then.
                None if charge.set != last => {}
                _ => {
                    let wanted = "replaces: another charge of the same scope";
                    refuse_row(charge, Code::Replaces, id, wanted, refused, refusals);
                }
            }
        }
        over.push(mine);
    }
    for at in circle(&over) {
        let wanted = "charges that do not replace each other in a circle";
        refuse_row(
            &list[at],
            Code::Replaces,
            &list[at].id,
            wanted,
            refused,
            refusals,
        );
        over[at].clear();
    }
    over
}

pub(super) fn refuse_row(
    charge: &Charge,
    code: Code,
    found: &str,
    wanted: &str,
    refused: &mut RefusedRows,
    refusals: &mut Refusals,
) {
    let refusal = Refusal::at(&charge.file, charge.line, code, found, wanted);
    refusals.push(refusal);
    refused.push(key_of(charge));
}

/// Those that stand in a circle: what is left when what leads nowhere, and what nothing leads to, is taken away again and again.
fn circle(over: &[Vec<usize>]) -> Vec<usize> {
    let mut left: Vec<bool> = over.iter().map(|mine| !mine.is_empty()).collect();
    loop {
        let ends = |at: usize| left[at] && !over[at].iter().any(|other| left[*other]);
        let gone: Vec<usize> = (0..over.len()).filter(|at| ends(*at)).collect();
        if gone.is_empty() {
            break;
        }
        gone.into_iter().for_each(|at| left[at] = false);
    }
    // What is left leads into a circle, or stands in one: only the latter can come back to itself.
    let comes_back = |start: usize| {
        let (mut seen, mut next) = (vec![false; over.len()], over[start].clone());
        while let Some(at) = next.pop() {
            if at == start {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                next.extend(&over[at]);
            }
        }
        false
    };
    (0..over.len())
        .filter(|at| left[*at] && comes_back(*at))
        .collect()
}
