//! Settlement of freight and carbon charges: what parties owe each other for the shipments of a published run.
//!
//! Reads published tables and CSV files, never the kernel. Amounts are exact ratios until they are rounded once per claim; there is no float. A
//! settlement depends on its inputs only; what became of it (ordered, paid, disputed) lives in the state beside it.

mod among;
mod bills;
mod book;
mod camt;
mod charges;
mod clearing;
mod corrections;
mod costs;
mod inputs;
mod ledger;
mod messages;
mod money;
mod order;
mod out;
mod pain;
mod pay;
mod publish;
mod rates;
mod refusal;
mod rows;
mod rules;
mod settling;
mod sheet;
mod show;
mod state;
mod statement;
mod summary;
mod survey;
mod tables;
mod terms;
mod verify;
mod words;

#[cfg(test)]
mod tests;

pub use order::Ordered;
pub use pay::Confirmed;
pub use publish::Settlement;
pub use show::{Shown, ShownTable};
pub use verify::{Checked, Compared};

pub(crate) use order::order;
pub(crate) use pay::{dispute, pay};
pub(crate) use show::show;
pub(crate) use verify::verify;

use crate::error::{Error, Result};
use crate::exact::Exact;
use crate::model::time::{Day, month_start, months_after, parse_date};
use crate::progress::{Level, Progress};
use crate::settle::among::{check_invoices, refuse_row, replaced};
use crate::settle::book::Book;
use crate::settle::charges::{Beside, Charge, Flow, RefusedRows, charges, flow, flow_of};
use crate::settle::corrections::{Former, corrected};
use crate::settle::inputs::Inputs;
use crate::settle::ledger::Claim;
use crate::settle::money::Money;
use crate::settle::publish::{Ledger, Named, publish};
use crate::settle::rates::{Rates, rates};
use crate::settle::refusal::Refusal;
use crate::settle::rules::{Rules, Set};
use crate::settle::settling::Under;
use crate::settle::survey::{LeftOut, Run, Survey, judge, spread, survey};
use crate::settle::tables::{Agreement, Parties, calls, parties, prices};
use crate::settle::terms::Terms;
use crate::settle::words::Stage;
use crate::store::disk::RealDisk;
use crate::store::files::write_file;
use crate::store::layout::Layout;
use crate::store::manifest::Manifest;
use crate::store::new_folder::lock_folder;
use crate::store::signal::Interrupt;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the folder of all settlements below an output root.
pub(crate) const SETTLEMENT: &str = "settlement";

/// What is to be settled, and how.
#[derive(Clone, Debug, Default)]
pub struct SettleOrder {
    /// Run; `None`: the current one.
    pub run: Option<String>,
    /// Month, `YYYY-MM`.
    pub period: String,
    /// Files of charges.
    pub charges: Vec<PathBuf>,
    /// Settlement that is corrected; its files are taken where none are given.
    pub previous: Option<String>,
    /// Parties.
    pub parties: Option<PathBuf>,
    /// Carbon prices.
    pub prices: Option<PathBuf>,
    /// Exchange rates.
    pub rates: Option<PathBuf>,
    /// Agreements to net.
    pub agreements: Option<PathBuf>,
    /// Ships' voyages between ports of call.
    pub calls: Option<PathBuf>,
    /// Currency to settle in where a charge has none of its own.
    pub settle_currency: Option<String>,
    /// Whether invoiced amounts are paid where a charge does not say; else agreed ones.
    pub pays_invoiced: bool,
    /// Days that an exchange rate may be old.
    pub most_rate_age: i32,
    /// Whether claims on incomplete shipments are settled and not disputed.
    pub settles_incomplete: bool,
    /// Whether claims that hold something refused are left out, instead of nothing being settled.
    pub allows_refused: bool,
}

/// First day of a period.
fn period(text: &str) -> Result<Day> {
    let day = parse_date(&format!("{text}-01")).filter(|_| text.len() == 7);
    day.ok_or_else(|| Error::Usage(format!("period {text:?}: expected YYYY-MM")))
}

/// Refusals that a message shows.
const SHOWN: usize = 10;

