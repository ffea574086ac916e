//! A published run cut by a carried column: for each value a folder with a page, a workbook and iLEAP documents, and an index of them.
//!
//! Slices are made one after the other from tables of their own, so a document holds nothing of another slice. The index, which names
//! all of them, is written last: where it stands, every folder that it names is there.

mod index;

use crate::audit::explain::Explainer;
use crate::error::{Error, Result};
use crate::exchange::abreast::in_order;
use crate::exchange::export::Exporter;
use crate::exchange::order::{Company, Form, Kind, Order};
use crate::exchange::pact::Pact;
use crate::present::form::{page, workbook};
use crate::present::report::{report_of_slice, shown_of_many};
use crate::progress::Progress;
use crate::published::cut::{Cut, Part, Size};
use crate::published::run::Published;
use crate::published::slice::{Slice, folder_name};
use crate::reference::Reference;
use crate::store::disk::RealDisk;
use crate::store::files::{finish_groups, is_file, read_file, whole};
use crate::store::layout::Layout;
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use index::Index;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is written for each value of a carried column.
#[derive(Clone, Debug)]
pub struct ByOrder {
    /// The column.
    pub column: String,
    /// Folder for the folders and the index.
    pub to: PathBuf,
    /// Whether a page is written.
    pub page: bool,
    /// Whether a workbook is written.
    pub workbook: bool,
    /// Whose iLEAP footprints are written; none: none are.
    pub ileap: Option<Company>,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct ByWritten {
    /// The run.
    pub run_id: String,
    /// The index.
    pub index: PathBuf,
    /// Values, each with a folder.
    pub values: u64,
    /// Files of all folders.
    pub files: u64,
    /// What the slices come to together, kg CO2e.
    pub total_kg: String,
    /// What the run comes to, kg CO2e.
    pub run_kg: String,
}

/// What all slices have in common.
struct Writing<'w> {
    order: &'w ByOrder,
    slice: &'w Slice,
    reference: Arc<Reference>,
    exporter: Option<Exporter>,
    interrupt: &'w Interrupt,
}

/// A slice that was written.
#[derive(Default)]
struct Written {
    value: String,
    folder: String,
    size: Size,
    files: u64,
}

/// Cuts a run and writes what was asked for of each slice.
pub(crate) fn by(
    layout: &Layout,
    run: Option<&str>,
    order: &ByOrder,
    (slice, memory): (&Slice, u64),
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<ByWritten> {
    let reading = layout.read_run(run)?;
    let explainer = Explainer::open(&reading.dir)?;
    let manifest = explainer.manifest();
    refuse_others(order, manifest, slice)?;
    let of = (slice, Some(order.column.as_str()));
    let mut cut = Cut::of(&reading.dir, manifest, of, memory, interrupt)?;
    let mut index = Index::new(manifest, order, slice, &cut);
    let kind = Kind::Footprints(Pact::V2);
    let exporter = order
        .ileap
        .as_ref()
        .map(|_| Exporter::begin(layout.root(), kind));
    let writing = Writing {
        order,
        slice,
        reference: Arc::clone(explainer.reference()),
        exporter: exporter.transpose()?,
        interrupt,
    };
    progress.stage("slices", Some(cut.values().len() as u64));
    let mut taken = BTreeSet::new();
    let mut files = 0;
    in_order(
        || cut.next_part(),
        Written::default,
        |written, part: Part| {
            *written = writing.write(&part)?;
            Ok(())
        },
        |written| {
            let written = std::mem::take(written);
            if !taken.insert(written.folder.to_lowercase()) {
                let what = format!("two values would have the folder {:?}", written.folder);
                return Err(Error::Internal(what));
            }
            files += written.files;
            index.add(&written);
            progress.advance(1, 0);
            Ok(())
        },
    )?;
    let values = taken.len() as u64;
    let place = order.to.join("index.json");
    let mut last = Vec::new();
    for (name, bytes) in index.files()? {
        last.push(whole(&RealDisk, &order.to.join(name), &bytes)?);
    }
    finish_groups(&RealDisk, [last])?;
    Ok(ByWritten {
        run_id: manifest.run_id.clone(),
        index: place,
        values,
        files,
        total_kg: index.total(),
        run_kg: index.whole(),
    })
}

/// No index is larger.
const MOST_BYTES: u64 = 1 << 30;

/// That the folder holds no slices of another run, column or slice: folders that no index names any more would stay among the new ones.
///
/// Errors: exit 2 with whose slices are there.
fn refuse_others(order: &ByOrder, manifest: &Manifest, slice: &Slice) -> Result<()> {
    let place = order.to.join("index.json");
    if !is_file(&place).map_err(|e| Error::Storage(format!("{}: {e}", place.display())))? {
        return Ok(());
    }
    let index: serde_json::Value =
        serde_json::from_slice(&read_file(&place, MOST_BYTES)?).unwrap_or_default();
    let said = |key: &str| index[key].as_str().unwrap_or_default().to_owned();
    let there = [said("run_id"), said("by"), said("slice")];
    let wanted = [manifest.run_id.clone(), order.column.clone(), slice.text()];
    match there == wanted {
        true => Ok(()),
        false => {
            let said = |[run, by, slice]: [String; 3]| {
                let of = if slice.is_empty() { "" } else { ", " };
                format!("run {run} by {by}{of}{slice}")
            };
            Err(Error::Usage(format!(
                "{}: is the index of slices of {}, whose folders would stay among those of {}; name another folder, or remove this one",
                place.display(),
                said(there),
                said(wanted)
            )))
        }
    }
}

impl Writing<'_> {
    fn write(&self, part: &Part) -> Result<Written> {
        let slice = self.slice.with(&self.order.column, &part.value);
        let text = slice.text();
        let folder = folder_name(&part.value, &part.value);
        let to = self.order.to.join(&folder);
        let mut files = self.report(part, &text, &to)?;
        if let (Some(exporter), Some(company)) = (&self.exporter, &self.order.ileap) {
            let reference = Arc::clone(&self.reference);
            let published = Published::of(part.dir(), part.manifest.clone(), reference);
            let order = Order {
                kind: Kind::Footprints(Pact::V2),
                form: Form::Json,
                company: company.clone(),
                to: Some(to.join("ileap")),
            };
            exporter.export(&published, &order, Some(&text), self.interrupt)?;
            files += ILEAP_FILES;
        }
        Ok(Written {
            value: part.value.clone(),
            folder,
            size: part.size,
            files,
        })
    }

    fn report(&self, part: &Part, text: &str, to: &Path) -> Result<u64> {
        let order = self.order;
        if !order.page && !order.workbook {
            return Ok(0);
        }
        let shown = Some(shown_of_many());
        let report = report_of_slice(part, text, shown, &self.reference, self.interrupt)?;
        let mut files = Vec::new();
        if order.page {
            let page = page(&report);
            let page = page.map_err(|e| Error::Internal(format!("cannot make a page: {e}")))?;
            files.push(("html", page.into_bytes()));
        }
        if order.workbook {
            let book = workbook(&report);
            let book = book.map_err(|e| Error::Internal(format!("cannot make a workbook: {e}")))?;
            files.push(("xlsx", book));
        }
        let count = files.len() as u64;
        let written = files.into_iter().map(|(ending, bytes)| {
            let name = format!("{}.{ending}", report.run_id);
            whole(&RealDisk, &to.join(name), &bytes)
        });
        finish_groups(&RealDisk, [written.collect::<Result<Vec<_>>>()?])?;
        Ok(count)
    }
}

/// Shipments, TOCs, HOCs, deprecated versions, summary.
const ILEAP_FILES: u64 = 5;
