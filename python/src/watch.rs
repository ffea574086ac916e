//! Long calls: the interpreter is free while they go on, signals are looked for, and progress is told.

use crate::failure::exception;
use green_corridor::{Error, Interrupt, Level, Progress, Result};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use std::cell::RefCell;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a signal may wait.
const LOOK: Duration = Duration::from_millis(50);
/// How often progress is told within a stage.
const TELL: Duration = Duration::from_millis(100);
/// What Ctrl-C sends.
const SIGINT: i32 = 2;

thread_local! {
    /// Whose work this thread does, by the address of who is told of it: waiting for the same once more would have no end.
    static DOES: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Does `work` on a thread of its own, without the interpreter, and stops it on a signal of which Python makes an exception.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    interrupt: &Interrupt,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    let does = DOES.with_borrow(Vec::clone);
    let (done, raised) = py.detach(|| {
        thread::scope(|scope| {
            let (to, from) = sync_channel(1);
            let worker = scope.spawn(move || {
                DOES.set(does);
                // Nobody else takes what is sent.
                drop(to.send(work()));
            });
            let mut raised = None;
            loop {
                match from.recv_timeout(LOOK) {
                    Ok(done) => return (Some(done), raised),
                    Err(RecvTimeoutError::Disconnected) => {
                        // Taken here, or the scope would go on with the panic.
                        drop(worker.join());
                        return (None, raised);
                    }
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
        (None, None) => Err(exception(
            py,
            &Error::Internal("a thread of the engine panicked".to_owned()),
        )),
    }
}

/// Tells a callable of Python where work is, and the logger `green_corridor` what there is to say.
pub(crate) struct Told {
    callback: Mutex<Option<Arc<Py<PyAny>>>>,
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
            callback: Mutex::new(callback.map(Arc::new)),
            interrupt: interrupt.clone(),
            state: Mutex::default(),
        })
    }

    /// What the callable raised, which stopped the work.
    pub(crate) fn failed(&self) -> Option<PyErr> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed.take()
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Whether this thread does what this is told of.
    pub(crate) fn is_inside(&self) -> bool {
        DOES.with_borrow(|does| does.contains(&self.address()))
    }

    /// Does what this is told of.
    pub(crate) fn inside<T>(&self, work: impl FnOnce() -> T) -> T {
        DOES.with_borrow_mut(|does| does.push(self.address()));
        let done = work();
        DOES.with_borrow_mut(Vec::pop);
        done
    }

    fn callback(&self) -> MutexGuard<'_, Option<Arc<Py<PyAny>>>> {
        self.callback.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the callable to the collector of garbage: it may hold what holds this.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        // Nothing else is done while the lock is held, and a collector must not wait.
        match self.callback.try_lock() {
            Ok(callback) => callback.as_ref().map_or(Ok(()), |call| visit.call(&**call)),
            Err(_) => Ok(()),
        }
    }

    /// Nobody is told any more.
    pub(crate) fn forget(&self) {
        let forgotten = self.callback().take();
        drop(forgotten);
    }

    fn tell(&self, change: impl FnOnce(&mut State), is_due: bool) {
        let callback = self.callback().clone();
        let Some(callback) = callback else {
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
        let tell = || Python::attach(|py| callback.call1(py, told).map(drop));
        if let Err(error) = self.inside(tell) {
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
