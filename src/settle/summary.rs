//! The summary of a settlement: counts, totals, savings, invoices, and what met or used nothing.

use crate::exact::{Exact, Rounding};
use crate::model::unit::counted;
use crate::settle::charges::Cost;
use crate::settle::ledger::Claim;
use crate::settle::money::Money;
use crate::settle::publish::{Ledger, Totals};
use crate::settle::settling::{Costs, costs, net_volume};
use crate::settle::survey::judge;
use crate::settle::terms::Terms;
use crate::settle::words::Form;
use std::collections::{BTreeMap, BTreeSet};

type Rows = Vec<[String; 3]>;

/// Item, key and value of the summary.
pub(super) fn summary(ledger: &Ledger<'_>, totals: &Totals) -> Rows {
    let mut rows = Rows::new();
    let mut add = |item: &str, key: &str, value: String| {
        rows.push([item.to_owned(), key.to_owned(), value]);
    };
    let terms = &ledger.read.rules.terms;
    let survey = ledger.survey;
    add("bills of the period", "", survey.bills.to_string());
    add("bills of other periods", "", survey.others.to_string());
    add("claims", "", totals.claims.len().to_string());
    add("lines", "", totals.lines.to_string());
    let count = |is: &dyn Fn(&Claim) -> bool| totals.claims.iter().filter(|c| is(c)).count();
    add(
        "claims that may be paid",
        "",
        count(&|c| c.may_be_paid(terms)).to_string(),
    );
    add(
        "claims disputed",
        "",
        count(&|c| c.settles(terms) && !c.may_be_paid(terms)).to_string(),
    );
    let upper = count(&|c| c.upper_bound && ledger.is_meant(c));
    add(
        "claims that are an upper bound and do not settle",
        "",
        upper.to_string(),
    );
    add(
        "claims shown and never settled",
        "",
        count(&|c| !ledger.is_meant(c)).to_string(),
    );
    let statutory = match ledger.statutory(totals) {
        0 => "no leg of these bills carries a statutory carbon price here".to_owned(),
        n => format!(
            "{}, owed to authorities, never settled here",
            counted(n as i64, "claim")
        ),
    };
    add("statutory carbon charges", "", statutory);
    add("refused", "", ledger.read.refusals.len().to_string());
    add("claims left out", "", ledger.left_out.count().to_string());
    rows.extend(sums(ledger, totals));
    rows.extend(savings(ledger, totals));
    rows.extend(invoices(ledger, totals));
    rows.extend(unused(ledger, totals));
    rows
}

/// Net, tax and gross of what may be paid, by currency.
fn sums(ledger: &Ledger<'_>, totals: &Totals) -> Rows {
    let terms = &ledger.read.rules.terms;
    let mut sums: BTreeMap<Money, [i128; 3]> = BTreeMap::new();
    for claim in totals.claims.iter().filter(|c| c.may_be_paid(terms)) {
        let of = sums.entry(claim.of(terms).currency).or_default();
        of[0] += i128::from(claim.amount);
        of[1] += i128::from(claim.tax);
        of[2] += i128::from(claim.gross());
    }
    let mut rows = Rows::new();
    for (currency, of) in sums {
        for (item, sum) in ["payable net", "payable tax", "payable gross"]
            .iter()
            .zip(of)
        {
            rows.push([
                (*item).to_owned(),
                currency.code().to_owned(),
                currency.text(sum),
            ]);
        }
    }
    rows
}

fn savings(ledger: &Ledger<'_>, totals: &Totals) -> Rows {
    let settled = &totals.settled;
    let (now, gross) = (
        costs(&settled.orders, &ledger.read.parties),
        costs(&settled.gross, &ledger.read.parties),
    );
    let mut rows = Rows::new();
    let mut both = |item: &str, with: &BTreeMap<Money, i128>, without: &BTreeMap<Money, i128>| {
        let all: BTreeSet<Money> = with.keys().chain(without.keys()).copied().collect();
        for currency in all {
            let of = |map: &BTreeMap<Money, i128>| map.get(&currency).copied().unwrap_or(0);
            let (with, without) = (of(with), of(without));
            let text = |sum| currency.text(sum);
            rows.push([item.to_owned(), currency.code().to_owned(), text(with)]);
            rows.push([
                format!("{item}, gross settlement"),
                currency.code().to_owned(),
                text(without),
            ]);
            rows.push([
                format!("{item}, saved"),
                currency.code().to_owned(),
                text(without - with),
            ]);
        }
    };
    both("money moved", &now.moved, &gross.moved);
    both("fees", &now.fees, &gross.fees);
    let counts = |costs: &Costs| -> u64 { costs.orders.values().sum() };
    let (with, without) = (counts(&now), counts(&gross));
    let claims: usize = settled.gross.iter().map(|order| order.claims.len()).sum();
    rows.push(["orders".to_owned(), String::new(), with.to_string()]);
    rows.push([
        "orders, gross settlement".to_owned(),
        String::new(),
        without.to_string(),
    ]);
    rows.push([
        "orders, one for each claim".to_owned(),
        String::new(),
        claims.to_string(),
    ]);
    if ledger.has_form(Form::Multilateral) {
        for (currency, volume) in net_volume(&settled.positions) {
            rows.push([
                "net volume".to_owned(),
                currency.code().to_owned(),
                currency.text(volume),
            ]);
        }
    }
    rows
}

