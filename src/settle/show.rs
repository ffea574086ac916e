//! Questions about a published settlement: what a party owes and is owed, what a bill costs whom.

use crate::error::{Error, Result};
use crate::escape::{begins_formula, is_hidden};
use crate::settle::SETTLEMENT;
use crate::settle::money::Money;
use crate::settle::publish::CURRENT;
use crate::settle::refusal::Refusal;
use crate::settle::sheet::{Column, File, Record, records};
use crate::settle::state::{Happened, State};
use crate::settle::terms::TERMS;
use crate::store::files::{open_if_there, read_file};
use crate::store::layout::{Layout, folder_names, match_name};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What is known of a party or a bill.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Folder of the settlement.
    pub settlement: String,
    /// Tables with their names.
    pub tables: Vec<ShownTable>,
}

/// A table of texts.
#[derive(Clone, Debug, Default)]
pub struct ShownTable {
    /// Name.
    pub name: &'static str,
    /// Columns; `>` in front of numbers.
    pub heads: Vec<&'static str>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

impl ShownTable {
    fn new(name: &'static str, heads: &[&'static str]) -> ShownTable {
        ShownTable {
            name,
            heads: heads.to_vec(),
            rows: Vec::new(),
        }
    }
}

/// No table of a settlement is read into memory beyond this.
const MOST_BYTES: u64 = 1 << 33;

/// Columns of `claims.csv`.
pub(super) const CLAIM: &[Column] = &[
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
    ("corrects", false),
    ("claim_id", true),
    ("exact", false),
    ("amount_minor", true),
    ("amount", true),
    ("tax_minor", true),
    ("gross_minor", true),
    ("tax_group", false),
    ("upper_bound", true),
    ("corrects_invoice", false),
    ("direction", false),
];

/// Columns of `orders.csv`.
pub(super) const ORDER: &[Column] = &[
    ("order_id", true),
    ("form", true),
    ("agreement", false),
    ("payer", true),
    ("payee", true),
    ("currency", true),
    ("value_date", false),
    ("amount_minor", true),
    ("amount", true),
    ("claims", true),
];

/// The folder of a settlement: the one named (in full or by a beginning), else the latest.
pub(super) fn find(layout: &Layout, wanted: Option<&str>) -> Result<PathBuf> {
    let root = layout.root().join(SETTLEMENT);
    let Some(wanted) = wanted else {
        let path = root.join(CURRENT);
        let mut text = String::new();
        match open_if_there(&path)? {
            Some(mut file) => drop(
                file.read_to_string(&mut text)
                    .map_err(|e| Error::Storage(format!("{}: cannot read: {e}", path.display())))?,
            ),
            None => {
                return Err(Error::Usage(format!(
                    "{}: nothing is settled here yet",
                    root.display()
                )));
            }
        }
        let relative = text.trim_end();
        if !crate::store::path::is_plain(relative) {
            return Err(Error::Verification(format!(
                "{}: holds {relative:?}, expected PERIOD/SETTLEMENT",
                path.display()
            )));
        }
        return Ok(crate::store::path::below(&root, relative));
    };
    let all = all(layout)?;
    let names: Vec<String> = all.iter().map(|(_, id, _)| id.clone()).collect();
    let id = match_name(&root, &names, wanted)?;
    let found = all.into_iter().find(|(_, known, _)| *known == id);
    found
        .map(|(_, _, dir)| dir)
        .ok_or_else(|| Error::Internal("a settlement has gone".to_owned()))
}

/// Period, id and folder of every settlement, in order.
pub(super) fn all(layout: &Layout) -> Result<Vec<(String, String, PathBuf)>> {
    let root = layout.root().join(SETTLEMENT);
    let mut list = Vec::new();
    for period in folder_names(&root)?
        .into_iter()
        .filter(|name| super::period(name).is_ok())
    {
        for id in folder_names(&root.join(&period))? {
            let dir = root.join(&period).join(&id);
            list.push((period.clone(), id, dir));
        }
    }
    Ok(list)
}

/// Hands the records of a published CSV table to `each`.
pub(super) fn table(path: &Path, columns: &[Column], each: impl FnMut(&Record<'_>)) -> Result<()> {
    let name = path.display().to_string();
    let bytes = read_file(path, MOST_BYTES)?;
    let file = File { name, bytes };
    let mut each = each;
    let mut refusals = Vec::new();
    records(&file, columns, &mut refusals, |row, _| each(row));
    match refusals.first().map(Refusal::text) {
        None => Ok(()),
        Some(what) => Err(Error::Verification(what)),
    }
}

/// A number that this program wrote.
pub(super) fn whole(row: &Record<'_>, column: &str) -> i64 {
    row.text(column).parse().unwrap_or_default()
}

/// A text that this program wrote into a CSV cell, as it was before it was made harmless.
pub(super) fn as_it_was(cell: &str) -> String {
    let cell = match cell.strip_prefix('\'') {
        Some(rest) if begins_formula(rest) => rest,
        _ => cell,
    };
    let mut parts = cell.split("\\u{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let hidden = part.split_once('}').and_then(|(code, rest)| {
            let hidden = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
            is_hidden(hidden).then_some((hidden, rest))
        });
        match hidden {
            Some((hidden, rest)) => {
                out.push(hidden);
                out.push_str(rest);
            }
            None => {
                out.push_str("\\u{");
                out.push_str(part);
            }
        }
    }
    out
}

/// The summary of a settlement.
pub(super) fn summary_of(dir: &Path) -> Result<Vec<[String; 3]>> {
    let columns = &[("item", true), ("key", false), ("value", false)];
    let mut rows = Vec::new();
    table(&dir.join("summary.csv"), columns, |row| {
        rows.push(["item", "key", "value"].map(|column| row.text(column).to_owned()));
    })?;
    Ok(rows)
}

