//! A published run checked from its files alone: digests, counts, sums; on request every element through the kernel.

use crate::audit::inputs;
pub use crate::audit::inputs::{Inputs, Place};
use crate::audit::origin::Origin;
use crate::error::{Error, Result};
use crate::model::element::GhgTotals;
use crate::model::time::date_text;
use crate::progress::Progress;
use crate::published::batches::Batches;
use crate::published::columns::Columns;
use crate::published::elements::{ELEMENT_COLUMNS, Recalculation};
use crate::published::shipments::{ShipmentRow, ShipmentRows};
use crate::reference::Reference;
use crate::run::identity::other_revision;
use crate::run::summary::CorridorLine;
use crate::store::manifest::{InputEntry, Manifest};
use crate::store::path::list_below;
use crate::store::signal::Interrupt;
use crate::store::verify::verify_files;
use std::collections::BTreeMap;
use std::path::Path;

/// Tables whose sums must agree, and where their rows are.
const TABLES: [(&str, &str); 5] = [
    ("elements", "elements/"),
    ("shipments", "shipments/"),
    ("corridors", "corridors.parquet"),
    ("corridor_sections", "corridor_sections.parquet"),
    ("factors", "factors.parquet"),
];

/// Columns that every table of sums has.
const SUMS: [&str; 4] = [
    "transport_activity_tkm",
    "ghg_operation_kg",
    "ghg_provision_kg",
    "ghg_total_kg",
];

/// What was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The run.
    pub run_id: String,
    /// Files whose digests are right.
    pub files: usize,
    /// Elements summed.
    pub elements: u64,
    /// Shipments whose sums equal those of their elements.
    pub shipments: u64,
    /// Elements computed again.
    pub recalculated: u64,
    /// What became of the input files.
    pub inputs: Inputs,
    /// Emissions, micrograms.
    pub total: i128,
}

/// Checks the run in `dir`; its input files too, where they are.
pub fn verify(
    dir: &Path,
    recalculate: bool,
    inputs: &Place,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Verified> {
    progress.stage("digest", None);
    let manifest = verify_files(dir, &|bytes| {
        progress.advance(0, bytes);
        interrupt.check()
    })?;
    let origin = Origin::confirm(dir, &manifest)?;
    let inputs = inputs::compare(inputs, &manifest, &|bytes| {
        progress.advance(0, bytes);
        interrupt.check()
    })?;
    progress.stage("sum", None);
    let mut check = Check {
        dir,
        manifest: &manifest,
        progress,
        interrupt,
    };
    let mut verified = Verified {
        run_id: manifest.run_id.clone(),
        files: manifest.files.len(),
        inputs,
        ..Verified::default()
    };
    check.counts()?;
    let mut sums = Vec::new();
    for (table, place) in TABLES {
        sums.push((table, check.sum(table, place)?));
    }
    for pair in sums.windows(2) {
        if pair[0].1 != pair[1].1 {
            return Err(check.fault(format!(
                "{} sum to {:?}, {} to {:?}",
                pair[0].0, pair[0].1, pair[1].0, pair[1].1
            )));
        }
    }
    verified.total = sums[0].1.total();
    verified.elements = manifest.counts.elements;
    verified.shipments = check.shipments()?;
    if recalculate {
        progress.stage("recalculate", None);
        verified.recalculated = check.recalculate(&origin.reference)?;
    }
    Ok(verified)
}

/// Corridors of a run for people.
pub fn corridor_lines(dir: &Path) -> Result<Vec<CorridorLine>> {
    let columns = [
        "corridor_id",
        "period",
        "load_status",
        "shipments",
        "incomplete_shipments",
        "teu",
        "transport_activity_tkm",
        "ghg_total_kg",
        "intensity_g_per_tkm",
    ];
    let mut lines = Vec::new();
    let mut table = Batches::new(dir, vec!["corridors.parquet".to_owned()], &columns);
    let mut each = |c: &Columns| {
        let (ids, periods, status) = (
            c.texts("corridor_id")?,
            c.dates("period")?,
            c.texts("load_status")?,
        );
        let shipments = c.present_longs("shipments")?;
        let incomplete = c.present_longs("incomplete_shipments")?;
        let (teu, activity, total) = (
            c.present("teu")?,
            c.present("transport_activity_tkm")?,
            c.present("ghg_total_kg")?,
        );
        let intensity = c.numbers("intensity_g_per_tkm")?;
        for i in 0..ids.len() {
            lines.push(CorridorLine {
                corridor_id: ids[i].clone(),
                period: date_text(periods[i]),
                load_status: status[i].clone(),
                shipments: shipments[i],
                incomplete: incomplete[i],
                teu: teu[i],
                activity: activity[i],
                total: total[i],
                intensity: intensity[i],
            });
        }
        Ok(())
    };
    while table.next_as(&mut each)?.is_some() {}
    Ok(lines)
}

type Visit<'v> = dyn FnMut(&Columns) -> parquet::errors::Result<()> + 'v;

struct Check<'a> {
    dir: &'a Path,
    manifest: &'a Manifest,
    progress: &'a dyn Progress,
    interrupt: &'a Interrupt,
}

