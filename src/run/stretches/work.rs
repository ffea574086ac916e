//! One stretch: rows are pushed, sorted and computed as in a run, and its parts are left in a folder of their own.

use super::pack::StretchTask;
use super::receipt::{FORM, Line, Receipt, Sums, line_of, lines_of};
use super::rows::{Common, Pushed, Seen, nothing};
use super::{ended, pool};
use crate::error::{Error, Result};
use crate::model::symbol::Symbols;
use crate::progress::Silent;
use crate::run::budget::{Amount, Budget};
use crate::run::compute::{Attempt, FixedNames, Written, compute};
use crate::run::feed::{Opener, Order, Shared};
use crate::run::ledger::{FileCount, Ledger};
use crate::run::merge::Stop;
use crate::run::rejects::Rejects;
use crate::run::scratch::Scratch;
use crate::store::descriptors;
use crate::store::disk::RealDisk;
use crate::store::inside::Inside;
use crate::store::lock::{Holder, Output};
use crate::store::scratch::ScratchFolder;
use crate::store::stage::{Stage, new_folder};
use arrow::array::RecordBatch;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::{self, JoinHandle};

/// Sums and rejected rows, beside the parts.
pub(super) const REST: &str = "rest.ndjson.zst";
/// Where the finished files of a stretch lie in its folder.
pub(super) const PARTS: &str = "parts";
/// Level of their compression.
const LEVEL: i32 = 3;
/// Rows that are parsed at a time.
const ROWS: usize = 16_384;

/// How a stretch is computed.
#[derive(Clone, Debug)]
pub struct StretchOrder {
    /// Number of the stretch, from 0.
    pub stretch: usize,
    /// Folder of all stretches of the run: [`Stretched::folder`](super::Stretched::folder).
    pub folder: PathBuf,
    /// Bytes that the stretch may take; rows that wait for their order beyond it wait in the folder for temporary files.
    pub memory: u64,
    /// Threads, from 1.
    pub threads: usize,
}

/// A stretch of shipment ids on its way through the kernel.
pub struct Stretch {
    to: Option<SyncSender<RecordBatch>>,
    thread: Option<JoinHandle<Result<Receipt>>>,
}

impl Stretch {
    pub(super) fn start(task: Arc<StretchTask>, order: StretchOrder) -> Result<Stretch> {
        if order.stretch > task.bounds.len() {
            return Err(Error::Usage(format!(
                "stretch {}: the run has {}, counted from 0",
                order.stretch,
                task.bounds.len() + 1
            )));
        }
        let budget = budget(&order)?;
        let (to, from) = sync_channel(2);
        let thread = thread::Builder::new()
            .name("green-corridor".to_owned())
            .spawn(move || work(&task, &order, budget, from))
            .map_err(|e| Error::Limit(format!("cannot start a thread: {e}")))?;
        Ok(Stretch {
            to: Some(to),
            thread: Some(thread),
        })
    }

    /// Adds rows, in any order, with the columns of movement records and `_file` and `_row`.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        for from in (0..batch.num_rows()).step_by(ROWS) {
            let piece = batch.slice(from, ROWS.min(batch.num_rows() - from));
            let to = self.to.as_ref().ok_or_else(ended)?;
            if to.send(piece).is_err() {
                // The thread that is gone says why.
                return self.joined().and_then(|_| Err(ended()));
            }
        }
        Ok(())
    }

    /// All rows are there: their parts are written and synced. Gives the receipt for [`Stretched::seal`](super::Stretched::seal).
    pub fn finish(mut self) -> Result<String> {
        self.joined()?.text()
    }

    fn joined(&mut self) -> Result<Receipt> {
        self.to = None;
        let thread = self.thread.take().ok_or_else(ended)?;
        let done = thread.join();
        done.unwrap_or_else(|_| Err(Error::Internal("a stretch panicked".to_owned())))
    }
}

fn budget(order: &StretchOrder) -> Result<Budget> {
    Budget::new(
        order.memory,
        &Amount {
            threads: order.threads.max(1),
            files: 1,
            workbooks: 0,
            // Nobody knows how many rows come.
            bytes: u64::MAX,
            descriptors: descriptors::free(),
        },
    )
}

