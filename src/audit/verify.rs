//! A published run checked from its files alone: digests, counts, sums; on request every element through the kernel.

use crate::audit::carried;
use crate::audit::inputs;
pub use crate::audit::inputs::Inputs;
pub(crate) use crate::audit::inputs::Place;
use crate::audit::origin::{Origin, has_own_warnings, stood_in};
use crate::error::{Error, ErrorKind, Result};
use crate::model::element::GhgTotals;
use crate::model::flag::Flags;
use crate::model::time::Day;
use crate::output::columns::PublishedTable;
use crate::output::corridors::{CorridorSections, Corridors, corridor, section};
use crate::output::elements::{Elements, element};
use crate::output::factors::{Factors, factor};
use crate::output::rejected::{RejectedTable, rejected};
use crate::output::shipments::{ShipmentsTable, shipment};
use crate::progress::Progress;
use crate::published::batches::{Batches, Rows};
use crate::published::columns::fault;
use crate::published::elements::{Computed, Recalculation};
use crate::published::row::{Batch, Row, row};
use crate::published::totals::{Sums, totals};
use crate::reference::Reference;
use crate::run::factors_used::before_first_line;
use crate::run::identity::other_revision;
use crate::store::manifest::{InputEntry, Manifest};
use crate::store::signal::Interrupt;
use crate::store::verify::verify_files;
use parquet::errors::ParquetError;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

row! {
    /// What a factor adds to the sums by GWP set.
    struct OfGwpSet<'b> of factor {
        set from gwp_set: &'b str,
        of_energy from energy_gwp_set: &'b str,
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
    }
}

row! {
    struct Code<'b> of rejected {
        file: &'b str,
        code: &'b str,
    }
}

/// The flag of an element whose factor stood in before its first day.
const BEFORE_FIRST: &str = "Q29";

row! {
    /// What an element adds to the row of its shipment.
    struct Part<'b> of element {
        shipment_id: &'b str,
        source_file: Option<&'b str>,
        factor_id: &'b str,
        flags from quality_flags: &'b str,
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
        biogenic from biogenic_co2_kg: Option<i128>,
    }
}

row! {
    /// What a shipment's row says of its elements.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct ShipmentRow of shipment {
        id from shipment_id: String,
        elements: i64,
        activity from transport_activity_tkm: i128,
        operation from ghg_operation_kg: i128,
        provision from ghg_provision_kg: i128,
        biogenic from biogenic_co2_kg: Option<i128>,
        stated from biogenic_co2_elements: i64,
    }
}

row! {
    /// Biogenic CO2 of a row that sums elements.
    struct Stated of (shipment, corridor, section) {
        co2 from biogenic_co2_kg: Option<i128>,
        elements from biogenic_co2_elements: i128,
    }
}

/// How many rows have each text. Most have that of the row before.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<String, u64>,
    last: String,
    rows: u64,
}

impl Tally {
    fn add(&mut self, text: &str) {
        if text != self.last {
            self.settle();
            self.last.push_str(text);
        }
        self.rows += 1;
    }

    fn settle(&mut self) {
        let (text, rows) = (
            std::mem::take(&mut self.last),
            std::mem::take(&mut self.rows),
        );
        if rows > 0 {
            *self.counts.entry(text).or_default() += rows;
        }
    }

    fn counts(mut self) -> BTreeMap<String, u64> {
        self.settle();
        self.counts
    }
}

type ShipmentRows<'d> = Rows<'d, ShipmentsTable, ShipmentRow>;

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
pub(crate) fn verify(
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
    let sums = [
        check.sum::<Elements>(Some(manifest.counts.elements))?,
        check.sum::<ShipmentsTable>(Some(manifest.counts.shipments))?,
        check.sum::<Corridors>(Some(manifest.counts.corridors))?,
        check.sum::<CorridorSections>(Some(manifest.counts.sections))?,
        check.sum::<Factors>(None)?,
    ];
    for pair in sums.windows(2) {
        if (pair[0].1, pair[0].2) != (pair[1].1, pair[1].2) {
            let text = |(table, sum, biogenic): TableSums| {
                format!("{table} sum to {sum:?}, biogenic CO2 {biogenic:?}")
            };
            return Err(check.fault(format!("{}; {}", text(pair[0]), text(pair[1]))));
        }
    }
    check.stated()?;
    check.by_gwp_set()?;
    verified.total = sums[0].1.total();
    verified.elements = manifest.counts.elements;
    verified.shipments = check.shipments(&origin.reference)?;
    carried::check(dir, &manifest, interrupt)?;
    if recalculate {
        progress.stage("recalculate", None);
        verified.recalculated = check.recalculate(&origin.reference)?;
    }
    Ok(verified)
}

