//! What stands in for times that nobody published: speeds by operation, time in hubs between two modes. Only route options use
//! them. For costs there are price levels, which are ranges and no figures.

use super::price_rows::Scope;
use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::library::{Texts, transport_mode};
use crate::factors::table::{self, layout};
use crate::factors::{FactorSet, Text};
use crate::model::id::LocationCode;
use crate::model::mode::Mode;
use crate::model::movement::OperationIndex;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// A speed over a whole element: stops on the way, rests and borders are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speed {
    /// Metres per hour.
    pub metres_per_hour: i64,
    /// Whether nobody published it as such.
    pub is_estimate: bool,
    /// Where it is from.
    pub source_ref: Text,
}

/// Time that a container spends in a hub between two modes, without waiting for a departure that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dwell {
    /// Thousandths of an hour.
    pub hours: i64,
    /// Whether nobody published it as such.
    pub is_estimate: bool,
    /// Where it is from.
    pub source_ref: Text,
}

/// The speeds of `speeds.csv`.
#[derive(Clone, Debug, Default)]
pub struct Speeds {
    /// Those of a region, in the order of their file.
    regional: Vec<(Scope, Mode, Option<OperationIndex>, Speed)>,
    by_mode: FxHashMap<Mode, Speed>,
    by_operation: FxHashMap<OperationIndex, Speed>,
}

/// The dwell times of `dwell.csv`.
#[derive(Clone, Debug, Default)]
pub struct Dwells {
    rows: FxHashMap<(Option<LocationCode>, Mode, Mode), Dwell>,
}

layout! {
    /// Columns of `speeds.csv`.
    SpeedCell {
        Mode = "mode" must, Operation = "operation", KmPerHour = "km_per_hour" must, IsEstimate = "is_estimate" must,
        SourceRef = "source_ref" must, Note = "note", Region = "region",
    }
}

layout! {
    /// Columns of `dwell.csv`.
    DwellCell {
        Place = "place", Before = "before" must, After = "after" must, Hours = "hours" must, IsEstimate = "is_estimate" must,
        SourceRef = "source_ref" must, Note = "note",
    }
}

const MODES: &str = "road, rail, sea, inland_waterway or air";

