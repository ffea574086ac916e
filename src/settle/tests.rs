//! Rules of a settlement with values computed by hand, and properties of random ledgers.

use crate::exact::{Exact, Rounding};
use crate::model::time::parse_date;
use crate::settle::ledger::Claim;
use crate::settle::money::{Money, number};
use crate::settle::settling::{Order, Settled, Under, chains, settle, taxes};
use crate::settle::sheet::Interval;
use crate::settle::tables::Agreement;
use crate::settle::terms::Terms;
use crate::settle::words::{ChargeKind, Form, Settles, Stage, Status};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;

fn terms(payer: &str, payee: &str) -> Terms {
    Terms {
        payer: payer.into(),
        payee: payee.into(),
        kind: ChargeKind::Freight,
        class: None,
        stage: Stage::Agreed,
        settles: Settles::Yes,
        currency: Money::parse("CNY").unwrap(),
        value_date: None,
        invoice_no: "".into(),
        tax_category: "".into(),
        tax_rate: None,
        status: Status::Open,
    }
}

fn claim(bill: &str, terms: u32, amount: i64) -> Claim {
    Claim {
        bill: bill.into(),
        terms,
        exact: Exact::whole(amount.into()),
        amount,
        tax: 0,
        upper_bound: false,
        corrects: None,
        named: None,
    }
}

fn agreement(parties: &[&str], form: Form, office: &str) -> Agreement {
    let mut parties: Vec<String> = parties.iter().map(|p| (*p).to_owned()).collect();
    parties.sort();
    Agreement {
        id: "A".to_owned(),
        parties,
        currency: Money::parse("CNY").unwrap(),
        form,
        office: office.to_owned(),
        rounding: Rounding::HalfEven,
        valid: Interval::default(),
    }
}

/// Claims between named parties, in order of their keys.
fn book(owed: &[(&str, &str, i64)]) -> (Vec<Terms>, Vec<Claim>) {
    let mut list: Vec<Terms> = owed
        .iter()
        .map(|(payer, payee, _)| terms(payer, payee))
        .collect();
    list.sort();
    list.dedup();
    let place = |t: &Terms| u32::try_from(list.binary_search(t).unwrap()).unwrap();
    let mut claims: Vec<Claim> = owed
        .iter()
        .map(|(payer, payee, amount)| claim("B", place(&terms(payer, payee)), *amount))
        .collect();
    claims.sort_by_key(|c| c.terms);
    (list, claims)
}

fn settled(terms: &[Terms], claims: &[Claim], agreements: &[Agreement]) -> Settled {
    let last_day = parse_date("2025-03-31").unwrap();
    let under = Under {
        terms,
        agreements,
        last_day,
    };
    settle(claims, under).unwrap()
}

const EXAMPLE: [(&str, &str, i64); 7] = [
    ("SHIPPER", "FORWARDER", 134_500),
    ("FORWARDER", "RAIL", 61_200),
    ("FORWARDER", "CARRIER", 52_300),
    ("FORWARDER", "TERMINAL", 6_100),
    ("RAIL", "FORWARDER", 2_500),
    ("CARRIER", "TERMINAL", 4_800),
    ("TERMINAL", "RAIL", 1_900),
];
const PARTIES: [&str; 5] = ["SHIPPER", "FORWARDER", "RAIL", "CARRIER", "TERMINAL"];

fn moved(orders: &[Order]) -> i64 {
    orders.iter().map(|order| order.amount).sum()
}

#[test]
fn the_example_of_netting() {
    let (terms, claims) = book(&EXAMPLE);
    let gross = settled(&terms, &claims, &[]);
    assert_eq!((gross.orders.len(), moved(&gross.orders)), (7, 263_300));

    let two = settled(&terms, &claims, &[agreement(&PARTIES, Form::Bilateral, "")]);
    assert_eq!((two.orders.len(), moved(&two.orders)), (6, 258_300));
    assert_eq!(two.gross.len(), 7);
    let pair = two
        .positions
        .iter()
        .find(|p| p.party == "FORWARDER|RAIL")
        .unwrap();
    assert_eq!((pair.receivable, pair.payable), (2_500, 61_200));

    let office = settled(
        &terms,
        &claims,
        &[agreement(&PARTIES, Form::Multilateral, "OFFICE")],
    );
    assert_eq!((office.orders.len(), moved(&office.orders)), (5, 269_000));
    let net: BTreeMap<&str, i64> = office
        .positions
        .iter()
        .map(|p| (p.party.as_str(), p.receivable - p.payable))
        .collect();
    let want = [
        ("CARRIER", 47_500),
        ("FORWARDER", 17_400),
        ("RAIL", 60_600),
        ("SHIPPER", -134_500),
        ("TERMINAL", 9_000),
    ];
    assert_eq!(net, want.into());
    let volume: i64 = net.values().filter(|n| **n > 0).sum();
    assert_eq!(volume, 134_500);

    // The office as a member settles its own position within.
    let inside = settled(
        &terms,
        &claims,
        &[agreement(&PARTIES, Form::Multilateral, "FORWARDER")],
    );
    assert_eq!((inside.orders.len(), moved(&inside.orders)), (4, 251_600));
}

