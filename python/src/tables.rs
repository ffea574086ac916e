//! Tables that are made while they are read: rows go in at one end, and three streams of batches come out.

use crate::failure::exception;
use crate::watch::{Told, watched};
use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_pyarrow::{FromPyArrow, ToPyArrow};
use green_corridor::quantity::{NANO_SCALE, decimal_text};
use green_corridor::{Error, Interrupt, Rest, Result, Session, Sums, Tables};
use pyo3::exceptions::{PyKeyboardInterrupt, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};
use pyo3::{PyTraverseError, PyVisit};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that somebody hands over, batch by batch.
pub(crate) type Rows =
    Box<dyn Iterator<Item = std::result::Result<RecordBatch, ArrowError>> + Send>;

/// Anything with `__arrow_c_stream__` or `__arrow_c_array__`; nothing is copied.
pub(crate) fn rows(object: &Bound<'_, PyAny>) -> PyResult<Rows> {
    if object.hasattr("__arrow_c_stream__")? {
        let reader = ArrowArrayStreamReader::from_pyarrow_bound(object)?;
        // Columns are looked at also where no row comes.
        let none = RecordBatch::new_empty(reader.schema());
        return Ok(Box::new(std::iter::once(Ok(none)).chain(reader)));
    }
    if object.hasattr("__arrow_c_array__")? {
        let batch = RecordBatch::from_pyarrow_bound(object)?;
        return Ok(Box::new(std::iter::once(Ok(batch))));
    }
    let name = object.get_type().fully_qualified_name()?;
    Err(PyTypeError::new_err(format!(
        "rows: found {name}, wanted a table with __arrow_c_stream__ (pyarrow, Polars, DuckDB, pandas) or a record batch"
    )))
}

/// The next batch; the import panics where one has not the columns that its stream has told.
pub(crate) fn next_of(
    rows: &mut Rows,
) -> Result<Option<std::result::Result<RecordBatch, ArrowError>>> {
    catch_unwind(AssertUnwindSafe(|| rows.next())).map_err(|_| {
        Error::Input("rows: a batch that has not the columns of its stream".to_owned())
    })
}

pub(crate) fn foreign(error: &ArrowError) -> Error {
    Error::Input(format!("rows: {error}"))
}

enum Source {
    /// Rows still come.
    Open(Session),
    /// All rows are there.
    Ending(Rest),
    /// Nothing comes any more.
    Ended,
}

/// Where rows are and how far they are.
struct Pump {
    source: Source,
    input: Option<Rows>,
    /// Of elements, shipments, rejected: batches that wait, unless nobody wants them.
    waiting: [Option<VecDeque<RecordBatch>>; 3],
    sums: Option<Sums>,
}

impl Pump {
    fn keep(&mut self, tables: Tables) {
        let Tables {
            elements,
            shipments,
            rejected,
        } = tables;
        for (waiting, batch) in self.waiting.iter_mut().zip([elements, shipments, rejected]) {
            if let (Some(waiting), 1..) = (waiting, batch.num_rows()) {
                waiting.push_back(batch);
            }
        }
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let Source::Open(session) = &mut self.source else {
            return Err(Error::Usage(
                "the session has ended: no rows after finish".to_owned(),
            ));
        };
        for tables in session.push(batch)? {
            self.keep(tables);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Open(session) => self.source = Source::Ending(session.finish()?),
            other => self.source = other,
        }
        Ok(())
    }

    /// Goes one step on; `false`: there is none.
    fn step(&mut self) -> Result<bool> {
        if let Some(input) = &mut self.input {
            match next_of(input)? {
                Some(batch) => self.push(&batch.map_err(|error| foreign(&error))?)?,
                None => {
                    self.input = None;
                    self.finish()?;
                }
            }
            return Ok(true);
        }
        let Source::Ending(rest) = &mut self.source else {
            return Ok(false);
        };
        match rest.next() {
            Some(tables) => {
                let tables = tables?;
                self.keep(tables);
                Ok(true)
            }
            None => {
                self.sums = rest.sums().cloned();
                self.source = Source::Ended;
                Ok(false)
            }
        }
    }

    fn next(&mut self, table: usize) -> Result<Option<RecordBatch>> {
        loop {
            let Some(waiting) = &mut self.waiting[table] else {
                return Ok(None);
            };
            if let Some(batch) = waiting.pop_front() {
                return Ok(Some(batch));
            }
            if !self.stepped()? {
                return Ok(None);
            }
        }
    }

    /// A batch of each table that has one, as soon as any has.
    fn turn(&mut self) -> Result<Option<[Option<RecordBatch>; 3]>> {
        loop {
            let waiting = self.waiting.each_mut();
            let turn = waiting.map(|waiting| waiting.as_mut().and_then(VecDeque::pop_front));
            if turn.iter().any(Option::is_some) {
                return Ok(Some(turn));
            }
            if !self.stepped()? {
                return Ok(None);
            }
        }
    }

    /// Goes one step on; behind an error there is nothing.
    fn stepped(&mut self) -> Result<bool> {
        self.step().inspect_err(|_| {
            (self.source, self.input) = (Source::Ended, None);
            self.waiting = [None, None, None];
        })
    }
}

/// A session, or rows on their way through one.
#[pyclass(frozen, module = "green_corridor._native")]
pub(crate) struct Computing {
    shared: Arc<Shared>,
}

struct Shared {
    pump: Mutex<Pump>,
    interrupt: Interrupt,
    told: Arc<Told>,
    /// The process that has the session's thread.
    process: u32,
    /// Columns of elements, shipments, rejected.
    schemas: [SchemaRef; 3],
}

