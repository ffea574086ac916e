//! What claims come to: taxes, positions under agreements, orders, chains, comparisons. All of it in whole minor units.

use crate::error::{Error, Result};
use crate::exact::{Exact, Rounding, by_weight};
use crate::model::time::{Day, date_text};
use crate::settle::ledger::Claim;
use crate::settle::money::{MOST_MINOR, Money, short};
use crate::settle::tables::{Agreement, Parties};
use crate::settle::terms::{Terms, UNIT_SEPARATOR, digest, pair};
use crate::settle::words::Form;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A group of claims that are taxed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tax {
    pub id: String,
    /// payer, payee, invoice, value date, category, rate, currency.
    pub key: TaxKey,
    pub currency: Money,
    pub base: i64,
    pub tax: i64,
    pub rounding: Rounding,
}

/// An order to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub id: String,
    /// `gross`, or the form of its agreement.
    pub form: &'static str,
    pub agreement: String,
    pub payer: String,
    pub payee: String,
    pub currency: Money,
    pub value_date: Option<Day>,
    pub amount: i64,
    /// Its claims, by their place.
    pub claims: Vec<usize>,
}

/// A position under an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub agreement: String,
    pub form: Form,
    pub currency: Money,
    pub value_date: Option<Day>,
    /// A party; bilateral: a pair, seen from its first.
    pub party: String,
    pub receivable: i64,
    pub payable: i64,
}

/// What settling comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    pub orders: Vec<Order>,
    /// As it would be without agreements.
    pub gross: Vec<Order>,
    pub positions: Vec<Position>,
    /// Claims that no order pays, because they cancel out.
    pub netted: Vec<usize>,
}

/// What claims are settled under.
#[derive(Clone, Copy)]
pub(super) struct Under<'a> {
    pub terms: &'a [Terms],
    pub agreements: &'a [Agreement],
    /// The day that an empty value date is judged by.
    pub last_day: Day,
}

impl<'a> Under<'a> {
    /// The agreement that covers a pair.
    pub(super) fn covering(&self, t: &Terms) -> Option<&'a Agreement> {
        let day = t.value_date.unwrap_or(self.last_day);
        self.agreements.iter().find(|a| {
            a.currency == t.currency && a.valid.holds(day) && a.has(&t.payer) && a.has(&t.payee)
        })
    }
}

fn held(sum: i128) -> Result<i64> {
    let fits = sum.abs() < MOST_MINOR;
    let sum = i64::try_from(sum).ok().filter(|_| fits);
    sum.ok_or_else(|| Error::Limit("a sum of claims is 10^18 minor units or more".to_owned()))
}

/// Payer, payee, invoice, value date, category, rate and currency of a tax group.
pub(super) type TaxKey = [Arc<str>; 7];

/// The key of a claim's tax group; `None`: outside the scope of tax.
pub(super) fn tax_key(t: &Terms) -> Option<TaxKey> {
    let rate = t.tax_rate?;
    Some([
        t.payer.clone(),
        t.payee.clone(),
        t.invoice_no.clone(),
        t.value_date.map_or(String::new(), date_text).into(),
        t.tax_category.clone(),
        short(rate).into(),
        t.currency.code().into(),
    ])
}

/// The id of a tax group.
pub(super) fn tax_id(key: &TaxKey) -> String {
    digest(std::iter::once("tax").chain(key.iter().map(|part| &**part)))
}

