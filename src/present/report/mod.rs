//! `report`: the figures of a published run, put together for people.
//!
//! `published::sums` sums what is published, `explain` gives the sheets of single shipments, `present::form` writes the page and the
//! workbook. Here it is decided what stands in the report and in which order.
//!
//! Invariant: every table of the report adds up to the totals of the manifest, else there is no report (exit 7).

mod corridors;
pub(crate) mod declaration;
mod figures;
mod ground;
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
use crate::progress::Progress;
use crate::published::sums::{Run, Shown, manifest_totals};
use crate::store::layout::Layout;
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use std::collections::BTreeSet;

/// Shipments that the page can search; of a larger run, those with the largest totals.
pub(crate) const SEARCHABLE: usize = 100_000;
/// Shipments with the largest totals whose calculation sheets are on the page.
pub(crate) const LARGEST: usize = 500;
/// Shipments drawn at random whose calculation sheets are on the page too.
pub(crate) const DRAWN: usize = 200;
/// Seed of the draw: the same run gives the same report.
const SEED: u64 = 14083;

/// Everything that the parts of a report are made from.
struct Asked<'a> {
    run: &'a Run,
    manifest: &'a Manifest,
    whole: GhgTotals,
}

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
    let manifest = explainer.manifest();
    progress.stage("tables", None);
    let run = Run::open(
        &dir,
        manifest,
        Shown {
            largest: SEARCHABLE,
            drawn: DRAWN,
            seed: SEED,
        },
        interrupt,
    )?;
    let asked = Asked {
        run: &run,
        manifest,
        whole: manifest_totals(manifest, "elements")?,
    };
    let mut report = Report {
        run_id: manifest.run_id.clone(),
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
    parts.extend(restatement::section(layout, run_id, &asked.whole)?);
    for made in parts {
        report.sections.push(made.section);
        report.workbook.extend(made.sheets);
    }
    report.shipments = shipments::list(&asked);
    let ids = shipments::with_sheets(&run);
    progress.stage("sheets", None);
    report.sheets = shipments::sheets(&explainer, &ids, progress, interrupt)?;
    Ok(report)
}

impl Asked<'_> {
    /// First days of the months of the run, ascending.
    fn periods(&self) -> Vec<Day> {
        let periods: BTreeSet<Day> = self.run.corridors.iter().map(|row| row.period).collect();
        periods.into_iter().collect()
    }
}
