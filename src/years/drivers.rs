//! Two periods as drivers: what activity, mode mix and intensity contribute to the difference, by group and mode, in whole micrograms that add
//! up, and the lanes that both periods have.

use crate::error::{Error, Result};
use crate::exact::{Exact, parted};
use crate::years::period::{Cell, Figures, Group, Key, Lane, Use, is_break};
use crate::years::rounding::{Row, rounded};
use crate::years::shapley::{Effects, Side, split};
use std::collections::{BTreeMap, BTreeSet};

/// Parts of a difference, micrograms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// More or less was moved.
    pub activity: i128,
    /// Another share went by each mode.
    pub mix: i128,
    /// A unit of activity emits more or less.
    pub intensity: i128,
    /// Of the intensity: another edition of the same factor, because the year is another.
    pub factor_year: i128,
    /// Of the factor year: over an edition that is marked as a method break, so no progress.
    pub method_break: i128,
    /// Emissions of a mode without activity in one of the periods, which nothing splits.
    pub unsplit: i128,
}

impl Parts {
    /// What the difference is.
    pub fn total(&self) -> i128 {
        self.activity + self.mix + self.intensity + self.unsplit
    }

    pub(super) fn add(&mut self, other: &Parts) {
        self.activity += other.activity;
        self.mix += other.mix;
        self.intensity += other.intensity;
        self.factor_year += other.factor_year;
        self.method_break += other.method_break;
        self.unsplit += other.unsplit;
    }
}

/// A mode of a group in both periods.
#[derive(Clone, Debug)]
pub struct Drivers {
    /// Corridor, load status, basis.
    pub group: Group,
    /// Mode.
    pub mode: &'static str,
    /// Base period, restated where a restated run was given.
    pub before: Use,
    /// New period.
    pub after: Use,
    /// Why they differ.
    pub parts: Parts,
    /// Activity, mix and intensity in kg as they are before they are rounded, `n/d`.
    pub exact: [String; 3],
    /// The same of all modes of the group.
    pub exact_of_group: [String; 3],
    /// The same lanes in both periods: how many, before, after.
    pub like: (usize, Use, Use),
}

/// A lane that both periods have.
#[derive(Clone, Debug)]
pub(super) struct LikeLane {
    /// Corridor, load status, basis.
    pub group: Group,
    /// Mode.
    pub mode: &'static str,
    /// Origin and destination.
    pub lane: [String; 2],
    /// Base period.
    pub before: Use,
    /// New period.
    pub after: Use,
}

/// Activity of a group before and after.
type Activity = (i128, i128);

/// The drivers by group and mode; `breaks` are the editions that break with a method.
pub(super) fn drivers(
    before: &Figures,
    after: &Figures,
    breaks: &BTreeMap<String, String>,
) -> Result<(Vec<Drivers>, Vec<LikeLane>)> {
    let keys: BTreeSet<&Key> = before.cells.keys().chain(after.cells.keys()).collect();
    let mut groups: BTreeMap<&Group, Activity> = BTreeMap::new();
    let nothing = Cell::default();
    let own =
        |figures: &Figures, key: &Key| figures.cells.get(key).map_or(Use::default(), |c| c.own);
    for key in &keys {
        let (was, is) = (own(before, key), own(after, key));
        if is_split(was, is) {
            let sums = groups.entry(&key.0).or_default();
            sums.0 += was.activity;
            sums.1 += is.activity;
        }
    }
    let keys: Vec<&Key> = keys.into_iter().collect();
    let (mut rows, mut lanes) = (Vec::new(), Vec::new());
    // Keys of a group stand together.
    for keys in keys.chunk_by(|a, b| a.0 == b.0) {
        let group = groups.get(&keys[0].0).copied().unwrap_or_default();
        let mut ratios = Vec::new();
        for key in keys {
            let years = Years {
                before: (before, before.cells.get(*key).unwrap_or(&nothing)),
                after: (after, after.cells.get(*key).unwrap_or(&nothing)),
                breaks,
            };
            ratios.push(years.ratios(group));
        }
        let all_parts = parts(&ratios)?;
        let exact_of_group: [Exact; 3] = std::array::from_fn(|driver| {
            let of = ratios.iter().map(|r| &r.drivers[driver]);
            of.fold(Exact::ZERO, |sum, one| sum.plus(one))
        });
        for ((key, ratios), parts) in keys.iter().zip(&ratios).zip(all_parts) {
            let was = before.cells.get(*key).unwrap_or(&nothing);
            let is = after.cells.get(*key).unwrap_or(&nothing);
            rows.push(Drivers {
                group: key.0.clone(),
                mode: key.1,
                before: was.own,
                after: is.own,
                parts,
                exact: kilograms(&ratios.drivers),
                exact_of_group: kilograms(&exact_of_group),
                like: like_lanes(key, was, is, &mut lanes),
            });
        }
    }
    Ok((rows, lanes))
}

fn kilograms(micrograms: &[Exact; 3]) -> [String; 3] {
    let text = |e: &Exact| e.times(&Exact::ratio(1, 1_000_000_000)).to_string();
    std::array::from_fn(|driver| text(&micrograms[driver]))
}

