//! Statements: for each party what it owes and is owed, as a page, a workbook and CSV; and the summary of a settlement.

use crate::error::{Error, Result};
use crate::escape::csv_cell;
use crate::exact::{Exact, Rounding};
use crate::model::time::date_text;
use crate::present::form::{Part, Report, Section, Table, Tile, still_page, workbook};
use crate::settle::ledger::Claim;
use crate::settle::money::{Money, short};
use crate::settle::publish::{Ledger, Totals, yes_no};
use crate::settle::settling::Order;
use crate::settle::terms::{Cells, TERMS, Terms};
use crate::store::digest::hex;
use crate::store::new_folder::{NewFolder, Written};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// Claims on a page and in a workbook; the CSV has all.
const MOST_CLAIMS: usize = 2_000;

/// Writes the statement of every party that a claim names.
pub(super) fn write(
    folder: &NewFolder<'_>,
    ledger: &Ledger<'_>,
    totals: &Totals,
) -> Result<Vec<Written>> {
    let terms = &ledger.read.rules.terms;
    let cells = &totals.cells;
    let mut by_party: BTreeMap<&str, Vec<&Claim>> = BTreeMap::new();
    for claim in &totals.claims {
        let t = claim.of(terms);
        by_party.entry(&t.payer).or_default().push(claim);
        by_party.entry(&t.payee).or_default().push(claim);
    }
    let statements = by_party.into_par_iter().map(|(party, claims)| {
        let statement = Statement {
            party,
            ledger,
            totals,
            terms,
            cells,
            claims,
        };
        statement.write(folder)
    });
    Ok(statements.collect::<Result<Vec<_>>>()?.concat())
}

/// Net and tax, and the tax in another currency as far as there are rates.
type Sums = ([i128; 2], Option<Exact>);

struct Statement<'a> {
    party: &'a str,
    ledger: &'a Ledger<'a>,
    totals: &'a Totals,
    terms: &'a [Terms],
    /// The columns of the key of each of them.
    cells: &'a [Cells],
    /// Its claims.
    claims: Vec<&'a Claim>,
}

