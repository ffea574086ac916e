//! A settlement as a folder: tables as Parquet and CSV, statements, manifest. It appears by one rename.

use crate::METHOD_REVISION;
use crate::error::{Error, Result};
use crate::escape::csv_cell;
use crate::model::time::date_text;
use crate::settle::inputs::Inputs;
use crate::settle::ledger::{Claim, Line, Made, claims, unit_of};
use crate::settle::money::short;
use crate::settle::out::{Cell, Name, Rows, Table};
use crate::settle::refusal::Refusal;
use crate::settle::settling::{Chain, Settled, Tax, chains, settle, taxes};
use crate::settle::survey::{LeftOut, Run, Survey};
use crate::settle::terms::{Cells, Terms};
use crate::settle::words::{Form, Settles};
use crate::settle::{Read, SettleOrder, claim_order, statement};
use crate::store::digest::sha256_hex;
use crate::store::disk::RealDisk;
use crate::store::files::write_file;
use crate::store::new_folder::{NewFolder, Written};
use crate::store::path::is_folder;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A settlement that stands below an output root.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Its id.
    pub id: String,
    /// Its period.
    pub period: String,
    /// Run that it is of.
    pub run_id: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Whether it was there already.
    pub is_old: bool,
    /// Item, key and value of its summary.
    pub summary: Vec<[String; 3]>,
}

/// Everything that a settlement is made of.
pub(super) struct Ledger<'a> {
    pub order: &'a SettleOrder,
    pub inputs: &'a Inputs,
    pub named: &'a Named,
    pub run: Run<'a>,
    pub read: &'a Read,
    pub survey: &'a Survey,
    pub left_out: &'a LeftOut,
}

/// The name of a settlement, and what it follows from.
pub(super) struct Named {
    id: String,
    period: String,
    run_id: String,
    options: Value,
    /// Role, path, size and digest of each file.
    files: Vec<Value>,
    /// Settlements that it corrects, the first one first.
    chain: Vec<String>,
}

/// What the tables are made from, once every claim is there.
pub(super) struct Totals {
    pub claims: Vec<Claim>,
    /// The columns of the key of each of the terms.
    pub cells: Vec<Cells>,
    pub lines: u64,
    pub taxes: Vec<Tax>,
    pub settled: Settled,
    pub chains: BTreeMap<String, Chain>,
}

const LINES: &[Name] = &[
    "#line",
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
    "claim_id",
    "charge_id",
    "container_id",
    "#element",
    "quantity",
    "quantity_unit",
    "rate",
    "share",
    "voyage_share",
    "currency",
    "fx_from",
    "fx_to",
    "fx_rate",
    "fx_date",
    "fx_source",
    "exact",
    "#amount_minor",
    "amount",
    "upper_bound",
    "price_id",
    "factor_id",
    "run_id",
];

pub(super) fn yes_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// Writes the settlement; there is none of its name.
pub(super) fn publish(
    root: &Path,
    ledger: &Ledger<'_>,
    corrected: Option<Vec<Made>>,
) -> Result<Settlement> {
    let relative = ledger.named.relative();
    let folder = NewFolder::begin(&RealDisk, root)?;
    let (totals, mut files) = ledger.write_claims(&folder, corrected)?;
    let (rest, statements) = rayon::join(
        || ledger.write_rest(&folder, &totals),
        || statement::write(&folder, ledger, &totals),
    );
    let (rest, summary) = rest?;
    files.extend(rest);
    files.extend(statements?);
    files.extend(ledger.write_inputs(&folder)?);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    folder.write("manifest.json", &ledger.manifest(&totals, &files)?)?;
    let dir = folder.place(root, &relative)?;
    point(root, &relative)?;
    Ok(ledger.named.settlement(dir, false, summary))
}

/// Name of the file that says which settlement is the latest.
pub(super) const CURRENT: &str = "CURRENT";