/// Invoices as they were sent beside what their claims come to, and what rounding made of them.
fn invoices(ledger: &Ledger<'_>, totals: &Totals) -> Rows {
    let rules = &ledger.read.rules;
    let mut sent: BTreeMap<(&str, &str, Money), Exact> = BTreeMap::new();
    let mut claimed: BTreeMap<(&str, &str, Money), (i128, Exact)> = BTreeMap::new();
    for (at, charge) in rules.charges.iter().enumerate() {
        let (Cost::Amount(amount), t) = (&charge.cost, &charge.terms) else {
            continue;
        };
        let is_out = rules.dead[at] || ledger.left_out.charges.contains(&at);
        if t.invoice_no.is_empty() || ledger.survey.kept[at] == 0 || is_out {
            continue;
        }
        let of = sent.entry((&t.payee, &t.invoice_no, charge.currency));
        let sum = of.or_insert(Exact::ZERO);
        *sum = sum.plus(&Exact::of(*amount));
        // The amount is rounded as a whole before it is parted.
        let exact = rules.flat_amount(at);
        let whole = Exact::whole(exact.rounded(Rounding::HalfEven).unwrap_or_default());
        let of = claimed.entry((&t.payee, &t.invoice_no, t.currency));
        let (_, rounding) = of.or_insert((0, Exact::ZERO));
        *rounding = rounding.plus(&whole.minus(exact));
    }
    for claim in totals.claims.iter().filter(|c| c.corrects.is_none()) {
        let t = claim.of(&rules.terms);
        let Some(of) = claimed.get_mut(&(&*t.payee, &*t.invoice_no, t.currency)) else {
            continue;
        };
        let amount = i128::from(claim.amount);
        of.0 += amount;
        of.1 = of.1.plus(&Exact::whole(amount).minus(&claim.exact));
    }
    let mut rows = Rows::new();
    let mut add = |item: &str, (payee, number, currency): &(&str, &str, Money), value: String| {
        rows.push([
            item.to_owned(),
            format!("{payee} {number} {}", currency.code()),
            value,
        ]);
    };
    for (key, amount) in &sent {
        add(
            "invoice as sent (flat rows)",
            key,
            amount.decimal(key.2.digits()),
        );
    }
    for (key, (sum, rounding)) in &claimed {
        add("invoice as claimed", key, key.2.text(*sum));
        let unit = Exact::Small(1, 10i128.pow(key.2.digits()));
        add("invoice, rounding", key, rounding.times(&unit).decimal(0));
    }
    rows
}

/// Rules that meet nothing, and what nothing uses.
fn unused(ledger: &Ledger<'_>, totals: &Totals) -> Rows {
    let rules = &ledger.read.rules;
    let mut rows = Rows::new();
    for (at, why) in judge(rules, ledger.survey).1 {
        let item = "charge without a unit".to_owned();
        rows.push([item, rules.charges[at].id.clone(), why.to_owned()]);
    }
    let priced = |c: &crate::settle::charges::Charge| match &c.cost {
        Cost::Price(id) => Some(id.clone()),
        _ => None,
    };
    let used: BTreeSet<String> = rules.charges.iter().filter_map(priced).collect();
    let prices = rules.sets.iter().flat_map(|set| set.prices.keys());
    for id in prices.filter(|id| !used.contains(*id)) {
        rows.push([
            "price that nothing uses".to_owned(),
            id.clone(),
            String::new(),
        ]);
    }
    let calls = rules.sets.iter().flat_map(|set| set.calls.values());
    let calls: usize = calls.map(BTreeMap::len).sum();
    let unused = calls as i128 - i128::from(ledger.survey.calls_used);
    if unused > 0 {
        rows.push([
            "calls that nothing uses".to_owned(),
            String::new(),
            unused.to_string(),
        ]);
    }
    let active = parties_of(&totals.claims, &rules.terms);
    for party in ledger
        .read
        .parties
        .keys()
        .filter(|p| !active.contains(&***p))
    {
        rows.push([
            "party that nothing uses".to_owned(),
            party.to_string(),
            String::new(),
        ]);
    }
    rows
}

fn parties_of<'t>(claims: &[Claim], terms: &'t [Terms]) -> BTreeSet<&'t str> {
    let used: BTreeSet<u32> = claims.iter().map(|claim| claim.terms).collect();
    let of = |t: &u32| {
        let t = &terms[*t as usize];
        [&*t.payer, &*t.payee]
    };
    used.iter().flat_map(of).collect()
}
