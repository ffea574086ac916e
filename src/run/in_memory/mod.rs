//! Rows in memory to footprints in memory: what a run does between its files.
//!
//! A session has a thread of its own, on which `work` sorts and computes; who pushes rows or takes tables waits for it. So the kernel
//! can borrow the reference for as long as the session lives, and whoever has to look for signals meanwhile can.

pub(super) mod places;
mod tables;
mod work;

pub use tables::{Sums, Tables};

use crate::error::{Error, Result};
use crate::input::arrow_batch::ArrowRows;
use crate::progress::Progress;
use crate::reference::Reference;
use crate::run::plan::LaterFile;
use crate::store::signal::Interrupt;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// How rows in memory are computed.
#[derive(Clone, Debug)]
pub struct SessionOrder {
    /// Whether rows come in order of shipment id (bytes, spaces around it removed): then shipments are computed as they come, and little
    /// is held. A row out of order is an error.
    pub is_sorted: bool,
    /// Every file that `_file` names, as far as rows of one shipment come from several and `is_sorted`: which of two records counts
    /// goes by the names of their files.
    pub files: Vec<String>,
    /// Bytes of rows that wait for their order in memory; more wait in a folder for temporary files. At least 1 MiB.
    pub memory: usize,
    /// Threads that sort and make columns, from 1.
    pub threads: usize,
}

impl Default for SessionOrder {
    fn default() -> SessionOrder {
        SessionOrder {
            is_sorted: false,
            files: Vec::new(),
            memory: 512 << 20,
            threads: 1,
        }
    }
}

/// What a session works with.
pub(crate) struct Setup {
    /// Factors, distances, corridors.
    pub reference: Arc<Reference>,
    /// How rows are read.
    pub rows: Arc<ArrowRows>,
    /// Which file is later than which.
    pub later_file: Option<LaterFile>,
    /// How they are computed.
    pub order: SessionOrder,
    /// Who is told of it.
    pub progress: Arc<dyn Progress>,
    /// Who may stop it.
    pub interrupt: Interrupt,
}

/// What the thread of a session is asked.
enum Ask {
    Rows(RecordBatch),
    End,
}

/// What it answers: one answer to rows; behind the end as many as there are tables left, and then the sums.
enum Answer {
    Tables(Option<Box<Tables>>),
    Sums(Box<Sums>),
}

/// Rows that come in pieces to footprints that come in pieces. All rows of a shipment go to one session.
///
/// ```
/// use green_corridor::{Engine, SessionOrder};
/// let engine = Engine::shipped("open")?;
/// let session = engine.session(SessionOrder::default())?;
/// // session.push(&batch)?; as often as there is one
/// assert_eq!(session.finish()?.count(), 0);
/// # Ok::<(), green_corridor::Error>(())
/// ```
pub struct Session {
    asks: SyncSender<Ask>,
    rest: Rest,
    schemas: [SchemaRef; 3],
}

impl Session {
    /// Rows of a batch that are computed at a time.
    pub const ROWS: usize = 16_384;

    /// Less does not hold a batch.
    const LEAST_MEMORY: usize = 1 << 20;
    /// A slip of the pen, more likely than a machine.
    const MOST_THREADS: usize = 1_024;

    pub(crate) fn start(setup: Setup) -> Result<Session> {
        let SessionOrder {
            memory, threads, ..
        } = setup.order;
        if memory < Session::LEAST_MEMORY {
            return Err(Error::Usage(format!(
                "memory: found {memory} bytes, wanted {} or more",
                Session::LEAST_MEMORY
            )));
        }
        if !(1..=Session::MOST_THREADS).contains(&threads) {
            return Err(Error::Usage(format!(
                "threads: found {threads}, wanted 1 to {}",
                Session::MOST_THREADS
            )));
        }
        let schemas = Tables::schemas(&setup.rows.carried());
        // One waits here while the next is made.
        let ((asks, asked), (answers, answered)) = (sync_channel(1), sync_channel(1));
        let thread = thread::Builder::new()
            .name("green-corridor".to_owned())
            .spawn(move || {
                if let Err(error) = work::work(&setup, &asked, &answers) {
                    // Nobody waits for the answer of a session that is dropped.
                    let _ = answers.send(Err(error));
                }
            })
            .map_err(|e| Error::Limit(format!("cannot start a thread: {e}")))?;
        let rest = Rest {
            answered,
            thread: Some(thread),
            sums: None,
        };
        Ok(Session {
            asks,
            rest,
            schemas,
        })
    }

    /// Columns of its tables: elements, shipments, rejected rows.
    pub fn schemas(&self) -> &[SchemaRef; 3] {
        &self.schemas
    }

    /// Adds rows, with the columns of movement records, and perhaps `_file` and `_row`; gives tables of shipments that are complete,
    /// where rows come in order.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<Vec<Tables>> {
        let mut tables = Vec::new();
        // A batch without rows has columns, which are looked at.
        for from in (0..batch.num_rows().max(1)).step_by(Session::ROWS) {
            let rows = Session::ROWS.min(batch.num_rows() - from);
            let ask = Ask::Rows(batch.slice(from, rows));
            // A thread that has ended says why.
            let _ = self.asks.send(ask);
            match self.rest.answer()? {
                Some(Answer::Tables(made)) => tables.extend(made.map(|made| *made)),
                Some(Answer::Sums(_)) | None => return Err(ended()),
            }
        }
        Ok(tables)
    }

    /// No more rows come: the tables of all shipments that are left.
    pub fn finish(self) -> Result<Rest> {
        let _ = self.asks.send(Ask::End);
        Ok(self.rest)
    }
}

fn ended() -> Error {
    Error::Usage("the session has ended".to_owned())
}

/// What a session gives when all rows are there.
pub struct Rest {
    answered: Receiver<Result<Answer>>,
    thread: Option<JoinHandle<()>>,
    sums: Option<Sums>,
}

impl Rest {
    /// Counts and exact sums of the whole session, when all tables are taken.
    pub fn sums(&self) -> Option<&Sums> {
        self.sums.as_ref()
    }

    fn answer(&mut self) -> Result<Option<Answer>> {
        if let Ok(answer) = self.answered.recv() {
            return answer.map(Some);
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(_)) => Err(Error::Internal("a session panicked".to_owned())),
            Some(Ok(())) | None => Ok(None),
        }
    }
}

impl Iterator for Rest {
    type Item = Result<Tables>;

    fn next(&mut self) -> Option<Result<Tables>> {
        loop {
            match self.answer() {
                Err(error) => return Some(Err(error)),
                Ok(Some(Answer::Tables(Some(tables)))) => return Some(Ok(*tables)),
                Ok(Some(Answer::Tables(None))) => (),
                Ok(Some(Answer::Sums(sums))) => self.sums = Some(*sums),
                Ok(None) => return None,
            }
        }
    }
}
