//! Distances of barges: differences of river kilometres, over one river or several that meet.

use super::super::distance::FoundDistance;
use crate::factors::Text;
use crate::factors::fault::{DataFile, Faults};
use crate::factors::library::Texts;
use crate::factors::table::{self, layout};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DistanceSource};
use crate::model::unit::DISTANCE_SCALE;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A place on a river: its scale of kilometres, and metres on it.
type Mark = (Text, i64);

/// Where one scale goes over into another.
#[derive(Clone, Debug)]
struct Meeting {
    a: Mark,
    b: Mark,
    /// Metres between the two.
    metres: i64,
}

/// Rivers and canals with their ports.
#[derive(Clone, Debug, Default)]
pub(super) struct Waterways {
    /// A port may lie on more than one.
    ports: FxHashMap<LocationCode, Vec<Mark>>,
    meetings: Vec<Meeting>,
}

layout! {
    /// Columns of `waterway_ports.csv`.
    Cell {
        KmScale = "km_scale" must, Locode = "locode" must, Port = "port", RiverKm = "river_km" must,
        ContainerService = "container_service" must, SourceRef = "source_ref",
    }
}

layout! {
    /// Columns of `waterway_links.csv`.
    Link {
        ScaleA = "scale_a" must, KmA = "km_a" must, ScaleB = "scale_b" must, KmB = "km_b" must, KmBetween = "km_between" must,
        Basis = "basis", SourceRef = "source_ref",
    }
}

const WANTED: &str = "kilometres up to 10000 with at most 3 decimals";

impl Waterways {
    /// Reads `waterway_ports.csv`.
    pub(super) fn read_ports(&mut self, file: &DataFile, faults: &mut Faults) {
        let mut texts = Texts::default();
        table::read(file, Cell::LAYOUT, faults, |row| {
            let place = |t: &str| LocationCode::parse(t.as_bytes());
            let code = row.value(Cell::Locode, place, "a UN/LOCODE");
            let metres = row.decimal(Cell::RiverKm, DISTANCE_SCALE, 0..=10_000_000, WANTED);
            let service = |t: &str| match t {
                "regular" | "limited" => Some(true),
                "none" => Some(false),
                _ => None,
            };
            let served = row.value(Cell::ContainerService, service, "regular, limited or none");
            if let (Some(code), Some(metres), Some(true)) = (code, metres, served) {
                let scale = texts.share(row.text(Cell::KmScale));
                self.ports.entry(code).or_default().push((scale, metres));
            }
        });
    }

    /// Reads `waterway_links.csv`.
    pub(super) fn read_links(&mut self, file: &DataFile, faults: &mut Faults) {
        let mut texts = Texts::default();
        table::read(file, Link::LAYOUT, faults, |row| {
            let mut km = |cell| row.decimal(cell, DISTANCE_SCALE, 0..=10_000_000, WANTED);
            let (a, b, metres) = (km(Link::KmA), km(Link::KmB), km(Link::KmBetween));
            if let (Some(a), Some(b), Some(metres)) = (a, b, metres) {
                self.meetings.push(Meeting {
                    a: (texts.share(row.text(Link::ScaleA)), a),
                    b: (texts.share(row.text(Link::ScaleB)), b),
                    metres,
                });
            }
        });
    }

    /// The distance between two ports.
    pub(super) fn between(
        &self,
        origin: LocationCode,
        destination: LocationCode,
    ) -> Option<FoundDistance> {
        let (metres, over) = self.way(origin, destination)?;
        (metres > 0).then_some(FoundDistance {
            metres,
            basis: Basis::Sfd,
            source: DistanceSource::Estimate,
            flags: Flags::DISTANCE_ESTIMATED
                | Flags::DISTANCE_RIVER
                | Flags::DETOUR_ASSUMED.when(!over.is_empty()),
        })
    }

    /// The rivers of the way.
    pub(super) fn explain(
        &self,
        origin: LocationCode,
        destination: LocationCode,
    ) -> Option<String> {
        let (_, over) = self.way(origin, destination)?;
        let start = &self.ports.get(&origin)?.first()?.0;
        let meetings = over.iter().map(|i| {
            let Meeting { a, b, .. } = &self.meetings[*i];
            format!("{} and {} meet", a.0, b.0)
        });
        let rivers: Vec<String> = meetings.collect();
        Some(match rivers.is_empty() {
            true => format!("difference of river kilometres, {start}"),
            false => format!(
                "differences of river kilometres where {}",
                rivers.join(", ")
            ),
        })
    }

    /// Metres of the shortest way and the meetings that it leads over, in order.
    fn way(&self, origin: LocationCode, destination: LocationCode) -> Option<(i64, Vec<usize>)> {
        let ends = self.ports.get(&destination)?;
        let mut queue = BinaryHeap::new();
        for (scale, metres) in self.ports.get(&origin)? {
            queue.push(Reverse((0, Vec::new(), scale.clone(), *metres, false)));
        }
        while let Some(Reverse((so_far, over, scale, at, is_there))) = queue.pop() {
            if is_there {
                return Some((so_far, over));
            }
            for (_, end) in ends.iter().filter(|(river, _)| *river == scale) {
                let total = so_far + (end - at).abs();
                queue.push(Reverse((total, over.clone(), scale.clone(), *end, true)));
            }
            for (number, meeting) in self.meetings.iter().enumerate() {
                // A way that comes to a meeting again is not the shortest.
                if over.contains(&number) {
                    continue;
                }
                for (here, there) in [(&meeting.a, &meeting.b), (&meeting.b, &meeting.a)] {
                    if here.0 == scale {
                        let mut over: Vec<usize> = over.clone();
                        over.push(number);
                        let total = so_far + (here.1 - at).abs() + meeting.metres;
                        queue.push(Reverse((total, over, there.0.clone(), there.1, false)));
                    }
                }
            }
        }
        None
    }
}
