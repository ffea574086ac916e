//! Generated chains as several senders report them: clocks off by up to an hour, loads and discharges up to a day late.

use super::event::{Document, DocumentKind, Event, Handling, Statement, Step};
use super::mass::Masses;
use super::{Converter, Report};
use crate::exchange::documents::Place;
use crate::model::id::LocationCode;
use crate::model::mode::{LoadStatus, Mode};
use crate::model::time::{Instant, instant_text};
use std::collections::BTreeSet;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

pub(crate) struct Random(pub u64);

impl Random {
    /// Below `n`.
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % n
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to - from)
    }
}

/// What truly happened to a container: step, place, mode, time.
pub(crate) type Truth = (Step, &'static str, Mode, Instant);

/// Inland, by rail or road to a port, one or two ships, some of them feeders of half a day, and by road to the receiver.
pub(crate) fn journey(random: &mut Random) -> Vec<Truth> {
    const PORTS: [&str; 6] = ["CNQZH", "SGSIN", "MYPKG", "THLCH", "IDJKT", "VNSGN"];
    let mut at = 1_740_000_000_000_000 + random.below(300) * DAY;
    let mut truths = Vec::new();
    let mut go = |random: &mut Random, from: (i64, i64), truth: (Step, &'static str, Mode)| {
        at += random.between(from.0, from.1);
        truths.push((truth.0, truth.1, truth.2, at));
    };
    let inland = [Mode::Rail, Mode::Road][random.below(2) as usize];
    let first = random.below(6) as usize;
    let ships = 1 + random.below(2) as usize;
    go(random, (0, HOUR), (Step::GatedOut, "CNCKG", inland));
    go(
        random,
        (3 * HOUR, 2 * DAY),
        (Step::GatedIn, PORTS[first], inland),
    );
    for ship in 0..ships {
        let (from, to) = (PORTS[(first + ship) % 6], PORTS[(first + ship + 1) % 6]);
        go(random, (4 * HOUR, 3 * DAY), (Step::Loaded, from, Mode::Sea));
        go(
            random,
            (8 * HOUR, 9 * DAY),
            (Step::Discharged, to, Mode::Sea),
        );
    }
    let last = PORTS[(first + ships) % 6];
    go(
        random,
        (3 * HOUR, 3 * DAY),
        (Step::GatedOut, last, Mode::Road),
    );
    go(
        random,
        (2 * HOUR, 10 * HOUR),
        (Step::GatedIn, "KHPNH", Mode::Road),
    );
    truths
}

/// The reports of two to four senders. Every handling is told by at least one; only the first sender knows the bill of lading.
pub(crate) fn reports(chain: usize, truths: &[Truth], random: &mut Random) -> Vec<Event> {
    let senders = 2 + random.below(3) as usize;
    let clocks: Vec<i64> = (0..senders)
        .map(|_| random.between(-60, 61) * MINUTE)
        .collect();
    let mut events = Vec::new();
    for (n, &(step, place, mode, at)) in truths.iter().enumerate() {
        let sure = if n == 0 {
            0
        } else {
            random.below(senders as i64) as usize
        };
        for (sender, clock) in clocks.iter().enumerate() {
            if sender != sure && random.below(3) == 0 {
                continue;
            }
            let late = if step.is_gate() {
                0
            } else {
                random.below(24 * 60 + 1) * MINUTE
            };
            let at = at + clock + late;
            let entry = (chain * 100 + events.len()) as u64;
            let bill = Document {
                kind: DocumentKind::TransportDocument,
                reference: format!("BL{chain}"),
            };
            events.push(Event {
                place: Place {
                    file: "made up".into(),
                    line: None,
                    entry,
                    pointer: String::new(),
                },
                sender: format!("S{sender}"),
                id: format!("{chain}-{n}-{sender}"),
                updated: None,
                updated_text: String::new(),
                documents: if sender == 0 { vec![bill] } else { Vec::new() },
                replacements: Vec::new(),
                statement: Statement::Handling(Box::new(Handling {
                    step,
                    at,
                    at_text: instant_text(at),
                    within: 0,
                    place: LocationCode::parse(place.as_bytes()).unwrap(),
                    facility: String::new(),
                    container: format!("TSTU{chain:07}"),
                    container_type: "45G1".to_owned(),
                    load_status: Some(LoadStatus::Laden),
                    mode: (sender == sure || random.below(2) == 0).then_some(mode),
                    is_multimodal: false,
                    carrier: String::new(),
                    call: String::new(),
                    is_shippers: false,
                    masses: Masses::default(),
                })),
            });
        }
    }
    events
}

/// Shipment, mode, origin, destination.
pub(crate) type Leg = (String, String, String, String);

pub(crate) fn legs(chain: usize, truths: &[Truth]) -> Vec<Leg> {
    let leg = |w: &[Truth]| {
        let (a, b) = (w[0], w[1]);
        let mode = if a.1 == b.1 { Mode::Hub } else { a.2 };
        (
            format!("BL{chain}"),
            mode.code().to_owned(),
            a.1.to_owned(),
            b.1.to_owned(),
        )
    };
    truths.windows(2).map(leg).collect()
}

fn simulate(chains: usize, seed: u64) -> (BTreeSet<Leg>, BTreeSet<Leg>, Report) {
    let mut random = Random(seed);
    let mut converter = Converter::default();
    let mut wanted = BTreeSet::new();
    for chain in 0..chains {
        let truths = journey(&mut random);
        wanted.extend(legs(chain, &truths));
        for event in reports(chain, &truths, &mut random) {
            converter.take(Ok(event));
        }
    }
    let report = converter.finish().unwrap();
    let found = found(&report);
    (wanted, found, report)
}

/// The legs of a report.
pub(crate) fn found(report: &Report) -> BTreeSet<Leg> {
    let leg = |r: &super::Record| (r[1].clone(), r[5].clone(), r[7].clone(), r[8].clone());
    report.records.iter().map(leg).collect()
}

fn hold(chains: usize, seed: u64) {
    let (wanted, found, report) = simulate(chains, seed);
    check(&wanted, &found, &report);
}

/// Under a thousandth of the legs is lost, each lost one is listed, none is invented, none ends before it begins.
pub(crate) fn check(wanted: &BTreeSet<Leg>, found: &BTreeSet<Leg>, report: &Report) {
    let lost: Vec<&Leg> = wanted.difference(found).collect();
    let invented: Vec<&Leg> = found.difference(wanted).collect();
    assert!(
        lost.len() * 1000 < wanted.len(),
        "{} of {}: {lost:?}",
        lost.len(),
        wanted.len()
    );
    assert_eq!(invented, Vec::<&Leg>::new());
    for (shipment, ..) in lost {
        assert!(
            report.gaps.iter().any(|gap| gap[0] == *shipment),
            "{shipment} is not listed"
        );
    }
    for record in &report.records {
        assert!(record[9] <= record[10], "{record:?}");
    }
}

#[test]
fn late_reports_and_wrong_clocks_lose_no_leg() {
    hold(2000, 17);
}
