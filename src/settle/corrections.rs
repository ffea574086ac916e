//! Corrections: what a chain of settlements claimed beside what its rules claim on a new run.
//!
//! A claim that settled and comes to another total is corrected by a claim of its own, a debit note or, with payer and payee exchanged, a credit note;
//! keys that are new are ordinary claims.

use crate::error::{Error, Result};
use crate::exact::{Exact, Rounding, parted};
use crate::model::time::{Day, parse_date};
use crate::settle::book::Book;
use crate::settle::ledger::{Claim, Corrects, Line, Made};
use crate::settle::rules::Rules;
use crate::settle::sheet::Record;
use crate::settle::show::{as_it_was, table, whole};
use crate::settle::survey::Survey;
use crate::settle::terms::Terms;
use crate::settle::verify::LINE;
use crate::settle::words::{Settles, Status};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Charge, container and element.
type Unit = (String, String, i64);
/// Bill, and the parts of the key that two settlements of one thing share.
type Key = (String, String);

/// What a chain says of one key.
#[derive(Clone, Debug)]
struct Original {
    claim_id: String,
    terms: Terms,
    settles: bool,
    /// The claim and every correction of it, in minor units.
    total: i64,
    /// The same of each unit, exactly.
    units: BTreeMap<Unit, Exact>,
}

/// What a chain of settlements claimed.
#[derive(Debug, Default)]
pub(super) struct Former {
    originals: BTreeMap<Key, Original>,
    /// Period in which each bill was first settled.
    pub first: FxHashMap<String, Day>,
}

impl Former {
    /// Reads the settlements of a chain, the first one first.
    pub(super) fn read(chain: &[Book]) -> Result<Former> {
        let mut former = Former::default();
        // Of each claim: its key, and whether what it says counts against the original.
        let mut of: FxHashMap<String, Key> = FxHashMap::default();
        for book in chain {
            let period = parse_date(&format!("{}-01", book.period)).unwrap_or_default();
            for claim in &book.claims {
                former.add(book, claim, period, &mut of)?;
            }
            let mut unread = None;
            table(&book.dir.join("lines.csv"), LINE, |row| {
                if former.line(row, &of).is_none() {
                    unread.get_or_insert(row.line);
                }
            })?;
            if let Some(line) = unread {
                let dir = book.dir.display();
                return Err(Error::Verification(format!(
                    "{dir}: lines.csv:{line} is no line of a claim of the chain"
                )));
            }
        }
        Ok(former)
    }

    fn add(
        &mut self,
        book: &Book,
        claim: &Claim,
        period: Day,
        of: &mut FxHashMap<String, Key>,
    ) -> Result<()> {
        let (id, t) = (claim.id(&book.terms), claim.of(&book.terms));
        if let Some(corrects) = &claim.corrects {
            let key = of.get(&corrects.claim_id).cloned();
            let original = key.as_ref().and_then(|key| self.originals.get_mut(key));
            let (Some(key), Some(original)) = (key, original) else {
                return Err(Error::Verification(format!(
                    "{}: claim {id} corrects a claim that its chain does not hold",
                    book.dir.display()
                )));
            };
            let is_debit = t.payer == original.terms.payer;
            original.total += if is_debit {
                claim.amount
            } else {
                -claim.amount
            };
            of.insert(id, key);
            return Ok(());
        }
        self.first.entry(claim.bill.to_string()).or_insert(period);
        let key = (claim.bill.to_string(), t.lasting());
        let original = self
            .originals
            .entry(key.clone())
            .or_insert_with(|| Original {
                claim_id: id.clone(),
                terms: t.clone(),
                settles: false,
                total: 0,
                units: BTreeMap::new(),
            });
        original.settles |= claim.settles(&book.terms);
        original.total += claim.amount;
        of.insert(id, key);
        Ok(())
    }

    /// Adds a line to its claim; `None` where this program wrote no such line.
    fn line(&mut self, row: &Record<'_>, of: &FxHashMap<String, Key>) -> Option<()> {
        let key = of.get(row.text("claim_id"))?;
        let original = self.originals.get_mut(key)?;
        let exact = Exact::parse(&as_it_was(row.text("exact")))?;
        let unit = (
            as_it_was(row.text("charge_id")),
            as_it_was(row.text("container_id")),
            whole(row, "element"),
        );
        let sum = original.units.entry(unit).or_insert(Exact::ZERO);
        *sum = sum.plus(&exact);
        Some(())
    }
}

