//! Targets against published runs: what was required in each year, the gap, the overshoot so far, a forecast, and a verdict where there can be one.
//!
//! A base is frozen: it is never replaced, only held beside what it would be today. When that differs by the threshold or more, nothing is judged.

use crate::error::{Error, Result};
use crate::exact::{Exact, Rounding};
use crate::model::unit::decimal_text;
use crate::progress::Progress;
use crate::store::layout::Layout;
use crate::store::signal::Interrupt;
use crate::years::actual::{Metric, Year, by_year};
use crate::years::curve::{Curve, Own};
use crate::years::period::{Figures, Opened};
use crate::years::refuse_unrestated;
use crate::years::restated::restatement;
use crate::years::targets::{Base, Target, targets};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is tracked.
#[derive(Clone, Debug, Default)]
pub struct TrackOrder {
    /// Runs of the output root; empty: the current one.
    pub runs: Vec<String>,
    /// The list of targets.
    pub targets: PathBuf,
}

/// An exact figure of a target.
#[derive(Clone, Debug)]
pub struct Figure(pub(super) Exact);

impl Figure {
    /// Rounded half to even to so many decimals.
    pub fn rounded(&self, decimals: u32) -> String {
        let scaled = self.0.times(&Exact::whole(10i128.pow(decimals)));
        match scaled.rounded(Rounding::HalfEven) {
            Some(mantissa) => decimal_text(mantissa, decimals),
            None => self.0.to_string(),
        }
    }

    /// `n/d` in lowest terms.
    pub fn exact(&self) -> String {
        self.0.to_string()
    }
}

/// Whether a target is being met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As required, in the latest year and over all years.
    OnTrack,
    /// Not so.
    OffTrack,
    /// The figures do not tell.
    CannotTell,
    /// The curve is for reading beside the figures.
    Context,
}

impl Verdict {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Verdict::OnTrack => "on track",
            Verdict::OffTrack => "off track",
            Verdict::CannotTell => "cannot tell",
            Verdict::Context => "context, no verdict",
        }
    }
}

/// A year after the base.
#[derive(Clone, Debug)]
pub struct TrackedYear {
    /// Calendar year.
    pub year: i32,
    /// Months with a shipment.
    pub months: usize,
    /// What it came to.
    pub actual: Figure,
    /// What was required; `None`: the curve does not reach it.
    pub required: Option<Figure>,
    /// Actual less required.
    pub gap: Option<Figure>,
    /// Required from the base as it would be today, where that differs.
    pub required_today: Option<Figure>,
}

/// A target and where it stands.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// Its id.
    pub target: String,
    /// What it is of.
    pub metric: Metric,
    /// Its curve.
    pub curve: String,
    /// What a cited curve is of, and where it comes from.
    pub cited: Option<&'static str>,
    /// Base year.
    pub base_year: i32,
    /// Base run; `None`: a figure of the user's own.
    pub base_run: Option<String>,
    /// The frozen base.
    pub base: Figure,
    /// Restated run.
    pub restated_run: Option<String>,
    /// The base as it would be today; `None`: not known.
    pub base_today: Option<Figure>,
    /// By how many percent restatement and structural change move the base, without regard to signs.
    pub moved: Option<Figure>,
    /// Whether that is the threshold or more.
    pub must_restate: bool,
    /// The years after the base that the runs hold.
    pub years: Vec<TrackedYear>,
    /// What is required of each year as far as the curve alone tells it.
    pub way: Vec<(i32, Figure)>,
    /// Sum of the gaps.
    pub overshoot: Option<Figure>,
    /// Last year of the curve, the value that a straight line from the base through the latest year comes to, and what is required: a forecast.
    pub forecast: Option<(i32, Figure, Figure)>,
    /// Verdict.
    pub verdict: Verdict,
    /// Why, and what a reader should know.
    pub reasons: Vec<String>,
}

