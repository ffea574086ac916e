//! `charges.csv`: rules that say who owes whom what, for which part of which shipments.

use crate::exact::Exact;
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::Day;
use crate::settle::money::{MOST_MINOR, Money, short};
use crate::settle::rates::{Rate, Rates};
use crate::settle::refusal::{Code, Refusal};
use crate::settle::sheet::{Column, File, Interval, Record, Refusals, all_records, is_id};
use crate::settle::tables::{Parties, Prices};
use crate::settle::terms::Terms;
use crate::settle::words::{ChargeKind, Class, PartyKind, Per, Scope, Settles, Stage, Status};
use rayon::prelude::*;
use rust_decimal::Decimal;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// What a rule costs.
#[derive(Clone, Debug)]
pub(super) enum Cost {
    /// So much per unit of the basis.
    Rate(Decimal),
    /// So much in all.
    Amount(Decimal),
    /// The price of this id.
    Price(String),
}

/// A charge.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub id: String,
    pub file: Arc<str>,
    pub line: u64,
    pub terms: Terms,
    pub replaces: Vec<String>,
    pub scope: Scope,
    pub filter: Filter,
    pub valid: Interval,
    pub per: Per,
    pub cost: Cost,
    pub currency: Money,
    pub invoice_date: Option<Day>,
    pub rate: Option<Rate>,
    /// Which exchange rate it needs and has not.
    pub lacks: Option<[String; 2]>,
    /// Which of the sets of files it was read with.
    pub set: usize,
}

/// Which shipments and elements; what is not given is any.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub shipment: Option<String>,
    pub corridor: Option<String>,
    pub load_status: Option<LoadStatus>,
    pub mode: Option<Mode>,
    pub operation: Option<String>,
    pub carrier: Option<String>,
    pub origin: Option<String>,
    pub destination: Option<String>,
    pub container: Option<String>,
}

const CHARGE: &[Column] = &[
    ("charge_id", true),
    ("payer", true),
    ("payee", true),
    ("kind", true),
    ("class", false),
    ("stage", false),
    ("settles", false),
    ("replaces", false),
    ("scope", true),
    ("shipment_id", false),
    ("corridor_id", false),
    ("load_status", false),
    ("mode", false),
    ("operation", false),
    ("carrier", false),
    ("origin", false),
    ("destination", false),
    ("container_id", false),
    ("valid_from", false),
    ("valid_to", false),
    ("basis", true),
    ("rate", false),
    ("amount", false),
    ("price_id", false),
    ("currency", true),
    ("settle_currency", false),
    ("invoice_no", false),
    ("invoice_date", false),
    ("value_date", false),
    ("tax_category", false),
    ("tax_rate", false),
    ("status", false),
];

/// What charges are read with.
pub(super) struct Beside<'a> {
    pub parties: &'a Parties,
    pub prices: &'a Prices,
    pub rates: &'a Rates,
    /// Currency to settle in where a row has none.
    pub settle_currency: Option<Money>,
    /// Stage that settles where a row does not say.
    pub pay: Stage,
    pub most_rate_age: i32,
    /// Its last day.
    pub last_day: Day,
}

/// Payer, payee, kind, class, stage.
pub(super) type Flow = (Arc<str>, Arc<str>, String, String, String);

/// Rows that are refused as such: all claims of their flows go with them.
#[derive(Debug, Default)]
pub(super) struct RefusedRows {
    pub flows: Vec<Flow>,
    pub ids: FxHashSet<String>,
}

impl RefusedRows {
    pub(super) fn add(&mut self, id: &str, flow: Flow) {
        self.ids.insert(id.to_owned());
        self.flows.push(flow);
    }
}

/// The charges of all files; ids that are there twice are refused everywhere.
pub(super) fn charges(
    files: &[File],
    beside: &Beside<'_>,
    refusals: &mut Refusals,
) -> (Vec<Charge>, RefusedRows) {
    let (mut list, mut refused) = (Vec::new(), RefusedRows::default());
    // Every row of an id, those that are refused for something else too.
    let mut rows: Vec<(Box<str>, usize, u64)> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let name: Arc<str> = file.name.as_str().into();
        all_records(file, CHARGE, refusals, |row, lacks_nothing, refusals| {
            let before = refusals.len();
            let id = row.text("charge_id");
            if !id.is_empty() {
                rows.push((id.into(), at, row.line));
            }
            let charge = lacks_nothing.then(|| charge(row, &name, beside, refusals));
            let charge = charge.flatten();
            match charge.filter(|_| refusals.len() == before) {
                Some(charge) => list.push(charge),
                None => refused.add(id, row_flow(row)),
            }
        });
    }
    rows.par_sort_unstable();
    let mut twice: FxHashSet<&str> = FxHashSet::default();
    for some in rows
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|some| some.len() > 1)
    {
        twice.insert(&some[0].0);
        for (id, file, line) in some {
            let wanted = "each charge_id once in all files";
            let name = &files[*file].name;
            refusals.push(Refusal::at(name, *line, Code::Twice, id, wanted));
        }
    }
    for charge in list.iter().filter(|charge| twice.contains(&*charge.id)) {
        refused.add(&charge.id, flow_of(charge));
    }
    list.retain(|charge| !twice.contains(&*charge.id));
    list.par_sort_by(|a, b| a.id.cmp(&b.id));
    (list, refused)
}

