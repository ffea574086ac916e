//! A published settlement read back: its claims as they may be ordered, with the parties and agreements that it was settled with.

use crate::error::{Error, Result};
use crate::exact::Exact;
use crate::model::time::{Day, months_after, parse_date};
use crate::settle::SettleOrder;
use crate::settle::ledger::{Claim, Corrects};
use crate::settle::money::{Money, number};
use crate::settle::sheet::{File, Record};
use crate::settle::show::{CLAIM, as_it_was, table, whole};
use crate::settle::tables::{Agreement, Parties, agreements, parties};
use crate::settle::terms::{Terms, digest};
use crate::settle::words::{ChargeKind, Class, Settles, Stage, Status, Word};
use crate::store::files::{open_if_there, read_file};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A settlement.
pub(super) struct Book {
    pub dir: PathBuf,
    pub id: String,
    pub period: String,
    pub last_day: Day,
    pub terms: Vec<Terms>,
    pub claims: Vec<Claim>,
    pub parties: Parties,
    pub agreements: Vec<Agreement>,
    /// Settlements that it corrects, the first one first.
    pub previous: Vec<String>,
    options: Options,
    inputs: Vec<Input>,
    files: Vec<crate::store::new_folder::Written>,
}

#[derive(Deserialize)]
struct Manifest {
    settlement_id: String,
    period: String,
    previous: Vec<String>,
    options: Options,
    inputs: Vec<Input>,
    files: Vec<crate::store::new_folder::Written>,
}

/// What a settlement was told.
#[derive(Clone, Debug, Deserialize)]
struct Options {
    allow_refused: bool,
    incomplete: String,
    max_rate_age: i32,
    pay: String,
    settle_currency: Option<String>,
}

/// A file that it read.
#[derive(Clone, Debug, Deserialize)]
struct Input {
    role: String,
    path: String,
}

/// No manifest is larger.
const MOST_BYTES: u64 = 1 << 30;

impl Book {
    /// Reads the settlement in `dir`.
    pub(super) fn open(dir: &Path) -> Result<Book> {
        let fault = |what: &str| Error::Verification(format!("{}: {what}", dir.display()));
        let manifest = read_file(&dir.join("manifest.json"), MOST_BYTES)?;
        let manifest: Manifest =
            serde_json::from_slice(&manifest).map_err(|e| fault(&e.to_string()))?;
        let first =
            parse_date(&format!("{}-01", manifest.period)).ok_or_else(|| fault("has no period"))?;
        let mut refusals = Vec::new();
        let parties = parties(
            &input(dir, "parties-1.csv")?.unwrap_or(empty()),
            &mut refusals,
        );
        let agreements = match input(dir, "agreements-1.csv")? {
            Some(file) => agreements(&file, &parties, &mut refusals),
            None => Vec::new(),
        };
        let mut book = Book {
            dir: dir.to_owned(),
            id: manifest.settlement_id,
            period: manifest.period,
            last_day: months_after(first, 1) - 1,
            terms: Vec::new(),
            claims: Vec::new(),
            parties,
            agreements,
            previous: manifest.previous,
            options: manifest.options,
            inputs: manifest.inputs,
            files: manifest.files,
        };
        let mut is_broken = false;
        table(&dir.join("claims.csv"), CLAIM, |row| match terms(row) {
            Some(terms) => book.add(row, terms),
            None => is_broken = true,
        })?;
        if is_broken {
            return Err(fault(
                "claims.csv holds a row that this program does not write",
            ));
        }
        Ok(book)
    }

    fn add(&mut self, row: &Record<'_>, terms: Terms) {
        if self.terms.last() != Some(&terms) {
            self.terms.push(terms);
        }
        let corrects = row.given("corrects").map(|id| {
            Box::new(Corrects {
                claim_id: id.to_owned(),
                invoice_no: row.text("corrects_invoice").into(),
                run_id: String::new(),
            })
        });
        self.claims.push(Claim {
            bill: as_it_was(row.text("bill")).into(),
            terms: u32::try_from(self.terms.len() - 1).unwrap_or_default(),
            exact: Exact::ZERO,
            amount: whole(row, "amount_minor"),
            tax: whole(row, "tax_minor"),
            upper_bound: row.text("upper_bound") == "yes",
            corrects,
            named: Some(row.text("claim_id").into()),
        });
    }

    /// The settlement as it was asked for, with its own copies of the files.
    pub(super) fn order(&self) -> Result<SettleOrder> {
        let of = |role: &str| -> Vec<PathBuf> {
            let some = self.inputs.iter().filter(|input| input.role == role);
            some.map(|input| crate::store::path::below(&self.dir, &input.path))
                .collect()
        };
        let one = |role: &str| of(role).into_iter().next();
        Ok(SettleOrder {
            period: self.period.clone(),
            charges: of("charges"),
            parties: one("parties"),
            prices: one("prices"),
            rates: one("rates"),
            agreements: one("agreements"),
            calls: one("calls"),
            settle_currency: self.options.settle_currency.clone(),
            pays_invoiced: self.options.pay == "invoiced",
            most_rate_age: self.options.max_rate_age,
            settles_incomplete: self.options.incomplete == "settle",
            allows_refused: self.options.allow_refused,
            ..SettleOrder::default()
        })
    }

    /// What a claim is for, over all settlements.
    pub(super) fn obligation(&self, claim: &Claim) -> String {
        let t = claim.of(&self.terms);
        let class = t.class.map_or("", Class::code);
        digest([
            "obligation",
            &claim.bill,
            &t.payer,
            &t.payee,
            t.kind.code(),
            class,
        ])
    }

    /// Digest of a party's statement.
    pub(super) fn statement(&self, party: &str) -> &str {
        let path = format!("statements/{party}.csv");
        let found = self.files.iter().find(|file| file.path == path);
        found.map_or("", |file| &file.sha256)
    }
}

fn empty() -> File {
    File {
        name: "parties.csv".to_owned(),
        bytes: Vec::new(),
    }
}

fn input(dir: &Path, name: &str) -> Result<Option<File>> {
    let path = dir.join("inputs").join(name);
    if open_if_there(&path)?.is_none() {
        return Ok(None);
    }
    Ok(Some(File {
        name: name.to_owned(),
        bytes: read_file(&path, MOST_BYTES)?,
    }))
}

fn terms(row: &Record<'_>) -> Option<Terms> {
    let optional = |column: &str, read: &dyn Fn(&str) -> bool| row.given(column).is_none_or(read);
    let value_date = row.given("value_date").and_then(parse_date);
    let tax_rate = row.given("tax_rate").and_then(number);
    let class = row.given("class").and_then(Class::parse);
    let is_whole = optional("value_date", &|_| value_date.is_some())
        && optional("tax_rate", &|_| tax_rate.is_some())
        && optional("class", &|_| class.is_some());
    Some(Terms {
        payer: row.text("payer").into(),
        payee: row.text("payee").into(),
        kind: ChargeKind::parse(row.text("kind"))?,
        class,
        stage: Stage::parse(row.text("stage"))?,
        settles: Settles::parse(row.text("settles"))?,
        currency: Money::parse(row.text("settle_currency"))?,
        value_date,
        invoice_no: as_it_was(row.text("invoice_no")).into(),
        tax_category: as_it_was(row.text("tax_category")).into(),
        tax_rate,
        status: Status::parse(row.text("status")).filter(|_| is_whole)?,
    })
}
