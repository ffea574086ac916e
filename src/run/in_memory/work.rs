//! The thread of a session: rows are read, brought in order and computed.

use super::places::{Files, Places};
use super::tables::{Sums, Tables};
use super::{Answer, Ask, Setup};
use crate::calc::Kernel;
use crate::error::{Error, Place, Result};
use crate::input::arrow_batch::IN_MEMORY;
use crate::model::element::GhgTotals;
use crate::model::movement::MovementBatch;
use crate::model::reject::Rejected;
use crate::model::symbol::Symbols;
use crate::model::text::order;
use crate::progress::Level;
use crate::run::compute::FixedNames;
use crate::run::held::in_order;
use crate::run::merge::{Cutter, Flow, Merge, Stop, Work};
use crate::run::rejects::Rejects;
use crate::run::scratch::Scratch;
use crate::run::sort::Sorter;
use crate::store::scratch::ScratchFolder;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use rayon::ThreadPool;
use std::cmp::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};

/// Sorted runs that are read at the same time.
const FAN_IN: usize = 64;

type Answers = SyncSender<Result<Answer>>;

/// Answers until the last table is taken, or nobody asks any more.
pub(super) fn work(setup: &Setup, asks: &Receiver<Ask>, answers: &Answers) -> Result<()> {
    let threads = setup.order.threads;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| Error::Limit(format!("cannot start {threads} threads: {e}")))?;
    setup.progress.stage("compute", None);
    let done = if setup.order.is_sorted {
        in_the_order_given(setup, &pool, asks, answers)
    } else {
        sorted(setup, &pool, asks, answers)
    };
    setup.progress.end();
    done
}

/// Reads batches.
struct Intake<'s> {
    setup: &'s Setup,
    files: Files,
    symbols: Symbols,
    come: u64,
    rows: u64,
    /// Columns of the batches so far.
    schema: Option<SchemaRef>,
}

impl<'s> Intake<'s> {
    fn new(setup: &'s Setup) -> Intake<'s> {
        Intake {
            setup,
            files: Files::new(&setup.order.files),
            symbols: Symbols::default(),
            come: 0,
            rows: 0,
            schema: None,
        }
    }

    /// Rows of a batch, and those whose shipment could not be read.
    fn read(&mut self, batch: &RecordBatch) -> Result<(MovementBatch, Vec<Rejected>)> {
        self.setup.interrupt.check()?;
        if self.schema.as_ref() != Some(batch.schema_ref()) {
            let warnings = self.setup.rows.warnings(batch)?;
            let tell = |text: &String| self.setup.progress.message(Level::Warning, text);
            warnings.iter().for_each(tell);
            self.schema = Some(batch.schema());
        }
        let places = Places::of(batch, &mut self.files, self.come + 1)?;
        let mut parsed = (self.setup.rows).parse(batch, &|row| places.of_row(row))?;
        self.come += batch.num_rows() as u64;
        self.rows += parsed.rows;
        self.setup.progress.advance(parsed.rows, 0);
        let codes = self.symbols.absorb(&parsed.symbols);
        parsed.remap_symbols(&codes);
        Ok((parsed.batch, parsed.unplaced))
    }
}

/// Computes whole shipments in order.
struct Computation<'w> {
    setup: &'w Setup,
    pool: &'w ThreadPool,
    kernel: Kernel<'w>,
    cutter: Cutter,
    names: FixedNames,
    rejects: Rejects<'w>,
    sums: Sums,
    of_shipments: GhgTotals,
    /// The last shipment id that came.
    last: Vec<u8>,
}

