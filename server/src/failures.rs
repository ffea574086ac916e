//! Failed proofs of identity: counted by who tried and from where, each one answered slower than the one before.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Names and addresses that are remembered.
const MOST: usize = 4096;
/// After how long without a failure one is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(900);
/// Failures that are answered at once.
const FREE: u32 = 3;
const SLOWEST: Duration = Duration::from_secs(4);

/// Who failed how often.
#[derive(Default)]
pub(crate) struct Failures {
    of: Mutex<HashMap<String, (u32, Instant)>>,
}

impl Failures {
    /// How long an attempt of these has to wait.
    pub(crate) fn pause(&self, who: &[String]) -> Duration {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |who: &String| of.get(who).filter(|(_, at)| at.elapsed() < FORGOTTEN);
        let most = who.iter().filter_map(failed).map(|(count, _)| *count).max();
        match most.unwrap_or(0).checked_sub(FREE) {
            None => Duration::ZERO,
            Some(more) => Duration::from_millis(125 << more.min(10)).min(SLOWEST),
        }
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, who: &[String]) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        for who in who {
            if of.len() >= MOST && !of.contains_key(who) {
                of.retain(|_, (_, at)| at.elapsed() < FORGOTTEN);
                // Many strangers at once must not make this one forget nor grow.
                if of.len() >= MOST {
                    continue;
                }
            }
            let entry = of.entry(who.clone()).or_insert((0, Instant::now()));
            *entry = (entry.0.saturating_add(1), Instant::now());
        }
    }

    /// Forgets the failures of one who proved itself.
    pub(crate) fn passed(&self, who: &str) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.remove(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_is_answered_slower_up_to_a_bound() {
        let (failures, who) = (
            Failures::default(),
            ["id acme".to_owned(), "from ::1".to_owned()],
        );
        let mut pauses = Vec::new();
        for _ in 0..12 {
            pauses.push(failures.pause(&who).as_millis());
            failures.failed(&who);
        }
        assert_eq!(
            pauses,
            [0, 0, 0, 125, 250, 500, 1000, 2000, 4000, 4000, 4000, 4000]
        );
        assert_eq!(failures.pause(&["id other".to_owned()]), Duration::ZERO);
        failures.passed("id acme");
        assert_eq!(failures.pause(&who[..1]), Duration::ZERO);
        assert_eq!(failures.pause(&who), SLOWEST);
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let failures = Failures::default();
        for n in 0..MOST + 10 {
            failures.failed(&[format!("id {n}")]);
        }
        assert_eq!(failures.of.lock().expect("not poisoned").len(), MOST);
    }
}
