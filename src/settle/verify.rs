//! Checks of published settlements from their files alone, and the first claim in which two parties' books differ.

use crate::error::{Error, Result};
use crate::settle::SETTLEMENT;
use crate::settle::messages;
use crate::settle::money::Money;
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
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

/// What was checked.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Folder, claims and lines of each settlement.
    pub settlements: Vec<(String, u64, u64)>,
    /// What came of a comparison with other books.
    pub compared: Option<Compared>,
}

/// A comparison of two books.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Claims that both have alike.
    pub same: u64,
    /// Pairs of parties in the other book that are the business of others.
    pub others: u64,
    /// The first claim that differs.
    pub differs: Option<String>,
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
    // CURRENT speaks of the latest one, which must be there.
    let latest = find(layout, None)?;
    if !settlements.iter().any(|(_, _, dir)| *dir == latest) {
        return Err(fault(&latest, "is not there, of which CURRENT speaks"));
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
    let state = State::load(&layout.root().join(SETTLEMENT))?;
    messages::check(layout, &state)?;
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
    ("rate", false),
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
    let key = canonical_key(row);
    let (corrects, first) = key
        .split_last()
        .map_or(("", &[][..]), |(last, first)| (last.as_str(), first));
    let mut line = first.join(&UNIT_SEPARATOR.to_string());
    for field in [row.text("amount_minor"), corrects] {
        line.push(UNIT_SEPARATOR);
        line.push_str(field);
    }
    line.push('\n');
    line
}

/// What makes a claim one and the same in two books: the canonical line but for its amount.
type CanonicalKey = [String; 12];

/// A book: by pair and key, what claims that settle come to.
#[derive(Default)]
struct Books {
    pairs: BTreeMap<String, BTreeMap<CanonicalKey, Vec<i64>>>,
    /// Parties that stand in every claim of it: whose book it is.
    owners: BTreeSet<String>,
    parties: BTreeSet<String>,
}

impl Books {
    /// Whether the claims of a pair belong into it: its owner is one of them; of a book of many, it knows both.
    fn is_for(&self, pair: &str) -> bool {
        let mut parties = pair.split('|');
        match self.owners.is_empty() {
            true => parties.all(|party| self.parties.contains(party)),
            false => parties.any(|party| self.owners.contains(party)),
        }
    }

    fn of(&self, pair: &str) -> BTreeMap<&CanonicalKey, &Vec<i64>> {
        self.pairs.get(pair).into_iter().flatten().collect()
    }
}

/// Reads a table of claims, or a statement.
fn books_of(path: &Path) -> Result<Books> {
    let mut books = Books::default();
    let mut owners: Option<BTreeSet<String>> = None;
    let mut contradiction = None;
    table(path, THEIRS, |row| {
        let sides = ["payer", "payee"].map(|side| row.text(side).to_owned());
        let of = owners.get_or_insert_with(|| BTreeSet::from(sides.clone()));
        of.retain(|party| sides.contains(party));
        let minor = whole(row, "amount_minor");
        let currency = Money::parse(row.text("settle_currency"));
        let written = currency.map(|currency| currency.text(minor.into()));
        if row
            .given("amount")
            .is_some_and(|amount| Some(amount) != written.as_deref())
        {
            contradiction.get_or_insert_with(|| {
                let (amount, claim) = (row.text("amount"), row.text("claim_id"));
                format!("claim {claim} has the amount {amount}, and {minor} as its amount_minor")
            });
        }
        if settles(row) {
            let [payer, payee] = &sides;
            books.parties.extend(sides.clone());
            let of = books.pairs.entry(pair(payer, payee)).or_default();
            let amounts = of.entry(canonical_key(row)).or_default();
            amounts.push(minor);
        }
    })?;
    if let Some(why) = contradiction {
        return Err(fault(path, &why));
    }
    let amounts = books.pairs.values_mut().flat_map(BTreeMap::values_mut);
    amounts.for_each(|some| some.sort_unstable());
    books.owners = owners.unwrap_or_default();
    Ok(books)
}

fn canonical_key(row: &Record<'_>) -> CanonicalKey {
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
    let (bill, corrects) = (as_it_was(row.text("bill")), row.text("corrects").to_owned());
    [
        bill, payer, payee, kind, class, stage, settles, currency, invoice, category, rate,
        corrects,
    ]
}

/// The first claim, by pair and key, that one has and the other has not or has otherwise, of pairs that belong into both.
fn compare(ours: &Path, theirs: &Path) -> Result<Compared> {
    let (ours, theirs) = (books_of(ours)?, books_of(theirs)?);
    let mut compared = Compared::default();
    let pairs: BTreeSet<&String> = ours.pairs.keys().chain(theirs.pairs.keys()).collect();
    for pair in pairs {
        if !(ours.is_for(pair) && theirs.is_for(pair)) {
            compared.others += u64::from(theirs.pairs.contains_key(pair));
            continue;
        }
        let (mine, claims) = (ours.of(pair), theirs.of(pair));
        let keys: BTreeSet<&CanonicalKey> = mine.keys().chain(claims.keys()).copied().collect();
        for key in keys {
            let (here, there) = (mine.get(key), claims.get(key));
            if here != there {
                let cells: Vec<&str> = key
                    .iter()
                    .map(String::as_str)
                    .filter(|c| !c.is_empty())
                    .collect();
                compared.differs = Some(format!(
                    "{pair}, claim {}: here {}, there {}",
                    cells.join(" "),
                    amounts_text(here),
                    amounts_text(there)
                ));
                return Ok(compared);
            }
            compared.same += here.map_or(0, |amounts| amounts.len() as u64);
        }
    }
    if compared.same == 0 {
        compared.differs = Some("no claim that settles is in both".to_owned());
    }
    Ok(compared)
}

fn amounts_text(amounts: Option<&&Vec<i64>>) -> String {
    let Some(all) = amounts else {
        return "nothing".to_owned();
    };
    let all: Vec<String> = all.iter().map(i64::to_string).collect();
    format!("{} minor units", all.join(" and "))
}