/// Settles a period of a run and publishes the settlement.
pub(crate) fn settle(
    layout: &Layout,
    order: &SettleOrder,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Settlement> {
    let first = period(&order.period)?;
    let reading = layout.read_run(order.run.as_deref())?;
    let manifest = Manifest::load(&reading.dir)?;
    let run = Run {
        dir: &reading.dir,
        manifest: &manifest,
        interrupt,
    };
    progress.stage("settle", None);
    let root = layout.root().join(SETTLEMENT);
    let _lock = lock_folder(&RealDisk, &root)?;
    let (chain, follower) = match &order.previous {
        Some(id) => chain(layout, id)?,
        None => (Vec::new(), None),
    };
    let order = &inherited(order, &chain)?;
    let inputs = Inputs::given(order)?;
    let ids: Vec<String> = chain.iter().map(|book| book.id.clone()).collect();
    let named = Named::new(order, &inputs, &manifest.run_id, ids);
    if let Some(there) = named.published(&root)? {
        return Ok(there);
    }
    if let (Some(wanted), Some(id)) = (&order.previous, follower) {
        return Err(Error::Usage(format!(
            "--previous {wanted}: settlement {id} follows it; name the latest of the chain"
        )));
    }
    let former = Former::read(&chain)?;
    let mut read = Read::new(&inputs, order, first, &chain, &former)?;
    let mut survey = survey(run, &read.rules)?;
    let left_out = refused(run, order, &mut read, &mut survey, &root)?;
    let corrected = match chain.is_empty() {
        true => None,
        false => {
            let mut made = Vec::new();
            let take = |one| {
                made.push(one);
                Ok(())
            };
            ledger::claims(run, &read.rules, &survey, &left_out, take)?;
            Some(corrected(
                &former,
                made,
                &mut read.rules,
                &survey,
                &manifest.run_id,
            )?)
        }
    };
    let ledger = Ledger {
        order,
        inputs: &inputs,
        named: &named,
        run,
        read: &read,
        survey: &survey,
        left_out: &left_out,
    };
    for warning in ledger.warnings() {
        progress.message(Level::Warning, &warning);
    }
    publish(&root, &ledger, corrected)
}

/// The order with the files of the settlement before it where none are given; its charges are computed again anyway.
fn inherited(order: &SettleOrder, chain: &[Book]) -> Result<SettleOrder> {
    let mut order = order.clone();
    if let Some(last) = chain.last() {
        let before = last.order()?;
        order.parties = order.parties.or(before.parties);
        order.agreements = order.agreements.or(before.agreements);
        order.rates = order.rates.or(before.rates);
    }
    if order.parties.is_none() || (order.charges.is_empty() && chain.is_empty()) {
        return Err(Error::Usage(
            "expected --charges and --parties, or --previous".to_owned(),
        ));
    }
    Ok(order)
}

/// A settlement with those that it follows, the first one first; and one that follows it already.
fn chain(layout: &Layout, wanted: &str) -> Result<(Vec<Book>, Option<String>)> {
    let dir = show::find(layout, Some(wanted))?;
    let last = Book::open(&dir)?;
    let (mut chain, mut follower) = (Vec::new(), None);
    for (_, id, dir) in show::all(layout)? {
        let book = Book::open(&dir)?;
        if book.previous.contains(&last.id) {
            follower = Some(id.clone());
        }
        if last.previous.contains(&id) {
            chain.push(book);
        }
    }
    if chain.len() != last.previous.len() {
        let dir = dir.display();
        return Err(Error::Verification(format!(
            "{dir}: a settlement of its chain is missing"
        )));
    }
    let place = |book: &Book| last.previous.iter().position(|id| *id == book.id);
    chain.sort_by_key(place);
    chain.push(last);
    for book in &chain {
        verify::verify_folder(&book.dir)?;
    }
    Ok((chain, follower))
}

/// All files, read.
pub(crate) struct Read {
    parties: Parties,
    agreements: Vec<Agreement>,
    rates: Rates,
    most_rate_age: i32,
    /// Dates of invoices by payee and number.
    invoices: FxHashMap<(Arc<str>, Arc<str>), Day>,
    rules: Rules,
    refusals: Vec<Refusal>,
    /// Of agreements: nothing settles over them.
    is_final: bool,
    last_day: Day,
}

/// The files of one settlement, read.
struct Part {
    parties: Parties,
    agreements: Vec<Agreement>,
    rates: Rates,
    set: Set,
    charges: Vec<Charge>,
    refused: RefusedRows,
    refusals: Vec<Refusal>,
    is_final: bool,
    last_day: Day,
}

impl Part {
    fn read(inputs: &Inputs, order: &SettleOrder, first: Day) -> Result<Part> {
        let mut refusals = Vec::new();
        let last_day = months_after(first, 1) - 1;
        let parties = inputs
            .parties
            .as_ref()
            .map(|file| parties(file, &mut refusals));
        let parties = parties.unwrap_or_default();
        let before = refusals.len();
        let agreements = inputs.agreements.as_ref();
        let agreements = agreements.map(|file| tables::agreements(file, &parties, &mut refusals));
        let is_final = refusals.len() > before;
        let prices = inputs
            .prices
            .as_ref()
            .map(|file| prices(file, &mut refusals));
        let calls = inputs.calls.as_ref().map(|file| calls(file, &mut refusals));
        let rates = inputs.rates.as_ref().map(|file| rates(file, &mut refusals));
        let (prices, rates) = (prices.unwrap_or_default(), rates.unwrap_or_default());
        let beside = Beside {
            parties: &parties,
            prices: &prices,
            rates: &rates,
            settle_currency: settle_currency(order)?,
            pay: if order.pays_invoiced {
                Stage::Invoiced
            } else {
                Stage::Agreed
            },
            most_rate_age: order.most_rate_age,
            last_day,
        };
        let (mut list, mut refused) = charges(&inputs.charges, &beside, &mut refusals);
        if !inputs.charges.is_empty() && list.is_empty() && refusals.is_empty() {
            let names: Vec<&str> = inputs.charges.iter().map(|f| f.name.as_str()).collect();
            let names = names.join(", ");
            return Err(Error::Input(format!(
                "{names}: no charge; nothing would be settled"
            )));
        }
        check_invoices(&mut list, &mut refused, &mut refusals);
        Ok(Part {
            set: Set {
                prices,
                calls: calls.unwrap_or_default(),
                period: month_start(first),
                is_old: false,
            },
            charges: list,
            refused,
            agreements: agreements.unwrap_or_default(),
            parties,
            rates,
            refusals,
            is_final,
            last_day,
        })
    }
}

impl Read {
    fn new(
        inputs: &Inputs,
        order: &SettleOrder,
        first: Day,
        chain: &[Book],
        former: &Former,
    ) -> Result<Read> {
        let (mut list, mut sets) = (Vec::new(), Vec::new());
        let mut refused: Vec<(usize, RefusedRows)> = Vec::new();
        let mut add = |mut part: Part, is_old: bool| {
            part.set.is_old = is_old;
            part.charges
                .iter_mut()
                .for_each(|charge| charge.set = sets.len());
            refused.push((sets.len(), part.refused));
            list.append(&mut part.charges);
            sets.push(part.set);
        };
        for book in chain {
            let order = book.order()?;
            let of = Inputs::given(&order)?;
            add(Part::read(&of, &order, period(&order.period)?)?, true);
        }
        let mut own = Part::read(inputs, order, first)?;
        let mut refusals = std::mem::take(&mut own.refusals);
        let (is_final, last_day) = (own.is_final, own.last_day);
        let parties = std::mem::take(&mut own.parties);
        let agreements = std::mem::take(&mut own.agreements);
        let rates = std::mem::take(&mut own.rates);
        let mut own_refused = std::mem::take(&mut own.refused);
        add(own, false);
        let last = sets.len() - 1;
        known_ids(&mut list, &mut own_refused, &mut refusals);
        let over = replaced(&list, &mut own_refused, &mut refusals);
        refused.push((last, own_refused));
        let flows: FxHashSet<(usize, Flow)> = refused
            .into_iter()
            .flat_map(|(set, rows)| rows.flows.into_iter().map(move |flow| (set, flow)))
            .collect();
        // To build the flow of every charge takes time.
        let is_dead = |c: &Charge| !flows.is_empty() && flows.contains(&(c.set, flow_of(c)));
        let dead = list.iter().map(is_dead).collect();
        let dated = |c: &Charge| {
            Some((
                (c.terms.payee.clone(), c.terms.invoice_no.clone()),
                c.invoice_date?,
            ))
        };
        let invoices = list
            .iter()
            .filter_map(dated)
            .filter(|((_, number), _)| !number.is_empty())
            .collect();
        let first_settled = former.first.clone();
        let rules = Rules::new(
            list,
            over,
            dead,
            sets,
            first_settled,
            !order.settles_incomplete,
        );
        Ok(Read {
            parties,
            agreements,
            rates,
            most_rate_age: order.most_rate_age,
            invoices,
            rules,
            refusals,
            is_final,
            last_day,
        })
    }

    /// The factor from a claim's currency into another by the rate of its invoice date, or else of the last day of the period.
    fn tax_rate(&self, terms: &Terms, to: Money) -> Option<Exact> {
        let invoice = (terms.payee.clone(), terms.invoice_no.clone());
        let day = self
            .invoices
            .get(&invoice)
            .copied()
            .unwrap_or(self.last_day);
        let rate = self
            .rates
            .find(terms.currency, to, day, self.most_rate_age)?;
        Some(rate.factor(terms.currency))
    }

    fn under(&self) -> Under<'_> {
        Under {
            terms: &self.rules.terms,
            agreements: &self.agreements,
            last_day: self.last_day,
        }
    }
}

