//! What must hold among charges: invoices that are one, ids that are not shared, replacing that ends somewhere.

use crate::settle::charges::{Charge, RefusedRows, flow_of};
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
        refused.add(&c.id, flow_of(c));
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
        let (mut mine, mut is_refused) = (Vec::new(), false);
        for id in &charge.replaces {
            match place(id) {
                Some(other)
                    if other != at
                        && list[other].scope == charge.scope
                        && list[other].set == charge.set =>
                {
                    mine.push(other);
                }
                // A charge that is refused is known; of the chain it may have been refused then.
                None if refused.ids.contains(id) || charge.set != last => {}
                _ => {
                    let wanted = "replaces: another charge of the same scope";
                    refuse_row(charge, Code::Replaces, id, wanted, refused, refusals);
                    is_refused = true;
                }
            }
        }
        // What is refused takes nothing over.
        over.push(if is_refused { Vec::new() } else { mine });
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
    refused.add(&charge.id, flow_of(charge));
}

/// Those that stand in a circle: they can be reached from each other, by Kosaraju's two walks.
fn circle(over: &[Vec<usize>]) -> Vec<usize> {
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); over.len()];
    for (from, to) in over.iter().enumerate() {
        to.iter().for_each(|to| back[*to].push(from));
    }
    let mut seen = vec![false; over.len()];
    let mut left: Vec<usize> = Vec::new();
    for start in 0..over.len() {
        walk(start, over, &mut seen, &mut left);
    }
    seen.fill(false);
    let mut found = Vec::new();
    for start in left.into_iter().rev() {
        let mut some = Vec::new();
        walk(start, &back, &mut seen, &mut some);
        if some.len() > 1 {
            found.extend(some);
        }
    }
    found.sort_unstable();
    found
}

/// What can be reached from `start` and was not seen before, each behind all that is reached from it.
fn walk(start: usize, edges: &[Vec<usize>], seen: &mut [bool], left: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut open = vec![(start, 0)];
    while let Some((at, next)) = open.last_mut() {
        let Some(&to) = edges[*at].get(*next) else {
            left.push(*at);
            open.pop();
            continue;
        };
        *next += 1;
        if !std::mem::replace(&mut seen[to], true) {
            open.push((to, 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::circle;

    #[test]
    fn what_leads_into_a_circle_does_not_stand_in_it() {
        // 0 - 1 - 2 - 0 is one, 3 leads into it, 4 - 5 another, 2 leads to 4.
        let over = [
            vec![1],
            vec![2],
            vec![0, 4],
            vec![0],
            vec![5],
            vec![4],
            vec![],
        ];
        assert_eq!(circle(&over), [0, 1, 2, 4, 5]);
        let long: Vec<Vec<usize>> = (0..100_000).map(|at| vec![(at + 1) % 100_000]).collect();
        assert_eq!(circle(&long).len(), 100_000);
        assert!(circle(&long[..0]).is_empty());
    }
}
