//! The small files of a settlement: parties, prices, calls, agreements.

use crate::exact::Rounding;
use crate::model::time::Day;
use crate::settle::money::{Money, number};
use crate::settle::refusal::{Code, Refusal};
use crate::settle::sheet::{Column, File, Interval, Record, Refusals, all_records, is_id, records};
use crate::settle::words::{Adoption, Class, Emissions, Form, PartyKind, PriceUnit, RoundingWord};
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most characters of a party's code: what ISO 20022 has for an id.
const MOST_CODE: usize = 35;

/// A party.
#[derive(Clone, Debug)]
pub(super) struct Party {
    pub kind: PartyKind,
    pub name: String,
    pub country: String,
    pub town: String,
    pub street: String,
    pub postcode: String,
    pub account: String,
    pub account_scheme: String,
    pub bic: String,
    pub fee: Option<(Decimal, Money)>,
    pub tax_id: String,
    pub tax_currency: Option<Money>,
    pub purpose_code: String,
    pub regulatory_code: String,
    pub regulatory_info: String,
}

/// Parties by their code.
pub(super) type Parties = BTreeMap<Arc<str>, Party>;

const PARTY: &[Column] = &[
    ("party", true),
    ("name", true),
    ("kind", true),
    ("country", false),
    ("town", false),
    ("street", false),
    ("postcode", false),
    ("account", false),
    ("account_scheme", false),
    ("bic", false),
    ("fee_per_payment", false),
    ("fee_currency", false),
    ("tax_id", false),
    ("tax_currency", false),
    ("purpose_code", false),
    ("regulatory_code", false),
    ("regulatory_info", false),
];

pub(super) fn is_party_code(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.len() <= MOST_CODE && text.bytes().all(plain)
}

pub(super) fn parties(file: &File, refusals: &mut Refusals) -> Parties {
    let mut parties = Parties::new();
    let mut lines: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    all_records(file, PARTY, refusals, |row, lacks_nothing, refusals| {
        let code = row.text("party").to_owned();
        if code.is_empty() {
            return;
        }
        if !is_party_code(&code) {
            return row.refuse(refusals, Code::Id, &code, "party: up to 35 of A-Z, 0-9, -");
        }
        lines.entry(code.clone()).or_default().push(row.line);
        let before = refusals.len();
        let party = lacks_nothing.then(|| party(row, refusals)).flatten();
        if let Some(party) = party.filter(|_| refusals.len() == before) {
            parties.insert(code.into(), party);
        }
    });
    for (code, lines) in lines.into_iter().filter(|(_, lines)| lines.len() > 1) {
        parties.remove(code.as_str());
        for line in lines {
            let refusal = Refusal::at(&file.name, line, Code::Twice, &code, "each party once");
            refusals.push(refusal);
        }
    }
    parties
}

fn party(row: &Record<'_>, refusals: &mut Refusals) -> Option<Party> {
    let is_country = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    // An address may have been typed in several lines.
    let plain = |text: &str| {
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        let text = lines.join(" ");
        let is_plain = !text.chars().any(crate::escape::is_hidden);
        (is_plain && text.chars().count() <= 140).then_some(text)
    };
    let wanted = (Code::Id, "at most 140 characters, none of them hidden");
    let mut text = |column: &str| {
        row.read(column, refusals, wanted, plain)
            .unwrap_or_default()
    };
    let [
        name,
        town,
        street,
        postcode,
        account,
        account_scheme,
        bic,
        tax_id,
        purpose_code,
        regulatory_code,
        regulatory_info,
    ] = [
        "name",
        "town",
        "street",
        "postcode",
        "account",
        "account_scheme",
        "bic",
        "tax_id",
        "purpose_code",
        "regulatory_code",
        "regulatory_info",
    ]
    .map(&mut text);
    let wanted = (Code::Word, "two letters of ISO 3166");
    let country = row.read("country", refusals, wanted, |c| {
        is_country(c).then(|| c.to_owned())
    });
    let fee = row.number("fee_per_payment", refusals);
    let fee_currency = row.currency("fee_currency", refusals);
    let fee = match (fee, fee_currency) {
        (Some(fee), Some(currency)) if fee.normalize().scale() <= currency.digits() => {
            Some((fee, currency))
        }
        (None, None) => None,
        _ => {
            let found = format!(
                "{} {}",
                row.text("fee_per_payment"),
                row.text("fee_currency")
            );
            let wanted = "fee and its currency, in its minor units, or none of both";
            row.refuse(refusals, Code::Together, &found, wanted);
            None
        }
    };
    Some(Party {
        kind: row.word::<PartyKind>("kind", refusals)?,
        name,
        country: country.unwrap_or_default(),
        town,
        street,
        postcode,
        account,
        account_scheme,
        bic,
        fee,
        tax_id,
        tax_currency: row.currency("tax_currency", refusals),
        purpose_code,
        regulatory_code,
        regulatory_info,
    })
}

