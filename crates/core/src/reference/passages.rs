//! When ships keep out of which passage of the sea: `passages.csv` and files of one's own on top of it.

use super::{DataFile, Fault};
use crate::factors::fault::Faults;
use crate::factors::library::Texts;
use crate::factors::table::{self, layout};
use crate::factors::{FactorSet, Text};
use crate::geo::sea::{Closures, Passages};
use crate::model::mode::Mode;
use crate::model::movement::OperationIndex;
use crate::model::time::{Day, NO_END, NO_START, parse_date};

/// A time in which ships of some kinds go through a passage or keep out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spell {
    /// The passage.
    pub passage: Passages,
    /// First day, and first day after.
    pub days: (Day, Day),
    /// Whether they keep out of it.
    pub is_avoided: bool,
    /// Sea operations that it is of, in order; empty: all.
    operations: Vec<OperationIndex>,
    /// Where it is from.
    pub source_ref: Text,
}

impl Spell {
    fn is_of(&self, operation: OperationIndex) -> bool {
        self.operations.is_empty() || self.operations.contains(&operation)
    }

    fn contradicts(&self, other: &Spell) -> bool {
        let share_kind = self.operations.is_empty()
            || other.operations.is_empty()
            || self.operations.iter().any(|o| other.is_of(*o));
        let share_day = self.days.0 < other.days.1 && other.days.0 < self.days.1;
        self.passage == other.passage
            && self.is_avoided != other.is_avoided
            && share_kind
            && share_day
    }
}

/// The spells of own files and of `passages.csv`. What no row speaks of is open.
#[derive(Clone, Debug, Default)]
pub struct PassageTimes {
    /// Own ones before those that are shipped: the first that speaks of a passage decides.
    spells: Vec<Spell>,
}

layout! {
    /// Columns of `passages.csv`.
    Cell {
        Passage = "passage" must, From = "from", To = "to", State = "state" must, VesselKinds = "vessel_kinds",
        SourceRef = "source_ref" must, Note = "note",
    }
}

impl PassageTimes {
    /// Reads `passages.csv`. Two rows of one file that say the opposite of one passage, kind and day are an error.
    pub fn parse(file: &DataFile, factors: &FactorSet) -> (PassageTimes, Vec<Fault>) {
        let mut faults = Faults::default();
        let mut texts = Texts::default();
        let mut spells: Vec<Spell> = Vec::new();
        table::read(file, Cell::LAYOUT, &mut faults, |row| {
            let passage = row.value(Cell::Passage, Passages::parse, &Passages::CODES.join(", "));
            let day = "a date as YYYY-MM-DD, or nothing";
            let from = row.value(Cell::From, parse_date, day).unwrap_or(NO_START);
            let to = row.value(Cell::To, parse_date, day).unwrap_or(NO_END);
            let state = row.value(Cell::State, is_avoided, "open or avoided");
            let kinds = row.text(Cell::VesselKinds).split_whitespace();
            let mut operations = Vec::new();
            for kind in kinds.clone() {
                let of_kind = of_kind(kind, factors);
                if of_kind.is_empty() {
                    // A library of one's own may have no such vessels, and then the row says nothing.
                    row.warning(
                        Cell::VesselKinds,
                        format!("no sea operation of the library is of the kind {kind}: none begins with sea.{kind}"),
                    );
                }
                operations.extend(of_kind);
            }
            let (Some(passage), Some(is_avoided), false) = (passage, state, row.failed) else {
                return;
            };
            if operations.is_empty() && kinds.count() > 0 {
                return;
            }
            if to <= from {
                return row.error(
                    Cell::To,
                    "expected a day after `from`: the first one after it",
                );
            }
            let spell = Spell {
                passage,
                days: (from, to),
                is_avoided,
                operations,
                source_ref: texts.share(row.text(Cell::SourceRef)),
            };
            if spells.iter().any(|earlier| spell.contradicts(earlier)) {
                return row.error(
                    Cell::State,
                    "expected the state of an earlier row for this passage, kind of vessel and day",
                );
            }
            spells.push(spell);
        });
        (PassageTimes { spells }, faults.list)
    }

    /// Puts the rows of an own file on top: they win over those that are here.
    pub fn put_on_top(&mut self, mut own: PassageTimes) {
        own.spells.append(&mut self.spells);
        self.spells = own.spells;
    }

    /// What vessels of an operation go round on a day. Ice is closed to all.
    pub fn closures(&self, day: Day, operation: OperationIndex) -> Closures {
        let (mut known, mut avoided) = (Passages::NONE, Passages::NONE);
        let today = |s: &&Spell| s.is_of(operation) && s.days.0 <= day && day < s.days.1;
        for spell in self.spells.iter().filter(today) {
            if spell.is_avoided && !spell.passage.meets(known) {
                avoided = avoided.with(spell.passage);
            }
            known = known.with(spell.passage);
        }
        Closures {
            closed: Passages::USUALLY_CLOSED,
            avoided,
        }
    }

