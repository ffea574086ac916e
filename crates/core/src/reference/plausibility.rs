//! Bounds of what can be in the world: masses by box, distances, speeds and times by mode, dates. What lies outside is flagged
//! (Q25 to Q28, Q31) and computed all the same: a bound says that somebody should look, not what is right.

use super::{ContainerType, DataFile, Fault, Reference};
use crate::factors::fault::Faults;
use crate::factors::table::{self, Row, layout};
use crate::model::mode::{ByMode, Mode};
use crate::model::time::{DAY_US, Instant, parse_date};
use rustc_hash::FxHashMap;

/// Both ends belong to it; one that is not given is that of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Least.
    pub min: i64,
    /// Most.
    pub max: i64,
}

impl Bounds {
    /// Everything is within.
    pub const NONE: Bounds = Bounds {
        min: i64::MIN,
        max: i64::MAX,
    };

    /// Whether a value is within.
    #[inline]
    pub const fn hold(self, value: i64) -> bool {
        self.min <= value && value <= self.max
    }
}

/// Declares the bounds by their code word in the file.
macro_rules! bounds {
    ($($(#[$doc:meta])* $field:ident = $code:literal,)+) => {
        /// The bounds of one mode, in thousandths of the unit of their name: g, m, m/h, g for each TEU and km, thousandths of an hour.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct ModeBounds { $($(#[$doc])* pub $field: Bounds,)+ }

        impl ModeBounds {
            /// Everything is within.
            pub const NONE: ModeBounds = ModeBounds { $($field: Bounds::NONE,)+ };

            fn set(&mut self, bound: &str, bounds: Bounds) {
                match bound { $($code => self.$field = bounds,)+ _ => {} }
            }
        }

        /// Bounds that may differ by mode.
        const BY_MODE: &[&str] = &[$($code),+];
    };
}

bounds! {
    /// Cargo of a laden TEU. The upper end is for boxes of unknown type.
    cargo_per_teu = "cargo_kg_per_teu",
    /// An empty box, for each of its TEU.
    empty_per_teu = "empty_kg_per_teu",
    /// Distance, wherever it leads.
    distance = "distance_km",
    /// Distance as a multiple of that of the distance file.
    times_network = "times_network",
    /// Distance as a multiple of the great circle.
    times_great_circle = "times_great_circle",
    /// How far below and above these multiples of the great circle a distance may lie: places are no points.
    leeway = "leeway_km",
    /// Speed from departure to arrival.
    speed = "km_per_hour",
    /// Emissions of reported energy for each TEU and kilometre, g: of fuels at least, of fuels and current at most.
    energy = "co2e_kg_per_teu_km",
    /// Time that a departure may be late or an arrival early in the books, and time that may be spent without moving.
    leeway_time = "leeway_hours",
}

/// A bound of the gross mass of boxes.
const GROSS: &str = "gross_kg";
/// A bound of times.
const DATE: &str = "date";
const WANTED: &str = "gross_kg, cargo_kg_per_teu, empty_kg_per_teu, distance_km, times_network, times_great_circle, leeway_km, \
    km_per_hour, co2e_kg_per_teu_km, leeway_hours or date";

/// The bounds of `plausibility.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plausibility {
    by_mode: ByMode<ModeBounds>,
    /// Most gross mass by container type or pattern of it, g.
    gross: Vec<(Vec<char>, i64)>,
    /// Most gross mass of every other box, g.
    pub any_gross: i64,
    /// Earliest and latest time.
    pub dates: Bounds,
    /// Farthest way from a place to itself, m: the leeway of every mode, since one of its own is for ways round land.
    within_place: Option<i64>,
}

impl Default for Plausibility {
    /// Without the file everything is plausible.
    fn default() -> Plausibility {
        Plausibility {
            by_mode: ByMode::of(|_| ModeBounds::NONE),
            gross: Vec::new(),
            any_gross: i64::MAX,
            dates: Bounds::NONE,
            within_place: None,
        }
    }
}

layout! {
    /// Columns of `plausibility.csv`.
    Cell {
        Bound = "bound" must, Mode = "mode", ContainerType = "container_type", Min = "min", Max = "max",
        SourceRef = "source_ref" must, Note = "note",
    }
}

impl Reference {
    /// Most cargo of a box, g: its most gross mass less its tare; `i64::MAX`: no bound.
    pub fn most_cargo(&self, container_type: &str, found: &ContainerType) -> i64 {
        match self.plausibility.gross(container_type) {
            i64::MAX => i64::MAX,
            gross => gross - found.tare_g.unwrap_or(0),
        }
    }
}

impl Plausibility {
    /// Reads `plausibility.csv`; of two rows for one thing the first counts.
    pub fn parse(file: &DataFile) -> (Plausibility, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut found = Plausibility::default();
        let mut by_mode: FxHashMap<(&str, Option<Mode>), Bounds> = FxHashMap::default();
        let mut has_date = false;
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let bound = row.text(Cell::Bound);
            let known = BY_MODE.contains(&bound) || bound == GROSS || bound == DATE;
            if !known && !bound.is_empty() {
                row.error(Cell::Bound, format!("expected {WANTED}"));
            }
            let mode = row.value(
                Cell::Mode,
                Mode::from_code,
                "road, rail, sea, inland_waterway, air or hub",
            );
            only_for(row, Cell::Mode, BY_MODE.contains(&bound));
            only_for(row, Cell::ContainerType, bound == GROSS);
            only_for(row, Cell::Min, bound != GROSS);
            let bounds = if bound == DATE {
                dates(row)
            } else {
                thousandths(row)
            };
            if row.failed {
                return;
            }
            let code: Vec<char> = row
                .text(Cell::ContainerType)
                .to_uppercase()
                .chars()
                .collect();
            let is_new = match bound {
                DATE => {
                    let is_new = !std::mem::replace(&mut has_date, true);
                    if is_new {
                        found.dates = bounds;
                    }
                    is_new
                }
                GROSS if found.gross.iter().any(|(other, _)| *other == code) => false,
                GROSS => {
                    found.gross.push((code, bounds.max));
                    true
                }
                _ => match BY_MODE.iter().find(|known| **known == bound) {
                    Some(bound) => by_mode.insert((*bound, mode), bounds).is_none(),
                    None => true,
                },
            };
            if !is_new {
                row.error(
                    Cell::Bound,
                    "expected one row for each bound, mode and container type",
                );
            }
        });
        let any = found.gross.iter().find(|(code, _)| code.is_empty());
        found.any_gross = any.map_or(i64::MAX, |(_, most)| *most);
        found.within_place = by_mode.get(&("leeway_km", None)).map(|km| km.max);
        for mode in Mode::ALL {
            for bound in BY_MODE {
                let own = by_mode.get(&(*bound, Some(mode)));
                if let Some(bounds) = own.or_else(|| by_mode.get(&(*bound, None))) {
                    found.by_mode[mode].set(bound, *bounds);
                }
            }
        }
        (found, faults.list)
    }

    /// The bounds of a mode.
    #[inline]
    pub fn of(&self, mode: Mode) -> &ModeBounds {
        &self.by_mode[mode]
    }

    /// Most gross mass of a box of this type, g: the first row that fits, else that of every box.
    pub fn gross(&self, container_type: &str) -> i64 {
        let code: Vec<char> = container_type.to_uppercase().chars().collect();
        let fits = |pattern: &[char]| {
            pattern.len() == code.len()
                && pattern.iter().zip(&code).all(|(p, c)| *p == '?' || p == c)
        };
        let own = self.gross.iter().find(|(pattern, _)| fits(pattern));
        own.map_or(self.any_gross, |(_, most)| *most)
    }

    /// Distances that a mode may have between two places, m, by what the distance file and the great circle say.
    pub fn distance(&self, mode: Mode, network: Option<i64>, great_circle: Option<i64>) -> Bounds {
        let of = self.of(mode);
        let mut bounds = of.distance;
        let mut narrow = |min: i64, max: i64| {
            bounds.min = bounds.min.max(min);
            bounds.max = bounds.max.min(max);
        };
        if let Some(network) = network {
            narrow(
                times(network, of.times_network.min),
                times(network, of.times_network.max),
            );
        }
        if let Some(direct) = great_circle {
            let least = times(direct, of.times_great_circle.min)
                .saturating_sub(of.leeway.min.max(0))
                .min(network.unwrap_or(i64::MAX));
            let beyond = match self.within_place {
                Some(within) if direct == 0 => within,
                _ => of.leeway.max,
            };
            let most = times(direct, of.times_great_circle.max)
                .saturating_add(if beyond == i64::MAX { 0 } else { beyond });
            // A known way says more about detours than the straight line does.
            narrow(least, network.map_or(most, |_| i64::MAX));
        }
        bounds
    }
}

