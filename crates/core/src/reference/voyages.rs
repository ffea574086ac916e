//! Distances over the sea graph, remembered by the port from which a search began: a run asks for thousands of pairs of a few
//! hundred ports.
//!
//! What is remembered speeds an answer up and never changes it, so kernels of several threads share it.

use crate::geo::sea::{Closures, Lengths, SeaGraph};
use crate::model::id::LocationCode;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Searches that are kept however little memory there is.
const FEWEST: usize = 64;
/// Bytes that a run may spend unless it is told otherwise.
const USUAL_BYTES: usize = 64 << 20;

/// Where a search began, by number of the port, and what it went round.
type Start = (usize, Closures);

#[derive(Debug, Default)]
struct Searches {
    /// Each is made once, by the thread that wants it first.
    made: FxHashMap<Start, Arc<OnceLock<Lengths>>>,
    /// Ports by number from which many ways are asked for.
    starts: FxHashSet<usize>,
}

/// A sea graph and the searches made in it.
#[derive(Debug)]
pub struct Voyages {
    sea: SeaGraph,
    searches: Mutex<Searches>,
    /// Searches that are kept.
    most: AtomicUsize,
}

impl Voyages {
    /// No search made yet.
    pub fn new(sea: SeaGraph) -> Voyages {
        let voyages = Voyages {
            sea,
            searches: Mutex::default(),
            most: AtomicUsize::new(0),
        };
        voyages.keep(USUAL_BYTES);
        voyages
    }

    /// Keeps searches that take so many bytes; beyond them it begins anew.
    pub fn keep(&self, bytes: usize) {
        let of_a_search = self.sea.bytes_of_lengths() + 2 * size_of::<Start>();
        let most = (bytes / of_a_search.max(1)).max(FEWEST);
        self.most.store(most, Ordering::Relaxed);
    }

    /// The graph.
    pub fn sea(&self) -> &SeaGraph {
        &self.sea
    }

    /// Metres of the shortest way between two ports, the same both ways. `None`: one of them is no port of the graph, or no way
    /// is left open. 0: it is the same place.
    pub fn metres(&self, from: LocationCode, to: LocationCode, around: Closures) -> Option<u32> {
        let (from, to) = (self.sea.port_number(from)?, self.sea.port_number(to)?);
        let mut searches = self.lock();
        let is_start = |port| searches.starts.contains(&port);
        let (start, end) = match (is_start(from), is_start(to)) {
            (true, false) => (from, to),
            (false, true) => (to, from),
            _ => (from.min(to), from.max(to)),
        };
        let search = self.search(&mut searches, (start, around));
        drop(searches);
        self.made(&search, (start, around)).metres(end)
    }

    /// What the lengths from a port to all others say, and from now on the search that answers for every way from there or to there.
    /// `None`: it is no port of the graph.
    pub fn from_port<T>(
        &self,
        port: LocationCode,
        around: Closures,
        ask: impl FnOnce(&Lengths) -> T,
    ) -> Option<T> {
        let start = self.sea.port_number(port)?;
        let mut searches = self.lock();
        searches.starts.insert(start);
        let search = self.search(&mut searches, (start, around));
        drop(searches);
        Some(ask(self.made(&search, (start, around))))
    }

    fn lock(&self) -> MutexGuard<'_, Searches> {
        self.searches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The search from a port, made or to be made.
    fn search(&self, searches: &mut Searches, start: Start) -> Arc<OnceLock<Lengths>> {
        let most = self.most.load(Ordering::Relaxed);
        if searches.made.len() >= most && !searches.made.contains_key(&start) {
            searches.made.clear();
        }
        Arc::clone(searches.made.entry(start).or_default())
    }

    /// Makes a search unless it is made. Other threads wait for it alone and not for the table of all.
    fn made<'s>(&self, search: &'s OnceLock<Lengths>, (port, around): Start) -> &'s Lengths {
        search.get_or_init(|| self.sea.lengths(port, around))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_is_found_again() {
        let bytes = include_bytes!("../../../../tests/golden/library/world/data/sea/marnet.bin");
        let voyages = Voyages::new(SeaGraph::load(bytes).unwrap());
        let code = |text: &str| LocationCode::parse(text.as_bytes()).unwrap();
        let metres = |a, b| voyages.metres(code(a), code(b), Closures::default());
        voyages.keep(0);
        voyages.most.store(1, Ordering::Relaxed);
        for _ in 0..3 {
            assert_eq!(
                metres("AQ22A", "BV22A"),
                Some(3_400_000),
                "100 + 1000 + 2000 + 300 km"
            );
            assert_eq!(metres("BV22A", "AQ22B"), Some(2_500_000));
            assert_eq!(metres("AQ22B", "BV22A"), Some(2_500_000));
            assert_eq!(
                voyages.searches.lock().unwrap().made.len(),
                1,
                "no more than may be kept"
            );
        }
        // Which end the search begins at changes nothing.
        let (start, far) = (
            code("BV22A"),
            voyages.sea.port_number(code("AQ22A")).unwrap(),
        );
        let asked = voyages.from_port(start, Closures::default(), |l| l.metres(far));
        assert_eq!(asked, Some(Some(3_400_000)));
        assert_eq!(metres("AQ22A", "BV22A"), Some(3_400_000));
        assert_eq!(metres("AQ22B", "BV22A"), Some(2_500_000));
        let starts: Vec<_> = voyages
            .searches
            .lock()
            .unwrap()
            .made
            .keys()
            .map(|(start, _)| *start)
            .collect();
        assert_eq!(starts, [voyages.sea.port_number(code("BV22A")).unwrap()]);
        assert_eq!(metres("AQ22A", "AQ22A"), Some(0));
        assert_eq!(metres("AQ22A", "SGSIN"), None, "no port of the graph");
    }
}