fn yes(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

impl Speeds {
    /// Reads `speeds.csv`; of two rows for one operation, or for one mode, in one region the first counts.
    pub fn parse(file: &DataFile, factors: &FactorSet) -> (Speeds, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut texts = Texts::default();
        let mut speeds = Speeds::default();
        table::read(file, SpeedCell::LAYOUT, &mut faults, |row| {
            let mode = row.value(SpeedCell::Mode, transport_mode, MODES);
            let operation = row.value(
                SpeedCell::Operation,
                |t| factors.operation(t),
                "an operation of operations.csv",
            );
            if let (Some(mode), Some(operation)) = (mode, operation)
                && factors.operations[operation as usize].mode != mode
            {
                row.error(
                    SpeedCell::Operation,
                    format!("expected an operation of mode {}", mode.code()),
                );
            }
            let wanted = "kilometres per hour above 0, up to 2000, with at most 3 decimals";
            let metres_per_hour = row.decimal(SpeedCell::KmPerHour, 3, 1..=2_000_000, wanted);
            let is_estimate = row.value(SpeedCell::IsEstimate, yes, "yes or no");
            let wanted = "countries and UN/LOCODEs with spaces between, or nothing for everywhere";
            let region = row.value(SpeedCell::Region, Scope::parse, wanted);
            let (Some(mode), Some(metres_per_hour), Some(is_estimate), false) =
                (mode, metres_per_hour, is_estimate, row.failed)
            else {
                return;
            };
            let speed = Speed {
                metres_per_hour,
                is_estimate,
                source_ref: texts.share(row.text(SpeedCell::SourceRef)),
            };
            if let Some(region) = region {
                return speeds.regional.push((region, mode, operation, speed));
            }
            let is_new = match operation {
                Some(operation) => insert_first(&mut speeds.by_operation, operation, speed),
                None => insert_first(&mut speeds.by_mode, mode, speed),
            };
            if !is_new {
                row.warning(
                    SpeedCell::Mode,
                    "an earlier row has this mode and operation already, and wins",
                );
            }
        });
        (speeds, faults.list)
    }

    /// The speed of a way between two places: of a region that both lie in, else of everywhere.
    pub fn between(
        &self,
        operation: OperationIndex,
        mode: Mode,
        (from, to): (LocationCode, LocationCode),
    ) -> Option<&Speed> {
        let is_for = |own: &Option<OperationIndex>| own.is_none_or(|own| own == operation);
        let mut regional = self.regional.iter();
        let found = regional.find(|(region, of, own, _)| {
            *of == mode && is_for(own) && region.has(from) && region.has(to)
        });
        found
            .map(|(.., speed)| speed)
            .or_else(|| self.get(operation, mode))
    }

    /// The speed of an operation, else of its mode, everywhere.
    pub fn get(&self, operation: OperationIndex, mode: Mode) -> Option<&Speed> {
        self.by_operation
            .get(&operation)
            .or_else(|| self.by_mode.get(&mode))
    }
}

impl Dwells {
    /// Reads `dwell.csv`; of two rows with one key the first counts.
    pub fn parse(file: &DataFile) -> (Dwells, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut texts = Texts::default();
        let mut dwells = Dwells::default();
        table::read(file, DwellCell::LAYOUT, &mut faults, |row| {
            let place = row.value(
                DwellCell::Place,
                |t| LocationCode::parse(t.as_bytes()),
                "a UN/LOCODE, or nothing for every place",
            );
            let before = row.value(DwellCell::Before, transport_mode, MODES);
            let after = row.value(DwellCell::After, transport_mode, MODES);
            let hours = row.decimal(
                DwellCell::Hours,
                3,
                0..=10_000_000,
                "hours up to 10000 with at most 3 decimals",
            );
            let is_estimate = row.value(DwellCell::IsEstimate, yes, "yes or no");
            let (Some(before), Some(after), Some(hours), Some(is_estimate), false) =
                (before, after, hours, is_estimate, row.failed)
            else {
                return;
            };
            let dwell = Dwell {
                hours,
                is_estimate,
                source_ref: texts.share(row.text(DwellCell::SourceRef)),
            };
            if !insert_first(&mut dwells.rows, (place, before, after), dwell) {
                row.warning(
                    DwellCell::Place,
                    "an earlier row has this place and these modes already, and wins",
                );
            }
        });
        (dwells, faults.list)
    }

    /// The time in a place between two modes: its own, else that of every place.
    pub fn get(&self, place: LocationCode, before: Mode, after: Mode) -> Option<&Dwell> {
        self.rows
            .get(&(Some(place), before, after))
            .or_else(|| self.rows.get(&(None, before, after)))
    }
}

/// Inserts where nothing is yet; whether it did.
fn insert_first<K: Hash + Eq, V>(map: &mut FxHashMap<K, V>, key: K, value: V) -> bool {
    match map.entry(key) {
        Entry::Vacant(place) => {
            place.insert(value);
            true
        }
        Entry::Occupied(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::testkit::{files, profile, transport};
    use crate::factors::{Library, Profile, Zones};

    fn factors() -> FactorSet {
        let mut list = files(vec![transport("one/1", &["factor_id=a"])]);
        list.push(DataFile::new("profiles/test.toml", profile(&[])));
        let (library, _) = Library::parse(&list);
        let (profile, faults) = Profile::parse("test", list.last().unwrap());
        FactorSet::build(
            &library,
            &profile.unwrap_or_else(|| panic!("{faults:?}")),
            &Zones::default(),
        )
        .0
    }

    #[test]
    fn an_operation_comes_before_its_mode() {
        let factors = factors();
        let text = "mode,operation,km_per_hour,is_estimate,source_ref,note\nsea,,20.5,yes,a,\nsea,sea.feeder,17,no,b,\nsea,,9,yes,c,\n";
        let (speeds, faults) = Speeds::parse(&DataFile::new("speeds.csv", text), &factors);
        assert_eq!(faults.iter().map(|f| f.line).collect::<Vec<_>>(), [4]);
        let feeder = factors.operation("sea.feeder").unwrap();
        let get = |operation, mode| {
            speeds
                .get(operation, mode)
                .map(|s| (s.metres_per_hour, s.is_estimate))
        };
        assert_eq!(get(feeder, Mode::Sea), Some((17_000, false)));
        assert_eq!(get(OperationIndex::MAX, Mode::Sea), Some((20_500, true)));
        assert_eq!(get(OperationIndex::MAX, Mode::Air), None);
    }

    #[test]
    fn a_region_comes_before_everywhere_where_both_ends_lie_in_it() {
        let text = "mode,operation,km_per_hour,is_estimate,source_ref,note,region\nsea,sea.feeder,17,no,a,,\nsea,,20,yes,b,,CN HK\n";
        let factors = factors();
        let (speeds, faults) = Speeds::parse(&DataFile::new("speeds.csv", text), &factors);
        assert!(faults.is_empty(), "{faults:?}");
        let feeder = factors.operation("sea.feeder").unwrap();
        let place = |code: &str| LocationCode::parse(code.as_bytes()).unwrap();
        let get = |from, to| {
            let found = speeds.between(feeder, Mode::Sea, (place(from), place(to)));
            found.map(|s| s.metres_per_hour)
        };
        assert_eq!(get("CNSHA", "HKHKG"), Some(20_000));
        assert_eq!(get("CNSHA", "SGSIN"), Some(17_000));
    }

    #[test]
    fn a_place_comes_before_all_places() {
        let text = "place,before,after,hours,is_estimate,source_ref,note\n,rail,sea,24,yes,a,\nCNQZH,rail,sea,12.5,no,b,\n";
        let (dwells, faults) = Dwells::parse(&DataFile::new("dwell.csv", text));
        assert!(faults.is_empty(), "{faults:?}");
        let get = |code: &str, before, after| {
            dwells
                .get(LocationCode::parse(code.as_bytes()).unwrap(), before, after)
                .map(|d| d.hours)
        };
        assert_eq!(get("CNQZH", Mode::Rail, Mode::Sea), Some(12_500));
        assert_eq!(get("CNFAN", Mode::Rail, Mode::Sea), Some(24_000));
        assert_eq!(
            get("CNQZH", Mode::Sea, Mode::Rail),
            None,
            "direction counts"
        );
    }

    #[test]
    fn faults_name_their_cells() {
        let speeds = "mode,operation,km_per_hour,is_estimate,source_ref,note\nship,,1,yes,a,\nsea,sea.raft,0,maybe,,\nrail,sea.feeder,3,no,b,\n";
        let (_, faults) = Speeds::parse(&DataFile::new("speeds.csv", speeds), &factors());
        let cells = |faults: &[Fault]| {
            faults
                .iter()
                .map(|f| (f.line, f.column.clone()))
                .collect::<Vec<_>>()
        };
        let want = [
            (2, "mode"),
            (3, "source_ref"),
            (3, "operation"),
            (3, "km_per_hour"),
            (3, "is_estimate"),
            (4, "operation"),
        ];
        assert_eq!(cells(&faults), want.map(|(l, c)| (l, c.to_owned())));
        let dwell =
            "place,before,after,hours,is_estimate,source_ref,note\nQinzhou,hub,sea,-1,no,a,\n";
        let (_, faults) = Dwells::parse(&DataFile::new("dwell.csv", dwell));
        assert_eq!(
            cells(&faults),
            ["place", "before", "hours"].map(|c| (2, c.to_owned()))
        );
    }
}
