//! Jobs on the pool whose results are taken back elsewhere, in the order in which the jobs were started.
//!
//! A job must not wait for another one, nor hold a lock while it waits for the pool: whoever waits there works on other jobs
//! meanwhile.

use rayon::Scope;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};

/// A job that is under way, or its result.
///
/// How many there are is up to who starts them: a channel of jobs that is full keeps the next one from being started.
pub(crate) struct Job<T>(Receiver<T>);

impl<T: Send> Job<T> {
    /// Starts a job.
    pub(crate) fn start<'scope>(
        scope: &Scope<'scope>,
        job: impl FnOnce() -> T + Send + 'scope,
    ) -> Job<T>
    where
        T: 'scope,
    {
        let (done, result) = sync_channel(1);
        // Nobody takes the result of a run that has failed.
        scope.spawn(move |_| drop(done.send(job())));
        Job(result)
    }

    /// Waits for the result; `None` when the job panicked, which the scope passes on.
    pub(crate) fn wait(self) -> Option<T> {
        self.0.recv().ok()
    }
}

/// Jobs of one who starts them and takes them back as well.
pub(crate) struct Window<'s, 'scope, T> {
    scope: &'s Scope<'scope>,
    jobs: VecDeque<Job<T>>,
    most: usize,
}

impl<'s, 'scope, T: Send + 'scope> Window<'s, 'scope, T> {
    /// No job yet, and never more than `most` at the same time.
    pub(crate) fn new(scope: &'s Scope<'scope>, most: usize) -> Window<'s, 'scope, T> {
        Window {
            scope,
            jobs: VecDeque::with_capacity(most),
            most,
        }
    }

    /// Whether the oldest job has to be taken back before another one can start.
    pub(crate) fn is_full(&self) -> bool {
        self.jobs.len() >= self.most
    }

    /// Starts a job.
    pub(crate) fn start(&mut self, job: impl FnOnce() -> T + Send + 'scope) {
        debug_assert!(!self.is_full(), "more jobs than there is memory for");
        self.jobs.push_back(Job::start(self.scope, job));
    }

    /// Waits for the oldest job; `None` when nothing is under way, or when it panicked.
    pub(crate) fn oldest(&mut self) -> Option<T> {
        self.jobs.pop_front()?.wait()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn results_come_in_order_and_never_more_jobs_run_than_allowed() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(4)
            .build()
            .expect("a pool");
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
            assert!(window.oldest().is_none());
        });
        assert_eq!(results, (0..20).collect::<Vec<_>>());
        assert!((2..=3).contains(&most.into_inner()));
    }

    #[test]
    fn a_panic_ends_the_stream_and_goes_on_outside() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .expect("a pool");
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