    /// The other state of the passages that have one: all open on a day when one of them is avoided, else all avoided. What is
    /// avoided without a date stays so. Equal to [`PassageTimes::closures`] where there is no other state.
    pub fn other_closures(&self, day: Day, operation: OperationIndex) -> Closures {
        let today = self.closures(day, operation);
        let avoided = self
            .spells
            .iter()
            .filter(|s| s.is_avoided && s.is_of(operation));
        let dated = avoided.filter(|s| s.days != (NO_START, NO_END));
        let dated = dated.fold(Passages::NONE, |all, s| all.with(s.passage));
        let avoided = match today.avoided.meets(dated) {
            true => today.avoided.without(dated),
            false => today.avoided.with(dated),
        };
        Closures { avoided, ..today }
    }

    /// What the other state is, in words.
    pub fn other_state(&self, day: Day, operation: OperationIndex) -> String {
        let now = self.closures(day, operation).avoided;
        let then = self.other_closures(day, operation).avoided;
        match now.without(then) {
            Passages::NONE => format!("without {}", then.without(now)),
            open => format!("with {open} open"),
        }
    }

    /// Days on which something changes.
    pub fn changes(&self) -> impl Iterator<Item = Day> {
        let days = self.spells.iter().flat_map(|s| [s.days.0, s.days.1]);
        days.filter(|d| *d != NO_START && *d != NO_END)
    }

    /// Every row, own ones first.
    pub fn spells(&self) -> &[Spell] {
        &self.spells
    }
}

/// A sea leg and what the state of the passages does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeaWay {
    /// Length with the passages as they are on the day, metres.
    pub metres: u64,
    /// Length with the passages in their other state, where that is another ([`PassageTimes::other_closures`]).
    pub other_m: Option<u64>,
}

impl SeaWay {
    /// From the lengths in both states, by who searched them.
    pub fn of(metres: u64, other_m: Option<u64>) -> SeaWay {
        SeaWay {
            metres,
            other_m: other_m.filter(|other| *other != metres),
        }
    }

    /// Whether the longer of the two is more than 5 % above the shorter (Q38).
    pub fn depends_on_passages(&self) -> bool {
        self.other_m.is_some_and(|other| {
            let (short, long) = (self.metres.min(other), self.metres.max(other));
            (long - short) * 20 > short
        })
    }
}

impl PassageTimes {
    /// The way between two ports as it is on a day for vessels of an operation: the one answer of runs and comparisons.
    /// `length` searches the sea graph, or remembers what was searched. `None`: no way at all.
    pub fn sea_way(
        &self,
        day: Day,
        operation: OperationIndex,
        mut length: impl FnMut(Closures) -> Option<u64>,
    ) -> Option<SeaWay> {
        let (today, other) = (
            self.closures(day, operation),
            self.other_closures(day, operation),
        );
        let metres = length(today)?;
        let other_m = if other == today { None } else { length(other) };
        Some(SeaWay::of(metres, other_m))
    }
}

fn is_avoided(text: &str) -> Option<bool> {
    match text {
        "avoided" => Some(true),
        "open" => Some(false),
        _ => None,
    }
}