/// A row of `prices.csv`.
#[derive(Clone, Debug)]
pub(super) struct Price {
    pub id: String,
    pub class: Class,
    pub jurisdiction: String,
    pub emissions: Emissions,
    pub share: Decimal,
    pub price: Decimal,
    pub currency: Money,
    pub per: PriceUnit,
    pub valid: Interval,
    pub in_force: Option<Day>,
    pub adoption: Adoption,
    pub line: u64,
}

/// The jurisdiction whose units are a ship's voyages.
pub(super) const EU_ETS: &str = "EU-ETS";

const PRICE: &[Column] = &[
    ("price_id", true),
    ("class", true),
    ("jurisdiction", true),
    ("quantity", true),
    ("share", true),
    ("price", true),
    ("currency", true),
    ("per", true),
    ("valid_from", false),
    ("valid_to", false),
    ("in_force", false),
    ("first_deadline", false),
    ("status", true),
    ("source", true),
];

/// Rows by their id.
pub(super) type Prices = BTreeMap<String, Vec<Price>>;

pub(super) fn prices(file: &File, refusals: &mut Refusals) -> Prices {
    let mut prices = Prices::new();
    records(file, PRICE, refusals, |row, refusals| {
        if let Some(price) = price(row, refusals) {
            prices.entry(price.id.clone()).or_default().push(price);
        }
    });
    prices
}

fn price(row: &Record<'_>, refusals: &mut Refusals) -> Option<Price> {
    let before = refusals.len();
    let id = row.text("price_id").to_owned();
    if !is_id(&id) {
        row.refuse(
            refusals,
            Code::Id,
            &id,
            "price_id: up to 100 visible characters",
        );
    }
    let wanted = (Code::Number, "a share from 0 to 1");
    let share = |text: &str| number(text).filter(|share| *share <= Decimal::ONE);
    row.date("first_deadline", refusals);
    let share = row.read("share", refusals, wanted, share);
    let (class, emissions) = (
        row.word::<Class>("class", refusals),
        row.word::<Emissions>("quantity", refusals),
    );
    let (price, currency) = (
        row.number("price", refusals),
        row.currency("currency", refusals),
    );
    let (per, adoption) = (
        row.word::<PriceUnit>("per", refusals),
        row.word::<Adoption>("status", refusals),
    );
    let valid = row.interval(refusals);
    let in_force = row.date("in_force", refusals);
    let jurisdiction = row.text("jurisdiction").to_owned();
    if jurisdiction == EU_ETS && emissions == Some(Emissions::Total) {
        let wanted = "quantity operation: EU-ETS is tank-to-wake";
        row.refuse(refusals, Code::Price, "total", wanted);
    }
    if refusals.len() > before {
        return None;
    }
    Some(Price {
        id,
        class: class?,
        jurisdiction,
        emissions: emissions?,
        share: share?,
        price: price?,
        currency: currency?,
        per: per?,
        valid,
        in_force,
        adoption: adoption?,
        line: row.line,
    })
}

/// A row of `calls.csv`.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub share: Decimal,
}

