//! The first walk over a run: which charges meet what, the weights of flat charges, what is refused, and how far a refusal reaches.

use crate::error::Result;
use crate::exact::{Exact, Rounding, by_weight};
use crate::settle::bills::{Bill, Section, each_bill, each_chunk};
use crate::settle::money::MOST_MINOR;
use crate::settle::refusal::{Code, Refusal};
use crate::settle::rules::{Hit, Rules, WHOLE, distinct};
use crate::settle::words::Per;
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::Path;

/// A published run to be settled.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub dir: &'a Path,
    pub manifest: &'a Manifest,
    pub interrupt: &'a Interrupt,
}

/// What is left out: flat charges as a whole, and claims by bill and terms.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    pub charges: FxHashSet<usize>,
    pub claims: FxHashMap<String, FxHashSet<u32>>,
}

impl LeftOut {
    fn has(&self, bill: &str, terms: u32) -> bool {
        self.claims
            .get(bill)
            .is_some_and(|set| set.contains(&terms))
    }

    pub(super) fn count(&self) -> usize {
        self.claims.values().map(FxHashSet::len).sum()
    }
}

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Bills of the period, and others.
    pub bills: u64,
    pub others: u64,
    /// Units that each charge met, before and after taking over.
    pub met: Vec<u64>,
    pub kept: Vec<u64>,
    /// Charges whose named shipment is in the run; those whose shipment is of another period.
    pub found: FxHashSet<usize>,
    pub elsewhere: FxHashSet<usize>,
    pub doubles: FxHashMap<[usize; 2], u64>,
    pub calls_used: u64,
    /// Refused units, and the claims that they are of.
    pub refused: Vec<(Refusal, Vec<u32>)>,
    /// The parts of each flat charge in order of its units.
    pub parts: FxHashMap<usize, Vec<i128>>,
    /// Bills that the chain settled first and that are incomplete now.
    pub incomplete: FxHashSet<String>,
    /// For each chunk, at which part of a flat charge it begins.
    pub starts: Vec<FxHashMap<usize, usize>>,
}

/// What a chunk adds to it.
#[derive(Default)]
struct Seen {
    bills: u64,
    others: u64,
    named: Vec<usize>,
    elsewhere: Vec<usize>,
    incomplete: Vec<String>,
    met: Vec<(usize, u64)>,
    kept: Vec<(usize, u64)>,
    weights: FxHashMap<usize, Vec<i128>>,
    doubles: Vec<[usize; 2]>,
    calls_used: u64,
    refused: Vec<(Refusal, Vec<u32>)>,
}

/// Walks over the run; what a charge as a whole is refused for comes after it ([`judge`]).
pub(super) fn survey(run: Run<'_>, rules: &Rules) -> Result<Survey> {
    let count = rules.charges.len();
    let mut survey = Survey {
        met: vec![0; count],
        kept: vec![0; count],
        ..Survey::default()
    };
    let mut weights: FxHashMap<usize, Vec<i128>> = FxHashMap::default();
    let work = |_: usize, chunk: &crate::published::run::Chunk| {
        let mut seen = Seen::default();
        each_bill(run.dir, chunk, |bill, sections| {
            look(rules, bill, sections, &mut seen);
            Ok(())
        })?;
        Ok(seen)
    };
    each_chunk(run.dir, run.manifest, run.interrupt, work, |seen| {
        survey.bills += seen.bills;
        survey.others += seen.others;
        survey.found.extend(seen.named);
        survey.elsewhere.extend(seen.elsewhere);
        survey.incomplete.extend(seen.incomplete);
        seen.met.iter().for_each(|(at, n)| survey.met[*at] += n);
        seen.kept.iter().for_each(|(at, n)| survey.kept[*at] += n);
        for pair in seen.doubles {
            *survey.doubles.entry(pair).or_default() += 1;
        }
        survey.calls_used += seen.calls_used;
        survey.refused.extend(seen.refused);
        let mut starts = FxHashMap::default();
        for (at, new) in seen.weights {
            let all = weights.entry(at).or_default();
            starts.insert(at, all.len());
            all.extend(new);
        }
        survey.starts.push(starts);
        Ok(())
    })?;
    let has_rate = |at: &usize| rules.charges[*at].lacks.is_none();
    for (at, weights) in weights.into_iter().filter(|(at, _)| has_rate(at)) {
        match flat_parts(rules, at, &weights) {
            Some(parts) => drop(survey.parts.insert(at, parts)),
            None => {
                let charge = &rules.charges[at];
                let wanted = "below 10^18 minor units";
                let rate = charge.rate_text();
                let refusal = Refusal::at(&charge.file, charge.line, Code::Amount, &rate, wanted);
                survey.refused.push((refusal, rules.terms_of[at].to_vec()));
            }
        }
    }
    Ok(survey)
}

fn flat_parts(rules: &Rules, at: usize, weights: &[i128]) -> Option<Vec<i128>> {
    let amount = rules.flat_amount(at).rounded(Rounding::HalfEven)?;
    by_weight(amount, weights).filter(|_| amount < MOST_MINOR)
}