/// Taxes every group of claims that may be paid, and gives each claim its part.
pub(super) fn taxes(claims: &mut [Claim], under: Under<'_>) -> Result<Vec<Tax>> {
    let keys: Vec<Option<TaxKey>> = under.terms.par_iter().map(tax_key).collect();
    let taxed = |(at, claim): (usize, &Claim)| {
        let key = keys[claim.terms as usize].as_ref()?;
        claim.may_be_paid(under.terms).then_some((key, at))
    };
    let mut keyed: Vec<(&TaxKey, usize)> = claims.iter().enumerate().filter_map(taxed).collect();
    keyed.par_sort_unstable();
    let mut list = Vec::new();
    for group in keyed.chunk_by(|a, b| a.0 == b.0) {
        let key = group[0].0;
        let members: Vec<usize> = group.iter().map(|(_, at)| *at).collect();
        let t = claims[members[0]].of(under.terms);
        let rounding = under.covering(t).map_or(Rounding::HalfUp, |a| a.rounding);
        let nets: Vec<i128> = members.iter().map(|at| claims[*at].amount.into()).collect();
        let base = held(nets.iter().sum())?;
        let rate = t.tax_rate.map_or(Exact::ZERO, Exact::of);
        let exact = Exact::whole(base.into())
            .times(&rate)
            .times(&Exact::Small(1, 100));
        let tax = held(exact.rounded(rounding).unwrap_or(MOST_MINOR))?;
        let parts = by_weight(tax.into(), &nets).unwrap_or_default();
        list.push(Tax {
            id: tax_id(key),
            key: key.clone(),
            currency: t.currency,
            base,
            tax,
            rounding,
        });
        for (at, part) in members.into_iter().zip(parts) {
            claims[at].tax = held(part)?;
        }
    }
    Ok(list)
}

/// Claims of one payer, payee, currency and value date.
type Bucket = (Arc<str>, Arc<str>, Money, Option<Day>);
/// The pairs of one agreement, currency and value date, or of none.
type Place<'a> = (Option<&'a str>, Money, Option<Day>);

/// Orders and positions of claims that may be paid.
pub(super) fn settle(claims: &[Claim], under: Under<'_>) -> Result<Settled> {
    let buckets = buckets(claims, under.terms);
    let mut settled = Settled::default();
    let mut netting: BTreeMap<Place<'_>, (usize, Vec<&Bucket>)> = BTreeMap::new();
    for (bucket, members) in &buckets {
        let amount = total(claims, members)?;
        let order = order(
            claims,
            under.terms,
            ("gross", ""),
            bucket,
            amount,
            members.clone(),
        );
        settled.gross.extend(order.clone());
        let t = claims[members[0]].of(under.terms);
        match under.covering(t) {
            None => settled.orders.extend(order),
            Some(agreement) => {
                let at = under
                    .agreements
                    .iter()
                    .position(|a| a.id == agreement.id)
                    .unwrap_or(0);
                let place = (Some(agreement.id.as_str()), bucket.2, bucket.3);
                netting
                    .entry(place)
                    .or_insert((at, Vec::new()))
                    .1
                    .push(bucket);
            }
        }
    }
    for ((_, currency, value_date), (at, some)) in netting {
        let net = Netting {
            claims,
            under,
            agreement: &under.agreements[at],
            currency,
            value_date,
            buckets: some.iter().map(|b| (*b, buckets[*b].as_slice())).collect(),
        };
        match net.agreement.form {
            Form::Bilateral => net.bilateral(&mut settled)?,
            Form::Multilateral => net.multilateral(&mut settled)?,
        }
    }
    settled.orders.sort_by(|a, b| a.id.cmp(&b.id));
    let key = |p: &Position| {
        (
            p.agreement.clone(),
            p.currency,
            p.value_date,
            p.party.clone(),
        )
    };
    settled.positions.sort_by_key(key);
    settled.netted.sort_unstable();
    settled.netted.dedup();
    Ok(settled)
}

fn buckets(claims: &[Claim], terms: &[Terms]) -> BTreeMap<Bucket, Vec<usize>> {
    let mut buckets: BTreeMap<Bucket, Vec<usize>> = BTreeMap::new();
    let mut of_terms: Vec<Vec<usize>> = vec![Vec::new(); terms.len()];
    for (at, claim) in claims.iter().enumerate() {
        if claim.may_be_paid(terms) {
            of_terms[claim.terms as usize].push(at);
        }
    }
    for (t, members) in terms.iter().zip(of_terms) {
        if !members.is_empty() {
            let key = (t.payer.clone(), t.payee.clone(), t.currency, t.value_date);
            buckets.entry(key).or_default().extend(members);
        }
    }
    buckets
        .values_mut()
        .for_each(|members| members.sort_unstable());
    buckets
}

