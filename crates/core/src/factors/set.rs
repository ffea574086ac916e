//! The factors of a profile: composed, checked against profile and zones, and compiled for questions.
//!
//! Answering them is `select`; putting the answer in words is `candidates`.

use super::compose::compose;
use super::factor::{EmissionFactor, GwpSet, Operation, Section, Source, Text};
use super::fault::{Fault, Faults};
use super::intervals;
use super::library::{Library, LibraryRow};
use super::profile::{AfterLastEdition, BeforeFirstEdition, Prefer, Profile};
use super::region::Region;
use super::select::{Criteria, Entry, GroupKey, RankKey, uplifted};
use super::zones::Zones;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::index::index16;
use crate::model::index::index32;
use crate::model::mode::{ByMode, Mode, Temperature};
use crate::model::movement::OperationIndex;
use crate::model::symbol::{Symbol, Symbols};
use crate::model::time::{Day, NO_END, months_after};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// More factors than this in one set point to a mistake in the library, and would no longer load in a moment.
const MAX_FACTORS: usize = 4_000_000;

/// The factors of a profile, compiled for questions.
#[derive(Clone, Debug)]
pub struct FactorSet {
    /// Operations in file order; the index is the [`OperationIndex`].
    pub operations: Vec<Operation>,
    /// Sources of the library; the index is [`EmissionFactor::source`].
    pub sources: Vec<Source>,
    /// Transport and hub factors in order of file and line, each row's composed ones in the order of the energy rows, then
    /// the energy rows; the index is the [`crate::model::element::FactorIndex`].
    pub factors: Vec<EmissionFactor>,
    pub(super) ranks: Vec<Rank>,
    pub(super) regions: Vec<Region>,
    pub(super) symbols: Symbols,
    /// Usual energy carrier by operation.
    pub(super) usual: Vec<Symbol>,
    pub(super) groups: FxHashMap<GroupKey, Range<u32>>,
    pub(super) entries: Vec<Entry>,
    /// Days on which some validity, reference period or largest age starts or ends, ascending.
    boundaries: Vec<Day>,
    /// Months after its reference period from which a carrier's figure is refused, if there is a limit.
    pub max_primary_age_months: Option<u32>,
    pub(super) ignore_validity: bool,
    pub(super) use_latest: bool,
    pub(super) prefer: Prefer,
    /// By mode, millionths.
    pub(super) uplift: ByMode<Option<i64>>,
}

/// What the order of factors looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rank {
    /// Narrowness of the region that the row names.
    pub region: u64,
    /// Place of its source in the profile, from 0.
    pub source: u32,
    /// Narrowness of the energy row's region; 0 when not composed.
    pub energy_region: u64,
    /// Place of the energy row's source in the profile.
    pub energy_source: u32,
    /// Regions of the set: of the factor (contained one).
    pub covers: u32,
    pub carrier: Symbol,
    pub energy_carrier: Symbol,
    /// First day on which the factor may be used: where it becomes valid, or no day is too early.
    pub applies_from: Day,
    /// Q05, Q19 and Q40.
    pub flags: Flags,
}

impl FactorSet {
    /// Composes, checks and compiles the factors of a profile. Faults are errors that forbid using the set, and warnings.
    pub fn build(library: &Library, profile: &Profile, zones: &Zones) -> (FactorSet, Vec<Fault>) {
        let mut faults = Faults::default();
        check_profile(library, profile, &mut faults);
        let builder = Builder::new(library, profile, zones, &mut faults);
        let set = builder.build(&mut faults);
        set.check_uplifts(&mut faults);
        (set, faults.list)
    }

    /// Number of the interval between validity limits that a day lies in: `select` answers alike on all its days.
    pub fn epoch(&self, day: Day) -> u32 {
        index32(self.boundaries.partition_point(|b| *b <= day))
    }

    /// The last day after `first`, up to `last`, on which a validity starts or ends.
    pub fn last_boundary(&self, first: Day, last: Day) -> Option<Day> {
        self.boundaries
            .iter()
            .rev()
            .copied()
            .find(|d| *d <= last)
            .filter(|d| *d > first)
    }

    /// Makes epochs end on further days, on which something else changes that a lane depends on.
    pub fn differ_also_on(&mut self, days: impl Iterator<Item = Day>) {
        self.boundaries.extend(days);
        in_order(&mut self.boundaries);
    }

    /// Refuses carriers' figures for activity more than this many months after their reference period.
    pub fn limit_primary_age(&mut self, months: u32) {
        self.max_primary_age_months = Some(months);
        let ends = self.factors.iter().filter_map(|f| f.reference);
        self.boundaries
            .extend(ends.map(|(_, to)| months_after(to, months)));
        in_order(&mut self.boundaries);
    }

