//! Where land ways cross water, and the shortest way that uses such crossings.

use super::cut_off::CutOff;
use crate::factors::Text;
use crate::factors::fault::{DataFile, Faults};
use crate::factors::library::transport_mode;
use crate::factors::table::{self, Row, layout};
use crate::geo::ground::{Barrier, Ground, Mass};
use crate::geo::{Point, beside, great_circle_m};
use crate::model::mode::Mode;
use crate::model::unit::DISTANCE_SCALE;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Bays that a great circle may cut off: the way round them is in the detour ratio. Metres.
const MOST_SEA_M: u32 = 60_000;
/// Crossings on a way, at most.
const MOST_CROSSINGS: usize = 4;
/// A way that is longer than so many great circles and so many metres besides is none that anybody takes.
const MOST_DETOUR: i64 = 3;
const MOST_DETOUR_M: i64 = 1_000_000;

/// Where a way bends round a bay or a lake: tenths of its great circle along that, and beside it, to either side; the least beside it that
/// does comes first.
const ALONG: [i32; 3] = [3, 5, 7];
const BESIDE: [[i32; 2]; 5] = [[1, -1], [2, -2], [3, -3], [4, -4], [5, -5]];

/// A ferry, bridge or tunnel; or with both ends at one place a waypoint, where land ways go round a sea.
#[derive(Clone, Debug)]
struct Crossing {
    name: Text,
    is_road: bool,
    is_rail: bool,
    ends: [Point; 2],
    metres: i64,
}

impl Crossing {
    fn serves(&self, mode: Mode) -> bool {
        match mode {
            Mode::Rail => self.is_rail,
            _ => self.is_road,
        }
    }
}

/// All of them, and lines that are crossed nowhere else.
#[derive(Debug, Default)]
pub(super) struct Crossings {
    list: Vec<Crossing>,
    barriers: Vec<Barrier>,
    pub cut_off: CutOff,
    /// The land mass of each end, found when first asked for.
    masses: OnceLock<Vec<[Option<Mass>; 2]>>,
    /// Whether a way over land leads from an end to another, as far as it was asked for: the answer is always the same.
    walkable: Mutex<FxHashMap<(Mode, usize, usize), bool>>,
}

/// A way over land, with crossings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// Great circles on land, metres: what a detour ratio is for.
    pub direct_m: i64,
    /// Crossings, metres.
    pub crossed_m: i64,
    /// Which, in order.
    over: Vec<usize>,
}

impl Way {
    /// The great circles and what they lead over.
    pub(super) fn text(&self, crossings: &Crossings) -> String {
        let names: Vec<&str> = self
            .over
            .iter()
            .map(|i| &*crossings.list[*i].name)
            .collect();
        let over = match names.is_empty() {
            true => String::new(),
            false => format!(" over {}", names.join(", ")),
        };
        format!(
            "great circle {} m{over}, crossings {} m",
            self.direct_m, self.crossed_m
        )
    }
}

layout! {
    /// Columns of `crossings.csv`.
    Cell {
        Crossing = "crossing" must, Modes = "modes" must, LatitudeA = "latitude_a" must, LongitudeA = "longitude_a" must,
        LatitudeB = "latitude_b" must, LongitudeB = "longitude_b" must, DistanceKm = "distance_km" must, SourceRef = "source_ref",
    }
}

layout! {
    /// Columns of `barriers.csv`.
    Line {
        Barrier = "barrier" must, LatitudeA = "latitude_a" must, LongitudeA = "longitude_a" must,
        LatitudeB = "latitude_b" must, LongitudeB = "longitude_b" must, Note = "note",
    }
}

/// `road`, `rail` or both.
pub(super) fn land_modes(row: &mut Row, column: usize) -> Option<Vec<Mode>> {
    let found: Option<Vec<Mode>> = (row.text(column).split(' '))
        .map(|word| transport_mode(word).filter(|m| matches!(m, Mode::Road | Mode::Rail)))
        .collect();
    if found.is_none() {
        row.error(column, "expected road, rail or both with a space between");
    }
    found
}

fn point(row: &mut Row, latitude: usize, longitude: usize) -> Option<Point> {
    let found = Point::parse(row.text(latitude), row.text(longitude));
    if found.is_none() {
        row.error(
            latitude,
            "expected a latitude and a longitude in decimal degrees",
        );
    }
    found
}

