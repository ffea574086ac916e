//! `explain`: the calculation sheet of one shipment, from the published files and the kernel that made the figures.
//!
//! The page index finds the shipment, so that a run of any size answers at once. Each element goes through
//! `Kernel::recalculate`; a difference to the published figure is an error, so the sheet cannot disagree with the run.
//!
//! Invariant: nothing here rounds on its own. Products are written out with all their decimals, and the published figure
//! must be their half-even rounding.

mod factor;
mod inputs;
pub(crate) mod sheet;
mod steps;

use crate::calc::recalculate::Facts;
use crate::error::{Error, Result};
use crate::model::element::{Biogenic, Element, GhgTotals, NOT_STATED};
use crate::model::flag::Flags;
use crate::model::mode::Mode;
use crate::model::symbol::Symbols;
use crate::model::time::{Day, date_text, instant_text};
use crate::model::unit::{MASS_SCALE, NANO_SCALE, SHARE_SCALE, decimal_text};
use crate::output::columns::{PublishedColumn, PublishedTable};
use crate::output::elements::{Elements, element};
use crate::output::rejected::RejectedTable;
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::published::batches::Batches;
use crate::published::carried::{Values, carried, with_carried};
use crate::published::columns::fault as unreadable;
use crate::published::elements::{Computed, Recalculation};
use crate::published::find::rows_of;
use crate::published::rejected::RejectedRow;
use crate::published::row::{Batch, Row, row};
use crate::published::slice::Slice;
use crate::reference::Reference;
use crate::run::identity::other_revision;
use crate::run::prepare::reference_of_run;
use crate::store::manifest::Manifest;
use crate::store::path::open_part;
use crate::store::reference::read_reference_copy;
use crate::store::signal::Interrupt;
use arrow::array::RecordBatch;
use parquet::errors::ParquetError;
use sheet::{ElementSheet, Fact, Flag, Sheet};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The sheet of a shipment of the run in `dir`.
///
/// Errors: exit 2 when the run knows no such shipment, 7 when the files contradict the kernel.
pub(crate) fn explain(dir: &Path, shipment: &str, slice: &Slice) -> Result<Sheet> {
    let explainer = Explainer::open(dir)?;
    explainer.check(shipment, slice)?;
    let mut found = None;
    explainer.sheets(&[shipment], &mut |sheet| {
        found = Some(sheet);
        Ok(())
    })?;
    found.ok_or_else(|| Error::Internal(format!("{shipment:?} was asked for and not answered")))
}

/// A published run, opened once for any number of sheets: its manifest, and the reference that it carries.
pub(crate) struct Explainer<'d> {
    dir: &'d Path,
    manifest: Manifest,
    reference: Arc<Reference>,
}

/// The rows of a shipment in both tables.
#[derive(Default)]
struct Found {
    shipments: Vec<RecordBatch>,
    elements: Vec<RecordBatch>,
}

