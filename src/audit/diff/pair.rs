//! Which elements of a shipment in two runs are the same movement or hub, and what the others are an effect of.

use crate::calc::Kernel;
use crate::calc::restate::{Effect, Effects, Later, Side, micrograms, restate};
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::symbol::Symbols;
use crate::published::pairs::{Published, Shipment};
use std::collections::{HashMap, HashSet};

/// What pairs two elements: a movement by its id, an inferred hub by container, place and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key<'s> {
    Movement(&'s str),
    Hub(&'s str, LocationCode, u32),
}

/// Elements by key, in published order.
struct Keyed<'s> {
    order: Vec<(Key<'s>, &'s Published)>,
    places: HashMap<Key<'s>, usize>,
}

impl<'s> Keyed<'s> {
    fn new(elements: &'s [Published]) -> Keyed<'s> {
        let mut counts: HashMap<(&str, LocationCode), u32> = HashMap::new();
        let mut keyed = Keyed {
            order: Vec::with_capacity(elements.len()),
            places: HashMap::new(),
        };
        for published in elements {
            let key = if published.element.flags.has(Flags::HUB_INFERRED) {
                let count = counts
                    .entry((&published.container_id, published.element.origin))
                    .or_default();
                *count += 1;
                Key::Hub(&published.container_id, published.element.origin, *count)
            } else {
                Key::Movement(&published.movement_id)
            };
            keyed.places.insert(key, keyed.order.len());
            keyed.order.push((key, published));
        }
        keyed
    }

    fn get(&self, key: &Key) -> Option<&'s Published> {
        self.places.get(key).map(|&at| self.order[at].1)
    }

    /// The transport element that lent its load to the inferred hub at `at`: the next one of the container, else the one before.
    fn neighbour(&self, at: usize) -> Option<(Key<'s>, &'s Published)> {
        let container = &self.order[at].1.container_id;
        let lends = |(key, p): &&(Key<'s>, &'s Published)| {
            matches!(key, Key::Movement(_)) && p.container_id == *container
        };
        let after = self.order[at + 1..].iter().find(lends);
        after
            .or_else(|| self.order[..at].iter().rev().find(lends))
            .copied()
    }
}

/// Movements that the two runs rejected.
pub(super) struct RejectedMovements {
    /// By the earlier run.
    pub before: HashSet<(String, String)>,
    /// By the later run.
    pub after: HashSet<(String, String)>,
}

/// The effects between two states of one shipment. Symbols of `after` are turned into those of `before` on the way.
pub(super) struct Pairing<'p, 'r> {
    /// Kernel of the earlier run.
    pub kernel: &'p mut Kernel<'r>,
    /// Symbols of the earlier run.
    pub symbols: &'p mut Symbols,
    /// The later run.
    pub later: &'p Later<'r>,
    /// Symbols of the later run.
    pub later_symbols: &'p Symbols,
    /// Rejected movements of both.
    pub rejected: &'p RejectedMovements,
}

impl Pairing<'_, '_> {
    /// The effects; their sum is the difference of the elements' totals.
    pub(super) fn effects(
        &mut self,
        id: &str,
        before: Option<&Shipment>,
        after: Option<&Shipment>,
    ) -> Effects {
        let none: &[Published] = &[];
        let (old, new) = (
            Keyed::new(before.map_or(none, |s| &s.elements)),
            Keyed::new(after.map_or(none, |s| &s.elements)),
        );
        let mut effects = Effects::default();
        for (at, (key, published)) in new.order.iter().enumerate() {
            match old.get(key) {
                Some(earlier) => effects.add(&self.pair(earlier, published)),
                None => {
                    let cause = cause(
                        id,
                        at,
                        &new,
                        &old,
                        &self.rejected.before,
                        Effect::RecordsNew,
                    );
                    effects.add(&Effects::of(cause, micrograms(&published.element)));
                }
            }
        }
        for (at, (key, published)) in old
            .order
            .iter()
            .enumerate()
            .filter(|(_, (key, _))| new.get(key).is_none())
        {
            debug_assert!(new.get(key).is_none());
            let cause = cause(
                id,
                at,
                &old,
                &new,
                &self.rejected.after,
                Effect::RecordsRemoved,
            );
            effects.add(&Effects::of(cause, -micrograms(&published.element)));
        }
        effects
    }

    fn pair(&mut self, before: &Published, after: &Published) -> Effects {
        let mut facts = after.facts;
        facts.carrier = self
            .symbols
            .intern(self.later_symbols.text(after.facts.carrier));
        facts.energy_carrier = self
            .symbols
            .intern(self.later_symbols.text(after.facts.energy_carrier));
        let before = Side {
            element: &before.element,
            facts: &before.facts,
        };
        let after = Side {
            element: &after.element,
            facts: &facts,
        };
        restate(self.kernel, self.later, before, after, self.symbols)
    }
}

/// Why only one run has the element at `at` of `own`: the other rejected the movement, or knows no such record; a hub goes
/// with the movement that lent its load, and where both runs have that movement the hub rules differ, or one run had to leave
/// the hub out for want of a factor.
fn cause(
    id: &str,
    at: usize,
    own: &Keyed,
    other: &Keyed,
    rejected_by_other: &HashSet<(String, String)>,
    otherwise: Effect,
) -> Effect {
    let of_movement = |movement: &str| {
        let is_rejected = rejected_by_other.contains(&(id.to_owned(), movement.to_owned()));
        if is_rejected {
            Effect::Completeness
        } else {
            otherwise
        }
    };
    match own.order[at].0 {
        Key::Movement(movement) => of_movement(movement),
        Key::Hub(..) => match own.neighbour(at) {
            None => otherwise,
            Some((key, lender)) => match other.get(&key) {
                None => of_movement(&lender.movement_id),
                Some(there) if there.element.flags.has(Flags::HUB_WITHOUT_FACTOR) => {
                    Effect::Completeness
                }
                Some(_) => Effect::Method,
            },
        },
    }
}
