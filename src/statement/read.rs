//! The elements of a run, each with its category: sums for the page, and every element as a row for whoever recomputes them.

use super::incoterm::{Link, account, sides};
use super::organisation::{Answers, Asked, Organisation};
use super::rule::{
    Account, Category, Coded, Direction, Facts, Known, Operator, Power, Reason, verdict,
};
use crate::error::{Error, Result};
use crate::escape::csv_cell;
use crate::model::element::GhgTotals;
use crate::model::flag::Flags;
use crate::model::id::LocationCode;
use crate::model::mode::Mode;
use crate::model::time::{Day, day_of};
use crate::model::unit::{NANO_SCALE, decimal_text, div_half_even};
use crate::output::elements::{Elements, element};
use crate::output::factors::factor;
use crate::published::batches::Batches;
use crate::published::row::{Row, row};
use crate::published::sums::manifest_totals;
use crate::store::manifest::Manifest;
use crate::store::signal::Interrupt;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

row! {
    /// What of an element its category depends on.
    struct Line of element {
        shipment_id: String,
        container_id: String,
        element: u32,
        mode: Mode,
        carrier: String,
        origin: LocationCode,
        destination: LocationCode,
        departed_at: i64,
        energy_carrier: String,
        activity from transport_activity_tkm: i64,
        factor_id: String,
        operation from ghg_operation_kg: i64,
        provision from ghg_provision_kg: i64,
        biogenic from biogenic_co2_kg: Option<i64>,
        flags from quality_flags: Flags,
    }
}

/// Emissions of a category, micrograms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    /// Elements that have a part in it.
    pub elements: u64,
    /// Of the operation of vehicles and hubs.
    pub operation: i128,
    /// Of the provision of their energy.
    pub provision: i128,
}

impl Amount {
    /// Both.
    pub(super) fn total(&self) -> i128 {
        self.operation + self.provision
    }

    /// Adds another.
    pub(super) fn add(&mut self, other: &Amount) {
        self.elements += other.elements;
        self.operation += other.operation;
        self.provision += other.provision;
    }
}

/// What the elements come to.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub by_mode: BTreeMap<(Category, Mode), Amount>,
    pub by_gwp_set: BTreeMap<(String, Category), Amount>,
    /// Why something is not determined.
    pub reasons: BTreeMap<Reason, Amount>,
    /// Words that were not understood, by what they were to answer.
    pub words: BTreeMap<(Asked, String), Amount>,
    /// Elements of own vehicles on electricity whose division was stated.
    pub divided: BTreeMap<String, u64>,
    pub totals: GhgTotals,
    /// Day of the last departure.
    pub last_departure: Option<Day>,
    /// Biogenic CO2 beside the figures, micrograms; none: no element states any.
    pub biogenic: Option<i128>,
    /// Elements that state it.
    pub biogenic_elements: u64,
}

/// Words that are told apart.
const MOST_WORDS: usize = 200;

impl Sums {
    /// The amounts of each category.
    pub(super) fn by_category(&self) -> BTreeMap<Category, Amount> {
        let mut sums: BTreeMap<Category, Amount> = BTreeMap::new();
        for ((category, _), amount) in &self.by_mode {
            sums.entry(*category).or_default().add(amount);
        }
        sums
    }
}

row! {
    /// What is known of a factor.
    pub(super) struct Factor of factor {
        factor_id: String,
        energy_carrier: String,
        energy_factor_id: String,
        gwp_set: String,
        energy_gwp_set: String,
    }
}

impl Factor {
    /// Id of the row that its energy comes from.
    fn energy(&self) -> &str {
        match self.energy_factor_id.as_str() {
            "" => &self.factor_id,
            energy => energy,
        }
    }

    /// The set behind the emissions: of a composed factor that of its energy.
    fn emissions_gwp_set(&self) -> &str {
        match self.energy_gwp_set.as_str() {
            "" => &self.gwp_set,
            energy => energy,
        }
    }
}

const HEADS: &str = "shipment_id,container_id,element,mode,origin,destination,carrier,operator,energy_carrier,factor_id,gwp_set,direction,tier,\
                     incoterm,place,account,ghg_operation_kg,ghg_provision_kg,scope_1_kg,scope_2_kg,scope_3_1_kg,scope_3_3_kg,\
                     scope_3_4_kg,scope_3_9_kg,not_determined_kg,reason\n";

