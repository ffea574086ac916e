//! Long calls: the interpreter is free while they go on, signals are looked for, and progress is told.

use crate::failure::exception;
use green_corridor::{Interrupt, Level, Progress, Result};
use pyo3::prelude::*;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a signal may wait.
const LOOK: Duration = Duration::from_millis(50);
/// How often progress is told within a stage.
const TELL: Duration = Duration::from_millis(100);
/// What Ctrl-C sends.
const SIGINT: i32 = 2;

/// Does `work` on a thread of its own, without the interpreter, and stops it on a signal of which Python makes an exception.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    interrupt: &Interrupt,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    let (done, raised) = py.detach(|| {
        thread::scope(|scope| {
            let (to, from) = sync_channel(1);
            // Nobody else takes what is sent.
            scope.spawn(move || drop(to.send(work())));
            let mut raised = None;
            loop {
                match from.recv_timeout(LOOK) {
                    Ok(done) => return (Some(done), raised),
                    // The scope goes on with the panic.
                    Err(RecvTimeoutError::Disconnected) => return (None, raised),
                    Err(RecvTimeoutError::Timeout) if raised.is_none() => {
                        raised = Python::attach(|py| py.check_signals()).err();
                        if raised.is_some() {
                            interrupt.raise(SIGINT);
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => (),
                }
            }
        })
    });
    match (raised, done) {
        (Some(raised), _) => Err(raised),
        (None, Some(done)) => done.map_err(|error| exception(py, &error)),
        (None, None) => Err(pyo3::exceptions::PyRuntimeError::new_err(
            "a thread of the engine is gone",
        )),
    }
}

/// Tells a callable of Python where work is, and the logger `green_corridor` what there is to say.
pub(crate) struct Told {
    callback: Option<Py<PyAny>>,
    interrupt: Interrupt,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stage: &'static str,
    rows: u64,
    bytes: u64,
    bytes_total: Option<u64>,
    last: Option<Instant>,
    failed: Option<PyErr>,
}

impl Told {
    pub(crate) fn new(callback: Option<Py<PyAny>>, interrupt: &Interrupt) -> Arc<Told> {
        Arc::new(Told {
            callback,
            interrupt: interrupt.clone(),
            state: Mutex::default(),
        })
    }

    /// What the callable raised, which stopped the work.
    pub(crate) fn failed(&self) -> Option<PyErr> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed.take()
    }

    fn tell(&self, change: impl FnOnce(&mut State), is_due: bool) {
        let Some(callback) = &self.callback else {
            return;
        };
        let told = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut state);
            let is_late = state.last.is_none_or(|last| last.elapsed() >= TELL);
            if state.failed.is_some() || !(is_due || is_late) {
                return;
            }
            state.last = Some(Instant::now());
            (state.stage, state.rows, state.bytes, state.bytes_total)
        };
        // Not while the lock is held: another thread may have the interpreter and wait for it.
        if let Err(error) = Python::attach(|py| callback.call1(py, told)) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.failed.get_or_insert(error);
            self.interrupt.raise(SIGINT);
        }
    }
}

impl Progress for Told {
    fn stage(&self, name: &'static str, bytes_total: Option<u64>) {
        let begin = |state: &mut State| {
            (state.stage, state.rows, state.bytes) = (name, 0, 0);
            state.bytes_total = bytes_total;
        };
        self.tell(begin, true);
    }

    fn advance(&self, rows: u64, bytes: u64) {
        let add = |state: &mut State| {
            state.rows += rows;
            state.bytes += bytes;
        };
        self.tell(add, false);
    }

    fn message(&self, level: Level, text: &str) {
        let method = match level {
            Level::Info => "info",
            Level::Warning => "warning",
        };
        let log = |py: Python<'_>| -> PyResult<()> {
            let logger = py
                .import("logging")?
                .call_method1("getLogger", ("green_corridor",))?;
            logger.call_method1(method, ("%s", text)).map(drop)
        };
        // A logger that fails must not stop a run.
        let _ = Python::attach(log);
    }

    fn end(&self) {
        self.tell(|_| (), true);
    }
}