fn total(claims: &[Claim], members: &[usize]) -> Result<i64> {
    held(
        members
            .iter()
            .map(|at| i128::from(claims[*at].gross()))
            .sum(),
    )
}

/// An order of so much; none when there is nothing to pay.
fn order(
    claims: &[Claim],
    terms: &[Terms],
    (form, agreement): (&'static str, &str),
    (payer, payee, currency, value_date): &Bucket,
    amount: i64,
    members: Vec<usize>,
) -> Option<Order> {
    if amount == 0 {
        return None;
    }
    let mut ids: Vec<String> = members.iter().map(|at| claims[*at].id(terms)).collect();
    ids.sort_unstable();
    let (code, date) = (currency.code(), value_date.map_or(String::new(), date_text));
    let fields = ["order", form, agreement, payer, payee, code, &date];
    let id = digest(fields.into_iter().chain(ids.iter().map(String::as_str)));
    Some(Order {
        id,
        form,
        agreement: agreement.to_owned(),
        payer: payer.to_string(),
        payee: payee.to_string(),
        currency: *currency,
        value_date: *value_date,
        amount,
        claims: members,
    })
}

/// Claims under one agreement, in one currency, of one value date.
struct Netting<'a> {
    claims: &'a [Claim],
    under: Under<'a>,
    agreement: &'a Agreement,
    currency: Money,
    value_date: Option<Day>,
    buckets: Vec<(&'a Bucket, &'a [usize])>,
}

impl Netting<'_> {
    fn order(&self, payer: &str, payee: &str, amount: i64, members: Vec<usize>) -> Option<Order> {
        let bucket = (payer.into(), payee.into(), self.currency, self.value_date);
        let form = (self.agreement.form.code(), self.agreement.id.as_str());
        order(
            self.claims,
            self.under.terms,
            form,
            &bucket,
            amount,
            members,
        )
    }

    fn position(&self, party: &str, receivable: i64, payable: i64) -> Position {
        Position {
            agreement: self.agreement.id.clone(),
            form: self.agreement.form,
            currency: self.currency,
            value_date: self.value_date,
            party: party.to_owned(),
            receivable,
            payable,
        }
    }

    fn bilateral(&self, settled: &mut Settled) -> Result<()> {
        let mut pairs: BTreeMap<String, (i64, i64, Vec<usize>)> = BTreeMap::new();
        for (bucket, members) in &self.buckets {
            let amount = total(self.claims, members)?;
            let of = pairs.entry(pair(&bucket.0, &bucket.1)).or_default();
            // What the first owes is payable, what it is owed receivable.
            let side = if bucket.0 < bucket.1 {
                &mut of.1
            } else {
                &mut of.0
            };
            *side = held(i128::from(*side) + i128::from(amount))?;
            of.2.extend_from_slice(members);
        }
        for (pair, (receivable, payable, mut members)) in pairs {
            members.sort_unstable();
            let net = receivable - payable;
            let (first, second) = pair.split_once('|').unwrap_or_default();
            let (payer, payee) = if net < 0 {
                (first, second)
            } else {
                (second, first)
            };
            match self.order(payer, payee, net.abs(), members.clone()) {
                Some(order) => settled.orders.push(order),
                None => settled.netted.extend(members),
            }
            settled
                .positions
                .push(self.position(&pair, receivable, payable));
        }
        Ok(())
    }

    fn multilateral(&self, settled: &mut Settled) -> Result<()> {
        let mut parties: BTreeMap<&str, (i64, i64, Vec<usize>)> = BTreeMap::new();
        for (bucket, members) in &self.buckets {
            let amount = i128::from(total(self.claims, members)?);
            for (party, is_payer) in [(&bucket.0, true), (&bucket.1, false)] {
                let of = parties.entry(party).or_default();
                let side = if is_payer { &mut of.1 } else { &mut of.0 };
                *side = held(i128::from(*side) + amount)?;
                of.2.extend_from_slice(members);
            }
        }
        let office = self.agreement.office.as_str();
        let mut listed = Vec::new();
        for (party, (receivable, payable, mut members)) in parties {
            members.sort_unstable();
            let net = receivable - payable;
            let (payer, payee) = if net < 0 {
                (party, office)
            } else {
                (office, party)
            };
            settled
                .positions
                .push(self.position(party, receivable, payable));
            if party == office {
                continue;
            }
            if let Some(order) = self.order(payer, payee, net.abs(), members) {
                listed.extend_from_slice(&order.claims);
                settled.orders.push(order);
            }
        }
        listed.sort_unstable();
        let all = self
            .buckets
            .iter()
            .flat_map(|(_, members)| members.iter().copied());
        settled
            .netted
            .extend(all.filter(|at| listed.binary_search(at).is_err()));
        Ok(())
    }
}

