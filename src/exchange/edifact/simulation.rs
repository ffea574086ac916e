//! The chains of `events::simulation`, told in messages: a carrier in statuses, terminals and depots in reports.

use super::Reader;
use super::profile::Profiles;
use crate::exchange::dcsa::Reading;
use crate::exchange::events::event::{Event, Handling, Statement, Step};
use crate::exchange::events::simulation::{Random, check, found, journey, legs, reports};
use crate::exchange::events::{Converter, Report};
use crate::exchange::local_time::Zones;
use crate::model::mode::Mode;
use crate::model::time::instant_text;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

fn time(h: &Handling) -> String {
    let text = instant_text(h.at);
    text.chars().filter(char::is_ascii_digit).take(14).collect()
}

fn mode(h: &Handling) -> &'static str {
    match h.mode {
        Some(Mode::Sea) => "1",
        Some(Mode::Rail) => "2",
        Some(Mode::Road) => "3",
        _ => "",
    }
}

fn bills(event: &Event) -> String {
    let each = event
        .documents
        .iter()
        .map(|d| format!("RFF+BM:{}'", d.reference));
    each.collect()
}

fn status(event: &Event, h: &Handling) -> String {
    let code = match h.step {
        Step::Loaded => "48",
        Step::Discharged => "29",
        Step::GatedOut => "OA",
        _ => "I",
    };
    format!(
        "BGM+23+{}+9'CNI+1'STS+1+{code}'{}DTM+334:{}:204'LOC+175+{}:139:6'TDT+{}+V+{}'EQD+CN+{}+45G1:102:5+++5'",
        event.id,
        bills(event),
        time(h),
        h.place,
        if h.step.is_gate() { "1" } else { "20" },
        mode(h),
        h.container
    )
}

fn report(event: &Event, h: &Handling) -> (&'static str, String) {
    let (kind, code, port) = match h.step {
        Step::Loaded => ("COARRI", "270", "9"),
        Step::Discharged => ("COARRI", "98", "11"),
        Step::GatedOut => ("CODECO", "36", "165"),
        _ => ("CODECO", "34", "165"),
    };
    let (head, inland) = match h.step.is_gate() {
        false => (
            format!("TDT+20+V+{}'LOC+{port}+{}:139:6'", mode(h), h.place),
            String::new(),
        ),
        true => ("TDT+20+V+1'".to_owned(), format!("TDT+1++{}'", mode(h))),
    };
    let place = match h.step.is_gate() {
        true => format!("LOC+165+{}:139:6'", h.place),
        false => String::new(),
    };
    let qualifier = if h.step.is_gate() { "7" } else { "203" };
    (
        kind,
        format!(
            "BGM+{code}+{}+9'{head}EQD+CN+{}+45G1:102:5++2+5'{}DTM+{qualifier}:{}:204'{place}{inland}CNT+16:1'",
            event.id,
            h.container,
            bills(event),
            time(h)
        ),
    )
}

fn simulate(
    chains: usize,
    seed: u64,
) -> (BTreeSet<crate::exchange::events::simulation::Leg>, Report) {
    let mut random = Random(seed);
    let mut converter = Converter::default();
    let reading = Reading {
        zones: Zones {
            other: Some(TimeZone::UTC),
            ..Zones::default()
        },
        ..Reading::default()
    };
    let profiles = Profiles::default();
    let mut reader = Reader::new(&reading, &profiles);
    let mut wanted = BTreeSet::new();
    for chain in 0..chains {
        let truths = journey(&mut random);
        wanted.extend(legs(chain, &truths));
        let mut by_sender: BTreeMap<String, Vec<(&str, String)>> = BTreeMap::new();
        for event in reports(chain, &truths, &mut random) {
            let Statement::Handling(h) = &event.statement else {
                unreachable!("the simulation makes handlings only")
            };
            let message = match event.sender.as_str() {
                "S0" => ("IFTSTA", status(&event, h)),
                _ => report(&event, h),
            };
            by_sender
                .entry(event.sender.clone())
                .or_default()
                .push(message);
        }
        for (sender, messages) in by_sender {
            let file = format!("{chain}-{sender}.edi");
            converter.begin(&file);
            let text = super::tests::interchange(&sender, &messages);
            reader.read(&file, text.as_bytes());
        }
    }
    reader.finish(&mut converter);
    (wanted, converter.finish().unwrap())
}

#[test]
fn messages_of_several_partners_lose_no_leg() {
    let (wanted, report) = simulate(2000, 17);
    check(&wanted, &found(&report), &report);
}
