//! Runs in stretches: what the driver holds, what a task opens.

use crate::failure::exception;
use crate::tables::{foreign, next_of, rows};
use crate::watch::watched;
use crate::{NativeEngine, summary_told};
use green_corridor::stretches::{Stretch, StretchInput, StretchOrder, StretchTask, Stretched};
use green_corridor::{Engine, Error, Interrupt};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Name, bytes, digest, rows, format, path.
type OfInput = (String, u64, String, u64, String, Option<PathBuf>);

fn ended() -> Error {
    Error::Usage("it has ended: sealed, given up, finished or stopped by an error".to_owned())
}

/// The movement files of the run file.
#[pyfunction]
pub(crate) fn inputs(
    py: Python<'_>,
    engine: &NativeEngine,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<OfInput>> {
    let inputs = engine.long(py, progress, Engine::inputs)?;
    let told = |i: StretchInput| (i.name, i.bytes, i.sha256, i.rows, i.format, i.path);
    Ok(inputs.into_iter().map(told).collect())
}

/// The column that holds the shipment id.
#[pyfunction]
pub(crate) fn id_column(
    py: Python<'_>,
    engine: &NativeEngine,
    columns: Vec<String>,
) -> PyResult<String> {
    engine.long(py, None, |engine| engine.id_column(&columns))
}

#[pyfunction]
pub(crate) fn begin(
    py: Python<'_>,
    engine: &NativeEngine,
    inputs: Vec<OfInput>,
    bounds: Vec<String>,
) -> PyResult<NativeStretched> {
    let input = |(name, bytes, sha256, rows, format, path)| StretchInput {
        name,
        bytes,
        sha256,
        rows,
        format,
        path,
    };
    let inputs = inputs.into_iter().map(input).collect();
    let run = engine.long(py, None, |engine| engine.begin(inputs, bounds))?;
    Ok(NativeStretched {
        run_id: run.run_id().to_owned(),
        stretches: run.stretches(),
        run: Mutex::new(Some(run)),
    })
}

#[pyfunction]
pub(crate) fn seal<'py>(
    py: Python<'py>,
    engine: &NativeEngine,
    run: &NativeStretched,
    receipts: Vec<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let run = run.take().ok_or_else(|| exception(py, &ended()))?;
    let summary = engine.long(py, progress, |engine| engine.seal(run, &receipts))?;
    summary_told(py, &summary)
}

#[pyfunction]
pub(crate) fn give_up(
    py: Python<'_>,
    engine: &NativeEngine,
    run: &NativeStretched,
    why: &str,
) -> PyResult<()> {
    match run.take() {
        Some(run) => engine.long(py, None, |engine| {
            engine.give_up(run, why);
            Ok(())
        }),
        None => Ok(()),
    }
}

/// A run that holds its output root.
#[pyclass(frozen, name = "Stretched", module = "green_corridor._native")]
pub(crate) struct NativeStretched {
    #[pyo3(get)]
    run_id: String,
    #[pyo3(get)]
    stretches: usize,
    run: Mutex<Option<Stretched>>,
}

impl NativeStretched {
    fn take(&self) -> Option<Stretched> {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.take()
    }

    fn with<T>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&Stretched) -> green_corridor::Result<T>,
    ) -> PyResult<T> {
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = run.as_ref().ok_or_else(ended).and_then(ask);
        asked.map_err(|error| exception(py, &error))
    }
}

#[pymethods]
impl NativeStretched {
    #[getter]
    fn is_published(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, |run| Ok(run.is_published()))
    }

    #[getter]
    fn folder(&self, py: Python<'_>) -> PyResult<Option<PathBuf>> {
        self.with(py, |run| Ok(run.folder().map(PathBuf::from)))
    }

    fn pack<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.with(py, Stretched::pack)?;
        Ok(PyBytes::new(py, &bytes))
    }
}

/// What the tasks of a run have in common.
#[pyclass(frozen, name = "Task", module = "green_corridor._native")]
pub(crate) struct NativeTask(Arc<StretchTask>);

#[pymethods]
impl NativeTask {
    #[staticmethod]
    fn unpack(py: Python<'_>, packed: &[u8]) -> PyResult<NativeTask> {
        watched(py, &Interrupt::never(), || {
            StretchTask::unpack(packed).map(|task| NativeTask(Arc::new(task)))
        })
    }

    #[getter]
    fn run_id(&self) -> &str {
        self.0.run_id()
    }

    fn stretch(
        &self,
        py: Python<'_>,
        stretch: usize,
        folder: PathBuf,
        memory: u64,
        threads: usize,
    ) -> PyResult<NativeStretch> {
        let order = StretchOrder {
            stretch,
            folder,
            memory,
            threads,
        };
        let open = self.0.stretch(order);
        let stretch = open.map_err(|error| exception(py, &error))?;
        Ok(NativeStretch(Mutex::new(Some(stretch))))
    }
}

/// A stretch that is being computed.
#[pyclass(frozen, name = "Stretch", module = "green_corridor._native")]
pub(crate) struct NativeStretch(Mutex<Option<Stretch>>);

#[pymethods]
impl NativeStretch {
    fn push(&self, py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut rows = rows(object)?;
        watched(py, &Interrupt::never(), || {
            let mut stretch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let open = stretch.as_mut().ok_or_else(ended)?;
            let mut pushed = || -> green_corridor::Result<()> {
                while let Some(batch) = next_of(&mut rows)? {
                    open.push(&batch.map_err(|error| foreign(&error))?)?;
                }
                Ok(())
            };
            let done = pushed();
            if done.is_err() {
                *stretch = None;
            }
            done
        })
    }

    /// The receipt.
    fn finish(&self, py: Python<'_>) -> PyResult<String> {
        watched(py, &Interrupt::never(), || {
            let mut stretch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            stretch.take().ok_or_else(ended)?.finish()
        })
    }
}
