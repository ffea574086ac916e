//! A run whose rows another engine brings together: cut by shipment ids into stretches, each computed by itself wherever there is room,
//! and sealed as one run.
//!
//! [`Stretched`] holds the output root and gives out a [`StretchTask`] as bytes. A task opens a [`Stretch`] for all rows of a stretch of
//! ids, in any order; what comes of it is parts as a run writes them, in a folder of the stage, and a receipt. `seal` proves from the
//! receipts that no row and no shipment is lost, doubled or split, takes the parts over by renames, and publishes.

mod pack;
mod receipt;
mod rows;
mod seal;
mod work;

pub use pack::StretchTask;
pub use work::{Stretch, StretchOrder};

use crate::error::{Error, Result};
use crate::input::{format_of, rows_told};
use crate::progress::{Level, Progress, milliseconds};
use crate::run::plan::Plan;
use crate::run::prepare::{GapList, Inputs, Loaded, find_inputs, id_of_plan, load_reference};
use crate::run::summary::Summary;
use crate::run::{Run, ending};
use crate::store::digest::{ContentDigest, digest_files};
use crate::store::disk::RealDisk;
use crate::store::find::{InputFile, open_input};
use crate::store::lock::{Holder, Output};
use crate::store::signal::Interrupt;
use crate::store::stage::{Apart, Stage, clear};
use crate::store::status::{State, Status, now, write_status};
use rayon::ThreadPool;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// An input of a run whose rows others read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StretchInput {
    /// Its name: what `_file` says of its rows, and `source_file` of elements.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// Digest of its bytes, or of whatever tells it from every other content, 64 hexadecimal digits.
    pub sha256: String,
    /// Its rows, numbered from 1 by `_row`.
    pub rows: u64,
    /// Name of its format, for the manifest.
    pub format: String,
    /// Where it lies, if it is a movement file of the run file.
    pub path: Option<PathBuf>,
}

/// More stretches than this are a slip of the pen: each is a task, a folder and a part of every table.
const MOST_STRETCHES: usize = 100_000;

/// The movement files of a plan, digested. Only Parquet files say how many rows they have.
pub(crate) fn inputs(
    plan: &Plan,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Vec<StretchInput>> {
    let found = find_inputs(plan, progress)?;
    progress.stage("digest", Some(found.bytes()));
    let digests = pool(plan.threads)?.install(|| {
        digest_files(&found.files, &|bytes| {
            progress.advance(0, bytes);
            interrupt.check()
        })
    })?;
    let one = |(file, digest): (&InputFile, Result<ContentDigest>)| {
        let digest = digest?;
        let rows = rows_told(&file.name, &open_input(file)?)?;
        let rows = rows.ok_or_else(|| {
            let message = format!(
                "{}: does not say how many rows it has before it is read: wanted Parquet files, or inputs that are named with their rows",
                file.name
            );
            Error::Usage(message)
        })?;
        Ok(StretchInput {
            name: file.name.clone(),
            bytes: digest.bytes,
            sha256: digest.sha256,
            rows,
            format: format_of(&file.name).map_or("", |f| f.name).to_owned(),
            path: Some(file.path.clone()),
        })
    };
    found.files.iter().zip(digests).map(one).collect()
}

/// A run that is under way in stretches: it holds the lock of its output root until it is sealed, given up or dropped.
pub struct Stretched {
    plan: Plan,
    loaded: Loaded,
    gaps: Vec<GapList>,
    /// By name.
    inputs: Vec<StretchInput>,
    /// Those of them that are movement files of the run file.
    files: Inputs,
    ranks: Vec<u32>,
    run_id: String,
    holder: Holder,
    status: Status,
    began: Instant,
    /// Dropped before the stage, whose run holds the lock.
    apart: Option<Apart>,
    stage: Option<Stage>,
    output: Output,
}

impl Stretched {
    /// Begins a run over these inputs, cut before each of the ids in `bounds`.
    pub(crate) fn begin(
        plan: &Plan,
        mut inputs: Vec<StretchInput>,
        bounds: Vec<String>,
        progress: &dyn Progress,
    ) -> Result<Stretched> {
        inputs.sort_by(|a, b| a.name.cmp(&b.name));
        check_inputs(&inputs)?;
        check_bounds(&bounds)?;
        if plan.mapping.values.contains_key("shipment_id") {
            return Err(Error::Usage(
                "[values.shipment_id]: a run in stretches is cut by the ids as they stand; give the rows their ids before"
                    .to_owned(),
            ));
        }
        let mut plan = plan.clone();
        plan.stretches = bounds;
        let mut loaded = load_reference(&plan)?;
        for warning in &loaded.warnings {
            progress.message(Level::Info, warning);
        }
        let files = files_of(&plan, &inputs, progress)?;
        let gaps = loaded.read_gaps(&files)?;
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        let ranks = match &plan.later_file {
            Some(rule) => rule.ranks(&names).map_err(Error::Input)?,
            None => Vec::new(),
        };
        let digests: Vec<(&str, &str)> = (inputs.iter())
            .map(|input| (input.name.as_str(), input.sha256.as_str()))
            .collect();
        let run_id = id_of_plan(&plan, &digests, &loaded.digest);
        let holder = Holder::this_process();
        let output = Output::lock(Arc::new(RealDisk), &plan.out.path, &holder)?;
        let status = Status {
            started: holder.started.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: State::Running,
            stale_stages_removed: clear(&output)?,
            run_id: Some(run_id.clone()),
            ..Status::default()
        };
        write_status(&output, &status)?;
        let is_there = output.layout().run(&run_id).is_dir() && !plan.rebuild;
        let (stage, apart) = if is_there {
            (None, None)
        } else {
            let stage = Stage::begin(&output)?;
            (Some(stage), Some(Apart::begin(&output)?))
        };
        Ok(Stretched {
            plan,
            loaded,
            gaps,
            inputs,
            files,
            ranks,
            run_id,
            holder,
            status,
            began: Instant::now(),
            apart,
            stage,
            output,
        })
    }

    /// Id of the run.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Number of stretches.
    pub fn stretches(&self) -> usize {
        self.plan.stretches.len() + 1
    }

    /// Whether the run is published already: then there is nothing to compute, and `seal` makes it the current one.
    pub fn is_published(&self) -> bool {
        self.stage.is_none()
    }

    /// The folder for the stretches, which all tasks must see under this name.
    pub fn folder(&self) -> Option<&Path> {
        self.apart.as_ref().map(Apart::path)
    }

    /// What the tasks need, for the way to them.
    pub fn pack(&self) -> Result<Vec<u8>> {
        pack::pack(self)
    }

    /// Proves from the receipts that the run is whole, and publishes it. Without a proof nothing is published.
    pub(crate) fn seal(
        mut self,
        receipts: &[String],
        progress: &dyn Progress,
        interrupt: &Interrupt,
    ) -> Result<Summary> {
        let mut status = std::mem::take(&mut self.status);
        let sealed = self.sealed(receipts, &mut status, progress, interrupt);
        self.end(sealed, status, progress)
    }

    /// Says in status and log that the run has failed elsewhere, and why; nothing is published.
    pub(crate) fn give_up(mut self, why: &str, progress: &dyn Progress) {
        let status = std::mem::take(&mut self.status);
        let error = Error::Input(format!("the engine that brings the rows: {why}"));
        let _ = self.end(Err(error), status, progress);
    }

    fn sealed(
        &mut self,
        receipts: &[String],
        status: &mut Status,
        progress: &dyn Progress,
        interrupt: &Interrupt,
    ) -> Result<Summary> {
        let pool = pool(self.plan.threads)?;
        let run = Run {
            plan: &self.plan,
            progress,
            interrupt,
            output: &self.output,
            pool: &pool,
        };
        let (Some(stage), Some(apart)) = (self.stage.take(), self.apart.take()) else {
            return run.publish_again(&self.run_id, &Inputs::default(), status);
        };
        let published = seal::seal(self, &run, stage, apart.path(), receipts, status)?;
        Ok(run.finish(published, &self.files, status))
    }

    fn end(
        &mut self,
        outcome: Result<Summary>,
        mut status: Status,
        progress: &dyn Progress,
    ) -> Result<Summary> {
        (self.stage, self.apart) = (None, None);
        status.ended = Some(now());
        status.duration_ms = milliseconds(self.began.elapsed());
        let duration_ms = status.duration_ms;
        ending::record(
            &self.plan,
            progress,
            &self.output,
            &self.holder,
            &outcome,
            status,
        );
        let mut summary = outcome?;
        summary.duration_ms = duration_ms;
        Ok(summary)
    }
}

fn ended() -> Error {
    Error::Usage("the stretch has ended".to_owned())
}

fn pool(threads: usize) -> Result<ThreadPool> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::Limit(format!("cannot start {threads} threads: {e}")))
}