fn settle_currency(order: &SettleOrder) -> Result<Option<Money>> {
    let Some(code) = &order.settle_currency else {
        return Ok(None);
    };
    let found = Money::parse(code).map(Some);
    found.ok_or_else(|| Error::Usage(format!("currency {code:?}: expected a code of ISO 4217")))
}

/// Puts charges in order of their ids; a new one with the id of an old one is refused.
fn known_ids(list: &mut Vec<Charge>, refused: &mut RefusedRows, refusals: &mut Vec<Refusal>) {
    list.par_sort_by(|a, b| (&a.id, a.set).cmp(&(&b.id, b.set)));
    let twice: Vec<bool> = (0..list.len())
        .map(|at| at > 0 && list[at - 1].id == list[at].id)
        .collect();
    for (charge, _) in list.iter().zip(&twice).filter(|(_, is)| **is) {
        let wanted = "an id that no charge of the chain has";
        refuse_row(
            charge,
            refusal::Code::Twice,
            &charge.id,
            wanted,
            refused,
            refusals,
        );
    }
    let mut at = 0;
    list.retain(|_| {
        at += 1;
        !twice[at - 1]
    });
}

/// Charges of new files whose (payer, payee, kind, class, stage) a refused row has.
fn dead(rules: &Rules, refused: &[Flow]) -> Vec<bool> {
    let refused: std::collections::BTreeSet<_> = refused.iter().collect();
    let is = |charge: &Charge| {
        !refused.is_empty() && !rules.sets[charge.set].is_old && refused.contains(&flow_of(charge))
    };
    rules.charges.iter().map(is).collect()
}