/// Voyage shares by bill, container and element.
pub(super) type Calls = FxHashMap<String, BTreeMap<(String, i64), Call>>;

const CALL: &[Column] = &[
    ("shipment_id", true),
    ("container_id", false),
    ("element", true),
    ("voyage_share", true),
    ("source", true),
];

pub(super) fn calls(file: &File, refusals: &mut Refusals) -> Calls {
    let mut calls = Calls::default();
    let mut lines: BTreeMap<(String, String, i64), Vec<u64>> = BTreeMap::new();
    all_records(file, CALL, refusals, |row, _, refusals| {
        let wanted = (Code::Number, "a whole number from 1");
        let element = row.read("element", refusals, wanted, |text| {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<i64>().ok().filter(|n| digits && *n > 0)
        });
        let (bill, container) = (row.text("shipment_id"), row.text("container_id"));
        if let Some(element) = element {
            let key = (bill.to_owned(), container.to_owned(), element);
            lines.entry(key).or_default().push(row.line);
        }
        let wanted = (Code::Number, "0, 0.5 or 1");
        let half = Decimal::new(5, 1);
        let share = row.read("voyage_share", refusals, wanted, |text| {
            number(text).filter(|s| [Decimal::ZERO, half, Decimal::ONE].contains(s))
        });
        let (Some(element), Some(share)) = (element, share) else {
            return;
        };
        let of = calls.entry(bill.to_owned()).or_default();
        of.insert((container.to_owned(), element), Call { share });
    });
    // Which of two rows of one element is right nobody can say.
    for ((bill, container, element), lines) in lines.into_iter().filter(|(_, l)| l.len() > 1) {
        if let Some(of) = calls.get_mut(&bill) {
            of.remove(&(container, element));
        }
        for line in lines {
            let refusal = Refusal::at(&file.name, line, Code::Twice, &bill, "each element once");
            refusals.push(refusal);
        }
    }
    calls
}

/// A row of `agreements.csv`.
#[derive(Clone, Debug)]
pub(super) struct Agreement {
    pub id: String,
    pub parties: Vec<String>,
    pub currency: Money,
    pub form: Form,
    pub office: String,
    pub rounding: Rounding,
    pub valid: Interval,
}

impl Agreement {
    /// Whether a party has made it.
    pub(super) fn has(&self, party: &str) -> bool {
        self.parties.iter().any(|one| one == party)
    }
}

const AGREEMENT: &[Column] = &[
    ("agreement", true),
    ("parties", true),
    ("currency", true),
    ("form", true),
    ("office", false),
    ("rounding", false),
    ("valid_from", false),
    ("valid_to", false),
    ("legal_reference", true),
    ("permission_reference", false),
];

pub(super) fn agreements(
    file: &File,
    parties: &Parties,
    refusals: &mut Refusals,
) -> Vec<Agreement> {
    let mut list: Vec<Agreement> = Vec::new();
    records(file, AGREEMENT, refusals, |row, refusals| {
        let Some(new) = agreement(row, parties, refusals) else {
            return;
        };
        for other in &list {
            if other.id == new.id {
                row.refuse(refusals, Code::Twice, &new.id, "each agreement once");
            }
            let shared: Vec<&String> = new
                .parties
                .iter()
                .filter(|p| other.parties.contains(p))
                .collect();
            if shared.len() > 1 && other.currency == new.currency && other.valid.meets(&new.valid) {
                let found = format!("{} and {}", shared[0], shared[1]);
                let wanted = format!("a pair that {} does not have on the same days", other.id);
                row.refuse(refusals, Code::Agreement, &found, &wanted);
            }
        }
        list.push(new);
    });
    list
}