fn check_inputs(inputs: &[StretchInput]) -> Result<()> {
    let wrong = |input: &StretchInput, what: &str| {
        Err(Error::Usage(format!("input {:?}: {what}", input.name)))
    };
    for input in inputs {
        let is_digest = input.sha256.len() == 64
            && (input.sha256.bytes()).all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if input.name.is_empty() || input.name.chars().any(char::is_control) {
            return wrong(input, "wanted a name without control characters");
        }
        if !is_digest {
            return wrong(input, "sha256: wanted 64 hexadecimal digits, in lower case");
        }
    }
    match inputs.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => wrong(&pair[0], "is named twice"),
        None => Ok(()),
    }
}

fn check_bounds(bounds: &[String]) -> Result<()> {
    if bounds.len() >= MOST_STRETCHES {
        return Err(Error::Usage(format!(
            "{} stretches, wanted at most {MOST_STRETCHES}",
            bounds.len() + 1
        )));
    }
    let before = std::iter::once("").chain(bounds.iter().map(String::as_str));
    match before.zip(bounds).find(|(a, b)| a >= &b.as_str()) {
        Some((a, b)) => Err(Error::Usage(format!(
            "bounds of stretches: {b:?} behind {a:?}, wanted ids that ascend as bytes"
        ))),
        None => Ok(()),
    }
}

/// The movement files among the inputs as they are found now, with the lists of gaps beside them.
fn files_of(plan: &Plan, inputs: &[StretchInput], progress: &dyn Progress) -> Result<Inputs> {
    let named = |name: &str| inputs.iter().find(|i| i.path.is_some() && i.name == name);
    if inputs.iter().all(|input| input.path.is_none()) {
        return Ok(Inputs::default());
    }
    let mut found = find_inputs(plan, progress)?;
    found
        .files
        .retain(|f| named(&f.name).is_some_and(|i| i.bytes == f.bytes));
    found.gaps.retain(|(file, _)| named(&file.name).is_some());
    let is_there = |input: &&StretchInput| found.files.iter().any(|f| f.name == input.name);
    let gone = inputs.iter().filter(|input| input.path.is_some());
    match gone.clone().find(|input| !is_there(input)) {
        Some(input) => Err(Error::Input(format!(
            "{}: is not the movement file any more that was digested",
            input.name
        ))),
        None => Ok(found),
    }
}
