//! The order in which occurrences can have been: by time, as far as place and kind allow it.
//!
//! Clocks are off and reports are late, so a discharge may be told after the gate that the container left by. Each occurrence has
//! an earliest and a latest time; of the orders that these allow, the one with the fewest breaks counts, then the one that departs least
//! from the times told.

use super::occurrence::{LATE_US, Occurrence};
use crate::model::mode::Mode;
use std::collections::HashMap;

/// Occurrences behind the first open one that are looked at: a set of them is a word.
const WINDOW: usize = 32;

/// Orders that are pursued at a time; only made-up files have more.
const MOST_STATES: usize = 2048;

/// Breaks and open ends, then microseconds against the times told.
type Cost = (u32, i64);

/// What a break costs. An end counts half as much: a chain rather begins with a departure and ends with an arrival.
const BREAK: u32 = 2;
const OPEN_END: u32 = 1;

/// Which occurrences are placed: all before `base`, and `base + n` for each bit of `open`; and which was the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct State {
    base: usize,
    beyond: u32,
    last: usize,
}

/// Puts occurrences, in order of time, in the order in which they can have been.
pub(crate) fn arrange(occurrences: Vec<Occurrence>) -> Vec<Occurrence> {
    let is_whole = occurrences.windows(2).all(|w| follows(&w[0], &w[1]));
    if is_whole {
        return occurrences;
    }
    let order = best(&occurrences);
    let mut taken: Vec<Option<Occurrence>> = occurrences.into_iter().map(Some).collect();
    order.into_iter().filter_map(|i| taken[i].take()).collect()
}

/// Whether `b` can come next: a stay, a movement, or a confirmation of the same arrival or departure.
fn follows(a: &Occurrence, b: &Occurrence) -> bool {
    let is_here = a.place() == b.place();
    match (a.step().arrives(), b.step().arrives()) {
        (true, false) => is_here,
        (false, true) => !is_here && is_one_journey(a, b),
        _ => is_here && a.agrees(b),
    }
}

fn is_one_journey(a: &Occurrence, b: &Occurrence) -> bool {
    fn same<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    same::<Mode>(a.mode(), b.mode()) && same(a.load_status(), b.load_status())
}

fn best(occurrences: &[Occurrence]) -> Vec<usize> {
    let count = occurrences.len();
    // What leads to each state of a layer: the cheapest cost, and the state before it.
    let mut layers: Vec<HashMap<State, (Cost, Option<State>)>> = Vec::with_capacity(count);
    for placed in 0..count {
        let mut next: HashMap<State, (Cost, Option<State>)> = HashMap::new();
        let before: Vec<(Option<State>, Cost)> = match layers.last() {
            None => vec![(None, (0, 0))],
            Some(layer) => cheapest(layer),
        };
        debug_assert!(placed == 0 || !before.is_empty());
        for (state, cost) in before {
            for (to, added) in steps(occurrences, state) {
                let cost = (cost.0 + added.0, cost.1 + added.1);
                let entry = next.entry(to).or_insert((cost, state));
                if (cost, state) < *entry {
                    *entry = (cost, state);
                }
            }
        }
        layers.push(next);
    }
    let end = layers.last().and_then(|layer| {
        let ends = layer.iter().map(|(s, (cost, _))| {
            let open = !occurrences[s.last].step().arrives();
            ((cost.0 + open as u32 * OPEN_END, cost.1), *s)
        });
        ends.min()
    });
    let mut order = Vec::with_capacity(count);
    let mut state = end.map(|(_, state)| state);
    while let (Some(at), Some(layer)) = (state, layers.pop()) {
        order.push(at.last);
        state = layer.get(&at).and_then(|(_, before)| *before);
    }
    order.reverse();
    order
}

fn cheapest(layer: &HashMap<State, (Cost, Option<State>)>) -> Vec<(Option<State>, Cost)> {
    let mut states: Vec<(Cost, State)> = layer.iter().map(|(s, (cost, _))| (*cost, *s)).collect();
    states.sort_unstable();
    states.truncate(MOST_STATES);
    states
        .into_iter()
        .map(|(cost, s)| (Some(s), cost))
        .collect()
}

/// The states that one more occurrence leads to, and what each costs.
fn steps(occurrences: &[Occurrence], state: Option<State>) -> Vec<(State, Cost)> {
    let (base, beyond) = state.map_or((0, 0), |s| (s.base, s.beyond));
    let is_placed = |i: usize| beyond >> (i - base) & 1 == 1;
    // The last in time that is placed: what is told before it, comes against its time.
    let top = 31usize
        .checked_sub(beyond.leading_zeros() as usize)
        .map(|n| base + n);
    let top = top.or(base.checked_sub(1)).map(|i| occurrences[i].at());
    let end = occurrences.len().min(base + WINDOW);
    let mut open = (base..end).filter(|&i| !is_placed(i));
    let Some(first) = open.next() else {
        return Vec::new();
    };
    let limit = occurrences[first].latest();
    let mut found = Vec::new();
    for i in std::iter::once(first).chain(open) {
        let candidate = &occurrences[i];
        if candidate.at() - LATE_US > limit + LATE_US {
            break;
        }
        if i != first && candidate.earliest() > limit {
            continue;
        }
        let breaks = match state {
            None => candidate.step().arrives() as u32 * OPEN_END,
            Some(s) => !follows(&occurrences[s.last], candidate) as u32 * BREAK,
        };
        let against = top.map_or(0, |top| (top - candidate.at()).max(0));
        let mut to = State {
            base,
            beyond: beyond | 1 << (i - base),
            last: i,
        };
        while to.beyond & 1 == 1 {
            to.base += 1;
            to.beyond >>= 1;
        }
        found.push((to, (breaks, against)));
    }
    found
}
