//! The tables of a settlement but for its lines: their columns and their rows.

use crate::error::{Error, Result};
use crate::model::time::date_text;
use crate::settle::ledger::Claim;
use crate::settle::out::{Cell, Name, Table};
use crate::settle::publish::{Ledger, Totals, yes_no};
use crate::settle::settling::{tax_id, tax_key};
use crate::settle::summary;
use crate::settle::words::{Class, Stage};
use crate::store::digest::hex;
use crate::store::new_folder::{NewFolder, Written};
use rayon::prelude::*;
use std::collections::BTreeMap;

const CLAIMS: &[Name] = &[
    "bill",
    "payer",
    "payee",
    "kind",
    "class",
    "stage",
    "settles",
    "settle_currency",
    "value_date",
    "invoice_no",
    "tax_category",
    "tax_rate",
    "status",
    "corrects",
    "claim_id",
    "exact",
    "#amount_minor",
    "amount",
    "#tax_minor",
    "#gross_minor",
    "tax_group",
    "upper_bound",
    "corrects_invoice",
];
const TAXES: &[Name] = &[
    "payer",
    "payee",
    "invoice_no",
    "value_date",
    "tax_category",
    "tax_rate",
    "settle_currency",
    "tax_group",
    "#base_minor",
    "#tax_minor",
    "rounding",
];
const POSTINGS: &[Name] = &[
    "claim_id",
    "tax_group",
    "side",
    "account",
    "#debit_minor",
    "#credit_minor",
    "currency",
    "status",
];
const POSITIONS: &[Name] = &[
    "agreement",
    "form",
    "currency",
    "value_date",
    "party",
    "#receivable_minor",
    "#payable_minor",
    "#net_minor",
];
const ORDERS: &[Name] = &[
    "order_id",
    "form",
    "agreement",
    "payer",
    "payee",
    "currency",
    "value_date",
    "#amount_minor",
    "amount",
    "claims",
];
const ORDER_CLAIMS: &[Name] = &["order_id", "claim_id"];
const CHAINS: &[Name] = &["pair", "#claims", "hash"];
const COMPARE: &[Name] = &[
    "bill",
    "payer",
    "payee",
    "kind",
    "class",
    "currency",
    "quoted",
    "agreed",
    "invoiced",
    "invoiced_less_agreed",
    "agreed_less_quoted",
    "invoiced_less_quoted",
];
const REFUSED: &[Name] = &[
    "file",
    "#line",
    "bill",
    "container_id",
    "#element",
    "code",
    "found",
    "wanted",
];
const SUMMARY: &[Name] = &["item", "key", "value"];

/// Writes a table; gives its files.
type WriteTable<'a> = &'a (dyn Fn() -> Result<Vec<Written>> + Sync);

fn write_chains(folder: &NewFolder<'_>, totals: &Totals) -> Result<[Written; 2]> {
    let mut table = Table::new(folder, "chains", CHAINS)?;
    for (pair, chain) in &totals.chains {
        let value = hex(chain.value);
        table.row(&[
            Cell::from(pair),
            Cell::Whole(chain.claims),
            Cell::from(&value),
        ])?;
    }
    table.finish()
}

fn write_summary(folder: &NewFolder<'_>, summary: &[[String; 3]]) -> Result<[Written; 2]> {
    let mut table = Table::new(folder, "summary", SUMMARY)?;
    for [item, key, value] in summary {
        table.row(&[Cell::from(item), Cell::from(key), Cell::from(value)])?;
    }
    table.finish()
}