/// Tracks all targets of a list.
pub(crate) fn track(
    layout: &Layout,
    order: &TrackOrder,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Vec<Tracked>> {
    progress.stage("track", None);
    let list = targets(&order.targets)?;
    let mut years: BTreeMap<i32, Year> = BTreeMap::new();
    let runs: Vec<Option<&str>> = match order.runs.is_empty() {
        true => vec![None],
        false => order.runs.iter().map(|run| Some(run.as_str())).collect(),
    };
    let mut opened = Vec::new();
    for run in runs {
        let run = Opened::new(layout.read_run(run)?)?;
        for (year, mut sums) in by_year(&run, interrupt)? {
            sums.rejected = run.manifest.counts.rejected;
            sums.rows = run.manifest.counts.rows_in;
            if years.insert(year, sums).is_some() {
                let id = &run.manifest.run_id;
                return Err(Error::Usage(format!(
                    "run {id} has shipments of {year}, and so has a run before it; expected each year in one run"
                )));
            }
        }
        opened.push(run);
    }
    let beside = order.targets.parent().unwrap_or(Path::new(""));
    let bases = Bases {
        layout,
        beside,
        tracked: &opened,
        interrupt,
    };
    list.iter()
        .map(|target| tracked(target, &bases.of(target)?, &years))
        .collect()
}

/// Opens base runs.
struct Bases<'l> {
    layout: &'l Layout,
    beside: &'l Path,
    /// The runs that are tracked.
    tracked: &'l [Opened],
    interrupt: &'l Interrupt,
}

/// A base, and what it would be today.
struct Known {
    run: Option<String>,
    value: Exact,
    /// What an intensity is divided by.
    measure: i128,
    restated: Option<(String, Exact)>,
}

impl Bases<'_> {
    fn open(&self, (out, run): (&str, &str)) -> Result<Opened> {
        Opened::new(match out {
            "" => self.layout.read_run(Some(run))?,
            out => Layout::new(self.beside.join(out)).read_run(Some(run))?,
        })
    }

    fn of(&self, target: &Target) -> Result<Known> {
        let (out, run) = match &target.base {
            Base::Value(value) => {
                return Ok(Known {
                    run: None,
                    value: value.clone(),
                    measure: 0,
                    restated: None,
                });
            }
            Base::Run(out, run) => (out, run),
        };
        let base = self.open((out, run))?;
        let (value, measure) = self.value(&base, target)?;
        let restated = match &target.restated {
            None => None,
            Some((out, run)) => {
                let restated = self.open((out, run))?;
                let tracked: Vec<&Opened> = self.tracked.iter().collect();
                refuse_unrestated(&base, &restated, &tracked)?;
                let figures = [&base, &restated].map(|run| Figures::read(run, self.interrupt));
                let [before, after] = figures;
                restatement((&base, &before?), (&restated, &after?), self.interrupt)?;
                let value = self.value(&restated, target)?.0;
                Some((restated.manifest.run_id.clone(), value))
            }
        };
        Ok(Known {
            run: Some(base.manifest.run_id.clone()),
            value,
            measure,
            restated,
        })
    }

    fn value(&self, run: &Opened, target: &Target) -> Result<(Exact, i128)> {
        let years = by_year(run, self.interrupt)?;
        let year = years.get(&target.base_year);
        let found = year.and_then(|y| Some((y.value(target.metric)?, y.measure(target.metric))));
        found.ok_or_else(|| {
            Error::Usage(format!(
                "target {:?}: run {} has no {} of {}; expected a base run with shipments of the base year",
                target.id,
                run.manifest.run_id,
                target.metric.code(),
                target.base_year
            ))
        })
    }
}

