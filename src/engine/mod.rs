//! The engine: what this library does, in one place. The program is a layer of words around it.
//!
//! An engine is opened for a run file, for an output root with published runs, or over a reference in memory; each call says what it
//! needs of these and refuses without it.

use crate::audit::diff::tables::{DiffOrder, Differences, differences};
use crate::audit::explain::sheet::Sheet;
use crate::audit::explain::{Explainer, explain};
use crate::audit::rejects::Rejects;
use crate::audit::verify::{Place, Verified, verify};
use crate::compare::{Routes, Sources};
use crate::error::{Error, Result};
use crate::exchange::convert::{Conversion, Converted, convert};
use crate::exchange::export::export;
use crate::exchange::order::{Order, Summary as Exported};
use crate::factors::DataFile;
use crate::input::arrow_batch::ArrowRows;
use crate::library::FactorLibrary;
use crate::model::time::Day;
use crate::present::form::Report;
use crate::present::report::declaration::{Company as DeclaringCompany, Declared, declared};
use crate::present::report::{Subject, report, report_of_slice};
use crate::progress::{Progress, Silent};
use crate::published::cut::{Cut, Part};
use crate::published::proven::PublishedRun;
use crate::published::slice::Slice;
use crate::reference::Reference;
use crate::run::in_memory::{Session, SessionOrder, Setup, Sums, Tables};
use crate::run::plan::{Flags, Plan};
use crate::run::prepare::{library_error, load_reference};
use crate::run::run;
use crate::run::stretches::{StretchInput, Stretched, inputs};
use crate::run::summary::Summary;
use crate::settle::{Checked, Confirmed, Ordered, SettleOrder, Settlement, Shown};
use crate::shipped::{DATA_FOLDER, LIBRARY_FOLDER, data_below};
use crate::slices::{ByOrder, ByWritten, by};
use crate::statement::{Stated, StatementOrder, state};
use crate::store::disk::RealDisk;
use crate::store::layout::Layout;
use crate::store::lock::{Holder, Output};
use crate::store::manifest::Manifest;
use crate::store::reference::RUN_DATA;
use crate::store::rollback::{RolledBack, rollback};
use crate::store::signal::Interrupt;
use crate::years::{TrackOrder, Tracked, YearOrder, Years, track, year_over_year};
use arrow::array::RecordBatch;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Footprints of rows in memory; each table has the columns of the published one.
#[derive(Clone, Debug)]
pub struct Computed {
    /// One row per transport chain element.
    pub elements: RecordBatch,
    /// One row per shipment.
    pub shipments: RecordBatch,
    /// One row per record that did not become part of a figure, and why.
    pub rejected: RecordBatch,
    /// Exact sums, which add up over any number of calls.
    pub sums: Sums,
}

/// Computes footprints, and answers questions about those that are published.
///
/// ```
/// use green_corridor::Engine;
/// let engine = Engine::shipped("open")?;
/// assert!(engine.reference()?.factors.operation("sea.container").is_some());
/// # Ok::<(), green_corridor::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    plan: Option<Plan>,
    out: Option<PathBuf>,
    reference: OnceLock<Arc<Reference>>,
    rows: OnceLock<Arc<ArrowRows>>,
    progress: Arc<dyn Progress>,
    interrupt: Interrupt,
    slice: Slice,
    /// Bytes for cutting a run.
    memory: u64,
}

/// Bytes for cutting a run where nothing else is said.
const MEMORY: u64 = 1 << 30;

impl Engine {
    fn new(plan: Option<Plan>, out: Option<PathBuf>) -> Engine {
        Engine {
            plan,
            out,
            reference: OnceLock::new(),
            rows: OnceLock::new(),
            progress: Arc::new(Silent),
            interrupt: Interrupt::never(),
            slice: Slice::default(),
            memory: MEMORY,
        }
    }

    /// The engine of a run file, with what the file does not say as the program would have it.
    pub fn open(run_file: &Path) -> Result<Engine> {
        let flags = Flags {
            run_file: Some(run_file.to_owned()),
            ..Flags::default()
        };
        Ok(Engine::of(Plan::open(&flags, false)?))
    }

    /// The engine of a plan.
    pub fn of(plan: Plan) -> Engine {
        let out = plan.out.path.clone();
        Engine::new(Some(plan), Some(out))
    }

    /// The engine of an output root: for questions about published runs, each of which carries its own reference.
    pub fn at(out: &Path) -> Engine {
        Engine::new(None, Some(out.to_owned()))
    }

