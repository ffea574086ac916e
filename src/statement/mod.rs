//! The statement of an organisation on a published run: for every element the scope or category of the GHG Protocol, from who reports, who
//! operates the vehicle, which way the goods go and who pays; a cover with what ISO 14083 asks of a report; in more than one language.
//!
//! Reads published tables, never the kernel. Sums are exact; tonnes for people are rounded once, so that they add up.
//!
//! Invariant: the categories add up to the run or slice to the microgram, and what is not known is in none of them but its own.

mod certificates;
mod incoterm;
mod organisation;
mod page;
mod read;
mod rule;
mod texts;

pub use texts::Language;

use crate::error::{Error, Result};
use crate::model::time::Day;
use crate::model::unit::{NANO_SCALE, decimal_text};
use crate::output::columns::PublishedTable;
use crate::output::factors::Factors;
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::present::form::{still_page_with_contents, workbook};
use crate::present::report::Subject;
use crate::present::report::declaration::{Company, declaration};
use crate::progress::Progress;
use crate::published::batches::Rows;
use crate::published::cut::{Cut, Size};
use crate::published::row::row;
use crate::published::slice::{Months, Slice, folder_name};
use crate::published::sums::manifest_totals;
use crate::store::disk::RealDisk;
use crate::store::files::{FileWriter, finish_groups, folder_below, whole};
use crate::store::layout::Layout;
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use certificates::certificates;
use organisation::Organisation;
use page::Page;
use read::{Factor, read};
use rule::{Category, Coded};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use texts::Texts;

/// What is stated.
#[derive(Clone, Debug, Default)]
pub struct StatementOrder {
    /// Run; `None`: the current one.
    pub run: Option<String>,
    /// A file with `[organisation]`.
    pub organisation: PathBuf,
    /// A list of certificates.
    pub certificates: Option<PathBuf>,
    /// Language of page and workbook.
    pub language: Language,
    /// Folder for the files; `None`: `<OUT>/statement/<organisation>`.
    pub to: Option<PathBuf>,
}