/// What is made of the claims that the rules give on the new run, in order of the key.
pub(super) fn corrected(
    former: &Former,
    made: Vec<Made>,
    rules: &mut Rules,
    survey: &Survey,
    run_id: &str,
) -> Result<Vec<Made>> {
    let mut new: BTreeMap<Key, Vec<Made>> = BTreeMap::new();
    let mut out: Vec<(Terms, Made)> = Vec::new();
    for one in made {
        let t = one.0.of(&rules.terms);
        let key = (one.0.bill.to_string(), t.lasting());
        match former.originals.contains_key(&key) {
            true => new.entry(key).or_default().push(one),
            // A key that is new, whichever rule gives it.
            false => out.push((t.clone(), one)),
        }
    }
    for (key, original) in former.originals.iter().filter(|(_, o)| o.settles) {
        let some = new.remove(key).unwrap_or_default();
        let is_incomplete = rules.disputes_incomplete && survey.incomplete.contains(&key.0);
        out.extend(correction(
            key,
            original,
            some,
            rules,
            (is_incomplete, run_id),
        )?);
    }
    out.sort_by(|a, b| {
        let key = |(t, (claim, _)): &'_ (Terms, Made)| {
            (claim.bill.clone(), t.clone(), claim.corrected().to_owned())
        };
        key(a).cmp(&key(b))
    });
    rules.extend_terms(out.iter().map(|(t, _)| t));
    for (t, (claim, _)) in &mut out {
        claim.terms = rules.place_of(t);
        claim.name(&rules.terms);
    }
    Ok(out.into_iter().map(|(_, one)| one).collect())
}

fn correction(
    key: &Key,
    original: &Original,
    some: Vec<Made>,
    rules: &Rules,
    (is_incomplete, run_id): (bool, &str),
) -> Result<Option<(Terms, Made)>> {
    let too_large = || {
        Error::Limit(format!(
            "bill {:?}: a correction of 10^18 minor units or more",
            key.0
        ))
    };
    let sum = some
        .iter()
        .fold(Exact::ZERO, |sum, (claim, _)| sum.plus(&claim.exact));
    let total = sum.rounded(Rounding::HalfEven).ok_or_else(too_large)?;
    let difference = total - i128::from(original.total);
    if difference == 0 {
        return Ok(None);
    }
    // What is disputed by its charge waits with its correction; of what has gone, what the original says.
    let is = |terms: &Terms| terms.status == Status::Disputed;
    let is_disputed = is_incomplete
        || some.iter().any(|(claim, _)| is(claim.of(&rules.terms)))
        || (some.is_empty() && is(&original.terms));
    let mut terms = Terms {
        value_date: None,
        settles: Settles::Yes,
        status: if is_disputed {
            Status::Disputed
        } else {
            Status::Open
        },
        ..original.terms.clone()
    };
    if difference < 0 {
        std::mem::swap(&mut terms.payer, &mut terms.payee);
    }
    let mut lines = differences(original, some, rules);
    let exact: Vec<Exact> = lines.iter().map(|line| line.exact.clone()).collect();
    let parts = parted(difference, &exact).ok_or_else(too_large)?;
    for (line, part) in lines.iter_mut().zip(parts) {
        line.amount = i64::try_from(part).map_err(|_| too_large())?;
    }
    let sum = exact.iter().fold(Exact::ZERO, |sum, one| sum.plus(one));
    let sign = Exact::whole(difference.signum());
    let claim = Claim {
        bill: key.0.as_str().into(),
        terms: 0,
        exact: sum.times(&sign),
        amount: i64::try_from(difference.abs()).map_err(|_| too_large())?,
        tax: 0,
        upper_bound: lines.iter().any(|line| line.upper_bound),
        corrects: Some(Box::new(Corrects {
            claim_id: original.claim_id.clone(),
            invoice_no: original.terms.invoice_no.clone(),
            run_id: run_id.to_owned(),
        })),
        named: None,
    };
    Ok(Some((terms, (claim, lines))))
}

/// One line per unit: what it costs now less what it cost.
fn differences(original: &Original, some: Vec<Made>, rules: &Rules) -> Vec<Line> {
    let mut units: BTreeMap<Unit, Line> = BTreeMap::new();
    for line in some.into_iter().flat_map(|(_, lines)| lines) {
        let id = rules.charges[line.charge].id.clone();
        units.insert((id, line.container.to_string(), line.element), line);
    }
    for (unit, was) in &original.units {
        if let Some(line) = units.get_mut(unit) {
            line.exact = line.exact.minus(was);
            continue;
        }
        let found = rules
            .charges
            .binary_search_by(|c| c.id.as_str().cmp(&unit.0));
        let Ok(charge) = found else { continue };
        units.insert(
            unit.clone(),
            Line {
                charge,
                container: unit.1.as_str().into(),
                element: unit.2,
                quantity: "0".into(),
                rate: rules.charges[charge].rate_text().into(),
                share: String::new(),
                voyage_share: String::new(),
                exact: was.times(&Exact::whole(-1)),
                amount: 0,
                upper_bound: false,
                factor_id: "".into(),
            },
        );
    }
    units.into_values().collect()
}
