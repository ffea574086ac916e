//! Checks of published settlements from their files alone, and the first claim in which two parties' books differ.

use crate::error::{Error, Result};
use crate::settle::SETTLEMENT;
use crate::settle::settling::Chain;
use crate::settle::sheet::{Column, Record};
use crate::settle::show::{CLAIM, ORDER, all, as_it_was, find, table, terms_of, whole};
use crate::settle::state::State;
use crate::settle::terms::{UNIT_SEPARATOR, pair};
use crate::store::digest::{digest_reader, hex, no_progress};
use crate::store::layout::Layout;
use crate::store::path::{list_below, open_part};
use crate::store::storage;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

/// What was checked.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Folder, claims and lines of each settlement.
    pub settlements: Vec<(String, u64, u64)>,
    /// Of a comparison: claims that both have, and the first that differs.
    pub compared: Option<(u64, Option<String>)>,
}

#[derive(Deserialize)]
struct Manifest {
    settlement_id: String,
    files: Vec<crate::store::new_folder::Written>,
}

/// Checks every settlement below an output root; with `against`, the latest one with another party's claims or statement.
pub(crate) fn verify(layout: &Layout, against: Option<&Path>) -> Result<Checked> {
    let mut checked = Checked::default();
    let settlements = all(layout)?;
    if settlements.is_empty() {
        find(layout, None)?;
    }
    for (_, id, dir) in settlements {
        let found = verify_folder(&dir)?;
        if found != id {
            return Err(fault(&dir, &format!("is of settlement {found}")));
        }
        let (claims, lines) = sums(&dir)?;
        checked
            .settlements
            .push((dir.display().to_string(), claims, lines));
    }
    State::load(&layout.root().join(SETTLEMENT))?;
    if let Some(theirs) = against {
        let dir = find(layout, None)?;
        checked.compared = Some(compare(&dir.join("claims.csv"), theirs)?);
    }
    Ok(checked)
}

/// Columns of `lines.csv`.
pub(super) const LINE: &[Column] = &[
    ("line", true),
    ("bill", true),
    ("payer", true),
    ("payee", true),
    ("kind", true),
    ("class", false),
    ("stage", true),
    ("settles", true),
    ("settle_currency", true),
    ("value_date", false),
    ("invoice_no", false),
    ("tax_category", false),
    ("tax_rate", false),
    ("status", true),
    ("claim_id", true),
    ("charge_id", true),
    ("container_id", false),
    ("element", true),
    ("quantity", true),
    ("quantity_unit", true),
    ("rate", true),
    ("share", false),
    ("voyage_share", false),
    ("currency", true),
    ("fx_from", false),
    ("fx_to", false),
    ("fx_rate", false),
    ("fx_date", false),
    ("fx_source", false),
    ("exact", true),
    ("amount_minor", true),
    ("amount", true),
    ("upper_bound", true),
    ("price_id", false),
    ("factor_id", false),
    ("run_id", true),
];
/// Columns of `chains.csv`.
const CHAIN: &[Column] = &[("pair", true), ("claims", true), ("hash", true)];
/// Columns of `postings.csv`.
const POSTING: &[Column] = &[
    ("claim_id", false),
    ("tax_group", false),
    ("side", true),
    ("account", true),
    ("debit_minor", false),
    ("credit_minor", false),
    ("currency", true),
    ("status", true),
];
/// Columns of `positions.csv`.
const POSITION: &[Column] = &[
    ("agreement", true),
    ("form", true),
    ("currency", true),
    ("value_date", false),
    ("party", true),
    ("receivable_minor", true),
    ("payable_minor", true),
    ("net_minor", true),
];
/// Columns of a statement, or of a table of claims.
const THEIRS: &[Column] = &STATEMENT;

const STATEMENT: [Column; 24] = {
    let mut columns = [("", false); 24];
    let mut at = 0;
    while at < columns.len() {
        columns[at] = (CLAIM[at].0, false);
        at += 1;
    }
    columns
};

fn fault(dir: &Path, what: &str) -> Error {
    Error::Verification(format!("{}: {what}", dir.display()))
}

/// Compares every file of a settlement with its manifest; gives the id that it says.
pub(super) fn verify_folder(dir: &Path) -> Result<String> {
    let mut text = String::new();
    open_part(dir, "manifest.json")?
        .read_to_string(&mut text)
        .map_err(|e| storage(&dir.join("manifest.json"), "read", e))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|e| fault(dir, &format!("manifest.json: {e}")))?;
    for file in &manifest.files {
        let path = dir.join(&file.path);
        let found = digest_reader(open_part(dir, &file.path)?, &no_progress)?;
        let found = found.map_err(|e| storage(&path, "read", e))?;
        if (found.bytes, &found.sha256) != (file.bytes, &file.sha256) {
            return Err(fault(&path, "is not the file that the manifest lists"));
        }
    }
    let listing = list_below(dir).map_err(|e| storage(dir, "read", e))?;
    let known =
        |path: &str| path == "manifest.json" || manifest.files.iter().any(|f| f.path == path);
    if let Some((path, _)) = listing.files.iter().find(|(path, _)| !known(path)) {
        return Err(fault(
            dir,
            &format!("holds {path}, which the manifest does not list"),
        ));
    }
    Ok(manifest.settlement_id)
}