impl Statement<'_> {
    fn direction(&self, t: &Terms) -> &'static str {
        if *t.payer == *self.party {
            "owes"
        } else {
            "is owed"
        }
    }

    fn mine(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().copied()
    }

    fn write(&self, folder: &NewFolder<'_>) -> Result<[Written; 3]> {
        let party = self.party;
        let report = self.report();
        let page = still_page(&report);
        let book = workbook(&report)
            .map_err(|e| Error::Internal(format!("cannot make the workbook: {e}")))?;
        Ok([
            self.csv(folder)?,
            folder.write(&format!("statements/{party}.html"), page.as_bytes())?,
            folder.write(&format!("statements/{party}.xlsx"), &book)?,
        ])
    }

    fn csv(&self, folder: &NewFolder<'_>) -> Result<Written> {
        let path = format!("statements/{}.csv", self.party);
        let mut file = folder.create(&path)?;
        let fault = |e: std::io::Error| Error::Storage(format!("{path}: cannot write: {e}"));
        let mut text = format!(
            "bill,{},corrects,claim_id,direction,amount_minor,amount,tax_minor,gross_minor,upper_bound\n",
            TERMS.join(",")
        );
        for claim in self.mine() {
            let t = claim.of(self.terms);
            let mut cells = vec![csv_cell(&claim.bill)];
            let key = &self.cells[claim.terms as usize];
            cells.extend(key.iter().map(csv_cell));
            cells.extend([
                claim.corrected().to_owned(),
                claim.id(self.terms),
                self.direction(t).to_owned(),
                claim.amount.to_string(),
                t.currency.text(claim.amount.into()),
                claim.tax.to_string(),
                claim.gross().to_string(),
                yes_no(claim.upper_bound).to_owned(),
            ]);
            text += &(cells.join(",") + "\n");
            file.write_all(text.as_bytes()).map_err(fault)?;
            text.clear();
        }
        file.write_all(text.as_bytes()).map_err(fault)?;
        file.finish()
    }

    fn report(&self) -> Report {
        let manifest = self.ledger.run.manifest;
        let party = self.ledger.read.parties.get(self.party);
        let name = party.map_or("", |p| p.name.as_str());
        let tax_id = match party.map_or("", |p| p.tax_id.as_str()) {
            "" => String::new(),
            id => format!(", tax id {id}"),
        };
        let balance = self.balance();
        let orders = self.orders();
        let claims = self.claims();
        let chains = self.chains();
        let tables = [&balance, &orders, &claims, &chains];
        Report {
            title: format!("Statement of {} ({name})", self.party),
            subtitle: format!(
                "Period {}, run {}{tax_id}",
                self.ledger.order.period, manifest.run_id
            ),
            run_id: manifest.run_id.clone(),
            tiles: self.tiles(),
            sections: vec![
                section("totals", "Totals", vec![Part::Table(balance.clone())]),
                section("orders", "Orders", vec![Part::Table(orders.clone())]),
                section("claims", "Claims", vec![Part::Table(claims.clone())]),
                section("chains", "Chains", vec![Part::Table(chains.clone())]),
                section("rules", "Rules", vec![Part::List(self.rules())]),
            ],
            workbook: tables.into_iter().cloned().collect(),
            ..Report::default()
        }
    }

    fn tiles(&self) -> Vec<Tile> {
        let settled = &self.totals.settled.orders;
        let count = |is: &dyn Fn(&Order) -> bool| settled.iter().filter(|o| is(o)).count();
        let tile = |name, n: usize, unit| Tile {
            name,
            value: n.to_string(),
            unit,
            note: String::new(),
        };
        vec![
            tile("Claims", self.mine().count(), ""),
            tile("Orders to pay", count(&|o| o.payer == self.party), ""),
            tile("Orders to be paid", count(&|o| o.payee == self.party), ""),
        ]
    }

    /// Net, tax and gross of each direction and currency; tax in the party's tax currency too.
    fn balance(&self) -> Table {
        let heads = &[
            "direction",
            "currency",
            ">net",
            ">tax",
            ">gross",
            "tax currency",
            ">tax in it",
        ];
        let mut table = Table::new("Net, tax and gross", heads);
        table.note = "Of claims that may be paid, before any netting.".to_owned();
        let mut sums: BTreeMap<(&str, Money), Sums> = BTreeMap::new();
        for claim in self.mine().filter(|c| c.may_be_paid(self.terms)) {
            let t = claim.of(self.terms);
            let start = ([0; 2], Some(Exact::ZERO));
            let (of, there) = sums.entry((self.direction(t), t.currency)).or_insert(start);
            of[0] += i128::from(claim.amount);
            of[1] += i128::from(claim.tax);
            *there = match (there.take(), self.tax_there(t, claim.tax)) {
                (Some(sum), Some(more)) => Some(sum.plus(&more)),
                _ => None,
            };
        }
        let currency = self.tax_currency();
        for ((direction, money), ([net, tax], there)) in sums {
            let there = match (
                currency,
                there.and_then(|sum| sum.rounded(Rounding::HalfUp)),
            ) {
                (Some(currency), Some(minor)) => [currency.code().to_owned(), currency.text(minor)],
                (Some(currency), None) => [format!("{}: no rate", currency.code()), String::new()],
                (None, _) => [String::new(), String::new()],
            };
            let sums = [net, tax, net + tax].map(|sum| money.text(sum));
            table.row(
                [direction.to_owned(), money.code().to_owned()]
                    .into_iter()
                    .chain(sums)
                    .chain(there),
            );
        }
        table
    }

    fn tax_currency(&self) -> Option<Money> {
        self.ledger.read.parties.get(self.party)?.tax_currency
    }

    /// A tax in the party's tax currency by the rate of the invoice date, in minor units.
    fn tax_there(&self, t: &Terms, tax: i64) -> Option<Exact> {
        let to = self.tax_currency()?;
        let exact = Exact::Small(tax.into(), 10i128.pow(t.currency.digits()));
        let minor = Exact::whole(10i128.pow(to.digits()));
        if to == t.currency {
            return Some(exact.times(&minor));
        }
        if tax == 0 {
            return Some(Exact::ZERO);
        }
        let factor = self.ledger.read.tax_rate(t, to)?;
        Some(exact.times(&factor).times(&minor))
    }

    fn orders(&self) -> Table {
        let heads = &[
            "order",
            "form",
            "agreement",
            "payer",
            "payee",
            "value date",
            "currency",
            ">amount",
            ">claims",
        ];
        let mut table = Table::new("Payments", heads);
        table.note = "An empty value date is filled in when the order is issued.".to_owned();
        let mine = |o: &&Order| o.payer == self.party || o.payee == self.party;
        for order in self
            .totals
            .settled
            .orders
            .iter()
            .filter(mine)
            .take(MOST_CLAIMS)
        {
            table.row([
                order.id.clone(),
                order.form.to_owned(),
                order.agreement.clone(),
                order.payer.clone(),
                order.payee.clone(),
                order.value_date.map_or(String::new(), date_text),
                order.currency.code().to_owned(),
                order.currency.text(order.amount.into()),
                order.claims.len().to_string(),
            ]);
        }
        table
    }

    fn claims(&self) -> Table {
        let heads = &[
            "direction",
            "bill",
            "with",
            "kind",
            "class",
            "stage",
            "settles",
            "status",
            "invoice",
            "tax",
            "currency",
            ">net",
            ">tax amount",
            ">gross",
            "note",
        ];
        let mut table = Table::new("Charges by bill", heads);
        let count = self.mine().count();
        if count > MOST_CLAIMS {
            table.note = format!("The first {MOST_CLAIMS} of {count}; the CSV file has all.");
        }
        for claim in self.mine().take(MOST_CLAIMS) {
            let t = claim.of(self.terms);
            let cells = &self.cells[claim.terms as usize];
            let with = if *t.payer == *self.party {
                &t.payee
            } else {
                &t.payer
            };
            let tax = match t.tax_rate {
                Some(rate) => format!("{} {}%", t.tax_category, short(rate)),
                None => "outside the scope of tax".to_owned(),
            };
            let note = match (claim.upper_bound, claim.corrected()) {
                (true, _) => "upper bound: whole leg".to_owned(),
                (_, "") => String::new(),
                (_, id) => format!("corrects {id}"),
            };
            let text = |minor: i64| t.currency.text(minor.into());
            table.row([
                self.direction(t).to_owned(),
                claim.bill.to_string(),
                with.to_string(),
                cells.get(2).to_owned(),
                cells.get(3).to_owned(),
                cells.get(4).to_owned(),
                cells.get(5).to_owned(),
                cells.get(11).to_owned(),
                cells.get(8).to_owned(),
                tax,
                t.currency.code().to_owned(),
                text(claim.amount),
                text(claim.tax),
                text(claim.gross()),
                note,
            ]);
        }
        table
    }

    fn chains(&self) -> Table {
        let mut table = Table::new("Values of pairs", &["pair", ">claims", "value"]);
        table.note = "Both parties get the same value from the same claims that settle.".to_owned();
        for (pair, chain) in &self.totals.chains {
            if pair.split('|').any(|party| party == self.party) {
                table.row([pair.clone(), chain.claims.to_string(), hex(chain.value)]);
            }
        }
        table
    }

    fn rules(&self) -> Vec<String> {
        let roundings: BTreeSet<&str> = self
            .totals
            .taxes
            .iter()
            .filter(|t| t.key[..2].iter().any(|party| **party == *self.party))
            .map(|t| t.rounding.code())
            .collect();
        let tax = match roundings.len() {
            0 => "No tax is due on any claim that may be paid.".to_owned(),
            _ => format!(
                "Tax is rounded once per payer, payee, invoice, value date, category, rate and currency ({}).",
                roundings.into_iter().collect::<Vec<_>>().join(", ")
            ),
        };
        let rules = [
            "A claim is the exact sum of its units, rounded once, half to even, to the minor unit of its currency.",
            "The rounded claim is parted over its lines by largest remainder, so that lines add up to claims.",
            tax.as_str(),
            "Quoted, shadow and statutory charges are shown and never settled; so are upper bounds. Disputed claims wait.",
            "Carbon charges of class carrier_passthrough are what a carrier bills; FuelEU and the true cost of EU ETS are known after the year, so they are provisional.",
        ];
        rules.map(str::to_owned).to_vec()
    }
}

fn section(id: &'static str, title: &'static str, parts: Vec<Part>) -> Section {
    Section { id, title, parts }
}
