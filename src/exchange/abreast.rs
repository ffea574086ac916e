//! Work on several threads whose results are put away in the order in which it was handed out.
//!
//! As many pieces are under way as there are threads, so memory does not grow with their number. Reading and putting away
//! are done by one thread at a time, by whichever is free.

use crate::error::{Error, Result};
use rayon::ThreadPoolBuilder;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Takes pieces from `next` until there is none, does the `work` on each in a state of its thread, and has the state `put`
/// away in the order of the pieces. The states are given back; the first fault in that order ends everything.
pub(crate) fn in_order<I: Send, S: Send>(
    next: impl FnMut() -> Result<Option<I>> + Send,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, I) -> Result<()> + Sync,
    put: impl FnMut(&mut S) -> Result<()> + Send,
) -> Result<Vec<S>> {
    let pool = ThreadPoolBuilder::new().build();
    let pool = pool.map_err(|e| Error::Limit(format!("cannot start threads: {e}")))?;
    let line = Line {
        source: Mutex::new(Source {
            next,
            number: 0,
            is_over: false,
        }),
        sink: Mutex::new(Sink {
            put,
            turn: 0,
            outcome: Ok(()),
            has_ended: false,
        }),
        turns: Condvar::new(),
    };
    let states = Mutex::new(Vec::new());
    pool.in_place_scope(|scope| {
        for _ in 0..pool.current_num_threads() {
            scope.spawn(|_| {
                let state = line.follow(begin(), &work);
                locked(&states).push(state);
            });
        }
    });
    let sink = line.sink.into_inner();
    sink.unwrap_or_else(PoisonError::into_inner).outcome?;
    Ok(states.into_inner().unwrap_or_else(PoisonError::into_inner))
}

struct Source<N> {
    next: N,
    number: u64,
    is_over: bool,
}

struct Sink<P> {
    put: P,
    /// Number of the piece that is put away next.
    turn: u64,
    outcome: Result<()>,
    has_ended: bool,
}

struct Line<N, P> {
    source: Mutex<Source<N>>,
    sink: Mutex<Sink<P>>,
    turns: Condvar,
}

/// A panic elsewhere ends the whole anyway.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<N, P> Line<N, P> {
    fn follow<I, S>(&self, mut state: S, work: impl Fn(&mut S, I) -> Result<()>) -> S
    where
        N: FnMut() -> Result<Option<I>>,
        P: FnMut(&mut S) -> Result<()>,
    {
        let _guard = EndsOnPanic(self);
        while let Some((number, piece)) = self.take() {
            let worked = piece.and_then(|piece| work(&mut state, piece));
            if !self.put_away(number, worked, &mut state) {
                break;
            }
        }
        state
    }

    /// A fault in reading has its turn like a piece: what was read before it is put away first.
    fn take<I>(&self) -> Option<(u64, Result<I>)>
    where
        N: FnMut() -> Result<Option<I>>,
    {
        let mut source = locked(&self.source);
        if source.is_over {
            return None;
        }
        let piece = (source.next)().transpose();
        source.is_over = !matches!(piece, Some(Ok(_)));
        let number = source.number;
        source.number += 1;
        piece.map(|piece| (number, piece))
    }

    /// Whether there is a reason to go on.
    fn put_away<S>(&self, number: u64, worked: Result<()>, state: &mut S) -> bool
    where
        P: FnMut(&mut S) -> Result<()>,
    {
        let mut sink = locked(&self.sink);
        while sink.turn != number && !sink.has_ended {
            sink = self
                .turns
                .wait(sink)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if sink.has_ended {
            return false;
        }
        sink.outcome = worked.and_then(|()| (sink.put)(state));
        sink.has_ended = sink.outcome.is_err();
        sink.turn += 1;
        self.turns.notify_all();
        !sink.has_ended
    }
}

/// Nobody waits for the turn of a thread that is no more.
struct EndsOnPanic<'l, N, P>(&'l Line<N, P>);

impl<N, P> Drop for EndsOnPanic<'_, N, P> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            locked(&self.0.sink).has_ended = true;
            self.0.turns.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn squares(most: u64, bad: u64) -> (Result<usize>, Vec<u64>) {
        let (mut given, mut put) = (0, Vec::new());
        let states = in_order(
            || {
                given += 1;
                Ok((given <= most).then_some(given))
            },
            || 0,
            |state, n| {
                // The first ones take longest.
                std::thread::sleep(Duration::from_millis(20u64.saturating_sub(n)));
                *state = n * n;
                match n == bad {
                    true => Err(Error::Internal("bad".to_owned())),
                    false => Ok(()),
                }
            },
            |state| {
                put.push(*state);
                Ok(())
            },
        );
        (states.map(|states| states.len()), put)
    }

    #[test]
    fn results_are_put_away_in_order_up_to_the_first_fault() {
        let (states, put) = squares(50, 0);
        assert!(states.unwrap() > 0);
        assert_eq!(put, (1..=50).map(|n| n * n).collect::<Vec<u64>>());
        let (states, put) = squares(50, 7);
        assert!(states.is_err());
        assert_eq!(put, [1, 4, 9, 16, 25, 36]);
        assert!(squares(0, 0).1.is_empty());
    }

    #[test]
    fn a_panic_does_not_leave_others_waiting() {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut given = 0;
            let next = || {
                given += 1;
                Ok(Some(given))
            };
            let work = |_: &mut (), n: u64| match n {
                1 => std::panic::resume_unwind(Box::new("a worker failed")),
                _ => Ok(()),
            };
            in_order(next, || (), work, |()| Ok(())).map(drop)
        }));
        assert!(panicked.is_err());
    }
}
