//! `report`: the figures of a published run, put together for people.
//!
//! `published::sums` sums what is published, `explain` gives the sheets of single shipments, `present::form` writes the page and the
//! workbook. Here it is decided what stands in the report and in which order.
//!
//! Invariant: every table of the report adds up to the totals of the manifest, else there is no report (exit 7).

mod corridors;
pub(crate) mod declaration;
pub(crate) mod figures;
mod ground;
mod names;
mod points;
mod quality;
mod restatement;
mod shipments;
mod totals;
mod way;

use crate::audit::explain::Explainer;
use crate::error::Result;
use crate::model::element::GhgTotals;
use crate::model::time::Day;
use crate::present::form::{Report, Section, Table as Sheet};
use crate::progress::{Progress, Silent};
use crate::published::cut::Part;
use crate::published::slice::next_month;
use crate::published::sums::{FactorRow, Run, Shown, manifest_totals};
use crate::reference::Reference;
use crate::store::layout::Layout;
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use names::Names;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Shipments that the page can search; of a larger run, those with the largest totals.
pub(crate) const SEARCHABLE: usize = 100_000;
/// Shipments with the largest totals whose calculation sheets are on the page.
pub(crate) const LARGEST: usize = 500;
/// Shipments drawn at random whose calculation sheets are on the page too.
pub(crate) const DRAWN: usize = 200;
/// The same of a slice that is one of many.
const LARGEST_OF_MANY: usize = 20;
const DRAWN_OF_MANY: usize = 5;
/// Seed of the draw: the same run gives the same report.
const SEED: u64 = 14083;

/// Everything that the parts of a report are made from.
struct Asked<'a> {
    run: &'a Run,
    manifest: &'a Manifest,
    whole: GhgTotals,
    /// What the slice is cut by; none: this is the whole run.
    slice: Option<&'a str>,
    shown: Shown,
    names: Names,
}

/// What a report or a declaration is on: a published run, or a slice of one.
pub(crate) struct Subject<'a> {
    /// Where its tables are.
    pub dir: &'a Path,
    /// What they hold.
    pub manifest: &'a Manifest,
    /// What the slice is cut by, and the factors of the run; none: this is the whole run.
    pub slice: Option<(&'a str, &'a [FactorRow])>,
}

impl<'a> Subject<'a> {
    /// A slice that is cut by what this text says.
    pub(crate) fn slice(part: &'a Part, text: &'a str) -> Subject<'a> {
        Subject {
            dir: part.dir(),
            manifest: &part.manifest,
            slice: Some((text, &part.factors)),
        }
    }

    fn sums(&self, shown: Shown, interrupt: &Interrupt) -> Result<Run> {
        match self.slice {
            None => Run::open(self.dir, self.manifest, shown, interrupt),
            Some((_, factors)) => {
                Run::open_slice(self.dir, self.manifest, factors, shown, interrupt)
            }
        }
    }

    fn asked<'r>(&'r self, run: &'r Run, shown: Shown) -> Result<Asked<'r>> {
        Ok(Asked {
            run,
            manifest: self.manifest,
            whole: manifest_totals(self.manifest, "elements")?,
            slice: self.slice.map(|(text, _)| text),
            shown,
            names: Names::default(),
        })
    }
}

/// Shipments that stand in a report one by one.
const SHOWN: Shown = Shown {
    searchable: SEARCHABLE,
    largest: LARGEST,
    drawn: DRAWN,
    seed: SEED,
};

/// What a part adds: a section of the page, and sheets of the workbook.
struct Made {
    section: Section,
    sheets: Vec<Sheet>,
}

/// The report on a run of an output root.
///
/// Errors: exit 7 when the files do not add up to the manifest or contradict the kernel.
pub(crate) fn report(
    layout: &Layout,
    run_id: &str,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Report> {
    let dir = layout.run(run_id);
    let explainer = Explainer::open(&dir)?;
    let subject = Subject {
        dir: &dir,
        manifest: explainer.manifest(),
        slice: None,
    };
    let restatement = |whole: &GhgTotals| restatement::section(layout, run_id, whole);
    let parts = (&restatement as &Restated, explainer.reference().as_ref());
    let made = put_together(&subject, SHOWN, parts, progress, interrupt)?;
    let (mut report, ids) = made;
    progress.stage("sheets", None);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    report.sheets = shipments::sheets(
        &mut |each| explainer.sheets(&ids, each),
        progress,
        interrupt,
    )?;
    Ok(report)
}

/// Of a slice that is one of many: a few sheets with each.
pub(crate) const fn shown_of_many() -> Shown {
    Shown {
        largest: LARGEST_OF_MANY,
        drawn: DRAWN_OF_MANY,
        ..SHOWN
    }
}

/// The report on a slice, with a calculation sheet of as many of its shipments as `shown` says.
pub(crate) fn report_of_slice(
    part: &Part,
    text: &str,
    shown: Option<Shown>,
    reference: &Arc<Reference>,
    interrupt: &Interrupt,
) -> Result<Report> {
    let subject = Subject::slice(part, text);
    let shown = shown.unwrap_or(SHOWN);
    let none = |_: &GhgTotals| Ok(None);
    let parts = (&none as &Restated, reference.as_ref());
    let (mut report, ids) = put_together(&subject, shown, parts, &Silent, interrupt)?;
    let explainer = Explainer::of(part.dir(), part.manifest.clone(), Arc::clone(reference));
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    report.sheets = shipments::sheets(
        &mut |each| explainer.sheets_in_order(&ids, interrupt, each),
        &Silent,
        interrupt,
    )?;
    Ok(report)
}

/// What an earlier run has to say of the totals.
type Restated<'r> = dyn Fn(&GhgTotals) -> Result<Option<Made>> + 'r;

/// All but the calculation sheets, and the shipments that get one.
fn put_together(
    subject: &Subject,
    shown: Shown,
    (restatement, reference): (&Restated, &Reference),
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<(Report, Vec<String>)> {
    progress.stage("tables", None);
    let run = subject.sums(shown, interrupt)?;
    let mut asked = subject.asked(&run, shown)?;
    asked.names = Names::read(subject, reference, &run.largest, interrupt)?;
    let mut report = Report {
        run_id: asked.manifest.run_id.clone(),
        ..Report::default()
    };
    totals::head(&asked, &mut report)?;
    let mut parts = vec![
        points::section(&asked)?,
        totals::section(&asked)?,
        corridors::section(&asked)?,
        totals::countries(&asked)?,
        quality::section(&asked)?,
        quality::completeness(&asked)?,
        shipments::section(&asked)?,
        ground::factors(&asked)?,
        ground::method(&asked)?,
    ];
    parts.extend(restatement(&asked.whole)?);
    for made in parts {
        report.sections.push(made.section);
        report.workbook.extend(made.sheets);
    }
    report.shipments = shipments::list(&asked);
    let ids = shipments::with_sheets(&asked);
    Ok((report, ids))
}

impl Asked<'_> {
    /// First days of the months of the run, ascending.
    fn periods(&self) -> Vec<Day> {
        let periods: BTreeSet<Day> = self.run.corridors.iter().map(|row| row.period).collect();
        periods.into_iter().collect()
    }

    /// The same with those between them in which nothing departs.
    fn months(&self) -> Vec<Day> {
        let periods = self.periods();
        let Some((first, last)) = periods.first().zip(periods.last()) else {
            return periods;
        };
        let all = std::iter::successors(Some(*first), |month| Some(next_month(*month)));
        all.take_while(|month| month <= last).collect()
    }
}