    /// Whether a factor is too old for activity on a day.
    pub(super) fn is_too_old(&self, factor: &EmissionFactor, day: Day) -> bool {
        (factor.reference.zip(self.max_primary_age_months))
            .is_some_and(|((_, to), months)| months_after(to, months) <= day)
    }

    /// The operation with this code.
    pub fn operation(&self, code: &str) -> Option<OperationIndex> {
        self.operations
            .iter()
            .position(|o| &*o.code == code)
            .map(index16)
    }

    /// The edition that a factor stands in.
    pub fn source_of(&self, factor: &EmissionFactor) -> &Source {
        &self.sources[factor.source as usize]
    }

    /// Whether the factor's region covers a movement from one place to another.
    pub fn covers(&self, factor: u32, origin: LocationCode, destination: LocationCode) -> bool {
        self.regions[self.ranks[factor as usize].covers as usize].covers(origin, destination)
    }

    /// Values beyond `Decimal(18,9)` after uplift, found at load and not on some night.
    fn check_uplifts(&self, faults: &mut Faults) {
        for factor in &self.factors {
            let Some(operation) = factor
                .operation
                .filter(|_| factor.temperature == Temperature::Ambient)
            else {
                continue;
            };
            let Some(uplift) = self.uplift[self.operations[operation as usize].mode] else {
                continue;
            };
            if factor.intensity.each(|v| uplifted(v, uplift)).is_none() {
                faults.error(
                    &factor.file,
                    factor.line,
                    "",
                    &factor.id,
                    "expected grams below 10^9 after the refrigerated uplift",
                );
            }
        }
    }
}

/// What the profile names must be in the library.
fn check_profile(library: &Library, profile: &Profile, faults: &mut Faults) {
    for (folder, line) in &profile.sources {
        if !library.sources.iter().any(|s| *s.folder == **folder) {
            faults.error(
                &profile.file,
                *line,
                "sources",
                folder,
                "expected a source/edition of sources.csv",
            );
        }
    }
    let mut check = |key: &str, line: u64, code: &str, wanted: Mode| match library.operation(code) {
        None => faults.error(
            &profile.file,
            line,
            key,
            code,
            "expected an operation of operations.csv",
        ),
        Some(found) if library.operations[found as usize].mode != wanted => faults.error(
            &profile.file,
            line,
            key,
            code,
            format!("expected an operation of mode {}", wanted.code()),
        ),
        Some(_) => {}
    };
    for (mode, code, line) in &profile.default_operation {
        check(
            &format!("default_operation.{}", mode.code()),
            *line,
            code,
            *mode,
        );
    }
    for hub in &profile.hub {
        check("hub.operation", hub.line, &hub.operation, Mode::Hub);
    }
}

struct Builder<'l> {
    library: &'l Library,
    profile: &'l Profile,
    regions: Vec<Option<Region>>,
    /// Place in the profile by source, if it is there.
    order: Vec<Option<u32>>,
    factors: Vec<EmissionFactor>,
    ranks: Vec<Rank>,
    /// Energy rows of the profile by energy carrier, with their number among energy rows.
    energy: FxHashMap<Symbol, Vec<(u32, &'l LibraryRow)>>,
    /// Whether one region lies in another, asked once for each pair.
    within: FxHashMap<(u32, u32), bool>,
}