fn row_flow(row: &Record<'_>) -> Flow {
    let stage = row.given("stage").unwrap_or(Stage::Agreed.code());
    let of = |column: &str| row.text(column).to_owned();
    (
        row.text("payer").into(),
        row.text("payee").into(),
        of("kind"),
        of("class"),
        stage.to_owned(),
    )
}

/// The same of a charge.
pub(super) fn flow_of(charge: &Charge) -> Flow {
    flow(&charge.terms)
}

/// The same of terms.
pub(super) fn flow(t: &Terms) -> Flow {
    let class = t.class.map_or("", Class::code).to_owned();
    let (kind, stage) = (t.kind.code().to_owned(), t.stage.code().to_owned());
    (t.payer.clone(), t.payee.clone(), kind, class, stage)
}

fn charge(
    row: &Record<'_>,
    file: &Arc<str>,
    beside: &Beside<'_>,
    refusals: &mut Refusals,
) -> Option<Charge> {
    let before = refusals.len();
    let id = row.text("charge_id").to_owned();
    if !is_id(&id) || id.contains('|') {
        row.refuse(
            refusals,
            Code::Id,
            &id,
            "charge_id: up to 100 visible characters without |",
        );
    }
    let terms = terms(row, beside, refusals);
    let filter = filter(row, refusals);
    let (scope, per) = (
        row.word::<Scope>("scope", refusals),
        row.word::<Per>("basis", refusals),
    );
    let cost = cost(row, refusals);
    let currency = row.currency("currency", refusals);
    let invoice_date = row.date("invoice_date", refusals);
    let valid = row.interval(refusals);
    if refusals.len() > before {
        return None;
    }
    let charge = Charge {
        id,
        file: file.clone(),
        line: row.line,
        terms: terms?,
        replaces: row
            .given("replaces")
            .map(|ids| ids.split('|').map(|id| id.trim().to_owned()).collect())
            .unwrap_or_default(),
        scope: scope?,
        filter,
        valid,
        per: per?,
        cost: cost?,
        currency: currency?,
        invoice_date,
        rate: None,
        lacks: None,
        set: 0,
    };
    judged(charge, row, beside, refusals)
}

fn terms(row: &Record<'_>, beside: &Beside<'_>, refusals: &mut Refusals) -> Option<Terms> {
    let [payer, payee] = ["payer", "payee"].map(|column| {
        let party = row.text(column);
        let known = beside.parties.get_key_value(party);
        if known.is_none() {
            row.refuse(refusals, Code::Party, party, "a party of parties.csv");
        }
        known.map_or_else(|| party.into(), |(code, _)| code.clone())
    });
    if payer == payee {
        row.refuse(
            refusals,
            Code::Party,
            &payer,
            "a payee that is not the payer",
        );
    }
    let kind = row.word::<ChargeKind>("kind", refusals);
    let class = row.word::<Class>("class", refusals);
    let stage = match row.given("stage") {
        None => Some(Stage::Agreed),
        Some(_) => row.word::<Stage>("stage", refusals),
    };
    let settles = match row.given("settles") {
        None => stage.map(|s| s == beside.pay && may_settle(s, class)),
        Some(_) => row
            .word::<Settles>("settles", refusals)
            .map(|s| s == Settles::Yes),
    };
    let (currency, settle) = (
        row.currency("currency", refusals),
        row.currency("settle_currency", refusals),
    );
    let value_date = row.date("value_date", refusals);
    let status = row
        .word::<Status>("status", refusals)
        .unwrap_or(Status::Open);
    let wanted = (Code::Id, "up to 100 visible characters");
    let id = |text: &str| is_id(text).then(|| Arc::<str>::from(text));
    let invoice_no = row
        .read("invoice_no", refusals, wanted, id)
        .unwrap_or_default();
    let tax_category = row
        .read("tax_category", refusals, wanted, id)
        .unwrap_or_default();
    let tax_rate = row.number("tax_rate", refusals);
    if tax_rate.is_some_and(|rate| rate > Decimal::ONE_HUNDRED) {
        let found = row.text("tax_rate").to_owned();
        row.refuse(refusals, Code::Number, &found, "at most 100 per cent");
    }
    if tax_category.is_empty() != row.text("tax_rate").is_empty() {
        let found = format!("{tax_category} {}", row.text("tax_rate"));
        row.refuse(
            refusals,
            Code::Together,
            &found,
            "tax_category and tax_rate, or none of both",
        );
    }
    Some(Terms {
        payer,
        payee,
        kind: kind?,
        class,
        stage: stage?,
        settles: if settles? { Settles::Yes } else { Settles::No },
        currency: settle.or(beside.settle_currency).or(currency)?,
        value_date,
        invoice_no,
        tax_category,
        tax_rate: tax_rate.map(|rate| rate.normalize()),
        status,
    })
}