/// Money moved, net volume and fees by currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Costs {
    pub orders: BTreeMap<Money, u64>,
    pub moved: BTreeMap<Money, i128>,
    pub fees: BTreeMap<Money, Minor>,
}

/// A fee in minor units.
pub(super) type Minor = i128;

pub(super) fn costs(orders: &[Order], parties: &Parties) -> Costs {
    let mut costs = Costs::default();
    for order in orders {
        *costs.orders.entry(order.currency).or_default() += 1;
        *costs.moved.entry(order.currency).or_default() += i128::from(order.amount);
        if let Some((fee, currency)) = parties.get(order.payer.as_str()).and_then(|p| p.fee) {
            let digits = Exact::whole(10i128.pow(currency.digits()));
            let minor = Exact::of(fee).times(&digits).rounded(Rounding::HalfUp);
            *costs.fees.entry(currency).or_default() += minor.unwrap_or_default();
        }
    }
    costs
}

/// The sum of positive positions by currency.
pub(super) fn net_volume(positions: &[Position]) -> BTreeMap<Money, i128> {
    let mut volume = BTreeMap::new();
    for position in positions.iter().filter(|p| p.form == Form::Multilateral) {
        let net = i128::from(position.receivable) - i128::from(position.payable);
        *volume.entry(position.currency).or_default() += net.max(0);
    }
    volume
}

/// The line of a claim that both parties see alike.
fn canonical_line(claim: &Claim, lasting: &str) -> String {
    let s = UNIT_SEPARATOR;
    let (bill, amount, corrects) = (&claim.bill, claim.amount, claim.corrected());
    format!("{bill}{s}{lasting}{s}{amount}{s}{corrects}\n")
}

/// A chain: its claims so far, and the value after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub claims: i64,
    pub value: [u8; 32],
}

impl Chain {
    pub(super) fn new(pair: &str) -> Chain {
        Chain {
            claims: 0,
            value: Sha256::digest(pair).into(),
        }
    }

    pub(super) fn add(&mut self, line: &str) {
        let mut hash = Sha256::new();
        hash.update(self.value);
        hash.update(line);
        self.value = hash.finalize().into();
        self.claims += 1;
    }
}

/// The chain of every pair over its claims that settle, in order of their keys.
pub(super) fn chains(claims: &[Claim], terms: &[Terms]) -> BTreeMap<String, Chain> {
    let pairs: Vec<String> = terms.iter().map(Terms::pair).collect();
    let lasting: Vec<String> = terms.iter().map(Terms::lasting).collect();
    let mut chains: BTreeMap<&str, Chain> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| claim.settles(terms)) {
        let pair = pairs[claim.terms as usize].as_str();
        let chain = chains.entry(pair).or_insert_with(|| Chain::new(pair));
        chain.add(&canonical_line(claim, &lasting[claim.terms as usize]));
    }
    chains
        .into_iter()
        .map(|(pair, chain)| (pair.to_owned(), chain))
        .collect()
}
