//! Year over year: two published runs without a common shipment. First the restatement of the base, then what activity, mode mix and intensity
//! contribute to the difference, and the lanes that both periods have. And targets: what was required in each year, and what came of it.
//!
//! Reads published tables, never the kernel. Shares and intensities are exact ratios until each part is rounded once to micrograms.
//!
//! Invariant: restated base + parts = new period, for each mode and for all, in whole micrograms.

mod actual;
mod curve;
mod drivers;
mod page;
mod period;
mod restated;
mod rounding;
mod shapley;
mod tables;
mod targets;
mod track;

pub use actual::Metric;
pub use drivers::{Drivers, Parts};
pub use page::targets_page;
pub use period::{Group, Use};
pub use restated::{Cause, Restatement};
pub use targets::{CITED, Cited};
pub use track::{Figure, TrackOrder, Tracked, TrackedYear, Verdict};

pub(crate) use track::track;

use crate::error::{Error, Result};
use crate::model::time::{Day, date_text};
use crate::progress::Progress;
use crate::published::slice::Months;
use crate::store::disk::RealDisk;
use crate::store::files::folder_below;
use crate::store::layout::Layout;
use crate::store::signal::Interrupt;
use crate::years::drivers::drivers;
use crate::years::period::{Figures, Opened};
use crate::years::restated::restatement;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A run of an output root.
#[derive(Clone, Debug, Default)]
pub struct RunOf {
    /// Output root.
    pub out: PathBuf,
    /// Run; `None`: the current one.
    pub run: Option<String>,
}

/// What is held against what.
#[derive(Clone, Debug, Default)]
pub struct YearOrder {
    /// Run of the base period.
    pub base: RunOf,
    /// Run of the new period.
    pub new: RunOf,
    /// The movements of the base run with the library of today.
    pub restated: Option<RunOf>,
    /// Folder for the tables; `None`: `<OUT>/year-over-year/<base>-<new>` beside the new run.
    pub to: Option<PathBuf>,
}

/// A run as a period.
#[derive(Clone, Debug)]
pub struct Period {
    /// Run id.
    pub run_id: String,
    /// Profile.
    pub profile: String,
    /// Method revision of the program.
    pub method_revision: u32,
    /// First and last day of a departure.
    pub days: Option<(Day, Day)>,
    /// Emissions, micrograms.
    pub total: i128,
}

/// One period against another.
#[derive(Clone, Debug)]
pub struct Years {
    /// The base as published.
    pub base: Period,
    /// The base restated, and what restating does; `None`: not known.
    pub restated: Option<(Period, Restatement)>,
    /// The new period.
    pub new: Period,
    /// What the restated base (or else the published one) and the new period differ by, and why.
    pub parts: Parts,
    /// The same by corridor, load status, basis and mode.
    pub rows: Vec<Drivers>,
    /// What a reader of the figures should know.
    pub notes: Vec<String>,
    /// Folder of the tables.
    pub to: PathBuf,
}

impl Years {
    /// The drivers as CSV.
    pub fn csv(&self) -> String {
        tables::csv(&self.rows)
    }

    /// What the parts start from.
    pub fn from(&self) -> &Period {
        self.restated
            .as_ref()
            .map_or(&self.base, |(period, _)| period)
    }
}

/// A run with its figures.
struct Read {
    run: Opened,
    figures: Figures,
}

impl Read {
    fn new(of: &RunOf, progress: &dyn Progress, interrupt: &Interrupt) -> Result<Read> {
        progress.stage("year-over-year", None);
        let layout = Layout::new(&of.out);
        let run = Opened::new(layout.read_run(of.run.as_deref())?)?;
        let figures = Figures::read(&run, interrupt)?;
        Ok(Read { run, figures })
    }

    fn period(&self) -> Period {
        let manifest = &self.run.manifest;
        Period {
            run_id: manifest.run_id.clone(),
            profile: manifest.profile.clone(),
            method_revision: manifest.method_revision,
            days: self.figures.first.zip(self.figures.last),
            total: self.figures.total,
        }
    }
}