/// What a settlement says of a party or a bill, and what became of it.
pub(crate) fn show(layout: &Layout, what: &str, wanted: Option<&str>) -> Result<Shown> {
    let dir = find(layout, wanted)?;
    let state = State::load(&layout.root().join(SETTLEMENT))?;
    let became = became(&state);
    let is_of = |row: &Record<'_>, columns: &[&str]| {
        let mut cells = columns.iter().map(|column| as_it_was(row.text(column)));
        cells.any(|cell| cell == what)
    };
    let mut claims = ShownTable::new("claims", CLAIM_HEADS);
    let mut ids = FxHashSet::default();
    table(&dir.join("claims.csv"), CLAIM, |row| {
        if is_of(row, &["bill", "payer", "payee"]) {
            let id = row.text("claim_id");
            let state = became.get(id).map_or("", String::as_str);
            ids.insert(id.to_owned());
            claims.rows.push(claim_cells(row, state));
        }
    })?;
    let mut orders = ShownTable::new("orders, as if nothing had been ordered", ORDER_HEADS);
    table(&dir.join("orders.csv"), ORDER, |row| {
        if is_of(row, &["payer", "payee"]) {
            let columns = [
                "order_id",
                "form",
                "payer",
                "payee",
                "currency",
                "value_date",
                "amount",
            ];
            let mut cells = columns.map(|column| row.text(column).to_owned()).to_vec();
            cells.push(row.text("claims").split('|').count().to_string());
            orders.rows.push(cells);
        }
    })?;
    if claims.rows.is_empty() && orders.rows.is_empty() {
        return Err(Error::Usage(format!(
            "{what}: no claim of {} is of this party or bill",
            dir.display()
        )));
    }
    let tables = [claims, orders, issued(&state, &ids)];
    Ok(Shown {
        settlement: dir.display().to_string(),
        tables: tables
            .into_iter()
            .filter(|table| !table.rows.is_empty())
            .collect(),
    })
}

const CLAIM_HEADS: &[&str] = &[
    "claim", "bill", "payer", "payee", "kind", "class", "stage", "settles", "status", "invoice",
    "currency", ">net", ">gross", "state", "note",
];
const ORDER_HEADS: &[&str] = &[
    "order",
    "form",
    "payer",
    "payee",
    "currency",
    "value date",
    ">amount",
    ">claims",
];
const ISSUED_HEADS: &[&str] = &[
    "order",
    "form",
    "payer",
    "payee",
    "currency",
    "value date",
    ">amount",
    ">paid",
];

fn claim_cells(row: &Record<'_>, state: &str) -> Vec<String> {
    let gross = Money::parse(row.text("settle_currency"))
        .map(|money| money.text(whole(row, "gross_minor").into()));
    let note = match (row.text("upper_bound"), row.text("corrects")) {
        ("yes", _) => "upper bound: whole leg".to_owned(),
        (_, "") => String::new(),
        (_, id) => format!("corrects {id}"),
    };
    let columns = [
        "claim_id",
        "bill",
        "payer",
        "payee",
        "kind",
        "class",
        "stage",
        "settles",
        "status",
        "invoice_no",
        "settle_currency",
        "amount",
    ];
    let mut cells: Vec<String> = columns
        .iter()
        .map(|column| as_it_was(row.text(column)))
        .collect();
    cells.extend([gross.unwrap_or_default(), state.to_owned(), note]);
    cells
}

/// What became of each claim, by the last that was said of it.
fn became(state: &State) -> FxHashMap<String, String> {
    let orders = state.orders();
    let mut became: FxHashMap<String, String> = FxHashMap::default();
    for order in orders.values() {
        let is_paid = order.paid == order.issued.amount_minor;
        for claim in &order.claims {
            let of = became
                .entry(claim.clone())
                .or_insert_with(|| "paid".to_owned());
            if !is_paid {
                "ordered".clone_into(of);
            }
        }
    }
    for event in state
        .events
        .iter()
        .filter(|event| event.event == Happened::Netted)
    {
        became.insert(event.claim.clone(), "netted".to_owned());
    }
    for claim in state.disputed() {
        let of = became.entry(claim.to_owned()).or_default();
        let before = if of.is_empty() { "" } else { ", " };
        *of += before;
        *of += "disputed";
    }
    became
}

/// Issued orders that list a claim that is shown.
fn issued(state: &State, claims: &FxHashSet<String>) -> ShownTable {
    let mut table = ShownTable::new("issued orders", ISSUED_HEADS);
    for (id, order) in state.orders() {
        let of = &order.issued;
        if !order.claims.iter().any(|claim| claims.contains(claim)) {
            continue;
        }
        let text = |minor: i64| {
            Money::parse(&order.currency)
                .map_or(minor.to_string(), |money| money.text(minor.into()))
        };
        let (amount, paid) = (text(of.amount_minor), text(order.paid));
        let cells = [
            &id,
            &of.form,
            &of.payer,
            &of.payee,
            &order.currency,
            &of.value_date,
            &amount,
            &paid,
        ];
        table.rows.push(cells.map(String::clone).to_vec());
    }
    table
}

/// The terms of a record, as the key has them.
pub(super) fn terms_of(row: &Record<'_>) -> [String; 12] {
    TERMS.map(|column| as_it_was(row.text(column)))
}

#[cfg(test)]
mod tests {
    use super::as_it_was;
    use crate::escape::csv_cell;

    #[test]
    fn a_cell_is_read_back_as_it_was() {
        for text in ["=1+1", "A\u{202e}B", "BL1", "'x", "a\\u{7", "-2+3"] {
            assert_eq!(as_it_was(&csv_cell(text)), text);
        }
    }
}