impl<'w> Computation<'w> {
    fn new(
        setup: &'w Setup,
        pool: &'w ThreadPool,
        ranks: &'w [u32],
        names: Vec<String>,
        rejected: &'w Scratch<'w>,
    ) -> Computation<'w> {
        let memory = setup.order.memory;
        let kernel = Kernel::new(&setup.reference).with_file_ranks(ranks);
        Computation {
            setup,
            pool,
            kernel: kernel.with_lane_bytes(memory / 16),
            // What its refusal says of a memory limit goes by this share of it.
            cutter: Cutter::new(memory / 8),
            names: FixedNames::new(&setup.reference, names, setup.rows.carried()),
            rejects: Rejects::new(rejected, memory / 8, FAN_IN),
            sums: Sums::default(),
            of_shipments: GhgTotals::default(),
            last: Vec::new(),
        }
    }

    fn reject(&mut self, rows: Vec<Rejected>) -> Result<()> {
        self.sums.reject(&rows);
        self.rejects.push(rows)
    }

    /// Takes the next rows; gives what is complete.
    fn take(&mut self, rows: MovementBatch, symbols: &Symbols) -> Result<Answer> {
        let Some(last) = rows.len().checked_sub(1) else {
            return Ok(Answer::Tables(None));
        };
        self.check_order(&rows)?;
        self.last.clear();
        self.last.extend_from_slice(rows.shipment_id.get(last));
        let mut work = Vec::new();
        plain(self.cutter.push(rows, &mut work))?;
        self.compute(work, symbols)
    }

    fn check_order(&self, rows: &MovementBatch) -> Result<()> {
        let id = |row: usize| match row.checked_sub(1) {
            None => self.last.as_slice(),
            Some(before) => rows.shipment_id.get(before),
        };
        let is_behind = |row: &usize| order(rows.shipment_id.get(*row), id(*row)) == Ordering::Less;
        let Some(row) = (0..rows.len()).find(is_behind) else {
            return Ok(());
        };
        let text = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
        let (found, before) = (text(rows.shipment_id.get(row)), text(id(row)));
        let file = &self.names.files[rows.file[row] as usize];
        let wanted = format!("{before:?} or an id behind it");
        let message = format!(
            "{file}:{}: found shipment_id {found:?}, wanted {wanted}: rows that do not come in order of shipment_id have to be sorted",
            rows.row[row]
        );
        let place = Place::file(file).row(rows.row[row]).column("shipment_id");
        Err(Error::Input(message).at(place.found(found).wanted(wanted)))
    }

    fn compute(&mut self, work: Vec<Work>, symbols: &Symbols) -> Result<Answer> {
        let mut computed = Vec::new();
        for Work { batch, range } in work {
            self.setup.interrupt.check()?;
            let mut footprints = self.kernel.footprint(batch, range, symbols);
            self.reject(std::mem::take(&mut footprints.rejected))?;
            self.sums.add(&footprints);
            let totals = &footprints.shipments.totals;
            totals.iter().for_each(|t| self.of_shipments.add(t));
            computed.push(footprints);
        }
        if computed.is_empty() {
            return Ok(Answer::Tables(None));
        }
        let names = self.names.with(symbols);
        let tables = self.pool.install(|| Tables::of(computed, &names))?;
        Ok(Answer::Tables(Some(Box::new(tables))))
    }

    /// The last shipment, rejected rows, and sums.
    fn end(mut self, intake: &Intake, answers: &Answers) -> Result<()> {
        let mut work = Vec::new();
        self.cutter.flush(&mut work);
        let tables = self.compute(work, &intake.symbols)?;
        if answers.send(Ok(tables)).is_err() {
            return Ok(());
        }
        self.sums.rows = intake.rows;
        if intake.rows == 0 {
            // As likely a reader that somebody has read before as a day without a movement.
            let text = "no row came: footprints of nothing";
            self.setup.progress.message(Level::Warning, text);
        }
        self.sums.rollup = self.kernel.take_rollup();
        self.sums.check(&self.of_shipments)?;
        let names = self.names.with(&intake.symbols);
        for rows in self.rejects.into_chunks()? {
            let tables = self.pool.install(|| Tables::of_rejected(rows?, &names))?;
            if answers
                .send(Ok(Answer::Tables(Some(Box::new(tables)))))
                .is_err()
            {
                return Ok(());
            }
        }
        let _ = answers.send(Ok(Answer::Sums(Box::new(self.sums))));
        Ok(())
    }
}

