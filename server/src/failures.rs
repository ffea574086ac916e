//! Failed proofs of identity: counted by who tried and from where, each try of one of them after the one before, and later the more have failed.
//!
//! A try holds its address first, then its account: at most one of each is under way, so that tries side by side are no quicker than one
//! after the other. An address waits longer than an account, so that the tries from one address leave room for those from elsewhere.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// Accounts and addresses that are remembered one by one; others share their places.
const MOST: usize = 4096;
const SHARED: u64 = 64;
/// After how long without a failure one is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(900);
/// Failures that are answered at once.
const FREE: u32 = 3;
/// Tries of one that wait.
const MOST_WAITING: usize = 16;
const SLOWEST_ADDRESS: Duration = Duration::from_secs(4);
const SLOWEST_ACCOUNT: Duration = Duration::from_secs(2);

/// How often one failed, and when last.
#[derive(Clone, Copy, Debug, Default)]
struct Failed(Option<(u32, Instant)>);

impl Failed {
    fn count(self) -> u32 {
        let recent = self.0.filter(|(_, at)| at.elapsed() < FORGOTTEN);
        recent.map_or(0, |(count, _)| count)
    }

    /// How long the next try has to wait after the last one.
    fn pause(self, slowest: Duration) -> Duration {
        match self.count().checked_sub(FREE) {
            None => Duration::ZERO,
            Some(more) => Duration::from_millis(125 << more.min(10)).min(slowest),
        }
    }

    fn wait(self, slowest: Duration) -> Duration {
        let since = self.0.map_or(Duration::MAX, |(_, at)| at.elapsed());
        self.pause(slowest).saturating_sub(since)
    }
}

type Place = Arc<Turn<Failed>>;

/// Who failed how often.
#[derive(Default)]
pub(crate) struct Failures {
    of: Mutex<HashMap<String, Place>>,
}

/// A try that is under way: no other of its account or its address is.
pub(crate) struct Try {
    address: OwnedMutexGuard<Failed>,
    account: OwnedMutexGuard<Failed>,
}

impl Try {
    /// Notes how it ended. Only the account proved itself: its address may be trying others.
    pub(crate) fn ended(mut self, passed: bool) {
        let failed = |held: &Failed| Failed(Some((held.count().saturating_add(1), Instant::now())));
        match passed {
            true => *self.account = Failed::default(),
            false => {
                *self.account = failed(&self.account);
                *self.address = failed(&self.address);
            }
        }
    }
}

impl Failures {
    /// The turn of a try, after what it has to wait for; `None`: too many wait already.
    pub(crate) async fn turn(&self, account: &str, from: IpAddr) -> Option<Try> {
        let address = self.place(format!("from {}", network(from)));
        let address = waited(&address, SLOWEST_ADDRESS).await?;
        // One of an address waits here at most, whatever it sends.
        let account = self.place(account.to_owned());
        let account = waited(&account, SLOWEST_ACCOUNT).await?;
        Some(Try { address, account })
    }

    fn place(&self, who: String) -> Place {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if of.len() >= MOST && !of.contains_key(&who) {
            of.retain(|_, place| {
                Arc::strong_count(place) > 1
                    || place.try_lock().is_ok_and(|failed| failed.count() > 0)
            });
            // Many strangers at once make none of those before forgotten, and are slowed down together.
            if of.len() >= MOST {
                let mut hasher = DefaultHasher::new();
                who.hash(&mut hasher);
                let shared = format!("shared {}", hasher.finish() % SHARED);
                return Arc::clone(of.entry(shared).or_default());
            }
        }
        Arc::clone(of.entry(who).or_default())
    }
}

async fn waited(place: &Place, slowest: Duration) -> Option<OwnedMutexGuard<Failed>> {
    // The map has one, the holder of the turn one, this try one.
    if Arc::strong_count(place) > MOST_WAITING + 3 {
        return None;
    }
    let failed = Arc::clone(place).lock_owned().await;
    tokio::time::sleep(failed.wait(slowest)).await;
    Some(failed)
}

/// Whoever has one address of the new kind has all that begin like it.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        old => old,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn runtime() -> tokio::runtime::Runtime {
        let mut made = tokio::runtime::Builder::new_current_thread();
        made.enable_time().build().expect("a runtime")
    }

    #[test]
    fn each_failure_is_answered_slower_up_to_a_bound() {
        let pauses = |slowest| {
            let of = |count| {
                Failed(Some((count, Instant::now())))
                    .pause(slowest)
                    .as_millis()
            };
            (0..12).map(of).collect::<Vec<_>>()
        };
        assert_eq!(
            pauses(SLOWEST_ADDRESS),
            [0, 0, 0, 125, 250, 500, 1000, 2000, 4000, 4000, 4000, 4000]
        );
        assert_eq!(pauses(SLOWEST_ACCOUNT)[6..9], [1000, 2000, 2000]);
    }

    /// Tries of one account from one address, all at once: how many were checked within a second, and how many were turned away.
    #[test]
    fn tries_side_by_side_are_no_quicker_than_one_after_the_other() {
        runtime().block_on(async {
            let failures = Arc::new(Failures::default());
            let checked = Arc::new(Mutex::new((0, 0)));
            for _ in 0..100 {
                let (failures, checked) = (Arc::clone(&failures), Arc::clone(&checked));
                tokio::spawn(async move {
                    let turn = failures.turn("id acme", HERE).await;
                    let mut counts = checked.lock().expect("not poisoned");
                    match turn {
                        Some(turn) => {
                            turn.ended(false);
                            counts.0 += 1;
                        }
                        None => counts.1 += 1,
                    }
                });
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (passed, turned_away) = *checked.lock().expect("not poisoned");
            // Three, then those after 125, 250 and 500 ms.
            assert!((4..=6).contains(&passed), "{passed}");
            assert!(turned_away >= 100 - MOST_WAITING - 6, "{turned_away}");
        });
    }

    #[test]
    fn one_address_keeps_nobody_out_elsewhere() {
        runtime().block_on(async {
            let failures = Arc::new(Failures::default());
            for _ in 0..8 {
                let failed = Failed(Some((20, Instant::now())));
                for place in ["from 127.0.0.1", "id acme"] {
                    *failures.place(place.to_owned()).lock().await = failed;
                }
            }
            for _ in 0..MOST_WAITING {
                let failures = Arc::clone(&failures);
                tokio::spawn(async move {
                    if let Some(turn) = failures.turn("id acme", HERE).await {
                        turn.ended(false);
                    }
                });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            let begun = Instant::now();
            let elsewhere = IpAddr::from([203, 0, 113, 9]);
            let turn = failures.turn("id acme", elsewhere).await.expect("a turn");
            assert!(begun.elapsed() < SLOWEST_ACCOUNT + Duration::from_secs(1));
            turn.ended(true);
            // It proved itself: the account is free again, the address is not.
            assert_eq!(failures.place("id acme".to_owned()).lock().await.count(), 0);
            let from = failures.place("from 127.0.0.1".to_owned());
            assert!(Arc::strong_count(&from) > 2);
        });
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        runtime().block_on(async {
            let failures = Failures::default();
            for n in 0..MOST + 500 {
                let place = failures.place(format!("id {n}"));
                *place.lock().await = Failed(Some((1, Instant::now())));
            }
            let held = failures.of.lock().expect("not poisoned").len();
            assert!(held > MOST && held <= MOST + 64, "{held}");
        });
    }

    #[test]
    fn a_network_of_the_new_kind_is_one_address() {
        let of = |text: &str| network(text.parse().expect("an address")).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:203.0.113.9"), "203.0.113.9");
    }
}
