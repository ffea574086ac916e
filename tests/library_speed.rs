//! How long a factor library of 20 000 factors may take: less than 50 ms to load, less than 10 ms a question.
//!
//! The shortest of many times counts: other work on the machine makes a time longer, never shorter. Without optimisation the
//! limits do not hold, so only `cargo test --release` asks.
#![cfg(not(debug_assertions))]

// The benchmark of the same names uses all of it.
#[allow(dead_code)]
#[path = "../benches/micro/made_up_library.rs"]
mod made_up_library;

use green_corridor_core::factors::{FactorQuery, FactorSet};
use green_corridor_core::model::id::LocationCode;
use green_corridor_core::model::mode::Temperature;
use green_corridor_core::model::time::parse_date;
use made_up_library::{FACTORS, carrier, library, load};
use std::hint::black_box;
use std::time::{Duration, Instant};

const LOAD: Duration = Duration::from_millis(50);
const QUESTION: Duration = Duration::from_millis(10);
/// Attempts before a limit counts as missed.
const ATTEMPTS: usize = 200;

/// Repeats `work` until it takes less than `limit`.
fn takes_less_than<T>(limit: Duration, work: impl Fn() -> T) {
    let mut shortest = Duration::MAX;
    for _ in 0..ATTEMPTS {
        let begun = Instant::now();
        black_box(work());
        shortest = shortest.min(begun.elapsed());
        if shortest < limit {
            println!("{shortest:?}, limit {limit:?}");
            return;
        }
    }
    panic!("the shortest of {ATTEMPTS} times is {shortest:?}, expected less than {limit:?}");
}

fn query<'a>(set: &FactorSet, carrier: &'a str) -> FactorQuery<'a> {
    let place = |code: &str| LocationCode::parse(code.as_bytes()).unwrap();
    FactorQuery {
        operation: set.operation("sea.class39").expect("an operation"),
        carrier,
        energy_carrier: "",
        origin: place("CNCKG"),
        destination: place("CNSHA"),
        temperature: Temperature::Ambient,
        day: parse_date("2025-07-01").unwrap(),
    }
}

#[test]
fn twenty_thousand_factors_are_loaded_and_checked_in_50_ms() {
    let files = library();
    assert_eq!(load(&files).factors.len(), FACTORS);
    assert_eq!(FACTORS, 20_000);
    takes_less_than(LOAD, || load(&files));
}

#[test]
fn a_question_is_answered_and_explained_in_10_ms() {
    let set = load(&library());
    let carrier = carrier(9);
    let chosen = set.select(&query(&set, &carrier)).expect("a factor").factor;
    assert_eq!(
        &*set.factors[chosen as usize].id,
        "made-up/1:39-CARRIER9-1-2025"
    );
    takes_less_than(QUESTION, || set.select(&query(&set, &carrier)));
    takes_less_than(QUESTION, || set.candidates(&query(&set, &carrier)));
}