impl Crossings {
    /// Reads `crossings.csv`.
    pub(super) fn read_crossings(&mut self, file: &DataFile, faults: &mut Faults) {
        table::read(file, Cell::LAYOUT, faults, |row| {
            let a = point(row, Cell::LatitudeA.into(), Cell::LongitudeA.into());
            let b = point(row, Cell::LatitudeB.into(), Cell::LongitudeB.into());
            let modes = land_modes(row, Cell::Modes.into());
            let wanted = "kilometres up to 2000 with at most 3 decimals";
            let metres = row.decimal(Cell::DistanceKm, DISTANCE_SCALE, 0..=2_000_000, wanted);
            // A search that looks ahead along the great circle relies on it.
            if let (Some(a), Some(b), Some(metres)) = (a, b, metres)
                && metres < great_circle_m(a, b)
            {
                row.error(Cell::DistanceKm, "expected no less than the great circle");
            }
            if let (Some(a), Some(b), Some(modes), Some(metres)) = (a, b, modes, metres) {
                self.list.push(Crossing {
                    name: row.text(Cell::Crossing).into(),
                    is_road: modes.contains(&Mode::Road),
                    is_rail: modes.contains(&Mode::Rail),
                    ends: [a, b],
                    metres,
                });
            }
        });
    }

    /// Reads `barriers.csv`.
    pub(super) fn read_barriers(&mut self, file: &DataFile, faults: &mut Faults) {
        table::read(file, Line::LAYOUT, faults, |row| {
            let a = point(row, Line::LatitudeA.into(), Line::LongitudeA.into());
            let b = point(row, Line::LatitudeB.into(), Line::LongitudeB.into());
            if let (Some(a), Some(b)) = (a, b) {
                self.barriers.push(Barrier::new(a, b));
            }
        });
    }

    /// The shortest way by road or rail: straight where no sea lies between, else over crossings. `None`: the data know none.
    pub(super) fn way(&self, ground: &Ground, mode: Mode, from: Point, to: Point) -> Option<Way> {
        let (start, end) = (ground.mass(from)?, ground.mass(to)?);
        let networks = self.cut_off.of(mode);
        if networks.at(from)? != networks.at(to)? {
            return None;
        }
        let is_walkable = |a, b| ground.is_walkable(a, b, MOST_SEA_M, &self.barriers, networks);
        let over_land = |direct_m: i64| Way {
            direct_m,
            crossed_m: 0,
            over: Vec::new(),
        };
        if start == end && is_walkable(from, to) {
            return Some(over_land(great_circle_m(from, to)));
        }
        let bent_m = match start == end {
            true => bent_m(from, to, |a, b| {
                ground.mass(b) == Some(start) && is_walkable(a, b)
            }),
            false => None,
        };
        let masses = self.masses.get_or_init(|| {
            let both = |c: &Crossing| c.ends.map(|end| ground.mass(end));
            self.list.iter().map(both).collect()
        });
        if !self.are_joined(masses, mode, start, end) {
            return None;
        }
        // The shorter of one bend and of crossings, of two as long the crossings.
        let bent = bent_m.map(over_land);
        let most = bent_m.unwrap_or(MOST_DETOUR * great_circle_m(from, to) + MOST_DETOUR_M);
        let mut queue = BinaryHeap::new();
        let mut paths = vec![Path::start(from, start)];
        let mut settled = vec![false; 2 * self.list.len()];
        self.extend(&mut queue, masses, mode, &paths, 0, (to, end));
        while let Some(Reverse(next)) = queue.pop() {
            if next.metres > most {
                return bent;
            }
            let path = &paths[next.before];
            let Some(entrance) = next.entrance else {
                if !is_walkable(path.at, to) {
                    continue;
                }
                return Some(Way {
                    direct_m: path.direct_m + next.leg_m,
                    crossed_m: path.crossed_m,
                    over: path.over.clone(),
                });
            };
            let (number, side) = (entrance / 2, entrance % 2);
            let crossing = &self.list[number];
            if settled[entrance]
                || !self.leads(mode, path.exit, entrance, || {
                    is_walkable(path.at, crossing.ends[side])
                })
            {
                continue;
            }
            settled[entrance] = true;
            let Some(mass) = masses[number][1 - side] else {
                continue;
            };
            let mut over = path.over.clone();
            over.push(number);
            paths.push(Path {
                at: crossing.ends[1 - side],
                exit: Some(entrance ^ 1),
                mass,
                direct_m: path.direct_m + next.leg_m,
                crossed_m: path.crossed_m + crossing.metres,
                over,
            });
            self.extend(&mut queue, masses, mode, &paths, paths.len() - 1, (to, end));
        }
        bent
    }