/// `metres` x thousandths; an end that is not given stays none.
fn times(metres: i64, thousandths: i64) -> i64 {
    match thousandths {
        i64::MIN | i64::MAX => thousandths,
        given => metres.saturating_mul(given) / 1000,
    }
}

fn only_for(row: &mut Row, cell: Cell, is_for: bool) {
    if !is_for && !row.text(cell).is_empty() {
        row.error(cell, "expected no value for this bound");
    }
}

fn thousandths(row: &mut Row) -> Bounds {
    let wanted = "a number from 0 to 1000000 with at most 3 decimals, or nothing";
    let mut end = |cell| row.decimal(cell, 3, 0..=1_000_000_000, wanted);
    let (min, max) = (end(Cell::Min), end(Cell::Max));
    ascending(
        row,
        min,
        max,
        row.text(Cell::Bound) != "leeway_km" && row.text(Cell::Bound) != "leeway_hours",
    )
}

fn dates(row: &mut Row) -> Bounds {
    let wanted = "a date as YYYY-MM-DD, or nothing";
    let mut day = |cell| row.value(cell, parse_date, wanted).map(i64::from);
    let min: Option<Instant> = day(Cell::Min).map(|day| day * DAY_US);
    let max: Option<Instant> = day(Cell::Max).map(|day| (day + 1) * DAY_US - 1);
    ascending(row, min, max, true)
}

