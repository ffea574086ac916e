//! A library of 20 000 made-up factors: loading it from bytes, and one question asked of it. `tests/library_speed.rs` holds both to
//! their limits.

use crate::made_up_library::{CARRIERS, FACTORS, OPERATIONS, YEARS, carrier, library, load};
use divan::Bencher;
use divan::counter::ItemsCount;
use green_corridor_core::factors::FactorQuery;
use green_corridor_core::model::id::LocationCode;
use green_corridor_core::model::mode::Temperature;
use green_corridor_core::model::time::{Day, parse_date};

#[divan::bench]
fn load_20_000(bencher: Bencher) {
    let files = library();
    assert_eq!(load(&files).factors.len(), FACTORS);
    bencher
        .counter(ItemsCount::new(FACTORS))
        .bench_local(|| load(&files));
}

/// Every operation, carrier, lane and year in turn; what a run asks once for each lane, since it remembers the answers.
#[divan::bench]
fn question(bencher: Bencher) {
    let set = load(&library());
    let carriers: Vec<String> = (0..CARRIERS).map(carrier).collect();
    let place = |code: &str| LocationCode::parse(code.as_bytes()).unwrap();
    let lanes = [
        ("CNSHA", "SGSIN"),
        ("CNCKG", "CNSHA"),
        ("VNHPH", "CNPIN"),
        ("SGSIN", "SGJUR"),
        ("NLRTM", "DEDUI"),
    ]
    .map(|(origin, destination)| (place(origin), place(destination)));
    let days: Vec<Day> = YEARS
        .map(|year| parse_date(&format!("{year}-07-01")).unwrap())
        .collect();
    let mut asked = 0;
    bencher.bench_local(|| {
        asked += 1;
        let (origin, destination) = lanes[asked % lanes.len()];
        let query = FactorQuery {
            operation: (asked / 5 % OPERATIONS) as u16,
            carrier: &carriers[asked / 7 % CARRIERS],
            energy_carrier: "",
            origin,
            destination,
            temperature: Temperature::Ambient,
            day: days[asked / 3 % days.len()],
        };
        set.select(&query).expect("GLOBAL covers every lane")
    });
}