    /// The engine of a reference in memory, which others may share.
    pub fn with_reference(reference: Arc<Reference>) -> Engine {
        let engine = Engine::new(None, None);
        let _ = engine.reference.set(reference);
        engine
    }

    /// The engine of a profile of a library in memory, with places, distances and corridors in the files of `data`.
    pub fn with_files(library: &[DataFile], profile: &str, data: &[DataFile]) -> Result<Engine> {
        let loaded = Reference::load(library, profile, data, &[]);
        let (reference, _) = loaded.map_err(|faults| library_error(&faults))?;
        Ok(Engine::with_reference(Arc::new(reference)))
    }

    /// The engine of a profile of the library inside the program.
    pub fn shipped(profile: &str) -> Result<Engine> {
        let library = data_below(LIBRARY_FOLDER, |_| true);
        let data = data_below(DATA_FOLDER, |path| RUN_DATA.contains(&path));
        Engine::with_files(&library, profile, &data)
    }

    /// The same engine, which tells `progress` where it is and stops when `interrupt` says so.
    pub fn watched(mut self, progress: Arc<dyn Progress>, interrupt: Interrupt) -> Engine {
        self.progress = progress;
        self.interrupt = interrupt;
        self
    }

    /// The same engine, whose reports, declarations, documents and sheets are on a slice of a run only; `memory`: bytes for cutting it.
    pub fn sliced(mut self, slice: Slice, memory: Option<u64>) -> Engine {
        self.slice = slice;
        self.memory = memory.unwrap_or(MEMORY);
        self
    }