impl Ledger<'_> {
    /// Every table that is made once all claims are there, and the summary.
    pub(super) fn write_rest(
        &self,
        folder: &NewFolder<'_>,
        totals: &Totals,
    ) -> Result<(Vec<Written>, Vec<[String; 3]>)> {
        // What takes longest in one piece begins first.
        let (summary, tables) = rayon::join(
            || {
                let summary = summary::summary(self, totals);
                write_summary(folder, &summary).map(|files| (files, summary))
            },
            || {
                let tables: [WriteTable<'_>; 8] = [
                    &|| self.write_claim_table(folder, totals).map(Vec::from),
                    &|| self.write_postings(folder, totals).map(Vec::from),
                    &|| self.write_orders(folder, totals),
                    &|| self.write_taxes(folder, totals).map(Vec::from),
                    &|| self.write_compare(folder, totals).map(Vec::from),
                    &|| self.write_positions(folder, totals).map(Vec::from),
                    &|| write_chains(folder, totals).map(Vec::from),
                    &|| self.write_refused(folder).map(Vec::from),
                ];
                let written = tables.into_par_iter().map(|write| write());
                written.collect::<Result<Vec<_>>>()
            },
        );
        let (files, summary) = summary?;
        let mut all = tables?.concat();
        all.extend(files);
        Ok((all, summary))
    }

    fn write_refused(&self, folder: &NewFolder<'_>) -> Result<[Written; 2]> {
        let mut table = Table::new(folder, "refused", REFUSED)?;
        for r in &self.read.refusals {
            let number = |n: i64| if n == 0 { Cell::None } else { Cell::Whole(n) };
            let line = i64::try_from(r.line).unwrap_or(0);
            table.row(&[
                Cell::from(&r.file),
                number(line),
                Cell::from(&r.bill),
                Cell::from(&r.container),
                number(r.element),
                Cell::from(r.code.text().0),
                Cell::from(&r.found),
                Cell::from(&r.wanted),
            ])?;
        }
        table.finish()
    }

    fn write_claim_table(&self, folder: &NewFolder<'_>, totals: &Totals) -> Result<[Written; 2]> {
        let terms = self.terms();
        let cells = &totals.cells;
        let groups: Vec<String> = terms
            .iter()
            .map(|t| tax_key(t).map_or(String::new(), |key| tax_id(&key)))
            .collect();
        let mut table = Table::new(folder, "claims", CLAIMS)?;
        for claim in &totals.claims {
            let t = claim.of(terms);
            let (id, exact) = (claim.id(terms), claim.exact.to_string());
            let amount = t.currency.text(claim.amount.into());
            let is_paid = claim.may_be_paid(terms);
            let group = if is_paid {
                groups[claim.terms as usize].as_str()
            } else {
                ""
            };
            let mut row = vec![Cell::from(&*claim.bill)];
            row.extend(cells[claim.terms as usize].iter().map(Cell::from));
            row.extend([
                Cell::from(claim.corrected()),
                Cell::from(&id),
                Cell::from(&exact),
            ]);
            row.extend([Cell::Whole(claim.amount), Cell::from(&amount)]);
            row.extend([Cell::Whole(claim.tax), Cell::Whole(claim.gross())]);
            row.extend([Cell::from(group), Cell::from(yes_no(claim.upper_bound))]);
            row.push(Cell::from(
                claim.corrects.as_ref().map_or("", |c| &c.invoice_no),
            ));
            table.row(&row)?;
        }
        table.finish()
    }

    fn write_taxes(&self, folder: &NewFolder<'_>, totals: &Totals) -> Result<[Written; 2]> {
        let mut table = Table::new(folder, "taxes", TAXES)?;
        for tax in &totals.taxes {
            let mut row: Vec<Cell<'_>> = tax.key.iter().map(|part| Cell::from(&**part)).collect();
            row.extend([
                Cell::from(&tax.id),
                Cell::Whole(tax.base),
                Cell::Whole(tax.tax),
            ]);
            row.push(Cell::from(tax.rounding.code()));
            table.row(&row)?;
        }
        table.finish()
    }

    fn write_postings(&self, folder: &NewFolder<'_>, totals: &Totals) -> Result<[Written; 2]> {
        let terms = self.terms();
        let mut table = Table::new(folder, "postings", POSTINGS)?;
        let mut post =
            |ids: [&str; 2], of: [&str; 2], accounts: [&str; 2], amount: i64, status: &str| {
                let [currency, payee_account] = [accounts[0], accounts[1]];
                let [payer, payee] = of;
                let debit = format!("{payee}:{currency}:{payee_account}");
                let credit = format!("{payer}:{currency}:payable");
                for (side, account) in [("credit", &credit), ("debit", &debit)] {
                    let amounts = if side == "debit" {
                        [amount, 0].map(Cell::Whole)
                    } else {
                        [0, amount].map(Cell::Whole)
                    };
                    table.row(&[
                        Cell::from(ids[0]),
                        Cell::from(ids[1]),
                        Cell::from(side),
                        Cell::from(account),
                        amounts[0],
                        amounts[1],
                        Cell::from(currency),
                        Cell::from(status),
                    ])?;
                }
                Ok::<(), Error>(())
            };
        for tax in &totals.taxes {
            let of = [&*tax.key[0], &*tax.key[1]];
            post(["", &tax.id], of, [&tax.key[6], "tax"], tax.tax, "open")?;
        }
        let mut settling: Vec<(String, &Claim)> = totals
            .claims
            .iter()
            .filter(|claim| claim.settles(terms))
            .map(|claim| (claim.id(terms), claim))
            .collect();
        settling.sort_by(|a, b| a.0.cmp(&b.0));
        for (id, claim) in settling {
            let t = claim.of(terms);
            let currency = t.currency.code();
            let accounts = [currency, "receivable"];
            post(
                [&id, ""],
                [&t.payer, &t.payee],
                accounts,
                claim.amount,
                t.status.code(),
            )?;
        }
        table.finish()
    }

    fn write_positions(&self, folder: &NewFolder<'_>, totals: &Totals) -> Result<[Written; 2]> {
        let mut table = Table::new(folder, "positions", POSITIONS)?;
        for p in &totals.settled.positions {
            let (currency, date) = (
                p.currency.code(),
                p.value_date.map_or(String::new(), date_text),
            );
            table.row(&[
                Cell::from(&p.agreement),
                Cell::from(p.form.code()),
                Cell::from(currency),
                Cell::from(&date),
                Cell::from(&p.party),
                Cell::Whole(p.receivable),
                Cell::Whole(p.payable),
                Cell::Whole(p.receivable - p.payable),
            ])?;
        }
        table.finish()
    }

    fn write_orders(&self, folder: &NewFolder<'_>, totals: &Totals) -> Result<Vec<Written>> {
        let mut table = Table::new(folder, "orders", ORDERS)?;
        let mut of = Table::new(folder, "order_claims", ORDER_CLAIMS)?;
        for order in &totals.settled.orders {
            let date = order.value_date.map_or(String::new(), date_text);
            let (currency, amount) = (
                order.currency.code(),
                order.currency.text(order.amount.into()),
            );
            let mut ids: Vec<String> = order
                .claims
                .iter()
                .map(|at| totals.claims[*at].id(self.terms()))
                .collect();
            ids.sort_unstable();
            let listed = ids.join("|");
            table.row(&[
                Cell::from(&order.id),
                Cell::from(order.form),
                Cell::from(&order.agreement),
                Cell::from(&order.payer),
                Cell::from(&order.payee),
                Cell::from(currency),
                Cell::from(&date),
                Cell::Whole(order.amount),
                Cell::from(&amount),
                Cell::from(&listed),
            ])?;
            for id in &ids {
                of.row(&[Cell::from(&order.id), Cell::from(id)])?;
            }
        }
        Ok(table.finish()?.into_iter().chain(of.finish()?).collect())
    }

    fn write_compare(&self, folder: &NewFolder<'_>, totals: &Totals) -> Result<[Written; 2]> {
        let terms = self.terms();
        let mut table = Table::new(folder, "compare", COMPARE)?;
        for bill in totals.claims.chunk_by(|a, b| a.bill == b.bill) {
            let mut rows: BTreeMap<_, [Option<i128>; 3]> = BTreeMap::new();
            for claim in bill.iter().filter(|claim| claim.corrects.is_none()) {
                let t = claim.of(terms);
                let stage = match t.stage {
                    Stage::Quoted => 0,
                    Stage::Agreed => 1,
                    Stage::Invoiced => 2,
                };
                let key = (&t.payer, &t.payee, t.kind, t.class, t.currency);
                let sum = &mut rows.entry(key).or_default()[stage];
                *sum = Some(sum.unwrap_or(0) + i128::from(claim.amount));
            }
            for ((payer, payee, kind, class, currency), stages) in rows {
                let less = |a: usize, b: usize| Some(stages[a]? - stages[b]?);
                let all = [
                    stages[0],
                    stages[1],
                    stages[2],
                    less(2, 1),
                    less(1, 0),
                    less(2, 0),
                ];
                let texts = all.map(|sum| sum.map_or(String::new(), |sum| currency.text(sum)));
                let code = currency.code();
                let class = class.map_or("", Class::code);
                let mut row = vec![
                    Cell::from(&*bill[0].bill),
                    Cell::from(&**payer),
                    Cell::from(&**payee),
                ];
                row.extend([Cell::from(kind.code()), Cell::from(class), Cell::from(code)]);
                row.extend(texts.iter().map(Cell::from));
                table.row(&row)?;
            }
        }
        table.finish()
    }
}