impl<'l> Builder<'l> {
    fn new(
        library: &'l Library,
        profile: &'l Profile,
        zones: &Zones,
        faults: &mut Faults,
    ) -> Builder<'l> {
        let resolved: Vec<_> = library
            .regions
            .iter()
            .map(|name| Region::resolve(name, zones))
            .collect();
        // Rows of other sources are checked too: a library is right or wrong as a whole.
        for row in &library.rows {
            if let Err(name) = &resolved[row.region as usize] {
                let wanted = format!(
                    "expected GLOBAL, zones of zones.csv or ISO 3166 alpha-2 countries; {name} is none"
                );
                faults.error(
                    &row.factor.file,
                    row.factor.line,
                    "region",
                    &row.factor.region,
                    wanted,
                );
            }
        }
        let place = |s: &Source| {
            profile
                .sources
                .iter()
                .position(|(folder, _)| **folder == *s.folder)
                .map(index32)
        };
        Builder {
            library,
            profile,
            regions: resolved.into_iter().map(Result::ok).collect(),
            order: library.sources.iter().map(place).collect(),
            factors: Vec::with_capacity(library.rows.len()),
            ranks: Vec::with_capacity(library.rows.len()),
            energy: FxHashMap::default(),
            within: FxHashMap::default(),
        }
    }

    fn build(mut self, faults: &mut Faults) -> FactorSet {
        let usable = |r: &&LibraryRow| {
            self.order[r.factor.source as usize].is_some()
                && self.regions[r.region as usize].is_some()
        };
        let rows: Vec<&LibraryRow> = self.library.rows.iter().filter(usable).collect();
        for row in &rows {
            self.check_gwp_set(row, faults);
        }
        intervals::gaps(self.library, rows.iter().copied(), faults);
        let (energy, activity): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|r| r.factor.section == Section::Energy);
        for (number, row) in energy.iter().enumerate() {
            self.energy
                .entry(row.energy_carrier)
                .or_default()
                .push((index32(number), row));
        }
        for row in activity {
            match row.energy {
                None => self.push(row.factor.clone(), self.rank(row)),
                Some(_) => self.compose_all(row, faults),
            }
        }
        let first_energy = index32(self.factors.len());
        for composed in self.factors.iter_mut().filter_map(|f| f.composed.as_mut()) {
            composed.energy += first_energy;
        }
        for row in energy {
            self.push(row.factor.clone(), self.rank(row));
        }
        self.finish()
    }

    fn check_gwp_set(&self, row: &LibraryRow, faults: &mut Faults) {
        let set = row.factor.gwp_set;
        if !self.profile.gwp_sets.contains(&set) {
            let admitted: Vec<_> = self.profile.gwp_sets.iter().map(|g| g.code()).collect();
            let line: Vec<_> = (admitted.iter().chain([&set.code()]))
                .map(|code| format!("{code:?}"))
                .collect();
            let wanted = format!(
                "expected a GWP set of profile {}: {}; {} admits it with the line gwp_sets = [{}]",
                self.profile.name,
                admitted.join(", "),
                self.profile.file,
                line.join(", ")
            );
            faults.error(
                &row.factor.file,
                row.factor.line,
                "gwp_set",
                set.code(),
                wanted,
            );
        }
    }

    /// The region of a row; only rows with one come here.
    fn region(&self, row: &LibraryRow) -> &Region {
        self.regions[row.region as usize]
            .as_ref()
            .expect("rows whose region is unknown are left out")
    }

    fn rank(&self, row: &LibraryRow) -> Rank {
        let region = self.region(row);
        Rank {
            region: region.narrowness(),
            source: self.order[row.factor.source as usize].unwrap_or(u32::MAX),
            energy_region: 0,
            energy_source: 0,
            covers: row.region,
            carrier: row.carrier,
            energy_carrier: row.energy_carrier,
            applies_from: row.factor.valid_from,
            flags: Flags::WIDER_REGION.when(region.is_wide())
                | weak(row.factor.gwp_set)
                | Flags::CARRIER_BASIS_ASSUMED.when(row.factor.basis_assumed),
        }
    }

    fn push(&mut self, factor: EmissionFactor, rank: Rank) {
        self.factors.push(factor);
        self.ranks.push(rank);
    }

    fn compose_all(&mut self, row: &'l LibraryRow, faults: &mut Faults) {
        let before = self.factors.len();
        let energy = self
            .energy
            .get(&row.energy_carrier)
            .cloned()
            .unwrap_or_default();
        for (number, energy_row) in energy {
            let Some((covers, contained)) = self.contained(row, energy_row) else {
                continue;
            };
            match compose(row, energy_row, number, &contained) {
                Ok(None) => {}
                Ok(Some(_)) if self.factors.len() >= MAX_FACTORS => {
                    return faults.error(
                        &row.factor.file,
                        row.factor.line,
                        "",
                        &row.factor.id,
                        "expected at most 4000000 factors in a profile",
                    );
                }
                Ok(Some(factor)) => {
                    let (own, other) = (self.rank(row), self.rank(energy_row));
                    let rank = Rank {
                        energy_region: other.region,
                        energy_source: other.source,
                        covers,
                        applies_from: factor.valid_from,
                        flags: own.flags | other.flags,
                        ..own
                    };
                    self.push(factor, rank);
                }
                Err(()) => {
                    let wanted = format!(
                        "expected grams below 10^9 after composition with {}",
                        energy_row.factor.id
                    );
                    faults.error(
                        &row.factor.file,
                        row.factor.line,
                        "energy_quantity",
                        "",
                        wanted,
                    );
                }
            }
        }
        if self.factors.len() == before {
            let wanted = "fits no energy row of the profile (carrier, unit, region, validity): it yields no factor";
            faults.warning(
                &row.factor.file,
                row.factor.line,
                "energy_carrier",
                &row.factor.energy_carrier,
                wanted,
            );
        }
    }

    /// The narrower of two regions, if one lies in the other.
    fn contained(&mut self, row: &LibraryRow, energy: &LibraryRow) -> Option<(u32, Text)> {
        if self.is_within(energy.region, row.region) {
            Some((energy.region, energy.factor.region.clone()))
        } else if self.is_within(row.region, energy.region) {
            Some((row.region, row.factor.region.clone()))
        } else {
            None
        }
    }

    fn is_within(&mut self, inner: u32, outer: u32) -> bool {
        if inner == outer {
            return true;
        }
        let regions = &self.regions;
        let ask = || {
            regions[inner as usize]
                .as_ref()
                .zip(regions[outer as usize].as_ref())
                .is_some_and(|(a, b)| a.is_within(b))
        };
        *self.within.entry((inner, outer)).or_insert_with(ask)
    }

    fn finish(self) -> FactorSet {
        let mut symbols = self.library.symbols.clone();
        let usual = self
            .library
            .operations
            .iter()
            .map(|o| symbols.intern(&o.energy_carrier))
            .collect();
        let ignore_validity = self.profile.ignore_validity;
        let use_earliest = self.profile.before_first_edition == BeforeFirstEdition::UseEarliest;
        let mut boundaries: Vec<Day> = Vec::new();
        if !ignore_validity {
            boundaries = self
                .factors
                .iter()
                .flat_map(|f| [f.valid_from, f.valid_to])
                .filter(|d| *d != NO_END)
                .collect();
        }
        boundaries.extend(
            (self.factors.iter())
                .filter_map(|f| f.reference)
                .flat_map(|(from, to)| [from, to]),
        );
        in_order(&mut boundaries);
        // A region that nobody could resolve belongs to no factor; any other one keeps the indices straight.
        let unused = || {
            Region::resolve(&super::region::RegionName::Global, &Zones::default())
                .expect("GLOBAL needs no zone")
        };
        let mut set = FactorSet {
            operations: self.library.operations.clone(),
            sources: self.library.sources.clone(),
            factors: self.factors,
            ranks: self.ranks,
            regions: self
                .regions
                .into_iter()
                .map(|r| r.unwrap_or_else(unused))
                .collect(),
            symbols,
            usual,
            groups: FxHashMap::default(),
            entries: Vec::new(),
            boundaries,
            max_primary_age_months: None,
            ignore_validity,
            use_latest: self.profile.after_last_edition == AfterLastEdition::UseLatest,
            prefer: self.profile.prefer,
            uplift: self.profile.refrigerated_uplift,
        };
        if use_earliest && !ignore_validity {
            set.apply_before_first();
        }
        set.index();
        set
    }
}

