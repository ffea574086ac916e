//! Jobs that run on the pool side by side and are taken back in the order in which they were given.

use rayon::Scope;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};

/// The jobs that are under way.
///
/// A job must not wait for another one, nor hold a lock while it waits for the pool: whoever waits there works on other jobs
/// meanwhile.
pub struct Window<'s, 'scope, T> {
    scope: &'s Scope<'scope>,
    results: VecDeque<Receiver<T>>,
    most: usize,
}

impl<'s, 'scope, T: Send + 'scope> Window<'s, 'scope, T> {
    /// No job yet, and never more than `most` at the same time.
    pub fn new(scope: &'s Scope<'scope>, most: usize) -> Window<'s, 'scope, T> {
        Window { scope, results: VecDeque::with_capacity(most), most }
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// Whether the oldest job has to be taken back before another one can start.
    pub fn is_full(&self) -> bool {
        self.results.len() >= self.most
    }

    /// Starts a job.
    pub fn start(&mut self, job: impl FnOnce() -> T + Send + 'scope) {
        debug_assert!(!self.is_full(), "more jobs than there is memory for");
        let (done, result) = sync_channel(1);
        // Nobody takes the result of a run that has failed.
        self.scope.spawn(move |_| drop(done.send(job())));
        self.results.push_back(result);
    }

    /// Waits for the oldest job; `None` when nothing is under way, or when it panicked, which the scope passes on.
    pub fn oldest(&mut self) -> Option<T> {
        self.results.pop_front()?.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn results_come_in_order_and_never_more_jobs_run_than_allowed() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("a pool");
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let job = |n: u64| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // The first ones take longest.
            std::thread::sleep(Duration::from_millis(20 - n));
            running.fetch_sub(1, Ordering::SeqCst);
            n
        };
        let mut results = Vec::new();
        pool.in_place_scope(|scope| {
            let mut window = Window::new(scope, 3);
            for n in 0..20 {
                if window.is_full() {
                    results.extend(window.oldest());
                }
                let job = &job;
                window.start(move || job(n));
            }
            results.extend(std::iter::from_fn(|| window.oldest()));
            assert!(window.is_empty());
        });
        assert_eq!(results, (0..20).collect::<Vec<_>>());
        assert!((2..=3).contains(&most.into_inner()));
    }

    #[test]
    fn a_panic_ends_the_stream_and_goes_on_outside() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
        let mut taken = Some(0);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool.in_place_scope(|scope| {
                let mut window = Window::<i32>::new(scope, 2);
                window.start(|| std::panic::resume_unwind(Box::new("a worker failed")));
                taken = window.oldest();
            })
        }));
        assert_eq!((taken, panicked.is_err()), (None, true));
    }
}
