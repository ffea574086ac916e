//! A run from plan to publication, top to bottom. Joins input, core, output and store.

pub(crate) mod budget;
pub(crate) mod compute;
mod configuration;
mod ending;
pub(crate) mod factors_used;
pub(crate) mod feed;
pub(crate) mod held;
pub(crate) mod identity;
pub(crate) mod in_memory;
pub(crate) mod jobs;
mod kept;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod prepare;
pub(crate) mod propose;
pub(crate) mod rejects;
#[cfg(test)]
mod run_tests;
pub(crate) mod scratch;
pub(crate) mod sort;
pub(crate) mod spill;
pub(crate) mod stretches;
pub(crate) mod summary;
pub(crate) mod tables;
pub(crate) mod write;

use crate::error::{Error, ErrorKind, Result};
use crate::input::mapping::Mapping;
use crate::input::{self, FileFault, Grain, Reader};
use crate::model::element::Names;
use crate::model::index::index32;
use crate::model::vocabulary::Vocabulary;
use crate::progress::milliseconds;
use crate::progress::{Level, Progress};
use crate::run::budget::{Amount, Budget};
use crate::run::compute::{Attempt, FixedNames, Written, compute};
use crate::run::feed::{Opener, Order, Shared};
use crate::run::identity::{Digests, Identity, Verdict};
use crate::run::ledger::Ledger;
use crate::run::limits::{enough_rows, few_estimates, little_change, little_change_of};
use crate::run::merge::{Flow, Stop};
use crate::run::plan::Plan;
use crate::run::prepare::{Inputs, Loaded, find_inputs, load_reference};
use crate::run::rejects::Rejects;
use crate::run::scratch::Scratch;
use crate::run::summary::Summary;
use crate::run::tables::Outcome;
use crate::store::commit::{Published, publish_existing};
use crate::store::descriptors;
use crate::store::digest::digest_files;
use crate::store::disk::{Disk, RealDisk};
use crate::store::dry_run::{private_folder, remove_dead};
use crate::store::find::{InputFile, check_unchanged, open_input};
use crate::store::lock::{Holder, Output};
use crate::store::manifest::{InputEntry, Manifest, MissingFile};
use crate::store::signal::Interrupt;
use crate::store::stage::{Stage, clear, clear_if_free};
use crate::store::status::{State, Status, now, write_status};
use rayon::ThreadPool;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::thread;
use std::time::Instant;
use tempfile::TempDir;

/// Runs a plan: computes, publishes, and says what became of it in status and log.
pub(crate) fn run(plan: &Plan, progress: &dyn Progress, interrupt: &Interrupt) -> Result<Summary> {
    run_on(Arc::new(RealDisk), plan, progress, interrupt)
}

/// The same, with everything written by way of `disk`.
pub(crate) fn run_on(
    disk: Arc<dyn Disk>,
    plan: &Plan,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Summary> {
    let holder = Holder::this_process();
    for folder in remove_dead(&std::env::temp_dir()) {
        let left = format!("{}: left by a killed dry run, removed", folder.display());
        progress.message(Level::Info, &left);
    }
    let private = plan.dry_run.then(private_folder).transpose()?;
    if private.is_some()
        && let Err(error) = clear_if_free(Arc::clone(&disk), &plan.out.path, &holder)
    {
        // It publishes nothing there, and can do without.
        progress.message(Level::Warning, &error.to_string());
    }
    let root = private.as_ref().map_or(&*plan.out.path, TempDir::path);
    let output = Output::lock(disk, root, &holder)?;
    let mut status = Status {
        started: holder.started.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        state: State::Running,
        stale_stages_removed: clear(&output)?,
        ..Status::default()
    };
    write_status(&output, &status)?;
    let began = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(plan.threads)
        .build();
    let pool =
        pool.map_err(|e| Error::Limit(format!("cannot start {} threads: {e}", plan.threads)))?;
    let outcome = Run {
        plan,
        progress,
        interrupt,
        output: &output,
        pool: &pool,
    }
    .attempts(&mut status);
    status.ended = Some(now());
    status.duration_ms = milliseconds(began.elapsed());
    let duration_ms = status.duration_ms;
    ending::record(plan, progress, &output, &holder, &outcome, status);
    if let Some(Err(error)) = private.map(TempDir::close) {
        // Nothing was to be published, and what was to be said is known.
        progress.message(Level::Warning, &error.to_string());
    }
    let mut summary = outcome?;
    summary.duration_ms = duration_ms;
    Ok(summary)
}

/// Says in status, metrics and log of an output root that a run was refused before it had a plan; where that cannot be written,
/// the refusal itself stays the thing to tell.
pub(crate) fn record_refusal(out: &Path, error: &Error) {
    let _ = ending::refused(out, error);
}

/// Puts in order what a run left that was ended by a signal, and says so in status, metrics and log.
pub fn record_loss(plan: &Plan, error: &Error) {
    let root = &plan.out.path;
    remove_dead(&std::env::temp_dir());
    if !plan.dry_run {
        let _ = ending::lost(root, error);
    }
}

struct Run<'a> {
    plan: &'a Plan,
    progress: &'a dyn Progress,
    interrupt: &'a Interrupt,
    output: &'a Output,
    pool: &'a ThreadPool,
}