#[test]
fn what_cancels_out_is_netted_and_a_disputed_claim_waits() {
    let (list, mut claims) = book(&[("A", "B", 500), ("B", "A", 500)]);
    let both = [agreement(&["A", "B"], Form::Bilateral, "")];
    let found = settled(&list, &claims, &both);
    assert!(found.orders.is_empty());
    assert_eq!(found.netted, [0, 1]);
    let mut all = list.clone();
    all.extend(list.iter().map(Terms::disputed));
    claims[1].terms += 2;
    let found = settled(&all, &claims, &both);
    assert_eq!((found.orders.len(), moved(&found.orders)), (1, 500));
    claims[0].upper_bound = true;
    assert!(settled(&all, &claims, &[]).orders.is_empty());
}

#[test]
fn tax_is_rounded_once_and_parted_over_its_claims() {
    let taxed = Terms {
        tax_category: "SR".into(),
        tax_rate: number("9"),
        ..terms("A", "B")
    };
    let list = [taxed];
    let mut claims = vec![claim("B1", 0, 51_875), claim("B2", 0, 51_875)];
    let last_day = parse_date("2025-03-31").unwrap();
    let agreements = [agreement(&["A", "B"], Form::Bilateral, "")];
    let mut under = Under {
        terms: &list,
        agreements: &agreements,
        last_day,
    };
    // 1,037.50 x 9 % = 93.375: half to even by the agreement, half up without one; both give 93.38.
    let tax = taxes(&mut claims, under).unwrap();
    assert_eq!(
        (tax[0].base, tax[0].tax, tax[0].rounding),
        (103_750, 9_338, Rounding::HalfEven)
    );
    assert_eq!([claims[0].tax, claims[1].tax], [4_669, 4_669]);
    // 50.00 x 9 % = 4.50; 0.50 x 9 % = 0.045: half up 0.05, half to even 0.04.
    let mut claims = vec![claim("B1", 0, 50)];
    assert_eq!(taxes(&mut claims, under).unwrap()[0].tax, 4);
    under.agreements = &[];
    assert_eq!(taxes(&mut claims, under).unwrap()[0].tax, 5);
}

#[test]
fn random_ledgers_hold() {
    let config = Config {
        cases: 10_000,
        failure_persistence: None,
        ..Config::default()
    };
    let party = || (0usize..6).prop_map(|n| ["A", "B", "C", "D", "E", "F"][n]);
    let owed = prop::collection::vec((party(), party(), 0i64..2_000_000), 0..25);
    let form = prop::bool::ANY;
    let mut runner = TestRunner::new(config);
    let held = runner.run(
        &(owed, form, prop::bool::ANY),
        |(owed, is_multilateral, is_inside)| {
            let owed: Vec<_> = owed.into_iter().filter(|(a, b, _)| a != b).collect();
            check_book(&owed, is_multilateral, is_inside);
            Ok(())
        },
    );
    held.unwrap();
}

/// Positions sum to 0; orders give everybody what he is owed less what he owes; the order of claims of one key changes nothing.
fn check_book(owed: &[(&str, &str, i64)], is_multilateral: bool, is_inside: bool) {
    let (list, claims) = book(owed);
    let (form, office) = match (is_multilateral, is_inside) {
        (false, _) => (Form::Bilateral, ""),
        (true, true) => (Form::Multilateral, "A"),
        (true, false) => (Form::Multilateral, "OFFICE"),
    };
    let found = settled(
        &list,
        &claims,
        &[agreement(&["A", "B", "C", "D"], form, office)],
    );
    let mut net: BTreeMap<&str, i64> = BTreeMap::new();
    for (payer, payee, amount) in owed {
        *net.entry(payer).or_default() -= amount;
        *net.entry(payee).or_default() += amount;
    }
    let mut paid: BTreeMap<&str, i64> = net.keys().map(|party| (*party, 0)).collect();
    for order in &found.orders {
        assert!(order.amount > 0);
        *paid.entry(&order.payer).or_default() -= order.amount;
        *paid.entry(&order.payee).or_default() += order.amount;
    }
    if !net.contains_key(office) {
        assert_eq!(
            paid.remove(office).unwrap_or(0),
            0,
            "an office keeps nothing"
        );
    }
    assert_eq!(net, paid);
    if form == Form::Multilateral {
        let sum: i64 = found
            .positions
            .iter()
            .map(|p| p.receivable - p.payable)
            .sum();
        assert_eq!(sum, 0);
    }
    let mut again: Vec<(&str, &str, i64)> = owed.to_vec();
    again.reverse();
    let (_, mut reversed) = book(&again);
    reversed.sort_by_key(|c| (c.terms, c.amount));
    let mut sorted = claims.clone();
    sorted.sort_by_key(|c| (c.terms, c.amount));
    let value = |claims: &[Claim]| chains(claims, &list);
    assert_eq!(value(&sorted), value(&reversed));
    let listed: usize = found
        .orders
        .iter()
        .filter(|o| o.form == "gross")
        .map(|o| o.claims.len())
        .sum();
    assert!(listed <= claims.len());
}
