//! Charges ready to meet bills: which rules a bill may meet, which units each meets, which units are taken over.

use crate::model::index::index32;
use crate::model::mode::Mode;
use crate::model::time::Day;

use crate::exact::Exact;
use crate::settle::bills::{Bill, Section, date};
use crate::settle::charges::{Charge, Cost, Filter};

use crate::settle::refusal::{Code, Refusal};
use crate::settle::sheet::Interval;
use crate::settle::tables::{Calls, EU_ETS, Prices};
use crate::settle::terms::Terms;
use crate::settle::words::{Per, Scope, Settles};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use std::sync::Arc;

/// The rules of a settlement.
pub(super) struct Rules {
    pub charges: Vec<Charge>,
    /// For each charge, the charges whose units it takes over.
    pub over: Vec<Vec<usize>>,
    /// Charges that make no claim, because they are refused; they still take units over.
    pub dead: Vec<bool>,
    /// The files that charges were read with; those of earlier settlements come first.
    pub sets: Vec<Set>,
    /// Bills that earlier settlements of the chain settled first, with their periods.
    pub first: FxHashMap<String, Day>,
    /// All terms, in order, with the disputed twin of each.
    pub terms: Vec<Terms>,
    /// For each charge: its terms, and the same disputed.
    pub terms_of: Vec<[u32; 2]>,
    /// Whether claims of incomplete shipments are disputed.
    pub disputes_incomplete: bool,
    /// What a unit costs, in minor units of the settle currency; for prices their conversion alone.
    pub per_unit: Vec<Exact>,
    /// The rate of each charge as it is shown.
    pub rates: Vec<Arc<str>>,
    /// First and last day that each charge holds on.
    days: Vec<(Day, Day)>,
    /// For each charge: the number of its payer, payee, kind and class among all of them.
    obligations: Vec<u32>,
    by_shipment: FxHashMap<String, Vec<usize>>,
    by_container: FxHashMap<String, Vec<usize>>,
    by_carrier: FxHashMap<String, Vec<usize>>,
    by_corridor: FxHashMap<String, Vec<usize>>,
    general: Vec<usize>,
}

/// Files that charges were read with.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    pub prices: Prices,
    pub calls: Calls,
    /// First day of their period.
    pub period: Day,
    /// Whether an earlier settlement of the chain had them.
    pub is_old: bool,
}

/// The place of a unit that is the shipment itself.
pub(super) const WHOLE: usize = usize::MAX;

/// Distinct terms in order, and the place of each of those given.
fn placed(given: Vec<Terms>) -> (Vec<Terms>, Vec<u32>) {
    let mut places = vec![0; given.len()];
    let mut sorted: Vec<(Terms, usize)> = given.into_iter().zip(0..).collect();
    sorted.par_sort_unstable();
    let mut terms: Vec<Terms> = Vec::new();
    for (one, at) in sorted {
        if terms.last() != Some(&one) {
            terms.push(one);
        }
        places[at] = index32(terms.len() - 1);
    }
    (terms, places)
}

/// A unit that a charge meets: the place of its element among those of the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub charge: usize,
    pub unit: usize,
}

impl Rules {
    pub(super) fn new(
        charges: Vec<Charge>,
        over: Vec<Vec<usize>>,
        dead: Vec<bool>,
        sets: Vec<Set>,
        first: FxHashMap<String, Day>,
        disputes_incomplete: bool,
    ) -> Rules {
        let both = |c: &Charge| [c.terms.clone(), c.terms.disputed()];
        let (terms, places) = placed(charges.iter().flat_map(both).collect());
        let terms_of = places.chunks_exact(2).map(|two| [two[0], two[1]]);
        let terms_of = terms_of.collect();
        let per_unit = charges
            .iter()
            .map(|c| match &c.cost {
                Cost::Rate(amount) | Cost::Amount(amount) => c.per_unit(*amount),
                Cost::Price(_) => c.per_unit(rust_decimal::Decimal::ONE),
            })
            .collect();
        let [
            mut by_shipment,
            mut by_container,
            mut by_carrier,
            mut by_corridor,
        ] = [(); 4].map(|()| FxHashMap::<String, Vec<usize>>::default());
        let mut general = Vec::new();
        for (at, charge) in charges.iter().enumerate() {
            // The filter that lets fewest through.
            let f = &charge.filter;
            let found = [
                (&f.shipment, &mut by_shipment),
                (&f.container, &mut by_container),
                (&f.carrier, &mut by_carrier),
                (&f.corridor, &mut by_corridor),
            ];
            match found
                .into_iter()
                .find_map(|(f, map)| Some((f.clone()?, map)))
            {
                Some((id, map)) => map.entry(id).or_default().push(at),
                None => general.push(at),
            }
        }
        let days = charges.iter().map(|c| {
            let last = c.valid.to.map_or(Day::MAX, |to| to - 1);
            (c.valid.from.unwrap_or(Day::MIN), last)
        });
        Rules {
            days: days.collect(),
            obligations: obligations(&charges),
            rates: charges.iter().map(|c| c.rate_text().into()).collect(),
            charges,
            over,
            dead,
            sets,
            first,
            terms,
            terms_of,
            disputes_incomplete,
            per_unit,
            by_shipment,
            by_container,
            by_carrier,
            by_corridor,
            general,
        }
    }