impl<'d> Explainer<'d> {
    /// Opens the run in `dir`.
    pub(crate) fn open(dir: &'d Path) -> Result<Explainer<'d>> {
        let manifest = Manifest::load(dir)?;
        let reference = reference_of_run(&read_reference_copy(dir)?, &manifest.profile)?;
        Ok(Explainer::of(dir, manifest, Arc::new(reference)))
    }

    /// The tables in `dir` that this manifest tells of, with a reference that is there already.
    pub(crate) fn of(dir: &'d Path, manifest: Manifest, reference: Arc<Reference>) -> Self {
        Explainer {
            dir,
            manifest,
            reference,
        }
    }

    /// Refuses a shipment that is not in a slice.
    fn check(&self, shipment: &str, slice: &Slice) -> Result<()> {
        if slice.is_whole() {
            return Ok(());
        }
        let picker = slice.picker(&self.manifest, None)?;
        let columns = picker.columns();
        let mut is_in = false;
        for batch in self.batches::<ShipmentsTable>(shipment, Month::columns(), columns)? {
            let values = Values::of(&batch, columns).map_err(|e| self.fault(&e))?;
            let rows = Batch::<ShipmentsTable>::new(&batch);
            for (at, row) in rows
                .rows::<Month>()
                .map_err(|e| self.fault(&e))?
                .enumerate()
            {
                let month = row.map_err(|e| self.fault(&e))?.period;
                is_in |= picker.picks(month, values.row(at).map(|(_, value)| value));
            }
        }
        match is_in {
            true => Ok(()),
            false => Err(Error::Usage(format!(
                "{}: no shipment {shipment:?} in {}",
                self.dir.display(),
                slice.text()
            ))),
        }
    }

    /// The reference that the run carries.
    pub(crate) fn reference(&self) -> &Arc<Reference> {
        &self.reference
    }

    /// The manifest of the run.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Hands the sheet of each shipment to `each`, in the order asked for.
    ///
    /// Errors: exit 2 when the run knows no such shipment, 7 when the files contradict the kernel.
    pub(crate) fn sheets(
        &self,
        shipments: &[&str],
        each: &mut dyn FnMut(Sheet) -> Result<()>,
    ) -> Result<()> {
        let mut again = Recalculation::new(&self.reference);
        let mut rejected = self.rejected(shipments)?;
        for shipment in shipments {
            let found = self.found(shipment)?;
            let rejected = rejected.remove(*shipment).unwrap_or_default();
            each(self.sheet(&mut again, shipment, rejected, &found)?)?;
        }
        Ok(())
    }

    /// The same in one pass over the tables, which need no index; the sheets come in order of id.
    pub(crate) fn sheets_in_order(
        &self,
        shipments: &[&str],
        interrupt: &Interrupt,
        each: &mut dyn FnMut(Sheet) -> Result<()>,
    ) -> Result<()> {
        let mut again = Recalculation::new(&self.reference);
        let mut rejected = self.rejected(shipments)?;
        for (shipment, found) in self.gathered(shipments, interrupt)? {
            let rejected = rejected.remove(&shipment).unwrap_or_default();
            each(self.sheet(&mut again, &shipment, rejected, &found)?)?;
        }
        Ok(())
    }

    /// The rows of these shipments.
    fn gathered(
        &self,
        shipments: &[&str],
        interrupt: &Interrupt,
    ) -> Result<BTreeMap<String, Found>> {
        let none = shipments
            .iter()
            .map(|id| ((*id).to_owned(), Found::default()));
        let mut found: BTreeMap<String, Found> = none.collect();
        let columns = carried(&self.manifest);
        let own = [Head::columns(), WhichShipment::columns()].concat();
        let mut rows =
            Batches::<ShipmentsTable>::of_run(self.dir, &self.manifest, own).carrying(&columns);
        while let Some(batch) = rows.next_kept()? {
            interrupt.check()?;
            let ids = batch
                .rows::<WhichShipment>()?
                .map(|row| row.map(|row| row.shipment_id));
            each_run(ids, &mut |id, rows| {
                if let Some(found) = found.get_mut(id) {
                    found
                        .shipments
                        .push(batch.batch().slice(rows.start, rows.len()));
                }
            })?;
        }
        let own = <(Computed, Record)>::columns();
        let mut rows =
            Batches::<Elements>::of_run(self.dir, &self.manifest, own).carrying(&columns);
        while let Some(batch) = rows.next_kept()? {
            interrupt.check()?;
            let ids = batch
                .rows::<WhoseElement>()?
                .map(|row| row.map(|row| row.shipment_id));
            each_run(ids, &mut |id, rows| {
                if let Some(found) = found.get_mut(id) {
                    found
                        .elements
                        .push(batch.batch().slice(rows.start, rows.len()));
                }
            })?;
        }
        Ok(found)
    }

    /// The rows of a shipment, by the index of the tables.
    fn found(&self, shipment: &str) -> Result<Found> {
        let columns = carried(&self.manifest);
        Ok(Found {
            shipments: self.batches::<ShipmentsTable>(shipment, Head::columns(), &columns)?,
            elements: self.batches::<Elements>(
                shipment,
                <(Computed, Record)>::columns(),
                &columns,
            )?,
        })
    }

    fn sheet(
        &self,
        again: &mut Recalculation,
        shipment: &str,
        rejected: Vec<RejectedRow>,
        found: &Found,
    ) -> Result<Sheet> {
        let mut sheet = Sheet {
            run_id: self.manifest.run_id.clone(),
            version: self.manifest.version.clone(),
            profile: self.manifest.profile.clone(),
            method: self.manifest.method.clone(),
            shipment_id: shipment.to_owned(),
            shipment: Vec::new(),
            elements: Vec::new(),
            sums: Vec::new(),
            rejected,
        };
        let mut head = None;
        let columns = carried(&self.manifest);
        let mut carried_by = Vec::new();
        for batch in &found.shipments {
            let values = Values::of(batch, &columns).map_err(|e| self.fault(&e))?;
            carried_by.extend((0..batch.num_rows()).flat_map(|at| carried_facts(values.row(at))));
            for row in Batch::<ShipmentsTable>::new(batch)
                .rows()
                .map_err(|e| self.fault(&e))?
            {
                if head.replace(row.map_err(|e| self.fault(&e))?).is_some() {
                    let what = "more than one row of one shipment".to_owned();
                    return Err(self.fault(&ParquetError::General(what)));
                }
            }
        }
        let Some(head) = head else {
            return match sheet.rejected.is_empty() {
                true => Err(Error::Usage(format!(
                    "{}: no shipment {shipment:?} in this run",
                    self.dir.display()
                ))),
                false => Ok(sheet),
            };
        };
        let (mut totals, mut biogenic) = (GhgTotals::default(), Biogenic::default());
        for batch in &found.elements {
            let values = Values::of(batch, &columns).map_err(|e| self.fault(&e))?;
            let batch = Batch::<Elements>::new(batch);
            for (at, row) in batch
                .rows::<(Computed, Record)>()
                .map_err(|e| self.fault(&e))?
                .enumerate()
            {
                let (row, record) = row.map_err(|e| self.fault(&e))?;
                let (element, facts) = again.element(&row).map_err(|e| self.fault(&e))?;
                totals.add(&GhgTotals {
                    activity: element.activity as i128,
                    operation: element.ghg_operation as i128,
                    provision: element.ghg_provision as i128,
                });
                biogenic.count(element.biogenic_co2);
                let computed = again.kernel.recalculate(&element, &facts, &again.symbols);
                if computed != Ok(element) {
                    let what = format!(
                        "element {} of {shipment}: {element:?} computes to {computed:?}{}",
                        element.element,
                        other_revision(self.manifest.method_revision)
                    );
                    return Err(self.fault(&ParquetError::General(what)));
                }
                let subject = Subject {
                    reference: &self.reference,
                    element: &element,
                    facts: &facts,
                    symbols: &again.symbols,
                };
                let mut element = subject.sheet(record)?;
                element.record.extend(carried_facts(values.row(at)));
                sheet.elements.push(element);
            }
        }
        (sheet.shipment, sheet.sums) =
            shipment_facts(head, &totals, &biogenic).map_err(|e| self.fault(&e))?;
        sheet.shipment.extend(carried_by);
        Ok(sheet)
    }

    fn fault(&self, what: &ParquetError) -> Error {
        unreadable(self.dir, what)
    }

    /// The rows of the shipment in a table, of which only the columns are decoded.
    fn batches<T: PublishedTable>(
        &self,
        shipment: &str,
        own: Vec<&'static str>,
        carried: &[&'static str],
    ) -> Result<Vec<RecordBatch>> {
        let fields = with_carried(T::FIELDS, carried);
        let columns = [&own[..], carried].concat();
        let parts = self.manifest.parts(T::NAME);
        let mut last = 0;
        let open = |part: usize| {
            last = part;
            open_part(self.dir, parts[part]).map_err(Reading::Open)
        };
        let id = shipment::shipment_id::NAME;
        let found = rows_of(parts.len(), open, id, shipment, &fields, &columns);
        found.map_err(|e| match e {
            Reading::Open(error) => error,
            Reading::Parquet(error) => {
                let file = parts
                    .get(last)
                    .map_or(self.dir.to_owned(), |part| self.dir.join(part));
                unreadable(&file, &error)
            }
        })
    }

    /// The rejected rows of these shipments, in one pass over the table.
    fn rejected(&self, shipments: &[&str]) -> Result<HashMap<String, Vec<RejectedRow>>> {
        let wanted: HashSet<&str> = shipments.iter().copied().collect();
        let mut found: HashMap<String, Vec<RejectedRow>> = HashMap::new();
        let columns = carried(&self.manifest);
        let rows =
            Batches::<RejectedTable>::of_run(self.dir, &self.manifest, RejectedRow::columns());
        for row in rows.carrying(&columns).into_rows::<RejectedRow>() {
            let row = row?;
            if wanted.contains(row.shipment_id.as_str()) {
                found.entry(row.shipment_id.clone()).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// Rows that follow each other and have the same id.
fn each_run<'b>(
    ids: impl Iterator<Item = Result<&'b str>>,
    take: &mut dyn FnMut(&str, Range<usize>),
) -> Result<()> {
    let mut run: Option<(&str, Range<usize>)> = None;
    for (at, id) in ids.enumerate() {
        let id = id?;
        match &mut run {
            Some((known, rows)) if *known == id => rows.end = at + 1,
            _ => {
                if let Some((known, rows)) = run.replace((id, at..at + 1)) {
                    take(known, rows);
                }
            }
        }
    }
    if let Some((known, rows)) = run {
        take(known, rows);
    }
    Ok(())
}

/// Why rows of a table cannot be had.
enum Reading {
    Open(Error),
    Parquet(ParquetError),
}

impl From<ParquetError> for Reading {
    fn from(error: ParquetError) -> Reading {
        Reading::Parquet(error)
    }
}

row! {
    struct WhichShipment<'b> of shipment {
        shipment_id: &'b str,
    }
}

row! {
    struct Month of shipment {
        period: Day,
    }
}

row! {
    struct WhoseElement<'b> of element {
        shipment_id: &'b str,
    }
}

row! {
    /// What an element's record says beside its inputs.
    struct Record of element {
        container_id: String,
        movement_id: String,
        container_type: String,
        arrived_at: Option<i64>,
        evidence_ref: String,
        source_file: String,
        source_row: Option<i64>,
    }
}

impl Record {
    /// File and row; empty: none.
    fn source(&self) -> String {
        let row = self.source_row;
        row.map_or(String::new(), |row| format!("{}:{row}", self.source_file))
    }
}

/// One element and all that its sheet is made from.
struct Subject<'s> {
    reference: &'s Reference,
    element: &'s Element,
    facts: &'s Facts,
    symbols: &'s Symbols,
}

impl Subject<'_> {
    fn sheet(&self, record: Record) -> Result<ElementSheet> {
        let e = self.element;
        let nano = |v: i64| decimal_text(v.into(), NANO_SCALE);
        Ok(ElementSheet {
            element: e.element,
            kind: if e.mode == Mode::Hub {
                "hub"
            } else {
                "transport"
            },
            mode: e.mode.code(),
            operation: self.reference.factors.operations[e.operation as usize]
                .code
                .to_string(),
            origin: e.origin.to_string(),
            destination: e.destination.to_string(),
            record: self.record(&record),
            inputs: self.inputs(&record),
            factor: self.factor()?,
            steps: self.steps()?,
            flags: flags(e.flags),
            ghg_operation_kg: nano(e.ghg_operation),
            ghg_provision_kg: nano(e.ghg_provision),
            ghg_total_kg: nano(e.ghg_operation + e.ghg_provision),
            biogenic_co2_kg: (e.biogenic_co2 != NOT_STATED).then(|| nano(e.biogenic_co2)),
            container_id: record.container_id,
        })
    }
}

/// Carried values, where there are any.
fn carried_facts<'v>(
    values: impl Iterator<Item = (&'static str, &'v str)>,
) -> impl Iterator<Item = Fact> {
    let known = values.filter(|(_, value)| !value.is_empty());
    known.map(|(name, value)| Fact::new(name, value, "carried"))
}

