//! `explain`: the calculation sheet of one shipment, from the published files and the kernel that made the figures.
//!
//! The page index finds the shipment, so that a run of any size answers at once. Each element goes through
//! `Kernel::recalculate`; a difference to the published figure is an error, so the sheet cannot disagree with the run.
//!
//! Invariant: nothing here rounds on its own. Products are written out with all their decimals, and the published figure
//! must be their half-even rounding.

mod factor;
mod inputs;
pub mod sheet;
mod steps;

use crate::calc::recalculate::Facts;
use crate::error::{Error, Result};
use crate::model::element::{Element, GhgTotals};
use crate::model::flag::Flags;
use crate::model::mode::Mode;
use crate::model::symbol::Symbols;
use crate::model::time::{date_text, instant_text};
use crate::model::unit::{MASS_SCALE, NANO_SCALE, SHARE_SCALE, decimal_text};
use crate::published::columns::Columns;
use crate::published::elements::{ELEMENT_COLUMNS, Recalculation};
use crate::published::find::rows_of;
use crate::published::rejected::{RejectedRow, rejected_rows};
use crate::reference::Reference;
use crate::run::prepare::reference_of_run;
use crate::store::manifest::Manifest;
use crate::store::path::open_below;
use crate::store::reference::read_reference_copy;
use arrow::array::RecordBatch;
use parquet::errors::ParquetError;
use sheet::{ElementSheet, Fact, Flag, Sheet};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

/// The sheet of a shipment of the run in `dir`.
///
/// Errors: exit 2 when the run knows no such shipment, 7 when the files contradict the kernel.
pub fn explain(dir: &Path, shipment: &str) -> Result<Sheet> {
    let explainer = Explainer::open(dir)?;
    let mut found = None;
    explainer.sheets(&[shipment], &mut |sheet| {
        found = Some(sheet);
        Ok(())
    })?;
    found.ok_or_else(|| Error::Internal(format!("{shipment:?} was asked for and not answered")))
}

/// A published run, opened once for any number of sheets: its manifest, and the reference that it carries.
pub struct Explainer<'d> {
    dir: &'d Path,
    manifest: Manifest,
    reference: Reference,
}