fn point(root: &Path, relative: &str) -> Result<()> {
    write_file(
        &RealDisk,
        &root.join(CURRENT),
        format!("{relative}\n").as_bytes(),
    )
}

/// Refusals as CSV.
pub(super) fn refused_csv(refusals: &[Refusal]) -> String {
    let mut out = String::from("file,line,bill,container_id,element,code,found,wanted\n");
    for r in refusals {
        let number = |n: String| if n == "0" { String::new() } else { n };
        let cells = [
            csv_cell(&r.file),
            number(r.line.to_string()),
            csv_cell(&r.bill),
            csv_cell(&r.container),
            number(r.element.to_string()),
            r.code.text().0.to_owned(),
            csv_cell(&r.found),
            csv_cell(&r.wanted),
        ];
        out += &(cells.join(",") + "\n");
    }
    out
}

impl Named {
    pub(super) fn new(
        order: &SettleOrder,
        inputs: &Inputs,
        run_id: &str,
        chain: Vec<String>,
    ) -> Named {
        let options = json!({
            "allow_refused": order.allows_refused,
            "incomplete": if order.settles_incomplete { "settle" } else { "dispute" },
            "max_rate_age": order.most_rate_age,
            "pay": if order.pays_invoiced { "invoiced" } else { "agreed" },
            "settle_currency": order.settle_currency,
        });
        let files = listed(inputs);
        let digests: Vec<Value> = files
            .iter()
            .map(|file| json!([file["role"], file["sha256"]]))
            .collect();
        let all = json!({
            "files": digests,
            "method_revision": METHOD_REVISION,
            "options": options,
            "period": order.period,
            "previous": chain,
            "run_id": run_id,
        });
        let mut id = sha256_hex(all.to_string().as_bytes());
        id.truncate(20);
        Named {
            id,
            period: order.period.clone(),
            run_id: run_id.to_owned(),
            options,
            files,
            chain,
        }
    }

    fn relative(&self) -> String {
        format!("{}/{}", self.period, self.id)
    }

    /// The settlement of this name, if it is there; it is the latest then.
    pub(super) fn published(&self, root: &Path) -> Result<Option<Settlement>> {
        let relative = self.relative();
        let dir = crate::store::path::below(root, &relative);
        if !is_folder(&dir)? {
            return Ok(None);
        }
        super::verify::verify_folder(&dir)?;
        point(root, &relative)?;
        let summary = super::show::summary_of(&dir)?;
        Ok(Some(self.settlement(dir, true, summary)))
    }

    fn settlement(&self, dir: PathBuf, is_old: bool, summary: Vec<[String; 3]>) -> Settlement {
        Settlement {
            id: self.id.clone(),
            period: self.period.clone(),
            run_id: self.run_id.clone(),
            dir,
            is_old,
            summary,
        }
    }
}

fn listed(inputs: &Inputs) -> Vec<Value> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut list = Vec::new();
    for (role, file) in inputs.roles() {
        let number = numbers.entry(role).or_default();
        *number += 1;
        list.push(json!({
            "role": role,
            "path": format!("inputs/{role}-{number}.csv"),
            "bytes": file.bytes.len(),
            "sha256": sha256_hex(&file.bytes),
        }));
    }
    list
}

/// Lines that are put into rows together.
const TOGETHER: usize = 32_768;
/// Parts that they are divided into. It does not hang on the number of threads, and neither do the bytes of the table.
const PARTS: usize = 4;

/// The table of lines, and the claims whose lines it has.
struct Lines<'a> {
    ledger: &'a Ledger<'a>,
    /// The columns of the key of each of the terms.
    cells: &'a [Cells],
    table: Table,
    written: u64,
    waiting: Vec<Made>,
    waiting_lines: usize,
    /// Rows that were made and are not in the table yet.
    made: Vec<Rows>,
    claims: Vec<Claim>,
}