fn ascending(row: &mut Row, min: Option<i64>, max: Option<i64>, must_ascend: bool) -> Bounds {
    if must_ascend
        && let (Some(min), Some(max)) = (min, max)
        && max < min
    {
        row.error(Cell::Max, "expected no less than `min`");
    }
    Bounds {
        min: min.unwrap_or(i64::MIN),
        max: max.unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::day;

    const HEAD: &str = "bound,mode,container_type,min,max,source_ref,note\n";

    fn parse(rows: &str) -> (Plausibility, Vec<(u64, String)>) {
        let (found, faults) =
            Plausibility::parse(&DataFile::new("plausibility.csv", format!("{HEAD}{rows}")));
        let cells = faults.into_iter().map(|f| (f.line, f.column));
        (found, cells.collect())
    }

    #[test]
    fn a_row_of_the_mode_comes_before_that_of_every_mode() {
        let (found, faults) = parse(
            "km_per_hour,,,5,110.5,a,\nkm_per_hour,air,,,,a,no bound by air\ngross_kg,,22T?,,36000,a,\ngross_kg,,,,30480,a,\ndate,,,2000-01-01,2035-12-31,a,\n",
        );
        assert_eq!(faults, []);
        let speed = |mode| found.of(mode).speed;
        assert_eq!(
            speed(Mode::Road),
            Bounds {
                min: 5_000,
                max: 110_500
            }
        );
        assert_eq!(speed(Mode::Air), Bounds::NONE);
        assert_eq!(
            [found.gross("22t6"), found.gross("45G1")],
            [36_000_000, 30_480_000]
        );
        let at = |d: Option<i32>| i64::from(d.unwrap()) * DAY_US;
        let (first, behind) = (at(day(2000, 1, 1)), at(day(2036, 1, 1)));
        assert!(found.dates.hold(first) && found.dates.hold(behind - 1));
        assert!(!found.dates.hold(first - 1) && !found.dates.hold(behind));
    }

    #[test]
    fn a_known_way_decides_about_detours_and_the_straight_line_about_short_cuts() {
        let (found, faults) = parse(
            "distance_km,sea,,,30000,a,\ntimes_network,,,0.5,2,a,\ntimes_great_circle,,,0.95,3,a,\nleeway_km,,,30,100,a,\n",
        );
        assert_eq!(faults, []);
        let of = |network, direct| {
            let b = found.distance(Mode::Sea, network, direct);
            (b.min, b.max)
        };
        assert_eq!(of(None, None), (i64::MIN, 30_000_000));
        assert_eq!(of(Some(2_000_000), None), (1_000_000, 4_000_000));
        assert_eq!(of(None, Some(1_000_000)), (920_000, 3_100_000));
        assert_eq!(of(Some(2_000_000), Some(1_900_000)), (1_775_000, 4_000_000));
        assert_eq!(
            of(Some(1_500_000), Some(1_900_000)).0,
            1_500_000,
            "the distance file is never implausible itself"
        );
        assert_eq!(of(None, Some(20_000_000)).1, 30_000_000);
        let (own, _) = parse(
            "times_great_circle,,,0.95,3,a,\nleeway_km,,,30,200,a,\nleeway_km,sea,,30,3000,a,\n",
        );
        let most = |direct| own.distance(Mode::Sea, None, Some(direct)).max;
        assert_eq!(
            (most(0), most(1_000)),
            (200_000, 3_003_000),
            "within a place there is no land to go round"
        );
        assert_eq!(
            Plausibility::default().distance(Mode::Sea, Some(1), Some(2)),
            Bounds::NONE
        );
    }

    #[test]
    fn faults_name_their_cells() {
        let (_, faults) = parse(
            "speed,,,1,2,a,\nkm_per_hour,ship,,3,2,,\ngross_kg,road,,1,2,a,\ndate,,45G1,1,,a,\nkm_per_hour,,,1,,a,\nkm_per_hour,,,1,,a,\n",
        );
        let want = [
            (2, "bound"),
            (3, "source_ref"),
            (3, "mode"),
            (3, "max"),
            (4, "mode"),
            (4, "min"),
            (5, "container_type"),
            (5, "min"),
            (7, "bound"),
        ];
        assert_eq!(faults, want.map(|(l, c)| (l, c.to_owned())));
    }
}
