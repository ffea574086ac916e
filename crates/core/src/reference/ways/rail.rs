//! Between which countries wagons run, and how often the gauge changes on the way.

use crate::factors::Text;
use crate::factors::fault::{DataFile, Faults};
use crate::factors::table::{self, layout};
use crate::model::id::CountryCode;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

fn country(text: &str) -> Option<CountryCode> {
    CountryCode::parse(text.as_bytes())
}

/// Railways of the world.
#[derive(Clone, Debug, Default)]
pub(super) struct Railways {
    /// Networks of the countries where an estimate is allowed.
    networks: FxHashMap<CountryCode, Text>,
    /// Countries that border trains cross to, and whether the gauge changes there.
    links: FxHashMap<CountryCode, Vec<(CountryCode, bool)>>,
}

layout! {
    /// Columns of `rail_countries.csv`.
    Country { Country = "country" must, Network = "network", RailEstimate = "rail_estimate" must, SourceRef = "source_ref" }
}

layout! {
    /// Columns of `rail_links.csv`.
    Link {
        CountryA = "country_a" must, CountryB = "country_b" must, Crossing = "crossing", GaugeBreak = "gauge_break" must,
        Status = "status" must, SourceRef = "source_ref",
    }
}

impl Railways {
    /// Reads `rail_countries.csv`.
    pub(super) fn read_countries(&mut self, file: &DataFile, faults: &mut Faults) {
        table::read(file, Country::LAYOUT, faults, |row| {
            let country = row.value(Country::Country, country, "a country code");
            let verdict = |t: &str| match t {
                "yes" => Some(true),
                "no" | "doubtful" => Some(false),
                _ => None,
            };
            let allowed = row.value(Country::RailEstimate, verdict, "yes, no or doubtful");
            if let (Some(country), Some(true)) = (country, allowed) {
                self.networks
                    .insert(country, row.text(Country::Network).into());
            }
        });
    }

    /// Reads `rail_links.csv`.
    pub(super) fn read_links(&mut self, file: &DataFile, faults: &mut Faults) {
        table::read(file, Link::LAYOUT, faults, |row| {
            let a = row.value(Link::CountryA, country, "a country code");
            let b = row.value(Link::CountryB, country, "a country code");
            let gauge_break = row.yes_no(Link::GaugeBreak);
            let state = |t: &str| match t {
                "open" | "listed" => Some(true),
                "closed" | "planned" => Some(false),
                _ => None,
            };
            let is_open = row.value(Link::Status, state, "open, listed, planned or closed");
            if let (Some(a), Some(b), Some(gauge_break), Some(true)) = (a, b, gauge_break, is_open)
            {
                self.links.entry(a).or_default().push((b, gauge_break));
                self.links.entry(b).or_default().push((a, gauge_break));
            }
        });
    }

    /// Changes of gauge between two countries, the fewest that a way over listed borders has. `None`: wagons do not run there.
    pub(super) fn gauge_breaks(&self, from: CountryCode, to: CountryCode) -> Option<u32> {
        let network = self.networks.get(&from)?;
        if self.networks.get(&to)? != network {
            return None;
        }
        let mut best: FxHashMap<CountryCode, u32> = FxHashMap::default();
        let mut queue = BinaryHeap::from([Reverse((0, from))]);
        while let Some(Reverse((breaks, at))) = queue.pop() {
            if at == to {
                return Some(breaks);
            }
            if best.get(&at).is_some_and(|known| *known < breaks) {
                continue;
            }
            for (next, gauge_break) in self.links.get(&at).into_iter().flatten() {
                let there = breaks + u32::from(*gauge_break);
                // Through a country without an estimate of its own trains may still run.
                if best.get(next).is_none_or(|known| there < *known) {
                    best.insert(*next, there);
                    queue.push(Reverse((there, *next)));
                }
            }
        }
        None
    }
}