row! {
    /// A corridor for people.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CorridorLine of corridor {
        /// Corridor or lane.
        pub corridor_id: String,
        /// First day of the month.
        pub period: Day,
        /// `laden` or `empty`.
        pub load_status: String,
        /// Shipments.
        pub shipments: i64,
        /// Of which incomplete.
        pub incomplete from incomplete_shipments: i64,
        /// TEU, millionths.
        pub teu: i128,
        /// Transport activity, 10^-9 t.km.
        pub activity from transport_activity_tkm: i128,
        /// Emissions, micrograms.
        pub total from ghg_total_kg: i128,
        /// Intensity, 10^-6 g per t.km.
        pub intensity from intensity_g_per_tkm: Option<i128>,
    }
}

/// Corridors of a run for people.
pub(crate) fn corridor_lines(dir: &Path) -> Result<Vec<CorridorLine>> {
    let parts = vec!["corridors.parquet".to_owned()];
    let columns = <CorridorLine as Row<Corridors>>::columns();
    Batches::new(dir, parts, columns).into_rows().collect()
}

/// A table, its sums, and its biogenic CO2 as far as it is stated.
type TableSums = (&'static str, GhgTotals, Option<i128>);

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

    fn table<T: PublishedTable>(
        &mut self,
        columns: Vec<&'static str>,
        visit: &mut dyn FnMut(Batch<'_, T>) -> parquet::errors::Result<()>,
    ) -> Result<()> {
        let mut batches = Batches::of_run(self.dir, self.manifest, columns);
        let mut each = |batch: Batch<'_, T>| {
            self.progress.advance(batch.count() as u64, 0);
            visit(batch)
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
        let (mut found, mut by_file) = (Tally::default(), Tally::default());
        self.table::<RejectedTable>(Code::columns(), &mut |batch| {
            for row in batch.rows::<Code>()? {
                let row = row?;
                found.add(row.code);
                by_file.add(row.file);
            }
            Ok(())
        })?;
        let found = found.counts();
        self.per_file("rejected", &by_file.counts(), |input| input.rejected)?;
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

    fn sum<T: PublishedTable>(&self, wanted: Option<u64>) -> Result<TableSums>
    where
        Sums: for<'b> Row<'b, T>,
    {
        let (totals, biogenic) = totals::<T>(self.dir, self.manifest, wanted, &mut |rows| {
            self.progress.advance(rows as u64, 0);
            self.interrupt.check()
        })?;
        Ok((T::NAME, totals, biogenic))
    }

    /// Shipments, corridors and sections count the same number of elements that state their biogenic CO2, and have a figure where they
    /// count one. That of shipments is held against the elements with the rest.
    fn stated(&mut self) -> Result<()> {
        let counts = [
            self.stated_in::<ShipmentsTable>()?,
            self.stated_in::<Corridors>()?,
            self.stated_in::<CorridorSections>()?,
        ];
        match counts {
            [shipments, corridors, sections] if shipments == corridors && corridors == sections => {
                Ok(())
            }
            [shipments, corridors, sections] => Err(self.fault(format!(
                "biogenic_co2_elements: {shipments} in shipments, {corridors} in corridors, {sections} in corridor_sections"
            ))),
        }
    }

    fn stated_in<T: PublishedTable>(&mut self) -> Result<i128>
    where
        Stated: for<'b> Row<'b, T>,
    {
        let mut elements = 0;
        self.table::<T>(<Stated as Row<T>>::columns(), &mut |batch| {
            for row in batch.rows::<Stated>()? {
                let row = row?;
                if (row.elements == 0) != row.co2.is_none() {
                    let what = "biogenic_co2_kg and biogenic_co2_elements do not agree";
                    return Err(ParquetError::General(what.to_owned()));
                }
                elements += row.elements;
            }
            Ok(())
        })?;
        Ok(elements)
    }

    /// Sums by the GWP set behind the emissions, that of the energy in a composed factor. Older manifests have none.
    fn by_gwp_set(&mut self) -> Result<()> {
        let mut sums: BTreeMap<String, GhgTotals> = BTreeMap::new();
        self.table::<Factors>(OfGwpSet::columns(), &mut |batch| {
            for row in batch.rows::<OfGwpSet>()? {
                let row = row?;
                let set = if row.of_energy.is_empty() {
                    row.set
                } else {
                    row.of_energy
                };
                sums.entry(set.to_owned()).or_default().add(&GhgTotals {
                    activity: row.activity,
                    operation: row.operation,
                    provision: row.provision,
                });
            }
            Ok(())
        })?;
        let told = &self.manifest.totals_by_gwp_set;
        let text = |(set, sum): (String, GhgTotals)| (set, crate::run::tables::totals_text(&sum));
        if *told != sums.into_iter().map(text).collect() && !told.is_empty() {
            return Err(self.fault("the sums by GWP set are not those of the manifest".into()));
        }
        Ok(())
    }

    /// Every shipment equals the sum of its elements, both tables are in order, and the accepted rows are those with a source
    /// row. Both tables are read side by side: neither has to fit into memory.
    fn shipments(&mut self, reference: &Reference) -> Result<u64> {
        let mut shipments = ShipmentRows::of_run(self.dir, self.manifest);
        let mut open: Option<ShipmentRow> = None;
        let mut checked = 0u64;
        let (mut by_file, mut by_factor) = (Tally::default(), Tally::default());
        let (mut before_first, mut by_flags) = (Tally::default(), Tally::default());
        self.table::<Elements>(Part::columns(), &mut |batch| {
            for row in batch.rows::<Part>()? {
                let row = row?;
                if let Some(file) = row.source_file {
                    by_file.add(file);
                }
                by_factor.add(row.factor_id);
                by_flags.add(row.flags);
                if row.flags.contains(BEFORE_FIRST) {
                    before_first.add(row.factor_id);
                }
                if open.as_ref().is_none_or(|sum| sum.id != row.shipment_id) {
                    checked += settle(open.take(), Some(row.shipment_id), &mut shipments)?;
                }
                let sum = open.get_or_insert_with(|| ShipmentRow {
                    id: row.shipment_id.to_owned(),
                    elements: 0,
                    activity: 0,
                    operation: 0,
                    provision: 0,
                    biogenic: None,
                    stated: 0,
                });
                sum.elements += 1;
                sum.activity += row.activity;
                sum.operation += row.operation;
                sum.provision += row.provision;
                if let Some(co2) = row.biogenic {
                    sum.biogenic = Some(sum.biogenic.unwrap_or(0) + co2);
                    sum.stated += 1;
                }
            }
            Ok(())
        })?;
        checked += settle(open, None, &mut shipments).map_err(|e| fault(self.dir, &e))?;
        self.per_file("accepted", &by_file.counts(), |input| input.accepted)?;
        self.stood_in(reference, &before_first.counts(), &by_factor.counts())?;
        self.implausible(&by_flags.counts())?;
        match shipments.next().transpose()? {
            None => Ok(checked),
            Some(row) => Err(self.fault(format!("shipment {} has a row and no elements", row.id))),
        }
    }

    /// The manifest counts as many implausible elements as there are.
    fn implausible(&self, by_flags: &BTreeMap<String, u64>) -> Result<()> {
        let mut found = [0; 6];
        for (text, rows) in by_flags {
            let flags = Flags::from_text(text).unwrap_or_default();
            for (sum, odd) in found.iter_mut().zip(Flags::IMPLAUSIBLE) {
                *sum += rows * u64::from(flags.has(odd));
            }
        }
        let found = crate::run::tables::implausible(&found);
        match &self.manifest.counts.implausible {
            Some(told) if *told != found => Err(self.fault(format!(
                "the elements have {found:?} implausible ones, the manifest counts {told:?}"
            ))),
            _ => Ok(()),
        }
    }

    /// What the manifest warns of factors that stood in before their first day (Q29) is what the elements say.
    fn stood_in(
        &self,
        reference: &Reference,
        before: &BTreeMap<String, u64>,
        rows: &BTreeMap<String, u64>,
    ) -> Result<()> {
        if !has_own_warnings(self.manifest) {
            return Ok(());
        }
        let factors = reference.factors.factors.iter();
        let mut wanted: Vec<String> = factors
            .filter_map(|f| {
                let used = rows.get(&*f.id).copied().unwrap_or(0);
                Some(before_first_line(f, *before.get(&*f.id)?, used))
            })
            .collect();
        wanted.sort_unstable();
        let all = &self.manifest.warnings;
        let told = all.iter().filter(|warning| stood_in(warning, reference));
        match told.clone().eq(&wanted) {
            true => Ok(()),
            false => Err(self.fault(format!(
                "factors before their first day: the elements make {wanted:?}, the manifest warns of {:?}",
                told.collect::<Vec<_>>()
            ))),
        }
    }

    /// Every element through the kernel again, with the reference that the run carries.
    fn recalculate(&mut self, reference: &Reference) -> Result<u64> {
        let mut again = Recalculation::new(reference);
        let mut differing = None;
        let mut count = 0u64;
        self.table::<Elements>(Computed::columns(), &mut |batch| {
            for row in batch.rows::<Computed>()? {
                let row = row?;
                let (published, facts) = again.element(&row)?;
                count += 1;
                let found = again.kernel.recalculate(&published, &facts, &again.symbols);
                if found != Ok(published) && differing.is_none() {
                    differing = Some(format!(
                        "element {count}, of shipment {}: {published:?} computes to {found:?}",
                        row.shipment_id
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
) -> std::result::Result<u64, ParquetError> {
    let fault = |what: String| Err(ParquetError::General(what));
    let Some(sum) = sum else { return Ok(0) };
    if next.is_some_and(|next| next <= sum.id.as_str()) {
        return fault(format!(
            "elements of shipment {} stand before those of {}",
            sum.id,
            next.unwrap_or_default()
        ));
    }
    let row = shipments
        .next()
        .transpose()
        .map_err(|error| match error.kind() {
            ErrorKind::Verification => ParquetError::General(error.to_string()),
            // That it cannot be read is no fault of the table.
            _ => io::Error::other(error.to_string()).into(),
        })?;
    match row {
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
            activity: 7,
            operation: 5,
            provision: elements as i128,
            biogenic: None,
            stated: 0,
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