/// What was stated.
#[derive(Clone, Debug)]
pub struct Stated {
    /// The run.
    pub run_id: String,
    /// What the run was cut by; empty: nothing.
    pub slice: String,
    /// Code of each category, its elements, kg CO2e, and tonnes that add up.
    pub categories: Vec<(&'static str, u64, String, String)>,
    /// All of them: kg CO2e, tonnes.
    pub total: (String, String),
    /// kg CO2e of the run, and of its shipments that are in none of the categories.
    pub run_and_rest: (String, String),
    /// Why something is not determined: code, elements, kg CO2e.
    pub reasons: Vec<(&'static str, u64, String)>,
    /// Page, workbook, elements.
    pub files: Vec<PathBuf>,
}

/// Every element with its category.
const ELEMENTS_FILE: &str = "elements.csv";

/// States a run, or a slice of it, and writes page, workbook and elements.
///
/// Errors: exit 2 when the organisation or its certificates cannot be read, 7 when the tables do not add up to the manifest.
pub(crate) fn state(
    layout: &Layout,
    order: &StatementOrder,
    (slice, memory): (&Slice, u64),
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Stated> {
    let texts = Texts::of(order.language)?;
    let organisation = Organisation::read(&order.organisation)?;
    let certificates = order
        .certificates
        .as_deref()
        .map(certificates)
        .transpose()?;
    let period = organisation.period.as_ref().map(|(_, months)| *months);
    // What is said on the command line is meant; else the figures are those of the period that is reported.
    let slice = slice.clone().or_within(period);
    let reading = layout.read_run(order.run.as_deref())?;
    let manifest = Manifest::load(&reading.dir)?;
    organisation.check(&manifest)?;
    progress.stage("statement", None);
    let text = slice.text();
    let (part, rest) = match slice.is_whole() {
        true => (None, Size::default()),
        false => {
            let mut cut = Cut::of(&reading.dir, &manifest, (&slice, None), memory, interrupt)?;
            let rest = *cut.rest();
            let part = cut.next_part()?;
            let lost = || Error::Internal("a slice was lost".to_owned());
            (Some(part.ok_or_else(lost)?), rest)
        }
    };
    let subject = match &part {
        Some(part) => Subject::slice(part, &text),
        None => Subject {
            dir: &reading.dir,
            manifest: &manifest,
            slice: None,
        },
    };
    let factors = Rows::<Factors, Factor>::of_run(&reading.dir, &manifest);
    let factors: Vec<Factor> = factors.collect::<Result<_>>()?;
    let to = folder(layout, order, &organisation, &slice)?;
    let place = |name: &str| to.join(name);
    let mut elements = FileWriter::create(&RealDisk, &place(ELEMENTS_FILE))?;
    let sums = read(
        subject.dir,
        subject.manifest,
        &factors,
        &organisation,
        &mut elements,
        interrupt,
    )?;
    let company = Company {
        name: Some(organisation.name.clone()),
        id: None,
    };
    let (told, _) = declaration(&subject, company, interrupt)?;
    let page = Page {
        texts,
        told: &told,
        organisation: &organisation,
        sums: &sums,
        certificates: certificates.as_deref(),
        slice: &text,
        whole: manifest_totals(&manifest, ShipmentsTable::NAME)?.total(),
        rest,
        without: without(subject.dir, subject.manifest, period)?,
    };
    let report = page.report()?;
    let code = order.language.code();
    let files = [
        (
            place(&format!("{}.{code}.html", manifest.run_id)),
            still_page_with_contents(&report).into_bytes(),
        ),
        (
            place(&format!("{}.{code}.xlsx", manifest.run_id)),
            workbook(&report)
                .map_err(|e| Error::Internal(format!("cannot make the workbook: {e}")))?,
        ),
    ];
    let mut written = vec![elements];
    for (path, bytes) in &files {
        written.push(whole(&RealDisk, path, bytes)?);
    }
    finish_groups(&RealDisk, [written])?;
    let kg = |micrograms: i128| decimal_text(micrograms, NANO_SCALE);
    let (total, tonnes) = page.tonnes()?;
    let by_category = sums.by_category();
    let line = |(category, tonnes): (&Category, String)| {
        let amount = by_category.get(category).copied().unwrap_or_default();
        (category.code(), amount.elements, kg(amount.total()), tonnes)
    };
    let reasons = sums.reasons.iter();
    Ok(Stated {
        run_id: manifest.run_id.clone(),
        slice: text.clone(),
        categories: Category::ALL.iter().zip(tonnes).map(line).collect(),
        total: (kg(sums.totals.total()), total),
        run_and_rest: (kg(page.whole), kg(rest.totals.total())),
        reasons: reasons
            .map(|(reason, amount)| (reason.code(), amount.elements, kg(amount.total())))
            .collect(),
        files: files
            .into_iter()
            .map(|(path, _)| path)
            .chain([place(ELEMENTS_FILE)])
            .collect(),
    })
}

/// Where the files go: two organisations that report one run, or one that reports two slices of it, do not meet.
fn folder(
    layout: &Layout,
    order: &StatementOrder,
    organisation: &Organisation,
    slice: &Slice,
) -> Result<PathBuf> {
    match &order.to {
        Some(to) => Ok(to.clone()),
        None => {
            let name = folder_name(&organisation.name, &organisation.name);
            let below = format!("statement/{name}/{}", slice.folder());
            folder_below(&RealDisk, layout.root(), below.trim_end_matches('/'))
        }
    }
}

row! {
    struct Departure of shipment {
        period: Day,
    }
}

/// Months of a period in which no shipment departs first.
fn without(dir: &Path, manifest: &Manifest, period: Option<Months>) -> Result<Vec<String>> {
    let Some(period) = period else {
        return Ok(Vec::new());
    };
    let mut there = BTreeSet::new();
    for row in Rows::<ShipmentsTable, Departure>::of_run(dir, manifest) {
        there.insert(row?.period);
    }
    Ok(period.without(&there))
}