/// Sea operations of a kind of vessel: `container` are `sea.container`, `sea.container_feeder` and so on.
fn of_kind(kind: &str, factors: &FactorSet) -> Vec<OperationIndex> {
    let is_it = |code: &str| {
        let class = code.strip_prefix("sea.").and_then(|c| c.strip_prefix(kind));
        class.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let sea = factors
        .operations
        .iter()
        .filter(|o| o.mode == Mode::Sea && is_it(&o.code));
    sea.filter_map(|o| factors.operation(&o.code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::testkit::{files, profile, transport};
    use crate::factors::{Library, Profile, Zones};

    const HEAD: &str = "passage,from,to,state,vessel_kinds,source_ref\n";

    /// Sea operations: container, container_feeder, containerised, roro.
    fn factors() -> FactorSet {
        let mut list = files(vec![transport("one/1", &["factor_id=a"])]);
        let operations = list
            .iter_mut()
            .find(|f| f.path == "operations.csv")
            .unwrap();
        for class in ["container", "container_feeder", "containerised", "roro"] {
            let row = format!("sea.{class},sea,transport,,x,\n");
            operations.bytes.extend(row.into_bytes());
        }
        list.push(DataFile::new("profiles/test.toml", profile(&[])));
        let (library, _) = Library::parse(&list);
        let (profile, faults) = Profile::parse("test", list.last().unwrap());
        let profile = profile.unwrap_or_else(|| panic!("{faults:?}"));
        FactorSet::build(&library, &profile, &Zones::default()).0
    }

    fn day(text: &str) -> Day {
        parse_date(text).unwrap()
    }

    fn parse(rows: &str, factors: &FactorSet) -> (PassageTimes, Vec<Fault>) {
        PassageTimes::parse(
            &DataFile::new("passages.csv", format!("{HEAD}{rows}")),
            factors,
        )
    }

    #[test]
    fn a_passage_is_avoided_by_some_vessels_for_some_time_and_own_rows_win() {
        let factors = factors();
        let rows =
            "suez,2023-12-15,2026-03-01,avoided,container,a\npanama,2024-01-01,,avoided,,a\n";
        let (mut times, faults) = parse(rows, &factors);
        assert!(faults.is_empty(), "{faults:?}");
        let of = |times: &PassageTimes, class: &str, date: &str| {
            let operation = factors.operation(&format!("sea.{class}")).unwrap();
            times.closures(day(date), operation).avoided.to_string()
        };
        assert_eq!(of(&times, "container", "2023-12-14"), "");
        assert_eq!(of(&times, "container", "2023-12-15"), "suez");
        assert_eq!(of(&times, "container_feeder", "2026-02-28"), "panama, suez");
        assert_eq!(
            of(&times, "container_feeder", "2026-03-01"),
            "panama",
            "first day after"
        );
        assert_eq!(
            of(&times, "containerised", "2024-06-01"),
            "panama",
            "another kind"
        );
        assert_eq!(of(&times, "roro", "2024-06-01"), "panama");
        assert_eq!(
            times.changes().collect::<Vec<_>>(),
            ["2023-12-15", "2026-03-01", "2024-01-01"].map(day)
        );
        let (own, faults) = parse("suez,2025-01-01,2025-07-01,open,container,b\n", &factors);
        assert!(faults.is_empty(), "{faults:?}");
        times.put_on_top(own);
        assert_eq!(of(&times, "container", "2025-06-30"), "panama");
        assert_eq!(of(&times, "container", "2025-07-01"), "panama, suez");
    }

    #[test]
    fn the_other_state_is_all_open_or_all_that_is_ever_avoided() {
        let factors = factors();
        let rows = "suez,2023-12-15,,avoided,container,a\npanama,,,avoided,container,a\n";
        let (times, _) = parse(rows, &factors);
        let container = factors.operation("sea.container").unwrap();
        let roro = factors.operation("sea.roro").unwrap();
        let other = |date, operation| {
            times
                .other_closures(day(date), operation)
                .avoided
                .to_string()
        };
        assert_eq!(other("2023-01-01", container), "panama, suez");
        assert_eq!(other("2024-01-01", container), "panama", "at no time open");
        assert_eq!(
            other("2024-01-01", roro),
            "",
            "never avoided: no other state"
        );
        let lengths = |around: Closures| {
            Some(if around.avoided.meets(Passages::parse("suez")?) {
                106
            } else {
                100
            })
        };
        let before = times
            .sea_way(day("2023-01-01"), container, lengths)
            .unwrap();
        let after = times
            .sea_way(day("2024-01-01"), container, lengths)
            .unwrap();
        assert_eq!((before.metres, before.other_m), (100, Some(106)));
        assert_eq!((after.metres, after.other_m), (106, Some(100)));
        assert!(before.depends_on_passages() && after.depends_on_passages());
        assert!(
            !SeaWay::of(100, Some(105)).depends_on_passages(),
            "5 % is not more than 5 %"
        );
        let never = times.sea_way(day("2024-01-01"), roro, lengths).unwrap();
        assert_eq!(
            never,
            SeaWay {
                metres: 100,
                other_m: None
            }
        );
    }

    #[test]
    fn rows_that_contradict_or_say_nothing_are_faults() {
        let rows = "Suez,,,avoided,,a\nsuez,2024-02-30,,avoided,,a\nsuez,2024-02-02,2024-02-02,avoided,,a\n\
            suez,,,closed,,a\nsuez,,,avoided,raft,a\nsuez,,,avoided,container,\n\
            panama,2024-01-01,2024-02-01,avoided,,a\npanama,2024-01-31,,open,container,b\npanama,2024-02-01,,open,,c\n";
        let (times, faults) = parse(rows, &factors());
        let cells: Vec<_> = faults.iter().map(|f| (f.line, f.column.as_str())).collect();
        let want = [
            (2, "passage"),
            (3, "from"),
            (4, "to"),
            (5, "state"),
            (6, "vessel_kinds"),
            (7, "source_ref"),
            (9, "state"),
        ];
        assert_eq!(cells, want);
        assert_eq!(times.spells().len(), 2);
    }
}