impl Lines<'_> {
    fn take(&mut self, made: Made) -> Result<()> {
        self.waiting_lines += made.1.len();
        self.waiting.push(made);
        if self.waiting_lines >= TOGETHER {
            self.write()?;
        }
        Ok(())
    }

    /// Makes rows of the lines that wait while those made before are written.
    fn write(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_lines = 0;
        let mut numbered = Vec::with_capacity(waiting.len());
        for (claim, lines) in &waiting {
            numbered.push((self.written, claim, lines));
            self.written += lines.len() as u64;
        }
        let (table, before) = (&mut self.table, std::mem::take(&mut self.made));
        let (ledger, cells) = (self.ledger, self.cells);
        let (written, made) = rayon::join(
            || before.into_iter().try_for_each(|rows| table.append(rows)),
            || {
                let parts = numbered.par_chunks(numbered.len().div_ceil(PARTS).max(1));
                parts.map(|some| rows_of(ledger, cells, some)).collect()
            },
        );
        self.made = made;
        self.claims
            .extend(waiting.into_iter().map(|(claim, _)| claim));
        written
    }

    /// Writes all that is left.
    fn finish(mut self) -> Result<(u64, [Written; 2], Vec<Claim>)> {
        self.write()?;
        self.write()?;
        Ok((self.written, self.table.finish()?, self.claims))
    }
}

/// Rows of claims with their lines, each with the number of lines before it.
fn rows_of(ledger: &Ledger<'_>, cells: &[Cells], claims: &[(u64, &Claim, &Vec<Line>)]) -> Rows {
    let mut rows = Rows::new(LINES);
    for (before, claim, lines) in claims {
        let id = claim.id(ledger.terms());
        let terms = &cells[claim.terms as usize];
        for (number, line) in (before + 1..).zip(*lines) {
            ledger.line(&mut rows, number, (claim, &id), terms, line);
        }
    }
    rows
}