impl Check<'_> {
    fn fault(&self, what: String) -> Error {
        Error::Verification(format!("{}: {what}", self.dir.display()))
    }

    /// Files of a table in order of part.
    fn parts(&self, place: &str) -> Result<Vec<String>> {
        let listing = list_below(self.dir).map_err(|e| self.fault(e.to_string()))?;
        Ok(listing
            .files
            .into_iter()
            .map(|(path, _)| path)
            .filter(|path| path.starts_with(place))
            .collect())
    }

    fn table(&mut self, place: &str, columns: &[&str], visit: &mut Visit) -> Result<()> {
        let mut batches = Batches::new(self.dir, self.parts(place)?, columns);
        let mut each = |c: &Columns| {
            self.progress.advance(c.0.num_rows() as u64, 0);
            visit(c)
        };
        while batches.next_as(&mut each)?.is_some() {
            self.interrupt.check()?;
        }
        Ok(())
    }

    /// rows_in = accepted + rejected, per file and in total; rejected rows by code as in the manifest.
    fn counts(&mut self) -> Result<()> {
        let counts = &self.manifest.counts;
        for input in &self.manifest.inputs {
            if input.rows_in != input.accepted + input.rejected {
                return Err(self.fault(format!(
                    "{}: {} rows are not accounted for",
                    input.file, input.rows_in
                )));
            }
        }
        let sum = |f: fn(&crate::store::manifest::InputEntry) -> u64| {
            self.manifest.inputs.iter().map(f).sum::<u64>()
        };
        if (counts.rows_in, counts.accepted, counts.rejected)
            != (sum(|i| i.rows_in), sum(|i| i.accepted), sum(|i| i.rejected))
        {
            return Err(self.fault("the counts of the files do not add up to the totals".into()));
        }
        let wanted = counts.rejected_by_code.clone();
        let mut found = BTreeMap::new();
        let mut by_file = BTreeMap::new();
        self.table("rejected/", &["file", "code"], &mut |c| {
            c.count("code", &mut found)?;
            c.count("file", &mut by_file)
        })?;
        self.per_file("rejected", &by_file, |input| input.rejected)?;
        if found != wanted {
            return Err(self.fault(format!(
                "rejected rows by code: {found:?} in the table, {wanted:?} in the manifest"
            )));
        }
        Ok(())
    }

    /// Rows of a table by input file are those that the manifest tells of the file.
    fn per_file(
        &self,
        what: &str,
        found: &BTreeMap<String, u64>,
        told: fn(&InputEntry) -> u64,
    ) -> Result<()> {
        let wanted: BTreeMap<String, u64> = (self.manifest.inputs.iter())
            .map(|input| (input.file.clone(), told(input)))
            .filter(|(_, rows)| *rows > 0)
            .collect();
        let differs = |file: &&String| found.get(*file) != wanted.get(*file);
        match found.keys().chain(wanted.keys()).find(differs) {
            None => Ok(()),
            Some(file) => Err(self.fault(format!(
                "{file}: {} rows {what} in the tables, {} in the manifest",
                found.get(file).unwrap_or(&0),
                wanted.get(file).unwrap_or(&0)
            ))),
        }
    }

    /// Sums a table; every row must have total = operation + provision. Rows and sums must be those of the manifest.
    fn sum(&mut self, table: &str, place: &str) -> Result<GhgTotals> {
        let mut totals = GhgTotals::default();
        let mut count = 0u64;
        self.table(place, &SUMS, &mut |c| {
            let [activity, operation, provision, total] = [
                c.present(SUMS[0])?,
                c.present(SUMS[1])?,
                c.present(SUMS[2])?,
                c.present(SUMS[3])?,
            ];
            for i in 0..activity.len() {
                if operation[i] + provision[i] != total[i] {
                    let what = format!(
                        "row {}: total is not operation + provision",
                        count + i as u64 + 1
                    );
                    return Err(parquet::errors::ParquetError::General(what));
                }
                totals.add(&GhgTotals {
                    activity: activity[i],
                    operation: operation[i],
                    provision: provision[i],
                });
            }
            count += activity.len() as u64;
            Ok(())
        })?;
        let counts = &self.manifest.counts;
        let wanted = match table {
            "elements" => counts.elements,
            "shipments" => counts.shipments,
            "corridors" => counts.corridors,
            "corridor_sections" => counts.sections,
            _ => count,
        };
        if count != wanted {
            return Err(self.fault(format!("{table}: {count} rows, the manifest says {wanted}")));
        }
        let written = self.manifest.totals.get(table);
        if written != Some(&crate::run::tables::totals_text(&totals)) {
            return Err(self.fault(format!("{table}: the sums are not those of the manifest")));
        }
        Ok(totals)
    }

    /// Every shipment equals the sum of its elements, both tables are in order, and the accepted rows are those with a source
    /// row. Both tables are read side by side: neither has to fit into memory.
    fn shipments(&mut self) -> Result<u64> {
        let mut shipments = ShipmentRows::new(self.dir, self.parts("shipments/")?);
        let mut open: Option<ShipmentRow> = None;
        let mut checked = 0u64;
        let mut by_file = BTreeMap::new();
        let columns = ["shipment_id", "source_file", SUMS[0], SUMS[1], SUMS[2]];
        self.table("elements/", &columns, &mut |c| {
            c.count("source_file", &mut by_file)?;
            let [activity, operation, provision] = [
                c.present(SUMS[0])?,
                c.present(SUMS[1])?,
                c.present(SUMS[2])?,
            ];
            for (i, id) in c.texts("shipment_id")?.into_iter().enumerate() {
                if open.as_ref().is_none_or(|sum| sum.id != id) {
                    checked += settle(open.take(), Some(&id), &mut shipments)?;
                    open = Some(ShipmentRow {
                        id,
                        elements: 0,
                        totals: GhgTotals::default(),
                    });
                }
                if let Some(sum) = &mut open {
                    sum.elements += 1;
                    sum.totals.add(&GhgTotals {
                        activity: activity[i],
                        operation: operation[i],
                        provision: provision[i],
                    });
                }
            }
            Ok(())
        })?;
        checked += settle(open, None, &mut shipments).map_err(|e| self.fault(e.to_string()))?;
        self.per_file("accepted", &by_file, |input| input.accepted)?;
        match shipments.next()? {
            None => Ok(checked),
            Some(row) => Err(self.fault(format!("shipment {} has a row and no elements", row.id))),
        }
    }

    /// Every element through the kernel again, with the reference that the run carries.
    fn recalculate(&mut self, reference: &Reference) -> Result<u64> {
        let mut again = Recalculation::new(reference);
        let mut differing = None;
        let mut count = 0u64;
        self.table("elements/", &ELEMENT_COLUMNS, &mut |c| {
            for (published, facts, id) in again.elements(c)? {
                count += 1;
                let found = again.kernel.recalculate(&published, &facts, &again.symbols);
                if found != Ok(published) && differing.is_none() {
                    differing = Some(format!(
                        "element {count}, of shipment {id}: {published:?} computes to {found:?}"
                    ));
                }
            }
            Ok(())
        })?;
        match differing {
            None => Ok(count),
            Some(what) => Err(self.fault(what + &other_revision(self.manifest.method_revision))),
        }
    }
}