fn agreement(row: &Record<'_>, parties: &Parties, refusals: &mut Refusals) -> Option<Agreement> {
    let before = refusals.len();
    let mut members: Vec<String> = row
        .text("parties")
        .split('|')
        .map(|p| p.trim().to_owned())
        .collect();
    let mut refuse =
        |found: &str, wanted: &str| row.refuse(refusals, Code::Agreement, found, wanted);
    let known =
        |code: &String| parties.get(code.as_str()).map(|p| p.kind) == Some(PartyKind::Company);
    for member in members.iter().filter(|m| !known(m)) {
        refuse(member, "companies of parties.csv");
    }
    members.sort();
    if members.len() < 2 || members.windows(2).any(|two| two[0] == two[1]) {
        refuse(row.text("parties"), "two parties or more, each once");
    }
    let office = row.text("office").to_owned();
    let is_multilateral = row.text("form") == Form::Multilateral.code();
    if is_multilateral != parties.contains_key(office.as_str()) {
        refuse(
            &office,
            "office: a party where the form is multilateral, else empty",
        );
    }
    let mut countries: Vec<&str> = members
        .iter()
        .chain(is_multilateral.then_some(&office))
        .filter_map(|code| Some(parties.get(code.as_str())?.country.as_str()))
        .collect();
    countries.sort_unstable();
    countries.dedup();
    let is_abroad = countries.len() > 1 || countries.contains(&"");
    if is_abroad && row.text("permission_reference").is_empty() {
        let wanted = "a permission_reference, since the parties are not known to be of one country";
        refuse(&countries.join(" "), wanted);
    }
    let id = row.text("agreement").to_owned();
    if !is_id(&id) {
        refuse(&id, "agreement: up to 100 visible characters");
    }
    let form = row.word::<Form>("form", refusals);
    let rounding = row.word::<RoundingWord>("rounding", refusals);
    let currency = row.currency("currency", refusals);
    let valid = row.interval(refusals);
    if refusals.len() > before {
        return None;
    }
    Some(Agreement {
        id,
        parties: members,
        currency: currency?,
        form: form?,
        office,
        rounding: match rounding {
            Some(RoundingWord::HalfEven) => Rounding::HalfEven,
            _ => Rounding::HalfUp,
        },
        valid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File {
            name: "f.csv".to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    #[test]
    fn of_two_calls_of_one_element_neither_counts() {
        let mut refusals = Vec::new();
        let head = "shipment_id,container_id,element,voyage_share,source\n";
        let rows = "S,C,2,0.5,log\nS,C,3,1,log\nS,C,2,0.5,log\nS,C,3,2,log\n";
        let calls = calls(&file(&format!("{head}{rows}S,,2,1,log\n")), &mut refusals);
        let mut told: Vec<_> = refusals.iter().map(|r| (r.line, r.code)).collect();
        told.sort_unstable();
        let twice = [2, 3, 4, 5].map(|line| (line, Code::Twice));
        assert_eq!(told[..3], twice[..3]);
        assert_eq!(told[3..], [(5, Code::Number), twice[3]]);
        let left: Vec<_> = calls["S"].keys().collect();
        assert_eq!(left, [&(String::new(), 2)]);
    }

    #[test]
    fn agreements_across_borders_need_a_permission() {
        let mut refusals = Vec::new();
        let parties = parties(
            &file(
                "party,name,kind,country\nA,a,company,CN\nB,b,company,SG\nC,c,company,CN\nT,t,authority,CN\n",
            ),
            &mut refusals,
        );
        let head = "agreement,parties,currency,form,office,legal_reference,permission_reference\n";
        let ask = |row: &str| {
            let mut refusals = Vec::new();
            agreements(&file(&format!("{head}{row}")), &parties, &mut refusals);
            refusals.len()
        };
        assert_eq!(ask("X,A|C,CNY,bilateral,,law,\n"), 0);
        assert_eq!(ask("X,A|B,CNY,bilateral,,law,\n"), 1);
        assert_eq!(ask("X,A|B,CNY,bilateral,,law,permit\n"), 0);
        assert_eq!(ask("X,A|C,CNY,multilateral,B,law,\n"), 1);
        assert_eq!(ask("X,A|T,CNY,bilateral,,law,\n"), 1);
        assert_eq!(
            ask("X,A|C,CNY,bilateral,,law,\nY,C|A|B,CNY,bilateral,,law,p\n"),
            1
        );
    }
}