/// What is quoted, shadowed or owed to the state by law never settles here.
fn may_settle(stage: Stage, class: Option<Class>) -> bool {
    stage != Stage::Quoted && !matches!(class, Some(Class::Shadow | Class::Statutory))
}

fn filter(row: &Record<'_>, refusals: &mut Refusals) -> Filter {
    let owned = |column: &str| row.given(column).map(str::to_owned);
    Filter {
        shipment: owned("shipment_id"),
        corridor: owned("corridor_id"),
        load_status: row.word("load_status", refusals),
        mode: row.word("mode", refusals),
        operation: owned("operation"),
        carrier: owned("carrier"),
        origin: owned("origin"),
        destination: owned("destination"),
        container: owned("container_id"),
    }
}

fn cost(row: &Record<'_>, refusals: &mut Refusals) -> Option<Cost> {
    let given = ["rate", "amount", "price_id"].map(|column| row.given(column).is_some());
    if given.iter().filter(|is| **is).count() != 1 {
        let found = format!("{} of them", given.iter().filter(|is| **is).count());
        row.refuse(
            refusals,
            Code::Together,
            &found,
            "exactly one of rate, amount, price_id",
        );
        return None;
    }
    if let Some(id) = row.given("price_id") {
        return Some(Cost::Price(id.to_owned()));
    }
    match row.given("rate") {
        Some(_) => row.number("rate", refusals).map(Cost::Rate),
        None => row.number("amount", refusals).map(Cost::Amount),
    }
}

/// What must hold of a row as a whole.
fn judged(
    mut charge: Charge,
    row: &Record<'_>,
    beside: &Beside<'_>,
    refusals: &mut Refusals,
) -> Option<Charge> {
    let before = refusals.len();
    let mut refuse = |code, found: &str, wanted: &str| row.refuse(refusals, code, found, wanted);
    class_rules(&charge, beside, &mut refuse);
    cost_rules(&charge, row, &mut refuse);
    if let Cost::Price(id) = &charge.cost {
        price_rules(&charge, id, beside, &mut refuse);
    }
    if charge.per == Per::Flat {
        flat_rules(&charge, &mut refuse);
    }
    let settle = charge.terms.currency;
    if settle != charge.currency {
        let day = charge.invoice_date.unwrap_or(beside.last_day);
        let most = beside.most_rate_age;
        charge.rate = beside
            .rates
            .find(charge.currency, settle, day, most)
            .cloned();
        // Refused when the charge meets something: a rate card may be for days that have no rate yet.
        if charge.rate.is_none() {
            let found = format!("{} to {}", charge.currency.code(), settle.code());
            let day = crate::model::time::date_text(day);
            let wanted =
                format!("a row of rates.csv of {day} or up to {most} days before (--max-rate-age)");
            charge.lacks = Some([found, wanted]);
        }
    }
    (refusals.len() == before).then_some(charge)
}

fn class_rules(charge: &Charge, beside: &Beside<'_>, refuse: &mut impl FnMut(Code, &str, &str)) {
    let terms = &charge.terms;
    let is_carbon = terms.kind == ChargeKind::Carbon;
    if is_carbon != terms.class.is_some() {
        let found = terms.class.map_or("no class", Class::code);
        refuse(
            Code::Together,
            found,
            "a class for CARBON, and for nothing else",
        );
    }
    let kind = |party: &str| beside.parties.get(party).map(|p| p.kind);
    let to_authority = kind(&terms.payee) == Some(PartyKind::Authority);
    if is_carbon && to_authority != (terms.class == Some(Class::Statutory)) {
        let found = format!("{} to {}", terms.class.map_or("", Class::code), terms.payee);
        refuse(
            Code::Together,
            &found,
            "statutory exactly when the payee is an authority",
        );
    }
    if terms.settles == Settles::Yes && !may_settle(terms.stage, terms.class) {
        let found = format!(
            "{} {}",
            terms.stage.code(),
            terms.class.map_or("", Class::code)
        );
        refuse(
            Code::Together,
            &found,
            "settles no for quoted, shadow and statutory",
        );
    }
    if is_carbon && charge.scope != Scope::Element {
        refuse(
            Code::Together,
            charge.scope.code(),
            "scope element for CARBON",
        );
    }
    let filter = &charge.filter;
    let of_elements = [
        &filter.operation,
        &filter.carrier,
        &filter.origin,
        &filter.destination,
    ];
    let has = of_elements.iter().any(|f| f.is_some())
        || filter.mode.is_some()
        || filter.container.is_some();
    if charge.scope == Scope::Shipment && has {
        let wanted = "scope element where elements are filtered";
        refuse(Code::Together, charge.scope.code(), wanted);
    }
}