/// Adds up the tables again; gives the number of claims and lines.
fn sums(dir: &Path) -> Result<(u64, u64)> {
    let mut lines: FxHashMap<String, i64> = FxHashMap::default();
    let mut count = 0;
    table(&dir.join("lines.csv"), LINE, |row| {
        *lines.entry(row.text("claim_id").to_owned()).or_default() += whole(row, "amount_minor");
        count += 1;
    })?;
    let mut wrong = None;
    let mut chains: BTreeMap<String, Chain> = BTreeMap::new();
    let mut claims = 0;
    table(&dir.join("claims.csv"), CLAIM, |row| {
        claims += 1;
        let id = row.text("claim_id");
        // The lines of a credit note are what is less.
        let sum = lines.remove(id).map(|sum| {
            if row.text("corrects").is_empty() {
                sum
            } else {
                sum.abs()
            }
        });
        if sum != Some(whole(row, "amount_minor")) {
            wrong.get_or_insert_with(|| format!("the lines of claim {id} do not add up to it"));
        }
        if settles(row) {
            let pair = pair(row.text("payer"), row.text("payee"));
            let chain = chains
                .entry(pair.clone())
                .or_insert_with(|| Chain::new(&pair));
            chain.add(&line_of(row));
        }
    })?;
    if let Some(id) = lines.keys().min() {
        wrong.get_or_insert_with(|| format!("claim {id} has lines and no row"));
    }
    table(&dir.join("chains.csv"), CHAIN, |row| {
        let chain = chains.remove(row.text("pair"));
        let is_same = chain.is_some_and(|c| hex(c.value) == row.text("hash"));
        if !is_same {
            let pair = row.text("pair");
            wrong.get_or_insert_with(|| format!("the chain of {pair} has another value"));
        }
    })?;
    if let Some(pair) = chains.keys().next() {
        wrong.get_or_insert_with(|| format!("the chain of {pair} is missing"));
    }
    balances(dir, &mut wrong)?;
    wrong.map_or(Ok((claims, count)), |what| Err(fault(dir, &what)))
}

/// Postings balance per currency, positions of a clearing per currency and day.
fn balances(dir: &Path, wrong: &mut Option<String>) -> Result<()> {
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    table(&dir.join("postings.csv"), POSTING, |row| {
        let of = sums
            .entry(format!("postings in {}", row.text("currency")))
            .or_default();
        *of += i128::from(whole(row, "debit_minor")) - i128::from(whole(row, "credit_minor"));
    })?;
    table(&dir.join("positions.csv"), POSITION, |row| {
        if row.text("form") == "multilateral" {
            let key = ["agreement", "currency", "value_date"]
                .map(|c| row.text(c))
                .join(" ");
            *sums.entry(format!("positions of {key}")).or_default() +=
                i128::from(whole(row, "net_minor"));
        }
    })?;
    let mut orders = 0i128;
    table(&dir.join("orders.csv"), ORDER, |row| {
        orders += i128::from(whole(row, "amount_minor"))
    })?;
    if orders < 0 {
        wrong.get_or_insert_with(|| "an order of less than nothing".to_owned());
    }
    if let Some((what, sum)) = sums.iter().find(|(_, sum)| **sum != 0) {
        wrong.get_or_insert_with(|| format!("{what} do not balance: {sum}"));
    }
    Ok(())
}

fn settles(row: &Record<'_>) -> bool {
    row.text("settles") == "yes" && row.text("upper_bound") == "no"
}

/// The canonical line of a claim.
fn line_of(row: &Record<'_>) -> String {
    let [
        payer,
        payee,
        kind,
        class,
        stage,
        settles,
        currency,
        _,
        invoice,
        category,
        rate,
        _,
    ] = terms_of(row);
    let lasting = [
        payer, payee, kind, class, stage, settles, currency, invoice, category, rate,
    ];
    let mut line = as_it_was(row.text("bill"));
    let last = [row.text("amount_minor"), row.text("corrects")];
    for field in lasting.iter().map(String::as_str).chain(last) {
        line.push(UNIT_SEPARATOR);
        line.push_str(field);
    }
    line.push('\n');
    line
}

/// Claims that settle in a table of claims or a statement, by pair, in order.
fn lines_of(path: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    table(path, THEIRS, |row| {
        if settles(row) {
            let pair = pair(row.text("payer"), row.text("payee"));
            lines.entry(pair).or_default().push(line_of(row));
        }
    })?;
    Ok(lines)
}

/// The first claim, by pair and key, that one has and the other has not or has otherwise.
fn compare(ours: &Path, theirs: &Path) -> Result<(u64, Option<String>)> {
    let (ours, theirs) = (lines_of(ours)?, lines_of(theirs)?);
    let mut same = 0;
    for (pair, lines) in &theirs {
        let mine = ours.get(pair).map_or(&[][..], Vec::as_slice);
        let first = mine.iter().zip(lines).position(|(a, b)| a != b);
        let first = first.or((mine.len() != lines.len()).then_some(mine.len().min(lines.len())));
        same += first.unwrap_or(lines.len()) as u64;
        if let Some(at) = first {
            let text = |line: Option<&String>| {
                line.map_or("nothing".to_owned(), |l| {
                    l.trim_end().replace(UNIT_SEPARATOR, " ")
                })
            };
            let what = format!(
                "{pair}, claim {}: here {}, there {}",
                at + 1,
                text(mine.get(at)),
                text(lines.get(at))
            );
            return Ok((same, Some(what)));
        }
    }
    Ok((same, None))
}
