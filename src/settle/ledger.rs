//! Claims and their lines: the units of one key, added exactly, rounded once, parted over the units again.

use crate::error::{Error, Result};
use crate::exact::{Exact, Rounding, parted};
use crate::settle::bills::{Bill, Section, each_bill, each_chunk};
use crate::settle::money::MOST_MINOR;
use crate::settle::rules::{Hit, Rules, WHOLE};
use crate::settle::survey::{LeftOut, Run, Survey, part};
use crate::settle::terms::{Terms, digest};
use crate::settle::words::{Per, Scope, Settles, Status};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// A claim of a settlement.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub bill: Box<str>,
    pub terms: u32,
    pub exact: Exact,
    /// Rounded, in minor units.
    pub amount: i64,
    /// Its part of the tax of its group.
    pub tax: i64,
    pub upper_bound: bool,
    pub corrects: Option<Box<Corrects>>,
    /// Its id, which many tables ask for.
    pub named: Option<Box<str>>,
}

/// What a correction corrects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Corrects {
    pub claim_id: String,
    pub invoice_no: Arc<str>,
    pub run_id: String,
}

/// A line of a claim.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub charge: usize,
    pub container: Box<str>,
    /// 0: the shipment.
    pub element: i64,
    pub quantity: Cow<'static, str>,
    pub rate: Arc<str>,
    pub share: String,
    pub voyage_share: String,
    pub exact: Exact,
    pub amount: i64,
    pub upper_bound: bool,
    pub factor_id: Box<str>,
}

impl Claim {
    pub(super) fn of<'t>(&self, terms: &'t [Terms]) -> &'t Terms {
        &terms[self.terms as usize]
    }

    /// Whether it is meant to be paid at all.
    pub(super) fn settles(&self, terms: &[Terms]) -> bool {
        self.of(terms).settles == Settles::Yes && !self.upper_bound
    }

    /// Whether it may be paid as it stands.
    pub(super) fn may_be_paid(&self, terms: &[Terms]) -> bool {
        self.settles(terms) && self.of(terms).status == Status::Open
    }

    pub(super) fn gross(&self) -> i64 {
        self.amount + self.tax
    }

    pub(super) fn id(&self, terms: &[Terms]) -> String {
        if let Some(id) = &self.named {
            return id.to_string();
        }
        let cells = self.of(terms).cells();
        let mut fields: Vec<&str> = vec!["claim", &self.bill];
        fields.extend(cells.iter());
        if let Some(corrects) = &self.corrects {
            fields.extend([corrects.claim_id.as_str(), &corrects.run_id]);
        }
        digest(fields)
    }

    /// Keeps its id.
    pub(super) fn name(&mut self, terms: &[Terms]) {
        self.named = Some(self.id(terms).into());
    }

    pub(super) fn corrected(&self) -> &str {
        self.corrects.as_ref().map_or("", |c| &c.claim_id)
    }
}

/// A claim with its lines.
pub(super) type Made = (Claim, Vec<Line>);

/// The second walk: hands every claim with its lines to `take`, in order of the key.
pub(super) fn claims(
    run: Run<'_>,
    rules: &Rules,
    survey: &Survey,
    out: &LeftOut,
    mut take: impl FnMut(Made) -> Result<()>,
) -> Result<()> {
    let work = |number: usize, chunk: &crate::published::run::Chunk| {
        let mut cursors = survey.starts.get(number).cloned().unwrap_or_default();
        let mut made = Vec::new();
        each_bill(run.dir, chunk, |bill, sections| {
            if rules.has(bill) {
                of_bill(
                    rules,
                    survey,
                    out,
                    (bill, sections),
                    &mut cursors,
                    &mut made,
                )?;
            }
            Ok(())
        })?;
        Ok(made)
    };
    each_chunk(run.dir, run.manifest, run.interrupt, work, |made| {
        made.into_iter().try_for_each(&mut take)
    })
}