/// Reads the elements of a run or slice; each becomes a row of `out`.
///
/// Errors: exit 7 when they do not add up to the manifest.
pub(super) fn read(
    dir: &Path,
    manifest: &Manifest,
    factors: &[Factor],
    organisation: &Organisation,
    out: &mut dyn Write,
    interrupt: &Interrupt,
) -> Result<Sums> {
    let mut reading = Reading {
        organisation,
        factors: factors
            .iter()
            .map(|factor| (factor.factor_id.as_str(), factor))
            .collect(),
        sums: Sums::default(),
        out,
    };
    reading.write(HEADS)?;
    let columns = organisation.columns();
    let mut batches =
        Batches::<Elements>::of_run(dir, manifest, Line::columns()).carrying(&columns);
    let mut chain: Vec<(Line, Vec<(&'static str, String)>)> = Vec::new();
    while let Some(batch) = batches.next_kept()? {
        interrupt.check()?;
        let carried = batch.carried(&columns)?;
        for (at, line) in batch.rows::<Line>()?.enumerate() {
            let line = line?;
            let is_same = |(first, _): &(Line, _)| {
                first.shipment_id == line.shipment_id && first.container_id == line.container_id
            };
            if !chain.first().is_none_or(is_same) {
                reading.chain(&chain)?;
                chain.clear();
            }
            let values = carried
                .row(at)
                .map(|(name, value)| (name, value.to_owned()));
            chain.push((line, values.collect()));
        }
    }
    reading.chain(&chain)?;
    let sums = reading.sums;
    let wanted = manifest_totals(manifest, "elements")?;
    let categories: i128 = sums.by_mode.values().map(Amount::total).sum();
    match sums.totals == wanted && categories == wanted.total() {
        true => Ok(sums),
        false => Err(Error::Verification(format!(
            "run {}: its elements do not add up to the manifest; verify the run",
            manifest.run_id
        ))),
    }
}

struct Reading<'r> {
    organisation: &'r Organisation,
    factors: BTreeMap<&'r str, &'r Factor>,
    sums: Sums,
    out: &'r mut dyn Write,
}

impl Reading<'_> {
    fn write(&mut self, text: &str) -> Result<()> {
        let written = self.out.write_all(text.as_bytes());
        written.map_err(|e| Error::Storage(e.to_string()))
    }

    /// The elements of one container, in order.
    fn chain(&mut self, chain: &[(Line, Vec<(&'static str, String)>)]) -> Result<()> {
        let link = |(line, _): &(Line, _)| Link {
            is_hub: line.mode == Mode::Hub,
            from: line.origin,
            to: line.destination,
        };
        let links: Vec<Link> = chain.iter().map(link).collect();
        let mut cuts = BTreeMap::new();
        for (at, (line, carried)) in chain.iter().enumerate() {
            let carried = carried.iter().map(|(name, value)| (*name, value.as_str()));
            let answers = self.organisation.answers_of(carried);
            let side = answers.named_place().and_then(|place| {
                let sides = cuts.entry(place).or_insert_with(|| sides(&links, place));
                sides[at]
            });
            let payer = answers
                .rule()
                .and_then(|rule| side.and_then(|side| account(rule, side)));
            self.element(line, &answers, payer)?;
        }
        Ok(())
    }

    fn element(&mut self, line: &Line, answers: &Answers, payer: Known<Account>) -> Result<()> {
        let factor = self.factors.get(line.factor_id.as_str()).ok_or_else(|| {
            Error::Verification(format!(
                "{}: no row of factors; verify the run",
                line.factor_id
            ))
        })?;
        let is_hub = line.mode == Mode::Hub;
        let is_recorded = !line.flags.has(Flags::HUB_INFERRED);
        let organisation = self.organisation;
        let energy_carrier = match line.energy_carrier.as_str() {
            "" => factor.energy_carrier.as_str(),
            reported => reported,
        };
        let power = match energy_carrier {
            "" => Err(Reason::NoEnergy),
            ELECTRICITY => {
                let share = organisation.electricity.get(factor.energy());
                Ok(Power::Electricity(share.copied()))
            }
            _ => Ok(Power::Fuel),
        };
        let facts = Facts {
            operator: organisation.operator(answers, &line.carrier, (is_hub, is_recorded)),
            power,
            direction: organisation.direction(answers),
            tier: organisation.tier(answers),
            account: payer,
        };
        let verdict = verdict(organisation.role, &facts);
        let (operation, provision) = (i128::from(line.operation), i128::from(line.provision));
        if let Some(stated) = line.biogenic {
            *self.sums.biogenic.get_or_insert(0) += i128::from(stated);
            self.sums.biogenic_elements += 1;
        }
        // Rounded once; the rest is what is left.
        let scope_2 = div_half_even(provision * verdict.scope_2_share, 1_000_000);
        let parts = [
            (verdict.operation, operation, 0),
            (Category::Scope2, 0, scope_2),
            (verdict.provision, 0, provision - scope_2),
        ];
        let mut of: BTreeMap<Category, Amount> = BTreeMap::new();
        for (category, operation, provision) in parts {
            if (operation, provision) != (0, 0) {
                let amount = of.entry(category).or_default();
                amount.operation += operation;
                amount.provision += provision;
                amount.elements = 1;
            }
        }
        // Without emissions it still has its place.
        if of.is_empty() {
            of.entry(verdict.operation).or_default().elements = 1;
        }
        if verdict.scope_2_share > 0 {
            *self
                .sums
                .divided
                .entry(factor.energy().to_owned())
                .or_default() += 1;
        }
        let gwp_set = factor.emissions_gwp_set().to_owned();
        let row = row_of(
            line,
            answers,
            &facts,
            (energy_carrier, &factor.gwp_set),
            &of,
        );
        self.sums.last_departure = self.sums.last_departure.max(Some(day_of(line.departed_at)));
        self.sums.totals.add(&GhgTotals {
            activity: line.activity.into(),
            operation,
            provision,
        });
        for (category, amount) in &of {
            let sums = &mut self.sums;
            let by_mode = sums.by_mode.entry((*category, line.mode)).or_default();
            by_mode.add(amount);
            let by_set = sums.by_gwp_set.entry((gwp_set.clone(), *category));
            by_set.or_default().add(amount);
        }
        if let Some(reason) = verdict.reason {
            let amount = of.get(&Category::Unknown).copied().unwrap_or(Amount {
                elements: 1,
                ..Amount::default()
            });
            self.sums.reasons.entry(reason).or_default().add(&amount);
            if let Some((asked, word)) = answers.word_of(reason, is_hub) {
                let key = (asked, word.to_owned());
                if self.sums.words.len() < MOST_WORDS || self.sums.words.contains_key(&key) {
                    self.sums.words.entry(key).or_default().add(&amount);
                }
            }
        }
        let reason = verdict.reason.map_or("", Reason::code);
        self.write(&format!("{row},{reason}\n"))
    }
}

/// What `energy_carrier` says of electricity.
const ELECTRICITY: &str = "electricity";

/// A row but for its last cell.
fn row_of(
    line: &Line,
    answers: &Answers,
    facts: &Facts,
    (energy_carrier, gwp_set): (&str, &str),
    of: &BTreeMap<Category, Amount>,
) -> String {
    let kg = |micrograms: i128| decimal_text(micrograms, NANO_SCALE);
    let place = |code: LocationCode| String::from_utf8_lossy(&code.bytes()).into_owned();
    let texts = [
        line.shipment_id.as_str(),
        &line.container_id,
        &line.element.to_string(),
        line.mode.code(),
        &place(line.origin),
        &place(line.destination),
        &line.carrier,
        facts.operator.map_or("", Operator::code),
        energy_carrier,
        &line.factor_id,
        gwp_set,
        facts.direction.map_or("", Direction::code),
        answers.tier,
        answers.incoterm,
        answers.place,
        facts.account.map_or("", Account::code),
    ];
    let mut cells: Vec<String> = texts.map(csv_cell).into();
    cells.extend([line.operation, line.provision].map(|figure| kg(figure.into())));
    for category in Category::ALL {
        cells.push(
            of.get(category)
                .map_or(String::new(), |part| kg(part.total())),
        );
    }
    cells.join(",")
}