impl FactorSet {
    /// Groups the factors by what a question must match exactly, each group in the order in which valid ones are preferred.
    fn index(&mut self) {
        let key = |i: usize| GroupKey {
            operation: self.factors[i].operation,
            temperature: self.factors[i].temperature,
            carrier: self.ranks[i].carrier,
            energy_carrier: self.ranks[i].energy_carrier,
        };
        let transport = Criteria::new(self.prefer, false);
        let energy = Criteria::energy(false);
        let criteria = |key: &GroupKey| {
            if key.operation.is_none() {
                &energy
            } else {
                &transport
            }
        };
        // What the comparison looks at stands beside the key, so that sorting does not run after every factor again and again.
        let mut order: Vec<(GroupKey, RankKey, u32)> = (0..self.factors.len())
            .map(|i| {
                let (key, i) = (key(i), index32(i));
                (key, self.rank_key(criteria(&key), i), i)
            })
            .collect();
        order.sort_unstable_by(|a, b| {
            let by_rank = (&a.0, &a.1).cmp(&(&b.0, &b.1));
            by_rank
                .then_with(|| self.compare(criteria(&a.0), a.2, b.2))
                .then(a.2.cmp(&b.2))
        });
        let entry = |&(_, _, i): &(GroupKey, RankKey, u32)| {
            let rank = &self.ranks[i as usize];
            Entry {
                applies_from: rank.applies_from,
                valid_to: self.factors[i as usize].valid_to,
                region: rank.covers,
                factor: i,
            }
        };
        self.entries = order.iter().map(entry).collect();
        let mut start = 0;
        for group in order.chunk_by(|a, b| a.0 == b.0) {
            let end = start + index32(group.len());
            self.groups.insert(group[0].0, start..end);
            start = end;
        }
    }
}

fn in_order(days: &mut Vec<Day>) {
    days.sort_unstable();
    days.dedup();
}

/// Q19: the set of either row.
fn weak(set: GwpSet) -> Flags {
    Flags::WEAK_GWP_SET.when(set.is_weak())
}