impl Shared {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Pump) -> Result<T> + Send,
    ) -> PyResult<T> {
        // In a child its thread would be waited for without end.
        if std::process::id() != self.process {
            let message = "this session was begun by another process, before a fork: begin a new one, the engine may stay";
            return Err(exception(py, &Error::Usage(message.to_owned())));
        }
        if self.told.is_inside() {
            let message = "these tables are asked by their own rows or progress: wanted a caller outside of them";
            return Err(exception(py, &Error::Usage(message.to_owned())));
        }
        let done = watched(py, &self.interrupt, || {
            let mut pump = self.pump.lock().unwrap_or_else(PoisonError::into_inner);
            self.told.inside(|| work(&mut pump))
        });
        match self.told.failed() {
            Some(raised) => Err(raised),
            None => done,
        }
    }

    fn schema(&self, table: usize) -> PyResult<SchemaRef> {
        let unknown = || PyValueError::new_err("wanted the number of a table, 0 to 2");
        self.schemas.get(table).cloned().ok_or_else(unknown)
    }

    fn next(&self, py: Python<'_>, table: usize) -> PyResult<Option<RecordBatch>> {
        self.with(py, |pump| pump.next(table))
    }
}

impl Computing {
    pub(crate) fn new(
        session: Session,
        input: Option<Rows>,
        interrupt: Interrupt,
        told: Arc<Told>,
    ) -> Computing {
        let empty = || Some(VecDeque::new());
        let schemas = session.schemas().clone();
        let pump = Mutex::new(Pump {
            source: Source::Open(session),
            input,
            waiting: [empty(), empty(), empty()],
            sums: None,
        });
        let shared = Arc::new(Shared {
            pump,
            interrupt,
            told,
            process: std::process::id(),
            schemas,
        });
        Computing { shared }
    }
}

#[pymethods]
impl Computing {
    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        // What a stream in somebody else's hands shares is reached from there.
        match Arc::strong_count(&self.shared) {
            1 => self.shared.told.traverse(&visit),
            _ => Ok(()),
        }
    }

    fn __clear__(&self) {
        self.shared.told.forget();
    }

    fn push(&self, py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut rows = rows(object)?;
        self.shared.with(py, |pump| {
            while let Some(batch) = next_of(&mut rows)? {
                pump.push(&batch.map_err(|error| foreign(&error))?)?;
            }
            Ok(())
        })
    }

    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        self.shared.with(py, Pump::finish)
    }

    fn next<'py>(&self, py: Python<'py>, table: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.shared.schema(table)?;
        let batch = self.shared.next(py, table)?;
        batch.map(|batch| batch.to_pyarrow(py)).transpose()
    }

    fn turn<'py>(&self, py: Python<'py>) -> PyResult<Option<[Option<Bound<'py, PyAny>>; 3]>> {
        let turn = self.shared.with(py, Pump::turn)?;
        let give = |batch: Option<RecordBatch>| batch.map(|b| b.to_pyarrow(py)).transpose();
        turn.map(|[elements, shipments, rejected]| {
            Ok([give(elements)?, give(shipments)?, give(rejected)?])
        })
        .transpose()
    }

    fn schema<'py>(&self, py: Python<'py>, table: usize) -> PyResult<Bound<'py, PyAny>> {
        self.shared.schema(table)?.to_pyarrow(py)
    }

    /// Nobody wants this table.
    fn forget(&self, py: Python<'_>, table: usize) -> PyResult<()> {
        self.shared.schema(table)?;
        self.shared.with(py, |pump| {
            pump.waiting[table] = None;
            Ok(())
        })
    }

    fn stream<'py>(&self, py: Python<'py>, table: usize) -> PyResult<Bound<'py, PyCapsule>> {
        let stream = Stream {
            schema: self.shared.schema(table)?,
            shared: Arc::clone(&self.shared),
            table,
        };
        let stream = FFI_ArrowArrayStream::new(Box::new(stream));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// Counts and sums of everything, or nothing before the last table is read.
    fn sums<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let sums = self.shared.with(py, |pump| Ok(pump.sums.clone()))?;
        sums.map(|sums| {
            let told = PyDict::new(py);
            told.set_item("rows", sums.rows)?;
            told.set_item("accepted", sums.accepted)?;
            told.set_item("rejected", sums.rejected)?;
            told.set_item("elements", sums.elements)?;
            told.set_item("shipments", sums.shipments)?;
            let totals = [
                ("transport_activity_tkm", sums.totals.activity),
                ("ghg_operation_kg", sums.totals.operation),
                ("ghg_provision_kg", sums.totals.provision),
                ("ghg_total_kg", sums.totals.total()),
            ];
            for (name, total) in totals {
                told.set_item(name, decimal_text(total, NANO_SCALE))?;
            }
            Ok(told)
        })
        .transpose()
    }
}

/// A table as a stream for whoever reads Arrow.
struct Stream {
    schema: Arc<Schema>,
    shared: Arc<Shared>,
    table: usize,
}

impl Iterator for Stream {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Whether or not the reader of the stream has the interpreter, it is free while rows are computed.
        let next = Python::attach(|py| {
            self.shared.next(py, self.table).map_err(|error| {
                // As text before Python is told again: what the reader makes of it must not meet the signal.
                let text = error.to_string();
                if error.is_instance_of::<PyKeyboardInterrupt>(py) {
                    let thread = py.import("_thread");
                    drop(thread.and_then(|thread| thread.call_method0("interrupt_main")));
                }
                ArrowError::ExternalError(text.into())
            })
        });
        next.transpose()
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