fn work(
    task: &Arc<StretchTask>,
    order: &StretchOrder,
    budget: Budget,
    batches: Receiver<RecordBatch>,
) -> Result<Receipt> {
    let common = Arc::new(Common {
        task: Arc::clone(task),
        stretch: order.stretch,
        seen: Mutex::new(Seen {
            inputs: nothing(task.inputs.len()),
            ..Seen::default()
        }),
    });
    // A folder that is gone belongs to a run that is: it is not made again.
    let home = new_folder(&RealDisk, &order.folder, &format!("{:05}-", order.stretch))?;
    let output = Output::lock(Arc::new(Inside::new(&home)), &home, &Holder::this_process())?;
    let stage = Stage::begin(&output)?;
    if let Some(voyages) = &task.reference.voyages {
        voyages.keep(budget.voyage_bytes);
    }
    let pushed = Pushed::new(batches, Arc::clone(&common));
    let computed = computed(task, order, budget, &stage, pushed);
    if let Some(error) = common.seen().error.take() {
        return Err(error);
    }
    let done = computed?;
    let files = stage.leave_in(&home.join(PARTS))?;
    let seen = std::mem::take(&mut *common.seen());
    let text = |id: Vec<u8>| {
        String::from_utf8(id).map_err(|_| Error::Internal("an id that is no text".to_owned()))
    };
    let ids = seen
        .ids
        .map(|(first, last)| Ok::<_, Error>((text(first)?, text(last)?)));
    let mut inputs = seen.inputs;
    for (input, count) in inputs.iter_mut().zip(&done.files) {
        (input.accepted, input.rejected) = (count.accepted, count.rejected);
    }
    inputs.retain(|input| input.rows > 0);
    let folder = home.file_name().unwrap_or_default();
    Ok(Receipt {
        form: FORM,
        run_id: task.run_id.clone(),
        stretch: order.stretch,
        folder: folder.to_string_lossy().into_owned(),
        files,
        ids: ids.transpose()?,
        inputs,
        sums: Sums::of(&done.written),
        places: task.reference.gazetteer.used_codes(),
        unknown_columns: seen.unknown_columns.into_iter().collect(),
        lacks_sequence: seen.lacks_sequence,
        warnings: seen.warnings,
    })
}

struct Done {
    written: Written,
    /// By place of the input.
    files: Vec<FileCount>,
}

/// Computes all rows into the stage, as a run computes those of its files.
fn computed(
    task: &StretchTask,
    order: &StretchOrder,
    budget: Budget,
    stage: &Stage,
    pushed: Pushed,
) -> Result<Done> {
    let pool = pool(order.threads)?;
    // Rows that wait do so on this machine, not where the stage is.
    let scratch = ScratchFolder::default();
    let (rejects, runs) = (
        Scratch::new(&scratch, "rejected"),
        Scratch::new(&scratch, "run"),
    );
    let names = FixedNames::new(
        &task.reference,
        task.inputs.clone(),
        task.mapping.carried_names(),
    );
    let shared = Shared {
        pool: &pool,
        symbols: RwLock::default(),
        ledger: Mutex::new(Ledger::new(
            task.inputs.len(),
            Rejects::new(&rejects, budget.reject_bytes, budget.fan_in),
        )),
        progress: &Silent,
        check: &|| Ok(()),
        has_stopped: AtomicBool::new(false),
    };
    let attempt = Attempt {
        reference: &task.reference,
        file_ranks: &task.ranks,
        stage,
        names: &names,
        metadata: &|| Ok(task.metadata.clone()),
        encodings: task.encodings,
        threads: order.threads,
        budget,
    };
    let readers: Vec<(u32, Opener)> = vec![(0, Box::new(move || Ok(Box::new(pushed))))];
    let computed = compute(&attempt, readers, Order::Sort(&runs), &shared);
    let written = computed.map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Broken(fault) => fault.into(),
        Stop::Disorder => Error::Internal("sorted rows out of order".to_owned()),
    })?;
    let broken = || Error::Internal("a worker failed".to_owned());
    let ledger = shared.ledger.into_inner().map_err(|_| broken())?;
    let symbols = shared.symbols.into_inner().map_err(|_| broken())?;
    let files = ledger.files().to_vec();
    rest(stage, &written, ledger, &symbols)?;
    Ok(Done { written, files })
}

/// Writes sums and rejected rows.
fn rest(stage: &Stage, written: &Written, ledger: Ledger, symbols: &Symbols) -> Result<()> {
    let file = stage.create(REST)?;
    let failed = |e: io::Error| {
        let stopped = stage.failure();
        stopped.unwrap_or_else(|| Error::Storage(format!("{REST}: {e}")))
    };
    let mut to = zstd::Encoder::new(file, LEVEL).map_err(failed)?;
    let mut put = |line: &Line| -> Result<()> {
        let json = serde_json::to_vec(line);
        let mut line = json.map_err(|e| Error::Internal(format!("a sum as JSON: {e}")))?;
        line.push(b'\n');
        to.write_all(&line).map_err(failed)
    };
    for line in lines_of(&written.rollup) {
        put(&line)?;
    }
    for rows in ledger.into_rejected()? {
        for row in rows? {
            put(&line_of(&row, symbols))?;
        }
    }
    to.finish().map_err(failed)?.finish().map(drop)
}