    /// Whether crossings join two land masses at all.
    fn are_joined(&self, masses: &[[Option<Mass>; 2]], mode: Mode, start: Mass, end: Mass) -> bool {
        let mut reached = FxHashSet::from_iter([start]);
        loop {
            let before = reached.len();
            for (crossing, ends) in self.list.iter().zip(masses) {
                if let ([Some(a), Some(b)], true) = (ends, crossing.serves(mode))
                    && (reached.contains(a) || reached.contains(b))
                {
                    reached.extend([*a, *b]);
                }
            }
            if reached.contains(&end) {
                return true;
            }
            if reached.len() == before {
                return false;
            }
        }
    }

    /// Whether a way over land leads from an exit to an entrance; from the origin it is looked at each time.
    fn leads(
        &self,
        mode: Mode,
        exit: Option<usize>,
        entrance: usize,
        look: impl FnOnce() -> bool,
    ) -> bool {
        let Some(exit) = exit else { return look() };
        let known = || self.walkable.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&(mode, exit, entrance)) {
            return *known;
        }
        let found = look();
        known().insert((mode, exit, entrance), found);
        found
    }

    /// What can come after a path: the destination, or the entrance of a crossing on the same land mass.
    fn extend(
        &self,
        queue: &mut BinaryHeap<Reverse<Next>>,
        masses: &[[Option<Mass>; 2]],
        mode: Mode,
        paths: &[Path],
        before: usize,
        (to, end): (Point, Mass),
    ) {
        let path = &paths[before];
        let mut push = |entrance: Option<usize>, at: Point| {
            let leg_m = great_circle_m(path.at, at);
            queue.push(Reverse(Next {
                metres: path.direct_m + path.crossed_m + leg_m + great_circle_m(at, to),
                entrance,
                before,
                leg_m,
            }));
        };
        if path.mass == end {
            push(None, to);
        }
        if path.over.len() == MOST_CROSSINGS {
            return;
        }
        for (number, (crossing, masses)) in self.list.iter().zip(masses).enumerate() {
            if !crossing.serves(mode) || path.over.contains(&number) {
                continue;
            }
            // A waypoint is entered where it is left.
            let is_waypoint = crossing.ends[0] == crossing.ends[1];
            let ends = crossing.ends.iter().zip(masses);
            for (side, (end, mass)) in ends.enumerate().take(if is_waypoint { 1 } else { 2 }) {
                if *mass == Some(path.mass) {
                    push(Some(2 * number + side), *end);
                }
            }
        }
    }
}

/// The length of a way round a bay: over a point beside the great circle, as near to it as any does, the shortest of these.
fn bent_m(from: Point, to: Point, leads: impl Fn(Point, Point) -> bool) -> Option<i64> {
    let length = |along: i32, tenths: i32| {
        let bend = beside(from, to, along, tenths)?;
        let is_way = leads(from, bend) && leads(bend, to);
        is_way.then(|| great_circle_m(from, bend) + great_circle_m(bend, to))
    };
    BESIDE.into_iter().find_map(|sides| {
        let bends = ALONG
            .iter()
            .flat_map(|along| sides.map(|side| (along, side)));
        bends.filter_map(|(along, side)| length(*along, side)).min()
    })
}

/// A way so far.
struct Path {
    at: Point,
    /// The end of a crossing that it stands at.
    exit: Option<usize>,
    mass: Mass,
    direct_m: i64,
    crossed_m: i64,
    over: Vec<usize>,
}

impl Path {
    fn start(at: Point, mass: Mass) -> Path {
        Path {
            at,
            exit: None,
            mass,
            direct_m: 0,
            crossed_m: 0,
            over: Vec::new(),
        }
    }
}

/// A step that may come next; the one that may become the shortest way first, of equal ones always the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    /// So far and the great circle from there to the destination: no way over it is shorter.
    metres: i64,
    /// Twice the number of the crossing, and the side; none: the destination.
    entrance: Option<usize>,
    before: usize,
    leg_m: i64,
}
