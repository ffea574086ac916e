//! Errors of the engine as exceptions of Python: one class per kind, with the place.

use green_corridor::{Error, ErrorKind};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The exception of an error.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    made(py, error).unwrap_or_else(|failed| failed)
}

fn made(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    if matches!(error.kind(), ErrorKind::Interrupted(_)) {
        return Ok(PyKeyboardInterrupt::new_err(error.to_string()));
    }
    let told = PyDict::new(py);
    told.set_item("exit_code", error.exit_code())?;
    if let Some(place) = error.place() {
        told.set_item("file", &place.file)?;
        told.set_item("line", place.line)?;
        told.set_item("row", place.row)?;
        told.set_item("column", &place.column)?;
        told.set_item("found", &place.found)?;
        told.set_item("wanted", &place.wanted)?;
    }
    let of = py.import("green_corridor._errors")?.getattr("of")?;
    let value = of.call((error.kind().code(), error.to_string()), Some(&told))?;
    Ok(PyErr::from_value(value))
}