fn tracked(target: &Target, base: &Known, years: &BTreeMap<i32, Year>) -> Result<Tracked> {
    let metric = target.metric;
    let mut reasons = Vec::new();
    let today = base.restated.as_ref().map(|(_, value)| value);
    let today = match (today, target.structural.is_zero()) {
        (None, true) => None,
        (value, _) => Some(value.unwrap_or(&base.value).plus(&target.structural)),
    };
    let moved = moved(target, base);
    // Whatever moves a base of 0 moves it by more than any percentage.
    let is_moved_from_0 = base.value.is_zero() && !change(target, base).is_zero();
    if is_moved_from_0 {
        reasons.push("the base is 0, and restatement or structural change moves it".to_owned());
    }
    let must_restate = is_moved_from_0
        || moved
            .as_ref()
            .is_some_and(|moved| moved.compared(&target.threshold) != Ordering::Less);
    if base.run.is_some() && base.restated.is_none() {
        reasons.push("restatement of the base unknown: no restated run".to_owned());
    }
    let curve = target.curve_from(&base.value);
    let curve_today = today.as_ref().map(|today| target.curve_from(today));
    let mut rows = Vec::new();
    for (year, sums) in years.range(target.base_year + 1..) {
        let Some(actual) = sums.value(metric) else {
            reasons.push(format!("{year}: nothing to measure {} by", metric.code()));
            continue;
        };
        if sums.bases.len() > 1 && metric != Metric::Kilograms && metric != Metric::PerTeu {
            let bases: Vec<&str> = sums.bases.iter().copied().collect();
            reasons.push(format!("{year}: t.km on {} are added", bases.join(" and ")));
        }
        let own = |value: &Exact| Own {
            base_year: target.base_year,
            base: value.clone(),
            activity_base: base.measure,
            activity: sums.measure(metric),
        };
        let required = match curve.required(&own(&base.value), *year) {
            Ok(required) if target.is_beyond(&required) => {
                return Err(Error::Usage(format!(
                    "target {:?}: {} % are required of {year}; expected a share of 100 % at most",
                    target.id,
                    Figure(required).rounded(3)
                )));
            }
            Ok(required) => Some(required),
            Err(what) => {
                reasons.push(format!("{year}: {what}"));
                None
            }
        };
        let required_today = curve_today
            .as_ref()
            .zip(today.as_ref())
            .and_then(|(curve, today)| curve.required(&own(today), *year).ok());
        rows.push(Row {
            year: *year,
            months: sums.months.len(),
            rejected: (sums.rejected, sums.rows),
            gap: required.as_ref().map(|required| actual.minus(required)),
            actual,
            required,
            required_today,
        });
    }
    let overshoot = rows
        .iter()
        .map(|row| row.gap.as_ref())
        .try_fold(Exact::ZERO, |sum, gap| Some(sum.plus(gap?)))
        .filter(|_| !rows.is_empty());
    let forecast = forecast(target, base, &rows);
    let verdict = Judged {
        target,
        rows: &rows,
        overshoot: overshoot.as_ref(),
        must_restate,
    }
    .verdict(&mut reasons);
    let figure = |value: Exact| Figure(value);
    Ok(Tracked {
        target: target.id.clone(),
        metric,
        curve: target.curve.clone(),
        cited: target.cited.map(|cited| cited.title),
        base_year: target.base_year,
        base_run: base.run.clone(),
        base: Figure(base.value.clone()),
        restated_run: base.restated.as_ref().map(|(id, _)| id.clone()),
        base_today: today.map(figure),
        moved: moved.map(figure),
        must_restate,
        way: way(target, base),
        years: rows.into_iter().map(Row::shown).collect(),
        overshoot: overshoot.map(figure),
        forecast,
        verdict,
        reasons,
    })
}

/// A year as exact ratios.
struct Row {
    year: i32,
    months: usize,
    /// Rejected rows of its run, and all of them.
    rejected: (u64, u64),
    actual: Exact,
    required: Option<Exact>,
    gap: Option<Exact>,
    required_today: Option<Exact>,
}

impl Row {
    fn shown(self) -> TrackedYear {
        TrackedYear {
            year: self.year,
            months: self.months,
            actual: Figure(self.actual),
            required: self.required.map(Figure),
            gap: self.gap.map(Figure),
            required_today: self.required_today.map(Figure),
        }
    }
}

fn size(value: &Exact) -> Exact {
    match value.compared(&Exact::ZERO) {
        Ordering::Less => Exact::ZERO.minus(value),
        Ordering::Equal | Ordering::Greater => value.clone(),
    }
}

/// Percent of the base that restatement and structural change come to together. What cancels counts: two errors are no rightness.
fn moved(target: &Target, base: &Known) -> Option<Exact> {
    let is_known = base.restated.is_some() || !target.structural.is_zero();
    if !is_known || base.value.compared(&Exact::ZERO) != Ordering::Greater {
        return None;
    }
    let percent = change(target, base).times(&Exact::whole(100));
    Some(percent.times(&base.value.inverse()))
}

/// What restatement and structural change come to together, without regard to signs.
fn change(target: &Target, base: &Known) -> Exact {
    let restated = base.restated.as_ref();
    let restated = restated.map_or(Exact::ZERO, |(_, value)| size(&value.minus(&base.value)));
    restated.plus(&size(&target.structural))
}

/// What is required of each year up to the end of the curve; nothing of one that depends on an activity.
fn way(target: &Target, base: &Known) -> Vec<(i32, Figure)> {
    let curve = target.curve_from(&base.value);
    if matches!(curve, Curve::Convergence { .. }) {
        return Vec::new();
    }
    let own = Own {
        base_year: target.base_year,
        base: base.value.clone(),
        activity_base: 0,
        activity: 0,
    };
    let years = target.base_year + 1..=curve.until();
    let required = |year| Some((year, Figure(curve.required(&own, year).ok()?)));
    years.filter_map(required).collect()
}