/// Rows come in order, and are computed as they come.
fn in_the_order_given(
    setup: &Setup,
    pool: &ThreadPool,
    asks: &Receiver<Ask>,
    answers: &Answers,
) -> Result<()> {
    let scratch = ScratchFolder::default();
    let rejected = Scratch::new(&scratch, "rejected");
    let mut intake = Intake::new(setup);
    let ranks = ranks(setup, &intake.files.names)?;
    let names = intake.files.names.clone();
    let mut computation = Computation::new(setup, pool, &ranks, names, &rejected);
    for ask in asks {
        let Ask::Rows(batch) = ask else {
            return computation.end(&intake, answers);
        };
        let (rows, unplaced) = intake.read(&batch)?;
        let known = computation.names.files.len();
        if let Some(new) = intake
            .files
            .names
            .get(known..)
            .filter(|new| !new.is_empty())
        {
            if known + new.len() > 1 || setup.later_file.is_some() {
                let message = "rows in order of shipment_id that come from several files: wanted the names of all files beforehand";
                return Err(Error::Input(message.to_owned()).at(Place::file(IN_MEMORY)));
            }
            computation.names.files.extend_from_slice(new);
        }
        computation.reject(unplaced)?;
        let tables = computation.take(rows, &intake.symbols)?;
        if answers.send(Ok(tables)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Rows come in any order: they wait until all are there.
fn sorted(setup: &Setup, pool: &ThreadPool, asks: &Receiver<Ask>, answers: &Answers) -> Result<()> {
    let scratch = ScratchFolder::default();
    let of = |subject| Scratch::new(&scratch, subject);
    let (rejected, unplaced, runs) = (of("rejected"), of("unplaced"), of("run"));
    let memory = setup.order.memory;
    let mut unplaced = Rejects::new(&unplaced, memory / 8, FAN_IN);
    let mut intake = Intake::new(setup);
    pool.in_place_scope(|scope| {
        let rows = crate::run::in_memory::Session::ROWS;
        let mut sorter = Sorter::new(&runs, pool, scope, memory / 2, rows, FAN_IN);
        loop {
            match asks.recv() {
                Err(_) => return Ok(()),
                Ok(Ask::End) => break,
                Ok(Ask::Rows(batch)) => {
                    let (rows, lost) = intake.read(&batch)?;
                    unplaced.push(lost)?;
                    sorter.push(in_order(rows))?;
                    if answers.send(Ok(Answer::Tables(None))).is_err() {
                        return Ok(());
                    }
                }
            }
        }
        let (names, places) = intake.files.in_order();
        let ranks = self::ranks(setup, &names)?;
        let mut computation = Computation::new(setup, pool, &ranks, names, &rejected);
        for rows in unplaced.into_chunks()? {
            let mut rows = rows?;
            rows.iter_mut()
                .for_each(|row| row.file = places[row.file as usize]);
            computation.reject(rows)?;
        }
        let mut merge = Merge::new(plain(sorter.finish())?, rows);
        while let Some(mut rows) = plain(merge.next_batch())? {
            rows.file
                .iter_mut()
                .for_each(|file| *file = places[*file as usize]);
            let tables = computation.take(rows, &intake.symbols)?;
            if answers.send(Ok(tables)).is_err() {
                return Ok(());
            }
        }
        computation.end(&intake, answers)
    })
}

fn ranks(setup: &Setup, names: &[String]) -> Result<Vec<u32>> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ranks = (setup.later_file.as_ref()).map_or(Ok(Vec::new()), |rule| rule.ranks(&names));
    ranks.map_err(Error::Input)
}

/// Order was checked before, and there is no file that could be broken.
fn plain<T>(flow: Flow<T>) -> Result<T> {
    flow.map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Disorder => Error::Internal("rows in memory out of order".to_owned()),
        Stop::Broken(fault) => fault.into(),
    })
}