fn open_file(
    index: u32,
    file: &InputFile,
    grain: Grain,
    mapping: &Arc<Mapping>,
    vocabulary: &Arc<Vocabulary>,
) -> Flow<Box<dyn Reader>> {
    let opened = open_input(file).map_err(|error| match error.kind() {
        ErrorKind::Input => Stop::Broken(FileFault::new(&file.name, error.to_string())),
        _ => Stop::Failed(error),
    })?;
    let source = input::SourceFile {
        file: opened,
        label: file.name.clone(),
        index,
    };
    Ok(input::open_in(
        grain,
        source,
        Arc::clone(mapping),
        Arc::clone(vocabulary),
    )?)
}

/// Warnings of files, each told once with the first file that it is about.
#[derive(Default)]
struct Warnings {
    found: Vec<(String, String, u64)>,
}

impl Warnings {
    fn note(&mut self, file: &str, warnings: &[String]) {
        for warning in warnings {
            match self.found.iter_mut().find(|(text, ..)| text == warning) {
                Some((.., more)) => *more += 1,
                None => self.found.push((warning.clone(), file.to_owned(), 0)),
            }
        }
    }

    fn texts(self) -> Vec<String> {
        let text = |(what, file, more): (String, String, u64)| match more {
            0 => format!("{file}: {what}"),
            _ => format!("{file} and {more} more: {what}"),
        };
        self.found.into_iter().map(text).collect()
    }
}

/// What was computed, before it is known whether it may be published.
struct Computed<'a> {
    id: &'a str,
    loaded: &'a Loaded,
    /// Counts of rows are filled in from the ledger.
    entries: Vec<InputEntry>,
    missing: &'a [MissingFile],
    warnings: Vec<String>,
    written: Written,
}

/// How one attempt over all files ended.
enum Ended {
    Published(Box<Summary>),
    /// The digests came and say that this run is not to be computed.
    Superseded,
    Disorder,
    Broken(FileFault),
}