impl<'d> Explainer<'d> {
    /// Opens the run in `dir`.
    pub fn open(dir: &'d Path) -> Result<Explainer<'d>> {
        let manifest = Manifest::load(dir)?;
        let reference = reference_of_run(&read_reference_copy(dir)?, &manifest.profile)?;
        Ok(Explainer {
            dir,
            manifest,
            reference,
        })
    }

    /// The manifest of the run.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Hands the sheet of each shipment to `each`, in the order asked for.
    ///
    /// Errors: exit 2 when the run knows no such shipment, 7 when the files contradict the kernel.
    pub fn sheets(
        &self,
        shipments: &[&str],
        each: &mut dyn FnMut(Sheet) -> Result<()>,
    ) -> Result<()> {
        let mut again = Recalculation::new(&self.reference);
        let mut rejected = self.rejected(shipments)?;
        for shipment in shipments {
            each(self.sheet(
                &mut again,
                shipment,
                rejected.remove(*shipment).unwrap_or_default(),
            )?)?;
        }
        Ok(())
    }

    fn sheet(
        &self,
        again: &mut Recalculation,
        shipment: &str,
        rejected: Vec<RejectedRow>,
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
        let head = self.rows("shipments", shipment, &SHIPMENT_COLUMNS)?;
        if head.iter().all(|b| b.num_rows() == 0) {
            return match sheet.rejected.is_empty() {
                true => Err(Error::Usage(format!(
                    "{}: no shipment {shipment:?} in this run",
                    self.dir.display()
                ))),
                false => Ok(sheet),
            };
        }
        let columns: Vec<&str> = ELEMENT_COLUMNS.into_iter().chain(RECORD_COLUMNS).collect();
        let mut totals = GhgTotals::default();
        for batch in self.rows("elements", shipment, &columns)? {
            let c = Columns(&batch);
            let records = records(&c).map_err(|e| self.fault(&e))?;
            let read = again.elements(&c).map_err(|e| self.fault(&e))?;
            for ((element, facts, _), record) in read.into_iter().zip(records) {
                totals.add(&GhgTotals {
                    activity: element.activity as i128,
                    operation: element.ghg_operation as i128,
                    provision: element.ghg_provision as i128,
                });
                let computed = again.kernel.recalculate(&element, &facts, &again.symbols);
                if computed != Ok(element) {
                    let what = format!(
                        "element {} of {shipment}: {element:?} computes to {computed:?}",
                        element.element
                    );
                    return Err(self.fault(&ParquetError::General(what)));
                }
                let subject = Subject {
                    reference: &self.reference,
                    element: &element,
                    facts: &facts,
                    symbols: &again.symbols,
                };
                sheet.elements.push(subject.sheet(record)?);
            }
        }
        (sheet.shipment, sheet.sums) =
            shipment_facts(&head, &totals).map_err(|e| self.fault(&e))?;
        Ok(sheet)
    }

    fn fault(&self, what: &ParquetError) -> Error {
        Error::Verification(format!("{}: {what}", self.dir.display()))
    }

    fn rows(&self, table: &str, shipment: &str, columns: &[&str]) -> Result<Vec<RecordBatch>> {
        let parts = self.manifest.parts(table);
        let open = |part: usize| {
            open_below(self.dir, parts[part]).map_err(|e| ParquetError::External(Box::new(e)))
        };
        rows_of(parts.len(), open, "shipment_id", shipment, columns)
            .map_err(|e: ParquetError| self.fault(&e))
    }

    /// The rejected rows of these shipments, in one pass over the table.
    fn rejected(&self, shipments: &[&str]) -> Result<HashMap<String, Vec<RejectedRow>>> {
        let wanted: HashSet<&str> = shipments.iter().copied().collect();
        let mut found: HashMap<String, Vec<RejectedRow>> = HashMap::new();
        for part in self.manifest.parts("rejected") {
            let broken = |what: String| {
                Error::Verification(format!("{}: {what}", self.dir.join(part).display()))
            };
            let file = open_below(self.dir, part).map_err(|e| broken(e.to_string()))?;
            let mut keep = |row: RejectedRow| {
                if wanted.contains(row.shipment_id.as_str()) {
                    found.entry(row.shipment_id.clone()).or_default().push(row);
                }
                ControlFlow::Continue(())
            };
            let _ = rejected_rows(file, &mut keep).map_err(broken)?;
        }
        Ok(found)
    }
}

/// Columns of an element that its calculation does not need.
const RECORD_COLUMNS: [&str; 7] = [
    "container_id",
    "movement_id",
    "container_type",
    "arrived_at",
    "evidence_ref",
    "source_file",
    "source_row",
];

/// What an element's record says beside its inputs.
struct Record {
    container_id: String,
    movement_id: String,
    container_type: String,
    arrived_at: Option<i64>,
    evidence_ref: String,
    source: String,
}

fn records(c: &Columns) -> parquet::errors::Result<Vec<Record>> {
    let text = |at: usize| c.texts(RECORD_COLUMNS[at]);
    let (containers, movements, types) = (text(0)?, text(1)?, text(2)?);
    let (evidence, files) = (text(4)?, text(5)?);
    let (arrivals, rows) = (c.numbers("arrived_at")?, c.numbers("source_row")?);
    let record = |i: usize| Record {
        container_id: containers[i].clone(),
        movement_id: movements[i].clone(),
        container_type: types[i].clone(),
        arrived_at: arrivals[i].map(|v| v as i64),
        evidence_ref: evidence[i].clone(),
        source: rows[i].map_or(String::new(), |row| format!("{}:{row}", files[i])),
    };
    Ok((0..containers.len()).map(record).collect())
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
            container_id: record.container_id,
        })
    }
}

fn flags(flags: Flags) -> Vec<Flag> {
    let set = Flags::LIST.iter().filter(|(n, _)| flags.has(Flags(1 << n)));
    set.map(|(n, title)| Flag {
        code: format!("Q{n:02}"),
        title,
    })
    .collect()
}