impl Ledger<'_> {
    pub(super) fn terms(&self) -> &[Terms] {
        &self.read.rules.terms
    }

    fn manifest(&self, totals: &Totals, files: &[Written]) -> Result<Vec<u8>> {
        let named = self.named;
        let manifest = json!({
            "schema_version": 1,
            "settlement_id": named.id,
            "period": named.period,
            "run_id": named.run_id,
            "method_revision": METHOD_REVISION,
            "previous": named.chain,
            "options": named.options,
            "inputs": named.files,
            "counts": {
                "claims": totals.claims.len(),
                "lines": totals.lines,
                "orders": totals.settled.orders.len(),
                "refused": self.read.refusals.len(),
                "left_out_claims": self.left_out.count(),
            },
            "files": files,
        });
        let text = serde_json::to_string_pretty(&manifest);
        let text = text.map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
        Ok((text + "\n").into_bytes())
    }

    fn write_inputs(&self, folder: &NewFolder<'_>) -> Result<Vec<Written>> {
        let roles = self.inputs.roles();
        let paths = self
            .named
            .files
            .iter()
            .map(|file| file["path"].as_str().unwrap_or_default());
        paths
            .zip(roles)
            .map(|(path, (_, file))| folder.write(path, &file.bytes))
            .collect()
    }

    /// Lines as they come; claims are kept.
    fn write_claims(
        &self,
        folder: &NewFolder<'_>,
        corrected: Option<Vec<Made>>,
    ) -> Result<(Totals, Vec<Written>)> {
        let rules = &self.read.rules;
        let cells: Vec<Cells> = rules.terms.par_iter().map(Terms::cells).collect();
        let mut lines = Lines {
            ledger: self,
            cells: &cells,
            table: Table::new(folder, "lines", LINES)?,
            written: 0,
            waiting: Vec::new(),
            waiting_lines: 0,
            made: Vec::new(),
            claims: Vec::new(),
        };
        let mut take = |made| lines.take(made);
        match corrected {
            Some(made) => made.into_iter().try_for_each(take)?,
            None => claims(self.run, rules, self.survey, self.left_out, &mut take)?,
        }
        let (lines, files, mut list) = lines.finish()?;
        debug_assert!(claim_order(&list));
        let taxes = taxes(&mut list, self.read.under())?;
        let (settled, chains) = rayon::join(
            || settle(&list, self.read.under()),
            || chains(&list, &rules.terms),
        );
        let totals = Totals {
            lines,
            chains,
            taxes,
            settled: settled?,
            claims: list,
            cells,
        };
        Ok((totals, files.into()))
    }

    fn line(
        &self,
        rows: &mut Rows,
        number: u64,
        (claim, id): (&Claim, &str),
        terms: &Cells,
        line: &Line,
    ) {
        let charge = &self.read.rules.charges[line.charge];
        let fx = charge.rate.as_ref().map(|rate| {
            let date = date_text(rate.day);
            (rate, short(rate.rate), date)
        });
        let fx = fx.as_ref().map_or([""; 5], |(rate, of, date)| {
            [rate.from.code(), rate.to.code(), of, date, &rate.source]
        });
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let (exact, currency) = (line.exact.to_string(), charge.currency.code());
        let amount = charge.terms.currency.text(line.amount.into());
        let price = match &charge.cost {
            super::charges::Cost::Price(id) => id.as_str(),
            _ => "",
        };
        let mut row: Vec<Cell<'_>> = Vec::with_capacity(LINES.len());
        row.extend([Cell::Whole(number), Cell::from(&*claim.bill)]);
        row.extend(terms.iter().map(Cell::from));
        row.extend([
            Cell::from(id),
            Cell::from(&charge.id),
            Cell::from(&*line.container),
        ]);
        row.push(Cell::Whole(line.element));
        row.extend([
            Cell::from(&*line.quantity),
            Cell::from(unit_of(&self.read.rules, line)),
            Cell::from(&*line.rate),
            Cell::from(&line.share),
            Cell::from(&line.voyage_share),
            Cell::from(currency),
        ]);
        row.extend(fx.map(Cell::from));
        row.extend([
            Cell::from(&exact),
            Cell::Whole(line.amount),
            Cell::from(&amount),
        ]);
        row.extend([
            Cell::from(yes_no(line.upper_bound)),
            Cell::from(price),
            Cell::from(&*line.factor_id),
            Cell::from(&self.run.manifest.run_id),
        ]);
        rows.push(&row);
    }

    /// What a user should know before he pays.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut list = Vec::new();
        let name = |at: usize| self.read.rules.charges[at].id.as_str();
        let mut doubles: Vec<_> = self.survey.doubles.iter().collect();
        doubles.sort_unstable();
        for (pair, units) in doubles.into_iter().take(20) {
            list.push(format!(
                "charges {} and {} both charge {} of one obligation; they are added (replaces says otherwise)",
                name(pair[0]),
                name(pair[1]),
                crate::model::unit::counted(*units, "unit"),
            ));
        }
        if !self.read.refusals.is_empty() {
            list.push(format!(
                "{} refused, {} left out with what belongs to them",
                crate::model::unit::counted(self.read.refusals.len() as i128, "thing"),
                crate::model::unit::counted(self.left_out.count() as i128, "claim"),
            ));
        }
        list
    }

    /// Whether any claim of a charge that is statutory stands in it.
    pub(super) fn statutory(&self, totals: &Totals) -> usize {
        let is =
            |claim: &&Claim| claim.of(self.terms()).class == Some(super::words::Class::Statutory);
        totals.claims.iter().filter(is).count()
    }

    /// Whether a claim is meant to be settled by its row.
    pub(super) fn is_meant(&self, claim: &Claim) -> bool {
        claim.of(self.terms()).settles == Settles::Yes
    }

    /// Forms of the agreements at hand.
    pub(super) fn has_form(&self, form: Form) -> bool {
        self.read.agreements.iter().any(|a| a.form == form)
    }
}