    /// Adds terms that corrections have; places of terms are others after it.
    pub(super) fn extend_terms<'t>(&mut self, more: impl Iterator<Item = &'t Terms>) {
        let of: Vec<[Terms; 2]> = self
            .terms_of
            .iter()
            .map(|both| both.map(|at| self.terms[at as usize].clone()))
            .collect();
        self.terms.extend(more.cloned());
        self.terms.sort();
        self.terms.dedup();
        self.terms_of = of
            .iter()
            .map(|both| both.each_ref().map(|t| self.place_of(t)))
            .collect();
    }

    /// The place of terms that are there.
    pub(super) fn place_of(&self, terms: &Terms) -> u32 {
        u32::try_from(self.terms.binary_search(terms).unwrap_or(0)).unwrap_or(0)
    }

    /// Charges that name this shipment.
    pub(super) fn naming(&self, bill: &str) -> &[usize] {
        self.by_shipment.get(bill).map_or(&[], Vec::as_slice)
    }

    /// Whether a flat charge is left out, because its days are not of this period.
    pub(super) fn is_elsewhere(&self, charge: &Charge) -> bool {
        charge.per == Per::Flat && !charge.valid.meets(&self.days(charge))
    }

    pub(super) fn set(&self, charge: &Charge) -> &Set {
        &self.sets[charge.set]
    }

    fn days(&self, charge: &Charge) -> Interval {
        let period = self.set(charge).period;
        Interval {
            from: Some(period),
            to: Some(crate::model::time::months_after(period, 1)),
        }
    }

    /// The period of a bill: that in which it was first settled, else its own.
    pub(super) fn period_of(&self, bill: &Bill<'_>) -> Day {
        self.first.get(bill.id).copied().unwrap_or(bill.period)
    }

    /// Whether a bill is of a period that is settled here.
    pub(super) fn has(&self, bill: &Bill<'_>) -> bool {
        let period = self.period_of(bill);
        self.sets.iter().any(|set| set.period == period)
    }

    /// The units of a bill of the period, in order of charge and unit.
    pub(super) fn met(&self, bill: &Bill<'_>, sections: &[Section<'_>]) -> Vec<Hit> {
        let mut hits = Vec::new();
        let period = self.period_of(bill);
        let dates: Vec<Day> = sections.iter().map(|s| date(s.departed_at)).collect();
        let departed = date(bill.departed_at);
        let from = dates.iter().fold(departed, |from, day| from.min(*day));
        let to = dates.iter().fold(departed, |to, day| to.max(*day));
        let containers = among(&self.by_container, sections.iter().map(|s| s.container));
        let carriers = among(&self.by_carrier, sections.iter().map(|s| s.carrier));
        let of_corridor = self.by_corridor.get(bill.corridor).into_iter().flatten();
        let all = self
            .naming(bill.id)
            .iter()
            .chain(containers)
            .chain(carriers);
        for &at in all.chain(of_corridor).chain(&self.general) {
            let (first, last) = self.days[at];
            if first <= to && from <= last && self.set(&self.charges[at]).period == period {
                self.meet(at, bill, (sections, &dates), &mut hits);
            }
        }
        hits.sort_unstable();
        hits
    }

    /// Those that nobody takes over, of charges that are not refused. What takes over a unit does so although its own is taken over.
    pub(super) fn kept(&self, met: &[Hit]) -> Vec<Hit> {
        let mut hits = met.to_vec();
        hits.retain(|hit| !self.dead[hit.charge]);
        let mut gone = Vec::new();
        for hit in met {
            let over = self.over[hit.charge].iter();
            gone.extend(over.map(|&charge| Hit { charge, ..*hit }));
        }
        gone.sort_unstable();
        hits.retain(|hit| gone.binary_search(hit).is_err());
        hits
    }

    fn meet(
        &self,
        at: usize,
        bill: &Bill<'_>,
        (sections, dates): (&[Section<'_>], &[Day]),
        hits: &mut Vec<Hit>,
    ) {
        let charge = &self.charges[at];
        let filter = &charge.filter;
        let fits = is(&filter.corridor, bill.corridor)
            && filter.load_status.is_none_or(|s| s == bill.load_status);
        let day = date(bill.departed_at);
        let by_shipment = charge.scope == Scope::Shipment || charge.per == Per::Flat;
        if !fits || self.is_elsewhere(charge) || (by_shipment && !charge.valid.holds(day)) {
            return;
        }
        if charge.scope == Scope::Shipment {
            return hits.push(Hit {
                charge: at,
                unit: WHOLE,
            });
        }
        let is_voyage = self.is_voyage(charge);
        let (first, last) = self.days[at];
        for (unit, (section, day)) in sections.iter().zip(dates).enumerate() {
            let fits = charge.per == Per::Flat || (first <= *day && *day <= last);
            if fits && meets(filter, section) && (!is_voyage || section.mode == Mode::Sea) {
                hits.push(Hit { charge: at, unit });
            }
        }
    }

    /// Whether the units of a charge are the sea elements of the EU's emissions trading.
    fn is_voyage(&self, charge: &Charge) -> bool {
        match &charge.cost {
            Cost::Price(id) => {
                let rows = self.set(charge).prices.get(id);
                rows.is_some_and(|rows| rows[0].jurisdiction == EU_ETS)
            }
            _ => false,
        }
    }

    /// The terms of a charge on a bill.
    pub(super) fn terms_on(&self, charge: usize, bill: &Bill<'_>) -> u32 {
        let is_disputed = self.disputes_incomplete && !bill.is_complete;
        self.terms_of[charge][usize::from(is_disputed)]
    }

    fn settles(&self, charge: usize) -> bool {
        self.charges[charge].terms.settles == Settles::Yes
    }

    /// Refuses what two stages settle for.
    pub(super) fn stages(&self, bill: &Bill<'_>, hits: &[Hit]) -> Vec<(Refusal, [usize; 2])> {
        // The first charge of each stage.
        let mut firsts: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
        let mut found = Vec::new();
        for at in distinct(hits).filter(|at| self.settles(*at)) {
            let charge = &self.charges[at];
            let stage = charge.terms.stage;
            let of = firsts.entry(self.obligations[at]).or_default();
            let other = of.iter().find(|o| self.charges[**o].terms.stage != stage);
            if let Some(&other) = other {
                let o = &self.charges[other];
                let stages = format!(
                    "{} of {}, {} of {}",
                    stage.code(),
                    charge.id,
                    o.terms.stage.code(),
                    o.id
                );
                let wanted = "one stage that settles (settles = no for the others)";
                let refusal = Refusal::at(&charge.file, charge.line, Code::Stages, &stages, wanted)
                    .of_unit(bill.id, "", 0);
                found.push((refusal, [at, other]));
            }
            if !of.iter().any(|o| self.charges[*o].terms.stage == stage) {
                of.push(at);
            }
        }
        found
    }

    /// Pairs of settling charges of one obligation and stage that meet one unit.
    pub(super) fn doubles(&self, hits: &[Hit]) -> Vec<[usize; 2]> {
        let settling = hits.iter().filter(|hit| self.settles(hit.charge));
        let flow = |at: usize| (self.obligations[at], self.charges[at].terms.stage);
        let mut by_unit: Vec<_> = settling
            .map(|hit| (hit.unit, flow(hit.charge), hit.charge))
            .collect();
        by_unit.sort_unstable();
        let same = by_unit.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
        same.flat_map(|some| some[1..].iter().map(|other| [some[0].2, other.2]))
            .collect()
    }
}

/// The charges of a map whose key is among the values, each key once.
fn among<'m, 'v>(
    map: &'m FxHashMap<String, Vec<usize>>,
    values: impl Iterator<Item = &'v str>,
) -> impl Iterator<Item = &'m usize> {
    let mut values: Vec<&str> = if map.is_empty() {
        Vec::new()
    } else {
        values.collect()
    };
    values.sort_unstable();
    values.dedup();
    let found: Vec<&Vec<usize>> = values.into_iter().filter_map(|v| map.get(v)).collect();
    found.into_iter().flatten()
}

/// Numbers what charges are for: payer, payee, kind and class.
fn obligations(charges: &[Charge]) -> Vec<u32> {
    let mut numbers = FxHashMap::default();
    let of = |charge: &Charge| {
        let t = &charge.terms;
        let key = (t.payer.clone(), t.payee.clone(), t.kind, t.class);
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(key).or_insert(next)
    };
    charges.iter().map(of).collect()
}

/// The charges of hits, each once.
pub(super) fn distinct(hits: &[Hit]) -> impl Iterator<Item = usize> + '_ {
    hits.chunk_by(|a, b| a.charge == b.charge)
        .map(|some| some[0].charge)
}

fn is(wanted: &Option<String>, found: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| wanted == found)
}

fn meets(filter: &Filter, section: &Section<'_>) -> bool {
    let place = |wanted: &Option<String>, found: crate::model::id::LocationCode| {
        wanted
            .as_deref()
            .is_none_or(|wanted| wanted.as_bytes() == found.bytes())
    };
    filter.mode.is_none_or(|mode| mode == section.mode)
        && is(&filter.operation, section.operation)
        && is(&filter.carrier, section.carrier)
        && is(&filter.container, section.container)
        && place(&filter.origin, section.origin)
        && place(&filter.destination, section.destination)
}