/// The straight line from the base through the latest year, in the last year of the curve.
fn forecast(target: &Target, base: &Known, rows: &[Row]) -> Option<(i32, Figure, Figure)> {
    // A sum of some months says nothing of a year.
    let latest = rows.last().filter(|row| row.months == 12)?;
    let curve = target.curve_from(&base.value);
    let until = curve.until();
    // What converges depends on an activity that nobody knows yet.
    if latest.year >= until || matches!(curve, Curve::Convergence { .. }) {
        return None;
    }
    let own = Own {
        base_year: target.base_year,
        base: base.value.clone(),
        activity_base: 0,
        activity: 0,
    };
    let required = curve.required(&own, until).ok()?;
    let years = |to: i32| i128::from(to - target.base_year);
    let slope = Exact::ratio(years(until), years(latest.year));
    let change = latest.actual.minus(&base.value).times(&slope);
    let value = base.value.plus(&change);
    Some((until, Figure(value), Figure(required)))
}

/// One of so many rows rejected, and a year that looks met is not called so.
const MANY: u64 = 100;

/// What a verdict is made of.
struct Judged<'t> {
    target: &'t Target,
    rows: &'t [Row],
    overshoot: Option<&'t Exact>,
    must_restate: bool,
}

impl Judged<'_> {
    /// By how much a gap is on the wrong side.
    fn wrong(&self, gap: &Exact) -> Exact {
        match self.target.metric.rises() {
            true => Exact::ZERO.minus(gap),
            false => gap.clone(),
        }
    }

    fn verdict(&self, reasons: &mut Vec<String>) -> Verdict {
        if self.target.is_context() {
            return Verdict::Context;
        }
        let before = reasons.len();
        if self.must_restate {
            let threshold = self.target.threshold.decimal(0);
            reasons.push(format!(
                "base must be restated: it moves by {threshold} % or more; both bases are shown"
            ));
        }
        let Some(latest) = self.rows.last() else {
            reasons.push("no year after the base".to_owned());
            return Verdict::CannotTell;
        };
        let Some(gap) = latest.gap.as_ref() else {
            return Verdict::CannotTell;
        };
        if latest.months < 12 {
            let (year, months) = (latest.year, latest.months);
            reasons.push(format!("{year} has shipments of {months} of 12 months"));
        }
        if let Some(percent) = &self.target.uncertainty {
            let width = size(&latest.actual)
                .times(percent)
                .times(&Exact::ratio(1, 100));
            if size(gap).compared(&width) != Ordering::Greater {
                let percent = percent.decimal(0);
                reasons.push(format!(
                    "what is required lies within +-{percent} % of the figure of {}",
                    latest.year
                ));
            }
        }
        if reasons.len() > before {
            return Verdict::CannotTell;
        }
        for row in self.rows.iter().filter(|row| row.rejected.0 > 0) {
            let ((rejected, rows), year) = (row.rejected, row.year);
            reasons.push(format!(
                "{rejected} of {rows} rows of the run of {year} are rejected and in no figure"
            ));
        }
        if self.wrong(gap).compared(&Exact::ZERO) == Ordering::Greater {
            return Verdict::OffTrack;
        }
        // What is missing may be what spoils the year.
        if self
            .rows
            .iter()
            .any(|row| row.rejected.0 * MANY > row.rejected.1)
        {
            return Verdict::CannotTell;
        }
        let first = self.target.base_year + 1;
        let lacks = |year: &i32| {
            let row = self.rows.iter().find(|row| row.year == *year);
            row.is_none_or(|row| row.months < 12 || row.gap.is_none())
        };
        let lacking = (first..latest.year).filter(lacks).count();
        if lacking > 0 {
            reasons.push(format!(
                "the overshoot over all years is not known: of those before {}, {lacking} are not there as a whole",
                latest.year
            ));
            return Verdict::CannotTell;
        }
        match self.overshoot.map(|sum| self.wrong(sum)) {
            Some(sum) if sum.compared(&Exact::ZERO) == Ordering::Greater => {
                reasons.push("met in the latest year, overshot over all years".to_owned());
                Verdict::OffTrack
            }
            _ => Verdict::OnTrack,
        }
    }
}