fn look(rules: &Rules, bill: &Bill<'_>, sections: &[Section<'_>], seen: &mut Seen) {
    let named = rules.naming(bill.id);
    seen.named.extend(named);
    if !rules.has(bill) {
        seen.others += 1;
        seen.elsewhere.extend(named);
        return;
    }
    seen.bills += 1;
    if !bill.is_complete && rules.first.contains_key(bill.id) {
        seen.incomplete.push(bill.id.to_owned());
    }
    let met = rules.met(bill, sections);
    count(&met, &mut seen.met);
    let hits = rules.kept(&met);
    count(&hits, &mut seen.kept);
    for (refusal, pair) in rules.stages(bill, &hits) {
        let terms = pair.map(|at| rules.terms_on(at, bill)).to_vec();
        seen.refused.push((refusal, terms));
    }
    seen.doubles.extend(rules.doubles(&hits));
    for hit in hits {
        let charge = &rules.charges[hit.charge];
        if charge.per == Per::Flat {
            let weight = weight(bill, sections, hit);
            seen.weights.entry(hit.charge).or_default().push(weight);
            continue;
        }
        let costed = rules.costed(hit, bill, sections);
        match costed.and_then(|costed| rules.payable(hit, costed, bill, sections)) {
            Ok(costed) if costed.is_called => seen.calls_used += 1,
            Ok(_) => {}
            Err(refusal) => {
                let terms = rules.terms_on(hit.charge, bill);
                seen.refused.push((*refusal, vec![terms]));
            }
        }
    }
}

fn count(hits: &[Hit], counts: &mut Vec<(usize, u64)>) {
    let some = hits.chunk_by(|a, b| a.charge == b.charge);
    counts.extend(some.map(|some| (some[0].charge, some.len() as u64)));
}

fn weight(bill: &Bill<'_>, sections: &[Section<'_>], hit: Hit) -> i128 {
    match hit.unit {
        WHOLE => bill.activity,
        // A hub moves nothing.
        unit => sections[unit].activity,
    }
}

/// A charge that is left out, and why.
pub(super) type Aside = (usize, &'static str);

/// What is refused or left out of charges as a whole.
pub(super) fn judge(rules: &Rules, survey: &Survey) -> (Vec<(usize, Refusal)>, Vec<Aside>) {
    let (mut refused, mut aside) = (Vec::new(), Vec::new());
    for (at, charge) in rules.charges.iter().enumerate() {
        // What an earlier settlement charged may be gone: then it is corrected.
        if rules.sets[charge.set].is_old {
            continue;
        }
        let is_flat = charge.per == Per::Flat;
        let mut refuse = |code, found: &str, wanted: &str| {
            refused.push((
                at,
                Refusal::at(&charge.file, charge.line, code, found, wanted),
            ));
        };
        match &charge.filter.shipment {
            Some(id) if !survey.found.contains(&at) => {
                refuse(Code::Shipment, id, "a shipment of the run");
            }
            _ if survey.elsewhere.contains(&at) && survey.met[at] == 0 => {
                aside.push((at, "its shipment is of another period"));
            }
            _ if rules.is_elsewhere(charge) => aside.push((at, "its days are of another period")),
            _ if survey.met[at] == 0 && is_flat => {
                refuse(Code::Flat, &charge.id, "a unit that the flat charge meets");
            }
            _ if survey.kept[at] == 0 => aside.push((at, "it meets no unit")),
            _ => {
                if let Some([found, wanted]) = &charge.lacks {
                    refuse(Code::Rate, found, wanted);
                }
            }
        }
    }
    (refused, aside)
}

/// How far refused units reach: their claims, flat charges with a unit in one of these, the claims of all their units, and so on.
pub(super) fn spread(
    run: Run<'_>,
    rules: &Rules,
    refused: &[(Refusal, Vec<u32>)],
    wholes: impl IntoIterator<Item = usize>,
) -> Result<LeftOut> {
    let mut out = LeftOut::default();
    for (refusal, terms) in refused {
        match refusal.bill.as_str() {
            "" => {}
            bill => out.claims.entry(bill.to_owned()).or_default().extend(terms),
        }
    }
    out.charges.extend(wholes);
    loop {
        let before = (out.charges.len(), out.count());
        let known = &out;
        let mut news = Vec::new();
        let work = |_: usize, chunk: &crate::published::run::Chunk| {
            let mut new = Vec::new();
            each_bill(run.dir, chunk, |bill, sections| {
                if rules.has(bill) {
                    reach(rules, known, bill, sections, &mut new);
                }
                Ok(())
            })?;
            Ok(new)
        };
        each_chunk(run.dir, run.manifest, run.interrupt, work, |new| {
            news.extend(new);
            Ok(())
        })?;
        for (bill, terms, charges) in news {
            out.claims.entry(bill).or_default().insert(terms);
            out.charges.extend(charges);
        }
        if before == (out.charges.len(), out.count()) {
            return Ok(out);
        }
    }
}

fn reach(
    rules: &Rules,
    known: &LeftOut,
    bill: &Bill<'_>,
    sections: &[Section<'_>],
    new: &mut Vec<(String, u32, Vec<usize>)>,
) {
    let hits = rules.kept(&rules.met(bill, sections));
    let mut of: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for at in distinct(&hits) {
        of.entry(rules.terms_on(at, bill)).or_default().push(at);
    }
    for (terms, charges) in of {
        let is_out =
            known.has(bill.id, terms) || charges.iter().any(|at| known.charges.contains(at));
        if is_out {
            let flat = |at: &usize| rules.charges[*at].per == Per::Flat;
            let flats = charges.into_iter().filter(flat).collect();
            new.push((bill.id.to_owned(), terms, flats));
        }
    }
}

/// Part of a flat charge as an exact amount.
pub(super) fn part(parts: &[i128], at: usize) -> Exact {
    Exact::whole(parts.get(at).copied().unwrap_or_default())
}
