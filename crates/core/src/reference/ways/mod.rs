//! Ways that no table measured: estimates for road and rail from detour ratios, for barges from river kilometres.
//!
//! Where the data do not allow an estimate there is none: across a sea without a listed crossing, where no road leads, between railways that
//! exchange no wagons, between waters that do not meet.

mod crossings;
mod cut_off;
mod detours;
mod rail;
mod waterways;

use crate::factors::fault::{DataFile, Faults};
use crate::factors::{Fault, Zones};
use crate::geo::Point;
use crate::geo::ground::Ground;
use crate::geo::land::Land;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::{Basis, DistanceSource, Mode};
use crossings::Crossings;
use cut_off::CutOff;
use detours::Detours;
use rail::Railways;
use rustc_hash::FxHashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use waterways::Waterways;

use super::distance::FoundDistance;

/// Files of estimates below the data folder, and the outline that says where land is.
pub const FILES: [&str; 9] = [
    "estimates/barriers.csv",
    "estimates/crossings.csv",
    "estimates/cut_off.csv",
    "estimates/detours.csv",
    "estimates/rail_countries.csv",
    "estimates/rail_links.csv",
    "estimates/waterway_links.csv",
    "estimates/waterway_ports.csv",
    LAND,
];
/// The land outline below the data folder.
const LAND: &str = "sea/land.bin";

/// What estimates are made of; a file that is missing allows none.
#[derive(Debug, Default)]
pub struct Ways {
    detours: Detours,
    crossings: Crossings,
    railways: Railways,
    waterways: Waterways,
    land: Option<Land>,
    /// Sorted when the first estimate is asked for.
    ground: OnceLock<Ground>,
    /// Estimates over land that were made: route options ask for the same roads again and again, a run for each lane once a thread.
    made: Mutex<FxHashMap<Lane, Option<FoundDistance>>>,
}

/// Mode and both ends, with their coordinates.
type Lane = (Mode, [(LocationCode, Option<[u64; 2]>); 2]);
/// Estimates that are remembered; beyond them it begins anew.
const MOST_MADE: usize = 1 << 16;

impl Ways {
    /// Reads the files of the data folder.
    pub fn parse(data: &[DataFile], zones: &Zones) -> (Ways, Vec<Fault>) {
        let mut faults = Faults::default();
        let find = |name: &str| data.iter().find(|f| f.path == name);
        let mut ways = Ways::default();
        if let Some(file) = find("estimates/detours.csv") {
            ways.detours = Detours::parse(file, zones, &mut faults);
        }
        if let Some(file) = find("estimates/crossings.csv") {
            ways.crossings.read_crossings(file, &mut faults);
        }
        if let Some(file) = find("estimates/barriers.csv") {
            ways.crossings.read_barriers(file, &mut faults);
        }
        if let Some(file) = find("estimates/cut_off.csv") {
            ways.crossings.cut_off = CutOff::parse(file, &mut faults);
        }
        if let Some(file) = find("estimates/rail_countries.csv") {
            ways.railways.read_countries(file, &mut faults);
        }
        if let Some(file) = find("estimates/rail_links.csv") {
            ways.railways.read_links(file, &mut faults);
        }
        if let Some(file) = find("estimates/waterway_ports.csv") {
            ways.waterways.read_ports(file, &mut faults);
        }
        if let Some(file) = find("estimates/waterway_links.csv") {
            ways.waterways.read_links(file, &mut faults);
        }
        if let Some(file) = find(LAND) {
            match Land::load(&file.bytes) {
                Ok(land) => ways.land = Some(land),
                Err(malformed) => faults.error(&file.path, 0, "", "", malformed.to_string()),
            }
        }
        (ways, faults.list)
    }

    /// An estimate for a mode between two places, with their coordinates where known.
    pub fn estimate(
        &self,
        mode: Mode,
        origin: (LocationCode, Option<Point>),
        destination: (LocationCode, Option<Point>),
    ) -> Option<FoundDistance> {
        // Both ways have one answer, so one of them is asked.
        let (origin, destination) = match origin.0 <= destination.0 {
            true => (origin, destination),
            false => (destination, origin),
        };
        match mode {
            Mode::InlandWaterway => self.waterways.between(origin.0, destination.0),
            Mode::Road => self.remembered(mode, origin, destination),
            Mode::Rail => {
                let breaks = self
                    .railways
                    .gauge_breaks(origin.0.country(), destination.0.country())?;
                let mut found = self.remembered(mode, origin, destination)?;
                found.flags |= Flags::GAUGE_BREAK.when(breaks > 0);
                Some(found)
            }
            Mode::Sea | Mode::Air | Mode::Hub => None,
        }
    }

    fn remembered(
        &self,
        mode: Mode,
        origin: (LocationCode, Option<Point>),
        destination: (LocationCode, Option<Point>),
    ) -> Option<FoundDistance> {
        let ends = [origin, destination].map(|(code, point)| (code, point.map(Point::bits)));
        let made = || self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = made().get(&(mode, ends)) {
            return *found;
        }
        let found = self.over_land(mode, origin, destination);
        let mut made = made();
        if made.len() >= MOST_MADE {
            made.clear();
        }
        made.insert((mode, ends), found);
        found
    }

    fn over_land(
        &self,
        mode: Mode,
        origin: (LocationCode, Option<Point>),
        destination: (LocationCode, Option<Point>),
    ) -> Option<FoundDistance> {
        let land = self.land.as_ref()?;
        let (from, to) = (origin.1?, destination.1?);
        let ground = self.ground.get_or_init(|| Ground::new(land));
        let way = self.crossings.way(ground, mode, from, to)?;
        let detour = self
            .detours
            .of(mode, origin.0, destination.0, way.direct_m)?;
        let metres = detour.times(way.direct_m) + way.crossed_m;
        (metres > 0).then_some(FoundDistance {
            metres,
            basis: detour.basis,
            source: DistanceSource::Estimate,
            flags: Flags::DISTANCE_ESTIMATED
                | Flags::DETOUR_ASSUMED.when(!detour.is_from_data || way.crossed_m > 0),
        })
    }

    /// How an estimate came about, in words.
    pub fn explain(
        &self,
        mode: Mode,
        origin: (LocationCode, Option<Point>),
        destination: (LocationCode, Option<Point>),
    ) -> Option<String> {
        if mode == Mode::InlandWaterway {
            return self.waterways.explain(origin.0, destination.0);
        }
        let land = self.land.as_ref()?;
        let ground = self.ground.get_or_init(|| Ground::new(land));
        let way = self
            .crossings
            .way(ground, mode, origin.1?, destination.1?)?;
        let detour = self
            .detours
            .of(mode, origin.0, destination.0, way.direct_m)?;
        Some(format!("{}; {}", way.text(&self.crossings), detour.text()))
    }
}

/// A basis of an estimate: the shortest feasible distance or an actual one.
fn estimated_basis(text: &str) -> Option<Basis> {
    Basis::from_code(text).filter(|basis| matches!(basis, Basis::Sfd | Basis::Actual))
}

#[cfg(test)]
mod tests;