const SHIPMENT_COLUMNS: [&str; 20] = [
    "corridor_id",
    "period",
    "origin",
    "destination",
    "first_departed_at",
    "last_arrived_at",
    "modes",
    "containers",
    "teu",
    "cargo_mass_kg",
    "elements",
    "rejected_rows",
    "transport_activity_tkm",
    "ghg_operation_kg",
    "ghg_provision_kg",
    "ghg_total_kg",
    "activity_basis",
    "intensity_g_per_tkm",
    "primary_share",
    "quality_flags",
];

/// Published columns of the shipment, and the sums of its elements, which must equal them.
fn shipment_facts(
    head: &[RecordBatch],
    totals: &GhgTotals,
) -> parquet::errors::Result<(Vec<Fact>, Vec<Fact>)> {
    let one = match head
        .iter()
        .filter(|b| b.num_rows() > 0)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [one] if one.num_rows() == 1 => (*one).clone(),
        _ => {
            return Err(ParquetError::General(
                "more than one row of one shipment".to_owned(),
            ));
        }
    };
    let c = Columns(&one);
    let text = |name: &str| c.texts(name).map(|v| v[0].clone());
    let number = |name: &str| c.numbers(name).map(|v| v[0]);
    let decimal = |name: &str, scale| {
        number(name).map(|v| v.map_or(String::new(), |v| decimal_text(v, scale)))
    };
    let instant =
        |name: &str| number(name).map(|v| v.map_or(String::new(), |v| instant_text(v as i64)));
    let with = |value: String, unit: &str| {
        if value.is_empty() {
            value
        } else {
            format!("{value} {unit}")
        }
    };
    let facts = vec![
        Fact::new("corridor", text("corridor_id")?, ""),
        Fact::new("period", date_text(c.dates("period")?[0]), ""),
        Fact::new("origin", text("origin")?, ""),
        Fact::new("destination", text("destination")?, ""),
        Fact::new("departed", instant("first_departed_at")?, ""),
        Fact::new("arrived", instant("last_arrived_at")?, ""),
        Fact::new("modes", text("modes")?, ""),
        Fact::new("containers", decimal("containers", SHARE_SCALE)?, ""),
        Fact::new("TEU", decimal("teu", SHARE_SCALE)?, ""),
        Fact::new(
            "cargo mass",
            with(decimal("cargo_mass_kg", MASS_SCALE)?, "kg"),
            "",
        ),
        Fact::new("elements", decimal("elements", 0)?, ""),
        Fact::new("rejected rows", decimal("rejected_rows", 0)?, ""),
        Fact::new("activity basis", text("activity_basis")?, ""),
        Fact::new(
            "intensity",
            with(decimal("intensity_g_per_tkm", SHARE_SCALE)?, "g CO2e/t.km"),
            "",
        ),
        Fact::new("primary share", decimal("primary_share", SHARE_SCALE)?, ""),
        Fact::new("flags", text("quality_flags")?, ""),
    ];
    let sum = |name: &'static str, column: &str, unit: &str, sum: i128| {
        let published = number(column)?;
        if published != Some(sum) {
            let what = format!("{column} is {published:?}, its elements sum to {sum}");
            return Err(ParquetError::General(what));
        }
        Ok(Fact::new(
            name,
            format!("{} {unit}", decimal_text(sum, NANO_SCALE)),
            "sum of the elements, as published",
        ))
    };
    let sums = vec![
        sum(
            "transport activity",
            "transport_activity_tkm",
            "t.km",
            totals.activity,
        )?,
        sum("operation", "ghg_operation_kg", "kg CO2e", totals.operation)?,
        sum("provision", "ghg_provision_kg", "kg CO2e", totals.provision)?,
        sum("total", "ghg_total_kg", "kg CO2e", totals.total())?,
    ];
    Ok((
        facts.into_iter().filter(|f| !f.value.is_empty()).collect(),
        sums,
    ))
}