fn flags(flags: Flags) -> Vec<Flag> {
    let set = Flags::LIST.iter().filter(|(n, _)| flags.has(Flags(1 << n)));
    set.map(|(n, title)| Flag {
        code: format!("Q{n:02}"),
        title,
    })
    .collect()
}

row! {
    /// Published columns of the shipment.
    struct Head of shipment {
        corridor_id: String,
        period: Day,
        origin: String,
        destination: String,
        first_departed_at: i64,
        last_arrived_at: Option<i64>,
        modes: String,
        containers: i128,
        teu: i128,
        cargo_mass_kg: i128,
        elements: i64,
        rejected_rows: i64,
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
        total from ghg_total_kg: i128,
        biogenic_co2_kg: Option<i128>,
        biogenic_co2_elements: i128,
        activity_basis: String,
        intensity_g_per_tkm: Option<i128>,
        primary_share: Option<i128>,
        quality_flags: String,
    }
}

/// Published columns of the shipment, and the sums of its elements, which must equal them.
fn shipment_facts(
    head: Head,
    totals: &GhgTotals,
    biogenic: &Biogenic,
) -> parquet::errors::Result<(Vec<Fact>, Vec<Fact>)> {
    let share = |v: i128| decimal_text(v, SHARE_SCALE);
    let mass = format!("{} kg", decimal_text(head.cargo_mass_kg, MASS_SCALE));
    let intensity = head.intensity_g_per_tkm;
    let facts = [
        ("corridor", head.corridor_id),
        ("period", date_text(head.period)),
        ("origin", head.origin),
        ("destination", head.destination),
        ("departed", instant_text(head.first_departed_at)),
        (
            "arrived",
            head.last_arrived_at.map_or(String::new(), instant_text),
        ),
        ("modes", head.modes),
        ("containers", share(head.containers)),
        ("TEU", share(head.teu)),
        ("cargo mass", mass),
        ("elements", head.elements.to_string()),
        ("rejected rows", head.rejected_rows.to_string()),
        ("activity basis", head.activity_basis),
        (
            "intensity",
            intensity.map_or(String::new(), |v| format!("{} g CO2e/t.km", share(v))),
        ),
        (
            "primary share",
            head.primary_share.map_or(String::new(), share),
        ),
        ("flags", head.quality_flags),
    ];
    let sum = |name: &'static str, column: &str, unit: &str, published: i128, sum: i128| {
        if published != sum {
            let what = format!("{column} is {published}, its elements sum to {sum}");
            return Err(ParquetError::General(what));
        }
        let value = format!("{} {unit}", decimal_text(sum, NANO_SCALE));
        Ok(Fact::new(name, value, "sum of the elements, as published"))
    };
    let t = totals;
    let mut sums = vec![
        sum(
            "transport activity",
            "transport_activity_tkm",
            "t.km",
            head.activity,
            t.activity,
        )?,
        sum(
            "operation",
            "ghg_operation_kg",
            "kg CO2e",
            head.operation,
            t.operation,
        )?,
        sum(
            "provision",
            "ghg_provision_kg",
            "kg CO2e",
            head.provision,
            t.provision,
        )?,
        sum("total", "ghg_total_kg", "kg CO2e", head.total, t.total())?,
    ];
    let published = (head.biogenic_co2_kg, head.biogenic_co2_elements);
    if published != (biogenic.stated(), biogenic.elements.into()) {
        let what = format!("biogenic CO2 is {published:?}, its elements sum to {biogenic:?}");
        return Err(ParquetError::General(what));
    }
    if let Some(co2) = biogenic.stated() {
        let (stated, of) = (biogenic.elements, head.elements);
        sums.push(Fact::new(
            "biogenic CO2",
            format!("{} kg CO2, in no total", decimal_text(co2, NANO_SCALE)),
            format!("sum of the {stated} of {of} elements whose factor states it, as published"),
        ));
    }
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    Ok((
        known
            .map(|(name, value)| Fact::new(name, value, ""))
            .collect(),
        sums,
    ))
}
