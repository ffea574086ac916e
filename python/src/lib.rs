//! The native half of the Python package `green_corridor`: the engine's face in words of Python. What a user sees is
//! `green_corridor/__init__.py`.

mod failure;
mod stretches;
mod tables;
mod watch;

use crate::failure::exception;
use crate::tables::{Computing, Rows};
use crate::watch::{Told, watched};
use green_corridor::plan::{Flags, Plan};
use green_corridor::quantity::{NANO_SCALE, decimal_text};
use green_corridor::routing::{Objective, Question, Sources};
use green_corridor::runs::Verified;
use green_corridor::{Engine, Error, Interrupt, METHOD_REVISION, Result, SessionOrder, Summary};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::Arc;

/// An engine, which threads may share.
#[pyclass(frozen, name = "Engine", module = "green_corridor._native")]
struct NativeEngine(Engine);

impl NativeEngine {
    /// Does what takes long with an engine that tells `progress`.
    fn long<T: Send>(
        &self,
        py: Python<'_>,
        progress: Option<Py<PyAny>>,
        work: impl FnOnce(&Engine) -> Result<T> + Send,
    ) -> PyResult<T> {
        let interrupt = Interrupt::never();
        let told = Told::new(progress, &interrupt);
        let engine = (self.0.clone()).watched(Arc::clone(&told) as _, interrupt.clone());
        let done = watched(py, &interrupt, || work(&engine));
        match told.failed() {
            Some(raised) => Err(raised),
            None => done,
        }
    }
}

impl NativeEngine {
    fn computing(
        &self,
        py: Python<'_>,
        rows: Option<Rows>,
        order: SessionOrder,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Computing> {
        let interrupt = Interrupt::never();
        let told = Told::new(progress, &interrupt);
        let engine = (self.0.clone()).watched(Arc::clone(&told) as _, interrupt.clone());
        let session = engine.session(order);
        let session = session.map_err(|error| exception(py, &error))?;
        Ok(Computing::new(session, rows, interrupt, told))
    }
}

#[pymethods]
impl NativeEngine {
    #[staticmethod]
    #[pyo3(signature = (run_file, movements, out, threads))]
    fn open(
        py: Python<'_>,
        run_file: PathBuf,
        movements: Vec<String>,
        out: Option<PathBuf>,
        threads: Option<usize>,
    ) -> PyResult<NativeEngine> {
        let flags = Flags {
            run_file: Some(run_file),
            movements,
            out,
            threads,
            ..Flags::default()
        };
        watched(py, &Interrupt::never(), || {
            let engine = Engine::of(Plan::open(&flags, false)?);
            // Read and checked once, here.
            engine.reference()?;
            Ok(NativeEngine(engine))
        })
    }

    #[staticmethod]
    fn shipped(py: Python<'_>, profile: &str) -> PyResult<NativeEngine> {
        watched(py, &Interrupt::never(), || {
            Engine::shipped(profile).map(NativeEngine)
        })
    }

    #[staticmethod]
    fn at(out: PathBuf) -> NativeEngine {
        NativeEngine(Engine::at(&out))
    }

    /// A session, to which rows are pushed.
    #[pyo3(signature = (is_sorted, files, memory, threads, progress))]
    fn session(
        &self,
        py: Python<'_>,
        is_sorted: bool,
        files: Vec<String>,
        memory: usize,
        threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Computing> {
        let order = SessionOrder {
            is_sorted,
            files,
            memory,
            threads,
        };
        self.computing(py, None, order, progress)
    }

    /// The same for rows that go through it while its tables are read.
    #[pyo3(signature = (rows, is_sorted, files, memory, threads, progress))]
    #[expect(clippy::too_many_arguments, reason = "one for each argument of Python")]
    fn footprint(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, PyAny>,
        is_sorted: bool,
        files: Vec<String>,
        memory: usize,
        threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Computing> {
        let order = SessionOrder {
            is_sorted,
            files,
            memory,
            threads,
        };
        self.computing(py, Some(tables::rows(rows)?), order, progress)
    }

    fn run<'py>(
        &self,
        py: Python<'py>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let summary = self.long(py, progress, Engine::run)?;
        summary_told(py, &summary)
    }

    fn verify<'py>(
        &self,
        py: Python<'py>,
        run: Option<&str>,
        recalculate: bool,
        inputs: Option<PathBuf>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let verified = self.long(py, progress, |engine| {
            engine.verify(run, recalculate, inputs.as_deref())
        })?;
        verified_told(py, &verified)
    }