/// The parts of the modes of a group in whole micrograms.
fn parts(of: &[Ratios]) -> Result<Vec<Parts>> {
    let fault = || Error::Limit("a driver of more than 128 bits".to_owned());
    let split = |r: &Ratios| if r.is_split { r.difference } else { 0 };
    let rows: Vec<Row> = of.iter().map(|r| (r.drivers.clone(), split(r))).collect();
    let whole = rounded(&rows).ok_or_else(fault)?;
    let mut parts = Vec::new();
    for (ratios, whole) in of.iter().zip(whole) {
        if whole.iter().sum::<i128>() != split(ratios) {
            return Err(Error::Internal("drivers do not add up".to_owned()));
        }
        let of_intensity = parted(whole[2], &ratios.of_intensity).ok_or_else(fault)?;
        parts.push(Parts {
            activity: whole[0],
            mix: whole[1],
            intensity: whole[2],
            factor_year: of_intensity[0] + of_intensity[1],
            method_break: of_intensity[1],
            unsplit: ratios.difference - split(ratios),
        });
    }
    Ok(parts)
}

/// A mode before anything is rounded, micrograms.
struct Ratios {
    difference: i128,
    is_split: bool,
    /// Activity, mix, intensity.
    drivers: [Exact; 3],
    /// Factor year without a method break, over one, everything else.
    of_intensity: [Exact; 3],
}

/// Whether an intensity is known wherever there are emissions.
fn is_split(before: Use, after: Use) -> bool {
    [before, after].iter().all(|u| u.activity > 0 || u.ghg == 0)
}

fn like_lanes(key: &Key, was: &Cell, is: &Cell, lanes: &mut Vec<LikeLane>) -> (usize, Use, Use) {
    let (mut count, mut sums) = (0, (Use::default(), Use::default()));
    let text = |lane: &Lane| {
        [lane.0, lane.1].map(|code| String::from_utf8_lossy(&code.bytes()).into_owned())
    };
    for (lane, before) in &was.lanes {
        let Some(after) = is.lanes.get(lane) else {
            continue;
        };
        if before.activity > 0 && after.activity > 0 {
            count += 1;
            sums.0.add(*before);
            sums.1.add(*after);
            lanes.push(LikeLane {
                group: key.0.clone(),
                mode: key.1,
                lane: text(lane),
                before: *before,
                after: *after,
            });
        }
    }
    (count, sums.0, sums.1)
}

/// A mode of a group in both periods, with the factors of each.
struct Years<'f> {
    before: (&'f Figures, &'f Cell),
    after: (&'f Figures, &'f Cell),
    breaks: &'f BTreeMap<String, String>,
}

/// Uses of the factors of one series.
#[derive(Default)]
struct Series<'f> {
    ids: BTreeSet<&'f str>,
    per: BTreeSet<&'f str>,
    activity: i128,
    /// Sum of activity x intensity.
    weighed: Exact,
    ghg: i128,
}

impl Years<'_> {
    fn ratios(&self, group: Activity) -> Ratios {
        let (was, is) = (self.before.1.own, self.after.1.own);
        let difference = is.ghg - was.ghg;
        if !is_split(was, is) {
            return Ratios {
                difference,
                is_split: false,
                drivers: Default::default(),
                of_intensity: Default::default(),
            };
        }
        let side = |group: i128, own: Use| Side {
            group,
            activity: own.activity,
            ghg: own.ghg,
        };
        let effects = split(side(group.0, was), side(group.1, is));
        let (year, over_break) = self.factor_year(&effects);
        let rest = effects.intensity.minus(&year).minus(&over_break);
        Ratios {
            difference,
            is_split: true,
            drivers: [effects.activity, effects.mix, effects.intensity],
            of_intensity: [year, over_break, rest],
        }
    }

    /// What the intensity contributes because other editions of the same factors apply: without and with a method break. The emissions that a
    /// factor of both periods makes in the new one are held against what they were with its mean value in the base.
    fn factor_year(&self, effects: &Effects) -> (Exact, Exact) {
        let activity = self.after.1.own.activity;
        let (mut plain, mut broken) = (Exact::ZERO, Exact::ZERO);
        if activity == 0 || self.before.1.own.activity == 0 {
            return (plain, broken);
        }
        let old = series(self.before.0, self.before.1);
        for (name, new) in series(self.after.0, self.after.1) {
            let Some(old) = old.get(name) else { continue };
            let is_one = old.ids == new.ids && old.ids.len() == 1;
            if is_one || old.per != new.per || old.activity == 0 || new.activity == 0 {
                continue;
            }
            let now = new.mean();
            if now.is_zero() {
                continue;
            }
            // ghg x (1 - old / new) / activity
            let less = Exact::whole(1).minus(&old.mean().times(&now.inverse()));
            let change = less.times(&Exact::ratio(new.ghg, activity));
            let part = change.times(&effects.per_intensity);
            let fresh = new.ids.difference(&old.ids);
            let is_broken = fresh.into_iter().any(|id| is_break(self.breaks, id));
            let sum = if is_broken { &mut broken } else { &mut plain };
            *sum = sum.plus(&part);
        }
        (plain, broken)
    }
}

impl Series<'_> {
    /// Mean intensity by activity, which must be above 0.
    fn mean(&self) -> Exact {
        self.weighed.times(&Exact::ratio(1, self.activity))
    }
}

fn series<'f>(figures: &'f Figures, cell: &Cell) -> BTreeMap<&'f str, Series<'f>> {
    let mut found: BTreeMap<&str, Series> = BTreeMap::new();
    for (index, used) in &cell.factors {
        let factor = &figures.factors[*index as usize];
        let own = found.entry(&factor.series).or_default();
        own.ids.insert(&factor.id);
        own.per.insert(&factor.per);
        own.activity += used.activity;
        own.ghg += used.ghg;
        let weighed = Exact::whole(used.activity).times(&Exact::whole(factor.intensity));
        own.weighed = own.weighed.plus(&weighed);
    }
    found
}