fn of_bill(
    rules: &Rules,
    survey: &Survey,
    out: &LeftOut,
    (bill, sections): (&Bill<'_>, &[Section<'_>]),
    cursors: &mut FxHashMap<usize, usize>,
    made: &mut Vec<Made>,
) -> Result<()> {
    let hits = rules.kept(&rules.met(bill, sections));
    let mut keyed: Vec<(u32, Hit)> = hits
        .iter()
        .map(|hit| (rules.terms_on(hit.charge, bill), *hit))
        .collect();
    // Of one key by charge (they are in order of their ids) and unit, as hits are.
    keyed.sort_by_key(|(terms, _)| *terms);
    let left_out = out.claims.get(bill.id);
    for some in keyed.chunk_by(|a, b| a.0 == b.0) {
        let terms = some[0].0;
        let is_out = left_out.is_some_and(|set| set.contains(&terms));
        let mut lines = Vec::with_capacity(some.len());
        for (_, hit) in some {
            let part = flat_part(rules, survey, cursors, *hit);
            if !is_out && !out.charges.contains(&hit.charge) {
                lines.extend(line(rules, (bill, sections), *hit, part));
            }
        }
        if !lines.is_empty() {
            made.push(claim(bill.id, terms, lines, rules)?);
        }
    }
    Ok(())
}

/// The next part of a flat charge; `None` for others. Parts that are left out are passed by.
fn flat_part(
    rules: &Rules,
    survey: &Survey,
    cursors: &mut FxHashMap<usize, usize>,
    hit: Hit,
) -> Option<Exact> {
    if rules.charges[hit.charge].per != Per::Flat {
        return None;
    }
    let cursor = cursors.entry(hit.charge).or_default();
    let parts = survey.parts.get(&hit.charge).map_or(&[][..], Vec::as_slice);
    *cursor += 1;
    Some(part(parts, *cursor - 1))
}

fn line(
    rules: &Rules,
    (bill, sections): (&Bill<'_>, &[Section<'_>]),
    hit: Hit,
    part: Option<Exact>,
) -> Option<Line> {
    // What cannot be costed was refused by the survey, and its claim is left out.
    let costed = rules.costed(hit, bill, sections).ok()?;
    let section = (hit.unit != WHOLE).then(|| &sections[hit.unit]);
    Some(Line {
        charge: hit.charge,
        container: section.map_or("", |s| s.container).into(),
        element: section.map_or(0, |s| s.number),
        quantity: costed.quantity,
        rate: costed.rate,
        share: costed.share,
        voyage_share: costed.voyage_share,
        exact: part.unwrap_or(costed.exact),
        amount: 0,
        upper_bound: costed.upper_bound,
        factor_id: section.map_or("", |s| s.factor_id).into(),
    })
}

fn claim(bill: &str, terms: u32, mut lines: Vec<Line>, rules: &Rules) -> Result<Made> {
    // Charges in order of their ids, the shipment before elements, absent containers first: as the units are sorted already.
    debug_assert!(lines.is_sorted_by_key(|l| (l.charge, l.container.clone(), l.element)));
    let sum = lines
        .iter()
        .fold(Exact::ZERO, |sum, line| sum.plus(&line.exact));
    let too_large = || {
        Error::Limit(format!(
            "bill {bill:?}: a claim of {} against {} is 10^18 minor units or more",
            rules.terms[terms as usize].payee, rules.terms[terms as usize].payer
        ))
    };
    let amount = sum
        .rounded(Rounding::HalfEven)
        .filter(|a| *a < MOST_MINOR)
        .ok_or_else(too_large)?;
    let exact: Vec<Exact> = lines.iter().map(|line| line.exact.clone()).collect();
    let parts = parted(amount, &exact).ok_or_else(too_large)?;
    for (line, part) in lines.iter_mut().zip(parts) {
        line.amount = i64::try_from(part).map_err(|_| too_large())?;
    }
    let mut claim = Claim {
        bill: bill.into(),
        terms,
        exact: sum,
        amount: i64::try_from(amount).map_err(|_| too_large())?,
        tax: 0,
        upper_bound: lines.iter().any(|line| line.upper_bound),
        corrects: None,
        named: None,
    };
    claim.name(&rules.terms);
    Ok((claim, lines))
}

/// Unit of a line's quantity.
pub(super) fn unit_of(rules: &Rules, line: &Line) -> &'static str {
    let charge = &rules.charges[line.charge];
    match (charge.per, charge.scope) {
        (Per::Unit, Scope::Shipment) => "shipment",
        (Per::Unit, Scope::Element) => "element",
        (per, _) => per.code(),
    }
}