    /// The sheet as JSON.
    fn explain(&self, py: Python<'_>, shipment: &str, run: Option<&str>) -> PyResult<String> {
        self.long(py, None, |engine| {
            let sheet = engine.explain(shipment, run)?;
            serde_json::to_string(&sheet)
                .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))
        })
    }
}

fn summary_told<'py>(py: Python<'py>, summary: &Summary) -> PyResult<Bound<'py, PyDict>> {
    let told = PyDict::new(py);
    told.set_item("run_id", &summary.run_id)?;
    told.set_item("folder", &summary.dir)?;
    told.set_item("was_there", summary.is_old)?;
    told.set_item("rows", summary.counts.rows_in)?;
    told.set_item("accepted", summary.counts.accepted)?;
    told.set_item("rejected", &summary.counts.rejected_by_code)?;
    told.set_item("elements", summary.counts.elements)?;
    told.set_item("shipments", summary.counts.shipments)?;
    told.set_item("missing_files", &summary.missing)?;
    told.set_item("ghg_total_kg", &summary.totals.ghg_total_kg)?;
    Ok(told)
}

fn verified_told<'py>(py: Python<'py>, verified: &Verified) -> PyResult<Bound<'py, PyDict>> {
    let told = PyDict::new(py);
    told.set_item("run_id", &verified.run_id)?;
    told.set_item("files", verified.files)?;
    told.set_item("elements", verified.elements)?;
    told.set_item("shipments", verified.shipments)?;
    told.set_item("recalculated", verified.recalculated)?;
    let inputs = &verified.inputs;
    told.set_item("inputs", (inputs.same, &inputs.others, inputs.absent))?;
    told.set_item("ghg_total_kg", decimal_text(verified.total, NANO_SCALE))?;
    Ok(told)
}

/// Route options between two places as JSON.
#[pyfunction]
fn compare(py: Python<'_>, from: &str, to: &str, asked: &Bound<'_, PyDict>) -> PyResult<String> {
    let get = |name: &str| asked.get_item(name);
    let text = |name: &str| -> PyResult<Option<String>> {
        get(name)?.map_or(Ok(None), |value| value.extract())
    };
    let texts = |name: &str| -> PyResult<Vec<String>> {
        get(name)?.map_or(Ok(Vec::new()), |value| value.extract())
    };
    let objective = text("objective")?.unwrap_or_else(|| Objective::default().code().to_owned());
    let known = Objective::LIST.into_iter().find(|o| o.code() == objective);
    let known = known.ok_or_else(|| {
        let wanted = Objective::LIST.map(Objective::code).join(", ");
        let message = format!("objective: found {objective:?}, wanted one of {wanted}");
        exception(py, &Error::Usage(message))
    })?;
    let path = |name: &str| text(name).map(|path| path.map(PathBuf::from));
    let sources = Sources {
        profile: text("profile")?.unwrap_or_else(|| "open".to_owned()),
        factors: path("factors")?,
        reference: path("reference")?,
        ..Sources::default()
    };
    let question = Question {
        cargo_kg: text("cargo_kg")?,
        boxes: text("boxes")?,
        box_share: text("box_share")?,
        container: text("container")?.unwrap_or_else(|| "45G1".to_owned()),
        refrigerated: get("refrigerated")?.map_or(Ok(false), |value| value.extract())?,
        depart: text("depart")?,
        arrive_by: text("arrive_by")?,
        via: texts("via")?,
        avoid: texts("avoid")?,
        max_days: text("max_days")?,
        modes: texts("modes")?,
        options: get("options")?.map_or(Ok(10), |value| value.extract())?,
        objective: known,
        ..Question::default()
    };
    let interrupt = Interrupt::never();
    let told = Told::new(None, &interrupt);
    watched(py, &interrupt, || {
        use green_corridor::{Level, Progress};
        let warn = |text: &str| told.message(Level::Warning, text);
        let routes = Engine::compare(sources, &warn)?;
        routes.compare(&question, (from, to), false)?.json(false)
    })
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::Computing;
    #[pymodule_export]
    use super::NativeEngine;
    #[pymodule_export]
    use super::compare;
    #[pymodule_export]
    use super::stretches::{
        NativeStretch, NativeStretched, NativeTask, begin, give_up, id_column, inputs, seal,
    };

    use super::{Bound, METHOD_REVISION, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("METHOD_REVISION", METHOD_REVISION)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