impl Run<'_> {
    /// Computes the run while its inputs are digested.
    fn attempts(&self, status: &mut Status) -> Result<Summary> {
        self.progress.stage("load", None);
        let mut loaded = load_reference(self.plan)?;
        for warning in &loaded.warnings {
            self.progress.message(Level::Info, warning);
        }
        let inputs = find_inputs(self.plan, self.progress)?;
        loaded.read_gaps(&inputs)?;
        let amount = Amount {
            threads: self.plan.threads,
            files: inputs.files.len(),
            workbooks: (inputs.files.iter())
                .filter(|file| input::is_workbook(&file.name))
                .count(),
            bytes: inputs.bytes(),
            descriptors: descriptors::free(),
        };
        let budget = Budget::new(self.plan.limits.memory_bytes, &amount)?;
        if let Some(voyages) = &loaded.reference.voyages {
            voyages.keep(budget.voyage_bytes);
        }
        // A run that is probably there already is not computed until the digests say otherwise.
        let waits = !self.plan.rebuild && self.is_of_current_run(&inputs);
        if waits {
            self.progress.stage("digest", Some(inputs.bytes()));
        }
        let is_over = AtomicBool::new(false);
        let take = || {
            self.pool.install(|| {
                digest_files(&inputs.files, &|bytes| {
                    if waits {
                        self.progress.advance(0, bytes);
                    }
                    if is_over.load(Ordering::Relaxed) {
                        Err(Error::Internal("nobody waits any more".into()))
                    } else {
                        self.interrupt.check()
                    }
                })
            })
        };
        thread::scope(|threads| {
            let digests = Digests::start(threads, &inputs.files, take);
            let outcome = self.repeat(&loaded, inputs.clone(), &digests, waits, &budget, status);
            is_over.store(true, Ordering::Relaxed);
            outcome
        })
    }

    /// Starts over when rows turn out to be unsorted, or, if allowed, without a file that turns out to be broken.
    fn repeat(
        &self,
        loaded: &Loaded,
        mut inputs: Inputs,
        digests: &Digests,
        waits: bool,
        budget: &Budget,
        status: &mut Status,
    ) -> Result<Summary> {
        let mut sorted = budget.can_merge;
        loop {
            let layout = self.output.layout();
            let identity = Identity {
                plan: self.plan,
                loaded,
                inputs: &inputs,
                digests,
                layout,
                verdict: OnceLock::new(),
            };
            if waits || digests.are_taken() {
                match identity.verdict()?.clone() {
                    Verdict::New { id, .. } => status.run_id = Some(id),
                    Verdict::Published(id) => {
                        status.run_id = Some(id.clone());
                        return self.publish_again(&id, &inputs, status);
                    }
                    Verdict::Unreadable(missing) => {
                        inputs.leave_out(missing, self.plan)?;
                        continue;
                    }
                }
            }
            let ended = self.attempt(&identity, budget, sorted, status);
            if let Some(Verdict::New { id, .. }) = identity.verdict.get() {
                status.run_id = Some(id.clone());
            }
            match ended? {
                Ended::Published(summary) => return Ok(*summary),
                Ended::Superseded => {}
                Ended::Disorder => sorted = false,
                Ended::Broken(fault) => {
                    self.progress.message(
                        Level::Warning,
                        &format!("{fault}; starting over without it"),
                    );
                    let reason = fault.to_string();
                    inputs.leave_out(
                        vec![MissingFile {
                            file: fault.label,
                            reason,
                        }],
                        self.plan,
                    )?;
                }
            }
        }
    }

    /// Whether the current run was made from files of these names and sizes.
    fn is_of_current_run(&self, inputs: &Inputs) -> bool {
        let layout = self.output.layout();
        let Ok(Some(id)) = layout.current_run() else {
            return false;
        };
        Manifest::load(&layout.run(&id)).is_ok_and(|manifest| {
            let then = manifest
                .inputs
                .iter()
                .map(|entry| (entry.file.as_str(), entry.bytes));
            then.eq(inputs
                .files
                .iter()
                .map(|file| (file.name.as_str(), file.bytes)))
        })
    }

    /// The run exists: its bytes are checked and `CURRENT` is pointed at it.
    fn publish_again(&self, id: &str, inputs: &Inputs, status: &mut Status) -> Result<Summary> {
        if self.plan.limits.max_change.is_some()
            && let Ok(manifest) = Manifest::load(&self.output.layout().run(id))
        {
            little_change_of(self.plan, &manifest)?;
        }
        self.progress.stage("verify", None);
        let check = |bytes| {
            self.progress.advance(0, bytes);
            self.interrupt.check()
        };
        let published = self
            .pool
            .install(|| publish_existing(self.output, id, &check))
            .map_err(|error| match error.kind() {
                ErrorKind::Verification => Error::Verification(format!(
                    "{error}; run it again with --rebuild, which computes it anew and puts it in the place of this one"
                )),
                _ => error,
            })?;
        Ok(self.finish(published, inputs, status))
    }

    fn attempt(
        &self,
        identity: &Identity,
        budget: &Budget,
        sorted: bool,
        status: &mut Status,
    ) -> Result<Ended> {
        let Identity { loaded, inputs, .. } = *identity;
        let file_ranks = inputs.ranks(self.plan)?;
        // An attempt before this one may have asked for places of a file that is left out now.
        loaded.reference.gazetteer.forget_used();
        let stage = Stage::begin(self.output)?;
        let (readers, mut entries, warnings) = match self.open(loaded, inputs, budget) {
            Ok(opened) => opened,
            Err(Stop::Broken(fault)) => return self.broken(stage, identity, fault, status),
            Err(Stop::Disorder) => return Ok(Ended::Disorder),
            Err(Stop::Failed(error)) => return Err(error),
        };
        for warning in &warnings {
            // A second attempt reads the same heads.
            if !status.warnings.contains(warning) {
                self.progress.message(Level::Warning, warning);
                status.warnings.push(warning.clone());
            }
        }
        let names = FixedNames::new(
            &loaded.reference,
            entries.iter().map(|e| e.file.clone()).collect(),
            self.plan.mapping.carried_names(),
        );
        let metadata = || Ok(tables::metadata(identity.new_id()?, loaded));
        let (rejects, runs) = (
            Scratch::new(&stage, "rejected"),
            Scratch::new(&stage, "run"),
        );
        let shared = Shared {
            pool: self.pool,
            symbols: RwLock::default(),
            ledger: Mutex::new(Ledger::new(
                entries.len(),
                Rejects::new(&rejects, budget.reject_bytes, budget.fan_in),
            )),
            progress: self.progress,
            check: &|| {
                self.interrupt.check()?;
                identity.check()
            },
            has_stopped: AtomicBool::new(false),
        };
        let attempt = Attempt {
            reference: &loaded.reference,
            file_ranks: &file_ranks,
            stage: &stage,
            names: &names,
            metadata: &metadata,
            encodings: self.plan.encodings,
            threads: self.plan.threads,
            budget: *budget,
        };
        self.progress.stage(
            if sorted {
                "compute"
            } else {
                "sort and compute"
            },
            None,
        );
        let order = if sorted {
            Order::Sorted
        } else {
            Order::Sort(&runs)
        };
        let computed = compute(&attempt, readers, order, &shared);
        let (ledger, symbols) = (shared.ledger.into_inner(), shared.symbols.into_inner());
        let ledger = ledger.map_err(|_| Error::Internal("a worker failed".into()))?;
        let symbols = symbols.map_err(|_| Error::Internal("a worker failed".into()))?;
        let names = names.with(&symbols);
        let written: Result<Written> = match computed {
            Ok(written) => Ok(written),
            Err(Stop::Disorder) => return Ok(Ended::Disorder),
            Err(Stop::Failed(_)) if identity.is_superseded() => return Ok(Ended::Superseded),
            Err(Stop::Broken(fault)) if self.plan.allow_missing_files => {
                return Ok(Ended::Broken(fault));
            }
            Err(Stop::Broken(fault)) => Err(Error::from(fault)),
            Err(Stop::Failed(error)) if error.kind() == ErrorKind::Limit => Err(error),
            Err(Stop::Failed(error)) => {
                // Who waited for the digests in vain does not know that it was a signal.
                self.interrupt.check()?;
                return Err(error);
            }
        };
        let Verdict::New { id, digests } = identity.verdict()? else {
            return Ok(Ended::Superseded);
        };
        let metadata = tables::metadata(id, loaded);
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                tables::rejected(&stage, self.plan.encodings, ledger, &names, &metadata)?;
                return Err(self.keep_failure(stage, id, error, status));
            }
        };
        for (entry, digest) in entries.iter_mut().zip(digests) {
            entry.sha256.clone_from(&digest.sha256);
        }
        for file in inputs
            .files
            .iter()
            .chain(inputs.gaps.iter().map(|(_, list)| list))
        {
            check_unchanged(file)?;
        }
        let computed = Computed {
            id,
            loaded,
            entries,
            missing: &inputs.missing,
            warnings,
            written,
        };
        let ready = self.ready(&stage, computed, ledger, &names, &metadata, status)?;
        let published = self.publish(stage, id, ready, status)?;
        let summary = self.finish(published, inputs, status);
        Ok(Ended::Published(Box::new(summary)))
    }

    /// Publishes what is ready, or keeps the rejects of what must not be published.
    fn publish(
        &self,
        stage: Stage,
        id: &str,
        ready: std::result::Result<Manifest, Error>,
        status: &Status,
    ) -> Result<Published> {
        match ready {
            Ok(manifest) => stage.publish(manifest),
            Err(error) => Err(self.keep_failure(stage, id, error, status)),
        }
    }

    /// The manifest of what was computed, if no row is lost; the inner error: the bounds of the plan do not allow it, and the stage has
    /// its rejects.
    fn ready(
        &self,
        stage: &Stage,
        computed: Computed,
        ledger: Ledger,
        names: &Names,
        metadata: &[(String, String)],
        status: &mut Status,
    ) -> Result<std::result::Result<Manifest, Error>> {
        let Computed {
            id,
            loaded,
            mut entries,
            missing,
            warnings,
            written,
        } = computed;
        ledger.reconcile(&entries.iter().map(|e| e.file.clone()).collect::<Vec<_>>())?;
        for (entry, count) in entries.iter_mut().zip(ledger.files()) {
            (entry.rows_in, entry.accepted, entry.rejected) =
                (count.rows, count.accepted, count.rejected);
            entry.blank_rows = count.blank;
        }
        tables::count(status, &ledger, &written);
        let publishable = enough_rows(self.plan, &ledger, &entries)
            .and_then(|()| few_estimates(self.plan, &written))
            .and_then(|()| little_change(self.plan, id, &ledger, &written));
        if let Err(error) = publishable {
            tables::rejected(stage, self.plan.encodings, ledger, names, metadata)?;
            return Ok(Err(error));
        }
        self.progress.stage("publish", None);
        let outcome = Outcome {
            id,
            plan: self.plan,
            loaded,
            entries,
            missing,
            warnings,
            written,
        };
        let manifest = self
            .pool
            .install(|| tables::finish(stage, outcome, ledger, names, metadata))?;
        self.interrupt.check()?;
        Ok(Ok(manifest))
    }

    /// Opens every input; the entries carry what is known of a file before its rows are read.
    #[allow(clippy::type_complexity)]
    fn open<'i>(
        &self,
        loaded: &Loaded,
        inputs: &'i Inputs,
        budget: &Budget,
    ) -> Flow<(Vec<(u32, Opener<'i>)>, Vec<InputEntry>, Vec<String>)> {
        let mapping = Arc::new(self.plan.mapping.clone());
        let vocabulary = Arc::new(loaded.reference.vocabulary());
        let mut readers = Vec::new();
        let mut entries = Vec::new();
        let mut warnings = Warnings::default();
        for (index, file) in inputs.files.iter().enumerate() {
            let (grain, mapping, vocabulary) =
                (budget.grain, Arc::clone(&mapping), Arc::clone(&vocabulary));
            let open = move || open_file(index32(index), file, grain, &mapping, &vocabulary);
            let reader = open()?;
            let info = reader.info();
            warnings.note(&file.name, &info.warnings);
            entries.push(InputEntry {
                file: file.name.clone(),
                bytes: file.bytes,
                sha256: String::new(),
                format: info.format.to_owned(),
                rows_in: 0,
                accepted: 0,
                rejected: 0,
                blank_rows: 0,
                unknown_columns: info.unknown_columns.clone(),
                lacks_sequence: info.lacks_sequence,
            });
            // Where not all can be open, each is opened again when its rows are wanted.
            let opener: Opener = if budget.can_open_all {
                Box::new(move || Ok(reader))
            } else {
                Box::new(open)
            };
            readers.push((index32(index), opener));
        }
        Ok((readers, entries, warnings.texts()))
    }

    /// A file that is broken from its beginning ends the run, or starts it over without the file.
    fn broken(
        &self,
        stage: Stage,
        identity: &Identity,
        fault: FileFault,
        status: &Status,
    ) -> Result<Ended> {
        if self.plan.allow_missing_files {
            return Ok(Ended::Broken(fault));
        }
        let Verdict::New { id, .. } = identity.verdict()? else {
            return Ok(Ended::Superseded);
        };
        Err(self.keep_failure(stage, id, Error::from(fault), status))
    }

    /// Keeps rejects and status of a run that is not published; gives back what stopped it.
    fn keep_failure(&self, stage: Stage, id: &str, error: Error, status: &Status) -> Error {
        let mut told = status.clone().failed(&error);
        told.ended = Some(now());
        let kept = told.to_bytes().and_then(|bytes| stage.fail(id, &bytes));
        if let Err(fault) = kept {
            self.progress.message(
                Level::Warning,
                &format!("the rejects of the failed run could not be kept: {fault}"),
            );
        }
        error
    }

    /// After the commit: prune, count, summarise.
    fn finish(&self, published: Published, inputs: &Inputs, status: &mut Status) -> Summary {
        status.missing_files = inputs.missing.iter().map(|m| m.file.clone()).collect();
        let outside = inputs.files.iter().filter_map(|file| file.outside.clone());
        Summary {
            outside: outside.collect(),
            ..ending::finish(self.plan, self.progress, self.output, published, status)
        }
    }
}