    /// The plan of the run file.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    fn layout(&self) -> Result<Layout> {
        let out = self.out.as_ref();
        out.map(Layout::new)
            .ok_or_else(|| Error::Usage("this engine has no output root".to_owned()))
    }

    /// Factors, places, distances and corridors; read and checked when they are asked for first.
    pub fn reference(&self) -> Result<&Arc<Reference>> {
        if let Some(reference) = self.reference.get() {
            return Ok(reference);
        }
        let plan = self.plan.as_ref();
        let plan = plan.ok_or_else(|| Error::Usage("this engine has no reference".to_owned()))?;
        let loaded = load_reference(plan)?;
        Ok(self.reference.get_or_init(|| Arc::new(loaded.reference)))
    }

    /// Computes the movement files of the run file and publishes the run.
    pub fn run(&self) -> Result<Summary> {
        let plan = self.plan_of()?;
        run(plan, self.progress.as_ref(), &self.interrupt)
    }

    /// Computes rows in memory, with the columns of movement records, and publishes nothing. The rows of a shipment all come in one call,
    /// in any order; nothing is remembered between calls, and their sums add up.
    ///
    /// `_file` and `_row`, where they are there, say where a row comes from.
    pub fn compute(&self, batches: &[RecordBatch]) -> Result<Computed> {
        let mut session = self.session(SessionOrder::default())?;
        for batch in batches {
            session.push(batch)?;
        }
        let schemas = session.schemas().clone();
        let mut rest = session.finish()?;
        let pieces: Vec<Tables> = rest.by_ref().collect::<Result<_>>()?;
        let sums = rest.sums().cloned().unwrap_or_default();
        let Tables {
            elements,
            shipments,
            rejected,
        } = Tables::joined(&pieces, schemas)?;
        Ok(Computed {
            elements,
            shipments,
            rejected,
            sums,
        })
    }

    /// Computes rows in memory that come in pieces to tables that come in pieces, within bounds of memory.
    pub fn session(&self, order: SessionOrder) -> Result<Session> {
        let reference = self.reference()?;
        let rows = self.arrow_rows()?;
        Session::start(Setup {
            reference: Arc::clone(reference),
            rows: Arc::clone(rows),
            later_file: self.plan.as_ref().and_then(|plan| plan.later_file.clone()),
            order,
            progress: Arc::clone(&self.progress),
            interrupt: self.interrupt.clone(),
        })
    }

    fn arrow_rows(&self) -> Result<&Arc<ArrowRows>> {
        let reference = self.reference()?;
        Ok(self.rows.get_or_init(|| {
            let mapping = self.plan.as_ref().map(|plan| plan.mapping.clone());
            let vocabulary = Arc::new(reference.vocabulary());
            Arc::new(ArrowRows::new(
                Arc::new(mapping.unwrap_or_default()),
                vocabulary,
            ))
        }))
    }

    /// Which of these columns holds the shipment id; what else is wrong with them is an error.
    pub fn id_column(&self, columns: &[String]) -> Result<String> {
        self.arrow_rows()?.id_column(columns)
    }

    fn plan_of(&self) -> Result<&Plan> {
        let plan = self.plan.as_ref();
        plan.ok_or_else(|| Error::Usage("this engine has no run file".to_owned()))
    }

    /// The movement files of the run file, digested, with their rows: for [`Engine::begin`]. Parquet files only.
    pub fn inputs(&self) -> Result<Vec<StretchInput>> {
        inputs(self.plan_of()?, self.progress.as_ref(), &self.interrupt)
    }

    /// Begins a run over inputs whose rows somebody else brings, cut into stretches of shipment ids before each id in `bounds`. Holds the
    /// output root until it is sealed.
    pub fn begin(&self, inputs: Vec<StretchInput>, bounds: Vec<String>) -> Result<Stretched> {
        Stretched::begin(self.plan_of()?, inputs, bounds, self.progress.as_ref())
    }

    /// Proves from the receipts of its stretches that a run is whole, and publishes it.
    pub fn seal(&self, run: Stretched, receipts: &[String]) -> Result<Summary> {
        run.seal(receipts, self.progress.as_ref(), &self.interrupt)
    }

    /// Gives a run up that has failed elsewhere; status and log say why.
    pub fn give_up(&self, run: Stretched, why: &str) {
        run.give_up(why, self.progress.as_ref());
    }

    /// Checks a published run from its files alone; with `recalculate` every element goes through the kernel again. Input files are looked
    /// for in `inputs`, or else where the log says that they were.
    pub fn verify(
        &self,
        run: Option<&str>,
        recalculate: bool,
        inputs: Option<&Path>,
    ) -> Result<Verified> {
        let layout = self.layout()?;
        let reading = layout.read_run(run)?;
        let place = inputs.map_or(Place::Logged(&layout), |folder| {
            Place::Named(folder, &layout)
        });
        verify(
            &reading.dir,
            recalculate,
            &place,
            self.progress.as_ref(),
            &self.interrupt,
        )
    }

    /// The calculation sheet of a published shipment.
    pub fn explain(&self, shipment: &str, run: Option<&str>) -> Result<Sheet> {
        let reading = self.layout()?.read_run(run)?;
        explain(&reading.dir, shipment, &self.slice)
    }

    /// Why the figures of two published runs differ; every change goes into tables beside the runs.
    pub fn diff(&self, order: &DiffOrder) -> Result<Differences> {
        differences(
            &self.layout()?,
            order,
            self.progress.as_ref(),
            &self.interrupt,
        )
    }

    /// What changed from the period of one published run to that of another without a common shipment, and why.
    pub fn year_over_year(&self, order: &YearOrder) -> Result<Years> {
        year_over_year(order, self.progress.as_ref(), &self.interrupt)
    }

    /// Where targets stand against published runs.
    pub fn track(&self, order: &TrackOrder) -> Result<Vec<Tracked>> {
        track(
            &self.layout()?,
            order,
            self.progress.as_ref(),
            &self.interrupt,
        )
    }

    /// The report on a published run, ready to be written as a page or a workbook.
    pub fn report(&self, run: Option<&str>) -> Result<Report> {
        let layout = self.layout()?;
        let reading = layout.read_run(run)?;
        if !self.slice.is_whole() {
            let explainer = Explainer::open(&reading.dir)?;
            let part = self.part(&reading.dir, explainer.manifest())?;
            let reference = explainer.reference();
            let text = self.slice.text();
            return report_of_slice(&part, &text, None, reference, &self.interrupt);
        }
        report(
            &layout,
            &reading.id,
            self.progress.as_ref(),
            &self.interrupt,
        )
    }

    /// The tables of the slice.
    fn part(&self, dir: &Path, manifest: &Manifest) -> Result<Part> {
        let of = (&self.slice, None);
        let mut cut = Cut::of(dir, manifest, of, self.memory, &self.interrupt)?;
        let part = cut.next_part()?;
        part.ok_or_else(|| Error::Internal("a slice was lost".to_owned()))
    }

    /// Cuts a published run by a carried column and writes pages, workbooks and documents for each of its values.
    pub fn report_by(&self, run: Option<&str>, order: &ByOrder) -> Result<ByWritten> {
        by(
            &self.layout()?,
            run,
            order,
            (&self.slice, self.memory),
            self.progress.as_ref(),
            &self.interrupt,
        )
    }

    /// Writes a published run as exchange documents.
    pub fn export(&self, run: Option<&str>, order: &Order) -> Result<Exported> {
        export(
            self.layout()?.root(),
            run,
            order,
            (&self.slice, self.memory),
            &self.interrupt,
        )
    }

    /// What a declaration of a published run needs, as a page and as JSON.
    pub fn declaration(&self, run: Option<&str>, company: DeclaringCompany) -> Result<Declared> {
        let layout = self.layout()?;
        let reading = layout.read_run(run)?;
        let manifest = Manifest::load(&reading.dir)?;
        if self.slice.is_whole() {
            let subject = Subject {
                dir: &reading.dir,
                manifest: &manifest,
                slice: None,
            };
            return declared(&subject, company, &self.interrupt);
        }
        let (part, text) = (self.part(&reading.dir, &manifest)?, self.slice.text());
        declared(&Subject::slice(&part, &text), company, &self.interrupt)
    }

    /// States a published run for an organisation: scopes and categories of every element, as page, workbook and elements.
    pub fn statement(&self, order: &StatementOrder) -> Result<Stated> {
        state(
            &self.layout()?,
            order,
            (&self.slice, self.memory),
            self.progress.as_ref(),
            &self.interrupt,
        )
    }

    /// Settles the charges of a month and publishes the settlement.
    pub fn settle(&self, order: &SettleOrder) -> Result<Settlement> {
        crate::settle::settle(
            &self.layout()?,
            order,
            self.progress.as_ref(),
            &self.interrupt,
        )
    }

    /// What a settlement (the latest, or the one named) says of a party or a bill.
    pub fn settlement(&self, what: &str, settlement: Option<&str>) -> Result<Shown> {
        crate::settle::show(&self.layout()?, what, settlement)
    }

    /// Issues what may be paid of a settlement (the latest, or the one named): events first, then payment orders. Empty value dates become
    /// `value_date`; a claim of an obligation that was ordered before is left out unless `further` names it.
    pub fn order_payments(
        &self,
        settlement: Option<&str>,
        value_date: Option<Day>,
        further: &[String],
    ) -> Result<Ordered> {
        crate::settle::order(&self.layout()?, settlement, value_date, further)
    }

    /// Matches confirmations of banks (camt.053, camt.054) with orders.
    pub fn confirm_payments(&self, files: &[PathBuf]) -> Result<Confirmed> {
        crate::settle::pay(&self.layout()?, files)
    }

    /// Disputes a claim for a reason, or without one ends its dispute; says what was done.
    pub fn dispute(&self, claim: &str, reason: Option<&str>) -> Result<String> {
        crate::settle::dispute(&self.layout()?, claim, reason)
    }

    /// Checks every settlement from its files alone, and the latest against another party's claims.
    pub fn verify_settlements(&self, against: Option<&Path>) -> Result<Checked> {
        crate::settle::verify(&self.layout()?, against)
    }

    /// Checks an earlier run and makes it the current one again.
    pub fn rollback(&self, run: Option<&str>) -> Result<RolledBack> {
        let layout = self.layout()?;
        // A root that is none is told before a lock would make it one.
        layout.find_run(run)?;
        let holder = Holder::this_process();
        let output = Output::lock(Arc::new(RealDisk), layout.root(), &holder)?;
        self.progress.stage("verify", None);
        let check = |bytes| {
            self.progress.advance(0, bytes);
            self.interrupt.check()
        };
        rollback(&output, &holder, run, &check)
    }

    /// A published run for questions in columns.
    pub fn published(&self, run: Option<&str>) -> Result<PublishedRun> {
        PublishedRun::open(self.layout()?.read_run(run)?, &self.interrupt)
    }

    /// All published runs, by id.
    pub fn all_published(&self) -> Result<Vec<PublishedRun>> {
        let layout = self.layout()?;
        // Says what is wrong with a folder that is no output root.
        layout.find_run(None)?;
        let runs = layout.list_runs()?.into_iter();
        runs.map(|id| self.published(Some(&id))).collect()
    }

    /// The rejected rows of a run, published or failed.
    pub fn rejects(&self, run: Option<&str>) -> Result<Rejects> {
        Rejects::of(&self.layout()?, run)
    }

    /// What partners send as movement records and factors.
    pub fn convert(conversion: &Conversion, interrupt: &Interrupt) -> Result<Converted> {
        convert(conversion, interrupt)
    }

    /// What route options between places are made of; what is odd about it is told to `warn`.
    pub fn compare(sources: Sources, warn: &dyn Fn(&str)) -> Result<Routes> {
        Routes::open(sources, warn)
    }

    /// A factor library, to be questioned before a run depends on it.
    pub fn factors(library: &Path, data: &Path) -> Result<FactorLibrary> {
        FactorLibrary::read(library, data)
    }
}