/// Compares the sum of a shipment's elements, now that the next shipment begins, with the next published row.
fn settle(
    sum: Option<ShipmentRow>,
    next: Option<&str>,
    shipments: &mut ShipmentRows,
) -> std::result::Result<u64, parquet::errors::ParquetError> {
    let fault = |what: String| Err(parquet::errors::ParquetError::General(what));
    let Some(sum) = sum else { return Ok(0) };
    if next.is_some_and(|next| next <= sum.id.as_str()) {
        return fault(format!(
            "elements of shipment {} stand before those of {}",
            sum.id,
            next.unwrap_or_default()
        ));
    }
    match shipments
        .next()
        .map_err(|e| parquet::errors::ParquetError::General(e.to_string()))?
    {
        Some(row) if row == sum => Ok(1),
        Some(row) if row.id == sum.id => fault(format!(
            "shipment {} is not the sum of its elements",
            row.id
        )),
        Some(row) => fault(format!(
            "shipment {} has elements, the next row is that of {}",
            sum.id, row.id
        )),
        None => fault(format!("shipment {} has elements and no row", sum.id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, elements: i64) -> ShipmentRow {
        ShipmentRow {
            id: id.to_owned(),
            elements,
            totals: GhgTotals {
                activity: 7,
                operation: 5,
                provision: elements as i128,
            },
        }
    }

    #[test]
    fn a_shipment_must_be_the_sum_of_its_elements() {
        let published = || ShipmentRows::of(vec![row("A", 2)]);
        let settle =
            |sum, next| super::settle(Some(sum), next, &mut published()).map_err(|e| e.to_string());
        assert_eq!(settle(row("A", 2), Some("B")), Ok(1));
        assert_eq!(super::settle(None, Some("B"), &mut published()).unwrap(), 0);
        for (sum, next, wanted) in [
            (row("A", 3), Some("B"), "shipment A is not the sum"),
            (
                row("B", 2),
                Some("C"),
                "shipment B has elements, the next row is that of A",
            ),
            (
                row("A", 2),
                Some("0"),
                "elements of shipment A stand before those of 0",
            ),
        ] {
            assert!(settle(sum, next).unwrap_err().contains(wanted), "{wanted}");
        }
        let none = super::settle(Some(row("A", 2)), None, &mut ShipmentRows::of(Vec::new()));
        assert!(
            none.unwrap_err()
                .to_string()
                .contains("shipment A has elements and no row")
        );
    }
}