fn cost_rules(charge: &Charge, row: &Record<'_>, refuse: &mut impl FnMut(Code, &str, &str)) {
    let is_carbon = charge.terms.kind == ChargeKind::Carbon;
    let basis = charge.per.code();
    match &charge.cost {
        Cost::Amount(_) if charge.per != Per::Flat => {
            refuse(Code::Together, basis, "basis flat for an amount");
        }
        Cost::Rate(_) if charge.per == Per::Flat => {
            refuse(Code::Together, basis, "an amount for basis flat");
        }
        Cost::Price(_) if charge.per != Per::KgCo2e || !is_carbon => {
            refuse(
                Code::Together,
                basis,
                "kind CARBON and basis kg_co2e for a price_id",
            );
        }
        _ => {}
    }
    if charge.per == Per::KgCo2e && !is_carbon {
        refuse(Code::Together, basis, "kind CARBON for basis kg_co2e");
    }
    let by_price = matches!(charge.cost, Cost::Price(_));
    if is_carbon && !by_price && charge.terms.class != Some(Class::CarrierPassthrough) {
        let found = charge.terms.class.map_or("", Class::code);
        let wanted = "a price_id; only carrier_passthrough may have a rate or an amount";
        refuse(Code::Together, found, wanted);
    }
    if let Cost::Amount(amount) = charge.cost {
        let digits = charge.currency.digits();
        if charge.terms.stage == Stage::Invoiced && amount.normalize().scale() > digits {
            let wanted = format!(
                "at most {digits} decimals, as {} has",
                charge.currency.code()
            );
            refuse(Code::Amount, row.text("amount"), &wanted);
        }
        let minor = Exact::of(amount).times(&Exact::whole(10i128.pow(digits)));
        if minor.compared(&Exact::whole(MOST_MINOR)).is_ge() {
            refuse(Code::Amount, row.text("amount"), "below 10^18 minor units");
        }
    }
}

fn price_rules(
    charge: &Charge,
    id: &str,
    beside: &Beside<'_>,
    refuse: &mut impl FnMut(Code, &str, &str),
) {
    let Some(rows) = beside.prices.get(id) else {
        return refuse(Code::Price, id, "a price_id of prices.csv");
    };
    for price in rows {
        if Some(price.class) != charge.terms.class || price.currency != charge.currency {
            let found = format!("{} in {}", price.class.code(), price.currency.code());
            refuse(
                Code::Price,
                &found,
                "class and currency of the charge in its price",
            );
            return;
        }
    }
}

fn flat_rules(charge: &Charge, refuse: &mut impl FnMut(Code, &str, &str)) {
    if charge.filter.shipment.is_some() {
        return;
    }
    let (Some(from), Some(to)) = (charge.valid.from, charge.valid.to) else {
        let wanted = "shipment_id, or valid_from and valid_to inside one period";
        return refuse(Code::Flat, "neither", wanted);
    };
    let month = crate::model::time::month_start;
    if to > from && month(from) != month(to - 1) {
        let wanted = "valid_from and valid_to inside one period";
        refuse(Code::Flat, "days of several periods", wanted);
    }
}

impl Charge {
    /// What a unit of the basis, or the whole, costs in minor units of the settle currency; prices have theirs per day.
    pub(super) fn per_unit(&self, price: Decimal) -> Exact {
        let factor = self
            .rate
            .as_ref()
            .map_or(Exact::whole(1), |rate| rate.factor(self.currency));
        let minor = Exact::whole(10i128.pow(self.terms.currency.digits()));
        Exact::of(price).times(&factor).times(&minor)
    }

    /// The rate as it is shown.
    pub(super) fn rate_text(&self) -> String {
        match &self.cost {
            Cost::Rate(rate) | Cost::Amount(rate) => short(*rate),
            Cost::Price(_) => String::new(),
        }
    }
}