/// Ends with what is refused, or says what is left out for it.
fn refused(
    run: Run<'_>,
    order: &SettleOrder,
    read: &mut Read,
    survey: &mut Survey,
    root: &Path,
) -> Result<LeftOut> {
    let (rows, _) = judge(&read.rules, survey);
    let mut flows: Vec<Flow> = rows
        .iter()
        .map(|(at, _)| flow_of(&read.rules.charges[*at]))
        .collect();
    let mut units = std::mem::take(&mut survey.refused);
    // A row that is refused for want of a rate has no units whose cost could be refused too.
    let rateless = rows.iter().filter(|(_, r)| r.code == refusal::Code::Rate);
    let rateless: FxHashSet<(&str, u64)> = rateless.map(|(_, r)| (&*r.file, r.line)).collect();
    units.retain(|(r, _)| !(r.code.is_of_cost() && rateless.contains(&(&*r.file, r.line))));
    // What is refused of a charge as a whole has no bill.
    let wholes = units.iter().filter(|(refusal, _)| refusal.bill.is_empty());
    flows.extend(wholes.map(|(_, terms)| flow(&read.rules.terms[terms[0] as usize])));
    let dead = dead(&read.rules, &flows);
    read.rules
        .dead
        .iter_mut()
        .zip(&dead)
        .for_each(|(is, new)| *is |= new);
    read.refusals
        .extend(rows.into_iter().map(|(_, refusal)| refusal));
    read.refusals
        .extend(units.iter().map(|(refusal, _)| refusal.clone()));
    read.refusals.sort_by(|a, b| a.key().cmp(&b.key()));
    read.refusals.dedup();
    if read.refusals.is_empty() {
        return Ok(LeftOut::default());
    }
    if !order.allows_refused || read.is_final {
        return Err(stop(order, read, root)?);
    }
    // The parts of flat charges go on as they were: what is dead is left out as a whole.
    let wholes = (0..read.rules.charges.len()).filter(|at| read.rules.dead[*at]);
    let wholes: Vec<usize> = wholes.collect();
    spread(run, &read.rules, &units, wholes)
}

/// The error that names what is refused; all of it goes into a file.
fn stop(order: &SettleOrder, read: &Read, root: &Path) -> Result<Error> {
    let path = root.join("failed").join(&order.period).join("refused.csv");
    write_file(
        &RealDisk,
        &path,
        publish::refused_csv(&read.refusals).as_bytes(),
    )?;
    // What another file lacks is refused of many charges: the cause comes first.
    let mut shown: Vec<&Refusal> = read.refusals.iter().collect();
    shown.sort_by_key(|refusal| matches!(refusal.code, refusal::Code::Party));
    let shown: Vec<String> = shown.into_iter().take(SHOWN).map(Refusal::text).collect();
    let more = read.refusals.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    let why = if read.is_final && order.allows_refused {
        " (--allow-refused does not reach agreements)"
    } else {
        ""
    };
    Ok(Error::TooManyRejects(format!(
        "nothing is settled: {} refused{why}, all of it in {}: {}{more}",
        crate::model::unit::counted(read.refusals.len() as i128, "thing"),
        path.display(),
        shown.join("; "),
    )))
}

/// Ordinary claims have the key alone.
fn claim_order(claims: &[Claim]) -> bool {
    claims
        .is_sorted_by(|a, b| (&a.bill, a.terms, a.corrected()) <= (&b.bill, b.terms, b.corrected()))
}