/// Splits the change from one period to another and writes the tables.
pub(crate) fn year_over_year(
    order: &YearOrder,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Years> {
    let read = |of: &RunOf| Read::new(of, progress, interrupt);
    let (base, new) = (read(&order.base)?, read(&order.new)?);
    let restated = order.restated.as_ref().map(read).transpose()?;
    if let Some(restated) = &restated {
        refuse_unrestated(&base.run, &restated.run, &[&new.run])?;
    }
    let by_key = match &restated {
        Some(restated) => Some(restatement(
            (&base.run, &base.figures),
            (&restated.run, &restated.figures),
            interrupt,
        )?),
        None => None,
    };
    let from = restated.as_ref().unwrap_or(&base);
    let breaks = new.run.method_breaks()?;
    let (rows, lanes) = drivers(&from.figures, &new.figures, &breaks)?;
    let mut parts = Parts::default();
    rows.iter().for_each(|row| parts.add(&row.parts));
    if from.figures.total + parts.total() != new.figures.total {
        return Err(Error::Internal(
            "the drivers do not add up to the difference".to_owned(),
        ));
    }
    let sum = by_key.as_ref().map(|by_key| {
        let mut sum = Restatement::default();
        by_key.values().for_each(|own| sum.add(own));
        sum
    });
    let ids = [&base, &new].map(|read| read.run.manifest.run_id.clone());
    let to = match &order.to {
        Some(to) => to.clone(),
        None => {
            let folder = format!("year-over-year/{}", ids.join("-"));
            folder_below(&RealDisk, &order.new.out, &folder)?
        }
    };
    let years = Years {
        notes: notes(&base, restated.as_ref(), &new, &rows),
        base: base.period(),
        restated: restated.as_ref().map(Read::period).zip(sum),
        new: new.period(),
        parts,
        rows,
        to,
    };
    let named = [("run_base", &years.base), ("run_new", &years.new)];
    let restated = years.restated.as_ref().map(|(p, _)| ("run_restated", p));
    let metadata: Vec<(String, String)> = named
        .into_iter()
        .chain(restated)
        .map(|(key, period)| (key.to_owned(), period.run_id.clone()))
        .collect();
    tables::write(&years.to, &years, &lanes, by_key.as_ref(), &metadata)?;
    Ok(years)
}

/// That a base is not taken for its own restatement while the library has changed since.
///
/// Errors: exit 2 when the restated run is the base itself, and a run beside it is computed with another library.
fn refuse_unrestated(base: &Opened, restated: &Opened, others: &[&Opened]) -> Result<()> {
    let digest = |run: &Opened| run.manifest.library_digest.clone();
    let changed = others.iter().find(|run| digest(run) != digest(restated));
    match changed {
        Some(other) if base.manifest.run_id == restated.manifest.run_id => {
            Err(Error::Usage(format!(
                "--restated: run {} is the base itself, and run {} is computed with another library ({} and {}); expected the records of the base computed with the library of today",
                base.manifest.run_id,
                other.manifest.run_id,
                short(&digest(restated)),
                short(&digest(other))
            )))
        }
        _ => Ok(()),
    }
}

/// The first letters of a digest.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// What stands between the figures and a verdict on them.
fn notes(base: &Read, restated: Option<&Read>, new: &Read, rows: &[Drivers]) -> Vec<String> {
    let mut notes = Vec::new();
    let from = restated.unwrap_or(base);
    let (a, b) = (&from.run.manifest, &new.run.manifest);
    if restated.is_none() {
        notes.push(
            "restatement unknown: no restated run of the base was given, so that what was corrected since stands among the drivers".to_owned(),
        );
    }
    if let Some(restated) = restated {
        let (is, was) = (&restated.run.manifest, &base.run.manifest);
        if is.library_digest == was.library_digest {
            let which = match is.run_id == was.run_id {
                true => "the restated run is the base itself",
                false => "the restated run has the library of the base",
            };
            notes.push(format!(
                "{which} (library {}): that is right only if the library has not changed since",
                short(&was.library_digest)
            ));
        }
    }
    for (name, read) in [("base", from), ("new period", new)] {
        let months = &read.figures.months;
        let missing = Months::spanned(months).map_or_else(Vec::new, |all| all.without(months));
        if !missing.is_empty() {
            notes.push(format!(
                "months of the {name} without a shipment: {}; what was not recorded is in no figure",
                missing.join(", ")
            ));
        }
    }
    if a.library_digest != b.library_digest {
        notes.push("the periods are computed with two factor libraries: a value that was corrected stands under intensity".to_owned());
    }
    if a.profile != b.profile || a.method_revision != b.method_revision {
        notes.push(format!(
            "the periods are computed by two methods (profile {}, revision {}; profile {}, revision {}): what that changes stands under intensity",
            a.profile, a.method_revision, b.profile, b.method_revision
        ));
    }
    if let (Some(was), Some(is)) = (from.period().days, new.period().days) {
        if was.0 <= is.1 && is.0 <= was.1 {
            notes.push("the periods overlap".to_owned());
        }
        let (before, after) = (was.1 - was.0 + 1, is.1 - is.0 + 1);
        if before.abs_diff(after) * 10 > before.max(after).unsigned_abs() {
            notes.push(format!(
                "the periods are not of one length: departures of {before} days ({} to {}) and of {after} days ({} to {})",
                date_text(was.0),
                date_text(was.1),
                date_text(is.0),
                date_text(is.1)
            ));
        }
    }
    let rejected = [a, b].map(|m| m.counts.rejected);
    if rejected != [0, 0] {
        notes.push(format!(
            "rejected rows are in no figure: {} of the base, {} of the new period",
            rejected[0], rejected[1]
        ));
    }
    let bases = |row: &Drivers| (row.group.corridor.clone(), row.group.activity_basis);
    let pairs: BTreeSet<_> = rows.iter().map(bases).filter(|b| !b.1.is_empty()).collect();
    let corridors: BTreeSet<_> = pairs.iter().map(|(corridor, _)| corridor).collect();
    let mixed = corridors
        .iter()
        .filter(|corridor| pairs.iter().filter(|(of, _)| of == **corridor).count() > 1)
        .count();
    if mixed > 0 {
        notes.push(format!(
            "corridors with activity on more than one distance basis, which are not added but split apart: {mixed}"
        ));
    }
    notes
}
